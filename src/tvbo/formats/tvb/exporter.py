"""From a network to TVB objects."""

import functools
import uuid
import weakref
from typing import Any

import numpy as np

from tvbo import _sparse as sp
from tvbo.errors import UnsupportedObjectError
from tvbo.formats.tvb.dropped import report
from tvbo.formats.tvb.fresh import fresh
from tvbo.formats.tvb.simulator import simulation
from tvbo.formats.tvb.table import PATTERN, TVBSurface, tvb_module
from tvbo.formats.tvb.values import DERIVED, copied, derived_idelays, plain
from tvbo.model.arrays import is_sparse, load
from tvbo.model.datatypes import root_note
from tvbo.model.network import Network
from tvbo.model.tvb_traits import MODULES, family
from tvbo.storage.sparse import copy_sparse


def to_object(network: Network, *, kind: str | None = None, strict: bool = False) -> Any:
    """
    Give back the TVB object that a network was made of, or make one of a network that never was in TVB.

    Parameters
    ----------
    network : Network
        The network.
    kind : str, optional
        The class of TVB that a network that never was there is to be, such as ``"ProjectionSurfaceEEG"`` or
        ``"SensorsInternal"``. Without it, what has a mesh is a CorticalSurface, what has a matrix ``gain`` a
        projection, and what has the descriptor ``sensors`` is sensors: of the kind that its parameter ``sensor_type``
        says (``eeg``, ``meg``, ``seeg``), else of MEG if there is a column ``orientation``, else of the base class.
        All else is a Connectivity.
    strict : bool
        Whether it is an error if TVB has no place for something; else that is a warning.

    Returns
    -------
    tvb.datatypes object, TVBSurface or TVBSimulation
        As `Network.execute` says.

    Raises
    ------
    ValueError
        If there is no such class, or the network came from TVB as another one.
    MatrixNotFoundError, ShapeError
        If the network lacks what TVB needs.
    LossyConversionError
        If it is strict, and TVB has no place for something.
    """
    tvb_module("tvb.basic.neotraits.api")
    own = root_note(network).get("class", "Simulator") if network.extra.get("tvb") else kind
    if kind is not None and own != kind:
        raise ValueError(f"kind={kind!r}, but the network came from TVB as a {own}, and goes back as such")
    made = Session().give(network, kind)
    if own != "Simulator":
        # The connectivity of a surface holds the parent.
        parts = made[1:] if isinstance(made, TVBSurface) else (made,)
        report(network, (type(part).__name__ for part in parts), strict)
    return made


@functools.cache
def _class_of(name: str, module: str) -> type:
    """Find a class by name among those that are known to be data; a file must not name any other."""
    if MODULES.get(name) == module:
        found: type = getattr(tvb_module(module), name)
        return found
    equations = tvb_module("tvb.datatypes.equations")
    found = getattr(equations, name, type(None))
    if module == "tvb.datatypes.equations" and issubclass(found, equations.Equation):
        return found
    raise UnsupportedObjectError(f"the network names the class {module}.{name}, which is not one that tvbo restores")


class Session:
    """One walk over linked networks: what is one object in several of them comes out as one."""

    def __init__(self) -> None:
        self._exporters: dict[str, list[_Exporter]] = {}

    def exporter(self, network: Network) -> "_Exporter":
        """
        Give what makes objects of a network; the same for networks that are the same to the last bit.

        Parameters
        ----------
        network : Network
            The network.

        Returns
        -------
        _Exporter
            It remembers what it made.
        """
        made = _Exporter(network, self)
        alike = self._exporters.setdefault(_name_of(network) or str(id(network)), [])
        for known in alike:
            # A digest of each, not a comparison of each with each: a file may link as many as it likes.
            if known.network is network or known.digest == made.digest:
                return known
        alike.append(made)
        return made

    def give(self, network: Network, kind: str | None = None) -> Any:
        """
        Give what a network stands for.

        Parameters
        ----------
        network : Network
            The network.
        kind : str, optional
            The class that it is to be, if it never was in TVB.

        Returns
        -------
        tvb.datatypes object, TVBSurface or TVBSimulation
            The object.
        """
        exporter = self.exporter(network)
        note = network.extra.get("tvb")
        if note is None:
            return exporter.fresh if kind is None else fresh(network, self, kind)
        if note["returns"] == "simulation":
            return simulation(exporter, note)
        root = exporter.object(note["root"])
        return TVBSurface(root.connectivity, root.surface, root) if note["returns"] == "surface" else root


def _name_of(network: Network) -> str | None:
    """Give what identical networks have in common and is soon looked up: the gid of the object they are made of."""
    note = network.extra.get("tvb")
    if note is None or "root" not in note:
        return None
    gid: str | None = note["objects"][note["root"]]["traits"].get("gid", {}).get("uuid")
    return gid


class _Exporter:
    def __init__(self, network: Network, session: Session) -> None:
        self.network = network
        # What it made is not to wait for the garbage collector, which does not know how large arrays are.
        self.session: Session = weakref.proxy(session)
        self.notes: list[dict[str, Any]] = network.extra.get("tvb", {}).get("objects", [])
        self.made: dict[int, Any] = {}
        self.surfaces: dict[str, Any] = {}

    @functools.cached_property
    def digest(self) -> str:
        return self.network.digest()

    @functools.cached_property
    def fresh(self) -> Any:
        return fresh(self.network, self.session)

    def surface(self, kind: str) -> Any:
        """Make a surface of a mesh, of one class once."""
        if kind not in self.surfaces:
            own = self.fresh if kind == "CorticalSurface" else fresh(self.network, self.session, kind)
            self.surfaces[kind] = own.surface if isinstance(own, TVBSurface) else own
        return self.surfaces[kind]

    def part(self, number: int | None, kind: str) -> Any:
        """Give the object of a number, or else the first one that can stand for a class."""
        wanted = family(kind)
        if not self.notes:
            made = self.fresh
            for each in made if isinstance(made, TVBSurface) else (made,):
                if family(type(each).__name__) == wanted:
                    return each
        fitting = [index for index, note in enumerate(self.notes) if family(note["class"]) == wanted]
        if not fitting:
            raise UnsupportedObjectError(
                f"network {self.network.label!r} gives no {wanted}, which a network that is linked to it needs"
            )
        return self.object(number if number in fitting else fitting[0])

    def linked(self, encoded: dict[str, Any]) -> Any:
        """Give an object that lies in a linked network."""
        network = self.network.links[encoded["link"]]
        return self.session.exporter(network).part(encoded["object"], encoded["class"])

    def object(self, number: int) -> Any:
        if number in self.made:
            return self.made[number]
        note = self.notes[number]
        obj = self.made[number] = _class_of(note["class"], note["module"])()
        for name in type(obj).declarative_attrs:
            obj.__dict__.pop(name, None)
        computed = []
        for name, encoded in note["traits"].items():
            if "unset" in encoded:
                value = self.network.conduction_speed.value
                if value != encoded["unset"]:
                    _assign(obj, name, np.atleast_1d(np.asarray(value, dtype=np.float64)))
                continue
            if "computed" in encoded:
                computed.append(name)
                continue
            _assign(obj, name, self._held(encoded) if "home" in encoded else self._decode(encoded))
        for name in computed:
            _assign(obj, name, DERIVED[name][1](obj.__dict__))
        for name in ("title", "tags"):
            obj.__dict__[name] = self._decode(note[name])
        for name, encoded in note.get("set_idelays", {}).items():
            derived = "computed" in encoded
            obj.__dict__[name] = derived_idelays(obj.__dict__, name) if derived else self._decode(encoded)
        for name, encoded in note.get("beside", {}).items():
            if name in PATTERN:
                obj.__dict__[name] = self._decode(encoded)
        return obj

    def _decode(self, encoded: dict[str, Any]) -> Any:
        if "link" in encoded:
            return self.linked(encoded)
        if "object" in encoded:
            return self.object(encoded["object"])
        if "parent" in encoded:
            return self.session.exporter(self.network.parent()).part(None, "Connectivity")
        if "uuid" in encoded:
            return uuid.UUID(encoded["uuid"])
        if "home" in encoded:
            held = self._held(encoded)
            return copied(held) if isinstance(held, np.ndarray) else held
        return plain(encoded["value"])

    def _held(self, encoded: dict[str, Any]) -> Any:
        """Give what stands for it in the network; what is given may be what the network itself holds."""
        network = self.network
        place, _, name = encoded["home"].partition(":")
        if place == "label":
            return network.label
        if place == "parameter":
            value = network.parameters[name].value
            if "shape" in encoded and not hasattr(value, "__array__"):
                return np.full(encoded["shape"], value, dtype=np.float64)
            return np.array(load(value), order="K") if hasattr(value, "__array__") else np.array([value], dtype=float)
        if place == "matrix":
            values = network.matrix(name, format=None)
            if is_sparse(values):
                return copy_sparse(values) if name == "local_connectivity" else values.toarray()
            return sp.csr_matrix(values) if name == "local_connectivity" else values
        if place == "mesh":
            return network.need_mesh().arrays[name]
        if place == "column":
            return network.nodes.columns[name]
        if place == "mapping":
            return network.node_mapping_data
        return network.nodes.labels if place == "labels" else network.nodes.positions


def _assign(obj: Any, name: str, value: Any) -> None:
    """Set a trait through TVB's own check; what a class fixes for good appears when it is read."""
    declared = getattr(type(obj), name)
    if value is None:
        # Reading a required trait that was never set leaves None there, which its own check would refuse.
        obj.__dict__[name] = None
    elif type(declared).__name__ == "Final" and declared.default is not None:
        getattr(obj, name)
    else:
        setattr(obj, name, value)
        if not isinstance(value, np.ndarray):
            # TVB's check turns an int default into a float; what was there was fine.
            obj.__dict__[name] = value
        elif np.may_share_memory(obj.__dict__[name], value):
            # The check of most traits copies an array; the object must not share one with the network.
            obj.__dict__[name] = copied(value)
