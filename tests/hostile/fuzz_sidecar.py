"""
Look for sidecars that are neither read nor refused, led by what of the reader they reach.

``python tests/hostile/fuzz_sidecar.py -max_total_time=60 [FOLDER]``, with atheris installed. The first byte says
whether the rest is YAML or JSON. It stops at the first exception that is no TvboError.
"""

import sys
import tempfile
import warnings
from pathlib import Path

try:
    import atheris
except ImportError:
    sys.exit("atheris is not installed: pip install atheris")

with atheris.instrument_imports(include=["tvbo", "yaml"]):
    from tvbo import Limits, Network
    from tvbo.errors import TvboError
    from tvbo.formats import tvbo as _format

_SEEDS = (
    b"\0number_of_nodes: 2\nnodes:\n- {id: 0, label: a, position: {x: 1, y: 2e0, z: .nan}}\n- {id: 1}\n",
    b"\0edges:\n- {source: 1, target: 2, weight: 0.5}\nnodes: &a [{id: 1}, {id: 2}]\nx: *a\n",
    b"\0parameters: {v: {value: 1.0, unit: mm}}\nnumber_of_nodes: 1\nmesh: {element_type: triangle}\n",
    b'\1{"number_of_nodes": 1, "label": "\\ud800", "nodes": [{"id": 0}], "edges": []}',
)
_FOLDER = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
# Small, so that what is large is refused at once, and what is slow is seen.
_LIMITS = Limits(sidecar_bytes=1 << 20, sidecar_values=10_000, nodes=1000)


def one(data: bytes) -> None:
    """Read one sidecar."""
    path = _FOLDER / ("net.json" if data[:1] == b"\1" else "net.yaml")
    path.write_bytes(data[1:])
    try:
        network = Network.from_file(path, limits=_LIMITS)
        network.digest()
        repr(network)
    except TvboError:
        pass
    finally:
        path.unlink()


if __name__ == "__main__":
    assert _format
    warnings.simplefilter("ignore")
    seeds = _FOLDER / "seeds"
    seeds.mkdir()
    for number, seed in enumerate(_SEEDS):
        (seeds / f"{number}").write_bytes(seed)
    atheris.Setup([*sys.argv, str(seeds)], one)
    atheris.Fuzz()
