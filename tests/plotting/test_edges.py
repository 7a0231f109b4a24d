"""The connections that are drawn are the strongest, and fairly chosen where they are equal."""

import numpy as np
import pytest
import scipy.sparse as sp
from tvb.datatypes.connectivity import Connectivity

from tvbo.plotting import edges
from tvbo.plotting.edges import node_strength, strongest_edges


def test_ties_are_said_and_not_cut() -> None:
    weights = np.zeros((6, 6))
    weights[np.triu_indices(6, 1)] = [3, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1]
    few = strongest_edges(weights, 2)
    assert (len(few.rows), few.tied, few.level) == (1, 7, 2.0)
    assert str(few) == "1 strongest of 15 connections; 7 more are tied at 2"
    most = strongest_edges(weights, 7)
    assert (len(most.rows), most.tied) == (8, 0)
    equal = strongest_edges(np.ones((6, 6)), 4)
    assert (len(equal.rows), equal.tied) == (4, 11)
    none = strongest_edges(np.full((3, 3), np.nan), 5)
    assert (len(none.rows), none.total) == (0, 0)


def test_equal_ones_are_drawn_by_lot_and_not_by_their_place() -> None:
    connectivity = Connectivity.from_file("connectivity_96.zip")
    chosen = strongest_edges(connectivity.weights, 250)
    assert str(chosen).endswith("971 more are tied at 3: a random choice of the tied ones is shown")
    right = np.array([label.endswith("_R") for label in connectivity.region_labels])
    n_right = right[chosen.rows].astype(int) + right[chosen.columns]
    assert 0.3 < (n_right == 2).mean() < 0.7
    assert 0.3 < (n_right == 0).mean() < 0.7
    again = strongest_edges(connectivity.weights.copy(), 250)
    np.testing.assert_array_equal(chosen.rows, again.rows)
    np.testing.assert_array_equal(chosen.columns, again.columns)


def test_one_strong_connection_does_not_stand_alone() -> None:
    weights = np.ones((40, 40))
    weights[3, 5] = 9.0
    chosen = strongest_edges(weights, 100)
    assert (len(chosen.rows), chosen.weights[-1], chosen.by_lot) == (100, 9.0, True)
    assert (chosen.rows[-1], chosen.columns[-1]) == (3, 5)
    assert len(np.unique(chosen.rows)) > 25


@pytest.mark.parametrize("count", [0, 1, 7, 60, 10_000])
@pytest.mark.parametrize("kind", ["float", "signed", "int8", "complex", "bool", "equal", "holes"])
def test_every_layout_and_band_gives_what_sorting_gives(count: int, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    weights = rng.random((30, 30)) * (rng.random((30, 30)) < 0.3)
    weights = {
        "float": lambda: weights,
        "signed": lambda: weights - 0.5,
        "int8": lambda: np.where(np.eye(30, k=3) > 0, -128, weights * 100).astype(np.int8),
        "complex": lambda: weights * 1j,
        "bool": lambda: weights > 0,
        "equal": lambda: np.ones((30, 30), np.float32),
        "holes": lambda: np.where(weights > 0.9, np.nan, np.where(weights > 0.8, np.inf, weights)),
    }[kind]()
    size = np.abs(weights.astype(complex))
    size[~np.isfinite(size)] = 0
    upper = np.triu(np.maximum(size, size.T), 1)
    monkeypatch.setattr(edges, "_AT_ONCE", 100)
    whole = strongest_edges(weights, count)
    assert whole.total == (upper > 0).sum()
    np.testing.assert_allclose(whole.weights, upper[whole.rows, whole.columns])
    assert len(set(zip(whole.rows, whole.columns, strict=True))) == len(whole.rows)
    left_out = upper.copy()
    left_out[whole.rows, whole.columns] = 0
    assert left_out.max() <= max(whole.weights.min(initial=np.inf), whole.level)
    monkeypatch.undo()
    stored = sp.csc_array(weights)
    for other in (strongest_edges(weights, count), strongest_edges(stored, count)):
        assert other[3:] == whole[3:]
        np.testing.assert_allclose(other.weights, whole.weights)
        np.testing.assert_array_equal(np.sort(other.rows), np.sort(whole.rows))
    for each in (weights, stored):
        np.testing.assert_allclose(node_strength(each), size.sum(0) + size.sum(1))
