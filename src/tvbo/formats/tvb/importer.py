"""From TVB objects to networks."""

import uuid
from typing import Any

import numpy as np

from tvbo.errors import UnsupportedObjectError
from tvbo.formats.tvb.table import FRAMES, IDELAYS, PATTERN, PLANS, RECTANGULAR, SPEED, TAKEN, UNITS, Plan, kind_of
from tvbo.formats.tvb.values import DERIVED, copied, derived_idelays, has_shape, is_derived, plain
from tvbo.model.arrays import is_sparse
from tvbo.model.matrices import EdgeMatrix
from tvbo.model.mesh import Mesh
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable
from tvbo.model.parameters import Parameter
from tvbo.model.tvb_traits import HOMES, family
from tvbo.storage.sparse import copy_sparse


class Graph:
    """
    The networks that are made of objects that hang together; each object lies in one of them.

    Attributes
    ----------
    owners : dict of int to (Network, int)
        Where an object lies, by its ``id``: the network, and its number there.
    """

    def __init__(self) -> None:
        self.owners: dict[int, tuple[Network, int]] = {}
        self._gids: dict[Any, list[Any]] = {}

    def network_of(self, obj: Any) -> Network:
        """
        Give the network that an object lies in; one is made if there is none yet.

        Parameters
        ----------
        obj : tvb.datatypes object
            The object.

        Returns
        -------
        Network
            The network.
        """
        if id(obj) not in self.owners:
            Importer(self).run(obj)
        return self.owners[id(obj)][0]

    def link(self, network: Network, obj: Any, name: str) -> dict[str, Any]:
        """
        Link a network to the one that an object lies in, unless it is linked already.

        Parameters
        ----------
        network : Network
            The network to be linked.
        obj : tvb.datatypes object
            The object; its network is made if there is none yet.
        name : str
            What to call the link; a number is added if that is taken.

        Returns
        -------
        dict
            Where the object lies: the link, its number there, and its class.
        """
        other, links = self.network_of(obj), network.links
        known = next((each for each in links if links[each] is other), None)
        if known is None:
            number, known = 1, name
            while known in links:
                number += 1
                known = f"{name}_{number}"
            links[known] = other
        return {"link": known, "object": self.owners[id(obj)][1], "class": type(obj).__name__}

    def twin(self, obj: Any) -> int:
        """
        Count the objects that were met before with the same gid.

        Copies may have it. What they come back as must stay apart, so that their networks must not be identical.

        Parameters
        ----------
        obj : tvb.datatypes object
            The object.

        Returns
        -------
        int
            How many there were.
        """
        met = self._gids.setdefault(obj.__dict__.get("gid"), [])
        met.append(obj)
        return len(met) - 1


class Importer:
    """
    Walks over the objects that make up one network.

    Parameters
    ----------
    graph : Graph
        The networks that were made already.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.objects: list[dict[str, Any]] = []
        self.homes: set[int] = set()
        self.parent_object: Any = None
        self.forced: dict[tuple[int, str], Any] = {}

    def run(self, root: Any, triple: tuple[Any, Any] | None = None, also: tuple[Any, ...] = ()) -> Network:
        """
        Take an object with all that it refers to.

        Parameters
        ----------
        root : tvb.datatypes object
            The object.
        triple : (connectivity, surface) or None
            What a region mapping is to be linked to, whatever it refers to itself.
        also : tuple of tvb.datatypes object
            Objects that belong to it, although it does not refer to them.

        Returns
        -------
        Network
            The network.
        """
        _check_known(root)
        kind = family(kind_of(root))
        plan = PLANS.get(kind, Plan())
        if triple is not None:
            self.forced = {(id(root), "connectivity"): triple[0], (id(root), "surface"): triple[1]}
        found = [*also, *(self._follow(root, path) for path in plan.members)]
        # What lies in another network already is linked.
        members = [each for each in found if kind_of(each) is not None and id(each) not in self.graph.owners]
        network = self.network = self._frame(kind, members)
        self.homes = {id(each) for each in members}
        self.parent_object = self._follow(root, plan.parent) if plan.parent else None
        if self.parent_object is not None:
            network.parent_network = self.graph.network_of(self.parent_object)
        for name, path in plan.links.items():
            linked = self._follow(root, path)
            if linked is not None:
                network.links[name] = self.graph.network_of(linked)
        named = members[0]
        self.label_of = id(named)
        title = named.__dict__.get("title")
        network.label = title if type(title) is str else None
        number = self._object(root)
        for obj in also:
            self._object(obj)
        network.extra["tvb"] = {
            "root": number,
            "returns": "surface" if triple is not None else "root",
            "objects": self.objects,
        }
        return network

    def _get(self, obj: Any, name: str) -> Any:
        return self.forced.get((id(obj), name), obj.__dict__.get(name))

    def _follow(self, root: Any, paths: str) -> Any:
        """Give the object at the end of a path of traits, without reading any; None if the path breaks off."""
        for path in paths.split("|"):
            obj = root
            for name in path.split(".") if path else ():
                obj = None if obj is None else self._get(obj, name)
            if obj is not None:
                return obj
        return None

    def _frame(self, kind: str, members: list[Any]) -> Network:
        """Make a network of the right size; traits that fit it move in."""
        descriptor, node, _ = FRAMES[kind]
        for obj in members:
            held = obj.__dict__
            if family(kind_of(obj)) == "Surface":
                vertices, triangles = held.get("vertices"), held.get("triangles")
                if has_shape(vertices, (None, 3)) and has_shape(triangles, (None, None)):
                    mesh = Mesh(copied(vertices), copied(triangles), element_type="triangle")
                    return Network(mesh=mesh, descriptor=descriptor)
            sized = FRAMES[family(kind_of(obj))].sized
            shapes = [held[name].shape for name in sized if held.get(name) is not None]
            square = [shape[0] for shape in shapes if len(shape) == 2 and shape[0] == shape[1]]
            sizes = square[:1] + [shape[0] for shape in shapes if shape]
            if sizes:
                return Network(NodeTable(size=sizes[0], default_label=node), descriptor=descriptor)
        return Network(NodeTable(size=0, default_label=node), descriptor=descriptor)

    def _object(self, obj: Any) -> int:
        """Note an object once, however often it is referred to."""
        if id(obj) in self.graph.owners:
            return self.graph.owners[id(obj)][1]
        _check_known(obj)
        number = len(self.objects)
        self.graph.owners[id(obj)] = self.network, number
        note: dict[str, Any] = {"class": type(obj).__name__, "module": type(obj).__module__, "traits": {}}
        self.objects.append(note)
        twin = self.graph.twin(obj)
        if twin:
            note["twin"] = twin
        for name in ("title", "tags"):
            value = obj.__dict__.get(name)
            shared = name == "title" and self.label_of == id(obj) and type(value) is str
            note[name] = {"home": "label:"} if shared else {"value": plain(value)}
        left = [name for name in IDELAYS if name in obj.__dict__]
        if left:
            note["set_idelays"] = {name: self._left_by_idelays(obj, name) for name in left}
        beside = [name for name in PATTERN if name in obj.__dict__]
        if beside:
            note["beside"] = {name: self._value(obj.__dict__[name]) for name in beside}
        table = HOMES.get(family(kind_of(obj)), {}) if id(obj) in self.homes else {}
        names = [*table, *(name for name in type(obj).declarative_attrs if name not in table)]
        for name in names:
            if (id(obj), name) in self.forced:
                note["traits"][name] = self._value(self.forced[id(obj), name])
            elif name in obj.__dict__:
                note["traits"][name] = self._trait(obj, name, table.get(name))
            elif table.get(name) == SPEED:
                # Nobody has read it yet, so that TVB does not hold its default; people want to see it.
                default = float(getattr(type(obj), name).default[0])
                note["traits"][name] = {"unset": default}
                self.network.parameters[SPEED.partition(":")[2]] = Parameter(default, "mm_per_ms", "v")
        return number

    def _left_by_idelays(self, obj: Any, name: str) -> dict[str, Any]:
        value = obj.__dict__[name]
        derived = derived_idelays(obj.__dict__, name)
        same = type(value) is type(derived) and np.array_equal(value, derived)
        return {"computed": "idelays"} if same else self._value(value)

    def _trait(self, obj: Any, name: str, homes: str | None) -> dict[str, Any]:
        value = obj.__dict__[name]
        if is_derived(obj.__dict__, name):
            return {"computed": DERIVED[name][0]}
        for home in homes.split("|") if homes is not None else ():
            settled = self._settle(home, value)
            if settled is not None:
                return settled
        return self._value(value, name)

    def _value(self, value: Any, name: str = "other") -> dict[str, Any]:
        if value is self.parent_object and value is not None:
            return {"parent": True}
        if hasattr(type(value), "declarative_attrs"):
            owner = self.graph.owners.get(id(value))
            if owner is not None and owner[0] is not self.network:
                return self.graph.link(self.network, value, name)
            return {"object": self._object(value)}
        if isinstance(value, uuid.UUID):
            return {"uuid": str(value)}
        if isinstance(value, np.ndarray):
            return {"value": copied(value)}
        return {"value": copy_sparse(value) if is_sparse(value) else plain(value)}

    def _settle(self, home: str, value: Any) -> dict[str, Any] | None:
        """Move a value into its place, if it fits there; otherwise it is kept as it is."""
        network = self.network
        place, _, name = home.partition(":")
        if value is None:
            return None
        n = network.number_of_nodes
        if place == "parameter":
            if not (isinstance(value, np.ndarray) and value.dtype == np.float64):
                return None
            if value.shape in ((), (1,)):
                network.parameters[name] = Parameter(float(value.reshape(-1)[0]), "mm_per_ms", "v")
                return {"home": home, "shape": list(value.shape)}
            network.parameters[name] = Parameter(copied(value), "mm_per_ms", "v")
            return {"home": home}
        if place == "matrix":
            if not has_shape(value, (n, None if name in RECTANGULAR else n)):
                return None
            # Without names for its columns: TVB's objects have none.
            network.matrices.adopt(
                name, EdgeMatrix(copy_sparse(value) if is_sparse(value) else copied(value), UNITS.get(name))
            )
        elif place == "mesh":
            if network.mesh is None or (name == "normals" and not has_shape(value, (n, 3))):
                return None
            if name == "normals":
                network.mesh.arrays["normals"] = copied(value)
        elif not isinstance(value, np.ndarray) or value.shape[:1] != (n,):
            return self._settle_mapping(value) if place == "mapping" else None
        elif place == "column":
            network.nodes.columns[name] = copied(value)
        elif place == "labels":
            if value.ndim != 1:
                return None
            network.nodes.labels = copied(value)
        elif place == "positions":
            if value.shape != (n, 3):
                return None
            network.nodes.positions = copied(value)
        else:
            return self._settle_mapping(value)
        return {"home": home}

    def _settle_mapping(self, value: Any) -> dict[str, Any] | None:
        # TVB takes a mapping of any length; one that is shorter than the surface is kept, and maps nothing.
        if not has_shape(value, (None,)) or len(value) < self.network.number_of_nodes:
            return None
        self.network.node_mapping_data = copied(value)
        return {"home": "mapping:"}


def _check_known(obj: Any) -> None:
    """Refuse now what could not be given back: a class that is not TVB's own."""
    equation = type(obj).__module__ == "tvb.datatypes.equations"
    if kind_of(obj) is None and not equation:
        kind = f"{type(obj).__module__}.{type(obj).__qualname__}"
        raise UnsupportedObjectError(f"cannot take a {kind}: expected one of tvb.datatypes' {', '.join(TAKEN)}")
