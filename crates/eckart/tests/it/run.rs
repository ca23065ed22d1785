//! The engine against the definition of the formulas, in both types, at sizes where it takes other ways.

use eckart::expr::Expr;
use eckart::run::{PlanCache, Value, run};
use eckart::{Dtype, Matrix, matrix};

use crate::definition::{Dense, defined};
use crate::random::{Random, World, formula};

/// Runs the plans of `roots`, as written and as rewritten, and compares with their definition: entries may differ by
/// `tolerance` of the largest of their matrix.
#[track_caller]
fn check(world: &World, roots: &[Expr], tolerance: f64) {
    let (givens, inputs, expected) = (world.givens(), world.inputs(), defined(world, roots));
    let (rewritten, _) = eckart::rewrite::rewrite(roots, &givens).unwrap();
    for roots in [roots, &rewritten] {
        let plan = eckart::plan::plan(roots, &givens).unwrap();
        let values = run(&plan, &inputs, &mut PlanCache::default()).unwrap();
        for (root, (value, expected)) in roots.iter().zip(values.iter().zip(&expected)) {
            if let Some(said) = difference(value, expected, tolerance) {
                panic!("{root}: {said}\n{plan}");
            }
        }
    }
}

/// What of a value is not as defined.
fn difference(value: &Value, expected: &Dense, tolerance: f64) -> Option<String> {
    let matrix = value.to_matrix(Dtype::F64).unwrap();
    if matrix.shape() != (expected.rows, expected.cols) {
        return Some(format!("{:?} is no {} x {} matrix", matrix.shape(), expected.rows, expected.cols));
    }
    let largest = expected.data.iter().fold(1.0, |most: f64, x| most.max(x.abs()));
    let values = matrix.to_dense_f64();
    // What is not a number is far from everything.
    let is_near = |x: f64, y: f64| (x - y).abs() <= tolerance * largest;
    let far = values.iter().zip(&expected.data).find(|(x, y)| !is_near(**x, **y));
    far.map(|(x, y)| format!("{x} is to be {y}"))
}

fn check_types(world: &World, roots: &[Expr]) {
    check(world, roots, 1e-12);
    check(&world.cast(Dtype::F32), roots, 2e-5);
}

fn with_sides(random: &mut Random, n: usize, m: usize, k: usize) -> World {
    World::of([
        ("A", random.dense(n, m, -2.0, 2.0)),
        ("B", random.dense(n, m, -2.0, 2.0)),
        ("u", random.dense(n, 1, -2.0, 2.0)),
        ("v", random.dense(1, m, -2.0, 2.0)),
        ("c", random.dense(1, 1, -2.0, 2.0)),
        ("S", random.sparse(n, m, -2.0, 2.0)),
        ("P", random.dense(n, k, -2.0, 2.0)),
        ("Q", random.dense(k, m, -2.0, 2.0)),
    ])
}

#[test]
fn random_formulas_run_as_they_are_meant() {
    let mut random = Random(21);
    for round in 0..60 {
        let n = [1, 2, 9, 70, 150, 300][round % 6];
        let k = [1, 3, 8, 17][random.below(4)];
        let world = with_sides(&mut random, n, n, k);
        let depth = 1 + random.below(3);
        let f = formula(&mut random, depth);
        check_types(
            &world,
            &[f.clone(), eckart::sum(&f * &f), eckart::rowsum(formula(&mut random, depth)), eckart::colsum(f)],
        );
    }
}

/// The losses of the field and their gradients, sparse and dense, at every rank that kernels treat on their own.
#[test]
fn losses_and_gradients_run_as_they_are_meant() {
    let mut random = Random(22);
    for (round, rank) in [1, 2, 5, 8, 10, 16, 20, 32, 33, 64, 100].into_iter().enumerate() {
        let (n, m) = [(700, 300), (260, 900)][round % 2];
        let sparse: Matrix = random.sparse(n, m, 0.0, 3.0);
        let dense = random.dense(n, m, 0.0, 3.0);
        for x in [sparse, dense] {
            let world = World::of([
                ("X", x),
                ("W", random.dense(n, rank, 0.1, 1.0)),
                ("H", random.dense(rank, m, 0.1, 1.0)),
                ("b", random.dense(n, 1, -1.0, 1.0)),
            ]);
            let (x, w, h, b) = (matrix("X"), matrix("W"), matrix("H"), matrix("b"));
            let product = w.dot(&h);
            for cost in [
                eckart::sum((&x - &product).pow(2.0)),
                eckart::sum(eckart::kl(&x, &product)),
                eckart::sum(eckart::observed(&x) * (&x - &product - &b).pow(2.0)),
                eckart::sum(eckart::softplus(&product) - &x * &product),
            ] {
                let gradients = eckart::grad(&cost, [&w, &h]);
                check_types(&world, &[cost, gradients[0].clone(), gradients[1].clone()]);
            }
        }
    }
}

/// Every primitive by itself, alone and inside sums that leave nothing of it to fuse.
#[test]
fn primitives_run_as_they_are_defined() {
    use eckart::expr::Op;
    let mut random = Random(23);
    for (n, m) in [(1, 1), (1, 40), (40, 1), (7, 5), (150, 300), (300, 150)] {
        let world = World::of([
            ("A", random.dense(n, m, -2.0, 2.0)),
            ("B", random.dense(n, m, 0.5, 2.0)),
            ("C", random.dense(m, n, -2.0, 2.0)),
            ("u", random.dense(n, 1, -2.0, 2.0)),
            ("v", random.dense(1, m, -2.0, 2.0)),
            ("c", random.dense(1, 1, -2.0, 2.0)),
            ("S", random.sparse(n, m, -2.0, 2.0)),
            ("T", random.sparse(n, m, -2.0, 2.0)),
        ]);
        let [a, b, c, s, t] = ["A", "B", "C", "S", "T"].map(matrix);
        let (u, v, one) = (matrix("u"), matrix("v"), matrix("c"));
        let two = |op: Op, a: &Expr, b: &Expr| Expr::new(op, vec![a.clone(), b.clone()]);
        let mut roots = Vec::new();
        for op in [Op::Add, Op::Sub, Op::Mul, Op::Max, Op::Min, Op::Greater] {
            for (left, right) in [(&a, &b), (&a, &u), (&v, &a), (&s, &a), (&s, &t), (&one, &s), (&u, &v)] {
                roots.push(two(op.clone(), left, right));
            }
        }
        roots.extend([two(Op::Div, &a, &b), two(Op::Div, &s, &b), two(Op::Pow, &b, &a)]);
        for op in [Op::Abs, Op::Sign, Op::Sigmoid, Op::Softplus, Op::Exp] {
            roots.extend([&a, &s, &one].map(|x| Expr::new(op.clone(), vec![x.clone()])));
        }
        roots.extend([Op::Log, Op::XLogX].map(|op| Expr::new(op, vec![b.clone()])));
        for x in [&a, &s, &u, &v] {
            roots.extend([Op::Sum, Op::RowSum, Op::ColSum, Op::Transpose].map(|op| Expr::new(op, vec![x.clone()])));
        }
        roots.extend([two(Op::Expand, &u, &a), two(Op::Expand, &v, &s), two(Op::Expand, &one, &a)]);
        for to in [&u, &v, &one] {
            roots.extend([two(Op::SumTo, &a, to), two(Op::SumTo, &s, to)]);
        }
        roots.extend([eckart::observed(&s), eckart::observed(&s) * &a, eckart::eye(a.dot(&c)) * 2.0]);
        roots.extend([a.dot(&c), s.dot(&c), a.t().dot(&s), s.t().dot(&a), s.dot(s.t()), a.t().dot(&a)]);
        // One after the other: together they would share passes.
        for root in roots {
            check(&world, std::slice::from_ref(&root), 1e-12);
            check(&world.cast(Dtype::F32), &[root], 2e-5);
        }
    }
}
