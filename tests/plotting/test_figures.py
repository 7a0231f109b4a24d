"""Figures show what the arrays hold, for every size, and say what they leave out."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from tvb.datatypes.surfaces import CorticalSurface

from tvbo import Network, NodeTable
from tvbo.errors import ColumnNotFoundError, MatrixNotFoundError, NetworkNotFoundError, ShapeError
from tvbo.plotting.colors import region_colors
from tvbo.plotting.matrix import MatrixPanel, plot_matrices
from tvbo.plotting.surface import VIEWS, plot_surface


@pytest.fixture
def networks(brain: tuple[Network, Network]) -> tuple[Network, Network]:
    return brain


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
    with pytest.raises(MatrixNotFoundError, match="no matrix to draw: add one"):
        Network(NodeTable(["a"])).plot_matrix()
    for draw in (Network.display_mesh, Network.plot_surface):
        with pytest.raises(ShapeError, match="no mesh to draw"):
            draw(Network.from_matrix(np.eye(2)))


def test_drawing_needs_no_display_and_leaves_pyplot_alone() -> None:
    code = (
        "import sys, numpy as np; from tvbo import Network; "
        "Network.from_matrix(np.eye(3)).plot_matrix().savefig('/dev/null', format='png'); "
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PATH": "", "DISPLAY": ""})


def shown_texts(figure: Any) -> list[Any]:
    import matplotlib.text

    return [text for text in figure.findobj(matplotlib.text.Text) if text.get_text().strip() and text.get_visible()]


def cut_off(figure: Any) -> list[str]:
    pixels(figure)
    page = figure.bbox
    boxes = {text.get_text(): text.get_window_extent() for text in shown_texts(figure)}
    inside = {
        text: box.x0 >= page.x0 - 1 and box.x1 <= page.x1 + 1 and box.y0 >= page.y0 - 1 and box.y1 <= page.y1 + 1
        for text, box in boxes.items()
        # Numbers at the ticks of an axis that is off are never drawn, but found all the same.
        if not text.lstrip("\N{MINUS SIGN}").replace(".", "").isdigit()
    }
    return [text for text, whole in inside.items() if not whole]


def gain_network() -> Network:
    rng = np.random.default_rng(0)
    network = Network(NodeTable([f"E{i}" for i in range(43)], rng.normal(size=(43, 3)) * 80))
    network.set_matrix("gain", rng.normal(size=(43, 6)), unit="V/(A*m)", column_labels=list("abcdef"))
    return network


def test_a_rectangular_matrix_is_a_heatmap_and_its_nodes_stand_without_connections() -> None:
    figure = gain_network().plot_overview()
    pixels(figure)
    heatmap, *_, sagittal, coronal, axial = every_axes(figure)
    assert any(len(axes.images) for axes in every_axes(figure)), heatmap
    for axes in (sagittal, coronal, axial):
        assert [len(drawn.get_offsets()) for drawn in axes.collections] == [43]
    assert any("there is no matrix of connections" in text for text in texts(figure))
    assert not cut_off(figure)
    pixels(gain_network().plot_graph())


def test_a_square_matrix_with_columns_of_its_own_joins_no_nodes() -> None:
    network = Network.from_matrix(positions=np.eye(3))
    network.set_matrix("gain", np.ones((3, 3)), column_labels=["x", "y", "z"])
    assert any("there is no matrix of connections" in text for text in texts(network.plot_graph()))


def test_a_huge_sparse_matrix_is_never_dense(monkeypatch: pytest.MonkeyPatch) -> None:
    values = sp.random(16384, 16384, 1e-4, "csc", rng=np.random.default_rng(0))

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("made dense: 2 GB")

    for layout in (sp.csc_matrix, sp.csr_array, sp.coo_array):
        monkeypatch.setattr(layout, "toarray", refuse)
    network = Network.from_matrix(positions=np.random.default_rng(0).normal(size=(16384, 3)) * 40)
    network.set_matrix("local_connectivity", values, unit="mV")
    figure = network.plot_matrix()
    axes = every_axes(figure)[0]
    assert max(axes.images[0].get_array().shape) <= 1000
    assert axes.get_title() == "local_connectivity, in cells of 28 x 28"
    assert "mean of local_connectivity [mV]" in texts(figure)
    # Ticks stand at the rows that they name.
    assert axes.get_ylim() == (16383.5, -0.5)
    for axis in (axes.yaxis, axes.xaxis):
        for place, label in zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True):
            assert label.get_text() == f"node_{int(place)}"
    pixels(network.plot_overview())


def test_the_binned_image_lies_where_the_rows_are() -> None:
    values = np.zeros((5000, 5000))
    values[4000:] = 1.0
    axes = every_axes(plot_matrices([MatrixPanel(values, "weights")], [str(i) for i in range(5000)]))[0]
    left, right, bottom, top = axes.images[0].get_extent()
    shown = axes.images[0].get_array()
    first = int(np.flatnonzero(shown[:, 0] > 0)[0])
    row = top + (bottom - top) * first / len(shown)
    assert row <= 3999.5 < row + (bottom - top) / len(shown)
    assert (left, top) == (-0.5, -0.5)
    assert right >= 4999.5


def test_every_caption_is_whole(networks: tuple[Network, Network]) -> None:
    regions, surface = networks
    circle = Network.from_matrix(np.ones((40, 40)), labels=[f"a name that is long and ends in {i}" for i in range(40)])
    for network in (regions, circle):
        for figure in (network.plot_overview(plot_brain=False), network.plot_graph(), network.plot_matrix()):
            assert not cut_off(figure)
    for brain in (False, True):
        assert not cut_off(surface.plot_overview(plot_brain=brain))
    assert not cut_off(surface.plot_surface(views="left"))


def test_connections_are_chosen_alike_in_graph_and_overview() -> None:
    rng = np.random.default_rng(0)
    fc = np.corrcoef(rng.normal(size=(6, 30)))
    network = Network.from_matrix(lengths=rng.random((6, 6)), positions=rng.normal(size=(6, 3)), fc=fc)
    for figure in (network.plot_graph(), network.plot_overview()):
        assert "15 strongest of 15 connections" in texts(figure)
    assert {axes.get_title() for axes in every_axes(network.plot_matrix())} == {"tract lengths", "fc"}


def test_what_there_is_is_drawn(networks: tuple[Network, Network]) -> None:
    surface = Network.from_tvb(CorticalSurface.from_file())
    assert [axes.get_title() for axes in every_axes(surface.plot_overview())] == ["left", "dorsal", "right"]
    nodes = [axes.get_title() for axes in every_axes(surface.plot_overview(plot_brain=False))]
    assert nodes == ["sagittal", "coronal", "axial"]
    places = Network.from_matrix(positions=np.eye(3))
    assert len(every_axes(places.plot_overview())) == 3
    assert [axes.get_title() for axes in every_axes(networks[1].plot_matrix())] == ["weights", "tract lengths"]
    bare = Network(NodeTable(["a"]))
    for draw in (Network.plot_overview, Network.plot_graph):
        with pytest.raises(ShapeError, match="nothing to draw; add"):
            draw(bare)


def test_one_view_may_be_named_and_none_is_refused(networks: tuple[Network, Network]) -> None:
    assert [axes.get_title() for axes in every_axes(networks[1].plot_surface(views="dorsal"))] == ["dorsal"]
    with pytest.raises(ValueError, match=", ".join(VIEWS)):
        networks[1].plot_surface(views=[])


def test_of_complex_values_the_magnitude_is_drawn_and_named() -> None:
    values = np.array([[3 + 4j, 0], [1j, -2]])
    network = Network.from_matrix(positions=np.eye(3)[:2], coherency=values)
    figure = network.plot_matrix()
    pixels(figure)
    np.testing.assert_array_equal(every_axes(figure)[0].images[0].get_array().filled(0), [[5, 0], [1, 2]])
    assert "magnitude of coherency" in texts(figure)
    pixels(network.plot_overview())


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda mapping: mapping[:100], r"has 100 entries: expected a region for each of its 16384 vertices"),
        (lambda mapping: mapping + 1, r"goes up to region 76, but its parent network has 76 regions"),
    ],
)
def test_a_mapping_that_does_not_fit_is_said(
    networks: tuple[Network, Network], spoil: Any, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    regions, surface = networks
    spoilt = Network(mesh=surface.mesh, node_mapping_data=surface.node_mapping_data, parent_network=regions)
    # As a file may have it: the setter refuses what it can see.
    monkeypatch.setattr(Network, "node_mapping_data", spoil(surface.node_mapping_data))
    for draw in (Network.plot_surface, Network.plot_overview):
        with pytest.raises(ShapeError, match=message):
            draw(spoilt)
    with pytest.raises(ShapeError, match=message):
        spoilt.plot_surface(np.zeros(76))
    assert len(every_axes(spoilt.plot_overview(plot_brain=False))) == 5


def test_arrays_that_do_not_fit_the_vertices_are_said() -> None:
    vertices, elements = np.eye(3), np.array([[0, 1, 2]])
    with pytest.raises(ShapeError, match=r"regions of a surface have shape \(2,\): expected one for each of its 3"):
        plot_surface(vertices, elements, regions=np.zeros(2, int))
    # Ids may be any: nobody said how many regions there are.
    pixels(plot_surface(vertices, elements, regions=np.array([10**12, 10**12, -5])))


def test_a_surface_whose_parent_is_gone_is_drawn_all_the_same(networks: tuple[Network, Network]) -> None:
    def gone() -> Network:
        raise NetworkNotFoundError("regions.yaml")

    lonely = Network(
        mesh=networks[1].mesh, node_mapping_data=networks[1].node_mapping_data, parent_network=gone, descriptor=None
    )
    pixels(lonely.plot_surface(views="left"))


def test_matrices_are_drawn_by_name(networks: tuple[Network, Network]) -> None:
    for names, titles in (
        (("weights",), ["weights"]),
        (("tract_lengths", "weights"), ["tract lengths", "weights"]),
    ):
        assert [axes.get_title() for axes in every_axes(networks[0].plot_matrix(*names))] == titles
    with pytest.raises(MatrixNotFoundError, match="has no matrix 'fc': it has '"):
        networks[0].plot_matrix("fc")
    image = every_axes(networks[0].plot_matrix("weights", cmap="cividis"))[0].images[0]
    assert image.get_cmap().name == "cividis"


def test_a_column_of_regions_is_spread_over_the_cortex(networks: tuple[Network, Network]) -> None:
    regions, surface = networks
    figure = surface.plot_surface("area", views=["left"], cmap="cividis")
    same = surface.plot_surface(np.asarray(regions.nodes.columns["area"]), views=["left"], cmap="cividis")
    painted = [every_axes(each)[0].collections[0].get_facecolor() for each in (figure, same)]
    np.testing.assert_array_equal(*painted)
    assert len(np.unique(painted[0].round(2), axis=0)) > 100
    assert any(text.startswith("area") for text in texts(figure))
    with pytest.raises(ColumnNotFoundError, match="have no column 'thickness'"):
        surface.plot_surface("thickness")
    own = Network(mesh=surface.mesh, node_mapping_data=surface.node_mapping_data, parent_network=regions)
    own.nodes.columns["name"] = np.full(16384, "a")
    with pytest.raises(ShapeError, match="expected one number for each node"):
        own.plot_surface("name")


def test_a_medial_view_shows_one_hemisphere(networks: tuple[Network, Network]) -> None:
    surface = networks[1]
    mapping = surface.node_mapping_data
    right = np.array([label.startswith("r") for label in networks[0].nodes.labels])[mapping]
    figure = surface.plot_surface(right.astype(float), views=["left medial"])
    shown = every_axes(figure)[0].collections[0].get_facecolor()[:, :3]
    # Only 0, which is violet.
    assert (shown[:, 2] >= shown[:, 1]).all()
    bare = Network(mesh=surface.mesh)
    with pytest.raises(ValueError, match="'left medial' shows one hemisphere, but nothing tells them apart"):
        bare.plot_surface(views="left medial")


def test_each_region_ends_in_a_line_and_covers_its_own_ground() -> None:
    square = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    figure = plot_surface(square, np.array([[0, 1, 2], [0, 2, 3]]), regions=np.array([0, 1, 1, 0]), views=["dorsal"])
    (drawn,) = every_axes(figure)[0].collections
    corners = np.array([path.vertices[:4] for path in drawn.get_paths()])
    x, y = corners[..., 0], corners[..., 1]
    area = 0.5 * np.abs((x * np.roll(y, -1, 1) - y * np.roll(x, -1, 1)).sum(axis=1))
    assert area.sum() == pytest.approx(1)
    _, which = np.unique(drawn.get_facecolor().round(6), axis=0, return_inverse=True)
    # Two halves, and lines without an area.
    assert sorted(np.bincount(which, area).round(6)) == [0, 0.5, 0.5]


def test_the_colours_of_connections_are_said(networks: tuple[Network, Network]) -> None:
    assert "weight" in texts(networks[0].plot_graph())
    equal = Network.from_matrix(np.ones((4, 4)), positions=np.eye(4)[:, :3]).plot_graph()
    assert "weight" not in texts(equal)
    fc = Network.from_matrix(fc=np.random.default_rng(0).random((4, 4)), positions=np.eye(4)[:, :3])
    assert "fc" in texts(fc.plot_graph(views="axial"))
