"""
Tables of text: a matrix, row = target, with or without the names of regions; what pipelines of tractography write.

Weights, lengths and centres that lie in several files are read together, aligned by the names of the regions.

A table has a row for each region, with or without a row and a column of names; fields are parted by commas, tabs or
blanks. Centres are rows of a name and three coordinates. Nothing is scaled, turned or filled in. A file that is written
holds one matrix, with names above and beside it, and floats as exact as they are.
"""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tvbo.errors import DamagedFileError, DuplicateNameError, MatrixNotFoundError, ShapeError, TvboError, warn
from tvbo.limits import Limits
from tvbo.model.losses import report_losses
from tvbo.model.matrices import WEIGHTS, EdgeMatrix, convert
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable
from tvbo.storage.bounded import read_bytes, table, words
from tvbo.storage.replacing import write_file

__all__ = ["DROPS", "EXTENSIONS", "can_read", "read", "write"]

EXTENSIONS = (".csv", ".tsv")
_QUOTED = re.compile(rb'"[^"]*"')

# All but the names of the nodes and the numbers of one matrix.
DROPS = {
    "label": "label",
    "description": "description",
    "descriptor": "descriptor",
    "distance_unit": "distance_unit",
    "time_unit": "time_unit",
    "nodes.ids": "nodes.ids",
    "nodes.positions": "nodes.positions",
    "nodes.columns.*": "nodes.columns.*",
    "nodes.extra.*": "nodes.extra.",
    "matrices.*": "matrices.*",
    "parameters.*.value*": "*",
    "parameters.*.unit": "*",
    "parameters.*.label": "*",
    "parameters.*.extra*": "*",
    "mesh.*": "mesh.*",
    "node_mapping_data": "node_mapping_data",
    "parent_network.*": "parent_network",
    "links.*": "links.",
    "extra.*": "extra.",
}

Array = npt.NDArray[Any]


def can_read(path: Path) -> bool:
    """
    Tell whether a file is a square table of numbers.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    bool
        True with or without names of rows and columns.
    """
    try:
        values, _ = _matrix(path, Limits())
    except (TvboError, ValueError):
        return False
    return bool(values.size)


def read(
    path: Path,
    *,
    limits: Limits = Limits(),  # noqa: B008 - it cannot be changed
    lengths: "str | Path | None" = None,
    centres: "str | Path | None" = None,
    matrix: str = "weight",
) -> Network:
    """
    Read weights, and perhaps lengths and centres.

    Parameters
    ----------
    path : Path
        The weights.
    limits : Limits
        What each file may ask for.
    lengths : path-like, optional
        The tract lengths [mm].
    centres : path-like, optional
        Names and places of the regions [mm]; the network has their order.
    matrix : str
        What the file holds, if it is not the weights.

    Returns
    -------
    Network
        The network.

    Raises
    ------
    ShapeError
        If the files have other regions, or another number of them.
    DuplicateNameError
        If a name that should align them stands for two regions.
    """
    values, names = _matrix(path, limits)
    order, positions = names, None
    if centres is not None:
        order, positions = _centres(Path(centres), limits)
        values = _aligned(values, names, order, path, centres)
    network = Network(NodeTable(order, positions, size=len(values), default_label="region"))
    network.matrices[matrix] = EdgeMatrix(values, "mm" if matrix == "length" else None)
    if lengths is not None:
        found, names = _matrix(Path(lengths), limits)
        network.matrices["length"] = EdgeMatrix(_aligned(found, names, order, Path(lengths), centres or path), "mm")
    return network


def write(
    network: Network,
    path: Path,
    *,
    matrix: str | None = None,
    strict: bool = False,
    limits: Limits = Limits(),  # noqa: B008 - it cannot be changed
) -> None:
    """
    Write one matrix, with the names of the nodes above and beside it.

    Parameters
    ----------
    network : Network
        The network.
    path : Path
        ``.csv`` with commas, ``.tsv`` with tabs.
    matrix : str, optional
        Which; the weights, or the only one, unless given. Reading takes the same name, and ``weight`` without.
    strict : bool
        Whether to refuse to lose anything.
    limits : Limits
        Within which it must be readable.

    Raises
    ------
    LossyConversionError
        If it is strict, and the file cannot carry something.
    LimitError
        If it could not be read again.
    MatrixNotFoundError
        If the network has no such matrix.
    ShapeError
        If its columns are not the nodes.
    ValueError
        If its numbers are complex, or names cannot stand in a table.
    """
    name = _chosen(network) if matrix is None else matrix
    values = convert(network.matrices[name].load(), "dense")
    n, labels = network.number_of_nodes, network.nodes.labels.tolist()
    if values.shape != (n, n) or not n:
        raise ShapeError(f"the matrix {name!r} has shape {values.shape}: expected ({n}, {n}), and a node at least")
    if values.dtype.kind == "c":
        raise ValueError(f"the matrix {name!r} is complex: a table has real numbers; save it as .npz")
    bad = [label for label in labels if not label.isprintable() or label.strip() != label or not label]
    if bad:
        raise ValueError(f"{len(bad)} labels cannot stand in a table, such as {bad[0]!r}: rename them")
    text = io.StringIO()
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(["", *labels])
    numbers = values.astype(np.int8) if values.dtype.kind == "b" else values
    writer.writerows([label, *row] for label, row in zip(labels, numbers.tolist(), strict=True))
    data = text.getvalue().encode()
    found, names = _matrix(path, limits, data)
    back = Network(NodeTable(names))
    # One that is not named is read as the weights.
    known = matrix or "weight"
    back.set_matrix(known, found, unit="mm" if known == "length" else None)
    report_losses(network, back, path.name, strict)
    write_file(path.absolute(), data)


def _chosen(network: Network) -> str:
    if "weight" in network.matrices or len(network.matrices) != 1:
        try:
            return network.matrices.first_of(WEIGHTS)
        except MatrixNotFoundError as error:
            raise MatrixNotFoundError(f"{error}; a table holds one: give matrix=") from None
    return network.matrix_names[0]


def _rows(path: Path, limits: Limits, data: bytes | None = None) -> list[list[str]]:
    """Read rows of fields, whatever parts them."""
    # What is in quotes parts nothing.
    whole = read_bytes(path, limits.sidecar_bytes) if data is None else data
    head = _QUOTED.sub(b"", whole.partition(b"\n")[0])
    if b"," in head or b"\t" in head or b";" in head:
        delimiter = next(each for each in "\t;," if each.encode() in head)
        rows = [[field.strip() for field in row] for row in table(path, limits, delimiter, whole)]
        # A separator at the end of every line makes a field that nobody meant.
        if rows and all(row[-1] == "" for row in rows):
            rows = [row[:-1] for row in rows]
        return [row for row in rows if any(row)]
    return words(whole, limits, path)


def _number(text: str) -> float:
    if "_" in text:
        raise ValueError(text)
    return float(text)


def _matrix(path: Path, limits: Limits, data: bytes | None = None) -> tuple[Array, list[str] | None]:
    """Read a square table, and the names of its regions if it has any."""
    rows = _rows(path, limits, data)
    widths = sorted({len(row) for row in rows})
    if not rows or widths[-1] - widths[0] > 1:
        raise ShapeError(
            f"{path} has rows of {', '.join(map(str, widths[:5])) or 'no'} fields: expected a square table"
        )
    width = widths[-1]
    # A row of names may lack the corner.
    named = len(rows[0]) < width or not _all_numbers(rows[0])
    with_row = len(rows) == width + 1 or (len(rows) == width and named)
    with_column = (len(rows) == width and with_row) or len(rows) == width - 1
    first = [str(each) for each in rows[0]] if with_row else None
    body = rows[1:] if with_row else rows
    beside = [row[0] for row in body] if with_column else None
    if with_column:
        body = [row[1:] for row in body]
    n = len(body)
    ragged = next((index for index, row in enumerate(body) if len(row) != n), None)
    if ragged is not None:
        raise ShapeError(
            f"{path}: row {ragged} has {len(body[ragged])} numbers, and there are {n} rows: expected as many"
        )
    above = None if first is None else first[len(first) - n :]
    if above is not None and beside is not None and above != beside:
        at = next(index for index in range(n) if above[index] != beside[index])
        raise ShapeError(f"{path}: row {at} is called {beside[at]!r} and column {at} {above[at]!r}: expected one name")
    try:
        return np.array([[_number(field) for field in row] for row in body]), above or beside
    except ValueError as error:
        raise DamagedFileError(f"{path} holds something else than numbers: {error}") from error


def _all_numbers(fields: list[str]) -> bool:
    try:
        return all(np.isfinite(_number(field)) or True for field in fields)
    except ValueError:
        return False


def _centres(path: Path, limits: Limits) -> tuple[list[str], Array]:
    rows = _rows(path, limits)
    if rows and len(rows[0]) >= 4 and not _all_numbers(rows[0][1:4]):
        rows = rows[1:]
    short = next((index for index, row in enumerate(rows) if len(row) < 4), None)
    if short is not None or not rows:
        raise ShapeError(f"{path}: row {short or 0} is too short: expected a name and three coordinates in each")
    try:
        return [row[0] for row in rows], np.array([[_number(field) for field in row[1:4]] for row in rows])
    except ValueError as error:
        raise DamagedFileError(f"{path} holds something else than coordinates: {error}") from error


def _aligned(values: Array, names: list[str] | None, order: Sequence[str] | None, path: Path, other: object) -> Array:
    """Bring a matrix into an order of names."""
    if order is None or names is None:
        n = len(values) if order is None else len(order)
        if len(values) != n:
            raise ShapeError(f"{path} has {len(values)} regions, and {other} has {n}: expected as many")
        if order is not None or names is not None:
            warn(f"{path if names is None else other} has no names: its rows are taken in the order that they have")
        return values
    for each, where in ((names, path), (order, other)):
        twice = sorted({name for name in each if each.count(name) > 1}) if len(set(each)) < len(each) else []
        if twice and list(names) != list(order):
            raise DuplicateNameError(f"{where}: {twice[0]!r} stands for several regions: the files cannot be aligned")
    missing, added = sorted(set(order) - set(names)), sorted(set(names) - set(order))
    if missing or added:
        raise ShapeError(
            f"{path} and {other} name other regions: {', '.join(missing[:5]) or 'none'} missing, "
            f"{', '.join(added[:5]) or 'none'} added; expected the same names in both"
        )
    if list(names) == list(order):
        return values
    place = {name: row for row, name in enumerate(names)}
    rows = np.array([place[name] for name in order])
    return np.asarray(values[np.ix_(rows, rows)])
