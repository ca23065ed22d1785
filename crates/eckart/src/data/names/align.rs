//! Align: the rows or columns of a matrix in the order of another's names.
//! In: a matrix, the names of its rows or columns, the names wanted in their order.  Out: `Aligned`.
//! Invariant: a name stands for the same numbers before and after; what one side lacks is said, never filled in
//! silently.
//! Not here: whether something lacking matters (the caller knows the objective).

use std::collections::BTreeMap;

use crate::data::{Matrix, Side};
use crate::error::{Code, Error, Result, Warning};

/// A matrix in the order wanted.
#[derive(Debug, Clone)]
pub struct Aligned {
    /// The numbers. What was not there is missing (`NaN`) where the matrix is dense, and not stored where it is sparse.
    pub matrix: Matrix,
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

/// Puts the rows or columns of `matrix`, which have `names`, in the order of `wanted`.
///
/// # Errors
/// `Data` where a name stands twice on either side, no name is on both, or the number of names does not fit.
pub fn align(matrix: &Matrix, side: Side, names: &[String], wanted: &[String]) -> Result<Aligned> {
    let count = match side {
        Side::Rows => matrix.rows(),
        Side::Cols => matrix.cols(),
    };
    let what = side.word();
    if names.len() != count {
        let message = format!("there are {} names for {count} {what}s", names.len());
        return Err(Error::data(Code::NameCount, message, format!("Give each {what} its name")));
    }
    let here = numbered(names, what)?;
    let places = numbered(wanted, what)?;
    let lacking: Vec<String> = wanted.iter().filter(|name| !here.contains_key(name.as_str())).cloned().collect();
    let unknown = names.iter().filter(|name| !places.contains_key(name.as_str())).cloned().collect();
    if lacking.len() == wanted.len() {
        let (ours, theirs) = (shown(names), shown(wanted));
        let message = format!("no {what} is called as it is called in the model: here they are {ours}, there {theirs}");
        return Err(Error::data(Code::NamesDiffer, message, format!("Check that the {what}s are named alike")));
    }
    let from: Vec<Option<usize>> = wanted.iter().map(|name| here.get(name.as_str()).copied()).collect();
    let matrix = if names == wanted { matrix.clone() } else { matrix.pick(side, &from)? };
    Ok(Aligned { matrix, lacking, unknown })
}

fn numbered<'a>(names: &'a [String], what: &str) -> Result<BTreeMap<&'a str, usize>> {
    let mut numbered = BTreeMap::new();
    for (at, name) in names.iter().enumerate() {
        if let Some(earlier) = numbered.insert(name.as_str(), at) {
            let message = format!("{what}s {} and {} have the same name, {name:?}", earlier + 1, at + 1);
            return Err(Error::data(Code::DuplicateNames, message, format!("Give each {what} a name of its own")));
        }
    }
    Ok(numbered)
}

/// "a, b, c, ..."
fn shown(names: &[String]) -> String {
    let first: Vec<String> = names.iter().take(3).map(|name| format!("{name:?}")).collect();
    first.join(", ") + if names.len() > 3 { ", ..." } else { "" }
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
        let found = align(&dense, Side::Cols, &names("a b c"), &names("c d a")).unwrap();
        assert_eq!((found.lacking, found.unknown), (names("d"), names("b")));
        let row: Vec<f64> = (0..3).map(|j| found.matrix.get(1, j)).collect();
        assert!(row[0] == 6.0 && row[1].is_nan() && row[2] == 4.0);
        let found = align(&sparse, Side::Cols, &names("a b c"), &names("c d a")).unwrap();
        assert_eq!(found.matrix.to_dense_f64(), [3.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
        assert_eq!(found.matrix.stored(), 2);
        let found = align(&dense, Side::Rows, &names("u v"), &names("v u")).unwrap();
        assert_eq!(found.matrix.to_dense_f64(), [4.0, 5.0, 6.0, 1.0, 2.0, 3.0]);
        let found = align(&sparse, Side::Rows, &names("u v"), &names("w v u")).unwrap();
        assert_eq!((found.matrix.shape(), found.matrix.get(2, 2), found.lacking), ((3, 3), 3.0, names("w")));
    }

    #[test]
    fn what_can_not_be_meant_is_refused() {
        let x = Matrix::dense(1, 2, vec![1.0, 2.0]).unwrap();
        let refuses = |own: &str, wanted: &str, code: Code, text: &str| {
            check_error(&align(&x, Side::Cols, &names(own), &names(wanted)).unwrap_err(), code, text);
        };
        refuses("a a", "a b", Code::DuplicateNames, "columns 1 and 2 have the same name, \"a\"");
        refuses("a b", "c c", Code::DuplicateNames, "columns 1 and 2 have the same name, \"c\"");
        refuses("a b", "c d", Code::NamesDiffer, "here they are \"a\", \"b\", there \"c\", \"d\"");
        refuses("a", "a b", Code::NameCount, "1 names for 2 columns");
    }
}
