"""
Who may write what: staffing of the network, duties of its people, avoidance of interest (B1, B2, B3, B12, D17).

A person counts on the days from ``from`` to ``until``, both included; an empty date is open.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import pandas as pd

from hotspot.rules.network import ALLOWS, ROLES, TIERS, Network, Staffing, rank_reaches

CHIEFS = ("chief", "co_chief")
SUPERVISORS = ("supervisor_full", "supervisor_part")
FINDING_COLUMNS = ["tier", "unit", "name", "zh", "en", "clause"]


@dataclass(frozen=True)
class Register:
    """
    Units and people of a study, as ``sources.network.read_network`` reads them, under the rules of its profile.

    ``enterprises``: name -> ids of those that somebody has an interest in; people write names, the register ids.
    """

    units: pd.DataFrame
    people: pd.DataFrame
    rule: Network
    enterprises: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def on(self, day: str) -> "Register":
        """
        The register as it stands on a day.

        Examples
        --------
        >>> units = pd.DataFrame({"unit": ["a", "b"], "tier": "village", "from": "", "until": ["2025-01-31", ""]})
        >>> people = pd.DataFrame(columns=["person", "unit", "role", "from", "until"], dtype=object)
        >>> Register(units, people, Network()).on("2025-02-01").units["unit"].tolist()
        ['b']
        """
        return replace(self, units=in_force(self.units, day), people=in_force(self.people, day))

    def people_of(self, unit: str) -> pd.DataFrame:
        """The people of one unit, chiefs first."""
        own = self.people[self.people["unit"] == unit]
        order = own["role"].map({role: n for n, role in enumerate(ROLES)})
        return own.assign(order=order).sort_values(["order", "person"], kind="stable").drop(columns="order")

    def why_not(self, by: str, step: str, day: str, facility: str = "") -> str:
        """
        Why a person may not write a step, or "".

        Parameters
        ----------
        by : str
            Name or id; somebody who stands in no row is not judged.
        step : str
            A state of ``ledger.answers.issues``; "visit" for what was found on the spot.
        day : str, local ISO time of the step
        facility : str, the enterprise it is about: its id, or a text in which its name stands

        Notes
        -----
        Who stands in the register under several units, or shares a name, may write what any of them may;
        an interest of any of them is one too many.

        Examples
        --------
        >>> units = pd.DataFrame({"unit": ["V"], "tier": "village", "name": "甲村", "from": "", "until": ""})
        >>> one = {"person": "p1", "name": "王五", "unit": "V", "role": "supervisor_full", "rank": "other"}
        >>> people = pd.DataFrame([one | {"from": "", "until": "", "interests": "F1;F2"}])
        >>> duties = {"village": {"words": "巡查+制止+上报+协助", "may": ["patrol", "stop", "report"]}}
        >>> register = Register(units, people, Network(duties=duties))
        >>> register.why_not("王五", "accepted", "2025-12-01")
        '王五 (村（社区）) may not write accepted: 巡查+制止+上报+协助 (B2)'
        >>> register.why_not("王五", "visit", "2025-12-01", "F2")
        'avoidance: 王五 has an interest in F2 (B annex 1 art. 11)'
        """
        standing = self.on(day[:10])
        own = standing.people[(standing.people["name"] == by) | (standing.people["person"] == by)]
        if not len(own):
            return ""
        if facility and step in ("visit", "accepted"):
            meant = {facility}.union(*(ids for name, ids in self.enterprises.items() if name in facility))
            for text in own["interests"]:
                if meant & set(interests_in(text)):
                    return f"avoidance: {by} has an interest in {facility} (B annex 1 art. 11)"
        tiers = standing.units.set_index("unit")["tier"]
        held = [str(tiers[unit]) for unit in own["unit"] if unit in tiers.index]
        needed = ALLOWS["found"] | ALLOWS["rectifying"] if step == "visit" else ALLOWS[step]
        judged = [tier for tier in held if tier in self.rule.duties]
        if not judged or len(judged) < len(held) or any(needed & set(self.rule.duties[tier].may) for tier in judged):
            return ""
        first = judged[0]
        return f"{by} ({self.rule.name_of(first)}) may not write {step}: {self.rule.duties[first].words} (B2)"


def interests_in(text: object) -> list[str]:
    """
    Ids of the enterprises in one field of the register.

    Examples
    --------
    >>> interests_in("F1；F2; "), interests_in("")
    (['F1', 'F2'], [])
    """
    return [part.strip() for part in str(text).replace("；", ";").split(";") if part.strip()]


def staffing_findings(register: Register, day: str) -> pd.DataFrame:
    """
    Where the network is not staffed as its document asks.

    Parameters
    ----------
    day : str, "YYYY-MM-DD"; who has left by then does not count

    Returns
    -------
    DataFrame with ``FINDING_COLUMNS``, by tier and unit; ``zh`` and ``en`` one finding each

    Examples
    --------
    >>> units = pd.DataFrame({"unit": ["T"], "tier": "township", "name": "甲镇", "from": "", "until": ""})
    >>> row = {"unit": "T", "name": "", "rank": "other", "from": "", "until": "", "interests": ""}
    >>> roles = ["supervisor_full"] * 2 + ["supervisor_part"] * 3
    >>> people = pd.DataFrame([row | {"person": str(n), "role": role} for n, role in enumerate(roles)])
    >>> rule = Network(staffing={"township": {"least": 3, "most": 5, "full_time": 3}})
    >>> staffing_findings(Register(units, people, rule), "2025-12-01")["en"].tolist()
    ['1 full-time lacking']
    """
    standing = register.on(day)
    rows: list[dict] = []
    tiers = list(TIERS)
    for unit in standing.units.itertuples():
        needed = register.rule.staffing_of(unit.tier)
        if needed is None:
            continue
        own = standing.people[standing.people["unit"] == unit.unit]
        for zh, en in [*_chiefs(own, needed), *_deputies(own, needed), *_supervisors(own, needed)]:
            rows.append({"tier": unit.tier, "unit": unit.unit, "name": unit.name, "zh": zh, "en": en, "clause": "B3"})
    rows += _several(standing)
    table = pd.DataFrame(rows, columns=FINDING_COLUMNS)
    order = table["tier"].map(tiers.index) if len(table) else []
    return table.assign(order=order).sort_values(["order", "unit"], kind="stable").drop(columns="order")


def count_check(counts: dict[str, int], rule: Network) -> list[tuple[str, str]]:
    """
    Units counted against the numbers that a document gives, Chinese and English; nothing where they agree.

    Examples
    --------
    >>> rule = Network(words={"village": "三级"}, counts={"county": 8, "village": 998})
    >>> count_check({"county": 8, "village": 997}, rule)
    [('三级登记997个，文件为998个', '三级 997, register says 998')]
    """
    told = []
    for tier, said in rule.counts.items():
        found = counts.get(tier, 0)
        if found != said:
            name = rule.name_of(tier)
            told.append((f"{name}登记{found}个，文件为{said}个", f"{name} {found}, register says {said}"))
    return told


def in_force(table: pd.DataFrame, day: str) -> pd.DataFrame:
    """The rows of a register that count on a day: from ``from`` to ``until``, both inside, empty open."""
    begun = (table["from"] == "") | (table["from"] <= day)
    return table[begun & ((table["until"] == "") | (table["until"] >= day))]


def _persons(own: pd.DataFrame, roles: Sequence[str]) -> int:
    return own[own["role"].isin(roles)]["person"].nunique()


def _chiefs(own: pd.DataFrame, needed: Staffing) -> Iterable[tuple[str, str]]:
    found = _persons(own, CHIEFS)
    if found < needed.chiefs:
        lacking = needed.chiefs - found
        yield f"缺网格长{lacking}名（应为{needed.chiefs}名）", f"{lacking} chief{'s'[: lacking != 1]} lacking"


def _deputies(own: pd.DataFrame, needed: Staffing) -> Iterable[tuple[str, str]]:
    if not needed.deputy_rank:
        return
    ranks = own[own["role"] == "deputy_chief"]["rank"]
    if not any(rank_reaches(rank, needed.deputy_rank) for rank in ranks):
        zh = {"county_deputy": "副处级", "township_deputy": "副科级"}[needed.deputy_rank]
        yield f"没有{zh}以上副网格长包联", f"no deputy of rank {needed.deputy_rank} or above"


def _supervisors(own: pd.DataFrame, needed: Staffing) -> Iterable[tuple[str, str]]:
    total, full = _persons(own, SUPERVISORS), _persons(own, SUPERVISORS[:1])
    if needed.most and total > needed.most:
        yield f"监督员{total}名，应为{needed.least}—{needed.most}名", f"{total} of {needed.least}-{needed.most}"
    if total < needed.least:
        lacking = needed.least - total
        yield f"缺监督员{lacking}名", f"{lacking} supervisor{'s'[: lacking != 1]} lacking"
    if full < needed.full_time:
        yield f"缺专职监督员{needed.full_time - full}名", f"{needed.full_time - full} full-time lacking"


def _several(standing: Register) -> list[dict[str, Any]]:
    """One person as chief of two units; a deputy who answers for more units than the document allows."""
    people, tiers = standing.people, standing.units.set_index("unit")["tier"]
    rows = []
    chief = people[people["role"].isin(CHIEFS) & people["unit"].isin(tiers.index)]
    # A key grid is looked after by the chiefs themselves, so they stand there a second time.
    chief = chief[chief["unit"].map(tiers) != "key"]
    for person, own in chief.groupby("person", sort=True):
        units = sorted(set(own["unit"]))
        if len(units) > 1:
            name, n = own["name"].iloc[0] or person, len(units)
            zh, en = f"{name}任{n}个单位的网格长", f"{name} is chief of {n} units: {', '.join(units)}"
            rows.append({"tier": tiers[units[0]], "unit": units[0], "name": name, "zh": zh, "en": en, "clause": "B3"})
    deputies = people[(people["role"] == "deputy_chief") & people["unit"].isin(tiers.index)]
    for (person, tier), own in deputies.assign(tier=deputies["unit"].map(tiers)).groupby(["person", "tier"], sort=True):
        needed, n = standing.rule.staffing_of(str(tier)), own["unit"].nunique()
        if needed is not None and 0 < needed.deputy_most < n:
            name, unit = own["name"].iloc[0] or person, sorted(own["unit"])[0]
            zh = f"副网格长{name}包联{n}个{standing.rule.name_of(str(tier))}，最多{needed.deputy_most}个"
            en = f"deputy {name} answers for {n} units, at most {needed.deputy_most}"
            rows.append({"tier": tier, "unit": unit, "name": name, "zh": zh, "en": en, "clause": "B3"})
    return rows


def unit_counts(register: Register, day: str) -> dict[str, int]:
    """How many units of each tier stand on a day."""
    return dict(Counter(register.on(day).units["tier"]))


class Answers(NamedTuple):
    """One person who answers for a cell, as it is printed."""

    name: str = ""
    phone: str = ""
    place: str = ""  # unit and duty
    since: str = ""

    @property
    def said(self) -> str:
        """Name and number in one."""
        return f"{self.name} {self.phone}".strip()


NOBODY = (Answers(), Answers(), Answers())


def answerable(register: Register, joined: pd.DataFrame, day: str) -> dict[str, tuple[Answers, Answers, Answers]]:
    """
    Who answers for each cell: its chief, its supervisor, the village's liaison, from the lowest tier that has one.

    Parameters
    ----------
    joined : DataFrame, from ``grid.unit_cells``
    day : str, "YYYY-MM-DD"

    Returns
    -------
    dict cell -> (chief, supervisor, liaison); of cells for which anybody is registered

    Examples
    --------
    >>> units = pd.DataFrame({"unit": ["T"], "tier": "township", "name": "甲镇", "from": "", "until": ""})
    >>> one = {"person": "1", "name": "李四", "unit": "T", "role": "chief", "phone": "0994-1", "from": "", "until": ""}
    >>> joined = pd.DataFrame({"cell": ["A"], "tier": "township", "unit": "T", "owner": True})
    >>> people = pd.DataFrame([one | {"duty": "镇长"}])
    >>> [who.said for who in answerable(Register(units, people, Network()), joined, "2025-12-31")["A"]]
    ['李四 0994-1', '', '']
    """
    standing = register.on(day)
    names = dict(zip(standing.units["unit"], standing.units["name"], strict=True))
    first: dict[tuple[str, str], Answers] = {}
    kinds = (CHIEFS, SUPERVISORS, ("liaison",))
    for roles in kinds:
        rows = standing.people[standing.people["role"].isin(roles)]
        order = rows["role"].map({role: n for n, role in enumerate(roles)})
        for row in rows.assign(order=order).sort_values(["order", "person"], kind="stable").to_dict("records"):
            place = f"{names.get(row['unit'], '')} {row.get('duty', '')}".strip()
            first.setdefault((row["unit"], roles[0]), Answers(row["name"], row["phone"], place, row["from"]))
    own = dict(list(joined[joined["owner"]].groupby("cell", sort=False)))
    cells = set(joined["cell"]) | set(standing.units.loc[standing.units["tier"] == "cell", "unit"])
    found = {}
    for cell in sorted(cells):
        part = own.get(cell)
        by_tier = {} if part is None else dict(zip(part["tier"], part["unit"], strict=True))
        units = [cell, *(by_tier[tier] for tier in ("village", "township", "park", "county") if tier in by_tier)]
        told = [next((first[u, roles[0]] for u in units if (u, roles[0]) in first), Answers()) for roles in kinds]
        if any(one.name for one in told):
            found[cell] = (told[0], told[1], told[2])
    return found
