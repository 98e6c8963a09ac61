"""
Accounts: who may come in. A person of the network's register, or an office that the administrator names.

A password is set by its owner only: an administrator gives a code that holds for a week and works once. What a
person may see and write follows from the register on the day itself (``scope``), not from the account.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from functools import cache
from threading import Lock, Semaphore
from typing import TYPE_CHECKING

from hotspot.desk.store import Store, one

if TYPE_CHECKING:
    from argon2 import PasswordHasher

ROLES = ("read", "write", "admin")
LEAST, MOST = 10, 128  # letters of a password
CODE_DAYS = 7
MINUTES = 15  # in which failed logins are counted
# Failed logins in MINUTES: of one account from one address, of one address, of one account from anywhere.
FAILURES = (5, 30, 60)
TOO_OFTEN = (f"登录失败次数过多，请{MINUTES}分钟后再试", f"Too many failed logins; try again in {MINUTES} minutes")
_LOGIN = re.compile(r"[\w.@-]{1,64}")
_AT_ONCE = Semaphore(2)  # an argon2 takes 64 MB
_TURNS = tuple(Lock() for _ in range(64))
_COLUMNS = "login, person, name, place, role, password, made, stopped"


@dataclass(frozen=True)
class Account:
    """
    One account. ``person``: id in the register, "" for an office; ``place``: what an office sees, "" all, a city,
    or "city/county"; ``role``: a key of ``ROLES``; ``stopped``: since when it may not come in, 0 if it may.
    """

    login: str
    person: str
    name: str
    place: str
    role: str
    password: str
    made: int
    stopped: int


def account_of(store: Store, login: str) -> Account | None:
    """The account of a login name, or None."""
    row = one(store.rows(f"select {_COLUMNS} from account where login = ?", login))
    return None if row is None else Account(*row)


def all_accounts(store: Store) -> list[Account]:
    """Every account, by login name."""
    return [Account(*row) for row in store.rows(f"select {_COLUMNS} from account order by login")]


def make_account(store: Store, account: Account, by: str) -> None:
    """
    Add an account, without a password yet.

    Raises
    ------
    ValueError
        The login name is taken or none, the role is unknown.
    """
    if not _LOGIN.fullmatch(account.login):
        raise ValueError("登录名只能用字母、数字、汉字和 . _ @ -，最多64个 (a login is letters, digits and . _ @ -)")
    if account.role not in ROLES or not account.name.strip():
        raise ValueError("缺少姓名或角色 (name or role is missing)")
    if account_of(store, account.login) is not None:
        raise ValueError("登录名已被使用 (this login is taken)")
    marks = ", ".join("?" * 8)
    store.run(
        f"insert into account ({_COLUMNS}) values ({marks})", *(getattr(account, n) for n in _COLUMNS.split(", "))
    )
    note(store, account.made, by, f"account {account.login} made, {account.role}")


def invite(store: Store, login: str, now: int, by: str) -> str:
    """A new code with which the owner sets a password; older ones no longer work."""
    code = "-".join(secrets.token_hex(2) for _ in range(5))
    store.run("delete from invitation where login = ? or until < ?", login, now)
    store.run("insert into invitation values (?, ?, ?)", digest(code), login, now + CODE_DAYS * 86400)
    note(store, now, by, f"code given to {login}")
    return code


def login_of_code(store: Store, code: str, now: int) -> str | None:
    """Whose code this is, or None."""
    row = one(store.rows("select login from invitation where secret = ? and until >= ?", digest(_bare(code)), now))
    return None if row is None else str(row[0])


def set_password(store: Store, login: str, password: str, now: int) -> None:
    """
    Give an account a password; its codes and sessions end.

    Raises
    ------
    ValueError
        Too short, too long, too plain.
    """
    why = weak(password, login)
    if why:
        raise ValueError(why)
    store.run("update account set password = ? where login = ?", hashed(password), login)
    store.run("delete from invitation where login = ?", login)
    store.run("delete from session where login = ?", login)
    note(store, now, login, "password set")


def stop_account(store: Store, login: str, stopped: int, now: int, by: str) -> None:
    """Let an account in no more (``stopped`` = now), or again (0)."""
    store.run("update account set stopped = ? where login = ?", stopped, login)
    store.run("delete from session where login = ?", login)
    note(store, now, by, f"account {login} {'stopped' if stopped else 'let in again'}")


def weak(password: str, login: str) -> str:
    """
    Why a password is none, or "".

    Examples
    --------
    >>> weak("short", "li"), weak("correct horse 1", "li")
    ('密码至少10位 (a password has at least 10 characters)', '')
    """
    if len(password) < LEAST:
        return f"密码至少{LEAST}位 (a password has at least {LEAST} characters)"
    if len(password) > MOST:
        return f"密码最多{MOST}位 (at most {MOST})"
    if len(set(password)) < 5 or password.isdigit() or (len(login) > 2 and login.lower() in password.lower()):
        return "密码太简单：不能全是数字、重复字符或含登录名 (too plain: only digits, few letters, or the login in it)"
    return ""


def check_password(account: Account | None, password: str) -> bool:
    """Whether a password fits; as slow where there is no such account."""
    from argon2.exceptions import InvalidHashError, VerificationError

    known = account.password if account is not None and account.password else _nobody()
    with _AT_ONCE:
        try:
            fits = _hasher().verify(known, password[:MOST])
        except (VerificationError, InvalidHashError):
            fits = False
    return fits and account is not None and bool(account.password) and not account.stopped


def in_turn(login: str) -> Lock:
    """
    To be held while a login is tried: guesses at one account that come together are tried and counted one by one.
    """
    return _TURNS[hash(login) % len(_TURNS)]


def too_often(store: Store, login: str, address: str, now: int) -> bool:
    """Whether so many logins have failed lately that none is tried."""
    since = now - 60 * MINUTES
    counts = (
        store.rows("select count(*) from attempt where at > ? and login = ? and address = ?", since, login, address),
        store.rows("select count(*) from attempt where at > ? and address = ?", since, address),
        store.rows("select count(*) from attempt where at > ? and login = ?", since, login),
    )
    return any(found[0][0] >= most for found, most in zip(counts, FAILURES, strict=True))


def failed(store: Store, login: str, address: str, now: int) -> None:
    """Count a failed login; old ones are forgotten."""
    store.run("delete from attempt where at <= ?", now - 60 * MINUTES)
    store.run("insert into attempt values (?, ?, ?)", login[:64], address, now)


def note(store: Store, at: int, login: str, what: str) -> None:
    """Write down what was done with accounts, and by whom."""
    store.run("insert into act values (?, ?, ?)", at, login, what)


def digest(secret: str) -> str:
    """How a secret is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()


def hashed(password: str) -> str:
    """A password as it is kept."""
    with _AT_ONCE:
        return str(_hasher().hash(password))


def _bare(code: str) -> str:
    return code.strip().lower()


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobody() -> str:
    return str(_hasher().hash(secrets.token_hex(16)))
