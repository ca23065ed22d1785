//! Matching: which components of one start are those of another.
//! In: components (r x m) of two starts.  Out: a permutation.
//! Invariant: no other permutation has a larger sum of cosines.
//! Not here: more than two starts at once (see `cluster`).

use crate::data::Matrix;

/// The rows, each of length 1 (or all 0).
pub(super) fn normalized(components: &Matrix) -> Vec<f64> {
    let mut values = components.values_f64();
    values.chunks_mut(components.cols()).for_each(|row| scale_to(row, 1.0));
    values
}

/// Gives a vector a length; one of length 0 keeps it.
pub(in crate::apply) fn scale_to(vector: &mut [f64], length: f64) {
    let own = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
    let by = if own > 0.0 { length / own } else { 0.0 };
    vector.iter_mut().for_each(|x| *x *= by);
}

/// The cosines between rows of length 1: r x r, by size, since the sign of a component may change together with that of
/// its column of W.
pub(super) fn cosines(a: &[f64], b: &[f64], r: usize, m: usize) -> Vec<f64> {
    let dot = |k: usize, l: usize| {
        let (x, y) = (&a[k * m..(k + 1) * m], &b[l * m..(l + 1) * m]);
        x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>().abs()
    };
    (0..r * r).map(|at| dot(at / r, at % r)).collect()
}

/// For each row the column that it is matched with, so that the sum of `worth` (r x r) is greatest: the Hungarian
/// method by shortest augmenting paths (Kuhn 1955; Jonker and Volgenant 1987).
pub(super) fn match_rows(worth: &[f64], r: usize) -> Vec<usize> {
    // Numbered from 1; 0 stands for "none".
    let cost = |row: usize, col: usize| {
        let worth = worth[(row - 1) * r + col - 1];
        // What is undefined is worth less than any cosine.
        if worth.is_nan() { 2.0 } else { -worth }
    };
    let (mut of_row, mut of_col) = (vec![0.0; r + 1], vec![0.0; r + 1]);
    let mut matched = vec![0; r + 1];
    for row in 1..=r {
        matched[0] = row;
        let mut at = 0;
        let (mut least, mut before, mut done) = (vec![f64::INFINITY; r + 1], vec![0; r + 1], vec![false; r + 1]);
        while matched[at] != 0 {
            done[at] = true;
            let (own, mut step, mut next) = (matched[at], f64::INFINITY, 0);
            for col in (1..=r).filter(|&col| !done[col]) {
                let reduced = cost(own, col) - of_row[own] - of_col[col];
                if reduced < least[col] {
                    (least[col], before[col]) = (reduced, at);
                }
                if least[col] < step {
                    (step, next) = (least[col], col);
                }
            }
            for col in 0..=r {
                if done[col] {
                    of_row[matched[col]] += step;
                    of_col[col] -= step;
                } else {
                    least[col] -= step;
                }
            }
            at = next;
        }
        while at != 0 {
            matched[at] = matched[before[at]];
            at = before[at];
        }
    }
    let mut found = vec![0; r];
    (1..=r).for_each(|col| found[matched[col] - 1] = col - 1);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_other_matching_is_worth_more() {
        let r = 5;
        let mut state = 1_u64;
        let mut number = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / (1_u64 << 31) as f64
        };
        for _ in 0..50 {
            let worth: Vec<f64> = (0..r * r).map(|_| number()).collect();
            let sum = |of: &[usize]| of.iter().enumerate().map(|(k, &l)| worth[k * r + l]).sum::<f64>();
            let found = match_rows(&worth, r);
            let mut best = 0.0_f64;
            for code in 0..r.pow(r as u32) {
                let of: Vec<usize> = (0..r).map(|k| code / r.pow(k as u32) % r).collect();
                if (0..r).all(|l| of.contains(&l)) {
                    best = best.max(sum(&of));
                }
            }
            assert!((sum(&found) - best).abs() < 1e-12, "{found:?}");
        }
        assert_eq!(match_rows(&[f64::NAN; 4], 2).len(), 2);
    }
}
