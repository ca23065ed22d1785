//! Chain: one pass over entries, entry by entry.
//! In: a `Fusion` and its arguments.  Out: its results.
//! Invariant: each link is the plain function of its primitive.
//! Not here: tiles (see `run::exec::elementwise`).

use super::{Plain, pointwise, sums};
use crate::expr::{Meaning, Op};
use crate::facts::Shape;
use crate::plan::{Fusion, Outcome, Source};

/// The results of a pass over `rows` rows.
pub(super) fn pass(chain: &Fusion, args: &[Plain], rows: usize) -> Vec<Plain> {
    let shape = Shape { rows, ..chain.shape };
    let whole = |arg: &Plain| match chain.over {
        Some(over) => pointwise::gather(arg, &args[over]),
        None => pointwise::expand(arg, shape),
    };
    let args: Vec<Plain> = args.iter().map(whole).collect();
    let mut links: Vec<Plain> = Vec::new();
    for link in &chain.ops {
        let of = |source: &Source| match source {
            Source::Arg(k) => &args[*k],
            Source::Op(k) => &links[*k],
        };
        let a = of(&link.args[0]);
        let values = match link.op.row().meaning {
            _ if link.mask.is_some() => {
                let mask = link.mask.unwrap_or(0);
                let (mask, other) = (of(&link.args[mask]).numbers(), of(&link.args[1 - mask]).numbers());
                let quotient = link.op == Op::Div;
                let of = |m: f64, x: f64| if quotient { m / x } else { m * x };
                mask.iter().zip(other).map(|(&m, &x)| if m == 0.0 { 0.0 } else { of(m, x) }).collect()
            }
            Meaning::Map(f) => a.numbers().iter().map(|&x| f(x)).collect(),
            Meaning::Zip(f) => a.numbers().iter().zip(of(&link.args[1]).numbers()).map(|(&x, &y)| f(x, y)).collect(),
            Meaning::Leaf | Meaning::Whole => unreachable!("{:?} is no function of entries", link.op),
        };
        links.push(a.with(values));
    }
    let result = |(source, outcome): &(Source, Outcome)| {
        let value = match source {
            Source::Arg(k) => &args[*k],
            Source::Op(k) => &links[*k],
        };
        match outcome {
            Outcome::Entries => value.clone(),
            Outcome::Sum => Plain::scalar(sums::sum(value)),
            Outcome::RowSum => sums::rowsum(value),
            Outcome::ColSum => sums::colsum(value),
        }
    };
    chain.results.iter().map(result).collect()
}
