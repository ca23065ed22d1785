"""MKL: sparse products, by way of sparse_dot_mkl, into an array that is there."""

import os
import sys
from pathlib import Path

# The package brings the library with its version in the name, where sparse_dot_mkl does not look for it.
for found in sorted(Path(sys.prefix, "lib").glob("libmkl_rt.so*")):
    os.environ.setdefault("MKL_RT", str(found))

import numpy as np  # noqa: E402
from sparse_dot_mkl import dot_product_mkl, mkl_set_num_threads  # noqa: E402

PACKAGES = ["sparse_dot_mkl", "mkl"]


def product(data):
    threads = int(os.environ.get("ECKART_BENCH_THREADS", "0"))
    if threads:
        mkl_set_num_threads(threads)
    x, b = data.x(), np.ascontiguousarray(data.h().T)
    out = np.zeros((x.shape[0], b.shape[1]), x.dtype)

    def run():
        dot_product_mkl(x, b, out=out, out_scalar=0.0)  # or it adds to what is there
        return (out,)

    return run
