//! Where one is in a JSON value.

/// How many letters of a name a path has.
const LONGEST: usize = 100;

/// The steps from the line to a value.
#[derive(Debug, Default)]
pub(crate) struct Path(Vec<String>);

impl Path {
    pub(crate) fn of(root: &[&str]) -> Self {
        Self(root.iter().map(|&name| name.to_owned()).collect())
    }

    pub(crate) fn push_field(&mut self, name: &str) {
        let end = name.char_indices().nth(LONGEST);
        let end = end.map_or(name.len(), |(end, _)| end);
        self.0.push(name[..end].to_owned());
    }

    pub(crate) fn push_index(&mut self, index: usize) {
        self.0.push(format!("[{index}]"));
    }

    pub(crate) fn pop(&mut self) {
        self.0.pop();
    }

    /// The last step.
    pub(crate) fn last(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// The path of a field at this place.
    pub(crate) fn to_field(&self, name: &str) -> String {
        match self.0.is_empty() {
            true => name.to_owned(),
            false => format!("{self}.{name}"),
        }
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (depth, step) in self.0.iter().enumerate() {
            if depth > 0 && !step.starts_with('[') {
                f.write_str(".")?;
            }
            f.write_str(step)?;
        }
        Ok(())
    }
}
