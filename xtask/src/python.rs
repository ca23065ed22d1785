//! The Python checks: the package is built and installed, its types are checked, and pytest runs on `tests/python`; and
//! environments of pinned packages, kept in the target folder.

use crate::{Failure, chromium, command};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the tests and the list of pinned packages are.
const TESTS: &str = "tests/python";

/// How the package is built: as the other tests are, so that it is built with them, or as it is shipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    Dev,
    Release,
}

impl Build {
    /// The name of cargo's profile.
    fn profile(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Release => "release",
        }
    }
}

/// Builds the package's wheel, checks types, runs the Python tests (with the path of the built `eckart` command in
/// ECKART_BIN), and installs the package into an environment of its own, as a user would.
pub(crate) fn check(root: &Path, build: Build) -> Result<(), Failure> {
    let requirements = root.join(TESTS).join("requirements.txt");
    let built = command::built()?;
    let target = built.parent().unwrap_or(&built);
    let wanted = fs::read_to_string(&requirements)
        .map_err(|error| Failure::new(format!("can't read {}: {error}", requirements.display())))?;
    let python = environment(&target.join("venv"), &wanted, &["-m", "pytest", "--version"], |python| {
        command::run(pip(python).args(["--only-binary", ":all:", "--requirement"]).arg(&requirements))
    })?;
    // Of the whole workspace, as the tests before built it: one package has fewer features, and all would be
    // built anew.
    command::run(command::cargo(root).args(["build", "--workspace", "--bins"]))?;
    let wheel = wheel(root, target, &python, build)?;
    command::run(pip(&python).args(["--no-deps", "--force-reinstall"]).arg(&wheel))?;
    let cache = target.join("mypy");
    command::run(Command::new(&python).args(["-m", "mypy", "--cache-dir"]).arg(cache).current_dir(root))?;
    let mut pytest = Command::new(&python);
    pytest.args(["-m", "pytest", TESTS]).current_dir(root);
    pytest.env("ECKART_BIN", built.join(format!("eckart{}", std::env::consts::EXE_SUFFIX)));
    pytest.env("PYTHONDONTWRITEBYTECODE", "1");
    if let Some(browser) = chromium::find(target) {
        pytest.env("ECKART_CHROMIUM", browser);
    }
    command::run(&mut pytest)?;
    install_fresh(root, target, build)
}

/// The wheel of the package.
fn wheel(root: &Path, target: &Path, python: &Path, build: Build) -> Result<PathBuf, Failure> {
    let folder = target.join("wheels");
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .map_err(|error| Failure::new(format!("can't remove the old {}: {error}", folder.display())))?;
    }
    let mut maturin = Command::new(python);
    maturin.args(["-m", "maturin", "build", "--profile", build.profile(), "--quiet", "--out"]);
    maturin.arg(&folder).current_dir(root);
    command::run(&mut maturin)?;
    let listed = fs::read_dir(&folder).map_err(|error| Failure::new(format!("there is no wheel: {error}")))?;
    let wheels: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).collect();
    match wheels.as_slice() {
        // One wheel for every Python from that of the abi3 feature on.
        [wheel] if wheel.to_string_lossy().contains("-abi3-") => Ok(wheel.clone()),
        _ => Err(Failure::new(format!("one wheel of the stable ABI was to be built, and there is {wheels:?}"))),
    }
}

/// `pip install .` in an environment with nothing else: it brings what it needs, and works without what it does not.
fn install_fresh(root: &Path, target: &Path, build: Build) -> Result<(), Failure> {
    let venv = target.join("fresh-venv");
    let python = environment(&venv, "", &["--version"], |_| Ok(()))?;
    let arguments = format!("build-args=--profile={}", build.profile());
    command::run(pip(&python).args(["--force-reinstall", "--config-settings", &arguments, "."]).current_dir(root))?;
    let program = "import eckart as ek; f = ek.factorize([[1, 2], [2, 4]], rank=1); assert f.cost < 1e-9, f.cost";
    command::run(Command::new(&python).args(["-c", program]).current_dir(target))
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
