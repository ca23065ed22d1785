"""
Write the objective of a matrix factorization; the gradient, the plan and the algorithm are derived from it.

Formulas are written with NumPy's operators, differentiated by `grad` and made callable by `function`; `factorize` minimizes an
objective over its factors. Estimators with scikit-learn's interface are in `eckart.sklearn`.
"""

import os as _os

from . import _eckart
from ._arrays import read, triplets
from ._compare import Consensus, RankChoice, RankScore, choose_rank
from ._eckart import Matrix
from ._eckart import VERSION as __version__
from ._errors import (
    CodeRow,
    EckartAttributeError,
    EckartError,
    EckartFileExistsError,
    EckartFileNotFoundError,
    EckartIsADirectoryError,
    EckartKeyError,
    EckartMemoryError,
    EckartNotADirectoryError,
    EckartOSError,
    EckartPermissionError,
    EckartRuntimeError,
    EckartTypeError,
    EckartValueError,
    EckartWarning,
    codes,
)
from ._factorization import Factorization, Start, load, show
from ._eckart import Explanation
from ._factorize import explain, factorize, models
from ._formulas import (
    Constraint,
    Expr,
    Objective,
    abs,
    clip,
    colnorm,
    colsum,
    exp,
    expand,
    eye,
    grad,
    greater,
    huber,
    kl,
    log,
    matrix,
    max,
    mean,
    min,
    minimize,
    norm,
    observed,
    rownorm,
    rowsum,
    scalar,
    shared,
    sigmoid,
    sign,
    softplus,
    sqrt,
    sum,
    sumto,
    tanh,
    trace,
    xlogx,
)
from ._function import Function, function

# A forked child has none of the threads that the engine's pool had in its parent.
if hasattr(_os, "register_at_fork"):
    _os.register_at_fork(after_in_child=_eckart.forked)

__all__ = [
    "CodeRow",
    "Consensus",
    "Constraint",
    "EckartAttributeError",
    "EckartError",
    "EckartFileExistsError",
    "EckartFileNotFoundError",
    "EckartIsADirectoryError",
    "EckartKeyError",
    "EckartMemoryError",
    "EckartNotADirectoryError",
    "EckartOSError",
    "EckartPermissionError",
    "EckartRuntimeError",
    "EckartTypeError",
    "EckartValueError",
    "EckartWarning",
    "Expr",
    "Factorization",
    "Function",
    "Matrix",
    "Objective",
    "RankChoice",
    "RankScore",
    "Start",
    "__version__",
    "abs",
    "choose_rank",
    "clip",
    "codes",
    "colnorm",
    "colsum",
    "exp",
    "expand",
    "Explanation",
    "explain",
    "eye",
    "factorize",
    "function",
    "grad",
    "greater",
    "huber",
    "kl",
    "load",
    "log",
    "matrix",
    "max",
    "mean",
    "min",
    "minimize",
    "models",
    "norm",
    "observed",
    "read",
    "rownorm",
    "rowsum",
    "scalar",
    "shared",
    "show",
    "sigmoid",
    "sign",
    "softplus",
    "sqrt",
    "sum",
    "sumto",
    "tanh",
    "trace",
    "triplets",
    "xlogx",
]
