"""What every answer passes: headers that keep a page to itself, a bound on what is sent, forms of our own pages."""

from secrets import compare_digest
from typing import Any
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST_BODY = 24 * 1024 * 1024  # bytes of one request: a form with a dozen shrunk photos
# A page of the desk: its own files only, no script in the page, no frame elsewhere.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; worker-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# A published page brings its scripts in itself: it runs in a box without the desk's cookies, forms and network.
OFFLINE = (
    "sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "geolocation=(self), camera=(self), microphone=(), payment=(), usb=()",
    "cache-control": "no-store",
}


class Guard:
    """Middleware: headers on every answer, and no more than ``LONGEST_BODY`` of any request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI asks."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        came = 0

        async def bounded() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > LONGEST_BODY:
                raise HTTPException(413)
            return message

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                _head(message, secure=scope.get("scheme") == "https", static=scope["path"].startswith("/static/"))
            await send(message)

        await self._app(scope, bounded, headed)


def _head(message: Any, *, secure: bool, static: bool) -> None:
    there = {name for name, _ in message["headers"]}
    given = _HEADERS | ({"cache-control": "no-cache"} if static else {})
    if secure:
        given["strict-transport-security"] = "max-age=31536000"
    message["headers"] = [
        *message["headers"],
        *((k.encode(), v.encode()) for k, v in given.items() if k.encode() not in there),
    ]


def same_origin(request: Request) -> bool:
    """Whether a form was sent from a page of this desk, as far as the browser tells."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        return False
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def same_secret(given: str, known: str) -> bool:
    """Whether two secrets are one, as slow for a near miss as for any."""
    return compare_digest(given.encode(), known.encode())
