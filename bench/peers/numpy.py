"""NumPy: the seed step in Gram form, as an expert writes it by hand.

X - W H is never formed: cost and gradients follow from X H^T, W^T X and the r x r Grams. The sum of squares of X is
computed once. Every product goes into an array that is there, and is one call of BLAS on whole, contiguous arrays.
"""

import numpy as np

PACKAGES = ["numpy"]


def seed_step(data):
    x, w, h = data.x(), data.w(), data.h()
    ht = np.ascontiguousarray(h.T)  # H is kept upright: both gradients are then tall, as W is
    n, m, rank = *x.shape, data.rank
    dtype = x.dtype.type
    squares = float(np.vdot(x, x)) if dtype == np.float64 else float(np.sum(np.square(x, dtype=np.float64)))
    gw, ght = np.empty((n, rank), dtype), np.empty((m, rank), dtype)
    rest_w, rest_h = np.empty_like(gw), np.empty_like(ght)
    gram_w, gram_h = np.empty((rank, rank), dtype), np.empty((rank, rank), dtype)
    state = {"beta": 1.0}

    def run():
        np.dot(w.T, w, out=gram_w)
        np.dot(ht.T, ht, out=gram_h)
        np.dot(x, ht, out=gw)
        np.dot(x.T, w, out=ght)
        cross = float(np.vdot(gw, w))
        fit = squares - 2.0 * cross + float(np.vdot(gram_w, gram_h))
        cost = fit + 1e-3 * (float(np.trace(gram_w)) + float(np.trace(gram_h)))
        # The penalty goes into the Grams' diagonals: half the gradient is W (H H^T + l I) - X H^T.
        gram_h.flat[:: rank + 1] += dtype(1e-3)
        gram_w.flat[:: rank + 1] += dtype(1e-3)
        for factor, gradient, gram, rest in ((w, gw, gram_h, rest_w), (ht, ght, gram_w, rest_h)):
            np.dot(factor, gram, out=rest)
            np.subtract(rest, gradient, out=gradient)
            # Only the direction counts, so the factor 2 falls out.
            gradient *= dtype(state["beta"] / np.sqrt(float(np.vdot(gradient, gradient))))
            np.subtract(factor, gradient, out=factor)
        state["beta"] *= 0.99
        return cost, w, ht.T

    return run
