"""Two hemispheres as one network and as two, and a surface turned for display: what formats of surfaces share."""

import copy
from typing import Any

import numpy as np

from tvbo.errors import ShapeError
from tvbo.model.arrays import Array
from tvbo.model.frames import to_ras
from tvbo.model.mesh import Mesh
from tvbo.model.narrowing import truths
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable
from tvbo.units import in_mm

COLUMN = "hemisphere"


def side_names(other_is_right: bool) -> tuple[str, str]:
    """
    Name the sides of two files.

    Parameters
    ----------
    other_is_right : bool
        Whether the second is the right.

    Returns
    -------
    tuple of str
        ``left`` and ``right`` in the order of the files.
    """
    return ("left", "right") if other_is_right else ("right", "left")


def joined(first: Network, second: Network, other_is_right: bool, extra: str, one_table: bool = False) -> Network:
    """
    Make one network of two hemispheres.

    Parameters
    ----------
    first, second : Network
        The hemispheres; the vertices of the second follow those of the first.
    other_is_right : bool
        Whether the second is the right.
    extra : str
        What of `extra` is kept for each side.
    one_table : bool
        Whether the same regions in both are the same regions although vertices of both sides belong to them.

    Returns
    -------
    Network
        With the column ``hemisphere``, true for the right. Regions of the same names, keys and colours in both are
        taken once if no region has vertices on both sides; else a name that both have becomes ``lh.NAME`` and
        ``rh.NAME``.

    Raises
    ------
    ShapeError
        If one has something that the other lacks.
    """
    sides, both = side_names(other_is_right), (first, second)
    columns = {}
    if set(first.nodes.columns) != set(second.nodes.columns):
        odd = sorted(set(first.nodes.columns) ^ set(second.nodes.columns))
        raise ShapeError(f"only one hemisphere has the column {odd[0]!r}: expected both to have it")
    for name in first.nodes.columns:
        columns[name] = np.concatenate([each.nodes.columns[name] for each in both])
    if COLUMN not in columns:
        sizes = zip(both, sides, strict=True)
        columns[COLUMN] = np.concatenate([np.full(len(each.nodes), side == "right") for each, side in sizes])
    mesh = None
    for what in ("mesh", "node_mapping_data"):
        if (getattr(first, what) is None) != (getattr(second, what) is None):
            raise ShapeError(f"only one hemisphere has {what.replace('_', ' ')}: expected both to have it")
    if first.mesh is not None and second.mesh is not None:
        one, two = first.mesh.elements, second.mesh.elements
        # The offset must not widen them.
        elements = np.concatenate([one, two + len(first.nodes)]).astype(one.dtype)
        mesh = Mesh(np.concatenate([first.mesh.vertices, second.mesh.vertices]), elements)
    nodes = NodeTable(columns=columns, size=sum(len(each.nodes) for each in both), units=first.nodes.units)
    nodes.default_label = first.nodes.default_label
    made = Network(nodes, mesh=mesh, descriptor=first.descriptor, description=first.description)
    made.label = first.label if first.label == second.label else None
    if first.node_mapping_data is not None and second.node_mapping_data is not None:
        made.parent_network, shift = _regions(first, second, sides, one_table)
        maps = [np.asarray(each.node_mapping_data) for each in both]
        made.node_mapping_data = np.concatenate([maps[0], np.where(maps[1] < 0, maps[1], maps[1] + shift)]).astype(
            maps[0].dtype
        )
    made.extra = {name: value for name, value in first.extra.items() if name != extra}
    kept = {side: each.extra[extra] for each, side in zip(both, sides, strict=True) if extra in each.extra}
    if kept:
        made.extra[extra] = kept
    return made


def _regions(first: Network, second: Network, sides: tuple[str, str], one_table: bool) -> tuple[Network, int]:
    """Give the regions of both, and by how many rows those of the second move."""
    parents = first.parent(), second.parent()
    one, two = (each.nodes for each in parents)
    used = [set(np.unique(np.asarray(each.node_mapping_data)).tolist()) - {-1} for each in (first, second)]
    if _same(one, two) and (one_table or not used[0] & used[1]):
        return parents[0], 0
    names = [each.labels.tolist() for each in (one, two)]
    shared = set(names[0]) & set(names[1])
    labels = [
        f"{side[0]}h.{name}" if name in shared else name
        for each, side in zip(names, sides, strict=True)
        for name in each
    ]
    columns = {
        name: np.concatenate([one.columns[name], two.columns[name]])
        for name in one.columns
        if name in two.columns and one.columns[name].shape[1:] == two.columns[name].shape[1:]
    }
    nodes = NodeTable(np.array(labels, dtype=str), columns=columns, size=len(labels), default_label="region")
    label = parents[0].label if parents[0].label == parents[1].label else None
    return Network(nodes, label=label, descriptor=parents[0].descriptor), len(names[0])


def _same(one: NodeTable, two: NodeTable) -> bool:
    """Tell whether two tables have the same regions."""
    names = list(one.columns)
    return (
        np.array_equal(one.labels, two.labels)
        and np.array_equal(one.ids, two.ids)
        and names == list(two.columns)
        and all(np.array_equal(one.columns[name], two.columns[name], equal_nan=True) for name in names)
    )


def parted(network: Network, names: tuple[str, str], other_is_right: bool, extra: str) -> tuple[Network, Network]:
    """
    Make two networks of one, by hemispheres.

    Parameters
    ----------
    network : Network
        The network; its column ``hemisphere`` is true for the right.
    names : tuple of str
        What the two files are called, for messages.
    other_is_right : bool
        Whether the second is the right.
    extra : str
        What of `extra` was kept for each side.

    Returns
    -------
    first, second : Network
        The hemispheres, with the whole parent network each.

    Raises
    ------
    ShapeError
        If the vertices do not lie side by side in this order, or triangles join the sides.
    """
    if COLUMN not in network.nodes.columns:
        raise ShapeError("two files need to know the side of each vertex: set net.nodes.columns['hemisphere']")
    of_other = truths(network.nodes.columns[COLUMN], COLUMN) == other_is_right
    if (np.diff(of_other.astype(np.int8)) < 0).any():
        option = "left" if other_is_right else "right"
        raise ShapeError(
            f"the vertices of {names[1]} do not follow those of {names[0]}, so that another order would come back: "
            f"swap the two files, save({names[1]!r}, {option}={names[0]!r}), or sort the nodes"
        )
    sides = side_names(other_is_right)
    return (
        _part(network, np.flatnonzero(~of_other), sides[0], extra),
        _part(network, np.flatnonzero(of_other), sides[1], extra),
    )


def _part(network: Network, rows: Array, side: str, extra: str) -> Network:
    nodes, mesh = network.nodes, None
    table = NodeTable(
        columns={name: np.asarray(nodes.columns[name])[rows] for name in nodes.columns},
        size=len(rows),
        units=nodes.units,
        default_label=nodes.default_label,
    )
    if network.mesh is not None:
        place = np.full(len(nodes), -1, np.int64)
        place[rows] = np.arange(len(rows))
        elements = place[network.mesh.elements]
        elements = elements[(elements >= 0).any(axis=1)].astype(network.mesh.elements.dtype)
        if elements.dtype.kind == "i" and (elements < 0).any():
            raise ShapeError("triangles reach from one hemisphere to the other: expected each to lie in one")
        mesh = Mesh(network.mesh.vertices[rows], elements)
    made = Network(table, mesh=mesh, label=network.label, description=network.description)
    made.descriptor = network.descriptor
    if network.node_mapping_data is not None:
        made.node_mapping_data = np.asarray(network.node_mapping_data)[rows]
        made.parent_network = network.parent_network
    kept: Any = network.extra.get(extra)
    made.extra = {name: value for name, value in network.extra.items() if name != extra}
    if isinstance(kept, dict) and side in kept:
        made.extra[extra] = kept[side]
    return made


def vertices_in_mm(network: Network) -> Array:
    """
    Give the vertices of a mesh in millimetres, which is what files of surfaces are in.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    array, shape (n_vertices, 3) [mm]
        The array of the mesh itself where the network is in millimetres; else float64.
    """
    values, factor = network.need_mesh().vertices, in_mm(network.distance_unit)
    return values if factor == 1 else np.asarray(values, dtype=np.float64) * factor


def turned(network: Network, frame: str) -> Network:
    """
    Give a network whose mesh is as display programs want it.

    Parameters
    ----------
    network : Network
        The network, which stays as it is.
    frame : {"RAS"}
        The axes.

    Returns
    -------
    Network
        The same in these axes, with triangles that face outwards.

    Raises
    ------
    ValueError
        If it is another frame.
    """
    if frame != "RAS":
        raise ValueError(f"frame {frame!r} cannot be written: expected 'RAS', or none to leave arrays as they are")
    display, mesh, nodes = network.display_mesh(), network.need_mesh(), network.nodes
    normals = None if mesh.normals is None else to_ras(mesh.normals, network.frame.frame)
    made = copy.copy(network)
    made.mesh = Mesh(display.vertices, display.elements, normals, element_type=mesh.element_type)
    made.nodes = NodeTable(
        nodes.labels if nodes.has_labels else None,
        display.vertices,
        dict(nodes.columns),
        size=len(nodes),
        ids=nodes.ids if nodes.has_ids else None,
        units=nodes.units,
        default_label=nodes.default_label,
        extra=nodes.extra,
    )
    made.extra = {**network.extra, "frame": frame}
    return made
