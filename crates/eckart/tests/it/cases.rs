//! Cases: the golden files' inputs.
//!
//! A file in `tests/cases` begins with its input, a line each: `objective:`, `data: NAME ROWS COLS [STORED]`,
//! `numbers:`, `rank:`; what follows the first blank line is made from it (see `golden.rs`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use eckart::Problem;
use eckart::expr::Expr;
use eckart::facts::Given;
use eckart::function::Compiled;
use eckart::grad::differentiate;
use eckart::solve::Bound;

/// The input of a case.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) head: String,
    pub(crate) objective: String,
    /// Name, rows, columns, stored entries where sparse.
    pub(crate) data: Vec<(String, usize, usize, Option<usize>)>,
    pub(crate) numbers: BTreeMap<String, f64>,
    pub(crate) rank: usize,
}

pub(crate) fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| read_case(path)).collect()
}

fn read_case(path: &Path) -> Case {
    let text = std::fs::read_to_string(path).unwrap();
    let head = text.split("\n\n").next().unwrap().trim_end().to_owned();
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let mut case = Case {
        name,
        path: path.to_owned(),
        head: head.clone(),
        objective: String::new(),
        data: vec![],
        numbers: BTreeMap::new(),
        rank: 0,
    };
    for line in head.lines() {
        let (key, value) = line.split_once(": ").unwrap_or_else(|| panic!("{}: {line}", case.name));
        let words: Vec<&str> = value.split_whitespace().collect();
        let number = |at: usize| words.get(at).map(|word| word.replace('_', "").parse::<usize>().unwrap());
        match key {
            "objective" => case.objective = value.to_owned(),
            "data" => case.data.push((words[0].to_owned(), number(1).unwrap(), number(2).unwrap(), number(3))),
            "numbers" => {
                let pairs = words.iter().map(|word| word.split_once('=').unwrap());
                case.numbers = pairs.map(|(name, value)| (name.to_owned(), value.parse().unwrap())).collect();
            }
            "rank" => case.rank = number(0).unwrap(),
            other => panic!("{}: what is {other}?", case.name),
        }
    }
    case
}

impl Case {
    /// The problem with data that is only assumed.
    pub(crate) fn bound(&self) -> Bound {
        self.bound_to(|_, given| given)
    }

    /// The problem, its data only assumed.
    pub(crate) fn problem(&self) -> Problem {
        self.problem_of(|_, given| given)
    }

    /// The problem with data of which what is assumed is changed, by name.
    fn bound_to(&self, change: impl Fn(&str, Given) -> Given) -> Bound {
        self.problem_of(change).bind().unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    fn problem_of(&self, change: impl Fn(&str, Given) -> Given) -> Problem {
        let mut problem = Problem::parse(&self.objective).unwrap().rank(self.rank);
        for (name, value) in &self.numbers {
            problem = problem.param(name, *value);
        }
        for &(ref name, rows, cols, sparse) in &self.data {
            let given = change(name, Given::data(rows, cols, sparse));
            problem = problem.assume(name, given).unwrap();
        }
        problem
    }

    pub(crate) fn roots(bound: &Bound) -> Vec<Expr> {
        let gradients = differentiate(&bound.smooth, &bound.factor_exprs());
        std::iter::once(bound.smooth.clone()).chain(gradients).collect()
    }

    pub(crate) fn compile(&self) -> (Bound, Compiled) {
        Self::compiled(self.bound())
    }

    /// The same for X that is dense and has missing entries.
    pub(crate) fn compile_with_holes(&self) -> Compiled {
        let dense =
            |name: &str, given: Given| if name == "X" { Given { sparse: None, missing: 1, ..given } } else { given };
        Self::compiled(self.bound_to(dense)).1
    }

    fn compiled(bound: Bound) -> (Bound, Compiled) {
        let compiled = Compiled::new(&Self::roots(&bound), &bound.givens, usize::MAX).unwrap();
        (bound, compiled)
    }
}
