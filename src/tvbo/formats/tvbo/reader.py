"""A network made of a sidecar and a companion; arrays are read when they are touched."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tvbo.errors import CompanionError, NetworkNotFoundError, SidecarError, TvboWarning
from tvbo.formats.tvbo.layout import DERIVED, EDGE_ATTRS, EDGE_KEYS, MESH_KEYS, ORIGINAL, RECORD
from tvbo.model.matrices import EdgeMatrix
from tvbo.model.mesh import Mesh
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable
from tvbo.model.parameters import Parameter, Parameters
from tvbo.storage import schema, sidecar
from tvbo.storage.companion import AbsentArray, Companion, Foreign, StoredArray
from tvbo.storage.record import restore, unpack


def read(path: Path) -> Network:
    """
    Open a pair of files; arrays are read when they are touched.

    Parameters
    ----------
    path : Path
        The sidecar, or its companion.

    Returns
    -------
    Network
        The network.
    """
    # Arrays are read later, perhaps from another working folder.
    path = path.absolute()
    if path.suffix.lower() in (".h5", ".hdf5"):
        beside = [path.with_suffix(ending) for ending in (".yaml", ".yml", ".json")]
        found = next((each for each in beside if each.exists()), None)
        if found is None:
            what = "it has no sidecar" if path.exists() else "there is no such file"
            raise NetworkNotFoundError(f"{path}: {what}; expected {beside[0].name} beside it")
        path = found
    record = sidecar.load(path)
    companion = _companion(record, path)
    network = _Reader(record, companion, "", path).network()
    network.path = path
    if isinstance(companion, Companion):
        foreign = _foreign(companion)
        if foreign is not None:
            network.extra["hdf5"] = foreign
    return network


def _companion(record: dict[str, Any], path: Path) -> Companion | Path | None:
    """Open the companion; a missing one is given as its path, since metadata can be had without it."""
    name = record.get("data_file")
    if name is None:
        return None
    if not isinstance(name, str):
        raise SidecarError(f"{path}: data_file must be the name of an .h5 file, not {name!r}")
    target = path.parent / name
    if target.exists():
        return Companion.open(target)
    renamed = path.with_suffix(".h5")
    if renamed.exists():
        warnings.warn(
            f"{path}: data_file names {name}, which is missing; opened {renamed.name} beside it",
            TvboWarning,
            stacklevel=2,
        )
        return Companion.open(renamed)
    return target


class _Reader:
    """Makes a network of a record and the part of a companion below a group."""

    def __init__(self, record: dict[str, Any], companion: Companion | Path | None, base: str, path: Path) -> None:
        self.held = companion if isinstance(companion, Companion) else None
        self.missing = companion if isinstance(companion, Path) else None
        self.below = f"{base}/" if base else ""
        self.path = path
        self.private = self.held.record(f"{self.below}{RECORD}") if self.held else {}
        self.record = record
        restore(record, self.private.get("exact", []))

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
            node_mapping_data=self._mapping(),
            parent_network=self._parent(),
        )
        explicit = self._edges(network)
        network.extra = unpack(self.private.get("extra", {}), self._fetch)
        unknown = {key: value for key, value in self.record.items() if key not in schema.OWN_KEYS}
        if explicit:
            unknown["edges"] = explicit
        if mesh is not None and isinstance(unknown.get("mesh"), dict):
            others = {key: value for key, value in unknown.pop("mesh").items() if key not in MESH_KEYS}
            unknown |= {"mesh": others} if others else {}
        if unknown:
            network.extra["sidecar"] = unknown
        return network

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
        if path in self.private.get("sparse", {}):
            layout, kind, stored, shape = self.private["sparse"][path]
            group, source = (f"{path}/original", layout) if layout in ORIGINAL else (path, stored)
            return self.held.sparse(group, layout, kind, source, tuple(shape))
        if path not in self.held.arrays:
            raise CompanionError(f"{self.held.path}: dataset {path} is missing")
        return self.held.arrays[path]

    def _mesh(self) -> Mesh | None:
        vertices = self._first("mesh/vertices", "nodes/coordinates")
        elements = self._first("mesh/elements", "mesh/faces")
        if vertices is None or elements is None or self.held is None:
            return None
        kind = self.held.under(f"{self.below}mesh").get("element_type")
        return Mesh(vertices, elements, self._array("mesh/normals"), element_type=None if kind is None else str(kind))

    def _nodes(self, mesh: Mesh | None) -> NodeTable:
        spec = self.private.get("nodes", {})
        rows = self.record.get("nodes")
        found: dict[str, Any] = {"labels": None, "ids": None, "positions": None, "columns": {}, "units": {}}
        if rows:
            found = schema.node_columns(rows)
            size = len(rows)
        else:
            size = self._count(mesh)
            found |= {"labels": self._array("nodes/label"), "ids": self._array("nodes/id"), "extra": {}}
            found["extra"] = unpack(spec.get("extra", {}), self._fetch)
            found["units"] = spec.get("units", {})
        if spec.get("has_labels") is False:
            found["labels"] = None
        elif "labels" in spec and found["labels"] is None:
            found["labels"] = np.empty(0, dtype=spec["labels"])
        elif "labels" in spec:
            found["labels"] = found["labels"].astype(_wider(spec["labels"], found["labels"]))
        columns = {}
        for name, note in spec.get("columns", {}).items():
            if "dataset" in note:
                columns[name] = self._fetch(note["dataset"])
            elif name in found["columns"]:
                columns[name] = found["columns"][name].astype(_wider(note["dtype"], found["columns"][name]))
            elif not rows:
                columns[name] = np.empty(0, dtype=note["dtype"])
        columns |= {name: values for name, values in found["columns"].items() if name not in columns}
        positions = found["positions"]
        if positions is None and spec.get("positions") in ("C", "F"):
            positions = np.empty((size, 3))
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

    def _coordinates(self, size: int, mesh: Mesh | None) -> StoredArray | None:
        stored = self._array("nodes/coordinates")
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
            raise SidecarError(f"{self.path}: number_of_nodes must be a whole number, not {count!r}")
        return count

    def _parameters(self) -> Parameters:
        found = Parameters()
        stored = self.private.get("parameters", {})
        rows = self.record.get("parameters") or {}
        if isinstance(rows, list):
            rows = {row.get("name"): {k: v for k, v in row.items() if k != "name"} for row in rows}
        for name, row in rows.items():
            slots = dict(row) if isinstance(row, dict) else {"value": row}
            value = slots.pop("value", None)
            where = stored.get(name) or str(slots.get("dataset_path", "")).lstrip("/")
            if self.held is not None and where in self.held.arrays:
                value = self.held.arrays[where]
                for key in ("dataset_path", "shape", "datatype"):
                    slots.pop(key, None)
            found[name] = Parameter(value, slots.pop("unit", None), slots.pop("label", None), slots)
        return found

    def _mapping(self) -> Any:
        name = self.record.get("node_mapping")
        if not isinstance(name, str):
            return None
        stored = self._array(name.lstrip("/"))
        if stored is None:
            size = self._count(None)
            place = self.missing or (self.held.path if self.held else self.path.with_suffix(".h5"))
            return AbsentArray(place, name, (size,), np.dtype(np.int64))
        return stored

    def _parent(self) -> "Callable[[], Network] | None":
        name = self.record.get("parent_network")
        group = self.private.get("parent", {}).get("group")
        held = self.held
        if name is None:
            return None
        if group is not None and held is not None:
            return lambda: _Reader(held.record(f"{group}/sidecar"), held, group, self.path).network()
        return lambda: _find_parent(str(name), self.path)

    def _edges(self, network: Network) -> list[dict[str, Any]]:
        """Add the matrices; give back the edges that are listed one by one."""
        rows = self.record.get("edges")
        explicit = [row for row in rows or [] if "source" in row or "target" in row]
        listed = [row for row in rows or [] if row not in explicit]
        if rows is None and self.held is not None:
            prefix = f"{self.below}edges/"
            listed = [
                {"label": name.removeprefix(prefix)}
                for name, attrs in self.held.attrs.items()
                if name.startswith(prefix) and "format" in attrs
            ]
        for row in listed:
            name = str(row.get("label", row.get("name")))
            self._add(network, name, row)
        return explicit

    def _add(self, network: Network, name: str, row: dict[str, Any]) -> None:
        group = f"{self.below}edges/{name}"
        note = self.private.get("edges", {}).get(name)
        labels = row.get("dimension_labels")
        attrs = self.held.under(group) if self.held else {}
        matrix = EdgeMatrix(
            self._values(network, group, attrs, labels),
            row.get("unit", attrs.get("unit")),
            row.get("directed") if note is None else note["directed"],
            None if labels is None else np.array(labels, dtype=str),
            row.get("target_network"),
        )
        kept = {key: value for key, value in row.items() if key not in EDGE_KEYS}
        if note is not None:
            # The flags that we derive are derived anew; those that somebody stated are kept.
            kept = {key: value for key, value in kept.items() if key not in DERIVED or key in note["extra"]}
            if matrix.column_labels is not None:
                matrix.column_labels = matrix.column_labels.astype(note["column_labels"])
        matrix.extra = kept
        network.matrices.adopt(name, matrix)

    def _values(self, network: Network, group: str, attrs: dict[str, Any], labels: Any) -> Any:
        n = network.number_of_nodes
        width = n if labels is None else len(labels)
        if self.held is None:
            place = self.missing or self.path.with_suffix(".h5")
            return AbsentArray(place, f"/{group}", (n, width))
        if not attrs and f"{group}/data" not in self.held.arrays:
            there = sorted(name for name in self.held.attrs if name.startswith(f"{self.below}edges/"))
            raise CompanionError(
                f"{self.held.path} has no {group}, which {self.path.name} lists; it has: {', '.join(there) or 'none'}"
            )
        source = str(attrs.get("format", "dense"))
        if source == "dense":
            return self.held.arrays[f"{group}/data"]
        layout, kind = str(attrs.get("layout", source)), str(attrs.get("kind", "array"))
        shape = tuple(int(size) for size in np.atleast_1d(attrs.get("shape", ())))
        # tvbo 0.5.3 leaves the shape empty when it was handed a sparse matrix.
        shape = shape if len(shape) == 2 else (n, width)
        if layout in ORIGINAL:
            return self.held.sparse(f"{group}/original", layout, kind, layout, shape)
        return self.held.sparse(group, layout, kind, source, shape)


def _wider(dtype: str, values: Any) -> np.dtype[Any]:
    """Give the recorded dtype, unless an edit by hand does not fit it any more."""
    recorded: np.dtype[Any] = np.dtype(dtype)
    found: np.dtype[Any] = values.dtype
    if "U" in (recorded.kind, found.kind):
        return recorded if recorded.kind == found.kind and recorded.itemsize >= found.itemsize else found
    return found if recorded.kind == "i" and found.kind == "f" else recorded


def _find_parent(name: str, path: Path) -> Network:
    """Open the parent by the name of its sidecar, or by its label among the sidecars of the folder."""
    target = path.parent / name
    if name.endswith((".yaml", ".yml", ".json")) and target.exists():
        return read(target)
    for each in sorted(path.parent.glob("*.yaml")):
        if each != path and _label_of(each) == name:
            return read(each)
    raise NetworkNotFoundError(
        f"{path} has the parent network {name!r}, which is neither a file nor a label in {path.parent}: "
        "put its sidecar and companion there"
    )


def _label_of(path: Path) -> str | None:
    try:
        return str(sidecar.load(path).get("label"))
    except (SidecarError, OSError):
        return None


def _foreign(companion: Companion) -> Foreign | None:
    """Tell what in a companion is not ours: whole groups and datasets, and attributes on ours."""
    ours_top = ("edges", "nodes", "mesh", "tvbo")
    known_nodes = ("coordinates", "parent_index", "label", "id", "columns")
    known_mesh = ("vertices", "elements", "faces", "normals", "region_mapping")
    names: list[str] = []
    for name in [*companion.attrs, *companion.links]:
        parts = name.split("/")
        outside = name not in ("", *ours_top) and (
            parts[0] not in ours_top
            or (parts[0] == "nodes" and parts[1] not in known_nodes)
            or (parts[0] == "mesh" and parts[1] not in known_mesh)
        )
        if outside and not any(name.startswith(f"{top}/") for top in names):
            names.append(name)
    known_attrs = {"tvbo_class", "schema_version", "sidecar_file", *EDGE_ATTRS, "element_type"}
    known_attrs |= {"number_of_vertices", "number_of_elements", "numpy_dtype", "order"}
    attrs = [
        (name, owner)
        for name, held in companion.attrs.items()
        if not any(name == top or name.startswith(f"{top}/") for top in names)
        for owner in held
        if owner not in known_attrs
    ]
    if not names and not attrs:
        return None
    return Foreign(companion.path, tuple(names), tuple(attrs), companion.stamp)
