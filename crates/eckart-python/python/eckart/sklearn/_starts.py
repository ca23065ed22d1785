"""Starts: where a search for W and H begins, number for number as in scikit-learn for the same random state."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import check_random_state
from sklearn.utils.extmath import randomized_svd

from .._errors import coded

INITS = ("random", "nndsvd", "nndsvda", "nndsvdar", "custom")
TINY = 1e-6
"""What an SVD can't tell from 0."""


def start(
    X: Any,
    mean: float,
    n_components: int,
    init: str | None,
    random_state: Any,
    dtype: Any,
    scale: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """
    W (n_samples, n_components) and H (n_components, n_features) by the name of a start.

    `mean` is the mean of the entries that count. None stands for ``nndsvda`` where the rank allows it, else ``random``.
    Where the rows of X were multiplied by `scale`, so are those of W.
    """
    n, m = X.shape
    fits = n_components <= min(n, m)
    if init is None:
        init = "nndsvda" if fits else "random"
    if init not in INITS[:-1]:
        raise coded(ValueError, "unknown-init", f"there is no init {init!r}; there are {', '.join(INITS)}")
    by = np.ones((n, 1)) if scale is None else scale[:, None]
    if init == "random":
        W, H = random_start(n, m, mean, n_components, check_random_state(random_state), dtype)
        return (W * by).astype(dtype), H
    if not fits:
        raise coded(
            ValueError,
            "init-unsupported",
            f"init {init!r} needs n_components <= min(n_samples, n_features), and n_components={n_components} with "
            f"n_samples={n}, n_features={m}: use init='random'"
        )
    W, H = _nndsvd(X, n_components, random_state)
    W = W / by
    W[W < TINY], H[H < TINY] = 0, 0
    if init == "nndsvda":
        W[W == 0], H[H == 0] = mean, mean
    elif init == "nndsvdar":
        random = check_random_state(random_state)  # a seed begins anew here, as in scikit-learn
        W[W == 0] = np.abs(mean * random.standard_normal(size=np.count_nonzero(W == 0)) / 100)
        H[H == 0] = np.abs(mean * random.standard_normal(size=np.count_nonzero(H == 0)) / 100)
    return (W * by).astype(dtype), H.astype(dtype)


def rows_times(X: Any, scale: np.ndarray) -> Any:
    """The rows of X, each times a number; compressed rows where X is sparse."""
    if sparse.issparse(X):
        return (sparse.diags_array(scale.astype(X.dtype)) @ X).tocsr()
    return X * scale[:, None].astype(X.dtype)


def random_start(
    n: int, m: int, mean: float, n_components: int, random: np.random.RandomState, dtype: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Sizes of normal numbers whose product is of the size of the data; H is drawn before W."""
    scale = np.sqrt(mean / n_components)
    H = scale * random.standard_normal(size=(n_components, m)).astype(dtype)
    W = scale * random.standard_normal(size=(n, n_components)).astype(dtype)
    return np.abs(W).astype(dtype), np.abs(H).astype(dtype)


def _nndsvd(X: Any, n_components: int, random_state: Any) -> tuple[np.ndarray, np.ndarray]:
    """
    The non-negative parts of a truncated SVD (Boutsidis and Gallopoulos 2008, section 2.2): of each pair of singular
    vectors the positive or the negative sides, whichever weigh more.
    """
    U, sizes, V = randomized_svd(X, n_components, random_state=random_state)
    W, H = np.zeros_like(U), np.zeros_like(V)
    # The first pair of a matrix without negative entries has one sign.
    W[:, 0], H[0] = np.sqrt(sizes[0]) * np.abs(U[:, 0]), np.sqrt(sizes[0]) * np.abs(V[0])
    for k in range(1, n_components):
        sides = [(np.maximum(sign * U[:, k], 0), np.maximum(sign * V[k], 0)) for sign in (1, -1)]
        lengths = [(np.linalg.norm(u), np.linalg.norm(v)) for u, v in sides]
        weights = [a * b for a, b in lengths]
        side = 0 if weights[0] > weights[1] else 1
        (u, v), (a, b) = sides[side], lengths[side]
        if weights[side] > 0:
            scale = np.sqrt(sizes[k] * weights[side])
            W[:, k], H[k] = scale * u / a, scale * v / b
    return W, H
