//! `cargo xtask fuzz`: runs the fuzz targets, one after another, each for some time.

use crate::{Failure, command};
use std::fs;
use std::path::Path;

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Request {
    /// One target; none means all.
    target: Option<String>,
    seconds: u64,
}

/// Fuzzes one target or all.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    let request = parse(args)?;
    let root = crate::root();
    let targets = chosen(targets(&root)?, request.target.as_deref())?;
    if !command::succeeds(command::cargo(&root).args(["fuzz", "--version"])) {
        println!("cargo-fuzz is not installed: installing it");
        command::run(command::cargo(&root).args(["install", "--locked", "cargo-fuzz"]))?;
    }
    for target in &targets {
        let time = format!("-max_total_time={}", request.seconds);
        // The sanitizer's flags are unstable, and the toolchain of the workspace is a stable one.
        let mut fuzz = command::cargo(&root);
        // What is new goes to the first folder, which is not kept.
        let [finds, corpus] = ["finds", "corpus"].map(|folder| format!("fuzz/{folder}/{target}"));
        fs::create_dir_all(root.join(&finds)).map_err(|error| Failure::new(format!("{finds}: {error}")))?;
        fuzz.args(["fuzz", "run", target, &finds, &corpus, "--", &time]).env("RUSTC_BOOTSTRAP", "1");
        command::run(&mut fuzz)?;
    }
    println!("fuzz: {} target(s), {} s each, no crash", targets.len(), request.seconds);
    Ok(())
}

fn parse(args: &[String]) -> Result<Request, Failure> {
    let mut request = Request { target: None, seconds: 60 };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let seconds = if arg == "--seconds" { args.next().map(String::as_str) } else { arg.strip_prefix("--seconds=") };
        if arg.starts_with("--seconds") {
            let number = seconds.and_then(|text| text.parse().ok()).filter(|&n| n > 0);
            request.seconds = number.ok_or_else(|| Failure::new("--seconds takes a whole number, 1 or more"))?;
        } else if arg.starts_with('-') || request.target.is_some() {
            return Err(Failure::new(format!("`{arg}` is not understood: fuzz [TARGET] [--seconds N]")));
        } else {
            request.target = Some(arg.clone());
        }
    }
    Ok(request)
}

/// The names of the files in fuzz/fuzz_targets, sorted.
fn targets(root: &Path) -> Result<Vec<String>, Failure> {
    let folder = root.join("fuzz").join("fuzz_targets");
    let entries =
        fs::read_dir(&folder).map_err(|error| Failure::new(format!("can't list fuzz/fuzz_targets: {error}")))?;
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".rs").map(str::to_owned)).collect();
    names.sort();
    Ok(names)
}

/// The targets that are asked for; at least one.
fn chosen(targets: Vec<String>, asked: Option<&str>) -> Result<Vec<String>, Failure> {
    let listed = targets.join(", ");
    let chosen: Vec<String> = targets.into_iter().filter(|name| asked.is_none_or(|asked| asked == name)).collect();
    match (chosen.is_empty(), asked) {
        (false, _) => Ok(chosen),
        (true, Some(asked)) => Err(Failure::new(format!("no fuzz target is named `{asked}`; there are: {listed}"))),
        (true, None) => Err(Failure::new("fuzz/fuzz_targets holds no target")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<(Option<String>, u64), Failure> {
        let args: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        parse(&args).map(|request| (request.target, request.seconds))
    }

    #[test]
    fn arguments_are_read() {
        let expect = |text, target: Option<&str>, seconds| {
            assert_eq!(parsed(text).expect(text), (target.map(str::to_owned), seconds));
        };
        expect("", None, 60);
        expect("npy", Some("npy"), 60);
        expect("--seconds 5 npy", Some("npy"), 5);
        expect("npy --seconds=5", Some("npy"), 5);
        for wrong in ["a b", "--seconds", "--seconds x", "--seconds 0", "--secondsx", "--fast"] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_target_must_be_there() {
        let all = || vec!["csv".to_owned(), "npy".to_owned()];
        assert_eq!(chosen(all(), None).expect("all are chosen").len(), 2);
        assert_eq!(chosen(all(), Some("npy")).expect("it is there"), ["npy"]);
        assert!(chosen(all(), Some("x")).expect_err("it is not").to_string().contains("csv, npy"));
        assert!(chosen(Vec::new(), None).is_err());
    }
}
