"""Which companion a sidecar belongs to, whatever was copied, renamed, saved anew or replaced by others."""

import hashlib
import shutil
import warnings
from pathlib import Path

import h5py
import numpy as np
import pytest

from tvbo import Network
from tvbo.errors import MismatchError, NetworkNotFoundError, SidecarError, TvboWarning
from tvbo.storage import schema
from tvbo.storage.pair import identifier, identity, open_pair, uses

# A sidecar of another program has no identifier.
OTHERS = "number_of_nodes: 3\ndata_file: a.h5\nedges:\n- label: weight\n"


def network(seed: int = 0) -> Network:
    return Network.from_matrix(np.random.default_rng(seed).random((3, 3)), labels=["a", "b", "c"])


def lay(folder: Path, sidecar: str, companion: Path, what: str) -> None:
    """Make a companion that has some relation to a sidecar."""
    if what == "absent":
        return
    if what == "damaged":
        companion.write_bytes(b"no HDF5")
        return
    if what == "foreign":
        with h5py.File(companion, "w") as file:
            file.attrs["tvbo_class"] = schema.CLASS
            file["edges/weight/data"] = np.eye(3)
        return
    made = folder / "made"
    made.mkdir()
    if what == "newer":
        # Saved over the pair that the sidecar is of.
        network(0).save(made / "a.yaml")
        if identifier(sidecar) is None:
            (made / "a.yaml").write_text(sidecar)
        assert identity((made / "a.yaml").read_text()) == identity(sidecar)
        network(1).save(made / "a.yaml")
    else:
        network({"same": 0, "other": 2}[what]).save(made / "a.yaml")
    next(made.glob("*.h5")).replace(companion)
    shutil.rmtree(made)


def outcome(path: Path) -> str:
    """Tell what comes of opening a sidecar: the state, and the companion."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TvboWarning)
        try:
            found = open_pair(path)
        except MismatchError:
            return "mismatch"
    place = found.companion.path if found.companion is not None else found.missing
    return f"{found.state} {place.name if place else '-'}" + (" is missing" if found.missing else "")


# What lies under the name in the sidecar (a.h5), what lies beside it (x.h5), and what comes of it.
WITH_IDENTIFIER = [
    # Renamed: the name leads nowhere.
    ("absent", "same", "whole x.h5"),
    ("absent", "newer", "recovered x.h5"),
    ("absent", "other", "mismatch"),
    ("absent", "foreign", "mismatch"),
    ("absent", "absent", "unchecked a.h5 is missing"),
    # Copied, and nothing saved since.
    ("same", "same", "whole x.h5"),
    ("same", "newer", "recovered x.h5"),
    ("same", "other", "whole a.h5"),
    ("same", "foreign", "whole a.h5"),
    ("same", "damaged", "whole a.h5"),
    ("same", "absent", "whole a.h5"),
    # Copied, and the first saved anew since.
    ("newer", "same", "whole x.h5"),
    ("newer", "newer", "recovered x.h5"),
    ("newer", "other", "mismatch"),
    ("newer", "foreign", "mismatch"),
    ("newer", "damaged", "mismatch"),
    ("newer", "absent", "mismatch"),
    # Copied over, or the first removed and another saved under its name.
    ("other", "same", "whole x.h5"),
    ("other", "newer", "recovered x.h5"),
    ("other", "other", "mismatch"),
    ("other", "foreign", "mismatch"),
    ("other", "absent", "mismatch"),
    ("foreign", "same", "whole x.h5"),
    ("foreign", "newer", "recovered x.h5"),
    ("foreign", "other", "mismatch"),
    ("foreign", "foreign", "mismatch"),
    ("foreign", "absent", "mismatch"),
    ("damaged", "same", "whole x.h5"),
    ("damaged", "newer", "recovered x.h5"),
]
WITHOUT_IDENTIFIER = [
    ("absent", "absent", "unchecked a.h5 is missing"),
    ("absent", "foreign", "unchecked x.h5"),
    ("absent", "newer", "recovered x.h5"),
    ("absent", "other", "edited x.h5"),
    ("foreign", "absent", "unchecked a.h5"),
    ("foreign", "foreign", "unchecked a.h5"),
    ("foreign", "newer", "recovered x.h5"),
    ("foreign", "other", "unchecked a.h5"),
    ("newer", "absent", "mismatch"),
    ("newer", "foreign", "mismatch"),
    ("newer", "newer", "recovered x.h5"),
    ("other", "absent", "edited a.h5"),
    ("other", "newer", "recovered x.h5"),
]


@pytest.mark.parametrize(("named", "beside", "expected"), WITH_IDENTIFIER)
def test_a_sidecar_under_another_name_than_it_was_saved_with(tmp_path, named, beside, expected) -> None:
    network().save(tmp_path / "a.yaml")
    text = (tmp_path / "a.yaml").read_text()
    (tmp_path / "a.yaml").rename(tmp_path / "x.yaml")
    (tmp_path / "a.h5").unlink()
    lay(tmp_path, text, tmp_path / "a.h5", named)
    lay(tmp_path, text, tmp_path / "x.h5", beside)
    assert outcome(tmp_path / "x.yaml") == expected
    if expected.startswith("whole"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TvboWarning)
            assert Network.from_file(tmp_path / "x.yaml").identical(network())


@pytest.mark.parametrize(("named", "beside", "expected"), WITHOUT_IDENTIFIER)
def test_a_sidecar_of_others_under_another_name(tmp_path, named, beside, expected) -> None:
    (tmp_path / "x.yaml").write_text(OTHERS)
    lay(tmp_path, OTHERS, tmp_path / "a.h5", named)
    lay(tmp_path, OTHERS, tmp_path / "x.h5", beside)
    assert outcome(tmp_path / "x.yaml") == expected


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("same", "whole a.h5"),
        ("newer", "recovered a.h5"),
        ("other", "mismatch"),
        ("foreign", "mismatch"),
        ("absent", "unchecked a.h5 is missing"),
    ],
)
def test_a_sidecar_under_its_own_name(tmp_path, what, expected) -> None:
    network().save(tmp_path / "a.yaml")
    text = (tmp_path / "a.yaml").read_text()
    (tmp_path / "a.h5").unlink()
    lay(tmp_path, text, tmp_path / "a.h5", what)
    assert outcome(tmp_path / "a.yaml") == expected
    # The line may be lost.
    (tmp_path / "a.yaml").write_text(text.replace("data_file: a.h5\n", ""))
    assert outcome(tmp_path / "a.yaml") == expected.replace("whole", "edited")


# ---------------------------------------------------------------- from copies to saves


def copy_pair(source: Path, target: Path) -> None:
    for ending in (".yaml", ".h5"):
        shutil.copy(source.with_suffix(ending), target.with_suffix(ending))


def test_a_copy_keeps_what_was_copied_when_the_first_is_saved_anew(tmp_path) -> None:
    network(0).save(tmp_path / "a.yaml")
    copy_pair(tmp_path / "a.yaml", tmp_path / "a_old.yaml")
    network(1).save(tmp_path / "a.yaml")
    with pytest.warns(TvboWarning, match=r"names a\.h5, but it was saved with a_old\.h5; opened a_old\.h5"):
        kept = Network.from_file(tmp_path / "a_old.yaml")
    assert kept.identical(network(0))
    with pytest.warns(TvboWarning, match=r"opened a_old\.h5"):
        assert Network.from_file(tmp_path / "a_old.h5").identical(network(0))
    kept.save(tmp_path / "a_old.yaml")
    # Without a word, now that it names its own companion.
    assert Network.from_file(tmp_path / "a_old.yaml").identical(network(0))
    assert Network.from_file(tmp_path / "a.yaml").identical(network(1))


def test_a_copied_sidecar_alone_is_not_taken_for_a_later_save(tmp_path) -> None:
    network(0).save(tmp_path / "a.yaml")
    shutil.copy(tmp_path / "a.yaml", tmp_path / "b.yaml")
    assert Network.from_file(tmp_path / "b.yaml").identical(network(0))
    network(1).save(tmp_path / "a.yaml")
    with pytest.raises(MismatchError, match=r"of which that of b\.yaml is the older"):
        Network.from_file(tmp_path / "b.yaml")


def test_a_save_over_files_of_others_that_was_cut_gives_the_new_network(tmp_path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(OTHERS)
    with h5py.File(path.with_suffix(".h5"), "w") as file:
        file.attrs["tvbo_class"] = schema.CLASS
        file["edges/weight/data"] = np.eye(3)
    network().save(path)
    with h5py.File(path.with_suffix(".h5")) as file:
        told = file["tvbo"].attrs["replaces"].decode()
    assert told == f"text:{hashlib.sha256(OTHERS.encode()).hexdigest()}" == identity(OTHERS)
    path.write_text(OTHERS)
    with pytest.warns(TvboWarning, match="a save was interrupted"):
        assert Network.from_file(path).identical(network())
    with pytest.warns(TvboWarning, match="a save was interrupted"):
        assert Network.from_file(path.with_suffix(".h5")).identical(network())


def test_two_companions_without_identifiers_are_said(tmp_path) -> None:
    (tmp_path / "x.yaml").write_text(OTHERS)
    lay(tmp_path, OTHERS, tmp_path / "a.h5", "foreign")
    lay(tmp_path, OTHERS, tmp_path / "x.h5", "foreign")
    with pytest.warns(TvboWarning, match=r"names a\.h5, and x\.h5 lies beside it too; opened a\.h5"):
        assert open_pair(tmp_path / "x.yaml").companion.path.name == "a.h5"


# ---------------------------------------------------------------- a companion that is opened by name


def test_edits_by_hand_count_when_the_companion_is_opened(tmp_path) -> None:
    path = tmp_path / "a.yaml"
    made = network()
    made.description = "x" * 5000
    made.save(path)
    path.write_text(path.read_text().replace("label: b", "label: mine"))
    for name in ("a", "renamed"):
        for ending in (".yaml", ".h5"):
            (tmp_path / "a").with_suffix(ending).rename((tmp_path / name).with_suffix(ending))
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", TvboWarning)
            found = Network.from_file((tmp_path / name).with_suffix(".h5"))
        assert "was edited" in str(said[-1].message)
        assert found.nodes.labels.tolist() == ["a", "mine", "c"]


def test_a_damaged_sidecar_is_not_passed_over(tmp_path) -> None:
    network().save(tmp_path / "a.yaml")
    (tmp_path / "a.yaml").write_text("label: [mine")
    with pytest.raises(SidecarError):
        Network.from_file(tmp_path / "a.h5")


@pytest.mark.parametrize("text", ["data_file: ba.h5\nnodes: []\n", '{"Description": "uses a.h5", "nodes": []}'])
def test_what_only_looks_like_the_sidecar_is_passed_over(tmp_path, text) -> None:
    network().save(tmp_path / "a.yaml")
    (tmp_path / "a.yaml").unlink()
    network(1).save(tmp_path / "ba.yaml")
    for ending in (".yaml", ".json") if text.startswith("{") else (".yaml",):
        other = (tmp_path / "a").with_suffix(ending)
        other.write_text(text)
        assert not uses(other, tmp_path / "a.h5")
        assert open_pair(tmp_path / "a.h5").state == "alone"
        other.unlink()


def test_only_the_sidecar_of_a_companion_stands_in_for_one_that_is_gone(tmp_path) -> None:
    network().save(tmp_path / "a.yaml")
    (tmp_path / "a.h5").unlink()
    assert outcome(tmp_path / "a.h5") == "unchecked a.h5 is missing"
    (tmp_path / "a.yaml").write_text("data_file: ba.h5\nnodes: []\n")
    with pytest.raises(NetworkNotFoundError, match=r"there is no file .*a\.h5"):
        open_pair(tmp_path / "a.h5")


def test_a_name_that_means_something_elsewhere_is_its_own(tmp_path) -> None:
    network().save(tmp_path / "a:b.yaml")
    assert Network.from_file(tmp_path / "a:b.yaml").identical(network())


# ---------------------------------------------------------------- layouts


@pytest.mark.parametrize("version", ["tvb-datamodel/9.9.9", 7, None])
def test_an_unknown_layout_is_said_and_read(tmp_path, version) -> None:
    path = tmp_path / "by_hand.yaml"
    path.write_text(f"schema_version: {version}\nnodes:\n- label: a\n".replace("None", "null"))
    with pytest.warns(TvboWarning, match=rf"'{version}', and 'tvb-datamodel/0\.7\.0' is known"):
        assert Network.from_file(path).nodes.labels.tolist() == ["a"]
