//! What was asked of `cargo xtask bench`.

use crate::Failure;

/// How to call it.
pub(super) const USAGE: &str = "bench [TASK or PEER ...] [--before REV] [--quick] [--threads N] | --list | --peers | \
                                --table FILE | models [WORD] | stages [NAME ...] [--before REV]";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// Compare with peers, or with the build of the commit `before`.
    Compare { words: Vec<String>, before: Option<String>, quick: bool, threads: Option<usize> },
    /// Say which tasks and peers there are.
    List,
    /// Install the peers and say which can be used.
    Peers,
    /// Print the table of a kept run for `docs/speed.md`.
    Table(String),
    /// Count the published models, those whose names hold the word, that end near the least cost known.
    Models(Option<String>),
    /// Time the stages of the engine, beside those of the commit `before` where one is named.
    Stages { words: Vec<String>, before: Option<String> },
}

/// Reads the arguments.
pub(super) fn parse(args: &[String]) -> Result<Request, Failure> {
    let wrong = |arg: &str| Failure::new(format!("`{arg}` is not understood: {USAGE}"));
    match args {
        [first] if first == "models" => return Ok(Request::Models(None)),
        [first, word] if first == "models" && !word.starts_with('-') => return Ok(Request::Models(Some(word.clone()))),
        [first, rest @ ..] if first == "stages" => {
            let (words, before) = without_before(rest)?;
            return match words.iter().find(|word| word.starts_with('-')) {
                Some(option) => Err(wrong(option)),
                None => Ok(Request::Stages { words, before }),
            };
        }
        [first, rest @ ..] if ["--list", "--peers", "--table"].contains(&first.as_str()) => {
            return match (first.as_str(), rest) {
                ("--list", []) => Ok(Request::List),
                ("--peers", []) => Ok(Request::Peers),
                ("--table", [file]) => Ok(Request::Table(file.clone())),
                _ => Err(wrong(&args.join(" "))),
            };
        }
        _ => {}
    }
    let (args, before) = without_before(args)?;
    let (mut words, mut quick, mut threads) = (Vec::new(), false, None);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if arg == "--quick" {
            quick = true;
        } else if arg == "--threads" {
            let number = args.next().and_then(|text| text.parse().ok()).filter(|&n: &usize| n > 0);
            threads = Some(number.ok_or_else(|| Failure::new("--threads takes a whole number, 1 or more"))?);
        } else if arg.starts_with('-') {
            return Err(wrong(arg));
        } else {
            words.push(arg.clone());
        }
    }
    Ok(Request::Compare { words, before, quick, threads })
}

/// The arguments but for `--before REV`, and REV.
fn without_before(args: &[String]) -> Result<(Vec<String>, Option<String>), Failure> {
    let (mut rest, mut before) = (Vec::new(), None);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if arg != "--before" {
            rest.push(arg.clone());
        } else if let Some(rev) = args.next().filter(|rev| !rev.starts_with('-') && before.is_none()) {
            before = Some(rev.clone());
        } else {
            return Err(Failure::new(format!("--before takes one commit: {USAGE}")));
        }
    }
    Ok((rest, before))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Request, Failure> {
        parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn arguments_are_read() {
        let compare = |words: &[&str], quick, threads| Request::Compare {
            words: words.iter().map(|&word| word.to_owned()).collect(),
            before: None,
            quick,
            threads,
        };
        let expect = |text, request| assert_eq!(parsed(text).expect(text), request);
        expect("", compare(&[], false, None));
        expect("seed-dense --quick jax", compare(&["seed-dense", "jax"], true, None));
        expect("--threads 3", compare(&[], false, Some(3)));
        expect("--list", Request::List);
        expect("--peers", Request::Peers);
        expect("models", Request::Models(None));
        expect("models cauchy", Request::Models(Some("cauchy".into())));
        expect("--table bench/runs/a.jsonl", Request::Table("bench/runs/a.jsonl".into()));
        let stages = |before: Option<&str>| Request::Stages {
            words: vec!["run".into(), "digits".into()],
            before: before.map(str::to_owned),
        };
        expect("stages run digits", stages(None));
        expect("stages run --before HEAD~1 digits", stages(Some("HEAD~1")));
        let before =
            Request::Compare { words: vec!["seed".into()], before: Some("abc".into()), quick: true, threads: None };
        expect("--before abc seed --quick", before);
        for wrong in [
            "--threads",
            "--threads 0",
            "--threads x",
            "--fast",
            "--table",
            "--list x",
            "--table a b",
            "--before",
            "--before --quick",
            "--before a --before b",
            "stages --before",
            "stages --fast",
        ] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }
}
