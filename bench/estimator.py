"""eckart.sklearn.NMF beside scikit-learn's NMF, as a user of either calls it: an array or a sparse matrix in, arrays out.

The same random start for both. scikit-learn makes 200 iterations; Eckart's estimator as many as reach scikit-learn's
cost, found first and not timed. The runs alternate; medians of five. From the repository's root, after
`cargo xtask test` has made the environment (X.npy: any dense matrix, rows by columns):

    target/venv/bin/python bench/estimator.py examples/data/sotu/counts.mtx.gz
    target/venv/bin/python bench/estimator.py X.npy
"""

import sys
import time
import warnings

import numpy as np
import scipy.io
import scipy.sparse
import sklearn.decomposition
from sklearn.exceptions import ConvergenceWarning

import eckart as ek
import eckart.sklearn

RANK = 32
ROUNDS = 5


def cost(x, w, h, beta):
    """The objective in f64, from the stored entries of a sparse matrix: sums over all entries by Grams and row sums."""
    w, h = w.astype(np.float64), h.astype(np.float64)
    if not scipy.sparse.issparse(x) and beta == 2:
        return sum(np.sum((x[i : i + 1000] - w[i : i + 1000] @ h) ** 2) for i in range(0, x.shape[0], 1000))
    x = scipy.sparse.coo_array(x)
    at = np.concatenate(
        [np.einsum("ij,ij->i", w[x.row[k : k + 50000]], h.T[x.col[k : k + 50000]]) for k in range(0, x.nnz, 50000)]
    )
    data = x.data.astype(np.float64)
    if beta == 2:
        return np.sum(data**2) - 2 * np.sum(data * at) + np.sum((w.T @ w) * (h @ h.T))
    return np.sum(data * np.log(data / at)) - np.sum(data) + w.sum(axis=0) @ h.sum(axis=1)


def run(estimator, x, start):
    w, h = (part.copy() for part in start)
    begin = time.perf_counter()
    w = estimator.fit_transform(x, W=w, H=h)
    return time.perf_counter() - begin, w, estimator.components_


def race(name, x, solver, beta):
    loss = {1: "kullback-leibler", 2: "frobenius"}[beta]
    random = np.random.default_rng(0)
    scale = np.sqrt(x.mean() / RANK)
    start = [(scale * np.abs(random.standard_normal(shape))).astype(x.dtype) for shape in ((x.shape[0], RANK), (RANK, x.shape[1]))]

    def peer():
        way = "mu" if beta == 1 else "cd"
        return sklearn.decomposition.NMF(RANK, init="custom", tol=0, max_iter=200, solver=way, beta_loss=loss)

    def ours(iterations):
        return eckart.sklearn.NMF(RANK, init="custom", tol=0, max_iter=iterations, solver=solver, beta_loss=loss)

    goal = cost(x, *run(peer(), x, start)[1:], beta) * (1 + 1e-6)

    def reached(iterations):
        return cost(x, *run(ours(iterations), x, start)[1:], beta) <= goal

    few, many = 0, 1
    while not reached(many):
        few, many = many, 2 * many
        if many > 512:
            return print(f"{name}, solver={solver!r}: the cost of scikit-learn is not reached in 512 iterations")
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if reached(middle) else (middle, many)

    times = [(run(ours(many), x, start)[0], run(peer(), x, start)[0]) for _ in range(ROUNDS)]
    mine, theirs = np.median(times, axis=0)
    print(f"{name}, solver={solver!r}: {mine:.3f} s in {many} iterations; scikit-learn {theirs:.3f} s in 200; ratio {mine / theirs:.3f}")


def main(path):
    warnings.simplefilter("ignore", ConvergenceWarning)
    name = path.rsplit("/", 1)[-1]
    x = np.load(path) if path.endswith(".npy") else scipy.sparse.csr_array(scipy.io.mmread(path))
    x = x.astype(np.float32).reshape(x.shape[0], -1) if isinstance(x, np.ndarray) else x.astype(np.float32)
    print(f"eckart {ek.__version__}, scikit-learn {sklearn.__version__}; {name}, {x.shape[0]} x {x.shape[1]}, f32, rank {RANK}")
    for solver in ("derived", "cd"):
        race(f"{name}, squares", x, solver, beta=2)
    if scipy.sparse.issparse(x):
        for solver in ("derived", "mu"):
            race(f"{name}, KL", x, solver, beta=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
