"""
The networks of a TVB simulator.

They become the links of a network without nodes: ``regions``, ``surface``, ``stimulus``, and one for each monitor
that has sensors, called as its class (``eeg``). What a simulator has beside networks is said to be left out.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from tvbo.errors import LossyConversionError, LossyConversionWarning, UnsupportedObjectError, warn
from tvbo.formats.tvb.importer import Graph, Importer
from tvbo.formats.tvb.table import kind_of
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable

if TYPE_CHECKING:
    from tvbo.formats.tvb.exporter import _Exporter

# Traits of a simulator, and of its monitors, that are networks, and what the networks are called. The order in which
# they are taken: a surface belongs to the cortex, or to the region mapping of a monitor, before it is that of a gain.
PARTS = {"connectivity": "regions", "surface": "surface", "stimulus": "stimulus"}
MONITOR_PARTS = {"region_mapping": "surface", "projection": "", "sensors": ""}
_NAMES = ("gid", "monitors", *PARTS)


class TVBMonitor(NamedTuple):
    """
    The networks of a monitor.

    Attributes
    ----------
    kind : str
        The class of the monitor, such as ``EEG``.
    sensors : tvb.datatypes.sensors.Sensors or None
        Its sensors.
    projection : tvb.datatypes.projections.ProjectionMatrix or None
        Its gain.
    region_mapping : tvb.datatypes.region_mapping.RegionMapping or None
        The region of each vertex.
    """

    kind: str
    sensors: Any
    projection: Any
    region_mapping: Any


class TVBSimulation(NamedTuple):
    """
    The networks of a simulator, linked to one another; three are called as the traits of a Simulator.

    Attributes
    ----------
    connectivity : tvb.datatypes.connectivity.Connectivity or None
        The regions.
    surface : tvb.datatypes.cortex.Cortex or None
        The cortex.
    stimulus : StimuliRegion, StimuliSurface or None
        The stimulus.
    monitors : tuple of TVBMonitor
        Those of the monitors that have networks, in their order.
    """

    connectivity: Any
    surface: Any
    stimulus: Any
    monitors: tuple[TVBMonitor, ...]


def from_simulator(simulator: Any, *, strict: bool = False) -> Network:
    """
    Take the networks of a simulator.

    Parameters
    ----------
    simulator : tvb.simulator.simulator.Simulator
        The simulator.
    strict : bool
        Whether it is an error if it holds anything else.

    Returns
    -------
    Network
        A network without nodes, linked to all others.

    Raises
    ------
    LossyConversionError
        If `strict`, and something would be left out.
    UnsupportedObjectError
        If a network is of a class that is not TVB's own.
    """
    held = simulator.__dict__
    monitors = _monitors(held)
    _say_what_is_left_out(simulator, monitors, strict)
    title = held.get("title")
    group = Network(NodeTable(size=0), label=title if type(title) is str else None, descriptor="simulation")
    graph = Graph()

    def link(obj: Any, name: str) -> dict[str, Any] | None:  # numpydoc ignore=GL08
        return None if obj is None else graph.link(group, obj, name)

    parts = {name: link(held.get(name), called) for name, called in PARTS.items()}
    # All region mappings first.
    found: list[dict[str, Any]] = [{} for _ in monitors]
    for name, called in MONITOR_PARTS.items():
        for monitor, note in zip(monitors, found, strict=True):
            if name == "projection":
                _join(graph, monitor.__dict__)
            note[name] = link(monitor.__dict__.get(name), called or type(monitor).__name__.lower())
    for monitor in monitors:
        _aim(graph, monitor.__dict__, held.get("surface"))
    notes = [
        {"kind": type(monitor).__name__, "parts": note}
        for monitor, note in zip(monitors, found, strict=True)
        if any(part is not None for part in note.values())
    ]
    group.extra["tvb"] = {"returns": "simulation", "parts": parts, "monitors": notes, "objects": []}
    return group


def _join(graph: Graph, monitor: dict[str, Any]) -> None:
    """Put the sensors of a monitor beside its gain, where that has none of its own: as TVB reads them from files."""
    projection, sensors = monitor.get("projection"), monitor.get("sensors")
    if projection is None or sensors is None or projection.__dict__.get("sensors") is not None:
        return
    if id(projection) not in graph.owners and id(sensors) not in graph.owners:
        Importer(graph).run(projection, also=(sensors,))


def _aim(graph: Graph, monitor: dict[str, Any], cortex: Any) -> None:
    """Say which vertices a gain is for, where it does not say so: those of the region mapping, or of the cortex."""
    projection, mapping = monitor.get("projection"), monitor.get("region_mapping")
    if mapping is None and cortex is not None:
        mapping = cortex.__dict__.get("region_mapping_data")
    if projection is None or mapping is None:
        return
    network, vertices = graph.network_of(projection), graph.network_of(mapping)
    gain = network.matrices.get("gain")
    if gain is not None and "gain" not in network.links and gain.shape[1] == vertices.number_of_nodes:
        network.links["gain"] = vertices


def simulation(exporter: "_Exporter", note: dict[str, Any]) -> TVBSimulation:
    """
    Give the networks of a simulator back.

    Parameters
    ----------
    exporter : _Exporter
        That of the network that links them.
    note : dict
        What `from_simulator` noted.

    Returns
    -------
    TVBSimulation
        The objects.
    """

    def give(part: dict[str, Any] | None) -> Any:  # numpydoc ignore=GL08
        return None if part is None else exporter.linked(part)

    monitors = [
        TVBMonitor(each["kind"], **{name: give(each["parts"][name]) for name in MONITOR_PARTS})
        for each in note["monitors"]
    ]
    return TVBSimulation(**{name: give(note["parts"][name]) for name in PARTS}, monitors=tuple(monitors))


def _monitors(held: dict[str, Any]) -> list[Any]:
    monitors = held.get("monitors") or ()
    return list(monitors) if isinstance(monitors, (list, tuple)) else [monitors]


def _say_what_is_left_out(simulator: Any, monitors: list[Any], strict: bool) -> None:
    held = simulator.__dict__
    stimulus = held.get("stimulus")
    if stimulus is not None and kind_of(stimulus) is None:
        kind = f"{type(stimulus).__module__}.{type(stimulus).__qualname__}"
        raise UnsupportedObjectError(
            f"cannot take the stimulus, a {kind}: expected a StimuliRegion or StimuliSurface. Without it: "
            "set simulator.stimulus = None"
        )
    left = [
        f"{name} ({type(held[name]).__name__})"
        for name in type(simulator).declarative_attrs
        if name not in _NAMES and held.get(name) is not None
    ]
    if held.get("history") is not None:
        left.append("history")
    left += [f"the settings of the monitor {type(monitor).__name__}" for monitor in monitors]
    if not left:
        return
    message = f"of a simulator only its networks are taken; left out: {', '.join(left)}"
    if strict:
        raise LossyConversionError(f"{message}. Without strict=True this is a warning")
    warn(message, LossyConversionWarning)
