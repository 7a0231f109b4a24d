"""The page carries what the arrays hold, says what it leaves out, and lets nothing of a network act."""

import base64
import gzip
import hashlib
import html
import json
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays, floating_dtypes, unsigned_integer_dtypes

from tvbo import Network, NodeTable
from tvbo.errors import ShapeError
from tvbo.model.mesh import Mesh
from tvbo.plotting.packing import as_floats, pack, quantised
from tvbo.plotting.viewer import Field, Scene, viewer_page

TETRAHEDRON = np.array([[0, 0, 0], [90, 0, 0], [0, 120, 0], [0, 0, 80.0]])
FACES = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])


def unpacked(text: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    blob = gzip.decompress(base64.b64decode(text))
    size = int.from_bytes(blob[:4], "little")
    description = json.loads(blob[4 : 4 + size])
    start = -(-(4 + size) // 8) * 8
    found = {}
    for name, place in description.pop("arrays").items():
        dtype = np.dtype(f"<{place['type']}")
        length = int(np.prod(place["shape"]))
        planes = np.frombuffer(blob, np.uint8, length * dtype.itemsize, start + place["start"])
        values = planes.reshape(dtype.itemsize, length).T.copy().view(dtype).reshape(-1)
        if place["stride"]:
            rows = values.reshape(-1, place["stride"]) if length else values.reshape(0, place["stride"])
            values = np.cumsum(rows, axis=0, dtype=dtype)
        found[name] = values.reshape(place["shape"])
    return description, found


def content(page: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    (data,) = re.findall(r'<script type="text/plain" id="data">([A-Za-z0-9+/=]*)</script>', page)
    return unpacked(data)


def regions(n: int = 5, **more: Any) -> Network:
    rng = np.random.default_rng(0)
    return Network.from_matrix(rng.random((n, n)), rng.random((n, n)), positions=rng.normal(size=(n, 3)) * 40, **more)


@given(
    st.dictionaries(
        st.text(max_size=3),
        arrays(
            floating_dtypes(sizes=(32, 64)) | unsigned_integer_dtypes(sizes=(8, 16, 32)) | st.just(np.dtype("i4")),
            array_shapes(max_dims=2, min_side=0, max_side=6).filter(lambda shape: len(shape) == 1 or shape[1] > 0),
        ),
        max_size=3,
    )
)
def test_what_is_packed_is_what_is_unpacked(given_arrays: dict[str, np.ndarray]) -> None:
    description, found = unpacked(pack({"a": "é</script>"}, given_arrays))
    assert description == {"a": "é</script>"}
    for name, values in given_arrays.items():
        np.testing.assert_array_equal(found[name], values)


@given(arrays(np.float64, st.tuples(st.integers(0, 5), st.just(3)), elements=st.floats(-1e300, 1e300)))
def test_positions_are_off_by_half_a_step_at_most(points: np.ndarray) -> None:
    steps, offset, step = quantised(points)
    back = np.array(offset) + steps * np.array(step)
    assert (np.abs(back / 2 - points / 2) <= 0.26 * np.array(step) + 1e-12 * np.abs(points)).all()


@given(arrays(np.float64, 4))
def test_floats_keep_their_size(values: np.ndarray) -> None:
    held = as_floats(values)
    np.testing.assert_allclose(held, values, rtol=1e-6)
    assert ((held == 0) == (values == 0)).all()


def test_a_page_asks_for_nothing_and_runs_only_its_own_script() -> None:
    page = regions().view().html
    assert not re.search(r"\b(src|href|action)\s*=", page.partition('<script type="text/plain"')[0])
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for kind, tag in (("script", "script"), ("style", "style")):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


NASTY = [
    "</script><script>window.hit = 1</script>",
    '"><img src=x onerror="window.hit = 1">',
    "<!--<script>",
    "%%DATA%%",
    "';window.hit=1;//",
    "مرحبا \u202e abc",
    "🧠\x00\n\ud800",
    "&lt;b&gt;",
]


def test_nothing_of_a_network_becomes_markup() -> None:
    n = len(NASTY)
    network = regions(n, labels=NASTY)
    network.label = "".join(NASTY)
    network.nodes.columns[NASTY[0]] = np.arange(n)
    network.nodes.columns["text"] = np.array(NASTY).astype(str)
    network.nodes.units[NASTY[0]] = NASTY[1]
    network.set_matrix(NASTY[0], np.eye(n), unit=NASTY[1])
    network.distance_unit = NASTY[0]
    page = network.view().html
    plain = regions(n).view().html
    for tag in ("<script", "</script", "<img", "<!--", "<meta", "<b>"):
        assert page.count(tag) == plain.count(tag), tag
    page.encode()
    description, _ = content(page)
    assert description["labels"][0] == NASTY[0]
    assert description["labels"][3] == "%%DATA%%"


def test_edges_are_the_strongest_first_and_exact() -> None:
    weights = np.array([[0, 1, -5.0], [2, 0, 1 / 3], [0, np.nan, 0]])
    network = Network.from_matrix(weights, positions=np.eye(3))
    description, held = content(network.view().html)
    assert held["ends"].tolist() == [[0, 2], [0, 1], [1, 2]]
    assert held["edges"].tolist() == [-5, 2, np.float32(1 / 3)] or held["edges"].tolist() == [-5, 2, 1 / 3]
    assert description["edges"] == {"total": 3, "name": "weights", "unit": None}
    np.testing.assert_array_equal(held["matrix0"].reshape(3, 3), weights.astype(np.float32))


def test_what_is_received_and_what_is_sent_is_told_apart_where_it_differs() -> None:
    one_way = np.array([[0, 2.0, 3], [0, 0, 0], [0, 0, 0]])
    for weights, wanted in (
        (one_way, {"strength": [5, 2, 3], "strength received": [5, 0, 0], "strength sent": [0, 2, 3]}),
        (one_way + one_way.T, {"strength": [10, 4, 6]}),
    ):
        for values in (weights, sp.csr_array(weights)):
            description, held = content(Network.from_matrix(values, positions=np.eye(3)).view().html)
            found = {field["name"]: held[field["array"]].tolist() for field in description["fields"]}
            assert found == wanted


def test_weights_that_differ_in_the_last_bit_are_no_ties() -> None:
    weights = np.zeros((3, 3))
    weights[0, 1], weights[0, 2] = 1 / 3, np.nextafter(1 / 3, 1)
    _, held = content(Network.from_matrix(weights, positions=np.eye(3)).view().html)
    assert held["edges"][0] != held["edges"][1]


def test_a_large_network_says_what_it_carries() -> None:
    network = Network.from_matrix(np.random.default_rng(0).random((1300, 1300)), positions=np.ones((1300, 3)))
    description, held = content(network.view(most_connections=1000).html)
    assert len(held["edges"]) == 1000
    assert "This page carries the 1,000 strongest of 844,350 connections." in description["notes"]
    assert description["matrices"][0]["rows"] == 3
    assert held["matrix0"].shape == (434, 434)
    assert "A cell of the heatmap of weights is the mean of 3 x 3 entries." in description["notes"]


def surface(n_regions: int = 2) -> Network:
    mesh = Mesh(TETRAHEDRON, FACES)
    parent = regions(n_regions)
    made = Network(mesh=mesh, node_mapping_data=np.array([0, 1, 0, -1]), parent_network=parent, descriptor="surface")
    made.frame = parent.frame = "ALS"
    return made


def test_a_surface_is_shown_upright_and_outwards_with_its_regions() -> None:
    network = surface()
    network.nodes.columns["thickness"] = np.array([1, np.nan, 3, 4.0])
    network.parent().nodes.columns["cortical"] = np.array([True, False])
    description, held = content(network.view().html)
    offset, step = (np.array(description["mesh"][key]) for key in ("offset", "step"))
    shown = network.display_mesh()
    np.testing.assert_allclose(held["vertices"] * step + offset, shown.vertices, atol=1e-3)
    np.testing.assert_array_equal(held["triangles"], shown.elements)
    assert held["regions"].tolist() == [0, 1, 0, -1]
    assert [(field["name"], field["on"]) for field in description["fields"]] == [
        ("strength", "nodes"),
        ("strength received", "nodes"),
        ("strength sent", "nodes"),
        ("cortical", "nodes"),
        ("thickness", "vertices"),
    ]
    assert description["fields"][3]["categories"] == ["False", "True"]
    assert description["nodes"] == 2


def test_a_surface_alone_has_no_nodes() -> None:
    description, held = content(Network(mesh=Mesh(TETRAHEDRON, FACES)).view().html)
    assert description["nodes"] == 0
    assert description["edges"] is None
    assert len(held["vertices"]) == 4


def sensors(kind: str, n: int = 20) -> Network:
    rng = np.random.default_rng(1)
    places = rng.normal(size=(n, 3))
    places *= 100 / np.linalg.norm(places, axis=1, keepdims=True)
    target = surface() if kind == "surface" else regions(3)
    target.frame = "RAS"
    gain = rng.normal(size=(n, target.number_of_nodes))
    gain[4] = np.nan
    network = Network(NodeTable([f"E{i}" for i in range(n)], places + [0, 0, 60]), descriptor="projection")
    network.frame = "RAS"
    network.set_matrix("gain", gain, unit="V/(A*m)", target_network=target)
    return network


@pytest.mark.parametrize("kind", ["surface", "regions"])
def test_the_gain_of_each_sensor_and_their_sum(kind: str) -> None:
    network = sensors(kind)
    gain = network.matrix("gain")
    description, held = content(network.view().html)
    assert description["gain"]["on"] == ("vertices" if kind == "surface" else "nodes")
    assert description["sensors"] == 20
    shown = held["gain_low"][:, None] + held["gain_step"][:, None] * held["gain"]
    shown[held["gain"] == description["gain"]["blank"]] = np.nan
    np.testing.assert_array_equal(np.isnan(shown), np.isnan(gain))
    assert (np.abs(shown - gain) <= 0.51 * held["gain_step"][:, None])[~np.isnan(gain)].all()
    assert (held["gain_step"] < 1e-4).all()
    total = held["gain_total"] * description["gain"]["largest"]
    np.testing.assert_allclose(total, np.nansum(np.abs(gain), axis=0), rtol=1e-6)
    assert any("different frames" in note for note in description["notes"])
    np.testing.assert_allclose(np.linalg.norm(description["shift"]), 60, atol=50)


def test_a_gain_without_its_sources_is_a_heatmap() -> None:
    network = Network(NodeTable(["a", "b"], np.eye(3)[:2]), descriptor="projection")
    network.set_matrix("gain", np.ones((2, 4)), column_labels=list("wxyz"))
    description, _ = content(network.view().html)
    assert description["gain"] is None
    assert description["matrices"][0]["columnLabels"] == list("wxyz")
    assert "Where the sources of the gain are is not known." in description["notes"]


def test_the_places_that_mne_gave_to_sources(tmp_path: Path) -> None:
    network = Network(NodeTable([f"E{i}" for i in range(3)], np.eye(3)), descriptor="projection")
    network.set_matrix("gain", np.ones((3, 2)), column_labels=["lh", "rh"])
    network.extra["mne"] = {"columns": {"positions": np.array([[-40.0, 0, 0], [40, 0, 0]])}}
    network.save(tmp_path / "gain.yaml")
    description, held = content(Network.from_file(tmp_path / "gain.yaml").view().html)
    assert description["gain"]["on"] == "nodes"
    assert description["labels"] == ["E0", "E1", "E2", "lh", "rh"]
    assert held["positions"][3:].tolist() == [[-40, 0, 0], [40, 0, 0]]


def test_without_positions_nodes_stand_on_a_circle() -> None:
    description, held = content(Network.from_matrix(np.ones((4, 4))).view().html)
    assert description["circle"]
    assert held["positions"].shape == (4, 3)
    assert description["labels"] == "node"


def test_nothing_to_show_is_said() -> None:
    with pytest.raises(ShapeError, match="nothing to show"):
        Network().view()
    with pytest.raises(ShapeError, match="nothing to write"):
        Network.from_matrix(np.eye(2)).to_niivue("unused")


def test_a_group_shows_its_surface_or_its_regions() -> None:
    group = Network(label="simulation")
    group.links["regions"] = regions()
    assert content(group.view().html)[0]["nodes"] == 5
    group.links["surface"] = surface()
    assert content(group.view().html)[0]["mesh"] is not None


def test_what_does_not_fit_is_said() -> None:
    with pytest.raises(ValueError, match="count is -1: expected 0 or more"):
        regions().view(count=-1)
    with pytest.raises(ShapeError, match="rows: expected one for each of 3 sensors"):
        viewer_page(Scene("x", list("abc"), 0, np.eye(3), gain=np.ones((2, 0)), n_sensors=3))


SOME = st.sampled_from([0.0, 1.0, -2.5, np.nan, np.inf, -np.inf, 1e300, -1e308, 5e-324])


@settings(max_examples=60)
@given(
    arrays(np.float64, (4, 4), elements=SOME),
    arrays(np.float64, (4, 3), elements=SOME) | st.none(),
    arrays(np.float64, 4, elements=SOME),
    st.sampled_from(["dense", "csr", "complex", "int", "bool"]),
    st.booleans(),
)
def test_every_network_has_a_page(
    weights: np.ndarray, places: np.ndarray | None, column: np.ndarray, kind: str, on_mesh: bool
) -> None:
    with np.errstate(all="ignore"):
        values: Any = {
            "dense": lambda: weights,
            "csr": lambda: sp.csr_array(weights),
            "complex": lambda: np.nan_to_num(weights, posinf=1, neginf=1) * 1j,
            "int": lambda: np.nan_to_num(np.clip(weights, -9, 9)).astype(int),
            "bool": lambda: weights.astype(bool),
        }[kind]()
    field = Field("column", column, None, "nodes")
    mesh = (TETRAHEDRON, FACES) if on_mesh else None
    scene = Scene("x", list("abcd"), 0, places, connections=values, fields=[field], mesh=mesh)
    description, held = content(viewer_page(scene).html)
    shown = held[description["fields"][-1]["array"]]
    np.testing.assert_array_equal(np.isnan(shown), np.isnan(column))
    assert len(held["edges"]) == description["edges"]["total"]


def test_the_page_is_the_same_each_time_and_can_be_saved(tmp_path: Path) -> None:
    page = regions().view(tmp_path / "a.html")
    assert (tmp_path / "a.html").read_bytes() == page.html.encode()
    assert regions().view().save(tmp_path / "b.html").read_bytes() == page.html.encode()
    # A companion is not overwritten by a page.
    with pytest.raises(ValueError, match=r"written as \.html, not as 'a\.h5'"):
        regions().view(tmp_path / "a.h5")
    assert not (tmp_path / "a.h5").exists()


def test_a_notebook_gets_a_frame_of_no_origin() -> None:
    page = regions().view()
    frame = page._repr_html_()
    assert 'sandbox="allow-scripts"' in frame
    (inside,) = re.findall(r'srcdoc="([^"]*)"', frame)
    assert html.unescape(inside) == page.html


def test_niivue_gets_the_surface_and_its_regions(tmp_path: Path) -> None:
    network = surface()
    written = network.to_niivue(tmp_path / "new")
    assert [path.name for path in written] == ["mesh.mz3", "connectome.jcon"]
    data = gzip.decompress(written[0].read_bytes())
    magic, attributes, n_faces, n_vertices, skip = struct.unpack_from("<HHIII", data)
    assert (magic, attributes, n_faces, n_vertices, skip) == (0x5A4D, 3, 4, 4, 0)
    shown = network.display_mesh()
    np.testing.assert_array_equal(np.frombuffer(data, "<i4", 12, 16).reshape(4, 3), shown.elements)
    np.testing.assert_array_equal(np.frombuffer(data, "<f4", 12, 64).reshape(4, 3), shown.vertices.astype("f4"))
    connectome = json.loads(written[1].read_text(encoding="utf-8"))
    assert [node["name"] for node in connectome["nodes"]] == ["node_0", "node_1"]
    weights = network.parent().weights_matrix
    assert connectome["edges"] == [
        {"first": 0, "second": 1, "colorValue": pytest.approx(max(weights[0, 1], weights[1, 0]))}
    ]
