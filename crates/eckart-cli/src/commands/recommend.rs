//! Recommend: for a row, the columns that a model predicts the most.
//! In: `RecommendArgs`.  Out: lists, as text, CSV or JSON.
//! Invariant: what the data says of a row is left out of its list; names are shown, not numbers.
//! Not here: predictions (see the library's `apply`), how lists look (see `lists`).

use std::cell::RefCell;
use std::path::Path;

use eckart::apply::{
    Contribution, Directions, Predictor, Scored, best, explained_by, in_order_of, recommend as lists_of,
};
use eckart::data::Side;
use eckart::{Code, Error, Factorization, FoldIn, Matrix, Result, Table, Warning};

use crate::beside::{Readings, check_names};
use crate::load::read_data;
use crate::model::{Model, only_one, scale_unknown};
use crate::numbers::short;
use crate::options::RecommendArgs;
use crate::output::lists::{Entry, List, Words, shown};
use crate::output::try_writing;
use crate::warn;

const WORDS: Words = Words { title: "For", listed: Side::Cols, score: "prediction" };
/// Components and known columns that are named where a prediction is explained.
const REASONS: usize = 3;

/// `eckart recommend MODEL ...`
pub(crate) fn recommend(args: &RecommendArgs) -> Result<String> {
    check_names(&args.reading, &[], None)?;
    let model = Model::load(&args.model, args.matching.by)?.titled(args.listing.titles.as_deref())?;
    args.listing.output.as_deref().map(try_writing).transpose()?;
    let predictor = Predictor::new(&model.fit)?;
    let items = if args.explain { Some(Directions::of_cols(&model.fit)?) } else { None };
    let train = match &args.train {
        Some(file) => {
            let table = read_data(file, &args.reading, &args.reading.options(), true)?;
            Some((file.as_path(), table.widened(model.shape.1)?))
        }
        None => None,
    };
    let is_old = |word: &String| model.has(Side::Rows, word);
    let (old, new): (Vec<String>, Vec<String>) = match args.all {
        true => {
            let new = train.iter().flat_map(|(_, table)| table.row_names.iter().flatten());
            let old = (0..model.shape.0).map(|i| model.name(Side::Rows, i));
            (old.collect(), new.filter(|word| !is_old(word)).cloned().collect())
        }
        false => args.users.iter().cloned().partition(|word| train.is_none() || is_old(word)),
    };
    let ask = Ask { args, model: &model, predictor: &predictor, items, told: RefCell::default() };
    scale_unknown(&predictor).into_iter().for_each(|warning| ask.tell(warning));
    let mut found = ask.known_rows(&old, train.as_ref())?;
    if let Some((file, table)) = train.as_ref().filter(|_| !new.is_empty()) {
        found.extend(ask.new_rows(&new, (file, table), old.is_empty())?);
    }
    // In the order asked for.
    if !args.all {
        found.sort_by_key(|list| args.users.iter().position(|word| *word == list.about.1));
    }
    let said = train.as_ref().and_then(|(_, table)| table.reading.clone());
    let said: Readings = said.into_iter().map(|reading| (model.fit.target.clone(), reading)).collect();
    shown(&found, WORDS, &model, &args.listing, (&ask.told.take(), &said))
}

struct Ask<'a> {
    args: &'a RecommendArgs,
    model: &'a Model,
    predictor: &'a Predictor,
    /// Where predictions are explained.
    items: Option<Directions>,
    /// What was warned of.
    told: RefCell<Vec<Warning>>,
}

/// The factors of one row.
type Row = Vec<(String, Matrix)>;

impl Ask<'_> {
    fn tell(&self, warning: Warning) {
        warn(&warning);
        self.told.borrow_mut().push(warning);
    }

    /// Lists for rows of the fit.
    fn known_rows(&self, words: &[String], train: Option<&(&Path, Table)>) -> Result<Vec<List>> {
        let model = self.model;
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let numbers: Vec<usize> = words.iter().map(|word| model.number(Side::Rows, word)).collect::<Result<_>>()?;
        let mut tell = |side: Side, warning: Warning| {
            // Rows that the model does not know are folded in, where they are asked about.
            if side == Side::Cols || warning.code != Code::NamesIgnored {
                self.tell(warning);
            }
        };
        if train.is_none() {
            let message = "without --train FILE, lists also hold what rows had entries for in the fit";
            self.tell(Warning::new(Code::KnownNotExcluded, message));
        }
        let known = train.map(|(file, table)| model.entries_of(table, file, &mut tell)).transpose()?;
        let mut lists = Vec::new();
        lists_of(self.predictor, &numbers, self.args.listing.top, known.as_ref(), |i, list| lists.push((i, list)))?;
        let list = |(i, list): (usize, Vec<Scored>)| {
            let row = || self.predictor.cut(&[i]);
            let known = known.as_ref().map_or_else(Vec::new, |known| self.predictor.entries_of_row(known, i));
            self.list(self.model.name(Side::Rows, i), list, row, &known)
        };
        lists.into_iter().map(list).collect()
    }

    /// The list of a row that has these factors, and of which some columns and their entries are known.
    fn list(
        &self,
        name: String,
        list: Vec<Scored>,
        row: impl Fn() -> Result<Row>,
        known: &[(usize, f64)],
    ) -> Result<List> {
        let explained = self.items.as_ref().map(|items| Ok::<_, Error>((items, row()?))).transpose()?;
        let entry = |scored: Scored| {
            let mut notes = Vec::new();
            if let Some((items, row)) = &explained {
                let (sum, compared) = (self.predictor.parts(row, scored.index)?, self.predictor.compared());
                let of = if compared == self.predictor.formula() { String::new() } else { compared + " " };
                notes.push(of + &parts_in_words(&sum, &self.model.fit));
                notes.extend(self.reasons_in_words(&explained_by(items, known, scored.index, REASONS), known));
            }
            Ok(Entry { scored, notes })
        };
        let entries = list.into_iter().map(entry).collect::<Result<_>>()?;
        Ok(List { about: (Side::Rows, name), entries })
    }

    /// "because you rated: Heat (5), Alien (4)"
    fn reasons_in_words(&self, reasons: &[Scored], known: &[(usize, f64)]) -> Option<String> {
        let word = |scored: &Scored| {
            let (index, entry) = known.iter().find(|(index, _)| *index == scored.index)?;
            Some(format!("{} ({})", self.model.shown(*index), short(*entry)))
        };
        let words: Vec<String> = reasons.iter().filter_map(word).collect();
        (!words.is_empty()).then(|| format!("because you rated: {}", words.join(", ")))
    }

    /// Lists for rows that only the data has: their factors are found first. `warns` says whether to tell which
    /// columns are left out.
    fn new_rows(&self, words: &[String], (file, table): (&Path, &Table), warns: bool) -> Result<Vec<List>> {
        let names = table.row_names.as_deref().unwrap_or_default();
        let number = |word: &String| {
            let found = only_one(names, word, "rows").map_err(|error| error.in_file(file))?;
            found.ok_or_else(|| {
                let message = format!("neither the model nor {} has a row {word:?}", file.display());
                Error::setting(Code::UnknownName, message)
            })
        };
        let numbers: Vec<usize> = words.iter().map(number).collect::<Result<_>>()?;
        let rows = table.matrix.select_rows(&numbers)?;
        let rows = Table::named(rows, None, table.col_names.clone());
        let placed = in_order_of(&self.model.fit, &rows, &[Side::Cols], self.model.matching);
        let placed = placed.map_err(|error| error.in_file(file))?;
        placed.warnings().into_iter().filter(|_| warns).for_each(|warning| self.tell(warning));
        let rows = placed.matrix;
        let folded = FoldIn::new(&self.model.fit)?.transform(&rows)?;
        folded.warnings().filter(|warning| warning.code == Code::Diverged).for_each(|warning| self.tell(warning));
        let factors = folded.factors;
        let scores = self.predictor.of(&factors)?;
        let (all, cols) = (scores.values_f64(), scores.cols());
        let list = |(at, word): (usize, &String)| {
            let known = self.predictor.entries_of_row(&rows, at);
            let list = best(&all[at * cols..(at + 1) * cols], self.args.listing.top, &known);
            self.list(word.clone(), list, || self.predictor.cut_of(&factors, &[at]), &known)
        };
        words.iter().enumerate().map(list).collect()
    }
}

/// "mu 3.5, c 0.4, component 2 0.31, ...": offsets, and the components that add most.
fn parts_in_words(parts: &[Contribution], fit: &Factorization) -> String {
    let (mut components, offsets): (Vec<&Contribution>, Vec<&Contribution>) =
        parts.iter().partition(|part| part.component.is_some());
    components.sort_by(|a, b| b.value.abs().total_cmp(&a.value.abs()).then(a.component.cmp(&b.component)));
    let rest: f64 = components.iter().skip(REASONS).map(|part| part.value).sum();
    let signed = |value: f64| format!("{}{}", if value < 0.0 { "- " } else { "+ " }, short(value.abs()));
    let mut words: Vec<String> = offsets.iter().map(|part| format!("{} {}", signed(part.value), part.term)).collect();
    let name = |part: &Contribution| {
        let (k, names) = (part.component.unwrap_or(0), part.term.split(" @ ").find_map(|name| fit.components_of(name)));
        names.and_then(|names| names.get(k).cloned()).unwrap_or_else(|| format!("component {}", k + 1))
    };
    let component = |part: &&Contribution| format!("{} {}", signed(part.value), name(part));
    words.extend(components.iter().take(REASONS).map(component));
    if components.len() > REASONS {
        words.push(format!("{} the other components", signed(rest)));
    }
    format!("= {}", words.join(" ").trim_start_matches("+ "))
}
