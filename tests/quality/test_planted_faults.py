"""How much of what is wrong is flagged, and how little of what is not: planted faults, and honest stations."""

import numpy as np
import pandas as pd
import pytest

from hotspot.quality.hours.flags import flagged
from hotspot.quality.hours.screen import screen
from hotspot.sources.intake import Intake
from hotspot.sources.stations.stations import read_stations
from hotspot.study import Stations

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
    from hotspot.synthetic.study import synthetic_month

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
