"""A kept record stands only while it would be made the same again."""

import json

import numpy as np
import pytest
import xarray as xr

from hotspot.deliveries.run import Deliveries
from hotspot.sources.intake import Intake
from hotspot.study import load_study
from hotspot.synthetic.study import LATEST_MONTH
from hotspot.workflows.monthly.kept import kept, listing_of
from hotspot.workflows.yearly import level
from hotspot.workflows.yearly.level import _inputs, monthly_level


@pytest.fixture
def made(tmp_path):
    """Keeps a record of one file; ``calls`` counts how often it was made."""
    (tmp_path / "a.csv").write_text("1")
    calls = []

    def make():
        from hotspot.patterns import digest_of

        calls.append(1)
        values = {"pm25": (("cell", "time"), [[35.5]])}
        pairs = json.dumps([["a.csv", digest_of(tmp_path / "a.csv")]])
        place = {"cell": ["A"], "time": np.array(["2020-02"], "datetime64[ns]")}
        return xr.Dataset(values, place, {"inputs": pairs})

    def ask(stamp="s", make_attrs=None, **more):
        given = lambda: make().assign_attrs(make_attrs or {})  # noqa: E731
        return kept(tmp_path / "one.parquet", stamp, Intake(tmp_path), given, **more)

    ask.folder, ask.calls = tmp_path, calls
    return ask


def test_the_same_question_is_answered_from_the_file(made):
    first = made()
    assert made().identical(first) and len(made.calls) == 1


def test_an_altered_input_another_stamp_or_a_broken_file_makes_it_anew(made):
    made()
    (made.folder / "a.csv").write_text("2")
    made()
    made(stamp="t")
    (made.folder / "one.parquet").write_bytes(b"PAR1")
    made(stamp="t")
    assert len(made.calls) == 4


def test_a_new_file_makes_it_anew_only_if_it_would_be_read(made):
    stated = made(listing="one").attrs["inputs"]
    assert made(listing="two", inputs=lambda: stated).attrs["listing"] == "two"
    assert len(made.calls) == 1, "the file that came later is not of these months"
    made(listing="two", inputs=lambda: pytest.fail("nothing came since"))
    made(listing="three", inputs=lambda: stated.replace("a.csv", "b.csv"))
    assert len(made.calls) == 2
    made(listing="four")
    assert len(made.calls) == 3


def test_a_new_file_that_says_nothing_of_it_is_an_input_and_no_reason_to_make_it_anew(made):
    stated = made(listing="one", make_attrs={"content": "c"}).attrs["inputs"]
    more = stated.replace("]]", '], ["b.csv", "00"]]')
    again = made(listing="two", inputs=lambda: more, content=lambda: "c")
    assert (len(made.calls), again.attrs["inputs"]) == (1, more)
    (made.folder / "b.csv").write_text("")
    made(listing="two", inputs=lambda: more, content=lambda: "c")
    assert len(made.calls) == 2, "an input that is not what was stated"
    made(listing="three", inputs=lambda: more, content=lambda: "d")
    assert len(made.calls) == 3


def test_a_level_is_learned_again_when_a_station_file_comes_late(small_copy, tmp_path):
    path = small_copy(tmp_path / "study")
    study = load_study(path, data=path.parent)
    part = study.stations[0]
    delivered = sorted(p for pattern in part.files for p in study.root.glob(pattern))
    before = listing_of(study, study.stations), _inputs(Deliveries(study), LATEST_MONTH)
    late = delivered[-1].with_name("x" + delivered[-1].name)
    delivered[-1].rename(late)
    assert listing_of(study, study.stations) != before[0]
    delivered[-1].write_bytes(late.read_bytes())
    late.unlink()
    assert (listing_of(study, study.stations), _inputs(Deliveries(study), LATEST_MONTH)) == before
    record = monthly_level(study, LATEST_MONTH)
    said = {name: record.attrs[name] for name in before[1]}
    assert said == before[1], "what is asked without learning is what learning reads"
    delivered[-1].with_name("pm25_2010-03.csv").write_text("监测时间,站点编号,PM2.5\n2010-03-01 01:00,S02,36\n")
    after = _inputs(Deliveries(study), LATEST_MONTH)
    assert after["inputs"] != before[1]["inputs"] and after["content"] == before[1]["content"]


def test_without_a_folder_a_process_learns_once_and_anew_of_a_study_that_says_otherwise(small_study, monkeypatch):
    study = load_study(small_study, data=small_study.parent).model_copy(update={"weather": ()})
    learned, inner = [], level.weather_free
    monkeypatch.setattr(level, "weather_free", lambda *a, **k: learned.append(1) or inner(*a, **k))
    first = monthly_level(study, LATEST_MONTH)
    assert monthly_level(study, LATEST_MONTH).identical(first) and len(learned) == 1
    monthly_level(study, "2025-11")
    assert len(learned) == 2
    satellite = tuple(one.model_copy(update={"native_resolution_m": 999.0}) for one in study.satellite)
    monthly_level(study.model_copy(update={"satellite": satellite}), LATEST_MONTH)  # its file says the same
    assert len(learned) == 3
