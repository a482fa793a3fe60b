//! The numbers and names of `google.rpc.Code`.

/// That of which nothing more is known.
pub(super) const UNKNOWN: i64 = 2;
pub(super) const RESOURCE_EXHAUSTED: i64 = 8;

/// The names of `google.rpc.Code`, by number.
pub(super) const NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

pub(super) fn code_of_name(name: &str) -> Option<i64> {
    let code = NAMES.iter().position(|known| *known == name)?;
    i64::try_from(code).ok()
}

/// The `google.rpc.Code` of a kind of error as Anthropic and OpenAI name them (Anthropic's
/// documentation, Errors; OpenAI's, Error codes).
pub(super) fn code_of_type(name: &str) -> Option<i64> {
    Some(match name {
        "invalid_request_error" | "request_too_large" | "invalid_prompt" => 3,
        "timeout_error" => 4,
        "not_found_error" | "model_not_found" => 5,
        "permission_error" | "billing_error" => 7,
        "rate_limit_error" | "rate_limit_exceeded" | "insufficient_quota" => RESOURCE_EXHAUSTED,
        "api_error" | "server_error" | "internal_error" => 13,
        "overloaded_error" => 14,
        "authentication_error" | "invalid_api_key" => 16,
        _ => return None,
    })
}

/// The `google.rpc.Code` of a code that may be an HTTP status.
pub(super) fn rpc_code(code: i64) -> i64 {
    match code {
        400 => 3,
        401 => 16,
        403 => 7,
        404 => 5,
        409 => 10,
        429 => RESOURCE_EXHAUSTED,
        499 => 1,
        501 => 12,
        503 => 14,
        504 => 4,
        500..600 => 13,
        other => other,
    }
}

/// The code whose name stands in words: any name at their start, and further within them one that
/// is no word of English.
pub(super) fn name_within(words: &str) -> Option<i64> {
    let is_of_name = |c: char| c.is_ascii_uppercase() || c == '_';
    let mut names = words.split(|c: char| !c.is_alphanumeric() && c != '_');
    let is_name = |word: &&str| word.chars().all(is_of_name);
    let first = names.next().filter(is_name).and_then(code_of_name);
    first
        .or_else(|| {
            names
                .filter(|word| word.contains('_'))
                .find_map(code_of_name)
        })
        // OK is no error.
        .filter(|code| *code != 0)
}
