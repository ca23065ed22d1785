//! Matching: how the rows or columns of two things that have names find each other.
//! In: a word of an option.  Out: `Matching`.
//! Invariant: names decide unless position was asked for; what is matched by position while only one has names is told.
//! Not here: the order that follows (see `align`).

use crate::error::{Code, Warning};

/// How the rows and columns of two things that have names find each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Matching {
    /// By their names, in whatever order they are; by position where only one of the two has names, which is told.
    #[default]
    Names,
    /// By position, whatever their names.
    Position,
}

impl Matching {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Names, Self::Position];

    /// Its name: `names` or `position`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Names => "names",
            Self::Position => "position",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|matching| matching.name() == name)
    }
}

/// How an error says that the order may decide.
pub(crate) const BY_POSITION: &str = "--match position (in Python match=\"position\") takes them in their order";

/// That some sides, such as "the columns of S", have no names, and are taken in the order of another.
pub(crate) fn by_position(sides: &[String], order: &str) -> String {
    let have = if sides.len() == 1 { "have no names and are" } else { "have no names, and each is" };
    format!("{} {have} taken in the order of {order}", sides.join(" and "))
}

/// A warning of all that was matched by position, where anything was.
pub(crate) fn told_by_position(texts: &[String]) -> Option<Warning> {
    (!texts.is_empty()).then(|| Warning::new(Code::MatchedByPosition, texts.join("; ")))
}
