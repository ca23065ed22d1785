"""
Multiplicative updates of W and H for any beta-divergence, as formulas of the engine.

The updates are those of Lee and Seung (2001, theorems 1 and 2) and, for other beta, of Fevotte and Idier (2011, eq. 4.1),
with the guards against division by zero that scikit-learn has. Where X is sparse, the engine computes W @ H at its stored
entries alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .. import _formulas as ek
from .._function import Function, function

EPSILON = float(np.finfo(np.float32).eps)
SMALLEST = float(np.finfo(np.float64).eps)
LOOK = 10
"""Iterations between looks at the error, as in scikit-learn."""


class Penalties(NamedTuple):
    """The penalties of the objective ``loss + l1 sum(B) + l2 sum(B**2) / 2``, for W and for H."""

    l1_W: float = 0.0
    l1_H: float = 0.0
    l2_W: float = 0.0
    l2_H: float = 0.0


class Done(NamedTuple):
    """What an algorithm ends with."""

    W: np.ndarray
    H: np.ndarray
    cost: float
    n_iter: int
    stop_reason: str
    start: int = 0
    """The start that it began from."""


def divergence(X: ek.Expr, S: ek.Expr, beta: float) -> ek.Expr:
    """The beta-divergence of X from S, 1 x 1; half the squared error at 2 (Fevotte and Idier 2011, eq. 2.2)."""
    if beta == 2:
        return ek.sum((X - S) ** 2) / 2
    if beta == 1:
        return ek.sum(ek.kl(X, S))
    if beta == 0:
        return ek.sum(X / S - ek.log(X) + ek.log(S) - 1)
    return ek.sum(X**beta - beta * X * S ** (beta - 1) + (beta - 1) * S**beta) / (beta * (beta - 1))


def error(X: Any, W: np.ndarray, H: np.ndarray, beta: float) -> float:
    """The root of twice the beta-divergence of X from W @ H."""
    x, w, h = ek.matrix("X"), ek.matrix("W"), ek.matrix("H")
    product = w @ h if beta == 2 else ek.max(w @ h, EPSILON)
    value: float = function([x, w, h], divergence(x, product, beta))(X, W, H)
    return float(np.sqrt(2 * max(value, 0.0)))


def _factor_step(X: ek.Expr, B: ek.Expr, other: ek.Expr, right: bool, beta: float, l1: float, l2: float) -> ek.Expr:
    """The new B. It stands left in ``B @ other``, or `right` in ``other @ B``."""
    S = other @ B if right else B @ other

    def pulled(by: ek.Expr) -> ek.Expr:
        return other.T @ by if right else by @ other.T

    if beta == 2:
        up = pulled(X)
        down = (other.T @ other) @ B if right else B @ (other @ other.T)
    else:
        safe = ek.max(S, EPSILON)
        up = pulled(X * safe ** (beta - 2))
        if beta == 1:
            down = other.sum(axis=0).T if right else other.sum(axis=1).T
        else:
            down = pulled(safe ** (beta - 1))
    if l1:
        down = down + l1
    if l2:
        down = down + l2 * B
    ratio = up / ek.max(down, EPSILON)
    if beta < 1:
        ratio = ratio ** (1 / (2 - beta))
    elif beta > 2:
        ratio = ratio ** (1 / (beta - 1))
    new = B * ratio
    # An entry that falls below what can be told from 0 is 0, as in scikit-learn: it can't rise again.
    return new * ek.greater(new, SMALLEST) if beta < 1 or (right and beta == 1) else new


def multiplicative(
    X: Any,
    W: np.ndarray,
    H: np.ndarray,
    beta: float,
    penalties: Penalties,
    *,
    update_H: bool = True,
    max_iter: int,
    tol: float,
    time_budget: float | None = None,
    listener: Callable[[dict[str, Any]], Any] | None = None,
) -> Done:
    """W and H, moved in turn until ten iterations lower the error by less than `tol` times that at the start."""
    began = time.monotonic()
    x, w, h = ek.matrix("X"), ek.shared(W, "W"), ek.shared(H, "H")
    new_w = _factor_step(x, w, h, False, beta, penalties.l1_W, penalties.l2_W)
    new_h = _factor_step(x, h, w, True, beta, penalties.l1_H, penalties.l2_H)
    product = w @ h if beta == 2 else ek.max(w @ h, EPSILON)
    loss: Function = function([x], divergence(x, product, beta))
    steps = [function([x], updates=[(w, new_w)])]
    if update_H:
        steps.append(function([x], updates=[(h, new_h)]))

    def cost() -> float:
        return float(np.sqrt(2 * max(loss(X), 0.0)))

    first = last = cost()
    stop, n_iter = "max_iter", 0
    try:
        while n_iter < max_iter and stop == "max_iter":
            for step in steps:
                step(X)
            n_iter += 1
            if listener is not None:
                now = cost() ** 2 / 2
                told = {"start": 0, "starts": 1, "iteration": n_iter, "max_iter": max_iter, "cost": now, "best": now}
                stop = "interrupted" if listener(told) else stop
            if time_budget is not None and time.monotonic() - began >= time_budget:
                stop = "time_limit"
            elif tol > 0 and n_iter % LOOK == 0 and stop == "max_iter":
                now = cost()
                stop = "settled" if (last - now) / first < tol else stop
                last = now
    except KeyboardInterrupt:
        # A call that is interrupted has changed nothing, or all: the factors are whole.
        stop = "interrupted"
    return Done(w.get_value(), h.get_value(), cost(), n_iter, stop)
