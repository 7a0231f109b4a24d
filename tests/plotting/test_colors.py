"""Colours mean something, to the colour-blind and in grey too."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from tvbo.plotting.colors import DIVERGING, LEFT, RIGHT, SEQUENTIAL, UNKNOWN, region_colors, scale_for, strengths_map

# What dichromats see of linear RGB (Machado, Oliveira & Fernandes 2009, severity 1).
SEEN = {
    "all": np.eye(3),
    "no red": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "no green": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "no blue": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def lab(rgb: np.ndarray, eye: str) -> np.ndarray:
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ SEEN[eye].T
    xyz = np.clip(linear, 0, 1) @ np.array(
        [[0.4124, 0.2126, 0.0193], [0.3576, 0.7152, 0.1192], [0.1805, 0.0722, 0.9505]]
    )
    f = np.cbrt(xyz / np.array([0.9505, 1.0, 1.089]))
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


@pytest.mark.parametrize("eye", SEEN)
def test_sides_are_told_apart(eye: str) -> None:
    one, two, none = lab(np.array([to_rgb(LEFT), to_rgb(RIGHT), to_rgb(UNKNOWN)]), eye)
    # Some 2 are just seen.
    assert min(np.linalg.norm(one - two), np.linalg.norm(one - none), np.linalg.norm(two - none)) > 15


@pytest.mark.parametrize("eye", SEEN)
def test_lightness_says_how_much(eye: str) -> None:
    steps = np.linspace(0, 1, 64)
    rising = lab(mpl.colormaps[SEQUENTIAL](steps)[:, :3], eye)[:, 0]
    assert (np.diff(rising) > 0).all()
    assert (np.diff(lab(strengths_map()(steps)[:, :3], eye)[:, 0]) < 0.3).all()
    both = lab(mpl.colormaps[DIVERGING](np.linspace(0, 1, 65))[:, :3], eye)
    assert (np.diff(both[:33, 0]) > -0.5).all()
    assert (np.diff(both[32:, 0]) < 0.5).all()
    assert np.linalg.norm(both[4] - both[-5]) > 20


@pytest.mark.parametrize(
    ("values", "name", "limits"),
    [
        ([1, 2, np.nan], SEQUENTIAL, (1, 2)),
        ([-1, 3], DIVERGING, (-3, 3)),
        ([-4, -2], SEQUENTIAL, (-4, -2)),
        ([0, 0], SEQUENTIAL, (0, 0)),
        ([], SEQUENTIAL, (0, 1)),
        ([np.inf, 1, -2], DIVERGING, (-2, 2)),
    ],
)
def test_values_of_both_signs_are_centred(values: list[float], name: str, limits: tuple[float, float]) -> None:
    scale = scale_for(values)
    assert (scale.cmap.name, scale.norm.vmin, scale.norm.vmax) == (name, *limits)
    other = scale_for(values, "cividis")
    assert (other.cmap.name, other.norm.vmin, other.norm.vmax) == ("cividis", *limits)


def test_regions_have_colours_of_their_own() -> None:
    assert len(np.unique(region_colors(400), axis=0)) == 400
