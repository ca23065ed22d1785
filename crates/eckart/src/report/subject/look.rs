//! Look: how a component is shown: as a picture, words, a ranked list, a profile.
//! In: the names of the columns, the user's wish.  Out: a `Look`.
//! Invariant: the choice depends on names and counts alone, never on values, so that all components of a page look
//! alike.
//! Not here: the drawing (see `cards`).

use super::names::Names;
use crate::error::{Code, Error, Result};

/// How a component is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Look {
    /// Chosen by the names of the columns: words where they are words; a list where they have titles, or are many; a
    /// profile where they are numbers in order, or few.
    #[default]
    Fitting,
    /// As a picture of this shape, in pixels: columns are its pixels row by row.
    Images {
        /// Rows of pixels.
        height: usize,
        /// Pixels in a row.
        width: usize,
    },
    /// As words, the larger the heavier.
    Words,
    /// As a list of the heaviest, each with a bar.
    Items,
    /// As bars or a line in the order of the columns.
    Profile,
}

/// So few columns are all listed by name.
const FEW: usize = 24;
/// Columns whose order may mean something: a spectrum, the 96 classes of mutations.
const PROFILE: usize = 256;
/// Columns without names that may be the points of a spectrum.
const UNNAMED: usize = 4096;
/// The longest name that is a word.
const LONGEST: usize = 24;

impl Look {
    /// Whether data of so many columns can be shown so.
    ///
    /// # Errors
    /// `Setting` where a picture has more or fewer pixels.
    pub fn check(self, columns: usize) -> Result<()> {
        match self {
            Self::Images { height, width } if height.checked_mul(width) != Some(columns) => Err(Error::setting(
                Code::WrongCount,
                format!(
                    "a picture of {height} x {width} pixels has {} numbers, and the data has {columns} columns: give \
                     the height and width of the pictures",
                    height.saturating_mul(width)
                ),
            )),
            Self::Images { .. } | Self::Fitting | Self::Words | Self::Items | Self::Profile => Ok(()),
        }
    }

    /// The look of components that are lines of `count` numbers.
    pub(in crate::report) fn chosen(self, names: &Names<'_>, count: usize) -> Result<Self> {
        self.check(count)?;
        Ok(if self == Self::Fitting { fitting(names, count) } else { self })
    }
}

fn fitting(names: &Names<'_>, count: usize) -> Look {
    let all = names.all();
    if names.have_titles() {
        return Look::Items;
    }
    if !names.are_known() {
        return if count <= UNNAMED { Look::Profile } else { Look::Items };
    }
    let values: Option<Vec<f64>> = all.iter().map(|name| name.trim().parse().ok()).collect();
    if values.is_some_and(|values| values.windows(2).all(|pair| pair[0] < pair[1])) {
        return Look::Profile;
    }
    let words = all.iter().filter(|name| is_word(name)).count();
    if count > FEW && 10 * words >= 9 * count {
        return Look::Words;
    }
    if count > FEW && count <= PROFILE { Look::Profile } else { Look::Items }
}

/// Whether a name is a word of some language: letters, with hyphens and apostrophes between them.
fn is_word(name: &str) -> bool {
    let joins = |c: char| matches!(c, '-' | '\'' | '’' | '_' | ' ');
    name.chars().count() <= LONGEST
        && name.starts_with(char::is_alphabetic)
        && name.chars().all(|c| c.is_alphabetic() || joins(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::check_error;

    #[track_caller]
    fn check(names: &[&str], times: usize, expected: Look) {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).cycle().take(names.len() * times).collect();
        let known = Names::new("column", Some(&names), names.len()).unwrap();
        assert_eq!(Look::Fitting.chosen(&known, names.len()).unwrap(), expected);
    }

    #[test]
    fn names_say_how_components_look() {
        check(&["peace", "nation", "ve", "well-known"], 10, Look::Words);
        check(&["A[C>A]A", "A[C>A]C", "T[T>G]T"], 32, Look::Profile);
        check(&["400.5", "401", "402"], 1, Look::Profile);
        check(&["height", "weight"], 1, Look::Items);
        check(&["M27891_at", "X95735_at", "1882_s"], 1000, Look::Items);
        let unnamed = |count| Look::Fitting.chosen(&Names::new("column", None, count).unwrap(), count).unwrap();
        assert_eq!([unnamed(64), unnamed(10_000)], [Look::Profile, Look::Items]);
    }

    #[test]
    fn a_picture_has_a_pixel_a_column() {
        let names = Names::new("column", None, 64).unwrap();
        let look = Look::Images { height: 8, width: 8 };
        assert_eq!(look.chosen(&names, 64).unwrap(), look);
        let error = Look::Images { height: 28, width: 28 }.chosen(&names, 64).unwrap_err();
        check_error(&error, Code::WrongCount, "28 x 28 pixels has 784 numbers, and the data has 64 columns");
    }
}
