//! Choice: ranks and starts that are compared, and where a search stands.
//! In: the options of `fit`.  Out: the problem at the rank chosen; the model that starts agree on; settings.
//! Invariant: options that don't go together are refused before any work.
//! Not here: the comparison (see the library's `apply`), how it looks (see `report`).

use eckart::apply::{Consensus, Validation, choose_rank, consensus};
use eckart::solve::{Checkpoint, RankChoice};
use eckart::{Code, Error, Factorization, Problem, Result, Settings};

use crate::options::{CheckpointArgs, FitArgs};
use crate::output::progress::Bar;

/// How ranks are to be compared, where there are several.
pub(crate) fn way(args: &FitArgs) -> Result<Option<Validation>> {
    let (ranks, choice) = (args.rank, &args.choice);
    let way = choice.holdout.map(|share| Validation::HoldOut { share }).or(choice.bcv.then_some(Validation::Bcv));
    if choice.consensus && args.search.restarts < 2 {
        return Err(Error::setting(
            Code::OptionMissing,
            "--consensus compares starts: ask for several with --restarts K",
        ));
    }
    if ranks.first != ranks.last && (args.checkpoint.checkpoint.is_some() || args.checkpoint.resume.is_some()) {
        return Err(Error::setting(
            Code::SettingsConflict,
            "a checkpoint is of one search: choose the rank first, then fit it with --checkpoint",
        ));
    }
    match (ranks.first == ranks.last, way) {
        (true, Some(_)) => Err(Error::setting(
            Code::SettingsConflict,
            format!("one rank leaves nothing to choose: give a range such as --rank 2..{}", ranks.last.max(3)),
        )),
        (false, None) => Err(Error::setting(
            Code::OptionMissing,
            "say how ranks are compared: --holdout 0.1, or --bcv, which is faster",
        )),
        (_, way) => Ok(way),
    }
}

/// The problem at the rank that the data bears best, and how that was found.
pub(crate) fn ranked(
    problem: Problem,
    way: Validation,
    args: &FitArgs,
    settings: &Settings,
    bar: &Bar,
) -> Result<(Problem, RankChoice)> {
    let ranks: Vec<usize> = (args.rank.first..=args.rank.last).collect();
    let settings = Settings { keep_starts: false, ..settings.clone() };
    let choice = choose_rank(&problem, &ranks, way, args.choice.repeats, &settings, |trial| {
        bar.say(format!("rank {}, fit {} of {}", trial.rank, trial.done + 1, trial.of));
    })?;
    Ok((problem.rank(choice.chosen), choice))
}

/// What the starts agree on, and a model of it; how far they do is noted in `fit`.
pub(crate) fn agreed(
    problem: &Problem,
    fit: &mut Factorization,
    settings: &Settings,
) -> Result<(Consensus, Factorization)> {
    let found = consensus(fit)?;
    fit.agreement = Some(found.agreement.clone());
    let mut agreed = found.refit(problem, fit, settings)?;
    agreed.row_names.clone_from(&fit.row_names);
    agreed.col_names.clone_from(&fit.col_names);
    Ok((found, agreed))
}

/// Where the search writes down how far it is, and from where it goes on.
pub(crate) fn checkpoints(args: &CheckpointArgs, settings: &mut Settings) -> Result<()> {
    if let Some(file) = args.checkpoint.as_ref().filter(|file| Some(*file) != args.resume.as_ref() && file.exists()) {
        return Err(Error::setting(
            Code::CheckpointExists,
            format!(
                "{0} is there already: go on from it with --resume {0}, or delete it to begin anew",
                file.display()
            ),
        ));
    }
    // A search that goes on keeps its checkpoint where it was.
    let file = args.checkpoint.clone().or_else(|| args.resume.clone());
    settings.checkpoint = file.map(|file| Checkpoint { file, every: args.checkpoint_every });
    settings.resume.clone_from(&args.resume);
    Ok(())
}
