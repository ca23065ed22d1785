//! The seed's program, and what a function promises about its shared variables.

use eckart::expr::Var;
use eckart::function::Compiled;
use eckart::{Code, Matrix, function, grad, matrix, norm, shared, sum};

use crate::errors::check_error;
use crate::random::{Random, World, formula, world};

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

/// Sparse results of one pass over rows lie on different patterns, also where these have as many entries.
#[test]
fn sparse_results_keep_their_own_pattern() {
    let mut random = Random(12);
    for n in [1, 3, 8] {
        let (s, t) = (random.sparse(n, n, -1.0, 1.0), random.sparse(n, n, -1.0, 1.0));
        let world = World::of([("S", s), ("T", t), ("B", random.dense(n, n, -1.0, 1.0))]);
        let (s, t, b) = (matrix("S"), matrix("T"), matrix("B"));
        let roots = [&s * &b, s.t() * &b, &s * &t, &s + &t, (&s - s.t()) * &b];
        let values: Vec<Vec<f64>> = world.literal(&roots).iter().map(Matrix::to_dense_f64).collect();
        let dense = |name: &str| world.values[name].to_dense_f64();
        let (s, t, b) = (dense("S"), dense("T"), dense("B"));
        for at in 0..n * n {
            let flipped = at % n * n + at / n;
            let expected =
                [s[at] * b[at], s[flipped] * b[at], s[at] * t[at], s[at] + t[at], (s[at] - s[flipped]) * b[at]];
            for (value, expected) in values.iter().zip(expected) {
                assert_eq!(value[at], expected);
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

/// X = W H but for a residual of the given share of it.
fn nearly_exact(share: f64) -> (World, f64) {
    let mut random = Random(9);
    let (w, h) = (random.dense(600, 4, 0.0, 1.0), random.dense(4, 500, 0.0, 1.0));
    let product = |i: usize, j: usize| (0..4).map(|k| w.get(i, k) * h.get(k, j)).sum::<f64>();
    let x = Matrix::from_fn(600, 500, |i, j| product(i, j) * (1.0 + random.between(-share, share))).unwrap();
    let exact =
        (0..600).flat_map(|i| (0..500).map(move |j| (i, j))).map(|(i, j)| (x.get(i, j) - product(i, j)).powi(2)).sum();
    (World::of([("X", x), ("W", w), ("H", h)]), exact)
}

#[test]
fn the_cost_is_right_near_an_exact_fit() {
    let cost = sum((matrix("X") - matrix("W").dot(matrix("H"))).pow(2));
    for share in [1e-2, 1e-4, 1e-6, 1e-8, 0.0] {
        let (world, exact) = nearly_exact(share);
        let givens = world.givens();
        let compiled = Compiled::new(std::slice::from_ref(&cost), &givens, usize::MAX).unwrap();
        assert!(compiled.rewritten[0].to_string().contains("W.T @ W"), "{}", compiled.rewritten[0]);
        let (values, bounds) = compiled.run_bounded(&world.inputs()).unwrap();
        let error = (values[0].to_scalar() - exact).abs();
        assert!(error <= bounds[0], "residual share {share}: bound {} of an error {error}", bounds[0]);
        if share > 0.0 {
            assert!(bounds[0] <= 1e-4 * exact, "residual share {share}: bound {} of {exact}", bounds[0]);
            assert!(error <= 1e-6 * exact, "residual share {share}: {} instead of {exact}", values[0].to_scalar());
        }
    }
}

/// In f32 too, down to a residual of a ten thousandth of X.
#[test]
fn the_cost_is_right_near_an_exact_fit_in_f32() {
    let cost = sum((matrix("X") - matrix("W").dot(matrix("H"))).pow(2));
    for share in [1.0, 1e-1, 1e-2, 1e-3, 1e-4] {
        let world = nearly_exact(share).0.cast(eckart::Dtype::F32);
        let [x, w, h] = ["X", "W", "H"].map(|name| &world.values[name]);
        let residual = |i: usize, j: usize| x.get(i, j) - (0..4).map(|k| w.get(i, k) * h.get(k, j)).sum::<f64>();
        let exact: f64 =
            (0..600).flat_map(|i| (0..500).map(move |j| (i, j))).map(|(i, j)| residual(i, j).powi(2)).sum();
        let compiled = Compiled::new(std::slice::from_ref(&cost), &world.givens(), usize::MAX).unwrap();
        assert_eq!(compiled.plan.dtype, eckart::Dtype::F32);
        let (values, bounds) = compiled.run_bounded(&world.inputs()).unwrap();
        let error = (values[0].to_scalar() - exact).abs();
        assert!(error <= bounds[0], "residual share {share}: bound {} of an error {error}", bounds[0]);
        assert!(error <= 2e-6 * exact, "residual share {share}: {} instead of {exact}", values[0].to_scalar());
    }
}

#[test]
fn what_depends_on_data_alone_is_computed_once() {
    let (world, _) = nearly_exact(0.1);
    let givens = world.givens();
    let roots = [sum(matrix("X").pow(2)) + sum(matrix("W").pow(2))];
    let compiled = Compiled::new(&roots, &givens, usize::MAX).unwrap();
    assert!(compiled.plan.steps.iter().any(|step| step.cached && step.flops > 0.0), "{}", compiled.plan);
    let mut inputs = world.inputs();
    let first = compiled.run(&inputs).unwrap()[0].to_scalar();
    assert_eq!(compiled.run(&inputs).unwrap()[0].to_scalar(), first);
    let other = Matrix::from_fn(600, 500, |_, _| 2.0).unwrap();
    inputs.set_matrix(&Var::input("X"), &other);
    let w: f64 = world.values["W"].values_f64().iter().map(|v| v * v).sum();
    let second = compiled.run(&inputs).unwrap()[0].to_scalar();
    assert!((second - 4.0 * 300_000.0 - w).abs() < 1e-9 * second, "{second}: other data, other value");
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
    check_error(&bad.call([]).unwrap_err(), Code::ResultNotFinite, "new value of b");
    assert_eq!(a.value().unwrap().to_scalar(), 1.0);
}

#[test]
fn misuse_is_named() {
    let x = matrix("X");
    let w = shared(Matrix::dense(2, 2, vec![1.0; 4]).unwrap(), "W");
    let data = Matrix::dense(2, 3, vec![1.0; 6]).unwrap();
    check_error(&function([], [&x], []).unwrap_err(), Code::UndefinedName, "X");
    check_error(&function([&w], [&w], []).unwrap_err(), Code::InputNotVariable, "W");
    check_error(&function([&x], [], [(&x, x.clone())]).unwrap_err(), Code::UpdateNotShared, "X");
    let mut narrow = function([&x], [], [(&w, w.dot(&x))]).unwrap();
    check_error(&narrow.call([&data]).unwrap_err(), Code::WrongShape, "W is 2 x 2, its update is 2 x 3");
    check_error(&narrow.call([]).unwrap_err(), Code::InputCount, "takes X");
    let mut clash = function([&x], [&sum(&x - &w)], []).unwrap();
    check_error(&clash.call([&data]).unwrap_err(), Code::ShapeMismatch, "X is 2 x 3, W is 2 x 2");
}

#[test]
fn types_follow_the_data() {
    let x = matrix("X");
    let w = shared(Matrix::dense(1, 2, vec![1.0f64, 2.0]).unwrap(), "W");
    let mut step = function([&x], [&sum(&x)], [(&w, &w + &x)]).unwrap();
    step.call([&Matrix::dense(1, 2, vec![0.5f32, 0.5]).unwrap()]).unwrap();
    assert_eq!(w.value().unwrap().dtype(), eckart::Dtype::F32);
}

/// A matrix of which a twentieth is stored: dense ways don't pay.
fn thin(random: &mut Random) -> Matrix {
    let entries = (0..200).flat_map(|i| (0..150).map(move |j| (i, j)));
    let kept: Vec<(usize, usize)> = entries.filter(|_| random.below(20) == 0).collect();
    Matrix::from_triplets(200, 150, kept.into_iter().map(|(i, j)| (i, j, random.between(0.0, 2.0))).collect()).unwrap()
}

#[test]
fn functions_of_sparse_data_stay_sparse() {
    let mut random = Random(21);
    for text in [
        "sum((log(1 + X) - W @ H)**2)",
        "sum((X - W @ H)**2 / (1 + X))",
        "sum((exp(X) - W @ H)**2)",
        "sum(log(1 + X) @ H.T)",
        "sum(sqrt(X) * (W @ H))",
    ] {
        let world = World::of([
            ("X", thin(&mut random)),
            ("W", random.dense(200, 2, 0.0, 1.0)),
            ("H", random.dense(2, 150, 0.0, 1.0)),
        ]);
        let givens = world.givens();
        let cost = eckart::expr::text::parse_expr(text).unwrap();
        let mut roots = eckart::grad::differentiate(&cost, &[matrix("W"), matrix("H")]);
        roots.push(cost);
        let compiled = Compiled::new(&roots, &givens, usize::MAX).unwrap();
        let most = compiled.plan.largest_buffer();
        assert!(most <= world.values["X"].stored().max(600), "{text}: {most}\n{}", compiled.plan);
        let values = compiled.run(&world.inputs()).unwrap();
        for (value, literal) in values.iter().zip(world.literal(&roots)) {
            for (x, y) in value.to_dense().data.iter().zip(literal.to_dense_f64()) {
                assert!((x - y).abs() <= 1e-9 * (1.0 + y.abs()), "{text}: {y} became {x}");
            }
        }
    }
}

#[test]
fn several_starts_read_the_data_once() {
    let mut random = Random(31);
    let mut world = World::of([("X", thin(&mut random))]);
    let mut roots = Vec::new();
    for start in 0..3 {
        let (w, h) = (format!("W{start}"), format!("H{start}"));
        world.values.insert(w.clone(), random.dense(200, 4, 0.0, 1.0));
        world.values.insert(h.clone(), random.dense(4, 150, 0.0, 1.0));
        let cost = sum((matrix("X") - matrix(&w).dot(matrix(&h))).pow(2));
        roots.extend(eckart::grad::differentiate(&cost, &[matrix(&w), matrix(&h)]));
    }
    let givens = world.givens();
    let compiled = Compiled::new(&roots, &givens, usize::MAX).unwrap();
    let reads = |step: &&eckart::plan::Step| {
        let buffers = step.args.iter().map(|&arg| &compiled.plan.buffers[arg]);
        matches!(step.kernel, eckart::plan::Kernel::Product { .. }) && buffers.into_iter().any(|b| b.text == "X")
    };
    assert_eq!(compiled.plan.steps.iter().filter(reads).count(), 2, "{}", compiled.plan);
    for (value, literal) in compiled.run(&world.inputs()).unwrap().iter().zip(world.literal(&roots)) {
        for (x, y) in value.to_dense().data.iter().zip(literal.to_dense_f64()) {
            assert!((x - y).abs() <= 1e-9 * (1.0 + y.abs()), "{y} became {x}");
        }
    }
}

/// Missing entries are masked in every formula that reads them, or refused: they never count as 0 without a word.
#[test]
fn missing_entries_that_a_formula_does_not_speak_of_are_refused() {
    let (x, a) = (matrix("X"), eckart::scalar("a"));
    let holes = Matrix::dense(2, 2, vec![1.0, 2.0, f64::NAN, 4.0]).unwrap();
    let one = Matrix::scalar(1.0).unwrap();
    let w = shared(one.clone(), "W");
    let refused =
        |outputs: &[&eckart::Expr], updates: Vec<(&eckart::Expr, eckart::Expr)>, x_is: &Matrix, a_is: &Matrix| {
            let mut f = function([&x, &a], outputs.iter().copied(), updates).unwrap();
            f.call([x_is, a_is]).map(|found| found[0].to_scalar())
        };
    let (plain, masked) = (sum(x.pow(2)) * &a, sum(eckart::observed(&x) * x.pow(2)) * &a);
    let error = refused(&[&masked, &plain], vec![], &holes, &one).unwrap_err();
    for part in ["X has 1 missing entry (NaN), at row 2, column 1", "output 2 of 2, sum(X**2) * a", "observed(X)"] {
        check_error(&error, Code::MissingEntries, part);
    }
    assert_eq!(refused(&[&masked], vec![], &holes, &one).unwrap(), 21.0);
    // The shape alone is read here, as gradients do.
    assert_eq!(refused(&[&(sum(eckart::expand(&a, &x)))], vec![], &holes, &one).unwrap(), 4.0);
    let nan = Matrix::scalar(f64::NAN).unwrap();
    check_error(&refused(&[&masked], vec![], &holes, &nan).unwrap_err(), Code::NotANumber, "a is no number");
    let error = refused(&[&a], vec![(&w, &w - sum(&x))], &holes, &one).unwrap_err();
    check_error(&error, Code::MissingEntries, "the new value of W, W - sum(X)");
    w.set_value(nan).unwrap();
    check_error(&refused(&[&(&a * &w)], vec![], &holes, &one).unwrap_err(), Code::NotANumber, "W is no number");
}

#[test]
fn an_infinite_result_is_said_of_its_output() {
    let x = matrix("X");
    let mut f = function([&x], [&sum(&x), &eckart::exp(&x)], []).unwrap();
    let error = f.call([&Matrix::dense(1, 2, vec![1.0, 1e3]).unwrap()]).unwrap_err();
    for part in ["output 2 of 2, exp(X)", "row 1, column 2"] {
        check_error(&error, Code::ResultNotFinite, part);
    }
}

/// A formula of 2^80 parts, each of which is there once, can be named in a message.
#[test]
fn a_message_about_a_shared_formula_is_short_and_soon_there() {
    let mut f = matrix("X");
    for _ in 0..80 {
        f = &f + &f;
    }
    let small = Matrix::from_fn(2, 2, |_, _| 1.0).unwrap();
    let wrong = shared(small.clone(), "W");
    let error = function([&matrix("X")], [&f], [(&wrong, sum(&f))]).unwrap().call([&small]).unwrap_err().to_string();
    assert!(error.len() < 1000, "{error}");
}
