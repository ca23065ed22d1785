//! Html report: a page about a model, or about the search that has just ended.
//! In: `ReportArgs`, or a search and its data.  Out: a page.
//! Invariant: whether the page can be written is found out before any work; the page says the command that made its
//! factors.
//! Not here: what is on the page (see the library's `report`).

use std::path::{Path, PathBuf};

use eckart::apply::Consensus;
use eckart::report::{ComponentSides, Look, Report};
use eckart::{Code, Error, Factorization, Result};

use crate::load::{Data, load, names_of, titles_of};
use crate::options::{FitArgs, LookArgs, ReportArgs};
use crate::output::try_writing;

/// `eckart report MODEL [DATA] ...`
pub(crate) fn report(args: &ReportArgs) -> Result<String> {
    let output = args.output.clone().unwrap_or_else(|| args.model.with_extension("html"));
    let printed = output == Path::new("-");
    if !printed {
        try_writing(&output)?;
    }
    let fit = Factorization::load(&args.model)?;
    let data = args.file.as_ref().map(|file| load(file, &args.reading)).transpose()?;
    let mut page = looking(Report::new(&fit), args.look);
    if let Some(data) = &data {
        page = described(page, data);
    }
    let shape =
        data.as_ref().map(|data| data.matrix.shape()).or_else(|| ComponentSides::shape(&fit)).unwrap_or_default();
    if let Some(file) = &args.names.rows {
        page = page.row_names(names_of(file, "row", shape.0)?);
    }
    let mut ids = data.as_ref().and_then(|data| data.col_names.clone()).or_else(|| fit.col_names.clone());
    if let Some(file) = &args.names.cols {
        let names = names_of(file, "column", shape.1)?;
        page = page.col_names(names.clone());
        ids = Some(names);
    }
    if let Some(file) = &args.names.titles {
        page = page.titles(titles_of(file, ids.as_deref())?);
    }
    if printed {
        return page.to_html();
    }
    page.write(&output)?;
    Ok(format!("{}\n", output.display()))
}

/// Where `fit --report` writes, once it is known that it can.
///
/// # Errors
/// `Setting` where there is a look but no page; `Io` where nothing can be written there.
pub(crate) fn place(args: &FitArgs) -> Result<Option<&PathBuf>> {
    match &args.report {
        Some(path) => try_writing(path)?,
        None if args.look.is_given() => {
            return Err(Error::setting(
                Code::OptionMissing,
                "--image, --show and --by-rows say how a page looks, and no page is asked for: name one with --report FILE",
            ));
        }
        None => {}
    }
    Ok(args.report.as_ref())
}

/// Refuses a look that the data can't have.
///
/// # Errors
/// As [`Look::check`].
pub(crate) fn check(args: &FitArgs, data: &Data) -> Result<()> {
    Look::from(args.look).check(data.matrix.cols())
}

/// Writes the page of `fit --report`.
///
/// # Errors
/// As [`Report::write`].
pub(crate) fn write(
    path: &Path,
    args: &FitArgs,
    fit: &Factorization,
    consensus: Option<&Consensus>,
    data: &Data,
) -> Result<()> {
    let program = std::iter::once("eckart".to_owned());
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    let page = described(looking(Report::new(fit), args.look), data).titles(data.titles.clone());
    let page = consensus.into_iter().fold(page, Report::consensus);
    page.command(program.chain(words)).write(path)
}

fn looking(page: Report<'_>, look: LookArgs) -> Report<'_> {
    let page = page.look(look.into());
    if look.by_rows { page.by_rows() } else { page }
}

/// The page with the data and the names that came with it.
fn described<'a>(mut page: Report<'a>, data: &'a Data) -> Report<'a> {
    page = page.data(&data.matrix).source(&data.source);
    if let Some(names) = &data.row_names {
        page = page.row_names(names.clone());
    }
    if let Some(names) = &data.col_names {
        page = page.col_names(names.clone());
    }
    page
}
