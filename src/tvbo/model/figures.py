"""The verbs of a network that draw: they gather arrays, turn them upright, and hand them to `tvbo.plotting`."""

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from tvbo.errors import MatrixNotFoundError, ShapeError
from tvbo.model.arrays import Array
from tvbo.model.frames import FrameEvidence, detect_frame, outward, to_ras
from tvbo.model.gathering import (
    connections_of,
    matrix_panels,
    no_mesh,
    reachable_parent,
    region_mapping_of,
    regions_of,
    right_side,
    surface_mesh,
    upright_positions,
    values_per_vertex,
)
from tvbo.plotting.graph import plot_graph
from tvbo.plotting.matrix import plot_matrices
from tvbo.plotting.overview import plot_overview
from tvbo.plotting.surface import plot_surface

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tvbo.model.network import Network


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
        labels = network.nodes.labels if network.nodes.has_labels else None
        found = detect_frame(network.nodes.positions, right=right_side(network), labels=labels, elements=elements)
        parent = reachable_parent(network) if found.assumed else None
        if parent is not None and parent.nodes.positions is not None and not parent.frame.assumed:
            # Regions know their side by name; a surface lies in the frame of its regions.
            return parent.frame
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
        ShapeError
            If the network has no mesh, or it is not of triangles.
        """
        network = cast("Network", self)
        mesh = network.mesh
        if mesh is None:
            raise no_mesh(network)
        vertices = to_ras(mesh.vertices, self.frame.frame)
        return DisplayMesh(vertices, outward(vertices, mesh.elements))

    def plot_matrix(self, *, log: bool = False) -> Any:
        """
        Draw weights and tract lengths side by side, or whatever matrices there are.

        A surface without a matrix shows those of its regions. A huge matrix, dense or sparse, is shown as the means
        of blocks, which its title says.

        Parameters
        ----------
        log : bool
            Colour by the logarithm.

        Returns
        -------
        matplotlib.figure.Figure
            The figure; ``.savefig(path)`` writes it.

        Raises
        ------
        MatrixNotFoundError
            If there is no matrix.
        """
        network = cast("Network", self)
        if not network.matrices and network.has_parent_network:
            network = network.parent()
        if not network.matrices:
            raise MatrixNotFoundError(
                f"network {network.label!r} has no matrix to draw: add one with set_matrix(name, values), "
                "or draw its nodes and its surface with plot_overview()"
            )
        return plot_matrices(matrix_panels(network), network.nodes.labels.tolist(), log=log, heading=network.label)

    def plot_graph(self, *, count: int = 250) -> Any:
        """
        Draw the nodes in space and their strongest connections.

        Connections are those of the weights, or else of the first matrix between the nodes that is not of lengths;
        without any, the nodes alone are drawn.

        Parameters
        ----------
        count : int
            How many connections to show; ties are said in the caption.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.

        Raises
        ------
        ShapeError
            If there are neither connections nor positions.
        """
        network = regions_of(cast("Network", self))
        positions, weights = upright_positions(network), connections_of(network)
        if positions is None and weights is None:
            raise ShapeError(
                f"network {network.label!r} has neither connections between its nodes nor positions: nothing to draw; "
                "add a matrix with set_matrix('weight', values), or draw what it has with plot_matrix()"
            )
        return plot_graph(
            positions,
            weights,
            network.nodes.labels.tolist(),
            right=right_side(network),
            count=count,
            mesh=surface_mesh(cast("Network", self)),
            heading=network.label,
        )

    def plot_overview(self, *, plot_brain: bool | None = None, count: int = 250) -> Any:
        """
        Draw heatmaps, the graph in space and, if there is a linked cortex, the cortex coloured by region.

        What there is of these is drawn. Connections are chosen as by `plot_graph`.

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
            If the cortex is asked for and the network has no mesh, if its region mapping does not fit, or if there is
            nothing to draw.
        """
        surface = cast("Network", self)
        network = regions_of(surface)
        if plot_brain and surface.mesh is None:
            raise no_mesh(surface, ", or with plot_brain=False")
        brain = surface.mesh is not None if plot_brain is None else plot_brain
        weights = connections_of(network)
        # The vertices themselves are no more than the surface shows.
        positions = None if brain and weights is None and network is surface else upright_positions(network)
        if not (brain or network.matrices or positions is not None):
            raise ShapeError(
                f"network {network.label!r} has neither matrices nor positions nor a mesh: nothing to draw; "
                "add a matrix with set_matrix(name, values), or nodes with positions"
            )
        return plot_overview(
            matrix_panels(network),
            network.nodes.labels.tolist(),
            positions,
            weights=weights,
            right=right_side(network),
            mesh=surface_mesh(surface),
            regions=region_mapping_of(surface) if brain else None,
            brain=brain,
            count=count,
            heading=network.label,
        )

    def plot_surface(
        self,
        values: npt.ArrayLike | None = None,
        *,
        views: "str | Sequence[str] | None" = None,
        value_name: str | None = None,
    ) -> Any:
        """
        Draw the surface, coloured by region or by values.

        Parameters
        ----------
        values : array_like, shape (n_vertices,) or (n_regions,), optional
            What to colour by, of complex values the magnitude; NaN is grey.
        views : str or sequence of str, optional
            One or some of left, right, dorsal, ventral, anterior and posterior; all unless given.
        value_name : str, optional
            What the values are.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.

        Raises
        ------
        ShapeError
            If the network has no mesh, if there is not a value for each vertex or each region, or if the region
            mapping does not fit.
        ValueError
            If there is no such view.
        """
        network = cast("Network", self)
        vertices, elements = self.display_mesh()
        regions = region_mapping_of(network)
        shown = None if values is None else values_per_vertex(np.asarray(values), network)
        if values is not None and np.iscomplexobj(values):
            value_name = f"magnitude of {value_name or 'value'}"
        return plot_surface(
            vertices,
            elements,
            regions=regions,
            values=shown,
            value_name=value_name,
            views=views,
            heading=network.label,
        )
