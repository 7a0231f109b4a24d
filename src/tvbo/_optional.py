"""Optional packages, asked for at the point of use."""

import importlib
from types import ModuleType

from tvbo.errors import MissingDependencyError

# What provides each optional module, as the extras in pyproject.toml have it (a test compares them). Advice names
# these and never `tvbo[extra]`: from the package index that would fetch another package of this name over ours.
REQUIREMENTS = {
    "tvb": "tvb-library>=2.9",
    "tvb_data": "tvb-data>=2.8",
    "matplotlib": "matplotlib>=3.8",
    "typer": "typer>=0.12",
    "rich": "rich>=13",
    "mne": "mne>=1.8",
    "mne_connectivity": "mne-connectivity>=0.7",
    "dask": "dask[array]>=2024.1",
    "tvboptim": "tvboptim>=0.4",
    "nibabel": "nibabel>=5.2",
    "networkx": "networkx>=3.2",
    "pandas": "pandas>=2.1",
    "polars": "polars>=1.0",
    "distributed": "dask[distributed]>=2024.1",
    "xarray": "xarray>=2024.1",
}


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
        requirement = REQUIREMENTS.get(package, package)
        absent = isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] == package
        if absent:
            fault, cure = "is not installed", f"pip install '{requirement}'"
        else:
            fault = f"is installed but cannot be imported ({error})"
            cure = f"pip install --force-reinstall '{requirement}'"
        raise MissingDependencyError(
            f"{package} is needed to {purpose} and {fault}: {cure} (it belongs to the extra {extra!r})"
        ) from error
