//! Tests: every node the search adds has the value of its class, on random matrices.

mod limits;
mod rules;

use std::collections::BTreeMap;

use egg::Id;

use super::language::{ENode, Graph};
use super::rules::Rule;
use super::write::write;
use super::{RULES, graph_of, search, simplify};
use crate::Matrix;
use crate::expr::Expr;
use crate::expr::text::parse_expr;
use crate::facts::{Layout, Sign};
use crate::random::{Random, World, formula, world};

/// Values of the variables of the rules' examples: X, S, L, D and C are data (sparse, or all dense), all else factors.
/// X and S are n x m, L n x n, W n x r, H r x m, u n x 1, v 1 x m, c 1 x 1, R r x r.
fn examples_world(random: &mut Random, [n, m, r]: [usize; 3], sparse: bool) -> World {
    let data = |random: &mut Random, n, m| {
        if sparse { random.sparse(n, m, -1.0, 1.0) } else { random.dense(n, m, -1.0, 1.0) }
    };
    World::of([
        ("X", data(random, n, m)),
        ("S", data(random, n, m)),
        ("L", data(random, n, n)),
        ("W", random.dense(n, r, -1.0, 1.0)),
        ("H", random.dense(r, m, -1.0, 1.0)),
        ("R", random.dense(r, r, -1.0, 1.0)),
        ("u", random.dense(n, 1, -1.0, 1.0)),
        ("v", random.dense(1, m, -1.0, 1.0)),
        ("c", random.dense(1, 1, -1.0, 1.0)),
    ])
}

/// How often the last of `rules` fired in the graph of formulas, after checking every node of it; or what is wrong.
fn search_and_check(roots: &[Expr], world: &World, rules: &[Rule]) -> Result<usize, Box<str>> {
    let givens = world.givens();
    let (mut graph, ids) = graph_of(roots, &givens).map_err(|error| error.to_string().into_boxed_str())?;
    let report = search::saturate(&mut graph, rules, 2_000).map_err(|error| error.to_string().into_boxed_str())?;
    compare(&graph, roots, &ids, world)?;
    let last = rules.last().map(|rule| rule.name);
    Ok(report.fired.iter().filter(|(name, _)| Some(*name) == last).map(|(_, count)| count).sum())
}

/// For each class the formula with fewest nodes.
fn smallest(graph: &Graph, world: &World) -> BTreeMap<Id, Expr> {
    let mut size: BTreeMap<Id, usize> = BTreeMap::new();
    let mut found: BTreeMap<Id, Expr> = BTreeMap::new();
    loop {
        let mut changed = false;
        for class in graph.classes() {
            for node in &class.nodes {
                let sizes: Option<Vec<usize>> =
                    node.args.iter().map(|&arg| size.get(&graph.find(arg)).copied()).collect();
                let Some(sizes) = sizes else { continue };
                let own = 1 + sizes.iter().sum::<usize>();
                if size.get(&class.id).is_none_or(|&known| own < known) {
                    size.insert(class.id, own);
                    found.insert(class.id, formula_of(graph, node, &found, world));
                    changed = true;
                }
            }
        }
        if !changed {
            return found;
        }
    }
}

fn formula_of(graph: &Graph, node: &ENode, of: &BTreeMap<Id, Expr>, world: &World) -> Expr {
    let args = node.args.iter().map(|&arg| of[&graph.find(arg)].clone()).collect();
    let sparse: Vec<bool> = node.args.iter().map(|&arg| graph[arg].data.is_sparse()).collect();
    write(node, args, &sparse, &world.givens())
}

/// Every node has the value of its class, and what is known of the class is true of it.
fn compare(graph: &Graph, roots: &[Expr], ids: &[Id], world: &World) -> Result<(), Box<str>> {
    let of = smallest(graph, world);
    let mut all: Vec<(Id, Expr)> = roots.iter().zip(ids).map(|(root, &id)| (graph.find(id), root.clone())).collect();
    for class in graph.classes() {
        all.extend(class.nodes.iter().map(|node| (class.id, formula_of(graph, node, &of, world))));
    }
    let formulas: Vec<Expr> = all.iter().map(|(_, formula)| formula.clone()).collect();
    let mut known: BTreeMap<Id, (&Expr, Vec<f64>)> = BTreeMap::new();
    for ((id, formula), value) in all.iter().zip(world.literal(&formulas)) {
        facts_hold(graph, *id, formula, &value, world)?;
        let numbers = value.to_dense_f64();
        let (first, expected) = known.entry(*id).or_insert_with(|| (formula, numbers.clone()));
        let scale = expected.iter().fold(1.0_f64, |most, x| most.max(x.abs()));
        // NaN must meet NaN.
        let differs = |(a, b): (&f64, &f64)| (a - b).abs() > 1e-9 * scale || a.is_nan() != b.is_nan();
        if expected.iter().zip(&numbers).any(differs) {
            return Err(format!("{formula} is {numbers:?}, but {first} is {expected:?}").into());
        }
    }
    Ok(())
}

/// Shape, pattern and number of a class are those of a value in it.
fn facts_hold(graph: &Graph, id: Id, formula: &Expr, value: &Matrix, world: &World) -> Result<(), Box<str>> {
    let class = &graph[id].data;
    if value.shape() != (class.shape.rows, class.shape.cols) {
        return Err(format!("{formula} is {:?}, not {}", value.shape(), class.shape).into());
    }
    if class.number.is_some_and(|number| (number - value.get(0, 0)).abs() > 1e-9 * (1.0 + number.abs())) {
        return Err(format!("{formula} is {}, not {:?}", value.get(0, 0), class.number).into());
    }
    let defined = value.to_dense_f64().into_iter().filter(|x| !x.is_nan());
    let sign = defined.fold(Sign::BINARY, |known, x| Sign {
        nonnegative: known.nonnegative && x >= 0.0,
        binary: known.binary && (x == 0.0 || x == 1.0),
    });
    if (class.sign.nonnegative && !sign.nonnegative) || (class.sign.binary && !sign.binary) {
        return Err(format!("{formula} is {:?}, which is not {:?}", value.to_dense_f64(), class.sign).into());
    }
    let Layout::Sparse { nnz, pattern } = &class.layout else { return Ok(()) };
    let mask = pattern.as_ref().map(|(var, transposed)| {
        let mask = crate::observed(crate::matrix(var.name()));
        world.literal(&[if *transposed { mask.t() } else { mask }])[0].to_dense_f64()
    });
    let numbers = value.to_dense_f64();
    let outside = mask.is_some_and(|mask| mask.iter().zip(&numbers).any(|(&inside, &x)| inside == 0.0 && x != 0.0));
    if outside || numbers.iter().filter(|x| **x != 0.0).count() > *nnz {
        return Err(format!("{formula} is {numbers:?}, which is not on {:?}", class.layout).into());
    }
    Ok(())
}
