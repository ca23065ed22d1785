//! What a page holds, and that data on it is text.

use super::*;
use crate::apply::consensus;
use crate::error::check_error;
use crate::solve::{Agreement, RankChoice, RankScore};
use crate::{Code, Factorization, Matrix, Problem, Settings};

/// Text that would be a program, were it not escaped.
const EVIL: &str = "</li></title><script>alert(1)</script>\"'&<img src=x onerror=alert(1)>";

fn matrix() -> Matrix {
    Matrix::from_fn(12, 6, |i, j| ((i * 5 + j * j) as f64).sin().abs() + if i == j { 2.0 } else { 0.0 }).unwrap()
}

fn fit(objective: &str, x: &Matrix, n_init: usize) -> Factorization {
    let settings = Settings { max_iter: 15, n_init: Some(n_init), ..Settings::default() };
    Problem::parse(objective).unwrap().data("X", x).rank(2).solve(&settings).unwrap()
}

const NMF: &str = "sum((X - W @ H)**2) subject to W >= 0, H >= 0";

fn names(word: &str, count: usize) -> Vec<String> {
    (0..count).map(|k| format!("{word}{k}")).collect()
}

/// The parts of a page that must be there, and every element that must have an end.
#[track_caller]
fn check(html: &str, parts: &[&str]) {
    for part in parts {
        assert!(html.contains(part), "{part} is not on the page");
    }
    for tag in [
        "section", "article", "figure", "table", "tbody", "thead", "svg", "ul", "dl", "p", "pre", "main", "h2", "h3",
        "div",
    ] {
        let starts = html.matches(&format!("<{tag}>")).count() + html.matches(&format!("<{tag} ")).count();
        assert_eq!(starts, html.matches(&format!("</{tag}>")).count(), "{tag}");
    }
    for asking in ["src=\"http", "href=\"http", "url(", "@import", "<link"] {
        assert!(!html.contains(asking), "the page asks the network: {asking}");
    }
}

#[test]
fn a_page_has_its_sections_in_order() {
    let x = matrix();
    let fit = fit(NMF, &x, 3);
    let html = Report::new(&fit).data(&x).source("a/x.csv").to_html().unwrap();
    let ids = ["components", "search", "reconstructions", "residuals", "rows", "again"];
    let parts: Vec<String> = ids.iter().map(|id| format!("<section id=\"{id}\"")).collect();
    check(&html, &parts.iter().map(String::as_str).collect::<Vec<_>>());
    let places: Vec<usize> = parts.iter().map(|part| html.find(part).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}");
    check(
        &html,
        &["2 components of x.csv", "subject to W &gt;= 0", "data-name=\"start 3\"", "12 × 6, dense, f64; from a/x.csv"],
    );
    assert_eq!(html, Report::new(&fit).data(&x).source("a/x.csv").to_html().unwrap());
}

#[test]
fn names_from_data_are_text_wherever_they_stand() {
    let x = matrix();
    let fit = fit(NMF, &x, 1);
    for look in [Look::Words, Look::Items, Look::Profile, Look::Images { height: 2, width: 3 }, Look::Fitting] {
        let page = Report::new(&fit).data(&x).row_names(names(EVIL, 12)).col_names(names(EVIL, 6)).look(look);
        let titles = names(EVIL, 6).into_iter().map(|name| (name.clone(), format!("title {name}"))).collect();
        let page = page.titles(titles).title(EVIL).source(EVIL).command([EVIL.to_owned()]);
        let html = page.to_html().unwrap();
        check(&html, &["&lt;script&gt;alert(1)&lt;/script&gt;"]);
        assert_eq!(html.matches("<script").count(), 1, "{look:?}");
        assert!(!html.contains("<img src=x") && !html.contains("alert(1)</script>"), "{look:?}");
        assert!(!html.contains(EVIL));
    }
}

#[test]
fn a_page_of_the_factors_alone_has_no_data() {
    let x = matrix();
    let fit = fit("over W[n,r], H[m,r]: sum((X - W @ H.T)**2)", &x, 1);
    let html = Report::new(&fit).image(2, 3).to_html().unwrap();
    check(&html, &["12 × 6", "norm(H[:, k])", "<section id=\"rows\""]);
    assert!(!html.contains("id=\"residuals\"") && !html.contains("id=\"reconstructions\""));
}

#[test]
fn every_factor_is_on_the_page() {
    let x = matrix();
    let objective = "over W[n,r], H[r,m], b[n,1], c[1,m], mu[1,1]: sum((X - W @ H - b - c - mu)**2) + 0.1*sum(W**2)";
    let html = Report::new(&fit(objective, &x, 1)).data(&x).to_html().unwrap();
    check(&html, &["<h3>b</h3>", "<h3>c</h3>", "<h3>mu</h3>", "W @ H + b + c + mu"]);
}

#[test]
fn what_is_masked_is_not_shown_as_zero() {
    let entries = (0..12).flat_map(|i| [(i, i % 6, 4.0), (i, (i + 2) % 6, 5.0)]).collect();
    let x = Matrix::from_triplets(12, 6, entries).unwrap();
    let fit = fit("sum(observed(X) * (X - W @ H)**2) + 0.1*sum(W**2) + 0.1*sum(H**2)", &x, 1);
    let html = Report::new(&fit).data(&x).col_names(names("item ", 6)).to_html().unwrap();
    let section = html.split("id=\"reconstructions\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(html.contains("W @ H of X, observed entries only"));
    // Two entries a row are stored, so no row lists a third.
    assert_eq!(section.matches("<article").count() * 2, section.matches("class=\"fitted\"").count());
}

#[test]
fn an_objective_without_components_still_has_a_page() {
    let x = matrix();
    let fit = fit("over c[1,m]: sum((X - c)**2)", &x, 1);
    let html = Report::new(&fit).data(&x).to_html().unwrap();
    check(&html, &["<h3>c</h3>", "id=\"residuals\""]);
    assert!(!html.contains("id=\"components\""));
}

#[test]
fn starts_and_ranks_that_were_compared_are_drawn() {
    let x = matrix();
    let problem = Problem::parse(NMF).unwrap().data("X", &x).rank(2);
    let mut fit = problem.solve(&Settings { n_init: Some(5), keep_starts: true, ..Settings::default() }).unwrap();
    let found = consensus(&fit).unwrap();
    fit.agreement = Some(Agreement { stability: vec![0.98, 0.51], cophenetic: 0.93, ..found.agreement.clone() });
    let score = |rank: usize| RankScore { rank, mean: 1.0 / rank as f64, error: 0.01, losses: Vec::new() };
    let scores = (2..9).map(score).collect();
    fit.rank_choice = Some(RankChoice { criterion: "holdout".into(), scores, chosen: 4, unconverged: 0 });
    let html = Report::new(&fit).col_names(names("gene ", 6)).to_html().unwrap();
    let parts =
        ["id=\"stability\"", "stability 0.980", "0.930", "id=\"ranks\"", "Rank 4 was chosen", "Group 1 of 2", "gene 1"];
    check(&html, &parts);
    check(&html, &["rank 4: 0.250 ± 0.0100"]);
    assert!(!html.contains("Consensus matrix"));
    let html = Report::new(&fit).consensus(&found).to_html().unwrap();
    check(&html, &["Consensus matrix of 6 columns, ordered by group"]);
    fit.agreement = Some(Agreement { stability: vec![1.0], ..found.agreement });
    let error = Report::new(&fit).to_html().unwrap_err();
    check_error(&error, Code::WrongCount, "1 figures of stability and 2 components");
}

#[test]
fn what_does_not_fit_is_refused() {
    let x = matrix();
    let fit = fit(NMF, &x, 1);
    let refuses = |page: Report<'_>, code: Code, part: &str| check_error(&page.to_html().unwrap_err(), code, part);
    let other = Matrix::from_fn(5, 6, |_, _| 1.0).unwrap();
    refuses(
        Report::new(&fit).data(&other),
        Code::WrongShape,
        "the data is 5 x 6, and the factors are of data of 12 x 6",
    );
    refuses(Report::new(&fit).col_names(names("a", 5)), Code::NameCount, "5 column names, and the data has 6 columns");
    refuses(Report::new(&fit).row_names(names("a", 13)), Code::NameCount, "13 row names");
    refuses(Report::new(&fit).image(3, 3), Code::WrongCount, "9 numbers, and the data has 6 columns");
}

#[test]
fn large_data_keeps_the_page_small() {
    let x = Matrix::from_fn(5000, 40, |i, j| ((i * 7 + j * 3) as f64).sin().abs()).unwrap();
    let html = Report::new(&fit(NMF, &x, 1)).data(&x).to_html().unwrap();
    assert!(html.len() < 200_000, "{} bytes", html.len());
    check(&html, &["Of 5,000 rows the top 12 of each component"]);
}
