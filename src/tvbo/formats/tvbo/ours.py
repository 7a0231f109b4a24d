"""What in a companion is ours, and what is to be carried along untouched."""

from dataclasses import replace

from tvbo.formats.tvbo.layout import EDGE_ATTRS, EDGE_PARTS, INDEX, MAPPING, MESH_KEYS, OURS
from tvbo.model.network import Network
from tvbo.storage import pair
from tvbo.storage.chunks import CHECKED_ROWS, CHECKSUMS, DIGEST
from tvbo.storage.companion import Companion
from tvbo.storage.datasets import DTYPE, ORDER
from tvbo.storage.foreign import Foreign
from tvbo.storage.stored import CONTENT
from tvbo.storage.structure import lies_in

_OUR_ATTRS = frozenset(
    ("tvbo_class", "schema_version", "sidecar_file", DTYPE, ORDER, DIGEST, CHECKSUMS, CHECKED_ROWS)
    + (CONTENT, pair.REPLACES)
    + MESH_KEYS
    + EDGE_ATTRS
)
# What lies in these groups, beside the mapping onto a parent.
_TAKEN = {
    "nodes": ("coordinates", "label", "id", "columns"),
    "mesh": ("vertices", "elements", "faces", "normals"),
}


def foreign_content(companion: Companion, network: Network) -> Foreign | None:
    """
    Tell what in a companion is not ours: whole groups and datasets, and attributes on ours.

    Parameters
    ----------
    companion : Companion
        The companion.
    network : Network
        What was made of it.

    Returns
    -------
    Foreign or None
        What is to be carried along, if there is anything.
    """
    if companion.as_written:
        return None
    names: dict[str, None] = {}
    matrices = frozenset(network.matrices)
    mapping = mapping_path(network).lstrip("/") if network.has_node_mapping else None
    above = frozenset(part for name in matrices for part in _beginnings(name))
    for name in sorted([*companion.attrs, *companion.links]):
        if not lies_in(name, names) and not _is_ours(name, matrices, above, mapping, network.mesh is not None):
            names[name] = None
    attrs = [
        (name, owner)
        for name, held in companion.attrs.items()
        if name not in names and not lies_in(name, names)
        for owner in held
        if owner not in _OUR_ATTRS
    ]
    if not names and not attrs:
        return None
    carried = Foreign(companion.path, tuple(names), tuple(attrs), companion.stamp, companion.limits)
    plain = not any(carried.holds(name) for name in companion.unread) and not any(
        value is None and (owner not in _OUR_ATTRS or carried.holds(name))
        for name, held in companion.attrs.items()
        for owner, value in held.items()
    )
    return replace(carried, plain=plain)


def _beginnings(name: str) -> list[str]:
    """List the groups that lead to an object, and the object itself."""
    parts = name.split("/")
    return ["/".join(parts[: depth + 1]) for depth in range(len(parts))]


def mapping_path(network: Network) -> str:
    """
    Tell where the mapping onto the parent network lies in a companion.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    str
        Where it lay in the file that it comes from, unless something of ours lies there.
    """
    usual = INDEX if network.mesh is None else MAPPING
    said = str(network.extra.get("sidecar", {}).get("node_mapping", usual))
    return said if is_place_of_mapping(said) else usual


def is_place_of_mapping(path: str) -> bool:
    """
    Tell whether a mapping that lies at a path stays there when it is saved.

    Parameters
    ----------
    path : str
        A path in a companion.

    Returns
    -------
    bool
        False where something else of ours lies, and outside of nodes and mesh.
    """
    top, _, rest = path.lstrip("/").partition("/")
    return top in _TAKEN and rest.isidentifier() and rest not in _TAKEN[top]


def _is_ours(name: str, matrices: frozenset[str], above: frozenset[str], mapping: str | None, on_mesh: bool) -> bool:
    top, _, rest = name.partition("/")
    if top not in ("", "edges", "nodes", "mesh", "tvbo"):
        return False
    if not rest or name == mapping:
        return True
    if top == "nodes":
        return rest.split("/")[0] in _TAKEN[top]
    if top == "mesh":
        return on_mesh and rest in _TAKEN[top]
    if top == "tvbo":
        return any(name == ours or name.startswith(f"{ours}/") for ours in OURS)
    holders = (each for each in _beginnings(rest)[:-1] if each in matrices)
    return rest in above or any(rest.removeprefix(f"{each}/").split("/")[0] in EDGE_PARTS for each in holders)
