"""Sensors of MNE, as an ``Info`` or as a ``DigMontage``, and networks of sensors."""

from typing import Any

import numpy as np

from tvbo._optional import require
from tvbo.errors import ShapeError
from tvbo.formats.mne.forward import FRAMES, place_in_head
from tvbo.model.frames import to_ras
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable
from tvbo.model.parameters import Parameter

# Channel types of MNE by what a network calls its sensors.
_TYPES = {"eeg": "eeg", "seeg": "seeg", "ecog": "ecog", "dbs": "dbs", "meg": "mag", "mag": "mag", "grad": "grad"}
_FIDUCIALS = ("nasion", "lpa", "rpa", "hsp", "hpi")
_DATA = (*_TYPES, "ref_meg", "fnirs_cw_amplitude", "hbo", "hbr")
_PURPOSE = "give sensors of MNE"


def from_info(info: Any) -> Network:
    """
    Take the sensors of an ``Info``.

    Parameters
    ----------
    info : mne.Info
        The description of a recording.

    Returns
    -------
    Network
        Its data channels as nodes, with positions in the head frame [mm], their kinds and whether they are usable.

    Raises
    ------
    ShapeError
        If it has no data channels.
    """
    mne = require("mne", extra="mne", purpose="read an Info")
    kinds = info.get_channel_types()
    rows = [row for row, kind in enumerate(kinds) if kind in _DATA]
    if not rows:
        raise ShapeError(f"the Info has {len(kinds)} channels, and none of data: expected EEG, MEG, SEEG or ECoG")
    channels = [info["chs"][row] for row in rows]
    columns: dict[str, Any] = {
        "kind": np.array([kinds[row] for row in rows]),
        "usable": np.array([channel["ch_name"] not in info["bads"] for channel in channels]),
    }
    if all(mne.channel_type(info, row) in ("mag", "grad") for row in rows):
        # The third axis of a coil is the normal of its plane, in the frame of the device.
        turn = np.eye(3) if info["dev_head_t"] is None else np.asarray(info["dev_head_t"]["trans"])[:3, :3]
        columns["orientation"] = np.array([turn @ channel["loc"][9:12] for channel in channels])
    places = np.array([place_in_head(channel, info) for channel in channels]) * 1e3
    known = np.isfinite(places).all(axis=1) & (places != 0).any(axis=1)
    places[~known] = np.nan
    nodes = NodeTable([channel["ch_name"] for channel in channels], places if known.any() else None, columns)
    network = Network(nodes, descriptor="sensors", parameters={"frame": Parameter("head")})
    network.parameters["sampling_frequency"] = Parameter(float(info["sfreq"]), "Hz")
    return network


def from_montage(montage: Any) -> Network:
    """
    Take the electrodes of a montage.

    Parameters
    ----------
    montage : mne.channels.DigMontage
        The montage.

    Returns
    -------
    Network
        Its channels as nodes [mm]; its frame is a parameter, and its landmarks are in ``extra["mne"]`` [mm].

    Raises
    ------
    ShapeError
        If it has no channels.
    """
    found = montage.get_positions()
    if not found["ch_pos"]:
        raise ShapeError("the montage has no channels, only digitized points: expected electrodes with names")
    places = np.array(list(found["ch_pos"].values()), dtype=np.float64) * 1e3
    network = Network(NodeTable(list(found["ch_pos"]), places), descriptor="sensors")
    network.parameters["frame"] = Parameter(str(found["coord_frame"]))
    marks = {name: np.asarray(found[name]) * 1e3 for name in _FIDUCIALS if found[name] is not None}
    if marks:
        network.extra["mne"] = {"landmarks": marks}
    return network


def to_montage(network: Network) -> Any:
    """
    Give the sensors as a montage.

    Parameters
    ----------
    network : Network
        The network; its nodes are the sensors.

    Returns
    -------
    mne.channels.DigMontage
        The montage; positions in m.
    """
    channels = require("mne.channels", extra="mne", purpose=_PURPOSE)
    places = _places(network)
    landmarks = network.extra.get("mne", {}).get("landmarks", {})
    marks = {name: np.asarray(values) / 1e3 for name, values in landmarks.items()}
    names = network.nodes.labels.tolist()
    return channels.make_dig_montage(dict(zip(names, places, strict=True)), coord_frame=_frame(network), **marks)


def to_info(network: Network, sfreq: float | None = None) -> Any:
    """
    Give the sensors as an ``Info``.

    Parameters
    ----------
    network : Network
        The network; its nodes are the sensors.
    sfreq : float, optional [Hz]
        The sampling frequency; the parameter ``sampling_frequency`` unless given, else 1 Hz: sensors have none.

    Returns
    -------
    mne.Info
        The description; positions in m.

    Raises
    ------
    ValueError
        If a kind of sensors is unknown to MNE.
    """
    mne = require("mne", extra="mne", purpose=_PURPOSE)
    known = network.parameters.get("sampling_frequency")
    rate = sfreq if sfreq is not None else 1.0 if known is None else float(known.value)
    kinds = _kinds(network)
    names = network.nodes.labels.tolist()
    info = mne.create_info(names, rate, kinds, verbose="ERROR")
    if network.nodes.has_positions:
        places, frame = _places(network), _frame(network)
        electric = {name: place for name, place, kind in zip(names, places, kinds, strict=True) if kind not in _COILS}
        if electric:
            montage = mne.channels.make_dig_montage(electric, coord_frame=frame)
            info.set_montage(montage, on_missing="ignore", verbose="ERROR")
        normals = network.nodes.columns.get("orientation")
        for row, (channel, kind) in enumerate(zip(info["chs"], kinds, strict=True)):
            if kind in _COILS:
                axes = _axes(np.array([0.0, 0.0, 1.0]) if normals is None else np.asarray(normals[row], dtype=float))
                channel["loc"][:] = np.concatenate([places[row], *axes])
                channel["coord_frame"] = FRAMES["head"]
    if "usable" in network.nodes.columns:
        info["bads"] = [name for name, fine in zip(names, network.nodes.columns["usable"], strict=True) if not fine]
    return info


_COILS = ("mag", "grad")


def _kinds(network: Network) -> list[str]:
    if "kind" in network.nodes.columns:
        found = [str(kind) for kind in network.nodes.columns["kind"]]
    else:
        said = network.parameters.get("sensor_type")
        found = [_of_class(network) if said is None else str(said.value)] * network.number_of_nodes
    strange = sorted(set(found) - set(_TYPES))
    if strange:
        raise ValueError(f"sensors of kind {', '.join(strange)} are unknown to MNE: expected {', '.join(_TYPES)}")
    return [_TYPES[kind] for kind in found]


def _of_class(network: Network) -> str:
    """Tell the kind of TVB's sensors from their class; EEG where nothing is said."""
    note = network.extra.get("tvb", {})
    name = note["objects"][note["root"]]["class"] if note else ""
    return "mag" if "MEG" in name else "seeg" if "Internal" in name or "SEEG" in name else "eeg"


def _places(network: Network) -> Any:
    """Give positions in metres, in axes that point right, forward and up."""
    if not network.nodes.has_positions:
        raise ShapeError("the sensors have no positions: MNE needs them; set network.nodes.positions [mm]")
    places = np.asarray(network.nodes.positions, dtype=np.float64)
    turned = places if "frame" in network.parameters else to_ras(places, network.frame.frame)
    return turned / 1e3


def _frame(network: Network) -> str:
    said = network.parameters.get("frame")
    return "head" if said is None else str(said.value)


def _axes(normal: Any) -> tuple[Any, Any, Any]:
    """Give three axes at right angles, the last along a normal."""
    size = np.linalg.norm(normal)
    third = normal / size if size else np.array([0.0, 0.0, 1.0])
    first = np.cross(third, np.eye(3)[np.argmin(np.abs(third))])
    first /= np.linalg.norm(first)
    return first, np.cross(third, first), third
