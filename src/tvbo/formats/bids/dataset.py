"""The files of a BIDS dataset: which networks there are, and which sidecars hold for each file."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from tvbo.errors import DamagedFileError, DuplicateNameError, NetworkNotFoundError, UnsafeFileError
from tvbo.formats.bids.names import (
    DATATYPES,
    LAYOUTS,
    NODES,
    RELMAT,
    Name,
    long_names,
    parsed,
    short_names,
)
from tvbo.limits import Limits
from tvbo.storage.files import read_bytes
from tvbo.storage.sidecar import read_json

DESCRIPTION = "dataset_description.json"
# A sidecar stands above what it says of a file of any of these.
_DATA = tuple(f"{layout}{kind}" for kind in (".tsv", ".h5") for layout in ("", *(f".{each}" for each in LAYOUTS)))
_TABLE, _SIDECAR = ".tsv", ".json"


@dataclass(frozen=True, slots=True)
class BidsNetwork:
    """
    One network of a dataset: the relationship matrices that differ in nothing but their measure.

    Attributes
    ----------
    root : Path
        The folder of the dataset.
    folder : Path
        Where the files lie.
    entities : dict of str to str
        What the names of the files say, such as ``{"subject": "01", "atlas": "DesikanKilliany"}``.
    files : tuple of Path
        The matrices.
    """

    root: Path
    folder: Path
    entities: dict[str, str]
    files: tuple[Path, ...]

    @property
    def subject(self) -> str | None:
        """The subject; None for a matrix of no subject."""
        return self.entities.get("subject")

    @property
    def session(self) -> str | None:
        """The session, if there is one."""
        return self.entities.get("session")

    @property
    def datatype(self) -> str | None:
        """The folder within the subject, such as ``dwi``; None outside of subjects."""
        return self.folder.name if self.folder.name in DATATYPES else None

    @property
    def measures(self) -> tuple[str, ...]:
        """What was measured: the value of ``meas``, or of ``stat``, in each file's name."""
        return tuple(name.measure for name in map(_named, self.files))

    @property
    def key(self) -> str:
        """What the names of the files have in common, such as ``sub-01_atlas-DK``."""
        return _named(self.files[0]).key

    def __str__(self) -> str:
        said = ", ".join(f"{name}={value!r}" for name, value in self.entities.items())
        return f"{said or self.key or 'no entities'} in {self.folder.name}"


def _named(path: Path) -> Name:
    found = parsed(path.name)
    if found is None:
        raise DamagedFileError(f"{path.name[:100]!r} is no name of BIDS")
    return found


def is_matrix(path: Path) -> bool:
    """
    Tell by its name whether a file is a relationship matrix.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    bool
        True for tables and HDF5.
    """
    name = parsed(path.name)
    return name is not None and name.suffix == RELMAT and name.extension in _DATA


def root_of(path: Path) -> Path:
    """
    Find the dataset that a file belongs to.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Path
        The nearest folder above with a ``dataset_description.json``; the file's own folder if there is none.
    """
    folder = path.absolute().parent
    return next((each for each in (folder, *folder.parents) if (each / DESCRIPTION).is_file()), folder)


def list_networks(
    folder: "str | os.PathLike[str]",
    *,
    limits: Limits = Limits(),  # noqa: B008 - it cannot be changed
) -> list[BidsNetwork]:
    """
    List the networks of a dataset; nothing but names of files is looked at.

    Parameters
    ----------
    folder : path-like
        The dataset.
    limits : Limits
        ``objects`` files and folders, which nest ``depth`` deep.

    Returns
    -------
    list of BidsNetwork
        The networks, by their folders and entities. Datasets within the dataset (``derivatives/...``) are others.

    Raises
    ------
    NetworkNotFoundError
        If there is no such folder.
    """
    root = Path(folder).absolute()
    if not root.is_dir():
        raise NetworkNotFoundError(f"there is no folder {root}")
    groups: dict[tuple[Path, str], list[Path]] = {}
    for path in _files(root, limits):
        if is_matrix(path):
            groups.setdefault((path.parent, _named(path).key), []).append(path)
    return [_network(root, files) for _, files in sorted(groups.items())]


def _network(root: Path, files: list[Path]) -> BidsNetwork:
    entities = long_names(_named(files[0]).entities)
    return BidsNetwork(root, files[0].parent, entities, tuple(sorted(files)))


def _files(root: Path, limits: Limits) -> Iterator[Path]:
    """Walk through a dataset; links to folders are not followed, and other datasets are left out."""
    count, left = 0, [(root, 0)]
    while left:
        folder, depth = left.pop()
        limits.check("depth", depth, folder)
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            raise UnsafeFileError(f"{folder} cannot be looked into: {error.strerror}") from error
        count += len(entries)
        limits.check("objects", count, root)
        for entry in entries:
            path = folder / entry.name
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                if not (path / DESCRIPTION).exists():
                    left.append((path, depth + 1))
            elif not entry.is_dir():
                yield path


def nested(root: Path) -> list[str]:
    """
    List the datasets that lie in a dataset, as derivatives do.

    Parameters
    ----------
    root : Path
        The dataset.

    Returns
    -------
    list of str
        Their folders, for messages.
    """
    return sorted(str(path.parent.relative_to(root)) for path in root.glob(f"derivatives/*/{DESCRIPTION}"))[:10]


def chosen(path: Path, wanted: Mapping[str, Any], limits: Limits) -> BidsNetwork:
    """
    Give the one network that is asked for.

    Parameters
    ----------
    path : Path
        A dataset, or a file of one.
    wanted : mapping of str to str
        Entities that it must have; ``datatype`` is its folder.
    limits : Limits
        What looking may take.

    Returns
    -------
    BidsNetwork
        The network.

    Raises
    ------
    NetworkNotFoundError
        If there is none.
    DuplicateNameError
        If there are several; the message lists them.
    """
    datatype = wanted.get("datatype")
    entities = short_names({name: value for name, value in wanted.items() if name != "datatype"})
    there = list_networks(path, limits=limits) if path.is_dir() else [_of_file(path.absolute(), limits)]
    found = [
        each
        for each in there
        if entities.items() <= _named(each.files[0]).entities.items() and datatype in (None, each.datatype)
    ]
    if len(found) == 1:
        return found[0]
    listed = "; ".join(map(str, (found or there)[:10])) + ("; ..." if len(found or there) > 10 else "")
    asked = ", ".join(f"{name}={value!r}" for name, value in wanted.items())
    if found:
        raise DuplicateNameError(
            f"{path} holds {len(found)} networks{f' with {asked}' if asked else ''}: say which, with subject=, "
            f"session= or entities=. There are: {listed}"
        )
    others = nested(path) if path.is_dir() else []
    hint = f"; it holds other datasets: {', '.join(others)}" if others else ""
    if path.is_dir() and not (there or others):
        raise NetworkNotFoundError(
            f"{path} is a folder, and holds no relationship matrix as a dataset of BIDS does: "
            "name a file in it; tvbo cohort takes folders of other networks"
        )
    raise NetworkNotFoundError(
        f"{path} holds no relationship matrix{f' with {asked}' if asked else ''}; there are: {listed or 'none'}{hint}"
    )


def _of_file(path: Path, limits: Limits) -> BidsNetwork:
    """Give the network that a matrix or a sidecar belongs to."""
    name = parsed(path.name)
    if name is None or name.suffix not in (RELMAT, NODES):
        raise NetworkNotFoundError(f"{path} is not called as a relationship matrix of BIDS is: expected ..._relmat.tsv")
    if not path.exists():
        raise NetworkNotFoundError(f"there is no file {path}")
    beside = [path.parent / each.name for each in os.scandir(path.parent)]
    limits.check("objects", len(beside), path.parent)
    files = [each for each in beside if is_matrix(each) and _named(each).key == name.key]
    if not files:
        raise NetworkNotFoundError(f"{path} has no relationship matrix beside it: expected {name.key}_..._relmat.tsv")
    return _network(root_of(path), files)


@dataclass(frozen=True, slots=True)
class Sidecars:
    """
    Reads the files that belong to a network, and none outside of its dataset.

    Attributes
    ----------
    root, folder : Path
        The dataset, and where the network lies in it.
    limits : Limits
        What each file may ask for.
    """

    root: Path
    folder: Path
    limits: Limits

    def inside(self, path: Path) -> Path:
        """
        Refuse a file that lies outside of the dataset, wherever links lead.

        Parameters
        ----------
        path : Path
            The file.

        Returns
        -------
        Path
            The same.

        Raises
        ------
        UnsafeFileError
            If it does.
        """
        if not self.limits.outside and not path.resolve().is_relative_to(self.root.resolve()):
            raise UnsafeFileError(
                f"{path} lies outside of the dataset {self.root}: "
                "if you trust it, open it with limits=Limits(outside=True)"
            )
        return path

    def json(self, path: Path) -> dict[str, Any]:
        """
        Read a file of JSON.

        Parameters
        ----------
        path : Path
            The file.

        Returns
        -------
        dict
            What it says.

        Raises
        ------
        DamagedFileError
            If it is no mapping in JSON.
        """
        data = read_bytes(self.inside(path), self.limits.sidecar_bytes)
        try:
            found = read_json(data.decode("utf-8-sig"), path, self.limits)
        except UnsafeFileError:
            raise
        except ValueError as error:
            raise DamagedFileError(f"{path} cannot be understood: {error}") from error
        if not isinstance(found, dict):
            raise DamagedFileError(f"{path} holds a {type(found).__name__}: expected a mapping")
        return found

    def applying(self, name: Name, suffix: str, extension: str) -> list[Path]:
        """
        List the files that hold for another one: in its folder or above, with no entity that it has not.

        Parameters
        ----------
        name : Name
            The name of that file.
        suffix, extension : str
            Which files.

        Returns
        -------
        list of Path
            Those that count least first: from the root down, and fewer entities before more.
        """
        above = [self.folder, *self.folder.parents]
        above = above[: above.index(self.root) + 1] if self.root in above else [self.folder]
        found = []
        for folder in reversed(above):
            here = []
            for entry in os.scandir(folder):
                other = parsed(entry.name)
                if other is None or (other.suffix, other.extension) != (suffix, extension):
                    continue
                if other.all_entities <= name.all_entities:
                    here.append((len(other.all_entities), entry.name))
            found += [folder / entry_name for _, entry_name in sorted(here)]
        return found

    def of(self, path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
        """
        Read what holds for a matrix: its sidecar, and those that it inherits.

        Parameters
        ----------
        path : Path
            The matrix.

        Returns
        -------
        said : dict
            All keys, those nearest to the file before others.
        own : dict
            Those of the sidecar beside it that has its name; empty without.
        """
        name = _named(path)
        said: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for each in self.applying(name, RELMAT, _SIDECAR):
            found = self.json(each)
            said |= found
            if each.parent == self.folder and _named(each).all_entities == name.all_entities:
                own = found
        return said, own

    def node_file(self, name: Name, said: Mapping[str, Any]) -> Path | None:
        """
        Find the table that says what the rows of a matrix are.

        Parameters
        ----------
        name : Name
            The name of the matrix.
        said : mapping
            Its sidecar.

        Returns
        -------
        Path or None
            The table of its name; else the one that the sidecar names; else one that it inherits; else None.
        """
        applying = self.applying(name, NODES, _TABLE)
        here = [each for each in applying if each.parent == self.folder and _named(each).key == name.key]
        if here:
            return self.inside(here[-1])
        for stated in _stated(said):
            named = self._stated(stated)
            if named is not None:
                return named
        return self.inside(applying[-1]) if applying else None

    def _stated(self, stated: str) -> Path | None:
        """Give the file that a sidecar names, if it is such a table of this dataset."""
        scheme, _, rest = stated.partition("::")
        text = rest if scheme == "bids" and rest else stated
        if not text.endswith(f"_{NODES}{_TABLE}"):
            return None
        pure = PurePosixPath(text)
        if (pure.is_absolute() or ".." in pure.parts or set(text) & {"\\", ":", "\0"}) and not self.limits.outside:
            raise UnsafeFileError(
                f"a sidecar in {self.folder} names {stated[:100]!r}: expected a file of its dataset; "
                "if you trust it, open it with limits=Limits(outside=True)"
            )
        for folder in (self.root, self.folder):
            path = folder / text
            if path.is_file():
                return self.inside(path)
        return None


def _stated(said: Mapping[str, Any]) -> Iterator[str]:
    """List what a sidecar names as the files of its nodes, whichever key says it."""
    values: list[Any] = [said.get("NodeIndicesFile"), said.get("NodeFiles")]
    axes = said.get("Axes")
    if isinstance(axes, list):
        values += [axis.get("NodeFile") for axis in axes if isinstance(axis, dict)]
    for value in values:
        yield from (each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str))
