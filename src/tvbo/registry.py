"""
From a name, a path or an object to the format that knows it.

A format is a module in ``tvbo.formats``; the folder is scanned, so that a new one touches no other file. Its
``EXTENSIONS`` are those of the files that it reads and writes; if it writes fewer, ``WRITES`` are those that it writes.
Where several read one extension, each tells by ``can_read(path)``, which looks into the file, and the one without it
takes what no other knows. One with ``IF_NAMED`` writes only where the caller names it.

For cohorts, a format whose networks are parts of a folder lists them by ``list_networks(folder)``: each has ``files``,
of which ``read`` takes the first, the ``folder`` that they lie in, and a ``key`` that tells it from others there. One
whose networks consist of several files tells them by ``files_of(path, **options)``.
"""

import difflib
import functools
import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from tvbo.errors import UnknownFormatError, UnsupportedObjectError

_PACKAGE = "tvbo.formats"


@functools.cache
def names() -> tuple[str, ...]:
    """
    List the formats.

    Returns
    -------
    tuple of str
        Their names, as `format=` takes them.
    """
    package = importlib.import_module(_PACKAGE)
    return tuple(sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(package.__path__)))


def get(name: str) -> ModuleType:
    """
    Give a format by name.

    Parameters
    ----------
    name : str
        Such as ``"tvbo"`` or ``"tvb"``.

    Returns
    -------
    module
        The format.

    Raises
    ------
    UnknownFormatError
        If there is none of that name.
    """
    if name not in names():
        near = difflib.get_close_matches(str(name), names(), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UnknownFormatError(f"there is no format {name!r}: expected one of {', '.join(names())}{hint}")
    return importlib.import_module(f"{_PACKAGE}.{name.replace('-', '_')}")


def extensions(module: ModuleType, verb: str) -> tuple[str, ...]:
    """
    List the extensions of the files that a format reads or writes.

    Parameters
    ----------
    module : module
        The format.
    verb : {"read", "write"}
        What is to be done.

    Returns
    -------
    tuple of str
        Such as ``(".yaml", ".h5")``; empty if it cannot do that.
    """
    if not hasattr(module, verb):
        return ()
    known: tuple[str, ...] = module.EXTENSIONS
    return tuple(getattr(module, "WRITES", known)) if verb == "write" else known


def abilities(module: ModuleType) -> str:
    """
    Say what a format can do.

    Parameters
    ----------
    module : module
        The format.

    Returns
    -------
    str
        Such as ``"reads .yaml .h5; writes .yaml; takes objects (from_object)"``.
    """
    said = [f"{verb}s {' '.join(extensions(module, verb))}" for verb in ("read", "write") if hasattr(module, verb)]
    if hasattr(module, "from_object"):
        doors = sorted(name for name in getattr(module, "__all__", ["from_object"]) if name.startswith("from_"))
        said.append(f"takes objects ({', '.join(doors)})")
    if hasattr(module, "to_object"):
        said.append("gives objects (execute)")
    return "; ".join(said)


def for_path(path: Path, verb: str, name: str | None = None) -> ModuleType:
    """
    Give the format of a file.

    Parameters
    ----------
    path : Path
        The file; its extension decides, and its content where formats share one.
    verb : {"read", "write"}
        What is to be done.
    name : str, optional
        The format, if the caller says.

    Returns
    -------
    module
        The format.

    Raises
    ------
    UnknownFormatError
        If none has that extension, or it cannot do that.
    """
    if name is not None:
        module = get(name)
        if not hasattr(module, verb):
            raise UnknownFormatError(f"format {name!r} cannot {verb} files; it {abilities(module)}")
        return module
    modules = [get(each) for each in names()]
    able = [module for module in modules if path.suffix.lower() in extensions(module, verb)]
    found = [module for module in able if not (verb == "write" and getattr(module, "IF_NAMED", False))]
    if not found:
        known = [extension for module in modules for extension in extensions(module, verb)]
        named = [module.__name__.rpartition(".")[2].replace("_", "-") for module in able]
        hint = f"; or give format={' or '.join(map(repr, named))}" if named else ""
        raise UnknownFormatError(
            f"cannot {verb} {path}: no format has the extension {path.suffix!r}; "
            f"expected {', '.join(dict.fromkeys(known))}{hint}"
        )
    return found[0] if len(found) == 1 else _told_apart(found, path, verb)


def _told_apart(modules: list[ModuleType], path: Path, verb: str) -> ModuleType:
    """Choose among formats that share an extension by what is in the file, never by its name."""
    asked = [module for module in modules if hasattr(module, "can_read")]
    rest = [module for module in modules if module not in asked]
    if verb == "read":
        # A file that is not there is missed by whichever reads it.
        for module in asked:
            if path.exists() and module.can_read(path):
                return module
    if rest or not path.exists():
        return (rest or modules)[0]
    named = ", ".join(module.__name__.rpartition(".")[2].replace("_", "-") for module in modules)
    raise UnknownFormatError(
        f"{path} is no file of the formats that have its extension: {named}; give format= if it is"
    )


def networks_in(folder: Path) -> list[tuple[str, Any]]:
    """
    List the networks of a folder that is a dataset in one of the formats, such as BIDS.

    Parameters
    ----------
    folder : Path
        The folder.

    Returns
    -------
    list of (str, object)
        Of each the format, and what its ``list_networks`` says of it; empty if it is no dataset.
    """
    for each in names():
        lister = getattr(get(each), "list_networks", None)
        found = [] if lister is None else [(each, listed) for listed in lister(folder)]
        if found:
            return found
    return []


def files_of(path: Path, format: str | None = None, options: Mapping[str, Any] | None = None) -> list[Path]:
    """
    List the files that a network is read from.

    Parameters
    ----------
    path : Path
        Its path.
    format : str, optional
        The format, where the extension does not tell.
    options : mapping of str to object, optional
        What ``read`` is given; paths among them are files of the network.

    Returns
    -------
    list of Path
        As the format tells it; else the file itself, or all that lie below a folder.
    """
    given = dict(options or {})
    module = for_path(path, "read", format)
    if hasattr(module, "files_of"):
        return list(module.files_of(path, **given))
    own = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    return own + [value for value in given.values() if isinstance(value, Path)]


def for_object(obj: object) -> ModuleType:
    """
    Give the format that takes an object of another package.

    Parameters
    ----------
    obj : object
        The object.

    Returns
    -------
    module
        The format.

    Raises
    ------
    UnsupportedObjectError
        If none takes it.
    """
    for each in names():
        module = get(each)
        if hasattr(module, "takes") and module.takes(obj):
            return module
    kind = f"{type(obj).__module__}.{type(obj).__qualname__}"
    raise UnsupportedObjectError(f"no format takes a {kind}; formats: {', '.join(names())}")
