"""The prompt letter of a city: what C3 asks for, hostile names inert, the same bytes again."""

import io
import zipfile

import pandas as pd
import pytest
from docx import Document
from hostile import PAYLOADS

from hotspot.publish.letter import CSV_COLUMNS, read_letter_csv, write_letters
from hotspot.sources.synthetic import synthetic_month


@pytest.fixture(scope="module")
def study():
    return synthetic_month(size="small").study


@pytest.fixture
def alarms(study):
    """Three alarms in two cities: two pushed in one cell, one suppressed elsewhere."""
    cells = study.cells
    cities = sorted(set(cells["city"].values.astype(str)))
    code = [str(cells["cell"].values[cells["city"].values == city][0]) for city in cities]
    start = pd.to_datetime(["2025-12-05 02:00", "2025-12-09 21:00", "2025-12-31 21:00"])
    return pd.DataFrame(
        {
            "alarm": [f"A{t:%Y%m%d%H}-{c}" for t, c in zip(start, [code[0], code[0], code[1]], strict=True)],
            "cell": [code[0], code[0], code[1]],
            "sub_cell": [f"{code[0]}-07", f"{code[0]}-08", f"{code[1]}-30"],
            "start": start,
            "end": start + pd.Timedelta(hours=3),
            "hours": 3,
            "peak": [212.4, 180.0, 300.0],
            "mean": [190.0, 160.0, 250.0],
            "neighbours": [60.0, 70.0, 100.0],
            "ratio": [3.17, 2.29, 2.5],
            "z": [7.0, 5.0, 9.0],
            "state": ["pushed", "pushed", "suppressed"],
            "why": ["", "also at 09", "fireworks: New Year's Eve"],
        }
    )


def letter_text(path):
    document = Document(str(path))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join(paragraph.text for paragraph in document.paragraphs), cells


def write(directory, study, alarms, **more):
    return write_letters(directory, study=study, alarms=alarms, period="2025-12", **more)


def test_c3_point_time_count_and_feedback_stand_in_the_letter(study, alarms, tmp_path):
    answered = {alarms["alarm"][0]: [{"text": "裸土"}]}
    paths = write(tmp_path, study, alarms, answered=answered, head="ab" * 32)
    assert [path.name for path in paths] == [
        "letter-990100.docx", "letter-990100.csv", "letter-990200.docx", "letter-990200.csv",
    ]  # fmt: skip
    words, cells = letter_text(paths[0])
    assert "关于" in words and "2025年12月热点网格排查反馈情况提示的函" in words
    assert "共发出PM2.5报警2次" in words and "已反馈1次，未反馈1次，反馈率50.0%" in words
    assert "abababababababab" in words and "{" not in words + "".join(cells)
    for expected in (alarms["sub_cell"][0], "12-05 02:00", "12-09 21:00", "212", "3.2", "已反馈1次", "未反馈"):
        assert expected in cells, expected
    other, aside = letter_text(paths[2])
    assert "本期没有推送的报警" in other and "共发出PM2.5报警0次" in other
    assert "未推送" in aside and any(cell.startswith("烟花爆竹燃放时段") for cell in aside)


def test_the_csv_reads_back(study, alarms, tmp_path):
    table = read_letter_csv(write(tmp_path, study, alarms)[1])
    assert tuple(table.columns) == CSV_COLUMNS and len(table) == 2
    assert table["start"].tolist() == alarms["start"].tolist()[:2] and table["count"].tolist() == [2, 2]
    lon, lat = table["lon"].to_numpy(), table["lat"].to_numpy()
    assert study.grid.child(lon, lat).tolist() == alarms["sub_cell"].tolist()[:2]


def test_a_day_has_its_own_heading_and_no_alarms_no_letter(study, alarms, tmp_path):
    path = write_letters(tmp_path, study=study, alarms=alarms.iloc[:1], period="2025-12-05")[0]
    assert "2025年12月5日热点网格" in letter_text(path)[0]
    assert write(tmp_path / "none", study, alarms.iloc[:0]) == []


def test_the_same_letter_is_the_same_bytes(study, alarms, tmp_path):
    one, two = (
        write(tmp_path / "a", study, alarms),
        write(tmp_path / "b", study, alarms.sample(frac=1, random_state=3).sort_index()),
    )
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]
    with zipfile.ZipFile(one[0]) as members:
        assert {member.date_time for member in members.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("name", sorted(PAYLOADS))
def test_case_102_hostile_names_are_inert(study, alarms, tmp_path, name):
    text = PAYLOADS[name]
    cells = study.cells
    worse = cells.assign_coords(
        {key: ("cell", [text] * cells.sizes["cell"]) for key in ("county", "township", "label")}
    )
    hostile = study.model_copy()
    object.__setattr__(hostile, "__dict__", hostile.__dict__ | {"cells": worse})
    docx, table, *_ = write(tmp_path, hostile, alarms)
    with zipfile.ZipFile(io.BytesIO(docx.read_bytes())) as members:
        xml = members.read("word/document.xml").decode()
    assert "<script>" not in xml and "49" not in [cell for cell in letter_text(docx)[1] if "7*7" not in cell]
    back = read_letter_csv(table)
    assert back["county"][0] == text.replace("\r\n", "\n").replace("\r", "\n") or back["county"][0] == text
    line = table.read_text(encoding="utf-8").split("\n")[1]
    assert not any(cell[:1] in "=+-@\t" for cell in line.split(",")[4:6] if cell)


def test_the_office_may_own_the_template(study, alarms, tmp_path):
    own = Document()
    own.add_paragraph("{{ city }}：{{ summary }}")
    own.save(str(tmp_path / "own.docx"))
    path = write(tmp_path / "x", study, alarms, template=tmp_path / "own.docx")[0]
    assert "共发出PM2.5报警2次" in letter_text(path)[0] and not letter_text(path)[1]
