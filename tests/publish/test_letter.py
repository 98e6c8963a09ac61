"""The prompt letter of a city: what C3 asks for, hostile names inert, the same bytes again."""

import io
import re
import zipfile

import pandas as pd
import pytest
from docx import Document
from docx.oxml.ns import qn
from hostile import PAYLOADS

from hotspot.publish.office.alarmed.alarm_words import alarm_why_zh, also_zh
from hotspot.publish.office.alarmed.letter import CSV_COLUMNS, write_letters
from hotspot.quality.hours.flags import flag
from hotspot.rank.alarm.suppression import words
from hotspot.rules.fireworks import windows
from hotspot.rules.sensors import FLAGS
from hotspot.synthetic.study import synthetic_month
from hotspot.text.csv_rows import unescape_text
from hotspot.text.door import shown


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
        "letter-990100.docx", "letter-990100.csv", "letter-990100.pdf",
        "letter-990200.docx", "letter-990200.csv", "letter-990200.pdf",
    ]  # fmt: skip
    words, cells = letter_text(paths[0])
    assert "关于" in words and "2025年12月热点网格排查反馈情况提示的函" in words
    assert "共发出PM2.5报警2次" in words and "已反馈1次，未反馈1次，反馈率50.0%" in words
    assert "abababababababab" in words and "{" not in words + "".join(cells)
    assert f"{alarms['sub_cell'][1]}\n及09号\n{alarms['alarm'][1]}" in cells
    assert f"{alarms['sub_cell'][0]}\n{alarms['alarm'][0]}" in cells
    for expected in ("12-05 02:00", "12-09 21:00", "212", "3.2", "已反馈1次", "未反馈"):
        assert expected in cells, expected
    other, aside = letter_text(paths[3])
    assert "本期没有推送的报警" in other and "共发出PM2.5报警0次" in other
    assert "未推送" in aside and "烟花爆竹燃放时段（元旦前夜）" in aside


def test_cities_without_codes_get_a_letter_each_all_the_same(study, alarms, tmp_path):
    """A table of boundaries need not give codes of cities, and then all have the same empty one."""
    bare = study.model_copy()
    bare.__dict__["cells"] = study.cells.assign_coords(city_code=("cell", [""] * study.cells.sizes["cell"]))
    paths = write(tmp_path, bare, alarms)
    assert [path.name for path in paths if path.suffix == ".csv"] == ["letter-city01.csv", "letter-city02.csv"]
    assert [pd.read_csv(path)["city"].nunique() for path in paths if path.suffix == ".csv"] == [1, 1]


def test_the_csv_reads_back(study, alarms, tmp_path):
    table = pd.read_csv(write(tmp_path, study, alarms)[1], parse_dates=["start"])
    assert tuple(table.columns) == CSV_COLUMNS and len(table) == 2
    assert table["start"].tolist() == alarms["start"].tolist()[:2] and table["count"].tolist() == [2, 2]
    lon, lat = table["lon"].to_numpy(), table["lat"].to_numpy()
    assert study.grid.child(lon, lat).tolist() == alarms["sub_cell"].tolist()[:2]


def test_the_letter_speaks_as_its_jurisdiction_does(study, alarms, tmp_path):
    there = study.model_copy()
    there._own_words = '{"热点网格": "市级热点网格", "问题清单": "任务清单"}'
    path = write(tmp_path, there, alarms)[0]
    words, _ = letter_text(path)
    assert "2025年12月市级热点网格排查反馈情况提示的函" in words and "按“一个市级热点网格、一份任务清单”要求" in words
    assert "热点网格" not in words.replace("市级热点网格", "")
    ours = letter_text(write(tmp_path / "ours", study, alarms)[0])[0]
    assert ours == words.replace("市级热点网格", "热点网格").replace("任务清单", "问题清单")


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
    back = pd.read_csv(table, dtype=str, keep_default_na=False)
    assert unescape_text(back["county"][0]) == shown(text)
    line = table.read_text(encoding="utf-8").split("\n")[1]
    assert not any(cell[:1] in "=+-@\t" for cell in line.split(",")[4:6] if cell)


def test_the_office_may_own_the_template(study, alarms, tmp_path):
    own = Document()
    own.add_paragraph("{{ city }}：{{ summary }}")
    own.save(str(tmp_path / "own.docx"))
    office = study.office.model_copy(update={"letter_template": "own.docx"})
    path = write(tmp_path / "x", study.model_copy(update={"office": office, "root": tmp_path}), alarms)[0]
    assert "共发出PM2.5报警2次" in letter_text(path)[0] and not letter_text(path)[1]


def test_columns_hold_what_must_not_break(study, alarms, tmp_path):
    lines = {
        "点位名称": 10,
        "点位名称\n报警编号": 10,
        "报警时间": 11,
        "时间": 11,
        "中心经度\n中心纬度": 8,
    }  # characters on one line
    for path in write(tmp_path, study, alarms)[::3]:
        document = Document(str(path))
        page = document.sections[0]
        assert document.tables
        for table in document.tables:
            grid = [int(column.get(qn("w:w"))) for column in table._tbl.tblGrid]
            assert sum(grid) * 635 <= page.page_width - page.left_margin - page.right_margin
            for row in table.rows:
                assert row._tr.trPr.find(qn("w:cantSplit")) is not None
                assert [cell.width // 635 for cell in row.cells] == grid  # both are read, by different programs
            head = table.rows[0]
            assert head._tr.trPr.find(qn("w:tblHeader")) is not None
            for cell, width in zip(head.cells, grid, strict=True):
                # a character of 9 points is 0.6 of that wide, on average, in the widest font met; then the padding
                assert width - 114 >= lines.get(cell.text, 2) * 9 * 20 * 0.6, cell.text


def test_a_label_has_its_own_line(study, alarms, tmp_path):
    named = study.model_copy()
    cells = study.cells.assign_coords(label=("cell", ["物流园区北侧"] * study.cells.sizes["cell"]))
    object.__setattr__(named, "__dict__", named.__dict__ | {"cells": cells})
    assert (
        f"{alarms['sub_cell'][0]}\n物流园区北侧\n{alarms['alarm'][0]}"
        in letter_text(write(tmp_path, named, alarms)[0])[1]
    )


def test_the_letter_holds_no_empty_table(study, alarms, tmp_path):
    path = write(tmp_path, study, alarms.iloc[:1])[0]
    assert len(Document(str(path)).tables) == 1 and "无。" in letter_text(path)[0]


def sentences():
    """Every reason the rules can write."""
    hours = pd.DataFrame(
        {
            "doubt": 0,
            "fireworks": 0,
            "rh": 97.0,
            "pm10_ratio": 0.21,
            "dust_share": 0.8,
            "risen_share": 0.9,
            "n_asked": 8,
        },
        index=range(2),
    )
    for at, (_, _, zh, _) in enumerate(windows()):
        yield words("fireworks", hours.assign(fireworks=at)), zh
    for name in FLAGS:
        yield (
            words("doubtful", hours.assign(doubt=flag(name).bit)),
            flag(name).zh.replace("PM2.5 与 PM10 ", "PM2.5与PM10"),
        )
    yield words("doubtful", hours.assign(doubt=(1 << len(FLAGS)) - 1)), "疑似人为干扰，待人工核查；按签字决定替代"
    yield words("dust", hours), "PM2.5与PM10之比为0.21，周边80%"
    yield words("fog", hours), "相对湿度97%"
    yield words("regional", hours), "周边8个站点中90%"
    yield words("short", hours), "仅持续1小时"


def test_every_reason_is_chinese_in_the_letter():
    for why, expected in sentences():
        for text in (why, f"{why}; also at 03, 30"):
            said = alarm_why_zh(text)
            assert expected in said and not re.search("[A-Za-z]", said.replace("PM2.5", "").replace("PM10", "")), said
        assert also_zh(f"{why}; also at 03, 30") == "及03、30号" and also_zh(why) == ""
    assert alarm_why_zh("also at 29") == "" and alarm_why_zh("fog: thick") == "高湿（雾）影响（thick）"


def test_persistent_highs_are_a_table_of_their_own(study, alarms, tmp_path):
    cell = alarms["cell"][0]
    week = {"week": pd.Timestamp("2025-12-08"), "hours": 44, "days": 6, "ratio": 2.0, "usual_hours": "03-07"}
    rows = [
        {"cell": cell, "sub_cell": f"{cell}-{n}", "state": state} | week
        for n, state in ((26, "persistent"), (27, "closed"))
    ]
    words, cells = letter_text(write(tmp_path, study, alarms, persistent=pd.DataFrame(rows))[0])
    assert "以下1个点位" in words and f"{cell}-26" in cells and f"{cell}-27" not in cells
    assert {"12-08起一周", "44", "6", "2.0", "03-07"} <= set(cells)
