//! Html report: a page about a model, or about the search that has just ended.
//! In: `ReportArgs`, or a search and its data.  Out: a page.
//! Invariant: whether the page can be written is found out before any work.
//! Not here: what is on the page (see the library's `report`).

use std::path::Path;

use eckart::apply::in_order_of;
use eckart::data::{Matching, Side};
use eckart::report::{ComponentSides, Report};
use eckart::{Factorization, Result};

use crate::beside::{Readings, check_names, say_readings};
use crate::load::{Data, load, names_of, titles_of};
use crate::options::{LookArgs, ReportArgs};
use crate::output::try_writing;
use crate::warn;

/// `eckart report MODEL [DATA] ...`
pub(crate) fn report(args: &ReportArgs) -> Result<String> {
    let output = args.page();
    let printed = output == Path::new("-");
    if !printed {
        try_writing(&output)?;
    }
    check_names(&args.reading, &[], None)?;
    let fit = Factorization::load(&args.model)?;
    let data = args.file.as_ref().map(|file| in_order(&fit, load(file, &args.reading, true)?, args)).transpose()?;
    let (data, lacking) = data.map_or((None, None), |(data, lacking)| (Some(data), Some(lacking)));
    data.iter().flat_map(|data| &data.warnings).for_each(warn);
    let reading = data.as_ref().and_then(|data| data.reading.clone());
    let mut said: Readings = reading.into_iter().map(|reading| (fit.target.clone(), reading)).collect();
    let mut page = page(&fit, data.as_ref(), args.look);
    page = lacking.into_iter().fold(page, Report::lacking);
    let shape =
        data.as_ref().map(|data| data.matrix.shape()).or_else(|| ComponentSides::shape(&fit)).unwrap_or_default();
    if let Some(file) = &args.names.row_names {
        page = page.row_names(names_of(file, "row", shape.0, &mut said)?);
    }
    let mut ids = data.as_ref().and_then(|data| data.col_names.clone()).or_else(|| fit.col_names.clone());
    if let Some(file) = &args.names.col_names {
        let names = names_of(file, "column", shape.1, &mut said)?;
        page = page.col_names(names.clone());
        ids = Some(names);
    }
    if let Some(file) = &args.names.titles {
        page = page.titles(titles_of(file, ids.as_deref())?);
    }
    page = page.name_options(name_options(args, &fit, data.as_ref())).match_by(args.matching.by);
    page = args.file.iter().fold(page, |page, file| page.file(&fit.target, file, &args.reading.options()));
    let done = if printed {
        page.to_html()?
    } else {
        page.write(&output)?;
        format!("{}\n", output.display())
    };
    say_readings(&said);
    Ok(done)
}

/// The data in the order of the model's rows and columns, and which of these it lacks; tells what is to be told.
fn in_order(fit: &Factorization, data: Data, args: &ReportArgs) -> Result<(Data, [Vec<usize>; 2])> {
    let found = in_order_of(fit, &data.table(), &Side::BOTH, args.matching.by);
    let found = match &args.file {
        Some(file) => found.map_err(|error| error.in_file(file))?,
        None => found?,
    };
    found.warnings().iter().for_each(warn);
    let by_name = args.matching.by == Matching::Names;
    let named = |own: Option<Vec<String>>, known: &Option<Vec<String>>| match known {
        Some(known) if by_name && own.is_some() => Some(known.clone()),
        _ => own,
    };
    let (row_names, col_names) = (named(data.row_names, &fit.row_names), named(data.col_names, &fit.col_names));
    Ok((Data { matrix: found.matrix, row_names, col_names, ..data }, found.lacking))
}

/// The options that name rows and columns as the page does: those of this command, or those that the model's names came
/// from, where its data brings none.
fn name_options(args: &ReportArgs, fit: &Factorization, data: Option<&Data>) -> Vec<String> {
    let names = &args.names;
    let came = |names: &Option<Vec<String>>, own: Option<&Option<Vec<String>>>| {
        (names.is_some() && own.is_some_and(Option::is_none)).then(|| Path::new("FILE"))
    };
    let rows = names.row_names.as_deref().or(came(&fit.row_names, data.map(|data| &data.row_names)));
    let cols = names.col_names.as_deref().or(came(&fit.col_names, data.map(|data| &data.col_names)));
    let options = [("--row-names", rows), ("--col-names", cols), ("--titles", names.titles.as_deref())];
    let words = options.into_iter().filter_map(|(option, file)| Some([option.to_owned(), file?.display().to_string()]));
    words.flatten().collect()
}

/// A page about a model, with its data and the names that came with it.
pub(crate) fn page<'a>(fit: &'a Factorization, data: Option<&'a Data>, look: LookArgs) -> Report<'a> {
    let mut page = Report::new(fit).look(look.into());
    if look.by_rows {
        page = page.by_rows();
    }
    let Some(data) = data else { return page };
    page = page.data(&data.matrix).source(&data.source);
    page = data.row_names.iter().fold(page, |page, names| page.row_names(names.clone()));
    data.col_names.iter().fold(page, |page, names| page.col_names(names.clone()))
}
