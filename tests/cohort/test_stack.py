"""One matrix of all networks as one array: aligned by label, lazy, and as labelled as they are."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tvbo import Network
from tvbo.cohort import Cohort, open_cohort
from tvbo.errors import (
    CohortError,
    CorruptionError,
    DuplicateNameError,
    MatrixNotFoundError,
    ShapeError,
    StaleFileError,
    TvboError,
    TvboWarning,
)
from tvbo.storage.stored import StoredArray

Cohorts = Callable[..., Path]


def whole(base: Path, name: str = "weight") -> np.ndarray:
    return np.stack([Network.from_file(path).matrix(name) for path in sorted(base.glob("sub-*.yaml"))])


def rewritten(path: Path, order: list[int] | None = None, **changes: Any) -> None:
    """Save a network with other regions, or with other matrices."""
    network = Network.from_file(path)
    order = list(range(network.number_of_nodes)) if order is None else order
    weights, lengths = (network.matrix(name)[np.ix_(order, order)] for name in ("weight", "length"))
    labels = changes.pop("labels", [str(network.nodes.labels[place]) for place in order])
    other = Network.from_matrix(changes.pop("weights", weights), lengths, labels=labels)
    for name, value in changes.items():
        setattr(other.matrices["weight"], name, value)
    other.save(path)


def test_all_are_one_array(cohort: Cohorts) -> None:
    base = cohort(5)
    found = open_cohort(base)
    assert found.subjects == tuple(f"sub-{number:03}" for number in range(5))
    assert found.regions == ("R0", "R1", "R2", "R3")
    assert (found.shape, found.dtype, len(found)) == ((5, 4, 4), np.float64, 5)
    assert found.aligned
    np.testing.assert_array_equal(np.asarray(found), whole(base))
    np.testing.assert_array_equal(open_cohort(base, "length"), whole(base, "length"))
    assert open_cohort(base, "length").unit == "mm"
    assert repr(open_cohort(base, "length")) == "<Cohort 'length': 5 x 4 x 4 float64 mm>"


parts = st.integers(-6, 5) | st.slices(6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(key=st.tuples(parts, parts, parts) | st.tuples(parts, st.just(...)) | parts | st.tuples(st.just(...), parts))
def test_a_slice_is_that_of_the_whole(key: Any, shuffled: tuple[Cohort, np.ndarray]) -> None:
    found, wanted = shuffled
    np.testing.assert_array_equal(found[key], wanted[key])
    assert found[key].shape == wanted[key].shape


@pytest.fixture(scope="module")
def shuffled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Cohort, np.ndarray]:
    """Six networks of six regions, of which some have another order, are sparse, or of another format."""
    base = tmp_path_factory.mktemp("shuffled")
    rng = np.random.default_rng(1)
    wanted = rng.random((6, 6, 6)) * (rng.random((6, 6, 6)) < 0.7)
    for number, weights in enumerate(wanted):
        order = rng.permutation(6) if number % 2 else np.arange(6)
        values: Any = weights[np.ix_(order, order)]
        if number in (1, 2):
            import scipy.sparse as sp

            values = sp.csr_array(values)
        network = Network.from_matrix(
            values, np.ones((6, 6)), labels=[f"R{place}" for place in order], positions=np.ones((6, 3))
        )
        network.save(base / f"sub-{number}{'.zip' if number in (4, 5) else '.yaml'}")
    with pytest.warns(TvboWarning, match="3 of 6 networks, sub-1 the first, have their regions in another order"):
        found = open_cohort(base)
    assert not found.aligned
    assert [note.path for note in found.notes] == ["sub-1", "sub-3", "sub-5"]
    return found, wanted


def test_networks_in_another_order_are_reindexed(shuffled: tuple[Cohort, np.ndarray]) -> None:
    found, wanted = shuffled
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(found)), wanted)
    with pytest.raises(CohortError, match="no virtual dataset can lead to"):
        found.write(found._planes[0].values.path.parent / "all.h5")


@pytest.mark.parametrize("key", [[1, 2], (0, 0, 0, 0), "sub-1", (..., ...), 7, (0, -9)])
def test_what_it_cannot_give_it_says(key: Any, shuffled: tuple[Cohort, np.ndarray]) -> None:
    with pytest.raises(IndexError, match=r"a cohort has 3 axes|there is no"):
        shuffled[0][key]


def test_the_order_can_be_given(cohort: Cohorts) -> None:
    base = cohort(2)
    with pytest.warns(TvboWarning):
        found = open_cohort(base, labels=["R3", "R0", "R2", "R1"])
    np.testing.assert_array_equal(found, whole(base)[:, [3, 0, 2, 1]][:, :, [3, 0, 2, 1]])


def test_missing_regions_are_refused_filled_or_left_out(cohort: Cohorts) -> None:
    base = cohort(3)
    wanted = whole(base)
    rewritten(base / "sub-001.yaml", [0, 2, 3])
    with pytest.raises(ShapeError, match="'R1' missing") as caught:
        open_cohort(base)
    assert "in the cohort it is sub-001; unfit='leave out' goes on without it" in caught.value.__notes__
    found = open_cohort(base, unfit="leave out")
    assert found.subjects == ("sub-000", "sub-002")
    assert "left out" in found.notes[0].message
    found = open_cohort(base, unfit="fill")
    wanted[1, 1, :] = wanted[1, :, 1] = np.nan
    np.testing.assert_array_equal(found, wanted)
    assert str(found.notes[0]) == "sub-001: reindexed: 'R1' missing"


def test_whole_numbers_with_holes_become_floats(cohort: Cohorts) -> None:
    base = cohort(2)
    for number in range(2):
        rewritten(base / f"sub-00{number}.yaml", weights=np.full((4, 4), number))
    assert open_cohort(base).dtype == np.int64
    rewritten(base / "sub-001.yaml", [3, 2], weights=np.ones((2, 2), int))
    found = open_cohort(base, unfit="fill")
    assert found.dtype == np.float64
    assert np.isnan(found[1, 0, 0])


def test_what_does_not_fit_is_refused_or_left_out(cohort: Cohorts) -> None:
    base = cohort(6)
    rewritten(base / "sub-001.yaml", labels=["R0", "R0", "R2", "R3"])
    rewritten(base / "sub-002.yaml", unit="m")
    (base / "sub-003.h5").write_bytes(b"")
    network = Network.from_file(base / "sub-004.yaml")
    del network.matrices["weight"]
    network.save(base / "sub-004.yaml")
    for number, error in ((1, DuplicateNameError), (2, CohortError), (3, TvboError), (4, MatrixNotFoundError)):
        with pytest.raises(error):
            open_cohort([base / "sub-000.yaml", base / f"sub-00{number}.yaml"])
    found = open_cohort(base, unfit="leave out")
    assert found.subjects == ("sub-000", "sub-005")
    assert [note.path for note in found.notes] == ["sub-001", "sub-002", "sub-003", "sub-004"]
    with pytest.raises(CohortError, match="no network is left of the cohort: sub-003: left out"):
        open_cohort(base / "sub-003.yaml", unfit="leave out")
    with pytest.raises(ValueError, match="expected one of 'refuse', 'fill', 'leave out'"):
        open_cohort(base, unfit="drop")


def test_a_label_that_stands_twice_is_refused_though_all_have_it(cohort: Cohorts) -> None:
    base = cohort(2)
    for number in range(2):
        rewritten(base / f"sub-00{number}.yaml", labels=["R0", "R0", "R2", "R3"])
    with pytest.raises(DuplicateNameError, match="give each region a label of its own"):
        open_cohort(base)


def test_rectangular_matrices_have_columns_of_their_own(tmp_path: Path) -> None:
    for number in range(3):
        network = Network.from_matrix(np.eye(2), labels=["A", "B"] if number else ["B", "A"])
        columns = ["s1", "s2", "s3"] if number < 2 else ["s3", "s2", "s1"]
        network.set_matrix("gain", np.arange(6.0).reshape(2, 3) + number, column_labels=columns)
        network.save(tmp_path / f"{number}.yaml")
    with pytest.raises(ShapeError, match="other columns"):
        open_cohort(tmp_path, "gain")
    with pytest.warns(TvboWarning):
        found = open_cohort([tmp_path / "0.yaml", tmp_path / "1.yaml"], "gain")
    assert found.sources == ("s1", "s2", "s3")
    np.testing.assert_array_equal(found[1], [[4, 5, 6], [1, 2, 3]])


def test_only_what_is_wanted_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    for number in range(3):
        Network.from_matrix(rng.random((600, 600))).save(tmp_path / f"{number}.yaml")
    found = open_cohort(tmp_path)
    read: list[tuple[str, Any]] = []
    original = StoredArray.__getitem__

    def noted(self: StoredArray, key: Any) -> Any:
        read.append((self.path.name, key))
        return original(self, key)

    monkeypatch.setattr(StoredArray, "__getitem__", noted)
    monkeypatch.setattr(StoredArray, "__array__", lambda *given: pytest.fail("read whole"))
    assert found[1, 5:7, 3].shape == (2,)
    assert read == [("1.h5", slice(5, 7))]


def test_a_network_that_was_saved_anew_is_not_mixed_in(cohort: Cohorts) -> None:
    base = cohort(2)
    found = open_cohort(base)
    Network.from_matrix(np.zeros((4, 4)), labels=list(found.regions)).save(base / "sub-001.yaml")
    with pytest.raises(StaleFileError):
        found[1]


def test_dask_and_xarray_have_the_labels(shuffled: tuple[Cohort, np.ndarray]) -> None:
    pytest.importorskip("xarray")
    found, wanted = shuffled
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tvbo.cohort.stack._CHUNK_BYTES", 600)
        lazy = found.dask()
        assert lazy.chunks == ((2, 2, 2), (6,), (6,))
        patch.setattr("tvbo.cohort.stack._CHUNK_BYTES", 100)
        assert found.dask().chunks == ((1,) * 6, (2, 2, 2), (6,))
        np.testing.assert_array_equal(found.dask().compute(scheduler="sync"), wanted)
    np.testing.assert_array_equal(lazy.compute(scheduler="sync"), wanted)
    array = found.to_xarray()
    assert array.dims == ("subject", "target", "source")
    assert float(array.sel(subject="sub-3", target="R4", source="R1")) == wanted[3, 4, 1]
    np.testing.assert_allclose(array.mean("subject"), wanted.mean(0))


def test_xarray_has_the_unit(cohort: Cohorts) -> None:
    pytest.importorskip("xarray")
    assert open_cohort(cohort(2), "length").to_xarray().attrs == {"units": "mm"}


# ------------------------------------------------------------------ a file over many


def test_other_programs_see_one_array(cohort: Cohorts) -> None:
    base = cohort(3)
    open_cohort(base, "length").write(base / "all.h5")
    with h5py.File(base / "all.h5") as file:
        np.testing.assert_array_equal(file["length"], whole(base, "length"))
        assert file["length"].attrs["units"] == b"mm"
        assert [bytes(name).decode() for name in file["subject"][:]] == ["sub-000", "sub-001", "sub-002"]
        assert [bytes(name).decode() for name in file["length"].dims[1]["target"]] == ["R0", "R1", "R2", "R3"]


def test_it_is_opened_as_the_folder_is(cohort: Cohorts) -> None:
    base = cohort(3)
    wanted = open_cohort(base, "length")
    wanted.write(base / "all.h5")
    found = open_cohort(base / "all.h5", "length")
    assert (found.subjects, found.regions, found.sources, found.unit, found.dtype) == (
        wanted.subjects,
        wanted.regions,
        wanted.sources,
        "mm",
        np.float64,
    )
    np.testing.assert_array_equal(found, wanted)
    with pytest.raises(MatrixNotFoundError, match="is a cohort of 'length'"):
        open_cohort(base / "all.h5", "weight")
    # And moved along with its folder.
    moved = base.rename(base.with_name("moved"))
    np.testing.assert_array_equal(open_cohort(moved / "all.h5", "length"), whole(moved, "length"))
    open_cohort(moved / "all.h5", "length").write(moved / "again.h5")
    np.testing.assert_array_equal(open_cohort(moved / "again.h5", "length"), whole(moved, "length"))


def test_another_order_is_nothing_that_hdf5_can_say(cohort: Cohorts) -> None:
    base = cohort(2)
    rewritten(base / "sub-001.yaml", [1, 0, 2, 3])
    with pytest.warns(TvboWarning):
        found = open_cohort(base)
    with pytest.raises(CohortError, match="sub-001 has its regions in another order"):
        found.write(base / "all.h5")
    assert not (base / "all.h5").exists()


def test_other_types_or_folders_are_nothing_that_it_says(cohort: Cohorts, tmp_path: Path) -> None:
    base = cohort(2)
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(CohortError, match="write the cohort into a folder above all"):
        open_cohort(base).write(tmp_path / "elsewhere" / "all.h5")
    rewritten(base / "sub-001.yaml", weights=np.ones((4, 4), np.float32))
    with pytest.raises(CohortError, match="expected float64"):
        open_cohort(base).write(base / "all.h5")


def test_damage_below_it_is_noticed(cohort: Cohorts) -> None:
    base = cohort(2)
    open_cohort(base).write(base / "all.h5")
    Network.from_matrix(np.zeros((4, 4))).save(base / "sub-001.yaml")
    found = open_cohort(base / "all.h5")
    np.testing.assert_array_equal(found[0], whole(base)[0])
    with pytest.raises(StaleFileError, match=r"saved anew since all\.h5 was written"):
        found[1]
    data = bytearray((base / "sub-000.h5").read_bytes())
    with h5py.File(base / "sub-000.h5") as file:
        place = file["edges/weight/data"].id.get_offset()
    data[place + 20] ^= 1
    (base / "sub-000.h5").write_bytes(data)
    with pytest.raises(CorruptionError):
        found[0]
