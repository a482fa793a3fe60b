//! A logarithmic axis over whole decades.

use std::ops::Range;

/// From one power of ten to another, over so many pixels.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    decades: Range<i32>,
    pixels: Range<f64>,
}

impl Axis {
    /// Wide enough for all of the values, which are more than zero; `None` if there are none.
    pub(super) fn over(values: impl Iterator<Item = f64>, pixels: Range<f64>) -> Option<Self> {
        let logs = values.filter(|value| *value > 0.0).map(f64::log10);
        let bounds = logs.fold(None, |bounds: Option<(f64, f64)>, log| {
            let (least, most) = bounds.unwrap_or((log, log));
            Some((least.min(log), most.max(log)))
        });
        let (least, most) = bounds?;
        let first = least.floor() as i32;
        let last = (most.ceil() as i32).max(first + 1);
        Some(Self {
            decades: first..last,
            pixels,
        })
    }

    /// Where a value stands.
    pub(super) fn place(&self, value: f64) -> f64 {
        let Range { start, end } = self.decades;
        let share = (value.log10() - f64::from(start)) / f64::from(end - start);
        self.pixels.start + share * (self.pixels.end - self.pixels.start)
    }

    /// The powers of ten, both ends included.
    pub(super) fn ticks(&self) -> impl Iterator<Item = f64> {
        (self.decades.start..=self.decades.end).map(|power| 10f64.powi(power))
    }
}

/// Moves texts apart, each given by where it would stand, so that none is nearer than `gap` to
/// another; their order from top to bottom stays.
pub(super) fn spread(places: &[f64], gap: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|a, b| places[*a].total_cmp(&places[*b]));
    let mut spread = places.to_vec();
    let mut free = f64::NEG_INFINITY;
    for index in order {
        spread[index] = spread[index].max(free);
        free = spread[index] + gap;
    }
    spread
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_covers_whole_decades() {
        let axis = Axis::over([0.02, 3.0, 0.0].into_iter(), 0.0..300.0).unwrap();
        let ticks: Vec<_> = axis.ticks().map(|tick| format!("{tick}")).collect();
        assert_eq!(ticks, ["0.01", "0.1", "1", "10"]);
        let places = [0.01, 0.1, 1.0, 10.0].map(|value| axis.place(value).round());
        assert_eq!(places, [0.0, 100.0, 200.0, 300.0]);
        assert_eq!(axis.place(10f64.powf(0.5)).round(), 250.0);
    }

    #[test]
    fn an_axis_may_run_backwards_or_have_one_value_and_needs_one() {
        let axis = Axis::over([1.0].into_iter(), 100.0..0.0).unwrap();
        assert_eq!((axis.place(1.0), axis.place(10.0)), (100.0, 0.0));
        assert_eq!(Axis::over([].into_iter(), 0.0..1.0), None);
    }

    #[test]
    fn texts_that_overlap_move_down() {
        assert_eq!(spread(&[10.0, 40.0], 14.0), [10.0, 40.0]);
        assert_eq!(spread(&[12.0, 10.0, 20.0], 14.0), [24.0, 10.0, 38.0]);
    }
}
