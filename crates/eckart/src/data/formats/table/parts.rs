//! Parts: what a table comes to before it is a matrix, and its first column as names.
//! In: numbers row by row, names, the first cells as they are written.  Out: the same without a first column of names.
//! Invariant: a name is the text of its cell, never the number that it writes.
//! Not here: which numbers are names (see `index`).

use std::collections::BTreeSet;

use super::index::{FirstColumn, first_column, ids_as_data};
use crate::data::ReadOptions;
use crate::data::formats::text::number::name_whole_floats;
use crate::data::formats::text::records::cell_text;
use crate::data::memory::room_for_one;
use crate::error::{Code, Error, Result, Warning};

/// The first cells of rows of numbers as they are written, while they may be names.
#[derive(Debug)]
pub(super) struct FirstCells {
    texts: Option<Vec<String>>,
    /// The refusal of the first of them that is no exact number, which a name need not be.
    rounded: Option<Error>,
}

impl FirstCells {
    pub(super) fn new(may_name: bool) -> Self {
        Self { texts: may_name.then(Vec::new), rounded: None }
    }

    /// Takes the cell of a row whose number is `number`; one that is missing names nothing, nor do all others.
    pub(super) fn add(&mut self, cell: &[u8], number: f64, line: u64) -> Result<()> {
        match &mut self.texts {
            Some(texts) if !number.is_nan() => {
                room_for_one(texts)?;
                texts.push(cell_text(cell, line)?);
            }
            texts => *texts = None,
        }
        Ok(())
    }

    /// That rows of nothing are rows.
    pub(super) fn miss(&mut self) {
        self.texts = None;
    }

    /// Keeps the refusal of a number that is rounded, where it may be a name.
    pub(super) fn put_off(&mut self, error: Error) -> Result<()> {
        if error.code() != Code::InexactInteger || self.texts.is_none() {
            return Err(error);
        }
        self.rounded.get_or_insert(error);
        Ok(())
    }

    /// The names that they are.
    fn names(&self) -> Option<Vec<String>> {
        let mut names = self.texts.clone()?;
        name_whole_floats(&mut names);
        Some(names)
    }

    fn are_distinct(&self) -> bool {
        self.names().is_some_and(|names| names.iter().collect::<BTreeSet<_>>().len() == names.len())
    }
}

/// What a table comes to, before it is a matrix.
pub(super) struct Parts {
    pub(super) values: Vec<f64>,
    pub(super) cols: usize,
    pub(super) row_names: Option<Vec<String>>,
    pub(super) col_names: Option<Vec<String>>,
    /// What the column of row names is called.
    pub(super) index: Option<String>,
}

impl Parts {
    /// Takes the first column for names where its numbers are such.
    ///
    /// # Errors
    /// `Data` where they may be, or are data and one of them is rounded.
    pub(super) fn take_index(
        &mut self,
        line: u64,
        cells: FirstCells,
        options: &ReadOptions,
    ) -> Result<Option<Warning>> {
        let name = self.col_names.as_ref().map(|names| names[0].clone());
        let called = name.as_ref().map_or_else(|| "column 1".into(), |name| format!("column 1 ({name})"));
        let (reason, names) = match (self.first_column(&cells, options), cells.names()) {
            (FirstColumn::Doubtful(reason), _) => {
                return Err(Error::data(
                    Code::IndexOrData,
                    format!("{called} can be the names of the rows, or numbers: {reason}"),
                    "Say which: `--index-col` or `--index-col=false`, in Python index_col=True or index_col=False",
                )
                .at_line(line));
            }
            (FirstColumn::Names(reason), Some(names)) => (reason, names),
            _ => return cells.rounded.map_or(Ok(None), Err),
        };
        self.row_names = Some(names);
        self.values = self.values.chunks_exact(self.cols).flat_map(|row| row[1..].iter().copied()).collect();
        self.cols -= 1;
        self.index = name;
        if let Some(names) = &mut self.col_names {
            names.remove(0);
        }
        let message = format!(
            "{called} is taken for the names of the rows: {reason}. It is data with --index-col=false \
                               (index_col=False)"
        );
        Ok(Some(Warning::new(Code::NumbersAsNames, message)))
    }

    /// What the first column is, by its numbers, its name and the columns that there must be.
    fn first_column(&self, cells: &FirstCells, options: &ReadOptions) -> FirstColumn {
        let names = self.col_names.as_deref();
        let distinct = || cells.are_distinct();
        if let (Some(known), Some((first, rest))) =
            (&options.known_columns, names.and_then(|names| names.split_first()))
        {
            if known.contains(first) {
                return FirstColumn::Data;
            }
            let are_whole = || self.values.chunks_exact(self.cols).all(|row| row[0].fract() == 0.0);
            if !rest.is_empty() && rest.iter().all(|name| known.contains(name)) && are_whole() && distinct() {
                return FirstColumn::Names("the model has all columns but it");
            }
        }
        first_column(&self.values, self.cols, names.map(|names| names[0].as_str()), distinct)
    }

    /// Warns of a column that is called as ids are and counts as data.
    pub(super) fn ids_as_data(&self, options: &ReadOptions) -> Option<Warning> {
        let names = self.col_names.as_ref()?;
        let name = &names[ids_as_data(&self.values, names)?];
        if options.known_columns.as_ref().is_some_and(|known| known.contains(name)) {
            return None;
        }
        let message = format!(
            "the column {name:?} is called as ids are, and counts as data: take it out where it is none, or put it \
             first and say --index-col (index_col=True)"
        );
        Some(Warning::new(Code::IdsAsData, message))
    }
}

/// "left out: 1 row and 2 columns of nothing"
pub(super) fn left_out(rows: usize, columns: usize) -> Option<String> {
    let count = |(count, what): (usize, &str)| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let gone = [(rows, "row"), (columns, "column")].into_iter().filter(|(count, _)| *count > 0).map(count);
    let gone: Vec<String> = gone.collect();
    (!gone.is_empty()).then(|| format!("left out: {} of nothing", gone.join(" and ")))
}
