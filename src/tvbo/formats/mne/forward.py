"""What an MNE forward solution says: its sensors, its sources, its gain, all in one frame."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tvbo._optional import require
from tvbo.errors import ShapeError

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Orientation = Literal["fixed", "free"]
Frame = Literal["head", "mri"]

# Numbers of the FIF standard (mne.io.constants.FIFF), so that looking at a forward needs no import of MNE.
_DEVICE, _HEAD, _MRI = 1, 4, 5
FRAMES = {"head": _HEAD, "mri": _MRI}
KINDS = {1: "meg", 2: "eeg", 802: "seeg", 902: "ecog"}
_UNITS = {107: "V/(A*m)", 112: "T/(A*m)", 201: "T/(m*A*m)"}
_HEMISPHERES = {101: "lh", 102: "rh"}
_FIXED = 1


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


@dataclass(frozen=True, slots=True)
class Sensors:
    """
    The sensors of a forward solution.

    Attributes
    ----------
    labels : list of str, shape (n_sensors,)
        Their names, in the order of the rows of the gain.
    positions : array, shape (n_sensors, 3), float64 [mm]
        Where they are.
    kind : {"eeg", "meg", "seeg", "ecog"}
        What they are.
    unit : str
        Unit of the gain.
    """

    labels: list[str]
    positions: Floats
    kind: str
    unit: str


def read_sensors(forward: Any, frame: Frame) -> Sensors:
    """
    Read the sensors, in the order of the rows of the gain.

    Parameters
    ----------
    forward : mne.Forward
        The forward solution.
    frame : {"head", "mri"}
        The frame of the positions.

    Returns
    -------
    Sensors
        Names, positions, kind and unit.

    Raises
    ------
    ValueError
        If there are several types of sensors, or none that has a gain.
    """
    channels = {channel["ch_name"]: channel for channel in forward["info"]["chs"]}
    # The rows of the solution and the channels of the info may be in different order.
    names = [str(name) for name in forward["sol"]["row_names"]]
    chosen = [channels[name] for name in names]
    found = {(KINDS.get(int(c["kind"]), "?"), _UNITS.get(int(c["unit"]), "?")) for c in chosen}
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
    return Sensors(names, positions, kind, unit)


def _place(channel: Any, forward: Any, frame: Frame) -> Floats:
    return _to_frame(place_in_head(channel, forward["info"]), _HEAD, forward, frame)


def place_in_head(channel: Any, info: Any) -> Floats:
    """
    Give where a channel is.

    Parameters
    ----------
    channel : mapping
        The channel.
    info : mne.Info
        What it is one of.

    Returns
    -------
    array, shape (3,), float64 [m]
        Its place in the frame of the head.
    """
    place = np.asarray(channel["loc"][:3], dtype=np.float64)
    if int(channel["coord_frame"]) == _DEVICE and info["dev_head_t"] is not None:
        return _apply(np.asarray(info["dev_head_t"]["trans"]), place)
    return place


def mri_to_head(forward: Any) -> Floats:
    """
    Give the transform from MRI to head.

    Parameters
    ----------
    forward : mne.Forward
        The forward solution.

    Returns
    -------
    array, shape (4, 4), float64 [m]
        The transform, whichever way round MNE holds it.
    """
    transform = forward["mri_head_t"]
    matrix = np.array(transform["trans"], dtype=np.float64)
    return matrix if int(transform["from"]) == _MRI else _inverse(matrix)


def _inverse(matrix: Floats) -> Floats:
    return np.asarray(np.linalg.inv(matrix), dtype=np.float64)


def _to_frame(points: Any, held: int, forward: Any, frame: Frame) -> Floats:
    """Turn points [m] into a frame, and metres into millimetres."""
    wanted = FRAMES[frame]
    if held != wanted:
        matrix = mri_to_head(forward)
        points = _apply(matrix if wanted == _HEAD else _inverse(matrix), points)
    millimetres: Floats = np.asarray(points, dtype=np.float64) * 1e3
    return millimetres


def _apply(matrix: Floats, points: Any) -> Floats:
    turned: Floats = np.asarray(points, dtype=np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
    return turned


@dataclass(frozen=True, slots=True)
class Sources:
    """
    The vertices of all source spaces, one space after the other, and which of them are sources.

    Attributes
    ----------
    positions : array, shape (n_vertices, 3), float64 [mm]
        Where the vertices are.
    starts : list of int
        Where each space begins, and the end.
    used : array, shape (n_sources,), int
        Vertices that the gain has columns for, in its order.
    candidates : array, shape (n_candidates,), int
        Vertices that were to be sources before MNE dropped some.
    spaces : list of str
        "lh", "rh", or a name for what is no hemisphere.
    """

    positions: Floats
    starts: list[int]
    used: Ints
    candidates: Ints
    spaces: list[str]

    def names(self) -> list[str]:
        """
        Name each used source by its space and its vertex there.

        Returns
        -------
        list of str
            Such as ``"lh:42"``.
        """
        space = np.searchsorted(self.starts, self.used, side="right") - 1
        return [f"{self.spaces[s]}:{v - self.starts[s]}" for s, v in zip(space, self.used, strict=True)]


def read_sources(forward: Any, frame: Frame, before: Any) -> Sources:
    """
    Read where the sources are and which were dropped.

    Parameters
    ----------
    forward : mne.Forward
        The forward solution.
    frame : {"head", "mri"}
        The frame of the positions.
    before : mne.SourceSpaces or None
        The source spaces before MNE dropped sources, if they are at hand.

    Returns
    -------
    Sources
        All vertices, and which are used.

    Raises
    ------
    ShapeError
        If `before` are other source spaces.
    """
    spaces = list(forward["src"])
    if before is not None and [int(s["np"]) for s in before] != [int(s["np"]) for s in spaces]:
        raise ShapeError(
            f"source_space has {[int(s['np']) for s in before]} vertices, the forward solution "
            f"{[int(s['np']) for s in spaces]}: expected the source spaces that it was made from"
        )
    starts = np.cumsum([0, *(int(space["np"]) for space in spaces)])
    used = [start + np.asarray(space["vertno"]) for start, space in zip(starts, spaces, strict=False)]
    picked = [candidates(space) for space in spaces]
    if before is not None:
        picked = [np.asarray(space["vertno"]) for space in before]
    chosen = [start + vertices for start, vertices in zip(starts, picked, strict=False)]
    rows = [_to_frame(space["rr"], int(space["coord_frame"]), forward, frame) for space in spaces]
    names = [_HEMISPHERES.get(int(space["id"]), "") if space["type"] == "surf" else "" for space in spaces]
    return Sources(
        np.concatenate(rows),
        starts.tolist(),
        np.concatenate(used).astype(np.intp),
        np.concatenate(chosen).astype(np.intp),
        [name or f"{space['type']}{i}" for i, (name, space) in enumerate(zip(names, spaces, strict=True))],
    )


def candidates(space: Any) -> Ints:
    """
    Find which vertices of a space were to be sources: MNE forgets, but the decimated triangles remember.

    Parameters
    ----------
    space : mapping
        One source space of a forward solution.

    Returns
    -------
    array, shape (n_candidates,), int
        The vertices.
    """
    triangles = space.get("use_tris") if int(space.get("nuse_tri") or 0) else None
    if triangles is not None and len(triangles):
        return np.unique(np.asarray(triangles)).astype(np.intp)
    nearest = space.get("nearest")
    if nearest is not None:
        return np.union1d(nearest, space["vertno"]).astype(np.intp)
    return np.arange(int(space["np"]))


def read_gain(forward: Any, orientation: Orientation) -> Floats:
    """
    Read the gain in double precision.

    Parameters
    ----------
    forward : mne.Forward
        The forward solution.
    orientation : {"fixed", "free"}
        Dipoles along the surface normals, or along three axes.

    Returns
    -------
    array, shape (n_sensors, n_sources) or (n_sensors, 3 * n_sources), float64
        The gain for fixed or for free orientation.

    Raises
    ------
    ValueError
        If the forward solution has no such orientation.
    """
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
