//! The fast ways of running a plan against its plain meaning, in both types, at sizes where they take other ways.

use eckart::expr::Expr;
use eckart::run::{Kept, interpret, run};
use eckart::{Dtype, Matrix, matrix};

use crate::random::{Random, World, formula};

/// Runs the plans of `roots`, as written and as rewritten, and compares with their interpretation: entries may differ
/// by `tolerance` of the largest of their matrix.
#[track_caller]
fn check(world: &World, roots: &[Expr], tolerance: f64) {
    let (givens, inputs) = (world.givens(), world.inputs());
    let (rewritten, _) = eckart::rewrite::rewrite(roots, &givens).unwrap();
    for roots in [roots, &rewritten] {
        let plan = eckart::plan::plan(roots, &givens).unwrap();
        let fast = run(&plan, &inputs, &mut Kept::default()).unwrap();
        for (at, (plain, fast)) in interpret(&plan, &inputs).unwrap().iter().zip(fast).enumerate() {
            let (plain, fast) = (plain.to_matrix(Dtype::F64).unwrap(), fast.to_matrix(Dtype::F64).unwrap());
            assert_eq!((plain.shape(), plain.pattern().is_some()), (fast.shape(), fast.pattern().is_some()));
            let (plain, fast) = (plain.to_dense_f64(), fast.to_dense_f64());
            let largest = plain.iter().fold(1.0, |most: f64, x| most.max(x.abs()));
            for (x, y) in plain.iter().zip(fast) {
                assert!((x - y).abs() <= tolerance * largest, "{}: {x} became {y}\n{plan}", roots[at]);
            }
        }
    }
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
