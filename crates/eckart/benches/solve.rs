//! How long twenty iterations of a search take.

mod timing;

use eckart::data::{ReadOptions, read};
use eckart::solve::METHODS;
use eckart::{Problem, Settings};
use timing::Bench;

fn main() {
    let bench = Bench::of("solve");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/digits/images.npy");
    let problem = || {
        let digits = read(path, &ReadOptions::default()).expect("an example can be read").matrix;
        let problem = Problem::parse("minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0");
        problem.expect("it can be read").data("X", &digits).rank(16)
    };
    for method in METHODS {
        let settings = Settings { method: Some(method.name.into()), max_iter: 20, tol: 0.0, ..Settings::default() };
        let name = format!("nmf-digits-{}", method.name);
        bench.case(&name, problem, |problem| problem.solve(&settings).expect("it fits"));
    }
}
