"""Every page in both languages, its headers, its files; nothing outside, nothing above."""

import json
import re
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from desk_case import COUNTY, Visitor, alarms_of

from hotspot.desk import months
from hotspot.desk.app import ROOMS
from hotspot.desk.web import Ask, Show
from hotspot.desk.words import FIELDS
from hotspot.rules.pollutants import pollutant
from hotspot.text.table import titles

CHINESE = re.compile("[\u4e00-\u9fff]")


class Reader(HTMLParser):
    """What of a page a browser would run or fetch from elsewhere, and fields without a label."""

    def __init__(self, text):
        super().__init__()
        self.inline, self.foreign, self.bare, self.ids, self._label, self._script = [], [], [], [], 0, False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self._label += tag == "label"
        self._script = tag in ("script", "style")
        self.inline += [name for name in given if name.startswith("on") or name == "style"]
        for name in ("src", "href", "action"):
            if re.match(r"(?i)\s*(\w+:|//)", given.get(name) or ""):
                self.foreign.append(given[name])
        if tag in ("input", "select", "textarea") and given.get("type") != "hidden" and not self._label:
            self.bare.append(given.get("name"))

    def handle_endtag(self, tag):
        self._label -= tag == "label"
        self._script = False

    def handle_data(self, data):
        if self._script and data.strip():
            self.inline.append(data[:40])


def paths(desk):
    """An address of every page that is shown."""
    book = desk.read()
    name = alarms_of(desk, "白鹿县")[0]
    filled = {
        "{alarm}": name,
        "{cell}": book.alarm(name)["cell"],
        "{issue}": next(iter(book.issues)),
        "{month}": "2025-12",
    }
    for room in ROOMS:
        for route in room.ROUTES:
            if isinstance(route, Show) and "{name" not in route.path and "." not in route.path:
                path = route.path
                for key, value in filled.items():
                    path = path.replace(key, value)
                if "{" not in path and path != "/map/month":
                    yield path


def test_every_page_stands_in_both_languages_and_runs_nothing_of_its_own(plain_desk):
    visitor = Visitor(plain_desk, "admin")
    shown = list(paths(plain_desk))
    assert {"/", "/alarms", "/issues", "/map", "/months", "/figures", "/ledger", "/accounts", "/account"} <= set(shown)
    for path in shown:
        for lang in ("zh", "en"):
            answer = visitor.get(f"{path}?lang={lang}")
            assert answer.status_code == 200, (path, answer.text[:300])
            if "text/html" not in answer.headers["content-type"]:
                continue
            page = Reader(answer.text)
            assert page.inline == page.foreign == page.bare == [], (path, page.inline, page.foreign, page.bare)
            assert f'lang="{"en" if lang == "en" else "zh-CN"}"' in answer.text
            assert 'name="viewport"' in answer.text and "<h1" in answer.text
            own = lang == "en" and not path.startswith("/ledger")  # entries are as they were written
            assert not own or not re.search("[A-Za-z0-9)](?:</[a-z]+>)?[：，；（]", answer.text), path
    assert "Alarms to answer" in visitor.get("/").text  # the choice is remembered
    assert "待反馈报警" in visitor.get("/?lang=zh").text


def test_what_stands_around_a_page_is_in_english_too(plain_desk):
    """Names and entries are as they were written; the desk's own words are English."""
    visitor = Visitor(plain_desk, "reader")
    text = re.sub(r"<title>.*?</title>|<small>.*?</small>", "", Visitor(plain_desk).get("/login?lang=en").text)
    main = visitor.get("/figures?lang=en").text
    for own in (text, re.search("<thead>.*?</thead>", main, re.S)[0], re.search("<nav.*?</nav>", main, re.S)[0]):
        assert not CHINESE.search(own.replace("中文", "")), CHINESE.search(own.replace("中文", ""))


@pytest.fixture
def own_words(plain_desk):
    """The study of the desk as one of a jurisdiction with words of its own."""
    own = {"热点网格": "重点网格", "warned cell": "alerted cell", "责任部门": "牵头部门"}
    plain_desk.study._own_words = json.dumps(own, ensure_ascii=False)
    yield
    plain_desk.study._own_words = ""


def test_pages_say_the_words_of_the_jurisdiction(plain_desk, own_words):
    visitor = Visitor(plain_desk, "admin")
    assert "重点网格工作台" in visitor.get("/?lang=zh").text and "热点网格" not in visitor.get("/").text
    assert "牵头部门" in visitor.get("/new/issue").text
    assert "alerted cell" in visitor.get("/months?lang=en").text


def test_a_month_of_ozone_says_so(plain_desk):
    """Its heading and its reasons are those of the study's pollutant."""
    there = SimpleNamespace(study=SimpleNamespace(pollutant=pollutant("o3")))
    ask = Ask(there, request=None, lang="zh")
    assert ask.t("@pollutant@", "@pollutant_en@") == "臭氧" and "臭氧" in ask.say("reason", "highest")
    assert ask.say("reason", "@pollutant@") == "@pollutant@", "what somebody wrote stays"


def test_headers_keep_every_answer_to_itself(plain_desk):
    visitor = Visitor(plain_desk, COUNTY)
    for path in ("/", "/login", "/nowhere", "/static/desk.css", "/static/desk.js", "/ledger.csv", "/map.json"):
        headers = visitor.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "*" not in policy, path
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "same-origin"
        assert headers["x-frame-options"] == "DENY" and "server" not in headers
    assert visitor.get("/").headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in visitor.get("/").headers


@pytest.fixture(scope="module")
def published(plain_desk):
    """A desk whose month has files: for all, for who sees a cell, for who sees everything, and one that is a trap."""
    home, name = plain_desk.home, alarms_of(plain_desk, "白鹿县")[0]
    cell, other = (
        plain_desk.read().alarm(name)["cell"],
        plain_desk.book.alarm(alarms_of(plain_desk, "河东区")[0])["cell"],
    )
    for path, text in {
        "2025-12/map.html": "<html><body><script>1</script></body></html>", "2025-12/public/list.csv": "a",
        f"2025-12/sheets/{cell}.pdf": "%PDF", f"2025-12/sheets/{other}.pdf": "%PDF", "loop/kpi.html": "<html></html>",
        f"alarms/2025-12/cards/{name}.png": "png", "2025-12/note.svg": "<svg onload='x'/>", "2025-12/a.xlsx": "x",
    }.items():  # fmt: skip
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(text, encoding="utf-8")
    (home / "2025-12" / "out.txt").symlink_to("/etc/hostname")
    return plain_desk, cell, other, name


def test_files_are_for_whom_they_are_meant(published):
    desk, cell, other, name = published
    county, ministry = Visitor(desk, COUNTY), Visitor(desk, "ministry")
    for path, whole, own in (
        ("2025-12/map.html", 200, 404), ("2025-12/public/list.csv", 200, 200), (f"2025-12/sheets/{cell}.pdf", 200, 200),
        (f"2025-12/sheets/{other}.pdf", 200, 404), ("loop/kpi.html", 200, 404),
        (f"alarms/2025-12/cards/{name}.png", 200, 200), ("2025-12/a.xlsx", 200, 404),
    ):  # fmt: skip
        assert ministry.get(f"/files/{path}").status_code == whole, path
        assert county.get(f"/files/{path}").status_code == own, path
    assert f'src="/files/alarms/2025-12/cards/{name}.png"' in county.get(f"/alarms/{name}").text


def test_a_month_lists_its_files_each_for_whom_it_is_meant(published):
    """Every link leads to its file; a county has its own sheets and what is public; the words are the page's."""
    desk, _, _, _ = published
    own, other = (next(c for c, place in desk.places.items() if place[1].startswith(n)) for n in ("白鹿县", "河东区"))
    folder = desk.home / "2025-12"
    table = [
        {"cell": c, "city": desk.places[c][0], "county": desk.places[c][1], "reason": why, "rank": 1, "pm25": 60.0}
        for c in (own, other) for why in ("highest", "year_on_year")
    ]  # fmt: skip
    for name in ("warnings.xlsx", "notice.pdf", "public/notice.pdf", f"sheets/{own}.pdf", f"sheets/{other}.pdf"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(months, "_warned", lambda ask, path: table)
        (folder / "warnings.csv").write_text("x")
        pages = {login: Visitor(desk, login) for login in ("ministry", COUNTY)}
        told = {login: visitor.get("/months/2025-12").text for login, visitor in pages.items()}
        assert "公开名单" in told["ministry"] and "the public list" not in told["ministry"]
        assert "the public list" in pages["ministry"].get("/months/2025-12?lang=en").text
    links = {login: re.findall('href="/files/2025-12/([^"]+)"', text) for login, text in told.items()}
    assert {"warnings.xlsx", "map.html", "notice.pdf", "public/list.csv", f"sheets/{other}.pdf"} <= {*links["ministry"]}
    assert set(links[COUNTY]) == {"public/list.csv", "public/notice.pdf", f"sheets/{own}.pdf"}
    for login, found in links.items():
        assert all(pages[login].get(f"/files/2025-12/{name}").status_code == 200 for name in found), found
    assert "预警网格 2<" in told["ministry"] and "预警网格 1<" in told[COUNTY], "cells, not their reasons"


def test_a_file_runs_nothing_with_the_desk_s_rights(published):
    ministry = Visitor(published[0], "ministry")
    for path in ("2025-12/map.html", "2025-12/note.svg"):
        policy = ministry.get(f"/files/{path}").headers["content-security-policy"]
        assert policy.startswith("sandbox") and "allow-same-origin" not in policy and "allow-forms" not in policy
        assert "connect-src" not in policy and "default-src 'none'" in policy
    book = ministry.get("/files/2025-12/a.xlsx").headers
    assert book["content-disposition"] == "attachment" and book["x-content-type-options"] == "nosniff"
    assert ministry.get("/map/month").headers["content-security-policy"].startswith("sandbox")


@pytest.mark.parametrize(
    "path",
    ["../desk.sqlite", "..%2fdesk.sqlite", "%2e%2e/desk.sqlite", "2025-12/../ledger.sqlite",
     "2025-12/..%2fledger.sqlite",
     "2025-12/%2e%2e/%2e%2e/x", "desk.sqlite", "ledger.sqlite", "/etc/passwd", "2025-12//etc/passwd", "2025-12\\..\\x",
     "2025-12/.hidden", "2025-12/out.txt", "2025-12", "2025-12/", "2025-12/map.html%00.png", "public/../desk.sqlite"],
)  # fmt: skip
def test_no_address_leads_out_of_what_is_published(published, path):
    """Not up, not to the accounts or the ledger itself, not through a link that somebody laid."""
    assert Visitor(published[0], "admin").get(f"/files/{path}").status_code in (400, 404)


def test_what_is_too_large_is_refused_in_words(plain_desk, monkeypatch):
    from hotspot.desk import guard

    visitor, name = Visitor(plain_desk, COUNTY), alarms_of(plain_desk, "白鹿县")[0]
    csrf = visitor.csrf()
    monkeypatch.setattr(guard, "LONGEST_BODY", 20_000)
    answer = visitor.client.post(f"/alarms/{name}/answer", data={"csrf": csrf, "text": "x" * 30_000})
    assert answer.status_code == 413 and "太大" in answer.text
    monkeypatch.undo()
    many = visitor.client.post(f"/alarms/{name}/answer", files=[(f"f{n}", ("a", b"x")) for n in range(99)])
    assert many.status_code == 400
    assert visitor.client.put("/", content="x").status_code == 405


def test_the_ledger_is_searched_and_exported(plain_desk):
    ministry = Visitor(plain_desk, "ministry")
    text = ministry.get("/ledger?kind=issue&word=第3处").text
    assert text.count('class="card"') == 1 and "第3处" in text
    table = ministry.get("/ledger.csv?kind=issue&word=第3处").text.splitlines()
    assert len(table) == 2 and table[0].lstrip("\ufeff").startswith("序号 seq,种类 kind,月份 month,校验值 hash")
    assert "第3处" in table[1] and ",问题," in table[1]
    english = ministry.get("/ledger.csv?kind=issue&word=第3处&lang=en").text.splitlines()
    assert english[0].lstrip("\ufeff").startswith("seq,kind,month,hash") and ",issue," in english[1]
    ministry.get("/?lang=zh")


def test_what_was_filled_in_stands_on_the_page_and_a_list_is_cut(plain_desk):
    """Place, sub-cell, persons, unit: whoever accepts reads what the one on the spot wrote."""
    visitor, name = Visitor(plain_desk, COUNTY), alarms_of(plain_desk, "白鹿县")[5]
    cell = plain_desk.read().alarm(name)["cell"]
    visit = {"time": "2025-12-30T08:00", "problem": "bare_soil", "text": "两亩", "facility": "东站工地", "persons": "3"}
    text = visitor.post(f"/alarms/{name}/answer", **visit, sub_cell=f"{cell}-09", sources="2").text
    assert f"东站工地 · {cell}-09 · 3 人次 · 2 个点位" in text
    found = {"cell": cell, "origin": "media", "found": "2025-12-30T08:00", "problem": "vocs", "should_have": "yes"}
    made = visitor.post("/new/issue", **found, text="长" * 1900, sub_cell=f"{cell}-10")
    assert "长" * 1900 in made.text and f"{cell}-10" in made.text and "<dd>是</dd>" in made.text
    assert "某某镇政府" in visitor.post(f"{made.url.path}/step", step="assigned", unit="某某镇政府").text
    listed = visitor.get("/issues").text
    assert "长" * 119 + "…" in listed and "长" * 121 not in listed


def test_a_list_that_is_cut_says_of_how_many(plain_desk, monkeypatch):
    from hotspot.desk import alarms, today

    ministry = Visitor(plain_desk, "ministry")
    monkeypatch.setattr(alarms, "_MOST", 3)
    shown = ministry.get("/alarms?days=366")
    n = int(re.search(r"3 / (\d+)</small>", shown.text)[1])
    assert n > 3 and f"只显示前 3 条，共 {n} 条" in shown.text and shown.text.count('<li class="card') == 3
    seen = today.alarms_seen
    monkeypatch.setattr(today, "alarms_seen", lambda *given: [row for row in seen(*given) if not row["answered"]] * 60)
    text = ministry.get("/").text
    waits = re.search(r"<dt>待反馈报警</dt><dd>(\d+)</dd>", text)[1]
    assert f'只显示前 50 条，共 {waits} 条。 <a href="/alarms">全部</a>' in text
    monkeypatch.undo()
    assert "只显示前" not in ministry.get("/alarms?days=7").text


def test_a_list_without_rows_says_so(plain_desk):
    ministry = Visitor(plain_desk, "ministry")
    for path, words in (("/alarms?state=nope", "没有符合条件的报警"), ("/ledger?word=nichts", "没有符合条件的记录")):
        assert words in ministry.get(path).text
    assert "没有符合条件" not in ministry.get("/alarms?days=366").text + ministry.get("/ledger").text


def test_accounts_are_made_from_people_with_the_names_of_their_units(plain_desk):
    text = Visitor(plain_desk, "admin").get("/accounts").text
    assert re.search(r'<option value="p-白鹿监1">白鹿监1 \(白鹿镇[^,]*, p-白鹿监1\)</option>', text), text[-3000:]


def test_figures_are_those_of_the_ledger(plain_desk):
    from hotspot.ledger.assessment.figures import facts, figures

    desk, ministry = plain_desk, Visitor(plain_desk, "ministry")
    whole = facts(desk.read().whole(), desk.minute(), desk.study.criteria.clocks, desk.places)
    import pandas as pd

    told = figures(whole.between(pd.Timestamp("2025-11-01"), pd.Timestamp("2025-12-01")))
    row = re.search(r'<tr class="sum">(.*?)</tr>', ministry.get("/figures?month=2025-11").text, re.S)[1]
    cells = re.findall(r"<td[^>]*>(.*?)</td>", row)
    assert (
        cells[1:4] == [str(told["pushed"]), str(told["answered"]), f"{told['answer_rate']:.2f}"] and told["pushed"] > 20
    )


def test_every_column_of_the_forms_that_come_back_has_its_words():
    for form in ("return form", "return-alarms.xlsx"):
        for name in titles(form):
            assert CHINESE.search(FIELDS[name]), name
