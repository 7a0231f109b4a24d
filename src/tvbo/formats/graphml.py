"""
GraphML, by way of networkx: nodes are regions, and the edge j -> i holds entry [i, j] of each matrix.

The graph is that of the format ``networkx``, whose attributes are typed keys here: floats are exact, and NaN and
infinite numbers are spelled ``NaN`` and ``Infinity``, as Gephi and networkx read them. Document types and entities are
refused before anything else looks at a file.
"""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

from tvbo._optional import require
from tvbo.limits import Limits
from tvbo.model.graphs import graph_for_xml, network_of_graph
from tvbo.model.losses import report_losses
from tvbo.model.network import Network
from tvbo.storage.bounded import read_bytes, xml
from tvbo.storage.bounded.decoding import decoding
from tvbo.storage.replacing import write_file

__all__ = ["EXTENSIONS", "EXTRA", "read", "write"]

EXTENSIONS = (".graphml",)
EXTRA = "networkx"
_ERRORS = (KeyError, TypeError, ValueError, AttributeError, IndexError, RuntimeError)
_SPELLED = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity", "True": "true", "False": "false"}


def read(
    path: Path,
    *,
    limits: Limits = Limits(),  # noqa: B008 - it cannot be changed
    weight: str | None = None,
) -> Network:
    """
    Read a file.

    Parameters
    ----------
    path : Path
        The file.
    limits : Limits
        What it may ask for: ``sidecar_bytes``, and four times ``sidecar_values`` elements and attributes.
    weight : str, optional
        The attribute of edges that becomes the matrix ``weight``.

    Returns
    -------
    Network
        The network. In a file of others all attributes of edges that are numbers become matrices.

    Raises
    ------
    UnsafeFileError
        If it declares a document type or entities.
    UnsupportedObjectError
        If several edges join the same two nodes.
    """
    return _network(read_bytes(path, limits.sidecar_bytes), path, limits, weight)


def _network(data: bytes, path: Path, limits: Limits, weight: str | None = None) -> Network:
    # Looked through first, since networkx would believe all that is in it.
    xml(path, replace(limits, objects=max(limits.objects, 4 * limits.sidecar_values)), data=data)
    nx = require("networkx", extra=EXTRA, purpose="read GraphML")
    with decoding(path, "GraphML", (*_ERRORS, nx.NetworkXException)):
        graph = nx.read_graphml(io.BytesIO(data))
        return network_of_graph(graph, path, limits, weight)


def write(
    network: Network,
    path: Path,
    *,
    directed: bool = True,
    strict: bool = False,
    limits: Limits = Limits(),  # noqa: B008 - it cannot be changed
) -> None:
    """
    Write a file.

    Parameters
    ----------
    network : Network
        The network.
    path : Path
        The file.
    directed : bool
        Whether its edges are to be directed; others are written of what is symmetric.
    strict : bool
        Whether to refuse to lose anything.
    limits : Limits
        Within which it must be readable.

    Raises
    ------
    LossyConversionError
        If it is strict, and the file cannot carry something.
    ValueError
        If names of nodes cannot stand in XML.
    """
    module = require("networkx.readwrite.graphml", extra=EXTRA, purpose="write GraphML")
    graph = graph_for_xml(network, directed=directed, where=path.name, takes=lambda _: True)
    writer = module.GraphMLWriter(encoding="utf-8", prettyprint=True)
    writer.add_graph_element(graph)
    _spell(writer.xml)
    image = io.BytesIO()
    writer.dump(image)
    data = image.getvalue()
    report_losses(network, _network(data, path, limits), path.name, strict)
    write_file(path.absolute(), data)


def _spell(document: Any) -> None:
    """Spell numbers as programs of other languages read them."""
    kinds = {each.get("id"): each.get("attr.type") for each in document.iter("key")}
    for each in document.iter("data"):
        if kinds[each.get("key")] in ("double", "boolean"):
            each.text = _SPELLED.get(each.text, each.text)
