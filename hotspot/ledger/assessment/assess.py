"""
Monthly points of a unit: 30 for building the network up, 70 for running it (B14, B23, B24).

Every point taken or given is one row that names the entry it rests on; the sum of the
rows is what separates the points from 100.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from hotspot.rules.loop import Assessment

GRADES = (("excellent", "优秀"), ("good", "良好"), ("passed", "合格"), ("failed", "不合格"))
MISSED_ORIGINS = frozenset(
    {"mobile_enforcement", "campaign", "inspection", "petition", "media", "opinion", "instruction"}
)
MEDIA = ("media_national", "media_region", "media_prefecture")
ITEMS = {
    "1": ("网格办公室和党政主要负责同志", "office and the two heads of the unit"),
    "2": ("分管负责同志包联乡镇、村", "deputies of rank cover every township and village"),
    "3": ("公示名单和投诉方式", "names and complaint channel published"),
    "4": ("应发现而未发现的问题", "missed problems"),
    "5": ("未按时交办或查处", "not assigned or enforced in time"),
    "6": ("未整改、整改不彻底、虚假整改", "not rectified, incomplete or sham"),
    "7": ("国家、自治区督察问题逾期或虚假整改", "problem of a higher inspection late or sham"),
    "bonus": ("加分", "bonus"),
    "media_national": ("国家级媒体曝光", "national media"),
    "media_region": ("自治区级媒体曝光", "regional media"),
    "media_prefecture": ("州级媒体曝光", "prefecture media"),
    "instruction": ("上级领导批示", "instruction of higher leaders"),
    "petition": ("重复信访未解决", "repeated petition unsolved"),
}


@dataclass(frozen=True)
class Finding:
    """
    One fact that points hang on.

    ``item``: a key of ``ITEMS``; ``entry`` names where it stands (a ledger entry, a row of a file);
    ``problem`` tells which findings are of one problem; ``times`` counts a petition; ``bad_effect`` of item 7.
    """

    item: str
    entry: str
    problem: str = ""
    times: int = 1
    bad_effect: bool = False


@dataclass(frozen=True)
class Points:
    """
    Points of one unit in one month.

    ``rows``: (item, points, entry), negative where taken; ``failed_by``: what fails the month whatever
    its points; ``grade``: a key of ``GRADES``.
    """

    points: int
    construction: int
    operation: int
    rows: tuple[tuple[str, int, str], ...]
    failed_by: tuple[str, ...]
    grade: str


def assess(findings: Iterable[Finding], rule: Assessment) -> Points:
    """
    Points and grade of one unit in one month.

    Parameters
    ----------
    findings : iterable of Finding
        Verified ones only; an item of 1 to 3 stands here when it was **not** met. Their order changes nothing.

    Raises
    ------
    ValueError
        A finding of no known item.

    Notes
    -----
    Items 4 to 6 take points down to nothing; what item 7 lacks is taken from the total; items 9 and 10 are
    taken from the operation block, down to nothing (LOOP 3). Of one problem under several of items 8-10
    (reading ``media``) or 4-10 (reading ``all``) only the highest counts.

    Examples
    --------
    >>> eleven = [Finding("4", f"issue {n}", str(n)) for n in range(11)]
    >>> assess(eleven, Assessment()).points, assess(eleven, Assessment()).grade
    (89, 'good')
    """
    found = sorted(set(findings), key=lambda f: (f.item, f.problem, f.entry))
    unknown = [f.item for f in found if f.item not in ITEMS]
    if unknown:
        raise ValueError(f"item {unknown[0]!r} is none of {', '.join(ITEMS)}.")
    counted = _highest_only(found, rule)
    unmet = [f for f in counted if f.item in ("1", "2", "3")]
    rows: list[tuple[str, int, str]] = []
    for item, each, most in (
        ("4", rule.missed_each, rule.missed_points),
        ("5", rule.late_each, rule.late_points),
        ("6", rule.late_each, rule.late_points),
        ("7", rule.inspection_each, rule.inspection_points),
    ):
        rows += _down_to(most, each, [f for f in counted if f.item == item])
    whole = rule.missed_points + 2 * rule.late_points + rule.inspection_points
    operation = whole + sum(points for _, points, _ in rows)
    for f in counted:
        if f.item in ("media_region", "media_prefecture"):
            points = min(getattr(rule, f.item), operation)
            operation -= points
            rows.append((f.item, -points, f.entry))
    bonus = _down_to(rule.bonus_most, rule.bonus_each, [f for f in counted if f.item == "bonus"])
    rows += [(item, -points, entry) for item, points, entry in bonus]
    of_network = [] if rule.veto == "total" else _network(unmet, rule)
    building = 3 * rule.construction + sum(points for _, points, _ in of_network)
    rows = of_network + rows
    total = 3 * rule.construction + whole + sum(points for _, points, _ in rows)
    # What item 7 lacks is taken from the total, not from the block.
    sevenths = [f for f in counted if f.item == "7"]
    lacking = min(max(rule.inspection_each * len(sevenths) - rule.inspection_points, 0), total)
    if lacking:
        rows.append(("7", -lacking, sevenths[-1].entry))
    total -= lacking
    if unmet and rule.veto == "total":
        rows.append((unmet[0].item, -total, unmet[0].entry))
        total = building = 0
    if rule.total_cap != "none" and total > int(rule.total_cap):
        rows.append(("bonus", int(rule.total_cap) - total, "total_cap"))
        total = int(rule.total_cap)
    failed = _failing(found, rule)
    return Points(total, building, operation, tuple(rows), failed, "failed" if failed else grade(total, rule))


def grade(points: float, rule: Assessment) -> str:
    """
    The grade of so many points; also of an average.

    Examples
    --------
    >>> [grade(p, Assessment()) for p in (90, 89.5, 79, 60, 59)]
    ['excellent', 'good', 'passed', 'passed', 'failed']
    >>> grade(60, Assessment(below_60="fail_at_60")), grade(89.5, Assessment(gap="integer"))
    ('failed', 'excellent')
    """
    if rule.gap == "integer":
        from hotspot.rules.rounding import round_half_even

        points = round_half_even(points)
    best, good, passed = rule.grades
    if points >= best:
        return "excellent"
    if points >= good:
        return "good"
    return "passed" if points > passed or (points == passed and rule.below_60 == "pass_at_60") else "failed"


def is_missed(origin: str, should_have: str) -> bool:
    """
    A problem that others found although the unit should have (B23).

    Examples
    --------
    >>> is_missed("inspection", "yes"), is_missed("inspection", "unknown"), is_missed("self", "yes")
    (True, False, False)
    """
    return origin in MISSED_ORIGINS and should_have == "yes"


def after_failed_months(failed: Iterable[str], month: str, rule: Assessment) -> str:
    """
    What failed months in a row lead to (B24): "" or the words.

    Examples
    --------
    >>> after_failed_months(["2023-11", "2023-12", "2024-01"], "2024-01", Assessment())
    '专项督查、问责建议'
    """
    from hotspot.rules.calendar import month_minus

    run, known = 0, set(failed)
    while month_minus(month, run) in known:
        run += 1
    return "专项督查、问责建议" if run >= rule.failed_months else ""


def _down_to(most: int, each: int, findings: list[Finding]) -> list[tuple[str, int, str]]:
    """Rows that take ``each`` until ``most`` is used up; later ones take nothing and are still named."""
    rows, left = [], most
    for f in findings:
        points = min(each, left)
        left -= points
        rows.append((f.item, -points, f.entry))
    return rows


def _network(findings: list[Finding], rule: Assessment) -> list[tuple[str, int, str]]:
    """Items 1-3, all or nothing; under the reading ``block`` one that is not met takes all three."""
    if rule.veto == "block":
        return [(f.item, -3 * rule.construction if n == 0 else 0, f.entry) for n, f in enumerate(findings)]
    first: dict[str, Finding] = {}
    for f in findings:
        first.setdefault(f.item, f)
    return [(item, -rule.construction, f.entry) for item, f in first.items()]


def _highest_only(found: list[Finding], rule: Assessment) -> list[Finding]:
    """Of one problem under several items only the heaviest, by the reading ``no_double``."""
    weight = {
        "media_national": 1000, "media_region": rule.media_region, "media_prefecture": rule.media_prefecture,
        "4": rule.missed_each, "5": rule.late_each, "6": rule.late_each, "7": rule.inspection_each,
    }  # fmt: skip
    together = set(MEDIA) if rule.no_double == "media" else set(weight)
    heaviest: dict[str, Finding] = {}
    for f in found:
        if f.item in together and f.problem:
            standing = heaviest.get(f.problem)
            if standing is None or weight[f.item] > weight[standing.item]:
                heaviest[f.problem] = f
    return [f for f in found if not (f.item in together and f.problem) or heaviest[f.problem] is f]


def _failing(found: list[Finding], rule: Assessment) -> tuple[str, ...]:
    """What fails the month whatever its points (B14 item 8, B24)."""
    out = []
    for f in found:
        if f.item in ("media_national", "instruction") or (f.item == "7" and f.bad_effect):
            out.append(f"{ITEMS[f.item][0]}（{f.entry}）")
        elif f.item == "petition" and f.times >= rule.petitions:
            out.append(f"{ITEMS['petition'][0]}{f.times}次（{f.entry}）")
    return tuple(out)
