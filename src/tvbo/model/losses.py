"""What a format cannot carry: found by reading back what is about to be written, so that nothing is overlooked."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tvbo.errors import LossyConversionError, LossyConversionWarning, warn
from tvbo.model.compare import Difference, diff

if TYPE_CHECKING:
    from tvbo.model.network import Network

_TRAIT = re.compile(r"extra\.tvb\.objects\[0\]\.(?:traits\.)?(\w+)")


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
    for difference in diff(network, back):
        if _is_lost(network, back, difference):
            name, detail = _named(difference)
            named.setdefault(name, detail)
    return [f"{name}{detail}" for name, detail in named.items()]


def report_losses(network: "Network", back: "Network", target: Path, strict: bool, hint: str = "") -> None:
    """
    Say what a network loses on its way through a file.

    Parameters
    ----------
    network : Network
        The network.
    back : Network
        What the file gives back.
    target : Path
        The file.
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
    message = f"{target.name} cannot carry {', '.join(lost)}: save as .yaml to keep all{hint}"
    if strict:
        raise LossyConversionError(message)
    warn(message, LossyConversionWarning)


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
