"""
The Virtual Brain's datatypes as files hold them, without TVB: what they are called, and where their traits live.

`Datatype` is one of them, as plain values by trait; `network_of` lays it into a network just as ``Network.from_tvb``
does with the live object, and `datatype_of` gives it back.
"""

import hashlib
import uuid
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tvbo import _sparse as sp
from tvbo.errors import MatrixNotFoundError, ShapeError
from tvbo.model.arrays import is_sparse, load
from tvbo.model.matrices import LENGTHS, EdgeMatrix
from tvbo.model.mesh import Mesh
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable
from tvbo.model.parameters import Parameter
from tvbo.model.tvb_traits import HOMES, MODULES, family
from tvbo.storage.sparse import sparse_parts
from tvbo.units import in_mm

EQUATIONS = "tvb.datatypes.equations"
# What TVB holds before anybody reads the trait.
SPEED = 3.0
# What kind of network holds it, what a node is called, and the trait with a row for each.
_FRAMES = {
    "Surface": ("surface", "vertex", ""),
    "Connectivity": ("SC", "region", "weights"),
    "RegionMapping": ("surface", "vertex", "array_data"),
    "LocalConnectivity": ("surface", "vertex", "matrix"),
    "Sensors": ("sensors", "sensor", "labels"),
    "ProjectionMatrix": ("projection", "sensor", "projection_data"),
    "ConnectivityMeasure": ("SC", "region", "array_data"),
    "StimuliRegion": ("SC", "region", "weight"),
    "StimuliSurface": ("surface", "vertex", ""),
    **dict.fromkeys(("Volume", "StructuralMRI", "RegionVolumeMapping"), ("volume", "voxel", "")),
    "Tracts": ("tracts", "tract", ""),
}
# Classes whose connectivity is a network of its own: the parent.
_BELOW = frozenset(("RegionMapping", "RegionVolumeMapping"))
_TEXT = np.dtype("U128")


@dataclass
class Datatype:
    """
    One datatype of TVB.

    Attributes
    ----------
    kind : str
        Its class, one of `MODULES`.
    traits : dict of str to object
        Its traits by name; one that is not there was never set. The gid is not among them.
    gid : uuid.UUID or None
        Its identifier; None if there is none.
    title : str or None
        Its title; without one it is named after class and gid, as TVB does.
    """

    kind: str
    traits: dict[str, Any] = field(default_factory=dict)
    gid: uuid.UUID | None = None
    title: str | None = None


@dataclass(frozen=True)
class Linked:
    """
    A datatype that lies in a linked network.

    Attributes
    ----------
    link : str
        The name of the link.
    kind : str
        Its class.
    """

    link: str
    kind: str


def gid_of(datatype: Datatype) -> uuid.UUID:
    """
    Give an identifier to what has none in its file: the same for the same content, whatever file it is in.

    Parameters
    ----------
    datatype : Datatype
        The datatype.

    Returns
    -------
    uuid.UUID
        The identifier; in its form one that TVB could have drawn.
    """
    total = hashlib.sha256(datatype.kind.encode())
    for name, value in sorted(datatype.traits.items()):
        if isinstance(value, Datatype):
            total.update(f"{name}{value.gid or gid_of(value)}".encode())
            continue
        parts = sparse_parts(value).values() if is_sparse(value) else (value,)
        for part in map(np.asarray, parts):
            total.update(f"{name}{part.dtype.str}{part.shape}".encode())
            total.update(repr(part.tolist()).encode() if part.dtype == object else np.ascontiguousarray(part).data)
    return uuid.UUID(bytes=total.digest()[:16], version=4)


def network_of(datatype: Datatype, parent: Network | None = None) -> Network:
    """
    Lay a datatype into a network, as ``Network.from_tvb`` does with the live object.

    Parameters
    ----------
    datatype : Datatype
        The datatype; arrays are held, not copied. Traits that are datatypes themselves lie in the same network.
    parent : Network, optional
        The network of its connectivity, where that is one of its own.

    Returns
    -------
    Network
        The network.

    Raises
    ------
    ShapeError
        If its arrays do not fit one another.
    """
    inner = _inner(datatype)
    # What is referred to last gives the name: the volume of a mapping of tracts.
    members = [each for each in reversed(inner) if each.kind in MODULES]
    named = members[0] if members else datatype
    network = _frame(family(datatype.kind), datatype, members)
    network.parent_network = parent
    objects: list[dict[str, Any]] = []
    for each in (datatype, *inner):
        objects.append(_note(network, each, inner, each is named))
    if parent is not None:
        below = next((note for note in objects if note["class"] in _BELOW), objects[0])
        below["traits"]["connectivity"] = {"parent": True}
    network.extra["tvb"] = {"root": 0, "returns": "root", "objects": objects}
    return network


def _inner(datatype: Datatype) -> list[Datatype]:
    """Give the datatypes inside of one, and those inside of them."""
    found: list[Datatype] = []
    for value in datatype.traits.values():
        if isinstance(value, Datatype) and not any(value is each for each in found):
            found += [value, *_inner(value)]
    return found


def _note(network: Network, datatype: Datatype, inner: list[Datatype], named: bool) -> dict[str, Any]:
    """Move a datatype into a network, and note where its traits are."""
    kind, traits = datatype.kind, datatype.traits
    notes: dict[str, Any] = {}
    for name, home in HOMES.get(family(kind), {}).items():
        if name in traits:
            settled = next((each for each in home.split("|") if _settle(network, each, traits[name])), None)
            notes[name] = {"value": traits[name]} if settled is None else {"home": settled}
        elif home.startswith("parameter:"):
            notes[name] = {"unset": SPEED}
            network.parameters[home.partition(":")[2]] = Parameter(SPEED, "mm_per_ms", "v")
    for name, value in traits.items():
        if isinstance(value, Datatype):
            notes[name] = {"object": 1 + next(place for place, each in enumerate(inner) if each is value)}
        elif isinstance(value, Linked):
            notes[name] = {"link": value.link, "object": 0, "class": value.kind}
        elif name == "number_of_connections" and value == np.count_nonzero(traits["weights"]):
            notes[name] = {"computed": "nonzero weights"}
        elif name not in notes:
            notes[name] = {"value": value}
    gid = datatype.gid or gid_of(datatype)
    notes["gid"] = {"uuid": str(gid)}
    title = f"{kind} gid: {gid}" if datatype.title is None else datatype.title
    if named:
        network.label = title
    note = {"class": kind, "module": MODULES.get(kind, EQUATIONS), "traits": notes}
    return note | {"title": {"home": "label:"} if named else {"value": title}, "tags": {"value": {}}}


def _frame(base: str, datatype: Datatype, members: list[Datatype]) -> Network:
    """Make a network of the right size: that of the first datatype that tells it."""
    descriptor, node, _ = _FRAMES[base]
    for each in (*members, datatype):
        traits = each.traits
        if family(each.kind) == "Surface":
            mesh = Mesh(traits["vertices"], traits["triangles"], element_type="triangle")
            return Network(mesh=mesh, descriptor=descriptor)
        first = traits.get(_FRAMES[family(each.kind)][2])
        if first is not None and first.shape:
            return Network(NodeTable(size=int(first.shape[0]), default_label=node), descriptor=descriptor)
    return Network(NodeTable(size=0, default_label=node), descriptor=descriptor)


def _settle(network: Network, home: str, value: Any) -> bool:
    """Move a value into its place, if it fits there; an empty array or None does not."""
    place, _, name = home.partition(":")
    n = network.number_of_nodes
    shape = getattr(value, "shape", None)
    wanted = {"matrix": (n,) if name == "gain" else (n, n), "positions": (n, 3), "mesh": None, "parameter": None}
    expected = wanted.get(place, (n,))
    if place == "mapping":
        # It may be longer: TVB appends the regions that no vertex belongs to.
        if shape is None or len(shape) != 1 or shape[0] < n:
            return False
    elif shape is None or (expected is not None and shape[: len(expected)] != expected):
        return False
    if name == "normals" and shape != (n, 3):
        return False
    if place == "matrix" and name == "gain":
        # Its columns are the vertices of a surface that the file does not hold.
        network.matrices.adopt(name, EdgeMatrix(value))
    elif place == "matrix":
        network.matrices[name] = EdgeMatrix(value, "mm" if name == "length" else None)
    elif place == "mesh":
        network.need_mesh().arrays[name] = value
    elif place == "column":
        network.nodes.columns[name] = value
    elif place == "labels":
        network.nodes.labels = value.astype(_TEXT, copy=False)
    elif place == "positions":
        network.nodes.positions = value
    elif place == "mapping":
        network.node_mapping_data = value
    else:
        network.parameters[name] = Parameter(value, "mm_per_ms", "v")
    return True


def datatype_of(network: Network, kind: str | None = None) -> Datatype:
    """
    Give the datatype that a network is, as plain values in the units of TVB.

    Parameters
    ----------
    network : Network
        The network. It need not come from TVB.
    kind : str, optional
        The class wanted; without it the one that the network came from, else a surface if it has a mesh, sensors or a
        projection if it says so, and a Connectivity if not.

    Returns
    -------
    Datatype
        Its traits: those with a place in the network as they are there now.
    """
    note = root_note(network)
    own = str(note.get("class", ""))
    kind = kind or (own if own in MODULES else _kind_of(network))
    found = Datatype(kind, title=network.label)
    for name, homes in HOMES.get(family(kind), {}).items():
        found_there = (_at_home(network, home) for home in homes.split("|"))
        value = next((each for each in found_there if each is not None), None)
        if value is not None:
            found.traits[name] = value
    if kind == own:
        for name, encoded in note["traits"].items():
            if "value" in encoded and name not in found.traits:
                value = encoded["value"]
                found.traits[name] = load(value) if hasattr(value, "__array__") or is_sparse(value) else value
            elif "uuid" in encoded and name == "gid":
                found.gid = uuid.UUID(encoded["uuid"])
    return found


def part_of(network: Network, number: int) -> Datatype:
    """
    Give one of the TVB objects that a network holds, as plain values.

    Parameters
    ----------
    network : Network
        The network.
    number : int
        Which of its objects.

    Returns
    -------
    Datatype
        Its traits, without those that are objects themselves.
    """
    note = network.extra["tvb"]["objects"][number]
    found = Datatype(note["class"])
    for name, encoded in note["traits"].items():
        if "uuid" in encoded:
            found.gid = uuid.UUID(encoded["uuid"])
            continue
        if "home" in encoded:
            value = _at_home(network, encoded["home"])
        elif "value" in encoded:
            value = encoded["value"]
            value = load(value) if hasattr(value, "__array__") or is_sparse(value) else value
        else:
            continue
        if value is not None:
            found.traits[name] = value
    found.title = network.label if "home" in note["title"] else note["title"]["value"]
    return found


def root_note(network: Network) -> dict[str, Any]:
    """
    Give what is noted of the TVB object that a network came from.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    dict
        Class, module and traits; empty if it did not come from TVB, or as a simulator.
    """
    note = network.extra.get("tvb")
    found: dict[str, Any] = note["objects"][note["root"]] if note and "root" in note else {}
    return found


def _kind_of(network: Network) -> str:
    if network.mesh is not None:
        return "CorticalSurface"
    if "gain" in network.matrices:
        return "ProjectionMatrix"
    if network.descriptor == "sensors":
        return "Sensors"
    if "local_connectivity" in network.matrices:
        return "LocalConnectivity"
    return "RegionMapping" if network.has_node_mapping else "Connectivity"


def _at_home(network: Network, home: str) -> Any:
    """Give what is in a place; None if there is nothing."""
    place, _, name = home.partition(":")
    if place == "matrix":
        spelled = _spelled(network, name)
        if spelled is None:
            return None
        matrix = network.matrices[spelled]
        factor = in_mm(matrix.unit or network.distance_unit) if name == "length" else 1.0
        values = matrix.load()
        if name == "local_connectivity":
            return values if sp.issparse(values) else sp.csr_matrix(values)
        return _scaled(network.matrix(spelled), factor)
    if place == "mesh":
        arrays = network.need_mesh().arrays
        if name not in arrays:
            return None
        return _scaled(arrays[name], in_mm(network.distance_unit) if name == "vertices" else 1.0)
    if place == "column":
        return network.nodes.columns.get(name)
    if place == "labels":
        return network.nodes.labels
    if place == "parameter":
        return None
    if place == "positions":
        positions = network.nodes.positions
        return None if positions is None else _scaled(positions, in_mm(network.distance_unit))
    if place == "mapping":
        return network.node_mapping_data
    return None


def _spelled(network: Network, name: str) -> str | None:
    spellings = {"weight": ("weight", "weights", "sc"), "length": LENGTHS}.get(name, (name,))
    return next((each for each in spellings if each in network.matrices), None)


def _scaled(values: Any, factor: float) -> Any:
    # Times one would quieten a signalling NaN.
    return values if factor == 1 else values * factor


def is_encodable(text: str) -> bool:
    """
    Tell whether files of TVB can hold a text.

    Parameters
    ----------
    text : str
        Such as a label.

    Returns
    -------
    bool
        False if it holds zeros or halves of characters.
    """
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def need_square_weights(network: Network) -> None:
    """
    Refuse a network that is no connectivity of TVB.

    Parameters
    ----------
    network : Network
        The network.

    Raises
    ------
    MatrixNotFoundError
        If it has no weights.
    ShapeError
        If they are not square.
    """
    spelled = _spelled(network, "weight")
    if spelled is None:
        raise MatrixNotFoundError(
            f"TVB needs weights, and the network has the matrices {', '.join(network.matrices) or 'none'}: "
            "give net.set_matrix('weight', ...)"
        )
    shape = network.matrices[spelled].shape
    if shape[0] != shape[1]:
        raise ShapeError(f"TVB wants square weights, these are {shape}")
