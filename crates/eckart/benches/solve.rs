//! How long twenty iterations of a search take.

mod timing;

use eckart::data::{ReadOptions, read};
use eckart::solve::METHODS;
use eckart::{Problem, Settings};
use timing::Bench;

/// A name and an objective for each form that has methods of its own.
const OBJECTIVES: [(&str, &str); 3] = [
    ("nmf", "minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0"),
    ("mf", "minimize sum((X - W @ H)**2) + 0.1*(sum(W**2) + sum(H**2))"),
    ("kl", "minimize sum(kl(X, W @ H)) subject to W >= 0, H >= 0"),
];

/// The race between methods: twenty iterations each.
fn main() {
    let bench = Bench::of("solve");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/digits/images.npy");
    for (name, objective) in OBJECTIVES {
        let problem = || {
            let digits = read(path, &ReadOptions::default()).expect("an example can be read").matrix;
            Problem::parse(objective).expect("it can be read").data("X", &digits).rank(16)
        };
        let bound = problem().bind().expect("it fits the data");
        for method in METHODS.iter().filter(|method| method.unsupported(&bound).is_none()) {
            let settings = Settings { method: Some(method.name.into()), max_iter: 20, tol: 0.0, ..Settings::default() };
            let case = format!("{name}-digits-{}", method.name);
            bench.case(&case, problem, |problem| problem.solve(&settings).expect("it fits"));
        }
    }
}
