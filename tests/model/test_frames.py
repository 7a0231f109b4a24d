"""Which way up a brain is, and which side is left."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tvb.datatypes.connectivity import Connectivity
from tvb.datatypes.region_mapping import RegionMapping
from tvb.datatypes.surfaces import CorticalSurface

from tvbo import Network
from tvbo.errors import ShapeError
from tvbo.model.frames import detect_frame, hemispheres_from_labels, outward, to_ras, vertex_normals

CODES = [
    "".join(letters) for axes in itertools.permutations(["RL", "AP", "SI"]) for letters in itertools.product(*axes)
]
UPRIGHT = ["RAS", "ALS", "LPS", "PRS"]


def brain(n: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Two hemispheres in RAS axes, longer than wide, and which nodes are right."""
    points = np.random.default_rng(0).normal(size=(n, 3)) * [12.0, 50.0, 25.0]
    right = np.arange(n) % 2 == 0
    points[:, 0] += np.where(right, 35, -35)
    return points, right


def in_frame(points: np.ndarray, code: str) -> np.ndarray:
    """Express RAS points in another frame."""
    columns = {"R": points[:, 0], "A": points[:, 1], "S": points[:, 2]}
    columns |= {"L": -points[:, 0], "P": -points[:, 1], "I": -points[:, 2]}
    return np.stack([columns[letter] for letter in code], axis=1)


@given(st.sampled_from(CODES))
def test_every_frame_is_turned_into_ras(code: str) -> None:
    points, _ = brain()
    np.testing.assert_array_equal(to_ras(in_frame(points, code), code), points)


@pytest.mark.parametrize("code", ["", "RA", "RRS", "XYZ", "ras", None])
def test_what_is_no_frame_is_said(code: str) -> None:
    with pytest.raises(ValueError, match="not a coordinate frame"):
        to_ras(np.zeros((1, 3)), code)


@pytest.mark.parametrize("code", UPRIGHT)
@pytest.mark.parametrize("evidence", ["mask", "labels"])
def test_the_frame_is_found_by_the_hemispheres(code: str, evidence: str) -> None:
    points, right = brain()
    labels = [f"{'r' if side else 'l'}V{i // 2}" for i, side in enumerate(right)]
    options = {"right": right} if evidence == "mask" else {"labels": labels}
    found = detect_frame(in_frame(points, code), **options)
    assert found.frame == code
    assert not found.assumed


def test_without_evidence_ras_is_assumed_and_said() -> None:
    found = detect_frame(brain()[0])
    assert (found.frame, found.assumed) == ("RAS", True)
    assert "assumed" in found.reason


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["rA1", "lA1"], [True, False]),
        (["ctx-lh-insula", "ctx-rh-insula"], [False, True]),
        (["Precentral_R", "Precentral_L"], [True, False]),
        (["Left-Thalamus", "Right-Thalamus"], [False, True]),
        (["limbic", "rostral", "occipital"], None),
        (["a", "b"], None),
    ],
)
def test_sides_are_read_from_names(labels: list[str], expected: list[bool] | None) -> None:
    found = hemispheres_from_labels(labels)
    assert (None if found is None else found.tolist()) == expected


def test_triangles_are_turned_outwards() -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]])
    good = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
    assert outward(vertices, good) is good
    np.testing.assert_array_equal(np.sort(outward(vertices, good[:, ::-1]), axis=1), np.sort(good, axis=1))
    both = np.concatenate([good, good[:, ::-1] + 4])
    turned = outward(np.concatenate([vertices, vertices + 5]), both)
    normals = vertex_normals(np.concatenate([vertices, vertices + 5]), turned)
    centre = np.repeat([[0.25] * 3, [5.25] * 3], 4, axis=0)
    assert ((np.concatenate([vertices, vertices + 5]) - centre) * normals).sum(axis=1).min() > 0
    with pytest.raises(ShapeError):
        vertex_normals(vertices, good[:, :2])


@pytest.mark.parametrize("name", ["68", "76", "96", "192"])
def test_tvb_connectivities_are_recognised(name: str) -> None:
    network = Network.from_tvb(Connectivity.from_file(f"connectivity_{name}.zip"))
    ras = to_ras(network.nodes.positions, network.frame.frame)
    right = hemispheres_from_labels(network.nodes.labels)
    if right is not None:
        assert not network.frame.assumed
        assert ras[right, 0].mean() > ras[~right, 0].mean() + 20
        labels = list(network.nodes.labels)
        front = [i for i, label in enumerate(labels) if "PFC" in label or "frontal" in label]
        back = [i for i, label in enumerate(labels) if label.endswith(("V1", "V2", "V1_L", "V2_R", "calcarine"))]
        assert ras[front, 1].mean() > ras[back, 1].mean() + 20


@pytest.mark.parametrize("code", UPRIGHT)
@pytest.mark.parametrize("mirrored", [False, True])
def test_the_front_is_found_by_names_where_left_and_right_mislead(code: str, mirrored: bool) -> None:
    points, right = brain()
    labels = np.array([f"{'r' if side else 'l'}{i // 2}" for i, side in enumerate(right)], dtype="U20")
    labels[points[:, 1] > 40] = np.char.add(labels[points[:, 1] > 40], "_frontal")
    labels[points[:, 1] < -40] = np.char.add(labels[points[:, 1] < -40], "_occipital")
    data = in_frame(points, code)
    given = ~right if mirrored else right
    found = detect_frame(data, right=given, labels=labels)
    assert not found.assumed
    assert ("left-handed" in found.reason) == mirrored
    ras = to_ras(data, found.frame)
    assert ras[given, 0].mean() > ras[~given, 0].mean() + 20
    np.testing.assert_array_equal(ras[:, 1:], points[:, 1:])


def test_tvb_cortex_is_shown_right_side_up_and_stored_raw() -> None:
    surface, mapping = CorticalSurface.from_file(), RegionMapping.from_file()
    mapping.connectivity, mapping.surface = Connectivity.from_file(), surface
    network = Network.from_tvb(mapping)
    assert network.frame.frame == "ALS"
    vertices, elements = network.display_mesh()
    np.testing.assert_array_equal(network._mesh_vertices, surface.vertices)
    np.testing.assert_array_equal(
        vertices, np.c_[-surface.vertices[:, 1], surface.vertices[:, 0], surface.vertices[:, 2]]
    )
    # Regions called r... lie on the right of the picture.
    right = np.char.startswith(network.parent_network.nodes.labels, "r")[mapping.array_data]
    assert vertices[right, 0].min() > -3
    assert vertices[~right, 0].max() < 3
    # The volume that outward triangles enclose is positive; TVB's own is negative.
    corners = vertices[elements]
    volume = np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6
    assert 0.9e6 < volume < 1.6e6


def test_a_declared_frame_is_kept(pair) -> None:
    network = Network.from_matrix(np.eye(2), positions=np.eye(2, 3))
    network.frame = "LPS"
    network.save(pair)
    assert Network.from_file(pair).frame[:1] == ("LPS",)
    with pytest.raises(ValueError, match="not a coordinate frame"):
        network.frame = "up"
