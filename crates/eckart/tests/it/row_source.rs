//! Data whose rows are handed over and forgotten gives the bits of data in memory, by any number of threads.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use eckart::data::{RowSource, Shards};
use eckart::run::with_threads;
use eckart::{Dtype, Factorization, Matrix, Problem, Result, Settings};

use crate::cases::cases;
use crate::golden::{Form, small_world};
use crate::random::Random;

/// Hands over copies of the rows of a matrix, and remembers what it was asked for.
#[derive(Debug)]
struct Forgetful {
    matrix: Matrix,
    asked: Mutex<Vec<Range<usize>>>,
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
        self.asked.lock().unwrap().push(rows.clone());
        RowSource::rows(&self.matrix, rows)
    }
}

fn forgetful(matrix: &Matrix) -> Arc<Forgetful> {
    Arc::new(Forgetful { matrix: matrix.clone(), asked: Mutex::default() })
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
