"""Cells hold the means of what they cover, however the matrix is stored."""

import numpy as np
import pytest
import scipy.sparse as sp

from tvbo.plotting.binning import binned


def by_hand(values: np.ndarray, rows: int, columns: int) -> np.ndarray:
    blocks = [
        [values[i : i + rows, j : j + columns] for j in range(0, values.shape[1], columns)]
        for i in range(0, values.shape[0], rows)
    ]
    return np.array([[b[np.isfinite(b)].mean() if np.isfinite(b).any() else np.nan for b in line] for line in blocks])


@pytest.mark.parametrize("shape", [(45, 45), (41, 7), (3, 100), (20, 20), (1, 1)])
def test_cells_are_means_of_finite_entries(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=shape) * (rng.random(shape) < 0.3)
    values[rng.random(shape) < 0.1] = np.nan
    values[:2, :2] = np.inf
    cells = binned(values, most=10)
    assert max(cells.values.shape) <= 20
    expected = by_hand(values, cells.rows, cells.columns) if cells.rows * cells.columns > 1 else values
    np.testing.assert_allclose(cells.values, expected, atol=1e-15)
    for layout in (sp.csr_array, sp.csc_matrix, sp.coo_array, sp.lil_matrix):
        again = binned(layout(values), most=10)
        assert again[1:] == cells[1:]
        np.testing.assert_allclose(again.values, expected, atol=1e-15)


def test_a_cell_of_the_largest_numbers_does_not_overflow() -> None:
    values = np.full((50, 50), np.finfo(float).max / 2)
    for each in (values, sp.csr_array(values)):
        np.testing.assert_allclose(binned(each, most=10).values, np.finfo(float).max / 2)


def test_entries_stored_twice_count_as_their_sum() -> None:
    values = sp.coo_array(([1.0, -1.0, 2.0], ([0, 0, 40], [0, 0, 40])), shape=(50, 50))
    cells = binned(values, most=10)
    assert cells.values[0, 0] == 0
    assert cells.values[8, 8] == 2 / 25


def test_complex_entries_count_by_their_magnitude() -> None:
    values = np.full((50, 50), 3 + 4j)
    for each in (values, sp.csr_array(values)):
        np.testing.assert_allclose(binned(each, most=10).values, 5)
