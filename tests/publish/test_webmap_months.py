"""The month slider: thirteen months, their values and colours, what belongs to the published month only."""

import unicodedata

import numpy as np
import pytest
from browser import opened
from map_case import month_case
from map_page import cell_on_screen, column_of, data_of, painted, to_month

from hotspot.publish.palette import palette, pooled_breaks
from hotspot.publish.web.webmap import web_map
from hotspot.publish.web.webmap_data import page_order
from hotspot.variables import DataError


@pytest.fixture(scope="module")
def case():
    return month_case()


@pytest.fixture(scope="module")
def page(case):
    return web_map(**case)


@pytest.fixture(scope="module")
def data(page):
    return data_of(page.html)


def layer_of(data, name):
    return next(layer for layer in data["field"]["layers"] if layer["id"] == name)


def printed(case, t):
    order = page_order(case["field"])
    return np.round(case["history"]["pm25"].sel(cell=case["field"]["cell"].values).values[order, t], 1)


def test_every_month_carries_its_printed_values(case, data):
    assert data["field"]["months"] == [f"2019-{m:02}" for m in range(2, 13)] + ["2020-01", "2020-02"]
    for t in range(13):
        np.testing.assert_allclose(column_of(data, f"pm25_{t}"), printed(case, t), atol=1e-9)


def test_changes_exist_where_their_base_is_among_the_months(data):
    assert layer_of(data, "year_on_year")["has"] == [False] * 12 + [True]
    # The fourth month was never delivered: neither it nor the one after it has a change.
    assert layer_of(data, "month_on_month")["has"] == [False] + [True] * 2 + [False] * 2 + [True] * 8
    assert layer_of(data, "gi")["has"] == layer_of(data, "confidence")["has"] == [False] * 12 + [True]
    assert set(layer_of(data, "level")["at"]) == {"level"}


def test_limits_shared_by_all_months_use_the_colours_in_each():
    winter, summer = np.linspace(60, 140, 400), np.linspace(12, 40, 400)
    limits = pooled_breaks(np.concatenate([winter, summer]), 12)
    assert limits == sorted(set(limits)) and len(limits) <= 11
    for month in (winter, summer):
        assert len(set(np.searchsorted(limits, month, side="right"))) >= 5


def luminance(colour):
    part = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    part = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return float(part @ [0.2126, 0.7152, 0.0722])


def test_ramps_read_without_colour():
    """Lightness alone orders every ramp, so any colour blindness and a grey print leave it readable."""
    for name, ramp in palette()["sequential"].items():
        light = [luminance(colour) for colour in ramp]
        assert light == sorted(light, reverse=True), name
    change = [luminance(colour) for colour in palette()["diverging"]["change"]]
    assert change[:4] == sorted(change[:4]) and change[4:] == sorted(change[4:], reverse=True)


@pytest.mark.parametrize("name", ["pm25", "month_on_month", "pm25_error"])
def test_the_slider_paints_each_month_by_its_values(seen, case, data, name):
    layer = layer_of(data, name)
    seen.page.check(f"input[value={name}]")
    order, history = page_order(case["field"]), case["history"].sel(cell=case["field"]["cell"].values)
    for t in (2, 7, 12):
        to_month(seen, t)
        now, before = printed(case, t), printed(case, t - 1)
        value = {"pm25": now, "month_on_month": (now - before) / before * 100}.get(name)
        if value is None:
            value = np.round(history["pm25_error"].values[order, t], 1)
        for at in (30, 200, 333, 470):
            one = case["field"].isel(cell=order[at])
            wanted = layer["colours"][int(np.searchsorted(layer["breaks"], value[at] + 1e-9, side="right"))]
            assert painted(seen, (float(one.lat), float(one.lon))) == wanted, (t, at)


def test_keys_move_the_slider(seen):
    seen.page.focus("#hs-slider")
    seen.page.keyboard.press("ArrowLeft")
    assert seen.page.inner_text("#hs-when") == "2020 年 1 月"
    assert seen.page.get_attribute("#hs-slider", "aria-valuetext") == "2020 年 1 月"
    seen.page.keyboard.press("Home")
    assert seen.page.inner_text("#hs-when") == "2019 年 2 月"
    seen.page.focus("#map_hotspot")
    seen.page.keyboard.press("]")
    assert seen.page.inner_text("#hs-when") == "2019 年 3 月"
    seen.page.fill("#hs-search", "")
    seen.page.keyboard.type("[x")
    assert seen.page.inner_text("#hs-when") == "2019 年 3 月", "typed into the search, not meant for the map"


def test_tab_reaches_every_control_and_shows_where_it_is(seen):
    """Search, layers, list, map, player, slider, back: all by the keyboard alone, each with a visible ring."""
    to_month(seen, 5)
    rings = {}
    for _ in range(80):
        seen.page.keyboard.press("Tab")
        name, ring = seen.page.evaluate(
            """() => { const e = document.activeElement;
            return [e.id || e.name || e.className, getComputedStyle(e).outlineStyle]; }"""
        )
        rings[name] = ring
    wanted = ("hs-search", "layer", "warned", "hs-tab-0", "hs-item", "map_hotspot", "hs-play", "hs-slider", "hs-back")
    assert [rings.get(name) for name in wanted] == ["solid"] * len(wanted), rings


def test_mouse_and_finger_move_the_slider(page, seen, chromium, tmp_path):
    seen.page.click("#hs-ticks li >> nth=4")
    assert seen.page.inner_text("#hs-when") == "2019 年 6 月"
    box = seen.page.locator("#hs-slider").bounding_box()
    seen.page.mouse.move(box["x"] + 8 + (box["width"] - 16) * 4 / 12, box["y"] + box["height"] / 2)
    seen.page.mouse.down()
    seen.page.mouse.move(box["x"] + 8 + (box["width"] - 16) * 9 / 12, box["y"] + box["height"] / 2, steps=4)
    seen.page.mouse.up()
    assert seen.page.inner_text("#hs-when") == "2019 年 11 月"
    ticks = seen.page.locator("#hs-ticks li >> nth=9").bounding_box()
    assert abs(ticks["x"] + ticks["width"] / 2 - (box["x"] + 8 + (box["width"] - 16) * 9 / 12)) < 3, (
        "thumb over its month"
    )
    with opened(chromium, page.save(tmp_path / "map.html"), width=390, height=844, has_touch=True) as phone:
        phone.page.tap("#hs-ticks li >> nth=2")
        assert phone.page.inner_text("#hs-when") == "2019 年 4 月"
        assert phone.errors == []


def test_another_month_says_that_warnings_are_of_the_published_one(seen):
    assert seen.page.is_hidden("#hs-back")
    to_month(seen, 6)
    assert "预警网格、原因和可能来源属于 2020 年 2 月" in seen.page.inner_text("#hs-when-note")
    seen.page.click("#hs-back")
    assert seen.page.inner_text("#hs-when") == "2020 年 2 月"
    assert seen.page.is_hidden("#hs-back")


def test_a_layer_of_the_published_month_waits_for_it(seen):
    seen.page.check("input[value=gi]")
    to_month(seen, 8)
    assert seen.page.is_checked("input[value=pm25]") and seen.page.is_disabled("input[value=gi]")
    assert "Gi* 聚集类别" in seen.page.inner_text("#hs-when-note")
    assert "月均浓度" in seen.page.inner_text("#hs-legend")
    to_month(seen, 12)
    assert seen.page.is_checked("input[value=gi]") and "高值聚集" in seen.page.inner_text("#hs-legend")
    to_month(seen, 11)
    assert "无基准月" in seen.page.inner_text("#hs-layers label:has(input[value=year_on_year])")


def test_a_month_without_delivery_says_why(seen, case):
    to_month(seen, 3)
    assert "没有2019年5月的卫星资料" in seen.page.inner_text("#hs-when-note")
    assert seen.page.locator("#hs-legend li:has(.hs-hatch) small").inner_text() == str(case["field"].sizes["cell"])
    assert "none" in seen.page.get_attribute("#hs-ticks li >> nth=3", "class")


def test_own_scale_and_shared_scale(seen):
    def limits(t):
        to_month(seen, t)
        return seen.page.locator("#hs-legend ul >> nth=0").locator("li > span").all_inner_texts()

    assert limits(12) == limits(6), "shared: a colour means the same in every month"
    seen.page.click("#hs-own")
    assert seen.page.get_attribute("#hs-own", "aria-pressed") == "true"
    assert limits(12) != limits(6)


def test_play_goes_through_the_months_and_stops(seen):
    seen.page.click("#hs-play")
    seen.page.wait_for_selector("#hs-ticks li.on >> text=4")
    assert seen.page.get_attribute("#hs-play", "aria-label") == "停止播放"
    seen.page.click("#hs-play")
    at = seen.page.input_value("#hs-slider")
    seen.page.wait_for_timeout(1100)
    assert seen.page.input_value("#hs-slider") == at


def test_popup_follows_the_months(seen, case):
    one = case["field"].isel(cell=200)
    seen.page.mouse.click(*cell_on_screen(seen, [float(one.lat), float(one.lon)]))
    assert seen.page.locator(".hs-bars > div > span").count() == 13
    values = case["history"]["pm25"].sel(cell=one.cell).values
    to_month(seen, 8)
    words = seen.page.inner_text(".leaflet-popup-content")
    assert f"{values[8]:.1f}" in words and "2019 年 10 月" in words and "无基准月" in words
    seen.page.click(".hs-bars > div > span >> nth=10")
    seen.page.wait_for_selector("#hs-when >> text=2019 年 12 月")
    assert f"{values[10]:.1f}" in seen.page.inner_text(".hs-big")
    assert seen.page.input_value("#hs-slider") == "10"


def test_popup_of_a_warned_cell_dates_its_warning(seen, case):
    to_month(seen, 6)
    seen.page.click(".hs-item >> nth=0")
    words = seen.page.inner_text(".leaflet-popup-content")
    assert "属于 2020 年 2 月" in words and "可能来源" in words and "2019 年 8 月" in words


def test_confidence_is_that_of_the_chosen_reason(seen, case):
    seen.page.check("input[value=confidence]")
    legend = seen.page.inner_text("#hs-legend")
    assert "列入名单的把握" in legend and "PM2.5月均浓度最高" in legend and "非热点网格或未排名" in legend
    seen.page.click("#hs-tab-2")
    assert seen.page.inner_text("#hs-legend") != legend
    near = case["standing"].query("reason == 'highest' and rank == 5").iloc[0]
    seen.page.fill("#hs-search", near["cell"])
    seen.page.press("#hs-search", "Enter")
    assert "37 % · 3–8" in seen.page.inner_text(".leaflet-popup-content")


def test_print_shows_the_month_on_the_map(seen, tmp_path):
    from pypdf import PdfReader

    to_month(seen, 6)
    seen.page.pdf(path=tmp_path / "map.pdf", prefer_css_page_size=True, print_background=True)
    pages = PdfReader(tmp_path / "map.pdf").pages
    assert len(pages) == 2
    text = unicodedata.normalize("NFKC", pages[0].extract_text())
    assert "2019 年 8 月" in text and "属于 2020 年 2 月" in text and "回到发布月" not in text


def test_without_a_history_the_field_s_three_months(case):
    few = data_of(web_map(case["field"], case["warned"]).html)["field"]
    assert few["months"] == ["2019-02", "2020-01", "2020-02"]


def test_a_history_of_something_else_is_refused(case):
    with pytest.raises(DataError, match="does not hold cell"):
        web_map(case["field"], case["warned"], history=case["history"].isel(cell=slice(5)))
    with pytest.raises(DataError, match="ends with 2020-01"):
        web_map(case["field"], case["warned"], history=case["history"].isel(time=slice(0, 12)))


def test_a_notebook_s_frame_holds_the_controls(page, chromium, tmp_path):
    outer = tmp_path / "notebook.html"
    outer.write_text(f"<!DOCTYPE html><body style='margin:0;width:900px'>{page._repr_html_()}</body>", encoding="utf-8")
    with opened(chromium, outer, width=920, height=700, ready=None) as shown:
        inner = shown.page.frames[1]
        inner.wait_for_selector("body[data-ready]", state="attached")
        box = inner.locator("#hs-slider").bounding_box()
        assert box["y"] + box["height"] < 640 and inner.locator(".hs-stage").bounding_box()["height"] > 300
        inner.focus("#hs-slider")
        shown.page.keyboard.press("ArrowLeft")
        assert inner.inner_text("#hs-when") == "2020 年 1 月"
        assert shown.errors == []
