//! The open sets of names in a request: the ones known today are constants, and any other
//! passes as it is.

use crate::open_enum::names;

names! {
    /// A kind of harm that a [`SafetySetting`](crate::request::SafetySetting) or a rating is about: an
    /// open set.
    HarmCategory {
        /// Negative or harmful words about someone's identity.
        HARASSMENT = "HARM_CATEGORY_HARASSMENT";
        /// Hate speech and content.
        HATE_SPEECH = "HARM_CATEGORY_HATE_SPEECH";
        /// Sexually explicit content.
        SEXUALLY_EXPLICIT = "HARM_CATEGORY_SEXUALLY_EXPLICIT";
        /// Content that helps to do dangerous things.
        DANGEROUS_CONTENT = "HARM_CATEGORY_DANGEROUS_CONTENT";
        /// Content that may be used to harm civic integrity.
        CIVIC_INTEGRITY = "HARM_CATEGORY_CIVIC_INTEGRITY";
        /// Prompts that try to get around the model's limits; Vertex AI alone.
        JAILBREAK = "HARM_CATEGORY_JAILBREAK";
    }

    /// How likely harm must be for a response to be blocked: an open set.
    HarmBlockThreshold {
        /// Blocks what is at least a little likely.
        BLOCK_LOW_AND_ABOVE = "BLOCK_LOW_AND_ABOVE";
        /// Blocks what is at least fairly likely.
        BLOCK_MEDIUM_AND_ABOVE = "BLOCK_MEDIUM_AND_ABOVE";
        /// Blocks only what is very likely.
        BLOCK_ONLY_HIGH = "BLOCK_ONLY_HIGH";
        /// Blocks nothing, and still rates it.
        BLOCK_NONE = "BLOCK_NONE";
        /// Switches the filter off.
        OFF = "OFF";
    }

    /// What the threshold of a [`SafetySetting`](crate::request::SafetySetting) is compared with, on
    /// Vertex AI: an open set.
    HarmBlockMethod {
        /// How severe and how likely the harm is.
        SEVERITY = "SEVERITY";
        /// How likely the harm is.
        PROBABILITY = "PROBABILITY";
    }

    /// A kind of content, of a response or of what tokens were spent on: an open set.
    Modality {
        /// Text.
        TEXT = "TEXT" | 1;
        /// Images.
        IMAGE = "IMAGE" | 2;
        /// Sound: speech in a response.
        AUDIO = "AUDIO" | 4;
        /// Video; in what tokens were spent on.
        VIDEO = "VIDEO" | 3;
        /// Documents, such as PDF; in what tokens were spent on.
        DOCUMENT = "DOCUMENT" | 5;
    }

    /// How finely images, video and documents are looked at, which decides how many tokens
    /// they cost: an open set.
    MediaResolution {
        /// Few tokens.
        LOW = "MEDIA_RESOLUTION_LOW";
        /// A middling number of tokens.
        MEDIUM = "MEDIA_RESOLUTION_MEDIUM";
        /// Many tokens.
        HIGH = "MEDIA_RESOLUTION_HIGH";
        /// The most tokens; for one part, not for a whole request.
        ULTRA_HIGH = "MEDIA_RESOLUTION_ULTRA_HIGH";
    }

    /// How much a model thinks before it responds: an open set, and not every model has each.
    ThinkingLevel {
        /// As good as not at all.
        MINIMAL = "MINIMAL";
        /// A little.
        LOW = "LOW";
        /// A fair amount.
        MEDIUM = "MEDIUM";
        /// As much as it takes.
        HIGH = "HIGH";
        /// More than that.
        XHIGH = "XHIGH";
    }

    /// Whether the model calls functions: an open set.
    FunctionCallingMode {
        /// As the model sees fit.
        AUTO = "AUTO";
        /// Always.
        ANY = "ANY";
        /// Never.
        NONE = "NONE";
        /// As the model sees fit, the arguments checked against the declaration.
        VALIDATED = "VALIDATED";
    }

    /// The class of service that a request is served with: an open set.
    ServiceTier {
        /// The usual one.
        STANDARD = "standard";
        /// Cheaper, and served when there is room.
        FLEX = "flex";
        /// Dearer, and served first.
        PRIORITY = "priority";
    }

    /// What an embedding is for: an open set.
    TaskType {
        /// A query that looks for documents.
        RETRIEVAL_QUERY = "RETRIEVAL_QUERY";
        /// A document that is looked for.
        RETRIEVAL_DOCUMENT = "RETRIEVAL_DOCUMENT";
        /// A text that is compared with others.
        SEMANTIC_SIMILARITY = "SEMANTIC_SIMILARITY";
        /// A text that is sorted into classes.
        CLASSIFICATION = "CLASSIFICATION";
        /// A text that is put together with others like it.
        CLUSTERING = "CLUSTERING";
        /// A question that is to be answered from documents.
        QUESTION_ANSWERING = "QUESTION_ANSWERING";
        /// A statement that is to be checked against documents.
        FACT_VERIFICATION = "FACT_VERIFICATION";
        /// A query that looks for code.
        CODE_RETRIEVAL_QUERY = "CODE_RETRIEVAL_QUERY";
    }
}
