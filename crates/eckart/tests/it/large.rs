//! Formulas of many parts: planned within a budget, or refused; as deep as they may be on a stack of a megabyte.

use std::fmt::Write as _;
use std::time::Duration;

use eckart::expr::text::parse_expr;
use eckart::expr::{Dag, MOST_PARTS};
use eckart::function::Compiled;
use eckart::{Code, Expr, Matrix, Problem, Settings, Statement, exp, function, grad, matrix, sum};

use crate::errors::check_error;

/// Runs on a thread with as little stack as threads of pools and of Python may have.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(1 << 20).spawn(work).unwrap().join().unwrap();
}

fn x() -> Matrix {
    Matrix::from_fn(4, 3, |i, j| 1.0 + ((i * 3 + j) as f64).sin() / 10.0).unwrap()
}

fn data() -> Matrix {
    Matrix::from_fn(12, 9, |i, j| ((i * j + 1) as f64).sin().abs()).unwrap()
}

fn terms(count: usize, term: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, k| {
        write!(text, " - {}", term(k)).unwrap();
        text
    })
}

fn problem(text: &str) -> Problem {
    Problem::parse(text).unwrap().data("X", data()).rank(2)
}

#[test]
fn what_is_nested_deep_is_computed() {
    on_a_small_stack(|| {
        let depth = MOST_PARTS - 10;
        let nested = (0..depth / 2).fold(matrix("X"), |inner, _| -1.0 * exp(inner));
        let text = nested.to_string();
        assert!(nested == nested.clone() && text.len() > depth);
        let mut value = function([&matrix("X")], [&nested], []).unwrap();
        // The fixed point of -exp.
        assert!((value.call([&x()]).unwrap()[0].get(0, 0) + 0.567_143_290_4).abs() < 1e-9);
        let x_or = |k: usize| if k.is_multiple_of(2) { matrix("X") } else { matrix("X").t() };
        let right = (0..depth / 3).fold(matrix("X"), |inner, k| x_or(k + 1).dot(inner));
        let left = (0..depth / 3).fold(matrix("X"), |inner, k| inner.dot(x_or(k + 1)));
        for chain in [right, left] {
            let mut value = function([&matrix("X")], [&sum(1e-300 * chain)], []).unwrap();
            // More than f64 can hold, or less: an answer either way.
            let _ = value.call([&x()]);
        }
    });
}

#[test]
fn gradients_of_what_is_nested_deep_are_computed() {
    on_a_small_stack(|| {
        let nested = (0..500).fold(matrix("X"), |inner, _| 1.0 / (1.0 + exp(inner)));
        let cost = sum(nested);
        let [gradient] = grad(&cost, [&matrix("X")]);
        let mut value = function([&matrix("X")], [&cost, &gradient], []).unwrap();
        assert!(value.call([&x()]).unwrap()[1].get(0, 0).abs() < 1e-12);
    });
}

#[test]
fn what_is_too_large_is_refused_wherever_it_is_made() {
    on_a_small_stack(|| {
        let large = (0..1_000_000).fold(matrix("X"), |inner, _| inner + matrix("X"));
        check_error(&function([&matrix("X")], [&large], []).unwrap_err(), Code::FormulaTooLarge, "10000 parts");
        check_error(&Problem::of(Statement::minimize(&large)).unwrap_err(), Code::FormulaTooLarge, "10000 parts");
        assert!(large.shortened(100).len() <= 100);
        for text in [
            format!("sum((X{})**2)", terms(1_000_000, |_| "W @ H".into())),
            format!("sum((X - {}H)**2)", "W @ ".repeat(100_000)),
            format!("sum((X{})**2)", terms(20_000, |k| format!("{k} * W @ H"))),
        ] {
            check_error(&Problem::parse(&text).unwrap_err(), Code::FormulaTooLarge, "");
            check_error(&parse_expr(&text).unwrap_err(), Code::FormulaTooLarge, "");
        }
        // Equal parts of a text count once.
        assert!(parse_expr(&format!("X{}", terms(9_000, |_| "exp(W @ H)".into()))).is_ok());
    });
}

#[test]
fn equal_terms_cost_no_more_than_one() {
    let parts = |text: &str| {
        let bound = problem(text).bind().unwrap();
        let compiled = Compiled::new(std::slice::from_ref(&bound.objective), &bound.givens, usize::MAX).unwrap();
        (Dag::new(&compiled.rewritten).len(), compiled.report)
    };
    let (one, first) = parts("sum((X - 3 * W @ H)**2)");
    let (all, report) = parts(&format!("sum((X{})**2)", terms(500, |_| "W @ H".into())));
    assert_eq!((all, report.nodes, report.complete), (one, first.nodes, true));
}

/// Five hundred different terms, of four kinds.
fn many() -> [String; 4] {
    [
        format!("sum((X{})**2)", terms(500, |k| format!("0.001 * (W @ H)**{}", k + 2))),
        format!("sum((X - W @ H)**2){}", terms(500, |k| format!("sum(exp(-{k} * W))"))),
        format!("sum((X{})**2)", terms(500, |k| format!("(W / {}.5) @ sigmoid(H + {k})", k + 1))),
        format!("sum((X - W @ H)**2){}", terms(500, |k| format!("0.001 * sum((X - {k} * W @ H)**2)"))),
    ]
}

#[test]
fn many_terms_are_planned_within_the_budget() {
    for text in many() {
        let bound = problem(&text).bind();
        let bound = bound.unwrap_or_else(|error| panic!("{error}"));
        let compiled = Compiled::new(std::slice::from_ref(&bound.objective), &bound.givens, usize::MAX).unwrap();
        assert!(compiled.report.nodes < 3 * MOST_PARTS, "{} nodes", compiled.report.nodes);
        assert!(Dag::new(&compiled.rewritten).len() < 2 * MOST_PARTS);
    }
}

#[test]
fn repeated_squares_end() {
    for times in [11, 15, 40] {
        let square = (0..times).fold(matrix("X"), |e: Expr, _| &e * &e);
        let one = Matrix::from_fn(2, 2, |_, _| 1.0).unwrap();
        let mut value = function([&matrix("X")], [&sum(&square)], []).unwrap();
        assert_eq!(value.call([&one]).unwrap()[0].to_scalar(), 4.0);
        let [gradient] = grad(&sum(square), [&matrix("X")]);
        let mut value = function([&matrix("X")], [&gradient], []).unwrap();
        let slope = 2.0_f64.powi(times);
        assert!((value.call([&one]).unwrap()[0].get(0, 0) / slope - 1.0).abs() < 1e-9);
    }
}

#[test]
fn long_planning_hears_an_interrupt() {
    let large = format!("sum((X{})**2)", terms(120, |k| format!("W{k} @ H{k}")));
    let (interrupted, searched) = (Settings { max_iter: 0, ..Settings::default() }, problem(&large));
    let raised = interrupted.interrupt.clone();
    let later = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        raised.raise();
    });
    check_error(&searched.solve(&interrupted).unwrap_err(), Code::Interrupted, "interrupted");
    later.join().unwrap();
}
