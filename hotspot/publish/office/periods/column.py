"""The weekly column of the paper (B25 「典型案件曝光」): counts, redacted cases, where to complain; nobody is named."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hotspot.ledger.assessment.figures import figures
from hotspot.publish.office.document import Document, Part
from hotspot.publish.office.periods.desk_view import DeskView
from hotspot.publish.office.periods.desk_words import kinds_sentences, of, problems_of
from hotspot.publish.office.periods.period_papers import frame


def column(
    desk: DeskView, cases: Sequence[Mapping[str, Any]], rewards: Sequence[Mapping[str, str]], lines: Sequence[str]
) -> Document:
    """
    报纸专栏 of a week.

    Parameters
    ----------
    cases : sequence of mapping, bodies of ``case`` entries of the week: ``title, text``, both without names
    rewards : sequence of mapping, bodies of ``reward`` entries of the week
    lines : sequence of str, where to complain, as published
    """
    told, found = figures(desk.now), problems_of(desk.now)
    week = [
        f"{desk.period.zh}，各地收到热点网格报警{told['pushed']}次，反馈率{of(told['answered'], told['pushed'])}，"
        f"发现问题{len(found)}个，目前尚有{figures(desk.whole)['open']}个正在整改。",
        *kinds_sentences(found),
    ]
    exposed = []
    for case in cases:
        exposed.append(f"《{case['title']}》")
        exposed += [_paragraph(part) for part in re.split(r"\n+", str(case["text"])) if part.strip("# ")]
    if rewards:
        paid = sum(float(body["amount"]) for body in rewards)
        lines = [f"本周兑现举报奖励{len(rewards)}件，{paid:g}元；举报人信息严格保密。", *lines]
    parts = [
        Part("本周情况", week),
        Part("曝光台", exposed or ["本周没有可以公开的典型案例。"]),
        Part("群众监督", list(lines) or ["投诉方式见当地网格公示牌。"]),
    ]
    return frame(desk, f"热点网格监管专栏（{desk.period.zh}）", parts=parts, sections=(), public=True)


def _paragraph(text: str) -> str:
    """A paragraph of a case; a heading of it in brackets."""
    words = text.strip()
    return f"【{words.lstrip('# ')}】" if words.startswith("#") else words
