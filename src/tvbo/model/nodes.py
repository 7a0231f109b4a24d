"""
The nodes of a network, as columns.

`NodeTable` is a structure of arrays: 327,684 vertices cost their arrays' bytes and no Python object each.
``nodes[i]`` is a `Node`, a row seen as an object; ``nodes[2:5]`` is a NodeTable again.
"""

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, overload

import numpy as np
import numpy.typing as npt

from tvbo.errors import ShapeError
from tvbo.model.arrays import Array, LazyDict, as_array
from tvbo.model.parameters import Parameter, Parameters
from tvbo.model.shown import nodes_html

# Names under which the table keeps its own columns, beside those of the caller.
_LABELS, _POSITIONS, _IDS = "labels", "positions", "ids"


class Position(NamedTuple):
    """A point, in the distance unit of its network."""

    x: float
    y: float
    z: float


class NodeTable:
    """
    Labels, positions and any further columns of n nodes.

    Parameters
    ----------
    labels : sequence of str, shape (n,), optional
        Names of the nodes; without them node i is called ``<default_label>_i``.
    positions : array, shape (n, 3), float64 [mm], optional
        Where the nodes are.
    columns : mapping of str to array, shape (n, ...), optional
        Further values of every node, such as ``area`` or ``hemisphere``.
    size : int, optional
        Number of nodes, if no column tells it.
    ids : sequence of int, shape (n,), optional
        Identifiers in files; 0 to n - 1 unless given. Rows of matrices follow the position in this table,
        never the identifier.
    units : mapping of str to str, optional
        Units of columns.
    default_label : str
        What nodes without labels are called.
    extra : mapping of int to dict, optional
        Whatever else a file says of single nodes, kept as it was.

    Raises
    ------
    ShapeError
        If columns differ in length.
    """

    def __init__(
        self,
        labels: Sequence[str] | Array | None = None,
        positions: npt.ArrayLike | None = None,
        columns: Mapping[str, Any] | None = None,
        *,
        size: int | None = None,
        ids: Sequence[int] | Array | None = None,
        units: Mapping[str, str] | None = None,
        default_label: str = "node",
        extra: Mapping[int, dict[str, Any]] | None = None,
    ) -> None:
        own: dict[str, Any] = {_LABELS: labels, _POSITIONS: positions, _IDS: ids}
        arrays = {name: as_array(values, name) for name, values in own.items() if values is not None}
        given = {name: as_array(values, f"column {name!r}") for name, values in (columns or {}).items()}
        if size is None:
            first = next(iter({**arrays, **given}.values()), None)
            size = 0 if first is None or not first.shape else int(first.shape[0])
        self._size = size
        check = functools.partial(_check, size)
        self._own, self._columns = LazyDict(check), LazyDict(check)
        for name, values in arrays.items():
            self._own[name] = _text(values) if name == _LABELS else values
        for name, values in given.items():
            self._columns[name] = values
        self.units: dict[str, str] = dict(units or {})
        self.default_label = default_label
        self.extra: dict[int, dict[str, Any]] = dict(extra or {})

    def __len__(self) -> int:
        return self._size

    @property
    def labels(self) -> Array:
        """What the nodes are called: array, shape (n,), str."""
        if _LABELS in self._own:
            return np.asarray(self._own[_LABELS])
        return np.array([f"{self.default_label}_{i}" for i in range(self._size)], dtype=str)

    @labels.setter
    def labels(self, labels: Sequence[str] | Array | None) -> None:  # numpydoc ignore=GL08
        if labels is None:
            self._own.pop(_LABELS, None)
        else:
            self._own[_LABELS] = _text(as_array(labels, _LABELS))

    @property
    def has_labels(self) -> bool:
        """Whether the labels were given; without them they are made from `default_label`."""
        return _LABELS in self._own

    @property
    def positions(self) -> Array | None:
        """Where the nodes are: array, shape (n, 3), float64 [mm]; None if nobody said."""
        return np.asarray(self._own[_POSITIONS]) if _POSITIONS in self._own else None

    @positions.setter
    def positions(self, positions: npt.ArrayLike | None) -> None:  # numpydoc ignore=GL08
        if positions is None:
            self._own.pop(_POSITIONS, None)
        else:
            self._own[_POSITIONS] = as_array(positions, _POSITIONS)

    @property
    def has_positions(self) -> bool:
        """Whether the nodes have positions; asking reads nothing."""
        return _POSITIONS in self._own

    @property
    def ids(self) -> Array:
        """What the nodes are numbered in files: array, shape (n,), int."""
        return np.asarray(self._own[_IDS]) if _IDS in self._own else np.arange(self._size)

    @property
    def has_ids(self) -> bool:
        """Whether the identifiers are other than 0 to n - 1."""
        return _IDS in self._own

    @property
    def columns(self) -> LazyDict:
        """Further values of every node, by name: each an array, shape (n, ...)."""
        return self._columns

    def held(self) -> dict[str, Any]:
        """
        Give all columns as they are held, without reading any.

        Returns
        -------
        dict of str to array or lazy array
            ``labels``, ``positions`` and ``ids`` if there are, then the further columns under ``column:NAME``.
        """
        own = {name: self._own.peek(name) for name in self._own}
        return own | {f"column:{name}": self._columns.peek(name) for name in self._columns}

    def share_positions(self, other: LazyDict, name: str) -> None:
        """
        Take as positions the very array that somebody else holds, so that it is in memory once.

        Parameters
        ----------
        other : LazyDict
            The other holder.
        name : str
            The array's name there.
        """
        _check(self._size, self._own, _POSITIONS, other.peek(name))
        self._own.share(_POSITIONS, other, name)

    @overload
    def __getitem__(self, index: int) -> "Node": ...

    @overload
    def __getitem__(self, index: slice | Sequence[int] | Array) -> "NodeTable": ...

    def __getitem__(self, index: Any) -> "Node | NodeTable":
        if isinstance(index, (int, np.integer)):
            row = int(index)
            if not -self._size <= row < self._size:
                raise IndexError(f"node {row} asked for, but this network has {self._size} nodes")
            return Node(self, row % self._size)
        rows = np.arange(self._size)[index]
        return NodeTable(
            self.labels[rows],
            None if self.positions is None else self.positions[rows],
            {name: self._columns[name][rows] for name in self._columns},
            size=len(rows),
            ids=self.ids[rows],
            units=self.units,
            default_label=self.default_label,
            extra={new: self.extra[old] for new, old in enumerate(rows.tolist()) if old in self.extra},
        )

    def __iter__(self) -> Iterator["Node"]:
        return (Node(self, row) for row in range(self._size))

    def __repr__(self) -> str:
        names = [name for name, there in (("positions", self.has_positions),) if there] + list(self._columns)
        return f"<NodeTable: {self._size} nodes; {', '.join(names) or 'labels only'}>"

    def _repr_html_(self) -> str:
        return nodes_html(self)


class Node:
    """
    One row of a `NodeTable`, seen as an object.

    Parameters
    ----------
    table : NodeTable
        The table.
    row : int
        Which row.
    """

    __slots__ = ("_row", "_table")

    def __init__(self, table: NodeTable, row: int) -> None:
        self._table = table
        self._row = row

    @property
    def id(self) -> int:
        """Identifier in files."""
        return int(self._table.ids[self._row]) if self._table.has_ids else self._row

    @property
    def label(self) -> str:
        """Name of the node."""
        if self._table.has_labels:
            return str(self._table.labels[self._row])
        return f"{self._table.default_label}_{self._row}"

    @property
    def position(self) -> Position | None:
        """Where the node is, in the network's distance unit; None if the network has no positions."""
        positions = self._table.positions
        return None if positions is None else Position(*positions[self._row].tolist())

    @property
    def parameters(self) -> Parameters:
        """A copy of the node's values in every column, by name."""
        found = Parameters()
        for name in self._table.columns:
            value = self._table.columns[name][self._row]
            found[name] = Parameter(value, unit=self._table.units.get(name))
        return found

    def __repr__(self) -> str:
        return f"<Node {self.id}: {self.label!r}>"


def _text(labels: Any) -> Any:
    """Hold labels as numpy text; nothing else has a faithful form as a label."""
    if labels.dtype.kind == "U":
        return labels
    if labels.size == 0:
        return np.asarray(labels).astype(str)
    raise TypeError(f"labels have dtype {labels.dtype}: expected text, one str for each node")


def _check(size: int, held: LazyDict, name: str, values: Any) -> None:
    expected: tuple[int, ...] = (size, 3) if name == _POSITIONS else (size,)
    fits = values.shape == expected if name == _POSITIONS else values.shape[:1] == expected
    if not fits:
        raise ShapeError(
            f"node {name}: shape {tuple(values.shape)}, but this network has {size} nodes: "
            f"expected {expected}{'' if name == _POSITIONS else ' or more axes after it'}"
        )
