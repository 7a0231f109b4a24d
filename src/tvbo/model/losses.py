"""What a format cannot carry: found by reading back what is about to be written, so that nothing is overlooked."""

import re
from typing import TYPE_CHECKING

from tvbo.errors import LossyConversionError, LossyConversionWarning, warn
from tvbo.model.compare import Difference, diff

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tvbo.model.network import Network

_TRAIT = re.compile(r"extra\.tvb\.objects\[0\]\.(?:traits\.)?(\w+)")
_CLASS = "extra.tvb.objects[0].class"


def losses(network: "Network", back: "Network") -> list[str]:
    """
    Name what a network loses on its way through a file.

    Parameters
    ----------
    network : Network
        The network.
    back : Network
        What the file gives back.

    Returns
    -------
    list of str
        Names of traits of TVB and of parts of the network; behind each, what becomes of it if it is still there.
    """
    named: dict[str, str] = {}
    found = [difference for difference in outermost(diff(network, back)) if _is_lost(network, back, difference)]
    # Trait by trait tells nothing where another object of TVB comes back.
    other = any(difference.path == _CLASS for difference in found)
    for difference in found:
        of_tvb = other and difference.path.startswith("extra.tvb")
        name, detail = ("extra.tvb", " (what TVB knew of the object)") if of_tvb else _named(difference)
        named.setdefault(name, detail)
    return [f"{name}{detail}" for name, detail in named.items()]


def outermost(differences: "Iterable[Difference]") -> "list[Difference]":
    """
    Leave out what is a part of something that is only in one of two networks.

    Parameters
    ----------
    differences : iterable of Difference
        What differs.

    Returns
    -------
    list of Difference
        Without ``matrices.length.unit`` where ``matrices.length`` is missing altogether.
    """
    kept: list[Difference] = []
    missing: set[str] = set()
    for difference in differences:
        path, kind, _ = difference
        if not any(path[:end] in missing for end in _ends(path)):
            kept.append(difference)
            if kind.startswith("only in"):
                missing.add(path)
    return kept


def _ends(path: str) -> "Iterator[int]":
    """Give where the parts end that a path is in."""
    return (place for place, mark in enumerate(path) if mark in ".[")


def report_losses(network: "Network", back: "Network", target: str, strict: bool, hint: str = "") -> None:
    """
    Say what a network loses on its way through a file or an object.

    Parameters
    ----------
    network : Network
        The network.
    back : Network
        What that gives back.
    target : str
        What was to hold it: the name of a file, or "a graph of networkx".
    strict : bool
        Whether any loss is an error.
    hint : str
        What to do about it, beside another format.

    Raises
    ------
    LossyConversionError
        If it is strict, and something is lost.
    """
    lost = losses(network, back)
    if not lost:
        return
    message = f"{target} cannot carry {', '.join(lost)}: save as .yaml to keep all{hint}"
    if strict:
        raise LossyConversionError(message, lost)
    warn(LossyConversionWarning(message, lost))


def _is_lost(network: "Network", back: "Network", difference: Difference) -> bool:
    path, kind, _ = difference
    if kind == "only in the second":
        # What the reader adds is no loss; a trait that was not set and comes back with a value is not what it was.
        return "tvb" in network.extra and path.startswith("extra.tvb.objects[0].traits.")
    if path == "nodes.labels":
        # The width of text is not part of it, nor what nobody named.
        return bool(network.nodes.has_labels and network.nodes.labels.tolist() != back.nodes.labels.tolist())
    return not (path in ("label", "descriptor", "description") and getattr(network, path) is None)


def _named(difference: Difference) -> tuple[str, str]:
    path, kind, detail = difference
    trait = _TRAIT.match(path)
    if trait is not None:
        added = kind == "only in the second"
        return trait[1], " (not set, and comes back set)" if added else ""
    part, _, rest = path.partition(".")
    if part in ("parameters", "extra"):
        return rest.split(".")[0].split("[")[0] if part == "parameters" else f"extra.{rest.split('.')[0]}", ""
    if part == "parent_network":
        return part, ""
    return path, "" if kind == "only in the first" else f" ({kind}: {detail})"
