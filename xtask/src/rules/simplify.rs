//! The schema rules that look at one schema at a time.

use super::schema::{Object, walk};
use super::{any, enums, facts, formats};

/// Applies them in order to `schema` and to every schema within it.
pub(crate) fn simplify(schema: &mut Object) {
    walk(schema, &mut |schema| {
        facts::keep(schema);
        enums::open(schema);
        formats::translate(schema);
        any::untype(schema);
    });
}
