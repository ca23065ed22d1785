"""What estimators make of names, of lists of entries, and of what holds a matrix and is none."""

import datetime
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

rng = np.random.default_rng(3)
COLS = ["Fe", "SO4", "NO3", "OC", "EC"]
X = pd.DataFrame(rng.random((12, 5)) + 0.1, index=[f"r{i}" for i in range(12)], columns=COLS)
MASKED = "sum(observed(X) * (X - W @ H)**2) + a*(sum(W**2) + sum(H**2))"
ESTIMATORS = [
    NMF(2, random_state=0),
    NMF(2, random_state=0, missing_values=np.nan),
    ObjectiveFactorization("nmf", 2, random_state=0),
    ObjectiveFactorization(MASKED, 2, params={"a": 0.01}, random_state=0),
    DictionaryLearning(2, transform_algorithm="lasso_cd", random_state=0),
    SparseCoder(np.eye(5), transform_algorithm="lasso_cd", transform_alpha=0.01),
    MatrixFactorization(2, alpha=0.1, random_state=0),
    ImplicitMF(2, random_state=0),
]
LACKING = [0.0, np.nan, 0.0, np.nan, 0.0, 0.0, np.nan, np.nan]
"""What stands for a feature that new rows lack."""
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def codes_of(call):
    """What is returned, and the codes of all warnings."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = call()
    return found, [getattr(one.message, "code", str(one.message)) for one in said]


@pytest.mark.parametrize("model, lacking", list(zip(ESTIMATORS, LACKING, strict=True)), ids=str)
def test_features_are_matched_by_name(model, lacking):
    moved = ek.Matrix(X[COLS[2:] + COLS[:2]])
    numbered = X.set_axis([31, 7, 22, 10, 4], axis=1)
    for fitted in (X, ek.Matrix(X)):
        model.fit(fitted)
        expected, said = codes_of(lambda: model.transform(ek.Matrix(X)))
        assert not said
        found, said = codes_of(lambda: model.transform(moved))
        assert not said
        np.testing.assert_array_equal(found, expected)
        some = ek.Matrix(X[["EC", "SO4", "NO3"]].assign(Al=9.0))
        found, said = codes_of(lambda: model.transform(some))
        assert said == ["names-ignored", "names-lacking"]
        filled = X.assign(Fe=lacking, OC=lacking)
        np.testing.assert_array_equal(found, codes_of(lambda: model.transform(filled.to_numpy()))[0])
        with refuses(ValueError, "names-differ", "Al"):
            model.transform(ek.Matrix(X.set_axis(["Al", "K", "Na", "Ca", "Mg"], axis=1)))
    # Names that are no texts, which scikit-learn does not look at.
    model.fit(numbered)
    np.testing.assert_array_equal(model.transform(numbered[[4, 22, 7, 10, 31]]), model.transform(numbered))


@pytest.mark.parametrize("model", ESTIMATORS, ids=str)
def test_what_is_matched_by_position_is_told(model):
    plain = X.to_numpy()
    model.fit(ek.Matrix(X))
    for data in (plain, sp.csr_array(plain)):
        if isinstance(model, (DictionaryLearning, SparseCoder)) and sp.issparse(data):
            continue
        _, said = codes_of(lambda: model.transform(data))
        assert said == ["matched-by-position"]
    model.fit(plain)
    assert codes_of(lambda: model.transform(ek.Matrix(X)))[1] == ["matched-by-position"]
    assert codes_of(lambda: model.transform(plain))[1] == []
    # Of names that are all texts scikit-learn tells.
    model.fit(X)
    _, said = codes_of(lambda: model.transform(plain))
    assert len(said) == 1 and "does not have valid feature names" in said[0]


def test_recommendations_for_new_users_by_position_are_told():
    ratings = ek.triplets([1, 1, 2, 2, 3], [9, 4, 9, 7, 4], [5, 4, 3, 2, 1])
    model = MatrixFactorization(1, alpha=0.1, random_state=0).fit(ratings)
    with warns(UserWarning, "matched-by-position", "columns"):
        model.recommend(X=np.array([[5.0, np.nan, 1.0]]), n=1)


def ratings():
    frame = pd.DataFrame({"uid": rng.integers(1, 40, 600), "iid": rng.integers(1, 30, 600), "stars": rng.integers(1, 6, 600)})
    return frame.drop_duplicates(["uid", "iid"]).reset_index(drop=True)


def test_a_list_is_asked_about_whatever_its_index(tmp_path):
    every = ratings()
    every.to_csv(tmp_path / "u.csv", index=False)
    read = ek.read(tmp_path / "u.csv")
    named = every.set_axis([f"e{k}" for k in range(len(every))])
    for x in (every, every[every.uid < 35], every.sample(frac=0.8, random_state=0), named, read):
        with refuses(ValueError, "list-or-table", "observed(X)"):
            ek.factorize(x, "ratings", rank=2)
        for model in (MatrixFactorization(2), ImplicitMF(2), NMF(2), ObjectiveFactorization("nmf", 2)):
            with refuses(ValueError, "list-or-table"):
                model.fit(x)
        table = ek.Matrix(x) if x is not read else ek.read(tmp_path / "u.csv", format="table")
        assert NMF(2, max_iter=3).fit(table).components_.shape == (2, 3)
    listed = ek.triplets(every)
    assert MatrixFactorization(2, random_state=0, max_iter=5).fit(listed).user_ids_.dtype == np.int64
    # Ids for names of columns, or gaps, are a table's.
    small = pd.DataFrame(rng.integers(0, 6, (40, 3)).astype(float), columns=[10, 7, 31])
    MatrixFactorization(1, max_iter=3).fit(small)


def test_a_masked_entry_is_missing():
    masked = np.ma.array([[1.0, 2, 3], [2, 4, 999], [3, 6, 9]], mask=[[0, 0, 0], [0, 0, 1], [0, 0, 0]])
    holes = np.ma.filled(masked, np.nan)
    for model in (ObjectiveFactorization(MASKED, 1, params={"a": 0.01}, random_state=0), NMF(1, missing_values=np.nan, random_state=0), MatrixFactorization(1, alpha=0.1, random_state=0), ImplicitMF(1, random_state=0)):
        np.testing.assert_array_equal(model.fit(masked).components_, model.fit(holes).components_)
        np.testing.assert_array_equal(model.transform(masked), model.transform(holes))
    for model in (NMF(1), DictionaryLearning(1), SparseCoder(np.eye(3)), ObjectiveFactorization("nmf", 1)):
        with pytest.raises(ValueError, match="NaN"):
            model.fit(masked)
    assert NMF(1, max_iter=3).fit(np.ma.array(holes[:1])).components_.shape == (1, 3)
    with pytest.raises(ValueError, match="NaN"):
        NMF(1, init="custom").fit(holes[[0, 2]], W=np.ones((2, 1)), H=masked[1:2])


class AnnData:
    X = X.to_numpy()
    obs_names, var_names = X[:, 0], COLS


@pytest.mark.parametrize("model", ESTIMATORS, ids=str)
def test_what_holds_a_matrix_and_is_none_is_refused(model):
    for call in (model.fit, model.fit_transform, model.fit(X.to_numpy()).transform):
        with refuses(TypeError, "wrong-type", "AnnData", "eckart.Matrix"):
            call(AnnData())


def test_a_sparse_frame_keeps_what_its_columns_do_not_store():
    holes = X.where(X > 0.4)
    sparse = holes.astype(pd.SparseDtype(float, np.nan))
    text, given = MASKED, {"params": {"a": 0.01}}
    found = [ek.factorize(x, text, rank=1, **given).cost for x in (holes, sparse)]
    assert found[0] == found[1]
    models = [ObjectiveFactorization(text, 1, random_state=0, **given).fit(x).cost_ for x in (holes, sparse)]
    assert models[0] == models[1]
    ones = X.fillna(1.0).astype(pd.SparseDtype(float, 1.0))
    assert ek.factorize(ones, rank=1).cost == ek.factorize(X, rank=1).cost


def test_rows_have_their_names_in_a_frame():
    entries = pd.DataFrame({"user": [7, 7, 2, 2, 3], "item": [1, 2, 1, 3, 3], "rating": [5, 4, 3, 2, 1]})
    for model in (MatrixFactorization(1, alpha=0.1, random_state=0), ImplicitMF(1, random_state=0)):
        model.set_output(transform="pandas")
        for data in (entries, ek.triplets(entries)):
            for found in (model.fit_transform(data), model.transform(data)):
                assert found.index.tolist() == [7, 2, 3] and found.shape == (3, 1)
        # As many users as entries are users, too.
        one_each = entries.iloc[[0, 2, 4]]
        assert model.fit_transform(one_each).index.tolist() == [7, 2, 3]
        assert model.fit_transform(X).index.tolist() == X.index.tolist()
        assert model.fit_transform(X.to_numpy()).index.tolist() == list(range(12))
        assert model.set_output(transform="polars").fit_transform(entries).shape == (3, 1)
    for model in (NMF(2), ObjectiveFactorization("nmf", 2), DictionaryLearning(2)):
        model.set_output(transform="pandas")
        for found in (model.fit_transform(ek.Matrix(X)), model.transform(ek.Matrix(X))):
            assert found.index.tolist() == X.index.tolist()


def test_factors_are_taken_from_a_factorization_and_from_files(tmp_path):
    f = ek.factorize(X, rank=2)
    f.save(tmp_path / "f.safetensors")
    pd.DataFrame(f.H, columns=COLS).to_csv(tmp_path / "H.csv", index=False)
    moved = X[COLS[::-1]]
    expected = ek.factorize(X, rank=2, fix={"H": pd.DataFrame(f.H, columns=COLS)})
    for given in (f, ek.load(tmp_path / "f.safetensors"), tmp_path / "f.safetensors", str(tmp_path / "f.safetensors"), tmp_path / "H.csv"):
        (found, said) = codes_of(lambda: ek.factorize(moved, rank=2, fix={"H": given}))
        assert not said
        np.testing.assert_array_equal(found.H, f.H[:, ::-1].astype(found.H.dtype))
        assert found.cost == pytest.approx(expected.cost, rel=1e-5)
        begun = ek.factorize(moved, rank=2, init_from={"H": given}, max_iter=0)
        np.testing.assert_array_equal(begun.H, found.H)
        model = ObjectiveFactorization("nmf", 2, fix={"H": given}, random_state=0).fit(moved)
        np.testing.assert_array_equal(model.components_, found.H)
    started = NMF(2, init="custom", max_iter=1).fit(X, W=f, H=tmp_path / "f.safetensors")
    np.testing.assert_allclose(started.components_, f.H, rtol=0.1, atol=0.05)
    for given in (f, tmp_path / "f.safetensors"):
        with refuses(ValueError, "unknown-factor", "B", "W, H"):
            ek.factorize(X, "sum((X - A @ B)**2)", rank=2, fix={"B": given})
    with refuses(FileNotFoundError, "file-not-found", "none.csv"):
        ek.factorize(X, rank=2, fix={"H": tmp_path / "none.csv"})


def test_inverse_transform_is_what_the_objective_compares_with():
    def model(text, **params):
        return ObjectiveFactorization(text, 2, params=params, random_state=0, max_iter=50).fit(X)

    a = "a*(sum(W**2) + sum(H**2) + sum(c**2))"
    offsets = model(f"minimize over W[n,r], H[r,m], c[1,m]: sum((X - W @ H - c)**2) + {a}", a=0.01)
    W = offsets.transform(X)
    np.testing.assert_allclose(offsets.inverse_transform(W), W @ offsets.components_ + offsets.factors_["c"], rtol=1e-12)
    link = model("sum((X - exp(W @ H))**2) + a*(sum(W**2) + sum(H**2))", a=0.01)
    W = link.transform(X)
    np.testing.assert_allclose(link.inverse_transform(W), np.exp(W @ link.components_), rtol=1e-12)
    plain = model("nmf")
    W = plain.transform(X).astype(np.float32)
    found = plain.inverse_transform(sp.csr_array(W))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, W @ plain.components_, rtol=1e-5)
    users = model(f"minimize over W[n,r], H[r,m], b[n,1], c[1,m]: sum((X - W @ H - b - c)**2) + {a} + a*sum(b**2)", a=0.01)
    with refuses(ValueError, "factor-missing", "b"):
        users.inverse_transform(users.transform(X))


PLACES = [3, 1, 4, 0, 2]


@pytest.mark.parametrize("names", [[0.5, 1.0, 1.5, 2.5, 4.0], [7, 5, 3, 2, 1], pd.date_range("2024-05-01", periods=5, freq="6h"), range(5)], ids=str)
@pytest.mark.parametrize("model", ESTIMATORS, ids=str)
def test_names_that_are_no_texts_are_names(model, names):
    frame = X.set_axis(list(names), axis=1)
    moved = frame.iloc[:, PLACES]
    for fitted, new in ((frame, moved), (moved, frame)):
        expected, _ = codes_of(lambda: model.fit(fitted).transform(fitted))
        found, said = codes_of(lambda: model.transform(new))
        assert said == []
        np.testing.assert_array_equal(found, expected)


def test_places_of_a_dictionary_are_held_to_those_of_the_data():
    frame, atoms = X.set_axis(range(5), axis=1), pd.DataFrame(np.eye(5))
    SparseCoder(atoms, transform_algorithm="lasso_cd").fit(frame)
    for dictionary, data in ((atoms, frame.iloc[:, PLACES]), (atoms.iloc[:, PLACES], frame)):
        with refuses(ValueError, "names-differ"):
            SparseCoder(dictionary, transform_algorithm="lasso_cd").fit(data)


def test_first_columns_that_name_rows_are_features_and_told():
    frame = pd.DataFrame({"wavenumber": [900.5, 901.0, 901.5, 902.0], "a": [0.1, 0.4, 0.3, 0.2], "b": [0.5, 0.2, 0.6, 0.9]})
    for x in (frame, pl.DataFrame(frame), pa.Table.from_pandas(frame), frame.convert_dtypes()):
        with warns(UserWarning, "ids-as-data", "wavenumber"):
            model = NMF(1, random_state=0, max_iter=500).fit(x)
        assert model.n_features_in_ == 3
    for x in (frame.set_index("wavenumber"), ek.Matrix(frame), frame[["a", "b"]]):
        assert codes_of(lambda: NMF(1, random_state=0).fit(x))[1] == []


def visits():
    return pd.DataFrame({"visitor": ["v", "v", "w", "x", "x"], "shop": ["s", "t", "s", "t", "u"], "clicks": [5.0, 3, 4, 1, 2]})


@pytest.mark.parametrize("model", [MatrixFactorization(1, alpha=0.1, random_state=0), ImplicitMF(1, random_state=0)], ids=str)
def test_named_levels_of_an_index_are_columns_of_a_list(model):
    expected = model.fit(visits()).components_
    for index in (["visitor"], ["visitor", "shop"], ["shop", "visitor"], ["shop"]):
        model.fit(visits().set_index(index))
        np.testing.assert_array_equal(model.components_, expected)
        assert model.user_ids_.tolist() == ["v", "w", "x"] and model.item_ids_.tolist() == ["s", "t", "u"]
        with refuses(ValueError, "list-or-table"):
            NMF(1).fit(visits().set_index(index))


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns", "D"])
def test_times_are_ids_in_every_unit(unit):
    days = np.array(["2024-05-01", "2024-05-02", "2024-05-04"], dtype=f"datetime64[{unit}]")
    users, items, stars = days[[0, 0, 1, 1, 2]], days[[0, 1, 0, 2, 1]], [5.0, 3, 4, 1, 2]
    model = MatrixFactorization(1, alpha=0.1, bias_alpha=0.1, random_state=0).fit(ek.triplets(users, items, stars))
    expected, said = codes_of(lambda: model.predict_for(model.user_ids_, model.item_ids_))
    assert said == [] and model.item_ids_.dtype == days.dtype
    others = ([pd.Timestamp(day) for day in days], [str(day)[:10] for day in days], days.astype("datetime64[us]").tolist(), days.astype("datetime64[m]"))
    for same in (*others, days.astype("datetime64[D]").tolist()):
        np.testing.assert_array_equal(model.predict_for(same, model.item_ids_), expected)
    found, _ = model.recommend(model.user_ids_[0], n=3)
    assert found.dtype == days.dtype and found[0] == days[2] and np.isnat(found[1:]).all()
    assert model.similar_items(datetime.date(2024, 5, 1), n=1)[0].dtype == days.dtype
    with refuses(KeyError, "unknown-name", "2024-05-09"):
        model.recommend("2024-05-09")


def test_an_id_of_several_rows_is_refused_where_it_is_asked_about():
    named = ek.Matrix(X.to_numpy(), ["a", "a", *"bcdefghijk"], ["p", "q", "q", "r", "s"])
    for model in (MatrixFactorization(1, alpha=0.1, random_state=0), ImplicitMF(1, random_state=0)):
        model.fit(named)
        for call in (lambda: model.recommend("a"), lambda: model.similar_users("a"), lambda: model.similar_items("q")):
            with refuses(ValueError, "duplicate-names"):
                call()
        assert model.recommend("b", known=True)[0].shape == (5,) and model.recommend(known=True)[0].shape == (12, 5)
    ratings = MatrixFactorization(1, alpha=0.1, random_state=0).fit(named)
    for users, items in ((["b", "a"], ["p", "p"]), (["b", "c"], ["p", "q"])):
        with refuses(ValueError, "duplicate-names"):
            ratings.predict_for(users, items)
    assert len(ratings.predict_for(["b", "c"], ["p", "s"])) == 2
    for model in ESTIMATORS:
        with refuses(ValueError, "duplicate-names", "SO4"):
            model.fit(X.set_axis(["Fe", "SO4", "NO3", "SO4", "EC"], axis=1))


def test_several_levels_beside_one_column_are_asked_about():
    pairs = pd.MultiIndex.from_arrays([["v", "v", "w"], ["s", "t", "s"]])
    frame = pd.DataFrame({"n": [5.0, 3, 4]}, index=pairs)
    for model in ESTIMATORS[:5] + ESTIMATORS[6:]:
        with refuses(ValueError, "list-or-table", "level_0"):
            model.fit(frame)
    with refuses(ValueError, "list-or-table"):
        ek.factorize(frame, rank=1)
    for listed in (frame, frame["n"], frame["n"].rename(None)):
        assert ek.triplets(listed).to_array().tolist() == [[5, 3], [4, 0]]
    assert ek.factorize(ek.Matrix(frame), rank=1).W.shape == (3, 1)


def test_starts_that_are_not_used_or_can_not_move_are_told():
    values, W, H = X.to_numpy(), np.ones((12, 2)), np.ones((2, 5))
    for given in ({"W": W}, {"H": H}, {"W": W, "H": H}):
        for call in (NMF(2, max_iter=3, tol=0, random_state=0).fit, NMF(2, solver="mu", max_iter=3, tol=0, random_state=0).fit_transform):
            with warns(RuntimeWarning, "start-ignored", "custom"):
                call(values, **given)
    H[0, 3] = W[2:5, 1] = 0
    custom = {"init": "custom", "max_iter": 20, "random_state": 0, "tol": 0}
    for beta in (1, 2):
        with warns(UserWarning, "zeros-stay", "3 entries of W", "1 entries of H"):
            assert NMF(2, solver="mu", beta_loss=beta, **custom).fit(values, W=W, H=H).components_[0, 3] == 0
        with warns(UserWarning, "zeros-stay", "nndsvda"):
            NMF(2, solver="mu", beta_loss=beta, init="nndsvd", max_iter=20, tol=0, random_state=0).fit(values)
    for solver in ("cd", "mu"):
        with warns(UserWarning, "zeros-stay", f"solver '{solver}'"):
            assert not NMF(2, solver=solver, **custom).fit(values, W=0 * W, H=0 * H).components_.any()
    for model in (NMF(2, **custom), NMF(2, solver="derived", **custom), NMF(2, solver="mu", **{**custom, "init": "nndsvda"})):
        given = {"W": W, "H": H} if model.init == "custom" else {}
        assert codes_of(lambda: model.fit(values, **given))[1] == []


@pytest.mark.parametrize("solver", ["cd", "mu", "derived"])
def test_penalties_are_named_as_the_estimator_has_them(solver):
    for ratio in (0.0, 0.5, 1.0):
        for weights, named in (({"alpha_W": 50}, "lower alpha_W"), ({"alpha_W": 50, "alpha_H": 40}, "lower alpha_W and alpha_H")):
            with warns(UserWarning, "factors-shrunk", named) as said:
                NMF(2, solver=solver, l1_ratio=ratio, random_state=0, max_iter=500, **weights).fit(X.to_numpy())
            assert "l1_" not in str(said[0].message) and "l2_" not in str(said[0].message)
    for given in ({"alpha_W": 0.1, "alpha_H": 0.0}, {"alpha_H": 0.1}):
        told = "alpha_W, without end. Set alpha_H" if "alpha_W" in given else "alpha_H, without end. Set alpha_W"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            with warns(UserWarning, "unbounded-scale", told):
                NMF(2, solver=solver, random_state=0, max_iter=3, tol=0, **given).fit(X.to_numpy())
    assert codes_of(lambda: NMF(2, solver=solver, alpha_W=1e-3, random_state=0, max_iter=500).fit(X.to_numpy()))[1] == []


def test_what_has_no_values_yet_is_refused_wherever_it_is_given():
    values, lazy = X.to_numpy(), pl.DataFrame(X.to_numpy()).lazy()
    for model in ESTIMATORS:
        for call in (model.fit, model.fit(values).transform):
            with refuses(TypeError, "wrong-type", "collect()"):
                call(lazy)
    fitted = NMF(2, random_state=0, init="custom")
    for call in (
        lambda: fitted.fit(values, W=lazy, H=np.ones((2, 5))),
        lambda: NMF(2, solver="derived").fit(values, sample_weight=lazy),
        lambda: DictionaryLearning(2, dict_init=lazy).fit(values),
        lambda: SparseCoder(lazy).fit(values),
        lambda: NMF(2, random_state=0).fit(values).inverse_transform(lazy),
        lambda: ek.triplets(lazy),
    ):
        with refuses(TypeError, "wrong-type", "collect()"):
            call()


def test_a_sparse_dictionary_is_its_atoms():
    values, atoms = X.to_numpy(), np.eye(5)[:3]
    expected = SparseCoder(atoms, transform_algorithm="lasso_cd", transform_alpha=0.01).fit_transform(values)
    for dictionary in (sp.csr_array(atoms), sp.coo_matrix(atoms), ek.Matrix(sp.csc_array(atoms))):
        coder = SparseCoder(dictionary, transform_algorithm="lasso_cd", transform_alpha=0.01)
        np.testing.assert_array_equal(coder.fit_transform(values), expected)
        assert coder.get_feature_names_out().shape == (3,) and coder.inverse_transform(expected).shape == values.shape


CELLS = ["B cells", "T cells"]


def spectra():
    """Samples by features, and frames of W and H that name both components."""
    X = pd.DataFrame(rng.random((8, 5)) + 0.1, index=[f"s{i}" for i in range(8)], columns=list("abcde"))
    W = pd.DataFrame(rng.random((8, 2)) + 0.1, index=X.index, columns=CELLS)
    return X, W, pd.DataFrame(rng.random((2, 5)) + 0.1, index=CELLS, columns=X.columns)


def test_components_of_a_search_are_called_as_a_given_factor_calls_them(tmp_path):
    X, W, H = spectra()
    for given in ({"fix": {"W": W}}, {"init_from": {"H": H}}, {"fix": {"H": H}, "init_from": {"W": W[CELLS[::-1]]}}):
        f = ek.factorize(X, rank=2, max_iter=20, tol=0, **given)
        assert f.component_names == {"W": CELLS, "H": CELLS}
        f.save(tmp_path / "m.safetensors")
        for again in (ek.load(tmp_path / "m.safetensors"), pickle.loads(pickle.dumps(f))):
            assert again.component_names == f.component_names
    f.report(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert all(name in page for name in CELLS) and "Component 1" not in page
    # Of a factorization the factor brings its names.
    assert ek.factorize(X, rank=2, max_iter=20, tol=0, fix={"H": f}).component_names["W"] == CELLS
    assert ek.factorize(X, rank=2, max_iter=20, tol=0).component_names == {}
    with refuses(ValueError, "names-differ", "NK cells"):
        ek.factorize(X, rank=2, fix={"W": W}, init_from={"H": H.rename(index={"T cells": "NK cells"})})


def test_what_estimators_return_is_called_as_the_components_are():
    X, W, H = spectra()
    objective = "sum((X - W @ H)**2) subject to W >= 0, H >= 0"
    models = [
        ObjectiveFactorization(objective, 2, fix={"H": H}, max_iter=20, tol=0).fit(X),
        NMF(2, init="custom", max_iter=20, tol=0).fit(X, W=W, H=H),
        NMF(2, init="custom", solver="mu", max_iter=20, tol=0).fit(X, W=W, H=H[::-1]),
        DictionaryLearning(2, dict_init=H, max_iter=20, tol=0).fit(X),
        SparseCoder(H, transform_algorithm="lasso_cd", transform_alpha=0.1).fit(X),
    ]
    for model in models:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert model.get_feature_names_out().tolist() == CELLS
            frame = model.set_output(transform="pandas").transform(X)
            assert frame.columns.tolist() == CELLS and frame.index.equals(X.index)
            assert pickle.loads(pickle.dumps(model)).get_feature_names_out().tolist() == CELLS
    # Both signs of a component are two.
    signed = [f"{name} {sign}" for sign in "+-" for name in CELLS]
    assert SparseCoder(H, split_sign=True).fit(X).get_feature_names_out().tolist() == signed
    assert SparseCoder(H.to_numpy(), split_sign=True).fit(X).get_feature_names_out().tolist()[-1] == "sparsecoder3"
    for model in (NMF(2, init="random", max_iter=20, tol=0), models[1].set_params(init="nndsvda")):
        assert model.fit(X).get_feature_names_out().tolist() == ["nmf0", "nmf1"]


def test_a_random_start_that_is_better_has_no_names_of_another():
    X, W, H = spectra()
    # Components that begin alike stay alike with the one, and at 0 with the other.
    for solver, begin in (("mu", 1.0), ("cd", 0.0)):
        of_W, of_H = (pd.DataFrame(np.full(B.shape, begin), index=B.index, columns=B.columns) for B in (W, H))
        one, _ = codes_of(lambda: NMF(2, init="custom", solver=solver, max_iter=100, tol=0).fit(X, W=of_W, H=of_H))
        assert one.get_feature_names_out().tolist() == CELLS
        best = NMF(2, init="custom", solver=solver, max_iter=100, tol=0, n_init=4)
        codes_of(lambda: best.fit(X, W=of_W, H=of_H))
        assert best.reconstruction_err_ < one.reconstruction_err_
        assert best.get_feature_names_out().tolist() == ["nmf0", "nmf1"]


def coders():
    """Estimators with components that have names, and some that have none."""
    X = pd.DataFrame(np.random.default_rng(0).random((8, 5)), columns=list("abcde"))
    W = pd.DataFrame(np.random.default_rng(1).random((8, 2)) + 0.1, columns=["k2", "k1"])
    H = pd.DataFrame(np.random.default_rng(2).random((2, 5)) + 0.1, index=["k2", "k1"], columns=list("abcde"))
    fitted = {"init": "custom", "max_iter": 20, "tol": 0}
    yield NMF(2, **fitted).fit(X, W=W, H=H), X, ["k2", "k1"]
    yield NMF(2, random_state=0).fit(X), X, ["nmf0", "nmf1"]
    yield DictionaryLearning(2, code_init=W, dict_init=H, max_iter=5).fit(X), X, ["k2", "k1"]
    yield SparseCoder(H), X, ["k2", "k1"]
    yield SparseCoder(H, split_sign=True), X, ["k2 +", "k1 +", "k2 -", "k1 -"]
    signed = DictionaryLearning(2, code_init=W, dict_init=H, max_iter=5, split_sign=True)
    yield signed.fit(X), X, ["k2 +", "k1 +", "k2 -", "k1 -"]
    text = "over W[n,r], H[r,m]: sum((X - W @ H)**2) subject to W >= 0, H >= 0"
    yield ObjectiveFactorization(text, 2, random_state=0).fit(X), X, ["objectivefactorization0", "objectivefactorization1"]


def test_what_is_turned_back_is_matched_by_the_names_of_components():
    for model, X, names in coders():
        assert model.get_feature_names_out().tolist() == names
        codes = np.asarray(model.transform(X))
        right = model.inverse_transform(codes)
        frame = pd.DataFrame(codes, columns=names)
        turned = frame[names[::-1]]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for W in (frame, turned, pl.DataFrame(turned), pa.table(turned), ek.Matrix(turned)):
                np.testing.assert_allclose(np.asarray(model.inverse_transform(W)), right, rtol=1e-12)
            # Numbers that pandas counts are places, also in another order.
            numbered = pd.DataFrame(codes)
            if names[0].endswith("0"):
                named = [numbered, numbered[numbered.columns[::-1]], numbered.set_axis([f"component {k + 1}" for k in range(2)], axis=1).iloc[:, ::-1]]
                for W in named:
                    np.testing.assert_allclose(model.inverse_transform(W), right, rtol=1e-12)
        other = frame.rename(columns={names[0]: "other"})
        with refuses(ValueError, "names-differ", repr(names[0]), "'other'"):
            model.inverse_transform(other)
        with refuses(ValueError, "duplicate-names", repr(names[1])):
            model.inverse_transform(frame.rename(columns={names[0]: names[1]}))
        with refuses(ValueError, "wrong-shape", f"1 columns, and there are {len(names)} components"):
            model.inverse_transform(frame[names[:1]])
        strangers = frame.set_axis([f"x{k}" for k in range(len(names))], axis=1)
        if names[0].endswith("0"):
            with warns(UserWarning, "matched-by-position", "'x0'"):
                np.testing.assert_allclose(model.inverse_transform(strangers), right, rtol=1e-12)
        else:
            with refuses(ValueError, "names-differ", "'x0'"):
                model.inverse_transform(strangers)
