"""Names, files and objects find their format; what a format cannot do is said with what it can."""

import types
from pathlib import Path

import pytest

from tvbo import Network, registry
from tvbo.errors import UnknownFormatError, UnsupportedObjectError


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
    with pytest.raises(UnknownFormatError, match=r"it takes objects \(from_mne_forward, from_object\)$") as caught:
        network.execute(format="mne")
    assert "save" not in str(caught.value)
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
    monkeypatch.setattr(registry, "names", lambda: tuple(known))
    monkeypatch.setattr(registry, "get", known.__getitem__)
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
    monkeypatch.setattr(registry, "names", lambda: ("shy",))
    monkeypatch.setattr(registry, "get", {"shy": shy}.__getitem__)
    with pytest.raises(UnknownFormatError, match="give format='shy'"):
        registry.for_path(tmp_path / "a.x", "write")
    assert registry.for_path(tmp_path / "a.x", "write", "shy") is shy
