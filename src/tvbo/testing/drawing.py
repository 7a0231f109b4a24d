"""
How the strategies give an object its traits, through TVB's own doors.

A trait is left unset, read unset, or set; arrays may also be empty, or of a shape that fits nothing.
"""

import contextlib
import uuid
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from hypothesis import strategies as st
from tvb.basic.exceptions import ValidationException
from tvb.basic.neotraits.ex import TraitError

from tvbo.testing.array_strategies import Draw, Shape, float_arrays, texts

__all__ = ["christen", "give", "give_array", "length_of", "quietly", "read_all", "tame_floats"]

# What TVB raises from configure() and the like when the data are not fit for it; gdist may not be installed, and a
# number_of_regions that somebody set to 2**53 asks for an array as long.
_TVB_REFUSES = (
    MemoryError,
    TraitError,
    ValidationException,
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)

Maker = Callable[[Shape], Any]


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """
    Let TVB compute with NaN and stop half-way: what it leaves behind is a legal object too.

    Yields
    ------
    None
        Errors that it raises end the block.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.suppress(*_TVB_REFUSES):
        warnings.simplefilter("ignore")
        yield


def give_array(draw: Draw, obj: Any, name: str, make: Maker, shape: Shape, *, tidy: bool, needed: bool) -> None:
    """
    Leave a trait unset, read it unset, or set it to an empty, full or oddly shaped array.

    Parameters
    ----------
    draw : callable
        That of a composite strategy.
    obj : HasTraits
        The object.
    name : str
        The trait.
    make : callable
        Gives the strategy for a shape.
    shape : tuple of int
        The shape that fits.
    tidy : bool
        Whether the array fits the others.
    needed : bool
        Whether the trait is set in any case, if all is tidy.
    """
    if needed and tidy:
        state = "full"
    elif tidy:
        state = draw(st.sampled_from(["unset", "full", "full", "read", "empty"]))
    else:
        state = draw(st.sampled_from(["full", "unset", "read", "empty", "odd"]))
    if state == "read":
        # TVB then stores the default, or None where there is none.
        getattr(obj, name, None)
    elif state != "unset":
        if state == "empty":
            shape = draw(st.sampled_from([(0,), (0, *shape[1:]), (0, 0)]))
        elif state == "odd":
            n = shape[0] if shape else 1
            odd = [(), (1,), (n, 1), (n + 1,), (n + 1, n + 1), (n + 1, 3), (1, n, 2), (2, 2, 2), (0, 3)]
            shape = draw(st.sampled_from(odd))
        setattr(obj, name, draw(make(shape)))


def give(draw: Draw, obj: Any, name: str, values: Any, *, often: bool = False) -> None:
    """
    Leave a trait unset, read it unset, or set it.

    Parameters
    ----------
    draw : callable
        That of a composite strategy.
    obj : HasTraits
        The object.
    name : str
        The trait.
    values : SearchStrategy
        What it may be set to.
    often : bool
        Whether it is mostly set.
    """
    state = draw(st.sampled_from(["unset", "read", "full", *["full"] * 5 * often]))
    if state == "read":
        getattr(obj, name, None)
    elif state == "full":
        setattr(obj, name, draw(values))


def christen(draw: Draw, obj: Any) -> None:
    """
    Give gid, title and tags; TVB's own gid would make examples that cannot be repeated.

    Parameters
    ----------
    draw : callable
        That of a composite strategy.
    obj : HasTraits
        The object.
    """
    obj.gid = draw(_GIDS)
    obj.set_title()
    if draw(st.booleans()):
        obj.title = draw(texts())
    if draw(st.booleans()):
        obj.tags = draw(st.dictionaries(texts(), texts(), max_size=3))


def read_all(obj: Any) -> None:
    """
    Read every trait, as validate() and reports do: TVB then stores the defaults.

    Parameters
    ----------
    obj : HasTraits
        The object.
    """
    for name in type(obj).declarative_attrs:
        getattr(obj, name, None)


_GIDS = st.integers(0, 2**128 - 1).map(lambda number: uuid.UUID(int=number))


def tame_floats(shape: Shape) -> Any:
    """
    Draw ordinary numbers.

    Parameters
    ----------
    shape : tuple of int
        The shape.

    Returns
    -------
    SearchStrategy of array
        The strategy.
    """
    return float_arrays(shape, tame=True)


def length_of(obj: Any, name: str) -> int:
    """
    Give the length of an array that an object holds.

    Parameters
    ----------
    obj : HasTraits or None
        The object.
    name : str
        The trait.

    Returns
    -------
    int
        The length, at most 8; 0 without one.
    """
    array = None if obj is None else vars(obj).get(name)
    return 0 if array is None or array.ndim == 0 else min(int(array.shape[0]), 8)
