"""Hours of a station file of which nothing is said are kept by its hash, and say what the file says."""

from hotspot.sources.intake import Intake
from hotspot.sources.once import Once
from hotspot.sources.stations import long_table
from hotspot.sources.stations.stations import read_stations
from hotspot.sources.store import Store
from hotspot.study import Stations


def test_kept_rows_say_what_the_file_says_and_keep_its_bytes(tmp_path, monkeypatch):
    """A second reading parses no text; what only several files tell is set aside with the row's own bytes."""
    times = [f"2020-02-0{day} {h:02d}:00" for day in (1, 2) for h in range(24)]
    texts = {"a1.csv": [f"{t},A,{n}" for n, t in enumerate(times)], "a2.csv": [f"{times[5]},A,99", f"{times[6]},B,7"]}
    texts["a3.csv"] = [f"{times[7]},A,oops", f"{times[8]},C,8"]
    (tmp_path / "places.csv").write_text("station,lon,lat\nA,116.397,39.909\nB,116.512,39.871\nC,116.283,39.946\n")
    for name, lines in texts.items():
        (tmp_path / name).write_text("\n".join(["time,station,pm25", *lines, ""]))
    means = {"unit": "ug/m3", "time_zone": "+08:00", "hour_label": "start", "datum": "wgs84"}
    delivery = Stations(layout="long", files=["a*.csv"], coordinates="places.csv", **means)

    def read():
        intake = Intake(tmp_path, once=Once(Store(tmp_path / "kept")))
        found = read_stations(delivery, tmp_path, intake, utc_offset=8, months=("2020-02",))
        intake.check()
        counts = {name: (r.read, r.used, r.duplicates, r.quarantined) for name, r in intake.files.items()}
        return found, (counts, intake.notes, intake.quarantine)

    first, told = read()
    parsed, inner = [], long_table.local_times
    monkeypatch.setattr(long_table, "local_times", lambda table, *a: parsed.append(table.name) or inner(table, *a))
    again, said = read()
    assert parsed == ["a3.csv"], "a file with a fault is read anew, and no other"
    assert again.identical(first) and said == told
    assert {(q.path, q.raw) for q in told[2]} >= {
        ("a1.csv", b"2020-02-01 05:00,A,5"),
        ("a2.csv", b"2020-02-01 05:00,A,99"),
    }
    (tmp_path / "a2.csv").write_text(f"time,station,pm25\n{times[6]},B,9\n")
    changed, _ = read()
    a, b = (changed["pm25"].sel(station=name, time=f"2020-01-31T{h}:00") for name, h in (("A", 21), ("B", 22)))  # UTC
    assert float(a) == 5 and float(b) == 9
