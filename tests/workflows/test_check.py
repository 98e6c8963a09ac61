"""One verdict: over damaged small studies ``check`` says what ``month`` and ``select`` do (RELIABILITY G 12)."""

import json
import shutil

import pandas as pd
import pytest

from hotspot.study import load_study
from hotspot.variables import DataError
from hotspot.workflows.monthly.check import check_lines, check_month, group_notes
from hotspot.workflows.monthly.month import run_month
from hotspot.workflows.proof.verify import verify_month
from hotspot.workflows.yearly.year import select_year

# Stations alone: a month of it takes seconds, not the minute that learning the weather takes.
STATIONS = """
id = "mini"
name = "某区"
root = "."

[criteria.selection]
second_criterion = "none"

[[boundary]]
layout = "table"
files = ["boundaries/townships.geojson"]
level = "township"
datum = "wgs84"
columns = { city = "市", city_code = "市代码", county = "县", county_code = "县代码", township = "乡镇" }

[[stations]]
layout = "long"
files = ["stations/pm25_*.csv"]
coordinates = "stations/stations.csv"
datum = "wgs84"
unit = "ug/m3"
time_zone = "+08:00"
hour_label = "start"
gas_state = "actual"
"""
WEATHER = """
[[weather]]
layout = "table"
files = ["met.csv"]
time_zone = "+08:00"
lon = 114.0
lat = 38.0
"""


@pytest.fixture(scope="module")
def base(small_copy, tmp_path_factory):
    """The small study's boundaries and stations, dirtier to the east: a field from stations must tell cells apart."""
    folder = tmp_path_factory.mktemp("whole")
    small_copy(folder)
    lon = pd.read_csv(folder / "stations" / "stations.csv").set_index("站点编号")["经度"]
    factor = 0.6 + 1.2 * (lon - lon.min()) / (lon.max() - lon.min())
    for path in (folder / "stations").glob("pm25_*.csv"):
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        number = pd.to_numeric(table["PM2.5"], errors="coerce")
        east = (number * table["站点编号"].map(factor)).round(1).astype(str)
        table["PM2.5"] = east.where(number > 0, table["PM2.5"])
        table.to_csv(path, index=False)
    return folder


@pytest.fixture
def mini(base, tmp_path):
    """A copy to damage: (folder, a function that loads it)."""
    for name in ("boundaries", "stations"):
        shutil.copytree(base / name, tmp_path / name)
    (tmp_path / "study.toml").write_text(STATIONS, encoding="utf-8")
    return tmp_path


def say(folder, old, new):
    path = folder / "study.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def add(folder, text):
    with open(folder / "study.toml", "a", encoding="utf-8") as stream:
        stream.write(text)


def no_year(folder):
    for path in (folder / "stations").glob("pm25_2024-0*.csv"):
        path.unlink()


def no_month(folder):
    (folder / "stations" / "pm25_2025-12.csv").unlink()


def no_boundaries(folder):
    (folder / "boundaries" / "townships.geojson").unlink()


def empty_boundaries(folder):
    (folder / "boundaries" / "townships.geojson").write_bytes(b"")


def empty_station_file(folder):
    (folder / "stations" / "pm25_2025-12.csv").write_bytes(b"")


def half_a_month(folder):
    path = folder / "stations" / "pm25_2025-12.csv"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[: len(lines) // 2]))


def no_last_line_end(folder):
    for path in (folder / "stations").glob("pm25_*.csv"):
        path.write_bytes(path.read_bytes().rstrip(b"\r\n"))


def unknown_unit(folder):
    say(folder, 'unit = "ug/m3"', 'unit = "furlong"')


def no_unit(folder):
    say(folder, 'unit = "ug/m3"\n', "")


def weather_without_values(folder):
    hours = pd.date_range("2024-12-01", "2025-12-31 23:00", freq="h")
    frame = pd.DataFrame({"时间": hours.strftime("%Y-%m-%d %H:%M"), "风速(m/s)": "", "风向": "", "气温(℃)": ""})
    frame.to_csv(folder / "met.csv", index=False)
    add(folder, WEATHER)


def weather_missing(folder):
    add(folder, WEATHER)


def broken_template(folder):
    (folder / "notice.docx").write_bytes(b"PK\x03\x04 no document")
    add(folder, '\n[office]\nname = "某局"\ntemplate = "notice.docx"\n')


def template_missing(folder):
    add(folder, '\n[office]\ntemplate = "nowhere.docx"\n')


def labels_missing(folder):
    say(folder, 'root = "."', 'root = "."\nlabels = "labels.csv"')


def facilities_broken(folder):
    (folder / "plants.csv").write_text("name,somewhere\nX,here\n")
    add(folder, '\n[[facilities]]\nlayout = "general"\nfiles = ["plants.csv"]\ndatum = "wgs84"\n')


def decision_on_nobody(folder):
    (folder / "decisions.csv").write_text("station,day,pollutant,signer,reason\nS99,2025-12-03,pm25,李某,喷淋\n")
    add(folder, '\n[[decisions]]\nfiles = ["decisions.csv"]\n')


def level_required(folder):
    say(folder, 'second_criterion = "none"', 'second_criterion = "required"')


def does(function, *args, **kwargs):
    """Does it end well? A crash is no good end either."""
    try:
        function(*args, **kwargs)
    except Exception:
        return False
    return True


def assert_only_kept(out):
    """Check has written nothing but what a month keeps too: means of months, levels, decoded files."""
    found = {path.relative_to(out) for path in out.rglob("*") if path.is_file() or path.is_symlink()}
    assert all(path.suffix == ".parquet" or path.parts[1] == "decoded" for path in found), found
    assert {path.parts[0] for path in found} == {"mini"}


DAMAGES = {
    weather_without_values: True,
    no_year: False, no_month: False, no_boundaries: False, empty_boundaries: False, empty_station_file: None,
    half_a_month: False, unknown_unit: False, no_unit: False, weather_missing: False, broken_template: False,
    template_missing: False, labels_missing: False, facilities_broken: False, decision_on_nobody: False,
    level_required: False,
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_the_verdict_is_the_outcome(base, mini, damage):
    damage(mini)
    out = mini / "out"
    # Kept by the hash of the file: what no damage has touched is decoded once for all of them.
    (base / "decoded").mkdir(exist_ok=True)
    (out / "mini").mkdir(parents=True)
    (out / "mini" / "decoded").symlink_to(base / "decoded", target_is_directory=True)
    answer = check_month(load_study(mini / "study.toml"), "2025-12", out=out)
    assert_only_kept(out)
    selected = does(select_year, load_study(mini / "study.toml"), 2025, out=out)
    published = does(run_month, load_study(mini / "study.toml"), "2025-12", out=out)
    assert (answer["ready"], answer["list"]["ready"]) == (published, selected), answer["problems"]
    if DAMAGES[damage] is not None:
        assert published == DAMAGES[damage], answer["problems"]
    assert answer["ready"] == (not answer["problems"])
    assert json.loads(json.dumps(answer, ensure_ascii=False)) == answer
    first = next(iter(check_lines(answer)))
    assert first.endswith("CANNOT be published" if answer["problems"] else "2025-12: can be published")


def test_a_future_month_is_no(mini):
    answer = check_month(load_study(mini / "study.toml"), "2030-01")
    assert not answer["ready"] and not answer["list"]["ready"]
    assert any("2030-01" in text for text in answer["problems"])
    with pytest.raises(DataError):
        run_month(load_study(mini / "study.toml"), "2030-01", out=mini / "out")


def test_a_list_at_fault_is_no(mini):
    place = mini / "out" / "mini" / "hotspots-2025.csv"
    place.parent.mkdir(parents=True)
    place.write_text("year,city\n2025,x\n")
    answer = check_month(load_study(mini / "study.toml"), "2025-12", out=mini / "out")
    assert not answer["ready"] and answer["list"]["how"] == "lacking"
    assert str(place) in answer["problems"][0]  # not the scratch copy that was read
    assert not does(run_month, load_study(mini / "study.toml"), "2025-12", out=mini / "out")


def test_a_year_without_data_needs_a_list_and_an_imported_one_will_do(mini):
    """The year before was not delivered: no list can be selected, an official one is taken, and says so everywhere."""
    no_year(mini)
    study = load_study(mini / "study.toml")
    before = check_month(study, "2025-12", out=mini / "out")
    assert not before["ready"] and "the list of 2025" in before["problems"][0]
    assert before["months"]["2025-12"]["valid"] > 0  # the month itself is sound, and shown
    assert_only_kept(mini / "out")
    codes = study.cells["cell"].values[40:60]
    pd.DataFrame({"网格编号": codes}).to_excel(mini / "official.xlsx", index=False)
    select_year(study, 2025, out=mini / "out", listed=mini / "official.xlsx", by="王")
    after = check_month(study, "2025-12", out=mini / "out")
    assert after["ready"] and "official.xlsx" in after["list"]["origin"]
    folder = run_month(study, "2025-12", out=mini / "out")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert any("the year's list was imported: official.xlsx" in note for note in manifest["notes"])
    assert set(pd.read_csv(folder / "hotspots.csv")["status"]) == {"imported"}
    assert verify_month(folder, data=mini)["verified"]
    assert "official.xlsx" in (folder / "map.html").read_text(encoding="utf-8")
    said = pd.read_excel(folder / "warnings.xlsx", sheet_name=None, header=None)
    assert any(
        frame.astype(str).apply(lambda c: c.str.contains("official.xlsx")).any().any() for frame in said.values()
    )
    assert all("official.xlsx" in _text(folder / name) for name in ("report.pdf", "notice.pdf", "sheets.pdf"))


def _text(path):
    import subprocess

    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    raw = subprocess.run(["pdftotext", path, "-"], check=True, capture_output=True, text=True).stdout
    return "".join(raw.split())


def test_equal_notes_are_one_note_with_a_count(mini):
    no_last_line_end(mini)
    level_required(mini)  # no list can be made, so that nothing is drawn
    answer = check_month(load_study(mini / "study.toml"), "2025-12")
    lines = list(check_lines(answer))
    ends = [line for line in lines if "no final newline" in line]
    assert len(ends) == 1 and ends[0].startswith("note: 14 files: no final newline")
    assert [line.split(":")[0] for line in lines[1:2]] == ["problem"]
    assert [line.split(":")[0] for line in lines[-len(answer["notes"]) :]] == ["note"] * len(answer["notes"])


def test_cells_left_out_for_one_reason_are_one_line():
    why = {f"{share}% of the cell is covered, at least 50% is needed": 2 for share in (9, 31, 49)} | {"no value": 1}
    answer = {"ready": False, "study": "s", "month": "2025-12", "problems": [], "cautions": [], "staffing": [],
              "list": {"how": "lacking", "origin": ""}, "inputs": {}, "stations": {}, "notes": [],
              "months": {"2025-12": {"cells": 9, "valid": 2, "why": why}}}  # fmt: skip
    assert list(check_lines(answer))[-2:] == [
        "   6 cells: 9% to 49% of the cell is covered, at least 50% is needed",
        "   1 cells: no value",
    ]


def test_notes_of_one_file_and_of_none_stay_as_they_are():
    notes = group_notes(["a.csv: odd", "rain: none", "b.csv: even"], ["a.csv", "b.csv"])
    assert [(note["text"], note["count"]) for note in notes] == [("odd", 1), ("rain: none", 1), ("even", 1)]
