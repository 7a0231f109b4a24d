"""
The named matrices of a network.

Rows are targets and columns are sources, as in TVB: ``weights[i, j]`` is the connection from j to i. A matrix
may be dense or sparse, in memory or on disk, and may be rectangular if its columns are something else than the
network's nodes (a gain matrix: sensors x regions).
"""

import difflib
import math
from collections.abc import Container, Iterator, MutableMapping, Sequence, Sized
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tvbo import _sparse as sp
from tvbo.errors import DenseSizeError, DuplicateNameError, MatrixNotFoundError, ShapeError
from tvbo.model.arrays import Array, Sparse, as_array, is_sparse, load

FORMATS = ("dense", "csr", "csc", "coo")
# A sparse matrix does not become a dense one of more bytes than this unless somebody asks for it.
DENSE_BYTES = 1 << 30

# Files by others call the same two matrices by these names; the first is ours.
WEIGHTS = ("weight", "weights", "sc")
LENGTHS = ("length", "lengths", "tract_lengths", "distance")


@dataclass(slots=True)
class EdgeMatrix:
    """
    One matrix over the edges of a network.

    Attributes
    ----------
    values : array or sparse matrix, shape (n_nodes, n_columns), or a lazy stand-in
        Row = target, column = source.
    unit : str or None
        Unit of the values.
    directed : bool or None
        Whether the connection from j to i may differ from that from i to j; None if nobody said.
    column_labels : array, shape (n_columns,), str, or None
        Names of the columns, where they are not the network's nodes.
    target_network : str or None
        The name of the sidecar of the network that the columns are nodes of, where it is not among the `links`.
    extra : dict
        What else a file says of the matrix (``description``, ``non_negative``, ...), kept as it was.
    """

    values: Any
    unit: str | None = None
    directed: bool | None = None
    column_labels: Array | None = None
    target_network: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns; asking reads nothing."""
        rows, columns = self.values.shape
        return int(rows), int(columns)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Element type; asking reads nothing."""
        dtype: np.dtype[Any] = self.values.dtype
        return dtype

    @property
    def format(self) -> str:
        """Layout as held: ``dense`` or the scipy name of a sparse one."""
        return str(self.values.format) if is_sparse(self.values) else "dense"

    def load(self) -> Any:
        """
        Read the matrix, and keep it.

        Returns
        -------
        array or sparse matrix
            The values as they are held.
        """
        self.values = load(self.values)
        return self.values


def convert(values: Any, layout: str | None, max_bytes: int = DENSE_BYTES) -> Any:
    """
    Give a matrix in another layout.

    Parameters
    ----------
    values : array or sparse matrix
        The matrix, in memory.
    layout : {"dense", "csr", "csc", "coo"} or None
        The layout wanted; None for the one it has.
    max_bytes : int
        How large a dense matrix may become that was sparse.

    Returns
    -------
    array or sparse matrix
        The matrix itself if it has that layout already. A dense matrix becomes a scipy sparse array.

    Raises
    ------
    ValueError
        If there is no such layout.
    DenseSizeError
        If the dense form would be larger than that.
    """
    if layout is None:
        return values
    if layout not in FORMATS:
        raise ValueError(f"format {layout!r} is not a matrix layout: expected {', '.join(FORMATS)} or None")
    if layout == "dense":
        if not is_sparse(values):
            return values
        size = math.prod(values.shape) * values.dtype.itemsize
        if size > max_bytes:
            raise DenseSizeError(
                f"a dense matrix of shape {values.shape} takes {size / 2**30:,.1f} GiB for {values.nnz:,} entries: "
                f"format=None gives it as it is, max_bytes={size} the dense one"
            )
        return values.toarray()
    sparse: Sparse = values if sp.issparse(values) else sp.coo_array(values)
    return sparse.asformat(layout)


class MatrixStore(MutableMapping[str, EdgeMatrix]):
    """
    The matrices of a network by name, checked against its number of nodes.

    Parameters
    ----------
    nodes : sized
        The nodes; their number is what counts.
    linked : container of str, optional
        Names of matrices whose columns are nodes of a linked network.
    """

    __slots__ = ("_items", "_linked", "_nodes")

    def __init__(self, nodes: Sized, linked: Container[str] = ()) -> None:
        self._items: dict[str, EdgeMatrix] = {}
        self._nodes = nodes
        self._linked = linked

    def __getitem__(self, name: str) -> EdgeMatrix:
        try:
            return self._items[name]
        except KeyError:
            near = difflib.get_close_matches(name, self._items, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise MatrixNotFoundError(
                f"the network has no matrix {name!r}; it has: {', '.join(self._items) or 'none'}{hint}"
            ) from None

    def __setitem__(self, name: str, matrix: EdgeMatrix) -> None:
        check_name(name)
        self._check_alone(name)
        self._check(name, matrix)
        self._items[name] = matrix

    def __delitem__(self, name: str) -> None:
        del self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def adopt(self, name: str, matrix: EdgeMatrix) -> None:
        """
        Take a matrix as a file has it; a rectangular one may lack names for its columns.

        Parameters
        ----------
        name : str
            Its name.
        matrix : EdgeMatrix
            The matrix.

        Raises
        ------
        ShapeError
            If its rows are not the network's nodes.
        """
        check_name(name)
        self._check(name, matrix, columns=False)
        self._items[name] = matrix

    def first_of(self, names: Sequence[str]) -> str:
        """
        Give the first name that there is a matrix for.

        Parameters
        ----------
        names : sequence of str
            Spellings of one thing.

        Returns
        -------
        str
            The spelling used here.

        Raises
        ------
        MatrixNotFoundError
            If there is none.
        """
        for name in names:
            if name in self._items:
                return name
        self[names[0]]  # raises, and says what there is
        raise AssertionError

    def _check_alone(self, name: str) -> None:
        """Refuse a second name for the weights or the lengths, and names that nest in a file."""
        for other in self._items:
            for spelling in (WEIGHTS[:2], LENGTHS[:3]):
                if name != other and name in spelling and other in spelling:
                    raise DuplicateNameError(
                        f"the network has these already, as {other!r}: use that name instead of {name!r}"
                    )
            if name.startswith(f"{other}/") or other.startswith(f"{name}/"):
                raise DuplicateNameError(f"the names {name!r} and {other!r} nest in a file: use another name")

    def _check(self, name: str, matrix: EdgeMatrix, *, columns: bool = True) -> None:
        n = len(self._nodes)
        shape = tuple(matrix.values.shape)
        if matrix.values.dtype.kind not in "biufc":
            raise TypeError(f"matrix {name!r} has dtype {matrix.values.dtype}: expected numbers or booleans")
        if len(shape) != 2:
            raise ShapeError(f"matrix {name!r} has shape {shape}: expected two axes, ({n}, {n})")
        if shape[0] != n:
            raise ShapeError(f"matrix {name!r} has shape {shape}, but the network has {n} nodes: expected {n} rows")
        if matrix.column_labels is not None:
            if matrix.column_labels.shape != shape[1:]:
                raise ShapeError(
                    f"matrix {name!r} has {shape[1]} columns but {len(matrix.column_labels)} column labels"
                )
        elif columns and shape[1] != n and matrix.target_network is None and name not in self._linked:
            raise ShapeError(
                f"matrix {name!r} has shape {shape}, but the network has {n} nodes: expected ({n}, {n}), "
                "or column_labels= or target_network= to say what its columns are"
            )


def edge_matrix(
    name: str,
    values: Any,
    *,
    unit: str | None = None,
    directed: bool | None = None,
    column_labels: Sequence[str] | Array | None = None,
    target_network: str | None = None,
) -> EdgeMatrix:
    """
    Make a matrix from what a caller gave.

    Parameters
    ----------
    name : str
        How it is to be called; for error messages.
    values : array_like, sparse matrix, or lazy array, shape (n_nodes, n_columns)
        Row = target, column = source. Not copied.
    unit : str, optional
        Unit of the values.
    directed : bool, optional
        Whether it is meant to be directed.
    column_labels : sequence of str, shape (n_columns,), optional
        Names of the columns, where they are not the network's nodes.
    target_network : str, optional
        The sidecar of the network that the columns are nodes of.

    Returns
    -------
    EdgeMatrix
        The matrix.
    """
    labels = None if column_labels is None else np.asarray(column_labels, dtype=str)
    return EdgeMatrix(as_array(values, f"matrix {name!r}"), unit, directed, labels, target_network)


def check_name(name: str) -> None:
    """
    Refuse names that cannot name a matrix in a file.

    Parameters
    ----------
    name : str
        The name.

    Raises
    ------
    ValueError
        If it is no name, or one that a path would misread.
    """
    parts = name.split("/") if isinstance(name, str) else [""]
    if "" in parts or "." in parts or ".." in parts or "\0" in name:
        raise ValueError(f"{name!r} cannot name a matrix: give a word such as 'weight'")
