//! Requests that are right without a doubt, told in one pass over their text and with nothing
//! kept. Where anything is unusual the answer is "not known", and the request is walked through:
//! what passes here has no finding there, which a test holds the two to.

use super::table::{Kind, Message, Shape, Table};
use super::values::is_base64;
use super::{media, ranges};
use crate::platform::Backend;
use crate::request::known::{GENERATE, PART_DATA};
use crate::scan::Scanner;

/// Objects of more fields are not looked through for fields that stand twice.
const FIELDS: usize = 16;

/// Whether a message of these fields is right. A field `is_known` where the same text was found
/// right before; what is found right now goes into `right`.
pub(super) fn is_right<'a>(
    backend: Backend,
    message: &str,
    fields: impl Iterator<Item = (&'a str, &'a str)>,
    is_known: impl Fn(&str, &str) -> bool,
    right: &mut Vec<(&'a str, &'a str)>,
) -> bool {
    let table = Table::of(backend);
    let Some(message) = table.message(message) else {
        return false;
    };
    let quick = Quick { table, backend };
    let mut seen = 0_u64;
    for (name, value) in fields {
        if name == "model" && is_known(name, value) {
            continue;
        }
        let Some((at, field)) = message.find(name) else {
            return false;
        };
        // Settings that are right or wrong by what stands beside them.
        let depends = matches!(
            field.name.as_str(),
            "cachedContent" | "model" | "embedContentConfig" | "labels"
        );
        if depends || field.excludes.is_some() || seen & 1 << at != 0 {
            return false;
        }
        seen |= 1 << at;
        if is_known(name, value) {
            continue;
        }
        if quick.field(&field.name, &field.shape, value).is_none() {
            return false;
        }
        right.push((name, value));
    }
    let has_content = message.find("content");
    message.name == GENERATE || has_content.is_some_and(|(at, _)| seen & 1 << at != 0)
}

struct Quick {
    table: &'static Table,
    backend: Backend,
}

/// `Some` where a value is right.
type Right = Option<()>;

impl Quick {
    fn field(&self, name: &str, shape: &'static Shape, value: &str) -> Right {
        let mut scanner = Scanner::new(value.as_bytes())?;
        self.named(&mut scanner, name, shape)?;
        scanner.end()
    }

    /// A value that may have a range, by the name of its field.
    fn named(&self, scanner: &mut Scanner<'_>, name: &str, shape: &'static Shape) -> Right {
        let is_whole = match shape {
            Shape::Value(Kind::Int) => true,
            Shape::Value(Kind::Number) => false,
            _ => return self.value(scanner, shape),
        };
        let Some(range) = ranges::of(name) else {
            return self.value(scanner, shape);
        };
        let number = scanner.skip()?;
        let number: f64 = match is_whole {
            true => number.parse::<i32>().ok()?.into(),
            false => number.parse().ok()?,
        };
        range.has(number).then_some(())
    }

    fn value(&self, scanner: &mut Scanner<'_>, shape: &'static Shape) -> Right {
        match shape {
            Shape::Any => any(scanner, 32),
            Shape::Message(place) => self.message(scanner, self.table.at(*place)?),
            Shape::List(inner) => {
                let mut members = scanner.list()?;
                while scanner.next(&mut members)? {
                    self.value(scanner, inner)?;
                }
                Some(())
            }
            Shape::Map(inner) => {
                let mut members = scanner.object()?;
                let mut names = Names::default();
                while let Some(name) = scanner.next_field(&mut members)? {
                    names.add(name)?;
                    self.value(scanner, inner)?;
                }
                Some(())
            }
            Shape::Name(names) => {
                let name = scanner.text()?;
                let is_known = names.iter().any(|known| *known == name);
                (is_known && name != "HARM_CATEGORY_UNSPECIFIED").then_some(())
            }
            Shape::Value(kind) => plain(scanner, *kind),
        }
    }

    fn message(&self, scanner: &mut Scanner<'_>, message: &'static Message) -> Right {
        // What their fields say together takes a closer look.
        if matches!(
            message.name.as_str(),
            "Schema" | "ImageConfig" | "FunctionDeclaration"
        ) {
            return None;
        }
        let mut members = scanner.object()?;
        let mut seen = 0_u64;
        let mut data = 0;
        while let Some(name) = scanner.next_field(&mut members)? {
            let (at, field) = message.find(name)?;
            if seen & 1 << at != 0 {
                return None;
            }
            seen |= 1 << at;
            match (message.name.as_str(), field.name.as_str()) {
                ("GenerationConfig", name) => self.setting(scanner, name, &field.shape)?,
                ("Content", "parts") => self.parts(scanner, &field.shape)?,
                ("Content", "role") => {
                    let role = scanner.text()?;
                    matches!(&*role, "user" | "model").then_some(())?;
                }
                ("Part", name) => {
                    data += u8::from(PART_DATA.contains(&name));
                    if name == "text" {
                        let is_text = scanner.peek()? == b'"';
                        (is_text && scanner.skip()? != "\"\"").then_some(())?;
                    } else {
                        self.value(scanner, &field.shape)?;
                    }
                }
                (_, "fileUri") => {
                    let uri = scanner.text()?;
                    media::wrong_address(&uri, self.backend)
                        .is_none()
                        .then_some(())?;
                }
                (_, "mimeType") if matches!(field.shape, Shape::Value(Kind::Text)) => {
                    let mime_type = scanner.text()?;
                    media::wrong_mime_type(&mime_type).is_none().then_some(())?;
                }
                (_, "data") if matches!(field.shape, Shape::Value(Kind::Bytes)) => {
                    let data = scanner.text()?;
                    let is_right = !data.is_empty() && is_base64(data.as_bytes());
                    is_right.then_some(())?;
                }
                ("FunctionCall", "args") | ("FunctionResponse", "response") => {
                    (scanner.peek()? == b'{').then_some(())?;
                    self.value(scanner, &field.shape)?;
                }
                (_, name) => self.named(scanner, name, &field.shape)?,
            }
        }
        let has = |name| message.find(name).is_none_or(|(at, _)| seen & 1 << at != 0);
        let is_whole = match message.name.as_str() {
            "Content" => has("parts"),
            "Part" => data == 1,
            "Blob" | "FunctionResponseBlob" => has("mimeType") && has("data"),
            "ThinkingConfig" | "GenerationConfigThinkingConfig" => {
                !(has("thinkingBudget") && has("thinkingLevel"))
            }
            _ => true,
        };
        let excludes = message
            .fields
            .iter()
            .enumerate()
            .any(|(at, field)| field.excludes.is_some() && seen & 1 << at != 0);
        (is_whole && !excludes && message.required & !seen == 0).then_some(())
    }

    fn parts(&self, scanner: &mut Scanner<'_>, shape: &'static Shape) -> Right {
        let Shape::List(inner) = shape else {
            return None;
        };
        let mut members = scanner.list()?;
        let mut count = 0;
        while scanner.next(&mut members)? {
            self.value(scanner, inner)?;
            count += 1;
        }
        (count > 0).then_some(())
    }

    /// A field of the generation config. Those of a form that others must fit are few.
    fn setting(&self, scanner: &mut Scanner<'_>, name: &str, shape: &'static Shape) -> Right {
        match name {
            "responseSchema"
            | "responseJsonSchema"
            | "_responseJsonSchema"
            | "logprobs"
            | "responseFormat" => None,
            _ => self.named(scanner, name, shape),
        }
    }
}

fn plain(scanner: &mut Scanner<'_>, kind: Kind) -> Right {
    match (kind, scanner.peek()?) {
        (Kind::Text, b'"') => scanner.skip().map(drop),
        (Kind::Bytes, b'"') => is_base64(scanner.text()?.as_bytes()).then_some(()),
        (Kind::Bool, b't' | b'f') | (Kind::Number, b'-' | b'0'..=b'9') => scanner.skip().map(drop),
        (Kind::Int, b'-' | b'0'..=b'9') => scanner.skip()?.parse::<i32>().ok().map(drop),
        (Kind::Long, b'-' | b'0'..=b'9') => scanner.skip()?.parse::<i64>().ok().map(drop),
        (Kind::Long, b'"') => scanner.text()?.parse::<i64>().ok().map(drop),
        (Kind::Duration, b'"') => {
            let text = scanner.text()?;
            let seconds = text.strip_suffix('s')?;
            let is_plain = !seconds.is_empty() && seconds.bytes().all(|b| b.is_ascii_digit());
            is_plain.then_some(())
        }
        _ => None,
    }
}

/// A value of any kind, if no field stands twice in it.
fn any(scanner: &mut Scanner<'_>, depth: usize) -> Right {
    let depth = depth.checked_sub(1)?;
    match scanner.peek()? {
        b'{' => {
            let mut members = scanner.object()?;
            let mut names = Names::default();
            while let Some(name) = scanner.next_field(&mut members)? {
                names.add(name)?;
                any(scanner, depth)?;
            }
            Some(())
        }
        b'[' => {
            let mut members = scanner.list()?;
            while scanner.next(&mut members)? {
                any(scanner, depth)?;
            }
            Some(())
        }
        _ => scanner.skip().map(drop),
    }
}

/// The names of an object's fields.
#[derive(Default)]
struct Names<'a> {
    names: [&'a str; FIELDS],
    count: usize,
}

impl<'a> Names<'a> {
    fn add(&mut self, name: &'a str) -> Right {
        let known = self.names.get(..self.count)?;
        (!known.contains(&name)).then_some(())?;
        *self.names.get_mut(self.count)? = name;
        self.count += 1;
        Some(())
    }
}
