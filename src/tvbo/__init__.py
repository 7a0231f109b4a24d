"""
The lossless home of a brain network.

``Network.from_tvb(...)`` takes it from The Virtual Brain, ``save`` writes a YAML sidecar and an HDF5
companion, ``Network.from_file`` opens the pair lazily and ``execute(format="tvb")`` gives back every bit.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from pathlib import Path

    from tvbo.database.listing import list_networks
    from tvbo.limits import Limits
    from tvbo.model.blocks import RowBlocks, SparseRowBlocks
    from tvbo.model.compare import Difference, NetworkDiff
    from tvbo.model.doors import save_all
    from tvbo.model.matrices import EdgeMatrix
    from tvbo.model.mesh import Mesh
    from tvbo.model.network import Network
    from tvbo.model.nodes import Node, NodeTable
    from tvbo.model.parameters import Parameter, Parameters
    from tvbo.model.validity import Problem, Report

    database_path: Path

# Importing tvbo defines names and nothing else: each is fetched from its module when first used.
_HOMES = {
    "Difference": "tvbo.model.compare",
    "EdgeMatrix": "tvbo.model.matrices",
    "Limits": "tvbo.limits",
    "Mesh": "tvbo.model.mesh",
    "Network": "tvbo.model.network",
    "NetworkDiff": "tvbo.model.compare",
    "Node": "tvbo.model.nodes",
    "NodeTable": "tvbo.model.nodes",
    "Parameter": "tvbo.model.parameters",
    "Parameters": "tvbo.model.parameters",
    "Problem": "tvbo.model.validity",
    "Report": "tvbo.model.validity",
    "RowBlocks": "tvbo.model.blocks",
    "SparseRowBlocks": "tvbo.model.blocks",
    "cohort": "tvbo.cohort",
    "database_path": "tvbo.database",
    "errors": "tvbo.errors",
    "list_networks": "tvbo.database.listing",
    "save_all": "tvbo.model.doors",
}

__all__ = [
    "Difference",
    "EdgeMatrix",
    "Limits",
    "Mesh",
    "Network",
    "NetworkDiff",
    "Node",
    "NodeTable",
    "Parameter",
    "Parameters",
    "Problem",
    "Report",
    "RowBlocks",
    "SparseRowBlocks",
    "__version__",
    "cohort",
    "database_path",
    "errors",
    "list_networks",
    "save_all",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'tvbo' has no attribute {name!r}")
    module = importlib.import_module(home)
    value = module if home == f"tvbo.{name}" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
