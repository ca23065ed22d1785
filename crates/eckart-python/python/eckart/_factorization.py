"""Factorization: the result of a search, with its factors as attributes."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import _checks, _eckart
from ._arrays import table_of, with_places
from ._errors import EckartValueError, EckartWarning, coded, told, warn
from ._ids.labels import as_given

if TYPE_CHECKING:
    from ._compare import Consensus

_STOPS = {
    "settled": "converged",
    "stationary": "converged (KKT residual)",
    "target": "the cost reached the target",
    "max_iter": "not converged, increase max_iter",
    "time_limit": "not converged within the time limit",
    "interrupted": "interrupted; these are the best factors so far",
    "diverged": "the cost became infinite or undefined",
    "dropped": "dropped by successive halving",
}


_FOREIGN = tuple(end + packed for end in (".npy", ".npz", ".csv", ".tsv", ".txt", ".mtx") for packed in ("", ".gz"))
"""Ends of names that promise a format which holds one matrix, or none of a model."""


class Start(NamedTuple):
    """One start of a search: its least cost, its iterations, why it ended, how long it took in seconds, the relative
    projected-gradient norm of each factor that is not fixed, by its name (residuals; empty where the objective has kinks),
    and after each iteration the cost and the seconds."""

    cost: float
    iterations: int
    stop_reason: str
    seconds: float
    residuals: dict[str, float]
    history: np.ndarray


class _Factors(dict[str, np.ndarray]):
    """Factors by name; of a name that is not there it says which there are."""

    def __missing__(self, name: str) -> np.ndarray:
        raise coded(KeyError, "unknown-factor", f"there is no factor {name!r}; the factors are {', '.join(self)}")


class Factorization:
    """
    The best factors of a search, and how they were found; `factorize` and `load` make it.

    Each factor is an attribute by the name that the objective gives it (``f.W``), and an entry of `factors`.

    Attributes
    ----------
    factors : dict of str to ndarray
        The factors in the order in which the objective names them, in the data's number type; read-only arrays.
    cost : float
        The value of the objective.
    history : ndarray of shape (n_iterations + 1,)
        The cost at the start and after each iteration, of the start whose factors these are.
    stop_reason : str
        ``settled``, ``stationary``, ``target``, ``max_iter``, ``time_limit``, ``interrupted``, ``diverged`` or, of a start, ``dropped``.
    starts : list of Start
        All starts.
    quality : dict or None
        ``relative_error``, ``explained`` (share of the variance about the mean of all entries), ``rmse``,
        ``reconstruction``; None where the objective compares nothing with the data itself.
    objective, params, rank, seed, method, ways, seconds
        How they were found.
    warnings : list of EckartWarning
        Doubtful objectives, such as a free scale, each with its `code`.
    row_names, col_names : list of str or None
        The names of the data's rows and columns, where it had them.
    row_ids, col_ids : ndarray, list of str or None
        The same in the type in which they were given: arrays of int64, uint64 or datetime64 where they were whole numbers,
        dates, or times without a time zone (also nullable and Arrow types of pandas); lists of texts where they were
        anything else, such as floats, booleans, or times with a time zone.
    roles : dict of str to tuple
        For each factor the lines of the data that it belongs to (``rows``, ``columns``, ``both``, ``neither``), and which of
        its own lines are components (``rows``, ``columns``, or None).
    component_names : dict of str to list of str
        For each factor the names of its components, where a factor that was fixed named them, or one at which the search
        began and from which these factors come: ``f.component_names["W"]`` are the columns of W. Empty where none did.
    numerics : int
        The version of the arithmetic that computed them.
    registers : str or None
        The vector registers that computed them: ``base``, ``avx2`` or ``avx512``; None where a file does not say.

    Examples
    --------
    >>> import numpy as np, eckart as ek
    >>> f = ek.factorize(np.ones((4, 3)), rank=1)
    >>> f  # doctest: +ELLIPSIS
    <eckart.Factorization: W 4 x 1, H 1 x 3; minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0; cost ...>
    """

    def __init__(self, core: _eckart.Factorization, data: dict[str, Any] | None = None) -> None:
        self._core = core
        self._data = data or {}
        self._fold_in: _eckart.FoldIn | None = None
        self.factors: dict[str, np.ndarray] = _Factors((name, matrix.to_array()) for name, matrix in core.factors)
        self.objective = core.objective
        self.params = core.params
        self.rank = core.rank
        self.seed = core.seed
        self.method = core.method
        self.ways = core.ways
        self.warnings: list[EckartWarning] = told(core.warnings)
        self.cost = core.cost
        self.seconds = core.seconds
        self.stop_reason = core.stop_reason
        self.starts = [Start(**start) for start in core.starts()]
        self.quality = core.quality()
        self.row_names = core.row_names
        self.col_names = core.col_names
        self.row_ids = as_given(core.row_ids, core.row_names)
        self.col_ids = as_given(core.col_ids, core.col_names)
        self.numerics, self.registers = core.numerics
        self.roles = {name: (of, components) for name, of, components in core.roles}
        self.component_names: dict[str, list[str]] = dict(core.component_names)

    def __getattr__(self, name: str) -> np.ndarray:
        factors: dict[str, np.ndarray] = self.__dict__.get("factors", {})
        if name in factors:
            return factors[name]
        known = ", ".join(factors)
        raise coded(AttributeError, "unknown-factor", f"a Factorization has no attribute {name!r}; its factors are {known}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.factors]

    @property
    def numbers(self) -> dict[str, float]:
        """The earlier name of `params`."""
        return self.params

    @property
    def best(self) -> Start:
        """The start whose factors these are."""
        return self.starts[self._core.best]

    @property
    def history(self) -> np.ndarray:
        """The cost at the start and after each iteration, of the best start."""
        costs: np.ndarray = self.best.history[:, 0]
        return costs

    @property
    def iterations(self) -> int:
        """Iterations of the best start."""
        return self.best.iterations

    def reconstruct(self) -> np.ndarray:
        """The product W @ H in full, n x m."""
        if not {"W", "H"} <= self.factors.keys():
            raise coded(ValueError, "unknown-factor", f"the factors are {', '.join(self.factors)}: there is no W @ H")
        product: np.ndarray = self.factors["W"] @ self.factors["H"]
        return product

    def transform(self, data: Any, *, match: str = "names") -> dict[str, np.ndarray]:
        """
        The factors of rows that the search has not seen; everything else stays as it is.

        A row gets the same bits alone or among others, wherever the objective can be taken apart by rows. Preparing
        happens once: further calls take microseconds a row.

        Parameters
        ----------
        data : matrix-like of shape (n_new, m), or a dict of them by name
            New rows of the data, with columns in the same order, or named as in the search. A dict gives what else the
            objective reads, as in `factorize`: of data with a row for each row of the first, the new rows' part.
        match : str
            ``names``: columns are matched by name where both have names; those that the search did not have are left out, those
            that are not there are missing where the objective says ``observed``, else 0, and a warning counts both. Where only
            one has names they are matched by position, with a warning. ``position``: in their order, whatever their names.

        Returns
        -------
        dict of str to ndarray
            The row factors by name, in the data's number type: ``W`` of shape (n_new, r), and offsets of rows.

        Raises
        ------
        ValueError
            Where columns do not fit or are lacking, or no factor belongs to rows.

        Examples
        --------
        >>> import numpy as np, eckart as ek
        >>> X = np.outer([1.0, 2.0, 3.0], [1.0, 0.0, 2.0, 1.0])
        >>> f = ek.factorize(X, rank=1)
        >>> bool(np.allclose(f.transform(X[:2])["W"], f.W[:2], rtol=1e-3))
        True
        """
        is_dict = isinstance(data, Mapping) and not hasattr(data, "tocsr")
        given = dict(data) if is_dict else {self._core.target: data}
        if self._core.target not in given:
            raise coded(ValueError, "data-missing", f"the new rows of {self._core.target} are lacking among {', '.join(given)}")
        [given] = with_places(given)
        rows = table_of(given.pop(self._core.target), self._core.target, known=self.col_names)
        others = [(name, table_of(value, name, known=self.col_names)) for name, value in given.items()]
        x, beside, about_columns = _eckart.in_order(self._core, rows, others, _checks.matching(match))
        if beside:
            fold_in = _eckart.FoldIn.of_model(self._core, beside, x.shape[0])
        else:
            fold_in = self._fold_in = self._fold_in or _eckart.FoldIn.of_model(self._core, [], x.shape[0])
        found, about_terms = fold_in.transform(x, beside)
        for warning in told([*about_columns, *about_terms]):
            warn(warning)
        return {name: matrix.to_array() for name, matrix in found}

    def consensus(self) -> Consensus:
        """
        Whether the starts of the search agree, and on what; they must have been kept.

        Raises
        ------
        ValueError
            Where fewer than two starts were kept, as of a model that was read from a file.

        Examples
        --------
        >>> import numpy as np, eckart as ek
        >>> X = np.kron(np.eye(2), np.ones((4, 3))) + 0.01
        >>> found = ek.factorize(X, rank=2, n_init=5, keep_starts=True).consensus()
        >>> found.components.shape, found.groups
        ((2, 6), [0, 0, 0, 1, 1, 1])
        """
        from ._compare import Consensus

        try:
            return Consensus(**_eckart.consensus(self._core))
        except EckartValueError as error:
            raise coded(ValueError, error.code, f"{error}: factorize(..., n_init=10, keep_starts=True) keeps them") from None

    def report(
        self,
        path: str | os.PathLike[str],
        data: Any = None,
        *,
        title: str | None = None,
        image: tuple[int, int] | None = None,
        plot: str = "fitting",
        by_rows: bool = False,
        match: str = "names",
        show: str | None = None,
    ) -> None:
        """
        Writes a page about the result, for any browser: one HTML file that needs nothing else.

        Parameters
        ----------
        path : str or path-like
            The file.
        data : matrix-like of shape (n, m), optional
            The data that was factorized: rows are then shown beside their reconstructions. Its rows and columns are matched
            by name with those of the result where both have names; its names are used where the result has none.
        title : str, optional
            The heading.
        image : (height, width), optional
            Shows components as images, stored row by row in the columns.
        plot : str
            How to show components otherwise: ``words``, ``items``, ``profile``, or ``fitting``, chosen by the names of the
            columns.
        by_rows : bool
            Shows components by the rows of the data, rather than its columns.
        match : str
            ``names``, or ``position`` to take rows and columns of the data in their order, whatever their names.
        show : str, optional
            The earlier name of `plot`.

        Examples
        --------
        >>> import numpy as np, eckart as ek, tempfile, pathlib
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder) / "page.html"
        ...     X = np.random.default_rng(0).random((20, 12))
        ...     ek.factorize(X, rank=2).report(path, X, image=(3, 4))
        ...     path.read_text()[:15]
        '<!doctype html>'
        """
        known = ("fitting", "words", "items", "profile")
        plot = _checks.choice("plot", _checks.latest("plot", plot, "show", show, "fitting"), known)
        matrix = None if data is None else table_of(data, self._core.target, known=self.col_names)
        size = None if image is None else (_checks.whole("image", image[0], 1), _checks.whole("image", image[1], 1))
        looks = {"title": title, "image": size, "plot": plot, "by_rows": _checks.boolean("by_rows", by_rows)}
        looks["matching"] = _checks.matching(match)
        for warning in told(_eckart.report(self._core, _checks.path("path", path), matrix, looks)):
            warn(warning)

    def explain(self) -> str:
        """
        How the factors were found, in words: objective, method, why it stopped, what is left; and, of a result that was
        not loaded from a file, what is known of the data.
        """
        lines = [self.objective]
        lines += [f"  with {name} = {value:g}" for name, value in self.params.items()]
        for name, (n, m, stored) in self._data.items():
            how = "dense" if stored is None else f"sparse with {stored:,} stored entries ({stored / (n * m):.3%})"
            lines.append(f"  {name}: {n:,} x {m:,}, {how}")
        lines += [f"  warning: {warning} [{warning.code}]" for warning in self.warnings]
        lines.append(f"method {self.method}")
        lines += [f"  {way}" for way in self.ways]
        lines.append(
            f"{len(self.starts)} start(s) in {self.seconds:.3g} s; the best ended after {self.iterations} iterations "
            f"with cost {self.cost:.6g}: {_STOPS.get(self.stop_reason, self.stop_reason)}"
        )
        if self.quality:
            lines.append(
                f"{self.quality['reconstruction']} explains {self.quality['explained']:.1%} of the variance; relative "
                f"error {self.quality['relative_error']:.3g}, RMSE {self.quality['rmse']:.3g}"
            )
        left = {name: f", KKT residual {residual:.2g}" for name, residual in self.best.residuals.items()}
        for name, factor in self.factors.items():
            n, m = factor.shape
            lines.append(f"  {name}: {n:,} x {m:,}, {np.mean(factor == 0):.1%} zeros{left.get(name, '')}")
        return "\n".join(lines)

    def save(self, path: str | os.PathLike[str]) -> None:
        """
        Writes a model file, the same that the command writes: safetensors, with everything about the search beside the
        factors (docs/format.md says every key). A name that promises another format, such as ``x.npy``, is refused: ``numpy.save("x.npy", f.W)`` writes a factor.

        Examples
        --------
        >>> import numpy as np, eckart as ek, tempfile, pathlib
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder) / "model.safetensors"
        ...     f = ek.factorize(np.ones((4, 3)), rank=1)
        ...     f.save(path)
        ...     bool((ek.load(path).W == f.W).all())
        True
        """
        name = _checks.path("path", path)
        if name.lower().endswith(_FOREIGN):
            factor = next(iter(self.factors))
            raise coded(
                ValueError,
                "unknown-format",
                f"{name}: a model is one file of all its factors: let its name end in .safetensors. To write a factor alone, "
                f"use numpy.save or numpy.savetxt with f.{factor}"
            )
        self._core.save(name)

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_bytes, (self._core.to_bytes(), self._data)

    def __copy__(self) -> Factorization:
        return self

    def __repr__(self) -> str:
        sides = ", ".join(f"{name} {f.shape[0]} x {f.shape[1]}" for name, f in self.factors.items())
        explained = f", {self.quality['explained']:.1%} of the variance" if self.quality else ""
        return _eckart.printable(f"<eckart.Factorization: {sides}; {self.objective}; cost {self.cost:.6g}{explained}>")

    def _repr_html_(self) -> str:
        rows = [
            ("objective", self.objective),
            *((name, f"{value:g}") for name, value in self.params.items()),
            ("factors", ", ".join(f"{n} {f.shape[0]:,} × {f.shape[1]:,}" for n, f in self.factors.items())),
            ("cost", f"{self.cost:.6g} after {self.iterations} iterations, {len(self.starts)} start(s)"),
            ("stopped", _STOPS.get(self.stop_reason, self.stop_reason)),
            ("method", "; ".join([self.method, *self.ways])),
        ]
        if self.quality:
            rows.append(("explained", f"{self.quality['explained']:.1%} of the variance"))
            rows.append(("relative error", f"{self.quality['relative_error']:.4g}"))
        rows += [("warning", str(warning)) for warning in self.warnings]
        cells = "".join(f"<tr>{_cell('th', name)}{_cell('td', text)}</tr>" for name, text in rows)
        return f"<table>{cells}</table>"


def _cell(tag: str, text: str) -> str:
    """A cell that holds a text, whatever is in it."""
    return f"<{tag} style='text-align:left;vertical-align:top'>{html.escape(text)}</{tag}>"


def _from_bytes(content: bytes, data: dict[str, Any]) -> Factorization:
    return Factorization(_eckart.Factorization.from_bytes(content), data)


def load(path: str | os.PathLike[str]) -> Factorization:
    """
    Reads a model file that the command or `Factorization.save` wrote.

    Raises
    ------
    FileNotFoundError
        Where there is no such file.
    ValueError
        Where it is no model file, is damaged, or is of a later format.
    """
    return Factorization(_eckart.Factorization.load(_checks.path("path", path)))


def show(path: str | os.PathLike[str]) -> dict[str, Any]:
    """
    What is in a file: a model or a checkpoint, the page of a report, or any other safetensors file.

    Every byte is checked where the file has checksums; factors are not held in memory.

    Returns
    -------
    dict
        ``kind`` (``model``, ``checkpoint``, ``page``, ``factors``, or ``safetensors`` for a file that is not of Eckart), and
        by kind ``objective``, ``rank``, ``seed``, ``limits``, ``factors``, ``starts`` and more: the keys of
        ``eckart show --json``.

    Raises
    ------
    FileNotFoundError
        Where there is no such file.
    ValueError
        Where it is none of these, or is damaged.

    Examples
    --------
    >>> import numpy as np, eckart as ek, tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "model.safetensors"
    ...     ek.factorize(np.ones((4, 3)), rank=1).save(path)
    ...     shown = ek.show(path)
    >>> shown["kind"], shown["rank"], [factor["name"] for factor in shown["factors"]]
    ('model', 1, ['W', 'H'])
    """
    shown: dict[str, Any] = json.loads(_eckart.show(_checks.path("path", path)))
    return shown
