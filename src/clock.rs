//! The time of day, by the clock of this machine, which may be set to any.

use std::time::SystemTime;

use chrono::{DateTime, Utc};

/// What the clock says. Before 1970, where [`Utc::now`] panics, it is a time like any other.
pub(crate) fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_clock_before_1970_tells_a_time() {
        let early = UNIX_EPOCH - Duration::from_millis(1500);
        assert_eq!(DateTime::<Utc>::from(early).timestamp_millis(), -1500);
        assert!((now() - Utc::now()).num_seconds().abs() < 60);
    }
}
