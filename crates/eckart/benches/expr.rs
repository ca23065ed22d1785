//! How long it takes to read an objective from its text, and to print it.

mod timing;

use eckart::expr::text::parse_statement;
use eckart::model::MODELS;
use timing::Bench;

fn main() {
    let bench = Bench::of("expr");
    let parse = |text: &str| parse_statement(text).expect("a model can be read");
    for model in MODELS {
        bench.case(&format!("parse-{}", model.name), || model.statement, |text| parse(text));
        bench.case(&format!("print-{}", model.name), || parse(model.statement), |statement| statement.to_string());
    }
}
