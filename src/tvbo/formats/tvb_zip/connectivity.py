"""A Connectivity in an archive."""

import bz2
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from tvbo.errors import DamagedFileError, MatrixNotFoundError, ShapeError, TvboError, UnsafeFileError, warn
from tvbo.formats.tvb_zip.members import EXTRA, INFO, Array, Members, first, held_info, text_of
from tvbo.model.datatypes import Datatype, datatype_of, is_encodable, need_square_weights, network_of
from tvbo.model.narrowing import truths
from tvbo.model.network import Network
from tvbo.storage.bounded import column

# Quantity -> what tvb-library looks for in names, and what tvb-framework does, in lower case.
TOKENS = {
    "weights": (("weights",), ("weight",)),
    "centres": (("centres", "centers"), ("centres", "centers")),
    "tract_lengths": (("tract_lengths",), ("tract",)),
    "orientations": (("average_orientations",), ("orientation",)),
    "cortical": (("cortical",), ("cortical",)),
    "hemispheres": (("hemispheres",), ("hemisphere",)),
    "areas": (("areas",), ("area",)),
}
_LONGEST_LABEL = 128
_UNIT = re.compile(r'(weights|length|area)_unit\s*=\s*"([^"\n]*)"')
# What numbers are in where nothing else is said.
_UNITS = {"weights": "au", "length": "mm", "area": "mm^2"}


def is_connectivity(names: list[str]) -> bool:
    """
    Tell whether an archive holds a connectivity.

    Parameters
    ----------
    names : list of str
        Its tables.

    Returns
    -------
    bool
        True if there are weights and centres.
    """
    lower = [name.rpartition("/")[2].lower() for name in names]
    return all(any(token in name for name in lower for token in TOKENS[each][1]) for each in ("weights", "centres"))


def read(members: Members) -> Network:
    """
    Read a connectivity.

    Parameters
    ----------
    members : Members
        The archive.

    Returns
    -------
    Network
        The network, as ``Network.from_tvb`` makes it of what TVB reads.
    """
    where = members.where
    chosen = {name: first(members.names, *tokens, where) for name, tokens in TOKENS.items()}
    weights, centres = chosen["weights"], chosen["centres"]
    if weights is None or centres is None:
        raise DamagedFileError(f"{where} is no connectivity of TVB: expected members for weights and centres")
    labels, positions = _centres(members, centres)
    traits: dict[str, Any] = {"weights": _square(members, weights, len(labels))}
    if [*chosen.values()].count(weights) == 1:
        members.forget(weights)
    traits |= {"centres": positions, "region_labels": labels}
    n = len(labels)
    shapes = {"orientations": (n, 3)} if n == 1 else {}
    for name, take in (
        ("orientations", members.numbers),
        ("cortical", members.truths),
        ("hemispheres", members.truths),
        ("areas", members.numbers),
    ):
        traits[name] = _optional(members, chosen[name], take, name in ("cortical", "hemispheres"))
        if n == 1 and traits[name].size:
            traits[name] = traits[name].reshape(shapes.get(name, (n,)))
    lengths = chosen["tract_lengths"]
    # TVB computes lengths of its own where it finds none.
    traits["tract_lengths"] = np.empty(0) if lengths is None else _square(members, lengths, n, empty=True)
    if n == 1:
        warn(f"{where} holds one region: TVB's own reader makes arrays without axes of it, here they have theirs")
    network = network_of(Datatype("Connectivity", traits))
    _take_info(network, members.info, where)
    return network


def _centres(members: Members, name: str) -> tuple[Array, Array]:
    rows, as_tvb = members.labelled(name)
    place = members.place(name)
    positions = column(rows, slice(1, 4), place)
    longest = max((len(row[0]) for row in rows), default=0)
    if longest > _LONGEST_LABEL:
        raise DamagedFileError(f"{place} has a label of {longest:,} characters: TVB takes {_LONGEST_LABEL}")
    members.limits.check("inflated_bytes", len(rows) * _LONGEST_LABEL * 4, place)
    if not as_tvb:
        warn(f"{place} has labels in UTF-8: TVB's own reader takes every byte for a letter, here they are as written")
    return np.array([row[0] for row in rows], dtype=f"U{_LONGEST_LABEL}"), positions


def _square(members: Members, name: str, n: int, empty: bool = False) -> Array:
    values = members.numbers(name)
    if values.size == 1 and n == 1:
        return values.reshape(1, 1)
    if values.shape != (n, n) and not (empty and not values.size):
        raise ShapeError(
            f"{members.place(name)} has shape {values.shape}, and there are {n} centres: expected ({n}, {n})"
        )
    return values


def _optional(members: Members, name: str | None, take: Callable[[str], Array], truths: bool) -> Array:
    """Read what need not be there; TVB holds an empty array where it is not."""
    empty = np.empty(0, bool if truths else np.float64)
    if name is None:
        return empty
    try:
        return take(name)
    except UnsafeFileError:
        raise
    except TvboError as error:
        warn(f"{error}; it is left out, as TVB does without a word")
        return empty


def _take_info(network: Network, info: str | None, where: object) -> None:
    """Keep the text for people, and take units that are other than those that TVB means; the numbers stay."""
    if info is None:
        return
    if _UNIT.sub("", info).strip() or dict(_UNIT.findall(info)).items() - _UNITS.items():
        network.extra[EXTRA] = {"info": info}
    for what, unit in _UNIT.findall(info):
        if unit == _UNITS[what]:
            continue
        if what == "area" and "area" in network.nodes.columns:
            network.nodes.units["area"] = unit
        elif what != "area" and {"weights": "weight", "length": "length"}[what] in network.matrices:
            network.matrices[{"weights": "weight", "length": "length"}[what]].unit = unit
            if what == "length":
                warn(f"{where}: {INFO} says that lengths are in {unit}: TVB takes them for mm; they are not converted")


def write(network: Network) -> tuple[dict[str, bytes], str]:
    """
    Write a connectivity.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    files : dict of str to bytes
        The members.
    hint : str
        What to do about what is lost.
    """
    need_square_weights(network)
    held = datatype_of(network, "Connectivity").traits
    # Empty arrays and None are members that are not there.
    traits = {name: value for name, value in held.items() if getattr(value, "size", 0)}
    n = network.number_of_nodes
    lengths, centres = traits.get("tract_lengths"), traits.get("centres")
    if lengths is None and centres is None:
        raise MatrixNotFoundError(
            "TVB needs tract lengths, and the network has neither a matrix 'length' nor positions: "
            "give net.set_matrix('length', ..., unit='mm')"
        )
    if centres is None:
        # Unknown places are NaN in TVB too.
        centres = np.full((n, 3), np.nan)
    labels = network.nodes.labels.tolist()
    _check_labels(labels)
    if n == 1:
        warn("the network has one region: TVB's own reader makes arrays without axes of it")
    files = {"weights.txt": text_of(_real("weights", held["weights"]))}
    files["tract_lengths.txt"] = b"" if lengths is None else text_of(_real("tract lengths", lengths))
    numbers = text_of(_real("centres", centres)).decode().splitlines()
    text = "".join(f"{label} {row}\n" for label, row in zip(labels, numbers, strict=True))
    # TVB takes plain members for Latin-1, and compressed ones for UTF-8.
    plain = text.isascii()
    files["centres.txt" if plain else "centres.txt.bz2"] = text.encode() if plain else bz2.compress(text.encode())
    for name, target in (("areas", "areas"), ("orientations", "average_orientations")):
        if name in traits:
            files[f"{target}.txt"] = text_of(_real(name, traits[name]))
    for name, home in (("cortical", "cortical"), ("hemispheres", "hemisphere")):
        if name in traits:
            # TVB reads integers only.
            files[f"{name}.txt"] = text_of(truths(traits[name], home).astype(np.int64))
    files[INFO] = _info(network).encode()
    return files, ""


def _real(name: str, values: Array) -> Array:
    if values.dtype.kind not in "biuf" or values.ndim > 2:
        raise ShapeError(
            f"{name} have dtype {values.dtype} and shape {values.shape}: a text holds real numbers in rows"
        )
    return values.astype(np.float64)


def _check_labels(labels: list[str]) -> None:
    bad = [
        label for label in labels if not label or label.split() != [label] or "#" in label or not is_encodable(label)
    ]
    if bad:
        raise ValueError(
            f"{len(bad)} labels cannot be written in a zip, such as {bad[0]!r}: blanks part columns there and '#' "
            "begins a comment; rename them first: net.nodes.labels = "
            "[label.replace(' ', '_') for label in net.nodes.labels]"
        )
    longest = max(labels, key=len, default="")
    if len(longest) > _LONGEST_LABEL:
        raise ValueError(f"the label {longest[:40]!r}... has {len(longest)} characters: TVB takes {_LONGEST_LABEL}")


def _info(network: Network) -> str:
    held = held_info(network)
    if held is not None:
        return held
    units = dict(_UNITS)
    weight = next(
        (network.matrices[name].unit for name in ("weight", "weights", "sc") if name in network.matrices), None
    )
    units["weights"] = weight or units["weights"]
    units["area"] = network.nodes.units.get("area") or units["area"]
    return "".join(f'{what}_unit = "{unit}"\n' for what, unit in units.items())
