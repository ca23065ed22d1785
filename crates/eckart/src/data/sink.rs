//! Sink: files that are whole or not there.
//! In: a path and what to put into it.  Out: the file.
//! Invariant: a file is written aside, synced and renamed; whatever fails, the old file stands and nothing is left
//! beside it.
//! Not here: what goes into a file (see the formats).

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::source::{io_error, is_gz, is_stdin};
use crate::error::Result;

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
        return fill(&mut out).and_then(|()| out.flush()).map_err(named);
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
        loop {
            let mut beside = std::ffi::OsString::from(".");
            beside.push(name);
            beside.push(format!(".{}.{}.tmp", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
            let path = target.with_file_name(beside);
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok(Self { file, path: Some(path) }),
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
        let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
        Ok(())
    }
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
