//! Eigen: all eigenvalues and vectors of a small symmetric matrix.
//! In: a symmetric k x k matrix.  Out: its eigenvalues, the greatest first, and their vectors as columns.
//! Invariant: the vectors are orthonormal to rounding.
//! Not here: matrices of more than a few hundred rows.

/// Sweeps over all pairs, at most: each squares the relative error once it is small.
const SWEEPS: usize = 30;

/// Jacobi's method: plane rotations, each of which makes one entry off the diagonal 0 (Golub and Van Loan 2013,
/// algorithm 8.5.2).
pub(super) fn eigen(mut a: Vec<f64>, k: usize) -> (Vec<f64>, Vec<f64>) {
    let mut vectors: Vec<f64> = (0..k * k).map(|at| if at % (k + 1) == 0 { 1.0 } else { 0.0 }).collect();
    for _ in 0..SWEEPS {
        let mut off = 0.0_f64;
        for p in 0..k {
            for q in p + 1..k {
                let least = f64::EPSILON * (a[p * k + p] * a[q * k + q]).abs().sqrt();
                if a[p * k + q].abs() > least {
                    off = off.max(a[p * k + q].abs());
                    rotate(&mut a, &mut vectors, k, p, q);
                }
            }
        }
        if off == 0.0 || !off.is_finite() {
            break;
        }
    }
    let mut order: Vec<usize> = (0..k).collect();
    order.sort_by(|&p, &q| a[q * k + q].total_cmp(&a[p * k + p]));
    let values = order.iter().map(|&p| a[p * k + p]).collect();
    let sorted = (0..k).flat_map(|i| order.iter().map(move |&p| i * k + p)).map(|at| vectors[at]).collect();
    (values, sorted)
}

/// The rotation in the plane of p and q that makes their common entry 0.
fn rotate(a: &mut [f64], vectors: &mut [f64], k: usize, p: usize, q: usize) {
    let (pp, qq, pq) = (a[p * k + p], a[q * k + q], a[p * k + q]);
    let tau = (qq - pp) / (2.0 * pq);
    let t = tau.signum() / (tau.abs() + tau.hypot(1.0));
    let c = 1.0 / t.hypot(1.0);
    let s = t * c;
    let rotate = |data: &mut [f64], x: usize, y: usize| {
        let (u, v) = (data[x], data[y]);
        (data[x], data[y]) = (c * u - s * v, s * u + c * v);
    };
    for i in 0..k {
        rotate(a, i * k + p, i * k + q);
        rotate(vectors, i * k + p, i * k + q);
    }
    for i in 0..k {
        rotate(a, p * k + i, q * k + i);
    }
    (a[p * k + q], a[q * k + p]) = (0.0, 0.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(a: &[f64], k: usize) {
        let (values, vectors) = eigen(a.to_vec(), k);
        assert!(values.windows(2).all(|pair| pair[0] >= pair[1]));
        for (p, value) in values.iter().enumerate() {
            for i in 0..k {
                let image: f64 = (0..k).map(|j| a[i * k + j] * vectors[j * k + p]).sum();
                assert!((image - value * vectors[i * k + p]).abs() < 1e-12, "{values:?}");
            }
            let length: f64 = (0..k).map(|i| vectors[i * k + p].powi(2)).sum();
            assert!((length - 1.0).abs() < 1e-13);
        }
    }

    #[test]
    fn values_and_vectors_belong_together() {
        check(&[2.0], 1);
        check(&[2.0, 1.0, 1.0, 2.0], 2);
        check(&[0.0; 9], 3);
        check(&[1.0; 16], 4);
        let a: Vec<f64> =
            (0..49).map(|at| ((at / 7 * (at % 7)) as f64).sin() + ((at / 7 + at % 7) as f64).cos()).collect();
        check(&a, 7);
    }
}
