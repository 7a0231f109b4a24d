"""MATLAB's files: exact, read by scipy as MATLAB would, found by TVB, and those of others read by their names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import strategies as st
from scipy.io import loadmat, savemat
from tvb.datatypes.local_connectivity import LocalConnectivity
from tvb.datatypes.projections import ProjectionSurfaceEEG

from tvbo import Network, registry
from tvbo.errors import DamagedFileError, TvboWarning, UnknownFormatError
from tvbo.testing.everything import whole_networks
from tvbo.testing.strategies import connectivities, cortices, surfaces
from tvbo.testing.suite import FormatSuite


class TestMat(FormatSuite):
    format = "mat"
    extension = ".mat"

    def examples(self) -> Mapping[str, Network]:
        return whole_networks()

    def strategy(self) -> Any:
        return st.one_of(connectivities(), cortices(), surfaces()).map(Network.from_tvb)


def test_scipy_reads_it_as_matlab_would(tmp_path: Path) -> None:
    network = whole_networks()["regions"]
    network.save(tmp_path / "a.mat")
    found = loadmat(tmp_path / "a.mat")
    assert found["weight"].tobytes("F") == network.matrix("weight").tobytes("F")
    assert found["length"].dtype == np.float32
    assert [str(each[0]) for each in found["labels"].ravel()] == network.nodes.labels.tolist()
    assert found["positions"].tolist() == network.nodes.positions.tolist()
    assert sp.issparse(found["in_csr"])
    assert found["in_csr"].toarray().tolist() == network.matrix("in_csr").tolist()
    assert found["mask"].dtype == np.uint8


def test_tvb_finds_its_own(tmp_path: Path) -> None:
    networks = whole_networks()
    networks["sensors"].save(tmp_path / "gain.mat")
    made = ProjectionSurfaceEEG.from_file(str(tmp_path / "gain.mat"), "ProjectionMatrix")
    assert made.projection_data.tolist() == networks["sensors"].matrix("gain").tolist()
    networks["surface"].save(tmp_path / "local.mat")
    found = LocalConnectivity.from_file(str(tmp_path / "local.mat")).matrix
    assert found.toarray().tolist() == networks["surface"].matrix("local_connectivity").tolist()
    for name in ("gain", "local"):
        assert registry.name_of(registry.for_path(tmp_path / f"{name}.mat", "read")) == "mat"
    savemat(tmp_path / "tvb.mat", {"ProjectionMatrix": np.ones((2, 3))})
    assert registry.name_of(registry.for_path(tmp_path / "tvb.mat", "read")) == "tvb-text"


def test_the_habits_of_the_brain_connectivity_toolbox(tmp_path: Path) -> None:
    values = np.arange(16.0).reshape(4, 4)
    names = np.array(["a", "bb", "ccc", "d"], dtype=object)
    savemat(tmp_path / "a.mat", {"CIJ": values, "names": names, "xyz": values[:, :3], "hemi": [1, 1, 2, 2]})
    found = Network.from_file(tmp_path / "a.mat")
    assert found.matrix("weight").tolist() == values.tolist()
    assert found.nodes.labels.tolist() == names.tolist()
    assert found.nodes.positions.tolist() == values[:, :3].tolist()
    assert found.nodes.columns["hemi"].tolist() == [1, 1, 2, 2]
    savemat(tmp_path / "b.mat", {"connectivity": sp.csc_array(values), "names": names.astype("U3"), "note": "hello"})
    with pytest.warns(TvboWarning, match="note fit no node"):
        found = Network.from_file(tmp_path / "b.mat")
    assert found.nodes.labels.tolist() == names.tolist()
    assert found.matrix("weight").tolist() == values.tolist()
    savemat(tmp_path / "c.mat", {"one": values, "two": values})
    with pytest.raises(UnknownFormatError, match="holds one, two: expected a square"):
        Network.from_file(tmp_path / "c.mat")
    assert Network.from_file(tmp_path / "c.mat", format="mat", variable="two").matrix_names == ("weight", "one")


def test_what_was_changed_in_matlab_counts(tmp_path: Path) -> None:
    network = whole_networks()["full"]
    network.save(tmp_path / "a.mat")
    found = {name: each for name, each in loadmat(tmp_path / "a.mat").items() if not name.startswith("_")}
    found["weight"] = found["weight"] * 2
    savemat(tmp_path / "a.mat", found)
    assert np.array_equal(Network.from_file(tmp_path / "a.mat").matrix("weight"), network.matrix("weight") * 2)


def test_a_damaged_record_is_refused(tmp_path: Path) -> None:
    savemat(tmp_path / "a.mat", {"weight": np.eye(2), "tvbo": '{"format": "tvbo", "version": 1, "networks": [1]}'})
    with pytest.raises(DamagedFileError, match="the parts of a network"):
        Network.from_file(tmp_path / "a.mat")


def test_a_matrix_is_not_sorted_in_place(tmp_path: Path) -> None:
    unsorted = sp.csc_matrix((np.array([1.0, 2.0, 3.0]), np.array([2, 0, 1]), np.array([0, 2, 3, 3])), shape=(3, 3))
    network = Network.from_matrix(unsorted)
    network.save(tmp_path / "a.mat")
    assert unsorted.indices.tolist() == [2, 0, 1]
    assert unsorted.data.tolist() == [1.0, 2.0, 3.0]
    assert Network.from_file(tmp_path / "a.mat").identical(network)
