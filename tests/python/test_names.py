"""Names decide where two named things meet; ids are what they were."""

import datetime
import gzip
import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
from expect import refuses, warns
from sklearn.exceptions import ConvergenceWarning

import eckart as ek
from eckart.sklearn import NMF, DictionaryLearning, ImplicitMF, MatrixFactorization, ObjectiveFactorization, SparseCoder

rng = np.random.default_rng(7)
ROWS = [f"r{i}" for i in range(12)]
COLS = ["Fe", "SO4", "NO3", "OC", "EC"]
X = pd.DataFrame(rng.random((12, 5)) + 0.1, index=ROWS, columns=COLS)
S = pd.DataFrame(rng.random((12, 5)) + 0.5, index=ROWS, columns=COLS)
H = pd.DataFrame(rng.random((2, 5)), index=["k1", "k2"], columns=COLS)
W = pd.DataFrame(rng.random((12, 2)), index=ROWS, columns=["k1", "k2"])
NMF_TEXT = "sum((X - W @ H)**2) subject to W >= 0, H >= 0"
WEIGHTED = "sum(observed(X) * ((X - W @ H) / S)**2) subject to W >= 0, H >= 0"


def turned(frame, rows=True, columns=True):
    frame = frame.iloc[::-1] if rows else frame
    return frame[list(frame.columns[2:]) + list(frame.columns[:2])] if columns else frame


def test_the_second_table_may_come_in_any_order():
    search = {"rank": 2, "max_iter": 30, "tol": 0}
    for objective, name, frame in [(WEIGHTED, "S", S), (NMF_TEXT, "fix", H), (NMF_TEXT, "fix", W), (NMF_TEXT, "init_from", W)]:
        rows = name == "S" or frame is W
        columns = name == "S" or frame is H

        def fit(frame):
            data = {"X": X, "S": frame} if name == "S" else X
            given = {} if name == "S" else {name: {"H" if len(frame) == 2 else "W": frame}}
            return ek.factorize(data, objective, **search, **given)

        there, here = fit(frame), fit(turned(frame, rows, columns))
        assert (there.W == here.W).all() and (there.H == here.H).all(), name
    assert there.row_names == ROWS and there.col_names == COLS
    with refuses(ValueError, "names-differ", "columns of S", '"Al"'):
        ek.factorize({"X": X, "S": S.rename(columns={"Fe": "Al"})}, WEIGHTED, rank=2)
    ek.factorize({"X": X, "S": S.rename(columns={"Fe": "Al"})}, WEIGHTED, match="position", **search)
    with warns(UserWarning, "matched-by-position", "rows of S"):
        ek.factorize({"X": X, "S": S.to_numpy()}, WEIGHTED, **search)
    ek.explain({"X": X, "S": turned(S)}, WEIGHTED, rank=2)
    ranks = [ek.choose_rank({"X": X, "S": s}, WEIGHTED, ranks=[1, 2]).scores for s in (S, turned(S))]
    assert ranks[0] == ranks[1]
    with refuses(ValueError, "unknown-choice", "match"):
        ek.factorize(X, rank=1, match="sideways")


def test_the_side_without_names_is_told():
    f = ek.factorize({"X": X, "S": S}, WEIGHTED, rank=2, max_iter=200)
    expected = f.transform({"X": X[:4], "S": S[:4]})["W"]
    rows_of_X = pd.DataFrame(X[:4].to_numpy(), columns=COLS)
    with warns(UserWarning, "matched-by-position", "the rows of X have no names", "the rows of S"):
        found = f.transform({"X": rows_of_X, "S": S[:4]})["W"]
    assert (found == expected).all()


def test_what_pandas_counts_is_no_name():
    values = np.arange(12.0).reshape(4, 3)
    for index, names in [
        (pd.RangeIndex(4), None),
        (pd.Index([0, 1, 2, 3]), None),
        (pd.RangeIndex(4, name="cell"), ["0", "1", "2", "3"]),
        (pd.Index([0, 1, 2, 3], name="cell"), ["0", "1", "2", "3"]),
        (pd.Index([0, 1, 3, 2]), ["0", "1", "3", "2"]),
        (pd.RangeIndex(1, 5), ["1", "2", "3", "4"]),
    ]:
        for frame in (pd.DataFrame(values, index=index), pd.DataFrame(values.T, columns=index)):
            f = ek.factorize(frame, rank=1)
            assert (f.row_names if len(frame) == 4 else f.col_names) == names


def test_midnights_among_other_times_are_times(tmp_path):
    times = pd.date_range("2020-01-01", periods=4, freq="12h")
    frame = pd.DataFrame(np.random.default_rng(0).random((5, 4)) + 1, index=list("vwxyz"), columns=times)
    frame.to_csv(tmp_path / "times.csv")
    f = ek.factorize(frame, rank=1)
    read = ek.read(tmp_path / "times.csv")
    assert f.col_names[:2] == ["2020-01-01 00:00:00", "2020-01-01 12:00:00"] == read.col_names[:2]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(f.transform(read)["W"], f.transform(frame)["W"], rtol=1e-6)
        ek.factorize({"X": frame, "S": read}, "sum(((X - W @ H) / S)**2)", rank=1)
    # Some of the same times that are all midnights, and so have the names of days.
    with warns(UserWarning, "names-lacking", "2 of"):
        f.transform(frame[times[[2, 0]]])


def test_a_matrix_is_named_and_turned():
    counts = sp.csr_array([[3.0, 0.0], [0.0, 1.0], [2.0, 4.0]])
    genes = ek.Matrix(counts, row_names=pd.Index(["A", "B", "C"]), col_names=np.array([7, 5]))
    cells = genes.T
    assert genes.is_sparse and cells.is_sparse and cells.shape == (2, 3)
    assert (cells.to_scipy().toarray() == counts.T.toarray()).all()
    assert cells.col_names == ["A", "B", "C"] and cells.row_ids.tolist() == [7, 5] and cells.row_ids.dtype == np.int64
    assert (cells.T.to_array() == counts.toarray()).all() and cells.T.col_ids.tolist() == [7, 5]
    frame = ek.Matrix(X)
    assert frame.row_names == ROWS and frame.col_names == COLS and ek.Matrix(X, row_names=range(12)).row_names[-1] == "11"
    days = ek.Matrix(frame, col_names=[datetime.date(2024, 1, day) for day in range(1, 6)])
    assert days.row_names == ROWS and days.col_ids.dtype == "datetime64[D]"
    # What may be a list is a table here.
    entries = pd.DataFrame({"user": [1, 1, 2], "item": [1, 2, 1], "rating": [5.0, 4.0, 3.0]})
    assert ek.Matrix(entries).col_names == ["user", "item", "rating"] and ek.triplets(entries).shape == (2, 2)
    for code, kind, given in [
        ("name-count", ValueError, {"row_names": ["A"]}),
        ("empty-id", ValueError, {"row_names": ["A", None, "C"]}),
        ("empty-id", ValueError, {"row_names": ["A", np.nan, "C"]}),
        ("file-not-found", FileNotFoundError, {"row_names": "ABC"}),
        ("wrong-type", TypeError, {"row_names": b"ABC"}),
        ("wrong-type", TypeError, {"row_names": 3}),
    ]:
        with refuses(kind, code):
            ek.Matrix(counts, **given)


def test_new_rows_and_pages_are_matched_by_name(tmp_path):
    f = ek.factorize({"X": X, "S": S}, WEIGHTED, rank=2, max_iter=200)
    expected = f.transform({"X": X[:4], "S": S[:4]})["W"]
    assert (f.transform({"X": turned(X[:4], rows=False), "S": turned(S[:4])})["W"] == expected).all()
    with refuses(ValueError, "names-differ", "r6"):
        f.transform({"X": X[:4], "S": S[6:10]})
    with warns(UserWarning, "matched-by-position", "columns"):
        found = f.transform({"X": X[:4].to_numpy(), "S": S[:4].to_numpy()})["W"]
    assert (found == expected).all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        f.transform({"X": X[:4].to_numpy(), "S": S[:4].to_numpy()}, match="position")
    plain = ek.factorize(X, NMF_TEXT, rank=2)
    pages = []
    for data in (X, turned(X)):
        plain.report(tmp_path / "page.html", data)
        pages.append((tmp_path / "page.html").read_text())
    assert pages[0] == pages[1]
    with warns(UserWarning, "names-lacking", "have no entries: Fe"):
        plain.report(tmp_path / "page.html", X.drop(columns="Fe"))


def test_estimators_match_starts_by_name():
    def fit(H, W=W.to_numpy(), X=X):
        return NMF(2, init="custom", max_iter=5, tol=0).fit(X, W=W, H=H).components_

    def learn(H, W):
        return DictionaryLearning(2, dict_init=H, code_init=W, max_iter=3, tol=0).fit(X).components_

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        with warns(UserWarning, "matched-by-position", "rows of W"):
            by_columns = fit(H)
        expected = fit(H, W)
        np.testing.assert_array_equal(expected, by_columns)
        # Samples, features and components, in any order; the components come in that of W.
        np.testing.assert_array_equal(expected, fit(turned(H), turned(W, columns=False)))
        np.testing.assert_array_equal(expected, fit(H.to_numpy(), W.to_numpy(), X.to_numpy()))
        other = ["k2", "k1"]
        np.testing.assert_array_equal(fit(H, W[other]), fit(H.loc[other].to_numpy(), W[other].to_numpy(), X.to_numpy()))
        # A sample that does not count is left out of the start as well.
        weight = np.arange(12.0)
        models = [NMF(2, init="custom", solver="mu", beta_loss=1, max_iter=5).fit(X, W=w, H=H, sample_weight=weight) for w in (W, turned(W, columns=False))]
        np.testing.assert_array_equal(models[0].components_, models[1].components_)
        np.testing.assert_array_equal(learn(H, W), learn(turned(H, rows=False), turned(W, columns=False)))
        for refused, name in [((H.rename(columns={"Fe": "Al"}), W), "Al"), ((H, W.rename(index={"r3": "s3"})), "s3"), ((H.rename(index={"k1": "k9"}), W), "k9")]:
            for what in (fit, learn):
                with refuses(ValueError, "names-differ", name):
                    what(*refused)
        with refuses(ValueError, "duplicate-names", "k1"):
            fit(H.rename(index={"k2": "k1"}), W.rename(columns={"k2": "k1"}))
        found = [ObjectiveFactorization(NMF_TEXT, 2, init_from={"H": h}, random_state=0, max_iter=5, tol=0).fit(X) for h in (H, turned(H, rows=False))]
    np.testing.assert_array_equal(found[0].components_, found[1].components_)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found[0].transform(X)
        SparseCoder(H, transform_algorithm="lasso_cd").fit(X).transform(X)
        SparseCoder(H.to_numpy(), transform_algorithm="lasso_cd").fit(X).transform(X)
    for coder in (SparseCoder(turned(H, rows=False), transform_algorithm="lasso_cd"),):
        for call in (coder.fit, coder.transform):
            with refuses(ValueError, "names-differ", "NO3", "Fe"):
                call(X)


def ratings():
    users, items = np.nonzero(rng.random((20, 9)) < 0.6)
    return users + 101, items + 5000, 1.0 + (users * items) % 5


def test_unseen_users_and_items_are_answered_by_what_is_known():
    users, items, stars = ratings()
    model = MatrixFactorization(2, alpha=0.1, bias_alpha=0.1, random_state=0).fit(ek.triplets(users, items, stars))
    with warns(UserWarning, "unknown-ids", "1 of the 3 users and 1 of the 3 items", "the first '999'"):
        found = model.predict_for(np.array([101, 999, 102, 999]), [5000, 5001, 7, 7])
    u, i = model.user_ids_.tolist().index(102), model.item_ids_.tolist().index(5001)
    known = model.predict_for([101], [5000])
    assert found[0] == known[0] and found[3] == model.mean_
    assert found[1] == model.mean_ + model.item_biases_[i] and found[2] == model.mean_ + model.user_biases_[u]
    with refuses(KeyError, "unknown-name", "999") as caught:
        model.predict_for([101, 999], [5000, 5000], unknown="error")
    assert str(caught.value) == caught.value.args[0]
    plain = MatrixFactorization(2, alpha=0.1, biases=False, random_state=0).fit(ek.triplets(users, items, stars))
    with warns(UserWarning, "unknown-ids"):
        assert plain.predict_for(999, 5000)[0] == pytest.approx(stars.mean())


def test_items_that_either_side_lacks_are_counted():
    users, items, stars = ratings()
    model = MatrixFactorization(2, alpha=0.1, random_state=0).fit(ek.triplets(users, items, stars))
    some = pd.DataFrame(rng.random((2, 4)) + 1, columns=[5003, 7, 5001, 5000])
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = model.transform(some)
    assert [(w.message.code, str(w.message).split()[0]) for w in said] == [("names-ignored", "1"), ("names-lacking", "6")]
    whole = np.full((2, 9), np.nan)
    whole[:, [model.item_ids_.tolist().index(item) for item in (5003, 5001, 5000)]] = some.to_numpy()[:, [0, 2, 3]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(found, model.transform(pd.DataFrame(whole, columns=model.item_ids_)))
        # Of a list nobody expects every item.
        listed = model.transform(ek.triplets([1, 1, 1], [5003, 5001, 5000], some.to_numpy()[0, [0, 2, 3]]))
    np.testing.assert_allclose(listed, found[:1], rtol=1e-6)
    some.columns = [5003, 7, 5001, 5001]
    with refuses(ValueError, "duplicate-names", "5001"):
        model.transform(some)


def test_ids_of_a_list_that_was_read_are_what_they_were(tmp_path):
    users, items, stars = ratings()
    path = tmp_path / "list.csv"
    rows = [f"{user}.0,{item},{star}" for user, item, star in zip(users, items, stars, strict=True)]
    path.write_text("\n".join(["user,item,rating", *rows]))
    read, made = ek.read(path), ek.triplets(users, items, stars)
    assert read.row_ids.dtype == read.col_ids.dtype == np.int64
    assert read.row_ids.tolist() == sorted(made.row_ids.tolist()) and read.row_names == [str(user) for user in read.row_ids]
    model = MatrixFactorization(2, alpha=0.1, random_state=0).fit(read)
    assert model.user_ids_.dtype == model.recommend(102, 3)[0].dtype == np.int64
    assert (model.recommend("102", 3)[0] == model.recommend(102, 3)[0]).all()
    f = ek.factorize(read, "ratings", rank=1, params={"lambda": 0.1, "beta": 0.1})
    f.save(tmp_path / "model.safetensors")
    for found in (f, ek.load(tmp_path / "model.safetensors")):
        assert found.row_ids.tolist() == read.row_ids.tolist() and found.row_names == read.row_names
    path.write_text("user,item,rating\n007,3,1\n8,x,2\n")
    texts = ek.read(path)
    assert texts.row_ids == ["007", "8"] and texts.col_ids == ["3", "x"]


def test_ids_are_what_they_were():
    users, items, stars = ratings()
    whole = MatrixFactorization(1, alpha=0.1, random_state=0).fit(ek.triplets(users, items, stars))
    floats = MatrixFactorization(1, alpha=0.1, random_state=0).fit(ek.triplets(users.astype(float), items.astype(float), stars))
    assert floats.user_ids_.dtype == np.int64 and floats.user_ids_.tolist() == whole.user_ids_.tolist()
    for model in (whole, floats):
        for one in (101, 101.0, np.int32(101), "101", b"101"):
            assert (model.recommend(one, 2)[0] == whole.recommend(101, 2)[0]).all()
        assert model.recommend(101, 2)[0].dtype == np.int64
    assert ek.triplets(np.array([b"AAC-1", b"AAG-1"]), [b"g1", "g2"], [1, 2]).row_names == ["AAC-1", "AAG-1"]
    assert ek.triplets([b"a", "b"], [b"g1", "g2"], [1, 2]).col_names == ["g1", "g2"]
    big = ek.triplets([2**63 + 1, 2**63 + 2, 5], ["a", "b", "c"], [1, 2, 3])
    assert big.row_ids.dtype == np.uint64 and big.row_ids.tolist() == [2**63 + 1, 2**63 + 2, 5]
    assert ek.triplets([2**53 + 1, 2**53 + 2], [1, 2]).row_names == [str(2**53 + 1), str(2**53 + 2)]
    assert ek.triplets([1.5, 2.0], ["x", "y"]).row_names == ["1.5", "2.0"]


def test_missing_entries_have_a_way():
    values = X.to_numpy().copy()
    values[3, 2] = np.nan
    with refuses(ValueError, "missing-value", "Input X contains NaN", "missing_values=np.nan"):
        NMF(2).fit(values)
    for model in (DictionaryLearning(2), SparseCoder(np.eye(5))):
        with refuses(ValueError, "missing-value", "Input X contains NaN", "observed(X)"):
            model.fit(values)
    sparse = sp.csr_array(values)
    found, dense = (NMF(2, missing_values=np.nan, random_state=0, max_iter=500).fit(x) for x in (sparse, values))
    np.testing.assert_array_equal(found.components_, dense.components_)
    assert found.transform(sparse).shape == (12, 2)


def test_what_can_not_be_a_matrix_is_refused_in_a_sentence():
    dok = sp.dok_array(X.to_numpy())
    assert ek.factorize(dok, rank=2, max_iter=3, tol=0).cost == ek.factorize(sp.csr_array(dok), rank=2, max_iter=3, tol=0).cost
    frame = X.astype(object)
    assert ek.factorize(frame, rank=1, max_iter=3, tol=0).cost == ek.factorize(X, rank=1, max_iter=3, tol=0).cost
    for cell in ("1.5", datetime.date(2024, 1, 1)):
        mixed = frame.copy()
        mixed.iloc[0, 0] = cell
        with refuses(TypeError, "unsupported-type", "Fe"):
            ek.factorize(mixed, rank=1)
    with refuses(TypeError, "wrong-type", "LazyFrame", "collect()"):
        ek.factorize(pl.DataFrame(X.to_numpy()).lazy(), rank=1)

    class AnnData:
        X = values = X.to_numpy()
        obs_names = var_names = ()

    with refuses(TypeError, "wrong-type", "adata.X"):
        ek.factorize(AnnData(), rank=1)
    with refuses(ValueError, "setting-out-of-range", "12", "number of nonzero coefficients", "8"):
        SparseCoder(rng.random((8, 5)), transform_n_nonzero_coefs=12).fit(X.to_numpy()).transform(X.to_numpy())


def test_pairs_and_empty_lines_are_warned_of():
    users, items, _ = ratings()
    with warns(UserWarning, "equal-entries", "(X > 0)"):
        MatrixFactorization(1, alpha=0.1, biases=False, random_state=0).fit(ek.triplets(users, items))
    ImplicitMF(1, random_state=0).fit(ek.triplets(users, items))
    gap = X.copy()
    gap["OC"] = np.nan
    with warns(UserWarning, "nothing-observed", '"OC"'):
        ek.factorize(gap, "sum(observed(X) * (X - W @ H)**2)", rank=1)
    with warns(UserWarning, "rank-unused", "5 columns"):
        NMF(7, random_state=0, max_iter=1000).fit(X)


def test_kl_of_zeros_is_zero():
    x, s = ek.matrix("x"), ek.matrix("s")
    divergence = ek.function([x, s], ek.kl(x, s))
    assert divergence(np.array([[0.0, 0.0]]), np.array([[0.0, 1.0]])).tolist() == [[0.0, 1.0]]
    counts = rng.poisson(1.0, (30, 12)).astype(float)
    counts[:, 4] = 0
    begin = {"W": rng.random((30, 2)) + 0.1, "H": np.where(np.arange(12) == 4, 0.0, rng.random((2, 12)) + 0.1)}
    for text in ("sum(kl(X, W @ H))", "sum(observed(X) * kl(X, W @ H)) + trace(W.T @ L @ W)"):
        data = {"X": counts, "L": np.eye(30)} if "L" in text else counts
        found = ek.factorize(data, f"{text} subject to W >= 0, H >= 0", rank=2, init_from=begin)
        assert np.isfinite(found.cost) and found.cost < found.history[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for init in ("nndsvd", "nndsvda"):
            model = NMF(2, solver="derived", beta_loss=1, init=init, random_state=0).fit(counts)
            assert np.isfinite(model.reconstruction_err_) and model.stop_reason_ != "diverged"


def test_a_pickle_holds_little_beside_the_components():
    wide = sp.random(200, 3000, 0.02, format="csr", random_state=0, dtype=np.float32)
    model = NMF(10, solver="derived", random_state=0, max_iter=30, tol=0).fit(wide)
    content = pickle.dumps(model)
    assert len(content) < 1.2 * model.components_.nbytes
    # It learns on from where it was.
    again, batch = pickle.loads(content), wide[:50]
    np.testing.assert_allclose(again.partial_fit(batch).components_, model.partial_fit(batch).components_, atol=0.2)


def test_codes_that_are_all_zero_are_warned_of():
    small = rng.random((20, 6)) * 1e-3
    atoms = np.eye(6)
    for coder in (SparseCoder(atoms, transform_algorithm="lasso_cd", transform_alpha=1.0),):
        with warns(UserWarning, "factors-shrunk", "new rows"):
            assert not coder.fit(small).transform(small).any()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SparseCoder(atoms, transform_algorithm="lasso_cd", transform_alpha=1e-6).fit(small).transform(small)


def frames(frame):
    """The frame by each package."""
    return frame, pl.DataFrame(frame), pa.Table.from_pandas(frame), pa.RecordBatch.from_pandas(frame)


SPECTRA = "wavelength,s1,s2\n410.5,0.53,0.51\n411,0.55,0.52\n411.5,0.62,0.54\n412,0.4,0.3\n"
GENES = "entrez,a,b\n7157,3,1\n672,5,2\n9007199254740993,1,4\n"
PANEL = "x,patient_id,b\n3,7,1\n5,8,2\n1,9,4\n2,6,8\n"


@pytest.mark.parametrize("text, code", [(SPECTRA, "numbers-as-names"), (GENES, "numbers-as-names"), (PANEL, "ids-as-data")])
def test_numbers_that_are_names_are_told_of_frames_as_of_files(text, code, tmp_path):
    (tmp_path / "x.csv").write_text(text)
    with warns(UserWarning, code):
        read = ek.read(tmp_path / "x.csv")
    frame = pd.read_csv(tmp_path / "x.csv")
    first = frame.columns[0]
    for x in (*frames(frame), frame[frame.index != 1]):
        with warns(UserWarning, code, "patient_id" if code == "ids-as-data" else first):
            f = ek.factorize(x, rank=1)
        assert f.col_names == read.col_names and f.H.shape == read.to_array()[:1].shape
        if len(x) == len(frame) and text != GENES:
            assert f.row_names == read.row_names
    if text == GENES:
        assert f.row_ids.dtype == np.int64 and f.row_ids.tolist() == [7157, 9007199254740993]
    if code == "numbers-as-names":
        with warns(UserWarning, code):
            sparse = ek.factorize(frame.astype(pd.SparseDtype(float, 0.0)), rank=1)
        assert sparse.col_names == read.col_names
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if text == GENES:  # as data one of the ids is rounded
            for x in frames(frame):
                with refuses(ValueError, "inexact-integer", "9007199254740993", "'entrez'"):
                    ek.Matrix(x)
            frame = frame.replace(9007199254740993, 1017)
        for x in frames(frame):
            assert ek.factorize(ek.Matrix(x), rank=1).col_names == list(frame.columns)
        assert ek.factorize(frame.set_index(first)[["b"]] if text == PANEL else frame.set_index(first), rank=1).H.shape[1] < 3
        # A model whose column it is has it in new rows as well.
        model = ek.factorize(ek.Matrix(frame), rank=1)
        np.testing.assert_array_equal(model.transform(frame[:2])["W"], model.transform(ek.Matrix(frame[:2]))["W"])


def test_numbers_that_may_be_names_are_asked_about():
    far = pd.DataFrame({"x": [653635, 102466, 729737, 148398, 339451], "a": [3.0, 1, 4, 1, 5], "b": [2.0, 7, 1, 8, 2]})
    even = pd.DataFrame(np.column_stack([np.arange(6.0), rng.integers(0, 9, (6, 3)) / 1.0]), columns=list("tabc"))
    even.iloc[:, 1:] = [[3, 1, 4], [1, 5, 9], [2, 6, 5], [3, 5, 8], [9, 7, 9], [3, 2, 3]]
    for frame in (far, even):
        for x in frames(frame):
            with refuses(ValueError, "index-or-data", "eckart.Matrix"):
                ek.factorize(x, rank=1)
            ek.factorize(ek.Matrix(x), rank=1)
        ek.factorize(frame.set_index(frame.columns[0]), rank=1)


def test_a_frame_with_row_names_is_asked_about():
    names = [f"c{k}" for k in range(6)]
    counts = pd.DataFrame({"word": [1, 1, 2, 2, 3, 3], "doc": [1, 2, 1, 2, 1, 2], "count": [4, 1, 2, 5, 3, 1]}, index=names)
    dates = counts.set_axis(pd.date_range("2024-01-01", periods=6))
    for frame in (counts, counts.rename_axis("customer"), dates):
        with refuses(ValueError, "list-or-table", "eckart.triplets", "eckart.Matrix"):
            ek.factorize(frame, "mf", rank=1)
    with refuses(ValueError, "list-or-table", "word, doc, count"):
        MatrixFactorization(1).fit(counts)
    assert ek.Matrix(counts).row_names == names and ek.triplets(counts).shape == (2, 3)
    # Entries keep their numbers where some are left out, and their times where these repeat.
    for frame in (counts.set_axis(range(6)), counts.set_axis([9, 4, 2, 7, 1, 5]), counts.set_axis(names[:3] * 2)):
        assert ek.factorize(frame, "mf", rank=1).row_names == ["1", "2"]


def test_fractions_are_no_ids():
    rng = np.random.default_rng(0)
    for index in (None, [f"c{k}" for k in range(6)], pd.Index([f"c{k}" for k in range(6)], name="name")):
        frame = pd.DataFrame(rng.random((6, 3)), index=index, columns=["user", "product", "score"])
        f = ek.factorize(frame, "nmf", rank=1)
        assert f.col_names == ["user", "product", "score"] and f.H.shape == (1, 3)
        assert NMF(1).fit(frame).components_.shape == (1, 3)
    # Those of one side are: masses, doses.
    masses = pd.DataFrame({"sample": ["a", "a", "b"], "feature": [100.5, 200.25, 100.5], "value": [1, 2, 3]})
    assert ek.factorize(masses, "mf", rank=1).col_names == ["100.5", "200.25"]


def test_named_levels_of_an_index_are_columns_of_a_list():
    entries = pd.DataFrame({"client": list("aabcc"), "song": list("xyxyz"), "plays": [5.0, 3, 4, 1, 2]})
    expected = ek.triplets(entries)
    for listed in (entries.set_index("client"), entries.set_index(["client", "song"]), entries.set_index(["client", "song"])["plays"], entries.set_index("song")):
        found = ek.triplets(listed)
        assert found.row_names == ["a", "b", "c"] and found.col_names == ["x", "y", "z"]
        np.testing.assert_array_equal(found.to_array(), expected.to_array())
        if isinstance(listed, pd.DataFrame):
            assert ek.factorize(listed, rank=1).W.shape == (3, 1)
    # By their places, or as they are called.
    plain = entries.set_axis(["A", "B", "C"], axis=1).set_index("A")
    assert ek.triplets(plain).row_names == ["a", "b", "c"] and ek.triplets(plain, columns=("B", "A")).shape == (3, 3)
    with refuses(ValueError, "list-or-table", "rename_axis"):
        ek.triplets(plain.rename_axis(None))
    # An index that names each row once may be that of a table.
    with refuses(ValueError, "list-or-table", "eckart.triplets"):
        ek.factorize(pd.DataFrame({"client": list("abc"), "game": [1.0, 2, 3], "count": [2.0, 1, 5]}).set_index("client"), rank=1)
    counts = pd.DataFrame({"song": [1.0, 2, 3], "tale": [2.0, 1, 5]}, index=pd.Index(list("abc"), name="client"))
    assert ek.factorize(counts, rank=1).row_names == ["a", "b", "c"]
    # Names that say nothing, and numbers that look like a list.
    users, items, stars = ratings()
    unknown = pd.DataFrame({"A": users, "B": items, "C": stars.astype(int)})
    for index in (["A"], ["A", "B"]):
        with refuses(ValueError, "list-or-table"):
            ek.factorize(unknown.set_index(index), rank=1)


def test_a_record_batch_is_a_table_and_a_list():
    batch = pa.RecordBatch.from_pydict({"user": pa.array(list("aab")).dictionary_encode(), "item": list("xyx"), "rating": [5, 4, None]})
    with refuses(ValueError, "missing-value"):
        ek.triplets(batch)
    whole = pa.RecordBatch.from_pydict({"user": list("aab"), "item": [7, 8, 7], "rating": [5, 4, 3]})
    found = ek.triplets(whole)
    assert found.row_names == ["a", "b"] and found.col_ids.tolist() == [7, 8] and found.to_array().tolist() == [[5, 4], [3, 0]]
    assert MatrixFactorization(1, alpha=0.1, random_state=0).fit(whole).user_ids_.tolist() == ["a", "b"]


def test_labels_that_are_places_in_another_order_are_matched():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.random((6, 4)))
    S = pd.DataFrame(rng.random((6, 4)) + 0.1)
    H = pd.DataFrame(rng.random((1, 4)))
    objective = "sum(S * (X - W @ H)**2)"
    plain = ek.factorize({"X": X, "S": S}, objective, rank=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for weights in (S.sample(frac=1, random_state=1), S.loc[::-1, ::-1]):
            f = ek.factorize({"X": X, "S": weights}, objective, rank=1)
            np.testing.assert_allclose(f.W, plain.W)
        f = ek.factorize({"X": X.sample(frac=1, random_state=2), "S": S}, objective, rank=1)
        assert np.isclose(f.cost, plain.cost)
        fixed = ek.factorize(X, "mf", rank=1, fix={"H": H[[3, 1, 0, 2]]})
        np.testing.assert_allclose(fixed.cost, ek.factorize(X, "mf", rank=1, fix={"H": H}).cost)


def test_a_series_is_a_column_named_by_its_index():
    rng = np.random.default_rng(0)
    names = list("abcde")
    X = pd.DataFrame(rng.random((5, 3)), index=names)
    w = pd.Series([1.0, 2, 3, 4, 5], index=names)
    objective = "sum(w * (X - W @ H)**2)"
    plain = ek.factorize({"X": X, "w": w.to_numpy()[:, None]}, objective, rank=1, match="position")
    for weights in (w, w[::-1], pl.Series(w.to_numpy())):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            f = ek.factorize({"X": X, "w": weights}, objective, rank=1)
        assert np.isclose(f.cost, plain.cost)
        assert [one.message.code for one in said] == (["matched-by-position"] if isinstance(weights, pl.Series) else [])
    with refuses(ValueError, "names-differ", '"z"'):
        ek.factorize({"X": X, "w": w.rename({"a": "z"})}, objective, rank=1)
    with refuses(ValueError, "not-a-matrix", "eckart.triplets"):
        ek.factorize(pd.Series([1.0, 2], index=pd.MultiIndex.from_tuples([("a", "x"), ("b", "y")])), "mf", rank=1)


def test_names_that_a_matrix_has_are_replaced_with_a_word():
    frame = pd.DataFrame(np.ones((2, 2)), index=["a", "b"], columns=["p", "q"])
    assert ek.Matrix(frame, row_names=["b", "a"]).row_names == ["a", "b"]
    with warns(UserWarning, "names-replaced", "'a'"):
        assert ek.Matrix(frame, row_names=["u", "v"]).row_names == ["u", "v"]
    with refuses(ValueError, "names-differ", "col_names", "'z'"):
        ek.Matrix(frame, col_names=["q", "z"])
    assert ek.Matrix(np.ones((2, 2)), row_names=["u", "v"]).row_names == ["u", "v"]


def test_ids_that_became_floats_are_the_whole_numbers_that_they_were():
    """Where one id is missing pandas makes floats of all."""
    values = rng.random((3, 2))
    floats = [101.0, 103.0, 102.0]
    for index in (floats, pd.Index(floats, dtype=object), pd.Index(floats, dtype="Float64"), pd.Index([101, 103.0, 102], dtype=object)):
        named = ek.Matrix(pd.DataFrame(values, index=index, columns=["a", "b"]))
        assert named.row_names == ["101", "103", "102"] and named.row_ids.tolist() == [101, 103, 102], index
        assert ek.Matrix(values, row_names=index).row_names == named.row_names
    for labels, names in [
        ([101.0, np.nan, 103.0], ["101", "nan", "103"]),
        ([101.0, "x", 103.0], ["101", "x", "103"]),
        ([101.0, 1.5, 103.0], ["101.0", "1.5", "103.0"]),
        ([1e20, 101.0, 2e20], ["1e+20", "101.0", "2e+20"]),
        (pd.to_datetime(["2020-01-01", "2020-01-03", "2020-01-02"]), ["2020-01-01", "2020-01-03", "2020-01-02"]),
    ]:
        assert ek.Matrix(pd.DataFrame(values, index=labels, columns=["a", "b"])).row_names == names
    # They match the integers of another table, in any order, and of a list.
    users = [103, 101, 102]
    W0 = pd.DataFrame(rng.random((3, 1)), index=users, columns=["k"])
    X0 = pd.DataFrame(values, index=floats, columns=["a", "b"])
    f = ek.factorize(X0, NMF_TEXT, rank=1, fix={"W": W0})
    assert (f.W[:, 0] == W0.loc[[101, 103, 102], "k"]).all()
    made = ek.triplets(pd.DataFrame({"user": pd.Series([101.0, "x", 103.0], dtype=object), "item": ["a", "b", "a"]}))
    assert made.row_names == ["101", "x", "103"]
    model = ImplicitMF(1, random_state=0, max_iter=3, tol=0).fit(ek.triplets([101, 103, 103], ["a", "b", "a"]))
    assert (model.recommend([103.0, 101.0], known=True)[1] == model.recommend([103, 101], known=True)[1]).all()
    lists = pd.DataFrame({"user": [103.0, 101.0], "item": [["b"], ["a"]]})
    assert model.recommend([101, 103], n=1, known=lists)[0].tolist() == [["b"], ["a"]]
    # Beside fractions they keep their decimals, and are found all the same.
    model = ImplicitMF(1, random_state=0, max_iter=3, tol=0).fit(ek.triplets([101.0, 1.5, 1.5], ["a", "b", "a"]))
    assert model.user_ids_.tolist() == ["101.0", "1.5"]
    assert (model.recommend([101, 1.5], known=True)[1] == model.recommend(["101.0", "1.5"], known=True)[1]).all()


def test_genes_are_named_by_the_files_of_10x(tmp_path):
    """Symbols that stand twice are told apart by their ids, in Python as in the command."""
    counts = sp.csr_array([[3.0, 0.0], [0.0, 1.0], [2.0, 4.0]])
    with gzip.open(tmp_path / "features.tsv.gz", "wt") as file:
        file.write("ENSG1\tMATR3\tGene\nENSG2\tB\tGene\nENSG3\tMATR3\tGene\n")
    (tmp_path / "barcodes.tsv").write_text("AAC-1\nAAG-1\n")
    genes = ek.Matrix(counts, row_names=tmp_path / "features.tsv.gz", col_names=str(tmp_path / "barcodes.tsv"))
    assert genes.row_names == ["MATR3 (ENSG1)", "B", "MATR3 (ENSG3)"] and genes.col_names == ["AAC-1", "AAG-1"]
    assert "column 2 of 3, and column 1 beside names that stand twice" in genes.reading
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        f = ek.factorize(genes, "mf", rank=1)
    assert f.row_names == genes.row_names
    with refuses(ValueError, "name-count", "barcodes.tsv"):
        ek.Matrix(counts.T, col_names=tmp_path / "barcodes.tsv")
    with refuses(FileNotFoundError, "file-not-found"):
        ek.Matrix(counts, row_names="symbols.tsv")
    # Without ids nobody tells them apart, which is said.
    symbols = pd.Series(["MATR3", "B", "MATR3"])
    for x in (ek.Matrix(counts, row_names=symbols), pd.DataFrame(counts.toarray(), index=symbols, columns=["c1", "c2"])):
        with warns(UserWarning, "repeated-names", "rows 1 and 3 of X", '"MATR3"'):
            ek.factorize(x, "mf", rank=1)
