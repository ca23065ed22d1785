//! Holds a workspace to laws and to its list of offenders, and says what is wrong.

use super::finding::Finding;
use super::offenders::{FILE, Key, Offenders, Verdict};
use super::read::Tree;
use crate::Failure;
use std::fs;
use std::path::Path;

/// A law: what it is called and how a tree is held to it.
pub(crate) struct Law {
    /// What the list of offenders calls it.
    pub(crate) key: &'static str,
    pub(crate) name: &'static str,
    pub(crate) check: fn(&Tree) -> Vec<Finding>,
}

/// What is done with the list of offenders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listing {
    /// The tree has to be as the list says.
    Hold,
    /// Lines that say too much are removed or lowered.
    Shrink,
    /// The list is written anew, where there is none.
    First,
}

/// Holds the workspace at `root` to `laws` and prints what is against one.
pub(crate) fn hold(root: &Path, laws: &[Law], listing: Listing) -> Result<(), Failure> {
    if listing == Listing::First {
        begin(root)?;
    }
    let tree = Tree::read(root).map_err(|error| Failure::new(format!("can't read the workspace: {error}")))?;
    let findings: Vec<Vec<Finding>> = laws.iter().map(|law| (law.check)(&tree)).collect();
    let mut found = Offenders::default();
    for (law, findings) in laws.iter().zip(&findings) {
        found.add(law.key, findings);
    }
    if listing == Listing::First {
        write(root, &found)?;
    }
    let listed = read(root)?;
    let verdict = listed.judge(&found, &tree);
    let each = laws.iter().zip(&findings);
    let mut violations: usize = each.map(|(law, findings)| report(law, findings, &listed, &verdict)).sum();
    if listing == Listing::Shrink {
        write(root, &verdict.shrunk)?;
        println!("{FILE}: {} line(s) removed, lowered or moved", verdict.too_much.len());
    } else {
        violations += report_too_much(&verdict.too_much);
    }
    if violations > 0 {
        return Err(Failure::new(format!("tidy: {violations} violation(s)")));
    }
    println!("tidy: {} files, {} laws, no violation; {}", tree.files.len(), laws.len(), left(&verdict.shrunk));
    Ok(())
}

/// The list; empty where there is none.
fn read(root: &Path) -> Result<Offenders, Failure> {
    Offenders::parse(&fs::read_to_string(root.join(FILE)).unwrap_or_default())
}

fn write(root: &Path, list: &Offenders) -> Result<(), Failure> {
    fs::write(root.join(FILE), list.render()).map_err(|error| Failure::new(format!("can't write {FILE}: {error}")))
}

/// Makes an empty list, since texts refer to the file; there must be none.
fn begin(root: &Path) -> Result<(), Failure> {
    if root.join(FILE).exists() {
        return Err(Failure::new(format!("{FILE} is there, and only gets shorter: `cargo xtask tidy --shrink`")));
    }
    write(root, &Offenders::default())
}

/// Prints what is against `law` and not excused; returns how much of it is a failure.
fn report(law: &Law, findings: &[Finding], listed: &Offenders, verdict: &Verdict) -> usize {
    let is_shown = |finding: &&Finding| Key::of(law.key, finding).is_none_or(|key| verdict.worse.contains(&key));
    let shown: Vec<&Finding> = findings.iter().filter(is_shown).collect();
    let broken = shown.iter().filter(|finding| !finding.warning).count();
    if broken > 0 {
        println!("against the law \"{}\" ({}):", law.name, law.key);
    }
    for finding in shown {
        match Key::of(law.key, finding).and_then(|key| listed.listed(&key)) {
            Some(most) => println!("{finding} ({FILE} excuses no more than {most})"),
            None => println!("{finding}"),
        }
    }
    broken
}

/// Prints the lines of the list that say too much; returns their number.
fn report_too_much(lines: &[String]) -> usize {
    if !lines.is_empty() {
        println!("{FILE} says more than there is; `cargo xtask tidy --shrink` does what follows:");
    }
    for line in lines {
        println!("{line}");
    }
    lines.len()
}

/// How many offenders of each law are left.
fn left(list: &Offenders) -> String {
    let counts = list.counts();
    if counts.is_empty() {
        return "no offenders left".to_owned();
    }
    let each: Vec<String> = counts.iter().map(|(law, count)| format!("{law} {count}")).collect();
    format!("offenders left: {}", each.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    /// A workspace of its own, removed at the end.
    struct Workspace(PathBuf);

    impl Workspace {
        fn new(name: &str) -> Self {
            let root = std::env::temp_dir().join(format!("eckart-tidy-{name}-{}", std::process::id()));
            fs::create_dir_all(root.join("xtask")).expect("the folder can be made");
            Self(root)
        }

        fn write(&self, path: &str, text: &str) {
            fs::write(self.0.join(path), text).expect("the file can be written");
        }

        fn list(&self) -> Vec<String> {
            let text = fs::read_to_string(self.0.join(FILE)).unwrap_or_default();
            text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
        }

        /// Whether a law that counts the letters `x` of each file holds.
        fn holds(&self, listing: Listing) -> bool {
            let law = Law { key: "letters", name: "no x", check: count_letters };
            hold(&self.0, &[law], listing).is_ok()
        }
    }

    impl Drop for Workspace {
        fn drop(&mut self) {
            drop(fs::remove_dir_all(&self.0));
        }
    }

    fn count_letters(tree: &Tree) -> Vec<Finding> {
        let count = |text: &str| text.matches('x').count();
        let sources = tree.files.iter().filter(|source| source.path != FILE && source.text.contains('x'));
        sources.map(|s| Finding::new(&s.path, 1, "an x", "remove it").measured("x", count(&s.text))).collect()
    }

    #[test]
    fn the_list_excuses_what_there_is_and_gets_shorter_only() {
        let workspace = Workspace::new("shorter");
        workspace.write("a.md", "xx");
        assert!(!workspace.holds(Listing::Hold), "nothing is excused without a list");
        assert!(workspace.holds(Listing::First) && workspace.holds(Listing::Hold));
        assert_eq!(workspace.list(), ["letters | a.md | x | 2"]);
        assert!(!workspace.holds(Listing::First), "there is a list");

        workspace.write("a.md", "xxx");
        workspace.write("b.md", "x");
        assert!(!workspace.holds(Listing::Hold) && !workspace.holds(Listing::Shrink));
        assert_eq!(workspace.list(), ["letters | a.md | x | 2"], "nothing is added");

        workspace.write("a.md", "x");
        workspace.write("b.md", "");
        assert!(!workspace.holds(Listing::Hold), "the line says too much");
        assert!(workspace.holds(Listing::Shrink) && workspace.holds(Listing::Hold));
        assert_eq!(workspace.list(), ["letters | a.md | x | 1"]);

        workspace.write("a.md", "");
        assert!(!workspace.holds(Listing::Hold) && workspace.holds(Listing::Shrink));
        assert_eq!(workspace.list(), [""; 0]);
    }

    #[test]
    fn what_is_left_is_counted_by_law() {
        let list = Offenders::parse("a | x.rs | f | 9\na | y.rs | g | 9\nb | x.rs | f | 9\n");
        assert_eq!(left(&list.expect("the list is well-formed")), "offenders left: a 2, b 1");
        assert_eq!(left(&Offenders::default()), "no offenders left");
    }
}
