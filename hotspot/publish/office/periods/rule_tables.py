"""Clocks, ladders and points of a profile as tables: the handbook and the letters of responsibility print the same."""

from hotspot.ledger.assessment.assess import GRADES, ITEMS
from hotspot.ledger.assessment.ladders import INDEX_STEPS, MEASURE_STEPS, SHARE_STEPS
from hotspot.publish.office.paper import Grid
from hotspot.rules.criteria import Criteria
from hotspot.rules.loop import Clocks

_ITEM = {
    "bonus": "加分", "media_national": "8", "media_region": "9", "media_prefecture": "10", "instruction": "否决",
    "petition": "否决",
}  # fmt: skip


def start_zh(clocks: Clocks) -> str:
    """From when a clock runs, in words."""
    return "签收" if clocks.start == "receipt" else "推送"


def clock_table(criteria: Criteria) -> Grid:
    """Every clock of a profile (B5, E2, D15, D20)."""
    clocks, handover = criteria.clocks, criteria.handover

    def said(hours: float, clause: str) -> str:
        return f"{hours:g}小时（{clause}）" if hours else "文件未规定"

    return Grid(
        ("事项", "时限", "从何时起"),
        (3, 3, 2),
        [
            ["报警：现场情况", said(clocks.site_hours, "B5"), start_zh(clocks)],
            ["报警：处置结果", said(clocks.result_hours, "B5"), start_zh(clocks)],
            ["报警：反馈", said(clocks.answer_hours, "E2"), start_zh(clocks)],
            ["名单回执", f"{handover.feedback_workdays}个工作日", "收到名单"],
            ["整改", f"{handover.rectify_days}天（清单另定的除外）", "交办"],
        ],
    )


def ladder_table(criteria: Criteria) -> Grid:
    """What follows repeated warnings, missed problems, last places, measures not taken (D11, D12, B15, B16, B17)."""
    rule = criteria.escalation
    times = f"连续预警{rule.consecutive}次或累计{rule.cumulative}次"
    rows = [
        ["网格", f"{rule.window_months}个月内{times}", "公开通报、派驻工作组、公开约谈（D11）"],
        ["网格", f"连续{rule.city_consecutive}个月预警", "市政府约谈网格长（D12）"],
    ]
    share = criteria.share_ladder
    conditions = (
        f"当月达到{share.first}%",
        f"连续两月达到{share.first}%，或当月达到{share.second}%",
        f"连续三月达到{share.first}%，或连续两月达到{share.second}%",
    )
    rows += [
        ["应发现未发现问题占比", when, f"{what}（B15）"] for when, what in zip(conditions, SHARE_STEPS, strict=True)
    ]
    rows += [
        ["综合指数改善率末位", when, f"{what}（B16）"]
        for when, what in zip(("一次", "连续两月", "连续三月", "连续三月以上"), INDEX_STEPS, strict=True)
    ]
    rows += [
        ["每周措施未完成", when, f"{what}（B17）"]
        for when, what in zip(("第一周", "连续两周", "连续三周"), MEASURE_STEPS, strict=True)
    ]
    return Grid(("对象", "条件", "处理"), (3, 5, 4), rows)


def points_table(criteria: Criteria) -> Grid:
    """The items of the monthly assessment with their points (B14, B24)."""
    rule = criteria.assessment
    late = f"共{rule.late_points}分，每个扣{rule.late_each}"
    points = dict.fromkeys("123", f"{rule.construction}分") | {
        "4": f"共{rule.missed_points}分，每个扣{rule.missed_each}", "5": late, "6": late,
        "7": f"共{rule.inspection_points}分，每个扣{rule.inspection_each}",
        "bonus": f"每项加{rule.bonus_each}，最多{rule.bonus_most}", "media_national": "当月不合格",
        "media_region": f"扣{rule.media_region}分", "media_prefecture": f"扣{rule.media_prefecture}分",
        "instruction": "当月不合格", "petition": f"同一信访{rule.petitions}次未解决的，当月不合格",
    }  # fmt: skip
    rows = [[_ITEM.get(key, key), zh, points[key]] for key, (zh, _) in ITEMS.items()]
    return Grid(("项", "内容", "分值"), (2, 5, 4), rows)


def grades_zh(criteria: Criteria) -> str:
    """
    The grades of the assessment in one sentence (B14, B24).

    Examples
    --------
    >>> grades_zh(Criteria())[:23]
    '90分以上优秀，80分以上良好，60分以上合格'
    """
    rule, names = criteria.assessment, dict(GRADES)
    best, good, passed = rule.grades
    return (
        f"{best}分以上{names['excellent']}，{good}分以上{names['good']}，{passed}分以上{names['passed']}，"
        f"其余{names['failed']}；连续{rule.failed_months}个月不合格的，专项督查并提出问责建议（B24）。"
    )
