"""
GEXF, the files of Gephi, by way of networkx: the edge j -> i holds entry [i, j] of each matrix.

The graph is that of the format ``networkx``; the matrix ``weight`` is the weight of the edges that Gephi draws. What
is neither of nodes nor of edges lies in the description of the file, as text. Document types and entities are refused
before anything else looks at a file.
"""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import SubElement

from tvbo._optional import require
from tvbo.limits import Limits
from tvbo.model.graphs import RECORD, graph_for_xml, network_of_graph
from tvbo.model.losses import report_losses
from tvbo.model.network import Network
from tvbo.storage.bounded import read_bytes, xml
from tvbo.storage.bounded.decoding import decoding
from tvbo.storage.replacing import write_file

__all__ = ["EXTENSIONS", "EXTRA", "read", "write"]

EXTENSIONS = (".gexf",)
EXTRA = "networkx"
_ERRORS = (KeyError, TypeError, ValueError, AttributeError, IndexError, RuntimeError)
_SPELLED = {"nan": "NaN", "inf": "INF", "-inf": "-INF"}
# Attributes that have a meaning of their own.
_OWN = frozenset(
    ["id", "label", "type", "kind", "start", "end", "viz", "key", "networkx_key", "pid", "parents", "slices", "spells"]
)


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
    document = xml(path, replace(limits, objects=max(limits.objects, 4 * limits.sidecar_values)), data=data)
    nx = require("networkx", extra=EXTRA, purpose="read GEXF")
    with decoding(path, "GEXF", (*_ERRORS, nx.NetworkXException)):
        graph = nx.read_gexf(io.BytesIO(data))
        for _, _, attributes in graph.edges(data=True):
            attributes.pop("id", None)
        described = document.findtext("meta/description") or ""
        if described.startswith(f"{RECORD}: "):
            graph.graph[RECORD] = described.removeprefix(f"{RECORD}: ")
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
    module = require("networkx.readwrite.gexf", extra=EXTRA, purpose="write GEXF")
    graph = graph_for_xml(network, directed=directed, where=path.name, takes=lambda name: name not in _OWN)
    writer = module.GEXFWriter(graph, encoding="utf-8", prettyprint=True)
    _complete(writer.xml, graph.graph[RECORD])
    image = io.BytesIO()
    writer.write(image)
    data = image.getvalue()
    report_losses(network, _network(data, path, limits), path.name, strict)
    write_file(path.absolute(), data)


def _complete(document: Any, record: str) -> None:
    meta = document.find("meta")
    # The same network is the same file on any day.
    meta.attrib.pop("lastmodifieddate", None)
    SubElement(meta, "description").text = f"{RECORD}: {record}"
    for edge in document.iter("edge"):
        if edge.get("weight") in _SPELLED:
            edge.set("weight", _SPELLED[edge.get("weight")])
