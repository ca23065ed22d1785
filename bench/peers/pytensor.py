"""PyTensor: the seed step as its user writes it: a cost, its gradients, shared variables with updates."""

import numpy as np
import pytensor
import pytensor.tensor as pt

PACKAGES = ["pytensor"]


def seed_step(data):
    x = pytensor.shared(data.x(), "X", borrow=True)
    w, h = pytensor.shared(data.w(), "W"), pytensor.shared(data.h(), "H")
    dtype = x.get_value(borrow=True).dtype
    beta = pytensor.shared(np.asarray(1.0, dtype), "beta")
    small, shrink = np.asarray(1e-3, dtype), np.asarray(0.99, dtype)
    cost = pt.sum((x - w @ h) ** 2) + small * pt.sum(w**2) + small * pt.sum(h**2)
    gw, gh = pytensor.grad(cost, [w, h])
    updates = [(v, v - beta * g / pt.sqrt(pt.sum(g**2))) for v, g in ((w, gw), (h, gh))]
    step = pytensor.function([], cost, updates=[*updates, (beta, beta * shrink)])

    def run():
        return step(), w.get_value(borrow=True), h.get_value(borrow=True)

    return run
