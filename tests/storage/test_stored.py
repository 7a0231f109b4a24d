"""Arrays in a companion: a slice reads what it asks for, and nothing that is damaged is given out."""

import time
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from h5py import h5d, h5p, h5s, h5t
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tvbo import Limits, Network, registry
from tvbo.errors import CompanionError, CorruptionError, LimitError, StaleFileError, TvboError, UnsafeFileError
from tvbo.storage import bands, chunks, datasets
from tvbo.storage.companion import Companion
from tvbo.storage.image import Image
from tvbo.storage.stored import StoredArray

shapes = st.sampled_from([(), (7,), (40, 3), (9, 4, 5), (1, 6), (0, 3), (3, 0)])


def stored(path: Path, data: np.ndarray, compression: str | int, **options: bool) -> StoredArray:
    path.write_bytes(Image(arrays={"x": data}, attrs={"": {}}).build(compression))
    return Companion.open(path, **options).arrays["x"]


@pytest.fixture(autouse=True)
def small_bands(monkeypatch) -> None:
    """Make bands of a few rows, so that small arrays have many."""
    monkeypatch.setattr(bands, "BAND_BYTES", 200)
    monkeypatch.setattr(bands, "VECTOR_BYTES", 200)
    monkeypatch.setattr(datasets, "_COMPRESS_FROM", 256)


kinds = st.sampled_from(["f8", ">i2", "?", "S3", "U2", "M8[ns]", "c8"])
numbers = st.integers(-12, 12) | st.integers(0, 3).map(np.int64) | st.integers(0, 3).map(np.uint8)
parts = (
    numbers
    | st.just(...)
    | st.none()
    | st.booleans()
    | st.slices(9)
    | st.sampled_from([slice(None, None, 0), 1.5, "x"])
)
keys = parts | st.lists(parts, max_size=4).map(tuple)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), shape=shapes, kind=kinds, compression=st.sampled_from(["gzip", "none"]), verify=st.booleans())
def test_a_slice_is_what_numpy_gives(tmp_path, data, shape, kind, compression, verify) -> None:
    values = (np.arange(np.prod(shape)) % 100).reshape(shape).astype(kind)
    array = stored(tmp_path / "a.h5", values, compression, verify=verify)
    key = data.draw(hnp.basic_indices(shape, allow_ellipsis=True, allow_newaxis=True, max_dims=5) | keys)
    try:
        wanted = values[key]
    except (IndexError, TypeError, ValueError) as error:
        with pytest.raises(type(error)):
            array[key]
        return
    found = array[key]
    assert type(found) is type(wanted)
    assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)
    assert found.tobytes() == wanted.tobytes()


def test_attributes_are_those_of_numpy(tmp_path) -> None:
    for values in (np.arange(6.0).reshape(2, 3), np.array(3.0), np.zeros((0, 4))):
        array = stored(tmp_path / "a.h5", values, "none")
        assert (array.shape, array.ndim, array.size, array.dtype) == (
            values.shape,
            values.ndim,
            values.size,
            values.dtype,
        )
        assert type(array[()]) is type(values[()])
        assert type(array[...]) is type(values[...])
        if values.ndim:
            assert len(array) == len(values)
    with pytest.raises(TypeError, match="unsized"):
        len(stored(tmp_path / "a.h5", np.array(3.0), "none"))


def test_a_slice_reads_no_other_bands(tmp_path, monkeypatch) -> None:
    read = []
    original = chunks.StoredChunks.decoded
    monkeypatch.setattr(
        chunks.StoredChunks, "decoded", lambda self, corner: read.append(corner) or original(self, corner)
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


@pytest.mark.parametrize("fill", [None, 5.0])
def test_what_was_never_written_is_the_fill_value(tmp_path, fill) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        for chunk in (None, (4, 8), (3, 5), (8, 8)):
            file.create_dataset(f"none/{chunk}", (8, 8), "f8", chunks=chunk, fillvalue=fill)
        for chunk in ((4, 8), (3, 5)):
            file.create_dataset(f"some/{chunk}", (8, 8), ">i2", chunks=chunk, fillvalue=fill, compression="gzip")
            file[f"some/{chunk}"][:4] = 1
        file.create_dataset("text", (3,), "S4", chunks=(2,), fillvalue=b"abc")
        file.create_dataset("scalar", (), "f4", fillvalue=fill)
        wanted = {name: file[name][()] for name in ("text", "scalar", *(f"none/{c}" for c in file["none"]))}
        wanted |= {f"some/{chunk}": file[f"some/{chunk}"][()] for chunk in file["some"]}
    held = Companion.open(path)
    assert set(held.arrays) == set(wanted)
    for name, values in wanted.items():
        array = held.arrays[name]
        np.testing.assert_array_equal(np.asarray(array), values, strict=True)
        if array.ndim:
            np.testing.assert_array_equal(array[1:3], values[1:3], strict=True)


def test_what_was_never_written_takes_no_more_than_the_limits(tmp_path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (1 << 28,), "f8")
        file.create_dataset("y", (1 << 28,), "f8", chunks=(1 << 20,))
    with pytest.raises(LimitError, match="inflated bytes"):
        Companion.open(path)


def test_ours_that_was_not_written_is_damaged(tmp_path) -> None:
    path = tmp_path / "a.yaml"
    Network.from_matrix(np.random.default_rng(0).random((20, 20))).save(path)
    with h5py.File(path.with_suffix(".h5"), "r+") as file:
        digest = file["edges/weight/data"].attrs["sha256"]
        del file["edges/weight/data"]
        file.create_dataset("edges/weight/data", (20, 20), "f8", chunks=(5, 20)).attrs["sha256"] = digest
    with pytest.raises(CorruptionError, match="edges/weight/data is damaged"):
        _ = Network.from_file(path).weights_matrix


def test_numbers_of_an_odd_type_are_what_hdf5_says(tmp_path) -> None:
    path = tmp_path / "a.h5"
    values = np.array([1, 2, -3, 65_000], dtype=np.int32)
    odd = h5t.STD_I32LE.copy()
    odd.set_precision(17)
    odd.set_offset(3)
    blanks = h5t.FORTRAN_S1.copy()
    blanks.set_size(5)
    with h5py.File(path, "w") as file:
        plan = h5p.create(h5p.DATASET_CREATE)
        plan.set_chunk((3,))
        plan.set_deflate(4)
        for name, kind, data in (("odd", odd, values), ("text", blanks, np.array([b"ab", b"c", b"", b"defgh"]))):
            item = h5d.create(file.id, name.encode(), kind, h5s.create_simple((4,)), plan)
            item.write(h5s.ALL, h5s.ALL, data)
        file.create_dataset("long", data=values.astype(np.longdouble), chunks=(4,), compression="gzip")
    held = Companion.open(path)
    assert np.asarray(held.arrays["odd"]).tolist() == values.tolist()
    assert np.asarray(held.arrays["text"]).tolist() == [b"ab", b"c", b"", b"defgh"]
    assert held.arrays["odd"][2:].tolist() == values[2:].tolist()
    assert np.asarray(held.arrays["long"]).tolist() == values.tolist()


def test_many_small_chunks_are_read_in_no_time(tmp_path) -> None:
    path = tmp_path / "a.h5"
    values = np.arange(40_000.0).reshape(200, 200)
    with h5py.File(path, "w", libver="latest") as file:
        file.create_dataset("x", data=values, chunks=(1, 1))
    start = time.monotonic()
    np.testing.assert_array_equal(Companion.open(path).arrays["x"], values)
    # Looked for one by one, they take more than ten seconds.
    assert time.monotonic() - start < 5
    with pytest.raises(LimitError, match=r"chunks would be 40,000.*Limits\(chunks=40000\)"):
        Companion.open(path, Limits(chunks=39_999))
    np.testing.assert_array_equal(Companion.open(path, Limits(chunks=40_000)).arrays["x"][3:5], values[3:5])


def test_an_index_of_chunks_is_not_followed_for_ever(tmp_path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=np.zeros(50), chunks=(1,))
        with pytest.raises(LimitError, match="chunks would be 50, the limit is 20"):
            chunks.chunk_index(file["x"].id, "x", Limits(chunks=20))


def test_a_chunk_may_leave_filters_out(tmp_path) -> None:
    path = tmp_path / "a.h5"
    values = np.arange(16.0).reshape(4, 4)
    with h5py.File(path, "w") as file:
        item = file.create_dataset("x", (4, 4), "f8", chunks=(2, 4), shuffle=True, compression="gzip")
        item[:2] = values[:2]
        shuffled = np.frombuffer(values[2:].tobytes(), np.uint8).reshape(-1, 8).T.tobytes()
        item.id.write_direct_chunk((2, 0), shuffled, filter_mask=2)
    np.testing.assert_array_equal(Companion.open(path).arrays["x"], values)


def test_an_array_of_ours_without_its_digest_is_damaged(tmp_path) -> None:
    path = tmp_path / "a.yaml"
    Network.from_matrix(np.random.default_rng(0).random((600, 600))).save(path)
    with h5py.File(path.with_suffix(".h5"), "r+") as file:
        assert "crc32" in file["edges/weight/data"].attrs
        del file["edges/weight/data"].attrs["sha256"]
        file["mine"] = np.arange(3)
    network = Network.from_file(path)
    for read in (lambda: network.weights_matrix, lambda: network.lazy("weight")[3]):
        with pytest.raises(CorruptionError, match="edges/weight/data is damaged: it has no SHA-256"):
            read()
    report = registry.get("tvbo").validate(path, deep=True)
    assert [problem.path for problem in report.problems] == ["edges/weight/data"]
    assert Network.from_file(path, verify=False).weights_matrix.shape == (600, 600)


def test_what_others_put_beside_ours_needs_no_digest(tmp_path) -> None:
    path = tmp_path / "a.yaml"
    Network.from_matrix(np.eye(3)).save(path)
    with h5py.File(path.with_suffix(".h5"), "r+") as file:
        file["mine/numbers"] = np.arange(3)
    report = registry.get("tvbo").validate(path, deep=True)
    assert report
    assert report.notes == ("1 arrays carry no checksum, as those of other programs do not",)


def swapped(path: Path, change: Callable[[h5py.File, Path], None]) -> Network:
    """Open a pair, and put another file that says to be of the same save in the place of its companion."""
    Network.from_matrix(np.eye(3)).save(path)
    network = Network.from_file(path)
    other = path.with_suffix(".other")
    other.write_bytes(path.with_suffix(".h5").read_bytes())
    with h5py.File(other, "r+") as file:
        del file["edges/weight/data"]
        change(file, path.parent)
    other.replace(path.with_suffix(".h5"))
    return network


def _external(file: h5py.File, folder: Path) -> None:
    with h5py.File(folder / "secret.h5", "w") as secret:
        secret["x"] = np.eye(3)
    file["edges/weight/data"] = h5py.ExternalLink("secret.h5", "/x")


def _raw(file: h5py.File, folder: Path) -> None:
    (folder / "secret").write_bytes(np.eye(3).tobytes())
    file["edges/weight"].create_dataset("data", (3, 3), "f8", external=[(str(folder / "secret"), 0, 72)])


def _soft(file: h5py.File, folder: Path) -> None:
    file["x"] = np.eye(3)
    file["edges/weight/data"] = h5py.SoftLink("/x")


def _bomb(file: h5py.File, folder: Path) -> None:
    file["edges/weight"].create_dataset("data", (3, 3), "f8", chunks=(1 << 13, 1 << 13), maxshape=(None, None))


def _group(file: h5py.File, folder: Path) -> None:
    file["edges/weight"].create_group("data")


def _types(file: h5py.File, folder: Path) -> None:
    file["edges/weight/data"] = np.full((3, 3), b"text")


@pytest.mark.parametrize("change", [_external, _raw, _soft, _bomb, _group, _types])
def test_a_companion_that_was_swapped_is_looked_through(tmp_path, change) -> None:
    with pytest.raises(TvboError, match=r"other files|cannot be read|chunk bytes|another array"):
        _ = swapped(tmp_path / "a.yaml", change).weights_matrix


def test_our_group_is_not_looked_for_behind_links(tmp_path) -> None:
    def change(file: h5py.File, folder: Path) -> None:
        file["edges/weight/data"] = np.eye(3)
        file.move("tvbo", "elsewhere")
        file["tvbo"] = h5py.SoftLink("/elsewhere")

    with pytest.raises(StaleFileError):
        _ = swapped(tmp_path / "a.yaml", change).weights_matrix


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
