//! Hold out: entries kept apart to test on, chosen by a hash of where they are.
//! In: a share, a seed.  Out: for each entry whether it is held out; a matrix split in two.
//! Invariant: whether (i, j) is held out depends on i, j, the seed and the share alone: no mask is stored, and other
//! entries don't matter.
//! Not here: what is done with the parts (see `measure`, `rank`).

use crate::data::{Matrix, Pattern, Real, Sparse, Storage};
use crate::error::{Code, Error, Result};

/// Which entries are held out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HoldOut {
    threshold: u64,
    seed: u64,
}

impl HoldOut {
    /// About `share` of all entries, between 0 and 1.
    ///
    /// # Errors
    /// `Setting` where the share is not between 0 and 1.
    pub fn new(share: f64, seed: u64) -> Result<Self> {
        if !(share > 0.0 && share < 1.0) {
            let message = format!("a share of {share} can't be held out: choose one between 0 and 1");
            return Err(Error::setting(Code::SettingOutOfRange, message));
        }
        Ok(Self { threshold: (share * (1_u64 << 32) as f64 * (1_u64 << 32) as f64) as u64, seed })
    }

    /// Whether entry (i, j) is held out.
    pub fn holds(&self, i: usize, j: usize) -> bool {
        mixed(mixed(self.seed ^ mixed(i as u64 + 1)).wrapping_add(j as u64 + 1)) < self.threshold
    }

    /// The zeros of a sparse matrix, which it does not store, that are held out at the rate of `share`: (row, column)
    /// in order. They are found row by row from the gaps between them, in as many steps as there are.
    pub(super) fn zeros(&self, x: &Pattern, share: f64) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let keep = (1.0 - share).ln();
        for i in 0..x.rows() {
            let (mut state, mut next) = (mixed(self.seed ^ mixed(!(i as u64))), 0.0);
            loop {
                state = mixed(state);
                let uniform = ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
                next += (uniform.ln() / keep).floor();
                if next >= x.cols() as f64 {
                    break;
                }
                if x.find(i, next as usize).is_none() {
                    found.push((i, next as usize));
                }
                next += 1.0;
            }
        }
        found
    }

    /// The matrix without the entries held out, and these as a sparse matrix of the same shape. Stored entries are
    /// split where it is sparse, those that are not missing where it is dense: there they are missing in the first
    /// part.
    ///
    /// # Errors
    /// `Data` where one of the parts would have no entry.
    pub fn split(&self, x: &Matrix) -> Result<(Matrix, Matrix)> {
        let (kept, held) = match x.storage() {
            Storage::DenseF32(values) => self.split_dense(values, x.shape())?,
            Storage::DenseF64(values) => self.split_dense(values, x.shape())?,
            Storage::SparseF32(sparse) => self.split_sparse(sparse)?,
            Storage::SparseF64(sparse) => self.split_sparse(sparse)?,
        };
        if kept.observed() == 0 || held.observed() == 0 {
            let (one, other) = (kept.observed(), held.observed());
            let message = format!("of {} entries {other} would be held out and {one} kept", x.observed());
            return Err(Error::data(Code::EmptySplit, message, "Hold out a share that leaves some on either side"));
        }
        Ok((kept, held))
    }

    fn split_dense<T: Real>(&self, values: &[T], (rows, cols): (usize, usize)) -> Result<(Matrix, Matrix)> {
        let (mut kept, mut held) = (values.to_vec(), Vec::new());
        for (at, value) in kept.iter_mut().enumerate() {
            let (i, j) = (at / cols, at % cols);
            if !value.to_f64().is_nan() && self.holds(i, j) {
                held.push((i, j, *value));
                *value = T::from_f64(f64::NAN);
            }
        }
        Ok((Matrix::dense(rows, cols, kept)?, Matrix::from_triplets(rows, cols, held)?))
    }

    fn split_sparse<T: Real>(&self, sparse: &Sparse<T>) -> Result<(Matrix, Matrix)> {
        let part = |held: bool| {
            let pattern = sparse.pattern();
            let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
            for i in 0..pattern.rows() {
                for at in pattern.range(i) {
                    if self.holds(i, pattern.indices()[at] as usize) == held {
                        indices.push(pattern.indices()[at]);
                        values.push(sparse.values()[at]);
                    }
                }
                indptr.push(indices.len());
            }
            Matrix::with_pattern(Pattern::new(pattern.rows(), pattern.cols(), indptr, indices)?.into(), values)
        };
        Ok((part(false)?, part(true)?))
    }
}

/// All bits of the result depend on all bits of `z` (Steele, Lea and Flood 2014, the finalizer of splitmix64).
pub(super) fn mixed(z: u64) -> u64 {
    let mut z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_held_out_whatever_the_side() {
        let hold = HoldOut::new(0.1, 7).unwrap();
        let (n, m) = (400, 300);
        let count = |f: &dyn Fn(usize, usize) -> bool| (0..n * m).filter(|at| f(at / m, at % m)).count() as f64;
        let share = count(&|i, j| hold.holds(i, j)) / (n * m) as f64;
        assert!((share - 0.1).abs() < 0.004, "{share}");
        // Neighbours, turned entries and other seeds have nothing to do with each other.
        let other = HoldOut::new(0.1, 8).unwrap();
        for both in [
            count(&|i, j| hold.holds(i, j) && hold.holds(i, j + 1)),
            count(&|i, j| hold.holds(i, j) && hold.holds(i + 1, j)),
            count(&|i, j| i != j && hold.holds(i, j) && hold.holds(j, i)),
            count(&|i, j| hold.holds(i, j) && other.holds(i, j)),
        ] {
            assert!((both / (n * m) as f64 - 0.01).abs() < 0.002, "{both}");
        }
        let rows: Vec<f64> = (0..n).map(|i| (0..m).filter(|&j| hold.holds(i, j)).count() as f64).collect();
        assert!(rows.iter().all(|&held| held > 8.0 && held < 55.0), "{rows:?}");
        for share in [0.0, 1.0, f64::NAN] {
            assert_eq!(HoldOut::new(share, 0).unwrap_err().code(), Code::SettingOutOfRange);
        }
    }

    #[test]
    fn zeros_are_held_out_at_their_rate() {
        let triplets = (0..300).flat_map(|i| (0..500).filter(move |j| (i + j) % 11 == 0).map(move |j| (i, j, 1.0_f32)));
        let x = Matrix::from_triplets(300, 500, triplets.collect()).unwrap();
        let zeros = HoldOut::new(0.1, 3).unwrap().zeros(x.pattern().unwrap(), 0.02);
        let rate = zeros.len() as f64 / (300 * 500 - x.stored()) as f64;
        assert!((rate - 0.02).abs() < 0.001, "{rate}");
        assert!(zeros.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(zeros.iter().all(|&(i, j)| j < 500 && x.pattern().unwrap().find(i, j).is_none()));
    }

    #[test]
    fn the_parts_make_the_whole() {
        let hold = HoldOut::new(0.3, 1).unwrap();
        let dense =
            Matrix::from_fn(30, 20, |i, j| if (i + j) % 7 == 0 { f64::NAN } else { (i * 20 + j) as f64 }).unwrap();
        let triplets = (0..30).flat_map(|i| (0..20).filter(move |j| (i + j) % 3 == 0).map(move |j| (i, j, 1.5_f32)));
        let sparse = Matrix::from_triplets(30, 20, triplets.collect()).unwrap();
        for x in [dense, sparse] {
            let (kept, held) = hold.split(&x).unwrap();
            assert_eq!(kept.observed() + held.observed(), x.observed());
            for (i, j) in (0..30).flat_map(|i| (0..20).map(move |j| (i, j))) {
                let (from, rest) = if hold.holds(i, j) { (&held, &kept) } else { (&kept, &held) };
                assert!(from.get(i, j) == x.get(i, j) || x.get(i, j).is_nan());
                assert!(rest.get(i, j).is_nan() || rest.get(i, j) == 0.0);
            }
        }
    }
}
