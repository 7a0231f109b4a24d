"""
Pairs that were damaged on the way: the same seed gives the same damage.

`bases` saves the networks that are damaged, `plan` lists mutations of them, and `write` makes one. A mutation is
a plain dict, so that it can be sent to a worker and printed in a report.
"""

import contextlib
import functools
import importlib.util
import itertools
import shutil
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

ARCHIVES = Path(__file__).parents[1] / "archives"
BLOCK = 512
# What counters, offsets and sizes may be at the edge of.
EDGES = (
    0,
    1,
    2,
    7,
    8,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0xFFFF,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**32,
    2**63 - 1,
    2**63,
    2**64 - 1,
)
NUMBERS = ("0", "-1", "1e12", "1e999", ".nan", "-.inf", "99999999999999999999", "1.5", "true", "~", "'x'", "[]", "{}")
ANYWHERE = ("bit", "byte", "bytes", "zeros", "noise", "cut", "doubled", "removed", "swapped")
H5_KINDS = (*ANYWHERE, "edge", "sealed")
YAML_KINDS = (*ANYWHERE, "line removed", "line doubled", "lines swapped", "value")


@dataclass(frozen=True)
class Base:
    """A sound pair: its sidecar, its digest, and whether it carries checksums."""

    name: str
    path: Path
    digest: str
    checked: bool = True


def networks() -> dict[str, Any]:
    """Give the networks of the archive, which use every part of the format."""
    spec = importlib.util.spec_from_file_location("archive_networks", ARCHIVES / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made: dict[str, Any] = module.networks()
    return made


def larger() -> dict[str, Any]:
    """Give a network of 76 regions, and one of which a matrix is checked in several bands of rows."""
    from tvbo import Network, Parameter

    rng = np.random.default_rng(76)
    places = rng.normal(size=(76, 3)) * 40
    weights = rng.lognormal(size=(76, 76)) * (rng.random((76, 76)) < 0.4)
    regions = Network.from_matrix(weights, rng.random((76, 76)) * 150, labels=[f"region {i}" for i in range(76)])
    regions.nodes.positions = places
    regions.nodes.columns["area"] = rng.random(76) * 1000
    regions.parameters["conduction_speed"] = Parameter(3.0, "mm_per_ms", "v")
    banded = Network.from_matrix(np.round(rng.random((420, 420)) * 8))
    return {"seventy-six": regions, "banded": banded}


def bases(folder: Path) -> list[Base]:
    """Save the networks that are damaged, and copy a pair that another program wrote."""
    from tvbo import Network

    found = []
    everything = networks()
    for name, network in [*everything.items(), *larger().items()]:
        for compression in ("gzip",) if name == "banded" else ("gzip", "none"):
            # Each in a folder of its own: a surface beside its parent's file would be read from that.
            place = folder / f"{name}-{compression}"
            place.mkdir()
            network.save(place / "net.yaml", compression=compression)
            found.append(Base(place.name, place / "net.yaml", network.digest()))
            if compression == "gzip":
                found.append(_without_list(found[-1]))
    place = folder / "peer"
    place.mkdir()
    for ending in (".yaml", ".h5"):
        shutil.copy(ARCHIVES / "peer-0.5.3" / f"regions{ending}", place / f"regions{ending}")
    found.append(
        Base("peer", place / "regions.yaml", Network.from_file(place / "regions.yaml").digest(), checked=False)
    )
    return found


def _without_list(base: Base) -> Base:
    """Cut off what stands behind the data of a companion, as programs that change it do: then HDF5 is asked."""
    place = base.path.parent.with_name(f"{base.name}-cut")
    shutil.copytree(base.path.parent, place)
    companion = place / "net.h5"
    raw = companion.read_bytes()
    companion.write_bytes(raw[: int.from_bytes(raw[-48:-40], "little")])
    return Base(place.name, place / "net.yaml", base.digest)


def plan(found: list[Base], count: int, first: int = 0) -> Iterator[dict[str, Any]]:
    """List mutations: every kind of damage to both halves of every base in turn."""
    ways = [("h5", kind) for kind in H5_KINDS for _ in range(2)] + [("yaml", kind) for kind in YAML_KINDS]
    turns = itertools.cycle(itertools.product(ways, found))
    for seed, ((half, kind), base) in zip(
        range(first, first + count), itertools.islice(turns, first, None), strict=False
    ):
        yield {"base": str(base.path), "half": half, "kind": kind, "seed": seed}


def is_checked(mutation: dict[str, Any], base: Base) -> bool:
    """
    Tell whether damage must be noticed.

    Files without checksums hold what they hold, and whoever makes new checksums for what he changed is no damage:
    of these it is only asked that they do no harm.
    """
    return base.checked and mutation["kind"] != "sealed"


def write(mutation: dict[str, Any], folder: Path) -> Path:
    """Write a damaged pair into a folder, and give the path to open."""
    source = Path(mutation["base"])
    pair = {"yaml": source, "h5": source.with_suffix(".h5")}
    for half, path in pair.items():
        data = _bytes(path)
        if half == mutation["half"]:
            data = damage(data, mutation["kind"], np.random.default_rng([mutation["seed"], 0x7B0]), path)
        (folder / path.name).write_bytes(data)
    return folder / source.name


@functools.lru_cache(maxsize=32)
def _bytes(path: Path) -> bytes:
    return path.read_bytes()


def damage(data: bytes, kind: str, rng: np.random.Generator, path: Path) -> bytes:
    """Damage the bytes of a file in one way; never leave them as they are."""
    for _ in range(100):
        changed = bytes(_damaged(bytearray(data), kind, rng, path))
        if changed != data:
            return changed
    return data[:-1]


def _damaged(data: bytearray, kind: str, rng: np.random.Generator, path: Path) -> bytes | bytearray:
    size = len(data)
    at = int(rng.integers(size))
    span = int(min(BLOCK, max(1, size // 8)) if rng.random() < 0.7 else rng.integers(1, max(2, size // 2)))
    if kind == "bit":
        data[at] ^= 1 << int(rng.integers(8))
    elif kind == "byte":
        data[at] = int(rng.integers(256))
    elif kind == "bytes":
        for place in rng.integers(size, size=int(rng.integers(2, 9))):
            data[place] = int(rng.integers(256))
    elif kind in ("zeros", "noise"):
        start = at // BLOCK * BLOCK
        width = min(BLOCK, size - start)
        data[start : start + width] = bytes(width) if kind == "zeros" else rng.bytes(width)
    elif kind == "cut":
        del data[at:]
    elif kind == "doubled":
        data[at:at] = data[at : at + span]
    elif kind == "removed":
        del data[at : at + span]
    elif kind == "swapped":
        first, second = sorted(int(each) for each in rng.integers(max(1, size - span), size=2))
        second = max(second, first + span)
        left, right = data[first : first + span], data[second : second + span]
        data[second : second + span], data[first : first + span] = left, right
    elif kind == "edge":
        _put_edge(data, rng, _pick(_metadata(path), rng))
    elif kind == "sealed":
        _put_sealed(data, rng, path)
    else:
        return _other_lines(bytes(data), kind, rng)
    return data


def _put_edge(data: bytearray, rng: np.random.Generator, at: int) -> None:
    width = int(rng.choice((1, 2, 4, 8)))
    value = int(EDGES[int(rng.integers(len(EDGES)))]) & (256**width - 1)
    data[at : at + width] = value.to_bytes(width, "little")[: max(0, len(data) - at)]


def _pick(spans: list[tuple[int, int]], rng: np.random.Generator) -> int:
    """Pick a byte of some spans, each byte as likely as the next."""
    lengths = np.array([end - start for start, end in spans])
    index = int(rng.integers(lengths.sum()))
    which = int(np.searchsorted(np.cumsum(lengths), index, side="right"))
    return spans[which][0] + index - int(lengths[:which].sum())


def _put_sealed(data: bytearray, rng: np.random.Generator, path: Path) -> None:
    """Change a block of metadata and make a new checksum for it, so that what is behind the checksum is reached."""
    blocks = _sealed(path)
    if not blocks:
        _put_edge(data, rng, _pick(_metadata(path), rng))
        return
    start, end = blocks[int(rng.integers(len(blocks)))]
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(start + 4, end))
        if rng.random() < 0.5:
            _put_edge(data, rng, at)
        else:
            data[at] ^= 1 << int(rng.integers(8))
    data[end : end + 4] = struct.pack("<I", lookup3(bytes(data[start:end])))


def _other_lines(data: bytes, kind: str, rng: np.random.Generator) -> bytes:
    lines = data.splitlines(keepends=True)
    one, two = (int(each) for each in rng.integers(len(lines), size=2))
    if kind == "line removed":
        del lines[one]
    elif kind == "line doubled":
        lines.insert(two if rng.random() < 0.5 else one, lines[one])
    elif kind == "lines swapped":
        lines[one], lines[two] = lines[two], lines[one]
    else:
        key, colon, _ = lines[one].partition(b": ")
        value = NUMBERS[int(rng.integers(len(NUMBERS)))]
        lines[one] = key.rstrip(b":\n") + (colon or b": ") + value.encode() + b"\n"
    return b"".join(lines)


# ---------------------------------------------------------------------- where things lie in an HDF5 file


@functools.lru_cache(maxsize=32)
def _metadata(path: Path) -> list[tuple[int, int]]:
    """Give the spans of a sound file that hold no numbers of datasets."""
    raw: list[tuple[int, int]] = []

    def note(_: str, item: Any) -> None:
        if not isinstance(item, h5py.Dataset):
            return
        if item.chunks:
            infos = [item.id.get_chunk_info(index) for index in range(item.id.get_num_chunks())]
            raw.extend((info.byte_offset, info.byte_offset + info.size) for info in infos)
        elif item.id.get_offset() is not None:
            raw.append((item.id.get_offset(), item.id.get_offset() + item.id.get_storage_size()))

    with h5py.File(path, "r") as file:
        file.visititems(note)
    spans, place = [], 0
    for start, end in sorted(raw):
        if start > place:
            spans.append((place, start))
        place = max(place, end)
    size = path.stat().st_size
    return [*spans, (place, size)] if place < size else spans


@functools.lru_cache(maxsize=32)
def _sealed(path: Path) -> list[tuple[int, int]]:
    """
    Give the blocks of metadata of a sound file that end in a checksum of themselves.

    HDF5 File Format Specification 3.0, sections II.A (superblock) and IV.A.1 (object headers, version 2).
    """
    data = path.read_bytes()
    found = [(0, 44)] if data[8] in (2, 3) else []
    place = data.find(b"OHDR")
    while place >= 0:
        with contextlib.suppress(IndexError, struct.error):
            found += _header(data, place)
        place = data.find(b"OHDR", place + 4)
    for signature in (b"FRHP", b"BTHD", b"BTLF", b"BTIN", b"FSHD", b"FAHD", b"EAHD"):
        place = data.find(signature)
        while place >= 0:
            ends = range(place + 8, min(place + 400, len(data) - 4))
            found += [(place, end) for end in ends if _is_sealed(data, place, end)][:1]
            place = data.find(signature, place + 4)
    return [(start, end) for start, end in found if _is_sealed(data, start, end)]


def _header(data: bytes, place: int) -> list[tuple[int, int]]:
    flags = data[place + 5]
    start = place + 6 + (16 if flags & 32 else 0) + (4 if flags & 16 else 0)
    width = 1 << (flags & 3)
    size = int.from_bytes(data[start : start + width], "little")
    begin = start + width
    found, spans = [(place, begin + size)], [(begin, begin + size)]
    head = 6 if flags & 4 else 4
    while spans:
        at, end = spans.pop()
        while at + head <= end:
            kind, length = data[at], int.from_bytes(data[at + 1 : at + 3], "little")
            at += head
            if kind == 0x10:
                other, span = struct.unpack_from("<QQ", data, at)
                found.append((other, other + span - 4))
                spans.append((other + 4, other + span - 4))
            at += length
    return found


def _is_sealed(data: bytes, start: int, end: int) -> bool:
    return end + 4 <= len(data) and struct.unpack_from("<I", data, end)[0] == lookup3(data[start:end])


def lookup3(data: bytes) -> int:
    """Give Bob Jenkins' lookup3 hash, the checksum of HDF5 metadata."""
    mask = 0xFFFFFFFF

    def turn(value: int, by: int) -> int:
        return ((value << by) | (value >> (32 - by))) & mask

    a = b = c = (0xDEADBEEF + len(data)) & mask
    if not data:
        return c
    words = struct.unpack(f"<{(len(data) + 11) // 12 * 3}I", data.ljust((len(data) + 11) // 12 * 12, b"\0"))
    for index in range(0, len(words) - 3, 3):
        a, b, c = (a + words[index]) & mask, (b + words[index + 1]) & mask, (c + words[index + 2]) & mask
        a = ((a - c) & mask) ^ turn(c, 4)
        c = (c + b) & mask
        b = ((b - a) & mask) ^ turn(a, 6)
        a = (a + c) & mask
        c = ((c - b) & mask) ^ turn(b, 8)
        b = (b + a) & mask
        a = ((a - c) & mask) ^ turn(c, 16)
        c = (c + b) & mask
        b = ((b - a) & mask) ^ turn(a, 19)
        a = (a + c) & mask
        c = ((c - b) & mask) ^ turn(b, 4)
        b = (b + a) & mask
    a, b, c = (a + words[-3]) & mask, (b + words[-2]) & mask, (c + words[-1]) & mask
    c = ((c ^ b) - turn(b, 14)) & mask
    a = ((a ^ c) - turn(c, 11)) & mask
    b = ((b ^ a) - turn(a, 25)) & mask
    c = ((c ^ b) - turn(b, 16)) & mask
    a = ((a ^ c) - turn(c, 4)) & mask
    b = ((b ^ a) - turn(a, 14)) & mask
    return ((c ^ b) - turn(b, 24)) & mask


def bits(text: str) -> int:
    """Give a seed for a name, the same in every process."""
    return zlib.crc32(text.encode())
