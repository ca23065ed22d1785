//! Residuals: where the factors miss the data most.
//! In: the data, its fitted values.  Out: the error of each row, the largest residuals.
//! Invariant: one block of rows at a time, so nothing of the size of the data is formed; entries the objective leaves
//! out, and those that are not given, don't count.
//! Not here: the formula of fitted values (see `fitted`).

use super::fitted::{Fitted, spread_row};
use crate::data::{Matrix, evenly_spaced};
use crate::error::Result;

/// Fitted values that are held at a time.
const BLOCK: usize = 1 << 19;
/// Fitted values that are computed for a page, times the rank, at most: about a second of work.
const MOST_WORK: usize = 2_000_000_000;
/// Residuals that are kept.
const KEPT: usize = 20;

/// An entry of the data and what the factors say of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::report) struct Residual {
    /// Its row, from 0.
    pub(in crate::report) row: usize,
    /// Its column, from 0.
    pub(in crate::report) col: usize,
    pub(in crate::report) data: f64,
    pub(in crate::report) fitted: f64,
}

impl Residual {
    /// Data less fitted value.
    pub(in crate::report) fn value(&self) -> f64 {
        self.data - self.fitted
    }
}

/// What a pass over the rows finds.
#[derive(Debug, Default)]
pub(in crate::report) struct Residuals {
    /// Each row that was looked at and is not all 0, with ||x - s|| / ||x||.
    pub(in crate::report) rows: Vec<(usize, f64)>,
    /// The largest residuals by size, largest first; equal ones in the order of the data.
    pub(in crate::report) largest: Vec<Residual>,
    /// How many rows were looked at, of how many that are given: all, or evenly spaced ones of very large data.
    pub(in crate::report) seen: usize,
    pub(in crate::report) given: usize,
}

impl Residuals {
    /// Looks at all rows of `x`, or at so many evenly spaced ones that the work stays within a second or so; of these
    /// `lacking` are not given, nor are those columns.
    pub(in crate::report) fn of(
        x: &Matrix,
        lacking: &[Vec<usize>; 2],
        fitted: &mut Fitted<'_>,
        (observed_only, rank): (bool, usize),
    ) -> Result<Self> {
        Self::within(x, lacking, fitted, (observed_only, MOST_WORK / rank.max(1)))
    }

    fn within(
        x: &Matrix,
        [rows, cols]: &[Vec<usize>; 2],
        fitted: &mut Fitted<'_>,
        (observed_only, most): (bool, usize),
    ) -> Result<Self> {
        let sparse = observed_only && x.is_sparse();
        let width = if sparse { x.stored().div_ceil(x.rows()).max(1) } else { x.cols() };
        let given: Vec<usize> = (0..x.rows()).filter(|i| rows.binary_search(i).is_err()).collect();
        let places = evenly_spaced(given.len(), (most / width).max(1));
        let mut found = Self { seen: places.len(), given: given.len(), ..Self::default() };
        let places: Vec<usize> = places.into_iter().map(|at| given[at]).collect();
        for block in places.chunks((BLOCK / width).max(1)) {
            if sparse { found.look_at_stored(x, fitted, block)? } else { found.look_at_all(x, cols, fitted, block)? }
        }
        Ok(found)
    }

    fn look_at_all(&mut self, x: &Matrix, lacking: &[usize], fitted: &mut Fitted<'_>, rows: &[usize]) -> Result<()> {
        let values = fitted.rows(rows)?;
        for (at, &i) in rows.iter().enumerate() {
            let mut row = spread_row(x, i, 0.0);
            lacking.iter().for_each(|&j| row[j] = f64::NAN);
            let entries = row.into_iter().zip(values.row_f64(at)).enumerate();
            self.add(i, entries.map(|(col, (data, fitted))| (col, data, fitted)));
        }
        Ok(())
    }

    fn look_at_stored(&mut self, x: &Matrix, fitted: &mut Fitted<'_>, rows: &[usize]) -> Result<()> {
        let part = x.select_rows(rows)?;
        let values = fitted.stored(rows, &part)?;
        let Some(pattern) = part.pattern() else { return self.look_at_all(x, &[], fitted, rows) };
        for (at, &i) in rows.iter().enumerate() {
            let columns = pattern.indices()[pattern.range(at)].iter().map(|&j| j as usize);
            self.add(i, columns.zip(part.row_f64(at)).map(|(j, data)| (j, data, values.get(at, j))));
        }
        Ok(())
    }

    /// Counts the entries of a row: column, data, fitted value. A missing entry is none.
    fn add(&mut self, row: usize, entries: impl Iterator<Item = (usize, f64, f64)>) {
        let (mut missed, mut size) = (0.0, 0.0);
        for (col, data, fitted) in entries.filter(|(_, data, _)| !data.is_nan()) {
            let residual = Residual { row, col, data, fitted };
            missed += residual.value().powi(2);
            size += data * data;
            let least = self.largest.last().map_or(0.0, |least| least.value().abs());
            if residual.value().abs() > least || (self.largest.len() < KEPT && residual.value() != 0.0) {
                let at = self.largest.partition_point(|kept| kept.value().abs() >= residual.value().abs());
                self.largest.insert(at, residual);
                self.largest.truncate(KEPT);
            }
        }
        if size > 0.0 {
            self.rows.push((row, (missed / size).sqrt()));
        }
    }

    /// At most `count` rows, from the best fitted to the worst, evenly spaced between them.
    pub(in crate::report) fn spread(&self, count: usize) -> Vec<(usize, f64)> {
        let mut rows = self.rows.clone();
        rows.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        let count = count.min(rows.len());
        let at = |k: usize| if count == 1 { 0 } else { k * (rows.len() - 1) / (count - 1) };
        (0..count).map(|k| rows[at(k)]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Factorization, Problem, Settings};

    fn fit(objective: &str, x: &Matrix) -> Factorization {
        let settings = Settings { max_iter: 5, ..Settings::default() };
        Problem::parse(objective).unwrap().data("X", x).rank(2).solve(&settings).unwrap()
    }

    /// The largest residuals, found the plain way.
    fn plainly(fit: &Factorization, x: &Matrix, counts: impl Fn(usize, usize) -> bool) -> Vec<(usize, usize)> {
        let (w, h) = (fit.factor("W").unwrap(), fit.factor("H").unwrap());
        let mut all = Vec::new();
        for (i, j) in (0..x.rows()).flat_map(|i| (0..x.cols()).map(move |j| (i, j))) {
            if counts(i, j) {
                let fitted: f64 = (0..2).map(|k| w.get(i, k) * h.get(k, j)).sum();
                all.push(((x.get(i, j) - fitted).abs(), i, j));
            }
        }
        all.sort_by(|a, b| b.0.total_cmp(&a.0));
        all.iter().take(KEPT).map(|&(_, i, j)| (i, j)).collect()
    }

    fn sparse() -> Matrix {
        let mut entries: Vec<(usize, usize, f64)> =
            (0..60).map(|k| (k * 7 % 20, k * 11 % 13, 1.0 + (k as f64 * 0.7).sin())).collect();
        entries.sort_by_key(|entry| (entry.0, entry.1));
        entries.dedup_by_key(|entry| (entry.0, entry.1));
        Matrix::from_triplets(20, 13, entries).unwrap()
    }

    #[track_caller]
    fn check(objective: &str, x: &Matrix, counts: impl Fn(usize, usize) -> bool) {
        let fit = fit(objective, x);
        let observed_only = fit.quality.as_ref().unwrap().observed_only;
        let mut fitted = Fitted::of(&fit, x.shape()).unwrap();
        let found = Residuals::of(x, &Default::default(), &mut fitted, (observed_only, fit.rank)).unwrap();
        let places: Vec<(usize, usize)> = found.largest.iter().map(|r| (r.row, r.col)).collect();
        assert_eq!(places, plainly(&fit, x, counts), "{objective}");
        assert_eq!(found.seen, x.rows());
    }

    #[test]
    fn the_largest_are_found_among_the_entries_that_count() {
        let x = sparse();
        check("sum((X - W @ H)**2)", &x, |_, _| true);
        check("sum(observed(X) * (X - W @ H)**2) + 0.1*sum(W**2) + 0.1*sum(H**2)", &x, |i, j| {
            x.pattern().unwrap().find(i, j).is_some()
        });
        let holes =
            Matrix::from_fn(9, 6, |i, j| if (i + j) % 4 == 0 { f64::NAN } else { ((i * j) as f64).cos() }).unwrap();
        check("sum(observed(X) * (X - W @ H)**2) + 0.1*sum(W**2) + 0.1*sum(H**2)", &holes, |i, j| (i + j) % 4 != 0);
    }

    #[test]
    fn of_very_large_data_some_rows_are_looked_at() {
        let x = sparse();
        let fit = fit("sum((X - W @ H)**2)", &x);
        let mut fitted = Fitted::of(&fit, x.shape()).unwrap();
        let found = Residuals::within(&x, &Default::default(), &mut fitted, (false, 5 * 13)).unwrap();
        assert_eq!(found.seen, 5);
        assert!(found.rows.iter().all(|(row, _)| row % 4 == 0), "{:?}", found.rows);
    }

    /// What is not given is no 0.
    #[test]
    fn rows_and_columns_that_are_not_given_are_left_out() {
        let x = sparse();
        let fit = fit("sum((X - W @ H)**2)", &x);
        let mut fitted = Fitted::of(&fit, x.shape()).unwrap();
        let lacking = [vec![0, 1, 2, 19], vec![3, 4, 12]];
        let found = Residuals::of(&x, &lacking, &mut fitted, (false, 2)).unwrap();
        let places: Vec<(usize, usize)> = found.largest.iter().map(|r| (r.row, r.col)).collect();
        let is_given = |i: usize, j: usize| !lacking[0].contains(&i) && !lacking[1].contains(&j);
        assert_eq!(places, plainly(&fit, &x, is_given));
        assert_eq!((found.seen, found.given), (16, 16));
    }

    #[test]
    fn rows_are_spread_from_the_best_to_the_worst() {
        let found = Residuals { rows: vec![(0, 0.5), (1, 0.1), (2, 0.9), (3, 0.3), (4, 0.7)], ..Residuals::default() };
        assert_eq!(found.spread(3), [(1, 0.1), (0, 0.5), (2, 0.9)]);
        assert_eq!(found.spread(9).len(), 5);
        assert!(Residuals::default().spread(3).is_empty());
    }
}
