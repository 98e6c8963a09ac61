"""
Every threshold by which an hour, a day or a station is doubted, trusted or pushed: just below, at it, just above.

Each row names the comparison that stands in the code. Turning any of them round makes its own row fail; tried one by
one on:

- ``quality/hours/single.py`` low, high, saturation, spike_height, spike_ratio, spike_shared, change_per_hour,
  flat_level, zero_hours, repeated_hours, heaped_values, heaped_share; ``kernels/flags.py`` flat_hours and
  flat_tolerance (by the rows alone: a compiled loop is not turned round here)
- ``quality/hours/neighbours.py`` residual_probability, residual_z, sustained_z (and its half)
- ``quality/hours/interference.py`` fall_ratio, fall_level, fall_from, fall_hours, fall_longest, fall_recovered,
  humidity_rise, flow_fall, repeated_events
- ``quality/sensors/targets.py`` r2, rmse, nrmse, slope, intercept; ``quality/sensors/transfer.py`` collocated_km,
  mixed_spread, min_hours, common_gain; ``quality/sensors/calibrate.py`` min_hours (twice);
  ``quality/hours/screen.py`` humid
- ``rank/alarm/suppression.py`` regional_rise, regional_share, regional_exempt, min_neighbours, dust_pm10, dust_ratio
  (twice), dust_share, fog_humidity, fog_exempt
- ``rank/alarm/alarms.py`` ratio and floor of the naive count; ``network.py`` ratio, floor, z_min
- ``rank/alarm/persistent.py`` persistent_hours, persistent_days, persistent_budget
- ``workflows/hourly/alarm_desk.py`` outstanding_days
"""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from boundary import COUNTS, at_the_criterion, counted, decided

from hotspot.quality.hours import single
from hotspot.quality.hours.flags import flag as bit_of
from hotspot.quality.hours.interference import evidence, fall_events, fall_ratios
from hotspot.quality.hours.neighbours import Opinion, disagreements
from hotspot.quality.hours.screen import screen
from hotspot.quality.sensors import transfer
from hotspot.quality.sensors.calibrate import _outliers, calibrate
from hotspot.quality.sensors.targets import meets_targets
from hotspot.quality.sensors.transfer import bring
from hotspot.rank.alarm.alarms import naive_hours
from hotspot.rank.alarm.network import candidate_rows
from hotspot.rank.alarm.persistent import find_persistent
from hotspot.rank.alarm.suppression import against, witnesses
from hotspot.rules.criteria import Criteria
from hotspot.workflows.hourly.alarm_desk import _waiting

RULES = Criteria()
SCREEN, ALARMS, CALIBRATE = RULES.screening, RULES.alarms, RULES.calibration
UNKNOWN = np.nan


def flag(name, value):
    return single.gross_range(np.array([[float(value)]]), SCREEN)[name][0, 0]


def spike(height, *, level=0.0, shared=0.0):
    """Is one hour ``height`` above a flat series marked, where the neighbours rose by ``shared`` of it."""
    values, others = np.full((1, 31), float(level)), np.full((1, 31), 40.0)
    values[0, 15] += height
    others[0, 15] += shared
    return single.spikes(values, others, SCREEN)[0, 15]


def flat(n, *, level=50.0, wiggle=0.0):
    values = 60 + np.arange(30.0)[None] * 7
    values[0, 10 : 10 + n] = level + wiggle * (np.arange(n) % 2)
    return single.flat_lines(values, SCREEN)[0, 10 : 10 + n].all()


def copied(n):
    """Is a second day a copy with ``n`` known hours, all equal."""
    day = np.arange(24.0) + 20
    again = np.where(np.arange(24) < n, day, UNKNOWN)
    return single.repeated_days(np.r_[day, again][None], 0, SCREEN)[0, 24]


def heaped(share, n=100):
    values = np.where(np.arange(n) < round(share * n), 25.0, 23.0)[None]
    return single.heaped_digits(values, np.zeros(n), SCREEN).any()


def disagrees(z=9.0, p=0.0, lasting=None):
    """Does hour 30 of a station disagree: by itself, or within a stretch that lasts."""
    space = np.zeros((1, 61)) if lasting is None else np.full((1, 61), lasting)
    space[0, 30] = z
    likely = np.ones((1, 61))
    likely[0, 30] = p
    return disagreements(Opinion(space, space, likely), SCREEN)[0, 30]


def falls(*, ratio=0.1, hours=3, before=1.0):
    """Is so deep a fall, after such a ratio, an event of so many hours."""
    values = np.full((1, hours + 8), 80.0 * before)
    values[0, 4 : 4 + hours] = 80.0 * ratio
    values[0, 4 + hours :] = 80.0
    return len(fall_events(values, np.full(values.shape, 80.0), SCREEN))


def signs(*, wetter=0.0, flow=1.0, days=1):
    """Is a fall in office hours flagged, with so much water, so little flow, on so many days."""
    values = np.full((1, 24 * days), 80.0)
    for day in range(days):
        values[0, 24 * day + 12 : 24 * day + 15] = 20.0
    fell = values < 50
    local = np.datetime64("2020-03-02T00", "h") + np.arange(values.size)
    table, mask = evidence(values, np.full(values.shape, 80.0), local, SCREEN, stations=["s"], names=["s"],
                           humidity=np.where(fell, wetter, 0.0), flow=np.where(fell, flow, 1.0))  # fmt: skip
    assert len(table) == days
    return mask.any()


def meets(**changed):
    found = {"slope": 1.0, "intercept": 0.0, "r2": 1.0, "rmse": 99.0, "nrmse": 0.0} | changed
    return meets_targets(found, CALIBRATE)["all"]


def at(names, lon, values):
    """Stations on one parallel, hourly values."""
    time = np.datetime64("2020-01-01", "ns") + np.arange(len(values[0])) * np.timedelta64(1, "h")
    places = {"station": names, "lon": ("station", lon), "lat": ("station", [40.0] * len(names))}
    return xr.Dataset({"pm25": (("station", "time"), values)}, places | {"time": time})


def mixed(spread):
    """Do two references that differ by this share of their mean teach a station between them."""
    references = at(["r", "s"], [116.1, 115.9], [[100 - 50 * spread], [100 + 50 * spread]])
    return bring(at(["m"], [116.0], [[1.0]]), references, CALIBRATE).teaches[0, 0]


def calibrated(n, lons):
    """How a station with ``n`` hours beside, or between, references is calibrated."""
    truth = 60 + 25 * np.sin(np.arange(200) / 9)
    own = np.where(np.arange(200) < n, 1.3 * truth + np.arange(200) % 3, UNKNOWN)
    references = at(list("rst")[: len(lons)], lons, [truth] * len(lons))
    return calibrate(at(["m"], [116.0], [own]), references)["calibration"].values[0]


def taught(n):
    return transfer._low_ratios(np.zeros((1, 100)), (np.arange(100) < n)[None], CALIBRATE).size


def common(criteria):
    """Is a gain of 1.3 that all stations share taken out."""
    return transfer._common_gain(np.log(np.full((1, 100), 1.3)), np.ones((1, 100), bool), criteria) != 1


def humid(rh):
    network = at(list("abc"), 116 + np.arange(3) / 50, np.full((3, 48), 40.0) + np.arange(48) % 7)
    screened = screen(network.assign(rh2m=network["pm25"] * 0 + rh))
    return (screened["pm25_flags"].values & bit_of("humidity").bit).any()


def candidate(**changed):
    row = {"doubt": 0, "fireworks": -1, "dust_share": 0.0, "pm10_ratio": 0.9, "rh": 50.0, "ratio": 2.0,
           "risen_share": 0.0, "n_asked": 99}  # fmt: skip
    return {reason: bool(spoken[0]) for reason, spoken in against(pd.DataFrame([row | changed]), ALARMS).items()}


def dusty(**changed):
    return candidate(**{"dust_share": 1.0, "pm10_ratio": 0.0} | changed)["dust"]


def foggy(**changed):
    return candidate(**{"rh": 100.0} | changed)["fog"]


def regional(**changed):
    return candidate(**{"risen_share": 1.0} | changed)["regional"]


def told(pm25, pm10, before=40.0):
    pool = {"pm25": np.array([[pm25]]), "pm10": np.array([[pm10]]), "last_day": np.array([[before]])}
    return {k: v[0] for k, v in witnesses(np.array([0]), np.array([[0]]), pool, ALARMS).items()}


def naive(values, around, floor):
    """Does one hour count by the published rule."""
    hours = at(list("abcd"), 116 + np.arange(4) / 100, [[values], [around], [around], [around]])
    return naive_hours(hours, min_hours=1, floor=floor)["hours"][0]


def wanted(*, value=200.0, around=40.0, z=99.0):
    """Is one hour of one place a candidate."""
    network = SimpleNamespace(
        pool={"pm25": np.full((3, 1), around), "last_day": np.full((3, 1), 40.0)},
        names=np.array(list("abc")), doubt=np.zeros((3, 1)), pm10=None, rh=None,
        around=lambda lon, lat, names: np.array([[0, 1, 2]]),
        region=lambda lon, lat, cell: np.full((1, 1), -1),
        error=None, days=np.zeros(1, np.int64),
    )  # fmt: skip
    place = {"lon": np.zeros(1), "lat": np.zeros(1), "cell": np.array(["A"]), "sub_cell": np.array(["A-01"])}
    return len(candidate_rows(network, np.array([[value]]), np.array([[z]]), np.array([0]), place, ALARMS))


def highs(hours, days, cells=1):
    """Weeks in which so many hours on so many days of each of ``cells`` make a persistent high."""
    per_day = np.full(days, hours // days)
    per_day[: hours - per_day.sum()] += 1
    time = pd.DatetimeIndex([pd.Timestamp("2025-12-01") + pd.Timedelta(days=d, hours=h)
                             for d, n in enumerate(per_day) for h in range(n)])  # fmt: skip
    one = pd.DataFrame({"time": time, "pm25": 90.0, "around": 45.0, "ratio": 2.0, "risen_share": 0.0, "n_asked": 9})
    one = one.assign(dust_share=0.0, pm10_ratio=0.7, rh=50.0, fireworks=-1, doubt=0, broken=False)
    table = pd.concat([one.assign(cell=f"K{n}", sub_cell=f"K{n}-01") for n in range(cells)], ignore_index=True)
    table.attrs = {"n_cell": 4, "until": "2025-12-08"}
    found = find_persistent(table, ALARMS)
    return (found["state"] == "persistent").sum()


def waits(days):
    """Is an alarm pushed so many days before the period still named as not answered."""
    first = pd.Timestamp("2025-12-20")
    table = pd.DataFrame({"pushed": [first - pd.Timedelta(days=days)], "answered": [""]})
    return len(_waiting(table, first, first, SimpleNamespace(criteria=RULES)))


ROWS = [
    ("screening.low", "<", 0.1, lambda v: flag("impossible", v)),
    ("screening.high", ">", 1, lambda v: flag("impossible", v)),
    ("screening.saturation", ">=", 1, lambda v: flag("saturation", v)),
    ("screening.spike_height", ">", 1, spike),
    ("screening.spike_ratio", ">", 0.1, lambda r: spike(40 * r, level=40.0)),
    ("screening.spike_shared", "<", 0.01, lambda s: spike(100.0, shared=100 * s)),
    ("screening.change_per_hour", ">", 1, lambda v: single.fast_changes(np.array([[40.0, 40 + v]]), SCREEN)[0, 1]),
    ("screening.flat_hours", ">=", 1, flat),
    ("screening.flat_level", ">=", 1, lambda v: flat(9, level=v)),
    ("screening.zero_hours", ">=", 1, lambda n: single.zero_runs(np.array([[0.0] * n + [1.0]]), SCREEN)[0, 0]),
    ("screening.repeated_hours", ">=", 1, copied),
    ("screening.heaped_share", ">=", 0.01, heaped),
    ("screening.heaped_values", ">=", 1, lambda n: heaped(1.0, n)),
    ("screening.residual_probability", "<", 1e-7, lambda p: disagrees(p=p)),
    ("screening.residual_z", ">", 0.1, lambda z: disagrees(z=z)),
    ("screening.sustained_z", ">", 0.1, lambda z: disagrees(z=9.0, p=1.0, lasting=z)),
    ("screening.fall_ratio", "<=", 0.05, lambda r: falls(ratio=r)),
    ("screening.fall_level", ">=", 1, lambda v: np.isfinite(fall_ratios(np.ones(1), np.array([v]), SCREEN)[0])),
    ("screening.fall_from", ">=", 0.05, lambda r: falls(before=r)),
    ("screening.fall_hours", ">=", 1, lambda n: falls(hours=n)),
    ("screening.fall_longest", "<=", 1, lambda n: falls(hours=n)),
    ("screening.humidity_rise", ">=", 0.5, lambda w: signs(wetter=w)),
    ("screening.flow_fall", ">=", 0.01, lambda f: signs(flow=1 - f)),
    ("screening.repeated_events", ">=", 1, lambda n: signs(days=n)),
    ("screening.humid", ">", 1, humid),
    ("calibration.min_hours", ">=", 1, lambda n: calibrated(n, [116.0]) == "own"),
    ("calibration.min_hours", ">=", 1, lambda n: calibrated(n, [115.9, 116.1]) == "transferred"),
    ("calibration.min_hours", ">=", 1, taught),
    ("calibration.slope", "<=", 0.01, lambda s: meets(slope=1 + s)),
    ("calibration.slope", "<=", 0.01, lambda s: meets(slope=1 - s)),
    ("calibration.intercept", "<=", 0.1, lambda i: meets(intercept=i)),
    ("calibration.r2", ">=", 0.01, lambda r: meets(r2=r)),
    ("calibration.rmse", "<=", 0.1, lambda e: meets(rmse=e, nrmse=9.0)),
    ("calibration.nrmse", "<=", 0.01, lambda e: meets(nrmse=e)),
    ("calibration.mixed_spread", "<=", 0.01, mixed),
    ("alarms.regional_rise", ">=", 0.1, lambda r: told(40 * r, 50.0)["risen_share"]),
    ("alarms.dust_pm10", ">=", 1, lambda v: told(1.0, v)["dust_share"]),
    ("alarms.dust_ratio", "<", 0.01, lambda r: told(1000 * r, 1000.0)["dust_share"]),
    ("alarms.dust_ratio", "<", 0.01, lambda r: dusty(pm10_ratio=r)),
    ("alarms.dust_share", ">=", 0.01, lambda s: dusty(dust_share=s)),
    ("alarms.fog_humidity", ">=", 1, lambda h: foggy(rh=h)),
    ("alarms.fog_exempt", "<", 0.1, lambda r: foggy(ratio=r)),
    ("alarms.regional_share", ">=", 0.01, lambda s: regional(risen_share=s)),
    ("alarms.regional_exempt", "<", 0.1, lambda r: regional(ratio=r)),
    ("alarms.min_neighbours", ">=", 1, lambda n: regional(n_asked=n)),
    ("alarms.ratio", ">=", 0.1, lambda r: naive(40 * r, 40.0, 0.0)),
    ("alarms.floor", ">=", 1, lambda v: naive(v, 1.0, ALARMS.floor)),
    ("alarms.ratio", ">=", 0.1, lambda r: wanted(value=100 * r, around=100.0)),
    ("alarms.floor", ">=", 1, lambda v: wanted(value=v, around=1.0)),
    ("alarms.z_min", ">=", 0.1, lambda z: wanted(z=z)),
    ("alarms.persistent_hours", ">=", 1, lambda n: highs(n, 5)),
    ("alarms.persistent_days", ">=", 1, lambda n: highs(40, n)),
    ("clocks.outstanding_days", "<=", 1, waits),
]  # fmt: skip


test_at_the_criterion = at_the_criterion(ROWS)


def test_of_a_week_as_many_are_sent_as_the_budget_bears():
    """Half an item a cell: of four cells two at most, whether one, two or three are high."""
    assert [highs(40, 5, cells=n) for n in (1, 2, 3)] == [1, 2, 2]
    assert RULES.alarms.persistent_budget * 4 == 2


def test_a_common_gain_is_taken_out_beyond_what_siting_can_feign():
    assert decided(common, CALIBRATE, "common_gain") == COUNTS[">"]


@pytest.mark.parametrize(("name", "base"), [("slope", 1.0), ("intercept", 0.0)])
def test_a_target_bears_a_dust_beyond_its_edge(name, base):
    """1.35 - 1 is a little more than 0.35 in binary; the limit and its dust are together exactly 1 here."""
    criteria = CALIBRATE.model_copy(update={name: 1.0 - 1e-9})
    found = {"slope": 1.0, "intercept": 0.0, "r2": 1.0, "rmse": 0.0, "nrmse": 0.0}
    assert counted(lambda v: meets_targets(found | {name: base + v}, criteria)["all"], 1.0, 0.01) == COUNTS["<="]


def test_within_a_lasting_disagreement_half_of_it_is_the_edge():
    lasting = SCREEN.sustained_z + 1
    assert counted(lambda z: disagrees(z=z, p=1.0, lasting=lasting), SCREEN.sustained_z / 2, 0.1) == COUNTS[">"]


def test_an_event_ends_at_the_hour_that_has_recovered():
    def over(ratio):
        values = np.full((1, 12), 80.0)
        values[0, 4:7], values[0, 7:9] = 20.0, 80.0 * ratio
        return fall_events(values, np.full(values.shape, 80.0), SCREEN)[0, 2] == 7

    assert counted(over, SCREEN.fall_recovered, 0.05) == COUNTS[">="]


def test_an_hour_beyond_the_outliers_does_not_teach():
    """``quality/sensors/calibrate.py`` outlier."""
    values, told = np.full((1, 30), 50.0), np.geomspace(40.0, 80.0, 30)[None]

    def left_out(rules):
        return _outliers(values, told, np.ones((1, 30), bool), rules).any()

    assert decided(left_out, CALIBRATE, "outlier") == COUNTS[">"]


def test_exactly_as_far_as_the_criterion_is_collocated():
    def listens(limit):
        near = at(["r", "s"], [116.001, 116.1], [[50.0], [60.0]])
        return bring(at(["m"], [116.0], [[1.0]]), near, CALIBRATE.model_copy(update={"collocated_km": limit}))

    km = float(listens(1.0).km[0])
    assert counted(lambda limit: listens(limit).collocated[0], km, 1e-9) == (False, True, True)
