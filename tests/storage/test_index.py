"""What stands behind a companion's data says what HDF5 says, or is not believed."""

import copy
import json
import os
import struct
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tvbo import Limits, Network
from tvbo.errors import CompanionError, CorruptionError, StaleFileError, TvboError
from tvbo.storage import bands, datasets, files, index, located
from tvbo.storage.companion import Companion
from tvbo.storage.index import sealed
from tvbo.testing.strategies import connectivities, surface_networks

# With parents, memory orders, text, sparse matrices and numbers of every kind.
networks = st.one_of(
    connectivities().map(Network.from_tvb), surface_networks().map(lambda parts: Network.from_tvb_surface(*parts)[1])
)
DATA = np.random.default_rng(0).random((300, 300))


@pytest.fixture(autouse=True)
def small_bands(monkeypatch) -> None:
    """Make many bands of small arrays, and let threads read them."""
    monkeypatch.setattr(bands, "BAND_BYTES", 5000)
    monkeypatch.setattr(bands, "VECTOR_BYTES", 1000)
    monkeypatch.setattr(datasets, "_COMPRESS_FROM", 256)
    monkeypatch.setattr(bands, "_CHUNK_BYTES", 1500)
    monkeypatch.setattr(located, "_THREADS_FROM", 10_000)
    monkeypatch.setattr(located, "_MAP_FROM", 10_000)
    monkeypatch.setattr(datasets, "_THREADS_FROM", 10_000)


def end_of_data(path: Path) -> int:
    with path.open("rb") as file:
        size = path.stat().st_size
        file.seek(size - 56)
        return struct.unpack("<QQ32s8s", file.read())[1]


def cut_off(path: Path, target: Path) -> Path:
    """Leave what HDF5 wrote, and nothing else."""
    target.write_bytes(path.read_bytes()[: end_of_data(path)])
    return target


def listed(path: Path) -> dict:
    return json.loads(path.read_bytes()[end_of_data(path) : -56])


def with_list(path: Path, said: object) -> None:
    end = end_of_data(path)
    path.write_bytes(path.read_bytes()[:end] + sealed(json.dumps(said).encode(), end))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(network=networks, compression=st.sampled_from(["gzip", "none", 6]))
def test_it_says_what_hdf5_says(tmp_path, network, compression) -> None:
    network.save(tmp_path / "a.yaml", compression=compression)
    path = tmp_path / "a.h5"
    quick, slow = Companion.open(path), Companion.open(cut_off(path, tmp_path / "b.h5"))
    assert quick.as_written
    assert not slow.as_written
    assert set(quick.arrays) == set(slow.arrays)
    for name, array in quick.arrays.items():
        other = slow.arrays[name]
        assert (array.shape, array.dtype, array.order, array.digest) == (
            other.shape, other.dtype, other.order, other.digest,
        )  # fmt: skip
        assert np.asarray(array).tobytes() == np.asarray(other).tobytes()
        assert np.asarray(array).flags.f_contiguous == np.asarray(other).flags.f_contiguous
    assert set(quick.attrs) == set(slow.attrs)
    for name in set(quick.attrs) - set(quick.arrays):
        for key, value in slow.attrs[name].items():
            # What has a variable length is not read there.
            assert value is None or np.array_equal(quick.attrs[name][key], value)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shape=hnp.array_shapes(min_dims=1, max_dims=3, max_side=40),
    kind=st.sampled_from(["f8", ">f4", "i2", "?", "c16", "S5", "U3"]),
    compression=st.sampled_from(["gzip", "none"]),
    verify=st.booleans(),
    data=st.data(),
)
def test_slices_are_those_of_numpy(tmp_path, shape, kind, compression, verify, data) -> None:
    values = (np.arange(np.prod(shape)) % 100).reshape(shape).astype(kind)
    network = Network.from_matrix(np.eye(2))
    network.extra["mine"] = values
    network.save(tmp_path / "a.yaml", compression=compression)
    stored = next(
        each for each in Companion.open(tmp_path / "a.h5", verify=verify).arrays.values() if "extra" in each.dataset
    )
    assert stored.located is not None
    key = data.draw(hnp.basic_indices(shape, allow_ellipsis=True))
    found, wanted = stored[key], values[key]
    assert type(found) is type(wanted)
    assert found.tobytes() == wanted.tobytes()
    assert np.concatenate(list(stored.blocks_of_rows()), dtype=kind).tobytes() == values.tobytes()


@pytest.fixture
def pair(tmp_path) -> Path:
    Network.from_matrix(DATA, fc=sp.random(300, 300, 0.1, format="csr", random_state=0)).save(tmp_path / "a.yaml")
    return tmp_path / "a.yaml"


def test_libhdf5_is_not_asked(pair, monkeypatch) -> None:
    monkeypatch.setattr(h5py, "File", None)
    network = Network.from_file(pair)
    assert np.array_equal(network.weights_matrix, DATA)
    assert network.lazy("fc")[4:9].shape == (5, 300)


def test_programs_that_change_the_file_cut_it_off(pair) -> None:
    with h5py.File(pair.with_suffix(".h5"), "r+") as file:
        file["mine"] = np.arange(3)
    found = Companion.open(pair.with_suffix(".h5"))
    assert not found.as_written
    assert "mine" in found.arrays
    assert np.array_equal(Network.from_file(pair).weights_matrix, DATA)


@pytest.mark.parametrize("place", [-1, -8, -9, -40, -41, -48, -49, -56, -57, -200])
def test_a_damaged_list_is_not_believed(pair, place) -> None:
    path = pair.with_suffix(".h5")
    raw = bytearray(path.read_bytes())
    raw[place] ^= 0x40
    path.write_bytes(raw)
    assert not Companion.open(path).as_written
    assert np.array_equal(Network.from_file(pair).weights_matrix, DATA)


@pytest.mark.parametrize("compression", ["gzip", "none"])
def test_damaged_numbers_are_not_given_out(pair, compression) -> None:
    network = Network.from_file(pair)
    network.save(pair, compression=compression)
    path = pair.with_suffix(".h5")
    where = Companion.open(path).arrays["edges/weight/data"].located
    assert where is not None
    raw = bytearray(path.read_bytes())
    raw[where.places[-1] + where.sizes[-1] // 2] ^= 1
    path.write_bytes(raw)
    stored = Network.from_file(pair).lazy("weight")
    with pytest.raises(CorruptionError, match="damaged"):
        np.asarray(stored)
    with pytest.raises(CorruptionError, match="damaged"):
        stored[-1] if compression == "gzip" else stored[150]
    assert np.array_equal(stored[0], DATA[0])


def test_a_mapped_array_can_be_changed_and_the_file_stays(pair) -> None:
    Network.from_file(pair).save(pair, compression="none")
    before = pair.with_suffix(".h5").read_bytes()
    network = Network.from_file(pair)
    network.weights_matrix[3, 4] = 7.0
    assert network.weights_matrix[3, 4] == 7.0
    assert pair.with_suffix(".h5").read_bytes() == before
    network.save(pair)
    assert Network.from_file(pair).weights_matrix[3, 4] == 7.0


def test_a_file_that_was_replaced_is_not_read_at_the_old_places(pair) -> None:
    network = Network.from_file(pair)
    Network.from_file(pair).save(pair, compression=9)
    assert np.array_equal(network.weights_matrix, DATA)
    network = Network.from_file(pair)
    Network.from_matrix(DATA + 1).save(pair)
    with pytest.raises(StaleFileError):
        _ = network.weights_matrix


WEIGHT = "edges/weight/data"


def lies(said: dict) -> dict[str, dict]:
    """Make lists that are whole, and wrong."""
    made = {}

    def lie(name: str, change) -> None:
        other = copy.deepcopy(said)
        change(other)
        made[name] = other

    entry = said["arrays"][WEIGHT]
    lie("huge", lambda it: it["arrays"][WEIGHT].update(shape=[10**9, 10**9]))
    lie("negative", lambda it: it["arrays"][WEIGHT].update(shape=[-1, 300]))
    lie("chunk of nothing", lambda it: it["arrays"][WEIGHT]["chunk"].__setitem__(0, [0, 300]))
    lie("places beyond", lambda it: it["arrays"][WEIGHT]["chunk"].__setitem__(2, [10**12] * len(entry["chunk"][2])))
    lie("sizes beyond", lambda it: it["arrays"][WEIGHT]["chunk"].__setitem__(3, [10**12] * len(entry["chunk"][3])))
    lie("overlapping", lambda it: it["arrays"][WEIGHT]["chunk"].__setitem__(2, [0] * len(entry["chunk"][2])))
    lie("too few chunks", lambda it: it["arrays"][WEIGHT]["chunk"][2].pop())
    lie("text for a number", lambda it: it["arrays"][WEIGHT]["chunk"][2].__setitem__(0, "7"))
    lie("objects", lambda it: it["arrays"][WEIGHT].update(dtype="O"))
    lie("records", lambda it: it["arrays"][WEIGHT].update(dtype="f8,O"))
    lie("no dtype", lambda it: it["arrays"][WEIGHT].update(dtype="nonsense"))
    lie("too few checksums", lambda it: it["arrays"][WEIGHT]["sums"][1].pop())
    lie("rows that do not fit", lambda it: it["arrays"][WEIGHT]["sums"].__setitem__(0, 7))
    lie("other checksums", lambda it: it["arrays"][WEIGHT]["sums"].__setitem__(1, [0] * len(entry["sums"][1])))
    lie("not shuffled", lambda it: it["arrays"][WEIGHT]["chunk"].__setitem__(1, not entry["chunk"][1]))
    lie("no arrays", lambda it: it.pop("arrays"))
    lie("a list of groups", lambda it: it.update(groups=[]))
    lie("deep", lambda it: it["groups"].update({"/".join("a" * 90): {}}))
    lie("a million groups", lambda it: it["groups"].update({str(number): {} for number in range(70_000)}))
    made["a list"], made["a number"], made["nothing"] = [], 3, None  # type: ignore[assignment]
    return made


def test_a_list_that_lies_is_an_error_or_gives_the_content(pair) -> None:
    path = pair.with_suffix(".h5")
    said, original = listed(path), path.read_bytes()
    refused = []
    for name, lie in lies(said).items():
        path.write_bytes(original)
        with_list(path, lie)
        try:
            found = np.asarray(Network.from_file(pair).lazy("weight"))
        except TvboError:
            refused.append(name)
        else:
            assert np.array_equal(found, DATA), name
    assert len(refused) == len(lies(said)), set(lies(said)) - set(refused)


def test_a_list_deeper_than_python_can_follow_is_an_error(pair) -> None:
    path = pair.with_suffix(".h5")
    end = end_of_data(path)
    path.write_bytes(path.read_bytes()[:end] + sealed(b"[" * 100_000, end))
    with pytest.raises(CompanionError, match="cannot be understood"):
        Network.from_file(pair)


def test_too_many_chunks_are_refused(pair) -> None:
    with pytest.raises(TvboError, match="chunks would be"):
        Network.from_file(pair, limits=Limits(chunks=3))


def test_what_is_carried_along_has_no_list(pair) -> None:
    with h5py.File(pair.with_suffix(".h5"), "r+") as file:
        file["mine"] = np.arange(3)
    Network.from_file(pair).save(pair)
    with pair.with_suffix(".h5").open("rb") as file:
        assert index.read_index(file, "here", Limits()) is None
    assert "mine" in Companion.open(pair.with_suffix(".h5")).arrays


@pytest.mark.parametrize("compression", ["gzip", "none"])
def test_threads_read_the_same_where_a_file_can_be_read_in_one_place_only(tmp_path, monkeypatch, compression) -> None:
    path = tmp_path / "a.yaml"
    Network.from_matrix(DATA).save(path, compression=compression)
    monkeypatch.setattr(located, "_MAP_FROM", 1 << 40)
    monkeypatch.delattr(os, "preadv", raising=False)
    assert Network.from_file(path).weights_matrix.tobytes() == DATA.tobytes()


def test_what_is_cut_off_while_it_is_read_is_an_error(tmp_path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        whole, more = bytearray(4), bytearray(8)
        assert (files.read_at(file, 2, whole), bytes(whole)) == (4, b"2345")
        assert files.read_at(file, 6, more) == 4
        place = located.Located((8,), np.dtype("u1"), None, False, (6,), (8,), 0, ())
        with pytest.raises(CorruptionError, match="cut off"):
            place.whole(file, "a", None)
