"""A kept record stands only while it would be made the same again."""

import json

import numpy as np
import pytest
import xarray as xr

from hotspot.deliveries.run import Deliveries
from hotspot.sources.intake import Intake
from hotspot.study import load_study
from hotspot.synthetic.study import LATEST_MONTH, write_study
from hotspot.workflows.kept import kept, listing_of
from hotspot.workflows.level import _inputs, monthly_level


@pytest.fixture
def made(tmp_path):
    """Keeps a record of one file; ``calls`` counts how often it was made."""
    (tmp_path / "a.csv").write_text("1")
    calls = []

    def make():
        from hotspot.publish.manifest import digest

        calls.append(1)
        values = {"pm25": (("cell", "time"), [[35.5]])}
        pairs = json.dumps([["a.csv", digest(tmp_path / "a.csv")]])
        place = {"cell": ["A"], "time": np.array(["2020-02"], "datetime64[ns]")}
        return xr.Dataset(values, place, {"inputs": pairs})

    def ask(stamp="s", **more):
        return kept(tmp_path / "one.parquet", stamp, Intake(tmp_path), make, **more)

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


def test_a_level_is_learned_again_when_a_station_file_comes_late(tmp_path):
    path = write_study(tmp_path / "study", size="small")
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
    assert record.attrs["inputs"] == before[1], "what is asked without learning is what learning reads"
