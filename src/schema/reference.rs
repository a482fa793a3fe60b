//! References within a schema, which are JSON Pointers in the spelling of URLs.

/// The pointer that a reference holds.
pub(super) fn pointer(reference: &str) -> Option<String> {
    reference.strip_prefix('#').map(percent_decoded)
}

/// The name of what a pointer leads to, which is that of a type.
pub(super) fn name(pointer: &str) -> String {
    let last = pointer.rsplit('/').next().unwrap_or(pointer);
    last.replace("~1", "/").replace("~0", "~")
}

fn percent_decoded(text: &str) -> String {
    let digits = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
    let mut decoded = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        let byte = others.get(..2).and_then(digits).filter(|_| *first == b'%');
        decoded.push(byte.unwrap_or(*first));
        rest = &others[if byte.is_some() { 2 } else { 0 }..];
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_spelling_are_found() {
        let pointed = pointer("#/$defs/Gr%C3%B6%C3%9Fe%3Ca~1b%3E").unwrap();
        assert_eq!(pointed, "/$defs/Größe<a~1b>");
        assert_eq!(name(&pointed), "Größe<a/b>");
        assert_eq!(pointer("#").unwrap(), "");
        assert_eq!(pointer("#/a%2").unwrap(), "/a%2");
        assert_eq!(pointer("https://example.com/schema"), None);
    }
}
