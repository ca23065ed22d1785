//! Judge: the value of factors, for both sides by one routine.
//! In: X, W and H.  Out: the sum of squares of X - W H.
//! Law: all arithmetic in f64, each residual formed by itself, so that no difference of large sums is taken.
//! Not here: who found the factors.

use eckart::Matrix;

/// sum((X - W H)^2).
pub(crate) fn squared_error(x: &Matrix, w: &Matrix, h: &Matrix) -> f64 {
    let (m, rank) = (x.cols(), w.cols());
    let (codes, parts) = (w.values_f64(), h.values_f64());
    let values = x.values_f64();
    let mut row = vec![0.0; m];
    let mut total = 0.0;
    for i in 0..x.rows() {
        row.fill(0.0);
        for k in 0..rank {
            let weight = codes[i * rank + k];
            for (sum, part) in row.iter_mut().zip(&parts[k * m..(k + 1) * m]) {
                *sum -= weight * part;
            }
        }
        if let Some(pattern) = x.pattern() {
            for at in pattern.range(i) {
                row[pattern.indices()[at] as usize] += values[at];
            }
        } else {
            for (sum, value) in row.iter_mut().zip(&values[i * m..(i + 1) * m]) {
                *sum += value;
            }
        }
        total += row.iter().map(|v| v * v).sum::<f64>();
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_residual_is_squared_stored_or_not() {
        let w = Matrix::dense(2, 1, vec![1.0, 2.0]).unwrap();
        let h = Matrix::dense(1, 2, vec![1.0, 3.0]).unwrap();
        let sparse = Matrix::from_triplets(2, 2, vec![(0, 1, 5.0)]).unwrap();
        let dense = Matrix::dense(2, 2, vec![0.0, 5.0, 0.0, 0.0]).unwrap();
        for x in [sparse, dense] {
            assert_eq!(squared_error(&x, &w, &h), 1.0 + 4.0 + 4.0 + 36.0);
        }
    }
}
