"""Search: what the estimators have in common around `eckart.factorize`."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

ADVICE = {
    "max_iter": "the cost was still falling after max_iter={max_iter} iterations: raise max_iter, or accept it with a "
    "larger tol",
    "time_limit": "the time budget was over after {n_iter} iterations while the cost was still falling: give more time, "
    "or accept it with a larger tol",
    "interrupted": "interrupted after {n_iter} iterations: the model holds the best factors so far",
    "diverged": "the cost became infinite or undefined after {n_iter} iterations: scale the data, or choose another "
    "objective or start",
}


def warn_of(estimator: Any, stop_reason: str, n_iter: int, max_iter: int, tol: float) -> None:
    """Warns where a search ended before the cost settled, with what to do."""
    if stop_reason not in ADVICE or (stop_reason == "max_iter" and tol <= 0):
        return
    text = ADVICE[stop_reason].format(max_iter=max_iter, n_iter=n_iter)
    warnings.warn(f"{type(estimator).__name__}: {text}", ConvergenceWarning, stacklevel=4)


def seed_of(random: np.random.RandomState) -> int:
    """A seed of the engine, drawn from a random state."""
    return int(random.randint(np.iinfo(np.int32).max))


def check_whole(name: str, value: Any, least: int = 1) -> int:
    """A parameter that must be a whole number."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} is {value!r}, it must be a whole number of at least {least}")
    return int(value)


def check_real(name: str, value: Any, least: float = 0.0, most: float = np.inf) -> float:
    """A parameter that must be a number within limits."""
    if not isinstance(value, Real) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"{name} is {value!r}, it must be a number from {least:g} to {most:g}")
    return float(value)


def check_one_of(name: str, value: Any, known: tuple[Any, ...]) -> Any:
    """A parameter that must be one of some values."""
    if not isinstance(value, str) and value is not None or value not in known:
        raise ValueError(f"{name} is {value!r}, it must be one of {', '.join(map(repr, known))}")
    return value
