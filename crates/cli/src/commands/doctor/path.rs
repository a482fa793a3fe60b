//! Whether a variable that is to name a file holds, by mistake, what is in the file.

/// Why a value is no path but, by its look, what the file would hold; nothing of it may be shown.
pub(super) fn not_a_path(value: &str) -> Option<&'static str> {
    const LONGEST: usize = 1024;
    let value = value.trim_start_matches('\u{feff}').trim_start();
    // `{` and what may follow it, in base64.
    let is_base64 = ["eyJ", "ewo", "ew0", "eyA"]
        .iter()
        .any(|it| value.starts_with(it));
    if value.starts_with(['{', '[', '"', '\'']) {
        Some("holds JSON")
    } else if value.contains(['\n', '\r', '\0']) || value.starts_with("-----BEGIN") {
        Some("holds text of several lines")
    } else if is_base64 && value.len() > 64 {
        Some("holds JSON in base64")
    } else if value.len() > LONGEST || value.split(['/', '\\']).any(|name| name.len() > 255) {
        Some("holds more than a path")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_from_a_path() {
        for path in [
            "/run/secrets/key.json",
            "key.json",
            "C:\\keys\\a.json",
            "eyes/a.json",
        ] {
            assert_eq!(not_a_path(path), None, "{path}");
        }
        let base64 = format!("eyJ{}", "a".repeat(100));
        let long = format!("/{}", "a/".repeat(600));
        for key in [
            " {\"type\": 1}",
            "'{}'",
            "a\nb",
            &base64,
            &"a".repeat(300),
            &long,
        ] {
            assert!(not_a_path(key).is_some(), "{key}");
        }
    }
}
