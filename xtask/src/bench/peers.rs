//! The peers: an environment of pinned Python packages, and how a peer's side is started.

use crate::{Failure, python};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Settings of BLAS that are for other programs, and slow a peer.
const REMOVED: [&str; 2] = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"];
/// What libraries read the number of their threads from.
const THREADS: [&str; 6] = [
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NPROC",
    "ECKART_BENCH_THREADS",
];
/// Peers that are too large to install: used where this machine's own Python has them.
const OWN: [&str; 1] = ["torch"];
/// Where, in the environment, it is said what could not be installed.
const MISSING: &str = "not-installed.txt";

/// The peers of this machine.
pub(super) struct Peers {
    root: PathBuf,
    target: PathBuf,
    /// The Python of the environment, or why there is none.
    python: Result<PathBuf, Failure>,
}

impl Peers {
    /// Makes the environment below `target` unless it is there.
    pub(super) fn install(root: &Path, target: &Path) -> Result<Self, Failure> {
        let list = root.join("bench/requirements.txt");
        let wanted = fs::read_to_string(&list)
            .map_err(|error| Failure::new(format!("can't read bench/requirements.txt: {error}")))?;
        let venv = target.join("bench-venv");
        let python = python::environment(&venv, &wanted, &["-c", ""], |python| {
            println!("installing the peers; it takes some minutes, once");
            let missing = install_each(python, &list, &wanted);
            fs::write(venv.join(MISSING), missing)
                .map_err(|error| Failure::new(format!("can't write {MISSING}: {error}")))
        });
        if let Ok(missing) = fs::read_to_string(venv.join(MISSING)) {
            print!("{missing}");
        }
        Ok(Self { root: root.to_owned(), target: target.to_owned(), python })
    }

    /// The command that serves a peer with so many threads, or why there is none.
    pub(super) fn command(&self, peer: &str, threads: usize) -> Result<Command, Failure> {
        let python = match &self.python {
            _ if OWN.contains(&peer) => PathBuf::from(python::system_python()?),
            Ok(python) => python.clone(),
            Err(failure) => return Err(Failure::new(failure.to_string())),
        };
        let mut command = Command::new(python);
        command.args(["-m", "peers.worker", peer]).current_dir(self.root.join("bench"));
        for name in REMOVED {
            command.env_remove(name);
        }
        for name in THREADS {
            command.env(name, threads.to_string());
        }
        let eigen = format!("--xla_cpu_multi_thread_eigen={}", threads > 1);
        command.env("XLA_FLAGS", eigen).env("JAX_PLATFORMS", "cpu").env("PYTHONDONTWRITEBYTECODE", "1");
        let compiled = format!("base_compiledir={}", self.target.join("bench-pytensor").display());
        command.env("PYTENSOR_FLAGS", compiled);
        Ok(command)
    }

    /// What a peer says of itself, as one line.
    pub(super) fn probe(&self, peer: &str) -> String {
        let answer = self.command(peer, 1).and_then(|mut command| {
            let out = command.arg("probe").output().map_err(|error| Failure::new(error.to_string()))?;
            serde_json::from_slice::<Value>(&out.stdout).map_err(|error| Failure::new(error.to_string()))
        });
        let said = |answer: &Value, key: &str| answer[key].as_str().map(str::to_owned);
        match answer {
            Ok(answer) => said(&answer, "version")
                .unwrap_or_else(|| format!("absent: {}", said(&answer, "absent").unwrap_or_default())),
            Err(failure) => format!("absent: {failure}"),
        }
    }
}

/// Installs all lines at once, or, where that can't be done, one after the other; says which can't be installed and
/// why.
fn install_each(python: &Path, list: &Path, wanted: &str) -> String {
    // Why it failed, if it did.
    let fails = |command: &mut Command| match command.output() {
        Ok(out) if out.status.success() => None,
        Ok(out) => Some(last_error(&String::from_utf8_lossy(&out.stderr))),
        Err(error) => Some(error.to_string()),
    };
    if fails(python::pip(python).arg("--requirement").arg(list)).is_none() {
        return String::new();
    }
    let one = |line: &str| fails(python::pip(python).arg("--constraint").arg(list).arg(line));
    let missing = requirements(wanted).filter_map(|line| Some(format!("{line} can't be installed: {}\n", one(line)?)));
    missing.collect()
}

fn requirements(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The last line that says what went wrong.
fn last_error(text: &str) -> String {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines()
        .rfind(|line| line.starts_with("ERROR"))
        .or_else(|| lines().next_back())
        .unwrap_or("no reason given")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peers(python: Result<PathBuf, Failure>) -> Peers {
        Peers { root: "root".into(), target: "target".into(), python }
    }

    #[test]
    fn every_side_gets_the_same_threads_and_blas_is_not_slowed() {
        let command = peers(Ok("python".into())).command("jax", 3).expect("there is a Python");
        let value = |name: &str| {
            let found = command.get_envs().find(|(key, _)| *key == name);
            found.map(|(_, value)| value.map(|text| text.to_string_lossy().into_owned()))
        };
        assert!(THREADS.iter().all(|name| value(name) == Some(Some("3".into()))));
        assert!(REMOVED.iter().all(|name| value(name) == Some(None)));
    }

    #[test]
    fn without_python_there_is_a_reason() {
        let peers = peers(Err(Failure::new("no Python")));
        assert_eq!(peers.command("jax", 1).expect_err("there is none").to_string(), "no Python");
        assert_eq!(peers.probe("jax"), "absent: no Python");
    }

    #[test]
    fn requirements_and_errors_are_found_among_other_lines() {
        assert_eq!(requirements("# a\nb==1\n\nc==2\n").collect::<Vec<_>>(), ["b==1", "c==2"]);
        assert_eq!(last_error("warn\nERROR: no version\nnote\n"), "ERROR: no version");
        assert_eq!(last_error("it broke\n"), "it broke");
        assert_eq!(last_error(""), "no reason given");
    }
}
