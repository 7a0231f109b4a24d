import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# Test modules are imported each for itself: what they share must be found by name.
sys.path.insert(0, str(Path(__file__).parent))

from harness import Bench, Subject, unable


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    reason = unable()
    if reason:
        pytest.skip(reason)
    with Bench(tmp_path_factory.mktemp("faults")) as made:
        yield made


@pytest.fixture(scope="module")
def subject(bench: Bench) -> Callable[[str], Subject]:
    """Give a scenario, set up once for all tests."""
    kept: dict[str, Subject] = {}

    def find(scenario: str) -> Subject:
        if scenario not in kept:
            kept[scenario] = Subject(bench, scenario)
        return kept[scenario]

    return find
