"""RcppML: non-negative factorization, an R package that is run by Rscript. Debian has it as r-cran-rcppml."""

import shutil
import subprocess

if shutil.which("Rscript") is None:
    raise ImportError("there is no Rscript; Debian has it, and the package, as r-cran-rcppml")

PACKAGES = []
VERSION = subprocess.run(
    ["Rscript", "-e", 'cat("RcppML", as.character(packageVersion("RcppML")))'],
    check=True,
    capture_output=True,
    text=True,
).stdout
