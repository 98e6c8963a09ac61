"""Numbers of another unit: mg/m3 for ug/m3 or the reverse, an index in place of a concentration."""

from typing import Any

import numpy as np

from hotspot.quality.plausible.finding import Finding
from hotspot.quality.plausible.series import Series
from hotspot.rules.pollutants import of_study


def thousandfold(series: Series) -> list[Finding]:
    """
    Hours a thousand times too small (or too large) beside the neighbours, or as no air can be.

    Notes
    -----
    Two tests. Beside the neighbours: ``|log10(c / median of neighbours)|`` within ``scale_decades`` of 3, in
    ``scale_hours`` hours; this finds one station, also from the middle of a month on. Alone: more than half of a
    station's hours above zero lie below ``least_air``; this finds a whole network.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> from hotspot.quality.plausible.gate import findings
    >>> month = synthetic_month(size="small")
    >>> month.reference["pm25"][2, -744:] /= 1000
    >>> [one.kind for one in findings(month) if one.changes]
    ['scale']
    """
    rules, found = series.rules, []
    decades = (series.logs - series.expected) / np.log(10)
    with np.errstate(invalid="ignore"):
        beside = np.abs(np.abs(decades) - 3) < rules.scale_decades
        low = (series.values > 0) & (series.values < rules.least_air)
    above = (series.values > 0).sum(axis=1)
    for at in range(len(series.ids)):
        hours = beside[at]
        alone = above[at] >= rules.scale_hours and low[at].sum() > 0.5 * above[at]
        if hours.sum() < rules.scale_hours and not alone:
            continue
        hours = hours | low[at] if alone else hours
        own = float(np.median(series.values[at, hours]))
        around = np.exp(series.expected[at, hours])
        around = around[np.isfinite(around) & (around >= 1)]
        said = f" where its neighbours read {np.median(around):.3g}" if around.size else ""
        unit = "mg/m3 in place of ug/m3" if own < 1 else "ug/m3 taken for mg/m3"
        words = f"looks like {unit}: it reads {own:.3g} ug/m3{said}; no air has that for so long"
        found.append(series.finding(at, "scale", words, hours))
    return found


def index(series: Series) -> list[Finding]:
    """
    Whole numbers that leave out what an index (IAQI, HJ 633) leaves out.

    Examples
    --------
    >>> from hotspot.sources.stations.iaqi import index_table
    >>> from hotspot.synthetic.study import synthetic_month
    >>> from hotspot.quality.plausible.gate import findings
    >>> month = synthetic_month(size="small")
    >>> hours = month.reference["pm25"][2, -744:]
    >>> month.reference["pm25"][2, -744:] = index_table()[hours.fillna(0).values.round().astype(int)] + 0 * hours
    >>> [one.kind for one in findings(month) if one.changes]
    ['index']
    """
    from hotspot.sources.stations.iaqi import VERSIONS, looks_like_index

    found = []
    for at in range(len(series.ids)):
        seen = np.isfinite(series.values[at])
        if seen.sum() < series.rules.min_hours:
            continue
        for version in VERSIONS:
            # Digits heaped on multiples of 5 leave out the same numbers by another way.
            fives = float(np.mean(series.values[at][seen] % 5 == 0))
            if fives < 0.5 and looks_like_index(series.values[at], version):
                words = (
                    f"looks like the index IAQI (HJ 633-{version}) in place of ug/m3: whole numbers, and none of those "
                    "that an index leaves out"
                )
                found.append(series.finding(at, "index", words))
                break
    return found


def impossible(delivered: Any) -> list[Finding]:
    """
    Files of which so much was set aside as impossible that the file itself must be wrong (RELIABILITY C2: 32, 48).

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> impossible(synthetic_month(size="small"))
    []
    """
    rules = delivered.study.criteria.plausible
    rows: dict[str, list[float]] = {}
    for one in delivered.intake.quarantine:
        if one.rule.startswith(f"{of_study(delivered.study).name} outside"):
            number = _number(one.value)
            rows.setdefault(one.path, []).append(number)
    found = []
    for path, numbers in sorted(rows.items()):
        usual = float(np.nanmedian(numbers)) if np.isfinite(numbers).any() else np.nan
        if len(numbers) < rules.scale_hours:
            continue
        words = (
            f"{len(numbers)} values no air can have were set aside, such as {usual:.4g} as delivered; "
            "is the declared unit the file's?"
        )
        found.append(Finding(path, "the file", delivered.month, len(numbers), "impossible", words))
    return found


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
