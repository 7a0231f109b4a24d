"""A page of HTML that shows a network in space: one file, no server, no requests. It takes arrays."""

import base64
import hashlib
import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from tvbo import _sparse as sp
from tvbo.errors import ShapeError
from tvbo.plotting.binning import as_real, binned
from tvbo.plotting.canvas import literal
from tvbo.plotting.colors import region_colors
from tvbo.plotting.edges import node_strengths, strongest_edges
from tvbo.plotting.matrix import MatrixPanel
from tvbo.plotting.packing import as_floats, pack, quantised

Array = npt.NDArray[Any]

MOST_EDGES = 20_000
# A heatmap of up to twice as many rows has a cell for each entry.
_MOST_CELLS = 500
# More gains than this are shown in 256 steps, and of more than eight times as many the first sensors.
_FINE_GAINS = 4_000_000
_MOST_CATEGORIES = 24
# Beyond this the colours of regions cannot be told apart: the page offers none.
_MOST_COLORS = 400
_SCRIPTS = ("data", "colors", "shaders", "scene", "heatmap", "coloring", "words", "viewer", "controls", "main")


class Field(NamedTuple):
    """
    Values that can be shown as colours.

    Attributes
    ----------
    name : str
        What they are.
    values : array, shape (n_nodes,) or (n_vertices,)
        Numbers, truth values, or text, which is shown as categories.
    unit : str or None
        Unit of the numbers.
    on : {"nodes", "vertices"}
        What has them.
    """

    name: str
    values: Array
    unit: str | None = None
    on: Literal["nodes", "vertices"] = "nodes"


@dataclass
class Scene:
    """
    What a page shows.

    Attributes
    ----------
    title : str
        The heading.
    labels : sequence of str, shape (n,), or str
        Names of the nodes; a word if they are only numbered.
    size : int
        How many there are, if they are only numbered.
    positions : array, shape (n, 3) [mm], RAS, or None
        Where the nodes are; those that are not finite are left out. None for a circle.
    connections : array or sparse matrix, shape (n, n), or None
        What edges are drawn of.
    connections_name : str
        What they are.
    connections_unit : str or None
        Their unit.
    matrices : sequence of MatrixPanel
        What heatmaps are drawn of.
    fields : sequence of Field
        What nodes and vertices can be coloured by.
    mesh : tuple of array, or None
        Vertices, shape (v, 3) [mm], RAS, and triangles, shape (e, 3), wound outwards.
    regions : array, shape (v,), int, or None
        The region of each vertex; -1 for none.
    region_labels : sequence of str, or None
        Names of the regions; None if they are the nodes.
    gain : array, shape (n_sensors, n_sources), or None
        What each source does to each sensor. Sensors are the first nodes; sources are the vertices if there are as
        many, or the nodes that follow.
    gain_unit : str or None
        Unit of the gain.
    n_sensors : int
        How many of the nodes are sensors.
    sensor_shift : array, shape (3,) [mm], or None
        What would put the sensors around the sources, which the page offers.
    count : int
        How many connections are shown at first.
    most_edges : int
        How many connections the page carries.
    unit : str
        Unit of positions.
    frame_note : str
        How it is known which way is up and which is left.
    notes : list of str
        What else is to be said below the picture.
    """

    title: str
    labels: Sequence[str] | str
    size: int = 0
    positions: Array | None = None
    connections: Any = None
    connections_name: str = "weights"
    connections_unit: str | None = None
    matrices: Sequence[MatrixPanel] = ()
    fields: Sequence[Field] = ()
    mesh: tuple[Array, Array] | None = None
    regions: Array | None = None
    region_labels: Sequence[str] | None = None
    gain: Array | None = None
    gain_unit: str | None = None
    n_sensors: int = 0
    sensor_shift: Array | None = None
    count: int = 250
    most_edges: int = MOST_EDGES
    unit: str = "mm"
    frame_note: str = ""
    notes: list[str] = field(default_factory=list)


class ViewerPage:
    """
    A page that shows a network.

    Parameters
    ----------
    page : str
        The whole page.

    Attributes
    ----------
    html : str
        The whole page.
    """

    def __init__(self, page: str) -> None:
        self.html = page

    def save(self, path: str | Path) -> Path:
        """
        Write the page into a file.

        Parameters
        ----------
        path : str or Path
            Where, as ``brain.html``; what is there is replaced.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        ValueError
            If the name is not that of a page: a network may lie there.
        """
        file = Path(path)
        if file.suffix.lower() not in (".html", ".htm"):
            raise ValueError(f"a page is written as .html, not as {file.name!r}: {file.with_suffix('.html')}")
        file.write_text(self.html, encoding="utf-8", newline="\n")
        return file

    def _repr_html_(self) -> str:
        # Of no origin, so that nothing in a network's file can reach the notebook.
        return (
            '<iframe sandbox="allow-scripts" title="brain network" width="100%" height="640" style="border:0" '
            f'srcdoc="{html.escape(self.html)}"></iframe>'
        )

    def __repr__(self) -> str:
        return f"<ViewerPage: {len(self.html.encode()) / 1e3:,.0f} kB of HTML; .save('network.html') writes it>"


def viewer_page(scene: Scene) -> ViewerPage:
    """
    Make the page of a scene.

    Parameters
    ----------
    scene : Scene
        What it shows.

    Returns
    -------
    ViewerPage
        The page.

    Raises
    ------
    ShapeError
        If there is nothing to show, or arrays do not fit one another.
    """
    description, arrays = _Gathered(scene).parts()
    title = literal(scene.title, 200)
    style = _asset("viewer.css")
    script = "".join(_asset(f"{name}.js") for name in _SCRIPTS)
    parts = {
        "TITLE": html.escape(title),
        "STYLE": style,
        "SCRIPT": script,
        "STYLE_HASH": _hash(style),
        "SCRIPT_HASH": _hash(script),
        "DATA": pack(description, arrays),
    }
    # One pass: what is put in is never looked at again, whatever a title holds.
    pieces = _asset("viewer.html").split("%%")
    return ViewerPage("".join(parts[piece] if i % 2 else piece for i, piece in enumerate(pieces)))


def _asset(name: str) -> str:
    return resources.files("tvbo.plotting").joinpath("assets", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


class _Gathered:
    """The arrays of a scene as the page carries them."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.arrays: dict[str, Array] = {}
        self.notes = list(scene.notes)
        labels = scene.labels
        self.n = scene.size if isinstance(labels, str) else len(labels)
        self.vertices = 0 if scene.mesh is None else len(scene.mesh[0])
        if not (self.n or self.vertices):
            raise ShapeError("there are neither nodes nor a mesh: nothing to show")

    def parts(self) -> tuple[dict[str, Any], dict[str, Array]]:
        scene = self.scene
        description: dict[str, Any] = {
            "title": literal(scene.title, 200),
            "labels": literal(scene.labels)
            if isinstance(scene.labels, str)
            else [literal(name, 200) for name in scene.labels],
            "nodes": self.n,
            "sensors": scene.n_sensors,
            "shift": None if scene.sensor_shift is None else scene.sensor_shift.tolist(),
            "count": scene.count,
            "unit": literal(scene.unit),
            "frame": literal(scene.frame_note, 1000),
            "circle": scene.positions is None and self.n > 0,
            "edges": self._edges(),
            "mesh": self._mesh(),
            "gain": self._gain(),
            "matrices": [self._matrix(i, panel) for i, panel in enumerate(scene.matrices)],
        }
        self._positions()
        description["fields"] = self._fields()
        description["regionLabels"] = (
            None if scene.region_labels is None else [literal(name, 200) for name in scene.region_labels]
        )
        colored = len(scene.region_labels) if scene.region_labels is not None else self.n
        self.arrays["palette"] = np.rint(region_colors(min(colored, _MOST_COLORS + 1)) * 255).astype(np.uint8)
        description["notes"] = self.notes
        return description, self.arrays

    def _positions(self) -> None:
        if not self.n:
            return
        places = self.scene.positions
        if places is None:
            angle = np.linspace(0, 2 * np.pi, self.n, endpoint=False)
            places = 70 * np.c_[np.sin(angle), np.zeros(self.n), np.cos(angle)]
            self.notes.append("The nodes have no positions: they stand on a circle.")
        lost = int((~np.isfinite(places).all(axis=1)).sum())
        if lost:
            self.notes.append(f"Nodes without a position are left out: {lost:,}.")
        self.arrays["positions"] = as_floats(places)

    def _edges(self) -> dict[str, Any] | None:
        scene = self.scene
        if scene.connections is None:
            return None
        chosen = strongest_edges(scene.connections, scene.most_edges)
        rows, columns, weights = chosen.rows[::-1], chosen.columns[::-1], chosen.weights[::-1]
        self.arrays["ends"] = np.c_[rows, columns].astype(np.uint16 if self.n < 65536 else np.uint32)
        # As float64: what differs in the last bit is no tie.
        self.arrays["edges"] = np.where(_negative(scene.connections, rows, columns), -weights, weights)
        if len(rows) < chosen.total:
            self.notes.append(f"This page carries the {chosen}.")
        return {
            "total": chosen.total,
            "name": literal(scene.connections_name),
            "unit": _shown_unit(scene.connections_unit),
        }

    def _mesh(self) -> dict[str, Any] | None:
        if self.scene.mesh is None:
            return None
        points, triangles = self.scene.mesh
        finite = np.asarray(np.isfinite(points).all(axis=1))
        if not finite.all():
            points = np.where(finite[:, None], points, points[finite].mean(axis=0) if finite.any() else 0.0)
            triangles = triangles[finite[triangles].all(axis=1)]
            self.notes.append(f"Vertices without a position are left out: {int((~finite).sum()):,}.")
        packed = quantised(points)
        self.arrays["vertices"] = packed.steps
        self.arrays["triangles"] = triangles.astype(np.uint16 if len(points) < 65536 else np.uint32)
        if self.scene.regions is not None:
            self.arrays["regions"] = self.scene.regions[: len(points)].astype(np.int32)
        step = max(packed.step)
        self.notes.append(f"Vertices are rounded to {step / 2:.2g} {self.scene.unit} for display.")
        return {"offset": packed.offset, "step": packed.step}

    def _gain(self) -> dict[str, Any] | None:
        gain, sensors = self.scene.gain, self.scene.n_sensors
        if gain is None:
            return None
        sources = gain.shape[1]
        if gain.shape[0] != sensors:
            raise ShapeError(f"the gain has {gain.shape[0]} rows: expected one for each of {sensors} sensors")
        on = "vertices" if sources == self.vertices else "nodes" if sources == self.n - sensors else None
        if on is None:
            self.notes.append("Where the sources of the gain are is not known.")
            return None
        values = as_real(gain)
        kept = min(sensors, max(1, 8 * _FINE_GAINS // max(sources, 1)))
        if kept < sensors:
            self.notes.append(f"This page carries the gains of the first {kept:,} of {sensors:,} sensors.")
        kind: Any = np.uint16 if kept * sources <= _FINE_GAINS else np.uint8
        self.notes.append(f"The gain of a sensor is rounded to {np.iinfo(kind).max:,} steps for display.")
        size = np.where(np.isfinite(values), np.abs(values), 0.0)
        largest = size.max(initial=0.0) or 1.0
        # As shares, since the sum may be beyond float64 where no gain is.
        self.arrays["gain_total"] = as_floats((size / largest).sum(axis=0))
        blank = np.iinfo(kind).max
        rows = np.full((kept, sources), blank, dtype=kind)
        low, step = np.full(kept, np.nan), np.zeros(kept)
        for i, row in enumerate(values[:kept]):
            finite = np.isfinite(row)
            if finite.any():
                low[i], high = row[finite].min(), row[finite].max()
                step[i] = high / (blank - 1) - low[i] / (blank - 1)
                rows[i, finite] = np.rint((row[finite] - low[i]) / (step[i] or 1.0))
        self.arrays |= {"gain": rows, "gain_low": low, "gain_step": step}
        return {
            "on": on,
            "unit": _shown_unit(self.scene.gain_unit),
            "largest": float(largest),
            "blank": int(blank),
            "rows": kept,
        }

    def _matrix(self, number: int, panel: MatrixPanel) -> dict[str, Any]:
        cells = binned(panel.values, _MOST_CELLS)
        name = f"matrix{number}"
        self.arrays[name] = as_floats(cells.values)
        if cells.rows > 1 or cells.columns > 1:
            self.notes.append(
                f"A cell of the heatmap of {literal(panel.name)} is the mean of {cells.rows} x {cells.columns} entries."
            )
        columns = None if panel.columns is None else [literal(label, 200) for label in panel.columns]
        return {
            "name": literal(panel.name, 200),
            "unit": _shown_unit(panel.unit),
            "array": name,
            "rows": cells.rows,
            "columns": cells.columns,
            "shape": list(panel.values.shape),
            # Columns that are nodes have the names of those; few names are worth their bytes otherwise.
            "columnLabels": columns if columns is not None and len(columns) <= 5000 else None,
            "ofNodes": columns is None,
        }

    def _fields(self) -> list[dict[str, Any]]:
        scene, fields = self.scene, list(self.scene.fields)
        if scene.connections is not None:
            # Of weights near the end of float64 it is infinite, and shown as that.
            with np.errstate(over="ignore"):
                received, sent = node_strengths(scene.connections)
                strengths = {"strength": received + sent}
            if not np.allclose(received, sent):
                strengths |= {"strength received": received, "strength sent": sent}
            unit = scene.connections_unit
            fields = [*(Field(name, values, unit) for name, values in strengths.items()), *fields]
        return [found for i, each in enumerate(fields) if (found := self._field(i, each)) is not None]

    def _field(self, number: int, given: Field) -> dict[str, Any] | None:
        values = np.asarray(given.values)
        if values.shape != (self.n if given.on == "nodes" else self.vertices,):
            return None
        told: dict[str, Any] = {"name": literal(given.name, 200), "unit": _shown_unit(given.unit), "on": given.on}
        name = f"field{number}"
        if values.dtype.kind in "bUSO":
            kinds, index = np.unique(values.astype(str), return_inverse=True)
            if len(kinds) > _MOST_CATEGORIES:
                return None
            self.arrays[name] = index.astype(np.uint8)
            return {**told, "array": name, "categories": [literal(kind, 60) for kind in kinds]}
        if values.dtype.kind not in "iufc":
            return None
        self.arrays[name] = as_floats(as_real(values))
        return {**told, "array": name, "categories": None}


def _shown_unit(unit: str | None) -> str | None:
    return None if unit is None else literal(unit)


def _negative(weights: Any, rows: Array, columns: Array) -> Array:
    """Tell where the stronger of both directions is negative."""
    if not len(rows):
        return np.zeros(0, dtype=bool)
    if sp.issparse(weights):
        held: Any = sp.csr_array(sp.coo_array(cast("Any", weights)))
        there, back = (as_real(np.asarray(held[at])) for at in ((rows, columns), (columns, rows)))
    else:
        there, back = as_real(weights[rows, columns]), as_real(weights[columns, rows])
    there, back = (np.where(np.isfinite(each), each, 0.0).reshape(-1) for each in (there, back))
    return np.where(np.abs(there) >= np.abs(back), there, back) < 0
