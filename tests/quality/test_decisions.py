"""Signed decisions on falsified days (B19): per day and pollutant, flagged, reversible, never without a name."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from sensor_town import town

from hotspot.quality.hours.flags import flagged
from hotspot.quality.hours.screen import screen
from hotspot.quality.signed.decisions import apply_decisions
from hotspot.rules.criteria import Criteria
from hotspot.rules.sensors import Screening
from hotspot.sources.decisions import read_decisions
from hotspot.sources.intake import Intake
from hotspot.variables import DataError


def one(station="m2", day="2020-03-05", pollutant="pm25", signer="李某", reason="喷淋", **more):
    row = {"station": station, "day": day, "pollutant": pollutant, "signer": signer, "reason": reason}
    return pd.DataFrame([row | more])


def test_b19_a_signed_day_becomes_the_months_highest_and_comes_back():
    hours = town()
    highest = hours["pm25"].values[2].reshape(30, 24).mean(axis=1)
    screened = screen(hours)
    after = apply_decisions(screened, one())
    day = slice(4 * 24, 5 * 24)
    want = np.delete(highest, 4).max()
    np.testing.assert_allclose(after["pm25"].values[2, day], want)
    assert flagged(after["pm25_flags"].values[2, day], "replaced").all()
    assert int(flagged(after["pm25_flags"].values, "replaced").sum()) == 24
    np.testing.assert_array_equal(after["pm25_raw"], hours["pm25"])
    xr.testing.assert_identical(apply_decisions(after, one()), after)  # twice is once
    back = apply_decisions(after, one(withdrawn_by="王某", withdrawn_reason="误判"))
    xr.testing.assert_identical(back.drop_attrs(), screened.drop_attrs())


def test_b19_is_per_pollutant_and_the_other_reading_takes_the_highest_hour():
    hours = town(pm10=lambda values: values * 1.4)
    rule = Criteria(screening=Screening(replacement="hourly"))
    after = apply_decisions(hours, one(pollutant="pm10"), criteria=rule)
    np.testing.assert_array_equal(after["pm25"], hours["pm25"])
    outside = np.delete(hours["pm10"].values[2], np.s_[96:120])
    assert after["pm10"].values[2, 100] == outside.max()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"station": "nowhere"}, "no station 'nowhere'"),
        ({"signer": " "}, "no signer or no reason"),
        ({"pollutant": "so2"}, "no pollutant 'so2'"),
    ],
)
def test_b19_nothing_is_replaced_on_a_defective_decision(wrong, message):
    with pytest.raises(DataError, match=message):
        apply_decisions(town(), one(**wrong))


def test_b19_decisions_of_other_months_and_other_networks_are_passed_over():
    hours = town()
    for decisions, more in ((one(day="2021-01-01"), {}), (one(station="S01"), {"elsewhere": ["S01"]})):
        after = apply_decisions(hours, decisions, **more)
        assert after.attrs["decisions"] == [] and after["pm25"].equals(hours["pm25"])


def test_b19_a_month_with_nothing_left_cannot_be_replaced():
    days = pd.concat([one(day=f"2020-03-{day:02d}") for day in range(1, 31)])
    with pytest.raises(DataError, match="2020-03 has no other valid value of pm25"):
        apply_decisions(town(), days)


def test_b19_decisions_are_read_with_every_row_kept(tmp_path):
    (tmp_path / "a.csv").write_text(
        "station,day,pollutant,signer,reason,withdrawn_by,withdrawn_reason\n"
        "m2,2020-03-05,PM2.5,李某,喷淋,,\nm2,2020-03-05,PM2.5,李某,喷淋,,\n"
        "m2,2020-03-06,pm25,,喷淋,,\nm2,2020-03-32,pm25,李某,喷淋,,\nm2,2020-03-07,dust,李某,喷淋,,\n"
        "m3,2020-03-07,pm10,李某,喷淋,王某,\nm3,2020-03-08,pm10,李某,喷淋,王某,误判\n",
        encoding="utf-8",
    )
    (tmp_path / "b.csv").write_text(
        "station,day,pollutant,signer,reason,withdrawn_by,withdrawn_reason\nm2,2020-03-05,pm25,李某,喷淋,王某,误判\n",
        encoding="utf-8",
    )
    intake = Intake(tmp_path)
    read = read_decisions(SimpleNamespace(root=tmp_path, decisions=[SimpleNamespace(files=("*.csv",))]), intake)
    intake.check()
    assert (intake.counts["read"], intake.counts["duplicates"], intake.counts["quarantined"]) == (8, 1, 4)
    assert read[["station", "withdrawn_by"]].values.tolist() == [["m2", "王某"], ["m3", "王某"]]
    none = read_decisions(SimpleNamespace(root=tmp_path, decisions=[]), Intake(tmp_path))
    assert none.empty and apply_decisions(town(n_hour=48), none).attrs["decisions"] == []


def test_b19_a_month_is_ranked_with_the_decisions_of_its_study(tmp_path):
    from dataclasses import replace

    from hotspot.estimate.field.monthly import monthly_field
    from hotspot.quality.signed.decisions import with_decisions
    from hotspot.study import Decisions
    from hotspot.synthetic.study import synthetic_month

    month = synthetic_month()
    station = str(month.reference["station"].values[0])
    rows = [f"{station},2025-12-{day:02d},pm25,李某,喷淋" for day in range(2, 12)]
    (tmp_path / "signed.csv").write_text("\n".join(["station,day,pollutant,signer,reason", *rows]) + "\n", "utf-8")
    study = month.study.model_copy(update={"decisions": (Decisions(files=("signed.csv",)),), "root": tmp_path})
    decided = with_decisions(replace(month, study=study))
    assert [note for note in month.intake.notes if note.startswith(f"decision {station} 2025-12-02 pm25: replaced by")]
    assert sum(note.startswith("decision ") for note in month.intake.notes) == 10
    raised = decided.reference["pm25"].values[0] - month.reference["pm25"].values[0]
    assert np.nanmean(raised) > 0 and np.isfinite(decided.reference["pm25_raw"].values[0]).any()
    before, after = (monthly_field(m)[0]["pm25"].isel(time=-1) for m in (month, replace(decided, study=month.study)))
    assert float((after - before).max()) > 0.5  # the place ranks worse than it read
    (tmp_path / "signed.csv").write_text(
        "station,day,pollutant,signer,reason\nS99,2025-12-02,pm25,李某,喷淋\n", encoding="utf-8"
    )
    with pytest.raises(DataError, match="no station 'S99'"):
        with_decisions(replace(month, study=study, intake=Intake(tmp_path)))
