//! The figures as tables in Markdown.

use super::bench::{Series, median};
use super::rounds::{Outcome, field};
use super::shards::Reading;
use super::timing::Sample;
use crate::units::{count, mebibytes, number};

/// A table: its head, and rows that are each as wide.
fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(head.iter().map(|cell| (*cell).to_owned()).collect());
    let aligned = head.iter().map(|name| match *name {
        "client" | "from" => "---".to_owned(),
        _ => "---:".to_owned(),
    });
    text += &line(aligned.collect());
    for row in rows {
        text += &line(row);
    }
    text
}

/// What was measured in these columns, or the reason in the first of them.
fn cells<const N: usize>(
    outcome: &Outcome,
    columns: impl FnOnce(Sample, &str) -> [String; N],
) -> Vec<String> {
    match outcome {
        Ok(figures) => columns(figures.median, &figures.printed).into(),
        Err(why) => {
            let mut cells = vec![String::new(); N];
            cells[0] = why.replace('|', "\\|");
            cells
        }
    }
}

fn named(name: String, cells: Vec<String>) -> Vec<String> {
    [vec![name], cells].concat()
}

/// Time and memory for result lines, after what a client takes that does nothing.
pub(super) fn lines(series: &[Series], start_up: &[Outcome]) -> String {
    let columns = |size: u64| {
        move |sample: Sample, _: &str| {
            let per_second = match size {
                0 => String::new(),
                _ => count((size as f64 / sample.wall).round() as u64),
            };
            [
                number(sample.wall),
                number(sample.cpu),
                mebibytes(sample.peak),
                per_second,
            ]
        }
    };
    let mut rows = Vec::new();
    for (series, outcome) in series.iter().zip(start_up) {
        let name = format!("start-up | {}", series.name);
        rows.push(named(name, cells(outcome, columns(0))));
    }
    for size in sizes(series) {
        for series in series {
            for (_, outcome) in series.points.iter().filter(|point| point.0 == size) {
                let name = format!("{} | {}", count(size), series.name);
                rows.push(named(name, cells(outcome, columns(size))));
            }
        }
    }
    table(
        &[
            "lines",
            "client",
            "time, s",
            "CPU, s",
            "peak memory, MiB",
            "lines a second",
        ],
        rows,
    )
}

/// All sizes of any of them, from small to large.
fn sizes(series: &[Series]) -> Vec<u64> {
    let mut sizes: Vec<_> = series.iter().flat_map(|s| &s.points).map(|p| p.0).collect();
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

/// Time and memory for jobs listed.
pub(super) fn listed(series: &[Series]) -> String {
    let rows = sizes(series).into_iter().flat_map(|size| {
        let at = move |series: &Series| {
            let (_, outcome) = series.points.iter().find(|point| point.0 == size)?;
            let name = format!("{} | {}", count(size), series.name);
            let columns = cells(outcome, |sample, _| {
                [
                    number(sample.wall),
                    number(sample.cpu),
                    mebibytes(sample.peak),
                ]
            });
            Some(named(name, columns))
        };
        series.iter().filter_map(at)
    });
    let head = ["jobs", "client", "time, s", "CPU, s", "peak memory, MiB"];
    table(&head, rows)
}

/// What jobs take that are waited for at once.
pub(super) fn waited(series: &Series, start_up: &Outcome) -> String {
    let fixed = median(start_up).map_or(f64::NAN, |sample| sample.peak);
    let rows = series.points.iter().map(|(size, outcome)| {
        let columns = |sample: Sample, printed: &str| {
            let jobs = *size as f64;
            let more = (sample.peak - fixed).max(0.0);
            let requests = field(printed, "polls").map(|polls| number(polls / jobs));
            [
                number(sample.wall),
                number(sample.cpu),
                mebibytes(sample.peak),
                mebibytes(more),
                number(more / jobs / 1024.0),
                requests.unwrap_or_default(),
            ]
        };
        named(count(*size), cells(outcome, columns))
    });
    let head = [
        "jobs",
        "time, s",
        "CPU, s",
        "peak memory, MiB",
        "over start-up, MiB",
        "KiB a job",
        "requests a job",
    ];
    table(&head, rows)
}

/// How fast the same results are read in either way.
pub(super) fn shards(readings: &[Reading], lines: u64) -> String {
    let rows = readings.iter().map(|reading| {
        let columns = |sample: Sample, _: &str| {
            [
                number(sample.wall),
                number(sample.cpu),
                mebibytes(sample.peak),
                count((lines as f64 / sample.wall).round() as u64),
                mebibytes(reading.bytes as f64 / sample.wall),
            ]
        };
        named(reading.name.to_owned(), cells(&reading.outcome, columns))
    });
    let head = [
        "from",
        "time, s",
        "CPU, s",
        "peak memory, MiB",
        "lines a second",
        "MiB a second",
    ];
    table(&head, rows)
}

#[cfg(test)]
mod tests {
    use super::super::rounds::Figures;
    use super::*;

    fn took(wall: f64, mebibytes: f64, printed: &str) -> Outcome {
        Ok(Figures {
            median: Sample {
                wall,
                cpu: wall,
                peak: mebibytes * 1024.0 * 1024.0,
            },
            printed: printed.to_owned(),
        })
    }

    fn series(name: &str, points: Vec<(u64, Outcome)>) -> Series {
        Series {
            name: name.to_owned(),
            points,
        }
    }

    #[test]
    fn lines_stand_by_size_and_who_was_left_out_says_why() {
        let all = [
            series(
                "a",
                vec![(1000, took(0.5, 8.0, "")), (10_000, took(5.0, 8.0, ""))],
            ),
            series(
                "b",
                vec![
                    (1000, took(2.0, 9.0, "")),
                    (10_000, Err("left out: x|y".into())),
                ],
            ),
        ];
        let start_up = [took(0.001, 7.0, "ready"), took(0.25, 50.0, "ready")];
        assert_eq!(
            lines(&all, &start_up),
            "| lines | client | time, s | CPU, s | peak memory, MiB | lines a second |\n\
             | ---: | --- | ---: | ---: | ---: | ---: |\n\
             | start-up | a | 0.001 | 0.001 | 7.00 |  |\n\
             | start-up | b | 0.250 | 0.250 | 50.0 |  |\n\
             | 1,000 | a | 0.500 | 0.500 | 8.00 | 2,000 |\n\
             | 1,000 | b | 2.00 | 2.00 | 9.00 | 500 |\n\
             | 10,000 | a | 5.00 | 5.00 | 8.00 | 2,000 |\n\
             | 10,000 | b | left out: x\\|y |  |  |  |\n"
        );
    }

    #[test]
    fn a_client_that_lists_all_jobs_alone_has_one_row() {
        let all = [
            series("a", vec![(1, took(0.5, 8.0, "")), (10, took(1.0, 8.0, ""))]),
            series("b", vec![(10, took(2.0, 9.0, ""))]),
        ];
        let text = listed(&all);
        let rows: Vec<_> = text.lines().skip(2).collect();
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[2], "| 10 | b | 2.00 | 2.00 | 9.00 |");
    }

    #[test]
    fn memory_a_job_is_what_is_over_start_up() {
        let waited = waited(
            &series("a", vec![(1024, took(2.0, 12.0, "jobs=1024 polls=2048"))]),
            &took(0.001, 8.0, "ready"),
        );
        let row = "| 1,024 | 2.00 | 2.00 | 12.0 | 4.00 | 4.00 | 2.00 |";
        assert_eq!(waited.lines().nth(2), Some(row));
    }

    #[test]
    fn both_ways_of_reading_have_a_rate() {
        let reading = Reading {
            name: "x",
            bytes: 10 * 1024 * 1024,
            outcome: took(2.0, 8.0, ""),
        };
        let row = "| x | 2.00 | 2.00 | 8.00 | 500 | 5.00 |";
        assert_eq!(shards(&[reading], 1000).lines().nth(2), Some(row));
    }
}
