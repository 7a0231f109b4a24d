"""Two hemispheres joined are parted again to the bit."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tvbo import Mesh, Network, NodeTable
from tvbo.errors import ShapeError
from tvbo.model.hemispheres import joined, parted, turned


@st.composite
def hemispheres(draw: Any, columns: list[str]) -> Network:
    n = draw(st.integers(3, 5))
    made = Network(mesh=Mesh(np.arange(3.0 * n).reshape(n, 3), [[0, 1, 2], [n - 1, 1, 0]]), descriptor="surface")
    for name in columns:
        made.nodes.columns[name] = np.arange(n) * 2
    made.parent_network = Network(NodeTable(["a", "b"]), descriptor=None)
    made.node_mapping_data = np.array(draw(st.lists(st.integers(-1, 1), min_size=n, max_size=n)))
    if draw(st.booleans()):
        made.extra["gifti"] = {"dataspace": draw(st.sampled_from(["x", "y"]))}
    return made


@given(st.data(), st.booleans())
def test_joining_and_parting(data: Any, right: bool) -> None:
    columns = data.draw(st.lists(st.sampled_from(["area", "count"]), unique=True))
    one, two = data.draw(hemispheres(columns)), data.draw(hemispheres(columns))
    whole = joined(one, two, right, "gifti")
    again = parted(whole, ("a", "b"), right, "gifti")
    names = whole.parent().nodes.labels
    for side, (before, after) in zip("lr" if right else "rl", zip((one, two), again, strict=True), strict=True):
        changed = {each.path for each in before.diff(after)}
        assert all(path.startswith(("nodes.columns.hemisphere", "parent_network", "node_mapping")) for path in changed)
        # The names of regions are those that they had, but for the side.
        for old, new in zip(before.node_mapping_data.tolist(), after.node_mapping_data.tolist(), strict=True):  # type: ignore[union-attr]
            assert (old < 0) == (new < 0)
            assert old < 0 or names[new] in (f"{side}h.{'ab'[old]}", "ab"[old])
    assert joined(*again, right, "gifti", one_table=True).identical(whole)


def test_what_does_not_fit_is_named() -> None:
    one = Network(mesh=Mesh(np.eye(3), [[0, 1, 2]]))
    with pytest.raises(ShapeError, match="only one hemisphere has mesh"):
        joined(one, Network(NodeTable(size=2)), True, "x")
    two = Network(mesh=Mesh(np.eye(3), [[0, 1, 2]]))
    two.nodes.columns["area"] = np.ones(3)
    with pytest.raises(ShapeError, match="the column 'area'"):
        joined(one, two, True, "x")
    with pytest.raises(ShapeError, match=r"set net\.nodes\.columns\['hemisphere'\]"):
        parted(one, ("a", "b"), True, "x")
    one.nodes.columns["hemisphere"] = np.array([True, False, False])
    with pytest.raises(ShapeError, match="do not follow"):
        parted(one, ("a", "b"), True, "x")
    with pytest.raises(ShapeError, match="reach from one hemisphere to the other"):
        parted(one, ("a", "b"), False, "x")


def test_turning_keeps_normals_with_their_vertices() -> None:
    network = Network(mesh=Mesh(np.eye(3), [[0, 1, 2]], np.eye(3)))
    network.frame = "ALS"
    made = turned(network, "RAS")
    mesh = made.need_mesh()
    assert np.array_equal(mesh.normals, mesh.vertices)  # type: ignore[arg-type]
    assert mesh.vertices[0].tolist() == [0, 1, 0]
    assert made.frame.frame == "RAS"
    assert network.frame.frame == "ALS"
