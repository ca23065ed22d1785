"""Known: which items users are known to have, in the forms in which `recommend` takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from .. import _eckart
from .._arrays import column_of, is_counted, is_series, labels_of, names_of, triplets


class Known(NamedTuple):
    """Which items users are known to have: those of row i are the indices from indptr[i] to indptr[i + 1]."""

    indptr: np.ndarray
    indices: np.ndarray

    @classmethod
    def of(cls, counts: Any) -> Known:
        counts.eliminate_zeros()
        return cls(counts.indptr, counts.indices)

    def of_rows(self, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For each item that is known of the rows at these places, the number of the row among them, and the item; the place
        -1 has none."""
        begin, length = self.indptr[at], np.where(at < 0, 0, self.indptr[at + 1] - self.indptr[at])
        number = np.repeat(np.arange(len(at)), length)
        before = np.cumsum(length) - length
        return number, self.indices[np.arange(len(number)) + (begin - before)[number]]

    def rows(self, at: np.ndarray) -> Known:
        """That of the rows at these places."""
        number, items = self.of_rows(at)
        return Known(np.searchsorted(number, np.arange(len(at) + 1)), items)


class Lists(NamedTuple):
    """A collection of ids of items for each user, and the ids of the users where these are given."""

    users: _eckart.Names | np.ndarray | None
    items: list[Any]
    counted: bool = False
    """Whether pandas counts them: 0, 1, 2, ... are ids of users, or the order in which these are asked about."""


def are_many(ids: Any) -> bool:
    """Whether it is a collection of ids: a sequence, an array, a set."""
    return isinstance(ids, Iterable) and not isinstance(ids, (str, bytes, Mapping))


def entries_in(known: Any) -> Any:
    """A series whose index names users and items as the entries that it lists; anything else as it is."""
    return triplets(known) if is_series(known) and getattr(getattr(known, "index", None), "nlevels", 1) > 1 else known


def lists_in(known: Any) -> Lists | None:
    """The collections of ids that a series, a frame or an Arrow table holds, or an array of texts, for each user; None of
    anything else."""
    if is_series(known):
        items = list(known)
        return Lists(names_of(known)[0], items, is_counted(known)) if items and all(map(are_many, items)) else None
    labels = labels_of(known)
    if labels is not None and 1 <= len(labels) <= 2:
        items = list(column_of(known, len(labels) - 1))
        if not items or not all(map(are_many, items)):
            return None
        if len(labels) == 2:
            return Lists(np.asarray(column_of(known, 0)), items)
        return Lists(names_of(known)[0], items, is_counted(known))
    if isinstance(known, np.ndarray) and known.ndim == 2:
        is_text = known.dtype.kind in "US" or (known.dtype.kind == "O" and any(isinstance(x, (str, bytes)) for x in known.flat))
        return Lists(None, list(known)) if is_text else None
    return None


def is_mask(known: Any) -> bool:
    """Whether it is a table of nothing but True and False."""
    if labels_of(known) is None:
        return getattr(getattr(known, "dtype", None), "kind", None) == "b"
    dtypes = list(known.dtypes) if hasattr(known, "dtypes") else [column.type for column in known.columns]
    return bool(dtypes) and all(str(dtype).lower() in ("bool", "boolean") for dtype in dtypes)


def where_true(X: Any) -> Any:
    """The places of a mask that are True, as compressed rows."""
    return sparse.csr_array(X > 0)
