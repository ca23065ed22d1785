//! Objective: what is minimized, over which data and factors.
//! In: the command's words.  Out: `ObjectiveArgs`, `FactorsArgs`.
//! Invariant: a name is given once, by what it is.
//! Not here: the problem that they state (see `objective` above), files (see `load`).

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;
use eckart::model::MODELS;

use super::values::{named_file, named_value};

#[derive(Debug, Args)]
#[command(next_help_heading = "Objective")]
pub(crate) struct ObjectiveArgs {
    /// What to minimize, e.g. "sum((X - W @ H)**2) subject to W >= 0, H >= 0". Unbound names are unknowns.
    #[arg(long, value_name = "TEXT", conflicts_with = "model", allow_hyphen_values = true)]
    pub objective: Option<String>,
    /// A preset objective instead; `eckart models` describes each.
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(MODELS.iter().map(|m| m.name)))]
    pub model: Option<String>,
    /// Set a parameter of the objective; may be repeated.
    #[arg(long = "param", alias = "set", value_name = "NAME=VALUE", value_parser = named_value)]
    pub params: Vec<(String, f64)>,
    /// Read a further matrix of the objective from a file; may be repeated. A text is read as X is: --delimiter,
    /// --decimal, --comment, --na-values, --header, --index-col and --duplicates hold for it, too.
    #[arg(long = "data", value_name = "NAME=FILE", value_parser = named_file)]
    pub matrices: Vec<(String, PathBuf)>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Initialization and fixed factors")]
pub(crate) struct FactorsArgs {
    /// Begin the first start at these values of a factor, from a matrix file or a model; may be repeated. Texts
    /// are written as X is: --delimiter, --decimal and --comment hold for them, too.
    #[arg(long, alias = "start", value_name = "NAME=FILE", value_parser = named_file)]
    pub init_from: Vec<(String, PathBuf)>,
    /// Fix a factor at its values in a matrix file or a model, read as by --init-from: it is not fitted; may be
    /// repeated.
    #[arg(long, alias = "hold", value_name = "NAME=FILE", value_parser = named_file)]
    pub fix: Vec<(String, PathBuf)>,
}
