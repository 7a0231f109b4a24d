"""Which TVB classes there are, what makes up the network of one, and where its traits live there."""

import warnings
from types import ModuleType
from typing import Any, NamedTuple

from tvbo._optional import require
from tvbo.model.tvb_traits import MODULES

TAKEN = tuple(MODULES)
SIMULATOR = "tvb.simulator.simulator"
UNITS = {"length": "mm"}
# Matrices whose columns are nodes of another network.
RECTANGULAR = ("gain",)
SPEED = "parameter:conduction_speed"
# What an object holds beside its traits: Connectivity.set_idelays and the configure_space and configure_time of
# stimuli leave it there.
IDELAYS = ("has_delays", "_horizon", "inodes", "delay_indices")
PATTERN = ("space", "_spatial_pattern", "time", "_temporal_pattern")


class Plan(NamedTuple):
    """
    What makes up the network of an object.

    Attributes
    ----------
    members : tuple of str
        The objects whose traits move in, as paths of traits; ``""`` is the object itself. ``|`` parts
        alternatives. The first one that is there gives the network its label.
    parent : str
        The connectivity, where it is a network of its own.
    links : dict of str to str
        Linked networks, and the traits that they are made of.
    """

    members: tuple[str, ...] = ("",)
    parent: str = ""
    links: dict[str, str] = {}


PLANS = {
    "RegionMapping": Plan(("surface", ""), "connectivity"),
    "Cortex": Plan(
        (
            "region_mapping_data.surface|local_connectivity.surface",
            "region_mapping_data",
            "local_connectivity",
            "",
        ),
        "region_mapping_data.connectivity",
    ),
    "LocalConnectivity": Plan(("surface", "")),
    "StimuliSurface": Plan(("surface", "")),
    "StimuliRegion": Plan(("connectivity", "")),
    "ConnectivityMeasure": Plan(("connectivity", "")),
    "ProjectionMatrix": Plan(
        ("sensors", ""),
        links={"gain": "sources", "brain_skull": "brain_skull", "skull_skin": "skull_skin", "skin_air": "skin_air"},
    ),
    "StructuralMRI": Plan(("volume", "")),
    "SpatialPatternVolume": Plan(("volume", "")),
    "RegionVolumeMapping": Plan(("volume", ""), "connectivity"),
    "Tracts": Plan(("region_volume_map.volume", "region_volume_map", ""), "region_volume_map.connectivity"),
}


class Frame(NamedTuple):
    """
    What kind of network holds an object.

    Attributes
    ----------
    descriptor : str
        What it is called.
    node : str
        What a node is called.
    sized : tuple of str
        The traits that tell how many nodes there are, square ones first.
    """

    descriptor: str
    node: str
    sized: tuple[str, ...] = ()


FRAMES = {
    "Connectivity": Frame("SC", "region", ("weights", "region_labels", "centres")),
    "Surface": Frame("surface", "vertex"),
    "RegionMapping": Frame("surface", "vertex", ("array_data",)),
    "Cortex": Frame("surface", "vertex"),
    "LocalConnectivity": Frame("surface", "vertex", ("matrix",)),
    "StimuliSurface": Frame("surface", "vertex"),
    "Sensors": Frame("sensors", "sensor", ("labels", "locations")),
    "ProjectionMatrix": Frame("projection", "sensor", ("projection_data",)),
    "ConnectivityMeasure": Frame("SC", "region", ("array_data",)),
    "StimuliRegion": Frame("SC", "region", ("weight",)),
    **dict.fromkeys(
        ("Volume", "StructuralMRI", "RegionVolumeMapping", "SpatialPatternVolume"), Frame("volume", "voxel")
    ),
    "Tracts": Frame("tracts", "tract"),
}


class TVBSurface(NamedTuple):
    """
    The three linked objects of a TVB surface simulation, in the order of `Network.from_tvb_surface`.

    Attributes
    ----------
    connectivity : tvb.datatypes.connectivity.Connectivity
        The regions.
    surface : tvb.datatypes.surfaces.Surface
        The mesh.
    region_mapping : tvb.datatypes.region_mapping.RegionMapping
        Linked to both.
    """

    connectivity: Any
    surface: Any
    region_mapping: Any


def tvb_module(module: str) -> ModuleType:
    """
    Import a module of tvb-library.

    Parameters
    ----------
    module : str
        Its dotted name.

    Returns
    -------
    module
        The module.
    """
    with warnings.catch_warnings():
        # tvb-library warns at import that the optional gdist is missing.
        warnings.simplefilter("ignore")
        return require(module, extra="tvb", purpose="exchange objects with The Virtual Brain")


def kind_of(obj: object) -> str | None:
    """
    Name the TVB class of an object without importing TVB.

    Parameters
    ----------
    obj : object
        Anything.

    Returns
    -------
    str or None
        The name; None if it is none of TVB's that are known here.
    """
    cls = type(obj)
    name = cls.__name__
    return name if MODULES.get(name) == cls.__module__ else None


def is_simulator(obj: object) -> bool:
    """
    Tell whether an object is a simulator, without importing TVB.

    Parameters
    ----------
    obj : object
        Anything.

    Returns
    -------
    bool
        Whether it is, or of a class made of it.
    """
    return any((cls.__name__, cls.__module__) == ("Simulator", SIMULATOR) for cls in type(obj).__mro__)
