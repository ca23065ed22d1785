//! Golden files: what objectives become, from text to plan; `ECKART_BLESS=1` writes them anew.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

use eckart::function::Compiled;
use eckart::plan::Plan;
use eckart::rewrite::simplify;
use eckart::solve::outline;
use eckart::{Matrix, Problem, Settings};

use crate::cases::{Case, cases};
use crate::random::Random;

impl Case {
    fn text(&self) -> String {
        let (bound, compiled) = self.compile();
        let roots = Self::roots(&bound);
        let names: Vec<String> = std::iter::once("smooth".to_owned())
            .chain(bound.factors.iter().map(|factor| format!("d/d{}", factor.var.name())))
            .collect();
        let mut out = format!("{}\n\n", self.head);
        for factor in &bound.factors {
            writeln!(out, "factor {}: {}", factor.var.name(), factor.shape).unwrap();
        }
        writeln!(out, "\ngradient").unwrap();
        for (name, formula) in names.iter().zip(simplify(&roots, &bound.givens).unwrap()) {
            writeln!(out, "{name} = {formula}").unwrap();
        }
        writeln!(out, "\nrewritten").unwrap();
        for (name, formula) in names.iter().zip(&compiled.rewritten) {
            writeln!(out, "{name} = {formula}").unwrap();
        }
        let fired: Vec<String> = compiled.report.fired.iter().map(|(name, times)| format!("{name} {times}")).collect();
        writeln!(out, "by {}", fired.join(", ")).unwrap();
        // What a search runs: the plans of the method.
        outline(&self.problem(), &Settings::default(), |outline| {
            for plan in &outline.plans {
                writeln!(out, "\nplan: {}\n{}", plan.name, plan.compiled.plan).unwrap();
            }
            Ok(())
        })
        .unwrap();
        out
    }
}

#[test]
fn plans_are_as_they_were() {
    let bless = std::env::var_os("ECKART_BLESS").is_some();
    let mut changed = Vec::new();
    for case in cases() {
        let text = case.text();
        if text != std::fs::read_to_string(&case.path).unwrap() {
            if bless {
                std::fs::write(&case.path, &text).unwrap();
            }
            changed.push(case.name);
        }
    }
    assert!(bless || changed.is_empty(), "{changed:?} changed: look at ECKART_BLESS=1 and git diff");
    assert!(cases().len() >= 25);
}

#[test]
fn the_same_text_gives_the_same_plan() {
    for case in cases() {
        let here = case.text();
        let there = std::thread::scope(|scope| scope.spawn(|| case.text()).join().unwrap());
        assert_eq!(here, there, "{}", case.name);
    }
}

#[test]
fn nothing_of_the_size_of_the_data_is_ever_formed() {
    for case in cases() {
        let (_, compiled) = case.compile();
        let (_, rows, cols, stored) = &case.data[0];
        let thin = (rows + cols) * (case.rank + 8);
        let most = stored.unwrap_or(0).max(thin);
        let largest = compiled.plan.largest_buffer();
        assert!(largest <= most, "{}: {largest} numbers, {most} allowed\n{}", case.name, compiled.plan);
        let check = |outline: &eckart::solve::Outline<'_>| {
            for plan in &outline.plans {
                let (largest, most) =
                    (plan.compiled.plan.largest_buffer(), most.max(columns_of_data(&case, &plan.compiled.plan)));
                assert!(largest <= most, "{}, {}: {largest} numbers, {most} allowed", case.name, plan.name);
            }
            Ok(())
        };
        outline(&case.problem(), &Settings::default(), check).unwrap();
        if case.objective.contains("observed(X)") {
            let plan = case.compile_with_holes().plan;
            assert!(plan.largest_buffer() <= thin, "{}: missing entries\n{plan}", case.name);
        }
    }
}

/// The numbers of a data matrix that a plan holds by columns, as the rows of a factor on the right need it.
fn columns_of_data(case: &Case, plan: &Plan) -> usize {
    let is_copy = |text: &str| {
        let names = case.data.iter().flat_map(|(name, ..)| [format!("{name}.T"), format!("observed({name}).T")]);
        names.into_iter().any(|name| name == text)
    };
    let copies = plan.buffers.iter().filter(|buffer| is_copy(&buffer.text));
    copies.map(|buffer| buffer.layout.stored(buffer.shape)).max().unwrap_or(0)
}

#[test]
fn compiling_takes_no_time_to_speak_of() {
    for case in cases() {
        let begin = Instant::now();
        case.compile();
        // The bench `compile` holds the release build to 50 ms; this catches a search that explodes.
        assert!(begin.elapsed() < Duration::from_secs(1), "{}: {:?}", case.name, begin.elapsed());
    }
}

/// How X is given to a small instance, of whatever form it is in the case.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Form {
    Sparse,
    Dense,
    /// Dense, with missing entries where the objective asks which are there.
    Missing,
}

/// The least number of an instance: those of logarithms are positive.
fn least(case: &Case) -> f64 {
    if case.objective.contains("log(") || case.objective.contains("kl(") { 0.2 } else { -1.0 }
}

/// A small instance of a case: sides, of a few `unit` each, and rank shrunk, factors random.
pub(crate) fn small_world(
    case: &Case,
    random: &mut Random,
    form: Form,
    unit: usize,
) -> (Problem, BTreeMap<String, Matrix>) {
    let mut sides: BTreeMap<usize, usize> = [(1, 1)].into();
    let mut problem = Problem::parse(&case.objective).unwrap().rank(2);
    for (name, value) in &case.numbers {
        problem = problem.param(name, *value);
    }
    let mut values = BTreeMap::new();
    for &(ref name, rows, cols, sparse) in &case.data {
        let [n, m] = [rows, cols].map(|side| {
            let fresh = unit * (4 + sides.len() + random.below(3));
            *sides.entry(side).or_insert(fresh)
        });
        let is_sparse = if name == "X" { form == Form::Sparse } else { sparse.is_some() };
        let low = least(case);
        let matrix = if is_sparse { random.sparse(n, m, low, 2.0) } else { random.dense(n, m, low, 2.0) };
        // The logarithm of an entry that is stored as zero is infinite, and rightly so.
        let matrix = if case.objective.contains("log(X") { without_zeros(&matrix) } else { matrix };
        let missing = name == "X" && form == Form::Missing && case.objective.contains("observed(X)");
        let matrix = if missing { with_holes(&matrix, random) } else { matrix };
        problem = problem.data(name, &matrix);
        values.insert(name.clone(), matrix);
    }
    (problem, values)
}

fn with_holes(x: &Matrix, random: &mut Random) -> Matrix {
    Matrix::from_fn(x.rows(), x.cols(), |i, j| if random.below(3) == 0 { f64::NAN } else { x.get(i, j) }).unwrap()
}

fn without_zeros(x: &Matrix) -> Matrix {
    let values: Vec<f64> = x.values_f64().into_iter().map(|v| v.max(0.1)).collect();
    x.pattern().map_or_else(|| x.clone(), |pattern| Matrix::with_pattern(pattern.clone(), values).unwrap())
}

#[test]
fn literal_and_compiled_agree_on_small_instances() {
    for case in cases() {
        let mut random = Random(case.name.bytes().map(u64::from).sum());
        let forms = [Form::Sparse, Form::Dense, Form::Sparse, Form::Missing];
        for instance in 0..100 {
            let (problem, mut values) = small_world(&case, &mut random, forms[instance % 4], 1);
            let bound = problem.bind().unwrap_or_else(|error| panic!("{}: {error}", case.name));
            for factor in &bound.factors {
                let matrix = random.dense(factor.shape.rows, factor.shape.cols, least(&case), 1.5);
                values.insert(factor.var.name().to_owned(), matrix);
            }
            let world = crate::random::World { values };
            let roots = Case::roots(&bound);
            let compiled = Compiled::new(&roots, &bound.givens, usize::MAX).unwrap();
            let found = compiled.run(&world.inputs()).unwrap();
            for (root, (value, literal)) in roots.iter().zip(found.iter().zip(world.literal(&roots))) {
                let literal = literal.to_dense_f64();
                let scale = literal.iter().fold(1.0_f64, |most, x| most.max(x.abs()));
                for (x, y) in value.to_dense().data.iter().zip(&literal) {
                    assert!((x - y).abs() <= 1e-9 * scale, "{}: {y} became {x} in {}", case.name, root.shortened(200));
                }
            }
        }
    }
}
