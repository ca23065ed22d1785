# RcppML's side: reads the compressed columns of X, then answers each line of standard input with one of its own.
#
#   Rscript rcppml.R FOLDER ROWS COLS RANK THREADS
#
# "run" factorizes and answers "done"; "write" leaves W and H in FOLDER as the bytes of doubles, column by column.

args <- commandArgs(trailingOnly = TRUE)
folder <- args[1]
sizes <- as.integer(args[2:5])
suppressPackageStartupMessages({
  library(Matrix)
  library(RcppML)
})
setRcppMLthreads(sizes[4])

from_file <- function(name, what, size) {
  path <- file.path(folder, name)
  readBin(path, what, n = file.size(path) / size, size = size, endian = "little")
}

x <- new("dgCMatrix",
  i = from_file("rows.bin", "integer", 4), p = from_file("starts.bin", "integer", 4),
  x = from_file("values.bin", "double", 8), Dim = sizes[1:2]
)

input <- file("stdin", "r")
cat("ready\n")
while (length(line <- readLines(input, n = 1)) > 0) {
  if (line == "run") {
    found <- nmf(x, sizes[3], tol = 0, maxit = 50, verbose = FALSE, seed = 1)
    cat("done\n")
  } else {
    writeBin(as.vector(found$w %*% diag(found$d)), file.path(folder, "w.bin"))
    writeBin(as.vector(found$h), file.path(folder, "h.bin"))
    cat("written\n")
  }
}
