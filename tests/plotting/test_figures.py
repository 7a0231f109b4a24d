"""Figures show what the arrays hold, for every size, and say what they leave out."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from tvb.datatypes.connectivity import Connectivity
from tvb.datatypes.region_mapping import RegionMapping
from tvb.datatypes.surfaces import CorticalSurface

from tvbo import Network, NodeTable
from tvbo.errors import MatrixNotFoundError, ShapeError
from tvbo.plotting.colors import region_colors
from tvbo.plotting.graph import strongest_edges
from tvbo.plotting.matrix import MatrixPanel, plot_matrices
from tvbo.plotting.surface import plot_surface


@pytest.fixture(scope="module")
def networks() -> tuple[Network, Network]:
    connectivity, surface, mapping = Connectivity.from_file(), CorticalSurface.from_file(), RegionMapping.from_file()
    connectivity.configure()
    mapping.connectivity, mapping.surface = connectivity, surface
    return Network.from_tvb_surface(connectivity, surface, mapping)


def pixels(figure: Any, dpi: int = 60) -> np.ndarray:
    figure.set_dpi(dpi)
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3]


def every_axes(figure: Any) -> list[Any]:
    return [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]


def texts(figure: Any) -> list[str]:
    import matplotlib.text

    return [text.get_text() for text in figure.findobj(matplotlib.text.Text)]


def test_weights_and_lengths_stand_side_by_side_with_units(networks: tuple[Network, Network]) -> None:
    figure = networks[0].plot_matrix()
    image = pixels(figure)
    assert [axes.get_title() for axes in every_axes(figure)] == ["weights", "tract lengths"]
    assert "tract lengths [mm]" in texts(figure)
    shown = every_axes(figure)[0].images[0].get_array()
    np.testing.assert_array_equal(shown.mask, networks[0].weights_matrix == 0)
    labels = [label.get_text() for label in every_axes(figure)[0].get_yticklabels()]
    assert labels[0] == "rA1"
    assert len(labels) <= 40
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 50


def test_the_log_option_masks_what_has_no_logarithm(networks: tuple[Network, Network]) -> None:
    figure = networks[0].plot_matrix(log=True)
    assert type(every_axes(figure)[0].images[0].norm).__name__ == "LogNorm"


@pytest.mark.parametrize("n", [1, 2, 4, 1000])
def test_every_size_draws(n: int) -> None:
    rng = np.random.default_rng(0)
    network = Network.from_matrix(rng.random((n, n)), rng.random((n, n)), positions=rng.normal(size=(n, 3)) * 40)
    for figure in (network.plot_matrix(), network.plot_overview()):
        assert pixels(figure).min() < 200


@pytest.mark.parametrize(
    "values",
    [
        np.full((3, 3), np.nan),
        np.full((3, 3), 2.0),
        np.array([[-1.0, 2], [np.inf, 0]]),
        np.eye(4, dtype=bool),
        np.arange(12).reshape(3, 4),
        np.zeros((2, 2)),
    ],
)
@pytest.mark.parametrize("log", [False, True])
def test_odd_matrices_draw(values: np.ndarray, log: bool) -> None:
    columns = [str(i) for i in range(values.shape[1])]
    panel = MatrixPanel(values, "odd", None, columns)
    pixels(plot_matrices([panel], [f"${i}_x^" for i in range(len(values))], log=log, heading="$\\frac{a_"))


def test_both_signs_get_a_symmetric_map() -> None:
    figure = plot_matrices([MatrixPanel(np.array([[-1.0, 3], [0, 1]]), "fc")], ["a", "b"])
    image = figure.axes[0].images[0]
    assert image.get_cmap().name.startswith("RdBu")
    assert (image.norm.vmin, image.norm.vmax) == (-3, 3)


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


def test_the_overview_says_what_is_tied(networks: tuple[Network, Network]) -> None:
    assert "205 strongest of 881 connections; 558 more are tied at 2" in texts(
        networks[0].plot_overview(plot_brain=False)
    )


def test_the_cortex_is_drawn_from_the_linked_surface(networks: tuple[Network, Network]) -> None:
    assert len(every_axes(networks[1].plot_overview(plot_brain=True))) == 8
    assert len(every_axes(networks[1].plot_overview(plot_brain=False))) == 5
    with pytest.raises(ShapeError, match="no mesh to draw"):
        networks[0].plot_overview(plot_brain=True)


def test_nodes_without_a_place_are_left_out_and_counted() -> None:
    positions = np.random.default_rng(0).normal(size=(5, 3))
    positions[2] = np.nan
    network = Network.from_matrix(np.ones((5, 5)), positions=positions)
    figure = network.plot_graph()
    pixels(figure)
    assert any("1 nodes without a position are left out" in text for text in texts(figure))


def test_without_positions_nodes_stand_on_a_circle() -> None:
    figure = Network.from_matrix(np.ones((5, 5))).plot_graph()
    assert len(every_axes(figure)) == 1
    assert len(every_axes(figure)[0].collections[-1].get_offsets()) == 5


def test_six_views_with_every_region_in_a_colour_of_its_own(networks: tuple[Network, Network]) -> None:
    figure = networks[1].plot_surface()
    assert [axes.get_title() for axes in every_axes(figure)] == [
        "left",
        "right",
        "dorsal",
        "ventral",
        "anterior",
        "posterior",
    ]
    image = pixels(figure)
    assert (image < 250).any(axis=2).mean() > 0.3
    colors = region_colors(80)
    apart = np.linalg.norm(colors[:, None] - colors[None], axis=2)[np.triu_indices(80, 1)]
    assert apart.min() > 0.07


def test_the_left_view_shows_the_left_hemisphere(networks: tuple[Network, Network]) -> None:
    vertices, elements = networks[1].display_mesh()
    left = np.where(vertices[:, 0] < 0, 0, 1)
    for view, wanted in (("left", 0), ("right", 1)):
        image = pixels(plot_surface(vertices, elements, values=left.astype(float), views=[view])).astype(int)
        # viridis: 0 is violet (more blue than green), 1 is yellow.
        violet, yellow = (image[..., 2] > image[..., 1] + 20).sum(), (image[..., 1] > image[..., 2] + 60).sum()
        assert (violet > yellow) == (wanted == 0)


def test_values_may_be_given_for_vertices_or_for_regions(networks: tuple[Network, Network]) -> None:
    surface = networks[1]
    strength = networks[0].weights_matrix.sum(axis=1)
    figure = surface.plot_surface(strength, views=["left"], value_name="in-strength")
    assert "in-strength" in texts(figure)
    missing = np.full(16384, np.nan)
    pixels(surface.plot_surface(missing, views=["left"]))
    with pytest.raises(ShapeError, match=r"\(16384,\) for vertices or \(76,\) for regions"):
        surface.plot_surface(np.zeros(5))
    with pytest.raises(ValueError, match="there is no view 'top'"):
        surface.plot_surface(views=["top"])


def test_what_cannot_be_drawn_is_said() -> None:
    with pytest.raises(MatrixNotFoundError, match="no matrix 'weight'"):
        Network(NodeTable(["a"])).plot_matrix()
    with pytest.raises(AttributeError, match="no mesh"):
        Network.from_matrix(np.eye(2)).display_mesh()


def test_drawing_needs_no_display_and_leaves_pyplot_alone() -> None:
    code = (
        "import sys, numpy as np; from tvbo import Network; "
        "Network.from_matrix(np.eye(3)).plot_matrix().savefig('/dev/null', format='png'); "
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PATH": "", "DISPLAY": ""})
