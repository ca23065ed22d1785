//! Runs: every objective of the acceptance set on every kind of data that it takes.

use super::acceptance::{Beside, Case, Side};
use super::matrices::{Dtype, Kind, Shape};
use crate::Failure;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A kind of data, and how it is searched.
pub(super) struct Variation {
    name: &'static str,
    x: Data,
    rows: usize,
    cols: usize,
    kind: Kind,
    dtype: Dtype,
    rank: usize,
    starts: usize,
    iterations: usize,
}

/// Where X is.
enum Data {
    Made,
    /// A file below `examples/data`.
    Example(&'static str),
}

/// Sides are no multiples of a register's width, so that every kernel has a tail; the first and the third have more
/// than 2^17 entries, so that their rows are dealt out in shards.
const VARIATIONS: &[Variation] = &[
    Variation {
        name: "dense-f32",
        x: Data::Made,
        rows: 2053,
        cols: 67,
        kind: Kind::Dense,
        dtype: Dtype::F32,
        rank: 5,
        starts: 1,
        iterations: 25,
    },
    Variation {
        name: "dense-f64",
        x: Data::Made,
        rows: 517,
        cols: 131,
        kind: Kind::Dense,
        dtype: Dtype::F64,
        rank: 7,
        starts: 3,
        iterations: 15,
    },
    Variation {
        name: "sparse-f32",
        x: Data::Made,
        rows: 3001,
        cols: 311,
        kind: Kind::Sparse,
        dtype: Dtype::F32,
        rank: 17,
        starts: 1,
        iterations: 8,
    },
    Variation {
        name: "sparse-f64",
        x: Data::Made,
        rows: 211,
        cols: 389,
        kind: Kind::Sparse,
        dtype: Dtype::F64,
        rank: 3,
        starts: 3,
        iterations: 25,
    },
    Variation {
        name: "missing-f32",
        x: Data::Made,
        rows: 1031,
        cols: 67,
        kind: Kind::Missing,
        dtype: Dtype::F32,
        rank: 4,
        starts: 2,
        iterations: 15,
    },
    Variation {
        name: "digits",
        x: Data::Example("digits/images.npy"),
        rows: 1797,
        cols: 64,
        kind: Kind::Dense,
        dtype: Dtype::F32,
        rank: 10,
        starts: 1,
        iterations: 20,
    },
    Variation {
        name: "sotu",
        x: Data::Example("sotu/counts.mtx.gz"),
        rows: 10_621,
        cols: 10_526,
        kind: Kind::Sparse,
        dtype: Dtype::F32,
        rank: 8,
        starts: 1,
        iterations: 5,
    },
];

/// Runs that take too long, and why.
const LEFT_OUT: [(&str, &str); 1] = [("centred_pca/sotu", "the offset's step solves a system of 10,526 unknowns")];

/// Rows that a model has not seen.
const NEW_ROWS: usize = 37;
/// The length of a side that no side of X has.
const OWN_SIDE: usize = 41;

/// A fit, and new rows for what it found.
pub(super) struct Run<'a> {
    pub(super) name: String,
    case: &'a Case,
    variation: &'static Variation,
}

/// The arguments of a run, but for what differs between the two builds.
pub(super) struct Arguments {
    pub(super) fit: Vec<String>,
    pub(super) transform: Vec<String>,
}

/// All runs whose names hold one of the words; no word chooses all. A word that chooses nothing is refused.
pub(super) fn runs<'a>(cases: &'a [Case], words: &[String]) -> Result<Vec<Run<'a>>, Failure> {
    let is_apt = |case: &Case, variation: &Variation| match variation.kind {
        Kind::Missing => case.takes_missing(),
        // Too many entries for what is computed at each of them, stored or not.
        Kind::Sparse if matches!(variation.x, Data::Example(_)) => case.sparse,
        _ => true,
    };
    let of = |case: &'a Case| {
        let apt = VARIATIONS.iter().filter(move |variation| is_apt(case, variation));
        apt.map(move |variation| Run { name: format!("{}/{}", case.name, variation.name), case, variation })
    };
    let is_left_out = |run: &Run| LEFT_OUT.iter().any(|(name, _)| *name == run.name);
    let all: Vec<Run> = cases.iter().flat_map(of).filter(|run| !is_left_out(run)).collect();
    if let Some(lost) = words.iter().find(|word| !all.iter().any(|run| run.name.contains(word.as_str()))) {
        let to_do = "`cargo xtask same --list` lists them";
        return Err(Failure::new(format!("no run's name holds `{lost}`: {to_do}")));
    }
    let is_chosen = |run: &Run| words.is_empty() || words.iter().any(|word| run.name.contains(word.as_str()));
    Ok(all.into_iter().filter(is_chosen).collect())
}

impl Run<'_> {
    /// What the run is of, in a line.
    pub(super) fn about(&self) -> String {
        let Variation { rows, cols, kind, dtype, rank, starts, iterations, .. } = self.variation;
        let kind = format!("{kind:?}").to_lowercase();
        format!("{rows} x {cols} {kind} {}, rank {rank}, starts {starts}, iterations {iterations}", dtype.name())
    }

    /// Writes the data into `folder`, and says with what the command is called.
    pub(super) fn prepare(&self, root: &Path, folder: &Path) -> io::Result<Arguments> {
        let Variation { rows, cols, kind, dtype, rank, starts, iterations, .. } = *self.variation;
        fs::create_dir_all(folder)?;
        let made = |name: &str, shape: Shape| -> io::Result<PathBuf> {
            let path = folder.join(format!("{name}.{}", shape.ending()));
            shape.write(&path, dtype)?;
            Ok(path)
        };
        let x = match self.variation.x {
            Data::Made => made("X", Shape { kind, rows, cols, seed: 1 })?,
            Data::Example(file) => root.join("examples/data").join(file),
        };
        let new = made("new-X", Shape { kind, rows: NEW_ROWS, cols, seed: 2 })?;
        let mut arguments = Arguments { fit: vec!["fit".into(), shown(&x)], transform: vec![shown(&new)] };
        match &self.case.objective {
            Some(text) => arguments.fit.extend(["--objective".into(), text.clone()]),
            None => arguments.fit.extend(["--model".into(), self.case.name.clone()]),
        }
        for number in &self.case.numbers {
            arguments.fit.extend(["--set".into(), number.clone()]);
        }
        for (k, beside) in (3..).zip(&self.case.beside) {
            for (name, rows, words) in [("", rows, &mut arguments.fit), ("new-", NEW_ROWS, &mut arguments.transform)] {
                let path = made(&format!("{name}{}", beside.name), beside.shape(rows, cols, k))?;
                words.extend(["--data".into(), format!("{}={}", beside.name, shown(&path))]);
            }
        }
        if self.case.starts_above_0() {
            // The first start alone is given: others would begin where there is no cost.
            for (name, rows, cols, seed) in [("W", rows, rank, 1), ("H", rank, cols, 2)] {
                let path = made(&format!("start-{name}"), Shape { kind: Kind::Dense, rows, cols, seed })?;
                arguments.fit.extend(["--start".into(), format!("{name}={}", shown(&path))]);
            }
        }
        let starts = if self.case.starts_above_0() { 1 } else { starts };
        let numbers = [("--rank", rank), ("--restarts", starts), ("--max-iter", iterations)];
        arguments.fit.extend(numbers.iter().flat_map(|(name, number)| [(*name).to_owned(), number.to_string()]));
        for words in [&mut arguments.fit, &mut arguments.transform] {
            words.extend(["--dtype".into(), dtype.name().into()]);
        }
        Ok(arguments)
    }
}

impl Beside {
    /// What is written for it beside X of so many rows and columns.
    fn shape(&self, rows: usize, cols: usize, seed: u64) -> Shape {
        let length = |side| match side {
            Side::One => 1,
            Side::Rows => rows,
            Side::Cols => cols,
            Side::Own => OWN_SIDE,
        };
        let kind = match (self.sides, self.sparse) {
            // A matrix between rows says which of them are alike.
            ([Side::Rows, Side::Rows], _) => Kind::Laplacian,
            (_, true) => Kind::Sparse,
            (_, false) => Kind::Dense,
        };
        Shape { kind, rows: length(self.sides[0]), cols: length(self.sides[1]), seed }
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::super::acceptance::cases;
    use super::*;

    #[test]
    fn words_choose_runs() {
        let cases = cases(&crate::root()).expect("all files are there");
        let chosen = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
            runs(&cases, &words).map(|runs| runs.iter().map(|run| run.name.clone()).collect::<Vec<_>>())
        };
        let all = chosen(&[]).expect("no word was given");
        assert!(all.iter().filter(|name| name.starts_with("nmf/")).count() == 6, "{all:?}");
        assert!(all.contains(&"ratings/missing-f32".to_owned()) && !all.contains(&"kl/missing-f32".to_owned()));
        assert!(!all.contains(&"weighted_dense/sotu".to_owned()) && !all.contains(&"centred_pca/sotu".to_owned()));
        assert_eq!(chosen(&["tri_factor/digits", "graph/sotu"]).expect("they are there").len(), 2);
        let lost = chosen(&["kl", "no-such-run"]).expect_err("there is none").to_string();
        assert!(lost.contains("no run's name holds `no-such-run`"), "{lost}");
    }

    #[test]
    fn a_run_has_its_files_and_its_words() {
        let cases = cases(&crate::root()).expect("all files are there");
        let run = &runs(&cases, &["coupled/sparse-f64".to_owned()]).expect("it is there")[0];
        let folder = std::env::temp_dir().join(format!("eckart-xtask-runs-{}", std::process::id()));
        let arguments = run.prepare(&crate::root(), &folder).expect("a folder can be made");
        let fit = arguments.fit.join(" ");
        assert!(fit.contains("--objective sum((X - W @ H)**2) + sum((Y - W @ G)**2) --data Y="), "{fit}");
        assert!(fit.ends_with("--rank 3 --restarts 3 --max-iter 25 --dtype f64"), "{fit}");
        let head = |name: &str| {
            let text = fs::read_to_string(folder.join(name)).expect(name);
            text.lines().nth(1).expect("it has sides").rsplit_once(' ').expect("three numbers").0.to_owned()
        };
        assert_eq!(["X.mtx", "Y.mtx", "new-X.mtx", "new-Y.mtx"].map(head), ["211 389", "211 41", "37 389", "37 41"]);
        let positive = &runs(&cases, &["itakura_saito_observed/digits".to_owned()]).expect("it is there")[0];
        let fit = positive.prepare(&crate::root(), &folder).expect("a folder can be made").fit.join(" ");
        assert!(fit.contains("--start W=") && fit.contains("start-H.npy --rank 10 --restarts 1"), "{fit}");
        fs::remove_dir_all(folder).expect("it was made here");
    }
}
