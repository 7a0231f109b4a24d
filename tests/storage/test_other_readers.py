"""Other readers of HDF5 read our companions to the bit, without plug-ins."""

import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from tvbo import Network

SIZE = 600


def data() -> dict[str, np.ndarray]:
    """Give matrices that are compressed in each way: stored, raw, shuffled, in planes."""
    rng = np.random.default_rng(0)
    weights = rng.lognormal(size=(SIZE, SIZE))
    weights[rng.random((SIZE, SIZE)) < 0.3] = 0
    return {
        "weights": weights,
        "counts": rng.poisson(5.0, (SIZE, SIZE)).astype(float),
        "fc": np.corrcoef(rng.random((SIZE, 50))),
        "noise": rng.random((SIZE, SIZE)),
        "wide": rng.integers(0, 9, (SIZE, SIZE)),
        "born32": rng.random((SIZE, SIZE), dtype=np.float32).astype(float),
    }


_READ = {
    "tables": """
import tables
with tables.open_file(path) as file:
    found = {name: file.get_node(f"/edges/{name}/data")[:] for name in names}
""",
    "netCDF4": """
import netCDF4
with netCDF4.Dataset(path) as file:
    file.set_auto_mask(False)
    found = {name: file[f"edges/{name}"].variables["data"][:] for name in names}
""",
    "pyfive": """
import pyfive
with pyfive.File(path) as file:
    found = {name: file[f"edges/{name}/data"][()] for name in names}
""",
}
_REST = """
import sys, numpy as np
path, target, *names = sys.argv[1:]
{read}
np.savez(target, **found)
"""


@pytest.mark.parametrize("compression", ["gzip", "none", 9])
@pytest.mark.parametrize("reader", _READ)
def test_they_read_the_same(tmp_path: Path, reader: str, compression: str | int) -> None:
    matrices = data()
    Network.from_matrix(**matrices).save(tmp_path / "a.yaml", compression=compression)
    # In a process of its own: some bring a libhdf5 along.
    arguments = [str(tmp_path / "a.h5"), str(tmp_path / "found.npz"), *_names(tmp_path / "a.h5")]
    code = _REST.format(read=_READ[reader])
    subprocess.run([sys.executable, "-W", "ignore", "-c", code, *arguments], check=True, capture_output=True, text=True)
    with np.load(tmp_path / "found.npz") as found:
        for name, values in matrices.items():
            stored = found["weight" if name == "weights" else name]
            assert stored.dtype == values.dtype
            assert stored.tobytes() == values.tobytes()


def _names(path: Path) -> list[str]:
    with h5py.File(path) as file:
        for name, group in file["edges"].items():
            item = group["data"].id
            chunks = (
                [item.get_chunk_info(index) for index in range(item.get_num_chunks())] if group["data"].chunks else []
            )
            assert all(chunk.filter_mask == 0 for chunk in chunks), name
        return list(file["edges"])
