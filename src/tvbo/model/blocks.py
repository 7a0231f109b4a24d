"""
Matrices that come in blocks of rows, and are never in memory whole.

They go where an array goes: ``net.set_matrix("weight", RowBlocks(read_rows, (n, n)))``. A save takes one block after
the other; whatever asks for the whole matrix puts it together in memory.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from tvbo import _sparse as sp
from tvbo.errors import ShapeError
from tvbo.model.arrays import Array, Sparse

Blocks: TypeAlias = Iterable[Any] | Callable[[], Iterable[Any]]


class _Source:
    """Blocks that are taken again if the caller can give them again."""

    def __init__(self, blocks: Blocks, shape: tuple[int, int]) -> None:
        self._blocks, self._taken = blocks, False
        self.shape = (int(shape[0]), int(shape[1]))

    def _again(self) -> Iterator[Any]:
        if callable(self._blocks):
            return iter(self._blocks())
        once = iter(self._blocks)
        if once is self._blocks:
            if self._taken:
                raise ValueError(
                    "the blocks of this matrix were used up when it was read or saved before: "
                    "give a function that makes the iterator, or open the saved network"
                )
            self._taken = True
        return once

    def _checked(self, block: Any, first: int) -> Any:
        shape = tuple(np.shape(block))
        if len(shape) != 2 or shape[1] != self.shape[1] or first + shape[0] > self.shape[0]:
            raise ShapeError(
                f"the block that begins with row {first} has shape {shape}: "
                f"expected rows of {self.shape[1]}, and {self.shape[0]} in all"
            )
        return block

    def _rows(self) -> Iterator[Any]:
        first = 0
        for block in self._again():
            yield self._checked(block, first)
            first += block.shape[0]
        if first != self.shape[0]:
            raise ShapeError(f"{first} rows were given of a matrix of shape {self.shape}")


class RowBlocks(_Source):
    """
    A dense matrix that comes in blocks of rows.

    Parameters
    ----------
    blocks : iterable of array_like, or callable giving one
        Consecutive rows, shape (any, n_columns) each. A callable, or a list, can be read more than once.
    shape : tuple of int
        Shape of the whole.
    dtype : dtype-like, default: float64
        Element type; blocks are converted to it if that loses nothing.
    """

    def __init__(self, blocks: Blocks, shape: tuple[int, int], dtype: npt.DTypeLike = np.float64) -> None:
        super().__init__(blocks, shape)
        self.dtype: np.dtype[Any] = np.dtype(dtype)

    def blocks_of_rows(self) -> Iterator[Array]:
        """
        Give the blocks.

        Yields
        ------
        array, shape (any, n_columns)
            Consecutive rows.

        Raises
        ------
        ShapeError
            If they do not make up the matrix.
        TypeError
            If a block is of a type that does not fit.
        """
        for block in self._rows():
            yield np.asarray(block).astype(self.dtype, casting="safe", copy=False)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        whole = np.empty(self.shape, self.dtype)
        first = 0
        for block in self.blocks_of_rows():
            whole[first : first + len(block)] = block
            first += len(block)
        return whole if dtype is None else whole.astype(dtype, copy=False)

    def __getitem__(self, key: Any) -> Any:
        return np.asarray(self)[key]


class SparseRowBlocks(_Source):
    """
    A sparse matrix that comes in blocks of rows.

    Parameters
    ----------
    blocks : iterable of sparse matrix, or callable giving one
        Consecutive rows, shape (any, n_columns) each. A callable, or a list, can be read more than once.
    shape : tuple of int
        Shape of the whole.
    dtype : dtype-like, default: float64
        Element type; blocks are converted to it if that loses nothing.
    """

    format = "csr"

    def __init__(self, blocks: Blocks, shape: tuple[int, int], dtype: npt.DTypeLike = np.float64) -> None:
        super().__init__(blocks, shape)
        self.dtype: np.dtype[Any] = np.dtype(dtype)

    def load(self) -> Sparse:
        """
        Put the matrix together.

        Returns
        -------
        scipy.sparse.csr_array
            The whole.
        """
        blocks = list(self._csr())
        return sp.csr_array(sp.vstack(blocks, format="csr")) if blocks else sp.csr_array(self.shape, dtype=self.dtype)

    def _csr(self) -> Iterator[Any]:
        for block in self._rows():
            if not np.can_cast(block.dtype, self.dtype, "safe"):
                raise TypeError(f"a block holds {block.dtype}, which does not fit into {self.dtype}")
            yield sp.csr_array(block).astype(self.dtype, copy=False)

    def spooled(self, folder: Path) -> Sparse:
        """
        Put the matrix together in files that are gone when nobody uses it any more.

        Parameters
        ----------
        folder : Path
            Where there is room for it.

        Returns
        -------
        scipy.sparse.csr_array
            The whole; its arrays lie on disk.
        """
        # How many entries there are is not known before the last block.
        wide = np.dtype(np.int64 if self.shape[1] >= 2**31 else np.int32)
        counts = np.zeros(self.shape[0] + 1, np.int64)
        matrix: Any = sp.csr_array(self.shape, dtype=self.dtype)
        # The maps keep open what they need.
        with tempfile.TemporaryFile(dir=folder) as data, tempfile.TemporaryFile(dir=folder) as indices:
            first = 0
            for block in self._csr():
                block.data.tofile(data)
                block.indices.astype(wide, copy=False).tofile(indices)
                counts[first + 1 : first + 1 + block.shape[0]] = np.diff(block.indptr)
                first += block.shape[0]
            ends = np.cumsum(counts)
            if ends[-1]:
                data.flush()
                indices.flush()
                # Its own constructor would read all of it, to check it.
                matrix.data, matrix.indices = np.memmap(data, self.dtype, "r"), np.memmap(indices, wide, "r")
                matrix.indptr = ends.astype(np.int32) if ends[-1] < 2**31 else ends
        return matrix
