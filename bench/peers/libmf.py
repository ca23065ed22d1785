"""LIBMF: stochastic gradients for ratings."""

import libmf

PACKAGES = ["libmf"]
