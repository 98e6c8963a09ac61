"""
The far side of a fetch: a child process that lists an archive and reads its files.

It alone knows the credentials, which its store's library takes from the environment or from profile files, so it
alone meets that library's words. What it says of a fault is a kind, the name of the error's class and a status:
never a text, in which a library may repeat what it was given. Its libraries' logs end with it. Run as
``python -m hotspot.archive.remote`` it is the child; see ``hotspot.foreign.child``.
"""

import hashlib
import logging
import os
import re
import time
from collections.abc import Iterator
from typing import Any, BinaryIO
from urllib.parse import unquote

from hotspot.archive.names import leads, wanted, why_not
from hotspot.archive.record import same_state
from hotspot.foreign.child import serve

MOST_NAMES = 1_000_000  # of one archive: 50 files a day for 50 years are as many (proposal)
PAGE, PAGE_S = 1_000, 5.0  # files of one answer, and the time after which it is given
CHUNK = 1 << 20  # bytes read at a time
TURN = 4 << 20  # bytes of one answer; a slow line answers after TURN_S
TURN_S = 2.0
TRIES = 2
_WEB = {"http", "https"}
_ETAGS = ("ETag", "etag", "md5Hash", "content_md5", "Content-MD5")
_TIMES = ("LastModified", "last_modified", "Last-Modified", "updated", "modified", "mtime", "created")


class _Endless(Exception):
    """A listing beyond every bound."""


class Remote:
    """
    One archive as jobs and reports.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.tif").write_bytes(b"1234")
    >>> remote = Remote()
    >>> remote.answer({"do": "open", "url": f"file://{folder}", "silent_s": 60})
    {}
    >>> page = remote.answer({"do": "list", "files": ["*.tif"]})
    >>> page["done"], [(one["name"], one["size"]) for one in page["found"]]
    (True, [('a.tif', 4)])
    >>> Remote().answer({"do": "open", "url": "nothing-like-it://a", "silent_s": 60})
    {'fault': 'protocol', 'class': 'ValueError', 'status': None, 'got': 0}
    """

    def __init__(self, *, most: int = MOST_NAMES) -> None:
        self._most = most
        self._fs: Any = None
        self._root = self._protocol = ""
        self._listing: Iterator[dict[str, Any]] = iter(())
        self._stream: Any = None
        self._part: BinaryIO | None = None
        self._job: dict[str, Any] = {}
        self._hash = hashlib.sha256()
        self._got = 0

    def answer(self, job: dict[str, Any]) -> dict[str, Any]:
        """
        The report of a job, or its fault.

        Parameters
        ----------
        job : dict
            ``do``: "open" (``url``, ``silent_s``, ``endpoint``, ``anonymous``); "list" (``files``) and "more" for the
            next page; "get" (a file as it was listed, with ``to``, a path where nothing stands) and "next" until done.

        Returns
        -------
        dict: of a page ``found`` and ``done``; of "next" ``got`` (bytes so far), ``done`` and in the end ``sha256``;
        of a fault ``fault`` (its kind), ``class``, ``status`` and ``got``
        """
        does = {"open": self._open, "list": self._list, "more": self._page, "get": self._get, "next": self._next}
        try:
            report: dict[str, Any] = does[job["do"]](job)
        except Exception as error:
            report = _fault(error)
        if "fault" in report:
            report["got"] = self._got
            self._drop()
        return report

    def _open(self, job: dict[str, Any]) -> dict[str, Any]:
        from fsspec import get_filesystem_class
        from fsspec.core import url_to_fs

        self._protocol = job["url"].split("://")[0]
        try:
            get_filesystem_class(self._protocol)
        except ValueError as error:
            return _fault(error) | {"fault": "protocol"}
        options = _options(self._protocol, job)
        self._fs, root = url_to_fs(job["url"], use_listings_cache=False, skip_instance_cache=True, **options)
        self._root = root.rstrip("/")
        if hasattr(self._fs, "retries"):
            self._fs.retries = TRIES  # of s3fs; its own five would be minutes of silence
        return {}

    def _list(self, job: dict[str, Any]) -> dict[str, Any]:
        self._listing = self._walk([pattern.split("/") for pattern in job["files"]])
        return self._page(job)

    def _page(self, job: dict[str, Any]) -> dict[str, Any]:
        until, found = time.monotonic() + PAGE_S, []
        for one in self._listing:
            found.append(one)
            if len(found) >= PAGE or time.monotonic() > until:
                return {"found": found, "done": False}
        return {"found": found, "done": True}

    def _walk(self, patterns: list[list[str]]) -> Iterator[dict[str, Any]]:
        """What is wanted, and what nobody can want, folder by folder; only folders that a pattern leads to."""
        web, seen, n = self._protocol in _WEB, set(), 0
        folders = [""]
        while folders:
            below = folders.pop()
            place = f"{self._root}/{below}".rstrip("/")
            try:
                entries = self._fs.ls(place + "/" if web else place, detail=True)
            except FileNotFoundError:
                if not below:
                    raise
                continue  # it went while we looked
            for entry in sorted(entries, key=lambda one: str(one["name"])):
                n += 1
                if n > self._most:
                    raise _Endless
                raw = str(entry["name"]).rstrip("/")
                if raw in (place, self._root) or raw in seen or (web and ("?" in raw or "#" in raw)):
                    continue  # the folder's own mark; a page's links that sort it
                seen.add(raw)
                inside = raw.removeprefix(self._root + "/")
                name = unquote(inside, errors="surrogateescape") if web else inside
                if inside == raw:
                    yield {"name": raw, "raw": raw, "why": "does not lie below the url"}
                elif entry.get("type") == "directory":
                    if leads(name.split("/"), patterns) and not why_not(name):
                        folders.append(inside)
                elif wanted(name.split("/"), patterns):
                    yield self._described(name, raw, entry)

    def _described(self, name: str, raw: str, entry: dict[str, Any]) -> dict[str, Any]:
        why = why_not(name)
        if not why and (entry.get("type") != "file" or entry.get("islink")):
            why = "is a link or no plain file"
        if not why and entry.get("size") is None:
            try:
                entry = {**entry, **self._fs.info(raw)}
            except FileNotFoundError:
                why = "is listed, but not there"
        size = entry.get("size")
        if not why and not (isinstance(size, int) and size >= 0):
            why = "has no size, so that a cut copy could not be told"
        return {"name": name, "raw": raw, "why": why, "size": size} | _mark(entry)

    def _get(self, job: dict[str, Any]) -> dict[str, Any]:
        self._drop()
        self._job, self._hash, self._got = job, hashlib.sha256(), 0
        how: dict[str, Any] = {"block_size": TURN}
        if self._protocol in _WEB:  # one stream, not many pieces
            how = {"block_size": 0, "size": job["size"] or None}
        self._stream = self._fs.open(job["raw"], "rb", **how)
        try:
            self._part = open(job["to"], "xb")  # noqa: SIM115 (closed in _drop)
        except OSError as error:
            return _fault(error) | {"fault": "disk"}
        return {}

    def _next(self, job: dict[str, Any]) -> dict[str, Any]:
        until, most, size = time.monotonic() + TURN_S, self._got + TURN, self._job["size"]
        assert self._part is not None  # "get" comes first
        while self._got < most and time.monotonic() < until:
            data = self._stream.read(min(CHUNK, size - self._got + 1))
            if not data:
                return self._done() if self._got == size else {"fault": "cut", "class": "", "status": None}
            self._got += len(data)
            if self._got > size:
                return {"fault": "larger", "class": "", "status": None}
            self._hash.update(data)
            try:
                self._part.write(data)
            except OSError as error:
                return _fault(error) | {"fault": "disk"}
        return {"got": self._got, "done": False}

    def _done(self) -> dict[str, Any]:
        """The last bytes onto the disk, and a second look: the file may have been written while it was read."""
        assert self._part is not None
        try:
            self._part.flush()
            os.fsync(self._part.fileno())
        except OSError as error:
            return _fault(error) | {"fault": "disk"}
        now = self._fs.info(self._job["raw"])
        if not same_state({"size": now.get("size")} | _mark(now), self._job):
            return {"fault": "moved", "class": "", "status": None}
        self._drop()
        return {"got": self._got, "done": True, "sha256": self._hash.hexdigest()}

    def _drop(self) -> None:
        for held in (self._stream, self._part):
            try:
                if held is not None:
                    held.close()
            except Exception:  # a connection that is broken, a disk that is full: told already
                logging.getLogger(__name__).debug("could not be closed")
        self._stream = self._part = None


def _options(protocol: str, job: dict[str, Any]) -> dict[str, Any]:
    """What the store's library is told: how long to wait, which server; never who we are."""
    silent, anonymous = job["silent_s"], job.get("anonymous", False)
    if protocol in _WEB:
        import aiohttp

        return {
            "client_kwargs": {
                "timeout": aiohttp.ClientTimeout(total=None, sock_connect=silent, sock_read=silent),
                "headers": {"Accept-Encoding": "identity"},  # bytes as they are stored
                "auto_decompress": False,
                "trust_env": True,  # proxies and ~/.netrc
            }
        }
    if protocol in ("s3", "s3a"):
        waits = {"connect_timeout": silent, "read_timeout": silent, "retries": {"max_attempts": 1}}
        return {"anon": anonymous, "config_kwargs": waits} | (
            {"endpoint_url": job["endpoint"]} if job.get("endpoint") else {}
        )
    if anonymous:
        return {"token": "anon"} if protocol in ("gs", "gcs") else {"anon": True}
    return {}


def _mark(entry: dict[str, Any]) -> dict[str, str]:
    """What tells one state of a file at its source from another, beside its size."""
    etag = next((entry[key] for key in _ETAGS if entry.get(key)), "")
    when = next((entry[key] for key in _TIMES if entry.get(key)), "")
    return {
        "etag": str(etag).strip('"')[:200],
        "when": (when.isoformat() if hasattr(when, "isoformat") else str(when))[:100],
    }


def _fault(error: BaseException) -> dict[str, Any]:
    """A fault without a word of whoever raised it."""
    names = [one.__name__ for one in type(error).__mro__]
    status = getattr(error, "status", None)
    status = status if isinstance(status, int) and 100 <= status < 600 else None
    return {"fault": _kind(error, " ".join(names), status), "class": re.sub(r"\W", "", names[0])[:60], "status": status}


def _kind(error: BaseException, names: str, status: int | None) -> str:
    if isinstance(error, ImportError):
        return "library"
    if isinstance(error, MemoryError | _Endless):
        return "endless"
    if isinstance(error, PermissionError) or status in (401, 403) or "Credentials" in names:
        return "denied"
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "missing"
    if isinstance(error, TimeoutError) or "Timeout" in names:
        return "silent"
    if "PayloadError" in names or "IncompleteRead" in names:
        return "cut"
    if isinstance(error, ConnectionError) or "Connect" in names or "ClientOSError" in names:
        return "unreachable"
    return "odd"


if __name__ == "__main__":
    serve(Remote().answer, network=True)
