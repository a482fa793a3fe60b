//! Names that nothing else has.
//!
//! What is unique by chance is drawn from the system each time: a process that was forked, or a
//! machine that was restored twice, would go on with the same numbers of a generator of its own.

use std::io;

/// So many hexadecimal digits, by chance; at most 32.
pub(crate) fn digits(count: usize) -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|e| io::Error::other(e.to_string()))?;
    let mut digits = format!("{:032x}", u128::from_le_bytes(bytes));
    digits.truncate(count);
    Ok(digits)
}

/// A name that tells its time: `genai-batch-20260131T235959Z-0123456789ab`.
pub(crate) fn name() -> io::Result<String> {
    let now = crate::clock::now().format("%Y%m%dT%H%M%SZ");
    Ok(format!("genai-batch-{now}-{}", digits(12)?))
}

/// The end of a table's name, in the form that Google's own SDKs give it: `20260131235959_01234`.
#[cfg(feature = "vertex")]
pub(crate) fn table_suffix() -> io::Result<String> {
    let now = crate::clock::now().format("%Y%m%d%H%M%S");
    Ok(format!("{now}_{}", digits(5)?))
}
