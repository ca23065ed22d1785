"""What the `eckart` command writes, seen from Python without Eckart."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

DIGITS = Path(__file__).parents[2] / "examples" / "data" / "digits" / "images.npy"
ROWS, COLS, RANK = 1797, 64, 4


def test_the_command_runs(eckart):
    assert eckart("--version").startswith("eckart ")


@pytest.mark.parametrize(("dtype", "numpy_dtype"), [("f32", np.float32), ("f64", np.float64)])
def test_a_model_file_opens_with_the_safetensors_package(eckart, tmp_path, dtype, numpy_dtype):
    said = eckart(
        "fit", DIGITS, "--model", "nmf", "--rank", RANK, "--max-iter", 5, "--seed", 3, "--n-init", 2,
        "--dtype", dtype, "--json", "-o", "model.safetensors",
    )  # fmt: skip
    with safe_open(tmp_path / "model.safetensors", framework="numpy") as model:
        assert {name for name in model.keys() if "." not in name} == {"H", "W"}
        history = model.get_tensor("starts.history.cost"), model.get_tensor("starts.history.offsets")
        w, h = model.get_tensor("W"), model.get_tensor("H")
        texts = model.metadata()
    assert w.shape == (ROWS, RANK) and h.shape == (RANK, COLS)
    assert w.dtype == h.dtype == numpy_dtype
    assert (w >= 0).all() and (h >= 0).all()

    assert texts["objective"] == "minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0"
    assert (texts["target"], texts["rank"], texts["seed"]) == ("X", "4", "3")
    assert texts["eckart"] == json.loads(said)["version"]
    assert json.loads(texts["factors"]) == ["W", "H"]
    assert json.loads(texts["roles"])["W"] == {"of": "rows", "components": "columns"}
    assert (texts["format"], texts["kind"], texts["numerics"]) == ("2", "model", "8")
    for key in ["method", "stop_reason", "numbers", "cost", "best", "seconds", "quality", "registers"]:
        assert key in texts
    costs, offsets = history
    assert len(offsets) == 3 and offsets[2] == len(costs)
    least = min(costs[offsets[k + 1] - 1] for k in range(2))
    assert least == pytest.approx(float(texts["cost"]), rel=1e-5)

    # The factors are those of the cost that is reported.
    x = np.load(DIGITS).reshape(ROWS, COLS).astype(np.float64)
    cost = ((x - w.astype(np.float64) @ h.astype(np.float64)) ** 2).sum()
    assert cost == pytest.approx(json.loads(said)["objective"], rel=1e-5)
    assert cost == pytest.approx(float(texts["cost"]), rel=1e-5)


def test_the_program_of_the_page_about_files_reads_a_model(eckart, tmp_path, monkeypatch, capsys):
    eckart("fit", DIGITS, "--model", "nmf", "--rank", RANK, "--max-iter", 2, "-o", "sotu.safetensors")
    [program] = programs(Path(__file__).parents[2] / "docs" / "files.md")
    monkeypatch.chdir(tmp_path)
    exec(program, {})
    assert capsys.readouterr().out.startswith(f"({ROWS}, {RANK}) ({RANK}, {COLS}) minimize sum(")


def programs(path):
    return [part.split("```")[0] for part in path.read_text(encoding="utf-8").split("```python\n")[1:]]


def test_the_programmes_of_the_format_read_a_model(eckart, tmp_path, monkeypatch, capsys):
    (tmp_path / "x.csv").write_text("name,α,b\nr,1,2\ns,2,4\nt,3,7\n", encoding="utf-8")
    eckart("fit", "x.csv", "--model", "mf", "--rank", 1, "-o", "model.safetensors")
    monkeypatch.chdir(tmp_path)
    checks, reads = programs(Path(__file__).parents[2] / "docs" / "format.md")
    exec(checks, {})
    assert capsys.readouterr().out == "True\n"
    found = {}
    exec(reads, found)
    assert found["names"] == ["r", "s", "t"] and found["W"].shape == (3, 1)
    with safe_open("model.safetensors", framework="numpy") as model:
        assert model.get_tensor("col_names.bytes").tobytes().decode() == "αb"


@pytest.mark.parametrize(
    "index",
    [
        [7, 3, -5],
        np.array([1, 2, 2**64 - 1], dtype=np.uint64),
        ["a", "", "α"],
        np.array(["2024-02-29T00:01", "1969-12-31T23:59:59.999", "NaT"], dtype="datetime64[ms]"),
        np.array(["2024-02-29T12:30", "1970-01-01T00:00:00.000000001", "2262-01-01T23:00"], dtype="datetime64[ns]"),
        np.array(["2024-02-29T00:00:01", "1969-12-31T01:00", "9999-01-01T00:01"], dtype="datetime64[s]"),
    ],
    ids=["int", "uint", "text", "ms", "ns", "s"],
)
def test_names_come_back_as_what_they_were(tmp_path, index):
    import pickle

    import eckart as ek

    import pandas as pd

    frame = pd.DataFrame(np.arange(6.0).reshape(3, 2), index=pd.Index(index), columns=pd.Index([20, 10]))
    fit = ek.factorize(frame, "mf", rank=1)
    fit.save(tmp_path / "model.safetensors")
    for found in [fit, ek.load(tmp_path / "model.safetensors"), pickle.loads(pickle.dumps(fit))]:
        assert pd.Index(found.row_ids).equals(frame.index) and pd.Index(found.row_ids).dtype == frame.index.dtype
        assert found.row_names == [str(label) for label in frame.index]
        assert found.col_ids.tolist() == [20, 10] and found.col_names == ["20", "10"]
        assert found.roles == {"W": ("rows", "columns"), "H": ("columns", "rows")}


def nullable_and_date_indexes():
    import datetime

    import pandas as pd
    import pyarrow as pa

    days = [datetime.date(2020, 1, 1), datetime.date(2020, 1, 2), datetime.date(1969, 12, 31)]
    at_midnight = pd.DatetimeIndex(["2020-01-01", "2020-01-02", "1969-12-31"])
    names = ["2020-01-01", "2020-01-02", "1969-12-31"]
    return [
        (pd.Index([7, 3, -5], dtype="Int64"), np.int64, ["7", "3", "-5"]),
        (pd.Index([7, 3, 2**64 - 1], dtype="UInt64"), np.uint64, ["7", "3", str(2**64 - 1)]),
        (pd.Index([7, 3, -5], dtype=pd.ArrowDtype(pa.int32())), np.int64, ["7", "3", "-5"]),
        (pd.Index(days, dtype=object), "datetime64[D]", names),
        (pd.Index(days, dtype=pd.ArrowDtype(pa.date32())), "datetime64[D]", names),
        (at_midnight, at_midnight.dtype, names),
        (at_midnight.tz_localize("UTC"), None, [f"{name} 00:00:00+00:00" for name in names]),
        (pd.Index([1.5, 2.0, 3.0]), None, ["1.5", "2.0", "3.0"]),
        (pd.Index([True, False, None], dtype="boolean"), None, ["True", "False", "<NA>"]),
        (pd.Index([1, 2, None], dtype="Int64"), None, ["1", "2", "<NA>"]),
    ]


def test_nullable_numbers_and_dates_come_back_as_what_they_were(tmp_path):
    import eckart as ek

    import pandas as pd

    for index, dtype, names in nullable_and_date_indexes():
        fit = ek.factorize(pd.DataFrame(np.arange(6.0).reshape(3, 2), index=index), "mf", rank=1)
        fit.save(tmp_path / "model.safetensors")
        for found in [fit, ek.load(tmp_path / "model.safetensors")]:
            assert found.row_names == names, index
            if dtype is None:
                assert found.row_ids == names, index
            else:
                assert found.row_ids.dtype == dtype, index
                assert pd.Index(found.row_ids).astype(str).tolist() == names, index


def test_dates_at_midnight_are_named_by_the_date(eckart, tmp_path):
    import datetime

    import eckart as ek

    import pandas as pd

    days = pd.date_range("2020-01-01", periods=4)
    frame = pd.DataFrame(np.random.default_rng(0).random((5, 4)), columns=days, index=pd.date_range("2021-06-01", periods=5))
    fit = ek.factorize(frame, rank=2)
    fit.save(tmp_path / "m.safetensors")
    assert "2020-01-0" in eckart("recommend", "m.safetensors", "--user", "2021-06-03", "--top", 1)
    expected = fit.transform(frame)["W"]
    for columns in [days.astype(str), [datetime.date(2020, 1, day) for day in range(1, 5)], days.astype("datetime64[s]")]:
        other = pd.DataFrame(frame.to_numpy(), columns=columns)[list(columns)[::-1]]
        np.testing.assert_array_equal(fit.transform(other)["W"], expected)


def test_ids_of_a_matrix_are_those_of_its_factorization():
    import eckart as ek

    days = np.array(["2024-02-29", "2024-03-01", "2024-02-29"], dtype="datetime64[D]")
    table = ek.triplets(["a", "b", "a"], days[[0, 1, 1]], [1.0, 2.0, 3.0])
    fit = ek.factorize(table, "mf", rank=1)
    assert table.row_ids == fit.row_ids == ["a", "b"]
    assert table.col_ids.dtype == fit.col_ids.dtype == "datetime64[D]" and (table.col_ids == fit.col_ids).all()
    assert ek.triplets([1000, -7], ["x", "y"]).row_ids.tolist() == [1000, -7]
    assert ek.factorize(np.ones((3, 2)), rank=1)._core.factors[0][1].row_ids is None


def test_ids_of_triplets_come_back_as_what_they_were():
    import eckart as ek

    days = np.array(["2024-02-29", "2024-03-01", "2024-02-29"], dtype="datetime64[D]")
    table = ek.triplets([1000, -7, -7], days, [1.0, 2.0, 3.0])
    assert (table.row_names, table.col_names) == (["1000", "-7"], ["2024-02-29", "2024-03-01"])
    fit = ek.factorize(table, "mf", rank=1)
    assert fit.row_ids.dtype == np.int64 and fit.row_ids.tolist() == [1000, -7]
    assert fit.numerics >= 1 and fit.registers in ("base", "avx2", "avx512")
    assert fit.col_ids.dtype == "datetime64[D]" and (fit.col_ids == days[:2]).all()
    with pytest.raises(ValueError, match="entry 1"):
        ek.triplets([1, 2], np.array(["2024-02-29", "NaT"], dtype="datetime64[D]"))


def test_a_header_of_numbers_is_read_as_asked(tmp_path):
    import eckart as ek

    path = tmp_path / "years.csv"
    path.write_text(",5,2\n1,3,4\n2,6,1\n", encoding="utf-8")
    with pytest.raises(ek.EckartError, match="header=True") as caught:
        ek.read(path)
    assert caught.value.code == "header-or-data"
    table = ek.read(path, header=True, row_names=True)
    assert (table.shape, table.col_names, table.row_names) == ((2, 2), ["5", "2"], ["1", "2"])
    assert ek.read(path, header=True, row_names=False).shape == (2, 3)


def test_registers_come_back(tmp_path):
    import eckart as ek

    ek.factorize(np.ones((4, 3)), rank=1, registers="base").save(tmp_path / "m.safetensors")
    fit = ek.load(tmp_path / "m.safetensors")
    assert (fit.registers, fit.numerics) == ("base", ek.show(tmp_path / "m.safetensors")["numerics"])


def test_files_are_shown(eckart, tmp_path):
    import eckart as ek

    eckart("fit", DIGITS, "--model", "nmf", "--rank", RANK, "--max-iter", 2, "-o", "model.safetensors")
    shown = ek.show(tmp_path / "model.safetensors")
    assert (shown["kind"], shown["checksum"], shown["rank"]) == ("model", "ok", RANK)
    assert shown == {**json.loads(eckart("show", "model.safetensors", "--json")), "file": shown["file"]}
    with pytest.raises(FileNotFoundError):
        ek.show(tmp_path / "none.safetensors")
    with pytest.raises(ValueError, match=r"\.npy matrix"):
        ek.show(DIGITS)


def test_factors_as_npy(eckart, tmp_path):
    eckart("fit", DIGITS, "--model", "mf", "--rank", RANK, "--max-iter", 3, "-o", "out.npy")
    assert np.load(tmp_path / "out.W.npy").shape == (ROWS, RANK)
    assert np.load(tmp_path / "out.H.npy").shape == (RANK, COLS)


def test_the_three_ways_of_the_readme_find_the_same_factors(eckart, tmp_path, monkeypatch):
    import shlex

    import eckart as ek

    root = Path(__file__).parents[2]
    section = (root / "README.md").read_text(encoding="utf-8").split("## One objective, three ways")[1].split("\n## ")[0]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(root / "examples", target_is_directory=True)
    command = section.split("```sh\n")[1].split("```")[0].replace("\\\n", " ")
    eckart(*shlex.split(command)[1:])
    by_command = ek.load("digits.safetensors")
    exec(section.split("```python\n")[1].split("```")[0], {})
    by_python = ek.load("digits.safetensors")
    assert by_command.objective == by_python.objective and by_command.params == by_python.params
    assert (by_command.W == by_python.W).all() and (by_command.H == by_python.H).all()
    # The Rust program states the same; that it compiles is a test of the library's documentation.
    rust = section.split("```rust,no_run\n")[1].split("```")[0]
    assert f'"{by_python.objective.replace(" * ", "*")}"' in rust and ".rank(16)" in rust and "n_init: Some(5)" in rust
