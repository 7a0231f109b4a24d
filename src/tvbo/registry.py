"""
From a name, a path or an object to the format that knows it.

A format is a module in ``tvbo.formats``; the folder is scanned, so that a new one touches no other file. Another
package adds one by an entry point of the group ``tvbo.formats`` whose name is that of the format and whose value is
such a module; they are looked for where none of ours answers, and never hide one of ours.

===================  ================================================================================================
``read``, ``write``  Files. ``EXTENSIONS`` are the endings of their names, such as ``.zip`` or ``.surf.gii``, and ``/``
                     for a folder; if it writes fewer, ``WRITES`` are those. The longest that fits decides. Where
                     several read one, each tells by ``can_read(path)``, which looks into the file, and the one
                     without it takes what no other knows. One with ``IF_NAMED`` writes only where it is named.
``from_object``      Objects of another package; ``takes(obj)`` tells them, without importing anything.
``to_object``        The way back.
``SOLE``             Those of ``EXTENSIONS`` that no other format may read, if any: such a file is opened without
                     importing the others.
``DROPS``            What it cannot carry: paths of `Network.diff`, in which ``*`` stands for anything, and what a
                     `LossyConversionWarning` calls each, with ``*`` for what that stood for.
``EXTRA``            The extra that it needs, if any.
===================  ================================================================================================

For cohorts, a format whose networks are parts of a folder lists them by ``list_networks(folder)``: each has ``files``,
of which ``read`` takes the first, the ``folder`` that they lie in, and a ``key`` that tells it from others there. One
whose networks consist of several files tells them by ``files_of(path, **options)``.
"""

import difflib
import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tvbo.errors import NetworkNotFoundError, OptionError, UnknownFormatError, UnsupportedObjectError
from tvbo.limits import Limits

if TYPE_CHECKING:
    import importlib.metadata

_PACKAGE = GROUP = "tvbo.formats"
# The format of our own files: asked first.
_HOME = "tvbo"
# What the verbs of a format are given before its options.
_GIVEN = {"read": 1, "write": 2, "from_object": 1, "to_object": 1}
# Options that have one meaning in all formats.
_KINDS: Mapping[str, tuple[type, str]] = {
    "strict": (int, "True or False"),
    "allow_lossy": (int, "True or False"),
    "matrix": (str, "the name of a matrix"),
    "limits": (Limits, "tvbo.Limits(...)"),
}


@functools.cache
def built_in() -> tuple[str, ...]:
    """
    List the formats that are part of tvbo.

    Returns
    -------
    tuple of str
        Their names, as `format=` takes them.
    """
    package = importlib.import_module(_PACKAGE)
    return tuple(sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(package.__path__)))


@functools.cache
def plugins() -> "dict[str, importlib.metadata.EntryPoint]":
    """
    List the formats that other packages add.

    Returns
    -------
    dict of str to EntryPoint
        The entry points by name; of two with one name the first that is found.
    """
    # It takes longer to import than to open our own files.
    import importlib.metadata

    found: dict[str, importlib.metadata.EntryPoint] = {}
    for point in importlib.metadata.entry_points(group=GROUP):
        found.setdefault(point.name, point)
    return {name: point for name, point in sorted(found.items()) if name not in built_in()}


def names() -> tuple[str, ...]:
    """
    List the formats.

    Returns
    -------
    tuple of str
        Their names, as `format=` takes them: ours, then those of other packages.
    """
    return (*built_in(), *plugins())


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
        If there is none of that name, or the package that adds it cannot be imported.
    """
    if name in built_in():
        return importlib.import_module(f"{_PACKAGE}.{name.replace('-', '_')}")
    if name in plugins():
        return _plugin(name)
    near = difflib.get_close_matches(str(name).lower(), names(), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise UnknownFormatError(f"there is no format {name!r}: expected one of {', '.join(names())}{hint}")


@functools.cache
def _plugin(name: str) -> ModuleType:
    point = plugins()[name]
    package = point.dist.name if point.dist is not None else point.module
    try:
        loaded = point.load()
    except (ImportError, AttributeError) as error:
        raise UnknownFormatError(
            f"the format {name!r} of the package {package} cannot be used: {point.value} cannot be imported "
            f"({type(error).__name__}: {error}); install {package} again, or remove it"
        ) from error
    if not isinstance(loaded, ModuleType):
        raise UnknownFormatError(
            f"the format {name!r} of the package {package} cannot be used: {point.value} is a "
            f"{type(loaded).__name__}; expected a module, as tvbo.registry tells"
        )
    return loaded


def name_of(module: ModuleType) -> str:
    """
    Tell what a format is called.

    Parameters
    ----------
    module : module
        The format.

    Returns
    -------
    str
        Its name, as `format=` takes it.
    """
    for name, point in plugins().items():
        if point.value == module.__name__:
            return name
    return module.__name__.rpartition(".")[2].replace("_", "-")


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


def check_options(module: ModuleType, verb: str, options: Mapping[str, Any]) -> None:
    """
    Refuse options that a format does not have.

    Parameters
    ----------
    module : module
        The format.
    verb : {"read", "write", "from_object", "to_object"}
        What is to be done.
    options : mapping of str to object
        The options by name.

    Raises
    ------
    OptionError
        If there is none of that name, or its value is of another kind.
    """
    check_call(getattr(module, verb), _GIVEN[verb], f"{verb} of the format {name_of(module)!r}", options)


def check_call(call: Callable[..., Any], given: int, what: str, options: Mapping[str, Any]) -> None:
    """
    Refuse options that a function does not have.

    Parameters
    ----------
    call : callable
        The function.
    given : int
        How many parameters are none of its options: the first ones.
    what : str
        What to call it in messages.
    options : mapping of str to object
        The options by name.

    Raises
    ------
    OptionError
        If there is none of that name, or its value is of another kind.
    """
    if not options:
        return
    known = list(inspect.signature(call).parameters.values())[given:]
    defaults = {each.name: each.default for each in known if each.kind is not each.VAR_KEYWORD}
    for name, value in options.items():
        if name not in defaults and len(defaults) == len(known):
            near = difflib.get_close_matches(name, defaults, n=1)
            hint = f"; did you mean {near[0]}=?" if near else ""
            raise OptionError(f"{what} has no option {name}=: expected {', '.join(defaults) or 'none'}{hint}")
        kind, expected = _KINDS.get(name, (object, ""))
        if not (isinstance(value, kind) or value is defaults.get(name, value)):
            raise OptionError(f"{name}={value!r} is a {type(value).__name__}: expected {expected}")


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
    NetworkNotFoundError
        If it is to be read, is not there, and its name tells nothing.
    """
    if name is not None:
        module = get(name)
        if not hasattr(module, verb):
            raise UnknownFormatError(f"format {name!r} cannot {verb} files; it {abilities(module)}")
        return module
    home = get(_HOME)
    if path.suffix.lower() in home.SOLE:
        return home
    found = _chosen(map(get, built_in()), path, verb) or _chosen(_sound_plugins(), path, verb)
    if found is not None:
        return found
    if verb == "read" and not path.suffix and not path.exists():
        raise NetworkNotFoundError(f"there is no file or folder {path}")
    modules = [*map(get, built_in()), *_sound_plugins()]
    able = [module for module in modules if _fits(module, path, verb)]
    named = ", ".join(map(name_of, able))
    if verb == "read" and able:
        raise UnknownFormatError(
            f"{path} is no file of the formats that have its extension: {named}; give format= if it is"
        )
    known = [extension for module in modules for extension in extensions(module, verb)]
    hint = f"; or give format={' or '.join(repr(name_of(module)) for module in able)}" if able else ""
    raise UnknownFormatError(
        f"cannot {verb} {path}: no format has the extension {path.suffix!r}; "
        f"expected {', '.join(dict.fromkeys(known))}{hint}"
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
    for module in (*map(get, built_in()), *_sound_plugins()):
        lister = getattr(module, "list_networks", None)
        found = [] if lister is None else [(name_of(module), listed) for listed in lister(folder)]
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


def _sound_plugins() -> Iterable[ModuleType]:
    """Give the formats of other packages but for those that are broken, which must not stand in the way of others."""
    for name in plugins():
        try:
            yield _plugin(name)
        except UnknownFormatError:
            continue


def _fits(module: ModuleType, path: Path, verb: str) -> int:
    """Give how much of a name an extension of a format tells; 0 for nothing."""
    name = path.name.lower()
    fitting = [len(each) for each in extensions(module, verb) if each != "/" and name.endswith(each.lower())]
    if "/" in extensions(module, verb) and path.is_dir():
        fitting.append(1)
    return max(fitting, default=0)


def _chosen(modules: Iterable[ModuleType], path: Path, verb: str) -> ModuleType | None:
    """Choose among formats by what is in the file; by its name alone if there is nothing to look into."""
    able = sorted(((_fits(module, path, verb), module) for module in modules), key=lambda each: -each[0])
    found = [module for fit, module in able if fit and not (verb == "write" and getattr(module, "IF_NAMED", False))]
    if len(found) <= 1 or verb == "write":
        return found[0] if found else None
    asked = [module for module in found if hasattr(module, "can_read")]
    rest = [module for module in found if module not in asked]
    # A file that is not there is missed by whichever reads it.
    if not path.exists():
        return (rest or found)[0]
    return next((module for module in asked if module.can_read(path)), rest[0] if rest else None)


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
    for modules in (map(get, built_in()), _sound_plugins()):
        for module in modules:
            if hasattr(module, "takes") and module.takes(obj):
                return module
    kind = f"{type(obj).__module__}.{type(obj).__qualname__}"
    raise UnsupportedObjectError(f"no format takes a {kind}; formats: {', '.join(names())}")
