"""Text in figures is short, tells one thing from another, and stays text; one style, and any axes to draw in."""

import io
import pickle
import zlib
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from tvbo import Network
from tvbo.plotting.canvas import new_figure, shorten

PARTS = ["frontomargin", "occipital_inf", "paracentral", "subcentral", "transv_frontopol", "cingul-Mid-Ant"]


@pytest.mark.parametrize(
    "labels",
    [
        [f"ctx_{side}_G_and_S_{part}" for side in ("lh", "rh") for part in PARTS],
        [f"{part}_of_the_left_hemisphere_{side}" for side in ("a", "b") for part in PARTS],
        [f"the_same_beginning_{i}_the_same_end_of_it" for i in range(300)],
        ["rA1", "lA1"],
        [],
    ],
)
def test_short_labels_differ_as_the_long_ones_do(labels: list[str]) -> None:
    short = shorten(labels, 16)
    assert max(map(len, short), default=0) <= 16
    assert len(set(short)) == len(set(labels))


def test_labels_that_fit_stay_as_they_are() -> None:
    assert shorten(["a\nb", "x" * 16], 16) == ["a b", "x" * 16]


def test_a_figure_shows_itself_in_a_notebook_and_can_be_sent_on() -> None:
    # What IPython asks for; figures of pyplot are shown by pyplot, and this is none.
    figure = pickle.loads(pickle.dumps(new_figure(2, 1)))
    assert figure._repr_png_().startswith(b"\x89PNG")


def written(figure: Any, kind: str) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format=kind)
    return file.getvalue()


def test_text_of_vector_files_can_be_edited_whatever_the_settings(brain: tuple[Network, Network]) -> None:
    figure = brain[1].plot_surface(views="left")
    with mpl.rc_context({"svg.fonttype": "path", "pdf.fonttype": 3}):
        svg, pdf = written(figure, "svg"), written(figure, "pdf")
        assert mpl.rcParams["pdf.fonttype"] == 3
    assert b">left</text>" in svg
    assert b"/Type0" in pdf
    assert b"/Type3" not in pdf


def test_a_surface_in_a_vector_file_is_pixels(brain: tuple[Network, Network]) -> None:
    svg = written(brain[1].plot_surface(views="left"), "svg")
    assert svg.count(b"<image") == 1
    # 32,000 triangles would be megabytes.
    assert len(svg) < 700_000
    assert len(written(brain[1].plot_overview(), "pdf")) < 3_000_000


def test_the_style_of_the_session_changes_nothing() -> None:
    network = Network.from_matrix(np.eye(5), positions=np.eye(5)[:, :3])
    network.label = "five"
    before = written(network.plot_overview(), "png")
    with mpl.rc_context({"font.size": 30, "axes.titlesize": 40, "figure.facecolor": "black", "savefig.dpi": 20}):
        assert zlib.crc32(written(network.plot_overview(), "png")) == zlib.crc32(before)


@pytest.mark.parametrize("kind", ["axes", "figure", "subfigure"])
@pytest.mark.parametrize(
    "draw",
    [
        lambda nets, ax: nets[0].plot_matrix("weights", ax=ax),
        lambda nets, ax: nets[0].plot_graph(views="axial", ax=ax),
        lambda nets, ax: nets[1].plot_brain(views="dorsal", ax=ax),
        lambda nets, ax: nets[1].plot_surface(views="left", ax=ax),
        lambda nets, ax: nets[2].plot_sensors(views="flat", ax=ax),
        lambda nets, ax: Network.from_matrix(np.ones((4, 4))).plot_graph(ax=ax),
    ],
)
def test_a_figure_is_drawn_where_it_is_told(kind: str, draw: Any, brain: Any, eeg: Network) -> None:
    root = Figure(figsize=(6, 6))
    left, right = root.subfigures(1, 2)
    own = {"axes": lambda: right.subplots(), "figure": lambda: root, "subfigure": lambda: right}[kind]()
    made = draw((*brain, eeg), own)
    assert made is (root if kind == "figure" else right)
    assert not left.axes
    assert any(axes.has_data() for axes in made.axes)
    root.canvas.draw()


def test_several_panels_do_not_fit_into_one(brain: tuple[Network, Network], eeg: Network) -> None:
    axes = Figure().subplots()
    for draw, n in (
        (brain[0].plot_matrix, 2),
        (brain[0].plot_graph, 3),
        (brain[0].plot_brain, 4),
        (brain[1].plot_surface, 6),
        (eeg.plot_sensors, 4),
    ):
        with pytest.raises(ValueError, match=f"{n} panels do not fit into one Axes: give ax= a Figure"):
            draw(ax=axes)
    assert not axes.has_data()
    figure = Figure()
    assert brain[0].plot_matrix(ax=figure) is figure
    assert len(figure.axes) == 4
