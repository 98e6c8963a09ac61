"""Whether a field can tell cells apart: left-out stations within each month (METHODS 13)."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from hotspot import contracts


class Skill(NamedTuple):
    """How well left-out stations of one month were predicted; ``skill`` is NaN with fewer than three."""

    n: int
    r: float
    rmse: float
    skill: float


def skill(predicted: np.ndarray, observed: np.ndarray) -> Skill:
    """
    Left-out predictions of one month against the constant, which is left out too.

    Parameters
    ----------
    predicted, observed : float64[n_station], NaN where missing

    Notes
    -----
    ``skill = 1 - MSE / MSE0``, with ``MSE0`` that of predicting each station by the mean of the others, so that
    a constant field has 0. Over several months together it would look excellent: months differ.

    Examples
    --------
    >>> told = skill(np.array([49.0, 52.0, 61.0, 70.0]), np.array([50.0, 50.0, 60.0, 72.0]))
    >>> told.n, round(told.r, 2), round(told.rmse, 2), round(told.skill, 2)
    (4, 0.99, 1.58, 0.98)
    >>> others = (232.0 - np.array([50.0, 50.0, 60.0, 72.0])) / 3
    >>> round(skill(others, np.array([50.0, 50.0, 60.0, 72.0])).skill, 12)
    0.0
    """
    both = np.isfinite(predicted) & np.isfinite(observed)
    p, o = np.asarray(predicted, float)[both], np.asarray(observed, float)[both]
    n = int(p.size)
    if n < 3:
        return Skill(n, float("nan"), float("nan"), float("nan"))
    mse, base = float(np.mean((p - o) ** 2)), float(np.mean(((o.sum() - o) / (n - 1) - o) ** 2))
    varied = np.ptp(p) > 0 and np.ptp(o) > 0
    r = float(np.corrcoef(p, o)[0, 1]) if varied else float("nan")
    return Skill(n, r, float(np.sqrt(mse)), 1 - mse / base if base > 0 else float("nan"))


def skills(predicted: np.ndarray, observed: np.ndarray) -> list[Skill]:
    """
    The skill of each month, and last that of the stations' means over all of them.

    Parameters
    ----------
    predicted, observed : float64[n_station, n_month]

    Examples
    --------
    >>> two = np.array([[1.0, 2.0], [2.0, 3.0], [4.0, 3.0]])
    >>> [round(told.skill, 1) for told in skills(two, two)]
    [1.0, 1.0, 1.0]
    """
    both = np.isfinite(predicted) & np.isfinite(observed)
    n = both.sum(axis=1)
    often = n * 2 >= max(int(n.max(initial=0)), 1)
    means = [
        np.where(often, np.where(both, part, 0.0).sum(axis=1) / np.maximum(n, 1), np.nan)
        for part in (predicted, observed)
    ]
    each = [skill(predicted[:, t], observed[:, t]) for t in range(observed.shape[1])]
    return [*each, skill(means[0], means[1])]


def what_is_ranked(told: Skill | None, *, satellite: bool, least: int) -> tuple[str, str]:
    """
    Which word may stand over a ranking from a field, and why.

    Parameters
    ----------
    told : Skill or None, of the month or year that is ranked; None without stations
    satellite : bool, whether the field has one
    least : int, stations needed

    Returns
    -------
    (word, why): "cells"; "satellite cells", what the satellite saw, not told apart by stations; "stations", cells
    are not ranked

    Examples
    --------
    >>> what_is_ranked(Skill(21, -0.38, 4.5, -0.28), satellite=True, least=5)
    ('satellite cells', 'skill -0.28 (r -0.38) at 21 left-out stations, no better than their mean')
    >>> what_is_ranked(Skill(33, 0.87, 8.5, 0.76), satellite=False, least=5)[0]
    'cells'
    """
    instead = "satellite cells" if satellite else "stations"
    if told is None or told.n == 0:
        return instead, "no station to test it"
    if told.n < least or not np.isfinite(told.skill):
        return instead, f"{told.n} stations cannot test it, {least} are needed"
    said = f"skill {told.skill:+.2f} (r {told.r:+.2f}) at {told.n} left-out stations"
    if told.skill <= 0:
        return instead, f"{said}, no better than their mean"
    return "cells", said


def with_skill(field: Any, names: Sequence[str], told: Sequence[Skill], *, satellite: bool, least: int) -> Any:
    """
    A field that says of itself what may be ranked by it.

    Parameters
    ----------
    field : Dataset (cell, time)
    names : sequence of str, months
    told : from ``skills``: one per month and that of their mean; empty without stations
    satellite, least : as for ``what_is_ranked``

    Returns
    -------
    Dataset; attributes ``skill`` (every month in words), ``ranks`` and ``ranks_why`` of the last month,
    ``mean_ranks`` and ``mean_ranks_why`` of the mean of all

    Examples
    --------
    >>> import xarray as xr
    >>> field = with_skill(xr.Dataset(), ["2020-02"], [], satellite=True, least=5)
    >>> field.attrs["skill"], field.attrs["ranks"], field.attrs["ranks_why"]
    ('not assessed', 'satellite cells', 'no station to test it')
    """
    words = "; ".join(
        f"{name} r {one.r:+.2f}, RMSE {one.rmse:.1f}, skill {one.skill:+.2f} ({one.n} stations)"
        for name, one in zip(names, told, strict=False)
        if one.n
    )
    ranks, why = what_is_ranked(told[len(names) - 1] if told else None, satellite=satellite, least=least)
    mean, mean_why = what_is_ranked(told[-1] if told else None, satellite=satellite, least=least)
    return field.assign_attrs(
        skill=words or "not assessed", ranks=ranks, ranks_why=why, mean_ranks=mean, mean_ranks_why=mean_why
    )


def of_the_year(field: Any) -> Any:
    """
    The mean of months, judged as the mean that it is and not as its last month.

    Examples
    --------
    >>> import xarray as xr
    >>> attrs = {"ranks": "cells", "ranks_why": "December", "mean_ranks": "stations", "mean_ranks_why": "the year"}
    >>> of_the_year(xr.Dataset(attrs=attrs)).attrs
    {'ranks': 'stations', 'ranks_why': 'the year'}
    """
    attrs = dict(field.attrs)
    if "mean_ranks" in attrs:
        attrs |= {"ranks": attrs.pop("mean_ranks"), "ranks_why": attrs.pop("mean_ranks_why")}
    judged = field.copy()
    judged.attrs = attrs
    return judged


def ranks_sentence(attrs: Mapping[str, Any], when: str) -> str:
    """
    What a ranking from a field ranks, for whoever reads the list; an empty text of a field that does not say.

    Examples
    --------
    >>> ranks_sentence({"ranks": "satellite cells", "ranks_why": "no station to test it"}, "2020-03")
    '2020-03: what is ranked are satellite cells; the field was not shown to tell cells apart (no station to test it).'
    """
    ranks, why = attrs.get("ranks"), attrs.get("ranks_why", "")
    if ranks == "cells":
        return f"{when}: the field tells cells apart within the month ({why})."
    if ranks == "satellite cells":
        return f"{when}: what is ranked are satellite cells; the field was not shown to tell cells apart ({why})."
    if ranks == "stations":
        return f"{when}: no cell is ranked; the field was not shown to tell cells apart ({why}); stations are listed."
    return ""


def only_what_is_told(field: Any, month: str, intake: Any) -> Any:
    """
    A month's field with its cells out of the ranking where it cannot tell them apart, and the sentences noted.

    Parameters
    ----------
    field : Dataset (cell, time)
    intake : Intake, gets what is ranked and which stations were held

    Returns
    -------
    Dataset; where ``ranks`` is "stations" no cell of the last month is ``valid``, and ``why`` says it

    Examples
    --------
    >>> from hotspot.estimate.field.monthly import monthly_field
    >>> from hotspot.synthetic.study import synthetic_month
    >>> small = synthetic_month(size="small")
    >>> field = monthly_field(small)[0].assign_attrs(ranks="stations", ranks_why="skill -0.20 at 8 stations")
    >>> only_what_is_told(field, small.month, small.intake)["valid"].sel(time=small.month).any().item()
    False
    """
    sentence = ranks_sentence(field.attrs, month)
    if sentence:
        intake.note(sentence)
    if field.attrs.get("bounded"):
        intake.note(f"held to what the other stations allow: {field.attrs['bounded']}")
    if field.attrs.get("doubted"):
        intake.note(
            f"given a larger error of their own (ug/m3), as the other stations say else: {field.attrs['doubted']}"
        )
    if field.attrs.get("ranks") != "stations":
        return field
    now = xr.DataArray([name == month for name in contracts.months_in(field)], {"time": field["time"]}, "time")
    text = f"the field does not tell cells apart: {field.attrs['ranks_why']}"
    why = xr.where(now & field["valid"], text, field["why"], keep_attrs=False).transpose(*field["why"].dims)
    valid = (field["valid"] & ~now).transpose(*field["valid"].dims)
    return contracts.checked(field.assign(valid=valid, why=why.astype(object)))
