"""Two months in one view, a cell's days and hours, what a reader takes away, the ledger on the map."""

import csv
import io
import unicodedata

import numpy as np
import pandas as pd
import pytest
from browser import opened
from map_case import month_case
from map_page import cell_on_screen, data_of, painted, to_month

from hotspot.publish.web.ledger_map import with_ledger
from hotspot.publish.web.webmap import WebMap, web_map
from hotspot.publish.web.webmap_data import page_order
from hotspot.variables import DataError


@pytest.fixture(scope="module")
def case():
    return month_case()


@pytest.fixture(scope="module")
def page(case):
    return web_map(**case)


def layer_of(data, name):
    return next(layer for layer in data["field"]["layers"] if layer["id"] == name)


def colour_of(layer, value):
    return layer["colours"][int(np.searchsorted(layer["breaks"], value + 1e-9, side="right"))]


def printed(case, t):
    order = page_order(case["field"])
    return np.round(case["history"]["pm25"].sel(cell=case["field"]["cell"].values).values[order, t], 1)


def other_at(shown, spot):
    """Colour of the second canvas under a place, and whether its pane is cut away there."""
    return shown.page.evaluate(
        """([lat, lon]) => {
        const c = document.querySelector('.leaflet-hs-other-pane .hs-canvas'), box = c.getBoundingClientRect();
        const map = map_hotspot, p = map.latLngToContainerPoint([lat, lon]);
        const frame = map.getContainer().getBoundingClientRect();
        const x = (p.x + frame.left - box.left) * c.width / box.width;
        const y = (p.y + frame.top - box.top) * c.height / box.height;
        const d = c.getContext('2d').getImageData(Math.round(x), Math.round(y), 1, 1).data;
        const cut = document.querySelector('.leaflet-hs-other-pane').style.clip.match(/-?[\\d.]+(?=px)/g).map(Number);
        const at = map.latLngToLayerPoint([lat, lon]);
        return ['#' + [d[0], d[1], d[2]].map(v => v.toString(16).padStart(2, '0')).join(''), at.x < cut[1]]; }""",
        spot,
    )


def test_the_swipe_paints_either_month_on_its_side(seen, case, page):
    layer, order = layer_of(data_of(page.html), "pm25"), page_order(case["field"])
    seen.page.click("#hs-compare")
    assert seen.page.input_value("#hs-other") == "0", "the year before is the first choice"
    seen.page.select_option("#hs-other", "7")
    sides = set()
    for share in (200, 800):
        knob = "const s = document.querySelector('#hs-swipe input'); s.value = v;"
        seen.page.evaluate(f"v => {{ {knob} s.dispatchEvent(new Event('input')); }}", share)
        for at in (30, 200, 333, 470):
            one = case["field"].isel(cell=order[at])
            spot = [float(one.lat), float(one.lon)]
            colour, kept = other_at(seen, spot)
            sides.add(kept)
            assert colour == colour_of(layer, printed(case, 7)[at])
            assert painted(seen, spot) == colour_of(layer, printed(case, 12)[at])
            x = cell_on_screen(seen, spot)[0]
            box = seen.page.locator(".hs-stage").bounding_box()
            assert kept == (x - box["x"] < share / 1000 * box["width"])
    assert sides == {True, False}
    words = seen.page.inner_text("#hs-swipe")
    assert "2019 年 9 月" in words and "2020 年 2 月" in words
    assert not seen.page.locator("#hs-own").count(), "two months are compared in one scale"
    seen.page.click("#hs-compare")
    assert seen.page.is_hidden("#hs-swipe") and seen.page.is_hidden("#hs-versus")


def test_the_change_between_any_two_months(seen, case, page):
    pattern = max(
        (layer for layer in data_of(page.html)["field"]["layers"] if layer.get("back")),
        key=lambda one: one["breaks"][-1],
    )
    seen.page.click("#hs-compare")
    seen.page.select_option("#hs-other", "4")
    seen.page.check("#hs-how-change")
    order, now, before = page_order(case["field"]), printed(case, 12), printed(case, 4)
    for at in (30, 200, 333, 470):
        one = case["field"].isel(cell=order[at])
        value = (now[at] - before[at]) / before[at] * 100
        assert painted(seen, [float(one.lat), float(one.lon)]) == colour_of(pattern, value)
    legend = seen.page.inner_text("#hs-legend")
    assert "两月之差" in legend and "2019-06 → 2020-02" in legend
    assert "没有数据" not in seen.page.inner_text("#hs-when-note")
    seen.page.check("input[value=coverage]")
    assert seen.page.is_checked("#hs-how-swipe") and "覆盖率" in seen.page.inner_text("#hs-legend")


def test_keys_compare_and_move_the_swipe(seen):
    seen.page.focus("#map_hotspot")
    seen.page.keyboard.press("c")
    assert seen.page.get_attribute("#hs-compare", "aria-pressed") == "true"
    seen.page.focus("#hs-swipe input")
    before = seen.page.inner_text("#hs-swipe"), seen.page.input_value("#hs-swipe input")
    seen.page.keyboard.press("ArrowRight")
    assert float(seen.page.input_value("#hs-swipe input")) > float(before[1])
    assert seen.page.get_attribute("#hs-swipe input", "aria-valuetext").endswith("%")
    seen.page.fill("#hs-search", "")
    seen.page.keyboard.type("c")
    assert seen.page.get_attribute("#hs-compare", "aria-pressed") == "true", "typed into the search"
    seen.page.focus("#map_hotspot")
    seen.page.keyboard.press("c")
    assert seen.page.get_attribute("#hs-compare", "aria-pressed") == "false"


def test_play_goes_on_beside_the_other_month(seen):
    seen.page.click("#hs-compare")
    seen.page.click("#hs-play")
    seen.page.wait_for_selector("#hs-ticks li.on >> text=3")
    seen.page.click("#hs-play")
    assert seen.page.inner_text("#hs-when") in seen.page.inner_text("#hs-swipe")


def test_print_shows_both_months(seen, tmp_path):
    from pypdf import PdfReader

    seen.page.click("#hs-compare")
    seen.page.pdf(path=tmp_path / "map.pdf", prefer_css_page_size=True, print_background=True)
    pages = PdfReader(tmp_path / "map.pdf").pages
    assert len(pages) == 2
    text = unicodedata.normalize("NFKC", pages[0].extract_text()).replace(" ", "")
    assert "2019年2月" in text and "2020年2月" in text and "对比两月" not in text


def open_cell(shown, code):
    shown.page.fill("#hs-search", code)
    shown.page.press("#hs-search", "Enter")


def test_the_card_holds_days_and_the_hours_of_one(seen, case):
    cell = case["warned"]["cell"].iloc[0]
    open_cell(seen, cell)
    days = seen.page.locator(".hs-bars.small > div").first.locator("> span")
    assert days.count() == 29
    values = case["days"]["pm25"].sel(cell=cell).values
    assert days.nth(3).get_attribute("data-said") == f"2020-02-04 {values[3]:.1f} 微克/立方米"
    assert "无数据" in days.nth(6).get_attribute("data-said") and "无数据" in days.nth(28).get_attribute("data-said")
    days.nth(4).click()
    seen.page.wait_for_selector(".leaflet-popup-content >> text=逐时浓度")
    hours = seen.page.locator(".hs-bars.small").nth(1).locator("> div > span")
    assert hours.count() == 24
    assert hours.nth(8).get_attribute("data-said") == "08:00 5.8 微克/立方米"
    assert "无数据" in hours.nth(7).get_attribute("data-said")
    seen.page.hover(".hs-bars.small >> nth=1 >> div > span >> nth=8")
    assert "5.8" in seen.page.inner_text(".hs-bars.small >> nth=1")


def test_no_box_covers_an_open_card(seen, case):
    open_cell(seen, case["warned"]["cell"].iloc[0])
    assert seen.page.locator(".leaflet-popup-content [title]:not([title=''])").count() == 0
    box = seen.page.locator(".hs-stage").bounding_box()
    seen.page.mouse.move(box["x"] + 60, box["y"] + box["height"] - 60)
    seen.page.mouse.move(box["x"] + 200, box["y"] + box["height"] - 90)
    assert seen.page.is_hidden("#hs-readout")
    seen.page.keyboard.press("Escape")
    seen.page.mouse.move(box["x"] + 300, box["y"] + 300)
    assert seen.page.is_visible("#hs-readout")


def saved(shown, button):
    with shown.page.expect_download() as waiting:
        shown.page.click(button)
    return waiting.value


def test_the_list_leaves_as_csv(seen, case):
    got = saved(seen, "#hs-csv")
    assert got.suggested_filename == "warnings-2020-02.csv"
    text = got.path().read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    warned = case["warned"]
    assert [row["网格"] for row in rows] == warned["cell"].tolist()
    assert [float(row["PM2.5 月均值"]) for row in rows] == pytest.approx(warned["pm25"].round(1).tolist())
    assert [int(row["位次"]) for row in rows] == warned["rank"].tolist()
    seen.page.select_option("#hs-cities", "东湖市")
    text = saved(seen, "#hs-csv").path().read_bytes().decode("utf-8-sig")
    assert {row["城市"] for row in csv.DictReader(io.StringIO(text))} == {"东湖市"}


def test_a_formula_in_a_name_stays_text_in_the_csv(case, chromium, tmp_path):
    field = case["field"].copy()
    field["county"] = ("cell", np.full(field.sizes["cell"], '=HYPERLINK("x"),"y'))
    made = web_map(field, case["warned"], public=True)
    with opened(chromium, made.save(tmp_path / "map.html")) as shown:
        text = saved(shown, "#hs-csv").path().read_bytes().decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text)))
        assert {row["区县"] for row in rows} == {'\'=HYPERLINK("x"),"y'}
        assert "位次" not in rows[0] and "PM2.5 月均值" not in rows[0], (
            "the page for everybody has no figures of the list"
        )
        assert "预警网格和原因都属于本月" in shown.page.inner_text("#hs-when-note"), "no source is told there"
        assert shown.errors == [] and shown.foreign == []


def test_a_card_has_its_units_in_the_page_s_language(page, chromium, tmp_path):
    """The sentence on the weather is that of the prints, which write μg/m³."""
    said = '"weather":["本月气象使浓度偏高12.0 μg/m³，上月3.0 μg/m³","the weather raised it by 12.0 ug/m3"],"rank_low"'
    (tmp_path / "map.html").write_text(page.html.replace('"rank_low"', said), encoding="utf-8")
    with opened(chromium, tmp_path / "map.html") as shown:
        shown.page.click(".hs-item >> nth=0")
        assert "本月气象使浓度偏高12.0 微克/立方米" in shown.page.inner_text(".leaflet-popup-content")
        assert "g/m³" not in shown.page.inner_text(".leaflet-popup-content")


def test_the_view_leaves_as_a_picture(seen, case, page):
    from PIL import Image

    got = saved(seen, "#hs-png")
    assert got.suggested_filename == "map-2020-02.png"
    picture = Image.open(got.path()).convert("RGB")
    order, box = page_order(case["field"]), seen.page.locator(".hs-stage").bounding_box()
    layer = layer_of(data_of(page.html), "pm25")
    assert picture.width == 2 * (round(box["width"]) + 250)
    for at in (30, 333, 470):
        one = case["field"].isel(cell=order[at])
        x, y = cell_on_screen(seen, [float(one.lat), float(one.lon)])
        dot = picture.getpixel((round(2 * (x - box["x"])), round(2 * (y - box["y"] + 64))))
        assert "#{:02x}{:02x}{:02x}".format(*dot) == colour_of(layer, printed(case, 12)[at])
    to_month(seen, 5)
    # What stands below a picture is caught where it is drawn: another month's says whose the warnings are.
    seen.page.evaluate(
        """() => { const pen = CanvasRenderingContext2D.prototype, fill = pen.fillText; window.drawn = [];
        pen.fillText = function (s, ...a) { window.drawn.push(s); fill.call(this, s, ...a); }; }"""
    )
    assert saved(seen, "#hs-png").suggested_filename == "map-2019-07.png"
    assert "属于 2020 年 2 月（发布月）" in "".join(seen.page.evaluate("window.drawn"))


def ledger_of(case):
    cells = list(dict.fromkeys(case["warned"]["cell"]))
    names = ("overdue", "answered", "closed", "waiting")
    rows = [
        {"cell": cell, "state": names[k % 4], "due": "" if names[k % 4] == "closed" else "2020-03-10",
         "visited": "2020-03-05" if k % 4 in (1, 2) else "", "problems": int(k % 4 == 1), "open": int(k % 4 == 1)}
        for k, cell in enumerate(cells)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_the_ledger_stands_on_the_map_when_given(case, page, chromium, tmp_path):
    states = ledger_of(case)
    made = with_ledger(page.html, states, "2020-03-12T08:00")
    assert made == with_ledger(page.html, states, "2020-03-12T08:00") and data_of(page.html)["ledger"] is None
    with opened(chromium, WebMap(made, "x").save(tmp_path / "map.html")) as shown:
        legend = shown.page.inner_text("#hs-legend")
        for word in ("逾期", "已反馈", "已办结", "待反馈"):
            assert word in legend
        first = states.iloc[0]
        open_cell(shown, first["cell"])
        words = shown.page.inner_text(".leaflet-popup-content")
        assert "台账 · 逾期 · 截止 2020-03-10" in words
        open_cell(shown, states.iloc[1]["cell"])
        assert "最近排查 2020-03-05；问题 1 个，未办结 1 个" in shown.page.inner_text(".leaflet-popup-content")
        assert "2020-03-12T08:00" in shown.page.inner_text("#hs-notes")
        text = saved(shown, "#hs-csv").path().read_bytes().decode("utf-8-sig")
        rows = {row["网格"]: row["台账"] for row in csv.DictReader(io.StringIO(text))}
        assert rows[first["cell"]] == "逾期"
        assert shown.errors == [] and shown.foreign == []


def test_the_ledger_is_for_no_other_page(case, page):
    with pytest.raises(DataError, match="is no map page"):
        with_ledger("<html></html>", ledger_of(case), "2020-03-12T08:00")
    public = web_map(case["field"], case["warned"], public=True)
    with pytest.raises(DataError, match="for everybody"):
        with_ledger(public.html, ledger_of(case), "2020-03-12T08:00")


def test_a_phone_sees_the_search_first(page, chromium, tmp_path):
    with opened(chromium, page.save(tmp_path / "map.html"), width=360, height=740, has_touch=True) as phone:
        tops = {
            name: phone.page.locator(name).bounding_box()["y"]
            for name in (".hs-head", "#hs-search", ".hs-stage", "#hs-list")
        }
        assert list(tops) == sorted(tops, key=tops.get)
        search = phone.page.locator("#hs-search").bounding_box()
        assert search["y"] + search["height"] < 200
        phone.page.tap("#hs-compare")
        assert phone.page.evaluate("document.documentElement.scrollWidth") <= 360
        for button in (".hs-item >> nth=0", "#hs-csv", "#hs-png"):
            assert phone.page.locator(button).bounding_box()["height"] >= 34, "too small for a finger"


def test_units_are_chinese_on_a_chinese_page(seen, case):
    open_cell(seen, case["warned"]["cell"].iloc[0])
    words = seen.page.inner_text("body")
    assert "微克/立方米" in words and "千米" in words
    assert "µg/m³" not in words and " km" not in words
    seen.page.click("#hs-lang")
    words = seen.page.inner_text("body")
    assert "µg/m³" in words and " km" in words and "微克" not in words
