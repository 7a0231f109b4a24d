"""Functions of networks that worker processes can import."""

import os
import signal
import sys
import time
import warnings
from pathlib import Path
from typing import Any

from tvbo import Network
from tvbo.cohort.averaging import _sum


def doubled(network: Network, by: float = 2.0) -> Network:
    network.set_matrix("weight", network.weights_matrix * by)
    return network


def first(network: Network) -> float:
    return float(network.weights_matrix[0, 0])


def picky(network: Network) -> float:
    """Fail in every way that a function has, by the number in the corner."""
    value = first(network)
    if value == 1:
        raise ValueError("one is\ntoo little")
    if value == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    if value == 3:
        sys.exit(3)
    if value == 4:
        raise Odd(lambda: None)
    if value == 5:
        os._exit(5)
    if value == 6:
        warnings.warn("six is much", UserWarning, stacklevel=1)
    return value


class Odd(Exception):
    """An exception that cannot be sent to another process."""


def opaque(network: Network) -> Any:
    """Give what no report can hold, and no process can send."""
    value = first(network)
    return float("nan") if value == 1 else open(os.devnull) if value == 2 else value  # noqa: PTH123


def logged(network: Network, log: str, seconds: float = 0.0) -> Network:
    """Write down that it was called, as a single write."""
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    assert network.path is not None
    os.write(descriptor, f"{Path(network.path).stem}\n".encode())
    os.close(descriptor)
    time.sleep(seconds)
    return network


def deadly_sum(plan: Any, block: Any, band: Any, references: Any) -> Any:
    """Kill the process that reads the second network of a cohort."""
    if any(item.name == "sub-001" for item in block):
        os.kill(os.getpid(), signal.SIGKILL)
    return _sum(plan, block, band, references)
