"""Columns of nodes become rows of the sidecar, and rows columns."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tvbo.storage import schema
from tvbo.storage.node_list import NodeColumns

LABELS = np.array(["a", "b"])
AREA = np.array([1.5, np.nan])
PLACES = np.array([[1.0, 2.0, 3.0], [-0.0, np.inf, 1e-300]])


def rows(**given: Any) -> Any:
    usual: dict[str, Any] = {"ids": np.arange(2), "labels": LABELS, "positions": PLACES, "columns": {"area": AREA}}
    usual |= {"units": {"area": "mm^2", "other": "ms"}, "extra": {}}
    return schema.node_rows(**(usual | given))


def first(**given: Any) -> dict[str, Any]:
    made: dict[str, Any] = rows(**given)[0]
    return made


def test_nodes_that_are_alike_stay_columns() -> None:
    found = rows(columns={"area": AREA, "cortical": np.array([True, False])}, extra={0: {}})
    assert isinstance(found, NodeColumns)
    parameters = {"area": {"value": 1.5, "unit": "mm^2"}, "cortical": {"value": 1.0}}
    position = {"x": 1.0, "y": 2.0, "z": 3.0}
    assert found[0] == {"id": 0, "label": "a", "parameters": parameters, "position": position}
    assert first(positions=None, columns={}) == {"id": 0, "label": "a"}


@pytest.mark.parametrize(
    "given",
    [
        {"labels": np.array(["a", "\ud800"])},
        {"columns": {"name": np.array(["x", "\udfff"])}},
        {"columns": {"area": np.array([0x7FF8000000000001, 0], np.uint64).view(np.float64)}},
        {"columns": {"area": np.array([0xFFF8000000000000, 0], np.uint64).view(np.float64)}},
        {"positions": np.full((2, 3), 0xFFF8000000000000, np.uint64).view(np.float64)},
        {"units": {"area": "\ud800"}},
        {"units": {"area": None}},
        {"extra": {1: {"color": "red"}}},
    ],
)
def test_what_yaml_does_not_carry_is_listed_row_by_row(given: dict[str, Any]) -> None:
    assert isinstance(rows(**given), list)
    assert len(rows(**given)) == 2


def test_further_keys_of_single_nodes_come_last() -> None:
    found = first(extra={0: {"color": "red", "parameters": {"age": {"value": 3}}}}, units={})
    assert list(found) == ["id", "label", "parameters", "position", "color"]
    assert found["parameters"] == {"area": {"value": 1.5}, "age": {"value": 3}}
    alone = first(extra={0: {"parameters": {"age": {"value": 3}}}}, columns={}, positions=None)
    assert alone == {"id": 0, "label": "a", "parameters": {"age": {"value": 3}}}


values = st.sampled_from([0.5, 1.0, float("nan"), 3, 2**53, 10**17, -1, "a", "bcd", ""])


@st.composite
def tables(draw: Any) -> NodeColumns:
    size = draw(st.integers(1, 4))

    def column(items: Any) -> Any:
        return draw(st.lists(items, min_size=size, max_size=size))

    one_kind = [st.just(0.5), st.integers(-5, 5), st.sampled_from(["a", "bb"]), st.sampled_from([1, 0.5]), values]
    names = draw(st.lists(st.sampled_from(["area", "age", "name"]), unique=True))
    numbers = st.sampled_from([0.5, 1, float("inf"), 10**17, 2**53 + 1])
    return NodeColumns(
        list(range(size)) if draw(st.booleans()) else column(st.integers(-5, 10**17)),
        column(st.sampled_from(["a", "bb", None])),
        {name: column(draw(st.sampled_from(one_kind))) for name in names},
        {name: "mm" for name in names if draw(st.booleans())},
        (column(numbers), column(numbers), column(numbers)) if draw(st.booleans()) else None,
    )


def told(found: dict[str, Any]) -> str:
    def arrays(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return value.dtype.str, value.shape, value.flags.c_contiguous, value.tobytes()
        return {name: arrays(item) for name, item in value.items()} if isinstance(value, dict) else value

    return repr(arrays(found))


@settings(max_examples=300, deadline=None)
@given(tables())
def test_columns_are_what_their_rows_are(nodes: NodeColumns) -> None:
    """Also where a column is of several kinds, and stays with its nodes."""
    assert told(schema.node_columns(nodes, np.array)) == told(schema.node_columns(list(nodes), np.array))
