//! Translates discovery's formats into those that the code generator knows.
//! What it does not know becomes a plain string with a word on its spelling,
//! which a description from the patch replaces.

use serde_json::Value;

use super::schema::Object;

/// Replaces a format of discovery's own. A `float` becomes a `double`, in which
/// every number that was written as 0.9 is written as 0.9 again.
pub(crate) fn translate(schema: &mut Object) {
    let spelling = match schema.get("format").and_then(Value::as_str) {
        Some("google-datetime") => return rename(schema, "date-time"),
        Some("uint64") => return rename(schema, "int64"),
        Some("float") => return rename(schema, "double"),
        Some("google-duration") => "Seconds with `s` at the end, such as `3.5s`.",
        Some("google-fieldmask") => "Names of fields, joined by commas.",
        Some("byte") => "Bytes in base64.",
        _ => return,
    };
    schema.remove("format");
    schema.insert("description".to_owned(), spelling.into());
}

fn rename(schema: &mut Object, format: &str) {
    schema.insert("format".to_owned(), format.into());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::schema::tests::after;

    #[test]
    fn times_and_numbers_keep_a_format() {
        for (before, translated) in [
            ("google-datetime", "date-time"),
            ("uint64", "int64"),
            ("int64", "int64"),
            ("float", "double"),
        ] {
            assert_eq!(
                after(json!({"type": "string", "format": before}), translate),
                json!({"type": "string", "format": translated}),
            );
        }
    }

    #[test]
    fn other_formats_become_words() {
        for (format, spelling) in [
            ("byte", "Bytes in base64."),
            (
                "google-duration",
                "Seconds with `s` at the end, such as `3.5s`.",
            ),
            ("google-fieldmask", "Names of fields, joined by commas."),
        ] {
            assert_eq!(
                after(json!({"type": "string", "format": format}), translate),
                json!({"type": "string", "description": spelling}),
            );
        }
    }
}
