"""
Live objects of The Virtual Brain: Connectivity, surfaces, region mappings and cortices.

Every declared trait that an object holds is kept, by a walk over its ``__dict__``; a trait that is not there
stays away, which TVB tells from None and from an empty array. `HOMES` says which traits have a place of their
own in a network, where people can see and change them; all others lie in ``extra["tvb"]``. One table serves
both directions.
"""

from typing import Any

from tvbo.errors import UnsupportedObjectError, warn
from tvbo.formats.tvb.exporter import TVBSurface, to_object
from tvbo.formats.tvb.importer import Importer
from tvbo.formats.tvb.table import HOMES, SURFACES, TAKEN, kind_of
from tvbo.model.network import Network

__all__ = ["HOMES", "TAKEN", "TVBSurface", "from_object", "from_surface", "takes", "to_object"]


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
        True for a Connectivity, any Surface, a RegionMapping or a Cortex.
    """
    return kind_of(obj) in TAKEN


def from_object(obj: Any) -> Network:
    """
    Take a TVB datatype.

    Parameters
    ----------
    obj : tvb.datatypes object
        Of one of the classes in `TAKEN`.

    Returns
    -------
    Network
        The network.

    Raises
    ------
    UnsupportedObjectError
        If it is of another class.
    """
    if not takes(obj):
        kind = f"{type(obj).__module__}.{type(obj).__qualname__}"
        raise UnsupportedObjectError(f"cannot take a {kind}: expected one of tvb.datatypes' {', '.join(TAKEN)}")
    return Importer().run(obj, None)


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
    network = Importer().run(region_mapping, (connectivity, surface))
    return network.parent(), network
