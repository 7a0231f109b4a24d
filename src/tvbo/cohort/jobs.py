"""What is done with one network, wherever that is: a job is sent to another process, and a record comes back."""

import contextlib
import hashlib
import inspect
import json
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, NamedTuple, Protocol

import tvbo
from tvbo import registry
from tvbo.cohort.items import Item, digest_of_files
from tvbo.cohort.report import DONE, FAILED, Failure, Record, as_json
from tvbo.errors import TvboError
from tvbo.model.network import Network


class Product(NamedTuple):
    """
    What was made of one network.

    Attributes
    ----------
    value : object
        What the function gave, if that was no network to be saved.
    digest : str
        Digest of the network that it gave.
    output : str
        What was written, relative to the folder that all is written to.
    files : str
        Digest of the files that were written.
    status : str
        The answer.
    """

    value: Any = None
    digest: str = ""
    output: str = ""
    files: str = ""
    status: str = DONE


class Job(Protocol):
    """What is done with each network; it can be sent to another process."""

    @property
    def title(self) -> str:
        """What to call it where somebody looks."""

    def __call__(self, item: Item) -> Product:  # numpydoc ignore=PR01
        """Do it."""

    def fingerprint(self) -> str:
        """Name the function and its options."""

    def still_there(self, output: str, files: str) -> bool:  # numpydoc ignore=PR01
        """Tell whether what was written is there, as it was written."""


class Before(NamedTuple):
    """
    What an earlier run of the same task made of a network.

    Attributes
    ----------
    digest_in, output, files : str
        As the record of it says.
    """

    digest_in: str
    output: str
    files: str


@dataclass(frozen=True, slots=True)
class NetworkJob:
    """
    A function of a network; the network that it gives is saved.

    Attributes
    ----------
    function : callable
        Takes a `Network` and options; gives a `Network`, or a value.
    options : mapping of str to object
        What else it is given.
    into : Path or None
        The folder that networks are saved in; without one they are given back.
    ending : str
        How their files end.
    format : str or None
        The format that they are saved in.
    saving : mapping of str to object
        Options of `Network.save`.
    version : str
        What the caller calls this version of the function.
    title : str
        What to call it where somebody looks.
    """

    function: Callable[..., Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    into: Path | None = None
    ending: str = ".yaml"
    format: str | None = None
    saving: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""
    title: str = "networks"

    def __call__(self, item: Item) -> Product:
        made = self.function(item.open(), **self.options)
        if not isinstance(made, Network):
            return Product(made)
        digest = made.digest()
        if self.into is None:
            return Product(made, digest)
        output = f"{item.name}{self.ending}"
        path = self.into / output
        path.parent.mkdir(parents=True, exist_ok=True)
        made.save(path, format=self.format, **self.saving)
        return Product(None, digest, output, self._digest(path))

    def fingerprint(self) -> str:
        """
        Name the function and its options.

        Returns
        -------
        str
            ``sha256:`` and 64 hexadecimal digits.

        Raises
        ------
        TypeError
            If an option is nothing that can be named.
        """
        return named(
            self.function,
            options=self.options,
            ending=self.ending,
            format=self.format,
            saving=self.saving,
            version=self.version,
        )

    def still_there(self, output: str, files: str) -> bool:
        """
        Tell whether what was written is there, as it was written.

        Parameters
        ----------
        output : str
            What was written; empty if nothing was.
        files : str
            Digest of its files.

        Returns
        -------
        bool
            True also if nothing was written.
        """
        if not output:
            return True
        if self.into is None:
            return False
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return self._digest(self.into / output) == files
        except (TvboError, OSError):
            return False

    def _digest(self, path: Path) -> str:
        return digest_of_files(registry.files_of(path, self.format))


def named(function: Any, **what: Any) -> str:
    """
    Name a function and its options, so that a later run knows whether they are the same.

    Parameters
    ----------
    function : callable
        The function; its source counts, but not that of what it calls.
    **what : object
        What else counts: plain values and paths.

    Returns
    -------
    str
        ``sha256:`` and 64 hexadecimal digits.

    Raises
    ------
    TypeError
        If an option is nothing that can be named.
    """
    parts: list[Any] = []
    while hasattr(function, "func") and hasattr(function, "keywords"):
        parts += [list(function.args), dict(function.keywords)]
        function = function.func
    try:
        source = inspect.getsource(function)
    except (OSError, TypeError):
        # Defined at a prompt, or compiled.
        code = getattr(function, "__code__", None)
        source = "" if code is None else f"{code.co_code!r}{code.co_consts!r}{code.co_names!r}"
    name = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', type(function).__qualname__)}"
    try:
        said = json.dumps([name, source, parts, what, tvbo.__version__], sort_keys=True, default=_plain)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"the options of {name} cannot be named ({error}), so that a later run could not tell whether they are "
            "the same: expected numbers, text, paths, lists and mappings"
        ) from error
    return f"sha256:{hashlib.sha256(said.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _plain(value: Any) -> Any:
    if isinstance(value, PurePath):
        return str(value)
    if hasattr(value, "tolist"):
        # A number or an array of numpy.
        return [str(value.dtype), value.tolist()]
    raise TypeError(f"a {type(value).__name__} is no plain value")


def attempt(job: Job, task: str, item: Item, before: Before | None, as_lines: bool) -> Record | None:
    """
    Do a job on one network; whatever goes wrong is told, and raised nowhere.

    Parameters
    ----------
    job : Job
        What to do.
    task : str
        Its fingerprint.
    item : Item
        The network.
    before : Before or None
        What an earlier run made of it, if the task was the same.
    as_lines : bool
        Whether the record is for a report, which holds what JSON has.

    Returns
    -------
    Record or None
        What became of it; None if nothing has changed since.
    """
    start = time.perf_counter()
    digest = ""
    failure: Failure | None = None
    said: list[str] = []
    try:
        with heard(said):
            digest = item.digest()
            same = before is not None and before.digest_in == digest
            if before is not None and same and job.still_there(before.output, before.files):
                return None
            made = job(item)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - one bad network must not stop the others
        status, made, failure = FAILED, Product(), failure_of(error)
    else:
        status = made.status
    record = Record(
        item.name,
        status,
        str(item.path),
        task,
        digest,
        made.digest,
        made.output,
        made.files,
        time.perf_counter() - start,
        made.value,
        tuple(dict.fromkeys(said)),
        failure,
    )
    return as_json(record) if as_lines else record


def attempt_each(
    job: Job, task: str, several: Sequence[tuple[Item, Before | None]], as_lines: bool
) -> list[Record | None]:
    """
    Do a job on some networks, one after the other.

    Parameters
    ----------
    job : Job
        What to do.
    task : str
        Its fingerprint.
    several : sequence of (Item, Before or None)
        The networks, and what an earlier run made of them.
    as_lines : bool
        Whether the records are for a report.

    Returns
    -------
    list of (Record or None)
        As `attempt` gives them.
    """
    return [attempt(job, task, item, before, as_lines) for item, before in several]


@contextlib.contextmanager
def heard(said: list[str]) -> Iterator[None]:
    """
    Take warnings down. Where threads share a process, one may be noted at the network of another thread.

    Parameters
    ----------
    said : list of str
        Gets them.

    Yields
    ------
    None
        While they are taken down.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        try:
            yield
        finally:
            said += [f"{each.category.__name__}: {each.message}" for each in caught or ()]


def failure_of(error: BaseException) -> Failure:
    """
    Tell of an exception in plain values, which travel between processes whatever it was.

    Parameters
    ----------
    error : BaseException
        The exception.

    Returns
    -------
    Failure
        Its class, what it says, and where it was raised.
    """
    message = "; ".join(filter(None, [str(error), *getattr(error, "__notes__", ())])) or type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno} in {frames[-1].name}" if frames else ""
    return Failure(type(error).__name__, " ".join(message.split()), where)
