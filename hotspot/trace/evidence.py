"""
What a plant's own records say of the hours of an alarm (C14): three tests, each a sentence, none a score.

Evidence changes the order of visits, never the wind's word: who has a sentence is looked at first, in the order
the wind gave. All thresholds are proposals.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

PAST_DAYS = 30  # a plant is compared with itself, so many days back
ABOVE = 1.5  # times its own median at the same hours
FEWEST = 10  # hours of its past that a comparison needs
IDLE = 0.2  # of the usual treatment per production
RUNNING = 0.5  # of its usual production counts as on
EQUAL_HOURS = 6  # equal values in a row
OBSERVED_H = 24  # an observation speaks for alarms so many hours around it
_HAND = ("手工", "人工", "手动", "标记", "manual", "维护", "m")
_NAMES = {"so2": "二氧化硫", "nox": "氮氧化物", "pm": "颗粒物", "flow": "烟气流量", "o2": "含氧量"}


@dataclass(frozen=True)
class Told:
    """One sentence on one facility. ``test``: emission, treatment, record or observation."""

    facility: str
    test: str
    zh: str
    en: str


def told_of_window(evidence: pd.DataFrame, facility: str, start: pd.Timestamp, end: pd.Timestamp) -> list[Told]:
    """
    Every sentence on a facility in the hours of an alarm.

    Parameters
    ----------
    evidence : DataFrame, from ``read_evidence``
    facility : str, as in ``evidence``
    start, end : Timestamp, local; ``end`` is the first hour after

    Returns
    -------
    list of Told: emission, treatment, record, observation in this order; empty where nothing stands out

    Examples
    --------
    >>> time = pd.date_range("2025-11-01", "2025-12-03 23:00", freq="h")
    >>> pm = pd.DataFrame({"layout": "cems", "facility": "F", "time": time, "quantity": "pm", "unit": "mg/m3",
    ...     "state": "", "value": np.where(time >= pd.Timestamp("2025-12-03 04:00"), 30.0, 10.0) + time.hour / 100})
    >>> [t.zh for t in told_of_window(pm, "F", pd.Timestamp("2025-12-03 04:00"), pd.Timestamp("2025-12-03 07:00"))]
    ['颗粒物排放浓度为本企业近30天同时段中位数的3.0倍（对比90个小时）']
    """
    own = evidence[evidence["facility"] == facility]
    if not len(own):
        return []
    said = [
        *_emission(own, start, end), *_treatment(own, start, end), *_record(own, start, end),
        *_observed(own, start, end),
    ]  # fmt: skip
    return [Told(facility, *one) for one in said]


def visiting_order(sources: pd.DataFrame, told: Sequence[Told]) -> pd.DataFrame:
    """
    Sources with a sentence first, each group as the wind ordered it; ``share`` and all else stay.

    Parameters
    ----------
    sources : DataFrame ``facility, order`` ..., from ``sources_of_hours``
    told : sequence of Told; an observation alone moves nobody

    Examples
    --------
    >>> sources = pd.DataFrame({"facility": ["A", "B", "C"], "order": [1, 2, 3], "share": [0.6, 0.3, 0.1]})
    >>> moved = visiting_order(sources, [Told("C", "treatment", "", "")])
    >>> moved[["facility", "order", "share"]].values.tolist()
    [['C', 1, 0.1], ['A', 2, 0.6], ['B', 3, 0.3]]
    """
    named = {one.facility for one in told if one.test != "observation"}
    later = ~sources["facility"].isin(named)
    moved = sources.assign(later=later).sort_values(["later", "order"], kind="stable", ignore_index=True)
    out = moved.drop(columns="later").assign(order=np.arange(1, len(moved) + 1))
    out.attrs = dict(sources.attrs)
    return out


def _series(own: pd.DataFrame, quantity: str) -> pd.Series:
    part = own[own["quantity"] == quantity]
    values = pd.Series(pd.to_numeric(part["value"], errors="coerce").to_numpy(), index=pd.DatetimeIndex(part["time"]))
    return values[~values.index.duplicated(keep="last")].sort_index()


def _emission(own: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> Iterator[tuple[str, str, str]]:
    """Test 1: emission above its own median at the same hours of day; mass where the flow is known."""
    flow = _series(own, "flow")
    for quantity in ("pm", "so2", "nox"):
        values = _series(own, quantity)
        if not len(values):
            continue
        mass = values * flow.reindex(values.index)
        what_zh, what_en = "排放浓度", "concentration"
        if mass[start : end - pd.Timedelta(1)].notna().any():
            values, what_zh, what_en = mass, "排放量", "emission"
        now = values[start : end - pd.Timedelta(1)].dropna()
        past = values[start - pd.Timedelta(days=PAST_DAYS) : start - pd.Timedelta(1)].dropna()
        past = past[past.index.hour.isin(now.index.hour)]
        if not len(now) or len(past) < FEWEST or past.median() <= 0:
            continue
        ratio = float(now.mean() / past.median())
        if ratio >= ABOVE:
            yield (
                "emission",
                f"{_NAMES[quantity]}{what_zh}为本企业近{PAST_DAYS}天同时段中位数的{ratio:.1f}倍（对比{len(past)}个小时）",
                f"{quantity} {what_en} {ratio:.1f} times its own median at these hours in {PAST_DAYS} d, n {len(past)}",
            )


def _treatment(own: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> Iterator[tuple[str, str, str]]:
    """Test 2: production runs while its treatment takes less than a fifth of the power it usually takes."""
    process, treatment = _series(own, "kwh_process"), _series(own, "kwh_treatment")
    both = pd.DataFrame({"process": process, "treatment": treatment}).dropna()
    past = both[start - pd.Timedelta(days=PAST_DAYS) : start - pd.Timedelta(1)]
    now = both[start : end - pd.Timedelta(1)]
    on = past[past["process"] > 0]
    if not len(now) or len(on) < FEWEST:
        return
    usual = float((on["treatment"] / on["process"]).median())
    running = now["process"].mean() >= RUNNING * on["process"].median()
    if not running or usual <= 0:
        return
    ratio = float(now["treatment"].sum() / now["process"].sum()) / usual
    if ratio < IDLE:
        yield (
            "treatment",
            f"生产用电正常，治理用电只有平常比例的{100 * ratio:.0f}%：治理设施疑似未运行（对比{len(on)}个小时）",
            f"production runs, treatment takes {100 * ratio:.0f} % of its usual power: it may stand still, n {len(on)}",
        )


def _record(own: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> Iterator[tuple[str, str, str]]:
    """Test 3: hours without a record, six equal values in a row, hours marked by hand."""
    cems = own[own["layout"] == "cems"]
    if not len(cems):
        return
    wanted = pd.date_range(start.floor("h"), end - pd.Timedelta(1), freq="h")
    for quantity in ("pm", "so2", "nox"):
        values = _series(cems, quantity)
        if not len(values):
            continue
        missing = int(values.reindex(wanted).isna().sum())
        if missing:
            yield (
                "record",
                f"{_NAMES[quantity]}在线监测记录缺失{missing}小时（共{len(wanted)}小时）",
                f"{quantity} record lacks {missing} of {len(wanted)} hours",
            )
        run = _longest_equal(values[start - pd.Timedelta(hours=24) : end - pd.Timedelta(1)], wanted)
        if run >= EQUAL_HOURS:
            yield (
                "record",
                f"{_NAMES[quantity]}在线监测连续{run}小时数值相同",
                f"{quantity} record holds the same value for {run} hours",
            )
    marked = cems[(cems["time"] >= start) & (cems["time"] < end)]
    hands = marked[[_by_hand(str(state)) for state in marked["state"]]]["time"].nunique()
    if hands:
        yield "record", f"在线监测有{hands}小时带人工标记", f"{hands} hours of the record are marked by hand"


def _by_hand(state: str) -> bool:
    plain = state.strip().lower()
    return plain in _HAND or any(word in plain for word in _HAND[:4])


def _longest_equal(values: pd.Series, wanted: pd.DatetimeIndex) -> int:
    """Hours of the longest run of equal values that reaches into the window."""
    longest = run = 0
    reaches = False
    before = None
    for time, value in values.items():
        same = (
            before is not None and value == value and value == before[1] and time - before[0] == pd.Timedelta(hours=1)
        )
        run = run + 1 if same else 1
        reaches = (reaches if same else False) or time in wanted
        if reaches:
            longest = max(longest, run)
        before = (time, value)
    return longest


def _observed(own: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> Iterator[tuple[str, str, str]]:
    notes = own[own["layout"] == "observation"]
    around = pd.Timedelta(hours=OBSERVED_H)
    for row in notes[(notes["time"] >= start - around) & (notes["time"] < end + around)].itertuples():
        yield (
            "observation",
            f"观察（{row.time:%m-%d %H:%M}）：{row.value}",
            f"observed {row.time:%m-%d %H:%M}: {row.value}",
        )
