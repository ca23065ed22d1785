//! Exceptions: differences that a commit has announced, a line of `exceptions.txt` each.

use super::verdict::{Field, Finding, Numerics};
use crate::Failure;
use crate::revision::is_ancestor;
use std::cell::Cell;
use std::path::Path;

/// The lines, as they stand in the repository.
pub(super) const LINES: &str = include_str!("exceptions.txt");
/// Bits that a change of the arithmetic changes together.
const BITS: &[Field] = &[Field::Factors, Field::Transform, Field::Values];

/// A line.
#[derive(Debug)]
pub(super) struct Exception {
    runs: String,
    fields: Vec<Field>,
    since: Since,
    /// The line itself, to be shown.
    text: String,
    /// How many findings it has swallowed.
    used: Cell<usize>,
    /// Whether its pattern met a run.
    met: Cell<bool>,
}

/// From when on the difference is there.
#[derive(Debug, PartialEq, Eq)]
enum Since {
    Numerics(u64),
    /// Whether REV is older than the change.
    Binds(bool),
}

/// Reads the lines. `revision` is compared with the commits that they name.
pub(super) fn read(text: &str, root: &Path, revision: &str) -> Result<Vec<Exception>, Failure> {
    let is_older = |commit: &str| is_ancestor(root, revision, commit);
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    let read = |(at, line): (usize, &str)| {
        let wrong = |what: &str| Failure::new(format!("xtask/src/same/exceptions.txt:{}: {what}: `{line}`", at + 1));
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let [runs, field, since, reason] = columns[..] else { return Err(wrong("a line has four columns")) };
        if reason.is_empty() || runs.is_empty() {
            return Err(wrong("runs and reason must be said"));
        }
        let fields = match (field, Field::named(field)) {
            ("bits", _) => BITS.to_vec(),
            (_, Some(field)) => vec![field],
            _ => return Err(wrong("this is no field")),
        };
        let since = match since.split_once(' ') {
            Some(("numerics", number)) => Since::Numerics(number.parse().map_err(|_| wrong("this is no number"))?),
            Some(("after", commit)) => {
                Since::Binds(is_older(commit).ok_or_else(|| wrong("this repository has no such commit"))?)
            }
            _ => return Err(wrong("since is `numerics N` or `after COMMIT`")),
        };
        let (used, met) = (Cell::new(0), Cell::new(false));
        Ok(Exception { runs: runs.to_owned(), fields, since, text: line.to_owned(), used, met })
    };
    lines.map(read).collect()
}

impl Exception {
    /// Whether it lets `finding` of the run `name` pass.
    fn swallows(&self, name: &str, finding: &Finding, numerics: Numerics) -> bool {
        let is_since = match self.since {
            Since::Numerics(number) => numerics[0] < number && number <= numerics[1],
            Since::Binds(binds) => binds,
        };
        is_since && self.fields.contains(&finding.field) && matches(&self.runs, name)
    }
}

/// The exception that lets a finding pass, if any; it is counted.
pub(super) fn swallowing<'a>(
    exceptions: &'a [Exception],
    name: &str,
    finding: &Finding,
    numerics: Numerics,
) -> Option<&'a str> {
    let found = exceptions.iter().find(|exception| exception.swallows(name, finding, numerics))?;
    found.used.set(found.used.get() + 1);
    Some(&found.text)
}

/// Notes that the run `name` was compared.
pub(super) fn meet(exceptions: &[Exception], name: &str) {
    exceptions.iter().filter(|exception| matches(&exception.runs, name)).for_each(|exception| exception.met.set(true));
}

/// The lines that met a run and let nothing pass.
pub(super) fn unused(exceptions: &[Exception]) -> Vec<&str> {
    let unused = exceptions.iter().filter(|exception| exception.met.get() && exception.used.get() == 0);
    unused.map(|exception| exception.text.as_str()).collect()
}

/// Whether `name` is `pattern`, in which `*` stands for any run of letters.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((begin, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(name) = name.strip_prefix(begin) else { return false };
    (0..=name.len()).filter(|&at| name.is_char_boundary(at)).any(|at| matches(rest, &name[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(field: Field) -> Finding {
        Finding { field, text: "it differs".into() }
    }

    #[test]
    fn the_lines_of_the_repository_can_be_read() {
        // Commits may be missing from a shallow clone; everything else must be right.
        let failure = read(LINES, &crate::root(), "HEAD").err().map(|failure| failure.to_string());
        assert!(failure.iter().all(|text| text.contains("no such commit")), "{failure:?}");
    }

    #[test]
    fn an_exception_swallows_its_runs_its_fields_and_its_time() {
        let text =
            "# a remark\n\nkl/* | bits | numerics 2 | sums in another order\n*/sotu | exit | numerics 3 | refused";
        let all = read(text, Path::new("."), "HEAD").expect("it is right");
        let passes = |name, field, numerics| swallowing(&all, name, &finding(field), numerics).is_some();
        assert!(passes("kl/sotu", Field::Factors, [1, 2]) && passes("kl/dense-f32", Field::Values, [1, 3]));
        assert!(!passes("kl/sotu", Field::Cost, [1, 2]), "bits may differ, costs may not");
        assert!(!passes("l1/sotu", Field::Factors, [1, 2]), "another run");
        assert!(!passes("kl/sotu", Field::Factors, [2, 2]) && !passes("kl/sotu", Field::Factors, [1, 1]));
        meet(&all, "kl/sotu");
        assert_eq!(unused(&all), ["*/sotu | exit | numerics 3 | refused"]);
        assert!(passes("kl/sotu", Field::Exit, [2, 3]));
        assert!(unused(&all).is_empty());
    }

    #[test]
    fn what_no_run_met_is_not_called_unused() {
        let all = read("kl/* | keys | numerics 2 | a key", Path::new("."), "HEAD").expect("it is right");
        meet(&all, "l1/sotu");
        assert!(unused(&all).is_empty());
    }

    #[test]
    fn wrong_lines_are_refused_with_their_number() {
        let refused = |line: &str| read(line, &crate::root(), "HEAD").expect_err(line).to_string();
        assert!(refused("kl/* | keys | numerics 2").contains("exceptions.txt:1: a line has four columns"));
        assert!(refused("\nkl/* | colour | numerics 2 | x").contains(":2: this is no field"));
        assert!(refused("kl/* | keys | numerics x | x").contains("no number"));
        assert!(refused("kl/* | keys | 2 | x").contains("since is"));
        assert!(refused("kl/* | keys | after no-such-commit | x").contains("no such commit"));
        assert!(refused("kl/* | keys | numerics 2 | ").contains("must be said"));
    }

    #[test]
    fn a_star_is_any_run_of_letters() {
        for (pattern, name) in [("*", "kl/sotu"), ("kl/*", "kl/sotu"), ("*/so*", "kl/sotu"), ("kl/sotu", "kl/sotu")] {
            assert!(matches(pattern, name), "{pattern}");
        }
        for (pattern, name) in [("kl", "kl/sotu"), ("l/*", "kl/sotu"), ("*/sot", "kl/sotu"), ("", "kl/sotu")] {
            assert!(!matches(pattern, name), "{pattern}");
        }
    }
}
