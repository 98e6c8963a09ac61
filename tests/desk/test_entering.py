"""What is entered stands once, whole and signed: double posts, two people, hostile text, faults in the middle."""

import csv
import io
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import quote

import pytest
from desk_case import COUNTY, TOWN, Visitor, alarms_of, copy_of, field, waiting_of
from postgres import away

from hotspot.desk import desk as desk_module
from hotspot.desk.app import ROOMS
from hotspot.desk.web import Show
from hotspot.ledger.answers.issues import record_issues
from hotspot.ledger.chain.storage import FILE
from hotspot.ledger.chain.store import open_ledger
from hotspot.variables import DataError

TOLD = {"time": "2025-12-30T08:00", "problem": "bare_soil", "text": "工地西侧裸土约两亩，已苫盖"}
HOSTILE = [
    "'; drop table entry; -- \" or 1=1", "%s %(x)s ? {0} {{ 7*7 }} ${7*7}",
    "<script>alert(1)</script>\"><img src=x onerror=alert(1)>", '=HYPERLINK("http://evil")',
    "../../etc/passwd \x00\x1b[31m a\u202egpj.exe",
]  # fmt: skip


def chain(desk):
    """The number of entries, the chain recomputed from where it lies."""
    with open_ledger(desk.home / FILE) as ledger:
        return ledger.verify()


def test_a_form_sent_twice_is_entered_once(desk):
    visitor, name = Visitor(desk, COUNTY), waiting_of(desk, "白鹿县")[0]
    form = field(visitor.get(f"/alarms/{name}").text, "form")
    first = visitor.post(f"/alarms/{name}/answer", form=form, **TOLD)
    before = chain(desk)
    again = visitor.post(f"/alarms/{name}/answer", form=form, **TOLD)
    assert "said=recorded" in str(first.url) and "said=repeated" in str(again.url) and chain(desk) == before
    changed = visitor.post(f"/alarms/{name}/answer", form=form, **TOLD | {"text": "改正：约三亩"})
    assert changed.status_code == 422 and "重新打开" in changed.text and chain(desk) == before
    fresh = visitor.post(f"/alarms/{name}/answer", **TOLD | {"text": "改正：约三亩", "time": "2025-12-30T08:20"})
    assert fresh.status_code == 200 and chain(desk) == before + 1


def test_a_double_click_at_once_is_one_entry(desk):
    visitor, name = Visitor(desk, COUNTY), alarms_of(desk, "白鹿县")[1]
    form, csrf, before = "f" * 32, visitor.csrf(), chain(desk)
    sent = {**TOLD, "form": form, "csrf": csrf}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: visitor.client.post(f"/alarms/{name}/answer", data=sent), range(4)))
    assert {answer.status_code for answer in answers} == {200} and chain(desk) == before + 1


def test_two_people_on_one_alarm_are_both_kept_and_told(desk):
    name, before = waiting_of(desk, "白鹿县")[0], chain(desk)
    county, ministry = Visitor(desk, COUNTY), Visitor(desk, "ministry")
    with ThreadPoolExecutor(2) as pool:
        sent = [
            pool.submit(who.post, f"/alarms/{name}/answer", **TOLD | {"text": text})
            for who, text in ((county, "甲"), (ministry, "乙"))
        ]
        said = sorted(str(one.result().url).rsplit("=", 1)[1] for one in sent)
    assert said == ["recorded", "second"] and chain(desk) == before + 2
    page = county.get(f"/alarms/{name}").text
    assert "白鹿县县长" in page and "部调度室" in page


def test_many_at_once_leave_a_whole_chain_and_numbers_of_their_own(desk):
    """Numbers of problems are given under the one lock: no two alike, none lost."""
    cell = desk.read().alarm(alarms_of(desk, "白鹿县")[0])["cell"]
    visitors = [Visitor(desk, login) for login in (COUNTY, "ministry", "p-云岭市主任")]
    tokens = [visitor.csrf() for visitor in visitors]
    before = chain(desk)

    def enter(n):
        sent = {"csrf": tokens[n % 3], "cell": cell, "origin": "inspection", "found": f"2025-08-0{1 + n % 9}T10:00",
                "problem": "vocs", "text": f"同时第{n}处"}  # fmt: skip
        return visitors[n % 3].client.post("/new/issue", data=sent).status_code

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(enter, range(12))) == {200}
    assert chain(desk) == before + 12
    numbers = [entry.body["issue"] for entry in desk.read().kinds["issue"] if entry.month == "2025-08"]
    assert sorted(numbers) == [f"I202508-{n:04d}" for n in range(1, 13)]


def test_a_receipt_is_stamped_with_the_desk_s_clock_once(desk):
    visitor, name = Visitor(desk, TOWN), alarms_of(desk, "白鹿县")[0]
    cell = next(iter(desk.network.owned["T2"]))
    body = {"alarm": f"A2025123005-{cell}", "cell": cell, "sub_cell": f"{cell}-27", "time": "2025-12-30T05:00",
            "end": "2025-12-30T07:00", "hours": 2, "state": "pushed", "peak": 120.0, "why": ""}  # fmt: skip
    with open_ledger(desk.home / FILE) as ledger:
        ledger.append("alarm", "2025-12", body)
    name = body["alarm"]
    for _ in range(2):
        assert visitor.post(f"/alarms/{name}/receipt", received="2001-01-01T00:00").status_code == 200
    own = [entry.body for entry in desk.read().alarms[name] if entry.kind == "receipt"]
    assert len(own) == 1 and own[0]["by"] == "白鹿监0" and own[0]["received"].startswith("2025-12-30T09:")


def test_a_time_that_has_not_come_is_refused_and_one_just_now_is_not(desk):
    """A wrong year would stand in the ledger for ever, and no page would show it before that year."""
    visitor, name, before = Visitor(desk, COUNTY), waiting_of(desk, "白鹿县")[-1], desk.read().seq
    cell, now = desk.read().alarm(name)["cell"], desk.minute()
    visit = {"problem": "none", "text": "看过"}
    found = {"cell": cell, "origin": "self", "problem": "vocs", "text": "两桶"}
    late = (desk.now() + timedelta(minutes=2)).isoformat(timespec="minutes")
    for path, form in ((f"/alarms/{name}/answer", visit | {"time": late}),
                       (f"/cells/{cell}/finding", visit | {"time": "2026-12-30T08:00", "month": "2025-11"}),
                       ("/new/issue", found | {"found": late})):  # fmt: skip
        refused = visitor.post(path, **form)
        assert refused.status_code == 422 and "还没有到，现在是 2025-12-30 " in refused.text, path
    assert desk.read().seq == before
    assert visitor.post(f"/alarms/{name}/answer", **visit, time=now).status_code == 200
    assert visitor.post("/new/issue", **found, found=now).url.path.startswith("/issues/I202512-")
    assert desk.read().seq == before + 2


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_in_every_field_stays_text(desk, text):
    """Entered where it may be, shown escaped everywhere, exported as no formula; or refused in words."""
    visitor, name = Visitor(desk, COUNTY), alarms_of(desk, "白鹿县")[3]
    fields = dict.fromkeys(("text", "facility", "sub_cell", "persons", "sources", "lon", "lat", "datum"), text)
    answer = visitor.post(f"/alarms/{name}/answer", time="2025-12-30T08:00", problem="none", **fields)
    assert answer.status_code in (200, 422)
    for broken in ("time", "problem"):
        refused = visitor.post(f"/alarms/{name}/answer", **TOLD | {broken: text})
        assert refused.status_code == 422, broken
    cell = desk.read().alarm(name)["cell"]
    found = {"origin": "inspection", "found": "2025-12-30T08:00", "cell": cell, "problem": "vocs", "text": text}
    made = visitor.post("/new/issue", **found | {"facility": text, "ref": name})
    assert made.status_code in (200, 422)
    assert visitor.post("/new/issue", **found | {"ref": text}).status_code == 404
    for broken in ("origin", "found", "problem", "department", "due", "should_have"):
        assert visitor.post("/new/issue", **found | {broken: text}).status_code == 422, broken
    assert visitor.post("/new/issue", **found | {"cell": text}).status_code == 404
    for path in (
        f"/alarms/{name}",
        f"/cells/{cell}",
        made.url.path,
        "/issues",
        "/ledger",
        f"/ledger?word={quote(text)}",
        "/",
    ):
        shown = visitor.client.get(path).text
        assert "<script>alert" not in shown and "<img src=x" not in shown and "\u202e" not in shown, path
        assert "{0} 49" not in shown
    assert "\n=HYPERLINK" not in visitor.get("/ledger.csv").text and ",=HYPER" not in visitor.get("/ledger.csv").text
    assert chain(desk) == desk.read().seq


ODD = [*HOSTILE, "9" * 400, "-1", "\ud800", "１２", "2025-13", "9999-12", "0000-00", "\n", "%00", "../" * 20, "²"]


def test_no_address_makes_the_program_fail(desk):
    """Every page, in its path and its query, with what nobody would type: a page, or words; never a fault."""
    visitors = [Visitor(desk, login) for login in (COUNTY, "admin")]
    asked = ("days", "state", "month", "kind", "word", "all", "lang", "said", "back", "cell", "alarm")
    shows = [one for room in ROOMS for one in room.ROUTES if isinstance(one, Show)]
    addresses, failed = set(), []  # a page whose path takes no text is asked without a query once, not once a text
    for text in ODD:
        sent = quote(text.encode("utf-8", "surrogatepass"), safe="")
        for one in shows:
            path = re.sub(r"\{[^}]+\}", sent, one.path)
            addresses |= {path, f"{path}?{'&'.join(f'{name}={sent}' for name in asked)}"}
    for address in sorted(addresses):
        for visitor in visitors:
            answer = visitor.client.get(address, follow_redirects=False)
            if answer.status_code >= 500 or "evil.example" in answer.headers.get("location", ""):
                failed.append((address, answer.status_code))
    assert not failed


@pytest.mark.parametrize(
    "text", ["=1+1", "\t=1+1", "\r=1+1", " =1+1", "@SUM(A1)", "+1+1", "-1+1", "＝1+1", "\ufeff=1+1"]
)
def test_no_cell_of_the_export_begins_like_a_formula(desk, text):
    visitor, name = Visitor(desk, COUNTY), alarms_of(desk, "白鹿县")[3]
    visitor.post(f"/alarms/{name}/answer", **TOLD | {"text": text, "problem": "none"})
    rows = list(csv.reader(io.StringIO(visitor.get("/ledger.csv?kind=feedback").text.removeprefix("\ufeff"))))
    cells = [cell for row in rows[1:] for cell in row if "1+1" in cell or "SUM" in cell]
    assert cells and all(not re.match(r"[\s\ufeff]*[=+\-@＝＋－＠]", cell) for cell in cells), cells


@pytest.mark.parametrize("text", HOSTILE[:4], ids=range(4))
def test_hostile_text_at_the_doors_is_only_a_wrong_login(desk, text):
    visitor = Visitor(desk, address="10.3.0.1")
    assert visitor.log_in(text, text).status_code in (403, 429)
    admin = Visitor(desk, "admin")
    assert admin.post("/accounts", login=text, name="x", role="write").status_code == 400
    assert admin.post("/accounts", login="ok", name="x", role=text).status_code == 400
    assert admin.post("/accounts", person=text).status_code == 422
    assert admin.post("/accounts", login="ok", name="x", place=text, role="read").status_code == 422
    assert admin.get("/accounts").status_code == 200


def test_a_fault_between_two_entries_leaves_none(desk):
    """All rows of a form or none, and what was rolled back is not remembered."""
    cell = desk.read().alarm(alarms_of(desk, "白鹿县")[0])["cell"]
    row = {
        "origin": "inspection",
        "found": "2025-07-01T10:00",
        "by": "组",
        "cell": cell,
        "problem": "vocs",
        "text": "一",
    }

    def breaks(ledger, rows, register):
        record_issues(ledger, rows)
        raise RuntimeError("killed")

    before = chain(desk)
    with pytest.raises(RuntimeError):
        desk.record(breaks, [row])
    assert chain(desk) == before and desk.read().seq == before and "I202507-0001" not in desk.read().issues
    assert desk.record(record_issues, [row])["state"].tolist() == ["recorded"]


def test_the_ledger_written_from_the_shell_is_seen_at_once(desk):
    cell = desk.read().alarm(alarms_of(desk, "白鹿县")[0])["cell"]
    row = {
        "origin": "inspection",
        "found": "2025-06-01T10:00",
        "by": "组",
        "cell": cell,
        "problem": "vocs",
        "text": "壳",
    }
    with open_ledger(desk.home / FILE) as ledger:
        record_issues(ledger, [row])
    assert Visitor(desk, COUNTY).get("/issues/I202506-0001").status_code == 200


def test_a_ledger_restored_from_a_copy_is_read_anew(plain_desk, tmp_path):
    with copy_of(plain_desk, tmp_path) as desk:
        old = (desk.home / FILE).read_bytes()
        visitor, name = Visitor(desk, COUNTY), alarms_of(desk, "白鹿县")[0]
        before = desk.read().seq
        visitor.post(f"/alarms/{name}/answer", **TOLD)
        assert desk.read().seq == before + 1
        (desk.home / FILE).write_bytes(old)
        assert desk.read().seq == before


def test_a_database_that_goes_away_and_returns(plain_desk, tmp_path):
    """A page in words, what was entered kept on it; when the database is back the same form is sent once."""
    with copy_of(plain_desk, tmp_path) as desk:
        visitor, name = Visitor(desk, COUNTY), alarms_of(desk, "白鹿县")[0]
        sent, before = {**TOLD, "form": "e" * 32, "csrf": visitor.csrf()}, chain(desk)
        for file in (FILE, "desk.sqlite"):
            good = (desk.home / file).read_bytes()
            (desk.home / file).write_bytes(b"no database at all" * 400)
            answer = visitor.client.post(f"/alarms/{name}/answer", data=sent)
            assert answer.status_code == 503 and "数据库" in answer.text and "Traceback" not in answer.text
            assert field(answer.text, "text") == TOLD["text"] and field(answer.text, "form") == sent["form"]
            assert visitor.get("/").status_code == 503
            (desk.home / file).write_bytes(good)
        assert visitor.client.post(f"/alarms/{name}/answer", data=sent).status_code == 200
        assert chain(desk) == before + 1


@pytest.mark.parametrize("desk", ["postgres"], indirect=True)  # a file has no server
def test_a_server_that_goes_away_and_returns_while_a_form_is_sent(desk, request):
    """PostgreSQL ends every connection the desk keeps: a page in words, then the same form once."""
    visitor, name = Visitor(desk, COUNTY), alarms_of(desk, "白鹿县")[1]
    sent, before = {**TOLD, "form": "d" * 32, "csrf": visitor.csrf()}, chain(desk)
    with away(request.getfixturevalue("postgres")):
        answer = visitor.client.post(f"/alarms/{name}/answer", data=sent)
        assert answer.status_code == 503 and field(answer.text, "form") == sent["form"]
        assert visitor.get("/").status_code == 503
    with ThreadPoolExecutor(4) as many:  # each of the kept connections is a dead one
        codes = list(many.map(lambda n: visitor.client.post(f"/alarms/{name}/answer", data=sent).status_code, range(4)))
    assert codes == [200] * 4 and chain(desk) == before + 1


def test_a_server_that_does_not_answer_is_a_page_in_words(desk, monkeypatch):
    visitor = Visitor(desk, COUNTY)

    def away(place):
        raise DataError("postgresql://db/air: connection refused; check that the server runs and answers.")

    monkeypatch.setattr(desk_module, "open_store", away)
    answer = visitor.get("/")
    assert answer.status_code == 503 and "postgresql" not in answer.text
    assert visitor.client.get("/?lang=en").text.count("does not answer") == 1
    monkeypatch.undo()
    assert visitor.get("/").status_code == 200


def test_a_full_disk_loses_nothing(plain_desk, tmp_path):
    """SQLite's own limit stands for the disk: the write is refused in words, the chain stays whole."""
    with copy_of(plain_desk, tmp_path) as desk:
        visitor, name = Visitor(desk, COUNTY), alarms_of(desk, "白鹿县")[0]
        csrf, before = visitor.csrf(), chain(desk)
        real = sqlite3.connect

        def full(path, **how):
            connection = real(path, **how)
            if str(path).endswith(FILE):
                connection.execute("pragma max_page_count = 1")
            return connection

        sqlite3.connect = full
        try:
            codes = [
                visitor.client.post(
                    f"/alarms/{name}/answer", data={**TOLD, "text": f"{n}" * 1900, "csrf": csrf}
                ).status_code
                for n in range(4)
            ]
        finally:
            sqlite3.connect = real
        assert 503 in codes and set(codes) <= {200, 503}
        assert chain(desk) == before + codes.count(200)
