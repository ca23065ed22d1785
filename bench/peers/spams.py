"""SPAMS: dictionary learning by its online method, with the batches and iterations of its documentation's example."""

import os

import numpy as np
import spams

PACKAGES = ["spams-bin"]
# Half the number `a` of the objective in bench/src/searches.rs: SPAMS halves the squares.
PENALTY = 0.1


def dictionary(data):
    columns = np.asfortranarray(data.x().T)
    start = np.asfortranarray(data.array("start-H").T)
    threads = int(os.environ.get("ECKART_BENCH_THREADS", "0")) or -1

    def run():
        atoms = spams.trainDL(
            columns,
            D=start.copy(order="F"),
            K=data.rank,
            lambda1=PENALTY,
            mode=2,
            batchsize=400,
            iter=1000,
            numThreads=threads,
            verbose=False,
        )
        return {"H": np.ascontiguousarray(atoms.T)}

    return run
