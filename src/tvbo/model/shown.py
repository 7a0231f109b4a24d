"""How a network, its parts and its reports look in a notebook: HTML without scripts, made without reading any array."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from tvbo.model.arrays import is_loaded, is_sparse

if TYPE_CHECKING:
    from tvbo.model.compare import NetworkDiff
    from tvbo.model.links import Links
    from tvbo.model.mesh import Mesh
    from tvbo.model.network import Network
    from tvbo.model.nodes import NodeTable
    from tvbo.model.parameters import Parameters
    from tvbo.model.validity import Problem

# How many rows of a table are shown, and how long a text may be.
_ROWS, _LONGEST = 8, 100
_STYLE = """<style>
.tvbo-repr {font-size: 13px; line-height: 1.45; max-width: 60em; overflow-x: auto;}
.tvbo-repr > header {font-weight: 600; border-bottom: 1px solid rgba(128,128,128,.5); padding: 2px 0 4px;}
.tvbo-repr header small {font-weight: 400; opacity: .75; margin-left: .5em;}
.tvbo-repr details {margin: 2px 0;}
.tvbo-repr details > *:not(summary) {margin-left: 1.1em;}
.tvbo-repr summary {cursor: pointer;}
.tvbo-repr summary span {opacity: .75; margin-left: .4em;}
.tvbo-repr table {border-collapse: collapse; font-size: inherit; margin: 2px 0 6px;}
.tvbo-repr th, .tvbo-repr td {text-align: left; padding: 1px 10px 1px 0; border: 0; vertical-align: top;
 background: none;}
.tvbo-repr th {font-weight: 400; opacity: .7;}
.tvbo-repr code {background: none; color: inherit; padding: 0;}
.tvbo-repr i {font-style: normal; font-size: 11px; border-radius: 3px; padding: 0 5px; margin-right: 4px;
 border: 1px solid rgba(128,128,128,.5); white-space: nowrap;}
.tvbo-repr i.lazy {border-color: #0072b2; background: rgba(0,114,178,.2);}
.tvbo-repr i.sparse {border-color: #009e73; background: rgba(0,158,115,.2);}
</style>"""


def network_html(network: "Network") -> str:
    """
    Show a network.

    Parameters
    ----------
    network : Network
        The network; no array of it is read, and no link is opened.

    Returns
    -------
    str
        HTML.
    """
    said = [f"{network.number_of_nodes:,} nodes", network.descriptor or ""]
    parts = [_nodes(network.nodes, network.distance_unit)]
    parts.append(_matrices(network))
    if network.mesh is not None:
        parts.append(_mesh(network.mesh, network.distance_unit))
    parts.append(_parameters(network.parameters))
    parts.append(_links(network))
    parts.append(_origin(network))
    title = f"tvbo.Network <code>{_text(network.label or 'without a label')}</code>"
    if network.description:
        parts.insert(0, f"<p>{_text(network.description, 400)}</p>")
    return _page(title, said, parts)


def nodes_html(nodes: "NodeTable") -> str:
    """
    Show a table of nodes.

    Parameters
    ----------
    nodes : NodeTable
        The nodes.

    Returns
    -------
    str
        HTML.
    """
    return _page("tvbo.NodeTable", [f"{len(nodes):,} nodes"], [_nodes(nodes, None, opened=True)])


def mesh_html(mesh: "Mesh") -> str:
    """
    Show a mesh.

    Parameters
    ----------
    mesh : Mesh
        The mesh.

    Returns
    -------
    str
        HTML.
    """
    return _page("tvbo.Mesh", [], [_mesh(mesh, None)])


def parameters_html(parameters: "Parameters") -> str:
    """
    Show parameters.

    Parameters
    ----------
    parameters : Parameters
        The parameters.

    Returns
    -------
    str
        HTML.
    """
    return _page("tvbo.Parameters", [], [_parameters(parameters)])


def diff_html(diff: "NetworkDiff") -> str:
    """
    Show what differs between two networks.

    Parameters
    ----------
    diff : NetworkDiff
        What differs.

    Returns
    -------
    str
        HTML.
    """
    if not diff:
        return _page("identical", [f"{len(diff.compared):,} items compared, every bit the same"], [])
    rows = [[_code(path), escape(kind), _text(detail)] for path, kind, detail in diff]
    said = [f"{len(diff):,} of {len(diff.compared):,} items differ"]
    return _page("different", said, [_table(["where", "what", "how much"], rows, longest=200)])


def problems_html(title: str, problems: "Sequence[Problem]", notes: Iterable[str] = ()) -> str:
    """
    Show what a check found.

    Parameters
    ----------
    title : str
        What it means in one line.
    problems : sequence of Problem
        What was found.
    notes : iterable of str
        What is worth knowing.

    Returns
    -------
    str
        HTML.
    """
    rows = [[_code(problem.path), _text(problem.message, 400)] for problem in problems]
    parts = [_table(["where", "what"], rows, longest=200)] if rows else []
    return _page(escape(title), [], parts + [f"<p>{_text(note, 400)}</p>" for note in notes])


# ---------------------------------------------------------------------- the parts


def _nodes(nodes: "NodeTable", unit: str | None, *, opened: bool = False) -> str:
    held: dict[str, Any] = dict(nodes.held())
    columns = {name: nodes.columns.peek(name) for name in nodes.columns}
    named = {"labels": held.get("labels")} if nodes.has_labels else {}
    if nodes.has_positions:
        named["positions"] = held["positions"]
    units = {"positions": unit, **nodes.units}
    rows = [_array_row(name, values, units.get(name)) for name, values in {**named, **columns}.items()]
    inside = _table(["column", "shape", "type", "", ""], rows)
    shown = {name: values for name, values in {**named, **columns}.items() if is_loaded(values)}
    if shown and len(nodes):
        last = min(len(nodes), _ROWS)
        body = [[str(row), *(_text(_cell(values[row])) for values in shown.values())] for row in range(last)]
        if last < len(nodes):
            body.append(["…", *("" for _ in shown)])
        inside += _details("first rows", "", _table(["", *map(escape, shown)], body))
    what = ", ".join([*named, *columns]) or f"{nodes.default_label}_0, {nodes.default_label}_1, …"
    return _details("nodes", f"{len(nodes):,}: {_text(what)}", inside, opened=opened)


def _matrices(network: "Network") -> str:
    rows = []
    for name, matrix in network.matrices.items():
        flags = "" if matrix.directed is None else _badge("directed" if matrix.directed else "undirected")
        rows.append(_array_row(name, matrix.values, matrix.unit, flags))
    if not rows:
        return ""
    listed = ", ".join(network.matrices)
    return _details("matrices", _text(listed), _table(["name", "shape", "type", "", ""], rows), opened=True)


def _mesh(mesh: "Mesh", unit: str | None) -> str:
    units = {"vertices": unit}
    rows = [_array_row(name, mesh.arrays.peek(name), units.get(name)) for name in mesh.arrays]
    said = f"{mesh.number_of_vertices:,} vertices, {mesh.number_of_elements:,} {escape(mesh.element_type)}s"
    return _details("mesh", said, _table(["array", "shape", "type", "", ""], rows))


def _parameters(parameters: "Parameters") -> str:
    if not parameters:
        return ""
    rows = [[_code(name), _text(_cell(each.value)), _text(each.unit or "")] for name, each in parameters.items()]
    return _details("parameters", _text(", ".join(parameters)), _table(["name", "value", "unit"], rows))


def _links(network: "Network") -> str:
    links: Links = network.links
    rows = []
    if network.has_parent_network:
        rows.append([_code("parent_network"), _linked(network, None)])
    rows += [[_code(name), _linked(network, name)] for name in links]
    if not rows:
        return ""
    listed = ", ".join([*(["parent_network"] if network.has_parent_network else []), *links])
    return _details("linked networks", _text(listed), _table(["name", "network"], rows))


def _linked(network: "Network", name: str | None) -> str:
    """Show a linked network in a line if it is in memory; it is not opened for this."""
    held = network.held_parent() if name is None else network.links.held()[name]
    return _text(repr(held)) if type(held) is type(network) else _badge("not opened", "lazy")


def _origin(network: "Network") -> str:
    rows = [["file", _text(str(network.path))]] if network.path is not None else []
    rows += [[_code(name), _text(_cell(value))] for name, value in network.extra.items()]
    if not rows:
        return ""
    listed = ", ".join([*(["file"] if network.path is not None else []), *map(str, network.extra)])
    return _details("provenance and extra", _text(listed), _table(["", ""], rows))


# ---------------------------------------------------------------------- HTML


def _page(title: str, said: Iterable[str], parts: Iterable[str]) -> str:
    beside = " · ".join(escape(each) for each in said if each)
    return f'{_STYLE}<div class="tvbo-repr"><header>{title}<small>{beside}</small></header>{"".join(parts)}</div>'


def _details(title: str, said: str, inside: str, *, opened: bool = False) -> str:
    return f"<details{' open' * opened}><summary>{title}<span>{said}</span></summary>{inside}</details>"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], longest: int = 60) -> str:
    """Make a table of cells that are HTML already."""
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows[:longest])
    more = f"<p>… and {len(rows) - longest:,} more</p>" if len(rows) > longest else ""
    head = "".join(f"<th>{each}</th>" for each in heads) if any(heads) else ""
    return f"<table><tr>{head}</tr>{body}</table>{more}" if head else f"<table>{body}</table>{more}"


def _array_row(name: str, values: Any, unit: str | None, badges: str = "") -> list[str]:
    if is_sparse(values):
        badges = _badge(f"{values.format}, {values.nnz:,} entries", "sparse") + badges
    if not is_loaded(values):
        badges = _badge("lazy", "lazy") + badges
    size = " × ".join(f"{n:,}" for n in values.shape)
    kind = "text" if values.dtype.kind == "U" else str(values.dtype)
    return [_code(name), size, kind, _badge(unit) if unit else "", badges]


def _badge(text: str, kind: str = "") -> str:
    return f'<i class="{kind}">{escape(text)}</i>'


def _code(text: object) -> str:
    return f"<code>{escape(str(text))}</code>"


def _text(text: object, longest: int = _LONGEST) -> str:
    line = str(text)
    return escape(line if len(line) <= longest else f"{line[: longest - 1]}…")


def _cell(value: Any) -> str:
    """Give a value in a few words; an array by its size."""
    if isinstance(value, dict):
        return "{" + ", ".join(map(str, value)) + "}"
    if getattr(value, "ndim", 0) and hasattr(value, "dtype"):
        if isinstance(value, np.ndarray) and value.size <= 4 and value.ndim == 1:
            return np.array2string(value, precision=4)
        return f"array of {' x '.join(map(str, value.shape))}, {value.dtype}"
    if isinstance(value, (float, np.floating)):
        return f"{float(value):.6g}"
    return str(value)
