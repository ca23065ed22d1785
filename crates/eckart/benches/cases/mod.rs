//! Cases: the problems that the stages between text and kernels are timed on.
//! In: nothing.  Out: for each case its name, its roots (cost and gradients) and what is known of its variables.
//! Invariant: real data where it is in the repository, else numbers of a fixed stream; factors that never change.
//! Not here: the clock (see `timing`).

use eckart::data::{ReadOptions, read};
use eckart::grad::differentiate;
use eckart::solve::Bound;
use eckart::{Expr, Matrix, Problem, model};

/// How a case is made.
pub(crate) type Make = fn() -> Case;

/// All cases by name.
pub(crate) const CASES: [(&str, Make); 3] =
    [("digits-nmf-r16", digits), ("sotu-nmf-r32", sotu), ("ratings-100k-r16", ratings)];

/// A problem, bound, with factors in place.
pub(crate) struct Case {
    pub(crate) bound: Bound,
}

impl Case {
    fn of(name: &str, x: &Matrix, rank: usize) -> Self {
        let model = model::find(name).expect("a named model");
        let problem = Problem::parse(model.statement).expect("a model can be read").data("X", x).rank(rank);
        let problem = model.params.iter().fold(problem, |problem, (name, value)| problem.param(name, *value));
        let mut bound = problem.bind().expect("a model fits its data");
        let mut random = Stream(7);
        for factor in &bound.factors {
            let values = Matrix::from_fn(factor.shape.rows, factor.shape.cols, |_, _| random.unit());
            bound.inputs.set_matrix(&factor.var, &values.expect("a factor has no empty side"));
        }
        Self { bound }
    }

    /// The cost and its gradient by every factor.
    pub(crate) fn roots(&self) -> Vec<Expr> {
        let gradients = differentiate(&self.bound.objective, &self.bound.factor_exprs());
        std::iter::once(self.bound.objective.clone()).chain(gradients).collect()
    }
}

/// 1,797 x 64, dense.
fn digits() -> Case {
    Case::of("nmf", &example("digits/images.npy"), 16)
}

/// 10,621 x 10,526 with 650,943 stored entries.
fn sotu() -> Case {
    Case::of("nmf", &example("sotu/counts.mtx.gz"), 32)
}

/// As many users, items and ratings as a small public set of ratings of films has; some items far more often than
/// others.
fn ratings() -> Case {
    let (users, items, count) = (610, 9_724, 100_000);
    let mut random = Stream(1);
    let mut taken = std::collections::BTreeSet::new();
    while taken.len() < count {
        let user = (random.unit() * users as f64) as usize;
        let item = (random.unit().powi(3) * items as f64) as usize;
        taken.insert((user, item));
    }
    let entries = taken.into_iter().map(|(user, item)| (user, item, 1.0 + (random.unit() * 9.0).floor() / 2.0));
    let x = Matrix::from_triplets(users, items, entries.collect::<Vec<_>>()).expect("entries are in range");
    Case::of("ratings", &x, 16)
}

fn example(name: &str) -> Matrix {
    let path = format!("{}/../../examples/data/{name}", env!("CARGO_MANIFEST_DIR"));
    read(path, &ReadOptions::default()).expect("an example can be read").matrix
}

/// Random numbers (splitmix64).
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
