"""Spellings of units, and the factors between them."""

_LENGTHS = {"mm": 1.0, "millimeter": 1.0, "cm": 10.0, "m": 1000.0, "um": 1e-3, "µm": 1e-3}
_SPEEDS = {"mm_per_ms": 1.0, "mm/ms": 1.0, "m_per_s": 1.0, "m/s": 1.0, "mm_per_s": 1e-3, "mm/s": 1e-3, "m_per_ms": 1e3}


def in_mm(unit: str | None) -> float:
    """
    Give the factor from a unit of length to millimetres.

    Parameters
    ----------
    unit : str or None
        Its spelling; nothing said means millimetres, as everywhere in TVB.

    Returns
    -------
    float
        The factor.

    Raises
    ------
    ValueError
        If the unit is not known.
    """
    return _factor(unit, _LENGTHS, "length")


def in_mm_per_ms(unit: str | None) -> float:
    """
    Give the factor from a unit of speed to millimetres per millisecond.

    Parameters
    ----------
    unit : str or None
        Its spelling; nothing said means ``mm_per_ms``, as everywhere in TVB.

    Returns
    -------
    float
        The factor.

    Raises
    ------
    ValueError
        If the unit is not known.
    """
    return _factor(unit, _SPEEDS, "speed")


def _factor(unit: str | None, factors: dict[str, float], what: str) -> float:
    if unit is None:
        return 1.0
    if unit not in factors:
        raise ValueError(f"{unit!r} is not a unit of {what} that is known: expected one of {', '.join(factors)}")
    return factors[unit]
