//! Patches: small squares of natural pictures, for dictionaries.
//! In: pictures.  Out: a patch per row, its mean taken off, its length 1, as the documentation of SPAMS does it.
//! Invariant: places from a fixed seed; a patch without contrast is drawn anew.
//! Not here: where the pictures are (see `sets`).

use eckart::Matrix;

use crate::random::Stream;
use crate::{Result, trouble};

/// A patch that varies less than this (root of the mean square, of 256 greys) shows nothing.
const CONTRAST: f64 = 2.0;

/// `count` patches of `side` x `side`, from any of the pictures.
pub(crate) fn patches(pictures: &[Matrix], count: usize, side: usize) -> Result<Matrix> {
    if pictures.is_empty() || pictures.iter().any(|p| p.rows() < side || p.cols() < side) {
        return trouble(format!("there is no picture, or one smaller than {side} x {side}"));
    }
    let greys: Vec<Vec<f64>> = pictures.iter().map(Matrix::to_dense_f64).collect();
    let mut random = Stream(3);
    let mut values: Vec<f32> = Vec::with_capacity(count * side * side);
    for _ in 0..1_000 * count {
        if values.len() == count * side * side {
            break;
        }
        let k = random.below(pictures.len());
        let (rows, cols) = pictures[k].shape();
        let (top, left) = (random.below(rows - side + 1), random.below(cols - side + 1));
        let line = |i: usize| &greys[k][(top + i) * cols + left..][..side];
        values.extend(whitened((0..side).flat_map(line)).into_iter().flatten());
    }
    Ok(Matrix::dense(count, side * side, values)?)
}

/// The patch without its mean, of length 1; none if it has no contrast.
fn whitened<'a>(patch: impl Iterator<Item = &'a f64> + Clone) -> Option<Vec<f32>> {
    let count = patch.clone().count() as f64;
    let mean = patch.clone().sum::<f64>() / count;
    let length = patch.clone().map(|v| (v - mean).powi(2)).sum::<f64>().sqrt();
    let shows = length >= CONTRAST * count.sqrt();
    shows.then(|| patch.map(|v| ((v - mean) / length) as f32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_have_no_mean_and_length_one() {
        let picture = Matrix::from_fn(20, 30, |i, j| if i < 10 { 7.0 } else { ((i * j) % 17) as f64 * 10.0 }).unwrap();
        let x = patches(std::slice::from_ref(&picture), 40, 4).unwrap();
        assert_eq!(x.shape(), (40, 16));
        for row in x.to_dense_f64().chunks_exact(16) {
            let (sum, square) = (row.iter().sum::<f64>(), row.iter().map(|v| v * v).sum::<f64>());
            assert!(sum.abs() < 1e-5 && (square - 1.0).abs() < 1e-5, "{sum} {square}");
        }
        assert!(patches(&[picture], 1, 25).is_err());
        let flat = Matrix::from_fn(9, 9, |_, _| 3.0).unwrap();
        assert!(patches(&[flat], 1, 4).is_err());
    }
}
