"""The files of a network in a dataset."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import tvbo
from tvbo.errors import UnknownFormatError
from tvbo.formats.bids import matrices
from tvbo.formats.bids.names import (
    DATATYPES,
    ENTITIES,
    MEASURE,
    NODES,
    RELMAT,
    long_names,
    measure_of,
    short_names,
    spelled,
)
from tvbo.formats.bids.nodes import pack_or_none, shown_texts, table_of
from tvbo.formats.bids.reader import OURS
from tvbo.model.arrays import is_sparse
from tvbo.model.matrices import EdgeMatrix
from tvbo.model.network import Network

DIALECT = "BEP017 draft, PR 1902"
_FUNCTIONAL = ("FC", "EC")
# What a sidecar says because of the values.
_COMPUTED = ("Directed", "ValidDiagonal", "Weighted", "NonNegative", "Axes", "NodeFiles", "NodeIndicesFile")


@dataclass(slots=True)
class Laid:
    """
    A network laid out as files.

    Attributes
    ----------
    folder : str
        Where they go, from the root of the dataset; empty for the root.
    key : str
        What their names have in common.
    bids : dict
        The entities, as the network has them once it is read.
    first, tables, last : dict of str to bytes
        Files by name: the one that says what belongs to the network, those of numbers, and those that say that all
        is there.
    """

    folder: str
    key: str
    bids: dict[str, Any]
    first: dict[str, bytes] = field(default_factory=dict)
    tables: dict[str, bytes] = field(default_factory=dict)
    last: dict[str, bytes] = field(default_factory=dict)

    @property
    def files(self) -> dict[str, bytes]:
        """All of them, in the order in which they are to be put into place."""
        return self.first | self.tables | self.last


def laid_out(network: Network, given: Mapping[str, Any], datatype: str | None, storage: str) -> Laid:
    """
    Lay a network out as files.

    Parameters
    ----------
    network : Network
        The network.
    given : mapping of str to str
        Entities that count before those that the network has.
    datatype : str or None
        The folder within a subject.
    storage : {"tsv", "h5"}
        What matrices become.

    Returns
    -------
    Laid
        The files.

    Raises
    ------
    ValueError
        If an entity cannot stand in a name.
    UnknownFormatError
        If there is no matrix that could be written.
    """
    laid, entities = _place(network, given, datatype)
    sidecar = _dict(network.extra.get("sidecar"))
    known = _known(network)
    unit = network.distance_unit
    table, about = table_of(network.nodes, unit, _dict(known.get("columns")))
    prefix = f"{laid.key}_" if laid.key else ""
    node_file = f"{prefix}{NODES}.tsv"
    laid.tables[node_file] = table
    measures: dict[str, str] = {}
    sidecars: dict[str, dict[str, Any]] = {}
    software = _software(sidecar)
    for name, matrix in network.matrices.items():
        stated = _dict(known.get("measures")).get(name)
        made = matrices.encoded(matrix.load(), storage)
        if made is None:
            continue
        measure = measure_of(name, frozenset(map(str.lower, measures)), stated if isinstance(stated, str) else None)
        measures[measure] = name
        extension, data, note = made
        stem = f"{prefix}{MEASURE}-{measure}_{RELMAT}"
        laid.tables[f"{stem}{extension}"] = data
        others = _dict(_dict(known.get("sidecars")).get(name))
        said = _said(measure, matrix, others, software, f"{laid.folder}{node_file}")
        note |= _note(matrix, extension, others) | ({"measure_given": True} if stated is not None else {})
        sidecars[f"{stem}.json"] = said | {OURS: note}
    if not measures:
        raise UnknownFormatError("the network has no matrix that BIDS could hold: save it as .yaml")
    note = about[OURS]
    note |= {"dialect": DIALECT, "matrices": measures, "entities": entities, "bids": pack_or_none(laid.bids) or {}}
    note |= _network_note(network, sidecar, known)
    # The same content gives the same files.
    state = hashlib.sha256()
    for content in (*laid.tables.values(), _text(about), *map(_text, sidecars.values())):
        state.update(hashlib.sha256(content).digest())
    note["save"] = state.hexdigest()[:32]
    laid.first[f"{prefix}{NODES}.json"] = _text(about)
    for file, said in sidecars.items():
        said[OURS]["save"] = note["save"]
        laid.last[file] = _text(said)
    return laid


def _place(network: Network, given: Mapping[str, Any], datatype: str | None) -> tuple[Laid, dict[str, str]]:
    """Tell where the files go, and what they are called."""
    sidecar = _dict(network.extra.get("sidecar"))
    bids = dict(_dict(sidecar.get("bids")))
    checked = short_names(given)
    now = long_names(checked)
    own = {name: value for name, value in bids.items() if ENTITIES.get(name, name) not in checked}
    bids = own | {name: value for name, value in now.items() if value}
    atlas = _dict(_dict(sidecar.get("parcellation")).get("atlas")).get("name")
    entities = _cleaned({"atlas": atlas} | own) | checked
    if "sub" in entities:
        folder = datatype or str(bids.get("datatype", "func" if network.descriptor in _FUNCTIONAL else "dwi"))
        if folder not in DATATYPES:
            raise ValueError(f"datatype={folder!r} is no folder of BIDS: expected one of {', '.join(DATATYPES)}")
        if datatype is not None or "datatype" in bids:
            bids["datatype"] = folder
        session = f"ses-{entities['ses']}/" if "ses" in entities else ""
        folder = f"sub-{entities['sub']}/{session}{folder}/"
    else:
        bids.pop("datatype", None)
        above = [short for short in ("tpl", "cohort") if "tpl" in entities and short in entities]
        folder = "".join(f"{short}-{entities[short]}/" for short in above)
    return Laid(folder, spelled(entities), bids), entities


def _cleaned(entities: Mapping[str, Any]) -> dict[str, str]:
    """Give entities of a network as they can stand in a name; what is no text or number is left out."""
    found = {}
    for name, value in entities.items():
        short = ENTITIES.get(name)
        text = re.sub(r"[^a-zA-Z0-9+]", "", str(value)) if isinstance(value, (str, int)) else ""
        if short is not None and text:
            found[short] = text
    return found


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _known(network: Network) -> dict[str, Any]:
    """Give what BIDS said of the network before, if JSON can hold it."""
    known = network.extra.get("bids")
    try:
        return _dict(known) if json.loads(json.dumps(known, allow_nan=False)) == known else {}
    except (TypeError, ValueError, RecursionError):
        return {}


def _software(sidecar: dict[str, Any]) -> str:
    stated = _dict(sidecar.get("provenance")).get("generated_by")
    return stated if isinstance(stated, str) and stated else f"pkg:pypi/tvbo@{tvbo.__version__}"


def _said(measure: str, matrix: EdgeMatrix, others: dict[str, Any], software: str, node_file: str) -> dict[str, Any]:
    """Give what a sidecar says of a matrix to everybody."""
    values = matrix.values
    rows, columns = matrix.shape
    with np.errstate(all="ignore"):
        directed, diagonal, weighted, positive = _looked_at(values)
    said: dict[str, Any] = {
        "RelationshipMeasure": measure,
        "Description": "Row: target. Column: source.",
        "Software": software,
        **others,
        "Directed": directed if matrix.directed is None else matrix.directed,
        "Weighted": weighted,
        "ValidDiagonal": diagonal,
        "NonNegative": positive,
        "Axes": [{"Name": "target", "Size": rows}, {"Name": "source", "Size": columns}],
        "NodeFiles": [f"bids::{node_file}"],
        "NodeIndicesFile": f"bids::{node_file}",
    }
    said.pop("MeasureUnits", None)
    if matrix.unit is not None:
        said["MeasureUnits"] = matrix.unit
    return said


def _looked_at(values: Any) -> tuple[bool, bool, bool, bool]:
    """Tell whether a matrix is directed, has a diagonal, is weighted, and has no negative values."""
    square = values.shape[0] == values.shape[1]
    entries = values.tocsr() if is_sparse(values) else values
    diagonal = square and bool(np.any(entries.diagonal()))
    if is_sparse(values):
        found = np.asarray(entries.data)
        directed = not square or not _is_symmetric(entries)
    else:
        found = values
        directed = not square or not np.array_equal(values, values.T, equal_nan=values.dtype.kind in "fc")
    weighted = values.dtype.kind != "b" and bool(((found != 0) & (found != 1)).any())
    positive = values.dtype.kind != "c" and not bool((found < 0).any())
    return directed, diagonal, weighted, positive


def _is_symmetric(matrix: Any) -> bool:
    both = [each.tocsr(copy=True) for each in (matrix, matrix.T)]
    for each in both:
        each.sum_duplicates()
        each.eliminate_zeros()
    one, other = both
    places = np.array_equal(one.indptr, other.indptr) and np.array_equal(one.indices, other.indices)
    return places and np.array_equal(one.data, other.data, equal_nan=one.dtype.kind in "fc")


def _note(matrix: EdgeMatrix, extension: str, others: dict[str, Any]) -> dict[str, Any]:
    """Give what BIDS has no words for."""
    note: dict[str, Any] = {"extension": extension}
    if matrix.directed is None:
        note["directed_unknown"] = True
    if others:
        note["said"] = sorted(others)
    if matrix.column_labels is not None:
        note["column_labels"] = shown_texts(matrix.column_labels)
    if matrix.target_network is not None:
        note["target_network"] = matrix.target_network
    extra = pack_or_none(matrix.extra)
    return note | ({"extra": extra} if extra else {})


def _network_note(network: Network, sidecar: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    names = ("label", "description", "descriptor", "distance_unit", "time_unit")
    parameters = {name: (each.value, each.unit, each.label, each.extra) for name, each in network.parameters.items()}
    linked = network.has_parent_network or bool(network.links) or network.has_node_mapping or network.mesh is not None
    extra: dict[str, Any] = {}
    for name, value in network.extra.items():
        # What TVB says of parts that are not carried would be said of nothing.
        if name not in ("sidecar", "bids") and not (name == "tvb" and linked):
            extra[name] = value
    rest = {name: value for name, value in sidecar.items() if name != "bids"}
    return {
        "network": _packable({name: getattr(network, name) for name in names}),
        "parameters": _packable(parameters),
        "extra": _packable(extra),
        "sidecar": _packable(rest),
    }


def _packable(tree: dict[str, Any]) -> Any:
    """Give what JSON can hold of a mapping, as far as it can."""
    return pack_or_none({name: value for name, value in tree.items() if pack_or_none({name: value}) is not None}) or {}


def _text(value: Any) -> bytes:
    try:
        return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError:
        # Lone surrogates, which some labels have.
        return (json.dumps(value, indent=2) + "\n").encode()
