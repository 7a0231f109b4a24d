"""A document of GIFTI as plain values: looked through before nibabel reads it, and written by nibabel."""

import base64
import math
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element
from xml.parsers.expat import ExpatError

import numpy as np

from tvbo._optional import require
from tvbo.errors import DamagedFileError, UnsafeFileError
from tvbo.limits import Limits
from tvbo.model.arrays import Array
from tvbo.storage.bounded import check_xml_text, decoding, xml

POINTSET, TRIANGLE, LABEL = "NIFTI_INTENT_POINTSET", "NIFTI_INTENT_TRIANGLE", "NIFTI_INTENT_LABEL"
UNKNOWN = "NIFTI_XFORM_UNKNOWN"

# What the standard allows, and what other programs write.
_SIZES = {
    **{f"NIFTI_TYPE_{name}": np.dtype(name.lower()).itemsize for name in ("UINT8", "INT8", "INT16", "UINT16")},
    **{f"NIFTI_TYPE_{name}": np.dtype(name.lower()).itemsize for name in ("INT32", "UINT32", "INT64", "UINT64")},
    **{f"NIFTI_TYPE_{name}": np.dtype(name.lower()).itemsize for name in ("FLOAT32", "FLOAT64")},
}
_ENCODINGS = ("ASCII", "Base64Binary", "GZipBase64Binary")
# What they were called before the standard was final.
_EARLIER = dict(zip(("GIFTI_ENCODING_ASCII", "GIFTI_ENCODING_B64BIN", "GIFTI_ENCODING_B64GZ"), _ENCODINGS, strict=True))
# What nibabel raises where a document is not what it expects.
_ERRORS = (ExpatError, ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError, OverflowError)


@dataclass(frozen=True, slots=True)
class Space:
    """
    The stereotaxic space of points.

    Attributes
    ----------
    data, transformed : str
        Names of the spaces before and after the transformation.
    matrix : array, shape (4, 4)
        The transformation.
    """

    data: str
    transformed: str
    matrix: Array


@dataclass(slots=True)
class Piece:
    """
    One array of a document.

    Attributes
    ----------
    intent : str
        What it is.
    values : array
        Its values, in one of the types of GIFTI.
    meta : dict of str to str
        What is said of it.
    space : Space or None
        Where points lie.
    """

    intent: str
    values: Array
    meta: dict[str, str] = field(default_factory=dict)
    space: Space | None = None


@dataclass(slots=True)
class Document:
    """
    A document.

    Attributes
    ----------
    meta : dict of str to str
        What is said of all.
    labels : list of tuple
        Key, name and colour (red, green, blue, alpha; from 0 to 1, or None) of each label.
    pieces : list of Piece
        The arrays.
    """

    meta: dict[str, str] = field(default_factory=dict)
    labels: list[tuple[int, str, tuple[float | None, ...]]] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)


def parse(data: bytes, where: Path, limits: Limits) -> Document:
    """
    Read a document.

    Parameters
    ----------
    data : bytes
        What the file holds.
    where : Path
        The file.
    limits : Limits
        ``objects`` elements and attributes that nest ``depth`` deep, and ``inflated_bytes`` of arrays.

    Returns
    -------
    Document
        Its content.

    Raises
    ------
    DamagedFileError
        If it cannot be decoded.
    UnsafeFileError
        If it declares entities, names another file, or asks for more than a limit allows.
    """
    nibabel = require("nibabel", extra="surfaces", purpose="read and write GIFTI")
    root = xml(where, limits, data=data, doctype="GIFTI")
    _check(root, where, limits, len(data))
    with decoding(where, "GIFTI", _ERRORS):
        image = nibabel.GiftiImage.from_bytes(data)
        made = Document(dict(image.meta))
        for label in image.labeltable.labels:
            # A label without a text has none.
            made.labels.append((int(label.key), getattr(label, "label", ""), tuple(label.rgba)))
        for each in image.darrays:
            made.pieces.append(_piece(nibabel, each))
    return made


def _piece(nibabel: Any, found: Any) -> Piece:
    intent = nibabel.nifti1.intent_codes.niistring[found.intent]
    values = np.ascontiguousarray(found.data)
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    space = None
    if intent == POINTSET and found.coordsys is not None:
        names = nibabel.nifti1.xform_codes.niistring
        matrix = np.asarray(found.coordsys.xform, np.float64).reshape(4, 4)
        space = Space(names[found.coordsys.dataspace], names[found.coordsys.xformspace], matrix)
    return Piece(intent, values, dict(found.meta), space)


def _check(root: Element, where: Path, limits: Limits, size: int) -> None:
    """Compare what the arrays declare with what is there, before nibabel takes memory for it."""
    if root.tag != "GIFTI":
        raise DamagedFileError(f"{where} is a document {root.tag[:40]!r}: expected GIFTI")
    arrays = root.findall("DataArray")
    everywhere = [each.tag for each in root.iter() if each.tag in ("DataArray", "Data")]
    if len(everywhere) != 2 * len(arrays) or any(len(each.findall("Data")) != 1 for each in arrays):
        raise DamagedFileError(f"{where}: expected every array to have its data, and none in another place")
    declared = root.get("NumberOfDataArrays", str(len(arrays)))
    if declared.strip() != str(len(arrays)):
        raise DamagedFileError(f"{where} has {len(arrays)} arrays and says {declared[:20]!r}: it may be cut off")
    total = 0
    for index, each in enumerate(arrays):
        place = f"{where}: array {index}"
        encoding = _encoding(each)
        if encoding not in _ENCODINGS:
            raise UnsafeFileError(
                f"{place} is encoded as {encoding[:40]!r}, which may lie in another file: "
                f"expected {', '.join(_ENCODINGS)}"
            )
        itemsize = _SIZES.get(str(each.get("DataType")))
        if itemsize is None:
            raise DamagedFileError(f"{place} has type {str(each.get('DataType'))[:40]!r}: expected numbers")
        try:
            shape = [int(each.attrib[f"Dim{axis}"]) for axis in range(int(each.get("Dimensionality", "0")))]
        except (KeyError, ValueError) as error:
            raise DamagedFileError(f"{place} does not tell its dimensions: {str(error)[:100]}") from error
        if not 1 <= len(shape) <= 6 or min(shape) < 0:
            raise DamagedFileError(f"{place} has dimensions {shape[:6]}: expected one to six")
        if encoding == "ASCII" and each.get("ArrayIndexingOrder") != "RowMajorOrder" and len(shape) > 1:
            raise DamagedFileError(
                f"{place} is text in {str(each.get('ArrayIndexingOrder'))[:40]}, which programs read in two ways: "
                "convert it to base64, for instance with wb_command -gifti-convert"
            )
        expected = math.prod(shape) * itemsize
        total += expected
        limits.check("inflated_bytes", total, where, limits.inflated(size))
        _check_data(each, expected, math.prod(shape), place)


def _encoding(array: Element) -> str:
    said = str(array.get("Encoding"))
    return _EARLIER.get(said, said)


def _check_data(array: Element, expected: int, count: int, place: str) -> None:
    held = array.find("Data")
    text = "" if held is None else held.text or ""
    if _encoding(array) == "ASCII":
        found, wanted, what = len(text.split()), count, "numbers"
    else:
        with decoding(place, "base64", (ValueError,)):
            raw = base64.b64decode(text.encode("ascii"))
        if _encoding(array) == "GZipBase64Binary":
            with decoding(place, "compressed data", (zlib.error,)):
                inflate = zlib.decompressobj()
                # One more than it may have tells that it has more.
                raw = inflate.decompress(raw, expected + 1)
                if not inflate.eof:
                    raise DamagedFileError(f"{place} is cut off, or longer than it says")
        found, wanted, what = len(raw), expected, "bytes"
    if found != wanted:
        raise DamagedFileError(f"{place} holds {found:,} {what}: expected {wanted:,} by its dimensions")


def dump(document: Document) -> bytes:
    """
    Write a document.

    Parameters
    ----------
    document : Document
        Its content.

    Returns
    -------
    bytes
        What the file is to hold.

    Raises
    ------
    ValueError
        If a text has characters that XML does not have.
    """
    nibabel = require("nibabel", extra="surfaces", purpose="read and write GIFTI")
    gifti = nibabel.gifti
    for text in _texts(document):
        check_xml_text(text)
    table = gifti.GiftiLabelTable()
    for key, name, color in document.labels:
        label = gifti.GiftiLabel(key, *color)
        label.label = name
        table.labels.append(label)
    image = gifti.GiftiImage(meta=gifti.GiftiMetaData(document.meta), labeltable=table)
    for piece in document.pieces:
        made = gifti.GiftiDataArray(piece.values, piece.intent, meta=gifti.GiftiMetaData(piece.meta))
        # Only points lie in a space.
        made.coordsys = gifti.GiftiCoordSystem() if piece.intent == POINTSET else None
        if piece.space is not None:
            codes = nibabel.nifti1.xform_codes.code
            made.coordsys = gifti.GiftiCoordSystem(
                codes[piece.space.data], codes[piece.space.transformed], piece.space.matrix
            )
        image.add_gifti_data_array(made)
    written: bytes = image.to_bytes()
    return written


def _texts(document: Document) -> list[str]:
    mappings = [document.meta, *(piece.meta for piece in document.pieces)]
    return [text for each in mappings for pair in each.items() for text in pair] + [
        name for _, name, _ in document.labels
    ]
