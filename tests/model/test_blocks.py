"""Matrices that come in blocks of rows are those that were meant, or an error says what is wrong."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tvbo import Network, RowBlocks, SparseRowBlocks
from tvbo.errors import DenseSizeError, ShapeError

DENSE = np.random.default_rng(0).normal(size=(30, 30))
SPARSE = sp.random(30, 30, 0.2, format="csr", random_state=1)


def cut(values, step: int) -> list:
    return [values[start : start + step] for start in range(0, values.shape[0], step)]


@settings(deadline=None)
@given(step=st.integers(1, 31))
def test_blocks_make_up_the_matrix(step) -> None:
    assert np.array_equal(RowBlocks(cut(DENSE, step), DENSE.shape), DENSE)
    found = SparseRowBlocks(cut(SPARSE, step), SPARSE.shape).load()
    assert (found != SPARSE).nnz == 0


@settings(deadline=None, max_examples=30)
@given(step=st.integers(1, 31))
def test_spooled_blocks_make_up_the_matrix(tmp_path_factory, step) -> None:
    folder = tmp_path_factory.mktemp("spool")
    found = SparseRowBlocks(lambda: cut(SPARSE, step), SPARSE.shape).spooled(folder)
    assert isinstance(found.data, np.memmap)
    assert (found != SPARSE).nnz == 0
    assert found.indices.dtype == found.indptr.dtype == np.int32
    assert not list(folder.iterdir())


@pytest.mark.parametrize("kind", [RowBlocks, SparseRowBlocks])
@pytest.mark.parametrize(
    ("blocks", "said"),
    [
        (lambda values: cut(values, 7)[:-1], "28 rows were given"),
        (lambda values: [*cut(values, 7), values[:1]], "begins with row 30"),
        (lambda values: [values[:, :5]], "expected rows of 30"),
    ],
)
def test_blocks_that_do_not_fit_are_an_error(tmp_path, kind, blocks, said) -> None:
    values = DENSE if kind is RowBlocks else SPARSE
    network = Network.from_matrix(weights=kind(blocks(values), values.shape))
    with pytest.raises(ShapeError, match=said):
        network.save(tmp_path / "a.yaml")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", [RowBlocks, SparseRowBlocks])
def test_an_iterator_is_used_up_once(kind) -> None:
    values = DENSE if kind is RowBlocks else SPARSE
    blocks = kind(iter(cut(values, 7)), values.shape)
    read = np.asarray if kind is RowBlocks else kind.load
    read(blocks)
    with pytest.raises(ValueError, match="used up"):
        read(blocks)


def test_numbers_that_would_lose_bits_are_refused() -> None:
    with pytest.raises(TypeError):
        np.asarray(RowBlocks([DENSE], DENSE.shape, np.float32))
    with pytest.raises(TypeError, match="does not fit"):
        SparseRowBlocks([SPARSE], SPARSE.shape, np.float32).load()


def test_saving_blocks_is_saving_the_matrix(tmp_path) -> None:
    network = Network.from_matrix(
        weights=RowBlocks(iter(cut(DENSE, 7)), DENSE.shape), fc=SparseRowBlocks(iter(cut(SPARSE, 7)), SPARSE.shape)
    )
    network.save(tmp_path / "a.yaml")
    plain = Network.from_matrix(weights=DENSE, fc=sp.csr_array(SPARSE))
    found = Network.from_file(tmp_path / "a.yaml")
    assert found.identical(plain)
    # What was used up is read from the file from now on.
    assert network.identical(plain)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.h5", "a.yaml"]


def test_a_sparse_matrix_does_not_become_huge_unasked() -> None:
    network = Network.from_matrix(weights=sp.csr_array((20_000, 20_000)))
    with pytest.raises(DenseSizeError, match=r"takes 3\.0 GiB"):
        network.matrix("weight")
    assert network.matrix("weight", format=None).nnz == 0
    assert Network.from_matrix(weights=SPARSE).matrix("weight", max_bytes=7200).shape == (30, 30)
    with pytest.raises(DenseSizeError):
        Network.from_matrix(weights=SPARSE).matrix("weight", max_bytes=7199)
