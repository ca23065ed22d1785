"""Dictionary learning and sparse coding with scikit-learn's interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import linalg, sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import sparse_encode
from sklearn.utils.validation import check_array, check_is_fitted

from .. import _eckart
from .._arrays import names_of
from .._errors import coded
from ._input import Input, NamedComponents, begun, by_row_names, plain, same_columns, taken
from ._search import (
    Seen,
    check_one_of,
    check_real,
    check_whole,
    components,
    documented,
    fold_in,
    search,
    seed_of,
    seen,
    to_pickle,
    warn_of,
)

REMEDY = "fill them in, or leave them out of the cost of ObjectiveFactorization with observed(X)"
ALGORITHMS = ("lasso_lars", "lasso_cd", "lars", "omp", "threshold")


def encode(
    X: np.ndarray,
    dictionary: np.ndarray,
    *,
    algorithm: str,
    n_nonzero_coefs: int | None,
    alpha: float | None,
    positive: bool,
    max_iter: int,
    n_jobs: int | None,
) -> np.ndarray:
    """
    The codes of rows over the atoms of a dictionary.

    "lasso_cd" and "lasso_lars" name the same minimum, of ``0.5*sum((X - W @ H)**2) + alpha*sum(abs(W))``, which the engine
    finds row by row, to its end. Greedy paths ("omp", "lars") have no objective and are scikit-learn's.
    """
    if algorithm in ("omp", "lars"):
        if n_nonzero_coefs is not None and n_nonzero_coefs > len(dictionary):
            raise coded(
                ValueError,
                "setting-out-of-range",
                f"transform_n_nonzero_coefs is {n_nonzero_coefs}: the number of nonzero coefficients is larger than that of "
                f"atoms, {len(dictionary)}"
            )
        options = {"n_nonzero_coefs": n_nonzero_coefs, "alpha": alpha, "max_iter": max_iter, "n_jobs": n_jobs}
        return np.asarray(sparse_encode(X, dictionary, algorithm=algorithm, positive=positive, **options), dtype=X.dtype)
    alpha = 1.0 if alpha is None else check_real("transform_alpha", alpha)
    if algorithm == "threshold":
        against = X @ dictionary.T
        codes = np.sign(against) * np.maximum(np.abs(against) - alpha, 0)
        return np.asarray(np.maximum(codes, 0) if positive else codes, dtype=X.dtype)
    text = "minimize over W[n,k], H[k,m]: 0.5*sum((X - W @ H)**2) + a*sum(abs(W))" + (" subject to W >= 0" if positive else "")
    found = fold_in(X, text, {"a": alpha, "k": len(dictionary)}, {"H": dictionary})
    return np.array(found["W"], dtype=X.dtype)


class _Coding(NamedComponents, TransformerMixin, BaseEstimator):
    """What coding over known atoms has in common."""

    def _atoms(self, given: Input | None = None) -> np.ndarray:
        """The atoms, which must fit X where it is given."""
        raise NotImplementedError

    def _codes(self, X: Any) -> np.ndarray:
        given = taken(self, X, reset=False, remedy=REMEDY, dtype=[np.float64, np.float32])
        as_given, X = X, given.X
        check_one_of("transform_algorithm", self.transform_algorithm, ALGORITHMS)
        alpha = getattr(self, "alpha", None) if self.transform_alpha is None else self.transform_alpha
        if self.transform_alpha is None and self.transform_algorithm == "omp":
            alpha = None
        code = encode(
            X,
            self._atoms(given).astype(X.dtype, copy=False),
            algorithm=self.transform_algorithm,
            n_nonzero_coefs=self.transform_n_nonzero_coefs,
            alpha=alpha,
            positive=self.positive_code,
            max_iter=self.transform_max_iter,
            n_jobs=self.n_jobs,
        )
        found = np.hstack([np.maximum(code, 0), -np.minimum(code, 0)]) if self.split_sign else code
        return by_row_names(self, found, as_given, given.rows)

    def inverse_transform(self, X: Any) -> np.ndarray:
        """
        The data that codes stand for: codes @ atoms.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components)
            Columns that have names are the components that are called so by `get_feature_names_out`, in any order.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        atoms = self._atoms()
        codes = check_array(self._in_component_order(X), dtype=[np.float64, np.float32])
        expected = len(atoms) * (2 if self.split_sign else 1)
        if codes.shape[1] != expected:
            raise coded(ValueError, "wrong-shape", f"codes of {expected} components are needed, and X has {codes.shape[1]}")
        if self.split_sign:
            codes = codes[:, : len(atoms)] - codes[:, len(atoms) :]
        return codes @ atoms

    @property
    def _n_features_out(self) -> int:
        return len(self._atoms()) * (2 if self.split_sign else 1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


@documented
class DictionaryLearning(_Coding):
    """
    Atoms such that each sample is a sum of few of them.

    Minimizes ``0.5*sum((X - W @ H)**2) + alpha*sum(abs(W)) subject to rownorm(H) <= 1``, scikit-learn's objective.

    Parameters
    ----------
    n_components : int, default=None
        Atoms; as many as there are features where it is None.
    alpha : float, default=1.0
        The weight of the penalty.
    max_iter : int, default=1000
        Iterations at most.
    tol : float, default=1e-8
        The fit ends when 20 iterations lower the cost by at most 20 times this share.
    fit_algorithm : {"lars", "cd"}, default="lars"
        Accepted; either is the same objective, which the engine minimizes its own way.
    transform_algorithm : {"lasso_lars", "lasso_cd", "lars", "omp", "threshold"}, default="omp"
        How `transform` codes.
    transform_alpha : float, default=None
        The penalty or threshold of `transform`; `alpha` where it is None.
    %coding
    code_init, dict_init : array-like, default=None
        The start. Where frames have names, samples, features and atoms are matched by them, and `get_feature_names_out`
        calls atoms so.
    %callback
    verbose : bool, default=False
        Shows a progress bar.
    random_state : int, RandomState instance or None, default=None
        For atoms beyond the rank of the data.
    positive_code, positive_dict : bool, default=False
        Bounds.
    %n_init
    %time_budget

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        The atoms.
    error_ : ndarray
        The objective at the start and after each iteration.
    %n_iter_
    %stop_reason_
    %n_features_in_
    %feature_names_in_

    Examples
    --------
    >>> import numpy as np
    >>> from eckart.sklearn import DictionaryLearning
    >>> X = np.random.default_rng(0).normal(size=(40, 8))
    >>> model = DictionaryLearning(n_components=12, alpha=0.5, transform_algorithm="lasso_cd", random_state=0)
    >>> codes = model.fit_transform(X)
    >>> codes.shape, model.components_.shape
    ((40, 12), (12, 8))
    """

    def __init__(
        self,
        n_components: int | None = None,
        *,
        alpha: float = 1.0,
        max_iter: int = 1000,
        tol: float = 1e-8,
        fit_algorithm: str = "lars",
        transform_algorithm: str = "omp",
        transform_n_nonzero_coefs: int | None = None,
        transform_alpha: float | None = None,
        n_jobs: int | None = None,
        code_init: Any = None,
        dict_init: Any = None,
        callback: Callable[[dict[str, Any]], Any] | None = None,
        verbose: bool = False,
        split_sign: bool = False,
        random_state: Any = None,
        positive_code: bool = False,
        positive_dict: bool = False,
        transform_max_iter: int = 1000,
        n_init: int = 1,
        time_budget: float | None = None,
    ) -> None:
        self.n_components = n_components
        self.alpha = alpha
        self.max_iter = max_iter
        self.tol = tol
        self.fit_algorithm = fit_algorithm
        self.transform_algorithm = transform_algorithm
        self.transform_n_nonzero_coefs = transform_n_nonzero_coefs
        self.transform_alpha = transform_alpha
        self.n_jobs = n_jobs
        self.code_init = code_init
        self.dict_init = dict_init
        self.callback = callback
        self.verbose = verbose
        self.split_sign = split_sign
        self.random_state = random_state
        self.positive_code = positive_code
        self.positive_dict = positive_dict
        self.transform_max_iter = transform_max_iter
        self.n_init = n_init
        self.time_budget = time_budget

    def fit(self, X: Any, y: Any = None) -> DictionaryLearning:
        """
        Finds atoms.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : Ignored

        Returns
        -------
        self : DictionaryLearning
        """
        self._fit(X)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """
        Finds atoms, and returns the codes that the fit ends with.

        As in scikit-learn these are codes of the objective, whatever `transform_algorithm` and `split_sign` say.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : Ignored

        Returns
        -------
        codes : ndarray of shape (n_samples, n_components)
        """
        return self._fit(X)

    def _fit(self, X: Any) -> np.ndarray:
        """Finds atoms and codes; returns the codes."""
        as_given, given = X, self._validated(X, reset=True)
        X = given.X
        random = np.random.RandomState(seed_of(self._random()))
        W, H, names = self._begin(given, random)
        bounds = ["rownorm(H) <= 1"]
        bounds += ["W >= 0"] if self.positive_code else []
        bounds += ["H >= 0"] if self.positive_dict else []
        text = "minimize over W[n,k], H[k,m]: 0.5*sum((X - W @ H)**2) + alpha*sum(abs(W)) subject to " + ", ".join(bounds)
        found = search(
            {"X": X},
            text,
            rank=1,
            params={"alpha": float(self.alpha), "k": len(H)},
            init_from={"W": W, "H": H},
            n_init=self.n_init,
            seed=seed_of(random),
            max_iter=self.max_iter,
            tol=min(20 * float(self.tol), 0.5),
            time_limit=self.time_budget,
            callback=self.callback,
            verbose=int(self.verbose),
        )
        self.components_ = np.array(found.H, dtype=X.dtype)
        # Atoms of a random start are others.
        self._component_names = names if found._core.best == 0 else None
        self.error_ = np.array(found.history)
        self.n_iter_ = found.iterations
        self.stop_reason_ = found.stop_reason
        self._seen = seen(None, X, found.W)
        warn_of(self, found.stop_reason, found.iterations, self.max_iter, self.tol)
        return by_row_names(self, np.array(found.W, dtype=X.dtype), as_given, given.rows)

    def transform(self, X: Any) -> np.ndarray:
        """
        The codes of samples over the atoms.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_components)
        """
        check_is_fitted(self)
        return self._codes(X)

    def partial_fit(self, X: Any, y: Any = None) -> DictionaryLearning:
        """
        Learns from a batch of rows (Mairal et al. 2010, algorithm 1): codes with the atoms fixed, then the atoms for all
        that was seen. After `fit` its rows count as the first batch; each `fit` forgets what was seen before it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            A batch.
        y : Ignored

        Returns
        -------
        self : DictionaryLearning
        """
        first = not hasattr(self, "components_")
        given = self._validated(X, reset=first)
        X = given.X
        if first:
            _, self.components_, self._component_names = self._begin(given, self._random())
            self.n_iter_ = 0
        W = encode(
            X, self.components_.astype(X.dtype), algorithm="lasso_cd", n_nonzero_coefs=None, alpha=self.alpha,
            positive=self.positive_code, max_iter=self.transform_max_iter, n_jobs=None,
        )  # fmt: skip
        before: Seen | None = getattr(self, "_seen", None)
        self._seen = seen(before and before.known(self.components_), X, W)
        bounds = "rownorm(H) <= 1" + (", H >= 0" if self.positive_dict else "")
        self.components_ = components(self._seen, self.components_, bounds, X.dtype)
        self.n_iter_ += 1
        return self

    def __getstate__(self) -> dict[str, Any]:
        return to_pickle(super().__getstate__())

    def _atoms(self, given: Input | None = None) -> np.ndarray:
        return self.components_

    def _random(self) -> np.random.RandomState:
        from sklearn.utils import check_random_state

        random: np.random.RandomState = check_random_state(self.random_state)
        return random

    def _validated(self, X: Any, reset: bool) -> Input:
        given = taken(self, X, reset=reset, remedy=REMEDY, dtype=[np.float64, np.float32])
        check_real("alpha", self.alpha)
        check_real("tol", self.tol)
        check_whole("max_iter", self.max_iter)
        check_whole("n_init", self.n_init)
        check_one_of("fit_algorithm", self.fit_algorithm, ("lars", "cd"))
        return given._replace(X=np.asarray(given.X))

    def _begin(self, of_X: Input, random: np.random.RandomState) -> tuple[np.ndarray, np.ndarray, list[str] | None]:
        """Singular vectors, as in scikit-learn, of length 1; random directions beyond the rank. And names of atoms."""
        X: np.ndarray = of_X.X
        n, m = X.shape
        k = m if self.n_components is None else check_whole("n_components", self.n_components)
        W, H = np.zeros((n, k)), random.standard_normal(size=(k, m))
        given, names = begun(of_X, {"W": self.code_init, "H": self.dict_init})
        if "H" not in given:
            U, sizes, V = linalg.svd(X, full_matrices=False)
            r = min(k, len(sizes))
            W[:, :r], H[:r] = U[:, :r] * sizes[:r], V[:r]
        else:
            H = np.array(check_array(given["H"], dtype=np.float64))
        if "W" in given:
            W = np.array(check_array(given["W"], dtype=np.float64))
        if self.positive_dict:
            H = np.abs(H)
        if self.positive_code:
            W = np.abs(W)
        lengths = np.maximum(np.linalg.norm(H, axis=1), np.finfo(np.float64).tiny)
        return (W * lengths if "W" in given else W), H / lengths[:, None], names


@documented
class SparseCoder(_Coding):
    """
    Codes of samples over the atoms of a dictionary that is known.

    Parameters
    ----------
    dictionary : array-like of shape (n_components, n_features), default=None
        The atoms, one a row, of length 1; columns of a frame must be named as those of X, and be in their
        order; the names of its rows are those of `get_feature_names_out`. None stands for one atom a feature: codes are then the data, thresholded.
    transform_algorithm : {"lasso_lars", "lasso_cd", "lars", "omp", "threshold"}, default="omp"
        How to code; the two lasso names are the same minimum, which the engine finds.
    transform_alpha : float, default=None
        The penalty, threshold or tolerated error; 1 where it is None.
    %coding
    positive_code : bool, default=False
        Whether codes may not be negative.

    Attributes
    ----------
    n_components_ : int
        Atoms.
    %n_features_in_
    %feature_names_in_

    Examples
    --------
    >>> import numpy as np
    >>> from eckart.sklearn import SparseCoder
    >>> coder = SparseCoder(np.eye(3), transform_algorithm="lasso_cd", transform_alpha=0.5)
    >>> coder.fit_transform(np.array([[2.0, 0.2, -1.0]]))
    array([[ 1.5,  0. , -0.5]])
    """

    def __init__(
        self,
        dictionary: Any = None,
        *,
        transform_algorithm: str = "omp",
        transform_n_nonzero_coefs: int | None = None,
        transform_alpha: float | None = None,
        split_sign: bool = False,
        n_jobs: int | None = None,
        positive_code: bool = False,
        transform_max_iter: int = 1000,
    ) -> None:
        self.dictionary = dictionary
        self.transform_algorithm = transform_algorithm
        self.transform_n_nonzero_coefs = transform_n_nonzero_coefs
        self.transform_alpha = transform_alpha
        self.split_sign = split_sign
        self.n_jobs = n_jobs
        self.positive_code = positive_code
        self.transform_max_iter = transform_max_iter

    def fit(self, X: Any, y: Any = None) -> SparseCoder:
        """
        Looks at X and at the parameters; there is nothing to learn.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : Ignored

        Returns
        -------
        self : SparseCoder
        """
        given = taken(self, X, reset=True, remedy=REMEDY, dtype=[np.float64, np.float32])
        check_one_of("transform_algorithm", self.transform_algorithm, ALGORITHMS)
        self.n_components_ = len(self._atoms(given))
        return self

    def transform(self, X: Any, y: Any = None) -> np.ndarray:
        """
        The codes of samples over the dictionary.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : Ignored

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_components)
        """
        return self._codes(X)

    def _names_of_components(self) -> list[str] | None:
        names = None if self.dictionary is None else names_of(self.dictionary)[0]
        return None if names is None else list(_eckart.name_texts(names))

    def _atoms(self, given: Input | None = None) -> np.ndarray:
        X = None if given is None else given.X
        if self.dictionary is None:
            return np.eye(self.n_features_in_ if X is None else X.shape[1])
        if given is not None:
            same_columns(given, self.dictionary, "the dictionary")
        dictionary = plain(self.dictionary)
        atoms = dictionary.toarray() if sparse.issparse(dictionary) else np.asarray(dictionary)
        if X is not None and X.shape[1] != atoms.shape[1]:
            raise coded(
                ValueError,
                "wrong-shape",
                "Dictionary and X have different numbers of features: "
                f"dictionary.shape: {atoms.shape} X.shape: {X.shape}"
            )
        return atoms

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags
