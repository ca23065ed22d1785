"""cmfrec: ratings by alternating least squares, with the settings that its documentation names for speed.

It minimizes the same as Eckart is given: squares of the stored entries alone, without offsets, and `PENALTY` times the
squares of the factors. Its two ways, least squares by Cholesky factorizations and three steps of conjugate gradients,
are tasks of their own: each ends at a cost of its own.
"""

import os
import warnings

import numpy as np
from cmfrec import CMF

PACKAGES = ["cmfrec"]
# The number `a` of the objective in bench/src/searches.rs.
PENALTY = 16.0
ITERATIONS = 10


def fitted(data, **settings):
    x = data.x().tocoo()
    threads = int(os.environ.get("ECKART_BENCH_THREADS", "0")) or -1
    warnings.simplefilter("ignore")

    def run():
        model = CMF(
            k=data.rank,
            lambda_=PENALTY,
            method="als",
            niter=ITERATIONS,
            user_bias=False,
            item_bias=False,
            center=False,
            finalize_chol=False,
            precompute_for_predictions=False,
            produce_dicts=False,
            use_float=True,
            verbose=False,
            random_state=1,
            nthreads=threads,
            **settings,
        ).fit(x)
        return model.A_, np.ascontiguousarray(model.B_.T)

    return run


def ratings(data):
    return fitted(data, use_cg=False)


def ratings_cg(data):
    return fitted(data, use_cg=True)
