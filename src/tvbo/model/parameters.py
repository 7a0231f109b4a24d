"""Named values with units: of a network, or of one node."""

import difflib
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tvbo.model.shown import parameters_html


@dataclass(slots=True)
class Parameter:
    """
    A value with its unit.

    Attributes
    ----------
    value : int, float, bool, str, list, dict, array or None
        The value. A numpy scalar becomes the Python number that it stands for.
    unit : str or None
        Its unit, spelled as the file format does (``"mm_per_ms"``).
    label : str or None
        A symbol or a name for people.
    extra : dict
        Any other slots that a file gave, kept as they were.
    """

    value: Any = None
    unit: str | None = None
    label: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.value, np.generic):
            self.value = self.value.item()


class Parameters(MutableMapping[str, Parameter]):
    """
    Parameters by name, as keys and as attributes.

    ``parameters["area"]`` and ``parameters.area`` are the same `Parameter`. An empty set is false, a missing
    name is a KeyError or an AttributeError.

    Parameters
    ----------
    items : mapping of str to Parameter or value, optional
        What to begin with.
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, Any] | None = None) -> None:
        self._items: dict[str, Parameter] = {}
        for name, value in (items or {}).items():
            self[name] = value

    def __getitem__(self, name: str) -> Parameter:
        try:
            return self._items[name]
        except KeyError:
            raise KeyError(self._missing(name)) from None

    def __setitem__(self, name: str, value: Any) -> None:
        self._items[name] = value if isinstance(value, Parameter) else Parameter(value)

    def __delitem__(self, name: str) -> None:
        del self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __getattr__(self, name: str) -> Parameter:
        # Slots are found before this is called; during unpickling they are not there yet.
        if name.startswith("__") or name == "_items" or name not in self._items:
            raise AttributeError(self._missing(name))
        return self._items[name]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(name for name in self._items if name.isidentifier())]

    def __repr__(self) -> str:
        inside = ", ".join(
            f"{name}={parameter.value!r}{' ' + parameter.unit if parameter.unit else ''}"
            for name, parameter in self._items.items()
        )
        return f"Parameters({inside})"

    def _repr_html_(self) -> str:
        return parameters_html(self)

    def _missing(self, name: str) -> str:
        if name.startswith("_"):
            return name
        near = difflib.get_close_matches(name, self._items, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"no parameter {name!r}; there are: {', '.join(self._items) or 'none'}{hint}"
