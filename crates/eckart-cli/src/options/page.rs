//! Page: the options of `eckart report`, and how components look on a page.
//! In: the command's words.  Out: `ReportArgs`, `LookArgs`.
//! Invariant: `fit --report` and `report` take the same looks.
//! Not here: the page (see the library's `report`).

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use eckart::report::Look;

use super::reading::{MatchArgs, NamesArgs, ReadingArgs};
use super::values::picture;

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// The model: a .safetensors file that `eckart fit -o` wrote.
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,
    /// The data that it was fitted to, to show rows beside their reconstructions; `-` reads standard input.
    #[arg(value_name = "DATA")]
    pub file: Option<PathBuf>,
    /// The page; `-` prints it [default: MODEL.html].
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub look: LookArgs,
    #[command(flatten)]
    pub names: NamesArgs,
    #[command(flatten)]
    pub matching: MatchArgs,
    #[command(flatten)]
    pub reading: ReadingArgs,
}

impl ReportArgs {
    /// Where the page goes.
    pub(crate) fn page(&self) -> PathBuf {
        self.output.clone().unwrap_or_else(|| self.model.with_extension("html"))
    }
}

/// How components look on a page.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Page")]
pub(crate) struct LookArgs {
    /// Show components and rows as images of H x W pixels, stored row by row in the columns of X.
    #[arg(long, value_name = "HxW", value_parser = picture, conflicts_with = "plot")]
    pub image: Option<(usize, usize)>,
    /// How to show components [default: chosen by the names of the columns].
    #[arg(long, alias = "show", value_name = "PLOT", value_enum)]
    pub plot: Option<PlotArg>,
    /// Show components by the rows of X [default: by its columns, unless only rows have names].
    #[arg(long, conflicts_with = "image")]
    pub by_rows: bool,
}

impl LookArgs {
    /// Whether anything was asked for.
    pub(crate) fn is_given(self) -> bool {
        self.image.is_some() || self.plot.is_some() || self.by_rows
    }
}

impl From<LookArgs> for Look {
    fn from(args: LookArgs) -> Self {
        match (args.image, args.plot) {
            (Some((height, width)), _) => Self::Images { height, width },
            (None, Some(PlotArg::Words)) => Self::Words,
            (None, Some(PlotArg::Items)) => Self::Items,
            (None, Some(PlotArg::Profile)) => Self::Profile,
            (None, None) => Self::Fitting,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum PlotArg {
    /// Word cloud, sized by weight.
    Words,
    /// List of the top features, each with a bar.
    Items,
    /// Bars or a line in the order of the columns.
    Profile,
}
