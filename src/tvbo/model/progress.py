"""How far long work is, as those are told who asked for it."""

import math
from collections.abc import Callable
from typing import Any, TypeAlias

from tvbo.model.arrays import is_sparse

# Is told how many bytes of how many are done.
Progress: TypeAlias = Callable[[int, int], None]


class Steps:
    """
    Parts of a work, one after the other, whose sizes are known before.

    Parameters
    ----------
    progress : callable, optional
        What is told; nothing is without.
    total : int
        The size of all parts, in bytes.
    """

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total = progress, total
        self._ended = self._within = 0

    def more(self, count: int) -> None:
        """
        Tell that some of the part under way is done.

        Parameters
        ----------
        count : int
            How many bytes.
        """
        self._within += count
        self._tell(self._ended + self._within)

    def end(self, size: int) -> None:
        """
        Tell that a part is done, however much of it there was to do.

        Parameters
        ----------
        size : int
            The size of the whole part, in bytes.
        """
        self._ended, self._within = self._ended + size, 0
        self._tell(self._ended)

    def _tell(self, done: int) -> None:
        if self._progress is not None and self._total:
            self._progress(min(done, self._total), self._total)


def bytes_of(values: Any) -> int:
    """
    Tell how large an array is, without reading it.

    Parameters
    ----------
    values : array, sparse matrix, or a lazy stand-in for one
        The array.

    Returns
    -------
    int
        About as many bytes as are looked at.
    """
    count = values.nnz if is_sparse(values) else math.prod(values.shape)
    return int(count) * int(values.dtype.itemsize)
