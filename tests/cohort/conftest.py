"""Small cohorts."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tvbo import Network


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Functions that worker processes can import, which test modules are not."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    import cohort_functions

    yield cohort_functions
    sys.modules.pop("cohort_functions")


@pytest.fixture
def cohort(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder of networks whose weights have their number in the corner."""

    def make(count: int, size: int = 4, ending: str = ".yaml", folder: str = "in") -> Path:
        base = tmp_path / folder
        base.mkdir()
        for number in range(count):
            rng = np.random.default_rng(number)
            weights = rng.lognormal(size=(size, size))
            weights[0, 0] = number
            network = Network.from_matrix(
                weights,
                rng.random((size, size)) * 100,
                labels=[f"R{index}" for index in range(size)],
                positions=rng.normal(size=(size, 3)),
            )
            network.save(base / f"sub-{number:03}{ending}")
        return base

    return make
