"""Search: what the estimators have in common around `eckart.factorize`."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, NamedTuple, TypeVar

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from .._eckart import FoldIn
from .._errors import EckartWarning, coded, coded_warning, told, warn
from .._factorization import Factorization
from .._factorize import searched, stated

T = TypeVar("T")
ADVICE = {
    "max_iter": "not converged after max_iter={max_iter} iterations: increase max_iter, or tol",
    "time_limit": "not converged after {n_iter} iterations within the time budget: increase it, or tol",
    "interrupted": "interrupted after {n_iter} iterations: the model holds the best factors so far",
}


SHARED = {
    "random_state": """
        random_state : int, RandomState instance or None, default=None
            Seed of the initialization.
    """,
    "n_init": """
        n_init : int, default=1
            Number of starts; the one of least cost is kept. All but the first are random.
    """,
    "verbose": """
        verbose : int, default=0
            1 shows a progress bar.
    """,
    "callback": """
        callback : callable, default=None
            Called after each iteration with a dict; a true result ends the search and keeps the model.
    """,
    "time_budget": """
        time_budget : float, default=None
            Seconds, all starts counted.
    """,
    "n_iter_": """
        n_iter_ : int
            Iterations.
    """,
    "stop_reason_": """
        stop_reason_ : str
            Why the search ended; see `eckart.Factorization`.
    """,
    "n_features_in_": """
        n_features_in_ : int
            Features seen in `fit`.
    """,
    "feature_names_in_": """
        feature_names_in_ : ndarray of shape (n_features_in_,)
            Their names, where X has names that are all strings.
    """,
    "convergence": """
        max_iter : int, default=100
            Iterations per start, at most.
        tol : float, default=1e-6
            A start has converged when the relative decrease of its cost is at most this in 3 successive
            iterations.
    """,
    "coding": """
        transform_n_nonzero_coefs : int, default=None
            Maximum number of non-zeros per code, for "omp" and "lars".
        n_jobs : int, default=None
            For "omp" and "lars".
        split_sign : bool, default=False
            Positive and negative parts of codes as features of their own.
        transform_max_iter : int, default=1000
            Accepted; codes are solved to convergence.
    """,
    "users_and_items": """
        user_factors_ : ndarray of shape (n_users, n_components)
        item_factors_ : ndarray of shape (n_items, n_components)
        components_ : ndarray of shape (n_components, n_items)
            The items' factors, transposed.
    """,
    "ids": """
        user_ids_, item_ids_ : ndarray
            The ids, or numbers from 0 where the data has none, in the order of the data: of a list that in which they first
            appear, but for ids of a file that are all whole numbers, which `eckart.read` sorts.
        n_components_, n_iter_, cost_, stop_reason_, n_features_in_, feature_names_in_
            As in the other estimators.
    """,
}
"""Parameters and attributes that estimators have in common, as they are documented."""


def documented(estimator: type[T]) -> type[T]:
    """Puts the texts of `SHARED` in the place of the lines ``%name`` of an estimator's documentation."""
    if estimator.__doc__:  # there is none under -OO
        text = re.compile(r"^( *)%(\w+)$", re.MULTILINE)
        estimator.__doc__ = text.sub(lambda line: textwrap.indent(inspect.cleandoc(SHARED[line[2]]), line[1]), estimator.__doc__)
    return estimator


class EckartConvergenceWarning(EckartWarning, ConvergenceWarning):
    """A search ended before it converged; scikit-learn's `ConvergenceWarning`, with a code."""


class EckartRuntimeWarning(EckartWarning, RuntimeWarning):
    """What scikit-learn warns of as a `RuntimeWarning`, with a code."""


def search(data: Any, objective: Any, rank: int, own: tuple[str, ...] = (), **given: Any) -> Factorization:
    """What `eckart.factorize` finds for an estimator, which says in its own words that its search did not converge, and what
    the codes in `own` say."""

    def tell(warning: EckartWarning) -> None:
        if warning.code not in ("not-converged", *own):
            warn(warning)

    return searched(data, objective, rank, given, tell)


def warn_of(estimator: Any, stop_reason: str, n_iter: int, max_iter: int, tol: float) -> None:
    """Warns where a search ended before it converged, with what to do; `factorize` tells of one that diverged."""
    if stop_reason not in ADVICE or (stop_reason == "max_iter" and tol <= 0):
        return
    text = ADVICE[stop_reason].format(max_iter=max_iter, n_iter=n_iter)
    warn(coded_warning("not-converged", f"{type(estimator).__name__}: {text}", EckartConvergenceWarning))


def fold_in(X: Any, text: str, params: dict[str, float], fixed: dict[str, Any]) -> dict[str, np.ndarray]:
    """
    The row factors of X by name, everything else fixed.

    What is left is convex and falls apart into rows: each is solved to its end, and gets the same bits whatever rows are
    beside it.
    """
    problem, _, _ = stated({"X": X}, text, 1, params, fix=fixed)
    x = problem["data"][0][1]
    found, about = FoldIn(problem, "X", x.shape).transform(x, [])
    for warning in told(about):
        warn(warning)
    return {name: matrix.to_array() for name, matrix in found}


def gain(tol: float) -> float:
    """
    The engine's tolerance that stands for scikit-learn's.

    scikit-learn stops where the slope that is left is at most `tol` times that of the first iteration, the engine where
    20 iterations gain at most a share of the cost. Gains go with the square of slopes where the two are small; the power is
    what makes both stop at nearly the same iteration on planted data and pictures of digits, for tolerances of 1e-3 and
    1e-4. Where scikit-learn stops after two iterations, since the slope of
    its start is out of all proportion (dense pictures from ``nndsvda``), the engine goes on.
    """
    return min(240 * float(tol) ** 1.5, 0.5)


def check_params(argument: str, params: Any, objective: Any) -> dict[str, float]:
    """The parameters that the text of an objective names."""
    if params is None:
        return {}
    if not isinstance(params, Mapping):
        raise coded(TypeError, "wrong-type", f"{argument} is {params!r}, it must be a dict of names and numbers, such as {{'a': 0.1}}")
    if params and objective is None:
        raise coded(ValueError, "unused-parameter", f"{argument} gives {', '.join(map(repr, params))}, and only a text in `objective` can name them")
    checked = {}
    for name, value in params.items():
        if not isinstance(name, str):
            raise coded(TypeError, "wrong-type", f"{argument} has the name {name!r}, it must be a text, as in the objective")
        if not isinstance(value, Real) or isinstance(value, bool) or not np.isfinite(float(value)):
            raise coded(ValueError, "not-a-number", f"{argument}[{name!r}] is {value!r}, it must be a finite number")
        checked[name] = float(value)
    return checked


def seed_of(random: np.random.RandomState) -> int:
    """A seed of the engine, drawn from a random state."""
    return int(random.randint(np.iinfo(np.int32).max))


def check_whole(name: str, value: Any, least: int = 1) -> int:
    """A parameter that must be a whole number."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise coded(ValueError, "setting-out-of-range", f"{name} is {value!r}, it must be a whole number of at least {least}")
    return int(value)


def check_real(name: str, value: Any, least: float = 0.0, most: float = np.inf) -> float:
    """A parameter that must be a number within limits."""
    if not isinstance(value, Real) or isinstance(value, bool) or not least <= float(value) <= most:
        raise coded(ValueError, "setting-out-of-range", f"{name} is {value!r}, it must be a number from {least:g} to {most:g}")
    return float(value)


def check_one_of(name: str, value: Any, known: tuple[Any, ...]) -> Any:
    """A parameter that must be one of some values."""
    if not isinstance(value, str) and value is not None or value not in known:
        raise coded(ValueError, "unknown-choice", f"{name} is {value!r}, it must be one of {', '.join(map(repr, known))}")
    return value


class Seen(NamedTuple):
    """What is known of the rows of all batches: W.T @ W, W.T @ X, and how many batches there were."""

    A: np.ndarray
    B: np.ndarray | None
    """None where it is that of one fit, which is as large as H: there it is about A @ H."""
    batches: int

    def known(self, H: np.ndarray) -> Seen:
        """The same with all products."""
        return self if self.B is not None else self._replace(B=self.A @ H.astype(np.float64))


def to_pickle(state: dict[str, Any]) -> dict[str, Any]:
    """The state of an estimator without what follows from its components."""
    seen = state.get("_seen")
    return {**state, "_seen": seen._replace(B=None)} if seen is not None and seen.batches == 1 else state


def without_copies(state: dict[str, Any]) -> dict[str, Any]:
    """The state of an estimator without the factors that its `Factorization` holds as well."""
    found: Factorization | None = state.get("_found")
    if found is None:
        return state
    own = {**state.get("factors_", {}), "H": state["components_"]}
    same = all(name in found.factors and _are_same(B, found.factors[name]) for name, B in own.items())
    return {name: value for name, value in state.items() if name not in ("factors_", "components_")} if same else state


def _are_same(A: np.ndarray, B: np.ndarray) -> bool:
    return A.dtype == B.dtype and np.array_equal(A, B, equal_nan=True)


def seen(before: Seen | None, X: Any, W: np.ndarray) -> Seen:
    """
    What is known of the rows of all batches, this one included.

    The codes of earlier batches were those of worse components: they count less with time, by
    ``(1 - 1/t)**2`` at batch t (Mairal et al. 2010, section 3.4.1).
    """
    W = W.astype(np.float64)
    A, B = W.T @ W, np.asarray((X.T @ W).T, dtype=np.float64)
    if before is None or before.B is None:
        return Seen(A, B, 1)
    t = before.batches + 1
    kept = (1 - 1 / t) ** 2
    return Seen(kept * before.A + A, kept * before.B + B, t)


def components(known: Seen, H: np.ndarray, bounds: str, dtype: Any) -> np.ndarray:
    """The components that are best for all rows seen (Mairal et al. 2010, algorithm 2)."""
    A, B = known.A, known.B
    text = f"minimize over H[k,m]: sum(H * (A @ H)) - 2*sum(B * H) subject to {bounds}"
    data, start = {"B": B, "A": A}, {"H": H.astype(np.float64)}
    found = search(data, text, rank=1, params={"k": len(A)}, init_from=start, max_iter=100)
    return np.array(found.H, dtype=dtype)
