//! Beside: the files that a command reads beside X.
//! In: files and the options for reading.  Out: a `Problem` with further data and with factors; `ReadOptions`.
//! Invariant: how texts are written holds for all of a command; a file that can't be read so is read by what it shows,
//! which is said.
//! Not here: X (see `load`).

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use eckart::data::{Format, ReadOptions, read};
use eckart::error::CodeKind;
use eckart::solve::load_factors;
use eckart::{Code, Error, Problem, Result, Table, Warning};
use serde_json::{Value, json};

use crate::options::{FactorsArgs, ReadingArgs};

/// What a file beside X holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// A further matrix of the objective.
    Data,
    /// A factor, which has no missing cells; its header and its names are its own.
    Factor,
}

/// The problem with the matrices of `--data`; what there is to say of the files goes to `about`.
pub(crate) fn with_matrices(
    problem: Problem,
    files: &[(String, PathBuf)],
    reading: &ReadingArgs,
    about: &mut AboutFiles,
) -> Result<Problem> {
    refuse_twice("--data", files)?;
    files.iter().try_fold(problem, |problem, (name, file)| {
        let table = read_beside((name, file), Holds::Data, reading, about)?;
        Ok(problem.data(name, table))
    })
}

/// Refuses options of reading that name none of X and the files beside it.
///
/// # Errors
/// As [`ReadingArgs::check`].
pub(crate) fn check_names(
    reading: &ReadingArgs,
    matrices: &[(String, PathBuf)],
    factors: Option<&FactorsArgs>,
) -> Result<()> {
    let factors = factors.into_iter().flat_map(|given| given.fix.iter().chain(&given.init_from));
    reading.check(matrices.iter().chain(factors).map(|(name, _)| name.as_str()))
}

/// How texts were understood, by the name of the matrix, or of the option.
pub(crate) type Readings = Vec<(String, String)>;

/// What there is to say of the files of a command.
#[derive(Debug, Default)]
pub(crate) struct AboutFiles {
    pub readings: Readings,
    /// What was taken for something that it may not be.
    pub warnings: Vec<Warning>,
    /// How files beside X were read, by the names of their matrices.
    pub options: BTreeMap<String, ReadOptions>,
}

impl AboutFiles {
    /// Takes in what there is to say of the file of a matrix.
    pub(crate) fn take_in(&mut self, name: &str, table: &Table) {
        self.readings.extend(table.reading.clone().map(|text| (name.to_owned(), text)));
        self.warnings.extend_from_slice(&table.warnings);
    }
}

/// Says on standard error how the files of a command were understood, where its output has no place for it.
pub(crate) fn say_readings(readings: &Readings) {
    for (name, reading) in readings {
        // Where nobody reads it, the result still stands.
        let _ = writeln!(std::io::stderr(), "read {name}: {reading}");
    }
}

/// The same for `--json`: `reading` of the file `of`, and `readings` of all others.
pub(crate) fn put_readings(object: &mut Value, of: &str, readings: &Readings) {
    let text = |(name, text): &(String, String)| (name.clone(), json!(text));
    let (own, others): (Vec<_>, Vec<_>) = readings.iter().partition(|(name, _)| name == of);
    own.first().into_iter().for_each(|(_, reading)| object["reading"] = json!(reading));
    if !others.is_empty() {
        object["readings"] = Value::Object(others.into_iter().map(text).collect());
    }
}

/// The problem with the factors of `--init-from` and `--fix`; what there is to say of the files goes to `about`.
pub(crate) fn with_factors(
    problem: Problem,
    given: &FactorsArgs,
    reading: &ReadingArgs,
    about: &mut AboutFiles,
) -> Result<Problem> {
    let mut value = |name: &str, file: &Path| -> Result<Table> {
        if file.extension().is_none_or(|extension| extension != "safetensors") {
            return read_beside((name, file), Holds::Factor, reading, about);
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

/// The table in a file that stands beside X; what there is to say of it goes to `about`.
///
/// Its cells are written as those of X, of data also the header and the first column; what list or table X is only
/// answers where the file would be in doubt, as header and first column do of a factor, and columns of a list that are
/// called as those of X are what these are. What was said of the file by its name holds for it alone. A file that can't
/// be read so, such as factors that Eckart wrote beside data with semicolons, is read by what it shows.
pub(crate) fn read_beside(
    (name, file): (&str, &Path),
    holds: Holds,
    reading: &ReadingArgs,
    about: &mut AboutFiles,
) -> Result<Table> {
    let (table, options) = read_first(name, file, holds, reading).map_err(|error| advising(error, name))?;
    about.take_in(name, &table);
    about.options.insert(name.to_owned(), options);
    Ok(table)
}

/// The table, and the options that it was read with.
fn read_first(name: &str, file: &Path, holds: Holds, reading: &ReadingArgs) -> Result<(Table, ReadOptions)> {
    let first = first_options(name, file, holds, reading);
    let is_once = file == Path::new("-");
    let again = |options: ReadOptions| -> Option<(Table, ReadOptions)> {
        if is_once || options == first { None } else { Some((read(file, &options).ok()?, options)) }
    };
    // Columns are called so by their names alone: their numbers are those of another file.
    let is_named = |names: &&Vec<String>| names.iter().all(|name| name.parse::<usize>().is_err());
    let of_x = reading.columns("X").filter(|_| !is_once && !reading.names(name)).filter(is_named);
    if let Some(columns) = of_x {
        let options = with_columns(&first, columns.clone());
        match read(file, &options) {
            Ok(table) => return Ok((table, options)),
            Err(error) if error.code() != Code::UnknownName => return Err(error),
            Err(_) => {}
        }
    }
    match read(file, &first) {
        Ok(table) => {
            let columns = of_x.and_then(|columns| columns_as_in_x(&table, columns));
            Ok(columns.and_then(|columns| again(with_columns(&first, columns))).unwrap_or((table, first.clone())))
        }
        Err(error) => {
            let is_doubt = error.code().kind() == CodeKind::Doubt && !reading.names(name);
            if let Some(found) = is_doubt.then(|| again(answered(file, &first, reading))).flatten() {
                return Ok(found);
            }
            let shown = ReadOptions { delimiter: None, decimal: None, header: None, row_names: None, ..first.clone() };
            let Some((mut table, options)) = again(shown) else { return Err(error) };
            table.warnings.insert(0, read_otherwise(file, &error));
            Ok((table, options))
        }
    }
}

fn with_columns(options: &ReadOptions, columns: Vec<String>) -> ReadOptions {
    ReadOptions { columns: Some(columns), triplets: Some(true), ..options.clone() }
}

/// The columns of a list whose rows are what the columns of X are called and the other way round, as they stand in X.
fn columns_as_in_x(table: &Table, of_x: &[String]) -> Option<Vec<String>> {
    let [row, col, ..] = of_x else { return None };
    let said =
        table.reading.as_deref()?.strip_prefix(&format!("list of entries; rows: {col}, columns: {row}, values: "))?;
    let value = said.split("; ").next().filter(|value| *value != "1 each").map(str::to_owned);
    Some([row.clone(), col.clone()].into_iter().chain(value).collect())
}

/// The options that answer what a file beside X may be by what X is.
fn answered(file: &Path, first: &ReadOptions, reading: &ReadingArgs) -> ReadOptions {
    let shared = options_beside(reading, file);
    ReadOptions {
        triplets: shared.triplets,
        columns: shared.columns,
        header: shared.header,
        row_names: shared.row_names,
        ..first.clone()
    }
}

/// The same error, whose advice is of this file alone.
fn advising(error: Error, name: &str) -> Error {
    error.advising(|help| {
        let help = help.replace("--columns ", &format!("--columns {name}="));
        ["coo", "table"].iter().fold(help, |help, format| {
            help.replace(&format!("--format {format}"), &format!("--format {name}={format}"))
        })
    })
}

/// The options that a file beside X is read with first.
fn first_options(name: &str, file: &Path, holds: Holds, reading: &ReadingArgs) -> ReadOptions {
    let shared = options_beside(reading, file);
    let is_data = holds == Holds::Data;
    let (format, triplets) = reading.layout(name);
    ReadOptions {
        format,
        triplets,
        columns: reading.columns(name).cloned(),
        na_values: shared.na_values.filter(|_| is_data),
        header: shared.header.filter(|_| is_data),
        row_names: shared.row_names.filter(|_| is_data),
        ..shared
    }
}

fn read_otherwise(file: &Path, error: &Error) -> Warning {
    let message = format!(
        "{} is read by what it shows, without --delimiter, --decimal, --header and --index-col: with them {error}",
        file.display()
    );
    Warning::new(Code::ReadOtherwise, message)
}

/// How to read a file that stands beside another and holds the same: as that, in the format that its own name says,
/// where it says one. What ends in `.tsv` has tabs.
pub(crate) fn options_beside(args: &ReadingArgs, file: &Path) -> ReadOptions {
    let (shared, own) = (args.options(), Format::of_name(file));
    let delimiter = shared.delimiter.filter(|_| own != Some(Format::Tsv));
    ReadOptions { format: if own.is_some() { None } else { shared.format }, delimiter, ..shared }
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
