"""Factorize: from data and an objective to factors, in one call."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from . import _checks, _eckart
from ._arrays import matrix_of, named_matrix_of
from ._errors import coded, coded_warning, told, warn
from ._factorization import Factorization
from ._progress import Bar, both

MODELS = {name: (statement, dict(numbers)) for name, _, statement, numbers in _eckart.models()}


def models() -> dict[str, str]:
    """
    The named objectives: each with its line of the language.

    Examples
    --------
    >>> import eckart as ek
    >>> ek.models()["nmf"]
    'minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0'
    """
    return {name: statement for name, (statement, _) in MODELS.items()}


def stated(
    data: Any,
    objective: str,
    rank: int,
    numbers: Mapping[str, float] | None,
    start: Mapping[str, Any] | None = None,
    hold: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Any], _eckart.Names | None, _eckart.Names | None]:
    """A problem as the engine takes it, and the names of the rows and columns of its first matrix."""
    known = MODELS.get(_checks.text("objective", objective))
    statement, defaults = known if known else (objective, {})
    if not known and objective.replace("-", "").replace("_", "").isalnum():
        raise coded(ValueError, "unknown-model", f"there is no model {objective}; there are {', '.join(MODELS)}, or write the objective")
    all_data = dict(data) if isinstance(data, Mapping) else {"X": data}
    if not all_data:
        raise coded(ValueError, "no-data", "no data was given: an objective needs a matrix to factorize")
    first, *others = all_data.items()
    target = named_matrix_of(first[1], first[0])
    matrices = [(first[0], target.matrix)]
    matrices += [(name, matrix_of(value, name)) for name, value in others]
    given = {**defaults, **(numbers or {})}
    problem = {
        "objective": statement,
        "data": matrices,
        "numbers": [(name, _checks.real(f"the number {name}", value)) for name, value in given.items()],
        "rank": _checks.whole("rank", rank),  # the engine says which ones fit the data
        "hold": [(name, matrix_of(value, name)) for name, value in (hold or {}).items()],
        "start": [(name, matrix_of(value, name)) for name, value in (start or {}).items()],
    }
    return problem, target.rows, target.cols


def wished(
    *,
    init: str = "auto",
    restarts: int = 1,
    halving: bool = False,
    seed: int = 0,
    max_iter: int = 500,
    tol: float = 1e-5,
    target: float | None = None,
    time_limit: float | None = None,
    method: str | None = None,
    threads: int | None = None,
    registers: str | None = None,
    memory_limit: int | None = None,
    keep_starts: bool = False,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: float = 60.0,
    resume: str | os.PathLike[str] | None = None,
) -> dict[str, Any]:
    """Settings of a search as the engine takes them, each checked by name."""
    every = _checks.real("checkpoint_every", checkpoint_every)
    checkpoint = None if checkpoint is None else _checks.path("checkpoint", checkpoint)
    resume = None if resume is None else _checks.path("resume", resume)
    if checkpoint is not None and checkpoint != resume and os.path.exists(checkpoint):
        raise coded(ValueError, "checkpoint-exists", f"{checkpoint} is there already: go on from it with resume=, or delete it to begin anew")
    file = checkpoint if checkpoint is not None else resume  # a search that goes on keeps its checkpoint where it was
    return {
        "method": None if method is None else _checks.text("method", method),
        "init": _checks.text("init", init),
        "restarts": _checks.whole("restarts", restarts, 1),
        "halving": _checks.boolean("halving", halving),
        "seed": _checks.whole("seed", seed),
        "max_iter": _checks.whole("max_iter", max_iter),
        "tol": _checks.real("tol", tol),
        "target": None if target is None else _checks.real("target", target),
        "time_limit": None if time_limit is None else _checks.real("time_limit", time_limit),
        "threads": None if threads is None else _checks.whole("threads", threads, 1),
        "registers": None if registers is None else _checks.text("registers", registers),
        "memory_limit": None if memory_limit is None else _checks.whole("memory_limit (bytes)", memory_limit),
        "keep_starts": _checks.boolean("keep_starts", keep_starts),
        "checkpoint": None if file is None else (file, every),
        "resume": resume,
    }


def factorize(
    data: Any,
    objective: str = "nmf",
    *,
    rank: int,
    numbers: Mapping[str, float] | None = None,
    init: str = "auto",
    start: Mapping[str, Any] | None = None,
    hold: Mapping[str, Any] | None = None,
    restarts: int = 1,
    halving: bool = False,
    seed: int = 0,
    max_iter: int = 500,
    tol: float = 1e-5,
    target: float | None = None,
    time_limit: float | None = None,
    method: str | None = None,
    threads: int | None = None,
    registers: str | None = None,
    memory_limit: int | None = None,
    keep_starts: bool = False,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: float = 60.0,
    resume: str | os.PathLike[str] | None = None,
    callback: Callable[[dict[str, Any]], Any] | None = None,
    verbose: int = 0,
) -> Factorization:
    """
    Minimises an objective over its factors.

    Parameters
    ----------
    data : matrix-like of shape (n, m), or a dict of them by name
        The matrix X: an array, a sparse matrix, a frame, a tensor, an Arrow table of entries, what `read` or `triplets`
        made. A dict gives every matrix of the objective its name; the first one is factorized. An entry that a sparse
        matrix does not store is zero, NaN in a dense one is missing: leave it out of the cost with ``observed(X)``.
    objective : str
        The name of a model (see `models`) or a text such as
        ``minimize sum((X - W @ H)**2) + a*sum(abs(H)) subject to W >= 0, H >= 0``. A name in it that is neither data nor
        a number is a factor.
    rank : int
        The length r of the sides that nothing else fixes: W is n x r, H is r x m.
    numbers : dict, optional
        The named numbers of the objective, as ``{"a": 0.1}``.
    init : str
        Where the first start begins: ``random``, ``nndsvd``, ``nndsvda``, ``nndsvdar`` or ``svd`` (of the data); ``auto`` is
        ``nndsvd`` for a non-negative factorization with squared errors, else ``random``.
    start : dict of str to matrix-like, optional
        Values of factors at which the first start begins.
    hold : dict of str to matrix-like, optional
        Factors that stay as they are: they are not searched for.
    restarts : int
        How many starts; the one of least cost is returned. All but the first begin at random.
    halving : bool
        Whether the worse half of the starts is dropped after 10 iterations, half of the rest after 20, and so on, until one
        is left, which goes on to its end. It takes much less time than all of them, and misses a start that falls late.
    seed : int
        The same seed gives the same bits, whatever the number of threads.
    max_iter, tol
        A start ends after `max_iter` iterations, or when three in a row each lower the cost by at most the share `tol` of
        what it has fallen.
    target : float, optional
        Stop as soon as the cost is at or below it.
    time_limit : float, optional
        Seconds, all starts counted.
    method : str, optional
        A method by name instead of the one that is derived from the objective.
    threads, memory_limit : int, optional
        Threads; bytes that a plan may need.
    registers : str, optional
        The vector registers that are computed with: "base" (128 bits), "avx2" or "avx512"; by default those that the
        environment variable ECKART_REGISTERS names, or the widest of the processor. The variable is read once, at the
        first computation of the process: set it before, or pass `registers`. Results differ in their last bits.
    keep_starts : bool
        Whether the components of every start are kept, so that `Factorization.consensus` can compare them.
    checkpoint : str or path-like, optional
        A file in which the search writes down how far it is, every `checkpoint_every` seconds and at its end.
    resume : str or path-like, optional
        A checkpoint of the same search to go on from, to the same bits as one that was never ended. `max_iter`,
        `time_limit`, `restarts` and `threads` may be other ones than before.
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
        Where the objective has no least value or may be undefined, the start locks factors, or the cost became infinite
        or undefined; the message says what to do.

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
    problem, row_names, col_names = stated(data, objective, rank, numbers, start, hold)
    wishes = wished(
        init=init,
        restarts=restarts,
        halving=halving,
        seed=seed,
        max_iter=max_iter,
        tol=tol,
        target=target,
        time_limit=time_limit,
        method=method,
        threads=threads,
        registers=registers,
        memory_limit=memory_limit,
        keep_starts=keep_starts,
        checkpoint=checkpoint,
        checkpoint_every=checkpoint_every,
        resume=resume,
    )
    with Bar(verbose) as bar:
        found = _eckart.factorize(problem, wishes, both(bar.listener, callback))
    for warning in told(found.warnings):
        warn(warning)
    if found.checkpoint_error is not None:
        warn(*told([found.checkpoint_error]))
    if found.stop_reason == "diverged":
        text = "the cost became infinite or undefined: scale the data, or choose another objective or start"
        warn(coded_warning("diverged", text))
    return Factorization(found.named(row_names, col_names), _shape_of(problem))


def _shape_of(problem: dict[str, Any]) -> dict[str, Any]:
    """What is known of the data without the data."""
    return {name: (*matrix.shape, matrix.nnz if matrix.is_sparse else None) for name, matrix in problem["data"]}


def explain(
    data: Any,
    objective: str = "nmf",
    *,
    rank: int,
    numbers: Mapping[str, float] | None = None,
    method: str | None = None,
) -> str:
    """
    What an objective becomes, before anything is searched: shapes, gradients, plan, memory, method.

    Takes what `factorize` takes.

    Examples
    --------
    >>> import numpy as np, eckart as ek
    >>> print(ek.explain(np.ones((30, 20)), rank=2).splitlines()[0])
    minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0
    """
    problem, _, _ = stated(data, objective, rank, numbers)
    return _eckart.explain(problem, None if method is None else _checks.text("method", method))
