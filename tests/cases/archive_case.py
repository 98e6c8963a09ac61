"""An archive beside a study: files to be listed, a store that misbehaves in every way, a server of HTTP."""

import http.server
import threading
from base64 import b64encode
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from hotspot.archive import fetch
from hotspot.archive.far import Far
from hotspot.archive.remote import Remote
from hotspot.study import load_study

NAMES = ("pm25_20251201.tif", "pm25_20251202.tif", "2025/pm25_20251203.tif")


class Beside:
    """A small study with one ``[[archive]]``, and the folder that is the archive."""

    def __init__(self, folder, study_file):
        self.far = folder / "far"
        self.far.mkdir()
        self.path, self.data = folder / "study.toml", folder / "data"
        self._text = Path(study_file).read_text(encoding="utf-8")
        self.declare(f"file://{self.far}")

    def declare(self, url, *more, files='["pm25_*.tif", "2025/pm25_*.tif"]'):
        """Say where the archive is."""
        lines = ["[[archive]]", f'url = "{url}"', f"files = {files}", 'into = "satellite"', *more]
        self.path.write_text("\n".join([self._text, *lines, ""]), encoding="utf-8")

    def lay(self, *names, data=b"as it was made"):
        """Write files of the archive."""
        for name in names or NAMES:
            (self.far / name).parent.mkdir(parents=True, exist_ok=True)
            (self.far / name).write_bytes(data)

    def study(self):
        return load_study(self.path, data=self.data)

    def fetch(self, **how):
        return fetch.fetch_archive(self.study(), **how)

    def here(self):
        """What stands in the data folder, without what fetch keeps: name -> bytes."""
        found = sorted(path for path in self.data.rglob("*") if path.is_file())
        return {
            path.relative_to(self.data).as_posix(): path.read_bytes()
            for path in found
            if ".hotspot-fetch" not in path.parts
        }


class Odd:
    """As much of a file system of fsspec as is asked, which says what a test wants it to say."""

    def __init__(self, entries, *, reads=None, infos=None):
        self.entries, self.reads, self.infos = entries, reads or {}, infos or {}

    def ls(self, place, detail=True):
        found = self.entries
        return found(place) if callable(found) else found

    def info(self, name):
        return self.infos.get(name) or next(one for one in self.entries if one["name"] == name)

    def open(self, name, mode, **how):
        return Read(self.reads[name])


class Read:
    """A stream of the given pieces; one that is an exception is raised."""

    def __init__(self, pieces):
        self.pieces = list(pieces)

    def read(self, n):
        piece = self.pieces.pop(0) if self.pieces else b""
        if isinstance(piece, BaseException):
            raise piece
        return piece

    def close(self):
        pass


def odd_file(name, size=4, **more):
    """An entry of a listing below ``odd://far``."""
    return {"name": f"far/{name}", "size": size, "type": "file", "ETag": f"e-{name}"} | more


class Told(Far):
    """``Far`` without a child: the store is an object of the test's."""

    def __init__(self, archive, *, store, most=1_000_000):
        self._archive, self._remote = archive, Remote(most=most)
        self._remote._fs, self._remote._root, self._remote._protocol = store, "far", "odd"

    def _ask(self, job, seconds):
        return self._remote.answer(job)

    def __exit__(self, *_):
        self._remote._drop()


def told(monkeypatch, store, **how):
    """Let fetches ask a store of the test's, whatever their url."""
    monkeypatch.setattr(fetch, "Far", partial(Told, store=store, **how))


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of a folder; some are cut in the middle, some come never."""

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        if self.allowed():
            super().do_HEAD()

    def allowed(self):
        """Whether whoever asks says the password, if there is one."""
        said = self.headers.get("Authorization", "")
        if self.server.password is None or said == f"Basic {b64encode(self.server.password.encode()).decode()}":
            return True
        self.send_error(401)
        return False

    def do_GET(self):
        self.server.asked.append(self.path)
        if not self.allowed():
            return
        if self.path in self.server.silent:
            self.server.ended.wait(30)
            return
        if self.path in self.server.cut:
            data = (Path(self.directory) / self.path.lstrip("/")).read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
            return
        super().do_GET()


@contextmanager
def served(folder):
    """A server of a folder on this machine; ``cut`` and ``silent`` are paths, ``password`` is user:password."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    server.asked, server.cut, server.silent, server.ended = [], set(), set(), threading.Event()
    server.daemon_threads, server.password = True, None
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
