"""Formulas, gradients and functions of the package."""

import pickle

import numpy as np
import pytest
from expect import refuses

import eckart as ek

RANDOM = np.random.default_rng(0)


def value(formula, **inputs):
    variables = [ek.matrix(name) for name in inputs]
    found = ek.function(variables, formula)(*inputs.values())
    return found.toarray() if hasattr(found, "toarray") else found


def test_the_seed_programme_runs_line_for_line():
    data, W0, H0 = RANDOM.random((50, 30)), RANDOM.random((50, 4)), RANDOM.random((4, 30))
    l1, l2, beta, n_iter = 1e-3, 1e-3, 0.5, 200
    X = ek.matrix("X"); W = ek.shared(W0, "W"); H = ek.shared(H0, "H")  # fmt: skip # noqa: E702
    cost = ((X - W @ H)**2).sum() + l1*(W**2).sum() + l2*(H**2).sum()  # fmt: skip
    gW, gH = ek.grad(cost, [W, H])
    step = ek.function([X], cost, updates=[(W, W - beta*gW/ek.norm(gW)), (H, H - beta*gH/ek.norm(gH))])  # fmt: skip
    costs = [step(data) for _ in range(n_iter)]

    def by_hand(W, H):
        R = data - W @ H
        return (R**2).sum() + l1 * (W**2).sum() + l2 * (H**2).sum(), -2 * R @ H.T + 2 * l1 * W, -2 * W.T @ R + 2 * l2 * H

    W1, H1 = W0.copy(), H0.copy()
    for seen in costs:
        expected, dW, dH = by_hand(W1, H1)
        assert seen == pytest.approx(expected, rel=1e-9)
        W1, H1 = W1 - beta * dW / np.linalg.norm(dW), H1 - beta * dH / np.linalg.norm(dH)
    np.testing.assert_allclose(W.get_value(), W1, rtol=1e-7)
    assert costs[-1] < 0.2 * costs[0]


def test_marks_and_reflexes_of_numpy():
    X, Y = RANDOM.random((3, 4)) + 0.5, RANDOM.random((3, 4)) + 0.5
    x, y = ek.matrix("x"), ek.matrix("y")
    for formula, expected in [
        (x + y, X + Y),
        (2 - x, 2 - X),
        (x * y / 3, X * Y / 3),
        (1 / x, 1 / X),
        (x**2, X**2),
        (2**x, 2**X),
        (-x + +y, Y - X),
        (abs(x - y), abs(X - Y)),
        (x.T @ y, X.T @ Y),
        (x.dot(y.transpose()), X @ Y.T),
        ((x > y) + (x < 0.7), (X > Y) + 1.0 * (X < 0.7)),
        (x.sum(axis=0), X.sum(axis=0, keepdims=True)),
        (x.sum(axis=-1), X.sum(axis=1, keepdims=True)),
        (ek.sum(x, axis=1), X.sum(axis=1, keepdims=True)),
        (x.clip(0.6, 1.0), X.clip(0.6, 1.0)),
        (np.float64(2) * x, 2 * X),
        (np.float32(2) - x, 2 - X),
        (np.exp(x) + np.log(y), np.exp(X) + np.log(Y)),
        (np.maximum(x, y) + np.minimum(x, 1), np.maximum(X, Y) + np.minimum(X, 1)),
        (np.sqrt(x) + np.tanh(y) + np.sign(-x), np.sqrt(X) + np.tanh(Y) - 1),
    ]:
        names = {"x": X, "y": Y}
        used = {name: names[name] for name in names if name in str(formula).replace("expand", "").replace("max", "")}
        np.testing.assert_allclose(value(formula, **used), expected, rtol=1e-12, err_msg=str(formula))
    assert value(x.mean(), x=X) == pytest.approx(X.mean())
    assert value((x @ x.T).trace(), x=X) == pytest.approx(np.trace(X @ X.T))


def test_every_function_of_the_engine_is_there_and_right():
    X = RANDOM.random((3, 3)) + 0.5
    Y = RANDOM.random((3, 3)) + 0.5
    x, y = ek.matrix("x"), ek.matrix("y")
    one = {
        ek.sum: X.sum(),
        ek.rowsum: X.sum(1, keepdims=True),
        ek.colsum: X.sum(0, keepdims=True),
        ek.mean: X.mean(),
        ek.trace: np.trace(X),
        ek.norm: np.linalg.norm(X),
        ek.rownorm: np.linalg.norm(X, axis=1, keepdims=True),
        ek.colnorm: np.linalg.norm(X, axis=0, keepdims=True),
        ek.abs: X,
        ek.sign: np.ones((3, 3)),
        ek.exp: np.exp(X),
        ek.log: np.log(X),
        ek.sqrt: np.sqrt(X),
        ek.sigmoid: 1 / (1 + np.exp(-X)),
        ek.softplus: np.log1p(np.exp(X)),
        ek.tanh: np.tanh(X),
        ek.xlogx: X * np.log(X),
        ek.observed: np.ones((3, 3)),
        ek.eye: np.eye(3),
        ek.group: np.linalg.norm(X, axis=1).sum(),
    }
    for function, expected in one.items():
        np.testing.assert_allclose(value(function(x), x=X), expected, rtol=1e-12, err_msg=function.__name__)
    two = {
        ek.max: np.maximum(X, Y),
        ek.min: np.minimum(X, Y),
        ek.greater: 1.0 * (X > Y),
        ek.kl: X * np.log(X / Y) - X + Y,
        ek.huber: np.where(X <= Y, X**2 / 2, Y * (X - Y / 2)),
        ek.expand: X,
        ek.sumto: X,
        ek.is_: X / Y - np.log(X / Y) - 1,
        ek.hinge: np.maximum(1 - X * Y, 0),
        ek.pinball: np.maximum(Y * X, (Y - 1) * X),
        ek.laplacian: np.trace(X.T @ Y @ X),
        ek.tv: np.abs(X @ Y).sum(),
    }
    for function, expected in two.items():
        np.testing.assert_allclose(value(function(x, y), x=X, y=Y), expected, rtol=1e-12, err_msg=function.__name__)
    three = {
        ek.beta: (X**1.5 + 0.5 * Y**1.5 - 1.5 * X * Y**0.5) / 0.75,
        ek.nb: X * np.log(X / Y) - (X + 1.5) * np.log((X + 1.5) / (Y + 1.5)),
        ek.ard: np.log((X**2).sum(0) / 2 + (Y**2).sum(1) / 2 + 1.5).sum(),
    }
    for function, expected in three.items():
        np.testing.assert_allclose(value(function(x, y, 1.5), x=X, y=Y), expected, rtol=1e-12, atol=1e-13, err_msg=function.__name__)
    np.testing.assert_allclose(value(ek.elasticnet(x, 0.3), x=X), 0.3 * X.sum() + 0.35 * (X**2).sum(), rtol=1e-12)
    public = {f.__name__ for f in [*one, *two, *three]} | {"elasticnet"} | {"clip", "grad", "matrix", "scalar", "shared", "function"}
    assert public <= set(ek.__all__)


def test_printing_and_comparing():
    X, W = ek.matrix("X"), ek.matrix("W")
    cost = ((X - W) ** 2).sum()
    assert str(cost) == repr(cost) == "sum((X - W)**2)"
    assert cost == ((ek.matrix("X") - ek.matrix("W")) ** 2).sum() and cost != X and cost != "X"
    assert len({cost, ((X - W) ** 2).sum(), X}) == 2
    assert X.name == "X" and cost.name is None


def test_shared_values():
    given = np.ones((2, 2))
    W = ek.shared(given, "W")
    given[0, 0] = 5
    assert W.get_value()[0, 0] == 1, "the value is the variable's own"
    W.get_value()[0, 0] = 7
    assert W.get_value()[0, 0] == 1
    W.set_value([[1, 2], [3, 4]])
    np.testing.assert_array_equal(W.get_value(), [[1, 2], [3, 4]])
    with refuses(ValueError, "wrong-shape", "W is 2 x 2, its new value is 1 x 2"):
        W.set_value([[1, 2]])
    with refuses(TypeError, "not-shared", "X"):
        ek.matrix("X").get_value()


def test_outputs_and_updates():
    x, w = ek.matrix("x"), ek.shared([[1.0]], "w")
    both = ek.function([x], [x + w, (x * w).sum()], updates={w: w * 2})
    first = both([[3.0, 4.0]])
    np.testing.assert_array_equal(first[0], [[4, 5]])
    assert first[1] == 7.0 and isinstance(first[1], float)
    assert both([[3.0, 4.0]])[1] == 14.0
    assert ek.function([x], updates=[(w, w - w)])([[1.0]]) == []
    assert w.get_value() == 0
    assert "W" not in repr(both) and repr(both) == "<eckart.Function of (x)>"
    assert "product" in str(ek.explain(np.ones((3, 3)), rank=1))


def test_float32_stays_float32():
    x = ek.matrix("x")
    assert ek.function([x], x * 2)(np.ones((2, 2), np.float32)).dtype == np.float32
    assert ek.function([x], x * 2)(np.ones((2, 2))).dtype == np.float64


def test_data_that_is_changed_in_place_is_seen():
    x, X = ek.matrix("x"), np.ones((40, 30))
    total = ek.function([x], (x**2).sum())
    assert total(X) == 1200
    X[3, 4] = 11
    assert total(X) == 1320
    X[:] = 2
    assert total(X) == 4800


def test_a_function_may_be_called_from_many_threads():
    from concurrent.futures import ThreadPoolExecutor

    x = ek.matrix("x")
    total = ek.function([x], (x @ x.T).sum())
    arrays = [RANDOM.random((30, 20)) for _ in range(20)]
    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(total, arrays))
    np.testing.assert_allclose(seen, [(X @ X.T).sum() for X in arrays])


@pytest.mark.parametrize(
    ("wrong", "error", "code", "text"),
    [
        (lambda x: x + np.ones((2, 2)), TypeError, "wrong-type", "eckart.shared"),
        (lambda x: np.ones((2, 2)) @ x, TypeError, "wrong-type", "eckart.shared"),
        (lambda x: x + "1", TypeError, "wrong-type", "str"),
        (lambda x: x + True, TypeError, "wrong-type", "bool"),
        (lambda x: bool(0 <= x <= 1), TypeError, "formula-not-a-value", "x >= 0 is a constraint"),
        (lambda x: bool(x > 0), TypeError, "formula-not-a-value", ""),
        (lambda x: list(x), TypeError, "formula-not-a-value", ""),
        (lambda x: np.array(x), TypeError, "formula-not-a-value", "eckart.function"),
        (lambda x: np.sin(x), TypeError, "unknown-function", "numpy.sin"),
        (lambda x: x.sum(axis=2), ValueError, "setting-out-of-range", "axis is 2"),
        (lambda x: ek.grad(x.sum(), x + 1), TypeError, "input-not-variable", "x + 1"),
        (lambda x: ek.matrix("a b"), ValueError, "bad-name", "a b"),
        (lambda x: ek.function([x], ek.matrix("y")), ValueError, "undefined-name", "y"),
        (lambda x: ek.function([x], x)(), TypeError, "input-count", "takes x; it was called with 0"),
        (lambda x: ek.function([x], x @ x)(np.ones((2, 3))), ValueError, "shape-mismatch", "x is 2 x 3, x is 2 x 3"),
        (lambda x: ek.function([x], ek.grad(x, x))(np.ones((2, 3))), ValueError, "cost-not-scalar", "2 x 3"),
        (lambda x: ek.function([x], updates=[(x, x)]), ValueError, "update-not-shared", "x"),
    ],
)
def test_errors_say_what_to_do(wrong, error, code, text):
    with refuses(error, code, text):
        wrong(ek.matrix("x"))


def test_a_formula_that_is_not_finite_changes_nothing():
    x, w = ek.matrix("x"), ek.shared([[1.0]], "w")
    step = ek.function([x], updates=[(w, w / x.sum())])
    with refuses(ValueError, "result-not-finite", "w"):
        step([[0.0]])
    assert w.get_value() == 1


def test_formulas_are_not_pickled_silently():
    with pytest.raises(TypeError):
        pickle.dumps(ek.matrix("X"))


def test_missing_and_infinite_values_are_named_not_counted():
    X, W, a = ek.matrix("X"), ek.shared([[1.0]], "W"), ek.scalar("a")
    holes = np.array([[1.0, np.nan], [3.0, 4.0]])
    with refuses(ValueError, "missing-entries", "X has 1 missing entry", "row 1, column 2", "output 1 of 1, sum(X),"):
        ek.function([X], X.sum())(holes)
    assert ek.function([X], (ek.observed(X) * X).sum())(holes) == 8.0
    cost = (ek.observed(X) * (X - W) ** 2).sum()
    assert ek.function([X], [cost, ek.grad(cost, W)])(holes) == [13.0, -10.0]
    with refuses(ValueError, "not-a-number", "a is no number"):
        ek.function([X, a], (ek.observed(X) * X).sum() * a)(holes, np.nan)
    W.set_value([[np.nan]])
    with refuses(ValueError, "not-a-number", "W is no number"):
        ek.function([X], cost)(holes)
    with refuses(ValueError, "result-not-finite", "output 2 of 2, exp(X)", "row 1, column 2"):
        ek.function([X], [X.sum(), ek.exp(X)])([[1.0, 1e4]])


def test_functions_of_numpy_that_call_methods():
    X = ek.matrix("X")
    assert np.sum(X) == X.sum() and np.sum(X, axis=0) == X.sum(axis=0) and np.mean(X) == X.mean()
    assert np.clip(X, 0, 1) == X.clip(0, 1)
    for wrong in (lambda: np.sum(X, dtype=np.float32), lambda: np.mean(X, axis=0)):
        with refuses(TypeError, "unknown-option"):
            wrong()


def test_the_gradient_of_a_norm_is_0_at_0():
    W = ek.matrix("W")
    for length in (ek.norm(W), ek.rownorm(W).sum(), ek.colnorm(W).sum()):
        slope = ek.function([W], ek.grad(length, W))
        for dtype in (np.float64, np.float32):
            np.testing.assert_array_equal(slope(np.zeros((3, 2), dtype)), np.zeros((3, 2)))
            np.testing.assert_allclose(slope(np.array([[3.0, 0.0]], dtype)), [[1.0, 0.0]])
