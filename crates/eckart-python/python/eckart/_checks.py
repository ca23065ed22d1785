"""Checks: arguments of a search, or of a formula, by name, before the engine sees them."""

from __future__ import annotations

import os
from numbers import Real
from typing import Any

import numpy as np

from ._errors import coded

MOST = 2**64 - 1
"""The largest whole number that the engine takes."""


def whole(name: str, value: Any, least: int = 0) -> int:
    """An argument that must be a whole number of Python or NumPy."""
    value = _alone(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise coded(TypeError, "wrong-type", f"{name} is {value!r}, it must be a whole number of at least {least}")
    if value < least:
        raise coded(ValueError, "setting-out-of-range", f"{name} is {value}, it must be a whole number of at least {least}")
    if value > MOST:
        raise coded(ValueError, "setting-out-of-range", f"{name} is {value}, it must be a whole number of at most {MOST}")
    return value


def real(name: str, value: Any) -> float:
    """An argument that must be a real number."""
    value = _alone(value)
    if not isinstance(value, Real) or isinstance(value, bool):
        raise coded(TypeError, "wrong-type", f"{name} is {value!r}, it must be a real number")
    return float(value)


def boolean(name: str, value: Any) -> bool:
    """An argument that must be true or false."""
    if not isinstance(value, (bool, np.bool_)):
        raise coded(TypeError, "wrong-type", f"{name} is {value!r}, it must be True or False")
    return bool(value)


def text(name: str, value: Any) -> str:
    """An argument that must be a text."""
    if not isinstance(value, str):
        raise coded(TypeError, "wrong-type", f"{name} is {value!r}, it must be a text")
    return value


def choice(name: str, value: Any, known: tuple[str, ...]) -> str:
    """An argument that must be one of some words."""
    if text(name, value) not in known:
        raise coded(ValueError, "unknown-choice", f"{name} is {value!r}, it must be one of {', '.join(map(repr, known))}")
    return str(value)


def path(name: str, value: Any) -> str:
    """An argument that must be the path of a file."""
    try:
        return os.fsdecode(value)
    except TypeError:
        raise coded(TypeError, "wrong-type", f"{name} is {value!r}, it must be a path: a text or a path-like object") from None


def axis(value: int | None) -> int | None:
    """An axis of a matrix, 0 or 1; None is both."""
    if value is not None and value not in (0, 1, -1, -2):
        raise coded(ValueError, "setting-out-of-range", f"axis is {value}, and a matrix has the axes 0 and 1")
    return value % 2 if value is not None else None


def refuse(name: str, **options: Any) -> None:
    """Refuses what NumPy's function of that name takes and a formula can't."""
    for option, value in options.items():
        if value is not None:
            raise coded(TypeError, "unknown-option", f"{name} of a formula takes no {option} (it is {value!r}): it stands for all entries, in their own type")


def _alone(value: Any) -> Any:
    """The number in an array or tensor without axes."""
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", None) == 0 else value
