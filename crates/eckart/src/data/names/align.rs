//! Align: the rows or columns of a matrix in the order of another's names.
//! In: a matrix, the names of its rows or columns, the names wanted in their order.  Out: `Aligned`; where both must
//! have the same names, a matrix.
//! Invariant: a name stands for the same numbers before and after; what one side lacks is said, never filled in
//! silently.
//! Not here: whether something lacking matters (the caller knows the objective), which sides are the same.

use std::collections::BTreeMap;
use std::fmt;

use super::matching::BY_POSITION;
use crate::data::formats::text::number::without_zero_decimals;
use crate::data::{Matrix, Side};
use crate::error::{Code, Error, Result, Warning};

/// A matrix in the order wanted.
#[derive(Debug, Clone)]
pub struct Aligned {
    /// The numbers. What was not there is what was asked for where the matrix is dense, and not stored where it is
    /// sparse.
    pub matrix: Matrix,
    /// For each name wanted where the matrix has it.
    pub from: Vec<Option<usize>>,
    /// The names wanted that the matrix does not have, in their order.
    pub lacking: Vec<String>,
    /// The names of the matrix that are not wanted: what they named is left out.
    pub unknown: Vec<String>,
}

impl Aligned {
    /// "2 columns that the model does not know left out: a, b", where there are any.
    pub fn says_unknown(&self, side: Side) -> Option<Warning> {
        let (count, what) = (self.unknown.len(), side.word());
        let plural = if count == 1 { "" } else { "s" };
        (count > 0).then(|| {
            let message =
                format!("{count} {what}{plural} that the model does not know left out: {}", some(&self.unknown));
            Warning::new(Code::NamesIgnored, message)
        })
    }

    /// "2 of the model's columns are not there: a, b", with `text` after "there", where any are lacking.
    pub fn says_lacking(&self, side: Side, text: &str) -> Option<String> {
        let (count, what) = (self.lacking.len(), side.word());
        (count > 0).then(|| format!("{count} of the model's {what}s are not there{text}: {}", some(&self.lacking)))
    }
}

/// "a, b, c, ..."
fn some(names: &[String]) -> String {
    const MOST: usize = 5;
    let first: Vec<&str> = names.iter().take(MOST).map(String::as_str).collect();
    first.join(", ") + if names.len() > MOST { ", ..." } else { "" }
}

/// Puts the rows or columns of `matrix`, which have `names`, in the order of `wanted`; in a dense one `lacking` stands
/// for what it does not have: `NaN` (missing), or 0.
///
/// # Errors
/// `Data` where a name stands twice on either side, no name is on both, or the number of names does not fit.
pub fn align(matrix: &Matrix, side: Side, names: &[String], wanted: &[String], lacking: f64) -> Result<Aligned> {
    check_count(matrix, side, names)?;
    let (what, fill) = (side.word(), lacking);
    let here = numbered(names, what, "")?;
    let places = numbered(wanted, what, "")?;
    let lacking: Vec<String> = wanted.iter().filter(|name| !here.contains_key(key(name))).cloned().collect();
    let unknown = names.iter().filter(|name| !places.contains_key(key(name))).cloned().collect();
    if lacking.len() == wanted.len() {
        let (ours, theirs) = (shown(names), shown(wanted));
        let message = format!("no {what} is called as it is called in the model: here they are {ours}, there {theirs}");
        return Err(Error::data(
            Code::NamesDiffer,
            message,
            format!("Check that the {what}s are named alike; {BY_POSITION}"),
        ));
    }
    let from: Vec<Option<usize>> = wanted.iter().map(|name| here.get(key(name)).copied()).collect();
    let matrix = if names == wanted { matrix.clone() } else { matrix.pick(side, &from, fill)? };
    Ok(Aligned { matrix, from, lacking, unknown })
}

/// A side with its names, and what it is of: the columns of S.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CalledSide<'a> {
    pub names: &'a [String],
    pub side: Side,
    pub of: &'a str,
}

impl fmt::Display for CalledSide<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {}s of {}", self.side.word(), self.of)
    }
}

/// Puts the rows or columns of `matrix` in the order of a side that must have the same names.
///
/// # Errors
/// `Data` where a name stands twice on either side, the names are not the same, or their number does not fit.
pub(crate) fn align_same(matrix: &Matrix, own: CalledSide<'_>, wanted: CalledSide<'_>) -> Result<Matrix> {
    check_count(matrix, own.side, own.names)?;
    let here = numbered(own.names, own.side.word(), &format!(" of {}", own.of))?;
    let there = numbered(wanted.names, wanted.side.word(), &format!(" of {}", wanted.of))?;
    if own.names == wanted.names {
        return Ok(matrix.clone());
    }
    let differ = |one: CalledSide<'_>, other: CalledSide<'_>, known: &BTreeMap<&str, usize>| {
        let names: Vec<&String> = one.names.iter().filter(|name| !known.contains_key(key(name))).collect();
        let are = if names.len() == 1 { "is" } else { "are" };
        (!names.is_empty()).then(|| format!("{} of {one} {are} not among {other}: {}", names.len(), shown(names)))
    };
    let texts: Vec<String> = differ(own, wanted, &there).into_iter().chain(differ(wanted, own, &here)).collect();
    if !texts.is_empty() {
        let help = format!("Give both the same names, in any order; {BY_POSITION}");
        return Err(Error::data(Code::NamesDiffer, texts.join("; "), help));
    }
    let from: Vec<Option<usize>> = wanted.names.iter().map(|name| here.get(key(name)).copied()).collect();
    matrix.pick(own.side, &from, f64::NAN)
}

/// # Errors
/// `Data` where there are not as many names as rows, or columns.
pub(crate) fn check_count(matrix: &Matrix, side: Side, names: &[String]) -> Result<()> {
    let (count, what) = (side.of(matrix.shape()), side.word());
    if names.len() == count {
        return Ok(());
    }
    let message = format!("there are {} names for {count} {what}s", names.len());
    Err(Error::data(Code::NameCount, message, format!("Give each {what} its name")))
}

/// The place of each name of rows or columns, `what`; `of` says of what they are.
fn numbered<'a>(names: &'a [String], what: &str, of: &str) -> Result<BTreeMap<&'a str, usize>> {
    let mut numbered = BTreeMap::new();
    for (at, name) in names.iter().enumerate() {
        if let Some(earlier) = numbered.insert(key(name), at) {
            let message = format!("{what}s {} and {}{of} have the same name, {name:?}", earlier + 1, at + 1);
            let help = format!("Give each {what} a name of its own; {BY_POSITION}");
            return Err(Error::data(Code::DuplicateNames, message, help));
        }
    }
    Ok(numbered)
}

/// What a name is found by: itself, but a date for its midnight, whose time is written where others beside it are none,
/// and an integer for the whole float that it is, as a header may write it.
fn key(name: &str) -> &str {
    let whole = without_zero_decimals(name.as_bytes()).len();
    if whole < name.len() {
        return &name[..whole];
    }
    let is_date = |text: &str| {
        let bytes = text.as_bytes();
        bytes.len() == 10
            && bytes.iter().enumerate().all(|(k, b)| if k == 4 || k == 7 { *b == b'-' } else { b.is_ascii_digit() })
    };
    name.strip_suffix(" 00:00:00").filter(|text| is_date(text)).unwrap_or(name)
}

/// "a, b, c, ..."
fn shown<'a>(names: impl IntoIterator<Item = &'a String, IntoIter: ExactSizeIterator>) -> String {
    const MOST: usize = 3;
    let names = names.into_iter();
    let more = if names.len() > MOST { ", ..." } else { "" };
    let first: Vec<String> = names.take(MOST).map(|name| format!("{name:?}")).collect();
    first.join(", ") + more
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::check_error;

    fn names(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn names_keep_their_numbers() {
        let dense = Matrix::dense(2, 3, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        let sparse = Matrix::from_triplets(2, 3, vec![(0, 0, 1.0), (0, 2, 3.0), (1, 1, 5.0)]).unwrap();
        let found = align(&dense, Side::Cols, &names("a b c"), &names("c d a"), f64::NAN).unwrap();
        assert_eq!((found.lacking, found.unknown), (names("d"), names("b")));
        let row: Vec<f64> = (0..3).map(|j| found.matrix.get(1, j)).collect();
        assert!(row[0] == 6.0 && row[1].is_nan() && row[2] == 4.0);
        let zeros = align(&dense, Side::Cols, &names("a b c"), &names("c d a"), 0.0).unwrap();
        assert_eq!(
            (zeros.matrix.to_dense_f64(), zeros.from),
            (vec![3., 0., 1., 6., 0., 4.], vec![Some(2), None, Some(0)])
        );
        let found = align(&sparse, Side::Cols, &names("a b c"), &names("c d a"), f64::NAN).unwrap();
        assert_eq!(found.matrix.to_dense_f64(), [3.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
        assert_eq!(found.matrix.stored(), 2);
        let found = align(&dense, Side::Rows, &names("u v"), &names("v u"), f64::NAN).unwrap();
        assert_eq!(found.matrix.to_dense_f64(), [4.0, 5.0, 6.0, 1.0, 2.0, 3.0]);
        let found = align(&sparse, Side::Rows, &names("u v"), &names("w v u"), 0.0).unwrap();
        assert_eq!((found.matrix.shape(), found.matrix.get(2, 2), found.lacking), ((3, 3), 3.0, names("w")));
    }

    #[test]
    fn what_can_not_be_meant_is_refused() {
        let x = Matrix::dense(1, 2, vec![1.0, 2.0]).unwrap();
        let refuses = |own: &str, wanted: &str, code: Code, text: &str| {
            let error = align(&x, Side::Cols, &names(own), &names(wanted), f64::NAN).unwrap_err();
            check_error(&error, code, text);
        };
        refuses("a a", "a b", Code::DuplicateNames, "columns 1 and 2 have the same name, \"a\"");
        refuses("a b", "c c", Code::DuplicateNames, "columns 1 and 2 have the same name, \"c\"");
        refuses("a b", "c d", Code::NamesDiffer, "here they are \"a\", \"b\", there \"c\", \"d\"");
        refuses("a", "a b", Code::NameCount, "1 names for 2 columns");
    }

    #[test]
    fn sides_that_must_be_the_same_are() {
        let x = Matrix::dense(1, 2, vec![1.0, 2.0]).unwrap();
        let same = |own: &str, wanted: &str| {
            let own = CalledSide { names: &names(own), side: Side::Cols, of: "S" };
            align_same(&x, own, CalledSide { names: &names(wanted), side: Side::Rows, of: "X" })
        };
        assert_eq!(same("a b", "b a").unwrap().to_dense_f64(), [2.0, 1.0]);
        assert_eq!(same("a b", "a b").unwrap().to_dense_f64(), [1.0, 2.0]);
        let (days, times) = (names("2020-01-01 2020-01-02"), ["2020-01-02 00:00:00", "2020-01-01 00:00:00"]);
        let times = times.map(str::to_owned);
        let wanted = CalledSide { names: &times, side: Side::Cols, of: "X" };
        let found = align_same(&x, CalledSide { names: &days, ..wanted }, wanted).unwrap();
        assert_eq!(found.to_dense_f64(), [2.0, 1.0]);
        assert_eq!(same("1100 1101", "1101.0 1100.0").unwrap().to_dense_f64(), [2.0, 1.0]);
        let refuses = |own: &str, wanted: &str, code: Code, text: &str| {
            check_error(&same(own, wanted).unwrap_err(), code, text);
        };
        let differ = "1 of the columns of S is not among the rows of X: \"b\"; \
                      1 of the rows of X is not among the columns of S: \"c\". Give";
        refuses("a b", "a c", Code::NamesDiffer, differ);
        refuses("a b", "a b c d", Code::NamesDiffer, "2 of the rows of X are not among the columns of S: \"c\", \"d\"");
        refuses("01 1.10", "1 1.1", Code::NamesDiffer, "2 of the columns of S are not");
        refuses("a a", "a a", Code::DuplicateNames, "columns 1 and 2 of S have the same name, \"a\"");
        refuses("a b", "b b", Code::DuplicateNames, "rows 1 and 2 of X have the same name");
        refuses("a", "a b", Code::NameCount, "1 names for 2 columns");
    }
}
