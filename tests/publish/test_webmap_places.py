"""Places on the map: search by name and by coordinates in three datums, base maps, the public variant."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from browser import opened
from map_case import month_case
from map_page import cell_on_screen, data_of

from hotspot.grid.datum import from_wgs84
from hotspot.grid.lattice import Grid
from hotspot.publish.web.webmap import web_map
from hotspot.rules.criteria import Criteria
from hotspot.study import WebMap, load_study
from hotspot.variables import DataError

# One grey pixel.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763b8779f0100034c019eac2b5eb60000000049454e44ae426082"
)


@pytest.fixture(scope="module")
def case():
    return month_case()


@pytest.fixture(scope="module")
def page(case):
    return web_map(**case)


def with_tiles(case, tiles, key="k1"):
    study = SimpleNamespace(
        grid=Grid(), criteria=Criteria(), name="江城", name_en="Jiangcheng", map=WebMap(tiles=tiles, key=key)
    )
    return web_map(**case, study=study)


def hits(shown, words):
    shown.page.fill("#hs-search", words)
    return shown.page.locator("#hs-hits [role=option]").all_inner_texts()


def test_two_numbers_are_a_place_in_each_datum(seen, case):
    """Whichever map the numbers were read from, one of three lines leads to the cell; the keys choose it."""
    one = case["field"].isel(cell=210)
    code, lon, lat = str(one.cell.values), float(one.lon), float(one.lat)
    for down, (a, b) in enumerate([(lon, lat), from_wgs84(lon, lat, "gcj02"), from_wgs84(lon, lat, "bd09")]):
        found = hits(seen, f"{float(a):.6f}, {float(b):.6f}")
        assert [line.split()[0] for line in found] == ["WGS", "GCJ-02", "BD-09"]
        assert code in found[down]
        for _ in range(down):
            seen.page.press("#hs-search", "ArrowDown")
        assert seen.page.get_attribute("#hs-search", "aria-activedescendant") == f"hs-hit-{down}"
        seen.page.press("#hs-search", "Enter")
        words = seen.page.inner_text(".leaflet-popup-content")
        assert code in words
        # What the page's own script makes of the centre is what the kernel makes of it.
        shown = [float(v) for v in re.search(r"GCJ-02\s+([\d.]+), ([\d.]+)", words).groups()]
        assert shown == pytest.approx([float(v) for v in from_wgs84(lon, lat, "gcj02")], abs=1.5e-5)


def test_datums_differ_where_it_matters(seen, case):
    """GCJ-02 numbers taken for WGS 84 name another place, so the choice must be offered."""
    one = case["field"].isel(cell=210)
    east, north = Grid().unproject(float(one.x) - 1300.0, float(one.y))
    found = hits(seen, f"{float(east):.6f},{float(north):.6f}")
    assert found[0].split("\n")[0] != found[1].split("\n")[0].replace("GCJ-02", "WGS 84")


def test_coordinates_as_people_type_them(seen, case):
    one = case["field"].isel(cell=210)
    code, lon, lat = str(one.cell.values), f"{float(one.lon):.5f}", f"{float(one.lat):.5f}"
    for typed in (f"{lon}，{lat}", f"{lon} {lat}", f"  {lon}°E, {lat}°N "):
        assert code in hits(seen, typed)[0]
    turned = hits(seen, f"{lat},{lon}")
    assert code in turned[0] and "纬度,经度" in turned[0]
    far = hits(seen, "87.6, 43.8")
    assert len(far) == 3 and "不在本图的网格内" in far[0]
    seen.page.press("#hs-search", "Enter")
    assert not seen.page.locator(".leaflet-popup").count()
    seen.page.fill("#hs-search", "西岭")
    seen.page.press("#hs-search", "Escape")
    assert seen.page.is_hidden("#hs-hits")


def test_a_place_is_brought_into_view(seen, case):
    """Choosing a county moves the map so that its cells lie inside the view."""
    seen.page.fill("#hs-search", "北原")
    seen.page.press("#hs-search", "Enter")
    field = case["field"]
    inside = field.isel(cell=np.flatnonzero(field["county"].values == "北原县"))
    first = hits(seen, "北原")[0]
    inside = inside.isel(cell=np.flatnonzero([str(c) in first for c in inside["city"].values]))
    for at in (0, -1):
        x, y = cell_on_screen(seen, [float(inside["lat"][at]), float(inside["lon"][at])])
        stage = seen.page.locator(".hs-stage").bounding_box()
        assert stage["x"] < x < stage["x"] + stage["width"] and stage["y"] < y < stage["y"] + stage["height"]


def test_no_tiles_unless_asked(case, page):
    assert with_tiles(case, "none", "").html.count("https:") == 0
    assert data_of(page.html)["tiles"] is None
    assert "img-src data: blob:;" in page.html


@pytest.mark.parametrize("tiles", ["tianditu", "amap"])
def test_the_policy_opens_the_named_hosts_only(case, tiles):
    html = with_tiles(case, tiles).html
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)[1]
    opened_hosts = set(re.findall(r"https://([\w.]+)", policy))
    wanted = {
        "tianditu": {f"t{k}.tianditu.gov.cn" for k in range(8)},
        "amap": {f"webrd0{k}.is.autonavi.com" for k in range(1, 5)},
    }[tiles]
    assert opened_hosts == wanted
    assert "default-src 'none'" in policy and "connect-src" not in policy
    html = html.replace("http://www.w3.org/2000/svg", "")
    assert set(re.findall(r"https?://[\w.{}]+", html)) <= {f"https://{host}" for host in wanted} | {
        "https://t{s}.tianditu.gov.cn",
        "https://webrd0{s}.is.autonavi.com",
    }


@pytest.mark.parametrize("tiles", ["tianditu", "amap"])
def test_tiles_are_asked_from_these_hosts_and_the_page_says_so(case, chromium, tmp_path, tiles):
    made = with_tiles(case, tiles)
    asked = []

    def answer(route):
        asked.append(route.request.url)
        route.fulfill(body=PIXEL, content_type="image/png")

    with opened(chromium, made.save(tmp_path / "map.html"), ready=None, routes={"https:": answer}) as shown:
        shown.page.wait_for_selector(".leaflet-tile-loaded", state="attached")
        assert asked and all(
            re.match(r"https://(t\d\.tianditu\.gov\.cn|webrd0\d\.is\.autonavi\.com)/", u) for u in asked
        )
        assert ("tk=k1" if tiles == "tianditu" else "key=k1") in asked[0]
        assert "底图来自" in shown.page.inner_text("#hs-net")
        assert float(shown.page.evaluate("map_hotspot.getPane('hs-cells').style.opacity")) < 1
        shown.page.uncheck("input[name=tiles]")
        assert shown.page.locator(".leaflet-tile").count() == 0
        assert shown.page.evaluate("map_hotspot.getPane('hs-cells').style.opacity") == "1"
        assert shown.errors == []


def test_amap_is_laid_under_shifted_cells(case, chromium, tmp_path):
    """The cell's place on the drawn map is its GCJ-02 place; what the popup prints is true WGS 84 still."""
    one = case["field"].isel(cell=300)
    lon, lat = (float(v) for v in from_wgs84(float(one.lon), float(one.lat), "gcj02"))
    made = with_tiles(case, "amap", "")
    with opened(chromium, made.save(tmp_path / "map.html"), routes={"https:": "abort"}) as shown:
        shown.page.mouse.click(*cell_on_screen(shown, [lat, lon]))
        words = shown.page.inner_text(".leaflet-popup-content")
        assert str(one.cell.values) in words
        assert f"{float(one.lon):.4f}"[:-1] in words
        spot = shown.page.evaluate(
            """() => { let spot; map_hotspot.eachLayer(l => { if (l.getLatLng) spot = l.getLatLng(); });
            return [spot.lat, spot.lng]; }"""
        )
        assert spot == pytest.approx([lat, lon], abs=1.5e-5)
        assert "GCJ-02" in shown.page.inner_text("#hs-net")


def test_the_page_is_readable_when_tiles_fail(case, chromium, tmp_path):
    made = with_tiles(case, "tianditu")
    with opened(chromium, made.save(tmp_path / "map.html"), routes={"https:": "abort"}) as shown:
        shown.page.wait_for_selector("#hs-net >> text=底图未能载入")
        assert shown.page.evaluate("map_hotspot.getPane('hs-cells').style.opacity") == "1"
        shown.page.click(".hs-item >> nth=0")
        assert "浓度最高" in shown.page.inner_text(".leaflet-popup-content")
        assert not [error for error in shown.errors if "ERR_FAILED" not in error]


def test_a_study_asks_for_tiles_in_words_we_know(tmp_path):
    text = (Path(__file__).resolve().parents[2] / "data/studies/wuhan-2020.toml").read_text(encoding="utf-8")
    for section, wrong in (
        ('tiles = "tianditu"', "needs a key"),
        ('tiles = "google"', "map.tiles"),
        ('tiles = "amap"\nkey = "x&y=1"', "map.key"),
    ):
        path = tmp_path / "study.toml"
        path.write_text(f"{text}\n[map]\n{section}\n", encoding="utf-8")
        with pytest.raises(DataError, match=wrong):
            load_study(path)
    path.write_text(f'{text}\n[map]\ntiles = "amap"\n', encoding="utf-8")
    assert load_study(path).map.tiles == "amap"


def test_d25_the_public_variant_holds_no_names_and_no_statistics(case, chromium, tmp_path):
    made = web_map(**case, public=True)
    for name in case["facilities"]["name"].tolist() + case["facilities"]["facility"].tolist():
        assert f'"{name}"' not in made.html
    data = data_of(made.html)
    assert {layer["id"] for layer in data["field"]["layers"]} == {"pm25", "year_on_year", "month_on_month"}
    assert {re.sub(r"_\d+$", "", name) for name in data["field"]["columns"]} == {"pm25"}
    assert all(set(row) == {"i", "r", "at"} for row in data["warned"]) and len(data["warned"]) == len(case["warned"])
    for key in ("traced", "hot"):
        assert not data[key]
    assert not data["facilities"]["rows"] and not data["not_ranked"]["cells"] and not data["standing"]["cell"]
    with opened(chromium, made.save(tmp_path / "map.html")) as shown:
        shown.page.click(".hs-item >> nth=0")
        words = shown.page.inner_text(".leaflet-popup-content") + shown.page.inner_text(".hs-side")
        assert "浓度最高" in words and "WGS 84" in words and "null" not in words
        for inner in ("概率", "可区分", "第 1 位", "可能来源", "误差", "热电"):
            assert inner not in words
        assert shown.errors == [] and shown.foreign == []
