"""
Debian's chromium for tests that must see a page as a reader sees it.

``opened(page)`` gives a context in which every request, console error and script
error of an opened page is recorded. Where chromium or playwright is missing, the
test is skipped with the reason.
"""

import os
import re
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

from hotspot.publish.fonts import font_path

# Chromium talks to its maker at the start unless told not to; tests must be silent.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def chromium_path():
    """Where the browser is, or None. ``HOTSPOT_CHROMIUM`` names another one."""
    named = os.environ.get("HOTSPOT_CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def with_chinese_font(folder):
    """Environment in which the browser finds the package's Chinese font, whatever the machine has."""
    fonts = font_path().parent
    config = Path(folder) / "fonts.conf"
    config.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f"<dir>/usr/share/fonts</dir><dir>{fonts}</dir><cachedir>{folder}/fonts</cachedir></fontconfig>",
        encoding="utf-8",
    )
    return {**os.environ, "FONTCONFIG_FILE": str(config)}


@contextmanager
def browser(folder):
    """A running chromium; skips the test where there is none."""
    path = chromium_path()
    if path is None:
        pytest.skip("chromium is not installed (apt-get install chromium); page tests need it")
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed; page tests need it")
    with sync.sync_playwright() as play:
        running = play.chromium.launch(
            executable_path=path, headless=True, args=list(FLAGS), env=with_chinese_font(folder)
        )
        try:
            yield running
        finally:
            running.close()


class Opened:
    """A page with what it asked for (``requests``) and what went wrong (``errors``)."""

    def __init__(self, page, url):
        self.page, self.url = page, url
        self.requests: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", self._dialog)

    def _dialog(self, dialog):
        self.errors.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    @property
    def foreign(self):
        """Requests for anything but the file itself; data inside the page is no request."""
        return [url for url in self.requests if url != self.url and not url.startswith(("data:", "blob:"))]


@contextmanager
def opened(running, path, *, width=1280, height=800, ready="body[data-ready]", routes=(), **context):
    """
    Open a local file in a fresh context and wait until it says that it is ready.

    ``ready`` is a selector, or None for a page that only has to load. ``routes``, start of an address ->
    "abort" or a function of the route, answers requests in place of a network.
    """
    url = Path(path).resolve().as_uri()
    fresh = running.new_context(viewport={"width": width, "height": height}, **context)
    fresh.set_default_timeout(120_000)  # a busy machine is slow, not wrong
    for start, answer in dict(routes).items():
        fresh.route(re.compile("^" + re.escape(start)), (lambda route: route.abort()) if answer == "abort" else answer)
    try:
        seen = Opened(fresh.new_page(), url)
        seen.page.goto(url)
        if ready:
            seen.page.wait_for_selector(ready, state="attached")
        yield seen
    finally:
        fresh.close()
