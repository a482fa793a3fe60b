//! The names that callers see: few at the root, and none of them twice.

use std::collections::BTreeSet;

use crate::paths::{Named, named};
use crate::tokens::{Token, shipped};
use crate::{assert_none, client, read};

/// As many names may be at the root beside its modules, and no more.
const NAMES: usize = 30;

#[test]
fn the_root_has_few_names() {
    let names = names_at_root(&shipped(&read("src/lib.rs")));
    let set: BTreeSet<_> = names.iter().collect();
    assert_eq!(set.len(), names.len(), "a name is there twice: {names:?}");
    assert!(set.contains(&"Client".to_owned()), "{names:?}");
    assert!(
        names.len() <= NAMES,
        "{} names at the root: {names:?}",
        names.len()
    );
}

#[test]
fn nothing_is_passed_on_under_an_alias() {
    let (sources, _) = client();
    let aliases = sources
        .texts()
        .flat_map(|(file, tokens)| aliases(tokens).map(move |alias| format!("{file}:{alias}")));
    assert_none("public aliases", aliases.collect());
}

/// What the root takes from its modules, and what it declares itself.
fn names_at_root(tokens: &[Token]) -> Vec<String> {
    let taken = named(tokens)
        .into_iter()
        .filter(|named| named.inside.is_empty() && named.is_public)
        .filter_map(|named| named.alias);
    taken.chain(declared_at_root(tokens)).collect()
}

fn declared_at_root(tokens: &[Token]) -> impl Iterator<Item = String> {
    let items = [
        "struct", "enum", "union", "trait", "type", "fn", "const", "static", "macro",
    ];
    let mut depth = 0_usize;
    let found = tokens.windows(3).filter_map(move |three| {
        match three[0].text.as_str() {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        let is_item = depth == 0 && three[0].text == "pub" && items.contains(&&*three[1].text);
        is_item.then(|| three[2].text.clone())
    });
    found.collect::<Vec<_>>().into_iter()
}

/// What is passed on under another name: the line, and both names.
fn aliases(tokens: &[Token]) -> impl Iterator<Item = String> {
    let is_alias = |named: &Named| named.is_public && named.alias.as_ref() != named.segments.last();
    named(tokens).into_iter().filter(is_alias).map(|named| {
        let alias = named.alias.as_deref().unwrap_or("nothing");
        format!("{} {} as {alias}", named.line, named.segments.join("::"))
    })
}

#[test]
fn names_and_aliases_are_seen() {
    let text = "
        use a::Own;
        pub use b::{Public, c::{self, Deep}};
        pub type Short = u8;
        pub mod room { pub use d::Inner; pub struct Within; }
        #[cfg(feature = \"x\")]
        pub use e::Old as New;
        mod hidden;
        pub struct Mine { pub field: u8 }
    ";
    let tokens = shipped(text);
    assert_eq!(
        names_at_root(&tokens),
        ["Public", "c", "Deep", "New", "Short", "Mine"]
    );
    let aliases: Vec<_> = aliases(&tokens).collect();
    assert_eq!(aliases, ["7 e::Old as New"]);
}
