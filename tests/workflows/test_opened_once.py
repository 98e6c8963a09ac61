"""A run opens and hashes each delivered file once, the next decodes nothing it has seen, and both say the same."""

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from openings import counted

from hotspot import workflows
from hotspot.deliveries.run import FOLDER, Deliveries
from hotspot.estimate.field.monthly import monthly_field
from hotspot.quality.plausible.gate import hold
from hotspot.quality.signed.decisions import with_decisions
from hotspot.sources.intake import Intake
from hotspot.sources.store import Store
from hotspot.study import load_study
from hotspot.synthetic.study import LATEST_MONTH
from hotspot.workflows.closing.events import import_events
from hotspot.workflows.periods.computed_index import computed_index


@pytest.fixture(scope="module")
def study(small_copy, tmp_path_factory):
    path = small_copy(tmp_path_factory.mktemp("study"))
    return load_study(path, data=path.parent)


def test_a_run_hashes_and_decodes_every_file_once(small_published):
    """The next one decodes none: test_month."""
    study = load_study(small_published.study, data=small_published.study.parent)
    delivered = {
        path.relative_to(study.root).as_posix()
        for place in ("satellite", "stations", "micro", "weather", "terrain", "backdrop")
        for path in (study.root / place).iterdir()
    } | {"facilities.csv"}
    assert small_published.counts["decoded"] == dict.fromkeys(delivered, 1)
    assert small_published.counts["hashed"] == dict.fromkeys(delivered | {"boundaries/townships.geojson"}, 1)
    assert (
        small_published.counts["opened"]
        and {path: n for path, n in small_published.counts["opened"].items() if n > 1} == {}
    )


def test_no_workflow_opens_files_beside_the_deliveries():
    """An account of its own would hash and decode what the run has read already."""
    for path in sorted(Path(workflows.__file__).parent.glob("*.py")):
        calls = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)]
        made = [n.lineno for n in calls if ast.unparse(n.func).split(".")[-1] in ("Intake", "Once")]
        assert not made, f"{path.name}, line {made}: ask Deliveries(study) for intake(), beside() or facilities()"


def test_what_comes_after_a_warning_opens_each_file_once(study, tmp_path):
    """Events with the register of sources; an index from days with decisions on them."""
    rows = "time,type,place,text\n2025-12-03 08:00,扬尘,某路,扬尘\n"
    (study.root / "events.csv").write_text(rows, encoding="utf-8")
    with counted(study) as openings:
        import_events(study, [study.root / "events.csv"], out=tmp_path)
    assert openings["opened"] == {str(study.root / name): 1 for name in ("events.csv", "facilities.csv")}
    days = pd.date_range("2025-01-01", "2025-01-31", freq="D").strftime("%Y-%m-%d")
    six = {"pm25": 40, "pm10": 70, "so2": 9, "no2": 30, "co": 0.8, "o3": 60}
    pd.DataFrame({"unit": "甲市", "point": "P1", "day": days, **six}).to_csv(study.root / "days.csv", index=False)
    decided = {"point": ["P1"], "day": ["2025-01-05"], "signer": ["李"], "reason": ["施工"], "withdrawn_by": [""]}
    pd.DataFrame(decided).to_csv(study.root / "decided.csv", index=False)
    with counted(study) as openings:
        computed_index(study, study.root / "days.csv", study.root / "decided.csv")
    assert openings["opened"] == {str(study.root / name): 1 for name in ("days.csv", "decided.csv")}


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


def test_months_one_by_one_are_the_months_together(study, decoded_before, tmp_path):
    decoded_before(tmp_path)
    deliveries, names = Deliveries(study, tmp_path), ["2024-12", "2025-11", "2025-12"]
    together = deliveries.months(names, kinds=("reference", "weather"))
    for name, alone in deliveries.each(names, kinds=("reference", "weather")):
        for kind in ("reference", "weather"):
            mine, whole = getattr(alone, kind), getattr(together, kind)
            part = whole.sel(time=mine["time"])
            assert all(np.array_equal(mine[v].values, part[v].values, equal_nan=True) for v in mine.data_vars), name


def test_a_raster_that_somebody_changed_is_not_answered_from_what_was_kept(study, decoded_before, tmp_path):
    decoded_before(tmp_path)
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
