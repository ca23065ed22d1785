//! The Python checks: pytest on `tests/python`; and environments of pinned packages, kept in the target folder.

use crate::{Failure, chromium, command};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the tests and the list of pinned packages are.
const TESTS: &str = "tests/python";

/// Runs the Python tests, with the path of the built `eckart` command in ECKART_BIN.
pub(crate) fn check(root: &Path) -> Result<(), Failure> {
    let requirements = root.join(TESTS).join("requirements.txt");
    if !requirements.exists() {
        println!("no Python tests: {TESTS}/requirements.txt is not there");
        return Ok(());
    }
    let built = command::built()?;
    let target = built.parent().unwrap_or(&built);
    let wanted = fs::read_to_string(&requirements)
        .map_err(|error| Failure::new(format!("can't read {}: {error}", requirements.display())))?;
    let python = environment(&target.join("venv"), &wanted, &["-m", "pytest", "--version"], |python| {
        command::run(pip(python).args(["--only-binary", ":all:", "--requirement"]).arg(&requirements))
    })?;
    command::run(command::cargo(root).args(["build", "--package", "eckart-cli"]))?;
    let mut pytest = Command::new(python);
    pytest.args(["-m", "pytest", "-p", "no:cacheprovider", TESTS]).current_dir(root);
    pytest.env("ECKART_BIN", built.join(format!("eckart{}", std::env::consts::EXE_SUFFIX)));
    pytest.env("PYTHONDONTWRITEBYTECODE", "1");
    if let Some(browser) = chromium::find(target) {
        pytest.env("ECKART_CHROMIUM", browser);
    }
    command::run(&mut pytest)
}

/// The Python of the environment at `venv`: made anew, and filled by `install`, unless it was made for the same
/// requirements and still runs `probe`.
pub(crate) fn environment(
    venv: &Path,
    wanted: &str,
    probe: &[&str],
    install: impl FnOnce(&Path) -> Result<(), Failure>,
) -> Result<PathBuf, Failure> {
    let stamp = venv.join("made-for.txt");
    let python = python_of(venv);
    if is_stamped(&stamp, wanted) && command::succeeds(Command::new(&python).args(probe)) {
        return Ok(python);
    }
    if venv.exists() {
        fs::remove_dir_all(venv)
            .map_err(|error| Failure::new(format!("can't remove the old {}: {error}", venv.display())))?;
    }
    let make = command::run(Command::new(system_python()?).args(["-m", "venv"]).arg(venv));
    make.map_err(|failure| Failure::new(format!("{failure}; Debian has the module in the package python3-venv")))?;
    install(&python)?;
    // The stamp comes last: an environment that is half made is made anew.
    fs::write(&stamp, wanted).map_err(|error| Failure::new(format!("can't write {}: {error}", stamp.display())))?;
    Ok(python)
}

/// The command that installs packages for `python`; what to install is to be added.
pub(crate) fn pip(python: &Path) -> Command {
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    pip
}

fn is_stamped(stamp: &Path, wanted: &str) -> bool {
    fs::read_to_string(stamp).is_ok_and(|made_for| made_for == wanted)
}

fn python_of(venv: &Path) -> PathBuf {
    if cfg!(windows) { venv.join("Scripts").join("python.exe") } else { venv.join("bin").join("python") }
}

/// The name of a Python 3 of this machine.
pub(crate) fn system_python() -> Result<&'static str, Failure> {
    let is_three = |name: &&&str| {
        command::succeeds(Command::new(**name).args(["-c", "import sys; sys.exit(sys.version_info < (3, 11))"]))
    };
    let found = ["python3", "python"].iter().find(is_three);
    found
        .copied()
        .ok_or_else(|| Failure::new("no Python 3.11 or later: neither `python3` nor `python` runs; install it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_holds_for_the_same_requirements_only() {
        let folder = std::env::temp_dir().join(format!("eckart-stamp-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder can be made");
        let stamp = folder.join("made-for.txt");
        assert!(!is_stamped(&stamp, "numpy==1\n"));
        fs::write(&stamp, "numpy==1\n").expect("the folder is ours");
        assert!(is_stamped(&stamp, "numpy==1\n"));
        assert!(!is_stamped(&stamp, "numpy==2\n"));
        fs::remove_dir_all(&folder).expect("the folder is ours");
    }
}
