"""Staffing, duties and avoidance of interest (B1, B2, B3, B12, D17, E1), with the vectors of LOOP 1."""

import itertools

import pandas as pd
import pytest

from hotspot.ledger.answers.issues import record_issues, record_steps
from hotspot.ledger.chain.store import open_ledger
from hotspot.ledger.network.people import Register, answerable, count_check, staffing_findings
from hotspot.rules.criteria import Criteria
from hotspot.rules.jurisdictions import load_profile
from hotspot.rules.network import Network

CHANGJI = Criteria.model_validate(load_profile("changji-2023")).network
DAY = "2025-12-31"
PLAIN = {"name": "", "rank": "other", "phone": "", "from": "", "until": "", "interests": ""}


def register(units, people, rule=CHANGJI):
    rows = [PLAIN | {"person": f"p{n}"} | row for n, row in enumerate(people)]
    table = pd.DataFrame(rows, columns=["person", "unit", "role", *PLAIN])
    shown = [{"unit": name, "tier": tier, "name": name, "from": "", "until": ""} for name, tier in units]
    return Register(pd.DataFrame(shown), table, rule)


def township(full, part, rule=CHANGJI):
    """A township with two chiefs and a deputy, and so many supervisors: the English findings."""
    people = [{"role": "chief"}, {"role": "co_chief"}, {"role": "deputy_chief", "rank": "county_deputy"}]
    people += [{"role": "supervisor_full"}] * full + [{"role": "supervisor_part"}] * part
    found = register([("T", "township")], [row | {"unit": "T"} for row in people], rule)
    return staffing_findings(found, DAY)["en"].tolist()


def village(full, part):
    people = [{"role": "chief"}, {"role": "co_chief"}, {"role": "deputy_chief", "rank": "township_deputy"}]
    people += [{"role": "supervisor_full"}] * full + [{"role": "supervisor_part"}] * part
    return staffing_findings(register([("V", "village")], [row | {"unit": "V"} for row in people]), DAY)["en"].tolist()


def test_b3_a_township_has_three_to_five_supervisors_three_of_them_full_time():
    assert township(3, 0) == township(3, 2) == []
    assert township(3, 3) == ["6 of 3-5"]
    assert township(3, 3, CHANGJI.model_copy(update={"township_total": "3 or more"})) == []
    assert township(2, 3) == ["1 full-time lacking"]
    assert township(1, 0) == ["2 supervisors lacking", "2 full-time lacking"]


def test_b3_a_village_has_three_supervisors_one_of_them_full_time():
    assert village(0, 3) == ["1 full-time lacking"]
    assert village(2, 0) == ["1 supervisor lacking"]
    assert village(1, 2) == village(1, 9) == []


def test_b3_a_deputy_answers_for_two_townships_and_every_township_has_one():
    units = [(f"T{n}", "township") for n in range(4)]
    staff = [
        {"unit": name, "role": role, "person": f"{name}{role}{n}"}
        for name, _ in units
        for role, n in [("chief", 0), ("co_chief", 0), *(("supervisor_full", k) for k in range(3))]
    ]
    deputy = {"role": "deputy_chief", "person": "d", "name": "李副县长", "rank": "county_deputy"}
    two = [deputy | {"unit": f"T{n}"} for n in range(2)]
    other = [deputy | {"person": "e", "unit": f"T{n}"} for n in (2, 3)]
    assert staffing_findings(register(units, [*staff, *two, *other]), DAY).empty
    three = staffing_findings(register(units, [*staff, *two, deputy | {"unit": "T2"}, other[1]]), DAY)
    assert three["en"].tolist() == ["deputy 李副县长 answers for 3 units, at most 2"]
    none = staffing_findings(register(units, [*staff, *two, other[0]]), DAY)
    assert none[["unit", "en"]].values.tolist() == [["T3", "no deputy of rank county_deputy or above"]]
    low = [*staff, *two, other[0], other[1] | {"rank": "township_deputy"}]
    assert staffing_findings(register(units, low), DAY)["unit"].tolist() == ["T3"]


def test_b3_who_has_left_does_not_count_and_one_person_is_not_chief_of_two_units():
    gone = [{"unit": "T", "role": "supervisor_full"} for _ in range(3)]
    gone[0] |= {"until": "2025-12-30"}
    people = [{"unit": "T", "role": role} for role in ("chief", "co_chief")]
    people += [{"unit": "T", "role": "deputy_chief", "rank": "county_deputy"}, *gone]
    found = register([("T", "township")], people)
    assert staffing_findings(found, "2025-12-30").empty, "the last day counts"
    assert staffing_findings(found, DAY)["en"].tolist() == ["1 supervisor lacking", "1 full-time lacking"]
    units = [("C1", "county"), ("C2", "county"), ("K", "key")]
    two = [{"unit": unit, "role": "chief", "person": "x", "name": "王"} for unit in ("C1", "C2", "K")]
    two += [{"unit": unit, "role": "co_chief", "person": unit} for unit in ("C1", "C2", "K")]
    assert staffing_findings(register(units, two), DAY)["en"].tolist() == ["王 is chief of 2 units: C1, C2"]
    assert staffing_findings(register(units, two[:1] + two[3:]), DAY)["en"].tolist() == [
        "1 chief lacking", "1 chief lacking",
    ]  # fmt: skip


def test_d17_a_cell_of_cangzhou_has_a_chief_and_a_full_time_supervisor():
    rule = Criteria.model_validate(load_profile("cangzhou-2017")).network
    people = [{"unit": "PQ1848E", "role": "chief", "name": "李", "phone": "1"}]
    found = register([("PQ1848E", "cell")], people, rule)
    assert staffing_findings(found, DAY)["en"].tolist() == ["1 supervisor lacking", "1 full-time lacking"]
    joined = pd.DataFrame(columns=["cell", "tier", "unit", "owner"]).astype({"owner": bool})
    assert [who.said for who in answerable(found, joined, DAY)["PQ1848E"]] == ["李 1", "", ""]


def test_e1_urumqi_counts_its_units_and_asks_for_no_staff():
    rule = Criteria.model_validate(load_profile("urumqi-2024")).network
    whole = {"county": 8, "township": 118, "village": 998, "key": 26}
    assert count_check(whole, rule) == []
    assert [en for _, en in count_check(whole | {"village": 997}, rule)] == ["三级 997, register says 998"]
    assert staffing_findings(register([("T", "township")], [], rule), DAY).empty


FOUND = {"origin": "自查", "found": "2025-12-02 10:00", "cell": "A", "problem": "裸土未苫盖", "text": "二亩"}
UNITS = [("P", "prefecture"), ("C", "county"), ("T", "township"), ("V", "village")]
PEOPLE = [{"unit": unit, "role": "supervisor_full", "person": unit, "name": f"{unit}甲"} for unit, _ in UNITS]


@pytest.mark.parametrize(
    ("who", "step", "said"),
    [
        ("C甲", "assigned", ""), ("T甲", "assigned", "巡查检查+督促整改+收集上报+配合调查"),
        ("V甲", "claimed", "巡查+制止+上报+协助"), ("T甲", "claimed", ""), ("C甲", "accepted", ""),
        ("T甲", "accepted", "巡查检查+督促整改+收集上报+配合调查"), ("P甲", "spot_checked", ""),
        ("C甲", "spot_checked", "统筹+检查+执法"), ("V甲", "handed_up", ""), ("不在册", "accepted", ""),
    ],
)  # fmt: skip
def test_b2_a_step_is_written_by_whose_duty_it_is(who, step, said):
    why = register(UNITS, PEOPLE).why_not(who, step, DAY)
    assert (said in why and "B2" in why) if said else why == ""


def test_b2_b12_in_the_ledger_a_step_of_another_duty_and_an_interested_acceptance_are_set_aside(tmp_path):
    people = [*PEOPLE, {"unit": "C", "role": "lead", "person": "q", "name": "亲属", "interests": "F1；F2"}]
    network = register(UNITS, people)
    steps = [("assigned", "C甲"), ("claimed", "V甲"), ("claimed", "T甲"), ("accepted", "亲属"), ("accepted", "C甲")]
    with open_ledger(tmp_path / "ledger.sqlite") as ledger:
        rows = [FOUND | {"by": "V甲", "facility": "F2"}, FOUND | {"by": "P甲", "text": "三亩"}]
        assert record_issues(ledger, rows, register=network)["state"].tolist() == ["recorded", "recorded"]
        told = record_steps(
            ledger,
            [
                {"issue": "I202512-0001", "step": step, "by": by, "time": f"2025-12-0{3 + n}T09:00"}
                for n, (step, by) in enumerate(steps)
            ],
            register=network,
        )
    assert told["state"].tolist() == ["recorded", "quarantined", "recorded", "quarantined", "recorded"]
    assert told["why"].tolist()[1] == "V甲 (村（社区）) may not write claimed: 巡查+制止+上报+协助 (B2)"
    assert told["why"].tolist()[3] == "avoidance: 亲属 has an interest in F2 (B annex 1 art. 11)"


def test_law_order_of_rows_changes_no_finding():
    people = [{"unit": "T", "role": role, "person": f"p{n}"} for n, role in enumerate(["chief", "supervisor_part"] * 2)]
    told = {
        staffing_findings(register([("T", "township")], [people[k] for k in order]), DAY).to_csv()
        for order in itertools.permutations(range(4))
    }
    assert len(told) == 1


def test_a_profile_without_a_network_judges_nobody():
    assert register(UNITS, PEOPLE, Network()).why_not("V甲", "accepted", DAY) == ""
