"""The verbs of a network that draw: they gather arrays, turn them upright, and hand them to `tvbo.plotting`."""

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from tvbo.errors import ShapeError, TvboError
from tvbo.model.arrays import Array
from tvbo.model.frames import FrameEvidence, detect_frame, hemispheres_from_labels, outward, to_ras
from tvbo.model.matrices import LENGTHS, WEIGHTS
from tvbo.plotting.graph import plot_graph
from tvbo.plotting.matrix import MatrixPanel, plot_matrices
from tvbo.plotting.overview import plot_overview
from tvbo.plotting.surface import plot_surface

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tvbo.model.network import Network

_UNITS_SHOWN = {"mm_per_ms": "mm/ms", "arbitrary_unit": "a.u.", "dimensionless": None}


class DisplayMesh(NamedTuple):
    """
    A surface as plotters want it.

    Attributes
    ----------
    vertices : array, shape (v, 3), float64 [mm]
        In RAS axes: x to the right, y to the front, z up.
    elements : array, shape (e, 3), int64
        Wound so that their normals point outwards.
    """

    vertices: Array
    elements: Array


class Figures:
    """What a `Network` draws, and the frame that it draws in."""

    @property
    def frame(self) -> FrameEvidence:
        """
        The axes that positions are given in, such as ``ALS`` for TVB's data, and how that is known.

        Set it to a code (``net.frame = "RAS"``) to declare it, which is saved; nothing but figures
        depends on it.
        """
        network = cast("Network", self)
        if "frame" in network.extra:
            return FrameEvidence(str(network.extra["frame"]), "It was declared.", False)
        if network.nodes.positions is None:
            return FrameEvidence("RAS", "There are no positions: RAS is assumed.", True)
        elements = None if network.mesh is None else network.mesh.elements
        found = detect_frame(network.nodes.positions, right=_right(network), elements=elements)
        if found.assumed and network.has_parent_network and network.parent().nodes.positions is not None:
            # Regions know their side by name; a surface lies in the frame of its regions.
            parent = network.parent().frame
            return found if parent.assumed else parent
        return found

    @frame.setter
    def frame(self, code: str) -> None:  # numpydoc ignore=GL08
        to_ras(np.zeros((1, 3)), code)
        cast("Network", self).extra["frame"] = code

    def display_mesh(self) -> DisplayMesh:
        """
        Give the mesh in RAS axes with triangles that face outwards, for any plotter.

        The stored arrays stay as they are: TVB's own cortex is in ALS axes and wound inwards.

        Returns
        -------
        DisplayMesh
            ``vertices, elements``.

        Raises
        ------
        AttributeError
            If the network has no mesh.
        """
        network = cast("Network", self)
        mesh = network.need_mesh()
        vertices = to_ras(mesh.vertices, self.frame.frame)
        return DisplayMesh(vertices, outward(vertices, mesh.elements))

    def plot_matrix(self, *, log: bool = False) -> Any:
        """
        Draw weights and tract lengths side by side, or whatever matrices there are.

        Parameters
        ----------
        log : bool
            Colour by the logarithm.

        Returns
        -------
        matplotlib.figure.Figure
            The figure; ``.savefig(path)`` writes it.
        """
        network = cast("Network", self)
        return plot_matrices(_panels(network), network.nodes.labels.tolist(), log=log, heading=network.label)

    def plot_graph(self, *, count: int = 250) -> Any:
        """
        Draw the nodes in space and their strongest connections.

        Parameters
        ----------
        count : int
            How many connections to show; ties are said in the caption.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.
        """
        network = _regions(cast("Network", self))
        return plot_graph(
            _upright(network),
            network.weights_matrix,
            network.nodes.labels.tolist(),
            right=_right(network),
            count=count,
            mesh=_surface_mesh(cast("Network", self)),
            heading=network.label,
        )

    def plot_overview(self, *, plot_brain: bool | None = None, count: int = 250) -> Any:
        """
        Draw heatmaps, the graph in space and, if there is a linked cortex, the cortex coloured by region.

        Parameters
        ----------
        plot_brain : bool, optional
            Whether to draw the cortex; if it is there, unless given.
        count : int
            How many connections to show.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.

        Raises
        ------
        ShapeError
            If the cortex is asked for and the network has no mesh.
        """
        surface = cast("Network", self)
        network = _regions(surface)
        mesh = _surface_mesh(surface)
        if plot_brain and mesh is None:
            raise ShapeError(
                f"network {network.label!r} has no mesh to draw: call plot_overview on the surface network "
                "(Network.from_tvb_surface gives it), or with plot_brain=False"
            )
        return plot_overview(
            _panels(network),
            network.nodes.labels.tolist(),
            _upright(network),
            right=_right(network),
            mesh=mesh,
            regions=surface.node_mapping_data,
            brain=mesh is not None if plot_brain is None else plot_brain,
            count=count,
            heading=network.label,
        )

    def plot_surface(
        self,
        values: npt.ArrayLike | None = None,
        *,
        views: "Sequence[str] | None" = None,
        value_name: str | None = None,
    ) -> Any:
        """
        Draw the surface, coloured by region or by values.

        Parameters
        ----------
        values : array_like, shape (n_vertices,) or (n_regions,), optional
            What to colour by; NaN is grey.
        views : sequence of str, optional
            Some of left, right, dorsal, ventral, anterior and posterior; all unless given.
        value_name : str, optional
            What the values are.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.

        Raises
        ------
        ShapeError
            If there is not a value for each vertex or each region.
        """
        network = cast("Network", self)
        vertices, elements = self.display_mesh()
        regions = network.node_mapping_data
        shown = None if values is None else _per_vertex(np.asarray(values), network)
        return plot_surface(
            vertices,
            elements,
            regions=regions,
            values=shown,
            value_name=value_name,
            views=views,
            heading=network.label,
        )


def _panels(network: "Network") -> list[MatrixPanel]:
    known = {alias: shown for names, shown in ((WEIGHTS, "weights"), (LENGTHS, "tract lengths")) for alias in names}
    names = [name for name in network.matrices if name in known] or list(network.matrices)
    if not names:
        network.matrices.first_of(WEIGHTS)
    panels = []
    for name in names:
        matrix = network.matrices[name]
        unit = None if matrix.unit is None else _UNITS_SHOWN.get(matrix.unit, matrix.unit)
        columns = None if matrix.column_labels is None else matrix.column_labels.tolist()
        if columns is None and matrix.shape[1] != network.number_of_nodes:
            columns = [str(i) for i in range(matrix.shape[1])]
        panels.append(MatrixPanel(network.matrix(name), known.get(name, name), unit, columns))
    return panels


def _regions(network: "Network") -> "Network":
    """Give the network whose connections are drawn: the parent, for a surface without any of its own."""
    if any(name in network.matrices for name in WEIGHTS) or not network.has_parent_network:
        return network
    return network.parent()


def _right(network: "Network") -> Array | None:
    if "hemisphere" in network.nodes.columns:
        right: Array = network.nodes.columns["hemisphere"].astype(bool)
        return right
    if network.nodes.has_labels:
        return hemispheres_from_labels(network.nodes.labels)
    if network.has_parent_network and network.node_mapping_data is not None:
        try:
            of_region = _right(network.parent())
        except TvboError:
            # The link cannot be followed; the frame then rests on other evidence, and says so.
            return None
        mapping = network.node_mapping_data[: network.number_of_nodes]
        if of_region is not None and mapping.size == network.number_of_nodes and mapping.min(initial=0) >= 0:
            return of_region[mapping]
    return None


def _upright(network: "Network") -> Array | None:
    positions = network.nodes.positions
    return None if positions is None else to_ras(positions, network.frame.frame)


def _surface_mesh(network: "Network") -> DisplayMesh | None:
    return None if network.mesh is None else network.display_mesh()


def _per_vertex(values: Array, network: "Network") -> Array:
    n = network.number_of_nodes
    if values.shape == (n,):
        return values.astype(np.float64)
    regions = network.parent().number_of_nodes if network.has_parent_network else 0
    mapping = network.node_mapping_data
    if values.shape == (regions,) and mapping is not None:
        mapped = mapping[:n]
        return np.where(mapped < 0, np.nan, values.astype(np.float64)[np.maximum(mapped, 0)])
    raise ShapeError(f"values have shape {values.shape}: expected ({n},) for vertices or ({regions},) for regions")
