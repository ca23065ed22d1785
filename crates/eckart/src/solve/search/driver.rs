//! Driver: from a problem to its best factors.
//! In: a `Problem`, `Settings`, a listener.  Out: a `Factorization`.
//! Invariant: every way out returns the best factors met and a reason.
//! Not here: one start (see `worker`), which starts run when (see `starts`), how factors move (see `method`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::context::{Flow, Progress, Search};
use super::ledger::Ledger;
use super::multistart::with_starts;
use super::settings::Settings;
use super::start::{ShortSearch, place_offsets};
use super::starts::{self, Found};
use crate::data::{Dtype, Matrix};
use crate::error::{Code, Error, Result, Warning};
use crate::facts::is_nonnegative;
use crate::run::{Value, threads_are_lacking, with_machine};
use crate::solve::method::table::{MethodRow, choose};
use crate::solve::problem::falling;
use crate::solve::problem::iterate::Iterate;
use crate::solve::problem::lints::{lints, locked};
use crate::solve::problem::{Bound, Factor, Problem};
use crate::solve::result::cost::cost_of;
use crate::solve::result::quality::Quality;
use crate::solve::result::undefined::undefined;
use crate::solve::result::{Factorization, Numerics, Start, shrunk, stuck};

/// Bytes of data for which it matters in which type it is computed.
const LARGE: usize = 32 << 20;

impl Problem {
    /// Minimizes the objective.
    ///
    /// # Errors
    /// As [`solve`].
    pub fn solve(&self, settings: &Settings) -> Result<Factorization> {
        solve(self, settings, &mut |_| Flow::Continue)
    }
}

/// Minimizes a problem's objective from `settings.n_init` starts and returns the best factors.
///
/// `listen` hears of every iteration and may end the search.
///
/// # Errors
/// As [`Problem::bind`]; `Setting` where a setting or the method does not fit, or the interrupt is raised; `Limit`
/// where a plan needs more memory than it may have.
pub fn solve(
    problem: &Problem,
    settings: &Settings,
    listen: &mut (dyn FnMut(&Progress) -> Flow + Send),
) -> Result<Factorization> {
    settings.check()?;
    if !problem.assumed.is_empty() {
        let message = "the data is only assumed: give the matrix itself to factorize it";
        return Err(Error::setting(Code::ShapeOnly, message));
    }
    if settings.interrupt.is_raised() {
        let message = "the search was interrupted before it began: lower the interrupt, which clones of settings \
                       share, or give the settings one of their own";
        return Err(Error::setting(Code::Interrupted, message));
    }
    let matched = problem.matched()?;
    let found = with_machine(settings.threads, settings.registers, || run(&Search::new(&matched, settings), listen));
    let (mut found, [row_ids, col_ids]) = (found??, problem.ids_of_target());
    if threads_are_lacking() {
        let message = "the system gives no more threads: the search ran on those that could be had";
        found.warnings.push(Warning::new(Code::ThreadsLacking, message));
    }
    found.name_rows(row_ids);
    found.name_cols(col_ids);
    found.name_components(problem.component_names(found.best));
    Ok(found)
}

fn run(search: &Search, listen: &mut (dyn FnMut(&Progress) -> Flow + Send)) -> Result<Factorization> {
    let (bound, row) = planned(search)?;
    let (settings, why) = with_starts(search, &bound)?;
    let search = &search.again(search.problem, &settings);
    let mut found = minimize(search, bound, row, listen)?;
    found.ways.extend(why);
    Ok(found)
}

fn minimize(
    search: &Search,
    bound: Arc<Bound>,
    row: &'static MethodRow,
    listen: &mut (dyn FnMut(&Progress) -> Flow + Send),
) -> Result<Factorization> {
    let (problem, settings) = (search.problem, search.settings);
    let resumes = bound.is_narrow() && settings.resume.is_some();
    let goes_on = resumes && Ledger::open(search, row, &bound)?.is_wide();
    if !goes_on && let Some(found) = starts::run(search, row, &bound, listen)? {
        return finish(search, row, &bound, found);
    }
    drop(bound);
    let (problem, resume) = (problem.in_f64(), settings.resume.clone().filter(|_| goes_on));
    let settings = Settings { resume, ..settings.clone() };
    let search = search.again(&problem, &settings);
    let (bound, row) = planned(&search)?;
    let found = starts::run(&search, row, &bound, listen)?;
    let mut found = finish(&search, row, &bound, found.ok_or_else(|| Error::Bug("f64 gave way to f64".into()))?)?;
    let reason = "all factors: in f64, as too little of the objective is left for products of f32, or it rose";
    found.ways.push(reason.to_owned());
    if bound.target.1.bytes() >= LARGE {
        let message = "the data is f32, whose products can't hold this fit: computed in f64, which takes more memory; \
                       subtract the mean of the data, or give it as f64 to begin with that";
        found.warnings.push(Warning::new(Code::ComputedInF64, message));
    }
    Ok(found)
}

/// The bound problem, and its method.
fn planned(search: &Search) -> Result<(Arc<Bound>, &'static MethodRow)> {
    search.planned(|| {
        let mut bound = search.problem.bind()?;
        let row = choose(&bound, search.settings.method.as_deref())?;
        place_offsets(search.problem, &mut bound, search.memory_limit, &mut |problem, how| {
            of_offsets(search, problem, how)
        })?;
        Ok((Arc::new(bound), row))
    })
}

/// A short search for the offsets of a problem whose other factors are fixed.
fn of_offsets(search: &Search, problem: &Problem, how: ShortSearch) -> Result<Factorization> {
    let ShortSearch { max_iter, method } = how;
    let method = method.map(str::to_owned);
    let Settings { seed, time_limit, memory_limit, interrupt, .. } = search.settings.clone();
    let short = Settings { n_init: Some(1), method, max_iter, tol: 1e-4, ..Settings::default() };
    let settings = Settings { seed, time_limit, memory_limit, interrupt, ..short };
    run(&search.again(problem, &settings), &mut |_| Flow::Continue)
}

/// What a search has found, with all that is said of it.
fn finish(
    search: &Search,
    row: &MethodRow,
    bound: &Arc<Bound>,
    (mut iterate, Found { mut starts, best, factors, kept, unwritten }): (Iterate, Found),
) -> Result<Factorization> {
    let (problem, settings) = (search.problem, search.settings);
    let rules = row.describe(bound)?;
    iterate.set_all(&factors);
    drop(factors);
    let quality = if starts[best].cost.is_finite() { Quality::of(&iterate, search.memory_limit)? } else { None };
    let factors = named(bound, iterate.take_all())?;
    let mut warnings = [lints(bound)?, locked(problem, settings, row)].concat();
    if bound.target.1.dtype() == Dtype::F32 && starts[best].cost.is_finite() {
        warnings.extend(take_saved(&mut starts[best], bound, &factors, search)?);
    }
    let is_defined = starts[best].cost.is_finite();
    let seconds = search.spent().as_secs_f64();
    let undefined = match is_defined {
        true => None,
        false => {
            let known = problem.matrices().iter().chain(&factors).map(|(name, matrix)| (name.as_str(), matrix));
            iterate.set_all(&bound.values_of(&factors));
            undefined(bound, &iterate.inputs, &known.collect::<Vec<_>>(), search.memory_limit)?
        }
    };
    let (target, x) = &bound.target;
    warnings.extend(shrunk((&bound.stated, &bound.givens), (target, x), &factors, &bound.roles));
    let names = |matrices: &[(String, Matrix)]| matrices.iter().map(|(name, _)| name.clone()).collect::<Vec<String>>();
    warnings.extend(stuck(bound, &factors, &problem.init_values));
    falling::of_result(bound, starts[best].cost, &bound.values_of(&factors), &mut warnings)?;
    Ok(Factorization {
        statement: problem.statement().to_string(),
        params: problem.params().clone(),
        target: bound.target.0.clone(),
        rank: bound.rank,
        seed: settings.seed,
        max_iter: settings.max_iter,
        tol: settings.tol,
        target_cost: settings.target,
        n_init: settings.starts(),
        successive_halving: settings.successive_halving,
        init: settings.init,
        started: names(&problem.init_values),
        method: row.name.to_owned(),
        ways: rules,
        warnings,
        roles: bound.roles.clone(),
        factors,
        std_errors: Vec::new(),
        fixed: names(&bound.fixed),
        cost: starts[best].cost,
        starts,
        best,
        kept,
        checkpoint_error: unwritten.map(not_written),
        undefined,
        agreement: None,
        rank_choice: None,
        quality,
        row_names: None,
        col_names: None,
        row_ids: None,
        col_ids: None,
        component_names: BTreeMap::new(),
        numerics: Numerics::current(),
        seconds,
    })
}

fn not_written(why: String) -> Warning {
    Warning::new(Code::CheckpointNotWritten, format!("the last checkpoint could not be written: {why}"))
}

/// Gives a start the cost of its factors as they are saved, in f32; says so where rounding leaves it uncertain.
fn take_saved(
    start: &mut Start,
    bound: &Bound,
    factors: &[(String, Matrix)],
    search: &Search,
) -> Result<Option<Warning>> {
    let (cost, error) = match cost_of(bound, search.problem.matrices(), factors, search.memory_limit) {
        Err(error) if error.code() == Code::OverLimit => return Ok(None),
        known => known?,
    };
    start.cost = if cost < 0.0 && is_nonnegative(&bound.objective, &bound.givens)? { 0.0 } else { cost };
    Ok(error.map(|error| {
        let message = format!("the cost is known to \u{b1} {error:.1e} only: it is a small difference of large sums");
        Warning::new(Code::CostUncertain, message)
    }))
}

/// The factors by name, in the order in which the objective names them, fixed ones among them, in the data's type.
fn named(bound: &Bound, factors: Vec<Value>) -> Result<Vec<(String, Matrix)>> {
    // In the type of the data, where that can hold them.
    let fits = |value: &Value| value.to_dense().data.iter().all(|number| number.abs() <= f64::from(f32::MAX));
    let dtype = bound.target.1.dtype();
    let is_narrowed = dtype == Dtype::F32 && !bound.is_narrow();
    let dtype = if is_narrowed && !factors.iter().all(fits) { Dtype::F64 } else { dtype };
    let named = |(factor, value): (&Factor, Value)| Ok((factor.var.name().to_owned(), value.into_matrix(dtype)?));
    let mut named: Vec<_> = bound.factors.iter().zip(factors).map(named).collect::<Result<_>>()?;
    named.extend_from_slice(&bound.fixed);
    named.sort_by_key(|(name, _)| bound.roles.iter().position(|(other, _)| other == name));
    Ok(named)
}
