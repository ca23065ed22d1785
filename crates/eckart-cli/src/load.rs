//! Load: the data of a problem, with the names of its rows and columns.
//! In: files and the options for reading them.  Out: `Data`.
//! Invariant: names given by hand win over the file's; their number must fit, and the error says both.
//! Not here: formats (see the library's `data`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use eckart::data::{Format, ListEvidence, ReadOptions, list_evidence, read, read_names, read_titles};
use eckart::error::CodeKind;
use eckart::solve::load_factors;
use eckart::{Code, Error, Matrix, Problem, Result, Table, Warning};

use crate::options::{FactorsArgs, NamesArgs, ReadingArgs};
use crate::warn;

/// The matrix to factorize, and what it is called.
#[derive(Debug)]
pub(crate) struct Data {
    /// Where it came from.
    pub source: String,
    pub matrix: Matrix,
    pub row_names: Option<Vec<String>>,
    pub col_names: Option<Vec<String>>,
    /// What columns are called, by their id.
    pub titles: BTreeMap<String, String>,
    /// How a text was understood.
    pub reading: Option<String>,
    /// What in it was taken for something that it may not be.
    pub warnings: Vec<Warning>,
    /// How long it took to read, in seconds.
    pub seconds: f64,
}

/// Reads X.
pub(crate) fn load(file: &Path, reading: &ReadingArgs) -> Result<Data> {
    let began = Instant::now();
    let Table { matrix, row_names, col_names, reading, warnings } = read(file, &reading.options())?;
    let source = if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() };
    let seconds = began.elapsed().as_secs_f64();
    Ok(Data { source, matrix, row_names, col_names, titles: BTreeMap::new(), reading, warnings, seconds })
}

impl Data {
    /// The matrix with its names.
    pub(crate) fn table(&self) -> Table {
        Table::named(self.matrix.clone(), self.row_names.clone(), self.col_names.clone())
    }

    /// The same with the names that files of their own give.
    pub(crate) fn named(mut self, names: &NamesArgs) -> Result<Self> {
        let began = Instant::now();
        if let Some(file) = &names.row_names {
            self.row_names = Some(names_of(file, "row", self.matrix.rows())?);
        }
        if let Some(file) = &names.col_names {
            self.col_names = Some(names_of(file, "column", self.matrix.cols())?);
        }
        if let Some(file) = &names.titles {
            self.titles = titles_of(file, self.col_names.as_deref())?;
        }
        self.seconds += began.elapsed().as_secs_f64();
        Ok(self)
    }
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
        let help = format!("Its first column must hold ids such as {id:?}");
        return Err(Error::data(Code::NamesDiffer, "no title is of a column of the data", help).in_file(file));
    }
    Ok(titles)
}

/// The problem with the matrices of `--data`.
pub(crate) fn with_matrices(problem: Problem, files: &[(String, PathBuf)], reading: &ReadingArgs) -> Result<Problem> {
    refuse_twice("--data", files)?;
    files.iter().try_fold(problem, |problem, (name, file)| Ok(problem.data(name, read_beside(file, reading)?)))
}

/// The table in a file that stands beside the data. How the data is laid out says nothing about it, but answers what
/// would be in doubt; what may be done to numbers is said of both.
pub(crate) fn read_beside(file: &Path, reading: &ReadingArgs) -> Result<Table> {
    let shared = reading.options();
    let own = ReadOptions { dtype: shared.dtype, duplicates: shared.duplicates, ..ReadOptions::default() };
    let is_doubt = |error: &Error| error.code().kind() == CodeKind::Doubt;
    let table = match read(file, &own) {
        Err(error) if is_doubt(&error) && file != Path::new("-") => {
            read(file, &ReadOptions { header: shared.header, row_names: shared.row_names, ..own })
        }
        found => found,
    }?;
    table.warnings.iter().for_each(warn);
    Ok(table)
}

/// Refuses a name that an option gives twice.
pub(crate) fn refuse_twice<T>(option: &str, given: &[(String, T)]) -> Result<()> {
    let is_known = |at: usize| given[..at].iter().any(|(earlier, _)| *earlier == given[at].0);
    match (0..given.len()).find(|&at| is_known(at)) {
        Some(at) => {
            let message = format!("{option} {}=... is given twice: leave one out", given[at].0);
            Err(Error::setting(Code::GivenTwice, message))
        }
        None => Ok(()),
    }
}

/// The problem with the factors of `--init-from` and `--fix`.
pub(crate) fn with_factors(problem: Problem, given: &FactorsArgs, reading: &ReadingArgs) -> Result<Problem> {
    let value = |name: &str, file: &Path| -> Result<Table> {
        if file.extension().is_none_or(|extension| extension != "safetensors") {
            return read_beside(file, reading);
        }
        let factors = load_factors(file)?;
        let found = factors.iter().find(|(known, _)| known == name).map(|(_, table)| table.clone());
        found.ok_or_else(|| {
            let known: Vec<&str> = factors.iter().map(|(name, _)| name.as_str()).collect();
            Error::setting(
                Code::UnknownFactor,
                format!("{} has no factor {name}: it has {}", file.display(), known.join(", ")),
            )
        })
    };
    refuse_twice("--fix", &given.fix)?;
    refuse_twice("--init-from", &given.init_from)?;
    let mut problem = problem;
    for (name, file) in &given.fix {
        problem = problem.fix(name, value(name, file)?);
    }
    for (name, file) in &given.init_from {
        problem = problem.init_from(name, value(name, file)?);
    }
    Ok(problem)
}

/// How to read a file that stands beside another: as that, in the format that its own name says, where it says one.
pub(crate) fn options_beside(args: &ReadingArgs, file: &Path) -> ReadOptions {
    let shared = args.options();
    ReadOptions { format: if Format::of_name(file).is_some() { None } else { shared.format }, ..shared }
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
        ListEvidence::Possible => "and the objective uses observed(X)",
        ListEvidence::Probable => "whose first two columns repeat while no pair of them does",
    };
    let (rows, cols) = x.shape();
    let message = format!(
        "this is a table of {rows} x {cols} without a missing entry, or a list of {rows} entries `row,column,value`, \
         {evidence}"
    );
    let help = "Say which: --format coo (or --columns ROW,COL,VALUE) for the list, --format table for the table";
    Err(Error::data(Code::ListOrTable, message, help).in_file(file))
}

/// The names in a file of one per line.
///
/// # Errors
/// As [`read_names`]; `Data` where there are not `count`.
pub(crate) fn names_of(file: &Path, what: &str, count: usize) -> Result<Vec<String>> {
    let names = read_names(file)?;
    if names.len() != count {
        let message = format!("there are {} names, and the data has {count} {what}s", names.len());
        return Err(Error::data(
            Code::NameCount,
            message,
            format!("Give one name for every {what}, one per line and without a header"),
        )
        .in_file(file));
    }
    Ok(names)
}
