//! Fit: from the command line to factors, a report and files.
//! In: `FitArgs`.  Out: the text for standard output.
//! Law: everything that can be refused is refused before the search; the factors are saved before they are described.
//! Not here: the search (see the library's `solve`), how results look (see `report`, `json`).

use std::path::PathBuf;

use eckart::solve::{Flow, solve};
use eckart::{Factorization, Init, Result, Settings};

use crate::args::{FitArgs, SearchArgs};
use crate::components::{Components, components};
use crate::html_report;
use crate::json::json;
use crate::load::{Data, load, with_factors, with_matrices};
use crate::objective::problem;
use crate::output::Output;
use crate::progress::{Bar, listen_to_ctrl_c};
use crate::report::report;

/// A search that has ended, and everything there is to say of it.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The named objective, where one was asked for.
    pub model: Option<String>,
    pub data: Data,
    pub fit: Factorization,
    pub components: Option<Components>,
    /// The files that hold the factors, and the page.
    pub written: Vec<PathBuf>,
}

/// `eckart fit DATA ...`
pub(crate) fn fit(args: &FitArgs) -> Result<String> {
    let problem = problem(&args.objective, args.rank.first)?;
    let way = way(args)?;
    let output = args.output.as_deref().map(Output::new).transpose()?;
    let page = html_report::place(args)?;
    let bar = Bar::new(args);
    bar.say(format!("reading {}", args.file.display()));
    let data = load(&args.file, &args.reading)?.named(&args.names)?;
    html_report::check(args, &data)?;
    let problem = with_matrices(problem.data("X", &data.matrix), &args.objective.matrices, &args.reading)?;
    let problem = with_factors(problem, &args.search, &args.reading)?;
    bar.say("planning".into());
    let mut settings = settings(&args.search)?;
    settings.interrupt = listen_to_ctrl_c(&bar, args.quiet || args.json)?;
    settings.keep_starts = args.choice.consensus;
    let (problem, choice) = match way {
        Some(way) => {
            let (problem, choice) = ranked(problem, way, args, &settings, &bar)?;
            (problem, Some(choice))
        }
        None => (problem, None),
    };
    let found = solve(&problem, &settings, &mut |now| {
        bar.show(now);
        Flow::Continue
    });
    bar.clear();
    let single = problem.matrices().len() == 1;
    let mut fit = found.map_err(|error| if single { error.in_file(&args.file) } else { error })?;
    fit.rank_choice = choice;
    fit.row_names.clone_from(&data.row_names);
    fit.col_names.clone_from(&data.col_names);
    let agreed = if args.choice.consensus { Some(agreed(&problem, &mut fit, &settings)?) } else { None };
    let mut written = match &output {
        Some(output) => output.write(&fit, data.matrix.shape())?,
        None => Vec::new(),
    };
    if let (Some(output), Some(agreed)) = (&output, &agreed) {
        written.extend(output.beside("consensus").write(agreed, data.matrix.shape())?);
    }
    if let Some(path) = page {
        html_report::write(path, args, &fit, &data)?;
        written.push(path.clone());
    }
    let components = (args.names.top > 0).then(|| components(&fit, &data, args.names.top)).flatten();
    let finished = Finished { model: args.objective.model.clone(), data, fit, components, written };
    Ok(match (args.json, args.quiet) {
        (true, _) => json(&finished),
        (false, true) => String::new(),
        (false, false) => report(&finished),
    })
}

/// How ranks are to be compared, where there are several.
fn way(args: &FitArgs) -> Result<Option<Way>> {
    let (ranks, choice) = (args.rank, &args.choice);
    let way = choice.holdout.map(|share| Way::HoldOut { share }).or(choice.bcv.then_some(Way::Bcv));
    if choice.consensus && args.search.restarts < 2 {
        return Err(Error::Setting("--consensus compares starts: ask for several with --restarts K".into()));
    }
    match (ranks.first == ranks.last, way) {
        (true, Some(_)) => Err(Error::Setting(format!(
            "one rank leaves nothing to choose: give a range such as --rank 2..{}",
            ranks.last.max(3)
        ))),
        (false, None) => {
            Err(Error::Setting("say how ranks are compared: --holdout 0.1, or --bcv, which is faster".into()))
        }
        (_, way) => Ok(way),
    }
}

/// The problem at the rank that the data bears best, and how that was found.
fn ranked(problem: Problem, way: Way, args: &FitArgs, settings: &Settings, bar: &Bar) -> Result<(Problem, RankChoice)> {
    let ranks: Vec<usize> = (args.rank.first..=args.rank.last).collect();
    let settings = Settings { keep_starts: false, ..settings.clone() };
    let choice = choose_rank(&problem, &ranks, way, args.choice.repeats, &settings, |trial| {
        bar.say(format!("rank {}, fit {} of {}", trial.rank, trial.done + 1, trial.of));
    })?;
    Ok((problem.rank(choice.chosen), choice))
}

/// The model that the starts agree on; how far they do is noted in `fit`.
fn agreed(problem: &Problem, fit: &mut Factorization, settings: &Settings) -> Result<Factorization> {
    let found = consensus(fit)?;
    fit.agreement = Some(found.agreement.clone());
    let mut agreed = found.refit(problem, fit, settings)?;
    agreed.row_names.clone_from(&fit.row_names);
    agreed.col_names.clone_from(&fit.col_names);
    Ok(agreed)
}

/// What the options wish of the search.
///
/// # Errors
/// `Setting` where a name is unknown.
pub(crate) fn settings(args: &SearchArgs) -> Result<Settings> {
    Ok(Settings {
        init: Init::from_name(&args.init)?,
        method: args.means.solver.clone(),
        restarts: args.restarts,
        seed: args.seed,
        max_iter: args.max_iter,
        tol: args.tol,
        target: args.target,
        time_limit: args.time_limit,
        threads: args.threads,
        memory_limit: args.means.memory_limit,
        ..Settings::default()
    })
}
