"""Recommendations: what users are known to have, in the process of the fit and after a pickle."""

import copy
import io
import pickle
import time
import warnings

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from expect import refuses, warns

import eckart as ek
from eckart.sklearn import NMF, ImplicitMF, MatrixFactorization, ObjectiveFactorization

KINDS = (MatrixFactorization, ImplicitMF)
PLAYS = pd.DataFrame(
    [("ann", "a", 9), ("ann", "b", 3), ("bob", "a", 5), ("bob", "c", 1), ("cat", "c", 4), ("cat", "d", 2)],
    columns=["user", "item", "value"],
)


def fitted(kind):
    """A model of few users, and what a pickle of it is read as."""
    weights = {"alpha": 0.1, "bias_alpha": 0.1} if kind is MatrixFactorization else {}
    model = kind(2, random_state=0, max_iter=20, tol=0, **weights).fit(ek.triplets(PLAYS))
    return model, pickle.loads(pickle.dumps(model))


def dumped(model):
    file = io.BytesIO()
    joblib.dump(model, file)
    return file.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_a_pickle_is_little_larger_than_its_factors(kind):
    ratings = sp.random(5000, 3000, 0.02, format="csr", random_state=0)
    model = kind(8, max_iter=3, random_state=0, tol=0).fit(ratings)
    most = 1.2 * (model.user_factors_.nbytes + model.item_factors_.nbytes)
    assert len(pickle.dumps(model)) < most and len(dumped(model)) < most
    again = pickle.loads(pickle.dumps(model))
    for name in ("user_factors_", "item_factors_", "components_", "user_ids_", "item_ids_"):
        np.testing.assert_array_equal(getattr(again, name), getattr(model, name))
    assert (again.recommend(7, known=True)[0] == model.recommend(7, known=True)[0]).all()


def test_pickles_hold_the_factors_of_an_objective_once():
    X, factors = np.random.default_rng(0).random((400, 300)), "over W[n,r], H[r,m]: sum(huber(X - W @ H, 1))"
    text = f"minimize {factors} subject to W >= 0, H >= 0"
    of_objective = ObjectiveFactorization(text, 8, max_iter=20, tol=0, random_state=0).fit(X)
    of_nmf = NMF(8, objective=text, init=None, max_iter=20, tol=0, random_state=0).fit(X)
    for model in (of_objective, of_nmf):
        content = pickle.dumps(model)
        assert len(content) < 1.2 * (400 + 300) * 8 * 8
        again = pickle.loads(content)
        assert (again.transform(X) == model.transform(X)).all() and (again.components_ == model.components_).all()
    assert pickle.loads(pickle.dumps(of_objective)).factors_.keys() == {"W", "H"}
    # What was changed by hand is kept.
    of_objective.components_ = of_objective.components_ + 1
    assert (pickle.loads(pickle.dumps(of_objective)).components_ == of_objective.components_).all()


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_pickle_does_not_hold_is_asked_for(kind):
    model, again = fitted(kind)
    for users in ("ann", ["ann", "bob"], None):
        with refuses(ValueError, "option-missing", "known="):
            again.recommend(users)
        assert (again.recommend(users, known=True)[0] == model.recommend(users, known=True)[0]).all()
    # New users bring it.
    new = ek.triplets(["x", "x"], ["a", "b"], [5.0, 4.0])
    assert (again.recommend(X=new)[0] == model.recommend(X=new)[0]).all()
    # Nothing else needs it.
    assert (again.similar_items("a")[0] == model.similar_items("a")[0]).all()
    np.testing.assert_array_equal(again.transform(new), model.transform(new))


@pytest.mark.parametrize("kind", KINDS)
def test_copies_in_a_process_have_what_is_known(kind):
    model, _ = fitted(kind)
    for other in (copy.deepcopy(model), copy.copy(model)):
        for users in ("ann", None):
            np.testing.assert_array_equal(other.recommend(users)[0], model.recommend(users)[0])
    deep = copy.deepcopy(model)
    deep.components_[:] = 0
    assert model.components_.any() and not deep.item_factors_.any()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_known_may_be_given_in_any_form(kind):
    model, again = fitted(kind)
    items, _ = model.recommend(["cat", "ann"], n=4)
    table = PLAYS.pivot(index="user", columns="item", values="value")
    turned = table.loc[["cat", "bob", "ann"], ["d", "b", "a", "c"]]
    for one in (model, again):
        for known in (ek.triplets(PLAYS), PLAYS, table, turned, [["c", "d"], ["a", "b"]], [np.array(["d", "c"]), {"a", "b"}]):
            np.testing.assert_array_equal(one.recommend(["cat", "ann"], n=4, known=known)[0], items)
        for known in (["a", "b"], ("b", "a"), np.array(["a", "b"], dtype=object), pd.Series(["a", "b"])):
            np.testing.assert_array_equal(one.recommend("ann", n=4, known=known)[0], items[1])
        # In the place of what was known.
        assert one.recommend("ann", n=4, known=[])[0].tolist() == one.recommend("ann", n=4, known=True)[0].tolist()
        assert one.recommend("ann", n=4, known=["d"])[0].tolist()[3] is None and "d" not in one.recommend("ann", known=["d"])[0]
        # Of new users, too.
        new = ek.triplets(["x", "y"], ["a", "c"], [5.0, 4.0])
        found, _ = one.recommend(X=new, n=4, known=[["b"], ["a", "d"]])
        assert "b" not in found[0] and "a" in found[0] and found[1].tolist()[2:] == [None, None]


@pytest.mark.parametrize("kind", KINDS)
def test_lists_under_ids_of_users_are_found_by_them(kind):
    model, again = fitted(kind)
    items, _ = model.recommend(["cat", "ann"], n=4)
    series = PLAYS.groupby("user").item.apply(list)
    frame = pl.DataFrame(PLAYS).group_by("user", maintain_order=True).agg("item")
    forms = [series, series[::-1], series.loc[["ann", "cat"]], series.reset_index(), series.to_frame(), frame, frame.to_arrow()]
    for known in [*forms, PLAYS.set_index(["user", "item"]).value, PLAYS.sample(frac=1, random_state=1)]:
        np.testing.assert_array_equal(again.recommend(["cat", "ann"], n=4, known=known)[0], items)
        np.testing.assert_array_equal(again.recommend("ann", n=4, known=known)[0], items[1])
    with warns(UserWarning, "names-lacking", "1 of the users", "'cat'"):
        again.recommend(["cat", "ann"], known=series.drop("cat"))
    with refuses(ValueError, "duplicate-names", "'ann'"):
        again.recommend(["cat", "ann"], known=pd.concat([series, series.loc[["ann"]]]))
    # Without ids they are in the order of who is asked about.
    for known in (np.array([["c", "d"], ["a", "b"]]), np.array([["c", "d"], ["a", "b"]], dtype=object), pd.Series([["c", "d"], ["a", "b"]])):
        np.testing.assert_array_equal(again.recommend(["cat", "ann"], n=4, known=known)[0], items)


@pytest.mark.parametrize("kind", KINDS)
def test_new_users_and_what_they_have_are_matched_by_ids(kind):
    _, again = fitted(kind)
    new = PLAYS.replace({"user": {"ann": "x", "bob": "y", "cat": "z"}})
    items, _ = again.recommend(X=new, n=4)
    table = new.pivot(index="user", columns="item", values="value")
    for known in (new, new[::-1], table, table[::-1], table.notna(), new.groupby("user").item.apply(set)[::-1]):
        np.testing.assert_array_equal(again.recommend(X=new, n=4, known=known)[0], items)
    with warns(UserWarning, "names-lacking", "1 of the users", "'x'"):
        found, _ = again.recommend(X=new, n=4, known=new[new.user != "x"])
    np.testing.assert_array_equal(found[1:], items[1:])
    with warns(UserWarning, "matched-by-position", "rows of known", "those of X have names"):
        again.recommend(X=new, n=4, known=ek.Matrix(np.ones((3, 4)), col_names=["a", "b", "c", "d"]))


@pytest.mark.parametrize("kind", KINDS)
def test_masks_say_what_users_have(kind):
    model, again = fitted(kind)
    table = PLAYS.pivot(index="user", columns="item", values="value")
    for known in (table.notna(), table.notna().astype("boolean"), ek.Matrix(table)):
        np.testing.assert_array_equal(again.recommend(n=4, known=known)[0], model.recommend(n=4)[0])
    for known in (table.notna().to_numpy(), sp.csr_array(table.notna().to_numpy())):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            found, _ = again.recommend(n=4, known=known)
        assert [one.message.code for one in said] == ["matched-by-position"] * 2
        np.testing.assert_array_equal(found, model.recommend(n=4)[0])
    filled = table.fillna(0)
    if kind is ImplicitMF:
        np.testing.assert_array_equal(again.recommend(n=4, known=filled)[0], model.recommend(n=4)[0])
    else:
        with refuses(ValueError, "bad-option-value", "known", "True and False"):
            again.recommend(n=4, known=filled)


def test_errors_speak_of_what_is_known():
    _, again = fitted(MatrixFactorization)
    for known, code in [
        (ek.Matrix(np.ones((3, 2)), row_names=["ann", "bob", "cat"]), "wrong-shape"),
        (np.array([[1, 2], [3, 4]]), "wrong-shape"),
        (pd.DataFrame({"p": [1.0], "q": [2.0]}, index=["ann"]), "names-differ"),
        (pd.DataFrame({"user": ["ann", "ann"], "item": ["a", "b"], "other": [1, 2], "more": [2, 3]}), "list-or-table"),
    ]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with refuses(ValueError, code, "known") as caught:
                again.recommend("ann", known=known)
        assert " X" not in str(caught.value)


def test_entries_without_ids_are_of_the_users_of_the_fit():
    ratings = sp.random(30, 12, 0.3, format="csr", random_state=0)
    model = ImplicitMF(2, random_state=0, max_iter=10, tol=0).fit(ratings)
    again = pickle.loads(pickle.dumps(model))
    dense = np.where(ratings.toarray() == 0, np.nan, ratings.toarray())
    for users in ([7, 3], 5, None):
        for known in (ratings, dense):
            np.testing.assert_array_equal(again.recommend(users, known=known)[0], model.recommend(users)[0])
    with refuses(ValueError, "wrong-shape", "2 rows", "30 users"):
        again.recommend([7, 3], known=ratings[[7, 3]])
    np.testing.assert_array_equal(again.recommend(X=ratings[:2], known=ratings[:2])[0], model.recommend(X=ratings[:2])[0])


def test_what_is_given_must_fit():
    _, again = fitted(ImplicitMF)
    for known in ("a", 1, None, {"a": 1}):
        with refuses(TypeError, "wrong-type", "known"):
            again.recommend("ann", known=known)
    with refuses(TypeError, "wrong-type", "a sequence of ids for each"):
        again.recommend(["ann", "bob"], known=["a", "b"])
    with refuses(ValueError, "wrong-count", "1 users", "2 are asked"):
        again.recommend(["ann", "bob"], known=[["a"]])
    with refuses(ValueError, "names-differ", "'q'"):
        again.recommend(["ann", "bob"], known=[[], ["q"]])
    with warns(UserWarning, "names-ignored", "2 ids"):
        again.recommend("ann", known=["a", "q", "z"])
    with warns(UserWarning, "names-lacking", "1 of the users", "'cat'"):
        again.recommend(["ann", "cat"], known=ek.triplets(PLAYS[PLAYS.user != "cat"]), n=1)
    two = ek.Matrix(np.ones((2, 4)), row_names=["ann", "ann"], col_names=["a", "b", "c", "d"])
    with refuses(ValueError, "duplicate-names", "'ann'"):
        again.recommend("ann", known=two)
    with warns(UserWarning, "matched-by-position", "rows of known"):
        again.recommend("ann", known=ek.Matrix(np.ones((3, 4)), col_names=["a", "b", "c", "d"]))


def test_one_list_takes_no_time_that_grows_with_the_users():
    users = np.arange(200_000)
    plays = pd.DataFrame({"user": users.astype(str), "item": (users % 500).astype(str)})
    model = ImplicitMF(4, max_iter=2, random_state=0, tol=0).fit(ek.triplets(plays))

    def milliseconds():
        begin = time.process_time()
        for _ in range(50):
            model.recommend("17", n=5)
        return (time.process_time() - begin) / 50 * 1e3

    assert min(milliseconds() for _ in range(5)) < 0.5


def test_of_many_scores_the_best_are_in_order():
    """Not all are sorted: of equal ones that which comes first, and what is none at the end."""
    rng = np.random.default_rng(0)
    ratings = sp.random(20, 5000, 0.002, format="csr", random_state=0)
    model = ImplicitMF(3, random_state=0, max_iter=3, tol=0).fit(ratings)
    model.components_[:] = rng.integers(0, 3, size=(3, 5000))
    model.user_factors_[:] = rng.integers(0, 3, size=(20, 3))
    scores = model.user_factors_ @ model.components_
    scores[ratings.nonzero()] = -np.inf
    for n in (1, 7, 5000):
        items, best = model.recommend(n=n)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :n]
        np.testing.assert_array_equal(best, np.take_along_axis(scores, order, axis=1))
        listed = np.where(np.isneginf(best), -1, order)
        np.testing.assert_array_equal(np.where(np.isneginf(best), -1, items).astype(int), listed)


NUMBERED = PLAYS.replace({"user": {"ann": 2, "bob": 0, "cat": 1}})
"""The same users, called 0, 1 and 2 in another order than that of the fit."""


@pytest.mark.parametrize("kind", KINDS)
def test_users_that_are_called_0_to_n_are_found_by_their_ids(kind):
    weights = {"alpha": 0.1, "bias_alpha": 0.1} if kind is MatrixFactorization else {}
    model = kind(2, random_state=0, max_iter=20, tol=0, **weights).fit(ek.triplets(NUMBERED))
    assert model.user_ids_.tolist() == [2, 0, 1]
    items, _ = model.recommend([1, 2], n=4)
    table = NUMBERED.pivot(index="user", columns="item", values="value")
    lists = NUMBERED.groupby("user").item.apply(list)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for known in (table, table.rename_axis(None), table.rename_axis(None)[::-1], table.rename_axis(None).notna(), lists, lists.to_frame()):
            np.testing.assert_array_equal(model.recommend([1, 2], n=4, known=known)[0], items)
        # A list for each user of the fit, and two are asked about: the labels are ids.
        for known in (lists.rename_axis(None), lists.rename_axis(None).to_frame()):
            np.testing.assert_array_equal(model.recommend([1, 2], n=4, known=known)[0], items)
        # As many lists as users: their order and their labels say different things.
        two = pd.Series([["c", "d"], ["a", "b"]])
        for known, users in [(two, [1, 2]), (two.to_frame(), [1, 0]), (lists.rename_axis(None), None)]:
            with refuses(ValueError, "index-or-data", "known.rename_axis('user')", "list(known)"):
                model.recommend(users, known=known)
        np.testing.assert_array_equal(model.recommend([1, 2], n=4, known=list(two))[0], items)
        by_ids = two.rename_axis("user")
        assert set(model.recommend([1, 0], n=4, known=by_ids)[0][0][:2]) == {"c", "d"}
    with warns(UserWarning, "matched-by-position", "rows of known"):
        model.recommend([1, 2], known=ek.Matrix(table.to_numpy(), col_names=list(table.columns)))


@pytest.mark.parametrize("kind", KINDS)
def test_users_without_ids_are_called_by_their_places(kind):
    weights = {"alpha": 0.1, "bias_alpha": 0.1} if kind is MatrixFactorization else {}
    table = NUMBERED.pivot(index="user", columns="item", values="value").rename_axis(None).rename_axis(None, axis=1)
    X = ek.triplets(NUMBERED.sort_values("user"))
    X = sp.csr_array(X.to_scipy())  # users 0, 1, 2 by place
    model = kind(2, random_state=0, max_iter=20, tol=0, **weights).fit(X)
    items, _ = model.recommend([1, 2], n=4)
    table.columns = range(4)
    order = ek.triplets(NUMBERED.sort_values("user")).col_names
    table = table.set_axis([order.index(c) for c in "abcd"], axis=1)[[0, 1, 2, 3]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for known in (table, table.loc[[2, 1, 0]], table.loc[[2, 1]], table.loc[[2, 0, 1]].notna()):
            np.testing.assert_array_equal(model.recommend([1, 2], n=4, known=known)[0], items)
        # So are new users, which have no ids either.
        new, _ = model.recommend(X=X, n=4)
        np.testing.assert_array_equal(model.recommend(X=X, n=4, known=table.loc[[2, 0, 1]])[0], new)
        lists = pd.Series([[0, 1], [2, 3], [1, 2]], index=[2, 0, 1])
        found, _ = model.recommend(X=X, n=4, known=lists)
        np.testing.assert_array_equal(found, model.recommend(X=X, n=4, known=[[2, 3], [1, 2], [0, 1]])[0])
        # Rows that are only counted are names beside the same in another order.
        moved = pd.DataFrame(X.toarray()[[2, 0, 1]], index=[2, 0, 1])
        moved = moved.replace(0.0, np.nan) if kind is MatrixFactorization else moved
        np.testing.assert_array_equal(model.recommend(X=moved, n=4, known=table)[0], model.recommend(X=moved, n=4)[0])
