"""TVB -> network -> files -> network -> TVB is the identity, over everything that TVB takes."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tvbo import Network
from tvbo.testing import datatype_strategies, strategies
from tvbo.testing.assertions import assert_networks_identical, assert_tvb_identical, clone
from tvbo.testing.changes import changes

HEALTH = [HealthCheck.too_slow, HealthCheck.data_too_large]
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=HEALTH)
MANY = settings(max_examples=600, deadline=None, suppress_health_check=HEALTH, phases=[*Phase])

KINDS = {
    "connectivity": strategies.connectivities(),
    "surface": strategies.surfaces(),
    "region mapping": strategies.region_mappings(),
    "cortex": strategies.cortices(),
    "local connectivity": strategies.local_connectivities(),
    "sensors": datatype_strategies.sensor_sets(),
    "projection": datatype_strategies.projection_matrices(),
    "volume": datatype_strategies.volume_objects(),
    "region volume mapping": datatype_strategies.region_volume_mappings(),
    "tracts": datatype_strategies.tract_sets(),
    "connectivity measure": datatype_strategies.connectivity_measures(),
    "stimulus": datatype_strategies.stimuli(),
}
ANYTHING = st.one_of(*KINDS.values())


def goes_round_in_memory(obj: Any) -> None:
    before = clone(obj)
    net = Network.from_tvb(obj)
    assert_tvb_identical(before, obj)
    assert_tvb_identical(obj, net.execute(format="tvb"))
    # Giving it away once must not change what is given the next time.
    assert_tvb_identical(obj, net.execute(format="tvb"))


def goes_round_through_files(obj: Any) -> None:
    net = Network.from_tvb(obj)
    digest = net.digest()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "network.yaml")
        net.save(path)
        reloaded = Network.from_file(path)
        assert_tvb_identical(obj, reloaded.execute(format="tvb"))
        assert_networks_identical(net, reloaded)
        assert reloaded.digest() == digest == net.digest()
        # What was read is saved again without loss, also over itself.
        reloaded.save(path)
        assert_tvb_identical(obj, Network.from_file(path).execute(format="tvb"))


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@QUICK
def test_in_memory(kind: str, data: st.DataObject) -> None:
    goes_round_in_memory(data.draw(KINDS[kind]))


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@QUICK
def test_through_files(kind: str, data: st.DataObject) -> None:
    goes_round_through_files(data.draw(KINDS[kind]))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@MANY
def test_in_memory_many(kind: str, data: st.DataObject) -> None:
    goes_round_in_memory(data.draw(KINDS[kind]))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@MANY
def test_through_files_many(kind: str, data: st.DataObject) -> None:
    goes_round_through_files(data.draw(KINDS[kind]))


def surface_network_goes_round(parts: Any) -> None:
    connectivity = parts[0]
    before = clone(parts)
    regions, vertices = Network.from_tvb_surface(*parts)
    assert_tvb_identical(before, parts)
    assert vertices.parent_network is regions
    # It comes back linked, whether or not it was.
    expected = clone(parts)
    vars(expected[2]).update(connectivity=expected[0], surface=expected[1])
    with tempfile.TemporaryDirectory() as folder:
        for first, second in (((regions, "a.yaml"), (vertices, "b.yaml")), ((vertices, "d.yaml"), (regions, "c.yaml"))):
            for net, name in (first, second):
                net.save(Path(folder, name))
            surface_file = second[1] if second[0] is vertices else first[1]
            made = Network.from_file(Path(folder, surface_file)).execute(format="tvb")
            assert type(made)._fields == ("connectivity", "surface", "region_mapping")
            assert made.region_mapping.connectivity is made.connectivity
            assert made.region_mapping.surface is made.surface
            assert_tvb_identical(tuple(expected), tuple(made))
        reloaded = Network.from_file(Path(folder, "a.yaml"))
        assert_tvb_identical(connectivity, reloaded.execute(format="tvb"))
        assert_networks_identical(vertices, Network.from_file(Path(folder, "b.yaml")))


@given(strategies.surface_networks())
@QUICK
def test_surface_network(parts: Any) -> None:
    surface_network_goes_round(parts)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@given(strategies.surface_networks())
@MANY
def test_surface_network_many(parts: Any) -> None:
    surface_network_goes_round(parts)


# What a trait is called in a network, where its name is another.
CALLED = {
    "title": "label",
    "region_labels": "labels",
    "weights": "weight",
    "tract_lengths": "length",
    "centres": "positions",
    "areas": "area",
    "hemispheres": "hemisphere",
    "hemisphere_mask": "hemisphere",
    "orientations": "orientation",
    "speed": "conduction_speed",
    "triangles": "elements",
    "vertex_normals": "normals",
    "array_data": "node_mapping_data measure",
    "matrix": "local_connectivity",
    "locations": "positions",
    "projection_data": "gain",
    "weight": "stimulus",
}


def a_change_is_found(data: st.DataObject) -> None:
    obj = data.draw(ANYTHING)
    path, changed = data.draw(changes(obj))
    first, second = Network.from_tvb(obj), Network.from_tvb(changed)
    assert first.digest() != second.digest()
    differences = list(first.diff(second))
    assert differences
    name = path.rpartition(".")[2]
    names = [name, *CALLED.get(name, "").split()]
    named = [each for each in differences if any(each_name in each.path for each_name in names)]
    assert named, (path, differences)


@given(st.data())
@QUICK
def test_every_change_changes_digest_and_diff(data: st.DataObject) -> None:
    a_change_is_found(data)


@pytest.mark.slow
@given(st.data())
@MANY
def test_every_change_changes_digest_and_diff_many(data: st.DataObject) -> None:
    a_change_is_found(data)
