"""Gradients held to JAX's, on random formulas."""

import re

import jax
import numpy as np
import pytest

import eckart as ek

jax.config.update("jax_enable_x64", True)
jnp = jax.numpy

ROWS, COLS, RANK = 5, 4, 3
SHAPES = {"X": (ROWS, COLS), "W": (ROWS, RANK), "H": (RANK, COLS), "b": (ROWS, 1), "c": (1, COLS), "s": (1, 1)}

# Each of Eckart's functions beside JAX's. All are smooth where they are tried: what is not is given a distance from its kink.
MAPS = [
    (ek.exp, jnp.exp, lambda a: 0.3 * a),
    (ek.log, jnp.log, lambda a: a**2 + 0.5),
    (ek.sqrt, jnp.sqrt, lambda a: a**2 + 0.5),
    (ek.sigmoid, jax.nn.sigmoid, None),
    (ek.softplus, jax.nn.softplus, None),
    (ek.tanh, jnp.tanh, None),
    (ek.abs, jnp.abs, lambda a: a**2 + 0.1),
    (ek.sign, jnp.sign, lambda a: a**2 + 0.1),
    (ek.xlogx, lambda a: a * jnp.log(a), lambda a: a**2 + 0.5),
    (lambda a: a**3, lambda a: a**3, None),
    (lambda a: -a, lambda a: -a, None),
    (lambda a: 1 / a, lambda a: 1 / a, lambda a: a**2 + 0.5),
    (lambda a: a.T.T, lambda a: a.T.T, None),
]
ZIPS = [
    (lambda a, b: a + b, lambda a, b: a + b),
    (lambda a, b: a - b, lambda a, b: a - b),
    (lambda a, b: a * b, lambda a, b: a * b),
    (lambda a, b: a / (b**2 + 1), lambda a, b: a / (b**2 + 1)),
    (lambda a, b: ek.max(a, b), jnp.maximum),
    (lambda a, b: ek.min(a, b), jnp.minimum),
    (lambda a, b: a * (b > a), lambda a, b: a * (b > a)),
    (lambda a, b: ek.huber(a, b**2 + 0.1), lambda a, b: huber(a, b**2 + 0.1)),
    (lambda a, b: ek.kl(a**2 + 0.1, b**2 + 0.1), lambda a, b: kl(a**2 + 0.1, b**2 + 0.1)),
    (lambda a, b: ek.is_(a**2 + 0.1, b**2 + 0.1), lambda a, b: itakura_saito(a**2 + 0.1, b**2 + 0.1)),
    (lambda a, b: ek.nb(a**2 + 0.1, b**2 + 0.1, 2.0), lambda a, b: negative_binomial(a**2 + 0.1, b**2 + 0.1, 2.0)),
]
SUMS = [
    (lambda a: a.sum(axis=1), lambda a: a.sum(1, keepdims=True)),
    (lambda a: a.sum(axis=0), lambda a: a.sum(0, keepdims=True)),
    (lambda a: a.sum(), lambda a: a.sum(keepdims=True)),
    (lambda a: a.mean(), lambda a: a.mean(keepdims=True)),
    (lambda a: ek.norm(a + 0.1), lambda a: jnp.sqrt(((a + 0.1) ** 2).sum(keepdims=True))),
    (lambda a: ek.rownorm(a + 0.1), lambda a: jnp.sqrt(((a + 0.1) ** 2).sum(1, keepdims=True))),
    (lambda a: ek.colnorm(a + 0.1), lambda a: jnp.sqrt(((a + 0.1) ** 2).sum(0, keepdims=True))),
]


def huber(z, delta):
    size = jnp.abs(z)
    return jnp.where(size <= delta, z**2 / 2, delta * (size - delta / 2))


def kl(x, s):
    return x * jnp.log(x / s) - x + s


def itakura_saito(x, s):
    return x / s - jnp.log(x / s) - 1


def negative_binomial(x, s, k):
    return x * jnp.log(x / s) - (x + k) * jnp.log((x + k) / (s + k))


class Formulas:
    """Makes pairs of the same formula: Eckart's and a function of JAX's arrays."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.variables = {name: ek.matrix(name) for name in SHAPES}

    def leaf(self, shape):
        fitting = [name for name, sides in SHAPES.items() if all(s in (1, t) for s, t in zip(sides, shape))]
        if not fitting or self.random.random() < 0.1:
            number = float(np.round(self.random.normal(), 2))
            return ek.sum(number), lambda _, number=number: jnp.full((1, 1), number)
        name = self.random.choice(fitting)
        return self.variables[name], lambda at, name=name: at[name]

    def make(self, shape, depth):
        """A formula whose shape is `shape`, or stretches to it."""
        if depth == 0:
            return self.leaf(shape)
        kind = self.random.integers(5)
        if kind == 0:
            (f, g, guard), (a, b) = MAPS[self.random.integers(len(MAPS))], self.make(shape, depth - 1)
            if guard is None:
                return f(a), lambda at: g(b(at))
            return f(guard(a)), lambda at: g(guard(b(at)))
        if kind in (1, 2):
            f, g = ZIPS[self.random.integers(len(ZIPS))]
            (a, b), (c, d) = self.make(shape, depth - 1), self.make(shape, depth - 1)
            return f(a, c), lambda at: g(b(at), d(at))
        if kind == 3 and shape == (ROWS, COLS):
            left, right = self.whole((shape[0], RANK), depth - 1), self.whole((RANK, shape[1]), depth - 1)
            return left[0] @ right[0], lambda at: left[1](at) @ right[1](at)
        inner = {(1, 1): (ROWS, COLS)}.get(shape, shape)
        f, g = SUMS[self.random.integers(len(SUMS))]
        a, b = self.make(inner, depth - 1)
        if shape[0] == shape[1] == 1:
            return ek.sum(f(a)), lambda at: g(b(at)).sum(keepdims=True)
        return f(a), lambda at: g(b(at))

    def whole(self, shape, depth):
        """A formula of exactly that shape."""
        name = {(ROWS, RANK): "W", (RANK, COLS): "H"}[shape]
        a, b = self.make(shape, depth)
        return self.variables[name] + 0.2 * a, lambda at: at[name] + 0.2 * b(at)


@pytest.mark.parametrize("seed", range(200))
def test_gradients_are_those_of_jax(seed):
    formulas = Formulas(seed)
    a, b = formulas.make((ROWS, COLS), int(formulas.random.integers(2, 5)))
    cost, by_jax = ek.sum(a * 0.5), lambda at: (b(at) * 0.5).sum()
    at = {name: formulas.random.normal(size=shape) for name, shape in SHAPES.items()}
    used = [name for name in SHAPES if formulas.variables[name].name in names_of(cost)]
    if not used:
        used = ["s"]
        cost, plain = cost * formulas.variables["s"].sum(), by_jax
        by_jax = lambda at: plain(at) * at["s"].sum()  # noqa: E731
    inputs = [formulas.variables[name] for name in used]
    expected, slopes = jax.value_and_grad(lambda some: by_jax({**at, **some}))({name: at[name] for name in used})
    found = ek.function(inputs, [cost, *ek.grad(cost, inputs)])(*(at[name] for name in used))
    scale = max(abs(float(expected)), 1.0)
    assert found[0] == pytest.approx(float(expected), abs=1e-10 * scale, rel=1e-9), str(cost)
    for name, slope in zip(used, found[1:]):
        slope = slope.toarray() if hasattr(slope, "toarray") else np.reshape(slope, SHAPES[name])
        wanted = np.asarray(slopes[name])
        np.testing.assert_allclose(slope, wanted, rtol=1e-7, atol=1e-9 * max(np.abs(wanted).max(), 1), err_msg=str(cost))


def names_of(formula):
    return set(re.findall(r"\b[A-Za-z]\w*\b", str(formula)))
