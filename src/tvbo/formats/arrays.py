"""
Plain arrays in a dictionary, for a simulator or a script that knows no tvbo.

=====================  ============================================================================================
``weights``            array, shape (n, n): row = target, column = source
``lengths``            array, shape (n, n)
``labels``             array of str, shape (n,)
``positions``          array, shape (n, 3)
``conduction_speed``   float or array
``matrices``           further matrices by name, each as it is held: dense or sparse, square or not
``column_labels``      of matrices that are not square, by name
``columns``            further values of every node by name: ``area``, ``cortical``, ``orientation``, ...
``parameters``         further parameters by name
``mesh``               ``vertices`` (v, 3), ``elements`` (e, 3), perhaps ``normals``
``region_mapping``     array of int, shape (n,): the row of each node's region in a coarser network; -1 for none
``units``              of all of these by name, such as ``{"lengths": "mm", "conduction_speed": "mm_per_ms"}``
=====================  ============================================================================================

There are only keys for what the network has, beside ``labels`` and ``units``. Arrays are not copied. What a network is
called is in ``label``, ``description`` and ``descriptor``.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tvbo.errors import DuplicateNameError, ShapeError, UnsupportedObjectError
from tvbo.model.losses import report_losses
from tvbo.model.matrices import LENGTHS, WEIGHTS, EdgeMatrix
from tvbo.model.mesh import Mesh
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable
from tvbo.model.parameters import Parameter

__all__ = ["DROPS", "from_object", "takes", "to_object"]

DROPS = {
    "matrices.*.directed": "matrices.*.directed",
    "matrices.*.target_network": "matrices.*.target_network",
    "matrices.*.extra.*": "matrices.*.extra",
    "parameters.*.label": "*",
    "parameters.*.extra.*": "*",
    "nodes.ids": "nodes.ids",
    "nodes.extra*": "nodes.extra",
    "parent_network*": "parent_network",
    "links*": "links",
    "extra.*": "extra",
}
# Our names of the matrices that have a key of their own.
_MATRICES = {"weights": WEIGHTS[0], "lengths": LENGTHS[0]}
_SPEED = "conduction_speed"
_TEXTS = ("label", "description", "descriptor", "distance_unit", "time_unit")


def takes(obj: object) -> bool:
    """
    Tell whether an object is such a dictionary.

    Parameters
    ----------
    obj : object
        The object.

    Returns
    -------
    bool
        True for a dictionary with ``weights``, ``lengths``, ``labels`` or ``matrices``.
    """
    # A sparse matrix of scipy may be a dictionary, too.
    return type(obj) is dict and not {"weights", "lengths", "labels", "matrices"}.isdisjoint(obj)


def to_object(network: Network, *, strict: bool = False) -> dict[str, Any]:
    """
    Give the arrays of a network.

    Parameters
    ----------
    network : Network
        The network; all of it is read.
    strict : bool
        Whether to refuse to lose anything.

    Returns
    -------
    dict
        The arrays by name. They are those of the network: copy what you change.

    Raises
    ------
    LossyConversionError
        If it is strict, and the dictionary has no place for something.
    """
    keys = {name: key for key, name in _MATRICES.items() if name in network.matrices}
    made: dict[str, Any] = {key: network.matrix(name, None) for name, key in keys.items()}
    made["labels"] = network.nodes.labels
    if network.nodes.has_positions:
        made["positions"] = network.nodes.positions
    if _SPEED in network.parameters:
        made[_SPEED] = network.conduction_speed.value
    groups: dict[str, dict[str, Any]] = {
        "matrices": {name: network.matrix(name, None) for name in network.matrices if name not in keys},
        "column_labels": {
            keys.get(name, name): matrix.column_labels
            for name, matrix in network.matrices.items()
            if matrix.column_labels is not None
        },
        "columns": {name: network.nodes.columns[name] for name in network.nodes.columns},
        "parameters": {name: each.value for name, each in network.parameters.items() if name != _SPEED},
    }
    if network.mesh is not None:
        arrays = {name: network.mesh.arrays[name] for name in network.mesh.arrays}
        groups["mesh"] = arrays | {"element_type": network.mesh.element_type}
    made |= {name: group for name, group in groups.items() if group}
    if network.has_node_mapping:
        made["region_mapping"] = network.node_mapping_data
    units = {keys.get(name, name): matrix.unit for name, matrix in network.matrices.items()}
    units |= {name: unit for name, unit in network.nodes.units.items() if name in network.nodes.columns}
    units |= {name: parameter.unit for name, parameter in network.parameters.items()}
    made["units"] = {name: unit for name, unit in units.items() if unit is not None}
    made |= {name: getattr(network, name) for name in _TEXTS}
    report_losses(network, from_object(made), "a dictionary of arrays", strict)
    return made


def from_object(obj: Mapping[str, Any]) -> Network:
    """
    Make a network of arrays.

    Parameters
    ----------
    obj : mapping of str to array
        The arrays by name; none must be there. Keys that have no meaning here are refused.

    Returns
    -------
    Network
        The network. Arrays are held, not copied.

    Raises
    ------
    UnsupportedObjectError
        If there is a key that means nothing, or its value is of another kind.
    DuplicateNameError
        If a matrix is there twice.
    ShapeError
        If arrays do not fit one another.
    """
    known = {*_MATRICES, *_TEXTS, _SPEED, "labels", "positions", "matrices", "column_labels", "columns"}
    known |= {"parameters", "mesh", "region_mapping", "units"}
    strange = sorted(map(str, set(obj) - known))
    if strange:
        raise UnsupportedObjectError(
            f"{', '.join(strange)} means nothing in a dictionary of arrays: expected {', '.join(sorted(known))}; "
            "further matrices go into 'matrices', values of nodes into 'columns'"
        )
    for name in ("units", "matrices", "column_labels", "columns", "parameters", "mesh"):
        if not isinstance(obj.get(name, {}), Mapping):
            raise UnsupportedObjectError(
                f"{name!r} is a {type(obj[name]).__name__}: expected a dictionary, with a name for each entry"
            )
    twice = [
        key for key, name in _MATRICES.items() if key in obj and not {key, name}.isdisjoint(obj.get("matrices", {}))
    ]
    if twice:
        raise DuplicateNameError(f"{twice[0]!r} and an entry of 'matrices' are the same matrix: expected one of them")
    units = obj.get("units", {})
    values = {key: obj[key] for key in _MATRICES if key in obj} | dict(obj.get("matrices", {}))
    matrices = {
        key: EdgeMatrix(
            _two_axes(key, each),
            units.get(key),
            column_labels=None
            if key not in obj.get("column_labels", {})
            else np.asarray(obj["column_labels"][key], dtype=str),
        )
        for key, each in values.items()
    }
    columns = obj.get("columns", {})
    mesh = _mesh(obj["mesh"]) if "mesh" in obj else None
    of_units = {*matrices, *columns, *obj.get("parameters", {}), _SPEED}
    strange = sorted(map(str, set(units) - of_units))
    if strange:
        raise UnsupportedObjectError(
            f"'units' has {', '.join(strange)}, which nothing is called: expected some of {', '.join(sorted(of_units))}"
        )
    sizes = [matrix.values.shape[0] for matrix in matrices.values()] + ([mesh.number_of_vertices] if mesh else [])
    network = Network(
        NodeTable(
            obj.get("labels"),
            obj.get("positions"),
            columns,
            size=None if "labels" in obj or not sizes else sizes[0],
            units={name: units[name] for name in columns if name in units},
        ),
        mesh=mesh,
        node_mapping_data=obj.get("region_mapping"),
        **{name: obj[name] for name in _TEXTS if name in obj},
    )
    for key, matrix in matrices.items():
        if matrix.shape[1] == network.number_of_nodes:
            network.matrices[_MATRICES.get(key, key)] = matrix
        else:
            # The columns may be nodes of a network that is not here.
            network.matrices.adopt(_MATRICES.get(key, key), matrix)
    if _SPEED in obj:
        network.conduction_speed = obj[_SPEED]
        network.conduction_speed.unit = units.get(_SPEED)
    for name, value in obj.get("parameters", {}).items():
        network.parameters[name] = Parameter(value, units.get(name))
    return network


def _two_axes(name: str, values: Any) -> Any:
    try:
        made = values if hasattr(values, "shape") else np.asarray(values)
    except ValueError as error:
        raise ShapeError(f"the rows of matrix {name!r} have several lengths: expected one") from error
    if len(made.shape) != 2:
        raise ShapeError(f"matrix {name!r} has shape {tuple(made.shape)}: expected (targets, sources)")
    return made


def _mesh(held: Mapping[str, Any]) -> Mesh:
    needed, known = {"vertices", "elements"}, {"vertices", "elements", "normals", "element_type"}
    missing, strange = sorted(needed - set(held)), sorted(map(str, set(held) - known))
    if missing or strange:
        raise UnsupportedObjectError(
            f"'mesh' lacks {', '.join(missing) or 'nothing'} and has {', '.join(strange) or 'nothing'} beside: "
            "expected vertices and elements, perhaps normals and element_type"
        )
    return Mesh(**held)
