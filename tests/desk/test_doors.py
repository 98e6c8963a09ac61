"""Coming in: passwords, sessions, codes, forged forms, floods, and addresses that lead elsewhere."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from desk_case import COUNTY, PASSWORD, Visitor, alarms_of, copy_of, field

from hotspot.desk import sessions
from hotspot.desk.accounts import FAILURES, _hasher, all_accounts
from hotspot.desk.login import first_code


def test_without_a_session_every_page_leads_to_the_login(desk):
    visitor = Visitor(desk)
    for path in ("/", "/alarms", "/ledger", "/ledger.csv", "/map.json", "/files/2025-12/map.html", "/accounts"):
        answer = visitor.client.get(path, follow_redirects=False)
        assert answer.status_code == 303 and answer.headers["location"].startswith("/login"), path
    name = alarms_of(desk, "白鹿县")[0]
    assert visitor.client.post(f"/alarms/{name}/answer", data={"text": "x"}).status_code == 401


def test_a_login_has_a_session_of_its_own(desk):
    """Fixation: a cookie that was there before is worth nothing after, and a login is always a new one."""
    visitor = Visitor(desk)
    visitor.client.cookies.set("desk", "a" * 43, domain="testserver.local", path="/")
    visitor.log_in(COUNTY)
    first = visitor.client.cookies["desk"]
    assert first != "a" * 43
    other = Visitor(desk)
    other.client.cookies.set("desk", "a" * 43)
    assert other.client.get("/", follow_redirects=False).status_code == 303
    Visitor(desk, COUNTY)
    with desk.store() as store:
        kept = [secret for (secret,) in store.rows("select secret from session")]
    assert len(kept) == len(set(kept)) and first not in kept  # its digest only


def test_the_cookie_is_kept_from_scripts_and_other_sites(desk):
    visitor = Visitor(desk)
    token = field(visitor.get("/login").text, "token")
    sent = {"login": COUNTY, "password": PASSWORD, "token": token}
    answer = visitor.client.post("/login", data=sent, follow_redirects=False)
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("desk="))
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Secure" not in cookie  # plain http of this test
    assert PASSWORD not in str(answer.headers)


def test_logging_out_ends_the_session_where_it_is_kept(desk):
    visitor = Visitor(desk, COUNTY)
    secret = visitor.client.cookies["desk"]
    visitor.post("/logout")
    visitor.client.cookies.set("desk", secret)
    assert visitor.client.get("/", follow_redirects=False).status_code == 303


def test_a_session_ends_by_idle_hours_and_by_its_age(desk, monkeypatch):
    visitor, real = Visitor(desk, COUNTY), desk.seconds()
    monkeypatch.setattr(desk, "seconds", lambda: real + sessions.IDLE - 1, raising=False)
    assert visitor.client.get("/", follow_redirects=False).status_code == 200
    for later in (2 * sessions.IDLE + 60, sessions.LONGEST + 60):
        monkeypatch.setattr(desk, "seconds", lambda later=later: real + later, raising=False)
        assert visitor.client.get("/", follow_redirects=False).status_code == 303


def test_a_stopped_account_is_out_at_once(desk):
    visitor, admin = Visitor(desk, COUNTY), Visitor(desk, "admin")
    admin.post(f"/accounts/{COUNTY}", act="stop")
    assert visitor.client.get("/", follow_redirects=False).status_code == 303
    assert Visitor(desk).log_in(COUNTY).status_code == 403
    admin.post(f"/accounts/{COUNTY}", act="start")
    assert Visitor(desk).log_in(COUNTY).status_code == 200


@pytest.mark.parametrize(
    "forged",
    [{"csrf": ""}, {"csrf": "x" * 32}, {"headers": {"origin": "https://evil.example"}},
     {"headers": {"sec-fetch-site": "cross-site"}}, {"headers": {"origin": "null"}}],
    ids=["none", "another", "origin", "site", "null"],
)  # fmt: skip
def test_a_forged_form_writes_nothing(desk, forged):
    visitor, name = Visitor(desk, COUNTY), alarms_of(desk, "白鹿县")[0]
    before = desk.read().seq
    told = {"time": "2025-12-30T08:00", "problem": "none", "text": "x", "csrf": forged.get("csrf", visitor.csrf())}
    answer = visitor.client.post(f"/alarms/{name}/answer", data=told, headers=forged.get("headers", {}))
    assert answer.status_code == 403 and desk.read().seq == before
    stranger = Visitor(desk, "ministry")
    told["csrf"] = stranger.csrf()  # another's token
    assert visitor.client.post(f"/alarms/{name}/answer", data=told).status_code == 403


def test_a_login_cannot_be_forged(desk):
    visitor = Visitor(desk)
    for token in ("", "x" * 32):
        sent = {"login": COUNTY, "password": PASSWORD, "token": token}
        assert visitor.client.post("/login", data=sent).status_code == 403
    assert "desk" not in visitor.client.cookies


@pytest.mark.parametrize(
    "back",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:evil", "\\\\evil",
     "/%0d%0aset-cookie:x", "/\t/evil.example", "evil.example"],
)  # fmt: skip
def test_after_the_login_one_stays_on_the_desk(desk, back):
    visitor = Visitor(desk)
    token = field(visitor.get("/login").text, "token")
    sent = {"login": COUNTY, "password": PASSWORD, "token": token, "back": back}
    answer = visitor.client.post("/login", data=sent, follow_redirects=False)
    where = answer.headers["location"]
    assert where.startswith("/") and not where.startswith(("//", "/\\", "/\t"))
    assert where == "/" or back == where  # the desk's own, as harmless as it was typed


def test_a_link_that_was_opened_is_there_after_the_login(desk):
    visitor, name = Visitor(desk), alarms_of(desk, "白鹿县")[0]
    shown = visitor.get(f"/alarms/{name}")
    token, back = field(shown.text, "token"), field(shown.text, "back")
    sent = {"login": COUNTY, "password": PASSWORD, "token": token, "back": back}
    assert visitor.client.post("/login", data=sent).url.path == f"/alarms/{name}"


def test_a_flood_of_logins_is_stopped_and_others_come_in(plain_desk, tmp_path):
    with copy_of(plain_desk, tmp_path) as desk:
        flood = Visitor(desk, address="10.6.6.6")
        codes = [flood.log_in(COUNTY, f"guess number {n}").status_code for n in range(FAILURES[0] + 2)]
        assert codes == [403] * FAILURES[0] + [429, 429]
        assert flood.log_in(COUNTY).status_code == 429  # the right one, too
        assert Visitor(desk, address="10.0.0.9").log_in(COUNTY).status_code == 200
        later = desk.seconds() + 16 * 60
        desk.seconds = lambda: later
        assert flood.log_in(COUNTY).status_code == 200


def test_guesses_that_come_at_once_are_counted_before_the_next_is_tried(plain_desk, tmp_path):
    """Twenty in parallel: were each looked at before the others had failed, all would be tried."""
    with copy_of(plain_desk, tmp_path) as desk:
        visitors = [Visitor(desk, address="10.7.7.7") for _ in range(20)]
        with ThreadPoolExecutor(20) as many:
            codes = list(many.map(lambda n: visitors[n].log_in(COUNTY, f"guess number {n}").status_code, range(20)))
        assert sorted(codes) == [403] * FAILURES[0] + [429] * (20 - FAILURES[0])


def test_the_host_that_a_request_names_leads_nowhere(desk):
    """No answer sends anybody to a host that was only claimed: with a slash too many, two in front, or logged out."""
    visitor = Visitor(desk, COUNTY)
    for who in (visitor, Visitor(desk)):
        for path in ("/alarms/", "//evil.example/", "/figures//", "/nowhere", "/", "/login?back=/alarms/"):
            answer = who.client.get(
                f"http://testserver{path}", headers={"host": "evil.example"}, follow_redirects=False
            )
            assert "evil.example" not in answer.headers.get("location", ""), path
            assert "evil.example" not in answer.text.replace(path, ""), path


def test_behind_the_proxy_s_https_the_cookie_is_for_https_only(desk):
    visitor = Visitor(desk)
    visitor.client.base_url = "https://testserver"
    token = field(visitor.get("/login").text, "token")
    answer = visitor.client.post(
        "/login", data={"login": COUNTY, "password": PASSWORD, "token": token}, follow_redirects=False
    )
    cookies = answer.headers.get_list("set-cookie")
    assert all("Secure" in cookie for cookie in cookies if cookie.startswith("desk=")), cookies
    assert answer.headers["strict-transport-security"].startswith("max-age=")


def test_an_unknown_login_and_a_wrong_password_are_told_alike(desk):
    pages = []
    for login, address in ((COUNTY, "10.1.0.1"), ("nobody", "10.1.0.2")):
        answer = Visitor(desk, address=address).log_in(login, "wrong password")
        pages.append((answer.status_code, re.sub('value="[^"]*"', "", answer.text)))
    assert pages[0] == pages[1]


def test_the_first_administrator_has_a_code_that_works_once(plain_desk, tmp_path):
    with copy_of(plain_desk, tmp_path) as desk:
        (desk.home / "desk.sqlite").unlink()
        code = first_code(desk)
        visitor = Visitor(desk)

        def join(code, password="a long password"):
            token = field(visitor.get("/join").text, "token")
            return visitor.client.post(
                "/join", data={"code": code, "password": password, "again": password, "token": token}
            )

        assert join("0000-0000-0000-0000-0000").status_code == 400
        assert join(code, "short").status_code == 400
        newer = first_code(desk)  # started again before anybody used it: the old one is void
        assert join(code).status_code == 400 and join(newer).status_code == 200
        assert join(newer).status_code == 400 and first_code(desk) == ""
        assert visitor.log_in("admin", "a long password").status_code == 200


def test_a_guess_costs_what_is_advised():
    """OWASP's least for argon2id: 19 MiB and two passes, or 46 MiB and one."""
    real = _hasher()  # as it was imported, before the tests made it cheap
    assert real.memory_cost >= 19 * 1024 and real.time_cost >= 2


def test_passwords_lie_as_argon2_and_secrets_as_digests(desk):
    with desk.store() as store:
        assert all(one.password.startswith("$argon2id$") for one in all_accounts(store) if one.password)
        text = "".join(map(str, store.rows("select * from account") + store.rows("select * from session")))
    assert PASSWORD not in text


def test_one_s_own_password_changes_and_the_other_sessions_end(plain_desk, tmp_path):
    with copy_of(plain_desk, tmp_path) as desk:
        here, there = Visitor(desk, COUNTY), Visitor(desk, COUNTY)
        new = {"password": "quite another 9", "again": "quite another 9"}
        assert here.post("/account", old="wrong", **new).status_code == 400
        assert here.post("/account", old=PASSWORD, **new | {"again": "x"}).status_code == 400
        assert here.post("/account", old=PASSWORD, **new).url.path == "/login"
        assert there.client.get("/", follow_redirects=False).status_code == 303
        assert there.log_in(COUNTY).status_code == 403
        assert there.log_in(COUNTY, "quite another 9").status_code == 200


def test_guesses_at_the_old_password_are_counted(plain_desk, tmp_path):
    """Who found a browser that is logged in does not try passwords in it without an end."""
    with copy_of(plain_desk, tmp_path) as desk:
        visitor = Visitor(desk, COUNTY, address="10.9.0.1")
        for _ in range(5):
            assert (
                visitor.post("/account", old="no", password="long enough 8", again="long enough 8").status_code == 400
            )
        refused = visitor.post("/account", old=PASSWORD, password="long enough 8", again="long enough 8")
        assert refused.status_code == 429 and "15分钟后再试" in refused.text


def test_no_secret_reaches_the_log(plain_desk, tmp_path, capfd, monkeypatch):
    """Not on a refusal, not on a fault of the program, not on a fault of the database."""
    from hotspot.desk import today

    with copy_of(plain_desk, tmp_path) as desk:
        visitor = Visitor(desk, COUNTY)
        secret = visitor.client.cookies["desk"]
        visitor.log_in(COUNTY, "wrong secret word")

        def fails(*args, **kwargs):
            raise RuntimeError("planned")

        monkeypatch.setattr(today, "alarms_seen", fails)
        assert visitor.get("/").status_code == 500
        said = capfd.readouterr()
    assert "planned" in said.err
    assert not any(word in said.err + said.out for word in (secret, PASSWORD, "wrong secret word", "$argon2"))


def test_only_the_shell_imports_the_desk():
    """``hotspot`` works without the desk's libraries, and nothing else rests on it."""
    from pathlib import Path

    import hotspot

    home = Path(hotspot.__file__).parent
    using = [
        path.relative_to(home).as_posix()
        for path in home.rglob("*.py")
        if "hotspot.desk" in path.read_text(encoding="utf-8") and path.parent.name != "desk"
    ]
    assert using == ["cli_desk.py"]
    code = "import sys, hotspot.cli; print('starlette' in sys.modules or 'hotspot.desk' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
