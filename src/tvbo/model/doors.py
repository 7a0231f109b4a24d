"""The verbs of a network by which it comes in and goes out; each finds its format by name in the registry."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from tvbo import registry
from tvbo.database.listing import find
from tvbo.errors import TvboError, UnknownFormatError, UnsupportedObjectError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tvbo.model.network import Network


class Doors:
    """Where a `Network` comes from and what becomes of it."""

    @classmethod
    def from_tvb(cls, obj: Any, *, strict: bool = False) -> Self:
        """
        Take a TVB datatype, every bit of it, or the networks of a simulator.

        Parameters
        ----------
        obj : tvb.datatypes object or tvb.simulator.simulator.Simulator
            Any datatype that describes a network, or a simulator. It is copied, not changed.
        strict : bool
            Whether it is an error if a simulator holds anything but networks; else that is a warning.

        Returns
        -------
        Network
            ``execute(format="tvb")`` gives the same class back. The table in the notes says what becomes what.

        Raises
        ------
        LossyConversionError
            If `strict`, and something would be left out.
        UnsupportedObjectError
            If it is anything else; the message lists what is taken.

        Notes
        -----
        ============================================  ==========================================================
        Connectivity                                  regions
        Surface and its subclasses                    vertices, with the mesh
        RegionMapping, Cortex                         the same, with the connectivity as `parent_network`;
                                                      Cortex with the matrix ``local_connectivity``
        LocalConnectivity, StimuliSurface             vertices of their surface, with the mesh
        Sensors, SensorsEEG, SensorsMEG,              sensors, with columns ``orientation`` and ``usable``
        SensorsInternal
        ProjectionMatrix, ProjectionSurfaceEEG,       sensors, with the matrix ``gain``; ``target("gain")`` is the
        ...MEG, ...SEEG                               network of its sources, and ``links`` has the skull's
                                                      surfaces
        ConnectivityMeasure                           regions of its connectivity, with the matrix or the column
                                                      ``measure``
        StimuliRegion                                 regions of its connectivity, with the column ``stimulus``
        Volume, StructuralMRI, SpatialPatternVolume,  no nodes; voxels lie in ``extra["tvb"]``, and the
        RegionVolumeMapping, Tracts                   connectivity, if there is one, is `parent_network`
        Simulator                                     no nodes; its networks are the `links`
        ============================================  ==========================================================
        """
        made: Self = registry.get("tvb").from_object(obj, strict=strict)
        return made

    @classmethod
    def from_tvb_surface(cls, connectivity: Any, surface: Any, region_mapping: Any) -> "tuple[Network, Network]":
        """
        Take the three objects of a TVB surface simulation as two linked networks.

        Parameters
        ----------
        connectivity : tvb.datatypes.connectivity.Connectivity
            The regions.
        surface : tvb.datatypes.surfaces.Surface
            The mesh.
        region_mapping : tvb.datatypes.region_mapping.RegionMapping
            The region of each vertex.

        Returns
        -------
        regions : Network
            The region network.
        surface : Network
            The vertex network; ``surface.parent_network is regions``.

        Raises
        ------
        UnsupportedObjectError
            If an argument is of another class.
        """
        made: tuple[Network, Network] = registry.get("tvb").from_surface(connectivity, surface, region_mapping)
        return made

    @classmethod
    def from_mne_forward(cls, forward: Any, **options: Any) -> Self:
        """
        Take an MNE forward solution as a projection network.

        Parameters
        ----------
        forward : mne.Forward
            The forward solution.
        **options : object
            As ``tvbo.formats.mne.from_mne_forward`` takes them.

        Returns
        -------
        Network
            Sensors as nodes, and the matrix ``gain``.
        """
        made: Self = registry.get("mne").from_mne_forward(forward, **options)
        return made

    @classmethod
    def from_networkx(cls, graph: Any, **options: Any) -> Self:
        """
        Take a graph of networkx.

        Parameters
        ----------
        graph : networkx.Graph or networkx.DiGraph
            The graph. An edge j -> i becomes the entry [i, j].
        **options : object
            As ``tvbo.formats.networkx.from_networkx`` takes them.

        Returns
        -------
        Network
            The network; exactly the one that ``execute(format="networkx")`` gave the graph of.
        """
        made: Self = registry.get("networkx").from_networkx(graph, **options)
        return made

    @classmethod
    def from_object(cls, obj: Any, *, format: str | None = None, **options: Any) -> Self:
        """
        Take an object of another package.

        Parameters
        ----------
        obj : object
            The object.
        format : str, optional
            The format that knows it; found out unless given.
        **options : object
            Passed on to the format.

        Returns
        -------
        Network
            The network.

        Raises
        ------
        UnsupportedObjectError
            If no format takes it.
        UnknownFormatError
            If there is no such format, or it takes no objects.
        OptionError
            If the format has no such option.
        """
        module = registry.for_object(obj) if format is None else registry.get(format)
        if not hasattr(module, "from_object"):
            raise UnknownFormatError(f"format {format!r} takes no objects; it {registry.abilities(module)}")
        registry.check_options(module, "from_object", options)
        try:
            made: Self = module.from_object(obj, **options)
        except (AttributeError, TypeError) as error:
            if isinstance(error, TvboError) or not hasattr(module, "takes") or module.takes(obj):
                raise
            kind = f"{type(obj).__module__}.{type(obj).__qualname__}"
            raise UnsupportedObjectError(f"format {registry.name_of(module)!r} takes no {kind}") from error
        return made

    @classmethod
    def from_file(cls, path: "str | os.PathLike[str]", *, format: str | None = None, **options: Any) -> Self:
        """
        Open a file. Only metadata are read; an array is read when it is touched.

        Parameters
        ----------
        path : path-like
            A sidecar (``.yaml``), or its companion (``.h5``).
        format : str, optional
            The format, where the extension does not tell.
        **options : object
            Passed on to the format: ``limits=tvbo.Limits(...)``, what the file may ask for, and ``verify=False`` to
            read arrays without comparing them with their checksums.

        Returns
        -------
        Network
            The network.

        Raises
        ------
        NetworkNotFoundError
            If there is no such file.
        SidecarError, CompanionError
            If it cannot be understood.
        UnsafeFileError
            If it leads out of its folder, or asks for more than the limits allow.
        UnknownFormatError
            If no format knows it.
        OptionError
            If the format has no such option.
        """
        module = registry.for_path(Path(path), "read", format)
        registry.check_options(module, "read", options)
        made: Self = module.read(Path(path), **options)
        return made

    @classmethod
    def load(cls, name: "str | os.PathLike[str]", **options: Any) -> Self:
        """
        Open a network by its name, or a file.

        Parameters
        ----------
        name : str or path-like
            A name that `tvbo.list_networks` shows, spelled as there. A path, a text with a separator, and the name of
            a file that is there are opened as `from_file` does.
        **options : object
            As `from_file` takes them.

        Returns
        -------
        Network
            The network.

        Raises
        ------
        NetworkNotFoundError
            If there is no such network; the message tells of names that are similar.
        """
        if not isinstance(name, str) or any(mark and mark in name for mark in (os.sep, os.altsep)):
            return cls.from_file(name, **options)
        path = Path(name)
        return cls.from_file(path if path.suffix and path.is_file() else find(name), **options)

    # ------------------------------------------------------------------ ways out

    def save(self, path: "str | os.PathLike[str]", *, format: str | None = None, **options: Any) -> None:
        """
        Write the network to files.

        Parameters
        ----------
        path : path-like
            ``NAME.yaml`` writes the sidecar and, beside it, the companion ``NAME.h5``.
        format : str, optional
            The format, where the extension does not tell.
        **options : object
            Passed on to the format: ``compression="gzip" | "none" | level``,
            ``nodes="auto" | "inline" | "companion"`` and ``limits=Limits(...)``.

        Raises
        ------
        OSError
            If it cannot be written; then files that were there are as they were. A pair is replaced as a whole: if
            only the last step fails, after the companion is in place, it holds the new network.
        LimitError
            If `from_file` would not open it without higher limits. Give the same ``limits`` to both.
        UnknownFormatError
            If no format has that extension.
        OptionError
            If the format has no such option.
        """
        module = registry.for_path(Path(path), "write", format)
        registry.check_options(module, "write", options)
        module.write(self, Path(path), **options)

    def save_all(self, folder: "str | os.PathLike[str]", **options: Any) -> "dict[str, Path]":
        """
        Write the network and all that it is linked to, each as a pair of files of its own.

        Parameters
        ----------
        folder : path-like
            Where; it is made if it is not there.
        **options : object
            As `save` takes them.

        Returns
        -------
        dict of str to Path
            The sidecars by name, that of this network first. ``Network.from_file`` opens each, and what it is
            linked to when that is asked for, wherever the folder is moved.

        Raises
        ------
        FileExistsError
            If another network of such a name lies there; nothing is written then.
        """
        return save_all([cast("Network", self)], folder, **options)

    def to_xarray(self, **options: Any) -> Any:
        """
        Give the network as a dataset of xarray.

        Parameters
        ----------
        **options : object
            As ``execute(format="xarray")`` takes them.

        Returns
        -------
        xarray.Dataset
            A variable for each dense matrix, with the axes ``target`` and ``source``; positions and columns of nodes
            are coordinates. What still lies in a file is a Dask array, if Dask is installed.
        """
        return self.execute(format="xarray", **options)

    def execute(self, format: str = "tvb", **options: Any) -> Any:
        """
        Give the network as an object of another package.

        Parameters
        ----------
        format : str
            Which package.
        **options : object
            Passed on to the format.

        Returns
        -------
        object
            For ``"tvb"``: what came in through `from_tvb`, of the same class and with the same bits, configured
            if it was configured. A network from `from_tvb_surface` gives the named tuple
            ``(connectivity, surface, region_mapping)``, linked to one another, and one of a simulator
            ``(connectivity, surface, stimulus, monitors)``. What was one object comes out as one. Any other network
            gives what it can be, configured: a surface with a mesh, a projection with a matrix ``gain``, sensors with
            the descriptor ``sensors``, and else a Connectivity; ``kind="SensorsEEG"`` says which class.

        Raises
        ------
        UnknownFormatError
            If there is no such format, or it has no objects.
        OptionError
            If the format has no such option.
        """
        module = registry.get(format)
        if not hasattr(module, "to_object"):
            raise UnknownFormatError(f"format {format!r} gives no objects; it {registry.abilities(module)}")
        registry.check_options(module, "to_object", options)
        return module.to_object(self, **options)


def save_all(networks: "Iterable[Network]", folder: "str | os.PathLike[str]", **options: Any) -> "dict[str, Path]":
    """
    Write networks and all that they are linked to, each as a pair of files of its own.

    Parameters
    ----------
    networks : iterable of Network
        The networks.
    folder : path-like
        Where; it is made if it is not there.
    **options : object
        As `Network.save` takes them.

    Returns
    -------
    dict of str to Path
        The sidecars by name: those of the networks given first, then those of what they are linked to.

    Raises
    ------
    FileExistsError
        If another network of such a name lies there; nothing is written then.
    """
    paths: dict[str, Path] = registry.get("tvbo").write_all(networks, Path(folder), **options)
    return paths
