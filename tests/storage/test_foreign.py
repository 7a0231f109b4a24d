"""What others put into a companion: copies are the same, changes are found, and nothing is handed to libhdf5 unseen."""

import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from h5py import h5d, h5p, h5s, h5t, h5z
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tvbo import Limits, Network
from tvbo.errors import CompanionError, CorruptionError, LimitError, TvboError, UnsafeFileError
from tvbo.storage.companion import Companion
from tvbo.storage.foreign import Foreign

TEXT, LISTS = h5py.string_dtype(), h5py.vlen_dtype("i2")
ENUM = h5py.enum_dtype({"left": 1, "right": 2}, basetype="i2")
TABLE = np.dtype([("a", "i4"), ("text", TEXT), ("b", "f8"), ("fixed", "S3"), ("enum", ENUM)])


def carried(path: Path, limits: Limits = Limits()) -> Foreign:  # noqa: B008
    held = Companion.open(path, limits)
    names = tuple(name for name in [*held.attrs, *held.links] if name and "/" not in name)
    return Foreign(path, names, tuple(("", name) for name in held.attrs[""]), held.stamp, limits)


def content(path: Path, limits: Limits = Limits()) -> dict[str, Any]:  # noqa: B008
    return dict(carried(path, limits).content())


def write(path: Path, make: Callable[[h5py.File], Any]) -> Path:
    with h5py.File(path, "w", libver=("v108", "latest")) as file:
        make(file)
    return path


def copied(path: Path) -> Path:
    """Copy what is in a file into another, where all of it lies at other places."""
    other = path.with_suffix(".copy.h5")
    with h5py.File(other, "w", libver=("v108", "v108")) as file:
        file["before"] = ["something", "else"] * 50
        carried(path).copy_into(file)
        del file["before"]
    return other


def rows_of(*rows: tuple[str, float]) -> np.ndarray[Any, Any]:
    return np.array([(7, word, number, b"xyz", 2) for word, number in rows], dtype=TABLE)


LAYOUTS = [{}, {"chunks": (2,)}, {"chunks": (2,), "compression": "gzip", "shuffle": True, "fletcher32": True}]


@pytest.mark.parametrize("options", LAYOUTS)
def test_rows_of_text_and_numbers(tmp_path, options) -> None:
    def put(*rows: tuple[str, float]) -> dict[str, Any]:
        data = rows_of(*rows)
        return content(write(tmp_path / "a.h5", lambda file: file.create_dataset("x", data=data, **options)))

    first = put(("word", 2.5), ("", 1.0), ("word", 2.5))
    assert list(first) == ["x"]
    assert content(copied(tmp_path / "a.h5")) == first
    with h5py.File(tmp_path / "a.copy.h5") as file:
        assert file["x"][2]["text"] == b"word"
    for other in (("worm", 2.5), ("words", 2.5), ("", 2.5), ("word", 2.6)):
        assert put(("word", 2.5), ("", 1.0), other) != first


def test_rows_of_lists(tmp_path) -> None:
    """h5py does not write lists in compounds well, so that these are put together of their bytes."""
    kind = h5t.py_create(np.dtype([("a", "i4"), ("text", TEXT), ("list", LISTS), ("last", "i2")]), logical=True)

    def put(word: str, numbers: list[int], last: int) -> dict[str, Any]:
        def apart(file: h5py.File) -> None:
            file["text"] = [word, "b"]
            file.create_dataset("lists", (2,), LISTS)[0] = numbers

        path = write(tmp_path / "a.h5", apart)
        raw = path.read_bytes()
        with h5py.File(path, "r+") as file:
            text, lists = (file[name].id.get_offset() for name in ("text", "lists"))
            rows = [
                bytes(4) + raw[text + place : text + place + 16] + raw[lists + place : lists + place + 16]
                + last.to_bytes(2, "little")
                for place in (0, 16)
            ]  # fmt: skip
            in_chunks(file, kind, b"".join(rows), 2, lambda plan: None)
        found = content(path)
        del found["text"], found["lists"]
        return found

    first = put("word", [1, 2, 3], 5)
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["x"][0]["text"] == b"word"
        assert file["x"][0]["list"].tolist() == [1, 2, 3]
    assert content(copied(tmp_path / "a.h5"))["x"] == first["x"]
    for other in (("worm", [1, 2, 3], 5), ("word", [1, 2, 4], 5), ("word", [1, 2], 5), ("word", [1, 2, 3], 6)):
        assert put(*other) != first


def kinds_of_others(file: h5py.File) -> None:
    file["text"] = ["x", "", "y" * 1000]
    file["one text"] = "word"
    file["references"] = np.array([file.ref, file["text"].ref], dtype=h5py.ref_dtype)
    file.create_dataset("regions", (2,), h5py.regionref_dtype)[0] = file["text"].regionref[:2]
    file["enum"] = np.array([1, 2, 1], dtype=ENUM)
    file["times"] = np.array(["2026-01-01"], "M8[s]").astype(h5py.opaque_dtype("M8[s]"))
    file["opaque"] = np.array([b"ab\0\1", b"cd\0\2"], dtype="V4")
    file["compound"] = np.array([(1, 2.5)], dtype="i4,f8")
    file["deep"] = np.zeros(2, np.dtype([("a", [("b", "i2", (2, 3))]), ("c", "S2")]))
    file["nothing"] = h5py.Empty("f8")
    file["no text"] = h5py.Empty(TEXT)
    file["never"] = np.zeros((0, 3), TEXT)
    file.create_dataset("unwritten", (5, 5), TEXT, chunks=(2, 2))
    file.create_dataset("unwritten numbers", (5, 5), "f8", chunks=(2, 2), fillvalue=3.0)
    file.create_dataset("lists", (2,), LISTS)[1] = np.arange(5)
    file["named"] = np.dtype("f8")
    file["link"] = h5py.SoftLink("/text")
    file["axis"] = np.arange(3.0)
    file["axis"].make_scale("x")
    file["text"].dims[0].attach_scale(file["axis"])
    plan = h5p.create(h5p.DATASET_CREATE)
    plan.set_layout(h5d.COMPACT)
    h5d.create(file.id, b"compact", h5t.py_create(np.dtype(TEXT), logical=True), h5s.create_simple((2,)), plan)
    file["compact"][...] = ["in the header", "of the object"]
    group = file.create_group("group")
    group.attrs["text"] = "variable"
    group.attrs["texts"] = ["a", "b" * 500]
    group.attrs.create("list", np.array([np.arange(2000), np.arange(3)], object), dtype=h5py.vlen_dtype("i8"))
    group.attrs["reference"] = file.ref
    group.attrs["compound"] = np.array([(1, 2.5)], dtype="i4,f8")
    group.attrs["empty"] = h5py.Empty("f8")
    group.attrs["large"] = np.arange(1000.0)


def test_copies_of_every_kind_are_the_same(tmp_path) -> None:
    path = write(tmp_path / "a.h5", kinds_of_others)
    first = content(path)
    assert {"text", "compact", "group@list", "text@DIMENSION_LIST", "axis@REFERENCE_LIST", "link", "named"} <= set(
        first
    )
    assert content(copied(path)) == first


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("text", lambda file: file["text"].__setitem__(1, "z")),
        ("one text", lambda file: file["one text"].__setitem__((), "ward")),
        ("enum", lambda file: file["enum"].__setitem__(1, 1)),
        ("opaque", lambda file: file["opaque"].__setitem__(0, np.void(b"ab\0\2"))),
        ("compound", lambda file: file["compound"].__setitem__(0, (1, 2.6))),
        ("deep", lambda file: file["deep"].__setitem__(1, (([[1, 2, 3]] * 2,), b"x"))),
        ("lists", lambda file: file["lists"].__setitem__(0, np.arange(2))),
        ("compact", lambda file: file["compact"].__setitem__(1, "of the abject")),
        ("unwritten", lambda file: file["unwritten"].__setitem__((4, 4), "x")),
        ("unwritten numbers", lambda file: file["unwritten numbers"].__setitem__((4, 4), 5.0)),
        ("group@text", lambda file: file["group"].attrs.__setitem__("text", "variably")),
        ("group@texts", lambda file: file["group"].attrs.__setitem__("texts", ["a", "b" * 499 + "c"])),
        ("group@large", lambda file: file["group"].attrs.__setitem__("large", np.arange(1000.0) ** 1.01)),
        ("group@compound", lambda file: file["group"].attrs.__setitem__("compound", np.array([(1, 2.6)], "i4,f8"))),
        (
            "group@list",
            lambda file: file["group"].attrs.create(
                "list",
                np.array([np.arange(2000) + (np.arange(2000) == 1000), np.arange(3)], object),
                dtype=h5py.vlen_dtype("i8"),
            ),
        ),
    ],
)  # fmt: skip
def test_a_change_is_found(tmp_path, name, change) -> None:
    path = write(tmp_path / "a.h5", kinds_of_others)
    first = content(path)
    with h5py.File(path, "r+") as file:
        change(file)
    second = content(path)
    assert {key for key in first if first[key] != second[key]} == {name}


words = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=9)
tables = st.lists(st.tuples(words, st.integers(-9, 9)), min_size=2, max_size=7)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=tables, others=tables, options=st.sampled_from(LAYOUTS))
def test_what_differs_is_different(tmp_path, rows, others, options) -> None:
    first, second = (
        write(tmp_path / name, lambda file, rows=rows: file.create_dataset("x", data=rows_of(*rows), **options))
        for name, rows in (("a.h5", rows), ("b.h5", others))
    )
    assert (content(first) == content(second)) == (rows == others)
    assert content(copied(first)) == content(first)


def test_a_pair_with_things_of_others_saved_elsewhere_is_the_same(tmp_path) -> None:
    path, other = tmp_path / "a.yaml", tmp_path / "b.yaml"
    Network.from_matrix(np.eye(3)).save(path)
    with h5py.File(path.with_suffix(".h5"), "r+") as file:
        file.create_group("mine")
        kinds_of_others(file["mine"])
    network = Network.from_file(path)
    network.save(other)
    assert not network.diff(Network.from_file(other))
    assert Network.from_file(path).digest() == Network.from_file(other).digest()


def test_attributes_on_ours_are_copied_as_they_are(tmp_path) -> None:
    path, other = tmp_path / "a.yaml", tmp_path / "b.yaml"
    Network.from_matrix(np.eye(3)).save(path)
    with h5py.File(path.with_suffix(".h5"), "r+") as file:
        attrs = file["edges/weight"].attrs
        for name, value in {
            "ascii": b"in ASCII",
            "fixed": np.bytes_(b"word"),
            "text": "häh",
            "texts": ["a", "b"],
            "large": b"x" * 60_000,
            "numbers": np.arange(3, dtype=">i2"),
            "truth": np.bool_(True),
            "opaque": np.void(b"ab\0\1"),
            "compound": np.array([(1, 2.5)], dtype="i4,f8"),
            "rows": rows_of(("word", 2.5), ("", 1.0)),
            "nothing": h5py.Empty("f8"),
        }.items():
            attrs[name] = value
        attrs.create("lists", np.array([np.arange(4), np.arange(2)], object), dtype=h5py.vlen_dtype("i8"))
        attrs.create("odd", [1, 2], dtype="i4")
        bits = h5t.STD_B8LE
        h5py.h5a.create(file["edges/weight"].id, b"bits", bits, h5s.create_simple((2,)))
        count = len(attrs)
    Network.from_file(path).save(other)
    with h5py.File(other.with_suffix(".h5")) as file:
        assert len(file["edges/weight"].attrs) == count
        assert file["edges/weight"].attrs["rows"][0]["text"] == b"word"
    assert not Network.from_file(path).diff(Network.from_file(other))


# ---------------------------------------------------------------- what somebody made to do harm


def in_chunks(file: h5py.File, kind: Any, raw: bytes, count: int, filters: Callable[[Any], None]) -> None:
    plan = h5p.create(h5p.DATASET_CREATE)
    plan.set_chunk((count,))
    filters(plan)
    made = h5d.create(file.id, b"x", kind, h5s.create_simple((count,)), plan)
    made.write_direct_chunk((0,), raw)


VARIABLE = h5t.py_create(np.dtype(TEXT), logical=True)


def plug_in(plan: Any) -> None:
    plan.set_filter(32_099, h5z.FLAG_OPTIONAL, (1, 2, 3))


def test_no_plug_in_is_asked_for(tmp_path) -> None:
    fixed = write(tmp_path / "a.h5", lambda file: in_chunks(file, h5t.STD_I32LE, b"as it is", 2, plug_in))
    assert content(copied(fixed)) == content(fixed)
    table = h5t.py_create(np.dtype("i4,f8"))
    fixed = write(tmp_path / "b.h5", lambda file: in_chunks(file, table, b"as it is", 2, plug_in))
    assert content(copied(fixed)) == content(fixed)
    # To copy these, libhdf5 would decode them.
    variable = write(tmp_path / "c.h5", lambda file: in_chunks(file, VARIABLE, bytes(32), 2, plug_in))
    for read in (content, copied):
        with pytest.raises(UnsafeFileError, match="filter that is not read"):
            read(variable)


def test_a_chunk_of_text_is_not_inflated_beyond_its_size(tmp_path) -> None:
    bomb = zlib.compress(bytes(1 << 24))
    path = write(
        tmp_path / "a.h5", lambda file: in_chunks(file, VARIABLE, bomb, 1024, lambda plan: plan.set_deflate(9))
    )
    for read in (content, copied):
        with pytest.raises(CorruptionError, match=r"does not inflate|claims"):
            read(path)


def one_text_many_times(file: h5py.File, size: int, count: int) -> None:
    file["x"] = np.array(["y" * size, *["z"] * (count - 1)], dtype=object)


def test_one_long_text_in_many_places_is_not_copied_as_often(tmp_path) -> None:
    """A heap holds it once; whoever reads it has it a thousand times."""
    path = write(tmp_path / "a.h5", lambda file: one_text_many_times(file, 1 << 20, 3000))
    with h5py.File(path) as file:
        start = file["x"].id.get_offset()
    raw = bytearray(path.read_bytes())
    raw[start : start + 16 * 3000] = raw[start : start + 16] * 3000
    path.write_bytes(raw)
    for read in (content, copied):
        with pytest.raises(LimitError, match="inflated bytes"):
            read(path)


def test_attributes_come_to_no_more_than_the_largest_text_as_often(tmp_path) -> None:
    """Where their texts lie cannot be looked at."""

    def make(file: h5py.File) -> None:
        file["x"] = "y" * (1 << 20)
        file.attrs["many"] = ["z"] * 3000

    for read in (content, copied):
        with pytest.raises(LimitError, match="inflated bytes"):
            read(write(tmp_path / "b.h5", make))


def test_values_of_variable_length_are_counted(tmp_path) -> None:
    path = write(tmp_path / "a.h5", lambda file: one_text_many_times(file, 5, 100))
    with pytest.raises(LimitError, match=r"sidecar values would be .*Limits\(sidecar_values="):
        content(path, Limits(sidecar_values=99))
    wide = np.dtype((TEXT, (1 << 20,)))
    path = write(tmp_path / "b.h5", lambda file: file.create_dataset("x", (1,), wide, chunks=(1,))[...].sum())
    start = time.monotonic()
    assert content(path)
    assert time.monotonic() - start < 2


def test_places_that_are_none_are_found(tmp_path) -> None:
    path = write(tmp_path / "a.h5", lambda file: one_text_many_times(file, 5, 2))
    with h5py.File(path) as file:
        start = file["x"].id.get_offset()
    sound = path.read_bytes()
    for place, value in ((4, 2**63), (4, 96), (12, 9999), (0, 2**31)):
        raw = bytearray(sound)
        width = 8 if place == 4 else 4
        raw[start + place : start + place + width] = value.to_bytes(width, "little")
        path.write_bytes(raw)
        for read in (content, copied):
            with pytest.raises(CompanionError, match=r"damaged"):
                read(path)


def test_types_in_types_end(tmp_path) -> None:
    kind = h5t.STD_I8LE
    for _ in range(100):
        kind = h5t.vlen_create(kind)

    def make(file: h5py.File) -> None:
        h5d.create(file.id, b"x", kind, h5s.create_simple((2,)))

    with pytest.raises(LimitError, match="depth"):
        content(write(tmp_path / "a.h5", make))


def test_lists_of_lists(tmp_path) -> None:
    """Lists of lists that lie in one another: three levels of a thousand are a billion."""
    kind = h5t.vlen_create(h5t.vlen_create(h5t.STD_I8LE))

    def make(file: h5py.File) -> None:
        file["text"] = ["y" * 16_000, "z"]
        h5d.create(file.id, b"x", kind, h5s.create_simple((1000,)))
        file["x"].id.get_storage_size()

    path = write(tmp_path / "a.h5", make)
    assert content(path)
    with h5py.File(path, "r+") as file:
        place = file["text"].id.get_offset()
    raw = bytearray(path.read_bytes())
    heap, index = raw[place + 4 : place + 12], raw[place + 12 : place + 16]
    start = raw.index(b"y" * 16_000)
    # Its text is now a list of a thousand lists, each of which is that text.
    raw[start : start + 16_000] = ((16_000).to_bytes(4, "little") + heap + index) * 1000
    path.write_bytes(raw)

    def wide(file: h5py.File) -> None:
        made = h5d.create(file.id, b"y", kind, h5s.create_simple((1000,)), _early())
        assert made.get_offset()

    with h5py.File(path, "r+") as file:
        wide(file)
        place = file["y"].id.get_offset()
    raw = bytearray(path.read_bytes())
    raw[place : place + 16_000] = ((1000).to_bytes(4, "little") + heap + index) * 1000
    path.write_bytes(raw)
    start_time = time.monotonic()
    with pytest.raises(TvboError, match=r"inflated bytes|sidecar values"):
        content(path)
    assert time.monotonic() - start_time < 5


def _early() -> Any:
    plan = h5p.create(h5p.DATASET_CREATE)
    plan.set_alloc_time(h5d.ALLOC_TIME_EARLY)
    return plan


@pytest.mark.parametrize("where", ["mine", "edges/weight"])
def test_what_a_pair_carries_is_looked_through_when_it_is_saved(tmp_path, where) -> None:
    path = tmp_path / "a.yaml"
    Network.from_matrix(np.eye(3)).save(path)
    assert "hdf5" not in Network.from_file(path).extra
    with h5py.File(path.with_suffix(".h5"), "r+") as file:
        file["numbers"] = np.arange(3)
    assert Network.from_file(path).extra["hdf5"].plain
    with h5py.File(path.with_suffix(".h5"), "r+") as file:
        file["long"] = np.arange(3)
        file["long"].attrs["text"] = "y" * (1 << 20)
        file.require_group(where).attrs["many"] = ["z"] * 3000
    network = Network.from_file(path)
    assert not network.extra["hdf5"].plain
    with pytest.raises(LimitError, match="inflated bytes"):
        network.save(tmp_path / "b.yaml")
