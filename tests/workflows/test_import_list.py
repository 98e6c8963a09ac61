"""Hotspot lists made elsewhere: what is taken, what is refused, and that their origin stays with them."""

import hashlib

import pandas as pd
import pytest

from hotspot.rank.select.hotlist import read_hotspots
from hotspot.rank.select.imported import import_list, origin
from hotspot.sources.intake import Intake
from hotspot.study import load_study
from hotspot.variables import CoverageWarning, DataError
from hotspot.workflows.yearly.year import open_hotspots, select_year


@pytest.fixture(scope="module")
def study(small_copy, tmp_path_factory):
    """The small study with official labels on its first cells."""
    path = small_copy(tmp_path_factory.mktemp("labelled"))
    codes = load_study(path, data=path.parent).cells["cell"].values[:4]
    lines = [f"{code},T8571{n}" for n, code in enumerate(codes)]
    (path.parent / "labels.csv").write_text("cell,label\n" + "\n".join(lines) + "\n")
    path.write_text(path.read_text().replace('root = "."', 'root = "."\nlabels = "labels.csv"', 1))
    return load_study(path, data=path.parent)


@pytest.fixture(autouse=True)
def begun(study, decoded_before, tmp_path):
    """What the study's files hold was read before: no list here hangs on how."""
    decoded_before(tmp_path / study.id, levels=False)


def cell(study, n):
    return str(study.cells["cell"].values[n])


def city(study, n):
    return str(study.cells["city"].values[n])


def table(folder, frame, name="official.csv"):
    path = folder / name
    frame.to_excel(path, index=False) if name.endswith("xlsx") else frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("name", ["official.csv", "official.xlsx"])
@pytest.mark.parametrize("how", ["codes", "labels", "wide codes", "places"])
def test_codes_labels_and_places_name_the_same_cells(study, tmp_path, how, name):
    wanted = [cell(study, n) for n in (0, 2)]
    at = study.cells.sel(cell=wanted)
    frame = {
        "codes": {"网格编号": wanted, "城市": at["city"].values},
        "labels": {"官方编号": ["T85710", "Ｔ８５７１２"]},
        "wide codes": {"code": [wanted[0].lower(), wanted[1]]},
        "places": {"经度": at["lon"].values, "纬度": at["lat"].values},
    }[how]
    path = table(tmp_path, pd.DataFrame(frame), name)
    hot = import_list(path, study, 2025, Intake(path.parent), by="王", datum="wgs84")
    assert sorted(hot["cell"]) == sorted(wanted)
    assert set(hot["status"]) == {"imported"} and set(hot["since"]) == {2025}
    came = origin(hot)
    assert (came["file"], came["by"]) == (name, "王")
    assert came["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_places_ask_for_their_datum_and_it_counts(study, tmp_path):
    at = study.cells.isel(cell=5)
    path = table(tmp_path, pd.DataFrame({"lon": [float(at["lon"])], "lat": [float(at["lat"])]}))
    with pytest.raises(DataError, match="say their map datum"):
        import_list(path, study, 2025, Intake(path.parent), by="王")


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (lambda s: {"cell": [cell(s, 0), "PQ1848E"]}, "row 3: cell PQ1848E is no cell of small"),
        (lambda s: {"cell": [cell(s, 0), "T85799"]}, "row 3: 'T85799' is neither a cell code nor a label"),
        (lambda s: {"cell": [cell(s, 0), cell(s, 0)], "remark": [1, 2], "since": [2019, 2020]}, "stands in row 2 too"),
        (lambda s: {"cell": [cell(s, 0), "T85710"]}, "stands in row 2 too"),
        (lambda s: {"cell": [cell(s, 0)], "city": ["别市"]}, "not to 别市"),
        (lambda s: {"cell": [""], "city": [city(s, 0)]}, "it names no cell"),
        (lambda s: {"somewhere": ["x"]}, "neither cells nor places"),
        (lambda s: {"cell": [cell(s, 0)], "status": ["exited"]}, "it names no cell; a list of nothing"),
    ],
)
def test_a_list_at_fault_is_refused_whole(study, tmp_path, frame, says):
    path = table(tmp_path, pd.DataFrame(frame(study)))
    with pytest.raises(DataError, match=says):
        select_year(study, 2025, out=tmp_path, listed=path, by="王")
    assert not (tmp_path / study.id / "hotspots-2025.csv").exists()


def test_a_name_is_asked_for(study, tmp_path):
    path = table(tmp_path, pd.DataFrame({"cell": [cell(study, 0)]}))
    with pytest.raises(DataError, match="needs the name of who imports it"):
        select_year(study, 2025, out=tmp_path, listed=path)


def test_an_imported_list_is_in_force_and_not_undone(study, tmp_path):
    path = table(tmp_path, pd.DataFrame({"cell": [cell(study, 1), "T85713"], "since": [2019, 2031]}))
    written = select_year(study, 2025, out=tmp_path, listed=path, by="王")
    hot = open_hotspots(study, 2025, out=tmp_path)
    assert hot.equals(read_hotspots(written, study.cells)) and hot["since"].tolist() == [2019, 2025]
    assert hot["pm25"].notna().all()  # the study's own annual means stand beside the cells
    assert origin(hot)["by"] == "王"
    with pytest.raises(DataError, match="was imported; a new selection would undo that"):
        select_year(study, 2025, out=tmp_path)
    with pytest.raises(DataError, match="no reviewed list"):
        select_year(study, 2025, out=tmp_path, formal=True)
    form = (tmp_path / study.id / "hotspots-2025-review.csv").read_text(encoding="utf-8-sig")
    assert cell(study, 1) in form


def test_a_year_without_data_takes_a_list_all_the_same(study, tmp_path):
    path = table(tmp_path, pd.DataFrame({"cell": [cell(study, 1)]}))
    with pytest.warns(CoverageWarning, match="no annual mean stands beside its cells"):
        select_year(study, 2030, out=tmp_path, listed=path, by="王")
    assert open_hotspots(study, 2030, out=tmp_path)["pm25"].isna().all()


def test_our_own_list_of_last_year_comes_back(study, tmp_path):
    path = table(tmp_path, pd.DataFrame({"cell": [cell(study, 1), cell(study, 3)]}))
    first = select_year(study, 2025, out=tmp_path, listed=path, by="王")
    text = first.read_text(encoding="utf-8").splitlines()
    copy = tmp_path / "list-of-2025.csv"
    copy.write_text("\n".join([*text, text[1], text[2].replace("imported", "exited")]), encoding="utf-8")
    again = import_list(copy, study, 2026, Intake(copy.parent), by="李")
    assert again.attrs["notes"][:2] == ["1 rows that left the list were not taken", "1 rows stand twice, word for word"]
    assert again["cell"].tolist() == open_hotspots(study, 2025, out=tmp_path)["cell"].tolist()
    assert set(again["since"]) == {2025} and origin(again)["file"] == "list-of-2025.csv"
