//! What every measurement for `docs/performance.md` needs: the facts of the machine, and a section
//! of the page to write to.

pub(crate) mod machine;
pub(crate) mod page;
