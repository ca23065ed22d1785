//! What people do with a factorization: new rows.

use eckart::expr::Var;
use eckart::function::Compiled;

use eckart::apply::{Directions, HoldOut, Predictor, measure, recommend};
use eckart::{Code, Factorization, FoldIn, Matrix, Problem, Settings};

use crate::errors::check_error;
use crate::random::Random;

/// A matrix of rank 3 plus a little noise, nothing negative.
fn planted(seed: u64, n: usize, m: usize) -> Matrix {
    let mut random = Random(seed);
    let (w, h) = (random.dense(n, 3, 0.0, 1.0), random.dense(3, m, 0.0, 1.0));
    let product = |i: usize, j: usize| (0..3).map(|k| w.get(i, k) * h.get(k, j)).sum::<f64>();
    Matrix::from_fn(n, m, |i, j| product(i, j) + random.between(0.0, 0.1)).unwrap()
}

/// About a third of the entries of a matrix, as a sparse one.
fn thinned(x: &Matrix, seed: u64) -> Matrix {
    let mut random = Random(seed);
    let all = (0..x.rows()).flat_map(|i| (0..x.cols()).map(move |j| (i, j)));
    let kept: Vec<(usize, usize, f64)> =
        all.filter(|_| random.below(3) == 0).map(|(i, j)| (i, j, x.get(i, j))).collect();
    Matrix::from_triplets(x.rows(), x.cols(), kept).unwrap()
}

/// The value of a problem's objective.
fn cost(problem: &Problem, factors: &[(String, Matrix)]) -> f64 {
    let mut bound = problem.bind().unwrap();
    for (name, matrix) in factors {
        bound.inputs.set_matrix(&Var::input(name), matrix);
    }
    let compiled = Compiled::new(&[bound.objective.clone()], &bound.givens, usize::MAX).unwrap();
    compiled.run(&bound.inputs).unwrap()[0].to_scalar()
}

/// The factors of a model with those of rows in place of its own.
fn with_rows(model: &Factorization, rows: &[(String, Matrix)]) -> Vec<(String, Matrix)> {
    let of = |(name, matrix): &(String, Matrix)| {
        let new = rows.iter().find(|(known, _)| known == name).map_or(matrix, |(_, new)| new);
        (name.clone(), new.clone())
    };
    model.factors.iter().map(of).collect()
}

/// Folding the training rows in gives the fit's cost or less, and no more than ten times the tolerance less; each row
/// alone has the same bits.
#[track_caller]
fn check(text: &str, x: &Matrix, beside: &[(&str, &Matrix)]) {
    let tol = 1e-8;
    let mut problem = Problem::parse(text).unwrap().data("X", x).rank(3);
    for (name, matrix) in beside {
        problem = problem.data(name, *matrix);
    }
    let model = problem.solve(&Settings { tol, max_iter: 5000, ..Settings::default() }).unwrap();
    let fold_in = FoldIn::new(&model).unwrap();
    let folded = fold_in.transform_with(x, beside).unwrap();
    let (old, new) = (cost(&problem, &model.factors), cost(&problem, &with_rows(&model, &folded.factors)));
    let scale = model.starts[0].history[0].cost - old;
    println!("{text}: {old} -> {new}, of {scale}");
    assert!(new <= old + 1e-9 * scale, "{text}: {new} is above {old}");
    assert!(new >= old - 10.0 * tol * scale, "{text}: {new} is far below {old}");
    for i in [0, 7, x.rows() - 1] {
        let cut: Vec<(&str, Matrix)> = beside.iter().map(|(name, m)| (*name, m.select_rows(&[i]).unwrap())).collect();
        let cut: Vec<(&str, &Matrix)> = cut.iter().map(|(name, m)| (*name, m)).collect();
        let alone = fold_in.transform_with(&x.select_rows(&[i]).unwrap(), &cut).unwrap();
        for ((name, all), (_, one)) in folded.factors.iter().zip(&alone.factors) {
            let across = all.rows() != x.rows();
            let own = if across { all.select_cols(&[i]) } else { all.select_rows(&[i]) }.unwrap();
            assert_eq!(own.values_f64(), one.values_f64(), "{text}: row {i} of {name}");
        }
    }
}

const NMF: &str = "minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0";
const KL: &str = "minimize sum(kl(X, W @ H)) subject to W >= 0, H >= 0";

#[test]
fn training_rows_get_the_factors_they_had() {
    let dense = planted(1, 40, 25);
    let sparse = thinned(&dense, 2);
    for x in [&dense, &sparse] {
        check(NMF, x, &[]);
        check(KL, x, &[]);
        check("minimize sum((X - W @ H)**2) + 0.1*(sum(W**2) + sum(H**2))", x, &[]);
        check("minimize sum((X - W @ H)**2) + 0.5*sum(abs(W)) subject to rownorm(H) <= 1", x, &[]);
        check("minimize sum((X - W @ H)**2) subject to rownorm(W) <= 1", x, &[]);
        check("minimize mean((X - W @ H)**2) + 0.001*(sum(W**2) + sum(H**2))", x, &[]);
    }
    let ratings = "minimize over W[n,r], H[r,m], b[n,1], c[1,m], mu[1,1]: \
                   sum(observed(X) * (X - W @ H - b - c - mu)**2) \
                   + 0.3*(sum(W**2) + sum(H**2)) + 0.2*(sum(b**2) + sum(c**2))";
    check(ratings, &sparse, &[]);
}

#[test]
fn unusual_objectives_take_new_rows_too() {
    let x = planted(3, 30, 20);
    let sparse = thinned(&x, 4);
    check("minimize over W[r,n], H[r,m]: sum((X - W.T @ H)**2) + 0.1*(sum(W**2) + sum(H**2))", &x, &[]);
    check("minimize over W[n,r], H[r,m], b[n,1]: sum(kl(X, W @ H + b)) subject to W >= 0, H >= 0, b >= 0", &x, &[]);
    check("minimize sum((1 + 2*X) * (observed(X) - W @ H)**2) + 0.1*(sum(W**2) + sum(H**2))", &sparse, &[]);
    let binary = Matrix::from_fn(30, 20, |i, j| f64::from(u8::from(x.get(i, j) > 0.8))).unwrap();
    check("minimize sum(softplus(W @ H) - X * (W @ H)) + 0.1*(sum(W**2) + sum(H**2))", &binary, &[]);
    check("minimize sum(huber(X - W @ H, 0.05)) + 0.1*(sum(W**2) + sum(H**2))", &x, &[]);
    let y = Matrix::from_fn(30, 2, |i, j| x.get(i, j) + x.get(i, j + 2)).unwrap();
    let coupled = "minimize over W[n,r], H[r,m], K[r,2]: sum((X - W @ H)**2) + 0.5*sum((Y - W @ K)**2) \
                   + 0.1*(sum(W**2) + sum(H**2) + sum(K**2))";
    check(coupled, &x, &[("Y", &y)]);
    let model =
        Problem::parse(coupled).unwrap().data("X", &x).data("Y", &y).rank(3).solve(&Settings::default()).unwrap();
    let folded = FoldIn::new(&model).unwrap().transform(&x).unwrap();
    assert_eq!(folded.left_out, ["sum((Y - W @ K)**2)"]);
    // Data beside X with as many columns as X has rows.
    let wide = Matrix::from_fn(30, 30, |i, j| x.get(i, j % 20) + x.get(i, (j + 2) % 20)).unwrap();
    check(&coupled.replace("K[r,2]", "K[r,q]"), &x, &[("Y", &wide)]);
}

/// Objectives whose rows have no solver of their own: each is searched for by itself.
#[test]
fn rows_without_a_solver_come_out_alone_as_among_others() {
    let x = planted(4, 8, 6);
    for text in [
        "minimize sum((X - W @ H)**4) + 0.1*(sum(W**2) + sum(H**2))",
        "minimize sum((X - exp(W @ H))**2) + 0.1*(sum(W**2) + sum(H**2))",
        "minimize sum(abs(X - W @ H)) + 0.1*(sum(W**2) + sum(H**2))",
    ] {
        let problem = Problem::parse(text).unwrap().data("X", &x).rank(2);
        let model = problem.solve(&Settings { tol: 1e-7, max_iter: 5000, ..Settings::default() }).unwrap();
        let fold_in = FoldIn::new(&model).unwrap();
        assert!(fold_in.is_by_rows(&x, &[]).unwrap(), "{text}");
        let rows = fold_in.transform(&x).unwrap().factors;
        for i in 0..x.rows() {
            let alone = fold_in.transform(&x.select_rows(&[i]).unwrap()).unwrap();
            assert_eq!(alone.factors[0].1.values_f64(), rows[0].1.select_rows(&[i]).unwrap().values_f64(), "{text}");
        }
        let (old, new) = (cost(&problem, &model.factors), cost(&problem, &with_rows(&model, &rows)));
        assert!(new <= 1.05 * old, "{text}: {old} and {new}");
    }
}

#[test]
fn rows_that_hang_together_are_searched_for_together() {
    let x = planted(5, 20, 12);
    for text in [
        "minimize norm(X - W @ H) + 0.01*(sum(W**2) + sum(H**2))",
        "minimize sum((X - W @ H)**2) subject to colnorm(W) <= 1",
    ] {
        let problem = Problem::parse(text).unwrap().data("X", &x).rank(2);
        let model = problem.solve(&Settings { tol: 1e-7, max_iter: 5000, ..Settings::default() }).unwrap();
        let fold_in = FoldIn::new(&model).unwrap();
        assert!(!fold_in.is_by_rows(&x, &[]).unwrap());
        let rows = fold_in.transform(&x).unwrap().factors;
        let (old, new) = (cost(&problem, &model.factors), cost(&problem, &with_rows(&model, &rows)));
        assert!((new - old).abs() <= 1e-3 * old, "{text}: {old} and {new}");
    }
}

/// Ratings of 12 users for 9 items, most of them known, made of two tastes and of what users and items are like.
fn ratings() -> Matrix {
    let taste = |i: usize, j: usize| if (i + j).is_multiple_of(2) { 1.0 } else { -1.0 };
    let rating = |i: usize, j: usize| 3.0 + 0.8 * taste(i, j) + 0.1 * i as f64 - 0.15 * j as f64;
    let known = (0..12).flat_map(|i| (0..9).filter(move |j| (i * 5 + j * 7 + i * j / 3) % 4 != 0).map(move |j| (i, j)));
    Matrix::from_triplets(12, 9, known.map(|(i, j)| (i, j, rating(i, j))).collect()).unwrap()
}

const RATINGS: &str = "minimize over W[n,r], H[r,m], b[n,1], c[1,m], mu[1,1]: \
                       sum(observed(X) * (X - W @ H - b - c - mu)**2) \
                       + 0.01*(sum(W**2) + sum(H**2) + sum(b**2) + sum(c**2))";

fn rated() -> (Matrix, Factorization) {
    let x = ratings();
    let model = Problem::parse(RATINGS).unwrap().data("X", &x).rank(1).solve(&Settings::default()).unwrap();
    (x, model)
}

#[test]
fn predictions_are_those_of_the_objective() {
    let (x, model) = rated();
    let f = |name: &str| model.factor(name).unwrap();
    let by_hand = |i: usize, j: usize| {
        f("W").get(i, 0) * f("H").get(0, j) + f("b").get(i, 0) + f("c").get(0, j) + f("mu").to_scalar()
    };
    let predictor = Predictor::new(&model).unwrap();
    assert_eq!((predictor.formula().as_str(), predictor.shape()), ("W @ H + b + c + mu", (12, 9)));
    let rows = predictor.rows(&[3, 11]).unwrap();
    for j in 0..9 {
        assert!((rows.get(0, j) - by_hand(3, j)).abs() < 1e-12 && (rows.get(1, j) - by_hand(11, j)).abs() < 1e-12);
    }
    let entries = predictor.entries(&x).unwrap();
    let places = (0..12).flat_map(|i| predictor.entries_of_row(&x, i).into_iter().map(move |(j, _)| (i, j)));
    assert!(entries.iter().zip(places).all(|(p, (i, j))| (p - by_hand(i, j)).abs() < 1e-12));
    // Rows that were folded in are predicted like any others.
    let folded = FoldIn::new(&model).unwrap().transform(&x).unwrap();
    let again = predictor.of(&folded.factors).unwrap();
    assert!((again.get(3, 2) - by_hand(3, 2)).abs() < 0.02, "{} and {}", again.get(3, 2), by_hand(3, 2));
    check_error(&predictor.rows(&[12]).unwrap_err(), Code::IndexOutOfRange, "row 13");
    let kl = Problem::parse(KL).unwrap().data("X", planted(1, 8, 6)).rank(2).solve(&Settings::default()).unwrap();
    assert_eq!(Predictor::new(&kl).unwrap().formula(), "W @ H");
}

#[test]
fn what_is_recommended_is_new_and_to_the_taste() {
    let (x, model) = rated();
    let predictor = Predictor::new(&model).unwrap();
    let mut lists = Vec::new();
    recommend(&predictor, &[0, 1], 2, Some(&x), |i, list| lists.push((i, list))).unwrap();
    for (i, list) in lists {
        assert!(list.iter().all(|scored| x.pattern().unwrap().find(i, scored.index).is_none()), "{i}: {list:?}");
        // Of what is unknown, the nearest item to the taste, and of these the better liked.
        assert!(list[0].index % 2 == i % 2 && list[0].score >= list[1].score, "{i}: {list:?}");
    }
    // Offsets and factors share what they explain; without offsets the factor is the taste.
    let text = "minimize sum(observed(X) * (X - 3 - W @ H)**2) + 0.01*(sum(W**2) + sum(H**2))";
    let model = Problem::parse(text).unwrap().data("X", &x).rank(2).solve(&Settings::default()).unwrap();
    let items = Directions::of_cols(&model).unwrap();
    let like_item_2: Vec<usize> = items.similar(2, 4).unwrap().iter().map(|scored| scored.index % 2).collect();
    assert_eq!((like_item_2, items.count()), (vec![0; 4], 9));
    assert!(items.cosine(2, 2) > 1.0 - 1e-12 && items.cosine(2, 3) < 0.5);
    assert_eq!(Directions::of_rows(&model).unwrap().similar(1, 1).unwrap()[0].index % 2, 1);
}

#[test]
fn held_out_entries_are_measured() {
    let x = ratings();
    let (kept, held) = HoldOut::new(0.2, 3).unwrap().split(&x).unwrap();
    // So few ratings have several minima.
    let settings = Settings { n_init: Some(4), ..Settings::default() };
    let model = Problem::parse(RATINGS).unwrap().data("X", &kept).rank(1).solve(&settings).unwrap();
    let predictor = Predictor::new(&model).unwrap();
    let found = measure(&predictor, &held, Some(&kept), 3, None).unwrap();
    assert_eq!(found.entries, held.stored());
    let errors: Vec<f64> =
        predictor.entries(&held).unwrap().iter().zip(held.values_f64()).map(|(p, v)| p - v).collect();
    let rmse = (errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64).sqrt();
    let errors = found.errors.unwrap();
    assert!((errors.rmse - rmse).abs() < 1e-15 && errors.mae <= errors.rmse && errors.rmse < 0.5, "{errors:?}");
    let ranking = found.ranking.unwrap();
    assert!(ranking.rows <= 12 && ranking.recall > 0.5 && ranking.precision <= 1.0, "{ranking:?}");
    assert_eq!(measure(&predictor, &held, Some(&kept), 3, Some(1e9)).unwrap().ranking, None);
    assert_eq!(measure(&predictor, &held, Some(&kept), 0, None).unwrap_err().code(), Code::SettingOutOfRange);
}

/// What an objective compares with a function of its data is measured against the data, not against that function;
/// weights and penalties that read other data have no part in it.
#[test]
fn predictions_are_of_the_scale_of_the_data() {
    let x = planted(5, 12, 7);
    let test =
        Matrix::from_triplets(12, 7, vec![(0, 1, x.get(0, 1)), (3, 4, x.get(3, 4)), (9, 6, x.get(9, 6))]).unwrap();
    let (ones, chain) = (
        Matrix::from_fn(12, 7, |_, _| 1.0).unwrap(),
        Matrix::from_fn(12, 12, |i, j| if i == j { 2.0 } else { -f64::from(u8::from(i.abs_diff(j) == 1)) }).unwrap(),
    );
    let model = |text: &str, beside: Option<(&str, &Matrix)>| {
        let problem = Problem::parse(text).unwrap().data("X", &x).rank(2);
        let problem = beside.map_or(problem.clone(), |(name, matrix)| problem.data(name, matrix));
        problem.solve(&Settings { max_iter: 30, ..Settings::default() }).unwrap()
    };
    let squares = "0.1*(sum(W**2) + sum(H**2))";
    let log: fn(f64) -> f64 = f64::exp;
    for (text, beside, back) in [
        (format!("sum((log(X) - W @ H)**2) + {squares}"), None, log),
        (format!("sum(observed(X) * V * (X - W @ H)**2) + {squares}"), Some(("V", &ones)), |s| s),
        (format!("sum((X - W @ H)**2) + 0.1*trace(W.T @ L @ W) + {squares}"), Some(("L", &chain)), |s| s),
    ] {
        let model = model(&text, beside);
        let predictor = Predictor::new(&model).unwrap();
        let (w, h) = (model.factor("W").unwrap(), model.factor("H").unwrap());
        let by_hand = |i: usize, j: usize| back((0..2).map(|k| w.get(i, k) * h.get(k, j)).sum());
        let errors = [(0, 1), (3, 4), (9, 6)].map(|(i, j)| by_hand(i, j) - x.get(i, j));
        let expected = (errors.iter().map(|e| e * e).sum::<f64>() / 3.0).sqrt();
        let found = measure(&predictor, &test, None, 2, None).unwrap().errors.unwrap().rmse;
        assert!((found - expected).abs() < 1e-12 && predictor.is_to_scale(), "{text}: {found} is not {expected}");
        let rows = predictor.rows(&[9]).unwrap();
        assert!((rows.get(0, 6) - by_hand(9, 6)).abs() < 1e-12, "{text}");
    }
    let model = model(&format!("sum((1 + X) * ((X > 0.5) - W @ H)**2) + {squares}"), None);
    let predictor = Predictor::new(&model).unwrap();
    let found = measure(&predictor, &test, None, 2, None).unwrap();
    assert!(!predictor.is_to_scale() && found.errors.is_none() && found.ranking.is_some(), "{found:?}");
}

/// A 0 of a table of counts is no entry, unless the objective asks which entries there are.
#[test]
fn zeros_of_a_table_are_entries_where_the_objective_says_so() {
    let dense = Matrix::dense(3, 3, vec![9.0, 3.0, 0.0, 5.0, 0.0, f64::NAN, 0.0, 0.0, 4.0]).unwrap();
    let sparse = Matrix::from_triplets(3, 3, vec![(0, 0, 9.0), (0, 1, 3.0), (1, 0, 5.0), (1, 1, 0.0)]).unwrap();
    let columns = |text: &str, x: &Matrix, i: usize| -> Vec<usize> {
        let fitted = Matrix::from_fn(3, 3, |i, j| (1 + i * j) as f64).unwrap();
        let problem = Problem::parse(text).unwrap().data("X", &fitted).rank(1);
        let predictor = Predictor::new(&problem.solve(&Settings::default()).unwrap()).unwrap();
        predictor.entries_of_row(x, i).into_iter().map(|(j, _)| j).collect()
    };
    let (all, observed) = ("sum((X - W @ H)**2)", "sum(observed(X) * (X - W @ H)**2)");
    assert_eq!((columns(all, &dense, 0), columns(all, &dense, 1)), (vec![0, 1], vec![0]));
    assert_eq!((columns(observed, &dense, 0), columns(observed, &dense, 1)), (vec![0, 1, 2], vec![0, 1]));
    assert_eq!((columns(all, &sparse, 1), columns(observed, &sparse, 1)), (vec![0, 1], vec![0, 1]));
}

/// Rows that can't be taken in are refused in words of the objective, with what to do.
#[test]
fn rows_that_can_not_be_taken_in_are_refused_in_the_users_words() {
    let x = planted(4, 12, 5);
    let square = Matrix::from_fn(12, 12, |i, j| (0..5).map(|k| x.get(i, k) * x.get(j, k)).sum::<f64>()).unwrap();
    let (l, d) = (square.select_rows(&[0, 1]).unwrap(), square.select_rows(&(0..11).collect::<Vec<_>>()).unwrap());
    let model = |text: &str, data: &[(&str, &Matrix)]| {
        let given =
            data.iter().fold(Problem::parse(text).unwrap().rank(2), |problem, (name, m)| problem.data(name, *m));
        given.solve(&Settings { max_iter: 5, ..Settings::default() }).unwrap()
    };
    let refused = |text: &str, data: &[(&str, &Matrix)], code: Code, parts: &[&str]| {
        let error = FoldIn::new(&model(text, data)).err().unwrap();
        let message = error.to_string();
        assert!(!message.contains("side 0") && !message.contains("side 1"), "{message}");
        parts.iter().for_each(|part| check_error(&error, code, part));
    };
    refused("sum((X - X @ W @ H)**2)", &[("X", &x)], Code::NothingToFind, &["each row of X", "X @ W"]);
    refused("sum((X - W @ W.T @ X)**2)", &[("X", &x)], Code::RowsCoupled, &["rows of X"]);
    refused("sum((S - W @ W.T)**2)", &[("S", &square)], Code::RowsCoupled, &["rows of S"]);
    let graph = "sum((X - W @ H)**2) + 0.1*sum((D @ W)**2)";
    refused(graph, &[("X", &x), ("D", &d)], Code::RowsCoupled, &["D beside X"]);
    let fold_in =
        FoldIn::new(&model("sum((X - W @ H)**2) + 0.1*sum(W * (L @ W))", &[("X", &x), ("L", &square)])).unwrap();
    let new = x.select_rows(&[0, 1]).unwrap();
    assert_eq!(fold_in.transform(&new).unwrap().left_out, ["sum(W * (L @ W))"]);
    let error = fold_in.transform_with(&new, &[("L", &l)]).unwrap_err();
    check_error(&error, Code::RowsCoupled, "Leave L out");
    check_error(&fold_in.check_name("Y").unwrap_err(), Code::UnusedData, "the data Y: it reads L beside X");
    assert!(fold_in.check_name("L").is_ok());
}

#[test]
fn a_row_whose_cost_is_undefined_is_named_and_leaves_the_others_as_they_are() {
    let entry = |i: usize, j: usize| (1 + (3 * i + 2 * j) % 7) as f64;
    let x = Matrix::from_fn(8, 4, entry).unwrap();
    let names = || Some(["a", "b", "c", "d"].map(str::to_owned).to_vec());
    let bad = |value: f64| Matrix::from_fn(4, 4, |i, j| if (i, j) == (2, 1) { value } else { entry(i + 1, j) });
    for (text, x_bad, s_bad, part) in [
        ("sum(kl(X, W @ H)) subject to W, H >= 0", -0.01, None, "kl(-0.01, "),
        ("sum((log(X) - W @ H)**2)", 0.0, None, "log(0) at row 3, column \"b\", of X"),
        (
            "sum(((X - W @ H) / S)**2) subject to W, H >= 0",
            2.0,
            Some(0.0),
            "0 at row 3, column \"b\", of X - W @ H and S",
        ),
        ("sum(huber((X - W @ H) / S, 1))", 2.0, Some(0.0), "at row 3, column \"b\""),
    ] {
        for rank in [1, 2] {
            let s = Matrix::from_fn(8, 4, |i, j| 1.0 + ((i + j) % 3) as f64).unwrap();
            let problem = Problem::parse(text).unwrap().data("X", eckart::Table::named(x.clone(), None, names()));
            let problem = if s_bad.is_some() { problem.data("S", &s) } else { problem };
            let fold_in = FoldIn::new(&problem.rank(rank).solve(&Settings::default()).unwrap()).unwrap();
            let of = |x: &Matrix, s: &Matrix| {
                let beside = [("S", s)];
                fold_in.transform_with(x, &beside[..usize::from(s_bad.is_some())]).unwrap()
            };
            let (bad_x, bad_s) = (bad(x_bad).unwrap(), bad(s_bad.unwrap_or(1.0)).unwrap());
            let found = of(&bad_x, &bad_s);
            assert_eq!(found.undefined, [2], "{text}, rank {rank}");
            let told: Vec<_> = found.warnings().filter(|warning| warning.code == Code::Diverged).collect();
            assert!(told.len() == 1 && told[0].message.contains(part), "{text}, rank {rank}: {told:?}");
            let w = found.factor("W").unwrap();
            for i in 0..4 {
                let alone = of(&bad_x.select_rows(&[i]).unwrap(), &bad_s.select_rows(&[i]).unwrap());
                let alone = alone.factor("W").unwrap().values_f64();
                let among: Vec<f64> = (0..rank).map(|k| w.get(i, k)).collect();
                assert!(if i == 2 { among[0].is_nan() } else { among == alone }, "{text}: {among:?}, alone {alone:?}");
                assert!(i == 2 || among.iter().any(|w| w.abs() > 0.01), "{text}, rank {rank}: {among:?}");
            }
        }
    }
}

#[test]
fn one_component_begins_where_the_cost_is_finite_and_has_a_slope() {
    let x = Matrix::from_fn(6, 4, |i, j| ((1 + i) * (2 + j)) as f64 + 0.1 * ((i + j) % 2) as f64).unwrap();
    for text in [
        "sum(X / (W @ H) - log(X / (W @ H)) - 1) subject to W, H >= 0",
        "sum((X - W @ H)**2 / (W @ H)) subject to W, H >= 0",
        "sum((sqrt(X) - sqrt(W @ H))**2) subject to W, H >= 0",
        "sum((X - (W * W) @ H)**2) subject to W, H >= 0",
        // An offset alone, too.
        "over b[n,1], c[1,m]: sum(X / (b + c) - log(X / (b + c))) subject to b, c >= 0",
    ] {
        let model = Problem::parse(text).unwrap().data("X", &x).rank(1).solve(&Settings::default()).unwrap();
        assert!(model.ended_early().is_none_or(|ended| ended.code != Code::Diverged), "{text}");
        let found = FoldIn::new(&model).unwrap().transform(&x).unwrap();
        assert!(found.undefined.is_empty(), "{text}");
        for ((_, new), own) in found.factors.iter().zip(model.factors.iter().filter(|(_, f)| f.rows() == 6)) {
            for (new, own) in new.values_f64().iter().zip(own.1.values_f64()) {
                assert!((new - own).abs() <= 0.05 * own.abs(), "{text}: {new} for {own}");
            }
        }
    }
}

#[test]
fn rows_that_a_non_negative_model_can_not_fit_are_told() {
    let entry = |i: usize, j: usize| (1 + (3 * i + 2 * j) % 7) as f64;
    let x = Matrix::from_fn(8, 4, entry).unwrap();
    let codes = |text: &str, change: &dyn Fn(usize, usize, f64) -> f64| -> Vec<Code> {
        let one = Settings { n_init: Some(1), ..Settings::default() };
        let model = Problem::parse(text).unwrap().data("X", &x).rank(2).solve(&one).unwrap();
        let new = Matrix::from_fn(3, 4, |i, j| change(i, j, entry(i, j))).unwrap();
        FoldIn::new(&model).unwrap().transform(&new).unwrap().warnings().map(|warning| warning.code).collect()
    };
    let nmf = "sum((X - W @ H)**2) subject to W, H >= 0";
    assert_eq!(codes(nmf, &|i, _, x| if i == 1 { -x } else { x }), [Code::NegativeEntries]);
    let marked = codes(nmf, &|i, j, x| if (i, j) == (1, 2) { -999.0 } else { x });
    assert_eq!(marked, [Code::SentinelEntries, Code::NegativeEntries]);
    assert!(codes(nmf, &|i, j, x| if (i, j) == (1, 2) { -0.1 } else { x }).is_empty());
    assert!(codes("sum((X - W @ H)**2)", &|i, _, x| if i == 1 { -x } else { x }).is_empty());
    // Where a penalty may be the cause it is named.
    let model = Problem::parse("sum((X - W @ H)**2) + sum(abs(W)) + sum(H**2) subject to H >= 0").unwrap();
    let model = model.data("X", &x).rank(2);
    let model = model.solve(&Settings::default()).unwrap();
    let new = Matrix::from_fn(3, 4, |i, j| if i == 1 { -1e-3 } else { entry(i, j) }).unwrap();
    let told = FoldIn::new(&model).unwrap().transform(&new).unwrap();
    let told: Vec<String> = told.warnings().map(|warning| warning.message).collect();
    assert!(told.len() == 1 && told[0].contains("Lower the penalties"), "{told:?}");
}
