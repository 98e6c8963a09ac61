"""
What every page is made with: a request with its account, a rendered page, a way back.

A room of the desk holds ``ROUTES``: what is shown (``Show``) and what is entered (``Enter``). Views are plain
functions of one ``Ask``; they run in threads, since the ledger and the databases wait.
"""

import mimetypes
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files as resources
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from hotspot.desk.accounts import Account
from hotspot.desk.desk import Desk
from hotspot.desk.refusals import refusal
from hotspot.desk.rows import Row
from hotspot.desk.sessions import Session
from hotspot.desk.words import NOTES, say
from hotspot.text.door import shown

Who = Literal["anyone", "account", "admin"]
LONGEST = 2000  # letters of a field
_LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x1f]*")


@dataclass
class Ask:
    """
    One request, ready to be answered.

    ``path``: what the address names; ``form``: the fields that were sent, one line or several, nothing hidden in
    them, cut at ``LONGEST``; ``files``: what was uploaded, by field.
    """

    desk: Desk
    request: Request
    lang: str
    session: Session | None = None
    form: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, list[UploadFile]] = field(default_factory=dict)

    @property
    def path(self) -> Mapping[str, str]:
        """What the address names."""
        return {name: str(value) for name, value in self.request.path_params.items()}

    @property
    def account(self) -> Account:
        """Who asks; a view that anyone may open asks ``session`` instead."""
        assert self.session is not None
        return self.session.account

    def asked(self, name: str, default: str = "") -> str:
        """A word of the query, cut."""
        return shown(self.request.query_params.get(name, default))[:LONGEST].strip()

    def t(self, zh: str, en: str) -> str:
        """One of two languages, in the words of the study's pollutant and jurisdiction."""
        return self.desk.study.pollutant.words(en if self.lang == "en" else zh)

    def say(self, kind: str, key: str) -> str:
        """A key of the ledger as ``words.say``, in the study's words; what is no key stays as it stands."""
        said = say(kind, key, self.lang)
        return said if said == key else self.desk.study.pollutant.words(said)

    @property
    def address(self) -> str:
        """Where the request comes from, as the trusted proxy says it."""
        return self.request.client.host if self.request.client else ""


class Refused(Exception):
    """A page that is none for this account or at all: its status and words in both languages."""

    def __init__(self, status: int, zh: str, en: str) -> None:
        super().__init__(en)
        self.status, self.zh, self.en = status, zh, en


def missing() -> Refused:
    """What is not there, or not for this account: the two are told alike."""
    return Refused(404, "没有这一页，或不属于您的辖区", "There is no such page, or it is not of your area")


@dataclass(frozen=True)
class Show:
    """A page: GET only, changes nothing."""

    path: str
    view: Callable[[Ask], Response]
    who: Who = "account"


@dataclass(frozen=True)
class Enter:
    """A form that is sent: POST only, with the session's token."""

    path: str
    view: Callable[[Ask], Response]
    who: Who = "account"


def page(ask: Ask, template: str, status: int = 200, **told: Any) -> HTMLResponse:
    """Render a template of ``desk/templates``; every value in it is escaped."""
    account = ask.session.account if ask.session else None
    note = NOTES.get(ask.asked("said"))
    html = _environment().get_template(template).render(
        ask=ask, t=ask.t, say=ask.say, lang=ask.lang, account=account,
        csrf=ask.session.csrf if ask.session else "", study=ask.desk.study, now=ask.desk.minute(),
        note=ask.t(*note) if note else "", here=ask.request.url.path, new_form=new_form, line=_lines(ask),
        refused=lambda why: refusal(why, ask.lang), **told,
    )  # fmt: skip
    return HTMLResponse(html, status)


def drawn(macro: str, row: Row, ask: Ask) -> Markup:
    """A row as a macro of ``parts.html`` draws it, in the page's language; of nothing but the row."""
    macros = _environment().get_template("parts.html").module
    html: Markup = getattr(macros, macro)(row, ask.t, ask.say)
    return html


def _lines(ask: Ask) -> Callable[[str, Row], Markup]:
    """Rows of a list: a page of fifty is put together from what was drawn before, as long as a row is the same."""
    kept = {"alarm": ask.desk.alarm_rows, "issue": ask.desk.issue_rows}
    return lambda kind, row: kept[kind].line(row, ask.lang, lambda row: drawn(f"{kind}_row", row, ask))


def redirect(where: str, said: str = "") -> RedirectResponse:
    """On to another page of the desk, with one of ``words.NOTES``; an address elsewhere leads home."""
    if not _LOCAL.fullmatch(where):
        where = "/"
    if said:
        where += f"{'&' if '?' in where else '?'}said={said}"
    return RedirectResponse(where, 303)


def new_form() -> str:
    """The number of a form: sent twice, it is entered once."""
    return secrets.token_hex(16)


def form_number(ask: Ask) -> str:
    """The number of the form that was sent; a fresh one where it is none."""
    given = ask.form.get("form", "")
    return given if re.fullmatch(r"[0-9a-f-]{16,64}", given) else new_form()


def picked(ask: Ask, *names: str) -> dict[str, str]:
    """The fields of a form that a view knows, without the empty ones; all others are not looked at."""
    return {name: value for name in names if (value := ask.form.get(name, "").strip())}


def static_text(name: str) -> str:
    """The text of a file of ``desk/static``."""
    return (resources("hotspot.desk") / "static" / name).read_text(encoding="utf-8")


def kind_of(name: str) -> str:
    """The media type of a file of ours, by its ending."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("hotspot.desk"), autoescape=select_autoescape(default=True), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
