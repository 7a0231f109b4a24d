"""From TVB objects to a network."""

import uuid
from typing import Any

import numpy as np

from tvbo.formats.tvb.table import IDELAYS, MODULES, SIZED, SPEED, SURFACES, UNITS, kind_of, table_of
from tvbo.formats.tvb.values import DERIVED, copied, derived_idelays, has_shape, is_derived, plain
from tvbo.model.arrays import is_sparse
from tvbo.model.matrices import EdgeMatrix
from tvbo.model.mesh import Mesh
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable
from tvbo.model.parameters import Parameter
from tvbo.storage.sparse import copy_sparse


class Importer:
    """Walks over the objects that hang together, and lays them into one network and perhaps its parent."""

    def __init__(self) -> None:
        self.objects: list[dict[str, Any]] = []
        self.numbers: dict[int, int] = {}
        self.homes: dict[int, str] = {}
        self.parent_object: Any = None
        self.forced: dict[tuple[int, str], Any] = {}

    def run(self, root: Any, triple: tuple[Any, Any] | None) -> Network:
        """
        Take an object with all that it refers to.

        Parameters
        ----------
        root : tvb.datatypes object
            The object.
        triple : (connectivity, surface) or None
            What a region mapping is to be linked to, whatever it refers to itself.

        Returns
        -------
        Network
            The network.
        """
        kind = kind_of(root)
        mapping = root.__dict__.get("region_mapping_data") if kind == "Cortex" else root
        mapping = mapping if kind_of(mapping) == "RegionMapping" else None
        local = root.__dict__.get("local_connectivity") if kind == "Cortex" else None
        surface = root if kind in SURFACES else None
        connectivity = root if kind == "Connectivity" else None
        if triple is not None:
            self.parent_object, surface = triple
            self.forced = {(id(root), "connectivity"): triple[0], (id(root), "surface"): surface}
        elif mapping is not None:
            surface = mapping.__dict__.get("surface")
            self.parent_object = mapping.__dict__.get("connectivity")
        if surface is None and local is not None:
            surface = local.__dict__.get("surface")
        network = self._frame(surface, connectivity, mapping)
        for obj in (surface, connectivity, mapping, local):
            if obj is not None and kind_of(obj) in MODULES:
                self.homes[id(obj)] = kind_of(obj) or ""
        if self.parent_object is not None:
            network.parent_network = Importer().run(self.parent_object, None)
        self.network = network
        named = surface if surface is not None and id(surface) in self.homes else root
        self.label_of = id(named)
        title = named.__dict__.get("title")
        network.label = title if type(title) is str else None
        number = self._object(root)
        network.extra["tvb"] = {
            "root": number,
            "returns": "surface" if triple is not None else "root",
            "objects": self.objects,
        }
        return network

    def _frame(self, surface: Any, connectivity: Any, mapping: Any) -> Network:
        """Make a network of the right size; traits that fit it move in."""
        if surface is not None and kind_of(surface) in SURFACES:
            held = surface.__dict__
            vertices, triangles = held.get("vertices"), held.get("triangles")
            sized = has_shape(vertices, (None, 3)) and has_shape(triangles, (None, None))
            if sized and vertices.shape[0] is not None:
                mesh = Mesh(copied(vertices), copied(triangles), element_type="triangle")
                return Network(mesh=mesh, descriptor="surface")
        if connectivity is not None:
            held = connectivity.__dict__
            shapes = [held[name].shape for name in SIZED if held.get(name) is not None]
            square = [shape[0] for shape in shapes if len(shape) == 2 and shape[0] == shape[1]]
            sizes = square[:1] + [shape[0] for shape in shapes if shape]
            return Network(NodeTable(size=sizes[0] if sizes else 0, default_label="region"), descriptor="SC")
        data = mapping.__dict__.get("array_data") if mapping is not None else None
        size = 0 if data is None or data.ndim != 1 else len(data)
        return Network(NodeTable(size=size, default_label="vertex"), descriptor="surface")

    def _object(self, obj: Any) -> int:
        """Note an object once, however often it is referred to."""
        if id(obj) in self.numbers:
            return self.numbers[id(obj)]
        number = self.numbers[id(obj)] = len(self.objects)
        note: dict[str, Any] = {"class": type(obj).__name__, "module": type(obj).__module__, "traits": {}}
        self.objects.append(note)
        for name in ("title", "tags"):
            value = obj.__dict__.get(name)
            shared = name == "title" and self.label_of == id(obj) and type(value) is str
            note[name] = {"home": "label:"} if shared else {"value": plain(value)}
        left = [name for name in IDELAYS if name in obj.__dict__]
        if left:
            note["set_idelays"] = {name: self._left_by_idelays(obj, name) for name in left}
        table = table_of(self.homes[id(obj)]) if id(obj) in self.homes else {}
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

    def _trait(self, obj: Any, name: str, home: str | None) -> dict[str, Any]:
        value = obj.__dict__[name]
        if is_derived(obj.__dict__, name):
            return {"computed": DERIVED[name][0]}
        if home is not None:
            settled = self._settle(home, value)
            if settled is not None:
                return settled
        return self._value(value)

    def _value(self, value: Any) -> dict[str, Any]:
        if value is self.parent_object and value is not None:
            return {"parent": True}
        if hasattr(type(value), "declarative_attrs"):
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
            if not has_shape(value, (n, n)):
                return None
            network.matrices[name] = EdgeMatrix(
                copy_sparse(value) if is_sparse(value) else copied(value), UNITS.get(name)
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
