"""The ledger over the map of a published month: states by the ledger's own rules, a copy beside the month."""

from types import SimpleNamespace

import pytest
from map_case import month_case
from map_page import data_of

from hotspot.ledger.answers.warning_states import warning_states
from hotspot.ledger.chain.store import open_ledger
from hotspot.publish.web.webmap import web_map
from hotspot.rules.criteria import Criteria
from hotspot.rules.loop import Handover
from hotspot.variables import DataError
from hotspot.workflows.closing.ledger_map import write_ledger_map

MONTH = "2020-02"
STUDY = SimpleNamespace(id="town", criteria=Criteria())


@pytest.fixture(scope="module")
def case():
    return month_case()


@pytest.fixture
def home(case, tmp_path):
    """A month as it lies published, and its ledger."""
    folder = tmp_path / STUDY.id / MONTH
    folder.mkdir(parents=True)
    web_map(**case).save(folder / "map.html")
    (folder / "manifest.json").write_text("{}", encoding="utf-8")
    with open_ledger(tmp_path / STUDY.id / "ledger.sqlite") as ledger:
        ledger.append("month", MONTH, {"warned": case["warned"][["cell", "reason"]].values.tolist()})
    return tmp_path


def visited(cell, time, problem="none"):
    return {"month": MONTH, "cell": cell, "time": time, "problem": problem, "by": "王", "text": "正常"}


def found(cell, time, due=""):
    return {"origin": "platform", "found": time, "time": time, "by": "李", "cell": cell, "problem": "bare_soil",
            "text": "裸土", "step": "found", "issue": f"i-{cell}-{time}", "due": due}  # fmt: skip


def states(place, asof, handed=""):
    with open_ledger(place) as ledger:
        return warning_states(ledger, MONTH, asof, Handover(), handed=handed).set_index("cell")


def test_an_answer_is_due_five_working_days_after_the_hand_over(home, case):
    place, cell = home / STUDY.id / "ledger.sqlite", case["warned"]["cell"].iloc[0]
    # 2020-03-04 is a Wednesday: the fifth working day after it is Wednesday the 11th, whole.
    for asof, wanted in (("2020-03-11T23:59", "waiting"), ("2020-03-12T00:00", "overdue")):
        row = states(place, asof, "2020-03-04").loc[cell]
        assert (row["state"], row["due"]) == (wanted, "2020-03-11")
    assert states(place, "2020-12-01T00:00").loc[cell, "state"] == "waiting", "nobody says when it was handed over"


def test_answered_closed_and_overdue_follow_the_problems(home, case):
    place, cells = home / STUDY.id / "ledger.sqlite", list(dict.fromkeys(case["warned"]["cell"]))
    clean, named, late, done = cells[:4]
    with open_ledger(place) as ledger:
        ledger.append("feedback", MONTH, visited(clean, "2020-03-06T10:00"))
        ledger.append("feedback", MONTH, visited(named, "2020-03-06T11:00", "bare_soil"))
        ledger.append("issue", "2020-03", found(late, "2020-03-07T09:00", "2020-03-20"))
        ledger.append("issue", "2020-03", found(done, "2020-03-07T09:00", "2020-03-20"))
        body = {"issue": found(done, "2020-03-07T09:00")["issue"], "time": "2020-03-15T09:00", "by": "李"}
        for step in ("assigned", "claimed", "accepted"):
            ledger.append("step", "2020-03", body | {"step": step})
    told = states(place, "2020-03-20T23:59", "2020-03-04")
    assert told.loc[[clean, named, late, done], "state"].tolist() == ["closed", "answered", "answered", "closed"]
    assert told.loc[late, ["due", "problems", "open"]].tolist() == ["2020-03-20", 1, 1]
    assert states(place, "2020-03-21T00:00").loc[late, "state"] == "overdue"
    early = states(place, "2020-03-06T09:00")
    assert set(early["state"]) == {"waiting"}, "what comes later has not happened yet"


def test_the_map_is_a_copy_beside_the_month(home, case):
    cell = case["warned"]["cell"].iloc[0]
    with open_ledger(home / STUDY.id / "ledger.sqlite") as ledger:
        ledger.append("feedback", MONTH, visited(cell, "2020-03-06T10:00"))
    before = (home / STUDY.id / MONTH / "map.html").read_bytes()
    answer = write_ledger_map(STUDY, MONTH, "2020-03-12T08:00", handed="2020-03-04", out=home)
    path = home / STUDY.id / "maps" / f"{MONTH}.html"
    first = path.read_bytes()
    assert (home / STUDY.id / MONTH / "map.html").read_bytes() == before
    write_ledger_map(STUDY, MONTH, "2020-03-12T08:00", handed="2020-03-04", out=home)
    assert path.read_bytes() == first
    told = data_of(first.decode())["ledger"]
    assert told["asof"] == "2020-03-12T08:00" and len(told["cells"]) == case["warned"]["cell"].nunique()
    assert "1 closed 已办结" in answer["sentences"][0] and "overdue 逾期" in answer["sentences"][0]


def test_what_is_not_there_is_said(home):
    with pytest.raises(DataError, match="2020-03 of town was not published"):
        write_ledger_map(STUDY, "2020-03", "2020-04-12T08:00", out=home)
    with pytest.raises(DataError, match="nothing was published yet"):
        write_ledger_map(STUDY, MONTH, "2020-04-12T08:00", out=home / "elsewhere")
    with pytest.raises(ValueError, match="no local time"):
        write_ledger_map(STUDY, MONTH, "soon", out=home)
    with pytest.raises(ValueError, match="no local time"):
        write_ledger_map(STUDY, MONTH, "2020-04-12T08:00", handed="last week", out=home)
