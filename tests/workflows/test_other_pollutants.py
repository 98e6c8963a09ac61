"""A month of ozone and of NO2 in the invented region: statistic, names and refusals; fires and soil beside it."""

import json
import re
import shutil
import sqlite3
import subprocess
import zipfile

import numpy as np
import pytest
from unpacked import unpacked

from hotspot import contracts
from hotspot.deliveries.opening import open_month
from hotspot.estimate.field.from_stations import station_means
from hotspot.estimate.field.monthly import monthly_field
from hotspot.publish.analysis.report_tables import read_cells
from hotspot.publish.tables.lists import read_warnings, write_warnings
from hotspot.quality.means.completeness import daily_means
from hotspot.quality.means.eight_hours import daily_maxima, monthly_percentiles
from hotspot.rank.select.hotlist import read_hotspots
from hotspot.rules.cadence import PRODUCTS
from hotspot.rules.pollutants import POLLUTANTS, pollutant
from hotspot.sources.intake import Intake
from hotspot.sources.stations.stations import read_stations
from hotspot.study import Stations, load_study
from hotspot.synthetic.gases import MONTH, write_gas_study
from hotspot.variables import VARIABLES, DataError, to_unit
from hotspot.workflows.demo import run_demo
from hotspot.workflows.handbook import write_handbook
from hotspot.workflows.hourly.alarms import derive_alarms
from hotspot.workflows.monthly.check import check_month
from hotspot.workflows.monthly.explain import explain_cell
from hotspot.workflows.monthly.month import run_month
from hotspot.workflows.monthly.other_pollutants import WHOLE_LEFT_OUT, only_pm25
from hotspot.workflows.monthly.public import write_public
from hotspot.workflows.periods.calendar import write_letter
from hotspot.workflows.proof.verify import verify_folder
from hotspot.workflows.yearly.atlas import write_atlas
from hotspot.workflows.yearly.level import annual_level, monthly_level
from hotspot.workflows.yearly.year import open_hotspots

# Where PM2.5 may be named in a month of ozone: our own criteria and rules, which the manifest prints whole.
SPEAKS_OF_ALL = ("manifest.json",)


@pytest.fixture(scope="module")
def ozone(tmp_path_factory):
    """(study, folder of the month, where the products lie) of ozone."""
    root = tmp_path_factory.mktemp("ozone")
    study = load_study(write_gas_study(root / "study", "o3", size="small"), data=root / "study")
    return study, run_month(study, MONTH, out=root / "out"), root / "out"


@pytest.fixture(scope="module")
def nitrogen(tmp_path_factory):
    root = tmp_path_factory.mktemp("no2")
    study = load_study(write_gas_study(root / "study", "no2", size="small"), data=root / "study")
    return study, run_month(study, MONTH, out=root / "out"), root / "out"


def words_of(pdf):
    """What stands on the pages, without a space."""
    run = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, check=True)
    return re.sub(r"\s", "", run.stdout.decode())


def test_the_list_says_its_pollutant_and_comes_back(ozone, tmp_path):
    study, folder, _ = ozone
    header = (folder / "warnings.csv").read_text(encoding="utf-8").split("\n")[0].split(",")
    assert "o3" in header
    assert "pm25" not in header
    table = read_warnings(folder / "warnings.csv")
    assert len(table) > 6
    assert (table["pm25"] == table["pm25"].round()).all()  # whole ug/m3
    again = write_warnings(tmp_path / "w.csv", table, 0, of=study.pollutant)
    assert again.read_bytes() == (folder / "warnings.csv").read_bytes()
    assert "o3" in (folder / "hotspots.csv").read_text(encoding="utf-8").split("\n")[0].split(",")


def test_nothing_of_the_month_says_another_pollutant(ozone):
    _, folder, _ = ozone
    inside = unpacked(folder)
    other = re.compile("|".join(("PM2\\.5", "pm25", *pollutant("o3").marks)).encode())  # nor a mark that nobody filled
    spoken = [name for name, data in inside.items() if other.search(data) and name not in SPEAKS_OF_ALL]
    assert spoken == []
    manifest = json.loads(inside["manifest.json"])
    assert manifest["field"]["variable"] == "o3"
    assert manifest["field"]["gas_state"].startswith("参比状态（298.15 K")
    assert "PM2.5" not in json.dumps([manifest["field"], manifest["notes"]], ensure_ascii=False)


def test_the_value_is_the_percentile_of_the_daily_maxima(ozone):
    """Station values from the delivered rows by hand: 8 h windows, their maximum, HJ 663's percentile."""
    study, _, _ = ozone
    delivered = open_month(study, MONTH, kinds=("reference",))
    _, means = station_means(delivered, [MONTH])
    hours = delivered.reference["o3"].isel(station=0)
    name = str(hours["station"].values)
    local = hours["time"].values + np.timedelta64(8, "h")
    own = hours.values[local.astype("datetime64[M]") == np.datetime64(MONTH)].reshape(-1, 24)
    maxima = []
    for day in own:
        windows = [day[i : i + 8] for i in range(17)]
        known = [np.nanmean(w) for w in windows if np.isfinite(w).sum() >= 6]
        if len(known) >= 14 or (known and max(known) > 160):
            maxima.append(max(known))
    ordered = np.sort(maxima)
    place = (len(ordered) - 1) * 0.9
    low = int(place)
    expected = ordered[low] + (place - low) * (ordered[min(low + 1, len(ordered) - 1)] - ordered[low])
    assert float(means["pm25"].sel(station=name).squeeze()) == pytest.approx(expected, abs=1e-9)
    mean = daily_means(delivered.reference, utc_offset=8, variable="o3")["o3"].sel(station=name).mean()
    assert expected > 1.5 * float(mean)  # a mean of all hours would be another list


def test_ozone_and_no2_list_other_cells(ozone, nitrogen):
    """Titration: where NO2 is highest, ozone is not."""
    one, other = (set(read_hotspots(folder / "hotspots.csv")["cell"]) for _, folder, _ in (ozone, nitrogen))
    assert len(one & other) < 0.3 * len(one)


def test_the_notice_says_what_the_value_is(ozone):
    _, folder, _ = ozone
    said = words_of(folder / "notice.pdf")
    assert "2025年6月臭氧热点网格预警名单" in said
    assert "第90百分位数" in said
    assert "参比状态（298.15K，1013.25hPa）" in said
    assert "不追溯到单个企业" in said


def test_the_sheet_names_no_source_and_says_why(ozone):
    _, folder, _ = ozone
    said = words_of(folder / "sheets.pdf")
    assert "臭氧热点网格预警核查单" in said
    assert "臭氧是二次污染物，不追溯到单个企业" in said
    assert "没有登记的污染源" not in said


def test_what_is_not_made_is_noted(ozone):
    _, folder, _ = ozone
    notes = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["notes"]
    assert any("secondary pollutant, not traced" in note or "not traced to a single plant" in note for note in notes)
    for name in ("checklists.xlsx", "sub_cells.csv"):
        assert any(note.startswith(f"not made of ozone: {name}: ") for note in notes)
        assert not (folder / name).exists()


def test_workbook_layers_and_field_files_bear_its_name(ozone):
    _, folder, _ = ozone
    said = b"".join(zipfile.ZipFile(folder / "warnings.xlsx").read(name) for name in ("xl/sharedStrings.xml",)).decode()
    assert "臭氧月评价值 μg/m³" in said
    assert "臭氧保留 0 位小数" in said
    assert "月均" not in said
    with zipfile.ZipFile(sorted(folder.glob("packages/*.zip"))[0]) as archive:
        names = archive.namelist()
        (tmp := folder.parent / "field.gpkg").write_bytes(archive.read("field.gpkg"))
    assert {"warnings.xlsx", "field.kmz", "ovital.txt", "field.qgz", "report.pdf"} <= set(names)
    assert not {"checklists.xlsx"} & set(names)
    for path, layer in ((folder / "warnings.gpkg", "cells"), (folder / "warnings.gpkg", "warnings"), (tmp, "cells")):
        with sqlite3.connect(path) as base:
            columns = [row[1] for row in base.execute(f"pragma table_info({layer})")]
        assert "o3" in columns
        assert "pm25" not in columns


def test_the_report_says_the_statistic_and_traces_nobody(ozone):
    _, folder, _ = ozone
    said = words_of(folder / "report.pdf")
    assert "臭氧预警网格分析" in said
    assert "臭氧月评价浓度为当月各有效日最大8小时平均浓度的第90百分位数" in said
    assert "臭氧是二次污染物，不追溯到单个企业" in said
    assert "两月均有效的网格" in said
    assert "月均" not in said.replace("两月均有效", "")
    table = read_cells(folder, pollutant("o3"))
    assert re.search(rf"月评价浓度最高的8个热点网格.*{table.loc[table['hotspot'], 'cell'].iloc[0]}", said)


def test_a_field_says_what_it_is_of(ozone):
    """By itself, in a file too; beside another study it is refused."""
    study, _, _ = ozone
    field, _ = monthly_field(open_month(study, MONTH, kinds=("reference",)), study.cells)
    assert contracts.pollutant_of(field) is pollutant("o3")
    assert field["pm25"].attrs["standard_name"] == "mass_concentration_of_ozone_in_air"
    assert "cell_methods" not in field["pm25"].attrs  # CF has no word for a percentile of daily maxima
    assert field["pm25"].attrs["long_name"].startswith("ozone, 90th percentile")
    assert contracts.pollutant_of(contracts.of_month(field, MONTH)).name == "o3"


def test_the_month_verifies_and_the_same_run_again_changes_nothing(ozone):
    study, folder, out = ozone
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert verify_folder(folder, data=study.root)["verified"]
    run_month(study, MONTH, out=out)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_check_and_explain_answer_in_its_own_words(ozone):
    study, folder, out = ozone
    cell = read_warnings(folder / "warnings.csv")["cell"][0]
    answer = explain_cell(study, MONTH, cell, out=out)
    assert answer["months"][MONTH]["o3"] > 100
    assert any("(MDA8) of 2025-06" in line for line in answer["sentences"])
    assert "PM2.5" not in " ".join(answer["sentences"])
    assert all("o3_to_date" in told for told in check_month(study, MONTH)["stations"].values())


def test_level_and_alarms_are_refused_with_a_sentence(ozone):
    study, _, _ = ozone
    with pytest.raises(DataError, match="secondary pollutant, nobody emits it"):
        annual_level(study, 2025)
    with pytest.raises(DataError, match="secondary pollutant, nobody emits it"):
        monthly_level(study, MONTH)
    with pytest.raises(DataError, match="is of ozone, and an alarm is made for"):
        derive_alarms(study, MONTH)


def changed(study, tmp_path, text, by):
    path = tmp_path / "study.toml"
    told = study.path.read_text(encoding="utf-8")
    assert text in told
    path.write_text(told.replace(text, by, 1), encoding="utf-8")
    return load_study(path, data=study.root)


@pytest.mark.parametrize(
    ("text", "by", "says"),
    [
        ('variable = "o3"', 'variable = "hcho"', "HCHO is known as a column from satellites"),
        (
            "[[facilities]]",
            '[criteria.selection]\nsecond_criterion = "required"\n\n[[facilities]]',
            "no emission level",
        ),
        (
            "[[facilities]]",
            '[[satellite]]\nlayout = "netcdf"\nfiles = ["x.nc"]\nperiod = "day"\n\n[[facilities]]',
            "made from hours at stations",
        ),
        ('variable = "o3"', 'variable = "so2"', "variable: Input should be"),
        ('kind = "fire"', 'kind = "bare_soil"', "layout 'firms' is of kind 'fire'"),
        ('datum = "wgs84"\nsource = "invented"\n\n[[evidence', "[[evidence", ""),
    ],
)
def test_a_study_that_asks_for_what_is_not_made_is_refused(ozone, tmp_path, text, by, says):
    if not says:  # an undeclared datum of polygons
        text, by = 'files = ["bare_soil.geojson"]\ndatum = "wgs84"', 'files = ["bare_soil.geojson"]'
        says = "polygons need their map datum"
    with pytest.raises(DataError, match=re.escape(says)):
        changed(ozone[0], tmp_path, text, by)


def test_a_delivery_without_the_pollutant_says_what_it_has(ozone, tmp_path):
    study = changed(ozone[0], tmp_path, 'variable = "o3"', 'variable = "pm10"')
    with pytest.raises(DataError, match="no value of pm10"):
        run_month(study, MONTH, out=tmp_path / "out")


def test_a_list_of_another_pollutant_is_not_applied(ozone, tmp_path):
    study, folder, _ = ozone
    home = tmp_path / study.id
    home.mkdir()
    told = (folder / "hotspots.csv").read_text(encoding="utf-8").replace(",o3,", ",pm25,", 1)
    (home / "hotspots-2025.csv").write_text(told, encoding="utf-8")
    with pytest.raises(DataError, match="a list of pm25, and the study is of o3"):
        open_hotspots(study, 2025, out=tmp_path)


def test_no2_is_a_mean_of_days_and_is_traced_to_nobody(nitrogen):
    study, folder, _ = nitrogen
    _, means = station_means(open_month(study, MONTH, kinds=("reference",)), [MONTH])
    days = daily_means(open_month(study, MONTH).reference, utc_offset=8, variable="no2")
    month = days["no2"].sel(day=days["day"].dt.strftime("%Y-%m") == MONTH).mean("day")
    ours = means["pm25"].squeeze("time")
    assert np.allclose(ours, month.sel(station=ours["station"]), equal_nan=True)
    said = words_of(folder / "notice.pdf")
    assert "二氧化氮月均浓度" in said
    assert "没有NOx系数" in said


@pytest.fixture(params=["ozone", "nitrogen"])
def gas(request, tmp_path):
    """(study, a copy of what was published that a test may write into)."""
    study, _, out = request.getfixturevalue(request.param)
    shutil.copytree(out, tmp_path / "out")
    return study, tmp_path / "out"


def test_the_atlas_is_of_the_gas(gas):
    study, out = gas
    said = words_of(write_atlas(study, 2025, city="990100", out=out)[0])
    assert f"{study.pollutant.label}热点网格图集" in said and study.pollutant.words("@pollutant@年@mean@") in said
    assert study.pollutant.refused["trace"][0] in said and ("HJ663" in said) == (study.variable == "o3")
    assert not re.search("PM|颗粒物[^的]", said)


def test_the_public_page_and_its_map_are_of_the_gas(gas):
    study, out = gas
    page, offline = (path.read_text(encoding="utf-8") for path in write_public(study, MONTH, out=out))
    assert f"月{study.pollutant.label}热点网格预警名单" in page and f"{study.pollutant.en} hotspot cells listed" in page
    assert f"{study.pollutant.label}{study.pollutant.figure_zh}最高" in page
    assert "卫星" not in page and "不剔除气象影响" in page  # as it was made
    assert f"{study.pollutant.label}热点网格" in offline and not re.search(r"PM2\.5|pm25", page + offline)


def test_bulletin_and_patrol_table_are_made_and_letters_of_alarms_are_not(gas):
    study, out = gas
    said = words_of(write_letter(study, "bulletin", MONTH, out=out)["files"][1])
    assert f"{study.pollutant.label}热点网格监管月通报" in said and f"{study.pollutant.label}预警网格" in said
    assert not re.search("PM|报警", said.split("规则档案")[0])
    assert "PM" not in words_of(write_letter(study, "patrol", MONTH, out=out)["files"][1])
    for product in PRODUCTS.keys() - {"bulletin", "patrol"}:
        with pytest.raises(DataError, match="only: it tells of alarms"):
            write_letter(study, product, "2025-06-12", out=out)


def test_the_handbook_is_of_the_list_of_the_gas(gas):
    study, out = gas
    said = words_of(write_handbook(study, out=out)[1])
    assert f"{study.pollutant.label}热点网格监管工作手册" in said and study.pollutant.words("本月@figure@在") in said
    assert study.pollutant.refused["trace"][0] in said and not re.search("PM2|@|关联份额|收到报警", said)


@pytest.mark.parametrize("what", WHOLE_LEFT_OUT)
def test_what_is_left_out_says_why(ozone, what):
    with pytest.raises(DataError, match=f"ozone, and {what} is made for PM2.5 only: .{{30}}"):
        only_pm25(ozone[0], what)


def test_fires_and_soil_stand_on_map_and_sheet_and_move_nobody(ozone, tmp_path):
    """Without the layers the list is the same, byte for byte; with them map and sheets tell of them."""
    study, folder, out = ozone
    shutil.copytree(out / study.id / "decoded", tmp_path / "out" / study.id / "decoded")  # what the files hold
    text = study.path.read_text(encoding="utf-8")
    path = tmp_path / "study.toml"
    path.write_text(text[: text.index("[[evidence_layer]]")], encoding="utf-8")
    plain = run_month(load_study(path, data=study.root), MONTH, out=tmp_path / "out")
    for name in ("warnings.csv", "hotspots.csv", "cells.parquet", "not_ranked.csv"):
        assert (plain / name).read_bytes() == (folder / name).read_bytes()
    page, without = ((place / "map.html").read_text(encoding="utf-8") for place in (folder, plain))
    assert "卫星火点" in page and "卫星火点" not in without
    sheets, bare = (words_of(place / "sheets.pdf") for place in (folder, plain))
    assert "佐证" in sheets
    assert "裸土" in sheets
    assert "佐证" not in bare


def test_columns_are_converted_and_are_no_concentration():
    assert to_unit(1e-4, "mol m-2", "no2_column") == pytest.approx(6.02214076)
    assert to_unit(3e15, "molec/cm2", "hcho") == pytest.approx(3.0)
    with pytest.raises(DataError, match="does not measure nitrogen dioxide"):
        to_unit(3e15, "molec/cm2", "no2")


def test_every_pollutant_has_its_words_and_a_profile_or_a_refusal():
    for name, one in POLLUTANTS.items():
        assert VARIABLES[name].unit
        assert one.clause
        assert one.profile or "rank" in one.refused
        assert one.words("@pollutant@@figure@") == f"{one.label}{one.figure_zh}"
    assert pollutant("o3").words("PM2.5月均 pm25 a@b") == "PM2.5月均 pm25 a@b"  # nothing is guessed
    assert pollutant("pm10").words("@apart@月@value@，@column@") == "PM10 月均值，pm10"


def test_a_demo_of_what_has_none_says_so(tmp_path):
    with pytest.raises(DataError, match="there is no demo of pm10"):
        run_demo(tmp_path, variable="pm10")
    with pytest.raises(DataError, match="HCHO is known as a column"):
        run_demo(tmp_path, variable="hcho")


def test_real_ozone_of_beijing_by_the_rules(shared):
    """
    UCI Beijing, July and December 2016: Dingling's July has 17 valid days and
    does not count; in December the stations with more NO2 have less ozone.
    """
    delivery = Stations(
        layout="prsa", files=("uci_beijing_multisite/PRSA_Data_*_20130301-20170228.csv",), unit="ug/m3",
        units={"co": "ug/m3"}, time_zone="+08:00", hour_label="start", datum="wgs84", role="reference",
        coordinates="beijing_quotsoft_daily/stations_joined_derived.csv", gas_state="standard",
    )  # fmt: skip
    told = {}
    for name in ("2016-07", "2016-12"):
        hours = read_stations(delivery, shared, Intake(shared), utc_offset=8, months=[name])
        month = monthly_percentiles(daily_maxima(hours, utc_offset=8), [name]).squeeze("time")
        means = {gas: daily_means(hours, utc_offset=8, variable=gas)[gas].mean("day") for gas in ("o3", "no2")}
        told[name] = (month, means)
    summer, means = told["2016-07"]
    short = summer["station"].values[~summer["valid"].values].tolist()
    assert short == ["Dingling"]
    assert int(summer["n_valid"].sel(station="Dingling")) == 17
    counts = summer["valid"].values
    assert (summer["o3"].values[counts] > 1.3 * means["o3"].values[counts]).all()
    assert 200 < float(summer["o3"].values[counts].min()) < float(summer["o3"].values[counts].max()) < 250
    winter, means = told["2016-12"]
    assert bool(winter["valid"].all())
    assert float(winter["o3"].max()) < 80
    assert np.corrcoef(winter["o3"].values, means["no2"].values)[0, 1] < -0.5
