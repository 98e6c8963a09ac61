"""
What is known at a place itself of the hours of an alarm (C14, B4): tests, each a sentence, none a score.

Stack records, power meters, dust monitors, cameras, road-side remote sensing of vehicles, satellites, observers.
Evidence changes the order of visits, never the wind's word: who has a sentence is looked at first, in the order
the wind gave. Thresholds: ``rules.evidence``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hotspot.rules.evidence import Evidence
from hotspot.variables import VARIABLES

_RULE = Evidence()
_HAND = ("手工", "人工", "手动", "标记", "manual", "维护", "m")
_NAMES = {"so2": VARIABLES["so2"].zh, "nox": "氮氧化物", "pm": "颗粒物", "pm10": "PM10", "tsp": "总悬浮颗粒物"}
_STACK = ("pm", "so2", "nox")
SEEN = {"smoke": ("冒烟", "smoke"), "dust": ("扬尘", "dust"), "uncovered": ("物料未苫盖", "uncovered material"),
        "fire": ("明火", "fire")}  # fmt: skip
# What was seen at another time than the alarm's hours moves nobody.
_BESIDE = ("observation", "satellite")

_Said = Iterator[tuple[str, str, str]]


@dataclass(frozen=True)
class Told:
    """One sentence on one place. ``test``: emission, treatment, record, video, vehicle, satellite or observation."""

    facility: str
    test: str
    zh: str
    en: str


def told_of_window(
    evidence: pd.DataFrame, facility: str, start: pd.Timestamp, end: pd.Timestamp, rule: Evidence = _RULE
) -> list[Told]:
    """
    Every sentence on a facility in the hours of an alarm.

    Parameters
    ----------
    evidence : DataFrame, from ``read_evidence``
    facility : str, as in ``evidence``
    start, end : Timestamp, local; ``end`` is the first hour after

    Returns
    -------
    list of Told: emission, treatment, record, video, vehicle, satellite, observation in this order; empty where
    nothing stands out

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
    tests = (_emission, _treatment, _record, _video, _vehicles, _satellite, _observed)
    said = [one for test in tests for one in test(own, start, end, rule)]
    return [Told(facility, *one) for one in said]


def visiting_order(sources: pd.DataFrame, told: Sequence[Told]) -> pd.DataFrame:
    """
    Sources with a sentence first, each group as the wind ordered it; ``share`` and all else stay.

    Parameters
    ----------
    sources : DataFrame ``facility, order`` ..., from ``sources_of_hours``
    told : sequence of Told; what was seen at other hours, by an observer or a satellite, moves nobody

    Examples
    --------
    >>> sources = pd.DataFrame({"facility": ["A", "B", "C"], "order": [1, 2, 3], "share": [0.6, 0.3, 0.1]})
    >>> moved = visiting_order(sources, [Told("C", "treatment", "", "")])
    >>> moved[["facility", "order", "share"]].values.tolist()
    [['C', 1, 0.1], ['A', 2, 0.6], ['B', 3, 0.3]]
    """
    named = {one.facility for one in told if one.test not in _BESIDE}
    later = ~sources["facility"].isin(named)
    moved = sources.assign(later=later).sort_values(["later", "order"], kind="stable", ignore_index=True)
    out = moved.drop(columns="later").assign(order=np.arange(1, len(moved) + 1))
    out.attrs = dict(sources.attrs)
    return out


def _series(own: pd.DataFrame, quantity: str) -> pd.Series:
    part = own[own["quantity"] == quantity]
    values = pd.Series(pd.to_numeric(part["value"], errors="coerce").to_numpy(), index=pd.DatetimeIndex(part["time"]))
    return values[~values.index.duplicated(keep="last")].sort_index()


def _emission(own: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp, rule: Evidence) -> _Said:
    """Test 1: emission above its own median at the same hours of day; mass where the flow is known."""
    flow = _series(own, "flow")
    for quantity in (*_STACK, "pm10", "tsp"):
        values = _series(own, quantity)
        if not len(values):
            continue
        mass = values * flow.reindex(values.index)
        what_zh, what_en = "排放浓度" if quantity in _STACK else "扬尘监测浓度", "concentration"
        if mass[start : end - pd.Timedelta(1)].notna().any():
            values, what_zh, what_en = mass, "排放量", "emission"
        now = values[start : end - pd.Timedelta(1)].dropna()
        past = values[start - pd.Timedelta(days=rule.past_days) : start - pd.Timedelta(1)].dropna()
        past = past[past.index.hour.isin(now.index.hour)]
        if not len(now) or len(past) < rule.fewest_hours or past.median() <= 0:
            continue
        ratio = float(now.mean() / past.median())
        if ratio >= rule.above:
            yield (
                "emission",
                f"{_NAMES[quantity]}{what_zh}为本企业近{rule.past_days}天同时段中位数的{ratio:.1f}倍"
                f"（对比{len(past)}个小时）",
                f"{quantity} {what_en} {ratio:.1f} times its"
                f" own {rule.past_days} d median at these hours, n {len(past)}",
            )


def _treatment(own: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp, rule: Evidence) -> _Said:
    """Test 2: production runs while its treatment takes less than a fifth of the power it usually takes."""
    process, treatment = _series(own, "kwh_process"), _series(own, "kwh_treatment")
    both = pd.DataFrame({"process": process, "treatment": treatment}).dropna()
    past = both[start - pd.Timedelta(days=rule.past_days) : start - pd.Timedelta(1)]
    now = both[start : end - pd.Timedelta(1)]
    on = past[past["process"] > 0]
    if not len(now) or len(on) < rule.fewest_hours:
        return
    usual = float((on["treatment"] / on["process"]).median())
    running = now["process"].mean() >= rule.running * on["process"].median()
    if not running or usual <= 0:
        return
    ratio = float(now["treatment"].sum() / now["process"].sum()) / usual
    if ratio < rule.idle:
        yield (
            "treatment",
            f"生产用电正常，治理用电只有平常比例的{100 * ratio:.0f}%：治理设施疑似未运行（对比{len(on)}个小时）",
            f"production runs, treatment takes {100 * ratio:.0f} % of its usual power: it may stand still, n {len(on)}",
        )


def _record(own: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp, rule: Evidence) -> _Said:
    """Test 3: hours without a record, six equal values in a row, hours marked by hand."""
    cems = own[own["layout"] == "cems"]
    if not len(cems):
        return
    wanted = pd.date_range(start.floor("h"), end - pd.Timedelta(1), freq="h")
    for quantity in _STACK:
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
        if run >= rule.equal_hours:
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


def _observed(own: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp, rule: Evidence) -> _Said:
    notes = own[own["layout"] == "observation"]
    around = pd.Timedelta(hours=rule.observed_hours)
    for row in notes[(notes["time"] >= start - around) & (notes["time"] < end + around)].itertuples():
        yield (
            "observation",
            f"观察（{row.time:%m-%d %H:%M}）：{row.value}",
            f"observed {row.time:%m-%d %H:%M}: {row.value}",
        )


def _video(own: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp, rule: Evidence) -> _Said:
    """What cameras recognised in the very hours: hours with it and how often."""
    rows = own[(own["layout"] == "video") & (own["time"] >= start) & (own["time"] < end)]
    times = pd.to_numeric(rows["value"], errors="coerce")
    for quantity, (zh, en) in SEEN.items():
        held = (rows["quantity"] == quantity) & (times > 0)
        hours, n = rows.loc[held, "time"].dt.floor("h").nunique(), times[held].sum()
        if hours:
            yield "video", f"视频监控识别{zh}{n:g}次（{hours}个小时）", f"camera: {en} {n:g} times in {hours} h"


def _vehicles(own: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp, rule: Evidence) -> _Said:
    """Share of vehicles beyond the limit against the site's own at the same hours (B4); no vehicle is named."""
    both = pd.DataFrame({"passed": _series(own, "passed"), "exceeded": _series(own, "exceeded")}).dropna()
    now = both[start : end - pd.Timedelta(1)].sum()
    past = both[start - pd.Timedelta(days=rule.past_days) : start - pd.Timedelta(1)]
    past = past[past.index.hour.isin(pd.date_range(start.floor("h"), end - pd.Timedelta(1), freq="h").hour)]
    usual = past.sum()
    if now["passed"] < rule.vehicles or len(past) < rule.fewest_hours or usual["exceeded"] <= 0:
        return
    share = now["exceeded"] / now["passed"]
    ratio = share / (usual["exceeded"] / usual["passed"])
    if ratio >= rule.above:
        counts = f"{now['exceeded']:g}/{now['passed']:g}"
        yield (
            "vehicle",
            f"机动车尾气遥感超标率{100 * share:.1f}%（{counts}辆），为本点近{rule.past_days}天同时段的{ratio:.1f}倍",
            f"remote sensing: {100 * share:.1f} % of vehicles exceed ({counts}), {ratio:.1f} times usual",
        )


def _satellite(own: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp, rule: Evidence) -> _Said:
    """The hottest overpass around the alarm; the latest picture of bare ground of the past."""
    rows = own[own["layout"] == "satellite"]
    rows = rows.assign(number=pd.to_numeric(rows["value"], errors="coerce")).dropna(subset=["number"])
    around = pd.Timedelta(hours=rule.observed_hours)
    near = rows[(rows["time"] >= start - around) & (rows["time"] < end + around) & (rows["quantity"] == "thermal")]
    for row in near[near["number"] >= rule.hot_k].nlargest(1, "number").itertuples():
        yield (
            "satellite",
            f"卫星热异常（{row.time:%m-%d %H:%M}过境）：亮温{row.number:.0f}K",
            f"satellite {row.time:%m-%d %H:%M}: thermal anomaly, {row.number:.0f} K",
        )
    since = start - pd.Timedelta(days=rule.past_days)
    bare = rows[(rows["time"] >= since) & (rows["time"] < end) & (rows["quantity"] == "bare") & (rows["number"] > 0)]
    for row in bare.sort_values("time").tail(1).itertuples():
        yield (
            "satellite",
            f"卫星影像（{row.time:%m-%d}）：裸土{row.number:.0f}平方米",
            f"satellite image {row.time:%m-%d}: {row.number:.0f} m2 of bare ground",
        )
