"""
GB/T 8170-2008: round half to even, in decimal, in one step.

Binary floats make Python's own ``round`` wrong here: 0.225 is stored a hair above
its decimal value and becomes 0.23 where every official bulletin says 0.22
(STANDARDS 0). A float therefore means the shortest decimal that prints it.
"""

import math
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Context, Decimal
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

# Room for any double; the default context's 28 digits would refuse to quantise large values.
_WIDE = Context(prec=400)


def to_decimal(value: float | str | Decimal) -> Decimal:
    """
    The decimal number that a float, int, text or Decimal means.

    Examples
    --------
    >>> to_decimal(0.225), to_decimal("28.50")
    (Decimal('0.225'), Decimal('28.50'))
    """
    return value if isinstance(value, Decimal) else Decimal(str(value))


def decimal_half_even(value: float | str | Decimal, decimals: int = 0) -> Decimal:
    """
    Round one number half to even and keep it a Decimal, for sums that must stay exact.

    Parameters
    ----------
    value : float, int, str or Decimal; finite
    decimals : int
        Places after the point; negative for tens, hundreds.

    Examples
    --------
    >>> decimal_half_even("28.165", 2), decimal_half_even(2500, -3)
    (Decimal('28.16'), Decimal('2E+3'))
    """
    return to_decimal(value).quantize(Decimal(1).scaleb(-int(decimals)), ROUND_HALF_EVEN, _WIDE)


def round_half_even(value: ArrayLike | Decimal, decimals: int = 0) -> Any:
    """
    Round numbers half to even as GB/T 8170 does, NaN and infinities left alone.

    Parameters
    ----------
    value : float, int, str, Decimal or array of numbers
    decimals : int
        Places after the point; negative for tens, hundreds.

    Returns
    -------
    float, or float64 array of the same shape

    Examples
    --------
    >>> round_half_even(0.225, 2), round_half_even(0.235, 2), round_half_even(-0.0365, 3)
    (0.22, 0.24, -0.036)
    >>> round_half_even([12.1498, 10.5002, float("nan")])
    array([12., 11., nan])
    """
    if isinstance(value, str | Decimal | int | float):
        number = to_decimal(value)
        return float(decimal_half_even(number, decimals)) if number.is_finite() else float(number)
    values = np.asarray(value, dtype="float64")
    scale = 10.0 ** abs(int(decimals))
    scaled = values * scale if decimals >= 0 else values / scale
    whole = np.rint(scaled)
    rounded = whole / scale if decimals >= 0 else whole * scale
    # Binary arithmetic decides all but the near-halves and the huge; decimal decides those.
    with np.errstate(invalid="ignore"):
        far = np.abs(np.abs(scaled - whole) - 0.5) > 1e-6
        doubtful = np.isfinite(values) & ~(far & (np.abs(scaled) < 2.0**50))
    rounded = np.where(np.isfinite(values), rounded, values)
    for place in zip(*np.nonzero(np.atleast_1d(doubtful)), strict=True):
        np.atleast_1d(rounded)[place] = float(decimal_half_even(float(np.atleast_1d(values)[place]), decimals))
    return rounded if values.ndim else float(rounded)


def round_up(value: float | str | Decimal) -> int:
    """
    Round one number up to a whole number, in decimal (HJ 633, clause 4.2.6).

    Examples
    --------
    >>> round_up("51.43"), round_up(50)
    (52, 50)
    """
    return int(to_decimal(value).to_integral_value(ROUND_CEILING, _WIDE))


def plain_text(value: float, decimals: int) -> str:
    """
    A number as it is printed: rounded half to even, fixed places, no sign on zero.

    Examples
    --------
    >>> plain_text(28.25, 1), plain_text(-0.04, 1), plain_text(float("nan"), 1)
    ('28.2', '0.0', '')
    """
    if value is None or not math.isfinite(value):
        return ""
    number = decimal_half_even(value, decimals)
    return f"{abs(number) if number == 0 else number:f}"


def steady(value: float) -> float:
    """
    A number to nine digits, as files that are derived again elsewhere hold it.

    What lies beyond hangs on the order in which a processor's library adds and on its exponential, and would make
    the same month another file on another machine.

    Examples
    --------
    >>> steady(0.1 + 0.2), steady(61.234567891234), steady(float("nan"))
    (0.3, 61.2345679, nan)
    """
    return float(f"{value:.9g}")
