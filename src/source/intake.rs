//! How requests are taken in: what they are filled with, put into the form of the API, and held
//! against, one after the other.

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use super::embedding;
use super::kind::{EmbedForm, JobKind};
use crate::form::Writer;
use crate::job::SentKeys;
use crate::platform::Backend;
use crate::request::asks::Asks;
use crate::request::check::{self, Checker, Path, Rules, beside};
use crate::request::fields::RawFields;
use crate::request::finding::{Finding, FindingCode};
use crate::request::moved::Moved;
use crate::request::{Form, GenerationConfig};
use crate::request::{decode, merge, take};

/// What is put into requests that do not say it themselves.
#[derive(Debug, Clone, Default)]
pub struct Defaults {
    /// Whose fields are those of every request that does not set them.
    pub generation_config: Option<GenerationConfig>,
    /// For each request without one.
    pub system_instruction: Option<String>,
}

impl Defaults {
    /// What of the generation config is wrong whatever request it fills: told once, and not of each.
    pub(crate) fn wrong(&self, backend: Backend) -> Vec<Finding> {
        let Some(config) = &self.generation_config else {
            return Vec::new();
        };
        check::generation_config(&config.0, backend)
    }
}

/// How the requests of one job are taken in.
#[derive(Debug)]
pub struct Intake {
    pub(crate) kind: JobKind,
    config: Option<(Box<RawValue>, RawFields)>,
    system: Option<Box<RawValue>>,
    /// `None` where requests are sent as they are.
    pub(super) checker: Option<Checker>,
    /// Whether requests in the spelling of Google's SDK are put into that of the API.
    takes: bool,
    /// Whether everything is to be said, good to know or not.
    is_thorough: bool,
    /// The defaults of which it was told that they cannot go into some request.
    told: Vec<String>,
    /// Whether lines of the caller's in another form than Google's are looked at.
    pub(super) is_checked: bool,
    /// Writes the requests in the form of the job's model; `None` where that is Google's.
    pub(super) writer: Option<Writer>,
    /// Whether the service has the lines already, and nobody puts them into its form.
    pub(super) is_held: bool,
    /// Whether whoever takes the requests in keeps their metadata, so that it need not be sent.
    pub(super) keeps_metadata: bool,
    /// The field of a line that is the key, where the caller says so.
    pub(super) key_field: Option<String>,
}

/// A request that is ready, and what is to be said of it.
pub(crate) struct Taken {
    pub(crate) body: RawFields,
    pub(crate) findings: Vec<Finding>,
}

impl Intake {
    /// Requests are sent as they are.
    pub fn unchecked(kind: JobKind, defaults: &Defaults) -> Self {
        let config = defaults.generation_config.clone().and_then(|config| {
            let raw = to_raw_value(&Value::from(config)).ok()?;
            let fields = serde_json::from_str(raw.get()).ok()?;
            Some((raw, fields))
        });
        let system = defaults.system_instruction.as_ref().and_then(|text| {
            to_raw_value(&json!({ "role": "user", "parts": [{ "text": text }] })).ok()
        });
        Self {
            kind,
            config,
            system,
            checker: None,
            takes: false,
            is_thorough: false,
            told: Vec::new(),
            is_checked: false,
            writer: None,
            is_held: false,
            keeps_metadata: false,
            key_field: None,
        }
    }

    /// The same requests, written in the form of another model than Google's.
    pub(crate) fn in_form(mut self, writer: Option<Writer>) -> Self {
        if writer.is_some() {
            // What Google's models refuse is not what others do; the writer looks at everything.
            (self.takes, self.is_checked) = (true, self.checker.is_some());
            self.checker = None;
        }
        self.writer = writer;
        self
    }

    /// The same, with the keys of lines in this field.
    pub(crate) fn keyed_by(mut self, field: Option<String>) -> Self {
        self.key_field = field;
        self
    }

    /// Which field of the lines has the key, as they are written.
    pub(crate) fn sent_keys(&self) -> SentKeys {
        let form = self.writer.as_ref().map_or(Form::Gemini, |it| it.form);
        let named = self.key_field.as_ref().filter(|_| form == Form::Instances);
        SentKeys {
            field: named.map_or_else(|| form.key_field().to_owned(), String::clone),
            is_only: named.is_some(),
        }
    }

    /// The same requests, whose metadata is kept by whoever takes them in, and not sent.
    #[cfg(feature = "runs")]
    pub(crate) fn keeping_metadata(mut self) -> Self {
        self.keeps_metadata = true;
        self
    }

    /// The same lines, where the service has them already.
    pub(crate) fn held(mut self, is_held: bool) -> Self {
        self.is_held = is_held;
        self
    }

    /// How the requests are written, where that is not in Google's words.
    pub(crate) fn writer(&self) -> Option<&Writer> {
        self.writer.as_ref()
    }

    /// Whether requests get something from the create.
    pub(super) fn default_option(&self) -> Option<&'static str> {
        let config = self.config.as_ref().map(|_| "generation_config");
        config.or(self.system.as_ref().map(|_| "system_instruction"))
    }

    /// Requests are held against what the backend describes, for a job of this model.
    pub fn checked(
        kind: JobKind,
        defaults: &Defaults,
        backend: Backend,
        model: Option<&str>,
    ) -> Self {
        Self {
            checker: Some(Checker::new(Rules::new(backend, model))),
            takes: true,
            ..Self::unchecked(kind, defaults)
        }
    }

    /// The same, and everything is said of them; what `stays_as_it_is` is not put into the form of the API.
    pub(crate) fn thorough(
        kind: JobKind,
        defaults: &Defaults,
        rules: Rules,
        stays_as_it_is: bool,
    ) -> Self {
        Self {
            checker: Some(Checker::new(rules)),
            takes: !stays_as_it_is,
            is_thorough: true,
            ..Self::unchecked(kind, defaults)
        }
    }

    /// The same form, for requests that were held against everything by now.
    pub(crate) fn to_write(&self) -> Self {
        Self {
            takes: self.takes,
            ..Self::unchecked(self.kind, &Defaults::default())
        }
    }

    /// The same requests, which are not held against anything.
    pub(crate) fn without_checks(mut self) -> Self {
        self.checker = None;
        self.is_checked = false;
        self
    }

    /// Requests that were submitted before: in the form in which they were sent.
    pub(super) fn submitted(kind: JobKind) -> Self {
        Self {
            takes: true,
            ..Self::unchecked(kind, &Defaults::default())
        }
    }

    /// The default that a request lacks, field by field.
    pub(super) fn missing<'a>(
        &'a self,
        has: impl Fn(&str) -> bool + 'a,
    ) -> impl Iterator<Item = (&'static str, &'a RawValue)> {
        let config = self.config.as_ref().map(|(raw, _)| &**raw);
        let system = self
            .system
            .as_deref()
            .filter(|_| !has("cachedContent") && !has("cached_content"));
        let defaults = [
            ("generationConfig", "generation_config", config),
            ("systemInstruction", "system_instruction", system),
        ];
        let missing = defaults
            .into_iter()
            .filter(move |(name, snake, _)| !has(name) && !has(snake));
        missing.filter_map(|(name, _, value)| Some((name, value?)))
    }

    /// The generation config of a request, with the defaults where it says nothing itself, and what
    /// was not told yet of those that are left out; `None` if there are no defaults, or it is not an
    /// object.
    pub(super) fn filled(&mut self, own: &[u8]) -> Option<(Box<RawValue>, Vec<Finding>)> {
        let (_, defaults) = self.config.as_ref()?;
        let mut fields: RawFields = serde_json::from_slice(own).ok()?;
        let (told, mut found) = (&mut self.told, Vec::new());
        merge::fill(&mut fields, defaults, &mut |name, other| {
            if !told.iter().any(|known| known == name) {
                told.push(name.to_owned());
                found.push(left_out(name, other));
            }
        });
        Some((to_raw_value(&fields).ok()?, found))
    }

    /// Puts the content of an embedding into the form of the API, before anything is said of it; gives
    /// back where it stood.
    pub(crate) fn take_content(&self, kind: JobKind, body: &mut RawFields) -> Moved {
        let mut moved = Moved::default();
        if self.takes && matches!(kind, JobKind::EmbedContent(_)) {
            take::embedding(body, &mut moved);
        }
        moved
    }

    /// Makes a request ready: in the form of the API, filled, checked. `moved` says what of it stood
    /// elsewhere.
    pub(crate) fn take(
        &mut self,
        kind: JobKind,
        body: RawFields,
        path: &mut Path,
        mut moved: Moved,
    ) -> Taken {
        let mut taken = self.take_from(kind, body, path, &mut moved);
        moved.put_back(&mut taken.findings, path);
        taken
    }

    fn take_from(
        &mut self,
        kind: JobKind,
        mut body: RawFields,
        path: &mut Path,
        moved: &mut Moved,
    ) -> Taken {
        let mut findings = Vec::new();
        let is_content = kind == JobKind::GenerateContent;
        let mut is_of_sdk = false;
        if self.takes && is_content && body.contains_key("config") {
            if self.checker.is_some() {
                findings.extend(check::twice(&body, path));
            }
            match take::config(&mut body, path, moved) {
                Ok(was_there) => is_of_sdk = was_there,
                Err(finding) => findings.push(*finding),
            }
        }
        let asks = kind.asks();
        if self.is_right(asks, &body) {
            findings.extend(self.fill(kind, &mut body));
            if self.config.is_none() || self.is_right(asks, &body) {
                return Taken { body, findings };
            }
        } else {
            if self.takes && is_content {
                take::contents(&mut body, moved);
            }
            findings.extend(self.fill(kind, &mut body));
        }
        if let JobKind::EmbedContent(form) = kind {
            if self.checker.is_some() {
                findings.extend(check::twice(&body, path));
            }
            if let Err(message) = embedding::canonicalise(&mut body) {
                findings.push(Finding::error(FindingCode::DuplicateField, message));
            }
            if form == EmbedForm::VertexText {
                // There, any field may stand beside the text.
                let settings = self.checker.as_ref().map(|_| check::settings(&body, path));
                findings.extend(settings.flatten());
                return Taken { body, findings };
            }
        }
        self.look_at(asks, &body, is_of_sdk, path, &mut findings);
        Taken { body, findings }
    }

    fn is_right(&mut self, asks: Asks, body: &RawFields) -> bool {
        let Some(checker) = self.checker.as_mut().filter(|_| !self.is_thorough) else {
            return false;
        };
        checker.is_right(
            asks,
            body.iter()
                .map(|(name, value)| (name.as_str(), value.get())),
        )
    }

    /// Fills what the request does not say.
    fn fill(&mut self, kind: JobKind, body: &mut RawFields) -> Vec<Finding> {
        let mut findings = Vec::new();
        if kind != JobKind::GenerateContent {
            return findings;
        }
        self.unset_nulls(body);
        for name in ["generationConfig", "generation_config"] {
            if let Some((filled, told)) = body
                .get(name)
                .and_then(|own| self.filled(own.get().as_bytes()))
            {
                body.insert(name.to_owned(), filled);
                findings.extend(told);
            }
        }
        let missing = self.missing(|name| body.contains_key(name));
        let missing: Vec<_> = missing
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        body.extend(missing);
        let is_cached = body.contains_key("cachedContent") || body.contains_key("cached_content");
        let has_own =
            body.contains_key("systemInstruction") || body.contains_key("system_instruction");
        if self.system.is_some() && is_cached && !has_own {
            findings.extend(self.leaves_out_system());
        }
        findings
    }

    /// Takes out what is `null` where there is a default for it: that is not set.
    fn unset_nulls(&self, body: &mut RawFields) {
        let unset = [
            ("generationConfig", self.config.is_some()),
            ("generation_config", self.config.is_some()),
            ("cachedContent", self.system.is_some()),
            ("cached_content", self.system.is_some()),
            ("systemInstruction", self.system.is_some()),
            ("system_instruction", self.system.is_some()),
        ];
        for (name, has_default) in unset {
            if has_default && body.get(name).is_some_and(|own| own.get() == "null") {
                body.remove(name);
            }
        }
    }

    /// Says once that requests with a cache go without the system instruction of the create.
    fn leaves_out_system(&mut self) -> Option<Finding> {
        let name = "systemInstruction";
        if self.told.iter().any(|known| known == name) {
            return None;
        }
        self.told.push(name.to_owned());
        let says = "the option `system_instruction` is left out of requests with `cachedContent`, which the service would refuse";
        let finding = Finding::warning(FindingCode::OptionLeftOut, says);
        Some(finding.hint("put it into the cache"))
    }

    /// Looks at a request that is not right without a doubt.
    fn look_at(
        &mut self,
        asks: Asks,
        body: &RawFields,
        is_of_sdk: bool,
        path: &mut Path,
        findings: &mut Vec<Finding>,
    ) {
        let Some(checker) = &mut self.checker else {
            return;
        };
        let told = findings.len();
        if !is_of_sdk && asks != Asks::Embedding {
            findings.extend(check::twice(body, path));
        }
        match taken_apart(body) {
            Ok(request) => findings.extend(check::check(
                &request,
                asks,
                &checker.rules,
                is_of_sdk,
                path,
            )),
            Err(error) => findings.push(decode::not_json(&error)),
        }
        let is_quiet = findings[told..]
            .iter()
            .all(|it| it.code == FindingCode::SnakeCase);
        if is_quiet && !body.contains_key("cachedContent") && !is_of_sdk {
            checker.remember(
                body.iter()
                    .map(|(name, value)| (name.as_str(), value.get())),
            );
        }
    }

    /// Whether a request of one text is sent as it was written, with these fields.
    pub(super) fn is_sent_as_written<'a>(
        &mut self,
        mut fields: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> bool {
        match &mut self.checker {
            Some(checker) => checker.is_right(Asks::Content, fields),
            None => !fields.any(|(name, _)| name == "cachedContent" || name == "cached_content"),
        }
    }

    /// What is to be said of what stands beside a request.
    pub(crate) fn look_beside(&self, kind: JobKind, fields: &RawFields) -> Vec<Finding> {
        match &self.checker {
            Some(checker) if !fields.is_empty() => {
                beside::check(fields, kind.asks(), &checker.rules)
            }
            _ => Vec::new(),
        }
    }
}

/// Says that a field of the create's generation config does not go into some request.
fn left_out(name: &str, other: &str) -> Finding {
    let says = format!(
        "`{name}` of the option `generation_config` is left out of requests that set `{other}`, \
         beside which it cannot stand"
    );
    let finding = Finding::warning(FindingCode::OptionLeftOut, says);
    finding.hint("leave it out of the requests that are to have the option's")
}

/// The values of fields.
pub(crate) fn taken_apart(fields: &RawFields) -> serde_json::Result<Map<String, Value>> {
    let fields = fields.iter();
    fields
        .map(|(name, value)| Ok((name.clone(), serde_json::from_str(value.get())?)))
        .collect()
}
