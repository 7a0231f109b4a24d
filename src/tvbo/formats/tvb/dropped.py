"""
What the objects of TVB have no place for, told by names alone.

Nothing is read but numbers of types that have more digits than TVB's float64, and next to no time is taken.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from tvbo.errors import LossyConversionError, LossyConversionWarning, warn
from tvbo.model.arrays import is_sparse
from tvbo.model.datatypes import root_note
from tvbo.model.matrices import LENGTHS, WEIGHTS, EdgeMatrix
from tvbo.model.network import Network
from tvbo.model.tvb_traits import HOMES, family

# What formats say of their own files, and what figures are told, means nothing to TVB.
_OF_FORMATS = frozenset(("tvb", "tvb_zip", "tvb_h5", "sidecar", "frame", "bids", "mne"))
# Traits that are other objects: the columns of a gain, the skull, and what a simulator consists of.
_OF_PLANS = frozenset(("gain", "brain_skull", "skull_skin", "skin_air", "measure"))
# The unit that TVB takes areas in, as people write it.
_OF_AREAS = frozenset(("mm2", "mm^2", "mm²"))


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
    if network.nodes.has_ids:
        yield "nodes.ids"
    if network.nodes.extra:
        yield "nodes.extra"
    for name in network.nodes.columns:
        unit = network.nodes.units.get(name)
        if f"column:{name}" not in places:
            yield f"nodes.columns.{name}"
        elif unit is not None and not (name == "area" and unit in _OF_AREAS):
            yield f"nodes.columns.{name}.unit"
    # Others call the same two matrices otherwise.
    same = {name: names[0] for names in (WEIGHTS, LENGTHS) for name in names}
    for name, matrix in network.matrices.items():
        if f"matrix:{same.get(name, name)}" not in places:
            yield f"matrices.{name}"
        else:
            yield from (f"matrices.{name}{part}" for part in _of_matrix(network, name, matrix))
    # By the type of sensors the class is chosen.
    placed = {*places, "parameter:sensor_type"}
    for name, parameter in network.parameters.items():
        # TVB's reader calls the speed v.
        if f"parameter:{name}" not in placed or parameter.extra or parameter.label not in (None, "v"):
            yield name
    if network.mesh is not None and "mesh:vertices" not in places:
        yield "mesh"
    if network.has_node_mapping and "mapping:" not in places:
        yield "node_mapping_data"
    if network.has_parent_network and not noted:
        held = "mapping:" in places and not any(_lost(network.parent(), ("Connectivity",)))
        yield from () if held else ("parent_network",)
    traits = root_note(network).get("traits", {})
    yield from (f"links.{name}" for name in network.links if name not in _OF_PLANS and name not in traits)
    if not noted and "ProjectionMatrix" in families and "gain" in network.links:
        sources = network.links["gain"]
        if sources.mesh is None and sources.extra.get("tvb") is None:
            # Regions are no sources of TVB's.
            yield "links.gain"
    yield from (f"extra.{name}" for name in network.extra if name not in _OF_FORMATS)


def _of_matrix(network: Network, name: str, matrix: EdgeMatrix) -> Iterator[str]:
    """Tell what is lost of a matrix that has a place."""
    if matrix.unit is not None and name not in LENGTHS:
        yield ".unit"
    if matrix.column_labels is not None and name not in network.links:
        yield ".column_labels"
    if matrix.extra:
        yield ".extra"
    # What came from TVB goes back with the type that it had.
    if not network.extra.get("tvb") and _has_more_digits(matrix):
        yield f" (rounded from {matrix.dtype} to float64)"


def _has_more_digits(matrix: EdgeMatrix) -> bool:
    dtype = matrix.dtype
    if np.finfo(dtype).nmant <= np.finfo(float).nmant if dtype.kind in "fc" else dtype.itemsize < 8:
        return False
    values: Any = matrix.load()
    given = np.asarray(values.data if is_sparse(values) else values)
    with np.errstate(all="ignore"):
        rounded = given.astype(np.float64)
        # Beyond the largest number of the type a cast back would mean nothing.
        fits = rounded < 2.0 ** (8 * dtype.itemsize - (dtype.kind == "i")) if dtype.kind in "iu" else np.True_
        same = (rounded.astype(dtype) == given) | (given != given)
    return not bool((same & fits).all())
