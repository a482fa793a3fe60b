//! The page that figures are put into, each kind between two markers of its own.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result, ensure};

const INTRODUCTION: &str = "\
# Performance

What the client itself costs: whole processes from start to exit, against local servers that respond
from memory, so that neither a network nor a service is measured; but for the last of its sections, where
a line of a given rate and latency stands between. Every figure is written by the command that measured it.

The servers speak plain HTTP, for which a client reads no certificates; with TLS, making one takes
some milliseconds more. Compression, latency and the service's own time are not in these figures.
";

/// Puts a section into the page in the place of the one that had its name.
pub(crate) fn write(path: &Path, name: &str, section: &str) -> Result<()> {
    let page = match fs::read_to_string(path) {
        Ok(page) => page,
        Err(error) if error.kind() == ErrorKind::NotFound => INTRODUCTION.to_owned(),
        Err(error) => {
            return Err(error).with_context(|| format!("could not read {}", path.display()));
        }
    };
    let written = with_section(&page, name, section)?;
    fs::write(path, written).with_context(|| format!("could not write {}", path.display()))
}

fn with_section(page: &str, name: &str, section: &str) -> Result<String> {
    let (start, end) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    let section = format!("{start}\n{}\n{end}", section.trim());
    let Some((before, rest)) = page.split_once(&start) else {
        ensure!(!page.contains(&end), "{start} is missing before {end}");
        return Ok(format!("{}\n\n{section}\n", page.trim_end()));
    };
    let (_, after) = rest
        .split_once(&end)
        .with_context(|| format!("{end} is missing after {start}"))?;
    Ok(format!("{before}{section}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_replaces_the_one_before_and_nothing_else() {
        let page = "# P\n\n<!-- curves -->\nold\n<!-- /curves -->\n\n<!-- footprint -->\n";
        let written = with_section(page, "curves", "new\n").unwrap();
        let expected = "# P\n\n<!-- curves -->\nnew\n<!-- /curves -->\n\n<!-- footprint -->\n";
        assert_eq!(written, expected);
        assert_eq!(with_section(expected, "curves", "new").unwrap(), expected);
    }

    #[test]
    fn a_page_without_a_section_gets_one() {
        let written = with_section("# P\n", "curves", "s").unwrap();
        assert_eq!(written, "# P\n\n<!-- curves -->\ns\n<!-- /curves -->\n");
        let new = with_section(INTRODUCTION, "other", "s").unwrap();
        assert!(new.starts_with("# Performance\n") && new.ends_with("s\n<!-- /other -->\n"));
    }

    #[test]
    fn a_marker_alone_is_an_error() {
        assert!(with_section("<!-- curves -->", "curves", "s").is_err());
        assert!(with_section("<!-- /curves -->", "curves", "s").is_err());
    }
}
