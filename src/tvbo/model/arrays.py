"""
Arrays that may still lie on disk.

The model holds numpy arrays, scipy sparse matrices, or lazy stand-ins for either. A lazy dense array has
``shape``, ``dtype``, ``__getitem__`` and ``__array__``; a lazy sparse one has ``shape``, ``dtype``,
``format`` and ``load()``. `load` turns any of them into the real thing, and a `LazyDict` keeps what it loaded.
"""

from collections.abc import Callable, Iterator, MutableMapping
from typing import Any, Protocol, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from tvbo import _sparse as sp

Array: TypeAlias = npt.NDArray[Any]
Sparse: TypeAlias = Any
"""A scipy sparse matrix or array; scipy has no common base class that type checkers know."""


class LazyArray(Protocol):
    """A dense array that is read when it is touched."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape, known without reading."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The element type, known without reading."""

    def __getitem__(self, key: Any) -> Any: ...

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array: ...


class LazySparse(Protocol):
    """A sparse matrix that is read when it is touched."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape, known without reading."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The element type, known without reading."""

    @property
    def format(self) -> str:
        """The scipy name of the sparse layout."""

    def load(self) -> Sparse:
        """Read the matrix."""


def is_sparse(values: object) -> bool:
    """
    Tell whether the values are sparse, in memory or on disk.

    Parameters
    ----------
    values : object
        Anything that the model holds as an array.

    Returns
    -------
    bool
        True for scipy sparse containers and for lazy stand-ins of them.
    """
    if isinstance(values, np.ndarray):
        return False
    return bool(sp.issparse(values)) or is_lazy_sparse(values)


def is_lazy_array(values: object) -> bool:
    """
    Tell whether the values are a stand-in for a dense array, or a dense array.

    Parameters
    ----------
    values : object
        Anything.

    Returns
    -------
    bool
        True for what has all that a `LazyArray` has.
    """
    # By hand: asking a protocol takes a hundred times as long.
    return all(hasattr(values, name) for name in ("__array__", "__getitem__", "shape", "dtype"))


def is_lazy_sparse(values: object) -> bool:
    """
    Tell whether the values are a stand-in for a sparse matrix.

    Parameters
    ----------
    values : object
        Anything.

    Returns
    -------
    bool
        True for what has all that a `LazySparse` has, and is no array.
    """
    sparse = all(hasattr(values, name) for name in ("load", "format", "shape", "dtype"))
    return sparse and not hasattr(values, "__array__")


def is_loaded(values: object) -> bool:
    """
    Tell whether the values are in memory.

    Parameters
    ----------
    values : object
        Anything that the model holds as an array.

    Returns
    -------
    bool
        False for an array that still lies on disk.
    """
    return isinstance(values, np.ndarray) or bool(sp.issparse(values))


def load(values: Any) -> Any:
    """
    Give the numpy array or scipy sparse matrix that the values stand for.

    Parameters
    ----------
    values : array, sparse matrix, or a lazy stand-in for one
        What to load.

    Returns
    -------
    array or sparse matrix
        The values themselves if they are in memory already.
    """
    if is_loaded(values):
        return values
    if is_sparse(values):
        return values.load()
    return np.asarray(values)


class LazyDict(MutableMapping[str, Any]):
    """
    Named arrays; each is loaded when it is first asked for, and kept.

    Parameters
    ----------
    check : callable, optional
        Called with the dictionary, name and value before a value is taken; raises if it does not fit. It must not
        hold whom the dictionary belongs to: they would outlive their last user until Python looks for circles.
    """

    __slots__ = ("_cells", "_check")

    def __init__(self, check: "Callable[[LazyDict, str, Any], None] | None" = None) -> None:
        # A cell is a list of one, so that two dictionaries can share one array and load it once.
        self._cells: dict[str, list[Any]] = {}
        self._check = check

    def __getitem__(self, name: str) -> Any:
        cell = self._cells[name]
        cell[0] = load(cell[0])
        return cell[0]

    def __setitem__(self, name: str, values: Any) -> None:
        if self._check is not None:
            self._check(self, name, values)
        self._cells[name] = [values]

    def __delitem__(self, name: str) -> None:
        del self._cells[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._cells)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def __len__(self) -> int:
        return len(self._cells)

    def __contains__(self, name: object) -> bool:
        # Mapping's own would load the array to find out.
        return name in self._cells

    def peek(self, name: str) -> Any:
        """
        Give an array as it is held, without reading it.

        Parameters
        ----------
        name : str
            Its name.

        Returns
        -------
        array, sparse matrix, or a lazy stand-in for one
            What is held.
        """
        return self._cells[name][0]

    def share(self, name: str, other: "LazyDict", other_name: str) -> None:
        """
        Hold the very array that another dictionary holds.

        Parameters
        ----------
        name : str
            Its name here.
        other : LazyDict
            The other holder.
        other_name : str
            Its name there.
        """
        self._cells[name] = other._cells[other_name]


def as_array(values: Any, what: str) -> Any:
    """
    Take what a caller gave as an array, without copying.

    Parameters
    ----------
    values : array_like, sparse matrix, or lazy array
        What was given.
    what : str
        How to call it in an error message.

    Returns
    -------
    array, sparse matrix, or a lazy stand-in for one
        The same values.

    Raises
    ------
    TypeError
        If it holds Python objects, or is masked.
    """
    if isinstance(values, np.ma.MaskedArray):
        if np.ma.getmaskarray(values).any():
            raise TypeError(f"{what} is masked: say what stands for the masked entries, such as values.filled(np.nan)")
        values = values.data
    held = is_loaded(values) or is_sparse(values) or is_lazy_array(values)
    array = values if held else np.asarray(values)
    if cast(Any, array).dtype.kind == "O":
        raise TypeError(f"{what} holds Python objects (dtype object): give numbers of one type in rows of one length")
    return array
