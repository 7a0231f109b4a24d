"""The network: its parts, and verbs that delegate."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy.typing as npt

from tvbo.errors import DuplicateNameError, NetworkNotFoundError, ShapeError
from tvbo.model.arrays import Array, LazyDict, as_array
from tvbo.model.chunked import as_dask
from tvbo.model.doors import Doors
from tvbo.model.links import Links, from_below, opened
from tvbo.model.matrices import DENSE_BYTES, LENGTHS, WEIGHTS, MatrixStore, convert, edge_matrix
from tvbo.model.mesh import Mesh
from tvbo.model.nodes import NodeTable
from tvbo.model.parameters import Parameter, Parameters
from tvbo.model.proofs import Proofs
from tvbo.model.shown import network_html
from tvbo.model.viewing import Viewing


class Network(Doors, Viewing, Proofs):
    """
    A brain network: nodes, the matrices over its edges, parameters, and perhaps a surface.

    Arrays that came from a file are read when they are touched. Arrays are held as they were given, not copied.

    Parameters
    ----------
    nodes : NodeTable, optional
        The nodes; those of the mesh if only that is given.
    label, description : str, optional
        A name and a text for people.
    descriptor : str, optional
        What kind of network it is: ``SC``, ``FC``, ``surface``, ``projection``, ``simulation``, ...
    mesh : Mesh, optional
        The surface whose vertices are the nodes.
    parameters : mapping of str to Parameter or value, optional
        Such as ``conduction_speed``.
    node_mapping_data : array, shape (n_nodes,), int64, optional
        For each node the row of its region in the parent network; -1 for none. TVB appends regions that no
        vertex belongs to, so that it may be longer.
    parent_network : Network, optional
        The coarser network that the mapping leads to.
    distance_unit, time_unit : str, optional
        Units of positions and lengths, and of times.

    Attributes
    ----------
    matrices : MatrixStore
        The matrices by name, with their units.
    links : Links
        Further networks by name, opened when they are first asked for. One of the name of a matrix has the
        columns of that matrix as its nodes: see `target`.
    extra : dict
        Whatever has no other place: it is saved, reloaded and compared. Plain values and arrays.
    path : Path or None
        The sidecar that it was read from or last saved to.
    """

    def __init__(
        self,
        nodes: NodeTable | None = None,
        *,
        label: str | None = None,
        description: str | None = None,
        descriptor: str | None = "SC",
        mesh: Mesh | None = None,
        parameters: Mapping[str, Any] | None = None,
        node_mapping_data: npt.ArrayLike | None = None,
        parent_network: "Network | Callable[[], Network] | None" = None,
        distance_unit: str | None = "mm",
        time_unit: str | None = "ms",
    ) -> None:
        if nodes is None:
            nodes = NodeTable(size=0 if mesh is None else mesh.number_of_vertices, default_label="vertex")
        self.nodes = nodes
        self.label = label
        self.description = description
        self.descriptor = descriptor
        self.distance_unit = distance_unit
        self.time_unit = time_unit
        self.mesh = mesh
        if mesh is not None and mesh.number_of_vertices != len(nodes):
            raise ShapeError(
                f"the mesh has {mesh.number_of_vertices} vertices, but the network has {len(nodes)} nodes: "
                "expected a node for every vertex"
            )
        if mesh is not None and not nodes.has_positions:
            nodes.share_positions(mesh.arrays, "vertices")
        self._links: dict[str, Network | Callable[[], Network]] = {}
        self._named: dict[str, Network | Callable[[], Network]] = {}
        self.matrices = MatrixStore(nodes, self._links)
        self.parameters = parameters if isinstance(parameters, Parameters) else Parameters(parameters)
        self._mapping = LazyDict()
        if node_mapping_data is not None:
            self.node_mapping_data = node_mapping_data
        self._parent: Network | Callable[[], Network] | None = None
        self.parent_network = parent_network
        self.extra: dict[str, Any] = {}
        self.path: Path | None = None

    @classmethod
    def from_matrix(
        cls,
        weights: npt.ArrayLike | None = None,
        lengths: npt.ArrayLike | None = None,
        *,
        labels: Sequence[str] | None = None,
        positions: npt.ArrayLike | None = None,
        **matrices: Any,
    ) -> Self:
        """
        Make a network of arrays.

        Parameters
        ----------
        weights : array_like or sparse matrix, shape (n, n), optional
            Connection strengths; row = target, column = source.
        lengths : array_like or sparse matrix, shape (n, n), optional [mm]
            Tract lengths.
        labels : sequence of str, shape (n,), optional
            Names of the nodes; ``node_0``, ``node_1``, ... without.
        positions : array_like, shape (n, 3), optional [mm]
            Where the nodes are.
        **matrices : array_like or sparse matrix, shape (n, n)
            Further matrices by name.

        Returns
        -------
        Network
            The network. Arrays are held, not copied.

        Raises
        ------
        ShapeError
            If shapes differ.
        """
        own = {"weight": weights, "length": lengths}
        for name in own.keys() & matrices.keys():
            raise DuplicateNameError(f"the matrix {name!r} is given twice: as {name}s= and as {name}=")
        given = own | matrices
        made = {name: edge_matrix(name, values) for name, values in given.items() if values is not None}
        sizes = [matrix.values.shape[0] for matrix in made.values() if matrix.values.shape]
        sizes += [len(values) for values in (labels, positions) if values is not None]  # type: ignore[arg-type]
        network = cls(NodeTable(labels, positions, size=sizes[0] if sizes else 0))
        for name, matrix in made.items():
            network.matrices[name] = matrix
        if "length" in made:
            made["length"].unit = "mm"
        return network

    # ------------------------------------------------------------------ parts

    @property
    def links(self) -> Links:
        """The networks that this one is linked to, by name."""
        return Links(self, self._links, self._named)

    @property
    def number_of_nodes(self) -> int:
        """How many nodes there are."""
        return len(self.nodes)

    @property
    def conduction_speed(self) -> Parameter:
        """The parameter ``conduction_speed``; AttributeError if nobody gave one. A number is taken as mm/ms."""
        return self.parameters.conduction_speed

    @conduction_speed.setter
    def conduction_speed(self, speed: Any) -> None:  # numpydoc ignore=GL08
        given = speed if isinstance(speed, Parameter) else Parameter(speed, "mm_per_ms", "v")
        self.parameters["conduction_speed"] = given

    @property
    def matrix_names(self) -> tuple[str, ...]:
        """What the matrices are called."""
        return tuple(self.matrices)

    def matrix(self, name: str, format: str | None = "dense", *, max_bytes: int = DENSE_BYTES) -> Any:
        """
        Give a matrix; it is read if it was not yet.

        Parameters
        ----------
        name : str
            Its name.
        format : {"dense", "csr", "csc", "coo"} or None
            The layout wanted; None for the one it has.
        max_bytes : int, default: 1 GiB
            How large a sparse matrix may become when it is asked for as a dense one.

        Returns
        -------
        array or sparse matrix, shape (n_nodes, n_columns)
            Row = target, column = source.

        Raises
        ------
        MatrixNotFoundError
            If there is none of that name.
        DenseSizeError
            If the dense form of a sparse matrix would be larger than that.
        """
        return convert(self.matrices[name].load(), format, max_bytes)

    def lazy(self, name: str) -> Any:
        """
        Give a matrix as it is held; one in a file can be sliced by rows, and reads what is asked for.

        Parameters
        ----------
        name : str
            Its name.

        Returns
        -------
        array, sparse matrix, or a lazy stand-in
            As held.
        """
        return self.matrices[name].values

    def dask(self, name: str) -> Any:
        """
        Give a matrix as a Dask array, whose chunks are the rows that lie together in the file.

        Parameters
        ----------
        name : str
            Its name.

        Returns
        -------
        dask.array.Array, shape (n_nodes, n_columns)
            Row = target, column = source. Nothing is read yet.

        Raises
        ------
        MatrixNotFoundError
            If there is none of that name.
        TypeError
            If it is sparse.
        MissingDependencyError
            If Dask is not installed.
        """
        return as_dask(name, self.matrices[name].values)

    def set_matrix(
        self,
        name: str,
        values: Any,
        *,
        unit: str | None = None,
        directed: bool | None = None,
        column_labels: Sequence[str] | Array | None = None,
        target_network: "str | Network | None" = None,
    ) -> None:
        """
        Add or replace a matrix.

        Parameters
        ----------
        name : str
            Its name.
        values : array_like or sparse matrix, shape (n_nodes, n_columns)
            Row = target, column = source. Held, not copied.
        unit : str, optional
            Unit of the values.
        directed : bool, optional
            Whether it is meant to be directed.
        column_labels : sequence of str, shape (n_columns,), optional
            Names of the columns, where they are not the network's nodes.
        target_network : Network or str, optional
            The network that the columns are nodes of, which is saved along; or the name of its sidecar.

        Raises
        ------
        ShapeError
            If it does not fit the nodes; the network is as it was.
        """
        named = None if isinstance(target_network, Network) else target_network
        made = edge_matrix(
            name, values, unit=unit, directed=directed, column_labels=column_labels, target_network=named
        )
        if not isinstance(target_network, Network):
            self.matrices[name] = made
            if named is not None or column_labels is not None:
                # Said anew what the columns are.
                self.links.pop(name, None)
            return
        with self.links.attached(name, target_network, tuple(made.values.shape)):
            self.matrices[name] = made

    def target(self, name: str) -> "Network":
        """
        Give the network that the columns of a matrix are nodes of; it is opened when it is first asked for.

        Parameters
        ----------
        name : str
            The matrix, such as ``gain``.

        Returns
        -------
        Network
            The network.

        Raises
        ------
        MatrixNotFoundError
            If there is no such matrix, nor a link of that name.
        NetworkNotFoundError
            If nobody said which network that is, or its file is missing.
        """
        return self.links.target(name)

    @property
    def weights_matrix(self) -> Array:
        """Connection strengths: array, shape (n_nodes, n_nodes); row = target, column = source."""
        values: Array = self.matrix(self.matrices.first_of(WEIGHTS))
        return values

    @property
    def lengths_matrix(self) -> Array:
        """Tract lengths: array, shape (n_nodes, n_nodes) [mm]."""
        values: Array = self.matrix(self.matrices.first_of(LENGTHS))
        return values

    @property
    def node_mapping_data(self) -> Array | None:
        """Row of each node's region in the parent network: array, shape (n_nodes,), int64; None without."""
        return self._mapping.get("data")

    @node_mapping_data.setter
    def node_mapping_data(self, values: npt.ArrayLike | None) -> None:  # numpydoc ignore=GL08
        if values is None:
            self._mapping.pop("data", None)
            return
        array = as_array(values, "node_mapping_data")
        if len(array.shape) != 1 or array.dtype.kind not in "iu" or array.shape[0] < self.number_of_nodes:
            raise ShapeError(
                f"node_mapping_data has shape {array.shape} and dtype {array.dtype}: "
                f"expected ({self.number_of_nodes},) integers or more, rows of the parent network"
            )
        self._mapping["data"] = array

    @property
    def has_node_mapping(self) -> bool:
        """Whether the nodes are mapped onto a parent network."""
        return "data" in self._mapping

    def held_node_mapping(self) -> Any:
        """
        Give the mapping as it is held, without reading it.

        Returns
        -------
        array or lazy array
            As held.
        """
        return self._mapping.peek("data")

    @property
    def parent_network(self) -> "Network | None":
        """The coarser network that the nodes map onto; None without. Opened when it is first asked for."""
        return self.parent() if self.has_parent_network else None

    @parent_network.setter
    def parent_network(self, parent: "Network | Callable[[], Network] | None") -> None:  # numpydoc ignore=GL08
        if parent is not None:
            from_below(self, parent, "parent network")
        self._parent = parent

    @property
    def has_parent_network(self) -> bool:
        """Whether there is one; asking opens nothing."""
        return self._parent is not None

    def parent(self) -> "Network":
        """
        Give the parent network.

        Returns
        -------
        Network
            The parent.

        Raises
        ------
        NetworkNotFoundError
            If there is none, or its file is missing.
        """
        if self._parent is None:
            raise NetworkNotFoundError(f"network {self.label!r} has no parent network")
        self._parent = found = opened(self, self._parent, "parent network")
        return found

    def held_parent(self) -> "Network | Callable[[], Network] | None":
        """
        Give the parent network as it is held, without opening it.

        Returns
        -------
        Network, callable or None
            As held.
        """
        return self._parent

    def linked(self) -> "list[Network]":
        """
        List the networks that this one is linked to, as far as they are in memory.

        Returns
        -------
        list of Network
            The parent, then the links.
        """
        held = [self._parent, *self.links.held().values()]
        return [each for each in held if isinstance(each, Network)]

    @property
    def _mesh_vertices(self) -> Array:
        return self.need_mesh().vertices

    @property
    def _mesh_elements(self) -> Array:
        return self.need_mesh().elements

    def need_mesh(self) -> Mesh:
        """
        Give the mesh.

        Returns
        -------
        Mesh
            The mesh.

        Raises
        ------
        AttributeError
            If the network has none.
        """
        if self.mesh is None:
            raise AttributeError(f"network {self.label!r} has no mesh: it is not a surface network")
        return self.mesh

    def __repr__(self) -> str:
        parts = [f"{self.number_of_nodes} nodes"]
        parts += [f"{name} {'x'.join(map(str, matrix.shape))}" for name, matrix in self.matrices.items()]
        if self.mesh is not None:
            parts.append(f"{self.mesh.number_of_elements} {self.mesh.element_type}s")
        if self.links:
            parts.append(f"linked to {', '.join(self.links)}")
        return f"<Network {self.label!r}: {', '.join(parts)}>"

    def _repr_html_(self) -> str:
        return network_html(self)
