"""What is wrong with a network is found, and named."""

import h5py
import numpy as np
import pytest
import scipy.sparse as sp

from tvbo import Mesh, Network, registry
from tvbo.errors import CompanionError


def surface() -> Network:
    regions = Network.from_matrix(np.eye(2), labels=["a", "b"])
    mesh = Mesh(np.random.default_rng(0).random((5, 3)), np.array([[0, 1, 2], [2, 3, 4]]))
    made = Network(mesh=mesh, node_mapping_data=[0, 1, 1, -1, 0], parent_network=regions)
    made.set_matrix("local", sp.csr_matrix(np.eye(5)))
    return made


def change(path, dataset: str, place, value) -> None:
    with h5py.File(path, "r+") as file:
        file[dataset][place] = value


def test_a_sound_network_is_valid(tmp_path) -> None:
    assert surface().validate()
    surface().save(tmp_path / "s.yaml")
    for deep in (False, True):
        found = Network.from_file(tmp_path / "s.yaml")
        report = found.validate(deep=deep)
        assert report, str(report)
        assert report.deep is deep
    # Nothing that was read to check it is kept.
    assert not isinstance(found.lazy("local"), sp.csr_matrix)


@pytest.mark.parametrize(
    ("dataset", "place", "value", "named"),
    [
        ("edges/local/data", 0, 9.0, "matrices.local"),
        ("edges/local/indices", 0, 7, "matrices.local"),
        ("mesh/vertices", (0, 0), 9.0, "mesh.vertices"),
        ("mesh/region_mapping", 0, 1, "node_mapping_data"),
        ("tvbo/parent/edges/weight/data", (0, 1), 9.0, "parent_network.matrices.weight"),
    ],
)
def test_the_damaged_array_is_named(tmp_path, dataset, place, value, named) -> None:
    path = tmp_path / "s.yaml"
    surface().save(path)
    change(path.with_suffix(".h5"), dataset, place, value)
    assert Network.from_file(path).validate()
    report = Network.from_file(path).validate(deep=True)
    assert named in [problem.path for problem in report.problems]
    assert not report
    of_file = registry.get("tvbo").validate(path, deep=True)
    assert dataset in [problem.path for problem in of_file.problems]


def test_rows_that_lead_nowhere_are_found() -> None:
    wrong = surface()
    wrong.mesh.elements[0, 0] = 5
    wrong.node_mapping_data[1] = 2
    found = {problem.path: problem.message for problem in wrong.validate().problems}
    assert found == {
        "mesh.elements": "runs from 1 to 5: expected 0 to 4",
        "node_mapping_data": "runs from -1 to 2: expected -1 to 1",
    }


@pytest.mark.parametrize(
    ("layout", "part", "values"),
    [
        ("csr", "indices", [9, 0, 1]),
        ("csr", "indices", [-1, 0, 1]),
        ("csr", "indptr", [0, 3, 1, 3]),
        ("csr", "indptr", [0, 1, 2, 9]),
        ("coo", "row", [0, 1, 9]),
        ("coo", "col", [0, 1, -2]),
        ("csc", "col", [0, 1, 9]),
        ("csc", "col", [2, 1, 0]),
        ("csc", "row", [0, 1, 9]),
        ("lil", "original/counts", [1, 1, 9]),
        ("lil", "original/columns", [0, 1, 9]),
        ("dok", "original/keys", [[0, 0], [1, 1], [2, 9]]),
        ("bsr", "original/indices", [9, 0, 1]),
    ],
)
def test_sparse_parts_that_lead_out_of_the_matrix_are_refused(tmp_path, layout, part, values) -> None:
    """scipy would read and write beyond its arrays."""
    path = tmp_path / "a.yaml"
    network = Network.from_matrix(np.eye(3))
    network.set_matrix("s", sp.eye_array(3).asformat(layout))
    network.save(path)
    change(path.with_suffix(".h5"), f"edges/s/{part}", ..., np.array(values))
    with pytest.raises(CompanionError, match="is no"):
        Network.from_file(path, verify=False).matrix("s", format=None)
