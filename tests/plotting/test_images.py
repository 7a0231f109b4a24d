"""
Figures look as they did when somebody looked at them.

The pictures in ``baseline`` are small and without text, since fonts differ from machine to machine; they are compared
by the means of blocks of pixels. ``python tests/plotting/test_images.py`` draws them anew: look at them, and commit
them.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from tvbo import Network

BASELINE = Path(__file__).parent / "baseline"
DPI, BLOCK = 40, 4
# Of 255. Other versions of matplotlib and FreeType move lines by a fraction of a pixel, which makes 1 or 2.
TOLERANCE = 6.0

Nets = tuple[Network, Network, Network]


def _signed(nets: Nets) -> Any:
    height = nets[1].display_mesh().vertices[:, 2]
    return nets[1].plot_surface(height - height.mean(), views=["left", "dorsal"])


def _circle(_: Nets) -> Any:
    weights = np.add.outer(np.arange(12), np.arange(12)) % 7.0
    return Network.from_matrix(weights, labels=[f"n{i}" for i in range(12)]).plot_graph(count=20)


FIGURES: dict[str, Callable[[Nets], Any]] = {
    "matrix": lambda nets: nets[0].plot_matrix("weights"),
    "graph": lambda nets: nets[1].plot_graph(),
    "circle": _circle,
    "regions": lambda nets: nets[1].plot_surface(views=["left", "ventral"]),
    "medial": lambda nets: nets[1].plot_surface(nets[0].weights_matrix.sum(1), views=["left medial", "right medial"]),
    "signed": _signed,
    "brain": lambda nets: nets[1].plot_brain(count=60),
    "outline": lambda nets: nets[0].plot_brain(nets[0].weights_matrix.sum(1), count=60, views=["left", "dorsal"]),
    "sensors": lambda nets: nets[2].plot_sensors("gain", column="rV1"),
}


def picture(figure: Any) -> np.ndarray:
    for axes in figure.axes:
        axes.tick_params(labelleft=False, labelright=False, labelbottom=False, labeltop=False)
    for text in figure.findobj(Text):
        text.set_visible(False)
    figure.set_dpi(DPI)
    # Without text everything takes another place.
    figure.get_layout_engine().execute(figure)
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()


def apart(one: np.ndarray, two: np.ndarray) -> float:
    """The root of the mean square of the difference of block means, where the pictures fit best."""
    height, width = (min(a, b) // BLOCK * BLOCK for a, b in zip(one.shape[:2], two.shape[:2], strict=True))
    down, right = np.mgrid[-2:3, -2:3].reshape(2, -1)
    still = _means(one[:height, :width])
    moved = (_means(np.roll(two, (x, y), (0, 1))[:height, :width]) for x, y in zip(down, right, strict=True))
    return min(float(np.sqrt(((still - each) ** 2).mean())) for each in moved)


def _means(image: np.ndarray) -> np.ndarray:
    height, width = (size // BLOCK for size in image.shape[:2])
    means: np.ndarray = image.astype(float).reshape(height, BLOCK, width, BLOCK, 3).mean((1, 3))
    return means


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_looks_as_it_did(name: str, brain: tuple[Network, Network], eeg: Network) -> None:
    path = BASELINE / f"{name}.png"
    assert path.stat().st_size < 60_000
    expected = np.asarray(Image.open(path).convert("RGB"))
    found = picture(FIGURES[name]((*brain, eeg)))
    assert np.abs(np.subtract(found.shape, expected.shape)).max() <= 2
    assert apart(found, expected) < TOLERANCE
    # It would be noticed if left were right, or up were down.
    for turned in (expected[:, ::-1], expected[::-1]):
        assert apart(found, turned) > 1.5 * TOLERANCE


if __name__ == "__main__":
    import conftest

    networks = conftest.brain.__wrapped__()
    every = (*networks, conftest.eeg.__wrapped__(networks))
    BASELINE.mkdir(exist_ok=True)
    for key, draw in FIGURES.items():
        Image.fromarray(picture(draw(every))).quantize(128).save(BASELINE / f"{key}.png", optimize=True)
        print(BASELINE / f"{key}.png")
