//! Starts: the cost of every start against time and iterations, and a table of starts.
//! In: a `Subject`.  Out: two charts and a table.
//! Invariant: every start is drawn, the best one marked; long histories are thinned, their ends kept.
//! Not here: the drawing of lines (see `chart`).

use crate::report::chart::{LineChart, Series, lines};
use crate::report::html::Html;
use crate::report::numbers::{count, duration, precise, short};
use crate::report::subject::Subject;
use crate::report::words::{counted, meaning};
use crate::solve::{Factorization, Iteration, Start};

/// Points of all lines of a chart together, and of one line, at most.
const MOST_POINTS: usize = 4000;
const MOST_OF_ONE: usize = 240;
/// The first points of a history are all drawn: most happens there.
const FIRST: usize = 20;

/// The course of the search.
pub(in crate::report) fn starts(subject: &Subject<'_>) -> Html {
    let fit = subject.fit;
    let mut html = Html::new();
    html.lead(&lead(fit));
    html.inside("div", &[("class", "columns")], |html| {
        let title = "Cost against time";
        panel(html, title, |html| {
            let series = series(fit, |_, step| (step.seconds, step.cost));
            lines(html, &LineChart { title, across: "seconds since the start began", unit: "s", up: "cost", series })
        });
        let title = "Cost above the least cost found, against iterations";
        panel(html, title, |html| {
            // What is left at the very end is rounding, and would stretch the scale without end.
            let floor = 1e-12 * fit.cost.abs();
            let above =
                |step: &Iteration| Some(step.cost - fit.cost).filter(|above| *above > floor).unwrap_or(f64::NAN);
            let series = series(fit, |k, step| (k as f64, above(step)));
            lines(
                html,
                &LineChart { title, across: "iterations", unit: "iterations", up: "above the least cost by", series },
            )
        });
    });
    table(&mut html, fit);
    html
}

fn lead(fit: &Factorization) -> String {
    let best = &fit.starts[fit.best];
    if fit.starts.len() == 1 {
        return format!(
            "One initialization, {} in {}. {}",
            counted(best.iterations, "iteration"),
            duration(best.seconds),
            meaning(best.stop)
        );
    }
    let costs: Vec<f64> = fit.starts.iter().map(|start| start.cost).collect();
    let worst = costs.iter().copied().filter(|cost| cost.is_finite()).fold(f64::NEG_INFINITY, f64::max);
    format!(
        "{} initializations, of which start {} is the best. Their final costs are up to {} % above its cost.",
        fit.starts.len(),
        fit.best + 1,
        short(100.0 * (worst - fit.cost) / fit.cost.abs().max(f64::MIN_POSITIVE))
    )
}

/// A figure with its caption, unless there is nothing to draw.
fn panel(html: &mut Html, title: &str, draw: impl FnOnce(&mut Html) -> bool) {
    let mut drawn = Html::new();
    if !draw(&mut drawn) {
        return;
    }
    html.inside("figure", &[("class", "panel")], |html| {
        html.inside("figcaption", &[], |html| {
            html.text(title);
            html.element("span", &[("class", "readout"), ("aria-live", "polite")], "");
        });
        html.push(drawn);
    });
}

fn series(fit: &Factorization, of: impl Fn(usize, &Iteration) -> (f64, f64)) -> Vec<Series> {
    let each = (MOST_POINTS / fit.starts.len().max(1)).clamp(12, MOST_OF_ONE);
    let line = |(index, start): (usize, &Start)| Series {
        name: format!("start {}", index + 1),
        points: thinned(start.history.len(), each).into_iter().map(|k| of(k, &start.history[k])).collect(),
        marked: index == fit.best,
    };
    fit.starts.iter().enumerate().map(line).collect()
}

/// At most about `most` places of `count`: the first ones, then evenly spaced ones, the last among them.
fn thinned(count: usize, most: usize) -> Vec<usize> {
    if count <= most {
        return (0..count).collect();
    }
    let first = FIRST.min(most / 3);
    let rest = most - first;
    let spaced = (1..=rest).map(|k| first - 1 + k * (count - first) / rest);
    (0..first).chain(spaced).collect()
}

fn table(html: &mut Html, fit: &Factorization) {
    let headings = [
        ("n", "start"),
        ("n", "final cost"),
        ("n", "above the best"),
        ("n", "iterations"),
        ("n", "time"),
        ("", "stopped by"),
    ];
    html.scroll(Some("Table of starts"), |html| {
        html.table(&[("class", "plain sortable")], &headings, |html| {
            for (k, start) in fit.starts.iter().enumerate() {
                let class = if k == fit.best && fit.starts.len() > 1 { "best" } else { "" };
                html.inside("tr", &[("class", class)], |html| row(html, fit, k, start));
            }
        });
    });
}

fn row(html: &mut Html, fit: &Factorization, k: usize, start: &Start) {
    let above = 100.0 * (start.cost - fit.cost) / fit.cost.abs().max(f64::MIN_POSITIVE);
    html.cell("n", &(k + 1).to_string());
    html.cell("n", &precise(start.cost));
    html.cell("n", &format!("{} %", short(above)));
    html.cell("n", &count(start.iterations));
    html.element("td", &[("class", "n"), ("data-value", &start.seconds.to_string())], &duration(start.seconds));
    html.cell(
        "",
        &if k == fit.best && fit.starts.len() > 1 { format!("{} (best)", start.stop) } else { start.stop.to_string() },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_histories_keep_their_ends() {
        assert_eq!(thinned(5, 12), [0, 1, 2, 3, 4]);
        let places = thinned(10_001, 60);
        assert_eq!((places[0], places[19], places.last().copied()), (0, 19, Some(10_000)));
        assert!(places.len() == 60 && places.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
