//! What callers can name, held to what its documentation is to have: each public function that does
//! more than hand something out shows how it is called, and nothing is said in a few words but what
//! its name says already.
//!
//! The sources are read as they stand. What a macro makes is the macro's own matter, and so are the
//! modules of [`APART`].

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use syn::{Attribute, Expr, FnArg, ImplItem, Item, Lit, Meta, ReturnType, Signature};
use syn::{TraitItem, Type, UseTree, Visibility};

/// Modules that are told elsewhere: what is generated, and what forwards to what is documented.
const APART: [&str; 5] = ["raw", "blocking", "internals", "external", "migration"];
/// Files of types that nobody can name, and that share their name with one that callers can.
const NAMESAKES: [&str; 1] = ["source/intake.rs"];
/// As many words say nothing more than a name.
const FEW_WORDS: usize = 5;

/// A function that callers can name.
struct Function {
    place: String,
    docs: String,
    is_getter: bool,
}

impl Function {
    fn has_example(&self) -> bool {
        let fences = self
            .docs
            .lines()
            .filter_map(|line| line.trim().strip_prefix("```"));
        // Every other one is an end.
        fences.step_by(2).any(|kind| kind != "text")
    }

    fn words(&self) -> usize {
        self.docs.split_whitespace().count()
    }
}

#[test]
fn every_public_function_that_is_not_a_plain_getter_has_an_example() {
    let functions = public_functions();
    let lacking = functions
        .iter()
        .filter(|it| !it.is_getter && !it.has_example());
    assert_none("public functions have no example", lacking);
}

#[test]
fn only_getters_are_told_in_a_few_words() {
    let functions = public_functions();
    let terse = functions
        .iter()
        .filter(|it| !it.is_getter && it.words() <= FEW_WORDS);
    assert_none("public functions are told in a few words", terse);
}

#[test]
fn the_functions_are_seen() {
    let functions = public_functions();
    let has = |end: &str| functions.iter().any(|it| it.place.ends_with(end));
    for end in [
        "Client::from_env",
        "Batches::create_all",
        "Pace::interval",
        "json_schema",
    ] {
        assert!(has(end), "{end} is not seen");
    }
    let getter = functions
        .iter()
        .find(|it| it.place.ends_with("BatchJob::state"));
    assert!(getter.is_some_and(|it| it.is_getter));
    assert!(functions.len() > 300, "{}", functions.len());
}

fn assert_none<'a>(what: &str, found: impl Iterator<Item = &'a Function>) {
    let found: Vec<_> = found.map(|it| it.place.as_str()).collect();
    assert!(
        found.is_empty(),
        "{} {what}:\n{}",
        found.len(),
        found.join("\n")
    );
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn parse(path: &Path) -> syn::File {
    let text = fs::read_to_string(path).unwrap();
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The functions of the types, traits and modules that the root leads to.
fn public_functions() -> Vec<Function> {
    let mut names = BTreeSet::new();
    public_names(&src().join("lib.rs"), &src(), &mut names);
    let mut functions = Vec::new();
    for path in files(&src()) {
        let shown = path.strip_prefix(src()).unwrap().display().to_string();
        if NAMESAKES.contains(&&*shown) {
            continue;
        }
        in_items(&parse(&path).items, &shown, &names, &mut functions);
    }
    functions
}

/// The files of the sources, without tests and what is [`APART`].
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if folder == src() && APART.contains(&&*name) || name == "tests" || name == "testing" {
            continue;
        }
        match path.is_dir() {
            true => found.extend(files(&path)),
            false if path.extension().is_some_and(|it| it == "rs") => found.push(path),
            false => {}
        }
    }
    found.sort();
    found
}

/// Adds the names that a module hands out, and those of its public modules.
fn public_names(file: &Path, folder: &Path, names: &mut BTreeSet<String>) {
    for item in parse(file).items {
        match item {
            Item::Use(it) if is_public(&it.vis) => leaves(&it.tree, names),
            Item::Struct(it) if is_public(&it.vis) => drop(names.insert(it.ident.to_string())),
            Item::Enum(it) if is_public(&it.vis) => drop(names.insert(it.ident.to_string())),
            Item::Trait(it) if is_public(&it.vis) => drop(names.insert(it.ident.to_string())),
            Item::Fn(it) if is_public(&it.vis) => drop(names.insert(it.sig.ident.to_string())),
            Item::Mod(it) if is_public(&it.vis) && it.content.is_none() => {
                let name = it.ident.to_string();
                if APART.contains(&&*name) {
                    continue;
                }
                let flat = folder.join(format!("{name}.rs"));
                let file = match flat.exists() {
                    true => flat,
                    false => folder.join(&name).join("mod.rs"),
                };
                public_names(&file, &folder.join(&name), names);
            }
            _ => {}
        }
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn leaves(tree: &UseTree, names: &mut BTreeSet<String>) {
    match tree {
        UseTree::Path(path) => leaves(&path.tree, names),
        UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, names)),
        UseTree::Name(name) => drop(names.insert(name.ident.to_string())),
        UseTree::Rename(_) | UseTree::Glob(_) => {}
    }
}

fn in_items(items: &[Item], file: &str, names: &BTreeSet<String>, found: &mut Vec<Function>) {
    for item in items {
        match item {
            Item::Impl(block) if block.trait_.is_none() => {
                let Some(name) = type_name(&block.self_ty).filter(|name| names.contains(name))
                else {
                    continue;
                };
                for item in &block.items {
                    if let ImplItem::Fn(it) = item
                        && is_public(&it.vis)
                    {
                        let place = format!("{file}: {name}::{}", it.sig.ident);
                        found.push(function(place, &it.attrs, &it.sig));
                    }
                }
            }
            Item::Trait(it) if is_public(&it.vis) && names.contains(&it.ident.to_string()) => {
                for item in &it.items {
                    if let TraitItem::Fn(method) = item {
                        let place = format!("{file}: {}::{}", it.ident, method.sig.ident);
                        found.push(function(place, &method.attrs, &method.sig));
                    }
                }
            }
            Item::Fn(it) if is_public(&it.vis) && names.contains(&it.sig.ident.to_string()) => {
                let place = format!("{file}: {}", it.sig.ident);
                found.push(function(place, &it.attrs, &it.sig));
            }
            _ => {}
        }
    }
}

fn type_name(of: &Type) -> Option<String> {
    match of {
        Type::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
        _ => None,
    }
}

fn function(place: String, attributes: &[Attribute], signature: &Signature) -> Function {
    Function {
        place,
        docs: docs(attributes),
        is_getter: is_getter(signature),
    }
}

fn docs(attributes: &[Attribute]) -> String {
    let lines = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(it) if it.path.is_ident("doc") => match &it.value {
                Expr::Lit(literal) => match &literal.lit {
                    Lit::Str(text) => Some(text.value()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        });
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether a function only hands out what is there: it borrows its owner, takes nothing else, waits for
/// nothing, and cannot fail.
fn is_getter(signature: &Signature) -> bool {
    let borrows = match signature.inputs.first() {
        Some(FnArg::Receiver(receiver)) => receiver.reference.is_some(),
        _ => false,
    };
    let ReturnType::Type(_, output) = &signature.output else {
        return false;
    };
    let can_fail = type_name(output).is_some_and(|name| name == "Result");
    borrows && signature.inputs.len() == 1 && signature.asyncness.is_none() && !can_fail
}
