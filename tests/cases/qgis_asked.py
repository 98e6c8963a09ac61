"""Ask QGIS's own Python, where the system has one, what it makes of a file of ours."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

SECONDS = 300  # a guard against a hang, no measure


def asked_of_qgis(what, file, more):
    """
    What ``qgis_look.py`` found, and what QGIS said on its way; the test is skipped where there is no QGIS.

    The file is closed as a program closes it: nothing of its journal is left.
    """
    python = shutil.which("python3", path="/usr/bin")
    home = {"PATH": "/usr/bin:/bin", "QT_QPA_PLATFORM": "offscreen", "HOME": str(file.parent)}
    found = python and subprocess.run([python, "-c", "import qgis.core"], capture_output=True, env=home)
    if not found or found.returncode:
        pytest.skip("QGIS is not installed (apt-get install python3-qgis); the file is checked by its schema only")
    words = [python, str(Path(__file__).with_name("qgis_look.py")), what, str(file), more]
    ran = subprocess.run(words, capture_output=True, text=True, env=home, timeout=SECONDS)
    assert ran.returncode == 0 and ran.stdout, ran.stdout + ran.stderr
    for ending in ("-wal", "-shm"):
        Path(f"{file}{ending}").unlink(missing_ok=True)
    return json.loads(ran.stdout.splitlines()[-1]), ran.stderr
