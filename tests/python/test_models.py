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
        "fit", DIGITS, "--model", "nmf", "--rank", RANK, "--max-iter", 5, "--seed", 3, "--restarts", 2,
        "--dtype", dtype, "--json", "-o", "model.safetensors",
    )  # fmt: skip
    with safe_open(tmp_path / "model.safetensors", framework="numpy") as model:
        assert sorted(model.keys()) == ["H", "W"]
        w, h = model.get_tensor("W"), model.get_tensor("H")
        texts = model.metadata()
    assert w.shape == (ROWS, RANK) and h.shape == (RANK, COLS)
    assert w.dtype == h.dtype == numpy_dtype
    assert (w >= 0).all() and (h >= 0).all()

    assert texts["objective"] == "minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0"
    assert (texts["target"], texts["rank"], texts["seed"]) == ("X", "4", "3")
    assert texts["eckart"] == json.loads(said)["version"]
    assert json.loads(texts["factors"]) == ["W", "H"]
    assert len(json.loads(texts["starts"])) == 2
    for key in ["format", "method", "stop_reason", "numbers", "cost", "best", "seconds", "quality", "row_names", "col_names"]:
        assert key in texts

    # The factors are those of the cost that is reported.
    x = np.load(DIGITS).reshape(ROWS, COLS).astype(np.float64)
    cost = ((x - w.astype(np.float64) @ h.astype(np.float64)) ** 2).sum()
    assert cost == pytest.approx(json.loads(said)["objective"], rel=1e-5)
    assert cost == pytest.approx(float(texts["cost"]), rel=1e-5)


def test_the_programme_in_the_readme_reads_a_model(eckart, tmp_path, monkeypatch, capsys):
    eckart("fit", DIGITS, "--model", "nmf", "--rank", RANK, "--max-iter", 2, "-o", "sotu.safetensors")
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    programmes = [part.split("```")[0] for part in readme.split("```python\n")[1:]]
    [programme] = [programme for programme in programmes if "safe_open" in programme]
    monkeypatch.chdir(tmp_path)
    exec(programme, {})
    assert capsys.readouterr().out.startswith(f"({ROWS}, {RANK}) ({RANK}, {COLS}) minimize sum(")


def test_names_are_in_the_header(eckart, tmp_path):
    (tmp_path / "x.csv").write_text("name,α,b\nr,1,2\ns,2,4\nt,3,7\n", encoding="utf-8")
    eckart("fit", "x.csv", "--model", "mf", "--rank", 1, "-o", "model.safetensors")
    with safe_open(tmp_path / "model.safetensors", framework="numpy") as model:
        texts = model.metadata()
    assert json.loads(texts["row_names"]) == ["r", "s", "t"]
    assert json.loads(texts["col_names"]) == ["α", "b"]


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
    assert by_command.objective == by_python.objective and by_command.numbers == by_python.numbers
    assert (by_command.W == by_python.W).all() and (by_command.H == by_python.H).all()
    # The Rust programme states the same; that it compiles is a test of the library's documentation.
    rust = section.split("```rust,no_run\n")[1].split("```")[0]
    assert f'"{by_python.objective.replace(" * ", "*")}"' in rust and ".rank(16)" in rust and "restarts: 5" in rust
