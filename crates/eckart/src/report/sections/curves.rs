//! Curves: what searches beside the one reported say: how steady components are over starts, the choice of the rank.
//! In: the `Agreement` and `RankChoice` of a factorization, a consensus matrix.  Out: their sections, where there are
//! any.
//! Invariant: numbers are drawn as they are given; what does not fit the factorization is refused.
//! Not here: the searches themselves (see `apply`).

use crate::apply::Consensus;
use crate::data::Matrix;
use crate::error::Result;
use crate::report::chart::{Point, points};
use crate::report::draw::bar;
use crate::report::html::Html;
use crate::report::numbers::short;
use crate::report::subject::Subject;
use crate::report::subject::names::Names;
use crate::report::tiles::{Scale, tile};
use crate::solve::{Agreement, RankScore};

/// Names of a group that are listed.
const LISTED: usize = 40;

/// The consensus matrix, groups together.
///
/// # Errors
/// Those of a consensus whose groups are of another matrix.
fn in_groups(consensus: &Consensus) -> Result<Matrix> {
    let groups = &consensus.agreement.groups;
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by_key(|&at| groups[at]);
    consensus.matrix.select_rows(&order)?.select_cols(&order)
}

/// How steady the components are.
pub(in crate::report) fn stability(subject: &Subject<'_>) -> Result<Option<Html>> {
    let Some(agreement) = subject.agreement else { return Ok(None) };
    let mut html = Html::new();
    html.lead(&format!(
        "Mean cosine similarity of each component to its match in the other starts ({} in all): 1 where every start \
         finds it.",
        agreement.starts
    ));
    let picture = subject.report.consensus.map(|consensus| {
        let matrix = in_groups(consensus)?;
        let side = matrix.rows();
        tile(&matrix.to_dense_f64(), (side, side), Scale::of(&[1.0])).map(|address| (address, side))
    });
    let picture = picture.transpose()?;
    html.inside("div", &[("class", "columns")], |html| {
        html.table(&[("class", "items")], &[], |html| {
            for &k in &subject.order {
                bar(html, &subject.component(k, "Component "), agreement.stability[k], 1.0);
            }
        });
        if let Some((address, side)) = &picture {
            html.inside("figure", &[("class", "consensus")], |html| {
                let of = if agreement.of_columns { "columns" } else { "rows" };
                let said = format!("Consensus matrix of {side} {of}, ordered by group");
                html.empty("img", &[("src", address), ("alt", &said), ("class", "tile wide")]);
                let said = format!(
                    "Share of starts in which two of {side} {of} have the same largest component: white 1, black 0."
                );
                html.element("figcaption", &[], &said);
            });
        }
    });
    html.note(&format!("Cophenetic correlation of the consensus matrix: {}.", short(agreement.cophenetic)));
    html.push(groups(agreement, if agreement.of_columns { &subject.cols } else { &subject.rows }));
    Ok(Some(html))
}

/// What is grouped together in most starts.
fn groups(agreement: &Agreement, names: &Names<'_>) -> Html {
    let mut html = Html::new();
    let count = agreement.groups.iter().max().map_or(0, |last| last + 1);
    for group in 0..count {
        let of = |(_, own): &(&usize, &usize)| **own == group;
        let members: Vec<usize> =
            agreement.sampled.iter().zip(&agreement.groups).filter(of).map(|(&at, _)| at).collect();
        let mut said = format!("Group {} of {count}: {} of {}", group + 1, members.len(), agreement.groups.len());
        if names.are_known() {
            let listed: Vec<String> = members.iter().take(LISTED).map(|&at| names.of(at)).collect();
            let more = if members.len() > LISTED { ", …" } else { "" };
            said += &format!(": {}{more}", listed.join(", "));
        }
        html.note(&said);
    }
    html
}

/// How the rank was chosen.
pub(in crate::report) fn ranks(subject: &Subject<'_>) -> Option<Html> {
    let choice = subject.fit.rank_choice.as_ref().filter(|choice| !choice.scores.is_empty())?;
    let mut html = Html::new();
    let wider = choice.at_limit().map_or("", |_| " It is the largest that was tried: widen the range.");
    html.lead(&format!(
        "Rank {} was chosen: the smallest within one standard error of the least loss.{wider}",
        choice.chosen
    ));
    let of = |score: &RankScore| Point { x: score.rank as f64, y: score.mean, spread: score.error };
    let all: Vec<Point> = choice.scores.iter().map(of).collect();
    let limit = choice.scores.iter().min_by(|a, b| a.mean.total_cmp(&b.mean)).map(|best| best.mean + best.error);
    let measure = if choice.criterion == "bcv" {
        "Mean loss per entry of the blocks left out"
    } else {
        "Mean loss per entry held out"
    };
    let title = format!("{measure}, by rank");
    html.inside("figure", &[("class", "panel half")], |html| {
        html.element("figcaption", &[], &title);
        points(html, &title, "rank", &all, choice.chosen as f64, limit);
    });
    Some(html)
}
