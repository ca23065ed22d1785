"""
Errors: what Eckart raises, and what it warns of, with a stable code.

Each exception is also the builtin one that Python's users expect (`ValueError`, `FileNotFoundError`, ...). The codes are
those of the engine's table, which `codes()` returns; `_codes.py` lists them for type checkers.
"""

from __future__ import annotations

import functools
import sys
import warnings
from types import FrameType
from typing import Any, NamedTuple, cast

from . import _eckart
from ._codes import Code


class EckartError(Exception):
    """
    What every exception of Eckart's is, beside the builtin one that it stands for.

    Attributes
    ----------
    code : str
        The kind of thing that is wrong, as a stable word (see `codes`).
    kind : str
        ``error``, or ``doubt`` where the input could mean several things.
    help : str or None
        What to do about it, where that is told apart from the message.
    file : str or None
        The file that it is of.
    line : int or None
        The line of that file, counted from 1.

    Examples
    --------
    >>> import eckart as ek
    >>> try:
    ...     ek.factorize([[1.0, 2.0], [3.0, 4.0]], "sum((X - W @ H)**2) + summ(W)", rank=1)
    ... except ek.EckartError as error:
    ...     print(isinstance(error, ValueError), error.code, error.kind)
    True unknown-function error
    """

    code: Code
    help: str | None = None
    file: str | None = None
    line: int | None = None

    @property
    def kind(self) -> str:
        """``error``, or ``doubt`` where the input could mean several things; the message then names what decides."""
        return _kinds()[self.code]


class EckartValueError(EckartError, ValueError):
    """A value, a text or data that can't be used, or that could mean several things."""


class EckartTypeError(EckartError, TypeError):
    """An argument of a type that can't be used."""


class EckartKeyError(EckartError, KeyError):
    """A row or column that is not there."""

    __str__ = Exception.__str__  # a KeyError shows its text in quotation marks


class EckartAttributeError(EckartError, AttributeError):
    """A factor that is not there."""


class EckartMemoryError(EckartError, MemoryError):
    """A plan that needs more memory than it may have; nothing was allocated."""


class EckartRuntimeError(EckartError, RuntimeError):
    """A defect of Eckart."""


class EckartOSError(EckartError, OSError):
    """A refusal of the operating system."""


class EckartFileNotFoundError(EckartOSError, FileNotFoundError):
    """A file or folder that is not there."""


class EckartPermissionError(EckartOSError, PermissionError):
    """A file that may not be read or written."""


class EckartFileExistsError(EckartOSError, FileExistsError):
    """A file that is there already."""


class EckartIsADirectoryError(EckartOSError, IsADirectoryError):
    """A folder where a file is needed."""


class EckartNotADirectoryError(EckartOSError, NotADirectoryError):
    """A file where a folder is needed."""


class EckartWarning(UserWarning):
    """
    What Eckart warns of.

    Attributes
    ----------
    code : str
        The kind of thing that it is about, as a stable word (see `codes`).
    """

    code: Code


class CodeRow(NamedTuple):
    """A row of the table of codes."""

    code: str
    """The word."""
    kind: str
    """`error`, `doubt` (the input could mean several things; also an exception) or `warning`."""
    meaning: str
    """What it means."""
    remedy: str
    """What to do."""


@functools.cache
def _kinds() -> dict[str, str]:
    """The kind of each code."""
    return {row.code: row.kind for row in codes()}


def codes() -> list[CodeRow]:
    """
    All codes that an exception or a warning of Eckart can have.

    Examples
    --------
    >>> import eckart as ek
    >>> [row.kind for row in ek.codes() if row.code == "names-differ"]
    ['error']
    """
    return [CodeRow(*row) for row in _eckart.codes()]


_KINDS: tuple[type[EckartError], ...] = (
    EckartFileExistsError,
    EckartFileNotFoundError,
    EckartPermissionError,
    EckartIsADirectoryError,
    EckartNotADirectoryError,
    EckartOSError,
    EckartValueError,
    EckartTypeError,
    EckartKeyError,
    EckartAttributeError,
    EckartMemoryError,
    EckartRuntimeError,
)

# A traceback names them as users import them.
for _own in (EckartError, EckartWarning, *_KINDS):
    _own.__module__ = "eckart"


def coded(kind: type[Exception], code: Code, *args: Any) -> EckartError:
    """The exception of that code that is also a `kind`; OSError chooses by its number which of its kinds it is."""
    if kind is OSError:
        kind = type(OSError(*args))
    own = next(own for own in _KINDS if issubclass(kind, own.__bases__[1]))
    error = own(*(_eckart.printable(arg) if isinstance(arg, str) else arg for arg in args))
    error.code = code
    return error


def coded_warning(code: Code, text: str, kind: type[EckartWarning] = EckartWarning) -> EckartWarning:
    """The warning of that code."""
    warning = kind(_eckart.printable(text))
    warning.code = code
    return warning


def told(rows: list[tuple[str, str]]) -> list[EckartWarning]:
    """The engine's warnings, a code and a text each."""
    return [coded_warning(cast(Code, code), text) for code, text in rows]


def warn(warning: EckartWarning) -> None:
    """Warns where the package was called: at the first line up the stack that is neither of it nor of scikit-learn."""
    frame: FrameType | None = sys._getframe(1)
    level = 2
    while frame is not None and frame.f_globals.get("__name__", "").split(".")[0] in ("eckart", "sklearn"):
        frame, level = frame.f_back, level + 1
    warnings.warn(warning, stacklevel=level)
