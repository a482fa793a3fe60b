//! Replays what is asked for, judges it, and prints the account.

use std::process::ExitCode;

use super::case::{self, CaseFile};
use super::deviations::{Deviations, Use, Verdict};
use super::replay::{self, Differences};

/// Runs the cases. An error means that there is no account at all.
pub(crate) fn run() -> Result<ExitCode, String> {
    let (folder, is_own) = case::folder();
    let mut files = case::load(&folder)?;
    let deviations = Deviations::load()?;
    let only = std::env::var("CONFORMANCE_ONLY").unwrap_or_default();
    let only: Vec<&str> = only
        .split(',')
        .map(str::trim)
        .filter(|id| !id.is_empty())
        .collect();
    if !only.is_empty() {
        files.retain(|file| only.contains(&file.case.id.as_str()));
        if files.len() != only.len() {
            return Err(format!("of {only:?}, {} are cases", files.len()));
        }
    }
    let mut left_out = Vec::new();
    if !cfg!(feature = "vertex") {
        left_out = files
            .extract_if(.., |file| file.case.needs_vertex())
            .collect();
        println!("{} left out, which need Vertex AI", left_out.len());
    }
    let differences = replay::all(&files)?;
    if !only.is_empty() {
        show(&differences);
    }
    let (mut problems, uses) = judge(&files, &deviations, &differences);
    // What some cases do not show, others may.
    if left_out.is_empty() && only.is_empty() && has_all(&files, is_own)? {
        for problem in deviations.unused(&uses) {
            problems.failed += 1;
            eprintln!("deviations.toml\n    {problem}\n");
        }
    }
    Ok(problems.close())
}

/// Whether the cases of this repository are among these.
fn has_all(files: &[CaseFile], is_own: bool) -> Result<bool, String> {
    if is_own {
        return Ok(true);
    }
    let own = case::load(&case::own_folder())?;
    let mut own = own.iter().map(|file| &file.case.id);
    Ok(own.all(|id| files.iter().any(|file| file.case.id == *id)))
}

fn show(differences: &Differences) {
    for (id, lines) in differences {
        println!("{id}");
        for line in lines {
            println!("    {line}");
        }
    }
}

#[derive(Default)]
struct Account {
    matched: usize,
    deviating: usize,
    failed: usize,
}

fn judge(
    files: &[CaseFile],
    deviations: &Deviations,
    differences: &Differences,
) -> (Account, Vec<Use>) {
    let mut account = Account::default();
    let mut uses = Vec::new();
    for CaseFile { case, .. } in files {
        let verdict = match differences.get(&case.id) {
            Some(found) => deviations.judge(case, found, &mut uses),
            None => Verdict::Unexplained(vec!["it was not replayed".to_owned()]),
        };
        match verdict {
            Verdict::Matched => account.matched += 1,
            Verdict::Deviates => account.deviating += 1,
            Verdict::Unexplained(problems) => {
                account.failed += 1;
                eprintln!("{}", case.id);
                if let Some(quirk) = &case.quirk {
                    eprintln!("    (the SDK is known for this: {quirk})");
                }
                for problem in problems {
                    eprintln!("    {problem}");
                }
                eprintln!();
            }
        }
    }
    (account, uses)
}

impl Account {
    fn close(self) -> ExitCode {
        let Self {
            matched,
            deviating,
            failed,
        } = self;
        println!("{matched} matched, {deviating} deviations, {failed} unexplained");
        println!("{} passed, {failed} failed", matched + deviating);
        match failed {
            0 => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        }
    }
}
