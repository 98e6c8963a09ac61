"""The page for everybody (C17, B25): what it holds, what it must not, on a desk and on a phone, in two languages."""

import html
import re

import pytest
from browser import opened

from hotspot.publish.web.public_page import METHOD, PublicFacts, public_page

SQUARE = [(0.0, 3000.0), (3000.0, 3000.0), (3000.0, 0.0), (0.0, 0.0)]
ROWS = [
    {"code": f"NP741{n}Z", "county": "甲市乙县", "place": "东经114.3381°，北纬36.7452°",
     "reasons": "PM2.5月均浓度最高", "reasons_en": "highest monthly mean"}
    for n in (3, 4)
]  # fmt: skip


def facts(**changed):
    known = {
        "study_zh": "示例<b>", "study_en": "Demo", "month": "2025-12", "state_zh": "初步结果",
        "state_en": "preliminary",
        "rows": ROWS, "shapes": [[(-3000.0, 6000.0), (6000.0, 6000.0), (6000.0, -3000.0), (-3000.0, -3000.0)]],
        "cells": {"NP7413Z": SQUARE, "NP7414Z": [(x + 3000, y) for x, y in SQUARE]}, "came": ["NP7414Z"], "gone": [],
        "people": [{"unit": "甲县", "role": "网格长", "name": "张三", "phone": "12369"}], "contact": "0312-1234567",
        "corrections": [
            {"county": "甲市乙县", "code": "NP7413Z", "reason": "浓度最高", "what": "更正", "what_en": "corrected"},
        ],
        "head": "ab" * 32, "list_digest": "0a1b2c3d",
    }  # fmt: skip
    return PublicFacts(**(known | changed))


def test_c17_it_holds_the_list_what_changed_where_to_complain_and_how_it_is_made():
    page = public_page(facts())
    assert page == public_page(facts()) and len(METHOD) == 10
    for words in (
        "NP7413Z",
        "东经114.3381°",
        "新列入1个：NP7414Z",
        "不再列入0个：无",
        "连续列入1个",
        "12369",
        "ab" * 32,
    ):
        assert words in page
    assert "示例&lt;b&gt;" in page and "示例<b>" not in page
    assert "上月名单未发布" in public_page(facts(came=None))
    assert "联系方式：0312-1234567" in public_page(facts(people=[]))
    assert "没有提供投诉方式" in public_page(facts(people=[], contact=""))


def test_d25_no_number_but_coordinates_and_counts():
    page = public_page(facts(people=[], contact="", corrections=[]))
    text = re.sub(r"<style>.*?</style>|<script>.*?</script>|<svg.*?</svg>|<[^>]+>", " ", page, flags=re.DOTALL)
    text = html.unescape(text)
    for known in (r"NP741\dZ", r"东经[\d.]+°，北纬[\d.]+°", r"PM2\.5", "ab" * 32, "0a1b2c3d", r"2025年12月|2025-12"):
        text = re.sub(known, " ", text)
    assert re.findall(r"\d+(?:\.\d+)?", text) == ["2", "2", "1", "1", "0", "0", "1", "1"], text  # counts, zh and en


@pytest.mark.parametrize("width", [390, 1100])
def test_it_opens_with_no_network_on_a_phone_and_a_desk(chromium, tmp_path, width):
    path = tmp_path / "index.html"
    path.write_text(public_page(facts()), encoding="utf-8")
    with opened(chromium, path, width=width) as seen:
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        assert "本月共2个预警网格" in seen.page.inner_text("main")
        seen.page.click("#lang")
        words = seen.page.inner_text("main")
        assert "2 cells are listed this month" in words and "本月共" not in words and "highest monthly mean" in words
        assert seen.page.evaluate("document.documentElement.lang") == "en"
        assert seen.errors == [] and seen.foreign == []
