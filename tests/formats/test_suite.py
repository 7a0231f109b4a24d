"""What every format must hold to, for the pair, TVB's archives and the framework's files."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tvbo import Mesh, Network
from tvbo.testing.suite import FormatSuite, example_networks, region_networks


class TestPair(FormatSuite):
    format = "tvbo"
    extension = ".yaml"

    def examples(self) -> Mapping[str, Network]:
        surface = Network(mesh=Mesh(np.eye(3) / 3, [[0, 1, 2]], np.eye(3)), descriptor="surface")
        full = example_networks()
        surface.parent_network = full["full"]
        surface.node_mapping_data = np.array([0, 3, -1])
        surface.extra["anything"] = {"of": [1, None, "text"], "array": np.arange(3, dtype=">i2")}
        return full | {"surface": surface}

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
