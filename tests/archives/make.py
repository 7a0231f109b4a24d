"""
Write the archive of this release: files that every later release must read, with their digests.

Run once for each release, ``python tests/archives/make.py``; never again for an old one.
"""

import json
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from tvbo import Mesh, Network, Parameter, __version__


def networks() -> dict[str, Network]:
    """Give networks that use every part of the format."""
    rng = np.random.default_rng(7)
    weights = rng.random((5, 5)) * [1, 1e-320, -0.0, np.inf, np.nan]
    regions = Network.from_matrix(weights, rng.random((5, 5)) * 100, labels=["no", "é", "\ud800", "1e3", " a\n"])
    regions.label, regions.description = "five regions", "Every kind of content."
    regions.nodes.positions = np.asfortranarray(rng.normal(size=(5, 3)))
    regions.nodes.columns["area"] = np.array([0xFFF8000000000001] * 5, np.uint64).view(np.float64)
    regions.nodes.columns["cortical"] = np.array([True, False, True, True, False])
    regions.nodes.columns["orientation"] = rng.normal(size=(5, 3)).astype(np.float32)
    regions.parameters["conduction_speed"] = Parameter(rng.random((5, 5)), "mm_per_ms", "v")
    regions.set_matrix("gain", rng.random((5, 2)), unit="V/(A*m)", column_labels=["r", "l"])
    for layout in ("csr", "csc", "coo", "lil", "dok", "bsr", "dia"):
        regions.set_matrix(layout, sp.random_array((5, 5), density=0.4, rng=rng).asformat(layout))
    regions.extra["note"] = {"tuple": (1, None, "x"), "array": np.arange(3), "text": "\ud83d\ude00"}
    mesh = Mesh(rng.normal(size=(4, 3)), np.array([[0, 1, 2], [0, 2, 3]]), rng.normal(size=(4, 3)))
    surface = Network(mesh=mesh, label="surface", node_mapping_data=[0, 1, -1, 4], parent_network=regions)
    return {"regions": regions, "surface": surface}


if __name__ == "__main__":
    folder = Path(__file__).parent / f"tvbo-{__version__}"
    folder.mkdir(exist_ok=True)
    made = networks()
    # The child first, so that it carries its parent along.
    for name in ("surface", "regions"):
        made[name].save(folder / f"{name}.yaml")
    digests = {name: network.digest() for name, network in made.items()}
    (folder / "digests.json").write_text(json.dumps(digests, indent=2) + "\n")
