//! Data whose rows are handed over and forgotten gives the bits of data in memory, by any number of threads.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use eckart::data::{RowSource, Shards};
use eckart::expr::Var;
use eckart::facts::Given;
use eckart::function::Compiled;
use eckart::run::{Inputs, with_threads};
use eckart::{Code, Dtype, Error, Factorization, Matrix, Problem, Result, Settings, matrix};

use crate::cases::cases;
use crate::golden::{Form, small_world};
use crate::random::Random;

/// Hands over copies of the rows of a matrix, and remembers what it was asked for.
#[derive(Debug)]
struct Forgetful {
    matrix: Matrix,
    asked: Mutex<Vec<Range<usize>>>,
    /// How often it can be asked.
    most: usize,
}

impl RowSource for Forgetful {
    fn shape(&self) -> (usize, usize) {
        self.matrix.shape()
    }

    fn dtype(&self) -> Dtype {
        self.matrix.dtype()
    }

    fn is_sparse(&self) -> bool {
        self.matrix.is_sparse()
    }

    fn missing(&self) -> usize {
        self.matrix.missing()
    }

    fn shards(&self) -> &Shards {
        self.matrix.shards()
    }

    fn rows(&self, rows: Range<usize>) -> Result<Matrix> {
        let mut asked = self.asked.lock().unwrap();
        if asked.len() == self.most {
            return Err(Error::data(Code::FileNotFound, "the disk is gone", "Plug it in"));
        }
        asked.push(rows.clone());
        drop(asked);
        RowSource::rows(&self.matrix, rows)
    }
}

fn forgetful(matrix: &Matrix) -> Arc<Forgetful> {
    Arc::new(Forgetful { matrix: matrix.clone(), asked: Mutex::default(), most: usize::MAX })
}

/// Factors, cost and history, bit by bit.
fn bits(model: &Factorization) -> (Vec<(String, Vec<u64>)>, Vec<u64>) {
    let factor =
        |(name, matrix): &(String, Matrix)| (name.clone(), matrix.values_f64().into_iter().map(f64::to_bits).collect());
    let history = model.starts[model.best].history.iter().map(|iteration| iteration.cost.to_bits());
    (model.factors.iter().map(factor).collect(), history.chain([model.cost.to_bits()]).collect())
}

fn settings() -> Settings {
    Settings { max_iter: 3, ..Settings::default() }
}

/// How often each row was asked for, in a fit of dense data of 8 shards, and how many rows at once, at the most.
fn reads(formula: &str, max_iter: usize) -> (usize, usize) {
    let x = Matrix::from_fn(2000, 64, |i, j| (((i * 7919 + j * 31) % 1000) as f32 * 0.37).sin().abs()).unwrap();
    let source = forgetful(&x);
    let problem = Problem::parse(formula).unwrap().data("X", &x).rows_from("X", source.clone()).rank(4);
    problem.solve(&Settings { max_iter, tol: 0.0, ..Settings::default() }).unwrap();
    let asked = std::mem::take(&mut *source.asked.lock().unwrap());
    let rows: usize = asked.iter().map(Range::len).sum();
    assert_eq!(rows % 2000, 0, "whole passes");
    (rows / 2000, asked.iter().map(Range::len).max().unwrap())
}

/// Least squares reads X once for each factor in an iteration; and no pass holds more than a block.
#[test]
fn an_iteration_reads_rows_as_often_as_its_plans_say() {
    let nmf = "minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0";
    let (few, many) = (reads(nmf, 4), reads(nmf, 9));
    assert_eq!(many.0 - few.0, 5 * 2);
    for (formula, most) in [(nmf, many.1), ("huber", reads("minimize sum(huber(X - W @ H, 0.1))", 4).1)] {
        assert!(most <= 250, "{formula}: {most} rows at once");
    }
}

/// A source that can't be read any more ends a fit with its own error, wherever it was asked.
#[test]
fn what_a_source_refuses_is_said() {
    let dense = Matrix::from_fn(700, 64, |i, j| (((i * 7919 + j * 31) % 1000) as f64 * 0.37).sin().abs()).unwrap();
    let stored = (0..40_000).map(|k| (k % 700, (k * 7919 / 700) % 64, 1.0 + (k % 5) as f64));
    let mut places: Vec<(usize, usize, f64)> = stored.collect();
    places.sort_by_key(|entry| (entry.0, entry.1));
    places.dedup_by_key(|entry| (entry.0, entry.1));
    let sparse = Matrix::from_triplets(700, 64, places).unwrap();
    for x in [&dense, &sparse] {
        for formula in ["sum((X - W @ H)**2)", "sum(huber(X - W @ H, 0.1))", "sum(observed(X) * (X - W @ H)**2)"] {
            let problem = Problem::parse(&format!("minimize {formula}")).unwrap().data("X", x).rank(2);
            let whole = forgetful(x);
            problem.clone().rows_from("X", whole.clone()).solve(&settings()).unwrap();
            let all = whole.asked.lock().unwrap().len();
            for most in [0, 1, all / 2, all - 1] {
                let source = Arc::new(Forgetful { matrix: x.clone(), asked: Mutex::default(), most });
                let refused = problem.clone().rows_from("X", source).solve(&settings()).map(|_| ());
                assert_eq!(refused.unwrap_err().code(), Code::FileNotFound, "{formula} {most} of {all}");
            }
        }
    }
    // Data that is a result itself is collected.
    let x = matrix("X");
    let (var, given) = (Var::input("X"), Given::of(&dense));
    let compiled = Compiled::new(&[x], &[(var.clone(), given)].into(), usize::MAX).unwrap();
    let mut inputs = Inputs::default();
    inputs.set_source(&var, forgetful(&dense));
    assert_eq!(compiled.run(&inputs).unwrap()[0].to_dense().data, dense.values_f64());
}

#[test]
fn forgotten_rows_give_the_bits_of_data_in_memory() {
    let (mut instances, mut several) = (0, 0);
    for case in cases() {
        let mut random = Random(case.name.bytes().map(u64::from).sum());
        for form in [Form::Sparse, Form::Dense, Form::Missing] {
            let (problem, values) = small_world(&case, &mut random, form, 50);
            for dtype in [Dtype::F32, Dtype::F64] {
                let data: Vec<(&str, Matrix)> =
                    case.data.iter().map(|(name, ..)| (name.as_str(), values[name].cast(dtype).unwrap())).collect();
                let problem = data.iter().fold(problem.clone(), |problem, (name, x)| problem.data(name, x));
                let Ok(expected) = problem.solve(&settings()) else { continue };
                let expected = bits(&expected);
                instances += 1;
                several += usize::from(values["X"].shards().count() > 2);
                let from_rows = data.iter().fold(problem, |problem, (name, x)| problem.rows_from(name, forgetful(x)));
                for threads in [[1, 7], [2, 3]][instances % 2] {
                    let found = with_threads(Some(threads), || from_rows.solve(&settings())).unwrap().unwrap();
                    assert!(bits(&found) == expected, "{} {form:?} {dtype} on {threads} threads", case.name);
                }
            }
        }
    }
    assert!(several > 50, "{several} instances of several shards");
}
