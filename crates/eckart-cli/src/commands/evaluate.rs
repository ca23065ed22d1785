//! Evaluate: how well a model predicts what it has not seen.
//! In: `EvaluateArgs`.  Out: figures, as text or JSON.
//! Invariant: what is measured is said with its number of entries and rows; entries that the model can't know are
//! counted.
//! Not here: the figures (see the library's `apply`).

use std::path::Path;

use eckart::apply::{HoldOut, Measures, Predictor, Ranking, measure};
use eckart::data::ReadOptions;
use eckart::solve::{Flow, solve};
use eckart::{Code, Error, Result, Table, Warning};
use serde_json::{Value, json};

use crate::beside::{AboutFiles, Readings, check_names, options_beside, put_readings, with_factors, with_matrices};
use crate::load::{read_data, refuse_list};
use crate::model::{Model, scale_unknown};
use crate::numbers::{count, precise, short};
use crate::objective::problem;
use crate::options::EvaluateArgs;
use crate::output::json::warning_object;
use crate::output::page::Page;
use crate::warn;

/// What was measured, on what.
struct Tested {
    statement: String,
    /// What predicts the data.
    formula: String,
    measures: Measures,
    /// What was left out, and warnings about the objective.
    notes: Vec<Warning>,
    /// How the files were understood.
    said: Readings,
    /// Entries that the model was fitted to, where they were held apart here.
    fitted: Option<usize>,
}

/// `eckart evaluate ...`
pub(crate) fn evaluate(args: &EvaluateArgs) -> Result<String> {
    check_names(&args.reading, &args.objective.matrices, Some(&args.factors))?;
    let tested = match args.holdout {
        Some(share) => held_out(args, share)?,
        None => given(args)?,
    };
    if args.json {
        tested.notes.iter().for_each(warn);
        return Ok(json(args, &tested));
    }
    Ok(text(args, &tested))
}

/// A saved model on entries of a file.
fn given(args: &EvaluateArgs) -> Result<Tested> {
    let Some(test) = &args.test else {
        return Err(Error::setting(Code::OptionMissing, "name the entries to test on, or --holdout"));
    };
    if let Some(option) = only_of_a_fit(args) {
        let message = format!(
            "{option} says how to fit, and a model that is fitted is measured: leave it out, or fit one \
                               with --holdout SHARE"
        );
        return Err(Error::setting(Code::SettingsConflict, message));
    }
    let model = Model::load(&args.file, args.matching.by)?;
    let predictor = Predictor::new(&model.fit)?;
    let mut notes = Vec::new();
    let mut said = Readings::new();
    let mut read = |file: &Path, options: &ReadOptions, what: &str| {
        let table = read_data(file, &args.reading, options, true)?.widened(model.shape.1)?;
        said.extend(table.reading.clone().map(|reading| (what.to_owned(), reading)));
        Ok::<Table, Error>(table)
    };
    let table = read(test, &args.reading.options(), "test")?;
    let test = model.entries(table, test, &mut |note| notes.push(note))?;
    let known = args.train.as_ref().map(|file| {
        let table = read(file, &options_beside(&args.reading, file), "train")?;
        model.entries(table, file, &mut |note| notes.push(said_of(file, note)))
    });
    let known = known.transpose()?;
    if known.is_none() {
        let message = "without --train FILE, lists also hold what rows had entries for in the fit";
        notes.push(Warning::new(Code::KnownNotExcluded, message));
    }
    let measures = measure(&predictor, &test, known.as_ref(), args.top, args.relevant)?;
    notes.extend(scale_unknown(&predictor));
    let formula = predictor.formula();
    Ok(Tested { statement: model.fit.statement.clone(), formula, measures, notes, said, fitted: None })
}

/// An option that was given, and that a model which is fitted has no use for.
fn only_of_a_fit(args: &EvaluateArgs) -> Option<&str> {
    let (objective, factors) = (&args.objective, &args.factors);
    let options = [
        ("--rank", args.rank.is_some()),
        ("--model", objective.model.is_some()),
        ("--objective", objective.objective.is_some()),
        ("--param", !objective.params.is_empty()),
        ("--data", !objective.matrices.is_empty()),
        ("--init-from", !factors.init_from.is_empty()),
        ("--fix", !factors.fix.is_empty()),
    ];
    let given = options.into_iter().find(|(_, given)| *given).map(|(option, _)| option);
    given.or(args.search.first.as_deref())
}

/// A note about the entries of the fit, which names their file.
fn said_of(file: &Path, note: Warning) -> Warning {
    Warning::new(note.code, format!("{}: {}", file.display(), note.message))
}

/// A model of a part of the data on the rest of it.
fn held_out(args: &EvaluateArgs, share: f64) -> Result<Tested> {
    let Some(rank) = args.rank else {
        return Err(Error::setting(Code::OptionMissing, "say how many components: --rank R"));
    };
    let problem = problem(&args.objective, rank)?;
    let mut settings = args.search.settings()?;
    settings.place_checkpoint()?;
    let alone = args.objective.matrices.is_empty();
    let data = read_data(&args.file, &args.reading, &args.reading.options(), alone)?;
    let mut about = AboutFiles::default();
    about.take_in("X", &data);
    refuse_list(&args.file, &args.reading, &data.matrix, &problem)?;
    if !data.matrix.is_sparse() && !problem.statement().to_string().contains("observed(X)") {
        return Err(Error::setting(
            Code::HoldoutUnsupported,
            format!(
                "--holdout {share} hides entries of X, which the fit must leave out of the cost, and the objective \
                 does not say observed(X): {}. Write it so: sum(observed(X) * (X - W @ H)**2)",
                problem.statement()
            ),
        ));
    }
    let hold_out = HoldOut::new(share, settings.seed)?;
    let (kept, held) = hold_out.split(&data.matrix).map_err(|error| error.in_file(&args.file))?;
    let table = Table::named(kept.clone(), data.row_names, data.col_names);
    let problem = problem.data("X", table).match_by(args.matching.by);
    let problem = with_matrices(problem, &args.objective.matrices, &args.reading, &mut about)?;
    let problem = with_factors(problem, &args.factors, &args.reading, &mut about)?;
    let fit = solve(&problem, &settings, &mut |_| Flow::Continue)?;
    let predictor = Predictor::new(&fit)?;
    let measures = measure(&predictor, &held, Some(&kept), args.top, args.relevant)?;
    let AboutFiles { readings: said, warnings: mut notes, .. } = about;
    notes.extend(fit.warnings.iter().cloned().chain(fit.ended_early()));
    // It is the split that took them away.
    notes.retain(|note| note.code != Code::NothingObserved);
    if kept.is_sparse() && !fit.statement.contains("observed(") {
        let message = "the objective does not say observed(X): held-out entries were zeros in the fit";
        notes.push(Warning::new(Code::HeldOutAsZeros, message));
    }
    notes.extend(scale_unknown(&predictor));
    let (statement, formula) = (fit.statement.clone(), predictor.formula());
    Ok(Tested { statement, formula, measures, notes, said, fitted: Some(kept.observed()) })
}

fn text(args: &EvaluateArgs, tested: &Tested) -> String {
    let Tested { statement, formula, measures, notes, said, fitted } = tested;
    let mut page = Page::new();
    page.heading(statement);
    if let Some(fitted) = fitted {
        page.fact("fitted", 8, &format!("{} entries", count(*fitted)));
    }
    page.fact("tested", 8, &format!("{} entries", count(measures.entries)));
    said.iter().for_each(|(name, reading)| page.fact("read", 8, &format!("{name}: {reading}")));
    notes.iter().for_each(|note| page.fact("note", 8, &note.message));
    if let Some(errors) = measures.errors {
        page.heading(&format!("Errors of predictions, {formula}"));
        page.fact("RMSE", 8, &precise(errors.rmse));
        page.fact("MAE", 8, &precise(errors.mae));
    }
    match &measures.ranking {
        None => page.paragraph("No row has a relevant test entry, so there is no list to measure."),
        Some(ranking) => lists(&mut page, ranking, args.relevant),
    }
    page.finish()
}

fn lists(page: &mut Page, ranking: &Ranking, relevant: Option<f64>) {
    let what = relevant.map_or_else(|| "a test entry".into(), |least| format!("a test entry of at least {least}"));
    page.heading(&format!("Lists of {}", ranking.k));
    page.paragraph(&format!(
        "Means over the {} rows that have {what}, which is what counts as relevant.",
        count(ranking.rows)
    ));
    for (name, value) in
        [("precision", ranking.precision), ("recall", ranking.recall), ("NDCG", ranking.ndcg), ("MAP", ranking.map)]
    {
        page.fact(name, 11, &short(value));
    }
}

fn json(args: &EvaluateArgs, tested: &Tested) -> String {
    let Tested { statement, formula, measures, notes, said, fitted } = tested;
    let ranking = |r: &Ranking| {
        json!({
            "k": r.k, "rows": r.rows, "relevant": args.relevant,
            "precision": r.precision, "recall": r.recall, "ndcg": r.ndcg, "map": r.map,
        })
    };
    let mut object = json!({
        "statement": statement,
        "fitted_entries": fitted,
        "test_entries": measures.entries,
        "prediction": formula,
        "rmse": measures.errors.map(|errors| errors.rmse),
        "mae": measures.errors.map(|errors| errors.mae),
        "ranking": measures.ranking.as_ref().map_or(Value::Null, ranking),
        "warnings": notes.iter().map(warning_object).collect::<Vec<Value>>(),
    });
    put_readings(&mut object, if args.holdout.is_some() { "X" } else { "test" }, said);
    format!("{object}\n")
}
