//! Measure: how well a model predicts entries that it has not seen.
//! In: a `Predictor`, test entries, what was known.  Out: `Measures`.
//! Invariant: each figure is a mean over what it is said of, and says how many that is.
//! Not here: how entries are held out (see `hold_out`).

use super::Predictor;
use super::recommend::{check_known, recommend};
use crate::data::Matrix;
use crate::error::{Code, Error, Result};

/// How well a model predicts.
#[derive(Debug, Clone, PartialEq)]
pub struct Measures {
    /// Test entries.
    pub entries: usize,
    /// The errors of the predictions; `None` where these are not of the scale of the data
    /// ([`Predictor::is_to_scale`]).
    pub errors: Option<Errors>,
    /// What a list of the k largest predictions is worth; `None` where no row has an entry that is relevant.
    pub ranking: Option<Ranking>,
}

/// How far predictions of entries are off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Errors {
    /// The root of the mean squared error.
    pub rmse: f64,
    /// The mean size of the error.
    pub mae: f64,
}

/// What lists of the k largest predictions of each row, columns that were known left out, are worth: means over rows
/// that have at least one relevant test entry (Herlocker et al. 2004; Jarvelin and Kekalainen 2002, for gains of 0 and
/// 1).
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    /// Columns in a list.
    pub k: usize,
    /// Rows that count.
    pub rows: usize,
    /// The share of the list that is relevant.
    pub precision: f64,
    /// The share of what is relevant that is in the list.
    pub recall: f64,
    /// The discounted gain, sum 1 / log2(1 + place), as a share of the most that it could be.
    pub ndcg: f64,
    /// The mean of the precisions down to each relevant place, as a share of what could be had: over min(k, relevant).
    pub map: f64,
}

/// Measures a model on `test`, a sparse n x m matrix of entries; `known` holds those that it was fitted to, whose
/// columns are no candidates for a row's list of `k`. A test entry ([`Predictor::entries_of_row`]) is relevant where it
/// is at least `relevant`; `None`: all are.
///
/// # Errors
/// `Shape` where a matrix has another shape than the model's data; `Setting` where there is no test entry, or k is 0.
pub fn measure(
    predictor: &Predictor,
    test: &Matrix,
    known: Option<&Matrix>,
    k: usize,
    relevant: Option<f64>,
) -> Result<Measures> {
    check_known(predictor, known)?;
    if k == 0 {
        let message = "a list of 0 columns can't be measured: choose k of 1 or more";
        return Err(Error::setting(Code::SettingOutOfRange, message));
    }
    let predicted = predictor.entries(test)?;
    if predicted.is_empty() {
        return Err(Error::setting(Code::EmptySplit, "there is no test entry to measure on"));
    }
    let actual = test.values_f64().into_iter().filter(|v| !v.is_nan());
    let errors: Vec<f64> = predicted.iter().zip(actual).map(|(p, v)| p - v).collect();
    let mean = |of: fn(&f64) -> f64| errors.iter().map(of).sum::<f64>() / errors.len() as f64;
    let of_scale = || Errors { rmse: mean(|e| e * e).sqrt(), mae: mean(|e| e.abs()) };
    let ranking = rank(predictor, test, known, k, relevant)?;
    Ok(Measures { entries: errors.len(), errors: predictor.is_to_scale().then(of_scale), ranking })
}

fn rank(
    predictor: &Predictor,
    test: &Matrix,
    known: Option<&Matrix>,
    k: usize,
    relevant: Option<f64>,
) -> Result<Option<Ranking>> {
    let wanted = |i: usize| -> Vec<usize> {
        let counts = |&(_, value): &(usize, f64)| relevant.is_none_or(|least| value >= least);
        predictor.entries_of_row(test, i).into_iter().filter(counts).map(|(j, _)| j).collect()
    };
    let rows: Vec<usize> = (0..test.rows()).filter(|&i| !wanted(i).is_empty()).collect();
    if rows.is_empty() {
        return Ok(None);
    }
    let mut sums = [0.0; 4];
    recommend(predictor, &rows, k, known, |i, list| {
        let wanted = wanted(i);
        let hits: Vec<bool> = list.iter().map(|scored| wanted.binary_search(&scored.index).is_ok()).collect();
        for (sum, value) in sums.iter_mut().zip(of_list(&hits, wanted.len(), k)) {
            *sum += value;
        }
    })?;
    let [precision, recall, ndcg, map] = sums.map(|sum| sum / rows.len() as f64);
    Ok(Some(Ranking { k, rows: rows.len(), precision, recall, ndcg, map }))
}

/// Precision, recall, normalized discounted gain and average precision of one list.
fn of_list(hits: &[bool], wanted: usize, k: usize) -> [f64; 4] {
    let found = hits.iter().filter(|hit| **hit).count();
    let gain = |at: usize| 1.0 / (at as f64 + 2.0).log2();
    let gained: f64 = (0..hits.len()).filter(|&at| hits[at]).map(gain).sum();
    let most: f64 = (0..wanted.min(k)).map(gain).sum();
    let (mut so_far, mut precisions) = (0.0, 0.0);
    for (at, _) in hits.iter().enumerate().filter(|(_, hit)| **hit) {
        so_far += 1.0;
        precisions += so_far / (at as f64 + 1.0);
    }
    [found as f64 / k as f64, found as f64 / wanted as f64, gained / most, precisions / wanted.min(k) as f64]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_worth_what_the_books_say() {
        // Places 1 and 3 of 4 are relevant, 3 columns are in all.
        let [precision, recall, ndcg, map] = of_list(&[true, false, true, false], 3, 4);
        assert_eq!((precision, recall), (0.5, 2.0 / 3.0));
        assert!((map - (1.0 + 2.0 / 3.0) / 3.0).abs() < 1e-15);
        let most = 1.0 + 1.0 / 3f64.log2() + 0.5;
        assert!((ndcg - 1.5 / most).abs() < 1e-15);
        assert_eq!(of_list(&[true, true], 5, 2), [1.0, 0.4, 1.0, 1.0]);
        assert_eq!(of_list(&[false], 1, 3), [0.0; 4]);
    }
}
