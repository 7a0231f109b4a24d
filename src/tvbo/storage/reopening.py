"""
Whether a companion that is about to be written can be opened again.

A file that the default limits refuse is of no use to whoever gets it: it is not written, unless limits are raised
for saving, too.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tvbo.errors import LimitError
from tvbo.limits import Limits
from tvbo.storage.companion import Companion
from tvbo.storage.image import Image


@contextlib.contextmanager
def refused(hint: str) -> Iterator[None]:
    """
    Say that nothing was saved, and what to do, where limits are exceeded.

    Parameters
    ----------
    hint : str
        What to do.

    Yields
    ------
    None
        What is to be saved is looked at meanwhile.

    Raises
    ------
    LimitError
        If it exceeds the limits.
    """
    try:
        yield
    except LimitError as error:
        error.add_note(
            f"nothing was saved, since it could not be opened again: {hint}, "
            "or save it with the limits that whoever opens it will have to give"
        )
        raise


def check_places(image: Image, companion: Path, limits: Limits) -> None:
    """
    Count the groups and arrays of a companion, and how deep they nest.

    Parameters
    ----------
    image : Image
        The companion; what it carries of others is not looked at.
    companion : Path
        What it is to be called.
    limits : Limits
        Within which it must be readable.

    Raises
    ------
    LimitError
        If it holds too many, or they nest too deep.
    """
    arrays = {*image.arrays, *image.aliases}
    groups: set[str] = set()
    for name in [*(name.rpartition("/")[0] for name in arrays), *image.attrs]:
        # The groups above one that is known are known too.
        while name and name not in groups:
            groups.add(name)
            name = name.rpartition("/")[0]
    with refused("join arrays, and shorten lines of parents"):
        limits.check("objects", len(arrays | groups), companion)
        limits.check("depth", max((name.count("/") + 1 for name in groups), default=0), companion)


def may_claim_too_much(image: Image, limits: Limits) -> bool:
    """
    Tell whether a companion must be looked at once it is written: few are large enough for limits to matter.

    Parameters
    ----------
    image : Image
        The companion.
    limits : Limits
        Within which it must be readable.

    Returns
    -------
    bool
        False if it is within them, however well it can be compressed.
    """
    # A reader counts whole chunks, of which the last may be almost empty, and text as numpy holds it.
    texts = sum(values.nbytes for values in image.arrays.values() if values.dtype.kind == "U")
    claimed = 2 * image.size() + texts
    return bool(image.foreign) or claimed > min(limits.inflated_bytes, limits.chunk_bytes)


def check_written(written: Path, companion: Path, limits: Limits) -> None:
    """
    Open a companion that was written, before it gets its name.

    Parameters
    ----------
    written : Path
        Where it lies.
    companion : Path
        What it is to be called.
    limits : Limits
        Within which it must be readable.

    Raises
    ------
    LimitError
        If it exceeds them.
    """
    with refused("save it with compression='none', or make matrices of many zeros sparse"):
        try:
            Companion.open(written, limits)
        except LimitError as error:
            raise LimitError(str(error).replace(written.name, companion.name)) from None
