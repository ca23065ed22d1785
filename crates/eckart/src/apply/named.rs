//! Named: data in the order of a model's rows and columns.
//! In: a `Factorization`, `Table`s.  Out: `InOrder`: matrices in the model's order, and what to tell their owner.
//! Invariant: names decide where both have names; what is left out, lacking or matched by position is told.
//! Not here: the order of one matrix (see `data`), matrices of a search (see `solve`).

use std::borrow::Cow;

use super::Predictor;
use crate::data::{
    Aligned, CalledSide, Matching, Matrix, Side, Table, align, align_same, by_position, told_by_position, told_of_zeros,
};
use crate::error::{Code, Error, Result, Warning};
use crate::expr::text::parse_statement;
use crate::solve::{Factorization, SameSides};

/// Data in the order of a model's rows and columns.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct InOrder {
    /// The data, with the model's rows (where these were asked for) and columns.
    pub matrix: Matrix,
    /// What else the objective reads, in the same order, by name.
    pub beside: Vec<(String, Matrix)>,
    /// The model's rows, and its columns, that are not there, by their numbers from 0.
    pub lacking: [Vec<usize>; 2],
    /// What was left out, what is lacking and what was matched by position, with the side that it is of.
    pub told: Vec<(Side, Warning)>,
}

impl InOrder {
    /// What there is to tell, whatever side it is of.
    pub fn warnings(&self) -> Vec<Warning> {
        self.told.iter().map(|(_, warning)| warning.clone()).collect()
    }
}

/// A table of data in the order of a model's rows, of its columns, or of both: `sides`.
///
/// Where both have names, names decide: what the model does not have is left out. What the table lacks has no entries
/// where both sides are put in order; of new rows, whose columns alone are, it is missing where the objective says
/// `observed`, and else not stored, which is 0. Where only one of them has names, or with
/// [`Matching::Position`], order decides.
///
/// ```
/// # use eckart::data::{Matching, Side};
/// # use eckart::{Matrix, Problem, Settings, Table, apply::in_order_of};
/// let names = |text: &str| Some(text.split(' ').map(str::to_owned).collect::<Vec<_>>());
/// let x = Matrix::from_fn(6, 3, |i, j| (1 + i * j) as f64)?;
/// let x = Table::named(x, None, names("a b c"));
/// let model = Problem::parse("sum((X - W @ H)**2)")?.data("X", &x).rank(1).solve(&Settings::default())?;
/// let new = Table::named(Matrix::dense(1, 3, vec![3.0, 9.0, 1.0])?, None, names("c d a"));
/// let found = in_order_of(&model, &new, &[Side::Cols], Matching::Names)?;
/// assert_eq!(found.matrix.to_dense_f64(), [1.0, 0.0, 3.0]);
/// assert_eq!(found.told.len(), 2);
/// # Ok::<(), eckart::Error>(())
/// ```
///
/// # Errors
/// `Data` where none of the names is one of the model's, a name stands twice, or there are not as many names as rows
/// or columns.
pub fn in_order_of(model: &Factorization, table: &Table, sides: &[Side], matching: Matching) -> Result<InOrder> {
    let (table, zeros) = as_wide_as(model, &model.target, table)?;
    let table = table.as_ref();
    let mut found = InOrder { told: zeros.into_iter().collect(), ..InOrder::new(table) };
    let are_entries = Side::BOTH.iter().all(|side| sides.contains(side));
    for &side in sides.iter().filter(|_| matching == Matching::Names) {
        if let Some(aligned) = found.align(model, table, side, are_entries)? {
            found.matrix = aligned.matrix;
        }
    }
    // Both sides in one line.
    for of_given in [true, false] {
        let both = Side::BOTH.map(|side| (side, matched_by_position(side.word(), of_given)));
        if both.iter().all(|one| found.told.contains(one)) {
            found.told.retain(|one| !both.contains(one));
            found.told.push((Side::Cols, matched_by_position("rows and column", of_given)));
        }
    }
    Ok(found)
}

/// New rows of a model's data, and what else its objective reads of them (`beside`), in the order of the model's
/// columns, for [`super::FoldIn`]. Rows and columns of the latter that have names are matched with those of the new
/// rows, whose names they must have.
///
/// # Errors
/// As [`in_order_of`]; `Data` where names of new rows and of what stands beside them differ, or where columns are
/// lacking for which the latter would need numbers.
pub fn new_rows_in_order(
    model: &Factorization,
    new: &Table,
    beside: &[(String, Table)],
    matching: Matching,
) -> Result<InOrder> {
    let (new, zeros) = as_wide_as(model, &model.target, new)?;
    let new = new.as_ref();
    let mut found = InOrder { told: zeros.into_iter().collect(), ..InOrder::new(new) };
    found.beside = beside.iter().map(|(name, table)| (name.clone(), table.matrix.clone())).collect();
    let statement = parse_statement(&model.statement)?;
    let is_one = |name: &str, side: Side| {
        let is_open = |table: &Table| side == Side::Cols && table.has_open_columns();
        let mut all = beside.iter();
        all.any(|(known, table)| known == name && side.of(table.matrix.shape()) == 1 && !is_open(table))
    };
    let same = SameSides::of(&statement, &model.params, &model.target, &is_one);
    for (at, (name, table)) in beside.iter().enumerate().filter(|(_, (_, table))| table.has_open_columns()) {
        if same.class(name, Side::Cols) == same.class(&model.target, Side::Cols) {
            let (wide, zeros) = as_wide_as(model, name, table)?;
            found.beside[at].1 = wide.matrix.clone();
            found.told.extend(zeros);
        }
    }
    if matching == Matching::Position {
        return Ok(found);
    }
    let aligned = found.align(model, new, Side::Cols, false)?;
    for of_rows in Side::BOTH {
        let own = same.class(&model.target, of_rows);
        let lines = new.names(of_rows).or(model.col_names.as_deref().filter(|_| of_rows == Side::Cols));
        let named = lines.map(|names| CalledSide { names, side: of_rows, of: &model.target });
        // Where the new rows have no names, the first that stands beside them and has some.
        let is_same = |name: &str, side: Side| own.is_some() && same.class(name, side) == own;
        let wanted = named.or_else(|| first_named(beside, &is_same));
        let mut unnamed = Vec::new();
        if let (None, Some(_)) = (named, wanted) {
            unnamed.push(format!("the {}s of {}", of_rows.word(), model.target));
        }
        for (at, (name, table)) in beside.iter().enumerate() {
            for side in Side::BOTH.into_iter().filter(|side| is_same(name, *side)) {
                let matrix = &mut found.beside[at].1;
                match (table.names(side), wanted) {
                    (Some(names), Some(wanted)) => {
                        *matrix = align_same(matrix, CalledSide { names, side, of: name }, wanted)?;
                    }
                    // As the new rows are, of which it was told.
                    (None, Some(_)) if named.is_some() && new.names(of_rows).is_none() => {}
                    (None, Some(_)) => unnamed.push(format!("the {}s of {name}", side.word())),
                    (_, None) => {}
                }
                if let Some(Aligned { from, lacking, .. }) = aligned.as_ref().filter(|_| of_rows == Side::Cols) {
                    if !lacking.is_empty() && !model.statement.contains("observed(") {
                        return Err(lacks_columns(lacking, name));
                    }
                    // Where X has no entry, any number will do: it counts for nothing.
                    *matrix = matrix.pick(side, from, 1.0)?;
                }
            }
        }
        let order = wanted.map(|wanted| by_position(&unnamed, &wanted.to_string()));
        let texts: Vec<String> = order.filter(|_| !unnamed.is_empty()).into_iter().collect();
        found.told.extend(told_by_position(&texts).map(|warning| (of_rows, warning)));
    }
    if let Some(aligned) = aligned {
        found.matrix = aligned.matrix;
    }
    Ok(found)
}

/// A warning, and the side that it is of.
type Told = (Side, Warning);

/// A table of data with as many columns as that of the model, where it may have more than it shows: a file in SVMlight;
/// and that these are zeros.
fn as_wide_as<'a>(model: &Factorization, name: &str, table: &'a Table) -> Result<(Cow<'a, Table>, Option<Told>)> {
    let own = table.matrix.cols();
    let shape = if table.has_open_columns() { Predictor::new(model).ok().map(|known| known.shape()) } else { None };
    match shape {
        Some((_, cols)) if own < cols => {
            let zeros = (Side::Cols, told_of_zeros(name, own, cols));
            Ok((Cow::Owned(table.clone().widened(cols)?), Some(zeros)))
        }
        _ => Ok((Cow::Borrowed(table), None)),
    }
}

/// The first side that has names among those of what stands beside new rows for which `is_same` holds.
fn first_named<'a>(beside: &'a [(String, Table)], is_same: &dyn Fn(&str, Side) -> bool) -> Option<CalledSide<'a>> {
    let sides = beside.iter().flat_map(|(of, table)| Side::BOTH.map(|side| (of, table, side)));
    let mut named = sides.filter(|(of, _, side)| is_same(of, *side));
    named.find_map(|(of, table, side)| table.names(side).map(|names| CalledSide { names, side, of }))
}

impl InOrder {
    fn new(table: &Table) -> Self {
        Self { matrix: table.matrix.clone(), beside: Vec::new(), lacking: Default::default(), told: Vec::new() }
    }

    /// The matrix with one side in the model's order, where both have names; tells what is to be told. What is lacking
    /// has no entries where that is what the matrix is of.
    fn align(
        &mut self,
        model: &Factorization,
        table: &Table,
        side: Side,
        are_entries: bool,
    ) -> Result<Option<Aligned>> {
        let wanted = match side {
            Side::Rows => model.row_names.as_deref(),
            Side::Cols => model.col_names.as_deref(),
        };
        let (own, wanted) = match (table.names(side), wanted) {
            (Some(own), Some(wanted)) => (own, wanted),
            (None, None) => return Ok(None),
            (own, wanted) => {
                // What does not fit is refused by its shape.
                let fits = wanted.is_none_or(|wanted| wanted.len() == side.of(self.matrix.shape()));
                self.told.extend(fits.then(|| (side, matched_by_position(side.word(), own.is_some()))));
                return Ok(None);
            }
        };
        let masked = model.statement.contains("observed(");
        let lacking = if masked || are_entries { f64::NAN } else { 0.0 };
        let aligned = align(&self.matrix, side, own, wanted, lacking)?;
        let is_lacking = |(at, from): (usize, &Option<usize>)| from.is_none().then_some(at);
        self.lacking[side as usize] = aligned.from.iter().enumerate().filter_map(is_lacking).collect();
        self.told.extend(aligned.says_unknown(side).map(|warning| (side, warning)));
        let count = match (self.matrix.is_sparse(), masked) {
            (_, _) if are_entries => ", and have no entries",
            (true, _) => ", and count as not stored",
            (false, true) => ", and count as missing",
            (false, false) => ", and count as 0",
        };
        let lacking = aligned.says_lacking(side, count);
        self.told.extend(lacking.map(|message| (side, Warning::new(Code::NamesLacking, message))));
        Ok(Some(aligned))
    }
}

/// That rows, or columns, are matched by position since only those given have names, or only the model's.
fn matched_by_position(what: &str, of_given: bool) -> Warning {
    let (named, bare) = if of_given { ("given", "of the model") } else { ("of the model", "given") };
    let message = format!("{what}s are matched by position: those {named} have names, those {bare} have none");
    Warning::new(Code::MatchedByPosition, message)
}

fn lacks_columns(lacking: &[String], name: &str) -> Error {
    let message = format!(
        "{} of the model's columns are not there, the first {:?}, and {name} has a number for each",
        lacking.len(),
        lacking.first().map_or("", String::as_str)
    );
    Error::data(Code::ColumnsMissing, message, "Give all columns")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::check_error;
    use crate::{FoldIn, Problem, Settings};

    fn names(text: &str) -> Option<Vec<String>> {
        (text != "-").then(|| text.split(' ').map(str::to_owned).collect())
    }

    fn table(matrix: Matrix, rows: &str, cols: &str) -> Table {
        Table::named(matrix, names(rows), names(cols))
    }

    fn model(text: &str, cols: &str) -> Factorization {
        let matrix = |from: f64| Matrix::from_fn(5, 3, |i, j| from + ((i * 3 + j) % 4) as f64).unwrap();
        let problem = Problem::parse(text).unwrap().data("X", table(matrix(1.0), "r s t u v", cols)).rank(1);
        let problem = if text.contains('S') { problem.data("S", matrix(2.0)) } else { problem };
        let settings = Settings { max_iter: 20, ..Settings::default() };
        problem.match_by(Matching::Position).solve(&settings).unwrap()
    }

    fn codes(found: &InOrder) -> Vec<(Side, Code)> {
        found.told.iter().map(|(side, warning)| (*side, warning.code)).collect()
    }

    const NMF: &str = "sum((X - W @ H)**2) subject to W, H >= 0";
    const MASKED: &str = "sum(observed(X) * (X - W @ H)**2)";

    #[test]
    fn what_a_model_lacks_is_left_out_and_what_the_data_lacks_is_not_stored() {
        let x = Matrix::dense(2, 3, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        let in_order = |text: &str, x: &Matrix, rows: &str, cols: &str| {
            in_order_of(&model(text, "a b c"), &table(x.clone(), rows, cols), &Side::BOTH, Matching::Names).unwrap()
        };
        let found = in_order(NMF, &x, "u z", "c d a");
        assert_eq!((found.matrix.observed(), found.matrix.get(3, 0), found.matrix.get(3, 2)), (2, 3.0, 1.0));
        assert_eq!(found.lacking, [vec![0, 1, 2, 4], vec![1]]);
        let (left_out, lacking) = (Code::NamesIgnored, Code::NamesLacking);
        assert_eq!(
            codes(&found),
            [(Side::Rows, left_out), (Side::Rows, lacking), (Side::Cols, left_out), (Side::Cols, lacking)]
        );
        assert!(
            found.told[1].1.message.contains("4 of the model's rows are not there, and have no entries: r, s, t, v")
        );
        let found = in_order(MASKED, &x, "u z", "c d a");
        assert_eq!((found.matrix.observed(), found.matrix.get(3, 2)), (2, 1.0));
        let sparse = Matrix::from_triplets(2, 3, vec![(0, 0, 3.0), (1, 2, 9.0)]).unwrap();
        let found = in_order(NMF, &sparse, "u z", "c d a");
        assert_eq!((found.matrix.stored(), found.matrix.get(3, 2)), (1, 3.0));
        let strangers = table(x.clone(), "-", "d e f");
        let error = in_order_of(&model(NMF, "a b c"), &strangers, &[Side::Cols], Matching::Names).unwrap_err();
        check_error(&error, Code::NamesDiffer, "here they are \"d\", \"e\", \"f\", there \"a\", \"b\", \"c\"");
        let by_position = in_order_of(&model(NMF, "a b c"), &strangers, &[Side::Cols], Matching::Position).unwrap();
        assert!(by_position.told.is_empty() && by_position.matrix.to_dense_f64() == x.to_dense_f64());
        for (given, known) in [("-", "a b c"), ("a b c", "-")] {
            let one_sided = table(x.clone(), "-", given);
            let found = in_order_of(&model(NMF, known), &one_sided, &[Side::Cols], Matching::Names).unwrap();
            assert_eq!(codes(&found), [(Side::Cols, Code::MatchedByPosition)]);
            assert!(found.told[0].1.message.contains("columns"), "{:?}", found.told);
        }
    }

    #[test]
    fn rows_of_an_svmlight_file_have_zeros_up_to_the_model_s_columns() {
        let open = |values: &[f64]| {
            let entries = values.iter().enumerate().map(|(j, v)| (0, j, *v)).collect();
            let matrix = Matrix::from_triplets(1, values.len(), entries).unwrap();
            Table { reading: Some("SVMlight; no labels".into()), ..matrix.into() }
        };
        for (cols, more) in [("a b c", vec![Code::MatchedByPosition]), ("-", vec![])] {
            let model = model("sum((X - W @ H)**2) subject to W >= 0, H >= 0", cols);
            let found = in_order_of(&model, &open(&[3.0]), &[Side::Cols], Matching::Names).unwrap();
            assert_eq!(found.matrix.to_dense_f64(), [3.0, 0.0, 0.0]);
            let told = codes(&found).into_iter().map(|(_, code)| code).collect::<Vec<Code>>();
            assert_eq!(told, [vec![Code::NamesLacking], more].concat());
        }
        for (matching, count) in [(Matching::Names, 2), (Matching::Position, 2)] {
            let weighted = model("sum(S * (X - W @ H)**2) + 0.1*sum(W**2)", "-");
            let beside = [("S".to_owned(), open(&[1.0]))];
            let found = new_rows_in_order(&weighted, &open(&[3.0, 1.0]), &beside, matching).unwrap();
            assert_eq!((found.matrix.to_dense_f64(), found.told.len()), (vec![3.0, 1.0, 0.0], count));
            assert_eq!(found.beside[0].1.to_dense_f64(), [1.0, 0.0, 0.0], "not one number for all columns");
        }
    }

    #[test]
    fn what_stands_beside_new_rows_is_in_their_order() {
        let text = "sum(((X - W @ H) / S)**2) + 0.1*sum(W**2)";
        let (model, cols) = (model(text, "a b c"), [2, 0, 1]);
        let x = Matrix::dense(2, 3, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        let s = Matrix::dense(2, 3, vec![1.0, 2.0, 1.0, 3.0, 1.0, 1.0]).unwrap();
        let codes_of = |x: Table, s: Table| {
            let found = new_rows_in_order(&model, &x, &[("S".into(), s)], Matching::Names)?;
            let s: Vec<(&str, &Matrix)> = found.beside.iter().map(|(name, s)| (name.as_str(), s)).collect();
            let folded = FoldIn::new(&model)?.transform_with(&found.matrix, &s)?;
            Ok::<_, Error>((folded.factor("W").unwrap().to_dense_f64(), found.warnings().len()))
        };
        let there = codes_of(table(x.clone(), "y z", "a b c"), table(s.clone(), "y z", "a b c")).unwrap();
        assert_eq!(there.1, 0);
        let (x_moved, s_moved) = (x.select_cols(&cols).unwrap(), s.select_rows(&[1, 0]).unwrap());
        let here = codes_of(table(x_moved.clone(), "y z", "c a b"), table(s_moved.clone(), "z y", "a b c")).unwrap();
        assert_eq!(here, there);
        // Without names S is as the new rows are.
        let bare = codes_of(table(x_moved, "y z", "c a b"), table(s.select_cols(&cols).unwrap(), "-", "-")).unwrap();
        assert_eq!((bare.0, bare.1), (there.0.clone(), 2));
        // Of new rows without names the columns are the model's.
        let bare = codes_of(table(x.clone(), "-", "-"), table(s.select_cols(&cols).unwrap(), "-", "c a b")).unwrap();
        assert_eq!((bare.0, bare.1), (there.0, 1));
        // Of the two the one without names is told of.
        let named = [("S".to_owned(), table(s.clone(), "y z", "a b c"))];
        let new = table(x.clone(), "-", "a b c");
        let found = new_rows_in_order(&model, &new, &named, Matching::Names).unwrap();
        assert_eq!(codes(&found), [(Side::Rows, Code::MatchedByPosition)]);
        let told = &found.told[0].1.message;
        assert!(told.starts_with("the rows of X have no names") && told.ends_with("the rows of S"), "{told}");
        let strangers = codes_of(table(x.clone(), "y z", "a b c"), table(s, "y x", "a b c"));
        check_error(&strangers.unwrap_err(), Code::NamesDiffer, "1 of the rows of S is not among the rows of X: \"x\"");
        let fewer = table(x.select_cols(&[0, 1]).unwrap(), "-", "a b");
        let error = codes_of(fewer.clone(), fewer).unwrap_err();
        check_error(&error, Code::ColumnsMissing, "1 of the model's columns are not there, the first \"c\", and S");
    }
}
