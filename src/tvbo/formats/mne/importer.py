"""From a forward solution to a projection network."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from tvbo.errors import UnsupportedObjectError
from tvbo.formats.mne.forward import (
    FRAMES,
    Floats,
    Frame,
    Orientation,
    Sensors,
    Sources,
    mri_to_head,
    read_gain,
    read_sensors,
    read_sources,
    takes,
)
from tvbo.formats.mne.regions import describe_regions, read_areas, read_regions
from tvbo.model import projection
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable
from tvbo.model.parameters import Parameter

Reduction = Literal["sum", "mean", "area", "norm"]
Reference = Literal["average", "none"]


def from_mne_forward(
    forward: Any,
    *,
    regions: ArrayLike | None = None,
    labels: Sequence[Any] | None = None,
    region_labels: Sequence[str] | None = None,
    region_positions: ArrayLike | None = None,
    reduce: Reduction | None = None,
    reference: Reference | None = None,
    orientation: Orientation | None = None,
    areas: ArrayLike | None = None,
    source_space: Any = None,
    frame: Frame = "head",
    label: str | None = None,
) -> Network:
    """
    Take a forward solution as a projection network: its sensors, and the gain of each region or source.

    Parameters
    ----------
    forward : mne.Forward
        The forward solution of one type of sensor. It is not changed.
    regions : array, shape (n_vertices,), int, optional
        The region of every vertex of the source spaces, one space after the other, as they were *before* MNE dropped
        sources outside the inner skull; -1 for no region. Where a space picks some vertices of a denser surface
        (ico, oct), either all vertices of the surfaces or the picked ones only.
    labels : list of mne.Label, optional
        The regions, instead of `regions`.
    region_labels : sequence of str, shape (n_regions,), optional
        Names of the regions; those of `labels`, or ``region_0``, ``region_1``, ...
    region_positions : array, shape (n_regions, 3), float64 [mm], optional
        Where the regions are, in `frame`; the mean of their vertices unless given.
    reduce : {"sum", "mean", "area", "norm"}, optional
        How the sources of a region are joined: their sum (as TVB does; the default), their mean, their mean weighted
        by area, or the mean of the lengths of the gains of free dipoles (the default for ``orientation="free"``).
        Without regions only ``"norm"`` has a meaning: it joins the three columns of each source.
    reference : {"average", "none"}, optional
        Subtract the average of the sensors, or leave the potential against infinity as MNE gives it. The
        default is ``"average"`` for EEG; nothing else has one.
    orientation : {"fixed", "free"}, optional
        Dipoles along the surface normals (the default), or along three axes.
    areas : array, shape as `regions`, float64 [mm^2], optional
        The area that each vertex stands for, for ``reduce="area"`` only: a third of the triangles around it unless
        given. A discrete or volume source space has no triangles, so there it must be given.
    source_space : mne.SourceSpaces, optional
        The source spaces that the forward solution was made from. They tell exactly what was dropped; otherwise it
        is taken from the triangles that the forward solution still has.
    frame : {"head", "mri"}
        The frame of the positions: the head's (fiducials) or that of the MRI (surface RAS).
    label : str, optional
        A name for the network.

    Returns
    -------
    Network
        Nodes are the sensors, with positions [mm]; the matrix ``gain`` is (n_sensors, n_regions) or (n_sensors,
        n_sources), float64 [V/(A*m), or T/(A*m)], with `column_labels`. A region without a source is NaN, never 0.
        ``parameters`` hold reference, orientation, reduction and frame, and the matrix' own ``extra`` those that
        decide what its numbers mean; ``extra["mne"]`` holds them and ``columns`` (positions [mm], and for regions
        ``mapped``, ``used`` and ``coverage``, for ``reduce="area"`` also ``area``, of the used sources [mm^2]),
        ``vertno`` of each space, and the transform from MRI to head [m].

    Raises
    ------
    UnsupportedObjectError
        If it is no forward solution.
    ShapeError
        If arrays do not fit the source spaces.
    DuplicateNameError
        If two regions have one name.
    ValueError
        If options contradict one another or the forward solution.

    Warns
    -----
    TvboWarning
        If the forward solution used less than half of the sources of some regions; it names them.

    Notes
    -----
    MNE: ``Forward["sol"]["data"]``, ``Forward["src"][i]["vertno"]``, ``Label.vertices``; positions there are in m.
    MNE's gains are unreferenced. Fixed orientations are those of ``mne.convert_forward_solution(surf_ori=True)``,
    with average patch normals if the source space has them, in double precision. Bad channels count as sensors.
    """
    if not takes(forward):
        kind = f"{type(forward).__module__}.{type(forward).__qualname__}"
        raise UnsupportedObjectError(
            f"a {kind} is no forward solution: expected an mne.Forward, from mne.make_forward_solution or "
            "mne.read_forward_solution"
        )
    _one_of("frame", frame, tuple(FRAMES))
    sensors = read_sensors(forward, frame)
    sources = read_sources(forward, frame, source_space)
    by_region = regions is not None or labels is not None
    orientation, reduction = _settle(orientation, reduce, by_region)
    facts = {
        "sensor_type": sensors.kind,
        "reference": _settle_reference(reference, sensors.kind),
        "orientation": orientation,
        "reduction": reduction or "none",
        "frame": frame,
    }
    gain = _refer(read_gain(forward, orientation), facts)
    columns: dict[str, Any]
    if by_region:
        index, names = read_regions(sources, regions, labels, region_labels)
        weights = _weights(forward, sources, reduction, areas)
        how = "mean" if reduction == "norm" else facts["reduction"]
        gain = projection.reduce_sources(gain, index[sources.used], len(names), how, areas=weights)
        columns = {"kind": "regions", **describe_regions(sources, index, names, region_positions)}
        if weights is not None:
            columns["area"] = projection.reduce_sources(weights[np.newaxis], index[sources.used], len(names))[0]
    else:
        _no_regions(region_labels=region_labels, region_positions=region_positions, areas=areas)
        names, columns = _describe_dipoles(sources, free=orientation == "free" and reduction != "norm")
        given = [str(name) for name in forward["sol"]["col_names"] or ()]
        if len(set(given)) == len(names):
            # Whoever made it had names for its columns; MNE itself has none.
            names = given
    net = _network(sensors, gain, names, facts)
    net.label = label or f"{sensors.kind.upper()} gain of {len(names)} {'regions' if by_region else 'dipoles'}"
    net.parameters["sources_used"] = Parameter(int(sources.used.size), unit="dimensionless")
    net.extra["mne"] = {
        **facts,
        "columns": columns,
        "vertno": [np.array(space["vertno"], dtype=np.int64) for space in forward["src"]],
        "mri_head_t": mri_to_head(forward),
        "bads": [str(name) for name in forward["info"]["bads"]],
    }
    return net


def _refer(gain: Floats, facts: dict[str, str]) -> Floats:
    # The reference comes before the norm: lengths of unreferenced gains cannot be referred any more.
    if facts["reference"] == "average":
        gain = projection.average_reference(gain)
    return projection.orientation_norm(gain) if facts["reduction"] == "norm" else gain


def _weights(forward: Any, sources: Sources, reduction: Reduction | None, areas: ArrayLike | None) -> Floats | None:
    if reduction == "area":
        return read_areas(forward, sources, areas)
    if areas is not None:
        raise ValueError(f"areas= weigh the sources of reduce='area', but the reduction is {reduction!r}")
    return None


def _describe_dipoles(sources: Sources, *, free: bool) -> tuple[list[str], dict[str, Any]]:
    """Name the columns of a gain whose sources were not joined, and say where they are."""
    axes = (":x", ":y", ":z") if free else ("",)
    names = [f"{name}{axis}" for name in sources.names() for axis in axes]
    return names, {"kind": "sources", "positions": np.repeat(sources.positions[sources.used], len(axes), axis=0)}


def _network(sensors: Sensors, gain: Floats, names: list[str], facts: dict[str, str]) -> Network:
    """Put sensors and gain together; what decides what the numbers mean goes with the matrix, too."""
    net = Network(
        NodeTable(sensors.labels, sensors.positions),
        descriptor="projection",
        parameters={name: Parameter(value) for name, value in facts.items()},
    )
    net.set_matrix("gain", gain, unit=sensors.unit, directed=True, column_labels=names)
    net.matrices["gain"].extra.update({name: facts[name] for name in ("reduction", "reference", "orientation")})
    return net


def _one_of(name: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name}={value!r} is unknown: expected {', '.join(map(repr, choices))}")


def _settle(
    orientation: Orientation | None, reduction: Reduction | None, by_region: bool
) -> tuple[Orientation, Reduction | None]:
    """Fill in what was left open, and refuse what contradicts itself."""
    if reduction is not None:
        _one_of("reduce", reduction, (*projection.REDUCTIONS, "norm"))
    if orientation is None:
        orientation = "free" if reduction == "norm" else "fixed"
    _one_of("orientation", orientation, ("fixed", "free"))
    if by_region and reduction is None:
        reduction = "norm" if orientation == "free" else "sum"
    if reduction == "norm" and orientation == "fixed":
        raise ValueError("reduce='norm' joins the three axes of free dipoles: use it with orientation='free'")
    if reduction not in (None, "norm"):
        if not by_region:
            raise ValueError(f"reduce={reduction!r} joins the sources of regions: give regions= or labels=")
        if orientation == "free":
            raise ValueError(
                f"reduce={reduction!r} of free dipoles would leave three gains for each region: use reduce='norm', "
                "or orientation='fixed'"
            )
    return orientation, reduction


def _settle_reference(reference: Reference | None, kind: str) -> Reference:
    if reference is None:
        return "average" if kind == "eeg" else "none"
    _one_of("reference", reference, ("average", "none"))
    if reference == "average" and kind == "meg":
        raise ValueError("reference='average' is for electric potentials; MEG has no reference: use reference='none'")
    return reference


def _no_regions(**given: Any) -> None:
    for name, value in given.items():
        if value is not None:
            raise ValueError(f"{name}= is about regions, but there are none: give regions= or labels= too")
