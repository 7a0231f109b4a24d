"""
Convert what the package tvb_data holds into networks that Network.load finds by name; TVB itself is not needed.

Region mappings are linked with their connectivities and lie on the cortex, projections have their sensors and lead to
the cortex, the local connectivity lies on it. Every other file that a format knows is converted as it is. The data are
TVB's, under its licence (GPL-3.0): mind it before you pass them on.
"""

import argparse
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tvbo import Network, save_all
from tvbo.database import user_networks_path
from tvbo.errors import MissingDependencyError, TvboError
from tvbo.model.datatypes import datatype_of, network_of

# No file says what class it is.
KINDS = {
    "face_8614": "FaceSurface",
    "inner_skull_4096": "BrainSkull",
    "outer_skull_4096": "SkullSkin",
    "outer_skin_4096": "SkinAir",
    "scalp_1082": "EEGCap",
    "eeg_brainstorm_65": "SensorsEEG",
    "eeg_unitvector_62": "SensorsEEG",
    "meg_151": "SensorsMEG",
    "meg_brainstorm_276": "SensorsMEG",
    "seeg_39": "SensorsInternal",
    "seeg_588": "SensorsInternal",
    "projection_eeg_62_surface_16k": "ProjectionSurfaceEEG",
    "projection_eeg_65_surface_16k": "ProjectionSurfaceEEG",
    "projection_meg_276_surface_16k": "ProjectionSurfaceMEG",
}
# What belongs together, by the names and sizes that tvb_data gives.
CORTEX = "cortex_16384"
CONNECTIVITIES = {
    "regionMapping_16k_76": "connectivity_76",
    "regionMapping_16k_192": "connectivity_192",
}
SENSORS = {
    "projection_eeg_62_surface_16k": "eeg_unitvector_62",
    "projection_eeg_65_surface_16k": "eeg_brainstorm_65",
    "projection_meg_276_surface_16k": "meg_brainstorm_276",
}
LOCAL = "local_connectivity_16384"
# Two tables that are one network.
WEIGHTS, LENGTHS = "output_ConnectionCapacityMatrix", "output_ConnectionDistanceMatrix"


def main(arguments: list[str] | None = None) -> int:
    """Run the script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="where; the user's folder of networks unless given")
    parser.add_argument("--data", type=Path, help="where tvb_data lies; the installed one unless given")
    parser.add_argument("--force", action="store_true", help="replace networks of these names that are there")
    options = parser.parse_args(arguments)
    folder = (options.folder or user_networks_path()).absolute()
    try:
        data = options.data or installed()
    except MissingDependencyError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    networks, skipped = read(data)
    there = sorted(name for name in networks for end in (".yaml", ".h5") if (folder / f"{name}{end}").exists())
    if there and not options.force:
        sys.stderr.write(f"{folder} has {', '.join(dict.fromkeys(there))} already: give --force to replace\n")
        return 2
    if not networks:
        sys.stderr.write(f"{data} holds no network\n")
        return 2
    for name, network in networks.items():
        # save_all calls them so, and replaces what is there.
        network.path = folder / f"{name}.yaml"
    paths = save_all(networks.values(), folder)
    for row in told(networks, paths, skipped):
        print(row)
    print(f"{len(networks)} networks in {folder}, {len(skipped)} files skipped")
    return 0


def installed() -> Path:
    """Find tvb_data without importing it."""
    found = importlib.util.find_spec("tvb_data")
    if found is None or not found.submodule_search_locations:
        raise MissingDependencyError("tvb_data is not installed: pip install tvb-data, or give --data")
    return Path(found.submodule_search_locations[0])


def read(data: Path) -> tuple[dict[str, Network], dict[str, str]]:
    """Read every file, and link what belongs together; gives the networks by name, and why files are skipped."""
    networks: dict[str, Network] = {}
    skipped: dict[str, str] = {}
    files = {stem(path): path for path in sorted(data.rglob("*"))[::-1] if is_data(path)}
    for path in sorted(path for path in data.rglob("*") if is_data(path)):
        name, place = stem(path), path.relative_to(data).as_posix()
        if name == LENGTHS and WEIGHTS in files:
            skipped[place] = f"the lengths of {WEIGHTS}"
            continue
        if name in networks:
            skipped[place] = f"another file is called {name} too"
            continue
        choices: dict[str, Any] = {"kind": KINDS[name]} if name in KINDS else {}
        if name == WEIGHTS and LENGTHS in files:
            choices = {"lengths": files[LENGTHS]}
        try:
            networks[name] = Network.from_file(path, **choices)
        except TvboError as error:
            skipped[place] = reason(error, path)
            continue
        networks[name].description = f"{place} of tvb_data"
    for name in networks:
        networks[name] = linked(name, networks)
    for name, network in networks.items():
        # Titles that were made of the class and a gid say less than the name of the file.
        network.label = name
    return networks, skipped


def stem(path: Path) -> str:
    """Give the name of a file without any of its endings."""
    return path.name.partition(".")[0]


def is_data(path: Path) -> bool:
    """Tell whether a file is one of data."""
    return path.is_file() and path.suffix not in (".py", ".pyc", ".pyi", ".typed") and not path.name.startswith(".")


def reason(error: TvboError, path: Path) -> str:
    """Say briefly why a file cannot be read."""
    return str(error).replace(f"{path}", path.name).partition(";")[0]


def linked(name: str, networks: dict[str, Network]) -> Network:
    """Link a network with what tvb_data has for it."""
    network, cortex = networks[name], networks.get(CORTEX)
    if name in CONNECTIVITIES:
        datatype = datatype_of(network)
        if cortex is not None:
            datatype.traits["surface"] = datatype_of(cortex)
        made = network_of(datatype, networks.get(CONNECTIVITIES[name]))
    elif name in SENSORS:
        datatype = datatype_of(network)
        if SENSORS[name] in networks:
            datatype.traits["sensors"] = datatype_of(networks[SENSORS[name]])
        made = network_of(datatype)
        if cortex is not None:
            made.links["gain"] = cortex
            traits = made.extra["tvb"]["objects"][0]["traits"]
            traits["sources"] = {"link": "gain", "object": 0, "class": "CorticalSurface"}
    elif name == LOCAL and cortex is not None:
        datatype = datatype_of(network)
        datatype.traits["surface"] = datatype_of(cortex)
        made = network_of(datatype)
    else:
        return network
    made.description = network.description
    return made


def told(networks: dict[str, Network], paths: dict[str, Path], skipped: dict[str, str]) -> Iterator[str]:
    """Give the rows of a table of what was written, and of what was not."""
    names = {id(network): name for name, network in networks.items()}
    width = max(map(len, (*networks, *skipped)))
    for name, network in networks.items():
        size = sum(paths[name].with_suffix(end).stat().st_size for end in (".yaml", ".h5"))
        to = ", ".join(names[id(each)] for each in network.linked())
        yield (
            f"written  {name:{width}}  {network.descriptor or '':10}  {network.number_of_nodes:6} nodes  "
            f"{size / 1e6:6.2f} MB  {f'-> {to}' if to else ''}"
        ).rstrip()
    for place, why in skipped.items():
        yield f"skipped  {place:{width}}  {why}"


if __name__ == "__main__":
    sys.exit(main())
