"""Shared fixtures: the folder of real data, and numba's quiet."""

import os
import uuid
from pathlib import Path

import pytest
from browser import browser, opened
from postgres import server

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


@pytest.fixture(scope="session")
def small_study(tmp_path_factory):
    """The small synthetic study's file, made once a run; a test may lay files of its own beside it, and change none."""
    from hotspot.synthetic.study import write_study

    return write_study(tmp_path_factory.mktemp("small"), size="small")


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server for this run, as a URL; the test is skipped with a reason where there is none."""
    with server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def ledger_place(request, tmp_path):
    """Where a ledger may lie, once as a file and once as a study of a database of its own."""
    if request.param == "sqlite":
        return tmp_path / "ledger.sqlite"
    return f"{request.getfixturevalue('postgres')}&study=t{uuid.uuid4().hex[:20]}"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    """A browser for the tests of one file; not longer, since it holds the thread's event loop."""
    with browser(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.fixture
def seen(page, chromium, tmp_path):
    """The file's own ``page``, a ``WebMap``, opened; afterwards nothing went wrong and nothing was asked for."""
    with opened(chromium, page.save(tmp_path / "map.html")) as shown:
        yield shown
        assert shown.errors == []
        assert shown.foreign == []
