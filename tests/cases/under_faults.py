"""A script of the laboratory, run with faults.c under it; skipped where that cannot be compiled."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def under_faults(script, folder):
    """What ``script FOLDER`` prints, read as JSON."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("faults are put under the program by a small C library: needs Linux and a C compiler")
    library = Path(folder) / "faults.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, HERE / "faults.c", "-ldl"], check=True)
    run = subprocess.run(
        [sys.executable, HERE / script, folder],
        capture_output=True, text=True, env=os.environ | {"LD_PRELOAD": str(library), "TQDM_DISABLE": "1"},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)
