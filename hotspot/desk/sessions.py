"""Sessions: who is in. A secret in a cookie, kept as its digest; a new one at each login, gone after idle hours."""

import secrets
from typing import NamedTuple

from hotspot.desk.accounts import Account, account_of, digest
from hotspot.desk.store import Store, one

IDLE = 12 * 3600  # s; a field shift
LONGEST = 7 * 86400  # s; then everybody logs in again
_TOUCH = 60  # s; how exactly the last use is kept


class Session(NamedTuple):
    """One person's stay: ``csrf`` stands in every form of it."""

    account: Account
    csrf: str


def begin(store: Store, login: str, now: int) -> str:
    """Begin a session; the secret for the cookie."""
    secret = secrets.token_urlsafe(32)
    store.run("delete from session where seen < ? or made < ?", now - IDLE, now - LONGEST)
    store.run("insert into session values (?, ?, ?, ?, ?)", digest(secret), login, secrets.token_urlsafe(24), now, now)
    return secret


def session_of(store: Store, secret: str, now: int) -> Session | None:
    """The session of a cookie, or None where there is none or it is over."""
    if not 20 <= len(secret) <= 100:
        return None
    row = one(store.rows("select login, csrf, made, seen from session where secret = ?", digest(secret)))
    if row is None:
        return None
    login, csrf, made, seen = row
    account = account_of(store, login)
    if account is None or account.stopped or seen < now - IDLE or made < now - LONGEST:
        store.run("delete from session where secret = ?", digest(secret))
        return None
    if now - seen >= _TOUCH:
        store.run("update session set seen = ? where secret = ?", now, digest(secret))
    return Session(account, csrf)


def end(store: Store, secret: str) -> None:
    """End a session."""
    store.run("delete from session where secret = ?", digest(secret))
