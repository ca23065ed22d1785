//! Digest: a matrix in two numbers, so that both sides can be held to each other without sending it.
//! In: a matrix.  Out: its Euclidean length, and its sum weighted by cos(i + 2 j).
//! Invariant: computed in f64, the same as in `peers/worker.py`; entries in another order or of another sign change it.
//! Not here: how far two may be apart (see `xtask`).

use eckart::Matrix;

/// (length, weighted sum).
pub(crate) fn digest(matrix: &Matrix) -> [f64; 2] {
    let values = matrix.to_dense_f64();
    let (mut square, mut weighted) = (0.0, 0.0);
    for (i, row) in values.chunks_exact(matrix.cols()).enumerate() {
        for (j, value) in row.iter().enumerate() {
            square += value * value;
            weighted += value * ((i + 2 * j) as f64).cos();
        }
    }
    [square.sqrt(), weighted]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_sign_show() {
        let of = |values: Vec<f64>| digest(&Matrix::dense(2, 2, values).unwrap());
        assert_eq!(of(vec![3.0, 0.0, 0.0, 4.0])[0], 5.0);
        assert_eq!(of(vec![2.0, 0.0, 0.0, 0.0]), [2.0, 2.0]);
        assert_ne!(of(vec![1.0, 2.0, 3.0, 4.0])[1], of(vec![1.0, 3.0, 2.0, 4.0])[1]);
    }
}
