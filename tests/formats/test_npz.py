"""NumPy's archives: exact, read by numpy itself, and never unpickled."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from tvbo import Limits, Network
from tvbo.errors import DamagedFileError, LimitError, ShapeError, TvboWarning, UnknownFormatError, UnsafeFileError
from tvbo.testing.everything import whole_networks
from tvbo.testing.strategies import connectivities, cortices, surfaces
from tvbo.testing.suite import FormatSuite


class TestNpz(FormatSuite):
    format = "npz"
    extension = ".npz"

    def examples(self) -> Mapping[str, Network]:
        return whole_networks()

    def strategy(self) -> Any:
        return st.one_of(connectivities(), cortices(), surfaces()).map(Network.from_tvb)


def test_numpy_reads_it(tmp_path: Path) -> None:
    network = whole_networks()["regions"]
    network.save(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as found:
        assert found["weight"].tobytes() == network.matrix("weight").tobytes()
        assert found["length"].dtype == np.float32
        assert found["labels"].tolist() == network.nodes.labels.tolist()
        assert found["positions"].tolist() == network.nodes.positions.tolist()
        assert found["orientation"].shape == (4, 3)


def test_what_was_changed_with_numpy_counts(tmp_path: Path) -> None:
    network = whole_networks()["full"]
    network.save(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as found:
        arrays = dict(found)
    arrays["weight"] = arrays["weight"] * 2
    np.savez(tmp_path / "a.npz", **arrays)
    assert np.array_equal(Network.from_file(tmp_path / "a.npz").matrix("weight"), network.matrix("weight") * 2)
    arrays["weight"] = np.ones((5, 5))
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(ShapeError, match="expected 4 rows"):
        Network.from_file(tmp_path / "a.npz")


def put(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def test_files_of_others(tmp_path: Path) -> None:
    values = np.arange(9.0).reshape(3, 3)
    path = put(
        tmp_path / "a.npz",
        SC=values,
        tract_lengths=values * 2,
        region_labels=np.array(["a", "b", "c"]),
        centres=np.eye(3),
        areas=np.arange(3),
        fc=values / 2,
        notes=np.array("text"),
    )
    with pytest.warns(TvboWarning, match="notes fit no node"):
        found = Network.from_file(path)
    assert found.nodes.labels.tolist() == ["a", "b", "c"]
    assert found.matrix("weight").tolist() == values.tolist()
    assert found.matrices["length"].unit == "mm"
    assert found.matrix("fc")[2, 2] == 4
    assert found.nodes.columns["areas"].tolist() == [0, 1, 2]
    assert found.nodes.positions.tolist() == np.eye(3).tolist()
    assert Network.from_file(put(tmp_path / "b.npz", anything=values)).matrix_names == ("weight",)


def test_what_cannot_be_told_is_said(tmp_path: Path) -> None:
    values = np.eye(3)
    path = put(tmp_path / "a.npz", one=values, two=values)
    with pytest.raises(UnknownFormatError, match=r"holds one, two: expected a square array .* variable="):
        Network.from_file(path)
    with pytest.raises(UnknownFormatError, match="variable="):
        Network.from_file(path, variable="three")
    assert Network.from_file(path, variable="two").matrix_names == ("weight", "one")
    with pytest.raises(ShapeError, match="holds 2 names, and there are 3 nodes"):
        Network.from_file(put(tmp_path / "b.npz", sc=values, labels=np.array(["a", "b"])))
    with pytest.raises(ShapeError, match=r"expected \(3, 3\) numbers"):
        Network.from_file(put(tmp_path / "c.npz", sc=values, xyz=np.ones((3, 2))))


def test_pickles_are_refused(tmp_path: Path) -> None:
    path = put(tmp_path / "a.npz", weights=np.eye(2), labels=np.array(["a", "b"], dtype=object))
    with pytest.raises(UnsafeFileError, match="Python objects"):
        Network.from_file(path)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[1]",
        '{"format": "tvbo"}',
        '{"format": "tvbo", "version": 2, "networks": [{}]}',
        '{"format": "tvbo", "version": 1, "networks": [{}]}',
        '{"format": "tvbo", "version": 1, "networks": "abc"}',
        "[" * 100_000,
    ],
)
def test_damaged_records_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DamagedFileError):
        Network.from_file(put(tmp_path / "a.npz", weight=np.eye(2), tvbo=np.array(text)))


def test_it_claims_no_more_than_the_limits_allow(tmp_path: Path) -> None:
    Network.from_matrix(np.eye(3)).save(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as found:
        arrays = dict(found)
    arrays["tvbo"] = np.array(str(arrays["tvbo"]).replace('"size": 3', '"size": 3000000000'))
    with pytest.raises(LimitError, match="nodes"):
        Network.from_file(put(tmp_path / "b.npz", **arrays))
    with pytest.raises(LimitError):
        Network.from_file(tmp_path / "a.npz", limits=Limits(sidecar_bytes=10))
    with pytest.raises(LimitError):
        Network.from_matrix(np.eye(3)).save(tmp_path / "c.npz", limits=Limits(inflated_bytes=10, objects=1))
    assert not (tmp_path / "c.npz").exists()
