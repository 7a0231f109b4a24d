"""Files of every release, and of the other tvbo, are read for ever."""

import json
from pathlib import Path

import numpy as np
import pytest

from tvbo import Network

HERE = Path(__file__).parent
OURS = [
    (folder.name, name, digest)
    for folder in sorted(HERE.glob("tvbo-*"))
    for name, digest in json.loads((folder / "digests.json").read_text()).items()
]


@pytest.mark.parametrize(("release", "name", "digest"), OURS)
def test_every_release_is_read_to_the_last_bit(release: str, name: str, digest: str) -> None:
    network = Network.from_file(HERE / release / f"{name}.yaml")
    assert network.digest() == digest
    # A digest would hide a change in what it covers: a few values are held against literals.
    regions = network if name == "regions" else network.parent()
    assert regions.nodes.labels.tolist() == ["no", "é", "\ud800", "1e3", " a\n"]
    assert regions.nodes.columns["area"].view(np.uint64).tolist() == [0xFFF8000000000001] * 5
    assert regions.nodes.positions.flags.f_contiguous
    assert regions.matrix("dok", format=None).format == "dok"
    assert regions.conduction_speed.value.shape == (5, 5)
    assert regions.extra["note"]["tuple"] == (1, None, "x")


def test_what_the_other_tvbo_wrote_is_read() -> None:
    network = Network.from_file(HERE / "peer-0.5.3" / "regions.yaml")
    assert network.number_of_nodes == 76
    assert network.weights_matrix.dtype == np.float32
    assert network.weights_matrix.max() == 3.0
    assert network.nodes[0].label == "rA1"
    assert network.nodes[0].parameters.area.value == 396.44065
    assert network.nodes.extra[0] == {"record": True}
    assert network.conduction_speed.value == 3.0
    connectivity = network.execute(format="tvb")
    assert connectivity.areas[1] == 937.50289
