"""A surface in an archive."""

import os.path
import re
from typing import Any

import numpy as np

from tvbo.errors import DamagedFileError, ShapeError
from tvbo.formats.tvb_zip.members import EXTRA, INFO, Array, Members, base, held_info, text_of
from tvbo.model.datatypes import Datatype, datatype_of, network_of, root_note
from tvbo.model.narrowing import truths
from tvbo.model.network import Network
from tvbo.model.tvb_traits import SURFACES

_PARTS = ("vertices", "normals", "triangles")
_LEFT, _RIGHT = re.compile(r"left|lh|l", re.IGNORECASE), re.compile(r"right|rh|r", re.IGNORECASE)


def is_surface(names: list[str]) -> bool:
    """
    Tell whether an archive holds a surface.

    Parameters
    ----------
    names : list of str
        Its tables.

    Returns
    -------
    bool
        True if there are vertices and triangles.
    """
    return all(_named(names, part) for part in ("vertices", "triangles"))


def _named(names: list[str], part: str) -> list[str]:
    return sorted(name for name in names if part in base(name).lower())


def read(members: Members, kind: str, zero_based: bool) -> Network:
    """
    Read a surface.

    Parameters
    ----------
    members : Members
        The archive.
    kind : str
        The class of TVB that it is to be.
    zero_based : bool
        Whether the vertices of triangles are counted from 0.

    Returns
    -------
    Network
        The network, as ``Network.from_tvb`` makes it of what TVB reads.
    """
    if kind not in SURFACES:
        raise ValueError(f"kind={kind!r} is no surface: expected one of {', '.join(SURFACES)}")
    found = {part: _named(members.names, part) for part in _PARTS}
    if not found["vertices"] or len(found["vertices"]) != len(found["triangles"]):
        raise DamagedFileError(f"{members.where} is no surface of TVB: expected as many vertices as triangles")
    sides = _sides(found)
    if sides is not None:
        # Left first, as TVB lays them.
        found = {part: [names[sides.index(side)] for side in (0, 1)] if names else [] for part, names in found.items()}
    vertices = [_rows(members, name, np.float64) for name in found["vertices"]]
    triangles = [_rows(members, name, np.int64) - (not zero_based) for name in found["triangles"]]
    for name, own, corners in zip(found["triangles"], vertices, triangles, strict=True):
        _check(members.place(name), corners, len(own), zero_based)
    starts = np.cumsum([0, *map(len, vertices)])
    traits: dict[str, Any] = {
        "vertices": np.concatenate(vertices) if len(vertices) > 1 else vertices[0],
        "triangles": np.concatenate([part + start for part, start in zip(triangles, starts[:-1], strict=True)])
        if len(triangles) > 1
        else triangles[0],
        "vertex_normals": _normals(members, found["normals"]),
    }
    if sides is not None:
        traits["hemisphere_mask"] = np.arange(starts[-1]) >= starts[1]
        traits["bi_hemispheric"] = True
    network = network_of(Datatype(kind, traits))
    if members.info is not None:
        network.extra[EXTRA] = {"info": members.info}
    return network


def _rows(members: Members, name: str, dtype: Any) -> Array:
    values = members.numbers(name, dtype)
    rows = values.reshape(1, 3) if values.shape == (3,) else values
    if rows.ndim != 2 or rows.shape[1] != 3:
        raise DamagedFileError(f"{members.place(name)} has shape {values.shape}: expected three numbers in each row")
    return rows


def _normals(members: Members, names: list[str]) -> Array:
    """Read normals; there may be none, in an empty member or without one, and then TVB computes them."""
    parts = [members.numbers(name) for name in names]
    if not parts or not any(part.size for part in parts):
        return np.empty(0)
    rows = [part.reshape(-1, 3) if part.size == 3 else part for part in parts]
    return np.concatenate(rows) if len(rows) > 1 else rows[0]


def _check(place: str, corners: Array, count: int, zero_based: bool) -> None:
    if not corners.size or (corners.min() >= 0 and corners.max() < count):
        return
    low, high = int(corners.min()), int(corners.max())
    hint = (
        ": they seem to be counted from 1, open it with zero_based=False"
        if zero_based and (low, high) == (1, count)
        else ""
    )
    raise ShapeError(f"{place} joins vertices {low} to {high}, and there are {count}: expected 0 to {count - 1}{hint}")


def _sides(found: dict[str, list[str]]) -> list[int] | None:
    """Tell left from right where every quantity has two members that are named so: 0 for left."""
    told = []
    for names in found.values():
        if not names:
            continue
        if len(names) != 2:
            return None
        bare = [base(name) for name in names]
        # Of letters, not of folders.
        rest = [name[len(os.path.commonprefix(bare)) :] for name in bare]  # noqa: RUF071
        sides = [0 if _LEFT.match(each) else 1 if _RIGHT.match(each) else -1 for each in rest]
        if sorted(sides) != [0, 1]:
            return None
        told.append(sides)
    return told[0] if told and all(sides == told[0] for sides in told) else None


def write(network: Network, split: bool) -> tuple[dict[str, bytes], str]:
    """
    Write a surface.

    Parameters
    ----------
    network : Network
        The network.
    split : bool
        Whether each hemisphere gets members of its own, which tvb-framework reads and tvb-library does not.

    Returns
    -------
    files : dict of str to bytes
        The members.
    hint : str
        What to do about what is lost.
    """
    kind = str(root_note(network).get("class"))
    # What lies on the surface, such as a mapping of regions, has no place in an archive of it.
    traits = datatype_of(network, kind if kind in SURFACES else "CorticalSurface").traits
    vertices, triangles = traits["vertices"], traits["triangles"]
    normals = traits.get("vertex_normals")
    normals = np.empty((0, 3)) if normals is None or not normals.size else normals
    if triangles.shape[1] != 3:
        raise ShapeError(f"the mesh has elements of {triangles.shape[1]} vertices: TVB takes triangles")
    mask = traits.get("hemisphere_mask")
    info = held_info(network)
    files = {} if info is None else {INFO: info.encode()}
    if not split:
        files |= _files("", vertices, normals, triangles)
        return files, "" if mask is None else ", or with split=True for tvb-framework, which keeps the hemispheres"
    if mask is None:
        raise ShapeError("there is no column 'hemisphere' to split the surface by: save it without split=True")
    right = truths(mask, "hemisphere")
    start = int(np.count_nonzero(~right))
    of_right = right[triangles]
    if right[:start].any() or (of_right.any(axis=1) != of_right.all(axis=1)).any():
        raise ShapeError("the hemispheres are not apart: expected all left vertices first, and no triangle across")
    after = ~of_right[:, 0]
    if (np.diff(after.astype(np.int8)) > 0).any():
        raise ShapeError("triangles of the left hemisphere follow those of the right one: expected the left ones first")
    parts = ((slice(None, start), after, 0, "left_"), (slice(start, None), ~after, start, "right_"))
    for rows, chosen, first, name in parts:
        own = normals[rows] if len(normals) else normals
        files |= _files(name, vertices[rows], own, triangles[chosen] - first)
    return files, ""


def _files(name: str, vertices: Array, normals: Array, triangles: Array) -> dict[str, bytes]:
    return {
        f"{name}vertices.txt": text_of(vertices),
        f"{name}vertex_normals.txt": text_of(normals),
        f"{name}triangles.txt": text_of(triangles.astype(np.int64)),
    }
