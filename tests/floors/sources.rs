//! The files of one crate, and the arrows between them: who names whom, and where.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use crate::paths::{Named, declared, named};
use crate::tokens::{Token, shipped};

/// A file, and the module that it is.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) module: Vec<String>,
}

/// `from` names something of `to` in this line.
#[derive(Debug)]
pub(crate) struct Arrow {
    pub(crate) from: File,
    pub(crate) line: usize,
    pub(crate) to: File,
}

impl Arrow {
    pub(crate) fn room(&self) -> Option<String> {
        self.from.module.first().cloned()
    }

    /// The room that it leads to, if that is another one.
    pub(crate) fn other_room(&self) -> Option<String> {
        let room = self.to.module.first();
        room.filter(|room| Some(*room) != self.from.module.first())
            .cloned()
    }
}

impl fmt::Display for Arrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} names {}", self.from.path, self.line, self.to.path)
    }
}

/// One crate.
pub(crate) struct Sources {
    files: BTreeMap<Vec<String>, (File, Vec<Token>)>,
    pub(crate) arrows: Vec<Arrow>,
}

impl Sources {
    /// The crate that begins with the file `root`.
    pub(crate) fn of(root: &str) -> Self {
        let exists = |path: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join(path).is_file();
        Self::from_texts(root, &|path| exists(path).then(|| crate::read(path)))
    }

    /// The same, from texts that `read` has.
    pub(crate) fn from_texts(root: &str, read: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut sources = Self {
            files: BTreeMap::new(),
            arrows: Vec::new(),
        };
        let folder = root.rsplit_once('/').map_or("", |(folder, _)| folder);
        sources.add(root.to_owned(), folder, Vec::new(), read);
        sources.arrows = sources.find_arrows();
        sources
    }

    fn add(
        &mut self,
        path: String,
        folder: &str,
        module: Vec<String>,
        read: &dyn Fn(&str) -> Option<String>,
    ) {
        let text = read(&path).unwrap_or_else(|| panic!("{path} is declared and does not exist"));
        let tokens = shipped(&text);
        let children = declared(&tokens);
        let file = File {
            path,
            module: module.clone(),
        };
        self.files.insert(module.clone(), (file, tokens));
        for child in children {
            let folder = format!("{folder}/{}", child.join("/"));
            let path = [format!("{folder}.rs"), format!("{folder}/mod.rs")]
                .into_iter()
                .find(|path| read(path).is_some())
                .unwrap_or_else(|| panic!("{folder}.rs is declared and does not exist"));
            self.add(path, &folder, [module.as_slice(), &child].concat(), read);
        }
    }

    /// Each file, by its path, with its tokens.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &[Token])> {
        let files = self.files.values();
        files.map(|(file, tokens)| (file.path.as_str(), tokens.as_slice()))
    }

    /// The modules right under the root.
    pub(crate) fn rooms(&self) -> BTreeSet<String> {
        let rooms = self.files.keys().filter_map(|module| module.first());
        rooms.cloned().collect()
    }

    fn find_arrows(&self) -> Vec<Arrow> {
        let names: BTreeMap<_, _> = self
            .files
            .iter()
            .map(|(module, (_, tokens))| (module, named(tokens)))
            .collect();
        let imports = self.imports(&names);
        let mut arrows = Vec::new();
        for (module, named) in &names {
            let (from, tokens) = &self.files[*module];
            for named in named.iter().filter(|_| !is_facade(from)) {
                let around = [module.as_slice(), &named.inside].concat();
                let Some(path) = self.absolute(&around, &named.segments) else {
                    continue;
                };
                let to = self.defining(&path, &imports);
                if to != from && !(to.module.starts_with(module) && is_passed_on(named, tokens)) {
                    arrows.push(Arrow {
                        from: from.clone(),
                        line: named.line,
                        to: to.clone(),
                    });
                }
            }
        }
        arrows
    }

    /// What a name is that a module imports: the path of the name, and the path that it stands for.
    fn imports(&self, names: &BTreeMap<&Vec<String>, Vec<Named>>) -> Imports {
        let mut imports = Imports::new();
        for (module, named) in names {
            for named in named {
                let around = [module.as_slice(), &named.inside].concat();
                let Some(alias) = named.alias.clone() else {
                    continue;
                };
                if let Some(path) = self.absolute(&around, &named.segments) {
                    imports.insert([around, vec![alias]].concat(), path);
                }
            }
        }
        imports
    }

    /// The path from the root, if it begins in this crate.
    fn absolute(&self, around: &[String], segments: &[String]) -> Option<Vec<String>> {
        let mut base = around.to_vec();
        let mut rest = segments;
        match segments.first()?.as_str() {
            "crate" => {
                base.clear();
                rest = &rest[1..];
            }
            "self" => rest = &rest[1..],
            "super" => {}
            child => {
                let path = [around, std::slice::from_ref(&child.to_owned())].concat();
                self.files.get(&path)?;
            }
        }
        while rest.first().is_some_and(|segment| segment == "super") {
            base.pop();
            rest = &rest[1..];
        }
        base.extend_from_slice(rest);
        Some(base)
    }

    /// The file that defines what is at `path`: where a module on the way passes on what another
    /// one of its room defines, that other one.
    fn defining(&self, path: &[String], imports: &Imports) -> &File {
        let mut path = path.to_vec();
        for _ in 0..=imports.len() {
            let modules = (0..=path.len()).rev();
            let known = |length: &usize| self.files.contains_key(&path[..*length]);
            let length = modules.clone().find(known).unwrap_or_default();
            let passed_on = (length + 1..=path.len())
                .filter_map(|length| Some((length, imports.get(&path[..length])?)))
                .find(|(_, to)| length == 0 || to.first() == path.first());
            match passed_on {
                Some((length, to)) => path = [to, &path[length..]].concat(),
                None => return &self.files[&path[..length]].0,
            }
        }
        panic!("{} is imported in a circle", path.join("::"))
    }
}

type Imports = BTreeMap<Vec<String>, Vec<String>>;

/// Whether a module imports it for others, and does nothing with it itself.
fn is_passed_on(named: &Named, tokens: &[Token]) -> bool {
    let alias = named.alias.as_ref();
    named.is_public
        && tokens
            .iter()
            .filter(|token| Some(&token.text) == alias)
            .count()
            == 1
}

/// The root of a library only says what is public.
fn is_facade(file: &File) -> bool {
    file.path.ends_with("/lib.rs") && file.module.is_empty()
}
