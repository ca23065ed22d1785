//! The acceptance set: the objectives whose results two builds must have in common.

use crate::Failure;
use std::fs;
use std::path::Path;

/// Named objectives, as the command has them.
const MODELS: [&str; 4] = ["mf", "nmf", "sparse-coding", "ratings"];

/// Files of `crates/eckart/tests/cases`, which say objective, matrices and numbers.
const FILES: [&str; 16] = [
    "kl",
    "l1",
    "implicit_hu_koren",
    "implicit_rendle",
    "masked_biases",
    "weighted_dense",
    "logistic_dense",
    "huber_dense",
    "poisson_log_link",
    "itakura_saito_observed",
    "tri_factor",
    "group_sparsity",
    "coupled",
    "centred_pca",
    "graph",
    "semi_nmf",
];

/// A matrix beside X: its sides are those of X where they are named so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Beside {
    pub(super) name: String,
    pub(super) sides: [Side; 2],
    pub(super) sparse: bool,
}

/// How long a side of a matrix is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    One,
    /// As long as the rows of X.
    Rows,
    /// As long as its columns.
    Cols,
    /// A length of its own.
    Own,
}

/// An objective.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) name: String,
    /// Its text; none for a named objective, which each build has its own of.
    pub(super) objective: Option<String>,
    /// `NAME=VALUE`.
    pub(super) numbers: Vec<String>,
    /// Whether its file gives X as a sparse matrix.
    pub(super) sparse: bool,
    pub(super) beside: Vec<Beside>,
}

impl Case {
    /// Whether entries of X may be missing.
    pub(super) fn takes_missing(&self) -> bool {
        match &self.objective {
            Some(text) => text.contains("observed(X)"),
            None => self.name == "ratings",
        }
    }

    /// Whether its factors may have any sign and its cost has the logarithm of their product, so that it is finite only
    /// where a search begins above 0.
    pub(super) fn starts_above_0(&self) -> bool {
        self.objective.as_ref().is_some_and(|text| text.contains("log(X / (W @ H))") && !text.contains(">= 0"))
    }
}

/// All of them, read from the workspace at `root`.
pub(super) fn cases(root: &Path) -> Result<Vec<Case>, Failure> {
    let folder = root.join("crates/eckart/tests/cases");
    let model = |name: &str| Case {
        name: name.to_owned(),
        objective: None,
        numbers: Vec::new(),
        sparse: true,
        beside: Vec::new(),
    };
    let mut cases: Vec<Case> = MODELS.into_iter().map(model).collect();
    for name in FILES {
        let text = fs::read_to_string(folder.join(format!("{name}.txt")));
        let text = text.map_err(|error| Failure::new(format!("can't read tests/cases/{name}.txt: {error}")))?;
        cases.push(read(name, &text)?);
    }
    Ok(cases)
}

/// Reads the head of a case's file, which ends with the first blank line.
fn read(name: &str, text: &str) -> Result<Case, Failure> {
    let wrong = |line: &str| Failure::new(format!("tests/cases/{name}.txt: `{line}` is not understood"));
    let mut case = Case { name: name.to_owned(), objective: None, numbers: vec![], sparse: false, beside: vec![] };
    let mut x = None;
    for line in text.lines().take_while(|line| !line.is_empty()) {
        let (key, value) = line.split_once(": ").ok_or_else(|| wrong(line))?;
        let words: Vec<&str> = value.split_whitespace().collect();
        match (key, &words[..]) {
            ("objective", _) => case.objective = Some(value.to_owned()),
            ("numbers", numbers) => case.numbers = numbers.iter().map(|&number| number.to_owned()).collect(),
            // The rank is that of the variation.
            ("rank", [_]) => {}
            ("data", ["X", rows, cols, stored @ ..]) => {
                x = Some([(*rows).to_owned(), (*cols).to_owned()]);
                case.sparse = !stored.is_empty();
            }
            ("data", [other, rows, cols, stored @ ..]) => {
                let x = x.as_ref().ok_or_else(|| wrong(line))?;
                let side = |length: &str| match length {
                    "1" => Side::One,
                    length if length == x[0] => Side::Rows,
                    length if length == x[1] => Side::Cols,
                    _ => Side::Own,
                };
                let sides = [side(rows), side(cols)];
                case.beside.push(Beside { name: (*other).to_owned(), sides, sparse: !stored.is_empty() });
            }
            _ => return Err(wrong(line)),
        }
    }
    if case.objective.is_none() || x.is_none() { Err(wrong(text.lines().next().unwrap_or(""))) } else { Ok(case) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_a_file_is_read() {
        let text = "objective: sum((X - W @ H)**2) + sum((Y - W @ G)**2)\ndata: X 200 50 500\ndata: Y 200 20\n\
                    numbers: a=0.1 b=2\nrank: 32\n\nfactor W: 200 x 32\n";
        let case = read("coupled", text).expect("it is a case");
        assert_eq!(case.objective.as_deref(), Some("sum((X - W @ H)**2) + sum((Y - W @ G)**2)"));
        assert_eq!(case.numbers, ["a=0.1", "b=2"]);
        assert!(case.sparse && !case.takes_missing());
        assert_eq!(case.beside, [Beside { name: "Y".into(), sides: [Side::Rows, Side::Own], sparse: false }]);
        for wrong in ["", "objective: sum(X)\n", "objective: sum(X)\ndata: Y 1 1\n", "objective: sum(X)\nhello\n"] {
            assert!(read("wrong", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_set_is_that_of_the_design() {
        let cases = cases(&crate::root()).expect("all files are there");
        assert_eq!(cases.len(), 20);
        let of = |name: &str| cases.iter().find(|case| case.name == name).expect(name);
        assert_eq!(of("graph").beside[0].sides, [Side::Rows, Side::Rows]);
        assert_eq!(of("weighted_dense").beside[0].sides, [Side::Rows, Side::Cols]);
        assert!(of("masked_biases").takes_missing() && of("ratings").takes_missing() && !of("kl").takes_missing());
        let above_0 = cases.iter().filter(|case| case.starts_above_0()).map(|case| case.name.as_str());
        assert_eq!(above_0.collect::<Vec<_>>(), ["itakura_saito_observed"]);
        assert!(!of("semi_nmf").sparse && of("kl").sparse);
        assert_eq!(of("implicit_hu_koren").numbers, ["a=0.1", "alpha=40"]);
    }
}
