"""
Coordinate frames: which way the axes of a brain point, and which way its triangles face.

A *frame* is a code of three letters, what the +x, +y and +z axes point to: ``R`` or ``L`` (right, left), ``A`` or
``P`` (anterior, posterior), ``S`` or ``I`` (superior, inferior). TVB's default connectivity and cortex are ``"ALS"``;
most neuroimaging files are ``"RAS"``; DICOM is ``"LPS"``.

Stored arrays are never turned. Whoever draws them asks :func:`detect_frame` what they are and :func:`to_ras` and
:func:`outward` for a copy that is right side up::

    frame = detect_frame(centres, labels=labels).frame
    positions = to_ras(centres, frame)
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tvbo.errors import ShapeError

__all__ = [
    "FrameEvidence",
    "detect_frame",
    "hemispheres_from_labels",
    "outward",
    "to_ras",
    "vertex_normals",
]

# letter -> (RAS axis, sign)
_LETTERS = {"R": (0, 1.0), "L": (0, -1.0), "A": (1, 1.0), "P": (1, -1.0), "S": (2, 1.0), "I": (2, -1.0)}

# With +z superior, the right-handed frames by the axis (0 = x, 1 = y) and the sign of "right".
_UPRIGHT = {(0, 1): "RAS", (0, -1): "LPS", (1, 1): "PRS", (1, -1): "ALS"}

# The smallest share of points that must lie on their own side for an axis to be called left-right.
_ENOUGH = 0.75

_AXES = "xyz"

# Names that atlases of any tongue share for the front and the back of the cortex.
_FRONT = re.compile(r"front|pfc|orbital|(?<![a-z])fef", re.IGNORECASE)
_BACK = re.compile(r"occip|cuneus|calcar|lingual|^[lr]?V[12]$", re.IGNORECASE)


class FrameEvidence(NamedTuple):
    """
    What :func:`detect_frame` found.

    Attributes
    ----------
    frame : str
        The code of the frame, as ``"ALS"``.
    reason : str
        Why, as a sentence for people.
    assumed : bool
        True if part of the answer is convention and not evidence.
    """

    frame: str
    reason: str
    assumed: bool


def to_ras(points: ArrayLike, frame: str) -> NDArray[np.float64]:
    """
    Turn positions or directions into RAS axes.

    Parameters
    ----------
    points : array, shape (n, 3) [any unit]
        Positions, normals or other vectors.
    frame : str
        What their +x, +y and +z axes point to, as ``"ALS"``.

    Returns
    -------
    array, shape (n, 3), float64 [same unit]
        The same vectors with x = right, y = anterior, z = superior; a new array.

    Raises
    ------
    ValueError
        If `frame` is not such a code.
    ShapeError
        If `points` is not (n, 3).

    Notes
    -----
    A permutation and sign changes: exact. A left-handed code such as ``"LAS"`` is accepted; it reverses the winding
    of triangles, which :func:`outward` mends.

    Examples
    --------
    >>> to_ras([[1, 2, 3]], "ALS").tolist()
    [[-2.0, 1.0, 3.0]]
    """
    axes = _axes_of(frame)
    values = np.asarray(points, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != 3:
        raise ShapeError(f"points must have the shape (n, 3), not {values.shape}")
    turned = np.empty_like(values, order="C")
    for column, (axis, sign) in enumerate(axes):
        turned[:, axis] = sign * values[:, column]
    return turned


def _axes_of(frame: str) -> list[tuple[int, float]]:
    """Return (RAS axis, sign) for each letter of a code."""
    valid = isinstance(frame, str) and len(frame) == 3 and all(letter in _LETTERS for letter in frame)
    axes = [_LETTERS[letter] for letter in frame] if valid else []
    if {axis for axis, _ in axes} != {0, 1, 2}:
        raise ValueError(
            f"{frame!r} is not a coordinate frame: expected three letters, one of R/L, one of A/P and one of S/I, "
            "for what the +x, +y and +z axes point to, such as 'RAS' or 'ALS'"
        )
    return axes


def detect_frame(
    positions: ArrayLike,
    *,
    right: ArrayLike | None = None,
    labels: Sequence[Any] | NDArray[Any] | None = None,
    elements: ArrayLike | None = None,
) -> FrameEvidence:
    """
    Find the frame of a brain from where its left and its right are.

    Parameters
    ----------
    positions : array, shape (n, 3) [any unit]
        Region centres or mesh vertices; rows that are not finite are left out.
    right : array, shape (n,), bool, optional
        True where a position belongs to the right hemisphere.
    labels : sequence of str, length n, optional
        Names that may tell the side, as ``rA1``, ``ctx-lh-insula`` or ``Precentral_R``, and the front, as ``lPFCORB``.
    elements : array, shape (e, k), int, optional
        The faces of a mesh whose vertices the positions are.

    Returns
    -------
    FrameEvidence
        The frame, the reason, and whether part of it is assumed.

    Raises
    ------
    ShapeError
        If the arrays do not fit one another.

    Notes
    -----
    Evidence is taken in this order: `right`; `labels`; the two connected components of `elements` (they tell the
    left-right axis but not which is which, so ALS is assumed for y and RAS for x); none, then RAS is assumed. The
    +z axis is always taken as superior and the frame as right-handed: left and right then settle the rest, unless
    frontal and occipital regions, by their names, lie the other way. (In TVB's 68 and 192 regions they do: the latter
    have the names of left and right swapped against its 76.)
    """
    points = np.asarray(positions, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 3:
        raise ShapeError(f"positions must have the shape (n, 3), not {points.shape}")
    notes: list[str] = []

    sources: list[tuple[str, NDArray[np.int8] | None]] = []
    if right is not None:
        mask = np.asarray(right, dtype=bool)
        sources.append(("hemisphere mask", np.where(mask, 1, -1).astype(np.int8)))
    if labels is not None:
        sources.append(("labels", _sides(labels)))
    for name, sides in sources:
        if sides is None or not ((sides > 0).any() and (sides < 0).any()):
            notes.append(f"the {name} {'do' if name == 'labels' else 'does'} not tell left from right")
            continue
        if sides.shape != (len(points),):
            raise ShapeError(f"the {name} and positions differ in length: {sides.size} and {len(points)}")
        found = _left_right_axis(points, sides)
        if found is None:
            notes.append(f"left and right of the {name} are not apart in x or y")
            continue
        axis, sign = found
        towards = "+" if sign > 0 else "-"
        reason = f"By the {name} the right hemisphere lies towards {towards}{_AXES[axis]}; +z is taken as up."
        return _with_front(FrameEvidence(_UPRIGHT[axis, sign], reason, False), points, labels)

    if elements is not None:
        halves = _two_halves(points, np.asarray(elements))
        found = None if halves is None else _left_right_axis(points, halves)
        if found is not None:
            axis = found[0]
            frame = "RAS" if axis == 0 else "ALS"
            reason = f"The two parts of the mesh lie side by side along {_AXES[axis]}; {frame} is assumed."
            return FrameEvidence(frame, reason, True)
        notes.append("the mesh has no two parts side by side")
    why = "; ".join(notes) or "nothing tells left from right"
    return FrameEvidence("RAS", f"{why[0].upper()}{why[1:]}: RAS is assumed.", True)


def _with_front(found: FrameEvidence, points: NDArray[np.float64], labels: Any) -> FrameEvidence:
    """Turn a frame front to back if the names of regions say so."""
    names = [] if labels is None else [str(name) for name in labels]
    front, back = (np.array([bool(word.search(name)) for name in names], dtype=bool) for word in (_FRONT, _BACK))
    if len(names) != len(points) or min(front.sum(), back.sum()) < 2 or (front & back).any():
        return found
    forward = to_ras(points, found.frame)[:, 1]
    finite = np.isfinite(forward)
    ahead, behind = forward[finite & front], forward[finite & back]
    if not len(ahead) or not len(behind):
        return found
    middle = ahead.mean() / 2 + behind.mean() / 2
    if (np.mean(ahead < middle) + np.mean(behind > middle)) / 2 < _ENOUGH:
        return found
    frame = found.frame.translate(str.maketrans("AP", "PA"))
    reason = (
        f"{found.reason} By their names the frontal regions lie opposite to where that puts them in a right-handed "
        f"frame, so that {frame} is left-handed: left and right may be swapped in the data."
    )
    return FrameEvidence(frame, reason, False)


def _left_right_axis(points: NDArray[np.float64], sides: NDArray[np.int8]) -> tuple[int, Literal[-1, 1]] | None:
    """Return the horizontal axis that parts the sides, and the sign of the right one, or None."""
    finite = np.isfinite(points).all(axis=1)
    # A place that both sides share is a stand-in for an unknown one (116 regions of TVB's 192 lie at one point).
    _, place = np.unique(points, axis=0, return_inverse=True)
    shared = np.intersect1d(place[finite & (sides > 0)], place[finite & (sides < 0)])
    finite &= ~np.isin(place, shared)
    right, left = points[finite & (sides > 0)], points[finite & (sides < 0)]
    if not len(right) or not len(left):
        return None
    best: tuple[float, float, int, Literal[-1, 1]] | None = None
    for axis in (0, 1):
        # Half way between the means is the mid-plane; the share beyond it is robust to scale and to outliers.
        one, other = float(right[:, axis].mean()), float(left[:, axis].mean())
        if one == other:
            continue
        sign: Literal[-1, 1] = 1 if one > other else -1
        middle = one / 2 + other / 2
        share = (np.mean(sign * (right[:, axis] - middle) > 0) + np.mean(sign * (left[:, axis] - middle) < 0)) / 2
        candidate = (float(share), abs(one - other), axis, sign)
        if best is None or candidate > best:
            best = candidate
    if best is None or best[0] < _ENOUGH:
        return None
    return best[2], best[3]


def _two_halves(points: NDArray[np.float64], elements: NDArray[Any]) -> NDArray[np.int8] | None:
    """Return -1 and 1 for the vertices of the two large components of a mesh (0 elsewhere), or None."""
    part = _components(len(points), elements)
    sizes = np.bincount(part)
    if sizes.size < 2:
        return None
    first, second = np.argsort(sizes)[::-1][:2]
    # Stray vertices and small islands are common; an eye or a cerebellum is not a hemisphere.
    if sizes[second] < 0.5 * sizes[first] or sizes[first] + sizes[second] < 0.8 * len(points):
        return None
    halves = np.zeros(len(points), dtype=np.int8)
    halves[part == first] = 1
    halves[part == second] = -1
    return halves


def _components(n_vertices: int, elements: NDArray[Any]) -> NDArray[np.intp]:
    """Return the connected component of each vertex."""
    if elements.ndim != 2:
        raise ShapeError(f"elements must have the shape (n_elements, k), not {elements.shape}")
    if elements.size and (elements.min() < 0 or elements.max() >= n_vertices):
        raise ShapeError(
            f"elements refer to the vertices {elements.min()} to {elements.max()}, but there are {n_vertices}"
        )
    rows = np.repeat(elements[:, 0], max(elements.shape[1] - 1, 0)).astype(np.intp)
    columns = elements[:, 1:].ravel().astype(np.intp)
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(rows.size, dtype=np.int8), (rows, columns)), shape=(n_vertices, n_vertices))
    part: NDArray[np.intp] = np.asarray(connected_components(graph.tocsr(), directed=False)[1], dtype=np.intp)
    return part


_WORDS = {"lh": -1, "left": -1, "rh": 1, "right": 1}
_INITIALS = {"l": -1, "r": 1}
_CAMEL = re.compile(r"^(?i:(left|right|lh|rh))(?=[A-Z0-9])|(?<=[a-z0-9])(Left|Right|LH|RH)$")


def _side_of_token(label: str) -> tuple[int, str]:
    """Find a side set off by separators: ``ctx-lh-insula``, ``Left Thalamus``, ``Precentral_R``."""
    tokens = [token for token in re.split(r"[\W_]+", label) if token]
    sides = {_WORDS[token.lower()] for token in tokens if token.lower() in _WORDS}
    if not sides and len(tokens) > 1:
        sides = {_INITIALS[token.lower()] for token in (tokens[0], tokens[-1]) if token.lower() in _INITIALS}
    if len(sides) != 1:
        return 0, label
    return sides.pop(), " ".join(t for t in tokens if t.lower() not in _WORDS and t.lower() not in _INITIALS)


def _side_of_camel(label: str) -> tuple[int, str]:
    """Find a word glued to the name: ``LeftThalamus``, ``lhBankssts``, ``insulaRH``."""
    match = _CAMEL.search(label)
    if match is None:
        return 0, label
    return _WORDS[match.group().lower()], label[: match.start()] + label[match.end() :]


def _side_of_prefix(label: str) -> tuple[int, str]:
    """Find a letter glued before the name: ``rA1``, ``LPFC``."""
    return (_INITIALS.get(label[:1].lower(), 0), label[1:]) if len(label) > 1 else (0, label)


def _side_of_suffix(label: str) -> tuple[int, str]:
    """Find a letter glued behind the name: ``A1r``, ``PFCL``."""
    return (_INITIALS.get(label[-1:].lower(), 0), label[:-1]) if len(label) > 1 else (0, label)


# A convention and the share of names that must have a twin on the other side. A glued letter is weak evidence
# (lingual and rectus begin with one too), so nearly all must pair; a word set apart needs no twin at all.
_CONVENTIONS: tuple[tuple[Callable[[str], tuple[int, str]], float], ...] = (
    (_side_of_token, 0.0),
    (_side_of_camel, 0.0),
    (_side_of_prefix, 0.8),
    (_side_of_suffix, 0.8),
)


def _sides(labels: Sequence[Any] | NDArray[Any]) -> NDArray[np.int8] | None:
    """Return -1 (left), 1 (right) or 0 (midline) for each label, or None if the labels do not split in two."""
    names = [name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name) for name in labels]
    names = [name.strip() for name in names]
    for read, paired in _CONVENTIONS:
        parsed = [read(name) for name in names]
        sides = np.array([side for side, _ in parsed], dtype=np.int8)
        n_left, n_right = int((sides < 0).sum()), int((sides > 0).sum())
        # Nearly every name must say its side, and the two sides must be of like size.
        if n_left + n_right < 0.8 * len(names) or min(n_left, n_right) < max(0.4 * max(n_left, n_right), 1):
            continue
        left = {stem for side, stem in parsed if side < 0}
        right = {stem for side, stem in parsed if side > 0}
        if len(left & right) >= paired * max(len(left), len(right)):
            return sides
    return None


def hemispheres_from_labels(labels: Sequence[Any] | NDArray[Any]) -> NDArray[np.bool_] | None:
    """
    Read the hemisphere from region labels.

    Parameters
    ----------
    labels : sequence of str, length n
        Region labels, as ``rA1``, ``lA1``, ``ctx-lh-insula``, ``L_V1_ROI``, ``Precentral_R``, ``LeftThalamus``.

    Returns
    -------
    array, shape (n,), bool, or None
        True = right. None if any label does not tell, or the labels do not split into two sides consistently.

    Notes
    -----
    One convention must hold for the whole list. A side that is a bare letter glued to the name (TVB's ``rA1``)
    counts only if the names pair up across the sides.

    Examples
    --------
    >>> hemispheres_from_labels(["rA1", "rV1", "lA1", "lV1"]).tolist()
    [True, True, False, False]
    >>> hemispheres_from_labels(["lingual", "rectus", "lobule"]) is None
    True
    """
    sides = _sides(labels)
    if sides is None or (sides == 0).any():
        return None
    return sides > 0


def outward(vertices: ArrayLike, elements: NDArray[Any]) -> NDArray[Any]:
    """
    Wind triangles so that their normals point outwards.

    Parameters
    ----------
    vertices : array, shape (n_vertices, 3) [any unit]
        Vertices in a right-handed frame (else turn them first, :func:`to_ras`).
    elements : array, shape (n_elements, 3), int
        Triangles, wound alike within each connected component.

    Returns
    -------
    array, shape (n_elements, 3), same dtype
        `elements` itself if nothing is to turn, otherwise a copy in which whole components are reversed.

    Raises
    ------
    ShapeError
        If `elements` are not triangles, or refer to vertices that are not there.

    Notes
    -----
    A component is turned if the volume that its triangles enclose is negative (divergence theorem, about the
    component's own mean, so that surfaces with a hole come out right too). TVB's default cortex is wound inwards.
    """
    points = np.asarray(vertices, dtype=np.float64)
    faces = np.asarray(elements)
    if faces.ndim != 2 or faces.shape[1] != 3:
        raise ShapeError(f"elements must be triangles, shape (n_elements, 3), not {faces.shape}")
    if not faces.size:
        return elements
    part = _components(len(points), faces)
    counts = np.bincount(part)
    means = np.stack([np.bincount(part, weights=points[:, k]) / counts for k in range(3)], axis=1)
    centred = points - means[part]
    a, b, c = (centred[faces[:, k]] for k in range(3))
    owner = part[faces[:, 0]]
    volume = np.bincount(owner, weights=np.einsum("ij,ij->i", a, np.cross(b, c)))
    turn = volume[owner] < 0
    if not turn.any():
        return elements
    wound = faces.copy()
    wound[turn, 1], wound[turn, 2] = faces[turn, 2], faces[turn, 1]
    return wound


def vertex_normals(vertices: ArrayLike, elements: ArrayLike) -> NDArray[np.float64]:
    """
    Compute a unit normal for each vertex.

    Parameters
    ----------
    vertices : array, shape (n_vertices, 3) [any unit]
        Vertices.
    elements : array, shape (n_elements, 3), int
        Triangles; the normals point where their winding points.

    Returns
    -------
    array, shape (n_vertices, 3), float64
        The area-weighted mean of the normals of the triangles at each vertex, of length 1; zeros where there is none.

    Raises
    ------
    ShapeError
        If `elements` are not triangles.
    """
    points = np.asarray(vertices, dtype=np.float64)
    faces = np.asarray(elements)
    if faces.ndim != 2 or faces.shape[1] != 3:
        raise ShapeError(f"elements must be triangles, shape (n_elements, 3), not {faces.shape}")
    a, b, c = (points[faces[:, k]] for k in range(3))
    area = np.cross(b - a, c - a)
    corners = faces.T.ravel()
    normals = np.stack(
        [np.bincount(corners, weights=np.tile(area[:, k], 3), minlength=len(points)) for k in range(3)],
        axis=1,
    )
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    unit: NDArray[np.float64] = np.divide(normals, length, out=np.zeros_like(normals), where=length > 0)
    return unit
