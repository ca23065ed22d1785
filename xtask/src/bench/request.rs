//! What was asked of `cargo xtask bench`.

use crate::Failure;

/// How to call it.
pub(super) const USAGE: &str = "bench [TASK or PEER ...] [--quick] [--threads N] | --list | --peers | --table FILE | \
                                stages [NAME]";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// Compare.
    Compare { words: Vec<String>, quick: bool, threads: Option<usize> },
    /// Say which tasks and peers there are.
    List,
    /// Install the peers and say which can be used.
    Peers,
    /// Print the table of a kept run for a README.
    Table(String),
    /// Time the stages of the engine.
    Stages(Vec<String>),
}

/// Reads the arguments.
pub(super) fn parse(args: &[String]) -> Result<Request, Failure> {
    let wrong = |arg: &str| Failure::new(format!("`{arg}` is not understood: {USAGE}"));
    match args {
        [first, rest @ ..] if first == "stages" => return Ok(Request::Stages(rest.to_vec())),
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
    Ok(Request::Compare { words, quick, threads })
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
            quick,
            threads,
        };
        let expect = |text, request| assert_eq!(parsed(text).expect(text), request);
        expect("", compare(&[], false, None));
        expect("seed-dense --quick jax", compare(&["seed-dense", "jax"], true, None));
        expect("--threads 3", compare(&[], false, Some(3)));
        expect("--list", Request::List);
        expect("--peers", Request::Peers);
        expect("--table bench/runs/a.jsonl", Request::Table("bench/runs/a.jsonl".into()));
        expect("stages run digits", Request::Stages(vec!["run".into(), "digits".into()]));
        for wrong in ["--threads", "--threads 0", "--threads x", "--fast", "--table", "--list x", "--table a b"] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }
}
