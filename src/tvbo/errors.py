"""
Every exception and warning of tvbo.

::

    TvboError
    ├── ShapeError (ValueError)              arrays that do not fit the network
    ├── DuplicateNameError (ValueError)      one name for two things
    ├── DenseSizeError (MemoryError)         a sparse matrix that would become a huge dense one
    ├── UnknownFormatError (ValueError)      no format of that name, or none that knows this file or object
    ├── UnsupportedObjectError (TypeError)   an object that no format takes
    ├── MatrixNotFoundError (KeyError)       the network has no matrix of that name
    ├── NetworkNotFoundError (FileNotFoundError)  no such file or no such linked network
    │   └── LinkNotFoundError (KeyError)     the network has no link of that name
    ├── SidecarError (ValueError)            the YAML half cannot be understood
    ├── CompanionError (OSError)             the HDF5 half is missing or cannot be read
    │   ├── StaleFileError                   it was replaced after it was opened
    │   ├── MismatchError                    it does not belong to its sidecar
    │   └── CorruptionError                  its numbers are not those that were saved
    ├── DamagedFileError (ValueError)        a file of another kind that cannot be decoded
    ├── UnsafeFileError (ValueError)         a file that leads outside itself, or would run code
    │   └── LimitError                       it asks for more than a limit allows
    ├── LossyConversionError (ValueError)    a strict conversion would lose something
    ├── CohortError (RuntimeError)           a run over many networks that cannot begin, go on, or end well
    └── MissingDependencyError (ImportError) an optional package is absent or broken

    TvboWarning (UserWarning)
    └── LossyConversionWarning               a conversion loses the fields it names

Each is also the builtin exception that a caller would catch. `warn` gives a warning the caller's line.
"""

import sys
import warnings
from collections.abc import Sequence

__all__ = [
    "CohortError",
    "CompanionError",
    "CorruptionError",
    "DamagedFileError",
    "DenseSizeError",
    "DuplicateNameError",
    "LimitError",
    "LinkNotFoundError",
    "LossyConversionError",
    "LossyConversionWarning",
    "MatrixNotFoundError",
    "MismatchError",
    "MissingDependencyError",
    "NetworkNotFoundError",
    "ShapeError",
    "SidecarError",
    "StaleFileError",
    "TvboError",
    "TvboWarning",
    "UnknownFormatError",
    "UnsafeFileError",
    "UnsupportedObjectError",
]


class TvboError(Exception):
    """The root of every exception that tvbo raises on purpose."""


class ShapeError(TvboError, ValueError):
    """Arrays whose shapes do not fit the network or one another."""


class DuplicateNameError(TvboError, ValueError):
    """One name stands for two things."""


class DenseSizeError(TvboError, MemoryError):
    """A sparse matrix would become a dense one of a size that nobody asked for."""


class UnknownFormatError(TvboError, ValueError):
    """No format has that name, or none knows this file."""


class UnsupportedObjectError(TvboError, TypeError):
    """No format takes this object."""


class OptionError(TvboError, TypeError):
    """A format has no such option, or takes another kind of value."""


class MatrixNotFoundError(TvboError, KeyError):
    """The network has no matrix of that name."""

    def __str__(self) -> str:
        # KeyError would print the repr of its message.
        return str(self.args[0]) if self.args else ""


class ColumnNotFoundError(TvboError, KeyError):
    """Neither nodes nor a matrix have a column of that name."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class NetworkNotFoundError(TvboError, FileNotFoundError):
    """No such file, or a linked network that cannot be found."""


class LinkNotFoundError(NetworkNotFoundError, KeyError):
    """The network has no link of that name."""


class SidecarError(TvboError, ValueError):
    """The YAML sidecar cannot be understood."""


class CompanionError(TvboError, OSError):
    """The HDF5 companion is missing or cannot be read."""


class StaleFileError(CompanionError):
    """The companion was replaced after it was opened."""


class MismatchError(CompanionError):
    """The companion and the sidecar come from different saves."""


class CorruptionError(CompanionError):
    """The numbers in the companion are not those that were saved."""


class DamagedFileError(TvboError, ValueError):
    """A file of another kind cannot be decoded."""


class UnsafeFileError(TvboError, ValueError):
    """A file leads outside itself, or would run code."""


class LimitError(UnsafeFileError):
    """A file asks for more than a limit allows."""


class LossyConversionError(TvboError, ValueError):
    """
    A strict conversion would lose something.

    Parameters
    ----------
    message : str
        What is said.
    losses : sequence of str
        What is lost; the attribute of that name.
    """

    def __init__(self, message: str, losses: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.losses = tuple(losses)


class CohortError(TvboError, RuntimeError):
    """A run over many networks cannot begin, cannot go on, or did not end well."""


class MissingDependencyError(TvboError, ImportError):
    """An optional package is absent or broken."""


class TvboWarning(UserWarning):
    """The root of every warning that tvbo gives."""


class LossyConversionWarning(TvboWarning):
    """
    A conversion loses the fields that it names.

    Parameters
    ----------
    message : str
        What is said.
    losses : sequence of str
        What is lost; the attribute of that name.
    """

    def __init__(self, message: str, losses: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.losses = tuple(losses)


def warn(message: str | TvboWarning, category: type[TvboWarning] = TvboWarning) -> None:
    """
    Warn at the line that called tvbo, however deep in tvbo this is said.

    Parameters
    ----------
    message : str or TvboWarning
        What to say, or a warning that says it.
    category : type of TvboWarning
        What kind of warning it is, where only a text is given.
    """
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).partition(".")[0] == "tvbo":
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
