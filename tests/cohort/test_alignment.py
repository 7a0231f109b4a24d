"""Regions are found by their labels, in whatever order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tvbo.cohort.alignment import align, check_unique
from tvbo.errors import DuplicateNameError

labels = st.lists(st.text(max_size=3), unique=True, max_size=12)


@given(labels, labels)
def test_every_region_of_the_reference_is_found_or_missing(reference: list[str], own: list[str]) -> None:
    found = align(reference, own)
    assert found.index.shape == (len(reference),)
    for name, place in zip(reference, found.index, strict=True):
        assert own[place] == name if place >= 0 else name not in own
    assert set(found.missing) == set(reference) - set(own)
    assert set(found.extra) == set(own) - set(reference)
    assert found.same == (reference == own)


@given(labels.flatmap(lambda own: st.tuples(st.just(own), st.permutations(own))))
def test_another_order_is_undone(drawn: tuple[list[str], list[str]]) -> None:
    reference, own = drawn
    found = align(reference, own)
    assert [own[place] for place in found.index] == reference
    assert not found.missing
    assert not found.extra


@given(labels.filter(bool), st.data())
def test_a_label_that_stands_twice_is_refused(own: list[str], data: st.DataObject) -> None:
    double = data.draw(st.sampled_from(own))
    place = data.draw(st.integers(0, len(own)))
    twice = [*own[:place], double, *own[place:]]
    with pytest.raises(DuplicateNameError, match="more than one region"):
        align(own, twice)
    with pytest.raises(DuplicateNameError):
        check_unique(twice, "these")


def test_it_says_what_is_wrong_and_not_all_of_it() -> None:
    many = [f"R{number}" for number in range(9)]
    assert str(align(many, ["R0", "x"])) == "'R1', 'R2', 'R3' and 5 more missing; 'x' not in the reference"
    assert str(align(many, many)) == "the regions of the reference, in its order"
    assert str(align(many, many[::-1])) == "the regions of the reference, in another order"
    assert np.array_equal(align(many, many).index, np.arange(9))
