"""The errors of the libraries that decode files, said as ours."""

import contextlib
from collections.abc import Iterator

from tvbo.errors import DamagedFileError, TvboError


@contextlib.contextmanager
def decoding(where: object, what: str, errors: tuple[type[Exception], ...]) -> Iterator[None]:
    """
    Say what a library raises as an error of tvbo.

    Parameters
    ----------
    where : object
        The file, and the place in it.
    what : str
        What it should be.
    errors : tuple of type
        What the library raises when it is not.

    Raises
    ------
    DamagedFileError
        If it is not.
    """
    try:
        yield
    except TvboError:
        raise
    except errors as error:
        raise DamagedFileError(f"{where} is damaged: expected {what}: {str(error)[:200]}") from error
