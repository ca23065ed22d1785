//! Cli: the commands, and which of their words ask for JSON.
//! In: the words of a command line.  Out: `Cli`.
//! Invariant: earlier names of options go on working, and are shown nowhere.
//! Not here: the options of a command (see the files beside this one).

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, StyledStr};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use eckart::Code;
use eckart::model::MODELS;
use eckart::run::SimdLevel;

use super::evaluate::EvaluateArgs;
use super::examples::with_examples;
use super::explain::ExplainArgs;
use super::fit::FitArgs;
use super::page::ReportArgs;
use super::rows::{RecommendArgs, SimilarArgs, TransformArgs};
use super::search::registers_help;
use super::values::registers;

/// Write the objective; Eckart derives the gradient, the plan and the solver, and factorizes your matrix.
#[derive(Debug, Parser)]
#[command(name = "eckart", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub command: Command,
    #[arg(long, global = true, value_name = "LEVEL", value_parser = registers, help = registers_help(),
        help_heading = "Machine")]
    pub registers: Option<SimdLevel>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Factorize a matrix.
    Fit(Box<FitArgs>),
    /// Show what an objective compiles to: shapes, gradients, the plan, its memory and the method. Nothing is fitted.
    Explain(Box<ExplainArgs>),
    /// Compute the factors of new rows with a fitted model.
    Transform(Box<TransformArgs>),
    /// List the top columns (items) that a model predicts for a row (user).
    Recommend(Box<RecommendArgs>),
    /// List the columns (items), or rows (users), whose factors are most similar to those of one.
    Similar(Box<SimilarArgs>),
    /// Measure how well a model predicts entries that it was not fitted to.
    Evaluate(Box<EvaluateArgs>),
    /// List the codes of errors and warnings with what to do about them, or explain one.
    Codes(CodesArgs),
    /// List the preset objectives, or show one.
    Models(ModelsArgs),
    /// Show what is in a file: a model, a checkpoint, a page of `report`, or any other safetensors file.
    Show(ShowArgs),
    /// Write a page about a model, for any browser: its components, its search, reconstructions beside the data.
    Report(Box<ReportArgs>),
}

impl Cli {
    /// The command line that this process was given.
    ///
    /// # Errors
    /// What clap refuses; help and version, which are no errors.
    pub(crate) fn from_process() -> Result<Self, clap::Error> {
        let words: Vec<OsString> = std::env::args_os().collect();
        let parsed = |bare| with_examples(Self::command()).try_get_matches_from(as_meant(&words, bare));
        let matches = parsed(false).or_else(|error| match error.kind() {
            // What stands behind a bare `--row-names` may be the data.
            ErrorKind::MissingRequiredArgument => parsed(true).map_err(|_| error),
            _ => Err(error),
        })?;
        Self::from_arg_matches(&matches)
    }
}

impl Command {
    /// Whether the result, or the error, is asked for as JSON.
    pub(crate) fn json(&self) -> bool {
        match self {
            Self::Fit(args) => args.json,
            Self::Recommend(args) => args.listing.json,
            Self::Similar(args) => args.listing.json,
            Self::Evaluate(args) => args.json,
            Self::Show(args) => args.json,
            Self::Codes(args) => args.json,
            Self::Transform(args) => args.json,
            Self::Explain(args) => args.json,
            Self::Models(_) | Self::Report(_) => false,
        }
    }
}

impl Command {
    /// Whether standard output is the file that is asked for: a page, a picture.
    pub(crate) fn prints_a_file(&self) -> bool {
        let is_printed = |path: &Option<PathBuf>| path.as_deref().is_some_and(|path| path == Path::new("-"));
        match self {
            Self::Report(args) => is_printed(&args.output),
            Self::Explain(args) => is_printed(&args.pictures.svg) || is_printed(&args.pictures.dot),
            _ => false,
        }
    }
}

/// The usage of the command that was given, if one was.
pub(crate) fn usage() -> Option<StyledStr> {
    let mut all = Cli::command();
    all.build();
    let name = std::env::args().skip(1).find(|word| all.find_subcommand(word).is_some())?;
    Some(all.find_subcommand_mut(name)?.render_usage())
}

/// The commands that show an option: "fit and evaluate".
pub(crate) fn commands_with(option: &str) -> String {
    let long = option.strip_prefix("--").map(|word| word.split(['=', ' ']).next().unwrap_or_default());
    let all = Cli::command();
    let has = |command: &&clap::Command| command.get_arguments().any(|arg| long.is_some() && arg.get_long() == long);
    let names: Vec<&str> = all.get_subcommands().filter(has).map(clap::Command::get_name).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// Options whose value, true or false, is said after `=`. Once it was the next word.
const BOOLEANS: [&str; 4] = ["--header", "--index-col", "--row-names", "--triplets"];

/// The words with what they are short for, as they are written today. `--row-names` once took true or false, and said
/// what `--index-col` says: so it does before one of these, before another option, at the end, and, if it is `bare`,
/// before anything.
fn as_meant(words: &[OsString], bare: bool) -> Vec<OsString> {
    let mut later: Vec<OsString> = Vec::with_capacity(words.len());
    // `help` has no help of its own: it is help.
    let is_help = words.get(1).is_some_and(|word| word == "help");
    let mut words = words.iter().filter(|word| !(is_help && (*word == "--help" || *word == "-h"))).peekable();
    while let Some(word) = words.next() {
        let text = word.to_str().unwrap_or_default();
        if text == "--" {
            later.push(word.clone());
            break;
        }
        let (option, value) = match text.split_once('=') {
            Some((option, value)) => (option, Some(value)),
            None => (text, None),
        };
        if !BOOLEANS.contains(&option) {
            later.push(word.clone());
            continue;
        }
        let is_boolean = |value: &str| value == "true" || value == "false";
        let next = words.peek().and_then(|next| next.to_str());
        let value = match (value, next) {
            (None, Some(next)) if is_boolean(next) => {
                words.next();
                Some(next)
            }
            _ => value,
        };
        let ends = next.is_none_or(|next| next.len() > 1 && next.starts_with('-'));
        let is_flag = value.map_or(bare || ends, is_boolean);
        let option = if option == "--row-names" && is_flag { "--index-col" } else { option };
        later.push(value.map_or_else(|| option.into(), |value| format!("{option}={value}").into()));
    }
    later.extend(words.cloned());
    later
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The file; all of it is checked where it has checksums.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print what is in it as one JSON object.
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CodesArgs {
    /// The code to explain, such as names-differ.
    #[arg(value_name = "CODE", hide_possible_values = true,
        value_parser = PossibleValuesParser::new(Code::all().map(Code::as_str)))]
    pub code: Option<String>,
    /// Print the code, or a list of all, as one JSON object.
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ModelsArgs {
    /// The preset to show.
    #[arg(value_name = "NAME", value_parser = PossibleValuesParser::new(MODELS.iter().map(|m| m.name)))]
    pub name: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        with_examples(Cli::command()).debug_assert();
    }

    fn words(text: &str) -> Vec<OsString> {
        text.split(' ').map(OsString::from).collect()
    }

    #[track_caller]
    fn check(given: &str, later: &str) {
        assert_eq!(as_meant(&words(given), false), words(later));
    }

    #[test]
    fn row_names_without_a_file_are_an_index_column() {
        check("x.csv --row-names", "x.csv --index-col");
        check("--row-names --rank 2", "--index-col --rank 2");
        check("--row-names -r 2", "--index-col -r 2");
        check("--row-names=false", "--index-col=false");
        check("--row-names a.txt --rank 2", "--row-names a.txt --rank 2");
        check("--row-names - --rank 2", "--row-names - --rank 2");
        check("--row-names=a.txt", "--row-names=a.txt");
        assert_eq!(as_meant(&words("--row-names x.csv"), true), words("--index-col x.csv"));
    }

    #[test]
    fn booleans_may_stand_after_a_blank() {
        check("--row-names true x.csv", "--index-col=true x.csv");
        check("--header true --index-col false x.csv", "--header=true --index-col=false x.csv");
        check("--triplets false --header", "--triplets=false --header");
        check("--header x.csv true", "--header x.csv true");
        check("-- --row-names true", "-- --row-names true");
    }
}
