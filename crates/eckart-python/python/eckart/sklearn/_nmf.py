"""Non-negative matrix factorization with scikit-learn's interface."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_sample_weight, check_array, check_is_fitted, check_non_negative

from .. import _formulas as ek
from .._arrays import filled, refuse_no_matrix
from .._errors import coded, coded_warning, warn
from .._factorization import Factorization
from .._function import function
from .._progress import Bar, both
from ._multiplicative import Done, Penalties, error, multiplicative
from ._objective import find
from ._input import Input, NamedComponents, begun, by_row_names, plain, taken
from ._search import (
    EckartRuntimeWarning,
    Seen,
    check_one_of,
    check_params,
    check_real,
    check_whole,
    components,
    documented,
    fold_in,
    gain,
    search,
    seed_of,
    seen,
    to_pickle,
    warn_of,
    without_copies,
)
from ._starts import INITS, random_start, rows_times, start

BETAS = {"frobenius": 2.0, "kullback-leibler": 1.0, "itakura-saito": 0.0}
SOLVERS = ("cd", "mu", "derived")
SHRUNK = 1e-8
"""Products of factors that are smaller than this share of the largest entry are as good as 0, as in the engine."""
MOST_WRITTEN_OUT = 2**27
"""Entries of a sparse matrix that are written out, where some of them are stored as missing."""


class Given(NamedTuple):
    """Data as the search takes it."""

    X: Any
    masked: bool
    mean: float
    """The rows are multiplied by it, so that sample weights are in the data."""
    scale: np.ndarray | None
    """The square roots of the sample weights, where there are any."""
    roots: np.ndarray | None
    n_samples: float


def _mean(X: Any, masked: bool) -> float:
    """The mean of the entries that count."""
    if not sparse.issparse(X):
        return float(np.nanmean(X)) if not masked or np.isfinite(X).any() else 0.0
    return float(X.sum()) / max(X.nnz if masked else X.shape[0] * X.shape[1], 1)


def _is_plain(model: NMF) -> bool:
    """Whether a batch can be learned from by its products alone."""
    penalties = model.alpha_W or model.alpha_H not in ("same", 0, 0.0)
    return model.beta_loss in ("frobenius", 2) and not penalties and not model.objective and model.missing_values is None


@documented
class NMF(NamedComponents, TransformerMixin, BaseEstimator):
    """
    Non-negative matrix factorization: X is about W @ H, nothing negative.

    The objective is scikit-learn's:
    ``0.5*sum((X - W @ H)**2) + a*sum(W) + b*sum(H) + 0.5*c*sum(W**2) + 0.5*d*sum(H**2)``, with
    ``a = alpha_W*l1_ratio*n_features``, ``b = alpha_H*l1_ratio*n_samples``, ``c = alpha_W*(1 - l1_ratio)*n_features`` and
    ``d = alpha_H*(1 - l1_ratio)*n_samples``; another `beta_loss` stands in place of the squared error. With the same start
    the solvers "cd" and "mu" take scikit-learn's steps.

    Parameters
    ----------
    n_components : int, "auto" or None, default="auto"
        The rank; the number of features, or that of a custom start, where it is left open.
    init : {"random", "nndsvd", "nndsvda", "nndsvdar", "custom"}, default=None
        The start. None is "nndsvda" where the rank allows it, else "random"; of the solver "derived" it is the engine's
        own, from an SVD for the squared error, else random. "custom" takes `W` and `H` of `fit`.
    solver : {"cd", "mu", "derived"}, default="cd"
        Coordinate descent, multiplicative updates, or what the engine derives from the objective, which is faster and may
        end at another minimum.
    beta_loss : float or {"frobenius", "kullback-leibler", "itakura-saito"}, default="frobenius"
        What is minimized; "cd" knows only the first, "derived" the first two.
    tol : float, default=1e-4
        When to stop.
    max_iter : int, default=200
        Iterations at most.
    %random_state
    alpha_W, alpha_H : float, default=0.0, "same"
        Weights of the penalties.
    l1_ratio : float, default=0.0
        The share of the penalty that is of sizes rather than of squares.
    %verbose
    shuffle : bool, default=False
        Accepted; the order of components is kept, so that results don't depend on chance.
    missing_values : None, nan or number, default=None
        What marks an entry that is missing: it is left out of the loss. With 0, entries that a sparse X does not store.
    %n_init
    objective, numbers : str, dict of str to float, default=None
        An objective of one's own in place of the one above, and its parameters: `ObjectiveFactorization` is its estimator.
    %callback
    %time_budget

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        H.
    n_components_ : int
        The rank.
    reconstruction_err_ : float
        The root of twice the loss: the Frobenius norm of X - W @ H where the loss is the squared error.
    %n_iter_
    %stop_reason_
    %n_features_in_
    %feature_names_in_

    Examples
    --------
    >>> import numpy as np
    >>> from eckart.sklearn import NMF
    >>> X = np.array([[1, 1], [2, 1], [3, 1.2], [4, 1], [5, 0.8], [6, 1]])
    >>> model = NMF(n_components=2, init="random", random_state=0)
    >>> W = model.fit_transform(X)
    >>> W.shape, model.components_.shape
    ((6, 2), (2, 2))
    """

    def __init__(
        self,
        n_components: int | str | None = "auto",
        *,
        init: str | None = None,
        solver: str = "cd",
        beta_loss: float | str = "frobenius",
        tol: float = 1e-4,
        max_iter: int = 200,
        random_state: Any = None,
        alpha_W: float = 0.0,
        alpha_H: float | str = "same",
        l1_ratio: float = 0.0,
        verbose: int = 0,
        shuffle: bool = False,
        missing_values: float | None = None,
        n_init: int = 1,
        objective: str | None = None,
        numbers: Mapping[str, float] | None = None,
        callback: Callable[[dict[str, Any]], Any] | None = None,
        time_budget: float | None = None,
    ) -> None:
        self.n_components = n_components
        self.init = init
        self.solver = solver
        self.beta_loss = beta_loss
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state
        self.alpha_W = alpha_W
        self.alpha_H = alpha_H
        self.l1_ratio = l1_ratio
        self.verbose = verbose
        self.shuffle = shuffle
        self.missing_values = missing_values
        self.n_init = n_init
        self.objective = objective
        self.numbers = numbers
        self.callback = callback
        self.time_budget = time_budget

    def fit(self, X: Any, y: Any = None, W: Any = None, H: Any = None, sample_weight: Any = None) -> NMF:
        """
        Finds the components of X.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The data, not negative.
        y : Ignored
        W, H : array-like, default=None
            The start, with ``init="custom"``. Where frames have names, samples, features and components are matched by them,
            and `get_feature_names_out` calls components so, unless one of further starts, which are random, was better.
        sample_weight : array-like of shape (n_samples,), default=None
            How often each sample counts.

        Returns
        -------
        self : NMF
        """
        self.fit_transform(X, W=W, H=H, sample_weight=sample_weight)
        return self

    def fit_transform(
        self, X: Any, y: Any = None, W: Any = None, H: Any = None, sample_weight: Any = None
    ) -> np.ndarray:
        """
        Finds the components of X and returns W.

        Takes what `fit` takes.

        Returns
        -------
        W : ndarray of shape (n_samples, n_components)
        """
        as_given, named = X, self._validated(X, reset=True)
        X = named.X
        self._check_parameters()
        names: list[str] | None = None
        if self.init == "custom":
            given_factors, names = begun(named, {"W": W, "H": H})
            W, H = given_factors.get("W"), given_factors.get("H")
        elif W is not None or H is not None:
            text = f"W and H are ignored, for init is {self.init!r}: with init='custom' the search begins at them"
            warn(coded_warning("start-ignored", text, EckartRuntimeWarning))
        weight = self._weight(X, sample_weight)
        # A sample that does not count is left out, and coded afterwards.
        counts = np.ones(X.shape[0], dtype=bool) if weight is None else weight > 0
        given = self._given(X if counts.all() else X[counts], weight if weight is None else weight[counts])
        rank = self._rank(X, W, H)
        W = W if W is None or counts.all() or len(W) != len(counts) else np.asarray(W)[counts]
        begin = self._begin(given, rank, W, H)
        # For further starts: a stream of its own, since a seed begins anew each time it is asked.
        random = np.random.RandomState(seed_of(check_random_state(self.random_state)))
        done = self._search(given, rank, begin, random)
        W = done.W
        self._warn_of_shrunk(given, done)
        self._warn_of_stuck(begin, done)
        self.components_ = done.H
        self.n_components_ = rank
        # Components of a random start are others.
        self._component_names = names if done.start == 0 else None
        self.n_iter_ = done.n_iter
        self.stop_reason_ = done.stop_reason
        self.reconstruction_err_ = done.cost
        # Batches that come after go on from these rows, where products of them say all.
        self._seen = seen(None, X, W) if weight is None and _is_plain(self) else None
        warn_of(self, done.stop_reason, done.n_iter, self.max_iter, self.tol)
        if given.scale is not None:
            W = W / given.scale[:, None].astype(W.dtype)
        if not counts.all():
            all_W = np.empty((len(counts), rank), dtype=W.dtype)
            all_W[counts], all_W[~counts] = W, self._transform(X[~counts])
            W = all_W
        return by_row_names(self, W, as_given, named.rows)

    def transform(self, X: Any) -> np.ndarray:
        """
        W for new rows, with the components fixed.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        W : ndarray of shape (n_samples, n_components)
        """
        check_is_fitted(self)
        given = self._validated(X, reset=False)
        return by_row_names(self, self._transform(given.X), X, given.rows)

    def inverse_transform(self, X: Any) -> np.ndarray:
        """
        The data that W stands for: W @ H.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_components)
            Columns that have names are the components that are called so by `get_feature_names_out`, in any order.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        W = check_array(self._in_component_order(X), accept_sparse=("csr", "csc"), dtype=[np.float64, np.float32])
        return W @ self.components_

    @available_if(_is_plain)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any = None) -> NMF:
        """
        Learns from a batch of rows (Mairal et al. 2010, algorithm 1): W of the batch with the components fixed, then the
        components for all that was seen. There for the squared error without penalties and missing values. After `fit`
        without sample weights its rows count as the first batch; each `fit` forgets what was seen before it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            A batch.
        y : Ignored

        Returns
        -------
        self : NMF
        """
        first = not hasattr(self, "components_")
        X = self._validated(X, reset=first).X
        self._check_parameters()
        given = self._given(X, None)
        if first:
            rank = self._rank(X, None, None)
            init = None if self.init == "custom" else self.init
            _, self.components_ = start(X, given.mean, rank, init, self.random_state, X.dtype)
            self.n_components_, self.n_iter_ = rank, 0
        W = self._transform(X)
        before: Seen | None = getattr(self, "_seen", None)
        self._seen = seen(before and before.known(self.components_), X, W)
        self.components_ = components(self._seen, self.components_, "H >= 0", X.dtype)
        self.n_iter_ += 1
        self.reconstruction_err_ = error(X, W, self.components_, 2)
        return self

    def __getstate__(self) -> dict[str, Any]:
        return without_copies(to_pickle(super().__getstate__()))

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "_found" in state and "components_" not in state:
            self.components_ = np.array(self._found.H)

    # Checks.

    def _validated(self, X: Any, reset: bool) -> Input:
        finite: bool | str = True if self.missing_values is None else "allow-nan"
        gaps = None if self.missing_values is None else f"missing_values is {self.missing_values!r}"
        remedy = "with missing_values=np.nan they are left out of the loss, or fill them in"
        given = taken(
            self, X, reset=reset, gaps=gaps, remedy=remedy,
            accept_sparse=("csr", "csc"), dtype=[np.float64, np.float32], ensure_all_finite=finite,
        )  # fmt: skip
        X = self._written_out(given.X)
        marked, masked = self._marked(X)  # the mark itself may be negative
        check_non_negative(np.nan_to_num(marked) if masked and not sparse.issparse(X) else marked, "NMF (input X)")
        return given._replace(X=X)

    def _written_out(self, X: Any) -> Any:
        """The same with all entries, where a sparse X stores what is missing beside zeros that it does not store."""
        mark = self.missing_values
        if mark is None or not np.isnan(mark) or not sparse.issparse(X) or not np.isnan(X.data).any():
            return X
        if X.shape[0] * X.shape[1] > MOST_WRITTEN_OUT:
            raise coded(
                ValueError,
                "missing-value",
                f"Input X is sparse, {X.shape[0]} x {X.shape[1]}, and stores NaN: that many entries are not written out. Leave "
                "them out of X, and say missing_values=0, where all that is not stored is missing"
            )
        return X.toarray()

    def _check_parameters(self) -> None:
        check_one_of("init", self.init, (None, *INITS))
        check_one_of("solver", self.solver, SOLVERS)
        check_whole("max_iter", self.max_iter)
        check_whole("n_init", self.n_init)
        check_real("tol", self.tol)
        check_params("numbers", self.numbers, self.objective)
        check_real("alpha_W", self.alpha_W)
        check_real("alpha_H", self._alpha_H())
        check_real("l1_ratio", self.l1_ratio, 0, 1)
        beta = self._beta()
        if self.solver == "cd" and beta != 2 and not self.objective:
            raise coded(
                ValueError,
                "method-unsupported",
                f"Invalid beta_loss parameter: solver 'cd' does not handle beta_loss = {self.beta_loss!r}; use 'mu' or "
                "'derived'"
            )
        if self.solver == "derived" and beta not in (1, 2) and not self.objective:
            raise coded(ValueError, "method-unsupported", f"solver 'derived' does not handle beta_loss = {self.beta_loss!r}; use 'mu', or state the objective for ObjectiveFactorization")

    def _beta(self) -> float:
        if isinstance(self.beta_loss, str):
            if self.beta_loss not in BETAS:
                raise coded(ValueError, "unknown-choice", f"there is no beta_loss {self.beta_loss!r}; there are {', '.join(BETAS)}, or a number")
            return BETAS[self.beta_loss]
        return float(self.beta_loss)

    def _alpha_H(self) -> float:
        return float(self.alpha_W) if isinstance(self.alpha_H, str) and self.alpha_H == "same" else self.alpha_H  # type: ignore[return-value]

    def _rank(self, X: Any, W: Any, H: Any) -> int:
        if self.n_components not in (None, "auto"):
            return check_whole("n_components", self.n_components)
        if self.init == "custom" and H is not None:
            return int(np.shape(H)[0])
        return int(X.shape[1])

    # Data and start.

    def _weight(self, X: Any, sample_weight: Any) -> np.ndarray | None:
        if sample_weight is None:
            return None
        refuse_no_matrix(sample_weight, "sample_weight")
        weight: np.ndarray = _check_sample_weight(filled(sample_weight), X, dtype=np.float64, ensure_non_negative=True)
        if not weight.any():
            raise coded(ValueError, "setting-out-of-range", "every sample weight is 0: at least one sample must count")
        if self._beta() == 0 or self.objective or (self.solver == "mu" and self.alpha_W):
            raise coded(ValueError, "settings-conflict", "sample_weight does not go with this objective: use solver 'derived', or weights in it")
        return weight

    def _given(self, X: Any, weight: np.ndarray | None) -> Given:
        """The data with missing entries and sample weights in it."""
        X, masked = self._marked(X)
        if self._beta() <= 0 and not sparse.issparse(X) and np.min(X, initial=1.0) <= 0:
            raise coded(ValueError, "method-unsupported", "When beta_loss <= 0 and X contains zeros, the solver may diverge. Please add small values to X")
        scale, roots, mean, n_samples = None, None, None, float(X.shape[0])
        if weight is not None:
            scale, roots, n_samples = weight ** (1 / self._beta()), np.sqrt(weight), float(weight.sum())
            sums = np.nansum(X, axis=1) if not sparse.issparse(X) else np.asarray(X.sum(axis=1)).reshape(-1)
            mean = float(weight @ sums) / (n_samples * X.shape[1])
            X = rows_times(X, scale)
        if mean is None:
            mean = _mean(X, masked)
        return Given(X, masked, mean, scale, roots, n_samples)

    def _marked(self, X: Any) -> tuple[Any, bool]:
        """The data with NaN where an entry is missing, and whether any may be."""
        mark = self.missing_values
        if mark is None:
            return X, False
        if sparse.issparse(X):
            # A sparse matrix has no NaN; with 0, what it does not store is missing.
            if mark != 0 and not np.isnan(mark):
                raise coded(ValueError, "settings-conflict", f"missing_values is {mark!r}, and of a sparse X only 0 can be missing, what it does not store")
            return X, mark == 0
        return (X if np.isnan(mark) else np.where(X == mark, np.nan, X)), True

    def _begin(self, given: Given, rank: int, W: Any, H: Any) -> tuple[np.ndarray, np.ndarray] | None:
        """W and H at the start; None where the engine chooses."""
        n, m = given.X.shape
        if self.objective is not None and self.init != "custom":
            return None
        if self.init is None and self.solver == "derived" and given.roots is None:
            return None
        dtype = given.X.dtype
        if self.init == "custom":
            if W is None or H is None:
                raise coded(ValueError, "option-missing", "init='custom' needs W and H")
            W, H = (np.array(check_array(plain(B), dtype=dtype, input_name=name)) for B, name in ((W, "W"), (H, "H")))
            for B, name, shape in ((W, "W", (n, rank)), (H, "H", (rank, m))):
                if B.shape != shape:
                    raise coded(ValueError, "wrong-shape", f"Array with wrong shape passed to NMF (input {name}). Expected {shape}, but got {B.shape}")
                check_non_negative(B, f"NMF (input {name})")
            return W, H
        init = "random" if given.masked else self.init
        if self.init is not None and self.solver == "derived" and self._beta() == 1 and init != "random":
            # The logarithm of a product that is 0 can't be computed.
            W, H = start(given.X, given.mean, rank, init, self.random_state, dtype, given.scale)
            return np.maximum(W, 1e-6 * W.mean()), np.maximum(H, 1e-6 * H.mean())
        X, scale, roots = given.X, given.scale, given.roots
        if roots is None or scale is None or init == "random":
            return start(X, given.mean, rank, init, self.random_state, dtype, scale)
        # The singular vectors of the data in which each sample stands as often as it counts.
        X = rows_times(X, roots / scale)
        W, H = start(X, given.mean, rank, init, self.random_state, dtype, roots)
        return (W * (scale / roots)[:, None]).astype(dtype), H

    # Search.

    def _penalties(self, n_samples: float, n_features: int) -> Penalties:
        alpha_W, alpha_H = self.alpha_W * n_features, self._alpha_H() * n_samples
        l1, l2 = self.l1_ratio, 1 - self.l1_ratio
        return Penalties(alpha_W * l1, alpha_H * l1, alpha_W * l2, alpha_H * l2)

    def _search(
        self, given: Given, rank: int, begin: tuple[np.ndarray, np.ndarray] | None, random: np.random.RandomState
    ) -> Done:
        common: dict[str, Any] = {
            "n_init": self.n_init,
            "init_from": None if begin is None else {"W": begin[0], "H": begin[1]},
            "max_iter": self.max_iter,
            "tol": gain(self.tol),
            "time_limit": self.time_budget,
            "callback": self.callback,
            "verbose": self.verbose,
        }
        if self.objective is not None:
            init = self.init if begin is None and self.init is not None else "auto"
            params = check_params("numbers", self.numbers, self.objective)
            self._found = find(given.X, self.objective, rank, params, init=init, seed=seed_of(random), **common)
            return self._done(self._found, given, float(self._found.cost))
        penalties = self._penalties(given.n_samples, given.X.shape[1])
        self._warn_of_one_penalty()
        if begin is not None and self.solver == "mu" and not given.masked:
            self._warn_of_zeros(begin)
            return self._multiplicative(given, rank, begin, random, penalties)
        text, params = self._stated(given, penalties)
        data = {"X": given.X}
        if "q" in params:
            data["q"] = params.pop("q")
        method = "hals" if self.solver == "cd" and not given.masked else None
        found = search(
            data, text, rank=1, params={**params, "k": rank}, seed=seed_of(random), method=method,
            own=("factors-shrunk", "unbounded-scale", "zeros-stay"), **common,
        )  # fmt: skip
        return self._done(found, given, None)

    def _warn_of_zeros(self, begin: tuple[np.ndarray, np.ndarray]) -> None:
        """Warns of zeros at the start, which stay: this solver multiplies."""
        counts = {name: int(np.count_nonzero(B == 0)) for name, B in zip(("W", "H"), begin)}
        if not any(counts.values()):
            return
        zeros = " and ".join(f"{count} entries of {name}" for name, count in counts.items() if count)
        remedy = "init='nndsvda' or 'nndsvdar'" if self.init == "nndsvd" else "a start of small numbers, or another solver"
        text = f"{zeros} begin at 0 and will stay there, for the solver 'mu' only multiplies: use {remedy}"
        warn(coded_warning("zeros-stay", text))

    def _warn_of_stuck(self, begin: tuple[np.ndarray, np.ndarray] | None, done: Done) -> None:
        """Warns of factors that began at 0 and are there still."""
        if self.solver == "mu" or begin is None or any(B.any() for B in (*begin, done.W, done.H)) or not done.cost:
            return
        text = f"W and H began at 0, where no step of the solver {self.solver!r} lowers the error, and are 0 still"
        warn(coded_warning("zeros-stay", f"{text}: use a start of small numbers, or solver='derived'"))

    def _warn_of_one_penalty(self) -> None:
        """Warns of a penalty on one factor, which the other one makes worth nothing."""
        weights = {"W": self.alpha_W, "H": self._alpha_H()}
        for small, large in (("W", "H"), ("H", "W")):
            if weights[small] and not weights[large]:
                text = f"making {small} smaller and {large} larger by the same factor leaves W @ H as it is and lowers the penalty"
                text = f"the objective has no least value: {text} of alpha_{small}, without end. Set alpha_{large}, too"
                warn(coded_warning("unbounded-scale", text))

    def _warn_of_shrunk(self, given: Given, done: Done) -> None:
        """Warns where penalties left nothing of the components, by the names of the parameters that weigh them."""
        weights = [name for name in ("alpha_W", "alpha_H") if getattr(self, name) not in ("same", 0)]
        largest = given.X.data if sparse.issparse(given.X) else given.X
        largest = np.nanmax(largest, initial=0.0)
        if weights and self.objective is None and done.W.max() * done.H.max() < SHRUNK * largest:
            warn(coded_warning("factors-shrunk", f"all factors were shrunk to 0: lower {' and '.join(weights)}"))

    def _done(self, found: Factorization, given: Given, cost: float | None) -> Done:
        W, H = (np.array(found.factors[name], dtype=given.X.dtype) for name in ("W", "H"))
        if cost is None:
            of = self._masked_error if given.masked else lambda given, *factors: error(given.X, *factors)
            cost = of(given, W, H, self._beta())
        return Done(W, H, cost, found.iterations, found.stop_reason, found._core.best)

    def _multiplicative(
        self,
        given: Given,
        rank: int,
        begin: tuple[np.ndarray, np.ndarray],
        random: np.random.RandomState,
        penalties: Penalties,
    ) -> Done:
        n, m = given.X.shape
        best = None
        with Bar(self.verbose) as bar:
            for k in range(self.n_init):
                W, H = begin if k == 0 else random_start(n, m, given.mean, rank, random, given.X.dtype)
                done = multiplicative(
                    given.X,
                    W,
                    H,
                    self._beta(),
                    penalties,
                    max_iter=self.max_iter,
                    tol=self.tol,
                    time_budget=self.time_budget,
                    listener=both(bar.listener, self.callback),
                )
                if best is None or done.cost < best.cost:
                    best = done._replace(start=k)
                if done.stop_reason in ("interrupted", "time_limit"):
                    break
        assert best is not None
        return best

    def _stated(self, given: Given, penalties: Penalties) -> tuple[str, dict[str, Any]]:
        """The objective in the engine's language, and its parameters."""
        each = {2.0: "0.5*(X - W @ H)**2", 1.0: "kl(X, W @ H)"}.get(self._beta())
        if each is None:
            raise coded(ValueError, "method-unsupported", f"beta_loss = {self.beta_loss!r} does not go with missing values: state the objective for ObjectiveFactorization instead")
        terms = [f"sum(observed(X) * {each})" if given.masked else f"sum({each})"]
        params: dict[str, Any] = {}
        for name, term in (("l1_W", "sum(abs(W))"), ("l1_H", "sum(abs(H))"), ("l2_W", "sum(W**2)"), ("l2_H", "sum(H**2)")):
            weight = getattr(penalties, name)
            if weight:
                # Rows that sample weights have scaled: the penalty of each sample counts as often as the sample.
                if given.scale is not None and name.endswith("W") and (name == "l1_W") == (self._beta() == 2):
                    q = given.scale if name == "l1_W" else 1 / given.scale
                    params["q"] = q[:, None].astype(given.X.dtype)
                    term = "sum(q * W)" if name == "l1_W" else "sum(q * W**2)"
                params[name] = float(weight) * (0.5 if name.startswith("l2") else 1)
                terms.append(f"{name} * {term}")
        return f"minimize over W[n,k], H[k,m]: {' + '.join(terms)} subject to W >= 0, H >= 0", params

    def _masked_error(self, given: Given, W: np.ndarray, H: np.ndarray, beta: float) -> float:
        x, w, h = ek.matrix("X"), ek.matrix("W"), ek.matrix("H")
        each = (x - w @ h) ** 2 if beta == 2 else 2 * ek.kl(x, w @ h)
        value = function([x, w, h], ek.sum(ek.observed(x) * each))(given.X, W, H)
        return float(np.sqrt(max(value, 0.0)))

    def _transform(self, X: Any) -> np.ndarray:
        given = self._given(X, None)
        n, rank = X.shape[0], self.n_components_
        H = self.components_.astype(X.dtype, copy=False)
        penalties = self._penalties(n, X.shape[1])
        if self.solver == "mu" and not given.masked and not self.objective:
            W = np.full((n, rank), np.sqrt(given.mean / rank), dtype=X.dtype)
            done = multiplicative(
                X, W, H, self._beta(), penalties, update_H=False, max_iter=self.max_iter, tol=self.tol
            )
            warn_of(self, done.stop_reason, done.n_iter, self.max_iter, self.tol)
            return done.W
        if self.objective is not None:
            return np.array(self._found.transform(given.X)["W"], dtype=X.dtype)
        text, params = self._stated(given, penalties._replace(l1_H=0.0, l2_H=0.0))
        return np.array(fold_in(given.X, text, {**params, "k": rank}, {"H": H})["W"], dtype=X.dtype)

    @property
    def _n_features_out(self) -> int:
        return int(self.components_.shape[0])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = self.missing_values is not None
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
