"""Import costs, public names and the error tree."""

import json
import subprocess
import sys

import tvbo
from tvbo import errors


def test_import_defines_names_and_loads_nothing() -> None:
    code = "import sys, json, tvbo; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    heavy = {"numpy", "h5py", "yaml", "scipy", "matplotlib", "tvb", "mne", "typer", "rich"}
    assert heavy.isdisjoint(loaded)


def test_opening_a_dense_network_imports_nothing_that_it_does_not_need(tmp_path) -> None:
    path = tmp_path / "a.yaml"
    tvbo.Network.from_matrix([[0.0, 1.0], [1.0, 0.0]]).save(path)
    code = f"import sys, tvbo; tvbo.Network.from_file({str(path)!r}).weights_matrix; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"tvb", "matplotlib", "mne", "scipy"}.isdisjoint(loaded)


def test_public_names_all_resolve() -> None:
    assert {name: getattr(tvbo, name) is not None for name in tvbo.__all__} == dict.fromkeys(tvbo.__all__, True)


def test_every_error_is_in_the_drawn_tree_and_a_builtin_too() -> None:
    for name in errors.__all__:
        kind = getattr(errors, name)
        assert name in (errors.__doc__ or "")
        if issubclass(kind, errors.TvboError) and kind is not errors.TvboError:
            assert any(base.__module__ == "builtins" and base is not Exception for base in kind.__mro__[1:-3])
