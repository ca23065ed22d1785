"""Factorization by an objective of one's own with scikit-learn's interface."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_array, check_is_fitted

from .._arrays import matrix_of
from .._errors import EckartValueError, coded
from .._factorization import Factorization
from .._factorize import MODELS
from .._formulas import Expr, Objective
from ._input import Input, NamedComponents, by_row_names, taken
from ._search import check_params, check_real, check_whole, documented, search, seed_of, warn_of, without_copies


def check_factors(names: Iterable[str]) -> None:
    """An estimator shows two factors of an objective: they must be called W and H."""
    if not {"W", "H"} <= set(names):
        raise coded(
            ValueError,
            "unknown-factor",
            f"the factors of the objective are {', '.join(names)}, and an estimator needs W, a row for each sample, and H, "
            "a column for each feature: call them so"
        )


def _statement(objective: str | Expr | Objective) -> str:
    """The text of an objective, which may be the name of a preset."""
    return MODELS[objective][0] if isinstance(objective, str) and objective in MODELS else str(objective)


def find(X: Any, objective: str | Expr | Objective, rank: int, params: Mapping[str, float], **given: Any) -> Factorization:
    """The factors W and H of an objective over X, and others that it has."""
    if not {"W", "H"} <= set(re.findall(r"\w+", _statement(objective))):
        check_factors(search({"X": X}, objective, rank=rank, params=params, init="random", max_iter=0).factors)
    found = search({"X": X}, objective, rank=rank, params=params, **given)
    check_factors(found.factors)
    return found


@documented
class ObjectiveFactorization(NamedComponents, TransformerMixin, BaseEstimator):
    """
    Factorization of X by an objective of one's own, such as ``sum(huber(X - W @ H, 1)) + a*sum(abs(W))``.

    The objective is a text of the engine's language over X, the factors W (a row for each sample) and H (a column for each
    feature), and others that it may have. New rows get their factors by the same objective, everything else fixed.

    Parameters
    ----------
    objective : str, Expr or Objective, default="mf"
        The text, the name of a preset (see `eckart.models`), a formula, or what `eckart.minimize` made of one.
    n_components : int, default=None
        The rank; the smaller side of X where it is None.
    params : dict of str to float, default=None
        The parameters of the objective, as ``{"a": 0.1}``.
    init : {"auto", "random", "nndsvd", "nndsvda", "nndsvdar", "svd"}, default="auto"
        Where the first start begins, as in `eckart.factorize`.
    init_from : dict of str to array-like, Factorization or path, default=None
        Values of factors at which the first start begins, as in `eckart.factorize`.
    fix : dict of str to array-like, Factorization or path, default=None
        Factors that are fixed at these values, as in `eckart.factorize`. Where they, or those of `init_from`, name the
        components, so does `get_feature_names_out`.
    tol : float, default=3e-5
        When a start has converged, as in `eckart.factorize`.
    max_iter : int, default=2000
        Iterations per start, at most.
    %random_state
    %n_init
    %verbose
    %callback
    %time_budget

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        H.
    factors_ : dict of str to ndarray
        All factors, by name.
    n_components_ : int
        The rank.
    cost_ : float
        The value of the objective.
    %n_iter_
    %stop_reason_
    %n_features_in_
    %feature_names_in_

    Examples
    --------
    >>> import numpy as np
    >>> from eckart.sklearn import ObjectiveFactorization
    >>> X = np.random.default_rng(0).random((20, 6))
    >>> text = "sum(huber(X - W @ H, 0.5)) + a*(sum(W**2) + sum(H**2)) subject to W >= 0, H >= 0"
    >>> model = ObjectiveFactorization(text, n_components=2, params={"a": 0.01}, random_state=0)
    >>> model.fit_transform(X).shape, model.components_.shape
    ((20, 2), (2, 6))
    """

    def __init__(
        self,
        objective: str | Expr | Objective = "mf",
        n_components: int | None = None,
        *,
        params: Mapping[str, float] | None = None,
        init: str = "auto",
        init_from: Mapping[str, Any] | None = None,
        fix: Mapping[str, Any] | None = None,
        tol: float = 3e-5,
        max_iter: int = 2000,
        random_state: Any = None,
        n_init: int = 1,
        verbose: int = 0,
        callback: Callable[[dict[str, Any]], Any] | None = None,
        time_budget: float | None = None,
    ) -> None:
        self.objective = objective
        self.n_components = n_components
        self.params = params
        self.init = init
        self.init_from = init_from
        self.fix = fix
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state
        self.n_init = n_init
        self.verbose = verbose
        self.callback = callback
        self.time_budget = time_budget

    def fit(self, X: Any, y: Any = None) -> ObjectiveFactorization:
        """
        Finds the factors of X.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The data; NaN in a dense X is missing, and to be left out by ``observed(X)`` in the objective.
        y : Ignored

        Returns
        -------
        self : ObjectiveFactorization
        """
        self.fit_transform(X)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """
        Finds the factors of X and returns W.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : Ignored

        Returns
        -------
        W : ndarray of shape (n_samples, n_components)
        """
        as_given, given = X, self._validated(X, reset=True)
        X = given.X
        rank = min(X.shape) if self.n_components is None else check_whole("n_components", self.n_components)
        found = find(
            given.table(),
            self.objective,
            rank,
            check_params("params", self.params, self.objective),
            init=self.init,
            init_from=self.init_from,
            fix=self.fix,
            n_init=check_whole("n_init", self.n_init),
            seed=seed_of(check_random_state(self.random_state)),
            max_iter=check_whole("max_iter", self.max_iter),
            tol=check_real("tol", self.tol, 0, 1),
            time_limit=self.time_budget,
            callback=self.callback,
            verbose=self.verbose,
        )
        self._found = found
        self._component_names = found.component_names.get("W")
        self.factors_ = {name: np.array(factor, dtype=X.dtype) for name, factor in found.factors.items()}
        self.components_ = self.factors_["H"]
        self.n_components_ = rank
        self.cost_ = float(found.cost)
        self.n_iter_ = found.iterations
        self.stop_reason_ = found.stop_reason
        warn_of(self, found.stop_reason, found.iterations, self.max_iter, self.tol)
        return by_row_names(self, self.factors_["W"], as_given, given.rows)

    def transform(self, X: Any) -> np.ndarray:
        """
        W for new rows, everything else fixed.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        W : ndarray of shape (n_samples, n_components)
        """
        check_is_fitted(self)
        given = self._validated(X, reset=False)
        W = np.array(self._found.transform(given.X, match="position")["W"], dtype=given.X.dtype)
        return by_row_names(self, W, X, given.rows)

    def inverse_transform(self, X: Any) -> np.ndarray:
        """
        The data that rows of W stand for: what the objective compares X with, such as ``W @ H`` or ``W @ H + c``; the
        product W @ H where it compares X with nothing.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_components)
            Columns that have names are the components that are called so by `get_feature_names_out`, in any order.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_features)

        Raises
        ------
        ValueError
            Where rows have factors beside W, such as offsets, which W does not tell.
        """
        check_is_fitted(self)
        W = check_array(self._in_component_order(X), accept_sparse=("csr", "csc"), dtype=[np.float64, np.float32])
        rows = W.toarray() if sparse.issparse(W) else W
        try:
            found = self._found._core.predicted([("W", matrix_of(rows.astype(self._found.W.dtype, copy=False)))])
        except EckartValueError as error:
            if error.code == "no-prediction":
                return W @ self.components_
            if error.code != "factor-missing":
                raise
            text = f"{error}, and W does not tell it: W @ model.components_ is the product of the factors alone"
            raise coded(ValueError, error.code, text) from None
        return np.array(found.to_array(), dtype=W.dtype)

    def __getstate__(self) -> dict[str, Any]:
        return without_copies(super().__getstate__())

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "_found" in state and "factors_" not in state:
            self.factors_ = {name: np.array(factor) for name, factor in self._found.factors.items()}
            self.components_ = self.factors_["H"]

    def _validated(self, X: Any, reset: bool) -> Input:
        masked = "observed(" in _statement(self.objective)
        return taken(
            self,
            X,
            reset=reset,
            gaps="the objective uses observed(X)" if masked else None,
            accept_sparse=("csr", "csc"),
            dtype=[np.float64, np.float32],
            ensure_all_finite="allow-nan",
        )

    @property
    def _n_features_out(self) -> int:
        return int(self.components_.shape[0])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = "observed(" in _statement(self.objective)
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
