//! What each fuzz target does with its bytes. The tests of `eckart` include this file and replay the corpus.
//!
//! Every function returns for any input; one that panics has found a defect.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use eckart::data::model_file::{model_bytes, parse_model_file};
use eckart::data::{
    Decimal, Delimiter, Dtype, Duplicates, Matrix, ReadOptions, Table, read_csv, read_mtx, read_npy, read_npz,
    read_svmlight,
};
use eckart::expr::text::parse_statement;
use eckart::solve::outline;
use eckart::{Factorization, Problem, Settings};

/// A target: what it does with any bytes.
type Target = fn(&[u8]);

/// The targets by name, as the folders of the corpus are called.
pub const TARGETS: [(&str, Target); 9] = [
    ("checkpoint", checkpoint),
    ("csv", csv),
    ("iteration", iteration),
    ("model_file", model_file),
    ("mtx", mtx),
    ("npy", npy),
    ("npz", npz),
    ("svmlight", svmlight),
    ("text", text),
];

fn check_names(table: &Table) {
    let (rows, cols) = table.matrix.shape();
    assert!(table.row_names.as_ref().is_none_or(|names| names.len() == rows));
    assert!(table.col_names.as_ref().is_none_or(|names| names.len() == cols));
}

/// CSV, as a table and as a list of entries: a matrix with as many names as rows, or an error.
pub fn csv(bytes: &[u8]) {
    for triplets in [None, Some(true), Some(false)] {
        for header in [None, Some(true), Some(false)] {
            for row_names in [None, Some(true)] {
                let options = ReadOptions { triplets, header, row_names, ..ReadOptions::default() };
                if let Ok(table) = read_csv(bytes, &options) {
                    check_names(&table);
                }
            }
        }
    }
    for delimiter in [Delimiter::Byte(b';'), Delimiter::Text("::".into()), Delimiter::Blanks] {
        let said = ReadOptions {
            delimiter: Some(delimiter),
            decimal: Some(Decimal::Comma),
            comment: Some("#".into()),
            na_values: Some(vec!["-1".into()]),
            ..ReadOptions::default()
        };
        for columns in [None, Some(vec!["2".to_owned(), "1".to_owned()])] {
            if let Ok(table) = read_csv(bytes, &ReadOptions { columns, ..said.clone() }) {
                check_names(&table);
            }
        }
    }
}

/// What stands after a Matrix Market banner, which the first byte picks: a matrix or an error.
pub fn mtx(bytes: &[u8]) {
    let banners = [
        "coordinate real general",
        "coordinate integer symmetric",
        "coordinate real skew-symmetric",
        "coordinate pattern general",
        "array real general",
        "array integer symmetric",
        "array real skew-symmetric",
    ];
    let Some((&pick, rest)) = bytes.split_first() else { return };
    // The last choice leaves the banner to the bytes, too.
    let banner = banners.get(usize::from(pick) % (banners.len() + 1));
    let mut text = banner.map_or(Vec::new(), |banner| format!("%%MatrixMarket matrix {banner}\n").into_bytes());
    text.extend_from_slice(rest);
    let strict = read_mtx(text.as_slice(), &ReadOptions::default());
    for duplicates in [Duplicates::Sum, Duplicates::Last] {
        let lenient = read_mtx(text.as_slice(), &ReadOptions { duplicates, ..ReadOptions::default() });
        if let Ok(strict) = &strict {
            let lenient = lenient.expect("a file without duplicates is read under any policy");
            assert_eq!(strict.values_f64().len(), lenient.values_f64().len());
        }
    }
}

/// A .npy file: a matrix or an error; the same whatever type is asked for.
pub fn npy(bytes: &[u8]) {
    if let Ok(matrix) = read_npy(bytes, &ReadOptions::default()) {
        let wide = ReadOptions { dtype: Some(Dtype::F64), ..ReadOptions::default() };
        let again = read_npy(bytes, &wide).expect("f64 holds what was read");
        assert_eq!((matrix.shape(), matrix.missing()), (again.shape(), again.missing()));
    }
}

/// An archive of NumPy's arrays: a matrix, or an error.
pub fn npz(bytes: &[u8]) {
    if let Ok(matrix) = read_npz(bytes, &ReadOptions::default()) {
        assert!(matrix.rows() > 0 && matrix.cols() > 0);
    }
}

/// SVMlight: a sparse matrix, or an error.
pub fn svmlight(bytes: &[u8]) {
    if let Ok(matrix) = read_svmlight(bytes, &ReadOptions::default()) {
        assert!(matrix.is_sparse() && matrix.stored() > 0);
    }
}

/// Formulas: whatever a text is, it is read or refused with words; what is read is printed and reads the same again.
pub fn text(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(statement) = parse_statement(text) else { return };
    match parse_statement(&statement.to_string()) {
        Ok(again) => assert_eq!(again, statement),
        // `-1 * x` is printed `-x`, which is one level deeper.
        Err(error) => assert!(error.to_string().contains("nested deeper"), "{error}"),
    }
}

/// A model file: what is read can be written, and reads the same again; so does the model that is in it.
pub fn model_file(bytes: &[u8]) {
    model_in(bytes);
    // With the length of the header in place, more of them get to it.
    if let Some(end) = bytes.iter().position(|&b| b == b'\n') {
        let mut whole = (end as u64).to_le_bytes().to_vec();
        whole.extend_from_slice(&bytes[..end]);
        whole.extend_from_slice(&bytes[end + 1..]);
        model_in(&whole);
    }
}

fn model_in(bytes: &[u8]) {
    if let Ok(model) = parse_model_file(bytes) {
        let written = model_bytes(&model).expect("what was read can be written");
        let again = parse_model_file(&written).expect("what was written can be read");
        assert_eq!(written, model_bytes(&again).expect("and written again"));
        // What was written has checksums, so that contents of every kind get beyond them.
        if let Ok(found) = Factorization::from_bytes(&written) {
            let bytes = found.to_bytes().expect("a model that was read can be written");
            let back = Factorization::from_bytes(&bytes).expect("and read");
            assert_eq!(bytes, back.to_bytes().expect("and written again"));
        }
    }
}

/// A small matrix, without a zero or a missing entry.
fn small(rows: usize, cols: usize) -> Matrix {
    let entry = |i: usize, j: usize| 0.25 + ((i * 5 + j * 3) % 7) as f64 / 4.0;
    Matrix::from_fn(rows, cols, entry).expect("a matrix of numbers")
}

/// A formula as an objective: it is planned and an iteration is made, or it is refused. Whatever comes of it, the
/// factors are numbers. The first byte says how many of the matrices X, M, S, V are given, and how X is stored.
pub fn iteration(bytes: &[u8]) {
    let Some((&pick, rest)) = bytes.split_first() else { return };
    let Ok(Ok(mut problem)) = std::str::from_utf8(rest).map(Problem::parse) else { return };
    let x = if pick & 1 == 1 { small(6, 5) } else { sparse() };
    let used = problem.statement().objective.variables();
    let given = [("X", x), ("M", small(6, 5)), ("S", small(6, 5)), ("V", small(5, 1))];
    for (name, matrix) in &given[..1 + usize::from(pick >> 1) % given.len()] {
        if used.iter().any(|var| var.name() == *name) {
            problem = problem.data(name, matrix);
        }
    }
    let settings = Settings {
        max_iter: 1,
        time_limit: Some(Duration::from_secs(2)),
        memory_limit: Some(256 << 20),
        threads: Some(1),
        ..Settings::default()
    };
    let problem = problem.rank(2);
    let planned = outline(&problem, &settings, |_| Ok(())).is_ok();
    if let Ok(fit) = problem.solve(&settings) {
        assert!(planned, "what is solved can be outlined");
        for (name, factor) in &fit.factors {
            assert!(factor.values_f64().iter().all(|number| number.is_finite()), "{name} of {}", fit.statement);
        }
    }
}

/// X as a sparse matrix.
fn sparse() -> Matrix {
    let entries = (0..6).flat_map(|i| [(i, i % 5, 2.0), (i, (i + 2) % 5, 0.5)]).collect();
    Matrix::from_triplets(6, 5, entries).expect("a matrix of numbers")
}

/// A search whose checkpoint is damaged, and its settings.
struct Interrupted {
    problem: Problem,
    settings: Settings,
    /// The bytes of the checkpoint, without checksums.
    bytes: Vec<u8>,
    path: PathBuf,
}

fn interrupted() -> &'static Interrupted {
    static ONCE: OnceLock<Interrupted> = OnceLock::new();
    ONCE.get_or_init(|| {
        let path = std::env::temp_dir().join(format!("eckart-fuzz-{}.safetensors", std::process::id()));
        let text = "sum((X - W @ H)**2) subject to W >= 0, H >= 0";
        let problem = Problem::parse(text).expect("an objective").data("X", small(6, 5)).rank(2);
        let settings = Settings { max_iter: 3, n_init: Some(2), threads: Some(1), ..Settings::default() };
        let every = Duration::ZERO;
        let first = Settings { checkpoint: Some(path.clone()), checkpoint_every: every, ..settings.clone() };
        problem.solve(&first).expect("a search");
        let bytes = std::fs::read(&path).expect("its checkpoint");
        Interrupted { problem, settings: Settings { max_iter: 6, ..settings }, bytes: without_checksums(bytes), path }
    })
}

/// The same file with its checksums under another name, so that they are not compared.
fn without_checksums(mut bytes: Vec<u8>) -> Vec<u8> {
    let name = b"checksum.sha256";
    if let Some(at) = bytes.windows(name.len()).position(|part| part == name) {
        bytes[at] = b'd';
    }
    bytes
}

/// A checkpoint with other bytes at some places (two bytes for a place, one for what stands there): the search goes on
/// from it, or it is refused.
pub fn checkpoint(bytes: &[u8]) {
    let Interrupted { problem, settings, bytes: whole, path } = interrupted();
    let mut changed = whole.clone();
    for edit in bytes.chunks_exact(3) {
        let place = usize::from(u16::from_le_bytes([edit[0], edit[1]])) % changed.len();
        changed[place] = edit[2];
    }
    let Ok(model) = parse_model_file(&changed) else { return };
    // With checksums of its own, it gets beyond them.
    let Ok(written) = model_bytes(&model) else { return };
    std::fs::write(path, written).expect("a temporary file");
    let resumed = problem.solve(&Settings { resume: Some(path.clone()), ..settings.clone() });
    if let Ok(fit) = resumed {
        assert!(fit.factors.iter().all(|(_, factor)| factor.values_f64().iter().all(|number| number.is_finite())));
    }
}
