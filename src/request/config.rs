//! How responses are generated: sampling, length, thinking, and the form of the response.

use serde_json::{Value, json};

use super::message::{fields, float_fields, message, name_fields};
use super::names::{MediaResolution, Modality, ThinkingLevel};

message! {
    /// How responses are generated: Google's `GenerationConfig`.
    ///
    /// ```
    /// use genai_batch::request::ThinkingConfig;
    /// use genai_batch::GenerationConfig;
    ///
    /// let config = GenerationConfig::new()
    ///     .temperature(0.2)
    ///     .max_output_tokens(256)
    ///     .thinking_config(ThinkingConfig::new().thinking_budget(0));
    /// ```
    GenerationConfig;

    /// How much a model thinks before it responds: Google's `ThinkingConfig`.
    ///
    /// Thinking is billed as output, whether it is shown or not.
    ///
    /// ```
    /// use genai_batch::request::{ThinkingConfig, ThinkingLevel};
    ///
    /// let older_models = ThinkingConfig::new().thinking_budget(4000).include_thoughts(true);
    /// let newer_models = ThinkingConfig::new().thinking_level(ThinkingLevel::LOW);
    /// ```
    ThinkingConfig;

    /// Who speaks a response that is speech: Google's `SpeechConfig`.
    ///
    /// ```
    /// use genai_batch::request::{Modality, SpeechConfig};
    /// use genai_batch::GenerationConfig;
    ///
    /// let config = GenerationConfig::new()
    ///     .response_modalities([Modality::AUDIO])
    ///     .speech_config(SpeechConfig::voice("Kore").language_code("en-US"));
    /// ```
    SpeechConfig;

    /// What generated images are like: Google's `ImageConfig`.
    ///
    /// ```
    /// use genai_batch::request::{ImageConfig, Modality};
    /// use genai_batch::GenerationConfig;
    ///
    /// let config = GenerationConfig::new()
    ///     .response_modalities([Modality::TEXT, Modality::IMAGE])
    ///     .image_config(ImageConfig::new().aspect_ratio("16:9").image_size("2K"));
    /// ```
    ImageConfig;
}

impl GenerationConfig {
    /// A config that leaves everything to the model's defaults.
    ///
    /// ```
    /// use genai_batch::GenerationConfig;
    ///
    /// let config = GenerationConfig::new().temperature(0.0).max_output_tokens(256);
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    float_fields! {
        of "GenerationConfig::new()";
        /// Randomness, from 0 for the likeliest response up to 2.
        temperature = "0.2" => "temperature";
        /// Samples from the likeliest tokens whose probabilities add up to this, 0 to 1.
        top_p = "0.9" => "topP";
        /// Lowers the chance of tokens that have been used at all.
        presence_penalty = "0.5" => "presencePenalty";
        /// Lowers the chance of tokens by how often they have been used.
        frequency_penalty = "0.5" => "frequencyPenalty";
    }

    fields! {
        of "GenerationConfig::new()";
        /// Samples from this many of the likeliest tokens.
        top_k: u32 = "40" => "topK";
        /// The longest response, in tokens.
        max_output_tokens: u32 = "256" => "maxOutputTokens";
        /// How many responses to generate.
        candidate_count: u32 = "2" => "candidateCount";
        /// Makes sampling repeatable, as far as the model can.
        seed: i32 = "7" => "seed";
        /// Whether the response says how likely each of its tokens was.
        response_logprobs: bool = "true" => "responseLogprobs";
        /// How many other tokens are reported at each position, with how likely they were; only
        /// with [`response_logprobs`](Self::response_logprobs).
        logprobs: u32 = "5" => "logprobs";
        /// How much the model thinks.
        thinking_config: ThinkingConfig = "ThinkingConfig::new().thinking_budget(0)" => "thinkingConfig";
        /// Who speaks; for the modality [`Modality::AUDIO`].
        speech_config: SpeechConfig = "SpeechConfig::voice(\"Kore\")" => "speechConfig";
        /// What images are like; for the modality [`Modality::IMAGE`].
        image_config: ImageConfig = "ImageConfig::new().aspect_ratio(\"16:9\")" => "imageConfig";
        /// Whether the model is told when in an audio input something is said; Vertex AI alone.
        audio_timestamp: bool = "true" => "audioTimestamp";
        /// Whether the model responds in the mood in which it is spoken to, where it can.
        enable_affective_dialog: bool = "true" => "enableAffectiveDialog";
        /// Whether questions about civic matters are answered with more care, where the model
        /// can; Gemini alone.
        enable_enhanced_civic_answers: bool = "true" => "enableEnhancedCivicAnswers";
    }

    name_fields! {
        of "GenerationConfig::new()";
        /// How finely the media of the request are looked at.
        media_resolution: MediaResolution = "MediaResolution::LOW" => "mediaResolution";
    }

    /// The kinds of response that are wanted, all of them in one response.
    ///
    /// ```
    /// use genai_batch::GenerationConfig;
    /// use genai_batch::request::Modality;
    ///
    /// let config = GenerationConfig::new().response_modalities([Modality::TEXT, Modality::IMAGE]);
    /// ```
    pub fn response_modalities<T: Into<Modality>>(
        self,
        modalities: impl IntoIterator<Item = T>,
    ) -> Self {
        let modalities = modalities.into_iter().map(|it| Value::from(it.into()));
        self.field("responseModalities", modalities.collect::<Vec<_>>())
    }

    /// The MIME type of the response, such as `application/json`.
    ///
    /// ```
    /// use genai_batch::GenerationConfig;
    ///
    /// let config = GenerationConfig::new().response_mime_type("application/json");
    /// ```
    pub fn response_mime_type(self, mime_type: impl Into<String>) -> Self {
        self.field("responseMimeType", mime_type.into())
    }

    /// The shape of a JSON response, in Google's schema dialect; only with the MIME type
    /// `application/json`.
    ///
    /// ```
    /// use genai_batch::GenerationConfig;
    /// use genai_batch::external::serde_json::json;
    ///
    /// let schema = json!({ "type": "STRING", "enum": ["positive", "negative"] });
    /// let config = GenerationConfig::new()
    ///     .response_mime_type("application/json")
    ///     .response_schema(schema);
    /// ```
    pub fn response_schema(self, schema: impl Into<Value>) -> Self {
        self.field("responseSchema", schema)
    }

    /// The shape of a JSON response as JSON Schema, in place of
    /// [`response_schema`](Self::response_schema), which has been the more reliable of the two
    /// in batches.
    ///
    /// ```
    /// use genai_batch::GenerationConfig;
    /// use genai_batch::external::serde_json::json;
    ///
    /// let schema = json!({ "type": "string", "enum": ["positive", "negative"] });
    /// let config = GenerationConfig::new()
    ///     .response_mime_type("application/json")
    ///     .response_json_schema(schema);
    /// ```
    pub fn response_json_schema(self, schema: impl Into<Value>) -> Self {
        self.field("responseJsonSchema", schema)
    }

    /// Texts that end the response where they would appear.
    ///
    /// ```
    /// use genai_batch::GenerationConfig;
    ///
    /// let config = GenerationConfig::new().stop_sequences(["END"]);
    /// ```
    pub fn stop_sequences<T: Into<String>>(self, stops: impl IntoIterator<Item = T>) -> Self {
        let stops: Vec<String> = stops.into_iter().map(Into::into).collect();
        self.field("stopSequences", stops)
    }
}

impl ThinkingConfig {
    /// A config that leaves thinking to the model's defaults.
    ///
    /// ```
    /// use genai_batch::request::ThinkingConfig;
    ///
    /// let no_thinking = ThinkingConfig::new().thinking_budget(0);
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    fields! {
        of "ThinkingConfig::new()";
        /// Whether the response has summaries of the thoughts, as parts of their own.
        include_thoughts: bool = "true" => "includeThoughts";
        /// The most tokens to think with: 0 for none, -1 for as the model sees fit.
        thinking_budget: i32 = "1024" => "thinkingBudget";
    }

    name_fields! {
        of "ThinkingConfig::new()";
        /// How much to think, for models that have levels in place of a budget.
        thinking_level: ThinkingLevel = "ThinkingLevel::LOW" => "thinkingLevel";
    }
}

impl SpeechConfig {
    /// Speech in one of the service's voices.
    ///
    /// ```
    /// use genai_batch::request::SpeechConfig;
    ///
    /// let speech = SpeechConfig::voice("Kore");
    /// ```
    pub fn voice(name: impl Into<String>) -> Self {
        Self::default().field("voiceConfig", prebuilt_voice(name.into()))
    }

    /// Speech of several speakers, given as `(speaker, voice)`; the speakers are those named
    /// in the prompt.
    ///
    /// ```
    /// # use genai_batch::request::SpeechConfig;
    /// let speech = SpeechConfig::speakers([("Ada", "Kore"), ("Joe", "Puck")]);
    /// ```
    pub fn speakers<S, V>(speakers: impl IntoIterator<Item = (S, V)>) -> Self
    where
        S: Into<String>,
        V: Into<String>,
    {
        let voices = speakers.into_iter().map(|(speaker, voice)| {
            json!({ "speaker": speaker.into(), "voiceConfig": prebuilt_voice(voice.into()) })
        });
        let voices = json!({ "speakerVoiceConfigs": voices.collect::<Vec<_>>() });
        Self::default().field("multiSpeakerVoiceConfig", voices)
    }

    /// The language of the speech, such as `en-US`.
    ///
    /// ```
    /// use genai_batch::request::SpeechConfig;
    ///
    /// let speech = SpeechConfig::voice("Kore").language_code("en-US");
    /// ```
    pub fn language_code(self, code: impl Into<String>) -> Self {
        self.field("languageCode", code.into())
    }
}

fn prebuilt_voice(name: String) -> Value {
    json!({ "prebuiltVoiceConfig": { "voiceName": name } })
}

impl ImageConfig {
    /// A config that leaves everything to the model's defaults.
    ///
    /// ```
    /// use genai_batch::request::ImageConfig;
    ///
    /// let images = ImageConfig::new().aspect_ratio("16:9");
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Width to height, such as `16:9`.
    ///
    /// ```
    /// use genai_batch::request::ImageConfig;
    ///
    /// let square = ImageConfig::new().aspect_ratio("1:1");
    /// ```
    pub fn aspect_ratio(self, ratio: impl Into<String>) -> Self {
        self.field("aspectRatio", ratio.into())
    }

    /// The size: `1K`, `2K` or `4K`, as far as the model has it.
    ///
    /// ```
    /// use genai_batch::request::ImageConfig;
    ///
    /// let small = ImageConfig::new().image_size("1K");
    /// ```
    pub fn image_size(self, size: impl Into<String>) -> Self {
        self.field("imageSize", size.into())
    }
}
