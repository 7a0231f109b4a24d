"""A network laid into a sidecar and a companion."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from tvbo.errors import LimitError, NetworkNotFoundError, warn
from tvbo.formats.tvbo.absent import ABSENT, stays_absent
from tvbo.formats.tvbo.edge_writer import checked_text, put_edges
from tvbo.formats.tvbo.held import follow, keep_before_overwriting, point_to, streamed_from
from tvbo.formats.tvbo.layout import EXTRA, INLINE_NODES, NODES, PARAMETERS, PARENT, RECORD
from tvbo.formats.tvbo.links import Laying, need_beside, put_links
from tvbo.formats.tvbo.ours import mapping_path
from tvbo.formats.tvbo.parent import Parent
from tvbo.formats.tvbo.reader import read
from tvbo.limits import Limits
from tvbo.model.arrays import is_sparse, load
from tvbo.model.network import Network
from tvbo.storage import pair, schema, sidecar
from tvbo.storage.commit import Finish, Progress, commit, stamped
from tvbo.storage.foreign import Foreign
from tvbo.storage.image import Image
from tvbo.storage.index import header_of
from tvbo.storage.node_list import NodeColumns
from tvbo.storage.order import order_of
from tvbo.storage.record import pack, readable
from tvbo.storage.reopening import refused

# Gives the record of a sidecar, once all arrays have been seen.
Close: TypeAlias = Callable[[], dict[str, Any]]


def write(
    network: Network,
    path: Path,
    *,
    compression: str | int = "gzip",
    nodes: str = "auto",
    limits: Limits = Limits(),  # noqa: B008 - it cannot be changed
    progress: Progress | None = None,
    strict: bool = False,
    carry: bool = True,
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
    limits : Limits
        What reading the files may take: what the default refuses to open is not written.
    progress : callable, optional
        Called with the number of bytes written so far, and that of all, while a large network is written.
    strict : bool
        Whether what was missing when files of others were opened must be there now. Else it stays missing, and a
        warning names it. Nothing else can be lost in this format.
    carry : bool
        Whether the parent and linked networks are laid into the companion. Else only their files are named, which
        must lie beside: ``save_all`` does that.

    Raises
    ------
    LimitError
        If the files could not be opened again within the limits.
    """
    if nodes not in ("auto", "inline", "companion"):
        raise ValueError(f"nodes={nodes!r} is not known: expected 'auto', 'inline' or 'companion'")
    if path.suffix.lower() not in (".yaml", ".yml", ".h5"):
        raise ValueError(f"a sidecar is written as .yaml, not as {path.suffix!r}: {path.with_suffix('.yaml')}")
    path = path.absolute()
    target = path if path.suffix.lower() in (".yaml", ".yml") else path.with_suffix(".yaml")
    companion = target.with_suffix(".h5")
    try:
        keep_before_overwriting(network, companion)
        moved = streamed_from(network, companion, carry)
        laying = Laying(carry, strict=strict)
        image, finish = _lay_out(network, target, nodes, limits, laying)
    except RecursionError:
        raise LimitError(
            f"{target}: extra or the line of parents holds itself, or nests deeper than {limits.depth} levels"
        ) from None
    if laying.absent:
        warn(f"{target} is saved without what was missing when it was opened: {', '.join(laying.absent)}")
    commit(target, companion, image, finish, compression, limits, progress)
    network.path = target
    follow(network, companion)
    if moved:
        point_to(network, read(target, limits=limits), moved, carry)


def _lay_out(network: Network, target: Path, nodes: str, limits: Limits, laying: Laying) -> tuple[Image, Finish]:
    """
    Give the companion of a network, and what gives its sidecar.

    What is said of a matrix that is never in memory whole is known when its rows have been seen; so the sidecar comes
    last.
    """
    image = Image(limits=limits)
    laying.groups[id(network)] = ""
    close = _put(network, image, "", target, nodes, laying)
    image.attrs[""]["sidecar_file"] = target.name

    def finish() -> str:
        for path in image.watches:
            image.item(path).digest()
        record = close()
        with refused("large lists belong into arrays, and nodes='companion' keeps nodes out of the sidecar"):
            sidecar.measure(record, f"the sidecar {target.name}", limits)
            text = stamped(sidecar.dump(record), image)
            limits.check("sidecar_bytes", len(text.encode()), f"the sidecar {target.name}")
        nodes = record.pop("nodes", None)
        if nodes is None or isinstance(nodes, NodeColumns):
            image.header = header_of(record, nodes)
        return text

    return image, finish


def _put(network: Network, image: Image, base: str, target: Path, nodes: str, laying: Laying) -> Close:
    """Lay the arrays of a network into an image below a group, and give what gives the record of its sidecar."""
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
    close_parent = _put_parent(network, image, below, record, private, target, laying)
    _put_parameters(network, image, below, record, private, target, laying.strict)
    _put_mesh(network, image, below, record, private, target, laying.strict)
    _put_nodes(network, image, below, record, private, target, nodes)
    close_edges = put_edges(network, image, below, record, private, target, laying.strict)
    laying.absent += [f"/{dataset}" for dataset in private.get(ABSENT, {})]

    def put_linked(linked: Network, group: str) -> Callable[[], None]:  # numpydoc ignore=GL08
        return _carried(_put(linked, image, group, target, "auto", laying), image, group)

    close_links = put_links(network, record, private, below, target, laying, put_linked)
    extra = dict(network.extra)
    unknown = extra.pop("sidecar", {})
    if "mesh" in record and "mesh" in unknown:
        unknown = unknown | {"mesh": unknown["mesh"] | record["mesh"]}
    # The rows of matrices go before those of single edges.
    record |= {key: value for key, value in unknown.items() if key not in ("edges", "node_mapping")}
    foreign = extra.pop("hdf5", None)
    if isinstance(foreign, Foreign):
        image.foreign.append(foreign)
    private["extra"], arrays = pack(extra, f"{below}{EXTRA}")
    _put_arrays(image, arrays, private)

    def close() -> dict[str, Any]:
        close_parent()
        close_edges()
        close_links()
        # Columns stay such only if YAML carries them exactly.
        columns = {"nodes": record.pop("nodes")} if isinstance(record.get("nodes"), NodeColumns) else {}
        shown, private["exact"] = readable(record)
        shown |= columns
        with refused("large trees belong into arrays"):
            image.add_record(f"{below}{RECORD}", private)
        if "nodes" not in shown:
            _check_count(network.number_of_nodes, image, target)
        return schema.ordered(shown)

    return close


def _check_count(count: int, image: Image, target: Path) -> None:
    """Refuse a number of nodes that a reader takes for a claim, since no array has a row for each."""
    if count > image.limits.nodes:
        shapes = [values.shape for values in image.arrays.values() if 0 not in values.shape]
        if not any(count in shape[:1] or shape == (count + 1,) for shape in shapes):
            with refused("give its nodes labels or positions"):
                image.limits.check("nodes", count, target)


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
    network: Network,
    image: Image,
    below: str,
    record: dict[str, Any],
    private: dict[str, Any],
    target: Path,
    laying: Laying,
) -> Callable[[], None]:
    """
    Carry the parent along, and name its own file if that lies beside and holds the same.

    A name alone would break when the pair is moved alone, when it was saved before its parent, and when the
    parent was changed after it was saved.
    """
    if not network.has_parent_network:
        return lambda: None
    try:
        parent = network.parent()
    except NetworkNotFoundError:
        lost = network.held_parent()
        if laying.strict or not isinstance(lost, Parent) or lost.carried is not None:
            raise
        record["parent_network"] = lost.name
        laying.absent.append(f"its parent network {lost.name!r}")
        return lambda: None
    if not laying.carry:
        record["parent_network"] = need_beside(parent, target, "the parent network")
        return lambda: None
    group = f"{below}{PARENT}"
    note = private["parent"] = laying.note(parent, group)
    record["parent_network"] = f"{target.with_suffix('.h5').name}#/{group}"
    own = parent.path
    if own is not None and own != target and own.parent == target.parent and own.exists():
        content = pair.identifier(sidecar.text_of(own, image.limits))
        if content is not None and content == pair.identifier(
            _lay_out(parent, own, "auto", image.limits, Laying())[1]()
        ):
            record["parent_network"] = own.name
            note |= {"file": own.name, "content": content}
    return _carried(_put(parent, image, group, target, "auto", laying), image, group)


def _carried(close: Close, image: Image, group: str) -> Callable[[], None]:
    """Give what puts the sidecar of a network that is carried along into its group."""

    def carry() -> None:
        record = close()
        if isinstance(record.get("nodes"), NodeColumns):
            # JSON has no columns.
            record["nodes"] = list(record["nodes"])
        image.add_record(f"{group}/sidecar", record)

    return carry


def _put_parameters(
    network: Network,
    image: Image,
    below: str,
    record: dict[str, Any],
    private: dict[str, Any],
    target: Path,
    strict: bool,
) -> None:
    rows: dict[str, Any] = {}
    for name, parameter in network.parameters.items():
        row: dict[str, Any] = {} if parameter.label is None else {"label": parameter.label}
        value = parameter.value
        named = str(parameter.extra.get("dataset_path", ""))
        if named and stays_absent(value, named, private, target, strict):
            row["value"] = value.shown
        elif hasattr(value, "__array__"):
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


def _put_mesh(
    network: Network,
    image: Image,
    below: str,
    record: dict[str, Any],
    private: dict[str, Any],
    target: Path,
    strict: bool,
) -> None:
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
        where = mapping_path(network)
        mapping = network.held_node_mapping()
        record["node_mapping"] = where
        if not stays_absent(mapping, f"{below}{where.lstrip('/')}", private, target, strict):
            image.arrays[f"{below}{where.lstrip('/')}"] = load(mapping)


def _put_nodes(
    network: Network,
    image: Image,
    below: str,
    record: dict[str, Any],
    private: dict[str, Any],
    target: Path,
    where: str,
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
            shown[name] = checked_text(values, image, f"{target}: {name} of its nodes")
            spec["columns"][name] = {"dtype": values.dtype.str}
        else:
            spec["columns"][name] = {"dataset": f"{below}nodes/columns/{index}"}
            image.arrays[spec["columns"][name]["dataset"]] = values
    if table.units:
        spec["units"] = table.units
    if inline:
        labels = checked_text(table.labels, image, f"{target}: labels of its nodes")
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
