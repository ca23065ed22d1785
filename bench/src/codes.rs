//! Codes: what a dictionary is worth for rows it has not seen: the least cost of codes.
//! In: rows Y (n x m), atoms H (r x m), a penalty.  Out: the least of sum((Y - A H)^2) + a sum(|A|) over all A.
//! Invariant: f64; coordinate descent until no entry moves by more than `STILL`; atoms longer than 1 are cut to 1, as
//! the objective asks for, so that none gains by its length.
//! Not here: how atoms are found (see `searches`).

use eckart::Matrix;

use crate::{Result, trouble};

/// A code is found when a sweep moves no entry by more than this.
const STILL: f64 = 1e-9;
/// Sweeps of a row, at most.
const SWEEPS: usize = 20_000;

/// The least cost.
pub(crate) fn least(rows: &Matrix, atoms: &Matrix, a: f64) -> Result<f64> {
    let (m, rank) = (atoms.cols(), atoms.rows());
    if rows.cols() != m {
        return trouble(format!("atoms of {m} numbers don't fit rows of {}", rows.cols()));
    }
    let mut dictionary = atoms.to_dense_f64();
    for atom in dictionary.chunks_exact_mut(m) {
        let length = atom.iter().map(|v| v * v).sum::<f64>().sqrt().max(1.0);
        atom.iter_mut().for_each(|v| *v /= length);
    }
    let upright: Vec<f64> = (0..m).flat_map(|j| dictionary.iter().skip(j).step_by(m).copied()).collect();
    let products = gram(&upright, rank);
    let mut total = 0.0;
    for row in rows.to_dense_f64().chunks_exact(m) {
        let slopes: Vec<f64> = dictionary.chunks_exact(m).map(|atom| dot(atom, row)).collect();
        let code = code(&products, slopes, a / 2.0)?;
        let mut rest = row.to_vec();
        for (atom, c) in dictionary.chunks_exact(m).zip(&code).filter(|(_, c)| **c != 0.0) {
            rest.iter_mut().zip(atom).for_each(|(sum, v)| *sum -= c * v);
        }
        total += dot(&rest, &rest) + a * code.iter().map(|c| c.abs()).sum::<f64>();
    }
    Ok(total)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The products of all pairs of columns of what is given by rows.
pub(crate) fn gram(rows: &[f64], rank: usize) -> Vec<f64> {
    let mut gram = vec![0.0; rank * rank];
    for row in rows.chunks_exact(rank) {
        for (line, &a) in gram.chunks_exact_mut(rank).zip(row) {
            line.iter_mut().zip(row).for_each(|(sum, b)| *sum += a * b);
        }
    }
    gram
}

/// The code of a row whose products with the atoms are `slopes`: entry by entry, shrunk by `half`.
fn code(products: &[f64], mut slopes: Vec<f64>, half: f64) -> Result<Vec<f64>> {
    let rank = slopes.len();
    let mut code = vec![0.0; rank];
    for _ in 0..SWEEPS {
        let mut most = 0.0_f64;
        for k in 0..rank {
            let line = &products[k * rank..][..rank];
            if line[k] == 0.0 {
                continue;
            }
            let at = slopes[k] + line[k] * code[k];
            let new = at.signum() * (at.abs() - half).max(0.0) / line[k];
            let step = new - code[k];
            if step != 0.0 {
                slopes.iter_mut().zip(line).for_each(|(slope, product)| *slope -= step * product);
                code[k] = new;
                most = most.max(step.abs());
            }
        }
        if most <= STILL {
            return Ok(code);
        }
    }
    trouble(format!("a code did not come to rest in {SWEEPS} sweeps"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_least() {
        // Orthogonal atoms: each product is shrunk by a / 2 by itself.
        let atoms = Matrix::dense(2, 2, vec![1.0, 0.0, 0.0, 1.0]).unwrap();
        let row = Matrix::dense(1, 2, vec![3.0, -0.25]).unwrap();
        let value = least(&row, &atoms, 1.0).unwrap();
        assert!((value - (0.25 + 2.5 + 0.0625)).abs() < 1e-12, "{value}");
        // An atom of length 2 is as good as one of length 1, and one of 0 is of no use.
        let long = Matrix::dense(3, 2, vec![2.0, 0.0, 0.0, 0.5, 0.0, 0.0]).unwrap();
        assert!((least(&row, &long, 1.0).unwrap() - value).abs() < 1e-12);
        // Atoms that are not orthogonal: no small change of the code is better.
        let skew = [1.0, 0.6, 0.6, 1.0];
        let found = code(&skew, vec![1.0, 0.9], 0.1).unwrap();
        let cost = |c: &[f64]| {
            c[0] * c[0] + c[1] * c[1] + 1.2 * c[0] * c[1] - 2.0 * c[0] - 1.8 * c[1] + 0.2 * (c[0].abs() + c[1].abs())
        };
        for change in [[1e-4, 0.0], [-1e-4, 0.0], [0.0, 1e-4], [0.0, -1e-4]] {
            assert!(cost(&found) <= cost(&[found[0] + change[0], found[1] + change[1]]));
        }
    }
}
