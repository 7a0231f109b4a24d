"""Whatever is saved can be opened within the limits within which it was saved."""

import tempfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tvbo import Limits, Network, NodeTable, Parameter
from tvbo.errors import LimitError

# So low that small networks exceed each of them.
LIMITS = Limits(
    sidecar_bytes=3500, sidecar_values=400, depth=7, nodes=12, objects=30, chunk_bytes=3000, inflated_bytes=12_000
)


def leaves() -> Any:
    return st.one_of(
        st.none(),
        st.integers(-(2**80), 2**80),
        st.floats(),
        st.text(max_size=300),
        st.integers(0, 40).map(lambda n: np.arange(n * 10.0)),
        st.integers(1, 3000).map(lambda n: np.zeros((1, n))),
        st.integers(0, 60).map(lambda n: np.array(["", "x" * n] * 20)),
        st.integers(1, 20).map(lambda n: sp.eye_array(n, format="lil")),
    )


def trees() -> Any:
    deep = st.tuples(st.integers(0, 9), st.integers()).map(lambda pair: nest(*pair))
    wide = st.integers(0, 400).map(lambda n: list(range(n)))
    many = st.integers(0, 30).map(lambda n: {str(index): np.ones(1) for index in range(n)})
    below = st.recursive(leaves(), lambda inner: st.lists(inner, max_size=4) | st.tuples(inner), max_leaves=6)
    return st.one_of(deep, wide, many, below)


def nest(depth: int, value: Any) -> Any:
    for _ in range(depth):
        value = {"a": value}
    return value


# What a sidecar of other programs may hold: YAML only.
plain = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**80), 2**80), st.floats(allow_nan=False), st.text(max_size=50)),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(min_size=1, max_size=5), inner, max_size=5),
    max_leaves=20,
)


@st.composite
def networks(draw: Any, parents: int = 4) -> Network:
    size = draw(st.sampled_from([0, 1, 3, 12, 13, 20]))
    labels = draw(st.none() | st.integers(0, 200).map(lambda width: [f"{'x' * width}{index}" for index in range(size)]))
    columns = draw(st.dictionaries(st.sampled_from("abc"), st.sampled_from(["f8", "i2", "U3", "U200"]), max_size=3))
    made = Network(
        NodeTable(labels, columns={key: np.zeros(size, kind) for key, kind in columns.items()}, size=size),
        label=draw(st.none() | st.text(max_size=20) | st.integers(0, 3000).map(lambda n: "é" * n)),
        parent_network=draw(networks(parents - 1)) if parents and draw(st.booleans()) else None,
    )
    for name in draw(st.lists(st.sampled_from(["weight", "a/b/c", "a/b/d/e/f/g/h", "z"]), unique=True, max_size=3)):
        kind = draw(st.sampled_from(["dense", "zeros", "csr", "dia", "wide"]))
        matrix: Any = np.arange(float(size * size)).reshape(size, size)
        if kind == "wide":
            words = np.array(["y" * draw(st.integers(0, 50)) + str(index) for index in range(40)])
            made.set_matrix(name, np.ones((size, 40)), column_labels=words)
            continue
        if kind != "dense":
            matrix = matrix * 0 if kind == "zeros" else sp.csr_array(matrix).asformat(kind)
        made.set_matrix(name, matrix)
    for name in draw(st.lists(st.sampled_from("pq"), unique=True)):
        made.parameters[name] = Parameter(draw(st.floats(allow_nan=False) | st.integers(1, 400).map(np.arange)))
    made.extra = draw(st.dictionaries(st.sampled_from("uvw"), trees(), max_size=2))
    unknown = draw(st.dictionaries(st.sampled_from(["bids", "tractogram", "mine"]), plain, max_size=2))
    if unknown:
        made.extra["sidecar"] = unknown
    return made


def open_all(path: Path) -> Network:
    """Open a network and its parents."""
    made = found = Network.from_file(path, limits=LIMITS)
    while found.has_parent_network:
        found = found.parent()
    return made


@settings(max_examples=100, deadline=None)
@given(networks(), st.sampled_from(["gzip", "none", 9]), st.sampled_from(["auto", "inline", "companion"]))
def test_what_is_saved_can_be_opened(network, compression, nodes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.yaml"
        try:
            network.save(path, compression=compression, nodes=nodes, limits=LIMITS)
        except LimitError as error:
            assert not list(path.parent.iterdir())
            # And nothing is refused without need.
            network.save(path, compression=compression, nodes=nodes)
            with pytest.raises(LimitError):
                open_all(path)
            event(str(error).partition(" would be ")[0].rpartition(": ")[2])
            return
        event("saved")
        found = open_all(path)
        assert found.identical(network)
        while network.has_parent_network:
            found, network = found.parent(), network.parent()
            assert found.identical(network)


def line_of_parents(length: int) -> Network:
    made = Network.from_matrix(np.eye(2))
    for _ in range(length):
        made = Network(made.nodes, parent_network=made)
    return made


def with_extra(value: Any) -> Network:
    made = Network.from_matrix(np.eye(2))
    made.extra["mine"] = value
    return made


@pytest.mark.parametrize(
    ("make", "limit"),
    [
        (lambda: line_of_parents(40), "depth would be 82"),
        (lambda: with_extra({str(index): np.ones(1) for index in range(66_000)}), "objects would be 66,0"),
        (lambda: with_extra(list(range(2_100_000))), "sidecar values"),
        (lambda: Network(NodeTable(size=1_000_001)), "nodes would be 1,000,001"),
    ],
)
def test_the_default_limits_are_those_of_opening(tmp_path, make, limit) -> None:
    Network.from_matrix(np.eye(2)).save(tmp_path / "net.yaml")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(LimitError, match=limit) as caught:
        make().save(tmp_path / "net.yaml")
    assert "net.h5.tvbo" not in str(caught.value)
    assert "or save it with the limits that whoever opens it will have to give" in caught.value.__notes__[0]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_what_looks_like_a_bomb_is_saved_in_another_way(tmp_path) -> None:
    limits = Limits(inflated_bytes=100_000)
    made = Network.from_matrix(np.zeros((1000, 1000)))
    with pytest.raises(LimitError, match=r"net\.h5: inflated bytes") as caught:
        made.save(tmp_path / "net.yaml", limits=limits)
    assert "compression='none'" in caught.value.__notes__[0]
    assert not list(tmp_path.iterdir())
    made.save(tmp_path / "net.yaml", limits=limits, compression="none")
    assert Network.from_file(tmp_path / "net.yaml", limits=limits).identical(made)


def test_what_is_carried_along_counts(tmp_path) -> None:
    made = Network.from_matrix(np.eye(2))
    made.save(tmp_path / "net.yaml")
    with h5py.File(tmp_path / "net.h5", "r+") as file:
        for index in range(40):
            file[f"of others/{index}"] = index
    found = Network.from_file(tmp_path / "net.yaml")
    before = (tmp_path / "net.h5").read_bytes()
    with pytest.raises(LimitError, match=r"net\.h5: objects would be"):
        found.save(tmp_path / "net.yaml", limits=LIMITS)
    assert (tmp_path / "net.h5").read_bytes() == before
    found.save(tmp_path / "net.yaml")
    assert found.identical(Network.from_file(tmp_path / "net.yaml"))


def test_what_holds_itself_is_refused(tmp_path) -> None:
    circle: list[Any] = []
    circle.append(circle)
    for _ in range(2):
        with pytest.raises(LimitError, match="holds itself"):
            with_extra(circle).save(tmp_path / "net.yaml")
        Network.from_matrix(np.eye(2)).save(tmp_path / "net.yaml")


@pytest.mark.parametrize(
    "value", [10**999, -(10**4999), {(1, 2): 3}, {"\ud800": 1}], ids=lambda value: type(value).__name__
)
def test_what_yaml_does_not_give_back_is_refused(tmp_path, value) -> None:
    made = Network.from_matrix(np.eye(2))
    made.extra["sidecar"] = {"mine": {"deep": [value]}}
    with pytest.raises((TypeError, LimitError), match=r"mine\.deep\.0 "):
        made.save(tmp_path / "net.yaml")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "value",
    [10**999 - 1, 1 - 10**999, {None: 1, 1.5: 2, True: 3, b"x": 4, "<<": 5, "1": 6}],
    ids=lambda value: type(value).__name__,
)
def test_what_yaml_gives_back_is_saved(tmp_path, value) -> None:
    made = Network.from_matrix(np.eye(2))
    made.extra["sidecar"] = {"mine": {"deep": [value]}}
    made.save(tmp_path / "net.yaml")
    assert made.identical(Network.from_file(tmp_path / "net.yaml"))
