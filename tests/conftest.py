"""Shared fixtures: the folder of real data, and numba's quiet."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def shared_folder():
    """Where the real data lie: HOTSPOT_DATA, or the folder beside the checkout."""
    return Path(os.environ.get("HOTSPOT_DATA") or ROOT.parent / "shared" / "data")


@pytest.fixture(scope="session")
def shared():
    """The folder of real data; the test is skipped with a reason where it is absent."""
    folder = shared_folder()
    if not folder.is_dir():
        pytest.skip(f"real data are not at {folder}; set HOTSPOT_DATA to run this test")
    return folder
