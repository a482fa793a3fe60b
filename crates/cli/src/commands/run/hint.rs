//! What to do about rows that failed, by what failed: what is asked again by `runs retry`, and what that
//! would not help.

use super::outcome::Group;
use crate::show::counted::{counted, grouped};

/// What failed, by what helps.
#[derive(Debug, Default)]
struct Counts {
    /// Rows without an answer, which may have one another time.
    may_pass: u64,
    /// Requests that the service calls wrong.
    wrong: u64,
    cut_off: u64,
    /// Rows with an answer that is not what was asked for.
    other: u64,
}

impl Counts {
    fn of(groups: &[Group]) -> Self {
        let mut counts = Self::default();
        for group in groups {
            let count = match (group.kind, group.detail.as_deref()) {
                ("failed", Some("INVALID_ARGUMENT")) => &mut counts.wrong,
                ("failed" | "missing" | "unreadable" | "other", _) => &mut counts.may_pass,
                ("cut-off", _) => &mut counts.cut_off,
                _ => &mut counts.other,
            };
            *count += group.count;
        }
        counts
    }
}

/// What to do about rows that failed, each in a line. `retry` is the command that asks again, and `input`
/// what the table is called.
pub(super) fn of(
    groups: &[Group],
    (column, output): (&str, &str),
    retry: &str,
    input: &str,
) -> String {
    let counts = Counts::of(groups);
    let mut lines = vec![format!("the column `{column}` of {output} says why")];
    let all: u64 = groups.iter().map(|group| group.count).sum();
    if counts.may_pass > 0 {
        let these = match counts.may_pass == all {
            true => "these rows".to_owned(),
            false => format!("{} of them", grouped(counts.may_pass)),
        };
        lines.push(format!(
            "to ask {these} again: {retry}, and then this command for the table"
        ));
    }
    if counts.wrong > 0 {
        lines.push(format!(
            "{} called wrong by the service (INVALID_ARGUMENT), and will be again: change what is asked, in {input} \
             or by the options, and add --ask-anew",
            are(counts.wrong, "request")
        ));
    }
    if counts.cut_off > 0 {
        lines.push(format!(
            "{} cut off, which `runs retry` does not ask again: give a higher --max-output-tokens and --ask-anew, \
             which asks and pays for all rows anew, or do it in a table of these rows with another --out",
            are(counts.cut_off, "answer")
        ));
    }
    if counts.other > 0 {
        lines.push(format!(
            "{} not of use, which `runs retry` does not ask again: give another prompt or other options and \
             --ask-anew, which asks and pays for all rows that this changes, or do it in a table of these rows \
             with another --out",
            are(counts.other, "answer")
        ));
    }
    lines.join("\n  ")
}

fn are(count: u64, noun: &str) -> String {
    let verb = if count == 1 { "is" } else { "are" };
    format!("{} {verb}", counted(count, noun))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(groups: &[(&'static str, Option<&str>, u64)]) -> String {
        let groups: Vec<_> = groups
            .iter()
            .map(|(kind, detail, count)| Group {
                kind,
                detail: detail.map(str::to_owned),
                count: *count,
                message: String::new(),
                keys: Vec::new(),
            })
            .collect();
        of(
            &groups,
            ("error", "out.csv"),
            "genai-batch runs retry out.csv.run",
            "t.csv",
        )
    }

    #[test]
    fn a_retry_is_proposed_for_what_it_asks_again_alone() {
        let text = told(&[("failed", Some("UNAVAILABLE"), 2), ("missing", None, 1)]);
        assert!(
            text.contains("to ask these rows again: genai-batch runs retry"),
            "{text}"
        );
        let text = told(&[
            ("missing", None, 1),
            ("failed", Some("INVALID_ARGUMENT"), 2),
        ]);
        assert!(text.contains("to ask 1 of them again"), "{text}");
        assert!(text.contains("2 requests are called wrong"), "{text}");
        for kind in ["cut-off", "wrong-shape", "not-json", "blocked"] {
            let text = told(&[(kind, None, 1)]);
            assert!(!text.contains("again: genai-batch"), "{text}");
            assert!(text.contains("--ask-anew"), "{text}");
        }
        assert!(told(&[("cut-off", None, 1)]).contains("--max-output-tokens"));
    }
}
