"""
The layers of a map page: one short column per month and quantity, with limits and colours.

Every layer has limits shared by all months, so that a colour means the same wherever the
slider stands; those that are quantities of a month also have limits of each month alone.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot import contracts
from hotspot.kernels.arrays import Floats, Ints
from hotspot.publish.emerging_words import emerging_en, emerging_zh
from hotspot.publish.palette import diverging_breaks, palette, pooled_breaks, sequential_breaks, spread_over
from hotspot.publish.web.packing import column, pack
from hotspot.publish.why_words import why_zh
from hotspot.publish.words import FIELDS
from hotspot.rank.select.hotspots import LEVEL_WORDS
from hotspot.rank.warn.emerging import CLASSES
from hotspot.rules.calendar import month_minus
from hotspot.rules.pollutants import PM25, Pollutant
from hotspot.rules.reasons import REASONS, in_use
from hotspot.text.escape import escape
from hotspot.text.labels import label_of
from hotspot.variables import DataError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

# In the legend, and shorter in the list of layers.
_NAMES = {
    "pm25": (*FIELDS["pm25"], label_of("monthly_mean"), "@title_en@"),
    "coverage": FIELDS["coverage"] * 2,
    "pm25_error": (*FIELDS["pm25_error"], "误差", "Error"),
    "level": (*FIELDS["level"], LEVEL_WORDS["inversion"][0], "Stagnant level"),
    "confidence": ("列入名单的把握", "Chance to be listed", "列入把握", "Chance"),
    "emerging": ("聚集的演变（十三个月）", "How clusters came about, 13 months", label_of("clusters"), "Emerging"),
    "gi": ("Gi* 聚集类别", "Gi* clusters", "Gi* 聚集", "Gi* clusters"),
}
_COVERAGE = [20.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0]
_CHANCES = [5.0, 20.0, 50.0, 80.0, 95.0]
_COMPANIONS = (("pm25_error", 1, 1.0), ("coverage", 0, 100.0), ("n_valid", 0, 1.0))


def pack_field(
    field: "xr.Dataset",
    *,
    decimals: int,
    change: str,
    history: "xr.Dataset | None" = None,
    gi: "xr.Dataset | None" = None,
    standing: "pd.DataFrame | None" = None,
    level_year: int | None = None,
    public: bool = False,
    emerging: "xr.Dataset | None" = None,
    reasons: Sequence[Any] | None = None,
    of: Pollutant = PM25,
) -> dict[str, Any]:
    """
    The field's columns, and the layers a reader can choose between.

    Parameters
    ----------
    field : Dataset (cell, time), cells in the order of the page, of M-12, M-1, M; the last one is the published month
    decimals : int
        Digits of PM2.5 in print, ``criteria.warning.decimals``.
    change : str
        ``"percent"`` or ``"absolute"``, ``criteria.warning.change``.
    history : Dataset (cell, time), optional
        Months up to the same one, from ``with_history``. Default: the field's own.
    gi : Dataset (cell), optional
        ``gi_class`` ("hot", "cold" or "") and ``gi_z``, from ``rank.clusters.gi_star``.
    standing : DataFrame, optional
        From ``rank_standing``: gives the layer of confidence.
    level_year : int, optional
        The year of the field's ``level``, for the legend.
    public : bool
        Concentrations and changes only.
    emerging : Dataset (cell), optional
        From ``rank.warn.emerging``.
    reasons : list of Reason, optional
        The classes whose changes are shown. Default: ours.
    of : Pollutant
        Gives names of columns, and the colours of its values.

    Returns
    -------
    dict: ``months``, ``columns`` (name -> packed column), ``layers`` (list of dicts), ``why``
    (texts), ``change``, ``decimals``. A layer has names, ``unit``, ``colours``; ``breaks`` and
    perhaps ``own`` (colours and limits by month); ``at``: its column per month, null where it has
    none, or ``back``, the months back to the base of a change

    Raises
    ------
    DataError
        The history is of other cells, or does not end with the field's month.
    """
    months = contracts.months_in(field)
    source = field if history is None else _same_cells(history, field, months[-1])
    names = contracts.months_in(source)
    if names != sorted(names):
        raise DataError(f"the months of the map are {', '.join(names)}; give each once, oldest first.")
    columns: dict[str, dict | None] = {}
    layers = []
    level = [_take(source, "pm25", t) for t in range(len(names))]
    printed = [np.round(np.rint(np.round(v * 10**decimals, 7)) / 10**decimals, decimals) for v in level]
    columns |= {f"pm25_{t}": column(v, decimals) for t, v in enumerate(level)}
    colours = palette()["sequential"][of.colours]
    layers.append(_monthly("pm25", "µg/m³", printed, colours, pooled_breaks, sequential_breaks))
    for reason in in_use({}) if reasons is None else reasons:
        back = reason.months_back
        if not back:
            continue
        values = [_changed(printed, names, t, back, change) for t in range(len(names))]
        unit = "%" if change == "percent" else "µg/m³"
        layer = _monthly(reason.id, unit, values, palette()["diverging"]["change"], diverging_breaks, diverging_breaks)
        layers.append(layer | {"back": back, "at": None})
    texts, columns["why"] = [["", ""]], None
    if not public:
        layers += _companions(source, columns, len(names))
        layers += _of_the_year(field, columns, len(names), level_year)
        layers += _of_the_month(field, columns, len(names), gi, standing)
        layers += _emerging(field, columns, len(names), emerging)
        texts = _reasons(source, columns, len(names))
    columns = {of.column(name): packed for name, packed in columns.items() if packed is not None}
    for layer in layers:
        layer |= {"id": of.column(layer["id"]), "at": layer["at"] and [at and of.column(at) for at in layer["at"]]}
    return {
        "months": names, "columns": columns, "layers": layers, "why": texts, "change": change, "decimals": decimals,
    }  # fmt: skip


def standing_rows(standing: "pd.DataFrame | None", places: Callable, reasons: Sequence[str]) -> dict[str, str]:
    """
    What is known of every ranked hotspot cell, listed or not, as short columns.

    Parameters
    ----------
    places : callable
        Gives the position of each cell on the page.

    Returns
    -------
    dict of packed columns: ``cell``, ``reason``, ``rank``, ``top`` (per cent, -1 unknown), ``low``, ``high``
    """
    if standing is None or not len(standing):
        return {"cell": "", "reason": "", "rank": "", "top": "", "low": "", "high": ""}
    table = standing.assign(_place=places(standing["cell"]), _reason=[reasons.index(r) for r in standing["reason"]])
    table = table.sort_values(["_reason", "_place"], kind="stable")
    whole = {name: table[name].to_numpy(float) for name in ("p_top", "rank_low", "rank_high")}
    return {
        "cell": pack(table["_place"]),
        "reason": pack(table["_reason"]),
        "rank": pack(table["rank"].astype(int)),
        "top": pack(_or(np.rint(whole["p_top"] * 100))),
        "low": pack(_or(whole["rank_low"])),
        "high": pack(_or(whole["rank_high"])),
    }


def _or(values: Floats) -> Ints:
    return np.where(np.isfinite(values), values, -1).astype(np.int64)


def _same_cells(history: "xr.Dataset", field: "xr.Dataset", month: str) -> "xr.Dataset":
    """The history in the order of the field's cells."""
    wanted = field["cell"].to_numpy().astype(str)
    strange = np.setdiff1d(wanted, history["cell"].to_numpy().astype(str))
    if strange.size:
        raise DataError(f"history: it does not hold cell {strange[0]}; give the history of this study.")
    if contracts.months_in(history)[-1] != month:
        raise DataError(
            f"history: it ends with {contracts.months_in(history)[-1]}, the field with {month}; give that month's."
        )
    return history.sel(cell=field["cell"].values)


def _changed(printed: list[Floats], names: list[str], t: int, back: int, change: str) -> Floats:
    """Change of one month against its base, or NaN where the base is not among the months."""
    base = month_minus(names[t], back)
    if base not in names:
        return np.full(printed[t].shape, np.nan)
    before = printed[names.index(base)]
    with np.errstate(divide="ignore", invalid="ignore"):
        value = printed[t] - before
        return np.where(before > 0, value / before * 100, np.nan) if change == "percent" else value


def _monthly(
    name: str, unit: str, values: list[Floats], ramp: list[str], shared: Callable, own: Callable
) -> dict[str, Any]:
    """A quantity of every month: limits over all months together, and of each alone."""
    # The published month counts as much as all others that have data, so that it keeps its contrast.
    others = sum(bool(np.isfinite(v).any()) for v in values[:-1])
    limits = shared(np.concatenate(values + values[-1:] * (others - 1)), len(ramp))
    alone = [own(v, len(ramp)) for v in values]
    return _layer(name, unit, limits, ramp) | {
        "at": [f"{name}_{t}" for t in range(len(values))],
        "own": [{"breaks": b, "colours": spread_over(ramp, len(b) + 1)} for b in alone],
        "has": [bool(np.isfinite(v).any()) for v in values],
    }


def _companions(source: "xr.Dataset", columns: dict[str, dict[str, Any] | None], n_month: int) -> list[dict[str, Any]]:
    """Error and coverage as layers, valid days as a column; adds to ``columns``."""
    layers = []
    for name, digits, scale in _COMPANIONS:
        # A field from stations was seen from nowhere above: it has no coverage, and the page no such layer.
        if name not in source or not bool(source[name].notnull().any()):
            continue
        values = [_take(source, name, t) * scale for t in range(n_month)]
        columns |= {f"{name}_{t}": column(v, digits) for t, v in enumerate(values)}
        has = {"at": [f"{name}_{t}" for t in range(n_month)], "has": [bool(np.isfinite(v).any()) for v in values]}
        if name == "coverage":
            layers.append(_layer(name, "%", _COVERAGE, palette()["sequential"]["coverage"]) | has)
        elif name == "pm25_error":
            ramp = palette()["sequential"]["error"]
            layers.append(_layer(name, "µg/m³", sequential_breaks(np.concatenate(values), len(ramp)), ramp) | has)
    return layers


def _of_the_year(
    field: "xr.Dataset", columns: dict[str, dict[str, Any] | None], n_month: int, year: int | None
) -> list[dict[str, Any]]:
    """The level in stagnant weather, one for all months of a year."""
    if "level" not in field or not bool(field["level"].notnull().any()):
        return []
    value = contracts.values_of(field, "level").astype(float)
    columns["level"] = column(value, 1)
    ramp = palette()["sequential"]["level"]
    layer = _layer("level", "µg/m³", pooled_breaks(value, len(ramp)), ramp)
    return [layer | {"at": ["level"] * n_month, "has": [True] * n_month, "always": str(year or "")}]


def _of_the_month(
    field: "xr.Dataset",
    columns: dict[str, dict[str, Any] | None],
    n_month: int,
    gi: "xr.Dataset | None",
    standing: "pd.DataFrame | None",
) -> list[dict[str, Any]]:
    """What only the published month has: how sure a place on the list is, and Gi*."""
    layers, blank = [], [False] * (n_month - 1)
    if standing is not None and standing["p_top"].notna().any():
        ramp = palette()["sequential"]["confidence"]
        layer = _layer("confidence", "%", _CHANCES, ramp)
        layers.append(layer | {"at": None, "has": [*blank, True], "standing": True})
    if gi is not None:
        colours = palette()["clusters"]
        place = {code: i for i, code in enumerate(map(str, gi["cell"].to_numpy()))}
        score, kind = gi["gi_z"].to_numpy().astype(float), gi["gi_class"].to_numpy().astype(str)
        sign = np.select([np.isnan(score), kind == "hot", kind == "cold"], [np.nan, 1.0, -1.0], 0.0)
        at = [place.get(code, -1) for code in map(str, field["cell"].to_numpy())]
        value = np.append(sign, np.nan)[at]  # -1, a cell that was not tested, takes the NaN at the end
        columns["gi"] = column(value, 0)
        layer = _layer("gi", "", [-0.5, 0.5], [colours["cold"], colours["none"], colours["hot"]])
        words = [[label_of("low_cluster"), "Cluster of low values"], ["不显著", "Not significant"]]
        words.append([label_of("high_cluster"), "Cluster of high values"])
        has = {"at": [*[None] * (n_month - 1), "gi"], "has": [*blank, bool(np.isfinite(value).any())]}
        layers.append(layer | has | {"classes": words})
    return layers


def _emerging(
    field: "xr.Dataset",
    columns: dict[str, dict[str, Any] | None],
    n_month: int,
    found: "xr.Dataset | None",
) -> list[Any]:
    """The classes of thirteen months, those that there are; of the published month only."""
    if found is None:
        return []
    kinds = dict(zip(map(str, found["cell"].values), map(str, found["emerging"].values), strict=True))
    own = [kinds.get(code, "") for code in map(str, field["cell"].to_numpy())]
    there = [kind for kind in CLASSES if kind in set(own)]
    if not there:
        return []
    # The page reads class v + 1 of the legend.
    columns["emerging"] = column(np.array([there.index(kind) - 1.0 if kind else np.nan for kind in own]), 0)
    limits = [k - 0.5 for k in range(len(there) - 1)]
    layer = _layer("emerging", "", limits, [palette()["emerging"][kind.replace(" ", "_")] for kind in there])
    has = {"at": [*[None] * (n_month - 1), "emerging"], "has": [*[False] * (n_month - 1), True]}
    return [layer | has | {"classes": [[emerging_zh(kind), emerging_en(kind)] for kind in there]}]


def _reasons(source: "xr.Dataset", columns: dict[str, dict[str, Any] | None], n_month: int) -> list[list[str]]:
    """Reasons why cells of a month may not be ranked: the distinct (zh, en) pairs; adds columns of positions."""
    if "why" not in source:
        return [["", ""]]
    why = source["why"]
    month = [np.asarray((why.isel(time=t) if "time" in why.dims else why).to_numpy()) for t in range(n_month)]
    texts = ["", *sorted({str(text) for one in month for text in set(one.tolist())} - {""})]
    where = {text: i for i, text in enumerate(texts)}
    columns |= {
        f"why_{t}": column(np.array([where[str(v)] for v in one], dtype=float), 0) for t, one in enumerate(month)
    }
    return [[escape(why_zh(text)), escape(text)] for text in texts]


def _take(field: "xr.Dataset", name: str, t: int) -> Floats:
    """One month of a variable; a variable without time is the same in every month."""
    values = field[name]
    if "time" in values.dims:
        values = values.isel(time=t)
    return values.to_numpy().astype(float)


def _layer(name: str, unit: str, limits: list[float], ramp: list[str]) -> dict[str, Any]:
    """A layer's names, limits and colours."""
    zh, en, *short = REASONS[name].layers if name in REASONS else _NAMES[name]
    colours = spread_over(ramp, len(limits) + 1)
    return {"id": name, "zh": zh, "en": en, "short": short, "unit": unit, "breaks": limits, "colours": colours}
