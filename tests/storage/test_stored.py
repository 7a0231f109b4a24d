"""Arrays in a companion: a slice reads what it asks for, and nothing that is damaged is given out."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tvbo import Limits, Network
from tvbo.errors import CompanionError, CorruptionError, LimitError, StaleFileError, UnsafeFileError
from tvbo.storage import bands, chunks
from tvbo.storage.companion import Companion
from tvbo.storage.image import Image
from tvbo.storage.stored import StoredArray

shapes = st.sampled_from([(7,), (40, 3), (9, 4, 5), (1, 6), (0, 3), (3, 0)])


def stored(path: Path, data: np.ndarray, compression: str | int, **options: bool) -> StoredArray:
    image = Image(arrays={"x": data}, attrs={"": {}})
    path.write_bytes(image.build(compression))
    return Companion.open(path, **options).arrays["x"]


@pytest.fixture(autouse=True)
def small_bands(monkeypatch) -> None:
    """Make bands of a few rows, so that small arrays have many."""
    monkeypatch.setattr(bands, "BAND_BYTES", 200)
    monkeypatch.setattr(bands, "VECTOR_BYTES", 200)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), shape=shapes, compression=st.sampled_from(["gzip", "none"]), verify=st.booleans())
def test_a_slice_is_what_numpy_gives(tmp_path, data, shape, compression, verify) -> None:
    values = np.arange(np.prod(shape), dtype=np.float64).reshape(shape) ** 0.5
    key = data.draw(hnp.basic_indices(shape, allow_ellipsis=True, allow_newaxis=True, max_dims=5))
    found = stored(tmp_path / "a.h5", values, compression, verify=verify)[key]
    wanted = values[key]
    assert np.shape(found) == np.shape(wanted)
    assert np.asarray(found).tobytes() == np.asarray(wanted).tobytes()


def test_a_slice_reads_no_other_bands(tmp_path, monkeypatch) -> None:
    read = []
    original = chunks.StoredBands._chunk
    monkeypatch.setattr(
        chunks.StoredBands, "_chunk", lambda self, corner: read.append(corner) or original(self, corner)
    )
    array = stored(tmp_path / "a.h5", np.random.default_rng(0).random((100, 5)), "gzip")
    _ = array[52:54, 2]
    assert read == [(50, 0)]


def test_what_numpy_refuses_is_refused(tmp_path) -> None:
    array = stored(tmp_path / "a.h5", np.arange(12.0).reshape(4, 3), "gzip")
    for key in (4, -5, (0, 0, 0), (..., ...), "x", 1.5):
        with pytest.raises((IndexError, TypeError)):
            array[key]


@pytest.mark.parametrize("compression", ["gzip", "none"])
@pytest.mark.parametrize("shape", [(3, 4), (60, 10)])
def test_a_damaged_array_is_never_given_out(tmp_path, compression, shape) -> None:
    path = tmp_path / "a.h5"
    values = np.random.default_rng(0).random(shape)
    array = stored(path, values, compression)
    sound = path.read_bytes()
    with h5py.File(path) as file:
        item = file["x"].id
        places = (
            [(info.byte_offset, info.size) for info in map(item.get_chunk_info, range(item.get_num_chunks()))]
            if file["x"].chunks
            else [(item.get_offset(), values.nbytes)]
        )
    for start, size in places:
        for place in (start, start + size // 2, start + size - 1):
            broken = bytearray(sound)
            broken[place] ^= 0x10
            path.write_bytes(bytes(broken))
            array = Companion.open(path).arrays["x"]
            with pytest.raises(CorruptionError, match="x") as caught:
                np.asarray(array)
            assert "backup" in caught.value.__notes__[0]
            for row in range(shape[0]):
                try:
                    found = array[row]
                except CorruptionError:
                    continue
                assert found.tobytes() == values[row].tobytes()


def test_numbers_changed_by_another_program_are_said_and_can_be_read(tmp_path) -> None:
    path = tmp_path / "a.yaml"
    Network.from_matrix(np.eye(3)).save(path)
    with h5py.File(path.with_suffix(".h5"), "r+") as file:
        file["edges/weight/data"][0, 1] = 7
    with pytest.raises(CorruptionError, match=r"edges/weight/data is damaged.*verify=False"):
        _ = Network.from_file(path).weights_matrix
    assert Network.from_file(path, verify=False).weights_matrix[0, 1] == 7


def test_the_same_network_saved_anew_is_read_on(tmp_path) -> None:
    path = tmp_path / "a.yaml"
    network = Network.from_matrix(np.eye(3))
    network.save(path)
    first = Network.from_file(path)
    network.save(path, compression="none")
    np.testing.assert_array_equal(first.weights_matrix, np.eye(3))
    second = Network.from_file(path)
    Network.from_matrix(np.ones((3, 3))).save(path)
    with pytest.raises(StaleFileError):
        _ = second.weights_matrix


# ---------------------------------------------------------------- files of others


@pytest.mark.parametrize(
    "filters", [{"fletcher32": True}, {"fletcher32": True, "compression": "gzip", "shuffle": True}]
)
def test_checksums_of_others_are_looked_at(tmp_path, filters) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=np.arange(999, dtype=np.uint8), chunks=(100,), **filters)
        info = file["x"].id.get_chunk_info(3)
    np.testing.assert_array_equal(Companion.open(path).arrays["x"], np.arange(999, dtype=np.uint8))
    broken = bytearray(path.read_bytes())
    broken[info.byte_offset + info.size - 6] ^= 1
    path.write_bytes(bytes(broken))
    with pytest.raises(CorruptionError):
        np.asarray(Companion.open(path).arrays["x"])


@pytest.mark.parametrize("tile", [(3, 4), (10, 2), (1, 9)])
def test_tiles_of_others_are_put_together(tmp_path, tile) -> None:
    values = np.random.default_rng(0).integers(0, 9, (10, 9))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("x", data=values, chunks=tile, compression="gzip")
    array = Companion.open(tmp_path / "a.h5").arrays["x"]
    np.testing.assert_array_equal(np.asarray(array), values)
    np.testing.assert_array_equal(array[2:9:3, 4:], values[2:9:3, 4:])


def test_a_chunk_that_holds_too_little_is_not_filled_with_memory(tmp_path) -> None:
    import zlib

    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        item = file.create_dataset("x", (8, 8), "f8", chunks=(8, 8), compression="gzip")
        item.id.write_direct_chunk((0, 0), zlib.compress(b"\1" * 16))
    with pytest.raises(CorruptionError, match="does not inflate to 512 bytes"):
        np.asarray(Companion.open(path).arrays["x"])


def test_chunks_that_are_missing_are_said(tmp_path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (8, 8), "f8", chunks=(4, 8))[:4] = 1
        file.create_dataset("y", (8, 8), "f8")
    held = Companion.open(path)
    for name in ("x", "y"):
        with pytest.raises(CorruptionError, match=r"missing|holds 0 of 512"):
            np.asarray(held.arrays[name])


def test_what_leads_out_of_the_file_is_refused(tmp_path) -> None:
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["x"] = np.arange(3.0)
    (tmp_path / "secret.txt").write_bytes(b"do not show" * 10)

    def external(file: h5py.File) -> None:
        file["sub/x"] = h5py.ExternalLink("secret.h5", "/x")

    def raw(file: h5py.File) -> None:
        file.create_dataset("x", (3,), "f8", external=[(str(tmp_path / "secret.txt"), 0, 24)])

    def virtual(file: h5py.File) -> None:
        layout = h5py.VirtualLayout((3,), "f8")
        layout[:] = h5py.VirtualSource(str(secret), "x", (3,))
        file.create_virtual_dataset("x", layout)

    def circle(file: h5py.File) -> None:
        file["a/b"] = file.create_group("c")
        file["c/a"] = file["a"]

    for make in (external, raw, virtual, circle):
        path = tmp_path / "a.h5"
        with h5py.File(path, "w") as file:
            make(file)
        with pytest.raises(UnsafeFileError):
            Companion.open(path)


def test_limits_of_a_companion_can_be_raised(tmp_path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (1 << 28,), "f8", chunks=(1 << 20,))
    with pytest.raises(LimitError, match=r"limits=Limits\(inflated_bytes=2147483648\)"):
        Companion.open(path)
    assert Companion.open(path, Limits(inflated_bytes=1 << 31)).arrays["x"].shape == (1 << 28,)
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (1,), "f8", maxshape=(None,), chunks=(1 << 26,))
    with pytest.raises(LimitError, match="chunk bytes"):
        Companion.open(path)
    with h5py.File(path, "w") as file:
        file.create_group("/".join("abc" * 30))
    with pytest.raises(LimitError, match="depth"):
        Companion.open(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"<!doctype html>", "web page"),
        (b"PK\3\4", "is not an HDF5 file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "is damaged"),
    ],
)
def test_what_is_no_companion_is_named(tmp_path, content, reason) -> None:
    path = tmp_path / "a.h5"
    path.write_bytes(content)
    with pytest.raises(CompanionError, match=reason):
        Companion.open(path)


def test_a_damaged_heap_of_text_is_not_followed(tmp_path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.attrs["said"] = "text of variable length"
    held = Companion.open(path)
    assert held.attrs[""]["said"] is None
    assert held.variable_text("", "said") == "text of variable length"
    raw = bytearray(path.read_bytes())
    place = raw.index(b"GCOL") + 16 + 8
    raw[place : place + 8] = b"\xff" * 8
    path.write_bytes(bytes(raw))
    with pytest.raises(CompanionError, match="heap of text"):
        Companion.open(path).variable_text("", "said")
