"""
From a name, a path or an object to the format that knows it.

A format is a module in ``tvbo.formats``; the folder is scanned, so that a new one touches no other file. Its
``EXTENSIONS`` are those of the files that it reads and writes; if it writes fewer, ``WRITES`` are those that it writes.
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
            raise UnknownFormatError(f"format {name!r} cannot {verb} files; it {abilities(module)}")
        return module
    known: list[str] = []
    for each in names():
        module = get(each)
        own = extensions(module, verb)
        if path.suffix.lower() in own:
            return module
        known += own
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
