"""
Datasets of xarray: a variable for each dense matrix, with the axes ``target`` and ``source`` labelled by the nodes.

The nodes of sensors are the axis ``sensor``, and a rectangular matrix ``gain`` has columns ``gain.source``, labelled
where it is known what they are. Positions and columns of nodes are coordinates, units are ``attrs["units"]``, and all
the rest, sparse matrices too, is text in ``ds.attrs["tvbo"]``. What still lies in a file stays there, as a Dask array,
if Dask is installed. A part that was selected is a network of its own.
"""

import base64
import hashlib
import importlib.util
from typing import Any

import numpy as np

from tvbo._optional import require
from tvbo.errors import UnsupportedObjectError, warn
from tvbo.limits import Limits
from tvbo.model.arrays import Array, is_loaded
from tvbo.model.losses import report_losses
from tvbo.model.matrices import EdgeMatrix
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable
from tvbo.model.plain import Leaf, Record, dumped, leaves, loaded, put_together, shaped, taken_apart
from tvbo.storage.bounded.decoding import decoding

__all__ = ["EXTRA", "from_object", "takes", "to_object"]

EXTRA = "xarray"
_RECORD, _TARGET, _SOURCE, _SENSOR, _AXIS = "tvbo", "target", "source", "sensor", "axis"
# Axes have these names, so that no array may.
_NAMES = {name: f"{name}_values" for name in (_TARGET, _SOURCE, _SENSOR, _AXIS, "element", "corner")}
_ERRORS = (KeyError, TypeError, ValueError, IndexError, AttributeError)


def takes(obj: object) -> bool:
    """
    Tell whether an object is of xarray.

    Parameters
    ----------
    obj : object
        Anything.

    Returns
    -------
    bool
        True for `xarray.Dataset` and `xarray.DataArray`.
    """
    return any(
        each.__name__ in ("Dataset", "DataArray") and each.__module__.partition(".")[0] == "xarray"
        for each in type(obj).__mro__
    )


def to_object(network: Network, *, strict: bool = False) -> Any:
    """
    Give a network as a dataset.

    Parameters
    ----------
    network : Network
        The network.
    strict : bool
        Whether to refuse to lose anything.

    Returns
    -------
    xarray.Dataset
        The dataset. Arrays are shared, not copied.
    """
    xr = require("xarray", extra=EXTRA, purpose="give a network as a dataset of xarray")
    record, arrays = taken_apart(network, _NAMES)
    root = record["networks"][-1]
    variables: dict[str, Any] = {}
    row = _SENSOR if network.descriptor in ("sensors", "projection") else _TARGET
    labels = network.nodes.labels
    coordinates: dict[str, Any] = {row: (row, labels)}
    for name, said in root["matrices"]:
        if isinstance(name, str) and said["values"]["$"] == "array":
            found = _variable(network, name, row, coordinates)
            variables[_told(said["values"])] = found
    nodes = root["nodes"]
    own = [("positions", nodes.get("positions")), ("ids", nodes.get("ids")), *nodes["columns"]]
    for name, leaf in own:
        if isinstance(leaf, dict) and leaf["$"] == "array" and leaf["name"] not in (*coordinates, *variables):
            values, unit = np.asarray(arrays[leaf["name"]]), network.nodes.units.get(str(name))
            coordinates[_told(leaf)] = (_axes(leaf["name"], row, values), values, _units(unit))
    if any(_AXIS in each[0] for each in coordinates.values() if isinstance(each[0], tuple)):
        coordinates[_AXIS] = (_AXIS, ["x", "y", "z"])
    for leaf in leaves(record):
        if "variable" not in leaf:
            leaf["data"] = base64.b64encode(np.ascontiguousarray(arrays[leaf["name"]]).tobytes()).decode()
    record["row"], record["labels"] = row, _digest(labels)
    attributes = {_RECORD: dumped(record)} | ({} if network.label is None else {"title": network.label})
    made = xr.Dataset(variables, coordinates, attributes)
    back = from_object(made)
    for name, matrix in network.matrices.items():
        # What lies in a file is not read to see that it is itself.
        if not is_loaded(matrix.values) and name in back.matrices:
            back.matrices[name].values = matrix.values
    report_losses(network, back, "a dataset of xarray", strict)
    return made


def _told(leaf: Record) -> str:
    """Say in a leaf that it is a variable, and give its name."""
    leaf["variable"] = True
    return str(leaf["name"])


def _digest(labels: Array) -> str:
    return hashlib.sha256("\0".join(labels.tolist()).encode(errors="surrogatepass")).hexdigest()


def _units(unit: str | None) -> dict[str, str]:
    return {} if unit is None else {"units": unit}


def _axes(name: str, row: str, values: Array) -> tuple[str, ...]:
    rest = [_AXIS] if values.shape[1:] == (3,) else [f"{name}.{number}" for number in range(1, values.ndim)]
    return (row, *rest)


def _variable(network: Network, name: str, row: str, coordinates: dict[str, Any]) -> Any:
    """Give a matrix as a variable; adds the labels of its columns."""
    matrix, n = network.matrices[name], network.number_of_nodes
    elsewhere = matrix.column_labels is not None or matrix.target_network is not None or name in network.links
    column = f"{name}.{_SOURCE}" if elsewhere or matrix.shape[1] != n else _SOURCE
    if column == _SOURCE:
        coordinates[column] = (column, network.nodes.labels)
    elif matrix.column_labels is not None:
        coordinates[column] = (column, np.asarray(matrix.column_labels))
    elif name in network.links and network.links[name].number_of_nodes == matrix.shape[1]:
        coordinates[column] = (column, network.links[name].nodes.labels)
    values = matrix.values
    if not is_loaded(values):
        lazy = importlib.util.find_spec("dask") is not None and getattr(values, "order", "C") == "C"
        values = network.dask(name) if lazy else np.asarray(values)
    return (row, column), values, _units(matrix.unit)


# ------------------------------------------------------------------ and back


def from_object(obj: Any, *, matrix: str = "weight") -> Network:
    """
    Take a dataset or an array with labels.

    Parameters
    ----------
    obj : xarray.Dataset or xarray.DataArray
        Row = target, column = source, unless the axes are called ``source`` and ``target`` in this order. Coordinates
        along the rows are columns of the nodes; ``x``, ``y`` and ``z``, or ``positions``, are where they are.
    matrix : str
        What the matrix of an array without a name is to be called.

    Returns
    -------
    Network
        The network. An array whose columns are labelled otherwise than its rows has these labels for its columns.

    Raises
    ------
    UnsupportedObjectError
        If it has no array of two axes.
    """
    dataset = obj if hasattr(obj, "data_vars") else obj.to_dataset(name=obj.name if obj.name is not None else matrix)
    text = dataset.attrs.get(_RECORD)
    if not isinstance(text, str):
        return _foreign(dataset)
    record = loaded(text, Limits(), "the dataset")
    with decoding("the dataset", "a record that fits it", _ERRORS):
        _fit(record, dataset)

        def give(leaf: Leaf) -> Any:
            if "variable" in leaf:
                return _held(dataset, leaf)
            data = np.frombuffer(base64.b64decode(leaf["data"], validate=True), np.dtype(leaf["dtype"]))
            return shaped(data.copy(), leaf)

        network = put_together(record, give, Limits(nodes=1 << 62), "the dataset")
    for name, said in record["networks"][-1]["matrices"]:
        if said["values"].get("variable"):
            network.matrices[name].unit = dataset[said["values"]["name"]].attrs.get("units")
    return network


def _held(dataset: Any, leaf: Leaf) -> Any:
    values = dataset[leaf["name"]].data
    if not isinstance(values, np.ndarray):
        return values
    return shaped(values, {**leaf, "shape": list(values.shape)})


def _fit(record: Record, dataset: Any) -> None:
    """Leave out what is not there any more, and what has a row for each node if others were selected."""
    root, row = record["networks"][-1], record["row"]
    nodes = root["nodes"]
    if row not in dataset.coords:
        raise UnsupportedObjectError(
            f"the dataset has no labels of the axis {row!r} any more: expected the nodes' names"
        )
    labels = dataset.coords[row].to_numpy()
    same = _digest(labels) == record["labels"]

    def is_there(leaf: Leaf) -> bool:
        return leaf["name"] in dataset.variables if "variable" in leaf else same

    lost = []
    for name in ("positions", "ids"):
        if name in nodes and not is_there(nodes[name]):
            del nodes[name]
            lost.append(name)
    lost += [str(name) for name, leaf in nodes["columns"] if not is_there(leaf)]
    nodes["columns"] = [[name, leaf] for name, leaf in nodes["columns"] if is_there(leaf)]
    kept = []
    for name, said in root["matrices"]:
        if said["values"]["$"] == "array" and is_there(said["values"]):
            kept.append([name, said])
            _label_columns(said, dataset, dataset[said["values"]["name"]].dims[1], labels)
        elif said["values"]["$"] != "array" and same:
            kept.append([name, said])
        else:
            lost.append(str(name))
    root["matrices"] = kept
    if not same:
        lost += [name for name in ("mesh", "node_mapping_data") if root.pop(name, None) is not None]
        nodes["labels"] = {"$": "array", "name": row, "variable": True} | _form(labels)
        nodes["size"], nodes["extra"] = len(labels), {}
    if lost:
        warn(f"the nodes of the dataset are others than those that it was made of: {', '.join(lost)} are left out")


def _form(values: Array) -> Record:
    return {"dtype": values.dtype.str, "shape": list(values.shape), "order": "C"}


def _label_columns(said: Record, dataset: Any, column: str, labels: Array) -> None:
    """Say what the columns are, if others were selected than the rows."""
    if column not in dataset.coords:
        return
    names = dataset.coords[column].to_numpy()
    square = column == _SOURCE and np.array_equal(names, labels)
    known = "column_labels" in said and said["column_labels"]["shape"] == list(names.shape)
    if not square and not known and (column == _SOURCE or "column_labels" in said):
        said["column_labels"] = {"$": "array", "name": column, "variable": True} | _form(names)


def _foreign(dataset: Any) -> Network:
    arrays = {name: each for name, each in dataset.data_vars.items() if each.ndim == 2 and each.dtype.kind in "biufc"}
    if not arrays:
        raise UnsupportedObjectError(
            f"the dataset has {', '.join(map(str, dataset.variables)) or 'nothing'}: expected an array of numbers with "
            "two axes, targets and sources"
        )
    turned = {name: each.T if each.dims == (_SOURCE, _TARGET) else each for name, each in arrays.items()}
    row = next(iter(turned.values())).dims[0]
    n = dataset.sizes[row]
    along = {
        str(name): each.to_numpy()
        for name, each in (*dataset.coords.items(), *dataset.data_vars.items())
        if each.dims[:1] == (row,) and name != row and name not in arrays and each.dtype.kind in "biufcU"
    }
    positions = along.pop("positions", None)
    if positions is None and all(name in along for name in "xyz"):
        positions = np.stack([along.pop(name) for name in "xyz"], axis=1)
    labels = dataset.coords[row].to_numpy().astype(str) if row in dataset.coords else None
    units = {name: dataset[name].attrs["units"] for name in along if isinstance(dataset[name].attrs.get("units"), str)}
    title = dataset.attrs.get("title")
    network = Network(NodeTable(labels, positions, along, size=n, units=units), label=title)
    left = []
    for name, each in turned.items():
        if each.dims[0] != row or not isinstance(name, str):
            left.append(str(name))
            continue
        column = each.dims[1]
        names = each.coords[column].to_numpy().astype(str) if column in each.coords else None
        alike = names is None or (labels is not None and np.array_equal(names, labels))
        if each.shape[1] == n and alike:
            names = None
        elif names is None:
            names = np.array([f"{column}_{index}" for index in range(each.shape[1])])
        network.matrices[name] = EdgeMatrix(each.data, each.attrs.get("units"), column_labels=names)
    if left:
        warn(f"the arrays {', '.join(left)[:200]} have other rows than {row!r}, and are left out")
    return network
