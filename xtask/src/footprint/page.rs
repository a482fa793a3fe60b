//! The page that the figures stand on, beside others that are not ours to touch.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};

const START: &str = "<!-- footprint -->\n";
const END: &str = "<!-- /footprint -->\n";
const NEW_PAGE: &str = "# Performance\n";

/// Puts the section between its markers; a page without them gets them at its end.
pub(super) fn write(path: &Path, section: &str) -> Result<()> {
    let page = match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => NEW_PAGE.to_owned(),
        read => read.with_context(|| format!("could not read {}", path.display()))?,
    };
    fs::write(path, put(&page, section))
        .with_context(|| format!("could not write {}", path.display()))
}

fn put(page: &str, section: &str) -> String {
    let around = page
        .split_once(START)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    match around {
        Some((before, after)) => format!("{before}{START}{section}{END}{after}"),
        None => format!("{page}\n## Footprint\n\n{START}{section}{END}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_page_gets_a_heading_and_the_markers() {
        let page = put(NEW_PAGE, "x\n");
        assert_eq!(
            page,
            "# Performance\n\n## Footprint\n\n<!-- footprint -->\nx\n<!-- /footprint -->\n"
        );
    }

    #[test]
    fn what_stands_around_the_section_stays() {
        let page = put("# P\n\n<!-- curves -->\nc\n<!-- /curves -->\n", "x\n");
        let again = put(&format!("{page}\nbelow\n"), "y\n");
        assert!(again.starts_with("# P\n\n<!-- curves -->\nc\n<!-- /curves -->\n"));
        assert!(again.ends_with("<!-- footprint -->\ny\n<!-- /footprint -->\n\nbelow\n"));
        assert!(!again.contains("x\n"));
    }
}
