"""Codes: each exception and warning has one of the engine's table, and keeps it."""

import copy
import errno
import pickle
import typing
import warnings

import numpy as np
import pytest
from expect import refuses, warns

import eckart as ek
from eckart import _codes, _errors


def test_the_table_is_the_engine_s():
    rows = ek.codes()
    assert [row.code for row in rows] == list(typing.get_args(_codes.Code))
    assert {row.kind for row in rows} == {"error", "doubt", "warning"}
    assert all(row.meaning.endswith(".") and row.remedy.endswith(".") for row in rows)


def test_exceptions_are_python_s_own_and_keep_their_code(tmp_path):
    with refuses(FileNotFoundError, "file-not-found") as caught:
        ek.read(tmp_path / "none.npy")
    for error in (caught.value, pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value)):
        assert (error.errno, error.code) == (errno.ENOENT, "file-not-found") and error.filename.endswith("none.npy")
    with refuses(ValueError, "missing-entries", "row 1, column 2") as caught:
        ek.factorize(np.array([[1.0, np.nan], [3.0, 4.0]]), rank=1)
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is ek.EckartValueError and again.code == "missing-entries" and str(again) == str(caught.value)


@pytest.mark.parametrize("kind", [kind.__bases__[1] for kind in _errors._KINDS], ids=lambda kind: kind.__name__)
def test_each_kind_is_that_of_python(kind):
    error = _errors.coded(kind, "io", "told")
    assert isinstance(error, kind) and isinstance(error, ek.EckartError) and error.args == ("told",)
    assert getattr(ek, type(error).__name__) is type(error) and type(error).__name__ == f"Eckart{kind.__name__}"


def test_a_system_s_number_tells_the_kind():
    assert type(_errors.coded(OSError, "io", errno.EACCES, "told", "x")) is ek.EckartPermissionError
    assert type(_errors.coded(OSError, "no-space", errno.ENOSPC, "told", "x")) is ek.EckartOSError
    assert type(_errors.coded(OSError, "io", errno.EEXIST, "told", "x")) is ek.EckartFileExistsError


def test_warnings_have_codes_in_a_call_and_in_its_result(tmp_path):
    with warns(ek.EckartWarning, "unbounded-scale"):
        f = ek.factorize(np.ones((4, 3)), "sum((X - W @ H)**2) + 0.1*sum(abs(W))", rank=1, max_iter=3, tol=0)
    f.save(tmp_path / "f.safetensors")
    for found in (f, ek.load(tmp_path / "f.safetensors"), pickle.loads(pickle.dumps(f))):
        assert [warning.code for warning in found.warnings] == ["unbounded-scale"]


def test_a_search_that_ends_before_it_converged_warns():
    X = np.random.default_rng(0).random((30, 20))
    with warns(ek.EckartWarning, "not-converged", "3 iterations", "max_iter"):
        f = ek.factorize(X, "nmf", rank=3, max_iter=3)
    assert f.stop_reason == "max_iter" and not f.warnings
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ek.factorize(X, "nmf", rank=3, max_iter=3, tol=0)
        ek.factorize(X, "nmf", rank=3, max_iter=5000)
    with warns(ek.EckartWarning, "negative-entries", "600 of the 600"):
        ek.factorize(-X, "nmf", rank=3)


def test_errors_say_what_kind_they_are_where_and_what_to_do(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("1,2\n3,x\n", encoding="utf-8")
    with refuses(ValueError, "not-a-number") as caught:
        ek.read(path)
    for error in (caught.value, pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value)):
        assert (error.kind, error.file, error.line) == ("error", str(path), 2)
        assert error.help and error.help in str(error)
    with refuses(ValueError, "missing-entries") as caught:
        ek.factorize(np.array([[1.0, np.nan], [3.0, 4.0]]), rank=1)
    assert (caught.value.kind, caught.value.file, caught.value.line) == ("doubt", None, None)
    with refuses(FileNotFoundError, "file-not-found") as caught:
        ek.load(tmp_path / "none")
    assert (caught.value.kind, caught.value.file) == ("error", str(tmp_path / "none"))


def test_factors_and_paths_that_are_not_there():
    f = ek.factorize(np.ones((4, 3)), rank=1)
    with refuses(KeyError, "unknown-factor", "V", "W, H"):
        f.factors["V"]
    assert f.factors.get("V") is None and list(f.factors) == ["W", "H"] and list(copy.copy(f.factors)) == ["W", "H"]
    for read in (ek.show, ek.load, ek.read, f.save, f.report):
        with refuses(TypeError, "wrong-type", "7"):
            read(7)
    with refuses(FileNotFoundError, "file-not-found", "none"):
        ek.show(b"none")


def test_settings_out_of_range_are_named():
    with refuses(ValueError, "rank-out-of-range", "rank 0", "1 to 3"):
        ek.factorize(np.ones((4, 3)), rank=0)
    with refuses(ValueError, "setting-out-of-range", "threads is 0", "at least 1") as caught:
        ek.factorize(np.ones((4, 3)), rank=1, threads=0)
    assert "1844" not in str(caught.value)
    with refuses(ValueError, "unknown-init", "foo", "nndsvd"):
        ek.factorize(np.ones((4, 3)), rank=1, init="foo")


@pytest.mark.parametrize(
    "objective, numbers",
    [
        ("mf", {"lambda": -1}),
        ("ratings", {"lambda": -1}),
        ("ratings", {"beta": -1}),
        ("sparse-coding", {"lambda": -1}),
        ("sum((X - W @ H)**2) - 20*sum(W**2)", {}),
    ],
)
def test_negative_penalties_are_refused(objective, numbers):
    with refuses(ValueError, "negative-penalty", "negative weight -"):
        ek.factorize(np.arange(12.0).reshape(4, 3), objective, rank=1, params=numbers)
