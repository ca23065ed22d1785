//! Random matrices and formulas for the other tests.

use std::collections::BTreeMap;

use eckart::expr::{Expr, Op, Var};
use eckart::facts::{Given, Givens, Sign};
use eckart::run::Inputs;
use eckart::{Matrix, matrix};

use crate::definition::{Dense, defined};

/// A small generator of its own (splitmix64), so that a test's cases never change.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.bits() % n as u64) as usize
    }

    /// In [low, high).
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn dense(&mut self, n: usize, m: usize, low: f64, high: f64) -> Matrix {
        Matrix::from_fn(n, m, |_, _| self.between(low, high)).unwrap()
    }

    /// Sparse, with empty rows and columns and some zeros stored.
    pub(crate) fn sparse(&mut self, n: usize, m: usize, low: f64, high: f64) -> Matrix {
        let mut triplets = Vec::new();
        for i in 0..n {
            for j in 0..m {
                let empty = (n > 2 && i == 1) || (m > 2 && j == m - 1);
                if !empty && self.below(3) == 0 {
                    let value = if self.below(6) == 0 { 0.0 } else { self.between(low, high) };
                    triplets.push((i, j, value));
                }
            }
        }
        Matrix::from_triplets(n, m, triplets).unwrap()
    }
}

/// Variables and their values.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) values: BTreeMap<String, Matrix>,
}

impl World {
    pub(crate) fn of(values: impl IntoIterator<Item = (&'static str, Matrix)>) -> Self {
        Self { values: values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect() }
    }

    /// What begins with X, Y, S, L or D is data, all else factors.
    pub(crate) fn givens(&self) -> Givens {
        let given = |(name, value): (&String, &Matrix)| {
            let data = name.starts_with(['X', 'Y', 'S', 'L', 'D']);
            let known = Given::of(value);
            (Var::input(name), if data { known } else { Given { data, sign: Sign::UNKNOWN, ..known } })
        };
        self.values.iter().map(given).collect()
    }

    pub(crate) fn inputs(&self) -> Inputs {
        let mut inputs = Inputs::default();
        for (name, value) in &self.values {
            inputs.set_matrix(&Var::input(name), value);
        }
        inputs
    }

    /// The values of formulas by the definition of each primitive: the oracle.
    pub(crate) fn literal(&self, roots: &[Expr]) -> Vec<Matrix> {
        let matrix = |value: Dense| Matrix::dense(value.rows, value.cols, value.data).unwrap();
        defined(self, roots).into_iter().map(matrix).collect()
    }

    /// The same matrices in another type.
    pub(crate) fn cast(&self, dtype: eckart::Dtype) -> Self {
        let cast = |(name, value): (&String, &Matrix)| (name.clone(), value.cast(dtype).unwrap());
        Self { values: self.values.iter().map(cast).collect() }
    }

    /// The values of formulas through the whole pipeline.
    pub(crate) fn compiled(&self, roots: &[Expr]) -> Vec<Matrix> {
        let compiled = eckart::function::Compiled::new(roots, &self.givens(), usize::MAX).unwrap();
        self.matrices(compiled.run(&self.inputs()).unwrap())
    }

    fn matrices(&self, values: Vec<eckart::run::Value>) -> Vec<Matrix> {
        values.iter().map(|v| v.to_matrix(eckart::Dtype::F64).unwrap()).collect()
    }
}

/// A random formula of shape n x m over A (n x m), B (n x m), u (n x 1), v (1 x m), c (1 x 1), S (n x m, sparse),
/// P (n x k), Q (k x m), smooth wherever it is evaluated.
pub(crate) fn formula(random: &mut Random, depth: usize) -> Expr {
    if depth == 0 {
        return match random.below(7) {
            0 => matrix("A"),
            1 => matrix("B"),
            2 => matrix("S"),
            3 => matrix("P").dot(matrix("Q")),
            4 => matrix("A") + matrix("u"),
            5 => matrix("B") * matrix("v"),
            _ => matrix("c") * matrix("A"),
        };
    }
    let a = formula(random, depth - 1);
    let zip = |random: &mut Random, op: Op, a: Expr| Expr::new(op, vec![a, formula(random, depth - 1)]);
    match random.below(16) {
        0 => zip(random, Op::Add, a),
        1 => zip(random, Op::Sub, a),
        2 | 3 => zip(random, Op::Mul, a),
        4 => a / (1.5 + eckart::sigmoid(formula(random, depth - 1))),
        5 => (1.5 + eckart::sigmoid(a)).pow([2.0, 0.5, -1.0, 1.7][random.below(4)]),
        6 => eckart::max(&a, a.clone() - 0.7),
        7 => eckart::min(&a * 2.0, formula(random, 0) + 40.0),
        8 => eckart::exp(eckart::tanh(a)),
        9 => eckart::log(1.5 + eckart::sigmoid(a)),
        10 => eckart::softplus(a),
        11 => eckart::rowsum(a) + formula(random, 0),
        12 => matrix("S") * a,
        13 => eckart::observed(matrix("S")) * a,
        14 => a.t().dot(formula(random, 0)).t().dot(eckart::sigmoid(matrix("A"))) * 0.1 + matrix("B"),
        _ => eckart::xlogx(1.5 + eckart::sigmoid(a)) - eckart::colsum(formula(random, 0)),
    }
}

/// Values for the variables of [`formula`].
pub(crate) fn world(random: &mut Random) -> World {
    // Square, so that every product in `formula` fits.
    let n = 1 + random.below(5);
    let k = 1 + random.below(3);
    World::of([
        ("A", random.dense(n, n, -1.0, 1.0)),
        ("B", random.dense(n, n, -1.0, 1.0)),
        ("S", random.sparse(n, n, -1.0, 1.0)),
        ("P", random.dense(n, k, -1.0, 1.0)),
        ("Q", random.dense(k, n, -1.0, 1.0)),
        ("u", random.dense(n, 1, -1.0, 1.0)),
        ("v", random.dense(1, n, -1.0, 1.0)),
        ("c", random.dense(1, 1, -1.0, 1.0)),
    ])
}
