"""Warnings: told where the package was called, also through an estimator and scikit-learn's wrappers of it."""

from __future__ import annotations

import sys
import warnings
from types import FrameType


def warn(text: str, category: type[Warning] = UserWarning) -> None:
    """Warns at the first line up the stack that is neither of this package nor of scikit-learn."""
    frame: FrameType | None = sys._getframe(1)
    level = 2
    while frame is not None and frame.f_globals.get("__name__", "").split(".")[0] in ("eckart", "sklearn"):
        frame, level = frame.f_back, level + 1
    warnings.warn(text, category, stacklevel=level)
