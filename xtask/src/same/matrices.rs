//! Matrices that are the same every time: their numbers come from a fixed stream, and are written as files of the
//! formats that the command reads.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

/// What kind of matrix.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// Every entry is there.
    Dense,
    /// Every entry is there but one of 7, which is NaN.
    Missing,
    /// One entry of 7 is there.
    Sparse,
    /// Square: the Laplacian of a ring with chords.
    Laplacian,
}

/// The type of the numbers of a file that is not text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dtype {
    F32,
    F64,
}

impl Dtype {
    /// As the command names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }
}

/// A matrix yet to be written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) kind: Kind,
    pub(super) rows: usize,
    pub(super) cols: usize,
    /// Chooses the numbers.
    pub(super) seed: u64,
}

/// The rank of what is planted in it.
const PLANTED: usize = 6;

impl Shape {
    /// The ending of its file.
    pub(super) fn ending(self) -> &'static str {
        if matches!(self.kind, Kind::Dense | Kind::Missing) { "npy" } else { "mtx" }
    }

    /// Writes it.
    pub(super) fn write(self, path: &Path, dtype: Dtype) -> io::Result<()> {
        match self.kind {
            Kind::Dense | Kind::Missing => fs::write(path, npy(self.rows, self.cols, &self.entries(), dtype)),
            Kind::Sparse | Kind::Laplacian => fs::write(path, mtx(self.rows, self.cols, &self.stored())),
        }
    }

    /// All entries, row by row: a product of factors, and noise. They are above 0 and below 1, so that each objective
    /// of the set is bounded and each of its logarithms finite.
    fn entries(self) -> Vec<f64> {
        let mut random = Stream(self.seed);
        let mut factor = |length: usize| (0..length * PLANTED).map(|_| random.unit()).collect::<Vec<f64>>();
        let (cols, rows) = (factor(self.cols), factor(self.rows));
        let mut noise = Stream(self.seed ^ 0xbf58_476d_1ce4_e5b9);
        let mut entries = Vec::with_capacity(self.rows * self.cols);
        for row in rows.chunks_exact(PLANTED) {
            for col in cols.chunks_exact(PLANTED) {
                let product: f64 = row.iter().zip(col).map(|(a, b)| a * b).sum();
                let entry = 0.02 + 0.8 * product / PLANTED as f64 + 0.15 * noise.unit();
                let is_missing = self.kind == Kind::Missing && noise.unit() < 1.0 / 7.0;
                entries.push(if is_missing { f64::NAN } else { entry });
            }
        }
        entries
    }

    /// The entries that are stored: row, column, value, by rows.
    fn stored(self) -> Vec<(usize, usize, f64)> {
        if self.kind == Kind::Laplacian {
            return laplacian(self.rows);
        }
        let mut chance = Stream(self.seed ^ 0x94d0_49bb_1331_11eb);
        let entries = self.entries();
        let at = |k: usize| (k / self.cols, k % self.cols);
        let is_stored = |row: usize, col: usize, chance: f64| chance < 1.0 / 7.0 || row % self.cols == col;
        let all = entries.into_iter().enumerate().map(|(k, value)| (at(k).0, at(k).1, value));
        all.filter(|&(row, col, _)| is_stored(row, col, chance.unit())).collect()
    }
}

/// The Laplacian of a ring of `n` points, each of which is also joined to one further on.
fn laplacian(n: usize) -> Vec<(usize, usize, f64)> {
    let chord = (n / 5).max(2);
    let mut entries = Vec::new();
    for i in 0..n {
        let mut row: Vec<usize> = vec![(i + 1) % n, (i + n - 1) % n, (i + chord) % n, (i + n - chord) % n];
        row.sort_unstable();
        row.dedup();
        row.retain(|&j| j != i);
        let mut row: Vec<(usize, usize, f64)> = row.iter().map(|&j| (i, j, -1.0)).collect();
        row.push((i, i, row.len() as f64));
        row.sort_by_key(|&(_, j, _)| j);
        entries.extend(row);
    }
    entries
}

/// A file of NumPy, version 1.0.
fn npy(rows: usize, cols: usize, entries: &[f64], dtype: Dtype) -> Vec<u8> {
    let descr = if dtype == Dtype::F32 { "<f4" } else { "<f8" };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({rows}, {cols}), }}");
    // The numbers begin at a multiple of 64.
    let before = 10;
    header += &" ".repeat(63 - (before + header.len()) % 64);
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    match dtype {
        Dtype::F32 => entries.iter().for_each(|&v| bytes.extend((v as f32).to_le_bytes())),
        Dtype::F64 => entries.iter().for_each(|v| bytes.extend(v.to_le_bytes())),
    }
    bytes
}

/// A Matrix Market file.
fn mtx(rows: usize, cols: usize, entries: &[(usize, usize, f64)]) -> String {
    let mut text = format!("%%MatrixMarket matrix coordinate real general\n{rows} {cols} {}\n", entries.len());
    for (row, col, value) in entries {
        // Writing to a string can't fail.
        let _ = writeln!(text, "{} {} {value}", row + 1, col + 1);
    }
    text
}

/// Random numbers (splitmix64: Steele, Lea and Flood 2014).
struct Stream(u64);

impl Stream {
    /// In [0, 1).
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(kind: Kind) -> Shape {
        Shape { kind, rows: 53, cols: 29, seed: 3 }
    }

    #[test]
    fn entries_are_the_same_every_time_and_within_bounds() {
        let entries = shape(Kind::Dense).entries();
        assert_eq!(entries, shape(Kind::Dense).entries());
        assert_ne!(entries, Shape { seed: 4, ..shape(Kind::Dense) }.entries());
        assert!(entries.len() == 53 * 29 && entries.iter().all(|v| (0.02..1.0).contains(v)));
        let missing = shape(Kind::Missing).entries().iter().filter(|v| v.is_nan()).count();
        assert!((100..350).contains(&missing), "{missing}");
    }

    #[test]
    fn no_row_or_column_of_a_sparse_matrix_is_empty() {
        let stored = shape(Kind::Sparse).stored();
        for i in 0..53 {
            assert!(stored.iter().any(|entry| entry.0 == i), "row {i}");
            assert!(i >= 29 || stored.iter().any(|entry| entry.1 == i), "column {i}");
        }
        assert!(stored.len() < 53 * 29 / 4 && stored.is_sorted_by_key(|&(i, j, _)| (i, j)));
    }

    #[test]
    fn rows_of_a_laplacian_sum_to_0() {
        for n in [2, 3, 5, 40] {
            let entries = laplacian(n);
            for i in 0..n {
                let row: f64 = entries.iter().filter(|entry| entry.0 == i).map(|entry| entry.2).sum();
                assert_eq!(row, 0.0, "row {i} of {n}");
            }
            assert!(entries.iter().all(|&(i, j, v)| entries.contains(&(j, i, v))), "{n}");
        }
    }

    #[test]
    fn files_are_of_their_formats() {
        let bytes = npy(1, 2, &[0.5, 2.0], Dtype::F32);
        assert_eq!((&bytes[..8], bytes.len()), (&b"\x93NUMPY\x01\x00"[..], 128 + 8));
        assert_eq!(bytes[127], b'\n');
        assert_eq!(bytes[128..], [0.5_f32.to_le_bytes(), 2.0_f32.to_le_bytes()].concat());
        assert_eq!(npy(1, 1, &[0.1], Dtype::F64)[128..], 0.1_f64.to_le_bytes());
        let text = mtx(2, 3, &[(1, 2, 0.25)]);
        assert_eq!(text, "%%MatrixMarket matrix coordinate real general\n2 3 1\n2 3 0.25\n");
    }
}
