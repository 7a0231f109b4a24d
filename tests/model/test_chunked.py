"""A matrix as a Dask array is that matrix, in the rows that lie together, and reads what is asked for."""

import sys

import numpy as np
import pytest
import scipy.sparse as sp

from tvbo import Network
from tvbo.errors import MatrixNotFoundError, MissingDependencyError
from tvbo.model import chunked
from tvbo.storage import bands

DATA = np.random.default_rng(0).random((300, 300))


@pytest.fixture
def saved(tmp_path, monkeypatch) -> Network:
    monkeypatch.setattr(bands, "BAND_BYTES", 20_000)
    Network.from_matrix(DATA).save(tmp_path / "a.yaml")
    return Network.from_file(tmp_path / "a.yaml")


def test_it_is_the_matrix(saved) -> None:
    array = saved.dask("weight")
    assert (array.shape, array.dtype) == (DATA.shape, DATA.dtype)
    assert np.array_equal(array.compute(), DATA)
    assert np.allclose(array.sum(axis=1).compute(), DATA.sum(axis=1))
    assert np.array_equal(Network.from_matrix(DATA).dask("weight").compute(), DATA)


def test_chunks_are_whole_bands_and_only_those_asked_for_are_read(saved, monkeypatch) -> None:
    monkeypatch.setattr(chunked, "_CHUNK_BYTES", 50_000)
    together = saved.lazy("weight").rows_together
    array = saved.dask("weight")
    assert len(array.chunks[0]) > 3
    assert all(rows % together == 0 for rows in array.chunks[0][:-1])
    read = []
    kind = type(saved.lazy("weight"))
    original = kind.__getitem__
    monkeypatch.setattr(kind, "__getitem__", lambda self, key: read.append(key) or original(self, key))
    assert np.array_equal(array[:3].compute(), DATA[:3])
    assert len(read) == 1


def test_it_is_computed_in_processes_of_its_own(saved) -> None:
    assert saved.dask("weight").sum().compute(scheduler="threads") == pytest.approx(DATA.sum())


def test_what_cannot_be_is_said(saved, monkeypatch) -> None:
    with pytest.raises(MatrixNotFoundError):
        saved.dask("wieght")
    sparse = Network.from_matrix(sp.random(9, 9, format="csr"))
    with pytest.raises(TypeError, match=r"sparse \(csr\).*net\.lazy\('weight'\)"):
        sparse.dask("weight")
    monkeypatch.setitem(sys.modules, "dask.array", None)
    with pytest.raises(MissingDependencyError, match="dask is needed to give a matrix as a Dask array"):
        saved.dask("weight")
