"""Compare: how many components the data bears, and whether the starts of a search agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from . import _checks, _eckart
from ._checks import settings, with_settings
from ._errors import coded, told, warn
from ._factorize import stated
from ._formulas import Expr, Objective

WAYS = ("holdout", "bcv")


class RankScore(NamedTuple):
    """A rank, the mean of its losses, the standard error of that mean, and the loss of each repetition."""

    rank: int
    mean: float
    error: float
    losses: list[float]


class RankChoice(NamedTuple):
    """The rank that was chosen, and what each of them came to."""

    rank: int
    scores: list[RankScore]


class Consensus(NamedTuple):
    """
    What the starts of a search agree on; `Factorization.consensus` finds it.

    Attributes
    ----------
    components : ndarray of shape (r, m)
        The median of what the starts found of each component.
    stability : ndarray of shape (r,)
        Of each component of the best start, the mean cosine to those of the other starts that match it: 1 where every start
        finds it.
    cophenetic : float
        1 where entries go together in all starts or in none (Brunet et al. 2004).
    matrix : ndarray of shape (k, k)
        The share of starts in which two columns (or rows) of the data have the same largest component.
    groups : list of int
        The group of each, from 0.
    of_columns : bool
        Whether these are columns of the data, rather than rows.
    sampled : list of int
        Which they are, from 0: at most 2,000, evenly spread.
    """

    components: np.ndarray
    stability: np.ndarray
    cophenetic: float
    matrix: np.ndarray
    groups: list[int]
    of_columns: bool
    sampled: list[int]


def choose_rank(
    data: Any,
    objective: str | Expr | Objective = "nmf",
    *,
    ranks: Iterable[int],
    way: str = "holdout",
    share: float = 0.1,
    repeats: int = 3,
    params: Mapping[str, float] | None = None,
    match: str = "names",
    **search: Any,
) -> RankChoice:
    """
    How many components the data bears: the smallest rank that predicts entries it has not seen about as well as the best.

    Parameters
    ----------
    data, objective, params, match
        As in `factorize`.
    ranks : iterable of int
        The ranks to compare, in increasing order, such as ``range(2, 9)``.
    way : str
        ``holdout``: a share of the entries is left out of the cost, and the loss is that of these entries. ``bcv``:
        bi-cross-validation, a quarter of the data predicted from the other three (Owen and Perry 2009), which is faster.
    share : float
        The share that is held out, with ``holdout``.
    repeats : int
        How often each rank is tried, with other entries held out: 3 or more.
    **search
        Settings of each search, as in `factorize`: ``init``, ``n_init``, ``seed``, ``max_iter``, ``tol``, ``method``,
        ``threads``, ``memory_limit``, ``time_limit``.

    Returns
    -------
    RankChoice
        ``rank``: the smallest whose mean loss is within one standard error of the least. ``scores``: what each came to.
        Ctrl-C ends the search and compares the ranks that are done.

    Warns
    -----
    UserWarning
        Where the largest rank won: widen the range.

    Raises
    ------
    TypeError, ValueError
        As in `factorize`; where the objective does not compare X entry by entry inside one sum.

    Examples
    --------
    >>> import numpy as np, eckart as ek
    >>> rng = np.random.default_rng(0)
    >>> X = rng.random((60, 3)) ** 2 @ rng.random((3, 30)) ** 2 + 0.1 * rng.standard_normal((60, 30))
    >>> ek.choose_rank(X, "mf", ranks=range(1, 6), way="bcv").rank
    3
    """
    if _checks.text("way", way) not in WAYS:
        raise coded(ValueError, "unknown-choice", f"way is {way!r}, it must be one of {', '.join(map(repr, WAYS))}")
    given = with_settings("choose_rank", {"params": params}, search)
    for name in ("keep_starts", "checkpoint", "resume"):
        if given[name]:
            raise coded(TypeError, "settings-conflict", f"{name} is of one search, and ranks are compared by many: choose the rank first, then fit it")
    wanted = [_checks.whole("a rank", rank, 1) for rank in ranks]
    problem, _, _ = stated(data, objective, wanted[0] if wanted else 1, given["params"], match=match)
    held_out = _checks.real("share", share) if way == "holdout" else None
    found = _eckart.choose_rank(problem, settings(given), wanted, held_out, _checks.whole("repeats", repeats))
    for warning in told(found["warnings"]):
        warn(warning)
    return RankChoice(found["rank"], [RankScore(*score) for score in found["scores"]])
