"""The surface that a network's nodes lie on."""

from typing import Any

import numpy.typing as npt

from tvbo.errors import ShapeError
from tvbo.model.arrays import Array, LazyDict, as_array, load
from tvbo.model.shown import mesh_html

ELEMENT_TYPES = {3: "triangle", 4: "quad"}


class Mesh:
    """
    Vertices, the elements that join them, and normals.

    Parameters
    ----------
    vertices : array, shape (v, 3), float64 [mm]
        Positions of the vertices.
    elements : array, shape (e, k), int64
        Indices of the vertices of each element; k = 3 for triangles.
    normals : array, shape (v, 3), float64, optional
        A normal for each vertex, as it was given.
    element_type : str, optional
        ``triangle``, ``quad``, ``tetrahedron`` or ``hexahedron``; told from k if it can be.

    Raises
    ------
    ShapeError
        If the arrays have other shapes.

    Notes
    -----
    TVB ``Surface.vertices``, ``Surface.triangles`` and ``Surface.vertex_normals``.
    """

    def __init__(
        self,
        vertices: npt.ArrayLike,
        elements: npt.ArrayLike,
        normals: npt.ArrayLike | None = None,
        *,
        element_type: str | None = None,
    ) -> None:
        self._arrays = LazyDict(_check)
        self._arrays["vertices"] = as_array(vertices, "mesh vertices")
        self._arrays["elements"] = as_array(elements, "mesh elements")
        if normals is not None:
            self._arrays["normals"] = as_array(normals, "mesh normals")
        corners = self._arrays.peek("elements").shape[1]
        self.element_type = element_type or ELEMENT_TYPES.get(corners, "triangle")

    @property
    def number_of_vertices(self) -> int:
        """How many vertices there are; asking reads nothing."""
        return int(self._arrays.peek("vertices").shape[0])

    @property
    def number_of_elements(self) -> int:
        """How many elements there are; asking reads nothing."""
        return int(self._arrays.peek("elements").shape[0])

    @property
    def vertices(self) -> Array:
        """Where the vertices are: array, shape (v, 3), float64 [mm]."""
        values: Array = self._arrays["vertices"]
        return values

    @property
    def elements(self) -> Array:
        """What vertices each element joins: array, shape (e, k), int64."""
        values: Array = self._arrays["elements"]
        return values

    @property
    def normals(self) -> Array | None:
        """A normal for each vertex, as given: array, shape (v, 3), float64; None if nobody gave any."""
        return load(self._arrays["normals"]) if "normals" in self._arrays else None

    @property
    def arrays(self) -> LazyDict:
        """The arrays by name: ``vertices``, ``elements`` and perhaps ``normals``."""
        return self._arrays

    def __repr__(self) -> str:
        return f"<Mesh: {self.number_of_vertices:,} vertices, {self.number_of_elements:,} {self.element_type}s>"

    def _repr_html_(self) -> str:
        return mesh_html(self)


def _check(arrays: LazyDict, name: str, values: Any) -> None:
    shape = tuple(values.shape)
    if name == "elements":
        if len(shape) != 2 or values.dtype.kind not in "iu":
            raise ShapeError(
                f"mesh elements have shape {shape} and dtype {values.dtype}: "
                "expected (e, 3) integers, the vertices of each triangle"
            )
    elif len(shape) != 2 or shape[1] != 3:
        raise ShapeError(f"mesh {name} have shape {shape}: expected (v, 3)")
    elif name == "normals" and shape[0] != (vertices := arrays.peek("vertices").shape[0]):
        raise ShapeError(
            f"mesh normals have shape {shape}, but there are {vertices} vertices: expected ({vertices}, 3)"
        )
