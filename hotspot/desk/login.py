"""Coming in and going out: login, the first administrator by the console's code, a password by an invitation."""

import secrets

from starlette.responses import RedirectResponse, Response

from hotspot.desk.accounts import (
    TOO_OFTEN,
    Account,
    account_of,
    all_accounts,
    check_password,
    failed,
    in_turn,
    invite,
    login_of_code,
    make_account,
    note,
    set_password,
    too_often,
)
from hotspot.desk.desk import Desk
from hotspot.desk.guard import same_secret
from hotspot.desk.refusals import refusal
from hotspot.desk.sessions import LONGEST, begin, end
from hotspot.desk.web import Ask, Enter, Refused, Show, page, redirect

COOKIE, BEFORE = "desk", "desk-before"
FIRST = "admin"


def first_code(desk: Desk) -> str:
    """A code for the first administrator, who has none yet set a password; "" where there is one."""
    now = desk.seconds()
    with desk.store() as store:
        if any(one.role == "admin" and one.password for one in all_accounts(store)):
            return ""
        if account_of(store, FIRST) is None:
            make_account(store, Account(FIRST, "", "平台管理员", "", "admin", "", now, 0), by="console")
        return invite(store, FIRST, now, by="console")


def show_login(ask: Ask) -> Response:
    """The login page."""
    if ask.session is not None:
        return redirect("/")
    return _with_token(ask, "login.html", back=ask.asked("back"), why="")


def enter_login(ask: Ask) -> Response:
    """Log in: a new session, whatever cookie came with the form."""
    _own_form(ask)
    desk, now = ask.desk, ask.desk.seconds()
    login, password = ask.form.get("login", "").strip(), ask.form.get("password", "")
    with in_turn(login):
        with desk.store() as store:
            if too_often(store, login, ask.address, now):
                raise Refused(429, *TOO_OFTEN)
            account = account_of(store, login)
        fits = check_password(account, password)
        if not fits:
            with desk.store() as store:
                failed(store, login, ask.address, now)
    if not fits:
        why = ask.t("登录名或密码不对，或账号已停用", "Login or password is wrong, or the account is stopped")
        return _with_token(ask, "login.html", 403, back=ask.form.get("back", ""), why=why)
    with desk.store() as store:
        old = ask.request.cookies.get(COOKIE, "")
        if old:
            end(store, old)
        secret = begin(store, login, now)
        note(store, now, login, "logged in")
    answer = redirect(ask.form.get("back", "") or "/")
    _cookie(ask, answer, COOKIE, secret, LONGEST)
    answer.delete_cookie(BEFORE)
    return answer


def enter_logout(ask: Ask) -> Response:
    """Log out."""
    with ask.desk.store() as store:
        end(store, ask.request.cookies.get(COOKIE, ""))
    answer: RedirectResponse = redirect("/login", "out")
    answer.delete_cookie(COOKIE)
    answer.headers["clear-site-data"] = '"cache"'
    return answer


def show_join(ask: Ask) -> Response:
    """Where a code becomes a password."""
    return _with_token(ask, "join.html", why="")


def enter_join(ask: Ask) -> Response:
    """Set a password by a code that was handed over."""
    _own_form(ask)
    desk, now = ask.desk, ask.desk.seconds()
    password = ask.form.get("password", "")
    with desk.store() as store:
        if too_often(store, "code", ask.address, now):
            raise Refused(429, "尝试次数过多，请15分钟后再试", "Too many tries; try again in 15 minutes")
        login = login_of_code(store, ask.form.get("code", ""), now)
    why = ""
    if login is None:
        with desk.store() as store:
            failed(store, "code", ask.address, now)
        why = ask.t("口令不对或已过期", "The code is wrong or has expired")
    elif password != ask.form.get("again", ""):
        why = ask.t("两次输入的密码不一致", "The two passwords differ")
    if login is not None and not why:
        try:
            with desk.store() as store:
                set_password(store, login, password, now)
        except ValueError as error:
            why = refusal(str(error), ask.lang)
    if why:
        return _with_token(ask, "join.html", 400, why=why)
    return redirect("/login", "password")


def _with_token(ask: Ask, template: str, status: int = 200, **told: str) -> Response:
    """A page for somebody who is not in yet: its form's token stands in a cookie, too."""
    token = secrets.token_urlsafe(24)
    answer = page(ask, template, status, token=token, **told)
    _cookie(ask, answer, BEFORE, token, 3600)
    return answer


def _own_form(ask: Ask) -> None:
    known = ask.request.cookies.get(BEFORE, "")
    if not (known and same_secret(ask.form.get("token", ""), known)):
        raise Refused(403, "表单已过期，请刷新页面再提交", "The form has expired; reload the page and send it again")


def _cookie(ask: Ask, answer: Response, name: str, value: str, seconds: int) -> None:
    secure = ask.request.url.scheme == "https"
    answer.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=secure)


ROUTES = (
    Show("/login", show_login, "anyone"), Enter("/login", enter_login, "anyone"), Enter("/logout", enter_logout),
    Show("/join", show_join, "anyone"), Enter("/join", enter_join, "anyone"),
)  # fmt: skip
