//! Another commit beside the working tree: its files, and the programs that were built of them.
//!
//! Below the folder that everything is built into, `target/revisions/tree` is a clone at the commit that is asked for,
//! `target/revisions/target` what cargo builds of it, and a folder with the commit's name has copies of its programs.
//! All commits share the clone and the build folder, so that the crates of others are compiled once; the programs of
//! the last few commits are kept.

use crate::{Failure, command};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

/// The commits whose programs are kept, this one included.
const KEPT: usize = 4;
/// Written anew in a commit's folder whenever it is used; its time says when that was.
const USED: &str = "used";
/// The package whose benches time the stages.
const ENGINE: &str = "eckart";

/// A commit, checked out.
pub(crate) struct Revision {
    /// The full name of the commit.
    pub(crate) commit: String,
    /// Its files.
    pub(crate) tree: PathBuf,
    /// Copies of its programs.
    kept: PathBuf,
    /// What cargo builds into.
    target: PathBuf,
    /// Held until this is dropped: the clone is at one commit at a time.
    _lock: File,
}

impl Revision {
    /// Checks `rev` of the repository at `root` out below `target`, and removes the programs of commits that were not
    /// used for long.
    pub(crate) fn check_out(root: &Path, target: &Path, rev: &str) -> Result<Self, Failure> {
        let commit = resolve(root, rev)?;
        let folder = target.join("revisions");
        let failure = |error: io::Error| Failure::new(format!("can't keep revisions in {}: {error}", folder.display()));
        let kept = folder.join(&commit);
        fs::create_dir_all(&kept).map_err(failure)?;
        let lock = File::create(folder.join("lock")).map_err(failure)?;
        if lock.try_lock().is_err() {
            println!("another task uses the revisions: waiting for it to end");
            lock.lock().map_err(failure)?;
        }
        fs::write(kept.join(USED), rev).map_err(failure)?;
        remove_stale(&folder, KEPT).map_err(failure)?;
        let tree = folder.join("tree");
        if !switch(&tree, &commit) {
            // There is none yet, or what it was cloned of has moved.
            if tree.exists() {
                fs::remove_dir_all(&tree).map_err(failure)?;
            }
            command::run(git(root).args(["clone", "--quiet", "--shared", "--no-checkout", "."]).arg(&tree))?;
            if !switch(&tree, &commit) {
                return Err(Failure::new(format!("`{rev}` can't be checked out: try `git status`")));
            }
        }
        Ok(Self { commit, tree, kept, target: folder.join("target"), _lock: lock })
    }

    /// As much of the commit's name as is printed.
    pub(crate) fn short(&self) -> &str {
        &self.commit[..7]
    }

    /// The release program `name` of `package`, built unless it is there.
    pub(crate) fn program(&self, package: &str, name: &str) -> Result<PathBuf, Failure> {
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        let kept = self.kept.join(&file);
        if !kept.is_file() {
            println!("building `{name}` of {}", self.short());
            command::run(&mut build(&self.tree, package, Some(&self.target)))?;
            self.keep(&self.target.join("release").join(file), &kept)?;
        }
        Ok(kept)
    }

    /// The programs that time the stages, by the names of their files; built unless they are there. `stages` chooses,
    /// and none means all.
    pub(crate) fn benches(&self, stages: &[String]) -> Result<BTreeMap<String, PathBuf>, Failure> {
        let folder = self.kept.join("benches");
        let is_there = !stages.is_empty() && stages.iter().all(|stage| folder.join(stage).is_file());
        let all = self.kept.join("all-benches");
        if !is_there && !all.exists() {
            println!("building the benches of {}", self.short());
            fs::create_dir_all(&folder).map_err(|error| Failure::new(format!("can't keep benches: {error}")))?;
            for (stage, program) in benches(&self.tree, stages, Some(&self.target))? {
                self.keep(&program, &folder.join(stage))?;
            }
            if stages.is_empty() {
                let written = fs::write(&all, "");
                written.map_err(|error| Failure::new(format!("can't keep benches: {error}")))?;
            }
        }
        let listed = fs::read_dir(&folder).into_iter().flatten().filter_map(Result::ok);
        let named = listed.filter_map(|entry| Some((entry.file_name().to_str()?.to_owned(), entry.path())));
        Ok(named.filter(|(stage, _)| stages.is_empty() || stages.contains(stage)).collect())
    }

    /// Copies a program aside and renames it, so that none is half there. No link: the next build may write into the
    /// file.
    fn keep(&self, from: &Path, to: &Path) -> Result<(), Failure> {
        let part = self.kept.join("part");
        let kept = fs::copy(from, &part).and_then(|_| fs::rename(&part, to));
        kept.map_err(|error| Failure::new(format!("can't keep {}: {error}", from.display())))
    }
}

/// The command that builds the release programs of a package of the workspace at `tree`.
fn build(tree: &Path, package: &str, target: Option<&Path>) -> Command {
    let mut build = command::cargo(tree);
    build.args(["build", "--quiet", "--release", "--package", package]);
    if let Some(target) = target {
        build.arg("--target-dir").arg(target);
    }
    // Cargo tells a task the place of its own package, which is that of another workspace here.
    build.env_remove("CARGO_MANIFEST_DIR");
    build
}

/// Builds the release program `name` of a package of the working tree.
pub(crate) fn working_program(root: &Path, target: &Path, package: &str, name: &str) -> Result<PathBuf, Failure> {
    command::run(&mut build(root, package, None))?;
    Ok(target.join("release").join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}

/// Builds the programs that time the stages of the workspace at `tree`: their names and where they are.
pub(crate) fn benches(
    tree: &Path,
    stages: &[String],
    target: Option<&Path>,
) -> Result<BTreeMap<String, PathBuf>, Failure> {
    let mut bench = command::cargo(tree);
    bench.args(["bench", "--quiet", "--no-run", "--package", ENGINE, "--message-format=json-render-diagnostics"]);
    if stages.is_empty() {
        bench.arg("--benches");
    }
    for stage in stages {
        bench.args(["--bench", stage]);
    }
    if let Some(target) = target {
        bench.arg("--target-dir").arg(target);
    }
    bench.env_remove("CARGO_MANIFEST_DIR").stdin(Stdio::null()).stderr(Stdio::inherit());
    let out = bench.output().map_err(|error| Failure::new(format!("`cargo bench` could not be started: {error}")))?;
    if !out.status.success() {
        return Err(Failure::new(format!("the benches of {} can't be built", tree.display())));
    }
    Ok(executables(&String::from_utf8_lossy(&out.stdout)))
}

/// The benches among what cargo says that it built, a line of JSON each.
fn executables(messages: &str) -> BTreeMap<String, PathBuf> {
    let read = |line: &str| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_bench = message["target"]["kind"].as_array()?.iter().any(|kind| kind == "bench");
        let program = message["executable"].as_str().filter(|_| is_bench)?;
        Some((message["target"]["name"].as_str()?.to_owned(), PathBuf::from(program)))
    };
    messages.lines().filter_map(read).collect()
}

/// Git, in `folder`, whatever repository the caller was told of.
fn git(folder: &Path) -> Command {
    let mut git = Command::new("git");
    git.current_dir(folder);
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        git.env_remove(name);
    }
    git
}

/// The full name of the commit that `rev` names.
fn resolve(root: &Path, rev: &str) -> Result<String, Failure> {
    let commit = format!("{rev}^{{commit}}");
    let out = git(root).args(["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]).output();
    let out = out.map_err(|error| Failure::new(format!("`git` could not be started: {error}")))?;
    let name = String::from_utf8_lossy(&out.stdout).trim().to_owned();
    if out.status.success() && name.len() >= 40 {
        return Ok(name);
    }
    Err(Failure::new(format!("`{rev}` names no commit of this repository: `git log --oneline` lists them")))
}

/// Whether `older` is `newer` or one of its ancestors; none where the repository lacks one of the two.
pub(crate) fn is_ancestor(root: &Path, older: &str, newer: &str) -> Option<bool> {
    let out = git(root).args(["merge-base", "--is-ancestor", older, newer]).output().ok()?;
    match out.status.code() {
        Some(0) => Some(true),
        Some(1) => Some(false),
        _ => None,
    }
}

/// Brings the clone at `tree` to a commit, and removes what is not of it; whether that could be done.
fn switch(tree: &Path, commit: &str) -> bool {
    // Without this git would look for a repository above, and find the one of the working tree.
    tree.join(".git").exists()
        && command::succeeds(git(tree).args(["checkout", "--quiet", "--force", "--detach", commit]))
        && command::succeeds(git(tree).args(["clean", "--quiet", "-ffdx"]))
}

/// Removes the folders of all commits but the `most` that were used last.
fn remove_stale(folder: &Path, most: usize) -> io::Result<()> {
    let mut commits: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if let Ok(used) = fs::metadata(path.join(USED)) {
            commits.push((used.modified()?, path));
        }
    }
    commits.sort();
    commits.iter().rev().skip(most).try_for_each(|(_, path)| fs::remove_dir_all(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// An empty folder of that name.
    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("eckart-xtask-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder can be made");
        folder
    }

    fn done(root: &Path, args: &[&str]) {
        let names = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        assert!(command::succeeds(git(root).args(names).args(args)), "{args:?}");
    }

    #[test]
    fn a_commit_is_checked_out_beside_the_working_tree() {
        let folder = folder("revision");
        let (root, target) = (folder.join("root"), folder.join("target"));
        fs::create_dir_all(&root).expect("a folder can be made");
        done(&root, &["init", "--quiet"]);
        for text in ["first", "second"] {
            fs::write(root.join("file"), text).expect("a file can be written");
            done(&root, &["add", "file"]);
            done(&root, &["commit", "--quiet", "-m", text]);
        }
        fs::write(root.join("file"), "not committed").expect("a file can be written");
        for (rev, text) in [("HEAD~1", "first"), ("HEAD", "second"), ("HEAD~1", "first")] {
            let revision = Revision::check_out(&root, &target, rev).expect(rev);
            assert_eq!(fs::read_to_string(revision.tree.join("file")).expect(rev), text);
            fs::write(revision.tree.join("left"), "over").expect("a file can be written");
        }
        let revision = Revision::check_out(&root, &target, "HEAD").expect("it is a commit");
        assert!(!revision.tree.join("left").exists());
        assert_eq!(fs::read_to_string(root.join("file")).expect("it is there"), "not committed");
        assert_eq!(is_ancestor(&root, "HEAD~1", "HEAD"), Some(true));
        assert_eq!(is_ancestor(&root, "HEAD", "HEAD~1"), Some(false));
        assert_eq!(is_ancestor(&root, "no-such-commit", "HEAD"), None);
        let refused = Revision::check_out(&root, &target, "no-such-commit").err().expect("it is none");
        assert!(refused.to_string().contains("`no-such-commit` names no commit"), "{refused}");
        fs::remove_dir_all(folder).expect("it was made here");
    }

    #[test]
    fn what_was_not_used_for_long_is_removed() {
        let folder = folder("stale");
        let now = SystemTime::now();
        for (name, age) in [("a", 30), ("b", 10), ("c", 20)] {
            fs::create_dir_all(folder.join(name)).expect("a folder can be made");
            let file = File::create(folder.join(name).join(USED)).expect("a file can be made");
            file.set_modified(now - Duration::from_secs(age)).expect("its time can be set");
        }
        fs::create_dir_all(folder.join("tree")).expect("a folder can be made");
        remove_stale(&folder, 2).expect("folders can be removed");
        let left = ["a", "b", "c", "tree"].map(|name| folder.join(name).exists());
        assert_eq!(left, [false, true, true, true]);
        fs::remove_dir_all(folder).expect("it was made here");
    }

    #[test]
    fn benches_are_found_in_what_cargo_says() {
        let messages = "{\"reason\":\"compiler-artifact\",\"target\":{\"kind\":[\"lib\"],\"name\":\"eckart\"},\
                        \"executable\":null}\nno json\n\
                        {\"reason\":\"compiler-artifact\",\"target\":{\"kind\":[\"bench\"],\"name\":\"expr\"},\
                        \"executable\":\"target/release/deps/expr-1\"}\n";
        let found: Vec<_> = executables(messages).into_iter().collect();
        assert_eq!(found, [("expr".to_owned(), PathBuf::from("target/release/deps/expr-1"))]);
    }
}
