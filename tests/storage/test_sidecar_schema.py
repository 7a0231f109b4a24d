"""The JSON Schema of a sidecar takes every sidecar that is written and kept, and refuses what is none."""

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tvbo.testing.networks import every_feature, example_networks

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs" / "sidecar.schema.json").read_text())
KEPT = sorted(
    str(path.relative_to(ROOT))
    for folder in ("tests/archives", "src/tvbo/database/networks")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in (".yaml", ".yml", ".json") and path.name != "digests.json"
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_itself_is_sound() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert len(KEPT) > 10


@pytest.mark.parametrize("name", KEPT)
def test_sidecars_that_are_kept_fit(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    VALIDATOR.validate(json.loads(text) if name.endswith(".json") else yaml.safe_load(text))


@pytest.mark.parametrize("name", [*example_networks(), "everything"])
def test_what_is_written_fits(name: str, tmp_path: Path) -> None:
    network = (example_networks() | {"everything": every_feature()})[name]
    for nodes in ("inline", "companion"):
        network.save(tmp_path / "n.yaml", nodes=nodes)
        VALIDATOR.validate(yaml.safe_load((tmp_path / "n.yaml").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "change",
    [
        {"tvbo_class": "tvbo:Experiment"},
        {"number_of_nodes": -1},
        {"nodes": {"id": 1}},
        {"nodes": [{"position": {"x": 1.0, "y": 2.0}}]},
        {"edges": [{"format": "dense"}]},
        {"edges": [{"label": "weight", "format": "csx"}]},
        {"edges": [{"source": 1}]},
        {"node_mapping": "mesh/region_mapping"},
    ],
    ids=str,
)
def test_what_is_no_sidecar_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    example_networks()["full"].save(tmp_path / "n.yaml")
    record = yaml.safe_load((tmp_path / "n.yaml").read_text(encoding="utf-8"))
    VALIDATOR.validate(copy.deepcopy(record))
    assert not VALIDATOR.is_valid(record | change)
