"""A datatype into a file that TVB's framework reads."""

import uuid
from datetime import datetime
from typing import Any

import numpy as np
import scipy.sparse as sp

from tvbo.errors import MatrixNotFoundError, ShapeError, UnknownFormatError
from tvbo.formats.tvb_h5.layout import DTYPES, EQUATION, FINAL, LAYOUTS, REQUIRED
from tvbo.formats.tvb_h5.reader import EXTRA, PREFIX, dump
from tvbo.model.arrays import Array
from tvbo.model.datatypes import Datatype, datatype_of, gid_of, references_of
from tvbo.model.network import Network
from tvbo.model.tvb_traits import MODULES, family
from tvbo.storage.plain_hdf5 import build

# The framework draws surfaces in slices that have no more vertices than that, each reaching into the next.
_SLICE, _OVERLAP = 40_000, 15_000


def image(network: Network) -> tuple[bytes, Datatype]:
    """
    Lay a network into a file.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    data : bytes
        The file.
    datatype : Datatype
        What it holds.
    """
    datatype = datatype_of(network)
    base = family(datatype.kind)
    layout, traits = LAYOUTS[base], datatype.traits
    arrays = {name: _typed(datatype.kind, name, traits[name]) for name in layout.arrays if _is_there(traits.get(name))}
    _complete(network, datatype, arrays)
    gid = datatype.gid or gid_of(datatype)
    root = _common(network, datatype.kind, layout.writer, gid)
    attrs: dict[str, dict[str, Any]] = {"": root}
    for name, kind in layout.scalars.items():
        value = traits.get(name, _computed(name, arrays, traits))
        if value is not None:
            root[f"{PREFIX}{name}"] = _scalar(value, kind)
    if datatype.kind in FINAL:
        name, fixed = FINAL[datatype.kind]
        root.setdefault(f"{PREFIX}{name}", fixed)
    kept = network.extra.get(EXTRA, {})
    for name in layout.references:
        note = references_of(network).get(name)
        reference = note["traits"]["gid"]["uuid"] if note else kept.get("references", {}).get(name)
        if reference is not None:
            root[f"{PREFIX}{name}"] = uuid.UUID(reference).urn
    if base == "Surface":
        slices, split = _slices(arrays["vertices"], arrays["triangles"], traits.get("hemisphere_mask"))
        root |= {f"{PREFIX}number_of_split_slices": len(slices), f"{PREFIX}split_slices": dump(slices)}
        arrays["split_triangles"] = split
    if base == "LocalConnectivity":
        _put_sparse(arrays, attrs, "matrix", traits.get("matrix"))
        note = references_of(network).get("equation")
        parameters = note["traits"].get("parameters", {}).get("value", {}) if note else {}
        root[f"{PREFIX}equation"] = dump({"type": note["class"], "parameters": parameters} if note else EQUATION)
    if base == "ConnectivityMeasure":
        root[f"{PREFIX}title"] = network.label or ""
    for name, array in arrays.items():
        attrs.setdefault(name, _summary(array))
    return build(arrays, attrs), datatype


def _is_there(value: Any) -> bool:
    return value is not None and getattr(value, "ndim", 0) > 0


def _typed(kind: str, name: str, values: Array) -> Array:
    integer = name == "array_data" and kind in ("RegionMapping", "RegionVolumeMapping")
    dtype = np.dtype("i8" if integer else DTYPES.get(name, "f8"))
    if values.dtype.kind == "U" and dtype.kind == "U":
        return np.asarray(values)
    if values.dtype.kind in "iu" and dtype.kind == "b":
        return np.asarray(values).astype(bool)
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


def _common(network: Network, kind: str, writer: str, gid: uuid.UUID) -> dict[str, Any]:
    if kind not in MODULES:
        raise UnknownFormatError(f"the framework has no file for a {kind}")
    texts = ("subject", "state", "operation_tag", *(f"user_tag_{number}" for number in range(1, 6)))
    kept = network.extra.get(EXTRA, {})
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
        left = len(vertices) - int(np.count_nonzero(mask))
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
