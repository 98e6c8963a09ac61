"""``hotspot desk --demo`` on a small study in the demo's place: its study as it is written, its people, their pages."""

from desk_case import Visitor
from loop_town import alarm, fill_ledger

from hotspot.desk import demo
from hotspot.desk.accounts import all_accounts
from hotspot.ledger.chain.storage import FILE
from hotspot.ledger.chain.store import open_ledger
from hotspot.study import load_study
from hotspot.synthetic.office import write_office


def test_the_demo_opens_for_one_of_each_tier(small_copy, tmp_path):
    file = small_copy(tmp_path / "demo-study")
    name = load_study(file, data=file.parent).id
    file.write_text(file.read_text(encoding="utf-8").replace(f'id = "{name}"', 'id = "demo"'), encoding="utf-8")
    write_office(file)
    study = load_study(file, data=file.parent)
    fill_ledger(study, tmp_path)
    cell = study.cells["cell"].values.astype(str)[40]
    with open_ledger(tmp_path / "demo" / FILE) as ledger:
        ledger.append("alarm", "2025-12", newest := alarm(cell, "2025-12-28T06:00"))
    for made in (demo.MONTH, f"alarms/{demo.MONTH}/cards"):
        (tmp_path / "demo" / made).mkdir(parents=True)
    desk = demo.demo_desk(tmp_path)
    with desk.store() as store:
        people = {one.login: one for one in all_accounts(store)}
    tiers = [desk.network.posts(one.person)[0]["tier"] for one in people.values() if one.person]
    assert sorted(tiers) == ["county", "county", "prefecture", "township"] and {"admin", "ministry"} <= set(people)
    sees = {login: desk.sees(account, cell) for login, account in people.items()}
    assert list(sees.values()).count(False) == 1, "the chief of another county"
    for login in people:
        visitor = Visitor(desk)
        assert visitor.log_in(login, demo.PASSWORD).status_code == 200
        assert visitor.get(f"/alarms/{newest['alarm']}").status_code == (200 if sees[login] else 404)
    answered = Visitor(desk, "")
    answered.log_in("ministry", demo.PASSWORD)
    assert answered.post(f"/alarms/{newest['alarm']}/receipt").status_code == 200
    received = desk.read().kinds["receipt"][-1].body["received"]
    assert demo.demo_desk(tmp_path).minute() > received, "what was entered yesterday is not of tomorrow"
