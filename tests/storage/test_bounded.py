"""Files of strangers in other containers: read exactly, or refused with the reason, in little memory and time."""

import bz2
import contextlib
import csv
import gzip
import io
import json
import os
import struct
import subprocess
import sys
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import scipy.io
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tvbo import Limits
from tvbo.errors import (
    DamagedFileError,
    DuplicateNameError,
    LimitError,
    NetworkNotFoundError,
    TvboError,
    UnsafeFileError,
)
from tvbo.storage.bounded import bunzip2, gunzip, mat, npy, npz, read_bytes, table, xml, zip_members
from tvbo.storage.files import opened

LIMITS = Limits()
MEGABYTE = 1 << 20
posix = pytest.mark.skipif(sys.platform == "win32", reason="no pipes, devices or limits of memory")
checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
quick = settings(max_examples=60, deadline=None, suppress_health_check=checks)


def put(folder: Path, data: bytes, name: str = "file") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def zeros(size: int) -> bytes:
    """Give a deflate stream of a gigabyte of zeros in no time: the same block again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(MEGABYTE)) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * (size // MEGABYTE) + b"\x03\x00"


def entry(name: str = "a", data: bytes = b"", **said: Any) -> dict[str, Any]:
    """Describe a member of an archive; what is said of it may be a lie."""
    honest = {"packed": data, "size": len(data), "crc": zlib.crc32(data), "method": 0, "flags": 0x800, "mode": 0}
    return {"name": name, "at": None, **honest, **said}


def archive(*entries: dict[str, Any]) -> bytes:
    """Write an archive as it is told to, lies and all."""
    data, directory = bytearray(), bytearray()
    for item in entries:
        name, size = item["name"].encode(), item.get("packed_size", len(item["packed"]))
        start = len(data) if item["at"] is None else item["at"]
        shared = struct.pack(
            "<4H3I2H", item["flags"], item["method"], 0, 0, item["crc"], size, item["size"], len(name), 0
        )
        if item["at"] is None:
            data += b"PK\3\4" + struct.pack("<H", 20) + shared + name + item["packed"]
        directory += b"PK\1\2" + struct.pack("<2H", 0x314, 20) + shared
        directory += struct.pack("<3H2I", 0, 0, 0, item["mode"] << 16, start) + name
    count = min(len(entries), 0xFFFF)
    return bytes(data + directory) + struct.pack(
        "<4s4H2IH", b"PK\5\6", 0, 0, count, count, len(directory), len(data), 0
    )


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


# ---------------------------------------------------------------- in little memory

CHILD = """
import json, resource, sys
from pathlib import Path
from tvbo.errors import TvboError
from tvbo.limits import Limits
from tvbo.storage import bounded
import numpy, scipy.sparse
limits = Limits(inflated_bytes=64 << 20)
def read(reader, path):
    if reader in ("bunzip2", "gunzip"):
        return getattr(bounded, reader)(path.read_bytes(), limits.inflated_bytes)
    if reader == "npy":
        return bounded.npy(path.read_bytes())
    if reader == "read_bytes":
        return bounded.read_bytes(path, limits.sidecar_bytes)
    if reader == "structs":
        return bounded.mat(path, limits, structs=True)
    return getattr(bounded, reader)(path, limits)
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
room = used + (512 << 20)
resource.setrlimit(resource.RLIMIT_AS, (room, room))
for reader, path in json.load(sys.stdin):
    try:
        read(reader, Path(path))
        print("read")
    except TvboError as error:
        print(type(error).__name__)
"""


def outcomes(jobs: list[tuple[str, Path]]) -> list[str]:
    """Read files in a process that may take half a gigabyte more than it has."""
    told = json.dumps([(reader, str(path)) for reader, path in jobs])
    command = [sys.executable, "-c", CHILD]
    found = subprocess.run(command, input=told, capture_output=True, text=True, timeout=120)
    assert found.returncode == 0, found.stderr[-2000:]
    return found.stdout.split()


def header(shape: str, descr: str = "'<f8'", version: int = 1) -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode("latin-1")
    size = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + size + text


def npz_of(**members: bytes) -> bytes:
    return archive(*(entry(f"{name}.npy", data) for name, data in members.items()))


def part(kind: int, data: bytes, order: str = "<") -> bytes:
    return struct.pack(f"{order}2I", kind, len(data)) + data + bytes(-len(data) % 8)


def variable(
    mxclass: int, shape: tuple[int, ...], *parts: bytes, flags: int = 0, name: bytes = b"a", order: str = "<"
) -> bytes:
    """Write a variable of MATLAB."""
    first = part(6, struct.pack(f"{order}2I", mxclass | flags, 0), order)
    dims = part(5, struct.pack(f"{order}{len(shape)}i", *shape), order)
    return part(14, first + dims + part(1, name, order) + b"".join(parts), order)


def matfile(*variables: bytes, order: str = "<") -> bytes:
    mark = b"\0\1IM" if order == "<" else b"\1\0MI"
    return b"MATLAB 5.0 MAT-file".ljust(124) + mark + b"".join(variables)


def packed(body: bytes) -> bytes:
    """Compress a variable; this element is not filled up to eight bytes."""
    data = zlib.compress(body)
    return struct.pack("<2I", 15, len(data)) + data


def doubles(*values: float) -> bytes:
    return part(9, np.array(values).tobytes())


def integers(*values: int) -> bytes:
    return part(5, np.array(values, "<i4").tobytes())


def level4(name: bytes, values: np.ndarray, kind: int = 0, order: str = "<") -> bytes:
    start = struct.pack(f"{order}5i", kind + 1000 * (order == ">"), *values.shape, 0, len(name) + 1)
    return start + name + b"\0" + values.astype(f"{order}f8").tobytes(order="F")


def nested_cells(depth: int) -> bytes:
    found = variable(6, (1, 1), doubles(1.0))
    for _ in range(depth):
        found = variable(1, (1, 1), found)
    return found


def bombs() -> dict[str, tuple[str, bytes, str]]:
    """Give small files that come to gigabytes, what reads them, and the errors they give."""
    two = 2 << 30
    stream = zeros(two)
    zlibbed = b"\x78\x9c" + zeros(256 * MEGABYTE) + b"\0\0\0\0"
    one = entry("m", packed=deflated(bytes(16 * MEGABYTE)), size=16 * MEGABYTE, method=8)
    start = b"\x93NUMPY\1\0"
    laughs = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12))
    attributes = " ".join(f'a{i}=""' for i in range(200_000))
    return {
        "zip": ("zip_members", archive(entry(packed=stream, size=two, method=8)), "LimitError"),
        "zip that lies": ("zip_members", archive(entry(packed=stream, size=1000, method=8)), "DamagedFileError"),
        "zip of one member many times": (
            "zip_members",
            archive(one, *({**one, "name": f"m{i}", "at": 0} for i in range(60))),
            "LimitError",
        ),
        "zip of one member twice": ("zip_members", archive(one, {**one, "name": "n", "at": 0}), "UnsafeFileError"),
        "zip of many members": ("zip_members", archive(*(entry(str(i)) for i in range(70_000))), "LimitError"),
        "gzip": ("gunzip", b"\x1f\x8b\x08" + bytes(7) + zeros(128 * MEGABYTE) + bytes(8), "LimitError"),
        "gzip of nothing": ("gunzip", gzip.compress(b"") * 70_000, "DamagedFileError"),
        "bzip2": ("bunzip2", bz2.compress(bytes(4 * MEGABYTE)) * 64, "LimitError"),
        "bzip2 of nothing": ("bunzip2", bz2.compress(b"") * 70_000, "DamagedFileError"),
        "npz": ("npz", archive(entry("a.npy", packed=stream, size=two, method=8)), "LimitError"),
        "npz of a giant": ("npz", npz_of(a=header("(1000000000, 1000000000)")), "DamagedFileError"),
        "npy of nothing many times": ("npy", header("(1000000000000,)", "'|V0'"), "DamagedFileError"),
        "npy of wide text": ("npy", header("(1,)", "'<U500000000'"), "DamagedFileError"),
        "npy of brackets": ("npy", start + struct.pack("<H", 9000) + b"(" * 9000, "DamagedFileError"),
        "npy of signs": ("npy", start + struct.pack("<H", 9000) + b"-" * 8999 + b"1", "DamagedFileError"),
        "npy of a long header": ("npy", b"\x93NUMPY\3\0" + struct.pack("<I", two), "DamagedFileError"),
        "mat": ("mat", matfile(part(15, zlibbed)), "LimitError"),
        "mat of many": (
            "mat",
            matfile(*(packed(variable(1, (1, 1), bytes(60 * MEGABYTE))) for _ in range(2))),
            "LimitError",
        ),
        "mat of tiny elements": ("mat", matfile(packed(bytes(60 * MEGABYTE))), "DamagedFileError"),
        "mat of a giant": ("mat", matfile(variable(6, (2**31 - 1, 2**31 - 1), doubles(1.0))), "LimitError"),
        "mat of bytes that are doubles": (
            "mat",
            matfile(packed(variable(6, (1, 60 * MEGABYTE), part(2, bytes(60 * MEGABYTE))))),
            "LimitError",
        ),
        "mat of blank text": ("mat", matfile(variable(4, (1, 2**31 - 1), part(4, b""))), "LimitError"),
        "mat of lines without text": ("mat", matfile(variable(4, (2**31 - 1, 0), part(4, b""))), "LimitError"),
        "mat of structs": (
            "structs",
            matfile(variable(2, (2**31 - 1, 1), integers(32), part(1, b""))),
            "LimitError",
        ),
        "mat of fields": (
            "structs",
            matfile(packed(variable(2, (0, 0), integers(1), part(1, bytes(60 * MEGABYTE))))),
            "LimitError",
        ),
        "mat of cells": ("structs", matfile(variable(1, (2**31 - 1, 1))), "LimitError"),
        "mat of axes": ("mat", matfile(packed(variable(6, (1,) * 1_000_000, doubles(1.0)))), "DamagedFileError"),
        "mat of rows": (
            "mat",
            matfile(variable(5, (2**31 - 1, 1), integers(0), integers(0, 1), doubles(1.0))),
            "LimitError",
        ),
        "mat of level 4": ("mat", struct.pack("<5i", 0, 2**31 - 1, 2**31 - 1, 0, 2) + b"a\0", "DamagedFileError"),
        "mat of sparse rows of level 4": (
            "mat",
            level4(b"a", np.array([[1.0, 1.0, 5.0], [2.0**31 - 1, 1.0, 0.0]]), 2),
            "LimitError",
        ),
        "xml of laughs": ("xml", f"<!DOCTYPE a [<!ENTITY a0 'ha'>{laughs}]><a>&a11;</a>".encode(), "UnsafeFileError"),
        "xml of depth": ("xml", b"<a>" * 100_000 + b"</a>" * 100_000, "LimitError"),
        "xml of elements": ("xml", b"<a>" + b"<b/>" * 1_000_000 + b"</a>", "LimitError"),
        "xml of attributes": ("xml", f"<a {attributes}/>".encode(), "DamagedFileError"),
        "xml of a comment": ("xml", b"<a><!--" + b"-x" * (4 * MEGABYTE) + b"--></a>", "DamagedFileError"),
        "table of lines": ("table", b"\n" * (8 * MEGABYTE), "LimitError"),
        "table of commas": ("table", b"," * (8 * MEGABYTE), "LimitError"),
        "text": ("read_bytes", bytes(65 * MEGABYTE), "LimitError"),
    }


@posix
def test_bombs_are_refused_in_little_memory(tmp_path) -> None:
    cases = bombs()
    jobs = [(reader, put(tmp_path, data, f"{i}")) for i, (reader, data, _) in enumerate(cases.values())]
    # A length without bytes on the disk must buy no memory.
    holes = put(tmp_path, matfile() + struct.pack("<2I", 14, 2 << 30), "holes.mat")
    os.truncate(holes, 3 << 30)
    old = put(tmp_path, struct.pack("<5i", 50, 1 << 30, 1, 0, 2) + b"a\0", "old.mat")
    os.truncate(old, 22 + (1 << 30))
    hollow = archive(entry(packed_size=2 << 30, size=1000, method=8))
    wide = put(tmp_path, hollow, "holes.zip")
    with wide.open("r+b") as file:
        # The directory is at the end of the hole.
        file.seek(hollow.index(b"PK\1\2"))
        file.truncate()
        file.seek(3 << 30)
        file.write(hollow[hollow.index(b"PK\1\2") : -6] + struct.pack("<IH", 3 << 30, 0))
    jobs += [
        ("read_bytes", holes),
        ("table", holes),
        ("xml", holes),
        ("mat", holes),
        ("mat", old),
        ("zip_members", wide),
    ]
    expected = [error for _, _, error in cases.values()] + ["LimitError"] * 6
    found = outcomes(jobs)
    names = [
        *cases,
        "bytes of holes",
        "table of holes",
        "xml of holes",
        "mat of holes",
        "old mat of holes",
        "zip of holes",
    ]
    assert dict(zip(names, found, strict=True)) == dict(zip(names, expected, strict=True))


# ---------------------------------------------------------------- bytes


def test_a_plain_file_is_read_to_the_last_byte_allowed(tmp_path) -> None:
    path = put(tmp_path, b"0123456789")
    assert read_bytes(path, 10) == b"0123456789"
    assert read_bytes(put(tmp_path, b""), 0) == b""
    put(tmp_path, b"0123456789")
    with pytest.raises(LimitError, match=r"sidecar bytes would be 10, the limit is 5: .*sidecar_bytes=10"):
        read_bytes(path, 5)
    with pytest.raises(LimitError, match="inflated_bytes=10"):
        read_bytes(path, 9, "inflated_bytes")


@pytest.mark.parametrize("reader", [zip_members, npz, mat, xml, table, lambda path, limits: read_bytes(path, 10)])
@posix
def test_what_is_no_plain_file_is_refused_at_once(tmp_path, reader) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    for place in ("pipe", "link", ".", "/dev/zero", "/dev/null"):
        with pytest.raises(UnsafeFileError, match="expected a plain file"):
            reader(tmp_path / place, LIMITS)
    for place in ("missing", "missing/too"):
        with pytest.raises(NetworkNotFoundError, match="there is no file"):
            reader(tmp_path / place, LIMITS)
    with pytest.raises(UnsafeFileError, match="cannot be opened"):
        reader(tmp_path / "a\0b", LIMITS)


@posix
def test_a_file_that_turns_into_a_pipe_does_not_hang(tmp_path, monkeypatch) -> None:
    path = put(tmp_path, b"text")
    os.mkfifo(tmp_path / "pipe")
    state = path.stat()
    monkeypatch.setattr("tvbo.storage.files.check_plain", lambda path: state)
    with pytest.raises(UnsafeFileError, match="has turned into a pipe"):
        read_bytes(tmp_path / "pipe", 10)
    with pytest.raises(NetworkNotFoundError):
        read_bytes(tmp_path / "missing", 10)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="no files that the system makes up")
def test_a_file_that_tells_no_length_is_bounded() -> None:
    assert Path("/proc/self/maps").stat().st_size == 0
    with pytest.raises(LimitError, match="would be 11, the limit is 10"):
        read_bytes(Path("/proc/self/maps"), 10)


def test_what_the_system_refuses_is_said(tmp_path, monkeypatch) -> None:
    path = put(tmp_path, b"text")
    with pytest.raises(DamagedFileError, match=r"file cannot be read: broken disk"), opened(path):
        raise OSError(5, "broken disk")

    def refuse(*args: object) -> None:
        raise PermissionError(13, "not yours")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(UnsafeFileError, match=r"file cannot be opened: not yours"):
        read_bytes(path, 10)


# ---------------------------------------------------------------- archives


def written(**members: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for i, (name, data) in enumerate(members.items()):
            file.writestr(name, data, zipfile.ZIP_STORED if i % 2 else zipfile.ZIP_DEFLATED)
    return target.getvalue()


def test_members_are_read_by_name_and_nothing_is_extracted(tmp_path, monkeypatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    held = {"weights.txt": b"0 1\n1 0\n", "a/b.bin": os.urandom(100_000), "é": b"", "zeros": bytes(100_000)}
    data = written(**held, **{"folder/": b""})
    assert zip_members(data, LIMITS) == held
    assert zip_members(put(tmp_path, data), LIMITS) == held
    assert zip_members(data, LIMITS, lambda name: name.endswith(".txt")) == {"weights.txt": held["weights.txt"]}
    assert zip_members(b"before" + data, LIMITS) == held
    assert zip_members(archive(), LIMITS) == {}
    assert not list((tmp_path / "empty").iterdir())


def test_members_that_are_not_wanted_are_not_inflated() -> None:
    data = archive(entry("bomb", packed=zeros(2 << 30), size=2 << 30, method=8), entry("b", b"1"), entry("c", method=9))
    assert zip_members(data, LIMITS, lambda name: name == "b") == {"b": b"1"}


NAMES = ["/etc/passwd", "../a", "a/../../b", "..", "C:/a", "c:a", "a\\b", "\\\\host\\a", "", "a/..", "a\0b"]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_lead_out_are_refused_wanted_or_not(name) -> None:
    with pytest.raises(UnsafeFileError, match="expected a name inside the archive"):
        zip_members(archive(entry("a"), entry(name)), LIMITS, lambda name: name == "a")


@pytest.mark.parametrize(
    ("entries", "error", "why"),
    [
        ([entry("a"), entry("a", b"1")], DuplicateNameError, "a is there twice"),
        ([entry("a", b"/etc/passwd", mode=0o120777)], UnsafeFileError, "is a symbolic link"),
        ([entry("a", b"1", flags=1)], DamagedFileError, "is encrypted"),
        ([entry("a", packed=bz2.compress(b"1"), size=1, method=12)], DamagedFileError, "compressed by method 12"),
        ([entry("a", b"12", size=3)], DamagedFileError, "holds 2 bytes: expected 3"),
        ([entry("a", b"12", size=1)], DamagedFileError, "holds 2 bytes: expected 1"),
        ([entry("a", packed=deflated(b"12"), size=3, method=8)], DamagedFileError, "holds 2 bytes: expected 3"),
        (
            [entry("a", packed=deflated(b"12"), size=1, method=8)],
            DamagedFileError,
            "does not inflate to 1 bytes|holds 2",
        ),
        ([entry("a", packed=deflated(b"12")[:-1], size=2, method=8)], DamagedFileError, "does not inflate to 2"),
        ([entry("a", packed=deflated(b"12") + b"3", size=2, method=8)], DamagedFileError, "does not inflate to 2"),
        ([entry("a", packed=b"\xff\xff", size=2, method=8)], DamagedFileError, "expected a zip archive: Error -"),
        ([entry("a", b"12", crc=1)], DamagedFileError, "checksum"),
        ([entry("a", b"12", packed_size=10**6)], DamagedFileError, "is cut off"),
        ([entry("a", b"12"), entry("b", b"12", at=0)], UnsafeFileError, "shares bytes with another member"),
        ([entry("a", b"12", at=10**6)], DamagedFileError, "expected a zip archive"),
    ],
)
def test_what_an_archive_says_wrongly_is_found(entries, error, why) -> None:
    with pytest.raises(error, match=why):
        zip_members(archive(*entries), LIMITS)


def test_a_member_that_goes_by_two_names_is_refused() -> None:
    data = bytearray(archive(entry("a", b"12")))
    data[30:31] = b"b"
    with pytest.raises(DamagedFileError, match="says something else than the member itself"):
        zip_members(bytes(data), LIMITS)


def test_every_cut_of_an_archive_is_found() -> None:
    data = written(a=b"some text " * 50, b=b"more")
    for size in range(len(data)):
        with pytest.raises(DamagedFileError):
            zip_members(data[:size], LIMITS)


def test_limits_of_archives_can_be_raised() -> None:
    data = archive(*(entry(f"{i}", bytes(1000)) for i in range(20)))
    with pytest.raises(LimitError, match=r"objects would be 20, the limit is 19: .*Limits\(objects=20\)"):
        zip_members(data, Limits(objects=19))
    assert len(zip_members(data, Limits(objects=20))) == 20
    bomb = archive(entry(packed=deflated(bytes(MEGABYTE)), size=MEGABYTE, crc=zlib.crc32(bytes(MEGABYTE)), method=8))
    with pytest.raises(LimitError, match=rf"inflated_bytes={MEGABYTE}\)"):
        zip_members(bomb, Limits(inflated_bytes=1000))
    assert zip_members(bomb, Limits(inflated_bytes=MEGABYTE)) == {"a": bytes(MEGABYTE)}


@pytest.mark.parametrize(("pack", "unpack"), [(bz2.compress, bunzip2), (gzip.compress, gunzip)])
def test_compressed_bytes_have_an_exact_bound_and_nothing_after_them(pack, unpack) -> None:
    held = os.urandom(1000) * 200 + bytes(100_000)
    data = pack(held)
    assert unpack(data, len(held)) == held
    assert unpack(data + pack(b"") + data, 2 * len(held)) == held + held
    assert unpack(pack(b""), 0) == b""
    with pytest.raises(LimitError, match=r"the limit, 299,999: .*Limits\(inflated_bytes=599998\)"):
        unpack(data, len(held) - 1)
    for wrong in (data + b"\0", data + b"more", data + data[:2], b"", b"more" + data):
        with pytest.raises(DamagedFileError):
            unpack(wrong, 10**6)
    with pytest.raises(DamagedFileError, match="bytes of another kind at byte"):
        unpack(data + b"more", 10**6)
    for size in {*range(40), *range(0, len(data), 50), len(data) - 1}:
        with pytest.raises(DamagedFileError):
            unpack(data[:size], 10**6)
    flipped = bytearray(data)
    flipped[-6] ^= 1
    with pytest.raises(DamagedFileError, match="expected compressed bytes"):
        unpack(bytes(flipped), 10**6)


# ---------------------------------------------------------------- arrays of numpy


def saved(array: np.ndarray) -> bytes:
    target = io.BytesIO()
    with warnings.catch_warnings():
        # Names that need version 2 or 3 of the format are no mistake here.
        warnings.simplefilter("ignore", UserWarning)
        np.save(target, array)
    return target.getvalue()


numbers = st.sampled_from([np.dtype(name) for name in ("f2", "f4", "f8", ">f8", "c16", "i1", "u8", ">i4", "?", "U3")])
arrays = hnp.arrays(numbers | st.just(np.dtype("M8[s]")), hnp.array_shapes(min_dims=0, min_side=0))


@quick
@given(arrays, st.booleans())
def test_arrays_of_numpy_are_read_exactly(values, fortran) -> None:
    values = np.asfortranarray(values) if fortran else values
    found = npy(saved(values))
    assert found.dtype == values.dtype
    assert found.shape == values.shape
    assert found.tobytes() == values.tobytes()
    assert found.flags.f_contiguous == values.flags.f_contiguous
    assert found.flags.writeable


@pytest.mark.parametrize("name", ["a", "ä", "中" * 20, "x" * 5000])
def test_all_versions_of_the_format_are_read(name) -> None:
    values = np.zeros(2, [(name, "f8"), *((f"{name}{i}", "i4", (2,)) for i in range(0 if len(name) > 99 else 2))])
    assert npy(saved(values)).dtype == values.dtype


def test_files_of_savez_are_read(tmp_path) -> None:
    held = {"weights": np.random.default_rng(0).random((5, 5)), "labels": np.array(["a", "é"]), "n": np.array(3)}
    np.savez(tmp_path / "plain.npz", **held)
    np.savez_compressed(tmp_path / "packed.npz", **held)
    for name in ("plain.npz", "packed.npz"):
        found = npz(tmp_path / name, LIMITS)
        assert list(found) == list(held)
        for key, values in held.items():
            np.testing.assert_array_equal(found[key], values, strict=True)
    with pytest.raises(LimitError, match="objects"):
        npz(tmp_path / "plain.npz", Limits(objects=2))


class Trap:
    """Leaves a file behind where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("dtype", [object, [("a", "f8"), ("b", object)], [("a", [("b", [("c", object, (2,))])])]])
def test_pickles_are_not_opened(tmp_path, dtype) -> None:
    values = np.zeros(1, dtype)
    if dtype is object:
        values[0] = Trap(tmp_path / "sprung")
    data = saved(values)
    for read in (lambda: npy(data), lambda: npz(put(tmp_path, npz_of(a=data)), LIMITS)):
        with pytest.raises(UnsafeFileError, match="holds Python objects, which would run code"):
            read()
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x93NUMPY",
        b"\x93NUMPX\1\0" + header("(1,)")[8:] + bytes(8),
        b"\x93NUMPY\4\0" + header("(1,)")[8:] + bytes(8),
        header("(2,)") + bytes(8),
        header("(1,)") + bytes(9),
        header("(-1,)"),
        header("(-1, -1)") + bytes(8),
        header("1") + bytes(8),
        header("(1.0,)") + bytes(8),
        header("(0, 10**30)"),
        header(f"(0, {10**30})"),
        header(f"{(1,) * 100}") + bytes(8),
        header("(1,)", "'<f9'") + bytes(8),
        header("(1,)", "'(2,)f8'") + bytes(16),
        header("(1,)", "[]"),
        header("(1,)", "[('a',)]"),
        header("(1,)", "()"),
        header("(1,)", "{}"),
        header("(1,)", "(('f8',),)"),
        header("(1,)", "__import__('os')"),
        header("(1,)")[:-1] + bytes(8),
        header("(1,)", "'\\d'") + bytes(8),
        header("(1,)", "'<U1'") + b"\0\0\x11\0",
        header("(1,)", "'>U1'") + b"\0\x11\0\0",
        header("(1,)", "[('a', 'u1'), ('b', [('c', '<U2', (1,))])]") + b"\0a\0\0\0\0\0\0\1",
        header("(1,)", "'|b1'") + b"\2",
        header("(1,)", "'<M8'") + bytes(8),
        b"\x93NUMPY\3\0" + struct.pack("<I", 2) + b"\xff\xff",
        b"\x93NUMPY\2\0" + struct.pack("<I", 10**6) + b" " * 10**6,
    ],
)
def test_headers_that_lie_are_found(data) -> None:
    with pytest.raises(DamagedFileError):
        npy(data)


def test_a_header_of_python_2_is_read() -> None:
    data = header("(1L,)") + struct.pack("<d", 1.5)
    with pytest.warns(UserWarning, match="additional header parsing"):
        assert npy(data).tolist() == [1.5]
    with pytest.raises(DamagedFileError, match="additional header parsing"):
        npy(data)


def test_what_is_no_array_among_arrays_is_said(tmp_path) -> None:
    with pytest.raises(DamagedFileError, match=r"notes.txt is no array"):
        npz(put(tmp_path, archive(entry("notes.txt", b"1"))), LIMITS)
    with pytest.raises(DamagedFileError, match=r"a\.npy holds 8 bytes: expected 16"):
        npz(put(tmp_path, npz_of(a=header("(2,)") + bytes(8))), LIMITS)


# ---------------------------------------------------------------- MATLAB

matrices = hnp.arrays(
    st.sampled_from([np.dtype(name) for name in ("f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "c16")]),
    hnp.array_shapes(min_dims=2, min_side=0),
)


@quick
@given(matrices, st.booleans())
def test_numbers_of_matlab_are_read_exactly(tmp_path, values, compressed) -> None:
    scipy.io.savemat(tmp_path / "a.mat", {"a": values}, do_compression=compressed)
    (found,) = mat(tmp_path / "a.mat", LIMITS).values()
    assert found.dtype == values.dtype
    assert found.shape == values.shape
    assert found.tobytes() == values.tobytes()


@pytest.mark.parametrize("compressed", [False, True])
def test_everything_else_of_matlab_is_read(tmp_path, compressed) -> None:
    cells = np.empty((1, 2), object)
    cells[:] = [["left", np.eye(2)]]
    sparse = sp.csc_array(np.array([[0.0, 1.5], [0.0, 0.0], [2.5, 3.5]]))
    held = {
        "flags": np.array([[True, False]]),
        "text": np.array(["left", "é中right"]),
        "none": np.array([""]),
        "sparse": sparse,
        "switch": sparse > 2,
        "wave": sp.csc_array(sparse * (1 + 2j)),
        "cells": cells,
        "one": {"weights": np.eye(3), "inner": {"label": "x"}},
        "many": np.array([[(1.0, "a"), (2.0, "b")]], [("n", object), ("t", object)]),
    }
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, held, do_compression=compressed)
    plain, found = mat(path, LIMITS), mat(path, LIMITS, structs=True)
    assert list(plain) == ["flags", "text", "none", "sparse", "switch", "wave"]
    assert list(found) == list(held)
    np.testing.assert_array_equal(plain["flags"], held["flags"], strict=True)
    assert [str(line).rstrip() for line in plain["text"]] == ["left", "é中right"]
    for name in ("sparse", "switch", "wave"):
        assert isinstance(plain[name], sp.csc_array)
        np.testing.assert_array_equal(plain[name].toarray(), held[name].toarray(), strict=True)
    assert found["cells"].shape == (1, 2)
    assert found["cells"][0, 0] == np.array(["left"])
    np.testing.assert_array_equal(found["cells"][0, 1], np.eye(2))
    np.testing.assert_array_equal(found["one"]["weights"], np.eye(3))
    assert found["one"]["inner"]["label"] == np.array(["x"])
    assert [one["t"][0] for one in found["many"].ravel()] == ["a", "b"]


@pytest.mark.parametrize("order", ["<", ">"])
def test_level_4_is_read(tmp_path, order) -> None:
    values = np.array([[1.5, -0.0, np.inf], [4.0, 5.0, np.nan]])
    letters = np.array([[ord(letter) for letter in "left "], [ord(letter) for letter in "right"]], float)
    entries = np.array([[1.0, 2.0, 5.5], [3.0, 1.0, 6.5], [3.0, 2.0, 0.0]])
    data = level4(b"a", values, 0, order) + level4(b"t", letters, 1, order) + level4(b"s", entries, 2, order)
    found = mat(put(tmp_path, data), LIMITS)
    np.testing.assert_array_equal(found["a"], values, strict=True)
    assert found["t"].tolist() == ["left ", "right"]
    np.testing.assert_array_equal(found["s"].toarray(), [[0, 5.5], [0, 0], [6.5, 0]])
    with pytest.raises(LimitError, match="objects would be 3"):
        mat(put(tmp_path, data), Limits(objects=2))
    whole = {0, len(data), *(len(level4(b"a", values)) + part for part in (0, len(level4(b"t", letters))))}
    for size in {*range(len(data))} - whole:
        with pytest.raises(DamagedFileError):
            mat(put(tmp_path, data[:size]), LIMITS)


def test_level_4_of_scipy_is_read(tmp_path) -> None:
    held = {"a": np.array([[1.0 + np.inf * 1j, 2.0]]), "b": np.arange(6).reshape(2, 3).astype("i2")}
    with np.errstate(invalid="ignore"):
        scipy.io.savemat(tmp_path / "a.mat", held, format="4")
    found = mat(tmp_path / "a.mat", LIMITS)
    np.testing.assert_array_equal(found["a"], held["a"])
    np.testing.assert_array_equal(found["b"], held["b"])


@pytest.mark.parametrize("order", ["<", ">"])
def test_short_elements_and_both_byte_orders_are_read(tmp_path, order) -> None:
    # MATLAB stores what is short within its tag, and numbers in the shortest type that holds them.
    short = struct.pack(f"{order}I", (2 << 16) | 2) + b"\3\4\0\0"
    whole = struct.pack(f"{order}2I2H", 4, 4, 5, 6) + bytes(4)
    data = matfile(
        variable(6, (1, 2), short, order=order),
        variable(7, (1, 2), whole, name=b"b", order=order),
        variable(6, (1, 2), short, name=b"c", order=order, flags=1 << 9),
        # A NaN that the processor objects to.
        variable(6, (1, 1), part(7, struct.pack(f"{order}I", 0x7F800001), order), name=b"d", order=order),
        order=order,
    )
    found = mat(put(tmp_path, data), LIMITS)
    assert list(found) == ["a", "b", "c", "d"]
    assert np.isnan(found["d"])
    np.testing.assert_array_equal(found["a"], np.array([[3.0, 4.0]]), strict=True)
    np.testing.assert_array_equal(found["b"], np.array([[5.0, 6.0]], "f4"), strict=True)
    np.testing.assert_array_equal(found["c"], np.array([[True, True]]), strict=True)


@pytest.mark.parametrize(
    ("kind", "data", "shape", "expected"),
    [
        (4, "aéb中".encode("utf-16-le"), (2, 2), ["ab", "é中"]),
        (17, "𝄞x".encode("utf-16-le"), (1, 3), ["𝄞x"]),
        (18, "𝄞x".encode("utf-32-le"), (1, 2), ["𝄞x"]),
        (16, "é中".encode(), (1, 2), ["é中"]),
        (16, "é中".encode(), (1, 5), ["é中"]),
        (16, b"\x80x", (1, 2), ["\x80x"]),
        (16, "é".encode() + b"\x80", (1, 2), ["é\udc80"]),
        (2, b"ab\xe9", (1, 3), ["abé"]),
        (4, b"", (1, 3), ["   "]),
        (4, b"\x00\xd8a\x00", (1, 2), ["\ud800a"]),
    ],
)
def test_text_in_every_encoding_is_read(tmp_path, kind, data, shape, expected) -> None:
    found = mat(put(tmp_path, matfile(variable(4, shape, part(kind, data)))), LIMITS)
    assert found["a"].tolist() == expected


def test_objects_and_functions_are_left_out(tmp_path) -> None:
    one = variable(6, (1, 1), doubles(1.0))
    opaque = part(14, part(6, struct.pack("<2I", 17, 0)) + part(1, b"b") + part(1, b"MCOS") + part(1, b"string"))
    inner = variable(1, (1, 3), one, opaque, part(14, b""), name=b"c")
    names = part(1, b"x\0y\0")
    outer = variable(2, (1, 1), integers(2), names, one, opaque, name=b"d")
    found = mat(put(tmp_path, matfile(one, opaque, inner, outer)), LIMITS, structs=True)
    assert list(found) == ["a", "c", "d"]
    assert found["c"][0, 1] is None
    assert found["c"][0, 2].shape == (0, 0)
    assert list(found["d"]) == ["x"]


def sparse_of(rows: int, columns: int, indices: list[int], starts: list[int], *values: bytes, flags: int = 0) -> bytes:
    return matfile(variable(5, (rows, columns), integers(*indices), integers(*starts), *values, flags=flags))


SOUND = variable(6, (1, 2), doubles(1.0, 2.0))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is no file of MATLAB"),
        (b"MATLAB 5.0", "is no file of MATLAB"),
        (matfile(SOUND)[:-1], "is cut off"),
        (matfile(SOUND)[:140], "is cut off"),
        (matfile(b"\0" * 7), "expected a file of MATLAB"),
        (matfile(part(9, bytes(8))), "has an element of type 9"),
        (matfile(part(14, b"")), "the data of a variable are missing"),
        (matfile(part(15, b"")), "is cut off"),
        (matfile(part(15, zlib.compress(SOUND)[:-2])), "is cut off"),
        (matfile(part(15, zlib.compress(SOUND) + b"more")), "something follows"),
        (matfile(part(15, zlib.compress(SOUND + SOUND))), "other data follow a variable"),
        (matfile(part(15, zlib.compress(SOUND[:-8]))), "is cut off"),
        (matfile(part(15, b"abcdefgh")), "incorrect header check"),
        (matfile(variable(6, (1, 3), doubles(1.0, 2.0))), r"a holds 2 numbers: expected 3"),
        (matfile(variable(6, (1, 1), doubles(1.0, 2.0))), r"a holds 2 numbers: expected 1"),
        (matfile(variable(6, (-1, -2), doubles(1.0, 2.0))), "no negative lengths"),
        (matfile(variable(6, (2,), doubles(1.0, 2.0))), "1 axes: expected 2 to 32"),
        (matfile(variable(6, (1,) * 33, doubles(1.0))), "33 axes"),
        (matfile(variable(6, (1, 2))), "data of a variable are missing"),
        (matfile(variable(6, (1, 2), doubles(1.0, 2.0), flags=1 << 11)), "data of a variable are missing"),
        # These two end the process in scipy.io.loadmat.
        (matfile(variable(6, (1, 2), part(8, bytes(16)))), "data of type 8"),
        (matfile(variable(6, (1, 2), part(999, bytes(16)))), "data of type 999"),
        (matfile(variable(8, (1, 2), doubles(1.0, 300.0))), "holds float64: expected what fits into int8"),
        (matfile(variable(6, (1, 2), part(9, bytes(15)))), "expected a file of MATLAB"),
        (matfile(variable(9, (1, 5), struct.pack("<I", (5 << 16) | 2) + bytes(12))), "short element of 5 bytes"),
        (matfile(variable(4, (1, 2), part(4, b"abc"))), "expected a file of MATLAB"),
        (matfile(variable(4, (1, 3), part(4, b"ab"))), "1 characters: expected 3"),
        (matfile(variable(4, (1, 1), part(2, b"abcdefghij"))), "10 bytes of text for 1 characters"),
        (matfile(variable(4, (1, 2), part(9, b"ab"))), "text of type 9"),
        (matfile(variable(4, (1, 1), part(18, b"\xff\xff\xff\xff"))), "expected a file of MATLAB"),
        (matfile(SOUND, SOUND), "a is there twice"),
        (matfile(nested_cells(1000)), r"depth would be 65, the limit is 64"),
        (matfile(variable(1, (1, 2), SOUND)), "data of a variable are missing"),
        (matfile(variable(1, (1, 1), doubles(1.0))), "type 9: expected variables"),
        (matfile(variable(2, (1, 1), integers(0), part(1, b"a"), SOUND)), "cannot be told apart"),
        (matfile(variable(2, (1, 1), integers(-1), part(1, b"a"), SOUND)), "cannot be told apart"),
        (matfile(variable(2, (1, 1), integers(2), part(1, b"abc"), SOUND)), "cannot be told apart"),
        (matfile(variable(2, (1, 1), integers(2), part(1, b"a\0a\0"), SOUND, SOUND)), "fields of one name"),
        (sparse_of(3, 2, [0, 3], [0, 1, 2], doubles(1.0, 2.0)), "outside of its 3 rows"),
        (sparse_of(3, 2, [0, -1], [0, 1, 2], doubles(1.0, 2.0)), "outside of its 3 rows"),
        (sparse_of(3, 2, [0, 8_000_000], [0, 1, 2], doubles(1.0, 2.0)), "outside of its 3 rows"),
        (sparse_of(3, 2, [0, 1], [0, 2, 1], doubles(1.0, 2.0)), "do not fit"),
        (sparse_of(3, 2, [0, 1], [1, 1, 2], doubles(1.0, 2.0)), "do not fit"),
        (sparse_of(3, 2, [0, 1], [0, 1, 3], doubles(1.0, 2.0)), "do not fit"),
        (sparse_of(3, 2, [0, 1], [0, 1, -1], doubles(1.0, 2.0)), "do not fit"),
        (sparse_of(3, 2, [0, 1], [0, 2], doubles(1.0, 2.0)), "do not fit"),
        (sparse_of(3, 2, [0, 1], [0, 1, 2], doubles(1.0)), "holds 1 values"),
        (sparse_of(3, 2, [0, 1], [0, 1, 2], doubles(1.0, 2.0), doubles(1.0), flags=1 << 11), "1 imaginary parts"),
        (sparse_of(3, 2, [0, 1], [0, 1, 2], doubles(1.0, 2.0), flags=1 << 11), "data of a variable are missing"),
        (matfile(variable(5, (3, 2), doubles(0, 1), doubles(0, 1, 2), doubles(1.0, 2.0))), "do not fit"),
        (matfile(variable(5, (3, 2), integers(0), doubles(0, 1, np.nan), doubles(1.0))), "expected a file of MATLAB"),
        (matfile(variable(5, (3, 2, 1), integers(0))), "expected two axes"),
        (level4(b"a", np.array([[1.0, 3.0, 5.0], [2.0, 2.0, 0.0]]), 2), "outside of its shape"),
        (level4(b"a", np.array([[0.0, 1.0, 5.0], [2.0, 2.0, 0.0]]), 2), "outside of its shape"),
        (level4(b"a", np.array([[1.5, 1.0, 5.0], [2.0, 2.0, 0.0]]), 2), "other numbers than those of rows"),
        (level4(b"a", np.array([[1.0, 1.0, 5.0], [np.nan, 2.0, 0.0]]), 2), "other numbers than those of rows"),
        (level4(b"a", np.ones((2, 2)), 2), "in 2 columns: expected 3 or 4"),
        (level4(b"a", np.ones((0, 3)), 2), "is sparse"),
        (level4(b"a", np.array([[300.0]]), 1), "other numbers than those of characters"),
        (struct.pack("<5i", 0, -5, 4, 0, 2) + b"a\0" + bytes(32), "damaged one of level 4"),
        (struct.pack("<5i", 0, 1, 1, 0, 0) + bytes(8), "damaged one of level 4"),
        (struct.pack("<5i", 0, 1, 1, 7, 2) + b"a\0" + bytes(8), "damaged one of level 4"),
    ],
)
def test_what_a_file_of_matlab_says_wrongly_is_found(tmp_path, data, why) -> None:
    with pytest.raises(TvboError, match=why):
        mat(put(tmp_path, data), LIMITS, structs=True)


@pytest.mark.parametrize(
    "data",
    [
        b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM" + bytes(384) + b"\x89HDF\r\n\x1a\n",
        b"\x89HDF\r\n\x1a\n" + bytes(600),
    ],
)
def test_matlab_7_3_is_named(tmp_path, data) -> None:
    with pytest.raises(DamagedFileError, match=r"MATLAB 7\.3, which is HDF5 within: .* -v7"):
        mat(put(tmp_path, data), LIMITS)


# ---------------------------------------------------------------- XML


def test_xml_is_read_as_elements(tmp_path) -> None:
    text = '<?xml version="1.0" encoding="{}"?>\n<!-- x -->'
    text += '<g:a k="&lt;ä&#10;"> one<b>t&amp;wo</b> é <c/><![CDATA[<x>]]></g:a>'
    for encoding in ("utf-8", "UTF-16", "iso-8859-1"):
        found = xml(put(tmp_path, text.format(encoding).encode(encoding)), LIMITS)
        assert (found.tag, found.attrib, found.text) == ("g:a", {"k": "<ä\n"}, " one")
        assert [(child.tag, child.text, child.tail) for child in found] == [("b", "t&wo", " é "), ("c", None, "<x>")]
    long = f"<a>{'word ' * 1_000_000}</a>"
    assert xml(put(tmp_path, long.encode()), LIMITS).text == long[3:-4]


def test_xml_leads_to_no_other_file(tmp_path) -> None:
    secret = put(tmp_path, b"secret", "secret")
    for text in (
        f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]><a>&x;</a>',
        f'<!DOCTYPE a SYSTEM "{secret.as_uri()}"><a/>',
        f'<!DOCTYPE a [<!ENTITY % x SYSTEM "{secret.as_uri()}"> %x;]><a/>',
        "<!DOCTYPE a><a/>",
        '<!DOCTYPE a [<!ATTLIST a b CDATA "c">]><a/>',
    ):
        with pytest.raises(UnsafeFileError, match="declares a document type or entities"):
            xml(put(tmp_path, text.encode()), LIMITS)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<a>",
        b"<a></b>",
        b"<a/><b/>",
        b"<a>&x;</a>",
        b"<a>\0</a>",
        b"<a>\xff</a>",
        b"text",
        b"<a b='1' b='2'/>",
        b"<?xml version='1.0' encoding='zlib_codec'?><a/>",
        b"<?xml version='1.0' encoding='cp1252'?><a/>",
        b"<a>" + b"<" + b"b" * (2 << 20) + b"/></a>",
    ],
)
def test_what_is_no_xml_is_refused(tmp_path, data) -> None:
    with pytest.raises(DamagedFileError):
        xml(put(tmp_path, data), LIMITS)


def test_limits_of_xml_can_be_raised(tmp_path) -> None:
    path = put(tmp_path, b"<a>" * 100 + b"</a>" * 100)
    with pytest.raises(LimitError, match=r"depth would be 65.*Limits\(depth=65\)"):
        xml(path, LIMITS)
    assert len(list(xml(path, Limits(depth=100)).iter())) == 100
    with pytest.raises(LimitError, match="objects would be 51"):
        xml(path, Limits(depth=100, objects=50))


# ---------------------------------------------------------------- tables


def test_fields_of_a_table_stay_as_they_are(tmp_path) -> None:
    words = [["name", "n"], ["NA", "001"], ['é, "quoted"\nline', " x "], ["", "1e3"], ["TRUE", "nan"]]
    for delimiter in (",", "\t"):
        target = io.StringIO(newline="")
        csv.writer(target, delimiter=delimiter).writerows(words)
        for encoding in ("utf-8", "utf-8-sig"):
            path = put(tmp_path, target.getvalue().encode(encoding))
            assert table(path, LIMITS) == words
            assert table(path, LIMITS, delimiter) == words
    assert table(put(tmp_path, b""), LIMITS) == []
    assert table(put(tmp_path, b"a\r\n\r\nb,c"), LIMITS) == [["a"], ["b", "c"]]
    assert table(put(tmp_path, b"a,b\tc"), LIMITS, ",") == [["a", "b\tc"]]


@pytest.mark.parametrize(
    "data", [b"a\0b", b"\xff\xfea\0", b"\xe9", b'"a', b'"a"b,c', b"a" * 200_000, b'"' + b"a\n" * 100_000 + b'"']
)
def test_what_is_no_table_is_refused(tmp_path, data) -> None:
    with pytest.raises(DamagedFileError):
        table(put(tmp_path, data), LIMITS)


# ---------------------------------------------------------------- anything at all

READERS: dict[str, Callable[[bytes, Path], Any]] = {
    "zip": lambda data, path: zip_members(data, LIMITS),
    "bz2": lambda data, path: bunzip2(data, 10**6),
    "gz": lambda data, path: gunzip(data, 10**6),
    "npy": lambda data, path: npy(data),
    "npz": lambda data, path: npz(put(path, data), LIMITS),
    "mat": lambda data, path: mat(put(path, data), LIMITS, structs=True),
    "xml": lambda data, path: xml(put(path, data), LIMITS),
    "table": lambda data, path: table(put(path, data), LIMITS),
}


def sound() -> dict[str, list[bytes]]:
    text = b"left 0.5 1.5\nright 2.5 3.5\n" * 3
    zipped = io.BytesIO()
    np.savez(zipped, a=np.eye(3), b=np.array(["x", "y"]))
    matlab = []
    sparse = sp.csc_array(np.array([[0.0, 1.5], [2.5, 3.5]]))
    held = {"w": np.eye(3), "t": np.array(["left", "é"]), "s": sparse, "c": np.eye(2) * 1j, "o": {"a": 1.0, "b": "x"}}
    for compressed in (False, True):
        target = io.BytesIO()
        scipy.io.savemat(target, held, do_compression=compressed)
        matlab.append(target.getvalue())
    four = level4(b"a", np.eye(3)) + level4(b"s", np.array([[1.0, 2.0, 5.5], [2.0, 2.0, 0.0]]), 2)
    document = b'<?xml version="1.0" encoding="UTF-8"?>\n<a k="v">one<b>t&amp;wo</b><c/><![CDATA[<x>]]></a>'
    return {
        "zip": [
            written(a=text, b=text),
            archive(entry("x", text), entry("y/z", packed=deflated(text), size=len(text))),
        ],
        "bz2": [bz2.compress(text), bz2.compress(text) * 2],
        "gz": [gzip.compress(text), gzip.compress(text) * 2],
        "npy": [
            saved(np.eye(3)),
            saved(np.zeros(2, [("ä中", "f8"), ("b", "U3")])),
            header("(1,)", version=2) + bytes(8),
        ],
        "npz": [zipped.getvalue(), npz_of(a=header("(2, 1)") + bytes(16))],
        "mat": [*matlab, four],
        "xml": [document],
        "table": [b'name,x\r\n"a ""b""",001\r\nNA,\xc3\xa9\r\n', b"a\tb\n1\t2\n"],
    }


@st.composite
def damaged(draw: st.DrawFn, files: list[bytes]) -> bytes:
    """Change a sound file here and there: bytes, numbers that claim a size, pieces lost or doubled."""
    data = bytearray(draw(st.sampled_from(files)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        match draw(st.integers(0, 4)):
            case 0:
                data[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case 1:
                size = draw(st.sampled_from([0, 1, 2, 5, 0x7F, 0xFF, 999, 2**31 - 1, 2**31, 2**32 - 1]))
                data[at : at + 4] = struct.pack(draw(st.sampled_from(["<I", ">I"])), size)
            case 2:
                del data[at : at + draw(st.integers(1, 20))]
            case 3:
                data[at:at] = data[at : at + draw(st.integers(1, 40))]
            case _:
                data[at:at] = draw(st.binary(max_size=8) | st.sampled_from([b"(", b"-", b"'", b"\\", b"<", b"&", b'"']))
    return bytes(data)


FILES = sound()
anything = {kind: st.binary(max_size=200) | damaged(files) for kind, files in FILES.items()}


def shown(value: Any) -> Iterator[Any]:
    """Touch every value that was read."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from shown(inner)
    elif isinstance(value, ElementTree.Element):
        yield ElementTree.tostring(value)
    elif sp.issparse(value):
        assert value.indices.size == 0 or 0 <= value.indices.min() <= value.indices.max() < value.shape[0]
        yield value.tocsr().sum()
    else:
        yield str(value)


def read_anything(kind: str, data: bytes, folder: Path) -> None:
    with contextlib.suppress(TvboError), np.errstate(all="ignore"):
        list(shown(READERS[kind](data, folder)))


@pytest.mark.parametrize("kind", READERS)
def test_sound_files_are_sound(tmp_path, kind) -> None:
    for data in FILES[kind]:
        if kind == "zip" and b"y/z" in data:
            continue
        list(shown(READERS[kind](data, tmp_path)))


@pytest.mark.parametrize("kind", READERS)
@quick
@given(drawn=st.data())
def test_anything_is_read_or_refused(tmp_path, kind, drawn) -> None:
    read_anything(kind, drawn.draw(anything[kind]), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", READERS)
@settings(max_examples=8000, deadline=None, suppress_health_check=checks)
@given(drawn=st.data())
def test_anything_is_read_or_refused_many_times(tmp_path, kind, drawn) -> None:
    read_anything(kind, drawn.draw(anything[kind]), tmp_path)
