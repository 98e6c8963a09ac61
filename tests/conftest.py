"""Shared fixtures: the folder of real data, and numba's quiet."""

import gc
import os
import shutil
import sys
import uuid
from pathlib import Path

import pytest
from browser import browser, opened
from filelock import FileLock
from openings import published_once
from postgres import server

ROOT = Path(__file__).resolve().parents[1]
# Begun first, so that both workers end together: those that make whole months. Who wants the month that all share
# comes after the first, which makes it, or would wait for it; and beside the first, which compiles the loops, come
# those at the desk, which need none, so that nothing is compiled twice.
LONGEST = (
    "test_month.py", "test_browser.py", "test_what_is_kept.py", "test_entering.py", "test_notebooks.py",
    "test_studies.py", "test_check.py", "test_docs.py", "test_network.py", "test_opened_once.py", "test_plugins.py",
    "test_year.py", "test_follow.py",
)  # fmt: skip

collect_ignore = ["cases/qgis_look.py"]  # of another Python

gc.set_threshold(50_000, 20, 20)  # what is loaded and collected stays: it is seldom looked through for garbage


def pytest_collection_modifyitems(items):
    """The longest files first; the rest, and the tests of a file, stay in order."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


def pytest_collection_finish():
    """Thousands of collected tests live until the end: they are not looked through for garbage again and again."""
    gc.collect()
    gc.freeze()


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


def written_once(tmp_path_factory, size):
    """The file of a synthetic study, written once for all workers of a run; nobody changes anything in it."""
    from hotspot.synthetic.study import write_study

    root = tmp_path_factory.getbasetemp()
    root = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    with FileLock(root / f"written-{size}.lock"):  # a folder with a study.toml is a whole study
        path = root / f"written-{size}" / "study.toml"
        return path if path.exists() else write_study(path.parent, size=size)


@pytest.fixture(scope="session", autouse=True)
def one_synthetic_study(tmp_path_factory):
    """``synthetic_month`` opens what ``written_once`` wrote, no study of each worker's own; nobody changed that."""
    module = sys.modules.get("hotspot.synthetic.study")
    if module is None:  # nothing that was collected asks for one
        yield
        return
    own, seen = module._kept_study, {}

    def shared_by_all(seed, size):
        if seed != module.SEED:
            return own(seed, size)
        path = written_once(tmp_path_factory, size)
        if path.parent not in seen:
            seen[path.parent] = states(path.parent)
        return path

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "_kept_study", shared_by_all)
        yield
    assert {folder: states(folder) for folder in seen} == seen, "the study that all share was changed"


def states(folder):
    """Size and time of change of every file below a folder."""
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="session")
def written_study(tmp_path_factory):
    """The small synthetic study's file, as ``written_once``."""
    return written_once(tmp_path_factory, "small")


@pytest.fixture(scope="session")
def written_demo(tmp_path_factory):
    """The demo study's file, as ``written_once``."""
    return written_once(tmp_path_factory, "demo")


@pytest.fixture(scope="session")
def small_copy(written_study):
    """``write_study(folder, size="small")``, copied instead of made: a study of its own for whoever changes it."""

    def copy(folder):
        shutil.copytree(written_study.parent, folder, dirs_exist_ok=True)
        return Path(folder) / written_study.name

    return copy


@pytest.fixture(scope="session")
def small_study(small_copy, tmp_path_factory):
    """The small synthetic study's file, one a worker; a test may lay files of its own beside it, and change none."""
    return small_copy(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def small_published(written_study):
    """
    The small study's latest month, published once for all workers of a run by ``cases/openings.py``; whoever changes
    anything of it, or publishes beside it, takes a copy.
    """
    with FileLock(written_study.parent.with_name("published.lock")):
        return published_once(written_study, written_study.parent.with_name("published"))


@pytest.fixture(scope="session")
def decoded_before(small_published):
    """
    Lays what the published month's files hold, and the levels learned of them, into an ``OUT/<study id>``: for
    tests of what comes after the reading. Decoded files are linked, since the store never writes into one.
    """

    def lay(home, *, levels=True):
        shutil.copytree(small_published.home / "decoded", Path(home) / "decoded", copy_function=os.link)
        for path in small_published.home.glob("*.parquet") if levels else ():
            shutil.copy2(path, home)

    return lay


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
