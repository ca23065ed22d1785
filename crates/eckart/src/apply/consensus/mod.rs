//! Consensus: whether the starts of a search agree, and on what.
//! In: a `Factorization` whose starts were kept.  Out: `Consensus`: stability, consensus matrix, consensus components.
//! Invariant: nothing depends on the order in which starts ended, nor on the order of components within one.
//! Not here: matching (see `matching`), groups (see `linkage`), components of all starts together (see `cluster`).

mod cluster;
mod linkage;
pub(super) mod matching;

use cluster::cluster;
use linkage::Tree;
use matching::{cosines, match_rows, normalized};

use crate::data::{Matrix, evenly_spaced};
use crate::error::{Code, Error, Result};
use crate::solve::{Agreement, Factorization, Kept, MOST_COMPARED, Problem, Settings};

/// What the starts of a search agree on.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Consensus {
    /// How far they agree.
    pub agreement: Agreement,
    /// The share of starts in which two sampled columns (or rows) have the same largest component: k x k (Brunet et al.
    /// 2004).
    pub matrix: Matrix,
    /// For each start, which of its components matches each of those of the best start.
    pub matches: Vec<Vec<usize>>,
    /// The consensus components, r x m: of the components of all starts, each of length 1, in r clusters, those that no
    /// cluster of others is near left out, the median of each cluster (Kotliar et al. 2019), of the length that its
    /// members have in the middle.
    pub components: Matrix,
}

/// Compares the starts of a search that ran with [`Settings::keep_starts`].
///
/// The consensus matrix is of the data's columns where it has fewer of them than rows, else of its rows; of 2,000
/// evenly spread ones where there are more.
///
/// # Errors
/// `Setting` where fewer than two starts were kept, or the objective has no two factors that hold components.
pub fn consensus(model: &Factorization) -> Result<Consensus> {
    let kept = &model.kept;
    let Some(best) = kept.iter().find(|kept| kept.start == model.best).filter(|_| kept.len() > 1) else {
        let what = if kept.len() == 1 { "one start" } else { "no start" };
        return Err(Error::setting(
            Code::StartsNotKept,
            format!(
                "the components of {what} were kept: starts are compared where there are two or more, and two factors \
                 (n x r and r x m) hold components"
            ),
        ));
    };
    let (r, m) = best.components.shape();
    let units: Vec<Vec<f64>> = kept.iter().map(|kept| normalized(&kept.components)).collect();
    let own = normalized(&best.components);
    let mut stability = vec![0.0; r];
    let mut matches = Vec::new();
    for (kept, unit) in kept.iter().zip(&units) {
        let alike = cosines(&own, unit, r, m);
        let found = match_rows(&alike, r);
        if kept.start != best.start {
            (0..r).for_each(|k| stability[k] += alike[k * r + found[k]] / (units.len() - 1) as f64);
        }
        matches.push(found);
    }
    let of_columns = m < best.shape.0;
    let sampled = if of_columns { evenly_spaced(m, MOST_COMPARED) } else { best.sampled.clone() };
    let labels: Vec<Vec<usize>> =
        kept.iter().map(|kept| if of_columns { of_cols(kept, &sampled) } else { of_rows(kept) }).collect();
    let shares = together(&labels);
    let k = sampled.len();
    let distances: Vec<f64> = shares.iter().map(|share| 1.0 - share).collect();
    let tree = Tree::of(&distances, k);
    let agreement = Agreement {
        starts: kept.len(),
        stability,
        cophenetic: tree.cophenetic_correlation(&distances),
        of_columns,
        sampled,
        groups: tree.groups(r),
    };
    let lengths: Vec<f64> = kept.iter().flat_map(|kept| lengths(&kept.components)).collect();
    let of_starts: Vec<usize> = matches.iter().flat_map(|found| places(found)).collect();
    let mut all: Vec<f64> = units.concat();
    // A component may be turned over together with its column of W.
    for (part, &place) in all.chunks_mut(m).zip(&of_starts) {
        let along: f64 = part.iter().zip(&own[place * m..(place + 1) * m]).map(|(x, y)| x * y).sum();
        if along < 0.0 {
            part.iter_mut().for_each(|x| *x = -*x);
        }
    }
    let components = cluster(&all, &lengths, m, &of_starts, r);
    let components = Matrix::dense(r, m, components)?.cast(best.components.dtype())?;
    Ok(Consensus { agreement, matrix: Matrix::dense(k, k, shares)?, matches, components })
}

impl Consensus {
    /// The problem solved anew with the consensus components held: what all starts agree on, as a model. Where their
    /// factor was given a start, that is left out.
    ///
    /// # Errors
    /// As [`Problem::solve`]; `Setting` where the objective has no factor of the components' shape.
    pub fn refit(&self, problem: &Problem, model: &Factorization, settings: &Settings) -> Result<Factorization> {
        let fits = |(_, matrix): &&(String, Matrix)| matrix.shape() == self.components.shape();
        let Some((name, _)) = model.factors.iter().rev().find(fits) else {
            return Err(Error::setting(Code::NoComponents, "no factor holds the components"));
        };
        // The checkpoint is of the search whose starts were compared.
        let settings =
            Settings { n_init: Some(1), keep_starts: false, checkpoint: None, resume: None, ..settings.clone() };
        let mut found = problem.matched()?.into_owned().fix_instead(name, &self.components).solve(&settings)?;
        found.agreement = Some(self.agreement.clone());
        found.row_names.clone_from(&model.row_names);
        found.col_names.clone_from(&model.col_names);
        found.row_ids.clone_from(&model.row_ids);
        found.col_ids.clone_from(&model.col_ids);
        found.component_names.clone_from(&model.component_names);
        Ok(found)
    }
}

/// For each sampled column, the component of which it has most: by what the component adds to it over all rows.
fn of_cols(kept: &Kept, sampled: &[usize]) -> Vec<usize> {
    let most = |&j: &usize| largest(kept.lengths.len(), |k| (kept.components.get(k, j) * kept.lengths[k]).abs());
    sampled.iter().map(most).collect()
}

/// For each kept row, the component of which it has most: by what the component adds to it over all columns.
fn of_rows(kept: &Kept) -> Vec<usize> {
    let lengths = lengths(&kept.components);
    (0..kept.rows.rows()).map(|i| largest(lengths.len(), |k| (kept.rows.get(i, k) * lengths[k]).abs())).collect()
}

/// The first of the greatest.
fn largest(count: usize, of: impl Fn(usize) -> f64) -> usize {
    (1..count).fold(0, |best, k| if of(k) > of(best) { k } else { best })
}

/// The Euclidean length of each row.
fn lengths(matrix: &Matrix) -> Vec<f64> {
    let values = matrix.values_f64();
    values.chunks(matrix.cols()).map(|row| row.iter().map(|x| x * x).sum::<f64>().sqrt()).collect()
}

/// For each component of a start, the one of the best start that it matches.
fn places(found: &[usize]) -> Vec<usize> {
    let mut places = vec![0; found.len()];
    found.iter().enumerate().for_each(|(of_best, &own)| places[own] = of_best);
    places
}

/// The share of labellings in which two have the same label.
fn together(labels: &[Vec<usize>]) -> Vec<f64> {
    let k = labels.first().map_or(0, Vec::len);
    let mut shares = vec![0.0; k * k];
    for label in labels {
        for a in 0..k {
            for b in 0..k {
                shares[a * k + b] += f64::from(u8::from(label[a] == label[b]));
            }
        }
    }
    shares.iter_mut().for_each(|share| *share /= labels.len() as f64);
    shares
}
