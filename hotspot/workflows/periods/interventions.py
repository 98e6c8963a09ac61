"""Weekly measures on their ladder (B17), and what those with a place and a day did to the air (C9)."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from hotspot.ledger.assessment.measures import interventions, measure_table
from hotspot.ledger.chain.storage import FILE, is_there
from hotspot.publish.tables.book import Sheet, write_book
from hotspot.rules.calendar import month_minus, month_start, parse_day
from hotspot.sources.intake import NothingDelivered
from hotspot.study import Study
from hotspot.text.table import heads
from hotspot.variables import DataError
from hotspot.workflows.closing.loop import published_ledger
from hotspot.workflows.monthly.other_pollutants import only_pm25

_HEADS = heads("loop/measures.xlsx/措施")
_EFFECTS = heads("loop/measures.xlsx/效果")


def show_measures(
    study: Study, asof: str, *, out: Path | str = "out", effects: bool = False, to: Path | None = None
) -> dict[str, Any]:
    """
    Every measure on the ladder of weekly reports; with ``effects`` what those with a cell and a day did.

    Parameters
    ----------
    asof : str, "YYYY-MM-DD"
    effects : bool
        Reads the deliveries of a year before each measure.
    to : Path, optional
        A workbook of both.

    Returns
    -------
    dict: ``measures``, ``effects`` (records), ``file``, ``sentences``

    Raises
    ------
    DataError
        Nothing was published.
    """
    only_pm25(study, "the effect of a measure")
    parse_day(asof)
    with published_ledger(study, out) as ledger:
        ledger.verify()
        table = measure_table(ledger, asof)
        register = interventions(ledger)
    found = measured_effects(study, register, asof) if effects else []
    lines = [
        f"{r.unit}  {r.measure}  {r.text}  "
        + ("已完成" if r.done else f"连续{r.weeks}周未完成  {r.consequence}")
        + (f"（{r.note}）" if r.note else "")
        for r in table.itertuples()
    ] or [f"no measure of {study.id} was reported by {asof}."]
    lines += [f"{row['measure']}  {row['zh']}" for row in found]
    if to is not None:
        sheets = {"措施": Sheet(f"截至{asof}每周措施完成情况", _HEADS, table)}
        if found:
            sheets["效果"] = Sheet("有地点和日期的措施的效果", _EFFECTS, pd.DataFrame(found))
        write_book(to, sheets, created=asof[:10])
        lines.append(f"written: {to}")
    return {"measures": table.to_dict("records"), "effects": found, "file": str(to or ""), "sentences": lines}


def effect_sentences(study: Study, asof: str, *, out: Path | str = "out") -> list[str]:
    """
    One sentence per measure in force for 30 days or more: what a bulletin prints of them.

    Parameters
    ----------
    asof : str, "YYYY-MM-DD", the last day that counts
    out : str or Path
        An unpublished study has none.

    Returns
    -------
    list of str, Chinese, by unit and measure
    """

    if not is_there(Path(out) / study.id / FILE):
        return []
    with published_ledger(study, out) as ledger:
        register = interventions(ledger)
    return [row["zh"] for row in measured_effects(study, register, asof)]


def measured_effects(study: Study, register: pd.DataFrame, asof: str) -> list[dict[str, Any]]:
    """
    The effect of each measure with a cell and a day, after ``interventions.min_days`` of it.

    Parameters
    ----------
    register : DataFrame, from ``ledger.assessment.measures.interventions``
    asof : str, "YYYY-MM-DD"

    Returns
    -------
    list of dict: the register's row, ``zh`` the sentence, ``change_pct, low_pct, high_pct, raw_pct`` (None where it
    cannot be told)

    Notes
    -----
    ``hs.effect`` on the days of the cell against cells of the same city farther than ``apart_km``, with the
    year before; the control cells' own restlessness widens the interval.
    """
    last = np.datetime64(asof[:10], "D")
    least = study.criteria.interventions.min_days
    ripe = register[[(last - np.datetime64(day, "D")).astype(int) + 1 >= least for day in register["began"]]]
    if not len(ripe):
        return []
    daily, steps = _daily(study, min(ripe["began"]), asof)
    rows = []
    for row in ripe.to_dict("records"):
        row |= dict.fromkeys(("change_pct", "low_pct", "high_pct", "raw_pct"))
        place = f"{row['unit']}“{row['text']}”（{row['cell']}，{row['began']}起）"
        try:
            if daily is None:
                raise DataError("neither satellite days nor hourly stations were delivered")
            got = _effect(study, daily, steps, row, asof)
        except DataError as error:
            rows.append(row | {"zh": f"{place}：效果不能判断（{error}）"})
            continue
        kept = {name: float(getattr(got, name)) for name in ("change_pct", "low_pct", "high_pct", "raw_pct")}
        sure = "下降" if got.high_pct < 0 else "上升" if got.low_pct > 0 else "变化不明显"
        zh = (
            f"{place}：扣除气象后PM2.5{got.change_pct:+.0f}%（95%区间{got.low_pct:+.0f}%至{got.high_pct:+.0f}%），{sure}；"
            f"不扣除气象的前后比为{got.raw_pct:+.0f}%"
        )
        rows.append(row | kept | {"zh": zh})
    return rows


def _daily(study: Study, began: str, asof: str) -> tuple[xr.Dataset | None, xr.Dataset | None]:
    """Days of every cell from a year before the first measure, and the days' weather; None where there are none."""
    from hotspot.deliveries.opening import open_months
    from hotspot.estimate.field.monthly import daily_field
    from hotspot.estimate.weather.rows import weather_steps
    from hotspot.quality.plausible.gate import admit
    from hotspot.quality.signed.decisions import kinds_to_open

    first, final = month_minus(began[:7], study.criteria.interventions.before_months), asof[:7]
    names = [final]
    while names[0] > first:
        names.insert(0, month_minus(names[0], 1))
    try:
        kinds = kinds_to_open(study, "satellite", "reference", "weather")
        delivered = admit(open_months(study, names, kinds=kinds), names)
    except NothingDelivered:
        return None, None
    _, daily = daily_field(delivered, study.cells, names)
    if daily is None:
        return None, None
    weather = delivered.weather
    return daily, None if weather is None else weather_steps(weather, utc_offset=study.utc_offset)


def _effect(study: Study, daily: xr.Dataset, steps: xr.Dataset | None, row: Any, asof: str) -> Any:
    from hotspot.estimate.weather.effect import effect

    names = study.cells["cell"].values.astype(str)
    if row["cell"] not in names:
        raise DataError(f"cell {row['cell']} is not of the study")
    at = int(np.flatnonzero(names == row["cell"])[0])
    x, y, city = (study.cells[name].values for name in ("x", "y", "city"))
    away = np.hypot(x - x[at], y - y[at])
    rule = study.criteria.interventions
    far = np.flatnonzero((city == city[at]) & (away > 1000 * rule.apart_km))
    control = names[far[np.argsort(away[far], kind="stable")][: rule.control_cells]].tolist()
    if not control:
        raise DataError("no cell of the city is far enough to compare with")
    day = np.datetime64(row["began"], "D")
    before = (str(month_start(month_minus(row["began"][:7], rule.before_months)).astype("datetime64[D]")), str(day - 1))
    return effect(
        daily, before, (row["began"], asof[:10]), cells=[row["cell"]], control=control, steps=steps,
        criteria=study.criteria,
    )  # fmt: skip
