"""The demo's desk: its study with its invented register of people, and its synthetic year of the loop."""

from datetime import datetime, timedelta
from pathlib import Path

from hotspot.desk.accounts import Account, account_of, make_account, set_password
from hotspot.desk.desk import Desk
from hotspot.ledger.chain.storage import FILE
from hotspot.ledger.chain.store import open_ledger
from hotspot.study import load_study
from hotspot.workflows.demo import run_demo
from hotspot.workflows.hourly.alarms import run_alarms

MORNING = "2025-12-28T10:30"  # an alarm was pushed an hour and a half ago, others wait longer
MONTH = "2025-12"
PASSWORD = "hotspot-demo"
# Who gets an account: of the units that look after the cell of the latest alarm, tier and role.
_PEOPLE = (("prefecture", "chief"), ("county", "chief"), ("township", "supervisor_full"))


def demo_desk(out: Path) -> Desk:
    """
    Make the demo where it is not there, and accounts with a known password.

    Returns
    -------
    Desk whose clock begins at ``MORNING``, or after what was entered on it the last time; logins ``ministry``,
    ``admin``, one of each tier of the register where the latest alarm is, and the chief of another county
    """
    folder = Path(out) / "demo-study"
    if not (Path(out) / "demo" / MONTH).is_dir():
        run_demo(out)
    study = load_study(folder / "study.toml", data=folder)
    if not (Path(out) / "demo" / "alarms" / MONTH / "cards").is_dir():
        run_alarms(study, MONTH, out=out, cards=True)
    desk = Desk(study, out, starts=_begins(Path(out) / study.id))
    now = desk.seconds()
    offices = [("admin", "", "平台管理员", "admin"), ("ministry", "", "部调度室", "write")]
    with desk.store() as store:
        for login, person, name, role in [*offices, *_people(desk)]:
            if account_of(store, login) is None:
                make_account(store, Account(login, person, name, "", role, "", now, 0), by="demo")
                set_password(store, login, PASSWORD, now)
    return desk


def _begins(home: Path) -> str:
    """When the demo's clock starts: that morning, or after what was entered on its desk before."""
    with open_ledger(home / FILE) as ledger:
        bodies = [entry.body for entry in ledger.entries() if entry.body.get("form")]
    told = [str(body.get(name, ""))[:16] for body in bodies for name in ("received", "time", "found", "entered")]
    last = max(told, default="")
    if last < MORNING:
        return MORNING
    return (datetime.fromisoformat(last) + timedelta(minutes=1)).isoformat(timespec="minutes")


def _people(desk: Desk) -> list[tuple[str, str, str, str]]:
    """(login, person, name, role) of those whose pages are worth a look: the latest alarm is theirs."""
    standing = desk.read().standing.values()
    cell = max((one["end"], one["cell"]) for one in standing if one["state"] == "pushed" and one["end"] < MORNING)[1]
    register = desk.network.register
    assert register is not None
    tiers = register.units.set_index("unit")["tier"]
    people = register.people.assign(tier=register.people["unit"].map(tiers))
    mine = people["unit"].isin([unit for unit, cells in desk.network.owned.items() if cell in cells])
    wanted = [people[mine & (people["tier"] == tier) & (people["role"] == role)] for tier, role in _PEOPLE]
    wanted.append(people[~mine & (people["tier"] == "county") & (people["role"] == "chief")])
    first = [rows.iloc[0] for rows in wanted if len(rows)]
    return [(row["person"], row["person"], row["name"], "write") for row in first]
