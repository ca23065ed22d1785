"""What the peers' side of the bench computes by itself, held to Eckart's side and to the formulas."""

import math
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

from peers import numpy as by_hand  # noqa: E402
from peers import worker  # noqa: E402


class Data:
    """A small data set."""

    rank = 2

    def __init__(self, dtype):
        random = np.random.default_rng(1)
        self._x, self._w, self._h = (random.random(s).astype(dtype) for s in ((7, 5), (7, 2), (2, 5)))

    def x(self):
        return self._x

    def w(self):
        return self._w

    def h(self):
        return self._h


def test_a_digest_is_that_of_the_other_side():
    # The same matrices as in bench/src/digest.rs.
    assert worker.digest(np, [[3.0, 0.0], [0.0, 4.0]])[0] == 5.0
    assert worker.digest(np, [[2.0, 0.0], [0.0, 0.0]]) == [2.0, 2.0]
    assert worker.digest(np, np.float32(-1.5)) == [1.5, -1.5]
    assert math.isclose(worker.digest(np, [[0.0, 0.0], [0.0, 1.0]])[1], math.cos(3.0))


def test_the_seed_step_in_gram_form_is_the_seed_step():
    data = Data(np.float64)
    x, w, h, beta = data.x(), data.w().copy(), data.h().copy(), 1.0
    run = by_hand.seed_step(data)
    for _ in range(3):
        cost, new_w, new_h = run()
        residual = x - w @ h
        assert math.isclose(cost, (residual**2).sum() + 1e-3 * (w**2).sum() + 1e-3 * (h**2).sum(), rel_tol=1e-12)
        gw = -2 * residual @ h.T + 2e-3 * w
        gh = -2 * w.T @ residual + 2e-3 * h
        w, h = w - beta * gw / np.linalg.norm(gw), h - beta * gh / np.linalg.norm(gh)
        beta *= 0.99
        np.testing.assert_allclose(new_w, w, rtol=1e-12)
        np.testing.assert_allclose(new_h, h, rtol=1e-12)
