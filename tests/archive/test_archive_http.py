"""A fetch from a real server of HTTP on this machine, and from nowhere."""

import os
import time

import numpy as np
import pytest
import rasterio
from archive_case import NAMES, Beside, served
from rasterio.transform import from_origin

from hotspot.sources.intake import Intake
from hotspot.sources.satellite.satellite import open_satellite
from hotspot.study import Satellite
from hotspot.variables import DataError


@pytest.fixture
def beside(tmp_path, written_study, monkeypatch):
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    return Beside(tmp_path, written_study)


@pytest.fixture
def server(beside):
    pytest.importorskip("aiohttp", reason="aiohttp is not installed; pip install '.[archive]'")
    with served(beside.far) as server:
        beside.declare(server.url, "silent_s = 2")
        yield server


def test_what_is_new_comes_once(beside, server):
    beside.lay(*NAMES, "pm25_a b%.tif", data=b"x" * 3_000_000)
    first = beside.fetch()
    assert (first["new"], first["bytes"]) == (4, 12_000_000), first
    assert set(beside.here()) == {f"satellite/{name}" for name in (*NAMES, "pm25_a b%.tif")}
    assert set(beside.here().values()) == {b"x" * 3_000_000}
    server.asked.clear()
    assert beside.fetch()["unchanged"] == 4
    assert server.asked == ["/", "/2025/"], "no file is asked for again"


def test_a_connection_that_is_cut_leaves_nothing_half(beside, server):
    beside.lay(data=b"x" * 100_000)
    server.cut.add(f"/{NAMES[1]}")
    answer = beside.fetch()
    assert (answer["new"], answer["refused"]) == (2, 1)
    assert answer["told"][0].startswith(f"refused: satellite/{NAMES[1]} came cut (")
    assert set(beside.here()) == {f"satellite/{name}" for name in NAMES if name != NAMES[1]}
    server.cut.clear()
    assert beside.fetch()["new"] == 1
    assert set(beside.here().values()) == {b"x" * 100_000}


@pytest.mark.parametrize("path", ["/", f"/{NAMES[0]}"])
def test_a_server_that_never_answers_is_a_sentence(beside, server, path):
    beside.lay()
    server.silent.add(path)
    begun = time.monotonic()
    with pytest.raises(DataError, match="the store says nothing; try again, or raise silent_s"):
        beside.fetch()
    assert time.monotonic() - begun < 30
    assert not [name for name in beside.here() if "hotspot-" in name]


def test_a_hostile_page_leads_nowhere(beside, server):
    beside.lay(NAMES[0])
    links = (
        "../pm25_x.tif",
        "..%2f..%2fpm25_x.tif",
        "/etc/pm25_x.tif",
        "pm25_%00.tif",
        "http://127.0.0.1:1/pm25_y.tif",
    )
    page = "".join(f'<a href="{link}">x</a>' for link in (*links, NAMES[0], "?C=M;O=A"))
    (beside.far / "index.html").write_text(page)
    beside.declare(server.url, files='["**/pm25_*.tif"]')
    answer = beside.fetch()
    assert [one["file"] for one in answer["files"]] == [f"satellite/{NAMES[0]}"], answer
    assert set(beside.here()) == {f"satellite/{NAMES[0]}"}
    assert answer["refused"] >= 2 and not (beside.data.parent / "pm25_x.tif").exists()


def test_credentials_come_from_the_netrc_and_go_nowhere(beside, server, tmp_path, monkeypatch):
    beside.lay(NAMES[0])
    secret = "bPxRfiCYEXAMPLEKEY"
    server.password = f"me:{secret}"
    with pytest.raises(DataError, match="the store refused: give its library credentials where it looks for them"):
        beside.fetch()
    (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login me password {secret}\n")
    answer = beside.fetch()
    assert answer["new"] == 1 and secret not in str(answer)
    assert not [path for path in beside.data.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def test_no_such_folder_and_no_server_are_sentences(beside, server):
    beside.declare(f"{server.url}/nowhere")
    with pytest.raises(DataError, match="there is no such folder"):
        beside.fetch()
    server.shutdown()
    server.server_close()
    with pytest.raises(DataError, match=r"the store cannot be reached; try again \(ClientConnectorError\)"):
        beside.fetch()


@pytest.mark.parametrize(("url", "library"), [("https://127.0.0.1:1/a", "aiohttp"), ("s3://bucket/a", "s3fs")])
def test_a_library_that_is_not_installed_is_named(beside, tmp_path, monkeypatch, url, library):
    (tmp_path / f"{library}.py").write_text("raise ImportError('not here')")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
    beside.declare(url)
    with pytest.raises(DataError, match=rf"needs {library}; pip install 'hotspot\[archive\]', or that library\."):
        beside.fetch()


def test_a_store_that_nobody_knows(beside):
    beside.declare("carrierpigeon://loft/a")
    with pytest.raises(DataError, match="is of no kind that fsspec knows"):
        beside.fetch()


def test_days_from_an_archive_are_the_days_of_local_files(beside):
    """A COG that was fetched reads as the file it was, and is registered under the same hash."""
    values = np.linspace(10, 90, 64 * 64, dtype="float32").reshape(64, 64)
    how = {"driver": "COG", "height": 64, "width": 64, "count": 1, "dtype": "float32", "crs": "EPSG:4326"}
    for day in (1, 2):
        path = beside.far / f"pm25_2025120{day}.tif"
        with rasterio.open(path, "w", transform=from_origin(114, 36, 0.01, 0.01), nodata=-1, **how) as raster:
            raster.write(values + day, 1)
    beside.fetch()
    intakes = Intake(beside.far), Intake(beside.data / "satellite")
    delivery = Satellite(layout="geotiff", files=("pm25_*.tif",), period="day", unit="ug/m3")
    far, here = (open_satellite(delivery, intake.root, intake) for intake in intakes)
    assert here.identical(far) and here.sizes["time"] == 2
    assert [one.sha256 for one in intakes[0].files.values()] == [one.sha256 for one in intakes[1].files.values()]
