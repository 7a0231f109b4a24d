"""Sensors and their gain: where they are, in which axes, where its sources are, and what each sensor sees."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tvbo.errors import ColumnNotFoundError, ShapeError, TvboError
from tvbo.model.arrays import Array, is_sparse, load
from tvbo.model.frames import FrameEvidence, detect_frame, to_ras
from tvbo.model.gathering import (
    Shown,
    column_of,
    joins_nodes,
    reachable_parent,
    region_mapping_of,
    shown_on_nodes,
    surface_mesh,
    unit_shown,
    upright_positions,
)
from tvbo.plotting.binning import as_real
from tvbo.plotting.sensors import middle_of_head

if TYPE_CHECKING:
    from tvbo.model.figures import DisplayMesh
    from tvbo.model.network import Network

GAIN = "gain"
# Heads and brains have their middle in different places, but not so far.
_FAR = 0.25
# Electrodes of the 10-20 system and its refinements: odd numbers are on the left, even ones on the right.
_ELECTRODE = re.compile(r"^[A-Za-z]{1,4}(\d{1,2})h?$")


class Sources(NamedTuple):
    """
    Where the sources of a gain are: on a mesh, or at positions.

    Attributes
    ----------
    mesh : DisplayMesh or None
        The surface whose vertices they are.
    regions : array, shape (n_vertices,), int, or None
        The region of each vertex.
    region_labels : list of str or None
        Names of the regions.
    labels : list of str
        Names of sources at positions.
    positions : array, shape (n_sources, 3), float64 [mm], or None
        Where they are.
    frame : FrameEvidence or None
        The axes; None if they are those of the sensors.
    """

    mesh: "DisplayMesh | None"
    regions: Array | None
    region_labels: list[str] | None
    labels: list[str]
    positions: Array | None
    frame: FrameEvidence | None


NOWHERE = Sources(None, None, None, [], None, None)


def numbered(n: int, word: str) -> list[str]:
    """
    Make names of what has none.

    Parameters
    ----------
    n : int
        How many.
    word : str
        What each is.

    Returns
    -------
    list of str, shape (n,)
        The names.
    """
    return [f"{word} {i}" for i in range(n)]


def sources_of(network: "Network") -> Sources:
    """
    Find where the columns of a gain are.

    Parameters
    ----------
    network : Network
        The network of the sensors.

    Returns
    -------
    Sources
        The places; nothing where they are not known.
    """
    n = network.matrices[GAIN].shape[1]
    try:
        target = network.target(GAIN)
    except TvboError:
        return _described(network, n)
    if target.number_of_nodes != n:
        return NOWHERE
    mesh = surface_mesh(target)
    if mesh is not None:
        parent, mapping = reachable_parent(target), region_mapping_of(target)
        names = None if parent is None or mapping is None else parent.nodes.labels.tolist()
        return Sources(mesh, None if names is None else mapping, names, [], None, target.frame)
    places = upright_positions(target)
    return NOWHERE if places is None else Sources(None, None, None, target.nodes.labels.tolist(), places, target.frame)


def _described(network: "Network", n: int) -> Sources:
    """Give the sources that a forward model of MNE said the places of, in the frame of its sensors."""
    found: Any = network.extra.get("mne")
    for key in ("columns", "positions"):
        found = found.get(key) if isinstance(found, Mapping) else None
    places = np.asarray(load(found)) if found is not None else np.zeros(0)
    if places.shape != (n, 3) or places.dtype.kind != "f":
        return NOWHERE
    names = network.matrices[GAIN].column_labels
    return Sources(None, None, None, numbered(n, "source") if names is None else names.tolist(), places, None)


def sensor_frame(network: "Network", sources: FrameEvidence | None) -> FrameEvidence:
    """
    Give the axes of the sensors: by the numbers of electrodes, or else those of the sources.

    Parameters
    ----------
    network : Network
        The network of the sensors.
    sources : FrameEvidence or None
        The axes of the sources.

    Returns
    -------
    FrameEvidence
        The axes.
    """
    own = network.frame
    positions, labels = network.nodes.positions, network.nodes.labels.tolist()
    if not own.assumed or positions is None:
        return own
    numbers = [_ELECTRODE.match(label) for label in labels]
    telling = np.array([found is not None for found in numbers], dtype=bool)
    if telling.sum() >= max(8, len(labels) / 2):
        right = np.array([int(found[1]) % 2 == 0 for found in numbers if found is not None])
        found = detect_frame(positions[telling], right=right)
        if not found.assumed:
            return found._replace(reason=found.reason.replace("hemisphere mask", "numbers of the electrodes"))
    return own if sources is None or sources.assumed else sources


def sensor_shift(sensors: Array, sources: Sources) -> Array | None:
    """
    Give the way from the middle of sensors on a head to that of the sources, if it is far.

    Parameters
    ----------
    sensors : array, shape (n, 3) [mm]
        Where the sensors are, RAS.
    sources : Sources
        Where the sources are.

    Returns
    -------
    array, shape (3,) [mm], or None
        None if they belong together, or it cannot be told.
    """
    inside = sources.positions if sources.mesh is None else sources.mesh.vertices
    outside = sensors[np.isfinite(sensors).all(axis=1)]
    if inside is None:
        return None
    inside = inside[np.isfinite(inside).all(axis=1)]
    middle = middle_of_head(outside)
    if not len(inside) or middle is None:
        return None
    distance = np.linalg.norm(outside - middle, axis=1)
    shift: Array = (inside.min(axis=0) + inside.max(axis=0)) / 2 - middle
    far = _FAR * distance.mean() < np.linalg.norm(shift) < np.inf
    return shift if far else None


def values_of(network: "Network", name: str, column: str | int | None) -> Shown:
    """
    Give a value for each sensor, by name.

    Parameters
    ----------
    network : Network
        The network of the sensors.
    name : str
        A column of the nodes, or a matrix.
    column : str, int or None
        Which column of the matrix, by number or by the name of a source or of a region of sources.

    Returns
    -------
    Shown
        The values, and what they are. Those of the sources of a region are added up, as TVB does.

    Raises
    ------
    ColumnNotFoundError
        If there is no such column or matrix.
    ShapeError
        If it does not give a value for each sensor.
    """
    if column is None or name not in network.matrices:
        return column_of(network, name)
    matrix = network.matrices[name]
    values = network.matrix(name, None)
    chosen, told = _columns(network, name, column)
    part = values[:, chosen]
    dense = np.asarray(part.toarray() if is_sparse(part) else part)
    unit = unit_shown(matrix.unit)
    return Shown(as_real(dense).sum(axis=1), f"{name} of {told}" + (f" [{unit}]" if unit else ""))


def _columns(network: "Network", name: str, column: str | int) -> tuple[Array, str]:
    matrix = network.matrices[name]
    n = matrix.shape[1]
    if not isinstance(column, str):
        if not -n <= column < n:
            raise ColumnNotFoundError(f"matrix {name!r} has no column {column}: it has {n}")
        return np.array([column]), f"column {column}"
    names = matrix.column_labels
    try:
        target = network.target(name)
    except TvboError:
        target = None
    if names is None and target is not None and target.number_of_nodes == n:
        names = target.nodes.labels
    found = np.flatnonzero(np.asarray(names) == column) if names is not None else np.arange(0)
    if len(found):
        return found[:1], column
    parent = None if target is None or target.number_of_nodes != n else reachable_parent(target)
    mapping = None if parent is None or target is None else region_mapping_of(target)
    if parent is None or mapping is None:
        raise ColumnNotFoundError(f"matrix {name!r} has no column {column!r}: give its number, or set column_labels")
    region = np.flatnonzero(parent.nodes.labels == column)
    if not len(region):
        raise ColumnNotFoundError(f"matrix {name!r} has no column {column!r}, and its sources have no such region")
    vertices = np.flatnonzero(mapping == region[0])
    return vertices, f"{column}, the sum of {len(vertices):,} vertices"


class DrawnSensors(NamedTuple):
    """
    Sensors as they are drawn.

    Attributes
    ----------
    positions : array, shape (n, 3) [mm]
        Where they are, RAS.
    shown : Shown
        What they are coloured by.
    mesh : DisplayMesh or None
        The surface that they look at.
    sources : array, shape (m, 3) [mm], or None
        Sources at other places, RAS.
    note : str
        What was done to them.
    """

    positions: Array
    shown: Shown
    mesh: "DisplayMesh | None"
    sources: Array | None
    note: str


def drawn_sensors(network: "Network", values: Any, column: str | int | None, value_name: str | None) -> DrawnSensors:
    """
    Gather what a figure of sensors needs.

    Parameters
    ----------
    network : Network
        The network of the sensors.
    values : str, array_like or None
        A column of theirs, a matrix, or a value for each.
    column : str, int or None
        Which column of the matrix.
    value_name : str or None
        What the values are.

    Returns
    -------
    DrawnSensors
        All of it, in one frame.

    Raises
    ------
    ShapeError
        If the sensors have no positions, or there is not a value for each.
    ColumnNotFoundError
        If there is no such column.
    """
    places = network.nodes.positions
    if places is None:
        raise ShapeError(f"the sensors of network {network.label!r} have no positions: set nodes.positions")
    if isinstance(values, str):
        shown = values_of(network, values, column)
        shown = shown._replace(measure=value_name or shown.measure)
    else:
        shown = shown_on_nodes(values, value_name, network)
    has_gain = GAIN in network.matrices and not joins_nodes(network.matrices[GAIN])
    sources = sources_of(network) if has_gain else NOWHERE
    frame = sensor_frame(network, sources.frame)
    positions, dots = to_ras(places, frame.frame), sources.positions
    if dots is not None and sources.frame is None:
        dots = to_ras(dots, frame.frame)
        sources = sources._replace(positions=dots)
    shift = sensor_shift(positions, sources)
    if shift is None:
        return DrawnSensors(positions, shown, sources.mesh, dots, "")
    way = f"{np.linalg.norm(shift):.0f} {network.distance_unit or ''}".rstrip()
    note = f"sensors are moved {way} onto the sources: they may be in different frames"
    return DrawnSensors(positions + shift, shown, sources.mesh, dots, note)
