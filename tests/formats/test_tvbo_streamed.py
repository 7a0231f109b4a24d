"""Matrices that are never in memory whole: saved, copied, saved onto themselves, compared and digested."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from tvbo import Network, RowBlocks
from tvbo.formats.tvbo import flags
from tvbo.model import bits
from tvbo.storage import bands, commit
from tvbo.storage.stored import StoredArray

DATA = np.random.default_rng(0).normal(size=(120, 120))
SPARSE = sp.random(120, 120, 0.1, format="csr", random_state=0)


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch) -> None:
    """Stream what is small, too."""
    monkeypatch.setattr(flags, "LARGE", 1000)
    monkeypatch.setattr(bits, "_AT_ONCE", 1000)
    monkeypatch.setattr(bits, "_BAND_BYTES", 5000)
    monkeypatch.setattr(commit, "_IN_MEMORY", 1000)
    monkeypatch.setattr(bands, "BAND_BYTES", 10_000)


@pytest.fixture
def saved(tmp_path) -> Path:
    network = Network.from_matrix(DATA, fc=SPARSE, late=SPARSE.tocsc(), other=SPARSE.tocoo())
    network.parameters["vector"] = np.arange(5.0)
    network.save(tmp_path / "a.yaml")
    return tmp_path / "a.yaml"


def plain() -> Network:
    network = Network.from_matrix(DATA, fc=SPARSE, late=SPARSE.tocsc(), other=SPARSE.tocoo())
    network.parameters["vector"] = np.arange(5.0)
    return network


def test_a_copy_is_identical_and_reads_nothing_whole(saved, monkeypatch) -> None:
    def whole(self, dtype=None, copy=None):
        raise AssertionError(f"{self.dataset} was read whole")

    network = Network.from_file(saved)
    with monkeypatch.context() as patch:
        _ = network.parameters.vector.value, network.nodes.labels
        banded = StoredArray.__array__
        patch.setattr(
            StoredArray, "__array__", lambda self, *rest: (banded if self.size < 5000 else whole)(self, *rest)
        )
        network.save(saved.with_name("b.yaml"))
    found = Network.from_file(saved.with_name("b.yaml"))
    assert found.identical(plain())
    assert not found.diff(Network.from_file(saved))
    assert found.digest() == plain().digest()


def test_a_save_onto_itself_streams_and_follows(saved) -> None:
    network = Network.from_file(saved)
    network.label = "changed"
    network.save(saved)
    assert isinstance(network.lazy("weight"), StoredArray)
    wanted = plain()
    wanted.label = "changed"
    assert network.identical(wanted)
    assert Network.from_file(saved).identical(wanted)
    network.set_matrix("weight", DATA + 1)
    network.save(saved)
    assert np.array_equal(Network.from_file(saved).weights_matrix, DATA + 1)


def test_a_parent_that_lies_in_the_file_is_streamed_and_followed(tmp_path) -> None:
    child = Network.from_matrix(DATA)
    child.parent_network = plain()
    child.save(tmp_path / "child.yaml")
    found = Network.from_file(tmp_path / "child.yaml")
    found.label = "changed"
    found.save(tmp_path / "child.yaml")
    assert found.parent().identical(plain())


def test_flags_are_those_of_the_values_as_far_as_rows_tell(tmp_path) -> None:
    values = np.abs(DATA)
    np.fill_diagonal(values, 0)
    for matrix in (values, DATA):
        Network.from_matrix(RowBlocks([matrix], matrix.shape)).save(tmp_path / "a.yaml")
        text = (tmp_path / "a.yaml").read_text()
        assert f"non_negative: {str(matrix is values).lower()}" in text
        assert f"valid_diagonal: {str(matrix is not values).lower()}" in text
        assert "directed: true" in text


def test_a_differing_row_is_found_in_parts(saved) -> None:
    other = plain()
    other.matrices["weight"].values = DATA.copy()
    other.weights_matrix[77, 3] += 0.25
    found = Network.from_file(saved).diff(other)
    assert [each.path for each in found] == ["matrices.weight"]
    assert "1 of 14400 entries, largest deviation 0.25" in str(found)


def test_progress_is_told(saved) -> None:
    told = []
    Network.from_file(saved).save(saved.with_name("b.yaml"), progress=lambda done, total: told.append((done, total)))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] <= told[-1][1]
    assert told[-1][0] > DATA.nbytes


def test_a_save_that_fails_midway_leaves_what_was_there(saved) -> None:
    def rows():
        yield DATA[:50]
        raise OSError("the source is gone")

    before = {each.name: each.read_bytes() for each in saved.parent.iterdir()}
    with pytest.raises(OSError, match="the source is gone"):
        Network.from_matrix(RowBlocks(rows, DATA.shape)).save(saved)
    assert {each.name: each.read_bytes() for each in saved.parent.iterdir()} == before


@pytest.mark.skipif(sys.platform == "win32", reason="there are no locks of files")
def test_a_save_that_takes_long_is_not_cleared_away_by_another(saved) -> None:
    go_on, begun = threading.Event(), threading.Event()

    def rows():
        yield DATA[:60]
        begun.set()
        assert go_on.wait(20)
        yield DATA[60:]

    slow = threading.Thread(target=Network.from_matrix(RowBlocks(rows, DATA.shape)).save, args=(saved,))
    slow.start()
    assert begun.wait(20)
    quick = Network.from_matrix(np.eye(3))
    quick.save(saved)
    assert Network.from_file(saved).identical(quick)
    assert len(list(saved.parent.glob(".a.h5.*"))) == 1
    go_on.set()
    slow.join(20)
    assert np.array_equal(Network.from_file(saved).weights_matrix, DATA)
    assert sorted(each.name for each in saved.parent.iterdir()) == ["a.h5", "a.yaml"]


_INTERRUPTED = """
import os, signal, sys, time
import numpy as np
from tvbo import Network, RowBlocks
def rows():
    for index in range(100):
        if index == 3:
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.02)
        yield np.full((10, 1000), float(index))
try:
    Network.from_matrix(RowBlocks(rows, (1000, 1000))).save(sys.argv[1])
except KeyboardInterrupt:
    sys.exit(3)
"""


def test_ctrl_c_ends_a_long_save_soon_and_leaves_what_was_there(saved) -> None:
    before = {each.name: each.read_bytes() for each in saved.parent.iterdir()}
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", _INTERRUPTED, str(saved)], capture_output=True, text=True)
    assert done.returncode == 3, done.stderr
    assert time.monotonic() - started < 20
    assert {each.name: each.read_bytes() for each in saved.parent.iterdir()} == before


_COPY = """
import resource, sys
from tvbo import Network
network = Network.from_file(sys.argv[1])
network.nodes.has_labels
base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
network.save(sys.argv[2])
network.digest()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="counts memory as Linux does")
def test_a_copy_of_half_a_gibibyte_takes_little_memory(tmp_path) -> None:
    size = 8192
    rng = np.random.default_rng(0)
    blocks = RowBlocks((rng.random((64, size)) for _ in range(size // 64)), (size, size))
    Network.from_matrix(blocks).save(tmp_path / "a.yaml")
    command = [sys.executable, "-c", _COPY, str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 100 * 1024
