"""The administrator's pages: accounts for people of the register and for offices, their codes, and what was done."""

from datetime import UTC, datetime, timedelta

from starlette.responses import Response

from hotspot.desk.accounts import (
    ROLES,
    TOO_OFTEN,
    Account,
    account_of,
    all_accounts,
    check_password,
    failed,
    in_turn,
    invite,
    make_account,
    set_password,
    stop_account,
    too_often,
)
from hotspot.desk.refusals import refusal
from hotspot.desk.web import Ask, Enter, Refused, Show, page, picked, redirect

_ACTS = 50


def show_accounts(ask: Ask) -> Response:
    """Accounts, people of the register who have none, the last acts."""
    return _accounts(ask)


def enter_account(ask: Ask) -> Response:
    """Make an account; its code is shown once."""
    desk, now = ask.desk, ask.desk.seconds()
    given = picked(ask, "login", "person", "name", "place", "role")
    register = desk.network.register
    if given.get("person"):
        known = None if register is None else register.people[register.people["person"] == given["person"]]
        if known is None or not len(known):
            raise Refused(422, "名单中没有这个人员", "There is no such person in the register")
        given |= {"login": given["person"], "name": str(known["name"].iloc[0]), "place": ""}
    else:
        city, _, county = given.get("place", "").partition("/")
        pairs = set(desk.places.values())
        if given.get("place") and not any(city == of and county in ("", at) for of, at in pairs):
            raise Refused(422, "没有这个城市或区县", "There is no such city or county")
        if register is not None and given.get("name") in set(register.people["name"]) | set(register.people["person"]):
            raise Refused(
                422, "此姓名在网格人员名单中，请从名单建立账号", "This name stands in the register; take it from there"
            )
    account = Account(
        given.get("login", ""), given.get("person", ""), given.get("name", ""), given.get("place", ""),
        given.get("role", "write"), "", now, 0,
    )  # fmt: skip
    with desk.store() as store:
        make_account(store, account, by=ask.account.login)
        code = invite(store, account.login, now, by=ask.account.login)
    return _accounts(ask, login=account.login, code=code)


def enter_change(ask: Ask) -> Response:
    """A new code for an account, or stop it, or let it in again."""
    desk, now, login, by = ask.desk, ask.desk.seconds(), ask.path["login"], ask.account.login
    act = ask.form.get("act", "")
    with desk.store() as store:
        if account_of(store, login) is None:
            raise Refused(404, "没有这个账号", "There is no such account")
        if login == by:
            raise Refused(422, "不能停用或重置自己的账号", "Not your own account")
        if act not in ("code", "stop", "start"):
            raise Refused(422, "没有这个操作", "There is no such act")
        code = invite(store, login, now, by=by) if act == "code" else ""
        if not code:
            stop_account(store, login, now if act == "stop" else 0, now, by=by)
    if code:
        return _accounts(ask, login=login, code=code)
    return redirect("/accounts", "account")


def show_own(ask: Ask) -> Response:
    """One's own account."""
    posts = ask.desk.network.posts(ask.account.person) if ask.account.person else []
    return page(ask, "own.html", posts=posts, why="")


def enter_own(ask: Ask) -> Response:
    """Set one's own password anew; all other sessions end."""
    desk, now = ask.desk, ask.desk.seconds()
    new, why = ask.form.get("password", ""), ""
    if not _knows_it(ask, now):
        why = ask.t("原密码不对", "The old password is wrong")
    elif new != ask.form.get("again", ""):
        why = ask.t("两次输入的密码不一致", "The two passwords differ")
    else:
        try:
            with desk.store() as store:
                set_password(store, ask.account.login, new, now)
        except ValueError as error:
            why = refusal(str(error), ask.lang)
    if why:
        posts = desk.network.posts(ask.account.person) if ask.account.person else []
        return page(ask, "own.html", 400, posts=posts, why=why)
    return redirect("/login", "password")


def _knows_it(ask: Ask, now: int) -> bool:
    """Whether the old password fits; guesses at it are counted as those of a login, whoever has the session."""
    login = ask.account.login
    with in_turn(login):
        with ask.desk.store() as store:
            if too_often(store, login, ask.address, now):
                raise Refused(429, *TOO_OFTEN)
        fits = check_password(ask.account, ask.form.get("old", ""))
        if not fits:
            with ask.desk.store() as store:
                failed(store, login, ask.address, now)
    return fits


def _accounts(ask: Ask, login: str = "", code: str = "") -> Response:
    desk = ask.desk
    with desk.store() as store:
        accounts = all_accounts(store)
        acts = store.rows("select at, login, what from act order by at desc limit ?", _ACTS)
    known = {one.login for one in accounts}
    register = desk.network.register
    standing = None if register is None else register.on(desk.network.day)
    people = [] if standing is None else standing.people.drop_duplicates("person").to_dict("records")
    units = {} if standing is None else dict(zip(standing.units["unit"], standing.units["name"], strict=True))
    return page(
        ask, "accounts.html", accounts=accounts, acts=[(_local(ask, at), who, what) for at, who, what in acts],
        people=[one for one in people if one["person"] not in known], units=units, login=login, code=code,
        roles=ROLES,
        cities=sorted({city for city, _ in desk.places.values()}),
        counties=sorted({f"{city}/{county}" for city, county in desk.places.values() if county}),
    )  # fmt: skip


def _local(ask: Ask, at: int) -> str:
    here = datetime.fromtimestamp(at, UTC) + timedelta(hours=ask.desk.study.utc_offset)
    return f"{here:%Y-%m-%d %H:%M}"


ROUTES = (
    Show("/accounts", show_accounts, "admin"), Enter("/accounts", enter_account, "admin"),
    Enter("/accounts/{login}", enter_change, "admin"), Show("/account", show_own), Enter("/account", enter_own),
)  # fmt: skip
