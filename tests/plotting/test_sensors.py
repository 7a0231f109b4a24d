"""Sensors stand where they are on the head, and their colours are what they see."""

from typing import Any

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.text import Text
from tvb.datatypes.sensors import SensorsInternal

from tvbo import Network, NodeTable
from tvbo.errors import ColumnNotFoundError, ShapeError
from tvbo.plotting.sensors import middle_of_head


def panels(figure: Any) -> dict[str, Any]:
    return {axes.get_title(): axes for axes in figure.axes if axes.get_label() != "<colorbar>"}


def texts(figure: Any) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text)]


def test_the_flat_layout_has_the_nose_up_and_left_on_the_left(eeg: Network) -> None:
    axes = eeg.plot_sensors(views="flat").axes[0]
    shown = np.concatenate([each.get_offsets() for each in axes.collections if isinstance(each, PathCollection)])
    place = dict(zip(eeg.nodes.labels.tolist(), shown[np.isfinite(shown).all(1)], strict=True))
    assert place["Fp1"][1] > 0.7 > -0.7 > place["O1"][1]
    assert place["C3"][0] < -0.2 < 0.2 < place["C4"][0]
    assert np.linalg.norm(place["Cz"]) < 0.2
    # Every name is there, and none meets another (see test_labels).
    assert {*eeg.nodes.labels.tolist()} <= {*texts(axes.figure)}


def test_a_region_is_the_sum_of_its_vertices(eeg: Network, brain: tuple[Network, Network]) -> None:
    figure = eeg.plot_sensors("gain", column="rV1", views="flat")
    region = brain[0].nodes.labels.tolist().index("rV1")
    vertices = brain[1].node_mapping_data == region
    expected = eeg.matrix("gain")[:, vertices].sum(axis=1)
    known = np.isfinite(expected)
    dots = [each for each in figure.axes[0].collections if len(each.get_offsets()) == known.sum()]
    limit = np.abs(expected[known]).max()
    import matplotlib as mpl

    colors = mpl.colormaps["RdBu_r"]((expected[known] + limit) / (2 * limit))
    np.testing.assert_allclose(dots[-1].get_facecolor(), colors, atol=0.02)
    assert any(f"rV1, the sum of {vertices.sum()} vertices" in text for text in texts(figure))


def test_what_is_not_known_is_a_cross_and_what_is_moved_is_said(eeg: Network) -> None:
    (note,) = [text for text in texts(eeg.plot_sensors("gain", column=0)) if "crosses" in text]
    assert "2 without a value are crosses: IO1, IO2" in note
    assert "sensors are moved 47 mm onto the sources: they may be in different frames" in note


def test_sensors_within_a_brain_are_not_laid_flat() -> None:
    network = Network.from_tvb(SensorsInternal.from_file())
    figure = network.plot_sensors()
    figure.canvas.draw()
    assert list(panels(figure)) == ["left", "posterior", "dorsal"]
    with pytest.raises(ValueError, match="lie on no head and cannot be laid flat: expected some of left"):
        network.plot_sensors(views="flat")


@pytest.mark.parametrize(
    ("values", "column", "error", "message"),
    [
        ("gain", "nowhere", ColumnNotFoundError, "no column 'nowhere', and its sources have no such region"),
        ("gain", 99999, ColumnNotFoundError, "no column 99999: it has 16384"),
        ("gain", None, ColumnNotFoundError, "'gain' is a matrix: say which of its columns"),
        ("noise", None, ColumnNotFoundError, "have no column 'noise'"),
        (np.zeros(3), None, ShapeError, r"expected \(65,\), one for each node"),
    ],
)
def test_what_cannot_be_shown_is_said(eeg: Network, values: Any, column: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        eeg.plot_sensors(values, column=column)


def test_columns_are_found_by_their_labels() -> None:
    rng = np.random.default_rng(0)
    network = Network(NodeTable([f"E{i}" for i in range(5)], rng.normal(size=(5, 3)) * 80))
    network.set_matrix("gain", np.arange(15.0).reshape(5, 3), unit="V/(A*m)", column_labels=list("abc"))
    figure = network.plot_sensors("gain", column="b")
    assert "gain of b [V/(A*m)]" in texts(figure)
    network.nodes.columns["noise"] = np.arange(5)
    assert "noise" in texts(network.plot_sensors("noise"))
    with pytest.raises(ShapeError, match="have no positions"):
        Network(NodeTable(["a"])).plot_sensors()


@pytest.mark.parametrize("shift", [0.0, 500.0])
def test_the_middle_of_a_head_is_that_of_its_sphere(shift: float) -> None:
    rng = np.random.default_rng(0)
    ball = rng.normal(size=(60, 3))
    ball[:, 2] = np.abs(ball[:, 2])
    head = 90 * ball / np.linalg.norm(ball, axis=1, keepdims=True) + shift
    head[3] = np.nan
    middle = middle_of_head(head)
    assert middle is not None
    np.testing.assert_allclose(middle, shift, atol=1e-6)
    assert middle_of_head(head[:10]) is None
    assert middle_of_head(rng.normal(size=(60, 3))) is None
