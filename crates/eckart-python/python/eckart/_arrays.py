"""Conversions: what Python's users hold, as a matrix of the engine.

Not copied: C-ordered arrays of float32 and float64, compressed rows (CSR) of such numbers with 32-bit indices.
Copied, once a conversion: Fortran-ordered and strided arrays (rows are read one after the other), integers and booleans
(to float64), half precision (to float32), columns of 64 bits, CSC and COO (to CSR), frames of columns.
"""

from __future__ import annotations

import numbers
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from . import _checks, _eckart
from ._eckart import Matrix
from ._errors import EckartWarning, coded, coded_warning, told, warn
from ._ids.inexact import refuse_inexact
from ._ids.labels import are_whole, coded_ids, exact, is_missing, typed, typed_labels, whole_labels


class _Dense(NamedTuple):
    """A dense matrix: its sides and its numbers row by row."""

    rows: int
    cols: int
    values: np.ndarray

    def fingerprint(self) -> tuple[Any, ...]:
        return (*_place(self.values), self.rows, self.cols, _eckart.fingerprint(self.values))

    def matrix(self) -> Matrix:
        return _eckart.dense(self.rows, self.cols, self.values)


class _Sparse(NamedTuple):
    """Compressed rows."""

    rows: int
    cols: int
    indptr: np.ndarray
    indices: np.ndarray
    values: np.ndarray

    def fingerprint(self) -> tuple[Any, ...]:
        mixed = _eckart.fingerprint_sparse(self.indptr, self.indices, self.values)
        return (*_place(self.values), self.rows, self.cols, mixed)

    def matrix(self) -> Matrix:
        return _eckart.sparse(self.rows, self.cols, self.indptr, self.indices, self.values)


class Named(NamedTuple):
    """A matrix with the names of its rows and columns, where it has them."""

    matrix: Matrix
    row_names: list[str] | None
    col_names: list[str] | None
    row_ids: tuple[str, np.ndarray] | None = None
    col_ids: tuple[str, np.ndarray] | None = None

    @property
    def rows(self) -> _eckart.Names | None:
        """The row names in the type in which they were given."""
        return self.row_ids if self.row_ids is not None else self.row_names

    @property
    def cols(self) -> _eckart.Names | None:
        """The same of the columns."""
        return self.col_ids if self.col_ids is not None else self.col_names


def _place(values: np.ndarray) -> tuple[Any, ...]:
    return (values.__array_interface__["data"][0], values.size, values.dtype.char)


def matrix_of(x: Any, name: str = "the data") -> Matrix:
    """The matrix that `x` stands for; `name` is what errors call it."""
    if isinstance(x, Matrix):
        return x
    entries = entries_of(x, name)
    if entries is not None:
        return entries
    refuse_inexact(x, name)
    return _parts(x, name).matrix()


def named_matrix_of(x: Any, name: str = "the data", index: bool = True, known: Sequence[str] | None = None) -> Named:
    """
    The same, with the names that a frame or a table has.

    With `index` a first column of numbers that name the rows is taken for their names, by the rule of files; of new rows
    `known` are the columns of the model, which are data.
    """
    refuse_no_matrix(x, name)
    entries = x if isinstance(x, Matrix) else entries_of(x, name)
    if entries is not None:
        return Named(entries, entries.row_names, entries.col_names, *entries.typed_ids())
    (row_names, row_ids), (col_names, col_ids) = _names(x)
    labels = labels_of(x)
    if labels is None:
        refuse_inexact(x, name)
    found = Named(_parts(x, name).matrix(), row_names, col_names, row_ids, col_ids)
    if labels is None:
        return found
    found = _with_index(x, found, name, known or ()) if index else found
    # A first column that is taken for names may hold any numbers.
    refuse_inexact(x, name, len(labels) - found.matrix.shape[1])
    # Numbers and dates name the columns of a table; those of a list have words, or are counted.
    return found._replace(matrix=found.matrix.of_frame(_with_levels(x, found.matrix))) if col_ids is None else found


def table_of(x: Any, name: str = "the data", index: bool = True, known: Sequence[str] | None = None) -> Matrix:
    """The matrix that `x` stands for, named as that is."""
    found = named_matrix_of(x, name, index, known)
    return found.matrix.named(found.rows, found.cols) if found.matrix is not x else found.matrix


def with_places(*given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The same, but where frames have 0 to n - 1 in another order for labels, of which others have as many that pandas only
    counts: these are called 0 to n - 1, too, and matched by name."""
    frames = [x for part in given for x in part.values() if _is_of(x, "pandas")]
    sides = [index for x in frames for index in (x.index, x.columns)]
    shuffled = {len(index) for index in sides if _are_shuffled_places(index)}

    def labeled(x: Any) -> Any:
        if not _is_of(x, "pandas") or not any(len(index) in shuffled for index in (x.index, x.columns)) or is_list(x):
            return x
        axes = [index.rename("") if index.name is None and len(index) in shuffled and _are_places(index) else index for index in (x.index, x.columns)]
        return x.set_axis(axes[0], axis=0).set_axis(axes[1], axis=1)

    return [{name: labeled(x) for name, x in part.items()} if shuffled else dict(part) for part in given]


def is_counted(x: Any) -> bool:
    """Whether the rows of a frame or a series of pandas are 0, 1, 2, ... without a heading, as pandas counts them."""
    return (_is_of(x, "pandas") or (is_series(x) and _is_of_pandas(x))) and x.index.name is None and _are_places(x.index)


def _are_places(index: Any) -> bool:
    """Whether labels are 0, 1, 2, ..., as pandas counts them where nobody gave any."""
    return isinstance(index.dtype, np.dtype) and index.dtype.kind in "iu" and np.array_equal(index, np.arange(len(index)))


def _are_shuffled_places(index: Any) -> bool:
    whole = isinstance(index.dtype, np.dtype) and index.dtype.kind in "iu"
    return whole and not _are_places(index) and np.array_equal(np.sort(index), np.arange(len(index)))


def _with_index(x: Any, found: Named, name: str, known: Sequence[str]) -> Named:
    """The matrix of a frame with its first column for the names of its rows, where its numbers are such; warns of it, and
    of ids that count as data."""
    label = None if found.col_names is None else found.col_names[0]
    column = "column 1" if label is None else f"column 1 ({label})"
    told = None if label in known or not _may_have_index(x) else _first_column(x, found.matrix, label)
    if told is not None and told[0] == "doubtful":
        raise coded(
            ValueError,
            "index-or-data",
            f"{column} of {name} can be the names of the rows, or numbers: {told[1]}. Say which: {_as_index(x, label)} for "
            "names, eckart.Matrix(frame) for numbers",
        )
    if told is not None:
        warn(coded_warning(
            "numbers-as-names",
            f"{column} of {name} is taken for the names of the rows: {told[1]}. It is data in eckart.Matrix(frame); "
            f"{_as_index(x, label)} says that it holds names",
        ))  # fmt: skip
        (names, ids), made = _index_names(column_of(x, 0)), found.matrix
        rest: _Dense | _Sparse = _sparse(made.to_scipy()[:, 1:], name) if made.is_sparse else _dense(made.to_array()[:, 1:], name)
        col_names = None if found.col_names is None else found.col_names[1:]
        col_ids = None if found.col_ids is None else (found.col_ids[0], found.col_ids[1][1:])
        found = Named(rest.matrix(), names, col_names, ids, col_ids)
    at = None if found.col_names is None else found.matrix.ids_as_data(found.col_names)
    if at is not None and found.col_names is not None and found.col_names[at] not in known:
        warn(ids_as_data(found.col_names[at], name, "is called as ids are,"))
    return found


def _first_column(x: Any, made: Matrix, label: str | None) -> tuple[str, str] | None:
    """Whether the first column names the rows by the rule of files, and why; of sparse data by itself alone."""
    if not made.is_sparse or made.shape[1] < 2:
        return made.first_column(label)
    first = np.asarray(column_of(x, 0), dtype=np.float64)[:, None]
    return _dense(np.hstack([first, first]), "the column").matrix().first_column(label)


def ids_as_data(label: str, name: str, why: str) -> EckartWarning:
    """The warning that a column which may name rows counts as data."""
    remedy = "take it out, or make it the index, where it is none"
    return coded_warning("ids-as-data", f"the column {label!r} of {name} {why} and counts as data: {remedy}")


def _may_have_index(x: Any) -> bool:
    """Whether nothing names the rows of a frame but the numbers that pandas counts, or what is left of them."""
    if not _is_of(x, "pandas"):
        return True
    return x.index.nlevels == 1 and x.index.name is None and getattr(x.index.dtype, "kind", "O") in "iu"


def _as_index(x: Any, label: str | None) -> str:
    """How a frame says that its first column names its rows."""
    if _is_of(x, "pandas"):
        return f"frame.set_index({label!r})" if label is not None else "frame.set_index(frame.columns[0])"
    return f"eckart.Matrix(frame.drop({label!r}), row_names=frame[{label!r}])"


def _index_names(column: Any) -> _Side:
    """Numbers as names: whole ones as such, others as texts."""
    values = np.asarray(column)
    ids = typed(values) or typed_labels(values.tolist())
    if ids is None:
        numbers_ = values.astype(np.float64)
        if not are_whole(numbers_):
            return [np.format_float_positional(value, trim="-") for value in numbers_], None
        ids = typed(numbers_.astype(np.int64))
    return (None if ids is None else list(_eckart.name_texts(ids))), ids


def names_rows(x: Any, name: str) -> str | None:
    """Why the first column of a frame names its rows by the rule of files; None where it does not."""
    labels = labels_of(x)
    if labels is None or len(labels) < 2 or not _may_have_index(x):
        return None
    first = np.asarray(column_of(x, 0))
    try:
        first = first.astype(np.float64) if first.dtype.kind in "biufO" else first[:0]
    except (TypeError, ValueError):
        return None
    # All columns are looked at only where the first one alone may be names.
    if not len(first) or _dense(np.column_stack([first, first]), name).matrix().first_column("id") is None:
        return None
    found = named_matrix_of(x, name, index=False)
    told = None if found.col_names is None else found.matrix.first_column(found.col_names[0])
    return told[1] if told is not None and told[0] == "names" else None


def _with_levels(x: Any, made: Matrix) -> Matrix:
    """The matrix of a frame with levels of its index as columns before the others, where one of them repeats."""
    MOST_COLUMNS = 12  # a list has no more
    levels = [x.index.get_level_values(k) for k in _levels(x)]
    if made.is_sparse or made.shape[1] > MOST_COLUMNS or all(level.is_unique for level in levels):
        return made
    codes = [sys.modules["pandas"].factorize(level)[0] for level in levels]
    return _dense(np.column_stack([*codes, made.to_array()]), "the list").matrix()


def as_table(x: Any, row_names: Any = None, col_names: Any = None) -> Matrix:
    """What `eckart.Matrix` makes: the numbers of `x`, with its names and those that are given; a frame is a table here."""
    refuse_no_matrix(x, "the matrix")
    refuse_inexact(x, "the matrix")
    made = x if isinstance(x, Matrix) else _parts(x, "the matrix").matrix()
    of_rows = _given_names("row_names", row_names, made.shape[0])
    of_cols = _given_names("col_names", col_names, None if made.has_open_columns else made.shape[1])
    if of_cols.names is not None and made.has_open_columns:
        made = made.widened(len(_eckart.name_texts(of_cols.names)))  # a vocabulary may have words that no row has
    rows, cols = names_of(x)
    rows = rows if of_rows.names is None else _renamed("row", rows, of_rows.names)
    made = made.named(rows, cols if of_cols.names is None else _renamed("column", cols, of_cols.names))
    said = [made.reading, of_rows.reading, of_cols.reading]
    return made if said[1:] == [None, None] else made.understood("; ".join(filter(None, said)))


class _Given(NamedTuple):
    """Names that were given by themselves, and how their file was understood."""

    names: _eckart.Names | None
    reading: str | None = None


def _renamed(what: str, own: _eckart.Names | None, given: _eckart.Names) -> _eckart.Names:
    """The names that are given, where what is named has none of its own; the same names in any order change nothing, others
    replace its own, which is told, and some of both are refused: by position they would call a row as another."""
    if own is None:
        return given
    argument = "row_names" if what == "row" else "col_names"
    known, listed = list(_eckart.name_texts(own)), list(_eckart.name_texts(given))
    if sorted(known) == sorted(listed):
        return own
    other = [label for label in listed if label not in set(known)]
    if len(other) < len(listed):
        label = other[0] if other else listed[0]
        raise coded(
            ValueError,
            "names-differ",
            f"{len(listed) - len(other)} of the {len(listed)} {argument} are those of the matrix, and others are not, such as "
            f"{label!r}: leave {argument} out, or give the numbers without names",
        )
    text = f"the names of the {what}s ({known[0]!r}, ...) are replaced by {argument}, in their order"
    warn(coded_warning("names-replaced", text))
    return given


def names_of(x: Any) -> tuple[_eckart.Names | None, _eckart.Names | None]:
    """The names of rows and of columns, in the type in which they were given."""
    if isinstance(x, Matrix):
        row_ids, col_ids = x.typed_ids()
        return row_ids or x.row_names, col_ids or x.col_names
    (row_names, row_typed), (col_names, col_typed) = _names(x)
    return row_typed or row_names, col_typed or col_names


def _given_names(argument: str, names: Any, count: int | None) -> _Given:
    """Names that were given by themselves, `count` where that is known: a sequence, an array, an index; or a file."""
    if names is None:
        return _Given(None)
    if isinstance(names, (str, os.PathLike)):
        path, what = _checks.path(argument, names), "row" if argument == "row_names" else "column"
        texts, reading = _eckart.read_names(path, what, count)
        return _Given(texts, f"{what} names: {path}, {reading}")
    if isinstance(names, bytes) or np.ndim(names) != 1:
        text = f"{argument} is of type {type(names).__name__}, it must be a sequence of names, or the path of a file of them"
        raise coded(TypeError, "wrong-type", text)
    labels = exact(names.to_numpy() if hasattr(names, "to_numpy") else names)
    known: list[Any] = whole_labels(labels.tolist())
    if any(is_missing(label) for label in known) or (labels.dtype.kind == "M" and np.isnat(labels).any()):
        raise coded(ValueError, "empty-id", f"{argument} has a name that is missing: give each its name")
    texts = [label.decode() if isinstance(label, bytes) else str(label) for label in known]
    return _Given(typed(labels) or typed_labels(known) or texts)


class Slot:
    """The place of one input of a function: converts what is passed, and knows it again when nothing has changed."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._known: tuple[Any, ...] | None = None
        self._matrix: Matrix | None = None

    def __call__(self, x: Any) -> Matrix:
        if isinstance(x, Matrix):
            return x
        refuse_inexact(x, self._name)
        parts = _parts(x, self._name)
        known = parts.fingerprint()
        if self._matrix is None or known != self._known:
            # What was borrowed before may have been written into since: it is let go first.
            self._matrix = None
            self._matrix, self._known = parts.matrix(), known
        return self._matrix


def filled(x: Any) -> Any:
    """A masked array with NaN, which is missing, where it is masked; anything else as it is."""
    if not isinstance(x, np.ma.MaskedArray):
        return x
    refuse_inexact(x, "the masked array")
    return np.ma.filled(x.astype(np.result_type(x.dtype, np.float32)), np.nan) if np.ma.is_masked(x) else np.asarray(x)


def refuse_no_matrix(x: Any, name: str) -> None:
    """Refuses what holds a matrix, or will, and is none."""
    if type(x).__name__ == "LazyFrame":
        raise coded(TypeError, "wrong-type", f"{name} is a LazyFrame, which has no values yet: give what its collect() returns")
    if hasattr(x, "obs_names") and hasattr(x, "var_names") and hasattr(x, "X"):
        raise coded(
            TypeError,
            "wrong-type",
            f"{name} is an AnnData: give eckart.Matrix(adata.X, adata.obs_names, adata.var_names), its matrix with its names"
        )


def is_sparse_frame(x: Any) -> bool:
    """Whether it is a frame of pandas whose columns store only some of their entries."""
    if not _is_of(x, "pandas"):
        return False
    pandas = sys.modules["pandas"]
    return bool(x.shape[1]) and all(isinstance(dtype, pandas.SparseDtype) for dtype in x.dtypes)


def _parts(x: Any, name: str) -> _Dense | _Sparse:
    x = filled(x)
    if is_series(x):
        if _is_of_pandas(x) and x.index.nlevels > 1:
            raise coded(
                ValueError,
                "not-a-matrix",
                f"{name} is a series whose index names rows and columns: give eckart.triplets(series), or series.unstack()"
            )
        return _parts(x.to_frame(), name)
    if isinstance(x, np.ndarray):
        return _dense(x, name)
    if isinstance(x, numbers.Real):
        return _Dense(1, 1, np.array([float(x)]))
    if hasattr(x, "tocsr") and hasattr(x, "nnz"):
        return _sparse(x.tocsr(), name)
    if _is_of(x, "pandas"):
        return _of_pandas(x, name)
    if _is_of(x, "polars"):
        return _of_polars(x, name)
    refuse_no_matrix(x, name)
    if _is_of(x, "pyarrow"):
        return _of_arrow(x, name)
    if hasattr(x, "__dlpack__"):
        return _dense(_of_dlpack(x, name), name)
    if isinstance(x, (str, bytes)) or x is None or callable(x):
        raise coded(TypeError, "wrong-type", f"{name} is {type(x).__name__}, no matrix: give an array, a sparse matrix, a frame or a tensor")
    return _dense(np.asarray(x), name)


def _dense(x: np.ndarray, name: str) -> _Dense:
    x = np.asarray(x)  # not numpy.matrix, whose slices are matrices
    if x.ndim == 0:
        x = x.reshape(1, 1)
    if x.ndim == 1:
        raise coded(
            ValueError,
            "not-a-matrix",
            f"{name} is a flat array of {x.size} numbers, and everything here is a matrix: "
            "x[:, None] is a column, x[None, :] a line"
        )
    if x.ndim > 2:
        raise coded(
            ValueError,
            "not-a-matrix",
            f"{name} has {x.ndim} axes, and a matrix has 2: x.reshape(len(x), -1) makes a row of each x[i]"
        )
    values = np.require(_floats(x, name), requirements=["C", "A"])
    return _Dense(x.shape[0], x.shape[1], values.reshape(-1))


def _floats(x: np.ndarray, name: str) -> np.ndarray:
    """In float32 or float64 of this machine's byte order; not copied where it is that already."""
    if x.dtype == np.float32 or x.dtype == np.float64:
        return x.astype(x.dtype.newbyteorder("="), copy=False)
    if x.dtype.kind in "biu":
        return x.astype(np.float64)
    if x.dtype.kind == "f":
        return x.astype(np.float32 if x.dtype.itemsize < 4 else np.float64)
    if x.dtype.kind == "O":
        try:
            return x.astype(np.float64)
        except (TypeError, ValueError) as error:
            text = f"{name} holds Python objects that are no numbers: {error}"
            raise coded(type(error), "not-a-number", text) from None
    raise coded(TypeError, "unsupported-type", f"{name} is of type {x.dtype}, and a matrix here is of real numbers")


def _sparse(x: Any, name: str) -> _Sparse:
    if x.ndim != 2:
        raise coded(ValueError, "not-a-matrix", f"{name} is a sparse array with {x.ndim} axis, and a matrix has 2")
    if not x.has_canonical_format:
        # Entries that are named twice add up, as everywhere in SciPy; columns are sorted.
        x = x.copy()
        x.sum_duplicates()
    if x.shape[1] > np.iinfo(np.uint32).max:
        raise coded(ValueError, "too-large", f"{name} has {x.shape[1]} columns, more than a sparse matrix can have here: transpose it")
    if x.indices.size and (x.indices.min() < 0 or x.indices.max() >= x.shape[1]):
        raise coded(ValueError, "index-out-of-range", f"{name} names a column outside its {x.shape[1]} columns")
    values = np.require(_floats(x.data, name), requirements=["C", "A"])
    indptr = np.ascontiguousarray(x.indptr)
    indptr = indptr.view(np.uint32 if indptr.dtype.itemsize == 4 else np.uint64)
    indices = np.ascontiguousarray(x.indices)
    indices = indices.view(np.uint32) if indices.dtype.itemsize == 4 else indices.astype(np.uint32)
    return _Sparse(x.shape[0], x.shape[1], indptr, indices, values)


def _of_dlpack(x: Any, name: str) -> np.ndarray:
    if getattr(x, "requires_grad", False):
        x = x.detach()
    try:
        return np.from_dlpack(x)
    except (BufferError, RuntimeError, TypeError) as error:
        try:
            return np.asarray(x)
        except Exception:
            raise coded(TypeError, "unsupported-type", f"{name} can't be read as a tensor of this machine's memory: {error}") from None


def _is_of(x: Any, module: str) -> bool:
    """Whether `x` is a table of a package, which need not be installed."""
    return module in sys.modules and type(x).__module__.split(".")[0] == module and hasattr(x, "columns")


def _of_pandas(x: Any, name: str) -> _Dense | _Sparse:
    pandas = sys.modules["pandas"]
    # What such a column does not store is its `fill_value`: often NaN, which is missing, and no zero.
    if is_sparse_frame(x) and all(dtype.fill_value == 0 for dtype in x.dtypes):
        return _sparse(x.sparse.to_coo().tocsr(), name)
    numbers_ = ("integer", "floating", "mixed-integer-float", "decimal", "boolean")
    for at, (label, dtype) in enumerate(x.dtypes.items()):
        of_numbers = dtype == object and pandas.api.types.infer_dtype(x.iloc[:, at], skipna=True) in numbers_
        if not (of_numbers or pandas.api.types.is_numeric_dtype(dtype) or pandas.api.types.is_bool_dtype(dtype)):
            raise _no_numbers(label, dtype, name, "leave it out, make it the index")
    plain = all(isinstance(dtype, np.dtype) for dtype in x.dtypes)
    return _dense(x.to_numpy() if plain else x.to_numpy(dtype=np.float64, na_value=np.nan), name)


def _of_polars(x: Any, name: str) -> _Dense:
    # Polars makes days and microseconds of dates, times and durations, which are no numbers of a matrix.
    for label, dtype in x.schema.items():
        if not dtype.is_numeric() and str(dtype) not in ("Boolean", "Null"):
            raise _no_numbers(label, dtype, name, "leave it out")
    return _dense(np.asarray(x.to_numpy()), name)


def _of_arrow(x: Any, name: str) -> _Dense:
    for label, column in zip(x.column_names, x.columns):
        kind = str(column.type)
        if not kind.startswith(("int", "uint", "float", "double", "halffloat", "decimal", "bool", "null")):
            raise _no_numbers(label, kind, name, "leave it out")
    columns = [np.array([np.nan if value is None else float(value) for value in column.to_pylist()]) for column in x.columns]
    return _dense(np.column_stack(columns) if columns else np.empty((x.num_rows, 0)), name)


def _no_numbers(label: Any, dtype: Any, name: str, remedy: str) -> Exception:
    """The refusal of a column that is of no numbers."""
    return coded(
        TypeError,
        "unsupported-type",
        f"the column {label!r} of {name} is of type {dtype}, and a matrix is of numbers: {remedy}, or pass a table of ids "
        "and values to eckart.triplets"
    )


_Side = tuple[list[str] | None, tuple[str, np.ndarray] | None]
"""Names as texts, and as what they were where that was no text."""


def _names(x: Any) -> tuple[_Side, _Side]:
    if _is_of(x, "polars") or _is_of(x, "pyarrow"):
        return (None, None), (labels_of(x), None)
    if is_series(x):
        return (_names(x.to_frame())[0] if _is_of_pandas(x) and x.index.nlevels == 1 else (None, None)), (None, None)
    if _is_of(x, "pandas"):
        def side(index: Any) -> _Side:
            # 0, 1, 2, ... are places, which pandas counts where nobody gave names, unless they have a heading; any others
            # are ids.
            if index.name is None and _are_places(index):
                return None, None
            values = index.to_numpy() if isinstance(index.dtype, np.dtype) else None
            labels = whole_labels(index.tolist() if values is None or values.dtype.kind in "fO" else list(index))
            ids = (None if values is None else typed(values)) or typed_labels(labels)
            return _eckart.name_texts(ids) if ids else [str(label) for label in labels], ids

        return side(x.index), side(x.columns)
    return (None, None), (None, None)


FORMATS = ("npy", "mtx", "csv", "tsv", "npz", "svmlight", "coo", "table")


def triplets(rows: Any, columns: Any = None, values: Any = None) -> Matrix:
    """
    A sparse matrix from entries that are named by ids: ratings, counts, purchases.

    Parameters
    ----------
    rows : array-like of length n_entries, or a table
        The id of each entry's row: texts, numbers, anything that can be sorted or compared. Or an Arrow table or a frame,
        whose columns go by their names (user, movieId, rating, ..., as in a file), or by `columns`; where neither says, it
        has two or three, in this order: rows, columns, values. Levels of an index of pandas that have names are columns
        before the others; a series is the values of its index.
    columns : array-like of length n_entries
        The id of each entry's column. Of a table the names of the columns of row ids, column ids and, where there is a
        third, of values.
    values : array-like of length n_entries, optional
        The numbers; 1 where they are left out.

    Returns
    -------
    Matrix
        Sparse, of float64 or of the values' float32; ``row_names`` and ``col_names`` are the ids as texts, in the order
        in which they first appear (`read` sorts ids that are all whole numbers). A factorization of it gives whole numbers
        and dates back as what they were; floats that are all whole are whole numbers. Of a table ``reading`` says which
        columns were taken.

    Raises
    ------
    ValueError
        Where the lengths differ, an id is missing (None, NaN, NA), a value is NaN or infinite, or an entry is named twice.
        Ids of one text, such as 1 and "1", are one.

    Examples
    --------
    >>> import eckart as ek
    >>> ratings = ek.triplets(["ann", "ann", "bob"], ["Heat", "Fargo", "Heat"], [5, 4, 4])
    >>> ratings
    <eckart.Matrix: 2 x 2, sparse with 3 stored entries, float64, named>
    >>> ratings.row_names, ratings.col_names
    (['ann', 'bob'], ['Heat', 'Fargo'])
    """
    refuse_no_matrix(rows, "the table")
    if columns is None and values is None and _is_list_series(rows):
        rows = rows.to_frame("value" if rows.name is None else rows.name)
    if labels_of(rows) is not None:
        if values is not None:
            raise coded(TypeError, "wrong-type", "the values of a table are one of its columns: name it in columns=(...)")
        return _of_columns(*_places(rows, columns))
    if columns is None:
        raise coded(TypeError, "wrong-type", "give rows, columns and values, or a table that has them as its columns")
    return _of_entries(rows, columns, values)


def _of_entries(rows: Any, columns: Any, values: Any) -> Matrix:
    (i, row_ids, row_typed), (j, col_ids, col_typed) = coded_ids(rows, "row"), coded_ids(columns, "column")
    if len(i) != len(j):
        raise coded(ValueError, "wrong-count", f"there are {len(i)} rows and {len(j)} columns: an entry has one of each")
    if values is not None:
        refuse_inexact(values, "the values")
    numbers_ = np.ones(len(i)) if values is None else _floats(np.asarray(values), "the values")
    if len(numbers_) != len(i):
        raise coded(ValueError, "wrong-count", f"there are {len(i)} entries and {len(numbers_)} values")
    order = np.lexsort((j, i))
    i, j = i[order], j[order]
    twice = np.flatnonzero((i[1:] == i[:-1]) & (j[1:] == j[:-1]))
    if twice.size:
        at = twice[0]
        raise coded(
            ValueError,
            "duplicate-entry",
            f"the entry ({row_ids[i[at]]}, {col_ids[j[at]]}) is given twice: keep one of them, or add them up first"
        )
    indptr = np.zeros(len(row_ids) + 1, dtype=np.uint64)
    indptr[1:] = np.cumsum(np.bincount(i, minlength=len(row_ids)))
    made = _eckart.sparse(len(row_ids), len(col_ids), indptr, j.astype(np.uint32), numbers_[order])
    return made.named(row_typed or [str(label) for label in row_ids], col_typed or [str(label) for label in col_ids])


def labels_of(x: Any) -> list[str] | None:
    """The names of the columns of a frame or an Arrow table; None of anything else."""
    if _is_of(x, "pyarrow"):
        return list(x.column_names)
    if (_is_of(x, "pandas") or _is_of(x, "polars")) and hasattr(x, "to_numpy"):
        return [str(label) for label in x.columns]
    return None


def column_of(table: Any, k: int) -> Any:
    if _is_of(table, "pyarrow"):
        column = table.column(k)
        # A column of a record batch is in one piece, which says whether it may be copied.
        return column.to_numpy() if hasattr(column, "num_chunks") else column.to_numpy(zero_copy_only=False)
    return (table.iloc[:, k] if _is_of(table, "pandas") else table[:, k]).to_numpy()


def is_series(x: Any) -> bool:
    """Whether it is a series of pandas or polars: a column."""
    module = type(x).__module__.split(".")[0]
    return module in ("pandas", "polars") and module in sys.modules and isinstance(x, sys.modules[module].Series)


def _is_of_pandas(series: Any) -> bool:
    return type(series).__module__.split(".")[0] == "pandas"


def _is_list_series(x: Any) -> bool:
    """Whether it is a series of pandas whose index names more than places."""
    return is_series(x) and _is_of_pandas(x) and bool(_level_names(x.index))


def _level_names(index: Any) -> dict[int, str]:
    """The names of those levels of an index of pandas that have one; all of several levels do."""
    several = index.nlevels > 1
    named = {k: f"level_{k}" if name is None else str(name) for k, name in enumerate(index.names)}
    return {k: name for k, name in named.items() if several or index.names[k] is not None}


def _levels(x: Any) -> dict[int, str]:
    """The levels of an index of pandas that are columns of a list, by their places, and what they are called."""
    return _level_names(x.index) if _is_of(x, "pandas") else {}


class _Listed(NamedTuple):
    """A frame or an Arrow table as a list of entries: levels of its index, and the columns after them."""

    table: Any
    levels: list[int]
    labels: list[str]

    def column(self, k: int) -> Any:
        at = k - len(self.levels)
        return column_of(self.table, at) if at >= 0 else self.table.index.get_level_values(self.levels[k]).to_numpy()


def _listed(x: Any) -> tuple[_Listed, _Listed]:
    """A frame or an Arrow table by its columns alone, and with the named levels of its index before them, which are columns
    of a list, as they are in the file that pandas writes."""
    labels, levels = labels_of(x) or [], _levels(x)
    return _Listed(x, [], labels), _Listed(x, list(levels), [*levels.values(), *labels])


def list_columns(x: Any) -> tuple[_Listed, tuple[int | None, int | None, int | None]]:
    """A frame or an Arrow table and the places of row ids, column ids and values, as the names of its columns tell; or,
    where they leave it open, of row ids alone. Fractions in both columns are no ids, whatever these are called."""
    bare, whole = _listed(x)
    places = _places_by_names(bare)
    if places[1] is None and whole.levels:
        with_index = _places_by_names(whole)
        if with_index[1] is not None or places[0] is None:
            return whole, with_index
    return bare, places


def _places_by_names(listed: _Listed) -> tuple[int | None, int | None, int | None]:
    """The places of row ids, column ids and values by the names of columns, but for two of fractions."""
    row, col, value = _eckart.columns_by_names(listed.labels)
    if row is not None and col is not None and _has_fractions(listed.column(row)) and _has_fractions(listed.column(col)):
        return None, None, None
    return row, col, value


def _has_fractions(column: Any) -> bool:
    """Whether a column is of floats of which some are no whole numbers."""
    values = np.asarray(column)
    return values.dtype.kind == "f" and bool(np.any(np.isfinite(values) & (values != np.trunc(values))))


def _names_each_row(x: Any) -> bool:
    """Whether the index of a frame names each row once, by texts or dates: that of a list counts its entries."""
    return _is_of(x, "pandas") and x.index.nlevels == 1 and x.index.inferred_type != "integer" and len(x) > 0 and x.index.is_unique


def is_list(x: Any) -> bool:
    """Whether a frame or an Arrow table is a list of entries by the names of its columns."""
    return labels_of(x) is not None and list_columns(x)[1][1] is not None


def entries_of(x: Any, name: str) -> Matrix | None:
    """The matrix of a frame or an Arrow table that is a list of entries by the names of its columns; None of any other."""
    if labels_of(x) is None:
        return None
    listed, (row, col, value) = list_columns(x)
    levels = len(listed.levels)
    if row is None and not (levels > 1 and len(listed.labels) == levels + 1):
        return None
    # A single column beside several levels hardly is a table, whatever they are called.
    at = row or 0
    ids = listed.column(at).tolist()
    is_unique = len(set(ids)) == len(ids)
    # An index that names each row once is more than a column that does: it is that of a table as well.
    is_named = (is_unique and at < levels) or (not levels and _names_each_row(x))
    if col is not None and not (is_named and levels <= col):
        return _of_columns(listed, [at, col] if value is None else [at, col, value])
    if col is None and row is not None and is_unique:
        return None
    raise coded(
        ValueError,
        "list-or-table",
        f"{name} is a list of entries, or a table: the names of its columns leave it open ({', '.join(listed.labels)}). Say "
        "which: eckart.triplets(table, columns=(row, col, value)) for the list, eckart.Matrix(table) for the table",
    )


def _of_columns(listed: _Listed, places: list[int]) -> Matrix:
    """The matrix of those columns: rows, columns and, where there is a third, values."""
    rows, cols, *values = (listed.column(k) for k in places)
    labels = listed.labels
    names = [labels[k] for k in places] + ["1 each"]
    ignored = [label for k, label in enumerate(labels) if k not in places]
    said = f"list of entries; rows: {names[0]}, columns: {names[1]}, values: {names[2]}"
    said += f"; ignored: {', '.join(ignored)}" if ignored else ""
    return _of_entries(rows, cols, values[0] if values else None).understood(said)


def _places(table: Any, columns: Any) -> tuple[_Listed, list[int]]:
    """The columns that are named, else those whose names are known, else the first ones: a table and their places."""
    bare, whole = _listed(table)
    if columns is not None:
        labels = whole.labels
        names = [str(name) for name in columns] if not isinstance(columns, str) else []
        unknown = [name for name in names if name not in labels]
        if unknown:
            raise coded(KeyError, "unknown-name", f"there is no column {unknown[0]!r}; the table has {', '.join(labels)}")
        if len(names) not in (2, 3) or len(set(names)) < len(names):
            raise coded(ValueError, "bad-option-value", f"columns is {columns!r}: name two or three columns, (row, col, value)")
        return whole, [labels.index(name) for name in names]
    listed, (row, col, value) = list_columns(table)
    if row is not None and col is not None:
        return listed, [row, col] if value is None else [row, col, value]
    listed = bare if len(bare.labels) == 3 else whole
    labels = listed.labels
    if len(labels) == 2 and not listed.levels and not _may_have_index(table):
        raise coded(
            ValueError,
            "list-or-table",
            f"the index of the table holds ids and has no name, and its columns are {labels[0]} and {labels[1]}: give the index "
            "a name, as in frame.rename_axis('user'), or say the columns, as in columns=('user', 'item')",
        )
    if len(labels) not in (2, 3):
        raise coded(
            ValueError,
            "wrong-count",
            f"the table has {len(labels)} columns ({', '.join(labels)}): say which are rows, columns and values, as in "
            'columns=("user", "item", "rating")'
        )
    return listed, list(range(len(labels)))


def read(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    header: bool | None = None,
    index_col: bool | None = None,
    columns: Sequence[str | int] | None = None,
    duplicates: str = "error",
    delimiter: str | None = None,
    decimal: str | None = None,
    comment: str | None = None,
    na_values: str | Sequence[str] | None = None,
    triplets: bool | None = None,
    row_names: bool | None = None,
) -> Matrix:
    """
    The matrix in a file: .npy, .npz, Matrix Market, CSV and other texts, SVMlight, each also with .gz.

    Parameters
    ----------
    path : str or path-like
        The file; its format is told by its name or its first bytes.
    format : str, optional
        ``npy``, ``npz``, ``mtx``, ``csv``, ``tsv`` or ``svmlight``, where neither name nor first bytes tell; of a text,
        ``coo`` for one entry ``row,column[,value]`` per line and ``table`` for one row of the matrix per line. A table that
        may as well be such entries is refused for an objective with ``observed(X)`` until this says what it is.
    header, index_col : bool, optional
        Whether the first row, or the first column, of a CSV file holds names, where that is not plain.
    columns : sequence of str or int, optional
        The columns of a list of entries: those of row ids, of column ids and, where there is a third, of values, by their
        names in the header or their numbers from 1. By default the words of the header say them, else they are the first.
    duplicates : str
        What to do with an entry that a file names twice: ``error``, ``sum`` or ``last``.
    delimiter : str, optional
        What separates the cells of a text: ``,``, ``;``, ``tab``, ``blanks``, ``::`` or other characters. Detected by
        default, as are the next two.
    decimal : str, optional
        The decimal mark, ``.`` or ``,``; the other one may group thousands.
    comment : str, optional
        What lines begin with that are passed over; none where it is empty.
    na_values : str or sequence of str, optional
        The cells that are missing besides empty ones, instead of NA, NaN, N/A, null, None, ? and their like.

    Returns
    -------
    Matrix
        With the names of rows and columns that the file has. Whole numbers that float32 holds exactly are read as such.
        ``reading`` says how a text was understood.

    Warns
    -----
    UserWarning
        Where a column of numbers was taken for names.

    Raises
    ------
    FileNotFoundError
        Where there is no such file.
    ValueError
        Where it can't be used; the message names the line.

    Examples
    --------
    >>> import eckart as ek, pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "ratings.csv"
    ...     _ = path.write_text("user,item,rating\\nann,Heat,5\\nbob,Heat,4\\n")
    ...     ek.read(path)
    <eckart.Matrix: 2 x 1, sparse with 2 stored entries, float32, named>
    """
    if format is not None:
        _checks.choice("format", format, FORMATS)
    if format in ("coo", "table"):
        _checks.latest("format", format, "triplets", triplets)
        format, triplets = None, format == "coo"
    index_col = _checks.latest("index_col", index_col, "row_names", row_names)
    reading = {
        "triplets": None if triplets is None else _checks.boolean("triplets", triplets),
        "header": None if header is None else _checks.boolean("header", header),
        "row_names": None if index_col is None else _checks.boolean("index_col", index_col),
        "format": format,
        "duplicates": _checks.choice("duplicates", duplicates, ("error", "sum", "last")),
        "delimiter": _text("delimiter", delimiter),
        "decimal": _text("decimal", decimal),
        "comment": _text("comment", comment),
        "na_values": _texts("na_values", [na_values] if isinstance(na_values, str) else na_values),
        "columns": _texts("columns", columns),
    }
    found = _eckart.read(_checks.path("path", path), reading)
    for warning in told(found.warnings):
        warn(warning)
    return found


def _text(argument: str, value: str | None) -> str | None:
    return None if value is None else _checks.text(argument, value)


def _texts(argument: str, values: Sequence[str | int] | None) -> list[str] | None:
    if values is None:
        return None
    if isinstance(values, (str, bytes)) or not all(isinstance(value, (str, int)) for value in values):
        raise coded(TypeError, "wrong-type", f"{argument} is {values!r}, it must be a sequence of texts")
    return [str(value) for value in values]
