"""
The report of a run: one line of JSON for each network, which is also what a later run goes on from.

Lines are appended as networks are finished, each in a single write, so that a run that is killed leaves at most one
torn line, at the end. A later line counts more than an earlier one of the same network. When a run begins and when it
ends, the file is replaced by one with a single line for each network.
"""

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, overload

from tvbo.cohort.items import Item
from tvbo.errors import CohortError, warn
from tvbo.storage.files import check_plain
from tvbo.storage.replacing import write_file

if sys.platform != "win32":
    import fcntl

DONE, FAILED, INVALID = "done", "failed", "invalid"
STATUSES = (DONE, FAILED, INVALID)
_TEXTS = ("source", "task", "digest_in", "digest_out", "output", "files")
_BEGIN = b'{"item": '


@dataclass(frozen=True, slots=True)
class Failure:
    """
    Why a network could not be dealt with.

    Attributes
    ----------
    type : str
        The class of the exception.
    message : str
        What it says, with its notes.
    where : str
        The line of code that raised it.
    """

    type: str
    message: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.type}: {self.message}"


@dataclass(frozen=True, slots=True)
class Record:
    """
    What became of one network.

    Attributes
    ----------
    item : str
        Its name in the cohort.
    status : {"done", "failed", "invalid"}
        What became of it; ``invalid`` is an answer, of `validate`.
    source : str
        Where it lies.
    task : str
        Names the function and its options.
    digest_in : str
        SHA-256 of the files that it was read from.
    digest_out : str
        ``Network.digest()`` of what was made of it.
    output : str
        What was written, relative to the folder that all is written to.
    files : str
        SHA-256 of the files that were written.
    seconds : float
        How long it took.
    value : object
        What the function gave, if that was no network.
    warnings : tuple of str
        What was warned of.
    error : Failure or None
        Why it failed.
    fresh : bool
        Whether it was done in this run; else an earlier one did it, and nothing has changed since.
    """

    item: str
    status: str
    source: str = ""
    task: str = ""
    digest_in: str = ""
    digest_out: str = ""
    output: str = ""
    files: str = ""
    seconds: float = 0.0
    value: Any = None
    warnings: tuple[str, ...] = ()
    error: Failure | None = None
    fresh: bool = True

    def line(self) -> str:
        """
        Give its line in a report.

        Returns
        -------
        str
            JSON, without what is empty, and without the end of the line.

        Raises
        ------
        TypeError, ValueError
            If the value is nothing that JSON has.
        """
        said: dict[str, Any] = {"item": self.item, "status": self.status}
        said |= {key: getattr(self, key) for key in _TEXTS if getattr(self, key)}
        said["seconds"] = round(self.seconds, 6)
        if self.value is not None:
            said["value"] = self.value
        if self.warnings:
            said["warnings"] = self.warnings
        if self.error is not None:
            said["error"] = asdict(self.error)
        return json.dumps(said, ensure_ascii=False, allow_nan=False)


def record_of(line: str) -> Record:
    """
    Read a line of a report.

    Parameters
    ----------
    line : str
        The line.

    Returns
    -------
    Record
        What it says.

    Raises
    ------
    ValueError
        If it is torn, or no line of a report.
    """
    said = json.loads(line)
    if not isinstance(said, dict) or said.get("status") not in STATUSES or not isinstance(said.get("item"), str):
        raise ValueError("it names no network, or no status")
    if not all(isinstance(said.get(key, ""), str) for key in _TEXTS):
        raise ValueError("a field that should be text is none")
    error = said.get("error")
    return Record(
        said["item"],
        said["status"],
        **{key: said.get(key, "") for key in _TEXTS},
        seconds=float(said.get("seconds", 0.0)),
        value=said.get("value"),
        warnings=tuple(map(str, said.get("warnings", ()))),
        error=None if error is None else Failure(**{key: str(value) for key, value in error.items()}),
        fresh=False,
    )


class Outcomes(Sequence[Record]):
    """
    What became of every network of a run, in the order in which they were given.

    Parameters
    ----------
    records : sequence of Record
        One for each network.
    """

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = tuple(records)

    @overload
    def __getitem__(self, index: int) -> Record: ...

    @overload
    def __getitem__(self, index: slice) -> "Outcomes": ...

    def __getitem__(self, index: int | slice) -> "Record | Outcomes":
        return Outcomes(self._records[index]) if isinstance(index, slice) else self._records[index]

    def __len__(self) -> int:
        return len(self._records)

    @property
    def failed(self) -> "Outcomes":
        """Those that could not be dealt with."""
        return Outcomes([each for each in self._records if each.status == FAILED])

    @property
    def invalid(self) -> "Outcomes":
        """Those that `validate` found something wrong with."""
        return Outcomes([each for each in self._records if each.status == INVALID])

    @property
    def unchanged(self) -> "Outcomes":
        """Those that an earlier run had done."""
        return Outcomes([each for each in self._records if not each.fresh])

    @property
    def values(self) -> dict[str, Any]:
        """What the function gave for each network that did not fail, by name."""
        return {each.item: each.value for each in self._records if each.status != FAILED}

    def raise_failures(self) -> None:
        """
        Raise an error if a network failed.

        Raises
        ------
        CohortError
            It names the first ones.
        """
        failed = self.failed
        if failed:
            error = CohortError(f"{len(failed)} of {len(self)} networks failed")
            for each in failed[:5]:
                error.add_note(f"{each.item}: {each.error}")
            raise error

    def __str__(self) -> str:
        counts = {
            "done": sum(each.status == DONE and each.fresh for each in self._records),
            "done before": sum(not each.fresh for each in self._records),
            "invalid": len(self.invalid),
            "failed": len(self.failed),
        }
        return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count) or "no networks"

    def __repr__(self) -> str:
        return f"<Outcomes of {len(self):,} networks: {self}>"


class Report:
    """
    A report on disk, written by one process at a time; a context manager.

    Parameters
    ----------
    path : Path
        The file; it is made if it is not there.

    Attributes
    ----------
    known : dict of str to Record
        What it said when it was opened, by item.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[str, Record] = {}
        self._descriptor = -1
        self._lock = -1

    def __enter__(self) -> "Report":
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = self._locked()
        try:
            torn = self._read()
            if torn:
                self._replace(self.known)
            self._descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        try:
            if self._descriptor >= 0:
                os.fsync(self._descriptor)
        finally:
            self._close()

    def append(self, record: Record) -> None:
        """
        Write the line of a network down at once.

        Parameters
        ----------
        record : Record
            What became of it.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        data = f"{record.line()}\n".encode("utf-8", "surrogatepass")
        left = memoryview(data)
        while left:
            left = left[os.write(self._descriptor, left) :]

    def tidy(self, order: Sequence[Item], said: Mapping[str, Record]) -> None:
        """
        Replace the file by one with a single line for each network.

        Parameters
        ----------
        order : sequence of Item
            The networks of this run, whose lines come first.
        said : mapping of str to Record
            What became of them.
        """
        lines = {item.name: said[item.name] for item in order if item.name in said}
        self._replace(lines | {name: record for name, record in self.known.items() if name not in lines})

    def _replace(self, records: Mapping[str, Record]) -> None:
        text = "".join(f"{record.line()}\n" for record in records.values())
        write_file(self.path, text.encode("utf-8", "surrogatepass"))

    def _read(self) -> bool:
        """Take what is there; true if there is more than one good line for each network."""
        if not self.path.exists():
            return False
        check_plain(self.path)
        count, bad = 0, 0
        data = b"\n"
        with self.path.open("rb") as file:
            for count, data in enumerate(file, 1):  # noqa: B007 - the number of the last line is wanted
                try:
                    record = record_of(data.decode("utf-8", "surrogatepass"))
                except (ValueError, TypeError, RecursionError):
                    bad += 1
                    continue
                self.known[record.item] = record
        if bad and not self.known and not (count == 1 and _BEGIN.startswith(data[: len(_BEGIN)])):
            raise CohortError(
                f"{self.path} is there already and is no report of a cohort: name another file, or remove it first"
            )
        torn = not data.endswith(b"\n")
        if bad > torn:
            warn(f"{self.path}: {bad} lines cannot be read; what they said of is done again")
        return torn or bad > 0 or count > len(self.known)

    def _locked(self) -> int:
        """Keep other runs out; the kernel frees it when this process dies."""
        if sys.platform == "win32":
            return -1
        # Beside, since the report itself is replaced.
        beside = self.path.with_name(f".{self.path.name}.lock")
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise CohortError(f"another run is writing {self.path}: wait for it, or name another report") from None
        except OSError:
            # A file system without locks.
            pass
        return descriptor

    def _close(self) -> None:
        for descriptor in (self._descriptor, self._lock):
            if descriptor >= 0:
                os.close(descriptor)
        self._descriptor = self._lock = -1


@contextlib.contextmanager
def reported(path: Path | None) -> Iterator[Report | None]:
    """
    Open a report, if there is to be one.

    Parameters
    ----------
    path : Path or None
        The file.

    Yields
    ------
    Report or None
        The report.
    """
    if path is None:
        yield None
        return
    with Report(path) as report:
        yield report


def as_json(record: Record) -> Record:
    """
    Refuse a value that a report cannot hold.

    Parameters
    ----------
    record : Record
        What became of a network.

    Returns
    -------
    Record
        The same, or one of a failure.
    """
    try:
        record.line()
    except (TypeError, ValueError) as error:
        said = Failure(
            type(error).__name__,
            f"what the function gave cannot be written into the report ({error}): "
            "expected what JSON has, such as a finite number, text, a list or a mapping; or a Network",
        )
        return replace(record, status=FAILED, value=None, error=said)
    return record


__all__ = ["DONE", "FAILED", "INVALID", "Failure", "Outcomes", "Record", "Report", "as_json", "record_of", "reported"]
