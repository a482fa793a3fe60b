//! The figures as Markdown.

use std::time::Duration;

use super::measure::Figures;

const MEANING: &str = "\
Each client in a package of its own, with a program that submits a batch job: how many crates are
compiled (`cargo tree --edges normal,build`, each version once), a dev build from nothing without
downloads (`cargo build --lib` with Cargo's own profile: the time it takes, and the CPU time of all
its processes), and the release binary of the program with `strip = true`. `cargo measure footprint`
measures all of it again.";

/// What goes between the markers.
pub(super) fn section(rows: &[(String, Figures)], machine: &str) -> String {
    let mut text = format!(
        "## Footprint\n\n{MEANING}\n\n\
         | client | crates | dev build | CPU time | release binary |\n\
         |---|--:|--:|--:|--:|\n"
    );
    for (name, figures) in rows {
        let Figures {
            crates,
            wall,
            cpu,
            size,
        } = figures;
        let cpu = cpu.map_or("?".to_owned(), seconds);
        text += &format!(
            "| {name} | {crates} | {} | {cpu} | {} |\n",
            seconds(*wall),
            megabytes(*size)
        );
    }
    text + &format!("\nMeasured on: {machine}.\n")
}

fn seconds(duration: Duration) -> String {
    format!("{:.0} s", duration.as_secs_f64())
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_for_each_subject_and_the_machine_below() {
        let figures = Figures {
            crates: 150,
            wall: Duration::from_millis(54_600),
            cpu: None,
            size: 5_349_999,
        };
        let known = Figures {
            cpu: Some(Duration::from_secs(98)),
            ..figures.clone()
        };
        let rows = [("`a`".to_owned(), figures), ("`b`".to_owned(), known)];
        let section = section(&rows, "a machine");
        assert!(section.ends_with(
            "|---|--:|--:|--:|--:|\n\
             | `a` | 150 | 55 s | ? | 5.3 MB |\n\
             | `b` | 150 | 55 s | 98 s | 5.3 MB |\n\
             \nMeasured on: a machine.\n"
        ));
    }
}
