"""The estimators: scikit-learn's own checks, agreement with scikit-learn, and what goes beyond it."""

import inspect
import pickle
import re
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from expect import refuses, warns
from sklearn import decomposition
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

import eckart as ek
from eckart.sklearn import (
    NMF,
    DictionaryLearning,
    ImplicitMF,
    MatrixFactorization,
    ObjectiveFactorization,
    SparseCoder,
)

RANDOM = np.random.default_rng(0)
DENSE = RANDOM.random((60, 5)) @ RANDOM.random((5, 40)) + 0.1 * RANDOM.random((60, 40))
COUNTS = sp.random(80, 60, 0.2, format="csr", random_state=0, data_rvs=lambda n: RANDOM.integers(1, 9, n).astype(float))

# A random start draws numbers for each sample, so that a sample that is repeated is no sample that counts twice. Of these
# two checks scikit-learn's NMF, which takes no weights, runs neither; a start that is a function of the data passes them.
OWN_WEIGHTS = {
    "check_sample_weight_equivalence_on_dense_data": "a random start differs from sample to sample",
    "check_sample_weight_equivalence_on_sparse_data": "a random start differs from sample to sample",
}
CHECKED = [
    NMF(max_iter=500),
    NMF(max_iter=500, n_components=2, init="nndsvda"),
    NMF(max_iter=500, solver="derived"),
    NMF(max_iter=500, missing_values=np.nan),
    # As scikit-learn checks its own: only so are the codes of `transform` those of the fit.
    DictionaryLearning(transform_algorithm="lasso_lars"),
    DictionaryLearning(transform_algorithm="lasso_cd"),
    SparseCoder(),
    SparseCoder(transform_algorithm="lasso_lars"),
    MatrixFactorization(),
    MatrixFactorization(alpha=0.1, bias_alpha=0.1),
    MatrixFactorization(biases=False, alpha=0.1),
    ImplicitMF(),
    ObjectiveFactorization(max_iter=2000, tol=1e-7, random_state=0),
]


@parametrize_with_checks(
    CHECKED,
    expected_failed_checks=lambda e: OWN_WEIGHTS if isinstance(e, NMF) and e.init is None else {},
)
def test_scikit_learn_s_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        check(estimator)


def test_no_check_of_scikit_learn_s_nmf_is_left_out():
    names = {check.func.__name__ for _, check in estimator_checks_generator(decomposition.NMF(max_iter=500))}
    assert not names & OWN_WEIGHTS.keys()


STEPS = [
    {"solver": "cd"},
    {"solver": "cd", "alpha_W": 0.01, "alpha_H": 0.02, "l1_ratio": 0.3},
    {"solver": "cd", "alpha_W": 0.003},
    {"solver": "mu"},
    {"solver": "mu", "alpha_W": 0.01, "alpha_H": 0.02, "l1_ratio": 0.3},
    {"solver": "mu", "beta_loss": "kullback-leibler"},
    {"solver": "mu", "beta_loss": 1, "alpha_W": 0.001, "alpha_H": 0.002, "l1_ratio": 0.7},
    {"solver": "mu", "beta_loss": 1.5},
    {"solver": "mu", "beta_loss": 3},
    {"solver": "mu", "beta_loss": "itakura-saito"},
]
# Of zeros Itakura and Saito's divergence is undefined.
STEPS_ON = [(given, sparse) for given in STEPS for sparse in (False, True) if not (sparse and "itakura-saito" in str(given))]


@pytest.mark.parametrize("init", ["nndsvda", "random", "nndsvd", "nndsvdar", "custom"])
@pytest.mark.parametrize("given, sparse", STEPS_ON, ids=str)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning", "ignore::UserWarning")
def test_nmf_takes_the_steps_of_scikit_learn(given, init, sparse):
    X = COUNTS if sparse else DENSE
    begin = {}
    if init == "custom":
        random = np.random.default_rng(1)
        begin = {"W": random.random((X.shape[0], 4)), "H": random.random((4, X.shape[1]))}
    theirs_begin = {name: B.copy() for name, B in begin.items()}  # scikit-learn writes into them
    options = {"n_components": 4, "init": init, "random_state": 3, "max_iter": 60, "tol": 0, **given}
    theirs, ours = decomposition.NMF(**options), NMF(**options)
    W, V = theirs.fit_transform(X, **theirs_begin), ours.fit_transform(X, **begin)
    assert objective(ours, X, V) == pytest.approx(objective(theirs, X, W), rel=1e-6)
    np.testing.assert_allclose(ours.components_, theirs.components_, rtol=1e-5, atol=1e-8)
    assert ours.reconstruction_err_ == pytest.approx(theirs.reconstruction_err_, rel=1e-6)
    assert ours.n_iter_ == theirs.n_iter_ == 60
    if given.get("beta_loss") != 1 or "alpha_W" not in given:  # there scikit-learn adds its penalty anew at each iteration
        if given["solver"] == "cd":  # ours is solved to the end
            theirs.set_params(max_iter=5000)
        np.testing.assert_allclose(ours.transform(X), theirs.transform(X), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(ours.inverse_transform(V), theirs.inverse_transform(W), rtol=1e-5, atol=1e-7)


def objective(model, X, W):
    """scikit-learn's objective, from its documentation."""
    X, H = X.toarray() if sp.issparse(X) else X, model.components_
    beta = {"frobenius": 2, "kullback-leibler": 1, "itakura-saito": 0}.get(model.beta_loss, model.beta_loss)
    S = W @ H if beta == 2 else np.maximum(W @ H, np.finfo(np.float32).eps)
    with np.errstate(divide="ignore", invalid="ignore"):
        if beta == 0:
            loss = X / S - np.log(X / S) - 1
        elif beta == 1:
            loss = np.where(X > 0, X * np.log(X / S), 0) - X + S
        else:
            loss = (X**beta + (beta - 1) * S**beta - beta * X * S ** (beta - 1)) / (beta * (beta - 1))
    alpha_W, alpha_H = model.alpha_W, model.alpha_W if model.alpha_H == "same" else model.alpha_H
    (n, m), l1 = X.shape, model.l1_ratio
    penalty = alpha_W * m * (l1 * W.sum() + (1 - l1) / 2 * (W**2).sum())
    return loss.sum() + penalty + alpha_H * n * (l1 * H.sum() + (1 - l1) / 2 * (H**2).sum())


@pytest.mark.parametrize("beta", ["frobenius", "kullback-leibler"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_derived_solver_ends_as_low_where_the_minimum_is_planted(beta):
    random = np.random.default_rng(5)
    W, H = random.gamma(0.5, size=(80, 3)), random.gamma(0.5, size=(3, 50))
    X = random.poisson(20 * W @ H).astype(float)
    begin = {"W": W + 0.1, "H": 20 * H + 0.1}
    options = {"n_components": 3, "init": "custom", "max_iter": 20_000, "tol": 1e-9, "beta_loss": beta}
    theirs = decomposition.NMF(solver="cd" if beta == "frobenius" else "mu", **options).fit(X, **begin)
    ours = NMF(solver="derived", **options).fit(X, **begin)
    assert ours.reconstruction_err_**2 <= theirs.reconstruction_err_**2 * (1 + 1e-6)
    assert ours.n_iter_ < theirs.n_iter_


@pytest.mark.parametrize("tol", [1e-3, 1e-4])
def test_tol_stops_where_scikit_learn_s_does(tol):
    options = {"n_components": 4, "random_state": 0, "max_iter": 5000, "tol": tol}
    theirs, ours = decomposition.NMF(**options).fit(DENSE), NMF(**options).fit(DENSE)
    assert 0.5 * theirs.n_iter_ <= ours.n_iter_ <= 2 * theirs.n_iter_
    # Where the start is out of all proportion, scikit-learn stops at once.
    far = NMF(n_components=4, init="custom", max_iter=5000, tol=tol)
    found = far.fit(DENSE, W=np.full((60, 4), 1e2) * RANDOM.random((60, 4)), H=np.full((4, 40), 1e2) * RANDOM.random((4, 40)))
    assert found.reconstruction_err_ < 1.05 * theirs.reconstruction_err_
    options |= {"solver": "mu"}
    assert decomposition.NMF(**options).fit(DENSE).n_iter_ == NMF(**options).fit(DENSE).n_iter_


def test_a_warning_says_what_to_do():
    with warns(ConvergenceWarning, "not-converged", "max_iter=3"):
        NMF(2, max_iter=3).fit(DENSE)
    with warns(ConvergenceWarning, "not-converged", "time budget"):
        NMF(2, time_budget=0.0, tol=1e-12).fit(DENSE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        NMF(2, max_iter=3, tol=0).fit(DENSE)


def test_the_engine_s_warnings_come_through_once():
    with warns(UserWarning, "unbounded-scale") as told:
        NMF(2, alpha_W=0.01, alpha_H=0, max_iter=20, tol=0).fit_transform(DENSE)
    assert len(told) == 1 and told[0].filename == __file__
    with warns(UserWarning, "diverged") as told:
        NMF(2, objective="sum((X - exp(W @ H))**2)").set_output(transform="pandas").fit_transform(DENSE * 1e60)
    assert len(told) == 1 and told[0].filename == __file__
    with warns(ConvergenceWarning, "not-converged") as told:
        DictionaryLearning(2, max_iter=1).fit(DENSE)
    assert len(told) == 1 and told[0].filename == __file__


def test_pipelines_searches_frames_and_clones():
    frame = pd.DataFrame(DENSE, columns=[f"f{j}" for j in range(40)])
    pipeline = make_pipeline(MinMaxScaler(clip=True), NMF(3, max_iter=500, random_state=0)).set_output(transform="pandas")
    out = pipeline.fit_transform(frame)
    assert out.columns.tolist() == ["nmf0", "nmf1", "nmf2"]
    assert pipeline[-1].feature_names_in_.tolist() == frame.columns.tolist()
    model = clone(NMF(3, objective="sum((X - W @ H)**2)", n_init=2))
    assert model.objective and model.n_init == 2
    search = GridSearchCV(
        NMF(max_iter=300, random_state=0, tol=1e-2), {"n_components": [1, 5]}, cv=3,
        scoring=lambda m, X: -np.linalg.norm(X - m.inverse_transform(m.transform(X))),
    ).fit(DENSE)  # fmt: skip
    assert search.best_params_ == {"n_components": 5}
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    np.testing.assert_array_equal(again.transform(DENSE), search.best_estimator_.transform(DENSE))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_missing_values_are_left_out():
    full = RANDOM.random((50, 3)) @ RANDOM.random((3, 30))
    holes = np.where(RANDOM.random(full.shape) < 0.3, np.nan, full)
    model = NMF(3, missing_values=np.nan, max_iter=3000, tol=1e-5, random_state=0)
    W = model.fit_transform(holes)
    np.testing.assert_allclose(model.inverse_transform(W), full, atol=0.02)
    np.testing.assert_allclose(model.transform(holes), W, atol=0.02)
    marked = NMF(3, missing_values=-1, max_iter=3000, tol=1e-5, random_state=0)
    with pytest.raises(ValueError, match="Negative values"):
        marked.fit(np.where(np.isnan(holes), -1, holes) * np.where(np.arange(30) == 3, -1, 1))
    np.testing.assert_array_equal(marked.fit_transform(np.where(np.isnan(holes), -1, holes)), W)
    unstored = NMF(3, missing_values=0, max_iter=3000, tol=1e-5, random_state=0)
    np.testing.assert_allclose(unstored.fit_transform(sp.csr_array(np.nan_to_num(holes))), W, rtol=1e-5)
    with pytest.raises(ValueError, match="NaN"):
        NMF(3).fit(holes)
    kl = NMF(3, missing_values=np.nan, solver="derived", beta_loss=1, max_iter=3000, random_state=0)
    np.testing.assert_allclose(kl.inverse_transform(kl.fit_transform(holes)), full, atol=0.05)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"alpha_W": 0.01, "l1_ratio": 0.5},
        {"solver": "mu", "beta_loss": 1},
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_sample_that_counts_twice_is_two_samples(given):
    X = DENSE[:30] + 0.1
    weight = np.arange(30) % 3
    options = {"n_components": 3, "init": "nndsvda", "max_iter": 50, "tol": 0, "random_state": 0, **given}
    weighted = NMF(**options)
    W = weighted.fit_transform(X, sample_weight=weight)
    repeated = NMF(**options)
    V = repeated.fit_transform(X.repeat(weight, axis=0))
    np.testing.assert_allclose(weighted.components_, repeated.components_, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(W[weight > 0], V[np.unique(np.arange(30).repeat(weight), return_index=True)[1]], rtol=1e-4, atol=1e-6)
    assert np.isfinite(W).all() and W[weight == 0].any()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_weights_are_in_the_penalty_of_the_derived_solver_too():
    # Weights of rows take another method, which may lead to another minimum: it stays where the other has ended.
    X, weight = DENSE[:30] + 0.1, np.arange(30) % 3
    options = {"n_components": 3, "solver": "derived", "beta_loss": 1, "alpha_W": 0.01, "l1_ratio": 0.5, "random_state": 0}
    options |= {"max_iter": 3000, "tol": 1e-6}
    repeated, W = NMF(init="nndsvda", **options), np.ones((30, 3))
    W[weight > 0] = repeated.fit_transform(X.repeat(weight, axis=0))[np.cumsum(weight)[weight > 0] - 1]
    weighted = NMF(init="custom", **options).fit(X, W=W, H=repeated.components_, sample_weight=weight)
    assert weighted.reconstruction_err_ == pytest.approx(repeated.reconstruction_err_, rel=1e-2)


def test_more_starts_are_no_worse():
    one = NMF(5, init="random", random_state=0, max_iter=300).fit(COUNTS)
    many = NMF(5, init="random", random_state=0, max_iter=300, n_init=5).fit(COUNTS)
    assert many.reconstruction_err_ <= one.reconstruction_err_
    many = NMF(5, init="random", random_state=0, max_iter=30, n_init=3, solver="mu", tol=0).fit(COUNTS)
    starts = [NMF(5, init="random", random_state=0, max_iter=30, solver="mu", tol=0, n_init=k).fit(COUNTS) for k in (1, 20)]
    assert many.reconstruction_err_ <= starts[0].reconstruction_err_
    assert starts[1].reconstruction_err_ < starts[0].reconstruction_err_, "further starts are other ones"


def test_an_objective_of_one_s_own():
    heard = []
    model = NMF(
        3, objective="sum(huber(X - W @ H, 0.5)) + 0.1*sum(H) subject to W >= 0, H >= 0", random_state=0,
        callback=lambda now: heard.append(now["cost"]),
    )  # fmt: skip
    W = model.fit_transform(DENSE)
    assert (W >= 0).all() and model.n_iter_ == len(heard) and heard[-1] < heard[0]
    np.testing.assert_allclose(model.transform(DENSE), W, rtol=0.01, atol=0.05)


def test_an_objective_s_factors_must_be_called_w_and_h():
    heard = []
    for text in ("sum((X - A @ B)**2)", "sum((X - A @ B)**2)  # not W @ H"):
        with refuses(ValueError, "unknown-factor", "A, B"):
            NMF(3, objective=text, max_iter=2, callback=heard.append).fit(DENSE)
        assert bool(heard) == ("#" in text), "where a name is lacking, nothing is searched"
    assert NMF(3, objective="nmf", random_state=0).fit(DENSE).components_.shape == (3, 40)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_an_objective_of_one_s_own_begins_by_the_init_of_its_name():
    text = "sum((X - W @ H)**2) subject to W >= 0, H >= 0"
    for init in ("random", "nndsvd", "nndsvda", "nndsvdar"):
        model = NMF(3, init=init, objective=text, max_iter=1, random_state=5).fit(DENSE)
        stream = np.random.RandomState(np.random.RandomState(5).randint(2**31 - 1))  # the estimator's own
        found = ek.factorize(DENSE, text, rank=3, init=init, seed=int(stream.randint(2**31 - 1)), max_iter=1)
        np.testing.assert_allclose(model.components_, found.H, err_msg=init)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_an_objective_of_one_s_own_begins_where_it_is_told():
    random, costs = np.random.default_rng(1), []
    W, H = random.random((60, 3)), random.random((3, 40))
    text = "minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0"
    model = NMF(3, init="custom", objective=text, max_iter=1, callback=lambda now: costs.append(now["cost"]))
    model.fit(DENSE, W=W, H=H)
    begun = ek.factorize(DENSE, text, rank=3, init_from={"W": W, "H": H}, max_iter=1)
    assert costs == [begun.history[1]]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_batches():
    model, theirs = NMF(5, random_state=0), decomposition.MiniBatchNMF(5, random_state=0)
    for _ in range(10):
        for k in range(0, 60, 20):
            model.partial_fit(DENSE[k : k + 20])
            theirs.partial_fit(DENSE[k : k + 20])
    assert model.n_iter_ == 30

    def error(m):
        return np.linalg.norm(DENSE - m.inverse_transform(m.transform(DENSE)))

    assert error(model) < 0.6 * error(theirs)
    assert error(model) < 2 * NMF(5, random_state=0, max_iter=2000).fit(DENSE).reconstruction_err_
    assert not hasattr(NMF(solver="mu", beta_loss=1), "partial_fit")
    atoms = DictionaryLearning(5, alpha=0.01, transform_algorithm="lasso_cd", random_state=0)
    for k in range(0, 60, 20):
        atoms.partial_fit(DENSE[k : k + 20])
    assert (np.linalg.norm(atoms.components_, axis=1) <= 1 + 1e-9).all()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("model", [NMF(4, random_state=0), DictionaryLearning(4, alpha=0.01, random_state=0)])
def test_batches_after_a_fit_go_on_from_it_alone(model):
    fresh = clone(model).fit(DENSE)
    before = fresh.components_.copy()
    fresh.partial_fit(DENSE[:1])
    assert np.linalg.norm(fresh.components_ - before) < 0.1 * np.linalg.norm(before)
    used = clone(model).set_params(n_components=2).partial_fit(DENSE[30:] ** 2).set_params(n_components=4)
    used.fit(DENSE).partial_fit(DENSE[:1])
    np.testing.assert_array_equal(used.components_, fresh.components_)


def test_a_weighted_fit_is_no_first_batch():
    model = NMF(4, random_state=0, max_iter=1000).fit(DENSE).fit(DENSE, sample_weight=np.arange(60) % 3)
    again = NMF(4, random_state=0)
    again.__dict__ |= {"components_": model.components_.copy(), "n_components_": 4, "n_features_in_": 40, "n_iter_": 0}
    np.testing.assert_array_equal(model.partial_fit(DENSE).components_, again.partial_fit(DENSE).components_)


@pytest.mark.parametrize(
    ("given", "code", "text"),
    [
        ({"n_components": 0}, "setting-out-of-range", "n_components is 0"),
        ({"solver": "lbfgs"}, "unknown-choice", "solver is 'lbfgs'"),
        ({"init": "pca"}, "unknown-choice", "init is 'pca'"),
        ({"beta_loss": "hinge"}, "unknown-choice", "'hinge'"),
        ({"beta_loss": 1}, "method-unsupported", "'cd'"),
        ({"solver": "mu", "beta_loss": 0}, "method-unsupported", "beta_loss <= 0"),
        ({"tol": -1}, "setting-out-of-range", "tol is -1"),
        ({"l1_ratio": 2}, "setting-out-of-range", "l1_ratio is 2"),
        ({"init": "custom"}, "option-missing", "W and H"),
        ({"init": "nndsvd", "n_components": 50}, "init-unsupported", "n_components=50"),
    ],
    ids=str,
)
def test_wrong_parameters_are_refused(given, code, text):
    with refuses(ValueError, code, text):
        NMF(**given).fit(DENSE * (DENSE > 1))


def test_nmf_with_more_components_than_rows():
    model = NMF(10, random_state=0, max_iter=2000).fit(DENSE[:4])
    assert model.components_.shape == (10, 40) and model.reconstruction_err_ < 0.1


# Sparse coding.


# scikit-learn refuses positive codes by omp and lars.
CODES = [(algorithm, False) for algorithm in ("lasso_cd", "lasso_lars", "omp", "threshold", "lars")]
CODES += [(algorithm, True) for algorithm in ("lasso_cd", "lasso_lars", "threshold")]


@pytest.mark.parametrize("algorithm, positive", CODES)
def test_codes_are_those_of_scikit_learn(algorithm, positive):
    random = np.random.default_rng(0)
    atoms = random.normal(size=(12, 8))
    atoms /= np.linalg.norm(atoms, axis=1)[:, None]
    X = random.normal(size=(20, 8))
    options = {"transform_algorithm": algorithm, "transform_alpha": 0.3, "positive_code": positive}
    if algorithm in ("omp", "lars"):
        options |= {"transform_n_nonzero_coefs": 3, "transform_alpha": None}
    for split in (False, True):
        theirs = decomposition.SparseCoder(atoms, split_sign=split, **options)
        ours = SparseCoder(atoms, split_sign=split, **options)
        expected = theirs.fit(X).transform(X)
        codes = ours.fit_transform(X)
        if positive and algorithm == "lasso_lars" and not split:  # scikit-learn's path stops early for some rows

            def cost(codes):
                return 0.5 * ((X - codes @ atoms) ** 2).sum(axis=1) + 0.3 * np.abs(codes).sum(axis=1)

            assert (cost(codes) <= cost(expected) + 1e-9).all()
        elif not positive or algorithm != "lasso_lars":
            np.testing.assert_allclose(codes, expected, atol=1e-5)
        np.testing.assert_allclose(ours.inverse_transform(expected), theirs.inverse_transform(expected))


def test_dictionaries_are_as_good_as_scikit_learn_s():
    random = np.random.default_rng(0)
    X = random.normal(size=(100, 12))
    options = {"n_components": 20, "alpha": 0.8, "random_state": 0, "transform_algorithm": "lasso_cd", "max_iter": 300}
    theirs, ours = decomposition.DictionaryLearning(**options, tol=1e-6).fit(X), DictionaryLearning(**options, tol=1e-6).fit(X)

    def cost(model):
        codes = model.transform(X)
        return 0.5 * ((X - codes @ model.components_) ** 2).sum() + 0.8 * np.abs(codes).sum()

    assert cost(ours) < 1.02 * cost(theirs)
    assert (np.linalg.norm(ours.components_, axis=1) <= 1 + 1e-9).all()
    assert (np.diff(ours.error_) <= 1e-9).all()


@pytest.mark.parametrize("split", [False, True])
def test_fit_transform_returns_the_codes_of_the_fit(split):
    X = np.random.default_rng(0).normal(size=(40, 8))
    options = {"n_components": 10, "alpha": 0.5, "random_state": 0, "split_sign": split}
    model = DictionaryLearning(**options)
    codes = model.fit_transform(X)
    cost = 0.5 * ((X - codes @ model.components_) ** 2).sum() + 0.5 * np.abs(codes).sum()
    assert cost == pytest.approx(model.error_[-1])
    assert codes.shape == decomposition.DictionaryLearning(**options, max_iter=2).fit_transform(X).shape


# Ratings.


def planted():
    random = np.random.default_rng(3)
    users, films = [f"u{i}" for i in range(60)], [f"film {j}" for j in range(30)]
    true = 3 + random.normal(size=(60, 2)) @ random.normal(size=(2, 30)) + random.normal(size=(60, 1))
    i, j = np.nonzero(random.random(true.shape) < 0.5)
    table = ek.triplets(np.array(users)[i], np.array(films)[j], true[i, j])
    return table, true, users, films


def test_ratings_are_predicted_and_ids_come_back():
    table, true, users, films = planted()
    model = MatrixFactorization(2, alpha=0.05, bias_alpha=0.05, max_iter=500, random_state=0, n_init=3).fit(table)
    assert set(model.user_ids_) == set(users) and set(model.item_ids_) == set(films)
    assert model.user_factors_.shape == (60, 2) and model.item_factors_.shape == (30, 2)
    predicted = np.array([model.predict_for([u] * 30, films) for u in users])
    assert np.sqrt(np.mean((predicted - true) ** 2)) < 0.3
    items, scores = model.recommend("u7", n=5)
    indptr, indices, _ = table.to_compressed_rows()
    row = table.row_names.index("u7")
    known = {table.col_names[j] for j in indices[indptr[row] : indptr[row + 1]]}
    assert items.shape == (5,) and not known & set(items) and (np.diff(scores) <= 0).all()
    np.testing.assert_allclose(scores, model.predict_for(["u7"] * 5, items))
    every, _ = model.recommend("u7", n=30)
    assert sum(item is None for item in every) == len(known)
    both, _ = model.recommend(["u7", "u8"], n=3, known=True)
    assert both.shape == (2, 3)
    with refuses(KeyError, "unknown-name", "nobody"):
        model.recommend("nobody")
    similar, cosines = model.similar_items("film 3", n=4)
    assert "film 3" not in similar and (np.abs(cosines) <= 1 + 1e-9).all()
    assert model.similar_users("u1", n=2)[0].shape == (2,)


def test_lists_of_no_users_and_wrong_questions():
    table, _, _, films = planted()
    model = MatrixFactorization(2, random_state=0).fit(table)
    for n in (3, 100):
        items, scores = model.recommend([], n=n)
        assert items.shape == scores.shape == (0, min(n, 30)) and items.dtype == model.item_ids_.dtype
    assert model.recommend(["u1"], n=3)[0].shape == (1, 3)
    for n in (0, -1, 2.5):
        for ask in (model.recommend, model.similar_users):
            with refuses(ValueError, "setting-out-of-range", f"n is {n}"):
                ask("u1", n=n)
    with refuses(TypeError, "wrong-type", "similar_items", "['film 1', 'film 2'] is list"):
        model.similar_items(["film 1", "film 2"])
    with refuses(TypeError, "wrong-type", "similar_users", "NoneType"):
        model.similar_users(None)


def test_new_users_are_folded_in():
    table, true, users, films = planted()
    model = MatrixFactorization(2, alpha=0.05, bias_alpha=0.05, max_iter=500, random_state=0).fit(table)
    np.testing.assert_allclose(model.transform(table), model.user_factors_, atol=0.02)
    # The same user under another name, films in another order, one film that nobody knows.
    row = table.row_names.index("u7")
    indptr, indices, values = table.to_compressed_rows()
    seen = [(table.col_names[j], v) for j, v in zip(indices[indptr[row] : indptr[row + 1]], values[indptr[row] : indptr[row + 1]])]
    names, stars = zip(*[*reversed(seen), ("another film", 1.0)])
    new = ek.triplets(["new"] * len(names), names, stars)
    np.testing.assert_allclose(model.transform(new), model.user_factors_[[row]], atol=0.02)
    np.testing.assert_array_equal(model.recommend(X=new, n=3)[0][0], model.recommend("u7", n=3)[0])
    with refuses(ValueError, "names-differ"):
        model.transform(ek.triplets(["new"], ["another film"]))


def test_frames_of_ratings():
    frame = pd.DataFrame([[5, 4, np.nan], [4, np.nan, 1], [np.nan, 2, 5]], index=["ann", "bob", "cat"], columns=["Heat", "Fargo", "Alien"])
    model = MatrixFactorization(1, alpha=0.1, bias_alpha=0.1, random_state=0).fit(frame)
    assert model.feature_names_in_.tolist() == ["Heat", "Fargo", "Alien"] and model.user_ids_.tolist() == ["ann", "bob", "cat"]
    assert model.recommend("ann", n=1)[0].tolist() == ["Alien"]


def test_items_of_a_frame_are_told_by_their_names():
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.integers(0, 6, (8, 4)).astype(float), columns=[10, 7, 31, 22])
    turned = frame[[22, 31, 10, 7]]
    rows, columns = np.nonzero(np.ones(frame.shape))
    table = ek.triplets(rows, np.array(frame.columns)[columns], frame.to_numpy()[rows, columns])
    for model in (MatrixFactorization(2, alpha=0.1, random_state=0), ImplicitMF(2, random_state=0)):
        for fitted in (model.fit(frame), clone(model).fit(table)):
            expected = fitted.transform(frame)
            np.testing.assert_array_equal(fitted.transform(turned), expected)
            best, _ = fitted.recommend(X=frame, known=True)
            np.testing.assert_array_equal(fitted.recommend(X=turned, known=True)[0], best)
            np.testing.assert_array_equal(fitted.transform(turned.assign(new=1.0)), expected)
            # A frame without names of its own.
            with warns(UserWarning, "matched-by-position"):
                by_position = fitted.transform(pd.DataFrame(frame.to_numpy()))
            np.testing.assert_array_equal(by_position, expected)
        expected = model.fit(frame.to_numpy()).transform(frame.to_numpy())
        with warns(UserWarning, "matched-by-position"):
            np.testing.assert_array_equal(model.transform(frame), expected)


def test_an_item_that_a_dense_matrix_lacks_is_not_known_and_a_zero_is_a_rating():
    frame = pd.DataFrame(RANDOM.integers(0, 6, (8, 3)).astype(float), columns=[10, 7, 31])
    model = MatrixFactorization(2, alpha=0.1, random_state=0).fit(frame)
    lacks = frame.drop(columns=7)[[31, 10]]
    lacks.iloc[0, 0] = np.nan
    lacks.iloc[1, 0] = 0.0
    expected = frame.copy()
    expected[7] = np.nan
    expected.iloc[0, 2], expected.iloc[1, 2] = np.nan, 0.0
    np.testing.assert_array_equal(model.transform(lacks), model.transform(expected.to_numpy()))


def test_a_stored_rating_of_zero_is_known():
    ratings = ek.triplets(["ann", "ann", "bob", "bob"], ["Heat", "Fargo", "Heat", "Alien"], [0, 4, 5, 2])
    model = MatrixFactorization(1, alpha=0.1, random_state=0).fit(ratings)
    assert model.recommend("ann", n=3)[0].tolist() == ["Alien", None, None]
    assert model.recommend(X=ratings, n=3)[0][0].tolist() == ["Alien", None, None]


def test_implicit_feedback_finds_the_group():
    random = np.random.default_rng(0)
    group = np.arange(40) % 2
    plays = random.poisson(np.where(group[:, None] == np.arange(20) // 10, 2.0, 0.05)).astype(float)
    for X in (sp.csr_array(plays), plays):
        model = ImplicitMF(4, random_state=0).fit(X)
        items, _ = model.recommend(n=3, known=True)
        hits = [item // 10 == group[user] for user, row in enumerate(items) for item in row if item is not None]
        assert np.mean(hits) > 0.95
        # Near the minimum the cost is flat: only a search that goes on to it leaves the factors of rows at theirs.
        model = ImplicitMF(4, random_state=0, tol=1e-9, max_iter=1000).fit(X)
        np.testing.assert_allclose(model.transform(X), model.user_factors_, atol=1e-3)
    assert all(item // 10 == 0 for item in model.similar_items(3, n=5)[0])


def test_what_is_not_fitted_says_so():
    for model in (NMF(), DictionaryLearning(), MatrixFactorization(), ImplicitMF()):
        with pytest.raises(NotFittedError):
            model.transform(DENSE)
    with pytest.raises(NotFittedError):
        MatrixFactorization().recommend("x")


@pytest.mark.parametrize(
    "model",
    [
        NMF(4, init="random", random_state=0, alpha_W=0.01),
        NMF(4, init="random", random_state=0, solver="derived", beta_loss="kullback-leibler"),
        NMF(4, init="random", random_state=0, objective="minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0"),
        DictionaryLearning(4, transform_algorithm="lasso_cd", random_state=0),
        MatrixFactorization(4, random_state=0),
        ImplicitMF(4, random_state=0),
    ],
)
def test_a_row_is_transformed_alone_as_among_others(model):
    X = np.random.default_rng(0).poisson(2.0, (25, 10)).astype(np.float64)
    model = clone(model).fit(X)
    together = model.transform(X)
    for i in (0, 7, 24):
        assert (model.transform(X[i : i + 1]) == together[i : i + 1]).all()
    assert (pickle.loads(pickle.dumps(model)).transform(X) == together).all()


@pytest.mark.filterwarnings("ignore:the objective has no least value")
def test_an_objective_of_ones_own_keeps_its_other_factors_for_new_rows():
    X = np.random.default_rng(0).random((25, 10))
    text = "minimize over W[n,r], H[r,m], c[1,m]: sum((X - W @ H - c)**2) + 0.01*sum(W**2) subject to W >= 0, H >= 0"
    model = NMF(3, objective=text, random_state=0, max_iter=1000, tol=1e-6)
    W = model.fit_transform(X)
    assert np.allclose(model.transform(X[:5]), W[:5], atol=1e-2)


def test_the_numbers_of_an_objective_of_one_s_own():
    text = "minimize sum((X - W @ H)**2) + q*sum(W**2) + q*sum(H**2) subject to W >= 0, H >= 0"
    model = NMF(3, objective=text, numbers={"q": 2.0}, random_state=0, max_iter=1000)
    assert clone(model).numbers == {"q": 2.0} and model.get_params()["numbers"] == {"q": 2.0}
    W = model.fit_transform(DENSE)
    more = clone(model).set_params(numbers={"q": 20.0}).fit(DENSE)
    assert (more.components_**2).sum() < 0.9 * (model.components_**2).sum()
    f = ek.factorize(DENSE, text.replace("q", "2.0"), rank=3, max_iter=1000)
    assert ((W**2).sum() + (model.components_**2).sum()) == pytest.approx((f.W**2).sum() + (f.H**2).sum(), rel=0.05)
    assert model.transform(DENSE).shape == W.shape
    plain = NMF(3, objective="mf", numbers={"lambda": 5.0}, random_state=0).fit(DENSE)
    assert plain.components_.shape == (3, 40)
    for numbers, error, code, words in [
        ({"q": "much"}, ValueError, "not-a-number", "numbers['q'] is 'much'"),
        ({"q": np.nan}, ValueError, "not-a-number", "nan"),
        ({1: 2.0}, TypeError, "wrong-type", "1"),
        ([2.0], TypeError, "wrong-type", "[2.0]"),
        ({"q": 1.0, "z": 2.0}, ValueError, "unused-parameter", "z"),
    ]:
        with refuses(error, code, words):
            clone(model).set_params(numbers=numbers).fit(DENSE)
    with refuses(ValueError, "unused-parameter", "'q'"):
        NMF(3, numbers={"q": 1.0}).fit(DENSE)


def test_an_estimator_of_an_objective():
    text = "sum(huber(X - W @ H, 0.5)) + a*(sum(W**2) + sum(H**2)) subject to W >= 0, H >= 0"
    model = ObjectiveFactorization(text, 3, params={"a": 0.1}, init="nndsvda", random_state=0, tol=1e-7, max_iter=3000)
    W = model.fit_transform(DENSE)
    seed = np.random.RandomState(0).randint(2**31 - 1)
    found = ek.factorize(DENSE, text, rank=3, params={"a": 0.1}, init="nndsvda", seed=int(seed), tol=1e-7, max_iter=3000)
    assert (W == found.W).all() and (model.components_ == found.H).all() and model.cost_ == found.cost
    assert clone(model).params == {"a": 0.1} and model.get_feature_names_out().tolist()[0] == "objectivefactorization0"
    np.testing.assert_allclose(model.transform(DENSE), W, atol=1e-2)
    np.testing.assert_allclose(model.inverse_transform(W), W @ model.components_)
    begun = ObjectiveFactorization("nmf", init_from={"W": W, "H": found.H}, n_components=3, max_iter=1)
    with warns(ConvergenceWarning, "not-converged", "increase max_iter"):
        begun.fit(DENSE)
    with_offset = "minimize over W[n,r], H[r,m], c[1,m]: sum(observed(X) * (X - W @ H - c)**2) + 0.1*(sum(W**2) + sum(H**2))"
    signed = np.where(DENSE > 0.9, np.nan, DENSE - 0.5)
    model = ObjectiveFactorization(with_offset, 2, random_state=0).fit(signed)
    assert model.factors_.keys() == {"W", "H", "c"} and model.transform(signed[:5]).shape == (5, 2)
    x, w, h = ek.matrix("X"), ek.matrix("W"), ek.matrix("H")
    formula = clone(ObjectiveFactorization(ek.minimize(((x - w @ h) ** 2).sum(), w >= 0, h >= 0), 2, max_iter=20, tol=0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        stated = clone(formula).set_params(objective="nmf", random_state=3).fit(DENSE)
        formula.set_params(random_state=3).fit(DENSE)
    assert (formula.components_ == stated.components_).all()
    with refuses(ValueError, "missing-entries", "observed(X)"):
        ObjectiveFactorization("mf", 2).fit(signed)
    with refuses(ValueError, "unused-parameter", "z"):
        ObjectiveFactorization("mf", 2, params={"z": 1.0}).fit(DENSE)


def test_what_estimators_share_is_documented_in_each():
    for estimator in (DictionaryLearning, ImplicitMF, MatrixFactorization, NMF, ObjectiveFactorization, SparseCoder):
        text = inspect.getdoc(estimator)
        assert not re.search(r"^ *%\w+$", text, re.MULTILINE), estimator
        for name in inspect.signature(estimator).parameters:
            assert re.search(rf"^(?:\w+, )*{name}(?:, \w+)* : ", text, re.MULTILINE), (estimator, name)


def test_estimators_take_matrices_of_the_engine(tmp_path):
    np.save(tmp_path / "x.npy", DENSE)
    X = ek.read(tmp_path / "x.npy")
    for model in (NMF(3, random_state=0), DictionaryLearning(3, random_state=0, max_iter=20)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            ours, theirs = clone(model).fit(X), clone(model).fit(DENSE)
        np.testing.assert_array_equal(ours.components_, theirs.components_)
        np.testing.assert_array_equal(ours.transform(X), theirs.transform(DENSE))
    sparse = ek.triplets([0, 0, 1, 2, 2], [0, 1, 1, 2, 0], [1.0, 2.0, 3.0, 4.0, 5.0])
    assert NMF(2, random_state=0, max_iter=500).fit_transform(sparse).shape == (3, 2)


def test_whole_numbers_are_ids_as_they_were_passed():
    frame = pd.DataFrame(DENSE[:8, :5], index=range(100, 108), columns=[10, 20, 30, 40, 50])
    model = MatrixFactorization(2, random_state=0).fit(frame)
    items, _ = model.recommend(101, 2, known=True)
    np.testing.assert_array_equal(items, model.recommend([np.int64(101)], 2, known=True)[0][0])
    assert model.similar_items(10, 2)[0].shape == model.similar_users(100, 2)[0].shape == (2,)
    np.testing.assert_allclose(model.transform(frame[[50, 10, 20, 30, 40]]), model.transform(frame))
    plays = ImplicitMF(1, random_state=0).fit(ek.triplets([7, 8, 7], [100, 100, 200], [1.0, 2.0, 3.0]))
    assert plays.recommend(8, 1)[0].tolist() == [200]
