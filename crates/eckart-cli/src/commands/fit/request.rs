//! Request: a fit that is asked for.
//! In: `FitArgs`.  Out: `Request`, checked; then `Outcome`.
//! Invariant: what can be refused without the data is refused before it is read, and all else before the search.
//! Not here: where the result goes (see `write`).

use eckart::apply::{Validation, choose_rank, consensus};
use eckart::report::Look;
use eckart::solve::{Flow, RankChoice, solve};
use eckart::{Code, Error, Problem, Result, Settings};

use super::outcome::Outcome;
use crate::beside::{check_names, with_factors, with_matrices};
use crate::load::{Data, load, refuse_list};
use crate::objective::problem;
use crate::options::FitArgs;
use crate::output::components::components;
use crate::output::progress::{Bar, listen_to_signals};
use crate::output::{Output, try_writing};

/// A fit that is asked for, and can be begun.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub args: &'a FitArgs,
    /// The problem without its data.
    problem: Problem,
    settings: Settings,
    /// How ranks are compared, where there are several.
    comparison: Option<Validation>,
    /// Where the factors go.
    pub output: Option<Output>,
}

impl<'a> Request<'a> {
    /// Checks all that can be checked without the data.
    ///
    /// # Errors
    /// `Parse` with the place; `Setting` where options don't go together or are out of range; `Io` and `Data` where
    /// nothing can be written.
    pub(super) fn check(args: &'a FitArgs) -> Result<Self> {
        let problem = problem(&args.objective, args.rank.first)?;
        let mut settings = args.search.settings()?;
        settings.place_checkpoint()?;
        settings.keep_starts = args.choice.consensus;
        let comparison = comparison(args, &settings)?;
        let output = args.output.as_deref().map(Output::new).transpose()?;
        match &args.report {
            Some(path) => try_writing(path)?,
            None if args.look.is_given() => {
                let message = "--image, --plot and --by-rows say how a page looks, and no page is asked for: name one \
                               with --report FILE";
                return Err(Error::setting(Code::OptionMissing, message));
            }
            None => {}
        }
        Ok(Self { args, problem, settings, comparison, output })
    }

    /// Reads the data and searches.
    ///
    /// # Errors
    /// As reading, binding and [`solve`].
    pub(super) fn run(&self) -> Result<Outcome> {
        let args = self.args;
        check_names(&args.reading, &args.objective.matrices, Some(&args.factors))?;
        let bar = Bar::new(args.quiet || args.json);
        bar.say(format!("reading {}", args.file.display()));
        let mut data = load(&args.file, &args.reading, args.objective.matrices.is_empty())?.named(&args.names)?;
        let problem = self.with_data(&mut data)?;
        bar.say("planning".into());
        let interrupt = listen_to_signals(&bar, args.quiet || args.json);
        let settings = Settings { interrupt, ..self.settings.clone() };
        let (problem, choice) = self.with_rank(problem, &settings, &bar)?;
        let found = solve(&problem, &settings, &mut |now| {
            bar.show(now);
            Flow::Continue
        });
        bar.clear();
        let single = problem.matrices().len() == 1;
        let mut fit = found.map_err(|error| if single { error.in_file(&args.file) } else { error })?;
        fit.warnings.splice(0..0, data.warnings.iter().cloned());
        fit.warnings.extend(choice.iter().flat_map(RankChoice::warnings));
        fit.rank_choice = choice;
        let consensus = if settings.keep_starts {
            let found = consensus(&fit)?;
            fit.agreement = Some(found.agreement.clone());
            let agreed = found.refit(&problem, &fit, &settings)?;
            Some((found, agreed))
        } else {
            None
        };
        let components = (args.top > 0).then(|| components(&fit, &data, args.top)).flatten();
        Ok(Outcome { model: args.objective.model.clone(), data, fit, consensus, components })
    }

    /// The problem with its data.
    fn with_data(&self, data: &mut Data) -> Result<Problem> {
        let args = self.args;
        refuse_list(&args.file, &args.reading, &data.matrix, &self.problem)?;
        Look::from(args.look).check(data.matrix.cols())?;
        let problem = self.problem.clone().data("X", data.table()).match_by(args.matching.by);
        let problem = with_matrices(problem, &args.objective.matrices, &args.reading, &mut data.beside)?;
        let problem = with_factors(problem, &args.factors, &args.reading, &mut data.beside)?;
        data.warnings.append(&mut data.beside.warnings);
        Ok(problem)
    }

    /// The problem at the best rank, and how that was found, where ranks are compared.
    fn with_rank(&self, problem: Problem, settings: &Settings, bar: &Bar) -> Result<(Problem, Option<RankChoice>)> {
        let Some(comparison) = self.comparison else { return Ok((problem, None)) };
        let ranks: Vec<usize> = (self.args.rank.first..=self.args.rank.last).collect();
        let settings = Settings { keep_starts: false, ..settings.clone() };
        let choice = choose_rank(&problem, &ranks, comparison, self.args.choice.repeats, &settings, |trial| {
            bar.say(format!("rank {}, fit {} of {}", trial.rank, trial.done + 1, trial.of));
        })?;
        Ok((problem.rank(choice.chosen), Some(choice)))
    }
}

/// How ranks are to be compared, where there are several.
fn comparison(args: &FitArgs, settings: &Settings) -> Result<Option<Validation>> {
    let (ranks, choice) = (args.rank, &args.choice);
    let refuse = |code: Code, message: String| Err(Error::setting(code, message));
    if choice.consensus && settings.starts() < 2 {
        return Err(several_starts());
    }
    let is_range = ranks.first != ranks.last;
    if is_range && settings.checkpoint.is_some() {
        let message = "a checkpoint is of one search: choose the rank first, then fit it with --checkpoint";
        return refuse(Code::SettingsConflict, message.into());
    }
    match (
        is_range,
        choice.holdout.map(|share| Validation::HoldOut { share }).or(choice.bcv.then_some(Validation::Bcv)),
    ) {
        (false, Some(_)) => refuse(
            Code::SettingsConflict,
            format!("one rank leaves nothing to choose: give a range such as --rank 2..{}", ranks.last.max(3)),
        ),
        (true, None) => {
            refuse(Code::OptionMissing, "say how ranks are compared: --holdout 0.1, or --bcv, which is faster".into())
        }
        (_, comparison) => Ok(comparison),
    }
}

/// That there are no starts to compare.
pub(crate) fn several_starts() -> Error {
    Error::setting(Code::OptionMissing, "--consensus compares starts: ask for several with --n-init K")
}
