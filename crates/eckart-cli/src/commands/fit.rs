//! Fit: from the command line to factors, a report and files.
//! In: `FitArgs`.  Out: the text for standard output.
//! Invariant: everything that can be refused is refused before the search; the factors are saved before they are
//! described.
//! Not here: the search (see the library's `solve`), how results look (see `report`, `json`).

use std::path::PathBuf;

use eckart::solve::{Flow, solve};
use eckart::{Code, Factorization, Init, Result, Settings, StopReason, Warning};

use crate::commands::choice::{agreed, checkpoints, ranked, way};
use crate::load::{Data, load, refuse_list, with_factors, with_matrices};
use crate::objective::problem;
use crate::options::{FitArgs, SearchArgs};
use crate::output::Output;
use crate::output::components::{Components, components};
use crate::output::html_report;
use crate::output::json::json;
use crate::output::progress::{Bar, listen_to_ctrl_c};
use crate::output::report::report;
use crate::warn;

/// A search that has ended, and everything there is to say of it.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The named objective, where one was asked for.
    pub model: Option<String>,
    pub data: Data,
    pub fit: Factorization,
    /// What became of the search beside what the objective says of itself ([`Factorization::warnings`]).
    pub warnings: Vec<Warning>,
    pub components: Option<Components>,
    /// The files that hold the factors, and the page.
    pub written: Vec<PathBuf>,
}

/// What a fit ends with.
#[derive(Debug)]
pub(crate) struct Ended {
    /// For standard output.
    pub text: String,
    /// The exit code.
    pub code: u8,
}

/// `eckart fit DATA ...`
pub(crate) fn fit(args: &FitArgs) -> Result<Ended> {
    let problem = problem(&args.objective, args.rank.first)?;
    let way = way(args)?;
    let output = args.output.as_deref().map(Output::new).transpose()?;
    let page = html_report::place(args)?;
    let bar = Bar::new(args);
    bar.say(format!("reading {}", args.file.display()));
    let data = load(&args.file, &args.reading)?.named(&args.names)?;
    refuse_list(&args.file, &args.reading, &data.matrix, &problem)?;
    html_report::check(args, &data)?;
    let problem = with_matrices(problem.data("X", &data.matrix), &args.objective.matrices, &args.reading)?;
    let problem = with_factors(problem, &args.search, &args.reading)?;
    bar.say("planning".into());
    let mut settings = settings(&args.search)?;
    settings.interrupt = listen_to_ctrl_c(&bar, args.quiet || args.json)?;
    settings.keep_starts = args.choice.consensus;
    checkpoints(&args.checkpoint, &mut settings)?;
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
    if let (Some(output), Some((_, agreed))) = (&output, &agreed) {
        written.extend(output.beside("consensus").write(agreed, data.matrix.shape())?);
    }
    if let Some(path) = page {
        let consensus = agreed.as_ref().map(|(consensus, _)| consensus);
        html_report::write(path, args, &fit, consensus, &data)?;
        written.push(path.clone());
    }
    let components = (args.names.top > 0).then(|| components(&fit, &data, args.names.top)).flatten();
    let warnings = ended_badly(&fit);
    // The report for people has those of the objective beside it; without the report they are said here.
    let unsaid = if args.json || args.quiet { &fit.warnings[..] } else { &[] };
    unsaid.iter().chain(&warnings).for_each(warn);
    let code = exit_code(&fit);
    let finished = Finished { model: args.objective.model.clone(), data, fit, warnings, components, written };
    let text = match (args.json, args.quiet) {
        (true, _) => json(&finished),
        (false, true) => String::new(),
        (false, false) => report(&finished),
    };
    Ok(Ended { text, code })
}

/// Warnings of how the search ended: what was found before is the result, and is whole, whatever became of the rest.
fn ended_badly(fit: &Factorization) -> Vec<Warning> {
    let diverged = (fit.stop_reason() == StopReason::Diverged).then(|| {
        let message = "the cost became infinite or undefined: scale the data, or choose another objective or start; \
        what was found before is the result";
        Warning::new(Code::Diverged, message)
    });
    diverged.into_iter().chain(fit.checkpoint_error.clone()).collect()
}

fn exit_code(fit: &Factorization) -> u8 {
    match (&fit.checkpoint_error, fit.stop_reason()) {
        (Some(_), _) => crate::YOURS,
        (None, StopReason::Diverged) => crate::DIVERGED,
        (None, _) => 0,
    }
}

/// What the options wish of the search.
///
/// # Errors
/// `Setting` where a name is unknown.
pub(crate) fn settings(args: &SearchArgs) -> Result<Settings> {
    Ok(Settings {
        init: Init::from_name(&args.init)?,
        method: args.means.solver.clone(),
        n_init: args.restarts,
        successive_halving: args.halving,
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
