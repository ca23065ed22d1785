"""RcppML: non-negative factorization, an R package that is run by Rscript. Debian has it as r-cran-rcppml."""

import subprocess

PACKAGES = []
VERSION = subprocess.run(
    ["Rscript", "-e", 'cat("RcppML", as.character(packageVersion("RcppML")))'],
    check=True,
    capture_output=True,
    text=True,
).stdout
