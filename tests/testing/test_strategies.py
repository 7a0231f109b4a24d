"""The strategies reach the corners they promise, quickly, and draw only what TVB takes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tvb.datatypes import surfaces as tvb_surfaces

from tvbo.testing import array_strategies as arrays
from tvbo.testing import strategies
from tvbo.testing.assertions import assert_tvb_identical, clone
from tvbo.testing.changes import changes

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def draw_many(strategy: Any, count: int) -> list[Any]:
    """Draw the same examples every time, without shrinking and without stopping."""
    drawn: list[Any] = []

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    @given(strategy)
    def collect(obj: Any) -> None:
        drawn.append(obj)

    collect()
    return drawn


@pytest.fixture(scope="module")
def many_connectivities() -> list[Any]:
    return draw_many(strategies.connectivities(), 2000)


@pytest.fixture(scope="module")
def many_surfaces() -> list[Any]:
    return draw_many(strategies.surfaces(), 1500)


@pytest.fixture(scope="module")
def many_mappings() -> list[Any]:
    return draw_many(strategies.region_mappings(), 500)


@pytest.fixture(scope="module")
def many_cortices() -> list[Any]:
    return draw_many(strategies.cortices(), 1500)


def held(obj: Any, name: str) -> Any:
    return vars(obj).get(name, "unset")


def array(obj: Any, name: str) -> Any:
    value = held(obj, name)
    return value if isinstance(value, np.ndarray) else None


def has(obj: Any, name: str, condition: Callable[[Any], Any]) -> bool:
    value = array(obj, name)
    return value is not None and bool(condition(value))


def is_f_ordered(value: Any) -> bool:
    return bool(value.flags.f_contiguous and not value.flags.c_contiguous)


CONNECTIVITIES: dict[str, Callable[[Any], Any]] = {
    "no region": lambda c: has(c, "weights", lambda w: w.shape == (0, 0)),
    "one region": lambda c: has(c, "weights", lambda w: w.shape == (1, 1)),
    "areas in a column": lambda c: has(c, "areas", lambda a: a.ndim == 2 and a.shape[0] > 1),
    "F order": lambda c: has(c, "weights", is_f_ordered),
    "three dimensions": lambda c: has(c, "weights", lambda w: w.ndim == 3),
    "NaN": lambda c: has(c, "weights", lambda w: np.isnan(w).any()),
    "negative zero": lambda c: has(c, "centres", lambda w: (np.signbit(w) & (w == 0)).any()),
    "scalar speed": lambda c: has(c, "speed", lambda s: s.shape == ()),
    "speed matrix": lambda c: has(c, "speed", lambda s: s.ndim == 2 and s.size > 1),
    "infinite speed": lambda c: has(c, "speed", lambda s: np.isinf(s).any()),
    "default speed": lambda c: has(c, "speed", lambda s: not s.flags.writeable),
    "unset speed": lambda c: "speed" not in vars(c),
    "unset weights": lambda c: "weights" not in vars(c),
    "weights read unset": lambda c: held(c, "weights") is None,
    "labels that do not fit": lambda c: (
        has(c, "weights", lambda w: w.ndim == 2 and w.shape[0] > 1)
        and has(c, "region_labels", lambda r: r.shape != c.weights.shape[:1])
    ),
    "surrogate": lambda c: has(c, "region_labels", lambda r: any("\ud800" in x for x in r.ravel())),
    "NUL": lambda c: has(c, "region_labels", lambda r: any("\x00" in x for x in r.ravel())),
    "128 characters": lambda c: has(c, "region_labels", lambda r: any(len(x) == 128 for x in r.ravel())),
    "duplicate labels": lambda c: has(c, "region_labels", lambda r: r.size > 1 and len(set(r.ravel())) == 1),
    "selection in a list": lambda c: type(held(c, "saved_selection")) is list and c.saved_selection,
    "selection in a tuple": lambda c: type(held(c, "saved_selection")) is tuple and c.saved_selection,
    "empty parent": lambda c: held(c, "parent_connectivity") == "",
    "delays": lambda c: has(c, "delays", np.size),
    "idelays": lambda c: "_horizon" in vars(c),
    "idelays stopped half-way": lambda c: "has_delays" in vars(c) and "_horizon" not in vars(c),
    "undirected contrary to the weights": lambda c: (
        held(c, "undirected") is True
        and has(c, "weights", lambda w: w.ndim == 2 and w.shape == w.T.shape and (w != w.T).any())
    ),
    "undirected None": lambda c: held(c, "undirected") is None,
    "title of its own": lambda c: not c.title.startswith("Connectivity gid"),
    "tags": lambda c: len(c.tags) > 1,
    "full": lambda c: all(array(c, name) is not None and array(c, name).size for name in ("areas", "cortical")),
}
SURFACES: dict[str, Callable[[Any], Any]] = {
    "no vertex": lambda s: has(s, "vertices", lambda v: v.shape == (0, 3)),
    "configured": lambda s: "_edge_lengths" in vars(s),
    "base without type": lambda s: type(s) is tvb_surfaces.Surface and held(s, "surface_type") == "unset",
    "base with type": lambda s: type(s) is tvb_surfaces.Surface and held(s, "surface_type") not in ("unset", None, ""),
    "zero based unset": lambda s: held(s, "zero_based_triangles") == "unset",
    "zero based read unset": lambda s: held(s, "zero_based_triangles") is None,
    "geodesic distances": lambda s: getattr(held(s, "geodesic_distance_matrix"), "nnz", 0),
    "hemispheres by hand": lambda s: held(s, "bi_hemispheric") is True and array(s, "hemisphere_mask") is None,
    "mask": lambda s: has(s, "hemisphere_mask", lambda m: m.any() and not m.all()),
    "length -0.0": lambda s: str(held(s, "edge_min_length")) == "-0.0",
    "normals": lambda s: has(s, "triangle_normals", np.size),
}
MAPPINGS: dict[str, Callable[[Any], Any]] = {
    "-1": lambda m: has(m, "array_data", lambda a: (a == -1).any()),
    "longer than the surface": lambda m: (
        vars(m).get("surface") is not None
        and has(m, "array_data", lambda a: has(m.surface, "vertices", lambda v: v.size and a.shape[0] > v.shape[0]))
    ),
    "without surface": lambda m: held(m, "surface") == "unset",
    "without connectivity": lambda m: held(m, "connectivity") == "unset",
}


TEXTS: dict[str, Callable[[str], Any]] = {
    "control character": lambda text: any(ord(character) < 32 for character in text),
    "lone surrogate": lambda text: any(0xD800 <= ord(character) < 0xE000 for character in text),
    "number to YAML": lambda text: text in ("1e3", "0x1F", "12:30"),
    "NUL": lambda text: "\x00" in text,
    "128 characters": lambda text: len(text) == 128,
    "empty": lambda text: not text,
}


def local(cortex: Any) -> Any:
    return vars(vars(cortex).get("local_connectivity") or type(cortex)())


def shared_surface(cortex: Any) -> Any:
    mapping = vars(cortex).get("region_mapping_data")
    return None if mapping is None else vars(mapping).get("surface")


CORTICES: dict[str, Callable[[Any], Any]] = {
    "no local connectivity": lambda c: held(c, "local_connectivity") in ("unset", None),
    "shared surface": lambda c: local(c).get("surface") is not None and local(c)["surface"] is shared_surface(c),
    "copy of the surface": lambda c: (
        local(c).get("surface") is not None
        and shared_surface(c) is not None
        and local(c)["surface"] is not shared_surface(c)
        and local(c)["surface"].gid == shared_surface(c).gid
    ),
    "coupling strength per vertex": lambda c: has(c, "coupling_strength", lambda s: s.size > 1),
    "padded": lambda c: "_regmap" in vars(c) and getattr(local(c).get("matrix"), "format", "") == "coo",
    "explicit zeros": lambda c: (
        getattr(local(c).get("matrix"), "format", "") == "csr" and (local(c)["matrix"].data == 0).any()
    ),
    "duplicates": lambda c: (
        getattr(local(c).get("matrix"), "format", "") == "csr" and not local(c)["matrix"].copy().has_canonical_format
    ),
    "int64 indices": lambda c: (
        getattr(local(c).get("matrix"), "format", "") == "csc" and local(c)["matrix"].indices.dtype == np.int64
    ),
}


@pytest.fixture(scope="module")
def many_texts() -> list[str]:
    return draw_many(arrays.texts(), 2000)


@pytest.mark.slow
@pytest.mark.parametrize("corner", TEXTS)
def test_texts_reach(many_texts: list[str], corner: str) -> None:
    assert any(map(TEXTS[corner], many_texts))


@pytest.mark.slow
@pytest.mark.parametrize("corner", CONNECTIVITIES)
def test_connectivities_reach(many_connectivities: list[Any], corner: str) -> None:
    assert any(map(CONNECTIVITIES[corner], many_connectivities))


@pytest.mark.slow
@pytest.mark.parametrize("corner", SURFACES)
def test_surfaces_reach(many_surfaces: list[Any], corner: str) -> None:
    assert any(map(SURFACES[corner], many_surfaces))


@pytest.mark.slow
@pytest.mark.parametrize("corner", MAPPINGS)
def test_region_mappings_reach(many_mappings: list[Any], corner: str) -> None:
    assert any(map(MAPPINGS[corner], many_mappings))


@pytest.mark.slow
@pytest.mark.parametrize("corner", CORTICES)
def test_cortices_reach(many_cortices: list[Any], corner: str) -> None:
    assert any(map(CORTICES[corner], many_cortices))


@pytest.mark.slow
def test_every_surface_class(many_surfaces: list[Any]) -> None:
    assert set(map(type, many_surfaces)) == set(strategies.SURFACE_CLASSES)


@pytest.mark.slow
def test_every_equation_and_sparse_format(many_cortices: list[Any]) -> None:
    found = [local(cortex).get("equation") for cortex in many_cortices]
    assert set(map(type, found)) == {*strategies.EQUATION_CLASSES, type(None)}
    matrices = [local(cortex).get("matrix") for cortex in many_cortices]
    assert {matrix.format for matrix in matrices if matrix is not None and matrix.nnz} == set(arrays.SPARSE_FORMATS)


@pytest.mark.parametrize(
    "pattern",
    [0x7FF0000000000001, 0xFFF4000000000001, 0x7FF8000000000001, 0xFFFFFFFFFFFFFFFF, 0x8000000000000000, 1],
)
def test_signalling_and_negative_nan_survive_tvb(pattern: int) -> None:
    # If TVB's own setter changed bits, the strategies would draw less than they say.
    surface = tvb_surfaces.Surface()
    surface.vertices = np.array([[pattern]], np.uint64).view(np.float64)
    assert surface.vertices.view(np.uint64)[0, 0] == pattern


@given(arrays.float_arrays((3, 2)), arrays.float_arrays((2, 2), tame=True))
@QUICK
def test_float_arrays(wild: Any, tame: Any) -> None:
    assert wild.shape == (3, 2)
    assert wild.dtype == np.float64
    assert np.isfinite(tame).all()


@given(strategies.surface_networks())
@QUICK
def test_surface_networks_are_linked_or_not_at_all(parts: Any) -> None:
    connectivity, surface, mapping = parts
    links = vars(mapping).get("connectivity"), vars(mapping).get("surface")
    assert links == (None, None) or (links[0] is connectivity and links[1] is surface)


@given(st.data())
@QUICK
def test_changes_leave_the_object_alone(data: st.DataObject) -> None:
    obj = data.draw(strategies.cortices())
    before = clone(obj)
    path, _ = data.draw(changes(obj))
    assert path.startswith("Cortex.")
    assert_tvb_identical(obj, before)
