"""
From a name, a path or an object to the format that knows it.

A format is a module in ``tvbo.formats``; the folder is scanned, so that a new one touches no other file.
"""

import difflib
import functools
import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

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


def for_path(path: Path, verb: str, name: str | None = None) -> ModuleType:
    """
    Give the format of a file.

    Parameters
    ----------
    path : Path
        The file; its extension decides.
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
            raise UnknownFormatError(f"format {name!r} cannot {verb} files")
        return module
    known: list[str] = []
    for each in names():
        module = get(each)
        if hasattr(module, verb):
            known += module.EXTENSIONS
            if path.suffix.lower() in module.EXTENSIONS:
                return module
    raise UnknownFormatError(
        f"cannot {verb} {path}: no format has the extension {path.suffix!r}; expected {', '.join(known)}"
    )


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
