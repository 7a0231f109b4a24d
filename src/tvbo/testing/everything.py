"""Networks that hold everything that a network can hold, so that each format shows what it carries."""

import numpy as np
import scipy.sparse as sp

from tvbo.model.mesh import Mesh
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable
from tvbo.model.parameters import Parameter
from tvbo.testing.networks import example_networks

# A NaN that is not the usual one.
PAYLOAD = np.array(0x7FF8000000000123, np.uint64).view(np.float64)


def whole_networks() -> dict[str, Network]:
    """
    Make networks that hold, together, everything that a network can hold.

    Returns
    -------
    dict of str to Network
        Those of `example_networks`, regions with matrices and columns of every kind, a surface that is mapped onto
        them, and sensors with a gain matrix whose columns are nodes of that surface.
    """
    regions = _regions()
    surface = Network(mesh=Mesh(np.eye(3) / 3, [[0, 1, 2]], np.eye(3)), descriptor="surface", label="surface")
    surface.parent_network = regions
    surface.node_mapping_data = np.array([0, 3, -1])
    surface.set_matrix("local_connectivity", sp.csr_matrix(np.array([[0, 0.5, 0], [0, 0, 1 / 3], [1.0, 0, 0]])))
    sensors = Network(NodeTable(["A1", "A2"], np.eye(3)[:2]), descriptor="sensors", distance_unit="m", time_unit="s")
    sensors.set_matrix("gain", np.arange(6.0).reshape(2, 3) / 7, unit="uV", target_network=surface)
    sensors.set_matrix("named", np.ones((2, 4)), column_labels=["a", "b", "c", "d"])
    return example_networks() | {"regions": regions, "surface": surface, "sensors": sensors}


def _regions() -> Network:
    n = 4
    ramp = np.arange(1.0, n * n + 1).reshape(n, n)
    columns = {
        "area": ramp[0].astype(">f4") / 3,
        "cortical": np.array([True, True, False, True]),
        "count": np.array([0, -3, 2**53 + 1, 7]),
        "hemisphere": np.array(["left", "right", "", "lëft"]),
        "orientation": ramp[:, :3] / 9,
        "tensor": np.arange(n * 9.0).reshape(n, 3, 3),
        "measured": np.array([PAYLOAD, np.nan, -0.0, np.inf]),
    }
    nodes = NodeTable(
        ["Ä", "b c", "1", "<&>"],
        ramp[:, 1:] / 7,
        columns,
        ids=[5, 1, 8, 2],
        units={"area": "mm2"},
        extra={2: {"k": [1]}},
    )
    network = Network(nodes, label="regions", descriptor="SC")
    network.description = "all kinds"
    network.conduction_speed = Parameter(4.5, "mm_per_ms", "v", {"range": (1, 2.5), "array": np.arange(3, dtype=">i2")})
    network.parameters["odd"] = Parameter(float("nan"))
    network.parameters["table"] = Parameter([1, "two", None, True, {"deep": [float("inf")]}])
    weight = ramp / 3
    weight[0, 1], weight[1, 0], weight[2, 2], weight[3] = PAYLOAD, -0.0, np.nan, 0.0
    network.set_matrix("weight", np.asfortranarray(weight), directed=True)
    network.set_matrix("length", (ramp * 11).astype(np.float32), unit="mm")
    network.matrices["length"].extra["description"] = "as the crow flies"
    network.set_matrix("fibres", (ramp * 3).astype(np.int32))
    network.set_matrix("big", (ramp + 2**53).astype(np.uint64))
    network.set_matrix("mask", ramp % 2 == 0, directed=False)
    network.set_matrix("phase", ramp * (1 + 2j))
    network.set_matrix("half", ramp.astype(np.float16))
    entries = np.array([1.5, 0.0, -2.0]), (np.array([0, 1, 3]), np.array([2, 0, 3]))
    for layout in ("csr", "csc", "coo", "lil", "dok", "bsr"):
        network.set_matrix(f"in_{layout}", sp.coo_array(entries, shape=(n, n)).asformat(layout))
    unordered = sp.dok_array((n, n))
    unordered[0, 3], unordered[0, 1] = 2.5, 1.5
    network.set_matrix("unordered", unordered)
    network.set_matrix("diagonal", sp.diags_array([1.0, 2.0, 3.0], offsets=1, shape=(n, n)))
    network.set_matrix(
        "twice", sp.coo_matrix((np.array([1.0, 2.0]), (np.array([0, 0]), np.array([1, 1]))), shape=(n, n))
    )
    network.extra["anything"] = {"of": [1, None, "text", ()], "array": np.arange(3, dtype=">i2"), 7: "number"}
    return network
