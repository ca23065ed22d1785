//! All text files of the workspace, read once, for the laws to look at.

use super::source::Source;
use std::path::Path;
use std::process::Command;
use std::{fs, io};

/// The files, sorted by path.
pub(crate) struct Tree {
    /// The files.
    pub(crate) files: Vec<Source>,
}

impl Tree {
    /// Reads the text files below `root` that git tracks, or would track.
    pub(crate) fn read(root: &Path) -> io::Result<Self> {
        let mut listed = match git_files(root) {
            Some(files) => files,
            None => walk(root)?,
        };
        listed.sort();
        listed.dedup();
        // What is no UTF-8 is data, and a file that is listed but deleted is no more.
        let read = |path: String| fs::read_to_string(root.join(&path)).ok().map(|text| (path, text));
        Ok(Self::new(listed.into_iter().filter_map(read)))
    }

    /// A tree of files that are at hand.
    pub(crate) fn new(files: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>) -> Self {
        let mut tree =
            Self { files: files.into_iter().map(|(path, text)| Source::new(path.as_ref(), text.as_ref())).collect() };
        tree.mark_test_files();
        tree
    }

    /// The Rust files.
    pub(crate) fn rust(&self) -> impl Iterator<Item = &Source> {
        self.files.iter().filter(|source| source.is_rust())
    }

    /// The Rust files the laws of code bind: the source of the crates and of this tool, the examples, and Eckart's
    /// side of the bench.
    pub(crate) fn bound(&self) -> impl Iterator<Item = &Source> {
        let places = ["xtask/src", "examples", "bench/src"];
        self.rust().filter(move |s| s.is_crate_source() || places.iter().any(|place| s.is_in(place)))
    }

    /// The file at `path`.
    pub(crate) fn file(&self, path: &str) -> Option<&Source> {
        self.files.iter().find(|source| source.path == path)
    }

    /// `#[cfg(test)] mod name;` makes a test of the file `name.rs`, and of what is below `name/`.
    fn mark_test_files(&mut self) {
        let mut places = Vec::new();
        for source in &self.files {
            let folder = module_folder(&source.path);
            places.extend(source.test_mod_files().map(|name| format!("{folder}{name}")));
        }
        for source in &mut self.files {
            if places.iter().any(|place| source.is_in(place)) {
                source.mark_all_test();
            }
        }
    }
}

/// The folder, with `/`, that the modules of other files declared in `path` lie in.
fn module_folder(path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').map_or(("", path), |(folder, name)| (folder, name));
    let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    match name {
        "mod.rs" | "lib.rs" | "main.rs" => folder,
        _ => format!("{folder}{}/", name.trim_end_matches(".rs")),
    }
}

/// What `git ls-files` says; none where there is no git, or no repository.
fn git_files(root: &Path) -> Option<Vec<String>> {
    let out = Command::new("git")
        .args(["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .ok()
        .filter(|out| out.status.success())?;
    let text = String::from_utf8_lossy(&out.stdout);
    let files: Vec<String> = text.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect();
    (!files.is_empty()).then_some(files)
}

/// Every file below `root`, as an unpacked archive has them: what is built or hidden is left out.
fn walk(root: &Path) -> io::Result<Vec<String>> {
    let mut files = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') || ["target", "__pycache__"].contains(&name.as_str()) {
                continue;
            }
            let path = format!("{folder}{name}");
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(path + "/");
            } else if kind.is_file() {
                files.push(path);
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_declared_for_tests_makes_its_file_a_test() {
        let tree = Tree::new([
            ("crates/a/src/lib.rs", "#[cfg(test)] mod checks; mod plain;"),
            ("crates/a/src/checks.rs", "fn f() {}"),
            ("crates/a/src/plain.rs", "#[cfg(test)] mod tests;"),
            ("crates/a/src/plain/tests.rs", "fn f() {}"),
        ]);
        let is_test = |path: &str| {
            let source = tree.file(path).expect("it is listed");
            source.is_test(source.tokens.len() - 1)
        };
        assert!(is_test("crates/a/src/checks.rs") && is_test("crates/a/src/plain/tests.rs"));
        assert!(!is_test("crates/a/src/lib.rs"));
    }

    #[test]
    fn this_workspace_is_read_with_and_without_git() {
        let root = crate::root();
        let walked = walk(&root).expect("the workspace can be read");
        let tree = Tree::read(&root).expect("the workspace can be read");
        assert!(walked.iter().any(|path| path == "xtask/src/tidy/read/tree.rs"));
        assert!(tree.file("xtask/src/tidy/read/tree.rs").is_some());
        assert!(tree.files.iter().all(|source| !source.path.starts_with("target/")));
    }
}
