"""What was not taken is said in the page's language: nobody in the field reads the ledger's English."""

import ast
import io
import re
from pathlib import Path

import pytest
from desk_case import COUNTY, OTHER, VILLAGE, Visitor, alarms_of
from phone_photo import photo

from hotspot.desk.accounts import weak
from hotspot.desk.app import _HTTP
from hotspot.desk.desk import ANOTHER
from hotspot.desk.refusals import refusal
from hotspot.desk.scope import LEFT, ONLY_READS
from hotspot.foreign.limits import PHOTO_BYTES
from hotspot.foreign.pictures import kind_of
from hotspot.ledger.answers import clocks, feedback, issues, receipts
from hotspot.ledger.network import people
from hotspot.rules import calendar
from hotspot.variables import DataError

CHINESE, LATIN = re.compile("[\u4e00-\u9fff]"), re.compile("[a-z]{2,}")
# What a person is told of a register is not what is told of a form.
OF_A_FORM = {"_settle", "_fault", "_instants", "_settle_step", "_out_of_order", "record_issues", "why_not", "settle"}


def sentences(module):
    """Every text that a function of ``OF_A_FORM`` gives as the reason, its gaps filled with the name of a state."""
    for function in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
        if not isinstance(function, ast.FunctionDef) or function.name not in OF_A_FORM:
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Return | ast.Assign) and node.value is not None:
                ends = [node.value] if not isinstance(node.value, ast.IfExp) else [node.value.body, node.value.orelse]
                for text in ends:
                    said = filled(text)
                    if " " in said:
                        yield said


def filled(text):
    if isinstance(text, ast.Constant) and isinstance(text.value, str):
        return text.value
    if not isinstance(text, ast.JoinedStr):
        return ""
    parts = [
        one.value if isinstance(one, ast.Constant) else "'claimed'" if one.conversion == ord("r") else "claimed"
        for one in text.values
    ]
    return "".join(parts)


@pytest.mark.parametrize("module", [feedback, issues, receipts, people], ids=lambda module: module.__name__)
def test_every_reason_of_the_ledger_has_chinese_words(module):
    found = sorted(set(sentences(module)))
    assert len(found) >= (2 if module in (receipts, people) else 7), found
    for why in found:
        told = refusal(why, "zh")
        assert CHINESE.search(told) and not LATIN.search(told.replace("claimed", "")), (why, told)
        assert refusal(why, "en") == why


def test_what_is_no_time_and_no_month_has_chinese_words():
    for make, text in ((clocks.local_minute, "soon"), (calendar.parse_month, "2020-13")):
        with pytest.raises(ValueError) as error:
            make(text)
        told = refusal(str(error.value), "zh")
        assert told.startswith(("时间“soon”", "“2020-13”")) and not LATIN.search(told.replace("soon", "")), told


@pytest.mark.parametrize("data", [b"<html>", b"\0\0\0\x1cftypheic", b"x" * (PHOTO_BYTES + 1)], ids=range(3))
def test_what_is_no_photo_is_said_in_chinese(data):
    with pytest.raises(DataError) as error:
        kind_of(data, "photo 1")
    told = refusal(str(error.value), "zh")
    assert CHINESE.search(told) and not LATIN.search(told), told


def test_a_sentence_in_two_languages_is_shown_in_one():
    for both in (ANOTHER, LEFT, ONLY_READS, weak("short", "li"), weak("1" * 12, "li"), weak("x" * 200, "li")):
        zh, en = refusal(both, "zh"), refusal(both, "en")
        assert CHINESE.search(zh) and not LATIN.search(zh) and not CHINESE.search(en) and LATIN.search(en), (zh, en)
    assert all(CHINESE.search(zh) and not LATIN.search(zh) for zh, _ in _HTTP.values())


def said(answer):
    """The heading of a refusal."""
    return re.search("<h1[^>]*>(.*?)</h1>", answer.text, re.S)[1]


def test_a_refusal_on_a_page_is_in_its_language(desk):
    county, village = Visitor(desk, COUNTY), Visitor(desk, VILLAGE)
    name = alarms_of(desk, "白鹿县")[0]
    cell = desk.read().alarm(name)["cell"]
    visit = {"time": "2019-01-01T08:00", "problem": "none", "text": "看过"}
    asked = [
        (county, f"/alarms/{name}/answer", visit, "早于报警时间"),
        (county, f"/alarms/{name}/answer", visit | {"time": "明天"}, "“明天”不是当地时间"),
        (county, f"/alarms/{name}/answer", visit | {"text": ""}, "缺少“情况”"),
        (county, f"/alarms/{name}/answer", visit | {"problem": "soil"}, "问题类型“soil”不在规定的词中"),
        (county, f"/cells/{cell}/finding", visit | {"month": "2019-01"}, "2019-01 没有发布过名单"),
        (Visitor(desk, "reader"), f"/alarms/{name}/answer", visit, "此账号只能查看"),
        (Visitor(desk, OTHER), "/account", {"old": "no", "password": "x", "again": "x"}, ""),
    ]
    found = {"cell": cell, "origin": "inspection", "found": "2025-12-29T08:00", "problem": "vocs", "text": "两桶"}
    assert county.post("/new/issue", **found).status_code == 200
    number = desk.read().kinds["issue"][-1].body["issue"]
    asked += [
        (county, f"/issues/{number}/step", {"step": "accepted"}, "还没有“报完成”，不能办理“已验收”"),
        (county, f"/issues/{number}/step", {"step": "spot_check"}, "步骤“spot_check”不在规定的词中"),
    ]
    if desk.sees(village_account(desk), cell):
        asked.append((village, f"/issues/{number}/step", {"step": "assigned"}, "不能办理“已交办”：其职责是"))
    for visitor, path, form, words in asked:
        answer = visitor.post(path, **form)
        if words:
            assert answer.status_code in (403, 422) and words in said(answer), (path, form, said(answer))
            assert not LATIN.search(said(answer).replace("soil", "").replace("spot_check", "")), said(answer)
    county.get("/?lang=en")
    answer = county.post(f"/issues/{number}/step", step="accepted")
    assert said(answer) == "The ledger did not take it: accepted before claimed"
    picture = {"photo": ("a.jpg", io.BytesIO(photo()[:900]), "image/jpeg")}
    county.get("/?lang=zh")
    told = county.client.post(f"/alarms/{name}/answer", data={"csrf": county.csrf(), **visit}, files=picture)
    assert said(told) == "第1张照片没有接受：打不开，可能没有传完整，请重拍或重新选择"


def village_account(desk):
    from hotspot.desk.accounts import account_of

    with desk.store() as store:
        return account_of(store, VILLAGE)
