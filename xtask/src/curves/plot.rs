//! A plot of lines over two logarithmic axes, as an SVG that reads on light and dark ground.

use std::fmt::Write;

use super::axis::{Axis, spread};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 560.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 350.0;
const TEXT_GAP: f64 = 16.0;

const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#7d8590}\
    .title{font-weight:600;font-size:14px}.grid{stroke:#7d8590;stroke-opacity:.3}\
    .line{fill:none;stroke-width:2}";

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
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let x = Axis::over(points().map(|point| point.0), LEFT..RIGHT)?;
        let y = Axis::over(points().map(|point| point.1), BOTTOM..TOP)?;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             role=\"img\"><title>{title}</title><style>{STYLE}</style>\n\
             <text class=\"title\" x=\"{LEFT}\" y=\"20\">{title}</text>\n",
            title = escape(&self.title),
        );
        self.draw_grid(&x, &y, &mut svg);
        self.draw_lines(&x, &y, &mut svg);
        svg.push_str("</svg>\n");
        Some(svg)
    }

    // Writing to a string does not fail, here and below.
    fn draw_grid(&self, x: &Axis, y: &Axis, svg: &mut String) {
        for tick in x.ticks() {
            let (at, below, unit) = (x.place(tick), BOTTOM + 22.0, (self.x_unit)(tick));
            let _ = writeln!(
                svg,
                "<path class=\"grid\" d=\"M{at:.1} {TOP}V{BOTTOM}\"/>\
                 <text x=\"{at:.1}\" y=\"{below}\" text-anchor=\"middle\">{unit}</text>"
            );
        }
        for tick in y.ticks() {
            let (at, unit) = (y.place(tick), (self.y_unit)(tick));
            let (beside, base) = (LEFT - 8.0, at + 4.0);
            let _ = writeln!(
                svg,
                "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{RIGHT}\"/>\
                 <text x=\"{beside}\" y=\"{base:.1}\" text-anchor=\"end\">{unit}</text>"
            );
        }
        let (middle, below) = ((LEFT + RIGHT) / 2.0, BOTTOM + 42.0);
        let _ = writeln!(
            svg,
            "<text x=\"{middle}\" y=\"{below}\" text-anchor=\"middle\">{}</text>",
            escape(self.x_label)
        );
    }

    fn draw_lines(&self, x: &Axis, y: &Axis, svg: &mut String) {
        let last = |line: &Line| line.points.last().map(|point| y.place(point.1));
        let drawn = self.lines.iter();
        let (drawn, ends): (Vec<_>, Vec<_>) =
            drawn.filter_map(|line| Some((line, last(line)?))).unzip();
        let names = spread(&ends, TEXT_GAP);
        // Backwards, so that the first line is on top of the others.
        for (line, name_at) in drawn.into_iter().zip(names).rev() {
            let colour = line.colour;
            let place = |(a, b): &(f64, f64)| (x.place(*a), y.place(*b));
            let path: Vec<_> = line
                .points
                .iter()
                .map(place)
                .map(|(a, b)| format!("{a:.1} {b:.1}"))
                .collect();
            let _ = write!(
                svg,
                "<path class=\"line\" stroke=\"{colour}\" d=\"M{}\"/>",
                path.join("L")
            );
            for (a, b) in line.points.iter().map(place) {
                let _ = write!(
                    svg,
                    "<circle cx=\"{a:.1}\" cy=\"{b:.1}\" r=\"3.5\" fill=\"{colour}\"/>"
                );
            }
            let (beside, base) = (RIGHT + 12.0, name_at + 4.0);
            let _ = writeln!(
                svg,
                "<text x=\"{beside}\" y=\"{base:.1}\" style=\"fill:{colour}\">{}</text>",
                escape(&line.name)
            );
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::super::units::{bytes, seconds};
    use super::*;

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
    fn a_line_runs_through_its_points() {
        let svg = plot(&[
            ("a", &[(1000.0, 0.01), (10000.0, 0.1)]),
            ("b", &[(1000.0, 0.1)]),
        ]);
        let svg = svg.unwrap();
        assert!(svg.contains("d=\"M84.0 350.0L560.0 40.0\""), "{svg}");
        assert_eq!(svg.matches("<circle").count(), 3);
        assert!(svg.contains(">Time &amp; more</text>"));
        assert!(svg.contains(">10.0 ms</text>"), "{svg}");
    }

    #[test]
    fn a_client_without_a_point_has_no_name_there() {
        let svg = plot(&[("a", &[]), ("b", &[(1.0, 1.0)])]).unwrap();
        assert!(svg.contains(">b</text>") && !svg.contains(">a</text>"));
        assert!(plot(&[("a", &[])]).is_none());
    }
}
