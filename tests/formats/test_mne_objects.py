"""MNE takes our networks back: forward solutions that it applies, sensors, and connectivities."""

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from tvbo import Network, NodeTable
from tvbo.errors import (
    LossyConversionWarning,
    MatrixNotFoundError,
    OptionError,
    ShapeError,
    UnsupportedObjectError,
)
from tvbo.testing.object_suite import ObjectSuite, every_feature, example_networks

mne = pytest.importorskip("mne")
mne_connectivity = pytest.importorskip("mne_connectivity")
NAMES = ["Fz", "Cz", "Oz", "C3"]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    mne.set_log_level("ERROR")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        yield


def info_of(kinds: str = "eeg") -> Any:
    info = mne.create_info(NAMES, 250.0, kinds)
    return info.set_montage("biosemi64") if kinds == "eeg" else info


def forward_of(places: Any = None) -> Any:
    places = np.random.default_rng(0).normal(size=(6, 3)) * 0.02 if places is None else places
    sources = mne.setup_volume_source_space(pos={"rr": places, "nn": np.tile([0.0, 0.6, 0.8], (len(places), 1))})
    sphere = mne.make_sphere_model((0.0, 0.0, 0.0), 0.095)
    return mne.make_forward_solution(info_of(), None, sources, sphere, meg=False)


def gain_network() -> Network:
    return Network.from_object(forward_of(), reference="none")


def give(network: Network, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LossyConversionWarning)
        return network.execute(format="mne", **options)


class TestMne(ObjectSuite):
    format = "mne"
    package = "mne"
    adds = ("parameters.*", "nodes.columns.*", "extra.*", "matrices.gain.extra*")

    def examples(self) -> Mapping[str, Network]:
        everything = every_feature()
        for name in set(everything.matrices) - {"weight"}:
            everything.matrices.pop(name)
        everything.set_matrix("weight", np.nan_to_num(everything.weights_matrix))
        sensors = Network.from_object(info_of())
        sensors.nodes.columns["noise"] = np.arange(4.0)
        return {"gain": gain_network(), "sensors": sensors, "everything": everything}

    def take(self, made: Any) -> Network:
        # A gain is as it is: it must not be referred a second time.
        return Network.from_object(made, **({"reference": "none"} if type(made).__name__ == "Forward" else {}))


def test_a_gain_that_came_from_mne_goes_back_without_a_loss() -> None:
    network = gain_network()
    assert Network.from_object(network.execute(format="mne", strict=True), reference="none").identical(network)


def test_mne_applies_our_gain_to_sources() -> None:
    regions = Network(NodeTable(["a", "b", "c"], np.eye(3) * 30.0))
    network = Network.from_object(info_of())
    gain = np.random.default_rng(1).normal(size=(4, 3))
    gain[:, 1] = np.nan  # a region without a source
    network.set_matrix("gain", gain, unit="V/(A*m)", target_network=regions)
    forward = give(network)
    used = forward["src"][0]["vertno"]
    assert used.tolist() == [0, 2]
    activity = np.random.default_rng(2).normal(size=(2, 5)) * 1e-9
    estimate = mne.VolSourceEstimate(activity, [used], 0.0, 0.1)
    evoked = mne.apply_forward(forward, estimate, info_of(), on_missing="ignore")
    np.testing.assert_allclose(evoked.data, gain[:, used] @ activity, rtol=1e-12)
    np.testing.assert_allclose(forward["source_rr"], np.eye(3)[used] * 0.03)


def test_the_same_field_as_that_of_the_forward_solution_it_came_from() -> None:
    forward = mne.convert_forward_solution(forward_of(), surf_ori=True, force_fixed=True)
    back = give(Network.from_object(forward, reference="none"))
    activity = np.random.default_rng(2).normal(size=(6, 3)) * 1e-9
    estimate = mne.VolSourceEstimate(activity, [forward["src"][0]["vertno"]], 0.0, 0.1)
    one, other = (mne.apply_forward(each, estimate, info_of(), on_missing="ignore").data for each in (forward, back))
    np.testing.assert_allclose(one, other, rtol=1e-6)


def test_a_gain_whose_columns_are_nowhere_is_refused() -> None:
    network = Network.from_object(info_of())
    network.set_matrix("gain", np.ones((4, 2)), column_labels=["a", "b"])
    with pytest.raises(ShapeError, match="where the columns of the gain are"):
        give(network)
    network.set_matrix("gain", np.diag([np.nan, 1, 1, 1]), target_network=Network(NodeTable(NAMES, np.eye(4, 3))))
    with pytest.raises(ValueError, match="1 columns of the gain are NaN for some sensors only"):
        give(network)


def test_an_info_is_a_network_of_sensors() -> None:
    info = info_of()
    info["bads"] = ["Oz"]
    network = Network.from_object(info)
    assert network.nodes.labels.tolist() == NAMES
    assert network.nodes.columns["usable"].tolist() == [True, True, False, True]
    np.testing.assert_allclose(network.nodes.positions[0], info["chs"][0]["loc"][:3] * 1e3)
    back = network.execute(format="mne", strict=True)
    assert back["bads"] == ["Oz"]
    assert back["sfreq"] == 250.0
    assert back.get_channel_types() == ["eeg"] * 4
    assert give(network, sfreq=10.0)["sfreq"] == 10.0


def test_coils_have_normals() -> None:
    info = mne.create_info(["M1", "M2"], 100.0, "mag")
    info["dev_head_t"] = mne.transforms.Transform("meg", "head", np.diag([1.0, -1.0, -1.0, 1.0]))
    for channel, normal in zip(info["chs"], np.eye(3)[1:], strict=True):
        channel["loc"][:] = [0.01, 0.02, 0.1, *np.zeros(6), *normal]
    network = Network.from_object(info)
    np.testing.assert_array_equal(network.nodes.columns["orientation"], [[0, -1, 0], [0, 0, -1]])
    np.testing.assert_allclose(network.nodes.positions, [[10.0, -20.0, -100.0]] * 2)
    back = give(network)
    assert back.get_channel_types() == ["mag", "mag"]
    np.testing.assert_allclose(back["chs"][0]["loc"][9:12], [0, -1, 0])
    for channel in back["chs"]:
        axes = channel["loc"][3:12].reshape(3, 3)
        np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)


def test_a_montage_and_its_landmarks() -> None:
    montage = info_of().get_montage()
    network = Network.from_object(montage)
    back = network.execute(format="mne", kind="montage", strict=True)
    for name, place in montage.get_positions()["ch_pos"].items():
        np.testing.assert_array_almost_equal_nulp(back.get_positions()["ch_pos"][name], place, 2)
    np.testing.assert_allclose(back.get_positions()["nasion"], montage.get_positions()["nasion"])


def test_sensors_of_tvb_are_turned_and_named() -> None:
    from tvb.datatypes.sensors import SensorsMEG

    coils = SensorsMEG(labels=np.array(["M1"]), locations=np.ones((1, 3)), orientations=np.eye(1, 3))
    assert give(Network.from_tvb(coils)).get_channel_types() == ["mag"]


@pytest.mark.parametrize("method", ["coh", "pli"])
def test_spectra_have_a_matrix_for_each_band(method: str) -> None:
    signals = np.random.default_rng(0).normal(size=(6, 4, 200))
    bands = {"fmin": (8, 13), "fmax": (13, 30), "faverage": True}
    given = mne_connectivity.spectral_connectivity_epochs(signals, names=NAMES, sfreq=100.0, method=method, **bands)
    network = Network.from_object(given)
    assert [name.startswith(f"{method} ") for name in network.matrices] == [True, True]
    first = network.matrix(network.matrix_names[0])
    np.testing.assert_array_equal(first, first.T)
    assert first[0, 1] == given.get_data("dense")[1, 0, 0] != 0
    back = network.execute(format="mne", strict=True)
    assert type(back) is type(given)
    np.testing.assert_array_equal(back.get_data("dense"), given.get_data("dense"))
    assert back.freqs == given.freqs


def test_what_is_directed_is_turned_over() -> None:
    data = np.arange(9.0).reshape(3, 3)
    given = mne_connectivity.Connectivity(data.ravel(), 3, names=["a", "b", "c"], method="dtf")
    network = Network.from_object(given)
    assert network.matrix("dtf").tolist() == data.T.tolist()
    back = network.execute(format="mne", strict=True)
    assert back.get_data("dense").tolist() == data.tolist()


def test_pairs_and_triangles_are_laid_into_matrices() -> None:
    pairs = mne_connectivity.Connectivity(np.array([5.0, 7.0]), 3, indices=(np.array([0, 2]), np.array([1, 0])))
    found = Network.from_object(pairs).matrix("connectivity")
    # What was not computed is not zero.
    np.testing.assert_array_equal(found, [[np.nan, np.nan, 7], [5, np.nan, np.nan], [np.nan, np.nan, np.nan]])
    triangle = mne_connectivity.Connectivity(np.arange(1.0, 7.0), 3, indices="symmetric")
    assert Network.from_object(triangle).matrix("connectivity").tolist() == [[1, 2, 4], [2, 3, 5], [4, 5, 6]]


def test_epochs_are_not_averaged_unasked() -> None:
    epochs = mne_connectivity.EpochConnectivity(np.ones((2, 9)), 3)
    with pytest.raises(UnsupportedObjectError, match="average them first"):
        Network.from_object(epochs)


def test_which_matrix_is_meant_must_be_said() -> None:
    network = example_networks()["full"]
    assert give(network).method == "weight"
    assert give(network, matrix="length").method == "length"
    network.matrices["coherence"] = network.matrices.pop("weight")
    with pytest.raises(MatrixNotFoundError, match="matrix="):
        give(network)
    with pytest.raises(ValueError, match="kind='gian' is unknown"):
        give(network, kind="gian")


def test_options_that_an_object_of_mne_does_not_have_are_refused_by_name() -> None:
    network = example_networks()["weights"]
    with pytest.raises(OptionError, match=r"giving a connectivity of MNE has no option sfreq=: expected matrix"):
        network.execute(format="mne", sfreq=100.0)
    with pytest.warns(LossyConversionWarning, match="descriptor"):
        made = network.execute(format="mne", matrix="weight")
    with pytest.raises(OptionError, match=r"taking a Connectivity of MNE has no option reference="):
        Network.from_object(made, reference="none")
