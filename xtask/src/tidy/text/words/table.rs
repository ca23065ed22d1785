//! The words that readers from the field would not recognize, each with the field's term.

/// A word, where it is banned, and what the field says. Words of ordinary English are banned in a few forms and folders
/// only, those in which they stand for the thing.
pub(super) struct Word {
    /// What the list of offenders calls it.
    pub(super) key: &'static str,
    /// The field's term.
    pub(super) term: &'static str,
    /// Banned as a part of a name that is declared: `room` in `room_of`, and in `Room`.
    pub(super) parts: &'static [&'static str],
    /// Banned as a whole name.
    pub(super) names: &'static [&'static str],
    /// Banned as the name of a type.
    pub(super) types: &'static [&'static str],
    /// Banned in what users read: whole words, whatever stands between them.
    pub(super) texts: &'static [&'static str],
    /// Banned in comments.
    pub(super) comments: &'static [&'static str],
    /// The folders in which it is banned; none: all crates.
    pub(super) only: &'static [&'static str],
}

const fn word(key: &'static str, term: &'static str) -> Word {
    Word { key, term, parts: &[], names: &[], types: &[], texts: &[], comments: &[], only: &[] }
}

impl Word {
    const fn parts(self, parts: &'static [&'static str]) -> Self {
        Self { parts, ..self }
    }

    const fn names(self, names: &'static [&'static str]) -> Self {
        Self { names, ..self }
    }

    const fn types(self, types: &'static [&'static str]) -> Self {
        Self { types, ..self }
    }

    const fn texts(self, texts: &'static [&'static str]) -> Self {
        Self { texts, ..self }
    }

    const fn comments(self, comments: &'static [&'static str]) -> Self {
        Self { comments, ..self }
    }

    const fn only(self, only: &'static [&'static str]) -> Self {
        Self { only, ..self }
    }
}

const SOLVE: &str = "crates/eckart/src/solve";
const APPLY: &str = "crates/eckart/src/apply";
const ROWS: &str = "crates/eckart/src/rows";
const PLAN: &str = "crates/eckart/src/plan";
const RUN: &str = "crates/eckart/src/run";
const FUNCTION: &str = "crates/eckart/src/function";
const KERNELS: &str = "crates/eckart-kernels/src";
const COMMAND: &str = "crates/eckart-cli/src";
const PLAN_ROOT: &str = "crates/eckart/src/plan/mod";
const LIVES: &str = "crates/eckart/src/plan/lives";

/// Where a number is a parameter of the objective, and not an entry or an index.
const PARAMETERS: &[&str] = &[
    "crates/eckart/src/model",
    "crates/eckart/src/solve/problem",
    "crates/eckart/src/solve/result/factorization",
    "crates/eckart/src/apply/new_rows/row_problem",
    "crates/eckart-cli/src/options/objective",
    "crates/eckart-cli/src/objective",
    "crates/eckart-cli/src/catalog/models",
];

pub(super) const WORDS: &[Word] = &[
    word("company", "batched starts, cohort").parts(&["company", "companies"]).texts(&["company"]),
    word("member", "start of the cohort").parts(&["member", "members"]).only(&[SOLVE]),
    word("outside", "thin product").parts(&["outside"]).only(&[SOLVE, FUNCTION]),
    word("hole", "placeholder").parts(&["hole"]),
    word("holes", "missing-value mask; placeholders of a pattern").parts(&["holes"]),
    word("revive", "re-initialize dead components")
        .parts(&["revive", "revives", "revived", "revival", "mend", "mends", "mended"])
        .texts(&["revive", "revived", "brought back", "brings back", "bring back"]),
    word("ties", "bilinear pairs (of factors); couples (rows)")
        .parts(&["tie", "ties"])
        .texts(&["ties the rows", "ties new rows"])
        .only(&[SOLVE, APPLY]),
    word("lives", "liveness, buffer assignment").parts(&["lives", "settle", "settles"]).only(&[LIVES, PLAN_ROOT]),
    word("widen", "horizontal fusion").parts(&["widen", "widened"]).only(&[PLAN]),
    word("orient", "layout assignment").parts(&["orient", "oriented"]).only(&[PLAN]),
    word("chain", "elementwise fusion").parts(&["chain", "chains", "chained"]).texts(&["chain"]).only(&[PLAN, RUN]),
    word("fold", "row tiling").parts(&["fold", "folds", "folded"]).texts(&["fold"]).only(&[PLAN, RUN]),
    word("room", "workspace").parts(&["room", "rooms"]).only(&[RUN, KERNELS, ROWS, SOLVE, APPLY]),
    word("turn", "transpose; rotation").parts(&["turn", "turned"]),
    word("flip", "transpose").parts(&["flip", "flips", "flipped"]).texts(&["flip"]),
    word("take_away", "rank-k update, downdate").parts(&["take_away", "takes_away", "taken_away"]),
    word("asked", "parameters").types(&["Asked"]),
    word("swept", "statistics").types(&["Swept"]),
    word("wanted", "parameters").types(&["Wanted"]),
    word("moved", "statistics (of a step)").types(&["Moved"]),
    word("pull", "linear term").names(&["pull"]),
    word("hang together", "coupled rows (non-separable Hessian)")
        .parts(&["hang_together", "hangs_together"])
        .texts(&["hang together", "hangs together"])
        .comments(&["hang together", "hangs together"]),
    word("parabola", "quadratic majorizer (MM)").parts(&["parabola", "parabolas"]).texts(&["parabola", "parabolas"]),
    word("stand_in", "surrogate").parts(&["stand_in", "stand_ins"]),
    word("misfit", "unsupported because").parts(&["misfit", "misfits"]).only(&[SOLVE, COMMAND]),
    word("dear", "expensive").parts(&["dear"]).texts(&["dear"]),
    word("likeness", "similarity").parts(&["likeness"]).texts(&["likeness"]),
    word("speak_for", "explained by").parts(&["speak_for", "speaks_for"]).texts(&["speak for", "speaks for"]),
    word("number", "parameter, scalar")
        .names(&["number", "numbers"])
        .texts(&["NUMBER=VALUE", "objective a number"])
        .only(PARAMETERS),
    word("wishes", "settings").parts(&["wish", "wishes", "wished"]),
    word("means", "resources").parts(&["means"]).only(&[SOLVE, COMMAND]),
    word("way", "step rule (say of what kind)").parts(&["way"]).only(&[SOLVE, APPLY, ROWS, RUN, KERNELS]),
    word("form", "structure (say of what)")
        .parts(&["form"])
        .texts(&["form of its part", "form left"])
        .only(&[SOLVE, APPLY, ROWS, COMMAND]),
    word("law", "regularizer").parts(&["law", "laws"]),
    word("of account", "the formula, or plain English").texts(&["of account"]).comments(&["of account"]),
    word("let be", "the formula, or plain English").texts(&["let be"]).comments(&["let be"]),
    word("come home", "the formula, or plain English")
        .texts(&["come home", "comes home"])
        .comments(&["come home", "comes home"]),
];
