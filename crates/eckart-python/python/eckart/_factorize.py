"""Factorize: from data and an objective to factors, in one call."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from . import _checks, _eckart
from ._arrays import named_matrix_of, read, table_of, with_places
from ._checks import settings, with_earlier, with_settings
from ._eckart import Matrix, load_factors
from ._errors import EckartWarning, coded, told, warn
from ._factorization import Factorization
from ._formulas import Expr, Objective, minimize
from ._progress import Bar, both

MODELS = {name: (statement, dict(params)) for name, _, statement, params in _eckart.models()}


def models() -> dict[str, str]:
    """
    The preset objectives: each with its line of the language.

    Examples
    --------
    >>> import eckart as ek
    >>> ek.models()["nmf"]
    'minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0'
    """
    return {name: statement for name, (statement, _) in MODELS.items()}


def factor_of(value: Any, name: str) -> Matrix:
    """The values of a factor: a matrix; or a factorization, a model file or a file of factors that have it; or a file."""
    if isinstance(value, Factorization):
        found = {known: value._core.table(known) for known in value.factors}
        what = "the factorization"
    elif isinstance(value, (str, os.PathLike)):
        what = _checks.path(name, value)
        if not what.endswith(".safetensors"):
            return read(what)
        found = dict(load_factors(what))
    else:
        return table_of(value, name, index=False)
    of_name = found.get(name)
    if of_name is None:
        raise coded(ValueError, "unknown-factor", f"{what} has no factor {name}: it has {', '.join(found)}")
    return of_name


def stated(
    data: Any,
    objective: str | Expr | Objective,
    rank: int,
    params: Mapping[str, float] | None,
    init_from: Mapping[str, Any] | None = None,
    fix: Mapping[str, Any] | None = None,
    match: str = "names",
) -> tuple[dict[str, Any], _eckart.Names | None, _eckart.Names | None]:
    """A problem as the engine takes it, and the names of the rows and columns of its first matrix."""
    if isinstance(objective, Expr):
        objective = minimize(objective)
    if isinstance(objective, Objective):
        known, text = None, ""
    else:
        text = _checks.text("objective", objective)
        known = MODELS.get(text)
    statement, defaults = known if known else (objective.stated if isinstance(objective, Objective) else text, {})
    if not known and text.replace("-", "").replace("_", "").isalnum():
        raise coded(ValueError, "unknown-model", f"there is no model {text}; there are {', '.join(MODELS)}, or write the objective")
    # A sparse matrix of keys is a dict, too.
    is_dict = isinstance(data, Mapping) and not hasattr(data, "tocsr")
    all_data = _checks.named("data", data) if is_dict else {"X": data}
    if not all_data:
        raise coded(ValueError, "no-data", "no data was given: an objective needs a matrix to factorize")
    all_data, fixed, begun = with_places(all_data, _checks.named("fix", fix), _checks.named("init_from", init_from))
    first, *others = all_data.items()
    target = named_matrix_of(first[1], first[0])
    matrices = [(first[0], target.matrix.named(target.rows, target.cols))]
    matrices += [(name, table_of(value, name)) for name, value in others]
    given = {**defaults, **_checks.named("params", params)}
    problem = {
        "objective": statement,
        "data": matrices,
        "params": [(name, _checks.real(f"the parameter {name}", value)) for name, value in given.items()],
        "rank": _checks.whole("rank", rank),  # the engine says which ones fit the data
        "fix": [(name, factor_of(value, name)) for name, value in fixed.items()],
        "init_from": [(name, factor_of(value, name)) for name, value in begun.items()],
        "matching": _checks.matching(match),
    }
    return problem, target.rows, target.cols


def factorize(
    data: Any,
    objective: str | Expr | Objective = "nmf",
    *,
    rank: int,
    params: Mapping[str, float] | None = None,
    init_from: Mapping[str, Any] | None = None,
    fix: Mapping[str, Any] | None = None,
    match: str = "names",
    method: str | None = None,
    init: str = "auto",
    n_init: int | None = None,
    successive_halving: bool = False,
    seed: int = 0,
    max_iter: int = 2000,
    tol: float = 3e-5,
    target: float | None = None,
    time_limit: float | None = None,
    threads: int | None = None,
    registers: str | None = None,
    memory_limit: int | None = None,
    keep_starts: bool = False,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: float = 60.0,
    resume: str | os.PathLike[str] | None = None,
    callback: Callable[[dict[str, Any]], Any] | None = None,
    verbose: int = 0,
    **earlier: Any,
) -> Factorization:
    """
    Minimizes an objective over its factors.

    Parameters
    ----------
    data : matrix-like of shape (n, m), or a dict of them by name
        The matrix X: an array, a sparse matrix, a frame, a tensor, an Arrow table of entries, what `read` or `triplets`
        made. A dict gives every matrix of the objective its name; the first one is factorized. An entry that a sparse
        matrix does not store is zero, NaN in a dense one is missing: leave it out of the cost with ``observed(X)``.
    objective : str, Expr or Objective
        The name of a preset (see `models`), a formula, what `minimize` made of one with constraints, or a text such as
        ``minimize sum((X - W @ H)**2) + a*sum(abs(H)) subject to W >= 0, H >= 0``. Unbound names in it, neither data nor
        parameters, are unknowns: the factors.
    rank : int
        The length r of the sides that nothing else fixes: W is n x r, H is r x m.
    params : dict, optional
        The parameters of the objective, as ``{"a": 0.1}``.
    init_from : dict of str to matrix-like, Factorization or path, optional
        Values of factors at which the first start begins. Of a `Factorization`, and of a model file, the factor of that
        name is taken, with the names of the data that it was fitted to; ``f.W`` alone is an array, which has none.
    fix : dict of str to matrix-like, Factorization or path, optional
        Factors that are fixed at these values: they are not fitted.
    match : str
        ``names``: rows and columns that the objective holds to be the same, such as those of the data, of weights, of factors
        that are fixed or begun at, are matched by name where both have names, in any order; the names must be the same. Where
        only one has names they are matched by position, with a warning. ``position``: in their order, whatever their names.
    method : str, optional
        A method by name instead of the first that supports the problem.
    init : str
        Where the first start begins: ``random``, ``nndsvd``, ``nndsvda``, ``nndsvdar`` or ``svd`` (of the data); ``auto`` is
        ``random`` for squared errors of free factors, for objectives that weight entries or leave them out, and for products
        of more than two factors; else ``nndsvd`` for non-negative factors, and ``svd``, which one component
        with a scale of its own begins at, too. Further starts are random.
    n_init : int or None
        Number of starts; the one of least cost is returned. None makes one, or 16 with `successive_halving` where the
        objective has several minima and its starts are cheap (docs/methods.md, "Several starts").
    successive_halving : bool
        Whether the worse half of the starts is dropped after 25 iterations, half of the rest after 50, and so on, until one
        is left, which goes on to its end. It takes much less time than all of them, and misses a start whose cost falls
        late.
    seed : int
        The same seed gives the same bits, whatever the number of threads.
    max_iter : int
        Iterations per start, at most.
    tol : float
        A start has converged when the relative decrease of its cost over the last tenth of its iterations, and 20 at least, is
        at most `tol`.
    target : float, optional
        Stop as soon as the cost is at or below it.
    time_limit : float, optional
        Seconds, all starts counted.
    threads, memory_limit : int, optional
        Number of threads; bytes that the process may hold at its peak, data included: a search that needs more is refused.
    registers : str, optional
        The vector registers that are computed with: "base" (128 bits), "avx2" or "avx512"; by default those that the
        environment variable ECKART_REGISTERS names, or the widest of the processor. The variable is read once, at the
        first computation of the process: set it before, or pass `registers`. Results differ in their last bits.
    keep_starts : bool
        Whether the components of every start are kept, so that `Factorization.consensus` can compare them.
    checkpoint : str or path-like, optional
        A file to which the search saves its state every `checkpoint_every` seconds and at its end.
    checkpoint_every : float
        Least number of seconds between two checkpoints; 0 saves one after every iteration.
    resume : str or path-like, optional
        A checkpoint of the same search to resume, to the same bits as one that was never stopped. `max_iter`,
        `time_limit`, `n_init`, `threads` and `memory_limit` may be others than before.
    callback : callable, optional
        Called after every iteration with a dict of ``start``, ``starts``, ``iteration``, ``max_iter``, ``cost`` and
        ``best``; a true result ends the search and keeps the best factors so far.
    verbose : int
        1 shows a progress bar (of tqdm, where it is installed).

    Returns
    -------
    Factorization
        Ctrl-C ends the search and returns the best factors so far, with the ``stop_reason`` "interrupted".

    Warns
    -----
    UserWarning
        Where the objective has no least value or may be undefined, the start locks factors, the cost became infinite or
        undefined, or the search ended before it converged; the message says what to do.

    Raises
    ------
    TypeError
        Where an argument is of another type than it must be; the message names it.
    ValueError
        Where text, shapes, data or settings can't be used; the message says where and what to do.
    MemoryError
        Where a plan needs more memory than it may have; nothing was allocated then.

    Examples
    --------
    >>> import numpy as np, eckart as ek
    >>> X = np.outer([1.0, 2.0, 3.0], [1.0, 0.0, 2.0, 1.0])
    >>> f = ek.factorize(X, "minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0", rank=1)
    >>> f.W.shape, f.H.shape, bool(f.cost < 1e-8)
    ((3, 1), (1, 4), True)
    """
    return searched(data, objective, rank, with_earlier("factorize", locals(), earlier), warn)


def searched(
    data: Any,
    objective: str | Expr | Objective,
    rank: int,
    given: Mapping[str, Any],
    tell: Callable[[EckartWarning], None],
) -> Factorization:
    """The factors by the other arguments of `factorize`; `tell` is called with each warning."""
    problem, row_names, col_names = stated(
        data, objective, rank, given.get("params"), given.get("init_from"), given.get("fix"), given.get("match", "names")
    )
    search = settings(given)
    with Bar(given.get("verbose", 0)) as bar:
        found = _eckart.factorize(problem, search, both(bar.listener, given.get("callback")))
    ended = [row for row in (found.checkpoint_error, found.ended_early) if row is not None]
    for warning in told([*found.warnings, *ended]):
        tell(warning)
    return Factorization(found.named(row_names, col_names), _shape_of(problem))


def _shape_of(problem: dict[str, Any]) -> dict[str, Any]:
    """What is known of the data without the data."""
    return {name: (*matrix.shape, matrix.nnz if matrix.is_sparse else None) for name, matrix in problem["data"]}


def explain(
    data: Any,
    objective: str | Expr | Objective = "nmf",
    *,
    rank: int,
    params: Mapping[str, float] | None = None,
    init_from: Mapping[str, Any] | None = None,
    fix: Mapping[str, Any] | None = None,
    match: str = "names",
    **search: Any,
) -> _eckart.Explanation:
    """
    What a search would run, before it runs: shapes, method, one iteration's total, memory, every plan.

    Takes what `factorize` takes, but `callback` and `verbose`.

    Returns
    -------
    Explanation
        Printed as text; ``to_json()`` for programs, ``to_html()`` and notebooks for HTML.

    Examples
    --------
    >>> import numpy as np, eckart as ek
    >>> print(str(ek.explain(np.ones((30, 20)), rank=2)).splitlines()[1].strip())
    minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0
    """
    bound = {"params": params, "init_from": init_from, "fix": fix, "match": match}
    given = with_settings("explain", bound, search)
    problem, _, _ = stated(data, objective, rank, given["params"], given["init_from"], given["fix"], given["match"])
    return _eckart.explain(problem, settings(given))
