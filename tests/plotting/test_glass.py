"""A brain of glass shows each hemisphere from its side, and says what it leaves out."""

from typing import Any

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.text import Text

from tvbo import Network
from tvbo.errors import ColumnNotFoundError, ShapeError


def panels(figure: Any) -> dict[str, Any]:
    return {axes.get_title(): axes for axes in figure.axes if axes.get_label() != "<colorbar>"}


def drawn(axes: Any, kind: type) -> Any:
    return next(each for each in axes.collections if isinstance(each, kind))


def texts(figure: Any) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text)]


def test_each_side_shows_its_hemisphere(brain: tuple[Network, Network]) -> None:
    figure = brain[1].plot_brain(count=100)
    shown = panels(figure)
    assert list(shown) == ["left hemisphere", "posterior", "dorsal", "right hemisphere"]
    counts = {name: np.isfinite(drawn(axes, PathCollection).get_offsets()).all(1).sum() for name, axes in shown.items()}
    assert counts == {"left hemisphere": 38, "posterior": 76, "dorsal": 76, "right hemisphere": 38}
    lines = {name: len(drawn(axes, LineCollection).get_segments()) for name, axes in shown.items()}
    assert lines["posterior"] == lines["dorsal"] == 100
    assert 0 < lines["left hemisphere"] + lines["right hemisphere"] <= 100
    assert any("102 more are tied at 3: a random choice" in text for text in texts(figure))


def test_the_front_is_where_it_belongs(brain: tuple[Network, Network]) -> None:
    shown = panels(brain[1].plot_brain(views=["left", "right", "anterior", "dorsal"]))
    labels = brain[0].nodes.labels.tolist()
    frontal, occipital = labels.index("lPFCPOL"), labels.index("lV1")
    left = np.asarray(drawn(shown["left hemisphere"], PathCollection).get_offsets())
    assert left[frontal, 0] < left[occipital, 0]
    right = np.asarray(drawn(shown["right hemisphere"], PathCollection).get_offsets())
    assert right[labels.index("rPFCPOL"), 0] > right[labels.index("rV1"), 0]
    # Who looks a brain in the face has its right on the left.
    face, above = (np.asarray(drawn(shown[name], PathCollection).get_offsets()) for name in ("anterior", "dorsal"))
    is_right = np.array([label.startswith("r") for label in labels])
    assert face[is_right, 0].mean() < face[~is_right, 0].mean()
    assert above[is_right, 0].mean() > above[~is_right, 0].mean()
    assert above[frontal, 1] > above[occipital, 1]


def test_values_columns_and_what_has_none(brain: tuple[Network, Network]) -> None:
    values = np.arange(76.0)
    values[3] = np.nan
    figure = brain[0].plot_brain(values, value_name="number", views="dorsal")
    colors = drawn(panels(figure)["dorsal"], PathCollection).get_facecolor()
    assert (colors[3] == 1).all()
    assert not (colors[0] == colors[75]).all()
    assert "number" in texts(figure)
    assert any(text.startswith("area") for text in texts(brain[1].plot_brain("area")))
    with pytest.raises(ColumnNotFoundError, match="have no column 'depth': they have"):
        brain[0].plot_brain("depth")
    with pytest.raises(ShapeError, match=r"shape \(5,\): expected \(76,\), one for each node"):
        brain[0].plot_brain(np.zeros(5))
    with pytest.raises(ValueError, match="there is no view 'top'"):
        brain[0].plot_brain(views="top")


@pytest.mark.parametrize("n", [1, 2, 3, 500])
def test_every_size_has_an_outline_about_its_nodes(n: int) -> None:
    positions = np.random.default_rng(n).normal(size=(n, 3)) * 40
    figure = Network.from_matrix(np.ones((n, n)), positions=positions).plot_brain()
    figure.canvas.draw()
    for axes in panels(figure).values():
        (outline,) = axes.patches
        assert outline.get_path().contains_points(drawn(axes, PathCollection).get_offsets()).all()


def test_what_is_missing_is_said() -> None:
    with pytest.raises(ShapeError, match="has no positions of its nodes: set"):
        Network.from_matrix(np.eye(3)).plot_brain()
    positions = np.eye(3)
    positions[1] = np.nan
    figure = Network.from_matrix(positions=positions).plot_brain()
    (note,) = [text for text in texts(figure) if text.startswith("nodes only")]
    assert "1 nodes without a position are left out" in note


@pytest.mark.parametrize("draw", [Network.plot_brain, Network.plot_graph])
def test_names_stand_clear_of_dots_and_of_one_another_when_it_is_drawn(
    draw: Any, brain: tuple[Network, Network]
) -> None:
    figure = draw(brain[1])
    figure.canvas.draw()
    for axes in panels(figure).values():
        shown = drawn(axes, PathCollection)
        dots = axes.transData.transform(np.asarray(shown.get_offsets()))
        reach = np.sqrt(shown.get_sizes() / np.pi) * figure.dpi / 72
        names = [text for text in axes.texts if text.get_text() not in "LRAP"]
        assert len(names) >= 4
        boxes = np.array([text.get_window_extent().extents for text in names])
        for i, box in enumerate(boxes):
            nearest = np.clip(dots, box[:2], box[2:])
            with np.errstate(invalid="ignore"):
                assert not (np.linalg.norm(nearest - dots, axis=1) < 0.8 * reach).any()
            others = np.delete(boxes, i, axis=0)
            assert not ((others[:, :2] < box[2:]) & (others[:, 2:] > box[:2])).all(axis=1).any()
