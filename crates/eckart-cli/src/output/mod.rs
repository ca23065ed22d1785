//! Output: where the factors go.
//! In: the path of `-o`, a `Factorization`.  Out: files.
//! Invariant: whether the path can be used is found out before the search, so that no result is lost.
//! Not here: formats (see the library's `data` and `solve`).

pub(crate) mod components;
pub(crate) mod html_report;
pub(crate) mod json;
pub(crate) mod labels;
pub(crate) mod lists;
pub(crate) mod page;
pub(crate) mod pictures;
pub(crate) mod progress;
pub(crate) mod report;

use std::io;
use std::path::{Path, PathBuf};

use eckart::data::write;
use eckart::{Code, Error, Factorization, Result};

use self::labels::labelled;

/// The endings a path may have, and what they mean.
const ENDINGS: &str =
    "End it in .safetensors for one file with everything, or in .npy, .csv or .tsv for a file a factor";

/// A place for factors that can be written to.
#[derive(Debug)]
pub(crate) struct Output {
    path: PathBuf,
    /// Whether everything goes into one model file, rather than each factor into its own.
    whole: bool,
}

impl Output {
    /// The place that `path` names.
    ///
    /// # Errors
    /// `Data` where its ending says no format; `Io` where nothing can be written there.
    pub(crate) fn new(path: &Path) -> Result<Self> {
        let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
        let whole = match ending.as_deref() {
            Some("safetensors") => true,
            Some("npy" | "csv" | "tsv") => false,
            Some(other) => {
                return Err(
                    Error::data(Code::UnknownFormat, format!("no format is called .{other}"), ENDINGS).in_file(path)
                );
            }
            None => {
                return Err(Error::data(Code::UnknownFormat, "the name does not say the format", ENDINGS).in_file(path));
            }
        };
        try_writing(path)?;
        Ok(Self { path: path.to_owned(), whole })
    }

    /// Writes the factors, and says where they are.
    ///
    /// # Errors
    /// `Io` where the system refuses.
    pub(crate) fn write(&self, fit: &Factorization) -> Result<Vec<PathBuf>> {
        if self.whole {
            fit.save(&self.path)?;
            return Ok(vec![self.path.clone()]);
        }
        let mut written = Vec::new();
        for (name, matrix) in &fit.factors {
            let path = of_factor(&self.path, name);
            let table = fit.table(name).unwrap_or_else(|| matrix.into());
            write(&path, &labelled(name, table, fit.role(name)))?;
            written.push(path);
        }
        Ok(written)
    }

    /// The place beside it whose name says what it holds: `out.consensus.npy` for `out.npy`.
    pub(crate) fn beside(&self, what: &str) -> Self {
        Self { path: of_factor(&self.path, what), whole: self.whole }
    }
}

/// `out.W.npy` for `out.npy` and W.
pub(crate) fn of_factor(path: &Path, name: &str) -> PathBuf {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    path.with_extension(format!("{name}.{ending}"))
}

/// Whether everything goes into the one file of that name.
pub(crate) fn is_whole(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("safetensors"))
}

/// Makes a file beside `path` and takes it away again, as writing will.
pub(crate) fn try_writing(path: &Path) -> Result<()> {
    let refused = |source: io::Error| Error::Io { path: path.to_owned(), source };
    if path.is_dir() {
        return Err(refused(io::Error::new(io::ErrorKind::IsADirectory, "this is a folder; name a file in it")));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if folder.exists() && !folder.is_dir() {
        let reason = format!("{} is a file, and no folder; name a file in a folder", folder.display());
        return Err(refused(io::Error::new(io::ErrorKind::NotADirectory, reason)));
    }
    if !folder.is_dir() {
        let reason = format!("there is no folder {}; make it first", folder.display());
        return Err(refused(io::Error::new(io::ErrorKind::NotFound, reason)));
    }
    let cannot =
        |e: io::Error| io::Error::new(e.kind(), format!("nothing can be written to {}: {e}", folder.display()));
    eckart::data::try_writing(path).map_err(|error| match error {
        Error::Io { source, .. } if source.kind() != io::ErrorKind::InvalidFilename => refused(cannot(source)),
        other => other,
    })
}
