"""Names do not meet."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tvbo.plotting.canvas import new_figure
from tvbo.plotting.labels import name_points


def boxes(n: int, seed: int, avoid: bool) -> tuple[np.ndarray, np.ndarray, int]:
    rng = np.random.default_rng(seed)
    figure = new_figure(4, 3)
    axes = figure.subplots()
    places = rng.random((n, 2))
    axes.scatter(*places.T)
    figure.get_layout_engine().execute(figure)
    said = name_points(axes, places, [f"node {i}" for i in range(n)], rng.random(n), most=50, avoid=avoid)
    figure.canvas.draw()
    assert said == len(axes.texts)
    found = np.array([text.get_window_extent().extents for text in axes.texts]).reshape(-1, 4)
    page = figure.bbox.extents
    assert (found[:, :2] >= page[:2] - 1).all()
    assert (found[:, 2:] <= page[2:] + 1).all()
    return found, axes.transData.transform(places), said


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 80), st.integers(0, 99), st.booleans())
def test_no_name_meets_another_nor_leaves_the_page(n: int, seed: int, avoid: bool) -> None:
    found, dots, said = boxes(n, seed, avoid)
    assert said >= min(n, 1)
    for i, box in enumerate(found):
        others = np.delete(found, i, axis=0)
        assert not ((others[:, :2] < box[2:]) & (others[:, 2:] > box[:2])).all(axis=1).any()
        if avoid:
            assert not ((dots > box[:2]) & (dots < box[2:])).all(axis=1).any()


def test_the_first_in_rank_are_named_and_the_lost_are_not() -> None:
    figure = new_figure(4, 3)
    axes = figure.subplots()
    places = np.array([[0.1, 0.1], [0.5, 0.5], [0.9, 0.9], [np.nan, 0]])
    name_points(axes, places, list("abcd"), np.array([2, 0, 1, -1]), most=2)
    assert [text.get_text() for text in axes.texts] == ["b", "c"]


@pytest.mark.parametrize("name", ["$a_", "\\alpha", "ü"])
def test_names_are_literal(name: str) -> None:
    figure = new_figure(4, 3)
    axes = figure.subplots()
    assert name_points(axes, np.array([[0.5, 0.5]]), [name], np.zeros(1), most=1) == 1
    figure.canvas.draw()
