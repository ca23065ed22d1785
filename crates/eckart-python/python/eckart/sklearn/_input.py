"""Input: what estimators take: X as scikit-learn checks it, its features in the order of the fit, and its names."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import check_array, validate_data

from .. import _eckart
from .._arrays import (
    as_table,
    entries_of,
    filled,
    ids_as_data,
    is_list as is_list_of_entries,
    is_series,
    is_sparse_frame,
    list_columns,
    labels_of,
    matrix_of,
    names_of,
    names_rows,
    refuse_no_matrix,
    table_of,
)
from .._eckart import Matrix, columns_in_order, initial_in_order, name_texts, refuse_list
from .._errors import EckartError, EckartValueError, coded, coded_warning, told, warn
from .._factorization import Factorization
from .._factorize import stated
from .._ids.inexact import refuse_inexact
from .._ids.labels import as_given


class Input(NamedTuple):
    """X after its checks, and the names of its rows and columns, where it has them."""

    X: Any
    rows: _eckart.Names | None
    cols: _eckart.Names | None

    def table(self) -> Any:
        """X with its names."""
        return self.X if self.rows is None and self.cols is None else matrix_of(self.X, "X").named(self.rows, self.cols)


def ids_of(names: _eckart.Names | None) -> np.ndarray | list[str] | None:
    """Names in the type in which they were given."""
    return as_given(names, None) if isinstance(names, tuple) else None if names is None else list(names)


def taken(
    estimator: Any,
    X: Any,
    *,
    reset: bool,
    gaps: str | None = None,
    is_list: bool = False,
    remedy: str = "",
    name: str = "X",
    **options: Any,
) -> Input:
    """
    X as scikit-learn's check leaves it, with its features in the order of the fit where both have names.

    `gaps` says why entries that are missing are left out, where they are; `is_list`, that a list of entries is taken for
    its matrix; `remedy` what to do about NaN, where it is not allowed; `name`, what errors call it.
    """
    X = _ready(X, is_list, name)
    rows, cols = names_of(X)
    labels = None if cols is None else list(name_texts(cols))
    texts = labels_of(X) is not None and all(isinstance(label, str) for label in getattr(X, "column_names", X.columns))
    if texts and labels is not None and len(set(labels)) < len(labels):
        twice = next(label for label, count in Counter(labels).items() if count > 1)
        raise coded(ValueError, "duplicate-names", f"two columns of {name} are called {twice!r}: give each column a name of its own")
    if reset:
        _refuse_list(X, gaps)
        _tell_of_index(X)
        estimator._labels = labels
    else:
        before: list[str] | None = getattr(estimator, "_labels", None)
        count = getattr(estimator, "n_features_in_", None)
        X = _as_wide_as(X, count, name)
        X, labels, before = _of_places(X, labels, before, count)
        # Names that are all texts are held to the order of the fit by scikit-learn, which says where one has none.
        is_held = name == "X" and hasattr(estimator, "feature_names_in_")
        if labels is not None and before is not None and not (is_held and texts):
            X = X if labels == before else _in_order(X, before, gaps is not None, is_list, name)
            return Input(_checked(check_array, remedy, estimator, plain(X), input_name=name, **options), rows, before)
        if not (is_held or (texts and name == "X")):
            _tell_of_position(estimator, X, labels, before, name)
        if name != "X":
            found = _checked(check_array, remedy, estimator, plain(X), input_name=name, **options)
            if found.shape[1] != count:
                text = f"{name} has {found.shape[1]} columns, and the fit has {count}: give all of them, or names for them"
                raise coded(ValueError, "wrong-shape", text)
            return Input(found, rows, cols)
    return Input(_checked(validate_data, remedy, estimator, plain(X), reset=reset, **options), rows, cols)


def _ready(X: Any, is_list: bool, name: str) -> Any:
    """X without a mask of its own; a list of entries as its matrix, a frame of entries that are stored with what it does not
    store."""
    refuse_no_matrix(X, name)
    labels = labels_of(X)
    if labels is None:
        return X if isinstance(X, Matrix) else filled(X)
    if is_list:
        entries = entries_of(X, name)
        if entries is not None or hasattr(X, "column_names"):
            return table_of(X, name, index=False) if entries is None else entries
    elif is_list_of_entries(X):
        raise coded(
            ValueError,
            "list-or-table",
            f"{name} is a list of entries by the names of its columns ({', '.join(list_columns(X)[0].labels)}), and no table of "
            "samples: give eckart.triplets(X) for its matrix, eckart.Matrix(X) for the table",
        )
    if is_sparse_frame(X) and any(dtype.fill_value != 0 for dtype in X.dtypes):
        return X.sparse.to_dense()
    return X


def _as_wide_as(X: Any, count: int | None, name: str) -> Any:
    """X of an SVMlight file with columns of zeros after the last that has an entry, up to those of the fit, which is told."""
    if not isinstance(X, Matrix) or count is None:
        return X
    wide, own = X.widened(count), X.shape[1]
    if wide.shape[1] > own:
        text = f"{name} has {own} columns with entries, and zeros up to column {count}: an SVMlight file tells no more of them"
        warn(coded_warning("names-lacking", text))
    return wide


def _refuse_list(X: Any, gaps: str | None) -> None:
    """Refuses a table that may as well be a list of entries, as a search does."""
    MOST_COLUMNS = 12  # a list has no more
    labels = labels_of(X)
    if labels is not None and len(labels) <= MOST_COLUMNS:
        try:
            table = table_of(X, "X", index=False)
        except EckartError as error:
            if error.code == "list-or-table":
                raise
            return  # scikit-learn says what is wrong
        refuse_list(table, "X", gaps)
    elif isinstance(X, Matrix):
        refuse_list(X, "X", gaps)


def _tell_of_index(X: Any) -> None:
    """Warns of a first column that names the rows of a frame by the rule of files: its columns are features here."""
    try:
        why = names_rows(X, "X")
    except EckartError:
        return  # scikit-learn says what is wrong
    if why is not None:
        warn(ids_as_data((labels_of(X) or [""])[0], "X", f"may be the names of the rows ({why}),"))


def _in_order(X: Any, before: list[str], is_masked: bool, is_list: bool, name: str) -> Matrix:
    """The features of X in the order of the fit; those that were not there are left out, those that are not here are
    missing, not stored, or 0, and both are told."""
    table = table_of(X, name, index=False)
    becomes = "not stored" if table.is_sparse else "missing" if is_masked else "0"
    try:
        ordered, unknown, lacking = columns_in_order(table, before, np.nan if is_masked else 0.0, f", and count as {becomes}")
    except EckartValueError as error:
        text = str(error).removesuffix(error.help or "").rstrip().rstrip(".:;")
        raise coded(ValueError, error.code, f"{text}: give {name} with the names of the fit, or as an array in its order") from None
    # A list has what was there, and that is never all.
    said = [unknown, None if is_list and table.is_sparse else lacking]
    for warning in told([row for row in said if row is not None]):
        warn(warning)
    return ordered


def _are_places(labels: list[str], count: int | None) -> bool:
    """Whether names are 0 to n - 1 in another order."""
    return len(labels) == count and labels != (places := [str(k) for k in range(count)]) and set(labels) == set(places)


def _of_places(
    X: Any, labels: list[str] | None, before: list[str] | None, count: int | None
) -> tuple[Any, list[str] | None, list[str] | None]:
    """X and the names of both sides; where those of one are 0 to n - 1 in another order, and pandas counts the columns of
    the other, they are places of it, and it has them for names."""
    places = [str(k) for k in range(count or 0)]
    if labels is not None and before is None and _are_places(labels, count):
        return X, labels, places
    if labels is None and before is not None and labels_of(X) is not None and len(before) == len(labels_of(X) or ()) and _are_places(before, count):
        table = table_of(X, "X", index=False)
        return table.named(table.typed_ids()[0] or table.row_names, places), places, before
    return X, labels, before


def _tell_of_position(estimator: Any, X: Any, labels: list[str] | None, before: list[str] | None, name: str) -> None:
    """Warns that features are matched by position, where only the fit has names, or only X."""
    if (labels is None) == (before is None) or np.shape(X)[1:] != (getattr(estimator, "n_features_in_", None),):
        return
    named, bare = (name, "the fit") if labels is not None else ("the fit", name)
    text = f"the columns of {name} are matched by position: those of {named} have names, those of {bare} have none"
    warn(coded_warning("matched-by-position", text))


def _checked(check: Any, remedy: str, estimator: Any, X: Any, **options: Any) -> Any:
    """scikit-learn's check of data."""
    try:
        return check(X, estimator=estimator, **options) if check is check_array else check(estimator, X, **options)
    except ValueError as error:
        if "contains NaN" not in str(error) or not remedy:
            raise
        begin = str(error).splitlines()[0]
        raise coded(ValueError, "missing-value", f"{begin}\n{type(estimator).__name__} takes no missing entries: {remedy}") from None


def plain(X: Any) -> Any:
    """What scikit-learn takes: an `eckart.Matrix` as an array, or as compressed rows; masked entries as NaN."""
    refuse_no_matrix(X, "X")
    if not isinstance(X, Matrix):
        refuse_inexact(X, "X")
        return filled(X)
    return X.to_scipy() if X.is_sparse else X.to_array()


class NamedComponents(ClassNamePrefixFeaturesOutMixin):
    """What comes out is called as the components are, where a factor that was given named them."""

    def _names_of_components(self) -> list[str] | None:
        return getattr(self, "_component_names", None)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """
        The names of what `transform` returns: of the components, where a factor that was given named them, else the name of
        the class and a number.

        Parameters
        ----------
        input_features : Ignored

        Returns
        -------
        names : ndarray of str objects
        """
        numbered: np.ndarray = super().get_feature_names_out(input_features)
        names = self._names_of_components()
        if names is not None and getattr(self, "split_sign", False):
            names = [f"{name} {sign}" for sign in "+-" for name in names]
        return numbered if names is None or len(names) != len(numbered) else np.asarray(names, dtype=object)

    def _in_component_order(self, W: Any) -> Any:
        """W with its columns, where these have names, in the order of the components, as an array or compressed rows."""
        labels = None if is_series(W) else names_of(W)[1]
        found = plain(W)
        if labels is None:
            return found
        texts, own = list(name_texts(labels)), [str(name) for name in self.get_feature_names_out()]
        if len(texts) != len(own):
            raise coded(ValueError, "wrong-shape", f"X has {len(texts)} columns, and there are {len(own)} components: give all of them")
        if len(set(texts)) < len(texts):
            twice = next(label for label, count in Counter(texts).items() if count > 1)
            raise coded(ValueError, "duplicate-names", f"two columns of X are called {twice!r}: give each component its own column")
        are_named = own != [str(name) for name in super().get_feature_names_out()]
        numbers = [] if are_named else [[str(k) for k in range(len(own))], [f"component {k + 1}" for k in range(len(own))]]
        order = next((known for known in [own, *numbers] if set(known) == set(texts)), None)
        if order is None and (are_named or set(own) & set(texts)):
            lacking, other = next(name for name in own if name not in texts), next(name for name in texts if name not in own)
            raise coded(
                ValueError,
                "names-differ",
                f"no column of X is called {lacking!r}, as a component is, and the column {other!r} is no component: call the "
                "columns as get_feature_names_out() does, in any order, or give an array",
            )
        if order is None:
            text = f"the columns of X are taken for the components in their order: those are called {own[0]!r}, ..., these {texts[0]!r}, ..."
            warn(coded_warning("matched-by-position", text))
        if order is None or order == texts:
            return found
        return plain(as_table(W))[:, [texts.index(name) for name in order]]


def begun(given: Input, factors: Mapping[str, Any]) -> tuple[dict[str, Any], list[str] | None]:
    """Given factors, W and H, their rows, columns and components in the order of the names of X and of each other, and the
    names of components, where they have any. What has no names is matched by position, which a warning says."""
    for name, value in factors.items():
        refuse_no_matrix(value, name)
    found = {name: filled(value) for name, value in factors.items() if value is not None}
    is_named = isinstance(given.table(), Matrix) or any(
        isinstance(B, (Matrix, Factorization, str, os.PathLike)) or hasattr(B, "columns") for B in found.values()
    )
    if not found or not is_named:
        return found, None
    problem, _, _ = stated(given.table(), "sum((X - W @ H)**2)", 1, None, found)
    values, about = initial_in_order(problem)
    for warning in told(about):
        warn(warning)
    named = dict(problem["init_from"])
    own = [named["W"].col_names if "W" in named else None, named["H"].row_names if "H" in named else None]
    return {name: matrix.to_array() for name, matrix in values}, own[0] or own[1]


def same_columns(given: Input, other: Any, what: str) -> None:
    """Refuses columns of `other` that are named otherwise than those of X, or are in another order."""
    refuse_no_matrix(other, what)
    names = names_of(other)[1]
    theirs, own = (None if of is None else list(name_texts(of)) for of in (names, given.cols))
    # Numbers that pandas counts are places beside others.
    if theirs is None and own is not None and labels_of(other) is not None and _are_places(own, len(own)):
        theirs = [str(k) for k in range(len(own))]
    if own is None and theirs is not None and _are_places(theirs, len(theirs)):
        own = [str(k) for k in range(len(theirs))]
    if theirs is None or own is None:
        return
    if theirs != own and len(theirs) == len(own):
        k = next(k for k, (one, two) in enumerate(zip(theirs, own, strict=True)) if one != two)
        raise coded(
            ValueError,
            "names-differ",
            f"column {k + 1} of {what} is called {theirs[k]!r}, and that of X {own[k]!r}: put the columns of {what} in the "
            "order of those of X, or give it as an array",
        )


def by_row_names(estimator: Any, found: np.ndarray, X: Any, rows: _eckart.Names | None) -> Any:
    """Rows that were found, under their names where `set_output` asks for pandas and X is no frame with a row for each."""
    is_frame = labels_of(X) is not None and not is_list_of_entries(X)
    if rows is None or is_frame or _get_output_config("transform", estimator)["dense"] != "pandas":
        return found
    import pandas

    return pandas.DataFrame(found, index=ids_of(rows))
