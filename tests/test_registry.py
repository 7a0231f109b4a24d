"""Names, files and objects find their format; what a format cannot do is said with what it can."""

import importlib
import sys
import types
import warnings
from pathlib import Path

import pytest

from tvbo import Network, registry
from tvbo.errors import (
    LossyConversionWarning,
    NetworkNotFoundError,
    OptionError,
    UnknownFormatError,
    UnsupportedObjectError,
)


def install(monkeypatch: pytest.MonkeyPatch, known: dict[str, types.ModuleType]) -> None:
    """Let these be all the formats that tvbo has, beside its own."""
    home = registry.get("tvbo")
    monkeypatch.setattr(registry, "built_in", lambda: tuple(known))
    monkeypatch.setattr(registry, "plugins", dict)
    monkeypatch.setattr(registry, "get", lambda name: home if name == "tvbo" else known[name])


def test_a_misspelt_name_gets_a_hint() -> None:
    with pytest.raises(UnknownFormatError, match="did you mean 'tvbo'"):
        registry.get("tvboo")


def test_json_is_read_but_not_written() -> None:
    module = registry.get("tvbo")
    assert ".json" in registry.extensions(module, "read")
    assert ".json" not in registry.extensions(module, "write")
    assert registry.for_path(Path("a.json"), "read") is module
    with pytest.raises(UnknownFormatError, match=r"expected .*\.yaml, \.yml"):
        registry.for_path(Path("a.json"), "write")


def test_a_format_without_files_has_no_extensions() -> None:
    assert registry.extensions(registry.get("tvb"), "read") == ()


@pytest.mark.parametrize("verb", ["read", "write"])
def test_a_format_that_has_no_files_says_what_it_has(verb: str) -> None:
    with pytest.raises(UnknownFormatError, match=rf"cannot {verb} files; it takes objects .*gives objects"):
        registry.for_path(Path("a.yaml"), verb, "tvb")


def test_a_format_that_gives_no_objects_says_what_it_does() -> None:
    network = Network.from_matrix([[0.0]])
    with pytest.raises(UnknownFormatError, match=r"it reads \.yaml .*; writes \.yaml"):
        network.execute(format="tvbo")


def test_an_object_that_nobody_takes_is_named() -> None:
    with pytest.raises(UnsupportedObjectError, match=r"builtins\.int"):
        registry.for_object(3)


def test_formats_that_share_an_extension_look_into_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, rest = (types.ModuleType(f"tvbo.formats.{name}") for name in ("aa", "bb", "cc"))
    for module, mark in ((first, b"one"), (second, b"two")):
        module.can_read = lambda path, mark=mark: path.read_bytes().startswith(mark)
    for module in (first, second, rest):
        module.EXTENSIONS, module.read = (".x",), lambda path: None
    known = {"aa": first, "bb": second}
    install(monkeypatch, known)
    path = tmp_path / "one.x"
    path.write_bytes(b"two")
    assert registry.for_path(path, "read") is second
    path.write_bytes(b"neither")
    with pytest.raises(UnknownFormatError, match="extension: aa, bb"):
        registry.for_path(path, "read")
    known["cc"] = rest
    assert registry.for_path(path, "read") is rest
    assert registry.for_path(tmp_path / "missing.x", "read") is rest


def test_a_format_that_writes_only_if_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shy = types.ModuleType("tvbo.formats.shy")
    shy.EXTENSIONS, shy.write, shy.IF_NAMED = (".x",), lambda *_: None, True
    install(monkeypatch, {"shy": shy})
    with pytest.raises(UnknownFormatError, match="give format='shy'"):
        registry.for_path(tmp_path / "a.x", "write")
    assert registry.for_path(tmp_path / "a.x", "write", "shy") is shy


def test_the_longest_extension_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {name: types.ModuleType(f"tvbo.formats.{name}") for name in ("plain", "compound", "folder")}
    for name, extension in (("plain", ".gz"), ("compound", "_net.tsv.gz"), ("folder", "/")):
        known[name].EXTENSIONS, known[name].read, known[name].write = (extension,), lambda path: None, lambda *_: None
    install(monkeypatch, known)
    for verb in ("read", "write"):
        assert registry.for_path(tmp_path / "a.gz", verb) is known["plain"]
        assert registry.for_path(tmp_path / "a_NET.tsv.gz", verb) is known["compound"]
        assert registry.for_path(tmp_path, verb) is known["folder"]
    with pytest.raises(NetworkNotFoundError, match="no file or folder"):
        registry.for_path(tmp_path / "not-there", "read")
    with pytest.raises(UnknownFormatError, match="no format has the extension ''"):
        registry.for_path(tmp_path / "not-there", "write")


def test_a_longer_extension_whose_content_is_another_gives_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, compound = types.ModuleType("tvbo.formats.plain"), types.ModuleType("tvbo.formats.compound")
    for module, extension in ((plain, ".x"), (compound, "_net.x")):
        module.EXTENSIONS, module.read = (extension,), lambda path: None
    compound.can_read = lambda path: path.read_bytes() == b"net"
    install(monkeypatch, {"compound": compound, "plain": plain})
    path = tmp_path / "a_net.x"
    path.write_bytes(b"net")
    assert registry.for_path(path, "read") is compound
    path.write_bytes(b"something else")
    assert registry.for_path(path, "read") is plain


class Point:
    """An entry point of another package."""

    def __init__(self, name: str, value: str) -> None:
        self.name, self.value, self.module = name, value, value
        self.dist = types.SimpleNamespace(name=f"tvbo-{name}")

    def load(self) -> types.ModuleType:
        return importlib.import_module(self.value)


def test_a_broken_plugin_stands_in_nobodys_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = types.ModuleType("sound_format")
    sound.EXTENSIONS, sound.read, sound.takes = (".sound",), lambda path: None, lambda obj: obj == "sound"
    monkeypatch.setitem(sys.modules, "sound_format", sound)
    points = {"broken": Point("broken", "no_such_module_anywhere"), "sound": Point("sound", "sound_format")}
    monkeypatch.setattr(registry, "plugins", lambda: points)
    registry._plugin.cache_clear()
    assert registry.names()[-2:] == ("broken", "sound")
    assert registry.for_path(tmp_path / "a.sound", "read") is sound
    assert registry.for_object("sound") is sound
    assert registry.name_of(sound) == "sound"
    with pytest.raises(UnknownFormatError, match=r"'broken' of the package tvbo-broken .* no_such_module_anywhere"):
        registry.get("broken")
    with pytest.raises(UnknownFormatError, match=r"no format has the extension '\.nowhere'.*\.sound"):
        registry.for_path(tmp_path / "a.nowhere", "read")
    registry._plugin.cache_clear()


def test_a_plugin_that_is_no_module_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    point = Point("odd", "json")
    point.load = lambda: print
    monkeypatch.setattr(registry, "plugins", lambda: {"odd": point})
    registry._plugin.cache_clear()
    with pytest.raises(UnknownFormatError, match="expected a module"):
        registry.get("odd")
    registry._plugin.cache_clear()


def test_a_plugin_never_hides_one_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Point("tvbo", "evil"), Point("more", "more_format")]
    monkeypatch.setattr(registry.importlib.metadata, "entry_points", lambda group: found)
    registry.plugins.cache_clear()
    assert list(registry.plugins()) == ["more"]
    assert registry.get("tvbo").__name__ == "tvbo.formats.tvbo"
    registry.plugins.cache_clear()


def test_options_that_a_format_does_not_have_are_refused_by_name(tmp_path: Path) -> None:
    network, path = Network.from_matrix([[1.0]], labels=["a"]), tmp_path / "network.npz"
    with pytest.raises(OptionError, match=r"write of the format 'npz' has no option strikt=: .*did you mean strict=\?"):
        network.save(path, strikt=True)
    assert not path.exists()
    network.save(path)
    with pytest.raises(OptionError, match=r"read of the format 'npz' has no option nonsense=: expected limits"):
        Network.from_file(path, nonsense=1)
    with pytest.raises(OptionError, match=r"to_object of the format 'arrays' has no option path=: expected strict"):
        network.execute(format="arrays", path="x")
    with pytest.raises(OptionError, match=r"from_object of the format 'scipy' has no option unit="):
        Network.from_object(network.weights_matrix, unit="mm")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("strict", "no", "strict='no' is a str: expected True or False"),
        ("matrix", 3, "matrix=3 is a int: expected the name of a matrix"),
        ("limits", 3, r"limits=3 is a int: expected tvbo\.Limits"),
        ("limits", None, r"limits=None is a NoneType: expected tvbo\.Limits"),
    ],
)
def test_values_of_another_kind_are_refused(tmp_path: Path, name: str, value: object, expected: str) -> None:
    network = Network.from_matrix([[1.0]], labels=["a"])
    with pytest.raises(OptionError, match=expected):
        network.save(tmp_path / "network.csv", **{name: value})
    assert not list(tmp_path.iterdir())
    network.save(tmp_path / "network.csv", strict=True, matrix=None)


def test_a_format_that_takes_no_objects_says_what_it_does() -> None:
    with pytest.raises(UnknownFormatError, match=r"format 'npz' takes no objects; it reads \.npz"):
        Network.from_object(3, format="npz")


@pytest.mark.parametrize("name", ["network.npz", "network.csv", "network.graphml", "network.h5"])
def test_a_folder_in_the_place_of_a_file_is_said_and_kept(tmp_path: Path, name: str) -> None:
    network = Network.from_matrix([[0.0, 1.0], [1.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]], labels=["a", "b"])
    network.nodes.positions = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    (tmp_path / name).mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LossyConversionWarning)
        with pytest.raises(IsADirectoryError, match=f"{name} is a folder: name a file in it, or save elsewhere"):
            network.save(tmp_path / name, **({"format": "tvb-h5"} if name.endswith(".h5") else {}))
    assert list(tmp_path.iterdir()) == [tmp_path / name]


@pytest.mark.parametrize(
    "name", ["arrays", "pandas", "polars", "networkx", "xarray", "scipy", "mne", "tvb", "tvboptim"]
)
def test_what_a_format_that_is_named_does_not_take_is_said(name: str) -> None:
    with pytest.raises(UnsupportedObjectError, match="int"):
        Network.from_object(3, format=name)


def test_a_name_in_capitals_gets_a_hint() -> None:
    with pytest.raises(UnknownFormatError, match="did you mean 'tvb'"):
        registry.get("TVB")
