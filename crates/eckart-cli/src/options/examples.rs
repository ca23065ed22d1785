//! Examples: what `--help` ends with, at the width of the terminal.
//! In: the commands as clap knows them.  Out: the same with examples.
//! Invariant: every example runs as it stands in a checkout of the repository, and can be copied whole at any width.
//! Not here: the options (see the files beside this one).

use clap::Command;

use crate::output::page::{filled, terminal_width};

/// Of the command itself.
const OVERVIEW: &str = "\
Examples:
  eckart models
    the preset objectives, one line of text each
  eckart fit examples/data/digits/images.npy --model nmf --rank 16
    factorize images of digits into 16 parts
  eckart explain --shape 1000000x50000:20000000 --model mf --rank 64
    what would be computed, and how much memory it takes

`eckart fit --help` shows how an objective is written.";

const FIT: &str = "\
Examples:
  eckart fit examples/data/digits/images.npy --model nmf --rank 16 -o digits.safetensors
  eckart fit examples/data/digits/images.npy --rank 16 --n-init 3 \
  --objective \"sum((X - W @ H)**2) + a*sum(abs(W)) subject to rownorm(H) <= 1\" --param a=2
  eckart fit examples/data/sotu/counts.mtx.gz --col-names examples/data/sotu/vocab.txt --model nmf --rank 10 \
  --report sotu.html

`--help` says more: how an objective is written, and what ends a search.";

const FIT_LONG: &str = "\
Examples:
  Factorize images of digits into 16 non-negative parts, and save them:
    eckart fit examples/data/digits/images.npy --model nmf --rank 16 -o digits.safetensors

  Your own objective with a parameter, the best of three starts:
    eckart fit examples/data/digits/images.npy --rank 16 --n-init 3 \
    --objective \"sum((X - W @ H)**2) + a*sum(abs(W)) subject to rownorm(H) <= 1\" --param a=2

  Topics of texts; the vocabulary names the columns, so that each topic is shown by its top words:
    eckart fit examples/data/sotu/counts.mtx.gz --col-names examples/data/sotu/vocab.txt --model nmf --rank 10

  A page about the result, with the parts as images:
    eckart fit examples/data/digits/images.npy --model nmf --rank 16 --report digits.html --image 8x8

  At most a minute, the result as JSON:
    eckart fit examples/data/digits/images.npy --model mf --rank 16 --time-limit 60 --json

Objectives:
  X is the data. Unbound names, those without a value (--param) or a file (--data), are unknowns: factors, whose shapes
  follow from X and the rank. Where they don't, declare them: \"over W[n,r], H[r,m], b[n,1]: ...\".

  Operators: @ product; + - * / ** entrywise; .T transpose; > and < comparisons (a >= b is 1 - (a < b)).

  Functions: sum rowsum colsum rownorm colnorm norm mean trace abs exp log sqrt sigmoid softplus tanh huber(z, d)
  kl(X, S) is(X, S) beta(X, S, b) nb(X, S, k) hinge(Y, S) pinball(Z, q) elasticnet(W, l) group(W) ard(W, H, b)
  laplacian(W, L) tv(H, D) max min clip, and observed(X), which is 1 where X has an entry and 0 elsewhere.

  An entry that a sparse X does not store is zero. To leave it out of the cost, multiply by observed(X).

  Constraints, after `subject to`: W >= 0, W <= 1, rownorm(H) <= 1, colnorm(W) <= 1.

What ends a search:
  Convergence (--tol), --max-iter, --target, --time-limit or Ctrl-C. The best factors so far are printed and saved in
  every case, with the reason. A second Ctrl-C ends at once and saves nothing.

Exit codes: 0 done; 1 internal error; 2 usage or input error; 3 the cost became infinite or undefined (the best factors
before that are the result); 130 ended by a second Ctrl-C. Errors and warnings have codes, error[CODE]: ..., which
`eckart codes CODE` explains; with --json an error is also an object on standard output.";

const EXPLAIN: &str = "\
Examples:
  eckart explain examples/data/digits/images.npy --model sparse-coding --rank 16
  eckart explain --shape 1000000x50000:20000000 --model mf --rank 64
  eckart explain --shape 2000x300 --rank 5 --objective \"sum(huber(X - W @ H, 1))\"
  eckart explain --shape 2000x300 --rank 5 --model nmf --svg plan.svg
    the plan as a picture; --dot plan.dot for Graphviz";

const REPORT: &str = "\
Examples:
  eckart fit examples/data/digits/images.npy --model nmf --rank 16 -o digits.safetensors
  eckart report digits.safetensors examples/data/digits/images.npy --image 8x8 -o digits.html
  eckart report digits.safetensors --image 8x8
    without the data: no reconstructions, all else
  eckart fit examples/data/digits/images.npy --model nmf --rank 16 --report digits.html --image 8x8
    both in one go";

const SHOW: &str = "\
Examples:
  eckart fit examples/data/digits/images.npy --model nmf --rank 16 -o digits.safetensors
  eckart show digits.safetensors
    the objective, the settings, the factors and their roles, the starts
  eckart show digits.safetensors --json
    the same as JSON";

const CODES: &str = "\
Examples:
  eckart codes
  eckart codes names-differ
    what it means, and what to do about it";

const MODELS: &str = "\
Examples:
  eckart models
  eckart models sparse-coding

A preset is a line of text and nothing else: copy it into --objective and change it.";

const TRANSFORM: &str = "\
Examples, after fitting the model:
  eckart fit examples/data/digits/images.npy --model nmf --rank 16 -o digits.safetensors
  eckart transform digits.safetensors examples/data/digits/images.npy -o new.npy
    the rows of W for these images, with H fixed

A row gets the same values alone or in a batch. Columns are matched by name where model and data have names.";

const RECOMMEND: &str = "\
Examples, after fitting the model:
  eckart fit ratings.csv --model ratings --rank 2 -o ratings.safetensors
  eckart recommend ratings.safetensors --user ann --top 5 --train ratings.csv --explain
  eckart recommend ratings.safetensors --all --train ratings.csv -o lists.csv

The file ratings.csv has a header such as user,item,rating. Ties are broken by the order of the columns.";

const SIMILAR: &str = "\
Examples, after fitting the model:
  eckart fit examples/data/sotu/counts.mtx.gz --col-names examples/data/sotu/vocab.txt --model nmf --rank 10 \
  -o sotu.safetensors
  eckart similar sotu.safetensors --item treaty
  eckart similar sotu.safetensors --all --top 3 -o words.csv

Similarity is the cosine of factors, from -1 to 1, without offsets.";

const EVALUATE: &str = "\
Examples:
  eckart evaluate --holdout 0.1 ratings.csv --model ratings --rank 10
    hold out a tenth of the ratings, fit the rest, test on the tenth
  eckart evaluate ratings.safetensors test.csv --train ratings.csv --top 20 --relevant 4

Held-out entries are chosen by a hash of row, column and --seed.";

const OF_COMMANDS: [(&str, &str, &str); 10] = [
    ("fit", FIT, FIT_LONG),
    ("explain", EXPLAIN, EXPLAIN),
    ("report", REPORT, REPORT),
    ("show", SHOW, SHOW),
    ("codes", CODES, CODES),
    ("models", MODELS, MODELS),
    ("transform", TRANSFORM, TRANSFORM),
    ("recommend", RECOMMEND, RECOMMEND),
    ("similar", SIMILAR, SIMILAR),
    ("evaluate", EVALUATE, EVALUATE),
];

/// The commands with their examples. These are laid out here: clap would break a command between any two words.
pub(super) fn with_examples(command: Command) -> Command {
    let width = terminal_width();
    let command = command.term_width(width).after_help(laid_out(OVERVIEW, width));
    OF_COMMANDS.iter().fold(command, |command, (name, short, long)| {
        command.mut_subcommand(name, |command| {
            command.after_help(laid_out(short, width)).after_long_help(laid_out(long, width))
        })
    })
}

/// The lines of `text` at a width: paragraphs, of lines that are indented alike, are filled; a command, a line that
/// begins with `eckart`, is continued by backslashes.
fn laid_out(text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut paragraph: (usize, String) = (0, String::new());
    for line in text.lines().chain([""]) {
        let body = line.trim_start();
        let indent = line.len() - body.len();
        let is_command = body.starts_with("eckart ");
        if body.is_empty() || is_command || indent != paragraph.0 {
            let (indent, words) = std::mem::take(&mut paragraph);
            out += &if words.is_empty() { String::new() } else { filled(&words, indent, width) };
        }
        if is_command {
            out += &continued(body, indent, width);
        } else if body.is_empty() {
            out.push('\n');
        } else {
            paragraph = (indent, format!("{} {body}", paragraph.1));
        }
    }
    out.trim_end().to_owned()
}

/// A command in lines of at most `width` columns, each but the last with a backslash at its end. A quoted argument that
/// is too long for a line is broken at its blanks: the shell joins its parts again.
fn continued(command: &str, indent: usize, width: usize) -> String {
    let fits = |word: &str| indent + 4 + word.chars().count() + 2 <= width;
    let mut words: Vec<String> = Vec::new();
    for word in arguments(command) {
        // An option stays with its value, where there is room for both.
        let option = words.last().filter(|last| last.starts_with('-') && !last.contains(' ') && !word.starts_with('-'));
        match option.map(|option| format!("{option} {word}")).filter(|both| fits(both)) {
            Some(both) => {
                words.pop();
                words.push(both);
            }
            None if fits(word) => words.push(word.to_owned()),
            None => words.extend(word.split(' ').map(str::to_owned)),
        }
    }
    let mut lines = vec![" ".repeat(indent)];
    for word in words {
        let at = lines.len() - 1;
        let begins = lines[at].trim_start().is_empty();
        if !begins && lines[at].chars().count() + 1 + word.chars().count() + 2 > width {
            lines[at].push_str(" \\");
            lines.push(format!("{}{word}", " ".repeat(indent + 4)));
        } else {
            lines[at].push_str(if begins { "" } else { " " });
            lines[at].push_str(&word);
        }
    }
    lines.join("\n") + "\n"
}

/// The words of a command, those in quotes together.
fn arguments(command: &str) -> Vec<&str> {
    let mut quoted = false;
    let is_end = |c: char| {
        quoted ^= c == '"';
        c == ' ' && !quoted
    };
    command.split(is_end).filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_can_be_copied_at_any_width() {
        let all = OF_COMMANDS.iter().flat_map(|(_, short, long)| [*short, *long]).chain([OVERVIEW]);
        for text in all {
            let commands = |text: &str| -> Vec<String> {
                let joined = text.replace(" \\\n", " ");
                let of_line = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
                joined.lines().map(of_line).filter(|line| line.starts_with("eckart ")).collect()
            };
            assert!(!commands(text).is_empty(), "{text}");
            for width in [50, 80, 100] {
                let laid = laid_out(text, width);
                assert_eq!(commands(&laid), commands(text), "{laid}");
                assert!(laid.lines().all(|line| line.chars().count() <= width), "{laid}");
            }
        }
    }

    #[test]
    fn paragraphs_are_filled_and_indented() {
        assert_eq!(laid_out("One:\n  a b\n  c d\n\n  e", 7), "One:\n  a b c\n  d\n\n  e");
        assert_eq!(
            continued("eckart fit x --objective \"a + b\"", 2, 21),
            "  eckart fit x \\\n      --objective \\\n      \"a + b\"\n"
        );
    }
}
