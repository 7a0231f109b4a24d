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


def _environment() -> dict[str, str]:
    """Give an environment in which our own sources are not found."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def run(verb: str, *arguments: str) -> Any:
    """Run a verb of this file in the peer's environment, and give what it prints."""
    command = [str(python()), __file__, verb, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=_environment())
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


def examine(folder: str) -> dict[str, Any]:
    """Open every sidecar of a folder with the peer; leave its matrices as .npz, and tell what it makes of it."""
    import numpy as np

    from tvbo import Network

    told: dict[str, Any] = {}
    for path in sorted(Path(folder).glob("*.yaml")):
        try:
            network = Network.from_file(str(path))
            store = getattr(network, "_store", None)
            arrays = {} if store is None else dict(store.arrays)
            if store is not None:
                arrays |= {
                    f"{name}@{each}": held for name, more in store.edge_params.items() for each, held in more.items()
                }
            np.savez(path.with_suffix(".npz"), **{name.replace("/", "|"): held for name, held in arrays.items()})
            told[path.name] = {
                "label": network.label,
                "n": network.number_of_nodes,
                "nodes": [node.label for node in network.nodes][:5000],
                "edges": len(network.edges),
            }
        except Exception as error:  # noqa: BLE001 - whatever goes wrong in the peer is told to who asked
            told[path.name] = {"error": f"{type(error).__name__}: {error}"[:500]}
    return told


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


class Worker:
    """The peer in a process that stays, so that its calls take turns with ours."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [str(python()), __file__, "serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=_environment(),
        )
        installed = self.ask("version")
        if installed != VERSION:
            raise RuntimeError(f"the other tvbo is {installed}, not {VERSION}: remove its environment, and run again")

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)

    def ask(self, *words: str) -> Any:
        """Have something done, and give the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith(_ANSWER):
                answer = json.loads(line.removeprefix(_ANSWER))
                if "error" in answer:
                    raise RuntimeError(f"the peer failed at {words}: {answer['error']}")
                return answer["value"]
        raise RuntimeError(f"the peer died at {words}")


class Journey:
    """A call of the peer, with a clock of its own."""

    def __init__(self, worker: Worker, name: str, what: str) -> None:
        self._worker, self._words = worker, (name, what)

    def spent(self) -> Any:
        """Do it once, and give how long it took."""
        from timing import Spent

        return Spent(*self._worker.ask("time", *self._words))


_ANSWER = "answer: "


class _Server:
    """What a `Worker` talks to."""

    def __init__(self) -> None:
        self._journeys: dict[str, dict[str, Any]] = {}

    def version(self) -> str:
        """Tell which tvbo is imported."""
        import tvbo

        # Not the version that pip knows: another tvbo may stand before it on the path.
        return str(tvbo.__version__)

    def prepare(self, name: str, arrays: str, folder: str) -> None:
        """Make a network of arrays in an .npz file, to be saved in a folder."""
        import numpy as np
        from tvb.datatypes.connectivity import Connectivity
        from tvb.datatypes.region_mapping import RegionMapping
        from tvb.datatypes.surfaces import CorticalSurface

        from tvbo import Network

        given = dict(np.load(arrays))
        on_surface = {key: given.pop(key) for key in list(given) if key.startswith("surface_")}
        mapping = given.pop("mapping", None)
        connectivity = Connectivity(**given)
        connectivity.configure()
        path = Path(folder) / f"{name}.yaml"

        def make() -> Any:
            if mapping is None:
                return Network.from_tvb(connectivity)
            surface = CorticalSurface(**{key.removeprefix("surface_"): each for key, each in on_surface.items()})
            own = RegionMapping(connectivity=connectivity, surface=surface, array_data=mapping)
            return Network.from_tvb_surface(connectivity, surface, own)[1]

        def read_all() -> None:
            network = Network.from_file(str(path))
            if mapping is None:
                _ = network.weights_matrix, network.lengths_matrix
            else:
                _ = network._mesh_vertices, network._mesh_elements, network.node_mapping_data

        network = make()
        self._journeys[name] = {
            "from_tvb": make,
            "save": lambda: network.save(str(path)),
            "open": lambda: Network.from_file(str(path)),
            "read": read_all,
            "execute": lambda: network.execute(format="tvb"),
        }

    def time(self, name: str, what: str) -> list[float]:
        """Time one call, by the clock and of all processors."""
        call = self._journeys[name][what]
        start, cpu = time.perf_counter(), time.process_time()
        call()
        return [time.perf_counter() - start, time.process_time() - cpu]


def serve() -> None:
    """Answer a `Worker` until it goes away."""
    server = _Server()
    for line in sys.stdin:
        verb, *words = json.loads(line)
        try:
            answer = {"value": getattr(server, verb)(*words)}
        except Exception as error:  # noqa: BLE001 - whatever goes wrong in the peer is told to who asked
            answer = {"error": f"{type(error).__name__}: {error}"[:2000]}
        print(_ANSWER + json.dumps(answer), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    else:
        verbs = {"read": read, "write": write, "examine": examine}
        print(json.dumps(verbs[sys.argv[1]](*sys.argv[2:])))
