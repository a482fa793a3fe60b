//! Something to measure: it can be done again and again, and says how many things it has done, so
//! that one which does nothing is found.

/// Something to measure.
pub(crate) struct Case {
    /// What it is called: its group and what it does.
    pub(crate) name: &'static str,
    /// How many things it does each time.
    pub(crate) items: u64,
    /// Makes its inputs.
    prepare: fn() -> Work,
    /// Whether it takes the same instructions in every process, to well under 1 %.
    pub(crate) is_steady: bool,
}

/// Does a case once and says how many things were done.
pub(crate) type Work = Box<dyn FnMut() -> u64>;

impl Case {
    pub(crate) fn new(name: &'static str, items: u64, prepare: fn() -> Work) -> Self {
        Self {
            name,
            items,
            prepare,
            is_steady: true,
        }
    }

    /// The same, of which instructions are not counted.
    pub(crate) fn unsteady(mut self) -> Self {
        self.is_steady = false;
        self
    }

    /// Makes its inputs and does it once, so that what is made ready on first use is ready, and
    /// once more: it has to do as much each time as it says.
    pub(crate) fn prepare(&self) -> Work {
        let mut work = (self.prepare)();
        for _ in 0..2 {
            assert_eq!(work(), self.items, "{}", self.name);
        }
        work
    }
}
