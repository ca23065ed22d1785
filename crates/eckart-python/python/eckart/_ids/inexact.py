"""Inexact: whole numbers that float64 would round, such as ids of 64 bits, are refused as data, as in files.

Other numbers are rounded to the nearest, as everywhere: 0.1, or a whole number that is a float already.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from decimal import Decimal
from numbers import Integral
from typing import Any

import numpy as np

from .._errors import coded

MOST = 2**53
"""The largest whole number up to which float64 holds all."""


def refuse_inexact(x: Any, name: str, first: int = 0) -> None:
    """Refuses the whole numbers of an array, a sparse matrix, a frame, a table or a list that float64 would round; of a
    table from the column `first` on, of those before names are made."""
    module = type(x).__module__.split(".")[0]
    if module in ("pandas", "polars") and module in sys.modules and isinstance(x, sys.modules[module].Series):
        x = x.to_frame()
    if module in ("pandas", "polars", "pyarrow") and hasattr(x, "columns"):
        _refuse_in_table(x, module, name, first)
    elif hasattr(x, "tocsr") and hasattr(x, "nnz"):
        data = x.data if isinstance(getattr(x, "data", None), np.ndarray) else x.tocsr().data
        _refuse(data, lambda at: f"stored entry {at + 1}", name)
    elif isinstance(x, np.ma.MaskedArray):
        _refuse(np.ma.filled(x, 0), _place_in(x), name) if x.dtype.kind in "iu" else None
    elif isinstance(x, np.ndarray):
        _refuse(x, _place_in(x), name)
    elif isinstance(x, (Integral, Decimal)):
        _refuse([x], lambda at: "the number", name)
    elif isinstance(x, (list, tuple)):
        _refuse_in_list(x, name)


def _refuse_in_table(x: Any, module: str, name: str, first: int) -> None:
    labels = list(x.column_names if module == "pyarrow" else x.columns)
    for k in range(first, len(labels)):
        column = x.iloc[:, k] if module == "pandas" else x[:, k] if module == "polars" else x.column(k)
        values = {"pandas": _of_pandas, "polars": _of_polars, "pyarrow": _of_arrow}[module](column)
        if values is not None:
            _refuse(values, _place_under(labels[k]), name)


def _of_pandas(column: Any) -> Any:
    """The numbers of a column that may be whole ones of 64 bits; None of any other."""
    dtype = column.dtype
    if isinstance(dtype, np.dtype):
        return column.to_numpy() if dtype.kind in "iuO" else None
    if type(dtype).__name__ == "SparseDtype":
        return np.asarray(column.array.sp_values)
    if getattr(dtype, "kind", "O") not in "iuO":
        return None
    return column.tolist() if column.isna().any() else column.to_numpy()


def _of_polars(column: Any) -> Any:
    if str(column.dtype) in ("Int64", "UInt64"):
        return column.fill_null(0).to_numpy()
    return column.to_list() if str(column.dtype).startswith(("Int128", "UInt128", "Decimal")) else None


def _of_arrow(column: Any) -> Any:
    kind = str(column.type)
    return column.to_pylist() if kind.startswith(("int64", "uint64", "decimal")) else None


def _refuse_in_list(x: Any, name: str) -> None:
    """A list of whole numbers and fractions becomes an array of floats, which are looked at only where one is large."""
    try:
        made = np.asarray(x)
    except (TypeError, ValueError, OverflowError):
        return  # whoever makes the array says what is wrong
    if made.dtype.kind == "f" and made.size and bool(np.any(np.abs(made) >= MOST)):
        made = np.asarray(x, dtype=object)
    _refuse(made, _place_in(made), name)


def _place_under(label: Any) -> Callable[[int], str]:
    """The place of an entry of the column of that name, by its number."""
    return lambda at: f"row {at + 1}, column {str(label)!r}"


def _place_in(x: np.ndarray) -> Callable[[int], str]:
    """The place of an entry of an array, by its number in the order of rows."""

    def place(at: int) -> str:
        if x.ndim != 2:
            return f"entry {at + 1}"
        return f"row {at // x.shape[1] + 1}, column {at % x.shape[1] + 1}"

    return place


def _refuse(values: Any, place: Callable[[int], str], name: str) -> None:
    found = _first_inexact(values)
    if found is None:
        return
    at, value = found
    raise coded(
        ValueError,
        "inexact-integer",
        f"{name} holds {value} ({place(at)}), a whole number that float64 does not hold exactly: leave it out where it is an "
        "id, divide by a constant, or convert the numbers to float64 where rounding is meant",
    )


def _first_inexact(values: Any) -> tuple[int, Any] | None:
    """The place and the value of the first whole number that float64 would round."""
    array = values if isinstance(values, np.ndarray) else None
    if array is None or array.dtype.kind == "O":
        return _first_of_objects(values if array is None else array.flat)
    if array.dtype.kind not in "iu" or array.dtype.itemsize < 8 or not array.size:
        return None
    if -MOST <= int(array.min()) and int(array.max()) <= MOST:
        return None
    flat = array.reshape(-1)
    magnitude = flat.astype(np.uint64)
    magnitude = np.where(flat < 0, ~magnitude + np.uint64(1), magnitude)
    lowest = np.maximum(magnitude & (~magnitude + np.uint64(1)), np.uint64(1))
    places = np.flatnonzero(magnitude // lowest > np.uint64(MOST))
    return (int(places[0]), int(flat[places[0]])) if places.size else None


def _first_of_objects(values: Iterable[Any]) -> tuple[int, Any] | None:
    for at, value in enumerate(values):
        is_decimal = isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value()
        if not (is_decimal or isinstance(value, Integral)) or abs(value) <= MOST:
            continue
        whole = int(value)
        # What is longer than the largest float is as far from one as can be.
        if whole.bit_length() > 1024 or int(float(whole)) != whole:
            return at, value
    return None
