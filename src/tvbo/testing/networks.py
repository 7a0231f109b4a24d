"""Networks to try: small ones, one that has something of everything, and a strategy of hypothesis."""

from typing import Any

import numpy as np
import scipy.sparse as sp

from tvbo.model.mesh import Mesh
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable
from tvbo.model.parameters import Parameter

__all__ = ["every_feature", "example_networks", "region_networks"]


def example_networks() -> dict[str, Network]:
    """
    Make networks of regions that try a format: a full one, one of weights alone, and one of odd numbers.

    Returns
    -------
    dict of str to Network
        The networks by name.
    """
    n = 4
    ramp = np.arange(1.0, n * n + 1).reshape(n, n) / 3
    columns = {"area": ramp[0] * 10, "cortical": np.array([True, True, False, True]), "orientation": ramp[:, :3]}
    full = Network(NodeTable([f"region_{i}" for i in range(n)], ramp[:, 1:] * 7, columns), label="full")
    full.description, full.conduction_speed = "every part that regions have", 4.5
    full.set_matrix("weight", ramp)
    full.set_matrix("length", ramp * 11, unit="mm")
    odd = Network.from_matrix([[np.nan, -0.0], [5e-324, np.inf]], [[0.0, 1e300], [1 / 3, 0.0]], labels=["a", "b"])
    odd.nodes.positions = np.array([[-0.0, 1e-320, np.nan], [0.1, 0.2, 0.3]])
    return {"full": full, "weights": Network.from_matrix(ramp), "odd numbers": odd}


def every_feature() -> Network:
    """
    Make a surface network that has something of everything a network can have.

    Returns
    -------
    Network
        Vertices with a mesh, columns of every kind, square and rectangular matrices, dense and sparse ones,
        parameters, a mapping into a parent network, a link, and what nobody interprets.
    """
    regions = example_networks()["full"]
    n = 5
    rng = np.random.default_rng(3)
    mesh = Mesh(rng.normal(size=(n, 3)), [[0, 1, 2], [2, 3, 4]], rng.normal(size=(n, 3)))
    columns = {
        "thickness": rng.normal(size=n).astype(np.float32),
        "cortical": np.array([True, False, True, True, False]),
        "curvature": rng.normal(size=n),
        "orientation": rng.normal(size=(n, 3)),
        "network": np.array([f"net {i} é" for i in range(n)]),
        "parcel": np.arange(n, dtype=np.int32),
    }
    nodes = NodeTable([f"vertex {i}" for i in range(n)], columns=columns, ids=range(1, n + 1))
    nodes.units |= {"thickness": "mm"}
    nodes.extra[1] = {"note": "kept as it was"}
    network = Network(nodes, mesh=mesh, label="everything", descriptor="surface", description="one of each")
    network.parent_network, network.node_mapping_data = regions, np.array([0, 1, -1, 3, 2])
    weights = rng.normal(size=(n, n))
    weights[rng.random((n, n)) < 0.5] = 0.0
    weights[0, 1], weights[1, 0] = np.nan, 5e-324
    network.set_matrix("weight", weights, unit="a.u.", directed=True)
    network.set_matrix("length", np.abs(weights) * 30, unit="mm")
    network.set_matrix("count", sp.csr_array(np.nan_to_num(weights * 100).astype(np.int64)))
    network.set_matrix("adjacency", weights != 0)
    network.set_matrix("single", weights.astype(np.float32))
    network.set_matrix("lead", rng.normal(size=(n, 2)), unit="V", column_labels=["Fz", "Oz"])
    network.set_matrix("coupling", rng.normal(size=(n, 4)), target_network=regions)
    network.matrices["weight"].extra["non_negative"] = False
    network.conduction_speed = 4.5
    network.parameters["G"] = Parameter(0.1, "dimensionless", "global coupling", {"note": "kept"})
    network.extra["anything"] = {"of": [1, None, "text"], "array": np.arange(3)}
    return network


def region_networks(least: int = 1, payloads: bool = True) -> Any:
    """
    Draw networks of regions with whatever numbers.

    Parameters
    ----------
    least : int
        How many regions there are at least.
    payloads : bool
        Whether NaN may have any payload.

    Returns
    -------
    SearchStrategy of Network
        Names, positions, weights and lengths.
    """
    from hypothesis import strategies as st
    from hypothesis.extra import numpy as hnp

    numbers = st.floats(allow_nan=payloads) | st.sampled_from([np.nan, -0.0, 5e-324, np.inf])
    names = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=6)

    def drawn(draw: Any) -> Network:  # numpydoc ignore=GL08
        n = draw(st.integers(least, 4))
        labels = draw(st.lists(names, min_size=n, max_size=n, unique=True))
        network = Network(NodeTable(labels, draw(hnp.arrays(float, (n, 3), elements=numbers))))
        for name, unit in (("weight", None), ("length", "mm")):
            network.set_matrix(name, draw(hnp.arrays(float, (n, n), elements=numbers)), unit=unit)
        return network

    return st.composite(drawn)()
