//! Topics of the State of the Union addresses: a named objective, three starts, and the words of each topic.
//!
//! ```sh
//! cargo run --release -p eckart --example topics
//! ```

use eckart::{Problem, Result, Settings, data, model};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/sotu");
const TOPICS: usize = 8;

fn main() -> Result<()> {
    // How often each word occurs in each passage; the k-th name is that of the k-th column.
    let counts = data::read(format!("{DATA}/counts.mtx.gz"), &data::ReadOptions::default())?.matrix;
    let words = data::read_names(format!("{DATA}/vocab.txt"))?;

    let nmf = model::find("nmf").expect("it is in the table").statement;
    let problem = Problem::parse(nmf)?.data("X", &counts).rank(TOPICS);
    let fit = problem.solve(&Settings { n_init: Some(3), ..Settings::default() })?;

    println!("{}", fit.statement);
    for (k, start) in fit.starts.iter().enumerate() {
        let best = if k == fit.best { "  <- best" } else { "" };
        println!("start {}: cost {:.0} after {} iterations, {}{best}", k + 1, start.cost, start.iterations, start.stop);
    }
    let topics = fit.factor("H").expect("the objective names it");
    for k in 0..TOPICS {
        let mut order: Vec<usize> = (0..words.len()).collect();
        order.sort_by(|&a, &b| topics.get(k, b).total_cmp(&topics.get(k, a)));
        let heaviest: Vec<&str> = order[..6].iter().map(|&j| words[j].as_str()).collect();
        println!("topic {}: {}", k + 1, heaviest.join(", "));
    }
    Ok(())
}
