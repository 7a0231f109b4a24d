"""A network laid into a sidecar and a companion."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tvbo.errors import LimitError
from tvbo.formats.tvbo.layout import EXTRA, INDEX, INLINE_NODES, MAPPING, NODES, PARAMETERS, PARENT, RECORD
from tvbo.limits import Limits
from tvbo.model.arrays import is_sparse, load
from tvbo.model.network import Network
from tvbo.storage import pair, schema, sidecar
from tvbo.storage.commit import commit, stamped
from tvbo.storage.foreign import Foreign
from tvbo.storage.image import Image
from tvbo.storage.node_list import NodeColumns
from tvbo.storage.order import order_of
from tvbo.storage.record import pack, readable
from tvbo.storage.stored import StoredArray, stamp_of


def write(
    network: Network,
    path: Path,
    *,
    compression: str | int = "gzip",
    nodes: str = "auto",
    strict: bool = False,
) -> None:
    """
    Write a network as a pair of files.

    Parameters
    ----------
    network : Network
        The network.
    path : Path
        The sidecar; the companion goes beside it.
    compression : {"gzip", "none"} or int
        Compression of arrays in the companion.
    nodes : {"auto", "inline", "companion"}
        Where labels, positions and values of nodes go: into the sidecar, for people, or into the companion.
        ``auto`` puts up to 4,096 nodes into the sidecar.
    strict : bool
        Accepted for all formats; this one loses nothing.
    """
    if nodes not in ("auto", "inline", "companion"):
        raise ValueError(f"nodes={nodes!r} is not known: expected 'auto', 'inline' or 'companion'")
    if path.suffix.lower() not in (".yaml", ".yml", ".h5", ".hdf5"):
        raise ValueError(f"a sidecar is written as .yaml, not as {path.suffix!r}: {path.with_suffix('.yaml')}")
    path = path.absolute()
    target = path if path.suffix.lower() in (".yaml", ".yml") else path.with_suffix(".yaml")
    companion = target.with_suffix(".h5")
    _keep_before_overwriting(network, companion)
    image, text = _lay_out(network, target, nodes)
    commit(target, companion, text, image, compression)
    network.path = target
    _follow(network, companion)


def _lay_out(network: Network, target: Path, nodes: str) -> tuple[Image, str]:
    """Give the companion and the sidecar of a network, in memory."""
    image = Image()
    record = _put(network, image, "", target, nodes)
    image.attrs[""]["sidecar_file"] = target.name
    sidecar.measure(record, f"the sidecar {target.name}")
    text = sidecar.dump(record)
    most = Limits().sidecar_bytes
    if len(text) > most:
        raise LimitError(
            f"the sidecar {target.name} would have {len(text):,} bytes, and {most:,} are read: "
            "nodes='companion' keeps nodes out of it"
        )
    return image, stamped(text, image)


def _put(network: Network, image: Image, base: str, target: Path, nodes: str) -> dict[str, Any]:
    """Lay a network into an image below a group, and give the record of its sidecar."""
    below = f"{base}/" if base else ""
    private: dict[str, Any] = {}
    record: dict[str, Any] = {"tvbo_class": schema.CLASS, "schema_version": schema.VERSION}
    for key in ("label", "description"):
        if getattr(network, key) is not None:
            record[key] = getattr(network, key)
    record["number_of_nodes"] = network.number_of_nodes
    for key in ("descriptor", "distance_unit", "time_unit"):
        if getattr(network, key) is not None:
            record[key] = getattr(network, key)
    record["data_file"] = target.with_suffix(".h5").name
    image.attrs[base] = {"tvbo_class": schema.CLASS, "schema_version": schema.VERSION}
    _put_parent(network, image, below, record, private, target)
    _put_parameters(network, image, below, record, private)
    _put_mesh(network, image, below, record)
    _put_nodes(network, image, below, record, private, nodes)
    _put_edges(network, image, below, record, private)
    extra = dict(network.extra)
    unknown = extra.pop("sidecar", {})
    if "mesh" in record and "mesh" in unknown:
        unknown = unknown | {"mesh": unknown["mesh"] | record["mesh"]}
    record |= unknown
    foreign = extra.pop("hdf5", None)
    if isinstance(foreign, Foreign):
        image.foreign.append(foreign)
    private["extra"], arrays = pack(extra, f"{below}{EXTRA}")
    _put_arrays(image, arrays, private)
    # Columns stay such only if YAML carries them exactly.
    columns = {"nodes": record.pop("nodes")} if isinstance(record.get("nodes"), NodeColumns) else {}
    shown, private["exact"] = readable(record)
    shown |= columns
    image.add_record(f"{below}{RECORD}", private)
    return schema.ordered(shown)


def _put_arrays(image: Image, arrays: dict[str, Any], private: dict[str, Any]) -> None:
    """Lay arrays of a packed tree; sparse ones become a group, and the record says so."""
    sparse = private.setdefault("sparse", {})
    for path, values in arrays.items():
        if is_sparse(values):
            matrix = load(values)
            attrs = image.add_sparse(path, matrix)
            sparse[path] = [attrs["layout"], attrs["kind"], attrs["format"], list(matrix.shape)]
        else:
            image.arrays[path] = load(values)


def _put_parent(
    network: Network, image: Image, below: str, record: dict[str, Any], private: dict[str, Any], target: Path
) -> None:
    """
    Carry the parent along, and name its own file if that lies beside and holds the same.

    A name alone would break when the pair is moved alone, when it was saved before its parent, and when the
    parent was changed after it was saved.
    """
    if not network.has_parent_network:
        return
    parent = network.parent()
    group = f"{below}{PARENT}"
    note = private["parent"] = {"group": group}
    record["parent_network"] = f"{target.with_suffix('.h5').name}#/{group}"
    own = parent.path
    if own is not None and own != target and own.parent == target.parent and own.exists():
        content = pair.identifier(sidecar.text_of(own))
        if content is not None and content == pair.identifier(_lay_out(parent, own, "auto")[1]):
            record["parent_network"] = own.name
            note |= {"file": own.name, "content": content}
    carried = _put(parent, image, group, target, "auto")
    if isinstance(carried.get("nodes"), NodeColumns):
        # JSON has no columns.
        carried["nodes"] = list(carried["nodes"])
    image.add_record(f"{group}/sidecar", carried)


def _put_parameters(
    network: Network, image: Image, below: str, record: dict[str, Any], private: dict[str, Any]
) -> None:
    rows: dict[str, Any] = {}
    for name, parameter in network.parameters.items():
        row: dict[str, Any] = {} if parameter.label is None else {"label": parameter.label}
        value = parameter.value
        if hasattr(value, "__array__"):
            values = load(value)
            where = f"{below}{PARAMETERS}/{len(rows)}"
            image.arrays[where] = values
            # Other readers use the scalar and cannot follow the pointer.
            row["value"] = shown = _summary(values)
            row |= {
                "dataset_path": f"/{where}",
                "shape": str(list(values.shape)),
                "datatype": str(values.dtype),
            }
            private.setdefault("parameters", {})[name] = {"dataset": where, "shown": shown}
        else:
            row["value"] = value
        if parameter.unit is not None:
            row["unit"] = parameter.unit
        rows[name] = row | parameter.extra
    if rows:
        record["parameters"] = rows


def _summary(values: Any) -> float | None:
    numbers = np.asarray(values).reshape(-1)
    if numbers.dtype.kind not in "iuf" or not numbers.size:
        return None
    finite = numbers[np.isfinite(numbers)]
    with np.errstate(over="ignore"):
        mean = float(finite.mean()) if finite.size else float(numbers[0])
    return float(finite[0]) if finite.size and np.isinf(mean) else mean


def _put_mesh(network: Network, image: Image, below: str, record: dict[str, Any]) -> None:
    if network.mesh is not None:
        mesh = network.mesh
        facts = {
            "element_type": mesh.element_type,
            "number_of_vertices": mesh.number_of_vertices,
            "number_of_elements": mesh.number_of_elements,
        }
        image.attrs[f"{below}mesh"] = {"tvbo_class": "tvbo:Mesh", **facts}
        record["mesh"] = facts
        for name in mesh.arrays:
            image.arrays[f"{below}mesh/{name}"] = load(mesh.arrays.peek(name))
    if network.has_node_mapping:
        where = INDEX if network.mesh is None else MAPPING
        record["node_mapping"] = where
        image.arrays[f"{below}{where[1:]}"] = load(network.held_node_mapping())


def _put_nodes(
    network: Network, image: Image, below: str, record: dict[str, Any], private: dict[str, Any], where: str
) -> None:
    table = network.nodes
    few = len(table) <= INLINE_NODES and network.mesh is None
    inline = where == "inline" or (where == "auto" and few)
    spec: dict[str, Any] = {
        "default_label": table.default_label,
        "has_labels": table.has_labels,
        "columns": {},
    }
    private["nodes"] = spec
    positions = table.positions
    shown: dict[str, Any] = {}
    for index, name in enumerate(table.columns):
        values = table.columns[name]
        if inline and schema.inlinable(values):
            shown[name] = values
            spec["columns"][name] = {"dtype": values.dtype.str}
        else:
            spec["columns"][name] = {"dataset": f"{below}nodes/columns/{index}"}
            image.arrays[spec["columns"][name]["dataset"]] = values
    if table.units:
        spec["units"] = table.units
    if inline:
        labels = table.labels
        spec["labels"] = labels.dtype.str
        place = positions if positions is not None and positions.dtype == np.float64 else None
        if place is not None:
            spec["positions"] = order_of(place)
        rows = schema.node_rows(table.ids, labels, place, shown, table.units, table.extra)
        if rows:
            record["nodes"] = rows
    else:
        if table.has_labels:
            image.arrays[f"{below}nodes/label"] = table.labels
        if table.has_ids:
            image.arrays[f"{below}nodes/id"] = table.ids
        spec["extra"], arrays = pack(table.extra, f"{below}{NODES}")
        _put_arrays(image, arrays, private)
    if positions is not None and "positions" not in spec:
        if network.mesh is not None and positions is network.mesh.vertices:
            image.aliases[f"{below}nodes/coordinates"] = f"{below}mesh/vertices"
            spec["positions"] = "mesh"
        else:
            image.arrays[f"{below}nodes/coordinates"] = positions
            spec["positions"] = "dataset"


def _put_edges(network: Network, image: Image, below: str, record: dict[str, Any], private: dict[str, Any]) -> None:
    rows = []
    notes: dict[str, Any] = {}
    for name, matrix in network.matrices.items():
        values = matrix.load()
        group = f"{below}edges/{name}"
        attrs: dict[str, Any] = {"tvbo_class": "tvbo:Matrix", "format": "dense"}
        if is_sparse(values):
            attrs |= image.add_sparse(group, values)
        else:
            image.arrays[f"{group}/data"] = values
        attrs["shape"] = np.array(values.shape, dtype=np.int64)
        shown = _flags(values) | {"directed": _is_directed(values)}
        row = {"label": name, "format": attrs["format"], **shown, **matrix.extra}
        notes[name] = {"directed": matrix.directed, "extra": sorted(matrix.extra), "shown": shown}
        if matrix.directed is not None:
            row["directed"] = matrix.directed
        attrs["directed"] = np.bool_(row["directed"])
        if matrix.unit is not None:
            row["unit"] = attrs["unit"] = matrix.unit
        if matrix.target_network is not None:
            row["target_network"] = matrix.target_network
        if matrix.column_labels is not None:
            row["dimension_labels"] = matrix.column_labels.tolist()
            notes[name]["column_labels"] = matrix.column_labels.dtype.str
        image.attrs[group] = attrs
        rows.append(row)
    private["edges"] = notes
    rows += network.extra.get("sidecar", {}).get("edges", [])
    foreign = network.extra.get("hdf5")
    carried = isinstance(foreign, Foreign) and any(name.startswith(f"{below}edges/") for name in foreign.names)
    if rows or carried:
        # Without a list, every group below /edges is a matrix.
        record["edges"] = rows


def _flags(values: Any) -> dict[str, bool]:
    data = values.tocoo().data if is_sparse(values) else values
    square = values.shape[0] == values.shape[1]
    real = data.dtype.kind in "iufb"
    return {
        "weighted": data.dtype.kind != "b",
        "valid_diagonal": bool(square and np.any(values.diagonal() != 0)),
        "non_negative": not (real and bool(np.any(data < 0))),
    }


def _is_directed(values: Any) -> bool:
    if values.shape[0] != values.shape[1]:
        return True
    if not is_sparse(values):
        return bool(np.any(values != values.T))
    if 0 in values.shape:
        return False
    gap = values.tocsr() != values.tocsr().T
    return bool(gap.nnz)


def _keep_before_overwriting(network: Network, companion: Path) -> None:
    """Read what still lies in the file that is about to be replaced."""
    if not companion.exists():
        return
    target = companion.resolve()

    def ours(values: Any) -> bool:
        parts = getattr(values, "parts", {"": values})
        return any(isinstance(part, StoredArray) and part.path.resolve() == target for part in parts.values())

    def keep(tree: Any) -> Any:
        if isinstance(tree, dict):
            return {key: keep(item) for key, item in tree.items()}
        if type(tree) in (list, tuple):
            return type(tree)(keep(item) for item in tree)
        return load(tree) if ours(tree) else tree

    for matrix in network.matrices.values():
        if ours(matrix.values):
            matrix.load()
    holders = [network.nodes.columns, *([network.mesh.arrays] if network.mesh is not None else [])]
    for holder in holders:
        for name in holder:
            if ours(holder.peek(name)):
                holder[name] = load(holder.peek(name))
    for parameter in network.parameters.values():
        parameter.value = keep(parameter.value)
    _ = network.nodes.labels, network.nodes.positions, network.nodes.ids, network.node_mapping_data
    network.extra = keep(network.extra)
    if network.has_parent_network:
        _keep_before_overwriting(network.parent(), companion)


def _follow(network: Network, companion: Path) -> None:
    """Foreign objects were copied into the new file: from now on they are carried from there."""
    foreign = network.extra.get("hdf5")
    if isinstance(foreign, Foreign):
        network.extra["hdf5"] = replace(foreign, path=companion, stamp=stamp_of(companion.stat()))
