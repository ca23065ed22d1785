"""Function: formulas as a callable, with updates of shared variables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from . import _eckart
from ._arrays import Slot
from ._errors import coded
from ._formulas import Expr, formulas


class Function:
    """
    A callable made of formulas; `function` makes it.

    Calling it computes the outputs, then gives each shared variable of the updates its new value. A call that fails
    changes nothing.
    """

    def __init__(self, core: _eckart.Function, names: list[str], single: bool) -> None:
        self._core = core
        self._slots = [Slot(name) for name in names]
        self._names = names
        self._single = single

    def __call__(self, *inputs: Any) -> Any:
        if len(inputs) != len(self._slots):
            takes = ", ".join(self._names) or "nothing"
            raise coded(TypeError, "input-count", f"the function takes {takes}; it was called with {len(inputs)} inputs")
        values = self._core.call([slot(x) for slot, x in zip(self._slots, inputs)])
        results = [result(value) for value in values]
        return results[0] if self._single else results

    def explain(self) -> str:
        """The plan for the inputs of the last call: kernels, buffers, work; what to do before the first call."""
        return self._core.explain() or "not planned yet: shapes are known at the first call"

    def __repr__(self) -> str:
        return _eckart.printable(f"<eckart.Function of ({', '.join(self._names)})>")


def result(value: _eckart.Matrix) -> Any:
    """A number as a float, a dense matrix as an array, a sparse one as SciPy's."""
    compressed = value.to_compressed_rows()
    if compressed is not None:
        from scipy.sparse import csr_array

        indptr, indices, numbers = compressed
        return csr_array((numbers, indices, indptr), shape=value.shape)
    array = value.to_array()
    return float(array[0, 0]) if array.shape == (1, 1) else np.array(array)


def function(
    inputs: Sequence[Expr],
    outputs: Expr | Sequence[Expr] | None = None,
    updates: Iterable[tuple[Expr, Expr]] | Mapping[Expr, Expr] = (),
) -> Function:
    """
    A callable of `inputs` that returns `outputs` and then gives shared variables their new values.

    The formulas are rewritten and planned at the first call, and again where shapes change: products of factors that are
    needed only in sums are not formed, sparse data is never written out.

    Parameters
    ----------
    inputs : sequence of Expr
        Variables made by `matrix` or `scalar`, in the order in which they are passed.
    outputs : Expr or sequence of Expr, optional
        What a call returns: one value where it is one formula, else a list.
    updates : iterable of (shared variable, Expr), or a dict
        The new value of each shared variable, computed from the old values of all.

    Returns
    -------
    Function
        Called with arrays, sparse matrices, frames, tensors or numbers. A result that is one number is a float, others are
        arrays of shape (n, m), in float32 where all matrices passed in are float32. Arrays that are C-ordered, of
        float32 or float64, are read where they lie, without the interpreter's lock: don't write into one from another
        thread during a call. The function holds what it was last called with.

    Raises
    ------
    ValueError
        Where shapes don't fit, at the first call; where a variable is neither input nor shared.

    Examples
    --------
    >>> import eckart as ek
    >>> x, w = ek.matrix("x"), ek.shared([[0.0]], "w")
    >>> cost = ((x - w)**2).sum()
    >>> step = ek.function([x], cost, updates=[(w, w - 0.25 * ek.grad(cost, w))])
    >>> [step([[3.0]]) for _ in range(3)]
    [9.0, 2.25, 0.5625]
    """
    single = isinstance(outputs, Expr)
    wanted: list[Any] = [] if outputs is None else [outputs] if isinstance(outputs, Expr) else list(outputs)
    pairs = list(updates.items() if isinstance(updates, Mapping) else updates)
    news = zip(formulas(target for target, _ in pairs), formulas(new for _, new in pairs))
    core = _eckart.Function(formulas(inputs), formulas(wanted), list(news))
    return Function(core, [str(one) for one in inputs], single)
