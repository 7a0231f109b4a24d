"""The verbs of a network that draw: they gather arrays, turn them upright, and hand them to `tvbo.plotting`."""

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from tvbo.errors import MatrixNotFoundError, ShapeError
from tvbo.model.arrays import Array
from tvbo.model.frames import FrameEvidence, detect_frame, outward, to_ras
from tvbo.model.gathering import (
    connections_measure,
    connections_of,
    matrix_panels,
    no_mesh,
    reachable_parent,
    region_mapping_of,
    regions_of,
    right_side,
    shown_on_nodes,
    shown_on_surface,
    surface_mesh,
    upright_positions,
)
from tvbo.model.sensing import drawn_sensors
from tvbo.plotting.glass import plot_brain
from tvbo.plotting.graph import plot_graph
from tvbo.plotting.matrix import plot_matrices
from tvbo.plotting.overview import plot_overview
from tvbo.plotting.sensors import plot_sensors
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

    def plot_matrix(self, *names: str, log: bool = False, cmap: Any = None, ax: Any = None) -> Any:
        """
        Draw matrices side by side: those that are named, or weights and tract lengths, or whatever there are.

        A surface without a matrix shows those of its regions. A huge matrix, dense or sparse, is shown as the means
        of blocks, which its title says.

        Parameters
        ----------
        *names : str
            Names of matrices.
        log : bool
            Colour by the logarithm.
        cmap : str or matplotlib.colors.Colormap, optional
            Colours; a sequential map, or about 0 a diverging one, unless given.
        ax : matplotlib.axes.Axes, Figure or SubFigure, optional
            Where to draw; Axes hold one matrix.

        Returns
        -------
        matplotlib.figure.Figure
            The figure; ``.savefig(path)`` writes it.

        Raises
        ------
        MatrixNotFoundError
            If there is no matrix, or none of that name.
        ValueError
            If the matrices do not fit into `ax`.
        """
        network = cast("Network", self)
        if not network.matrices and network.has_parent_network:
            network = network.parent()
        if not network.matrices:
            raise MatrixNotFoundError(
                f"network {network.label!r} has no matrix to draw: add one with set_matrix(name, values), "
                "or draw its nodes and its surface with plot_overview()"
            )
        panels, labels = matrix_panels(network, names), network.nodes.labels.tolist()
        return plot_matrices(panels, labels, log=log, cmap=cmap, heading=network.label, ax=ax)

    def plot_graph(self, *, count: int = 250, views: "str | Sequence[str] | None" = None, ax: Any = None) -> Any:
        """
        Draw the nodes in space and their strongest connections.

        Connections are those of the weights, or else of the first matrix between the nodes that is not of lengths;
        without any, the nodes alone are drawn. Without positions they stand on a circle.

        Parameters
        ----------
        count : int
            How many connections to show; ties are said in the caption.
        views : str or sequence of str, optional
            One or some of sagittal, coronal and axial; all unless given.
        ax : matplotlib.axes.Axes, Figure or SubFigure, optional
            Where to draw; Axes hold one view, or the circle.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.

        Raises
        ------
        ShapeError
            If there are neither connections nor positions.
        ValueError
            If there is no such view, or the views do not fit into `ax`.
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
            measure=connections_measure(network),
            views=views,
            heading=network.label,
            ax=ax,
        )

    def plot_brain(
        self,
        values: npt.ArrayLike | str | None = None,
        *,
        count: int = 250,
        views: "str | Sequence[str] | None" = None,
        value_name: str | None = None,
        cmap: Any = None,
        ax: Any = None,
    ) -> Any:
        """
        Draw the nodes and their strongest connections in a brain of glass.

        The views from the left and the right show one hemisphere each, if it is known which node is where. Called on
        a surface it shows the regions in it; without a surface, an outline about the nodes. Connections are chosen as
        by `plot_graph`.

        Parameters
        ----------
        values : array_like, shape (n_regions,), or str, optional
            What to colour the nodes by, or the name of a column; by hemisphere unless given. NaN is white.
        count : int
            How many connections to show; ties are said in the caption.
        views : str or sequence of str, optional
            One or some of left, right, dorsal, ventral, anterior and posterior; left, posterior, dorsal and right
            unless given.
        value_name : str, optional
            What the values are.
        cmap : str or matplotlib.colors.Colormap, optional
            Colours of the values; a sequential map, or about 0 a diverging one, unless given.
        ax : matplotlib.axes.Axes, Figure or SubFigure, optional
            Where to draw; Axes hold one view.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.

        Raises
        ------
        ShapeError
            If the nodes have no positions, or there is not a value for each.
        ColumnNotFoundError
            If there is no such column.
        ValueError
            If there is no such view, or the views do not fit into `ax`.
        """
        surface = cast("Network", self)
        network = regions_of(surface)
        if network is surface and surface.mesh is not None and surface.has_parent_network:
            network = surface.parent()
        positions = upright_positions(network)
        if positions is None:
            raise ShapeError(
                f"network {network.label!r} has no positions of its nodes: set nodes.positions, or draw it with "
                "plot_graph(), which puts them on a circle"
            )
        shown = shown_on_nodes(values, value_name, network)
        mesh = surface_mesh(surface)
        return plot_brain(
            positions,
            connections_of(network),
            network.nodes.labels.tolist(),
            right=right_side(network),
            mesh=mesh,
            mesh_right=None if mesh is None else right_side(surface),
            values=shown.values,
            value_name=shown.measure,
            cmap=cmap,
            count=count,
            measure=connections_measure(network),
            views=views,
            heading=network.label,
            ax=ax,
        )

    def plot_sensors(
        self,
        values: npt.ArrayLike | str | None = None,
        *,
        column: str | int | None = None,
        views: "str | Sequence[str] | None" = None,
        value_name: str | None = None,
        cmap: Any = None,
        ax: Any = None,
    ) -> Any:
        """
        Draw sensors laid flat and from three sides, about the cortex that their gain is for, if it is linked.

        Sensors in another frame than the cortex are moved onto it, which the caption says.

        Parameters
        ----------
        values : array_like, shape (n_sensors,), or str, optional
            What to colour by, or the name of a column of the sensors or of a matrix. Sensors of value NaN are hollow.
        column : str or int, optional
            Which column of the matrix, as in ``plot_sensors("gain", column="rV1")``: its number or its name. Of
            sources on a surface it is a vertex, or a region, whose sources are added up.
        views : str or sequence of str, optional
            Some of flat, left, right, dorsal, ventral, anterior and posterior.
        value_name : str, optional
            What the values are.
        cmap : str or matplotlib.colors.Colormap, optional
            Colours of the values; a sequential map, or about 0 a diverging one, unless given.
        ax : matplotlib.axes.Axes, Figure or SubFigure, optional
            Where to draw; Axes hold one view.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.

        Raises
        ------
        ShapeError
            If the sensors have no positions, or there is not a value for each.
        ColumnNotFoundError
            If there is no such column.
        ValueError
            If there is no such view, the views do not fit into `ax`, or sensors that lie on no head are to be laid
            flat.
        """
        network = cast("Network", self)
        drawn = drawn_sensors(network, values, column, value_name)
        return plot_sensors(
            drawn.positions,
            network.nodes.labels.tolist(),
            values=drawn.shown.values,
            value_name=drawn.shown.measure,
            cmap=cmap,
            mesh=drawn.mesh,
            sources=drawn.sources,
            views=views,
            note=drawn.note,
            heading=network.label,
            ax=ax,
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
            measure=connections_measure(network),
            heading=network.label,
        )

    def plot_surface(
        self,
        values: npt.ArrayLike | str | None = None,
        *,
        views: "str | Sequence[str] | None" = None,
        value_name: str | None = None,
        cmap: Any = None,
        ax: Any = None,
    ) -> Any:
        """
        Draw the surface, coloured by region or by values.

        Parameters
        ----------
        values : array_like, shape (n_vertices,) or (n_regions,), or str, optional
            What to colour by, or the name of a column of the vertices or of the regions. Of complex values the
            magnitude is drawn; NaN is grey.
        views : str or sequence of str, optional
            One or some of left, right, dorsal, ventral, anterior and posterior, which are all unless given, and of
            left medial and right medial.
        value_name : str, optional
            What the values are.
        cmap : str or matplotlib.colors.Colormap, optional
            Colours of the values; a sequential map, or about 0 a diverging one, unless given.
        ax : matplotlib.axes.Axes, Figure or SubFigure, optional
            Where to draw; Axes hold one view.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.

        Raises
        ------
        ShapeError
            If the network has no mesh, if there is not a value for each vertex or each region, or if the region
            mapping does not fit.
        ColumnNotFoundError
            If there is no such column.
        ValueError
            If there is no such view, the views do not fit into `ax`, or hemispheres are not known that must be told
            apart.
        """
        network = cast("Network", self)
        vertices, elements = self.display_mesh()
        shown = shown_on_surface(values, value_name, network)
        return plot_surface(
            vertices,
            elements,
            regions=region_mapping_of(network),
            values=shown.values,
            value_name=shown.measure,
            views=views,
            right=right_side(network),
            cmap=cmap,
            heading=network.label,
            ax=ax,
        )
