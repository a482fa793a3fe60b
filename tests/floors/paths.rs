//! The paths that a file names: in `use`, and wherever else one begins at `crate`, `self`,
//! `super` or a module that the file declares.

use crate::tokens::{Token, closed};

/// A path as it is written, within the inline modules around it.
#[derive(Debug, PartialEq)]
pub(crate) struct Named {
    pub(crate) inside: Vec<String>,
    pub(crate) segments: Vec<String>,
    /// The name under which an import brings it in.
    pub(crate) alias: Option<String>,
    /// Whether that import is for other modules too.
    pub(crate) is_public: bool,
    pub(crate) line: usize,
}

/// The modules that a file declares, with the inline modules around each.
pub(crate) fn declared(tokens: &[Token]) -> Vec<Vec<String>> {
    let mut declared = Vec::new();
    walk(tokens, |rest, inside| {
        if let [keyword, name, end, ..] = rest
            && keyword.text == "mod"
            && end.text == ";"
        {
            declared.push([inside, std::slice::from_ref(&name.text)].concat());
        }
        1
    });
    declared
}

/// What the tokens of a file name.
pub(crate) fn named(tokens: &[Token]) -> Vec<Named> {
    let children = declared(tokens);
    let mut named = Vec::new();
    let mut before = String::new();
    walk(tokens, |rest, inside| {
        let text = rest[0].text.as_str();
        let previous = std::mem::replace(&mut before, text.to_owned());
        let mut add = |segments: Vec<String>, alias, line| {
            named.push(Named {
                inside: inside.to_vec(),
                segments,
                alias,
                is_public: matches!(previous.as_str(), "pub" | ")"),
                line,
            });
        };
        if let [_, open, within, ..] = rest
            && text == "pub"
            && open.text == "("
            && within.text == "in"
        {
            // Who may see it, and nothing that it uses.
            before = ")".to_owned();
            return closed(rest, 1);
        }
        if text == "use" {
            let end = rest
                .iter()
                .position(|token| token.text == ";")
                .unwrap_or(rest.len());
            import(&rest[1..end], &[], &mut add);
            return end;
        }
        let begins = match text {
            "crate" | "self" | "super" => true,
            name => children.iter().any(|child| {
                child
                    .split_last()
                    .is_some_and(|(last, around)| last == name && around == inside)
            }),
        };
        let goes_on = rest.get(1).is_some_and(|token| token.text == "::");
        if begins && goes_on && previous != "::" && previous != "." {
            let segments = straight(rest);
            let length = segments.len() * 2 - 1;
            add(segments, None, rest[0].line);
            return length;
        }
        1
    });
    named
}

/// Calls `step` at each token with the rest and the inline modules around it; `step` says how
/// many tokens it has taken.
fn walk(tokens: &[Token], mut step: impl FnMut(&[Token], &[String]) -> usize) {
    let mut inside: Vec<String> = Vec::new();
    let mut ends = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        while ends.last().is_some_and(|end| at >= *end) {
            ends.pop();
            inside.pop();
        }
        if let [keyword, name, open, ..] = &tokens[at..]
            && keyword.text == "mod"
            && open.text == "{"
        {
            inside.push(name.text.clone());
            ends.push(closed(tokens, at + 2));
            at += 3;
            continue;
        }
        at += step(&tokens[at..], &inside).max(1);
    }
}

/// `a::b::c`, as far as it goes.
fn straight(tokens: &[Token]) -> Vec<String> {
    let mut segments = vec![tokens[0].text.clone()];
    let mut at = 1;
    while let [colons, name, ..] = &tokens[at..]
        && colons.text == "::"
        && name
            .text
            .starts_with(|first: char| first.is_alphabetic() || first == '_')
    {
        segments.push(name.text.clone());
        at += 2;
    }
    segments
}

/// Each leaf of a `use` tree.
fn import(
    tree: &[Token],
    prefix: &[String],
    add: &mut impl FnMut(Vec<String>, Option<String>, usize),
) {
    let tree = match tree {
        [colons, rest @ ..] if colons.text == "::" => rest,
        _ => tree,
    };
    let [first, ..] = tree else { return };
    if first.text == "{" {
        for branch in branches(&tree[1..closed(tree, 0) - 1]) {
            import(branch, prefix, add);
        }
        return;
    }
    let path = [prefix, std::slice::from_ref(&first.text)].concat();
    match &tree[1..] {
        [colons, rest @ ..] if colons.text == "::" => import(rest, &path, add),
        rest => {
            // `a::{self}` is `a`.
            let path = if first.text == "self" && !prefix.is_empty() {
                prefix.to_vec()
            } else {
                path
            };
            let alias = match rest {
                [keyword, alias, ..] if keyword.text == "as" => Some(alias.text.clone()),
                _ => path.last().cloned(),
            };
            add(path, alias, first.line);
        }
    }
}

/// What commas part, outside of braces.
fn branches(tokens: &[Token]) -> Vec<&[Token]> {
    let (mut branches, mut begin, mut at) = (Vec::new(), 0, 0);
    while at < tokens.len() {
        match tokens[at].text.as_str() {
            "{" => at = closed(tokens, at),
            "," => {
                branches.push(&tokens[begin..at]);
                at += 1;
                begin = at;
            }
            _ => at += 1,
        }
    }
    branches.push(&tokens[begin..]);
    branches
}
