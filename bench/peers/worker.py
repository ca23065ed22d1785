"""Serves one peer: loads a task, runs it on request, tells the time and the peak of memory.

In: the name of a module here, as the argument; a line of JSON a request on standard input.
Out: a line of JSON an answer on standard output.
Law: only the task itself is inside the clock; an error is an answer too; threads are those of ECKART_BENCH_THREADS.
Not here: what is asked and in which order (see xtask/src/bench).

    python -m peers.worker numpy          serve
    python -m peers.worker numpy probe    say the version, or why the peer can't be used
"""

import importlib
import importlib.metadata
import json
import os
import sys
import time
from pathlib import Path


def keep_to_threads():
    """Leaves this process as many processors as it is to have threads: some libraries count processors, not wishes."""
    threads = int(os.environ.get("ECKART_BENCH_THREADS", "0"))
    if threads and hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, allowed[:threads])
    return threads


def version(peer):
    """Of the packages that the peer names, or as it says itself."""
    said = getattr(peer, "VERSION", None)
    return said or ", ".join(f"{name} {importlib.metadata.version(name)}" for name in peer.PACKAGES)


class Data:
    """A data set in its folder, in the types that it is stored in."""

    def __init__(self, folder, rank):
        import numpy as np

        self.np, self.folder, self.rank = np, Path(folder), rank

    def array(self, name):
        return self.np.load(self.folder / f"{name}.npy")

    def x(self):
        """X: an array, or compressed rows."""
        if (self.folder / "x.npy").exists():
            return self.array("x")
        from scipy import sparse

        indptr, cols = self.array("indptr"), int(self.array("cols")[0])
        parts = (self.array("values"), self.array("indices"), indptr)
        return sparse.csr_matrix(parts, shape=(len(indptr) - 1, cols))

    def w(self):
        return self.array(f"W{self.rank}")

    def h(self):
        return self.array(f"H{self.rank}")


def digest(np, result):
    """Length and weighted sum, as in src/digest.rs."""
    matrix = np.asarray(result, dtype=np.float64)
    matrix = matrix.reshape(matrix.shape if matrix.ndim == 2 else (1, -1))
    rows, cols = matrix.shape
    weights = np.cos(np.arange(rows)[:, None] + 2.0 * np.arange(cols)[None, :])
    return [float(np.linalg.norm(matrix)), float(np.vdot(matrix, weights))]


def memory(field):
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def forget_peak():
    """The peak that counts begins here: reading files is no part of the task."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass


class Session:
    """The task that is loaded. A task is a function of `Data` that returns what does it once: a function that returns
    the results, and has waited for them: as a sequence, W and H of a search, or factors by name."""

    def __init__(self, peer):
        self.peer, self.run_once, self.results, self.data = peer, None, None, None

    def answer(self, request):
        what = request["do"]
        if what == "load":
            self.data = Data(request["folder"], int(request["rank"]))
            self.run_once = getattr(self.peer, request["work"])(self.data)
            forget_peak()
            return {"version": version(self.peer), "held": memory("VmRSS:")}
        if what == "run":
            return self.run(int(request["lead"]), int(request["batch"]), request.get("digest"))
        if what == "save":
            found = self.results if isinstance(self.results, dict) else dict(zip("WH", self.results, strict=True))
            for name, factor in found.items():
                self.data.np.save(self.data.folder / f"found-{name}.npy", factor)
            return {}
        if what == "peak":
            return {"peak": memory("VmHWM:"), "needs": None}
        raise ValueError(f"`{what}` can't be done")

    def run(self, lead, batch, wants_digest):
        for _ in range(lead):
            self.run_once()
        start = time.perf_counter()
        for _ in range(batch):
            self.results = self.run_once()
        seconds = (time.perf_counter() - start) / batch
        digests = [digest(self.data.np, result) for result in self.results] if wants_digest else []
        return {"seconds": seconds, "digests": digests}


def serve(peer, out):
    session = Session(peer)
    for line in sys.stdin:
        try:
            answer = session.answer(json.loads(line))
        except Exception as error:  # whatever a peer raises is told, not thrown
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=out, flush=True)


def main():
    # What libraries print must not come between the answers.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    threads = keep_to_threads()
    name, probes = sys.argv[1], sys.argv[2:] == ["probe"]
    try:
        peer = importlib.import_module(f"peers.{name}")
    except Exception as error:  # a library that can't be imported raises what it likes
        print(json.dumps({"absent": f"{type(error).__name__}: {error}".splitlines()[0]}), file=out, flush=True)
        return
    if threads:
        import threadpoolctl

        threadpoolctl.threadpool_limits(threads)
    if probes:
        print(json.dumps({"version": version(peer)}), file=out, flush=True)
    else:
        serve(peer, out)


if __name__ == "__main__":
    main()
