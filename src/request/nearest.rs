//! Which known name a mistyped one was meant to be.

/// Longer names, in bytes, than any that is known, with some letters too many.
const LONGEST: usize = 128;

/// The known name that takes the fewest edits, if they are few for its length. Case does not count as an edit.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // No known name is near as long.
    if name.len() > LONGEST {
        return None;
    }
    let wanted = name.to_lowercase();
    let len = wanted.chars().count();
    // One edit for a short name, up to three for a long one.
    let most = (len / 3).clamp(1, 3);
    known
        // Each edit makes a name longer or shorter by one letter at most.
        .filter(|known| known.chars().count().abs_diff(len) <= most)
        .map(|known| (edits(&wanted, &known.to_lowercase()), known))
        .filter(|(edits, _)| *edits <= most)
        .min()
        .map(|(_, known)| known)
}

/// How many letters have to be inserted, removed, replaced or swapped with the next.
pub(super) fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if swapped {
                let earlier: &Vec<usize> = &before;
                row[j] = row[j].min(earlier[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn slips_are_found_and_strangers_not() {
        let known = ["contents", "text", "topK", "topP", "maxOutputTokens"];
        for (name, wanted) in [
            ("contnets", Some("contents")),
            ("Contents", Some("contents")),
            ("content", Some("contents")),
            ("txt", Some("text")),
            ("topk", Some("topK")),
            ("maxOutputToken", Some("maxOutputTokens")),
            ("maxTokens", None),
            ("zebra", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, known.into_iter()), wanted, "{name}");
        }
    }

    #[test]
    fn every_known_name_can_be_meant() {
        use crate::request::known::KNOWN;
        let messages = [&KNOWN.gemini, &KNOWN.vertex].into_iter();
        for name in messages.flat_map(|messages| messages.values().flat_map(|it| it.keys())) {
            let slip = format!("{name}x");
            assert!(slip.len() <= LONGEST, "{name}");
            assert_eq!(
                nearest(&slip, [name.as_str()].into_iter()),
                Some(name.as_str())
            );
        }
        assert_eq!(nearest(&"x".repeat(1_000_000), ["x"].into_iter()), None);
    }

    proptest! {
        #[test]
        fn one_slip_is_one_edit(name in "[a-z]{4,12}", at in 0usize..12, letter in "[a-z]") {
            let at = at % name.len();
            let mut slip = name.clone();
            slip.insert_str(at, &letter);
            prop_assert_eq!(edits(&slip, &name), 1);
            prop_assert_eq!(edits(&name, &slip), 1);
            prop_assert_eq!(edits(&name, &name), 0);
        }
    }
}
