//! Index: numbers that are names: wavelengths, years, ids, in the first column of a table or its first row.
//! In: the numbers of a file or of a frame, what the first column is called.  Out: `FirstColumn`; whether the first row
//! is doubtful.
//! Invariant: a first column is taken for names only where it has a header and counts or is called as an index, and
//! that is said; a first row never is. Ids that stay numbers are warned of.
//! Not here: names that are texts (see `layout`).

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::data::{Matrix, Storage};

/// Names of a column that tells rows apart, in lower case, without marks.
const INDEX: &str = "id ids uid index idx name names no nr number key code ref row rownames case record sample \
                     samples subject patient participant respondent person user customer doc document cell cells \
                     spot snp locus position species strain site station plot plate well probe gene entrez \
                     entrezgene transcript peak otu asv taxon compound cid zip zipcode fips year years month day \
                     date time timestamp wavelength wavelengths wavenumber wavenumbers lambda nm frequency freq mz \
                     cm1 ramanshift wellenlänge wellenzahl ppm 2theta twotheta rt retentiontime barcode";
/// Units that stand behind a name: `wavelength_nm`.
const UNITS: &str = "nm um µm cm-1 1/cm cm^-1 ev kev s sec ms min h hz khz mhz ghz ppm";
/// Those of them that are hardly ever measured.
const IDS: &str = "id ids uid index idx subject patient participant respondent person user customer entrez entrezgene \
                   cid zip zipcode fips year years barcode";
/// As many rows are needed to see an order.
const FEWEST: usize = 3;
/// As many are needed where the numbers are only larger than all others, and so many times.
const FEWEST_FAR: usize = 5;
const FAR: f64 = 10.0;

/// What the first column of a table of numbers is, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstColumn {
    /// Numbers as all others.
    Data,
    /// The names of the rows, for this reason.
    Names(&'static str),
    /// Either, for this reason.
    Doubtful(&'static str),
}

impl FirstColumn {
    /// What the first column of a table is by the rule of files, called `name` where it has one.
    ///
    /// ```
    /// use eckart::data::{FirstColumn, Matrix};
    /// let spectra = Matrix::from_fn(4, 3, |i, j| if j == 0 { 1100.0 + 10.0 * i as f64 } else { 0.3 }).unwrap();
    /// assert!(matches!(FirstColumn::of(&spectra, Some("Wavelength")), FirstColumn::Names(_)));
    /// assert!(matches!(FirstColumn::of(&spectra, None), FirstColumn::Doubtful(_)));
    /// ```
    pub fn of(x: &Matrix, name: Option<&str>) -> Self {
        let series = || NumberSeries::of(&(0..x.rows()).map(|i| x.get(i, 0)).collect::<Vec<f64>>());
        let may_name = |series: NumberSeries| series.is_monotone || (series.is_whole && series.is_unique);
        if x.is_sparse() || !may_name(series()) {
            return Self::Data;
        }
        let first = || (0..x.rows()).map(|i| x.get(i, 0)).collect::<Vec<f64>>();
        first_column(&numbers(x), x.cols(), name, || NumberSeries::of(&first()).is_unique)
    }
}

/// The first of the columns of a table, called so, that is called as ids are and holds whole numbers, or that is the
/// first of all, is called as an index and holds fractions in no order: it counts as data.
pub fn ids_among_columns(x: &Matrix, names: &[String]) -> Option<usize> {
    let is_called = || names.iter().any(|name| is_id(name)) || names.first().is_some_and(|name| is_index(name));
    let may = !x.is_sparse() && names.len() == x.cols() && is_called();
    if may { ids_as_data(&numbers(x), names) } else { None }
}

/// The numbers of a dense matrix.
fn numbers(x: &Matrix) -> Cow<'_, [f64]> {
    match x.storage() {
        Storage::DenseF64(values) => Cow::Borrowed(&values[..]),
        _ => Cow::Owned(x.values_f64()),
    }
}

/// What the first of `cols` columns is, called `name` where there is a header; `distinct` says whether no two of its
/// cells are one name.
pub(super) fn first_column(
    values: &[f64],
    cols: usize,
    name: Option<&str>,
    distinct: impl Fn() -> bool,
) -> FirstColumn {
    let rows = values.len() / cols;
    if cols < 2 {
        return FirstColumn::Data;
    }
    let first: Vec<f64> = values.chunks_exact(cols).map(|row| row[0]).collect();
    let rest = || values.chunks_exact(cols).flat_map(|row| &row[1..]).copied();
    let series = NumberSeries::of(&first);
    if name.is_some_and(is_index) && (series.is_monotone || (series.is_whole && distinct())) {
        return FirstColumn::Names("so it is called, and no number stands twice");
    }
    // Few rows show no order, and two columns of numbers are more likely pairs than names and numbers.
    if rows < FEWEST || cols == 2 {
        return FirstColumn::Data;
    }
    if series.is_whole && series.is_monotone && are_fractions(rest()) {
        let reason = "they are whole, in order, and stand beside fractions";
        return if name.is_some() { FirstColumn::Names(reason) } else { FirstColumn::Doubtful(reason) };
    }
    let ordered = series.is_unique && (series.is_whole || series.is_monotone);
    if ordered && rows >= FEWEST_FAR && series.least > FAR * largest(rest()) {
        return FirstColumn::Doubtful("no number stands twice, and all are far larger than those of the other columns");
    }
    let column = |j: usize| values.chunks_exact(cols).map(|row| row[j]).collect::<Vec<f64>>();
    if series.is_even && (1..cols).all(|j| !NumberSeries::of(&column(j)).is_even) {
        return FirstColumn::Doubtful("they go in equal steps, as no other column does");
    }
    FirstColumn::Data
}

/// Whether the first row may be a header of numbers: in order, and whole beside fractions, far larger than all others,
/// in equal steps or whole and reaching beyond all others, as no other row is; or in any order, never twice, and far
/// larger than all others, of which there are some rows.
pub(super) fn first_row_is_doubtful(values: &[f64], cols: usize) -> bool {
    let (first, rest) = values.split_at(cols);
    if cols < 2 || rest.len() < 2 * cols {
        return false;
    }
    let series = NumberSeries::of(first);
    let rest = || rest.iter().copied();
    let is_far = series.least > FAR * largest(rest());
    if is_far && series.is_unique && (series.is_whole || series.is_monotone) && values.len() > FEWEST_FAR * cols {
        return true;
    }
    if cols <= FEWEST || !series.is_monotone {
        return false;
    }
    let no_other =
        |is: fn(&NumberSeries) -> bool| !values[cols..].chunks_exact(cols).any(|row| is(&NumberSeries::of(row)));
    let reaches_beyond = || series.is_whole && largest(first.iter().copied()) > largest(rest());
    is_far
        || (series.is_whole && are_fractions(rest()))
        || (series.is_even && no_other(|row| row.is_even))
        || (reaches_beyond() && no_other(|row| row.is_monotone))
}

/// The first of the columns of numbers that is called as ids are, and holds whole numbers, or the first of all where it
/// is called as an index, and holds fractions in no order: it counts as data.
pub(super) fn ids_as_data(values: &[f64], names: &[String]) -> Option<usize> {
    let cols = names.len();
    let is_whole = |j: usize| {
        let mut known = values.chunks_exact(cols).map(|row| row[j]).filter(|value| !value.is_nan()).peekable();
        known.peek().is_some() && known.all(|value| value.fract() == 0.0)
    };
    // Samples are called 1.8, 1.9, 1.10.
    let is_index = |j: usize| {
        let known = values.chunks_exact(cols).all(|row| !row[j].is_nan());
        j == 0 && cols > 1 && known && is_index(&names[j]) && !is_whole(j)
    };
    (values.len() >= FEWEST * cols)
        .then(|| (0..cols).find(|&j| (is_id(&names[j]) && is_whole(j)) || is_index(j)))
        .flatten()
}

/// Whether a name, in any case and with or without marks, is that of an index; `gene_id` and `sampleId` are.
pub(super) fn is_index(name: &str) -> bool {
    is_called(name, INDEX)
}

/// Whether a name is that of ids wherever it stands: a `day` or a `position` may be a measurement.
fn is_id(name: &str) -> bool {
    is_called(name, IDS)
}

fn is_called(name: &str, words: &str) -> bool {
    let bare = |name: &str| name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let ends = ["_id", " id", ".id", "-id", "Id", "ID"].iter().any(|end| name.ends_with(end));
    let known = |name: String| words.split_ascii_whitespace().any(|word| word == name);
    ends || known(bare(name)) || known(bare(without_unit(name)))
}

/// A name without the unit behind it: `Wavelength (nm)`, `Time [s]`, `wavelength_nm`.
fn without_unit(name: &str) -> &str {
    let name = name.trim_end();
    match (name.find(['(', '[']), name.rsplit_once(['_', ' '])) {
        (Some(at), _) if name.ends_with([')', ']']) => &name[..at],
        (_, Some((rest, unit))) if UNITS.split_ascii_whitespace().any(|known| known == unit.to_lowercase()) => rest,
        _ => name,
    }
}

/// Whether numbers go up as those that name columns do: whole ones, or as many fractions as show an order.
pub(super) fn go_up(numbers: &[f64]) -> bool {
    let series = NumberSeries::of(numbers);
    let rises = series.is_monotone && numbers.first() <= numbers.last();
    rises && (series.is_whole || numbers.len() >= FEWEST_FAR)
}

/// Whether so few of the cells of a column are texts that these may be numbers that are damaged: one, or one in ten.
pub(super) fn are_few(texts: usize, rows: usize) -> bool {
    rows >= FEWEST && (texts == 1 || (texts > 0 && 10 * texts <= rows))
}

/// Whether at least half of the numbers that are not missing are fractions.
fn are_fractions(values: impl Iterator<Item = f64>) -> bool {
    let (mut fractions, mut known) = (0, 0);
    for value in values.filter(|value| !value.is_nan()) {
        known += 1;
        fractions += usize::from(value.fract() != 0.0);
    }
    known > 0 && 2 * fractions >= known
}

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.filter(|value| !value.is_nan()).fold(0.0, |most, value| f64::max(most, value.abs()))
}

/// What numbers in a row have in common.
struct NumberSeries {
    is_whole: bool,
    is_monotone: bool,
    is_unique: bool,
    /// In equal steps, where there are enough to see it.
    is_even: bool,
    /// The least absolute value.
    least: f64,
}

impl NumberSeries {
    fn of(values: &[f64]) -> Self {
        let rises = values.windows(2).all(|pair| pair[0] < pair[1]);
        let falls = values.windows(2).all(|pair| pair[0] > pair[1]);
        let distinct = || values.iter().map(|value| value.to_bits()).collect::<BTreeSet<_>>().len();
        let step = |pair: &[f64]| pair[1] - pair[0];
        let first = values.windows(2).next().map_or(0.0, step);
        let alike = |pair: &[f64]| (step(pair) - first).abs() <= 1e-6 * first.abs();
        let known = values.iter().all(|value| !value.is_nan());
        Self {
            is_whole: values.iter().all(|value| value.fract() == 0.0),
            is_monotone: known && (rises || falls),
            is_even: known && (rises || falls) && values.len() >= FEWEST_FAR && values.windows(2).all(alike),
            is_unique: known && distinct() == values.len(),
            least: values.iter().fold(f64::INFINITY, |least, value| least.min(value.abs())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_column_is_judged_by_what_it_is() {
        let check = |name: Option<&str>, values: &[f64], expected: &str| {
            let distinct = || NumberSeries::of(&values.chunks(3).map(|row| row[0]).collect::<Vec<f64>>()).is_unique;
            let found = match first_column(values, 3, name, distinct) {
                FirstColumn::Data => "data",
                FirstColumn::Names(_) => "names",
                FirstColumn::Doubtful(_) => "doubtful",
            };
            assert_eq!(found, expected, "{name:?}: {values:?}");
        };
        let spectra = [1100.0, 0.5, 0.25, 1110.0, 0.5, 0.5, 1120.0, 0.75, 0.5];
        check(Some("x"), &spectra, "names");
        check(None, &spectra, "doubtful");
        check(Some("x"), &spectra[..6], "data");
        check(Some("x"), &[1.0, 2.0, 3.0, 2.0, 4.0, 6.0, 3.0, 6.0, 9.0], "data");
        check(Some("gene_id"), &[7.0, 2.0, 3.0, 2.0, 4.0, 6.0, 3.0, 6.0, 9.0], "names");
        check(Some("gene_id"), &[7.0, 2.0, 3.0, 7.0, 4.0, 6.0, 3.0, 6.0, 9.0], "data");
        // What is called an index is one of however few rows.
        check(Some("gene_id"), &[7.0, 2.0, 3.0, 2.0, 4.0, 6.0], "names");
        check(Some("gene_id"), &[7.0, 2.0, 3.0], "names");
        check(Some("gene_id"), &[7.5, 2.0, 3.0, 2.0, 4.0, 6.0, 9.0, 1.0, 1.0], "data");
        let ids = [653_635.0, 102_466.0, 729_737.0, 148_398.0, 339_451.0];
        let far: Vec<f64> = ids.into_iter().flat_map(|id| [id, 3.0, 0.0]).collect();
        check(Some("x"), &far, "doubtful");
        check(Some("x"), &far[..12], "data");
        let beside = |rest: [f64; 2]| (1..=6).flat_map(|k| [f64::from(k), rest[0] * f64::from(k), rest[1]]).collect();
        let (multiples, counted): (Vec<f64>, Vec<f64>) = (beside([2.0, 3.0]), beside([0.0, 3.0]));
        check(Some("x"), &multiples, "data");
        check(Some("x"), &counted, "doubtful");
        check(None, &counted[..12], "data");
    }

    #[test]
    fn units_don_t_hide_what_a_column_is_called() {
        for name in
            ["Wavelength (nm)", "wavelength_nm", "Wavenumber [cm-1]", "wavenumber cm-1", "cm-1", "m/z", "Time (s)"]
        {
            assert!(is_index(name), "{name}");
        }
        for name in ["Raman shift", "Wellenlänge (nm)", "2theta", "RT", "gene_id"] {
            assert!(is_index(name), "{name}");
        }
        for name in ["", "nmol", "NO3 (ug/m3)", "length_nm", "intensity (a.u.)", "depth_m"] {
            assert!(!is_index(name), "{name}");
        }
    }

    #[test]
    fn a_first_row_of_names_is_doubtful() {
        let check = |cols: usize, values: &[f64], expected: bool| {
            assert_eq!(first_row_is_doubtful(values, cols), expected, "{values:?}");
        };
        let row = [0.5, 0.25, 0.75, 0.5];
        check(4, &[[1100.0, 1110.0, 1120.0, 1130.0], row, row].concat(), true);
        check(4, &[[1100.0, 1110.0, 1120.0, 1120.0], row, row].concat(), false);
        check(4, &[[1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 8.0], [3.0, 6.0, 9.0, 12.0]].concat(), false);
        check(4, &[[2001.0, 2002.0, 2003.0, 2005.0], [5.0, 3.0, 0.0, 2.0], [1.0, 1.0, 2.0, 0.0]].concat(), true);
        let (years, counts) = ([1990.0, 1995.0, 2000.0, 2005.0, 2010.0], [7.0, 900.0, 1200.0, 3.0, 2500.0]);
        check(5, &[years, counts, counts].concat(), true);
        check(5, &[years, years, counts].concat(), false);
        check(3, &[1100.0, 1110.0, 1120.0, 0.5, 0.25, 0.75, 0.5, 0.5, 0.5], false);
        // Ids in no order; few columns; a small first id, over noughts and whole numbers.
        let genes = |cols: usize| {
            let rows = (0..8).flat_map(|i| (0..cols).map(move |j| ((3 * i + 5 * j) % 7) as f64));
            [7157.0, 672.0, 675.0, 1956.0][..cols].iter().copied().chain(rows).collect::<Vec<f64>>()
        };
        (2..=4).for_each(|cols| check(cols, &genes(cols), true));
        check(4, &genes(4)[..16], false);
        let pivot = [[1.0, 110.0, 260.0, 480.0, 589.0], [5.0, 0.0, 4.0, 0.0, 3.0], [0.0, 3.0, 3.0, 0.0, 1.0]];
        check(5, &pivot.concat(), true);
        check(5, &[pivot[1], pivot[0], pivot[2]].concat(), false);
        check(4, &[[7157.0, 672.0, 672.0, 1956.0], [1.0; 4], [2.0; 4], [0.0; 4], [1.0; 4], [2.0; 4]].concat(), false);
    }

    #[test]
    fn ids_that_stay_numbers_are_seen() {
        let check = |names: &str, values: &[f64], expected: Option<usize>| {
            let names: Vec<String> = names.split(' ').map(str::to_owned).collect();
            assert_eq!(ids_as_data(values, &names), expected, "{names:?}");
        };
        let values = [653.0, 1.0, 0.5, 102.0, 2.0, 0.5, 653.0, 3.0, 0.5];
        check("patient_id a b", &values, Some(0));
        check("a year b", &values, Some(1));
        check("a b id", &values, None);
        check("a day b", &values, None);
        check("id a b", &values[..6], None);
        let fractions = [1.8, 1.0, 0.5, 1.9, 2.0, 0.5, 1.1, 3.0, 0.5];
        check("sample a b", &fractions, Some(0));
        check("a sample b", &fractions, None);
        check("dose a b", &fractions, None);
    }
}
