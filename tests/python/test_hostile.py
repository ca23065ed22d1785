"""Texts of files are text: in notebooks, in messages and in what is printed."""

import pathlib
import re
import warnings

import numpy as np
import pytest

import eckart as ek

HOSTILE = "a\x1b[2J\x1b]0;t\x07\r\x9b31m\x7f\u202e\u2066z<script>alert(1)</script>"
COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def found():
    x = np.random.default_rng(0).random((8, 5))
    return ek.factorize(x, "sum((X - W @ H)**2) + a*sum(W**2)", rank=2, params={"a": 0.1}, max_iter=5)


def test_a_notebook_runs_nothing(found, monkeypatch):
    kind = type(found)
    monkeypatch.setattr(kind, "params", property(lambda self: {HOSTILE: 1.0}), raising=False)
    monkeypatch.setattr(kind, "factors", property(lambda self: {HOSTILE: np.ones((2, 2))}), raising=False)
    monkeypatch.setattr(kind, "objective", property(lambda self: HOSTILE), raising=False)
    page = found._repr_html_()
    assert "<script>" not in page and page.count("&lt;script&gt;") == 3
    assert not COMMANDS.search(repr(found))


def test_no_message_or_repr_commands_the_terminal(tmp_path: pathlib.Path):
    path = tmp_path / "x.csv"
    rows = "".join(f'"{HOSTILE}{i}",{i + 1},{i % 3},2\n' for i in range(5))
    path.write_text(f'"{HOSTILE}","{HOSTILE}x","{HOSTILE}y","{HOSTILE}w"\n{rows}', newline="")
    x = ek.read(path)
    said = [repr(x), str(x.reading)]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model = ek.factorize(x, rank=2, max_iter=2)
        model.transform(x.to_array())
    said += [str(one.message) for one in told] + [repr(model), str(model.explain())]
    assert told
    other = ek.read(path).named(None, [HOSTILE + end for end in "123"])
    for refused in (
        lambda: ek.factorize({"X": x, "S": other}, "sum((S * (X - W @ H))**2)", rank=1),
        lambda: model.transform(other),
        lambda: ek.factorize(x, HOSTILE, rank=1),
        lambda: ek.read(tmp_path / HOSTILE.replace("/", "")),
    ):
        with pytest.raises(Exception) as error:
            refused()
        said.append(str(error.value))
    for text in said:
        assert not COMMANDS.search(text), ascii(text)
