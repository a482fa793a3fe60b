//! The prompt: a template in Jinja over the columns of a row, in which an unknown name is an error.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{DynObject, Enumerator, Object, Serde, ValueKind};
use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};

use crate::exit::{Failure, Result};
use crate::table::{Row, text};

/// Under which name a template has the row as a whole, unless a column has that name.
const ROW: &str = "row";

/// How much work a prompt may be: a step takes one, and so do 64 bytes.
const WORK: u64 = 4 << 20;
/// The longest prompt, in bytes.
const LONGEST: usize = 64 << 20;

/// A template.
#[derive(Debug)]
pub(crate) struct Prompt {
    templates: Environment<'static>,
}

/// What the engine defines by itself: a row without a column of such a name would be asked of a function.
const GLOBALS: [&str; 4] = ["debug", "dict", "namespace", "range"];

impl Prompt {
    /// Reads a template; `columns` are those of the table, as far as they are known.
    pub(crate) fn new(source: String, columns: &[String]) -> Result<Self> {
        let mut templates = Environment::new();
        for name in GLOBALS {
            templates.remove_global(name);
        }
        templates.set_fuel(Some(WORK));
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        templates.set_formatter(|out, state, value| match value.kind() {
            // As in a table of text, and not in the words of Python.
            ValueKind::None => Ok(()),
            ValueKind::Bool => write!(out, "{}", value.is_true()).map_err(unwritten),
            // What the engine has for itself, such as a cycler.
            ValueKind::Plain => Err(minijinja::Error::new(
                ErrorKind::InvalidOperation,
                "what stands between {{ and }} is no text",
            )),
            ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => {
                let json = serde_json::to_string(value).map_err(|error| {
                    minijinja::Error::new(ErrorKind::BadSerialization, error.to_string())
                })?;
                out.write_str(&json).map_err(unwritten)
            }
            _ => minijinja::escape_formatter(out, state, value),
        });
        let added = templates.add_template_owned("prompt", source.clone());
        added.map_err(|error| {
            let failure = Failure::usage(format!("the prompt is not a template: {}", told(&error)));
            match instead(&source, columns) {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        })?;
        Ok(Self { templates })
    }

    /// Which of these columns the template names.
    pub(crate) fn columns(&self, names: &[String]) -> Vec<String> {
        let Ok(template) = self.templates.get_template("prompt") else {
            return Vec::new();
        };
        let named = template.undeclared_variables(false);
        let source = template.source();
        let is_named = |name: &&String| {
            let quoted = [format!("[\"{name}\"]"), format!("['{name}']")];
            named.contains(*name) || quoted.iter().any(|it| source.contains(it.as_str()))
        };
        names.iter().filter(is_named).cloned().collect()
    }

    /// Whether all prompts are the same, whatever is in the rows.
    pub(crate) fn is_constant(&self) -> bool {
        let template = self.templates.get_template("prompt");
        template.is_ok_and(|it| it.undeclared_variables(false).is_empty())
    }

    /// The prompt of a row.
    pub(crate) fn render(&self, row: &Row) -> std::result::Result<String, RenderError> {
        let template = self.templates.get_template("prompt");
        let source = template.as_ref().map(|it| it.source());
        let source = source.unwrap_or_default();
        let names = &row.names;
        let failed = |error: minijinja::Error| RenderError {
            hint: instead(source, names),
            error,
        };
        let template = match &template {
            Ok(template) => template,
            // Its source was read when it was added.
            Err(_) => return Err(failed(ErrorKind::TemplateNotFound.into())),
        };
        let row = Arc::new(Cells(row.clone()));
        let prompt = template
            .render(Value::from_object(Context(row)))
            .map_err(failed)?;
        match prompt.len() > LONGEST {
            true => Err(failed(ErrorKind::OutOfFuel.into())),
            false => Ok(prompt),
        }
    }
}

fn unwritten(_: fmt::Error) -> minijinja::Error {
    minijinja::Error::new(ErrorKind::WriteFailure, "the prompt is not written")
}

/// How a template names a column: the engine takes letters of ASCII alone for a name.
pub(crate) fn variable(column: &str) -> String {
    let mut characters = column.chars();
    let is_name = characters
        .next()
        .is_some_and(|it| it.is_ascii_alphabetic() || it == '_')
        && characters.all(|it| it.is_ascii_alphanumeric() || it == '_');
    match is_name {
        true => column.to_owned(),
        false => format!("{ROW}[{}]", serde_json::Value::from(column)),
    }
}

/// What to write, where a column stands in a template by a name that is none.
fn instead(source: &str, columns: &[String]) -> Option<String> {
    let column = columns.iter().find(|column| stands_bare(source, column))?;
    Some(format!("write {{{{ {} }}}}", variable(column)))
}

/// Whether a column stands in a template by a name that is none.
fn stands_bare(source: &str, column: &str) -> bool {
    variable(column) != column
        && source.split("{{").skip(1).any(|rest| {
            let inner = rest.split("}}").next().unwrap_or_default();
            let inner = inner.split('|').next().unwrap_or_default();
            inner.trim() == column.trim()
        })
}

/// Why a row has no prompt.
#[derive(Debug)]
pub(crate) struct RenderError {
    error: minijinja::Error,
    hint: Option<String>,
}

impl RenderError {
    /// With where the row is, and which columns it has.
    pub(crate) fn at(self, place: &str, names: &[String]) -> Failure {
        let columns = text::list(names);
        let failure = Failure::usage(format!(
            "{place}: the prompt cannot be made: {}",
            told(&self.error)
        ));
        if let Some(hint) = self.hint {
            return failure.hint(hint);
        }
        match self.error.kind() {
            ErrorKind::UndefinedError => failure.hint(match names {
                [name] if name.contains([';', '|', '\t']) => {
                    let delimiter = name.chars().find(|it| [';', '|', '\t'].contains(it));
                    let delimiter = delimiter.filter(|it| *it != '\t');
                    let option = delimiter.map_or("tab".to_owned(), |it| format!("'{it}'"));
                    format!(
                        "there is one column, {columns}: say what is between the cells with --delimiter {option}"
                    )
                }
                _ => format!("the columns are {columns}"),
            }),
            _ => failure,
        }
    }
}

/// An error of a template, with its line where that says something.
fn told(error: &minijinja::Error) -> String {
    let mut told = match error.detail() {
        _ if error.kind() == ErrorKind::OutOfFuel => format!(
            "it is beyond the limit of {} MiB of text and {} million steps a row",
            LONGEST >> 20,
            WORK >> 20
        ),
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    };
    if let Some(line) = error.line() {
        told.push_str(&format!(" (line {line} of the prompt)"));
    }
    told
}

/// What a template knows: the columns by their names, and the row.
#[derive(Debug)]
struct Context(Arc<Cells>);

impl Object for Context {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        self.0.cell(name).or_else(|| {
            (name == ROW).then(|| Value::from_dyn_object(DynObject::new(Arc::clone(&self.0))))
        })
    }
}

/// The row as an object: `row["a name with spaces"]`.
#[derive(Debug)]
struct Cells(Row);

impl Cells {
    fn cell(&self, name: &str) -> Option<Value> {
        self.0.cell(name).map(|cell| Value::from(Serde(cell)))
    }
}

impl Object for Cells {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.cell(key.as_str()?)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(
            self.0
                .names
                .iter()
                .map(|name| Value::from(name.as_str()))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn render(
        template: &str,
        names: &[&str],
        cells: serde_json::Value,
    ) -> std::result::Result<String, String> {
        let serde_json::Value::Array(cells) = cells else {
            panic!("cells are a list")
        };
        let row = Row {
            line: 7,
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            cells,
            spelled: Vec::new(),
        };
        let prompt =
            Prompt::new(template.to_owned(), &[]).map_err(|failure| format!("{failure:?}"))?;
        prompt
            .render(&row)
            .map_err(|error| format!("{:?}", error.at("t.csv:7", &row.names)))
    }

    #[test]
    fn columns_are_variables() {
        let rendered = render(
            "{{ a }} and {{ b|upper }}",
            &["a", "b"],
            json!(["<1>", "x"]),
        );
        assert_eq!(rendered.unwrap(), "<1> and X");
        let rendered = render(
            "{{ user.name }}: {% for t in tags %}[{{ t }}]{% endfor %}",
            &["user", "tags"],
            json!([{"name": "Ada"}, [1, 2]]),
        );
        assert_eq!(rendered.unwrap(), "Ada: [1][2]");
    }

    #[test]
    fn names_that_jinja_does_not_take_are_in_the_row() {
        let names = ["my column", "for", "a-b"];
        let rendered = render(
            r#"{{ row["my column"] }}{{ row["for"] }}{{ row["a-b"] }}"#,
            &names,
            json!(["1", "2", "3"]),
        );
        assert_eq!(rendered.unwrap(), "123");
        let rendered = render(
            "{% for name in row %}{{ name }}={{ row[name] }};{% endfor %}",
            &["b", "a"],
            json!([1, 2]),
        );
        assert_eq!(rendered.unwrap(), "b=1;a=2;");
        assert_eq!(
            render("{{ row }}", &["row"], json!(["a column"])).unwrap(),
            "a column"
        );
    }

    #[test]
    fn what_is_not_text_is_written_as_in_a_table_of_text_and_in_json() {
        let rendered = render(
            "{{ a }}|{{ b }}|{{ c }}|{{ d }}|{{ e }}",
            &["a", "b", "c", "d", "e"],
            json!([null, true, false, ["x", null, 1.5], {"k": true}]),
        );
        assert_eq!(
            rendered.unwrap(),
            r#"|true|false|["x",null,1.5]|{"k":true}"#
        );
    }

    #[test]
    fn an_unknown_name_is_an_error_with_the_row_and_the_columns() {
        let told = render("{{ reviw }}", &["id", "review"], json!(["1", "x"])).unwrap_err();
        assert!(told.contains("t.csv:7") && told.contains("reviw"), "{told}");
        assert!(told.contains("the columns are id, review"), "{told}");
        let told = render(r#"{{ row["x y"] }}"#, &["id"], json!(["1"])).unwrap_err();
        assert!(told.contains("x y"), "{told}");
        let told = render("{{ user.nme }}", &["user"], json!([{"name": "Ada"}])).unwrap_err();
        assert!(told.contains("nme"), "{told}");
        assert!(
            render(
                "{% if x is defined %}a{% else %}b{% endif %}",
                &["id"],
                json!(["1"])
            )
            .is_ok()
        );
    }

    #[test]
    fn what_the_engine_defines_by_itself_is_no_column() {
        for template in [
            "Price {{ range }}",
            "Price {{ dict }}",
            "Price {{ namespace|upper }}",
            "Price {{ 'x' ~ debug }}",
            "{{ debug() }}",
        ] {
            let told = render(template, &["id"], json!(["1"])).unwrap_err();
            assert!(told.contains("t.csv:7"), "{template}: {told}");
        }
        let rendered = render("{{ range }}", &["range"], json!(["10-20"]));
        assert_eq!(rendered.unwrap(), "10-20");
        let rendered = render("{{ tags|map('upper') }}", &["tags"], json!([["a", "b"]]));
        assert_eq!(rendered.unwrap(), r#"["A","B"]"#);
    }

    #[test]
    fn a_column_whose_name_jinja_does_not_take_is_told_with_what_to_write() {
        let names = ["a", "a-b", "é"];
        let told = render("{{ a-b }}", &names, json!(["1", "2", "3"])).unwrap_err();
        assert!(told.contains(r#"row[\"a-b\"]"#), "{told}");
        let columns = names.map(str::to_owned);
        let told = Prompt::new("{{ é }}".to_owned(), &columns).unwrap_err();
        assert!(format!("{told:?}").contains(r#"row[\"é\"]"#), "{told:?}");
    }

    #[test]
    fn a_template_that_is_none_says_where() {
        let told = render("a\n{{ b", &["b"], json!(["1"])).unwrap_err();
        assert!(told.contains("line 2"), "{told}");
    }
}
