"""Text in figures is short, and still tells one thing from another."""

import pickle

import pytest

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
