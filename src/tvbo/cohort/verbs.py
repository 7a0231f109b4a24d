"""What is done with whole cohorts most often: converting, validating, naming their content."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tvbo import registry
from tvbo.cohort.items import Item, Source, find_items
from tvbo.cohort.jobs import NetworkJob, Product, named
from tvbo.cohort.mapping import map_networks, run
from tvbo.cohort.report import DONE, INVALID, Outcomes
from tvbo.errors import TvboError
from tvbo.model.network import Network


def as_it_is(network: Network) -> Network:
    """
    Give a network back.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    Network
        The same.
    """
    return network


def digest_of(network: Network) -> str:
    """
    Name the content of a network.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    str
        Its digest.
    """
    return network.digest()


def convert(
    sources: "Source | Iterable[Source]",
    into: "str | os.PathLike[str]",
    *,
    from_format: str | None = None,
    to_format: str | None = None,
    strict: bool = False,
    beside: Mapping[str, str] | None = None,
    **running: Any,
) -> Outcomes:
    """
    Convert every network of a cohort.

    Parameters
    ----------
    sources : path-like, str, Item, or an iterable of these
        The networks, as `find_items` takes them.
    into : path-like
        The folder for the results, with the folders that the sources have.
    from_format, to_format : str, optional
        Formats, where the extension does not tell; ``"tvbo"`` is what is written without.
    strict : bool
        Whether it is an error to lose anything; else it is a warning, in the report.
    beside : mapping of str to str, optional
        Files in the folder of each table: ``{"lengths": "lengths.csv", "centres": "centres.txt"}``.
    **running : object
        ``executor``, ``workers``, ``start_method``, ``report`` and ``progress``, as `map_networks` takes them.

    Returns
    -------
    Outcomes
        What became of each.
    """
    items = find_items(sources, format=from_format, beside=beside)
    return map_networks(
        as_it_is, items, into=into, format=to_format, saving={"strict": strict}, title="convert", **running
    )


@dataclass(frozen=True, slots=True)
class ValidateJob:
    """
    Checks a network.

    Attributes
    ----------
    deep : bool
        Whether every array is read and compared with its checksum.
    title : str
        What to call it where somebody looks.
    """

    deep: bool = False
    title: str = "validate"

    def __call__(self, item: Item) -> Product:
        try:
            check = getattr(registry.for_path(item.path, "read", item.format), "validate", None)
            report = check(item.path, deep=self.deep) if check else item.open().validate(deep=self.deep)
            problems, notes = [str(problem) for problem in report.problems], list(report.notes)
        except TvboError as error:
            problems, notes = ["; ".join([str(error), *getattr(error, "__notes__", ())])], []
        value = {"valid": not problems, "deep": self.deep, "problems": problems, "notes": notes}
        return Product(value, status=INVALID if problems else DONE)

    def fingerprint(self) -> str:
        """
        Name the check and its options.

        Returns
        -------
        str
            ``sha256:`` and 64 hexadecimal digits.
        """
        return named(ValidateJob, deep=self.deep)

    def still_there(self, output: str, files: str) -> bool:
        """
        Tell whether what was written is there.

        Parameters
        ----------
        output, files : str
            Nothing is written.

        Returns
        -------
        bool
            True.
        """
        return True


def validate(
    sources: "Source | Iterable[Source]",
    *,
    deep: bool = False,
    from_format: str | None = None,
    report: "str | os.PathLike[str] | None" = None,
    **running: Any,
) -> Outcomes:
    """
    Check every network of a cohort.

    Parameters
    ----------
    sources : path-like, str, Item, or an iterable of these
        The networks, as `find_items` takes them.
    deep : bool
        Whether every array is read and compared with its checksum.
    from_format : str, optional
        The format, where the extension does not tell.
    report : path-like, optional
        The report, as `map_networks` takes it.
    **running : object
        ``executor``, ``workers``, ``start_method`` and ``progress``, as `map_networks` takes them.

    Returns
    -------
    Outcomes
        Its `values` say what is wrong with each.
    """
    items = find_items(sources, format=from_format)
    where = None if report is None else Path(report).absolute()
    return run(ValidateJob(deep), items, report=where, **running)


def digests(
    sources: "Source | Iterable[Source]",
    *,
    from_format: str | None = None,
    report: "str | os.PathLike[str] | None" = None,
    **running: Any,
) -> Outcomes:
    """
    Name the content of every network of a cohort.

    Parameters
    ----------
    sources : path-like, str, Item, or an iterable of these
        The networks, as `find_items` takes them.
    from_format : str, optional
        The format, where the extension does not tell.
    report : path-like, optional
        The report, as `map_networks` takes it.
    **running : object
        ``executor``, ``workers``, ``start_method`` and ``progress``, as `map_networks` takes them.

    Returns
    -------
    Outcomes
        Its `values` are what ``Network.digest()`` gives for each.
    """
    items = find_items(sources, format=from_format)
    where = None if report is None else Path(report).absolute()
    return run(NetworkJob(digest_of, title="digest"), items, report=where, **running)
