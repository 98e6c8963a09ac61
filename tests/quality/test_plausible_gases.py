"""The gate on hours of gases: planted faults in the invented region, and the real hours of Beijing."""

from dataclasses import replace

import numpy as np
import pytest

from hotspot.deliveries.opening import open_months
from hotspot.quality.plausible import exchanged, level, runs
from hotspot.quality.plausible.gate import findings, hold, of_month
from hotspot.quality.plausible.series import months_of
from hotspot.rules.criteria import Criteria
from hotspot.rules.jurisdictions import load_profile
from hotspot.rules.plausible import Plausible
from hotspot.sources.intake import Intake
from hotspot.sources.stations.stations import read_stations
from hotspot.study import Stations, load_study
from hotspot.synthetic.gases import MONTH, write_gas_study
from hotspot.variables import DataError

PPB = {"o3": 1.962, "no2": 1.880}
STATION = 4


@pytest.fixture(scope="module", params=["o3", "no2"])
def whole(request, tmp_path_factory):
    """June with the months it is compared with, of one gas."""
    root = tmp_path_factory.mktemp(request.param)
    study = load_study(write_gas_study(root, request.param, size="small", seed=7), data=root)
    return open_months(study, ["2024-06", "2025-05", MONTH], kinds=("reference",))


def broken(whole, fault, stations=(STATION,)):
    """The delivery with one fault in some stations: ``fault(hours, positions of June)`` changes hours in place."""
    name, reference = whole.study.variable, whole.reference.copy(deep=True)
    local = (reference["time"].values + np.timedelta64(8, "h")).astype("datetime64[M]").astype(str)
    values = reference[name].transpose("station", "time").values.copy()
    for at in stations:
        fault(values[at], np.flatnonzero(local == MONTH))
    reference = reference.assign({name: (("station", "time"), values)})
    return replace(whole, reference=reference, intake=Intake(whole.study.root))


def told(month, place):
    return {(one.kind, one.weight) for one in findings(month) if one.place == place and one.weight != "not assessed"}


def mg(hours, june):
    hours /= 1000


def mg_from_june(hours, june):
    hours[june] /= 1000


def stuck(hours, june):
    hours[june[20:]] = 400.0


def late(hours, june):
    hours[8:] = hours[:-8].copy()


def one_hour_late(hours, june):
    hours[1:] = hours[:-1].copy()


def test_a_whole_delivery_has_no_finding_that_stops(whole):
    assert [one.sentence for one in findings(whole) if one.changes] == []


@pytest.mark.parametrize(("fault", "kind"), [(mg, "scale"), (mg_from_june, "scale"), (stuck, "stuck"), (late, "clock")])
def test_a_fault_of_one_station_stops_the_month_and_no_other_station(whole, fault, kind):
    month = broken(whole, fault)
    held = {one.place for one in findings(month) if one.changes}
    name = str(whole.reference["station"].values[STATION])
    assert held == {name}
    assert (kind, "stop") in told(month, name)
    with pytest.raises(DataError, match=f"{name},2.*,{whole.study.variable},SIGNER"):
        hold(month)


def test_an_hour_is_a_note(whole):
    name = str(whole.reference["station"].values[STATION])
    assert told(broken(whole, one_hour_late), name) == {("clock", "note")}


def test_ppb_stops_ozone_and_is_noted_of_no2(whole):
    """Of a street's NO2 half as much is no rare month: what ppb explains is said, and nobody is stopped for it."""
    gas = whole.study.variable

    def doubled(hours, june):
        hours[june] *= PPB[gas]

    def ppb(hours, june):
        hours[june] /= PPB[gas]

    for fault, words in ((ppb, "ppb in place of ug/m3"), (doubled, "ppb twice made ug/m3")):
        weights = []
        for at in range(0, 16, 4):
            name = str(whole.reference["station"].values[at])
            found = findings(broken(whole, fault, (at,)))
            said = [one for one in found if (one.place, one.kind) == (name, "level")]
            weights += [one.weight for one in said if words in one.looks_like]
        assert weights == ["stop"] * 4 if gas == "o3" else 2 <= weights.count("note") == len(weights)


def test_a_clock_that_all_stations_share_is_told_by_the_sun_of_ozone_only(whole):
    kinds = {one.kind for one in findings(broken(whole, late, range(16))) if one.changes}
    assert kinds == ({"clock"} if whole.study.variable == "o3" else set())


def test_a_unit_that_all_stations_share_is_told_only_where_no_air_has_it(whole):
    assert {one.kind for one in findings(broken(whole, mg, range(16))) if one.changes} == {"scale"}

    def ppb(hours, june):
        hours /= PPB[whole.study.variable]

    assert [one for one in findings(broken(whole, ppb, range(16))) if one.changes] == []  # not told; the page says so


def test_only_a_gas_prints_what_only_gases_have():
    assert not {"told_hours", "sun_hours", "level_add", "ppb", "unit_jump"} & set(Plausible().model_dump())
    assert Plausible.model_validate(load_profile("mee-2018-o3")["plausible"]).model_dump()["told_hours"] == (12, 18)


def test_a_study_of_a_gas_with_another_profile_has_its_limits(whole, tmp_path):
    text = whole.study.path.read_text(encoding="utf-8")
    path = tmp_path / "study.toml"
    second = '\n[criteria.selection]\nsecond_criterion = "none"\n'
    path.write_text(text.replace("time_zone", 'profile = "mee-2018"\ntime_zone', 1) + second, encoding="utf-8")
    other = load_study(path, data=whole.study.root)
    assert other.criteria.profile == "mee-2018"
    assert other.criteria.plausible == whole.study.criteria.plausible


# Stations that read exactly 2 ug/m3 for 24 to 253 hours while those around move, and one that drifts.
STOPPED = {
    "o3": {("北部新区", "2016-01"), ("琉璃河", "2016-01"), ("怀柔", "2016-02"), ("榆垡", "2016-03"),
           ("顺义", "2016-04"), ("东高村", "2016-07"), ("顺义", "2016-10")},
    "no2": {("八达岭", "2016-03")},
}  # fmt: skip


def test_real_gases_of_beijing_stop_at_instruments_that_rest_and_nowhere_else(shared):
    delivery = Stations(
        layout="quotsoft", files=("beijing_quotsoft_daily/csv/beijing_extra_2016*.csv",), unit="ug/m3",
        units={"co": "mg/m3"}, time_zone="+08:00", hour_label="end", datum="wgs84", role="reference",
        coordinates="beijing_quotsoft_daily/stations_joined_derived.csv", gas_state="standard",
    )  # fmt: skip
    names = [f"2016-{month:02d}" for month in range(1, 13)]
    hours = read_stations(delivery, shared, Intake(shared), utc_offset=8, months=names)
    for gas, expected in STOPPED.items():
        criteria = Criteria.model_validate(load_profile(f"mee-2018-{gas}"))
        each = months_of(hours, names, pool=None, file_of=str, rules=criteria.plausible, variable=gas)
        found = [one for series in each for one in of_month(series, criteria.screening)]
        found = exchanged.agreed(found, len(each)) + runs.copies(each) + level.levels(each)
        assert {(one.place, one.month) for one in found if one.changes} == expected
