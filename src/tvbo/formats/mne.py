"""
MNE forward solutions: what the dipoles of each region, or of each source, do to each sensor.

``from_mne_forward(forward, regions=...)`` makes a projection network: its nodes are the sensors, its matrix ``gain``
is (n_sensors, n_regions). Whatever decides what a gain means (unit, reference, orientation, reduction, frame) is kept
beside it, and so is how many sources of each region the forward model used.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tvbo._optional import require
from tvbo.errors import DuplicateNameError, ShapeError, TvboWarning, UnsupportedObjectError
from tvbo.model import projection
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable
from tvbo.model.parameters import Parameter

__all__ = ["from_mne_forward", "from_object", "takes"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Reduction = Literal["sum", "mean", "area", "norm"]
Reference = Literal["average", "none"]
Orientation = Literal["fixed", "free"]
Frame = Literal["head", "mri"]

# Numbers of the FIF standard (mne.io.constants.FIFF), so that looking at a forward needs no import of MNE.
_DEVICE, _HEAD, _MRI = 1, 4, 5
_FRAMES = {"head": _HEAD, "mri": _MRI}
_KINDS = {1: "meg", 2: "eeg", 802: "seeg", 902: "ecog"}
_UNITS = {107: "V/(A*m)", 112: "T/(A*m)", 201: "T/(m*A*m)"}
_HEMISPHERES = {101: "lh", 102: "rh"}
_FIXED = 1

# Below this share of used sources a region's gain stands for a part of it only, and we say so.
_ENOUGH = 0.5


def takes(obj: object) -> bool:
    """
    Tell whether an object is one that this format takes, without importing MNE.

    Parameters
    ----------
    obj : object
        Any object.

    Returns
    -------
    bool
        True for an ``mne.Forward``.
    """
    kind = type(obj)
    return kind.__module__.partition(".")[0] == "mne" and kind.__name__ == "Forward"


def from_object(obj: Any, **options: Any) -> Network:
    """
    Take an object of MNE.

    Parameters
    ----------
    obj : mne.Forward
        A forward solution.
    **options : object
        As `from_mne_forward` takes them.

    Returns
    -------
    Network
        The projection network.

    Raises
    ------
    UnsupportedObjectError
        If it is anything else.
    """
    return from_mne_forward(obj, **options)


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
        The area that each vertex stands for, for ``reduce="area"``; from the triangles unless given.
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
        ``parameters`` hold reference, orientation, reduction and frame; ``extra["mne"]`` holds those and ``columns``
        (positions [mm], and for regions ``mapped``, ``used`` and ``coverage``), ``vertno`` of each space, and the
        transform from MRI to head [m].

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
    _one_of("frame", frame, tuple(_FRAMES))
    by_region = regions is not None or labels is not None
    sensors = _read_sensors(forward, frame)
    sources = _read_sources(forward, frame, source_space)
    orientation, reduction = _settle(orientation, reduce, by_region)
    reference = _settle_reference(reference, sensors.kind)

    gain = _read_gain(forward, orientation)
    # The reference comes before the norm: lengths of unreferenced gains cannot be referred any more.
    if reference == "average":
        gain = projection.average_reference(gain)
    if reduction == "norm":
        gain = projection.orientation_norm(gain)

    columns: dict[str, Any]
    if by_region:
        index, names = _read_regions(sources, regions, labels, region_labels)
        how = "mean" if reduction == "norm" else str(reduction)
        weights = _read_areas(forward, sources, areas)[sources.used] if how == "area" else None
        gain = projection.reduce_sources(gain, index[sources.used], len(names), how, areas=weights)
        columns = _describe_regions(sources, index, names, region_positions)
    else:
        _no_regions(region_labels=region_labels, region_positions=region_positions, areas=areas)
        axes = ("",) if orientation == "fixed" or reduction == "norm" else (":x", ":y", ":z")
        names = [f"{name}{axis}" for name in sources.names() for axis in axes]
        columns = {"positions": np.repeat(sources.positions[sources.used], len(axes), axis=0)}

    facts = {
        "sensor_type": sensors.kind,
        "reference": reference,
        "orientation": orientation,
        "reduction": reduction or "none",
        "frame": frame,
    }
    net = Network(
        NodeTable(sensors.labels, sensors.positions),
        label=label or f"{sensors.kind.upper()} gain of {len(names)} {'regions' if by_region else 'dipoles'}",
        descriptor="projection",
        parameters={name: Parameter(value) for name, value in facts.items()},
    )
    net.parameters["sources_used"] = Parameter(int(sources.used.size), unit="dimensionless")
    net.set_matrix("gain", gain, unit=sensors.unit, directed=True, column_labels=names)
    net.extra["mne"] = {
        **facts,
        "columns": {"kind": "regions" if by_region else "sources", **columns},
        "vertno": [np.array(space["vertno"], dtype=np.int64) for space in forward["src"]],
        "mri_head_t": _mri_to_head(forward),
        "bads": [str(name) for name in forward["info"]["bads"]],
    }
    return net


# ---------------------------------------------------------------------- options


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


# ---------------------------------------------------------------------- sensors


@dataclass(frozen=True, slots=True)
class _Sensors:
    labels: list[str]
    positions: Floats  # (n, 3) [mm]
    kind: str
    unit: str


def _read_sensors(forward: Any, frame: Frame) -> _Sensors:
    channels = {channel["ch_name"]: channel for channel in forward["info"]["chs"]}
    # The rows of the solution and the channels of the info may be in different order.
    names = [str(name) for name in forward["sol"]["row_names"]]
    chosen = [channels[name] for name in names]
    found = {(_KINDS.get(int(c["kind"]), "?"), _UNITS.get(int(c["unit"]), "?")) for c in chosen}
    if len(found) != 1:
        raise ValueError(
            f"the forward solution mixes sensors: {', '.join(f'{kind} [{unit}]' for kind, unit in sorted(found))}; "
            "one gain matrix has one unit: pick one type first, "
            "as mne.pick_types_forward(forward, meg=False, eeg=True), or meg='mag', or meg='grad'"
        )
    ((kind, unit),) = found
    if "?" in (kind, unit):
        raise ValueError(f"channel {names[0]!r} is neither EEG nor MEG: expected a forward solution of such sensors")
    positions = np.array([_place(channel, forward, frame) for channel in chosen], dtype=np.float64)
    return _Sensors(names, positions, kind, unit)


def _place(channel: Any, forward: Any, frame: Frame) -> Floats:
    place = np.asarray(channel["loc"][:3], dtype=np.float64)
    if int(channel["coord_frame"]) == _DEVICE:
        place = _apply(np.asarray(forward["info"]["dev_head_t"]["trans"]), place)
    return _to_frame(place, _HEAD, forward, frame)


def _mri_to_head(forward: Any) -> Floats:
    """Return the transform from MRI to head, shape (4, 4) [m]."""
    transform = forward["mri_head_t"]
    matrix = np.array(transform["trans"], dtype=np.float64)
    return matrix if int(transform["from"]) == _MRI else _inverse(matrix)


def _inverse(matrix: Floats) -> Floats:
    return np.asarray(np.linalg.inv(matrix), dtype=np.float64)


def _to_frame(points: Any, held: int, forward: Any, frame: Frame) -> Floats:
    """Turn points [m] into a frame, and metres into millimetres."""
    wanted = _FRAMES[frame]
    if held != wanted:
        matrix = _mri_to_head(forward)
        points = _apply(matrix if wanted == _HEAD else _inverse(matrix), points)
    millimetres: Floats = np.asarray(points, dtype=np.float64) * 1e3
    return millimetres


def _apply(matrix: Floats, points: Any) -> Floats:
    turned: Floats = np.asarray(points, dtype=np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
    return turned


# ---------------------------------------------------------------------- sources


@dataclass(frozen=True, slots=True)
class _Sources:
    positions: Floats  # (n_vertices, 3) [mm], all vertices of all spaces
    starts: list[int]  # where each space begins, and the end
    used: Ints  # vertices that the gain has columns for, in its order
    candidates: Ints  # vertices that were to be sources before MNE dropped some
    spaces: list[str]  # "lh", "rh", or a name for what is no hemisphere

    def names(self) -> list[str]:
        """Name each used source by its space and its vertex there."""
        space = np.searchsorted(self.starts, self.used, side="right") - 1
        return [f"{self.spaces[s]}:{v - self.starts[s]}" for s, v in zip(space, self.used, strict=True)]


def _read_sources(forward: Any, frame: Frame, before: Any) -> _Sources:
    spaces = list(forward["src"])
    if before is not None and [int(s["np"]) for s in before] != [int(s["np"]) for s in spaces]:
        raise ShapeError(
            f"source_space has {[int(s['np']) for s in before]} vertices, the forward solution "
            f"{[int(s['np']) for s in spaces]}: expected the source spaces that it was made from"
        )
    starts = np.cumsum([0, *(int(space["np"]) for space in spaces)])
    used = [start + np.asarray(space["vertno"]) for start, space in zip(starts, spaces, strict=False)]
    picked = [_candidates(space) for space in spaces]
    if before is not None:
        picked = [np.asarray(space["vertno"]) for space in before]
    candidates = [start + vertices for start, vertices in zip(starts, picked, strict=False)]
    rows = [_to_frame(space["rr"], int(space["coord_frame"]), forward, frame) for space in spaces]
    names = [_HEMISPHERES.get(int(space["id"]), "") if space["type"] == "surf" else "" for space in spaces]
    return _Sources(
        np.concatenate(rows),
        starts.tolist(),
        np.concatenate(used).astype(np.intp),
        np.concatenate(candidates).astype(np.intp),
        [name or f"{space['type']}{i}" for i, (name, space) in enumerate(zip(names, spaces, strict=True))],
    )


def _candidates(space: Any) -> Ints:
    """Find which vertices of a space were to be sources: MNE forgets, but the decimated triangles remember."""
    triangles = space.get("use_tris") if int(space.get("nuse_tri") or 0) else None
    if triangles is not None and len(triangles):
        return np.unique(np.asarray(triangles)).astype(np.intp)
    nearest = space.get("nearest")
    if nearest is not None:
        return np.union1d(nearest, space["vertno"]).astype(np.intp)
    return np.arange(int(space["np"]))


def _read_gain(forward: Any, orientation: Orientation) -> Floats:
    """Return the gain: (n_sensors, n_sources) for fixed, (n_sensors, 3 * n_sources) for free orientation."""
    fixed = int(forward["source_ori"]) == _FIXED
    if orientation == "free":
        if fixed:
            raise ValueError(
                "the forward solution has fixed orientations: orientation='free' and reduce='norm' need the one "
                "before mne.convert_forward_solution(force_fixed=True)"
            )
        if not forward["surf_ori"]:
            return np.asarray(forward["sol"]["data"], dtype=np.float64)
    elif fixed:
        return np.asarray(forward["sol"]["data"], dtype=np.float64)
    elif any(space["type"] == "vol" for space in forward["src"]):
        raise ValueError(
            "a volume source space has no surface normals, so no fixed orientation: "
            "use orientation='free' (and reduce='norm' for regions)"
        )
    mne = require("mne", extra="mne", purpose="turn the orientations of a forward solution")
    # Local axes and not force_fixed: that would round the gain to single precision. The third axis is the normal.
    turned = mne.convert_forward_solution(forward, surf_ori=orientation == "fixed", copy=True, verbose="ERROR")
    gain = np.asarray(turned["sol"]["data"], dtype=np.float64)
    return np.ascontiguousarray(gain[:, 2::3]) if orientation == "fixed" else gain


# ---------------------------------------------------------------------- regions


def _over_vertices(name: str, values: Any, sources: _Sources, fill: Any) -> NDArray[Any]:
    """Spread one value per vertex, or per picked vertex, over all vertices."""
    array = np.asarray(values)
    n_vertices, n_picked = sources.starts[-1], sources.candidates.size
    if array.shape == (n_vertices,):
        return array
    if array.shape == (n_picked,):
        spread = np.full(n_vertices, fill, dtype=array.dtype)
        spread[sources.candidates] = array
        return spread
    sizes = " + ".join(str(size) for size in np.diff(sources.starts))
    expected = f"({n_vertices},), one for each vertex of the source spaces ({sizes})"
    if n_picked != n_vertices:
        expected += f", or ({n_picked},), one for each picked vertex"
    hint = ""
    if array.shape == (sources.used.size,):
        hint = "; it seems to lack the sources that MNE dropped: give the array for all of them"
    raise ShapeError(f"{name} has the shape {array.shape}: expected {expected}{hint}")


def _read_regions(
    sources: _Sources, regions: ArrayLike | None, labels: Sequence[Any] | None, names: Sequence[str] | None
) -> tuple[Ints, list[str]]:
    """Return the region of every vertex, and the names of the regions."""
    if regions is not None and labels is not None:
        raise ValueError("regions= and labels= are two ways to say the same: give one of them")
    if labels is not None:
        index, own = _index_of_labels(sources, labels)
        n_regions = len(own)
    else:
        index = np.asarray(regions)
        if index.dtype.kind not in "iu":
            raise ShapeError(f"regions have the dtype {index.dtype}: expected integers, -1 for no region")
        # Unsigned numbers cannot say "no region", and -1 would wrap round.
        index = _over_vertices("regions", index.astype(np.intp), sources, -1)
        n_regions = len(names) if names is not None else max(int(index.max(initial=-1)) + 1, 0)
        own = [f"region_{i}" for i in range(n_regions)]
    chosen = own if names is None else [str(name) for name in names]
    if len(chosen) != n_regions:
        raise ShapeError(f"there are {len(chosen)} region_labels but {n_regions} labels: expected a name for each")
    twice = sorted({name for name in chosen if chosen.count(name) > 1})
    if twice:
        raise DuplicateNameError(f"two regions are called {', '.join(map(repr, twice))}: give each its own name")
    projection.count_sources(index, n_regions)  # refuses regions out of range
    return index, chosen


def _index_of_labels(sources: _Sources, labels: Sequence[Any]) -> tuple[Ints, list[str]]:
    index = np.full(sources.starts[-1], -1, dtype=np.intp)
    for number, label in enumerate(labels):
        for part in (label.lh, label.rh) if label.hemi == "both" else (label,):
            if part.hemi not in sources.spaces:
                raise ValueError(
                    f"label {label.name!r} is of the hemisphere {part.hemi!r}, but the source spaces are "
                    f"{', '.join(sources.spaces)}: give regions= for spaces that are no hemispheres"
                )
            space = sources.spaces.index(part.hemi)
            start, end = sources.starts[space : space + 2]
            vertices = np.asarray(part.vertices) + start
            if vertices.size and vertices.max() >= end:
                raise ShapeError(
                    f"label {label.name!r} has the vertex {vertices.max() - start}, but {part.hemi} has "
                    f"{end - start}: expected labels of the surface that the source space was made from"
                )
            other = index[vertices].max(initial=-1)
            if other >= 0:
                raise ValueError(
                    f"the labels {labels[other].name!r} and {label.name!r} share vertices: "
                    "expected a parcellation, every vertex in one label at most"
                )
            index[vertices] = number
    return index, [str(label.name) for label in labels]


def _read_areas(forward: Any, sources: _Sources, areas: ArrayLike | None) -> Floats:
    """Return the area of every vertex [mm^2]."""
    if areas is not None:
        return _over_vertices("areas", np.asarray(areas, dtype=np.float64), sources, 0.0)
    found = []
    for space, name in zip(forward["src"], sources.spaces, strict=True):
        picked = _candidates(space)
        triangles = space.get("use_tris") if int(space.get("nuse_tri") or 0) else space.get("tris")
        if triangles is None or not len(triangles) or not np.isin(picked, triangles).all():
            raise ValueError(f"the source space {name!r} has no triangles over its sources: give areas= [mm^2]")
        found.append(projection.vertex_areas(np.asarray(space["rr"]) * 1e3, triangles))
    return np.concatenate(found)


def _describe_regions(sources: _Sources, index: Ints, names: list[str], positions: ArrayLike | None) -> dict[str, Any]:
    """Say where the regions are and how much of each the forward solution used; warn where that is little."""
    n_regions = len(names)
    mapped = projection.count_sources(index[sources.candidates], n_regions)
    used = projection.count_sources(index[sources.used], n_regions)
    coverage = np.divide(used, mapped, out=np.full(n_regions, np.nan), where=mapped > 0)
    if positions is None:
        picked = sources.candidates
        middle = projection.region_positions(sources.positions[picked], index[picked], n_regions)
    else:
        middle = np.asarray(positions, dtype=np.float64)
        if middle.shape != (n_regions, 3):
            raise ShapeError(
                f"region_positions has the shape {middle.shape}: expected ({n_regions}, 3), a row for each region"
            )
    poor = np.flatnonzero(~(coverage >= _ENOUGH))
    if poor.size:
        listed = ", ".join(f"{names[i]} {used[i]}/{mapped[i]}" for i in poor)
        warnings.warn(
            f"the forward solution used less than half of the sources of {poor.size} of {n_regions} regions "
            f"({listed}): the others lie outside the inner skull or were never sources, and a region without any "
            "is NaN; check that head and cortex are in one frame",
            TvboWarning,
            stacklevel=3,
        )
    return {
        "positions": middle,
        "mapped": mapped.astype(np.int64),
        "used": used.astype(np.int64),
        "coverage": coverage,
    }
