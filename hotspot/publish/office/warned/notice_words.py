"""
The sentences of the notice that pushes a month's warning list to the cities (D9-D12, D15, D20).

Each is made from the numbers of the month; what the data do not show is said, not claimed.
Which of them a reader may see is decided in ``redaction``.
"""

import re
from collections.abc import Callable
from typing import Any

import pandas as pd

from hotspot.ledger.assessment.chance import chance_zh
from hotspot.ledger.assessment.escalation import escalation
from hotspot.publish.edition import Edition
from hotspot.publish.fonts import legible, shorten
from hotspot.publish.rank_words import may_zh
from hotspot.publish.why_words import data_sources, ranks_zh, why_zh
from hotspot.publish.words import COMPLETENESS, NOT_RANKED, NUMERALS, REASONS, STATES, UNSAID, known, month_zh
from hotspot.rules.calendar import month_minus
from hotspot.rules.criteria import Criteria
from hotspot.rules.pollutants import PM25, Pollutant
from hotspot.rules.reasons import REASONS as KINDS
from hotspot.rules.reasons import in_use
from hotspot.text.labels import label_of

NAME_WIDTH = 60  # of a place in print, in half-width columns; the longest real one has 30, the lists have all of it
WHAT = {"added": "新增", "removed": "撤销", "changed": "更正"}
_HEADS = {
    "correction": "更正说明",
    "ranked": "评估情况",
    "ranked_public": "评估情况",
    "repeated": "连续和累计预警情况",
    "confidence": "名次的把握程度",
    "left_out": NOT_RANKED,
    "duties": label_of("what_is_asked"),
}


def title_zh(month: str, edition: Edition, *, public: bool, of: Pollutant = PM25) -> str:
    """
    The title of a notice; a revision says that it corrects.

    Examples
    --------
    >>> from hotspot.publish.edition import Edition
    >>> title_zh("2020-02", Edition(revision=2, replaces=1), public=False)
    '关于更正2020年2月PM2.5热点网格预警名单的通知'
    >>> title_zh("2020-02", Edition(), public=True)
    '2020年2月PM2.5热点网格预警名单'
    >>> from hotspot.rules.pollutants import pollutant
    >>> title_zh("2025-06", Edition(), public=True, of=pollutant("o3"))
    '2025年6月臭氧热点网格预警名单'
    """
    mend = "更正" if edition.replaces else ""
    if public:
        return f"{month_zh(month)}{of.label}热点网格预警名单" + (f"（{mend}）" if mend else "")
    return f"关于{mend or '印发'}{month_zh(month)}{of.label}热点网格预警名单的通知"


def heading_zh(title: str) -> str:
    """
    A title on two lines where it needs them, broken between words.

    Examples
    --------
    >>> heading_zh("关于印发2020年2月PM2.5热点网格预警名单的通知")
    '关于印发2020年2月PM2.5\\n热点网格预警名单的通知'
    """
    return re.sub("(?<=月)(PM2.5|PM10|[^月]{2,4})热点", r"\1\n热点", title)


def edition_zh(edition: Edition) -> str:
    """
    State and revision in one phrase, and what it replaces.

    Examples
    --------
    >>> from hotspot.publish.edition import Edition
    >>> edition_zh(Edition())
    '初步结果，第1版'
    >>> edition_zh(Edition(state="confirmed", revision=2))
    '已确认，第2版'
    >>> edition_zh(Edition(revision=3, replaces=2))
    '初步结果，第3版（修订），替代第2版'
    """
    if edition.state == "draft":
        return f"{STATES['draft']}，未入台账，不得印发"
    said = f"{STATES[edition.state]}，第{edition.revision}版"
    return f"{said}（修订），替代第{edition.replaces}版" if edition.replaces else said


def sections(names: tuple[str, ...], facts: dict[str, Any]) -> list[dict[str, Any]]:
    """
    The numbered sections of a notice.

    Parameters
    ----------
    names : tuple of str
        Of ``redaction.Level.sections``.
    facts : dict
        What the sentences are made of; see ``notice.facts``.

    Returns
    -------
    list of dict ``head`` and ``paragraphs`` (list of str); a section with nothing to say is left out
    """
    told = [(name, _SAY[name](facts)) for name in names]
    told = [(name, paragraphs) for name, paragraphs in told if paragraphs]
    return [
        {"head": f"{NUMERALS[n]}、{_HEADS[name]}", "paragraphs": paragraphs}
        for n, (name, paragraphs) in enumerate(told)
    ]


def _correction(facts: dict[str, Any]) -> list[str]:
    """What a revision changed; nothing for a first edition."""
    edition = facts["edition"]
    if not edition.replaces:
        return []
    counts = {what: sum(change["what"] == what for change in facts["changes"]) for what in WHAT}
    said = "、".join(f"{WHAT[what]}{n}条" for what, n in counts.items() if n)
    said = f"与被替代的名单相比，{said}，对照见附件" if said else "名单内容与被替代的名单相同"
    return [f"本次印发的名单替代第{edition.replaces}版，第{edition.replaces}版同时作废。{said}。"]


def _classes(facts: dict[str, Any]) -> str:
    """The classes by name, each with what it is compared with and how many it takes."""
    month, k = facts["month"], facts["criteria"].warning.k
    named = []
    for reason, n in k.items():
        back = KINDS[reason].months_back if reason in KINDS else 0
        base = f"（与{month_zh(month_minus(month, back))}相比）" if back else ""
        named.append(f"{REASONS.get(reason, reason)}{base}，取前{n}名")
    return "；".join(f"{n}是{text}" for n, text in zip(NUMERALS, named, strict=False))


def _ids(facts: dict[str, Any]) -> list[str]:
    return [reason.id for reason in in_use(facts["criteria"].warning.k)]


def _counted(facts: dict[str, Any]) -> str:
    warned = facts["warned"]
    if not len(warned):
        return "本月没有网格列入预警名单。"
    each = "、".join(f"{REASONS[r]}{int((warned['reason'] == r).sum())}个" for r in _ids(facts))
    return f"本月共有{warned['cell'].nunique()}个网格列入预警名单，其中{each}（同一网格可有多个原因）。"


def _screened(facts: dict[str, Any]) -> str:
    """What stands behind the list while it is not formal (D7)."""
    n, whole = facts["n_screened"], facts["n_hot"]
    if not n:
        return ""
    part = "" if n == whole else f"中有{n}个"
    return f"所用热点网格名单{part}为初筛结果，尚未复核、形成正式名单。"


def _ranked(facts: dict[str, Any]) -> list[str]:
    criteria, attrs = facts["criteria"], facts["attrs"]
    how = {"percent": "变化率（%）", "absolute": "浓度差（μg/m³）"}[criteria.warning.change]
    said = str(attrs.get("completeness", ""))
    whole = COMPLETENESS.get(said, legible(said) or UNSAID)
    source = "；".join(legible(text) for text in data_sources(attrs))
    came = f"来源为{source}" if source else "来源未说明"
    return [
        f"{facts['whose']}现有热点网格{facts['n_hot']}个，按{month_zh(facts['month'])}@pollutant@@figure@分三类在市内排名："
        f"{_classes(facts)}。变化按{how}排名，名次并列的一并列入。{_counted(facts)}{_screened(facts)}",
        f"资料截至{month_zh(facts['month'])}，{came}（{whole}）。浓度为网格平均估算值，"
        "按GB/T 8170修约，供排查参考，不作达标评价。",
        *([f"{ranks_zh(attrs)}。"] if ranks_zh(attrs) else []),
        *([attrs["said_zh"]] if "said_zh" in attrs else []),
    ]


def _ranked_public(facts: dict[str, Any]) -> list[str]:
    return [
        f"每月将@pollutant@@figure@最高、同比去年改善最差、环比上月改善最差的热点网格列为预警网格。{_counted(facts)}"
        f"{_screened(facts)}",
        "位置坐标为网格中心点（WGS 84）。名单供排查参考，不作达标评价。",
    ]


def _repeated(facts: dict[str, Any]) -> list[str]:
    """The status sentence (D11, D12); without the month before, it says so instead of claiming."""
    month, criteria, edition = facts["month"], facts["criteria"], facts["edition"]
    rule, ladder = criteria.escalation, facts["ladder"]
    before = month_minus(month, 1)
    paragraphs = []
    window = [month_minus(month, n) for n in range(rule.window_months - 1, 0, -1)]
    absent = [name for name in window if name not in edition.history]
    if len(absent) == len(window):
        return [f"台账中没有本月以前{len(window)}个月的名单，不能判断连续和累计预警情况，本通知对此不作结论。"]
    if before not in edition.history:
        paragraphs.append(f"台账中没有上月（{month_zh(before)}）的名单，不能判断是否连续预警，本通知对此不作结论。")
    else:
        again = ladder[ladder["warned"] & (ladder["run"] >= 2)]
        if not len(again):
            paragraphs.append(f"目前{facts['each']}无连续2次预警的热点网格。")
        else:
            cells = _by_city(again, facts, lambda row: f"连续{row.run}次、累计{row.count}次")
            paragraphs.append(f"连续2次及以上预警的热点网格{len(again)}个：{cells}。")
    reached = bool((ladder["warned"] & (ladder["d11"] | ladder["d12"])).any())
    due = ladder[ladder["warned"] & ladder["d12"]]
    if len(due):
        paragraphs.append(
            f"连续{rule.city_consecutive}个月被预警，按规定由市政府约谈网格长的{len(due)}个："
            f"{_by_city(due, facts, lambda row: f'连续{row.run}次' + _pooled(row.cell, facts))}。"
        )
    due = ladder[ladder["warned"] & ladder["d11"]]
    if len(due):
        paragraphs.append(
            f"{rule.window_months}个月内连续预警达到{rule.consecutive}次或累计预警达到{rule.cumulative}次，"
            f"按规定公开通报、派驻工作组和公开约谈的{len(due)}个："
            f"{_by_city(due, facts, lambda row: _run_of(row) + _pooled(row.cell, facts, step=True))}。"
        )
    if reached:
        paragraphs.append(f"{chance_zh(facts['chance'], rule)}。次数是规定的条件，不等于这些网格的污染已被证实更重。")
    if absent:
        paragraphs.append(
            f"累计次数按台账计算：本月以前{len(window)}个月中，台账有名单的{len(window) - len(absent)}个月，"
            "没有名单的月份按未预警计。"
        )
    return paragraphs


def _run_of(row: Any) -> str:
    return f"最长连续{row.longest_run}次、累计{row.count}次"


def _pooled(cell: str, facts: dict[str, Any], *, step: bool = False) -> str:
    """How likely its months were truly among the worst, where the ledger recorded it (METHODS 16)."""
    mean, reached = facts["pooled"].get(cell, (float("nan"), float("nan")))
    if mean != mean:
        return ""
    return f"，各月确属最差的概率平均{mean:.2f}" + (f"、确已达到该次数的概率{reached:.2f}" if step else "")


def _by_city(rows: "pd.DataFrame", facts: dict[str, Any], said: Callable[[Any], str]) -> str:
    """Cells of a table by city, each with its counts."""
    city = facts["city_of"]
    groups: dict[str, list[str]] = {}
    for row in rows.itertuples():
        groups.setdefault(city.get(row.cell, ""), []).append(f"{row.cell}（{said(row)}）")
    one = len(facts["cities"]) == 1
    return "；".join(
        ("" if one else shorten(name, NAME_WIDTH)) + "、".join(cells) for name, cells in sorted(groups.items())
    )


def _confidence(facts: dict[str, Any]) -> list[str]:
    warned = facts["warned"]
    if not len(warned):
        return []
    flags = warned.groupby("cell")["distinguishable"]
    known_cells = flags.agg(lambda values: any(known(v) for v in values))
    clear = flags.agg(lambda values: any(known(v) and bool(v) for v in values))
    n, n_known, n_clear = len(clear), int(known_cells.sum()), int(clear.sum())
    rest = f"；{n - n_known}个网格资料不足以作此判断" if n > n_known else ""
    return [
        f"{n}个预警网格中，至少有一类名次可与邻近名次区分的{n_clear}个，按资料的误差与分辨率不可区分的"
        f"{n_known - n_clear}个{rest}。"
        "不可区分是指不能断定该网格比邻近名次的网格更差，不等于没有问题，排查时请一并查看邻近网格。",
        *_may_be(facts),
    ]


def _may_be(facts: dict[str, Any]) -> list[str]:
    """Who may be among the worst of this month, by city and class; and what another measure of change would list."""
    warned, k = facts["warned"], facts["criteria"].warning.k
    said = []
    if "may" in warned:
        for (city, reason), rows in warned.groupby(["city", "reason"], sort=True):
            phrase = may_zh(rows.iloc[0], k[reason])
            if phrase:
                whose = "" if len(facts["cities"]) == 1 else shorten(city, NAME_WIDTH)
                said.append(f"{whose}“{REASONS[reason]}”{phrase}")
    sentences = [f"按缺测与测量误差，{'；'.join(said)}。"] if said else []
    other = facts.get("other", {})
    if other.get("rows"):
        names = {"percent": "变化率", "absolute": "浓度差", "rank": "名次变动"}
        kinds = "、".join(f"按{names[name]}{n}条" for name, n in other.items() if name != "rows")
        sentences.append(f"变化类{other['rows']}条预警如改用其他口径，将有所不同：{kinds}。")
    return sentences


def _left_out(facts: dict[str, Any]) -> list[str]:
    """How many cells each class could not rank, and why; reasons that differ in a number only stand together."""
    said = []
    for reason in _ids(facts):
        rows = facts["not_ranked"][facts["not_ranked"]["reason"] == reason]
        if not len(rows):
            continue
        kinds: dict[str, list[str]] = {}
        for text in sorted(rows["why"].astype(str)):
            kinds.setdefault(re.sub(r"\d+(\.\d+)?", "#", text), []).append(text)
        order = sorted(kinds.values(), key=lambda texts: (-len(texts), texts[0]))
        told = [
            ("例如：" if len(set(texts)) > 1 else "") + legible(why_zh(texts[0])) + f"，{len(texts)}个"
            for texts in order[:3]
        ]
        more = sum(map(len, order[3:]))
        said.append(f"{REASONS[reason]}{len(rows)}个（{'；'.join(told)}{f'；其他原因{more}个' if more else ''}）")
    if not said:
        return ["全部热点网格参加了三类排名。"]
    return [f"因资料不符合有效性要求等原因，下列热点网格未参加相应排名：{'；'.join(said)}。逐个原因另有清单备查。"]


def _duties(facts: dict[str, Any]) -> list[str]:
    rule, contact = facts["criteria"].handover, facts["contact"]
    you = "你市" if len(facts["cities"]) == 1 else "各市"
    return [
        f"（一）全面排查。请{you}收到名单后，按照“一个热点网格、一份问题清单”的要求，对预警网格内的各类涉气污染源"
        "进行全面排查，建立台账；网格长组织制定整改方案，网格监督员负责日常巡查。",
        "（二）限期解决。对排查发现的问题，根据职责交由相关部门按期解决，跨县（区、市）的联合办理，跨市的报上级协调；"
        f"自交办之日起{rule.rectify_days}日内完成整改，"
        "不能按期完成的，应说明原因并明确时限。",
        f"（三）按时报告。现场发现的问题{rule.report_hours}小时内上报；收到名单后{rule.feedback_workdays}个工作日内"
        "填报回执（return-form.xlsx）"
        f"{'，报' + contact if contact else ''}；整改完成情况随整改进度补报。",
    ]


_SAY = {
    "correction": _correction,
    "ranked": _ranked,
    "ranked_public": _ranked_public,
    "repeated": _repeated,
    "confidence": _confidence,
    "left_out": _left_out,
    "duties": _duties,
}


def ladder_of(warned: "pd.DataFrame", criteria: Criteria, edition: Edition, month: str) -> "pd.DataFrame":
    """
    How far the cells have come on the ladder of D11 and D12, this month included.

    Parameters
    ----------
    warned : DataFrame with ``cell``
    edition : Edition
        Its history holds the months before.

    Returns
    -------
    DataFrame, as ``ledger.assessment.escalation.escalation`` gives it

    Examples
    --------
    >>> import pandas as pd
    >>> from hotspot.publish.edition import Edition
    >>> from hotspot.rules.criteria import Criteria
    >>> now = pd.DataFrame({"cell": ["A"]})
    >>> ladder_of(now, Criteria(), Edition(history={"2020-01": ("A", "B")}), "2020-02")[["cell", "run"]].values.tolist()
    [['A', 2], ['B', 0]]
    """
    rows = [(name, cell) for name, cells in edition.history.items() for cell in cells if name < month]
    rows += [(month, cell) for cell in warned["cell"].unique()]
    return escalation(pd.DataFrame(rows, columns=["month", "cell"]), criteria, month)
