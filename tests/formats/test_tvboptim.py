"""Graphs of tvboptim: the right kind, the same numbers, and the same simulation as in TVB."""

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from tvbo import Network
from tvbo.errors import LossyConversionWarning, MatrixNotFoundError, ShapeError
from tvbo.testing.object_suite import ObjectSuite, every_feature, example_networks

# It brings JAX, which is large.
pytestmark = pytest.mark.slow


def connectome(**changed: Any) -> Network:
    rng = np.random.default_rng(1)
    network = Network.from_matrix(rng.random((4, 4)), rng.random((4, 4)) * 50, labels=list("abcd"))
    network.conduction_speed = 3.0
    for name, value in changed.items():
        setattr(network, name, value)
    return network


def graph_of(network: Network, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LossyConversionWarning)
        return network.execute(format="tvboptim", **options)


class TestTvboptim(ObjectSuite):
    format = "tvboptim"
    package = "tvboptim"
    adds = ("matrices.delay*",)

    def examples(self) -> Mapping[str, Network]:
        everything = every_feature()
        everything.set_matrix("weight", np.nan_to_num(everything.weights_matrix))
        everything.set_matrix("length", np.nan_to_num(everything.lengths_matrix), unit="mm")
        sparse = connectome()
        sparse.set_matrix("weight", sp.csr_array(sparse.weights_matrix * (sparse.weights_matrix > 0.5)))
        examples = example_networks()
        return {"everything": everything, "full": examples["full"], "sparse": sparse, "weights": examples["weights"]}


@pytest.mark.parametrize(
    ("speed", "options", "kind"),
    [
        (3.0, {}, "DenseLengthGraph"),
        (np.array([3.0]), {}, "DenseLengthGraph"),
        (np.array([1.0, 2.0, 3.0, 4.0]), {}, "DenseDelayGraph"),
        (np.full((4, 4), 2.0), {}, "DenseDelayGraph"),
        (np.inf, {}, "DenseDelayGraph"),
        (3.0, {"delays": False}, "DenseGraph"),
    ],
)
def test_the_speed_decides_the_kind(speed: Any, options: dict[str, Any], kind: str) -> None:
    network = connectome(conduction_speed=speed)
    graph = graph_of(network, **options)
    assert type(graph).__name__ == kind
    assert graph.region_labels == list("abcd")
    np.testing.assert_array_equal(graph.weights, network.weights_matrix.astype(np.float32))
    if not options:
        np.testing.assert_allclose(graph.delays, network.lengths_matrix / speed, rtol=1e-6)


def test_units_are_converted() -> None:
    network = connectome()
    network.matrices["length"].unit = "m"
    network.conduction_speed.unit = "mm_per_s"
    np.testing.assert_allclose(graph_of(network).delays, network.lengths_matrix * 1000 / 3e-3, rtol=1e-5)


def test_a_sparse_graph_has_the_places_of_the_weights() -> None:
    network = connectome()
    weights = sp.csr_array(np.triu(network.weights_matrix))
    weights.data[0] = 0.0
    network.set_matrix("weight", weights)
    graph = graph_of(network)
    assert type(graph).__name__ == "SparseDelayGraph"
    assert graph.nnz == 10
    delays = np.asarray(graph.delays.todense())
    np.testing.assert_allclose(delays, np.triu(network.lengths_matrix / 3.0), rtol=1e-6)


def test_what_tvboptim_would_refuse_is_said() -> None:
    network = connectome()
    network.weights_matrix[0, 1] = np.nan
    with pytest.raises(ValueError, match="'weight' has 1 entries that are not finite"):
        graph_of(network)
    with pytest.raises(ValueError, match="not finite: tvboptim"):
        graph_of(connectome(conduction_speed=0.0))
    network = connectome()
    del network.parameters["conduction_speed"]
    with pytest.raises(MatrixNotFoundError, match="delays=False"):
        graph_of(network)
    with pytest.raises(MatrixNotFoundError, match="no matrix 'weight'"):
        graph_of(Network())
    network = Network.from_matrix(np.eye(2))
    network.set_matrix("gain", np.eye(2, 3), column_labels=list("xyz"))
    network.matrices["sc"] = network.matrices.pop("gain")
    del network.matrices["weight"]
    with pytest.raises(ShapeError, match="as many rows as columns"):
        graph_of(network)


SIMULATION = """
import json, warnings
import numpy as np
warnings.simplefilter("ignore")
from tvb.datatypes.connectivity import Connectivity
from tvb.simulator import coupling, integrators, models, monitors, simulator
from tvboptim.experimental import network_dynamics as nd
from tvbo import Network

connectivity = Connectivity.from_file()
connectivity.tract_lengths = np.zeros_like(connectivity.weights)
connectivity.configure()
start = np.random.default_rng(0).uniform(0.05, 0.2, 76)
dt, steps = 0.125, 40
run = simulator.Simulator(
    connectivity=connectivity, model=models.ReducedWongWang(), coupling=coupling.Linear(a=np.array([0.05])),
    integrator=integrators.EulerDeterministic(dt=dt), monitors=[monitors.Raw()], simulation_length=steps * dt,
    initial_conditions=start[None, None, :, None],
).configure()
((_, ours),) = run.run()
graph = Network.from_tvb(connectivity).execute(format="tvboptim", delays=False)
coupled = {"instant": nd.coupling.LinearCoupling(incoming_states="S", G=0.05)}
network = nd.Network(nd.dynamics.ReducedWongWang(), coupled, graph)
solve, state = nd.prepare(network, nd.solvers.Euler(), t0=0.0, t1=steps * dt, dt=dt)
state.initial_state.dynamics = state.initial_state.dynamics.at[0].set(start)
theirs = solve(state).ys
print(json.dumps([np.abs(ours[:, 0, :, 0] - np.asarray(theirs)[:, 0]).max(), np.abs(ours[-1, 0, :, 0] - start).max()]))
"""


def test_the_same_simulation_as_in_tvb() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SIMULATION],
        env={**os.environ, "JAX_ENABLE_X64": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    difference, moved = json.loads(done.stdout.splitlines()[-1])
    assert moved > 1e-2, "nothing happened"
    # Both compute the same formula in float64, in another order.
    assert difference < 1e-8


@pytest.mark.parametrize(
    ("dtype", "layout"),
    # Sparse matrices of scipy have one byte order.
    [(dtype, "dense") for dtype in ("?", "i1", "i8", "u8", ">f4", ">f8", "g")]
    + [(dtype, "csr") for dtype in ("?", "i1", "i8", "u8", "g")],
)
def test_numbers_of_every_type_arrive_as_floats(dtype: str, layout: str) -> None:
    network = connectome()
    # JAX would make 0 of an integer of more than 32 bits.
    given = np.array([[2**40, 0, 1, 1]] * 4, dtype=object).astype(bool if dtype == "?" else float)
    if dtype == "i1":
        given = given > 0
    network.set_matrix("weight", sp.csr_array(given.astype(dtype)) if layout == "csr" else given.astype(dtype))
    weights = graph_of(network, delays=False).weights
    found = np.asarray(weights.todense() if layout == "csr" else weights)
    np.testing.assert_array_equal(found, given.astype(np.float32))
    network.set_matrix("length", given.astype(dtype))
    graph_of(network)


@pytest.mark.parametrize(
    ("speed", "expected"),
    [("fast", "is 'fast': expected a number"), (np.ones(3), r"has shape \(3,\), which does not fit")],
)
def test_speeds_that_do_not_fit_are_refused(speed: Any, expected: str) -> None:
    with pytest.raises(ShapeError, match=f"the conduction speed {expected}"):
        graph_of(connectome(conduction_speed=speed))


def test_complex_lengths_are_refused() -> None:
    network = connectome()
    network.set_matrix("length", np.eye(4) * 1j)
    with pytest.raises(ShapeError, match="'length' is complex"):
        graph_of(network)
