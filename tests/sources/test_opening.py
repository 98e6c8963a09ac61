"""Opening a month: what is read, what is None, and that each kind stands alone."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from hotspot.deliveries import KINDS
from hotspot.deliveries.opening import join_stations, open_month, open_year
from hotspot.sources.intake import Intake, NothingDelivered
from hotspot.study import Stations, load_study
from hotspot.synthetic.study import synthetic_month
from hotspot.variables import DataError


@pytest.fixture(scope="module")
def small():
    return synthetic_month(size="small")


def without(study, **kinds):
    """The study with some deliveries replaced, nothing else read."""
    return study.model_copy(update=kinds)


def test_a_month_holds_its_three_months(small):
    months = {str(t)[:7] for t in small.satellite["time"].values.astype("datetime64[M]")}
    year, number = map(int, small.month.split("-"))
    before = f"{year - (number == 1)}-{(number - 2) % 12 + 1:02d}"
    assert months == {small.month, before, f"{year - 1}-{number:02d}"}
    local = small.reference["time"].values + np.timedelta64(8, "h")
    assert {str(t)[:7] for t in local.astype("datetime64[M]")} == months
    assert np.unique(np.diff(local)[np.diff(local) < np.timedelta64(2, "h")]).tolist() == [3_600_000_000_000]
    small.intake.check()
    with pytest.raises(dataclasses.FrozenInstanceError):
        small.month = "x"


def test_every_kind_may_be_absent(small):
    reference = tuple(delivery for delivery in small.study.stations if delivery.role == "reference")
    study = without(small.study, satellite=(), weather=(), facilities=(), stations=reference)
    month = open_month(study, small.month)
    assert month.satellite is None and month.weather is None and month.stations is None
    assert len(month.facilities) == 0 and month.reference.equals(small.reference)
    only = open_month(without(small.study, stations=()), small.month, kinds=("satellite", "reference"))
    assert only.reference is None and only.satellite is not None and only.facilities is None


def test_nothing_delivered_stops_with_the_reason(small):
    with pytest.raises(NothingDelivered, match="2031-05: nothing was delivered for 2030-05, 2031-04, 2031-05"):
        open_month(small.study, "2031-05")
    with pytest.raises(NothingDelivered, match="declares neither satellite nor stations"):
        open_month(without(small.study, stations=(), satellite=()), small.month)


def test_a_product_nobody_named_is_asked_for_and_never_a_file(small):
    """Two entries of one unnamed product, a year each, are one field; a notice must not cite a file of one month."""
    (named,) = small.study.satellite
    first, second = (
        named.model_copy(update={"product": "", "source": "", "files": [f"satellite/pm25_{year}*.nc"]})
        for year in (2024, 2025)
    )
    month = open_month(without(small.study, satellite=(first, second)), small.month, kinds=("satellite",))
    assert month.satellite.equals(small.satellite) and month.satellite.attrs["product"] == ""
    assert sum("give its source, and source_zh" in note for note in month.intake.notes) == 2


def test_rows_that_were_all_set_aside_are_not_called_undelivered(small, tmp_path):
    rows = ["时间,站点,经度,纬度,PM2.5", *(f"1.3月{day}日,甲,116.397,39.909,35" for day in range(1, 4))]
    (tmp_path / "a.csv").write_text("\n".join(rows), encoding="utf-8")
    means = {"unit": "ug/m3", "time_zone": "+08:00", "hour_label": "end", "datum": "wgs84"}
    study = without(
        small.study, root=tmp_path, satellite=(), stations=(Stations(layout="long", files=["a.csv"], **means),)
    )
    with pytest.raises(
        NothingDelivered,
        match=r"3 set aside, no time like 2020-03-01 09:00: first a.csv, row 2, column 时间, '1.3月1日'",
    ):
        open_month(study, small.month, kinds=("reference",))


def test_micro_stations_that_a_gas_has_no_use_for_cannot_stop_it(small, tmp_path):
    (tmp_path / "a.csv").write_text(
        "时间,站点,经度,纬度,NO2\n2025-12-03 05:00,甲,116.397,39.909,35\n", encoding="utf-8"
    )
    (tmp_path / "micro.csv").write_text("nothing,of,use\n1,2,3\n", encoding="utf-8")
    means = {"layout": "long", "unit": "ug/m3", "time_zone": "+08:00", "hour_label": "end", "datum": "wgs84"}
    stations = (Stations(files=["a.csv"], **means), Stations(files=["micro.csv"], role="micro", **means))
    study = without(small.study, root=tmp_path, satellite=(), weather=(), facilities=(), stations=stations)
    with pytest.raises(DataError, match=r"micro\.csv"):
        open_month(study, "2025-12")
    month = open_month(without(study, variable="no2"), "2025-12")
    assert month.stations is None and float(month.reference["no2"].max()) == 35.0


def test_wrong_arguments_are_named(small):
    with pytest.raises(ValueError, match="2020-13"):
        open_month(small.study, "2020-13")
    with pytest.raises(ValueError, match="kind 'rain' is not known"):
        open_month(small.study, small.month, kinds=("rain",))
    assert set(KINDS) >= {"satellite", "reference", "weather"}


def test_a_year_is_its_local_hours(small):
    year = open_year(small.study, 2024, kinds=("reference",))
    local = year.reference["time"].values + np.timedelta64(8, "h")
    assert str(local[0])[:13] == "2024-01-01T00" and str(local[-1])[:13] == "2024-12-31T23" and len(local) == 8784


def test_planted_faults_have_their_fate(small):
    import csv

    root = Path(small.study.root)
    with open(root / "truth" / "planted.csv", encoding="utf-8") as stream:
        planted = [row for row in csv.DictReader(stream) if row["expected"] == "quarantined"]
    read = [row for row in planted if row["file"] in small.intake.files]
    aside = {(q.path, q.row) for q in small.intake.quarantine}
    assert read and all((row["file"], int(row["line"])) in aside for row in read)


def test_the_order_of_rows_and_files_changes_nothing(small, tmp_path):
    shutil.copytree(small.study.root, tmp_path / "s")
    rng = np.random.default_rng(7)
    for path in sorted((tmp_path / "s" / "stations").glob("pm25_*.csv")):
        head, *rows = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join([head, *(rows[at] for at in rng.permutation(len(rows))), ""]), encoding="utf-8")
        path.rename(path.with_name(f"pm25_{rng.integers(1e9)}.csv"))
    study = load_study(tmp_path / "s" / "study.toml", data=tmp_path / "s")
    other = open_month(without(study, satellite=(), weather=(), facilities=()), small.month)
    assert other.reference.equals(small.reference)
    plain = open_month(without(small.study, satellite=(), weather=(), facilities=()), small.month)
    assert other.intake.counts == plain.intake.counts


def test_the_same_intake_counts_a_file_once(small):
    intake = Intake(small.study.root)
    for _ in range(2):
        open_month(small.study, small.month, intake=intake, kinds=("reference",))
    intake.check()
    once = open_month(small.study, small.month, kinds=("reference",)).intake
    assert intake.counts == once.counts and len(intake.quarantine) == len(once.quarantine)


def test_stations_of_two_deliveries(small):
    reference = small.reference
    half = reference.isel(station=slice(0, 3))
    joined = join_stations([half, reference.isel(station=slice(2, None))], Intake("."))
    assert joined["pm25"].equals(reference["pm25"])
    moved = half.assign_coords(lon=half["lon"] + 0.1)
    with pytest.raises(DataError, match="in one delivery and at"):
        join_stations([half, moved], Intake("."))


def test_case_84_stations_outside_every_cell_are_named_and_kept(small, tmp_path):
    shutil.copytree(Path(small.study.root) / "stations", tmp_path / "stations")
    shutil.copytree(Path(small.study.root) / "boundaries", tmp_path / "boundaries")
    shutil.copy(Path(small.study.root) / "study.toml", tmp_path)
    places = tmp_path / "stations" / "stations.csv"
    head, first, *rest = places.read_text(encoding="utf-8").splitlines()
    moved = ",".join([*first.split(",")[:2], "121.47371", "31.23041"])
    places.write_text("\n".join([head, moved, *rest, ""]), encoding="utf-8")
    study = load_study(tmp_path / "study.toml", data=tmp_path)
    month = open_month(study, small.month, kinds=("reference",))
    assert month.reference.sizes == small.reference.sizes
    assert any(note.startswith("stations in no cell of the study: 1") for note in month.intake.notes)
    assert not any("in no cell" in note for note in small.intake.notes)


def test_a_month_of_beijing(shared):
    study = Path(__file__).parents[2] / "data" / "studies" / "beijing-2016.toml"
    month = open_month(load_study(study, data=shared), "2016-11", kinds=("reference",))
    month.intake.check()
    assert month.reference.sizes == {"station": 35, "time": (30 + 31 + 30) * 24} and month.satellite is None
    read = [name for name in month.intake.files if "beijing_all_" in name]
    # Each of the two spans needs the day after its last, whose hour 0 ends the month.
    assert len(read) == 30 + 1 + 61 + 1 and "beijing_quotsoft_daily/csv/beijing_all_20161201.csv" in read
