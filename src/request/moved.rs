//! Where what the client moved stood before, so that what is wrong with it is told at the place at
//! which it was written.

use super::check::Path;
use super::finding::Finding;

/// Places within a request: as it is sent, and as it was written.
#[derive(Debug, Default)]
pub(crate) struct Moved(Vec<(String, String)>);

impl Moved {
    pub(super) fn add(&mut self, sent: impl Into<String>, written: impl Into<String>) {
        self.0.push((sent.into(), written.into()));
    }

    /// Puts findings about a request, which begins at `root`, where their mistakes were written.
    pub(crate) fn put_back(&self, findings: &mut [Finding], root: &Path) {
        if self.0.is_empty() {
            return;
        }
        let root = root.to_field("");
        for path in findings.iter_mut().filter_map(|it| it.path.as_mut()) {
            if let Some(inner) = path.strip_prefix(&root)
                && let Some(written) = self.written(inner)
            {
                *path = format!("{root}{written}");
            }
        }
    }

    /// The place at which a place of the request was written, by the longest that is known.
    fn written(&self, path: &str) -> Option<String> {
        let rest = |sent: &str| {
            let rest = path.strip_prefix(sent)?;
            let is_within = rest.is_empty() || rest.starts_with(['.', '[']);
            is_within.then_some(rest)
        };
        let known = self
            .0
            .iter()
            .filter_map(|(sent, written)| Some((sent.len(), written, rest(sent)?)));
        let (_, written, rest) = known.max_by_key(|(length, ..)| *length)?;
        Some(format!("{written}{rest}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::finding::FindingCode;

    #[test]
    fn the_longest_place_that_is_known_counts() {
        let mut moved = Moved::default();
        moved.add("generationConfig", "config");
        moved.add("generationConfig.topP", "config.top_p");
        moved.add("contents[0].parts[1]", "contents[1]");
        for (sent, written) in [
            ("generationConfig.topP", "config.top_p"),
            ("generationConfig.topPs", "config.topPs"),
            ("generationConfig", "config"),
            ("generationConfigs", "generationConfigs"),
            ("contents[0].parts[1].inlineData", "contents[1].inlineData"),
            ("contents[0].parts[10]", "contents[0].parts[10]"),
        ] {
            for (root, begin) in [(Path::of(&["request"]), "request."), (Path::default(), "")] {
                let finding = Finding::error(FindingCode::WrongValue, "x");
                let mut found = [finding.at(format!("{begin}{sent}"))];
                moved.put_back(&mut found, &root);
                assert_eq!(found[0].path, Some(format!("{begin}{written}")));
            }
        }
    }
}
