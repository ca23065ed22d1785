"""NumPy: the seed step in Gram form, as an expert writes it by hand.

X - W H is never formed: cost and gradients follow from X H^T, W^T X and the r x r Grams. The sum of squares of X is
computed once. Every product goes into an array that is there, and is one call of BLAS on whole, contiguous arrays.
Which memory order of W and H is the faster one depends on BLAS, so all four are tried before the clock runs.
"""

import itertools
import time

import numpy as np

PACKAGES = ["numpy"]


def multiply(a, b, out):
    """a @ b, into an array of either order."""
    if out.flags.c_contiguous:
        np.dot(a, b, out=out)
    else:
        np.dot(b.T, a.T, out=out.T)


def square(flat):
    return float(np.vdot(flat, flat))


class Factor:
    """W, or H upright, with its gradient, in rows (C) or in columns (F)."""

    def __init__(self, start, order):
        self.value = np.array(start, order=order)
        self.gradient, self.rest = np.empty_like(self.value), np.empty_like(self.value)
        self.gram = np.empty((start.shape[1],) * 2, start.dtype)
        # The same numbers as one line, for sums.
        self.flat, self.slope = self.value.ravel("K"), self.gradient.ravel("K")

    def prepare(self):
        np.dot(self.value.T, self.value, out=self.gram)

    def move(self, gram, beta):
        """Down half the gradient, value @ (gram + penalty) - X @ other, to a length of beta."""
        gram.flat[:: len(gram) + 1] += gram.dtype.type(1e-3)
        multiply(self.value, gram, out=self.rest)
        np.subtract(self.rest, self.gradient, out=self.gradient)
        self.gradient *= gram.dtype.type(beta / np.sqrt(square(self.slope)))
        np.subtract(self.value, self.gradient, out=self.value)


def step_of(x, squares, w, ht):
    state = {"beta": 1.0}

    def run():
        w.prepare()
        ht.prepare()
        multiply(x, ht.value, out=w.gradient)
        multiply(x.T, w.value, out=ht.gradient)
        fit = squares - 2.0 * float(np.vdot(w.slope, w.flat)) + float(np.vdot(w.gram, ht.gram))
        cost = fit + 1e-3 * (square(w.flat) + square(ht.flat))
        w.move(ht.gram, state["beta"])
        ht.move(w.gram, state["beta"])
        state["beta"] *= 0.99
        return cost, w.value, ht.value.T

    return run


def seed_step(data):
    x, w, ht = data.x(), data.w(), np.ascontiguousarray(data.h().T)
    squares = float(np.sum(np.square(x, dtype=np.float64)))

    def made(orders):
        return step_of(x, squares, *(Factor(start, order) for start, order in zip((w, ht), orders, strict=True)))

    def least_time(orders):
        run, times = made(orders), []
        for _ in range(7):
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
        return min(times)

    return made(min(itertools.product("CF", repeat=2), key=least_time))
