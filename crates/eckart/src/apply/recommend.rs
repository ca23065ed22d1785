//! Recommend: the columns that a model predicts the most for a row, the top N.
//! In: a `Predictor`, rows, what is known of them.  Out: columns by number with their scores, the largest first.
//! Invariant: what is known is left out; of equal scores the column of the lower number comes first.
//! Not here: names (see the command).

use super::Predictor;
use crate::data::Matrix;
use crate::error::{Code, Error, Result};

/// A column, or a row, and its score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// Its number, from 0.
    pub index: usize,
    /// The prediction, or the similarity.
    pub score: f64,
}

/// Rows that are predicted at a time.
const BLOCK: usize = 64;

/// For each of some rows of the fit the `top` columns of the largest predictions, the columns that `known` (n x m) has
/// entries in ([`Predictor::entries_of_row`]) left out. Hands each row's number and list to `visit`, in the order
/// asked for.
///
/// # Errors
/// `Data` where there is no such row; `Shape` where `known` has another shape than the data of the fit.
pub fn recommend(
    predictor: &Predictor,
    rows: &[usize],
    top: usize,
    known: Option<&Matrix>,
    mut visit: impl FnMut(usize, Vec<Scored>),
) -> Result<()> {
    check_known(predictor, known)?;
    for block in rows.chunks(BLOCK) {
        let scores = predictor.rows(block)?;
        let (all, cols) = (scores.values_f64(), scores.cols());
        for (&i, scores) in block.iter().zip(all.chunks(cols)) {
            let known = known.map_or_else(Vec::new, |known| predictor.entries_of_row(known, i));
            visit(i, best(scores, top, &known));
        }
    }
    Ok(())
}

pub(super) fn check_known(predictor: &Predictor, known: Option<&Matrix>) -> Result<()> {
    let Some(known) = known.filter(|known| known.shape() != predictor.shape()) else { return Ok(()) };
    let (n, m) = predictor.shape();
    let text = format!("what is known is {} x {}, the model's data is {n} x {m}", known.rows(), known.cols());
    Err(Error::shape(Code::WrongShape, text, "Give the data in the order of the model's rows and columns"))
}

/// The largest scores of a row, those of columns that are `known` ([`Predictor::entries_of_row`]) left out.
pub fn best(scores: &[f64], top: usize, known: &[(usize, f64)]) -> Vec<Scored> {
    let mut open = vec![true; scores.len()];
    known.iter().for_each(|(j, _)| open[*j] = false);
    let fits = |index: usize| open[index] && !scores[index].is_nan();
    let of = |index: usize| Scored { index, score: scores[index] };
    largest((0..scores.len()).filter(|&index| fits(index)).map(of).collect(), top)
}

/// The `top` largest, of equals the lower number first.
pub(crate) fn largest(mut all: Vec<Scored>, top: usize) -> Vec<Scored> {
    let order = |a: &Scored, b: &Scored| b.score.total_cmp(&a.score).then(a.index.cmp(&b.index));
    if top < all.len() {
        if top > 0 {
            all.select_nth_unstable_by(top - 1, order);
        }
        all.truncate(top);
    }
    all.sort_by(order);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_the_lower_number_and_what_is_known_is_left_out() {
        let known = [(1, 5.0), (4, 0.0)];
        let scores = [1.0, 9.0, 3.0, f64::NAN, 8.0, 3.0];
        let of = |top, known: &[(usize, f64)]| best(&scores, top, known).iter().map(|s| s.index).collect::<Vec<_>>();
        assert_eq!(of(3, &[]), [1, 4, 2]);
        assert_eq!(of(3, &known), [2, 5, 0]);
        assert_eq!(of(9, &known), [2, 5, 0]);
        assert!(of(0, &[]).is_empty());
    }
}
