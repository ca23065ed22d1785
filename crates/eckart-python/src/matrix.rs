//! Matrix: the engine's matrices as Python holds them.
//! In: contiguous NumPy arrays, or a file.  Out: `Matrix`, which lends NumPy's numbers to the engine; and back to
//! NumPy.
//! Invariant: numbers of f32 and f64, and columns of 32 bits, are never copied on the way in.
//! Not here: which Python objects can become a matrix, and how (see `python/eckart/_arrays.py`).

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use eckart::Code;
use eckart::data::{
    Decimal, Delimiter, Dtype, Duplicates, FirstColumn, Format, HeaderColumns, Ids, ListEvidence, Pattern, ReadOptions,
    Storage, Table, columns_by_header, ids_among_columns, list_evidence,
};
use numpy::{Element, PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::borrowed::borrow;
use crate::errors::{raised, type_error, value_error};
use crate::factorization::names::{Names, Typed, given, texts, typed};

/// An immutable matrix of the engine: dense or sparse, of float32 or float64, with or without names; `read` and
/// `triplets` make one, and so does ``Matrix(x, row_names=None, col_names=None)``.
///
/// Parameters
/// ----------
/// x : matrix-like
///     An array, a sparse matrix, which stays one, a frame or a tensor. A frame is a table here, with its names.
/// row_names, col_names : sequence, array, index or path, optional
///     A name for each row and column: texts, whole numbers, dates; or a file of one a line, such as barcodes.tsv and
///     features.tsv of 10x Genomics, in which symbols that stand twice are told apart by their ids, ``A (ENSG1)``.
///
/// Examples
/// --------
/// >>> import eckart as ek, scipy.sparse as sp
/// >>> genes_by_cells = sp.csr_array([[3.0, 0.0], [0.0, 1.0], [2.0, 4.0]])
/// >>> ek.Matrix(genes_by_cells, ["A", "B", "C"], ["AAC-1", "AAG-1"]).T
/// <eckart.Matrix: 2 x 3, sparse with 4 stored entries, float64, named>
#[pyclass(frozen, module = "eckart")]
pub(crate) struct Matrix {
    pub(crate) matrix: eckart::Matrix,
    /// One name a row, where the data had them.
    #[pyo3(get)]
    row_names: Option<Vec<String>>,
    /// One name a column, where the data had them.
    #[pyo3(get)]
    col_names: Option<Vec<String>>,
    /// The same in the type in which they were given, where that was no text.
    row_ids: Option<Ids>,
    col_ids: Option<Ids>,
    /// How the text or the table that it was made of was understood.
    #[pyo3(get)]
    reading: Option<String>,
    /// What was taken for something that it may not be: codes and texts.
    #[pyo3(get)]
    warnings: Vec<(String, String)>,
    /// How far a table looks like a list of entries, where nobody said which, and the file that it was read from.
    pub(crate) doubtful: Option<(ListEvidence, Option<PathBuf>)>,
    array: OnceLock<Py<PyAny>>,
}

impl From<eckart::Matrix> for Matrix {
    fn from(matrix: eckart::Matrix) -> Self {
        Table::from(matrix).into()
    }
}

impl From<Table> for Matrix {
    fn from(table: Table) -> Self {
        let Table { matrix, row_names, col_names, row_ids, col_ids, reading, warnings } = table;
        let warnings = warnings.into_iter().map(|warning| (warning.code.to_string(), warning.message)).collect();
        let array = OnceLock::new();
        Self { matrix, row_names, col_names, row_ids, col_ids, reading, warnings, doubtful: None, array }
    }
}

/// Numbers in one of the two types that are not copied.
#[derive(FromPyObject)]
pub(crate) enum Numbers<'py> {
    F32(Bound<'py, PyArray1<f32>>),
    F64(Bound<'py, PyArray1<f64>>),
}

/// Row pointers.
#[derive(FromPyObject)]
pub(crate) enum Indices<'py> {
    Narrow(Bound<'py, PyArray1<u32>>),
    Wide(Bound<'py, PyArray1<u64>>),
}

impl Indices<'_> {
    fn to_usize(&self) -> PyResult<Vec<usize>> {
        Ok(match self {
            Self::Narrow(narrow) => borrow(narrow)?.iter().map(|&at| at as usize).collect(),
            Self::Wide(wide) => borrow(wide)?.iter().map(|&at| at as usize).collect(),
        })
    }
}

/// A dense matrix of the numbers of a flat array, row by row; they are not copied.
#[pyfunction]
pub(crate) fn dense(py: Python<'_>, rows: usize, cols: usize, values: Numbers<'_>) -> PyResult<Matrix> {
    let made = match &values {
        Numbers::F32(narrow) => {
            let numbers = borrow(narrow)?;
            py.detach(|| eckart::Matrix::of_array(rows, cols, numbers))
        }
        Numbers::F64(wide) => {
            let numbers = borrow(wide)?;
            py.detach(|| eckart::Matrix::of_array(rows, cols, numbers))
        }
    };
    made.map(Matrix::from).map_err(raised)
}

/// A sparse matrix of compressed rows; columns and numbers are not copied, row pointers are.
#[pyfunction]
pub(crate) fn sparse(
    py: Python<'_>,
    rows: usize,
    cols: usize,
    indptr: Indices<'_>,
    indices: &Bound<'_, PyArray1<u32>>,
    values: Numbers<'_>,
) -> PyResult<Matrix> {
    let (indptr, columns) = (indptr.to_usize()?, borrow(indices)?);
    let pattern = py.detach(|| Pattern::of_array(rows, cols, indptr, columns)).map_err(raised)?;
    let made = match &values {
        Numbers::F32(narrow) => {
            let numbers = borrow(narrow)?;
            py.detach(|| eckart::Matrix::on_pattern(Arc::new(pattern), numbers))
        }
        Numbers::F64(wide) => {
            let numbers = borrow(wide)?;
            py.detach(|| eckart::Matrix::on_pattern(Arc::new(pattern), numbers))
        }
    };
    made.map(Matrix::from).map_err(raised)
}

/// How a file is read.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Reading {
    triplets: Option<bool>,
    header: Option<bool>,
    row_names: Option<bool>,
    format: Option<String>,
    duplicates: String,
    delimiter: Option<String>,
    decimal: Option<String>,
    comment: Option<String>,
    na_values: Option<Vec<String>>,
    columns: Option<Vec<String>>,
}

impl Reading {
    fn options(&self) -> eckart::Result<ReadOptions> {
        let format = |name: &str| match name {
            "npy" => Some(Format::Npy),
            "mtx" => Some(Format::Mtx),
            "csv" => Some(Format::Csv),
            "tsv" => Some(Format::Tsv),
            "npz" => Some(Format::Npz),
            "svmlight" => Some(Format::Svmlight),
            _ => None,
        };
        let duplicates = match self.duplicates.as_str() {
            "sum" => Duplicates::Sum,
            "last" => Duplicates::Last,
            _ => Duplicates::Error,
        };
        Ok(ReadOptions {
            format: self.format.as_deref().and_then(format),
            triplets: self.triplets,
            header: self.header,
            row_names: self.row_names,
            duplicates,
            delimiter: self.delimiter.as_deref().map(Delimiter::from_name).transpose()?,
            decimal: self.decimal.as_deref().map(Decimal::from_name).transpose()?,
            comment: self.comment.clone(),
            na_values: self.na_values.clone(),
            columns: self.columns.clone(),
            ..ReadOptions::default()
        })
    }
}

/// The matrix in a file, in any format that the command reads.
#[pyfunction]
pub(crate) fn read(py: Python<'_>, path: PathBuf, reading: Reading) -> PyResult<Matrix> {
    let options = reading.options().map_err(raised)?;
    py.detach(|| {
        let mut matrix: Matrix = eckart::data::read(&path, &options)?.into();
        let text = options.format.or_else(|| Format::of_name(&path)).is_none_or(Format::is_text);
        let open = text && options.triplets.is_none() && options.columns.is_none();
        matrix.doubtful = doubt(&matrix.matrix, Some(path)).filter(|_| open);
        Ok(matrix)
    })
    .map_err(raised)
}

fn doubt(matrix: &eckart::Matrix, file: Option<PathBuf>) -> Option<(ListEvidence, Option<PathBuf>)> {
    let evidence = list_evidence(matrix);
    (evidence != ListEvidence::Table).then_some((evidence, file))
}

/// The places of row ids, column ids and values that the names of columns tell; or, where they are open, that of row
/// ids alone.
#[pyfunction]
pub(crate) fn columns_by_names(names: Vec<String>) -> (Option<usize>, Option<usize>, Option<usize>) {
    match columns_by_header(&names) {
        HeaderColumns::Entries(columns) => (Some(columns.row), Some(columns.col), columns.value),
        HeaderColumns::Open(row) => (Some(row), None, None),
        HeaderColumns::Nothing => (None, None, None),
    }
}

impl Matrix {
    /// The same matrix; its array is made anew.
    fn copied(&self) -> Self {
        Self {
            matrix: self.matrix.clone(),
            row_names: self.row_names.clone(),
            col_names: self.col_names.clone(),
            row_ids: self.row_ids.clone(),
            col_ids: self.col_ids.clone(),
            reading: self.reading.clone(),
            warnings: self.warnings.clone(),
            doubtful: self.doubtful.clone(),
            array: OnceLock::new(),
        }
    }

    /// The engine's matrix with its names, and how it was understood.
    pub(crate) fn table(&self) -> Table {
        let table = Table::named(self.matrix.clone(), self.row_names.clone(), self.col_names.clone());
        Table { reading: self.reading.clone(), ..table }
    }

    fn dtype_name(&self) -> &'static str {
        match self.matrix.dtype() {
            Dtype::F32 => "float32",
            Dtype::F64 => "float64",
        }
    }
}

#[pymethods]
impl Matrix {
    /// A matrix of the numbers of anything that is one, a frame with its names, and with the names that are given.
    #[new]
    #[pyo3(signature = (x, row_names = None, col_names = None))]
    fn new(
        x: &Bound<'_, PyAny>,
        row_names: Option<Bound<'_, PyAny>>,
        col_names: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let made = x.py().import("eckart._arrays")?.call_method1("as_table", (x, row_names, col_names))?;
        Ok(made.cast::<Self>()?.get().copied())
    }

    /// The transpose: rows become columns, with their names.
    #[getter(T)]
    fn transposed(&self, py: Python<'_>) -> PyResult<Self> {
        let matrix = py.detach(|| self.matrix.transposed()).map_err(raised)?;
        let Self { row_names: col_names, col_names: row_names, row_ids: col_ids, col_ids: row_ids, .. } = self.copied();
        Ok(Self { row_names, col_names, row_ids, col_ids, ..matrix.into() })
    }

    /// The same matrix, said to be understood so.
    fn understood(&self, reading: String) -> Self {
        Self { reading: Some(reading), ..self.copied() }
    }

    /// The same matrix, of a frame that may be a list of entries; `entries` has the levels of its index as columns.
    fn of_frame(&self, entries: &Self) -> Self {
        Self { doubtful: doubt(&entries.matrix, None), ..self.copied() }
    }

    /// Whether the first column, called `name`, names the rows by the rule of files: `names` or `doubtful`, and why.
    fn first_column(&self, name: Option<&str>) -> Option<(&'static str, &'static str)> {
        match FirstColumn::of(&self.matrix, name) {
            FirstColumn::Data => None,
            FirstColumn::Names(reason) => Some(("names", reason)),
            FirstColumn::Doubtful(reason) => Some(("doubtful", reason)),
        }
    }

    /// The first of the columns, called so, that holds ids which count as data.
    fn ids_as_data(&self, names: Vec<String>) -> Option<usize> {
        ids_among_columns(&self.matrix, &names)
    }

    /// A matrix with the same numbers and other names.
    #[pyo3(signature = (row_names, col_names))]
    fn named(&self, row_names: Option<Names<'_>>, col_names: Option<Names<'_>>) -> PyResult<Self> {
        let fits = |names: Option<Names<'_>>, count: usize, what: &str| {
            let ids = names.map(Names::into_ids).transpose()?;
            match &ids {
                Some(ids) if ids.len() != count => {
                    Err(value_error(Code::NameCount, &format!("there are {} names for {count} {what}", ids.len())))
                }
                _ => Ok(ids),
            }
        };
        let row_ids = fits(row_names, self.matrix.rows(), "rows")?;
        let col_ids = fits(col_names, self.matrix.cols(), "columns")?;
        let (row_names, col_names) = (texts(&row_ids), texts(&col_ids));
        Ok(Self { row_names, col_names, row_ids, col_ids, ..self.copied() })
    }

    /// Whether it may have more columns than it shows, of zeros, as an SVMlight file may.
    #[getter]
    fn has_open_columns(&self) -> bool {
        self.table().has_open_columns()
    }

    /// The same with columns of zeros after its last, up to `cols`, where it may have more than it shows, as an
    /// SVMlight file may; else itself.
    fn widened(&self, cols: usize) -> PyResult<Self> {
        let Table { matrix, reading, .. } = self.table().widened(cols).map_err(raised)?;
        Ok(Self { matrix, reading, ..self.copied() })
    }

    /// Row names in the type in which they were given: an array of int64, uint64 or datetime64, or a list of texts.
    #[getter]
    fn row_ids<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        given(py, self.row_ids.as_ref(), self.row_names.as_ref())
    }

    /// The same of column names.
    #[getter]
    fn col_ids<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        given(py, self.col_ids.as_ref(), self.col_names.as_ref())
    }

    /// Of rows and of columns the type and the numbers of names that are no texts.
    fn typed_ids<'py>(&self, py: Python<'py>) -> (Option<Typed<'py>>, Option<Typed<'py>>) {
        (typed(py, self.row_ids.as_ref()), typed(py, self.col_ids.as_ref()))
    }

    /// Rows and columns.
    #[getter]
    fn shape(&self) -> (usize, usize) {
        self.matrix.shape()
    }

    /// The name of the type of the numbers: ``float32`` or ``float64``.
    #[getter]
    fn dtype(&self) -> &'static str {
        self.dtype_name()
    }

    /// Whether only some entries are stored.
    #[getter]
    fn is_sparse(&self) -> bool {
        self.matrix.is_sparse()
    }

    /// How many entries are stored: those of the pattern, or all of a dense matrix.
    #[getter]
    fn nnz(&self) -> usize {
        self.matrix.stored()
    }

    /// How many entries are missing (NaN).
    #[getter]
    fn missing(&self) -> usize {
        self.matrix.missing()
    }

    /// The numbers of a dense matrix as an array, copied once and kept; it is read-only.
    fn to_array<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if let Some(array) = self.array.get() {
            return Ok(array.bind(py).clone());
        }
        let array = array_of(py, &self.matrix)?;
        array.call_method1("setflags", (false,))?;
        Ok(self.array.get_or_init(|| array.unbind()).bind(py).clone())
    }

    /// The numbers of a dense matrix as NumPy asks for them; a sparse one is not written out unasked.
    #[pyo3(signature = (dtype = None, copy = None))]
    fn __array__<'py>(
        &self,
        py: Python<'py>,
        dtype: Option<Bound<'py, PyAny>>,
        copy: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if self.matrix.is_sparse() {
            let (n, m) = self.matrix.shape();
            let text = format!(
                "the matrix is sparse, {n} x {m}: to_scipy() is it as a sparse array of SciPy, to_array() writes it out"
            );
            return Err(type_error(Code::WrongType, &text));
        }
        let array = self.to_array(py)?;
        let array = match dtype {
            Some(dtype) => array.call_method1("astype", (dtype, "K", "unsafe", true, false))?,
            None => array,
        };
        if copy == Some(true) { array.call_method0("copy") } else { Ok(array) }
    }

    /// The matrix as compressed rows of SciPy, a ``csr_array``.
    fn to_scipy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let made = py.import("scipy.sparse")?.getattr("csr_array")?;
        let Some(rows) = self.to_compressed_rows(py)? else { return made.call1((self.to_array(py)?,)) };
        let options = PyDict::new(py);
        options.set_item("shape", self.matrix.shape())?;
        made.call(((rows.get_item(2)?, rows.get_item(1)?, rows.get_item(0)?),), Some(&options))
    }

    /// Row pointers, columns and numbers of a sparse matrix, as SciPy has them; `None` of a dense one.
    fn to_compressed_rows<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        match self.matrix.storage() {
            Storage::SparseF32(s) => compressed_rows(py, s.pattern(), s.values()).map(Some),
            Storage::SparseF64(s) => compressed_rows(py, s.pattern(), s.values()).map(Some),
            Storage::DenseF32(_) | Storage::DenseF64(_) => Ok(None),
        }
    }

    fn __repr__(&self) -> String {
        let (n, m) = self.matrix.shape();
        let mut words = vec![format!("{n} x {m}")];
        if self.matrix.is_sparse() {
            words.push(format!("sparse with {} stored entries", self.matrix.stored()));
        }
        words.push(self.dtype_name().to_owned());
        if self.matrix.missing() > 0 {
            words.push(format!("{} missing", self.matrix.missing()));
        }
        if self.row_names.is_some() || self.col_names.is_some() {
            words.push("named".to_owned());
        }
        format!("<eckart.Matrix: {}>", words.join(", "))
    }
}

fn compressed_rows<'py, T: Element + Copy>(
    py: Python<'py>,
    pattern: &Pattern,
    values: &[T],
) -> PyResult<Bound<'py, PyTuple>> {
    let indptr = PyArray1::from_vec(py, pattern.indptr().iter().map(|&at| at as i64).collect());
    let indices = PyArray1::from_vec(py, pattern.indices().iter().map(|&j| i64::from(j)).collect());
    PyTuple::new(py, [indptr.into_any(), indices.into_any(), PyArray1::from_slice(py, values).into_any()])
}

/// A dense matrix as a new array of its own type.
pub(crate) fn array_of<'py>(py: Python<'py>, matrix: &eckart::Matrix) -> PyResult<Bound<'py, PyAny>> {
    fn shaped<'py, T: Element + Copy>(
        py: Python<'py>,
        values: &[T],
        shape: (usize, usize),
    ) -> PyResult<Bound<'py, PyAny>> {
        let array: Bound<'py, PyArray2<T>> = PyArray1::from_slice(py, values).reshape([shape.0, shape.1])?;
        Ok(array.into_any())
    }
    match matrix.storage() {
        Storage::DenseF32(values) => shaped(py, values, matrix.shape()),
        Storage::DenseF64(values) => shaped(py, values, matrix.shape()),
        Storage::SparseF32(_) | Storage::SparseF64(_) => {
            let values = matrix.to_dense_f64();
            shaped(py, &values, matrix.shape())
        }
    }
}

/// The matrices of a list of them.
pub(crate) fn matrices(list: &[Bound<'_, Matrix>]) -> Vec<eckart::Matrix> {
    list.iter().map(|held| held.get().matrix.clone()).collect()
}
