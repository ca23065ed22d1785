"""Searches, their results, and what surrounds them: Ctrl-C, callbacks, files, pickles, forks."""

import json
import copy
import inspect
import os
import pickle
import re
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from expect import refuses, warns

import eckart as ek
from eckart._checks import SETTINGS

X = np.random.default_rng(0).random((60, 40))
NMF = "minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0"


@pytest.fixture(scope="module")
def found():
    return ek.factorize(X, NMF, rank=4, n_init=3, seed=7)


def test_a_result_has_its_factors_and_its_history(found):
    assert found.W.shape == (60, 4) and found.H.shape == (4, 40) and (found.W >= 0).all()
    assert list(found.factors) == ["W", "H"] and found.factors["W"] is found.W
    assert found.cost == pytest.approx(((X - found.W @ found.H) ** 2).sum())
    assert (np.diff(found.history) <= 1e-9).all() and found.history[-1] == pytest.approx(found.cost)
    assert found.stop_reason == found.best.stop_reason == "settled"
    assert len(found.starts) == 3 and found.cost == min(start.cost for start in found.starts)
    assert found.iterations + 1 == len(found.history)
    assert found.quality["rmse"] == pytest.approx(np.sqrt(found.cost / X.size))
    assert (found.objective, found.rank, found.seed, found.method) == (NMF, 4, 7, "derived")
    np.testing.assert_allclose(found.reconstruct(), found.W @ found.H)
    assert "W" in dir(found)
    with refuses(AttributeError, "unknown-factor", "Z", "W, H"):
        found.Z  # noqa: B018


def test_it_is_shown(found):
    text = found.explain()
    for part in (NMF, "60 x 40, dense", "accelerated HALS", "converged", "of the variance", "KKT residual"):
        assert part in text
    assert repr(found).startswith(f"<eckart.Factorization: W 60 x 4, H 4 x 40; {NMF}; cost ")
    page = found._repr_html_()
    assert page.startswith("<table>") and "W &gt;= 0" in page and "explained" in page
    told = ek.explain(sp.random(1000, 500, 0.01, format="csr", random_state=0), rank=5)
    assert "Plan: subproblem in W" in str(told) and "accelerated HALS" in repr(told)
    memory = json.loads(told.to_json())["memory"]
    assert memory["total"] == sum(line["bytes"] for line in memory["lines"]) > 1e6
    assert "<h3>Memory</h3>" in told._repr_html_() and told.to_html() == told._repr_html_()


def test_the_same_seed_gives_the_same_bits(found):
    for threads in (1, 2):
        again = ek.factorize(X, NMF, rank=4, n_init=3, seed=7, threads=threads)
        assert (again.W == found.W).all() and (again.H == found.H).all()
    assert (ek.factorize(np.asfortranarray(X), NMF, rank=4, n_init=3, seed=7).W == found.W).all()


def test_starts_and_held_factors(found):
    begun = ek.factorize(X, NMF, rank=4, init_from={"W": found.W, "H": found.H}, max_iter=1, tol=0)
    assert begun.history[0] == pytest.approx(found.cost)
    folded = ek.factorize(X[:5], NMF, rank=4, fix={"H": found.H}, tol=1e-12, max_iter=2000)
    assert (folded.H == found.H).all()
    np.testing.assert_allclose(folded.W, found.W[:5], atol=2e-2)
    assert set(folded.best.residuals) == {"W"} and set(found.best.residuals) == {"W", "H"}
    shown = {line.split(":")[0].strip(): "KKT residual" in line for line in folded.explain().splitlines()}
    assert shown["W"] and not shown["H"]
    assert ek.factorize(X, NMF, rank=4, init="nndsvda").cost == pytest.approx(found.cost, rel=0.1)
    with refuses(ValueError, "unknown-init", "nonsense"):
        ek.factorize(X, NMF, rank=4, init="nonsense")


def test_coupled_data_and_numbers():
    Y = np.random.default_rng(1).random((60, 1))
    text = "over W[n,r], H[r,m], K[r,1]: sum((X - W @ H)**2) + a*sum((Y - W @ K)**2) + b*(sum(W**2) + sum(H**2))"
    f = ek.factorize({"X": X, "Y": Y}, text, rank=3, params={"a": 2, "b": 0.1})
    assert set(f.factors) == {"W", "H", "K"} and f.params == {"a": 2.0, "b": 0.1}
    assert ek.factorize(X, "mf", rank=2).params == {"lambda": 0.1}
    assert ek.factorize(X, "mf", rank=2, params={"lambda": 3}).params == {"lambda": 3.0}


def test_files_are_the_command_s(found, tmp_path):
    found.save(tmp_path / "model.safetensors")
    back = ek.load(tmp_path / "model.safetensors")
    assert (back.W == found.W).all() and (back.history == found.history).all() and back.objective == NMF
    from safetensors.numpy import load_file

    assert (load_file(tmp_path / "model.safetensors")["H"] == found.H).all()
    with refuses(FileNotFoundError, "file-not-found"):
        ek.load(tmp_path / "nothing")
    (tmp_path / "other").write_bytes(b"12345678{}")
    with refuses(ValueError, "not-a-model", "other"):
        ek.load(tmp_path / "other")
    with refuses(IsADirectoryError, "is-a-directory"):
        ek.load(tmp_path)


def test_the_command_s_models_are_loaded(eckart, tmp_path):
    np.save(tmp_path / "x.npy", X)
    eckart("fit", "x.npy", "--model", "nmf", "--rank", 3, "-o", "model.safetensors")
    assert ek.load(tmp_path / "model.safetensors").W.shape == (60, 3)


def test_pickles_and_copies(found):
    for other in (pickle.loads(pickle.dumps(found)), copy.copy(found), copy.deepcopy(found)):
        assert (other.W == found.W).all() and other.explain() == found.explain()


def test_a_callback_hears_and_ends():
    heard = []

    def ends(now):
        heard.append(now)
        return now["iteration"] == 5

    # Starts that run side by side call it in turn.
    f = ek.factorize(X, NMF, rank=4, tol=0, n_init=1, callback=ends)
    assert f.stop_reason == "interrupted" and [now["iteration"] for now in heard] == [1, 2, 3, 4, 5]
    assert heard[-1]["cost"] == f.history[-1] and heard[0]["max_iter"] == 2000

    def wrong(_now):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        ek.factorize(X, NMF, rank=4, callback=wrong)


def test_limits():
    assert ek.factorize(X, NMF, rank=4, max_iter=3).stop_reason == "max_iter"
    assert ek.factorize(X, NMF, rank=4, target=1e6).stop_reason == "target"
    assert ek.factorize(X, NMF, rank=4, time_limit=0, tol=0).stop_reason == "time_limit"
    with refuses(MemoryError, "over-limit"):
        ek.factorize(X, NMF, rank=4, memory_limit=100)
    with refuses(ValueError, "setting-out-of-range", "time_limit is -1"):
        ek.factorize(X, NMF, rank=4, time_limit=-1)


@pytest.mark.parametrize(
    ("given", "error", "code", "text"),
    [
        ({"seed": None}, TypeError, "wrong-type", "seed is None"),
        ({"seed": -1}, ValueError, "setting-out-of-range", "seed is -1"),
        ({"seed": 2**64}, ValueError, "setting-out-of-range", "at most 18446744073709551615"),
        ({"rank": 2.7}, TypeError, "wrong-type", "rank is 2.7"),
        ({"rank": 0}, ValueError, "rank-out-of-range", "rank 0 does not fit a 60 x 40 matrix"),
        ({"rank": True}, TypeError, "wrong-type", "rank is True"),
        ({"max_iter": 10.0}, TypeError, "wrong-type", "max_iter is 10.0"),
        ({"n_init": 0}, ValueError, "setting-out-of-range", "n_init is 0"),
        ({"tol": "1e-3"}, TypeError, "wrong-type", "tol is '1e-3'"),
        ({"target": 1j}, TypeError, "wrong-type", "target is 1j"),
        ({"time_limit": [1]}, TypeError, "wrong-type", "time_limit is [1]"),
        ({"threads": -1}, ValueError, "setting-out-of-range", "threads is -1"),
        ({"memory_limit": 1e9}, TypeError, "wrong-type", "memory_limit (bytes) is 1000000000.0"),
        ({"successive_halving": 1}, TypeError, "wrong-type", "successive_halving is 1"),
        ({"params": {"a": "0.1"}}, TypeError, "wrong-type", "the parameter a is '0.1'"),
        ({"method": 3}, TypeError, "wrong-type", "method is 3"),
        ({"init": None}, TypeError, "wrong-type", "init is None"),
        ({"objective": None}, TypeError, "wrong-type", "objective is None"),
    ],
    ids=str,
)
def test_arguments_of_a_wrong_type_are_refused_by_name(given, error, code, text):
    with refuses(error, code, text):
        ek.factorize(X, **{"rank": 2, **given})


def test_the_signature_and_its_documentation_are_the_engine_s_table():
    parameters = inspect.signature(ek.factorize).parameters
    lines = re.findall(r"^(\w+(?:, \w+)*) : ", inspect.getdoc(ek.factorize), re.MULTILINE)
    described = {name for line in lines for name in line.split(", ")}
    for name, row in SETTINGS.items():
        assert parameters[name].default == row.default, name
        assert name in described, name
    assert described == parameters.keys() - {"earlier"}


def steady(told):
    """An explanation, but for its memory, of which a part is what the process holds now."""
    return str(told).split("\n\nMemory\n")[0]


def test_objectives_are_formulas_as_well_as_texts(found):
    x, w, h, a = ek.matrix("X"), ek.matrix("W"), ek.matrix("H"), ek.scalar("a")
    objective = ek.minimize(((x - w @ h) ** 2).sum(), w >= 0, h >= 0)
    assert repr(objective) == NMF
    formula = ek.factorize(X, objective, rank=4, n_init=3, seed=7)
    assert (formula.W == found.W).all() and formula.objective == NMF
    assert steady(ek.explain(X, objective, rank=4)) == steady(ek.explain(X, NMF, rank=4))
    plain = ek.factorize(X, ((x - w @ h) ** 2).sum(), rank=2, max_iter=3)
    assert (plain.W == ek.factorize(X, "sum((X - W @ H)**2)", rank=2, max_iter=3).W).all()
    penalized = ek.minimize(((x - w @ h) ** 2).sum() + a * abs(w).sum(), w >= 0, ek.rownorm(h) <= 1, over="W[n,r], H[r,m]")
    text = "minimize over W[n,r], H[r,m]: sum((X - W @ H)**2) + a * sum(abs(W)) subject to W >= 0, rownorm(H) <= 1"
    assert repr(penalized) == text and str(pickle.loads(pickle.dumps(penalized))) == text
    one, other = (ek.factorize(X, objective, rank=2, params={"a": 0.1}, max_iter=5) for objective in (penalized, text))
    assert one.objective == other.objective and (one.H == other.H).all()
    choice = [ek.choose_rank(X, one, ranks=[1, 2], way="bcv", seed=1).scores for one in (objective, NMF)]
    assert choice[0] == choice[1]
    with refuses(TypeError, "wrong-type", "no constraint"):
        ek.minimize(w.sum(), w > 0)
    with refuses(ValueError, "unexpected-token"):
        ek.factorize(X, ek.minimize(((x - w @ h) ** 2).sum(), w @ h >= 0), rank=2)


def test_earlier_names_of_arguments_go_on_working(found):
    given = {"seed": 7, "max_iter": 4, "tol": 0}
    for later, earlier in [
        ({"n_init": 2}, {"restarts": 2}),
        ({"n_init": 3, "successive_halving": True}, {"restarts": 3, "halving": True}),
        ({"method": "hals"}, {"solver": "hals"}),
        ({"init_from": {"W": found.W}}, {"start": {"W": found.W}}),
        ({"fix": {"H": found.H}}, {"hold": {"H": found.H}}),
    ]:
        one, other = (ek.factorize(X, NMF, rank=4, **given, **names) for names in (later, earlier))
        assert (one.W == other.W).all() and len(one.starts) == len(other.starts), earlier
    one, other = (ek.factorize(X, "mf", rank=2, **given, **{name: {"lambda": 3}}) for name in ("params", "numbers"))
    assert one.params == other.numbers == {"lambda": 3.0} and one.cost == other.cost
    one, other = (ek.explain(X, "mf", rank=2, **{name: {"lambda": 3}}) for name in ("params", "numbers"))
    assert steady(one) == steady(other)
    for both in [
        {"n_init": 3, "restarts": 2},
        {"method": "hals", "solver": "derived"},
        {"fix": {"H": found.H}, "hold": {"H": found.H}},
        {"params": {}, "numbers": {}},
    ]:
        later, earlier = both
        with refuses(TypeError, "settings-conflict", f"{earlier} is the earlier name of {later}"):
            ek.factorize(X, NMF, rank=4, **both)
        with refuses(TypeError, "settings-conflict", f"{earlier} is the earlier name of {later}"):
            ek.explain(X, NMF, rank=4, **both)
    with pytest.raises(TypeError, match="unexpected keyword argument 'begin'"):
        ek.factorize(X, NMF, rank=2, begin={})
    with pytest.raises(TypeError, match="unexpected keyword argument 'numbers_'"):
        ek.explain(X, NMF, rank=2, numbers_={})


def test_earlier_names_of_reading_and_pages_go_on_working(found, tmp_path):
    (tmp_path / "list.csv").write_text("1,1,5\n1,2,3\n2,3,4\n")
    for later, earlier in [("coo", True), ("table", False)]:
        one, other = ek.read(tmp_path / "list.csv", format=later), ek.read(tmp_path / "list.csv", triplets=earlier)
        assert one.shape == other.shape and one.is_sparse == other.is_sparse == earlier
    (tmp_path / "named.csv").write_text("r,5,2\n1,3,4\n2,6,1\n")
    for value in (True, False):
        one = ek.read(tmp_path / "named.csv", header=True, index_col=value)
        other = ek.read(tmp_path / "named.csv", header=True, row_names=value)
        assert one.shape == other.shape == (2, 3 - value)
    for both in ({"format": "coo", "triplets": True}, {"index_col": True, "row_names": True}):
        with refuses(TypeError, "settings-conflict", "earlier name"):
            ek.read(tmp_path / "list.csv", **both)
    with refuses(TypeError, "settings-conflict", "show is the earlier name of plot"):
        found.report(tmp_path / "page.html", X, plot="words", show="items")
    for name in ("plot", "show"):
        found.report(tmp_path / f"{name}.html", X, **{name: "words"})
    assert (tmp_path / "plot.html").read_bytes() == (tmp_path / "show.html").read_bytes()


def test_arguments_of_another_type_are_named(found):
    for given, part in [
        ({"fix": {1: found.H}}, "a name in fix is 1"),
        ({"fix": "H"}, "fix is of type str"),
        ({"init_from": [1]}, "init_from is of type list"),
        ({"params": {1: 2}}, "a name in params is 1"),
        ({"params": 3}, "params is of type int"),
        ({"callback": 3}, "callback is 3"),
    ]:
        with refuses(TypeError, "wrong-type", part):
            ek.factorize(X, NMF, rank=4, **given)
    with refuses(TypeError, "wrong-type", "a name in data is 1"):
        ek.factorize({1: X}, NMF, rank=4)
    for make in (ek.matrix, ek.scalar, lambda name: ek.shared(X, name)):
        with refuses(TypeError, "wrong-type", "name is 3"):
            make(3)


def test_numbers_of_numpy_are_taken():
    given = {"seed": np.uint64(2**64 - 1), "max_iter": np.int8(3), "tol": np.float32(0), "successive_halving": np.True_}
    text = "sum((X - W @ H)**2) + a*(sum(W**2) + sum(H**2))"
    found = ek.factorize(X, text, rank=np.int32(2), params={"a": np.array(0.5)}, n_init=np.array(2), **given)
    assert (found.rank, found.seed, found.params) == (2, 2**64 - 1, {"a": 0.5})
    with refuses(TypeError, "wrong-type", "rank is 2.7"):
        ek.explain(X, rank=2.7)


def test_what_the_engine_warns_of_is_told_to_the_caller():
    text = "sum((X - W @ H)**2) + 0.1*sum(W**2)"
    with warns(UserWarning, "unbounded-scale", "W @ H") as told:
        found = ek.factorize(X, text, rank=2)
    assert [str(one.message) for one in told] == [str(one) for one in found.warnings] and told[0].filename == __file__
    with warns(UserWarning, "diverged") as told:
        assert ek.factorize(X * 1e60, "sum((X - exp(W @ H))**2)", rank=2).stop_reason == "diverged"
    assert len(told) == 1 and told[0].filename == __file__


def test_texts_are_refused_with_a_caret():
    with refuses(ValueError, "unknown-function") as caught:
        ek.factorize(X, "sum((X - W @ H.T)**2) + summ(W)", rank=2)
    assert str(caught.value).splitlines()[1:] == [
        "  | sum((X - W @ H.T)**2) + summ(W)",
        "  |                         ^^^^",
    ]
    with refuses(ValueError, "unknown-model", "nnmf", "mf, nmf"):
        ek.factorize(X, "nnmf", rank=2)
    with refuses(ValueError, "unknown-method", "simplex", "derived"):
        ek.explain(X, rank=2, method="simplex")
    with refuses(ValueError, "method-unsupported", "als"):
        ek.factorize(X, rank=2, method="als")
    with warns(UserWarning, "rank-unused", "rank 41"):
        ek.factorize(X, rank=41, max_iter=3, tol=0)


def test_progress_is_shown(capsys):
    ek.factorize(X, NMF, rank=4, verbose=1, tol=0, max_iter=50)
    assert "eckart" in capsys.readouterr().err
    ek.factorize(X, NMF, rank=4)
    assert capsys.readouterr().err == ""


LONG = f"""
import os, signal, threading, time
import numpy as np, eckart as ek, eckart.sklearn
X = np.random.default_rng(0).random((400, 300))
def press():
    time.sleep(1.0)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=press, daemon=True).start()
"""


def run(text):
    command = [sys.executable, "-c", textwrap.dedent(text)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=os.environ)


@pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise there")
def test_ctrl_c_keeps_the_model():
    done = run(LONG + f"f = ek.factorize(X, {NMF!r}, rank=20, tol=0, max_iter=10**8)\nprint(f.stop_reason, f.W.shape)")
    assert done.stdout.strip() == "interrupted (400, 20)", done.stderr
    model = "from eckart.sklearn import NMF\nm = NMF(10, tol=0, max_iter=10**8, {}).fit(X)\nprint(m.stop_reason_)"
    for solver in ("solver='cd'", "solver='mu', beta_loss=1"):
        done = run(LONG + model.format(solver))
        assert done.stdout.strip() == "interrupted", done.stderr
        assert "ConvergenceWarning: NMF: interrupted after" in done.stderr


def test_the_lock_of_the_interpreter_is_released():
    ticks = []
    stop = threading.Event()

    def tick():
        while not stop.wait(0.005):
            ticks.append(time.monotonic())

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        ek.factorize(np.random.default_rng(0).random((800, 600)), NMF, rank=20, tol=0, max_iter=10**6, time_limit=1.0)
    finally:
        stop.set()
        thread.join()
    assert len(ticks) > 20


FORK = f"""
import multiprocessing
import numpy as np, eckart as ek
X = np.random.default_rng(0).random((60, 40))
x = ek.matrix("x")
def work(queue=None):
    f = ek.factorize(X, {NMF!r}, rank=3, max_iter=5)
    values = ek.function([x], (x @ x.T).sum())(X), f.cost
    return values if queue is None else queue.put(values)
here = work()  # the parent's threads are started
context = multiprocessing.get_context("fork")
queue = context.Queue()
child = context.Process(target=work, args=(queue,), daemon=True)
child.start()
print(queue.get(timeout=60) == here)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_forked_children_work():
    done = run(FORK)
    assert done.stdout.strip() == "True", done.stderr


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_joblib(backend):
    from joblib import Parallel, delayed

    costs = Parallel(n_jobs=2, backend=backend)(delayed(cost_of)(seed) for seed in range(3))
    assert costs == [cost_of(seed) for seed in range(3)]


def cost_of(seed):
    return ek.factorize(X, NMF, rank=3, max_iter=5, seed=seed).cost




@pytest.mark.filterwarnings("ignore:the objective has no least value")
def test_new_rows_get_the_bits_they_get_alone():
    rng = np.random.default_rng(3)
    X = rng.poisson(2.0, (30, 12)).astype(np.float32)
    f = ek.factorize(X, "minimize sum((X - W @ H)**2) + 0.1*sum(abs(W)) subject to W >= 0, H >= 0", rank=3)
    new = rng.poisson(2.0, (5, 12)).astype(np.float32)
    W = f.transform(new)["W"]
    assert W.shape == (5, 3) and W.dtype == np.float32
    for i in range(5):
        assert (f.transform(new[i : i + 1])["W"] == W[i : i + 1]).all()
    held = ek.factorize(new, f.objective, rank=3, fix={"H": f.H}, max_iter=5000, tol=1e-14)
    assert np.allclose(W, held.W, rtol=1e-3, atol=1e-4)


def test_new_rows_come_with_offsets_in_any_order_of_columns():
    rng = np.random.default_rng(4)
    columns = [f"c{j}" for j in range(8)]
    X = pd.DataFrame(rng.normal(size=(20, 8)), columns=columns)
    text = "minimize over W[n,r], H[r,m], b[n,1]: sum((X - W @ H - b)**2) + 0.1*(sum(W**2) + sum(H**2) + sum(b**2))"
    f = ek.factorize(X, text, rank=2)
    found = f.transform(X[columns[::-1]][:3])
    assert {name: factor.shape for name, factor in found.items()} == {"W": (3, 2), "b": (3, 1)}
    assert np.allclose(found["W"], f.W[:3], atol=1e-2) and np.allclose(found["b"], f.b[:3], atol=1e-2)
    with warns(UserWarning, "names-ignored", "more"):
        f.transform(X.assign(more=1.0))
    with warns(UserWarning, "names-lacking", "count as 0: c3"):
        fewer = f.transform(X.drop(columns="c3"))
    assert (fewer["W"] == f.transform(X.assign(c3=0.0))["W"]).all()


def test_new_rows_bring_their_part_of_other_data():
    rng = np.random.default_rng(5)
    X, q, p = rng.random((15, 6)), 0.5 + rng.random((15, 1)), 0.5 + rng.random((1, 6))
    text = "minimize sum(q * p * (X - W @ H)**2) + 0.01*(sum(W**2) + sum(H**2))"
    f = ek.factorize({"X": X, "q": q, "p": p}, text, rank=2, tol=1e-9)
    found = f.transform({"X": X[:4], "q": q[:4], "p": p})["W"]
    assert np.allclose(found, f.W[:4], atol=1e-2)
    with refuses(ValueError, "data-missing", "beside X"):
        f.transform(X[:4])
    with refuses(ValueError, "data-missing", "X", "q"):
        f.transform({"q": q[:4]})


def test_what_the_objective_does_not_use_is_refused_for_new_rows():
    X = np.random.default_rng(0).random((12, 6))
    f = ek.factorize(X, rank=2)
    with refuses(ValueError, "unused-data", "Y"):
        f.transform({"X": X, "Y": X})
    with refuses(ValueError, "start-out-of-bounds", "H is fixed, and its value is -1 at row 1, column 1"):
        ek.factorize(X, rank=2, fix={"H": -np.ones((2, 6))})


def test_rows_that_hang_together_are_refused_in_the_users_words():
    X = np.random.default_rng(0).random((12, 6))
    for text, data, code in [
        ("sum((X - X @ W @ H)**2)", X, "nothing-to-find"),
        ("sum((X - W @ W.T)**2)", X @ X.T, "rows-coupled"),
    ]:
        f = ek.factorize(data, text, rank=2, max_iter=5)
        with refuses(ValueError, code, "X"):
            f.transform(data[:2])


def test_a_model_is_not_saved_as_what_it_is_not(tmp_path):
    f = ek.factorize(np.random.default_rng(0).random((5, 4)), rank=1)
    for name in ("x.npy", "x.csv.gz", "x.MTX"):
        with refuses(ValueError, "unknown-format", ".safetensors", "f.W"):
            f.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_rank_is_chosen():
    rng = np.random.default_rng(2)
    data = np.abs(rng.random((60, 3)) ** 2 @ rng.random((3, 30)) ** 2 + 0.1 * rng.standard_normal((60, 30)))
    for given in ({"way": "bcv"}, {"way": "holdout", "share": 0.2, "n_init": 2}):
        choice = ek.choose_rank(data, ranks=range(1, 6), seed=1, **given)
        assert choice.rank == 3 and [score.rank for score in choice.scores] == [1, 2, 3, 4, 5]
        assert all(len(score.losses) == 3 and score.mean == pytest.approx(np.mean(score.losses)) for score in choice.scores)
        assert choice == ek.choose_rank(data, ranks=range(1, 6), seed=1, **given)
    for given, error, code, words in [
        ({"ranks": []}, ValueError, "ranks-not-increasing", ""),
        ({"ranks": [3, 2]}, ValueError, "ranks-not-increasing", ""),
        ({"ranks": [2.5]}, TypeError, "wrong-type", "a rank is 2.5"),
        ({"ranks": [2, 3], "way": "guess"}, ValueError, "unknown-choice", "'holdout', 'bcv'"),
        ({"ranks": [2, 3], "repeats": 1}, ValueError, "setting-out-of-range", "1 repetitions"),
    ]:
        with refuses(error, code, words):
            ek.choose_rank(data, **given)
    with pytest.raises(TypeError, match="patience"):  # Python's own
        ek.choose_rank(data, ranks=[2, 3], patience=1)


def test_starts_are_compared(found):
    blocks = np.kron(np.eye(3), np.ones((5, 4))) + 0.01 * np.random.default_rng(0).random((15, 12))
    f = ek.factorize(blocks, rank=3, n_init=6, keep_starts=True)
    agreed = f.consensus()
    assert agreed.components.shape == (3, 12) and agreed.matrix.shape == (12, 12) and agreed.of_columns
    assert agreed.groups == [0] * 4 + [1] * 4 + [2] * 4 and agreed.sampled == list(range(12))
    assert agreed.stability.shape == (3,) and agreed.stability.min() > 0.9 and agreed.cophenetic > 0.9
    with refuses(ValueError, "starts-not-kept", "keep_starts=True"):
        found.consensus()


def test_a_page_is_written(found, tmp_path):
    frame = pd.DataFrame(X, columns=[f"word {k}" for k in range(40)])
    found.report(tmp_path / "page.html", frame, title="Words of a test")
    page = (tmp_path / "page.html").read_text()
    assert page.startswith("<!doctype html>") and "Words of a test" in page and "word 7" in page
    found.report(tmp_path / "bare.html", image=(5, 8))
    assert len((tmp_path / "bare.html").read_text()) > 1000
    blocks = ek.factorize(X, NMF, rank=2, n_init=4, keep_starts=True)
    blocks.report(tmp_path / "starts.html", X)
    assert len((tmp_path / "starts.html").read_text()) > len((tmp_path / "bare.html").read_text())
    for wrong, code, words in [
        ({"plot": "pie"}, "unknown-choice", "plot is 'pie'"),
        ({"image": (3, 3)}, "wrong-count", "40"),
        ({"data": X[:3]}, "wrong-shape", "3 x 40"),
    ]:
        with refuses(ValueError, code, words):
            found.report(tmp_path / "no.html", **wrong)
    assert not (tmp_path / "no.html").exists()


def test_a_search_goes_on_from_its_checkpoint(tmp_path):
    file = tmp_path / "at.safetensors"
    given = {"rank": 3, "n_init": 3, "seed": 4, "tol": 0}
    whole = ek.factorize(X, NMF, max_iter=40, **given)
    part = ek.factorize(X, NMF, max_iter=15, checkpoint=file, **given)
    assert part.stop_reason == "max_iter" and file.exists()
    ek.factorize(X, NMF, max_iter=40, resume=file, callback=lambda now: now["iteration"] == 20, **given)
    found = ek.factorize(X, NMF, max_iter=40, resume=file, **given)
    assert (found.W == whole.W).all() and (found.H == whole.H).all() and found.iterations == whole.iterations == 40
    with refuses(ValueError, "checkpoint-exists", "resume="):
        ek.factorize(X, NMF, checkpoint=file, **given)
    with refuses(ValueError, "checkpoint-differs", "seed: 4 there, 5 here"):
        ek.factorize(X, NMF, resume=file, **{**given, "seed": 5})
    with refuses(ValueError, "setting-out-of-range", "checkpoint_every is -1"):
        ek.factorize(X, NMF, checkpoint=tmp_path / "other", checkpoint_every=-1, **given)
    with refuses(ValueError, "option-missing", "checkpoint_every"):
        ek.factorize(X, NMF, checkpoint_every=5, **given)
    with refuses(TypeError, "settings-conflict", "resume"):
        ek.choose_rank(X, ranks=[2, 3], resume=file)
