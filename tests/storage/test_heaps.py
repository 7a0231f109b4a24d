"""Indices of links and attributes: sound ones pass, and those that libhdf5 would stumble over do not."""

import struct

import h5py
import numpy as np
import pytest

from tvbo.errors import CompanionError
from tvbo.limits import Limits
from tvbo.storage import heaps
from tvbo.storage.heaps import lookup3
from tvbo.storage.structure import attributes, visit


def look(path) -> int:
    """Visit everything in a file."""
    with h5py.File(path) as file:
        return sum(1 + len(attributes(item)) for _, item in visit(file, path, Limits(), []))


def dense(path, libver: object = ("v108", "v108")) -> bytearray:
    """Write a file with more links and attributes than fit into headers."""
    with h5py.File(path, "w", libver=libver) as file:
        for index in range(500):
            file[f"many/{index}"] = index
            file["many"].attrs[f"a{index}"] = np.zeros(3)
        tracked = file.create_group("tracked", track_order=True)
        for index in range(20):
            tracked[f"x{index}"] = tracked.attrs[f"y{index}"] = index
    return bytearray(path.read_bytes())


def test_the_checksum_is_that_of_hdf5(tmp_path) -> None:
    data = dense(tmp_path / "a.h5")
    assert struct.unpack_from("<I", data, 44)[0] == lookup3(bytes(data[:44]))


@pytest.mark.parametrize("libver", [("v108", "v108"), "latest", "earliest"])
def test_what_libhdf5_writes_passes(tmp_path, monkeypatch, libver) -> None:
    looked = []
    original = heaps.lookup3
    monkeypatch.setattr(heaps, "lookup3", lambda head: looked.append(bytes(head[:4])) or original(head))
    data = dense(tmp_path / "a.h5", libver)
    assert look(tmp_path / "a.h5") == 1 + 1 + 500 + 500 + 1 + 20 + 20
    # Every index was found by way of the headers, and its seal looked at.
    assert {looked.count(kind) for kind in (b"BTHD", b"FRHP")} == {data.count(kind) for kind in (b"BTHD", b"FRHP")}
    assert len(looked) >= 4


@pytest.mark.parametrize(
    ("signature", "size", "offset", "code", "value"),
    [
        (b"BTHD", 34, 5, "<B", 0),
        (b"BTHD", 34, 6, "<I", 0),
        (b"BTHD", 34, 10, "<H", 0),
        (b"BTHD", 34, 10, "<H", 12),
        (b"BTHD", 34, 26, "<Q", 2**40),
        (b"FRHP", 142, 110, "<H", 0),
        (b"FRHP", 142, 112, "<Q", 0),
        (b"FRHP", 142, 120, "<Q", 2**60),
        (b"FRHP", 142, 128, "<H", 999),
        (b"FRHP", 142, 46, "<Q", 2**63),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, signature, size, offset, code, value) -> None:
    path = tmp_path / "a.h5"
    data = dense(path)
    start = data.index(signature)
    struct.pack_into(code, data, start + offset, value)
    path.write_bytes(data)
    with pytest.raises(RuntimeError, match="checksum"):
        look(path)
    struct.pack_into("<I", data, start + size, lookup3(bytes(data[start : start + size])))
    path.write_bytes(data)
    with pytest.raises(CompanionError, match="index of links or attributes"):
        look(path)


def test_free_space_of_no_length_in_a_heap_of_text(tmp_path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.attrs["text"] = "words of variable length"
    heaps.check_text_heaps(path)
    data = bytearray(path.read_bytes())
    place = data.index(b"GCOL") + 16
    while data[place : place + 2] != b"\0\0":
        place += 16 + (int.from_bytes(data[place + 8 : place + 16], "little") + 7) // 8 * 8
    data[place + 8 : place + 16] = bytes(8)
    path.write_bytes(data)
    with pytest.raises(CompanionError, match="heap of text"):
        heaps.check_text_heaps(path)
