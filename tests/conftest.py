import logging
import warnings
from pathlib import Path

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
