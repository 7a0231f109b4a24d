"""
Two files that are replaced together.

Everything that can fail is done before a target is touched: in memory, or, for large arrays, in a file beside. Then
both halves lie beside their targets and are flushed; the companion is moved into place first, and that is the commit:
it carries the sidecar's text, an identifier of the content, and the identifiers of what it replaces. The sidecar
follows.
"""

import contextlib
import hashlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from h5py import h5f

from tvbo.errors import CompanionError, LimitError, NetworkNotFoundError, SidecarError, UnsafeFileError
from tvbo.limits import Limits
from tvbo.storage import schema, sidecar
from tvbo.storage.companion import Companion, text_in
from tvbo.storage.image import Image, level_of
from tvbo.storage.index import sealed
from tvbo.storage.pair import REPLACES, SIDECARS, TEXT, identifier, identity, uses
from tvbo.storage.pool import undisturbed
from tvbo.storage.reopening import check_places, check_written, may_claim_too_much
from tvbo.storage.replacing import Content, clear, locked, replace_files, temporary, write_all
from tvbo.storage.sink import hdf5_in_memory, hdf5_on
from tvbo.storage.stored import CONTENT, GROUP

# Arrays of up to this many bytes are compressed in memory, where nothing can fail.
_IN_MEMORY = 1 << 22

# Gives the sidecar when all arrays have been seen; is told how many bytes of how many are written.
Finish: TypeAlias = Callable[[], str]
Progress: TypeAlias = Callable[[int, int], None]


def stamped(text: str, image: Image) -> str:
    """
    Put the identifier of the content above a sidecar.

    Parameters
    ----------
    text : str
        The sidecar.
    image : Image
        The companion that belongs to it.

    Returns
    -------
    str
        The sidecar, beginning with ``# content: sha256:...``. The identifier does not depend on compression.
    """
    total = hashlib.sha256(text.encode())
    for line in image.fingerprint():
        total.update(line.encode("utf-8", "surrogatepass"))
    return f"# content: sha256:{total.hexdigest()}\n{text}"


def commit(
    target: Path,
    companion: Path,
    image: Image,
    finish: Finish,
    compression: str | int,
    limits: Limits = Limits(),  # noqa: B008 - it cannot be changed
    progress: Progress | None = None,
) -> None:
    """
    Replace a pair as a whole.

    Parameters
    ----------
    target, companion : Path
        The two files, in one folder.
    image : Image
        The companion.
    finish : callable
        Gives the sidecar, as `stamped` does; called when all arrays have been seen.
    compression : {"gzip", "none"} or int
        As `Image.write` takes it.
    limits : Limits
        Within which the pair must be readable.
    progress : callable, optional
        Called with the number of bytes written so far, and that of all, while large arrays are written.

    Raises
    ------
    OSError
        If it cannot be written; then the pair is the old one, or, if only the very last step failed, the new one.
    FileExistsError
        If a name is taken by a file that is no part of this network.
    LimitError
        If it could not be opened again within the limits; then nothing was replaced.
    """
    folder = target.parent
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}: make it first, or save elsewhere")
    level_of(compression)
    check_places(image, companion, limits)
    save = _Save(target, companion, image, finish, compression, limits, progress)
    if image.watches or image.size() > _IN_MEMORY:
        # What will be refused is refused before it takes long.
        _replaced(target, companion)
        # Only where Ctrl-C does not reach may libhdf5 call back into Python.
        undisturbed(save.streamed)
    else:
        save.in_memory()


@dataclass(frozen=True, slots=True)
class _Save:
    """One save of a pair; what it takes is described at `commit`."""

    target: Path
    companion: Path
    image: Image
    finish: Finish
    compression: str | int
    limits: Limits
    progress: Progress | None

    def in_memory(self) -> None:
        with hdf5_in_memory(self.image.size()) as file:
            text = self._write(file, lambda _: None)
            with locked(self.target.parent) as alone:
                self._stamp(text, alone, None)
                self._replace(self.image.image(file), text)

    def streamed(self, stop: threading.Event) -> None:
        total, done = self.image.size(), 0

        def go_on(written: int) -> None:
            nonlocal done
            done += written
            if stop.is_set():
                raise InterruptedError("the save was interrupted")
            if sink.failure is not None:
                raise sink.failure
            if self.progress is not None:
                self.progress(done, max(total, done))

        with contextlib.ExitStack() as until, temporary(self.companion) as (beside, opened):
            descriptor = opened.fileno()
            with hdf5_on(descriptor) as (file, sink):
                text = self._write(file, go_on)
                # Held until both files are replaced.
                alone = until.enter_context(locked(self.target.parent))
                self._stamp(text, alone, beside)
                self.image.finish(file)
                listed = self.image.listed(file)
            if listed:
                end = os.lseek(descriptor, 0, os.SEEK_END)
                write_all(descriptor, sealed(listed, end))
            os.fsync(descriptor)
            # Windows does not rename what is open.
            opened.close()
            self._replace(beside, text)

    def _write(self, file: h5f.FileID, go_on: Callable[[int], None]) -> str:
        self.image.write(file, self.compression, go_on)
        text = self.finish()
        self.image.add_text(TEXT, text)
        check_places(self.image, self.companion, self.limits)
        self.image.write(file, self.compression)
        return text

    def _stamp(self, text: str, alone: bool, own: Path | None) -> None:
        """Say in the companion what it is, and what it replaces; nobody else is writing now."""
        # Compressing takes long: somebody else may have saved meanwhile.
        replaces = _replaced(self.target, self.companion)
        if alone:
            clear(self.target, self.companion, but=own)
        self.image.attrs[GROUP] = {CONTENT: identifier(text) or "", REPLACES: " ".join(replaces)}

    def _replace(self, companion: Content | Path, text: str) -> None:
        doubtful = may_claim_too_much(self.image, self.limits)
        look = (lambda written: check_written(written, self.companion, self.limits)) if doubtful else None
        replace_files([(self.companion, companion), (self.target, (text.encode(),))], look)


def _replaced(target: Path, companion: Path) -> list[str]:
    """Give the identifiers of what is there now; refuse to overwrite what is not ours."""
    found, size = set(), 0
    try:
        found.add(identity(sidecar.text_of(target)))
    except (LimitError, SidecarError, NetworkNotFoundError):
        # What cannot be opened cannot be taken for the half of a pair either.
        pass
    except UnsafeFileError as error:
        raise FileExistsError(f"{error}. Choose another name, or remove it first") from None
    for ending in SIDECARS:
        other = target.with_suffix(ending)
        if other != target and _uses(other, companion, if_damaged=True):
            raise FileExistsError(f"{other} uses {companion.name} too: choose another name, or remove it first")
    with contextlib.suppress(FileNotFoundError):
        size = companion.stat().st_size
    if size:
        try:
            attrs = Companion.attributes(companion, (GROUP,))
        except (CompanionError, UnsafeFileError):
            attrs = {}
        if schema.CLASS_KEY not in attrs.get("", {}) and not _uses(target, companion, if_damaged=False):
            raise FileExistsError(
                f"{companion} is there already and is no companion of a network: "
                "choose another name, or remove it first"
            )
        found.add(text_in(attrs.get(GROUP, {}), CONTENT))
    return sorted(each for each in found if each)


def _uses(path: Path, companion: Path, *, if_damaged: bool) -> bool:
    try:
        return uses(path, companion)
    except (SidecarError, UnsafeFileError):
        return if_damaged
