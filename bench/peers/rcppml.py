"""RcppML: non-negative factorization for 50 iterations from its own start, an R package that is run by Rscript.

Debian has it as r-cran-rcppml. R is started and reads X before the clock runs; what is timed is its `nmf`, and a line to
it and back.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

if shutil.which("Rscript") is None:
    raise ImportError("there is no Rscript; Debian has it, and the package, as r-cran-rcppml")

_version = subprocess.run(
    ["Rscript", "-e", 'cat("RcppML", as.character(packageVersion("RcppML")))'], capture_output=True, text=True
)
if _version.returncode != 0:
    raise ImportError("R has no package RcppML; Debian has it as r-cran-rcppml")

PACKAGES = []
VERSION = _version.stdout


class R:
    """An R process that has read X."""

    def __init__(self, x, rank):
        self.holder = tempfile.TemporaryDirectory()
        self.folder, self.shape, self.rank = Path(self.holder.name), x.shape, rank
        columns = x.tocsc()
        columns.sort_indices()
        columns.indices.astype("<i4").tofile(self.folder / "rows.bin")
        columns.indptr.astype("<i4").tofile(self.folder / "starts.bin")
        columns.data.astype("<f8").tofile(self.folder / "values.bin")
        script = Path(__file__).with_suffix(".R")
        threads = os.environ.get("ECKART_BENCH_THREADS", "0")
        self.process = subprocess.Popen(
            ["Rscript", script, self.folder, *map(str, x.shape), str(rank), threads],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.wait_for("ready")

    def wait_for(self, word):
        line = self.process.stdout.readline().strip()
        if line != word:
            raise RuntimeError(f"R answered `{line}` where `{word}` was due")

    def ask(self, what, answer):
        print(what, file=self.process.stdin, flush=True)
        self.wait_for(answer)

    def __iter__(self):
        """W and H of the last run, written out only where somebody asks for them."""
        self.ask("write", "written")
        w = np.fromfile(self.folder / "w.bin").reshape((self.shape[0], self.rank), order="F")
        h = np.fromfile(self.folder / "h.bin").reshape((self.rank, self.shape[1]), order="F")
        return iter((w, h))


def nmf(data):
    r = R(data.x(), data.rank)

    def run():
        r.ask("run", "done")
        return r

    return run
