//! Gradients against central differences, for every primitive and for random formulas.

use eckart::expr::{Expr, Op};
use eckart::grad::differentiate;
use eckart::{Code, Matrix, matrix, sum};

use crate::errors::check_error;
use crate::random::{Random, World, formula, world};

/// Every entry of the gradient of `cost` by each of `vars` agrees with a central difference.
#[track_caller]
fn check(cost: &Expr, vars: &[&str], world: &World) {
    let exprs: Vec<Expr> = vars.iter().map(|v| matrix(v)).collect();
    let gradients = differentiate(cost, &exprs);
    for (engine, found) in [("literal", world.literal(&gradients)), ("compiled", world.compiled(&gradients))] {
        for (var, gradient) in vars.iter().zip(&found) {
            let value = &world.values[*var];
            assert_eq!(gradient.shape(), value.shape(), "{engine}: the gradient by {var} of {cost}");
            for at in 0..value.rows() * value.cols() {
                let expected = central_difference(cost, var, at, world);
                let (i, j) = (at / value.cols(), at % value.cols());
                let got = gradient.get(i, j);
                let error = (got - expected).abs() / (1.0 + expected.abs());
                assert!(error < 1e-6, "{engine}: d/d{var}[{i},{j}] of {cost} is {got}, differences say {expected}");
            }
        }
    }
}

/// By Richardson's extrapolation of two central differences: an error of the order of h^4.
fn central_difference(cost: &Expr, var: &str, at: usize, world: &World) -> f64 {
    let value = &world.values[var];
    let slope = |h: f64| {
        let moved = |by: f64| {
            let mut numbers = value.to_dense_f64();
            numbers[at] += by;
            let mut values = world.values.clone();
            values.insert(var.to_owned(), Matrix::dense(value.rows(), value.cols(), numbers).unwrap());
            World { values }.literal(std::slice::from_ref(cost))[0].to_scalar()
        };
        (moved(h) - moved(-h)) / (2.0 * h)
    };
    let h = 1e-4;
    (4.0 * slope(h / 2.0) - slope(h)) / 3.0
}

#[test]
fn every_primitive_agrees_with_differences() {
    let mut random = Random(1);
    let world = World::of([
        ("A", random.dense(3, 4, 0.3, 2.0)),
        ("B", random.dense(3, 4, 2.5, 4.0)),
        ("C", random.dense(4, 2, -1.0, 1.0)),
        ("Y", random.dense(3, 3, -1.0, 1.0)),
        ("K", random.dense(3, 4, -1.0, 1.0)),
        ("v", random.dense(1, 4, 0.5, 2.0)),
    ]);
    let (a, b, k) = (matrix("A"), matrix("B"), matrix("K"));
    let weighted = |e: Expr| sum(&k * e);
    for op in [Op::Add, Op::Sub, Op::Mul, Op::Div, Op::Pow, Op::Max, Op::Min, Op::Greater] {
        check(&weighted(Expr::new(op.clone(), vec![a.clone(), b.clone()])), &["A", "B"], &world);
        check(&weighted(Expr::new(op, vec![b.clone(), matrix("v")])), &["B", "v"], &world);
    }
    for op in [Op::Exp, Op::Log, Op::XLogX, Op::Abs, Op::Sign, Op::Sigmoid, Op::Softplus, Op::Observed] {
        check(&weighted(Expr::new(op, vec![a.clone()])), &["A"], &world);
    }
    check(&sum(a.dot(matrix("C")).pow(2)), &["A", "C"], &world);
    check(&sum(a.t().dot(&b).pow(2)), &["A", "B"], &world);
    check(&sum(&a).pow(2), &["A"], &world);
    check(&sum(eckart::rowsum(&a).pow(3)), &["A"], &world);
    check(&sum(eckart::colsum(&a).pow(3)), &["A"], &world);
    check(&weighted(eckart::expand(matrix("v"), &a).pow(2)), &["v"], &world);
    check(&sum((eckart::sumto(a.pow(2), matrix("v")) * matrix("v")).pow(2)), &["A", "v"], &world);
    check(&eckart::trace(matrix("Y").dot(matrix("Y"))), &["Y"], &world);
    check(&eckart::norm(&a), &["A"], &world);
    check(&sum(eckart::huber(&k, 0.5)), &["K"], &world);
    check(&sum(eckart::kl(&b, &a)), &["A", "B"], &world);
    check(&eckart::mean(eckart::tanh(&k)), &["K"], &world);
    check(&sum(eckart::is(&b, &a)), &["A", "B"], &world);
    for power in [-0.5, 0.5, 1.5, 2.0, 3.0] {
        check(&sum(eckart::beta(&b, &a, power)), &["A", "B"], &world);
    }
    check(&sum(eckart::nb(&b, &a, 1.5)), &["A", "B"], &world);
    check(&sum(eckart::hinge(&k, &b)), &["K", "B"], &world);
    check(&sum(eckart::pinball(&k, 0.3)), &["K"], &world);
    check(&eckart::elasticnet(&k, 0.3), &["K"], &world);
    check(&eckart::group(&k), &["K"], &world);
    check(&eckart::ard(a.t(), &k, 0.5), &["A", "K"], &world);
    check(&eckart::laplacian(&k, matrix("Y")), &["K"], &world);
    check(&eckart::tv(&k, matrix("C")), &["K"], &world);
}

/// The derivative of Huber's loss is one function of an entry, with the bits of that of the primitives it is made of.
#[test]
fn the_gradient_of_huber_is_a_clip() {
    let mut random = Random(5);
    let world = World::of([
        ("X", random.dense(7, 5, -3.0, 3.0)),
        ("W", random.dense(7, 2, -1.0, 1.0)),
        ("H", random.dense(2, 5, -1.0, 1.0)),
    ]);
    let residual = matrix("X") - matrix("W").dot(matrix("H"));
    let printed = |cost: &Expr| {
        let gradient = differentiate(cost, &[matrix("W")]);
        eckart::rewrite::simplify(&gradient, &world.givens()).unwrap()[0].to_string()
    };
    let cost = sum(eckart::huber(&residual, 1));
    assert_eq!(printed(&cost), "-(clip(X - W @ H, -1, 1) @ H.T)");
    assert_eq!(printed(&(0.3 * &cost)), "-0.3 * (clip(X - W @ H, -1, 1) @ H.T)");
    // With a delta that has no literal value, the loss is differentiated as it is spelled out.
    let spelled = sum(eckart::huber(&residual, sum(matrix("X")) * 0.0 + 1.0));
    let [clipped, spelled] = [cost, spelled].map(|cost| differentiate(&cost, &[matrix("W"), matrix("X")]));
    let [clipped, spelled] = [clipped, spelled].map(|formulas| world.literal(&formulas));
    assert_eq!(clipped[1].to_dense_f64(), spelled[1].to_dense_f64());
    assert_eq!(clipped[0].to_dense_f64(), spelled[0].to_dense_f64());
    assert!(clipped[1].to_dense_f64().iter().any(|slope| slope.abs() == 1.0));
}

#[test]
fn random_formulas_agree_with_differences() {
    let mut random = Random(2);
    for _ in 0..200 {
        let depth = 1 + random.below(3);
        let cost = sum(formula(&mut random, depth));
        check(&cost, &["A", "P", "Q", "u", "v", "c"], &world(&mut random));
    }
}

#[test]
fn gradients_can_be_differentiated_again() {
    let mut random = Random(3);
    let world = World::of([
        ("X", random.dense(4, 3, -1.0, 1.0)),
        ("W", random.dense(4, 2, -1.0, 1.0)),
        ("H", random.dense(2, 3, -1.0, 1.0)),
    ]);
    let (x, w, h) = (matrix("X"), matrix("W"), matrix("H"));
    let [gradient] = eckart::grad(&sum((&x - w.dot(&h)).pow(2)), [&w]);
    check(&sum(gradient.pow(2)), &["W", "H", "X"], &world);
}

#[test]
fn only_a_number_has_a_gradient() {
    let world = World::of([("A", Random(4).dense(2, 2, 0.0, 1.0))]);
    let gradients = differentiate(&matrix("A").pow(2), &[matrix("A")]);
    check_error(&eckart::plan::plan(&gradients, &world.givens()).unwrap_err(), Code::CostNotScalar, "is 2 x 2");
}

/// A length has no gradient at 0: what is given is a subgradient, in f64 as in f32, literal as compiled.
#[test]
fn the_gradient_of_a_length_is_0_where_the_length_is() {
    let w = matrix("W");
    let narrow = Matrix::dense(2, 3, vec![0.0_f32, 3.0, 0.0, 0.0, 4.0, 0.0]).unwrap();
    for (zero, some) in [(Matrix::dense(2, 3, vec![0.0; 6]).unwrap(), narrow.cast(eckart::Dtype::F64).unwrap()), {
        (Matrix::dense(2, 3, vec![0.0_f32; 6]).unwrap(), narrow)
    }] {
        for (length, by_hand) in [
            (eckart::norm(&w), [0.0, 0.6, 0.0, 0.0, 0.8, 0.0]),
            (eckart::colnorm(&w), [0.0, 0.6, 0.0, 0.0, 0.8, 0.0]),
            (eckart::rownorm(&w), [0.0, 1.0, 0.0, 0.0, 1.0, 0.0]),
        ] {
            let gradient = differentiate(&sum(length), std::slice::from_ref(&w));
            for (value, expected) in [(&zero, [0.0; 6]), (&some, by_hand)] {
                let world = World::of([("W", value.clone())]);
                for found in [world.literal(&gradient), world.compiled(&gradient)] {
                    let found = found[0].to_dense_f64();
                    assert!(
                        found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6),
                        "{}: {found:?}",
                        gradient[0]
                    );
                }
            }
        }
    }
}
