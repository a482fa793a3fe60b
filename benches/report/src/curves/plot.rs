//! A plot of lines over two logarithmic axes, as an SVG that reads on light and dark ground.

use std::sync::Arc;

use kuva::TickFormat;
use kuva::plot::legend::{LegendEntry, LegendPosition, LegendShape};
use kuva::plot::{LinePlot, ScatterPlot};
use kuva::render::layout::Layout;
use kuva::render::plots::Plot as Series;
use kuva::render::theme::Theme;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 400.0;
/// As far from white as from black.
const GREY: &str = "#7d8590";
const FAINT_GREY: &str = "#7d859055";

/// A client's line.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) colour: &'static str,
    pub(super) points: Vec<(f64, f64)>,
}

#[derive(Debug)]
pub(super) struct Plot {
    pub(super) title: String,
    pub(super) x_label: &'static str,
    pub(super) x_unit: fn(f64) -> String,
    pub(super) y_unit: fn(f64) -> String,
    pub(super) lines: Vec<Line>,
}

impl Plot {
    /// The picture; `None` if there is nothing to draw.
    pub(super) fn svg(&self) -> Option<String> {
        let lines = self.lines.iter().filter(|line| !line.points.is_empty());
        let lines: Vec<_> = lines.collect();
        if lines.is_empty() {
            return None;
        }
        // Backwards, so that the first line is on top of the others.
        let series: Vec<_> = lines.iter().rev().flat_map(|line| line.series()).collect();
        let layout = Layout::auto_from_plots(&series)
            .with_width(WIDTH)
            .with_height(HEIGHT)
            .with_theme(theme())
            .with_log_scale()
            .with_title(&*self.title)
            .with_x_label(self.x_label)
            .with_x_tick_format(TickFormat::Custom(Arc::new(self.x_unit)))
            .with_y_tick_format(TickFormat::Custom(Arc::new(self.y_unit)))
            .with_legend_entries(lines.iter().map(|line| line.legend()).collect())
            .with_legend_position(LegendPosition::OutsideRightMiddle)
            .with_legend_box(false);
        Some(kuva::render_to_svg(series, layout))
    }
}

impl Line {
    /// The line, and a dot for each of its points: there may be only one.
    fn series(&self) -> [Series; 2] {
        let points = || self.points.iter().copied();
        let line = LinePlot::new().with_data(points()).with_color(self.colour);
        let dots = ScatterPlot::new().with_data(points());
        let dots = dots.with_color(self.colour).with_size(3.5);
        [Series::Line(line), Series::Scatter(dots)]
    }

    fn legend(&self) -> LegendEntry {
        LegendEntry {
            label: self.name.clone(),
            color: self.colour.to_owned(),
            shape: LegendShape::Line,
            dasharray: None,
        }
    }
}

/// Without a ground of its own.
fn theme() -> Theme {
    Theme {
        background: "none".to_owned(),
        axis_color: GREY.to_owned(),
        grid_color: FAINT_GREY.to_owned(),
        tick_color: GREY.to_owned(),
        text_color: GREY.to_owned(),
        legend_bg: "none".to_owned(),
        legend_border: "none".to_owned(),
        font_family: Some("system-ui, sans-serif".to_owned()),
        ..Theme::light()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{bytes, seconds};

    fn plot(lines: &[(&str, &[(f64, f64)])]) -> Option<String> {
        let line = |(name, points): &(&str, &[(f64, f64)])| Line {
            name: (*name).to_owned(),
            colour: "#808080",
            points: points.to_vec(),
        };
        let plot = Plot {
            title: "Time & more".to_owned(),
            x_label: "lines",
            x_unit: bytes,
            y_unit: seconds,
            lines: lines.iter().map(line).collect(),
        };
        plot.svg()
    }

    #[test]
    fn a_line_runs_through_its_points_over_axes_with_units() {
        let svg = plot(&[
            ("a", &[(1000.0, 0.01), (10000.0, 0.1)]),
            ("b", &[(1000.0, 0.1)]),
        ]);
        let svg = svg.unwrap();
        assert_eq!(svg.matches("<circle").count(), 3, "{svg}");
        for text in ["Time &amp; more", "lines", "10.0 ms", "100 ms"] {
            assert!(svg.contains(&format!(">{text}</text>")), "{text}: {svg}");
        }
    }

    #[test]
    fn a_client_without_a_point_has_no_name_there() {
        let svg = plot(&[("a", &[]), ("b", &[(1.0, 1.0)])]).unwrap();
        assert!(svg.contains(">b</text>") && !svg.contains(">a</text>"));
        assert!(plot(&[("a", &[])]).is_none());
    }
}
