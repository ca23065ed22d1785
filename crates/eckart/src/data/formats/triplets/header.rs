//! Header: what the names of columns say of a table.
//! In: the cells of a first row.  Out: whether it is a list of entries, by which columns, or may be one.
//! Invariant: a word of the field, with or without a final "id", says what a column is; two for one leave it open.
//! Not here: what the cells below say (see `columns`).

/// Names of a column of row ids, in lower case, without marks and a final "id" or "uid".
pub(super) const ROWS: &str = "user u row r sample i doc document customer person reviewer subject cell source \
                               player session client buyer visitor viewer listener reader";
/// Names of a column of column ids.
pub(super) const COLS: &str = "item col column c feature j movie film book track song artist product term word token \
                               tag gene target business game anime place shop store restaurant venue hotel app video \
                               isbn sku article";
/// Names of a column of values.
pub(super) const VALUES: &str = "rating value val v x count counts n weight score stars freq frequency tf tfidf \
                                 plays playcount clicks quantity amount purchases views listens transactions";
/// Names of a column of dates and times, which are no values.
const TIMES: &str = "timestamp time date datetime day ts created createdat unixtime";
/// A longer header is that of a table: its words are those of a vocabulary.
pub(super) const MOST: usize = 12;

/// Which columns of a list of entries are read, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryColumns {
    /// The ids of rows.
    pub row: usize,
    /// The ids of columns.
    pub col: usize,
    /// The values; `None` where each is 1.
    pub value: Option<usize>,
}

/// What the names of columns say of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderColumns {
    /// It is a list of entries, by these columns.
    Entries(EntryColumns),
    /// It may be a list of entries, whose columns are open; this one is of row ids, which repeat where it is one.
    Open(usize),
    /// Nothing.
    Nothing,
}

/// What the names of its columns say of a table: a list of entries where there is a word for a row (user, row, sample,
/// doc, i, ...), one for a column (item, movie, feature, term, j, ...) and one for a value (rating, value, count, ...),
/// with or without a final "id", or only the first two beside times.
///
/// ```
/// use eckart::data::{EntryColumns, HeaderColumns, columns_by_header};
/// let columns = EntryColumns { row: 2, col: 1, value: Some(0) };
/// assert_eq!(columns_by_header(&["stars", "movieId", "userId", "timestamp"]), HeaderColumns::Entries(columns));
/// assert_eq!(columns_by_header(&["gene", "control", "treated"]), HeaderColumns::Nothing);
/// ```
pub fn columns_by_header(names: &[impl AsRef<str>]) -> HeaderColumns {
    let cells: Vec<Vec<u8>> = names.iter().map(|name| name.as_ref().trim().as_bytes().to_vec()).collect();
    told(&cells)
}

/// What the names of a header say of its columns.
pub(super) fn told(cells: &[Vec<u8>]) -> HeaderColumns {
    let is = |k: usize, words: &str| is_one_of(&cells[k], words, 1);
    let leads = match cells.len() {
        0 | 1 => false,
        2 => is(0, ROWS) && is(1, COLS),
        // Two words for a value leave it open.
        _ => is(0, ROWS) && is(1, COLS) && is(2, VALUES) && !(3..cells.len()).any(|k| is_one_of(&cells[k], VALUES, 2)),
    };
    if leads {
        return HeaderColumns::Entries(EntryColumns { row: 0, col: 1, value: (cells.len() > 2).then_some(2) });
    }
    // Elsewhere single letters are names as any others.
    let found = |words: &str| (0..cells.len()).filter(|&k| is_one_of(&cells[k], words, 2)).collect::<Vec<_>>();
    let (rows, cols, values) = (found(ROWS), found(COLS), found(VALUES));
    match (&rows[..], &cols[..], &values[..]) {
        _ if cells.len() > MOST => HeaderColumns::Nothing,
        ([row], [col], [value]) => HeaderColumns::Entries(EntryColumns { row: *row, col: *col, value: Some(*value) }),
        ([row], [col], []) if others(cells, &[*row, *col]).is_empty() => {
            HeaderColumns::Entries(EntryColumns { row: *row, col: *col, value: None })
        }
        ([row, ..], [_, ..], _) => HeaderColumns::Open(*row),
        _ => HeaderColumns::Nothing,
    }
}

/// Whether a header that leaves the columns of a list open names a value, too: it hardly is that of a table.
pub(super) fn names_values(cells: &[Vec<u8>]) -> bool {
    cells.iter().any(|cell| is_one_of(cell, VALUES, 2))
}

/// Whether a name is one of `words` of at least `least` letters, with or without a final "id".
pub(super) fn is_one_of(cell: &[u8], words: &str, least: usize) -> bool {
    let cell = String::from_utf8_lossy(cell).to_ascii_lowercase();
    let bare: String = cell.chars().filter(|c| c.is_alphanumeric()).collect();
    let known = |name: &str| name.len() >= least && words.split_ascii_whitespace().any(|word| word == name);
    let without = |end: &str| bare.strip_suffix(end).is_some_and(known);
    known(&bare) || without("id") || without("uid")
}

/// Whether a name is of dates or times: `date`, `event_time`.
pub(super) fn is_of_time(cell: &[u8]) -> bool {
    let name = String::from_utf8_lossy(cell).to_ascii_lowercase();
    is_one_of(cell, TIMES, 2) || ["time", "date", "timestamp"].iter().any(|end| name.ends_with(end))
}

/// The columns besides `taken` that may be values: named, and not by a word of time.
pub(super) fn others(cells: &[Vec<u8>], taken: &[usize]) -> Vec<usize> {
    let open = |k: &usize| !taken.contains(k) && !cells[*k].is_empty() && !is_of_time(&cells[*k]);
    (0..cells.len()).filter(open).collect()
}
