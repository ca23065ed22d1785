//! Eckart's side of `cargo xtask bench`: makes the data, does the tasks, judges the factors that either side found.
//!
//! ```sh
//! eckart-bench make SET FOLDER    # writes a data set once, the same bytes every time
//! eckart-bench machine            # how fast this machine is, as JSON
//! eckart-bench serve              # answers requests, a line of JSON each
//! eckart-bench models [WORD]      # published models: how many end near the least cost known
//! ```

mod arrays;
mod codes;
mod digest;
mod judge;
mod models;
mod problem;
mod random;
mod searches;
mod serve;
mod sets;
mod tasks;
mod work;

use std::error::Error;
use std::fmt;
use std::path::Path;
use std::process::ExitCode;

/// What anything here returns.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Something that is not as it must be, in words.
#[derive(Debug)]
struct Trouble(String);

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Trouble {}

/// An error that says `text`.
fn trouble<T>(text: impl Into<String>) -> Result<T> {
    Err(Box::new(Trouble(text.into())))
}

fn models(word: &str) -> Result<()> {
    models::score(&sets::shared_data("../zoo/zoo.jsonl")?, word)
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["make", set, folder] => sets::make(set, Path::new(folder)),
        ["machine"] => serve::machine(),
        ["serve"] => serve::serve(),
        ["models"] => models(""),
        ["models", word] => models(word),
        _ => trouble("eckart-bench make SET FOLDER | machine | serve | models [WORD]"),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
