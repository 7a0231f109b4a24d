"""
Sums of arrays in twice the precision of float64, so that neither their number nor their order is seen in a mean.

A value is a pair (high, low) whose unrounded sum it is. Deviations from a reference are summed, and their squares,
which loses nothing where all networks have nearly the same value.

Notes
-----
Error-free addition is Knuth's (The Art of Computer Programming 2, 4.2.2, theorem B), multiplication Dekker's
(Numerische Mathematik 18:224, 1971).
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from tvbo.model.arrays import Array

Pair: TypeAlias = tuple[Array, Array]

# Splits 53 bits into two halves.
_SPLIT = 134217729.0
# Beyond it squares of squares leave the range of float64.
LARGEST = 1e150


def exact_sum(a: Array, b: Array) -> Pair:
    """
    Add two arrays without an error.

    Parameters
    ----------
    a, b : array, float64
        The two.

    Returns
    -------
    tuple of array
        The rounded sum, and what rounding took away.
    """
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def exact_product(a: Array, b: Array) -> Pair:
    """
    Multiply two arrays without an error.

    Parameters
    ----------
    a, b : array, float64
        The two.

    Returns
    -------
    tuple of array
        The rounded product, and what rounding took away.
    """
    product = a * b
    big = _SPLIT * a
    a_high = big - (big - a)
    a_low = a - a_high
    big = _SPLIT * b
    b_high = big - (big - b)
    b_low = b - b_high
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def add(a: Pair, b: Pair) -> Pair:
    """
    Add two pairs.

    Parameters
    ----------
    a, b : tuple of array
        The two.

    Returns
    -------
    tuple of array
        The sum, with a relative error of about 2**-104.
    """
    high, low = exact_sum(a[0], b[0])
    rest, least = exact_sum(a[1], b[1])
    high, low = exact_sum(high, low + rest)
    return exact_sum(high, low + least)


def multiply(a: Pair, b: Pair) -> Pair:
    """
    Multiply two pairs.

    Parameters
    ----------
    a, b : tuple of array
        The two.

    Returns
    -------
    tuple of array
        The product, with a relative error of about 2**-104.
    """
    high, low = exact_product(a[0], b[0])
    return exact_sum(high, low + (a[0] * b[1] + a[1] * b[0]))


def divide(a: Pair, b: Array) -> Pair:
    """
    Divide a pair by numbers.

    Parameters
    ----------
    a : tuple of array
        The pair.
    b : array, float64
        Numbers that are not 0.

    Returns
    -------
    tuple of array
        The quotient.
    """
    first = a[0] / b
    product = exact_product(first, b)
    rest = add(a, (-product[0], -product[1]))
    return exact_sum(first, (rest[0] + rest[1]) / b)


@dataclass(slots=True)
class Sums:
    """
    What is known of many arrays of one shape: how many values each entry has, and the sums of them.

    Attributes
    ----------
    reference : array, float64
        What deviations are taken from; finite.
    count : array, int64
        How many values there are.
    total, squares : tuple of array
        Sums of deviations, and of their squares.
    special : array, float64
        Sum of the values that are not finite, by the rules of IEEE 754; 0 if there are none.
    """

    reference: Array
    count: Array
    total: Pair
    squares: Pair
    special: Array

    @classmethod
    def empty(cls, reference: Array) -> "Sums":
        """
        Begin.

        Parameters
        ----------
        reference : array, float64
            What deviations are taken from, such as the first of the arrays.

        Returns
        -------
        Sums
            Of nothing.
        """
        base = np.where(np.isfinite(reference), reference, 0.0)
        zeros = [np.zeros(base.shape) for _ in range(5)]
        pairs = (zeros[0], zeros[1]), (zeros[2], zeros[3])
        return cls(base, np.zeros(base.shape, np.int64), *pairs, zeros[4])

    def include(self, values: Array, there: Array) -> None:
        """
        Take an array in.

        Parameters
        ----------
        values : array, float64
            The array.
        there : array, bool
            Which of its entries count.
        """
        finite = np.isfinite(values)
        counted = there & finite
        high, low = exact_sum(np.where(counted, values, self.reference), -self.reference)
        self.total = add(self.total, (high, low))
        self.squares = add(self.squares, multiply((high, low), (high, low)))
        self.count += there
        with np.errstate(invalid="ignore"):
            self.special += np.where(there & ~finite, values, 0.0)

    def merge(self, other: "Sums") -> None:
        """
        Take in what another one has summed, with the same reference.

        Parameters
        ----------
        other : Sums
            The other.
        """
        self.total = add(self.total, other.total)
        self.squares = add(self.squares, other.squares)
        self.count = self.count + other.count
        with np.errstate(invalid="ignore"):
            self.special = self.special + other.special

    def mean(self) -> Array:
        """
        Give the mean.

        Returns
        -------
        array, float64
            NaN where there are no values.
        """
        many = np.maximum(self.count, 1).astype(np.float64)
        part = divide(self.total, many)
        high, low = exact_sum(self.reference, part[0])
        mean = np.where(self.count > 0, high + (low + part[1]), np.nan)
        return np.where(self._plain, mean, self.special)

    def std(self, ddof: int = 1) -> Array:
        """
        Give the standard deviation.

        Parameters
        ----------
        ddof : int
            What is taken from the number of values before dividing.

        Returns
        -------
        array, float64
            NaN where there are not more values than that, or one is not finite.
        """
        many = np.maximum(self.count, 1).astype(np.float64)
        square = divide(multiply(self.total, self.total), many)
        around = add(self.squares, (-square[0], -square[1]))
        left = self.count - ddof
        variance = np.maximum(around[0] + around[1], 0.0) / np.maximum(left, 1)
        return np.where((left > 0) & self._plain, np.sqrt(variance), np.nan)

    @property
    def _plain(self) -> Array:
        plain: Array = self.special == 0
        return plain
