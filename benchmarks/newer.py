"""
Journeys that need a door which not every version of tvbo has: each says what it needs, and is left out without it.
"""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import data
import objects
from findings import Findings
from timing import shown, take_turns

from tvbo import Network
from tvbo.storage import sidecar

Calls = dict[str, Callable[[], Any]]


@dataclass(frozen=True, slots=True)
class Newer:
    """A journey, what it needs, and the calls that take turns in it."""

    what: str
    needs: Callable[[], bool]
    calls: Callable[[Path], Calls]


def _saved(folder: Path, name: str, network: Network) -> Path:
    path = folder / f"{name}.yaml"
    network.save(path)
    return path


def _header(folder: Path) -> Calls:
    path = _saved(folder, "header", Network.from_tvb(objects.connectivity(1000)))
    return {
        "header": lambda: sidecar.header(sidecar.text_of(path), path),
        "all of the sidecar": lambda: sidecar.parse(sidecar.text_of(path), path),
        "from_file": lambda: Network.from_file(path),
    }


def _nodes(folder: Path) -> Calls:
    path = _saved(folder, "nodes", Network.from_tvb(objects.connectivity(1000)))
    return {
        "open, no node touched": lambda: Network.from_file(path).number_of_nodes,
        "open, labels": lambda: Network.from_file(path).nodes.labels,
        "open, one node": lambda: Network.from_file(path).nodes[500].label,
    }


def _dask(folder: Path) -> Calls:
    path = _saved(folder, "dask", Network.from_matrix(data.matrix("W", 2000)))
    held = Network.from_file(path)
    return {
        "row sums, dask": lambda: held.dask("weight").sum(axis=1).compute(),
        "row sums, read whole": lambda: Network.from_file(path).matrix("weight").sum(axis=1),
    }


def _has_dask() -> bool:
    return hasattr(Network, "dask") and importlib.util.find_spec("dask") is not None


JOURNEYS = (
    Newer("header of 1,000 regions, in a running process", lambda: hasattr(sidecar, "header"), _header),
    Newer("nodes of 1,000 regions", lambda: True, _nodes),
    Newer("a matrix of 32 MB through dask", _has_dask, _dask),
)


def run(findings: Findings, folder: Path, seconds: float) -> None:
    """Measure those that can be measured."""
    findings.section("Metadata, nodes, dask", "ms, median (quartiles).")
    rows, missing = [], []
    for journey in JOURNEYS:
        if not journey.needs():
            missing.append(journey.what)
            continue
        found = take_turns(journey.calls(folder), seconds=seconds)
        rows += [[f"{journey.what}: {name}", shown(times)] for name, times in found.items()]
    findings.table(["journey", "ms"], rows)
    if missing:
        findings.say(f"Not in this version, or not installed: {'; '.join(missing)}.")
