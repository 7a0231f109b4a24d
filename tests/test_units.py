"""Units are converted, or refused."""

import pytest

from tvbo.units import in_mm, in_mm_per_ms


def test_factors() -> None:
    assert (in_mm(None), in_mm("mm"), in_mm("m"), in_mm("um")) == (1, 1, 1000, 1e-3)
    assert (in_mm_per_ms("m_per_s"), in_mm_per_ms("m_per_ms")) == (1, 1000)


def test_unknown_units_are_refused() -> None:
    with pytest.raises(ValueError, match="'parsec' is not a unit of length"):
        in_mm("parsec")
    with pytest.raises(ValueError, match="'knot' is not a unit of speed"):
        in_mm_per_ms("knot")
