//! All that was measured, in words, tables and plots.

use super::bench::{Bench, Series, median};
use super::jobs::PAGE;
use super::plot::{Line, Plot};
use super::rounds::Outcome;
use super::shards::Reading;
use super::table;
use super::timing::Sample;
use crate::units::count;

/// The colour of this crate where it does not list jobs but waits for them.
const WAITING: &str = "#9b6dff";

/// Everything, in the order in which it is told.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) machine: Vec<String>,
    /// Each client, by its name and the versions.
    pub(super) clients: Vec<(String, String)>,
    pub(super) rounds: usize,
    pub(super) start_up: Vec<Outcome>,
    pub(super) lines: Vec<Series>,
    pub(super) sharded: (u64, Vec<Reading>),
    pub(super) listed: Vec<Series>,
    pub(super) waited: Series,
}

impl Report {
    pub(super) fn clients_of(bench: &Bench) -> Vec<(String, String)> {
        let clients = bench.harness.clients.iter();
        let named = clients.map(|client| (client.name.to_owned(), client.version.clone()));
        named.collect()
    }

    /// The section of the page; the plots are in `folder` beside it.
    pub(super) fn section(&self, folder: &str) -> String {
        let machine = self.machine.join("; ");
        let clients: Vec<_> = self
            .clients
            .iter()
            .map(|(name, version)| format!("- `{name}`: {version}"))
            .collect();
        let plots = self.plots();
        let picture = |name: &str| {
            let plot = plots.iter().find(|(file, _)| *file == name);
            plot.map_or(String::new(), |(file, plot)| {
                format!("![{}]({folder}/{file})\n\n", plot.title)
            })
        };
        format!(
            "## How time and memory grow\n\n\
             Measured by `cargo measure curves` on: {machine}.\n\n{clients}\n\n\
             Client and server are on the same machine. Clients took turns; figures are medians of \
             {rounds}, after one round that does not count. Each client had to read the same as the \
             others. Who would have taken over a minute or more memory than was free, going by the \
             next smaller size, was left out.\n\n\
             ### Result lines\n\n\
             A finished job's results are downloaded, and of each line the key, text, tokens and \
             error are read.\n\n{lines_time}{lines_memory}{lines}\n\
             ### Results in Cloud Storage\n\n\
             {sharded_size} results with the same responses, once in one file of the Gemini \
             backend, and once in four objects of Vertex AI, whose longer lines echo the requests. \
             By genai-batch alone.\n\n{shards}\n\
             ### Jobs listed\n\n\
             In pages of {PAGE}. The drivers of the other clients list all jobs, so they have one \
             size.\n\n{jobs_time}{jobs_memory}{listed}\n\
             ### Jobs waited for at once\n\n\
             By `wait_all`, with two seconds between the polls; each job has ended at its second \
             poll. By genai-batch alone. A single job bears all that the first call of any kind \
             takes.\n\n{waited}",
            clients = clients.join("\n"),
            rounds = match self.rounds {
                1 => "1 round".to_owned(),
                rounds => format!("{rounds} rounds"),
            },
            lines_time = picture("lines-time.svg"),
            lines_memory = picture("lines-memory.svg"),
            lines = table::lines(&self.lines, &self.start_up),
            sharded_size = count(self.sharded.0),
            shards = table::shards(&self.sharded.1, self.sharded.0),
            jobs_time = picture("jobs-time.svg"),
            jobs_memory = picture("jobs-memory.svg"),
            listed = table::listed(&self.listed),
            waited = self
                .start_up
                .first()
                .map_or(String::new(), |own| table::waited(&self.waited, own)),
        )
    }

    /// Each plot under the name of its file.
    pub(super) fn plots(&self) -> Vec<(&'static str, Plot)> {
        let wall: fn(Sample) -> f64 = |sample| sample.wall;
        let peak: fn(Sample) -> f64 = |sample| sample.peak / 1024.0 / 1024.0;
        let mut jobs_memory = lines_of(&self.listed, peak);
        jobs_memory.push(Line {
            name: format!("{}, waiting", self.waited.name),
            colour: WAITING,
            ..line(&self.waited, peak)
        });
        vec![
            (
                "lines-time.svg",
                plot(
                    "Time to read results",
                    "result lines",
                    lines_of(&self.lines, wall),
                    time,
                ),
            ),
            (
                "lines-memory.svg",
                plot(
                    "Peak memory while reading results",
                    "result lines",
                    lines_of(&self.lines, peak),
                    memory,
                ),
            ),
            (
                "jobs-time.svg",
                plot(
                    "Time to list jobs",
                    "jobs",
                    lines_of(&self.listed, wall),
                    time,
                ),
            ),
            (
                "jobs-memory.svg",
                plot(
                    "Peak memory while listing jobs and waiting for them",
                    "jobs",
                    jobs_memory,
                    memory,
                ),
            ),
        ]
    }
}

fn plot(title: &str, x_label: &'static str, lines: Vec<Line>, y_unit: fn(f64) -> String) -> Plot {
    Plot {
        title: title.to_owned(),
        x_label,
        x_unit: |value| count(value as u64),
        y_unit,
        lines,
    }
}

fn time(seconds: f64) -> String {
    let whole = |value: f64| count(value.round() as u64);
    match seconds {
        short if short < 0.0005 => format!("{} µs", whole(seconds * 1e6)),
        middling if middling < 0.5 => format!("{} ms", whole(seconds * 1e3)),
        _ => format!("{} s", whole(seconds)),
    }
}

fn memory(mebibytes: f64) -> String {
    format!("{} MiB", count(mebibytes.round() as u64))
}

fn lines_of(series: &[Series], figure: fn(Sample) -> f64) -> Vec<Line> {
    series.iter().map(|series| line(series, figure)).collect()
}

fn line(series: &Series, figure: fn(Sample) -> f64) -> Line {
    let point = |(size, outcome): &(u64, Outcome)| Some((*size as f64, figure(median(outcome)?)));
    Line {
        name: series.name.clone(),
        colour: colour(&series.name),
        points: series.points.iter().filter_map(point).collect(),
    }
}

/// A client has the same in every plot, and it stands out from white and from black.
fn colour(client: &str) -> &'static str {
    match client {
        "genai-batch" => "#e0407b",
        "gemini-rust" => "#e8700a",
        "python" => "#2f9e44",
        "node" => "#2b8ae6",
        _ => "#7d8590",
    }
}

#[cfg(test)]
mod tests {
    use super::super::rounds::Figures;
    use super::*;

    fn took(wall: f64) -> Outcome {
        Ok(Figures {
            median: Sample {
                wall,
                cpu: wall,
                peak: 8e6,
            },
            printed: "polls=2".to_owned(),
        })
    }

    fn report() -> Report {
        let series = |name: &str, points| Series {
            name: name.to_owned(),
            points,
        };
        Report {
            machine: vec!["2026-01-02".to_owned(), "A fast one".to_owned()],
            clients: vec![("a".to_owned(), "a 1.2".to_owned())],
            rounds: 1,
            start_up: vec![took(0.001), took(0.002)],
            lines: vec![
                series("a", vec![(1000, took(0.1)), (10_000, took(1.0))]),
                series(
                    "b",
                    vec![(1000, took(0.2)), (10_000, Err("left out: why".to_owned()))],
                ),
            ],
            sharded: (1000, Vec::new()),
            listed: vec![series("a", vec![(1, took(0.1))]), series("b", Vec::new())],
            waited: series("a", vec![(1, took(2.0))]),
        }
    }

    #[test]
    fn the_section_tells_who_was_measured_where_and_shows_the_plots() {
        let section = report().section("performance");
        for part in [
            "2026-01-02; A fast one",
            "- `a`: a 1.2\n",
            "medians of 1 round,",
            "![Time to read results](performance/lines-time.svg)",
            "| 10,000 | b | left out: why |",
        ] {
            assert!(section.contains(part), "{part} is not in {section}");
        }
    }

    #[test]
    fn every_plot_has_its_lines() {
        let plots = report().plots();
        assert_eq!(plots.len(), 4);
        let (_, jobs_memory) = &plots[3];
        let names: Vec<_> = jobs_memory.lines.iter().map(|line| &*line.name).collect();
        assert_eq!(names, ["a", "b", "a, waiting"]);
        let svg = jobs_memory.svg().unwrap();
        assert!(svg.contains(">1 MiB<") && svg.contains(">10 MiB<"), "{svg}");
        let times = [0.00001, 0.01, 10.0].map(time);
        assert_eq!(times, ["10 µs", "10 ms", "10 s"]);
    }
}
