"""TVB's default data, as networks."""

import pytest
from tvb.datatypes.connectivity import Connectivity
from tvb.datatypes.projections import ProjectionSurfaceEEG
from tvb.datatypes.region_mapping import RegionMapping
from tvb.datatypes.sensors import SensorsEEG
from tvb.datatypes.surfaces import CorticalSurface

from tvbo import Network


@pytest.fixture(scope="session")
def brain() -> tuple[Network, Network]:
    """The 76 regions, and the cortex that they lie on."""
    connectivity, surface, mapping = Connectivity.from_file(), CorticalSurface.from_file(), RegionMapping.from_file()
    connectivity.configure()
    return Network.from_tvb_surface(connectivity, surface, mapping)


@pytest.fixture(scope="session")
def eeg(brain: tuple[Network, Network]) -> Network:
    """65 electrodes and their gain of the vertices; two of them have none."""
    projection = ProjectionSurfaceEEG.from_file()
    projection.sensors = SensorsEEG.from_file()
    network = Network.from_tvb(projection)
    network.links["gain"] = brain[1]
    return network
