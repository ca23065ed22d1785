//! Load: the data of a problem, with the names of its rows and columns.
//! In: files and the options for reading them.  Out: `Data`.
//! Invariant: names given by hand win over the file's, which is said; their number must fit, and the error says both.
//! Not here: formats (see the library's `data`), files that stand beside X (see `beside`).

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use eckart::data::{
    Format, Ids, ListEvidence, ReadOptions, list_evidence, read, read_names, read_names_of, read_titles,
};
use eckart::{Code, Error, Matrix, Problem, Result, Table, Warning};

use crate::beside::{AboutFiles, Readings};
use crate::options::{NamesArgs, ReadingArgs};

/// The matrix to factorize, and what it is called.
#[derive(Debug)]
pub(crate) struct Data {
    /// Where it came from.
    pub source: String,
    pub matrix: Matrix,
    pub row_names: Option<Vec<String>>,
    pub col_names: Option<Vec<String>>,
    /// The names of rows and of columns that are no texts.
    pub ids: [Option<Ids>; 2],
    /// What columns are called, by their id.
    pub titles: BTreeMap<String, String>,
    /// How a text was understood.
    pub reading: Option<String>,
    /// What there is to say of files beside it.
    pub beside: AboutFiles,
    /// What in it was taken for something that it may not be.
    pub warnings: Vec<Warning>,
    /// How long it took to read, in seconds.
    pub seconds: f64,
}

/// Reads X, or what is asked about. `alone` says that no other file may be a list of entries.
///
/// # Errors
/// As [`read`]; `Setting` where `--duplicates` has nothing to act on: the file is a table, which names no entry.
pub(crate) fn read_data(file: &Path, reading: &ReadingArgs, options: &ReadOptions, alone: bool) -> Result<Table> {
    let table = read(file, options)?;
    let is_table = table.reading.as_ref().is_some_and(|reading| reading.starts_with("table"));
    if is_table && alone && reading.settles_duplicates() {
        let message = format!(
            "{} is read as a table, which names no entry twice, so that --duplicates has nothing to act on: leave it \
             out, or say --format coo, or --columns ROW,COL[,VALUE], where lines are entries",
            file.display()
        );
        return Err(Error::setting(Code::SettingsConflict, message));
    }
    Ok(table)
}

/// Reads X.
pub(crate) fn load(file: &Path, reading: &ReadingArgs, alone: bool) -> Result<Data> {
    let began = Instant::now();
    let table = read_data(file, reading, &reading.options(), alone)?;
    let Table { matrix, row_names, col_names, row_ids, col_ids, reading, warnings } = table;
    let source = if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() };
    let seconds = began.elapsed().as_secs_f64();
    let (titles, beside) = (BTreeMap::new(), AboutFiles::default());
    let ids = [row_ids, col_ids];
    Ok(Data { source, matrix, row_names, col_names, ids, titles, reading, beside, warnings, seconds })
}

impl Data {
    /// The matrix with its names.
    pub(crate) fn table(&self) -> Table {
        let [row_ids, col_ids] = self.ids.clone();
        let table = Table::named(self.matrix.clone(), self.row_names.clone(), self.col_names.clone());
        Table { row_ids, col_ids, reading: self.reading.clone(), ..table }
    }

    /// The same with the names that files of their own give.
    pub(crate) fn named(mut self, names: &NamesArgs) -> Result<Self> {
        let began = Instant::now();
        if let Some(file) = names.col_names.as_ref().filter(|file| **file != Path::new("-")) {
            let table = self.table();
            if table.has_open_columns() {
                let table = table.widened(read_names(file)?.len())?;
                (self.matrix, self.reading) = (table.matrix, table.reading);
            }
        }
        let (rows, cols) = self.matrix.shape();
        if let Some(file) = &names.row_names {
            let own = rename(&mut self.row_names, (file, "row", rows), &mut self.beside)?;
            self.ids[0] = self.ids[0].take().filter(|_| own);
        }
        if let Some(file) = &names.col_names {
            let own = rename(&mut self.col_names, (file, "column", cols), &mut self.beside)?;
            self.ids[1] = self.ids[1].take().filter(|_| own);
        }
        if let Some(file) = &names.titles {
            self.titles = titles_of(file, self.col_names.as_deref())?;
        }
        self.seconds += began.elapsed().as_secs_f64();
        Ok(self)
    }
}

/// Names the rows or the columns by those of a file. Where the data names them itself, the same names in another order
/// change nothing, others replace its own, which is warned of, and some of both are refused: by position they would
/// call a row as another. How the file was understood goes to `about`. Returns whether the data's own names stay.
///
/// # Errors
/// As [`read_names_of`]; `Data` where some of the names are those of the data, and some are not.
pub(crate) fn rename(
    names: &mut Option<Vec<String>>,
    (file, what, count): (&Path, &str, usize),
    about: &mut AboutFiles,
) -> Result<bool> {
    let given = names_of(file, what, count, &mut about.readings)?;
    let Some(own) = names.as_ref() else {
        *names = Some(given);
        return Ok(false);
    };
    let sorted = |names: &[String]| {
        let mut names = names.to_vec();
        names.sort();
        names
    };
    let (known, listed) = (sorted(own), sorted(&given));
    if known == listed {
        return Ok(true);
    }
    let shared = listed.iter().filter(|name| known.binary_search(name).is_ok()).count();
    if shared > 0 {
        let other = given.iter().find(|name| known.binary_search(name).is_err());
        let message = format!(
            "{shared} of the {count} names are {what}s of the data, and others are not, such as {:?}",
            other.or(given.first()).map_or("", String::as_str)
        );
        let help = format!(
            "The data names its {what}s itself: leave the option out, or say by --header=false or --index-col=false \
             that it does not"
        );
        return Err(Error::data(Code::NamesDiffer, message, help).in_file(file));
    }
    let message = format!(
        "the names of the {what}s in the data ({:?}, ...) are replaced by those of {}, in its order",
        own.first().map_or("", String::as_str),
        file.display()
    );
    about.warnings.push(Warning::new(Code::NamesReplaced, message));
    *names = Some(given);
    Ok(false)
}

/// What the columns are called, by their ids.
pub(crate) fn titles_of(file: &Path, ids: Option<&[String]>) -> Result<BTreeMap<String, String>> {
    let Some(ids) = ids else {
        return Err(Error::setting(
            Code::NamesMissing,
            "--titles names the columns by their ids, and the columns have none: give them with --col-names, or read \
             entries or a table with a header",
        ));
    };
    let titles: BTreeMap<String, String> = read_titles(file)?.into_iter().collect();
    if !ids.iter().any(|id| titles.contains_key(id)) {
        let id = ids.first().map_or("", String::as_str);
        let help = format!("Its column id, or its first one, must hold ids such as {id:?}");
        return Err(Error::data(Code::NamesDiffer, "no title is of a column of the data", help).in_file(file));
    }
    Ok(titles)
}

/// Refuses a table that may as well be a list of entries, for an objective with `observed(X)`; one that hardly is
/// anything else for any.
pub(crate) fn refuse_list(file: &Path, args: &ReadingArgs, x: &Matrix, problem: &Problem) -> Result<()> {
    let format = args.format().or_else(|| Format::of_name(file));
    let masked = problem.statement().to_string().contains("observed(X)");
    let evidence = match list_evidence(x) {
        _ if args.triplets().is_some() || !format.is_none_or(Format::is_text) => return Ok(()),
        ListEvidence::Table => return Ok(()),
        ListEvidence::Possible if !masked => return Ok(()),
        ListEvidence::Possible => "(and the objective uses observed(X))",
        ListEvidence::Probable => "two of whose columns repeat while no pair of them does",
    };
    let (rows, cols) = x.shape();
    let message = format!(
        "this is a table of {rows} x {cols} without a missing entry, or a list of {rows} entries `row,column,value` \
         {evidence}"
    );
    let help = "Say which: --format coo (or --columns ROW,COL,VALUE) for the list, --format table for the table";
    Err(Error::data(Code::ListOrTable, message, help).in_file(file))
}

/// The names in a file of one per line; how it was understood goes to `said`.
///
/// # Errors
/// As [`read_names_of`].
pub(crate) fn names_of(file: &Path, what: &str, count: usize, said: &mut Readings) -> Result<Vec<String>> {
    let (names, reading) = read_names_of(file, what, count)?;
    said.push((format!("{what} names"), format!("{}, {reading}", file.display())));
    Ok(names)
}
