"""Files, frames and Arrow tables: what is a list of entries, what is a name, what is asked about."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp

import eckart as ek
from eckart.sklearn import NMF, ImplicitMF, MatrixFactorization
from expect import refuses, warns

MASKED = "sum(observed(X) * (X - W @ H)**2) + 0.1*(sum(W**2) + sum(H**2))"
LONG = {"stamp": [1, 2, 3, 4], "score": [5.0, 3.0, 4.0, 1.0], "gameId": [31, 32, 31, 33], "playerId": [7, 7, 8, 8]}
FRAMES = [pd.DataFrame, pl.DataFrame, pa.table]


@pytest.mark.parametrize("frame", FRAMES)
def test_a_frame_of_entries_is_told_by_the_names_of_its_columns(frame, tmp_path):
    table = frame(LONG)
    found = ek.factorize(table, MASKED, rank=1)
    assert (found.row_names, found.col_names) == (["7", "8"], ["31", "32", "33"])
    assert found.row_ids.dtype == np.int64
    made = ek.triplets(table)
    assert made.reading == "list of entries; rows: playerId, columns: gameId, values: score; ignored: stamp"
    pd.DataFrame(LONG).to_csv(tmp_path / "long.csv", index=False)
    read = ek.read(tmp_path / "long.csv")
    assert read.reading == made.reading and read.to_array().tolist() == made.to_array().tolist()
    ones = ek.triplets(table, columns=("playerId", "gameId"))
    assert ones.to_array().tolist() == [[1, 1, 0], [1, 0, 1]] and "values: 1 each" in ones.reading
    for model in (MatrixFactorization(1, random_state=0), ImplicitMF(1, random_state=0)):
        assert model.fit(table).user_ids_.tolist() == [7, 8]
    with refuses(ValueError, "list-or-table", "playerId", "eckart.triplets"):
        NMF(1).fit(table)


@pytest.mark.parametrize("frame", FRAMES)
def test_a_frame_that_may_be_a_list_is_asked_about(frame):
    open_ = frame({"buyer_id": ["a", "a", "b", "b"], "shop_code": [1, 2, 1, 2], "store": [1, 2, 1, 2], "n_orders": [2, 2, 5, 1]})
    with refuses(ValueError, "list-or-table", "buyer_id", "columns="):
        ek.factorize(open_, rank=1)
    made = ek.triplets(open_, columns=("buyer_id", "shop_code", "n_orders"))
    assert made.to_array().tolist() == [[2, 2], [5, 1]]
    numbers = frame({"a": [1, 1, 2, 2], "b": [1, 2, 1, 2], "c": [5, 3, 4, 1]})
    with refuses(ValueError, "list-or-table", "4 x 3", "eckart.triplets"):
        ek.factorize(numbers, MASKED, rank=1)
    assert ek.factorize(numbers, "mf", rank=1).W.shape == (4, 1)
    with refuses(KeyError, "unknown-name", "n_orders"):
        ek.triplets(open_, columns=("buyer_id", "shop"))


def test_an_arrow_table_of_numbers_is_the_matrix_that_its_frame_is():
    table = pa.table({"pm25": [1.0, 2, 3, 4], "so4": [2.0, 3, 4, None], "no3": [1.0, 2, 5, 2]})
    found = ek.factorize(table, "sum(observed(X) * (X - W @ H)**2)", rank=1)
    assert found.H.shape == (1, 3) and found.col_names == ["pm25", "so4", "no3"]
    full = table.slice(0, 3)
    model = NMF(1, random_state=0).fit(full)
    assert model.feature_names_in_.tolist() == ["pm25", "so4", "no3"]
    assert (model.transform(full) == model.transform(full.to_pandas())).all()
    assert (MatrixFactorization(1, alpha=0.1, random_state=0).fit(table).item_ids_ == ["pm25", "so4", "no3"]).all()
    assert found.cost == ek.factorize(table.to_pandas(), "sum(observed(X) * (X - W @ H)**2)", rank=1).cost
    with refuses(TypeError, "unsupported-type", "'site'", "eckart.triplets"):
        ek.factorize(table.append_column("site", pa.array(list("abcd"))), rank=1)


def test_ids_are_kept_as_what_they_are():
    made = ek.triplets(np.array([101.0, 102.0]), ["x", "y"])
    assert made.row_ids.tolist() == [101, 102] and made.row_names == ["101", "102"]
    assert ek.triplets([101.5, 102.0], ["x", "y"]).row_names == ["101.5", "102.0"]
    large = [2**63 + 1, 2**63 + 2, 5]
    assert ek.triplets(large, ["a", "b", "c"]).row_ids.tolist() == large
    for ids in (np.array([b"AAC-1", b"AAG-1"]), [b"AAC-1", b"AAG-1"], np.array([b"AAC-1", b"AAG-1"], dtype=object)):
        assert ek.triplets(ids, ["x", "y"]).row_names == ["AAC-1", "AAG-1"]
    for mixed in ([1, "1", 2], np.array([1, "1", 2], dtype=object)):
        assert ek.triplets(mixed, ["x", "y", "x"]).row_names == ["1", "2"]


def test_what_a_doubt_names_can_be_said(tmp_path):
    path = tmp_path / "x.txt"

    def read(text, **options):
        path.write_text(text, encoding="utf-8")
        return ek.read(path, **options)

    with refuses(ValueError, "decimal-mark", "--decimal ,", "decimal="):
        read("a;b\n1,234;5\n6;7\n")
    assert read("a;b\n1,234;5\n6;7\n", decimal=",").to_array().tolist() == [[1.234, 5], [6, 7]]
    assert read("a;b\n1,234;5\n6;7\n", decimal=".").to_array().tolist() == [[1234, 5], [6, 7]]
    assert read("1/2\n3/4\n", delimiter="/", format="csv").shape == (2, 2)
    assert read("!x\n1,2\n", comment="!").shape == (1, 2)
    assert read("1,-9\n3,4\n", na_values="-9").missing == 1
    assert read("1,-9\n3,x\n", na_values=["-9", "x"]).missing == 2
    assert read("5,1,2\n3,1,4\n", columns=(2, 3, 1)).to_array().tolist() == [[5, 3]]
    with refuses(ValueError, "dates-as-values", "columns=("):
        read("1,2,978300760\n1,3,978300761\n", format="coo")
    with refuses(ValueError, "bad-option-value", "decimal"):
        read("1,2\n", decimal=":")
    with pytest.warns(ek.EckartWarning, match="column 1") as said:
        table = read("nm,a,b\n1100,0.5,0.25\n1110,0.5,0.5\n1120,0.75,0.5\n")
    assert said[0].message.code == "numbers-as-names" and table.row_names == ["1100", "1110", "1120"]
    assert read("nm,a,b\n1100,0.5,0.25\n1110,0.5,0.5\n1120,0.75,0.5\n", index_col=False).shape == (3, 3)


@pytest.mark.parametrize("form", ["csr", "csc", "coo"])
@pytest.mark.parametrize("compressed", [True, False])
def test_scipy_s_archives_are_read(form, compressed, tmp_path):
    X = sp.random(30, 20, 0.2, format=form, random_state=0)
    sp.save_npz(tmp_path / "x.npz", X, compressed=compressed)
    found = ek.read(tmp_path / "x.npz")
    assert found.is_sparse and found.nnz == X.nnz
    np.testing.assert_array_equal(found.to_array(), X.toarray())
    np.savez(tmp_path / "y.npz", X.toarray())
    np.testing.assert_array_equal(ek.read(tmp_path / "y.npz").to_array(), X.toarray())


def test_files_that_numpy_pandas_and_scikit_learn_write_are_read(tmp_path):
    from sklearn.datasets import dump_svmlight_file

    X = np.random.default_rng(0).random((6, 4))
    np.savetxt(tmp_path / "x.txt", X)
    np.testing.assert_array_equal(ek.read(tmp_path / "x.txt").to_array(), X)
    np.savetxt(tmp_path / "head.txt", X, header="a b c d")
    assert ek.read(tmp_path / "head.txt").col_names == ["a", "b", "c", "d"]
    frame = pd.DataFrame(X, index=[5, 3, 9, 1, 7, 2], columns=[10, 30, 20, 40])
    for options in ({}, {"sep": ";", "decimal": ","}, {"sep": "\t", "na_rep": "NaN"}):
        frame.to_csv(tmp_path / "x.csv", **options)
        with refuses(ValueError, "header-or-data"):
            ek.read(tmp_path / "x.csv")
        found = ek.read(tmp_path / "x.csv", header=True)
        assert found.row_names == ["5", "3", "9", "1", "7", "2"] and found.col_names == ["10", "30", "20", "40"]
        np.testing.assert_array_equal(found.to_array(), X)
    for zero_based in (True, False):
        dump_svmlight_file(X, np.arange(6), str(tmp_path / "x.svm"), zero_based=zero_based)
        np.testing.assert_allclose(ek.read(tmp_path / "x.svm").to_array(), X)


def test_an_svmlight_file_has_zeros_up_to_the_columns_of_the_fit(tmp_path):
    """It tells no more of its columns than the last that has an entry."""
    for name, text in {"train": "0 1:2 2:1\n1 1:1 5:3\n0 3:1 4:2\n1 2:1 5:1\n", "new": "1:2 2:1\n1:1 3:1\n"}.items():
        (tmp_path / f"{name}.svm").write_text(text)
    train, new = (ek.read(tmp_path / f"{name}.svm") for name in ("train", "new"))
    wide = np.hstack([new.to_array(), np.zeros((2, 2))])
    f = ek.factorize(train, rank=2)
    with warns(UserWarning, "names-lacking", "3 columns with entries", "zeros up to column 5"):
        np.testing.assert_allclose(f.transform(new)["W"], f.transform(sp.csr_array(wide))["W"], rtol=1e-5, atol=1e-8)
    for estimator in (NMF(2, random_state=0), ImplicitMF(2, random_state=0)):
        estimator.fit(train)
        with warns(UserWarning, "names-lacking", "zeros up to column 5"):
            found = estimator.transform(new)
        np.testing.assert_allclose(found, estimator.transform(sp.csr_array(wide)), rtol=1e-5, atol=1e-8)
    with refuses(ValueError, "wrong-shape"):
        f.transform(sp.csr_array(new.to_array()))
    words = ek.Matrix(new, col_names=["a", "b", "c", "d", "e"])
    assert words.shape == (2, 5) and "zeros up to column 5" in words.reading
    mask = sp.csr_array(np.ones((4, 1)))
    (tmp_path / "s.svm").write_text("1:1\n1:1\n1:1\n1:1\n")
    objective = "sum(S * (X - W @ H)**2) + 0.1*(sum(W**2) + sum(H**2))"
    with warns(UserWarning, "names-lacking", "S has 1 column with entries"):
        one = ek.factorize({"X": train, "S": ek.read(tmp_path / "s.svm")}, objective, rank=1)
    S = np.hstack([mask.toarray(), np.zeros((4, 4))])
    assert one.cost == pytest.approx(ek.factorize({"X": train, "S": S}, objective, rank=1).cost)


@pytest.mark.parametrize("form", ["coo", "csr", "csc"])
def test_entries_that_an_npz_stores_twice_are_settled_as_asked(form, tmp_path):
    """A file's are refused or settled by `duplicates`; a matrix of SciPy's is what SciPy takes it for: their sum."""
    twice = sp.coo_matrix(([1.0, 2.0, 4.0], ([0, 1, 1], [0, 2, 2])), shape=(2, 3))
    if form == "csr":
        twice = sp.csr_matrix((np.array([1.0, 2.0, 4.0]), np.array([0, 2, 2]), np.array([0, 1, 3])), shape=(2, 3))
    elif form == "csc":
        twice = sp.csc_matrix((np.array([1.0, 2.0, 4.0]), np.array([0, 1, 1]), np.array([0, 1, 1, 3])), shape=(2, 3))
    sp.save_npz(tmp_path / "x.npz", twice)
    with refuses(ValueError, "duplicate-entry", "x.npz", "row 2, column 3", "duplicates="):
        ek.read(tmp_path / "x.npz")
    for duplicates, value in [("sum", 6.0), ("last", 4.0)]:
        assert ek.read(tmp_path / "x.npz", duplicates=duplicates).to_array().tolist() == [[1, 0, 0], [0, 0, value]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ek.Matrix(twice).to_array().tolist() == twice.toarray().tolist() == [[1, 0, 0], [0, 0, 6]]
