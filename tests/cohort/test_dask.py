"""Dask has the work done as processes do."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tvbo import Network
from tvbo.cohort import average, map_networks, open_cohort

distributed = pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
HERE = str(Path(__file__).parent)


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Two processes on this machine."""
    settings = {"distributed.scheduler.allowed-failures": 1, "distributed.admin.log-format": "%(message)s"}
    import dask

    with (
        dask.config.set(settings),
        distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.run(lambda: __import__("sys").path.insert(0, HERE))
        yield client


def test_it_makes_what_processes_make(
    client: Any, cohort: Callable[..., Path], tmp_path: Path, functions: ModuleType
) -> None:
    base = cohort(12)
    found = map_networks(functions.doubled, base, client, into=tmp_path / "dask")
    wanted = map_networks(functions.doubled, base, into=tmp_path / "here", workers=0)
    assert [record.digest_out for record in found] == [record.digest_out for record in wanted]
    assert Network.from_file(tmp_path / "dask" / "sub-003.yaml").weights_matrix[0, 0] == 6
    assert len(map_networks(functions.doubled, base, client, into=tmp_path / "dask").unchanged) == 12
    # It takes functions that processes cannot.
    assert map_networks(lambda network: network.number_of_nodes, base, client)[0].value == 4
    assert average(base, executor=client).network.identical(average(base).network)


def test_a_worker_that_dies_takes_one_network_with_it(
    client: Any, cohort: Callable[..., Path], functions: ModuleType
) -> None:
    # Enough for batches of several.
    found = map_networks(_deadly, cohort(30), client)
    assert [record.item for record in found.failed] == ["sub-002"]
    assert found[29].value == 29
    assert "lost on its way: KilledWorker" in found.failed[0].error.message


def _deadly(network: Network) -> float:
    import os

    if network.weights_matrix[0, 0] == 2:
        os._exit(1)
    return float(network.weights_matrix[0, 0])


_deadly.__module__ = "__main__"


def test_an_array_is_read_by_its_workers(client: Any, cohort: Callable[..., Path]) -> None:
    found = open_cohort(cohort(4))
    np.testing.assert_array_equal(found.to_xarray().mean("subject").compute(), np.asarray(found).mean(0))
