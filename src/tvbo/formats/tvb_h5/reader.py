"""A datatype out of a file of TVB's framework, with those beside it that it refers to."""

import functools
import hashlib
import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from tvbo.errors import (
    CompanionError,
    DamagedFileError,
    LimitError,
    NetworkNotFoundError,
    TvboError,
    UnknownFormatError,
    warn,
)
from tvbo.formats.tvb_h5.layout import DTYPES, FINAL, LAYOUTS, LINKED, REFERRED, REQUIRED
from tvbo.limits import Limits
from tvbo.model.arrays import Array
from tvbo.model.datatypes import Datatype, Linked, gid_of, network_of
from tvbo.model.links import Opener
from tvbo.model.network import Network
from tvbo.model.tvb_traits import MODULES, family
from tvbo.storage.plain_hdf5 import PlainFile
from tvbo.storage.sidecar import read_json

PREFIX = "TVB_"
EXTRA = "tvb_h5"
_BOOL = "bool:"
# Attributes that every file has; what they say of the project is kept as it is.
_COMMON = frozenset(("gid", "type", "module", "written_by", "data_version", "create_date"))


class Reader:
    """
    Reads a file.

    Parameters
    ----------
    path : Path
        The file.
    limits : Limits
        What it may ask for.
    folder : Path, optional
        Where the datatypes that it refers to lie; beside it unless given.
    """

    def __init__(self, path: Path, limits: Limits, folder: Path | None = None) -> None:
        self.path, self.limits, self.folder = path, limits, folder or path.parent
        self.file = PlainFile.open(path, limits)
        # Files of the first versions write them with a capital.
        self.attrs = {
            name.removeprefix(PREFIX).lower(): value
            for name, value in self.file.attributes().items()
            if name.startswith(PREFIX)
        }
        self.kind = str(self.attrs.get("type", "")).rpartition(".")[2]
        if self.kind not in MODULES or family(self.kind) not in LAYOUTS:
            raise UnknownFormatError(
                f"{path} holds {self.kind or 'no datatype'} of TVB: expected one of {', '.join(LAYOUTS)}"
            )
        self.layout = LAYOUTS[family(self.kind)]

    @property
    def gid(self) -> uuid.UUID | None:
        """The identifier; None if there is none."""
        return self.gid_in("gid")

    def gid_in(self, name: str) -> uuid.UUID | None:
        """
        Read an identifier.

        Parameters
        ----------
        name : str
            The attribute.

        Returns
        -------
        uuid.UUID or None
            None if there is none.
        """
        text = self.attrs.get(name)
        if text is None or text == "":
            return None
        try:
            return uuid.UUID(str(text))
        except ValueError as error:
            raise DamagedFileError(f"{self.path}: {PREFIX}{name} is {str(text)[:80]!r}: expected a gid") from error

    def network(self) -> Network:
        """
        Give the network of the file, and of those beside it; what it is linked to is read when that is asked for.

        Returns
        -------
        Network
            The network.
        """
        datatype = self.datatype()
        parent: list[Reader] = []
        left: dict[str, str] = {}
        links: dict[str, Opener] = {}
        missing: dict[str, Beside] = {}
        self._refer(datatype, "", parent, left, links, missing)
        network = network_of(datatype, parent[0].network() if parent else None)
        for name, opener in links.items():
            network.links[name] = opener
        for name, beside in missing.items():
            network.links.offer(name, beside)
            if name in network.matrices:
                network.matrices[name].target_network = beside.file_name
        kept = self.project()
        if left:
            kept["references"] = left
        if kept:
            network.extra[EXTRA] = kept
        return network

    def _refer(
        self,
        datatype: Datatype,
        above: str,
        parent: "list[Reader]",
        left: dict[str, str],
        links: dict[str, Opener],
        missing: "dict[str, Beside]",
    ) -> None:
        """Put what a datatype refers to into it, or beside it; tell what is missing."""
        equations = {name: found for name in self.layout.equations if (found := self.equation(name)) is not None}
        openers: dict[uuid.UUID, Opener] = {}
        for name, place in self.layout.references.items():
            gid = self.gid_in(name)
            if gid is None:
                continue
            beside = Beside(self, name, gid)
            path = beside.path()
            if path is None:
                left[above + name] = str(gid)
                if place not in ("inside", "parent"):
                    missing[place] = beside
            elif place == "parent":
                parent.append(beside.reader(path))
            elif place == "inside":
                reader = beside.reader(path)
                datatype.traits[name] = inner = reader.datatype()
                reader._refer(inner, f"{above}{name}.", parent, left, links, missing)
            else:
                # One file is one network, whatever leads to it.
                links[place] = openers.setdefault(gid, functools.cache(beside))
                datatype.traits[name] = Linked(place, LINKED[name])
        datatype.traits |= equations

    def project(self) -> dict[str, Any]:
        """
        Give what the file says of the project that it comes from.

        Returns
        -------
        dict of str to str
            What is not empty.
        """
        known = {*_COMMON, *self.layout.scalars, *self.layout.references}
        known |= {"title", *self.layout.equations, "number_of_split_slices", "split_slices"}
        plain = {"invalid": "bool:False", "is_nan": "bool:False", "visible": "bool:True"}
        return {
            name: value if isinstance(value, str) else np.asarray(value).item()
            for name, value in self.attrs.items()
            if name not in known and value != "" and plain.get(name) != value
        }

    def datatype(self) -> Datatype:
        """
        Read the datatype.

        Returns
        -------
        Datatype
            Its traits. Arrays that TVB can do without are None where they are missing.
        """
        traits: dict[str, Any] = {}
        for name in self.layout.arrays:
            traits[name] = self.array(name)
        for name, kind in self.layout.scalars.items():
            value = self.scalar(name, kind)
            if name == "saved_selection" and value == []:
                # TVB's default, which JSON cannot tell from a list.
                value = ()
            if value is not None and FINAL.get(self.kind) != (name, value):
                traits[name] = value
        if family(self.kind) == "LocalConnectivity":
            traits["matrix"] = self.sparse("matrix")
        title = self.attrs.get("title")
        return Datatype(self.kind, traits, self.gid, title if isinstance(title, str) else None)

    def content(self) -> tuple[Any, ...]:
        """
        Give what tells whether two files hold the same datatype.

        Returns
        -------
        tuple
            Of the traits, the equations, and the gids of what they refer to.
        """
        datatype = self.datatype()
        datatype.traits |= {name: self.attrs.get(name, "") for name in self.layout.equations}
        references = tuple(self.gid_in(name) for name in self.layout.references)
        return self.gid, gid_of(datatype), datatype.title, references

    def array(self, name: str) -> Array | None:
        """
        Read an array.

        Parameters
        ----------
        name : str
            The trait.

        Returns
        -------
        array or None
            In the dtype that TVB gives it; None if it is missing and need not be there.
        """
        where = f"{self.path}: {name}"
        integer = name == "array_data" and self.kind in ("RegionMapping", "RegionVolumeMapping")
        dtype = np.dtype("i8" if integer else DTYPES.get(name, "f8"))
        if name not in self.file.held.attrs:
            if name in REQUIRED:
                raise CompanionError(f"{where} is missing: a {self.kind} of TVB has it")
            return None
        if dtype.kind == "U":
            values = self.file.texts(name)
            if values.dtype.itemsize > dtype.itemsize:
                raise DamagedFileError(f"{where} has texts of {values.dtype.itemsize // 4:,} characters: TVB takes 128")
            self.limits.check("inflated_bytes", values.size * dtype.itemsize, where)
            return values.astype(dtype)
        if name not in self.file.held.arrays:
            # How HDF5 keeps what has no elements; the framework writes arrays without axes so, too.
            warn(f"{where} holds nothing: the framework loses the value of an array without axes")
            return None
        values = np.asarray(self.file.held.arrays[name])
        if not np.can_cast(values.dtype, dtype, "safe"):
            raise DamagedFileError(f"{where} holds {values.dtype}: expected what fits into {dtype}")
        return values.astype(dtype)

    def scalar(self, name: str, kind: str) -> Any:
        """
        Read an attribute.

        Parameters
        ----------
        name : str
            The trait.
        kind : str
            What it is, as in `Layout`.

        Returns
        -------
        object
            None if it is missing.
        """
        value = self.attrs.get(name)
        if value is None or (value == "" and kind != "str"):
            return None
        try:
            if kind == "bool":
                text = str(value).removeprefix(_BOOL)
                return {"True": True, "False": False, "1": True, "0": False}[text]
            if kind == "json" or (kind == "str" and "module" in self.attrs and str(value).startswith('"')):
                # The first versions wrote texts as JSON as well.
                return self.json(name)
            return {"int": int, "float": float, "str": str}[kind](value)
        except TvboError:
            raise
        except (KeyError, ValueError, OverflowError) as error:
            raise DamagedFileError(f"{self.path}: {PREFIX}{name} is {str(value)[:80]!r}: expected {kind}") from error

    def json(self, name: str) -> Any:
        """
        Read JSON text in an attribute.

        Parameters
        ----------
        name : str
            The attribute.

        Returns
        -------
        object
            What it says.
        """
        where = f"{self.path}: {PREFIX}{name}"
        try:
            return read_json(str(self.attrs[name]), where, self.limits)
        except LimitError:
            raise
        except ValueError as error:
            raise DamagedFileError(f"{where} is damaged: expected JSON: {error}") from error

    def equation(self, name: str) -> Datatype | None:
        """
        Read an equation.

        Parameters
        ----------
        name : str
            The trait.

        Returns
        -------
        Datatype or None
            Its class and its parameters; None if there is none.
        """
        if not self.attrs.get(name):
            return None
        found = self.json(name)
        if found is None:
            return None
        known = isinstance(found, dict) and str(found.get("type")).isidentifier()
        if not known or not isinstance(found.get("parameters"), dict):
            raise DamagedFileError(f"{self.path}: {PREFIX}{name} is damaged: expected a type and parameters")
        # Two equations of one datatype may be alike, and are two.
        drawn = hashlib.sha256(f"{self.gid} {name} {found}".encode()).digest()
        gid = uuid.UUID(bytes=drawn[:16], version=4)
        return Datatype(str(found["type"]), {"parameters": found["parameters"]}, gid)

    def sparse(self, name: str) -> Any:
        """
        Read a sparse matrix.

        Parameters
        ----------
        name : str
            The trait.

        Returns
        -------
        scipy.sparse.csr_matrix or csc_matrix, or None
            Its indices sorted, as the framework has them; None if it is missing.
        """
        where = f"{self.path}: {name}"
        if name not in self.file.held.attrs:
            return None
        attrs = {key.removeprefix(PREFIX).lower(): value for key, value in self.file.attributes(name).items()}
        layout = str(attrs.get("format"))
        shape = [part.strip() for part in str(attrs.get("shape", "")).strip("()").split(",")]
        parts = [self.file.held.arrays.get(f"{name}{part}") for part in ("data", "indices", "indptr")]
        if (
            layout not in ("csr", "csc")
            or not all(part.isdecimal() for part in shape)
            or len(shape) != 2
            or None in parts
        ):
            raise DamagedFileError(f"{where} is damaged: expected the parts of a csr or csc matrix, and its shape")
        rows, columns = map(int, shape)
        data, indices, starts = map(np.asarray, parts)
        major, minor = (rows, columns) if layout == "csr" else (columns, rows)
        fits = (
            all(each.ndim == 1 for each in (data, indices, starts))
            and indices.dtype.kind in "iu"
            and starts.dtype.kind in "iu"
            and data.dtype.kind in "biufc"
            and len(starts) == major + 1
            and len(data) == len(indices) == starts[-1]
            and starts[0] == 0
            and (np.diff(starts.astype(np.int64)) >= 0).all()
            and (not len(indices) or (indices.min() >= 0 and indices.max() < minor))
        )
        if not fits:
            # scipy writes where they say.
            raise DamagedFileError(f"{where} is damaged: its indices do not fit its shape, {rows} x {columns}")
        make: Any = {"csr": sp.csr_matrix, "csc": sp.csc_matrix}[layout]
        matrix = make((data, indices, starts), shape=(rows, columns))
        matrix.sort_indices()
        return matrix


@dataclass(frozen=True)
class Beside:
    """
    A datatype that a file refers to; called, it gives the network of that.

    Attributes
    ----------
    owner : Reader
        The file.
    name : str
        The trait.
    gid : uuid.UUID
        The identifier of what is referred to.
    """

    owner: Reader
    name: str
    gid: uuid.UUID

    @property
    def file_name(self) -> str:
        """What the framework calls its file."""
        return f"{LINKED.get(self.name, REFERRED[self.name])}_{self.gid.hex}.h5"

    def path(self) -> Path | None:
        """
        Look for its file.

        Returns
        -------
        Path or None
            None if there is none beside that of the owner.
        """
        found = sorted(self.owner.folder.glob(f"*_{self.gid.hex}.h5"))
        return next((path for path in found if path != self.owner.path), None)

    def reader(self, path: Path) -> Reader:
        """
        Open its file.

        Parameters
        ----------
        path : Path
            The file.

        Returns
        -------
        Reader
            It holds what the owner refers to.
        """
        found = Reader(path, self.owner.limits)
        wanted = REFERRED[self.name]
        if found.gid != self.gid or family(found.kind) != wanted:
            raise DamagedFileError(
                f"{path} holds a {found.kind} with the gid {found.gid}: {self.owner.path} refers to it as its "
                f"{self.name}, expected a {wanted} with the gid {self.gid}"
            )
        return found

    def __call__(self) -> Network:
        path = self.path()
        if path is None:
            raise NetworkNotFoundError(
                f"{self.owner.path} refers to its {self.name} by the gid {self.gid}, and no file *_{self.gid.hex}.h5 "
                f"is in {self.owner.folder}: put {self.file_name} there, or link a network yourself"
            )
        return self.reader(path).network()


def dump(value: Any) -> str:
    """
    Write JSON text as the framework does.

    Parameters
    ----------
    value : object
        Plain values.

    Returns
    -------
    str
        The text.
    """
    return json.dumps(value)
