"""Progress: what is shown while a search runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from ._checks import function

Listener = Callable[[dict[str, Any]], Any]


class Bar:
    """A bar over all iterations of all starts: tqdm's where it is installed, else a line a second on standard error."""

    def __init__(self, verbose: int) -> None:
        self._verbose = verbose
        self._bar: Any = None
        self._shown = 0.0
        self._done = 0

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.close()

    @property
    def listener(self) -> Listener | None:
        """What is to be called after every iteration; None where nothing is shown."""
        return self._show if self._verbose else None

    def _show(self, now: dict[str, Any]) -> bool:
        done = now["start"] * now["max_iter"] + now["iteration"]
        if time.monotonic() - self._shown >= 0.1:
            self._shown = time.monotonic()
            bar = self._tqdm(now["starts"] * now["max_iter"])
            text = f"start {now['start'] + 1} of {now['starts']}, cost {now['cost']:.6g}, best {now['best']:.6g}"
            if bar is None:
                print(f"eckart: iteration {now['iteration']}, {text}", file=sys.stderr)
            else:
                bar.set_postfix_str(text, refresh=False)
                bar.update(done - self._done)
                self._done = done
        return False

    def _tqdm(self, total: int) -> Any:
        if self._bar is None:
            try:
                from tqdm.auto import tqdm
            except ImportError:
                self._shown += 0.9
                return None
            self._bar = tqdm(total=total, desc="eckart", unit="it", leave=False)
        return self._bar


def both(first: Listener | None, second: Listener | None) -> Listener | None:
    """A listener that calls both, and ends the search where one wants it."""
    second = function("callback", second)
    if first is None or second is None:
        return first or second

    def listen(now: dict[str, Any]) -> bool:
        return bool(first(now)) | bool(second(now))

    return listen
