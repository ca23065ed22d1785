//! The list of offenders: what is against a law today and excused until it is mended. It only ever gets shorter.
//!
//! A line is `law | path | item | measure`. What is on the list is silent; what is not, or measures more than its line
//! says, fails. A line that no longer offends, or by less, fails too, until `cargo xtask tidy --shrink` has removed or
//! lowered it. So the tree can't get worse, and what has been won is kept.

use super::finding::Finding;
use super::read::Tree;
use crate::Failure;
use std::collections::{BTreeMap, BTreeSet};

/// Where the list lies.
pub(crate) const FILE: &str = "xtask/offenders.txt";

const HEAD: &str = "\
# What is against a law of `cargo xtask tidy` today: law | path | item | measure.
# This list only gets shorter: mend one, then run `cargo xtask tidy --shrink`. New code has to keep the laws.
";

/// What a line of the list is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) law: String,
    pub(crate) path: String,
    pub(crate) item: String,
}

/// The offenders and their measures, sorted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Offenders(BTreeMap<Key, usize>);

/// How the list and the tree differ.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// What is worse than listed; never taken into the list.
    pub(crate) worse: BTreeSet<Key>,
    /// The lines that say too much, each as a sentence.
    pub(crate) too_much: Vec<String>,
    /// The list without what it says too much.
    pub(crate) shrunk: Offenders,
}

impl Offenders {
    /// Reads a list; a line that is none is named.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let mut listed = BTreeMap::new();
        for (i, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            let cells: Vec<&str> = line.split(" | ").collect();
            let wrong = |why: &str| Failure::new(format!("{FILE}:{}: `{line}` {why}", i + 1));
            let [law, path, item, measure] = cells[..] else {
                return Err(wrong("is no line `law | path | item | measure`"));
            };
            let measure: usize = measure.parse().map_err(|_| wrong("ends with no whole number"))?;
            let key = Key { law: law.to_owned(), path: path.to_owned(), item: item.to_owned() };
            if listed.insert(key, measure).is_some() {
                return Err(wrong("stands there twice: keep one"));
            }
        }
        Ok(Self(listed))
    }

    /// The text of the list.
    pub(crate) fn render(&self) -> String {
        let row = |(key, measure): (&Key, &usize)| format!("{} | {} | {} | {measure}\n", key.law, key.path, key.item);
        HEAD.to_owned() + &self.0.iter().map(row).collect::<String>()
    }

    /// Adds what `law` found; what has the same key (two functions of one name) is added up.
    pub(crate) fn add(&mut self, law: &str, findings: &[Finding]) {
        for finding in findings {
            if let Some(key) = Key::of(law, finding) {
                *self.0.entry(key).or_default() += finding.offence.as_ref().map_or(0, |offence| offence.measure);
            }
        }
    }

    /// The measure that is excused.
    pub(crate) fn listed(&self, key: &Key) -> Option<usize> {
        self.0.get(key).copied()
    }

    /// How many lines each law has, by its name.
    pub(crate) fn counts(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for key in self.0.keys() {
            *counts.entry(key.law.as_str()).or_default() += 1;
        }
        counts
    }

    /// Compares this list with what was `found` in `tree`.
    pub(crate) fn judge(&self, found: &Self, tree: &Tree) -> Verdict {
        let mut verdict = Verdict::default();
        let mut released = self.released(tree);
        for (key, &now) in &found.0 {
            match self.listed(key) {
                Some(listed) if now <= listed => {
                    verdict.shrunk.0.insert(key.clone(), now);
                    if now < listed {
                        verdict.too_much.push(format!("`{key}` measures {now} now, not {listed}: lower the line"));
                    }
                }
                None if take(&mut released, key, now) => {
                    verdict.too_much.push(format!("`{}` is in {} now: move the line", key.item, key.path));
                    verdict.shrunk.0.insert(key.clone(), now);
                }
                listed => {
                    verdict.worse.insert(key.clone());
                    verdict.shrunk.0.extend(listed.map(|listed| (key.clone(), listed)));
                }
            }
        }
        let gone = self.0.keys().filter(|key| !found.0.contains_key(key));
        verdict.too_much.extend(gone.map(|key| format!("`{key}` is no offender any more: remove the line")));
        verdict
    }

    /// What the lines of files that are gone excuse, by law and item: a file that is renamed or cut up takes its lines
    /// along, as far as their sum goes.
    fn released(&self, tree: &Tree) -> BTreeMap<(String, String), usize> {
        let mut released = BTreeMap::new();
        for (key, measure) in &self.0 {
            if !tree.files.iter().any(|source| source.is_in(&key.path)) {
                *released.entry((key.law.clone(), key.item.clone())).or_default() += measure;
            }
        }
        released
    }
}

/// Takes `measure` out of what is released for the law and item of `key`, if that is enough.
fn take(released: &mut BTreeMap<(String, String), usize>, key: &Key, measure: usize) -> bool {
    match released.get_mut(&(key.law.clone(), key.item.clone())) {
        Some(left) if *left >= measure => {
            *left -= measure;
            true
        }
        _ => false,
    }
}

impl Key {
    /// The key of what `law` found; none where it excuses nothing.
    pub(crate) fn of(law: &str, finding: &Finding) -> Option<Self> {
        let offence = finding.offence.as_ref()?;
        Some(Self { law: law.to_owned(), path: finding.path.clone(), item: offence.item.clone() })
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} | {} | {}", self.law, self.path, self.item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTED: &str = "long | a.rs | f | 75\nlong | b.rs | g | 80\nwords | a.rs | dear | 3\n";

    /// Judges `now`, lines of a list, in a tree of the files `a.rs` and `c.rs`.
    fn judge(now: &str) -> Verdict {
        let parse = |text| Offenders::parse(text).expect("the list is well-formed");
        parse(LISTED).judge(&parse(now), &Tree::new([("a.rs", ""), ("c.rs", "")]))
    }

    fn lines(list: &Offenders) -> String {
        list.render().strip_prefix(HEAD).expect("the list begins with its head").to_owned()
    }

    #[test]
    fn a_list_comes_back_as_it_was() {
        let list = Offenders::parse(&format!("{HEAD}\n{LISTED}")).expect("the list is well-formed");
        assert_eq!(lines(&list), LISTED);
        assert_eq!(list.counts().into_iter().collect::<Vec<_>>(), [("long", 2), ("words", 1)]);
        for (text, why) in [
            ("a | b | 3", "offenders.txt:1: `a | b | 3` is no line"),
            ("# x\na | b | c | many", "offenders.txt:2: `a | b | c | many` ends with no whole number"),
            ("a | b | c | 1\na | b | c | 2", "stands there twice"),
        ] {
            let failure = Offenders::parse(text).expect_err("the line is wrong").to_string();
            assert!(failure.contains(why), "{failure}");
        }
    }

    #[test]
    fn what_is_listed_is_silent() {
        let verdict = judge(LISTED);
        assert!(verdict.worse.is_empty() && verdict.too_much.is_empty());
        assert_eq!(lines(&verdict.shrunk), LISTED);
    }

    #[test]
    fn what_is_new_or_larger_is_never_taken_in() {
        let verdict =
            judge("long | a.rs | f | 76\nlong | a.rs | new | 71\nlong | b.rs | g | 80\nwords | a.rs | dear | 3\n");
        let worse: Vec<&str> = verdict.worse.iter().map(|key| key.item.as_str()).collect();
        assert_eq!(worse, ["f", "new"]);
        assert_eq!(lines(&verdict.shrunk), LISTED);
        assert!(verdict.too_much.is_empty());
    }

    #[test]
    fn what_is_mended_has_to_leave_the_list() {
        let verdict = judge("long | a.rs | f | 75\nwords | a.rs | dear | 1\n");
        assert!(verdict.worse.is_empty());
        assert_eq!(lines(&verdict.shrunk), "long | a.rs | f | 75\nwords | a.rs | dear | 1\n");
        let said = verdict.too_much.join("\n");
        assert!(said.contains("`words | a.rs | dear` measures 1 now, not 3: lower the line"), "{said}");
        assert!(said.contains("`long | b.rs | g` is no offender any more: remove the line"), "{said}");
    }

    #[test]
    fn lines_follow_a_file_that_is_renamed_but_never_grow() {
        let rest = "long | a.rs | f | 75\nwords | a.rs | dear | 3\n";
        let moved = judge(&format!("{rest}long | c.rs | g | 79\n"));
        assert!(moved.worse.is_empty());
        assert_eq!(lines(&moved.shrunk), "long | a.rs | f | 75\nlong | c.rs | g | 79\nwords | a.rs | dear | 3\n");
        assert!(moved.too_much.join("\n").contains("`g` is in c.rs now: move the line"));
        assert_eq!(judge(&format!("{rest}long | c.rs | g | 81\n")).worse.len(), 1, "it has grown");
        assert_eq!(judge(&format!("{rest}long | c.rs | h | 79\n")).worse.len(), 1, "it is another one");
        let kept = judge("long | b.rs | g | 80\nlong | c.rs | f | 75\nwords | a.rs | dear | 3\n");
        assert_eq!(kept.worse.len(), 1, "the file of `f` is still there");
    }
}
