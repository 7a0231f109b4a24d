"""
The networks of a cohort, found: files, folders, patterns, and datasets that a format lists.

Finding opens no network. In a folder count sidecars, companions without one, and zip archives, at any depth; tables and
texts, of which most are no networks, are named by a pattern (``sub-*/weights.csv``) or by their format.
"""

import glob
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

from tvbo import registry
from tvbo.errors import DuplicateNameError, NetworkNotFoundError, UnsafeFileError
from tvbo.model.network import Network
from tvbo.storage.files import opened
from tvbo.storage.virtual import is_virtual

Source: TypeAlias = "str | os.PathLike[str] | Item"

_SIDECARS = (".yaml", ".yml")
_COMPANIONS = (".h5", ".hdf5")
_IN_FOLDERS = (*_SIDECARS, *_COMPANIONS, ".zip")
_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Item:
    """
    One network of a cohort, not yet opened.

    Attributes
    ----------
    name : str
        What it is called, with ``/`` between folders; unique in its cohort, and the name of what is made of it.
    path : Path
        Where it lies.
    format : str or None
        Its format, where the extension does not tell.
    options : mapping of str to object
        What the format is given to read it.
    parts : tuple of Path
        Files of a dataset that it was found by; what lies beside them may describe them.
    """

    name: str
    path: Path
    format: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        parts = PurePosixPath(self.name).parts
        if not parts or ".." in parts or self.name.startswith("/") or set(self.name) & {"\\", "\0", ":"}:
            raise UnsafeFileError(
                f"{self.name!r} cannot name a network of a cohort, since files are named after it: "
                "expected a path of plain names, such as sub-01/network"
            )

    def open(self) -> Network:
        """
        Open the network; no array is read if its format can wait.

        Returns
        -------
        Network
            The network.
        """
        return Network.from_file(self.path, format=self.format, **self.options)

    def files(self) -> list[Path]:
        """
        List the files that it is read from.

        Returns
        -------
        list of Path
            Those of networks that it is linked to as well.
        """
        own = registry.files_of(self.path, self.format, self.options)
        folders = dict.fromkeys(part.parent for part in self.parts)
        near = (each for folder in folders for each in sorted(folder.iterdir()))
        return list(dict.fromkeys([*own, *(each for each in near if each.is_file() and each.name[0] != ".")]))

    def digest(self) -> str:
        """
        Give a digest of all its files, and of the options with which they are read.

        Returns
        -------
        str
            ``sha256:`` and 64 hexadecimal digits; the same wherever the files lie.
        """
        plain = {name: value for name, value in self.options.items() if not isinstance(value, Path)}
        return digest_of_files(self.files(), f"{self.format}{sorted(plain.items())!r}" if plain or self.format else "")


def digest_of_files(files: Iterable[Path], more: str = "") -> str:
    """
    Give a digest of the bytes of files.

    Parameters
    ----------
    files : iterable of Path
        The files; their order and their names count, and the folder that they lie in does not.
    more : str
        What else counts.

    Returns
    -------
    str
        ``sha256:`` and 64 hexadecimal digits.

    Raises
    ------
    NetworkNotFoundError
        If one is missing.
    UnsafeFileError
        If one is no plain file.
    """
    total = hashlib.sha256(more.encode("utf-8", "surrogatepass"))
    for path in files:
        own = hashlib.sha256()
        with opened(path) as (file, _):
            while block := file.read(_AT_ONCE):
                own.update(block)
        total.update(path.name.encode("utf-8", "surrogateescape") + b"\0" + own.digest())
    return f"sha256:{total.hexdigest()}"


def find_items(
    sources: "Source | Iterable[Source]",
    *,
    format: str | None = None,
    beside: Mapping[str, str] | None = None,
) -> tuple[Item, ...]:
    """
    Find the networks of a cohort.

    Parameters
    ----------
    sources : path-like, str, Item, or an iterable of these
        Files, folders, patterns such as ``data/sub-*/net.yaml`` (``**`` for any depth), or datasets that a format
        knows (BIDS).
    format : str, optional
        The format of all files; then its extensions are what is looked for in folders.
    beside : mapping of str to str, optional
        Options that are files lying in the folder of each network: ``{"lengths": "lengths.csv"}``.

    Returns
    -------
    tuple of Item
        In the order of the sources, and by name within each.

    Raises
    ------
    NetworkNotFoundError
        If there is no such file, or nothing in a folder or for a pattern.
    DuplicateNameError
        If two would have one name.
    """
    several = [sources] if isinstance(sources, (str, os.PathLike, Item)) else list(sources)
    found: dict[str, Item] = {}
    for source in several:
        for item in [source] if isinstance(source, Item) else _of(source, format, beside or {}):
            # Some file systems take names for the same that differ by case.
            other = found.setdefault(item.name.casefold(), item)
            if other is not item and (other.path, other.options) != (item.path, item.options):
                raise DuplicateNameError(
                    f"{other.path} and {item.path} would both be called {other.name!r}: "
                    "give a folder above both, so that their names tell them apart"
                )
    return tuple(found.values())


def _of(source: "str | os.PathLike[str]", format: str | None, beside: Mapping[str, str]) -> Iterator[Item]:
    path = Path(source)
    if path.is_dir():
        listed = registry.networks_in(path) if format is None else []
        if listed:
            for own, each in listed:
                parts = tuple(Path(part).absolute() for part in each.files)
                place = Path(each.folder).absolute().relative_to(path.absolute()) / (each.key or "network")
                yield Item(place.as_posix(), parts[0], own, parts=parts)
            return
        base, paths = path, list(_in_folder(path, format))
        if not paths:
            raise NetworkNotFoundError(
                f"there is no network in {path}: looked for {', '.join(_wanted(format))}; name others by a pattern, "
                f"such as '{path}/*/weights.csv', or by their format"
            )
    elif path.exists():
        base, paths = path.parent, [path]
    elif glob.has_magic(str(source)):
        base = _before_magic(path)
        # Path.glob takes no pattern that begins at the root.
        paths = sorted(Path(each) for each in glob.iglob(str(source), recursive=True))  # noqa: PTH207
        paths = list(_without_companions(each for each in paths if each.is_file()))
        if not paths:
            raise NetworkNotFoundError(f"no file is named like {source}")
    else:
        raise NetworkNotFoundError(f"there is no file or folder {path}")
    for each in paths:
        own_options = {option: each.parent.absolute() / name for option, name in beside.items()}
        name = each.relative_to(base).with_suffix("").as_posix()
        yield Item(name, each.absolute(), format or ("csv" if own_options else None), own_options)


def _wanted(format: str | None) -> tuple[str, ...]:
    return _IN_FOLDERS if format is None else registry.extensions(registry.get(format), "read")


def _in_folder(folder: Path, format: str | None) -> Iterator[Path]:
    wanted = _wanted(format)
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        here = (Path(base, name) for name in sorted(names) if not name.startswith("."))
        yield from _without_companions(each for each in here if each.suffix.lower() in wanted)


def _without_companions(paths: Iterable[Path]) -> Iterator[Path]:
    """Leave out the halves of pairs whose sidecars are there, and the files of cohorts."""
    for path in paths:
        beside = (path.with_suffix(ending) for ending in (*_SIDECARS, ".json"))
        half = path.suffix.lower() in _COMPANIONS and (any(each.exists() for each in beside) or is_virtual(path))
        if not half:
            yield path


def _before_magic(path: Path) -> Path:
    """Give the part of a pattern before its first wildcard, below which names are counted."""
    plain = []
    for part in path.parts[:-1]:
        if glob.has_magic(part):
            break
        plain.append(part)
    return Path(*plain)
