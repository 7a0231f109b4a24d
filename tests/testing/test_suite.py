"""The suite of formats is a judge: each sin of a format makes a test of it fail."""

import json
import os
import types
from pathlib import Path
from typing import Any

import pytest

from tvbo import Network, registry
from tvbo.errors import LossyConversionError, LossyConversionWarning, NetworkNotFoundError, SidecarError, warn
from tvbo.testing import judge
from tvbo.testing.suite import FormatSuite, example_networks


def numbers_format(sin: str) -> types.ModuleType:
    """Make a format that keeps weights and names, and commits a sin."""

    def read(path: Path) -> Network:
        if not path.exists():
            raise NetworkNotFoundError(f"there is no {path}")
        try:
            found = json.loads(path.read_text())
        except ValueError as error:
            if sin == "raises what it meets":
                raise
            raise SidecarError(str(error)) from error
        return Network.from_matrix(found["weights"], labels=found["labels"])

    def write(network: Network, path: Path, *, strict: bool = False) -> None:
        weights = network.weights_matrix.tolist()
        if sin == "rounds":
            weights = [[round(value, 6) for value in row] for row in weights]
        held = {"weights": weights, "labels": network.nodes.labels.tolist()}
        if sin == "changes the network":
            network.label = "saved"
        lost = [name for name in ("label", "length") if name == "label" or name in network.matrices]
        lost = [name for name in lost if name != "label" or network.label is not None]
        if strict and lost and sin != "ignores strict":
            if sin == "writes, then refuses":
                path.write_text("{}")
            raise LossyConversionError(str(lost))
        if lost and sin != "loses in silence":
            warn(f"lost: {', '.join(lost)}", LossyConversionWarning)
        if sin == "warns of nothing" and not lost:
            warn("lost: something", LossyConversionWarning)
        beside = path if sin == "writes in place" else path.with_suffix(".new")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        try:
            os.write(descriptor, json.dumps(held).encode())
        except OSError:
            if sin not in ("leaves rubbish", "writes in place"):
                beside.unlink()
            raise
        finally:
            os.close(descriptor)
        if sin != "writes in place":
            try:
                os.replace(beside, path)  # noqa: PTH105 - what the suite counts
            except OSError:
                beside.unlink(missing_ok=True)
                raise

    module = types.ModuleType("tvbo.formats.numbers", "Weights and names.")
    drops = {"label": "label", "matrices.length*": "length"}
    vars(module).update(EXTENSIONS=(".numbers",), DROPS=drops, read=read, write=write)
    return module


class Numbers(FormatSuite):
    format = "numbers"
    extension = ".numbers"

    def examples(self) -> dict[str, Network]:
        plain = example_networks()["weights"]
        plain.nodes.labels = ["a", "b", "c", "d"]
        full = Network.from_matrix([[0.1]], [[2.0]], labels=["x"])
        full.label = "full"
        return {"full": full, "plain": plain}


TESTS = sorted(name for name in dir(FormatSuite) if name.startswith("test_"))
SINS = {
    "rounds": "test_what_is_written_is_read_back",
    "changes the network": "test_what_is_written_is_read_back",
    "loses in silence": "test_what_is_written_is_read_back",
    "warns of nothing": "test_what_is_written_is_read_back",
    "ignores strict": "test_strict_refuses_to_lose_anything",
    "writes, then refuses": "test_strict_refuses_to_lose_anything",
    "writes in place": "test_files_are_whole",
    "leaves rubbish": "test_files_are_whole",
    "raises what it meets": "test_damaged_files_are_refused_with_an_error_of_ours",
}


def run(suite: FormatSuite, name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known: dict[str, Any] = {"tmp_path": folder, "monkeypatch": monkeypatch}
    test = getattr(suite, name)
    wanted = test.__func__.__code__.co_varnames[1 : test.__func__.__code__.co_argcount]
    test(**{each: known[each] for each in wanted})


def install(sin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, get, names = numbers_format(sin), registry.get, registry.built_in()
    monkeypatch.setattr(registry, "get", lambda name: module if name == "numbers" else get(name))
    monkeypatch.setattr(registry, "built_in", lambda: (*names, "numbers"))


@pytest.mark.parametrize(
    "name",
    [name for name in TESTS if name not in ("test_reading_runs_no_other_package", "test_drawn_networks_are_read_back")],
)
def test_a_format_without_sin_passes(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install("none", monkeypatch)
    run(Numbers(), name, tmp_path, monkeypatch)


@pytest.mark.parametrize("sin", SINS)
def test_every_sin_is_found(sin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(sin, monkeypatch)
    expected = (
        json.JSONDecodeError if sin == "raises what it meets" else (AssertionError, pytest.fail.Exception, SidecarError)
    )
    with pytest.raises(expected):
        run(Numbers(), SINS[sin], tmp_path, monkeypatch)


def test_a_drop_that_nothing_needs_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Careless(Numbers):
        @property
        def drops(self) -> dict[str, str]:
            return {**super().drops, "nodes.positions": "positions"}

    install("none", monkeypatch)
    with pytest.raises(AssertionError, match=r"no example loses nodes\.positions"):
        Careless().test_every_drop_is_needed(tmp_path)


def test_what_reading_imports_is_found(tmp_path: Path) -> None:
    class Pair(FormatSuite):
        format = "tvbo"
        extension = ".yaml"
        foreign = ("numpy",)

    with pytest.raises(AssertionError):
        Pair().test_reading_runs_no_other_package(tmp_path)


def test_a_star_stands_for_names_of_several_lines() -> None:
    assert judge._matched("extra.*", "extra.a\nb") == "a\nb"
