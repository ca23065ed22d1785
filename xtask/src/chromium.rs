//! A browser for the tests of pages: the machine's own, or one that npm's registry has, kept in the target folder.

use crate::{Failure, command};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The names that `tests/python/browser.py` looks for too.
const NAMES: [&str; 6] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "chrome-headless-shell"];

/// A package that holds a headless Chromium for Linux on x86-64, packed, and the libraries it needs beside it.
const PACKAGE: &str = "@sparticuz/chromium@153.0.0";

/// Unpacks the package's files into the folder for temporary files. It thinks itself in a place where the libraries are
/// missing, and so unpacks them too.
const UNPACK: &str = "import chromium from '@sparticuz/chromium'; console.log(await chromium.executablePath());";

/// The browser to name to the tests; none where they find one by themselves, or where there is none: then it is said
/// why, and the tests that need one say that they were skipped.
pub(crate) fn find(target: &Path) -> Option<PathBuf> {
    if std::env::var_os("ECKART_CHROMIUM").is_some() || NAMES.iter().any(|name| runs(Path::new(name))) {
        return None;
    }
    let found = fetched(&target.join("chromium"));
    if let Err(failure) = &found {
        println!("no browser, so pages are not looked at: {failure}; install Chromium, or name one in ECKART_CHROMIUM");
    }
    found.ok()
}

fn runs(browser: &Path) -> bool {
    command::succeeds(Command::new(browser).arg("--version"))
}

/// The browser in `folder`, put there where it is not.
fn fetched(folder: &Path) -> Result<PathBuf, Failure> {
    let (browser, stamp) = (folder.join("chromium"), folder.join("made-for.txt"));
    if fs::read_to_string(&stamp).is_ok_and(|made_for| made_for == PACKAGE) && browser.exists() {
        return Ok(browser);
    }
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(Failure::new("the package that holds one is for Linux on x86-64 only"));
    }
    if !["node", "npm"].iter().all(|name| command::succeeds(Command::new(name).arg("--version"))) {
        return Err(Failure::new("node and npm, which could fetch one, are not there"));
    }
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| cannot("remove", folder, &error))?;
    }
    fs::create_dir_all(folder).map_err(|error| cannot("make", folder, &error))?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--prefix", ".", PACKAGE]);
    command::run(npm.current_dir(folder))?;
    let mut node = Command::new("node");
    node.args(["--input-type=module", "--eval", UNPACK]).current_dir(folder).env("TMPDIR", folder);
    command::run(node.env("AWS_EXECUTION_ENV", "AWS_Lambda_nodejs22.x").env("AWS_LAMBDA_JS_RUNTIME", "nodejs22.x"))?;
    if !browser.exists() {
        return Err(Failure::new(format!("{PACKAGE} left no {}", browser.display())));
    }
    fs::write(&stamp, PACKAGE).map_err(|error| cannot("write", &stamp, &error))?;
    Ok(browser)
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("can't {what} {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_browser_does_not_run() {
        assert!(!runs(Path::new("no-such-browser")));
    }

    #[test]
    fn the_tests_look_for_the_same_names() {
        let client = fs::read_to_string(crate::root().join("tests/python/browser.py")).expect("it is a file of ours");
        assert!(NAMES.iter().all(|name| client.contains(&format!("\"{name}\""))));
    }
}
