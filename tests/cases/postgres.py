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
    bin_ = programs()
    if bin_ is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql); its ledger tests need it")
    pytest.importorskip("psycopg", reason="psycopg is not installed (hotspot[postgres]); the ledger tests need it")
    user, prefix = pwd.getpwuid(os.getuid()).pw_name, []
    home = Path(tempfile.mkdtemp(prefix="pg"))
    if os.getuid() == 0:
        user = next((name for name in ("postgres", "nobody") if _known(name)), None)
        if user is None or shutil.which("runuser") is None:
            pytest.skip("PostgreSQL does not run as root, and there is no other user to run it")
        prefix = ["runuser", "-u", user, "--"]
        os.chown(home, pwd.getpwnam(user).pw_uid, -1)
    try:
        _run(*prefix, bin_ / "initdb", "-D", home / "data", "-A", "trust", "-U", "office", "-E", "UTF8", "-N",
             "--locale=C")  # fmt: skip
        options = f"{_QUICK} -c unix_socket_directories={home}"
        _run(*prefix, bin_ / "pg_ctl", "-D", home / "data", "-w", "-l", home / "log", "-o", options, "start")
        try:
            yield f"postgresql://office@/postgres?host={home}"
        finally:
            _run(*prefix, bin_ / "pg_ctl", "-D", home / "data", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _known(name):
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _run(*words):
    got = subprocess.run([str(word) for word in words], cwd="/", capture_output=True, text=True, timeout=120)
    assert got.returncode == 0, got.stdout + got.stderr
