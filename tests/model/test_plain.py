"""Records of networks: whatever is changed in one, it gives a network or an error of ours."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tvbo import Limits, Network
from tvbo.errors import TvboError
from tvbo.model.parameters import Parameter
from tvbo.model.plain import dumped, loaded, put_together, shaped, taken_apart
from tvbo.testing.everything import whole_networks

ODD = [
    None, True, -1, 0, 3, 2**70, 1e308, "", "x", "<f8", "|O", "<U3", "V8", "0,2,1", [], {}, [1], [[["a"]]], 10**9,
    {"$": "array"}, {"$": "x"}, {"$": "tuple", "items": []}, {"$": "array", "name": "weight", "dtype": "<f8"},
]  # fmt: skip


def places(tree: Any) -> list[tuple[Any, Any]]:
    """List where a record can be changed."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [place for key, item in items for place in [(tree, key), *places(item)]]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder, held = tmp_path_factory.mktemp("plain"), {}
    for name, network in whole_networks().items():
        network.save(folder / "a.npz")
        with np.load(folder / "a.npz") as found:
            held[name] = dict(found)
    return held


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_changed_record_is_read_or_refused(files: dict[str, dict[str, Any]], tmp_path: Path, data: Any) -> None:
    arrays = dict(files[data.draw(st.sampled_from(sorted(files)))])
    record = json.loads(str(arrays["tvbo"]))
    holder, key = data.draw(st.sampled_from(places(record["networks"])))
    holder[key] = data.draw(st.sampled_from(ODD))
    image = io.BytesIO()
    np.savez(image, **(arrays | {"tvbo": np.array(json.dumps(record))}))
    (tmp_path / "a.npz").write_bytes(image.getvalue())
    try:
        network = Network.from_file(tmp_path / "a.npz")
        network.digest()
    except TvboError:
        return
    assert network.identical(network)


def test_names_are_those_that_any_program_takes() -> None:
    network = Network.from_matrix(np.eye(2), **{"a b": np.ones((2, 2)), "a-b": np.ones((2, 2)), "1": np.eye(2)})
    network.set_matrix("file", np.eye(2))
    _, arrays = taken_apart(network)
    assert sorted(arrays) == ["a_b", "a_b_2", "file_2", "weight", "x1"]


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        -0.0,
        float("-inf"),
        1 + 2j,
        b"\0\xff",
        "\ud83d\ude00",
        (1, [2, ()]),
        {1: "a", "$": 2},
        np.float32(0.1),
    ],
)
def test_values_without_a_form_in_json(value: Any) -> None:
    network = Network.from_matrix(np.eye(2))
    network.parameters["odd"] = Parameter([value])
    network.extra["odd"] = {"deep": value}
    record, arrays = taken_apart(network)
    text = dumped(record)
    assert text.isascii()
    back = put_together(loaded(text, Limits(), "x"), lambda leaf: shaped(arrays[leaf["name"]], leaf), Limits(), "x")
    assert back.identical(network)


def test_what_has_no_plain_form_is_left_out() -> None:
    network = Network.from_matrix(np.eye(2))
    network.extra["odd"] = {"object": object(), "kept": 1}
    record, _ = taken_apart(network)
    assert record["networks"][-1]["extra"] == {"odd": {"kept": 1}}
