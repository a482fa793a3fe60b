//! That the measure itself sees what it is there for, on made-up sources.

use crate::circles::circles;
use crate::large_circles;
use crate::paths::named;
use crate::sources::Sources;
use crate::table::Floors;
use crate::tokens::shipped;

/// A crate of these files.
fn sources(files: &[(&str, &str)]) -> Sources {
    let text = |path: &str| {
        files
            .iter()
            .find(|(name, _)| *name == path)
            .map(|(_, text)| (*text).to_owned())
    };
    Sources::from_texts("src/lib.rs", &text)
}

const TABLE: &str = "
//! # Other
//! | `elsewhere` |
//! # Floors
//! | rooms | what |
//! |---|---|
//! | `ground` `cellar` | not `a_room` |
//! | `attic` | |
//!
//! # More
//! | `late` |
";

const ROOT: &str = "mod attic;\nmod cellar;\nmod ground;\npub use attic::Attic;";

fn broken(ground: &str, cellar: &str, attic: &str) -> Vec<String> {
    let files = [
        ("src/lib.rs", ROOT),
        ("src/ground.rs", ground),
        ("src/cellar/mod.rs", cellar),
        ("src/attic.rs", attic),
    ];
    Floors::read(TABLE).broken_by(&sources(&files).arrows)
}

#[test]
fn the_table_is_read_from_the_ground_up() {
    let floors = Floors::read(TABLE);
    assert_eq!(
        floors.rooms().collect::<Vec<_>>(),
        ["attic", "cellar", "ground"]
    );
    assert_eq!(floors.of("ground"), floors.of("cellar"));
    assert!(floors.of("attic") > floors.of("ground"));
}

#[test]
fn an_arrow_down_is_fine() {
    let attic = "use crate::{cellar::Cellar, ground};\npub struct Attic;";
    assert!(broken("pub struct Ground;", "", attic).is_empty());
}

#[test]
fn an_arrow_up_is_found_however_it_is_written() {
    let written = [
        "use crate::attic::Attic;",
        "use crate::Attic;",
        "use super::attic;",
        "use {std::fmt, crate::{attic::{self, Attic as A}}};",
        "pub(crate) use crate::attic::*;",
        "fn f() { crate::attic::g() }",
        "fn f() -> Option<crate::Attic> { None }",
        "macro_rules! m { () => { $crate::attic::g() } }",
        "mod inner { use super::super::attic::Attic; }",
        "#[cfg(not(test))] use crate::attic::Attic;",
        "#[cfg(feature = \"shown\")] use crate::attic::Attic;",
        "#[cfg(test)] use std::fmt;\nuse crate::attic::Attic;",
        "fn f<'a>(c: char) { if c == '\"' || c == '\\'' { crate::attic::g() } }",
    ];
    for ground in written {
        let found = broken(ground, "", "");
        assert!(!found.is_empty(), "{ground}");
        assert!(found[0].contains("ground → attic runs up"), "{}", found[0]);
    }
}

#[test]
fn an_arrow_tells_its_line() {
    let found = broken("//! Says.\n\nuse crate::{\n    attic::Attic,\n};", "", "");
    assert_eq!(
        found,
        ["src/ground.rs:4 names src/attic.rs: ground → attic runs up"]
    );
}

#[test]
fn an_arrow_along_a_floor_is_found() {
    let found = broken("", "use crate::ground::Ground;", "");
    assert_eq!(
        found,
        ["src/cellar/mod.rs:1 names src/ground.rs: cellar → ground runs along its floor"]
    );
}

#[test]
fn comments_literals_and_tests_are_not_arrows() {
    let ground = r##"
        //! [`crate::attic::Attic`]
        pub(in crate::attic) fn seen() {}
        /* use crate::attic; /* crate::attic::f() */ */
        const A: &str = "\" crate::attic::f()";
        const B: &str = r#"crate::attic::f() ""#;
        #[cfg(test)]
        use crate::attic::Attic;
        #[cfg(feature = "_hidden")]
        pub use crate::attic::Attic as Again;
        #[cfg(any(test, feature = "_fuzzing"))]
        fn f(a: u8, b: u8) { crate::attic::g() }
        struct S { #[cfg(test)] a: crate::attic::A, b: u8 }
        #[cfg(test)]
        mod tests { use crate::attic::Attic; }
    "##;
    assert!(broken(ground, "", "").is_empty());
    let tokens = shipped("#[cfg(test)] mod tests;\nmod kept;");
    assert_eq!(crate::paths::declared(&tokens), [["kept"]]);
}

#[test]
fn circles_of_rooms_and_files_are_found() {
    let arrows = [(1, 2), (2, 3), (3, 1), (3, 4), (5, 6), (6, 5), (7, 7)];
    assert_eq!(circles(&arrows), [vec![1, 2, 3], vec![5, 6]]);

    let parent = "mod a; mod b; mod c; mod d; use a::A; struct X;";
    let files = |last: &'static str| {
        sources(&[
            ("src/lib.rs", "mod room;"),
            ("src/room/mod.rs", parent),
            ("src/room/a.rs", "use super::b::B;"),
            ("src/room/b.rs", "use super::c::C;"),
            ("src/room/c.rs", "fn f() { super::d::f() }"),
            ("src/room/d.rs", last),
        ])
    };
    assert!(large_circles(&[files("")]).is_empty());
    assert!(large_circles(&[files("use super::b::B;")]).is_empty());
    let found = large_circles(&[files("use super::X;")]);
    assert!(found[0].starts_with("5 files:\n"), "{}", found[0]);
    assert!(found[0].contains("src/room/d.rs:1 names src/room/mod.rs"));
}

#[test]
fn what_is_passed_on_is_its_own_file() {
    let parent = "mod a; mod b; mod c; pub(in crate::room) use {a::A, b::B}; use c::C; struct X;";
    let crate_ = sources(&[
        (
            "src/lib.rs",
            "mod room; mod other; pub use room::B as Public;",
        ),
        ("src/room/mod.rs", parent),
        ("src/room/a.rs", "use super::{B, X};"),
        ("src/room/b.rs", ""),
        ("src/room/c.rs", "use super::A;"),
        ("src/other.rs", "use crate::{Public, room::A};"),
    ]);
    let mut found: Vec<_> = crate_.arrows.iter().map(ToString::to_string).collect();
    found.sort();
    assert_eq!(
        found,
        [
            "src/other.rs:1 names src/room/a.rs",
            "src/other.rs:1 names src/room/b.rs",
            "src/room/a.rs:1 names src/room/b.rs",
            "src/room/a.rs:1 names src/room/mod.rs",
            "src/room/c.rs:1 names src/room/a.rs",
            "src/room/mod.rs:1 names src/room/c.rs",
        ]
    );
}

#[test]
fn a_child_is_named_without_a_prefix() {
    let named = named(&shipped(
        "mod child;\nfn f() { child::g(); other::child::g(); x.child::<u8>() }",
    ));
    assert_eq!(named.len(), 1);
    assert_eq!(
        (named[0].segments.join("::").as_str(), named[0].line),
        ("child::g", 2)
    );
}
