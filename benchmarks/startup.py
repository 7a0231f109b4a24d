"""Fresh processes: a bare interpreter, `import tvbo`, and one that reads the metadata of a file."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import objects
from findings import Findings
from timing import shown, take_turns

from tvbo import Network

HEADER = (
    "from pathlib import Path; from tvbo.storage import sidecar; path = Path({path!r}); "
    "sidecar.header(sidecar.text_of(path), path)"
)
OPEN = "import tvbo; network = tvbo.Network.from_file({path!r}); network.label, network.number_of_nodes"


def run(findings: Findings, folder: Path, rounds: int) -> None:
    """Measure fresh processes that take turns."""
    path = folder / "regions.yaml"
    Network.from_tvb(objects.connectivity(76)).save(path)
    codes = {
        "bare interpreter": "pass",
        "import tvbo": "import tvbo",
        "import numpy": "import numpy",
        "import h5py": "import h5py",
        "import scipy.sparse": "import scipy.sparse",
        "open 76 regions: label and number of nodes": OPEN.format(path=str(path)),
    }
    if _has_header():
        codes["header of 76 regions, and nothing else"] = HEADER.format(path=str(path))
    times = take_turns({what: _process(code) for what, code in codes.items()}, rounds=rounds, seconds=60)
    bare = times["bare interpreter"]
    findings.section("Fresh processes", "ms, median (quartiles) of whole processes.")
    rows = [[what, shown(found), f"{1e3 * (found.median - bare.median):.1f}"] for what, found in times.items()]
    findings.table(["what the process does", "ms", "on top of a bare interpreter"], rows)
    findings.measure("import", 1e3 * (times["import tvbo"].median - bare.median))
    cold = list(times)[-1]
    findings.measure("cold", 1e3 * times[cold].median, cold)


def _process(code: str) -> Callable[[], Any]:
    return lambda: subprocess.run([sys.executable, "-c", code], check=True)


def _has_header() -> bool:
    from tvbo.storage import sidecar

    return hasattr(sidecar, "header")
