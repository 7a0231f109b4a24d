"""A missing package is told from a broken one, and the advice installs that package and nothing else."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tvbo._optional import REQUIREMENTS, require
from tvbo.errors import MissingDependencyError


def advice(module: str) -> str:
    with pytest.raises(MissingDependencyError) as caught:
        require(module, extra="plot", purpose="draw")
    return str(caught.value)


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr("importlib.import_module", find)


def test_a_missing_package_is_named_with_its_version_and_extra(absent: Any) -> None:
    said = advice("matplotlib.figure")
    assert "matplotlib is needed to draw and is not installed" in said
    assert "pip install 'matplotlib>=3.8'" in said
    assert "'plot'" in said


def test_a_broken_package_is_repaired_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "brokenpackage.py").write_text("import a_part_that_is_gone")
    monkeypatch.syspath_prepend(tmp_path)
    said = advice("brokenpackage")
    assert "installed but cannot be imported (No module named 'a_part_that_is_gone')" in said
    assert "pip install --force-reinstall 'brokenpackage'" in said


@pytest.mark.parametrize("module", REQUIREMENTS)
def test_the_advice_never_installs_another_package_of_our_name(module: str, absent: Any) -> None:
    assert not re.search(r"\btvbo\b", advice(module))


def test_requirements_are_those_of_the_extras() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    extras = [each for wanted in project["optional-dependencies"].values() for each in wanted]
    assert set(REQUIREMENTS.values()) == {each for each in extras if not re.match(r"tvbo\b", each)}
