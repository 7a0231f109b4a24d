"""YAML is written as PyYAML writes it, to the byte."""

import struct

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tvbo.errors import LimitError
from tvbo.storage import sidecar, yaml_writer
from tvbo.storage.sidecar import dump
from tvbo.testing.array_strategies import TRICKY_TEXTS

LEGAL = [text for text in TRICKY_TEXTS if text.encode("utf-8", "replace").decode() == text]
texts = (
    st.sampled_from(LEGAL)
    | st.text(st.characters(blacklist_categories=("Cs",)), max_size=12)
    | st.text("aZ09_ .:#^µ²٣𝒜°-'\"/()+,é左~?!*&%@`|>[]{}=<\n\\", max_size=8)
    | st.sampled_from(["yes", "No", "oN", "TRUE", "nUll", "y", "ſ", "K", "a: b", "a #b", "12", "1.", "a ", "×"])
)
long_texts = st.builds(
    lambda text, times: (text * times)[:3000], st.sampled_from([*LEGAL, "a b ", "ab'c: "]), st.just(900)
)
# Every bit pattern, most of them far from the numbers that hypothesis likes.
floats = st.floats() | st.binary(min_size=8, max_size=8).map(lambda raw: struct.unpack("<d", raw)[0])
leaves = st.none() | st.booleans() | st.integers() | floats | texts | long_texts | st.binary(max_size=3) | st.dates()
trees = st.recursive(
    leaves,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(texts | st.integers(), inside, max_size=4),
    max_leaves=15,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(texts | long_texts | st.sampled_from(["a", "label", "nodes"]), trees, max_size=4))
@example({})
@example({"a": {"b": [[], [{}], [[1.0]], [{"c": {}}]]}})
def test_records_are_written_as_pyyaml_does(record: dict[str, object]) -> None:
    assert dump(record) == yaml_writer.by_pyyaml(record)


@settings(max_examples=300, deadline=None)
@given(st.lists(texts | long_texts, max_size=6) | st.lists(floats, max_size=6) | st.lists(leaves, max_size=6))
def test_scalars_stand_anywhere_as_they_stand_in_a_list(values: list[object]) -> None:
    for value, written in zip(values, yaml_writer.scalars(values), strict=True):
        if written is not None:
            assert yaml_writer.by_pyyaml([{"a": {"b": {"c": value}}}]) == f"- a:\n    b:\n      c: {written}\n"
        else:
            assert not isinstance(value, (int, float))


def test_plain_words_and_numbers_need_no_pyyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    record = {"label": "Connectivity gid: 1-2", "a": [1, -2.5e-300, True, None, "no: x", "12"], "b": {"c": [], "d": {}}}
    expected = yaml_writer.by_pyyaml(record)
    monkeypatch.delattr(yaml_writer, "by_pyyaml")
    assert dump(record) == expected


def test_what_holds_itself_is_refused_before_it_is_written() -> None:
    record: dict[str, object] = {}
    record["a"] = record
    with pytest.raises(LimitError, match="depth"):
        sidecar.measure(record, "x.yaml")
    with pytest.raises(RecursionError):
        dump(record)
