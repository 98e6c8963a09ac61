"""The desk as a web application: rooms with their routes, and what stands between a request and its view."""

import sys
import traceback
from collections.abc import Awaitable, Callable
from importlib.resources import files as resources
from pathlib import Path
from types import ModuleType
from typing import Any, cast
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from hotspot.desk import account_pages, alarms, issues, ledger_pages, login, map_page, months, phone, today
from hotspot.desk.desk import Desk
from hotspot.desk.guard import LONGEST_BODY, Guard, same_origin, same_secret
from hotspot.desk.refusals import refusal
from hotspot.desk.sessions import session_of
from hotspot.desk.web import LONGEST, Ask, Enter, Refused, Show, page, redirect
from hotspot.text.door import shown
from hotspot.variables import DataError

# To add a page: a module with ``ROUTES``, named here.
ROOMS: tuple[ModuleType, ...] = (
    login, today, alarms, issues, map_page, months, ledger_pages, account_pages, phone,
)  # fmt: skip
COOKIE = "desk"
_LANGUAGES = ("zh", "en")
_FIELDS, _FILES = 60, 12  # of one form


def desk_app(desk: Desk) -> Starlette:
    """
    The application of one study.

    Returns
    -------
    Starlette, for uvicorn or a test client
    """
    routes: list[Any] = [_route(desk, one) for room in ROOMS for one in room.ROUTES]
    routes.append(Mount("/static", StaticFiles(directory=str(Path(str(resources("hotspot.desk"))) / "static"))))
    app = Starlette(routes=routes, exception_handlers={HTTPException: _other(desk), 500: _other(desk)})
    app.router.redirect_slashes = False  # it would lead to whatever host the request names
    app.add_middleware(cast(Any, Guard))
    return app


def _route(desk: Desk, one: Show | Enter) -> Route:
    async def answer(request: Request) -> Response:
        ask = Ask(desk, request, language(request))
        try:
            if isinstance(one, Enter):
                await _read_form(ask)
            return _with_language(ask, await run_in_threadpool(_answered, ask, one))
        except Exception as error:
            return await run_in_threadpool(_said, ask, error)
        finally:
            for uploads in ask.files.values():
                for upload in uploads:
                    await upload.close()

    return Route(one.path, answer, methods=["GET"] if isinstance(one, Show) else ["POST"])


def _answered(ask: Ask, one: Show | Enter) -> Response:
    """The view's answer, once it is known who asks and that the form is ours."""
    desk, secret = ask.desk, ask.request.cookies.get(COOKIE, "")
    if secret:
        with desk.store() as store:
            ask.session = session_of(store, secret, desk.seconds())
    if one.who != "anyone" and ask.session is None:
        if isinstance(one, Enter):
            raise Refused(
                401, "登录已过期，请重新登录后再提交", "You are no longer logged in; log in and send it again"
            )
        return redirect(f"/login?back={_back(ask.request)}")
    if one.who == "admin" and ask.account.role != "admin":
        raise Refused(403, "只有管理员可以打开", "For administrators only")
    if isinstance(one, Enter):
        if not same_origin(ask.request):
            raise Refused(403, "表单不是从本平台页面提交的", "This form was not sent from a page of the desk")
        given = ask.form.get("csrf", "") or ask.request.headers.get("x-csrf", "")
        # Who is not in yet has no session: ``login`` looks for the token of its own pages.
        if one.who != "anyone" and not same_secret(given, ask.session.csrf if ask.session else ""):
            raise Refused(
                403, "表单已过期，请刷新页面再提交", "The form has expired; reload the page and send it again"
            )
    return one.view(ask)


async def _read_form(ask: Ask) -> None:
    form = await ask.request.form(max_files=_FILES, max_fields=_FIELDS, max_part_size=LONGEST_BODY)
    fields: dict[str, str] = {}
    uploads: dict[str, list[UploadFile]] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            uploads.setdefault(name, []).append(value)
        else:
            fields[name] = shown(value.replace("\r\n", "\n"), lines=True)[:LONGEST]
    ask.form, ask.files = fields, uploads


def language(request: Request) -> str:
    """Chinese unless English was chosen, now (``?lang=en``) or before (a cookie)."""
    given = request.query_params.get("lang") or request.cookies.get("lang") or ""
    return given if given in _LANGUAGES else "zh"


def _with_language(ask: Ask, response: Response) -> Response:
    if ask.request.query_params.get("lang") in _LANGUAGES:
        response.set_cookie("lang", ask.lang, max_age=365 * 86400, samesite="lax", httponly=True)
    return response


def _back(request: Request) -> str:
    return quote(request.url.path, safe="/")


def _said(ask: Ask, error: Exception) -> Response:
    """A fault in words, in the page's language; what was entered is not lost with it."""
    match error:
        case Refused():
            status, zh, en = error.status, error.zh, error.en
        case HTTPException():
            status, zh, en = error.status_code, *_HTTP.get(error.status_code, _HTTP[400])
        case MultiPartException():
            status, zh, en = 400, *_HTTP[400]
        case DataError():
            print(f"hotspot desk: {shown(str(error))}", file=sys.stderr)
            status = 503
            zh = "数据库暂时没有应答，这次操作没有记入；恢复后请再提交一次"
            en = "The database does not answer just now; nothing was recorded. Send it again when it is back"
        case ValueError():
            status, zh, en = 400, refusal(str(error), "zh"), refusal(str(error), "en")
        case _:
            traceback.print_exception(error, limit=-6, file=sys.stderr)
            status, zh, en = (
                500,
                "程序出错，已记入日志；这次操作没有记入",
                "A fault of the program; nothing was recorded",
            )
    # A form with a password is filled in anew: none stands on any page.
    again = {} if status != 503 or "password" in ask.form else dict(ask.form)
    if status == 503:
        ask.session = None  # who asks cannot be known just now
    return page(ask, "fault.html", status, zh=zh, en=en, again=again, uploads=bool(ask.files))


def _other(desk: Desk) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Faults outside of any view: no such address, a body that is too large."""

    async def answer(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException) and error.status_code in (301, 302, 303, 307, 308):
            return RedirectResponse("/", 303)
        return await run_in_threadpool(_said, Ask(desk, request, language(request)), error)

    return answer


_HTTP = {
    400: ("提交的内容不完整或无法读取", "What was sent is incomplete or cannot be read"),
    404: ("没有这一页", "There is no such page"),
    405: ("这个地址不能这样打开", "This address is not opened like that"),
    413: ("提交的内容太大", "What was sent is too large"),
}
