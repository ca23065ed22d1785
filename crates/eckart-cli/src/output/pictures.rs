//! Pictures: where a plan is drawn.
//! In: the options `--svg` and `--dot`, a `Picture`.  Out: files, or one of them on standard output.
//! Invariant: whether a path can be used is found out before any work; a file appears whole or not at all.
//! Not here: the drawing (see the library's `plan`).

use std::path::{Path, PathBuf};

use eckart::data::write_file;
use eckart::plan::Picture;
use eckart::{Code, Error, Result};

use crate::options::PicturesArgs;
use crate::output::page::Page;
use crate::output::try_writing;

/// How a picture is written.
type Draw = fn(&Picture<'_>) -> String;

/// The pictures asked for.
#[derive(Debug)]
pub(crate) struct Pictures {
    wanted: Vec<(PathBuf, Draw)>,
}

impl Pictures {
    /// The pictures that the options ask for, beside an object on standard output where that is `taken`.
    ///
    /// # Errors
    /// `Setting` where two want standard output; `Io` where nothing can be written.
    pub(crate) fn new(args: &PicturesArgs, taken: bool) -> Result<Self> {
        let draws: [(&Option<PathBuf>, Draw); 2] =
            [(&args.svg, |picture| picture.to_svg()), (&args.dot, |picture| picture.to_dot())];
        let wanted: Vec<(PathBuf, Draw)> =
            draws.into_iter().filter_map(|(path, draw)| Some((path.clone()?, draw))).collect();
        if let [(one, _), (other, _)] = &wanted[..]
            && one == other
        {
            return Err(Error::setting(
                Code::SettingsConflict,
                format!("--svg and --dot both go to {}: give one of them another file", one.display()),
            ));
        }
        if taken && wanted.iter().any(|(path, _)| is_printed(path)) {
            let message = "a picture and the object of --json both go to standard output: give the picture a file";
            return Err(Error::setting(Code::SettingsConflict, message));
        }
        for (path, _) in wanted.iter().filter(|(path, _)| !is_printed(path)) {
            try_writing(path)?;
        }
        Ok(Self { wanted })
    }

    /// The picture that takes the place of the text, if one does.
    pub(crate) fn printed(&self, picture: &Picture<'_>) -> Option<String> {
        self.wanted.iter().find(|(path, _)| is_printed(path)).map(|(_, draw)| draw(picture))
    }

    /// Draws those that go to files, and says where they are.
    ///
    /// # Errors
    /// `Io` where the system refuses.
    pub(crate) fn draw(&self, page: &mut Page, picture: &Picture<'_>) -> Result<()> {
        let files: Vec<_> = self.wanted.iter().filter(|(path, _)| !is_printed(path)).collect();
        if !files.is_empty() {
            page.heading("Pictures");
        }
        for (path, draw) in files {
            write_file(path, |out| out.write_all(draw(picture).as_bytes()))?;
            page.paragraph(&path.display().to_string());
        }
        Ok(())
    }
}

fn is_printed(path: &Path) -> bool {
    path == Path::new("-")
}
