"""What the machine allows: codec and digest alone, in memory, on the same arrays and in the same threads."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from tvbo.storage.bands import band_rows, together
from tvbo.storage.deflate import Recipe, inflate, recipe_for, unshuffle
from tvbo.storage.pool import Beside, batches, ordered

Array = np.ndarray[Any, np.dtype[Any]]


class Codec:
    """Arrays that are compressed and inflated, and nothing else: no file, no checksums of bands, no flags."""

    def __init__(self, arrays: Sequence[Array]) -> None:
        self._bands: list[tuple[Recipe, Array]] = []
        for values in arrays:
            recipe = recipe_for(values.reshape(-1), None)
            rows = band_rows(values.shape, values.itemsize)
            self._bands += [(recipe, values[start : start + rows]) for start in range(0, len(values), rows)]
        self._arrays = arrays
        self._packed = [recipe.pack(band) for recipe, band in self._bands]
        self._starts = np.cumsum([0, *(band.nbytes for _, band in self._bands)]).tolist()

    def digest(self) -> None:
        """Compute the SHA-256 of all arrays."""
        for values in self._arrays:
            hashlib.sha256(values.reshape(-1).view(np.uint8).data).digest()

    def pack(self, threads: int = 1) -> None:
        """Compress all arrays."""
        size = together(self._bands[-1][1].nbytes)
        for _ in ordered(_pack_all, batches(self._bands, size), threads):
            pass

    def save(self) -> None:
        """Compress in two threads, and compute the digest in a third."""
        wait = Beside().begin(self.digest)
        self.pack(2)
        wait()

    def load(self, threads: int = 1) -> None:
        """Inflate all arrays into new memory."""
        out = np.empty(self._starts[-1], np.uint8)

        def put(indices: list[int]) -> None:
            for index in indices:
                recipe, band = self._bands[index]
                target = out[self._starts[index] : self._starts[index + 1]]
                raw = inflate(self._packed[index], band.nbytes, "a chunk in memory")
                if recipe.shuffle:
                    unshuffle(raw, target.view(f"V{band.itemsize}"))
                else:
                    target[:] = np.frombuffer(raw, np.uint8)

        size = together(self._bands[-1][1].nbytes)
        for _ in ordered(put, batches(range(len(self._bands)), size), threads):
            pass


def _pack_all(bands: list[tuple[Recipe, Array]]) -> None:
    for recipe, band in bands:
        recipe.pack(band)
