//! The section of the page: tables and plots.

use super::service::Line;
use super::ways::Way;
use super::work::Work;
use super::{Point, USUAL};
use crate::plot::{self, Plot};
use crate::units::number;

pub(super) struct Report {
    pub(super) machine: Vec<String>,
    /// Whether the machine did other work as well.
    pub(super) is_busy: bool,
    pub(super) versions: Vec<String>,
    pub(super) rounds: u64,
    pub(super) points: Vec<Point>,
    pub(super) over_tls: Vec<Point>,
}

impl Report {
    /// The section; the plots are in `folder` beside the page.
    pub(super) fn section(&self, folder: &str) -> String {
        let pictures: String = self
            .plots()
            .iter()
            .filter(|(_, plot)| plot.lines.iter().any(|line| line.points.len() > 1))
            .map(|(file, plot)| format!("![{}]({folder}/{file})\n\n", plot.title))
            .collect();
        format!(
            "## At the speed of the network\n\n\
             Measured by `cargo measure network` on: {machine}. With {versions}.\n\n\
             Each connection carries so many MB (of 1,000,000 bytes) a second either way, and bytes \
             arrive half a round trip after they were sent; a connection takes one round trip to make. \
             Loss and the slow start of TCP are left out. Client, line and service share the \
             machine{busy}. Times are medians of {rounds}, from when the client is made until all is \
             there; start-up and imports do not count. genai-batch parses each row meanwhile, and \
             Python's clients, google-cloud-storage's `transfer_manager` with its defaults and \
             google-genai's `files.download`, put the bytes into files or memory and no more.\n\n\
             ### {rate} MB/s a connection, {latency} ms\n\n{usual}\n\
             CPU is how long processors worked for the client. Connections are the most that were \
             open at once, one for calls among them. What is saved has come to the disk by the end. One \
             connection alone would take {alone} s for the results, and {sent} s for what is sent.\n\n\
             ### Other lines\n\nMB a second in all.\n\n{pictures}{others}\n\
             ### Over TLS\n\n\
             Contents go over connections of HTTP/1.1 of their own, since on one of HTTP/2 they share \
             the windows that `hyper` has by default, 2 MB a stream and 5 MB in all. MB a second in \
             all.\n\n{tls}",
            machine = self.machine.join("; "),
            busy = match self.is_busy {
                true => ", with other work, which costs most where most comes a second",
                false => "",
            },
            versions = self.versions.join(", "),
            rounds = match self.rounds {
                1 => "1 round".to_owned(),
                rounds => format!("{rounds} rounds"),
            },
            rate = USUAL.0,
            latency = USUAL.1,
            usual = self.usual(),
            alone = number(self.alone(Work::One)),
            sent = number(self.alone(Work::Send)),
            others = by_line(&self.points),
            tls = by_line(&self.over_tls),
        )
    }

    /// How long a work takes at the rate of one connection.
    fn alone(&self, work: Work) -> f64 {
        let usual = self.points.iter().filter(|point| is_usual(&point.line));
        let point = usual.into_iter().find(|point| point.work == work);
        point.map_or(f64::NAN, |point| point.megabytes / point.line.rate)
    }

    /// All works over the usual line.
    fn usual(&self) -> String {
        let mut table =
            "| what | client | time, s | MB a second | CPU, s | connections | peak memory, MiB |\n\
                         | --- | --- | ---: | ---: | ---: | ---: | ---: |\n"
                .to_owned();
        for point in self.points.iter().filter(|point| is_usual(&point.line)) {
            let cells = match &point.figures {
                Ok(figures) => [
                    number(figures.seconds),
                    number(point.megabytes / figures.seconds),
                    figures.cpu.map_or(String::new(), number),
                    figures.connections.to_string(),
                    figures.peak.map_or(String::new(), number),
                ],
                Err(why) => [
                    why.replace('|', "\\|"),
                    String::new(),
                    String::new(),
                    String::new(),
                    String::new(),
                ],
            };
            let Point {
                work,
                way,
                megabytes,
                ..
            } = point;
            let cells = cells.join(" | ");
            table += &format!("| {work}, {} MB | {way} | {cells} |\n", number(*megabytes));
        }
        table
    }

    /// Each plot under the name of its file.
    pub(super) fn plots(&self) -> Vec<(&'static str, Plot)> {
        let by_rate = self.lines(|line| (line.latency == USUAL.1).then_some(line.rate));
        let by_latency = self.lines(|line| (line.rate == USUAL.0).then_some(line.latency as f64));
        let plot = |title: &str, x_label, x_unit, lines| Plot {
            title: title.to_owned(),
            x_label,
            x_unit,
            y_unit: number,
            lines,
        };
        let rate: fn(f64) -> String = |rate| format!("{} MB/s", number(rate));
        let latency: fn(f64) -> String = |latency| format!("{} ms", number(latency));
        vec![
            (
                "network-rate.svg",
                plot(
                    "Results in one object, 50 ms: MB a second",
                    "a connection",
                    rate,
                    by_rate,
                ),
            ),
            (
                "network-latency.svg",
                plot(
                    "Results in one object, 40 MB/s a connection: MB a second",
                    "round trip",
                    latency,
                    by_latency,
                ),
            ),
        ]
    }

    /// A line for each way, over the lines that have a place on the axis.
    fn lines(&self, place: fn(&Line) -> Option<f64>) -> Vec<plot::Line> {
        let of_one = || self.points.iter().filter(|point| point.work == Work::One);
        let line = |way: &Way| {
            let point = |point: &Point| {
                let figures = point.figures.as_ref().ok()?;
                Some((place(&point.line)?, point.megabytes / figures.seconds))
            };
            let mut points: Vec<_> = of_one()
                .filter(|point| point.way == *way)
                .filter_map(point)
                .collect();
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            plot::Line {
                name: way.to_string().replace('`', ""),
                colour: colour(*way),
                points,
            }
        };
        Way::PLAIN.iter().map(line).collect()
    }
}

fn is_usual(line: &Line) -> bool {
    (line.rate, line.latency) == USUAL
}

/// The rate of the large works over each line.
fn by_line(points: &[Point]) -> String {
    let mut table = "| a connection | client | one object | 8 objects |\n\
                     | --- | --- | ---: | ---: |\n"
        .to_owned();
    let rate = |point: &Point, work: Work| {
        let is_it =
            |other: &&Point| (other.line, other.way, other.work) == (point.line, point.way, work);
        match points
            .iter()
            .find(is_it)
            .map(|it| (it.megabytes, &it.figures))
        {
            Some((megabytes, Ok(figures))) => number(megabytes / figures.seconds),
            Some((_, Err(why))) => why.replace('|', "\\|"),
            None => String::new(),
        }
    };
    let mut of_one: Vec<_> = points
        .iter()
        .filter(|point| point.work == Work::One)
        .collect();
    of_one.sort_by(|a, b| {
        let key = |point: &Point| (point.line.latency, point.line.rate);
        let (a, b) = (key(a), key(b));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    for point in of_one {
        let line = Line {
            is_tls: false,
            ..point.line
        };
        let [one, several] = Work::LARGE.map(|work| rate(point, work));
        let way = point.way;
        table += &format!("| {line} | {way} | {one} | {several} |\n");
    }
    table
}

/// Of one kind for each client.
fn colour(way: Way) -> &'static str {
    match way {
        Way::Own => "#e0407b",
        Way::OwnOver(1) => "#7d8590",
        Way::OwnOver(_) | Way::OwnHttp2 => "#e8700a",
        Way::PythonAtOnce => "#2f9e44",
        Way::PythonOneByOne => "#2b8ae6",
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::Figures;
    use super::*;

    fn point(rate: f64, work: Work, way: Way, seconds: f64) -> Point {
        Point {
            line: Line {
                rate,
                latency: 50,
                megabytes: 400.0,
                is_tls: false,
            },
            work,
            way,
            megabytes: 400.0,
            figures: Ok(Figures {
                seconds,
                cpu: Some(0.5),
                peak: Some(16.0),
                connections: 9.0,
            }),
        }
    }

    #[test]
    fn the_section_has_what_was_measured_and_why_something_was_not() {
        let mut failed = point(40.0, Work::One, Way::PythonAtOnce, 1.0);
        failed.figures = Err("failed: a|b".to_owned());
        let report = Report {
            machine: vec!["A fast one".to_owned()],
            is_busy: true,
            versions: vec!["genai-batch 1.2".to_owned()],
            rounds: 1,
            points: vec![
                point(40.0, Work::One, Way::Own, 2.0),
                point(40.0, Work::Several, Way::Own, 1.0),
                point(20.0, Work::One, Way::Own, 4.0),
                failed,
            ],
            over_tls: vec![point(40.0, Work::One, Way::OwnHttp2, 10.0)],
        };
        let section = report.section("performance");
        for part in [
            "| results in one object, 400 MB | genai-batch | 2.00 | 200 | 0.500 | 9 | 16.0 |",
            "| Python, eight at once | failed: a\\|b |",
            "| 20 MB/s, 50 ms | genai-batch | 100 |  |\n| 40 MB/s, 50 ms | genai-batch | 200 | 400 |",
            "HTTP/2 | 40.0 |",
            "alone would take 10.0 s",
            "machine, with other work, which",
            "(performance/network-rate.svg)",
        ] {
            assert!(section.contains(part), "{part} is not in {section}");
        }
        assert!(!section.contains("network-latency.svg"));
    }
}
