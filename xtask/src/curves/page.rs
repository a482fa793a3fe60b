//! The page that the figures are put into: between two markers, beside what others write there.

use anyhow::{Context, Result, ensure};

const START: &str = "<!-- curves -->";
const END: &str = "<!-- /curves -->";

const INTRODUCTION: &str = "\
# Performance

What the client itself costs: whole processes from start to exit, against local servers that answer
from memory, so that neither a network nor a service is measured. Every figure is written by the
command that measured it.
";

/// The page with this section in the place of the one that it had.
pub(super) fn with_section(page: Option<&str>, section: &str) -> Result<String> {
    let section = format!("{START}\n{}\n{END}", section.trim());
    let page = page.unwrap_or(INTRODUCTION);
    let Some((before, rest)) = page.split_once(START) else {
        ensure!(!page.contains(END), "{START} is missing before {END}");
        return Ok(format!("{}\n\n{section}\n", page.trim_end()));
    };
    let (_, after) = rest
        .split_once(END)
        .with_context(|| format!("{END} is missing after {START}"))?;
    Ok(format!("{before}{section}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_replaces_the_one_before_and_nothing_else() {
        let page = "# P\n\n<!-- curves -->\nold\n<!-- /curves -->\n\n<!-- footprint -->\n";
        let written = with_section(Some(page), "new\n").unwrap();
        let expected = "# P\n\n<!-- curves -->\nnew\n<!-- /curves -->\n\n<!-- footprint -->\n";
        assert_eq!(written, expected);
        assert_eq!(with_section(Some(expected), "new").unwrap(), expected);
    }

    #[test]
    fn a_page_without_a_section_gets_one_and_without_a_page_there_is_one() {
        let written = with_section(Some("# P\n"), "s").unwrap();
        assert_eq!(written, "# P\n\n<!-- curves -->\ns\n<!-- /curves -->\n");
        let new = with_section(None, "s").unwrap();
        assert!(new.starts_with("# Performance\n") && new.ends_with("s\n<!-- /curves -->\n"));
    }

    #[test]
    fn a_marker_alone_is_an_error() {
        assert!(with_section(Some("<!-- curves -->"), "s").is_err());
        assert!(with_section(Some("<!-- /curves -->"), "s").is_err());
    }
}
