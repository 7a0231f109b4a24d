"""Forward solutions become projection networks; a region without sources is NaN."""

from typing import Any

import numpy as np
import pytest

from tvbo import Network
from tvbo.errors import ShapeError, TvboWarning, UnsupportedObjectError

mne = pytest.importorskip("mne")


@pytest.fixture(scope="module")
def forward() -> Any:
    """Six electrodes over a sphere; vertices 4 and 9 lie outside it, so that MNE drops them."""
    mne.set_log_level("ERROR")
    montage = mne.channels.make_standard_montage("biosemi16")
    info = mne.create_info(montage.ch_names[:6], 100.0, "eeg").set_montage(montage)
    points = np.random.default_rng(1).normal(size=(10, 3))
    normals = points / np.linalg.norm(points, axis=1, keepdims=True)
    points = normals * 0.05
    points[[4, 9]] *= 3
    sources = mne.setup_volume_source_space("x", pos={"rr": points, "nn": normals})
    sphere = mne.make_sphere_model((0.0, 0.0, 0.0), 0.09)
    identity = mne.transforms.Transform("head", "mri")
    return mne.make_forward_solution(info, identity, sources, sphere, meg=False, mindist=0.0)


@pytest.fixture(scope="module")
def columns(forward: Any) -> Any:
    """The gain of the eight sources that are left, by MNE alone."""
    fixed = mne.convert_forward_solution(forward, surf_ori=True, force_fixed=True)
    gain = fixed["sol"]["data"].astype(float)
    return gain - gain.mean(axis=0)


REGIONS = [0, 0, 1, 1, 2, 3, 3, 3, -1, 0]


@pytest.mark.parametrize("reduce", ["sum", "mean", "area"])
def test_regions_are_reduced_as_asked(forward: Any, columns: Any, reduce: str) -> None:
    areas = np.arange(1.0, 11.0)
    options = {"areas": areas} if reduce == "area" else {}
    with pytest.warns(TvboWarning, match=r"1 of 4 regions \(region_2 0/1\)"):
        network = Network.from_mne_forward(forward, regions=REGIONS, reduce=reduce, **options)
    gain = network.matrix("gain")
    # Vertex 4, the only one of region 2, was dropped; vertices 5 to 7 are columns 4 to 6.
    weights = {"sum": np.ones(3), "mean": np.ones(3) / 3, "area": areas[5:8] / areas[5:8].sum()}[reduce]
    np.testing.assert_allclose(gain[:, 3], columns[:, 4:7] @ weights, rtol=1e-5)
    assert np.isnan(gain[:, 2]).all()
    assert np.isfinite(np.delete(gain, 2, axis=1)).all()
    np.testing.assert_allclose(network.extra["mne"]["columns"]["coverage"], [2 / 3, 1, 0, 1])
    assert network.matrices["gain"].unit == "V/(A*m)"


@pytest.fixture(scope="module")
def surfaces() -> Any:
    """Two hemispheres with triangles of very different areas; the last vertex of each is outside and dropped."""
    angles = np.cumsum([0, 1, 2, 3, 4]) * 2 * np.pi / 15
    ring = np.c_[30 * np.cos(angles), 30 * np.sin(angles), 20 * np.ones(5)]
    spaces = []
    for side in (-20.0, 20.0):
        points = (np.r_[ring, [[0, 0, 40]], [[0, 0, 300]]] + [side, 0, 0]) / 1e3
        normals = points / np.linalg.norm(points, axis=1, keepdims=True)
        spaces.append(mne.setup_volume_source_space("x", pos={"rr": points, "nn": normals}))
    montage = mne.channels.make_standard_montage("biosemi16")
    info = mne.create_info(montage.ch_names[:6], 100.0, "eeg").set_montage(montage)
    sphere = mne.make_sphere_model((0.0, 0.0, 0.0), 0.09)
    identity = mne.transforms.Transform("head", "mri")
    made = mne.make_forward_solution(info, identity, spaces[0] + spaces[1], sphere, meg=False, mindist=0.0)
    for space in made["src"]:
        # What MNE reads from a surface file; reading one would need nibabel.
        space["tris"] = np.array([(i, (i + 1) % 5, tip) for tip in (5, 6) for i in range(5)])
    return made


def test_areas_come_from_the_triangles_and_are_kept(surfaces: Any) -> None:
    assert [space["nuse"] for space in surfaces["src"]] == [6, 6]
    regions = np.tile([0, 0, 0, 1, 1, 1, 1], 2)
    network = Network.from_mne_forward(surfaces, regions=regions, reduce="area", reference="none")
    columns = Network.from_mne_forward(surfaces, reference="none").matrix("gain")

    areas = np.zeros(14)
    for start, space in zip((0, 7), surfaces["src"], strict=True):
        for triangle in space["tris"]:
            a, b, c = space["rr"][triangle] * 1e3
            areas[start + triangle] += np.linalg.norm(np.cross(b - a, c - a)) / 6
    used = np.setdiff1d(np.arange(14), [6, 13])
    for region in (0, 1):
        ours = regions[used] == region
        expected = columns[:, ours] @ areas[used][ours] / areas[used][ours].sum()
        np.testing.assert_allclose(network.matrix("gain")[:, region], expected, rtol=1e-12)
        np.testing.assert_allclose(network.extra["mne"]["columns"]["area"][region], areas[used][ours].sum())
    mean = Network.from_mne_forward(surfaces, regions=regions, reduce="mean", reference="none").matrix("gain")
    assert not np.allclose(network.matrix("gain"), mean, rtol=0.05)


def test_the_matrix_itself_says_what_its_numbers_mean(surfaces: Any, pair: Any) -> None:
    network = Network.from_mne_forward(surfaces, regions=np.zeros(14, int), reduce="area")
    network.save(pair)
    found = Network.from_file(pair)
    assert network.identical(found)
    assert found.matrices["gain"].extra == {"reduction": "area", "reference": "average", "orientation": "fixed"}
    assert "reduction: area" in pair.read_text()


def test_areas_that_are_missing_or_not_asked_for_are_refused(forward: Any) -> None:
    with pytest.raises(ValueError, match=r"'discrete0' has no triangles over its sources: give areas= \[mm\^2\]"):
        Network.from_mne_forward(forward, regions=[0] * 10, reduce="area")
    with pytest.raises(ValueError, match="the reduction is 'mean'"):
        Network.from_mne_forward(forward, regions=[0] * 10, reduce="mean", areas=np.ones(10))


def test_a_warning_points_at_the_line_that_asked(forward: Any) -> None:
    with pytest.warns(TvboWarning) as caught:
        Network.from_mne_forward(forward, regions=REGIONS)
    assert caught[0].filename == __file__


def test_without_regions_each_source_left_is_a_column(forward: Any, columns: Any) -> None:
    network = Network.from_object(forward)
    # MNE keeps the gain that it has fixed in float32; ours is float64.
    np.testing.assert_allclose(network.matrix("gain"), columns, rtol=1e-5)
    assert len(network.matrices["gain"].column_labels) == 8


def test_free_orientations_are_reduced_by_their_norm(forward: Any) -> None:
    network = Network.from_mne_forward(forward, regions=[0] * 10, reduce="norm", orientation="free", reference="none")
    lengths = np.linalg.norm(forward["sol"]["data"].reshape(6, 8, 3), axis=2)
    np.testing.assert_allclose(network.matrix("gain")[:, 0], lengths.mean(axis=1), rtol=1e-6)


def test_it_survives_files_and_says_how_it_was_made(forward: Any, pair: Any) -> None:
    before = forward["sol"]["data"].copy()
    with pytest.warns(TvboWarning):
        network = Network.from_mne_forward(forward, regions=REGIONS)
    network.save(pair)
    found = Network.from_file(pair)
    assert network.identical(found)
    values = [found.parameters[name].value for name in ("reference", "orientation", "reduction")]
    assert values == ["average", "fixed", "sum"]
    assert found.nodes[0].label == forward["info"]["ch_names"][0]
    np.testing.assert_array_equal(before, forward["sol"]["data"])


def test_what_does_not_fit_is_said(forward: Any) -> None:
    with pytest.raises(ShapeError, match="10"):
        Network.from_mne_forward(forward, regions=[0] * 7)
    with pytest.raises(ShapeError):
        Network.from_mne_forward(forward, regions=REGIONS, region_labels=["a"])
    with pytest.raises(ValueError, match="'sum', 'mean'"):
        Network.from_mne_forward(forward, regions=REGIONS, reduce="median")
    with pytest.raises(ValueError, match="norm"):
        Network.from_mne_forward(forward, regions=REGIONS, reduce="sum", orientation="free")
    with pytest.raises(UnsupportedObjectError):
        Network.from_mne_forward({"sol": 1})
