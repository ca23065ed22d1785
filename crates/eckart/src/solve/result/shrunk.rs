//! Shrunk: whether penalties shrank every factor to 0, or factors that began there have stayed.
//! In: an objective, its data, the best factors and their roles.  Out: a warning that names the parameters to lower.
//! Invariant: told relative to the data, so that its unit does not matter; offsets don't count.
//! Not here: what an objective says before it is minimized (see `lints`).

use crate::data::Matrix;
use crate::error::{Code, Warning};
use crate::expr::{Expr, Var, signed_terms};
use crate::facts::Givens;
use crate::solve::problem::pairs::pairs;
use crate::solve::problem::role::FactorRole;
use crate::solve::problem::{Bound, Factor};

/// Products of factors that are smaller than this share of the largest entry of the data are as good as 0.
const TINY: f64 = 1e-8;
/// Products above this are not compared with the data, which would cost a pass over it.
const UNSUSPICIOUS: f64 = 1e-4;

/// Warns where factors that began at 0, where no step lowers the cost, have stayed there; `started` are the initial
/// values that were given.
pub(in crate::solve) fn stuck(
    bound: &Bound,
    factors: &[(String, Matrix)],
    started: &[(String, Matrix)],
) -> Option<Warning> {
    let pairs = pairs(bound);
    let is_zero_in = |matrices: &[(String, Matrix)], name: &str| {
        matrices.iter().any(|(known, matrix)| known == name && largest(matrix) == 0.0)
    };
    let is_zero = |name: &str| is_zero_in(factors, name) && is_zero_in(started, name);
    let both = |pair: &[&Factor; 2]| pair.iter().all(|factor| is_zero(factor.var.name()));
    let [left, right] = pairs.iter().map(|pair| pair.factors(bound)).find(both)?;
    let (left, right) = (left.var.name(), right.var.name());
    (largest(&bound.target.1) > 0.0).then(|| {
        let message = format!(
            "{left} and {right} began at 0, where no step of this method lowers the cost, and are 0 still: begin at \
             small numbers, or leave the method out"
        );
        Warning::new(Code::ZerosStay, message)
    })
}

/// Warns where all that is left of the components is as good as 0.
pub(in crate::solve) fn shrunk(
    (stated, givens): (&Expr, &Givens),
    (target, x): (&str, &Matrix),
    factors: &[(String, Matrix)],
    roles: &[(String, FactorRole)],
) -> Option<Warning> {
    let holds_components = |name: &str| roles.iter().any(|(known, role)| known == name && role.components.is_some());
    let components: Vec<&(String, Matrix)> = factors.iter().filter(|(name, _)| holds_components(name)).collect();
    let product = components.iter().map(|(_, matrix)| largest(matrix)).product::<f64>();
    let is_tiny = product < UNSUSPICIOUS && product < TINY * largest(x);
    let is_component = |var: &Var| components.iter().any(|(name, _)| name == var.name());
    let is_penalty = |term: &Expr| {
        let variables = term.variables();
        variables.iter().any(is_component) && variables.iter().all(|var| var.name() != target)
    };
    let penalties: Vec<Expr> = signed_terms(stated).into_iter().map(|(_, term)| term).filter(is_penalty).collect();
    let mut names: Vec<String> = penalties
        .iter()
        .flat_map(Expr::variables)
        .filter(|var| !givens.contains_key(var))
        .map(|var| var.name().to_owned())
        .collect();
    names.sort();
    names.dedup();
    (is_tiny && !penalties.is_empty()).then(|| {
        let lower = if names.is_empty() { "the weights of the penalties".to_owned() } else { names.join(", ") };
        Warning::new(Code::FactorsShrunk, format!("all factors were shrunk to 0: lower {lower}"))
    })
}

/// The largest entry by its size.
fn largest(matrix: &Matrix) -> f64 {
    let mut most = 0.0_f64;
    matrix.for_each(|x| most = if x.is_nan() { most } else { most.max(x.abs()) });
    most
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Problem, Settings};

    #[test]
    fn factors_that_stay_at_the_zeros_they_began_at_are_told() {
        let x = Matrix::from_fn(8, 6, |i, j| (1 + (3 * i + 5 * j) % 7) as f64).unwrap();
        let zeros = |n: usize, m: usize| Matrix::from_fn(n, m, |_, _| 0.0).unwrap();
        let told = |method: &str, w: Matrix, h: Matrix| {
            let problem = Problem::parse("sum((X - W @ H)**2)").unwrap().data("X", &x).rank(2);
            let settings = Settings { method: Some(method.into()), max_iter: 20, ..Settings::default() };
            let found = problem.init_from("W", w).init_from("H", h).solve(&settings).unwrap().warnings;
            found.iter().filter(|warning| warning.code == Code::ZerosStay).count()
        };
        for method in ["l-bfgs", "normalized-gradient"] {
            assert_eq!(told(method, zeros(8, 2), zeros(2, 6)), 1, "{method}");
            assert_eq!(told(method, Matrix::from_fn(8, 2, |i, k| (1 + i + k) as f64).unwrap(), zeros(2, 6)), 0);
        }
        assert_eq!(told("derived", zeros(8, 2), zeros(2, 6)), 0, "dead components are begun anew");
        // What penalties shrank began elsewhere.
        let text = "sum((X - W @ H)**2) + a*(sum(abs(W)) + sum(abs(H))) subject to W >= 0, H >= 0";
        let ones = |n: usize, m: usize| Matrix::from_fn(n, m, |_, _| 1.0).unwrap();
        let problem = Problem::parse(text).unwrap().data("X", &x).param("a", 1e4).rank(2);
        let settings = Settings { method: Some("hals".into()), max_iter: 20, ..Settings::default() };
        let found = problem.init_from("W", ones(8, 2)).init_from("H", ones(2, 6)).solve(&settings).unwrap();
        let codes: Vec<Code> = found.warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(codes, [Code::FactorsShrunk]);
    }

    #[test]
    fn factors_that_penalties_shrank_are_told() {
        let x = Matrix::from_fn(8, 6, |i, j| ((3 * i + 5 * j) % 7) as f64).unwrap();
        let codes = |text: &str, weight: f64, scale: f64| -> Vec<String> {
            let scaled = Matrix::from_fn(8, 6, |i, j| scale * x.get(i, j)).unwrap();
            let problem = Problem::parse(text).unwrap().data("X", &scaled).param("a", weight).rank(2);
            let settings = Settings { tol: 1e-9, ..Settings::default() };
            let found = problem.solve(&settings).unwrap().warnings;
            found.iter().filter(|warning| warning.code == Code::FactorsShrunk).map(|w| w.message.clone()).collect()
        };
        let text = "sum((X - W @ H)**2) + a*(sum(W**2) + sum(H**2))";
        let lower = ["all factors were shrunk to 0: lower a"];
        assert_eq!(codes(text, 1e4, 1.0), lower);
        assert_eq!(codes(text, 1e-2, 1e-6), lower, "relative to the data");
        assert!(codes(text, 0.1, 1.0).is_empty());
        assert!(codes(text, 1e-8, 1e-6).is_empty(), "small data has small factors");
        assert!(codes("sum((X - W @ H)**2) + a*sum(X)", 1.0, 0.0).is_empty(), "no penalty on a factor");
    }
}
