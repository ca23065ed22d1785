//! Identity: what a search is of, so that a checkpoint goes on with the same.
//! In: a problem, the name of its method, settings.  Out: texts that are equal where the search is the same.
//! Invariant: whatever changes the way of a search changes a text; limits of iterations and time don't.
//! Not here: the file (see `file`).

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;

use crate::data::{Matrix, Storage};
use crate::error::{Code, Error, Result};
use crate::solve::problem::Problem;
use crate::solve::search::settings::Settings;

/// What a search is of: a checkpoint can only go on with the same. Limits of iterations and time are no part of it:
/// they don't change the way, but how far it is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::solve) struct Identity(pub(super) BTreeMap<String, String>);

/// How many starts there were when they are halved: which of them are dropped depends on it.
pub(super) const HALVED: &str = "starts that are halved";

impl Identity {
    /// Of the search by the method of that name.
    pub(in crate::solve) fn of(problem: &Problem, method: &str, settings: &Settings) -> Self {
        let numbers: Vec<String> =
            problem.params.iter().map(|(name, value)| format!("{name}={:016x}", value.to_bits())).collect();
        let sums = |list: &[(String, Matrix)]| {
            let of = |(name, matrix): &(String, Matrix)| {
                let (n, m) = matrix.shape();
                format!("{name} {n}x{m} {} {:016x}", matrix.dtype(), fingerprint(matrix))
            };
            list.iter().map(of).collect::<Vec<String>>().join("; ")
        };
        let rows = [
            ("objective", problem.statement.to_string()),
            ("numbers", numbers.join(" ")),
            ("rank", problem.rank.to_string()),
            ("data", sums(&problem.data)),
            ("held factors", sums(&problem.fixed)),
            ("first values", sums(&problem.init_values)),
            ("method", method.to_owned()),
            ("init", settings.init.name().to_owned()),
            ("seed", settings.seed.to_string()),
            ("tol", format!("{:016x}", settings.tol.to_bits())),
            ("target", settings.target.map_or_else(String::new, |target| format!("{:016x}", target.to_bits()))),
            ("keep_starts", settings.keep_starts.to_string()),
            (HALVED, if settings.successive_halving { settings.starts().to_string() } else { String::new() }),
        ];
        Self(rows.into_iter().map(|(key, text)| (key.to_owned(), text)).collect())
    }

    /// # Errors
    /// `Setting`, naming what differs from what a file says.
    pub(super) fn check(&self, file: &BTreeMap<String, String>, path: &Path) -> Result<()> {
        let other: Vec<String> = self
            .0
            .iter()
            .map(|(key, here)| (key, file.get(key).map_or("", String::as_str), here))
            .filter(|(_, there, here)| there != here)
            .map(|(key, there, here)| difference(key, there, here))
            .collect();
        if other.is_empty() {
            return Ok(());
        }
        Err(Error::setting(
            Code::CheckpointDiffers,
            format!(
                "{}: the checkpoint is of another search: {}; go on with what it began with (only max_iter, the time \
                 limit, threads, memory and the number of starts that are not halved may be other ones), or begin anew \
                 without it",
                path.display(),
                other.join("; ")
            ),
        ))
    }
}

/// What a part of an identity is there, in the file, and what it is here.
fn difference(key: &str, there: &str, here: &str) -> String {
    let (then, now) = (readable(key, there), readable(key, here));
    // As it is called in files.
    let key = if key == "numbers" { "parameters" } else { key };
    if then == now {
        // Shapes and types are the same, the sums of the bits are not.
        return format!("{key}: {now}, of other entries");
    }
    format!("{key}: {then} there, {now} here")
}

/// A part of an identity as people write it.
fn readable(key: &str, text: &str) -> String {
    let number = |bits: &str| u64::from_str_radix(bits, 16).map_or(f64::NAN, f64::from_bits);
    let said = match key {
        "tol" | "target" if !text.is_empty() => json!(number(text)).to_string(),
        "numbers" => {
            let one = |(name, bits): (&str, &str)| format!("{name} = {}", json!(number(bits)));
            text.split(' ').filter_map(|word| word.split_once('=')).map(one).collect::<Vec<String>>().join(", ")
        }
        "data" | "held factors" | "first values" => {
            let one = |matrix: &str| matrix.rsplit_once(' ').map_or(matrix, |(about, _)| about).to_owned();
            text.split("; ").map(one).collect::<Vec<String>>().join(", ")
        }
        _ => text.to_owned(),
    };
    if said.is_empty() { "none".to_owned() } else { said }
}

/// A number that changes with every bit of a matrix (FNV-1a of 64 bits, word by word).
fn fingerprint(matrix: &Matrix) -> u64 {
    let mut sum = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |word: u64| sum = (sum ^ word).wrapping_mul(0x0100_0000_01b3).rotate_left(17);
    if let Some(pattern) = matrix.pattern() {
        pattern.indptr().iter().for_each(|&at| add(at as u64));
        pattern.indices().iter().for_each(|&j| add(u64::from(j)));
    }
    match matrix.storage() {
        Storage::DenseF32(values) => values.iter().for_each(|v| add(u64::from(v.to_bits()))),
        Storage::DenseF64(values) => values.iter().for_each(|v| add(v.to_bits())),
        Storage::SparseF32(sparse) => sparse.values().iter().for_each(|v| add(u64::from(v.to_bits()))),
        Storage::SparseF64(sparse) => sparse.values().iter().for_each(|v| add(v.to_bits())),
    }
    sum
}
