"""The matrices that a sidecar lists, and a companion holds."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tvbo.errors import CompanionError, SidecarError, warn
from tvbo.formats.tvbo.absent import Absences
from tvbo.formats.tvbo.edge_list import is_explicit
from tvbo.formats.tvbo.layout import DERIVED, EDGE_KEYS, ORIGINAL, PARAMETERS_OF
from tvbo.formats.tvbo.trust import Trust, as_recorded
from tvbo.model.arrays import Array
from tvbo.model.matrices import EdgeMatrix
from tvbo.model.network import Network
from tvbo.storage.companion import Companion, text_in
from tvbo.storage.stored import AbsentArray


@dataclass(frozen=True, slots=True)
class EdgeReader:
    """
    Where the matrices of a network are told of, and where they lie.

    Attributes
    ----------
    record, private : dict
        What the sidecar says, and the companion.
    held : Companion or None
        The companion.
    absences : Absences
        Gives what stands for matrices that are not there.
    below : str
        Where in it the network lies.
    path : Path
        The sidecar, for messages.
    trust : Trust
        How far the files are trusted.
    table : array, shape (n_nodes, n_columns), or None
        The first matrix, from a companion that is a table of text.
    """

    record: dict[str, Any]
    private: dict[str, Any]
    held: Companion | None
    absences: Absences
    below: str
    path: Path
    trust: Trust
    table: Array | None = None

    def add_to(self, network: Network) -> list[dict[str, Any]]:
        """
        Add the matrices to a network.

        Parameters
        ----------
        network : Network
            The network.

        Returns
        -------
        list of dict
            The edges that are listed one by one, and what fits no matrix of this network: kept as they are.

        Raises
        ------
        SidecarError, CompanionError
            If one cannot be understood, or is not there.
        """
        rows = self.record.get("edges")
        explicit = [row for row in rows or [] if is_explicit(row)]
        listed = [row for row in rows or [] if not is_explicit(row)]
        if rows is None and self.held is not None:
            prefix = f"{self.below}edges/"
            listed = [
                {"label": name.removeprefix(prefix), **self._unit_of(name)}
                for name, attrs in self.held.attrs.items()
                if name.startswith(prefix) and "format" in attrs and f"/{PARAMETERS_OF}/" not in name
            ]
        for index, row in enumerate(listed):
            name = str(row.get("label", row.get("name")))
            if not self._add(network, name, row, self.table if index == 0 else None):
                explicit.append(row)
        names = [str(row.get("label", row.get("name"))) for row in listed]
        if self.held is not None and not self.private and "weight" in names[1:] and _is_any_absent(network):
            # It calls what it holds as weights and lengths by the first two names of the list.
            warn(
                f"{self.path}: tvbo 0.5.3 mixes up names where 'weight' is not the first: "
                f"{names[0]!r} may be the weights"
            )
        return explicit

    def _unit_of(self, group: str) -> dict[str, str]:
        said = self.held.variable_text(group, "unit") if self.held else None
        return {} if said is None else {"unit": said}

    def _add(self, network: Network, name: str, row: dict[str, Any], values: Any) -> bool:
        """Add a matrix; tell whether it fits the network."""
        group = f"{self.below}edges/{name}"
        note = self.private.get("edges", {}).get(name)
        labels = row.get("dimension_labels")
        attrs = self.held.under(group) if self.held else {}
        texts = {"unit": row.get("unit", text_in(attrs, "unit") or None), "target_network": row.get("target_network")}
        for key, value in texts.items():
            if value is not None and not isinstance(value, str):
                raise SidecarError(f"{self.path}: {key} of the matrix {name!r} is {str(value)[:60]!r}: expected text")
        if labels is not None:
            if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
                raise SidecarError(f"{self.path}: dimension_labels of {name!r} must be a list of text")
            labels = self.trust.texts(labels, f"{self.path}: dimension_labels of {name!r}")
        values = self._values(network, group, attrs, labels) if values is None else values
        if note is None and not _fits(values, network.number_of_nodes, labels):
            warn(
                f"{self.path}: the matrix {name!r} has shape {values.shape}, which does not fit {len(network.nodes)} "
                "nodes: it is kept in the files, and is not among the matrices"
            )
            return False
        matrix = EdgeMatrix(values, texts["unit"], _directed(row, note), labels, texts["target_network"])
        kept = {key: value for key, value in row.items() if key not in EDGE_KEYS}
        if note is not None:
            # The flags that we derive are derived anew; those that somebody stated are kept.
            kept = {
                key: value
                for key, value in kept.items()
                if key not in DERIVED or key in note["extra"] or value != note["shown"].get(key)
            }
            if matrix.column_labels is not None:
                size, where = len(matrix.column_labels), f"{self.path}: dimension_labels of {name!r}"
                dtype = self.trust.dtype(note["column_labels"], size, where)
                matrix.column_labels = as_recorded(matrix.column_labels, dtype)
        if isinstance(values, AbsentArray) and "format" in row:
            # Otherwise it is told from the parts.
            kept["format"] = row["format"]
        matrix.extra = kept
        network.matrices.adopt(name, matrix)
        return True

    def _values(self, network: Network, group: str, attrs: dict[str, Any], labels: Any) -> Any:
        n = network.number_of_nodes
        width = n if labels is None else len(labels)
        if self.held is None:
            return self.absences.array(f"/{group}", (n, width))
        if not attrs and f"{group}/data" not in self.held.arrays:
            if not self.private or self.absences.noted(group) is not None:
                return self.absences.array(f"/{group}", (n, width))
            there = sorted(name for name in self.held.attrs if name.startswith(f"{self.below}edges/"))
            raise CompanionError(
                f"{self.held.path} has no {group}, which {self.path.name} lists; it has: {', '.join(there) or 'none'}"
            )
        parts = self.held.parts_of(group)
        # The attribute says so too, but as text of variable length, which is not read without need.
        source = "csr" if "indptr" in parts else "coo" if "row" in parts else "dense"
        if source == "dense":
            if "data" not in parts:
                raise CompanionError(f"{self.held.path}: {group} holds no numbers that can be read")
            return parts["data"]
        layout, kind = str(attrs.get("layout") or source), str(attrs.get("kind") or "array")
        shape = tuple(int(size) for size in np.atleast_1d(attrs.get("shape", ())))
        if len(shape) != 2:
            # tvbo 0.5.3 leaves the shape empty when it was handed a sparse matrix.
            shape = (n, width) if labels is not None else (n, max(n, _columns_of(parts)))
        if layout in ORIGINAL:
            return self.held.sparse(f"{group}/original", layout, kind, layout, shape)
        return self.held.sparse(group, layout, kind, source, shape)


def _directed(row: dict[str, Any], note: dict[str, Any] | None) -> bool | None:
    """Give what somebody said, also by hand; the sidecar shows what the values say where nobody did."""
    said: bool | None = row.get("directed")
    return said if note is None or said != note["shown"].get("directed") else note["directed"]


def _is_any_absent(network: Network) -> bool:
    return any(isinstance(matrix.values, AbsentArray) for matrix in network.matrices.values())


def _fits(values: Any, rows: int, labels: Any) -> bool:
    shape = tuple(values.shape)
    return len(shape) == 2 and shape[0] == rows and (labels is None or len(labels) == shape[1])


def _columns_of(parts: dict[str, Any]) -> int:
    """Tell how many columns there must be at least."""
    places = parts.get("indices", parts.get("col"))
    return 0 if places is None or not places.size else int(np.max(np.asarray(places))) + 1
