"""Expect: exceptions and warnings held to their codes, and to what they must name."""

from contextlib import contextmanager

import eckart as ek
import pytest

KINDS = {row.code: row.kind for row in ek.codes()}


@contextmanager
def refuses(kind, code, *parts):
    """What is done is refused as a `kind`, with that code and all of `parts` in the message."""
    with pytest.raises(kind) as caught:
        yield caught
    error = caught.value
    assert isinstance(error, ek.EckartError) and error.code == code, f"{code} is not {error!r}"
    assert KINDS[code] != "warning" and all(part in str(error) for part in parts), str(error)


@contextmanager
def warns(kind, code, *parts):
    """What is done warns once as a `kind`, with that code and all of `parts` in the message."""
    with pytest.warns(kind) as told:
        yield told
    assert [one.message.code for one in told] == [code], [str(one.message) for one in told]
    text = str(told[0].message)
    assert KINDS[code] == "warning" and all(part in text for part in parts), text
