"""
What a disk may hold after a power cut, found from the recorded calls of one save.

Data that were not flushed may be lost, cut short, torn or zero. Names that were not flushed with their folder reach
the disk in one of two ways: in order, so that any beginning of the list is there (``ordered``: ext4, xfs, btrfs,
apfs); or each for itself (``unordered``: the worst that POSIX allows).
"""

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from harness import Call, Outcome, Subject

MODELS = ("ordered", "unordered")
# Beyond this, the choices of several files are tried one file at a time.
_COMBINATIONS = 64

Names = dict[str, int]
Files = dict[str, bytes]


@dataclass(frozen=True)
class _NameChange:
    """A name that appears, moves or goes; files have numbers of their own, since inodes are used again."""

    what: str
    name: str
    second: str
    file: int

    def on(self, names: Names) -> Names:
        after = dict(names)
        if self.what == "unlink":
            after.pop(self.name, None)
        elif self.what == "create":
            after[self.name] = self.file
        else:
            if self.what == "rename" and after.get(self.name) == self.file:
                del after[self.name]
            after[self.second] = self.file
        return after


@dataclass(frozen=True)
class _Change:
    """A change of what a file holds: data at a place, or a new size."""

    offset: int
    data: bytes | None

    def on(self, content: bytes) -> bytes:
        if self.data is None:
            return content[: self.offset].ljust(self.offset, b"\0")
        end = self.offset + len(self.data)
        return content[: self.offset].ljust(self.offset, b"\0") + self.data + content[end:]


def _applied(content: bytes, changes: Iterable[_Change]) -> bytes:
    for change in changes:
        content = change.on(content)
    return content


@dataclass
class Disk:
    """What is on the disk for sure, and what is still on its way."""

    names: Names = field(default_factory=dict)
    content: dict[int, bytes] = field(default_factory=dict)
    pending_names: list[_NameChange] = field(default_factory=list)
    pending: dict[int, list[_Change]] = field(default_factory=dict)
    inodes: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> "Disk":
        """Take a folder as it is: all of it was flushed long ago."""
        disk = cls()
        for path in sorted(folder.iterdir()):
            number = disk._add(path.stat().st_ino)
            disk.names[path.name] = number
            disk.content[number] = path.read_bytes()
        return disk

    def _add(self, inode: int) -> int:
        number = self.inodes[inode] = len(self.content)
        self.content[number], self.pending[number] = b"", []
        return number

    @property
    def current_names(self) -> Names:
        """The names that the running system sees."""
        names = self.names
        for change in self.pending_names:
            names = change.on(names)
        return names

    def files(self) -> Files:
        """Give the files that the running system sees."""
        return {name: _applied(self.content[i], self.pending[i]) for name, i in self.current_names.items()}

    def do(self, call: Call) -> None:
        """Follow one call."""
        if call.what == "create":
            self.pending_names.append(_NameChange("create", call.name, "", self._add(call.inode)))
        elif call.what in ("rename", "link"):
            self.pending_names.append(_NameChange(call.what, call.name, call.second, self.current_names[call.name]))
        elif call.what == "unlink":
            self.pending_names.append(_NameChange("unlink", call.name, "", -1))
        elif call.what == "write":
            self.pending[self.inodes[call.inode]].append(_Change(call.offset, call.data))
        elif call.what in ("truncate", "resize"):
            self.pending[self.inodes[call.inode]].append(_Change(call.offset, None))
        elif call.what == "fsync" and call.is_folder:
            self.names, self.pending_names = self.current_names, []
        elif call.what == "fsync":
            number = self.inodes[call.inode]
            self.content[number] = _applied(self.content[number], self.pending[number])
            self.pending[number] = []
        elif call.what not in ("lock", "chmod", "open"):
            raise NotImplementedError(f"a save now uses {call.what}, which this simulation does not know")

    def after_a_cut(self, model: str) -> Iterator[Files]:
        """Give every set of files that a power cut may leave now."""
        for some in self._name_choices(model):
            names = self.names
            for change in some:
                names = change.on(names)
            numbers = sorted(set(names.values()))
            choices = [self._content_choices(number) for number in numbers]
            for contents in _combined(choices):
                found = dict(zip(numbers, contents, strict=True))
                yield {name: found[number] for name, number in names.items()}

    def _name_choices(self, model: str) -> Iterator[tuple[_NameChange, ...]]:
        for length in range(len(self.pending_names) + 1):
            if model == "ordered":
                yield tuple(self.pending_names[:length])
            else:
                yield from itertools.combinations(self.pending_names, length)

    def _content_choices(self, number: int) -> list[bytes]:
        old, changes = self.content[number], self.pending[number]
        if not changes:
            return [old]
        last = changes[-1]
        choices = [_applied(old, changes[:length]) for length in range(len(changes) + 1)]
        choices += [_applied(old, changes[:i] + changes[i + 1 :]) for i in range(len(changes))]
        whole = _applied(old, changes)
        # The size may reach the disk before the data do.
        choices.append(bytes(len(whole)))
        if last.data:
            half = _Change(last.offset, last.data[: len(last.data) // 2])
            torn = _applied(old, [*changes[:-1], half])
            choices += [torn, torn.ljust(len(whole), b"\0")]
        return list(dict.fromkeys(choices))


def _combined(choices: list[list[bytes]]) -> Iterator[tuple[bytes, ...]]:
    total = 1
    for each in choices:
        total *= len(each)
    if total <= _COMBINATIONS:
        yield from itertools.product(*choices)
        return
    for others in (0, -1):
        base = [each[others] for each in choices]
        for i, each in enumerate(choices):
            for content in each:
                yield (*base[:i], content, *base[i + 1 :])


def states(subject: Subject, model: str) -> Iterator[tuple[str, Files, bool]]:
    """Give each state once: a name for it, its files, and whether the save had returned by then."""
    disk = Disk.of(subject.saved_over)
    seen: dict[bytes, bool] = {}
    for number in range(len(subject.calls) + 1):
        if number:
            disk.do(subject.calls[number - 1])
        finished = number == len(subject.calls)
        for files in disk.after_a_cut(model):
            key = hashlib.sha256()
            for name in sorted(files):
                key.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
            # A state that could be there before the end must be looked at again if it is there after it.
            if seen.get(key.digest(), False) >= finished and key.digest() in seen:
                continue
            seen[key.digest()] = finished
            yield f"power cut after call {number}, names {model}", files, finished


def is_complete(subject: Subject) -> bool:
    """Tell whether the recorded calls lead to the files that the save left: nothing went past the shim."""
    disk = Disk.of(subject.saved_over)
    for call in subject.calls:
        disk.do(call)
    return disk.files() == {path.name: path.read_bytes() for path in subject.saved.iterdir()}


def cuts(subject: Subject, model: str) -> Iterator[Outcome]:
    """Load every state; once the save has returned, only the new network will do."""
    for name, files, finished in states(subject, model):
        folder = subject.bench.place()
        folder.mkdir()
        for file, content in files.items():
            (folder / file).write_bytes(content)
        yield subject.judge(folder, name, {} if finished else {"error": "power cut"})
