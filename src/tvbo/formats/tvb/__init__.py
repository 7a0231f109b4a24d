"""
Live objects of The Virtual Brain: connectivities, surfaces, mappings, sensors, projections, volumes, stimuli.

Every declared trait that an object holds is kept, by a walk over its ``__dict__``; a trait that is not there
stays away, which TVB tells from None and from an empty array. The tables in `tvbo.formats.tvb.table` say which
objects make up one network, which ones networks that are linked to it (`PLANS`), and which traits have a place of
their own there, where people can see and change them (`HOMES`); all others lie in ``extra["tvb"]``. The same
tables serve both directions.
"""

from typing import Any

from tvbo.errors import UnsupportedObjectError, warn
from tvbo.formats.tvb.exporter import to_object
from tvbo.formats.tvb.importer import Graph, Importer
from tvbo.formats.tvb.simulator import TVBMonitor, TVBSimulation, from_simulator
from tvbo.formats.tvb.table import TAKEN, TVBSurface, is_simulator, kind_of
from tvbo.model.network import Network
from tvbo.model.tvb_traits import HOMES, SURFACES

__all__ = [
    "DROPS",
    "EXTRA",
    "HOMES",
    "TAKEN",
    "TVBMonitor",
    "TVBSimulation",
    "TVBSurface",
    "from_object",
    "from_surface",
    "takes",
    "to_object",
]

EXTRA = "tvb"
DROPS = {
    "description": "description",
    "nodes.labels": "nodes.labels",
    "nodes.ids": "nodes.ids",
    "nodes.columns.*": "nodes.columns.*",
    "nodes.extra*": "nodes.extra",
    "matrices.*": "matrices.*",
    "parameters.*.*": "*",
    "parent_network*": "parent_network",
    "links*": "links",
    "extra.*": "extra",
}


def takes(obj: object) -> bool:
    """
    Tell whether an object is one that this format takes.

    Parameters
    ----------
    obj : object
        Anything.

    Returns
    -------
    bool
        True for objects of the classes in `TAKEN`, for a TVBSurface, and for a Simulator.
    """
    return kind_of(obj) in TAKEN or isinstance(obj, TVBSurface) or is_simulator(obj)


def from_object(obj: Any, *, strict: bool = False) -> Network:
    """
    Take a TVB datatype, or the networks of a simulator.

    Parameters
    ----------
    obj : tvb.datatypes object, TVBSurface or tvb.simulator.simulator.Simulator
        Of one of the classes in `TAKEN`, which lose nothing, the three that `execute` gives of a surface, or a
        simulator.
    strict : bool
        Whether it is an error if a simulator holds anything but networks; else that is a warning.

    Returns
    -------
    Network
        The network.

    Raises
    ------
    LossyConversionError
        If `strict`, and something would be left out.
    UnsupportedObjectError
        If it is of another class.
    """
    if is_simulator(obj):
        return from_simulator(obj, strict=strict)
    if isinstance(obj, TVBSurface):
        return from_surface(*obj)[1]
    return Graph().network_of(obj)


def from_surface(connectivity: Any, surface: Any, region_mapping: Any) -> tuple[Network, Network]:
    """
    Take connectivity, surface and region mapping as two linked networks.

    Parameters
    ----------
    connectivity : tvb.datatypes.connectivity.Connectivity
        The regions.
    surface : tvb.datatypes.surfaces.Surface
        The mesh.
    region_mapping : tvb.datatypes.region_mapping.RegionMapping
        The region of each vertex. Where it refers to other objects, the arguments win, with a warning.

    Returns
    -------
    regions, surface : Network
        The region network, and the vertex network whose parent it is.

    Raises
    ------
    UnsupportedObjectError
        If an argument is of another class.
    """
    expected = (("Connectivity",), SURFACES, ("RegionMapping",))
    names = ("connectivity", "surface", "region_mapping")
    for name, obj, kinds in zip(names, (connectivity, surface, region_mapping), expected, strict=True):
        if kind_of(obj) not in kinds:
            raise UnsupportedObjectError(
                f"{name} is a {type(obj).__module__}.{type(obj).__qualname__}: expected {' or '.join(kinds)}"
            )
    for name, given in (("connectivity", connectivity), ("surface", surface)):
        own = region_mapping.__dict__.get(name)
        if own is not None and own is not given:
            warn(f"region_mapping.{name} is another object than the {name} given; the one given is linked")
    network = Importer(Graph()).run(region_mapping, (connectivity, surface))
    return network.parent(), network
