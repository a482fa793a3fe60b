//! `tests/interop/versions.toml`: the software of each part, by registry, and in which version.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// All parts by name.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Versions(BTreeMap<String, Packages>);

/// The packages of a part and their versions.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Packages {
    /// Those of PyPI, with their extras.
    #[serde(default)]
    pub(crate) python: BTreeMap<String, String>,
    /// Those of npm.
    #[serde(default)]
    pub(crate) node: BTreeMap<String, String>,
}

impl Versions {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("could not read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is not of versions", path.display()))
    }

    pub(crate) fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(crate) fn of(&self, part: &str) -> Packages {
        self.0.get(part).cloned().unwrap_or_default()
    }

    /// Every package of PyPI once, with its version and without extras.
    pub(crate) fn of_python(&self) -> BTreeMap<&str, &str> {
        let packages = self.0.values().flat_map(|part| &part.python);
        let bare = |name: &'_ str| name.find('[').unwrap_or(name.len());
        packages
            .map(|(name, version)| (&name[..bare(name)], version.as_str()))
            .collect()
    }

    /// Every package of npm once, with its version.
    pub(crate) fn of_node(&self) -> BTreeMap<&str, &str> {
        let packages = self.0.values().flat_map(|part| &part.node);
        packages
            .map(|(name, version)| (name.as_str(), version.as_str()))
            .collect()
    }
}

impl Packages {
    /// As pip takes them: in their versions, or the newest.
    pub(crate) fn for_pip(&self, newest: bool) -> Vec<String> {
        let one = |(name, version): (&String, &String)| match newest {
            true => name.clone(),
            false => format!("{name}=={version}"),
        };
        self.python.iter().map(one).collect()
    }

    /// As npm takes them: in their versions, or the newest.
    pub(crate) fn for_npm(&self, newest: bool) -> Vec<String> {
        let one = |(name, version): (&String, &String)| match newest {
            true => format!("{name}@latest"),
            false => format!("{name}@{version}"),
        };
        self.node.iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_named_as_their_tools_take_them() {
        let versions: Versions = toml::from_str(
            r#"
            [a.python]
            "moto[server]" = "5.2.5"
            [b.python]
            "moto[server]" = "5.2.5"
            [b.node]
            "@google/genai" = "3.3.0"
            "#,
        )
        .unwrap();
        assert_eq!(versions.parts().collect::<Vec<_>>(), ["a", "b"]);
        let b = versions.of("b");
        assert_eq!(b.for_pip(false), ["moto[server]==5.2.5"]);
        assert_eq!(b.for_pip(true), ["moto[server]"]);
        assert_eq!(b.for_npm(false), ["@google/genai@3.3.0"]);
        assert_eq!(b.for_npm(true), ["@google/genai@latest"]);
        assert_eq!(versions.of_python(), BTreeMap::from([("moto", "5.2.5")]));
        assert_eq!(versions.of_node().len(), 1);
    }

    /// The file that is there.
    #[test]
    fn the_parts_are_read() {
        let path = crate::cargo::workspace().join("tests/interop/versions.toml");
        let versions = Versions::read(&path).unwrap();
        let parts: Vec<_> = versions.parts().collect();
        assert_eq!(
            parts,
            ["aiplatform", "bigquery", "clients", "storage", "webhooks"]
        );
        assert!(versions.of_python().contains_key("google-genai"));
    }
}
