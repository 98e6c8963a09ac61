"""
What an account sees and may write: from the register of the network on the day, judged by the ledger's own rules.

A person sees the cells of his units and of all units below them: a county its own, a prefecture its counties' too.
An office that stands in no register sees the place its account names; whoever stands in no row is not judged
(``ledger.network.people``), so what it may write is the administrator's decision.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from hotspot.desk.accounts import Account
from hotspot.desk.kept import Kept
from hotspot.ledger.network.people import Register
from hotspot.rules.network import ROLES
from hotspot.study import Study
from hotspot.workflows.closing.network import joined_cells, judge_of, units_below

ONLY_READS = "此账号只能查看 (this account only reads)"
LEFT = "不在今日的网格人员名单中 (not in the register of today)"


@dataclass(frozen=True)
class Network:
    """The register of one day with the cells of its units; without a register nobody is judged."""

    study: Study
    register: Register | None
    owned: dict[str, frozenset[str]]  # unit -> its cells
    day: str
    _below: dict[str, frozenset[str]] = field(default_factory=dict)  # unit -> its cells and those below, as asked
    # What was asked of this day before: a register is the same all day long, and another one is another ``Network``.
    _kept: Kept = field(default_factory=lambda: Kept(10_000))

    @classmethod
    def on(cls, study: Study, day: str) -> "Network":
        """Read the register and join its units to cells, as they stand on a day."""
        found = judge_of(study)
        if found is None:
            return cls(study, None, {}, day)
        joined = joined_cells(study, *found, day)
        # A village without an outline, and a key grid, own no cell and still look after some.
        joined = joined[joined["owner"] | joined["tier"].isin(["key"]) | joined["how"].isin(["parent"])]
        owned = {str(unit): frozenset(own["cell"].astype(str)) for unit, own in joined.groupby("unit")}
        units = found[0].units
        for unit in units.loc[units["tier"] == "cell", "unit"]:
            owned.setdefault(str(unit), frozenset([str(unit)]))
        return cls(study, found[0], owned, day)

    def posts(self, person: str) -> list[dict[str, Any]]:
        """What a person holds on the day: records ``unit, name, tier, role``; nothing where he has left."""
        return self._kept.of(("posts", person), self.day, lambda: self._posts(person))

    def _posts(self, person: str) -> list[dict[str, Any]]:
        if self.register is None:
            return []
        standing = self.register.on(self.day)
        units = standing.units.set_index("unit")
        own = standing.people[standing.people["person"] == person]
        return [
            {"unit": row.unit, "name": units["name"].get(row.unit, row.unit), "tier": units["tier"].get(row.unit, ""),
             "role": ROLES[row.role], "key": row.role, "phone": row.phone}
            for row in own.itertuples()
        ]  # fmt: skip

    def cells(self, account: Account) -> Collection[str] | None:
        """The cells an account sees; None for all of the study."""
        name = ("cells", account.person, account.place)
        return self._kept.of(name, self.day, lambda: self._cells(account))

    def _cells(self, account: Account) -> Collection[str] | None:
        if account.person:
            return frozenset().union(*(self._cells_below(post["unit"]) for post in self.posts(account.person)))
        if not account.place:
            return None
        city, _, county = account.place.partition("/")
        named = [self.study.cells[name].values.astype(str).tolist() for name in ("cell", "city", "county")]
        return frozenset(c for c, of, at in zip(*named, strict=True) if of == city and county in ("", at))

    def _cells_below(self, unit: str) -> frozenset[str]:
        if unit not in self._below and self.register is not None:
            units = units_below(self.register.on(self.day).units, unit)
            self._below[unit] = frozenset().union(*(self.owned.get(one, frozenset()) for one in units))
        return self._below[unit]

    def signs(self, account: Account) -> str:
        """How what an account writes is signed in the ledger: the name, or the register's id where two share a name."""
        if not account.person or self.register is None:
            return account.name
        people = self.register.people
        same = self._kept.of(
            ("name", account.name), self.day, lambda: set(people.loc[people["name"] == account.name, "person"])
        )
        return account.name if same == {account.person} else account.person

    def bars(self, account: Account) -> str:
        """Why an account writes nothing at all, or ""."""
        if account.role == "read":
            return ONLY_READS
        if account.person and not self.posts(account.person):
            return LEFT
        return ""

    def why_not(self, account: Account, step: str, time: str, facility: str = "") -> str:
        """Why an account may not write a step, or "": what the ledger would say (``Register.why_not``)."""
        why = self.bars(account)
        if why or self.register is None or not account.person:
            return why
        register, by = self.register, self.signs(account)
        return self._kept.of(("may", by, step, facility), time[:10], lambda: register.why_not(by, step, time, facility))
