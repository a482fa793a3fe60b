//! The plots of a page, as SVG. Their colours stand for something, and the page's style gives each of
//! them its colour in light and in dark.

use std::error::Error;

use plotters::coord::Shift;
use plotters::prelude::*;
use serde::Serialize;

use super::jobs::{Durations, Jobs, seconds};
use super::text::span;
use crate::show::counted::grouped;

const TEXT: RGBColor = RGBColor(1, 1, 1);
const GRID: RGBColor = RGBColor(2, 2, 2);
const WAITING: RGBColor = RGBColor(3, 3, 3);
const RUNNING: RGBColor = RGBColor(4, 4, 4);
const READING: RGBColor = RGBColor(5, 5, 5);
const DONE: RGBColor = RGBColor(6, 6, 6);

type Result<T> = std::result::Result<T, Box<dyn Error>>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// One plot, for wide and for narrow windows.
#[derive(Debug, Serialize)]
pub(super) struct Plot {
    wide: String,
    narrow: String,
}

fn plot(height: u32, draw: impl Fn(&Area<'_>, u32) -> Result<()>) -> Result<Plot> {
    let draw = |width| {
        let mut svg = String::new();
        let area = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
        draw(&area, width)?;
        area.present()?;
        drop(area);
        Ok::<_, Box<dyn Error>>(svg)
    };
    Ok(Plot {
        wide: draw(860)?,
        narrow: draw(400)?,
    })
}

fn font(size: u32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&TEXT)
}

/// As many labels as a plot of this width has room for.
fn labels(width: u32) -> usize {
    usize::try_from(width / 90).unwrap_or(4)
}

/// The jobs over time: how long each waited, ran and was read.
pub(super) fn timeline(jobs: &Jobs) -> Result<Option<Plot>> {
    let Some((first, last)) = jobs.time.filter(|_| !jobs.shown.is_empty()) else {
        return Ok(None);
    };
    let rows = u32::try_from(jobs.shown.len()).unwrap_or(u32::MAX);
    let row = if rows > 24 { 12 } else { 20 };
    let end = seconds(last - first).max(0.001);
    let drawn = plot(60 + rows * row, |area, width| {
        let mut chart = ChartBuilder::on(area)
            .margin(6)
            .margin_right(18)
            .x_label_area_size(28)
            .y_label_area_size(44)
            .build_cartesian_2d(0.0..end, f64::from(rows) - 0.5..-0.5)?;
        let number = |at: &f64| {
            let is_row = *at >= 0.0 && (at - at.round()).abs() < 1e-6;
            let job = jobs.shown.get(at.round() as usize).filter(|_| is_row);
            job.map(|job| job.number.to_string()).unwrap_or_default()
        };
        chart
            .configure_mesh()
            .disable_y_mesh()
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .axis_style(GRID)
            .x_labels(labels(width))
            .x_label_formatter(&|at| span(*at))
            .y_labels(usize::try_from(rows.min(20)).unwrap_or(20))
            .y_label_formatter(&number)
            .label_style(font(14))
            .draw()?;
        let now = Some(last);
        for (at, job) in jobs.shown.iter().enumerate() {
            let row = at as f64;
            // A part that has not ended goes on until what happened last.
            let parts = [
                (
                    Some(job.cut_time),
                    job.created_time.or(job.ended_time),
                    WAITING,
                ),
                (job.created_time, job.ended_time, RUNNING),
                (job.ended_time, job.read_time, READING),
            ];
            for (begin, until, color) in parts {
                let is_over = until.is_none() && matches!(job.state.as_str(), "done" | "gone");
                if let (Some(begin), Some(until), false) = (begin, until.or(now), is_over) {
                    let from = seconds(begin - first);
                    // Even what takes no time is seen.
                    let to = seconds(until - first).max(from + end / 400.0);
                    let corners = [(from, row - 0.36), (to, row + 0.36)];
                    chart.draw_series([Rectangle::new(corners, color.filled())])?;
                }
            }
        }
        Ok(())
    });
    drawn.map(Some)
}

/// How many requests had come to something, over time.
pub(super) fn progress(jobs: &Jobs, requests: u64) -> Result<Option<Plot>> {
    let most = jobs.done.last().copied().unwrap_or_default();
    let Some((first, last)) = jobs.time.filter(|_| most > 0) else {
        return Ok(None);
    };
    let end = seconds(last - first).max(0.001);
    let top = requests.max(most) as f64 * 1.04;
    let drawn = plot(220, |area, width| {
        let mut chart = ChartBuilder::on(area)
            .margin(6)
            .margin_right(18)
            .x_label_area_size(28)
            .y_label_area_size(70)
            .build_cartesian_2d(0.0..end, 0.0..top)?;
        mesh(&mut chart, width)?;
        let bins = jobs.done.len() as f64;
        let step = jobs.done.iter().enumerate().flat_map(|(bin, done)| {
            let (from, to) = (bin as f64 * end / bins, (bin + 1) as f64 * end / bins);
            [(from, *done as f64), (to, *done as f64)]
        });
        let line = std::iter::once((0.0, 0.0)).chain(step);
        chart.draw_series(
            AreaSeries::new(line, 0.0, DONE.mix(0.25)).border_style(DONE.stroke_width(2)),
        )?;
        Ok(())
    });
    drawn.map(Some)
}

fn mesh(
    chart: &mut ChartContext<
        '_,
        SVGBackend<'_>,
        Cartesian2d<plotters::coord::types::RangedCoordf64, plotters::coord::types::RangedCoordf64>,
    >,
    width: u32,
) -> Result<()> {
    chart
        .configure_mesh()
        .disable_x_mesh()
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(GRID)
        .x_labels(labels(width))
        .x_label_formatter(&|at| span(*at))
        .y_labels(5)
        .y_label_formatter(&|at| grouped(at.round() as u64))
        .label_style(font(14))
        .draw()?;
    Ok(())
}

/// How long jobs took.
pub(super) fn durations(durations: &Durations) -> Result<Option<Plot>> {
    let (Some((first, _)), Some((last, _))) = (
        durations.bins.first_key_value(),
        durations.bins.last_key_value(),
    ) else {
        return Ok(None);
    };
    let (first, last) = (f64::from(first - 1), f64::from(last + 2));
    let most = durations.bins.values().copied().max().unwrap_or(1) as f64 * 1.08;
    let drawn = plot(220, |area, width| {
        let mut chart = ChartBuilder::on(area)
            .margin(6)
            .margin_right(18)
            .x_label_area_size(28)
            .y_label_area_size(70)
            .build_cartesian_2d(first..last, 0.0..most)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .axis_style(GRID)
            .x_labels(labels(width))
            .x_label_formatter(&|bin| match (bin - bin.round()).abs() < 1e-6 {
                true => span(Durations::start(bin.round() as i32)),
                false => String::new(),
            })
            .y_labels(5)
            .y_label_formatter(&|at| match (at - at.round()).abs() < 1e-6 {
                true => grouped(at.round() as u64),
                false => String::new(),
            })
            .label_style(font(14))
            .draw()?;
        chart.draw_series(durations.bins.iter().map(|(bin, count)| {
            let bin = f64::from(*bin);
            let corners = [(bin + 0.06, 0.0), (bin + 0.94, *count as f64)];
            Rectangle::new(corners, RUNNING.filled())
        }))?;
        Ok(())
    });
    drawn.map(Some)
}
