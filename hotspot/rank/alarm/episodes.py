"""
From candidate hours to alarms: hours that follow each other in one cell are one
episode with a start, an end, a peak and a count.
"""

import numpy as np
import pandas as pd

from hotspot.kernels.alarms import spells
from hotspot.rank.alarm.suppression import PUSHED, SUPPRESSED, UNCONFIRMED, against, words

COLUMNS = (
    "alarm",
    "cell",
    "sub_cell",
    "start",
    "end",
    "hours",
    "peak",
    "mean",
    "neighbours",
    "ratio",
    "z",
    "state",
    "why",
)  # fmt: skip


def merge(table, criteria, *, z_min=None):
    """
    Alarms from candidate hours.

    Parameters
    ----------
    table : DataFrame, from ``alarms.weigh``
        One row per sub-cell and hour above the floor and the ratio.
    criteria : Alarms
    z_min : float, optional
        Least robust z; default and least ``criteria.z_min``.

    Returns
    -------
    DataFrame ``alarm cell sub_cell start end hours peak mean neighbours ratio z state why``,
    by start and cell; see ``alarms.find_alarms``

    Notes
    -----
    Hours of one sub-cell with pauses up to ``merge_hours`` are one spell; it counts if
    ``min_hours`` of them follow each other. Spells of one cell that overlap, or follow each
    other within ``merge_hours``, are one alarm, named after the sub-cell with the highest hour.
    """
    z_min = max(criteria.z_min, criteria.z_min if z_min is None else float(z_min))
    hits = table[table["z"] >= z_min].sort_values(["cell", "sub_cell", "hour"], kind="stable").reset_index(drop=True)
    rows = []
    for cell, inside in hits.groupby("cell", sort=True):
        found = [s for _, one in inside.groupby("sub_cell", sort=True) for s in _spells(one, criteria)]
        for group in _together(found, criteria.merge_hours):
            # Joined before it is asked whether they lasted: so an alarm is final once its pause is over.
            lasting = [s for s in group if s[3]] or [s for s in group if s[2]["ratio"].max() >= criteria.spike_ratio]
            if lasting:
                rows.append(_alarm(str(cell), group, lasting, criteria))
    if not rows:
        return empty()
    alarms = pd.DataFrame(rows, columns=list(COLUMNS)).astype(dict.fromkeys(("start", "end"), "datetime64[ns]"))
    return alarms.sort_values(["start", "cell"], kind="stable", ignore_index=True)


def empty():
    """A table of no alarms, with its columns and types."""
    kinds = dict.fromkeys(COLUMNS, "str")
    kinds |= dict.fromkeys(("peak", "mean", "neighbours", "ratio", "z"), "float64")
    kinds |= {"hours": "int64", "start": "datetime64[ns]", "end": "datetime64[ns]"}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def _spells(one, criteria):
    """Spells of one sub-cell: (first, last, rows, whether it lasted)."""
    hour = one["hour"].to_numpy()
    mask = np.zeros(hour[-1] - hour[0] + 1, bool)
    mask[hour - hour[0]] = True
    found = []
    for first, last, _, longest in spells(mask, criteria.merge_hours).tolist():
        rows = one[(hour >= hour[0] + first) & (hour < hour[0] + last)]
        found.append((int(hour[0]) + first, int(hour[0]) + last, rows, longest >= criteria.min_hours))
    return found


def _together(found, pause):
    """Groups of spells that overlap or follow each other within ``pause`` hours."""
    groups: list[list] = []
    reach = None
    for spell in sorted(found, key=lambda s: (s[0], s[1], s[2]["sub_cell"].iloc[0])):
        if reach is None or spell[0] - reach > pause:
            groups.append([])
            reach = spell[1]
        groups[-1].append(spell)
        reach = max(reach, spell[1])
    return groups


def _alarm(cell, group, lasting, criteria):
    """One row of the table of alarms: the highest of the spells that lasted speaks for all of the group."""
    _, _, rows, lasted = max(lasting, key=lambda s: (s[2]["pm25"].max(), s[2]["sub_cell"].iloc[0]))
    first, last = min(s[0] for s in group), max(s[1] for s in group)
    start = rows["time"].iloc[0] - pd.Timedelta(hours=int(rows["hour"].iloc[0]) - first)
    mean, around = float(rows["pm25"].mean()), float(rows["around"].mean())
    state, why = _judge(rows, lasted, criteria)
    others = sorted({s[2]["sub_cell"].iloc[0] for s in lasting} - {rows["sub_cell"].iloc[0]})
    if others:
        why = "; ".join(filter(None, [why, f"also at {', '.join(name.rsplit('-', 1)[-1] for name in others)}"]))
    return (
        f"A{start:%Y%m%d%H}-{cell}", cell, rows["sub_cell"].iloc[0], start, start + pd.Timedelta(hours=last - first),
        len(rows), float(rows["pm25"].max()), mean, around, mean / around, float(rows["z"].max()), state, why,
    )  # fmt: skip


def _judge(rows, lasted, criteria):
    """State of an alarm, and the reason that half of its hours carry."""
    for reason, mask in against(rows, criteria).items():
        if 2 * mask.sum() >= len(rows):
            return (UNCONFIRMED if reason == "doubtful" else SUPPRESSED), words(reason, rows[mask])
    return (PUSHED, "") if lasted else (UNCONFIRMED, words("short", rows))
