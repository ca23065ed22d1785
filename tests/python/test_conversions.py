"""What can be passed as a matrix, and what comes of it."""

import datetime

import jax
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
from expect import refuses

import eckart as ek
from eckart._arrays import matrix_of, named_matrix_of
from eckart.sklearn import NMF

X = np.arange(12.0).reshape(3, 4)


def dense(x):
    matrix = matrix_of(x)
    compressed = matrix.to_compressed_rows()
    if compressed is None:
        return np.array(matrix.to_array())
    indptr, indices, numbers = compressed
    return sp.csr_array((numbers, indices, indptr), shape=matrix.shape).toarray()


@pytest.mark.parametrize(
    "form",
    [
        lambda x: x,
        np.asfortranarray,
        lambda x: np.repeat(x, 2, axis=1)[:, ::2],
        lambda x: x[::-1][::-1],
        lambda x: x.astype(np.float32),
        lambda x: x.astype(np.float16),
        lambda x: x.astype(np.longdouble),
        lambda x: x.astype(np.int8),
        lambda x: x.astype(np.uint64),
        lambda x: x.astype(">f8"),
        lambda x: x.astype(object),
        lambda x: x.tolist(),
        lambda x: np.asmatrix(x),
        lambda x: np.ma.masked_array(x),
    ],
)
def test_arrays(form):
    np.testing.assert_array_equal(dense(form(X)), X)


def test_booleans_numbers_and_unaligned():
    np.testing.assert_array_equal(dense(X > 5), 1.0 * (X > 5))
    assert dense(2) == dense(np.float32(2)) == dense(np.array(2)) == 2
    raw = np.zeros(X.nbytes + 1, np.uint8)
    unaligned = raw[1:].view(np.float64).reshape(X.shape)
    unaligned[:] = X
    np.testing.assert_array_equal(dense(unaligned), X)


def test_read_only_and_memory_mapped(tmp_path):
    fixed = X.copy()
    fixed.setflags(write=False)
    np.testing.assert_array_equal(dense(fixed), X)
    np.save(tmp_path / "x.npy", X)
    np.testing.assert_array_equal(dense(np.load(tmp_path / "x.npy", mmap_mode="r")), X)


@pytest.mark.parametrize("make", [sp.csr_array, sp.csr_matrix, sp.csc_array, sp.csc_matrix, sp.coo_array, sp.coo_matrix])
@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, bool])
def test_sparse(make, index, dtype):
    full = (X * (X % 3 == 0)).astype(dtype)
    x = make(full)
    for name in ("indices", "indptr", "row", "col"):
        if isinstance(getattr(x, name, None), np.ndarray):
            if name in ("row", "col") and hasattr(x, "coords"):
                continue
            setattr(x, name, getattr(x, name).astype(index))
    matrix = matrix_of(x)
    assert matrix.is_sparse and matrix.nnz == np.count_nonzero(full)
    assert matrix.dtype == ("float32" if dtype == np.float32 else "float64")
    np.testing.assert_array_equal(dense(x), full)


def test_sparse_out_of_order_and_twice():
    twice = sp.coo_array(([1.0, 2.0, 3.0], ([0, 0, 1], [2, 2, 0])), shape=(2, 3))
    np.testing.assert_array_equal(dense(twice), [[0, 0, 3], [3, 0, 0]])
    unsorted = sp.csr_array((np.array([1.0, 2.0]), np.array([2, 0]), np.array([0, 2])), shape=(1, 3))
    np.testing.assert_array_equal(dense(unsorted), [[2, 0, 1]])
    assert unsorted.indices.tolist() == [2, 0], "what was passed is left as it is"
    wrong = sp.csr_array((np.array([1.0]), np.array([0]), np.array([0, 1])), shape=(1, 3))
    wrong.indices[0] = 7
    with refuses(ValueError, "index-out-of-range", "column"):
        matrix_of(wrong)


def test_a_sparse_matrix_that_is_changed_in_place_is_seen():
    x, S = ek.matrix("x"), sp.random(30, 20, 0.2, format="csr", random_state=0)
    total = ek.function([x], (x @ x.T).sum())
    assert total(S) == pytest.approx((S @ S.T).sum())
    S.data[3] += 1
    assert total(S) == pytest.approx((S @ S.T).sum())
    S.indices[S.indptr[2] : S.indptr[3]] = np.arange(S.indptr[3] - S.indptr[2])
    S.has_canonical_format = True
    assert total(S) == pytest.approx((S @ S.T).sum())
    S.indices[0] = 10**6
    with refuses(ValueError, "index-out-of-range", "column"):
        total(S)


def test_frames_keep_their_names():
    frame = pd.DataFrame(X, index=["r", "s", "t"], columns=list("abcd"))
    named = named_matrix_of(frame)
    assert (named.row_names, named.col_names) == (["r", "s", "t"], ["a", "b", "c", "d"])
    f = ek.factorize(frame, rank=1)
    assert (f.row_names, f.col_names) == (["r", "s", "t"], ["a", "b", "c", "d"])
    assert named_matrix_of(pd.DataFrame(X)).row_names is None
    mixed = pd.DataFrame({"a": [1, 2], "b": pd.array([1.5, None], dtype="Float64"), "c": [True, False]})
    np.testing.assert_array_equal(dense(mixed), [[1, 1.5, 1], [2, np.nan, 0]])
    sparse_frame = pd.DataFrame.sparse.from_spmatrix(sp.csr_matrix(X))
    assert matrix_of(sparse_frame).is_sparse
    with refuses(TypeError, "unsupported-type", "column 'b'"):
        matrix_of(pd.DataFrame({"a": [1.0], "b": ["x"]}))
    named = named_matrix_of(pl.DataFrame({"a": [1.0, None], "b": [2, 3]}))
    assert named.col_names == ["a", "b"]
    np.testing.assert_array_equal(named.matrix.to_array(), [[1, 2], [np.nan, 3]])


@pytest.mark.parametrize(
    "value",
    [
        datetime.date(2020, 1, 2),
        datetime.datetime(2020, 1, 2, 3),
        datetime.time(3),
        datetime.timedelta(days=3),
        "3",
        b"3",
        [3.0],
    ],
    ids=lambda value: type(value).__name__,
)
def test_columns_that_are_no_numbers_are_refused(value):
    """Dates, times, durations and texts are no numbers in any frame, array or list of values."""
    column = [value] * 3
    with refuses(TypeError, "unsupported-type", "column 'd'", "eckart.triplets"):
        ek.factorize(pl.DataFrame({"d": column, "u": [1.0, 2.0, 3.0]}), rank=1)
    with refuses(TypeError, "unsupported-type", "column 'd'", "eckart.triplets"):
        ek.factorize(pd.DataFrame({"d": column, "u": [1.0, 2.0, 3.0]}), rank=1)
    if isinstance(value, (datetime.date, datetime.timedelta)):
        with refuses(TypeError, "unsupported-type"):
            ek.factorize(np.array([column, column]).astype("M8[s]" if isinstance(value, datetime.date) else "m8[s]"), rank=1)
        with refuses(TypeError, "unsupported-type", "the values"):
            ek.triplets(pl.DataFrame({"i": [1, 2, 3], "j": [1, 1, 1], "x": column}))


def test_numbers_of_polars_of_every_type():
    frame = pl.DataFrame({"a": [1, 2], "b": [True, False], "c": [1.5, None], "d": [None, None], "e": [3, 4]})
    frame = frame.with_columns(pl.col("e").cast(pl.Decimal(10, 2)), pl.col("a").cast(pl.UInt8))
    np.testing.assert_array_equal(dense(frame), [[1, 1, 1.5, np.nan, 3], [2, 0, np.nan, np.nan, 4]])


def test_arrow_tables_are_entries():
    table = pa.table({"user": ["ann", "bob", "ann"], "film": [7, 7, 9], "stars": [5.0, 3.0, 1.0]})
    named = named_matrix_of(table)
    assert (named.row_names, named.col_names) == (["ann", "bob"], ["7", "9"])
    np.testing.assert_array_equal(dense(ek.triplets(table)), [[5, 1], [3, 0]])
    dictionary = table.set_column(0, "user", table["user"].dictionary_encode())
    np.testing.assert_array_equal(dense(ek.triplets(dictionary)), [[5, 1], [3, 0]])
    for frame in (pl.from_arrow(table), pd.DataFrame({name: table[name].to_pylist() for name in table.column_names})):
        np.testing.assert_array_equal(dense(ek.triplets(frame)), [[5, 1], [3, 0]])


def test_triplets():
    made = ek.triplets([3, 1, 3], ["b", "a", "a"])
    assert (made.row_names, made.col_names) == (["3", "1"], ["b", "a"])
    np.testing.assert_array_equal(dense(made), [[1, 1], [0, 1]])
    assert ek.triplets([1], [1], np.array([2], np.float32)).dtype == "float32"
    with refuses(ValueError, "duplicate-entry", "(a, x)"):
        ek.triplets(["a", "b", "a"], ["x", "x", "x"], [1, 2, 3])
    with refuses(ValueError, "wrong-count", "2 rows and 1 columns"):
        ek.triplets([1, 2], [1])
    with refuses(ValueError, "missing-value", "NaN"):
        ek.triplets([1], [1], [np.nan])


@pytest.mark.parametrize(
    "ids",
    [
        ["a", None, "b", None],
        ["a", float("nan"), "b", "c"],
        [1, float("nan"), 2, 3],
        np.array([1.0, np.nan, 2.0, np.nan]),
        np.array(["a", np.nan, "b", "c"], dtype=object),
        np.array(["2020-01-01", "NaT", "2020-01-02", "2020-01-03"], dtype="datetime64[D]"),
        np.ma.masked_array([1, 2, 3, 4], [False, True, False, False]),
        pd.Series(["a", None, "b", "c"]),
        pd.Series([1, pd.NA, 2, 3], dtype="Int64"),
        pd.Series(["a", pd.NA, "b", "c"], dtype="string"),
    ],
    ids=lambda ids: f"{type(ids).__name__} {getattr(ids, 'dtype', ids)}",
)
def test_missing_ids_are_refused(ids):
    others = [1, 2, 3, 4]
    with refuses(ValueError, "empty-id", "entry 1", "row"):
        ek.triplets(ids, others)
    with refuses(ValueError, "empty-id", "entry 1", "column"):
        ek.triplets(others, ids)
    if isinstance(ids, pd.Series):
        with refuses(ValueError, "empty-id", "entry 1", "row"):
            ek.triplets(pd.DataFrame({"user": ids, "item": others}))


def test_ids_that_look_missing_are_ids():
    made = ek.triplets(["nan", "None", ""], np.array([1.5, 2.5, 1.5]))
    assert made.row_names == ["nan", "None", ""] and made.col_names == ["1.5", "2.5"]
    assert ek.triplets([], []).shape == (0, 0)


def test_tensors():
    np.testing.assert_array_equal(dense(jax.numpy.asarray(X)), X)

    class Tensor:
        """As another library's: it has DLPack and nothing else."""

        def __dlpack__(self, **options):
            return X.__dlpack__(**options)

        def __dlpack_device__(self):
            return X.__dlpack_device__()

    np.testing.assert_array_equal(dense(Tensor()), X)


def test_missing_entries():
    holes = np.where(X == 5, np.nan, X)
    assert matrix_of(holes).missing == 1
    masked = np.ma.masked_equal(X.astype(int), 5)
    np.testing.assert_array_equal(dense(masked), holes)
    with refuses(ValueError, "missing-entries", "X has 1"):
        ek.factorize(holes, rank=1)
    f = ek.factorize(holes, "sum(observed(X) * (X - W @ H)**2)", rank=2)
    assert f.cost < 1e-6


@pytest.mark.parametrize(
    ("wrong", "error", "code", "text"),
    [
        (np.ones(3), ValueError, "not-a-matrix", "3 numbers"),
        (np.ones((2, 2, 2)), ValueError, "not-a-matrix", "3 axes"),
        (np.ones((2, 2)) * 1j, TypeError, "unsupported-type", "complex128"),
        (np.array([["a"]]), TypeError, "unsupported-type", "<U1"),
        (np.array([[object()]]), TypeError, "not-a-number", "object"),
        (np.ones((0, 3)), ValueError, "no-entries", "0 x 3"),
        (np.array([[1.0, np.inf]]), ValueError, "infinite-value", "row 1, column 2"),
        ("x.npy", TypeError, "wrong-type", "is str"),
        (None, TypeError, "wrong-type", "NoneType"),
        (sp.csr_array(np.array([[np.nan, 1.0]])), ValueError, "missing-value", "row 1, column 1"),
        (sp.coo_array(np.ones(3)), ValueError, "not-a-matrix", "1 axis"),
    ],
)
def test_what_is_no_matrix_is_refused(wrong, error, code, text):
    with refuses(error, code, text):
        matrix_of(wrong)


def test_files(tmp_path):
    np.save(tmp_path / "x.npy", X)
    np.testing.assert_array_equal(dense(ek.read(tmp_path / "x.npy")), X)
    (tmp_path / "x.csv").write_text("name,a,b\nr,1,2\ns,3,4\n")
    table = ek.read(str(tmp_path / "x.csv"))
    assert (table.row_names, table.col_names) == (["r", "s"], ["a", "b"])
    with refuses(FileNotFoundError, "file-not-found") as caught:
        ek.read(tmp_path / "y.npy")
    assert caught.value.filename.endswith("y.npy")
    (tmp_path / "bad.mtx").write_text("%%MatrixMarket matrix coordinate real general\n2 2 1\n3 1 1\n")
    with refuses(ValueError, "index-out-of-range", "line 3: row 3"):
        ek.read(tmp_path / "bad.mtx")
    assert repr(table) == "<eckart.Matrix: 2 x 2, float32, named>"
    with pytest.raises(ValueError, match="read-only"):
        table.to_array()[0, 0] = 1


def test_matrices_are_arrays_where_they_are_dense():
    dense = ek.factorize(np.abs(X), rank=1)._core.factors[0][1]
    array = np.asarray(dense)
    assert array.shape == dense.shape and array.dtype == np.dtype(dense.dtype)
    assert np.asarray(dense, dtype=np.float32).dtype == np.float32 and np.array(dense).flags.writeable
    assert dense.to_scipy().toarray().tolist() == array.tolist()
    sparse = ek.triplets([0, 1, 1], [1, 0, 2], [1.0, 2.0, 3.0])
    with refuses(TypeError, "wrong-type", "2 x 3", "to_scipy()", "to_array()"):
        np.asarray(sparse)
    assert sparse.to_scipy().toarray().tolist() == sparse.to_array().tolist()


def test_whole_numbers_that_name_rows_and_columns_are_ids():
    values = np.random.default_rng(0).random((6, 4))
    frame = pd.DataFrame(values, index=range(100, 106), columns=[30, 10, 20, 40])
    f = ek.factorize(frame, rank=2)
    assert f.row_names == [str(k) for k in range(100, 106)] and f.col_names == ["30", "10", "20", "40"]
    np.testing.assert_array_equal(f.transform(frame[[10, 20, 30, 40]])["W"], f.transform(frame)["W"])
    # Places that pandas has counted are no names.
    assert ek.factorize(pd.DataFrame(values), rank=2).row_names is None


def test_a_table_that_may_be_a_list_stays_doubtful(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("1,2,3\n4,5,6\n5,5,1\n", encoding="utf-8")
    masked = "sum(observed(X) * (X - W @ H)**2) + 0.1*(sum(W**2) + sum(H**2))"
    with refuses(ValueError, "list-or-table", "list.csv", "table of 3 x 3", 'format="table"') as caught:
        ek.factorize(ek.read(path), masked, rank=1)
    assert (caught.value.kind, caught.value.file) == ("doubt", str(path))
    for ask in (ek.explain, lambda *args, **more: ek.choose_rank(*args, ranks=[1], **more)):
        with refuses(ValueError, "list-or-table"):
            ask(ek.read(path), masked, **({"rank": 1} if ask is ek.explain else {}))
    assert ek.factorize(ek.read(path, format="table"), masked, rank=1).W.shape == (3, 1)
    assert ek.read(path, format="coo").nnz == 3
    # Where no entry can be missing there is no doubt, nor where the file is of another format.
    assert ek.factorize(ek.read(path), "mf", rank=1).W.shape == (3, 1)
    np.save(tmp_path / "x.npy", np.array([[1.0, 2, 3], [4, 5, 6], [5, 5, 1]]))
    assert ek.factorize(ek.read(tmp_path / "x.npy"), masked, rank=1).W.shape == (3, 1)


def test_doubts_of_files_are_settled_by_the_names_in_their_messages(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(",3,7\n1,2,3\n4,5,6\n", encoding="utf-8")
    with refuses(ValueError, "header-or-data", "header") as caught:
        ek.read(path)
    assert (caught.value.line, caught.value.file) == (1, str(path)) and "header" in caught.value.help
    named = ek.read(path, header=True)
    assert (named.shape, named.col_names, named.row_names) == ((2, 2), ["3", "7"], ["1", "4"])
    assert ek.read(path, header=False).shape == (3, 3)
    assert ek.read(path, header=True, row_names=False).shape == (2, 3)
    twice = tmp_path / "twice"
    twice.write_text("user,item,rating\na,b,1\na,b,2\n", encoding="utf-8")
    with refuses(ValueError, "duplicate-entry", "sum, or last"):
        ek.read(twice)
    assert ek.read(twice, duplicates="sum").to_array().tolist() == [[3.0]]
    assert ek.read(twice, duplicates="last", format="csv").to_array().tolist() == [[2.0]]
    for wrong in ({"duplicates": "first"}, {"format": "xls"}):
        with refuses(ValueError, "unknown-choice"):
            ek.read(twice, **wrong)
    with refuses(TypeError, "wrong-type", "header"):
        ek.read(path, header="yes")


BIG = 2**53 + 1


@pytest.mark.parametrize(
    "x",
    [
        np.array([[1, 2], [BIG, 3]]),
        np.array([[1, 2], [-(2**63) + 1, 3]]),
        np.array([[1, 2], [2**64 - 1, 3]], dtype=np.uint64),
        np.array([[1, 2.5], [BIG, 3]], dtype=object),
        [[1, 2], [BIG, 3]],
        [[1, 2.5], [BIG, 3]],
        [[1, 2], [10**400, 3]],
        np.ma.masked_array([[1, 2], [BIG, 3]], [[True, False], [False, False]]),
        sp.csr_array(np.array([[0, 2], [BIG, 0]])),
        sp.coo_array(np.array([[0, 2], [BIG, 0]])),
        pd.DataFrame({"a": [1.5, BIG], "b": [1.5, 2.5]}, dtype=object),
        pd.DataFrame({"a": [1, BIG], "b": [1.5, 2.5]}),
        pd.DataFrame({"a": pd.array([1, BIG, None], dtype="Int64"), "b": [1.5, 2.5, 1.0]}),
        pd.DataFrame({"a": pd.arrays.SparseArray([0, BIG]), "b": pd.arrays.SparseArray([0, 1])}),
        pl.DataFrame({"a": [1, BIG, None], "b": [1.5, 2.5, 1.0]}),
        pl.DataFrame({"a": [1, BIG, 4], "b": [1.5, 2.5, 1.0]}).cast({"a": pl.Decimal(38, 0)}),
        pa.table({"a": [1, BIG, None], "b": [1.5, 2.5, 1.0]}),
        pa.record_batch({"a": [1, BIG], "b": [1.5, 2.5]}),
        pd.Series([1, BIG], name="a"),
    ],
    ids=lambda x: type(x).__module__ + " " + type(x).__name__,
)
def test_whole_numbers_that_float64_would_round_are_refused(x):
    with refuses(ValueError, "inexact-integer"):
        ek.factorize(x, rank=1)
    with refuses(ValueError, "inexact-integer"):
        ek.Matrix(x)
    with refuses(ValueError, "inexact-integer"):
        NMF(1).fit(x)
    if not hasattr(x, "columns"):
        with refuses(ValueError, "inexact-integer"):
            ek.function([ek.matrix("A")], ek.matrix("A").sum())(x)


def test_the_place_of_a_number_that_float64_would_round_is_said():
    with refuses(ValueError, "inexact-integer", "X holds 9007199254740993 (row 2, column 1)"):
        ek.factorize(np.array([[1, 2], [BIG, 3]]), rank=1)
    with refuses(ValueError, "inexact-integer", "X holds 9007199254740993 (row 2, column 'a')"):
        ek.factorize(pd.DataFrame({"a": [1, BIG], "b": [1.5, 2.5]}), rank=1)
    with refuses(ValueError, "inexact-integer", "the values"):
        ek.triplets(["a", "b"], ["x", "y"], [1.5, BIG])


def test_what_float64_holds_is_data_and_large_ids_stay_ids():
    for exact in (2**53, -(2**53), 2**53 + 2, 2**62, 2**24 + 1):
        x = np.array([[exact, 1], [2, 3]])
        np.testing.assert_array_equal(dense(x), x.astype(float))
        mixed = pd.DataFrame({"a": x[:, 0], "b": np.array([1.5, 2.5], np.float32)})
        assert dense(mixed)[0, 0] == exact and dense(pd.DataFrame(x))[0, 0] == exact
    np.testing.assert_array_equal(dense(np.array([[2**63, 2**64 - 2048]], np.uint64)), [[2.0**63, 2.0**64 - 2048]])
    np.testing.assert_array_equal(dense([[float(BIG), 2**60]]), [[2.0**53, 2.0**60]])
    assert dense(np.array([[BIG, 1]]).astype(np.float32))[0, 0] == 2.0**53  # a rounding that somebody asked for
    ids = [BIG, BIG + 1, BIG + 2]
    assert ek.triplets(ids, [1, 2, 3]).row_names == [str(i) for i in ids]
    frame = pd.DataFrame(np.eye(3), index=ids)
    assert named_matrix_of(frame).row_names == [str(i) for i in ids]
    first = pd.DataFrame({"id": ids, "a": [1.5, 2.5, 1.0], "b": [0.5, 1.5, 3.5]})
    with pytest.warns(UserWarning, match="names of the rows"):
        assert named_matrix_of(first).row_names == [str(i) for i in ids]
