//! Moments and durations, as people and programs read them.

use std::time::{Duration, SystemTime};

use genai_batch::external::chrono::{DateTime, SecondsFormat, Utc};

use super::cell::Cell;

/// A moment, in RFC 3339 to the second.
pub(crate) fn moment(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A moment: in full for programs, by its age for people.
pub(crate) fn cell(time: Option<DateTime<Utc>>) -> Cell {
    let Some(time) = time else {
        return Cell::default();
    };
    let age = DateTime::<Utc>::from(SystemTime::now()).signed_duration_since(time);
    let shown = match age.to_std() {
        Ok(age) => format!("{} ago", rough(age)),
        // Of a clock that is ahead, or to come.
        Err(_) => return until(Some(time)),
    };
    Cell::new(moment(time)).short(shown)
}

/// A moment that is to come: in full for programs, by what is left for people.
pub(crate) fn until(time: Option<DateTime<Utc>>) -> Cell {
    let Some(time) = time else {
        return Cell::default();
    };
    let left = time.signed_duration_since(DateTime::<Utc>::from(SystemTime::now()));
    let shown = left
        .to_std()
        .map_or_else(|_| "over".to_owned(), |left| format!("in {}", rough(left)));
    Cell::new(moment(time)).short(shown)
}

/// A duration in its largest unit.
pub(crate) fn rough(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Reads `90s`, `1h 30m`, `6h`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("{error}; write it as 90s, 30m or 6h"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_shown_in_its_largest_unit() {
        for (seconds, shown) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (7199, "1h"),
            (172_800, "2d"),
        ] {
            assert_eq!(rough(Duration::from_secs(seconds)), shown);
        }
    }

    #[test]
    fn durations_are_read() {
        assert_eq!(duration("1h 30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(duration("100ms"), Ok(Duration::from_millis(100)));
        assert!(duration("soon").is_err_and(|why| why.contains("6h")));
    }
}
