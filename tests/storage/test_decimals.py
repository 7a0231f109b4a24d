"""Numbers decoded many at once are those that `numpy.loadtxt` and `float` give, to the bit."""

import io
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tvbo.errors import DamagedFileError
from tvbo.limits import Limits
from tvbo.storage.bounded import decimals, numbers

quick = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FLOAT, WHOLE = np.dtype(np.float64), np.dtype(np.int64)
FORMATS = ("%r", "%.17g", "%.16e", "%.18e", "%.6f", "%.1f", "%.15f", "%.16f", "%.20f", "%.24f", "%g")


def laid(rows: list[list[str]], blank: str = " ", end: str = "\n") -> bytes:
    return ("\n".join(blank.join(row) for row in rows) + end).encode()


def expected(data: bytes, dtype: np.dtype) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return np.loadtxt(io.StringIO(data.decode("latin-1")), dtype=dtype)


def same(found: np.ndarray, wanted: np.ndarray) -> bool:
    return (found.dtype, found.shape, found.tobytes()) == (wanted.dtype, wanted.shape, wanted.tobytes())


@st.composite
def texts(draw) -> bytes:
    columns, form = draw(st.integers(1, 4)), draw(st.sampled_from(FORMATS))
    value = draw(
        st.sampled_from(
            [
                st.floats(-1, 1),
                st.floats(-1e6, 1e6).map(lambda each: round(each, 3)),
                st.floats(allow_nan=False),
                st.integers(-(10**17), 10**17).map(float),
                st.sampled_from([0.0, -0.0, 1.0, 0.1, 9007199254740993.0, 5e-324, 1e-5, np.inf, np.nan]),
            ]
        )
    )
    rows = draw(st.lists(st.lists(value, min_size=columns, max_size=columns), min_size=1, max_size=30))
    told = [[f"{float(each)!r}" if form == "%r" else form % each for each in row] for row in rows]
    return laid(told, draw(st.sampled_from([" ", "  "])), draw(st.sampled_from(["\n", ""])))


@quick
@given(texts())
def test_floats_are_those_of_loadtxt(data) -> None:
    wanted = expected(data, FLOAT)
    assert same(numbers(data, Limits(), "text"), wanted)
    found = decimals.table(data, FLOAT)
    assert found is None or same(found, wanted)


@quick
@given(
    st.lists(st.tuples(st.integers(0, 10**17 - 1), st.integers(0, 24), st.booleans()), min_size=1, max_size=40),
    st.integers(0, 17),
)
@example([(9007199254740993, 0, False), (9007199254740993, 1, True)], 0)
def test_seventeen_digits_with_a_point_anywhere_are_rounded_as_float_rounds_them(drawn, places) -> None:
    words = []
    for digits, moved, minus in drawn:
        text = str(digits).rjust(moved + 1, "0")
        words.append("-" * minus + (f"{text[:-moved]}.{text[-moved:]}" if moved else text))
    # As many digits behind every point too.
    fixed = [
        f"{'-' * minus}{digits // 10**places}.{str(digits).rjust(17, '0')[-places:]}" for digits, _, minus in drawn
    ]
    for told in (words, fixed) if places else (words,):
        data = laid([[word] for word in told])
        found = np.atleast_1d(numbers(data, Limits(), "text"))
        assert found.tobytes() == np.array([float(word) for word in told]).tobytes()


@quick
@given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-(10**9), 10**9), min_size=1, max_size=60))
def test_integers_are_those_of_loadtxt(values) -> None:
    data = laid([[str(each)] for each in values])
    assert np.atleast_1d(numbers(data, Limits(), "text", np.int64)).tolist() == values
    if max(map(abs, values)) < 10**16:
        assert decimals.table(data, WHOLE) is not None


WORDS = ("nan", "-inf", "+1.5", ".5", "5.", "1_0", "0x1p3", "1e5", "1E-5", "--1", "1.2.3", "-", ".", "1-2", "1e400")


@quick
@given(texts(), st.integers(0), st.sampled_from([*WORDS, "#", "\t", "\r", "\x0b", "\0", "\x85", "\xa0", "é", ",", '"']))
@example(b"1.5 2.5\n3.5 4.5 \n5.5 6.5\n", 0, "")
@example(b"1.5 2.5 \n3.5 4.5\n", 0, "")
@example(b"1.5 2.5\n\n3.5 4.5\n", 0, "")
@example(b"1.5 2.5\n3.5\n4.5\n5.5 6.5\n", 0, "")
def test_what_is_unusual_is_read_or_refused_as_before(data, place, word) -> None:
    place %= len(data)
    damaged = data[:place] + word.encode("latin-1") + data[place:]
    for dtype in (FLOAT, WHOLE):
        try:
            wanted = expected(damaged, dtype)
        except (ValueError, DeprecationWarning):
            assert decimals.table(damaged, dtype) is None
        except UserWarning:
            # Nothing but comments.
            continue
        else:
            found = decimals.table(damaged, dtype)
            assert found is None or same(found, wanted)


@pytest.mark.parametrize("word", ["1_0", "0x1p3", "--1", "1.2.3", "-", "."])
def test_a_word_that_is_no_number_is_refused_among_thousands(word) -> None:
    told = ["0.25"] * 30_000
    told[20_001] = word
    with pytest.raises(DamagedFileError):
        numbers(laid([told[at : at + 3] for at in range(0, len(told), 3)]), Limits(), "text")


@pytest.mark.parametrize("form", ["%.6f", "%.18e", "%.17g", "%d"])
def test_large_tables_are_decoded_in_parts(form) -> None:
    values = np.random.default_rng(0).normal(size=(4000, 7)) * 1000
    # Without signs where every number must be as long as the others.
    values = np.abs(values) if form == "%.18e" else values
    values[5, 5], values[3000, 2] = 1e-7, 0.0 if form == "%.18e" else -0.0
    data = laid([[form % each for each in row] for row in values.tolist()])
    found = decimals.table(data, FLOAT)
    assert found is not None
    assert same(found, expected(data, FLOAT))
    # A row in a later part that is longer or shorter.
    longer = data + laid([[form % 1] * 8])
    assert decimals.table(longer, FLOAT) is None
    with pytest.raises(DamagedFileError):
        numbers(longer, Limits(), "text")


def test_a_text_of_one_line_takes_no_more_memory_than_its_share() -> None:
    import tracemalloc

    for data in (b"1 " * 1_000_000, b"1\n" * 1_000_000):
        tracemalloc.start()
        numbers(data, Limits(), "text")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 24 * len(data)
