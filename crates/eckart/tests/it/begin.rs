//! Where a search begins: given values, held factors, truncated SVDs.

use eckart::report::Report;
use eckart::report::numbers::short;
use eckart::{Code, Factorization, Init, Matrix, Problem, Settings};

use crate::errors::check_error;
use crate::random::Random;
use crate::real::example;

const NMF: &str = "minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0";

/// A matrix of rank 4 plus noise; sparse where `keep` is below 1.
fn data(n: usize, m: usize, keep: f64) -> Matrix {
    let mut random = Random(3);
    let (w, h) = (random.dense(n, 4, 0.0, 1.0), random.dense(4, m, 0.0, 1.0));
    let product = |i: usize, j: usize| (0..4).map(|k| w.get(i, k) * h.get(k, j)).sum::<f64>();
    let mut entries = Vec::new();
    for i in 0..n {
        for j in 0..m {
            if random.between(0.0, 1.0) < keep {
                entries.push((i, j, product(i, j) + random.between(0.0, 0.05)));
            }
        }
    }
    if keep < 1.0 {
        return Matrix::from_triplets(n, m, entries).unwrap();
    }
    Matrix::from_fn(n, m, |i, j| entries[i * m + j].2).unwrap()
}

fn problem(text: &str, x: &Matrix) -> Problem {
    Problem::parse(text).unwrap().data("X", x).rank(4)
}

fn first_cost(fit: &Factorization) -> f64 {
    fit.starts[0].history[0].cost
}

#[test]
fn a_start_that_is_given_is_where_the_search_begins() {
    let x = data(30, 20, 1.0);
    let fit = problem(NMF, &x).solve(&Settings { max_iter: 30, ..Settings::default() }).unwrap();
    let (w, h) = (fit.factor("W").unwrap(), fit.factor("H").unwrap());
    let again = problem(NMF, &x).init_from("W", w).init_from("H", h);
    let on = again.solve(&Settings { max_iter: 5, n_init: Some(3), ..Settings::default() }).unwrap();
    assert!((first_cost(&on) / fit.cost - 1.0).abs() < 1e-9);
    assert!(on.starts[0].cost < fit.cost);
    // The third start is random, as ever.
    let fresh = problem(NMF, &x).solve(&Settings { max_iter: 5, n_init: Some(3), ..Settings::default() }).unwrap();
    assert_eq!(on.starts[2].cost, fresh.starts[2].cost);
}

#[test]
fn a_held_factor_comes_back_bit_for_bit() {
    for text in [
        NMF,
        "minimize sum(kl(X, W @ H)) subject to W >= 0, H >= 0",
        "minimize sum(observed(X) * (X - W @ H)**2) + 0.1*sum(W**2) + 0.1*sum(H**2)",
        "minimize over W[n,r], H[r,m], b[n,1]: sum((X - W @ H - b)**2) + 0.1*sum(W**2)",
        "minimize sum(softplus(W @ H) - (X > 0) * (W @ H)) + 0.1*sum(W**2) + 0.1*sum(H**2)",
    ] {
        let x = data(30, 20, 0.5);
        let fit = problem(text, &x).solve(&Settings { max_iter: 400, tol: 1e-9, ..Settings::default() }).unwrap();
        let h = fit.factor("H").unwrap();
        let folded = problem(text, &x).fix("H", h).solve(&Settings { tol: 1e-9, ..Settings::default() }).unwrap();
        assert_eq!(folded.factor("H").unwrap().values_f64(), h.values_f64(), "{text}");
        assert_eq!(folded.fixed, ["H"]);
        let names = |fit: &Factorization| fit.factors.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&folded), names(&fit));
        assert!((folded.cost / fit.cost - 1.0).abs() < 1e-3, "{text}: {} and {}", folded.cost, fit.cost);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("held.safetensors");
        folded.save(&path).unwrap();
        assert_eq!(Factorization::load(&path).unwrap().fixed, ["H"]);
    }
}

/// A factor that is fixed stands before, between or after the others.
#[test]
fn residuals_are_by_name_where_a_factor_is_fixed() {
    let x = data(30, 20, 1.0);
    let text = "minimize over F[4,m], G[n,4], W[n,r], H[r,m]: sum((X - G @ F - W @ H)**2)";
    let settings = Settings { max_iter: 5, ..Settings::default() };
    let found = problem(text, &x).solve(&settings).unwrap();
    for name in ["G", "F", "W", "H"] {
        let held = problem(text, &x).fix(name, found.factor(name).unwrap()).solve(&settings).unwrap();
        let others: Vec<&str> = ["F", "G", "H", "W"].into_iter().filter(|other| *other != name).collect();
        let residuals = held.residuals(&held.starts[0]);
        assert_eq!(residuals.keys().copied().collect::<Vec<_>>(), others);
        let said: serde_json::Value = serde_json::from_str(&held.to_json()).unwrap();
        let page = Report::new(&held).to_html().unwrap();
        for (name, matrix) in &held.factors {
            let known = residuals.get(name.as_str());
            assert_eq!(said["starts"][0]["residuals"].get(name).and_then(serde_json::Value::as_f64), known.copied());
            let row = format!(">{name}</th><td class=n>{} × {}<td class=n>", matrix.rows(), matrix.cols());
            let cells = page.split(&row).nth(1).and_then(|rest| rest.split("</tr>").next()).unwrap();
            let last = cells.rsplit("<td class=n>").next().unwrap();
            let expected = known.map_or("fixed".to_owned(), |&residual| short(residual));
            assert_eq!(last.split('<').next(), Some(expected.as_str()), "{name}: {cells}");
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        held.save(file.path()).unwrap();
        let loaded = Factorization::load(file.path()).unwrap();
        assert_eq!(loaded.residuals(&loaded.starts[0]), residuals);
    }
}

#[test]
fn a_single_row_may_be_folded_in() {
    let x = data(30, 20, 1.0);
    let fit = problem(NMF, &x).solve(&Settings { tol: 1e-9, max_iter: 2000, ..Settings::default() }).unwrap();
    let row = Matrix::from_fn(1, 20, |_, j| x.get(7, j)).unwrap();
    let settings = Settings { tol: 1e-12, max_iter: 2000, ..Settings::default() };
    let folded = problem(NMF, &row).fix("H", fit.factor("H").unwrap()).solve(&settings).unwrap();
    let (w, all) = (folded.factor("W").unwrap(), fit.factor("W").unwrap());
    for k in 0..4 {
        assert!((w.get(0, k) - all.get(7, k)).abs() < 1e-2, "{:?}", w.values_f64());
    }
}

#[test]
fn values_that_do_not_fit_are_named() {
    let x = data(30, 20, 1.0);
    let ones = |n, m| Matrix::from_fn(n, m, |_, _| 1.0).unwrap();
    let negative = Matrix::from_fn(30, 4, |i, k| if (i, k) == (2, 1) { -1.0 } else { 1.0 }).unwrap();
    let hole = Matrix::from_fn(30, 4, |i, k| if (i, k) == (2, 1) { f64::NAN } else { 1.0 }).unwrap();
    let expect = |problem: Problem, code: Code, part: &str| {
        check_error(&problem.solve(&Settings::default()).unwrap_err(), code, part);
    };
    expect(problem(NMF, &x).init_from("W", ones(3, 4)), Code::WrongShape, "the start of W is 3 x 4, and W is 30 x 4");
    expect(problem(NMF, &x).fix("H", ones(5, 20)), Code::WrongShape, "the value of H is 5 x 20, and H is 4 x 20");
    expect(
        problem(NMF, &x).init_from("W", &negative),
        Code::StartOutOfBounds,
        "the start of W is -1 at row 3, column 2",
    );
    expect(problem(NMF, &x).init_from("W", &hole), Code::StartNotFinite, "NaN at row 3, column 2");
    expect(problem(NMF, &x).fix("W", &hole), Code::StartNotFinite, "no number at row 3, column 2");
    expect(problem(NMF, &x).init_from("V", &negative), Code::NotAFactor, "V is given a start");
    expect(problem(NMF, &x).fix("V", &negative), Code::NotAFactor, "V is fixed");
    let below = Matrix::from_fn(4, 20, |i, j| if (i, j) == (1, 6) { -0.5 } else { 1.0 }).unwrap();
    expect(
        problem(NMF, &x).fix("H", &below),
        Code::StartOutOfBounds,
        "H is fixed, and its value is -0.5 at row 2, column 7",
    );
    let both = problem(NMF, &x).fix("H", ones(4, 20)).init_from("H", ones(4, 20));
    expect(both, Code::HeldAndStarted, "H");
    let all = problem(NMF, &x).fix("H", ones(4, 20)).fix("W", ones(30, 4));
    expect(all, Code::NoFactor, "");
}

#[test]
fn a_start_from_the_svd_is_near_the_best_fit() {
    for keep in [1.0, 0.4] {
        let x = data(60, 40, keep);
        let begun = |init| {
            let settings = Settings { init, max_iter: 0, ..Settings::default() };
            let text = if init == Init::Svd { "sum((X - W @ H)**2)" } else { NMF };
            problem(text, &x).solve(&settings).unwrap()
        };
        let [auto, random, nndsvd, nndsvda, nndsvdar, svd] = Init::ALL.map(|init| first_cost(&begun(init)));
        assert_eq!(auto, nndsvd);
        assert!(nndsvd < random && nndsvdar < random && nndsvd < nndsvda, "{random} {nndsvd} {nndsvda} {nndsvdar}");
        // A truncated SVD is the minimum itself (Eckart and Young 1936).
        let best = problem("sum((X - W @ H)**2)", &x).solve(&Settings { tol: 1e-12, ..Settings::default() }).unwrap();
        assert!((svd / best.cost - 1.0).abs() < 1e-4, "{svd} {}", best.cost);
        let zeros = begun(Init::Nndsvd).factor("W").unwrap().values_f64().iter().filter(|w| **w == 0.0).count();
        assert!(zeros > 0);
        assert!(begun(Init::Nndsvda).factor("W").unwrap().values_f64().iter().all(|w| *w > 0.0));
    }
    // Declared sides may be of another length than the rank; more of them than X has are no business of the SVD.
    let x = data(60, 40, 1.0);
    let declared = |k: f64, init| {
        let text = "over W[n,k], H[k,m]: sum((X - W @ H)**2) subject to W >= 0, H >= 0";
        let problem = Problem::parse(text).unwrap().data("X", &x).param("k", k).rank(1);
        first_cost(&problem.solve(&Settings { init, max_iter: 0, ..Settings::default() }).unwrap())
    };
    let nndsvd = first_cost(&problem(NMF, &x).solve(&Settings { max_iter: 0, ..Settings::default() }).unwrap());
    assert_eq!(declared(4.0, Init::Auto), nndsvd);
    assert_eq!(declared(41.0, Init::Auto), declared(41.0, Init::Random));
    // The right factor may be used as its transpose.
    let x = data(60, 40, 1.0);
    let standing = problem("sum((X - W @ H.T)**2)", &x);
    let cost = first_cost(&standing.solve(&Settings { init: Init::Svd, max_iter: 0, ..Settings::default() }).unwrap());
    let flat = problem("sum((X - W @ H)**2)", &x);
    let other = first_cost(&flat.solve(&Settings { init: Init::Svd, max_iter: 0, ..Settings::default() }).unwrap());
    assert!((cost / other - 1.0).abs() < 1e-9);
}

#[test]
fn a_start_of_the_wrong_scale_does_not_end_a_search_early() {
    // Real pictures: the mean of the data, put at every zero of a start, makes its product as large as 60 times the
    // data.
    let x = example("digits/images.npy");
    let text = "minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0";
    let problem = Problem::parse(text).unwrap().data("X", &x).rank(16);
    let of = |init| problem.solve(&Settings { init, tol: 1e-6, ..Settings::default() }).unwrap();
    let [near, far] = [Init::Nndsvd, Init::Nndsvda].map(of);
    assert!(first_cost(&far) > 10.0 * first_cost(&near), "{} {}", first_cost(&far), first_cost(&near));
    assert!(far.cost < 1.04 * near.cost, "{} after {} iterations", far.cost, far.starts[0].iterations);
    // The same from factors that are given.
    let scaled =
        |factor: &Matrix| Matrix::from_fn(factor.rows(), factor.cols(), |i, j| 1e3 * (factor.get(i, j) + 0.1)).unwrap();
    let begun = problem
        .clone()
        .init_from("W", scaled(near.factor("W").unwrap()))
        .init_from("H", scaled(near.factor("H").unwrap()));
    let found = begun.solve(&Settings { tol: 1e-6, ..Settings::default() }).unwrap();
    assert!(found.cost < 1.04 * near.cost, "{} after {} iterations", found.cost, found.starts[0].iterations);
}

#[test]
fn an_svd_needs_a_pair_of_factors() {
    let x = data(30, 20, 1.0);
    let text = "over W[n,r], S[r,r], V[r,r], H[r,m]: sum((X - W @ S @ V @ H)**2)";
    assert!(problem(text, &x).solve(&Settings { init: Init::Svd, max_iter: 1, ..Settings::default() }).is_ok());
    let text = "over W[n,r], A[r,r], Y[r,m]: sum((X - W @ A @ Y)**2)";
    let held = problem(text, &x).fix("Y", Matrix::from_fn(4, 20, |i, j| (i + j) as f64).unwrap());
    let settings = Settings { init: Init::Nndsvd, ..Settings::default() };
    let error = held.solve(&settings).unwrap_err();
    check_error(&error, Code::InitUnsupported, "30 x 4");
}

/// However the product is written, W and H are those that the formula tells: also of square data, where lengths can't.
#[test]
fn w_and_h_are_told_by_the_formula() {
    for x in [data(30, 20, 1.0), data(20, 20, 1.0)] {
        let settings =
            Settings { n_init: Some(3), keep_starts: true, init: Init::Nndsvd, max_iter: 20, ..Settings::default() };
        let fit = |product: &str| {
            let text = format!("minimize sum(({product})**2) subject to W >= 0, H >= 0");
            problem(&text, &x).solve(&settings).unwrap()
        };
        let plain = fit("X - W @ H");
        for product in ["X - W @ H.T", "X - W.T @ H", "X.T - H @ W", "X.T - H.T @ W.T"] {
            let other = fit(product);
            let apart = (first_cost(&other) / first_cost(&plain) - 1.0).abs();
            assert!(apart < 1e-9, "{product} begins elsewhere: {apart}");
            let kept = |fit: &Factorization| fit.kept.iter().map(|kept| kept.components.shape()).collect::<Vec<_>>();
            assert_eq!(kept(&other), kept(&plain), "{product}");
            assert!(eckart::apply::consensus(&other).is_ok(), "{product}");
            assert_eq!(other.kept[0].lengths.len(), 4, "{product}");
        }
    }
}

#[test]
fn a_factor_of_a_product_does_not_begin_at_zero() {
    let x = data(30, 20, 1.0);
    let total: f64 = x.values_f64().iter().map(|x| x * x).sum();
    for text in [
        "over u[n,1], v[1,m]: sum((X - u * v)**2)",
        "over u[n,1], v[1,m]: sum((X - u @ v)**2)",
        "over u[n,1], v[1,m], d[1,1]: sum((X - d * u @ v)**2) subject to colnorm(u) <= 1, rownorm(v) <= 1",
        "over u[n,1], v[1,m], d[1,1]: sum((X - d*u @ v)**2) + sum(abs(u)) subject to colnorm(u) <= 1, rownorm(v) <= 1",
        "over u[n,1], v[1,m]: sum(abs(X - u * v)**1.5)",
    ] {
        let fit = problem(text, &x).solve(&Settings { max_iter: 200, ..Settings::default() }).unwrap();
        assert!(fit.starts[0].history[0].cost.is_finite() && fit.cost < 0.2 * total, "{text}: {} of {total}", fit.cost);
    }
    // An offset begins where it fits best beside the others.
    let text = "over W[n,r], H[r,m], c[1,m]: sum((X - W @ H - c)**2)";
    let of_columns = |rest: &dyn Fn(usize, usize) -> f64| -> f64 {
        let mean = |j: usize| (0..30).map(|i| rest(i, j)).sum::<f64>() / 30.0;
        (0..20).map(|j| (0..30).map(|i| (rest(i, j) - mean(j)).powi(2)).sum::<f64>()).sum()
    };
    let settings = Settings { max_iter: 1, ..Settings::default() };
    let zeros = Matrix::dense(30, 4, vec![0.0; 120]).unwrap();
    let fit = problem(text, &x).init_from("W", zeros).solve(&settings).unwrap();
    assert!((first_cost(&fit) / of_columns(&|i, j| x.get(i, j)) - 1.0).abs() < 1e-12);
    let (w, h) = (Matrix::from_fn(30, 4, |i, k| (i + k) as f64).unwrap(), Matrix::from_fn(4, 20, |_, _| 0.1).unwrap());
    let product = |i: usize| (0..4).map(|k| 0.1 * (i + k) as f64).sum::<f64>();
    let fit = problem(text, &x).init_from("W", w).init_from("H", h).solve(&settings).unwrap();
    assert!((first_cost(&fit) / of_columns(&|i, j| x.get(i, j) - product(i)) - 1.0).abs() < 1e-12);
}

#[test]
fn a_start_with_a_column_of_zeros_is_taken() {
    let x = data(30, 20, 1.0);
    let mut random = Random(5);
    let w = random.dense(30, 4, 0.1, 1.0);
    let h = Matrix::from_fn(4, 20, |k, j| if j == 3 { 0.0 } else { 0.1 + (k * j) as f64 % 3.0 }).unwrap();
    for text in
        ["sum(kl(X, W @ H)) subject to W >= 0, H >= 0", "sum(X / (W @ H) + log(W @ H)) subject to W >= 0, H >= 0"]
    {
        let begun = problem(text, &x).init_from("W", w.clone()).init_from("H", h.clone());
        let fit = begun.solve(&Settings { max_iter: 200, ..Settings::default() }).unwrap();
        let free = problem(text, &x).solve(&Settings { max_iter: 200, ..Settings::default() }).unwrap();
        assert!(first_cost(&fit).is_finite() && fit.cost < free.cost + 0.02 * free.cost.abs(), "{text}: {}", fit.cost);
    }
}
