"""
Pairs that somebody made to do harm.

Each case has a name, says what it tries, and what may come of it:

``refused``    a TvboError, nothing else
``safe``       a TvboError, or exactly what was saved (with what is not ours carried along)
``said``       as ``safe``, or other content with the warning that it was edited
``contained``  whatever it says may be loaded: it is a file that nobody saved, but it must do no harm
"""

import contextlib
import functools
import hashlib
import json
import os
import shutil
import socket
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import mutate
import numpy as np
import yaml
from h5py import h5d, h5g, h5p, h5s, h5t, h5z

from tvbo import Network

REFUSED, SAFE, SAID, CONTAINED = "refused", "safe", "said", "contained"
NUMBER, TEXT = 7.25e77, "tell-nobody-4711"
# What must turn up nowhere: the numbers and the text of files outside the pair's folder.
SECRETS = (np.float64(NUMBER).tobytes().hex(), np.float64(NUMBER).byteswap().tobytes().hex(), TEXT.encode().hex())
DEEP, MANY = 100_000, 1_000_000


@dataclass(frozen=True)
class Case:
    """A hostile pair: how it is made, what it tries, and what may come of it."""

    name: str
    tries: str
    may: str
    build: Callable[["Place"], Path | None]
    base: str = "regions"


@dataclass
class Place:
    """Where a case is built: a sound pair in ``pair``, secrets in ``outside``, and a mark that must not appear."""

    root: Path
    bases: Path
    base: str = "regions"
    sockets: list[socket.socket] = field(default_factory=list)

    @property
    def pair(self) -> Path:
        return self.root / "pair"

    @property
    def outside(self) -> Path:
        return self.root / "outside"

    @property
    def mark(self) -> Path:
        return self.root / "mark"

    @property
    def sidecar(self) -> Path:
        return self.pair / "net.yaml"

    @property
    def companion(self) -> Path:
        return self.pair / "net.h5"

    # ------------------------------------------------------------------ the sidecar

    def text(self) -> str:
        return self.sidecar.read_text()

    def head(self) -> str:
        """The line that names the content, so that both halves still seem to be of one save."""
        return self.text().partition("\n")[0] + "\n"

    def edit(self, old: str, new: str) -> None:
        text = self.text()
        assert old in text, old
        self.sidecar.write_text(text.replace(old, new, 1))

    def add(self, text: str) -> None:
        with self.sidecar.open("a") as file:
            file.write(text)

    def change(self, how: Callable[[dict[str, Any]], Any]) -> None:
        """Change the record of the sidecar."""
        record = yaml.load(self.text(), Loader=yaml.CSafeLoader)
        how(record)
        dumped = yaml.dump(record, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
        self.sidecar.write_text(self.head() + dumped)

    def line(self, key: str, raw: str) -> None:
        """Put raw YAML where a key of one line is; the key is added if there is none."""
        lines = self.text().splitlines(keepends=True)
        for index, each in enumerate(lines):
            if each.startswith(f"{key}:"):
                lines[index] = f"{key}: {raw}\n"
                break
        else:
            lines.insert(1, f"{key}: {raw}\n")
        self.sidecar.write_text("".join(lines))

    def alone(self, text: str | bytes) -> None:
        """Write a sidecar by hand, without a companion."""
        self.companion.unlink()
        self.sidecar.write_bytes(text.encode() if isinstance(text, str) else text)

    # ------------------------------------------------------------------ the companion

    @contextlib.contextmanager
    def file(self) -> Iterator[h5py.File]:
        with h5py.File(self.companion, "r+", libver=("v108", "latest")) as file:
            yield file

    def record(self, how: Callable[[dict[str, Any]], Any], path: str = "tvbo/record") -> None:
        """Change the private record of the companion, and seal it again."""
        with self.file() as file:
            record = json.loads(file[path][()].tobytes().decode("utf-8", "surrogatepass"))
            how(record)
            put_text(file, path, json.dumps(record, ensure_ascii=False))


def seal(dataset: Any) -> None:
    """Make a new digest, so that what is behind it is tested."""
    for name in ("crc32", "crc32_rows"):
        if name in dataset.attrs:
            del dataset.attrs[name]
    with contextlib.suppress(OSError, ValueError, TypeError, MemoryError):
        dataset.attrs["sha256"] = np.bytes_(hashlib.sha256(np.asarray(dataset[()]).tobytes()).hexdigest())


def put(file: h5py.File, path: str, data: Any = None, **options: Any) -> Any:
    """Replace a dataset by another, sealed."""
    old = dict(file[path].attrs) if path in file else {}
    if path in file:
        del file[path]
    made = file.create_dataset(path, data=data, track_times=False, **options)
    for name, value in old.items():
        if name not in ("sha256", "crc32", "crc32_rows"):
            made.attrs[name] = value
    if data is not None:
        seal(made)
    return made


def put_text(file: h5py.File, path: str, text: str | bytes) -> None:
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    put(file, path, np.frombuffer(raw, np.uint8))


def prepare(root: Path, bases: Path, case: Case) -> tuple[Place, Path]:
    """Build a case, and give the path to open."""
    place = Place(root, bases, case.base)
    shutil.copytree(bases / case.base, place.pair)
    shutil.copytree(bases / "outside", place.outside)
    return place, case.build(place) or place.sidecar


def save_bases(folder: Path) -> dict[str, str]:
    """Save the sound pairs and the secrets that cases are made of; give their digests."""
    found = {}
    made = mutate.networks() | mutate.larger()
    for name in ("regions", "surface", "banded"):
        (folder / name).mkdir()
        made[name].save(folder / name / "net.yaml")
        found[name] = made[name].digest()
    outside = folder / "outside"
    outside.mkdir()
    secret = Network.from_matrix(np.full((5, 5), NUMBER), labels=[f"{TEXT} {index}" for index in range(5)])
    secret.label = "outsider"
    secret.save(outside / "secret.yaml", compression="none")
    with h5py.File(outside / "secret.h5", "r+") as file:
        file["data"] = np.full((5, 5), NUMBER)
        file["text"] = np.frombuffer(TEXT.encode() * 20, np.uint8)
    (outside / "secret.bin").write_bytes(np.full(64, NUMBER).tobytes())
    (outside / "secret.txt").write_text(f"{TEXT}\n" * 50)
    np.savez(outside / "secret.npz", data=np.full(25, NUMBER))
    return found


CASES: dict[str, Case] = {}


def case(
    name: str, tries: str, may: str = REFUSED, base: str = "regions"
) -> Callable[[Callable[[Place], Path | None]], Callable[[Place], Path | None]]:
    """Add a case."""

    def add(build: Callable[[Place], Path | None]) -> Callable[[Place], Path | None]:
        assert name not in CASES, name
        CASES[name] = Case(name, tries, may, build, base)
        return build

    return add


# ---------------------------------------------------------------------- sidecars: where they lead


def _data_file(name: str, value: str, may: str = REFUSED) -> None:
    @case(f"data_file {name}", "names a companion that is none in this folder", may)
    def build(place: Place) -> None:
        place.line("data_file", value.replace("OUTSIDE", str(place.outside)))


for _name, _value, _may in (
    ("up", "../outside/secret.h5", REFUSED),
    ("absolute", "OUTSIDE/secret.h5", REFUSED),
    ("through itself", "net.h5/../../outside/secret.h5", REFUSED),
    ("through here", "./net.h5", SAID),
    ("backslashes", "'..\\outside\\secret.h5'", REFUSED),
    ("drive", "'C:\\secret.h5'", REFUSED),
    ("address", "file:///etc/passwd", REFUSED),
    ("device", "/dev/zero", REFUSED),
    ("stdin", "/dev/stdin", REFUSED),
    ("dot", ".", REFUSED),
    ("dots", "..", REFUSED),
    ("the sidecar", "net.yaml", SAID),
    ("empty", "''", REFUSED),
    ("nul", '"net.h5\\0"', REFUSED),
    ("long", "x" * 5000, SAID),
    ("missing", "gone.h5", SAID),
    ("null", "~", SAID),
    ("number", "3", REFUSED),
    ("truth", "true", REFUSED),
    ("list", "[net.h5]", REFUSED),
    ("mapping", "{net.h5: net.h5}", REFUSED),
):
    _data_file(_name, _value, _may)


@case("data_file pipe", "waits for ever")
def _(place: Place) -> None:
    os.mkfifo(place.pair / "pipe.h5")
    place.line("data_file", "pipe.h5")
    # Or else it would be known as the companion.
    (place.pair / "net.h5").unlink()


@case("data_file folder", "is a folder")
def _(place: Place) -> None:
    (place.pair / "folder.h5").mkdir()
    place.line("data_file", "folder.h5")
    # Or else it would be known as the companion.
    (place.pair / "net.h5").unlink()


@case("data_file circle of links", "resolves for ever", SAID)
def _(place: Place) -> None:
    (place.pair / "one.h5").symlink_to("two.h5")
    (place.pair / "two.h5").symlink_to("one.h5")
    place.line("data_file", "one.h5")


def _parent_name(name: str, value: str, may: str) -> None:
    @case(f"parent_network {name}", "names a parent that is none in this folder", may, "surface")
    def build(place: Place) -> None:
        place.line("parent_network", value.replace("OUTSIDE", str(place.outside)))

    @case(f"parent_network alone {name}", "the same, without a copy of the parent")
    def build_alone(place: Place) -> None:
        value_here = value.replace("OUTSIDE", str(place.outside))
        place.alone(f"tvbo_class: tvbo:Network\nnumber_of_nodes: 2\nparent_network: {value_here}\n")


for _name, _value in (
    ("up", "../outside/secret.yaml"),
    ("absolute", "OUTSIDE/secret.yaml"),
    ("in another file", "../outside/secret.h5#/tvbo/parent"),
    ("up in the file", "'net.h5#/../..'"),
    ("label of a secret", "outsider"),
    ("device", "/dev/zero"),
    ("device as yaml", "/dev/zero.yaml"),
    ("itself", "net.yaml"),
    ("nul", '"a\\0.yaml"'),
    ("long", "x" * 5000 + ".yaml"),
    ("list", "[a]"),
    ("number", "5"),
    ("mapping", "{a: b}"),
    ("dots", ".."),
):
    _parent_name(_name, _value, SAID)


@case("parent_network circle", "two networks, each the parent of the other")
def _(place: Place) -> None:
    for one, other in (("a", "b"), ("b", "a")):
        (place.pair / f"{one}.yaml").write_text(f"label: {one}\nnumber_of_nodes: 1\nparent_network: {other}.yaml\n")
    return place.pair / "a.yaml"


@case("parent_network circle of labels", "two networks, each the parent of the other by label")
def _(place: Place) -> None:
    for one, other in (("a", "b"), ("b", "a")):
        (place.pair / f"{one}.yaml").write_text(f"label: l{one}\nnumber_of_nodes: 1\nparent_network: l{other}\n")
    return place.pair / "a.yaml"


@case("parent_network through links", "a circle that has another name on every turn")
def _(place: Place) -> None:
    (place.pair / "a.yaml").write_text("number_of_nodes: 1\nparent_network: b.yaml\n")
    (place.pair / "b.yaml").symlink_to("a.yaml")
    return place.pair / "a.yaml"


@case("parent_network 1500 files", "a long line of parents, each in a file", CONTAINED)
def _(place: Place) -> None:
    for index in range(1500):
        above = f"parent_network: p{index + 1}.yaml\n" if index < 1499 else ""
        (place.pair / f"p{index}.yaml").write_text(f"number_of_nodes: 1\n{above}")
    return place.pair / "p0.yaml"


@case("parent_network pipe", "waits for ever")
def _(place: Place) -> None:
    os.mkfifo(place.pair / "pipe.yaml")
    place.alone("number_of_nodes: 1\nparent_network: pipe.yaml\n")


@case("parent_network pipe among labels", "waits while a label is looked for")
def _(place: Place) -> None:
    os.mkfifo(place.pair / "aaa.yaml")
    (place.pair / "bbb.yaml").symlink_to("/dev/zero")
    (place.pair / "ccc.yaml").mkdir()
    place.alone("number_of_nodes: 1\nparent_network: somebody\n")


@case("parent_network bombs among labels", "sidecars that are read only for their labels")
def _(place: Place) -> None:
    (place.pair / "aaa.yaml").write_text("[" * DEEP)
    (place.pair / "bbb.yaml").write_text(_laughs())
    (place.pair / "ccc.yaml").write_bytes(b"\xff\xfe\x00")
    place.alone("number_of_nodes: 1\nparent_network: somebody\n")


@case("target_network up", "names a network outside", SAID)
def _(place: Place) -> None:
    place.change(lambda record: record["edges"][0].update(target_network="../outside/secret.yaml"))


@case("edge_matrix_files", "a key by which other readers open files", SAID)
def _(place: Place) -> None:
    place.add(f"edge_matrix_files: {{weight: {place.outside}/secret.npz}}\n")


# ---------------------------------------------------------------------- sidecars: YAML itself


def _laughs() -> str:
    lines = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 10)]
    return "\n".join(lines) + "\n"


def _yaml(name: str, tries: str, may: str, make: Callable[[Place], str]) -> None:
    @case(f"yaml {name}", tries, may)
    def build(place: Place) -> None:
        place.add(make(place))


def _label(name: str, tries: str, may: str, value: str) -> None:
    @case(f"yaml {name}", tries, may)
    def build(place: Place) -> None:
        place.line("label", value.replace("MARK", str(place.mark)))


for _name, _value in (
    ("apply", '!!python/object/apply:os.system ["touch MARK"]'),
    ("new", '!!python/object/new:os.system ["touch MARK"]'),
    ("apply with a call", '!!python/object/apply:subprocess.Popen [["touch", "MARK"]]'),
    ("name", "!!python/name:os.system"),
    ("module", "!!python/module:antigravity"),
    ("tuple", "!!python/tuple [1, 2]"),
    ("verbatim", '!<tag:yaml.org,2002:python/object/apply:os.system> ["touch MARK"]'),
    ("object", "!!python/object:pathlib.Path {}"),
    ("own", "!mine x"),
):
    _label(f"tag {_name}", "has the reader run code", REFUSED, _value)
for _name, _value in (
    ("int", "!!int abc"),
    ("float", "!!float x"),
    ("bool", "!!bool maybe"),
    ("timestamp", "!!timestamp 2020-99-99"),
    ("timestamp text", "!!timestamp x"),
    ("binary", "!!binary '*'"),
    ("set", "!!set {a, b}"),
    ("omap", "!!omap [a: 1]"),
    ("seq on mapping", "!!seq {a: 1}"),
    ("map on list", "!!map [1]"),
    ("null", "!!null x"),
    ("date", "2020-99-99"),
    ("date and zone", "2020-01-01T00:00:00+99:99"),
    ("year 0", "0000-01-01"),
):
    for _key in ("label", "unknown"):
        CASES[f"yaml scalar {_name} {_key}"] = Case(
            f"yaml scalar {_name} {_key}",
            "a tag or a date that its text does not fit",
            SAID,
            lambda place, key=_key, value=_value: place.line(key, value),
        )


@case("yaml tag directive", "another name for the tags that run code")
def _(place: Place) -> None:
    text = place.text()
    tag = "%TAG !e! tag:yaml.org,2002:python/object/apply:\n---\n"
    place.sidecar.write_text(place.head() + tag + text + f'evil: !e!os.system ["touch {place.mark}"]\n')


_yaml("laughs", "a few lines that stand for 1e10 values", REFUSED, lambda place: _laughs())
_yaml("aliases", "1e5 aliases", REFUSED, lambda place: "x: &x [1]\ny: [" + "*x, " * DEEP + "1]\n")
_yaml("alias of itself", "a list that holds itself", REFUSED, lambda place: "x: &x [*x]\n")
_yaml("alias of nothing", "an alias without an anchor", REFUSED, lambda place: "x: *nothing\n")
_yaml(
    "alias of long text",
    "few aliases of much text",
    CONTAINED,
    lambda p: f"x: &x {'a' * 900_000}\ny: [{'*x, ' * 99}1]\n",
)
_yaml("merge", "a merge key", SAID, lambda place: "x: &x {a: 1}\ny: {<<: *x}\n")
_yaml(
    "merge at the top", "a merge key that brings the keys of the record", SAID, lambda p: "x: &x {label: y}\n<<: *x\n"
)
_yaml("flow 1e5 deep", "1e5 lists in one another", REFUSED, lambda place: f"x: {'[' * DEEP}{']' * DEEP}\n")
_yaml("flow open 1e5 deep", "1e5 lists that do not end", REFUSED, lambda place: f"x: {'[' * DEEP}\n")
_yaml("flow mappings 1e5 deep", "1e5 mappings in one another", REFUSED, lambda p: f"x: {'{a: ' * DEEP}1{'}' * DEEP}\n")
_yaml("block 1e5 deep", "1e5 lists in one another", REFUSED, lambda place: f"x:\n  {'- ' * DEEP}1\n")
_yaml("questions 1e5 deep", "1e5 keys that are keys", REFUSED, lambda place: f"x:\n  {'? ' * DEEP}1\n")
_yaml(
    "block mappings 2000 deep",
    "mappings in one another",
    REFUSED,
    lambda place: "".join(f"{' ' * level}k:\n" for level in range(2000)),
)
_yaml("list 62 deep", "just within the limits", SAID, lambda place: f"x: {'[' * 60}{']' * 60}\n")
_yaml("1e6 keys", "1e6 keys", CONTAINED, lambda place: "".join(f"k{index}: 0\n" for index in range(MANY)))
_yaml("5e6 values", "more values than a sidecar has", REFUSED, lambda place: f"x: [{'0,' * 5 * MANY}0]\n")
_yaml("1e5 same keys", "one key 1e5 times", REFUSED, lambda place: "same: 0\n" * DEEP)
_yaml("same key", "a key twice", REFUSED, lambda place: "label: other\n")
_yaml("same key inside", "a key twice further in", REFUSED, lambda place: "x: {a: 1, a: 2}\n")
_yaml("key of a list", "a list as a key", SAID, lambda place: "? [1, 2]\n: 3\n")
_yaml("key of a mapping", "a mapping as a key", SAID, lambda place: "? {a: 1}\n: 3\n")
_yaml(
    "keys of all kinds",
    "keys that are no text",
    SAID,
    lambda p: "1: 1\n1.5: 1\ntrue: 1\n~: 1\n.nan: 1\n2020-01-01: 1\n",
)
_yaml(
    "keys that are equal", "1, 1.0 and true are one key of a dict", SAID, lambda place: "x: {1: a, 1.0: b, true: c}\n"
)
_yaml("nan keys", "keys that equal nothing", SAID, lambda place: "x: {.nan: a, .nan: b}\n")
_yaml("long key", "a key of a megabyte", SAID, lambda place: f"{'k' * MANY}: 1\n? {'l' * MANY}\n: 1\n")
_yaml("long text", "text of 50 megabytes", CONTAINED, lambda place: f"x: {'t' * 50 * MANY}\n")
_yaml("long anchor", "an anchor of a megabyte", SAID, lambda place: f"x: &{'a' * MANY} 1\n")
_yaml("long tag", "a tag of a megabyte", REFUSED, lambda place: f"x: !{'a' * MANY} 1\n")
_yaml("anchors", "1e5 anchors", SAID, lambda place: "x: [" + ", ".join(f"&a{i} 1" for i in range(DEEP)) + "]\n")
for _name, _number in (
    ("int", "1" * MANY),
    ("negative", "-" + "1" * MANY),
    ("hex", "0x" + "f" * MANY),
    ("octal", "0" + "7" * MANY),
    ("binary", "0b" + "1" * MANY),
    ("underscores", "1" + "_" * MANY + "1"),
    ("base 60", "1" + ":59" * (MANY // 3)),
    ("base 60 float", "1" + ":59" * (MANY // 3) + ".5"),
    ("float", "1." + "3" * MANY),
    ("exponent", "1.0e+" + "9" * MANY),
    ("5000 digits", "1" * 5000),
    ("20 digits", "1" * 20),
    ("1e999999999", "1.0e+999999999"),
):
    _yaml(f"number {_name} unknown", "a number that takes long to read", SAID, lambda place, n=_number: f"x: {n}\n")
    _label(f"number {_name} label", "the same, where text belongs", SAID, _number)
    CASES[f"yaml number {_name} count"] = Case(
        f"yaml number {_name} count",
        "the same, where a count belongs",
        REFUSED,
        lambda place, n=_number: place.line("number_of_nodes", n),
    )
    CASES[f"yaml number {_name} id"] = Case(
        f"yaml number {_name} id",
        "the same, where the id of a node belongs",
        SAID,
        lambda place, n=_number: place.edit("- id: 0", f"- id: {n}"),
    )
    CASES[f"yaml number {_name} position"] = Case(
        f"yaml number {_name} position",
        "the same, where a position belongs",
        SAID,
        lambda place, n=_number: (
            place.change(lambda r: r["nodes"][0]["position"].update(x="PUT")) or place.edit("PUT", n)
        ),
    )


def _bytes(name: str, tries: str, may: str, make: Callable[[bytes], bytes]) -> None:
    @case(f"bytes {name}", tries, may)
    def build(place: Place) -> None:
        place.sidecar.write_bytes(make(place.sidecar.read_bytes()))


for _name, _tries, _may, _make in (
    ("nul", "a zero byte", REFUSED, lambda data: data.replace(b"five regions", b"five\0regions")),
    ("nul at the end", "zero bytes after the end", REFUSED, lambda data: data + bytes(1000)),
    ("nul escaped", "a zero byte, escaped", SAID, lambda data: data.replace(b"five regions", b'"five\\0regions"')),
    ("control", "a control character", SAID, lambda data: data.replace(b"five regions", b"five\x1b[2Jregions")),
    ("latin-1", "text that is not UTF-8", REFUSED, lambda data: data.replace(b"five", b"f\xfcnf")),
    ("surrogates", "surrogates as bytes", REFUSED, lambda data: data.replace(b"five", b"\xed\xa0\x80")),
    ("overlong", "an overlong slash", REFUSED, lambda data: data.replace(b"five", b"\xc0\xaf")),
    ("utf-16", "UTF-16", REFUSED, lambda data: data.decode().encode("utf-16")),
    ("utf-32", "UTF-32", REFUSED, lambda data: data.decode().encode("utf-32")),
    ("mark", "a byte order mark", SAID, lambda data: b"\xef\xbb\xbf" + data),
    ("crlf", "ends of lines of another system", SAID, lambda data: data.replace(b"\n", b"\r\n")),
    ("cr", "ends of lines of an old system", SAID, lambda data: data.replace(b"\n", b"\r")),
    ("u2028", "another end of a line", SAID, lambda data: data.replace(b"five regions", "five\u2028label: x".encode())),
    ("u0085", "another end of a line", SAID, lambda data: data.replace(b"five regions", "five\u0085label: x".encode())),
    ("two documents", "a second network behind the first", REFUSED, lambda data: data + b"---\n" + data),
    ("end and more", "more behind the end", REFUSED, lambda data: data + b"...\nlabel: x\n"),
    ("end", "a mark of the end", SAID, lambda data: data + b"...\n"),
    ("yaml 9.9", "a version that does not exist", SAID, lambda data: b"%YAML 9.9\n---\n" + data),
    ("tabs", "tabs that indent", SAID, lambda data: data.replace(b"  position", b"\tposition")),
    ("empty", "nothing", REFUSED, lambda data: b""),
    ("only the line", "only the identifier", REFUSED, lambda data: data[: data.index(b"\n") + 1]),
    ("null", "null", REFUSED, lambda data: b"~\n"),
    ("list", "a list", REFUSED, lambda data: b"- 1\n- 2\n"),
    ("text", "text", REFUSED, lambda data: b"hello\n"),
    ("quote", "a quote that does not end", REFUSED, lambda data: data.replace(b"five regions", b"'five")),
    ("percent", "a directive that is none", REFUSED, lambda data: b"%" * 10000 + data),
    ("100 MB of comments", "100 MB", REFUSED, lambda data: data + b"# comment\n" * 10_000_000),
    ("100 MB of nothing", "100 MB of zeros", REFUSED, lambda data: data + bytes(100_000_000)),
    ("60 MB of lines", "much that says nothing", CONTAINED, lambda data: data + b"\n" * 60_000_000),
    ("60 MB of a line", "one line that does not end", CONTAINED, lambda data: data + b"#" + b" " * 60_000_000),
    (
        "git-lfs",
        "a pointer to a file",
        REFUSED,
        lambda data: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
    ),
    ("html", "a page", REFUSED, lambda data: b"<!DOCTYPE html><html><body>404</body></html>"),
    ("noise", "noise", REFUSED, lambda data: np.random.default_rng(1).bytes(5000)),
    (
        "unknown content",
        "the identifier of another save",
        REFUSED,
        lambda data: data[:20] + b"0" * 9 + data[29:],
    ),
    ("many identifiers", "1e5 identifiers", SAID, lambda data: data[: data.index(b"\n") + 1] * 50 + data),
):
    _bytes(_name, _tries, _may, _make)


# ---------------------------------------------------------------------- sidecars: what they claim

for _name, _value in (
    ("1e12", "1000000000000"),
    ("1e12 as float", "1.0e+12"),
    ("-1", "-1"),
    ("1.5", "1.5"),
    ("5.0", "5.0"),
    ("true", "true"),
    ("infinite", ".inf"),
    ("nan", ".nan"),
    ("text", "many"),
    ("null", "~"),
    ("list", "[5]"),
    ("1e30", "1" + "0" * 30),
    ("limit and 1", "1000001"),
):
    CASES[f"count {_name}"] = Case(
        f"count {_name}",
        "a number of nodes that is not that of the list",
        SAID,
        lambda place, value=_value: place.line("number_of_nodes", value),
    )
    CASES[f"count alone {_name}"] = Case(
        f"count alone {_name}",
        "a number of nodes without a list",
        CONTAINED if _name in ("null", "5.0") else REFUSED,
        lambda place, value=_value: place.alone(f"tvbo_class: tvbo:Network\nnumber_of_nodes: {value}\n"),
    )
    CASES[f"count without list {_name}"] = Case(
        f"count without list {_name}",
        "a number of nodes, and matrices of another size",
        SAID,
        lambda place, value=_value: (
            place.change(lambda record: record.pop("nodes")) or place.line("number_of_nodes", value)
        ),
    )


@case("count alone 1e6", "just within the limit", CONTAINED)
def _(place: Place) -> None:
    place.alone("number_of_nodes: 1000000\n")


@case("edges among 1e5 nodes", "a dense matrix of 80 GB, from two lines")
def _(place: Place) -> None:
    place.alone("number_of_nodes: 100000\nedges:\n- {source: 0, target: 1}\n")


@case("edges among 30000 nodes", "a dense matrix of 7 GB for each of three names")
def _(place: Place) -> None:
    place.alone("number_of_nodes: 30000\nedges:\n- {source: 0, target: 1, weight: 1, length: 1, delay: 1}\n")


@case("edges twice at the end", "40000 edges, the last as the one before it", CONTAINED)
def _(place: Place) -> None:
    rows = "".join(f"- {{id: {index}}}\n" for index in range(200))
    edges = [f"- {{source: {i}, target: {j}}}\n" for i in range(200) for j in range(200)]
    place.alone(f"nodes:\n{rows}edges:\n{''.join(edges)}{edges[-1]}")


@case("edges to nowhere", "edges between what are no ids", REFUSED)
def _(place: Place) -> None:
    place.alone("nodes:\n- {id: 0}\nedges:\n- {source: [1], target: {a: b}}\n")


@case("edges with numbers that are none", "weights of every kind", REFUSED)
def _(place: Place) -> None:
    place.alone("nodes:\n- {id: 0}\nedges:\n- {source: 0, target: 0, weight: [1]}\n")


@case("edges with huge numbers", "weights beyond float64", REFUSED)
def _(place: Place) -> None:
    place.alone(f"nodes:\n- {{id: 0}}\nedges:\n- {{source: 0, target: 0, weight: {'9' * 400}}}\n")


@case("ids that are huge", "ids beyond int64", REFUSED)
def _(place: Place) -> None:
    place.alone(f"nodes:\n- {{id: {'9' * 30}}}\n")


@case("ids that are alike", "one id twice", CONTAINED)
def _(place: Place) -> None:
    place.alone("nodes:\n- {id: 1}\n- {id: 1}\nedges:\n- {source: 1, target: 1}\n")


@case("column beyond float64", "a value of nodes that no array holds", CONTAINED)
def _(place: Place) -> None:
    place.alone(f"nodes:\n- {{parameters: {{a: {{value: {'9' * 400}}}}}}}\n")


@case("one long label", "a label that makes every label of an array as long", CONTAINED)
def _(place: Place) -> None:
    rows = "".join(f"- {{id: {index}}}\n" for index in range(4000))
    place.alone(f"nodes:\n- {{label: {'x' * MANY}}}\n{rows.replace('id: 0}', 'id: 4000}')}")


@case("one long value", "the same in a column of text", CONTAINED)
def _(place: Place) -> None:
    rows = "".join("- {parameters: {a: {value: x}}}\n" for _ in range(4000))
    place.alone(f"nodes:\n- {{parameters: {{a: {{value: {'x' * MANY}}}}}}}\n{rows}")


@case("one long dimension label", "the same in labels of columns", SAID)
def _(place: Place) -> None:
    place.change(lambda record: record["edges"][2].update(dimension_labels=["x" * MANY, *["y"] * 4000]))


_WRONG: dict[str, Any] = {
    "number": 5,
    "fraction": 1.5,
    "truth": True,
    "text": "text",
    "list": [1],
    "empty list": [],
    "mapping": {"a": "b"},
    "empty mapping": {},
    "null": None,
    "lists": [[1]],
    "mappings": [{"a": 1}],
    "huge": 10**40,
    "not a number": float("nan"),
}
_KEYS: tuple[tuple[str | int, ...], ...] = (
    *((key,) for key in ("tvbo_class", "schema_version", "label", "description", "descriptor", "distance_unit")),
    *((key,) for key in ("time_unit", "data_file", "node_mapping", "parameters", "nodes", "edges", "provenance")),
    *((key,) for key in ("bids", "dynamics", "coupling", "parcellation", "tractogram", "mesh", "number_of_regions")),
    *(("nodes", 1, key) for key in ("id", "label", "parameters", "position", "other")),
    ("nodes", 1),
    ("nodes", 1, "position", "x"),
    ("nodes", 1, "parameters", "area"),
    ("nodes", 1, "parameters", "area", "value"),
    ("nodes", 1, "parameters", "area", "unit"),
    ("nodes", 1, "parameters", "cortical", "value"),
    *(("edges", 0, key) for key in ("label", "format", "unit", "directed", "target_network", "dimension_labels")),
    *(("edges", 0, key) for key in ("weighted", "valid_diagonal", "source", "name")),
    ("edges", 0),
    ("edges", 2, "dimension_labels"),
    ("parameters", "conduction_speed"),
    *(("parameters", "conduction_speed", key) for key in ("value", "unit", "label", "dataset_path", "shape")),
)


def _place_in(record: Any, path: tuple[str | int, ...], value: Any) -> None:
    for key in path[:-1]:
        record = record[key]
    record[path[-1]] = value


for _path in _KEYS:
    for _name, _value in _WRONG.items():
        _called = f"type of {'.'.join(map(str, _path))}: {_name}"
        CASES[_called] = Case(
            _called,
            "a value of another type than expected",
            SAID,
            lambda place, path=_path, value=_value: place.change(lambda record: _place_in(record, path, value)),
        )
for _key in ("mesh", "node_mapping", "parent_network", "number_of_nodes", "nodes", "edges"):
    for _name, _value in _WRONG.items():
        _called = f"type of surface {_key}: {_name}"
        CASES[_called] = Case(
            _called,
            "a value of another type than expected",
            SAID,
            lambda place, key=_key, value=_value: place.change(lambda record: record.update({key: value})),
            "surface",
        )
for _name, _value in (
    ("up", "../../tvbo/record"),
    ("part", "weight/data"),
    ("group", "weight/"),
    ("empty", ""),
    ("dot", "."),
    ("dots", ".."),
    ("root", "/"),
    ("nul", "a\0b"),
    ("long", "x" * MANY),
    ("twice", "length"),
    ("slashes", "weight//data"),
):
    CASES[f"matrix called {_name}"] = Case(
        f"matrix called {_name}",
        "a name of a matrix that leads elsewhere in the file",
        SAID,
        lambda place, value=_value: place.change(lambda record: record["edges"][0].update(label=value)),
    )
for _name, _value in (
    ("up", "/../tvbo/record"),
    ("record", "/tvbo/record"),
    ("weights", "/edges/weight/data"),
    ("group", "/edges"),
    ("root", "/"),
    ("empty", ""),
    ("nothing", "/nothing"),
    ("nul", "/a\0b"),
):
    CASES[f"mapping at {_name}"] = Case(
        f"mapping at {_name}",
        "a mapping that lies elsewhere in the file",
        SAID,
        lambda place, value=_value: place.change(lambda record: record.update(node_mapping=value)),
        "surface",
    )
    CASES[f"parameter at {_name}"] = Case(
        f"parameter at {_name}",
        "a value that lies elsewhere in the file",
        SAID,
        lambda place, value=_value: place.change(
            lambda record: record["parameters"]["conduction_speed"].update(dataset_path=value)
        ),
    )


# ---------------------------------------------------------------------- sidecars: JSON


def _json(name: str, tries: str, may: str, make: Callable[[dict[str, Any]], str | bytes]) -> None:
    @case(f"json {name}", tries, may)
    def build(place: Place) -> Path:
        record = yaml.load(place.text(), Loader=yaml.CSafeLoader)
        made = make(record)
        target = place.pair / "net.json"
        target.write_bytes(made.encode("utf-8", "surrogatepass") if isinstance(made, str) else made)
        place.sidecar.unlink()
        return target


def _with(record: dict[str, Any], raw: str) -> str:
    return json.dumps(record)[:-1] + f', "x": {raw}}}'


for _name, _tries, _may, _make in (
    ("sound", "nothing", SAID, lambda record: json.dumps(record)),
    ("lists 1e5 deep", "1e5 lists in one another", REFUSED, lambda r: _with(r, "[" * DEEP + "]" * DEEP)),
    ("open 1e5 deep", "1e5 lists that do not end", REFUSED, lambda r: _with(r, "[" * DEEP)),
    ("objects 1e5 deep", "1e5 objects in one another", REFUSED, lambda r: _with(r, '{"a":' * DEEP + "1" + "}" * DEEP)),
    ("lists 900 deep", "less deep than the interpreter", REFUSED, lambda r: _with(r, "[" * 900 + "]" * 900)),
    ("same key", "a key twice", REFUSED, lambda r: _with(r, '1, "label": "other"')),
    ("same key inside", "a key twice further in", REFUSED, lambda r: _with(r, '{"a": 1, "a": 2}')),
    (
        "same key at the end",
        "1e5 keys, the last one twice",
        REFUSED,
        lambda r: _with(r, "{" + "".join(f'"{i}": 1, ' for i in range(DEEP)) + f'"{DEEP - 1}": 1}}'),
    ),
    ("1e6 digits", "a number of 1e6 digits", REFUSED, lambda r: _with(r, "1" * MANY)),
    ("1e6 digits of a fraction", "a number of 1e6 digits", SAID, lambda r: _with(r, "1." + "1" * MANY)),
    ("4000 digits", "a number of 4000 digits", SAID, lambda r: _with(r, "1" * 4000)),
    (
        "1e6 keys",
        "1e6 keys",
        CONTAINED,
        lambda r: _with(r, "{" + "".join(f'"{i}": 1, ' for i in range(MANY)) + '"": 1}'),
    ),
    ("5e6 values", "more values than a sidecar has", REFUSED, lambda r: _with(r, f"[{'0,' * 5 * MANY}0]")),
    ("constants", "constants that are no JSON", SAID, lambda r: _with(r, "[NaN, Infinity, -Infinity]")),
    ("1e999", "a number beyond float64", SAID, lambda r: _with(r, "1e999")),
    ("surrogates", "halves of characters", SAID, lambda r: _with(r, '["\\ud800", "\\udc00"]')),
    ("nul", "a zero byte, escaped", SAID, lambda r: _with(r, '"\\u0000"')),
    ("mark", "a byte order mark", SAID, lambda r: b"\xef\xbb\xbf" + json.dumps(r).encode()),
    ("utf-16", "UTF-16", REFUSED, lambda r: json.dumps(r).encode("utf-16")),
    ("latin-1", "text that is not UTF-8", REFUSED, lambda r: _with(r, '"\xfc"').encode("latin-1")),
    ("two", "two records", REFUSED, lambda r: json.dumps(r) * 2),
    ("cut", "half of a record", REFUSED, lambda r: json.dumps(r)[: len(json.dumps(r)) // 2]),
    ("yaml", "YAML that is no JSON", REFUSED, lambda r: yaml.safe_dump(r)),
    ("list", "a list", REFUSED, lambda r: json.dumps([r])),
    ("number", "a number", REFUSED, lambda r: "5"),
    ("empty", "nothing", REFUSED, lambda r: ""),
    (
        "data_file up",
        "names a companion elsewhere",
        REFUSED,
        lambda r: json.dumps(r | {"data_file": "../outside/secret.h5"}),
    ),
    (
        "data_file missing",
        "no companion is named, nor an identifier",
        CONTAINED,
        lambda r: json.dumps({**r, "data_file": None}),
    ),
    ("count", "a number of nodes", REFUSED, lambda r: json.dumps({"number_of_nodes": 10**12})),
):
    _json(_name, _tries, _may, _make)


# ---------------------------------------------------------------------- companions: links

_SPOTS = (
    "edges/weight/data",
    "edges/weight",
    "edges",
    "nodes",
    "tvbo/record",
    "tvbo/sidecar",
    "tvbo",
    "mine",
    "tvbo/mine",
)
_SPOTS = (*_SPOTS, "edges/mine", "edges/weight/mine", "tvbo/extra/note/array", "tvbo/parameters/0", "edges/csr/indptr")


def _link(spot: str, name: str, tries: str, may: str, link: Callable[[Place], Any]) -> None:
    @case(f"link {name} at {spot}", tries, may)
    def build(place: Place) -> None:
        with place.file() as file:
            if name == "outside by soft link":
                file["away"] = h5py.ExternalLink(str(place.outside / "secret.h5"), "/")
            if spot in file:
                del file[spot]
            file[spot] = link(place)


for _spot in _SPOTS:
    _link(
        _spot,
        "outside",
        "an external link to another file",
        REFUSED,
        lambda place: h5py.ExternalLink(str(place.outside / "secret.h5"), "/data"),
    )
    _link(
        _spot,
        "outside by soft link",
        "a soft link to an external link",
        REFUSED,
        lambda place: h5py.SoftLink("/away/data"),
    )
    _link(
        _spot,
        "dangling",
        "a soft link to nothing",
        SAFE if "mine" in _spot or _spot == "tvbo/sidecar" else REFUSED,
        lambda p: h5py.SoftLink("/gone"),
    )
    _link(
        _spot,
        "circular",
        "a soft link to itself",
        # A pair is whole without the copy of its sidecar.
        SAFE if "mine" in _spot or _spot == "tvbo/sidecar" else REFUSED,
        lambda p, s=_spot: h5py.SoftLink(f"/{s}"),
    )
for _name, _target in (
    ("itself", "net.h5"),
    ("a pipe", "pipe.h5"),
    ("a device", "/dev/zero"),
    ("nothing", "gone.h5"),
    ("a path", ".."),
):
    _link(
        "edges/weight/data",
        f"to {_name}",
        "an external link",
        REFUSED,
        lambda p, t=_target: h5py.ExternalLink(t, "/data"),
    )
    _link("mine", f"to {_name}", "an external link", REFUSED, lambda p, t=_target: h5py.ExternalLink(t, "/data"))
_link(
    "edges/weight/data",
    "inside",
    "a soft link to other numbers",
    REFUSED,
    lambda p: h5py.SoftLink("/edges/length/data"),
)
_link("mine", "inside", "a soft link to our numbers", SAFE, lambda p: h5py.SoftLink("/edges/length/data"))
_link("mine", "long", "a soft link with a long name", SAFE, lambda p: h5py.SoftLink("/x" * 30000))
_link("tvbo/record", "inside", "a soft link to another record", REFUSED, lambda p: h5py.SoftLink("/tvbo/sidecar"))


def _h5(name: str, tries: str, may: str = REFUSED, base: str = "regions") -> Callable[[Callable[[Any], Any]], Any]:
    """Add a case that changes the companion; the function gets the open file."""

    def add(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
        @case(name, tries, may, base)
        def build(place: Place) -> None:
            with place.file() as file:
                file.place = place
                change(file)

        return change

    return add


@_h5("link outside behind a soft link in a group", "a soft link through a group that is an external link")
def _(file: Any) -> None:
    file["away"] = h5py.ExternalLink(str(file.place.outside / "secret.h5"), "/")
    del file["edges/weight/data"]
    file["edges/weight/data"] = h5py.SoftLink("/away/data")


@_h5("circle of groups", "a group inside itself")
def _(file: Any) -> None:
    file["edges/loop"] = file["edges"]


@_h5("circle of the root", "the root inside itself")
def _(file: Any) -> None:
    file["loop"] = file["/"]


@_h5("circle of our group", "our private group inside itself")
def _(file: Any) -> None:
    file["tvbo/parent"] = file["tvbo"]


@_h5("group twice", "a group that stands in two places", SAFE)
def _(file: Any) -> None:
    file["mine"] = file["edges"]


@_h5("matrix twice", "one matrix in two places, and so other numbers", CONTAINED)
def _(file: Any) -> None:
    del file["edges/weight/data"]
    file["edges/weight/data"] = file["edges/length/data"]


@_h5("dataset 10000 times", "a thousand names of one array", SAFE)
def _(file: Any) -> None:
    group = file.create_group("mine")
    file["big"] = np.zeros(20_000)
    for index in range(10_000):
        group[f"{index}"] = file["big"]


@_h5("groups 1000 deep", "1000 groups in one another")
def _(file: Any) -> None:
    file.create_group("/".join(["mine"] * 1000))


@_h5("groups 50 deep", "just within the limits", SAFE)
def _(file: Any) -> None:
    file.create_group("/".join(["mine"] * 50))


@_h5("1e5 links", "1e5 soft links")
def _(file: Any) -> None:
    group = file.create_group("mine")
    for index in range(DEEP):
        group.id.links.create_soft(b"%d" % index, b"/edges")


@_h5("20000 groups", "many groups", SAFE)
def _(file: Any) -> None:
    group = file.create_group("mine")
    for index in range(20_000):
        h5g.create(group.id, b"%d" % index)


@_h5("20000 groups among ours", "many groups where matrices are", SAFE)
def _(file: Any) -> None:
    for index in range(20_000):
        h5g.create(file["edges"].id, b"%d" % index)


@_h5("named type", "a type where numbers belong")
def _(file: Any) -> None:
    del file["edges/weight/data"]
    file["edges/weight/data"] = np.dtype("f8")


@_h5("named type of ours", "a type where our group belongs")
def _(file: Any) -> None:
    del file["edges/weight"]
    file["edges/weight"] = np.dtype("f8")


@_h5("named type of others", "a type that is not ours", SAFE)
def _(file: Any) -> None:
    file["mine"] = np.dtype("f8")


@_h5("numbers of a named type", "our numbers, of a type that has a name", SAFE)
def _(file: Any) -> None:
    file["mine"] = np.dtype("f8")
    put(file, "edges/weight/data", file["edges/weight/data"][()], dtype=file["mine"])


@_h5("group for a dataset", "a group where numbers belong")
def _(file: Any) -> None:
    del file["edges/weight/data"]
    file.create_group("edges/weight/data")


@_h5("dataset for a group", "numbers where a group belongs")
def _(file: Any) -> None:
    del file["edges/weight"]
    put(file, "edges/weight", np.ones((5, 5)))


@_h5("dataset for our group", "numbers where our private group belongs")
def _(file: Any) -> None:
    del file["tvbo"]
    put(file, "tvbo", np.ones(5))


for _name, _raw in (
    ("invalid", b"\xff\xfe"),
    ("dots", b".."),
    ("newline", b"a\nb"),
    ("escape", b"\x1b[2J"),
    ("long", b"x" * 60_000),
    ("surrogate", b"\xed\xa0\x80"),
    ("blank", b" "),
):

    @_h5(f"name {_name}", "an odd name of a group, a dataset and an attribute", SAFE)
    def _(file: Any, raw: bytes = _raw) -> None:
        with contextlib.suppress(ValueError):
            h5g.create(file.id, raw)
            h5g.create(file["edges"].id, raw)
            h5g.create(file["tvbo/extra"].id, raw)
            space, kind = h5s.create(h5s.SCALAR), h5t.NATIVE_INT32
            h5py.h5a.create(file["edges/weight"].id, raw[:1000], kind, space).write(np.array(1, np.int32))


# ---------------------------------------------------------------------- companions: numbers that lie elsewhere

for _spot in (
    "edges/weight/data",
    "tvbo/extra/note/array",
    "edges/csr/indptr",
    "nodes/columns/2",
    "mine",
    "tvbo/record",
):

    @_h5(f"raw file at {_spot}", "numbers that are the bytes of another file")
    def _(file: Any, spot: str = _spot) -> None:
        old = file[spot] if spot in file else np.zeros((5, 5))
        shape, dtype = old.shape, old.dtype
        size = int(np.prod(shape)) * dtype.itemsize
        source = "secret.txt" if spot == "tvbo/record" else "secret.bin"
        if spot in file:
            del file[spot]
        made = file.create_dataset(spot, shape, dtype, external=[(str(file.place.outside / source), 0, size)])
        seal(made)

    @_h5(f"virtual at {_spot}", "numbers that are those of another file")
    def _(file: Any, spot: str = _spot) -> None:
        if spot in file:
            del file[spot]
        text = spot == "tvbo/record"
        shape, dtype = ((len(TEXT) * 20,), np.uint8) if text else ((5, 5), np.float64)
        layout = h5py.VirtualLayout(shape, dtype)
        layout[:] = h5py.VirtualSource(str(file.place.outside / "secret.h5"), "text" if text else "data", shape, dtype)
        seal(file.create_virtual_dataset(spot, layout))


@_h5("raw file of this folder", "numbers that are the bytes of the sidecar")
def _(file: Any) -> None:
    del file["edges/weight/data"]
    seal(file.create_dataset("edges/weight/data", (5, 5), "f8", external=[("net.yaml", 0, 200)]))


@_h5("raw file that is missing", "numbers of a file that is not there")
def _(file: Any) -> None:
    del file["edges/weight/data"]
    seal(file.create_dataset("edges/weight/data", (5, 5), "f8", external=[("gone", 0, 200)]))


@_h5("virtual of itself", "numbers that are others of the same file")
def _(file: Any) -> None:
    del file["edges/weight/data"]
    layout = h5py.VirtualLayout((5, 5), np.float64)
    layout[:] = h5py.VirtualSource(".", "edges/length/data", (5, 5), np.float64)
    seal(file.create_virtual_dataset("edges/weight/data", layout))


@_h5("virtual of nothing", "numbers of a file that is not there, and so zeros")
def _(file: Any) -> None:
    del file["edges/weight/data"]
    layout = h5py.VirtualLayout((5, 5), np.float64)
    layout[:] = h5py.VirtualSource("gone.h5", "data", (5, 5), np.float64)
    seal(file.create_virtual_dataset("edges/weight/data", layout))


# ---------------------------------------------------------------------- companions: chunks and filters


def chunked(
    file: Any, path: str, shape: tuple[int, ...], chunk: tuple[int, ...], dtype: str = "f8", **options: Any
) -> Any:
    """Make a chunked dataset without chunks; its digest is made of what it would hold."""
    if path in file:
        del file[path]
    return file.create_dataset(path, shape, dtype, chunks=chunk, track_times=False, **options)


def _sealed_as(dataset: Any, values: Any) -> None:
    dataset.attrs["sha256"] = np.bytes_(hashlib.sha256(np.asarray(values).tobytes()).hexdigest())


_TRUE = np.arange(25.0).reshape(5, 5)


def _stream(name: str, tries: str, may: str, make: Callable[[bytes], bytes], mask: int = 0) -> None:
    """Put a stream where 200 bytes of a deflated chunk belong, in our numbers and in those of others."""
    for spot in ("edges/weight/data", "mine"):

        @_h5(f"chunk {name} at {spot}", tries, SAFE if spot == "mine" else may)
        def build(file: Any, spot: str = spot) -> None:
            made = chunked(file, spot, (5, 5), (5, 5), compression="gzip")
            raw = file.get("edges/length/data")[()].tobytes()
            made.id.write_direct_chunk((0, 0), make(raw), filter_mask=mask)
            _sealed_as(made, np.frombuffer(raw))


def _with_dictionary(raw: bytes) -> bytes:
    packer = zlib.compressobj(zdict=b"abcdefgh" * 4)
    return packer.compress(raw) + packer.flush()


# Where the right bytes are in the chunk, they are those of another matrix: what is loaded then is nobody's save.
for _name, _tries, _may, _make, _mask in (
    ("too short", "a chunk that inflates to less than its size", REFUSED, lambda raw: zlib.compress(raw[:16]), 0),
    ("of one byte", "a chunk that inflates to one byte", REFUSED, lambda raw: zlib.compress(raw[:1]), 0),
    ("of nothing", "a chunk that inflates to nothing", REFUSED, lambda raw: zlib.compress(b""), 0),
    (
        "too long",
        "a chunk that inflates to more than its size",
        CONTAINED,
        lambda raw: zlib.compress(raw + bytes(64)),
        0,
    ),
    ("of 1 GB", "a chunk that inflates to a gigabyte", CONTAINED, lambda raw: _zeros(1 << 30), 0),
    ("cut", "a stream that is cut off", REFUSED, lambda raw: zlib.compress(raw)[:-10], 0),
    ("without checksum", "a stream without its checksum", REFUSED, lambda raw: zlib.compress(raw)[:-4], 0),
    (
        "with a wrong checksum",
        "a stream with another checksum",
        REFUSED,
        lambda raw: zlib.compress(raw)[:-4] + b"abcd",
        0,
    ),
    ("noise", "no stream", REFUSED, lambda raw: b"\x78\x9c" + b"noise" * 20, 0),
    ("zeros", "zero bytes", REFUSED, lambda raw: bytes(100), 0),
    ("and more", "bytes behind the stream", CONTAINED, lambda raw: zlib.compress(raw) + b"more" * 100, 0),
    ("twice", "two streams", REFUSED, lambda raw: zlib.compress(raw[:100]) + zlib.compress(raw[100:]), 0),
    ("gzip", "a stream with another head", REFUSED, lambda raw: zlib.compress(raw, wbits=31), 0),
    ("raw", "a stream without a head", REFUSED, lambda raw: zlib.compress(raw, wbits=-15), 0),
    ("dictionary", "a stream that needs a dictionary", REFUSED, lambda raw: _with_dictionary(raw), 0),
    ("not filtered", "a chunk that says it was not deflated", CONTAINED, lambda raw: raw, 1),
    ("not filtered short", "the same, too short", REFUSED, lambda raw: raw[:16], 1),
    ("not filtered long", "the same, too long", CONTAINED, lambda raw: raw + raw, 1),
    ("odd mask", "a mask of filters that are not there", CONTAINED, lambda raw: zlib.compress(raw), 0xFFFFFFFE),
):
    _stream(_name, _tries, _may, _make, _mask)


@functools.cache
def _zeros(size: int) -> bytes:
    """Deflate many zeros without having them."""
    packer = zlib.compressobj(9)
    block = bytes(1 << 20)
    return b"".join([packer.compress(block) for _ in range(size >> 20)] + [packer.flush()])


for _spot in ("edges/weight/data", "mine", "tvbo/extra/note/array", "tvbo/record", "tvbo/sidecar", "nodes/columns/2"):

    @_h5(f"bomb at {_spot}", "3 GiB of zeros in 3 MB, in chunks of 64 MiB")
    def _(file: Any, spot: str = _spot) -> None:
        size = 1 << 26
        made = chunked(file, spot, (48 * size,), (size,), "u1", compression="gzip")
        packed = _zeros(size)
        for index in range(48):
            made.id.write_direct_chunk((index * size,), packed)
        made.attrs["sha256"] = np.bytes_(b"0" * 64)

    @_h5(f"bomb of 1 TB at {_spot}", "a terabyte of one chunk that is there, and many that are not")
    def _(file: Any, spot: str = _spot) -> None:
        made = chunked(file, spot, (1 << 40,), (1 << 20,), "u1", compression="gzip")
        made.id.write_direct_chunk((0,), _zeros(1 << 20))
        made.attrs["sha256"] = np.bytes_(b"0" * 64)


@_h5("many bombs", "100 arrays, each below the limit")
def _(file: Any) -> None:
    packed = _zeros(1 << 26)
    for index in range(100):
        made = chunked(file, f"mine/{index}", (1 << 26,), (1 << 26,), "u1", compression="gzip")
        made.id.write_direct_chunk((0,), packed)


@case("bomb in a long file", "a bomb in a file that is long, but holds nothing more", REFUSED)
def _(place: Place) -> None:
    packed = _zeros(1 << 26)
    with place.file() as file:
        made = chunked(file, "mine", (48 << 26,), (1 << 26,), "u1", compression="gzip")
        for index in range(48):
            made.id.write_direct_chunk((index << 26,), packed)
    with place.companion.open("r+b") as raw:
        raw.truncate(1 << 30)


@case("file of 1 TB", "a sound file with a hole of a terabyte behind it", SAFE)
def _(place: Place) -> None:
    with place.companion.open("r+b") as raw:
        raw.truncate(1 << 40)


@case("sidecar of 1 TB", "a sound sidecar with a hole of a terabyte behind it", REFUSED)
def _(place: Place) -> None:
    with place.sidecar.open("r+b") as raw:
        raw.truncate(1 << 40)


@case("foreign text in a file of 1 TB", "heaps that are looked for in a terabyte", SAFE)
def _(place: Place) -> None:
    with place.file() as file:
        file.attrs["mine"] = "text of variable length"
        file["mine"] = ["text"] * 5
    with place.companion.open("r+b") as raw:
        raw.truncate(1 << 40)


@_h5("chunk of 2.4 GB", "one chunk larger than the memory")
def _(file: Any) -> None:
    made = chunked(file, "tvbo/extra/note/array", (1,), (300_000_000,), maxshape=(None,), compression="gzip")
    made.id.write_direct_chunk((0,), zlib.compress(bytes(16)))
    _sealed_as(made, np.zeros(1))


@_h5("chunk of 2.4 GB of others", "one chunk larger than the memory, not ours")
def _(file: Any) -> None:
    made = chunked(file, "mine", (1,), (300_000_000,), maxshape=(None,), compression="gzip")
    made.id.write_direct_chunk((0,), zlib.compress(bytes(16)))


@_h5("200 MB of others", "small numbers that are large when they are listed one by one", CONTAINED)
def _(file: Any) -> None:
    made = chunked(file, "mine", (200 << 20,), (200 << 20,), "u1", compression="gzip")
    made.id.write_direct_chunk((0,), _zeros(200 << 20))


@_h5("chunk of 200 MB many times", "chunks below the limit, each for one number", CONTAINED)
def _(file: Any) -> None:
    packed = _zeros(200 << 20)
    for index in range(10):
        made = chunked(file, f"mine/{index}", (1,), (25 << 20,), maxshape=(None,), compression="gzip")
        made.id.write_direct_chunk((0,), packed)


for _spot in ("edges/weight/data", "mine"):

    @_h5(f"chunks of one number, 90000 of them, at {_spot}", "an index that is gone through for each", CONTAINED)
    def _(file: Any, spot: str = _spot) -> None:
        values = np.arange(90_000.0).reshape(300, 300)
        put(file, spot, values, chunks=(1, 1))

    @_h5(f"chunks of one number that are not there at {_spot}", "300 MB of chunks that nobody wrote")
    def _(file: Any, spot: str = _spot) -> None:
        chunked(file, spot, (300 << 20,), (1,), "u1").attrs["sha256"] = np.bytes_(b"0" * 64)


@_h5("chunks of lists that inflate to 1 GB", "a bomb that libhdf5 inflates when it copies lists", CONTAINED)
def _(file: Any) -> None:
    made = chunked(file, "mine", (1 << 20,), (1 << 20,), h5py.vlen_dtype("f8"), compression="gzip")
    made.id.write_direct_chunk((0,), _zeros(1 << 30))


@case("one text 50000 times", "50 GB of text, from a megabyte of it and many places that lead there")
def _(place: Place) -> None:
    with place.file() as file:
        file["mine"] = ["y" * (1 << 20), *["z"] * 49_999]
        start = file["mine"].id.get_offset()
    with place.companion.open("r+b") as raw:
        raw.seek(start)
        one = raw.read(16)
        raw.seek(start)
        raw.write(one * 50_000)


for _spot in ("edges/weight/data", "mine"):
    _may = SAFE if _spot == "mine" else REFUSED
    # Their digest is that of what stands there instead.
    _never = SAFE if _spot == "mine" else CONTAINED

    @_h5(f"no chunks at {_spot}", "numbers that were never written, and so zeros", _never)
    def _(file: Any, spot: str = _spot) -> None:
        seal(chunked(file, spot, (5, 5), (2, 2)))

    @_h5(f"no chunks but a fill value at {_spot}", "numbers that were never written, and so five", _never)
    def _(file: Any, spot: str = _spot) -> None:
        seal(chunked(file, spot, (5, 5), (2, 2), fillvalue=5.0))

    @_h5(f"no room at {_spot}", "numbers that no room was made for", _never)
    def _(file: Any, spot: str = _spot) -> None:
        if spot in file:
            del file[spot]
        seal(file.create_dataset(spot, (5, 5), "f8"))

    @_h5(f"1e9 x 1e9 at {_spot}", "more numbers than there are")
    def _(file: Any, spot: str = _spot) -> None:
        chunked(file, spot, (10**9, 10**9), (100, 100)).attrs["sha256"] = np.bytes_(b"0" * 64)

    @_h5(f"1e9 x 1e9 without chunks at {_spot}", "more numbers than there are, in one piece")
    def _(file: Any, spot: str = _spot) -> None:
        if spot in file:
            del file[spot]
        plan = h5p.create(h5p.DATASET_CREATE)
        plan.set_alloc_time(h5d.ALLOC_TIME_LATE)
        plan.set_fill_time(h5d.FILL_TIME_NEVER)
        space = h5s.create_simple((10**9, 10**9))
        h5d.create(file.id, spot.encode(), h5t.IEEE_F64LE, space, plan)

    @_h5(f"large things at {_spot}", "few things, each of 64 kB", _may)
    def _(file: Any, spot: str = _spot) -> None:
        chunked(file, spot, (1000,), (1,), "V65000")

    for _dims in ((0, 2**40), (2**62, 0), (0,) * 32, (1,) * 32, (0,)):

        @_h5(f"shape {len(_dims)} axes of {_dims[:2]} at {_spot}", "an odd shape", CONTAINED)
        def _(file: Any, spot: str = _spot, dims: tuple[int, ...] = _dims) -> None:
            if spot in file:
                del file[spot]
            made = file.create_dataset(spot, dims, "f8", chunks=None, track_times=False)
            _sealed_as(made, np.zeros(int(all(dims))))

    @_h5(f"null space at {_spot}", "a dataset without a shape", _may)
    def _(file: Any, spot: str = _spot) -> None:
        put(file, spot, h5py.Empty("f8"))

    @_h5(f"scalar at {_spot}", "a number where a matrix belongs", _may)
    def _(file: Any, spot: str = _spot) -> None:
        put(file, spot, 5.0)

    for _name, _options in (
        ("lzf", {"compression": "lzf"}),
        ("fletcher32", {"fletcher32": True}),
        ("shuffle", {"shuffle": True}),
        ("scaleoffset", {"scaleoffset": 0, "dtype": "i8"}),
        ("szip", {"compression": "szip", "compression_opts": ("nn", 8)}),
        ("all", {"shuffle": True, "fletcher32": True, "compression": "gzip"}),
    ):

        @_h5(f"filter {_name} at {_spot}", "a filter that we do not write", SAFE if "scale" not in _name else CONTAINED)
        def _(file: Any, spot: str = _spot, options: dict[str, Any] = _options) -> None:
            values = file["edges/weight/data"][()]
            if "scaleoffset" in options:
                values = np.arange(25).reshape(5, 5)
            put(file, spot, values, chunks=(5, 5), **options)

    @_h5(f"filter unknown at {_spot}", "a filter that a plug-in would bring", _may)
    def _(file: Any, spot: str = _spot) -> None:
        if spot in file:
            del file[spot]
        plan = h5p.create(h5p.DATASET_CREATE)
        plan.set_chunk((5, 5))
        plan.set_filter(32_099, h5z.FLAG_OPTIONAL, (1, 2, 3))
        made = h5d.create(file.id, spot.encode(), h5t.IEEE_F64LE, h5s.create_simple((5, 5)), plan)
        made.write_direct_chunk((0, 0), bytes(200))

    @_h5(f"filter deflate 32 times at {_spot}", "a bomb of bombs", _may)
    def _(file: Any, spot: str = _spot) -> None:
        if spot in file:
            del file[spot]
        plan = h5p.create(h5p.DATASET_CREATE)
        plan.set_chunk((1 << 24,))
        for _ in range(5):
            plan.set_filter(h5z.FILTER_DEFLATE, h5z.FLAG_MANDATORY, (9,))
        made = h5d.create(file.id, spot.encode(), h5t.IEEE_F64LE, h5s.create_simple((1 << 24,)), plan)
        packed = _zeros(1 << 27)
        for _ in range(4):
            packed = zlib.compress(packed, 9)
        made.write_direct_chunk((0,), packed)

    @_h5(f"chunks at odd places of {_spot}", "a chunk that is larger than the array", SAFE)
    def _(file: Any, spot: str = _spot) -> None:
        values = file["edges/weight/data"][()]
        put(file, spot, values, chunks=(64, 64), maxshape=(None, None), compression="gzip")

    @_h5(f"chunks cut away of {_spot}", "an array that was made smaller than its chunks", SAFE)
    def _(file: Any, spot: str = _spot) -> None:
        values = file["edges/weight/data"][()]
        made = put(file, spot, np.vstack([values] * 20), chunks=(3, 2), maxshape=(None, None))
        made.resize((5, 5))
        seal(made)


# ---------------------------------------------------------------------- companions: types


def _kinds() -> Iterator[tuple[str, str, Callable[[Any, str], Any]]]:
    text = h5py.string_dtype()
    yield "variable text", REFUSED, lambda file, spot: put(file, spot, np.array([["x"] * 5] * 5, object), dtype=text)
    yield "variable numbers", REFUSED, lambda file, spot: file.create_dataset(spot, (5, 5), h5py.vlen_dtype("f8"))
    yield (
        "references",
        REFUSED,
        lambda file, spot: put(file, spot, np.array([[file.ref] * 5] * 5), dtype=h5py.ref_dtype),
    )
    yield "regions", REFUSED, lambda file, spot: file.create_dataset(spot, (5, 5), h5py.regionref_dtype)
    yield "opaque", REFUSED, lambda file, spot: put(file, spot, np.zeros((5, 5), "V8"))
    yield "compound", REFUSED, lambda file, spot: put(file, spot, np.zeros((5, 5), "f8,i4"))
    yield "compound called r and i", REFUSED, lambda f, spot: put(f, spot, np.zeros((5, 5), [("r", "f4"), ("i", "f8")]))
    yield "complex", CONTAINED, lambda file, spot: put(file, spot, np.ones((5, 5), "c16"))
    yield "half", CONTAINED, lambda file, spot: put(file, spot, np.ones((5, 5), "f2"))
    yield "long double", CONTAINED, lambda file, spot: put(file, spot, np.ones((5, 5), "f16"))
    yield "other end first", CONTAINED, lambda file, spot: put(file, spot, np.ones((5, 5), ">f8"))
    yield "truths", CONTAINED, lambda file, spot: put(file, spot, np.ones((5, 5), bool))
    yield "truths beyond", CONTAINED, lambda file, spot: _odd_truths(file, spot)
    yield "enum", CONTAINED, lambda f, s: put(f, s, np.ones((5, 5), "i4"), dtype=h5py.enum_dtype({"a": 1}, "i4"))
    yield "text", REFUSED, lambda file, spot: put(file, spot, np.full((5, 5), b"text"))
    yield "arrays", REFUSED, lambda file, spot: file.create_dataset(spot, (5, 5), np.dtype(("f8", (3,))))
    yield (
        "huge arrays",
        REFUSED,
        lambda file, spot: _of_type(file, spot, h5t.array_create(h5t.IEEE_F64LE, (10**5, 10**4))),
    )
    yield "huge text", REFUSED, lambda file, spot: _of_type(file, spot, _text_type(2**31 - 1))
    yield "bit field", REFUSED, lambda file, spot: _of_type(file, spot, h5t.STD_B64LE)
    yield "time", REFUSED, lambda file, spot: _of_type(file, spot, h5t.UNIX_D32LE)
    yield "odd float", REFUSED, lambda file, spot: _of_type(file, spot, _odd_float())
    yield "odd integer", REFUSED, lambda file, spot: _of_type(file, spot, _odd_integer())
    yield "nested compound", REFUSED, lambda file, spot: _of_type(file, spot, _nested(200))


def _odd_truths(file: Any, spot: str) -> None:
    made = put(file, spot, np.ones((5, 5), bool))
    made.id.write(h5s.ALL, h5s.ALL, np.full((5, 5), 7, np.int8), made.id.get_type())
    _sealed_as(made, np.full((5, 5), 7, np.int8))


def _of_type(file: Any, spot: str, kind: Any) -> None:
    if spot in file:
        del file[spot]
    plan = h5p.create(h5p.DATASET_CREATE)
    plan.set_chunk((1, 1))
    made = h5d.create(file.id, spot.encode(), kind, h5s.create_simple((5, 5)), plan)
    h5py.Dataset(made).attrs["sha256"] = np.bytes_(b"0" * 64)


def _text_type(size: int) -> Any:
    kind = h5t.C_S1.copy()
    kind.set_size(size)
    return kind


def _odd_float() -> Any:
    kind = h5t.IEEE_F64LE.copy()
    kind.set_fields(63, 40, 23, 0, 40)
    return kind


def _odd_integer() -> Any:
    kind = h5t.STD_I64LE.copy()
    kind.set_precision(13)
    kind.set_offset(5)
    return kind


def _nested(depth: int) -> Any:
    kind: Any = h5t.IEEE_F64LE
    for _ in range(depth):
        outer = h5t.create(h5t.COMPOUND, kind.get_size())
        outer.insert(b"a", 0, kind)
        kind = outer
    return kind


for _spot in ("edges/weight/data", "tvbo/extra/note/array", "edges/csr/indices", "tvbo/record", "mine", "tvbo/sidecar"):
    for _name, _may, _make in _kinds():
        # What is not ours may be of any type, and a pair is whole without the copy of its sidecar.
        if _spot in ("mine", "tvbo/sidecar"):
            _ours = SAFE
        elif "note" in _spot and _name in ("text", "compound called r and i"):
            _ours = CONTAINED
        else:
            _ours = _may if "weight" in _spot or "note" in _spot else REFUSED

        @_h5(f"type {_name} at {_spot}", "numbers of a type that needs trust", _ours)
        def _(file: Any, spot: str = _spot, make: Callable[[Any, str], Any] = _make) -> None:
            if spot in file:
                attrs = dict(file[spot].attrs)
                del file[spot]
                made = make(file, spot)
                if made is not None and "sha256" not in made.attrs:
                    made.attrs["sha256"] = attrs["sha256"]
            else:
                make(file, spot)


# ---------------------------------------------------------------------- companions: matrices that are none


def _parts(name: str, may: str, change: dict[str, Callable[[Any], Any]]) -> None:
    @_h5(f"sparse {name}", "parts that make up no matrix", may)
    def build(file: Any) -> None:
        for path, how in change.items():
            put(file, f"edges/{path}", how(file[f"edges/{path}"][()]))


def _at(index: Any, value: Any) -> Callable[[Any], Any]:
    def change(values: Any) -> Any:
        values = values.copy()
        values[index] = value
        return values

    return change


_INDEX = {
    "beyond": _at(0, 5),
    "far beyond": _at(-1, 8_000_000),
    "negative": _at(0, -5),
    "least": _at(0, -(2**31)),
    "short": lambda v: v[:-1],
    "long": lambda v: np.append(v, 0).astype(v.dtype),
    "empty": lambda v: v[:0],
    "of fractions": lambda v: v + 0.5,
    "of whole fractions": lambda v: v.astype("f8"),
    "unsigned": lambda v: v.astype("u8") + np.uint64(2**63),
    "huge": lambda v: v.astype("i8") + 2**40,
    "of truths": lambda v: v > 0,
    "of text": lambda v: v.astype("S4"),
    "two axes": lambda v: np.stack([v, v]),
    "no axis": lambda v: v.reshape(-1)[0],
    "of not a number": lambda v: np.full(v.shape, np.nan),
    "of complex": lambda v: v.astype("c16"),
    "of one byte": lambda v: v.astype("i1"),
}
_MATRIX_PARTS = (
    ("csr", "csr/indices"),
    ("csr pointers", "csr/indptr"),
    ("coo rows", "coo/row"),
    ("coo columns", "coo/col"),
    ("csc rows", "csc/row"),
    ("csc columns", "csc/col"),
    ("bsr", "bsr/original/indices"),
    ("bsr pointers", "bsr/original/indptr"),
    ("lil columns", "lil/original/columns"),
    ("lil counts", "lil/original/counts"),
    ("dok keys", "dok/original/keys"),
    ("dia offsets", "dia/original/offsets"),
)
for _what, _part in _MATRIX_PARTS:
    for _name, _how in _INDEX.items():
        # One byte is enough for five nodes: such a matrix is sound. A diagonal may lie beyond the corner.
        _sound = _name == "of one byte" or (
            _what.startswith("dia") and _name in ("beyond", "far beyond", "negative", "least")
        )
        _parts(f"{_what} {_name}", CONTAINED if _sound else REFUSED, {_part: _how})
_parts("csr pointers falling", REFUSED, {"csr/indptr": lambda v: _at(slice(1, 3), [9, 1])(v)})
_parts("csr pointers from 1", REFUSED, {"csr/indptr": _at(0, 1)})
_parts("csr pointers to the middle", REFUSED, {"csr/indptr": _at(-1, 3)})
_parts("csr pointers to beyond", REFUSED, {"csr/indptr": _at(-1, 10**6)})
_parts(
    "csr pointers far up and down",
    REFUSED,
    {"csr/indptr": lambda v: _at(slice(1, 5), [2**31 - 1, -(2**31), 2**31 - 1, 0])(v)},
)
_parts("csr data short", REFUSED, {"csr/data": lambda v: v[:-1]})
_parts("csr data empty", REFUSED, {"csr/data": lambda v: v[:0]})
_parts("csr data two axes", REFUSED, {"csr/data": lambda v: np.stack([v, v])})
_parts("csr data of text", REFUSED, {"csr/data": lambda v: v.astype("S8")})
_parts("csc columns not in order", REFUSED, {"csc/col": lambda v: v[::-1].copy()})
_parts("coo data short", REFUSED, {"coo/data": lambda v: v[:-1]})
_parts("lil data short", REFUSED, {"lil/original/data": lambda v: v[:-1]})
_parts("lil data long", REFUSED, {"lil/original/data": lambda v: np.append(v, 1.0)})
_parts("lil counts that cancel", REFUSED, {"lil/original/counts": lambda v: v + [10**6, -(10**6), 0, 0, 0]})
_parts("dok data short", REFUSED, {"dok/original/data": lambda v: v[:-1]})
_parts("dok keys of three", REFUSED, {"dok/original/keys": lambda v: np.hstack([v, v[:, :1]])})
_parts("dok keys twice", REFUSED, {"dok/original/keys": lambda v: np.repeat(v[:1], len(v), axis=0)})
_parts("bsr blocks of 2 by 3", REFUSED, {"bsr/original/data": lambda v: np.zeros((len(v), 2, 3))})
_parts("bsr blocks of nothing", REFUSED, {"bsr/original/data": lambda v: np.zeros((len(v), 0, 0))})
_parts("bsr blocks of one axis", REFUSED, {"bsr/original/data": lambda v: v.reshape(-1)})
_parts("dia data of one axis", REFUSED, {"dia/original/data": lambda v: v.reshape(-1)})
_parts("dia data short", REFUSED, {"dia/original/data": lambda v: v[:-1]})
_parts("dia data wide", CONTAINED, {"dia/original/data": lambda v: np.hstack([v, v])})
_parts("dia offsets twice", REFUSED, {"dia/original/offsets": lambda v: np.zeros_like(v)})

for _layout in ("csr", "csc", "coo", "lil", "dok", "bsr", "dia", "weight"):
    for _name, _shape in (
        ("wide", np.array([5, 10**6])),
        ("high", np.array([10**6, 5])),
        ("huge", np.array([2**40, 2**40])),
        ("most", np.array([2**63 - 1, 2**63 - 1])),
        ("negative", np.array([-5, 5])),
        ("nothing", np.array([0, 0])),
        ("one axis", np.array([25])),
        ("three axes", np.array([5, 5, 5])),
        ("fractions", np.array([5.5, 5.5])),
        ("not a number", np.array([np.nan, np.inf])),
        ("text", np.bytes_("five")),
        ("texts", np.array([b"5", b"x"])),
        ("truth", np.bool_(True)),
        ("empty", h5py.Empty("i8")),
        ("1e4 axes", np.full(10_000, 5)),
    ):

        @_h5(
            f"shape of {_layout}: {_name}",
            "a shape that is not that of the parts",
            CONTAINED if _name == "wide" else SAFE,
        )
        def _(file: Any, layout: str = _layout, shape: Any = _shape) -> None:
            del file[f"edges/{layout}"].attrs["shape"]
            file[f"edges/{layout}"].attrs["shape"] = shape


for _attribute, _values in {
    "format": ("nonsense", "load", "csc", "dense", "coo", "csr", "", "../x", "__class__", "x" * 4000),
    "layout": ("nonsense", "load", "save", "block", "eye", "random", "csr", "lil", "dense", "", "__class__", "is"),
    "kind": ("nonsense", "npz", "matrix", "", "__init__", "array"),
}.items():
    for _value in _values:
        for _layout in ("csr", "lil", "weight"):

            @_h5(f"{_attribute} of {_layout}: {_value[:20]!a}", "a name that is looked up", CONTAINED)
            def _(file: Any, attribute: str = _attribute, value: str = _value, layout: str = _layout) -> None:
                file[f"edges/{layout}"].attrs[attribute] = np.bytes_(value.encode() or b"\0")


for _layout, _names in {
    "csc": ("row", "col", "data"),
    "coo": ("row", "col", "data"),
    "dok": ("keys", "data"),
    "dia": ("offsets", "data"),
    "csr": ("indptr", "indices", "data"),
}.items():
    for _size in (10**9, 2**40, 2**62):

        @_h5(f"sparse extra {_layout} of {_size}", "an index for each of many rows and columns", REFUSED)
        def _(file: Any, layout: str = _layout, names: tuple[str, ...] = _names, size: int = _size) -> None:
            group = "tvbo/extra/sparse/original" if layout in ("dok", "dia") else "tvbo/extra/sparse"
            parts = {name: np.zeros(1, np.int32) for name in names} | {"data": np.ones(1)}
            parts |= {"keys": np.zeros((1, 2), np.int64)} if layout == "dok" else {}
            parts |= {"data": np.ones((1, 1))} if layout == "dia" else {}
            for name in names:
                put(file, f"{group}/{name}", parts[name])
            record = json.loads(file["tvbo/record"][()].tobytes().decode("utf-8", "surrogatepass"))
            record["extra"]["sparse"] = {"$array": "tvbo/extra/sparse"}
            source = {"csc": "coo"}.get(layout, layout)
            record.setdefault("sparse", {})["tvbo/extra/sparse"] = [layout, "array", source, [size, size]]
            put_text(file, "tvbo/record", json.dumps(record, ensure_ascii=False))


for _size in (10**8, 10**12):

    @case(f"count {_size} beside an array without columns", "rows that hold nothing")
    def _(place: Place, size: int = _size) -> None:
        place.alone(f"number_of_nodes: {size}\ndata_file: net.h5\n")
        with h5py.File(place.companion, "w") as file:
            file.create_dataset("mine", (size, 0), "f8")

    @case(f"count {_size} beside an array that nobody wrote", "rows that were never stored")
    def _(place: Place, size: int = _size) -> None:
        place.alone(f"number_of_nodes: {size}\ndata_file: net.h5\n")
        with h5py.File(place.companion, "w") as file:
            file.create_dataset("mine", (size,), "u1", chunks=(min(size, 1 << 20),))

    @case(f"count {_size} beside a bomb", "rows that are a thousandth of a byte each", REFUSED)
    def _(place: Place, size: int = _size) -> None:
        place.alone(f"number_of_nodes: {size}\ndata_file: net.h5\n")
        with h5py.File(place.companion, "w") as file:
            made = file.create_dataset("mine", (size,), "u1", chunks=(1 << 26,), compression="gzip")
            for index in range(min(-(-size >> 26), 4)):
                made.id.write_direct_chunk((index << 26,), _zeros(1 << 26))


@_h5("layout and kind that load a file", "a name that is looked up, of what reads files", REFUSED)
def _(file: Any) -> None:
    path = str(file.place.outside / "secret.npz").encode()
    file["edges/csr"].attrs.update({"layout": np.bytes_("load"), "kind": np.bytes_("npz")})
    put(file, "edges/csr/data", np.frombuffer(path, np.uint8))


for _what, _spot, _values in (
    (
        "weights",
        "edges/weight/data",
        [np.ones((6, 6)), np.ones(5), np.ones((5, 5, 5)), np.ones((5, 4)), np.ones((4, 5))],
    ),
    (
        "column",
        "nodes/columns/2",
        [np.ones((6, 3), "f4"), np.ones(4), np.ones((0, 3), "f4"), np.ones((5, 9), "f4"), np.float32(1)],
    ),
):
    for _index, _value in enumerate(_values):

        @_h5(
            f"{_what} of another shape {_index}",
            "numbers that do not fit the nodes",
            CONTAINED if _index == 3 else REFUSED,
        )
        def _(file: Any, spot: str = _spot, value: Any = _value) -> None:
            put(file, spot, value)


for _spot, _values in {
    "mesh/region_mapping": (
        np.zeros(3, int),
        np.zeros((4, 1), int),
        np.ones(4),
        np.full(4, 99),
        np.full(4, -9),
        np.full(4, b"x"),
    ),
    "mesh/elements": (np.full((2, 3), 99), np.full((2, 3), -1), np.ones((2, 3)), np.ones((2, 2), int), np.ones(3, int)),
    "mesh/vertices": (
        np.ones((4, 2)),
        np.ones(4),
        np.ones((9, 3)),
        np.zeros((0, 3)),
        np.full((4, 3), b"x"),
        np.zeros((4, 3), int),
    ),
    "mesh/normals": (np.ones((4, 2)), np.ones((9, 3)), np.ones(()), np.full((4, 3), b"x")),
    "nodes/coordinates": (np.ones((4, 2)), np.ones((9, 3)), np.ones(()), np.full((4, 3), b"x")),
    "nodes/label": (np.full(4, b"\xff\xfe"), np.full(3, b"x"), np.ones(4), np.full((4, 4), b"x")),
    "nodes/id": (np.ones(4), np.zeros(3, int), np.full(4, b"x"), np.full(4, 2**63, np.uint64), np.zeros((4, 4), int)),
}.items():
    for _index, _value in enumerate(_values):

        @_h5(f"surface {_spot} odd {_index}", "arrays that do not fit the surface", CONTAINED, "surface")
        def _(file: Any, spot: str = _spot, value: Any = _value) -> None:
            put(file, spot, value)


# ---------------------------------------------------------------------- companions: attributes

for _attribute, _spots, _values in (
    (
        "order",
        ("edges/weight/data", "tvbo/record"),
        (b"nonsense", b"F", b"1,0", b"5,5", b"[1, 0]", 5, np.ones(3), b"x" * 4000),
    ),
    (
        "numpy_dtype",
        ("edges/weight/data", "tvbo/extra/note/array", "tvbo/record"),
        (
            b"O",
            b"V1000000000",
            b"<U1000000000",
            b"M8[as]",
            b"m8",
            b"",
            b"f8,f8",
            b"(1000000000,)f8",
            b"nonsense",
            5,
            np.ones(3),
        ),
    ),
    (
        "sha256",
        ("edges/weight/data", "tvbo/record", "tvbo/sidecar"),
        (b"nonsense", b"", 5, np.ones(3), b"0" * 64, b"\xff" * 64),
    ),
    ("crc32", ("edges/weight/data",), (5, b"x", np.ones(3, np.uint32), np.ones(0), np.ones((2, 2)), np.full(5, -1.5))),
    ("crc32_rows", ("edges/weight/data",), (0, -1, 2**62, 1.5, b"x", np.ones(3), 1)),
    (
        "mine",
        ("edges/weight/data", "", "tvbo"),
        (5, b"x" * 60_000, np.ones((9, 9)), np.full(9, b"x"), h5py.Empty("f8")),
    ),
    (
        "content",
        ("tvbo",),
        (5, b"", np.ones(3), b"x" * 60_000, np.full(3, b"x"), h5py.Empty("S1"), b"sha256:" + b"0" * 64),
    ),
    ("replaces", ("tvbo",), (5, b"", np.ones(3), b"x " * 30_000, np.full(3, b"x"), h5py.Empty("S1"), b"\xff\xfe")),
    ("tvbo_class", ("", "edges/weight"), (5, b"other:Thing", np.ones(3), h5py.Empty("S1"), b"\xff\xfe")),
    ("unit", ("edges/weight",), (5, np.ones(3), b"\xff\xfe", b"x" * 60_000, h5py.Empty("S1"), np.full(3, b"x"))),
    ("directed", ("edges/weight",), (5, np.ones(3), b"x", h5py.Empty("S1"))),
):
    for _spot in _spots:
        for _index, _value in enumerate(_values):

            @_h5(f"attribute {_attribute} of {_spot or 'the root'} {_index}", "an attribute of another kind", CONTAINED)
            def _(file: Any, attribute: str = _attribute, spot: str = _spot, value: Any = _value) -> None:
                holder = file[spot or "/"].attrs
                if attribute in holder:
                    del holder[attribute]
                holder[attribute] = value


for _spot, _attribute in (
    ("edges/weight", "format"),
    ("edges/weight", "unit"),
    ("edges/csr", "layout"),
    ("edges/weight/data", "sha256"),
    ("tvbo", "content"),
    ("tvbo", "replaces"),
    ("", "tvbo_class"),
    ("", "mine"),
    ("mesh", "element_type"),
):
    for _name, _kind in (
        ("text", h5py.string_dtype()),
        ("numbers", h5py.vlen_dtype("f8")),
        ("reference", h5py.ref_dtype),
    ):

        @_h5(
            f"variable {_name} as {_attribute} of {_spot or 'the root'}", "an attribute that lies in a heap", CONTAINED
        )
        def _(file: Any, spot: str = _spot, attribute: str = _attribute, kind: Any = _kind, name: str = _name) -> None:
            holder = file.require_group(spot) if spot == "mesh" else file[spot or "/"]
            numbers = np.empty(1, dtype=object)
            numbers[0] = np.ones(3)
            values = {"text": "csr", "numbers": numbers, "reference": file.ref}
            if attribute in holder.attrs:
                del holder.attrs[attribute]
            holder.attrs.create(attribute, values[name], dtype=kind)


@_h5("5000 attributes", "many attributes of one object", SAFE)
def _(file: Any) -> None:
    for index in range(5000):
        file["edges/weight"].attrs[f"a{index}"] = index


@_h5("attribute of 10 MB", "a large attribute", SAFE)
def _(file: Any) -> None:
    file["edges/weight"].attrs["mine"] = np.zeros(1_250_000)


@_h5("attributes of 10 MB on all", "large attributes on every dataset", SAFE)
def _(file: Any) -> None:
    file["edges"].visititems(lambda _, item: item.attrs.__setitem__("mine", np.zeros(125_000)))


@_h5("digest of others", "what is not ours has a wrong digest", SAFE)
def _(file: Any) -> None:
    file["mine"] = np.ones(5)
    file["mine"].attrs["sha256"] = np.bytes_("0" * 64)


@_h5("things of others", "text, references and types of others", SAFE)
def _(file: Any) -> None:
    file["mine/text"] = ["x", "y" * 1000]
    file["mine/references"] = np.array([file.ref, file["edges"].ref], dtype=h5py.ref_dtype)
    file["mine/compound"] = np.zeros(3, "f8,i4")
    file["mine/nothing"] = h5py.Empty("f8")
    file["mine"].attrs["text"] = "variable"
    file["mine/dimension"] = np.arange(3)
    file["mine/dimension"].make_scale("x")
    made = file.create_dataset("mine/list", (3,), h5py.vlen_dtype("f8"))
    made[0] = np.ones(5)


for _word, _value in (("size", 2**63), ("object", 2**62), ("zero", 0), ("long", 2**40)):

    @case(f"heap with a {_word} that lies", "a heap that is followed for ever", SAFE)
    def _(place: Place, word: str = _word, value: int = _value) -> None:
        with place.file() as file:
            file.attrs["mine"] = ["text of variable length"] * 20
            file["mine"] = ["text of variable length"] * 20
        data = bytearray(place.companion.read_bytes())
        start = data.find(b"GCOL")
        while start >= 0:
            at = start + (8 if word == "size" else 24)
            data[at : at + 8] = value.to_bytes(8, "little")
            start = data.find(b"GCOL", start + 4)
        place.companion.write_bytes(data)


# ---------------------------------------------------------------------- the private record


def _record(name: str, tries: str, may: str, how: Callable[[dict[str, Any]], Any], base: str = "regions") -> None:
    @case(f"record {name}", tries, may, base)
    def build(place: Place) -> None:
        place.record(how)


for _key in ("nodes", "exact", "parent", "parameters", "edges", "sparse", "extra"):
    for _name, _value in _WRONG.items():
        _record(f"{_key}: {_name}", "a value of another type", CONTAINED, lambda r, k=_key, v=_value: r.update({k: v}))
        if _key in ("nodes", "parent"):
            _record(
                f"{_key} surface: {_name}",
                "the same",
                CONTAINED,
                lambda r, k=_key, v=_value: r.update({k: v}),
                "surface",
            )
for _path in (
    *(("nodes", key) for key in ("default_label", "has_labels", "columns", "labels", "positions", "units", "extra")),
    ("nodes", "columns", "area"),
    ("nodes", "columns", "area", "dtype"),
    ("nodes", "columns", "orientation"),
    ("nodes", "columns", "orientation", "dataset"),
    ("parameters", "conduction_speed"),
    ("parameters", "conduction_speed", "dataset"),
    ("parameters", "conduction_speed", "shown"),
    ("edges", "gain"),
    *(("edges", "gain", key) for key in ("directed", "extra", "shown", "column_labels")),
    ("exact", 0),
    *(("exact", 0, index) for index in range(3)),
    ("extra", "note"),
    ("extra", "note", "array"),
    ("extra", "sidecar"),
    ("extra", "hdf5"),
):
    for _name, _value in _WRONG.items():
        _record(
            f"{'.'.join(map(str, _path))}: {_name}",
            "a value of another type",
            CONTAINED,
            lambda record, path=_path, value=_value: _place_in(record, path, value),
        )
for _key in ("group", "file", "content"):
    for _name, _value in _WRONG.items():
        _record(
            f"parent.{_key}: {_name}",
            "a value of another type",
            CONTAINED,
            lambda r, k=_key, v=_value: r["parent"].update({k: v}),
            "surface",
        )
for _dtype in (
    "O",
    "|O",
    "V1000000000",
    "<U1000000000",
    ">U5",
    "<U1",
    "i8",
    "M8[D]",
    "m8",
    "",
    "f8,f8",
    "(1000000000,)f8",
    "O8",
    "S5",
    "c16",
):
    for _name, _path in (
        ("labels", ("nodes", "labels")),
        ("area", ("nodes", "columns", "area", "dtype")),
        ("cortical", ("nodes", "columns", "cortical", "dtype")),
        ("gain", ("edges", "gain", "column_labels")),
    ):
        _record(
            f"dtype of {_name}: {_dtype}",
            "a dtype that makes no sense",
            CONTAINED,
            lambda r, p=_path, d=_dtype: _place_in(r, p, d),
        )
for _name, _value in {
    "float text": {"$float": "zz"},
    "float long": {"$float": "00" * DEEP},
    "float number": {"$float": 5},
    "float short": {"$float": "00"},
    "scalar object": {"$scalar": ["O", "41" * 8]},
    "scalar object of others": {"$scalar": ["|O8", "00" * 8]},
    "scalar objects inside": {"$scalar": ["O,O", "41" * 16]},
    "scalar huge": {"$scalar": ["V1000000000", ""]},
    "scalar huge text": {"$scalar": ["<U1000000000", ""]},
    "scalar short": {"$scalar": ["<f8", "00"]},
    "scalar long": {"$scalar": ["<f8", "00" * 16]},
    "scalar date": {"$scalar": ["<M8[s]", "00" * 8]},
    "scalar text": {"$scalar": ["<U1", "ffffffff"]},
    "scalar number": {"$scalar": 5},
    "scalar of one": {"$scalar": ["<f8"]},
    "scalar of three": {"$scalar": ["<f8", "00" * 8, 1]},
    "scalar of wrong types": {"$scalar": [5, 5]},
    "scalar of arrays": {"$scalar": ["(2,)f8", "00" * 16]},
    "scalar of nothing": {"$scalar": ["V0", ""]},
    "tuple number": {"$tuple": 5},
    "tuple mapping": {"$tuple": {"a": 1}},
    "dict number": {"$dict": 5},
    "dict of lists": {"$dict": [[[1], 1]]},
    "dict of dicts": {"$dict": [[{"$dict": []}, 1]]},
    "dict of arrays": {"$dict": [[{"$array": "edges/weight/data"}, 1]]},
    "dict of one": {"$dict": [[1]]},
    "dict same": {"$dict": [[1, 1], [1, 2]]},
    "array number": {"$array": 5},
    "array list": {"$array": ["edges"]},
    "array up": {"$array": "../outside/secret.h5"},
    "array group": {"$array": "edges"},
    "array root": {"$array": ""},
    "array gone": {"$array": "gone"},
    "array slashes": {"$array": "/edges//weight/data"},
    "two words": {"$array": "edges/weight/data", "$float": "00"},
    "unknown word": {"$unknown": 1},
    "empty word": {"$": 1},
    "python": {"py/object": "os.system", "py/reduce": []},
}.items():
    _record(
        f"extra {_name}", "a word of ours that makes no sense", CONTAINED, lambda r, v=_value: r["extra"].update(evil=v)
    )
    _record(
        f"exact {_name}",
        "the same, put into the sidecar",
        CONTAINED,
        lambda r, v=_value: r["exact"].append([["label"], "five regions", v]),
    )
    _record(
        f"nodes.extra {_name}",
        "the same, in what nodes hold",
        CONTAINED,
        lambda r, v=_value: r["nodes"].update(extra=v),
    )
for _name, _value in {
    "data_file": [["data_file"], "net.h5", "../outside/secret.h5"],
    "parent_network": [["parent_network"], None, "../outside/secret.yaml"],
    "node_mapping": [["node_mapping"], None, "/tvbo/record"],
    "matrix": [["edges", 0, "label"], "weight", "../../tvbo"],
    "count": [["number_of_nodes"], 5, 10**12],
    "nodes": [["nodes"], None, 5],
    "row": [["nodes", 0], None, 5],
    "negative": [["nodes", -1, "label"], " a\n", "x"],
    "beyond": [["nodes", 10**30, "label"], "x", "x"],
    "truth": [["nodes", True, "label"], "é", "x"],
    "fraction": [["nodes", 0.0, "label"], "no", "x"],
    "empty path": [[], 1, 2],
    "text path": ["label", "five regions", "x"],
    "into text": [["label", 0], "f", "x"],
    "list key": [[["label"]], 1, 2],
    "short": [["label"], "five regions"],
    "long": [["label"], "five regions", "x", "y"],
    "id": [["nodes", 0, "id"], 0, "x"],
    "position": [["nodes", 0, "position"], None, 5],
    "format": [["edges", 0, "format"], "dense", 5],
    "class": [["tvbo_class"], "tvbo:Network", "other"],
}.items():
    _record(
        f"puts back {_name}",
        "a value put back where another belongs",
        CONTAINED,
        lambda r, v=_value: r["exact"].append(v),
    )
for _name, _where in (
    ("up", "../outside/secret.h5"),
    ("weights", "edges/weight/data"),
    ("group", "edges"),
    ("root", ""),
    ("record", "tvbo/record"),
    ("gone", "gone"),
):
    _record(
        f"column at {_name}",
        "a column that lies elsewhere",
        CONTAINED,
        lambda r, w=_where: _place_in(r, ("nodes", "columns", "orientation", "dataset"), w),
    )
    _record(
        f"value at {_name}",
        "a value that lies elsewhere",
        CONTAINED,
        lambda r, w=_where: _place_in(r, ("parameters", "conduction_speed", "dataset"), w),
    )
    _record(
        f"parent group at {_name}",
        "a parent that lies elsewhere",
        CONTAINED,
        lambda r, w=_where: r["parent"].update(group=w),
        "surface",
    )
_record(
    "parent group is our group",
    "the network as its own parent",
    CONTAINED,
    lambda r: r["parent"].update(group="tvbo"),
    "surface",
)
for _name, _where in (
    ("up", "../outside/secret.yaml"),
    ("absolute", "/dev/zero"),
    ("itself", "net.yaml"),
    ("dots", ".."),
    ("nul", "a\0.yaml"),
    ("long", "x" * 5000),
    ("folder", "."),
):
    _record(
        f"parent file {_name}",
        "a parent in another file",
        SAFE,
        lambda r, w=_where: r["parent"].update(file=w, content="sha256:x"),
        "surface",
    )


@case(
    "record parent is the file itself", "the network as its own parent, with the right identifier", REFUSED, "surface"
)
def _(place: Place) -> None:
    content = place.head().removeprefix("# content: ").strip()
    place.record(lambda record: record["parent"].update(file="net.yaml", content=content))


for _name, _value in {
    "layout": ["load", "npz", "load", [5, 5]],
    "wrong": ["csr", "array", "csr", [5, 5]],
    "huge lil": ["lil", "array", "coo", [10**9, 10**9]],
    "huge csr": ["csr", "array", "csr", [10**12, 10**12]],
    "number": 5,
    "short": ["csr"],
    "shape text": ["csr", "array", "csr", "55"],
    "shape number": ["csr", "array", "csr", 5],
    "shape deep": ["csr", "array", "csr", [[5], [5]]],
    "null": [None, None, None, None],
}.items():
    _record(
        f"sparse {_name}",
        "a sparse matrix that is none",
        CONTAINED,
        lambda r, v=_value: r.update(sparse={"tvbo/extra/note/array": v}),
    )
    _record(
        f"sparse at csr {_name}",
        "the same, over parts",
        CONTAINED,
        lambda r, v=_value: (r.update(sparse={"edges/csr": v}), r["extra"].update(evil={"$array": "edges/csr"})),
    )
    _record(
        f"sparse at lil {_name}",
        "the same, over parts",
        CONTAINED,
        lambda r, v=_value: (r.update(sparse={"edges/lil": v}), r["extra"].update(evil={"$array": "edges/lil"})),
    )
_record(
    "1e5 names of one array",
    "one array 1e5 times",
    CONTAINED,
    lambda r: r["extra"].update(evil=[{"$array": "edges/weight/data"}] * 20_000),
)
_record(
    "default label of 1 MB",
    "a name for every node",
    CONTAINED,
    lambda r: r["nodes"].update(default_label="x" * MANY, has_labels=False),
)
_record("extra 50 deep", "values in one another", CONTAINED, lambda r: r["extra"].update(evil=_deep(50)))
_record("extra 200 deep", "values in one another", REFUSED, lambda r: r["extra"].update(evil=_deep(200)))
_record("tuples 60 deep", "tuples in one another", CONTAINED, lambda r: r["extra"].update(evil=_deep(25, "$tuple")))


def _deep(levels: int, word: str = "a") -> Any:
    value: Any = [1]
    for _ in range(levels):
        value = {word: [value]} if word.startswith("$") else {word: value}
    return value


for _target in ("tvbo/record", "tvbo/sidecar"):
    for _name, _text in {
        "empty": "",
        "list": "[]",
        "number": "5",
        "null": "null",
        "noise": b"\xff\xfe\x00\x01" * 99,
        "open lists 1e5 deep": '{"x": ' + "[" * DEEP,
        "lists 1e5 deep": '{"x": ' + "[" * DEEP + "]" * DEEP + "}",
        "number of 1e6 digits": '{"x": ' + "1" * MANY + "}",
        "same key at the end": "{" + "".join(f'"{i}": 1, ' for i in range(DEEP)) + f'"{DEEP - 1}": 1}}',
        "5e6 values": '{"x": [' + "0, " * 5 * MANY + "0]}",
        "nul": '{"x": "\0"}',
        "python": '!!python/object/apply:os.system ["true"]',
        "laughs": _laughs(),
    }.items():

        @_h5(f"{_target} is {_name}", "text of ours that is none", REFUSED if _target == "tvbo/record" else CONTAINED)
        def _(file: Any, target: str = _target, text: str | bytes = _text) -> None:
            put_text(file, target, text)

        if _target == "tvbo/sidecar":

            @case(f"alone {_name}", "a companion alone, with text of ours that is none", REFUSED)
            def _(place: Place, text: str | bytes = _text) -> Path:
                with place.file() as file:
                    put_text(file, "tvbo/sidecar", text)
                place.sidecar.unlink()
                return place.companion


for _name, _old, _new in (
    ("data_file up", "data_file: net.h5", "data_file: ../outside/secret.h5"),
    ("parent up", "data_file: net.h5", "parent_network: ../outside/secret.yaml"),
    ("parent absolute", "data_file: net.h5", "parent_network: /dev/zero"),
    ("count", "number_of_nodes: 5", "number_of_nodes: 1000000000000"),
    ("tag", "label: five regions", "label: !!python/name:os.system"),
):

    @case(
        f"alone {_name}",
        "a companion alone, whose copy of the sidecar is hostile",
        CONTAINED if "data" in _name else REFUSED,
    )
    def _(place: Place, old: str = _old, new: str = _new) -> Path:
        text = place.text()
        assert old in text
        with place.file() as file:
            put_text(file, "tvbo/sidecar", text.replace(old, new))
        place.sidecar.unlink()
        return place.companion


@case("interrupted save of a hostile sidecar", "a copy of the sidecar that counts, and leads outside", REFUSED)
def _(place: Place) -> None:
    text = place.text().replace("data_file: net.h5", "parent_network: ../outside/secret.yaml")
    own = place.head().removeprefix("# content: ").strip()
    with place.file() as file:
        put_text(file, "tvbo/sidecar", text)
        file["tvbo"].attrs["content"] = np.bytes_("sha256:" + "0" * 64)
        file["tvbo"].attrs["replaces"] = np.bytes_(own)


# ---------------------------------------------------------------------- copies of parents


for _name, _text in {
    "empty": "",
    "noise": b"\xff\xfe\x00",
    "number": "5",
    "lists": "[" * DEEP,
    "parent up": '{"number_of_nodes": 1, "parent_network": "../outside/secret.yaml"}',
    "parent of itself": '{"number_of_nodes": 1, "parent_network": "net.yaml"}',
    "data_file up": '{"number_of_nodes": 1, "data_file": "../outside/secret.h5"}',
    "count": '{"number_of_nodes": 1000000000000}',
    "negative": '{"number_of_nodes": -1}',
    "mapping": '{"number_of_nodes": 1, "node_mapping": "/../record"}',
    "edges": '{"number_of_nodes": 5, "edges": [{"label": "../../../tvbo/record"}]}',
}.items():

    @_h5(
        f"copy of the parent is {_name}",
        "a copy of the parent that is none",
        CONTAINED if _name in ("data_file up", "edges") else REFUSED,
        "surface",
    )
    def _(file: Any, text: str | bytes = _text) -> None:
        put_text(file, "tvbo/parent/sidecar", text)


@_h5("copy of the parent is gone", "a parent that is not there", REFUSED, "surface")
def _(file: Any) -> None:
    del file["tvbo/parent"]


@_h5("copy of the parent is a link", "a parent in another file", REFUSED, "surface")
def _(file: Any) -> None:
    del file["tvbo/parent"]
    file["tvbo/parent"] = h5py.ExternalLink(str(file.place.outside / "secret.h5"), "/")


def _chain(place: Place, length: int) -> None:
    above = None
    for index in range(length):
        made = Network.from_matrix(np.full((2, 2), float(index)))
        made.parent_network = above
        above = made
    place.sidecar.unlink()
    place.companion.unlink()
    assert above is not None
    above.save(place.sidecar)


@case("12 parents", "parents of parents, as they may be", CONTAINED)
def _(place: Place) -> None:
    _chain(place, 12)


@_h5("200 parents", "parents of parents, each inside the other", CONTAINED, "surface")
def _(file: Any) -> None:
    record = file["tvbo/record"][()].tobytes().decode()
    text = file["tvbo/parent/sidecar"][()].tobytes()
    base = ""
    for _ in range(200):
        below = f"{base}/" if base else ""
        made = json.loads(record)
        made["parent"] = {"group": f"{below}tvbo/parent"}
        made["nodes"], made["exact"] = {}, []
        put_text(file, f"{below}tvbo/record", json.dumps(made))
        put_text(file, f"{below}tvbo/parent/sidecar", b'{"number_of_nodes": 1, "parent_network": "x"}')
        base = f"{below}tvbo/parent"
    assert text


@_h5("parent that is its own parent", "a copy of the parent that names itself as its parent", REFUSED, "surface")
def _(file: Any) -> None:
    put_text(file, "tvbo/parent/sidecar", '{"number_of_nodes": 1, "parent_network": "x"}')
    put_text(file, "tvbo/parent/tvbo/record", '{"parent": {"group": "tvbo/parent"}}')


# ---------------------------------------------------------------------- files that are none


def _write_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../mark", "x")
        archive.writestr("net.h5", bytes(10_000_000))


def _socket(path: Path, place: Place) -> None:
    made = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    # The name of a socket may have 108 characters.
    os.chdir(path.parent)
    try:
        made.bind(path.name)
    finally:
        os.chdir(here)
    place.sockets.append(made)


_FILES: dict[str, Callable[[Path, Place], Any]] = {
    "empty": lambda path, place: path.write_bytes(b""),
    "git-lfs": lambda path, place: path.write_text(
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"
    ),
    "html": lambda path, place: path.write_text("<!DOCTYPE html>\n<html>404</html>"),
    "zip": lambda path, place: _write_zip(path),
    "folder": lambda path, place: path.mkdir(),
    "pipe": lambda path, place: os.mkfifo(path),
    "zeros": lambda path, place: path.symlink_to("/dev/zero"),
    "nothing": lambda path, place: path.symlink_to("/dev/null"),
    "terminal": lambda path, place: path.symlink_to("/dev/tty"),
    "circle": lambda path, place: path.symlink_to(path.name),
    "dangling": lambda path, place: path.symlink_to("gone"),
    "socket": _socket,
    "signature": lambda path, place: path.write_bytes(b"\x89HDF\r\n\x1a\n"),
    "signature and zeros": lambda path, place: path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(5000)),
    "signature and ff": lambda path, place: path.write_bytes(b"\x89HDF\r\n\x1a\n" + b"\xff" * 5000),
    "late signature": lambda path, place: path.write_bytes(bytes(512) + b"\x89HDF\r\n\x1a\n" + bytes(5000)),
    "image": lambda path, place: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(5000)),
    "pickle": lambda path, place: path.write_bytes(b"\x80\x04\x8c\x02os\x94\x8c\x06system\x93\x94\x8c\x04true\x85R."),
    "hole of 1 TB": lambda path, place: (path.write_bytes(b"\x89HDF\r\n\x1a\n"), os.truncate(path, 1 << 40)),
    "the other half": lambda path, place: shutil.copy(
        place.bases / place.base / ("net.yaml" if path.suffix == ".h5" else "net.h5"), path
    ),
}
for _suffix in (".h5", ".yaml"):
    for _name, _make in _FILES.items():
        # A hole of zeros behind a sidecar is refused; so is a companion that is none.
        CASES[f"{_suffix} is {_name}"] = Case(
            f"{_suffix} is {_name}",
            "a file of another kind",
            SAID if (_suffix, _name) in ((".h5", "dangling"), (".h5", "circle")) else REFUSED,
            lambda place, suffix=_suffix, make=_make: _replace(place, suffix, make),
        )
        if _suffix == ".h5":
            CASES[f".h5 alone is {_name}"] = Case(
                f".h5 alone is {_name}",
                "a file of another kind, opened by name",
                REFUSED,
                lambda place, make=_make: (_replace(place, ".h5", make), place.sidecar.unlink(), place.companion)[-1],
            )


def _replace(place: Place, suffix: str, make: Callable[[Path, Place], Any]) -> None:
    path = place.pair / f"net{suffix}"
    path.unlink()
    make(path, place)


for _suffix in (".yml", ".json"):
    for _name in ("pipe", "zeros", "folder", "circle", "socket", "hole of 1 TB"):
        CASES[f"{_suffix} beside is {_name}"] = Case(
            f"{_suffix} beside is {_name}",
            "a file beside the companion that may be its sidecar",
            SAFE,
            lambda place, suffix=_suffix, name=_name: (
                place.sidecar.unlink(),
                _FILES[name](place.pair / f"net{suffix}", place),
                place.companion,
            )[-1],
        )


@case(".h5 behind another file", "a companion that begins with something else", SAFE)
def _(place: Place) -> None:
    data = place.companion.read_bytes()
    place.companion.write_bytes(b"%PDF-1.4".ljust(512, b" ") + data)


@case(".h5 twice", "a companion behind a companion", SAFE)
def _(place: Place) -> None:
    data = place.companion.read_bytes()
    place.companion.write_bytes(data + data)


@case(".h5 of another save", "the companion of another network", REFUSED)
def _(place: Place) -> None:
    shutil.copy(place.outside / "secret.h5", place.companion)


@case(".h5 is missing", "no companion, and all is asked for", REFUSED)
def _(place: Place) -> None:
    place.companion.unlink()


@case("both pipes", "two files that never end", REFUSED)
def _(place: Place) -> None:
    for path in (place.sidecar, place.companion):
        path.unlink()
        os.mkfifo(path)
