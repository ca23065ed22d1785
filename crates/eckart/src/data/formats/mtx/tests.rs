//! Tests of the reader and the writer of Matrix Market files.

use proptest::prelude::*;

use super::*;
use crate::data::{Duplicates, read};
use crate::error::check_error;

fn parse_text(text: &str) -> Result<Matrix> {
    read_mtx(format!("%%MatrixMarket matrix {text}").as_bytes(), &ReadOptions::default())
}

#[track_caller]
fn check(text: &str, stored: usize, dtype: Dtype, numbers: &[f64]) {
    let matrix = parse_text(text).unwrap();
    assert_eq!((matrix.stored(), matrix.dtype()), (stored, dtype));
    assert_eq!(matrix.to_dense_f64(), numbers);
}

#[track_caller]
fn refuses(text: &str, code: Code, part: &str) {
    check_error(&parse_text(text).unwrap_err(), code, part);
}

#[test]
fn all_kinds_are_read() {
    use Dtype::{F32, F64};
    check("coordinate real general\n% note\n\n2 2 2\n2 1 1.5\n1 1 0\n", 2, F64, &[0.0, 0.0, 1.5, 0.0]);
    check("coordinate integer general\r\n1 2 1\r\n1 2 -3\r\n", 1, F32, &[0.0, -3.0]);
    check("coordinate integer general\n1 1 1\n1 1 16777217\n", 1, F64, &[16_777_217.0]);
    check("coordinate pattern general\n2 1 1\n  2\t1  \n", 1, F32, &[0.0, 1.0]);
    check("coordinate pattern general\n2 1 0\n", 0, F32, &[0.0, 0.0]);
    check("coordinate real symmetric\n2 2 2\n1 1 5\n2 1 3\n", 3, F64, &[5.0, 3.0, 3.0, 0.0]);
    check("coordinate integer skew-symmetric\n2 2 1\n2 1 3\n", 2, F32, &[0.0, -3.0, 3.0, 0.0]);
    check("array real general\n2 2\n1\n2\n3\n4.5\n", 4, F64, &[1.0, 3.0, 2.0, 4.5]);
    check("array integer symmetric\n2 2\n1 2\n3\n", 4, F32, &[1.0, 2.0, 2.0, 3.0]);
    check("array real skew-symmetric\n2 2\n2\n", 4, F64, &[0.0, -2.0, 2.0, 0.0]);
    assert_eq!(parse_text("array real general\n1 2\nnan\n1\n").unwrap().missing(), 1);
    let f32 = ReadOptions { dtype: Some(F32), duplicates: Duplicates::Last, ..ReadOptions::default() };
    let text = b"%%MatrixMarket matrix coordinate real general\n1 1 2\n1 1 1\n1 1 2\n";
    let matrix = read_mtx(&text[..], &f32).unwrap();
    assert_eq!((matrix.dtype(), matrix.get(0, 0)), (F32, 2.0));
}

#[test]
fn headers_are_checked() {
    refuses("coordinate complex general\n1 1 0\n", Code::UnsupportedType, "line 1: the field \"complex\"");
    refuses("coordinate real hermitian\n1 1 0\n", Code::UnsupportedType, "line 1: the symmetry \"hermitian\"");
    refuses("array pattern general\n1 1\n", Code::UnsupportedType, "\"pattern\"");
    refuses("coordinate real\n", Code::BadHeader, "line 1");
    refuses("coordinate real general\n", Code::TruncatedFile, "");
    refuses("coordinate real general\n% a\n1 1\n", Code::BadHeader, "line 3: the line of sizes reads \"1 1\"");
    refuses("coordinate real general\n1 -1 1\n", Code::BadHeader, "line 2");
    refuses("coordinate real general\n0 3 0\n", Code::NoEntries, "line 2: the matrix is 0 x 3");
    refuses("coordinate real symmetric\n2 3 0\n", Code::BadHeader, "line 2: a symmetric matrix");
    refuses("coordinate real general\n4000000000 1 3\n", Code::NumberingGaps, "line 2: 4000000000 rows for 3 entries");
    refuses("coordinate real general\n1 99999999999 99999999999\n", Code::NumberingGaps, "line 2: 99999999999 columns");
    refuses("coordinate real general\n4000000000 1 99999999999\n1 1 1\n", Code::TruncatedFile, "ends after 1");
    refuses("array real general\n9999999999 9999999999\n1\n", Code::TooLarge, "9999999999 x 9999999999");
    refuses("array real general\n999999999 999999999\n1\n", Code::TruncatedFile, "ends after 1");
    assert_eq!(read_mtx(&b""[..], &ReadOptions::default()).unwrap_err().code(), Code::EmptyFile);
}

#[test]
fn entries_are_checked() {
    let refuses = |entries: &str, code: Code, part: &str| {
        refuses(&format!("coordinate real general\n2 2 2\n{entries}"), code, part);
    };
    refuses("1 1 1\n", Code::TruncatedFile, "line 3: the header promises 2 entries, but the file ends after 1");
    refuses("1 1 1\n1 2 1\n\n2 2 1\n", Code::TruncatedFile, "line 6");
    refuses("0 1 1\n", Code::IndexOutOfRange, "line 3: the row is 0");
    refuses("1 3 1\n", Code::IndexOutOfRange, "line 3: column 3 lies outside the 2 columns");
    refuses(
        "1 1\n",
        Code::BadEntry,
        "line 3: the entry reads \"1 1\". A line of this file holds row, column and value",
    );
    refuses("1 1 2 3\n", Code::BadEntry, "line 3");
    refuses("1 a 2\n", Code::BadEntry, "line 3");
    refuses("1 1 x\n", Code::NotANumber, "line 3: \"x\"");
    refuses("1 1 nan\n", Code::MissingValue, "line 3: the value at row 1, column 1 is NaN");
    refuses("1 1 -inf\n", Code::InfiniteValue, "line 3: the value at row 1, column 1 is -inf");
    refuses(
        "1 1 1\n% note\n1 1 2\n",
        Code::DuplicateEntry,
        "line 5: the entry at row 1, column 1 stands already on line 3",
    );
}

#[test]
fn numbers_are_checked() {
    refuses("coordinate integer general\n1 1 1\n1 1 1.5\n", Code::InexactInteger, "line 3: \"1.5\"");
    refuses("coordinate integer general\n1 1 1\n1 1 9007199254740993\n", Code::InexactInteger, "9007199254740993");
    refuses("coordinate real skew-symmetric\n1 1 1\n1 1 2\n", Code::BadEntry, "line 3");
    refuses("coordinate real symmetric\n2 2 2\n2 1 1\n1 2 1\n", Code::DuplicateEntry, "line 3");
    refuses("array real general\n1 1\ninf\n", Code::InfiniteValue, "line 3: the value \"inf\"");
    refuses("array real general\n1 1\n1\n2\n", Code::TruncatedFile, "line 4");
}

proptest! {
    #[test]
    fn matrices_come_back(
        cells in prop::collection::btree_map((0usize..5, 0usize..4), prop_oneof![Just(0.0), -1e300..1e300], 0..9),
        (wide, dense) in any::<(bool, bool)>(),
    ) {
        let cells = cells.into_iter().map(|((i, j), v)| (i, j, if wide { v } else { f64::from((v / 1e280) as f32) }));
        let mut matrix = Matrix::from_triplets(5, 4, cells.collect()).unwrap();
        if dense {
            matrix = Matrix::dense(5, 4, matrix.to_dense_f64()).unwrap();
        }
        let dtype = if wide { Dtype::F64 } else { Dtype::F32 };
        let matrix = matrix.cast(dtype).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.mtx.gz");
        write_mtx(&path, &matrix).unwrap();
        let found = read(&path, &ReadOptions { dtype: Some(dtype), ..ReadOptions::default() }).unwrap().matrix;
        prop_assert_eq!(found.values_f64(), matrix.values_f64());
        prop_assert_eq!(found.to_dense_f64(), matrix.to_dense_f64());
        prop_assert_eq!((found.is_sparse(), found.dtype()), (!dense, dtype));
    }
}
