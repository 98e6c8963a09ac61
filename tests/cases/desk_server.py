"""The town's desk on a port of this machine: in a thread, or as a process of its own that can be killed."""

import os
import socket
import subprocess
import sys
import textwrap
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from desk_case import NOW

from hotspot.desk.app import desk_app


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(url, process=None, seconds=120):
    """Wait until it answers; a process that died first is said so."""
    until = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(f"{url}/login", timeout=10):
                return url
        except (urllib.error.URLError, OSError):
            assert process is None or process.poll() is None, process.stderr.read()
            assert time.monotonic() < until, f"{url} does not answer"
            time.sleep(0.1)


@contextmanager
def served(desk, port=0):
    """The address of a desk that runs in a thread."""
    port = port or free_port()
    server = uvicorn.Server(uvicorn.Config(desk_app(desk), host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield wait_for(f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = True
        thread.join(30)


_SERVE = """
import sys
from pathlib import Path
import uvicorn
from hotspot.desk.app import desk_app
from hotspot.desk.desk import Desk
from hotspot.study import load_study
{before}
file = Path(sys.argv[1])
desk = Desk(load_study(file, data=file.parent), Path(sys.argv[2]), starts="{now}")
uvicorn.run(desk_app(desk), host="127.0.0.1", port=int(sys.argv[3]), log_level="error")
"""


@contextmanager
def process(study_file, out, *, before="", preexec=None):
    """(process, address) of a desk in a process of its own; ``before`` is run in it first."""
    port = free_port()
    code = _SERVE.format(before=textwrap.dedent(before), now=NOW)
    words = [sys.executable, "-c", code, str(study_file), str(out), str(port)]
    env = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    running = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=env, preexec_fn=preexec)
    try:
        yield running, wait_for(f"http://127.0.0.1:{port}", running)
    finally:
        running.kill()
        running.wait()
        running.stderr.close()
