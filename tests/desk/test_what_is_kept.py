"""What the desk keeps of the ledger is what a fresh process would work out: after every entry, at every instant."""

import re
import threading
from datetime import datetime, timedelta

import pytest
from desk_case import COUNTY, NOW, Visitor, running, town_home

from hotspot.desk.desk import Desk
from hotspot.desk.kept import Kept
from hotspot.ledger.chain.storage import FILE
from hotspot.ledger.chain.store import open_ledger

LOGINS = {"ministry": "en", COUNTY: "zh"}


class Clocked:
    """A desk that has been running for a while, its clock held; ``check`` asks it and a process that just began."""

    def __init__(self, study, folder):
        self.desk, self.time = running(study, folder), datetime.fromisoformat(NOW)
        self.desk.now = lambda: self.time
        self.visitors = {login: Visitor(self.desk, login) for login in LOGINS}
        cell = sorted(self.desk.network.owned["T2"])[3]
        self.cell = next(
            (b["cell"] for b in self.desk.read().standing.values() if self.desk.sees(self.who(COUNTY), b["cell"])), cell
        )
        self.alarm, self.issue = f"A2025123004-{self.cell}", "I202512-0900"

    def who(self, login):
        from hotspot.desk.accounts import account_of

        with self.desk.store() as store:
            return account_of(store, login)

    def append(self, kind, **body):
        """As another office or the shell would: not through this desk."""
        with open_ledger(self.desk.home / FILE) as ledger:
            ledger.append(kind, body.get("month", "2025-12"), body)

    def paths(self):
        book = self.desk.read()
        problems = [number for number in (self.issue, "I202511-0002") if number in book.issues]
        alarms = [name for name in (self.alarm,) if name in book.alarms]
        lists = ["/", "/alarms?days=92", "/alarms", "/issues", "/issues?all=1", "/figures", "/figures?month=2025-11"]
        lists += ["/ledger", "/ledger?kind=step", "/ledger.csv", "/map.json", "/months", "/months/2025-12"]
        return [*lists, f"/cells/{self.cell}", *(f"/alarms/{n}" for n in alarms), *(f"/issues/{n}" for n in problems)]

    def check(self):
        fresh = Desk(self.desk.study, self.desk.out)
        fresh.now = lambda: self.time
        for login, lang in LOGINS.items():
            other = Visitor(fresh)
            other.client.cookies = self.visitors[login].client.cookies
            for path in self.paths():
                asked = f"{path}{'&' if '?' in path else '?'}lang={lang}"
                ours, theirs = (told(one.get(asked)) for one in (self.visitors[login], other))
                assert ours == theirs, (login, path, self.time)


def told(answer):
    """A page without the number of its form, which is another one each time."""
    assert answer.status_code in (200, 404), answer.text[:300]
    return answer.status_code, re.sub(r'name="form" value="[0-9a-f]+"', "", answer.text)


@pytest.fixture(scope="module")
def world(small_study, tmp_path_factory):
    """A desk of its own, since its clock is moved."""
    out = tmp_path_factory.mktemp("kept")
    return Clocked(town_home(small_study, out), out)


def test_after_every_kind_of_entry_a_page_is_that_of_a_fresh_process(world):
    alarm = {
        "alarm": world.alarm, "cell": world.cell, "sub_cell": f"{world.cell}-27", "time": "2025-12-30T04:00",
        "end": "2025-12-30T06:00", "hours": 2, "peak": 150.0, "state": "pushed", "why": "",
    }  # fmt: skip
    visit = {"cell": world.cell, "by": "张", "text": "裸土", "problem": "bare_soil", "month": "2025-12"}
    problem = {"issue": world.issue, "origin": "self", "found": "2025-12-30T07:00", "by": "张", "cell": world.cell}
    step = {"issue": world.issue, "by": "李"}
    entries = [
        ("alarm", alarm),
        ("receipt", {"alarm": world.alarm, "received": "2025-12-30T06:10", "by": "张"}),
        ("alarm", alarm | {"hours": 3, "end": "2025-12-30T07:00"}),  # revised: it ends later
        ("feedback", visit | {"alarm": world.alarm, "time": "2025-12-30T07:10"}),
        ("feedback", visit | {"alarm": world.alarm, "time": "2025-12-30T07:40", "by": "王", "photos": "a" * 64}),
        ("month", {"month": "2025-11", "warned": [[world.cell, "highest"]]}),  # a list, revised
        ("feedback", visit | {"month": "2025-11", "time": "2025-12-02T10:00"}),  # found in a warned cell
        ("issue", problem | {"problem": "vocs", "text": "泄漏"}),
        ("step", step | {"step": "assigned", "time": "2025-12-30T08:00", "department": "ecology"}),
        ("step", step | {"step": "rectifying", "time": "2025-12-30T08:10"}),
        ("step", step | {"step": "claimed", "time": "2025-12-30T08:20"}),
        ("step", step | {"step": "accepted", "time": "2025-12-30T08:30", "by": "王"}),
        ("step", step | {"step": "reopened", "time": "2025-12-30T08:40"}),
        ("measure", {"measure": "M9", "unit": "城中区", "text": "x", "week": "2025-W52", "state": "未完成"}),
        ("alarm", alarm | {"state": "withdrawn"}),
    ]
    world.check()
    for kind, body in entries:
        before = world.desk.read().head
        world.append(kind, **body)
        assert world.desk.read().head != before
        world.check()


def test_at_every_instant_a_page_is_that_of_a_fresh_process(world):
    """Clocks run out at a minute, dates at midnight, the past of a cell at a day a year later; clocks are set back."""
    name = f"A2025123006-{world.cell}"
    world.append(
        "alarm", alarm=name, cell=world.cell, sub_cell=f"{world.cell}-28", time="2025-12-30T06:00", hours=2,
        end="2025-12-30T08:00", state="pushed", peak=99.0, why="",
    )  # fmt: skip
    world.alarm = name
    due = datetime.fromisoformat("2025-12-31T08:00")
    future = {"alarm": name, "received": "2025-12-31T07:30", "by": "钱"}
    world.append("receipt", **future)  # an office whose clock is ahead
    world.append("step", issue=world.issue, step="rectifying", time="2025-12-31T08:30", by="李", due="2026-01-02")
    now = world.time
    instants = [now + timedelta(minutes=1), due, due + timedelta(minutes=1), due + timedelta(minutes=31), now,
                datetime(2025, 12, 31, 7, 30), datetime(2026, 1, 1, 7, 31), datetime(2026, 1, 2, 23, 59),
                datetime(2026, 1, 3), datetime(2026, 1, 29, 8), datetime(2026, 12, 2, 10), datetime(2026, 12, 2, 10, 1),
                datetime(2027, 1, 5)]  # fmt: skip
    try:
        for world.time in instants:
            world.check()
    finally:
        world.time = now


def test_a_copy_that_was_brought_back_is_read_anew(small_study, tmp_path):
    import shutil

    world = Clocked(town_home(small_study, tmp_path), tmp_path)
    file = world.desk.home / FILE
    shutil.copy(file, tmp_path / "copy")
    world.append("receipt", alarm=next(iter(world.desk.read().alarms)), received="2025-12-30T08:00", by="甲")
    world.check()
    shutil.copy(tmp_path / "copy", file)
    world.append("receipt", alarm=next(iter(world.desk.read().alarms)), received="2025-12-30T08:05", by="乙")
    world.check()
    assert "2025-12-30T08:00" not in world.visitors["ministry"].get("/ledger?kind=receipt").text


def test_of_many_who_lack_the_same_one_works():
    kept, made, gate = Kept(), [], threading.Event()

    def make():
        gate.wait(10)
        made.append(1)
        return len(made)

    found = []
    threads = [threading.Thread(target=lambda: found.append(kept.of("n", "s", make))) for _ in range(8)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join(10)
    assert found == [1] * 8 and kept.of("n", "t", make) == 2


def test_a_value_that_could_not_be_made_is_asked_for_again():
    kept = Kept(most=2)
    with pytest.raises(ZeroDivisionError):
        kept.of("n", 1, lambda: 1 / 0)
    assert kept.of("n", 1, lambda: 5) == 5 == kept.of("n", 1, lambda: 6)
    assert [kept.of(name, 1, lambda: 7) for name in "ab"] == [7, 7] and kept.of("n", 1, lambda: 8) == 8, "two are kept"


def test_readers_do_not_wait_for_a_writer(small_study, tmp_path):
    """A write that lasts, as one that waits for another office: pages are read, without what does not stand yet."""
    desk = running(town_home(small_study, tmp_path), tmp_path)
    before, visitor = desk.read().seq, Visitor(desk, "ministry")
    inside, done = threading.Event(), threading.Event()

    def slow(ledger, rows, **how):
        from hotspot.ledger.answers.receipts import record_receipts

        table = record_receipts(ledger, rows)
        inside.set()
        assert done.wait(60)
        return table

    row = {"alarm": next(iter(desk.book.alarms)), "received": "2025-12-30T08:00", "by": "慢"}
    writer = threading.Thread(target=lambda: desk.record(slow, [row], judged=False))
    writer.start()
    try:
        assert inside.wait(60)
        assert "慢" not in visitor.get("/ledger?kind=receipt").text and desk.book.seq == before
    finally:
        done.set()
        writer.join(60)
    assert "慢" in visitor.get("/ledger?kind=receipt").text and desk.book.seq == before + 1
