"""
The loop as three people walk it, in a real browser: alarm, receipt, answer with a photo and no network, problem,
hand-over, rectified, accepted, closed, figures. Once on files, once in a database (15.6).
"""

import re
import time
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from desk_case import COUNTY, PASSWORD, TOWN, Visitor
from desk_server import free_port, served
from phone_photo import photo

from hotspot.ledger.answers.issues import record_issues
from hotspot.ledger.chain.photos import FOLDER, Photos
from hotspot.ledger.chain.storage import FILE
from hotspot.ledger.chain.store import open_ledger

STOOD = {"longitude": 114.5, "latitude": 36.8}
WAIT = 60_000  # ms: a busy machine is slow, not wrong
PHONE = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "has_touch": True}
SEND = "form[data-answer] button:not([type=button])"


@pytest.fixture(scope="module")
def site(desk):
    """The address of the running desk."""
    with served(desk) as url:
        yield url


def new_alarm(desk, hour, owner="T2"):
    """A pushed alarm of today in a cell of the town."""
    cell = sorted(desk.network.owned[owner])[hour % 20]
    body = {
        "alarm": f"A20251230{hour:02d}-{cell}", "cell": cell, "sub_cell": f"{cell}-27", "hours": 1, "peak": 150.0,
        "time": f"2025-12-30T{hour:02d}:00", "end": f"2025-12-30T{hour + 1:02d}:00", "state": "pushed", "why": "",
    }  # fmt: skip
    with open_ledger(desk.home / FILE) as ledger:
        ledger.append("alarm", "2025-12", body)
    return body


@contextmanager
def person(chromium, site, login, back="/", **context):
    """Somebody's browser, logged in, with what went wrong on its pages: (page, faults)."""
    own = chromium.new_context(base_url=site, locale="zh-CN", timezone_id="Asia/Shanghai", **context)
    own.set_default_timeout(WAIT)
    page, faults = own.new_page(), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda m: faults.append(m.text) if m.type == "error" and "DISCONNECTED" not in m.text else None)
    page.on("request", lambda r: faults.append(r.url) if not r.url.startswith((site, "blob:", "data:")) else None)
    try:
        page.goto(f"/login?back={back}")
        page.fill("[name=login]", login)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url(lambda url: urlsplit(url).path == back)
        yield page, faults
        assert faults == []
    finally:
        own.close()


def until(page, said, *given):
    """Wait for some JavaScript to hold; asked from here, since the page's own policy lets nobody evaluate a text."""
    end = time.monotonic() + WAIT / 1000
    while not page.evaluate(said, *given):
        assert time.monotonic() < end, said
        time.sleep(0.1)


def ready_for_no_network(page):
    """The worker runs and has this page."""
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()  # a page that was there before its worker may stay without it; one that is loaded after is its own
    until(page, "Boolean(navigator.serviceWorker.controller)")
    until(page, "path => caches.match(path).then(found => Boolean(found))", urlsplit(page.url).path)


def bodies(desk, kind, **like):
    """What stands in the ledger, the chain recomputed."""
    with open_ledger(desk.home / FILE) as ledger:
        ledger.verify()
        found = [entry.body for entry in ledger.entries(kind)]
    return [body for body in found if all(body.get(name) == value for name, value in like.items())]


def test_three_people_walk_the_whole_loop(desk, site, chromium, tmp_path):
    alarm = new_alarm(desk, 6)
    name, picture = alarm["alarm"], tmp_path / "photo.jpg"
    picture.write_bytes(photo(lon=114.51, lat=36.81, size=(2600, 1900), turned=6))
    where = {"geolocation": STOOD, "permissions": ["geolocation"]}
    with person(chromium, site, TOWN, f"/alarms/{name}", **PHONE, **where) as (worker, _):
        worker.click("form[data-receipt] button")
        worker.wait_for_url("**said=recorded")
        worker.goto(f"/alarms/{name}")
        ready_for_no_network(worker)
        worker.context.set_offline(True)
        worker.reload()
        assert name in worker.title(), "the page opens without a network"
        assert worker.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing runs out at 360 px"
        worker.select_option("[name=problem]", "bare_soil")
        worker.fill("form[data-answer] textarea", "裸土约两亩未苫盖，已要求苫盖")
        worker.set_input_files("form[data-answer] [name=photo]", picture)
        worker.click("[data-place] button")
        until(worker, "document.querySelector('[name=lon]').value")
        worker.press(SEND, "Enter")
        worker.wait_for_selector("#waiting .why")
        assert "待发送" in worker.inner_text("#waiting") and "1 张照片" in worker.inner_text("#waiting")
        assert bodies(desk, "feedback", alarm=name) == [], "nothing has left the phone"
        worker.reload()
        worker.wait_for_selector("#waiting .kept")
        worker.context.set_offline(False)
        worker.wait_for_url(f"**/alarms/{name}?said=recorded")
        until(
            worker, "[...document.querySelectorAll('.photos img')].some(image => image.complete && image.naturalWidth)"
        )
        worker.wait_for_selector("#waiting[data-waiting='0']", state="attached")
        worker.click("text=另立问题台账")
        worker.fill("form[data-answer] textarea", "裸土未苫盖")
        worker.select_option("[name=problem]", "bare_soil")
        worker.click(SEND)
        worker.wait_for_url("**/issues/*said=recorded")
        problem = urlsplit(worker.url).path
    (answer,) = bodies(desk, "feedback", alarm=name)
    kept = Photos(desk.home / FOLDER).about(answer["photos"])
    assert (answer["by"], answer["lon"], answer["lat"]) == ("白鹿监0", "114.500000", "36.800000")
    assert answer["stood"] == str(desk.study.grid.code(*map(int, desk.study.grid.locate(114.5, 36.8))))
    assert answer["time"].startswith("2025-12-30T") and answer["entered"].startswith("2025-12-30T09:")
    assert (kept.width, kept.height) == (1169, 1600), "shrunk on the device, upright"
    assert (kept.lon, kept.lat, kept.taken) == (
        pytest.approx(114.51, abs=1e-5),
        pytest.approx(36.81, abs=1e-5),
        "2020:04:03 09:58:00",
    )
    with person(chromium, site, COUNTY, problem) as (county, _):
        step(county, "assigned", "[name=department]")
    with person(chromium, site, TOWN, problem, **PHONE) as (worker, _):
        step(worker, "rectifying")
        step(worker, "claimed", picture=picture)
    with person(chromium, site, COUNTY, problem) as (county, _):
        assert county.locator(".photos img").count() == 1
        step(county, "accepted")
        step(county, "closed")
    with person(chromium, site, "ministry", "/figures") as (ministry, _):
        text = ministry.inner_text("main")
        answered = len(
            {body["alarm"] for body in bodies(desk, "feedback") if body.get("alarm", "").startswith("A202512")}
        )
        assert re.search(rf"合计\t\d+\t{answered}\t", text), text
    states = [body["step"] for body in bodies(desk, "step", issue=problem.rsplit("/", 1)[1])]
    assert states == ["assigned", "rectifying", "claimed", "accepted", "closed"]


def step(page, name, pick="", picture=None):
    """Take a step on a problem's page, its section unfolded by keyboard."""
    section = page.locator("details", has=page.locator(f"[name=step][value={name}]"))
    if section.get_attribute("open") is None:
        section.locator("summary").press("Enter")
    if pick:
        section.locator(pick).select_option(index=1)
    if picture:
        section.locator("[name=photo]").set_input_files(picture)
    section.locator("button").press("Enter")
    page.wait_for_url("**said=recorded")
    page.goto(urlsplit(page.url).path)


@pytest.mark.parametrize("desk", ["sqlite"], indirect=True)  # what a page looks like is no matter of the database
def test_no_page_runs_out_at_360_px_and_the_keyboard_reaches_the_text(desk, site, chromium):
    """With the longest words that fields take, in both languages."""
    alarm, long = new_alarm(desk, 11), {"text": "PM2.5" * 300, "facility": "环" * 120}
    visitor = Visitor(desk, "admin")
    found = {
        "cell": alarm["cell"],
        "origin": "media",
        "found": "2025-12-30T08:00",
        "problem": "vocs",
        "ref": alarm["alarm"],
    }
    number = visitor.post("/new/issue", **found, **long).url.path
    visitor.post(f"{number}/step", step="assigned", unit="位" * 60, text="unbroken" * 200)
    visitor.post(f"/alarms/{alarm['alarm']}/answer", time="2025-12-30T08:00", problem="none", **long)
    shown = ["/", "/alarms", f"/alarms/{alarm['alarm']}", f"/cells/{alarm['cell']}", "/issues", number, "/new/issue",
             "/map", "/months", "/months/2025-12", "/figures", "/ledger", "/accounts", "/account", "/nowhere",
             "/offline"]  # fmt: skip
    with person(chromium, site, "admin", "/", **PHONE) as (page, faults):
        for lang in ("en", "zh"):
            for path in shown:
                page.goto(f"{path}?lang={lang}")
                wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert wide <= 0, f"{path} in {lang} runs out by {wide} px"
        page.goto(number)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        assert page.evaluate("document.activeElement.getBoundingClientRect().left >= 0"), "seen when it is reached"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("Boolean(document.activeElement.closest('main'))"), "past the head and the sections"
        faults.clear()  # /nowhere is told on the console


def losing_the_answer(page, path):
    """The first request to a path arrives, what is said to it does not; the statuses that were lost."""
    lost = []

    def break_after(route):
        lost.append(route.fetch(max_redirects=0).status)
        route.abort()

    page.route(path, break_after, times=1)
    return lost


# Once its worker has claimed a page, not every request of the page passes what a test lays in its way.
NO_WORKER = {"service_workers": "block"}


def test_a_form_on_the_way_when_the_network_breaks_is_entered_once(desk, chromium):
    """The desk takes it, the answer is lost; what is sent again is known by its number."""
    alarm, port = new_alarm(desk, 4), free_port()
    with (
        served(desk, port) as site,
        person(chromium, site, TOWN, f"/alarms/{alarm['alarm']}", **PHONE, **NO_WORKER) as (page, faults),
    ):
        lost = losing_the_answer(page, "**/answer")
        page.select_option("[name=problem]", "none")
        page.fill("form[data-answer] textarea", "未发现异常")
        page.click(SEND)
        page.wait_for_selector("#waiting .why")
        assert lost == [303] and len(bodies(desk, "feedback", alarm=alarm["alarm"])) == 1
        page.reload()
        page.wait_for_url("**said=repeated")
        assert len(bodies(desk, "feedback", alarm=alarm["alarm"])) == 1
        faults.clear()  # the broken request is on the console


def without_network(page, path):
    """The page, opened again from the phone's memory."""
    page.goto(path)
    ready_for_no_network(page)
    page.context.set_offline(True)
    page.reload()


def with_network(page):
    """There is one again: what waits is sent."""
    page.context.set_offline(False)
    page.wait_for_url(re.compile("said=recorded"))
    page.wait_for_selector("#waiting[data-waiting='0']", state="attached")


def test_a_receipt_and_every_step_wait_on_the_phone_and_are_entered_once(desk, site, chromium, tmp_path):
    """Handed over, rectified with a photo, accepted, closed, each without a connection; the phone's time is kept."""
    alarm, picture = new_alarm(desk, 5), tmp_path / "after.jpg"
    picture.write_bytes(photo(size=(400, 300), tone=40))
    cell = alarm["cell"]
    problem = {"origin": "inspection", "found": "2025-12-30T08:00", "by": "督察组", "cell": cell, "problem": "vocs"}
    with open_ledger(desk.home / FILE) as ledger:
        number = record_issues(ledger, [problem | {"text": f"无组织排放 {alarm['alarm']}"}])["issue"].iloc[0]
    path = f"/issues/{number}"
    with (
        person(chromium, site, TOWN, "/", **PHONE) as (worker, _),
        person(chromium, site, COUNTY, "/", **PHONE) as (county, _),
    ):
        without_network(worker, f"/alarms/{alarm['alarm']}")
        worker.click("form[data-receipt] button")
        worker.wait_for_selector("#waiting .why")
        assert "签收" in worker.inner_text("#waiting .kept")
        assert worker.locator("form[data-receipt] button").is_disabled(), "it is not offered twice while it waits"
        assert bodies(desk, "receipt", alarm=alarm["alarm"]) == [], "nothing has left the phone"
        worker.reload()
        worker.wait_for_selector("#waiting .kept")
        assert worker.locator("form[data-receipt] button").is_disabled()
        with_network(worker)
        (receipt,) = bodies(desk, "receipt", alarm=alarm["alarm"])
        assert receipt["by"] == "白鹿监0" and receipt["received"] == receipt["entered"] >= "2025-12-30T09:00"
        assert receipt["filled"] <= receipt["phone"] and len(receipt["form"]) == 32
        for page, name in ((county, "assigned"), (worker, "claimed"), (county, "accepted"), (county, "closed")):
            without_network(page, path)
            section = page.locator("details", has=page.locator(f"[name=step][value={name}]"))
            if section.get_attribute("open") is None:
                section.locator("summary").press("Enter")
            if name == "assigned":
                section.locator("[name=department]").select_option(index=1)
                section.locator("[name=due]").fill("2026-01-20")
            if name == "claimed":
                section.locator("[name=photo]").set_input_files(picture)
            section.locator("[name=text]").fill(f"离线 {name}")
            section.locator("button").press("Enter")
            page.wait_for_selector("#waiting .why")
            assert bodies(desk, "step", issue=number, step=name) == []
            with_network(page)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing runs out at 360 px"
    steps = bodies(desk, "step", issue=number)
    assert [(one["step"], one["by"], one["text"]) for one in steps] == [
        ("assigned", "白鹿县县长", "离线 assigned"), ("claimed", "白鹿监0", "离线 claimed"),
        ("accepted", "白鹿县县长", "离线 accepted"), ("closed", "白鹿县县长", "离线 closed"),
    ]  # fmt: skip
    assert steps[0]["due"] == "2026-01-20" and len(steps[1]["photos"]) == 64
    assert all(one["time"] == one["entered"] and one["filled"] <= one["phone"] for one in steps), steps
    assert len({one["form"] for one in steps}) == 4


def test_a_step_whose_answer_is_lost_is_entered_once(desk, site, chromium):
    problem = {"origin": "inspection", "found": "2025-12-30T08:00", "by": "督察组", "problem": "vocs", "text": "丢失"}
    problem["cell"] = new_alarm(desk, 3)["cell"]
    with open_ledger(desk.home / FILE) as ledger:
        number = record_issues(ledger, [problem])["issue"].iloc[0]
    with person(chromium, site, COUNTY, f"/issues/{number}", **PHONE, **NO_WORKER) as (page, faults):
        lost = losing_the_answer(page, "**/step")
        page.locator("details[open] [name=text]").fill("交办")
        page.locator("details[open] button").press("Enter")
        page.wait_for_selector("#waiting .why")
        assert lost == [303] and len(bodies(desk, "step", issue=number)) == 1
        page.reload()
        page.wait_for_url("**said=repeated")
        assert len(bodies(desk, "step", issue=number)) == 1
        faults.clear()  # the broken request is on the console


def test_what_the_ledger_refuses_stays_on_the_phone_with_its_reason(desk, site, chromium):
    alarm = new_alarm(desk, 7)
    with person(chromium, site, TOWN, f"/alarms/{alarm['alarm']}", **PHONE) as (page, faults):
        page.fill("[name=time]", "2025-12-29T08:00")
        page.select_option("[name=problem]", "none")
        page.fill("form[data-answer] textarea", "报警前的时间")
        page.click(SEND)
        page.wait_for_selector("#waiting .refused")
        assert "早于报警时间" in page.inner_text("#waiting") and not bodies(desk, "feedback", alarm=alarm["alarm"])
        page.reload()
        page.goto("/figures")  # from wherever the worker is, the form is corrected on its own page
        page.click("#waiting .refused button:text('改正后再发')")
        page.wait_for_url(f"**/alarms/{alarm['alarm']}")
        page.wait_for_selector("#waiting", state="hidden")
        assert page.input_value("form[data-answer] textarea") == "报警前的时间"
        assert page.input_value("[name=problem]") == "none" and page.input_value("[name=time]") == "2025-12-29T08:00"
        page.click(SEND)
        page.wait_for_selector("#waiting .refused")
        page.click("#waiting .refused button:text('删除这一份')")
        page.wait_for_selector("#waiting", state="hidden")
        page.reload()
        assert page.input_value("form[data-answer] textarea") == ""
        faults.clear()  # 422 is told on the console


def test_what_was_chosen_and_not_sent_is_there_again_and_of_one_alarm_only(desk, site, chromium):
    """A reload keeps the origin that was chosen, not only what was typed; another alarm's form begins without it."""
    first, other = new_alarm(desk, 9), new_alarm(desk, 10)
    with person(chromium, site, TOWN, "/", **PHONE) as (page, _):
        page.goto(f"/new/issue?alarm={first['alarm']}")
        page.select_option("[name=origin]", "petition")
        page.select_option("[name=should_have]", "yes")
        page.fill("textarea[name=text]", "群众反映夜间排放")
        page.reload()
        assert page.input_value("[name=origin]") == "petition" and page.input_value("[name=should_have]") == "yes"
        assert page.input_value("textarea[name=text]") == "群众反映夜间排放"
        page.goto(f"/new/issue?alarm={other['alarm']}")
        assert page.input_value("[name=origin]") == "self" and page.input_value("textarea[name=text]") == ""


def test_a_phone_whose_clock_is_hours_off_enters_the_desk_s_time(desk, site, chromium):
    alarm = new_alarm(desk, 8)
    with person(chromium, site, TOWN, "/", **PHONE) as (page, _):
        page.clock.install(time="2025-12-30T14:00:00+08:00")  # five hours ahead of the desk
        page.goto(f"/alarms/{alarm['alarm']}")
        # What the log-in page noted by the machine's own clock still stands until the desk has answered this one.
        until(page, "Math.abs(localStorage.getItem('desk-ahead') || 1e12) < 24 * 3600e3")
        # Nor may the page that is loaded next still wait for its answer when the clock jumps.
        page.evaluate("localStorage.removeItem('desk-ahead')")
        ready_for_no_network(page)
        until(page, "localStorage.getItem('desk-ahead') !== null")
        page.context.set_offline(True)
        page.clock.fast_forward("20:00")
        desk._ahead += timedelta(minutes=20)  # for whoever is in the office the same minutes go by
        page.reload()
        until(page, "document.querySelector('[name=time]').value >= '2025-12-30T09:15'")
        page.select_option("[name=problem]", "none")
        page.fill("form[data-answer] textarea", "未发现异常")
        page.click(SEND)
        page.wait_for_selector("#waiting .why")
        page.context.set_offline(False)
        page.wait_for_url("**said=recorded")
    (answer,) = bodies(desk, "feedback", alarm=alarm["alarm"])
    assert "2025-12-30T09:15" <= answer["time"] <= "2025-12-30T09:45", answer
    assert answer["phone"] > "2025-12-30T14:15" and answer["entered"] < "2025-12-30T09:45"
