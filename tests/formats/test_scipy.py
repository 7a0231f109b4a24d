"""Matrices of scipy and numpy become networks as they are."""

import numpy as np
import pytest
import scipy.sparse as sp

from tvbo import Network
from tvbo.errors import ShapeError, UnsupportedObjectError


@pytest.mark.parametrize("layout", ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"])
@pytest.mark.parametrize("family", [sp.coo_array, sp.coo_matrix])
def test_sparse_matrices_are_held_as_they_are(layout: str, family: type) -> None:
    matrix = family((np.array([1.5, 2.0]), (np.array([0, 2]), np.array([1, 0]))), shape=(3, 3)).asformat(layout)
    network = Network.from_object(matrix, labels=["a", "b", "c"])
    assert network.lazy("weight") is matrix
    assert network.identical(Network.from_matrix(matrix, labels=["a", "b", "c"]))
    back = network.matrix("weight", format="csr")
    assert back[2, 0] == 2
    assert Network.from_object(back).matrix("weight", "dense").tolist() == matrix.toarray().tolist()


def test_arrays_are_held_as_they_are() -> None:
    values = np.arange(4.0).reshape(2, 2)
    network = Network.from_object(values, matrix="length", positions=np.ones((2, 3)))
    assert network.lazy("length") is values
    assert network.matrices["length"].unit == "mm"


@pytest.mark.parametrize("values", [np.ones(3), np.ones((2, 3)), sp.csr_array((2, 3))])
def test_what_is_not_square_is_refused_with_a_way_out(values: object) -> None:
    with pytest.raises(ShapeError, match="column_labels"):
        Network.from_object(values)


def test_a_list_is_no_matrix() -> None:
    with pytest.raises(UnsupportedObjectError):
        Network.from_object([[1.0]])
