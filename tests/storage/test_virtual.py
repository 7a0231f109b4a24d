"""A file over many that somebody else made reads nothing but companions of ours below it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from tvbo import Network
from tvbo.errors import CompanionError, TvboError, UnsafeFileError
from tvbo.storage.companion import Companion
from tvbo.storage.virtual import is_virtual, read_planes, write_planes

NAMES = ["a", "b%d", "ü c"]


def forged(path: Path, change: Callable[[dict[str, Any]], None], mapping: dict[int, tuple[str, str]]) -> None:
    """Write the file anew, saying something else to us or to HDF5."""
    with h5py.File(path) as file:
        record = json.loads(file["tvbo/cohort"][()].tobytes())
    change(record)
    shape = (len(record["subjects"]), len(record["rows"]), len(record["columns"]))
    layout = h5py.VirtualLayout(shape, np.float64)
    for index in range(shape[0]):
        name, dataset = mapping.get(index, (record["files"][index], "/" + record["datasets"][index]))
        layout[index] = h5py.VirtualSource(name.replace("%", "%%"), dataset, shape[1:])
    with h5py.File(path, "w", libver=("v110", "v110")) as file:
        file.create_virtual_dataset(record["name"], layout)
        file.create_group("tvbo").attrs["cohort"] = b"tvbo-cohort/1"
        file["tvbo/cohort"] = np.frombuffer(json.dumps(record).encode(), np.uint8)


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Three networks in a folder, and a file over them."""
    base = tmp_path / "data"
    base.mkdir()
    planes = []
    for number, name in enumerate(NAMES):
        Network.from_matrix(np.full((3, 3), number + 0.5), labels=["x", "y", "z"]).save(base / f"{name}.yaml")
        planes.append(Companion.open(base / f"{name}.h5").arrays["edges/weight/data"])
    write_planes(base / "all.h5", "weight", planes, NAMES, ["x", "y", "z"], ["x", "y", "z"], "1/s")
    return base / "all.h5"


def test_it_says_what_was_written(many: Path) -> None:
    found = read_planes(many)
    assert (found.name, found.unit, found.subjects, found.rows) == ("weight", "1/s", tuple(NAMES), ("x", "y", "z"))
    assert [found.plane(index)[0, 0] for index in range(3)] == [0.5, 1.5, 2.5]
    with h5py.File(many) as file:
        assert file["weight"][:, 1, 1].tolist() == [0.5, 1.5, 2.5]
        assert file["subject"].asstr()[:].tolist() == NAMES
    assert is_virtual(many)
    assert not is_virtual(many.with_name("a.h5"))
    assert not is_virtual(many.with_name("a.yaml"))
    assert not is_virtual(many.with_name("missing.h5"))


def test_a_companion_that_is_gone_is_missing_and_not_zero(many: Path) -> None:
    (many.parent / "a.h5").unlink()
    with pytest.raises(TvboError, match=r"a\.h5 cannot be read"):
        read_planes(many).plane(0)
    with h5py.File(many) as file:
        assert np.isnan(file["weight"][0]).all()


def test_our_other_readers_still_refuse_it(many: Path) -> None:
    with pytest.raises(TvboError):
        Network.from_file(many)


@pytest.mark.parametrize("name", ["../secret.h5", "/etc/passwd", "x/../../secret.h5", "c:\\secret.h5"])
def test_it_never_leads_out_of_its_folder(name: str, many: Path) -> None:
    Network.from_matrix(np.eye(3)).save(many.parent.parent / "secret.yaml")

    def change(record: dict[str, Any]) -> None:
        record["files"][1] = name

    forged(many, change, {})
    with pytest.raises(UnsafeFileError, match="b%d lies in"):
        read_planes(many)


def test_nor_by_a_symbolic_link(many: Path) -> None:
    secret = many.parent.parent / "secret.h5"
    (many.parent / "a.h5").rename(secret)
    (many.parent / "a.h5").symlink_to(secret)
    with pytest.raises(UnsafeFileError, match="outside of"):
        read_planes(many).plane(0)


def test_it_says_to_us_what_it_says_to_hdf5(many: Path) -> None:
    forged(many, lambda record: None, {1: ("/etc/passwd", "/edges/weight/data")})
    with pytest.raises(CompanionError, match=r"plane 1 leads to /etc/passwd: .* and not to b%d\.h5"):
        read_planes(many)


def test_only_companions_of_ours_are_read(many: Path) -> None:
    with h5py.File(many.parent / "a.h5", "w") as file:
        file["edges/weight/data"] = np.zeros((3, 3))
    with pytest.raises(CompanionError, match="no companion that tvbo wrote"):
        read_planes(many).plane(0)


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record["subjects"].pop(),
        lambda record: record["digests"].pop(),
        lambda record: record.pop("rows"),
        lambda record: record.update(name=3),
        lambda record: record.update(unit=[]),
        lambda record: record["rows"].append(4),
        lambda record: record.update(files="abc"),
    ],
)
def test_a_record_that_does_not_fit_is_refused(change: Any, many: Path) -> None:
    with h5py.File(many, "r+") as file:
        record = json.loads(file["tvbo/cohort"][()].tobytes())
        change(record)
        del file["tvbo/cohort"]
        file["tvbo/cohort"] = np.frombuffer(json.dumps(record).encode(), np.uint8)
    with pytest.raises(CompanionError):
        read_planes(many)


@pytest.mark.parametrize("value", [b"{", b"[" * 100_000, b"\xff", b""])
def test_a_torn_record_is_refused(value: bytes, many: Path) -> None:
    with h5py.File(many, "r+") as file:
        del file["tvbo/cohort"]
        file["tvbo/cohort"] = np.frombuffer(value, np.uint8)
    with pytest.raises(CompanionError):
        read_planes(many)


def test_a_record_of_another_kind_is_refused(many: Path) -> None:
    with h5py.File(many, "r+") as file:
        del file["tvbo/cohort"]
        file["tvbo/cohort"] = h5py.ExternalLink("a.h5", "edges/weight/data")
    with pytest.raises(CompanionError, match="no cohort that tvbo wrote"):
        read_planes(many)
    with h5py.File(many, "r+") as file:
        del file["tvbo/cohort"]
        file["tvbo/cohort"] = np.zeros((2, 2))
    with pytest.raises(CompanionError, match="expected bytes"):
        read_planes(many)
    with pytest.raises(CompanionError):
        read_planes(many.with_name("a.h5"))
