"""Matrices as Dask arrays, over the chunks in which they are stored."""

from typing import Any

from tvbo._optional import require
from tvbo.model.arrays import is_sparse

# Rows of about this many bytes make up a chunk where nothing is stored in chunks.
_CHUNK_BYTES = 1 << 24


def as_dask(name: str, values: Any) -> Any:
    """
    Give a matrix as a Dask array.

    Parameters
    ----------
    name : str
        What it is called, for messages.
    values : array or lazy array
        The matrix, as the network holds it.

    Returns
    -------
    dask.array.Array
        With the rows in one chunk that lie together in the file, or some of those.

    Raises
    ------
    TypeError
        If it is sparse.
    MissingDependencyError
        If Dask is not installed.
    """
    if is_sparse(values):
        raise TypeError(
            f"the matrix {name!r} is sparse ({values.format}), and Dask arrays are dense: "
            f"take rows of it with net.lazy({name!r})[start:stop]"
        )
    array = require("dask.array", extra="dask", purpose="give a matrix as a Dask array")
    row = max(1, values.dtype.itemsize * values.shape[1])
    together = int(getattr(values, "rows_together", 1))
    # Whole bands, so that none is read twice.
    rows = max(1, _CHUNK_BYTES // (row * together)) * together
    return array.from_array(values, chunks=(rows, -1), lock=False, asarray=True, inline_array=True)
