"""Files of surfaces with bytes changed, cut and doubled: refused in words, or read, with nothing else."""

import random
import warnings
from pathlib import Path

import numpy as np
import pytest

from tvbo import Limits, Mesh, Network, NodeTable
from tvbo.errors import TvboError, TvboWarning

FILES = ("x.surf.gii", "x.label.gii", "x.shape.gii", "x.pial", "x.annot", "x.thickness", "x.pconn.nii")


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Give the bytes of one sound file of each kind."""
    folder = tmp_path_factory.mktemp("sound")
    regions = Network(NodeTable(["a", "b"], columns={"color": np.eye(4)[:2]}))
    regions.set_matrix("weight", np.eye(2) / 3)
    made = Network(mesh=Mesh(np.arange(12.0).reshape(4, 3), [[0, 1, 2], [1, 3, 2]]))
    made.nodes.columns["thickness"] = np.arange(4.0)
    made.parent_network, made.node_mapping_data = regions, np.array([0, 1, -1, 1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TvboWarning)
        for name in FILES[:-1]:
            made.save(folder / name)
        regions.save(folder / FILES[-1], surface=made)
    return {name: (folder / name).read_bytes() for name in FILES}


def damaged(data: bytes, chance: random.Random) -> bytes:
    held = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        if not held:
            break
        at, length = chance.randrange(len(held)), chance.choice((1, 1, 2, 4, 16))
        way = chance.randrange(5)
        if way == 0:
            held[at] ^= 1 << chance.randrange(8)
        elif way == 1:
            held[at : at + length] = bytes(chance.choice((0, 0x7F, 0xFF, 0x39, 0x2D)) for _ in range(length))
        elif way == 2:
            del held[at : at + length]
        elif way == 3:
            held[at:at] = held[at : at + length]
        else:
            del held[max(at, 1) :]
    return bytes(held)


@pytest.mark.parametrize("name", FILES)
def test_damage_is_refused_or_read(tmp_path: Path, originals: dict[str, bytes], name: str) -> None:
    chance, path, refused = random.Random(name), tmp_path / name, 0
    for _ in range(300):
        data = damaged(originals[name], chance)
        path.write_bytes(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TvboWarning)
            try:
                Network.from_file(path, limits=Limits(inflated_bytes=1 << 24)).digest()
            except TvboError:
                refused += 1
            except Exception as error:
                error.add_note(repr(data))
                raise
    assert refused > 100
