"""
scipy.sparse, imported when something of it is needed.

It takes longer to import, and more memory, than all else that opening a network needs.
"""

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scipy.sparse import coo_array, csc_array, csr_array, csr_matrix, spmatrix, triu, vstack

__all__ = ["coo_array", "csc_array", "csr_array", "csr_matrix", "issparse", "spmatrix", "triu", "vstack"]


def issparse(values: object) -> bool:
    """
    Tell whether something is a sparse matrix of scipy; without scipy, nothing is.

    Parameters
    ----------
    values : object
        Anything.

    Returns
    -------
    bool
        As `scipy.sparse.issparse` gives it.
    """
    # While another thread is importing it, nobody has a matrix of it yet.
    known = getattr(sys.modules.get("scipy.sparse"), "issparse", None)
    return known is not None and bool(known(values))


def __getattr__(name: str) -> Any:  # numpydoc ignore=GL08
    if name.startswith("_"):
        # Tools look for such names in every module; that does not import it.
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("scipy.sparse"), name)
