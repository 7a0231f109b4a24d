"""What the framework of TVB puts where in its files: one table for both directions."""

from typing import NamedTuple


class Layout(NamedTuple):
    """
    Where the traits of a class are.

    Attributes
    ----------
    writer : str
        The class of the framework that writes such a file, below ``tvb.adapters.datatypes.h5``.
    arrays : tuple of str
        Traits that are datasets.
    scalars : dict of str to str
        Traits that are attributes of the root: ``bool``, ``int``, ``float``, ``str``, or ``json``.
    references : dict of str to str
        Traits that are datatypes in files of their own, and the kind of place that these have in a network: ``inside``
        it, its ``parent``, or the name of the link that leads to it.
    equations : tuple of str
        Traits that are equations: JSON in attributes of the root.
    """

    writer: str
    arrays: tuple[str, ...] = ()
    scalars: dict[str, str] = {}
    references: dict[str, str] = {}
    equations: tuple[str, ...] = ()


LAYOUTS = {
    "Connectivity": Layout(
        "connectivity_h5.ConnectivityH5",
        ("region_labels", "weights", "tract_lengths", "centres", "cortical", "hemispheres", "orientations", "areas"),
        {
            "undirected": "bool",
            "number_of_regions": "int",
            "number_of_connections": "int",
            "parent_connectivity": "str",
            "saved_selection": "json",
        },
    ),
    "Surface": Layout(
        "surface_h5.SurfaceH5",
        ("vertices", "triangles", "vertex_normals", "triangle_normals"),
        {
            "number_of_vertices": "int",
            "number_of_triangles": "int",
            "edge_mean_length": "float",
            "edge_min_length": "float",
            "edge_max_length": "float",
            "zero_based_triangles": "bool",
            "bi_hemispheric": "bool",
            "surface_type": "str",
            "valid_for_simulations": "bool",
        },
    ),
    "RegionMapping": Layout(
        "region_mapping_h5.RegionMappingH5",
        ("array_data",),
        references={"connectivity": "parent", "surface": "inside"},
    ),
    "RegionVolumeMapping": Layout(
        "region_mapping_h5.RegionVolumeMappingH5",
        ("array_data",),
        references={"connectivity": "parent", "volume": "inside"},
    ),
    "Volume": Layout("volumes_h5.VolumeH5", ("origin", "voxel_size"), {"voxel_unit": "str"}),
    "StructuralMRI": Layout(
        "structural_h5.StructuralMRIH5", ("array_data",), {"weighting": "str"}, {"volume": "inside"}
    ),
    "Sensors": Layout(
        "sensors_h5.SensorsH5",
        ("labels", "locations", "orientations", "usable"),
        {"sensors_type": "str", "has_orientation": "bool", "number_of_sensors": "int"},
    ),
    "ProjectionMatrix": Layout(
        "projections_h5.ProjectionMatrixH5",
        ("projection_data",),
        {"projection_type": "str", "conductances": "json"},
        {
            "sensors": "inside",
            "sources": "gain",
            "brain_skull": "brain_skull",
            "skull_skin": "skull_skin",
            "skin_air": "skin_air",
        },
    ),
    "LocalConnectivity": Layout(
        "local_connectivity_h5.LocalConnectivityH5", (), {"cutoff": "float"}, {"surface": "inside"}, ("equation",)
    ),
    "ConnectivityMeasure": Layout(
        "graph_h5.ConnectivityMeasureH5", ("array_data",), references={"connectivity": "inside"}
    ),
    "StimuliRegion": Layout(
        "patterns_h5.StimuliRegionH5",
        ("weight",),
        references={"connectivity": "inside"},
        equations=("spatial", "temporal"),
    ),
    "StimuliSurface": Layout(
        "patterns_h5.StimuliSurfaceH5",
        ("focal_points_triangles",),
        references={"surface": "inside"},
        equations=("temporal", "spatial"),
    ),
    "Tracts": Layout(
        "tracts_h5.TractsH5",
        ("vertices", "tract_start_idx", "tract_region"),
        references={"region_volume_map": "inside"},
    ),
}
# The classes that references lead to, or that stand for them.
REFERRED = {
    "connectivity": "Connectivity",
    "surface": "Surface",
    "volume": "Volume",
    "sensors": "Sensors",
    "sources": "Surface",
    "brain_skull": "Surface",
    "skull_skin": "Surface",
    "skin_air": "Surface",
    "region_volume_map": "RegionVolumeMapping",
}
# The class of TVB that each link leads to.
LINKED = {
    "sources": "CorticalSurface",
    "brain_skull": "BrainSkull",
    "skull_skin": "SkullSkin",
    "skin_air": "SkinAir",
}
# Arrays that are other than float64.
DTYPES = {
    "cortical": "?",
    "hemispheres": "?",
    "usable": "?",
    "triangles": "i8",
    "tract_start_idx": "i8",
    "tract_region": "i8",
    "focal_points_triangles": "i8",
    "region_labels": "U128",
    "labels": "U128",
}
# Arrays without which TVB does not take the datatype.
REQUIRED = frozenset(
    ("region_labels", "weights", "tract_lengths", "centres", "vertices", "triangles", "labels", "locations")
    + ("array_data", "projection_data", "origin", "voxel_size", "weight", "focal_points_triangles", "tract_start_idx")
)
# What a class fixes: the object of TVB does not hold it before it is read, and the framework asks for it.
FINAL = {
    "CorticalSurface": ("surface_type", "Cortical Surface"),
    "WhiteMatterSurface": ("surface_type", "White Matter"),
    "SkinAir": ("surface_type", "Skin Air"),
    "BrainSkull": ("surface_type", "Brain Skull"),
    "SkullSkin": ("surface_type", "Skull Skin"),
    "EEGCap": ("surface_type", "EEG Cap"),
    "FaceSurface": ("surface_type", "Face"),
    "SensorsEEG": ("sensors_type", "EEG"),
    "SensorsMEG": ("sensors_type", "MEG"),
    "SensorsInternal": ("sensors_type", "Internal"),
    "ProjectionSurfaceEEG": ("projection_type", "projEEG"),
    "ProjectionSurfaceMEG": ("projection_type", "projMEG"),
    "ProjectionSurfaceSEEG": ("projection_type", "projSEEG"),
}
