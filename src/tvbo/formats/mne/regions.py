"""Which source belongs to which region, what area it stands for, and how much of each region was used."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tvbo.errors import DuplicateNameError, ShapeError, warn
from tvbo.formats.mne.forward import Floats, Ints, Sources, candidates
from tvbo.model import projection

# Below this share of used sources a region's gain stands for a part of it only, and we say so.
_ENOUGH = 0.5


def _over_vertices(name: str, values: Any, sources: Sources, fill: Any) -> NDArray[Any]:
    """Spread one value per vertex, or per picked vertex, over all vertices."""
    array = np.asarray(values)
    n_vertices, n_picked = sources.starts[-1], sources.candidates.size
    if array.shape == (n_vertices,):
        return array
    if array.shape == (n_picked,):
        spread = np.full(n_vertices, fill, dtype=array.dtype)
        spread[sources.candidates] = array
        return spread
    sizes = " + ".join(str(size) for size in np.diff(sources.starts))
    expected = f"({n_vertices},), one for each vertex of the source spaces ({sizes})"
    if n_picked != n_vertices:
        expected += f", or ({n_picked},), one for each picked vertex"
    hint = ""
    if array.shape == (sources.used.size,):
        hint = "; it seems to lack the sources that MNE dropped: give the array for all of them"
    raise ShapeError(f"{name} has the shape {array.shape}: expected {expected}{hint}")


def read_regions(
    sources: Sources, regions: ArrayLike | None, labels: Sequence[Any] | None, names: Sequence[str] | None
) -> tuple[Ints, list[str]]:
    """
    Find the region of every vertex, and the names of the regions.

    Parameters
    ----------
    sources : Sources
        The vertices.
    regions : array, shape (n_vertices,) or (n_candidates,), int, or None
        The region of each; -1 for none.
    labels : list of mne.Label or None
        The regions, instead of `regions`.
    names : sequence of str or None
        What to call the regions.

    Returns
    -------
    index : array, shape (n_vertices,), int
        The region of every vertex; -1 for none.
    names : list of str, shape (n_regions,)
        Their names.

    Raises
    ------
    ShapeError
        If the arrays do not fit the source spaces.
    DuplicateNameError
        If two regions have one name.
    ValueError
        If labels overlap or lie elsewhere.
    """
    if regions is not None and labels is not None:
        raise ValueError("regions= and labels= are two ways to say the same: give one of them")
    if labels is not None:
        index, own = _index_of_labels(sources, labels)
        n_regions = len(own)
    else:
        index = np.asarray(regions)
        if index.dtype.kind not in "iu":
            raise ShapeError(f"regions have the dtype {index.dtype}: expected integers, -1 for no region")
        # Unsigned numbers cannot say "no region", and -1 would wrap round.
        index = _over_vertices("regions", index.astype(np.intp), sources, -1)
        n_regions = len(names) if names is not None else max(int(index.max(initial=-1)) + 1, 0)
        own = [f"region_{i}" for i in range(n_regions)]
    chosen = own if names is None else [str(name) for name in names]
    if len(chosen) != n_regions:
        raise ShapeError(f"there are {len(chosen)} region_labels but {n_regions} labels: expected a name for each")
    twice = sorted({name for name in chosen if chosen.count(name) > 1})
    if twice:
        raise DuplicateNameError(f"two regions are called {', '.join(map(repr, twice))}: give each its own name")
    projection.count_sources(index, n_regions)  # refuses regions out of range
    return index, chosen


def _index_of_labels(sources: Sources, labels: Sequence[Any]) -> tuple[Ints, list[str]]:
    index = np.full(sources.starts[-1], -1, dtype=np.intp)
    for number, label in enumerate(labels):
        for part in (label.lh, label.rh) if label.hemi == "both" else (label,):
            if part.hemi not in sources.spaces:
                raise ValueError(
                    f"label {label.name!r} is of the hemisphere {part.hemi!r}, but the source spaces are "
                    f"{', '.join(sources.spaces)}: give regions= for spaces that are no hemispheres"
                )
            space = sources.spaces.index(part.hemi)
            start, end = sources.starts[space : space + 2]
            vertices = np.asarray(part.vertices) + start
            if vertices.size and vertices.max() >= end:
                raise ShapeError(
                    f"label {label.name!r} has the vertex {vertices.max() - start}, but {part.hemi} has "
                    f"{end - start}: expected labels of the surface that the source space was made from"
                )
            other = index[vertices].max(initial=-1)
            if other >= 0:
                raise ValueError(
                    f"the labels {labels[other].name!r} and {label.name!r} share vertices: "
                    "expected a parcellation, every vertex in one label at most"
                )
            index[vertices] = number
    return index, [str(label.name) for label in labels]


def read_areas(forward: Any, sources: Sources, areas: ArrayLike | None) -> Floats:
    """
    Find the area that every used source stands for.

    Parameters
    ----------
    forward : mne.Forward
        The forward solution.
    sources : Sources
        Its vertices.
    areas : array, shape (n_vertices,) or (n_candidates,), float64 [mm^2], or None
        The areas, if the caller knows them; from the triangles over the candidates otherwise.

    Returns
    -------
    array, shape (n_sources,), float64 [mm^2]
        The areas, in the order of the columns of the gain.

    Raises
    ------
    ShapeError
        If `areas` do not fit the source spaces.
    ValueError
        If a space has no triangles to tell.
    """
    if areas is not None:
        return _over_vertices("areas", np.asarray(areas, dtype=np.float64), sources, 0.0)[sources.used]
    found = []
    for space, name in zip(forward["src"], sources.spaces, strict=True):
        picked = candidates(space)
        triangles = space.get("use_tris") if int(space.get("nuse_tri") or 0) else space.get("tris")
        if triangles is None or not len(triangles) or not np.isin(picked, triangles).all():
            raise ValueError(f"the source space {name!r} has no triangles over its sources: give areas= [mm^2]")
        found.append(projection.vertex_areas(np.asarray(space["rr"]) * 1e3, triangles))
    return np.concatenate(found)[sources.used]


def describe_regions(sources: Sources, index: Ints, names: list[str], positions: ArrayLike | None) -> dict[str, Any]:
    """
    Say where the regions are and how much of each the forward solution used; warn where that is little.

    Parameters
    ----------
    sources : Sources
        The vertices.
    index : array, shape (n_vertices,), int
        The region of each.
    names : list of str, shape (n_regions,)
        The regions.
    positions : array, shape (n_regions, 3), float64 [mm], or None
        Where they are, if the caller knows.

    Returns
    -------
    dict
        ``positions`` [mm], ``mapped``, ``used`` and ``coverage``, a row for each region.

    Raises
    ------
    ShapeError
        If `positions` do not fit.

    Warns
    -----
    TvboWarning
        If less than half of the sources of a region were used.
    """
    n_regions = len(names)
    mapped = projection.count_sources(index[sources.candidates], n_regions)
    used = projection.count_sources(index[sources.used], n_regions)
    coverage = np.divide(used, mapped, out=np.full(n_regions, np.nan), where=mapped > 0)
    _warn_of_poor_coverage(names, mapped, used, coverage)
    return {
        "positions": _place_regions(sources, index, n_regions, positions),
        "mapped": mapped.astype(np.int64),
        "used": used.astype(np.int64),
        "coverage": coverage,
    }


def _place_regions(sources: Sources, index: Ints, n_regions: int, positions: ArrayLike | None) -> Floats:
    if positions is None:
        picked = sources.candidates
        return projection.region_positions(sources.positions[picked], index[picked], n_regions)
    middle = np.asarray(positions, dtype=np.float64)
    if middle.shape != (n_regions, 3):
        raise ShapeError(
            f"region_positions has the shape {middle.shape}: expected ({n_regions}, 3), a row for each region"
        )
    return middle


def _warn_of_poor_coverage(names: list[str], mapped: Ints, used: Ints, coverage: Floats) -> None:
    poor = np.flatnonzero(~(coverage >= _ENOUGH))
    if poor.size:
        listed = ", ".join(f"{names[i]} {used[i]}/{mapped[i]}" for i in poor)
        warn(
            f"the forward solution used less than half of the sources of {poor.size} of {len(names)} regions "
            f"({listed}): the others lie outside the inner skull or were never sources, and a region without any "
            "is NaN; check that head and cortex are in one frame"
        )
