"""Optional packages, asked for at the point of use."""

import importlib
import importlib.util
from types import ModuleType

from tvbo.errors import MissingDependencyError


def require(module: str, *, extra: str, purpose: str) -> ModuleType:
    """
    Import an optional package, or say how to get it.

    Parameters
    ----------
    module : str
        The dotted name to import.
    extra : str
        The extra of tvbo that installs it.
    purpose : str
        What it is needed for, as the end of "... is needed to".

    Returns
    -------
    module
        The imported module.

    Raises
    ------
    MissingDependencyError
        If it is not installed, or is installed but broken.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        absent = isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] == package
        if absent:
            message = f"{package} is needed to {purpose} and is not installed: pip install 'tvbo[{extra}]'"
        else:
            message = (
                f"{package} is needed to {purpose}; it is installed but cannot be imported ({error}): "
                f"repair it with pip install --force-reinstall 'tvbo[{extra}]'"
            )
        raise MissingDependencyError(message) from error
