"""A network made of the files of a dataset."""

from pathlib import Path
from typing import Any

from tvbo.errors import DamagedFileError, DuplicateNameError, MismatchError, ShapeError
from tvbo.formats.bids import matrices
from tvbo.formats.bids.dataset import BidsNetwork, Sidecars
from tvbo.formats.bids.names import NODES, Name, long_names, matrix_names, parsed
from tvbo.formats.bids.nodes import nodes_of, texts_of, unpacked
from tvbo.limits import Limits
from tvbo.model.matrices import EdgeMatrix
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable
from tvbo.model.parameters import Parameter
from tvbo.storage.bounded import table

# Where what only tvbo knows lies in a sidecar.
OURS = "tvbo"
_FUNCTIONAL = ("func", "eeg", "ieeg", "meg")


class _File:
    """One matrix, and what is said of it."""

    def __init__(self, path: Path, sidecars: Sidecars) -> None:
        name = parsed(path.name)
        assert name is not None
        self.path, self.name = path, name
        self.said, own = sidecars.of(path)
        self.said.pop(OURS, None)
        note = own.get(OURS)
        self.note: dict[str, Any] | None = note if isinstance(note, dict) else None


def network_of(found: BidsNetwork, limits: Limits) -> Network:
    """
    Read a network.

    Parameters
    ----------
    found : BidsNetwork
        Where it lies.
    limits : Limits
        What each of its files may ask for.

    Returns
    -------
    Network
        The network.

    Raises
    ------
    DuplicateNameError
        If two files hold the same measure.
    MismatchError
        If its files come from different saves.
    """
    sidecars = Sidecars(found.root, found.folder, limits)
    about, note = _described(found, sidecars)
    files = _of_one_save([_File(sidecars.inside(path), sidecars) for path in found.files], note, found)
    nodes = _nodes(files, about, sidecars)
    names = _names(files, note)
    network = Network(NodeTable() if nodes is None else nodes, descriptor=_descriptor(found, files))
    labels: list[str] | None = None
    for each, name in zip(files, names, strict=True):
        size = None if nodes is None else len(nodes)
        values, stated = matrices.decoded(each.path, each.name.extension, each.note, size, limits)
        if nodes is None:
            nodes = NodeTable(stated, size=int(values.shape[0]), default_label="region")
            labels = stated
            network = Network(nodes, descriptor=network.descriptor)
        elif labels is not None and stated is not None and stated != labels:
            raise ShapeError(f"{each.path} names other nodes than {files[0].path.name}: expected the same in one order")
        network.matrices.adopt(name, _matrix(each, values, nodes))
    _put_notes(network, note, found)
    _put_metadata(network, files, names, about, note, found)
    return network


def _described(found: BidsNetwork, sidecars: Sidecars) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read what is said of the nodes' table; and what only tvbo knows of the network."""
    key = found.key
    path = found.folder / f"{key}{'_' if key else ''}{NODES}.json"
    about = sidecars.json(path) if path.exists() else {}
    note = about.get(OURS)
    return about, note if isinstance(note, dict) else {}


def _of_one_save(files: list[_File], note: dict[str, Any], found: BidsNetwork) -> list[_File]:
    """Leave out what an interrupted save left, and refuse what it left undone."""
    listed = note.get("matrices")
    if not isinstance(listed, dict):
        return _each_once(files, found)
    kept = []
    for each in files:
        own = each.note
        if own is None:
            kept.append(each)
        elif own.get("extension") == each.name.extension and each.name.measure in listed:
            if own.get("save") != note.get("save"):
                raise MismatchError(
                    f"{each.path} is not of the same save as the files beside it: "
                    "a save was interrupted; save the network again"
                )
            kept.append(each)
    missing = [str(measure) for measure in listed if all(measure != each.name.measure for each in kept)]
    if missing or not kept:
        raise MismatchError(
            f"{found.folder}: {found.key} lacks the measures {', '.join(missing)[:200]}: a save was interrupted, or "
            "files were removed; save the network again"
        )
    return _each_once(kept, found)


def _each_once(files: list[_File], found: BidsNetwork) -> list[_File]:
    measures = [each.name.measure for each in files]
    twice = sorted({measure for measure in measures if measures.count(measure) > 1})
    if twice:
        raise DuplicateNameError(f"{found.folder} holds {twice[0] or 'the matrix'!r} of {found.key} in several files")
    return files


def _nodes(files: list[_File], about: dict[str, Any], sidecars: Sidecars) -> NodeTable | None:
    paths = {sidecars.node_file(each.name, each.said) for each in files}
    if len(paths) > 1:
        listed = ", ".join(sorted("none" if path is None else path.name for path in paths))
        raise DamagedFileError(f"{files[0].path} and those beside it have different tables of nodes: {listed}")
    path = next(iter(paths))
    if path is None:
        return None
    beside = path.with_suffix(".json")
    if beside.exists():
        about = sidecars.json(beside)
    return nodes_of(table(path, sidecars.limits, "\t"), about, path)


def _names(files: list[_File], note: dict[str, Any]) -> list[str]:
    listed = note.get("matrices")
    known: dict[str, Any] = listed if isinstance(listed, dict) else {}
    files.sort(key=lambda each: [*known, each.name.measure].index(each.name.measure))
    names = matrix_names([each.name.measure for each in files])
    names = [str(known.get(each.name.measure, name)) for each, name in zip(files, names, strict=True)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DuplicateNameError(f"{files[0].path.parent} holds several matrices that are called {twice[0]!r}")
    return names


def _matrix(each: _File, values: Any, nodes: NodeTable) -> EdgeMatrix:
    said, note, path = each.said, each.note or {}, each.path
    if each.note is None and values.shape != (len(nodes), len(nodes)):
        raise ShapeError(f"{path} has shape {values.shape}, and there are {len(nodes)} nodes: expected a square matrix")
    unit, directed = said.get("MeasureUnits"), said.get("Directed")
    made = EdgeMatrix(
        values,
        unit if isinstance(unit, str) else None,
        directed if isinstance(directed, bool) and not note.get("directed_unknown") else None,
    )
    if "column_labels" in note:
        made.column_labels = texts_of(note["column_labels"], path)
    target = unpacked(note.get("target_network"), path)
    made.target_network = target if isinstance(target, str) else None
    extra = unpacked(note.get("extra", {}), path)
    made.extra = extra if isinstance(extra, dict) else {}
    return made


def _descriptor(found: BidsNetwork, files: list[_File]) -> str:
    correlated = any("corr" in each.name.measure.lower() for each in files)
    return "FC" if correlated or found.datatype in _FUNCTIONAL else "SC"


def _put_notes(network: Network, note: dict[str, Any], found: BidsNetwork) -> None:
    """Put in what BIDS has no place for."""
    where = f"{found.folder}: {found.key}"
    said = unpacked(note.get("network", {}), where)
    parameters = unpacked(note.get("parameters", {}), where)
    extra = unpacked(note.get("extra", {}), where)
    sidecar = unpacked(note.get("sidecar", {}), where)
    if not all(isinstance(each, dict) for each in (said, parameters, extra, sidecar)):
        raise DamagedFileError(f"{where}: what is said of the network is damaged: expected mappings")
    for name in ("label", "description", "descriptor", "distance_unit", "time_unit"):
        if name in said:
            setattr(network, name, None if said[name] is None else str(said[name]))
    for name, slots in parameters.items():
        network.parameters[name] = _parameter(slots, where)
    network.extra |= extra | ({"sidecar": sidecar} if sidecar else {})


def _parameter(slots: Any, where: str) -> Any:
    try:
        value, unit, label, extra = slots
        return Parameter(value, unit, label, dict(extra))
    except (TypeError, ValueError) as error:
        raise DamagedFileError(f"{where}: a parameter is damaged: {error}") from error


def _put_metadata(
    network: Network,
    files: list[_File],
    names: list[str],
    about: dict[str, Any],
    note: dict[str, Any],
    found: BidsNetwork,
) -> None:
    """Put entities where a sidecar of tvbo has them, and what else BIDS says into ``extra["bids"]``."""
    first = parsed(found.files[0].name)
    assert first is not None
    entities = _entities(first, note, found)
    if entities:
        network.extra["sidecar"] = {**network.extra.get("sidecar", {}), "bids": entities}
    kept: dict[str, Any] = {"measures": {}, "sidecars": {}, "columns": {}}
    for each, name in zip(files, names, strict=True):
        if each.note is None or each.note.get("measure_given"):
            kept["measures"][name] = each.name.measure
        wanted = [*each.said] if each.note is None else _texts(each.note.get("said"))
        kept["sidecars"][name] = {key: each.said[key] for key in wanted if key in each.said}
    ours = note.get("nodes") if note else None
    described = _texts(ours.get("described")) if isinstance(ours, dict) else [*about]
    described = [key for key in described if isinstance(about.get(key), dict)]
    kept["columns"] = {key: about[key] for key in described}
    kept["sidecars"] = {name: said for name, said in kept["sidecars"].items() if said}
    kept = {key: value for key, value in kept.items() if value}
    if kept:
        network.extra["bids"] = kept


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _entities(name: Name, note: dict[str, Any], found: BidsNetwork) -> dict[str, Any]:
    now = long_names(name.entities)
    if not note:
        return now | ({} if found.datatype is None else {"datatype": found.datatype})
    said = unpacked(note.get("bids", {}), found.folder)
    if not isinstance(said, dict):
        raise DamagedFileError(f"{found.folder}: the entities of {found.key} are damaged: expected a mapping")
    before = note.get("entities")
    if before == name.entities or not isinstance(before, dict):
        return said
    # The files were renamed.
    gone = long_names({str(short): str(value) for short, value in before.items()})
    return {key: value for key, value in said.items() if key not in gone} | now
