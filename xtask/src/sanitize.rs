//! `cargo xtask sanitize`: runs the tests of the engine under a sanitizer that sees reads and writes beyond what is
//! there.

use std::process::Command;

use crate::{Failure, command};

/// The packages, and which of their unit tests: all of the kernels, and those of what calls them and of the
/// interpreter.
const TESTS: [(&str, &str); 2] = [("eckart-kernels", ""), ("eckart", "run::")];

/// Runs the unit tests of the kernels and of what calls them under the address sanitizer; an argument chooses other
/// tests by name.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    let chosen = match args {
        [] => None,
        [one] if !one.starts_with('-') => Some(one.as_str()),
        _ => return Err(Failure::new("sanitize takes one word at most, which the names of the tests hold")),
    };
    let root = crate::root();
    let version = Command::new("rustc").arg("-vV").output();
    let version = version.map_err(|error| Failure::new(format!("`rustc -vV` could not be started: {error}")))?;
    let host = host(&String::from_utf8_lossy(&version.stdout))?;
    for (package, tests) in TESTS {
        let tests = chosen.unwrap_or(tests);
        let mut test = command::cargo(&root);
        test.args(["test", "--package", package, "--lib", "--target", &host, "--target-dir", "target/sanitize"]);
        test.args(["--", tests]);
        // The sanitizer's flag is unstable, and the toolchain of the workspace is a stable one. Leaks are not looked
        // for: the threads of the pool never end, and what they hold would be called leaked.
        test.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Zsanitizer=address").env("ASAN_OPTIONS", "detect_leaks=0");
        command::run(&mut test)?;
    }
    Ok(())
}

/// The line of `rustc -vV` that says what it runs on: code for it by name leaves macros and build scripts unsanitized.
fn host(version: &str) -> Result<String, Failure> {
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| Failure::new("`rustc -vV` does not say what it runs on"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_found() {
        assert_eq!(
            host("rustc 1.95.0\nhost: x86_64-unknown-linux-gnu\n").expect("it is there"),
            "x86_64-unknown-linux-gnu"
        );
        assert!(host("rustc 1.95.0").is_err());
    }

    #[test]
    fn more_than_a_word_is_refused() {
        let run = |args: &[&str]| run(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>());
        assert!(run(&["--release"]).is_err());
        assert!(run(&["run::", "more"]).is_err());
    }
}
