"""A datatype out of a file of TVB's framework, with those beside it that it refers to."""

import json
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from tvbo.errors import CompanionError, DamagedFileError, LimitError, TvboError, UnknownFormatError, warn
from tvbo.formats.tvb_h5.layout import DTYPES, FINAL, LAYOUTS, REQUIRED
from tvbo.limits import Limits
from tvbo.model.arrays import Array
from tvbo.model.datatypes import Datatype, network_of
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
        if self.kind not in MODULES:
            raise UnknownFormatError(
                f"{path} holds {self.kind or 'no datatype'} of TVB: expected one of {', '.join(MODULES)}"
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
        Give the network of the file, and of those beside it.

        Returns
        -------
        Network
            The network.
        """
        datatype = self.datatype()
        parent: Network | None = None
        left: dict[str, str] = {}
        for name, place in self.layout.references.items():
            gid = self.gid_in(name)
            if gid is None:
                continue
            found = None if place == "apart" else self.beside(gid)
            if found is None:
                left[name] = str(gid)
            elif place == "parent":
                parent = found.network()
            else:
                datatype.traits[name] = found.datatype()
        network = network_of(datatype, parent)
        kept = self.project()
        if left:
            kept["references"] = left
        if kept:
            network.extra[EXTRA] = kept
        return network

    def beside(self, gid: uuid.UUID) -> "Reader | None":
        """
        Find the file of a datatype that this one refers to.

        Parameters
        ----------
        gid : uuid.UUID
            Its identifier.

        Returns
        -------
        Reader or None
            None if there is none.
        """
        for path in sorted(self.folder.glob(f"*_{gid.hex}.h5")):
            if path != self.path:
                found = Reader(path, self.limits)
                if found.gid == gid:
                    return found
        return None

    def project(self) -> dict[str, Any]:
        """
        Give what the file says of the project that it comes from.

        Returns
        -------
        dict of str to str
            What is not empty.
        """
        known = {*_COMMON, *self.layout.scalars, *self.layout.references}
        known |= {"title", "equation", "number_of_split_slices", "split_slices"}
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
            equation = self.equation()
            if equation is not None:
                traits["equation"] = equation
        title = self.attrs.get("title")
        return Datatype(self.kind, traits, self.gid, title if isinstance(title, str) else None)

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

    def equation(self) -> Datatype | None:
        """
        Read an equation.

        Returns
        -------
        Datatype or None
            Its class and its parameters; None if there is none.
        """
        if not self.attrs.get("equation"):
            return None
        found = self.json("equation")
        if found is None:
            return None
        known = isinstance(found, dict) and str(found.get("type")).isidentifier()
        if not known or not isinstance(found.get("parameters"), dict):
            raise DamagedFileError(f"{self.path}: {PREFIX}equation is damaged: expected a type and parameters")
        return Datatype(str(found["type"]), {"parameters": found["parameters"]})

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
