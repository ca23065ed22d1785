//! Explain: what a fit would run, before anything runs.
//! In: the options of a fit, and a file or a shape.  Out: text or JSON; pictures where asked for.
//! Invariant: the explanation is the library's, with the time of an iteration on this machine; all options of `fit`
//! that change a plan are taken.
//! Not here: what it says (see the library's `explain`), the picture of a plan (see the library's `plan`).

use eckart::facts::Given;
use eckart::plan::Picture;
use eckart::run::Machine;
use eckart::solve::outline;
use eckart::{Code, Dtype, Error, Problem, Result};
use serde_json::Value;

use crate::beside::{AboutFiles, check_names, put_readings, say_readings, with_factors, with_matrices};
use crate::commands::fit::several_starts;
use crate::load::{load, refuse_list};
use crate::objective::problem;
use crate::options::ExplainArgs;
use crate::options::values::ShapeArg;
use crate::output::page::Page;
use crate::output::pictures::Pictures;
use crate::warn;

/// `eckart explain DATA|--shape NxM ...`
pub(crate) fn explain(args: &ExplainArgs) -> Result<String> {
    let pictures = Pictures::new(&args.pictures, args.json)?;
    check_names(&args.reading, &args.objective.matrices, Some(&args.factors))?;
    let mut about = AboutFiles::default();
    let problem = with_data(args, problem(&args.objective, args.rank)?, &mut about)?.match_by(args.matching.by);
    if let (Some(file), Some((_, x))) = (&args.file, problem.matrices().first()) {
        refuse_list(file, &args.reading, x, &problem)?;
    }
    let problem = with_matrices(problem, &args.objective.matrices, &args.reading, &mut about)?;
    let problem = with_factors(problem, &args.factors, &args.reading, &mut about)?;
    about.warnings.iter().for_each(warn);
    let mut settings = args.search.settings()?;
    settings.place_checkpoint()?;
    settings.keep_starts = args.consensus;
    if args.consensus && settings.starts() < 2 {
        return Err(several_starts());
    }
    let mut page = Page::new();
    let (text, fits) = outline(&problem, &settings, |outline| {
        let fits = outline.memory.total() <= outline.memory.limit;
        let Some(plan) = outline.plans.first() else { return Ok((None, fits)) };
        let title = format!("{}: {}", plan.name, problem.statement());
        let picture = Picture::new(&plan.compiled.plan).title(title).results(plan.results());
        pictures.draw(&mut page, &picture)?;
        Ok((pictures.printed(&picture), fits))
    })?;
    // What can't run here takes no time here.
    let machine = if args.json || !fits { None } else { Some(Machine::measure(settings.threads)?) };
    let told = problem.explain_on(&settings, machine.as_ref())?;
    if args.json {
        // The library's own text is JSON.
        let mut object: Value = serde_json::from_str(&told.to_json()).unwrap_or_default();
        put_readings(&mut object, "X", &about.readings);
        return Ok(format!("{object}\n"));
    }
    say_readings(&about.readings);
    let drawn = page.finish();
    let drawn = if drawn.is_empty() { drawn } else { format!("\n{drawn}") };
    Ok(text.unwrap_or_else(|| format!("{told}{drawn}")))
}

/// The problem with X.
fn with_data(args: &ExplainArgs, problem: Problem, about: &mut AboutFiles) -> Result<Problem> {
    if let Some(ShapeArg { rows, cols, stored }) = args.shape {
        let dtype = args.reading.dtype.map_or(Dtype::F64, Into::into);
        return problem.assume_fitting("X", Given { dtype, ..Given::data(rows, cols, stored) });
    }
    let Some(file) = &args.file else {
        return Err(Error::setting(Code::OptionMissing, "name the file of X, or give its shape: --shape 1000x500"));
    };
    let data = load(file, &args.reading, args.objective.matrices.is_empty())?;
    about.readings.extend(data.reading.clone().map(|reading| ("X".to_owned(), reading)));
    about.warnings.extend_from_slice(&data.warnings);
    Ok(problem.data("X", data.table()))
}
