"""The map page: same bytes, no network, the numbers of the list, nothing from data ever runs."""

import hashlib
import json
import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from browser import opened
from map_case import lattice_field, month_case, months_of
from map_page import cell_on_screen, data_of, slow_unpack, to_month

from hotspot.publish.palette import diverging_breaks, sequential_breaks
from hotspot.publish.tables.lists import published
from hotspot.publish.web.packing import column, pack, pack_runs
from hotspot.publish.web.webmap import web_map
from hotspot.rules.standards import INDEX_LEVELS
from hotspot.text.escape import escape, plain, script_json
from hotspot.variables import DataError

# RELIABILITY case 102: each calls boom() or breaks the page if it is ever read as code or markup.
PAYLOADS = (
    "<script>boom()</script>",
    "</script><script>boom()</script>",
    "<img src=x onerror=boom()>",
    "${boom()}",
    "`+boom()+`",
    "`",
    "\\`${boom()}\\",
    "{{7*7}}{% for x in y %}",
    "'\"><svg onload=boom()>",
    "\u202etxt.exe\u2028boom()\u2029",
    "<!--<script>&lt;/script&gt;",
    "javascript:boom()//\n\r\0]]>",
)


@pytest.fixture(scope="module")
def case():
    return month_case()


@pytest.fixture(scope="module")
def page(case):
    return web_map(**case)


@pytest.mark.parametrize("seed", range(4))
def test_packed_columns_are_read_back(seed):
    values = np.random.default_rng(seed).integers(-(10 ** (2 + 3 * seed)), 10 ** (2 + 3 * seed), 300)
    assert slow_unpack(pack(values)) == values.tolist()
    pairs = slow_unpack(pack_runs(np.repeat(values, 3)))
    assert np.repeat(pairs[::2], pairs[1::2]).tolist() == np.repeat(values, 3).tolist()


def test_a_column_is_rounded_half_to_even_and_keeps_its_gaps():
    packed = column(np.array([0.25, 0.35, np.nan, 35.15, -0.05, -1.0]), 1)
    stored = slow_unpack(packed["data"])
    back = [None if s == 0 else (s + packed["base"]) / packed["per"] for s in stored]
    assert back == [0.2, 0.4, None, 35.2, 0.0, -1.0]


def test_class_limits_are_round_and_bounded():
    rng = np.random.default_rng(3)
    for scale in (0.3, 4.0, 60.0, 900.0):
        limits = sequential_breaks(rng.gamma(3, scale, 500), 12)
        assert 1 <= len(limits) <= 11
        assert limits == sorted(set(limits))
        change = diverging_breaks(rng.normal(0, scale, 500), 8)
        assert change == [-v for v in reversed(change)] and 0 in change and len(change) == 7
    assert sequential_breaks([np.nan], 9) == [] == diverging_breaks([], 8)
    assert sequential_breaks([5.0, 5.0], 9)


def test_standard_colours_are_those_of_hj_633():
    wanted = [(0, 228, 0), (255, 255, 0), (255, 126, 0), (255, 0, 0), (153, 0, 76), (126, 0, 35)]
    got = [tuple(bytes.fromhex(level["colour"][1:])) for level in INDEX_LEVELS]
    assert got == wanted


@pytest.mark.parametrize("payload", PAYLOADS)
def test_escaped_text_holds_nothing_a_script_reads(payload):
    safe = escape(payload)
    assert not re.search(r"[<>\"'`$\\{}\n\r\u2028\u2029\u202e\0]", safe)
    assert "<" not in script_json({payload: payload})
    assert json.loads(script_json([payload])) == [payload]
    assert plain(payload) == plain(plain(payload))


def test_same_input_same_bytes(case, page):
    assert web_map(**case).html == page.html


def test_same_bytes_in_another_process_and_hash_seed(page):
    code = (
        "import hashlib; from map_case import month_case; from hotspot.publish.web.webmap import web_map; "
        "print(hashlib.sha256(web_map(**month_case()).html.encode()).hexdigest())"
    )
    for seed, zone in (("1", "Asia/Urumqi"), ("99", "America/New_York")):
        env = os.environ | {
            "PYTHONHASHSEED": seed,
            "TZ": zone,
            "PYTHONPATH": str(Path(__file__).resolve().parents[1] / "cases"),
        }
        got = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
        assert got.strip() == hashlib.sha256(page.html.encode()).hexdigest()


def test_order_of_rows_changes_nothing(case, page):
    turned = {k: v.iloc[::-1] if k in ("traced", "facilities", "hot", "not_ranked") else v for k, v in case.items()}
    turned["field"] = case["field"].isel(cell=slice(None, None, -1))
    assert web_map(**turned).html == page.html


def test_no_address_is_left_in_the_page(page):
    text = page.html
    text = text.replace("http://www.w3.org/2000/svg", "")
    fetching = r"https?:|\burl\((?!data:|#default)|@import|<link|<(img|script|iframe)[^>]*\ssrc=|sourceMappingURL"
    assert not re.search(fetching, text)
    assert "default-src 'none'" in text.split("<script")[0]
    for library in ("jquery", "bootstrap", "awesome"):
        assert library not in text.lower()


def test_page_carries_the_figures_of_the_list(case, page):
    rows, wanted = data_of(page.html)["warned"], published(case["warned"], 1)
    assert [r["pm25"] for r in rows] == pytest.approx(wanted["pm25"].tolist(), abs=0)
    assert [r["change_pct"] for r in rows] == [None if v != v else v for v in wanted["change_pct"]]
    assert [r["k"] for r in rows] == wanted["rank"].tolist()


def test_a_list_of_another_study_is_refused(case):
    stranger = case["warned"].assign(cell="AA0000A")
    with pytest.raises(DataError, match="AA0000A"):
        web_map(case["field"], stranger)
    with pytest.raises(DataError, match="no cells"):
        web_map(case["field"].isel(cell=slice(0)), case["warned"].head(0))
    with pytest.raises(DataError, match="lattice another"):
        web_map(case["field"].assign_attrs(lattice_id="another"), case["warned"])


def test_an_empty_month_still_makes_a_page(case, chromium, tmp_path):
    bare = case["field"].drop_vars(["coverage", "n_valid", "pm25_error", "why"])
    bare["pm25"] = bare["pm25"] * np.nan
    made = web_map(bare, case["warned"].head(0))
    with opened(chromium, made.save(tmp_path / "bare.html")) as shown:
        assert shown.errors == []
        assert "没有预警网格" in shown.page.inner_text("#hs-list")
        assert shown.page.locator("#hs-layers input:disabled").count() == 3


def test_a_notebook_shows_it_in_a_frame(page):
    shown = page._repr_html_()
    assert shown.startswith("<iframe") and shown.count("<") == 2
    assert "江城热点网格" in repr(page)


def test_forty_thousand_cells_and_thirteen_months_stay_small():
    field = lattice_field(200, 200)
    made = web_map(field, month_case()["warned"].head(0), history=months_of(field))
    assert len(data_of(made.html)["field"]["months"]) == 13
    assert len(made.html.encode()) < 5_000_000  # the promise is 10 MB


def test_click_opens_the_cell_under_the_pointer(seen, case):
    field = case["field"]
    for at in (37, 200, 341):
        one = field.isel(cell=at)
        seen.page.mouse.click(*cell_on_screen(seen, [float(one.lat), float(one.lon)]))
        words = seen.page.inner_text(".leaflet-popup-content")
        assert str(one.cell.values) in words
        assert f"{float(one.pm25[2]):.1f}" in words
        assert str(one.county.values) in words
        # Corners are sent to a metre, so the printed centre is right to a metre.
        shown = [float(v) for v in re.search(r"WGS 84\s+([\d.]+), ([\d.]+)", words).groups()]
        assert shown == pytest.approx([float(one.lon), float(one.lat)], abs=1.5e-5)
        assert "GCJ-02" in words and "误差" in words and "24" in words
        seen.page.keyboard.press("Escape")


def test_popup_of_a_warned_cell_says_why_and_how_sure(seen, case):
    row = case["warned"].iloc[1]
    seen.page.fill("#hs-search", row["cell"].lower())
    seen.page.press("#hs-search", "Enter")
    words = seen.page.inner_text(".leaflet-popup-content")
    assert row["cell"] in words and "浓度最高" in words and "第 2 位" in words and "不可区分" in words
    assert f"{row['lon']:.5f}, {row['lat']:.5f}" in words
    assert "确在名单内的概率" in words and "55 %" in words
    assert "第0热电厂" in words and "强" in words and "上风 120/690 小时" in words
    assert "3个站点中2个指向该处" in words


def test_a_calm_month_says_what_that_means_for_sources(case, chromium, tmp_path):
    cell = case["warned"]["cell"].iloc[1]
    traced = case["traced"].copy()
    traced.attrs["hours"] = {cell: {"calm_month": True, "calm_share": 0.42, "calm_hours": 300}}
    with opened(chromium, web_map(**case | {"traced": traced}).save(tmp_path / "map.html")) as shown:
        shown.page.fill("#hs-search", cell)
        shown.page.press("#hs-search", "Enter")
        assert "当月静风300小时（占42%）" in shown.page.inner_text(".leaflet-popup-content")


def test_search_finds_codes_labels_places_and_facilities(seen, case):
    code = str(case["field"].cell.values[5])
    for typed, wanted in ((code[:5], code), ("西岭", "西岭县"), ("第3热", "第3热电厂"), ("Ｔ８7", "T87")):
        seen.page.fill("#hs-search", typed)
        assert wanted in seen.page.inner_text("#hs-hits")
    seen.page.fill("#hs-search", "没有这个地方")
    assert "没有找到" in seen.page.inner_text("#hs-hits")
    seen.page.fill("#hs-search", code)
    seen.page.press("#hs-search", "Enter")
    assert code in seen.page.inner_text(".leaflet-popup-content h3")


def test_layer_switch_changes_legend_and_colours(seen):
    def state():
        return seen.page.inner_text("#hs-legend"), seen.page.locator(".hs-canvas").first.evaluate("c => c.toDataURL()")

    words, picture = state()
    assert "月均浓度" in words and "无数据" in words
    for layer, wanted in (("year_on_year", "+"), ("coverage", "覆盖率"), ("gi", "高值聚集"), ("pm25_error", "误差")):
        seen.page.check(f"input[value={layer}]")
        now = state()
        assert wanted in now[0] and now[0] != words and now[1] != picture
        words, picture = now


def test_overlays_can_be_taken_off(seen):
    canvas = seen.page.locator(".hs-canvas").nth(1)
    for name in ("warned", "hot", "borders", "facilities"):
        before = canvas.evaluate("c => c.toDataURL()")
        seen.page.uncheck(f"input[name={name}]")
        assert canvas.evaluate("c => c.toDataURL()") != before
    assert not canvas.evaluate("c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v)")


def test_every_word_turns_english(seen, case):
    seen.page.click(".hs-item >> nth=0")
    seen.page.click("#hs-lang")
    words = seen.page.inner_text("body")
    assert "Warning cells" in words and "February 2020" in words and "Probability" in words and "no data" in words
    assert seen.page.evaluate("document.documentElement.lang") == "en"
    own = re.sub("|".join(map(re.escape, ["江城热点网格", "中文"])), "", seen.page.inner_text(".hs-head, #hs-legend"))
    assert not re.search("[\u4e00-\u9fff]", own)
    seen.page.click("#hs-lang")
    assert "预警网格" in seen.page.inner_text(".hs-side")


def test_city_filter_narrows_the_list(seen):
    everything = seen.page.locator(".hs-item").count()
    seen.page.select_option("#hs-cities", "东湖市")
    assert seen.page.locator(".hs-item").count() == everything // 2 == 3


def test_keyboard_alone_reaches_a_cell(seen):
    seen.page.focus("#map_hotspot")
    seen.page.keyboard.press("Enter")
    first = seen.page.inner_text(".leaflet-popup-content h3")
    seen.page.keyboard.press("Alt+ArrowRight")
    second = seen.page.inner_text(".leaflet-popup-content h3")
    assert first != second
    seen.page.focus("#hs-tab-0")
    seen.page.keyboard.press("ArrowRight")
    assert seen.page.get_attribute("#hs-tab-1", "aria-selected") == "true"


def test_resolution_and_completeness_are_stated(seen):
    words = seen.page.inner_text("body")
    assert "产品原生分辨率约 10 千米" in words and "月产品" in words and "2020-02-29" in words


@pytest.mark.parametrize("width", [1280, 920, 390])
@pytest.mark.parametrize("t", [12, 5])
def test_nothing_sticks_out(page, chromium, tmp_path, width, t):
    with opened(chromium, page.save(tmp_path / "map.html"), width=width, height=800) as shown:
        to_month(shown, t)
        for _ in range(2):
            assert shown.page.evaluate("document.documentElement.scrollWidth") <= width
            hidden = shown.page.evaluate(
                """() => [...document.querySelectorAll(`.hs-head *, .hs-side button, .hs-side label, .hs-legend li,
                .hs-when, .hs-scale button`)].filter(n => n.clientWidth && n.scrollWidth > n.clientWidth + 1)
                .map(n => n.outerHTML)"""
            )
            assert hidden == []
            shown.page.click("#hs-lang")


def test_hostile_names_stay_text(case, chromium, tmp_path):
    """Twelve payloads in every field that data can fill; nothing runs, nothing breaks, all popups open."""
    field = case["field"].copy()
    n, bad = field.sizes["cell"], np.array(PAYLOADS)
    names = np.array([bad[k % len(bad)] + str(k % 24) for k in range(n)])
    for name in ("city", "county", "township", "label"):
        field[name] = ("cell", names)
    field["why"] = (("cell", "time"), np.repeat(names[:, None], 3, axis=1))
    field.attrs |= {k: PAYLOADS[i] for i, k in enumerate(("source", "product", "completeness", "gas_state", "method"))}

    def spoiled(table, columns):
        return table.assign(**{c: [PAYLOADS[k % len(PAYLOADS)] for k in range(len(table))] for c in columns})

    made = web_map(
        field,
        spoiled(case["warned"], ("city", "label", "county", "township")),
        spoiled(case["traced"], ("facility", "name", "class_", "where", "word")),
        hot=spoiled(case["hot"], ("label", "since", "reason") if "since" in case["hot"] else ("label",)),
        facilities=spoiled(
            case["facilities"], ("facility", "name", "class_", "size_unit", "accuracy", "status", "vintage", "source")
        ),
        not_ranked=spoiled(case["not_ranked"], ("reason", "why")),
        gi=case["gi"],
        title="".join(PAYLOADS),
    )
    with opened(chromium, made.save(tmp_path / "map.html")) as shown:
        shown.page.evaluate("() => { window.boom = () => console.error('boom'); }")
        for _ in range(2):
            for k in range(shown.page.locator(".hs-item").count()):
                shown.page.locator(".hs-item").nth(k).click()
            for at in range(0, n, 37):
                one = field.isel(cell=at)
                shown.page.mouse.click(*cell_on_screen(shown, [float(one.lat), float(one.lon)]))
            for payload in PAYLOADS:
                shown.page.fill("#hs-search", payload[:3])
                if shown.page.locator("#hs-hits [role=option]").count():
                    shown.page.press("#hs-search", "Enter")
            shown.page.click("#hs-lang")
            shown.page.mouse.move(700, 400)
        assert shown.errors == []
        assert shown.foreign == []
        assert (
            shown.page.evaluate("document.querySelectorAll('img, .hs-side script, .leaflet-popup script').length") == 0
        )
        assert "<img src=x onerror=boom()>" in shown.page.inner_text("#hs-title")


def test_prints_on_two_landscape_pages(seen, case, tmp_path):
    from pypdf import PdfReader

    before = seen.page.evaluate("map_hotspot.getCenter()")
    seen.page.pdf(path=tmp_path / "map.pdf", prefer_css_page_size=True, print_background=True)
    pages = PdfReader(tmp_path / "map.pdf").pages
    assert len(pages) == 2
    assert round(float(pages[0].mediabox.width)) == 842
    # The map is one opaque picture; two transparent ones cover each other in a PDF.
    assert max(image.image.width for image in pages[0].images) > 1500
    # Tabs are for the screen; on paper all three reasons stand, with every cell.
    words = unicodedata.normalize("NFKC", pages[1].extract_text())
    assert all(cell in words for cell in case["warned"]["cell"])
    assert all(reason in words for reason in ("PM2.5月均浓度最高", "同比去年改善最差", "环比上月改善最差"))
    assert seen.page.evaluate("map_hotspot.getCenter()") == before
