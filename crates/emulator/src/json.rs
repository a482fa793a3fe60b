//! Reading JSON the way proto parsers do: field names in camel case or snake case, `null` for none.

use serde_json::Value;

/// The field `name` of `object`, given in camel case and looked up in snake case too.
pub(crate) fn field<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    let object = object.as_object()?;
    let value = match object.get(name) {
        Some(value) => Some(value),
        None => object.get(&snake_case(name)),
    };
    value.filter(|value| !value.is_null())
}

pub(crate) fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_found_in_snake_case() {
        let object = json!({"generation_config": 1, "nothing": null});
        assert_eq!(field(&object, "generationConfig"), Some(&json!(1)));
        assert_eq!(field(&object, "nothing"), None);
    }
}
