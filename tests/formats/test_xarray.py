"""Datasets of xarray: labelled, lazy where the network is, and exact."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dask.array
import numpy as np
import pytest
import xarray as xr
from hypothesis import strategies as st

from tvbo import Network
from tvbo.errors import TvboWarning, UnsupportedObjectError
from tvbo.model.arrays import is_loaded
from tvbo.storage.stored import StoredArray
from tvbo.testing.everything import whole_networks
from tvbo.testing.object_suite import ObjectSuite
from tvbo.testing.strategies import connectivities, cortices, surfaces


class TestXarray(ObjectSuite):
    format = "xarray"
    package = "xarray"

    def examples(self) -> Mapping[str, Network]:
        return whole_networks()

    def strategy(self) -> Any:
        return st.one_of(connectivities(), cortices(), surfaces()).map(Network.from_tvb)


def test_xarray_selects_by_label() -> None:
    network = whole_networks()["full"]
    dataset = network.to_xarray()
    assert dataset.title == "full"
    assert float(dataset.weight.sel(target="region_2", source="region_0")) == network.matrix("weight")[2, 0]
    assert dataset.length.attrs["units"] == "mm"
    assert dataset.positions.sel(target="region_1", axis="y") == network.nodes.positions[1, 1]
    assert dataset.weight.sum("source").to_numpy().tolist() == network.matrix("weight").sum(axis=1).tolist()
    assert dataset.weight.where(dataset.cortical, drop=True).sizes["target"] == 3
    assert dataset.orientation.dims == ("target", "axis")


def test_a_gain_is_rectangular_and_its_sources_have_names() -> None:
    networks = whole_networks()
    dataset = networks["sensors"].to_xarray()
    assert dataset.gain.dims == ("sensor", "gain.source")
    assert dataset.gain.sel({"sensor": "A2", "gain.source": "vertex_1"}) == networks["sensors"].matrix("gain")[1, 1]
    assert dataset.gain.attrs["units"] == "uV"
    assert dataset.named.sel({"named.source": "c"}).sizes == {"sensor": 2}
    found = Network.from_object(dataset.gain)
    assert found.matrices["gain"].column_labels.tolist() == ["vertex_0", "vertex_1", "vertex_2"]
    assert found.matrices["gain"].unit == "uV"


def test_what_lies_in_a_file_stays_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Network.from_matrix(np.arange(9.0).reshape(3, 3), np.ones((3, 3))).save(tmp_path / "a.yaml")
    network = Network.from_file(tmp_path / "a.yaml")

    def read(*_: Any) -> None:
        raise AssertionError("it is read")

    with monkeypatch.context() as patch:
        for name in ("__array__", "__getitem__"):
            patch.setattr(StoredArray, name, read)
        dataset = network.to_xarray()
    assert isinstance(dataset.weight.data, dask.array.Array)
    assert not is_loaded(network.lazy("weight"))
    back = Network.from_object(dataset)
    assert isinstance(back.lazy("weight"), dask.array.Array)
    assert back.identical(network)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert isinstance(Network.from_file(tmp_path / "a.yaml").to_xarray().weight.data, np.ndarray)


def test_a_selection_is_a_network_of_its_own() -> None:
    network = whole_networks()["regions"]
    chosen = ["1", "Ä"]
    with pytest.warns(TvboWarning, match="others than those that it was made of: in_csr"):
        found = Network.from_object(network.to_xarray().sel(target=chosen, source=chosen))
    assert found.nodes.labels.tolist() == chosen
    assert found.matrix("length").tolist() == network.matrix("length")[np.ix_([2, 0], [2, 0])].tolist()
    assert found.nodes.columns["orientation"].tolist() == network.nodes.columns["orientation"][[2, 0]].tolist()
    assert found.nodes.ids.tolist() == [8, 5]
    assert found.parameters.conduction_speed.value == 4.5
    with pytest.warns(TvboWarning, match="are left out"):
        found = Network.from_object(network.to_xarray()[["length"]].sel(source=chosen))
    assert found.matrices["length"].column_labels.tolist() == chosen


def test_what_was_changed_in_the_dataset_counts() -> None:
    dataset = whole_networks()["full"].to_xarray()
    dataset["weight"] = dataset.weight * 2
    dataset.length.attrs["units"] = "cm"
    found = Network.from_object(dataset)
    assert np.array_equal(found.matrix("weight"), whole_networks()["full"].matrix("weight") * 2)
    assert found.matrices["length"].unit == "cm"


def test_datasets_of_others() -> None:
    values = np.arange(6.0).reshape(2, 3)
    array = xr.DataArray(values, dims=("sensor", "region"), coords={"sensor": ["a", "b"], "x": ("sensor", [1, 2])})
    found = Network.from_object(array, matrix="gain")
    assert found.matrix("gain").tolist() == values.tolist()
    assert found.matrices["gain"].column_labels.tolist() == ["region_0", "region_1", "region_2"]
    assert found.nodes.labels.tolist() == ["a", "b"]
    assert found.nodes.columns["x"].tolist() == [1, 2]
    names = [1, 2]
    square = xr.DataArray(
        np.arange(4).reshape(2, 2),
        dims=("source", "target"),
        coords={"source": names, "target": names} | {each: ("target", [0.0, 1.0]) for each in "xyz"},
        name="weight",
        attrs={"units": "1/mm"},
    )
    found = Network.from_object(square)
    assert found.matrix("weight").tolist() == [[0, 2], [1, 3]]
    assert found.nodes.positions.tolist() == [[0, 0, 0], [1, 1, 1]]
    assert found.matrices["weight"].unit == "1/mm"
    other = xr.Dataset({"weight": square, "more": (("a", "b"), np.ones((3, 3)))})
    with pytest.warns(TvboWarning, match="more have other rows"):
        Network.from_object(other)
    with pytest.raises(UnsupportedObjectError, match="expected an array of numbers with two axes"):
        Network.from_object(xr.Dataset({"a": ("t", [1, 2])}))
