"""Whatever is saved can be opened within the limits within which it was saved."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tvbo import Limits, Network, NodeTable, Parameter
from tvbo.errors import LimitError

# So low that small networks exceed each of them.
LIMITS = Limits(
    sidecar_bytes=2500, sidecar_values=150, depth=7, nodes=12, objects=30, chunk_bytes=3000, inflated_bytes=12_000
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
    wide = st.integers(0, 120).map(lambda n: list(range(n)))
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


@settings(max_examples=150, deadline=None)
@given(networks(), st.sampled_from(["gzip", "none", 9]), st.sampled_from(["auto", "inline", "companion"]))
def test_what_is_saved_can_be_opened(network, compression, nodes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.yaml"
        try:
            network.save(path, compression=compression, nodes=nodes, limits=LIMITS)
        except LimitError as error:
            assert not list(path.parent.iterdir())
            event(str(error).partition(" would be ")[0].rpartition(": ")[2])
            return
        event("saved")
        found = Network.from_file(path, limits=LIMITS)
        assert found.identical(network)
        again = found.parent() if found.has_parent_network else found
        again.save(path.with_name("again.yaml"), limits=LIMITS)
