"""scikit-learn: non-negative factorization, from the start that it is given, for a number of iterations.

By coordinate descent, which its documentation names as the faster way; by multiplicative updates for the Kullback-Leibler
divergence, for which it has no other.
"""

import warnings

import numpy as np
from sklearn.decomposition import non_negative_factorization
from sklearn.exceptions import ConvergenceWarning

PACKAGES = ["scikit-learn"]


def fitted(data, x, w, h, iterations=200, **settings):
    warnings.simplefilter("ignore", ConvergenceWarning)
    found = non_negative_factorization(
        x, W=w.copy(), H=h.copy(), n_components=data.rank, init="custom", tol=0.0, max_iter=iterations, **settings
    )
    return found[:2]


def nmf(data):
    x, w, h = data.x(), data.array("start-W"), data.array("start-H")
    return lambda: fitted(data, x, w, h, solver="cd")


def kl_nmf(data):
    x, w, h = data.x(), data.array("start-W"), data.array("start-H")
    return lambda: fitted(data, x, w, h, solver="mu", beta_loss="kullback-leibler")


class Path:
    """The cost after each iteration, found one iteration at a time where somebody asks for it."""

    def __init__(self, step, x, w, h, iterations):
        self.step, self.x, self.start, self.iterations = step, x, (w, h), iterations

    def __iter__(self):
        w, h = self.start
        for _ in range(self.iterations):
            w, h = self.step(w, h, 1)
            yield np.sum((self.x - w @ h) ** 2)


def hals(data):
    x, w, h = data.x(), data.w(), data.h()

    def step(w, h, iterations):
        return fitted(data, x, w, h, iterations, solver="cd")

    def run():
        step(w, h, 200)
        return Path(step, x, w, h, 200)

    return run
