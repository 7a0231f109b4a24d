"""Datasets that we write are valid BIDS, in the eyes of its own validator: as released, and with the draft added."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from tvbo import Network
from tvbo.formats import bids
from tvbo.testing.suite import example_networks

DRAFT = Path(__file__).parent / "data" / "bids_bep017.json"
# Nobody but the author can say these.
ADVICE = {"TOO_FEW_AUTHORS", "ATLAS_DESCRIPTION_RECOMMENDED"}


def write_all_forms(root: Path) -> Path:
    network = example_networks()["full"]
    network.set_matrix("sparse", sp.csr_array(np.eye(4)), unit="1/s")
    network.set_matrix("gain", np.ones((4, 2)), column_labels=["p", "q"])
    network.matrices["weight"].values[0, :2] = np.nan, np.inf
    network.nodes.columns["Description"] = np.array(["n/a", "", '"x', "é\t"])
    network.nodes.columns["hemisphere"] = np.array([True, True, False, False])
    network.nodes.ids[:] = 0
    network.extra["any"] = {"nested": (1, float("nan"))}
    bids.write(network, root, subject="01", session="a", entities={"atlas": "DK", "run": "1", "acquisition": "x"})
    bids.write(network, root, subject="02", storage="h5")
    bids.write(example_networks()["odd numbers"], root, subject="03", datatype="func", entities={"task": "rest"})
    bids.write(Network.from_matrix(np.eye(3)), root, entities={"template": "MNI152NLin6Asym", "cohort": "1"})
    bids.write(Network.from_matrix(np.eye(3)), root, entities={"atlas": "DK", "segmentation": "x"})
    return root


def test_sidecars_have_the_keys_that_the_draft_requires(tmp_path: Path) -> None:
    fields = json.loads(DRAFT.read_text())["rules"]["sidecars"]["derivatives"]["relmat"]["Relmat"]["fields"]
    required = {name for name, level in fields.items() if level == "required"}
    recommended = {name for name, level in fields.items() if level == "recommended"}
    assert required == {"Directed", "RelationshipMeasure", "Software", "ValidDiagonal", "Weighted"}
    found = list(write_all_forms(tmp_path / "d").rglob("*_relmat.json"))
    assert len(found) == 4 + 4 + 2 + 1 + 1
    for path in found:
        assert required | recommended <= set(json.loads(path.read_text()))


def validator() -> str:
    beside = Path(sys.executable).parent / "bids-validator-deno"
    found = shutil.which("bids-validator-deno") or (str(beside) if beside.exists() else None)
    if found is None:
        pytest.skip("needs bids-validator-deno: install the dependency group slow")
    return found


def merged(first: Any, second: Any) -> Any:
    if not isinstance(first, dict) or not isinstance(second, dict):
        return second
    return first | {key: merged(first.get(key), value) for key, value in second.items()}


def schema(folder: Path) -> Path:
    """Add the draft to the schema of the specification."""
    tools = importlib.util.find_spec("bidsschematools")
    if tools is None or tools.origin is None:
        pytest.skip("needs bidsschematools: install the dependency group slow")
    released = json.loads((Path(tools.origin).parent / "data" / "schema.json").read_text(encoding="utf-8"))
    path = folder / "schema.json"
    path.write_text(json.dumps(merged(released, json.loads(DRAFT.read_text()))))
    return path


def issues(root: Path, schema_file: Path | None = None) -> list[dict[str, Any]]:
    command = [validator(), str(root), "--format", "json", "--max-rows", "-1"]
    command += ["-s", schema_file.as_uri()] if schema_file else []
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    found: list[dict[str, Any]] = json.loads(done.stdout)["issues"]["issues"]
    return found


@pytest.mark.slow
def test_the_validator_finds_no_fault(tmp_path: Path) -> None:
    root = write_all_forms(tmp_path / "d")
    assert {each["code"] for each in issues(root)} <= ADVICE, "as released, with .bidsignore"
    (root / ".bidsignore").unlink()
    assert [each for each in issues(root, schema(tmp_path)) if each["code"] not in ADVICE] == []


@pytest.mark.slow
def test_the_validator_finds_faults(tmp_path: Path) -> None:
    root = write_all_forms(tmp_path / "d")
    (root / ".bidsignore").unlink()
    folder = root / "sub-03/func"
    table = folder / "sub-03_task-rest_nodeindices.tsv"
    table.write_text(table.read_text().replace("matrix_index", "index"))
    (folder / "sub-03_task-rest_meas-weight_relmat.dense.tsv").rename(folder / "sub-03_task-rest_measure-w_relmat.tsv")
    errors = {each["code"] for each in issues(root, schema(tmp_path)) if each["severity"] == "error"}
    assert any("COLUMN" in code for code in errors)
    assert errors & {"ENTITY_NOT_IN_RULE", "NOT_INCLUDED", "INVALID_ENTITY_LABEL", "FILENAME_MISMATCH"}
