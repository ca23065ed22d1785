//! Head: what was asked, of what data, how it was solved and how well.
//! In: a `Subject`.  Out: the top of the page.
//! Invariant: the objective stands as the text that parses back to it; warnings are not hidden.
//! Not here: the course of the search (see `starts`).

use crate::error::Warning;
use crate::report::html::Html;
use crate::report::numbers::{count, duration, percent, precise, short};
use crate::report::subject::Subject;
use crate::report::words::{KKT_RESIDUAL, counted, describe, kkt_residual, meaning, sides, zeros};
use crate::solve::METHODS;

/// "10 components of counts.mtx.gz".
pub(in crate::report) fn title(subject: &Subject<'_>) -> String {
    if let Some(title) = &subject.report.title {
        return title.clone();
    }
    let source = subject.report.source.as_deref().unwrap_or(&subject.fit.target);
    let name = source.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or(source);
    format!("{} of {name}", counted(subject.fit.rank, "component"))
}

/// The top of the page.
pub(in crate::report) fn head(subject: &Subject<'_>, title: &str) -> Html {
    let mut html = Html::new();
    html.inside("header", &[], |html| {
        html.element("p", &[("class", "kicker")], "Matrix factorization report");
        html.element("h1", &[], title);
        html.inside("pre", &[("class", "objective")], |html| {
            html.element("code", &[], &subject.fit.statement.replace(" subject to ", "\nsubject to "));
        });
        figures(html, subject);
        warnings(html, &subject.fit.warnings);
        html.inside("div", &[("class", "about-search")], |html| {
            facts(html, subject);
            html.inside("div", &[], |html| factors(html, subject));
        });
    });
    html
}

/// The figures to look at first.
fn figures(html: &mut Html, subject: &Subject<'_>) {
    let fit = subject.fit;
    let mut all: Vec<(&str, String)> = Vec::new();
    if let Some(quality) = &fit.quality {
        all.push(("variance explained", percent(quality.explained)));
        all.push(("relative error", short(quality.relative_error)));
        all.push(("RMSE", short(quality.rmse)));
    }
    all.push(("least cost", brief(fit.cost)));
    all.push((if fit.starts.len() > 1 { "iterations, all starts" } else { "iterations" }, count(fit.iterations())));
    all.push(("time", duration(fit.seconds)));
    html.inside("dl", &[("class", "figures")], |html| {
        for (name, value) in &all {
            html.inside("div", &[], |html| {
                html.element("dt", &[], name);
                html.element("dd", &[], value);
            });
        }
    });
}

/// A number of at most about ten characters.
fn brief(value: f64) -> String {
    let text = precise(value);
    if text.len() > 10 && value.is_finite() { format!("{value:.4e}") } else { text }
}

fn warnings(html: &mut Html, warnings: &[Warning]) {
    for warning in warnings {
        html.inside("p", &[("class", "warning"), ("role", "note")], |html| {
            html.element("strong", &[], "Warning: ");
            html.text(&warning.message);
        });
    }
}

fn facts(html: &mut Html, subject: &Subject<'_>) {
    let fit = subject.fit;
    html.inside("dl", &[("class", "facts")], |html| {
        let fact = |html: &mut Html, name: &str, value: &str| {
            html.element("dt", &[], name);
            html.element("dd", &[], value);
        };
        fact(html, &format!("Data {}", fit.target), &data(subject));
        for (name, value) in &fit.params {
            fact(html, &format!("Parameter {name}"), &value.to_string());
        }
        fact(html, "Rank", &fit.rank.to_string());
        let summary = METHODS.iter().find(|row| row.name == fit.method).map_or("", |row| row.summary);
        html.element("dt", &[], "Method");
        html.inside("dd", &[], |html| {
            html.element("strong", &[], &fit.method);
            html.text(&format!(": {summary}"));
            if !fit.ways.is_empty() {
                html.inside("ul", &[("class", "ways")], |html| {
                    fit.ways.iter().for_each(|way| html.element("li", &[], way))
                });
            }
        });
        fact(html, "Ended", meaning(fit.stop_reason()));
        if let Some(quality) = &fit.quality {
            let entries = if quality.observed_only { ", observed entries only" } else { "" };
            let weights =
                quality.weights.as_ref().map_or_else(String::new, |weights| format!(", weighted by {weights}"));
            fact(html, "Reconstruction", &format!("{} of {}{entries}{weights}", quality.reconstruction, fit.target));
        }
    });
}

fn data(subject: &Subject<'_>) -> String {
    let shape = match (subject.report.data, subject.shape) {
        (Some(matrix), _) => describe(matrix).replacen(" x ", " × ", 1),
        (None, Some((n, m))) => sides((n, m)),
        (None, None) => "of unknown shape".to_owned(),
    };
    let from = subject.report.source.as_ref().map_or_else(String::new, |source| format!("; from {source}"));
    let [rows, cols] = subject.report.lacking.each_ref().map(Vec::len);
    let lacking: Vec<String> =
        [(rows, "row"), (cols, "column")].iter().filter(|(n, _)| *n > 0).map(|(n, what)| counted(*n, what)).collect();
    let without = if lacking.is_empty() {
        String::new()
    } else {
        format!("; without {}, which are left out below", lacking.join(" and "))
    };
    shape + &from + &without
}

fn factors(html: &mut Html, subject: &Subject<'_>) {
    let fit = subject.fit;
    let residuals = fit.residuals(&fit.starts[fit.best]);
    let mut headings = vec![("", "Factor"), ("n", "shape"), ("n", "zeros")];
    headings.extend((!residuals.is_empty()).then_some(("n", "KKT residual")));
    html.scroll(None, |html| {
        html.table(&[("class", "plain")], &headings, |html| {
            for (name, matrix) in &fit.factors {
                html.inside("tr", &[], |html| {
                    html.element("th", &[("scope", "row")], name);
                    html.cell("n", &sides(matrix.shape()));
                    html.cell("n", &percent(zeros(matrix)));
                    if !residuals.is_empty() {
                        html.cell("n", &kkt_residual(residuals.get(name.as_str())));
                    }
                });
            }
        });
    });
    if !residuals.is_empty() {
        html.note(KKT_RESIDUAL);
    }
}
