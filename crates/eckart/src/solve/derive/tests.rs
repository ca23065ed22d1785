//! Tests: the subproblems of known objectives, and the certificate: Grams and linear terms agree with differences.

use std::sync::Arc;

use super::*;
use crate::data::Matrix;
use crate::facts::Given;
use crate::function::Compiled;
use crate::run::Cut;
use crate::run::{Rect, Value};
use crate::solve::Problem;
use crate::solve::problem::iterate::Iterate;

/// A problem with 7 x 5 data (6 x 6 where `square`), rank 3.
fn problem(text: &str, sparse: bool) -> Problem {
    let entry = |i: usize, j: usize| ((i * 5 + j) as f64 * 1.7).sin().abs() + 0.1;
    let (n, m) = if text.contains("W @ W.T") { (6, 6) } else { (7, 5) };
    let x = if sparse {
        let all = (0..n).flat_map(|i| (0..m).map(move |j| (i, j)));
        let kept = all.filter(|(i, j)| (i * 3 + j * 2) % 4 != 1).map(|(i, j)| (i, j, entry(i, j)));
        Matrix::from_triplets(n, m, kept.collect()).unwrap()
    } else {
        // Without a missing entry, `observed` is 1 everywhere.
        let missing = |i: usize, j: usize| text.contains("observed") && (i + 2 * j) % 5 == 1;
        Matrix::from_fn(n, m, |i, j| if missing(i, j) { f64::NAN } else { entry(i, j) }).unwrap()
    };
    let mut problem = Problem::parse(text).unwrap().data("X", &x).rank(3);
    let y = |n: usize, m: usize| Matrix::from_fn(n, m, |i, j| ((i + 3 * j) as f64).cos().abs()).unwrap();
    for (name, matrix) in [("C", y(n, m)), ("u", y(n, 1)), ("v", y(1, m)), ("Y", y(n, 2)), ("L", y(n, n))] {
        if problem.statement().objective.variables().iter().any(|var| var.name() == name) {
            problem = problem.data(name, &matrix);
        }
    }
    problem
}

/// A subproblem in a word or two.
fn word(subproblem: &Subproblem) -> String {
    let grams = |q: &Quadratic| {
        let grams = &q.grams;
        let shared = if grams.shared.is_some() { "shared" } else { "" };
        let words = [shared.to_owned(), "scaled ".repeat(grams.scaled.len()), "sampled ".repeat(grams.sampled.len())];
        words.iter().flat_map(|w| w.split_whitespace()).collect::<Vec<_>>().join(" ")
    };
    match subproblem {
        Subproblem::Quadratic(q, _) => grams(q),
        Subproblem::Bounded(q, _) => format!("bounded {}", grams(q)),
        Subproblem::Entrywise { .. } => "entrywise".into(),
        Subproblem::Coupled(_) => "coupled".into(),
        Subproblem::Poisson(subproblem) if subproblem.square > 0.0 => format!("poisson {}", subproblem.square),
        Subproblem::Poisson(_) => "poisson".into(),
        Subproblem::Smooth => "smooth".into(),
    }
}

/// The subproblems in the order in which the objective names the factors.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    for sparse in [false, true] {
        let bound = problem(text, sparse).bind().unwrap();
        let subproblems = derive(&bound).unwrap();
        let words: Vec<String> = subproblems.iter().map(word).collect();
        assert_eq!(words, expected, "{text}");
        for (index, subproblem) in subproblems.iter().enumerate() {
            certify(text, problem(text, sparse).bind().unwrap(), index, subproblem);
        }
    }
}

#[test]
fn forms_are_found() {
    check("sum((X - W @ H)**2) + 0.3*sum(W**2)", &["shared", "shared"]);
    check("sum((X - W @ H)**2) + 0.3*sum(abs(W)) subject to rownorm(H) <= 1", &["shared", "shared"]);
    check("sum(X*X) - 2*sum(X*(W @ H)) + sum((W.T @ W)*(H @ H.T))", &["shared", "shared"]);
    check("sum((X - W @ H)**2) + 0.3*sum((rowsum(W))**2)", &["shared", "shared"]);
    check("sum(observed(X)*(X - W @ H)**2) + 0.3*sum(W**2)", &["shared sampled", "sampled"]);
    check("sum(C*(X - W @ H)**2)", &["sampled", "sampled"]);
    check("sum((1 + 4*X)*((X > 0) - W @ H)**2)", &["shared sampled", "shared sampled"]);
    check("sum(u*(X - W @ H)**2) + 0.1*sum(W**2)", &["shared scaled", "shared"]);
    check("sum(u*v*(X - W @ H)**2) + 0.1*sum(W**2)", &["shared scaled", "scaled"]);
    check("sum(v*(X - W @ H)**2)", &["shared", "scaled"]);
    check("sum((X - W @ H)**2) + 2*sum((Y - W @ K)**2)", &["shared", "shared", "shared"]);
    check("sum((X - W @ S @ H)**2) + sum(S**2)", &["shared", "coupled", "shared"]);
    check("sum((X - W @ H)**2) + 0.1*sum(W * (L.T @ L @ W))", &["coupled", "shared"]);
    check("sum((X - W @ W.T)**2)", &["smooth"]);
    check("sum((X - W @ H)**2) + sum((W.T @ W - eye(W.T @ W))**2)", &["smooth", "shared"]);
    check("sum(softplus(W @ H) - X*(W @ H))", &["bounded shared", "bounded shared"]);
    check("sum(observed(X)*softplus(W @ H)) + sum(W**2)", &["bounded shared sampled", "bounded sampled"]);
    check("sum(huber(X - W @ H, 0.5)) + 0.1*sum(W**2)", &["bounded shared", "bounded shared"]);
    check("sum(kl(X, W @ H)) subject to W, H >= 0", &["poisson", "poisson"]);
    check("sum(observed(X)*kl(X, W @ H)) subject to W, H >= 0", &["poisson", "poisson"]);
    check("sum(W @ H - X*log(W @ H)) + 0.3*sum(W) subject to W, H >= 0", &["poisson", "poisson"]);
    check("sum(kl(X, W @ H)) + 0.3*sum(W**2) subject to W, H >= 0", &["poisson 0.3", "poisson"]);
    check("sum(kl(X, W @ H)) + 0.3*sum(rowsum(W)**2) subject to W, H >= 0", &["smooth", "poisson"]);
    check("sum(kl(X, W @ H)) - 0.3*sum(W**2) subject to W, H >= 0, W <= 1", &["smooth", "poisson"]);
    check("sum(kl(X, W @ H)) subject to W >= 0", &["smooth", "smooth"]);
    check("sum(exp(W @ H) - X*(W @ H))", &["smooth", "smooth"]);
}

#[test]
fn a_kink_is_no_quadratic() {
    check("sum(abs(X - W @ H)) + sum(W**2) + sum(H**2)", &["smooth", "smooth"]);
    check("sum(observed(X) * abs(X - W @ H)) subject to W >= 0, H >= 0", &["smooth", "smooth"]);
    check("sum(max(1 - X * (W @ H), 0)) + sum(W**2)", &["smooth", "smooth"]);
    check("sum((X - W @ H)**2) + sum(abs(W - 1))", &["smooth", "shared"]);
    check("sum((X - W @ H)**2) + sum(abs(L @ W))", &["smooth", "shared"]);
    check("sum((X - W @ H)**2) + sum(max(W, 0))", &["smooth", "shared"]);
    check("sum((X - (sign(W) * W) @ H)**2)", &["smooth", "shared"]);
    check("sum(kl(X, W @ H)) + sum(abs(W - 1)) subject to W >= 0, H >= 0", &["smooth", "poisson"]);
}

#[test]
fn a_line_is_a_quadratic_without_a_gram() {
    check("over W[n,r], H[r,m], b[n,1]: sum((X - W @ H)**2) - sum(b)", &["shared", "shared", ""]);
}

#[test]
fn offsets_are_factors_of_rank_one() {
    check(
        "over W[n,r], H[r,m], b[n,1], c[1,m], mu[1,1]: sum(observed(X)*(X - W @ H - b - c - mu)**2) + sum(b**2)",
        &["sampled", "sampled", "shared sampled", "sampled", "shared"],
    );
    check("over W[n,r], H[r,m], c[1,m]: sum((X - W @ H - c)**2)", &["shared", "shared", "shared"]);
}

/// Values for the factors.
fn place(iterate: &mut Iterate) -> Vec<Value> {
    let numbers = |(k, factor): (usize, &Factor)| {
        let entry = |at: usize| ((at * (k + 2) + 1) as f64 * 0.7).sin();
        let sign = |v: f64| if factor.regularizer.entries.is_nonnegative() { v.abs() } else { v };
        Value::dense(factor.shape, (0..factor.shape.entries()).map(|at| sign(entry(at))).collect())
    };
    let values: Vec<_> = iterate.problem.factors.iter().enumerate().map(numbers).collect();
    iterate.set_all(&values);
    values
}

/// Where the subproblem is right, f(B + D) - f(B) = sum over rows of <D, D G> + 2 <D, B G - L>: to rounding where it is
/// quadratic, at most that where it is bounded.
#[track_caller]
fn certify(text: &str, bound: Bound, index: usize, subproblem: &Subproblem) {
    let bound = Arc::new(bound);
    let mut iterate = Iterate::new(&bound);
    let values = place(&mut iterate);
    let (quadratic, array) = match subproblem {
        Subproblem::Quadratic(q, array) | Subproblem::Bounded(q, array) => (q, array),
        Subproblem::Coupled(coupled) => return certify_coupled(text, &mut iterate, index, coupled, &values[index]),
        Subproblem::Entrywise { curvature, linear } => {
            return certify_entrywise(text, &mut iterate, index, [curvature, linear], &values[index]);
        }
        Subproblem::Poisson(_) | Subproblem::Smooth => return,
    };
    let cost = Compiled::new(std::slice::from_ref(&bound.smooth), &bound.givens, usize::MAX).unwrap();
    let mut formulas = vec![array.clone()];
    let parts = quadratic.grams.map(|part| {
        formulas.push(part.clone());
        Ok::<usize, crate::Error>(formulas.len() - 1)
    });
    let compiled = Compiled::new(&formulas, &bound.givens, usize::MAX).unwrap();
    let found = compiled.run(&iterate.inputs).unwrap();
    let array: Rect<f64> = found[0].clone().into_rect();
    let shape = array.shape;
    let parts = parts.unwrap().map(|&at| Ok::<Value, crate::Error>(found[at].clone()));
    let grams_of_rows = parts.unwrap().into_grams::<f64>(shape.cols, Cut::none(shape.rows));
    let (rows, r) = (shape.rows, shape.cols);
    let before = cost.run(&iterate.inputs).unwrap()[0].to_scalar();
    let upright = |rect: Rect<f64>| if quadratic.transposed { rect.into_transposed() } else { rect };
    let old = upright(values[index].clone().into_rect()).data;
    for seed in 1..6 {
        let step: Vec<f64> = (0..rows * r).map(|at| ((at * 7 + seed * 13) as f64).sin() * 0.3).collect();
        let new: Vec<f64> = old.iter().zip(&step).map(|(a, b)| a + b).collect();
        let placed = Value::of_rect(upright(Rect::new(shape, new)));
        iterate.set(index, placed);
        let after = cost.run(&iterate.inputs).unwrap()[0].to_scalar();
        let mut expected = 0.0;
        let mut grams = Vec::new();
        let side = crate::run::rows::grams::LinearTerm::Known(&array.data);
        // One thread visits the rows of so small a matrix in order.
        let seen = std::sync::Mutex::new(&mut grams);
        grams_of_rows.each_row(&mut old.to_vec(), side, || {
            |_: &mut [f64], _: &[f64], gram: &[f64]| {
                seen.lock().unwrap().push(gram.to_vec());
                0.0
            }
        });
        for i in 0..rows {
            let gram = &grams[i];
            for k in 0..r {
                let dg: f64 = (0..r).map(|l| step[i * r + l] * gram[l * r + k]).sum();
                let bg: f64 = (0..r).map(|l| old[i * r + l] * gram[l * r + k]).sum();
                let half = match subproblem {
                    Subproblem::Quadratic(..) => bg - array.data[i * r + k],
                    _ => array.data[i * r + k] / 2.0,
                };
                expected += step[i * r + k] * (dg + 2.0 * half);
            }
        }
        let slack = 1e-9 * (before.abs() + after.abs() + 1.0);
        let fits = match subproblem {
            Subproblem::Quadratic(..) => (after - before - expected).abs() <= slack,
            _ => after - before <= expected + slack,
        };
        assert!(fits, "{text}, factor {index}: {} is not {expected}", after - before);
    }
}

/// f(B + D) - f(B) = <D, gradient> + <D, image of D> / 2.
#[track_caller]
fn certify_coupled(text: &str, iterate: &mut Iterate, index: usize, coupled: &Coupled, old: &Value) {
    let bound = iterate.problem.clone();
    let mut givens = bound.givens.clone();
    let shape = bound.factors[index].shape;
    givens.insert(coupled.direction.clone(), Given::dense(shape.rows, shape.cols));
    let roots = [bound.smooth.clone(), coupled.gradient.clone(), coupled.image.clone()];
    let all = Compiled::new(&roots, &givens, usize::MAX).unwrap();
    let step: Vec<f64> = (0..shape.entries()).map(|at| ((at * 7 + 3) as f64).sin() * 0.3).collect();
    iterate.inputs.set(&coupled.direction, Value::dense(shape, step.clone()));
    let at = all.run(&iterate.inputs).unwrap();
    let [gradient, image] = [1, 2].map(|k| at[k].to_dense().data.clone());
    let expected: f64 = (0..step.len()).map(|k| step[k] * (gradient[k] + image[k] / 2.0)).sum();
    let new = old.to_dense().data.iter().zip(&step).map(|(b, d)| b + d).collect();
    iterate.set(index, Value::dense(shape, new));
    let (before, after) = (at[0].to_scalar(), all.run(&iterate.inputs).unwrap()[0].to_scalar());
    assert!((after - before - expected).abs() <= 1e-9 * (before.abs() + after.abs() + 1.0), "{text}, factor {index}");
}

/// f(B + D) - f(B) = <D, curvature * (2 B + D) - 2 linear>.
#[track_caller]
fn certify_entrywise(text: &str, iterate: &mut Iterate, index: usize, [curvature, linear]: [&Expr; 2], old: &Value) {
    let bound = iterate.problem.clone();
    let shape = bound.factors[index].shape;
    let roots = [bound.smooth.clone(), curvature.clone(), linear.clone()];
    let all = Compiled::new(&roots, &bound.givens, usize::MAX).unwrap();
    let step: Vec<f64> = (0..shape.entries()).map(|at| ((at * 7 + 3) as f64).sin() * 0.3).collect();
    let at = all.run(&iterate.inputs).unwrap();
    let [curvature, linear] = [1, 2].map(|k| at[k].to_dense().data.clone());
    let old = old.to_dense().data.clone();
    let fall = |k: usize| step[k] * (curvature[k] * (2.0 * old[k] + step[k]) - 2.0 * linear[k]);
    let expected: f64 = (0..step.len()).map(fall).sum();
    iterate.set(index, Value::dense(shape, old.iter().zip(&step).map(|(b, d)| b + d).collect()));
    let (before, after) = (at[0].to_scalar(), all.run(&iterate.inputs).unwrap()[0].to_scalar());
    assert!((after - before - expected).abs() <= 1e-9 * (before.abs() + after.abs() + 1.0), "{text}, factor {index}");
}

#[test]
fn entries_may_be_independent() {
    check("over S[n,m]: sum((X - W @ H - S)**2) + 0.1*sum(abs(S))", &["shared", "shared", "entrywise"]);
    check("over S[n,m]: sum(C*(X - u*S*v)**2) + sum(S)", &["entrywise"]);
    check("over S[n,m]: sum(observed(X)*(X - S)**2) + 0.1*sum(S**2)", &["entrywise"]);
    // A penalty on lengths ties the entries of a row; a matrix in a product those of a column.
    check("over S[n,m]: sum((X - S)**2) + sum(rownorm(S))", &["shared"]);
    check("over S[n,m]: sum((X - S)**2) + sum((L @ S)**2)", &["shared"]);
    let bound = problem("over c[1,m]: sum((X - c)**2)", false).bind().unwrap();
    let Subproblem::Quadratic(quadratic, _) = &derive(&bound).unwrap()[0] else { panic!("c is quadratic") };
    assert!(quadratic.transposed, "m rows of one number");
}

#[test]
fn slopes_at_zero_are_told_by_the_formula() {
    let slopes = |text: &str| {
        let bound = problem(text, false).bind().unwrap();
        slopes_at_zero(&bound, bound.factors.iter().find(|factor| factor.var.name() == "b").unwrap()).unwrap()
    };
    for (part, expected) in [
        ("(X - b)**2", true),
        ("exp(b) - X * b", true),
        ("log(1 + exp(b)) - X * b", true),
        ("(X - b * v)**2", true),
        ("(X - b * b)**2", false),
        ("(X - (b * b) @ v)**2", false),
        ("(sqrt(X) - sqrt(b @ v))**2", false),
        ("(X - b**3)**2", false),
    ] {
        assert_eq!(slopes(&format!("over b[n,1]: sum({part})")), expected, "{part}");
    }
    assert!(!slopes("over b[1,1]: sum((sqrt(X) - u @ sqrt(b @ v))**2)"));
    assert!(slopes("over b[1,1]: sum((X - u @ (b @ v))**2)"));
}
