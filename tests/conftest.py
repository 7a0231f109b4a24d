import logging
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

with warnings.catch_warnings():
    # tvb-library warns at import that gdist, which nothing here needs, is missing.
    warnings.simplefilter("ignore")
    import tvb.datatypes.surfaces  # noqa: F401

logging.getLogger("tvb").setLevel(logging.ERROR)


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    """The path of a sidecar that does not exist yet."""
    return tmp_path / "network.yaml"


def _lost(source: Any, written: Any, where: str = "") -> Iterator[str]:
    if isinstance(source, dict) and isinstance(written, dict):
        for key, value in source.items():
            if key not in written:
                yield f"{where}.{key} is gone"
            else:
                yield from _lost(value, written[key], f"{where}.{key}")
    elif isinstance(source, list) and isinstance(written, list) and where == ".edges":
        # Matrices stand before single edges, and rows may be added to either.
        for single in (False, True):
            later = iter([row for row in written if ("source" in row) == single])
            for row in (row for row in source if ("source" in row) == single):
                if not any(not list(_lost(row, each)) for each in later):
                    yield f"{where}: {row!r} is gone or has changed"
    elif isinstance(source, list) and isinstance(written, list):
        if len(source) != len(written):
            yield f"{where} has {len(written)} entries instead of {len(source)}"
        for index, (each, other) in enumerate(zip(source, written, strict=False)):
            yield from _lost(each, other, f"{where}[{index}]")
    elif source != written and not (source != source and written != written):
        yield f"{where}: {source!r} became {written!r}"


@pytest.fixture(scope="session")
def lost_keys() -> Callable[..., list[str]]:
    """What one sidecar says and another does not, but for what names the files of the pair."""

    def compare(source: dict[str, Any], written: dict[str, Any], *others: str) -> list[str]:
        said = {key: value for key, value in source.items() if key not in ("data_file", *others)}
        return list(_lost(said, written))

    return compare
