//! Moments in time as cells have them: texts, to the nanosecond.

use genai_batch::external::chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::Value;

/// Of UTC, and by the clock of no time zone.
pub(super) const FORM: &str = "%Y-%m-%d %H:%M:%S%.f %:z";
pub(super) const LOCAL_FORM: &str = "%Y-%m-%d %H:%M:%S%.f";

/// A moment that a cell tells.
pub(super) fn of(cell: &Value) -> Option<DateTime<Utc>> {
    let moment = DateTime::parse_from_str(cell.as_str()?, FORM).ok()?;
    Some(moment.to_utc())
}

/// The same of one without a time zone, as if it were of UTC.
pub(super) fn local(cell: &Value) -> Option<DateTime<Utc>> {
    let moment = NaiveDateTime::parse_from_str(cell.as_str()?, LOCAL_FORM).ok()?;
    Some(moment.and_utc())
}

/// Whether a moment tells more than microseconds do.
pub(super) fn is_finer_than_micros(moment: DateTime<Utc>) -> bool {
    !moment.timestamp_subsec_nanos().is_multiple_of(1000)
}

/// Whether Parquet can say it in nanoseconds: those of the years 1678 to 2261.
pub(super) fn is_in_nanos(moment: DateTime<Utc>) -> bool {
    moment.timestamp_nanos_opt().is_some()
}
