"""Checks: arguments of a search, or of a formula, by name, before the engine sees them; settings by the engine's table."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from . import _eckart
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


def named(name: str, value: Any) -> dict[str, Any]:
    """An argument that must be a dict by name; nothing where it is not given."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise coded(TypeError, "wrong-type", f"{name} is of type {type(value).__name__}, it must be a dict by name")
    return {text(f"a name in {name}", key): one for key, one in value.items()}


def function(name: str, value: Any) -> Any:
    """An argument that must be callable, where it is given."""
    if value is not None and not callable(value):
        raise coded(TypeError, "wrong-type", f"{name} is {value!r}, it must be callable")
    return value


def choice(name: str, value: Any, known: tuple[str, ...]) -> str:
    """An argument that must be one of some words."""
    if text(name, value) not in known:
        raise coded(ValueError, "unknown-choice", f"{name} is {value!r}, it must be one of {', '.join(map(repr, known))}")
    return str(value)


def matching(value: Any) -> str:
    """What decides where two named things meet."""
    return choice("match", value, ("names", "position"))


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


class Setting(NamedTuple):
    """A row of the engine's table of settings."""

    name: str
    aliases: list[str]
    kind: str
    least: int
    default: Any


SETTINGS = {row[0]: Setting(*row) for row in _eckart.settings()}
CHECKS: dict[str, Callable[[Setting, Any], Any]] = {
    "flag": lambda row, value: boolean(row.name, value),
    "whole": lambda row, value: whole(row.name, value, row.least),
    "bytes": lambda row, value: whole(f"{row.name} (bytes)", value),
    "real": lambda row, value: real(row.name, value),
    "text": lambda row, value: text(row.name, value),
    "path": lambda row, value: path(row.name, value),
}
DEFAULTS = {name: row.default for name, row in SETTINGS.items()}
EARLIER = {
    "numbers": "params",
    "start": "init_from",
    "hold": "fix",
    **{alias: row.name for row in SETTINGS.values() for alias in row.aliases},
}
"""Earlier names of arguments, which are taken as well."""


def settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings among `given` as the engine takes them."""
    checked = {}
    for name, row in SETTINGS.items():
        value = given.get(name, row.default)
        checked[name] = None if value is None and row.default is None else CHECKS[row.kind](row, value)
    return checked


def with_earlier(function: str, given: Mapping[str, Any], earlier: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a function, those that go by an earlier name among them; any other name is refused."""
    found = dict(given)
    for name, value in earlier.items():
        later = EARLIER.get(name)
        if later is None or later not in found:
            raise coded(TypeError, "unknown-option", f"{function}() got an unexpected keyword argument {name!r}")
        found[later] = latest(later, found[later], name, value, DEFAULTS.get(later))
    return found


def latest(later: str, value: Any, earlier: str, other: Any, default: Any = None) -> Any:
    """An argument that has an earlier name, by which it may be given instead."""
    if other is None:
        return value
    if value is not default and not (type(value) is type(default) and value == default):
        raise coded(TypeError, "settings-conflict", f"{earlier} is the earlier name of {later}, which is given, too: leave out {earlier}")
    return other


def with_settings(function: str, given: Mapping[str, Any], search: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a function that takes every setting by name."""
    named = {name: value for name, value in search.items() if name in SETTINGS}
    return with_earlier(function, {**DEFAULTS, **given, **named}, {k: v for k, v in search.items() if k not in named})
