//! Again: how to run the same search once more.
//! In: a `Subject`.  Out: the command and the Rust program, with every setting that decides the result.
//! Invariant: what is shown gives the same factors: objective, parameters, rank, seed, starts and limits are all in it;
//! each text of the model is a quoted word or a literal (see `shell`).
//! Not here: what the search found.

use crate::data::Matching;
use crate::expr::text::parse_statement;
use crate::report::files::File;
use crate::report::html::Html;
use crate::report::shell::{literal, name as named, quoted};
use crate::report::subject::Subject;
use crate::report::words::counted;
use crate::solve::{Factorization, Init};

pub(in crate::report) fn again(subject: &Subject<'_>) -> Html {
    let fit = subject.fit;
    let mut html = Html::new();
    html.lead(&format!(
        "Seed {}, {}. The same seed gives the same bits on one machine, whatever the number of threads.",
        fit.seed,
        counted(fit.n_init, "start")
    ));
    if let Some(command) = subject.report.command.clone().or_else(|| command(subject)) {
        code(&mut html, "command", "Command line", &command);
    }
    code(&mut html, "program", "Rust", &program(subject));
    html
}

fn code(html: &mut Html, id: &str, label: &str, text: &str) {
    html.element("h3", &[], label);
    html.inside("pre", &[("class", "code"), ("tabindex", "0"), ("role", "region"), ("aria-label", label)], |html| {
        html.element("code", &[("id", id)], text);
    });
}

/// The matrices besides the data that the objective needs.
fn others(fit: &Factorization) -> Vec<String> {
    let known = |name: &str| name == fit.target || fit.params.contains_key(name) || fit.factor(name).is_some();
    let all = parse_statement(&fit.statement).map(|statement| statement.objective.variables()).unwrap_or_default();
    all.iter().map(|var| var.name().to_owned()).filter(|name| !known(name)).collect()
}

/// The command; `None` where it can't say what was done: it calls the data X, and takes no values of factors.
fn command(subject: &Subject<'_>) -> Option<String> {
    let fit = subject.fit;
    if fit.target != "X" || !fit.fixed.is_empty() || !fit.started.is_empty() {
        return None;
    }
    let source = file(subject, &fit.target);
    let mut lines =
        vec![format!("eckart fit {}", quoted(&source.path)), format!("--objective {}", quoted(&fit.statement))];
    let options = source.command_options();
    lines.extend((!options.is_empty()).then_some(options));
    let numbers = fit.params.iter().map(|(name, value)| format!("--param {}", quoted(&format!("{name}={value}"))));
    let others = others(fit).into_iter();
    let others = others.map(|name| format!("--data {}", quoted(&format!("{name}={}", file(subject, &name).path))));
    let given: Vec<String> = numbers.chain(others).collect();
    lines.extend((!given.is_empty()).then(|| given.join(" ")));
    lines.extend(subject.report.name_options.clone());
    lines.extend((subject.report.matching == Matching::Position).then(|| "--match position".to_owned()));
    let target = fit.target_cost.map_or_else(String::new, |target| format!(" --target {target}"));
    let halving = if fit.successive_halving { " --successive-halving" } else { "" };
    lines.push(format!("--rank {} --seed {} --n-init {}{halving}", fit.rank, fit.seed, fit.n_init));
    let init = if fit.init == Init::default() { String::new() } else { format!(" --init {}", fit.init.name()) };
    lines.push(format!("--max-iter {} --tol {}{target} --method {}{init}", fit.max_iter, fit.tol, quoted(&fit.method)));
    Some(lines.join(" \\\n    "))
}

fn program(subject: &Subject<'_>) -> String {
    let fit = subject.fit;
    let mut given = format!("        .data({}, x)\n", literal(&fit.target));
    let mut reads = file(subject, &fit.target).statement("x", &fit.target);
    for name in others(fit) {
        let variable = format!("data_{}", named(&name).to_lowercase());
        reads += &file(subject, &name).statement(&variable, &name);
        given += &format!("        .data({}, {variable})\n", literal(&name));
    }
    let values = [("fix", &fit.fixed), ("init_from", &fit.started)];
    for (call, name) in values.into_iter().flat_map(|(call, names)| names.iter().map(move |name| (call, name))) {
        let variable = format!("{call}_{}", named(name).to_lowercase());
        let what = if call == "fix" { "was fixed at" } else { "began at" };
        reads += &format!("    // The values that {} {what}.\n", named(name));
        reads += &file(subject, name).statement(&variable, name);
        given += &format!("        .{call}({}, {variable})\n", literal(name));
    }
    for (name, value) in &fit.params {
        given += &format!("        .param({}, {value:?})\n", literal(name));
    }
    if subject.report.matching == Matching::Position {
        given += "        .match_by(data::Matching::Position)\n";
    }
    let mut target = fit.target_cost.map_or_else(String::new, |target| format!("        target: Some({target:?}),\n"));
    if fit.init != Init::default() {
        target += &format!("        init: Init::from_name({:?})?,\n", fit.init.name());
    }
    if fit.successive_halving {
        target += "        successive_halving: true,\n";
    }
    let init = if fit.init == Init::default() { "" } else { "Init, " };
    format!(
        "use eckart::{{{init}Problem, Result, Settings, data}};\n\n\
         fn main() -> Result<()> {{\n\
         {reads}    let settings = Settings {{\n        \
         method: Some({}.into()),\n        \
         n_init: Some({}),\n        \
         seed: {},\n        \
         max_iter: {},\n        \
         tol: {:?},\n\
         {target}        ..Settings::default()\n    \
         }};\n    \
         let fit = Problem::parse({})?\n\
         {given}        .rank({})\n        \
         .solve(&settings)?;\n    \
         println!(\"{{}}\", fit.cost); // {}\n    \
         Ok(())\n\
         }}",
        literal(&fit.method),
        fit.n_init,
        fit.seed,
        fit.max_iter,
        fit.tol,
        literal(&fit.statement),
        fit.rank,
        fit.cost
    )
}

/// The file of a matrix; a word in its place where that is not known.
fn file(subject: &Subject<'_>, name: &str) -> File {
    let (fit, report) = (subject.fit, subject.report);
    report.files.get(name).cloned().unwrap_or_else(|| match &report.source {
        Some(source) if name == fit.target => File::named(source),
        _ if name == fit.target => File::named("DATA"),
        _ if fit.factor(name).is_some() => File::named(&format!("{name}.npy")),
        _ => File::named("FILE"),
    })
}
