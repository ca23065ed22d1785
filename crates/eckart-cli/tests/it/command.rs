//! Command: the built `eckart`, run in a folder of its own.
//! In: arguments, files, standard input.  Out: what it printed and its exit code.
//! Invariant: a run that should succeed and does not shows what it said.
//! Not here: what is expected of it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use eckart::Code;
use serde_json::Value;
use tempfile::TempDir;

/// A folder, and the command run in it.
pub(crate) struct Desk(TempDir);

/// What a run left.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Desk {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// The path of a file in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file.
    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        std::fs::write(self.path(name), bytes).unwrap();
        self
    }

    /// The command, not yet started. Words are parted at blanks; `{digits}` is the example's path.
    pub(crate) fn command(&self, words: &str, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_eckart"));
        command.args(words.split_whitespace().map(|word| word.replace("{digits}", &digits())));
        command.args(more).current_dir(self.0.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the command.
    pub(crate) fn run(&self, words: &str, more: &[&str]) -> Said {
        said(self.command(words, more).output().unwrap())
    }

    /// Runs the command with bytes on its standard input.
    pub(crate) fn run_with_input(&self, words: &str, input: &[u8]) -> Said {
        let mut child = self.command(words, &[]).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        said(child.wait_with_output().unwrap())
    }

    /// What a run that succeeds prints.
    #[track_caller]
    pub(crate) fn prints(&self, words: &str, more: &[&str]) -> String {
        self.run(words, more).success().out
    }

    /// The object that a run with `--json` prints.
    #[track_caller]
    pub(crate) fn json(&self, words: &str, more: &[&str]) -> Value {
        self.run(words, &[more, &["--json"]].concat()).success().json()
    }

    /// Checks that a run is refused as the user's fault, with that code, in one paragraph that holds all of `texts`:
    /// what it must name.
    #[track_caller]
    pub(crate) fn refuses(&self, words: &str, more: &[&str], code: Code, texts: &[&str]) {
        let said = self.run(words, more);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{words}: {}", said.err);
        let begins = said.err.starts_with(&format!("error[{code}]: "));
        assert!(begins && !said.err.trim_end().contains("\n\n"), "{words}: {code} is not {}", said.err);
        for text in texts {
            assert!(said.err.contains(text), "{words}: {text:?} is not in: {}", said.err);
        }
    }
}

impl Said {
    /// Checks that it warned, with that code and in a line that holds `text`: what it must name.
    #[track_caller]
    pub(crate) fn warned(&self, code: Code, text: &str) {
        let begin = format!("warning[{code}]: ");
        let found = self.err.lines().any(|line| line.starts_with(&begin) && line.contains(text));
        assert!(found, "{code} with {text:?} is not in: {}", self.err);
    }

    /// The same, which must have ended well and said nothing on standard error, but how files were understood, and that
    /// its iterations were too few.
    #[track_caller]
    pub(crate) fn success(self) -> Self {
        let early = format!("warning[{}]: ", Code::NotConverged);
        let rest: Vec<&str> =
            self.err.lines().filter(|line| !line.starts_with(&early) && !line.starts_with("read ")).collect();
        assert_eq!((self.code, rest), (Some(0), Vec::new()), "{}", self.out);
        self
    }

    /// Standard output, which must be one JSON object and nothing else.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let value: Value = serde_json::from_str(&self.out).unwrap();
        assert!(value.is_object());
        value
    }
}

/// What an ended process said.
pub(crate) fn said(output: std::process::Output) -> Said {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// The example's pictures.
pub(crate) fn digits() -> String {
    example("digits/images.npy").display().to_string()
}

/// A file of the examples.
pub(crate) fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data").join(name)
}
