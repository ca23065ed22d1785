//! Judge: the value of factors, for both sides by one routine.
//! In: X, the factors, what is held out.  Out: the objective, or what the factors are worth for data not seen.
//! Invariant: all arithmetic in f64; each residual is formed by itself, so that no difference of large sums is taken,
//! but for implicit feedback, whose sum over all entries is that of two Grams.
//! Not here: who found the factors, codes of rows that were held out (see `codes`).

use std::path::Path;

use eckart::Matrix;

use crate::codes::gram;
use crate::{Result, arrays, codes, trouble};

/// What is computed; the numbers are those of the objective (see `searches`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Judge {
    /// sum((X - W H)^2).
    SquaredError,
    /// sum(kl(X, W H)).
    Divergence,
    /// Squares of the residuals at the stored entries, and `a` times the squares of the factors.
    Ratings { a: f64 },
    /// sum((1 + c X) (observed(X) - W H)^2), and `a` times the squares of the factors.
    Implicit { c: f64, a: f64 },
    /// The root of the mean square of the residuals at the entries that were held out.
    HeldOutEntries,
    /// The least of sum((Y - A H)^2) + a sum(|A|) over all A, Y being the rows that were held out.
    HeldOutRows { a: f64 },
}

impl Judge {
    /// Whether it looks at data that the search has not seen, so that it is not the cost.
    pub(crate) fn is_of_held_out(self) -> bool {
        matches!(self, Self::HeldOutEntries | Self::HeldOutRows { .. })
    }

    /// The value of factors of X; `folder` is the data set's.
    pub(crate) fn value(self, x: &Matrix, folder: &Path, factors: &[Matrix]) -> Result<f64> {
        if let (Self::HeldOutRows { a }, [atoms]) = (self, factors) {
            let rows = arrays::read_data(&folder.join(arrays::HELD))?;
            return codes::least(&rows, atoms, a);
        }
        let [w, h] = factors else { return trouble("these are not the factors to judge") };
        if (w.rows(), w.cols(), h.cols()) != (x.rows(), h.rows(), x.cols()) {
            return trouble(format!("factors of {:?} and {:?} don't fit X, {:?}", w.shape(), h.shape(), x.shape()));
        }
        let pair = Factors::new(w, h);
        Ok(match self {
            Self::SquaredError => pair.squared_error(x),
            Self::Divergence => pair.at_stored(x, divergence) + pair.total(),
            Self::Ratings { a } => pair.at_stored(x, |x, s| (x - s).powi(2)) + a * pair.squares(),
            Self::Implicit { c, a } => {
                let stored = pair.at_stored(x, |x, s| (1.0 + c * x) * (1.0 - s).powi(2) - s * s);
                stored + pair.total_of_squares() + a * pair.squares()
            }
            Self::HeldOutEntries => {
                let held = arrays::read_data(&folder.join(arrays::HELD))?;
                (pair.at_stored(&held, |x, s| (x - s).powi(2)) / held.stored() as f64).sqrt()
            }
            Self::HeldOutRows { .. } => return trouble("a dictionary is one factor"),
        })
    }
}

/// x log(x / s) - x, of which the sum of all s is still to be added.
fn divergence(x: f64, s: f64) -> f64 {
    if x > 0.0 { x * (x / s).ln() - x } else { 0.0 }
}

/// W by rows and H by columns.
struct Factors {
    rank: usize,
    w: Vec<f64>,
    h: Vec<f64>,
}

impl Factors {
    fn new(w: &Matrix, h: &Matrix) -> Self {
        let (rank, cols, values) = (h.rows(), h.cols(), h.to_dense_f64());
        let upright = (0..cols).flat_map(|j| (0..rank).map(move |k| (k, j))).map(|(k, j)| values[k * cols + j]);
        Self { rank, w: w.to_dense_f64(), h: upright.collect() }
    }

    fn at(&self, i: usize, j: usize) -> f64 {
        let (w, h) = (&self.w[i * self.rank..][..self.rank], &self.h[j * self.rank..][..self.rank]);
        w.iter().zip(h).map(|(a, b)| a * b).sum()
    }

    /// The sum of `term` of the pairs of x and of W H at the stored entries, or at all entries of dense data.
    fn at_stored(&self, x: &Matrix, term: impl Fn(f64, f64) -> f64) -> f64 {
        let values = x.values_f64();
        let row = |i: usize| -> f64 {
            if let Some(pattern) = x.pattern() {
                let indices = pattern.indices();
                pattern.range(i).map(|at| term(values[at], self.at(i, indices[at] as usize))).sum()
            } else {
                (0..x.cols()).map(|j| term(values[i * x.cols() + j], self.at(i, j))).sum()
            }
        };
        (0..x.rows()).map(row).sum()
    }

    /// sum((X - W H)^2).
    fn squared_error(&self, x: &Matrix) -> f64 {
        if x.pattern().is_none() {
            return self.at_stored(x, |x, s| (x - s).powi(2));
        }
        let (m, values) = (x.cols(), x.values_f64());
        let mut of_row = vec![0.0; m];
        let mut total = 0.0;
        for i in 0..x.rows() {
            of_row.fill(0.0);
            if let Some(pattern) = x.pattern() {
                pattern.range(i).for_each(|at| of_row[pattern.indices()[at] as usize] = values[at]);
            }
            total += of_row.iter().enumerate().map(|(j, value)| (value - self.at(i, j)).powi(2)).sum::<f64>();
        }
        total
    }

    /// The sum of all entries of W H.
    fn total(&self) -> f64 {
        let sum = |numbers: &[f64], k: usize| numbers.iter().skip(k).step_by(self.rank).sum::<f64>();
        (0..self.rank).map(|k| sum(&self.w, k) * sum(&self.h, k)).sum()
    }

    /// The sum of the squares of all entries of W H.
    fn total_of_squares(&self) -> f64 {
        let (left, right) = (gram(&self.w, self.rank), gram(&self.h, self.rank));
        left.iter().zip(&right).map(|(a, b)| a * b).sum()
    }

    /// The sum of the squares of all entries of both.
    fn squares(&self) -> f64 {
        self.w.iter().chain(&self.h).map(|v| v * v).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(judge: Judge, x: &Matrix, expected: f64) {
        let w = Matrix::dense(2, 1, vec![1.0, 2.0]).unwrap();
        let h = Matrix::dense(1, 2, vec![1.0, 3.0]).unwrap();
        let value = judge.value(x, Path::new("nowhere"), &[w, h]).unwrap();
        assert!((value - expected).abs() < 1e-12, "{judge:?}: {value} is not {expected}");
    }

    #[test]
    fn values_are_those_of_the_formulas() {
        // W H is 1, 3; 2, 6.
        let sparse = Matrix::from_triplets(2, 2, vec![(0, 1, 5.0)]).unwrap();
        let dense = Matrix::dense(2, 2, vec![0.0, 5.0, 0.0, 0.0]).unwrap();
        for x in [&sparse, &dense] {
            check(Judge::SquaredError, x, 1.0 + 4.0 + 4.0 + 36.0);
            check(Judge::Divergence, x, 5.0 * (5.0_f64 / 3.0).ln() - 5.0 + 12.0);
        }
        check(Judge::Ratings { a: 0.5 }, &sparse, 4.0 + 0.5 * (5.0 + 10.0));
        check(Judge::Implicit { c: 2.0, a: 0.5 }, &sparse, 1.0 + 11.0 * 4.0 + 4.0 + 36.0 + 7.5);
    }

    #[test]
    fn what_is_held_out_is_judged() {
        let folder = std::env::temp_dir().join(format!("eckart-bench-judge-{}", std::process::id()));
        std::fs::create_dir_all(folder.join(arrays::HELD)).unwrap();
        let held = Matrix::from_triplets(2, 2, vec![(0, 0, 2.0f32), (1, 1, 3.0)]).unwrap();
        arrays::write_data(&folder.join(arrays::HELD), &held).unwrap();
        let x = Matrix::from_triplets(2, 2, vec![(0, 1, 5.0f32)]).unwrap();
        let [w, h] = [(2, 1), (1, 2)].map(|(n, m)| Matrix::from_fn(n, m, |_, _| 1.0).unwrap());
        let value = Judge::HeldOutEntries.value(&x, &folder, &[w, h.clone()]).unwrap();
        assert!((value - 2.5_f64.sqrt()).abs() < 1e-12, "{value}");
        assert!(Judge::SquaredError.value(&x, &folder, &[h]).is_err());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
