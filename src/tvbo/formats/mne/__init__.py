"""
MNE forward solutions: what the dipoles of each region, or of each source, do to each sensor.

``from_mne_forward(forward, regions=...)`` makes a projection network: its nodes are the sensors, its matrix ``gain``
is (n_sensors, n_regions). Whatever decides what a gain means (unit, reference, orientation, reduction, frame) is kept
beside it, and so is how many sources of each region the forward model used.

``forward`` reads MNE's object (sensors, sources, gain, frames), ``regions`` says which source belongs to which region
and how much of each was used, ``importer`` puts the network together.
"""

from typing import Any

from tvbo.formats.mne.forward import takes
from tvbo.formats.mne.importer import from_mne_forward
from tvbo.model.network import Network

__all__ = ["from_mne_forward", "from_object", "takes"]


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
