"""What the objects of TVB have no place for, told by names alone: nothing is read, and next to no time is taken."""

from collections.abc import Iterable, Iterator

from tvbo.errors import LossyConversionError, LossyConversionWarning, warn
from tvbo.model.datatypes import root_note
from tvbo.model.matrices import LENGTHS, WEIGHTS
from tvbo.model.network import Network
from tvbo.model.tvb_traits import HOMES, family

# What formats say of their own files, and what figures are told, means nothing to TVB.
_OF_FORMATS = frozenset(("tvb", "tvb_zip", "tvb_h5", "sidecar", "frame", "bids", "mne"))
# Traits that are other objects: the columns of a gain, the skull, and what a simulator consists of.
_OF_PLANS = frozenset(("gain", "brain_skull", "skull_skin", "skin_air", "measure"))


def report(network: Network, kinds: Iterable[str], strict: bool) -> None:
    """
    Say what the objects that a network becomes cannot hold.

    Parameters
    ----------
    network : Network
        The network.
    kinds : iterable of str
        The classes of the objects, beside those that the network came from.
    strict : bool
        Whether that is an error.

    Raises
    ------
    LossyConversionError
        If it is strict, and something has no place.
    """
    lost = list(dict.fromkeys(_lost(network, kinds)))
    if not lost:
        return
    message = f"objects of TVB cannot carry {', '.join(lost)}: save as .yaml to keep all"
    if strict:
        raise LossyConversionError(message, lost)
    warn(LossyConversionWarning(message, lost))


def _lost(network: Network, kinds: Iterable[str]) -> Iterator[str]:
    noted = network.extra["tvb"]["objects"] if network.extra.get("tvb") else []
    families = {family(kind) for kind in kinds} | {family(note["class"]) for note in noted}
    if "ProjectionMatrix" in families:
        families.add("Sensors")
    places = {each for name in families for home in HOMES.get(name, {}).values() for each in home.split("|")}
    if network.description is not None:
        yield "description"
    if network.nodes.has_labels and "labels:" not in places:
        yield "nodes.labels"
    if network.nodes.has_positions and "positions:" not in places and network.mesh is None:
        yield "nodes.positions"
    yield from (f"nodes.columns.{name}" for name in network.nodes.columns if f"column:{name}" not in places)
    # Others call the same two matrices otherwise.
    same = {name: names[0] for names in (WEIGHTS, LENGTHS) for name in names}
    yield from (f"matrices.{name}" for name in network.matrices if f"matrix:{same.get(name, name)}" not in places)
    # By the type of sensors the class is chosen.
    placed = {*places, "parameter:sensor_type"}
    yield from (name for name in network.parameters if f"parameter:{name}" not in placed)
    if network.mesh is not None and "mesh:vertices" not in places:
        yield "mesh"
    if network.has_node_mapping and "mapping:" not in places:
        yield "node_mapping_data"
    traits = root_note(network).get("traits", {})
    yield from (f"links.{name}" for name in network.links if name not in _OF_PLANS and name not in traits)
    yield from (f"extra.{name}" for name in network.extra if name not in _OF_FORMATS)
