"""What figures and viewers ask of a network: its connections, its regions, its surface, as arrays that fit."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tvbo.errors import ColumnNotFoundError, MatrixNotFoundError, ShapeError, TvboError
from tvbo.model.arrays import Array
from tvbo.model.frames import hemispheres_from_labels, to_ras
from tvbo.model.matrices import LENGTHS, WEIGHTS, EdgeMatrix
from tvbo.model.narrowing import are_truths
from tvbo.plotting.binning import as_real
from tvbo.plotting.matrix import MatrixPanel

if TYPE_CHECKING:
    from tvbo.model.figures import DisplayMesh
    from tvbo.model.network import Network

UNITS_SHOWN = {"mm_per_ms": "mm/ms", "arbitrary_unit": "a.u.", "dimensionless": None}


def no_mesh(network: "Network", otherwise: str = "") -> ShapeError:
    """
    Make the error of a network that has no mesh.

    Parameters
    ----------
    network : Network
        The network.
    otherwise : str
        What else can be done.

    Returns
    -------
    ShapeError
        The error.
    """
    return ShapeError(
        f"network {network.label!r} has no mesh to draw: call this on the surface network "
        f"(Network.from_tvb_surface gives it){otherwise}"
    )


def matrix_panels(network: "Network", asked: Sequence[str] = ()) -> list[MatrixPanel]:
    """
    Give the matrices that heatmaps show: those that are asked for; or weights and lengths, or else all.

    Parameters
    ----------
    network : Network
        The network.
    asked : sequence of str
        Names of matrices.

    Returns
    -------
    list of MatrixPanel
        The matrices, as held.

    Raises
    ------
    MatrixNotFoundError
        If there is no such matrix.
    """
    known = {alias: shown for names, shown in ((WEIGHTS, "weights"), (LENGTHS, "tract lengths")) for alias in names}
    names = list(network.matrices)
    if asked:
        names = [_matrix_name(network, name) for name in asked]
    elif any(name in WEIGHTS for name in names):
        names = [name for name in names if name in known]
    panels = []
    for name in names:
        matrix = network.matrices[name]
        unit = unit_shown(matrix.unit)
        columns = None if matrix.column_labels is None else matrix.column_labels.tolist()
        if columns is None and matrix.shape[1] != network.number_of_nodes:
            columns = [str(i) for i in range(matrix.shape[1])]
        # As held: a sparse matrix of vertices is gigabytes when it is dense.
        panels.append(MatrixPanel(network.matrix(name, None), known.get(name, name), unit, columns))
    return panels


def _matrix_name(network: "Network", name: str) -> str:
    """Give the name of a matrix as it is held: weights and lengths go by several."""
    for names in (WEIGHTS, LENGTHS):
        if name in names and name not in network.matrices:
            return next((other for other in names if other in network.matrices), name)
    if name not in network.matrices:
        held = ", ".join(map(repr, network.matrices)) or "none"
        raise MatrixNotFoundError(f"network {network.label!r} has no matrix {name!r}: it has {held}")
    return name


def unit_shown(unit: str | None) -> str | None:
    """
    Give a unit as figures write it.

    Parameters
    ----------
    unit : str or None
        The unit.

    Returns
    -------
    str or None
        None if there is nothing to write.
    """
    return None if unit is None else UNITS_SHOWN.get(unit, unit)


def connections_of(network: "Network") -> Any:
    """
    Give the matrix whose entries are drawn as connections.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    array, sparse matrix or None
        As held; None if there is none between the nodes.
    """
    name = _connections_name(network)
    return None if name is None else network.matrix(name, None)


def connections_measure(network: "Network") -> str:
    """
    Say what the strengths of connections are.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    str
        Their name and unit, for a colour bar.
    """
    name = _connections_name(network)
    if name is None:
        return "strength"
    unit = unit_shown(network.matrices[name].unit)
    return ("weight" if name in WEIGHTS else name) + (f" [{unit}]" if unit else "")


def _connections_name(network: "Network") -> str | None:
    names = [name for name in network.matrices if joins_nodes(network.matrices[name]) and name not in LENGTHS]
    chosen = [name for name in WEIGHTS if name in names] or names
    return chosen[0] if chosen else None


def joins_nodes(matrix: EdgeMatrix) -> bool:
    """
    Tell whether rows and columns of a matrix are the nodes.

    Parameters
    ----------
    matrix : EdgeMatrix
        The matrix.

    Returns
    -------
    bool
        True if they are.
    """
    rows, columns = matrix.shape
    return rows == columns and matrix.column_labels is None and matrix.target_network is None


def regions_of(network: "Network") -> "Network":
    """
    Give the network whose connections are drawn: the parent, for a surface without any of its own.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    Network
        The network itself, or its parent.
    """
    if any(name in network.matrices for name in WEIGHTS) or not network.has_parent_network:
        return network
    parent = network.parent()
    return parent if parent.matrices or not network.matrices else network


def reachable_parent(network: "Network") -> "Network | None":
    """
    Give the parent network, if the link to it can be followed.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    Network or None
        The parent.
    """
    try:
        return network.parent_network
    except TvboError:
        # The link cannot be followed; what the parent would add is then not known.
        return None


def region_mapping_of(network: "Network") -> Array | None:
    """
    Give the region of each vertex, checked.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    array, shape (n_nodes,), int, or None
        Rows of the parent network; None without a mapping.

    Raises
    ------
    ShapeError
        If the mapping does not fit.
    """
    mapping = network.node_mapping_data
    if mapping is None:
        return None
    n = network.number_of_nodes
    if len(mapping) < n:
        raise ShapeError(
            f"the region mapping of network {network.label!r} has {len(mapping)} entries: expected a region for each "
            f"of its {n} vertices; set node_mapping_data anew, or to None"
        )
    parent = reachable_parent(network)
    greatest = int(mapping[:n].max(initial=-1))
    if parent is not None and greatest >= parent.number_of_nodes:
        raise ShapeError(
            f"the region mapping of network {network.label!r} goes up to region {greatest}, but its parent network has "
            f"{parent.number_of_nodes} regions, counted from 0: set node_mapping_data anew, or to None"
        )
    return mapping[:n]


def right_side(network: "Network") -> Array | None:
    """
    Tell which nodes belong to the right hemisphere.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    array, shape (n_nodes,), bool, or None
        None if nothing tells.
    """
    if "hemisphere" in network.nodes.columns and are_truths(network.nodes.columns["hemisphere"]):
        right: Array = network.nodes.columns["hemisphere"].astype(bool)
        return right
    if network.nodes.has_labels:
        return hemispheres_from_labels(network.nodes.labels)
    parent, mapping = reachable_parent(network), network.node_mapping_data
    of_region = None if parent is None or mapping is None else right_side(parent)
    if of_region is None or mapping is None:
        return None
    mapping = mapping[: network.number_of_nodes]
    fits = len(mapping) == network.number_of_nodes and mapping.min(initial=0) >= 0
    # Whoever draws the mapping says what is wrong with it; here it merely tells nothing.
    return of_region[mapping] if fits and mapping.max(initial=-1) < len(of_region) else None


def upright_positions(network: "Network") -> Array | None:
    """
    Give the positions in RAS axes.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    array, shape (n_nodes, 3), float64 [mm], or None
        None without positions.
    """
    positions = network.nodes.positions
    return None if positions is None else to_ras(positions, network.frame.frame)


def surface_mesh(network: "Network") -> "DisplayMesh | None":
    """
    Give the mesh as plotters want it.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    DisplayMesh or None
        None without a mesh.
    """
    return None if network.mesh is None else network.display_mesh()


def values_per_vertex(values: Array, network: "Network") -> Array:
    """
    Spread values over the vertices.

    Parameters
    ----------
    values : array, shape (n_vertices,) or (n_regions,)
        A value for each vertex, or for each region.
    network : Network
        The surface.

    Returns
    -------
    array, shape (n_vertices,), float64
        NaN where a vertex has no region.

    Raises
    ------
    ShapeError
        If there is not a value for each.
    """
    n = network.number_of_nodes
    if values.shape == (n,):
        return as_real(values)
    parent, mapping = reachable_parent(network), region_mapping_of(network)
    regions = 0 if parent is None else parent.number_of_nodes
    if values.shape == (regions,) and mapping is not None:
        return np.where(mapping < 0, np.nan, as_real(values)[np.maximum(mapping, 0)])
    raise ShapeError(f"values have shape {values.shape}: expected ({n},) for vertices or ({regions},) for regions")


class Shown(NamedTuple):
    """
    Values that are drawn as colour.

    Attributes
    ----------
    values : array, shape (n,), float64, or None
        The values; None for none.
    measure : str or None
        What they are, for a colour bar.
    """

    values: Array | None
    measure: str | None


def column_of(network: "Network", name: str) -> Shown:
    """
    Give the values of nodes by name.

    Parameters
    ----------
    network : Network
        The network.
    name : str
        A column of its nodes.

    Returns
    -------
    Shown
        The values, and what they are.

    Raises
    ------
    ColumnNotFoundError
        If there is no such column.
    ShapeError
        If it has not one number for each node.
    """
    columns = network.nodes.columns
    if name in columns:
        values = np.asarray(columns[name])
        if values.ndim != 1 or values.dtype.kind not in "biufc":
            raise ShapeError(
                f"column {name!r} has shape {values.shape} and dtype {values.dtype}: expected one number for each node"
            )
        unit = unit_shown(network.nodes.units.get(name))
        measure = f"magnitude of {name}" if values.dtype.kind == "c" else name
        return Shown(as_real(values), f"{measure} [{unit}]" if unit else measure)
    if name in network.matrices:
        raise ColumnNotFoundError(f"{name!r} is a matrix: say which of its columns, as in column=0")
    held = ", ".join(map(repr, columns)) or "none"
    raise ColumnNotFoundError(f"the nodes of network {network.label!r} have no column {name!r}: they have {held}")


def shown_on_nodes(values: Any, value_name: str | None, network: "Network") -> Shown:
    """
    Give the values that colour the nodes.

    Parameters
    ----------
    values : str, array_like or None
        A column, or a value for each node.
    value_name : str or None
        What they are; the name of the column unless given.
    network : Network
        The network.

    Returns
    -------
    Shown
        The values, and what they are.

    Raises
    ------
    ShapeError
        If there is not a value for each node.
    ColumnNotFoundError
        If there is no such column.
    """
    if values is None:
        return Shown(None, value_name)
    if isinstance(values, str):
        found = column_of(network, values)
        return Shown(found.values, value_name or found.measure)
    given = np.asarray(values)
    if given.shape != (network.number_of_nodes,):
        raise ShapeError(f"values have shape {given.shape}: expected ({network.number_of_nodes},), one for each node")
    return Shown(as_real(given), _magnitude(value_name, given))


def shown_on_surface(values: Any, value_name: str | None, network: "Network") -> Shown:
    """
    Give the values that colour a surface.

    Parameters
    ----------
    values : str, array_like or None
        A column of the vertices or of the regions, or a value for each vertex or for each region.
    value_name : str or None
        What they are; the name of the column unless given.
    network : Network
        The surface.

    Returns
    -------
    Shown
        The values of the vertices, and what they are.

    Raises
    ------
    ShapeError
        If there is not a value for each.
    ColumnNotFoundError
        If there is no such column.
    """
    if values is None:
        return Shown(None, value_name)
    if isinstance(values, str):
        parent = reachable_parent(network)
        of_regions = values not in network.nodes.columns and parent is not None and values in parent.nodes.columns
        found = column_of(parent if of_regions and parent is not None else network, values)
        spread = values_per_vertex(found.values, network) if found.values is not None else None
        return Shown(spread, value_name or found.measure)
    given = np.asarray(values)
    return Shown(values_per_vertex(given, network), _magnitude(value_name, given))


def _magnitude(value_name: str | None, values: Array) -> str | None:
    return f"magnitude of {value_name or 'value'}" if values.dtype.kind == "c" else value_name
