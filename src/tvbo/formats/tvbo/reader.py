"""A network made of a sidecar and a companion; arrays are read when they are touched."""

from pathlib import Path
from typing import Any

import numpy as np

from tvbo.errors import CompanionError, SidecarError, StaleFileError
from tvbo.formats.tvbo.absent import Absences
from tvbo.formats.tvbo.edge_list import add_matrices
from tvbo.formats.tvbo.edge_reader import EdgeReader
from tvbo.formats.tvbo.later import LaterColumn, LaterNodes, can_wait
from tvbo.formats.tvbo.layout import INDEX, MAPPING, MESH_KEYS, ORIGINAL, PARENT, RECORD
from tvbo.formats.tvbo.links import take_links
from tvbo.formats.tvbo.ours import foreign_content, is_place_of_mapping
from tvbo.formats.tvbo.parent import Parent, Readers
from tvbo.formats.tvbo.trust import Trust, as_recorded, understood
from tvbo.limits import Limits
from tvbo.model.mesh import Mesh
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable
from tvbo.model.parameters import Parameter, Parameters
from tvbo.storage import pair, schema, sidecar
from tvbo.storage.bounded.numeric import numbers
from tvbo.storage.companion import Companion
from tvbo.storage.files import read_bytes
from tvbo.storage.node_list import NodeColumns, NodeText
from tvbo.storage.record import restore, unpack
from tvbo.storage.stored import StoredArray

_TRIES = 20
# What the number and the default name of a node take in memory: "vertex_12345678" in UTF-32, and an int64.
_NODE_BYTES = 4 * 15 + 8


def read(path: Path, *, limits: Limits = Limits(), verify: bool = True) -> Network:  # noqa: B008
    """
    Open a pair of files; arrays are read when they are touched.

    Parameters
    ----------
    path : Path
        The sidecar, or its companion.
    limits : Limits
        What the files may ask for, and whether they may lead out of their folder.
    verify : bool
        Whether an array is compared with its checksum when it is read.

    Returns
    -------
    Network
        The network.

    Raises
    ------
    TypeError
        If the limits are none.
    """
    if not isinstance(limits, Limits):
        raise TypeError(f"limits is a {type(limits).__name__}: expected tvbo.Limits(...)")
    # Arrays are read later, perhaps from another working folder.
    path = path.absolute()
    for attempt in range(_TRIES):
        try:
            return _read(path, (), Trust(limits, verify))
        except StaleFileError:
            # Somebody saved while this was being opened.
            if attempt == _TRIES - 1:
                raise
    raise AssertionError


def _read(path: Path, children: tuple[Path, ...], trust: Trust) -> Network:
    """Open a pair on the way up from its children, so that a circle is noticed."""
    return network_of(pair.open_pair(path, trust.limits, verify=trust.verify), children, trust)


def network_of(found: pair.Opened, children: tuple[Path, ...], trust: Trust) -> Network:
    """
    Make the network of a pair that is open.

    Parameters
    ----------
    found : Opened
        The pair.
    children : tuple of Path
        The sidecars that led here, each the parent of the one before.
    trust : Trust
        How far the files are trusted.

    Returns
    -------
    Network
        The network.
    """
    with understood(found.path):
        lineage = (*children, found.path)
        reader = _Reader(found.record, found.companion, found.missing, "", lineage, trust, found.by_others)
        network = reader.network()
        network.path = found.path
        if found.companion is not None:
            foreign = foreign_content(found.companion, network)
            if foreign is not None:
                network.extra["hdf5"] = foreign
    return network


class _Reader:
    """Makes a network of a record and the part of a companion below a group."""

    def __init__(
        self,
        record: dict[str, Any],
        held: Companion | None,
        missing: Path | None,
        base: str,
        lineage: tuple[Path, ...],
        trust: Trust,
        by_others: bool = False,
    ) -> None:
        self.held = held
        self.missing = missing
        self.below = f"{base}/" if base else ""
        self.lineage = lineage
        self.trust = trust
        self.path = lineage[-1]
        self.fetched: set[str] = set()
        schema.check(record, self.path)
        self.private = self.held.record(f"{self.below}{RECORD}") if self.held else {}
        if base and not self.private:
            raise CompanionError(f"{self.path}: the record of {base} is missing or cannot be read")
        self.record = record
        exact = self.private.get("exact", [])
        if exact and isinstance(record.get("nodes"), NodeColumns):
            # What stood there is put back into rows.
            record["nodes"] = list(record["nodes"])
        restore(record, exact)
        self.absences = Absences(self.path, self._place(), held, self.private, by_others)

    def network(self) -> Network:
        mesh = self._mesh()
        nodes = self._nodes(mesh)
        network = Network(
            nodes,
            label=self._text("label"),
            description=self._text("description"),
            descriptor=self._text("descriptor"),
            distance_unit=self._text("distance_unit"),
            time_unit=self._text("time_unit"),
            mesh=mesh,
            parameters=self._parameters(),
            node_mapping_data=self._mapping(len(nodes)),
            parent_network=self._parent(),
        )
        edges = EdgeReader(
            self.record, self.private, self.held, self.absences, self.below, self.path, self.trust, self._table()
        )
        explicit = edges.add_to(network)
        take_links(network, self.private, self.lineage, self.trust, self.held, _READ)
        network.extra = self._extra()
        unknown = {key: value for key, value in self.record.items() if key not in schema.OWN_KEYS}
        where = self.record.get("node_mapping")
        usual = INDEX if mesh is None else MAPPING
        if isinstance(where, str) and where != usual and is_place_of_mapping(where):
            unknown["node_mapping"] = where
        if explicit:
            unknown["edges"] = explicit
            add_matrices(network, explicit, self.path, self.trust.limits)
        if mesh is not None and "mesh" in unknown:
            said = unknown.pop("mesh") or {}
            if not isinstance(said, dict):
                raise SidecarError(f"{self.path}: mesh must be a mapping, not {str(said)[:60]!r}")
            others = {key: value for key, value in said.items() if key not in MESH_KEYS}
            unknown |= {"mesh": others} if others else {}
        if unknown:
            network.extra["sidecar"] = unknown
        return network

    def _extra(self) -> dict[str, Any]:
        extra = unpack(self.private.get("extra", {}), self._fetch)
        if not isinstance(extra, dict) or {"sidecar", "hdf5"} & set(extra):
            raise CompanionError(f"{self.path}: extra in the record is damaged: expected a mapping")
        return extra

    def _text(self, key: str) -> str | None:
        value = self.record.get(key)
        return None if value is None else str(value)

    def _array(self, name: str) -> StoredArray | None:
        return self.held.arrays.get(f"{self.below}{name}") if self.held else None

    def _first(self, *names: str) -> StoredArray | None:
        # An empty array is false, so that "or" would pass it over.
        return next((array for array in map(self._array, names) if array is not None), None)

    def _fetch(self, path: str) -> Any:
        if self.held is None:
            raise CompanionError(f"{self.path}: the companion is missing")
        if path in self.fetched:
            # We name each once; a file that names one a million times would take as long to read.
            raise CompanionError(f"{self.held.path}: dataset {path} is named twice in the record")
        self.fetched.add(path)
        if path in self.private.get("sparse", {}):
            layout, kind, stored, shape = self.private["sparse"][path]
            group, source = (f"{path}/original", layout) if layout in ORIGINAL else (path, stored)
            return self.held.sparse(group, layout, kind, source, tuple(shape))
        if path not in self.held.arrays:
            raise CompanionError(f"{self.held.path}: dataset {path} is missing")
        return self.held.arrays[path]

    def _mesh(self) -> Mesh | None:
        said = self.record.get("mesh")
        said = said if isinstance(said, dict) else {}
        named = [str(said.get(key, "")).lstrip("/") for key in ("vertices_field", "elements", "normals")]
        vertices = self._first("mesh/vertices", named[0], "nodes/coordinates")
        elements = self._first("mesh/elements", named[1], "mesh/faces")
        if vertices is None or elements is None or self.held is None:
            return None
        kind = said.get("element_type")
        if kind is None:
            kind = self.held.variable_text(f"{self.below}mesh", "element_type")
        normals = self._first("mesh/normals", named[2])
        return Mesh(vertices, elements, normals, element_type=None if kind is None else str(kind))

    def _nodes(self, mesh: Mesh | None) -> NodeTable:
        spec = self.private.get("nodes", {})
        rows = self.record.get("nodes") or []
        if not isinstance(rows, NodeText):
            return self._nodes_of(rows, spec, mesh)
        if can_wait(spec):
            return self._nodes_later(rows, spec, mesh)
        return self._nodes_of(self._parsed(rows), spec, mesh)

    def _parsed(self, rows: NodeText) -> Any:
        return sidecar.nodes_of(rows.text, self.path, self.trust.limits)

    def _nodes_later(self, rows: NodeText, spec: dict[str, Any], mesh: Mesh | None) -> NodeTable:
        """Give nodes of which the companion says what columns they have; the sidecar is read when one is touched."""
        size = len(rows)
        noted = spec.get("columns", {})
        inline = {name: note for name, note in noted.items() if "dataset" not in note}
        placed = spec.get("positions") in ("C", "F")
        said = spec | {"columns": inline, "positions": spec.get("positions") if placed else "mesh"}
        later = LaterNodes(lambda: self._nodes_of(self._parsed(rows), said, mesh))

        def column(name: str, dtype: Any, *more: int) -> LaterColumn:
            return LaterColumn(later, name, (size, *more), self._dtype(dtype, size))

        columns = {
            name: column(f"column:{name}", note["dtype"]) if name in inline else self._fetch(note["dataset"])
            for name, note in noted.items()
        }
        positions: Any = column("positions", "<f8", 3) if placed else None
        if not placed and spec.get("positions") != "mesh":
            positions = self._coordinates(size, mesh)
        return NodeTable(
            column("labels", spec["labels"]),  # type: ignore[arg-type]
            positions,
            columns,
            size=size,
            ids=column("ids", "<i8") if rows.numbered else None,  # type: ignore[arg-type]
            units=spec.get("units"),
            default_label=spec.get("default_label", "node" if mesh is None else "vertex"),
        )

    def _nodes_of(self, rows: Any, spec: dict[str, Any], mesh: Mesh | None) -> NodeTable:
        found: dict[str, Any] = {"labels": None, "ids": None, "positions": None, "columns": {}, "units": {}}
        if rows:
            found = schema.node_columns(rows, lambda words: self.trust.texts(words, f"{self.path}: nodes"))
            # Of a column that is not in the list, the list does not say the unit.
            others = {name: unit for name, unit in spec.get("units", {}).items() if name not in found["columns"]}
            found["units"] = others | found["units"]
            size = len(rows)
        else:
            size = self._count(mesh)
            if size and "labels" in spec:
                raise SidecarError(f"{self.path}: the list of nodes is gone; expected {size} of them under 'nodes'")
            found |= {"labels": self._column_of("label", "U", size), "ids": self._column_of("id", "iu", size)}
            found["extra"] = unpack(spec.get("extra", {}), self._fetch)
            found["units"] = spec.get("units", {})
        if spec.get("has_labels") is False:
            found["labels"] = self._unless_default(found["labels"], spec)
        elif "labels" in spec and found["labels"] is None:
            found["labels"] = np.zeros(size, dtype=self._dtype(spec["labels"], size))
        elif "labels" in spec:
            found["labels"] = as_recorded(found["labels"], self._dtype(spec["labels"], size))
        columns = {}
        for name, note in spec.get("columns", {}).items():
            if "dataset" in note:
                columns[name] = self._fetch(note["dataset"])
            elif name in found["columns"]:
                columns[name] = self._column(name, found["columns"][name], self._dtype(note["dtype"], size))
            elif rows:
                raise SidecarError(self._what_is_wrong(name, rows))
            else:
                columns[name] = np.empty(0, dtype=self._dtype(note["dtype"], 0))
        columns |= {name: values for name, values in found["columns"].items() if name not in columns}
        positions = found["positions"]
        inline = spec.get("positions") in ("C", "F")
        if positions is None and inline:
            if size:
                lost = next(index for index, row in enumerate(rows) if schema.axes(row.get("position")) is None)
                raise SidecarError(
                    f"{self.path}: node {lost} ({rows[lost].get('label')!r}) has the position "
                    f"{rows[lost].get('position')!r}: expected numbers x, y and z, as the other nodes have"
                )
            positions = np.empty((0, 3))
        if positions is not None and spec.get("positions") == "F":
            positions = np.asfortranarray(positions)
        if positions is None and spec.get("positions") != "mesh":
            positions = self._coordinates(size, mesh)
        return NodeTable(
            found["labels"],
            positions,
            columns,
            size=size,
            ids=found["ids"],
            units=found["units"],
            default_label=spec.get("default_label", "node" if mesh is None else "vertex"),
            extra=found.get("extra"),
        )

    def _unless_default(self, labels: Any, spec: dict[str, Any]) -> Any:
        """Nodes without labels are shown with default ones; whatever differs was written by hand."""
        default = spec.get("default_label", "node")
        if labels is None or all(label == f"{default}_{index}" for index, label in enumerate(labels.tolist())):
            return None
        return labels

    def _dtype(self, noted: Any, size: int) -> np.dtype[Any]:
        return self.trust.dtype(noted, size, f"{self.path}: the record of its nodes")

    def _column(self, name: str, values: Any, dtype: np.dtype[Any]) -> Any:
        if dtype.kind == "b" and values.dtype.kind != "b" and not np.isin(values, (0, 1)).all():
            wrong = int(np.flatnonzero(~np.isin(values, (0, 1)))[0])
            raise SidecarError(f"{self.path}: {name} of node {wrong} is {values[wrong]!r}: expected 0 or 1")
        return as_recorded(values, dtype)

    def _what_is_wrong(self, name: str, rows: list[dict[str, Any]]) -> str:
        """Say why a column of nodes cannot be read any more: an edit by hand went wrong."""
        for index, row in enumerate(rows):
            entry = schema.named(row.get("parameters")).get(name)
            value = entry.get("value") if isinstance(entry, dict) else None
            if not isinstance(value, (int, float)):
                return (
                    f"{self.path}: node {index} ({row.get('label')!r}) has {name} = {value!r}: "
                    "expected a value, as the other nodes have"
                )
        return f"{self.path}: the values of {name} are of different kinds: expected one number for each node"

    def _column_of(self, name: str, kinds: str, size: int) -> StoredArray | None:
        stored = self._array(f"nodes/{name}")
        if stored is not None and (stored.dtype.kind not in kinds or stored.shape != (size,)):
            raise CompanionError(
                f"{self.path}: nodes/{name} holds {stored.dtype} in shape {stored.shape}: expected one for each node"
            )
        return stored

    def _coordinates(self, size: int, mesh: Mesh | None) -> StoredArray | None:
        stored = self._first("nodes/coordinates", "mesh/vertices")
        if stored is None or (mesh is not None and "nodes" not in self.private):
            return None
        return stored if stored.shape == (size, 3) else None

    def _count(self, mesh: Mesh | None) -> int:
        count = self.record.get("number_of_nodes", self.record.get("number_of_regions"))
        if count is None:
            shapes = [
                note.get("shape") for name, note in (self.held.attrs if self.held else {}).items() if "edges/" in name
            ]
            first = next((shape for shape in shapes if shape is not None and len(shape)), None)
            count = mesh.number_of_vertices if mesh is not None else 0 if first is None else int(first[0])
        if type(count) is not int or count < 0:
            raise SidecarError(f"{self.path}: number_of_nodes must be a whole number, not {str(count)[:100]!r}")
        # What holds nothing costs nothing, however long it is.
        stored = [each for each in self.held.arrays.values() if each.on_disk] if self.held else []
        if not any(count in each.shape[:1] or (count + 1,) == each.shape for each in stored):
            self.trust.limits.check("nodes", count, self.path)
        most = self.trust.limits.inflated(sum(each.on_disk for each in stored))
        self.trust.limits.check("inflated_bytes", _NODE_BYTES * count, f"{self.path}: ids and names of its nodes", most)
        return count

    def _parameters(self) -> Parameters:
        found = Parameters()
        stored = self.private.get("parameters", {})
        for name, row in schema.named(self.record.get("parameters")).items():
            slots = dict(row) if isinstance(row, dict) else {"value": row}
            value = slots.pop("value", None)
            note = stored.get(name, {})
            where = note.get("dataset") or str(slots.get("dataset_path", "")).lstrip("/")
            if note and self.held is not None and where not in self.held.arrays:
                raise CompanionError(f"{self.held.path}: {where}, the value of {name}, is missing or cannot be read")
            if self.held is not None and where in self.held.arrays:
                # The sidecar shows a summary; another number was written by hand, and counts.
                shown = note.get("shown", value)
                # What is shown of numbers that are none is a NaN, which is not itself.
                if value == shown or (value != value and shown != shown):
                    value = self.held.arrays[where]
                for key in ("dataset_path", "shape", "datatype"):
                    slots.pop(key, None)
            elif self.held is None and where:
                # The sidecar shows a summary, which is not the value.
                value = self.absences.array(f"/{where}", (), shown=value)
            elif where and self.absences.noted(where) is not None:
                value = self.absences.array(f"/{where}", (), shown=value)
            found[name] = Parameter(value, slots.pop("unit", None), slots.pop("label", None), slots)
        return found

    def _mapping(self, size: int) -> Any:
        name = self.record.get("node_mapping")
        if not isinstance(name, str):
            return None
        stored = self._array(name.lstrip("/"))
        if stored is None:
            return self.absences.array(name, (size,), np.int64)
        return stored

    def _table(self) -> Any:
        """Read a companion that is a table of text; tvbo 0.5.3 puts one matrix there."""
        place = self._place()
        if self.held is not None or place.suffix.lower() != ".csv" or not place.exists():
            return None
        limits = self.trust.limits
        return np.atleast_2d(numbers(read_bytes(place, limits.sidecar_bytes), limits, place))

    def _place(self) -> Path:
        """Tell where an array should lie that is not there."""
        return self.missing or (self.held.path if self.held else self.path.with_suffix(".h5"))

    def _parent(self) -> Parent | None:
        name = self.record.get("parent_network")
        note = self.private.get("parent", {})
        if name is None:
            return None
        group = f"{self.below}{PARENT}"
        if note and note.get("group") != group:
            raise CompanionError(f"{self.path}: the copy of its parent network is not where it must be, in {group}")
        if not isinstance(note.get("same", ""), str):
            raise CompanionError(f"{self.path}: the record does not say where its parent network lies")
        carried = self.held if note else None
        return Parent(
            str(name), self.lineage, self.trust, note.get("file"), note.get("content"), carried, group, _READ,
            note.get("same"),
        )  # fmt: skip


def _of_group(held: Companion, group: str, lineage: tuple[Path, ...], trust: Trust) -> Network:
    """Make the network that a companion carries in a group."""
    with understood(lineage[-1]):
        return _Reader(held.record(f"{group}/sidecar"), held, None, group, lineage, trust).network()


_READ = Readers(_read, _of_group)
