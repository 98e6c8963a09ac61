"""
A PostgreSQL server of the tests' own, from the distribution's package; where it is not installed the tests skip.

It listens on a socket in a folder of its own and on no port, and must not run as root: then another user is borrowed.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

_QUICK = "-c listen_addresses= -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c shared_buffers=16MB"


def programs():
    """The folder of initdb and pg_ctl, or None."""
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = newest[-1] if newest else shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@contextmanager
def server():
    """The URL of a running server, without a database's study; skips where none can be started."""
    if programs() is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql); its ledger tests need it")
    pytest.importorskip("psycopg", reason="psycopg is not installed (hotspot[postgres]); the ledger tests need it")
    home = Path(tempfile.mkdtemp(prefix="pg"))
    if os.getuid() == 0:
        user = next((name for name in ("postgres", "nobody") if _known(name)), None)
        if user is None or shutil.which("runuser") is None:
            pytest.skip("PostgreSQL does not run as root, and there is no other user to run it")
        os.chown(home, pwd.getpwnam(user).pw_uid, -1)
    try:
        _run(home, "initdb", "-A", "trust", "-U", "office", "-E", "UTF8", "-N", "--locale=C")
        _start(home)
        try:
            yield f"postgresql://office@/postgres?host={home}"
        finally:
            _run(home, "pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def away(url):
    """The server of a URL ends every connection and stops, and comes back when the block ends."""
    home = Path(url.partition("host=")[2].partition("&")[0])
    _run(home, "pg_ctl", "-m", "fast", "stop")  # it writes what these servers keep in memory only
    try:
        yield
    finally:
        _start(home)


def _start(home):
    _run(home, "pg_ctl", "-w", "-l", home / "log", "-o", f"{_QUICK} -c unix_socket_directories={home}", "start")


def _known(name):
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _run(home, program, *words):
    """One of PostgreSQL's programs on the server's folder, as its owner."""
    as_owner = ["runuser", "-u", home.owner(), "--"] if os.getuid() == 0 else []
    call = [*as_owner, programs() / program, "-D", home / "data", *words]
    got = subprocess.run([str(word) for word in call], cwd="/", capture_output=True, text=True, timeout=120)
    assert got.returncode == 0, got.stdout + got.stderr
