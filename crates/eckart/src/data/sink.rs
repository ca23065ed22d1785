//! Sink: files that are whole or not there.
//! In: a path and what to put into it.  Out: the file.
//! Invariant: a file is written aside, synced and renamed; whatever fails, the old file stands and nothing is left
//! beside it; what a process that was killed left is removed by the next that writes there.
//! Not here: what goes into a file (see the formats).

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::source::{io_error, is_gz, is_stdin};
use crate::error::{PrintedAs, Result, printable};

/// Makes the file `path` hold what `fill` writes, gzipped where the name ends in `.gz`; `-` is standard output.
///
/// The file appears whole or not at all, also where the machine stops meanwhile. A link is followed, the permissions of
/// a file that is replaced are kept, and what is no ordinary file (a pipe, a terminal) is written straight.
///
/// # Errors
/// `Io`, naming `path`, where the system refuses.
pub fn write_file(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let named = |error| io_error(path, error);
    if is_stdin(path) {
        let mut out = BufWriter::new(io::stdout().lock());
        let filled = match io::stdout().is_terminal() {
            false => fill(&mut out),
            true => fill_terminal(&mut out, fill),
        };
        return filled.and_then(|()| out.flush()).map_err(named);
    }
    // A dangling link resolves to nothing; it is replaced by the file.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let old = fs::metadata(&target).ok();
    if old.as_ref().is_some_and(|old| !old.is_file() && !old.is_dir()) {
        let file = OpenOptions::new().write(true).open(&target).map_err(named)?;
        return pack(&file, is_gz(path), fill).map_err(named);
    }
    if old.as_ref().is_some_and(fs::Metadata::is_dir) {
        let reason = "this is a folder; name a file in it";
        return Err(named(io::Error::new(io::ErrorKind::IsADirectory, reason)));
    }
    let aside = Aside::new(&target).map_err(named)?;
    pack(&aside.file, is_gz(path), fill).map_err(named)?;
    if let Some(old) = old {
        aside.file.set_permissions(old.permissions()).map_err(named)?;
    }
    aside.put_in_place(&target).map_err(named)
}

/// Shows what `fill` writes, and lets none of it command the terminal.
fn fill_terminal(out: &mut impl Write, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut text = Vec::new();
    fill(&mut text)?;
    out.write_all(printable(&String::from_utf8_lossy(&text), PrintedAs::Lines).as_bytes())
}

/// Makes a file beside `path` and takes it away again, as writing will; also takes away what killed processes left
/// there.
///
/// # Errors
/// `Io`, naming `path`, where the system refuses.
pub fn try_writing(path: &Path) -> Result<()> {
    let named = |error| io_error(path, error);
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match fs::symlink_metadata(&target) {
        Ok(old) if !old.is_file() && !old.is_symlink() => return Ok(()),
        // The name itself, which the file aside is without.
        Err(error) if error.kind() == io::ErrorKind::InvalidFilename => return Err(named(error)),
        _ => {}
    }
    Aside::new(&target).map(drop).map_err(named)
}

/// Writes what `fill` does into `file`, gzipped or not.
fn pack(file: &File, gzip: bool, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, file);
    if gzip {
        let mut packed = BufWriter::with_capacity(1 << 16, GzEncoder::new(&mut out, Compression::default()));
        fill(&mut packed)?;
        packed.into_inner().map_err(io::IntoInnerError::into_error)?.finish()?;
    } else {
        fill(&mut out)?;
    }
    out.flush()
}

/// A new file beside a target, taken away again unless it is put in its place.
struct Aside {
    file: File,
    path: Option<PathBuf>,
}

impl Aside {
    fn new(target: &Path) -> io::Result<Self> {
        /// Tells apart files that one process writes at a time.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name =
            target.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"))?;
        let begin = begin(name);
        remove_abandoned(target, &begin);
        loop {
            let mut beside = begin.clone();
            beside.push(format!("{}.{}.tmp", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
            let path = target.with_file_name(beside);
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => {
                    // Others see by it that the file is still written; where there are no locks, they leave it alone.
                    let _ = file.try_lock();
                    return Ok(Self { file, path: Some(path) });
                }
                // Left by a process of the same number that was killed.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(without_folder(target).unwrap_or(error)),
            }
        }
    }

    fn put_in_place(mut self, target: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        if let Some(path) = &self.path {
            fs::rename(path, target)?;
        }
        self.path = None;
        // The new name is on disk only once its folder is. Not every system can sync one: the file is whole either way.
        let _ = File::open(folder_of(target)).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

/// What the names of files aside begin with, so short that there is room for the rest where there is room for `name`.
fn begin(name: &OsStr) -> OsString {
    /// Most systems have names of up to 255 bytes.
    const LONGEST: usize = 200;
    let mut begin = OsString::from(".");
    if name.len() <= LONGEST {
        begin.push(name);
    } else {
        let text = name.to_string_lossy();
        let end = (0..=LONGEST).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
        begin.push(&text[..end]);
    }
    begin.push(".");
    begin
}

/// Removes files aside of the same target that processes left which were killed: their names hold the process. One of
/// another machine or container may have that number and still write: its file is locked.
fn remove_abandoned(target: &Path, begin: &OsStr) {
    let process = |name: &OsStr| {
        let rest = name.as_encoded_bytes().strip_prefix(begin.as_encoded_bytes())?;
        let (process, number) = std::str::from_utf8(rest).ok()?.strip_suffix(".tmp")?.split_once('.')?;
        number.parse::<u64>().ok()?;
        process.parse::<u32>().ok()
    };
    for entry in fs::read_dir(folder_of(target)).into_iter().flatten().flatten() {
        let is_free = || File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok());
        if process(&entry.file_name()).is_some_and(has_ended) && is_free() {
            // What can't be removed does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether there is no process of that number, on systems that tell.
fn has_ended(process: u32) -> bool {
    let of = |process: &str| Path::new("/proc").join(process);
    of("self").exists() && !of(&process.to_string()).exists()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The refusal to write into a folder that is not there.
fn without_folder(target: &Path) -> Option<io::Error> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists())?;
    let reason = format!("there is no folder {}; make it first", folder.display());
    Some(io::Error::new(io::ErrorKind::NotFound, reason))
}

impl Drop for Aside {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Code, check_error};

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        write_file(&path, |out| out.write_all(b"old")).unwrap();
        let error = write_file(&path, |out| {
            out.write_all(b"new")?;
            Err(io::Error::other("no room"))
        });
        let error = error.unwrap_err();
        check_error(&error, Code::Io, "a.csv");
        check_error(&error, Code::Io, "no room");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        write_file(&path, |out| out.write_all(b"newer")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"newer");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    /// The files aside of processes that have ended are removed; those of others, and other files, are not.
    #[cfg(target_os = "linux")]
    #[test]
    fn what_a_killed_process_left_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let ended = child.id();
        child.wait().unwrap();
        let (gone, stay) = (
            [format!(".a.csv.{ended}.0.tmp"), format!(".a.csv.{ended}.17.tmp")],
            [".a.csv.1.0.tmp".into(), format!(".b.csv.{ended}.0.tmp"), format!(".a.csv.{ended}.tmp"), "a.csv".into()],
        );
        gone.iter().chain(&stay).for_each(|name| fs::write(dir.path().join(name), "").unwrap());
        let written = dir.path().join(format!(".a.csv.{ended}.3.tmp"));
        let elsewhere = File::create(&written).unwrap();
        elsewhere.lock().unwrap();
        write_file(&dir.path().join("a.csv"), |out| out.write_all(b"new")).unwrap();
        assert!(gone.iter().all(|name| !dir.path().join(name).exists()));
        assert!(stay.iter().all(|name| dir.path().join(name).exists()) && written.exists());
    }

    /// A file that may be called so can be written: the name of the one aside is not longer than names may be.
    #[test]
    fn long_names_are_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a".repeat(255));
        try_writing(&path).unwrap();
        write_file(&path, |out| out.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert!(try_writing(&dir.path().join("a".repeat(256))).is_err());
    }

    #[test]
    fn a_folder_and_a_missing_folder_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let refuses = |path: &Path, code: Code, part: &str| {
            check_error(&write_file(path, |_| Ok(())).unwrap_err(), code, part);
        };
        refuses(dir.path(), Code::IsADirectory, "folder");
        let missing = dir.path().join("none");
        refuses(&missing.join("a.csv"), Code::FileNotFound, "none/a.csv");
        refuses(&missing.join("a.csv"), Code::FileNotFound, &format!("there is no folder {}", missing.display()));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write_file(&link, |out| out.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        write_file(Path::new("/dev/null"), |out| out.write_all(b"new")).unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
