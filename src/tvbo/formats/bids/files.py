"""Putting the files of a network into a dataset: all of them, or none."""

import contextlib
import json
from collections.abc import Iterable
from pathlib import Path

import tvbo
from tvbo.errors import TvboError
from tvbo.formats.bids.dataset import DESCRIPTION
from tvbo.formats.bids.names import NODES, RELMAT, parsed
from tvbo.formats.bids.writer import Laid
from tvbo.limits import Limits
from tvbo.storage.bounded import read_bytes
from tvbo.storage.replacing import SUFFIX, clear, exchange, locked, replace_files

# That of which the draft is an extension.
_VERSION = "1.11.1"
_IGNORED = f"*_{RELMAT}.*\n*_{NODES}.*\n{NODES}.*\n{RELMAT}.*\n"
_README = """# Networks

Relationship matrices (`_relmat`) and the tables of their nodes (`_nodeindices`), written by tvbo after the draft of
BIDS extension proposal 17, as of pull request 1902 of the specification. Validators of the released specification do
not know them: `.bidsignore` says so.

Rows of a matrix are targets, columns are sources. Numbers are written so that they read back to the last bit. What
the key `tvbo` holds in a JSON file is for tvbo, and may be ignored.
"""


def check_target(root: Path) -> None:
    """
    Refuse to write into what is no dataset.

    Parameters
    ----------
    root : Path
        The folder; it need not be there.

    Raises
    ------
    FileExistsError
        If it is a file, or a folder of something else.
    FileNotFoundError
        If the folder above is missing.
    """
    if not root.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {root.parent}: make it first, or save elsewhere")
    if root.exists() and not root.is_dir():
        raise FileExistsError(f"{root} is a file: a dataset of BIDS is a folder; choose another name")
    if root.is_dir() and not (root / DESCRIPTION).is_file():
        others = [each.name for each in root.iterdir() if not each.name.endswith(SUFFIX)]
        if others:
            raise FileExistsError(
                f"{root} is a folder of something else, with no {DESCRIPTION} in it: choose another name"
            )


def put(root: Path, laid: Laid) -> None:
    """
    Put a network into a dataset; the files of other networks are not touched.

    Parameters
    ----------
    root : Path
        The dataset; it is made if it is not there.
    laid : Laid
        The files.

    Raises
    ------
    OSError
        If they cannot be written; then the dataset is as it was.
    FileExistsError
        If files of somebody else have these names.
    """
    check_target(root)
    folder = root / laid.folder
    _check_ours(folder, laid)
    made = _make_folders(root.parent, folder)
    written: list[Path] = []
    try:
        if not (root / DESCRIPTION).exists():
            _describe(root, written)
        with locked(folder) as alone:
            if alone:
                clear(*_interrupted(folder, laid.key))
            stale = [path for path in _of_network(folder, laid.key) if path.name not in laid.files]
            exchange([(folder / name, data) for name, data in laid.files.items()], stale)
    except BaseException:
        _undo(written, made)
        raise


def _check_ours(folder: Path, laid: Laid) -> None:
    there = _of_network(folder, laid.key)
    ours = {path.name for path in there if path.suffix == ".json" and _is_ours(path)}
    for path in there:
        # A matrix has the sidecar of its name, and the nodes have theirs.
        if f"{path.name.partition('.')[0]}.json" not in ours:
            raise FileExistsError(
                f"{path} is there already, and not from tvbo: choose another dataset, or other entities"
            )


def _is_ours(path: Path) -> bool:
    try:
        found = json.loads(read_bytes(path, Limits().sidecar_bytes))
    except (TvboError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and "tvbo" in found


def _of_network(folder: Path, key: str) -> list[Path]:
    """List the files of a network that are there."""
    if not folder.is_dir():
        return []
    found = []
    for path in sorted(folder.iterdir()):
        name = parsed(path.name)
        if name is not None and name.suffix in (RELMAT, NODES) and name.key == key:
            found.append(path)
    return found


def _interrupted(folder: Path, key: str) -> list[Path]:
    """List the files of a network that a crash left beside their places."""
    names = {path.name.removeprefix(".").rsplit(".", 2)[0] for path in folder.glob(f".*{SUFFIX}")}
    found = ((name, parsed(name)) for name in sorted(names))
    return [folder / name for name, said in found if said is not None and said.key == key]


def _make_folders(above: Path, folder: Path) -> list[Path]:
    """Make a folder and those that lead to it; give those that were made, the innermost first."""
    missing = []
    while folder != above and not folder.exists():
        missing.append(folder)
        folder = folder.parent
    made: list[Path] = []
    try:
        for each in reversed(missing):
            each.mkdir(exist_ok=True)
            made.insert(0, each)
    except OSError:
        _undo([], made)
        raise
    return made


def _describe(root: Path, written: list[Path]) -> None:
    """Write the files of the dataset as a whole, where they are missing."""
    description = {
        "Name": root.name,
        "BIDSVersion": _VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "tvbo", "Version": tvbo.__version__}],
    }
    files = {
        DESCRIPTION: json.dumps(description, indent=2) + "\n",
        "README.md": _README,
        ".bidsignore": _IGNORED,
    }
    missing = [(root / name, text.encode()) for name, text in files.items() if not (root / name).exists()]
    with locked(root):
        written += [path for path, _ in missing]
        replace_files([(path, (data,)) for path, data in missing])


def _undo(files: Iterable[Path], folders: Iterable[Path]) -> None:
    for path in files:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
    for path in folders:
        with contextlib.suppress(OSError):
            path.rmdir()
