"""What goes with the letters: the return form is read back, the chat text is short, the table says who answers."""

import openpyxl
import pandas as pd
import pytest
from test_letter import alarms, letter_text, study  # noqa: F401 (fixtures)

from hotspot.ledger.answers.feedback import REQUIRED
from hotspot.ledger.answers.past import CellPast
from hotspot.publish.office.alarmed.alarm_desk import CHAT_LETTERS, chat_text, city_figures, write_desk
from hotspot.publish.office.alarmed.letter import write_letters
from hotspot.publish.office.warned.return_form import returned
from hotspot.sources.intake import Intake
from hotspot.sources.tables import read_table


@pytest.fixture
def waiting(alarms):  # noqa: F811
    cell = alarms["cell"][0]
    row = {"alarm": f"A2025113005-{cell}", "cell": cell, "sub_cell": f"{cell}-27", "pushed": "2025-11-30T07:00"}
    return pd.DataFrame([row | {"waited": 49.0, "state": "overdue"}])


def test_the_letter_remembers_what_nobody_answered(study, alarms, waiting, tmp_path):  # noqa: F811
    cell = alarms["cell"][0]
    past = {cell: CellPast(cell, (("2025-11-30T05:00", f"{cell}-27", 2),), (), (), (), (), ())}
    docx, _, pdf, *_ = write_letters(
        tmp_path, study=study, alarms=alarms, period="2025-12", outstanding=waiting, past=past
    )
    words, cells = letter_text(docx)
    assert "以前推送、至今未反馈的报警1次" in words and "收到后24小时内反馈" in words
    for said in (waiting["alarm"][0], "11-30 07:00", "49", "超期", "近一年报警1次：11-30 05时（27号小格）"):
        assert said in cells, said
    assert pdf.read_bytes()[:4] == b"%PDF"
    only = write_letters(tmp_path / "only", study=study, alarms=alarms.iloc[:0], period="2025-12", outstanding=waiting)
    assert len(only) == 3 and waiting["alarm"][0] in letter_text(only[0])[1]


def test_the_form_of_alarms_comes_back_with_what_was_filled_in(study, alarms, waiting, tmp_path):  # noqa: F811
    files = write_desk(tmp_path, study=study, alarms=alarms, period="2025-12", answered={}, outstanding=waiting)
    form = next(path for path in files if path.name.startswith("return-alarms-9901"))
    book = openpyxl.load_workbook(form)
    sheet = book.active
    heads = {cell.value: cell.column for cell in sheet[1]}
    listed = [sheet.cell(row, heads["报警编号"]).value for row in range(2, 5)]
    assert listed == [*alarms["alarm"][:2], waiting["alarm"][0]]
    for head, value in (
        ("排查时间", "2025-12-06 10:00"),
        ("填报人", "王"),
        ("问题类型", "裸土未苫盖"),
        ("检查情况和问题", "二亩"),
    ):
        sheet.cell(2, heads[head]).value = value
    book.save(form)
    table = read_table(form, Intake(tmp_path))
    rows = returned(table.frame, table.name, REQUIRED)
    assert rows[["alarm", "cell", "problem", "by"]].values.tolist() == [
        [alarms["alarm"][0], alarms["cell"][0], "bare_soil", "王"]
    ]


def test_the_chat_text_is_short_and_counts_what_it_leaves_out(study, alarms):  # noqa: F811
    one = alarms.iloc[:1].assign(county="某县", township="某镇", feedback=0)
    many = pd.concat([one.assign(alarm=f"A{n}", start=one["start"] + pd.Timedelta(hours=n)) for n in range(60)])
    text = chat_text("某市", "2025-12", many, city_figures(many, pd.DataFrame(), {}))
    assert len(text) <= CHAT_LETTERS and "推送PM2.5报警60次，已反馈0次，反馈率0.0%" in text
    shown = text.count("未反馈") - text.count("对未反馈")
    assert f"另有{60 - shown}次见函。" in text
    none = chat_text("某市", "2025-12", many.iloc[:0], city_figures(many.iloc[:0], pd.DataFrame(), {}))
    assert "反馈率" not in none and "均已反馈" in none


def test_cities_are_sorted_by_who_answers_least(study, alarms, waiting, tmp_path):  # noqa: F811
    both = alarms.assign(state="pushed")
    answered = {both["alarm"][2]: [{"problem": "dumping"}]}
    given = {"study": study, "alarms": both, "period": "2025-12", "answered": answered, "outstanding": waiting}
    files = write_desk(tmp_path, **given)
    rows = [[c.value for c in row] for row in openpyxl.load_workbook(files[-1]).active.iter_rows(min_row=3, max_row=4)]
    assert [row[1:] for row in rows] == [[2, 0, 0, 1, 1, 0], [1, 1, 100, 0, 0, 1]]
    again = write_desk(
        tmp_path / "b", study=study, alarms=both, period="2025-12", answered=answered, outstanding=waiting
    )
    assert [p.read_bytes() for p in files] == [p.read_bytes() for p in again]
