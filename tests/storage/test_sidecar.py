"""What a sidecar says is there at once, with or without its list of nodes."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tvbo import Network
from tvbo.errors import LimitError, SidecarError
from tvbo.limits import Limits
from tvbo.storage import sidecar
from tvbo.storage.node_list import NodeColumns

OURS, OTHERS = "label: a\nnodes:\n- id: 0\n  label: b\nedges: []\n", "label: a\nnodes: [{id: 0, label: b}]\nedges: []\n"
JSON = '{"label": "a", "nodes": [{"id": 0, "label": "b"}], "edges": []}'


@pytest.mark.parametrize(("text", "name"), [(OURS, "a.yaml"), (OTHERS, "a.yaml"), (JSON, "a.json")])
def test_the_header_is_the_record_without_nodes(text: str, name: str) -> None:
    record = sidecar.parse(text, Path(name))
    assert list(record.pop("nodes")) == [{"id": 0, "label": "b"}]
    assert sidecar.header(text, Path(name)) == record == {"label": "a", "edges": []}


def test_a_header_is_held_against_the_limits_and_must_be_a_mapping() -> None:
    for limits in (Limits(sidecar_bytes=10), Limits(sidecar_values=3), Limits(depth=1)):
        with pytest.raises(LimitError):
            sidecar.header(OURS, Path("a.yaml"), limits)
    with pytest.raises(SidecarError, match="list"):
        sidecar.header("- a\n", Path("a.yaml"))
    with pytest.raises(SidecarError, match="line 6: 'label' stands twice"):
        sidecar.header(f"{OURS}label: a\n", Path("a.yaml"))


def test_measuring_counts_columns_as_their_rows() -> None:
    nodes = NodeColumns([0, 1], ["a", "b"], {"area": [1.0, 2.0]}, {"area": "mm"}, ([1.0, 2.0],) * 3)
    columns, rows = {"label": "a", "nodes": nodes}, {"label": "a", "nodes": list(nodes)}

    def refused(record: object, **limits: int) -> bool:
        try:
            sidecar.measure(record, "x", Limits(**limits))
        except LimitError:
            return True
        return False

    for name, most in (("sidecar_values", 60), ("depth", 8)):
        found = [refused(columns, **{name: number}) for number in range(most)]
        assert found == [refused(rows, **{name: number}) for number in range(most)]
        assert len(set(found)) == 2


def test_a_header_needs_neither_numpy_nor_hdf5(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    network = Network.from_matrix(np.eye(2))
    network.label = "mine"
    network.save(path)
    code = (
        "import sys\nfrom pathlib import Path\nfrom tvbo.storage import sidecar\n"
        "path = Path(sys.argv[1])\nprint(sidecar.header(sidecar.text_of(path), path)['label'], *sys.modules)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    label, *loaded = ran.stdout.split()
    assert label == "mine"
    assert {"numpy", "h5py", "scipy"}.isdisjoint(loaded)
