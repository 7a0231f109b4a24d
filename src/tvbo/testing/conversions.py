"""What becomes of a network on its way from any format into any other, found by taking it there."""

import tempfile
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from tvbo import registry
from tvbo.errors import TvboError, TvboWarning
from tvbo.model.losses import losses
from tvbo.model.network import Network

__all__ = ["Conversion", "both_ways", "conversions", "table", "through"]

# What a format must be told to take what it can.
_WRITING: Mapping[str, Mapping[str, Any]] = {"gifti": {"allow_lossy": True}, "freesurfer": {"allow_lossy": True}}
# By the class of an object: a gain is as it is, and must not be referred a second time.
_READING: Mapping[str, Mapping[str, Any]] = {"Forward": {"reference": "none"}}


@dataclass(frozen=True)
class Conversion:
    """
    What became of a network.

    Attributes
    ----------
    source, target : str
        The formats.
    lost : tuple of str
        What the target dropped of what the source gave; empty if the two are identical.
    refused : str
        Why the target took nothing at all; empty if it took the network.
    """

    source: str
    target: str
    lost: tuple[str, ...] = ()
    refused: str = ""


def both_ways() -> list[str]:
    """
    List the formats that a network can be given to and taken from.

    Returns
    -------
    list of str
        Their names, ours first.
    """
    found = []
    for name in registry.names():
        module = registry.get(name)
        files = hasattr(module, "read") and hasattr(module, "write")
        if files or (hasattr(module, "from_object") and hasattr(module, "to_object")):
            found.append(name)
    return sorted(found, key=lambda name: (name != "tvbo", name))


def through(network: Network, name: str, folder: Path) -> Network:
    """
    Give a network to a format and take it back.

    Parameters
    ----------
    network : Network
        The network.
    name : str
        The format.
    folder : Path
        Where its files may lie; they are read when they are needed.

    Returns
    -------
    Network
        What came back.

    Raises
    ------
    TvboError
        If the format has no place for such a network.
    """
    module, options = registry.get(name), dict(_WRITING.get(name, {}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TvboWarning)
        if not hasattr(module, "write"):
            made = network.execute(format=name, **options)
            return Network.from_object(made, format=name, **_READING.get(type(made).__name__, {}))
        path = Path(tempfile.mkdtemp(dir=folder)) / f"network{registry.extensions(module, 'write')[0].rstrip('/')}"
        network.save(path, format=name, **options)
        return Network.from_file(path, format=name)


def conversions(network: Network, names: Iterable[str] | None = None) -> list[Conversion]:
    """
    Take a network from every format into every other.

    Parameters
    ----------
    network : Network
        The network.
    names : iterable of str, optional
        The formats; all that go both ways unless given.

    Returns
    -------
    list of Conversion
        What became of it, source by source. A source that takes no such network has none.
    """
    known = list(names) if names is not None else both_ways()
    done = []
    with tempfile.TemporaryDirectory() as folder:
        for source in known:
            try:
                given = through(network, source, Path(folder))
            except (TvboError, ValueError):
                continue
            for target in known:
                try:
                    lost = losses(given, through(given, target, Path(folder)))
                    done.append(Conversion(source, target, tuple(lost)))
                except (TvboError, ValueError) as error:
                    done.append(Conversion(source, target, refused=str(error)))
    return done


def table(done: Iterable[Conversion]) -> str:
    """
    Show conversions as a table, with what is lost behind each number.

    Parameters
    ----------
    done : iterable of Conversion
        The conversions.

    Returns
    -------
    str
        HTML: ``=`` where nothing is lost, the number of things that are, or ``–`` where the target refuses.
    """
    cells = {(each.source, each.target): each for each in done}
    sources = list(dict.fromkeys(source for source, _ in cells))
    targets = list(dict.fromkeys(target for _, target in cells))
    head = "".join(f"<th>{escape(target)}</th>" for target in targets)
    rows = [
        f"<tr><th>{escape(source)}</th>{''.join(_cell(cells[source, target]) for target in targets)}</tr>"
        for source in sources
    ]
    return f'<table class="tvbo-conversions"><tr><th>from \\ to</th>{head}</tr>{"".join(rows)}</table>'


def _cell(conversion: Conversion) -> str:
    if conversion.refused:
        return f'<td class="refused" title="{escape(conversion.refused)}">–</td>'
    if not conversion.lost:
        return '<td class="same" title="identical">=</td>'
    return f'<td title="{escape(", ".join(conversion.lost))}">{len(conversion.lost)}</td>'
