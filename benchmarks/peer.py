"""
The other tvbo (0.5.3 on PyPI), in a virtual environment of its own, driven through this file.

It is installed into ``.peer-venv`` the first time it is asked for; `TVBO_PEER_VENV` names another folder. Run as a
script by that environment's Python, this file times the peer or reads and writes files with it, and prints JSON.
"""

import json
import os
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import Any

VERSION = "0.5.3"
ROOT = Path(__file__).resolve().parents[1]


def python() -> Path:
    """Give the Python of the peer's environment, made on first use."""
    folder = Path(os.environ.get("TVBO_PEER_VENV") or ROOT / ".peer-venv")
    found = folder / "bin" / "python"
    if not (folder / ".made").exists():
        venv.create(folder, with_pip=True)
        install = [str(found), "-m", "pip", "install", "--quiet", f"tvbo=={VERSION}", "tvb-library", "tvb-data"]
        subprocess.run(install, check=True)
        (folder / ".made").touch()
    return found


def run(verb: str, *arguments: str) -> Any:
    """Run a verb of this file in the peer's environment, and give what it prints."""
    done = subprocess.run([str(python()), __file__, verb, *arguments], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"the peer failed at {verb} {arguments}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def read(path: str, arrays: str) -> dict[str, Any]:
    """Open a file with the peer and leave its arrays as .npz."""
    import numpy as np

    from tvbo import Network

    network = Network.from_file(path)
    found = {"n": np.array(network.number_of_nodes)}
    for name in ("weight", "length", "gain", "fc"):
        matrix = network.matrix(name)
        if matrix is not None:
            found[name] = np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix)
    positions = [node.position for node in network.nodes]
    if network.number_of_nodes < 5000 and all(place is not None for place in positions):
        found["positions"] = np.array([[place.x, place.y, place.z] for place in positions])
    found["labels"] = np.array([node.label for node in network.nodes], dtype=str)
    if network.mesh is not None:
        found["vertices"] = np.asarray(network._mesh_vertices)
        found["elements"] = np.asarray(network._mesh_elements)
    if network.node_mapping_data is not None:
        found["mapping"] = np.asarray(network.node_mapping_data)
    np.savez(arrays, **found)
    speed = network.conduction_speed
    return {"label": network.label, "speed": None if speed is None else speed.value}


def write(folder: str) -> dict[str, Any]:
    """Save TVB's default networks with the peer, and time it."""
    from tvb.datatypes.connectivity import Connectivity
    from tvb.datatypes.region_mapping import RegionMapping
    from tvb.datatypes.surfaces import CorticalSurface

    from tvbo import Network

    connectivity, surface, mapping = Connectivity.from_file(), CorticalSurface.from_file(), RegionMapping.from_file()
    connectivity.configure()
    surface.configure()
    mapping.connectivity, mapping.surface = connectivity, surface
    times: dict[str, float] = {}

    def timed(name: str, call: Any) -> Any:
        start = time.perf_counter()
        result = call()
        times[name] = time.perf_counter() - start
        return result

    timed("from_tvb 76, first", lambda: Network.from_tvb(connectivity))
    regions = timed("from_tvb 76", lambda: Network.from_tvb(connectivity))
    timed("save 76, first", lambda: regions.save(f"{folder}/regions.yaml"))
    timed("save 76", lambda: regions.save(f"{folder}/regions.yaml"))
    timed("open and read 76", lambda: Network.from_file(f"{folder}/regions.yaml").weights_matrix)
    timed("execute 76", lambda: regions.execute(format="tvb"))
    _, cortex = timed("from_tvb_surface 16384", lambda: Network.from_tvb_surface(connectivity, surface, mapping))
    timed("save 16384", lambda: cortex.save(f"{folder}/surface.yaml"))
    timed("open and read 16384", lambda: Network.from_file(f"{folder}/surface.yaml")._mesh_vertices)
    return times


if __name__ == "__main__":
    verbs = {"read": read, "write": write}
    print(json.dumps(verbs[sys.argv[1]](*sys.argv[2:])))
