"""The page that every user starts from runs as it stands."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

PAGE = Path(__file__).with_name("tvb_connectome_round_trip.py")


@pytest.mark.story
def test_the_page_runs_and_loses_nothing() -> None:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, str(PAGE)], capture_output=True, text=True, env=os.environ | {"MPLBACKEND": "Agg"}
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for line in ("Max absolute difference: 0.00e+00", "Max centre deviation: 0.00e+00 mm", "Parent link: True"):
        assert line in done.stdout
    for name in ("cortical", "area", "hemisphere"):
        assert re.search(rf"^  {name}: ", done.stdout, re.MULTILINE)
    assert "Mesh data survives HDF5 round-trip" in done.stdout
    print(f"{time.perf_counter() - start:.1f} s")
