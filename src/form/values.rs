//! Values that every model refuses, in whatever form they are written.

use serde_json::Value;

use super::conversation::{Choice, Config, Function};
use super::fields::Refused;
use crate::request::check::is_base64;

/// What is wrong with the settings at this path.
pub(super) fn look_at(config: &Config, path: &str, refused: &mut Refused) {
    let at = |name: &str| format!("{path}.{name}");
    let number = |value: &Option<Value>| value.as_ref().and_then(Value::as_f64);
    if number(&config.temperature).is_some_and(|it| it < 0.0) {
        refused.wrong(&at("temperature"), "it is below 0", "write 0 or more");
    }
    if number(&config.top_p).is_some_and(|it| !(0.0..=1.0).contains(&it)) {
        refused.wrong(
            &at("topP"),
            "it is not from 0 to 1",
            "write a number from 0 to 1",
        );
    }
    if config.max_tokens == Some(0) {
        let hint = "write 1 or more, or leave it out";
        refused.wrong(
            &at("maxOutputTokens"),
            "there is no room for a response",
            hint,
        );
    }
    for (n, _) in config
        .stops
        .iter()
        .enumerate()
        .filter(|(_, it)| !it.is_string())
    {
        refused.wrong(
            &at(&format!("stopSequences[{n}]")),
            "it is not a text",
            "write a text",
        );
    }
}

/// What is wrong with a choice of functions, set within this path.
pub(super) fn look_at_choice(
    choice: Option<&Choice>,
    functions: &[Function],
    path: &str,
    refused: &mut Refused,
) {
    let is_declared = |name: &str| functions.iter().any(|it| it.name == name);
    if let Some(Choice::One(name)) = choice
        && !is_declared(name)
    {
        let path = format!("{path}.functionCallingConfig.allowedFunctionNames");
        let message = format!("the function `{name}` is not declared");
        refused.wrong(
            &path,
            &message,
            "declare it in `tools`, or name one that is",
        );
    }
}

/// What is wrong with bytes in a request; a local file stands there by its token until it is read.
pub(super) fn look_at_data(data: &str, path: &str, refused: &mut Refused) {
    let is_right = !data.is_empty() && is_base64(data.as_bytes());
    if !is_right && !data.starts_with("local:") {
        let message = "it is not bytes in base64";
        refused.wrong(path, message, "write the bytes in base64, with Part::bytes");
    }
}
