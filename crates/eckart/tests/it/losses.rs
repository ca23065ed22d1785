//! Losses by name: their values, and that they are what people write out.

use eckart::expr::text::parse_expr;
use eckart::{Code, Matrix, Problem, Settings};

use crate::errors::check_error;
use crate::random::{Random, World};

/// What a call is by its definition, entry by entry where it is of entries.
#[track_caller]
fn check(text: &str, written_out: &str, expected: impl Fn(&World) -> f64) {
    let mut random = Random(8);
    let world = World::of([
        ("X", random.dense(5, 4, 0.2, 3.0)),
        ("S", random.dense(5, 4, 0.2, 3.0)),
        ("Z", random.dense(5, 4, -1.0, 1.0)),
        ("W", random.dense(5, 3, -1.0, 1.0)),
        ("H", random.dense(3, 4, -1.0, 1.0)),
        ("L", random.dense(5, 5, -1.0, 1.0)),
        ("D", random.dense(4, 3, -1.0, 1.0)),
    ]);
    let [called, out] = [text, written_out].map(|text| parse_expr(text).unwrap());
    let values: Vec<f64> = world.literal(&[called.clone(), out]).iter().map(|value| value.to_scalar()).collect();
    let expected = expected(&world);
    for value in values {
        assert!((value - expected).abs() < 1e-12 * (1.0 + expected.abs()), "{text}: {value}, not {expected}");
    }
    assert_eq!(called.to_string(), text);
    assert_eq!(parse_expr(&called.to_string()).unwrap(), called);
}

fn sum_of(world: &World, [a, b]: [&str; 2], of: impl Fn(f64, f64) -> f64) -> f64 {
    let [a, b] = [a, b].map(|name| world.values[name].to_dense_f64());
    a.into_iter().zip(b).map(|(a, b)| of(a, b)).sum()
}

#[test]
fn losses_of_entries_are_what_is_written_out() {
    check("sum(is(X, S))", "sum(X/S - log(X/S) - 1)", |w| sum_of(w, ["X", "S"], |x, s| x / s - (x / s).ln() - 1.0));
    check("sum(beta(X, S, 1.5))", "sum((X**1.5 + 0.5*S**1.5 - 1.5*X*S**0.5)/0.75)", |w| {
        sum_of(w, ["X", "S"], |x, s| (x.powf(1.5) + 0.5 * s.powf(1.5) - 1.5 * x * s.sqrt()) / 0.75)
    });
    check("sum(beta(X, S, 2))", "sum((X - S)**2)/2", |w| sum_of(w, ["X", "S"], |x, s| (x - s).powi(2) / 2.0));
    check("sum(nb(X, S, 2))", "sum(X*log(X/S) - (X + 2)*log((X + 2)/(S + 2)))", |w| {
        sum_of(w, ["X", "S"], |x, s| x * (x / s).ln() - (x + 2.0) * ((x + 2.0) / (s + 2.0)).ln())
    });
    check("sum(hinge(Z, S))", "sum(max(1 - Z*S, 0))", |w| sum_of(w, ["Z", "S"], |y, s| (1.0 - y * s).max(0.0)));
    check("sum(pinball(Z, 0.3))", "sum(Z*(0.3 - (Z < 0)))", |w| {
        sum_of(w, ["Z", "Z"], |z, _| if z > 0.0 { 0.3 * z } else { -0.7 * z })
    });
}

#[test]
fn penalties_are_what_is_written_out() {
    check("elasticnet(W, 0.3)", "0.3*sum(abs(W)) + 0.35*sum(W**2)", |w| {
        sum_of(w, ["W", "W"], |w, _| 0.3 * w.abs() + 0.35 * w * w)
    });
    let length = |w: &World, i: usize| (0..3).map(|k| w.values["W"].get(i, k).powi(2)).sum::<f64>().sqrt();
    check("group(W)", "sum(rownorm(W))", |w| (0..5).map(|i| length(w, i)).sum());
    check("ard(W, H, 0.5)", "sum(log(colsum(W**2)/2 + rowsum(H**2).T/2 + 0.5))", |w| {
        let of = |k: usize| {
            let squares = (0..5).map(|i| w.values["W"].get(i, k).powi(2)).sum::<f64>();
            squares + (0..4).map(|j| w.values["H"].get(k, j).powi(2)).sum::<f64>()
        };
        (0..3).map(|k| (of(k) / 2.0 + 0.5).ln()).sum()
    });
    check("laplacian(W, L)", "trace(W.T @ L @ W)", |w| {
        let (l, w) = (&w.values["L"], &w.values["W"]);
        let row = |i: usize, j: usize| (0..3).map(|k| w.get(i, k) * w.get(j, k)).sum::<f64>();
        (0..25).map(|at| l.get(at / 5, at % 5) * row(at / 5, at % 5)).sum()
    });
    check("tv(H, D)", "sum(abs(H @ D))", |w| {
        let (h, d) = (&w.values["H"], &w.values["D"]);
        (0..9).map(|at| (0..4).map(|j| h.get(at / 3, j) * d.get(j, at % 3)).sum::<f64>().abs()).sum()
    });
}

fn counts() -> Matrix {
    let mut random = Random(4);
    let (w, h) = (random.dense(30, 2, 0.2, 2.0), random.dense(2, 20, 0.2, 2.0));
    Matrix::from_fn(30, 20, |i, j| (0..2).map(|k| w.get(i, k) * h.get(k, j)).sum::<f64>() + 0.1).unwrap()
}

#[test]
fn a_search_ends_where_it_does_with_what_is_written_out() {
    let x = counts();
    for (called, written_out) in [
        ("sum(is(X, W @ H))", "sum(X/(W @ H) - log(X/(W @ H)) - 1)"),
        ("sum(beta(X, W @ H, b))", "sum((X**b + (b - 1)*(W @ H)**b - b*X*(W @ H)**(b - 1))/(b*(b - 1)))"),
        ("sum((X - W @ H)**2) + b*elasticnet(W, 0.5) + group(H)", {
            "sum((X - W @ H)**2) + b*(0.5*sum(abs(W)) + (1 - 0.5)/2*sum(W**2)) + sum(rownorm(H))"
        }),
    ] {
        let cost = |text: &str| {
            let text = format!("{text} subject to W >= 0, H >= 0");
            let problem = Problem::parse(&text).unwrap().data("X", &x).rank(2);
            let problem = if text.contains('b') && text.contains("b*") || text.contains(", b)") {
                problem.param("b", 1.5)
            } else {
                problem
            };
            problem.solve(&Settings { max_iter: 100, ..Settings::default() }).unwrap().cost
        };
        assert_eq!(cost(called), cost(written_out), "{called}");
    }
}

#[test]
fn the_limits_of_the_beta_divergence_are_named() {
    let x = counts();
    for limit in [0.0, 1.0] {
        let text = "sum(beta(X, W @ H, b)) subject to W >= 0, H >= 0";
        let problem = Problem::parse(text).unwrap().data("X", &x).param("b", limit).rank(2);
        let error = problem.solve(&Settings::default()).unwrap_err();
        check_error(&error, Code::DivisionByZero, "beta(X, W @ H, b)");
        let text = format!("sum(beta(X, W @ H, {limit})) subject to W >= 0, H >= 0");
        let fit = Problem::parse(&text).unwrap().data("X", &x).rank(2).solve(&Settings::default()).unwrap();
        assert!(fit.cost.is_finite(), "{text}");
    }
}
