"""
Hypothesis strategies over everything that The Virtual Brain accepts as a brain network.

`connectivities`, `surfaces`, `region_mappings`, `cortices` and `surface_networks` draw small objects from the
whole legal space: traits that are unset, ``None``, empty or full; arrays of any bits, any shape that TVB
takes, and any memory order; text that trips parsers; every sparse layout; objects fresh, read, configured or
half configured. About half of what they draw is tidy, which means that the arrays fit one another. Sensors,
projections, volumes, measures, stimuli and simulators are in `tvbo.testing.datatype_strategies`.

Their building blocks are in `tvbo.testing.array_strategies` and `tvbo.testing.drawing`;
`tvbo.testing.changes` draws one change to an object.

Values are made through TVB's own doors, so that whatever it would refuse is not drawn.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from tvb.datatypes import equations
from tvb.datatypes import surfaces as tvb_surfaces
from tvb.datatypes.connectivity import Connectivity
from tvb.datatypes.cortex import Cortex
from tvb.datatypes.local_connectivity import LocalConnectivity
from tvb.datatypes.region_mapping import RegionMapping

from tvbo.testing.array_strategies import (
    Draw,
    Shape,
    bool_arrays,
    float_arrays,
    int_arrays,
    label_arrays,
    sparse_matrices,
    texts,
)
from tvbo.testing.assertions import clone
from tvbo.testing.drawing import christen, give, give_array, length_of, quietly, read_all, tame_floats

__all__ = [
    "EQUATION_CLASSES",
    "SURFACE_CLASSES",
    "connectivities",
    "cortices",
    "equation_objects",
    "local_connectivities",
    "region_mappings",
    "surface_networks",
    "surfaces",
]

SURFACE_CLASSES = (
    tvb_surfaces.CorticalSurface,
    tvb_surfaces.Surface,
    tvb_surfaces.WhiteMatterSurface,
    tvb_surfaces.SkinAir,
    tvb_surfaces.BrainSkull,
    tvb_surfaces.SkullSkin,
    tvb_surfaces.EEGCap,
    tvb_surfaces.FaceSurface,
)
EQUATION_CLASSES = (
    equations.Gaussian,
    equations.FiniteSupportEquation,
    equations.DiscreteEquation,
    equations.DoubleGaussian,
    equations.Sigmoid,
)

_COUNTS = st.sampled_from([0, 1, -1, 5, 2**53 + 1, 2**63 - 1])
_LENGTHS = st.sampled_from([0.0, -0.0, 1.5, 0.1, 1e-320, math.inf, -math.inf])  # a Float trait refuses NaN
_SELECTIONS = st.lists(st.one_of(st.integers(0, 5), st.booleans(), st.integers()), max_size=3)


def _speeds(shape: Shape) -> Any:
    # An infinite speed stands for no delays.
    return st.one_of(float_arrays(shape, tame=True), float_arrays(shape), st.just(np.full(shape, np.inf)))


# --- the objects ---


def connectivities(max_regions: int = 4) -> Any:
    """
    Draw Connectivity objects.

    Parameters
    ----------
    max_regions : int
        The largest number of regions; none and one occur.

    Returns
    -------
    SearchStrategy of Connectivity
        The strategy.
    """
    return st.composite(_connectivity)(max_regions)


def _connectivity(draw: Draw, max_regions: int) -> Any:
    obj = Connectivity()
    christen(draw, obj)
    n = draw(st.integers(0, max_regions))
    tidy = draw(st.booleans())
    floats = draw(st.sampled_from([tame_floats, float_arrays]))
    for name, make, shape, needed in (
        ("region_labels", label_arrays, (n,), True),
        ("weights", floats, (n, n), True),
        ("tract_lengths", floats, (n, n), True),
        ("centres", floats, (n, 3), True),
        ("speed", _speeds, draw(st.sampled_from([(1,), (), (n,), (n, n)])), False),
        ("cortical", bool_arrays, (n,), False),
        ("hemispheres", bool_arrays, (n,), False),
        ("orientations", floats, (n, 3), False),
        ("areas", floats, draw(st.sampled_from([(n,), (n, 1)])), False),
    ):
        give_array(draw, obj, name, make, shape, tidy=tidy, needed=needed)
    life = draw(st.sampled_from(["fresh", "configured", "by hand", "read"]))
    if life == "by hand":
        give_array(draw, obj, "idelays", int_arrays, (n, n), tidy=False, needed=False)
        give_array(draw, obj, "delays", floats, (n, n), tidy=False, needed=False)
        give(draw, obj, "number_of_regions", _COUNTS)
        give(draw, obj, "number_of_connections", _COUNTS)
    elif life == "configured":
        with quietly():
            obj.configure()
    elif life == "read":
        read_all(obj)
    # After configure(), so that it may contradict the matrix.
    give(draw, obj, "undirected", st.sampled_from([True, False, None]))
    give(draw, obj, "parent_connectivity", st.one_of(st.none(), texts()))
    give(draw, obj, "saved_selection", st.one_of(_SELECTIONS, _SELECTIONS.map(tuple)))
    if draw(st.booleans()):
        with quietly():
            obj.set_idelays(draw(st.sampled_from([0.1, 1.0, 0.9765625])))
    return obj


def surfaces(max_vertices: int = 5, classes: Sequence[type] = SURFACE_CLASSES) -> Any:
    """
    Draw Surface objects of every class.

    Parameters
    ----------
    max_vertices : int
        The largest number of vertices; none and one occur.
    classes : sequence of type
        The classes to choose from.

    Returns
    -------
    SearchStrategy of Surface
        The strategy.
    """
    return st.composite(_surface)(max_vertices, tuple(classes))


def _surface(draw: Draw, max_vertices: int, classes: Sequence[type]) -> Any:
    cls = draw(st.sampled_from(list(classes)))
    obj = cls()
    christen(draw, obj)
    n_vertices = draw(st.integers(0, max_vertices))
    n_triangles = draw(st.integers(0, max_vertices))
    tidy = draw(st.booleans())
    floats = draw(st.sampled_from([tame_floats, float_arrays]))

    def corners(shape: Shape) -> Any:
        return int_arrays(shape, below=n_vertices if tidy else None)

    for name, make, shape, needed in (
        ("vertices", floats, (n_vertices, 3), True),
        ("triangles", corners, (n_triangles, 3), True),
        ("vertex_normals", floats, (n_vertices, 3), False),
        ("triangle_normals", floats, (n_triangles, 3), False),
        ("hemisphere_mask", bool_arrays, (n_vertices,), False),
    ):
        give_array(draw, obj, name, make, shape, tidy=tidy, needed=needed)
    size = (n_vertices, n_vertices)
    give(draw, obj, "geodesic_distance_matrix", st.one_of(st.none(), sparse_matrices(size, ["csc"])))
    if cls is tvb_surfaces.Surface:
        give(draw, obj, "surface_type", texts())
    give(draw, obj, "zero_based_triangles", st.booleans())
    life = draw(st.sampled_from(["fresh", "configured", "by hand", "read"]))
    if life == "by hand":
        for name in ("number_of_vertices", "number_of_triangles"):
            give(draw, obj, name, _COUNTS)
        for name in ("edge_mean_length", "edge_min_length", "edge_max_length"):
            give(draw, obj, name, _LENGTHS)
    elif life == "configured":
        with quietly():
            obj.configure()
        if draw(st.booleans()):
            with quietly():
                obj.validate()
    elif life == "read":
        read_all(obj)
    # After configure(), which would overwrite them.
    give(draw, obj, "bi_hemispheric", st.booleans())
    give(draw, obj, "valid_for_simulations", st.booleans())
    return obj


def region_mappings() -> Any:
    """
    Draw RegionMapping objects, with or without the connectivity and the surface that they link.

    Returns
    -------
    SearchStrategy of RegionMapping
        The strategy.
    """
    return st.composite(_region_mapping)(SURFACE_CLASSES)


def _region_mapping(draw: Draw, surface_classes: Sequence[type]) -> Any:
    obj = RegionMapping()
    christen(draw, obj)
    give(draw, obj, "connectivity", connectivities(3), often=True)
    give(draw, obj, "surface", surfaces(4, surface_classes), often=True)
    tidy = draw(st.booleans())
    n_vertices = length_of(vars(obj).get("surface"), "vertices")
    # Longer than the surface has vertices is usual: TVB appends the regions that are not on it.
    shape = (n_vertices + draw(st.integers(0, 3)),)
    n_regions = length_of(vars(obj).get("connectivity"), "weights")

    def region_indices(shape: Shape) -> Any:
        return _regions_or_none(shape, n_regions) if tidy else int_arrays(shape)

    give_array(draw, obj, "array_data", region_indices, shape, tidy=tidy, needed=True)
    if draw(st.booleans()):
        with quietly():
            obj.configure()
    return obj


def _regions_or_none(shape: Shape, n_regions: int) -> Any:
    # -1 marks the medial wall.
    return int_arrays(shape, below=n_regions + 1).map(lambda indices: np.asarray(indices - 1))


def cortices() -> Any:
    """
    Draw Cortex objects, with or without region mapping and local connectivity.

    The surface of the local connectivity is the one of the region mapping, a copy of it with the same gid,
    another one or unset.

    Returns
    -------
    SearchStrategy of Cortex
        The strategy.
    """
    return st.composite(_cortex)()


def _cortex(draw: Draw) -> Any:
    obj = Cortex()
    christen(draw, obj)
    mappings = st.composite(_region_mapping)(SURFACE_CLASSES[:3])
    give(draw, obj, "region_mapping_data", mappings, often=True)
    mapping = vars(obj).get("region_mapping_data")
    surface = None if mapping is None else vars(mapping).get("surface")
    n_vertices = length_of(surface, "vertices")
    give(draw, obj, "local_connectivity", st.composite(_local_connectivity)(surface), often=True)
    strength = draw(st.sampled_from([(1,), (n_vertices,), ()]))
    give_array(draw, obj, "coupling_strength", float_arrays, strength, tidy=True, needed=False)
    life = draw(st.sampled_from(["fresh", "mapped", "configured", "read"]))
    with quietly():
        if life == "mapped":
            _ = obj.region_mapping
        elif life == "configured":
            obj.configure()
        elif life == "read":
            read_all(obj)
    return obj


def local_connectivities() -> Any:
    """
    Draw LocalConnectivity objects that are no part of a cortex.

    Returns
    -------
    SearchStrategy of LocalConnectivity
        The strategy; most have a surface, which fits the matrix.
    """
    return st.one_of(st.none(), surfaces(4, SURFACE_CLASSES[:1])).flatmap(st.composite(_local_connectivity))


def _local_connectivity(draw: Draw, cortical_surface: Any) -> Any:
    obj = LocalConnectivity()
    christen(draw, obj)
    whose = draw(st.sampled_from(["same", "copy", "other", "unset", "read"]))
    if whose in ("same", "copy") and isinstance(cortical_surface, tvb_surfaces.CorticalSurface):
        obj.surface = cortical_surface if whose == "same" else clone(cortical_surface)
    elif whose == "other":
        obj.surface = draw(surfaces(3, [tvb_surfaces.CorticalSurface]))
    elif whose == "read":
        getattr(obj, "surface", None)
    size = (length_of(cortical_surface, "vertices") or draw(st.integers(0, 3))) + draw(st.integers(0, 2))
    shape = draw(st.sampled_from([(size, size), (size, size), (size, size + 1), (0, 0)]))
    give(draw, obj, "matrix", sparse_matrices(shape), often=True)
    give(draw, obj, "equation", st.one_of(st.none(), equation_objects()))
    give(draw, obj, "cutoff", _LENGTHS)
    return obj


def equation_objects(classes: Sequence[type] = EQUATION_CLASSES) -> Any:
    """
    Draw Equation objects.

    Parameters
    ----------
    classes : sequence of type
        The classes to choose from.

    Returns
    -------
    SearchStrategy of Equation
        The strategy; the text of an equation, where its class does not give it, is any text.
    """
    return st.composite(_equation)(tuple(classes))


def _equation(draw: Draw, classes: Sequence[type]) -> Any:
    cls = draw(st.sampled_from(list(classes)))
    obj = cls()
    christen(draw, obj)
    if type(getattr(cls, "equation")).__name__ != "Final":  # noqa: B009
        give(draw, obj, "equation", texts())
    elif draw(st.booleans()):
        _ = obj.equation
    names = st.one_of(st.sampled_from(["amp", "sigma", "midpoint", "offset"]), texts())
    one_float = float_arrays((1,)).map(lambda array: array[0].item())
    give(draw, obj, "parameters", st.dictionaries(names, st.one_of(one_float, st.integers()), max_size=4))
    return obj


def surface_networks() -> Any:
    """
    Draw a connectivity, a surface and the region mapping between them.

    Returns
    -------
    SearchStrategy of (Connectivity, Surface, RegionMapping)
        The strategy; the mapping links the other two already, or nothing yet.
    """
    return st.composite(_surface_network)()


def _surface_network(draw: Draw) -> Any:
    conn = draw(connectivities(3))
    surf = draw(surfaces(4))
    rmap = RegionMapping()
    christen(draw, rmap)
    n_vertices, n_regions = length_of(surf, "vertices"), length_of(conn, "weights")
    shape = (n_vertices + draw(st.integers(0, 2)),)
    rmap.array_data = draw(_regions_or_none(shape, n_regions))
    if draw(st.booleans()):
        rmap.connectivity, rmap.surface = conn, surf
    return conn, surf, rmap
