"""Which classes of The Virtual Brain hold networks, and where their traits live in one of ours."""

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
SENSORS = ("Sensors", "SensorsEEG", "SensorsMEG", "SensorsInternal")
PROJECTIONS = ("ProjectionMatrix", "ProjectionSurfaceEEG", "ProjectionSurfaceMEG", "ProjectionSurfaceSEEG")
# Class and the module of TVB that it is in.
MODULES = {
    "Connectivity": "tvb.datatypes.connectivity",
    **dict.fromkeys(SURFACES, "tvb.datatypes.surfaces"),
    "RegionMapping": "tvb.datatypes.region_mapping",
    "Cortex": "tvb.datatypes.cortex",
    "LocalConnectivity": "tvb.datatypes.local_connectivity",
    **dict.fromkeys(SENSORS, "tvb.datatypes.sensors"),
    **dict.fromkeys(PROJECTIONS, "tvb.datatypes.projections"),
    "ConnectivityMeasure": "tvb.datatypes.graph",
    **dict.fromkeys(("StimuliRegion", "StimuliSurface", "SpatialPatternVolume"), "tvb.datatypes.patterns"),
    "Volume": "tvb.datatypes.volumes",
    "StructuralMRI": "tvb.datatypes.structural",
    "RegionVolumeMapping": "tvb.datatypes.region_mapping",
    "Tracts": "tvb.datatypes.tracts",
}
# Classes that stand for one another in the tables below, and in what a link leads to.
FAMILIES = {
    **dict.fromkeys(SURFACES, "Surface"),
    **dict.fromkeys(SENSORS, "Sensors"),
    **dict.fromkeys(PROJECTIONS, "ProjectionMatrix"),
}
# Trait and its place in a network, the first that fits of several; all others lie in extra["tvb"].
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
    "Sensors": {
        "labels": "labels:",
        "locations": "positions:",
        "orientations": "column:orientation",
        "usable": "column:usable",
    },
    "ProjectionMatrix": {"projection_data": "matrix:gain"},
    "ConnectivityMeasure": {"array_data": "matrix:measure|column:measure"},
    "StimuliRegion": {"weight": "column:stimulus"},
}


def family(name: str | None) -> str:
    """
    Name what stands for a class in the tables.

    Parameters
    ----------
    name : str or None
        The class.

    Returns
    -------
    str
        Itself, or the class that it is made of; empty for None.
    """
    return FAMILIES.get(name or "", name or "")
