"""Numbers in fewer bits: exact, or not without being asked."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tvbo import Mesh, Network
from tvbo.errors import LossyConversionError, ShapeError
from tvbo.model.gathering import right_side
from tvbo.model.hemispheres import parted
from tvbo.model.narrowing import narrowed, truths


@given(hnp.arrays("f8", 3, elements=st.floats(allow_nan=False)), st.booleans())
def test_what_comes_back_to_the_bit_is_taken_and_nothing_else(values: Any, lossy: bool) -> None:
    with np.errstate(all="ignore"):
        exact = values.astype("f4").astype("f8").tobytes() == values.tobytes()
    if exact or lossy:
        made = narrowed(values, "f4", "x", "file", allow_lossy=lossy)
        assert made.dtype == np.float32
        with np.errstate(all="ignore"):
            assert made.tobytes() == values.astype("f4").tobytes()
    else:
        with pytest.raises(LossyConversionError, match="file holds x as float32"):
            narrowed(values, "f4", "x", "file")


@pytest.mark.parametrize(
    ("values", "dtype", "match"),
    [
        (np.array([1 / 3]), "f4", r"1 of 1 entries, largest deviation 9\.93e-09 mm"),
        (np.array([1 << 40]), "i4", "1 of 1 entries"),
        (np.array([np.nan]).view("i8") + 1, "i4", "1 of 1 entries"),
        ((np.array([np.nan]).view("i8") + 1).view("f8"), "f4", "1 of 1 entries"),
    ],
)
def test_how_much_is_said(values: Any, dtype: str, match: str) -> None:
    with pytest.raises(LossyConversionError, match=match):
        narrowed(values, dtype, "x", "file", unit="mm")


@pytest.mark.parametrize("values", [["left", "right"], [2, 1], [np.nan, 1.0], [1j, 0]])
def test_what_is_neither_true_nor_false_has_no_side(values: list[Any]) -> None:
    network = Network(mesh=Mesh(np.eye(3)[:2], np.zeros((0, 3), int)))
    network.nodes.columns["hemisphere"] = np.array(values)
    with pytest.raises(ShapeError, match=r"values such as .*True \(right\) or False \(left\)"):
        truths(network.nodes.columns["hemisphere"], "hemisphere")
    with pytest.raises(ShapeError, match="'hemisphere' has dtype"):
        parted(network, ("lh.pial", "rh.pial"), True, "freesurfer")
    assert right_side(network) is None
    assert "nodes.columns.hemisphere" in [problem.path for problem in network.check().problems]
