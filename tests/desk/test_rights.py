"""Whose page is it, and who may write what: a county sees its own, duties and avoidance are the ledger's."""

import csv
import re

import pytest
from desk_case import COUNTY, OTHER, VILLAGE, Visitor, alarms_of
from loop_town import write_rows

from hotspot.desk.accounts import account_of
from hotspot.ledger.answers.issues import record_issues


@pytest.fixture(scope="module")
def county(desk):
    """The chief of one county, logged in."""
    return Visitor(desk, COUNTY)


def a_problem(desk, county, **more):
    """A fresh problem in a county's cell; its number."""
    cell = desk.read().alarm(alarms_of(desk, county)[0])["cell"]
    row = {"origin": "inspection", "found": "2025-12-01T10:00", "by": "督察组", "cell": cell, "problem": "vocs"}
    n = len(desk.read().issues)
    report = desk.record(record_issues, [row | {"text": f"第{n}处"} | more])
    assert report["state"].tolist() == ["recorded"]
    return desk.read().kinds["issue"][-1].body["issue"]


def test_a_county_sees_its_own_and_nothing_of_another(desk, county):
    own, other = alarms_of(desk, "白鹿县"), alarms_of(desk, "河东区")
    assert own and other
    assert county.get(f"/alarms/{own[0]}").status_code == 200
    cell = desk.read().alarm(other[0])["cell"]
    problem = a_problem(desk, "河东区")
    for path in (f"/alarms/{other[0]}", f"/cells/{cell}", f"/issues/{problem}", f"/new/issue?alarm={other[0]}",
                 f"/new/issue?cell={cell}"):  # fmt: skip
        assert county.get(path).status_code == 404, path
    for path in ("/", "/alarms?days=366", "/issues?all=1", "/ledger", "/ledger.csv", "/map.json", "/figures"):
        text = county.get(path).text
        assert cell not in text and problem not in text and "河东区" not in text, path
    assert cell in Visitor(desk, "ministry").get("/map.json").text


def test_figures_of_a_part_say_of_how_many_cells(desk, county):
    """A city of which somebody sees one county is not shown as if nothing had happened in the rest of it."""
    with desk.store() as store:
        seen = desk.seen(account_of(store, COUNTY))
    inside = [place for cell, place in desk.places.items() if cell in seen]
    city = next(city for city, name in inside if name.startswith("白鹿县"))
    n, of = (sum(place[0] == city for place in some) for some in (inside, desk.places.values()))
    assert 0 < n < of
    assert re.search(rf"<td>{re.escape(city)} <small>{n}/{of} 格</small></td>", county.get("/figures").text)
    assert "<small>" not in Visitor(desk, "ministry").get("/figures").text.split("<table>")[1]


def test_what_is_not_there_and_what_is_not_ones_own_look_alike(desk, county):
    other = alarms_of(desk, "河东区")[0]
    hidden, none = county.get(f"/alarms/{other}"), county.get("/alarms/A1999010100-NONE")
    assert hidden.status_code == none.status_code == 404
    assert hidden.text.replace(other, "") == none.text.replace("A1999010100-NONE", "")


def test_another_county_cannot_write_either(desk, county):
    other, before = alarms_of(desk, "河东区")[0], desk.read().seq
    cell, problem = desk.read().alarm(other)["cell"], a_problem(desk, "河东区")
    own = desk.read().alarm(alarms_of(desk, "白鹿县")[0])["cell"]
    before = desk.read().seq
    told = {"time": "2025-12-30T08:00", "problem": "none", "text": "看过"}
    for path, more in ((f"/alarms/{other}/answer", told), (f"/alarms/{other}/receipt", {}),
                       (f"/cells/{cell}/finding", told | {"month": "2025-11"}),
                       ("/new/issue", {"cell": cell, "origin": "self", "found": "2025-12-30T08:00",
                                       "problem": "vocs", "text": "x"}),
                       ("/new/issue", {"cell": own, "origin": "self", "found": "2025-12-30T08:00",
                                       "problem": "vocs", "text": "x", "ref": other}),
                       (f"/issues/{problem}/step", {"step": "assigned"})):  # fmt: skip
        assert county.post(path, **more).status_code == 404, path
    assert desk.read().seq == before


def test_duties_are_judged_by_the_ledger_in_its_words(desk, county):
    problem = a_problem(desk, "白鹿县")
    assert county.post(f"/issues/{problem}/step", step="assigned", department="housing").status_code == 200
    refused = county.post(f"/issues/{problem}/step", step="accepted")
    assert refused.status_code == 422 and "还没有“报完成”，不能办理“已验收”" in refused.text
    assert county.post(f"/issues/{problem}/step", step="rectifying").status_code == 200
    entry = desk.read().kinds["step"][-1]
    assert entry.body["by"] == "白鹿县县长" and entry.body["issue"] == problem and "hash" not in entry.body


def test_a_village_may_not_hand_over(desk):
    """The words are those of its duties (B2)."""
    cell = next(iter(desk.network.owned["V2"]))
    row = {"origin": "inspection", "found": "2025-12-01T10:00", "by": "督察组", "cell": cell, "problem": "vocs"}
    desk.record(record_issues, [row | {"text": "村里"}])
    problem = desk.read().kinds["issue"][-1].body["issue"]
    visitor = Visitor(desk, VILLAGE)
    refused = visitor.post(f"/issues/{problem}/step", step="assigned")
    assert refused.status_code == 422 and "巡查" in refused.text and "（B2）" in refused.text
    assert "（B2）" in visitor.get(f"/issues/{problem}").text  # said before the form is filled


def test_avoidance_is_enforced(desk):
    """Who has an interest in an enterprise writes no visit to it (B12)."""
    people = desk.network.register.people
    people.loc[people["person"] == COUNTY, "interests"] = "F0001"
    try:
        name = alarms_of(desk, "白鹿县")[1]
        told = {"time": "2025-12-30T08:00", "problem": "none", "text": "看过", "facility": "F0001"}
        refused = Visitor(desk, COUNTY).post(f"/alarms/{name}/answer", **told)
        assert refused.status_code == 422 and "应当回避" in refused.text
    finally:
        people.loc[people["person"] == COUNTY, "interests"] = ""


def test_an_account_that_reads_writes_nothing(desk):
    reader, name, before = Visitor(desk, "reader"), alarms_of(desk, "白鹿县")[0], desk.read().seq
    assert "<textarea" not in reader.get(f"/alarms/{name}").text
    told = {"time": "2025-12-30T08:00", "problem": "none", "text": "看过"}
    found = {"cell": desk.read().alarm(name)["cell"], "origin": "self", "found": "2025-12-30T08:00", "text": "x"}
    for path, more in ((f"/alarms/{name}/answer", told), (f"/alarms/{name}/receipt", {}),
                       ("/new/issue", found | {"problem": "vocs"})):  # fmt: skip
        assert reader.post(path, **more).status_code == 403
    assert desk.read().seq == before


def test_accounts_are_the_administrators(desk, county):
    assert county.get("/accounts").status_code == 403
    assert county.post("/accounts", login="evil", name="x", role="admin").status_code == 403
    assert county.post("/accounts/admin", act="stop").status_code == 403
    assert Visitor(desk, "admin").get("/accounts").status_code == 200


def test_fields_that_the_form_does_not_have_are_not_taken(desk, county):
    """Mass assignment: who writes, which entry, which state are not the sender's to say."""
    name = alarms_of(desk, "白鹿县")[2]
    told = {"time": "2025-12-30T08:10", "problem": "bare_soil", "text": "土方未苫盖", "by": "别人", "cell": "X",
            "month": "2020-01", "alarm": "other", "seq": "1", "state": "withdrawn", "role": "admin"}  # fmt: skip
    assert county.post(f"/alarms/{name}/answer", **told).status_code == 200
    body = desk.read().kinds["feedback"][-1].body
    assert body["by"] == "白鹿县县长" and body["alarm"] == name and body["cell"] == desk.read().alarm(name)["cell"]
    assert set(body) == {"by", "alarm", "cell", "month", "time", "problem", "text", "form"}
    county.post("/account", old="x", password="y", again="y", role="admin", login="admin", place="")
    assert county.get("/accounts").status_code == 403


def test_an_office_sees_the_place_its_account_names(desk):
    admin = Visitor(desk, "admin")
    city, county_ = next(pair for pair in sorted(set(desk.places.values())) if pair[1].startswith("城中区"))
    made = admin.post("/accounts", login="office1", name="城中分局", place=f"{city}/{county_}", role="write")
    code = re.search(r"<code class=\"code\">([^<]+)", made.text)[1]
    visitor = Visitor(desk)
    token = re.search('name="token" value="([^"]+)', visitor.get("/join").text)[1]
    joined = {"code": code, "password": "another one 55", "again": "another one 55", "token": token}
    assert visitor.client.post("/join", data=joined).status_code == 200
    assert visitor.log_in("office1", "another one 55").status_code == 200
    cells = visitor.get("/map.json").json()["cells"]
    assert cells and {cell["county"] for cell in cells} == {city + county_}
    assert (
        admin.post("/accounts", login="office2", name="白鹿县县长", role="write").status_code == 422
    )  # of the register


def test_who_left_the_register_sees_and_writes_nothing(desk):
    """The register is delivered anew, with a day on which he left: out at once, without a restart."""
    visitor, file = Visitor(desk, OTHER), desk.study.root / desk.study.network.people
    name, before = alarms_of(desk, "河东区")[0], file.read_text(encoding="utf-8")
    assert visitor.get(f"/alarms/{name}").status_code == 200
    with open(file, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    write_rows(file, [row | {"止": "2025-12-01" if row["人员编号"] == OTHER else ""} for row in rows])
    try:
        assert visitor.get(f"/alarms/{name}").status_code == 404
        assert visitor.post(f"/alarms/{name}/receipt").status_code == 404
    finally:
        file.write_text(before, encoding="utf-8")
    assert visitor.get(f"/alarms/{name}").status_code == 200
