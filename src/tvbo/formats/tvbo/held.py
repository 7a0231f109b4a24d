"""What a network holds of the file that a save replaces."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tvbo.formats.tvbo.flags import is_streamed
from tvbo.formats.tvbo.links import every_linked
from tvbo.model.arrays import load
from tvbo.model.blocks import RowBlocks, SparseRowBlocks
from tvbo.model.network import Network
from tvbo.storage.foreign import Foreign
from tvbo.storage.stored import AbsentArray, StoredArray, stamp_of

_PLAIN = frozenset((str, int, float, bool, type(None), np.ndarray))


def keep_before_overwriting(network: Network, companion: Path) -> None:
    """
    Read what still lies in the file that is about to be replaced, unless it is streamed into the new one.

    Parameters
    ----------
    network : Network
        The network that is to be saved.
    companion : Path
        The file.
    """
    if companion.exists():
        for each in every_linked(network):
            _keep(each, companion.resolve())


def _keep(network: Network, target: Path) -> None:
    for matrix in network.matrices.values():
        if _lies_in(matrix.values, target) and not is_streamed(matrix.values):
            matrix.load()
    holders = [network.nodes.columns, *([network.mesh.arrays] if network.mesh is not None else [])]
    for holder in holders:
        for name in holder:
            if _lies_in(holder.peek(name), target):
                holder[name] = load(holder.peek(name))
    for parameter in network.parameters.values():
        parameter.value = _kept(parameter.value, target)
    nodes = network.nodes
    _ = nodes.has_labels and nodes.labels, nodes.positions, nodes.has_ids and nodes.ids
    if network.has_node_mapping and not isinstance(network.held_node_mapping(), AbsentArray):
        _ = network.node_mapping_data
    network.extra = _kept(network.extra, target)


def _kept(tree: Any, target: Path) -> Any:
    if type(tree) in _PLAIN:
        return tree
    if isinstance(tree, dict):
        return {key: _kept(item, target) for key, item in tree.items()}
    if type(tree) in (list, tuple):
        return type(tree)(_kept(item, target) for item in tree)
    return load(tree) if _lies_in(tree, target) else tree


def _lies_in(values: Any, target: Path) -> bool:
    if type(values) is np.ndarray:
        return False
    parts = getattr(values, "parts", {"": values})
    return any(isinstance(part, StoredArray) and part.path.resolve() == target for part in parts.values())


def streamed_from(network: Network, companion: Path, carry: bool = True) -> list[tuple[int, str]]:
    """
    List the matrices that will be found only in the new file: used up, or streamed from the one that it replaces.

    Parameters
    ----------
    network : Network
        The network that is to be saved.
    companion : Path
        The file that it goes into.
    carry : bool
        Whether the networks that it is linked to go into it too.

    Returns
    -------
    list of (int, str)
        Which of the networks, as `every_linked` lists them, and the name of the matrix.
    """
    found = []
    target = companion.resolve()
    for index, each in enumerate(every_linked(network) if carry else [network]):
        for name, matrix in each.matrices.items():
            values = matrix.values
            blocks = isinstance(values, (RowBlocks, SparseRowBlocks))
            if blocks or (is_streamed(values) and _lies_in(values, target)):
                found.append((index, name))
    return found


def point_to(network: Network, saved: Network, moved: list[tuple[int, str]], carry: bool = True) -> None:
    """
    Take matrices from the file that was just written.

    Parameters
    ----------
    network : Network
        The network that was saved.
    saved : Network
        The same, opened again.
    moved : list of (int, str)
        As `streamed_from` gives them.
    carry : bool
        Whether the networks that it is linked to lie in the file too.
    """
    here, there = (every_linked(each) if carry else [each] for each in (network, saved))
    for index, name in moved:
        here[index].matrices[name].values = there[index].matrices[name].values


def follow(network: Network, companion: Path) -> None:
    """
    Carry foreign objects from the new file from now on, into which they were copied.

    Parameters
    ----------
    network : Network
        The network that was saved.
    companion : Path
        The new file.
    """
    foreign = network.extra.get("hdf5")
    if isinstance(foreign, Foreign):
        network.extra["hdf5"] = replace(foreign, path=companion, stamp=stamp_of(companion.stat()))
