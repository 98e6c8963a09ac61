"""A run opens and hashes each delivered file once, the next decodes nothing it has seen, and both say the same."""

import sys
from collections import Counter

import numpy as np
import pytest

from hotspot.deliveries.run import FOLDER, Deliveries
from hotspot.estimate.field.monthly import monthly_field
from hotspot.quality.decisions import with_decisions
from hotspot.quality.plausible.gate import hold
from hotspot.sources.intake import Intake
from hotspot.sources.store import Store
from hotspot.study import load_study
from hotspot.synthetic.study import LATEST_MONTH, write_study
from hotspot.workflows.month import run_month

WATCHED: list = []


def _audit(event, arguments):
    """Every ``open`` of this process, whoever calls it: the witness beside our own counting."""
    if event == "open" and WATCHED and isinstance(arguments[0], str) and arguments[0].startswith(WATCHED[0]):
        WATCHED[1][arguments[0]] += not arguments[0].endswith("study.toml")  # the study itself, no delivery


sys.addaudithook(_audit)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = write_study(tmp_path_factory.mktemp("study"), size="small")
    return load_study(path, data=path.parent)


@pytest.fixture
def openings(study, monkeypatch):
    """Counts what is ``hashed`` and ``decoded``, and every file that this process opens below the data root."""
    told = {"hashed": Counter(), "decoded": Counter(), "opened": Counter()}

    def opening(what, path):
        told[what][path.relative_to(study.root).as_posix()] += 1

    for place in ("once", "weather.child", "satellite.laid"):
        monkeypatch.setattr(f"hotspot.sources.{place}.opening", opening)
    study.boundaries  # noqa: B018  (read with the study itself)
    WATCHED[:] = [str(study.root), told["opened"]]
    yield told
    WATCHED.clear()


def test_a_run_hashes_and_decodes_every_file_once_and_the_next_decodes_none(study, openings, tmp_path):
    folder = run_month(study, LATEST_MONTH, out=tmp_path)
    delivered = {
        path.relative_to(study.root).as_posix()
        for place in ("satellite", "stations", "micro", "weather", "terrain", "backdrop")
        for path in (study.root / place).iterdir()
    } | {"facilities.csv"}
    assert openings["decoded"] == dict.fromkeys(delivered, 1)
    assert openings["hashed"] == dict.fromkeys(delivered | {"boundaries/townships.geojson"}, 1)
    assert {path: n for path, n in openings["opened"].items() if n > 1} == {}
    first = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    for count in openings.values():
        count.clear()
    # The kept level and history are taken away too: all is made again, from what was decoded.
    for kept in (tmp_path / study.id).glob("*.parquet"):
        kept.unlink()
    (tmp_path / study.id / "hotspots-2025.csv").unlink()
    again = run_month(study, LATEST_MONTH, out=tmp_path)
    assert not openings["decoded"] and set(openings["hashed"].values()) == {1}
    assert first == {path.name: path.read_bytes() for path in again.iterdir() if path.is_file()}


def field_of(study, folder):
    deliveries = Deliveries(study, folder)
    month = with_decisions(deliveries.month(LATEST_MONTH))
    hold(month)
    return monthly_field(month)[0], month.intake


def test_a_broken_kept_file_is_thrown_away_and_made_again(study, tmp_path):
    field, account = field_of(study, tmp_path)
    kept = sorted(path for path in (tmp_path / FOLDER).rglob("*.npz"))
    rng = np.random.default_rng(1)
    for n, path in enumerate(kept):  # cut short, emptied, one byte turned, another answer under this name
        data = bytearray(path.read_bytes())
        if n % 4 == 0:
            path.write_bytes(data[: len(data) // 2])
        elif n % 4 == 1:
            path.write_bytes(b"")
        elif n % 4 == 2:
            data[int(rng.integers(len(data)))] ^= 0x55
            path.write_bytes(data)
        else:
            path.write_bytes(kept[n - 3].read_bytes())
    again, same = field_of(study, tmp_path)
    assert again.identical(field)
    assert (same.files, same.quarantine, same.notes) == (account.files, account.quarantine, account.notes)


def test_every_account_is_its_own_whoever_read_first(study, tmp_path):
    alone = Deliveries(study, tmp_path / "alone").month(LATEST_MONTH)
    shared = Deliveries(study, tmp_path / "shared")
    shared.year(2024)
    shared.months(["2024-03", "2024-04"])
    after = shared.month(LATEST_MONTH)
    for name in ("files", "quarantine", "notes"):
        assert getattr(after.intake, name) == getattr(alone.intake, name)
    for name in ("reference", "stations", "weather", "satellite"):
        assert getattr(after, name).identical(getattr(alone, name))
    assert after.facilities.equals(alone.facilities)


def test_months_one_by_one_are_the_months_together(study, tmp_path):
    deliveries, names = Deliveries(study, tmp_path), ["2024-12", "2025-11", "2025-12"]
    together = deliveries.months(names, kinds=("reference", "weather"))
    for name, alone in deliveries.each(names, kinds=("reference", "weather")):
        for kind in ("reference", "weather"):
            mine, whole = getattr(alone, kind), getattr(together, kind)
            part = whole.sel(time=mine["time"])
            assert all(np.array_equal(mine[v].values, part[v].values, equal_nan=True) for v in mine.data_vars), name


def test_a_raster_that_somebody_changed_is_not_answered_from_what_was_kept(study, tmp_path):
    month = Deliveries(study, tmp_path).month(LATEST_MONTH, kinds=("satellite", "reference"))
    before = monthly_field(month)[0]
    changed = month.satellite.copy()
    changed[-1] = changed[-1] * 2
    object.__setattr__(month, "satellite", changed)
    assert not monthly_field(month)[0]["pm25"].equals(before["pm25"])


def test_a_folder_stays_within_its_limit_and_keeps_what_was_asked_for_last(tmp_path):
    store = Store(tmp_path, limit=30_000)
    keys = [store.key(n) for n in range(5)]
    for key in keys:
        store.put(key, {"values": np.zeros(1000)})
    for n, key in enumerate(keys):
        path = next(tmp_path.rglob(f"{key}.npz"))
        import os

        os.utime(path, (n, n))
    assert store.get(keys[0]) is not None  # the oldest is asked for
    (tmp_path / ("0" * 16)).mkdir()  # of other code
    (tmp_path / ("0" * 16) / "x.npz").write_bytes(b"1")
    store.tidy()
    assert [store.get(key) is not None for key in keys] == [True, False, False, True, True]
    assert not (tmp_path / ("0" * 16)).exists()


def test_nothing_is_kept_where_nothing_may_be_written(tmp_path):
    (tmp_path / "a.csv").write_text("station,pm25\nA,35\n")
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file")
    store.put(store.key("a"), {"values": np.zeros(1)})
    assert store.get(store.key("a")) is None
    assert Intake(tmp_path).register(tmp_path / "a.csv").size == 18
