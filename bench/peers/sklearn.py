"""scikit-learn: non-negative factorization by coordinate descent, 200 iterations from the start that it is given."""

import warnings

from sklearn.decomposition import non_negative_factorization
from sklearn.exceptions import ConvergenceWarning

PACKAGES = ["scikit-learn"]


def nmf(data):
    x, w, h = data.x(), data.array("start-W"), data.array("start-H")
    warnings.simplefilter("ignore", ConvergenceWarning)

    def run():
        found = non_negative_factorization(
            x, W=w.copy(), H=h.copy(), n_components=data.rank, init="custom", solver="cd", tol=0.0, max_iter=200
        )
        return found[:2]

    return run
