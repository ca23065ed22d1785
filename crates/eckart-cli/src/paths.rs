//! Paths: the files of a command, each read or written.
//! In: a command's options.  Out: nothing, or an error that names two options and their file.
//! Invariant: no command writes over a file that it reads, nor two results into one; it is found out before any is
//! read, by what a file is (links, hard links) and not by its name; `--resume` and `--checkpoint` may be one.
//! Not here: whether a file can be read, or written in its folder (see `load`, `output`).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use eckart::{Code, Error, Result};

use crate::objective::problem;
use crate::options::search::SearchArgs;
use crate::options::{Command, FactorsArgs, FitArgs, ListingArgs, NamesArgs, ObjectiveArgs};
use crate::output::{is_whole, of_factor};

/// The files of a command.
#[derive(Debug, Default)]
pub(crate) struct Paths(Vec<NamedPath>);

/// A file, and the option or argument that names it.
#[derive(Debug)]
struct NamedPath {
    option: &'static str,
    path: PathBuf,
    is_written: bool,
}

impl Paths {
    /// The files of a command; of `transform`, but those that the names of its model's factors are a part of.
    pub(crate) fn of(command: &Command) -> Self {
        let mut paths = Self::default();
        match command {
            Command::Fit(args) => paths.of_fit(args),
            Command::Explain(args) => {
                paths.reads("DATA", &args.file);
                paths.of_objective(&args.objective, &args.factors);
                paths.of_search(&args.search);
                paths.writes("--svg", &args.pictures.svg);
                paths.writes("--dot", &args.pictures.dot);
            }
            Command::Transform(args) => {
                paths.reads("MODEL", [&args.model]);
                paths.reads("NEW", [&args.file]);
                paths.reads("--data", args.matrices.iter().map(|(_, file)| file));
                paths.reads("--row-names", &args.row_names);
                paths.reads("--col-names", &args.col_names);
                paths.writes("--output", &args.output);
            }
            Command::Recommend(args) => {
                paths.reads("MODEL", [&args.model]);
                paths.reads("--train", &args.train);
                paths.of_lists(&args.listing);
            }
            Command::Similar(args) => {
                paths.reads("MODEL", [&args.model]);
                paths.of_lists(&args.listing);
            }
            Command::Evaluate(args) => {
                paths.reads("MODEL or DATA", [&args.file]);
                paths.reads("TEST", &args.test);
                paths.reads("--train", &args.train);
                paths.of_objective(&args.objective, &args.factors);
                paths.of_search(&args.search);
            }
            Command::Report(args) => {
                paths.reads("MODEL", [&args.model]);
                paths.reads("DATA", &args.file);
                paths.of_names(&args.names);
                paths.writes("--output", [&args.page()]);
            }
            Command::Show(args) => paths.reads("FILE", [&args.file]),
            Command::Codes(_) | Command::Models(_) => {}
        }
        paths
    }

    /// The same with the files for the factors of that name, where `--output` is a file for each.
    pub(crate) fn with_factors<'n>(mut self, output: Option<&Path>, names: impl Iterator<Item = &'n str>) -> Self {
        if let Some(output) = output.filter(|output| !is_whole(output)) {
            names.for_each(|name| self.writes("--output", [&of_factor(output, name)]));
        }
        self
    }

    /// # Errors
    /// `Setting` where two are one file, and not both are only read; `Io` where a name is too long for a file.
    pub(crate) fn check(&self) -> Result<()> {
        let files: Vec<Option<File>> = self.0.iter().map(File::of).collect();
        for (at, named) in self.0.iter().enumerate() {
            for (earlier, other) in self.0[..at].iter().enumerate() {
                let is_resumed = [other.option, named.option] == ["--resume", "--checkpoint"];
                let clash = (named.is_written || other.is_written) && !is_resumed;
                if clash && files[at].as_ref().is_some_and(|file| file.is(&files[earlier])) {
                    return Err(same_file(other, named));
                }
            }
            let looked = fs::symlink_metadata(&named.path);
            let source =
                looked.err().filter(|error| named.is_written && error.kind() == io::ErrorKind::InvalidFilename);
            source.map_or(Ok(()), |source| Err(Error::Io { path: named.path.clone(), source }))?;
        }
        Ok(())
    }

    fn of_fit(&mut self, args: &FitArgs) {
        self.reads("DATA", [&args.file]);
        self.of_names(&args.names);
        self.of_objective(&args.objective, &args.factors);
        self.of_search(&args.search);
        self.writes("--report", &args.report);
        let Some(output) = &args.output else { return };
        let agreed = args.choice.consensus.then(|| of_factor(output, "consensus"));
        for place in [Some(output), agreed.as_ref()].into_iter().flatten() {
            if is_whole(place) {
                self.writes("--output", [place]);
                continue;
            }
            for factor in factors(&args.objective, args.rank.first) {
                self.writes("--output", [&of_factor(place, &factor)]);
            }
        }
    }

    fn of_objective(&mut self, objective: &ObjectiveArgs, factors: &FactorsArgs) {
        let files = |list: &[(String, PathBuf)]| list.iter().map(|(_, file)| file.clone()).collect::<Vec<_>>();
        self.reads("--data", &files(&objective.matrices));
        self.reads("--init-from", &files(&factors.init_from));
        self.reads("--fix", &files(&factors.fix));
    }

    fn of_search(&mut self, args: &SearchArgs) {
        let Ok(settings) = args.settings() else { return };
        // Without another file, the search writes its checkpoint where it was.
        self.add("--resume", &settings.resume, settings.checkpoint.is_none());
        self.writes("--checkpoint", &settings.checkpoint);
    }

    fn of_names(&mut self, names: &NamesArgs) {
        self.reads("--row-names", &names.row_names);
        self.reads("--col-names", &names.col_names);
        self.reads("--titles", &names.titles);
    }

    fn of_lists(&mut self, listing: &ListingArgs) {
        self.reads("--titles", &listing.titles);
        self.writes("--output", &listing.output);
    }

    fn reads<'p>(&mut self, option: &'static str, files: impl IntoIterator<Item = &'p PathBuf>) {
        self.add(option, files, false);
    }

    fn writes<'p>(&mut self, option: &'static str, files: impl IntoIterator<Item = &'p PathBuf>) {
        self.add(option, files, true);
    }

    fn add<'p>(&mut self, option: &'static str, files: impl IntoIterator<Item = &'p PathBuf>, is_written: bool) {
        self.0.extend(files.into_iter().map(|path| NamedPath { option, path: path.clone(), is_written }));
    }
}

/// The names in an objective that nothing is given for; none of a formula that can't be read, which is refused later.
fn factors(args: &ObjectiveArgs, rank: usize) -> Vec<String> {
    let Ok(problem) = problem(args, rank) else { return Vec::new() };
    let mut names: Vec<String> =
        problem.statement().objective.variables().iter().map(|v| v.name().to_owned()).collect();
    let is_given = |name: &str| {
        name == "X"
            || args.params.iter().any(|(known, _)| known == name)
            || args.matrices.iter().any(|(known, _)| known == name)
    };
    names.retain(|name| !is_given(name));
    names
}

fn same_file(other: &NamedPath, named: &NamedPath) -> Error {
    let (one, two) = (other.path.display(), named.path.display());
    let files = if other.path == named.path { one.to_string() } else { format!("{one}, which is {two}") };
    let what = if named.is_written && other.is_written { "one would be lost" } else { "it would be written over" };
    let message = format!("{} and {} are one file, {files}: {what}. Name another file", other.option, named.option);
    Error::setting(Code::SameFile, message)
}

/// What a path leads to, whatever it is called.
struct File {
    path: PathBuf,
    /// Device and number, where it is there and the system tells them.
    inode: Option<(u64, u64)>,
}

impl File {
    /// `None` for standard output, and for what is no ordinary file.
    fn of(named: &NamedPath) -> Option<Self> {
        let path = match named.path == Path::new("-") {
            true if named.is_written => return None,
            // A shell may have opened it to a file.
            true => Path::new("/dev/stdin"),
            false => &named.path,
        };
        let found = fs::metadata(path).ok();
        if found.as_ref().is_some_and(|found| !found.is_file()) {
            return None;
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let new = || Some(fs::canonicalize(folder).ok()?.join(path.file_name()?));
        let resolved = fs::canonicalize(path).ok().or_else(new).unwrap_or_else(|| path.to_owned());
        Some(Self { path: resolved, inode: found.as_ref().and_then(inode) })
    }

    fn is(&self, other: &Option<Self>) -> bool {
        let Some(other) = other else { return false };
        self.path == other.path || (self.inode.is_some() && self.inode == other.inode)
    }
}

#[cfg(unix)]
fn inode(found: &fs::Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn inode(_: &fs::Metadata) -> Option<(u64, u64)> {
    None
}
