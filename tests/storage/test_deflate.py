"""What is compressed fast is what zlib reads, and what is read fast is what was written, bit for bit."""

import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tvbo.errors import CorruptionError
from tvbo.storage import deflate

dtypes = st.sampled_from(["<f8", ">f8", "<f4", "<f2", "<i8", "<i4", "<u2", "u1", "?", "<c16", "S3", "S17"])
arrays = dtypes.flatmap(lambda dtype: hnp.arrays(dtype, st.integers(1, 300)))
recipes = st.builds(deflate.Recipe, st.booleans(), st.integers(0, 9))
BACKENDS = ["both", "no isal", "no libdeflate", "neither"]


@pytest.fixture(params=BACKENDS)
def backend(request, monkeypatch) -> str:
    """Take away the fast libraries, one by one."""
    if request.param in ("no isal", "neither"):
        monkeypatch.setattr(deflate, "_isal", None)
    if request.param in ("no libdeflate", "neither"):
        monkeypatch.setattr(deflate, "_libdeflate", None)
    return request.param


def back(raw: bytes, recipe: deflate.Recipe, like: np.ndarray) -> np.ndarray:
    found = np.empty_like(like)
    data = deflate.inflate(raw, like.nbytes, "x")
    if recipe.shuffle:
        deflate.unshuffle(data, found)
    else:
        found.reshape(-1).view(np.uint8)[:] = np.frombuffer(data, np.uint8)
    return found


@pytest.mark.parametrize("taken", BACKENDS)
@settings(max_examples=150, deadline=None)
@given(data=arrays, recipe=recipes)
def test_every_recipe_is_read_by_zlib_and_here(taken, data, recipe) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if taken in ("no isal", "neither"):
            patch.setattr(deflate, "_isal", None)
        if taken in ("no libdeflate", "neither"):
            patch.setattr(deflate, "_libdeflate", None)
        raw = recipe.pack(data)
        plain = zlib.decompress(raw)
        wanted = deflate.shuffled(data).tobytes() if recipe.shuffle else data.tobytes()
        assert plain == wanted
        assert back(raw, recipe, data).tobytes() == data.tobytes()


@settings(max_examples=100, deadline=None)
@given(
    data=hnp.arrays(st.sampled_from(["<f8", "<i4", "<u2"]), st.integers(1, 20_000), fill=st.nothing()), bits=st.data()
)
def test_every_choice_of_planes_is_one_stream(data, bits) -> None:
    planes = tuple(bits.draw(st.lists(st.booleans(), min_size=data.itemsize, max_size=data.itemsize)))
    recipe = deflate.Recipe(True, 1, planes)
    raw = recipe.pack(data)
    assert zlib.decompress(raw) == deflate.shuffled(data).tobytes()
    assert back(raw, recipe, data).tobytes() == data.tobytes()


@given(data=arrays)
def test_shuffling_is_what_the_filter_of_hdf5_does(data) -> None:
    width = data.itemsize
    wanted = bytes(data.tobytes()[row * width + column] for column in range(width) for row in range(len(data)))
    assert deflate.shuffled(data).tobytes() == wanted


def test_noise_is_stored_and_zeros_are_not_shuffled(backend) -> None:
    rng = np.random.default_rng(0)
    noise = rng.random(1 << 17)
    zeros = np.where(rng.random(1 << 17) < 0.9, 0.0, rng.lognormal(size=1 << 17))
    chosen = deflate.recipe_for(noise, None)
    assert chosen.shuffle
    assert any(chosen.planes) == (backend in ("both", "no libdeflate"))
    assert not deflate.recipe_for(zeros, None).shuffle
    assert deflate.recipe_for(noise, 0) == deflate.Recipe(False, 0)


@pytest.mark.parametrize("change", ["cut", "longer", "shorter", "checksum", "middle", "empty"])
def test_what_does_not_inflate_to_its_size_is_refused(backend, change) -> None:
    data = np.random.default_rng(1).integers(0, 50, 5000)
    raw, size = bytearray(zlib.compress(data.tobytes())), data.nbytes
    if change == "cut":
        raw = raw[:-5]
    elif change == "empty":
        raw = bytearray()
    elif change == "checksum":
        raw[-1] ^= 1
    elif change == "middle":
        raw[len(raw) // 2] ^= 255
    size += {"longer": -8, "shorter": 8}.get(change, 0)
    with pytest.raises(CorruptionError, match="damaged"):
        deflate.inflate(bytes(raw), size, "here")


@given(data=arrays)
def test_checksums_are_those_of_zlib(data) -> None:
    assert deflate.crc32(data) == zlib.crc32(data.tobytes())


def test_few_elements_that_are_long_are_compressed() -> None:
    data = np.array([f"{'x' * 4990}{index}" for index in range(30)], "S5000")
    recipe = deflate.recipe_for(data, None)
    assert zlib.decompress(recipe.pack(data)) == (
        deflate.shuffled(data).tobytes() if recipe.shuffle else data.tobytes()
    )
