"""Which TVB classes there are, and where their traits live in a network."""

import warnings
from types import ModuleType

from tvbo._optional import require

SURFACES = (
    "Surface",
    "CorticalSurface",
    "WhiteMatterSurface",
    "SkinAir",
    "BrainSkull",
    "SkullSkin",
    "EEGCap",
    "FaceSurface",
)
MODULES = {
    "Connectivity": "tvb.datatypes.connectivity",
    "RegionMapping": "tvb.datatypes.region_mapping",
    "LocalConnectivity": "tvb.datatypes.local_connectivity",
    "Cortex": "tvb.datatypes.cortex",
    **dict.fromkeys(SURFACES, "tvb.datatypes.surfaces"),
}
TAKEN = ("Connectivity", *SURFACES, "RegionMapping", "Cortex")

# Trait -> its place in a network.
HOMES: dict[str, dict[str, str]] = {
    "Connectivity": {
        "weights": "matrix:weight",
        "tract_lengths": "matrix:length",
        "region_labels": "labels:",
        "centres": "positions:",
        "cortical": "column:cortical",
        "areas": "column:area",
        "hemispheres": "column:hemisphere",
        "orientations": "column:orientation",
        "speed": "parameter:conduction_speed",
    },
    "Surface": {
        "vertices": "mesh:vertices",
        "triangles": "mesh:elements",
        "vertex_normals": "mesh:normals",
        "hemisphere_mask": "column:hemisphere",
    },
    "RegionMapping": {"array_data": "mapping:"},
    "LocalConnectivity": {"matrix": "matrix:local_connectivity"},
}
UNITS = {"length": "mm"}
SPEED = "parameter:conduction_speed"
# What Connectivity.set_idelays leaves beside the trait.
IDELAYS = ("has_delays", "_horizon", "inodes", "delay_indices")
# The traits that tell how many regions there are, square weights first.
SIZED = ("weights", "region_labels", "centres")


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


def table_of(name: str) -> dict[str, str]:
    """
    Give the places of a class's traits.

    Parameters
    ----------
    name : str
        The class.

    Returns
    -------
    dict of str to str
        Trait and place.
    """
    return HOMES.get("Surface" if name in SURFACES else name, {})
