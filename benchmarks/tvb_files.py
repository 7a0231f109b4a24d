"""
TVB's archives read by tvbo and by TVB's own readers, in turns: medians, and how many times as fast.

Both read all: every number is parsed. What tvbo reads is compared with what TVB reads first.
"""

import logging
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import tvb_data
    from tvb.datatypes.connectivity import Connectivity
    from tvb.datatypes.surfaces import CorticalSurface

from tvbo import Network

RUNS = 31
FOLDER = Path(tvb_data.__file__).parent
FILES = (
    (FOLDER / "connectivity" / "connectivity_76.zip", Connectivity),
    (FOLDER / "connectivity" / "connectivity_192.zip", Connectivity),
    (FOLDER / "surfaceData" / "cortex_16384.zip", CorticalSurface),
)


def in_turns(ours: Callable[[], Any], theirs: Callable[[], Any]) -> tuple[float, float]:
    """Give the median times of two calls that take turns, so that a busy machine slows both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(RUNS + 1):
        for call, kept in zip((ours, theirs), times, strict=True):
            start = time.perf_counter()
            call()
            kept.append(time.perf_counter() - start)
    return statistics.median(times[0][1:]), statistics.median(times[1][1:])


def main() -> None:
    """Compare, measure and print."""
    logging.disable(logging.WARNING)
    for path, kind in FILES:
        fresh = ("label", "extra.tvb.objects[0].traits.gid.uuid", "extra.tvb_zip.info")
        found = Network.from_file(path).diff(Network.from_tvb(kind.from_file(str(path))))
        assert [each.path for each in found if each.path not in fresh] == []
        ours, theirs = in_turns(
            lambda path=path: Network.from_file(path),  # type: ignore[misc]
            lambda path=path, kind=kind: kind.from_file(str(path)),  # type: ignore[misc]
        )
        print(
            f"{path.name:24} tvbo {ours * 1e3:6.2f} ms   TVB {theirs * 1e3:6.2f} ms   {theirs / ours:.1f} times as fast"
        )


if __name__ == "__main__":
    main()
