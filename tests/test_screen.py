"""Screening: a test for each fault of RELIABILITY C4 that a series can show, laws, twins and an independent peer."""

import csv
import datetime

import naive_flags
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from sensor_town import town

from hotspot.kernels import flags as kernels
from hotspot.quality import single
from hotspot.quality.flags import flag, flagged, mask_of, reasons
from hotspot.quality.interference import inspected_days
from hotspot.quality.screen import interference_evidence, screen, station_report
from hotspot.rules.criteria import Criteria
from hotspot.rules.sensors import FLAGS, Screening
from hotspot.sources.intake import Intake
from hotspot.sources.stations import read_stations
from hotspot.study import Stations
from hotspot.variables import DataError

RULES = Screening()


def hit(screened, name, station=2):
    """Hours of one station under a flag."""
    return np.flatnonzero(flagged(screened["pm25_flags"].values[station], name))


def others(screened, name, station=2):
    """How many hours of all other stations carry a flag."""
    rest = np.arange(screened.sizes["station"]) != station
    return int(flagged(screened["pm25_flags"].values[rest], name).sum())


# The faults, one by one ------------------------------------------------------------------------------------------


def test_a_healthy_town_raises_next_to_nothing():
    screened = screen(town())
    assert (screened["pm25_flags"].values != 0).mean() < 2e-3
    np.testing.assert_array_equal(screened["pm25"], town()["pm25"])


def test_case_64_a_feed_in_utc_is_seen_by_its_neighbours():
    hours = town()
    hours["pm25"][2] = np.roll(hours["pm25"][2].values, -8)
    screened = screen(hours)
    assert screened["clock_lag"].values.tolist() == [0, 0, -8, 0, 0, 0, 0, 0]
    assert "clock: fits its neighbours -8 h off" in station_report(screened)["todo"][2]


def test_case_65_xinjiang_on_beijing_time_has_its_days_by_declaration():
    """The days of a copied day are those of the declared offset, not of a city's zone (Asia/Urumqi would be +6)."""
    hours = town()
    hours["pm25"][2, 240:264] = hours["pm25"].values[2, 216:240]
    assert hit(screen(hours), "repeated_day").tolist() == list(range(240, 264))
    assert hit(screen(hours.assign_attrs(utc_offset=6.0)), "repeated_day").size == 0


@pytest.mark.parametrize(("n", "found"), [(6, 0), (7, 7), (30, 30)])
def test_case_68_more_than_six_zeros(n, found):
    hours = town()
    hours["pm25"][2, 100 : 100 + n] = 0.0
    assert hit(screen(hours), "zero_run").size == found


@pytest.mark.parametrize(("n", "value", "found"), [(5, 60.0, 0), (6, 60.0, 6), (20, 60.0, 20), (20, 4.0, 0)])
def test_case_69_the_same_value_for_six_hours_above_the_rounding_level(n, value, found):
    hours = town()
    hours["pm25"][2, 99], hours["pm25"][2, 100 : 100 + n], hours["pm25"][2, 100 + n] = 61.0, value, 62.5
    assert hit(screen(hours), "flat_line").size == found


def test_case_70_a_copied_day_and_not_the_original():
    hours = town()
    hours["pm25"][2, 48:72] = hours["pm25"].values[2, 24:48]
    screened = screen(hours)
    assert hit(screened, "repeated_day").tolist() == list(range(48, 72)) and others(screened, "repeated_day") == 0
    hours["pm25"][2, 60] += 0.1  # one hour differs: no copy
    assert hit(screen(hours), "repeated_day").size == 0


def test_case_71_noise_below_zero_is_kept_and_a_fault_is_not():
    hours = town()
    hours["pm25"][2, 10:13] = -3.0
    hours["pm25"][2, 50] = -50.0
    screened = screen(hours)
    assert hit(screened, "negative").tolist() == [10, 11, 12] and hit(screened, "impossible").tolist() == [50]
    assert np.isnan(screened["pm25"].values[2, 50]) and screened["pm25_raw"].values[2, 50] == -50.0
    assert screened["pm25"].values[2, 10] == -3.0


@pytest.mark.parametrize("top", [985.0, 1000.0, 2000.0])
def test_case_72_the_top_of_the_range(top):
    hours = town()
    hours["pm25"][2, 10:12] = top
    screened = screen(hours)
    assert hit(screened, "saturation").tolist() == [10, 11] and screened["pm25"].values[2, 10] == top


def test_case_73_a_spike_of_ten_with_calm_neighbours_stays_in_the_numbers():
    hours = town()
    hours["pm25"][2, 300] *= 10
    screened = screen(hours)
    assert hit(screened, "spike").tolist() == [300] and others(screened, "spike") == 0
    assert 300 in hit(screened, "neighbours")
    assert screened["pm25"].values[2, 300] == hours["pm25"].values[2, 300]
    assert screened["pm25_probability"].values[2, 300] < 1e-9


def test_case_73_a_spike_that_the_whole_town_shows_is_none():
    hours = town()
    hours["pm25"][:, 300] *= 10  # fireworks
    assert not flagged(screen(hours)["pm25_flags"].values, "spike").any()


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_case_74_a_drift_of_one_a_day_asks_for_calibration(sign):
    hours = town() + 0
    hours.attrs["utc_offset"] = 8.0
    hours["pm25"][:] = hours["pm25"] + 40
    hours["pm25"][2] += sign * np.arange(720) / 24
    screened = screen(hours)
    assert hit(screened, "drift").size > 500 and others(screened, "drift") == 0
    assert abs(float(screened["drift_per_day"][2]) - sign) < 0.35
    assert "calibrate: drifts" in station_report(screened)["todo"][2]


def test_case_75_humid_hours_by_the_station_or_by_the_weather():
    humid = np.where(np.arange(720) % 50 < 5, 96.0, 60.0)
    hours = town(rh2m=lambda values: np.broadcast_to(humid, values.shape).copy())
    assert hit(screen(hours), "humidity").tolist() == np.flatnonzero(humid > 90).tolist()
    weather = xr.Dataset({"rh2m": ("time", humid)}, {"time": town()["time"]})
    assert hit(screen(town(), weather=weather), "humidity").tolist() == np.flatnonzero(humid > 90).tolist()


def test_case_75_humidity_of_a_grid_is_the_nearest_point_s():
    humid = np.zeros((720, 2, 2)) + 50.0
    humid[10:20, 0, 0] = 97.0
    grid = xr.Dataset(
        {"rh2m": (("time", "lat", "lon"), humid)}, {"time": town()["time"], "lat": [40.0, 41.0], "lon": [116.0, 116.06]}
    )
    screened = screen(town(), weather=grid)
    assert hit(screened, "humidity", 0).tolist() == list(range(10, 20)) and hit(screened, "humidity", 7).size == 0


def test_case_76_interference_is_evidence_for_a_person():
    wet = np.full((8, 720), 60.0)
    hours = town()
    for day in (7, 8, 9):
        hours["pm25"][2, 24 * day + 9 : 24 * day + 15] *= 0.3
        wet[2, 24 * day + 9 : 24 * day + 15] = 88.0
    hours["rh2m"] = (("station", "time"), wet)
    screened = screen(hours)
    table = interference_evidence(screened)
    assert table["station"].tolist() == ["m2"] * 3 and table["flagged"].all()
    assert table["start"].tolist() == [pd.Timestamp(2020, 3, 1 + day, 9) for day in (7, 8, 9)]
    assert (table["humidity_change"] > 20).all() and (table["ratio"] < 0.4).all()
    assert "in office hours on 3 days" in table["signs"][0]
    assert hit(screened, "interference").size == 18
    np.testing.assert_array_equal(screened["pm25"], hours["pm25"])  # nothing was deleted


def test_case_76_a_front_that_arrives_here_first_is_listed_and_not_flagged():
    hours = town()
    hours["pm25"][2, 200:203] *= 0.2
    screened = screen(hours)
    table = interference_evidence(screened)
    assert len(table) == 1 and not table["flagged"][0] and hit(screened, "interference").size == 0


def test_case_76_a_blocked_inlet_shows_in_the_flow():
    hours = town(flow=lambda values: np.full(values.shape, 16.7))
    hours["pm25"][2, 200:206] *= 0.3
    hours["flow"][2, 200:206] = 12.0
    table = interference_evidence(screen(hours))
    assert table["signs"].tolist() == ["flow fell"] and abs(table["flow_change"][0] + 0.281) < 1e-3


def test_case_77_lower_only_on_inspected_days():
    rng = np.random.default_rng(0)
    expected = rng.uniform(40, 90, 60)
    inspected = np.arange(60) % 7 == 3
    honest = expected * np.exp(rng.normal(0, 0.1, 60))
    found = inspected_days(np.where(inspected, 0.6, 1.0) * honest, expected, inspected)
    assert found["probability"] < 0.002 and 0.5 < found["ratio"] < 0.72
    assert inspected_days(honest, expected, inspected)["probability"] > 0.05
    assert np.isnan(inspected_days(honest[:5], expected[:5], inspected[:5])["probability"])


def test_case_78_pm25_above_pm10_is_a_flag_only():
    hours = town(pm10=lambda values: values * 1.4)
    hours["pm10"][2, 20:30] = hours["pm25"].values[2, 20:30] - 1
    screened = screen(hours)
    assert hit(screened, "pm25_above_pm10").tolist() == list(range(20, 30))
    assert np.isfinite(screened["pm25"].values[2, 20:30]).all()


def test_case_79_heaped_digits():
    hours = town()
    hours["pm25"][2] = 5 * np.round(hours["pm25"][2] / 5)
    hours["pm25"][4] = np.round(hours["pm25"][4])
    screened = screen(hours)
    assert hit(screened, "digits_heaped").size == 720 and hit(screened, "digits_heaped", 4).size == 720
    whole = hours.copy()
    whole["pm25"] = np.round(town()["pm25"])  # where all report whole numbers nobody is suspect
    assert not flagged(screen(whole)["pm25_flags"].values, "digits_heaped").any()


def test_case_87_the_online_rate_of_a_silent_station():
    hours = town()
    hours["pm25"][2, :216] = np.nan
    screened = screen(hours)
    assert screened["online_share"].values[2] == pytest.approx(0.7)
    assert not flagged(screened["pm25_flags"].values[2, :216]).any()


def test_a_lasting_disagreement_is_seen_though_its_own_hours_agree():
    hours = town()
    hours["pm25"][2, 300:396] *= 2.5
    screened = screen(hours)
    assert np.isin(np.arange(310, 386), hit(screened, "neighbours")).mean() > 0.9
    assert others(screened, "neighbours") <= 2


def test_a_reference_station_is_a_neighbour_too():
    hours = town(n_station=3)
    assert np.isnan(screen(hours)["pm25_expected"]).all()  # two neighbours are no opinion
    reference = town(n_station=6).isel(station=slice(3, None))
    assert np.isfinite(screen(hours, reference=reference)["pm25_expected"]).all()


# Laws ------------------------------------------------------------------------------------------------------------


def damaged(seed=0):
    rng = np.random.default_rng(seed)
    hours = town(n_station=6, n_hour=240, seed=seed)
    for value in (-50.0, 0.0, 985.0, 3000.0, 400.0, np.nan, -2.0):
        where = rng.integers(0, 6, 4), rng.integers(0, 240, 4)
        hours["pm25"].values[where] = value
    return hours


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), names=st.sets(st.sampled_from(FLAGS), max_size=4))
def test_hours_are_conserved_and_a_screened_hour_never_returns(seed, names):
    """Delivered = counting + excluded; raw is raw; screening again, however mildly, brings nothing back."""
    hours = damaged(seed)
    criteria = Criteria(screening=Screening(excluding_flags=tuple(sorted(names))))
    screened = screen(hours, criteria=criteria)
    out = (screened["pm25_flags"].values & mask_of(names)) != 0
    raw, counting = screened["pm25_raw"].values, np.isfinite(screened["pm25"].values)
    np.testing.assert_array_equal(raw, hours["pm25"].values)
    assert np.isfinite(raw).sum() == counting.sum() + (out & np.isfinite(raw)).sum()
    assert not (out & counting).any()
    again = screen(screened, criteria=Criteria(screening=Screening(excluding_flags=())))
    assert not (np.isnan(screened["pm25"].values) & np.isfinite(again["pm25"].values)).any()
    np.testing.assert_array_equal(again["pm25_flags"], screened["pm25_flags"])
    np.testing.assert_array_equal(again["pm25_raw"], raw)


@settings(max_examples=10, deadline=None)
@given(order=st.permutations(range(6)))
def test_the_order_of_stations_changes_nothing(order):
    hours = damaged()
    want, got = screen(hours), screen(hours.isel(station=list(order)))
    for name in ("pm25", "pm25_flags", "pm25_expected", "pm25_probability", "clock_lag", "drift_per_day"):
        np.testing.assert_array_equal(want[name].isel(station=list(order)), got[name])


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 99), cut=st.integers(1, 700))
def test_order_duplication_and_splitting_of_files_change_no_flag(tmp_path_factory, seed, cut):
    rng = np.random.default_rng(seed)
    hours = damaged(1).isel(time=slice(0, 120))
    rows = [
        [str(station), str(time)[:16].replace("T", " "), 116.01 + 0.011 * k, 40.0123, value]
        for k, station in enumerate(hours["station"].values)
        for time, value in zip(hours["time"].values + np.timedelta64(8, "h"), hours["pm25"].values[k], strict=True)
        if -5 <= value <= 2000
    ]
    shuffled = [rows[k] for k in rng.permutation(len(rows))]
    told = []
    for files in ([rows], [shuffled[:cut], shuffled[cut:] + shuffled[:7]]):
        root = tmp_path_factory.mktemp("micro")
        for number, part in enumerate(files):
            with open(root / f"{number}.csv", "w", newline="", encoding="utf-8") as stream:
                csv.writer(stream).writerows([["station", "time", "lon", "lat", "pm25"], *part])
        means = {"unit": "ug/m3", "time_zone": "+08:00", "hour_label": "start", "datum": "wgs84", "role": "micro"}
        intake = Intake(root)
        told.append(
            screen(read_stations(Stations(layout="long", files=["*.csv"], **means), root, intake, utc_offset=8))
        )
        intake.check()
    xr.testing.assert_identical(told[0], told[1])


def test_months_that_do_not_touch_are_screened_apart():
    hours = town(n_hour=1440)
    apart = hours.isel(time=np.r_[0:480, 960:1440])
    whole = screen(apart)
    np.testing.assert_array_equal(
        whole["pm25_flags"].values[:, :480], screen(hours.isel(time=slice(0, 480)))["pm25_flags"].values
    )


def test_only_listed_flags_exclude_and_unknown_ones_are_refused():
    hours = town()
    hours["pm25"][2, 300] *= 10
    rule = Criteria(screening=Screening(excluding_flags=("impossible", "spike")))
    assert np.isnan(screen(hours, criteria=rule)["pm25"].values[2, 300])
    with pytest.raises(ValueError, match="'spikes' is no flag; there are: impossible"):
        Screening(excluding_flags=("spikes",))
    assert Criteria().screening.excluding_flags == ("impossible",)  # GB 3095-2026 6.4: all valid data take part


def test_every_flag_has_one_bit_and_words_in_two_languages():
    bits = [flag(name).bit for name in FLAGS]
    assert bits == [1 << k for k in range(len(FLAGS))]
    assert all(flag(name).words and flag(name).zh for name in FLAGS)
    assert reasons(mask_of(FLAGS), language="zh") == [flag(name).zh for name in FLAGS]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.drop_vars("pm25"), "there is no pm25"),
        (lambda d: d.isel(time=[0, 0, 1]), "twice or out of order"),
        (lambda d: d.isel(station=[0, 0]), "'m0' is there twice"),
        (lambda d: d.assign_coords(time=d["time"] + np.timedelta64(15, "m")), "not whole hours"),
    ],
)
def test_case_66_and_others_are_refused(change, message):
    with pytest.raises(DataError, match=message):
        screen(change(town(n_hour=48)))


# Twins and peers -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def series():
    rng = np.random.default_rng(5)
    values = np.round(rng.normal(30, 6, (4, 90)))
    values[rng.random(values.shape) < 0.1] = np.nan
    values[1, 20:31] = 25.0
    return values


def test_kernels_are_their_plain_loops(series):
    mask = series > 28
    np.testing.assert_array_equal(kernels.run_lengths(mask), naive_flags.run_lengths(mask.tolist()))
    for n, tolerance in ((3, 0.0), (4, 5.0), (6, 0.0)):
        np.testing.assert_array_equal(
            kernels.flat_windows(series, n, tolerance), naive_flags.flat_windows(series.tolist(), n, tolerance)
        )
    np.testing.assert_array_equal(kernels.spike_heights(series), naive_flags.spike_heights(series.tolist()))
    np.testing.assert_allclose(
        kernels.local_medians(series, 3, 3), naive_flags.local_medians(series.tolist(), 3, 3), rtol=0
    )
    near = np.array([[1, 2, 3], [0, 2, -1], [0, 1, 3]])
    np.testing.assert_allclose(
        kernels.neighbour_medians(series, near, 2), naive_flags.neighbour_medians(series.tolist(), near.tolist(), 2)
    )


def test_window_slopes_are_theil_sen(series):
    from scipy.stats import theilslopes

    slope, tau, scatter = kernels.window_slopes(series, 12, 8)
    for row in range(4):
        for last in range(11, 90):
            window = [(t, series[row, t]) for t in range(last - 11, last + 1) if np.isfinite(series[row, t])]
            if len(window) < 8:
                assert np.isnan(slope[row, last])
                continue
            want = naive_flags.window_slope(window)
            np.testing.assert_allclose((slope[row, last], tau[row, last], scatter[row, last]), want, atol=1e-9)
            assert slope[row, last] == pytest.approx(theilslopes(*np.array(window).T[::-1])[0])


def test_qartod_tests_agree_with_ioos_qc(series):
    qartod = pytest.importorskip("ioos_qc.qartod", reason="the peer of the flags is not installed")
    start = datetime.datetime(2020, 3, 1)
    time = np.array([start + datetime.timedelta(hours=k) for k in range(90)], dtype="datetime64[s]")
    for row in series:
        theirs = qartod.spike_test(row, suspect_threshold=7.0, fail_threshold=1e9, method="differential")
        np.testing.assert_array_equal(theirs == 3, np.nan_to_num(np.abs(kernels.spike_heights(row[None])[0])) > 7.0)
        theirs = qartod.rate_of_change_test(row, time, threshold=8.0 / 3600)
        ours = single.fast_changes(row[None], RULES.model_copy(update={"change_per_hour": 8.0}))[0]
        np.testing.assert_array_equal(theirs == 3, ours)
        theirs = qartod.gross_range_test(row, fail_span=(20, 40))
        ours = single.gross_range(row[None], RULES.model_copy(update={"low": 20.0, "high": 40.0}))["impossible"][0]
        np.testing.assert_array_equal(theirs == 4, ours)
    whole = np.nan_to_num(series, nan=11.0)  # the peer skips holes inside a window, we do not judge over them
    for row in whole:
        # The peer marks the last hour of a flat window of five steps, we mark all six hours of it.
        theirs = qartod.flat_line_test(row, time, suspect_threshold=5 * 3600, fail_threshold=10**9, tolerance=1e-9)
        ends = np.flatnonzero(np.asarray(theirs) == 3)
        want = np.zeros(90, bool)
        for end in ends:
            want[end - 5 : end + 1] = True
        np.testing.assert_array_equal(kernels.flat_windows(row[None], 6, 0.0)[0], want)


def test_beijing_hours_are_marked_no_oftener_than_the_national_network(shared):
    """Wu 2018 marks 0.65 to 5.68 % of hours by pollutant; honest stations must not drown in flags."""
    means = {"datum": "wgs84", "unit": "ug/m3", "time_zone": "+08:00", "hour_label": "end"}
    delivery = Stations(
        layout="quotsoft",
        files=["beijing_quotsoft_daily/csv/beijing_all_201612*.csv"],
        coordinates="beijing_quotsoft_daily/stations_joined_derived.csv",
        **means,
    )
    hours = read_stations(delivery, shared, Intake(shared), utc_offset=8, months=["2016-12"])
    screened = screen(hours)
    seen = np.isfinite(screened["pm25_raw"].values)
    assert 0.002 < flagged(screened["pm25_flags"].values, "neighbours")[seen].mean() < 0.0568
    assert not flagged(screened["pm25_flags"].values, "interference", "repeated_day", "flat_line").any()


# The planted faults of the synthetic network -----------------------------------------------------------------------

# Planted kind -> flag, least recall and least precision over its hours, as docs/trusting-a-sensor states them.
PLANTED = {
    "spike": ("spike", 0.85, None),
    "flat_line": ("flat_line", 0.9, None),
    "repeated_day": ("repeated_day", 0.95, 0.95),
    "neighbour_disagreement": ("neighbours", 0.6, None),
    "drift": ("drift", 0.7, 0.5),
    "saturation": ("saturation", 1.0, 1.0),
    "pm25_over_pm10": ("pm25_above_pm10", 0.95, None),
    "zero_run": ("zero_run", 0.8, 1.0),
    "interference": ("interference", 0.7, 0.9),
    "heaped_digits": ("digits_heaped", 1.0, 1.0),
    "negative": ("negative", 1.0, 1.0),
}


@pytest.fixture(scope="module")
def planted():
    """The screened micro-stations of the small study, every planted fault, and where an episode was."""
    from hotspot.sources.synthetic import synthetic_month

    month = synthetic_month()
    screened = screen(month.stations, reference=month.reference)
    truth = month.study.root / "truth"
    local = screened["time"].values + np.timedelta64(8, "h")
    names = screened["station"].values.tolist()
    cells = pd.read_csv(truth / "micro_stations.csv").set_index("station")["cell"].loc[names].to_numpy()

    def hours(table):
        mask = np.zeros(screened["pm25"].shape, bool)
        for row in table.itertuples():
            when = (local >= np.datetime64(row.start)) & (local < np.datetime64(row.end))
            mask[np.ix_(cells == row.cell if "cell" in table else [row.station == n for n in names], when)] = True
        return mask & np.isfinite(screened["pm25_raw"].values)

    faults = pd.read_csv(truth / "micro_faults.csv")
    by_kind = {str(kind): hours(part) for kind, part in faults.groupby("kind")}
    return screened, by_kind, hours(pd.read_csv(truth / "episodes.csv"))


@pytest.mark.parametrize("kind", PLANTED)
def test_planted_faults_are_found(planted, kind):
    screened, by_kind, _ = planted
    name, recall, precision = PLANTED[kind]
    truth, found = by_kind[kind], flagged(screened["pm25_flags"].values, name)
    assert truth.any() and (truth & found).sum() / truth.sum() >= recall
    if precision is not None:
        assert (truth & found).sum() / found.sum() >= precision


def test_flags_without_a_planted_cause_are_rare(planted):
    """An episode is no fault: it may be improbable, but it is neither a spike nor interference, nor taken out."""
    screened, by_kind, episodes = planted
    bits, seen = screened["pm25_flags"].values, np.isfinite(screened["pm25_raw"].values)
    cause = np.logical_or.reduce([*by_kind.values(), episodes])
    for name, share in (("spike", 1e-3), ("neighbours", 5e-3), ("flat_line", 2e-3), ("interference", 2e-3)):
        assert (flagged(bits, name) & ~cause)[seen].mean() < share, name
    clean = episodes & ~np.logical_or.reduce(list(by_kind.values()))
    assert np.isfinite(screened["pm25"].values[clean]).all()
