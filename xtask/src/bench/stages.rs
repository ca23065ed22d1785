//! `cargo xtask bench stages`: times the stages of the engine, each by itself.

use crate::{Failure, command};
use std::path::Path;

/// Where these benches are, a file a stage.
const BENCHES: &str = "crates/eckart/benches";

/// Runs all, or those that `args` name: a stage is named by its file, a case by a part of `stage/case`.
pub(super) fn run(args: &[String]) -> Result<(), Failure> {
    let root = crate::root();
    let mut bench = command::cargo(&root);
    command::run(bench.args(["bench", "--quiet", "--package", "eckart"]).args(chosen(&root, args)))
}

/// The arguments that choose among the benches.
fn chosen(root: &Path, args: &[String]) -> Vec<String> {
    let is_bench = |arg: &&String| root.join(BENCHES).join(format!("{arg}.rs")).is_file();
    let (benches, cases): (Vec<&String>, Vec<&String>) = args.iter().partition(is_bench);
    let mut words: Vec<String> = benches.into_iter().flat_map(|name| ["--bench".to_owned(), name.clone()]).collect();
    if !cases.is_empty() {
        words.push("--".to_owned());
        words.extend(cases.into_iter().cloned());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bench_is_told_from_a_case() {
        let chosen = |text: &str| {
            let args: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            chosen(&crate::root(), &args).join(" ")
        };
        assert_eq!(chosen(""), "");
        assert_eq!(chosen("run"), "--bench run");
        assert_eq!(chosen("run digits"), "--bench run -- digits");
        assert_eq!(chosen("sotu"), "-- sotu");
    }
}
