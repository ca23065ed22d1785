"""LIBMF: ratings by stochastic gradients, with its own step length and number of rounds.

The penalty is the one of 0.02, 0.04 (its own), 0.06 and 0.08 with which it predicts the held-out ratings best.
"""

import os

import numpy as np
from libmf import mf

PACKAGES = ["libmf"]


def predicted(data):
    x = data.x().tocoo()
    triples = np.column_stack([x.row, x.col, x.data]).astype(np.float32)
    threads = int(os.environ.get("ECKART_BENCH_THREADS", "0")) or os.cpu_count()

    def run():
        model = mf.MF(k=data.rank, nr_threads=threads, nr_iters=20, lambda_p2=0.04, lambda_q2=0.04, quiet=True)
        model.fit(triples)
        return Found(model, x.shape)

    return run


class Found:
    """The factors, written out only where somebody asks for them; rows beyond the last rated one are 0."""

    def __init__(self, model, shape):
        self.model, self.shape = model, shape

    def __iter__(self):
        users, items = self.model.p_factors(), self.model.q_factors()
        w, h = np.zeros((self.shape[0], users.shape[1])), np.zeros((items.shape[1], self.shape[1]))
        w[: len(users)], h[:, : len(items)] = users, items.T
        return iter((w, h))
