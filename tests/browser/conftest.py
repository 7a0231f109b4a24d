import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# Test modules are imported each for itself: what they share must be found by name.
sys.path.insert(0, str(Path(__file__).parent))

import networks
from browser import Watched, chromium, unable

from tvbo import Network


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    reason = unable()
    if reason:
        pytest.skip(reason)
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def page_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Give the page of a network of `networks`, made once."""
    folder = tmp_path_factory.mktemp("pages")

    def find(name: str) -> Path:
        path = folder / f"{name}.html"
        if not path.exists():
            network: Network = getattr(networks, name)()
            network.view(path)
        return path

    return find


@pytest.fixture
def opened(browser: Any, page_of: Callable[[str], Path]) -> Iterator[Callable[..., Watched]]:
    """Open a page, and hold against it whatever it said or asked for."""
    seen: list[Watched] = []

    def show(
        page: str | Path,
        *,
        theme: str = "light",
        width: int = 1100,
        height: int = 700,
        before: str = "",
        ready: bool = True,
    ) -> Watched:
        path = page_of(page) if isinstance(page, str) else page
        watched = Watched(browser, path, theme=theme, width=width, height=height, before=before)
        seen.append(watched)
        if ready:
            watched.settle()
        return watched

    yield show
    for watched in seen:
        watched.context.close()
        assert watched.said == []
        assert [url for url in watched.asked if not url.startswith("file:")] == []
        assert len(watched.asked) == 1
