"""
Refusals in the language of the page. The ledger, the register and the photos say why in English, for shell and log.

A sentence that stands in both languages, "中文 (English)", is shown in one; one that is unknown stands as it is.
"""

import re
from collections.abc import Callable

from hotspot.desk.words import say
from hotspot.ledger.answers.issues import STATES

_BOTH = re.compile(r"([^\x00-\x7f].*) \(([a-z][^()]* [^()]+)\)", re.S)
_STEPS = "|".join(STATES)


def _field(name: str) -> str:
    return say("field", name, "zh")


def _step(name: str) -> str:
    return "现场反馈" if name == "visit" else say("state", name, "zh")


def _instant(text: str) -> str:
    return text.replace("T", " ")


# Sentence -> Chinese of what stands in its groups. Of two that fit the first is taken.
_SENTENCES: tuple[tuple[str, Callable[..., str]], ...] = (
    (r"(\w+) is missing", lambda name: f"缺少“{_field(name)}”"),
    (r"'(.*)' is no month; write it like 2020-02\.?", lambda said: f"“{said}”不是月份，请写成 2020-02"),
    (
        r"(?:(\w+) )?'(.*)' is no local time; write it like 2020-03-05T10:00\.?",
        lambda name, said: f"{_field(name or 'time')}“{said}”不是当地时间，请写成 2020-03-05 10:00",
    ),
    (
        r"(\w+) ['\"](.*)['\"] is none of .*",
        lambda name, said: f"{_field(name)}“{said}”不在规定的词中，请从列表选择",
    ),
    (r"alarm (\S+) does not exist", lambda name: f"没有报警 {name}"),
    (r"alarm (\S+) is of cell (\S+)", lambda name, cell: f"报警 {name} 属于网格 {cell}"),
    (
        r"the visit (\S+) is before the alarm (\S+)",
        lambda at, alarm: f"到场时间 {_instant(at)} 早于报警时间 {_instant(alarm)}",
    ),
    (
        r"received (\S+), before the alarm (\S+)",
        lambda at, alarm: f"签收时间 {_instant(at)} 早于报警时间 {_instant(alarm)}",
    ),
    (r"no list of (\S+) was published", lambda month: f"{month} 没有发布过名单"),
    (r"cell (\S+) was not warned in (\S+)", lambda cell, month: f"网格 {cell} 不在 {month} 名单中"),
    (
        r"cell (\S+) was warned in (\S+), so the visit is no routine",
        lambda cell, month: f"网格 {cell} 在 {month} 名单中，不是日常巡查",
    ),
    (
        r"the visit (\S+) is before the warned month was over",
        lambda at: f"到场时间 {_instant(at)} 在名单所属月份结束之前，请核对月份和时间",
    ),
    (
        r"the visit (\S+) is before (\S+), with whose list it is compared",
        lambda at, month: f"到场时间 {_instant(at)} 早于所比较的名单月份 {month}",
    ),
    (
        r"the result (\S+) is before the arrival (\S+)",
        lambda result, came: f"办结时间 {_instant(result)} 早于到场时间 {_instant(came)}",
    ),
    (
        r"avoidance: (.*) has an interest in (.*) \(B annex 1 art\. 11\)",
        lambda by, firm: f"应当回避：{by}与“{firm}”有利害关系（附件1第十一条，主动回避）",
    ),
    (
        r"(.*) \((.*?)\) may not write (\w+): (.*) \(B2\)",
        lambda by, tier, step, duty: f"{by}（{tier}）不能办理“{_step(step)}”：其职责是{duty}（B2）",
    ),
    (r"problem (\S+) was never recorded", lambda number: f"没有问题 {number}"),
    (
        r"problem (\S+) is recorded with another text; .*",
        lambda number: f"问题 {number} 已登记为其他内容；已登记的不能改，请另加一步",
    ),
    (rf"({_STEPS}) before ({_STEPS})", lambda step, lacking: f"还没有“{_step(lacking)}”，不能办理“{_step(step)}”"),
    (rf"({_STEPS}) twice", lambda step: f"已经是“{_step(step)}”，不能重复办理；可能有人先办了，请刷新页面"),
    (
        rf"({_STEPS}) at (\S+) is before ({_STEPS}) at (\S+)",
        lambda step, at, last, was: f"“{_step(step)}”时间 {_instant(at)} 早于“{_step(last)}”时间 {_instant(was)}",
    ),
    (
        r"(.*) claimed the rectification and cannot accept it",
        lambda by: f"{by}是报完成的人，不能验收同一个问题",
    ),
    (
        r"[^:]*: (\d+) bytes, more than (\d+); .*",
        lambda n, most: f"有 {int(n) / 1e6:.0f} MB，最多 {int(most) / 1e6:.0f} MB，请缩小",
    ),
    (r"[^:]*: (\d+) x (\d+) pixels, more than .*", lambda x, y: f"有 {x}×{y} 像素，太大，请缩小"),
    (r"[^:]*: the photo cannot be decoded .*", lambda: "打不开，可能没有传完整，请重拍或重新选择"),
    (r"[^:]*: HEIC or AVIF, .*", lambda: "是 HEIC 或 AVIF 格式，请改用 JPEG"),
    (r"[^:]*: no JPEG or PNG, .*", lambda: "不是 JPEG 或 PNG 图片"),
)
_KNOWN = tuple((re.compile(pattern, re.S), told) for pattern, told in _SENTENCES)


def refusal(why: str, lang: str) -> str:
    """
    Why something was not taken, in the language of a page.

    Parameters
    ----------
    why : str, as ledger, register or photos say it
    lang : "zh" or "en"

    Examples
    --------
    >>> refusal("accepted before claimed", "zh"), refusal("accepted before claimed", "en")
    ('还没有“报完成”，不能办理“已验收”', 'accepted before claimed')
    >>> refusal("此账号只能查看 (this account only reads)", "en"), refusal("who knows", "zh")
    ('this account only reads', 'who knows')
    """
    both = _BOTH.fullmatch(why)
    if both:
        return both[2 if lang == "en" else 1]
    if lang == "en":
        return why
    found = ((pattern.fullmatch(why), told) for pattern, told in _KNOWN)
    return next((told(*match.groups()) for match, told in found if match), why)
