"""Data is read where it lies: the most memory that a process held, with and without the engine's work."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="the system does not tell the peak of memory")

BEGIN = """
import numpy as np, scipy.sparse as sp, eckart as ek

def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024

def forget():  # the peak so far
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")

def grown(data, work):
    work(data[:100])  # threads, code, pools
    forget()
    before = peak()
    work(data)
    return peak() - before
"""

DENSE = BEGIN + """
data = np.ones((20_000, 1_000), dtype=np.{dtype})
data[::3] = 2
for row in range(20_000):
    data[row, row * 7 % 1_000] = 5
"""
SPARSE = BEGIN + """
random = np.random.default_rng(0)
n, m, each = 200_000, 5_000, 50
columns = (np.arange(each) * 100 + random.integers(0, 100, (n, each))).astype(np.int32).reshape(-1)
data = sp.csr_array((np.ones(n * each, dtype=np.{dtype}), columns, np.arange(0, n * each + 1, each, dtype=np.int32)), shape=(n, m))
del columns
"""
STEP = """
x, w, h = ek.matrix("X"), ek.matrix("W"), ek.matrix("H")
cost = ek.function([x, w, h], ((x - w @ h)**2).sum())
slopes = ek.function([x, w, h], [x @ h.T, (w**2).sum()])
H = np.ones((4, data.shape[1]), dtype=data.dtype)
def work(data):
    W = np.ones((data.shape[0], 4), dtype=data.dtype)
    cost(data, W, H); slopes(data, W, H)
"""
FIT = """
def work(data):
    ek.factorize(data, rank=4, max_iter=3)
"""


def megabytes(text):
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    held, grown = map(float, done.stdout.split())
    return held, grown


SHOW = {
    "dense": "\nprint(data.nbytes / 2**20, grown(data, work))",
    "sparse": "\nprint((data.data.nbytes + data.indices.nbytes) / 2**20, grown(data, work))",
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("work", [STEP, FIT], ids=["step", "fit"])
def test_c_ordered_arrays_are_not_copied(dtype, work):
    held, grown = megabytes(DENSE.format(dtype=dtype) + work + SHOW["dense"])
    assert held > 75
    assert grown < 0.2 * held, f"{grown:.0f} MB beside {held:.0f} MB of data"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_compressed_rows_are_not_copied(dtype):
    held, grown = megabytes(SPARSE.format(dtype=dtype) + STEP + SHOW["sparse"])
    assert held > 75
    # Row pointers, factors and results are new.
    assert grown < 0.4 * held, f"{grown:.0f} MB beside {held:.0f} MB of data"


def test_what_must_be_copied_is_seen_by_this_measure():
    held, grown = megabytes(DENSE.format(dtype="float32") + "data = np.asfortranarray(data)\n" + STEP + SHOW["dense"])
    assert grown > 0.9 * held
