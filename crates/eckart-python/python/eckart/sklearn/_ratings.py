"""Ratings and implicit feedback: users by items, with ids."""

from __future__ import annotations

import copy
import datetime
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, check_non_negative

from .. import _eckart
from .._arrays import is_counted, is_list
from .._errors import coded, coded_warning, warn
from .._factorization import Factorization
from ._input import Input, by_row_names, ids_of, taken
from ._known import Known, Lists, are_many, entries_in, is_mask, lists_in, where_true
from ._search import check_one_of, check_real, check_whole, documented, fold_in, search, seed_of, warn_of


BLOCK = 1024
"""Users whose scores are held at once."""
IDS = ("user_ids_", "item_ids_")
MANY = 2048
"""Of so many scores not all are sorted."""


class _Recommender(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """What the two estimators have in common: users by items, factors of both, ids, lists of the best items."""

    user_factors_: np.ndarray
    components_: np.ndarray
    user_ids_: np.ndarray
    item_ids_: np.ndarray

    # What the two differ in.

    def _stated(self) -> tuple[str, dict[str, float]]:
        """The objective and its parameters."""
        raise NotImplementedError

    def _fixed(self) -> dict[str, np.ndarray]:
        """The factors of items, which are fixed for new users."""
        return {"H": self.components_}

    def _take(self, found: Factorization) -> None:
        """Takes what else was found."""

    def _offsets(self, of_users: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What is added to the products of factors: a column for users, a line for items."""
        return of_users[:, None], np.zeros((1, len(self.item_ids_)))

    def _user_offsets(self, found: dict[str, np.ndarray]) -> np.ndarray:
        """The offsets of users that were folded in."""
        return np.zeros(len(found["W"]))

    def _counts(self, X: Any) -> Any:
        """Which entries are known, as compressed rows."""
        if sparse.issparse(X):
            # What is stored is known, a rating of 0 too.
            return sparse.csr_array((np.ones(X.nnz, dtype=bool), X.indices.copy(), X.indptr.copy()), shape=X.shape)
        return sparse.csr_array(~np.isnan(X))

    @property
    def item_factors_(self) -> np.ndarray:
        """The items' factors, of shape (n_items, n_components)."""
        return self.components_.T

    # Estimator.

    def fit(self, X: Any, y: Any = None) -> Any:
        """
        Learns from what users did.

        Parameters
        ----------
        X : {array-like, sparse matrix, eckart.Matrix, frame} of shape (n_users, n_items)
            What `eckart.triplets` or `eckart.read` makes brings its ids; so do the index and columns of a frame. Not known is
            what a sparse matrix does not store and what is NaN in a dense one.
        y : Ignored

        Returns
        -------
        self
        """
        self._fit(X)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """
        Learns from what users did, and returns the users' factors.

        Parameters
        ----------
        X : {array-like, sparse matrix, eckart.Matrix, frame} of shape (n_users, n_items)
        y : Ignored

        Returns
        -------
        user_factors : ndarray of shape (n_users, n_components)
        """
        users = self._fit(X)
        return by_row_names(self, self.user_factors_, X, users)

    def transform(self, X: Any) -> np.ndarray:
        """
        The factors of new users (fold-in): the items' factors are fixed.

        Parameters
        ----------
        X : {array-like, sparse matrix, eckart.Matrix, frame} of shape (n_users, n_items)
            Items as in `fit`: by their names, as texts, where X and the fit have names; where only one has, by position,
            which a warning says.

        Returns
        -------
        user_factors : ndarray of shape (n_users, n_components)
        """
        check_is_fitted(self)
        given = self._validated(X, reset=False)
        W = np.array(self._fold_in(given.X)["W"], dtype=given.X.dtype)
        return by_row_names(self, W, X, given.rows)

    def _fit(self, X: Any) -> _eckart.Names | None:
        """Learns from X; returns the ids of its users, where it has any."""
        given = self._validated(X, reset=True)
        X, users, items = given.X, ids_of(given.rows), ids_of(given.cols)
        check_whole("max_iter", self.max_iter)
        check_whole("n_init", self.n_init)
        check_real("tol", self.tol)
        rank = check_whole("n_components", self.n_components)
        text, params = self._stated()
        found = search(
            {"X": X},
            text,
            rank=1,
            params={**params, "k": rank},
            n_init=self.n_init,
            seed=seed_of(check_random_state(self.random_state)),
            max_iter=self.max_iter,
            tol=float(self.tol),
            time_limit=self.time_budget,
            callback=self.callback,
            verbose=self.verbose,
        )
        self.user_factors_ = np.array(found.W)
        self.components_ = np.array(found.H)
        self.n_components_ = rank
        self.n_iter_ = found.iterations
        self.cost_ = found.cost
        self.stop_reason_ = found.stop_reason
        self.user_ids_ = np.arange(X.shape[0]) if users is None else _ids(users)
        self.item_ids_ = np.arange(X.shape[1]) if items is None else _ids(items)
        self._mean_rating = _mean_of(X)
        # The tables of ids are made now, so that the first list is not late.
        self._places([], "user")
        self._places([], "item")
        self._known = Known.of(self._counts(X))
        self._has_user_ids = users is not None
        self._take(found)
        warn_of(self, found.stop_reason, found.iterations, self.max_iter, self.tol)
        return given.rows

    def _fold_in(self, X: Any) -> dict[str, np.ndarray]:
        text, params = self._stated()
        fixed = {name: B.astype(X.dtype, copy=False) for name, B in self._fixed().items()}
        return fold_in(X, text, {**params, "k": self.n_components_}, fixed)

    def _validated(self, X: Any, reset: bool, name: str = "X") -> Input:
        """X as an array or compressed rows, and its ids; `name` is what errors call it."""
        given = taken(
            self, X, reset=reset, gaps="an item that is not there is not known", is_list=True, name=name,
            accept_sparse="csr", dtype=[np.float64, np.float32], ensure_all_finite="allow-nan",
        )  # fmt: skip
        if sparse.issparse(given.X) and np.isnan(given.X.data).any():
            raise coded(ValueError, "missing-value", f"Input {name} contains NaN: leave what is not known out of a sparse matrix")
        return given

    # Recommendations.

    def recommend(
        self, users: Any = None, n: int = 10, *, X: Any = None, known: Any = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """
        The items with the highest scores, but those that a user is known to have.

        A pickle of the estimator leaves out the entries of the fit, which are most of its bytes; a copy by ``copy.deepcopy``
        has them. Of one that was read from a pickle give `known`.

        Parameters
        ----------
        users : id, or sequence of ids
            Users of the fit; without it, the rows of `X`.
        n : int
            How many items a user, at least 1.
        X : matrix-like of shape (n_users, n_items), optional
            What new users did: their factors are found by fold-in.
        known : bool, sequence of item ids, sequence of such sequences, or matrix-like, default=False
            True: items that a user is known to have may be among them. Or which items users are known to have, in the place
            of the entries of the fit, or of `X`: for one id of a user the ids of the items; for several such a sequence each,
            also as a series whose index names the users (``frame.groupby("user").item.apply(list)``), or a frame of users and
            sequences; or entries as `fit` takes them, or a mask of True and False of their shape. Users and items are matched by
            their ids where both sides have them, those of `X` as well; users without ids are called 0 to n - 1. Of entries without
            ids of users the rows are the users of the fit, with `X` its rows. Lists that pandas only counts, 0 to n - 1, beside
            users who are called so in another order, are asked about.

        Returns
        -------
        items, scores : ndarray of shape (n,) for one id, else (n_users, n)
            The highest first; of equal scores the item that comes first. Where fewer items are left, the rest is None (of dates NaT)
            and -inf.

        Raises
        ------
        ValueError
            Where the entries of the fit are not there, for the estimator was pickled, and `known` does not say what users have;
            where the labels of `known` and the order of users contradict each other.

        Examples
        --------
        >>> import pickle
        >>> import eckart as ek
        >>> from eckart.sklearn import ImplicitMF
        >>> plays = ek.triplets(["ann", "ann", "bob", "bob", "cat"], ["a", "b", "a", "c", "c"], [9, 3, 5, 1, 4])
        >>> model = ImplicitMF(n_components=2, random_state=0).fit(plays)
        >>> again = pickle.loads(pickle.dumps(model))
        >>> model.recommend("ann", n=1)[0], again.recommend("ann", n=1, known=["a", "b"])[0], again.recommend("ann", n=1, known=plays)[0]
        (array(['c'], dtype=object), array(['c'], dtype=object), array(['c'], dtype=object))
        """
        check_is_fitted(self)
        n = check_whole("n", n)
        single = users is not None and _is_one(users)
        if X is not None:
            if users is not None:
                raise coded(ValueError, "option-missing", "give users of the fit, or X of new ones")
            given = self._validated(X, reset=False)
            X, ids = given.X, ids_of(given.rows)
            found, at = self._fold_in(X), np.arange(X.shape[0])
            factors, (of_users, of_items) = found["W"], self._offsets(self._user_offsets(found))
            asked = None if ids is None else _texts_of(_ids(ids))
            mask = self._mask(known, at, single, Known.of(self._counts(X)), asked)
        else:
            at = self._places(users, "user")
            asked = None if isinstance(known, (bool, np.bool_)) else _texts_of(self.user_ids_[at])
            mask = self._mask(known, at, single, None, asked)
            factors = self.user_factors_[at]
            biases = self.user_biases_[at] if hasattr(self, "user_biases_") else np.zeros(len(at))
            of_users, of_items = self._offsets(biases)
        lists = []
        # The list of no users has its shape as well.
        for k in range(0, max(len(factors), 1), BLOCK):  # the scores of all users at once may be more than memory holds
            rows = slice(k, k + BLOCK)
            scores = factors[rows] @ self.components_ + of_users[rows] + of_items
            if mask is not None:
                scores[mask.of_rows(np.arange(k, min(k + BLOCK, len(factors))))] = -np.inf
            lists.append(_top(scores, self.item_ids_, n))
        items, best = (np.concatenate(parts) for parts in zip(*lists))
        return (items[0], best[0]) if single else (items, best)

    def _mask(self, known: Any, at: np.ndarray, single: bool, of_X: Known | None, asked: list[str] | None) -> Known | None:
        """What the users at these places, of the fit or of X, are known to have; None where that does not matter. `asked` are
        their ids, where they have any."""
        if isinstance(known, (bool, np.bool_)):
            if known or of_X is not None:
                return None if known else of_X
            own: Known | None = getattr(self, "_known", None)
            if own is None:
                raise coded(
                    ValueError,
                    "option-missing",
                    "a pickle does not hold what users are known to have, which recommend leaves out: give it with known=, for one "
                    "user the ids of the items, else the entries that the model was fitted to; known=True has it among the items"
                )
            return own.rows(at)
        known = entries_in(known)
        lists = lists_in(known)
        if lists is None and len(getattr(known, "shape", ())) == 2:
            return self._known_entries(known, at, of_X is not None, asked)
        if lists is None and not are_many(known):
            raise coded(TypeError, "wrong-type", f"known is {known!r}, it must be True, False, ids of items, or entries as fit takes them")
        if lists is None:
            lists = Lists(None, [known] if single else list(known))
        if not all(are_many(ids) for ids in lists.items):
            raise coded(TypeError, "wrong-type", f"known holds ids of items, and {len(at)} users are asked about: give a sequence of ids for each")
        return self._known_ids(lists, len(at), asked)

    def _known_ids(self, known: Lists, count: int, asked: list[str] | None) -> Known:
        """The items of these ids, of each user."""
        lists, users = known.items, ids_of(known.users) if not isinstance(known.users, np.ndarray) else known.users
        if users is None and known.counted and asked is not None:
            users = _counted_users(len(lists), asked)
        if users is not None and asked is None and _are_among_places(_ids(users), count):
            asked = _places_of(count)
        if users is not None and asked is not None:
            rows = _rows_by_id(users, asked)
            lists = [lists[row] if row >= 0 else [] for row in rows]
        elif len(lists) != count:
            raise coded(ValueError, "wrong-count", f"known has the items of {len(lists)} users, and {count} are asked about: give those of each")
        elif users is not None:
            _tell_of_rows("known", "X")
        places = [self._places(list(ids), "item", strict=False) for ids in lists]
        unknown = sum(int((of < 0).sum()) for of in places)
        if unknown and unknown == sum(map(len, places)):
            label = next(iter(next(ids for ids in lists if len(ids))))
            text = f"no id of known is of an item of the model, the first {label!r}: check how items are named, or give none ([])"
            raise coded(ValueError, "names-differ", text)
        if unknown:
            are = "id of known is" if unknown == 1 else "ids of known are"
            warn(coded_warning("names-ignored", f"{unknown} {are} of no item of the model, and left out"))
        indices = np.concatenate([np.zeros(0, np.intp), *(of[of >= 0] for of in places)])
        return Known(np.cumsum([0, *(int((of >= 0).sum()) for of in places)]), indices)

    def _known_entries(self, known: Any, at: np.ndarray, is_new: bool, asked: list[str] | None) -> Known:
        """The items that have entries; `is_new` says that the rows of X are asked about."""
        if isinstance(known, np.ndarray) and known.dtype.kind in "iu" and known.shape[1] != len(self.item_ids_):
            text = f"known is an array of {known.shape[0]} x {known.shape[1]} numbers, and the model has {len(self.item_ids_)} items"
            raise coded(ValueError, "wrong-shape", f"{text}: give a column for each, or, where they are ids of items, known.tolist()")
        given = self._validated(known, reset=False, name="known")
        counts = where_true(given.X) if is_mask(known) else self._counts(given.X)
        if not is_mask(known) and counts.nnz == np.prod(given.X.shape) > 0 and np.any((given.X.data if sparse.issparse(given.X) else given.X) == 0):
            raise coded(
                ValueError,
                "bad-option-value",
                "known has a number for every user and item, 0 among them, which is a rating as well, so that nothing is left: "
                "leave out, or set to NaN, what users do not have, or give a mask of True and False"
            )
        found, count, ids = Known.of(counts), given.X.shape[0], ids_of(given.rows)
        is_named = asked is not None and (is_new or self._has_user_ids)
        # 0 to n - 1 are places of rows without names, and names of rows beside the same in another order.
        if ids is not None and not is_named and _are_among_places(_ids(ids), len(at) if is_new else len(self.user_ids_)):
            asked, is_named = _places_of(len(at)) if is_new else _texts_of(self.user_ids_[at]), True
        elif ids is None and is_named and is_counted(known) and not is_list(known):
            own = (asked or []) if is_new else _texts_of(self.user_ids_)
            ids = np.arange(count) if len(own) == count and set(own) == set(_places_of(count)) else None
        if ids is not None and is_named:
            return found.rows(_rows_by_id(ids, asked or []))
        if (ids is None) == is_named:
            other = "X" if is_new else "the fit"
            _tell_of_rows(*(("known", other) if ids is not None else (other, "known")))
        expected, of = (len(at), "rows in X") if is_new else (len(self.user_ids_), "users in the fit")
        if count != expected:
            both = " to known and to X" if is_new else ""
            raise coded(ValueError, "wrong-shape", f"known has {count} rows, and there are {expected} {of}: give a row for each, or ids of users{both}")
        return found.rows(at)

    def similar_items(self, item: Any, n: int = 10) -> tuple[np.ndarray, np.ndarray]:
        """
        The items whose factors point in the most similar direction.

        Parameters
        ----------
        item : id
        n : int
            How many, the item itself not counted.

        Returns
        -------
        items, cosines : ndarray of shape (n,)
        """
        check_is_fitted(self)
        return self._similar(item, self.item_factors_, self.item_ids_, "item", n)

    def similar_users(self, user: Any, n: int = 10) -> tuple[np.ndarray, np.ndarray]:
        """
        The users whose factors point in the most similar direction; as `similar_items`.

        Parameters
        ----------
        user : id
        n : int
            How many, the user not counted.

        Returns
        -------
        users, cosines : ndarray of shape (n,)
        """
        check_is_fitted(self)
        return self._similar(user, self.user_factors_, self.user_ids_, "user", n)

    def _similar(self, of: Any, B: np.ndarray, ids: np.ndarray, what: str, n: int) -> tuple[np.ndarray, np.ndarray]:
        if of is None or not _is_one(of):
            raise coded(TypeError, "wrong-type", f"similar_{what}s takes the id of one {what}, and {of!r} is {type(of).__name__}")
        n = check_whole("n", n)
        at = self._places(of, what)[0]
        lengths = np.sqrt(np.einsum("ik,ik->i", B, B))
        cosines = (B @ B[at]) / np.maximum(lengths * lengths[at], np.finfo(B.dtype).tiny)
        cosines[at] = -np.inf
        found, best = _top(cosines[None], ids, n)
        return found[0], best[0]

    def _places(self, wanted: Any, what: str, strict: bool = True) -> np.ndarray:
        """The places of ids; of one that was not in the fit -1, or an error where that is `strict`."""
        ids: np.ndarray = self.user_ids_ if what == "user" else self.item_ids_
        if wanted is None:
            return np.arange(len(ids))
        labels: Sequence[Any] = [wanted] if _is_one(wanted) else list(wanted)
        known: dict[str, _Places] = self.__dict__.setdefault("_of_ids", {})
        if what not in known or known[what].ids is not ids:
            known[what] = _Places.of(ids)
        place, twice, is_time = known[what].first, known[what].twice, ids.dtype.kind == "M"
        texts = [_text_of(label, is_time) for label in labels]
        again = next((text for text in texts if text in twice), None) if twice else None
        if again is not None:
            raise coded(
                ValueError,
                "duplicate-names",
                f"{twice[again]} {what}s of the model are called {again!r}: fit it to data in which each has a name of its own",
            )
        found = [place.get(text, -1) for text in texts]
        if strict and -1 in found:
            label = labels[found.index(-1)]
            raise coded(KeyError, "unknown-name", f"there is no {what} {label!r} among the {len(ids)} that the model was fitted to")
        return np.array(found, dtype=np.intp)

    def __getstate__(self) -> dict[str, Any]:
        """All but what the ids say, ids that are 0, 1, 2, ..., and the entries of the fit: they take several times the bytes of
        the factors."""
        state: dict[str, Any] = super().__getstate__()
        left_out = {"_of_ids", "_known", *(name for name in IDS if name in state and _are_counted(state[name]))}
        return {name: value for name, value in state.items() if name not in left_out}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "components_" in state:
            for name, of in zip(IDS, (self.user_factors_, self.item_factors_)):
                self.__dict__.setdefault(name, np.arange(len(of)))

    def __copy__(self) -> Any:
        copied = type(self).__new__(type(self))
        copied.__dict__.update(self.__dict__)
        return copied

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        memo[id(self)] = copied = type(self).__new__(type(self))
        copied.__dict__.update(copy.deepcopy({name: value for name, value in self.__dict__.items() if name != "_of_ids"}, memo))
        return copied

    @property
    def _n_features_out(self) -> int:
        return int(self.components_.shape[0])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


WHOLE_FLOAT = re.compile(r"-?(0|[1-9][0-9]{0,14})\.0+")
"""The text of a whole float, as a name."""


class _Places(NamedTuple):
    """Where ids stand, by their texts."""

    ids: np.ndarray
    first: dict[str, int]
    twice: dict[str, int]
    """How many there are of each that stands more than once."""

    @classmethod
    def of(cls, ids: np.ndarray) -> _Places:
        texts = _texts_of(ids)
        first = {text: k for k, text in reversed(list(enumerate(texts)))}
        twice = {text: count for text, count in Counter(texts).items() if count > 1} if len(first) < len(texts) else {}
        return cls(ids, first, twice)


    def one_each(self, what: str, of: str) -> dict[str, int]:
        """The places, where no two have the same id."""
        for text, count in self.twice.items():
            raise coded(
                ValueError, "duplicate-names", f"{count} {what}s of {of} are called {text!r}: give each a name of its own"
            )
        return self.first


def _rows_by_id(ids: Any, asked: list[str]) -> np.ndarray:
    """The rows of known, whose users have these ids, of the users asked about; -1 where there is none, which is told."""
    place = _Places.of(_ids(ids)).one_each("user", "known")
    rows = np.array([place.get(text, -1) for text in asked], dtype=np.intp)
    if (rows < 0).any():
        text = f"{int((rows < 0).sum())} of the users asked about have no entry in known, the first {asked[int(np.argmin(rows))]!r}"
        warn(coded_warning("names-lacking", f"{text}: nothing is left out for them"))
    return rows


def _places_of(count: int) -> list[str]:
    """What rows are called that pandas counts."""
    return [str(k) for k in range(count)]


def _are_among_places(ids: np.ndarray, count: int) -> bool:
    """Whether all ids are whole numbers of rows that are only counted, 0 to count - 1."""
    return set(_texts_of(ids)) <= set(_places_of(count))


def _counted_users(count: int, asked: list[str]) -> np.ndarray | None:
    """The users of so many lists that pandas counts: 0, 1, 2, ..., where there is a list for each user of the fit; None, and
    so those who are asked about, where no label says otherwise; refused where labels and order contradict each other."""
    places = _places_of(count)
    listed = set(places)
    if len(asked) != count:
        return np.arange(count) if all(text in listed for text in asked) else None
    if any(text in listed and text != place for text, place in zip(asked, places)):
        shown = ", ".join(asked[:3]) + (", ..." if len(asked) > 3 else "")
        raise coded(
            ValueError,
            "index-or-data",
            f"the labels of known, 0 to {count - 1}, can be the ids of users, or only count the lists, and the users asked about "
            f"are {shown}: say which, known.rename_axis('user') for ids, list(known) for the order of those who are asked about",
        )
    return None


def _tell_of_rows(named: str, bare: str) -> None:
    """Warns that the rows of known are matched by position."""
    warn(coded_warning("matched-by-position", f"the rows of known are matched by position: those of {named} have names, those of {bare} have none"))


def _is_one(ids: Any) -> bool:
    """Whether it is one id rather than a sequence of them."""
    return isinstance(ids, (str, bytes)) or np.ndim(ids) == 0


def _ids(ids: np.ndarray | list[str]) -> np.ndarray:
    """Ids in their type; texts as objects."""
    return ids if isinstance(ids, np.ndarray) else np.asarray(ids, dtype=object)


def _are_counted(ids: np.ndarray) -> bool:
    """Whether they are 0, 1, 2, ..., as those of data without ids."""
    return ids.dtype == np.intp and bool((ids == np.arange(len(ids))).all())


def _mean_of(X: Any) -> float:
    """The mean of what is known."""
    values = X.data if sparse.issparse(X) else X[~np.isnan(X)]
    return float(values.mean()) if values.size else 0.0


def _text_of(label: Any, is_time: bool = False) -> str:
    """The text of an id; of a whole float that of the whole number; of a time, or of its text where ids are times, one text
    whatever its type and unit."""
    if isinstance(label, bytes):
        label = label.decode()
    if isinstance(label, (np.datetime64, datetime.date)) and getattr(label, "tzinfo", None) is None:
        return _time_text(label.to_datetime64() if hasattr(label, "to_datetime64") else np.datetime64(label))
    if is_time and isinstance(label, str):
        try:
            return _time_text(np.datetime64(label))
        except ValueError:
            return label
    if isinstance(label, str):
        # `103.0`, which stays a text beside fractions, and `103` are one name.
        return label.partition(".")[0] if ".0" in label and WHOLE_FLOAT.fullmatch(label) else label
    return str(int(label) if isinstance(label, (float, np.floating)) and float(label).is_integer() else label)


def _texts_of(ids: np.ndarray) -> list[str]:
    """The texts of ids in an array."""
    return [_text_of(label) for label in (list(ids) if ids.dtype.kind == "M" else ids.tolist())]


def _time_text(time: np.datetime64) -> str:
    """Day and time, without a midnight and without zeros at the end of a fraction."""
    unit = np.datetime_data(time.dtype)[0]
    day, _, rest = str(time.astype({"Y": "M8[D]", "M": "M8[D]", "W": "M8[D]", "h": "M8[s]", "m": "M8[s]"}.get(unit, time.dtype))).partition("T")
    rest = rest.rstrip("0").rstrip(".") if "." in rest else rest
    return day if rest in ("", "00:00:00") else f"{day} {rest}"


def _first(numbers: np.ndarray, n: int) -> np.ndarray:
    """The places of the n least in their order, of equal ones that which comes first; not all are sorted."""
    places = np.flatnonzero(numbers <= np.partition(numbers, n - 1)[n - 1])
    places = places if len(places) >= n else np.arange(len(numbers))  # with NaN, which is no number's equal
    first: np.ndarray = places[np.argsort(numbers[places], kind="stable")[:n]]
    return first


def _top(scores: np.ndarray, ids: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The n best of each row; what is -inf is none."""
    n = min(n, scores.shape[1])
    if scores.shape[1] < MANY:
        order = np.argsort(-scores, axis=1, kind="stable")[:, :n]
    else:
        order = np.array([_first(-row, n) for row in scores], dtype=np.intp).reshape(len(scores), n)
    best = np.take_along_axis(scores, order, axis=1)
    found = ids[order]
    if np.isneginf(best).any():
        # An array of times has a mark of its own for none.
        none, found = (np.datetime64("NaT"), found) if found.dtype.kind == "M" else (None, found.astype(object))
        found[np.isneginf(best)] = none
    return found, best


@documented
class MatrixFactorization(_Recommender):
    """
    Ratings: users by items of which few are known (Koren, Bell and Volinsky 2009).

    Minimizes the squared error of ``W @ H + b + c + mu`` over the known entries, plus
    ``alpha*(sum(W**2) + sum(H**2)) + bias_alpha*(sum(b**2) + sum(c**2))``.

    Parameters
    ----------
    n_components : int, default=10
        The length of a factor.
    alpha, bias_alpha : float, default=16, 3
        Weights of the penalties. What fits depends on how many ratings a user has: more ratings bear a larger weight.
    biases : bool, default=True
        Whether users and items have offsets, and all have a mean.
    %convergence
    %random_state
    %n_init
    %verbose
    %callback
    %time_budget

    Attributes
    ----------
    %users_and_items
    user_biases_, item_biases_ : ndarray of shape (n_users,), (n_items,)
    mean_ : float
        What all ratings have in common.
    %ids

    Examples
    --------
    >>> import eckart as ek
    >>> from eckart.sklearn import MatrixFactorization
    >>> users = ["ann", "ann", "bob", "bob", "cat", "cat"]
    >>> films = ["Heat", "Fargo", "Heat", "Alien", "Alien", "Fargo"]
    >>> ratings = ek.triplets(users, films, [5, 4, 4, 1, 5, 2])
    >>> model = MatrixFactorization(n_components=1, alpha=0.1, bias_alpha=0.1, random_state=0).fit(ratings)
    >>> films, scores = model.recommend("ann", n=1)
    >>> films.tolist()
    ['Alien']
    """

    def __init__(
        self,
        n_components: int = 10,
        *,
        alpha: float = 16.0,
        bias_alpha: float = 3.0,
        biases: bool = True,
        max_iter: int = 100,
        tol: float = 3e-5,
        random_state: Any = None,
        n_init: int = 1,
        verbose: int = 0,
        callback: Callable[[dict[str, Any]], Any] | None = None,
        time_budget: float | None = None,
    ) -> None:
        self.n_components = n_components
        self.alpha = alpha
        self.bias_alpha = bias_alpha
        self.biases = biases
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state
        self.n_init = n_init
        self.verbose = verbose
        self.callback = callback
        self.time_budget = time_budget

    def predict_for(self, users: Any, items: Any, *, unknown: str = "mean") -> np.ndarray:
        """
        The ratings that the model expects.

        Parameters
        ----------
        users, items : ids of equal number
            One user and one item a rating.
        unknown : {"mean", "error"}, default="mean"
            What is said of a user or an item that the model was not fitted to: the mean of all ratings plus the bias of the
            other one where that is known, with a warning that counts the users and items; or an error.

        Returns
        -------
        ratings : ndarray of shape (n_ratings,)
        """
        check_is_fitted(self)
        check_one_of("unknown", unknown, ("mean", "error"))
        strict = unknown == "error"
        i, j = self._places(users, "user", strict), self._places(items, "item", strict)
        if len(i) != len(j):
            raise coded(ValueError, "wrong-count", f"there are {len(i)} users and {len(j)} items: a rating has one of each")
        products = np.einsum("ik,ik->i", self.user_factors_[i], self.item_factors_[j])
        found: np.ndarray = products + self.user_biases_[i] + self.item_biases_[j] + self.mean_
        new_user, new_item = i < 0, j < 0
        new = new_user | new_item
        if new.any():
            mean = self.mean_ if self.biases else self._mean_rating
            biases = np.where(new_user, 0.0, self.user_biases_[i]) + np.where(new_item, 0.0, self.item_biases_[j])
            found[new] = mean + biases[new]
            asked = [[_text_of(label) for label in ([ids] if _is_one(ids) else ids)] for ids in (users, items)]
            parts = [(which, labels, what) for which, labels, what in zip((new_user, new_item), asked, ("users", "items")) if which.any()]
            unseen = [{labels[k] for k in np.flatnonzero(which)} for which, labels, _ in parts]
            counts = [f"{len(new)} of the {len(set(labels))} {what}" for new, (_, labels, what) in zip(unseen, parts)]
            first = parts[0][1][int(np.argmax(parts[0][0]))]
            warn(coded_warning(
                "unknown-ids",
                f"{' and '.join(counts)} were not in the fit, the first {first!r}: their ratings are the mean and the biases "
                "that are known"
            ))  # fmt: skip
        return found

    def _stated(self) -> tuple[str, dict[str, float]]:
        params = {"alpha": check_real("alpha", self.alpha), "bias_alpha": check_real("bias_alpha", self.bias_alpha)}
        if self.biases:
            text = (
                "minimize over W[n,k], H[k,m], b[n,1], c[1,m], mu[1,1]: sum(observed(X) * (X - W @ H - b - c - mu)**2)"
                " + alpha*(sum(W**2) + sum(H**2)) + bias_alpha*(sum(b**2) + sum(c**2))"
            )
            return text, params
        del params["bias_alpha"]
        return "minimize over W[n,k], H[k,m]: sum(observed(X) * (X - W @ H)**2) + alpha*(sum(W**2) + sum(H**2))", params

    def _fixed(self) -> dict[str, np.ndarray]:
        fixed = {"H": self.components_}
        if self.biases:
            fixed |= {"c": self.item_biases_[None], "mu": np.full((1, 1), self.mean_)}
        return fixed

    def _take(self, found: Factorization) -> None:
        n, m = len(self.user_factors_), len(self.item_factors_)
        zeros = np.zeros
        self.user_biases_ = np.array(found.b[:, 0]) if self.biases else zeros(n, self.user_factors_.dtype)
        self.item_biases_ = np.array(found.c[0]) if self.biases else zeros(m, self.user_factors_.dtype)
        self.mean_ = float(found.mu[0, 0]) if self.biases else 0.0

    def _offsets(self, of_users: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return of_users[:, None], self.item_biases_[None] + self.mean_

    def _user_offsets(self, found: dict[str, np.ndarray]) -> np.ndarray:
        return found["b"][:, 0] if self.biases else super()._user_offsets(found)


@documented
class ImplicitMF(_Recommender):
    """
    Implicit feedback: how often users chose items, where nothing chosen says little (Hu, Koren and Volinsky 2008).

    Minimizes ``sum((1 + alpha*X) * ((X > 0) - W @ H)**2) + reg*(sum(W**2) + sum(H**2))``: every pair of user and item
    counts, those with choices more.

    Parameters
    ----------
    n_components : int, default=10
        The length of a factor.
    alpha : float, default=40
        How much more a choice counts than none.
    reg : float, default=0.1
        The weight of the penalty.
    %convergence
    %random_state
    %n_init
    %verbose
    %callback
    %time_budget

    Attributes
    ----------
    %users_and_items
    %ids

    Examples
    --------
    >>> import eckart as ek
    >>> from eckart.sklearn import ImplicitMF
    >>> plays = ek.triplets(["ann", "ann", "bob", "bob", "cat"], ["a", "b", "a", "c", "c"], [9, 3, 5, 1, 4])
    >>> model = ImplicitMF(n_components=2, random_state=0).fit(plays)
    >>> model.user_factors_.shape, model.item_ids_.tolist()
    ((3, 2), ['a', 'b', 'c'])
    """

    def __init__(
        self,
        n_components: int = 10,
        *,
        alpha: float = 40.0,
        reg: float = 0.1,
        max_iter: int = 100,
        tol: float = 3e-5,
        random_state: Any = None,
        n_init: int = 1,
        verbose: int = 0,
        callback: Callable[[dict[str, Any]], Any] | None = None,
        time_budget: float | None = None,
    ) -> None:
        self.n_components = n_components
        self.alpha = alpha
        self.reg = reg
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state
        self.n_init = n_init
        self.verbose = verbose
        self.callback = callback
        self.time_budget = time_budget

    def _validated(self, X: Any, reset: bool, name: str = "X") -> Input:
        given = super()._validated(X, reset, name)
        # No choice and nothing known are the same here.
        X = given.X if sparse.issparse(given.X) else np.nan_to_num(given.X, nan=0.0)
        check_non_negative(X, f"ImplicitMF (input {name})")
        return given._replace(X=X)

    def _stated(self) -> tuple[str, dict[str, float]]:
        params = {"alpha": check_real("alpha", self.alpha), "reg": check_real("reg", self.reg)}
        loss = "sum((1 + alpha*X) * ((X > 0) - W @ H)**2)"
        return f"minimize over W[n,k], H[k,m]: {loss} + reg*(sum(W**2) + sum(H**2))", params

    def _counts(self, X: Any) -> Any:
        return sparse.csr_array(X > 0)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags
