//! Reading real files: shapes, sums and names are those that other readers found in them.

use std::path::{Path, PathBuf};

use eckart::Code;
use eckart::data::{Dtype, Matrix, ReadOptions, Table, read, read_names, read_names_column, read_titles, write};

use crate::errors::check_error;

/// The workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file of the data that is too large or too restricted for the repository, where this machine has it.
pub(crate) fn shared_data(file: &str) -> Option<PathBuf> {
    let beside = root().join("../shared/data");
    let folder = std::env::var_os("ECKART_SHARED_DATA").map_or(beside, PathBuf::from);
    let path = folder.join(file);
    if !path.exists() {
        eprintln!("skipped: {} is not on this machine", path.display());
        return None;
    }
    Some(path)
}

fn load(path: &Path) -> Table {
    read(path, &ReadOptions::default()).unwrap()
}

fn sum(matrix: &Matrix) -> f64 {
    matrix.values_f64().iter().sum()
}

/// Checks shape, stored entries, their sum, and the type of a file.
#[track_caller]
fn check(path: &Path, shape: (usize, usize), stored: usize, total: f64, dtype: Dtype) -> Table {
    let table = load(path);
    let matrix = &table.matrix;
    assert_eq!((matrix.shape(), matrix.stored(), matrix.dtype(), matrix.missing()), (shape, stored, dtype, 0));
    assert!((sum(matrix) - total).abs() <= 1e-12 * total, "{}", sum(matrix));
    table
}

#[track_caller]
fn refuses(path: &Path, code: Code, part: &str) {
    let error = read(path, &ReadOptions::default()).unwrap_err();
    check_error(&error, code, &path.display().to_string());
    check_error(&error, code, part);
}

#[test]
fn digits() {
    let folder = root().join("examples/data/digits");
    let images = check(&folder.join("images.npy"), (1797, 64), 1797 * 64, 561_718.0, Dtype::F32).matrix;
    let nonzero = images.values_f64().iter().filter(|&&v| v != 0.0).count();
    let largest = images.values_f64().into_iter().fold(0.0, f64::max);
    assert_eq!((nonzero, largest), (58_736, 16.0));
    check(&folder.join("labels.npy"), (1797, 1), 1797, 8070.0, Dtype::F32);
}

#[test]
fn sotu() {
    let folder = root().join("examples/data/sotu");
    let path = folder.join("counts.mtx.gz");
    let table = check(&path, (10_621, 10_526), 650_943, 743_674.0, Dtype::F32);
    assert_eq!((table.matrix.get(0, 11), table.matrix.get(0, 12)), (1.0, 0.0));
    assert_eq!(read_names(folder.join("vocab.txt")).unwrap().len(), 10_526);

    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("copy.mtx.gz");
    write(&copy, &table).unwrap();
    let again = load(&copy).matrix;
    assert_eq!(again.values_f64(), table.matrix.values_f64());
    assert_eq!(again.pattern().unwrap().indices(), table.matrix.pattern().unwrap().indices());
}

#[test]
fn broken_files_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let packed = std::fs::read(root().join("examples/data/sotu/counts.mtx.gz")).unwrap();
    refuses(&file("cut.mtx.gz", &packed[..packed.len() / 2]), Code::DamagedFile, "");
    refuses(&file("cut.mtx.gz", &packed[..packed.len() / 2]), Code::DamagedFile, ", line ");
    refuses(&file("end.mtx.gz", &packed[..packed.len() - 4]), Code::DamagedFile, "");
    let mut damaged = packed.clone();
    damaged[packed.len() / 2] ^= 0xff;
    refuses(&file("bad.mtx.gz", &damaged), Code::IndexOutOfRange, ", line ");
    refuses(&file("plain.mtx.gz", b"%%MatrixMarket matrix"), Code::NotGzipped, ".gz");
    refuses(&file("empty.csv", b""), Code::EmptyFile, "");
    refuses(&file("empty.mtx.gz", b""), Code::EmptyFile, "");
    refuses(&file("a.dat", b"hello\n"), Code::UnknownFormat, ".npy, .npz, .mtx, .csv, .tsv");
    refuses(&file("a.xlsx", b"PK\x03\x04"), Code::UnsupportedFormat, "zip archive");
    refuses(&file("a.npz", b"PK\x03\x04"), Code::DamagedFile, "zip archive");
    refuses(&dir.path().join("none.csv"), Code::FileNotFound, "");
    refuses(dir.path(), Code::IsADirectory, "folder");
    // Packed without saying so, and named nothing: both are seen.
    let path = file("packed", &packed);
    assert_eq!(load(&path).matrix.shape(), (10_621, 10_526));
    let path = file("table", b"a,b\n1,2\n");
    assert_eq!(load(&path).col_names.unwrap(), ["a", "b"]);
}

#[test]
fn movielens() {
    let Some(path) = shared_data("ratings/movielens-small/ratings.csv") else { return };
    let table = check(&path, (671, 9066), 100_004, 354_375.0, Dtype::F32);
    // Ids are sorted by number: user 1 rated item 31, which is not the 31st (ids have gaps).
    let (users, items) = (table.row_names.unwrap(), table.col_names.unwrap());
    assert_eq!((users[0].as_str(), users[670].as_str(), items[0].as_str()), ("1", "671", "1"));
    let item = items.iter().position(|id| id == "31").unwrap();
    assert_eq!(table.matrix.get(0, item), 2.5);
    let titles = read_titles(path.with_file_name("items.csv")).unwrap();
    assert_eq!((titles.len(), titles[0].1.as_str()), (9066, "Toy Story"));
}

#[test]
fn personality() {
    let Some(path) = shared_data("ratings/spi-personality/ratings.csv") else { return };
    let table = check(&path, (4000, 135), 540_000, 2_032_298.0, Dtype::F32);
    // Ids with letters stay in order of appearance.
    assert_eq!(table.col_names.unwrap()[0], "q_253");
}

#[test]
fn tables_with_names() {
    let check_names = |file: &str, shape, stored, total, dtype, row: &str, col: &str| {
        let Some(path) = shared_data(file) else { return };
        let table = check(&path, shape, stored, total, dtype);
        assert_eq!((table.row_names.unwrap()[0].as_str(), table.col_names.unwrap()[0].as_str()), (row, col));
    };
    let (golub, breast, chicago) = (
        "bio/golub-leukemia/expression.csv",
        "bio/breast21-mutations/counts.csv",
        "series/chicago-ridership/ridership.csv",
    );
    check_names(golub, (5000, 38), 190_000, 65_006_387.0, Dtype::F32, "M12759_at", "ALL_19769_B-cell");
    check_names(breast, (96, 21), 2016, 183_916.0, Dtype::F32, "A[C>A]A", "PD3851a");
    check_names(chicago, (5698, 20), 113_960, 400_898.061_5, Dtype::F64, "2001-01-22", "Austin");
    if let Some(path) = shared_data("bio/golub-leukemia/rows.csv") {
        assert_eq!(read_names_column(path, "description").unwrap()[0], "IMMUNOGLOBULIN J CHAIN");
    }
}

#[test]
fn counts() {
    let check = |file: &str, shape, stored, total| {
        let Some(path) = shared_data(file) else { return };
        check(&path, shape, stored, total, Dtype::F32);
    };
    check("text/debian-descriptions/counts.mtx.gz", (63_398, 5810), 305_246, 308_920.0);
    check("counts/debtags/matrix.mtx.gz", (30_300, 598), 112_118, 112_118.0);
    check("counts/lastfm-artist-tags/counts.mtx.gz", (1239, 340), 7028, 722_560.0);
    check("counts/global-patterns/counts.mtx.gz", (19_216, 26), 104_578, 28_216_678.0);
    check("graph/celegans-synapses/adjacency.mtx.gz", (473, 473), 4879, 28_113.0);
}

#[test]
fn pictures_and_sound() {
    let mean = |file: &str, shape: (usize, usize), mean: f64| {
        let Some(path) = shared_data(file) else { return };
        let matrix = load(&path).matrix;
        assert_eq!((matrix.shape(), matrix.dtype()), (shape, Dtype::F32));
        let found = sum(&matrix) / matrix.stored() as f64;
        assert!((found - mean).abs() < 1e-6 * mean, "{found}");
    };
    mean("images/lfw-subset/images.npy", (200, 625), 96.169888);
    mean("images/natural/chelsea.npy", (300, 451), 119.48269031781227);
    mean("audio/loop-amen-full.spectrogram.npy", (1025, 587), 2.78540877864497);
}
