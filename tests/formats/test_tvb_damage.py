"""Damaged files of TVB are read or refused with an error of ours, whatever was damaged."""

import io
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io
import scipy.sparse as sp

from tvbo import Network, NodeTable
from tvbo.errors import TvboError

RUNS = 150


def samples(folder: Path) -> list[Path]:
    network = Network.from_matrix(
        np.arange(9.0).reshape(3, 3), np.ones((3, 3)), labels=["lA", "rB", "lé"], positions=np.eye(3)
    )
    network.nodes.columns["cortical"] = np.array([True, False, True])
    sensors = Network(NodeTable(["a", "b"], np.eye(2, 3)), descriptor="sensors")
    network.save(folder / "a.zip")
    network.save(folder / "a.h5", format="tvb-h5")
    sensors.save(folder / "s.txt")
    sensors.save(folder / "s.txt.bz2")
    held = io.BytesIO()
    np.savetxt(held, network.matrix("weight"))
    with zipfile.ZipFile(folder / "plain.zip", "w") as archive:
        archive.writestr("weights.txt", held.getvalue())
        archive.writestr("tract_lengths.txt", held.getvalue())
        archive.writestr("centres.txt", "a 1 2 3\nb 1 2 3\nc 1 2 3\n")
        archive.writestr("cortical.txt", "1 0 1")
    np.save(folder / "p.npy", np.ones((2, 5)))
    scipy.io.savemat(folder / "l.mat", {"LocalCoupling": sp.csc_matrix(np.eye(4))})
    (folder / "w.csv").write_text("a,b\n0,1\n2,3\n")
    local = Network(NodeTable(size=4), descriptor="surface")
    local.set_matrix("local_connectivity", sp.csr_matrix(np.eye(4)))
    local.save(folder / "l.h5", format="tvb-h5")
    return sorted(each for each in folder.iterdir() if each.is_file())


def damaged(data: bytes, rng: Any) -> bytes:
    changed = bytearray(data)
    kind = rng.integers(5)
    at = int(rng.integers(len(data)))
    if kind == 0:
        return bytes(changed[:at])
    for _ in range(int(rng.integers(1, 6))):
        at = int(rng.integers(len(data)))
        if kind == 1:
            changed[at] ^= 1 << int(rng.integers(8))
        elif kind == 2:
            changed[at] = int(rng.integers(256))
        elif kind == 3:
            changed[at : at + 8] = bytes(8)
        else:
            changed[at : at + 4] = b"\xff" * len(changed[at : at + 4])
    return bytes(changed)


@pytest.mark.parametrize("seed", range(3))
def test_damage_ends_in_a_network_or_in_an_error_of_ours(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole, refused = 0, 0
        (tmp_path / "good").mkdir()
        for path in samples(tmp_path / "good"):
            data = path.read_bytes()
            for _ in range(RUNS // 3):
                target = tmp_path / path.name
                target.write_bytes(damaged(data, rng))
                try:
                    found = Network.from_file(target)
                    found.digest()
                    str(found.check())
                    whole += 1
                except TvboError:
                    refused += 1
    assert min(whole, refused) > 20
