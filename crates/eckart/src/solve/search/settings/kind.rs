//! Kind: the values that a setting takes.
//! In: a value as a command line or Python gives it.  Out: the value of a field, or why it is refused.
//! Invariant: a range is said in the words in which it is checked.
//! Not here: which settings there are (see `table`).

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::init::Init;
use crate::error::{Code, Error, Result};
use crate::run::{SimdLevel, simd_level_by_name};

/// The value of a setting.
#[derive(Debug, Clone, PartialEq)]
pub enum SettingValue {
    /// True or false.
    Flag(bool),
    /// A whole number.
    Whole(u64),
    /// A real number; a time in seconds.
    Real(f64),
    /// A name.
    Text(String),
    /// The path of a file.
    File(PathBuf),
}

impl fmt::Display for SettingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(value) => value.fmt(f),
            Self::Whole(value) => value.fmt(f),
            Self::Real(value) if value.abs() < 1e-3 && *value != 0.0 => write!(f, "{value:e}"),
            Self::Real(value) => value.fmt(f),
            Self::Text(value) => value.fmt(f),
            Self::File(value) => value.display().fmt(f),
        }
    }
}

/// The values that a setting takes.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum SettingKind {
    /// True or false.
    Flag,
    /// A whole number from `least` to `most`.
    Whole {
        /// The least value.
        least: u64,
        /// The largest.
        most: u64,
    },
    /// A number of bytes.
    Bytes,
    /// A real number from `least` on and, where that is finite, below `below`.
    Real {
        /// The least value.
        least: f64,
        /// What is too much.
        below: f64,
    },
    /// A time in seconds.
    Seconds,
    /// A name.
    Name,
    /// The path of a file.
    File,
}

impl SettingKind {
    /// A whole number of at least `least`.
    pub(super) const fn whole(least: u64) -> Self {
        Self::Whole { least, most: u64::MAX }
    }

    /// Whether a value is of this kind and in its range.
    pub(super) fn takes(self, value: &SettingValue) -> bool {
        match (self, value) {
            (Self::Flag, SettingValue::Flag(_))
            | (Self::Bytes, SettingValue::Whole(_))
            | (Self::Name, SettingValue::Text(_))
            | (Self::File, SettingValue::File(_)) => true,
            (Self::Whole { least, most }, SettingValue::Whole(value)) => (least..=most).contains(value),
            (Self::Real { least, below }, SettingValue::Real(value)) => {
                *value >= least && (*value < below || below.is_infinite())
            }
            (Self::Seconds, SettingValue::Real(value)) => Duration::try_from_secs_f64(*value).is_ok(),
            _ => false,
        }
    }
}

/// "a whole number of at least 1"
impl fmt::Display for SettingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("true or false"),
            Self::Whole { least, most: u64::MAX } => write!(f, "a whole number of at least {least}"),
            Self::Whole { least, most } => write!(f, "a whole number from {least} to {most}"),
            Self::Bytes => f.write_str("a number of bytes"),
            Self::Real { below, .. } if below.is_infinite() => f.write_str("a number"),
            Self::Real { least, below } => write!(f, "at least {least} and below {below}"),
            Self::Seconds => f.write_str("a number of seconds, 0 or more and below 1.8e19"),
            Self::Name => f.write_str("a name"),
            Self::File => f.write_str("a path"),
        }
    }
}

/// A type of a field of [`super::Settings`].
pub(super) trait SettingField: Sized {
    /// The value, if there is one.
    fn value(&self) -> Option<SettingValue>;

    /// The field that holds a value of its kind.
    fn of(value: Option<SettingValue>) -> Result<Self>;
}

impl<T: SettingField> SettingField for Option<T> {
    fn value(&self) -> Option<SettingValue> {
        self.as_ref().and_then(T::value)
    }

    fn of(value: Option<SettingValue>) -> Result<Self> {
        value.map(|value| T::of(Some(value))).transpose()
    }
}

/// Fields of a type: the variant of their values, and how they are converted.
macro_rules! fields {
    ($($type:ty, $variant:ident, $to:expr, $of:expr;)*) => {$(
        impl SettingField for $type {
            fn value(&self) -> Option<SettingValue> {
                Some(SettingValue::$variant($to(self)))
            }

            fn of(value: Option<SettingValue>) -> Result<Self> {
                match value {
                    Some(SettingValue::$variant(value)) => $of(value),
                    _ => Err(Error::Bug("a setting has a value of another kind".into())),
                }
            }
        }
    )*};
}

fields! {
    bool, Flag, bool::clone, Ok;
    u64, Whole, u64::clone, Ok;
    usize, Whole, |&value| value as u64, to_usize;
    f64, Real, f64::clone, Ok;
    Duration, Real, Duration::as_secs_f64, |seconds| Ok(Duration::from_secs_f64(seconds));
    String, Text, String::clone, Ok;
    PathBuf, File, PathBuf::clone, Ok;
    Init, Text, |init: &Init| init.name().to_owned(), |name: String| Init::from_name(&name);
    SimdLevel, Text, |level: &SimdLevel| level.name().to_owned(), |name: String| simd_level_by_name(&name);
}

fn to_usize(value: u64) -> Result<usize> {
    value.try_into().map_err(|_| Error::setting(Code::SettingOutOfRange, format!("{value} is more than memory holds")))
}
