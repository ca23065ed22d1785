"""Labels: ids and names of rows and columns, each in the type in which it was given, and as numbers from 0.

In: sequences, arrays and columns of ids.  Out: texts, whole numbers, dates and times, as the engine keeps them.
"""

from __future__ import annotations

import datetime
import math
from typing import Any

import numpy as np

from .._errors import coded

_UNITS = {"s", "ms", "us", "ns"}


def typed(ids: np.ndarray) -> tuple[str, np.ndarray] | None:
    """Ids that are whole numbers, dates or times as the engine keeps them: a type and whole numbers."""
    kind = ids.dtype.kind
    if kind == "i":
        return "i64", np.ascontiguousarray(ids, dtype=np.int64)
    if kind == "u":
        return "u64", np.ascontiguousarray(ids, dtype=np.uint64)
    if kind == "M":
        unit, count = np.datetime_data(ids.dtype)
        if count == 1 and (unit == "D" or unit in _UNITS):
            plain = np.ascontiguousarray(ids).astype(ids.dtype.newbyteorder("=")).view(np.int64)
            return ("date" if unit == "D" else f"datetime[{unit}]"), plain
    return None


def as_given(ids: tuple[str, np.ndarray] | None, names: list[str] | None) -> np.ndarray | list[str] | None:
    """Ids in the type in which they were given: an array of int64, uint64 or datetime64; else the texts."""
    if ids is None:
        return names
    kind, values = ids
    if kind in ("i64", "u64"):
        return values
    unit = "D" if kind == "date" else kind.removeprefix("datetime[").removesuffix("]")
    return values.view(f"datetime64[{unit}]")


def coded_ids(ids: Any, what: str) -> tuple[np.ndarray, list[Any], tuple[str, np.ndarray] | None]:
    """Ids as numbers from 0, in the order in which they first appear; the ids, of which none may be missing; and these as
    what they are, where they are whole numbers, dates or times."""
    array = exact(ids)
    if isinstance(ids, np.ma.MaskedArray):
        _refuse_missing(np.ma.getmaskarray(ids), ids, what)
    if array.dtype.kind == "M":
        _refuse_missing(np.isnat(array), ids, what)
    if array.dtype.kind in "biuUSM":
        known, first, codes = np.unique(array, return_index=True, return_inverse=True)
        order = np.argsort(first, kind="stable")
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        texts = known[order].tolist()
        if "nan" in texts and not isinstance(ids, np.ndarray):  # NumPy makes a text of NaN beside texts
            _refuse_missing([is_missing(label) for label in ids], ids, what)
        return place[codes.reshape(-1)], texts, typed(known[order])
    if array.dtype.kind == "f" and array.size and are_whole(array):
        # A column of ids turns to floats where one of them was missing once.
        return coded_ids(array.astype(np.int64), what)
    seen: dict[Any, int] = {}
    labels = whole_labels([label.decode() if isinstance(label, bytes) else label for label in array.tolist()])
    codes = np.fromiter((seen.setdefault(label, len(seen)) for label in labels), np.int64, len(array))
    _refuse_missing(np.array([is_missing(label) for label in seen], dtype=bool)[codes], labels, what)
    texts = [str(label) for label in seen]
    if len(set(texts)) < len(texts):
        # 1 and "1" would have one name: they are one id.
        return coded_ids(np.array([str(label) for label in labels], dtype=object), what)
    return codes, list(seen), typed_labels(list(seen))


def whole_labels(labels: list[Any]) -> list[Any]:
    """Labels with whole floats as the whole numbers that they are, beside texts and missing ones, too: a column of ids turns
    to floats where one of them was missing once. Beside fractions each is one of them, and floats beyond 2^53 stay."""
    floats = [label for label in labels if isinstance(label, float) and math.isfinite(label)]
    if not floats or not all(label.is_integer() and abs(label) < 2**53 for label in floats):
        return labels
    return [int(label) if isinstance(label, float) and label.is_integer() else label for label in labels]


def are_whole(values: np.ndarray) -> bool:
    """Whether all of them are whole numbers that floats hold exactly."""
    return bool(np.all(np.abs(values) < 2**53) and np.all(values == np.trunc(values)))


def exact(ids: Any) -> np.ndarray:
    """Ids as an array, each as it was given: a list of whole numbers of 64 bits is none of floats, nor one of texts where
    some are numbers; bytes are texts."""
    array = ids if isinstance(ids, np.ndarray) else np.asarray(ids)
    if array.dtype.kind == "S":
        return np.char.decode(array, "utf-8")
    if not isinstance(ids, (list, tuple)):
        return array
    is_mixed = array.dtype.kind == "U" and not all(isinstance(label, str) for label in ids)
    if not is_mixed and not (array.dtype.kind == "f" and all(type(label) is int for label in ids)):
        return array
    exact = np.empty(len(ids), dtype=object)
    exact[:] = ids
    return exact


def typed_labels(labels: list[Any]) -> tuple[str, np.ndarray] | None:
    """The same of labels that are Python's whole numbers, dates, or times without a time zone."""
    if not labels:
        return None
    if all(type(label) is int for label in labels):
        if -(2**63) <= min(labels) and max(labels) < 2**63:
            return "i64", np.array(labels, dtype=np.int64)
        return ("u64", np.array(labels, dtype=np.uint64)) if 0 <= min(labels) and max(labels) < 2**64 else None
    if all(type(label) is datetime.date for label in labels):
        return typed(np.array(labels, dtype="datetime64[D]"))
    if all(_is_plain_time(label) for label in labels):
        return typed(np.array(labels, dtype="datetime64[us]"))
    return None


def _is_plain_time(label: Any) -> bool:
    """Whether it is a time without a time zone that microseconds hold; pandas' times have nanoseconds."""
    if not isinstance(label, datetime.datetime) or is_missing(label):
        return False
    return label.tzinfo is None and getattr(label, "nanosecond", 0) == 0


def is_missing(label: Any) -> bool:
    """Whether it is None, NaN, NaT or pandas' NA, which is equal to nothing."""
    same = label is not None and label == label
    return not isinstance(same, (bool, np.bool_)) or not same


def _refuse_missing(missing: Any, ids: Any, what: str) -> None:
    """Raises an error that names the place of the first missing id."""
    places = np.flatnonzero(missing)
    if places.size:
        raise coded(
            ValueError,
            "empty-id",
            f"entry {places[0]}, counted from 0, has no id of its {what} but {ids[places[0]]!r}: leave the entry out, "
            "or give it an id"
        )
