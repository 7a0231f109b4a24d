"""Means and standard deviations against fractions, which have no rounding errors."""

import math
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tvbo.cohort.sums import Sums, add, divide, exact_product, exact_sum, multiply

# Squares of smaller numbers are denormal.
numbers = st.floats(-1e100, 1e100).filter(lambda x: x == 0 or abs(x) > 1e-100)


def exact(pair: tuple[np.ndarray, np.ndarray]) -> Fraction:
    return Fraction(float(pair[0])) + Fraction(float(pair[1]))


@given(numbers, numbers)
def test_sums_and_products_have_no_error(a: float, b: float) -> None:
    assert exact(exact_sum(np.float64(a), np.float64(b))) == Fraction(a) + Fraction(b)
    assert exact(exact_product(np.float64(a), np.float64(b))) == Fraction(a) * Fraction(b)


@given(st.tuples(numbers, numbers), st.tuples(numbers, numbers))
def test_pairs_have_twice_the_precision(a: tuple[float, float], b: tuple[float, float]) -> None:
    one, two = (exact_sum(np.float64(pair[0]), np.float64(pair[1] * 2.0**-60)) for pair in (a, b))
    wanted = exact(one) * exact(two)
    assert abs(exact(multiply(one, two)) - wanted) <= abs(wanted) * Fraction(2) ** -98
    # Of terms that cancel, what is left is as exact as they were.
    scale = abs(exact(one)) + abs(exact(two))
    assert abs(exact(add(one, two)) - exact(one) - exact(two)) <= scale * Fraction(2) ** -98
    if b[0] != 0:
        wanted = exact(one) / Fraction(b[0])
        assert abs(exact(divide(one, np.float64(b[0]))) - wanted) <= abs(wanted) * Fraction(2) ** -98


values = st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=30) | st.lists(
    # Nearly the same: what naive formulas lose.
    st.floats(1e8, 1e8 + 1e-6),
    min_size=1,
    max_size=30,
)


def of(drawn: list[float]) -> Sums:
    sums = Sums.empty(np.array([drawn[0]]))
    for value in drawn:
        sums.include(np.array([value]), np.array([True]))
    return sums


@given(values)
def test_the_mean_is_the_exact_one_rounded(drawn: list[float]) -> None:
    wanted = float(sum(map(Fraction, drawn)) / len(drawn))
    (found,) = of(drawn).mean()
    assert abs(found - wanted) <= math.ulp(wanted)


@given(values)
def test_the_standard_deviation_is_exact_to_some_units(drawn: list[float]) -> None:
    exactly = list(map(Fraction, drawn))
    mean = sum(exactly) / len(exactly)
    variance = sum((value - mean) ** 2 for value in exactly) / max(1, len(exactly) - 1)
    (found,) = of(drawn).std()
    if len(drawn) == 1:
        assert math.isnan(found)
    elif variance < Fraction(10) ** -250:
        assert found <= 1e-120
    else:
        assert abs(Fraction(float(found)) ** 2 - variance) <= variance * Fraction(2) ** -48


@settings(deadline=None)
@given(st.floats(-1e100, 1e100), st.integers(2, 50))
def test_equal_values_do_not_deviate(value: float, count: int) -> None:
    sums = of([value] * count)
    assert sums.std()[0] == 0
    assert sums.mean()[0] == value


@given(values, st.data())
def test_parts_put_together_are_the_whole(drawn: list[float], data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(drawn)))
    whole, parts = of(drawn), of(drawn[:cut])
    rest = Sums.empty(np.array([drawn[0]]))
    for value in drawn[cut:]:
        rest.include(np.array([value]), np.array([True]))
    parts.merge(rest)
    assert parts.count[0] == len(drawn)
    assert abs(parts.mean()[0] - whole.mean()[0]) <= math.ulp(whole.mean()[0])


def test_what_is_not_finite_follows_the_rules() -> None:
    inf, nan = math.inf, math.nan
    columns = np.array([[1.0, inf], [inf, inf], [inf, -inf], [1.0, nan], [nan, nan], [-inf, 2.0], [1.0, 3.0]]).T
    sums = Sums.empty(columns[0])
    for row in columns:
        sums.include(row, np.ones(7, bool))
    np.testing.assert_array_equal(sums.mean(), [inf, inf, nan, nan, nan, -inf, 2.0])
    np.testing.assert_array_equal(sums.std(), [nan] * 6 + [math.sqrt(2)])


def test_nothing_has_no_mean() -> None:
    sums = Sums.empty(np.zeros(2))
    sums.include(np.array([5.0, 7.0]), np.array([True, False]))
    np.testing.assert_array_equal(sums.mean(), [5.0, np.nan])
    np.testing.assert_array_equal(sums.count, [1, 0])
    np.testing.assert_array_equal(sums.std(ddof=0), [0.0, np.nan])
