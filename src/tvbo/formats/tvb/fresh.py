"""TVB objects of networks that never were in TVB."""

from typing import TYPE_CHECKING, Any

import numpy as np

from tvbo.errors import MatrixNotFoundError, ShapeError, UnsupportedObjectError
from tvbo.formats.tvb.table import PLANS, TVBSurface, tvb_module
from tvbo.model.datatypes import need_square_weights
from tvbo.model.matrices import LENGTHS
from tvbo.model.narrowing import truths
from tvbo.model.network import Network
from tvbo.model.tvb_traits import MODULES, PROJECTIONS, SENSORS, SURFACES
from tvbo.units import in_mm, in_mm_per_ms

if TYPE_CHECKING:
    from tvbo.formats.tvb.exporter import Session

KINDS = ("Connectivity", *SURFACES, *SENSORS, *PROJECTIONS)
# The sensors that a projection of each class is from.
_SENSORS_OF = {
    "ProjectionMatrix": "Sensors",
    "ProjectionSurfaceEEG": "SensorsEEG",
    "ProjectionSurfaceMEG": "SensorsMEG",
    "ProjectionSurfaceSEEG": "SensorsInternal",
}
# By what the parameter ``sensor_type`` says, as MNE's networks have it.
_TYPES = {
    "eeg": ("SensorsEEG", "ProjectionSurfaceEEG"),
    "meg": ("SensorsMEG", "ProjectionSurfaceMEG"),
    "seeg": ("SensorsInternal", "ProjectionSurfaceSEEG"),
}
_SKULL = {"brain_skull": "BrainSkull", "skull_skin": "SkullSkin", "skin_air": "SkinAir"}


def kind_for(network: Network) -> str:
    """
    Choose the class of TVB that a network is to be, by what is known of it.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    str
        ``CorticalSurface`` with a mesh; a projection with a matrix ``gain``, and sensors where the descriptor says so;
        ``Connectivity`` if not. Sensors are of the kind that the parameter ``sensor_type`` says; without it of MEG if
        there is a column ``orientation``, which MEG alone needs, and else of the base class.
    """
    if network.mesh is not None:
        return "CorticalSurface"
    gain = "gain" in network.matrices
    if not gain and network.descriptor not in ("sensors", "projection"):
        return "Connectivity"
    said = network.parameters["sensor_type"].value if "sensor_type" in network.parameters else None
    if said is None and "orientation" in network.nodes.columns:
        said = "meg"
    return _TYPES.get(str(said).lower(), ("Sensors", "ProjectionMatrix"))[gain]


def fresh(network: Network, session: "Session", kind: str | None = None) -> Any:
    """
    Make configured objects.

    Parameters
    ----------
    network : Network
        The network.
    session : Session
        Makes those of the networks that it is linked to.
    kind : str, optional
        The class of TVB; without it as `kind_for` chooses it.

    Returns
    -------
    tvb.datatypes object or TVBSurface
        The object.

    Raises
    ------
    ValueError
        If there is no such class.
    MatrixNotFoundError, ShapeError
        If the network lacks what TVB needs.
    """
    if kind is not None and kind not in KINDS:
        raise ValueError(f"kind={kind!r} is not known: expected one of {', '.join(KINDS)}")
    kind = kind or kind_for(network)
    if kind in SURFACES:
        made = _surface(network, kind)
        mapped = network.has_node_mapping and network.has_parent_network
        return _mapped(network, made, session) if mapped and kind == "CorticalSurface" else made
    if kind in SENSORS:
        return _sensors(network, kind)
    return _projection(network, kind, session) if kind in PROJECTIONS else _connectivity(network)


def _made(kind: str, network: Network) -> Any:
    made = getattr(tvb_module(MODULES[kind]), kind)()
    if network.label is not None:
        made.title = network.label
    return made


def _surface(network: Network, kind: str) -> Any:
    if network.mesh is None:
        raise ShapeError(f"a {kind} of TVB needs vertices and triangles, and the network has no mesh: give net.mesh")
    made = _made(kind, network)
    made.vertices = _scaled(network.mesh.vertices, in_mm(network.distance_unit), "the vertices")
    elements = np.array(network.mesh.elements, dtype=np.int64)
    if elements.ndim != 2 or elements.shape[1] != 3:
        raise ShapeError(f"the mesh has elements of {elements.shape[-1]} vertices: TVB takes triangles")
    n = len(made.vertices)
    if not len(elements) or elements.min() < 0 or elements.max() >= n or not np.isfinite(made.vertices[elements]).all():
        raise ShapeError(
            f"the mesh has {len(elements)} triangles of {n} vertices, and TVB measures their edges: expected one at "
            "least, and corners that are vertices with finite places"
        )
    made.triangles = elements
    if network.mesh.normals is not None:
        made.vertex_normals = _scaled(network.mesh.normals, 1.0, "the normals")
    made.configure()
    return made


def _mapped(network: Network, surface: Any, session: "Session") -> Any:
    mapping = tvb_module("tvb.datatypes.region_mapping").RegionMapping()
    mapping.array_data = np.array(network.node_mapping_data, dtype=np.int64)
    mapping.surface = surface
    mapping.connectivity = session.exporter(network.parent()).part(None, "Connectivity")
    return TVBSurface(mapping.connectivity, surface, mapping)


def _sensors(network: Network, kind: str) -> Any:
    made, nodes = _made(kind, network), network.nodes
    if nodes.positions is None:
        raise ShapeError(f"{kind} of TVB need places, and the sensors have no positions: give net.nodes.positions")
    made.labels = nodes.labels
    made.locations = _scaled(nodes.positions, in_mm(network.distance_unit), "the positions")
    if "orientation" in nodes.columns:
        made.has_orientation = True
        made.orientations = _scaled(nodes.columns["orientation"], 1.0, "the column 'orientation'")
    elif kind == "SensorsMEG":
        raise ShapeError(
            "SensorsMEG of TVB need orientations, and the network has no column 'orientation': give "
            "net.nodes.columns['orientation'], three numbers for each sensor, or ask for another class with kind="
        )
    if "usable" in nodes.columns:
        made.usable = truths(nodes.columns["usable"], "usable")
    made.configure()
    return made


def _projection(network: Network, kind: str, session: "Session") -> Any:
    if "gain" not in network.matrices:
        raise MatrixNotFoundError(
            f"a {kind} of TVB needs a gain, and the network has the matrices {', '.join(network.matrices) or 'none'}: "
            "give net.set_matrix('gain', ..., target_network=cortex)"
        )
    made = _made(kind, network)
    made.projection_data = _scaled(network.matrix("gain"), 1.0, "the matrix 'gain'")
    made.sensors = _sensors(network, _SENSORS_OF[kind])
    for link, trait in PLANS["ProjectionMatrix"].links.items():
        if link not in network.links:
            # They are unset then, as they are in what TVB reads from its own files of projections.
            continue
        other, wanted = network.links[link], _SKULL.get(trait, "CorticalSurface")
        if other.extra.get("tvb") is None:
            if other.mesh is None and link == "gain":
                # Sources that are regions: TVB has no place for them in a projection.
                continue
            surface = session.exporter(other).surface(wanted)
        else:
            surface = session.exporter(other).part(None, "Surface")
        if type(surface).__name__ != wanted:
            raise UnsupportedObjectError(
                f"the link {link!r} leads to a {type(surface).__name__}: TVB takes a {wanted} as {trait} of a {kind}"
            )
        setattr(made, trait, surface)
    # Not configured: that computes nothing, and refuses a projection without sources, or of the base class.
    return made


def _connectivity(network: Network) -> Any:
    try:
        need_square_weights(network)
    except MatrixNotFoundError as error:
        raise MatrixNotFoundError(
            f"{error}; or, if its nodes are sensors, ask for them with kind='Sensors', kind='SensorsEEG', ..."
        ) from None
    made, nodes = _made("Connectivity", network), network.nodes
    made.weights = _scaled(network.weights_matrix, 1.0, "the weights")
    made.region_labels = nodes.labels
    if any(name in network.matrices for name in LENGTHS):
        unit = network.matrices[network.matrices.first_of(LENGTHS)].unit
        made.tract_lengths = _scaled(network.lengths_matrix, in_mm(unit or network.distance_unit), "the lengths")
    elif nodes.positions is not None:
        # TVB computes lengths of its own from the centres when it finds an empty array.
        made.tract_lengths = np.empty(0)
    else:
        raise MatrixNotFoundError(
            "TVB needs tract lengths, and the network has neither a matrix 'length' nor positions: "
            "give net.set_matrix('length', ..., unit='mm')"
        )
    # Unknown places are NaN in TVB too: it asks for centres, and does not need them to simulate.
    positions = nodes.positions
    if positions is None:
        made.centres = np.full((len(nodes), 3), np.nan)
    else:
        made.centres = _scaled(positions, in_mm(network.distance_unit), "the positions")
    for column, trait in (("cortical", "cortical"), ("hemisphere", "hemispheres")):
        if column in nodes.columns:
            setattr(made, trait, truths(nodes.columns[column], column))
    for column, trait in (("area", "areas"), ("orientation", "orientations")):
        if column in nodes.columns:
            setattr(made, trait, _scaled(nodes.columns[column], 1.0, f"the column {column!r}"))
    if "conduction_speed" in network.parameters:
        speed = network.conduction_speed
        made.speed = np.atleast_1d(_scaled(speed.value, in_mm_per_ms(speed.unit), "the conduction speed"))
    made.configure()
    return made


def _scaled(values: Any, factor: float, what: str) -> Any:
    given = np.asarray(values)
    if given.dtype.kind not in "biuf":
        raise ShapeError(f"{what} cannot go to TVB as {given.dtype}: expected real numbers, which fit into float64")
    # A copy in any case: TVB owns what it gets. Times one would quieten a signalling NaN.
    own = np.array(given, dtype=np.float64)
    return own if factor == 1 else own * factor
