"""The verb of a network that makes a page: it gathers arrays, turns them upright, and hands them to the viewer."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from tvbo.errors import ShapeError
from tvbo.model.arrays import Array, is_sparse
from tvbo.model.figures import Figures
from tvbo.model.frames import FrameEvidence, to_ras
from tvbo.model.gathering import (
    UNITS_SHOWN,
    connections_of,
    joins_nodes,
    reachable_parent,
    region_mapping_of,
    regions_of,
    surface_mesh,
    upright_positions,
)
from tvbo.model.matrices import LENGTHS, WEIGHTS
from tvbo.model.sensing import GAIN, numbered, sensor_frame, sensor_shift, sources_of
from tvbo.plotting.matrix import MatrixPanel
from tvbo.plotting.niivue import write_niivue
from tvbo.plotting.viewer import MOST_EDGES, Field, Scene, ViewerPage, viewer_page

if TYPE_CHECKING:
    from tvbo.model.network import Network

# More of them would each be a heatmap that is carried along.
_MOST_MATRICES = 6


class Viewing(Figures):
    """What a `Network` shows in a browser."""

    def view(
        self, path: str | Path | None = None, *, count: int = 250, most_connections: int = MOST_EDGES
    ) -> ViewerPage:
        """
        Make a page that shows the network in space: one HTML file that needs no server and asks for nothing.

        Of a surface the regions are shown in it, of a projection the sensors and what each sees of the sources.
        Connections are chosen as by `plot_graph`.

        Parameters
        ----------
        path : str or Path, optional
            Where to write it, as ``brain.html``.
        count : int
            How many connections are shown at first.
        most_connections : int
            How many connections the page carries, the strongest; it says so if there are more.

        Returns
        -------
        ViewerPage
            The page: shown by notebooks, ``.save(path)`` writes it, ``.html`` is its text.

        Raises
        ------
        ShapeError
            If there is nothing to show, or the region mapping does not fit.
        ValueError
            If a number of connections is negative.
        """
        for name, value in (("count", count), ("most_connections", most_connections)):
            if value < 0:
                raise ValueError(f"{name} is {value}: expected 0 or more connections")
        page = viewer_page(_scene(_shown(cast("Network", self)), count, most_connections))
        if path is not None:
            page.save(path)
        return page

    def to_niivue(self, folder: str | Path) -> list[Path]:
        """
        Write the surface and the connections as files that NiiVue opens.

        Parameters
        ----------
        folder : str or Path
            Where; it is made if it is not there.

        Returns
        -------
        list of Path
            ``mesh.mz3``, if there is a surface, in RAS axes and wound outwards, and ``connectome.jcon``, if there are
            nodes with positions.

        Raises
        ------
        ShapeError
            If there is neither.

        Notes
        -----
        NiiVue holds positions as float32, and undirected connections: the stronger of both directions is written.
        """
        network = _shown(cast("Network", self))
        regions = regions_of(network)
        nodes = None if _only_vertices(network, regions) else upright_positions(regions)
        mesh = surface_mesh(network)
        if mesh is None and nodes is None:
            raise ShapeError(
                f"network {network.label!r} has neither a mesh nor nodes with positions: nothing to write; "
                "give it positions, or call this on the surface network"
            )
        return write_niivue(
            Path(folder),
            network.label or "network",
            mesh,
            nodes,
            regions.nodes.labels.tolist() if nodes is not None else [],
            connections_of(regions) if nodes is not None else None,
        )


def _shown(network: "Network") -> "Network":
    """Give the network itself, or, of a group such as a simulation, its surface or its regions."""
    if network.number_of_nodes or network.mesh is not None:
        return network
    found = next((name for name in ("surface", "regions") if name in network.links), None)
    if found is not None:
        return network.links[found]
    parent = reachable_parent(network)
    if parent is None:
        raise ShapeError(
            f"network {network.label!r} has neither nodes nor a mesh: nothing to show; "
            "view a network that it is linked to, or add nodes"
        )
    return parent


def _scene(network: "Network", count: int, most_edges: int) -> Scene:
    if GAIN in network.matrices and not joins_nodes(network.matrices[GAIN]):
        return _gain_scene(network)
    regions = regions_of(network)
    connections = connections_of(regions)
    bare = _only_vertices(network, regions) and connections is None
    fields = [] if bare else _fields(regions, "nodes")
    if network is not regions or bare:
        fields += _fields(network, "vertices")
    names = [name for name in regions.matrices if joins_nodes(regions.matrices[name])]
    drawn = next((name for name in (*WEIGHTS, *names) if name in names and name not in LENGTHS), None)
    scene = Scene(
        title=_title(network),
        labels=regions.nodes.labels.tolist() if regions.nodes.has_labels else regions.nodes.default_label,
        size=regions.number_of_nodes,
        positions=upright_positions(regions),
        connections=connections,
        matrices=_panels(regions, drawn),
        fields=fields,
        mesh=surface_mesh(network),
        regions=region_mapping_of(network) if network is not regions else None,
        count=count,
        most_edges=most_edges,
        unit=str(network.distance_unit or ""),
        frame_note=_frame_note(network.frame),
    )
    if drawn is not None:
        scene.connections_name = _known(drawn)
        scene.connections_unit = _unit(regions.matrices[drawn].unit)
    if bare:
        scene.labels, scene.positions = [], None
    elif _only_vertices(network, regions):
        # Each vertex is a region of its own.
        scene.regions = np.arange(network.number_of_nodes)
    if network.descriptor == "sensors":
        scene.n_sensors = network.number_of_nodes
    return scene


def _only_vertices(network: "Network", regions: "Network") -> bool:
    """Tell whether the nodes are no more than the vertices of the mesh."""
    return network is regions and network.mesh is not None


def _title(network: "Network") -> str:
    return network.label or (network.path.stem if network.path else "brain network")


def _known(name: str) -> str:
    return "weights" if name in WEIGHTS else "tract lengths" if name in LENGTHS else name


def _unit(unit: str | None) -> str | None:
    return None if unit is None else UNITS_SHOWN.get(unit, unit)


def _frame_note(frame: FrameEvidence) -> str:
    doubt = " Left and right may be wrong." if frame.assumed else ""
    return f"Axes as stored: {frame.frame}. {frame.reason}{doubt}"


def _panels(network: "Network", first: str | None) -> list[MatrixPanel]:
    names = sorted(network.matrices, key=lambda name: name != first)[:_MOST_MATRICES]
    panels = []
    for name in names:
        matrix = network.matrices[name]
        columns: Sequence[str] | None = None
        if not joins_nodes(matrix):
            labels = matrix.column_labels
            columns = [f"column {i}" for i in range(matrix.shape[1])] if labels is None else labels.tolist()
        panels.append(MatrixPanel(network.matrix(name, None), _known(name), _unit(matrix.unit), columns))
    return panels


def _fields(network: "Network", on: Any) -> list[Field]:
    table = network.nodes
    names = [name for name in table.columns if len(table.columns.peek(name).shape) == 1]
    return [Field(name, np.asarray(table.columns[name]), _unit(table.units.get(name)), on) for name in names]


# ------------------------------------------------------------------ sensors


def _gain_scene(network: "Network") -> Scene:
    matrix = network.matrices[GAIN]
    values = network.matrix(GAIN, None)
    gain: Array = values.toarray() if is_sparse(values) else values
    sources = sources_of(network)
    frame = sensor_frame(network, sources.frame)
    places = network.nodes.positions
    sensors = np.full((len(network.nodes), 3), np.nan) if places is None else to_ras(places, frame.frame)
    labels: list[str] = network.nodes.labels.tolist()
    if sources.positions is not None:
        if sources.frame is None:
            sources = sources._replace(positions=to_ras(sources.positions, frame.frame))
        sensors = np.concatenate([sensors, cast("Array", sources.positions)])
        labels += sources.labels
    columns = None if matrix.column_labels is None else matrix.column_labels.tolist()
    panel = MatrixPanel(
        gain, GAIN, _unit(matrix.unit), columns or sources.labels or numbered(matrix.shape[1], "source")
    )
    scene = Scene(
        title=_title(network),
        labels=labels,
        positions=sensors,
        matrices=[panel],
        mesh=sources.mesh,
        regions=sources.regions,
        region_labels=sources.region_labels,
        gain=gain,
        gain_unit=_unit(matrix.unit),
        n_sensors=len(network.nodes),
        unit=str(network.distance_unit or ""),
        frame_note=_frame_note(frame),
    )
    scene.sensor_shift = sensor_shift(sensors[: len(network.nodes)], sources)
    if scene.sensor_shift is not None:
        scene.notes.append(
            f"The sphere of the sensors is {np.linalg.norm(scene.sensor_shift):.0f} {scene.unit} off the middle of the "
            "sources: they may be in different frames."
        )
    return scene
