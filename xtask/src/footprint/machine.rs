//! What machine, compiler and day the figures are of.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs, thread};

/// One line that tells all of it, as far as the system says.
pub(super) fn describe() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let model = field(&read("/proc/cpuinfo"), "model name", ':');
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let memory = field(&read("/proc/meminfo"), "MemTotal", ':').and_then(|text| gibibytes(&text));
    let system = field(&read("/etc/os-release"), "PRETTY_NAME", '=');
    let rustc = Command::new(env::var_os("RUSTC").unwrap_or("rustc".into()))
        .arg("--version")
        .output();
    let rustc = rustc.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let today = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs() / 86_400);
    [
        model,
        Some(format!("{cores} cores")),
        memory,
        Some(system.unwrap_or_else(|| env::consts::OS.to_owned())),
        rustc.ok(),
        Some(date(today)),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join(", ")
}

/// The first value under a name in a file of lines.
fn field(text: &str, name: &str, separator: char) -> Option<String> {
    text.lines()
        .filter_map(|line| line.split_once(separator))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim().trim_matches('"').to_owned())
}

/// What `/proc/meminfo` says in kibibytes, rounded.
fn gibibytes(text: &str) -> Option<String> {
    let kibibytes: u64 = text.strip_suffix(" kB")?.parse().ok()?;
    Some(format!("{} GiB memory", (kibibytes + (1 << 19)) >> 20))
}

/// The date of a day since 1970, after Howard Hinnant's `civil_from_days`.
fn date(days: u64) -> String {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_dates() {
        for (days, expected) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (19_723, "2024-01-01"),
            (20_819, "2027-01-01"),
            (47_541, "2100-03-01"),
        ] {
            assert_eq!(date(days), expected);
        }
    }

    #[test]
    fn fields_are_found_and_shown_short() {
        let cpu = "processor\t: 0\nmodel name\t: A CPU @ 3.00GHz\nmodel name\t: B";
        assert_eq!(field(cpu, "model name", ':').unwrap(), "A CPU @ 3.00GHz");
        let system = "NAME=\"x\"\nPRETTY_NAME=\"Debian GNU/Linux 13\"\n";
        assert_eq!(
            field(system, "PRETTY_NAME", '=').unwrap(),
            "Debian GNU/Linux 13"
        );
        assert_eq!(field("", "MemTotal", ':'), None);
        assert_eq!(gibibytes("24630452 kB").unwrap(), "23 GiB memory");
        assert_eq!(gibibytes("many"), None);
    }
}
