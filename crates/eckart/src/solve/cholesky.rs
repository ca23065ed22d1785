//! Cholesky: small symmetric systems.
//! In: a symmetric r x r matrix without negative eigenvalues, right sides.  Out: solutions.
//! Invariant: a singular matrix is made regular by the least multiple of the identity, tried in steps, that lets it be
//! factored.
//! Not here: which systems (see `block`, `svd`).

/// M = G + shift I = L L.T.
pub(crate) struct Cholesky {
    lower: Vec<f64>,
    r: usize,
    /// What was added to the diagonal.
    pub shift: f64,
}

/// Of the mean of the diagonal: the first shift that is tried where none does not do.
const FIRST_SHIFT: f64 = 1e-13;
/// A pivot below this share of its diagonal entry says that the matrix is singular to working precision.
const LEAST_PIVOT: f64 = 1e-13;

impl Cholesky {
    /// Factors `gram` (Golub and Van Loan 2013, algorithm 4.2.1); `None` where it is 0 or not finite.
    pub(crate) fn of(gram: &[f64], r: usize) -> Option<Self> {
        Self::shifted(gram, r, 0.0)
    }

    /// The same with at least this share of the mean of the diagonal added to it.
    pub(super) fn shifted(gram: &[f64], r: usize, least: f64) -> Option<Self> {
        let scale = (0..r).map(|k| gram[k * r + k]).sum::<f64>() / r as f64;
        if !(scale > 0.0 && scale.is_finite()) {
            return None;
        }
        let mut shift = least * scale;
        for _ in 0..14 {
            if let Some(lower) = factor(gram, r, shift) {
                return Some(Self { lower, r, shift });
            }
            shift = if shift == 0.0 { FIRST_SHIFT * scale } else { 10.0 * shift };
        }
        None
    }

    /// L^-1 b, in place.
    pub(super) fn forward(&self, b: &mut [f64]) {
        let (l, r) = (&self.lower, self.r);
        for k in 0..r {
            let known: f64 = l[k * r..k * r + k].iter().zip(&b[..k]).map(|(x, y)| x * y).sum();
            b[k] = (b[k] - known) / l[k * r + k];
        }
    }

    /// M^-1, row by row.
    pub(super) fn inverse(&self) -> Vec<f64> {
        let mut inverse = vec![0.0; self.r * self.r];
        for (k, row) in inverse.chunks_mut(self.r).enumerate() {
            row[k] = 1.0;
            self.solve(row);
        }
        inverse
    }

    /// M^-1 b, in place.
    pub(crate) fn solve(&self, b: &mut [f64]) {
        self.forward(b);
        let (l, r) = (&self.lower, self.r);
        for k in (0..r).rev() {
            b[k] /= l[k * r + k];
            let done = b[k];
            for i in 0..k {
                b[i] -= l[k * r + i] * done;
            }
        }
    }
}

fn factor(gram: &[f64], r: usize, shift: f64) -> Option<Vec<f64>> {
    let mut l = vec![0.0; r * r];
    for k in 0..r {
        let diagonal = gram[k * r + k] + shift;
        for i in k..r {
            let known: f64 = (0..k).map(|p| l[i * r + p] * l[k * r + p]).sum();
            if i == k {
                let pivot = diagonal - known;
                if !(pivot > LEAST_PIVOT * diagonal && pivot.is_finite()) {
                    return None;
                }
                l[k * r + k] = pivot.sqrt();
            } else {
                l[i * r + k] = (gram[i * r + k] - known) / l[k * r + k];
            }
        }
    }
    Some(l)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_solved() {
        let gram = [4.0, 2.0, 0.6, 2.0, 5.0, 1.0, 0.6, 1.0, 3.0];
        let mut x = [1.0, -2.0, 0.5];
        let solver = Cholesky::of(&gram, 3).unwrap();
        solver.solve(&mut x);
        for (k, b) in [1.0, -2.0, 0.5].iter().enumerate() {
            let product: f64 = (0..3).map(|l| gram[k * 3 + l] * x[l]).sum();
            assert!((product - b).abs() < 1e-14);
        }
        assert_eq!(solver.shift, 0.0);
    }

    #[test]
    fn a_singular_matrix_is_shifted_and_nothing_is_refused() {
        let solver = Cholesky::of(&[1.0, 1.0, 1.0, 1.0], 2).unwrap();
        assert!(solver.shift > 0.0 && solver.shift < 1e-10);
        let mut x = [1.0, 1.0];
        solver.solve(&mut x);
        assert!((x[0] + x[1] - 1.0).abs() < 1e-9);
        assert!(Cholesky::of(&[0.0; 4], 2).is_none());
        assert!(Cholesky::of(&[f64::NAN, 0.0, 0.0, 1.0], 2).is_none());
    }
}
