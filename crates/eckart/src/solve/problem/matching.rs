//! Matching: what a problem is given, in one order of its rows and columns.
//! In: a `Problem` whose matrices have names.  Out: the same in the order of the data's names, without names.
//! Invariant: sides that the formula holds to be the same are matched by name where both have names, in whatever order
//! they are; the formula alone says which sides these are.
//! Not here: the order of one matrix (see `data`), the names of a model (see `apply`).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::Problem;
use super::role::declared_sides;
use crate::data::{
    CalledSide, Matching, Matrix, Side, align_same, by_position, check_count, told_by_position, told_of_zeros, widened,
};
use crate::error::{Code, Result, Warning};
use crate::expr::text::Statement;
use crate::expr::{Dag, Var};
use crate::facts::{Links, SideLength};
use crate::solve::result::{ComponentNames, numbered_components};

/// Which sides of the matrices of a statement are the same, as the formula says.
pub(crate) struct SameSides(Links);

impl SameSides {
    /// Of a statement whose data is `target`; `is_one` says which sides of further data are of length 1, so that they
    /// may be stretched to any.
    pub(crate) fn of(
        statement: &Statement,
        params: &BTreeMap<String, f64>,
        target: &str,
        is_one: &dyn Fn(&str, Side) -> bool,
    ) -> Self {
        let dag = Dag::new(&[statement.objective.with_numbers(params)]);
        let further = |var: &Var, side: Side| match var.name() != target && is_one(var.name(), side) {
            true => SideLength::Number(1),
            false => SideLength::Open,
        };
        let sides = |var: &Var| {
            let declared = statement.declared.iter().find(|declared| declared.name == var.name());
            let undeclared = || Side::BOTH.map(|side| further(var, side));
            declared.map_or_else(undeclared, |declared| declared_sides(declared, [0; 2]))
        };
        Self(Links::of(&dag, &sides, &|_| false))
    }

    /// The same number for sides that are the same; `None` where the formula has no such matrix.
    pub(crate) fn class(&self, name: &str, side: Side) -> Option<usize> {
        self.0.side(&Var::input(name), side as usize)
    }
}

/// A side of a matrix, by its name.
type OfMatrix<'a> = (&'a str, Side);

impl Problem {
    /// The same problem with its matrices in the order of the names of the data, or of what is named first, and no
    /// names: what was matched by position since it has no names is told by `told`.
    ///
    /// # Errors
    /// `Data` where two sides that must be the same have other names, a name stands twice, or there are not as many
    /// names as rows or columns.
    pub(crate) fn matched(&self) -> Result<Cow<'_, Self>> {
        match self.widened()? {
            Some(wide) => Ok(Cow::Owned(wide.in_order()?.into_owned())),
            None => self.in_order(),
        }
    }

    /// The same problem with columns of zeros after the last of what may have more than it shows, up to those of what
    /// the formula holds to have as many, which is told; `None` where there is nothing to do.
    fn widened(&self) -> Result<Option<Self>> {
        if self.open.is_empty() {
            return Ok(None);
        }
        let mut wide = Self { open: BTreeSet::new(), ..self.clone() };
        for sides in self.same_sides(&self.sides_of_formula()) {
            let length = |of: &OfMatrix<'_>| self.given(of.0).map_or(0, |matrix| of.1.of(matrix.shape()));
            let most = sides.iter().map(length).max().unwrap_or(0);
            let is_short = |of: &&OfMatrix<'_>| of.1 == Side::Cols && self.open.contains(of.0) && length(of) < most;
            for of in sides.iter().filter(is_short) {
                let all = wide.data.iter_mut().chain(&mut wide.fixed).chain(&mut wide.init_values);
                for (_, matrix) in all.filter(|(name, _)| name == of.0) {
                    *matrix = widened(matrix, most)?;
                }
                wide.told.push(told_of_zeros(of.0, length(of), most));
            }
        }
        Ok(Some(wide))
    }

    fn in_order(&self) -> Result<Cow<'_, Self>> {
        if self.names.is_empty() || self.matching == Matching::Position {
            return Ok(Cow::Borrowed(self));
        }
        let mut matched = Self { names: BTreeMap::new(), labels: self.names.clone(), ..self.clone() };
        matched.told.extend(self.repeated());
        let mut by_order = Vec::new();
        for sides in self.same_sides(&self.sides_of_formula()) {
            let Some(first) = sides.iter().copied().find(|side| self.names_of(*side).is_some()) else { continue };
            let wanted = self.called(first);
            if let (Some(wanted), Some(matrix)) = (wanted, self.given(first.0)) {
                check_count(matrix, first.1, wanted.names)?;
            }
            let order = format!("the {}s of {}", first.1.word(), first.0);
            let mut unnamed = Vec::new();
            let shared = self.names.get(first.0).and_then(|names| names[first.1 as usize].clone());
            for side in sides.into_iter().filter(|side| *side != first) {
                matched.labels.entry(side.0.to_owned()).or_default()[side.1 as usize].clone_from(&shared);
                match (self.called(side), wanted) {
                    (Some(own), Some(wanted)) => matched.put_in_order(own, wanted)?,
                    _ => unnamed.push(format!("the {}s of {}", side.1.word(), side.0)),
                }
            }
            by_order.extend((!unnamed.is_empty()).then(|| by_position(&unnamed, &order)));
        }
        matched.told.extend(told_by_position(&by_order));
        Ok(Cow::Owned(matched))
    }

    /// That rows, or columns, of the data have the same name.
    fn repeated(&self) -> Vec<Warning> {
        let Some((target, _)) = self.data.first() else { return Vec::new() };
        let told = |side: Side| {
            let names = self.names_of((target, side))?;
            let mut order: Vec<usize> = (0..names.len()).collect();
            order.sort_by(|&one, &other| names[one].cmp(&names[other]));
            let pairs = order.windows(2).filter(|pair| names[pair[0]] == names[pair[1]]);
            let first = pairs.min_by_key(|pair| pair[1])?;
            let (what, at, name) = (side.word(), [first[0] + 1, first[1] + 1], &names[first[0]]);
            let message = format!(
                "{what}s {} and {} of {target} have the same name, {name:?}, which does not tell them apart: give each \
                 a name of its own, such as symbol and id, as is made of a features.tsv that names the {what}s",
                at[0], at[1]
            );
            Some(Warning::new(Code::RepeatedNames, message))
        };
        Side::BOTH.into_iter().filter_map(told).collect()
    }

    fn sides_of_formula(&self) -> SameSides {
        let is_one = |name: &str, side: Side| {
            let is_open = side == Side::Cols && self.open.contains(name);
            !is_open && self.data.iter().any(|(known, matrix)| known == name && side.of(matrix.shape()) == 1)
        };
        let target = self.data.first().map_or("", |(name, _)| name.as_str());
        SameSides::of(&self.statement, &self.params, target, &is_one)
    }

    /// The sides of given matrices that the formula holds to be the same, in the order in which they were given.
    fn same_sides(&self, same: &SameSides) -> Vec<Vec<OfMatrix<'_>>> {
        let mut classes: BTreeMap<usize, Vec<OfMatrix<'_>>> = BTreeMap::new();
        for (name, _) in self.data.iter().chain(&self.fixed).chain(&self.init_values) {
            for side in Side::BOTH {
                if let Some(class) = same.class(name, side) {
                    classes.entry(class).or_default().push((name, side));
                }
            }
        }
        classes.into_values().collect()
    }

    /// What components are called in the factors of the start `best`: of each factor its rows and its columns, where
    /// these are no side of the data and a fixed factor, or an initial one from which that start began, names them. Of
    /// several that do, the order is that of the first, in which the others were put.
    pub(in crate::solve) fn component_names(&self, best: usize) -> ComponentNames {
        let is_of = |list: &[(String, Matrix)], (name, _): &OfMatrix<'_>| list.iter().any(|(known, _)| known == name);
        let mut found = ComponentNames::new();
        if !self.fixed.iter().chain(&self.init_values).any(|(name, _)| self.names.contains_key(name)) {
            return found;
        }
        let (same, factors) = (self.sides_of_formula(), self.statement.objective.variables());
        for sides in self.same_sides(&same) {
            // A random start has other components, unless a fixed factor says which they are.
            let holds = best == 0 || sides.iter().any(|side| is_of(&self.fixed, side));
            if !holds || sides.iter().any(|side| is_of(&self.data, side)) {
                continue;
            }
            let names = sides.iter().find_map(|side| self.names_of(*side)).map(<[String]>::to_vec);
            let Some(names) = names.filter(|names| *names != numbered_components(names.len())) else { continue };
            let class = same.class(sides[0].0, sides[0].1);
            for (var, side) in factors.iter().flat_map(|var| Side::BOTH.map(|side| (var, side))) {
                if same.class(var.name(), side) == class {
                    found.entry(var.name().to_owned()).or_default()[side as usize] = Some(names.clone());
                }
            }
        }
        found
    }

    fn given(&self, name: &str) -> Option<&Matrix> {
        let mut all = self.data.iter().chain(&self.fixed).chain(&self.init_values);
        all.find(|(known, _)| known == name).map(|(_, matrix)| matrix)
    }

    fn names_of(&self, (name, side): OfMatrix<'_>) -> Option<&[String]> {
        self.names.get(name)?[side as usize].as_ref().map(|names| names.as_slice())
    }

    fn called<'a>(&'a self, of: OfMatrix<'a>) -> Option<CalledSide<'a>> {
        self.names_of(of).map(|names| CalledSide { names, side: of.1, of: of.0 })
    }

    fn put_in_order(&mut self, own: CalledSide<'_>, wanted: CalledSide<'_>) -> Result<()> {
        let all = self.data.iter_mut().chain(&mut self.fixed).chain(&mut self.init_values);
        for (_, matrix) in all.filter(|(name, _)| name == own.of) {
            *matrix = align_same(matrix, own, wanted)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::data::Table;
    use crate::error::check_error;

    fn names(letter: &str, order: &[usize]) -> Option<Vec<String>> {
        Some(order.iter().map(|at| format!("{letter}{at}")).collect())
    }

    /// A matrix whose entries are told by the numbers of their row and column, in some order, with names.
    fn table(rows: (&str, &[usize]), cols: (&str, &[usize])) -> Table {
        let entry = |i: usize, j: usize| (1 + 10 * rows.1[i] + cols.1[j]) as f64;
        let matrix = Matrix::from_fn(rows.1.len(), cols.1.len(), entry).unwrap();
        Table::named(matrix, names(rows.0, rows.1), names(cols.0, cols.1))
    }

    const N: [usize; 4] = [0, 1, 2, 3];
    const M: [usize; 3] = [0, 1, 2];
    const R: [usize; 2] = [0, 1];

    fn problem(text: &str) -> Problem {
        Problem::parse(text).unwrap().rank(2).data("X", table(("n", &N), ("m", &M)))
    }

    fn values(problem: &Problem, name: &str) -> Vec<f64> {
        problem.matched().unwrap().given(name).unwrap().to_dense_f64()
    }

    proptest! {
        /// Whatever is given in another order is the same where its names are.
        #[test]
        fn order_is_free(
            n in Just(N.to_vec()).prop_shuffle(),
            m in Just(M.to_vec()).prop_shuffle(),
            r in Just(R.to_vec()).prop_shuffle(),
        ) {
            for (text, name, rows, cols) in [
                ("sum(S * (X - W @ H)**2)", "S", ("n", &n), ("m", &m)),
                ("sum(((X - W @ H) / S)**2)", "S", ("n", &n), ("m", &m)),
                ("sum(observed(X) * (X - W @ H)**2) + sum((Y - W @ K)**2)", "Y", ("n", &n), ("q", &m)),
                ("sum((X - W @ H)**2) + sum((Z.T - H.T @ K)**2)", "Z", ("q", &r), ("m", &m)),
                ("sum((X - W @ H)**2) + trace(W.T @ L @ W)", "L", ("n", &n), ("n", &n)),
                ("over b[n,1], W[n,r], H[r,m]: sum((X - W @ H - b)**2)", "b", ("n", &n), ("", &vec![0])),
                ("sum((X - W @ H)**2)", "W", ("n", &n), ("r", &r)),
                ("sum((X - W @ H)**2)", "H", ("r", &r), ("m", &m)),
                ("sum((X.T - H.T @ W.T)**2)", "H", ("r", &r), ("m", &m)),
            ] {
                let own = |rows: (&str, &[usize]), cols: (&str, &[usize])| {
                    let (problem, table) = (problem(text), table(rows, cols));
                    let factor = name == "W" || name == "H" || name == "b";
                    if factor { problem.fix(name, table) } else { problem.data(name, table) }
                };
                let sorted = |list: &[usize]| (0..list.len()).collect::<Vec<usize>>();
                let there = own((rows.0, &sorted(rows.1)), (cols.0, &sorted(cols.1)));
                let mut here = own((rows.0, rows.1), (cols.0, cols.1));
                // Sides that nothing else has stay in the order in which they were given: the first one's.
                let ends = |letter: &str| letter == "n" || letter == "m";
                let side = |at: usize, list: &[usize], letter: &str| if ends(letter) { at } else { list[at] };
                let expected: Vec<f64> = (0..rows.1.len())
                    .flat_map(|i| (0..cols.1.len()).map(move |j| (i, j)))
                    .map(|(i, j)| (1 + 10 * side(i, rows.1, rows.0) + side(j, cols.1, cols.0)) as f64)
                    .collect();
                prop_assert_eq!(values(&here, name), expected, "{}", text);
                prop_assert!(here.matched().unwrap().told.is_empty());
                here = here.match_by(Matching::Position);
                prop_assert_eq!(values(&here, name), here.given(name).unwrap().to_dense_f64());
                prop_assert_eq!(values(&there, name), there.given(name).unwrap().to_dense_f64());
            }
        }
    }

    /// An SVMlight file beside the data, whichever of the two has fewer columns with entries.
    #[test]
    fn columns_beyond_the_last_entry_are_zeros_up_to_those_of_the_other() {
        let matrix = |cols: usize| Matrix::from_triplets(4, cols, vec![(1, 0, 2.0), (3, cols - 1, 3.0)]).unwrap();
        let open = |cols: usize| Table { reading: Some("SVMlight; no labels".into()), ..matrix(cols).into() };
        let text = "sum(S * (X - W @ H)**2)";
        let wide = |problem: &Problem, name: &str| problem.matched().unwrap().given(name).unwrap().shape().1;
        for cols in [1, 2, 3] {
            let problem = problem(text).data("S", open(cols));
            for problem in [problem.clone(), problem.match_by(Matching::Position)] {
                assert_eq!(wide(&problem, "S"), 3);
                let codes: Vec<Code> = problem.bind().unwrap().told.iter().map(|told| told.code).collect();
                assert_eq!(codes.contains(&Code::NamesLacking), cols < 3);
            }
        }
        let both = Problem::parse(text).unwrap().rank(2).data("X", open(2)).data("S", matrix(4));
        assert_eq!((wide(&both, "X"), wide(&both, "S")), (4, 4));
        let closed = problem(text).data("S", matrix(2));
        check_error(&closed.bind().map(|_| ()).unwrap_err(), Code::ShapeMismatch, "S is 4 x 2");
    }

    #[test]
    fn names_that_stand_twice_are_told_of() {
        let told = |rows: &[usize], cols: &[usize]| {
            let problem = Problem::parse("sum((X - W @ H)**2)").unwrap().rank(1);
            let bound = problem.data("X", table(("n", rows), ("m", cols))).bind().unwrap();
            bound.told.iter().map(|told| (told.code, told.message.clone())).collect::<Vec<_>>()
        };
        assert_eq!(told(&N, &M), []);
        let [(code, message)] = &told(&[2, 0, 1, 0, 2], &M)[..] else { panic!() };
        assert_eq!(*code, Code::RepeatedNames);
        assert!(message.starts_with("rows 2 and 4 of X have the same name, \"n0\""), "{message}");
        assert_eq!(told(&[0, 0], &[1, 1, 1]).len(), 2);
    }

    #[test]
    fn components_are_matched_as_well() {
        let problem = problem("sum((X - W @ H)**2)");
        let problem = problem.fix("H", table(("r", &[1, 0]), ("m", &M))).init_from("W", table(("n", &N), ("r", &R)));
        let w = values(&problem, "W");
        assert_eq!(w[..2], [2.0, 1.0], "in the order of what is fixed");
    }

    #[test]
    fn names_that_differ_are_refused_and_what_has_none_is_told() {
        let text = "sum(S * (X - W @ H)**2)";
        let refuses = |problem: Problem, code: Code, part: &str| {
            check_error(&problem.bind().map(|_| ()).unwrap_err(), code, part);
            let by_position = problem.match_by(Matching::Position);
            assert!(!matches!(by_position.bind(), Err(error) if error.code() == code));
        };
        let strangers = problem(text).data("S", table(("x", &N), ("m", &M)));
        refuses(strangers, Code::NamesDiffer, "4 of the rows of S are not among the rows of X: \"x0\", \"x1\", \"x2\"");
        let fewer = problem(text).data("S", table(("n", &N), ("m", &R)));
        refuses(fewer, Code::NamesDiffer, "1 of the columns of X is not among the columns of S: \"m2\"");
        let twice = problem(text).data("S", table(("n", &[0, 1, 2, 2]), ("m", &M)));
        refuses(twice, Code::DuplicateNames, "rows 3 and 4 of S have the same name");
        let plain = table(("n", &N), ("m", &M)).matrix;
        let told =
            |problem: &Problem| problem.bind().unwrap().told.iter().map(|w| w.message.clone()).collect::<String>();
        let unnamed = problem(text).data("S", &plain);
        assert_eq!(
            told(&unnamed),
            "the rows of S have no names and are taken in the order of the rows of X; the columns of S have no names \
             and are taken in the order of the columns of X"
        );
        assert!(told(&unnamed.match_by(Matching::Position)).is_empty());
        let first = Problem::parse(text).unwrap().rank(2).data("X", &plain).data("S", table(("n", &N), ("m", &M)));
        assert!(told(&first).contains("the rows of X have no names and are taken in the order of the rows of S"));
        assert!(told(&Problem::parse(text).unwrap().rank(2).data("X", &plain).data("S", &plain)).is_empty());
        // A line of weights has one row, whatever it is called.
        let line = problem(text).data("S", table(("w", &[0]), ("m", &[2, 0, 1])));
        assert_eq!(values(&line, "S"), [1.0, 2.0, 3.0]);
    }
}
