//! Entries: what the data says that its owner hardly meant.
//! In: a bound problem.  Out: warnings, each with what to do.
//! Invariant: a warning is given only where entries can't be fitted or say nothing, or components have nothing to
//! explain.
//! Not here: what the objective says (see `lints`).

use super::sentinels::sentinel;
use super::{Bound, with_signs};
use crate::data::{Matrix, Side};
use crate::error::{Code, Result, Warning};
use crate::expr::{Dag, Var};
use crate::facts::{Facts, masks};
use crate::solve::problem::role::FactorAxis;
use crate::solve::result::compared::Reconstruction;

/// The share of the sum of squares of the data from which on its negative entries are more than noise.
const NEGATIVE_SHARE: f64 = 0.01;
/// From so many on, negative entries that are all the same number are a mark, and no noise.
const FEWEST_ALIKE: usize = 3;
/// One in so many entries.
const ONE_IN: usize = 100;

/// Numbers that mark what is missing, of the data and of what stands beside it.
pub(super) fn sentinels(bound: &Bound) -> impl Iterator<Item = Warning> {
    let all = std::iter::once(&bound.target).chain(&bound.beside);
    all.filter_map(|(name, matrix)| sentinel(name, matrix))
}

/// Negative entries of the data, of which a product of non-negative factors can fit none.
pub(super) fn negative(bound: &Bound) -> Result<Option<Warning>> {
    let (name, x) = &bound.target;
    if x.is_nonnegative() {
        return Ok(None);
    }
    let (mut least, mut negative, mut squares, mut of_negative) = (0.0_f64, 0_usize, 0.0, 0.0);
    let mut is_one = true;
    x.for_each(|entry| {
        squares += if entry.is_nan() { 0.0 } else { entry * entry };
        if entry < 0.0 {
            is_one &= negative == 0 || entry == least;
            (least, negative, of_negative) = (least.min(entry), negative + 1, of_negative + entry * entry);
        }
    });
    let are_alike = is_one && negative >= FEWEST_ALIKE && negative * ONE_IN >= x.observed();
    let counts = are_alike || of_negative > NEGATIVE_SHARE * squares;
    if !counts || sentinel(name, x).is_some() {
        return Ok(None);
    }
    let compared = bound.reconstruction()?;
    let Some(part) = compared.and_then(Reconstruction::predicts) else { return Ok(None) };
    let dag = Dag::new(std::slice::from_ref(part));
    let facts = Facts::of(&dag, &with_signs(&bound.givens, &bound.factors))?;
    Ok(facts.sign(dag.roots()[0]).nonnegative.then(|| {
        let each = if are_alike { format!(" ({least} each)") } else { String::new() };
        let message = format!(
            "{negative} of the {} entries of {name} are negative{each}, and {part} can't be: subtract the least entry \
             from {name}, leave out the bound on a factor, or mark entries that are none as missing",
            x.observed(),
        );
        Warning::new(Code::NegativeEntries, message)
    }))
}

/// Which rows, and which columns, have an entry; `None` where all have.
fn filled(x: &Matrix) -> Option<[Vec<bool>; 2]> {
    if let Some(pattern) = x.pattern().filter(|pattern| pattern.nnz() > 0) {
        let transposed = pattern.transposed();
        let rows = (0..pattern.rows()).map(|i| !pattern.range(i).is_empty()).collect();
        return Some([rows, (0..transposed.rows()).map(|j| !transposed.range(j).is_empty()).collect()]);
    }
    if x.is_sparse() || x.missing() == 0 {
        return None;
    }
    let (mut rows, mut cols, mut at) = (vec![false; x.rows()], vec![false; x.cols()], 0);
    x.for_each(|entry| {
        let (i, j) = (at / x.cols(), at % x.cols());
        rows[i] |= !entry.is_nan();
        cols[j] |= !entry.is_nan();
        at += 1;
    });
    Some([rows, cols])
}

/// Components beyond the number of rows or columns that hold anything have nothing to explain. Sparse codes may have
/// more, and so may rows beside a factor that is held.
pub(super) fn unused_rank(bound: &Bound) -> Option<Warning> {
    let (name, x) = &bound.target;
    let filled = filled(x);
    let count = |side: Side| {
        let lines = filled.as_ref().map(|sides| &sides[side as usize]);
        lines.map_or(side.of(x.shape()), |lines| lines.iter().filter(|filled| **filled).count())
    };
    let (rows, cols) = (count(Side::Rows), count(Side::Cols));
    let (most, side) = if rows <= cols { (rows, "rows") } else { (cols, "columns") };
    let of_axis = |factor: &super::Factor| match factor.role.components? {
        FactorAxis::Rows => Some(factor.shape.rows),
        FactorAxis::Columns => Some(factor.shape.cols),
    };
    let components = bound.factors.iter().filter_map(of_axis).max()?;
    // Of data without any entry something else is to be told.
    if most == 0 {
        return None;
    }
    let is_full = most == x.rows().min(x.cols());
    let overcomplete =
        !bound.fixed.is_empty() || bound.factors.iter().any(|factor| factor.regularizer.entries.l1 > 0.0);
    (components > most && !(is_full && overcomplete)).then(|| {
        let entry = if is_full { "" } else { " with an entry" };
        let message = format!(
            "{name} has only {most} {side}{entry}, so that rank {components} is more than it can use: ask for {most}"
        );
        Warning::new(Code::RankUnused, message)
    })
}

/// Rows and columns without an observed entry, where others don't count; data without any entry that is not 0.
pub(super) fn unobserved(bound: &Bound) -> Option<Warning> {
    let (name, x) = &bound.target;
    // Of data that is only assumed no entry is known.
    let given = bound.givens.get(&Var::input(name));
    if given.is_some_and(|given| given.sparse != x.is_sparse().then(|| x.stored())) {
        return None;
    }
    let mut is_zero = true;
    x.for_each(|entry| is_zero &= entry == 0.0 || entry.is_nan());
    if x.observed() == 0 || (is_zero && !is_masked(bound)) {
        let what = if x.observed() == 0 { "has no entry" } else { "holds nothing but zeros" };
        let message = format!("{name} {what}, so that there is nothing to learn: check how it was made, and read");
        return Some(Warning::new(Code::NothingObserved, message));
    }
    if !is_masked(bound) {
        return None;
    }
    let lines = filled(x)?;
    let told: Vec<String> = Side::BOTH
        .into_iter()
        .filter_map(|side| {
            let empty = |(_, filled): &(usize, &bool)| !**filled;
            let mut empty = lines[side as usize].iter().enumerate().filter(empty).map(|(at, _)| at);
            let first = empty.next()?;
            let names = bound.labels.get(name).and_then(|sides| sides[side as usize].as_ref());
            let first = names.and_then(|names| names.get(first)).map_or((first + 1).to_string(), |n| format!("{n:?}"));
            Some(match empty.count() {
                0 => format!("{} {first}", side.word()),
                more => format!("{} {first} and {more} more", side.word()),
            })
        })
        .collect();
    (!told.is_empty()).then(|| {
        let message = format!(
            "{name} has no entry in {}: what their factors are says nothing. Leave them out",
            told.join(", nor in ")
        );
        Warning::new(Code::NothingObserved, message)
    })
}

/// Observed entries that are all the same, where others don't count.
pub(super) fn all_equal(bound: &Bound) -> Option<Warning> {
    let (name, x) = &bound.target;
    if !is_masked(bound) || x.observed() < 2 {
        return None;
    }
    let (mut first, mut same) = (f64::NAN, true);
    x.for_each(|entry| {
        first = if first.is_nan() { entry } else { first };
        same &= entry.is_nan() || entry == first;
    });
    same.then(|| {
        let message = format!(
            "all {} entries of {name} are {first}, and the objective looks at no others: nothing can be learned from \
             them. Where an entry says that something was chosen, and none that it was not, count those as well: \
             `sum((1 + a*{name}) * (({name} > 0) - W @ H)**2) + b*(sum(W**2) + sum(H**2))`",
            x.observed()
        );
        Warning::new(Code::EqualEntries, message)
    })
}

/// Whether only observed entries of the data count.
fn is_masked(bound: &Bound) -> bool {
    masks(&Dag::new(std::slice::from_ref(&bound.objective)), &Var::input(&bound.target.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Table;
    use crate::facts::Given;
    use crate::solve::{Problem, lints};

    #[test]
    fn negative_data_of_a_non_negative_product_is_named() {
        let x = Matrix::from_fn(6, 5, |i, j| (1 + i + j) as f64).unwrap();
        let found = |text: &str, entry: &dyn Fn(f64) -> f64| -> Vec<String> {
            let x = Matrix::from_fn(6, 5, |i, j| entry(x.get(i, j))).unwrap();
            let bound = Problem::parse(text).unwrap().data("X", &x).rank(2).bind().unwrap();
            let all = lints(&bound).unwrap().into_iter();
            all.filter(|found| found.code == Code::NegativeEntries).map(|found| found.message).collect()
        };
        let nmf = "sum((X - W @ H)**2) subject to W >= 0, H >= 0";
        let all = found(nmf, &|x| -x);
        assert!(all[0].starts_with("30 of the 30 entries of X are negative, and W @ H can't be"), "{all:?}");
        // A sentinel; a mask; other losses; offsets with bounds.
        assert!(found(nmf, &|x| if x == 4.0 { -998.0 } else { x })[0].starts_with("4 of the 30"));
        // A mark that is small, and stands again and again.
        let mark = found(nmf, &|x| if x == 3.0 { -0.5 } else { 9.0 * x });
        assert!(mark[0].starts_with("3 of the 30 entries of X are negative (-0.5 each)"), "{mark:?}");
        let masked = "sum(observed(X) * (X - W @ H)**2) subject to W >= 0, H >= 0";
        assert!(found(masked, &|x| if x < 3.0 { f64::NAN } else { -x })[0].starts_with("27 of the 27"));
        for text in [
            "sum(huber(X - W @ H, 1)) subject to W >= 0, H >= 1",
            "over W[n,r], H[r,m], b[n,1]: sum((X - W @ H - b)**2) subject to W, H, b >= 0",
        ] {
            assert_eq!(found(text, &|x| x - 6.0).len(), 1, "{text}");
        }
        // Noise about 0, factors of any sign, a free offset.
        assert!(found(nmf, &|x| if x == 1.0 { -0.1 } else { x }).is_empty());
        assert!(found("sum((X - W @ H)**2) subject to W >= 0", &|x| -x).is_empty());
        let offset = "over W[n,r], H[r,m], c[1,m]: sum((X - W @ H - c)**2) subject to W, H >= 0";
        assert!(found(offset, &|x| -x).is_empty());
    }

    #[test]
    fn a_rank_that_cannot_be_used_is_named() {
        let x = Matrix::from_triplets(6, 5, vec![(0, 0, 1.0), (1, 1, 2.0)]).unwrap();
        let bound = Problem::parse("sum((X - W @ H)**2)").unwrap().data("X", &x).rank(3).bind().unwrap();
        let found = &lints(&bound).unwrap()[0];
        assert!(found.code == Code::RankUnused && found.message.contains("only 2 rows with an entry"), "{found:?}");
    }

    fn told(text: &str, x: impl Into<Table>, rank: usize, code: Code) -> Vec<String> {
        let bound = Problem::parse(text).unwrap().data("X", x).rank(rank).bind().unwrap();
        let all = lints(&bound).unwrap().into_iter();
        all.filter(|found| found.code == code).map(|found| found.message).collect()
    }

    #[test]
    fn more_components_than_the_data_has_lines_are_taken_and_named() {
        let x = Matrix::from_fn(10, 6, |i, j| (1 + i * j) as f64).unwrap();
        let found = |text: &str, rank: usize| told(text, &x, rank, Code::RankUnused);
        let expected = "X has only 6 columns, so that rank 8 is more than it can use: ask for 6";
        assert_eq!(found("sum((X - W @ H)**2) subject to W, H >= 0", 8), [expected]);
        assert_eq!(found("over W[n,8], H[8,m]: sum((X - W @ H)**2)", 1), [expected]);
        assert!(found("sum((X - W @ H)**2) + 0.1*sum(abs(W)) subject to rownorm(H) <= 1", 8).is_empty());
        assert!(found("sum((X - W @ H)**2)", 6).is_empty());
    }

    #[test]
    fn numbers_that_mark_what_is_missing_are_named() {
        let with = |x: f64, s: f64| {
            let of = |mark: f64| Matrix::from_fn(6, 5, |i, j| if i == j { mark } else { (1 + i + j) as f64 }).unwrap();
            let problem = Problem::parse("sum(((X - W @ H) / S)**2) subject to W, H >= 0").unwrap();
            let bound = problem.data("X", of(x)).data("S", of(s)).rank(2).bind().unwrap();
            let all = lints(&bound).unwrap().into_iter().filter(|found| found.code != Code::RankUnused);
            all.map(|found| (found.code, found.message.split(" are").next().unwrap().to_owned())).collect::<Vec<_>>()
        };
        assert_eq!(with(-999.0, 2.0), [(Code::SentinelEntries, "5 entries of X".to_owned())]);
        assert_eq!(with(2.0, -999.0), [(Code::SentinelEntries, "5 entries of S".to_owned())]);
        assert!(with(2.0, 2.0).is_empty());
    }

    #[test]
    fn data_without_an_entry_is_named() {
        let (masked, nmf) = ("sum(observed(X) * (X - W @ H)**2)", "sum((X - W @ H)**2) subject to W, H >= 0");
        let of = |value: f64| Matrix::from_fn(6, 5, |_, _| value).unwrap();
        let none = Matrix::from_triplets(6, 5, Vec::<(usize, usize, f64)>::new()).unwrap();
        for (text, x) in [(masked, &none), (nmf, &none), (nmf, &of(0.0)), (masked, &of(f64::NAN))] {
            assert_eq!(told(text, x, 2, Code::NothingObserved).len(), 1, "{text}");
            assert!(told(text, x, 2, Code::RankUnused).is_empty(), "{text}");
        }
        assert!(told(masked, of(0.0), 2, Code::NothingObserved).is_empty());
        for stored in [None, Some(7)] {
            let given = Given::data(6, 5, stored);
            let bound = Problem::parse(nmf).unwrap().assume("X", given).unwrap().rank(2).bind().unwrap();
            assert!(lints(&bound).unwrap().is_empty());
        }
    }

    #[test]
    fn lines_without_an_entry_are_named() {
        let masked = "sum(observed(X) * (X - W @ H)**2)";
        let x = Matrix::from_fn(6, 5, |i, j| if j == 2 || i > 3 { f64::NAN } else { (i * j) as f64 }).unwrap();
        let found = told(masked, &x, 1, Code::NothingObserved);
        assert!(found[0].starts_with("X has no entry in row 5 and 1 more, nor in column 3: "), "{found:?}");
        let names = |n: usize| Some((0..n).map(|at| format!("n{at}")).collect());
        let named = Table::named(x, names(6), names(5));
        assert!(
            told(masked, named, 1, Code::NothingObserved)[0].contains("in row \"n4\" and 1 more, nor in column \"n2\"")
        );
        let full = Matrix::from_fn(6, 5, |i, j| (i * j) as f64).unwrap();
        assert!(told(masked, &full, 1, Code::NothingObserved).is_empty());
        // Zeros that are not stored are data.
        let sparse = Matrix::from_triplets(6, 5, vec![(0, 0, 1.0), (1, 1, 2.0)]).unwrap();
        assert!(told("sum((X - W @ H)**2)", &sparse, 1, Code::NothingObserved).is_empty());
        assert_eq!(told(masked, &sparse, 1, Code::NothingObserved).len(), 1);
    }

    #[test]
    fn entries_that_are_all_the_same_are_named() {
        let masked = "sum(observed(X) * (X - W @ H)**2)";
        let pairs = |value: f64| Matrix::from_triplets(3, 3, vec![(0, 0, 1.0), (1, 1, 1.0), (2, 2, value)]).unwrap();
        assert!(told(masked, pairs(1.0), 1, Code::EqualEntries)[0].starts_with("all 3 entries of X are 1, "));
        assert!(told(masked, pairs(2.0), 1, Code::EqualEntries).is_empty());
        assert!(told("sum((X - W @ H)**2)", pairs(1.0), 1, Code::EqualEntries).is_empty());
        // Of every pair.
        let full = Matrix::from_fn(3, 4, |_, _| 4.0).unwrap();
        assert!(told(masked, full, 1, Code::EqualEntries)[0].starts_with("all 12 entries of X are 4, "));
    }
}
