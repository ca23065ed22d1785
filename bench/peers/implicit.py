"""implicit: alternating least squares for implicit feedback by three steps of conjugate gradients, as it comes.

A stored value is the confidence itself: 1 + `CONFIDENCE` times the rating, as Eckart is given it. Its documentation asks
for one thread of BLAS, since it brings its own.
"""

import os

import numpy as np
import threadpoolctl
from implicit.cpu.als import AlternatingLeastSquares

PACKAGES = ["implicit"]
# The numbers `c` and `a` of the objective in bench/src/searches.rs.
CONFIDENCE, PENALTY = 1.0, 1.0
ITERATIONS = 15


def implicit_feedback(data):
    x = data.x()
    x.data = 1 + x.dtype.type(CONFIDENCE) * x.data
    threads = int(os.environ.get("ECKART_BENCH_THREADS", "0"))
    threadpoolctl.threadpool_limits(1, "blas")

    def run():
        model = AlternatingLeastSquares(
            factors=data.rank,
            regularization=PENALTY,
            alpha=1.0,
            use_cg=True,
            iterations=ITERATIONS,
            num_threads=threads,
            random_state=1,
        )
        model.fit(x, show_progress=False)
        return model.user_factors, np.ascontiguousarray(model.item_factors.T)

    return run
