"""Archives and compressed bytes: inflated in memory, to no more than is allowed, never onto the disk."""

import bz2
import contextlib
import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from tvbo.errors import DamagedFileError, DuplicateNameError, LimitError, UnsafeFileError
from tvbo.limits import Limits
from tvbo.storage.bounded.decoding import decoding
from tvbo.storage.deflate import DECODER_ERRORS, crc32, decoder
from tvbo.storage.files import opened

_ERRORS: tuple[type[Exception], ...] = (
    zipfile.BadZipFile,
    *DECODER_ERRORS,
    struct.error,
    ValueError,
    NotImplementedError,
    EOFError,
    IndexError,
    OverflowError,
)
_ENTRY = b"PK\x01\x02"
_LOCAL = struct.Struct("<4s5H3I2H")
_ENCRYPTED, _UTF8 = 0x1, 0x800
# Each has a header, and a decoder is made for it: bytes could be nothing but headers.
_STREAMS = 1 << 16
_STEP = 1 << 16


class _Directory:
    """A file, as `zipfile` sees it that reads the directory at its end; it would read any number of entries."""

    def __init__(self, file: BinaryIO, limits: Limits, where: object) -> None:
        self.file, self.limits, self.where = file, limits, where

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        return self.file.tell()

    def _left(self) -> int:
        here = self.file.tell()
        end = self.file.seek(0, io.SEEK_END)
        self.file.seek(here)
        return max(end - here, 0)

    def read(self, size: int = -1, /) -> bytes:
        # What is asked for is set aside before it is read.
        most = min(self.limits.sidecar_bytes + 1, self._left())
        data = self.file.read(most if size < 0 else min(size, most))
        self.limits.check("sidecar_bytes", len(data), f"{self.where}: the directory of the archive")
        self.limits.check("objects", data.count(_ENTRY), self.where)
        return data


def members(
    source: Path | bytes, limits: Limits, wanted: Callable[[str], bool] | None = None, where: object = None
) -> Iterator[tuple[str, bytes]]:
    """
    Inflate the members of a zip archive, one after another.

    Parameters
    ----------
    source : Path or bytes
        The archive.
    limits : Limits
        ``objects`` members, which inflate to ``inflated_bytes`` together.
    wanted : callable, optional
        Tells from its name whether a member is inflated; all are without it.
    where : object, optional
        What to call it in messages.

    Yields
    ------
    name : str
        Name of the member: a label, never a path on this machine.
    data : bytes
        What it holds.

    Raises
    ------
    NetworkNotFoundError
        If there is no such file.
    UnsafeFileError
        If a name leads out of the archive, a member is a link, or members share their bytes.
    LimitError
        If it asks for more than a limit allows.
    DuplicateNameError
        If two members have one name.
    DamagedFileError
        If it cannot be decoded.
    """
    with decoding(where or _name_of(source), "a zip archive", _ERRORS):
        for entry, data, place in _deflated(source, limits, wanted, where):
            yield entry.orig_filename, _inflated(data, entry, place)


def _name_of(source: Path | bytes) -> object:
    return source if isinstance(source, Path) else "the zip archive"


def _deflated(
    source: Path | bytes, limits: Limits, wanted: Callable[[str], bool] | None, where: object
) -> Iterator[tuple[zipfile.ZipInfo, bytes, str]]:
    """Give the members that are wanted as they lie in the archive, and what to call them."""
    where = where or _name_of(source)
    with contextlib.ExitStack() as stack:
        if isinstance(source, Path):
            file, size = stack.enter_context(opened(source))
        else:
            file, size = io.BytesIO(source), len(source)
        end = file.seek(0, io.SEEK_END)
        with zipfile.ZipFile(_Directory(file, limits, where)) as archive:
            entries = archive.infolist()
        for entry in _chosen(entries, size, limits, wanted, where):
            place = f"{where}: {entry.orig_filename}"
            yield entry, _stored(file, end, entry, place), place


def zip_members(
    source: Path | bytes, limits: Limits, wanted: Callable[[str], bool] | None = None, where: object = None
) -> dict[str, bytes]:
    """
    Inflate the members of a zip archive.

    Parameters
    ----------
    source : Path or bytes
        The archive.
    limits : Limits
        ``objects`` members, which inflate to ``inflated_bytes`` together.
    wanted : callable, optional
        Tells from its name whether a member is inflated; all are without it.
    where : object, optional
        What to call it in messages.

    Returns
    -------
    dict of str to bytes
        What each member holds, without folders. Names are labels, never paths on this machine.

    Raises
    ------
    NetworkNotFoundError
        If there is no such file.
    UnsafeFileError
        If a name leads out of the archive, a member is a link, or members share their bytes.
    LimitError
        If it asks for more than a limit allows.
    DuplicateNameError
        If two members have one name.
    DamagedFileError
        If it cannot be decoded.
    """
    return dict(members(source, limits, wanted, where))


def _chosen(
    entries: list[zipfile.ZipInfo],
    size: int,
    limits: Limits,
    wanted: Callable[[str], bool] | None,
    where: object,
) -> list[zipfile.ZipInfo]:
    """Look at what the directory says of all members, and pick those that are wanted."""
    seen: set[str] = set()
    chosen = []
    for entry in entries:
        # Not `filename`, which is cut off at a NUL and has other separators on other systems.
        name = entry.orig_filename
        inside = name and name[0] != "/" and name[1:2] != ":" and not set(name) & {"\\", "\0"}
        if not inside or ".." in name.split("/"):
            raise UnsafeFileError(f"{where}: a member is named {name[:100]!r}: expected a name inside the archive")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise UnsafeFileError(f"{where}: {name} is a symbolic link: expected files and folders")
        if name in seen:
            raise DuplicateNameError(f"{where}: {name} is there twice: expected one member of each name")
        seen.add(name)
        if entry.flag_bits & _ENCRYPTED:
            raise DamagedFileError(f"{where}: {name} is encrypted: expected an archive without a password")
        if name.endswith("/") or not (wanted is None or wanted(name)):
            continue
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise DamagedFileError(
                f"{where}: {name} is compressed by method {entry.compress_type}: expected stored or deflated"
            )
        chosen.append(entry)
    # Declared sizes are held against what is there when it is inflated; here they need not be taken at all.
    total = sum(max(entry.file_size, entry.compress_size) for entry in chosen)
    limits.check("inflated_bytes", total, where, limits.inflated(size))
    last = 0
    for entry in sorted(chosen, key=lambda entry: entry.header_offset):
        if entry.header_offset < last:
            raise UnsafeFileError(f"{where}: {entry.orig_filename} shares bytes with another member: expected its own")
        last = entry.header_offset + _LOCAL.size + entry.compress_size
    return chosen


def _stored(file: BinaryIO, end: int, entry: zipfile.ZipInfo, where: str) -> bytes:
    """Read a member as it lies in the archive."""
    file.seek(entry.header_offset)
    signature, _, flags, method, *_, name_size, extra_size = _LOCAL.unpack(file.read(_LOCAL.size))
    name = file.read(name_size).decode("utf-8" if flags & _UTF8 else "cp437")
    if signature != b"PK\x03\x04" or name != entry.orig_filename or method != entry.compress_type:
        raise DamagedFileError(f"{where}: the directory of the archive says something else than the member itself")
    start = file.seek(extra_size, io.SEEK_CUR)
    if start + entry.compress_size > end:
        raise DamagedFileError(f"{where} is cut off: expected {entry.compress_size:,} bytes")
    return file.read(entry.compress_size)


def _inflated(data: bytes, entry: zipfile.ZipInfo, where: str) -> bytes:
    """Inflate a member: to the size that is declared for it, or not at all."""
    if entry.compress_type == zipfile.ZIP_DEFLATED:
        inflating = decoder()
        data = inflating.decompress(data, entry.file_size + 1)
        if not inflating.eof or inflating.unused_data:
            raise DamagedFileError(f"{where} does not inflate to {entry.file_size:,} bytes, as declared")
    if len(data) != entry.file_size:
        raise DamagedFileError(f"{where} holds {len(data):,} bytes: expected {entry.file_size:,}, as declared")
    if crc32(np.frombuffer(data, np.uint8)) != entry.CRC:
        raise DamagedFileError(f"{where}: its checksum is not the one in the archive")
    return data


def bunzip2(data: bytes, limit: int, where: object = "the bzip2 data") -> bytes:
    """
    Inflate bytes of bzip2.

    Parameters
    ----------
    data : bytes
        One stream, or several on end.
    limit : int
        How many bytes they may inflate to.
    where : object, optional
        What to call them in messages.

    Returns
    -------
    bytes
        What they hold.

    Raises
    ------
    LimitError
        If they inflate to more.
    DamagedFileError
        If they cannot be decoded, or something else follows.
    """
    return _joined(data, limit, bz2.BZ2Decompressor, b"BZh", where)


def gunzip(data: bytes, limit: int, where: object = "the gzip data") -> bytes:
    """
    Inflate bytes of gzip.

    Parameters
    ----------
    data : bytes
        One stream, or several on end.
    limit : int
        How many bytes they may inflate to.
    where : object, optional
        What to call them in messages.

    Returns
    -------
    bytes
        What they hold.

    Raises
    ------
    LimitError
        If they inflate to more.
    DamagedFileError
        If they cannot be decoded, or something else follows.
    """
    return _joined(data, limit, lambda: zlib.decompressobj(zlib.MAX_WBITS | 16), b"\x1f\x8b", where)


def _joined(data: bytes, limit: int, decoder_of: Callable[[], Any], magic: bytes, where: object) -> bytes:
    pieces: list[bytes] = []
    room, position, streams = limit, 0, 0
    # The errors of bz2 are OSError and ValueError.
    with decoding(where, "compressed bytes", (zlib.error, OSError, ValueError, EOFError)):
        while position < len(data) or not streams:
            streams += 1
            if streams > _STREAMS or not data.startswith(magic, position):
                what = f"{_STREAMS:,} streams" if streams > _STREAMS else "bytes of another kind"
                raise DamagedFileError(f"{where}: {what} at byte {position:,}: expected compressed bytes and their end")
            decoder = decoder_of()
            while not decoder.eof:
                waiting = _waiting(decoder)
                fed = data[position : position + _STEP] if waiting is None else waiting
                if waiting is None:
                    position += len(fed)
                pieces.append(decoder.decompress(fed, room + 1))
                room -= len(pieces[-1])
                if room < 0:
                    raise LimitError(
                        f"{where}: inflated bytes would be more than the limit, {limit:,}: "
                        f"if you trust the file, open it with limits=Limits(inflated_bytes={2 * limit})"
                    )
                if not fed and not pieces[-1]:
                    raise DamagedFileError(f"{where}: the compressed bytes are cut off")
            position -= len(decoder.unused_data)
    return b"".join(pieces)


def _waiting(decoder: Any) -> bytes | None:
    """Give the input that a decoder was fed and has not used for want of room; None if it wants more."""
    if isinstance(decoder, bz2.BZ2Decompressor):
        return None if decoder.needs_input else b""
    return decoder.unconsumed_tail or None
