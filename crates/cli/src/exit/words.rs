//! Words of the command line in place of those of the library.

/// What the library says to whoever writes Rust, and what that is on the command line.
const WORDS: [(&str, &str); 23] = [
    (
        "use Part::local_file, which uploads it",
        "upload it with `genai-batch files put`, and name its URI",
    ),
    (", or pass a key to Client::gemini", ""),
    (
        ", or pass them to Client::vertex;",
        ", or say --project and --location;",
    ),
    (
        ". One process at a time drives a run; others can read it with `runs().read(…)`",
        "",
    ),
    (": read the run by `client.runs().read(…)`", ""),
    (
        "; another path is `Source::path(…)`, and a prompt goes into a list, `vec![…]`",
        "; a table or a prompt is for `genai-batch run`",
    ),
    (
        "; of prompts, one a line, Source::requests(text.lines()…) makes requests",
        "; of prompts or rows, `genai-batch run` makes requests",
    ),
    (", and a later `finish` sends them again", ""),
    ("; a later `finish` goes on with it as it is", ""),
    (
        "set `staging(\"gs://bucket/prefix\")` on the client or the create, or GENAI_BATCH_STAGING",
        "say --staging gs://BUCKET/PREFIX, or set GENAI_BATCH_STAGING",
    ),
    ("or set `overwrite`", "or say --overwrite"),
    (
        "can be read once it has ended, see `wait`",
        "can be read once it has ended",
    ),
    ("give them by `pricing`", "give them by --price IN:OUT"),
    ("give one, by Pricing::new", "give one, by --price IN:OUT"),
    (
        "set `max_output_tokens` in the request's generation config, or for all requests with \
         `Create::generation_config`",
        "set `maxOutputTokens` in the request's generation config, or for all requests with \
         --max-output-tokens",
    ),
    ("raise `max_output_tokens`", "raise --max-output-tokens"),
    (
        "it is not asked again by itself",
        "it is not asked again by itself, but by `genai-batch runs retry`",
    ),
    ("(`preflight` lists all)", "(`genai-batch check` lists all)"),
    (
        "mark jobs with `display_name`, or use a Vertex AI client",
        "mark jobs with --display-name, or say --backend vertex",
    ),
    ("the option `label`", "the option --label"),
    ("the option `priority`", "the option --priority"),
    ("the option `dest`", "the option --dest"),
    (
        "they are in the documentation of `Fault`, and in docs/testing.md",
        "docs/testing.md has them",
    ),
];

/// An error of the library as the command line says it.
pub(crate) fn of_command_line(said: &str) -> String {
    WORDS
        .iter()
        .fold(said.to_owned(), |said, (of_library, instead)| {
            said.replace(of_library, instead)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_one_that_the_library_says() {
        // Compared without line breaks of the source, so that a sentence that changes there is found.
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut source = String::new();
        let mut folders = vec![root.join("../../src"), root.join("../emulator/src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => source += &std::fs::read_to_string(path).unwrap(),
                }
            }
        }
        let plain = |text: &str| {
            let kept = text.chars().filter(|c| !c.is_whitespace() && *c != '\\');
            kept.collect::<String>()
        };
        let source = plain(&source);
        for (of_library, _) in WORDS {
            // The name of an option comes from elsewhere.
            let of_library = match of_library.strip_prefix("the option ") {
                Some(_) => "the option `",
                None => of_library,
            };
            assert!(source.contains(&plain(of_library)), "{of_library}");
        }
    }

    #[test]
    fn words_of_rust_are_those_of_the_command_line() {
        let said = "no credentials: set GEMINI_API_KEY, or pass a key to Client::gemini (keys)";
        assert_eq!(
            of_command_line(said),
            "no credentials: set GEMINI_API_KEY (keys)"
        );
        let said = "cost: no prices are known: give them by `pricing`";
        assert!(of_command_line(said).ends_with("give them by --price IN:OUT"));
    }
}
