//! The seed's programme, and what a function promises about its shared variables.

use eckart::{Matrix, function, grad, matrix, norm, shared, sum};

use crate::random::{Random, formula, world};

#[test]
fn the_compiled_value_is_the_literal_value() {
    let mut random = Random(11);
    for _ in 0..300 {
        let depth = 1 + random.below(4);
        let roots = [formula(&mut random, depth), sum(formula(&mut random, depth))];
        let world = world(&mut random);
        for (a, b) in world.literal(&roots).iter().zip(world.compiled(&roots)) {
            for (x, y) in a.to_dense_f64().iter().zip(b.to_dense_f64()) {
                assert!((x - y).abs() <= 1e-9 * (1.0 + x.abs()), "{roots:?}: {x} became {y}");
            }
        }
    }
}

#[test]
fn the_seed_programme_lowers_its_cost() {
    let mut random = Random(5);
    let data = random.dense(20, 15, 0.0, 1.0);
    let x = matrix("X");
    let w = shared(random.dense(20, 3, 0.0, 1.0), "W");
    let h = shared(random.dense(3, 15, 0.0, 1.0), "H");
    let (beta, l1, l2) = (0.02, 1e-3, 1e-3);
    let cost = sum((&x - w.dot(&h)).pow(2)) + l1 * sum(w.pow(2)) + l2 * sum(h.pow(2));
    let [gw, gh] = grad(&cost, [&w, &h]);
    let updates = [(&w, &w - beta * &gw / norm(&gw)), (&h, &h - beta * &gh / norm(&gh))];
    let mut step = function([&x], [&cost], updates).unwrap();
    let costs: Vec<f64> = (0..200).map(|_| step.call([&data]).unwrap()[0].to_scalar()).collect();
    assert!(costs[199] < 0.5 * costs[0], "{costs:?}");
}

#[test]
fn updates_see_the_old_values() {
    let a = shared(Matrix::scalar(1.0).unwrap(), "a");
    let b = shared(Matrix::scalar(2.0).unwrap(), "b");
    let mut swap = function([], [&a], [(&a, b.clone()), (&b, a.clone())]).unwrap();
    assert_eq!(swap.call([]).unwrap()[0].to_scalar(), 1.0);
    assert_eq!((a.value().unwrap().to_scalar(), b.value().unwrap().to_scalar()), (2.0, 1.0));
}

#[test]
fn a_call_that_fails_changes_nothing() {
    let a = shared(Matrix::scalar(1.0).unwrap(), "a");
    let b = shared(Matrix::scalar(0.0).unwrap(), "b");
    let mut bad = function([], [&a], [(&a, &a + 1.0), (&b, &a / &b)]).unwrap();
    assert!(bad.call([]).unwrap_err().to_string().contains("new value of b is not finite"));
    assert_eq!(a.value().unwrap().to_scalar(), 1.0);
}

#[test]
fn misuse_is_named() {
    let x = matrix("X");
    let w = shared(Matrix::dense(2, 2, vec![1.0; 4]).unwrap(), "W");
    let data = Matrix::dense(2, 3, vec![1.0; 6]).unwrap();
    let refuses = |error: eckart::Error, text: &str| assert!(error.to_string().contains(text), "{error}");
    refuses(function([], [&x], []).unwrap_err(), "X is used but is neither");
    refuses(function([&w], [&w], []).unwrap_err(), "must be a plain variable");
    refuses(function([&x], [], [(&x, x.clone())]).unwrap_err(), "must be of a shared variable");
    let mut narrow = function([&x], [], [(&w, w.dot(&x))]).unwrap();
    refuses(narrow.call([&data]).unwrap_err(), "W is 2 x 2, its update is 2 x 3");
    refuses(narrow.call([]).unwrap_err(), "the function takes X");
    let mut clash = function([&x], [&sum(&x - &w)], []).unwrap();
    refuses(clash.call([&data]).unwrap_err(), "X is 2 x 3, W is 2 x 2");
}

#[test]
fn types_follow_the_data() {
    let x = matrix("X");
    let w = shared(Matrix::dense(1, 2, vec![1.0f64, 2.0]).unwrap(), "W");
    let mut step = function([&x], [&sum(&x)], [(&w, &w + &x)]).unwrap();
    step.call([&Matrix::dense(1, 2, vec![0.5f32, 0.5]).unwrap()]).unwrap();
    assert_eq!(w.value().unwrap().dtype(), eckart::Dtype::F32);
}
