"""Rows of a sparse matrix in a file are those of the matrix, and no more is read than they need."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tvbo import Network
from tvbo.errors import CompanionError
from tvbo.storage import bands, datasets
from tvbo.storage.stored import StoredArray
from tvbo.storage.stored_sparse import StoredSparse

LAYOUTS = ["csr", "csc", "coo", "bsr", "dia", "lil", "dok"]


def saved(folder, matrix) -> StoredSparse:
    Network.from_matrix(weights=matrix).save(folder / "a.yaml")
    return Network.from_file(folder / "a.yaml").lazy("weight")


rows = st.integers(-25, 25) | st.builds(slice, *[st.none() | st.integers(-25, 25)] * 2) | st.just(slice(None, None, 2))
columns = st.just(None) | st.integers(-20, 19) | st.builds(slice, *[st.none() | st.integers(-25, 25)] * 2)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    family=st.sampled_from(["matrix", "array"]),
    layout=st.sampled_from(LAYOUTS),
    row=rows,
    column=columns,
    seed=st.integers(0, 5),
)
def test_rows_are_those_of_the_matrix(tmp_path, family, layout, row, column, seed) -> None:
    matrix = getattr(sp, f"csr_{family}")(sp.random(20, 20, 0.2, random_state=seed)).asformat(layout)
    stored = saved(tmp_path, matrix)
    key = row if column is None else (row, column)
    try:
        wanted = matrix.tocsr()[key] if layout in ("coo", "bsr", "dia", "csr") else matrix[key]
    except IndexError:
        with pytest.raises((IndexError, TypeError, NotImplementedError)):
            stored[key]
        return
    if layout in ("coo", "bsr", "dia"):
        # scipy does not index these.
        return
    found = stored[key]
    dense = [each.toarray() if sp.issparse(each) else np.asarray(each) for each in (found, wanted)]
    assert dense[0].shape == dense[1].shape
    assert dense[0].tobytes() == dense[1].tobytes()


def test_a_row_reads_no_other_rows(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(bands, "VECTOR_BYTES", 400)
    monkeypatch.setattr(datasets, "_COMPRESS_FROM", 256)
    stored = saved(tmp_path, sp.random(1000, 1000, 0.05, format="csr", random_state=0))
    asked = []
    original = StoredArray.__getitem__
    monkeypatch.setattr(
        StoredArray, "__getitem__", lambda self, key: asked.append((self.dataset, key)) or original(self, key)
    )
    found = stored[100:103]
    assert [name.rpartition("/")[2] for name, _ in asked] == ["indptr", "indices", "data"]
    assert asked[0][1] == slice(100, 104)
    assert found.nnz == asked[1][1].stop - asked[1][1].start


def test_the_order_of_entries_and_explicit_zeros_stay(tmp_path) -> None:
    matrix = sp.csr_array((np.array([1.0, 0.0, 2.0]), np.array([3, 1, 2]), np.array([0, 2, 2, 3, 3])), shape=(4, 4))
    found = saved(tmp_path, matrix)[0:2]
    assert found.indices.tolist() == [3, 1]
    assert found.data.tolist() == [1.0, 0.0]


def test_indptr_that_leads_nowhere_is_an_error(tmp_path) -> None:
    stored = saved(tmp_path, sp.random(30, 30, 0.2, format="csr", random_state=0))
    parts = dict(stored.parts)
    parts["indptr"] = np.arange(31) * 1000
    wrong = StoredSparse("csr", "array", (30, 30), stored.dtype, parts, "csr")
    parts["indptr"] = type("Parts", (), {})()
    holder = parts["indptr"]
    holder.path, holder.dataset, holder.shape = "a.h5", "indptr", (31,)
    type(holder).__getitem__ = lambda self, key: (np.arange(31) * 1000)[key]
    with pytest.raises(CompanionError, match="is no csr matrix"):
        wrong[3:5]
