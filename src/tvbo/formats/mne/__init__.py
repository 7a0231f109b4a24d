"""
MNE's forward solutions, sensors and connectivities.

===========================  ===========================================================================================
``mne.Forward``              ``from_mne_forward(forward, regions=...)`` makes a projection network: its nodes are the
                             sensors, its matrix ``gain`` is (n_sensors, n_regions). Whatever decides what a gain means
                             (unit, reference, orientation, reduction, frame) is kept beside it, and so is how many
                             sources of each region the forward model used. ``execute(format="mne")`` gives a forward
                             solution whose sources are the columns.
``mne.Info``, ``DigMontage`` sensor networks: names, positions [mm], kinds, orientations, which are usable
``mne_connectivity``         networks with a matrix for each measure, frequency and time
===========================  ===========================================================================================

``forward`` reads MNE's object (sensors, sources, gain, frames), ``regions`` says which source belongs to which region
and how much of each was used, ``importer`` puts the network together, ``exporter`` takes it apart again.
"""

from collections.abc import Callable
from typing import Any

from tvbo import registry
from tvbo.errors import UnsupportedObjectError
from tvbo.formats.mne import connectivity, sensors
from tvbo.formats.mne.exporter import to_forward
from tvbo.formats.mne.importer import from_mne_forward
from tvbo.model.losses import report_losses
from tvbo.model.network import Network

__all__ = ["DROPS", "EXTRA", "from_mne_forward", "from_object", "takes", "to_object"]

EXTRA = "mne"
DROPS = {
    "label": "label",
    "description": "description",
    "descriptor": "descriptor",
    "nodes.ids": "nodes.ids",
    "nodes.positions": "nodes.positions",
    "nodes.columns.*": "nodes.columns.*",
    "nodes.extra*": "nodes.extra",
    "mesh.*": "mesh.*",
    "node_mapping_data": "node_mapping_data",
    "matrices.*": "matrices.*",
    "parameters.*.*": "*",
    "parent_network*": "parent_network",
    "links*": "links",
    "extra*": "extra",
}
_READERS: dict[str, Callable[..., Network]] = {
    "Forward": from_mne_forward,
    "Info": sensors.from_info,
    "DigMontage": sensors.from_montage,
}
_WRITERS: dict[str, Callable[..., Any]] = {
    "forward": to_forward,
    "info": sensors.to_info,
    "montage": sensors.to_montage,
    "connectivity": connectivity.to_connectivity,
}


def takes(obj: object) -> bool:
    """
    Tell whether an object is one of MNE, without importing that.

    Parameters
    ----------
    obj : object
        Any object.

    Returns
    -------
    bool
        True for a forward solution, an Info, a montage, and a connectivity of mne-connectivity.
    """
    package, name = type(obj).__module__.partition(".")[0], type(obj).__name__
    return (package == "mne" and name in _READERS) or (package == "mne_connectivity" and name.endswith("Connectivity"))


def from_object(obj: Any, **options: Any) -> Network:
    """
    Take an object of MNE.

    Parameters
    ----------
    obj : mne.Forward, mne.Info, mne.channels.DigMontage, or an object of mne_connectivity
        The object.
    **options : object
        For a forward solution, as `from_mne_forward` takes them.

    Returns
    -------
    Network
        The network.

    Raises
    ------
    UnsupportedObjectError
        If it is anything else.
    OptionError
        If it has no such option.
    """
    if not takes(obj):
        kind = f"{type(obj).__module__}.{type(obj).__qualname__}"
        raise UnsupportedObjectError(
            f"a {kind} is no object of MNE that has a network: expected a Forward, an Info, a DigMontage, "
            "or a connectivity"
        )
    read: Callable[..., Network] = _READERS.get(type(obj).__name__, connectivity.from_connectivity)
    registry.check_call(read, 1, f"taking a {type(obj).__name__} of MNE", options)
    return read(obj, **options)


def to_object(network: Network, *, kind: str | None = None, strict: bool = False, **options: Any) -> Any:
    """
    Give a network as an object of MNE.

    Parameters
    ----------
    network : Network
        The network.
    kind : {"forward", "info", "montage", "connectivity"}, optional
        What it is to be; a forward solution if there is a gain, an Info if it is of sensors, else a connectivity.
    strict : bool
        Whether to refuse to lose anything.
    **options : object
        ``sfreq=`` for an Info, ``matrix=`` for a connectivity.

    Returns
    -------
    mne.Forward, mne.Info, mne.channels.DigMontage, or an object of mne_connectivity
        The object.

    Raises
    ------
    ValueError
        If there is no such kind.
    OptionError
        If it has no such option.
    LossyConversionError
        If it is strict, and the object has no place for something.
    """
    if kind is None:
        of_sensors = network.descriptor == "sensors"
        kind = "forward" if "gain" in network.matrices else "info" if of_sensors else "connectivity"
    if kind not in _WRITERS:
        raise ValueError(f"kind={kind!r} is unknown: expected {', '.join(map(repr, _WRITERS))}")
    registry.check_call(_WRITERS[kind], 1, f"giving a {kind} of MNE", options)
    made = _WRITERS[kind](network, **options)
    # A gain is as it is: it must not be referred a second time.
    asked = {"reference": "none", "orientation": None} if kind == "forward" else {}
    report_losses(network, from_object(made, **asked), f"{_called(made)} of MNE", strict)
    return made


def _called(made: Any) -> str:
    name = type(made).__name__
    return f"an {name}" if name[0] in "AEIOU" else f"a {name}"
