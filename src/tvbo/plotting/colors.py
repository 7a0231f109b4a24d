"""Colours: many regions told apart, and maps that mean something."""

import functools

import numpy as np
import numpy.typing as npt

SEQUENTIAL = "viridis"
DIVERGING = "RdBu_r"
NEUTRAL = "0.88"
LEFT, RIGHT, UNKNOWN = "#1b9e77", "#d95f02", "#7570b3"


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
