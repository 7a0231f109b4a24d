"""The average: exact, aligned, the same whoever reads, in bounded memory; who is left out is said."""

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from tvbo import Network
from tvbo.cohort import average
from tvbo.errors import CohortError

Cohorts = Callable[..., Path]


def save(base: Path, number: int, weights: object, labels: str = "abc", **more: object) -> None:
    network = Network.from_matrix(weights, labels=list(labels), **more)  # type: ignore[arg-type]
    network.save(base / f"sub-{number}.yaml")


def test_it_is_that_of_numpy(cohort: Cohorts) -> None:
    base = cohort(40, size=5)
    stack = {
        name: np.stack([Network.from_file(path).matrix(name) for path in sorted(base.glob("*.yaml"))])
        for name in ("weight", "length")
    }
    found = average(base)
    network = found.network
    assert (network.label, len(found.outcomes.failed)) == ("average of 40 networks", 0)
    assert network.matrix_names == tuple(f"{name}{end}" for name in stack for end in ("", "_std", "_count"))
    for name, values in stack.items():
        np.testing.assert_allclose(network.matrix(name), values.mean(0), rtol=1e-15)
        np.testing.assert_allclose(network.matrix(f"{name}_std"), values.std(0, ddof=1), rtol=1e-14)
        assert (network.matrix(f"{name}_count") == 40).all()
    assert network.matrices["length_std"].unit == "mm"
    np.testing.assert_allclose(average(base, ddof=0).network.matrix("weight_std"), stack["weight"].std(0), rtol=1e-14)
    first = Network.from_file(base / "sub-000.yaml")
    np.testing.assert_array_equal(network.nodes.positions, first.nodes.positions)
    network.save(base / "mean.yaml")
    assert Network.from_file(base / "mean.yaml").identical(network)


def test_it_is_the_same_whoever_reads(cohort: Cohorts) -> None:
    base = cohort(70)
    wanted = average(base).network
    with ThreadPoolExecutor(3) as executor:
        assert average(base, executor=executor).network.identical(wanted)
    assert average(base, workers=2).network.identical(wanted)
    # In rounds of one or two rows.
    assert average(base, max_bytes=1).network.identical(wanted)


def test_regions_are_aligned_by_label(tmp_path: Path) -> None:
    values = np.arange(9.0).reshape(3, 3)
    save(tmp_path, 0, values)
    save(tmp_path, 1, sp.csr_array(values[np.ix_([2, 0, 1], [2, 0, 1])]), "cab")
    found = average(tmp_path)
    np.testing.assert_array_equal(found.network.weights_matrix, values)
    assert not found.network.matrix("weight_std").any()
    np.testing.assert_array_equal(
        average(tmp_path, labels=["b", "c", "a"]).network.weights_matrix, values[np.ix_([1, 2, 0], [1, 2, 0])]
    )


def test_who_lacks_regions_fails_or_counts_where_it_has_them(tmp_path: Path) -> None:
    save(tmp_path, 0, np.ones((3, 3)))
    save(tmp_path, 1, np.full((2, 2), 3.0), "ca")
    found = average(tmp_path)
    assert [record.item for record in found.outcomes.failed] == ["sub-1"]
    assert "'b' missing" in str(found.outcomes.failed[0].error)
    assert found.network.extra["average"]["left_out"] == ["sub-1"]
    assert found.network.label == "average of 1 networks"
    network = average(tmp_path, unfit="fill").network
    np.testing.assert_array_equal(network.weights_matrix, [[2, 1, 2], [1, 1, 1], [2, 1, 2]])
    np.testing.assert_array_equal(network.matrix("weight_count"), [[2, 1, 2], [1, 1, 1], [2, 1, 2]])
    assert np.isnan(network.matrix("weight_std")[1, 1])


def test_what_nan_does_is_chosen(tmp_path: Path) -> None:
    one, two = np.ones((3, 3)), np.full((3, 3), 3.0)
    two[0, 1] = np.nan
    save(tmp_path, 0, one)
    save(tmp_path, 1, two)
    network = average(tmp_path).network
    assert np.isnan(network.weights_matrix[0, 1])
    assert np.isnan(network.weights_matrix).sum() == 1
    network = average(tmp_path, nan_policy="omit").network
    assert (network.weights_matrix[0, 1], network.matrix("weight_count")[0, 1]) == (1, 1)
    for most in (1, 1 << 28):
        found = average(tmp_path, nan_policy="raise", max_bytes=most)
        assert "weight is NaN in 1 entries, the first at 'a', 'b'" in str(found.outcomes.failed[0].error)
        np.testing.assert_array_equal(found.network.weights_matrix, one)
    with pytest.raises(ValueError, match="'propagate', 'omit', 'raise'"):
        average(tmp_path, nan_policy="drop")


def test_who_fails_in_a_later_round_is_in_none(tmp_path: Path) -> None:
    late = np.full((3, 3), 3.0)
    late[2, 2] = np.nan
    save(tmp_path, 0, np.ones((3, 3)))
    save(tmp_path, 1, late)
    found = average(tmp_path, nan_policy="raise", max_bytes=1)
    assert [record.item for record in found.outcomes.failed] == ["sub-1"]
    assert (found.network.matrix("weight_count") == 1).all()
    np.testing.assert_array_equal(found.network.weights_matrix, np.ones((3, 3)))


def test_zeros_may_be_no_values(tmp_path: Path) -> None:
    for number in range(3):
        lengths = np.full((3, 3), 10.0 * number)
        save(tmp_path, number, np.zeros((3, 3)), lengths=lengths)
    assert average(tmp_path).network.lengths_matrix[0, 0] == 10
    network = average(tmp_path, omit_zeros=["length"]).network
    assert (network.lengths_matrix[0, 0], network.matrix("length_count")[0, 0]) == (15, 2)
    assert (network.weights_matrix[0, 0], network.matrix("weight_count")[0, 0]) == (0, 3)
    with pytest.raises(CohortError, match="zeros of 'lenght' are to be omitted"):
        average(tmp_path, omit_zeros=["lenght"])


def test_other_units_numbers_and_shapes_fail(tmp_path: Path) -> None:
    save(tmp_path, 0, np.ones((3, 3)))
    save(tmp_path, 1, np.full((3, 3), 1e200))
    save(tmp_path, 2, np.ones((3, 3), complex))
    network = Network.from_matrix(np.ones((3, 3)), labels=list("abc"))
    network.matrices["weight"].unit = "1/s"
    network.save(tmp_path / "sub-3.yaml")
    (tmp_path / "sub-4.yaml").write_text("nonsense")
    found = average(tmp_path)
    said = {record.item: str(record.error) for record in found.outcomes.failed}
    assert set(said) == {"sub-1", "sub-2", "sub-3", "sub-4"}
    assert "values beyond 1e+150" in said["sub-1"]
    assert "expected real and square" in said["sub-2"]
    assert "is in 1/s, and in no unit in the first network" in said["sub-3"]
    np.testing.assert_array_equal(found.network.weights_matrix, np.ones((3, 3)))


def test_the_first_that_can_be_opened_is_the_reference(tmp_path: Path) -> None:
    (tmp_path / "sub-0.yaml").write_text("nonsense")
    save(tmp_path, 1, np.ones((3, 3)))
    found = average(tmp_path)
    assert found.network.extra["average"]["reference"] == "sub-1"
    assert [record.item for record in found.outcomes.failed] == ["sub-0"]
    with pytest.raises(CohortError, match="no network could be averaged"):
        average(tmp_path / "sub-0.yaml")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals of Unix")
def test_a_process_that_dies_takes_one_network_with_it(
    cohort: Cohorts, functions: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = cohort(3)
    monkeypatch.setattr("tvbo.cohort.averaging._sum", functions.deadly_sum)  # type: ignore[attr-defined]
    found = average(base, workers=1)
    assert [record.item for record in found.outcomes.failed] == ["sub-001"]
    assert "killed by SIGKILL" in str(found.outcomes.failed[0].error)
    assert (found.network.matrix("weight_count") == 2).all()
