"""Colours: many regions told apart, and maps that mean something."""

import functools
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tvbo._optional import require

# Lightness rises all along the first, and falls to both sides of the middle of the second, which is 0: both can be read
# by the colour-blind and in grey. So can the colours of the hemispheres (Dark2 of ColorBrewer).
SEQUENTIAL = "viridis"
DIVERGING = "RdBu_r"
NEUTRAL = "0.88"
LEFT, RIGHT, UNKNOWN = "#1b9e77", "#d95f02", "#7570b3"
STRENGTHS = "YlOrRd"
"""For connections, which lie on a light ground: the stronger, the darker."""


@functools.cache
def strengths_map() -> Any:
    """
    Give the colours of connections.

    Returns
    -------
    matplotlib.colors.Colormap
        `STRENGTHS` without what is lost on a light ground.
    """
    matplotlib = require("matplotlib", extra="plot", purpose="draw figures")
    colors = require("matplotlib.colors", extra="plot", purpose="draw figures")
    whole = matplotlib.colormaps[STRENGTHS]
    return colors.LinearSegmentedColormap.from_list("strengths", whole(np.linspace(0.26, 1, 256)))


class Scale(NamedTuple):
    """
    How values become colours.

    Attributes
    ----------
    cmap : matplotlib.colors.Colormap
        The colours.
    norm : matplotlib.colors.Normalize
        From the values to 0 ... 1.
    """

    cmap: Any
    norm: Any

    @property
    def mappable(self) -> Any:
        """What a colour bar is made of."""
        return require("matplotlib.cm", extra="plot", purpose="draw figures").ScalarMappable(self.norm, self.cmap)

    def colors(self, values: Any) -> npt.NDArray[np.float64]:
        """
        Give the colours of values.

        Parameters
        ----------
        values : array
            The values.

        Returns
        -------
        array, shape (*values.shape, 4), float64
            Red, green, blue and opacity.
        """
        found: npt.NDArray[np.float64] = np.asarray(self.cmap(self.norm(values)))
        return found


def scale_for(values: npt.ArrayLike, cmap: Any = None) -> Scale:
    """
    Choose colours for values: a diverging map about 0 if there are both signs, or else a sequential one.

    Parameters
    ----------
    values : array_like
        The values; those that are not finite do not count.
    cmap : str or matplotlib.colors.Colormap, optional
        Other colours; values of both signs are centred all the same.

    Returns
    -------
    Scale
        The colours.
    """
    matplotlib = require("matplotlib", extra="plot", purpose="draw figures")
    colors = require("matplotlib.colors", extra="plot", purpose="draw figures")
    shown = np.asarray(values, dtype=np.float64)
    shown = shown[np.isfinite(shown)]
    low, high = (float(shown.min()), float(shown.max())) if shown.size else (0.0, 1.0)
    signed = low < 0 < high
    if signed:
        high = max(-low, high)
        low = -high
    chosen = cmap if cmap is not None else DIVERGING if signed else SEQUENTIAL
    return Scale(matplotlib.colormaps[chosen] if isinstance(chosen, str) else chosen, colors.Normalize(low, high))


@functools.cache
def _palette(n: int) -> tuple[tuple[float, float, float], ...]:
    """Choose n colours greedily, each as far as can be in OKLab from those before it."""
    levels = np.linspace(0.08, 1.0, 13)
    rgb = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(-1, 3)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    cone = linear @ np.array(
        [[0.4122215, 0.2119035, 0.0883025], [0.5363325, 0.6806996, 0.2817188], [0.0514460, 0.1073970, 0.6299787]]
    )
    lab = np.cbrt(cone) @ np.array(
        [[0.2104543, 1.9779985, 0.0259040], [0.7936178, -2.4285922, 0.7827718], [-0.0040720, 0.4505937, -0.8086758]]
    )
    # Near-white melts into the page and near-black into the shading.
    usable = (lab[:, 0] > 0.45) & (lab[:, 0] < 0.88) & (np.hypot(lab[:, 1], lab[:, 2]) > 0.06)
    rgb, lab = rgb[usable], lab[usable]
    chosen = [int(np.argmax(np.hypot(lab[:, 1], lab[:, 2])))]
    gap = np.linalg.norm(lab - lab[chosen[0]], axis=1)
    while len(chosen) < min(n, len(rgb)):
        chosen.append(int(np.argmax(gap)))
        gap = np.minimum(gap, np.linalg.norm(lab - lab[chosen[-1]], axis=1))
    picked = rgb[np.resize(chosen, n)]
    return tuple((float(r), float(g), float(b)) for r, g, b in picked)


def region_colors(n: int) -> npt.NDArray[np.float64]:
    """
    Give colours that tell n regions apart.

    Parameters
    ----------
    n : int
        How many.

    Returns
    -------
    array, shape (n, 3), float64
        Red, green and blue from 0 to 1; the same for the same n.

    Notes
    -----
    Farthest-point choice in OKLab (B. Ottosson, A perceptual color space for image processing, 2020).
    """
    return np.array(_palette(n)).reshape(n, 3)
