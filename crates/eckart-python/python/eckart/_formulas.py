"""Formulas: variables, operators and functions, with NumPy's operators and names."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn, overload

import numpy as np

from . import _checks, _eckart
from ._arrays import matrix_of
from ._errors import coded


class Expr:
    """
    A formula over matrices: what variables, operators and functions make.

    Everything is a matrix: a number is 1 x 1, a column n x 1, a line 1 x m, and entrywise operations stretch sides of
    length 1, as in NumPy. A formula computes nothing by itself: `function` makes a callable of it, `grad` differentiates
    it, ``print`` shows it.

    Examples
    --------
    >>> import eckart as ek
    >>> X, W, H = ek.matrix("X"), ek.matrix("W"), ek.matrix("H")
    >>> cost = ((X - W @ H)**2).sum() + 0.1 * abs(W).sum()
    >>> print(cost)
    sum((X - W @ H)**2) + 0.1 * sum(abs(W))
    """

    __slots__ = ("_core",)
    # NumPy's own operators step back, so that 2.0 * x with a NumPy number is a formula.
    __array_priority__ = 1000

    def __init__(self, core: _eckart.Expr) -> None:
        self._core = core

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Expr:
        name = _UFUNCS.get(ufunc.__name__)
        if method != "__call__" or options or name is None:
            raise coded(TypeError, "unknown-function", f"numpy.{ufunc.__name__} is no function of formulas: the functions of formulas are in eckart")
        return _apply(name, *inputs)

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise coded(TypeError, "formula-not-a-value", "a formula holds no numbers: make a callable of it with eckart.function")

    # Marks.

    def __add__(self, other: Operand) -> Expr:
        return _apply("add", self, other)

    def __radd__(self, other: Operand) -> Expr:
        return _apply("add", other, self)

    def __sub__(self, other: Operand) -> Expr:
        return _apply("sub", self, other)

    def __rsub__(self, other: Operand) -> Expr:
        return _apply("sub", other, self)

    def __mul__(self, other: Operand) -> Expr:
        return _apply("mul", self, other)

    def __rmul__(self, other: Operand) -> Expr:
        return _apply("mul", other, self)

    def __truediv__(self, other: Operand) -> Expr:
        return _apply("div", self, other)

    def __rtruediv__(self, other: Operand) -> Expr:
        return _apply("div", other, self)

    def __pow__(self, other: Operand) -> Expr:
        return _apply("pow", self, other)

    def __rpow__(self, other: Operand) -> Expr:
        return _apply("pow", other, self)

    def __matmul__(self, other: Operand) -> Expr:
        return _apply("matmul", self, other)

    def __rmatmul__(self, other: Operand) -> Expr:
        return _apply("matmul", other, self)

    def __gt__(self, other: Operand) -> Expr:
        return _apply("greater", self, other)

    def __lt__(self, other: Operand) -> Expr:
        return _apply("greater", other, self)

    def __ge__(self, other: Operand) -> Constraint:
        return Constraint(f"{self} >= {Expr(_formula(other))}")

    def __le__(self, other: Operand) -> Constraint:
        return Constraint(f"{self} <= {Expr(_formula(other))}")

    def __neg__(self) -> Expr:
        return _apply("neg", self)

    def __pos__(self) -> Expr:
        return self

    def __abs__(self) -> Expr:
        return _apply("abs", self)

    def __eq__(self, other: object) -> bool:
        """Whether both are written the same."""
        return isinstance(other, Expr) and self._core.same(other._core)

    def __hash__(self) -> int:
        return hash(self._core)

    def __bool__(self) -> NoReturn:
        raise coded(TypeError, "formula-not-a-value", "a formula is neither true nor false before it is computed")

    def __iter__(self) -> NoReturn:
        raise coded(TypeError, "formula-not-a-value", "a formula can't be taken apart: it has no length before it is computed")

    def __repr__(self) -> str:
        return str(self._core)

    # What arrays have.

    @property
    def T(self) -> Expr:
        """The transpose."""
        return _apply("t", self)

    def transpose(self) -> Expr:
        """The transpose."""
        return _apply("t", self)

    def dot(self, other: Operand) -> Expr:
        """The matrix product, as ``@``."""
        return _apply("matmul", self, other)

    # NumPy's functions of these names pass what they were not given as None: those that a formula can't have are refused.

    def sum(self, axis: int | None = None, dtype: None = None, out: None = None) -> Expr:
        """The sum of all entries (1 x 1), of each column (``axis=0``: 1 x m) or of each row (``axis=1``: n x 1)."""
        _checks.refuse("sum", dtype=dtype, out=out)
        return _apply({None: "sum", 0: "colsum", 1: "rowsum"}[_checks.axis(axis)], self)

    def mean(self, axis: None = None, dtype: None = None, out: None = None) -> Expr:
        """The mean of all entries, 1 x 1."""
        _checks.refuse("mean", axis=axis, dtype=dtype, out=out)
        return _apply("mean", self)

    def trace(self) -> Expr:
        """The sum of the diagonal of a square matrix, 1 x 1."""
        return _apply("trace", self)

    def clip(self, low: Operand, high: Operand, out: None = None) -> Expr:
        """Each entry kept within `low` and `high`."""
        _checks.refuse("clip", out=out)
        return clip(self, low, high)

    # What a shared variable has.

    @property
    def name(self) -> str | None:
        """The name of a variable; None of any other formula."""
        return self._core.name

    def get_value(self) -> np.ndarray:
        """
        The value that a shared variable holds now: a new array.

        Examples
        --------
        >>> import eckart as ek
        >>> W = ek.shared([[1.0, 2.0]], "W")
        >>> W.set_value([[3.0, 4.0]])
        >>> W.get_value()
        array([[3., 4.]])
        """
        return np.array(self._core.held().to_array())

    def set_value(self, value: Any) -> None:
        """Gives a shared variable another value of the same shape; the numbers are copied."""
        self._core.hold(_own(value, str(self)))


class Constraint:
    """A constraint on a factor, such as ``W >= 0`` or ``rownorm(H) <= 1``; `minimize` takes it."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __bool__(self) -> NoReturn:
        raise coded(TypeError, "formula-not-a-value", f"{self.text} is a constraint, neither true nor false: pass each to eckart.minimize by itself")

    def __repr__(self) -> str:
        return self.text


class Objective:
    """A formula to minimize, with its constraints; `minimize` makes it, and whatever takes the text of an objective takes it."""

    __slots__ = ("_formula", "_over", "_subject_to")

    def __init__(self, formula: Expr, over: str, subject_to: tuple[str, ...]) -> None:
        self._formula, self._over, self._subject_to = formula, over, subject_to

    def _with(self, formula: str) -> str:
        """The statement with `formula` in its place."""
        over = f"over {self._over}: " if self._over else ""
        subject_to = f" subject to {', '.join(self._subject_to)}" if self._subject_to else ""
        return f"minimize {over}{formula}{subject_to}"

    @property
    def stated(self) -> tuple[_eckart.Expr, str]:
        """The formula and the rest of the statement, as the engine takes them."""
        return self._formula._core, self._with("0")

    def __repr__(self) -> str:
        return self._with(str(self._formula))

    def __copy__(self) -> Objective:
        return self

    def __deepcopy__(self, _memo: Any) -> Objective:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return str, (repr(self),)  # its text says the same


def minimize(objective: Expr, *constraints: Constraint, over: str = "") -> Objective:
    """
    An objective made of a formula, as `factorize`, `explain`, `choose_rank` and `eckart.sklearn.ObjectiveFactorization` take.

    Variables that are given neither data nor a parameter are its factors.

    Parameters
    ----------
    objective : Expr
        The formula, 1 x 1.
    *constraints : Constraint
        Constraints on factors: ``W >= 0``, ``W <= 1``, ``rownorm(H) <= 1``, ``colnorm(W) <= 1``.
    over : str
        Declarations of factors whose shapes don't follow from the data and the rank, such as ``"W[n,r], b[n,1]"``.

    Examples
    --------
    >>> import numpy as np, eckart as ek
    >>> X, W, H, a = ek.matrix("X"), ek.matrix("W"), ek.matrix("H"), ek.scalar("a")
    >>> objective = ek.minimize(((X - W @ H)**2).sum() + a * abs(W).sum(), W >= 0, H >= 0, ek.rownorm(H) <= 1)
    >>> objective
    minimize sum((X - W @ H)**2) + a * sum(abs(W)) subject to W >= 0, H >= 0, rownorm(H) <= 1
    >>> ek.factorize(np.ones((6, 4)), objective, rank=2, params={"a": 0.1}).W.shape
    (6, 2)
    """
    for constraint in constraints:
        if not isinstance(constraint, Constraint):
            raise coded(TypeError, "wrong-type", f"{constraint!r} is no constraint: write W >= 0, or rownorm(H) <= 1")
    if not isinstance(objective, Expr):
        raise coded(TypeError, "wrong-type", f"the objective is {objective!r}, it must be a formula")
    return Objective(objective, _checks.text("over", over), tuple(constraint.text for constraint in constraints))


Operand = Expr | float
"""What stands beside a formula: another one, or a number."""

_UFUNCS = {
    "add": "add",
    "subtract": "sub",
    "multiply": "mul",
    "divide": "div",
    "true_divide": "div",
    "power": "pow",
    "float_power": "pow",
    "matmul": "matmul",
    "greater": "greater",
    "maximum": "max",
    "minimum": "min",
    "negative": "neg",
    "absolute": "abs",
    "fabs": "abs",
    "sign": "sign",
    "exp": "exp",
    "log": "log",
    "sqrt": "sqrt",
    "tanh": "tanh",
}


def _formula(x: Any) -> _eckart.Expr:
    """The formula that an operand stands for."""
    if isinstance(x, Expr):
        return x._core
    if isinstance(x, (bool, np.bool_)) or not isinstance(x, numbers.Real):
        array = x if isinstance(x, np.ndarray) else None
        if array is not None and array.ndim == 0 and array.dtype.kind in "iuf":
            return _eckart.number(float(array))
        raise coded(
            TypeError,
            "wrong-type",
            f"{type(x).__name__} is no part of a formula: give a formula or a number. "
            'An array goes in as an input, eckart.matrix("X"), or as a value that is held, eckart.shared(x, "W")'
        )
    return _eckart.number(float(x))


def _apply(name: str, *operands: Any) -> Expr:
    formulas = [_formula(operand) for operand in operands]
    if len(formulas) == 1:
        return Expr(_eckart.unary(name, formulas[0]))
    if len(formulas) == 2:
        return Expr(_eckart.binary(name, formulas[0], formulas[1]))
    return Expr(_eckart.ternary(name, formulas[0], formulas[1], formulas[2]))


def _own(value: Any, name: str) -> _eckart.Matrix:
    """A matrix that shares no memory with `value`."""
    if not isinstance(value, _eckart.Matrix) and not hasattr(value, "tocsr"):
        value = np.array(value)
    elif hasattr(value, "tocsr"):
        value = value.tocsr().copy()
    return matrix_of(value, name)


def matrix(name: str) -> Expr:
    """
    A symbolic matrix: an input of the functions that use it, of any shape.

    Two inputs of the same name are the same variable.

    Examples
    --------
    >>> import eckart as ek
    >>> print(ek.matrix("X").T @ ek.matrix("X"))
    X.T @ X
    """
    return Expr(_eckart.input(_checks.text("name", name), False))


def scalar(name: str) -> Expr:
    """
    A symbolic number: an input that must be given one number.

    Examples
    --------
    >>> import eckart as ek
    >>> x, a = ek.matrix("x"), ek.scalar("a")
    >>> float(ek.function([x, a], (a * x).sum())([[1.0, 2.0]], 10))
    30.0
    """
    return Expr(_eckart.input(_checks.text("name", name), True))


def shared(value: Any, name: str) -> Expr:
    """
    A parameter: a variable that holds a value, which the updates of a function may replace.

    Parameters
    ----------
    value : array-like of shape (n, m), or a number
        Its first value, copied. It keeps its shape.
    name : str
        What it is called when a formula is printed.

    Returns
    -------
    Expr
        With `Expr.get_value` and `Expr.set_value`.

    Examples
    --------
    >>> import eckart as ek
    >>> count = ek.shared(0.0, "count")
    >>> step = ek.function([], count, updates=[(count, count + 1)])
    >>> step(), step(), step()
    (0.0, 1.0, 2.0)
    """
    return Expr(_eckart.shared(_own(value, _checks.text("name", name)), name))


def sum(a: Operand, axis: int | None = None) -> Expr:
    """The sum of all entries (1 x 1), of each column (``axis=0``: 1 x m) or of each row (``axis=1``: n x 1)."""
    return _apply({None: "sum", 0: "colsum", 1: "rowsum"}[_checks.axis(axis)], a)


def rowsum(a: Operand) -> Expr:
    """The sum of each row, n x 1."""
    return _apply("rowsum", a)


def colsum(a: Operand) -> Expr:
    """The sum of each column, 1 x m."""
    return _apply("colsum", a)


def mean(a: Operand) -> Expr:
    """The mean of all entries, 1 x 1."""
    return _apply("mean", a)


def trace(a: Operand) -> Expr:
    """The sum of the diagonal of a square matrix, 1 x 1."""
    return _apply("trace", a)


def norm(a: Operand) -> Expr:
    """
    The Euclidean (Frobenius) norm: the root of the sum of all squares, 1 x 1.

    Examples
    --------
    >>> import eckart as ek
    >>> x = ek.matrix("x")
    >>> ek.function([x], ek.norm(x))([[3.0, 4.0]])
    5.0
    """
    return _apply("norm", a)


def rownorm(a: Operand) -> Expr:
    """The Euclidean length of each row, n x 1."""
    return _apply("rownorm", a)


def colnorm(a: Operand) -> Expr:
    """The Euclidean length of each column, 1 x m."""
    return _apply("colnorm", a)


def abs(a: Operand) -> Expr:
    """The absolute value of each entry."""
    return _apply("abs", a)


def sign(a: Operand) -> Expr:
    """-1, 0 or 1, as each entry is negative, zero or positive."""
    return _apply("sign", a)


def exp(a: Operand) -> Expr:
    """The exponential of each entry."""
    return _apply("exp", a)


def log(a: Operand) -> Expr:
    """The natural logarithm of each entry."""
    return _apply("log", a)


def sqrt(a: Operand) -> Expr:
    """The square root of each entry."""
    return _apply("sqrt", a)


def sigmoid(a: Operand) -> Expr:
    """The logistic function 1 / (1 + exp(-x)) of each entry."""
    return _apply("sigmoid", a)


def softplus(a: Operand) -> Expr:
    """log(1 + exp(x)) of each entry, without overflow."""
    return _apply("softplus", a)


def tanh(a: Operand) -> Expr:
    """The hyperbolic tangent of each entry."""
    return _apply("tanh", a)


def xlogx(a: Operand) -> Expr:
    """x log x of each entry, 0 where x is 0."""
    return _apply("xlogx", a)


def observed(a: Operand) -> Expr:
    """
    1 where a data matrix has an entry, 0 where it has none: the mask for missing data.

    A dense matrix has an entry where it is not NaN, a sparse one where it stores one.

    Examples
    --------
    >>> import eckart as ek
    >>> x = ek.matrix("x")
    >>> ek.function([x], ek.observed(x))([[1.0, float("nan")]])
    array([[1., 0.]])
    """
    return _apply("observed", a)


def eye(a: Operand) -> Expr:
    """The identity matrix of the shape of a square matrix."""
    return _apply("eye", a)


def max(a: Operand, b: Operand) -> Expr:
    """The greater of each pair of entries."""
    return _apply("max", a, b)


def min(a: Operand, b: Operand) -> Expr:
    """The lesser of each pair of entries."""
    return _apply("min", a, b)


def greater(a: Operand, b: Operand) -> Expr:
    """1 where an entry of `a` is greater than that of `b`, else 0."""
    return _apply("greater", a, b)


def clip(a: Operand, low: Operand, high: Operand) -> Expr:
    """Each entry kept within `low` and `high`."""
    return min(max(a, low), high)


def huber(z: Operand, delta: Operand) -> Expr:
    """Huber's loss of each entry: z**2 / 2 up to `delta`, a straight line beyond (Huber 1964, eq. 1.1)."""
    return _apply("huber", z, delta)


def kl(x: Operand, s: Operand) -> Expr:
    """
    The Kullback-Leibler divergence of each pair of entries, x log(x / s) - x + s (Lee and Seung 2001, eq. 3).

    Examples
    --------
    >>> import eckart as ek
    >>> x, s = ek.matrix("x"), ek.matrix("s")
    >>> ek.function([x, s], ek.kl(x, s))([[1.0, 0.0]], [[1.0, 2.0]])
    array([[0., 2.]])
    """
    return _apply("kl", x, s)


def is_(x: Operand, s: Operand) -> Expr:
    """
    The Itakura-Saito divergence of each pair of positive entries, x / s - log(x / s) - 1 (Fevotte, Bertin and Durrieu 2009).
    In a text it is `is(X, S)`.

    Examples
    --------
    >>> import eckart as ek
    >>> x, s = ek.matrix("X"), ek.matrix("S")
    >>> ek.is_(x, s)
    is(X, S)
    """
    return _apply("is_", x, s)


def beta(x: Operand, s: Operand, b: Operand) -> Expr:
    """
    The beta divergence of each pair of entries, (x**b + (b - 1)*s**b - b*x*s**(b - 1)) / (b*(b - 1)) (Fevotte and Idier
    2011); `kl` where `b` is the number 1, `is_` where it is 0.
    """
    return _apply("beta", x, s, b)


def nb(x: Operand, s: Operand, k: Operand) -> Expr:
    """
    The divergence of the negative binomial distribution of mean s and size k from each entry, x log(x / s) -
    (x + k) log((x + k) / (s + k)) (Gouvert, Oberlin and Fevotte 2020). k is given, not fitted.
    """
    return _apply("nb", x, s, k)


def hinge(y: Operand, s: Operand) -> Expr:
    """The hinge loss of each pair of entries, max(1 - y s, 0), y being 1 or -1 (Cortes and Vapnik 1995)."""
    return _apply("hinge", y, s)


def pinball(z: Operand, q: Operand) -> Expr:
    """The loss of each residual z for the quantile q: q z where z is positive, else (q - 1) z (Koenker and Bassett 1978)."""
    return _apply("pinball", z, q)


def elasticnet(w: Operand, l: Operand) -> Expr:
    """The elastic net, l sum(|w|) + (1 - l) / 2 sum(w**2), 1 x 1 (Zou and Hastie 2005)."""
    return _apply("elasticnet", w, l)


def group(w: Operand) -> Expr:
    """The sum of the Euclidean lengths of the rows, 1 x 1, which makes whole rows 0 (Yuan and Lin 2006)."""
    return _apply("group", w)


def ard(w: Operand, h: Operand, b: Operand) -> Expr:
    """
    Automatic relevance determination of the components of `w @ h`, 1 x 1: the sum over them of log(|w_k|**2 / 2 +
    |h_k|**2 / 2 + b) (Tan and Fevotte 2013).
    """
    return _apply("ard", w, h, b)


def laplacian(w: Operand, l: Operand) -> Expr:
    """The graph penalty trace(w.T @ l @ w), 1 x 1, of a graph's Laplacian l (Cai, He, Han and Huang 2011)."""
    return _apply("laplacian", w, l)


def tv(h: Operand, d: Operand) -> Expr:
    """The total variation, the sum of |h @ d|, 1 x 1, d being what takes differences (Rudin, Osher and Fatemi 1992)."""
    return _apply("tv", h, d)


def expand(a: Operand, like: Operand) -> Expr:
    """`a` stretched to the shape of `like`, whose values don't matter."""
    return _apply("expand", a, like)


def sumto(a: Operand, like: Operand) -> Expr:
    """`a` summed down to the shape of `like`, whose values don't matter."""
    return _apply("sumto", a, like)


@overload
def grad(cost: Expr, variables: Expr) -> Expr: ...
@overload
def grad(cost: Expr, variables: Sequence[Expr]) -> list[Expr]: ...
def grad(cost: Expr, variables: Expr | Sequence[Expr]) -> Expr | list[Expr]:
    """
    The gradients of a formula that is a number (1 x 1), as formulas.

    Parameters
    ----------
    cost : Expr
        What is differentiated.
    variables : Expr or sequence of Expr
        By which variables: what `matrix`, `scalar` or `shared` made.

    Returns
    -------
    Expr or list of Expr
        For each variable a formula of its shape. Where the cost has a kink, the gradient is one of its subgradients.

    Examples
    --------
    >>> import eckart as ek
    >>> x = ek.matrix("x")
    >>> slope = ek.grad((x**3).sum(), x)
    >>> ek.function([x], slope)([[1.0, 2.0]])
    array([[ 3., 12.]])
    """
    if isinstance(variables, Expr):
        return Expr(_eckart.differentiate(_formula(cost), [variables._core])[0])
    found = _eckart.differentiate(_formula(cost), [_formula(variable) for variable in variables])
    return [Expr(core) for core in found]


def formulas(these: Iterable[Any]) -> list[_eckart.Expr]:
    """The engine's formulas of Python's."""
    return [_formula(formula) for formula in these]

