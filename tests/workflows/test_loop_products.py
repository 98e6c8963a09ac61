"""The demo's loop: an office with what was planted in it, every product made of it, and each comes to the truth."""

import json

import pytest
from pypdf import PdfReader
from typer.testing import CliRunner

from hotspot.cli import app
from hotspot.ledger.chain.store import open_ledger
from hotspot.study import load_study
from hotspot.synthetic.office import write_office
from hotspot.workflows.closing.cases import publish_case, show_registers
from hotspot.workflows.closing.events import import_events
from hotspot.workflows.closing.network import register_of, show_network
from hotspot.workflows.hourly.evidence import evidence_of_period, show_assets
from hotspot.workflows.loop_demo import fill_loop
from hotspot.workflows.periods.calendar import write_letter
from hotspot.workflows.periods.targets import missed_targets

ASOF = "2025-12-31T23:59"


@pytest.fixture(scope="module")
def demo(small_copy, tmp_path_factory):
    """(study, out, office, year): the small study with its office and its filled ledger."""
    root = tmp_path_factory.mktemp("products")
    office = write_office(small_copy(root / "study"))
    study = load_study(office.study, data=office.study.parent)
    return study, root / "out", office, fill_loop(study, out=root / "out")


def test_the_office_lacks_what_was_planted_and_nothing_else(demo):
    study, out, office, _ = demo
    answer = show_network(study, day="2025-12-31", out=out)
    assert {row["name"] for row in answer["findings"]} == {office.planted["lacking"]}
    assert [row["zh"] for row in answer["findings"]] == ["缺监督员1名", "缺专职监督员1名"]
    name, facility = office.planted["interested"]
    assert "avoidance" in register_of(study)[0].why_not(name, "visit", "2025-12-01", facility)


def test_b5_both_clocks_come_to_the_truth(demo):
    study, out, _, year = demo
    got = CliRunner().invoke(app, ["issues", "--study", str(study.path), "--out", str(out), "--asof", ASOF, "--json"])
    assert got.exit_code == 0, got.output
    told = json.loads(got.stdout)
    states = [row["state"] for row in told["alarms"]]
    for state, name in (("in time", "in_time"), ("late", "late"), ("overdue", "overdue")):
        assert states.count(state) == year.truth[name], state
    site = [row["site_state"] for row in told["alarms"]]
    assert site.count("late") == year.truth["site_late"] > 0
    assert site.count("overdue") == year.truth["overdue"], "who never answers never reports"


def test_b22_the_missed_target_follows_from_the_tables(demo):
    study, out, office, _ = demo
    assert missed_targets(study, "2025-12", out=out) == [office.planted["missed_target"]]
    assert missed_targets(study, "2025-11", out=out) == [], "the year is not over"


def test_evidence_events_and_equipment_come_to_what_was_planted(demo):
    study, out, office, _ = demo
    facility, hours = office.planted["idle"]
    assert hours > 0
    with open_ledger(out / study.id / "ledger.sqlite") as ledger:
        places = [str(code) for code in study.cells["cell"].values]
        for n, cell in enumerate(places):  # an idle night and a night that is none, at every cell
            for day in ("03", "04"):
                body = {"alarm": f"x{day}-{n}", "cell": cell, "sub_cell": f"{cell}-01", "hours": 3, "state": "pushed"}
                body |= {"time": f"2025-12-{day}T02:00", "end": f"2025-12-{day}T05:00"}
                ledger.append("alarm", "2025-12", body)
    rows = [row for row in evidence_of_period(study, "2025-12", out=out)["rows"] if row["alarm"].startswith("x")]
    assert rows and {row["facility"] for row in rows} == {facility} and {row["test"] for row in rows} == {"treatment"}
    assert {row["alarm"][:3] for row in rows} == {"x03"}
    told = import_events(study, out=out)
    assert (told["account"]["read"], told["account"]["used"]) == (office.planted["reports"], office.planted["events"])
    assert any("高空瞭望" in fault for fault in show_assets(study)["faults"]), "one tower where the document has two"


def test_the_case_goes_to_the_column_and_the_registers_count_what_was_paid(demo):
    study, out, _, year = demo
    answer = publish_case(study, study.root / "office" / "case.md", asof="2025-10-02", out=out)
    assert 1000 <= answer["count"] <= 1500
    files = write_letter(study, "column", "2025-W40", out=out)["files"]
    pages = PdfReader(next(file for file in files if file.endswith(".pdf"))).pages
    text = "".join("".join(page.extract_text() for page in pages).split())
    assert "《一起夜间停运治理设施案》" in text and "【处理结果】" in text
    assert (
        sum(float(row["amount"]) for row in show_registers(study, "2025-12-31", out=out)["rewards"])
        == (year.truth["rewarded"])
    )
