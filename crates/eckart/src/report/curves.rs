//! Curves: what searches beside the one reported add to its page: stability of components, the choice of the rank.
//! In: `Curves`.  Out: their sections, where there is anything to draw.
//! Law: numbers are drawn as they are given; what does not fit the factorization is refused.
//! Not here: the searches themselves (they stand outside the report).

use super::cards::bar;
use super::chart::{Point, points};
use super::html::Html;
use super::numbers::short;
use super::subject::Subject;
use super::tiles::{Scale, tile};
use crate::data::Matrix;
use crate::error::{Error, Result};

/// What further searches found.
#[derive(Debug, Clone, Default)]
pub struct Curves {
    /// How steady components are over starts.
    pub stability: Option<Stability>,
    /// How the rank was chosen.
    pub ranks: Option<Ranks>,
}

/// How steady components are over starts.
#[derive(Debug, Clone)]
pub struct Stability {
    /// Of each component, by its place in the factors: the mean cosine to its matches in other starts, 0 to 1.
    pub components: Vec<f64>,
    /// How many starts were compared.
    pub starts: usize,
    /// The cophenetic correlation of the consensus matrix (Brunet et al. 2004).
    pub cophenetic: Option<f64>,
    /// The consensus matrix, k x k, its rows and columns in the order in which groups stand together: how often two samples
    /// have the same largest component, 0 to 1.
    pub consensus: Option<Matrix>,
}

/// How the rank was chosen.
#[derive(Debug, Clone)]
pub struct Ranks {
    /// What was measured, such as "error on held-out entries".
    pub measure: String,
    /// One point a rank, in order.
    pub points: Vec<RankPoint>,
    /// The rank that was chosen.
    pub chosen: usize,
    /// The most that the chosen rank's measure may be, by the one-standard-error rule.
    pub limit: Option<f64>,
}

/// What was measured at one rank.
#[derive(Debug, Clone, Copy)]
pub struct RankPoint {
    /// The rank.
    pub rank: usize,
    /// The mean over seeds.
    pub mean: f64,
    /// Its standard error; 0 where there is only one seed.
    pub standard_error: f64,
}

impl Curves {
    /// Refuses what does not fit a factorization of this rank.
    pub(super) fn check(&self, rank: usize) -> Result<()> {
        if let Some(stability) = &self.stability {
            if stability.components.len() != rank {
                return Err(Error::Setting(format!(
                    "there are {} figures of stability and {rank} components: give one each",
                    stability.components.len()
                )));
            }
            if let Some(matrix) = stability.consensus.as_ref().filter(|matrix| matrix.rows() != matrix.cols()) {
                return Err(Error::Setting(format!(
                    "the consensus matrix is {} x {}: it must be square",
                    matrix.rows(),
                    matrix.cols()
                )));
            }
        }
        Ok(())
    }
}

/// How steady the components are.
///
/// # Errors
/// As [`tile`].
pub(super) fn stability(subject: &Subject<'_>) -> Result<Option<Html>> {
    let Some(stability) = &subject.curves.stability else { return Ok(None) };
    let mut html = Html::new();
    html.element(
        "p",
        &[("class", "lead")],
        &format!(
            "Each component's mean cosine to its match in the other of {} starts: 1 where every start finds it, and little \
             where it is an accident of one.",
            stability.starts
        ),
    );
    let picture = stability.consensus.as_ref().map(|matrix| {
        let side = matrix.rows();
        tile(&matrix.to_dense_f64(), (side, side), Scale::of(&[1.0])).map(|address| (address, side))
    });
    let picture = picture.transpose()?;
    html.inside("div", &[("class", "columns")], |html| {
        html.inside("table", &[("class", "items")], |html| {
            html.fixed("<tbody>");
            for &k in &subject.order {
                bar(html, &format!("Component {}", k + 1), stability.components[k], 1.0);
            }
            html.fixed("</tbody>");
        });
        if let Some((address, side)) = &picture {
            html.inside("figure", &[("class", "consensus")], |html| {
                let said = format!("Consensus matrix of {side} samples");
                html.empty("img", &[("src", address), ("alt", &said), ("class", "tile wide")]);
                html.element(
                    "figcaption",
                    &[],
                    "How often two samples share their largest component: white always, black never.",
                );
            });
        }
    });
    if let Some(cophenetic) = stability.cophenetic {
        let said = format!("Cophenetic correlation of the consensus matrix: {}.", short(cophenetic));
        html.element("p", &[("class", "note")], &said);
    }
    Ok(Some(html))
}

/// How the rank was chosen.
pub(super) fn ranks(subject: &Subject<'_>) -> Option<Html> {
    let ranks = subject.curves.ranks.as_ref().filter(|ranks| !ranks.points.is_empty())?;
    let mut html = Html::new();
    let rule = if ranks.limit.is_some() { ": the smallest within one standard error of the best" } else { "" };
    html.element("p", &[("class", "lead")], &format!("Rank {} was chosen{rule}.", ranks.chosen));
    let of = |point: &RankPoint| Point { x: point.rank as f64, y: point.mean, spread: point.standard_error };
    let all: Vec<Point> = ranks.points.iter().map(of).collect();
    html.inside("figure", &[("class", "panel half")], |html| {
        html.element("figcaption", &[], &format!("{} at each rank", ranks.measure));
        points(html, &format!("{} at each rank", ranks.measure), "rank", &all, ranks.chosen as f64, ranks.limit);
    });
    Some(html)
}
