"""A datatype into a file that TVB's framework reads."""

import uuid
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from tvbo.errors import MatrixNotFoundError, ShapeError, UnknownFormatError
from tvbo.formats.tvb_h5.equations import DEFAULTS, PARAMETERS
from tvbo.formats.tvb_h5.layout import DTYPES, FINAL, LAYOUTS, REFERRED, REQUIRED
from tvbo.formats.tvb_h5.reader import EXTRA, PREFIX, dump
from tvbo.model.arrays import Array
from tvbo.model.datatypes import Datatype, datatype_of, gid_of, is_encodable, part_of, root_note
from tvbo.model.narrowing import truths
from tvbo.model.network import Network
from tvbo.model.tvb_traits import MODULES, family
from tvbo.storage.plain_hdf5 import build

# The framework draws surfaces in slices that have no more vertices than that, each reaching into the next.
_SLICE, _OVERLAP = 40_000, 15_000


class Files:
    """
    The files of a datatype, and of those that it refers to.

    Parameters
    ----------
    network : Network
        The network that the datatype is.

    Attributes
    ----------
    root : bytes
        Its file.
    linked : dict of str to bytes
        The others, as the framework names them.
    """

    def __init__(self, network: Network) -> None:
        self.linked: dict[str, bytes] = {}
        self._gids: dict[tuple[int, int | None, str], uuid.UUID] = {}
        self._held: list[Network] = []
        self.root, _ = self._image(_Source(network, None, datatype_of(network)), "")

    def _image(self, source: "_Source", above: str) -> tuple[bytes, uuid.UUID]:
        """Lay a datatype into a file; give its gid as well."""
        network, datatype = source.network, source.datatype
        base = family(datatype.kind)
        if base not in LAYOUTS:
            raise UnknownFormatError(f"the framework has no file for a {datatype.kind}")
        layout, traits = LAYOUTS[base], datatype.traits
        arrays = {
            name: _typed(datatype.kind, name, traits[name]) for name in layout.arrays if _is_there(traits.get(name))
        }
        _complete(network, datatype, arrays)
        gid = datatype.gid or gid_of(datatype)
        # What is known of a project is known of the file that the network was read from.
        kept = network.extra.get(EXTRA, {}) if source.is_root else {}
        root = _common(kept, datatype.kind, layout.writer, gid)
        attrs: dict[str, dict[str, Any]] = {"": root}
        for name, kind in layout.scalars.items():
            value = traits.get(name, _computed(name, arrays, traits))
            if value is not None:
                root[f"{PREFIX}{name}"] = _scalar(value, kind)
        if datatype.kind in FINAL:
            name, fixed = FINAL[datatype.kind]
            root.setdefault(f"{PREFIX}{name}", fixed)
        for name, place in layout.references.items():
            reference = self._reference(source, name, place, above)
            if reference is not None:
                root[f"{PREFIX}{name}"] = reference.urn
        for name in layout.equations:
            root[f"{PREFIX}{name}"] = dump(source.equation(name))
        if base == "Surface":
            slices, split = _slices(arrays["vertices"], arrays["triangles"], traits.get("hemisphere_mask"))
            root |= {f"{PREFIX}number_of_split_slices": len(slices), f"{PREFIX}split_slices": dump(slices)}
            arrays["split_triangles"] = split
        if base == "LocalConnectivity":
            _put_sparse(arrays, attrs, "matrix", traits.get("matrix"))
        if base == "StimuliSurface":
            arrays["focal_points_surface"] = _focal_points(source, arrays["focal_points_triangles"])
        if base == "ConnectivityMeasure":
            root[f"{PREFIX}title"] = network.label or ""
        for name, array in arrays.items():
            attrs.setdefault(name, _summary(array))
        return build(arrays, attrs), gid

    def _reference(self, source: "_Source", name: str, place: str, above: str) -> uuid.UUID | None:
        """Write what a datatype refers to, once, and give its gid; None if it refers to nothing."""
        found = source.refer(name, place)
        if found is None:
            left = source.network.extra.get(EXTRA, {}).get("references", {}).get(above + name)
            return None if left is None else uuid.UUID(left)
        key = id(found.network), found.number, found.datatype.kind
        if key not in self._gids:
            # An id is that of a network only as long as somebody holds it.
            self._held.append(found.network)
            data, gid = self._image(found, f"{above}{name}.")
            self._gids[key] = gid
            self.linked[f"{found.datatype.kind}_{gid.hex}.h5"] = data
        return self._gids[key]


class _Source(NamedTuple):
    """A datatype, the network that it lies in, and its number there; None where it has no note."""

    network: Network
    number: int | None
    datatype: Datatype

    @property
    def note(self) -> dict[str, Any]:
        if self.number is None:
            return root_note(self.network)
        note: dict[str, Any] = self.network.extra["tvb"]["objects"][self.number]
        return note

    @property
    def is_root(self) -> bool:
        held = self.network.extra.get("tvb")
        return self.number is None or held is None or held.get("root") == self.number

    def equation(self, name: str) -> dict[str, Any]:
        encoded = self.note.get("traits", {}).get(name, {})
        if "object" in encoded:
            note = self.network.extra["tvb"]["objects"][encoded["object"]]
            kind, held = note["class"], note["traits"].get("parameters")
        else:
            kind, held = DEFAULTS.get((family(self.datatype.kind), name)), None
        if kind is None:
            raise MatrixNotFoundError(
                f"a {self.datatype.kind} of TVB needs the equation {name}, which the network does not have"
            )
        if held is None and kind not in PARAMETERS:
            raise MatrixNotFoundError(
                f"the equation {name} is a {kind} whose parameters were never read: read them in TVB, as in "
                f"stimulus.{name}.parameters, before you take it"
            )
        return {"type": kind, "parameters": PARAMETERS[kind] if held is None else held["value"]}

    def refer(self, name: str, place: str) -> "_Source | None":
        """Find what a trait refers to; None if there is nothing of the class that it must have."""
        encoded = self.note.get("traits", {}).get(name, {})
        wanted = REFERRED[name]
        if "link" in encoded:
            return _member(self.network.links[encoded["link"]], encoded["object"], wanted)
        if "object" in encoded:
            return _member(self.network, encoded["object"], wanted)
        if "parent" in encoded or (not self.note and place == "parent"):
            return _member(self.network.parent(), None, wanted) if self.network.has_parent_network else None
        if self.note:
            # Whoever links a network where TVB's object had nothing means it.
            return _member(self.network.links[place], None, wanted) if place in self.network.links else None
        if place == "inside":
            kind = "CorticalSurface" if wanted == "Surface" else wanted
            there = {"Sensors": True, "Surface": self.network.mesh is not None}.get(wanted, False)
            return _Source(self.network, None, datatype_of(self.network, kind)) if there else None
        return _member(self.network.links[place], None, wanted) if place in self.network.links else None


def _member(network: Network, number: int | None, wanted: str) -> _Source | None:
    """Find an object of a class in a network; a network that never was in TVB is one itself."""
    held = network.extra.get("tvb")
    if not held or "root" not in held:
        datatype = datatype_of(network)
        return _Source(network, None, datatype) if family(datatype.kind) == wanted else None
    fitting = [place for place, note in enumerate(held["objects"]) if family(note["class"]) == wanted]
    if not fitting:
        return None
    number = number if number in fitting else fitting[0]
    return _Source(network, number, datatype_of(network) if number == held["root"] else part_of(network, number))


def _focal_points(source: _Source, triangles: Array) -> Array:
    """Give the first vertex of each triangle, which the framework keeps beside them."""
    surface = source.refer("surface", "inside")
    corners = None if surface is None else np.asarray(surface.datatype.traits.get("triangles", np.empty((0, 3))))
    if corners is None or not len(triangles) or triangles.min() < 0 or triangles.max() >= len(corners):
        return np.empty(0)
    points: Array = corners[triangles, 0]
    return points


def _is_there(value: Any) -> bool:
    return value is not None and getattr(value, "ndim", 0) > 0


def _typed(kind: str, name: str, values: Array) -> Array:
    integer = name == "array_data" and kind in ("RegionMapping", "RegionVolumeMapping")
    dtype = np.dtype("i8" if integer else DTYPES.get(name, "f8"))
    if values.dtype.kind == "U" and dtype.kind == "U":
        bad = [each for each in values.reshape(-1).tolist() if not is_encodable(each)]
        if bad:
            raise ShapeError(f"{len(bad)} {name} cannot stand in HDF5, such as {bad[0]!r}: rename them")
        return np.asarray(values)
    if dtype.kind == "b":
        return truths(values, "hemisphere" if name == "hemispheres" else name)
    if values.dtype != dtype and not np.can_cast(values.dtype, dtype, "same_kind" if dtype.kind == "i" else "safe"):
        raise ShapeError(f"{name} has dtype {values.dtype}: TVB takes what fits into {dtype}")
    return np.asarray(values).astype(dtype)


def _complete(network: Network, datatype: Datatype, arrays: dict[str, Array]) -> None:
    """Add what TVB asks for and what can be told; refuse what lacks anything else."""
    if datatype.kind == "Connectivity" and "weights" in arrays:
        arrays.setdefault("centres", np.full((network.number_of_nodes, 3), np.nan))
        if not np.isnan(arrays["centres"]).any():
            # TVB computes lengths of its own where it finds an empty array.
            arrays.setdefault("tract_lengths", np.empty(0))
    missing = [name for name in LAYOUTS[family(datatype.kind)].arrays if name in REQUIRED and name not in arrays]
    if missing:
        raise MatrixNotFoundError(
            f"a {datatype.kind} of TVB needs {', '.join(missing)}, which the network does not have"
        )


def _common(kept: dict[str, Any], kind: str, writer: str, gid: uuid.UUID) -> dict[str, Any]:
    texts = ("subject", "state", "operation_tag", *(f"user_tag_{number}" for number in range(1, 6)))
    found: dict[str, Any] = {name: kept.get(name, "") for name in texts}
    found |= {name: kept.get(name, f"bool:{name == 'visible'}") for name in ("invalid", "is_nan", "visible")}
    found |= {name: value for name, value in kept.items() if name != "references"}
    return {
        f"{PREFIX}gid": gid.urn,
        f"{PREFIX}type": f"{MODULES[kind]}.{kind}",
        f"{PREFIX}written_by": f"tvb.adapters.datatypes.h5.{writer}",
        f"{PREFIX}Data_version": 5,
        f"{PREFIX}create_date": datetime.now().strftime("%Y-%m-%d,%H-%M-%S.%f"),
        **{f"{PREFIX}{name}": value for name, value in found.items()},
    }


def _scalar(value: Any, kind: str) -> Any:
    if kind == "json":
        return dump(list(value) if isinstance(value, tuple) else value)
    return f"bool:{bool(value)}" if kind == "bool" else {"int": int, "float": float, "str": str}[kind](value)


def _computed(name: str, arrays: dict[str, Array], traits: dict[str, Any]) -> Any:
    """Give a scalar that the framework asks for, and that was never set."""
    sizes = {"number_of_regions": "weights", "number_of_vertices": "vertices", "number_of_triangles": "triangles"}
    sizes["number_of_sensors"] = "labels"
    if name in sizes:
        return len(arrays[sizes[name]])
    if name == "number_of_connections":
        return int(np.count_nonzero(arrays["weights"]))
    if name == "bi_hemispheric":
        mask = traits.get("hemisphere_mask")
        return mask is not None and len(np.unique(mask)) > 1
    defaults: dict[str, Any] = {"saved_selection": [], "undirected": False, "zero_based_triangles": True}
    defaults |= {"valid_for_simulations": True, "has_orientation": "orientations" in arrays, "voxel_unit": "mm"}
    defaults |= {"edge_mean_length": 0.0, "edge_min_length": 0.0, "edge_max_length": 0.0, "cutoff": 40.0}
    defaults["conductances"] = {"air": 0.0, "skin": 1.0, "skull": 0.01, "brain": 1.0}
    return defaults.get(name)


def _summary(values: Array) -> dict[str, Any]:
    """Say what viewers of the framework want to know of an array."""
    if values.dtype.kind == "U" or not values.size:
        nothing: dict[str, Any] = dict.fromkeys((f"{PREFIX}Minimum", f"{PREFIX}Maximum", f"{PREFIX}Mean"), "")
        return nothing | {f"{PREFIX}IsFinite": "bool:True", f"{PREFIX}HasComplex": "bool:False"}
    with np.errstate(all="ignore"):
        return {
            f"{PREFIX}Minimum": values.min(),
            f"{PREFIX}Maximum": values.max(),
            f"{PREFIX}Mean": values.mean(),
            f"{PREFIX}IsFinite": f"bool:{bool(np.isfinite(values).all())}",
            f"{PREFIX}HasComplex": "bool:False",
        }


def _put_sparse(arrays: dict[str, Array], attrs: dict[str, dict[str, Any]], name: str, values: Any) -> None:
    if values is None:
        return
    matrix: Any = values if values.format in ("csr", "csc") else sp.csr_matrix(values)
    arrays |= {f"{name}data": matrix.data, f"{name}indptr": matrix.indptr, f"{name}indices": matrix.indices}
    # What carries the attributes has no meaning of its own.
    arrays[name] = np.zeros(1, np.float32)
    size = matrix.data.size
    numbers = (matrix.data.min(), matrix.data.max(), matrix.data.mean()) if size else (0.0, 0.0, 0.0)
    attrs[name] = {
        f"{PREFIX}Minimum": numbers[0],
        f"{PREFIX}Maximum": numbers[1],
        f"{PREFIX}Mean": numbers[2],
        f"{PREFIX}format": matrix.format,
        f"{PREFIX}dtype": matrix.dtype.str,
        f"{PREFIX}Shape": str(tuple(map(int, matrix.shape))),
    }
    for part in ("data", "indptr", "indices"):
        attrs[f"{name}{part}"] = {}


def _slices(vertices: Array, triangles: Array, mask: Array | None) -> tuple[dict[int, Any], Array]:
    """Cut a surface into the slices that the framework draws, hemisphere by hemisphere."""
    sides = [(0, len(vertices), "NONE")]
    if mask is not None and len(np.unique(mask)) > 1:
        left = len(vertices) - int(np.count_nonzero(truths(mask, "hemisphere")))
        sides = [(0, left, "LEFT"), (left, len(vertices), "RIGHT")]
    elif len(vertices) <= _SLICE + _OVERLAP:
        whole = {"triangles": {"start_idx": 0, "end_idx": len(triangles)}}
        whole["vertices"] = {"start_idx": 0, "end_idx": len(vertices)}
        return {0: {**whole, "hemisphere": "NONE"}}, np.empty(0, np.int32)
    bounds: list[tuple[int, int, str]] = []
    for start, end, side in sides:
        count, rest = divmod(end - start, _SLICE)
        count += rest > _OVERLAP or (count == 0 and rest > 0)
        first = start + _SLICE * np.arange(count)
        bounds += [(at, min(end, at + _SLICE + _OVERLAP), side) for at in first.tolist()]
    low, high = triangles.min(axis=1), triangles.max(axis=1)
    left_over = np.ones(len(triangles), bool)
    parts, slices, done = [], {}, 0
    for number, (start, end, side) in enumerate(bounds):
        chosen = left_over & (low >= start) & (high < end)
        left_over &= ~chosen
        parts.append(triangles[chosen] - start)
        slices[number] = {
            "triangles": {"start_idx": done, "end_idx": done + len(parts[-1])},
            "vertices": {"start_idx": start, "end_idx": end},
            "hemisphere": side,
        }
        done += len(parts[-1])
    return slices, np.concatenate(parts).astype(np.int32)
