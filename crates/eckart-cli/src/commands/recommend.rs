//! Recommend: for a row, the columns that a model predicts the most.
//! In: `RecommendArgs`.  Out: lists, as text, CSV or JSON.
//! Invariant: what the data says of a row is left out of its list; names are shown, not numbers.
//! Not here: predictions (see the library's `apply`), how lists look (see `lists`).

use eckart::apply::{Contribution, Directions, Predictor, Scored, best, explained_by, recommend as lists_of};
use eckart::data::{Side, align, read};
use eckart::{Code, Error, FoldIn, Matrix, Result, Warning};

use crate::model::Model;
use crate::numbers::short;
use crate::options::RecommendArgs;
use crate::output::lists::{Entry, List, Words, csv, json, text};
use crate::output::try_writing;
use crate::warn;

const WORDS: Words = Words { title: "For", listed: Side::Cols, score: "prediction" };
/// Components and known columns that are named where a prediction is explained.
const REASONS: usize = 3;

/// `eckart recommend MODEL ...`
pub(crate) fn recommend(args: &RecommendArgs) -> Result<String> {
    let model = Model::load(&args.model)?.titled(args.listing.titles.as_deref())?;
    args.listing.output.as_deref().map(try_writing).transpose()?;
    let predictor = Predictor::new(&model.fit)?;
    let asked: Vec<String> = match args.all {
        true => (0..model.shape.0).map(|i| model.name(Side::Rows, i)).collect(),
        false => args.users.clone(),
    };
    let ask = Ask { args, model: &model, predictor: &predictor };
    let (old, new): (Vec<String>, Vec<String>) =
        asked.into_iter().partition(|word| args.train.is_none() || model.number(Side::Rows, word).is_ok());
    let mut found = ask.known_rows(&old)?;
    found.extend(ask.new_rows(&new)?);
    // In the order asked for.
    if !args.all {
        found.sort_by_key(|list| args.users.iter().position(|word| *word == list.about.1));
    }
    if let Some(path) = &args.listing.output {
        csv(path, &found, WORDS, &model)?;
        return Ok(format!("{}\n", path.display()));
    }
    Ok(if args.listing.json { json(&found, WORDS, &model) } else { text(&found, WORDS, &model) })
}

struct Ask<'a> {
    args: &'a RecommendArgs,
    model: &'a Model,
    predictor: &'a Predictor,
}

impl Ask<'_> {
    /// Lists for rows of the fit.
    fn known_rows(&self, words: &[String]) -> Result<Vec<List>> {
        let model = self.model;
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let numbers: Vec<usize> = words.iter().map(|word| model.number(Side::Rows, word)).collect::<Result<_>>()?;
        let known = match &self.args.train {
            Some(file) => Some(model.entries(file, &self.args.reading.options(), &mut |_| ())?),
            None => {
                let message = "without --train FILE, lists also hold what rows had entries for in the fit";
                warn(&Warning::new(Code::KnownNotExcluded, message));
                None
            }
        };
        let mut lists = Vec::new();
        lists_of(self.predictor, &numbers, self.args.listing.top, known.as_ref(), |i, list| lists.push((i, list)))?;
        lists.into_iter().map(|(i, list)| self.list(i, list, known.as_ref())).collect()
    }

    fn list(&self, i: usize, list: Vec<Scored>, known: Option<&Matrix>) -> Result<List> {
        let items = if self.args.explain { Some(Directions::of_cols(&self.model.fit)?) } else { None };
        let entry = |scored: Scored| {
            let mut notes = Vec::new();
            if let Some(items) = &items {
                notes.push(parts_in_words(&self.predictor.parts(i, scored.index)?));
                if let Some(known) = known {
                    let reasons = explained_by(items, known, i, scored.index, REASONS);
                    notes.extend(self.reasons_in_words(&reasons, known, i));
                }
            }
            Ok(Entry { scored, notes })
        };
        let entries = list.into_iter().map(entry).collect::<Result<_>>()?;
        Ok(List { about: (Side::Rows, self.model.name(Side::Rows, i)), entries })
    }

    /// "because you rated: Heat (5), Alien (4)"
    fn reasons_in_words(&self, reasons: &[Scored], known: &Matrix, i: usize) -> Option<String> {
        let word =
            |scored: &Scored| format!("{} ({})", self.model.shown(scored.index), short(known.get(i, scored.index)));
        let words: Vec<String> = reasons.iter().map(word).collect();
        (!words.is_empty()).then(|| format!("because you rated: {}", words.join(", ")))
    }

    /// Lists for rows that only the data has: their factors are found first.
    fn new_rows(&self, words: &[String]) -> Result<Vec<List>> {
        let Some(file) = self.args.train.as_ref().filter(|_| !words.is_empty()) else { return Ok(Vec::new()) };
        let table = read(file, &self.args.reading.options())?;
        let names = table.row_names.clone().unwrap_or_default();
        let mut numbers = Vec::new();
        for word in words {
            let found = names.iter().position(|name| name == word);
            numbers.push(found.ok_or_else(|| {
                Error::setting(
                    Code::UnknownName,
                    format!("neither the model nor {} has a row {word:?}", file.display()),
                )
            })?);
        }
        let mut rows = table.matrix.select_rows(&numbers)?;
        if let (Some(own), Some(wanted)) = (&table.col_names, &self.model.fit.col_names) {
            rows = align(&rows, Side::Cols, own, wanted).map_err(|error| error.in_file(file))?.matrix;
        }
        let folded = FoldIn::new(&self.model.fit)?.transform(&rows)?;
        let scores = self.predictor.of(&folded.factors)?;
        let (all, cols) = (scores.values_f64(), scores.cols());
        let list = |(at, word): (usize, &String)| {
            let list = best(&all[at * cols..(at + 1) * cols], self.args.listing.top, Some((&rows, at)));
            let entries = list.into_iter().map(|scored| Entry { scored, notes: Vec::new() }).collect();
            List { about: (Side::Rows, word.clone()), entries }
        };
        Ok(words.iter().enumerate().map(list).collect())
    }
}

/// "mu 3.5, c 0.4, component 2 of W @ H 0.31, ...": offsets, and the components that add most.
fn parts_in_words(parts: &[Contribution]) -> String {
    let (mut components, offsets): (Vec<&Contribution>, Vec<&Contribution>) =
        parts.iter().partition(|part| part.component.is_some());
    components.sort_by(|a, b| b.value.abs().total_cmp(&a.value.abs()).then(a.component.cmp(&b.component)));
    let rest: f64 = components.iter().skip(REASONS).map(|part| part.value).sum();
    let signed = |value: f64| format!("{}{}", if value < 0.0 { "- " } else { "+ " }, short(value.abs()));
    let mut words: Vec<String> = offsets.iter().map(|part| format!("{} {}", signed(part.value), part.term)).collect();
    let component =
        |part: &&Contribution| format!("{} component {}", signed(part.value), part.component.map_or(0, |k| k + 1));
    words.extend(components.iter().take(REASONS).map(component));
    if components.len() > REASONS {
        words.push(format!("{} the other components", signed(rest)));
    }
    format!("= {}", words.join(" ").trim_start_matches("+ "))
}
