"""What figures and viewers ask of a network: its connections, its regions, its surface, as arrays that fit."""

from typing import TYPE_CHECKING, Any

import numpy as np

from tvbo.errors import ShapeError, TvboError
from tvbo.model.arrays import Array
from tvbo.model.frames import hemispheres_from_labels, to_ras
from tvbo.model.matrices import LENGTHS, WEIGHTS, EdgeMatrix
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


def matrix_panels(network: "Network") -> list[MatrixPanel]:
    """
    Give the matrices that heatmaps show: weights and lengths, or else all.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    list of MatrixPanel
        The matrices, as held.
    """
    known = {alias: shown for names, shown in ((WEIGHTS, "weights"), (LENGTHS, "tract lengths")) for alias in names}
    names = list(network.matrices)
    if any(name in WEIGHTS for name in names):
        names = [name for name in names if name in known]
    panels = []
    for name in names:
        matrix = network.matrices[name]
        unit = None if matrix.unit is None else UNITS_SHOWN.get(matrix.unit, matrix.unit)
        columns = None if matrix.column_labels is None else matrix.column_labels.tolist()
        if columns is None and matrix.shape[1] != network.number_of_nodes:
            columns = [str(i) for i in range(matrix.shape[1])]
        # As held: a sparse matrix of vertices is gigabytes when it is dense.
        panels.append(MatrixPanel(network.matrix(name, None), known.get(name, name), unit, columns))
    return panels


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
    names = [name for name in network.matrices if joins_nodes(network.matrices[name]) and name not in LENGTHS]
    chosen = [name for name in WEIGHTS if name in names] or names
    return network.matrix(chosen[0], None) if chosen else None


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
    if "hemisphere" in network.nodes.columns:
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
