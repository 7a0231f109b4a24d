"""
Whatever bytes are in a pair: a TvboError, or exactly what was saved.

Never other numbers, a crash, a hang, more than 2 GiB, another exception, code that runs, or a file outside the pair's
folder. The exception is a sidecar that was damaged and still makes sense: it looks like an edit by hand, and counts
as one; so it is said.
"""

import copy
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import corpus
import mutate
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worker import CARRIED, CRASH, EDITED, EXACT, FOREIGN, GREEDY, HANG, LEAK, LOADED, REFUSED, WRONG, Worker

from tvbo import Network
from tvbo.errors import TvboError

GOOD = {
    corpus.REFUSED: {REFUSED},
    corpus.SAFE: {REFUSED, EXACT, CARRIED},
    corpus.SAID: {REFUSED, EXACT, CARRIED, EDITED},
    corpus.CONTAINED: {REFUSED, EXACT, CARRIED, EDITED, LOADED},
}
# Large families that differ in one word: one in ten is asked every time, all of them where slow tests run.
FAMILIES = (
    "type",
    "record",
    "attribute",
    "yaml number",
    "yaml scalar",
    "shape of",
    "sparse",
    "link",
    "format of",
    "kind of",
)
FAMILIES = (*FAMILIES, "layout of", "variable", "surface", "chunk", "filter", "count", "mapping at", "parameter at")
# Large files take long to make, and to read within the limits.
LARGE = (
    "1e6",
    "5e6",
    "MB",
    "bomb",
    "long text",
    "20000",
    "1e5 links",
    "1e5 names",
    "anchors",
    "laughs",
    "GB",
    "1500 files",
)


def _fast() -> Path | None:
    """A folder in memory, where there is one."""
    found = Path("/dev/shm")
    return found if found.is_dir() else None


def _param(name: str) -> Any:
    rest = name.startswith(FAMILIES) and mutate.bits(name) % 10
    slow = rest or any(word in name for word in LARGE)
    return pytest.param(name, marks=pytest.mark.slow if slow else (), id=name[:80].replace("\0", "NUL"))


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker() as made:
        yield made


@pytest.fixture(scope="module")
def sound() -> Iterator[tuple[Path, dict[str, str]]]:
    with tempfile.TemporaryDirectory(prefix="sound-", dir=_fast()) as folder:
        yield Path(folder), corpus.save_bases(Path(folder))


@pytest.fixture(scope="module")
def bases() -> Iterator[list[mutate.Base]]:
    with tempfile.TemporaryDirectory(prefix="bases-", dir=_fast()) as folder:
        yield mutate.bases(Path(folder))


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder that is gone afterwards, whatever the files in it are."""
    folder = Path(tempfile.mkdtemp(prefix="case-", dir=_fast()))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def _told(result: dict[str, Any]) -> str:
    return "\n".join(f"{key}: {value}" for key, value in result.items() if value)


# ---------------------------------------------------------------------- files made to do harm


def test_there_are_many_cases() -> None:
    assert len(corpus.CASES) > 2000
    assert all(case.may in GOOD for case in corpus.CASES.values())


@pytest.mark.parametrize("name", [_param(name) for name in corpus.CASES])
def test_hostile_pair(name: str, worker: Worker, sound: tuple[Path, dict[str, str]], root: Path) -> None:
    case = corpus.CASES[name]
    folder, digests = sound
    place, path = corpus.prepare(root, folder, case)
    result = worker.ask(
        {
            "name": name,
            "path": str(path),
            "folder": str(place.pair),
            # A file that nobody saved has no content that could be expected.
            "expected": None if case.may == corpus.CONTAINED else digests[case.base],
            "secrets": corpus.SECRETS,
            "forbidden": [str(place.mark)],
        }
    )
    for each in place.sockets:
        each.close()
    assert result["outcome"] in GOOD[case.may], f"{case.tries}; it may be {case.may}\n{_told(result)}"


# ---------------------------------------------------------------------- files that were damaged


def _wrongs(worker: Worker, bases: list[mutate.Base], count: int, first: int) -> list[str]:
    by_path = {str(base.path): base for base in bases}
    wrongs = []
    for index, mutation in enumerate(mutate.plan(bases, count, first)):
        base = by_path[mutation["base"]]
        checked = mutate.is_checked(mutation, base)
        good = GOOD[corpus.CONTAINED if not checked else corpus.SAID if mutation["half"] == "yaml" else corpus.SAFE]
        # A copy is saved of every eighth: it takes longer than all the rest.
        case = {"mutation": mutation, "expected": base.digest if checked else None, "save": index % 8 == 0}
        result = worker.ask(case)
        if result["outcome"] not in good:
            wrongs.append(f"{base.name} {mutation['half']} {mutation['kind']} {mutation['seed']}\n{_told(result)}")
    return wrongs


@pytest.mark.parametrize("first", range(0, 400, 100))
def test_damage(first: int, worker: Worker, bases: list[mutate.Base]) -> None:
    wrongs = _wrongs(worker, bases, 100, first)
    assert not wrongs, f"{len(wrongs)} went wrong\n\n" + "\n\n".join(wrongs[:5])


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 13_000, 500))
def test_much_damage(first: int, worker: Worker, bases: list[mutate.Base]) -> None:
    wrongs = _wrongs(worker, bases, 500, first)
    assert not wrongs, f"{len(wrongs)} went wrong\n\n" + "\n\n".join(wrongs[:5])


def test_damage_is_the_same_every_time(bases: list[mutate.Base], root: Path) -> None:
    for mutation in mutate.plan(bases, 300):
        made = []
        for name in ("one", "two"):
            (root / name).mkdir()
            path = mutate.write(mutation, root / name)
            made.append([path.read_bytes(), path.with_suffix(".h5").read_bytes()])
            shutil.rmtree(root / name)
        source = Path(mutation["base"])
        assert made[0] == made[1]
        assert made[0] != [source.read_bytes(), source.with_suffix(".h5").read_bytes()]


def test_new_checksums_are_right(bases: list[mutate.Base]) -> None:
    """Were they wrong, nothing behind them would be tested."""
    assert mutate.lookup3(b"") == 0xDEADBEEF
    assert mutate.lookup3(b"Four score and seven years ago") == 0x17770551
    assert all(len(mutate._sealed(base.path.with_suffix(".h5"))) > 5 for base in bases if base.checked)


# ---------------------------------------------------------------------- the tests themselves


@pytest.mark.parametrize(
    ("misbehave", "outcome"),
    [
        (None, EXACT),
        ("crash", CRASH),
        ("hang", HANG),
        ("memory", GREEDY),
        ("swallowed memory", GREEDY),
        ("wrong", WRONG),
        ("open", LEAK),
        ("run", LEAK),
        ("foreign", FOREIGN),
    ],
)
def test_the_worker_notices(misbehave: str | None, outcome: str, worker: Worker, bases: list[mutate.Base]) -> None:
    base = bases[0]
    case = {"path": str(base.path), "expected": base.digest, "misbehave": misbehave, "seconds": 2.0}
    found = worker.ask(case)
    assert found["outcome"] == outcome, _told(found)
    # It works on after that.
    assert worker.ask({"path": str(base.path), "expected": base.digest})["outcome"] == EXACT


def test_the_worker_notices_a_number_that_was_changed(worker: Worker, bases: list[mutate.Base], root: Path) -> None:
    network = Network.from_file(bases[0].path)
    values = network.weights_matrix.copy()
    values[1, 0] += 1e-9
    network.set_matrix("weight", values)
    network.save(root / "net.yaml")
    assert worker.ask({"path": str(root / "net.yaml"), "expected": bases[0].digest})["outcome"] == WRONG


def test_the_worker_notices_a_secret(
    worker: Worker, bases: list[mutate.Base], sound: tuple[Path, dict[str, str]], root: Path
) -> None:
    secret = {"path": str(sound[0] / "outside" / "secret.yaml"), "secrets": corpus.SECRETS}
    assert worker.ask(secret)["outcome"] == LEAK
    (root / "net.yaml").write_text(f"{corpus.TEXT}: [\n")
    assert worker.ask({"path": str(root / "net.yaml"), "secrets": corpus.SECRETS})["outcome"] in (LEAK, REFUSED)
    mark = {"path": str(bases[0].path), "expected": bases[0].digest, "forbidden": [str(root / "net.yaml")]}
    assert worker.ask(mark)["outcome"] == LEAK


def test_an_edit_is_told_from_damage(worker: Worker, bases: list[mutate.Base], root: Path) -> None:
    shutil.copytree(bases[0].path.parent, root, dirs_exist_ok=True)
    path = root / "net.yaml"
    path.write_text(path.read_text().replace("five regions", "six regions"))
    assert worker.ask({"path": str(path), "expected": bases[0].digest})["outcome"] == EDITED


# ---------------------------------------------------------------------- sidecars that nobody thought of

_PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
_TREES = st.recursive(
    _PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | _PLAIN, inner, max_size=4)
)
_YAML_TEXT = st.text(st.sampled_from(list("ab01:-[]{}&*!|>'\"%@`#,?~.<=\n \t\r\0\x85\u2028\ufeff")), max_size=200)
_QUIET = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


def _reads(path: Path) -> None:
    """Read it all: it may be refused, and nothing else may happen."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            network = Network.from_file(path)
            network.digest()
            repr(network)
        except TvboError:
            pass


@_QUIET
@given(text=st.text(max_size=300) | _YAML_TEXT, tail=st.booleans())
def test_any_text(text: str, tail: bool, root: Path) -> None:
    path = root / "net.yaml"
    path.write_bytes((f"number_of_nodes: 1\n{text}" if tail else text).encode("utf-8", "surrogatepass"))
    _reads(path)


@_QUIET
@given(data=st.binary(max_size=300), ending=st.sampled_from((".yaml", ".json", ".h5")))
def test_any_bytes(data: bytes, ending: str, root: Path) -> None:
    path = root / f"net{ending}"
    path.write_bytes(data)
    _reads(path)
    path.unlink()


def _spots(tree: Any, base: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List the paths of everything in a record."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    found = [base] if base else []
    for key, value in items:
        found += _spots(value, (*base, key))
    return found


@_QUIET
@given(data=st.data(), base=st.sampled_from(("regions", "surface")), changes=st.integers(1, 3))
def test_any_record(
    data: st.DataObject, base: str, changes: int, sound: tuple[Path, dict[str, str]], root: Path
) -> None:
    pair = sound[0] / base
    text = (pair / "net.yaml").read_text()
    record = yaml.load(text, Loader=yaml.CSafeLoader)
    for _ in range(changes):
        spots = _spots(record)
        if not spots:
            break
        spot = data.draw(st.sampled_from(spots))
        holder = record
        for key in spot[:-1]:
            holder = holder[key]
        how = data.draw(st.sampled_from(("put", "remove", "swap", "add")))
        if how == "remove":
            del holder[spot[-1]]
        elif how == "swap":
            other = record
            for key in data.draw(st.sampled_from(spots)):
                other = other[key]
            # A copy: what holds itself could not be dumped.
            holder[spot[-1]] = copy.deepcopy(other)
        elif how == "add" and isinstance(holder[spot[-1]], dict):
            holder[spot[-1]][data.draw(st.text(max_size=8))] = data.draw(_TREES)
        else:
            holder[spot[-1]] = data.draw(_TREES)
    shutil.copy(pair / "net.h5", root / "net.h5")
    try:
        dumped = yaml.dump(record, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
    except (UnicodeEncodeError, RecursionError):
        return
    (root / "net.yaml").write_bytes(f"{text.partition(chr(10))[0]}\n{dumped}".encode("utf-8", "surrogatepass"))
    _reads(root / "net.yaml")
