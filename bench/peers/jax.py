"""JAX: jit-compiled functions; arrays that are replaced are donated, results are waited for, f64 only for f64 data."""

import jax
import jax.numpy as jnp
import numpy as np

PACKAGES = ["jax"]


def placed(data, *arrays):
    if arrays[0].dtype == np.float64:
        jax.config.update("jax_enable_x64", True)
    return [jnp.asarray(array) for array in arrays]


def dense(x):
    return x if isinstance(x, np.ndarray) else x.toarray()


def seed_cost(w, h, x):
    return jnp.sum((x - w @ h) ** 2) + 1e-3 * jnp.sum(w**2) + 1e-3 * jnp.sum(h**2)


def seed_step(data):
    x, w, h = placed(data, dense(data.x()), data.w(), data.h())
    state = [w, h, jnp.ones((), x.dtype)]

    def step(w, h, beta, x):
        cost, (gw, gh) = jax.value_and_grad(seed_cost, (0, 1))(w, h, x)
        w = w - beta * gw / jnp.linalg.norm(gw)
        h = h - beta * gh / jnp.linalg.norm(gh)
        return cost, w, h, beta * 0.99

    step = jax.jit(step, donate_argnums=(0, 1, 2))

    def run():
        cost, *new = jax.block_until_ready(step(*state, x))
        state[:] = new
        return cost, new[0], new[1]

    return run


def ready(data):
    x, w, h = placed(data, data.x(), data.w(), data.h())
    held = {}

    class Compiled:
        """The results are computed only where somebody asks for them."""

        def __iter__(self):
            cost, gradients = held["compiled"](w, h, x)
            return iter((cost, *gradients))

    def run():
        def step(w, h, x):  # a new function each time, so that nothing is remembered of the last
            return jax.value_and_grad(seed_cost, (0, 1))(w, h, x)

        held["compiled"] = jax.jit(step).lower(w, h, x).compile()
        return Compiled()

    return run


def gradients(data, cost):
    """Cost and gradients by W and H, compiled."""
    x, w, h = placed(data, dense(data.x()), data.w(), data.h())
    step = jax.jit(jax.value_and_grad(lambda w, h, x: cost(x, w, h), (0, 1)))

    def run():
        cost, (gw, gh) = jax.block_until_ready(step(w, h, x))
        return cost, gw, gh

    return run


def logistic(data):
    def cost(x, w, h):
        z = w @ h
        return jnp.sum(jax.nn.softplus(z) - x * z)

    return gradients(data, cost)


def masked(data):
    """The stored entries, the rows of the factors gathered by index, gradients by segment sums."""
    x = data.x()
    n, m = x.shape
    rows = np.repeat(np.arange(n, dtype=np.int32), np.diff(x.indptr))
    values, rows, cols, w, ht = placed(data, x.data, rows, x.indices, data.w(), np.ascontiguousarray(data.h().T))

    @jax.jit
    def step(w, ht, values, rows, cols):
        of_w, of_h = w[rows], ht[cols]
        residual = values - jnp.sum(of_w * of_h, axis=1)
        cost = jnp.sum(residual**2)
        scaled = (-2.0 * residual)[:, None]
        gw = jax.ops.segment_sum(scaled * of_h, rows, n, indices_are_sorted=True)
        ght = jax.ops.segment_sum(scaled * of_w, cols, m)
        return cost, gw, ght

    def run():
        cost, gw, ght = jax.block_until_ready(step(w, ht, values, rows, cols))
        return cost, gw, ght.T

    return run
