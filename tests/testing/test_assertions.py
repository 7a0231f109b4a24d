"""The judge is judged: exact copies are identical, and no single change escapes it."""

import pickle
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tvb.datatypes.connectivity import Connectivity
from tvb.datatypes.cortex import Cortex
from tvb.datatypes.equations import Sigmoid
from tvb.datatypes.local_connectivity import LocalConnectivity
from tvb.datatypes.region_mapping import RegionMapping
from tvb.datatypes.surfaces import BrainSkull, CorticalSurface

from tvbo.testing import strategies
from tvbo.testing.assertions import (
    assert_networks_identical,
    assert_tvb_identical,
    clone,
    same_bits,
    tvb_differences,
)
from tvbo.testing.changes import changes

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ANYTHING = st.one_of(
    strategies.connectivities(), strategies.surfaces(), strategies.region_mappings(), strategies.cortices()
)


def small_connectivity() -> Connectivity:
    obj = Connectivity()
    obj.region_labels = np.array(["rA", "lA", "x"])
    obj.weights = np.array([[0.0, 1.0, 2.0], [3.0, 0.0, -0.0], [np.nan, 5.0, 6.0]])
    obj.tract_lengths = np.ones((3, 3))
    obj.centres = np.arange(9.0).reshape(3, 3)
    obj.configure()
    obj.set_idelays(0.1)
    obj.saved_selection = [0, 2]
    obj.tags = {"a": "1", "b": "2"}
    return obj


def small_cortex() -> Cortex:
    surface = CorticalSurface()
    surface.vertices = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    surface.triangles = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
    surface.configure()
    mapping = RegionMapping(array_data=np.array([0, 1, 2, 0]), connectivity=small_connectivity(), surface=surface)
    local = LocalConnectivity(surface=surface, matrix=sp.csr_matrix(np.eye(4)), equation=Sigmoid(), cutoff=10.0)
    return Cortex(region_mapping_data=mapping, local_connectivity=local, coupling_strength=np.array([0.5]))


# --- what is identical ---


@given(ANYTHING)
@QUICK
def test_an_exact_copy_is_identical(obj: Any) -> None:
    copy = clone(obj)
    assert tvb_differences(obj, copy) == []
    assert tvb_differences(copy, obj) == []


@given(ANYTHING)
@QUICK
def test_judging_changes_nothing(obj: Any) -> None:
    before = pickle.dumps(obj)
    tvb_differences(obj, clone(obj))
    assert pickle.dumps(obj) == before


@pytest.mark.parametrize("make", [small_connectivity, small_cortex])
def test_a_pickled_copy_is_identical(make: Callable[[], Any]) -> None:
    obj = make()
    assert_tvb_identical(obj, pickle.loads(pickle.dumps(obj)))


def test_caches_do_not_count() -> None:
    cortex = small_cortex()
    warm = clone(cortex)
    _ = warm.region_mapping, warm.surface.vertex_neighbours, warm.surface.triangle_areas
    assert_tvb_identical(cortex, warm)


def test_a_copy_is_independent() -> None:
    cortex = small_cortex()
    copy = clone(cortex)
    copy.region_mapping_data.connectivity.weights[0, 0] = 9.0
    copy.local_connectivity.matrix.data[0] = 9.0
    copy.tags["new"] = "tag"
    assert len(tvb_differences(cortex, copy)) == 3


# --- what is not ---


@given(st.data())
@QUICK
def test_every_single_change_is_found_and_named(data: st.DataObject) -> None:
    find_a_change(data)


@pytest.mark.slow
@given(st.data())
@MANY
def test_every_single_change_is_found_and_named_among_many(data: st.DataObject) -> None:
    find_a_change(data)


def find_a_change(data: st.DataObject) -> None:
    obj = data.draw(ANYTHING)
    path, changed = data.draw(changes(obj))
    for differences in (tvb_differences(obj, changed), tvb_differences(changed, obj)):
        assert differences
        assert all(line.startswith(path) for line in differences), differences


CHANGES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "one bit": (lambda c: flip(c.weights, (0, 1)), "Connectivity.weights: 1 of 9 elements differ, first [0, 1]"),
    "sign of zero": (lambda c: c.weights.__setitem__((1, 2), 0.0), "-0.0 (0x8000000000000000) and numpy.float64 0.0"),
    "NaN payload": (lambda c: flip(c.weights, (2, 0)), "Connectivity.weights: 1 of 9"),
    "label": (lambda c: c.region_labels.__setitem__(2, "X"), "Connectivity.region_labels: 1 of 3"),
    "memory order": (
        lambda c: vars(c).update(centres=np.asfortranarray(c.centres)),
        "Connectivity.centres: memory order C in the first, F in the second",
    ),
    "shape": (lambda c: vars(c).update(speed=np.array(3.0)), "Connectivity.speed: shape (1,) in the first, ()"),
    "dtype": (lambda c: vars(c).update(speed=np.array([3.0], "f4")), "Connectivity.speed: dtype float64"),
    "kind of array": (lambda c: vars(c).update(speed=np.ma.array([3.0])), "Connectivity.speed: ndarray float64[1]"),
    "None to absent": (lambda c: vars(c).pop("areas"), "Connectivity.areas: None in the first, absent in the second"),
    "None to empty": (lambda c: setattr(c, "areas", np.zeros(0)), "Connectivity.areas: None in the first, ndarray"),
    "set to absent": (lambda c: vars(c).pop("weights"), "Connectivity.weights: ndarray float64[3, 3] in the first"),
    "gid": (lambda c: setattr(c, "gid", Connectivity().gid), "Connectivity.gid: UUID"),
    "title": (lambda c: setattr(c, "title", "other"), "Connectivity.title: str"),
    "tag": (lambda c: c.tags.update(a="2"), "Connectivity.tags['a']: str '1' in the first, str '2' in the second"),
    "new tag": (lambda c: c.tags.update(c=""), "Connectivity.tags['c']: absent in the first, str '' in the second"),
    "order of tags": (lambda c: setattr(c, "tags", {"b": "2", "a": "1"}), "Connectivity.tags: in the order"),
    "list to tuple": (lambda c: setattr(c, "saved_selection", (0, 2)), "Connectivity.saved_selection: list [0, 2]"),
    "int to bool": (lambda c: setattr(c, "saved_selection", [False, 2]), "Connectivity.saved_selection[0]: int 0"),
    "bool": (lambda c: setattr(c, "undirected", True), "Connectivity.undirected: bool False in the first"),
    "count": (lambda c: setattr(c, "number_of_regions", 4), "Connectivity.number_of_regions: int 3"),
    "type of a count": (lambda c: vars(c).update(number_of_regions=np.int64(3)), "number_of_regions: int 3"),
    "has_delays": (lambda c: vars(c).update(has_delays=True), "Connectivity.has_delays: numpy.bool np.True_"),
    "horizon": (lambda c: vars(c).update(_horizon=np.int64(3)), "Connectivity._horizon: numpy.int64"),
    "inodes": (lambda c: flip(c.inodes, (0, 0)), "Connectivity.inodes: 1 of 9"),
    "delay indices": (lambda c: vars(c).pop("delay_indices"), "Connectivity.delay_indices: ndarray int64[3, 3]"),
    "somebody's own": (lambda c: vars(c).update(mine=1), "Connectivity.mine: absent in the first, int 1 in the second"),
}


def flip(array: Any, where: tuple[int, ...]) -> None:
    bits = array.view(np.uint64)
    bits[where] ^= 1


@pytest.mark.parametrize("name", CHANGES)
def test_change_of_a_connectivity(name: str) -> None:
    change, message = CHANGES[name]
    obj = small_connectivity()
    changed = clone(obj)
    change(changed)
    differences = tvb_differences(obj, changed)
    assert len(differences) == 1
    assert message in differences[0]


CORTEX_CHANGES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "deep bit": (
        lambda c: flip(c.region_mapping_data.surface.vertices, (3, 2)),
        "Cortex.region_mapping_data.surface.vertices: 1 of 12 elements differ, first [3, 2]",
    ),
    "own copy of a shared surface": (
        lambda c: setattr(c.local_connectivity, "surface", clone(c.surface)),
        "Cortex.local_connectivity.surface: the same object as Cortex.region_mapping_data.surface in the first, "
        "an object of its own in the second",
    ),
    "class of an equation": (
        lambda c: setattr(c.local_connectivity, "equation", None),
        "Cortex.local_connectivity.equation: a Sigmoid in the first, None in the second",
    ),
    "parameter of an equation": (
        lambda c: c.local_connectivity.equation.parameters.update(amp=-1.0),
        "Cortex.local_connectivity.equation.parameters['amp']: float 1.0 (0x3ff0000000000000) in the first",
    ),
    "cutoff": (lambda c: setattr(c.local_connectivity, "cutoff", 10.5), "Cortex.local_connectivity.cutoff: float 10.0"),
    "sparse format": (
        lambda c: setattr(c.local_connectivity, "matrix", c.local_connectivity.matrix.tocsc()),
        "Cortex.local_connectivity.matrix: a csr_matrix in the first, a csc_matrix in the second",
    ),
}


@pytest.mark.parametrize("name", CORTEX_CHANGES)
def test_change_of_a_cortex(name: str) -> None:
    change, message = CORTEX_CHANGES[name]
    obj = small_cortex()
    _ = obj.local_connectivity.equation.parameters  # unset until it is read
    changed = clone(obj)
    change(changed)
    differences = tvb_differences(obj, changed)
    assert len(differences) == 1
    assert message in differences[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.data.__setitem__(0, -0.0), "LocalConnectivity.matrix.data: 1 of 3"),
        (lambda m: setattr(m, "indices", m.indices.astype(np.int64)), "LocalConnectivity.matrix.indices: dtype int32"),
        (lambda m: m.sort_indices(), "LocalConnectivity.matrix.data: 2 of 3"),
        (lambda m: m.eliminate_zeros(), "LocalConnectivity.matrix.data: shape (3,)"),
        (lambda m: m.resize((2, 4)), "LocalConnectivity.matrix: shape (2, 3) in the first, (2, 4) in the second"),
    ],
)
def test_change_of_a_sparse_matrix(change: Callable[[Any], Any], message: str) -> None:
    parts = (np.array([0.0, 1.0, 2.0]), np.array([2, 0, 1]), np.array([0, 2, 3]))
    obj = LocalConnectivity(matrix=sp.csr_matrix(parts, shape=(2, 3)))
    changed = clone(obj)
    change(changed.matrix)
    assert message in "\n".join(tvb_differences(obj, changed))


@pytest.mark.parametrize("layout", ["lil", "dok"])
def test_change_of_a_sparse_matrix_of_python_objects(layout: str) -> None:
    matrix = sp.coo_matrix(np.array([[0.0, 1.0], [2.0, 3.0]])).asformat(layout)
    obj = LocalConnectivity(matrix=matrix)
    for where, value in (((1, 1), 4.0), ((0, 0), 1.0)):
        changed = clone(obj)
        assert_tvb_identical(obj, changed)
        changed.matrix[where] = value
        assert tvb_differences(obj, changed)


def test_class() -> None:
    assert tvb_differences(CorticalSurface(), BrainSkull()) == [
        "CorticalSurface: a CorticalSurface in the first, a BrainSkull in the second"
    ]


def test_what_it_does_not_know_is_a_difference() -> None:
    obj = Connectivity()
    obj.mine = object()
    changed = clone(obj)
    assert "cannot be compared" in tvb_differences(obj, changed)[0]


class Linked(NamedTuple):
    connectivity: Any
    region_mapping: Any


def test_containers_and_what_they_share() -> None:
    mapping = small_cortex().region_mapping_data
    pair = Linked(mapping.connectivity, mapping)
    assert_tvb_identical(pair, clone(pair))
    apart = Linked(clone(mapping.connectivity), mapping)
    assert tvb_differences(pair, apart)[0].startswith("Linked.region_mapping.connectivity: the same object as")


def test_the_message_lists_the_differences() -> None:
    obj = small_connectivity()
    changed = clone(obj)
    changed.title = "other"
    changed.areas = np.ones(3)
    with pytest.raises(AssertionError, match=r"2 difference\(s\):\n  Connectivity.title: .*\n.*areas: None"):
        assert_tvb_identical(obj, changed)


def test_same_bits() -> None:
    values = np.array([[0.0, np.nan], [1.0, 2.0]])
    assert same_bits(values, np.asfortranarray(values))
    assert not same_bits(values, -values)
    assert not same_bits(values, values.astype(">f8"))
    assert not same_bits(values, values.ravel())
    assert not same_bits(0.0, -0.0)
    with pytest.raises(TypeError, match="Python objects"):
        same_bits(np.array([None]), np.array([None]))


class FakeNetwork:
    def diff(self, other: object) -> list[str]:
        return [] if other is self else ["nodes.labels: values: 1 of 3"]


def test_networks() -> None:
    network: Any = FakeNetwork()
    assert_networks_identical(network, network)
    with pytest.raises(AssertionError, match=r"nodes\.labels"):
        assert_networks_identical(network, network.__class__())
