//! Fit: from the command line to factors, a report and files.
//! In: `FitArgs`.  Out: the text for standard output, and the exit code.
//! Invariant: what is asked is checked once, before the search; the factors are saved before they are described.
//! Not here: the search (see the library's `solve`), how results look (see `report`, `json`).

pub(crate) mod outcome;
mod request;
mod write;

use eckart::Result;

use crate::options::FitArgs;
pub(crate) use request::several_starts;

use request::Request;

/// What a fit ends with: the text for standard output, and the exit code.
pub(crate) fn fit(args: &FitArgs) -> Result<(String, u8)> {
    let request = Request::check(args)?;
    request.run()?.write(&request)
}
