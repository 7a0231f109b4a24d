"""What every format must hold to, for the pair, TVB's archives and the framework's files."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tvbo import Mesh, Network, NodeTable
from tvbo.testing.suite import FormatSuite, every_feature, example_networks, region_networks


class TestPair(FormatSuite):
    format = "tvbo"
    extension = ".yaml"

    def examples(self) -> Mapping[str, Network]:
        surface = Network(mesh=Mesh(np.eye(3) / 3, [[0, 1, 2]], np.eye(3)), descriptor="surface")
        full = example_networks()
        surface.parent_network = full["full"]
        surface.node_mapping_data = np.array([0, 3, -1])
        surface.extra["anything"] = {"of": [1, None, "text"], "array": np.arange(3, dtype=">i2")}
        everything = every_feature()
        listed = Network(everything.nodes, label="listed")
        return full | {"surface": surface, "everything": everything, "listed": listed}

    def strategy(self) -> Any:
        return region_networks()


# What a network of TVB says of itself, and the traits that TVB has beside those of the network.
OF_TVB = ("extra.tvb.*", "parameters.conduction_speed.*")


def with_lengths() -> dict[str, Network]:
    """Give the examples that TVB takes: it needs tract lengths."""
    return {name: network for name, network in example_networks().items() if "length" in network.matrices}


class TestZip(FormatSuite):
    format = "tvb-zip"
    extension = ".zip"
    adds = OF_TVB

    def examples(self) -> Mapping[str, Network]:
        return with_lengths()

    def strategy(self) -> Any:
        # One region is written with a warning, since TVB's own reader stumbles over it; a text has but one NaN.
        return region_networks(least=2, payloads=False)


class TestFramework(FormatSuite):
    format = "tvb-h5"
    extension = ".h5"
    named = True
    adds = OF_TVB

    def examples(self) -> Mapping[str, Network]:
        return with_lengths()

    def strategy(self) -> Any:
        return region_networks()


def of_sensors() -> dict[str, Network]:
    """Give networks of sensors: bare, turned, and of odd numbers."""
    places = np.arange(9.0).reshape(3, 3) / 7
    bare = Network(NodeTable(["A1", "G´1", "T'5"], places), descriptor="sensors")
    turned = Network(NodeTable(["a", "b", "c"], places, {"orientation": places[::-1].copy()}), descriptor="sensors")
    turned.label, turned.description = "cap", "of MEG"
    odd = Network(NodeTable(["1", "no"], np.array([[np.nan, -0.0, 5e-324], [np.inf, 0.1, -1e300]])))
    odd.descriptor = "sensors"
    return {"bare": bare, "turned": turned, "odd numbers": odd}


class TestSensorsAsText(FormatSuite):
    format = "tvb-text"
    extension = ".txt"
    drops = {"label": "label", "description": "description"}
    adds = OF_TVB

    def examples(self) -> Mapping[str, Network]:
        return of_sensors()

    def strategy(self) -> Any:
        return region_networks(payloads=False).map(as_sensors)


class TestSensorsAsCompressedText(TestSensorsAsText):
    extension = ".bz2"


def as_sensors(network: Network) -> Network:
    return Network(NodeTable(network.nodes.labels, network.nodes.positions), descriptor="sensors")


@st.composite
def gains(draw: Any) -> Network:
    """Draw a gain of whatever numbers; more columns than rows, by which a projection is told from weights."""
    n = draw(st.integers(1, 4))
    numbers = st.floats() | st.sampled_from([np.nan, -0.0, 5e-324, np.inf])
    network = Network(NodeTable(size=n, default_label="sensor"), descriptor="projection")
    values = draw(hnp.arrays(float, (n, n + draw(st.integers(1, 3))), elements=numbers))
    network.set_matrix("gain", values, column_labels=[f"v{i}" for i in range(values.shape[1])])
    return network


class TestGainAsArray(FormatSuite):
    format = "tvb-text"
    extension = ".npy"
    drops = {
        "label": "label",
        "matrices.gain.column_labels": "column_labels",
        "matrices.gain.unit": "unit",
        "nodes.labels": "nodes.labels",
        "nodes.positions": "nodes.positions",
    }
    adds = OF_TVB

    def examples(self) -> Mapping[str, Network]:
        plain = Network(NodeTable(size=2, default_label="sensor"), descriptor="projection")
        plain.set_matrix("gain", np.arange(6.0).reshape(2, 3) / 3, column_labels=["a", "b", "c"])
        full = as_sensors(of_sensors()["bare"])
        full.label, full.descriptor = "lead field", "projection"
        full.set_matrix("gain", np.arange(15.0).reshape(3, 5) / 7, unit="V", column_labels=list("abcde"))
        return {"plain": plain, "full": full}

    def strategy(self) -> Any:
        return gains()


class TestGainAsMatlab(TestGainAsArray):
    extension = ".mat"
    # A network is saved as .mat whole, unless TVB's own variable is asked for.
    named = True

    def examples(self) -> Mapping[str, Network]:
        return {name: by_columns(network) for name, network in super().examples().items()}

    def strategy(self) -> Any:
        return gains().map(by_columns)


def by_columns(network: Network) -> Network:
    """Lay a gain column by column, as MATLAB does."""
    network.matrices["gain"].values = np.asfortranarray(network.matrix("gain"))
    return network
