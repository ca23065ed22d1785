"""Search: what the estimators have in common around `eckart.factorize`."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from .._eckart import FoldIn, Matrix
from .._errors import EckartWarning, coded, coded_warning, warn
from .._factorize import factorize, stated

ADVICE = {
    "max_iter": "the cost was still falling after max_iter={max_iter} iterations: raise max_iter, or accept it with a "
    "larger tol",
    "time_limit": "the time budget was over after {n_iter} iterations while the cost was still falling: give more time, "
    "or accept it with a larger tol",
    "interrupted": "interrupted after {n_iter} iterations: the model holds the best factors so far",
}


class EckartConvergenceWarning(EckartWarning, ConvergenceWarning):
    """A search ended before its cost settled; scikit-learn's `ConvergenceWarning`, with a code."""


def warn_of(estimator: Any, stop_reason: str, n_iter: int, max_iter: int, tol: float) -> None:
    """Warns where a search ended before the cost settled, with what to do; `factorize` tells of one that diverged."""
    if stop_reason not in ADVICE or (stop_reason == "max_iter" and tol <= 0):
        return
    text = ADVICE[stop_reason].format(max_iter=max_iter, n_iter=n_iter)
    warn(coded_warning("not-converged", f"{type(estimator).__name__}: {text}", EckartConvergenceWarning))


def fold_in(X: Any, text: str, numbers: dict[str, float], held: dict[str, Any]) -> dict[str, np.ndarray]:
    """
    The row factors of X by name, everything else held.

    What is left is convex and falls apart into rows: each is solved to its end, and gets the same bits whatever rows are
    beside it.
    """
    problem, _, _ = stated({"X": X}, text, 1, numbers, hold=held)
    x = problem["data"][0][1]
    found, _ = FoldIn(problem, "X", x.shape).transform(x, [])
    return {name: matrix.to_array() for name, matrix in found}


def gain(tol: float) -> float:
    """
    The engine's tolerance that stands for scikit-learn's.

    scikit-learn stops where the slope that is left is at most `tol` times that of the first iteration, the engine where
    an iteration gains at most a share of what was gained before (or of ten times what is left). Gains go with the square of
    slopes where the two are small; the power is what makes both stop at nearly the same iteration on planted data and
    pictures of digits, for tolerances of 1e-3 and 1e-4. Where scikit-learn stops after two iterations, since the slope of
    its start is out of all proportion (dense pictures from ``nndsvda``), the engine goes on.
    """
    return min(float(tol) ** 1.5, 0.5)


def plain(X: Any) -> Any:
    """The data as scikit-learn takes it: an `eckart.Matrix` as an array, or as compressed rows."""
    if not isinstance(X, Matrix):
        return X
    return X.to_scipy() if X.is_sparse else X.to_array()


def check_numbers(numbers: Any, objective: str | None) -> dict[str, float]:
    """The parameter `numbers`: those that the text of an objective names."""
    if numbers is None:
        return {}
    if not isinstance(numbers, Mapping):
        raise coded(TypeError, "wrong-type", f"numbers is {numbers!r}, it must be a dict of names and numbers, such as {{'a': 0.1}}")
    if numbers and objective is None:
        raise coded(ValueError, "unused-parameter", f"numbers gives {', '.join(map(repr, numbers))}, and only a text in `objective` can name numbers")
    checked = {}
    for name, value in numbers.items():
        if not isinstance(name, str):
            raise coded(TypeError, "wrong-type", f"numbers has the name {name!r}, it must be a text, as in the objective")
        if not isinstance(value, Real) or isinstance(value, bool) or not np.isfinite(float(value)):
            raise coded(ValueError, "not-a-number", f"numbers[{name!r}] is {value!r}, it must be a finite number")
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
    B: np.ndarray
    batches: int


def seen(before: Seen | None, X: Any, W: np.ndarray) -> Seen:
    """
    What is known of the rows of all batches, this one included.

    The codes of earlier batches were those of worse components: they count less with time, by
    ``(1 - 1/t)**2`` at batch t (Mairal et al. 2010, section 3.4.1).
    """
    W = W.astype(np.float64)
    A, B = W.T @ W, np.asarray((X.T @ W).T, dtype=np.float64)
    if before is None:
        return Seen(A, B, 1)
    t = before.batches + 1
    kept = (1 - 1 / t) ** 2
    return Seen(kept * before.A + A, kept * before.B + B, t)


def components(known: Seen, H: np.ndarray, bounds: str, dtype: Any) -> np.ndarray:
    """The components that are best for all rows seen (Mairal et al. 2010, algorithm 2)."""
    A, B, _ = known
    text = f"minimize over H[k,m]: sum(H * (A @ H)) - 2*sum(B * H) subject to {bounds}"
    data, start = {"B": B, "A": A}, {"H": H.astype(np.float64)}
    found = factorize(data, text, rank=1, numbers={"k": len(A)}, start=start, max_iter=100)
    return np.array(found.H, dtype=dtype)
