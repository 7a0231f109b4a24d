"""Tables: exact as they are written; those of pipelines aligned by name, and never filled in."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tvb_data
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tvb.datatypes.connectivity import Connectivity

from tvbo import Limits, Network, registry
from tvbo.errors import (
    DamagedFileError,
    DuplicateNameError,
    LimitError,
    LossyConversionWarning,
    MatrixNotFoundError,
    ShapeError,
    TvboWarning,
)
from tvbo.testing.everything import whole_networks
from tvbo.testing.suite import FormatSuite

TORONTO = Path(tvb_data.__file__).parent / "dti_pipeline_toronto"
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
CENTRES = "lA -30 0 10\nrA 30 0 10\nlB -40 -60 20\n"


class TestCsv(FormatSuite):
    format = "csv"
    extension = ".csv"
    # A matrix of another name is read as the weights, unless one says what it is.
    adds = ("matrices.weight*", "nodes.extra")

    def examples(self) -> Mapping[str, Network]:
        networks = whole_networks()
        surface = networks["surface"]
        # A matrix that is no rectangle.
        surface.links["skull"] = networks["weights"]
        surface.distance_unit, surface.time_unit = "m", "s"
        del networks["sensors"]
        return networks


class TestTsv(TestCsv):
    extension = ".tsv"


def put(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_the_tables_of_the_toronto_pipeline() -> None:
    files = [TORONTO / f"output_Connection{name}Matrix.csv" for name in ("Capacity", "Distance")]
    found = Network.from_file(files[0], lengths=files[1])
    header = files[0].read_text().split("\n")[0].strip().split(",")
    assert found.nodes.labels.tolist() == header
    for name, file in zip(("weight", "length"), files, strict=True):
        assert np.array_equal(found.matrix(name), np.genfromtxt(file, delimiter=",", skip_header=1))
    assert found.matrices["length"].unit == "mm"


@quick
@given(st.data(), st.integers(2, 5), st.sampled_from(",\t; "), st.booleans(), st.booleans(), st.booleans())
def test_every_way_to_name_rows_and_columns(
    tmp_path: Path, data: Any, n: int, delimiter: str, above: bool, beside: bool, corner: bool
) -> None:
    values = data.draw(hnp.arrays(float, (n, n), elements=st.floats(allow_nan=False)))
    # Numbers may be names where a corner or the count tells.
    names = [str(10 + index) if beside and above else f"r{index}" for index in range(n)]
    rows = [[*([name] * beside), *map(repr, row)] for name, row in zip(names, values.tolist(), strict=True)]
    head = [*(["x"] * (beside and corner)), *names]
    text = "\n".join(delimiter.join(row) for row in ([head] * above) + rows)
    found = Network.from_file(put(tmp_path / "w.csv", text))
    assert found.matrix("weight").tobytes() == values.tobytes()
    assert found.nodes.has_labels is (above or beside)
    if above or beside:
        assert found.nodes.labels.tolist() == names


def test_files_are_aligned_by_name(tmp_path: Path) -> None:
    weights = put(tmp_path / "w.csv", ",rA,lB,lA\nrA,0,1,2\nlB,3,0,4\nlA,5,6,0\n")
    lengths = put(tmp_path / "l.tsv", "lB\tlA\trA\n0\t46\t13\n64\t0\t25\n31\t52\t0\n")
    found = Network.from_file(weights, lengths=lengths, centres=put(tmp_path / "c.txt", CENTRES))
    assert found.nodes.labels.tolist() == ["lA", "rA", "lB"]
    assert found.matrix("weight").tolist() == [[0, 5, 6], [2, 0, 1], [4, 3, 0]]
    assert found.matrix("length").tolist() == [[0, 25, 64], [52, 0, 31], [46, 13, 0]]
    header = put(tmp_path / "c.csv", "label,x,y,z\n" + CENTRES.replace(" ", ","))
    assert Network.from_file(weights, lengths=lengths, centres=header).identical(found)


def test_tables_without_names_are_taken_as_they_stand_with_a_warning(tmp_path: Path) -> None:
    weights = put(tmp_path / "w.csv", "0,1,2\n1,0,3\n2,3,0\n")
    with pytest.warns(TvboWarning, match=r"w\.csv has no names: its rows are taken in the order"):
        found = Network.from_file(weights, centres=put(tmp_path / "c.txt", CENTRES))
    assert found.nodes.labels.tolist() == ["lA", "rA", "lB"]


@pytest.mark.parametrize(
    ("weights", "centres", "error", "match"),
    [
        ("0,1\n1,0\n", CENTRES, ShapeError, "has 2 regions, and .* has 3"),
        ("lA,rA,xx\n0,1,2\n1,0,3\n2,3,0\n", CENTRES, ShapeError, "lB missing, xx added"),
        ("lA,lA,lB\n0,1,2\n1,0,3\n2,3,0\n", CENTRES, DuplicateNameError, "'lA' stands for several"),
        ("a,b\n0,1\n1\n", CENTRES, ShapeError, "row 1 has 1 numbers"),
        ("0,1\n1,x\n", CENTRES, DamagedFileError, "something else than numbers"),
        ("0,1\n1_0,0\n", CENTRES, DamagedFileError, "something else than numbers"),
        (",a,b\na,0,1\nc,1,0\n", CENTRES, ShapeError, "row 1 is called 'c' and column 1 'b'"),
        ("", CENTRES, ShapeError, "rows of no fields"),
        ("1,2,3,4\n1\n", CENTRES, ShapeError, "rows of 1, 4 fields"),
        ("0\n", "lA 1 2\n", ShapeError, "row 0 is too short"),
        ("0\n", "lA 1 2 3\nlB 1 2 z\n", DamagedFileError, "something else than coordinates"),
        ("0\n", "", ShapeError, "too short"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, weights: str, centres: str, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        Network.from_file(put(tmp_path / "w.csv", weights), centres=put(tmp_path / "c.txt", centres))


def test_it_is_bounded_and_told_by_content(tmp_path: Path) -> None:
    path = put(tmp_path / "w.csv", "0,1\n1,0\n" * 1)
    assert registry.get("csv").can_read(path)
    assert not registry.get("csv").can_read(put(tmp_path / "x.csv", "name,age\nx,3\n"))
    with pytest.raises(LimitError):
        Network.from_file(path, limits=Limits(sidecar_values=0))
    with pytest.raises(LimitError):
        Network.from_file(path, limits=Limits(sidecar_bytes=4))


def test_from_tables_to_tvb(tmp_path: Path) -> None:
    weights = put(tmp_path / "w.csv", "lA,rA,lB\n0,1,2\n1,0,3\n2,3,0\n")
    lengths = put(tmp_path / "l.csv", "lA,rA,lB\n0,60,90\n60,0,99\n90,99,0\n")
    found = Network.from_file(weights, lengths=lengths, centres=put(tmp_path / "c.txt", CENTRES))
    found.save(tmp_path / "out.zip", strict=True)
    made = Connectivity.from_file(str(tmp_path / "out.zip"))
    made.configure()
    assert made.weights.tolist() == [[0, 1, 2], [1, 0, 3], [2, 3, 0]]
    assert made.tract_lengths[2, 1] == 99
    assert made.centres[2].tolist() == [-40, -60, 20]


@quick
@given(
    hnp.arrays(np.float64, (3, 3), elements=st.floats(allow_nan=False) | st.just(np.nan)),
    st.lists(st.sampled_from([*"ab;,'\"é1", "a b", "nan", "1e3", "#"]), min_size=3, max_size=3),
    st.sampled_from([".csv", ".tsv"]),
)
def test_numbers_and_names_are_exact(tmp_path: Path, values: Any, names: list[str], extension: str) -> None:
    network = Network.from_matrix(values, labels=names)
    network.save(tmp_path / f"a{extension}", strict=True)
    assert Network.from_file(tmp_path / f"a{extension}").identical(network)


def test_pandas_reads_it(tmp_path: Path) -> None:
    network = whole_networks()["full"]
    with pytest.warns(LossyConversionWarning, match=r"matrices\.length"):
        network.save(tmp_path / "a.csv")
    frame = pd.read_csv(tmp_path / "a.csv", index_col=0)
    assert list(frame.index) == list(frame.columns) == network.nodes.labels.tolist()
    assert np.array_equal(frame.to_numpy(), network.matrix("weight"))


def test_one_matrix_is_chosen(tmp_path: Path) -> None:
    network = whole_networks()["full"]
    with pytest.warns(LossyConversionWarning, match=r"matrices\.weight"):
        network.save(tmp_path / "a.csv", matrix="length")
    found = Network.from_file(tmp_path / "a.csv", matrix="length")
    assert found.matrix("length").tobytes() == network.matrix("length").tobytes()
    assert found.matrices["length"].unit == "mm"
    only = Network.from_matrix(lengths=np.ones((2, 2)))
    only.save(tmp_path / "b.csv", matrix="length", strict=True)
    assert Network.from_file(tmp_path / "b.csv", matrix="length").identical(only)


def test_what_no_table_holds_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    networks = whole_networks()
    with pytest.raises(ShapeError, match=r"'gain' has shape \(2, 3\): expected \(2, 2\)"):
        networks["sensors"].save(path, matrix="gain")
    with pytest.raises(ValueError, match=r"complex.*\.npz"):
        networks["regions"].save(path, matrix="phase")
    with pytest.raises(MatrixNotFoundError, match="give matrix="):
        networks["sensors"].save(path)
    for name in ("", " a", "a\n", "a\tb"):
        with pytest.raises(ValueError, match=r"1 labels cannot stand in a table.* rename"):
            Network.from_matrix(np.eye(2), labels=["b", name]).save(path)
    assert not list(tmp_path.iterdir())
