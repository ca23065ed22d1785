//! Args: what can be said on the command line, and how it is taught.
//! In: the command's words.  Out: `Cli`, checked as far as one word can be by itself.
//! Invariant: an option means the same in every command; every default is shown.
//! Not here: what one word means (see `values`), what fits together (the library says), files (see `load`, `output`).

pub(crate) mod asked;
pub(crate) mod examples;
pub(crate) mod values;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use eckart::apply::LEAST_REPEATS;
use eckart::data::{Duplicates, Format};
use eckart::model::MODELS;
use eckart::report::Look;
use eckart::run::SimdLevel;
use eckart::solve::METHODS;
use eckart::{Code, Dtype, Init, Settings};

use crate::options::asked::{EvaluateArgs, RecommendArgs, SimilarArgs, TransformArgs};
use crate::options::values::{
    Ranks, ShapeArg, bytes, named_file, named_number, picture, ranks, registers, seconds, shape, share,
};

/// Write the objective; Eckart derives the gradient, the plan and the solver, and factorizes your matrix.
#[derive(Debug, Parser)]
#[command(name = "eckart", version, max_term_width = 100, after_help = examples::OVERVIEW)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// Vector registers: base (128 bits), avx2 or avx512; results differ in their last bits [default:
    /// ECKART_REGISTERS, or the widest of this processor].
    #[arg(long, global = true, value_name = "LEVEL", value_parser = registers, help_heading = "Machine")]
    pub registers: Option<SimdLevel>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Factorize a matrix.
    #[command(after_help = examples::FIT_EXAMPLES, after_long_help = examples::FIT_LONG)]
    Fit(Box<FitArgs>),
    /// Show what an objective becomes: shapes, gradients, the plan, its memory and the method. No factor is searched
    /// for.
    #[command(after_help = examples::EXPLAIN_EXAMPLES)]
    Explain(Box<ExplainArgs>),
    /// Find the factors of rows that a model has not seen.
    #[command(after_help = examples::TRANSFORM_EXAMPLES)]
    Transform(Box<TransformArgs>),
    /// Name the columns (items) that a model predicts the most for a row (user).
    #[command(after_help = examples::RECOMMEND_EXAMPLES)]
    Recommend(Box<RecommendArgs>),
    /// Name the columns (items), or rows (users), whose factors are most like those of one.
    #[command(after_help = examples::SIMILAR_EXAMPLES)]
    Similar(Box<SimilarArgs>),
    /// Measure how well a model predicts entries that it has not seen.
    #[command(after_help = examples::EVALUATE_EXAMPLES)]
    Evaluate(Box<EvaluateArgs>),
    /// List the codes of errors and warnings with what to do about them, or explain one.
    #[command(after_help = examples::CODES_EXAMPLES)]
    Codes(CodesArgs),
    /// List the named objectives, or show one.
    #[command(after_help = examples::MODELS_EXAMPLES)]
    Models(ModelsArgs),
    /// Say what is in a file: a model, a checkpoint, a page of `report`, or any other safetensors file.
    #[command(after_help = examples::SHOW_EXAMPLES)]
    Show(ShowArgs),
    /// Write a page about a model, for any browser: its components, its search, reconstructions beside the data.
    #[command(after_help = examples::REPORT_EXAMPLES)]
    Report(Box<ReportArgs>),
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
            Self::Explain(_) | Self::Models(_) | Self::Report(_) => false,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct FitArgs {
    /// The matrix X: .npy, .mtx, .csv or .tsv, each also with .gz; `-` reads standard input.
    #[arg(value_name = "DATA")]
    pub file: PathBuf,
    /// How many components; 2..20 to choose among them, with --holdout or --bcv.
    #[arg(short, long, value_name = "R", help_heading = "Objective", value_parser = ranks)]
    pub rank: Ranks,
    #[command(flatten)]
    pub objective: ObjectiveArgs,
    #[command(flatten)]
    pub search: SearchArgs,
    #[command(flatten)]
    pub choice: ChoiceArgs,
    #[command(flatten)]
    pub checkpoint: CheckpointArgs,
    #[command(flatten)]
    pub reading: ReadingArgs,
    #[command(flatten)]
    pub names: NamesArgs,
    /// Where the factors go: NAME.safetensors (everything in one file), or NAME.npy, NAME.csv, NAME.tsv (a file a
    /// factor: NAME.W.npy, NAME.H.npy).
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Write a page about the result, for any browser: as `eckart report` does.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub report: Option<PathBuf>,
    #[command(flatten)]
    pub look: LookArgs,
    /// Print nothing but errors.
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
    /// Print the result as one JSON object, for machines.
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

/// Where a search stands.
#[derive(Debug, Args)]
#[command(next_help_heading = "Search")]
pub(crate) struct CheckpointArgs {
    /// Write down every so often how far the search is, so that another run can go on from there.
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
    /// The time between two checkpoints, at least; 0 writes one after every iteration.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "60")]
    pub checkpoint_every: Duration,
    /// Go on from the checkpoint of a run of the same command that was ended; ends with the same bits as one that was
    /// not.
    /// --max-iter, --time-limit and --restarts may be other ones.
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,
}

/// How ranks are compared, and starts.
#[derive(Debug, Args)]
#[command(next_help_heading = "Ranks and starts")]
pub(crate) struct ChoiceArgs {
    /// Choose the rank by the loss of this share of the entries, which are left out of the cost by a hash of their
    /// place.
    #[arg(long, value_name = "SHARE", value_parser = share, conflicts_with = "bcv")]
    pub holdout: Option<f64>,
    /// Choose the rank by bi-cross-validation: a quarter of the data predicted from the other three. Faster.
    #[arg(long)]
    pub bcv: bool,
    /// How often each rank is tried, with other entries held out.
    #[arg(long, value_name = "N", default_value_t = LEAST_REPEATS)]
    pub repeats: usize,
    /// Say how far the starts of --restarts agree, component by component; with -o NAME.safetensors also write the
    /// components that they agree on, as NAME.consensus.safetensors.
    #[arg(long)]
    pub consensus: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Objective")]
pub(crate) struct ObjectiveArgs {
    /// What to minimise, e.g. "sum((X - W @ H)**2) subject to W >= 0, H >= 0".
    #[arg(long, value_name = "TEXT", conflicts_with = "model", allow_hyphen_values = true)]
    pub objective: Option<String>,
    /// A named objective instead; `eckart models` says what each one is.
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(MODELS.iter().map(|m| m.name)))]
    pub model: Option<String>,
    /// Gives a name in the objective a number; may be repeated.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = named_number)]
    pub numbers: Vec<(String, f64)>,
    /// Gives a further matrix in the objective its file; may be repeated.
    #[arg(long = "data", value_name = "NAME=FILE", value_parser = named_file)]
    pub matrices: Vec<(String, PathBuf)>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Search")]
pub(crate) struct SearchArgs {
    /// Where the first start begins; further ones begin at random.
    #[arg(long, value_name = "INIT", default_value = Settings::default().init.name(),
        value_parser = PossibleValuesParser::new(Init::ALL.map(Init::name)))]
    pub init: String,
    /// The value at which a factor begins (first start only), from a file or a model; may be repeated.
    #[arg(long = "start", value_name = "NAME=FILE", value_parser = named_file)]
    pub starts: Vec<(String, PathBuf)>,
    /// Holds a factor at its value from a file or a model: it is not searched for; may be repeated.
    #[arg(long = "hold", value_name = "NAME=FILE", value_parser = named_file)]
    pub held: Vec<(String, PathBuf)>,
    /// How many starts; the one of least cost is kept.
    #[arg(short = 'k', long, value_name = "K", default_value_t = Settings::default().n_init)]
    pub restarts: usize,
    /// Drop the worse half of the starts after 10 iterations, half of the rest after 20, and so on; one goes on to its
    /// end.
    #[arg(long)]
    pub halving: bool,
    /// Chooses the random starts; the same seed gives the same bits.
    #[arg(short, long, value_name = "S", default_value_t = Settings::default().seed)]
    pub seed: u64,
    /// Stop a start after so many iterations.
    #[arg(short = 'n', long, value_name = "N", default_value_t = Settings::default().max_iter)]
    pub max_iter: usize,
    /// Stop a start when three iterations in a row each lower the cost by no more than this share of what it has
    /// fallen so far, or when no factor's residual is more than this.
    #[arg(long, value_name = "T", default_value_t = Settings::default().tol)]
    pub tol: f64,
    /// Stop everything after this time, keeping the best so far.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub time_limit: Option<Duration>,
    /// Stop everything once the cost is at or below this.
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true)]
    pub target: Option<f64>,
    #[command(flatten)]
    pub means: MeansArgs,
    /// Threads; results don't depend on it [default: one a core].
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}

/// What the search may use.
#[derive(Debug, Args)]
#[command(next_help_heading = "Search")]
pub(crate) struct MeansArgs {
    /// The method [default: the first that fits; `eckart explain` says which].
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(METHODS.iter().map(|m| m.name)))]
    pub solver: Option<String>,
    /// Refuse a plan that needs more, such as 4GB or 500MB [default: what is free].
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub memory_limit: Option<usize>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Reading")]
pub(crate) struct ReadingArgs {
    /// The format of the data, where its name does not say it.
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub format: Option<FormatArg>,
    /// The type of the numbers, f32 or f64 [default: f32 where it holds the file's numbers exactly].
    #[arg(long, value_name = "TYPE", value_enum)]
    pub dtype: Option<DtypeArg>,
    /// The CSV file is a list of entries `row,column[,value]`, not a table; `--triplets=false` says that it is a table
    /// [default: told by the names in its header].
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_missing_value = "true")]
    pub triplets: Option<bool>,
    /// What to do with an entry that a sparse file names twice.
    #[arg(long, value_name = "RULE", value_enum, default_value_t = DuplicatesArg::Error)]
    pub duplicates: DuplicatesArg,
    /// The first row of a CSV file holds names; `--header=false` says that it holds numbers [default: detected].
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_missing_value = "true")]
    pub header: Option<bool>,
    /// The first column of a CSV table holds names; `--row-names=false` says that it holds numbers [default: detected].
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_missing_value = "true")]
    pub row_names: Option<bool>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Names")]
pub(crate) struct NamesArgs {
    /// The names of X's rows, one a line.
    #[arg(long, value_name = "FILE")]
    pub rows: Option<PathBuf>,
    /// The names of X's columns, one a line, such as a vocabulary.
    #[arg(long, visible_alias = "vocab", value_name = "FILE")]
    pub cols: Option<PathBuf>,
    /// What the ids of X's columns are called: a CSV file with a header and the columns id,title.
    #[arg(long, value_name = "FILE")]
    pub titles: Option<PathBuf>,
    /// How many names to show for each component.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub top: usize,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The matrix X; `-` reads standard input.
    #[arg(value_name = "DATA", required_unless_present = "shape", conflicts_with = "shape")]
    pub file: Option<PathBuf>,
    /// The shape of X instead of a file: 1000x500, or 1000x500:20000 where 20000 entries are stored.
    #[arg(long, value_name = "NxM[:NNZ]", value_parser = shape)]
    pub shape: Option<ShapeArg>,
    /// How many components.
    #[arg(short, long, value_name = "R", help_heading = "Objective")]
    pub rank: usize,
    #[command(flatten)]
    pub objective: ObjectiveArgs,
    #[command(flatten)]
    pub means: MeansArgs,
    #[command(flatten)]
    pub pictures: PicturesArgs,
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// Where the plan is drawn.
#[derive(Debug, Args)]
#[command(next_help_heading = "Pictures")]
pub(crate) struct PicturesArgs {
    /// Draw the plan as an SVG, which any browser opens; `-` prints it in place of the text.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Write the plan as a graph for Graphviz; `-` prints it in place of the text.
    #[arg(long, value_name = "FILE")]
    pub dot: Option<PathBuf>,
}

/// How components look on a page.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Page")]
pub(crate) struct LookArgs {
    /// Show components and rows as pictures of so many pixels, whose columns lie row by row.
    #[arg(long, value_name = "HxW", value_parser = picture, conflicts_with = "show")]
    pub image: Option<(usize, usize)>,
    /// Show components so [default: chosen by the names of the columns].
    #[arg(long, value_name = "LOOK", value_enum)]
    pub show: Option<ShowArg>,
    /// Show components by the rows of X, rather than its columns [default: by columns, unless only rows have names].
    #[arg(long, conflicts_with = "image")]
    pub by_rows: bool,
}

impl LookArgs {
    /// Whether anything was asked for.
    pub(crate) fn is_given(self) -> bool {
        self.image.is_some() || self.show.is_some() || self.by_rows
    }
}

impl From<LookArgs> for Look {
    fn from(args: LookArgs) -> Self {
        match (args.image, args.show) {
            (Some((height, width)), _) => Self::Images { height, width },
            (None, Some(ShowArg::Words)) => Self::Words,
            (None, Some(ShowArg::Items)) => Self::Items,
            (None, Some(ShowArg::Profile)) => Self::Profile,
            (None, None) => Self::Fitting,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ShowArg {
    /// Words, the larger the heavier.
    Words,
    /// A list of the heaviest, each with a bar.
    Items,
    /// Bars or a line in the order of the columns.
    Profile,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// The model: a .safetensors file that `eckart fit -o` wrote.
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,
    /// The data it was made of: rows are then shown beside their reconstructions; `-` reads standard input.
    #[arg(value_name = "DATA")]
    pub file: Option<PathBuf>,
    /// The page; `-` prints it [default: MODEL.html].
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub look: LookArgs,
    #[command(flatten)]
    pub names: ReportNamesArgs,
    #[command(flatten)]
    pub reading: ReadingArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Names")]
pub(crate) struct ReportNamesArgs {
    /// The names of X's rows, one a line [default: those that the model holds].
    #[arg(long, value_name = "FILE")]
    pub rows: Option<PathBuf>,
    /// The names of X's columns, one a line, such as a vocabulary [default: those that the model holds].
    #[arg(long, visible_alias = "vocab", value_name = "FILE")]
    pub cols: Option<PathBuf>,
    /// What the ids of X's columns are called: a CSV file with a header and the columns id,title.
    #[arg(long, value_name = "FILE")]
    pub titles: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The file; every byte of it is checked where it has checksums.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print what is in it as one JSON object, for machines.
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CodesArgs {
    /// The one to explain, such as names-differ.
    #[arg(value_name = "CODE", hide_possible_values = true,
        value_parser = PossibleValuesParser::new(Code::all().map(Code::as_str)))]
    pub code: Option<String>,
    /// Print the one, or a list of all, as one JSON object, for machines.
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ModelsArgs {
    /// The one to show.
    #[arg(value_name = "NAME", value_parser = PossibleValuesParser::new(MODELS.iter().map(|m| m.name)))]
    pub name: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FormatArg {
    Npy,
    Mtx,
    Csv,
    Tsv,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Npy => Self::Npy,
            FormatArg::Mtx => Self::Mtx,
            FormatArg::Csv => Self::Csv,
            FormatArg::Tsv => Self::Tsv,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum DtypeArg {
    F32,
    F64,
}

impl From<DtypeArg> for Dtype {
    fn from(dtype: DtypeArg) -> Self {
        match dtype {
            DtypeArg::F32 => Self::F32,
            DtypeArg::F64 => Self::F64,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum DuplicatesArg {
    /// Refuse the file, naming both lines.
    Error,
    /// Add the numbers up.
    Sum,
    /// Keep the last.
    Last,
}

impl From<DuplicatesArg> for Duplicates {
    fn from(duplicates: DuplicatesArg) -> Self {
        match duplicates {
            DuplicatesArg::Error => Self::Error,
            DuplicatesArg::Sum => Self::Sum,
            DuplicatesArg::Last => Self::Last,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Cli::command().debug_assert();
    }
}
