"""
Estimators with scikit-learn's interface.

`NMF`, `DictionaryLearning` and `SparseCoder` take scikit-learn's own parameters with scikit-learn's own meaning, so that
changing the import is the migration. `MatrixFactorization` and `ImplicitMF` are for ratings and for implicit feedback,
`ObjectiveFactorization` for an objective of your own.

Each of them is a line of the engine's language, said in its documentation; `eckart.factorize` takes that line, changed.
"""

from ._dictionary import DictionaryLearning, SparseCoder
from ._nmf import NMF
from ._objective import ObjectiveFactorization
from ._ratings import ImplicitMF, MatrixFactorization
from ._search import EckartConvergenceWarning

__all__ = [
    "DictionaryLearning",
    "EckartConvergenceWarning",
    "ImplicitMF",
    "MatrixFactorization",
    "NMF",
    "ObjectiveFactorization",
    "SparseCoder",
]
