"""
Have tvbo 0.5.3 write the archive of its dialects: files that are read for ever.

Run once, by the Python of that package's environment: ``.peer-venv/bin/python tests/archives/make_peer.py``.
"""

from pathlib import Path

import numpy as np
import scipy.sparse as sp
from tvb.datatypes.connectivity import Connectivity
from tvb.datatypes.region_mapping import RegionMapping
from tvb.datatypes.surfaces import CorticalSurface
from tvbo.datamodel.schema import Edge, Node

from tvbo import Network

FOLDER = Path(__file__).parent / "peer-0.5.3"
RNG = np.random.default_rng(53)


def nodes(count: int, first: int = 1, **others: object) -> list[Node]:
    """Give nodes with identifiers from one."""
    return [
        Node(id=first + i, label=f"node {i}", position={"x": i / 3, "y": -i, "z": 1e-5 * i}, **others)
        for i in range(count)
    ]


def edge_list() -> Network:
    """Give a network whose edges are listed one by one, some with parameters, some twice, some one way."""
    edges = [
        Edge(source=1, target=2, weight=0.8, delay=2.0, distance=14.14, coupling="excitatory"),
        Edge(source=2, target=3, weight=0.9, distance=1 / 3, directed=True, source_var="V", target_var="W"),
        Edge(source=3, target=2, weight=0.25, directed=True),
        Edge(source=4, target=4, parameters={"weight": {"value": 0.5}, "length": {"value": 7.0, "unit": "mm"}}),
        Edge(source=1, target=2, weight=0.7, coupling="inhibitory", description="a second one"),
        Edge(source=1, target=17, target_network="elsewhere.yaml", weight=1.0),
    ]
    coupling = {name: {"coupling_function": {"rhs": "a*x"}} for name in ("excitatory", "inhibitory")}
    return Network(label="edge list", nodes=nodes(4), edges=edges, coupling=coupling, distance_unit="cm")


def rich_nodes() -> Network:
    """Give a network that says much of single nodes, and of itself."""
    made = Network(
        label="rich",
        description="Two lines\nof text: with 'quotes' # and no comment",
        nodes=[
            Node(id=1, label="no", region="Left Frontal", dynamics="Generic2dOscillator", record=False),
            Node(id=2, label="1e3", state={"V": {"value": 0.1}}, parameters={"color": {"value": "#430affff"}}),
            Node(id=3, label="é", events={"kick": {"trigger_times": [1.0]}}, parameters={"megalpha": {"value": 1.5}}),
            Node(id=7, label="whole", subnetwork={"label": "inside", "number_of_nodes": 2}),
        ],
        parcellation={"atlas": {"name": "None such", "coordinateSpace": "MNI"}},
        tractogram={"name": "dTOR", "description": "of many"},
        provenance={"date_created": "2024-01-02", "references": ["one", "two"]},
        observational_measures=["megalpha"],
        dynamics={"Generic2dOscillator": {"name": "Generic2dOscillator"}},
        transforms=[{"name": "weight", "equation": {"rhs": "M / M_max"}}],
    )
    made.bids = {"template": "MNI", "scale": "100", "x-free": {"of": ["any", 1]}}
    made.descriptor = "SC"
    return made


def sparse() -> Network:
    """Give matrices in every layout, of which those handed over as sparse ones lose their shape."""
    made = Network(label="sparse", nodes=nodes(5, 0))
    dense = RNG.random((5, 5)) * (RNG.random((5, 5)) < 0.5)
    dense[4, 4] = 1
    for label, values in (
        ("weight", dense),
        ("length", dense * 10),
        ("shapeless csr", sp.csr_array(dense)),
        ("shapeless_coo", sp.coo_array(dense)),
        ("plain", sp.csc_array(dense > 0)),
    ):
        made.set_matrix(label, values)
    for edge, layout in zip(made.edges, ("csr", "coo", "csr", "coo", "dense"), strict=True):
        edge.format, edge.directed = layout, True
    made.edges[1].unit, made.edges[4].weighted, made.edges[4].description = "mm", False, "of ones and zeros"
    return made


def gain() -> Network:
    """Give sensors with a gain matrix, whose columns are named, and edge parameters."""
    made = Network(label="sensors", nodes=nodes(3))
    made.set_matrix("gain", RNG.random((3, 2)))
    made.edges[0].dimension_labels = ["ctx-l", "1"]
    made.edges[0].target_network = "regions.yaml"
    made.edges[0].unit = "arbitrary_unit"
    made.set_matrix("rectangle", RNG.random((3, 4)))
    made.descriptor = "sensors"
    object.__setattr__(made, "_edge_params", {"gain": {"delay": RNG.random((3, 2)), "scale": np.ones((3, 2))}})
    return made


def both() -> Network:
    """Give a network with a matrix and edges that are listed one by one, and a mapping without a parent."""
    made = Network(label="both", nodes=nodes(3), edges=[Edge(source=1, target=3, weight=2.0)])
    made.set_matrix("fc", RNG.normal(size=(3, 3)))
    made.set_node_mapping(np.array([0, -1, 1]))
    return made


def misnamed() -> Network:
    """Give matrices that are saved under one another's names, since the first is not the weights."""
    made = Network(label="misnamed", nodes=nodes(3, 0))
    for index, name in enumerate(("fc", "weight", "length")):
        made.set_matrix(name, np.full((3, 3), float(index)))
    return made


def odd() -> Network:
    """Give what fits no matrix of a network."""
    made = Network(label="odd", nodes=nodes(3, 0))
    made.set_matrix("weight", np.eye(3))
    made.set_matrix("vector", np.arange(3.0))
    made.set_matrix("more rows", np.ones((4, 3)))
    return made


def surface() -> tuple[Network, Network]:
    """Give a small surface on three regions, with a vertex that has none."""
    regions = Connectivity(
        weights=np.eye(3),
        tract_lengths=np.ones((3, 3)),
        centres=RNG.normal(size=(3, 3)),
        region_labels=np.array(list("abc")),
    )
    regions.configure()
    cortex = CorticalSurface(
        vertices=RNG.normal(size=(4, 3)),
        triangles=np.array([[0, 1, 2], [0, 2, 3]]),
        vertex_normals=np.ones((4, 3)),
        triangle_normals=np.ones((2, 3)),
        zero_based_triangles=True,
    )
    mapping = RegionMapping(connectivity=regions, surface=cortex, array_data=np.array([2, 1, -1, 0]))
    return Network.from_tvb_surface(regions, cortex, mapping)


if __name__ == "__main__":
    for make in (edge_list, rich_nodes, sparse, gain, both, misnamed, odd):
        make().save(str(FOLDER / f"{make.__name__}.yaml"))
    both().save(str(FOLDER / "as_json.yaml"), sidecar_format="json")
    misnamed().save(str(FOLDER / "as_csv.yaml"), binary_format="csv")
    above, cortex = surface()
    above.save(str(FOLDER / "surface_regions.yaml"))
    cortex.save(str(FOLDER / "surface.yaml"))
