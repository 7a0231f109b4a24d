"""Every array that is written is what plain h5py reads, and is checked and digested band by band."""

import hashlib
import itertools
import os

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tvbo.storage import bands, datasets
from tvbo.storage.bands import band_rows, chunk_of, recut
from tvbo.storage.datasets import Encoded
from tvbo.storage.image import Image
from tvbo.storage.sink import hdf5_on

dtypes = st.sampled_from(["<f8", ">f8", "<f4", "<i8", "<i4", "u1", "?", "<c16"])
values = dtypes.flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=40))
)
compressions = st.sampled_from(["gzip", "none", 0, 1, 9])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=values,
    compression=compressions,
    fortran=st.booleans(),
    size=st.sampled_from([64, 500, 1 << 20]),
    compress_from=st.sampled_from([0, 1 << 12]),
)
def test_plain_h5py_reads_what_was_given(
    tmp_path, monkeypatch, data, compression, fortran, size, compress_from
) -> None:
    monkeypatch.setattr(bands, "BAND_BYTES", size)
    monkeypatch.setattr(bands, "VECTOR_BYTES", size)
    monkeypatch.setattr(datasets, "_COMPRESS_FROM", compress_from)
    monkeypatch.setattr(bands, "_CHUNK_BYTES", 4 * size)
    monkeypatch.setattr(datasets, "_THREADS_FROM", 1000)
    given_data = np.asfortranarray(data) if fortran else data
    path = tmp_path / "a.h5"
    path.write_bytes(Image(arrays={"x": given_data}, attrs={"": {}}).build(compression))
    with h5py.File(path) as file:
        item = file["x"]
        # A single number comes in the order of bytes of the machine.
        assert np.asarray(item[()], data.dtype).tobytes() == data.tobytes()
        assert item.dtype == data.dtype
        assert item.attrs["sha256"] == hashlib.sha256(data.tobytes()).hexdigest().encode()
        chunks = [item.id.get_chunk_info(index) for index in range(item.id.get_num_chunks())] if item.chunks else []
        assert all(chunk.filter_mask == 0 for chunk in chunks)
        assert compression != "none" or not item.chunks


@given(shape=hnp.array_shapes(max_dims=3, max_side=10**7), width=st.sampled_from([1, 4, 8, 16, 800]))
def test_bands_and_chunks_are_bounded(shape, width) -> None:
    rows = band_rows(shape, width)
    assert 1 <= rows <= shape[0]
    assert -(-shape[0] // rows) <= 8192 + 1
    chunk = chunk_of(shape, width)
    assert np.prod(chunk, dtype=float) * width <= max(1 << 24, width)
    assert chunk[0] <= rows


@given(sizes=st.lists(st.integers(0, 9), max_size=12), rows=st.integers(1, 7))
def test_blocks_are_cut_anew(sizes, rows) -> None:
    total = np.arange(2 * sum(sizes)).reshape(-1, 2)
    ends = np.cumsum([0, *sizes])
    blocks = [total[low:high] for low, high in itertools.pairwise(ends)]
    found = list(recut(blocks, rows))
    assert [len(each) for each in found[:-1]] == [rows] * max(len(found) - 1, 0)
    assert (np.concatenate([*found, total[:0]]) == total).all()


class Blocks:
    """An array that comes in blocks of rows, once."""

    def __init__(self, data: np.ndarray, step: int) -> None:
        self.data, self.step, self.shape, self.dtype = data, step, data.shape, data.dtype

    def blocks_of_rows(self):
        for start in range(0, len(self.data), self.step):
            yield self.data[start : start + self.step]


def test_blocks_and_memory_maps_are_written_as_arrays_are(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(bands, "BAND_BYTES", 1000)
    data = np.random.default_rng(0).random((300, 7))
    np.save(tmp_path / "a.npy", data)
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")
    files = [Image(arrays={"x": each}, attrs={"": {}}).build("gzip") for each in (data, mapped)]
    assert files[0] == files[1]
    path = tmp_path / "b.h5"
    path.write_bytes(Image(arrays={"x": Blocks(data, 11)}, attrs={"": {}}).build("gzip"))
    with h5py.File(path) as file:
        assert (file["x"][()] == data).all()


def test_too_few_rows_are_an_error() -> None:
    short = Blocks(np.ones((10, 3)), 4)
    short.shape = (12, 3)
    with pytest.raises(ValueError, match="10 rows were given"):
        Encoded(short).digest()


def test_who_watches_sees_every_row_once() -> None:
    seen = []
    data = np.arange(5000.0)
    item = Encoded(data, lambda first, band: seen.append((first, band.copy())))
    item.digest()
    assert (np.concatenate([band for _, band in seen]) == data).all()
    assert [first for first, _ in seen] == list(np.cumsum([0, *(len(band) for _, band in seen[:-1])]))


def test_a_file_on_a_descriptor_is_that_in_memory(tmp_path) -> None:
    data = np.random.default_rng(0).random((2000, 300))
    with (tmp_path / "a.h5").open("w+b") as target:
        image = Image(arrays={"x": data}, attrs={"": {"a": "b"}})
        with hdf5_on(target.fileno()) as (file, _):
            image.write(file, "gzip")
            image.finish(file)
    with h5py.File(tmp_path / "a.h5") as file:
        assert (file["x"][()] == data).all()
        assert file.attrs["a"] == b"b"


@pytest.mark.parametrize("call", ["write", "ftruncate", "read"])
def test_a_failing_disk_is_told_when_the_file_is_closed(tmp_path, monkeypatch, call) -> None:
    original = getattr(os, call)
    count = []

    def failing(*arguments):
        count.append(1)
        if len(count) > (2 if call == "write" else 0):
            raise OSError(28, "No space left on device")
        return original(*arguments)

    with (tmp_path / "a.h5").open("w+b") as target:
        monkeypatch.setattr(os, call, failing)
        image = Image(arrays={"x": np.random.default_rng(0).random((2000, 300))}, attrs={"": {}})
        try:
            with hdf5_on(target.fileno()) as (file, _):
                image.write(file, "gzip")
                image.finish(file)
            failed = False
        except OSError as error:
            failed = error.errno == 28
        assert failed == bool(len(count) > (2 if call == "write" else 0))
