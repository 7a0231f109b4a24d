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
