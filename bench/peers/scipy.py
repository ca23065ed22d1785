"""SciPy: sparse data by hand: the Gram form of the seed step, and what only needs the stored entries.

X is kept by rows and, prepared outside the clock, its transpose by rows too, so that both products run over rows. H is
kept upright, since a sparse matrix is multiplied with contiguous rows.
"""

import numpy as np

PACKAGES = ["scipy"]


def seed_step(data):
    x, w, ht = data.x(), data.w(), np.ascontiguousarray(data.h().T)
    xt = x.T.tocsr()
    rank, dtype = data.rank, x.dtype.type
    squares = float(np.sum(np.square(x.data, dtype=np.float64)))
    gram_w, gram_h = np.empty((rank, rank), dtype), np.empty((rank, rank), dtype)
    rest_w, rest_h = np.empty_like(w), np.empty_like(ht)
    state = {"beta": 1.0}

    def run():
        np.dot(w.T, w, out=gram_w)
        np.dot(ht.T, ht, out=gram_h)
        gw, ght = x @ ht, xt @ w
        fit = squares - 2.0 * float(np.vdot(gw, w)) + float(np.vdot(gram_w, gram_h))
        cost = fit + 1e-3 * (float(np.trace(gram_w)) + float(np.trace(gram_h)))
        gram_h.flat[:: rank + 1] += dtype(1e-3)
        gram_w.flat[:: rank + 1] += dtype(1e-3)
        for factor, gradient, gram, rest in ((w, gw, gram_h, rest_w), (ht, ght, gram_w, rest_h)):
            np.dot(factor, gram, out=rest)
            np.subtract(rest, gradient, out=gradient)
            gradient *= dtype(state["beta"] / np.sqrt(float(np.vdot(gradient, gradient))))
            np.subtract(factor, gradient, out=factor)
        state["beta"] *= 0.99
        return cost, w, ht.T

    return run


# Stored entries whose factors' rows are gathered at once: two such blocks of rank 32 stay in a core's second cache.
BLOCK = 4096


def kl(data):
    from scipy import sparse

    x, w, ht = data.x(), data.w(), np.ascontiguousarray(data.h().T)
    rows = np.repeat(np.arange(x.shape[0], dtype=np.int32), np.diff(x.indptr))
    cols, values = x.indices, x.data
    # The ratio on the same pattern, by rows and by columns, with where each entry of the transpose comes from.
    ratio = sparse.csr_matrix((np.empty_like(values), cols, x.indptr), shape=x.shape)
    places = sparse.csr_matrix((np.arange(1, x.nnz + 1), cols, x.indptr), shape=x.shape).T.tocsr()
    order = places.data - 1
    ratio_t = sparse.csr_matrix((np.empty_like(values), places.indices, places.indptr), shape=x.shape[::-1])
    positive = values[values > 0].astype(np.float64)
    constant = float(np.sum(positive * np.log(positive)) - np.sum(positive))
    of_w, of_h = np.empty((BLOCK, data.rank), w.dtype), np.empty((BLOCK, data.rank), w.dtype)
    fitted, logs = np.empty_like(values), np.empty_like(values)

    def run():
        for start in range(0, len(values), BLOCK):
            stop = min(start + BLOCK, len(values))
            left, right = of_w[: stop - start], of_h[: stop - start]
            np.take(w, rows[start:stop], axis=0, out=left, mode="clip")
            np.take(ht, cols[start:stop], axis=0, out=right, mode="clip")
            np.einsum("ij,ij->i", left, right, out=fitted[start:stop])
        sums_w, sums_h = w.sum(0), ht.sum(0)
        np.log(fitted, out=logs)
        cost = constant - float(np.vdot(values, logs)) + float(np.vdot(sums_w, sums_h))
        np.divide(values, fitted, out=ratio.data)
        np.take(ratio.data, order, out=ratio_t.data, mode="clip")
        gw = ratio @ ht
        np.subtract(sums_h, gw, out=gw)
        ght = ratio_t @ w
        np.subtract(sums_w, ght, out=ght)
        return cost, gw, ght.T

    return run


def product(data):
    x, b = data.x(), np.ascontiguousarray(data.h().T)
    return lambda: (x @ b,)
