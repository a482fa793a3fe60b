//! Lines that are not JSON, or not of an object: the cause, in place of a parser's first words.

use serde::de::IgnoredAny;
use serde_json::Value;

use super::finding::{Finding, FindingCode};
use crate::scan::may_have_half_a_character;
use crate::wire::on_one_line;

/// What a line looks like.
pub(crate) const FORM: &str = "a line is {\"key\": \"…\", \"request\": {\"contents\": …}}";

/// What is said of a line that is not an object.
pub(super) fn no_object(line: &[u8], error: &serde_json::Error) -> Finding {
    // What is not an object is not read to its end.
    if error.is_data() {
        return match serde_json::from_slice::<IgnoredAny>(line) {
            Ok(_) if line.trim_ascii_start().starts_with(b"[{") => {
                let message = "not a JSON object, but a list of them";
                let hint = "write each on a line of its own, as `jq -c '.[]'` does";
                Finding::error(FindingCode::WrongShape, message).hint(hint)
            }
            Ok(_) => Finding::error(FindingCode::WrongShape, "not a JSON object").hint(FORM),
            Err(error) => not_json(&error),
        };
    }
    if let Err(error) = std::str::from_utf8(line) {
        let at = error.valid_up_to();
        let byte = line.get(at).copied().unwrap_or_default();
        let message = format!(
            "not JSON: the byte 0x{byte:02X} at column {} is not UTF-8",
            at + 1
        );
        let hint = "save the file as UTF-8; it may be Latin-1 or Windows-1252";
        return Finding::error(FindingCode::NotJson, message).hint(hint);
    }
    if !line.starts_with(b"{") {
        let message = "not JSON: the line does not begin with `{`";
        return Finding::error(FindingCode::NotJson, message).hint(FORM);
    }
    let finding = not_json(error);
    match names_no_number(line, error) {
        true => finding.hint("JSON has no NaN and no Infinity: leave the field out"),
        false => finding,
    }
}

/// Whether a parser stopped at a number that JSON does not have, as Python writes them.
fn names_no_number(line: &[u8], error: &serde_json::Error) -> bool {
    let at = error.column().saturating_sub(2);
    let near = line.get(at..).unwrap_or_default();
    let near = &near[..near.len().min(12)];
    [&b"NaN"[..], b"Inf"]
        .iter()
        .any(|word| near.windows(3).any(|found| found == *word))
}

/// Half of a surrogate pair, which texts have that were cut within a character. It names no
/// character, so that no service takes it; values that are kept as they are written hide it.
pub(super) fn half_a_character(line: &[u8]) -> Option<serde_json::Error> {
    if !may_have_half_a_character(line) {
        return None;
    }
    serde_json::from_slice::<Value>(line).err()
}

/// What is said of a text that is not JSON.
pub(crate) fn not_json(error: &serde_json::Error) -> Finding {
    let message = format!("not JSON: {}", on_one_line(error));
    Finding::error(FindingCode::NotJson, message)
}
