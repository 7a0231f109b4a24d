"""
Graphs of tvboptim, which simulates and fits brain networks on JAX.

``execute(format="tvboptim")`` gives the graph that a `tvboptim` network takes. Both index ``[target, source]``, so that
nothing is transposed; lengths are in millimetres, delays in milliseconds.

==========================================  =====================================================
dense weights, lengths and one speed        ``DenseLengthGraph``
dense weights, lengths and several speeds   ``DenseDelayGraph``, with ``lengths / speed`` as TVB has it
dense weights alone, or ``delays=False``    ``DenseGraph``
sparse weights                              ``SparseGraph``, or ``SparseDelayGraph`` if there are lengths
==========================================  =====================================================
"""

from typing import Any

import numpy as np
import scipy.sparse as sp

from tvbo._optional import require
from tvbo.errors import MatrixNotFoundError, ShapeError, UnsupportedObjectError
from tvbo.model.arrays import Array, is_sparse
from tvbo.model.losses import report_losses
from tvbo.model.matrices import LENGTHS, WEIGHTS, EdgeMatrix
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable
from tvbo.units import in_mm, in_mm_per_ms

__all__ = ["DROPS", "EXTRA", "from_object", "takes", "to_object"]

EXTRA = "tvboptim"
DROPS = {
    "label": "label",
    "description": "description",
    "descriptor": "descriptor",
    "nodes.ids": "nodes.ids",
    "nodes.positions": "nodes.positions",
    "nodes.columns.*": "nodes.columns.*",
    "nodes.extra*": "nodes.extra",
    "mesh.*": "mesh.*",
    "node_mapping_data": "node_mapping_data",
    "matrices.*": "matrices.*",
    "parameters.*.*": "*",
    "parent_network*": "parent_network",
    "links*": "links",
    "extra*": "extra",
}
_DELAYS = "delay"
_MODULE = "tvboptim.experimental.network_dynamics.graph"


def takes(obj: object) -> bool:
    """
    Tell whether an object is a graph of tvboptim.

    Parameters
    ----------
    obj : object
        The object.

    Returns
    -------
    bool
        True for each of its kinds.
    """
    return any(f"{kind.__module__}.".startswith(f"{_MODULE}.") for kind in type(obj).__mro__)


def to_object(network: Network, *, delays: bool = True, strict: bool = False) -> Any:
    """
    Give the graph of a network.

    Parameters
    ----------
    network : Network
        The network; its weights are read, and its lengths.
    delays : bool
        Whether the graph has delays, if there are lengths and a speed.
    strict : bool
        Whether to refuse to lose anything.

    Returns
    -------
    tvboptim.experimental.network_dynamics.graph.AbstractGraph
        The graph; see the table above for which. Its numbers are float32 unless ``jax_enable_x64`` was set before.

    Raises
    ------
    ValueError
        If weights or delays are not finite, which tvboptim refuses.
    MatrixNotFoundError
        If there are no weights, or lengths and no conduction speed.
    ShapeError
        If the weights are not square, lengths or speeds are no real numbers, or speeds do not fit the lengths.
    LossyConversionError
        If it is strict, and the graph has no place for something.
    """
    graphs = require(_MODULE, extra=EXTRA, purpose="give a graph of tvboptim")
    name = network.matrices.first_of(WEIGHTS)
    weights = _floating(network.matrix(name, None))
    if weights.shape[0] != weights.shape[1]:
        raise ShapeError(f"matrix {name!r} has shape {weights.shape}: a graph of tvboptim has as many rows as columns")
    _check_finite(weights, name)
    labels = network.nodes.labels.tolist()
    held = next((each for each in LENGTHS if each in network.matrices), None)
    if not delays or held is None:
        made = _sparse(graphs, weights, None, labels) if is_sparse(weights) else graphs.DenseGraph(weights, labels)
    else:
        if network.matrices[held].dtype.kind == "c":
            raise ShapeError(f"matrix {held!r} is complex: expected lengths; or ask for delays=False")
        lengths = _floating(network.matrix(held)) * in_mm(network.matrices[held].unit)
        _check_finite(lengths, held)
        speed = _speed(network)
        if is_sparse(weights):
            made = _sparse(graphs, weights, _delays(lengths, speed), labels)
        elif speed.size == 1 and np.isfinite(speed).all() and (speed > 0).all():
            made = graphs.DenseLengthGraph(weights, lengths, speed.item(), labels)
        else:
            made = graphs.DenseDelayGraph(weights, _delays(lengths, speed), labels)
    report_losses(network, from_object(made), "a graph of tvboptim", strict)
    return made


def _check_finite(values: Any, name: str) -> None:
    numbers = values.data if is_sparse(values) else values
    bad = np.flatnonzero(~np.isfinite(np.asarray(numbers)))
    if bad.size:
        raise ValueError(f"matrix {name!r} has {bad.size} entries that are not finite: tvboptim refuses these")


def _floating(values: Any) -> Any:
    """Give numbers as JAX computes with them: it wraps integers that are large, and knows no other byte order."""
    dtype = values.dtype.newbyteorder("=")
    if dtype.kind in "biu" or dtype == np.longdouble:
        dtype = np.dtype(np.float64)
    return values.astype(dtype, copy=False)


def _speed(network: Network) -> Array:
    if "conduction_speed" not in network.parameters:
        raise MatrixNotFoundError(
            "there are lengths, and no conduction speed: set network.conduction_speed, or ask for delays=False"
        )
    speed = network.conduction_speed
    given = np.asarray(speed.value)
    if given.dtype.kind not in "biuf":
        raise ShapeError(f"the conduction speed is {speed.value!r}: expected a number")
    return given.astype(float) * in_mm_per_ms(speed.unit)


def _delays(lengths: Array, speed: Array) -> Array:
    """Compute delays as TVB does: ``tract_lengths / speed``, whatever shape the speed has (`Connectivity.delays`)."""
    if np.broadcast_shapes(speed.shape, (1, 1)) not in ((1, 1), (1, len(lengths)), (len(lengths), 1), lengths.shape):
        raise ShapeError(f"the conduction speed has shape {speed.shape}, which does not fit lengths of {lengths.shape}")
    with np.errstate(divide="ignore", invalid="ignore"):
        delays = np.broadcast_to(lengths / speed, lengths.shape)
    if not np.isfinite(delays).all() or (delays < 0).any():
        raise ValueError(
            "lengths divided by speeds give delays that are negative or not finite: tvboptim refuses these"
        )
    return np.ascontiguousarray(delays)


def _sparse(graphs: Any, weights: Any, delays: Array | None, labels: list[str]) -> Any:
    """Make a sparse graph that has the places of the weights, those of explicit zeros too."""
    experimental = require("jax.experimental.sparse", extra=EXTRA, purpose="give a sparse graph of tvboptim")
    # tvboptim wants each place once.
    coo = sp.coo_array(sp.csr_array(weights))
    coo.sum_duplicates()
    places = np.stack([coo.row, coo.col], axis=1)
    made = experimental.BCOO((coo.data, places), shape=coo.shape)
    if delays is None:
        return graphs.SparseGraph(made, labels)
    beside = experimental.BCOO((delays[coo.row, coo.col], places), shape=coo.shape)
    return graphs.SparseDelayGraph(made, beside, labels)


def from_object(obj: Any) -> Network:
    """
    Make a network of a graph.

    Parameters
    ----------
    obj : tvboptim.experimental.network_dynamics.graph.AbstractGraph
        The graph.

    Returns
    -------
    Network
        With the matrix ``weight``, and ``length`` [mm] and the conduction speed, or ``delay`` [ms]; float32 where the
        graph has that.

    Raises
    ------
    UnsupportedObjectError
        If it is no graph of tvboptim.
    """
    if not takes(obj):
        raise UnsupportedObjectError(f"{type(obj).__qualname__} is no graph of tvboptim")
    network = Network(NodeTable([str(label) for label in obj.region_labels]))
    network.matrices[WEIGHTS[0]] = EdgeMatrix(_values(obj.weights))
    if hasattr(obj, "lengths"):
        network.matrices[LENGTHS[0]] = EdgeMatrix(_values(obj.lengths), "mm")
        network.conduction_speed = float(obj.speed)
    elif hasattr(obj, "delays"):
        network.matrices[_DELAYS] = EdgeMatrix(_values(obj.delays), "ms")
    return network


def _values(values: Any) -> Any:
    """Give an array of JAX as one of numpy, or of scipy if it is sparse."""
    if not hasattr(values, "indices"):
        return np.asarray(values)
    places = np.asarray(values.indices)
    made = sp.coo_array((np.asarray(values.data), (places[:, 0], places[:, 1])), shape=values.shape)
    return made.tocsr()
