//! The program that a page shows is one: it compiles here, word for word, and finds the same factors.

use eckart::data::{ReadOptions, read};
use eckart::report::Report;
use eckart::{Problem, Settings};

mod shown {
    include!("program.rs");

    pub(super) fn run() -> Result<()> {
        main()
    }
}

const DIGITS: &str = "../../examples/data/digits/images.npy";

/// What is before the cost at its end, which differs in the last digits from processor to processor.
fn without_cost(text: &str) -> &str {
    text.split(" // ").next().unwrap()
}

#[test]
fn the_programme_on_a_page_compiles_and_runs() {
    let x = read(DIGITS, &ReadOptions::default()).unwrap().matrix;
    let settings = Settings {
        method: Some("derived".into()),
        n_init: Some(2),
        seed: 3,
        max_iter: 7,
        target: Some(1.5),
        ..Settings::default()
    };
    let problem = Problem::parse("sum((X - W @ H)**2) + a*sum(abs(W)) subject to W >= 0").unwrap();
    let fit = problem.data("X", &x).param("a", 0.5).rank(4).solve(&settings).unwrap();
    let page = Report::new(&fit).source(DIGITS).to_html().unwrap();
    let text = page.split("<code id=\"program\">").nth(1).unwrap().split("</code>").next().unwrap();
    let marks = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    let text = marks.iter().fold(text.to_owned(), |text, (mark, plain)| text.replace(mark, plain));
    let file = include_str!("program.rs");
    assert_eq!(without_cost(&text), without_cost(file));
    assert!(text.contains(&format!(" // {}\n", fit.cost)), "{text}");
    shown::run().unwrap();
}
