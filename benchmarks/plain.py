"""The yardsticks: plain h5py, numpy, and a copy in memory."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Options = dict[str, Any]

GZIP: Options = {"compression": "gzip", "compression_opts": 4}
SHUFFLED: Options = GZIP | {"shuffle": True}
NO_FILTER: Options = {}
# On so much of an array it is tried which filter is better.
_SAMPLE = 1 << 22


def write(path: Path, arrays: Mapping[str, Array], options: Mapping[str, Options] | Options) -> None:
    """Write arrays with h5py; its options for all, or for each."""
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            chosen = options.get(name, options)
            file.create_dataset(name, data=values, **(chosen if values.size > 1 else {}))


def read(path: Path) -> dict[str, Array]:
    """Read every dataset of a file."""
    found: dict[str, Array] = {}

    def take(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item[()]

    with h5py.File(path) as file:
        file.visititems(take)
    return found


def better(arrays: Mapping[str, Array]) -> dict[str, Options]:
    """Choose for each array gzip 4 without or with shuffle: whichever makes it smaller."""
    found = {}
    for name, values in arrays.items():
        rows = max(1, _SAMPLE // max(1, values[:1].nbytes)) if values.ndim else 1
        sample = values[:rows] if values.ndim else values
        found[name] = min((GZIP, SHUFFLED), key=lambda options, sample=sample: _size(sample, options))
    return found


def _size(sample: Array, options: Options) -> int:
    if sample.size < 2 or sample.dtype.kind in "OU":
        return 0
    with h5py.File("sample", "w", driver="core", backing_store=False) as file:
        return int(file.create_dataset("x", data=sample, **options).id.get_storage_size())


def np_save(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write each array with np.save."""
    for index, values in enumerate(arrays.values()):
        np.save(path.with_name(f"{path.stem}-{index}.npy"), values)


def np_load(path: Path, count: int) -> None:
    """Read what `np_save` wrote."""
    for index in range(count):
        np.load(path.with_name(f"{path.stem}-{index}.npy"))


def copier(arrays: Mapping[str, Array]) -> Any:
    """Give a call that copies arrays to memory that is there already."""
    made = [(np.ones_like(values), values) for values in arrays.values()]

    def copy() -> None:
        for out, values in made:
            np.copyto(out, values)

    return copy
