"""Arrays are digested and compared in parts as they are whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tvbo.model import bits

arrays = st.sampled_from(["<f8", ">f4", "<i8", "?", "<c16", "<U3", "<f2"]).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=9))
)


class Lazy:
    """An array that gives rows, and blocks of its own size if it is told to."""

    def __init__(self, data: np.ndarray, step: int | None = None) -> None:
        self.data, self.shape, self.dtype, self.order = data, data.shape, data.dtype, "C"
        if step:
            self.blocks_of_rows = lambda: (data[start : start + step] for start in range(0, len(data), step))

    def __getitem__(self, key):
        return self.data[key]

    def __array__(self, dtype=None, copy=None):
        return self.data


@settings(deadline=None)
@given(data=arrays, band=st.integers(1, 100), step=st.integers(1, 4))
def test_parts_are_digested_as_the_whole(data, band, step) -> None:
    wanted = bits.digest_of_array(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bits, "_BAND_BYTES", band)
        assert bits.digest_of_array(data) == wanted
        if data.ndim:
            assert bits.digest_of_array(Lazy(data)) == wanted
            assert bits.digest_of_array(Lazy(data, step)) == wanted


@settings(deadline=None)
@given(data=arrays.filter(lambda data: data.size and data.ndim and data.dtype.itemsize), draw=st.data())
def test_every_changed_byte_is_found(data, draw) -> None:
    other = data.copy()
    place = draw.draw(st.integers(0, other.nbytes - 1))
    other.reshape(-1).view(np.uint8)[place] ^= 1
    # Text with a code that is no character cannot be read.
    if data.dtype.kind != "U":
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bits, "_BAND_BYTES", draw.draw(st.integers(1, 100)))
            assert bits.deviation(data, other).startswith(f"1 of {data.size} entries")
            assert bits.deviation(Lazy(data, 2), Lazy(other, 3)).startswith(f"1 of {data.size} entries")
    assert bits.deviation(data, data.copy()) == ""


def test_the_largest_deviation_is_named() -> None:
    a = np.arange(12.0).reshape(4, 3)
    b = a.copy()
    b[3, 1] += 0.5
    b[0, 0] = np.nan
    assert bits.deviation(a, b) == "2 of 12 entries, largest deviation 0.5"
