"""Markup and tables: without what they could fetch from elsewhere, and with their words as they stand."""

import csv
import io
from pathlib import Path
from typing import Any, NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from tvbo.errors import DamagedFileError, UnsafeFileError
from tvbo.limits import Limits
from tvbo.storage.bounded.decoding import decoding
from tvbo.storage.files import read_bytes

_ENCODINGS = frozenset({"utf-8", "utf-16", "us-ascii", "ascii", "iso-8859-1"})
_STEP = 1 << 16
# expat holds a tag, a comment or an instruction whole, and some versions read it anew with each piece.
_LONGEST_TAG = 1 << 20
_LONGEST_FIELD = 1 << 17
# A field of a table takes far less time than a value of a sidecar; matrices of a thousand regions come as tables.
_FIELDS = 4


def xml(path: Path, limits: Limits, *, data: bytes | None = None, doctype: str | None = None) -> Element:
    """
    Read a document of XML, without a document type, entities of its own, or anything from elsewhere.

    Parameters
    ----------
    path : Path
        The file.
    limits : Limits
        ``sidecar_bytes`` of it, with ``objects`` elements and attributes that nest ``depth`` deep.
    data : bytes, optional
        What the file holds, if that is known already; then it need not be there.
    doctype : str, optional
        A document type that it may name, if it declares nothing of its own; it is not looked up.

    Returns
    -------
    xml.etree.ElementTree.Element
        The outermost element; prefixes of namespaces stay as they are written.

    Raises
    ------
    NetworkNotFoundError
        If there is no such file.
    UnsafeFileError
        If it is no plain file, or declares a document type or entities.
    LimitError
        If it asks for more than a limit allows.
    DamagedFileError
        If it cannot be decoded.
    """
    held = memoryview(read_bytes(path, limits.sidecar_bytes) if data is None else data)
    limits.check("sidecar_bytes", len(held), path)
    reader = _Reader(path, limits, doctype)
    with decoding(path, "XML", (expat.ExpatError, ValueError, LookupError, AssertionError)):
        for start in range(0, len(held), _STEP):
            reader.feed(held[start : start + _STEP])
        return reader.close()


class _Reader:
    """Builds elements of what expat tells, and stops it where it should not go."""

    def __init__(self, where: object, limits: Limits, doctype: str | None) -> None:
        self.where, self.limits, self.allowed = where, limits, doctype
        self.depth = self.count = self.fed = 0
        self.tree = TreeBuilder()
        self.parser: Any = expat.ParserCreate()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.tree.data
        self.parser.XmlDeclHandler = self.declaration
        self.parser.StartDoctypeDeclHandler = self.doctype
        for kind in ("EntityDecl", "ExternalEntityRef", "UnparsedEntityDecl", "SkippedEntity"):
            setattr(self.parser, f"{kind}Handler", self.unsafe)

    def feed(self, piece: memoryview) -> None:
        self.parser.Parse(piece, False)
        self.fed += len(piece)
        if self.fed - self.parser.CurrentByteIndex > _LONGEST_TAG:
            raise DamagedFileError(f"{self.where}: a tag or comment is longer than {_LONGEST_TAG:,} bytes")

    def close(self) -> Element:
        self.parser.Parse(b"", True)
        return self.tree.close()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.limits.check("depth", self.depth, self.where)
        self.count += 1 + len(attributes)
        self.limits.check("objects", self.count, self.where)
        self.tree.start(tag, attributes)

    def end(self, tag: str) -> None:
        self.depth -= 1
        self.tree.end(tag)

    def declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        # Python would look for any other among its modules.
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            raise DamagedFileError(f"{self.where} is in {encoding[:40]!r}: expected one of {sorted(_ENCODINGS)}")

    def doctype(self, name: str, system: str | None, public: str | None, has_internal_subset: int) -> None:
        if name != self.allowed or has_internal_subset:
            self.unsafe()

    def unsafe(self, *args: object) -> NoReturn:
        raise UnsafeFileError(
            f"{self.where} declares a document type or entities, which can lead to other files: "
            "delete the <!DOCTYPE ...> at its beginning"
        )


def check_xml_text(text: str) -> None:
    """
    Refuse a text that XML cannot hold.

    Parameters
    ----------
    text : str
        The text.

    Raises
    ------
    ValueError
        If it has a character that XML does not have, such as NUL.
    """
    bad = next((each for each in text if each not in "\t\n\r" and not _is_xml(ord(each))), None)
    if bad is not None:
        raise ValueError(f"{text[:40]!r} cannot be written: XML has no character {bad!r}; change the text")


def _is_xml(code: int) -> bool:
    return 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code >= 0x10000


def table(path: Path, limits: Limits, delimiter: str | None = None, data: bytes | None = None) -> list[list[str]]:
    r"""
    Read a table of text, with every field as it stands: ``NA`` and ``001`` stay text.

    Parameters
    ----------
    path : Path
        The file, in UTF-8 with or without a byte order mark.
    limits : Limits
        ``sidecar_bytes`` of it, with four times ``sidecar_values`` rows and fields.
    delimiter : str, optional
        What stands between fields; without it a tab where the first line has one, else a comma.
    data : bytes, optional
        What the file holds, if that is known already; then it need not be there.

    Returns
    -------
    list of list of str
        Rows of fields, without lines that are empty; rows need not be of one length.

    Raises
    ------
    NetworkNotFoundError
        If there is no such file.
    UnsafeFileError
        If it is no plain file.
    LimitError
        If it asks for more than a limit allows.
    DamagedFileError
        If it is no text, or a quotation or a field does not end.
    """
    with decoding(path, "a table of text in UTF-8", (ValueError, csv.Error)):
        text = (read_bytes(path, limits.sidecar_bytes) if data is None else data).decode("utf-8-sig")
        if "\0" in text:
            raise DamagedFileError(f"{path} holds NUL characters: expected a table of text")
        if delimiter is None:
            delimiter = "\t" if "\t" in text.partition("\n")[0] else ","
        # Counted before any is made; one in quotes counts as well.
        fields = sum(map(text.count, ("\n", "\r", delimiter)))
        limits.check("sidecar_values", fields, path, _FIELDS * limits.sidecar_values)
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True) if row]
        longest = max((len(field) for row in rows for field in row), default=0)
        if longest > _LONGEST_FIELD:
            raise DamagedFileError(f"{path}: a field has {longest:,} characters: expected {_LONGEST_FIELD:,} at most")
        return rows
