//! Code: a stable word for each kind of thing that can be wrong, doubtful or worth a warning.
//! In: nothing.  Out: `Code`, one table; `docs/codes.md` is made from it.
//! Invariant: a code is never renamed and never gets another meaning, so that programs and tests may branch on it.
//! Not here: messages, which say what, where and what to do in the case at hand (see `Error`, `Warning`).

use std::fmt;
use std::io::ErrorKind;

use super::CodeKind;

/// A row per code: variant, word, kind, what it means, what to do. The enum and all that is known of it come from the
/// same rows, so that none can lack the other.
macro_rules! codes {
    ($($variant:ident, $word:literal, $kind:ident, $meaning:literal, $remedy:literal;)*) => {
        /// The kind of thing that an error, a doubt or a warning is about, as a stable word (`names-differ`). It is the
        /// same in Rust ([`Error::code`](super::Error::code), [`Warning::code`](super::Warning)), in what the command
        /// prints and in Python (`.code`).
        ///
        /// ```
        /// use eckart::{Code, Problem};
        /// let error = Problem::parse("summ(W)").unwrap_err();
        /// assert_eq!(error.code(), Code::UnknownFunction);
        /// assert_eq!(error.code().as_str(), "unknown-function");
        /// ```
        #[non_exhaustive]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $meaning] $variant,)*
        }

        impl Code {
            const ALL: &[Code] = &[$(Code::$variant),*];

            /// Its word, in small letters with hyphens.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// What it speaks of.
            pub fn kind(self) -> CodeKind {
                match self { $(Self::$variant => CodeKind::$kind,)* }
            }

            /// What it means, one sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }

            /// What to do about it, one sentence.
            pub fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $remedy,)* }
            }
        }
    };
}

codes! {
    // The text of an objective.
    EmptyObjective, "empty-objective", Error,
        "The text of an objective is empty.", "Write one, such as `sum((X - W @ H)**2)`.";
    UnknownCharacter, "unknown-character", Error,
        "A character or operator has no meaning in the language.",
        "Use the operators of the table in docs/language.md.";
    BadNumber, "bad-number", Error,
        "A number in a text can't be read, or is too large for f64.", "Write it like `1000` or `1e-3`.";
    UnexpectedToken, "unexpected-token", Error,
        "Something else was expected at this place of the text.", "Write what the message says was expected.";
    TextEndsEarly, "text-ends-early", Error,
        "The text ends where more was expected.", "Complete it.";
    MisplacedKeyword, "misplaced-keyword", Error,
        "A keyword such as `over` or `subject to` stands where it can't.", "Move it to its place in the statement.";
    MissingOperator, "missing-operator", Error,
        "Two operands stand side by side.", "Write `*` or `@` between them.";
    ChainedComparison, "chained-comparison", Error,
        "Comparisons can't be chained.", "Multiply two of them: `(a > b) * (b > c)`.";
    UnbalancedBrackets, "unbalanced-brackets", Error,
        "A bracket is never closed, or closes nothing.", "Add or remove one.";
    NestedTooDeep, "nested-too-deep", Error,
        "Parentheses, signs or powers are nested too deep.", "Remove parentheses that are not needed.";
    FormulaTooLarge, "formula-too-large", Error,
        "A formula has more parts, or a text more characters, than can be planned.",
        "Write what repeats as a product of matrices, or as a number times one term.";
    UnknownFunction, "unknown-function", Error,
        "There is no function of that name.", "Use a function of the table in docs/language.md.";
    WrongArity, "wrong-arity", Error,
        "A function is given too many or too few arguments.", "Give as many as it takes.";
    DeclaredTwice, "declared-twice", Error,
        "The shape of a factor is declared twice.", "Declare it once.";
    UnsupportedConstraint, "unsupported-constraint", Error,
        "A constraint is not supported, or not together with the others.",
        "Use bounds on entries, or one limit of row or column lengths.";
    EmptyBounds, "empty-bounds", Error,
        "No factor can satisfy the constraints.", "Correct the bounds.";

    // What the names of an objective stand for.
    NoObjective, "no-objective", Error,
        "Neither an objective nor a model is given.", "Write one, or name a model.";
    UnknownModel, "unknown-model", Error,
        "There is no named objective of that name.", "Choose one of `eckart models`, or write the objective.";
    NoData, "no-data", Error,
        "There is no matrix to factorize.", "Give one.";
    ShapeOnly, "shape-only", Error,
        "Only the shape of the data is known, not its values.", "Give the matrix itself.";
    NoFactor, "no-factor", Error,
        "The objective has no factor to search for.", "Leave a name without a value.";
    CostNotScalar, "cost-not-scalar", Error,
        "What is minimized or differentiated is not 1 x 1.", "Add it up with `sum(...)`.";
    UndefinedName, "undefined-name", Error,
        "A name of a formula has no value.", "Pass it as an input, share a variable, or give it a value.";
    UndeclaredName, "undeclared-name", Doubt,
        "A name may be a parameter, data or a factor, and nothing fixes its shape.",
        "Give it a value, a matrix, or declare its sides: `minimize over b[n,1]: ...`.";
    UndeclaredFactor, "undeclared-factor", Doubt,
        "A factor without a declaration would be as large as the data.",
        "Declare its sides: `minimize over b[n,1]: ...`, or `[n,m]` if that is meant.";
    UnknownSide, "unknown-side", Error,
        "Nothing tells how long a side is.", "Use its name with the data, or write a number.";
    UnusedData, "unused-data", Error,
        "A matrix is given that the objective does not use.", "Leave it out, or correct its name.";
    UnusedParameter, "unused-parameter", Error,
        "A parameter is given that the objective does not use.", "Leave it out, or correct its name.";
    ParameterMissing, "parameter-missing", Error,
        "A parameter has no value.", "Give it one.";
    DataMissing, "data-missing", Error,
        "The objective needs a matrix that is not given.", "Give it, too.";
    NotAFactor, "not-a-factor", Error,
        "A name that is declared, bounded, fixed or initialized is no factor of the objective.", "Leave it out.";
    UnknownFactor, "unknown-factor", Error,
        "The model has no factor of that name.", "Use one of those that the message lists.";
    HeldAndStarted, "held-and-started", Error,
        "A factor is both fixed and given initial values.", "Choose one.";
    StartNotFinite, "start-not-finite", Error,
        "The value of a fixed or initial factor is not finite.", "Give finite numbers.";
    StartOutOfBounds, "start-out-of-bounds", Error,
        "The value of a fixed or initial factor violates its bounds.", "Give another value, or leave the bound out.";
    RankOutOfRange, "rank-out-of-range", Error,
        "The rank does not fit the data.", "Choose one in the range that the message gives.";
    RanksNotIncreasing, "ranks-not-increasing", Error,
        "The ranks to choose among are none, or not in increasing order.", "Give them in increasing order.";
    ShapeMismatch, "shape-mismatch", Error,
        "The operands of a formula don't fit together.", "Compare both shapes in the message.";
    WrongShape, "wrong-shape", Error,
        "A matrix is not of the shape that it must have.", "Give one of the shape in the message.";
    WrongCount, "wrong-count", Error,
        "There are not as many values as there must be.", "Give as many as the message says.";
    NegativePenalty, "negative-penalty", Error,
        "A term has a negative weight, so that there is no minimum.", "Make its weight 0 or more.";
    PiecewiseConstant, "piecewise-constant", Error,
        "A comparison or sign of a factor has no slope, so that no search would see it.",
        "Write a smooth function in its place, such as `sigmoid((a - b) / 0.1)` for `a > b`, or leave it out.";
    DivisionByZero, "division-by-zero", Error,
        "A formula divides by a number that is 0, as `beta(X, S, b)` does at b = 0 and b = 1.",
        "Write `is(X, S)` or `kl(X, S)` for these, or another number.";
    ObservedOfFormula, "observed-of-formula", Error,
        "`observed(...)` is asked of something that is no data matrix.", "Write `observed(X)`.";
    MissingEntries, "missing-entries", Doubt,
        "The data has missing entries, and the objective does not say what becomes of them.",
        "Fill them in, or leave them out of the cost: `sum(observed(X) * (X - W @ H)**2)`.";

    // Settings, options and arguments.
    UnknownMethod, "unknown-method", Error,
        "There is no method of that name.", "Use one of those that the message lists.";
    MethodUnsupported, "method-unsupported", Error,
        "The method can't minimize this objective.", "Leave the method out: one is derived.";
    UnknownInit, "unknown-init", Error,
        "There is no initialization of that name.", "Use one of those that the message lists.";
    InitUnsupported, "init-unsupported", Error,
        "The initialization does not fit this problem.", "Use random initialization, or give initial values.";
    SettingOutOfRange, "setting-out-of-range", Error,
        "A setting lies outside its range.", "Choose a value in the range that the message gives.";
    UnknownChoice, "unknown-choice", Error,
        "A setting is none of the words it may be.", "Use one of those that the message lists.";
    WrongType, "wrong-type", Error,
        "An argument is of a type that can't be used (Python).", "Pass what the message asks for.";
    SettingsConflict, "settings-conflict", Error,
        "Two settings exclude each other, or one has nothing to act on.", "Drop one of them.";
    SameFile, "same-file", Error, "A command would write over one of its own files.", "Name another file.";
    OptionMissing, "option-missing", Error,
        "An option or argument is needed that is not given.", "Give it.";
    GivenTwice, "given-twice", Error,
        "The same name is given twice.", "Leave one out.";
    UnknownOption, "unknown-option", Error,
        "The command has no such option or subcommand.", "See `eckart --help`.";
    BadOptionValue, "bad-option-value", Error,
        "The value of an option can't be read.", "Write it as the message shows.";
    BadUsage, "bad-usage", Error,
        "The command line can't be understood.", "See `eckart --help`.";
    UnsupportedRegisters, "unsupported-registers", Error,
        "The processor lacks the vector registers that are asked for.", "Use a level that the message lists.";
    ThreadsFailed, "threads-failed", Error,
        "Threads could not be started.", "Ask for fewer.";
    OverLimit, "over-limit", Error,
        "The plan needs more memory than it may have; nothing was allocated.",
        "Raise the limit, lower the rank, or store the data sparse.";
    OutOfMemory, "out-of-memory", Error,
        "There is no memory for what is read or computed.",
        "Give less data or a lower rank, or use a machine with more memory.";
    Interrupted, "interrupted", Error,
        "The work was interrupted before there was a result.", "Run it again.";

    // Formulas as functions.
    InputNotVariable, "input-not-variable", Error,
        "An input of a function is no plain variable, or named twice.", "Make it with `matrix(\"X\")`.";
    UpdateNotShared, "update-not-shared", Error,
        "An update is not of a shared variable, or not its only one.", "Update each shared variable once.";
    NotShared, "not-shared", Error,
        "A formula that is no shared variable has no value to set or read.", "Make it with `shared(value, \"W\")`.";
    InputCount, "input-count", Error,
        "A function is called with too many or too few inputs.", "Pass one matrix per input.";
    FormulaNotAValue, "formula-not-a-value", Error,
        "A formula is used as if it had a value already (Python).", "Make a callable of it with `eckart.function`.";
    ResultNotFinite, "result-not-finite", Error,
        "A result is infinite or undefined.", "Scale the data, take smaller steps, or guard the division.";
    BadName, "bad-name", Error,
        "A word can't be used as a name.", "Use letters, digits and `_`, a letter first.";

    // Data and files.
    EmptyFile, "empty-file", Error,
        "The file is empty.", "Check how it was made.";
    NoEntries, "no-entries", Error,
        "There is a header or a shape, but no entry.", "Check how the data was made.";
    NoNumbers, "no-numbers", Error,
        "A table has names but no column of numbers.", "Check the delimiter.";
    RaggedRows, "ragged-rows", Error,
        "A row has more or fewer cells than the others.", "Give every row as many, and quote cells with delimiters.";
    BlankLine, "blank-line", Error,
        "A line is blank where it must not be.", "Fill it in, or remove it.";
    NotANumber, "not-a-number", Error,
        "A number is expected, and something else is there.", "Write it like `1.5` or `1e-3`.";
    MissingValue, "missing-value", Error,
        "An entry of sparse data or of a list is missing (NaN).", "Leave it out and write `observed(X)`.";
    InfiniteValue, "infinite-value", Error,
        "A value is infinite.", "Replace it by a finite number, or mark it as missing.";
    InexactInteger, "inexact-integer", Error,
        "An integer can't be held exactly in f64.", "Divide by a constant, or convert it beforehand.";
    F32Overflow, "f32-overflow", Error,
        "A value is too large for f32.", "Keep f64, or divide the data by a constant.";
    DuplicateEntry, "duplicate-entry", Error,
        "An entry, or a row or column of a selection, is given twice.", "Keep one, or add them up.";
    IndexOutOfRange, "index-out-of-range", Error,
        "A row or column lies outside the matrix.", "Correct the index, or the shape.";
    NumberingGaps, "numbering-gaps", Error,
        "Nearly all rows or columns of a file would be empty.", "Number them without gaps.";
    BadPattern, "bad-pattern", Error,
        "The row pointers or columns of a sparse matrix are inconsistent.", "Build it from valid CSR arrays.";
    TooLarge, "too-large", Error,
        "A shape, count or line is larger than can be handled.", "Correct it, or cut the data up.";
    EntriesTooSmall, "entries-too-small", Error,
        "All entries of the data are so near 0 that their products are no numbers of f64.", "Multiply the data.";
    EntriesTooLarge, "entries-too-large", Error,
        "An entry of the data is so large that its products are no numbers of f64.", "Divide the data.";
    BadEntry, "bad-entry", Error,
        "A line of a file does not hold what it must.", "Write it as the message says.";
    BadHeader, "bad-header", Error,
        "The header of a file can't be read, or contradicts itself.", "Write the file again.";
    UnsupportedType, "unsupported-type", Error,
        "The numbers or the layout are of a kind that is not supported.", "Convert them first.";
    UnsupportedVersion, "unsupported-version", Error,
        "The file is of a version that is not known here.", "Write it again, or use a newer Eckart.";
    NotAMatrix, "not-a-matrix", Error,
        "An array does not have two dimensions.", "Reshape it to two.";
    TruncatedFile, "truncated-file", Error,
        "The file ends before all that its header promises.", "Get the whole file.";
    TrailingData, "trailing-data", Error,
        "The file goes on after all that its header promises.", "Save one array to a file.";
    DamagedFile, "damaged-file", Error,
        "The file is damaged.", "Get it again.";
    NotGzipped, "not-gzipped", Error,
        "The name ends in .gz, but the file is not gzipped.", "Rename it, or compress it.";
    UnsupportedFormat, "unsupported-format", Error,
        "The file is of a format that is known but not read.", "Convert it to .npy, .mtx or .csv.";
    UnknownFormat, "unknown-format", Error,
        "The format can't be told from the name or the first bytes.", "Name the file by its format.";
    SparseNotWritten, "sparse-not-written", Error,
        "A sparse matrix can't be written in this format.", "Name the file .mtx.";
    HeaderOrData, "header-or-data", Doubt,
        "The first row can be a header of numbers, or data.", "Say which: `--header`, or `--header=false`.";
    ListOrTable, "list-or-table", Doubt,
        "Columns of numbers can be a list of entries, or a table.", "Say which: `--format coo`, or `--format table`.";
    IndexOrData, "index-or-data", Doubt,
        "The first column can be names that are numbers, or data.",
        "Say which: `--index-col`, or `--index-col=false`; of a frame, `set_index`, or `eckart.Matrix(frame)`.";
    DecimalMark, "decimal-mark", Doubt,
        "Commas in numbers can be decimal marks, or group thousands.", "Say which: `--decimal ,`, or `--decimal .`.";
    DatesAsValues, "dates-as-values", Doubt,
        "The values of a list of entries look like dates or times.",
        "Say its columns: `--columns 1,2`, or `--columns 1,2,3` where they are values.";
    UnclosedQuote, "unclosed-quote", Error,
        "A quoted cell never ends.", "Close it with a quotation mark.";
    NotUtf8, "not-utf8", Error,
        "A text is not UTF-8.", "Save it as UTF-8.";

    // Names of rows and columns.
    EmptyId, "empty-id", Error,
        "An entry has no id of its row or column.", "Give every entry both.";
    NameCount, "name-count", Error,
        "There are not as many names as rows or columns.", "Give one name per row or column.";
    DuplicateNames, "duplicate-names", Error,
        "Two rows or columns have the same name.", "Give each a name of its own.";
    NamesDiffer, "names-differ", Error,
        "Names that must be the same are not, or no name of the one is a name of the other.",
        "Name both alike, or say that their order decides: `--match position`.";
    NamesMissing, "names-missing", Error,
        "Rows or columns are to be found by name, and have none.", "Give the names.";
    UnknownName, "unknown-name", Error,
        "There is no row or column of that name or number.", "Use a name of the model or the data.";
    ColumnsMissing, "columns-missing", Error,
        "New rows lack columns of the model, and further data has a number for each.", "Give all columns.";

    // Models, checkpoints and what is done with them.
    NotAModel, "not-a-model", Error,
        "The file is no model of Eckart.", "Give what `eckart fit -o` or `save` wrote.";
    NotACheckpoint, "not-a-checkpoint", Error,
        "The file is no checkpoint.", "Give the file that a search wrote as its checkpoint.";
    CheckpointDamaged, "checkpoint-damaged", Error,
        "The checkpoint does not hold what it must.", "Begin anew, without it.";
    CheckpointDiffers, "checkpoint-differs", Error,
        "The checkpoint is of another search.", "Resume with the settings it began with, or begin anew.";
    CheckpointExists, "checkpoint-exists", Error,
        "The file of a new checkpoint is there already.", "Resume from it, or delete it.";
    RowsCoupled, "rows-coupled", Error,
        "The objective ties rows to one another, so that new ones can't be found for themselves.",
        "Fit again, with the new rows in the data.";
    NothingToFind, "nothing-to-find", Error,
        "No factor of the objective belongs to new rows.", "Compute what you need from the factors with a formula.";
    NoPrediction, "no-prediction", Error,
        "The objective compares the data with nothing that predicts it.",
        "Use an objective such as `sum((X - W @ H)**2)`.";
    FactorMissing, "factor-missing", Error,
        "A factor of the rows is not given.", "Give all factors that belong to rows.";
    NoComponents, "no-components", Error,
        "No factor of the model holds components of the rows or columns asked about.", "Ask about the other side.";
    StartsNotKept, "starts-not-kept", Error,
        "Starts can't be compared: there are fewer than two, or they were not kept.",
        "Search with several starts and `keep_starts`.";
    EmptySplit, "empty-split", Error,
        "A split leaves no entry on one side.", "Hold out another share.";
    HoldoutUnsupported, "holdout-unsupported", Error,
        "Entries of the data can't be left out of this objective.",
        "Compare the data entry by entry inside one sum, with `observed(X)` where it is dense.";

    // The system.
    FileNotFound, "file-not-found", Error,
        "There is no such file or folder.", "Correct the path.";
    PermissionDenied, "permission-denied", Error,
        "The system does not permit it.", "Change the permissions, or use another path.";
    IsADirectory, "is-a-directory", Error,
        "The path is a folder.", "Name a file.";
    NoSpace, "no-space", Error,
        "The disk, or the quota, is full.", "Free some space.";
    Io, "io", Error,
        "The system refused to read or write.", "See its reason in the message.";
    Internal, "internal", Error,
        "A defect of Eckart.", "Please report it with the message.";

    // Warnings.
    UnboundedScale, "unbounded-scale", Warning,
        "A penalty on one factor of a product has no effect, since the other may grow instead.",
        "Limit the other factor as well.";
    UnboundedLinear, "unbounded-linear", Warning,
        "The objective is linear in a factor and has no minimum.", "Add a penalty or a bound.";
    Unbounded, "unbounded", Warning,
        "The cost falls without end, as negative weights or a matrix that is not positive semidefinite let it.",
        "Make weights 0 or more, add penalties, or bound the factors.";
    StretchedSide, "stretched-side", Warning,
        "A factor's side is as long as the rank, and what it meets, broadcast, fits any length.",
        "Declare the sides of the factor that is meant to have one column (`minimize over W[n,1]: ...`), or `[n,r]`.";
    AssumedNonnegative, "assumed-nonnegative", Warning,
        "Only the shape of data is known, and it was taken to have no negative entries, as the objective needs it.",
        "Give the data itself where it may have some.";
    LogOfNegative, "log-of-negative", Warning,
        "A logarithm is undefined where its argument may become negative.", "Add `subject to W >= 0`.";
    RankUnused, "rank-unused", Warning,
        "The rank is larger than the rows or columns that have entries.", "Ask for fewer components.";
    RankAtLimit, "rank-at-limit", Warning,
        "Of the ranks that were compared, the largest won.", "Widen the range.";
    FactorsShrunk, "factors-shrunk", Warning,
        "The penalties shrank every factor to 0.", "Lower their weights, such as `lambda`.";
    ZerosStay, "zeros-stay", Warning,
        "Zeros of the initial factors stay zeros: updates are multiplicative, or no step lowers the cost.",
        "Start at small positive numbers, or use another method.";
    StartIgnored, "start-ignored", Warning,
        "Initial factors were given and are not used (Python).", "Pass `init=\"custom\"`, or leave them out.";
    Diverged, "diverged", Warning,
        "The cost became infinite or undefined; what was found before is the result.",
        "Scale the data, or choose another objective or start.";
    ComputedInF64, "computed-in-f64", Warning,
        "The data is f32, and the products of f32 can't hold this fit: it was computed in f64.",
        "Give the data as f64, or subtract its mean first; nothing need be done.";
    CostUncertain, "cost-uncertain", Warning,
        "The cost is a small difference of large sums, and is known with the error that is told only.",
        "Subtract the mean of the data, or scale it, where the cost matters.";
    ThreadsLacking, "threads-lacking", Warning,
        "The system gave fewer threads than were asked for.", "Raise its limit of processes, to be faster.";
    NotConverged, "not-converged", Warning,
        "The search ended before it converged.", "Raise `max_iter` or the time limit, or `tol`.";
    CheckpointNotWritten, "checkpoint-not-written", Warning,
        "The search ended well, but its last checkpoint could not be written.", "Check the path and the free space.";
    MatchedByPosition, "matched-by-position", Warning,
        "Rows or columns were matched by position, since only one side has names.",
        "Name both, or say that it is meant: `--match position`.";
    NamesIgnored, "names-ignored", Warning,
        "Rows or columns that the model does not know were left out.", "Check their names.";
    NumbersAsNames, "numbers-as-names", Warning,
        "A column of numbers was taken for the names of the rows.", "Say `--index-col=false` where it is data.";
    IdsAsData, "ids-as-data", Warning,
        "A column that may name rows counts as data: it is called as ids are, or its numbers are such.",
        "Take it out, or put it first: `--index-col`; of a frame, make it the index.";
    ReadOtherwise, "read-otherwise", Warning,
        "A file beside X could not be read as the options say, and was read by what it shows.",
        "Write it as X is written, or save it as .npy.";
    NamesLacking, "names-lacking", Warning,
        "Rows or columns of the model are not among those given.", "Check their names.";
    NamesReplaced, "names-replaced", Warning,
        "The data names its rows or columns, and others were given in their place (`--row-names`, `--col-names`).",
        "Leave out the option, or the names in the file (`--header=false`).";
    RepeatedNames, "repeated-names", Warning,
        "Rows or columns of the data have the same name, so that it does not tell them apart.",
        "Give each a name of its own: `symbol (id)`, as is made of a `features.tsv` (`--row-names`, `row_names`).";
    UnknownIds, "unknown-ids", Warning,
        "Users or items were asked about that the model was not fitted to (Python).",
        "Fit anew with them, or pass `unknown=\"error\"`.";
    TermLeftOut, "term-left-out", Warning,
        "A term was left out for new rows, since its data was not given.", "Give that data.";
    SentinelEntries, "sentinel-entries", Warning,
        "Entries look like a mark of what is missing, such as -999, and count as data.",
        "Leave such cells empty, and write `observed(X)` in the objective.";
    NothingObserved, "nothing-observed", Warning,
        "A row or column of the data has no observed entry, so that nothing says what its factors are.",
        "Leave it out.";
    EqualEntries, "equal-entries", Warning,
        "All observed entries are the same, so that nothing can be learned from them.",
        "Count what has no entry as well: `sum((1 + a*X) * ((X > 0) - W @ H)**2)` and penalties.";
    NegativeEntries, "negative-entries", Warning,
        "The data has negative entries, and what stands for it can't be negative.",
        "Shift the data, leave out a bound, or mark entries that are none as missing.";
    KnownNotExcluded, "known-not-excluded", Warning,
        "Lists include what rows had entries for in the fit.", "Give the data of the fit as known.";
    HeldOutAsZeros, "held-out-as-zeros", Warning,
        "Entries that were held out were zeros in the fit.", "Write `observed(X)` in the objective.";
    ScaleUnknown, "scale-unknown", Warning,
        "The objective compares a function of the data that nothing known undoes, so that predictions have no errors.",
        "Compare the data itself, or read the order of predictions alone.";
    FromOlderFile, "from-older-file", Warning,
        "A warning in a model file that was written before warnings had codes.", "Read its message.";
    FromNewerFile, "from-newer-file", Warning,
        "A warning in a model file whose code is not known here.", "Read its message, or use a newer Eckart.";
}

impl Code {
    /// All codes, in the order of the table.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        Self::ALL.iter().copied()
    }

    /// The code of that word.
    pub fn from_name(word: &str) -> Option<Self> {
        Self::all().find(|code| code.as_str() == word)
    }

    /// The code of a refusal by the operating system.
    pub(super) fn of_io(source: &std::io::Error) -> Self {
        match source.kind() {
            ErrorKind::NotFound => Self::FileNotFound,
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Self::PermissionDenied,
            ErrorKind::IsADirectory => Self::IsADirectory,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Self::NoSpace,
            _ => Self::Io,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
