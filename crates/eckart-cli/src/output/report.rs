//! Report: the result for people.
//! In: a search that has ended.  Out: text: objective, data, starts, quality, factors, components.
//! Invariant: what ended the search is said, and what could be done about it.
//! Not here: layout (see `page`), digits (see `numbers`).

use std::path::PathBuf;

use eckart::report::{KKT_RESIDUAL, describe, kkt_residual, zeros};
use eckart::solve::{Agreement, METHODS, Quality, RankChoice, RankScore, Start};
use eckart::{Factorization, Matrix, StopReason, Warning};

use crate::commands::fit::outcome::Outcome;
use crate::load::Data;
use crate::numbers::{count, duration, percent, precise, short};
use crate::output::components::{Component, Components, Part};
use crate::output::page::{FIRM, Page, wrapped};

/// A share of the variance that would be low for dense data.
const LOW: f64 = 0.3;
/// Entries below this share of a factor's largest count as almost zero.
const ALMOST: f64 = 1e-10;

/// The whole report.
pub(crate) fn report(outcome: &Outcome, written: &[PathBuf]) -> String {
    let Outcome { model, data, fit, components, .. } = outcome;
    let mut page = Page::new();
    page.heading(&fit.statement);
    for (name, value) in &fit.params {
        page.fact(name, 6, &format!("= {value}"));
    }
    page.fact("X", 6, &format!("{}, {} (read in {})", describe(&data.matrix), data.source, duration(data.seconds)));
    data.reading.iter().for_each(|reading| page.fact("", 6, reading));
    data.beside.readings.iter().for_each(|(name, reading)| page.fact(name, 6, reading));
    if let Some(model) = model {
        page.fact("model", 6, model);
    }
    page.fact("rank", 6, &fit.rank.to_string());
    let summary = METHODS.iter().find(|row| row.name == fit.method).map_or("", |row| row.summary);
    page.fact("method", 6, &format!("{}: {summary}", fit.method));
    fit.ways.iter().for_each(|line| page.fact("", 6, line));
    warnings(&mut page, &fit.warnings);
    if let Some(choice) = &fit.rank_choice {
        ranks(&mut page, choice);
    }
    starts(&mut page, fit);
    if let Some(agreement) = &fit.agreement {
        starts_agree(&mut page, agreement, components_of(fit, agreement.stability.len()));
    }
    if let Some(quality) = &fit.quality {
        fit_quality(&mut page, quality, &data.matrix);
    }
    factors(&mut page, fit);
    match components {
        Some(components) => parts(&mut page, components),
        None => hint(&mut page, data),
    }
    if !written.is_empty() {
        page.heading("Saved");
        for path in written {
            page.paragraph(&path.display().to_string());
        }
    }
    page.finish()
}

/// Warnings about the objective.
pub(crate) fn warnings(page: &mut Page, warnings: &[Warning]) {
    if !warnings.is_empty() {
        page.heading("Warnings");
        warnings.iter().for_each(|warning| page.paragraph(&format!("{warning} [{}]", warning.code)));
    }
}

fn share_of(values: &[f64], counts: impl Fn(f64) -> bool) -> f64 {
    values.iter().filter(|&&x| counts(x)).count() as f64 / values.len() as f64
}

fn starts(page: &mut Page, fit: &Factorization) {
    page.heading(if fit.starts.len() > 1 { "Starts" } else { "Search" });
    let row = |(k, start): (usize, &Start)| {
        vec![
            (k + 1).to_string(),
            precise(start.cost),
            count(start.iterations),
            duration(start.seconds),
            start.stop.to_string(),
            if k == fit.best { "<- best".to_owned() } else { String::new() },
        ]
    };
    let header = ["start", "final cost", "iterations", "time", "stopped by", ""];
    let mut rows: Vec<Vec<String>> = fit.starts.iter().enumerate().map(row).collect();
    // One start is compared with none.
    let columns = if rows.len() > 1 { header.len() } else { header.len() - 1 };
    rows.iter_mut().for_each(|row| row.truncate(columns));
    page.table(&header[..columns], &[4, 5], rows);
    page.block(&note(fit).map_or_else(String::new, |note| wrapped(note, 2)));
}

/// What follows from the reason for which the search ended.
fn note(fit: &Factorization) -> Option<&'static str> {
    match fit.stop_reason() {
        StopReason::Settled | StopReason::Stationary | StopReason::Target => None,
        StopReason::MaxIter => Some("Not converged: increase --max-iter."),
        StopReason::TimeLimit => {
            Some("Not converged: the time limit ended the search. These are the best factors so far.")
        }
        StopReason::Interrupted => Some("Not converged: Ctrl-C ended the search. These are the best factors so far."),
        StopReason::Diverged => {
            Some("Diverged: the cost became infinite or undefined. These are the best factors before that, if any.")
        }
        _ => None,
    }
}

fn ranks(page: &mut Page, choice: &RankChoice) {
    page.heading("Ranks");
    let least = choice.scores.iter().map(|score| score.mean).fold(f64::INFINITY, f64::min);
    let row = |score: &RankScore| {
        let mark = match (score.rank == choice.chosen, score.mean == least) {
            (true, _) => "<- chosen",
            (false, true) => "<- least",
            (false, false) => "",
        };
        vec![score.rank.to_string(), precise(score.mean), short(score.error), mark.to_owned()]
    };
    page.table(&["rank", "loss", "standard error", ""], &[3], choice.scores.iter().map(row).collect());
    let repeats = choice.scores.first().map_or(0, |score| score.losses.len());
    let of = if choice.criterion == "bcv" {
        "a quarter of the data, predicted from the other three, averaged over all four"
    } else {
        "the held-out entries"
    };
    page.paragraph(&format!(
        "loss: mean loss per entry on {of}, over {repeats} repetitions. Chosen is the smallest rank within one \
         standard error of the least loss."
    ));
}

/// What components are called, where a factor that was given named so many.
fn components_of(fit: &Factorization, count: usize) -> Option<&[String]> {
    let mut all = fit.factors.iter().filter_map(|(name, _)| fit.components_of(name));
    all.find(|names| names.len() == count)
}

fn starts_agree(page: &mut Page, agreement: &Agreement, names: Option<&[String]>) {
    page.heading("Consensus of starts");
    let name = |k: usize| names.map_or_else(|| (k + 1).to_string(), |names| names[k].clone());
    let shown: Vec<String> =
        agreement.stability.iter().enumerate().map(|(k, s)| format!("{}: {}", name(k), short(*s))).collect();
    page.fact("stability", 12, &shown.join(", ").replace(": ", &format!(":{FIRM}")));
    page.fact("cophenetic", 12, &short(agreement.cophenetic));
    page.paragraph(&format!(
        "stability: mean cosine of each component to its matches in the other {} starts. cophenetic: cophenetic \
         correlation of the consensus matrix of {} {}, 1 where all starts group them alike.",
        agreement.starts - 1,
        count(agreement.sampled.len()),
        if agreement.of_columns { "columns" } else { "rows" },
    ));
}

fn fit_quality(page: &mut Page, quality: &Quality, matrix: &Matrix) {
    let entries = if quality.observed_only {
        format!(", on the {} observed entries", count(matrix.observed()))
    } else {
        String::new()
    };
    let weights = quality.weights.as_ref().map_or_else(String::new, |weights| format!(", weighted by {weights}"));
    page.heading("Fit");
    page.paragraph(&format!(
        "{} explains {} of the variance of X{entries}{weights}; relative error {}, RMSE {}",
        quality.reconstruction,
        percent(quality.explained),
        short(quality.relative_error),
        short(quality.rmse),
    ));
    if matrix.is_sparse() && !quality.observed_only && quality.explained < LOW {
        page.paragraph("Low shares are usual for sparse counts, whose single entries are mostly noise.");
    }
}

fn factors(page: &mut Page, fit: &Factorization) {
    let almost = |matrix: &Matrix| {
        let values = matrix.values_f64();
        let most = values.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
        share_of(&values, |x| x.abs() < ALMOST * most || x == 0.0)
    };
    let shares: Vec<(f64, f64)> = fit.factors.iter().map(|(_, matrix)| (zeros(matrix), almost(matrix))).collect();
    let differ = shares.iter().any(|(exact, almost)| percent(*exact) != percent(*almost));
    let residuals = fit.residuals(&fit.starts[fit.best]);
    let row = |((name, matrix), (exact, almost)): (&(String, Matrix), &(f64, f64))| {
        let mut cells = vec![name.clone(), format!("{} x {}", count(matrix.rows()), count(matrix.cols()))];
        cells.push(percent(*exact));
        cells.extend(differ.then(|| percent(*almost)));
        cells.extend((!residuals.is_empty()).then(|| kkt_residual(residuals.get(name.as_str()))));
        cells
    };
    let mut header = vec!["factor", "shape", "sparsity (zeros)"];
    header.extend(differ.then_some("below 1e-10 of the maximum"));
    header.extend((!residuals.is_empty()).then_some("KKT residual"));
    page.heading("Factors");
    page.table(&header, &[0], fit.factors.iter().zip(&shares).map(row).collect());
    if !residuals.is_empty() {
        page.paragraph(KKT_RESIDUAL);
    }
}

fn parts(page: &mut Page, components: &Components) {
    let Components { factor, measure, of_columns, list } = components;
    let side = if *of_columns { "columns" } else { "rows" };
    page.heading("Components");
    page.paragraph(&format!(
        "share: {measure} over the sum of all components. Top features: the {side} of X with the largest weights in \
         {factor}."
    ));
    for component in list {
        let text: Vec<String> = component.top.iter().map(part).collect();
        let text = if text.is_empty() { "none: all weights are 0".to_owned() } else { text.join(", ") };
        let name = component.name.as_ref().map_or_else(String::new, |name| format!("{name}: "));
        page.fact(&label(component), 12, &(name + &text));
    }
}

/// " 3   12.4 %"
fn label(component: &Component) -> String {
    format!("{:>3}  {:>6}", component.index + 1, percent(component.share))
}

/// "peace 0.52", kept on one line.
fn part(part: &Part) -> String {
    let text = match &part.title {
        Some(title) => format!("{title} [{}] {}", part.name, short(part.weight)),
        None => format!("{} {}", part.name, short(part.weight)),
    };
    text.replace(char::is_whitespace, &FIRM.to_string())
}

fn hint(page: &mut Page, data: &Data) {
    if data.col_names.is_none() && data.row_names.is_none() {
        page.block("\n");
        page.paragraph("With --col-names FILE, one name per line, each component is shown by its top features.");
    }
}
