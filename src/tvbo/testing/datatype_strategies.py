"""
Hypothesis strategies over sensors, projections, volumes, measures and stimuli of The Virtual Brain, and simulators.

They draw from the whole legal space, as those of `tvbo.testing.strategies` do.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from tvb.datatypes import equations, patterns, projections, structural, tracts, volumes
from tvb.datatypes import sensors as tvb_sensors
from tvb.datatypes import surfaces as tvb_surfaces
from tvb.datatypes.graph import ConnectivityMeasure
from tvb.datatypes.region_mapping import RegionMapping, RegionVolumeMapping
from tvb.simulator import monitors, simulator

from tvbo.testing.array_strategies import Draw, Shape, bool_arrays, float_arrays, int_arrays, label_arrays, texts
from tvbo.testing.assertions import clone
from tvbo.testing.drawing import christen, give, give_array, length_of, quietly, read_all, tame_floats
from tvbo.testing.strategies import connectivities, cortices, equation_objects, region_mappings, surfaces

__all__ = [
    "PROJECTION_CLASSES",
    "SENSOR_CLASSES",
    "TEMPORAL_CLASSES",
    "connectivity_measures",
    "projection_matrices",
    "region_volume_mappings",
    "sensor_sets",
    "simulators",
    "stimuli",
    "tract_sets",
    "volume_objects",
]

SENSOR_CLASSES = (
    tvb_sensors.SensorsEEG,
    tvb_sensors.SensorsMEG,
    tvb_sensors.SensorsInternal,
    tvb_sensors.Sensors,
)
# Each with the sensors that it takes.
PROJECTION_CLASSES = {
    projections.ProjectionSurfaceEEG: SENSOR_CLASSES[:1],
    projections.ProjectionSurfaceMEG: SENSOR_CLASSES[1:2],
    projections.ProjectionSurfaceSEEG: SENSOR_CLASSES[2:3],
    projections.ProjectionMatrix: SENSOR_CLASSES,
}
TEMPORAL_CLASSES = (
    equations.PulseTrain,
    equations.TemporalApplicableEquation,
    equations.Linear,
    equations.Sinusoid,
    equations.Cosine,
    equations.Alpha,
    equations.GeneralizedSigmoid,
    equations.Gaussian,
)
_CORTICAL = (tvb_surfaces.CorticalSurface,)
_SHAPES = st.sampled_from([(2, 3, 2), (1, 1, 1), (0, 2, 2), (3, 2, 1), (2, 2), (4,)])
_COUNTS = st.sampled_from([0, 1, -1, 5, 2**53 + 1, 2**63 - 1])


def _any_floats(draw: Draw) -> Any:
    return draw(st.sampled_from([tame_floats, float_arrays]))


def _live(draw: Draw, obj: Any) -> None:
    """Leave an object fresh, or read or configure it."""
    life = draw(st.sampled_from(["fresh", "configured", "read"]))
    if life == "configured":
        with quietly():
            obj.configure()
    elif life == "read":
        read_all(obj)


def sensor_sets(max_sensors: int = 4, classes: Sequence[type] = SENSOR_CLASSES) -> Any:
    """
    Draw Sensors objects of every class.

    Parameters
    ----------
    max_sensors : int
        The largest number of sensors; none and one occur.
    classes : sequence of type
        The classes to choose from.

    Returns
    -------
    SearchStrategy of Sensors
        The strategy.
    """
    return st.composite(_sensors)(max_sensors, tuple(classes))


def _sensors(draw: Draw, max_sensors: int, classes: Sequence[type]) -> Any:
    cls = draw(st.sampled_from(list(classes)))
    obj = cls()
    christen(draw, obj)
    n, tidy, floats = draw(st.integers(0, max_sensors)), draw(st.booleans()), _any_floats(draw)
    for name, make, shape, needed in (
        ("labels", label_arrays, (n,), True),
        ("locations", floats, (n, 3), True),
        ("orientations", floats, (n, 3), False),
        ("usable", bool_arrays, (n,), False),
    ):
        give_array(draw, obj, name, make, shape, tidy=tidy, needed=needed)
    if cls is tvb_sensors.Sensors:
        give(draw, obj, "sensors_type", texts())
    give(draw, obj, "has_orientation", st.booleans())
    _live(draw, obj)
    # After configure(), which would overwrite it.
    if draw(st.booleans()):
        give(draw, obj, "number_of_sensors", _COUNTS)
    return obj


def projection_matrices(classes: Sequence[type] = tuple(PROJECTION_CLASSES)) -> Any:
    """
    Draw ProjectionMatrix objects of every class, with or without sensors, sources and the surfaces of the skull.

    Parameters
    ----------
    classes : sequence of type
        The classes to choose from.

    Returns
    -------
    SearchStrategy of ProjectionMatrix
        The strategy.
    """
    return st.composite(_projection)(tuple(classes), None)


def _projection(draw: Draw, classes: Sequence[type], sources: Any) -> Any:
    cls = draw(st.sampled_from(list(classes)))
    obj = cls()
    christen(draw, obj)
    if isinstance(sources, tvb_surfaces.CorticalSurface):
        obj.sources = sources
    else:
        give(draw, obj, "sources", surfaces(4, _CORTICAL), often=True)
    give(draw, obj, "sensors", sensor_sets(3, PROJECTION_CLASSES[cls]), often=True)
    for name, made_of in (
        ("brain_skull", tvb_surfaces.BrainSkull),
        ("skull_skin", tvb_surfaces.SkullSkin),
        ("skin_air", tvb_surfaces.SkinAir),
    ):
        if draw(st.integers(0, 3)) == 0:
            give(draw, obj, name, st.one_of(st.none(), surfaces(2, (made_of,))), often=True)
    shape = (
        length_of(vars(obj).get("sensors"), "labels") or draw(st.integers(0, 3)),
        length_of(vars(obj).get("sources"), "vertices") or draw(st.integers(0, 4)),
    )
    give_array(draw, obj, "projection_data", _any_floats(draw), shape, tidy=draw(st.booleans()), needed=True)
    if draw(st.booleans()) and vars(obj).get("projection_data") is not None and obj.projection_data.ndim == 2:
        # As sensors have that measure something else, such as the heart.
        obj.projection_data[:1] = np.nan
    if cls is projections.ProjectionMatrix:
        give(draw, obj, "projection_type", texts())
    numbers = st.one_of(float_arrays((1,)).map(lambda array: array[0].item()), st.integers())
    give(draw, obj, "conductances", st.one_of(st.none(), st.dictionaries(texts(), numbers, max_size=4)))
    _live(draw, obj)
    return obj


def volume_objects() -> Any:
    """
    Draw Volume and StructuralMRI objects, and patterns in a volume.

    Returns
    -------
    SearchStrategy of Volume, StructuralMRI or SpatialPatternVolume
        The strategy.
    """
    return st.one_of(st.composite(_volume)(), st.composite(_mri)(), st.composite(_volume_pattern)())


def _volume(draw: Draw) -> Any:
    obj = volumes.Volume()
    christen(draw, obj)
    tidy = draw(st.booleans())
    for name, shape in (("origin", draw(st.sampled_from([(3,), (1, 3)]))), ("voxel_size", (3,))):
        give_array(draw, obj, name, _any_floats(draw), shape, tidy=tidy, needed=True)
    give(draw, obj, "voxel_unit", texts())
    _live(draw, obj)
    return obj


def _mri(draw: Draw) -> Any:
    obj = structural.StructuralMRI()
    christen(draw, obj)
    give_array(draw, obj, "array_data", _any_floats(draw), draw(_SHAPES), tidy=draw(st.booleans()), needed=True)
    give(draw, obj, "weighting", texts())
    give(draw, obj, "volume", st.composite(_volume)(), often=True)
    _live(draw, obj)
    return obj


def _volume_pattern(draw: Draw) -> Any:
    obj = patterns.SpatialPatternVolume()
    christen(draw, obj)
    give(draw, obj, "spatial", equation_objects())
    give(draw, obj, "volume", st.composite(_volume)(), often=True)
    give_array(draw, obj, "focal_points_volume", int_arrays, (2, 3), tidy=draw(st.booleans()), needed=True)
    return obj


def region_volume_mappings() -> Any:
    """
    Draw RegionVolumeMapping objects, with or without the connectivity and the volume that they link.

    Returns
    -------
    SearchStrategy of RegionVolumeMapping
        The strategy; -1 is the background.
    """
    return st.composite(_region_volume_mapping)()


def _region_volume_mapping(draw: Draw) -> Any:
    obj = RegionVolumeMapping()
    christen(draw, obj)
    give(draw, obj, "connectivity", connectivities(3), often=True)
    give(draw, obj, "volume", st.composite(_volume)(), often=True)
    n_regions = length_of(vars(obj).get("connectivity"), "weights")

    def regions(shape: Shape) -> Any:
        tidy = int_arrays(shape, below=n_regions + 1).map(lambda indices: np.asarray(indices - 1))
        return st.one_of(tidy, int_arrays(shape))

    give_array(draw, obj, "array_data", regions, draw(_SHAPES), tidy=draw(st.booleans()), needed=True)
    _live(draw, obj)
    return obj


def tract_sets() -> Any:
    """
    Draw Tracts objects.

    Returns
    -------
    SearchStrategy of Tracts
        The strategy.
    """
    return st.composite(_tracts)()


def _tracts(draw: Draw) -> Any:
    obj = tracts.Tracts()
    christen(draw, obj)
    n, tidy = draw(st.integers(0, 3)), draw(st.booleans())
    give_array(draw, obj, "vertices", _any_floats(draw), (2 * n, 3), tidy=tidy, needed=True)
    give_array(draw, obj, "tract_start_idx", int_arrays, (n + 1,), tidy=tidy, needed=True)
    give_array(draw, obj, "tract_region", int_arrays, (n,), tidy=tidy, needed=False)
    give(draw, obj, "region_volume_map", region_volume_mappings(), often=True)
    _live(draw, obj)
    return obj


def connectivity_measures() -> Any:
    """
    Draw ConnectivityMeasure objects: a number for each region or each pair of them, or any other array.

    Returns
    -------
    SearchStrategy of ConnectivityMeasure
        The strategy.
    """
    return st.composite(_measure)()


def _measure(draw: Draw) -> Any:
    obj = ConnectivityMeasure()
    christen(draw, obj)
    give(draw, obj, "connectivity", connectivities(3), often=True)
    n = length_of(vars(obj).get("connectivity"), "weights")
    shape = draw(st.sampled_from([(n,), (n, n), (n, n, 2), (n, 1)]))
    give_array(draw, obj, "array_data", _any_floats(draw), shape, tidy=draw(st.booleans()), needed=True)
    _live(draw, obj)
    return obj


def stimuli() -> Any:
    """
    Draw StimuliRegion and StimuliSurface objects, with what configure_space and configure_time leave behind.

    Returns
    -------
    SearchStrategy of StimuliRegion or StimuliSurface
        The strategy.
    """
    return st.one_of(st.composite(_region_stimulus)(None), st.composite(_surface_stimulus)(None))


def _region_stimulus(draw: Draw, connectivity: Any) -> Any:
    obj = patterns.StimuliRegion()
    christen(draw, obj)
    if connectivity is None:
        give(draw, obj, "connectivity", connectivities(3), often=True)
    else:
        obj.connectivity = connectivity
    give(draw, obj, "spatial", equation_objects([equations.DiscreteEquation]))
    _give_time(draw, obj)
    n = length_of(vars(obj).get("connectivity"), "weights")
    give_array(draw, obj, "weight", _any_floats(draw), (n,), tidy=draw(st.booleans()), needed=True)
    if draw(st.booleans()) and "weight" in vars(obj) and "equation" not in vars(vars(obj).get("spatial", obj)):
        # Not with an equation that was drawn: TVB evaluates it.
        with quietly():
            obj.configure_space(draw(st.sampled_from([None, np.zeros(3, dtype=int)])))
    return obj


def _surface_stimulus(draw: Draw, surface: Any) -> Any:
    obj = patterns.StimuliSurface()
    christen(draw, obj)
    if surface is None:
        give(draw, obj, "surface", surfaces(4, _CORTICAL), often=True)
    else:
        obj.surface = surface
    give(draw, obj, "spatial", equation_objects())
    _give_time(draw, obj)
    give_array(draw, obj, "focal_points_triangles", int_arrays, (2,), tidy=draw(st.booleans()), needed=True)
    if draw(st.booleans()):
        # configure_space() leaves the distances along the surface, which gdist finds.
        obj.space = draw(float_arrays((length_of(vars(obj).get("surface"), "vertices"), 2)))
        obj._spatial_pattern = draw(float_arrays((len(obj.space), 1)))
    return obj


def _give_time(draw: Draw, obj: Any) -> None:
    give(draw, obj, "temporal", equation_objects(TEMPORAL_CLASSES), often=True)
    temporal = vars(obj).get("temporal")
    known = temporal is not None and type(type(temporal).equation).__name__ == "Final"
    if known and not vars(temporal).get("parameters") and draw(st.booleans()):
        with quietly():
            obj.configure_time(np.arange(4.0).reshape(1, -1))


def simulators() -> Any:
    """
    Draw simulators with the networks that they may have: regions, a cortex, a stimulus, and those of monitors.

    Surfaces, connectivities, sensors and region mappings are shared, copied with the same gid, or others.

    Returns
    -------
    SearchStrategy of Simulator
        The strategy.
    """
    return st.composite(_simulator)()


def _simulator(draw: Draw) -> Any:
    obj = simulator.Simulator()
    christen(draw, obj)
    give(draw, obj, "connectivity", connectivities(3), often=True)
    regions = vars(obj).get("connectivity")
    give(draw, obj, "surface", cortices(), often=True)
    cortex = vars(obj).get("surface")
    mapping = None if cortex is None else vars(cortex).get("region_mapping_data")
    if mapping is not None and regions is not None and draw(st.integers(0, 3)):
        mapping.connectivity = regions
    surface = None if mapping is None else vars(mapping).get("surface")
    cortical = surface if isinstance(surface, tvb_surfaces.CorticalSurface) else None
    stimulus = draw(st.sampled_from(["none", "regions", "surface"]))
    if stimulus != "none":
        made = _region_stimulus if stimulus == "regions" else _surface_stimulus
        obj.stimulus = made(draw, _perhaps(draw, regions if stimulus == "regions" else cortical))
    chosen = draw(st.lists(st.sampled_from(["TemporalAverage", "EEG", "MEG", "iEEG"]), max_size=3))
    if chosen or draw(st.booleans()):
        mappings, gains = ([each] if each is not None else [] for each in (mapping, None))
        obj.monitors = tuple(_monitor(draw, name, mappings, gains, cortical) for name in chosen)
    return obj


def _perhaps(draw: Draw, known: Any) -> Any:
    """Give the very object, a copy with the same gid, or none."""
    which = draw(st.sampled_from(["same", "same", "copy", "none"]))
    return known if which == "same" or known is None else clone(known) if which == "copy" else None


def _monitor(draw: Draw, name: str, mappings: list[Any], gains: list[Any], cortical: Any) -> Any:
    obj = getattr(monitors, name)()
    christen(draw, obj)
    if name == "TemporalAverage":
        return obj
    if draw(st.booleans()):
        known = draw(st.sampled_from(mappings)) if mappings and draw(st.booleans()) else draw(region_mappings())
        obj.region_mapping = known
        mappings.append(known)
    if draw(st.integers(0, 3)):
        cls = type(obj).projection.field_type
        fitting = [each for each in gains if type(each) is cls]
        if not fitting or draw(st.booleans()):
            surface = _perhaps(draw, cortical)
            if surface is None and isinstance(vars(obj).get("region_mapping"), RegionMapping):
                surface = vars(obj.region_mapping).get("surface")
            fitting = [_projection(draw, (cls,), surface)]
            gains.append(fitting[0])
        obj.projection = fitting[-1]
    own = vars(vars(obj).get("projection") or obj).get("sensors")
    if own is not None and draw(st.booleans()):
        obj.sensors = own
    else:
        give(draw, obj, "sensors", sensor_sets(2, (type(obj).sensors.field_type,)))
    return obj
