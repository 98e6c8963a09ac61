"""
The ledger as the desk reads it: its entries held in memory, growing as the chain grows, asked in parts.

The views of ``hotspot.ledger`` read whole kinds of entries. A page is about one alarm, one problem, one county or the
last weeks, so they are given the entries of that part alone (``Part``), and what they compute of it is the same.

Many threads read and one writes. What is indexed changes under one lock that is held for an instant only, never while a
database is asked; whoever reads an index from outside gets a copy of what he asked for.
"""

import threading
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hotspot.ledger.answers.issues import OPEN
from hotspot.ledger.chain.store import START, Entry, Ledger, open_ledger


class Part(Ledger):
    """Some entries of a ledger, to be read only."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._kinds: Mapping[str, list[Entry]] = defaultdict(list)
        for entry in sorted(entries, key=lambda entry: entry.seq):
            self._kinds[entry.kind].append(entry)

    @classmethod
    def of(cls, kinds: Mapping[str, list[Entry]]) -> "Part":
        """Entries that are parted by kind and in order already; the lists are the part's own from now on."""
        part = cls(())
        part._kinds = kinds
        return part

    def entries(self, kind: str | None = None, month: str | None = None) -> list[Entry]:
        """As ``Ledger.entries``."""
        if kind is None:
            found = sorted((entry for own in self._kinds.values() for entry in own), key=lambda entry: entry.seq)
        else:
            found = self._kinds.get(kind, [])
        return list(found) if month is None else [entry for entry in found if entry.month == month]

    def heads(self) -> dict[tuple[str, str], Entry]:
        """As ``Ledger.heads``."""
        return dict(sorted({(entry.kind, entry.month): entry for entry in self.entries()}.items()))


class Book:
    """
    Every entry of a ledger, by what it is about.

    ``alarms``: number -> its entries, with the receipts and answers; ``issues``: number -> its entries with the steps;
    ``standing``: number -> what stands of an alarm; ``open``: numbers of problems that are not accepted yet;
    ``cells``: cell -> (numbers of alarms, numbers of problems, findings in a warned cell);
    ``photos``: name -> the cells whose entries show it.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._writer = threading.Lock()
        self._clear()

    def _clear(self) -> None:
        self.kinds: dict[str, list[Entry]] = defaultdict(list)
        self.all: list[Entry] = []
        self.heads: dict[tuple[str, str], Entry] = {}
        self.alarms: dict[str, list[Entry]] = defaultdict(list)
        self.issues: dict[str, list[Entry]] = defaultdict(list)
        self.open: set[str] = set()
        self.cells: dict[str, tuple[set[str], set[str], list[Entry]]] = {}
        self.forms: dict[str, Entry] = {}
        self.standing: dict[str, dict[str, Any]] = {}
        self.photos: dict[str, set[str]] = defaultdict(set)
        self._ends: list[tuple[str, str]] = []  # (end, number) of what stands of each alarm, in order
        self._last: dict[str, Entry] = {}  # cell -> the last entry about it; "": the last list of a month

    @property
    def seq(self) -> int:
        """The number of the last entry that is known; 0 at the beginning."""
        return self.all[-1].seq if self.all else 0

    @property
    def head(self) -> str:
        """Its hash."""
        return self.all[-1].hash if self.all else START

    def read(self, ledger: Ledger) -> None:
        """Take up what the ledger has more; where it no longer holds what is known (a restored copy), read it anew."""
        with self._lock:
            seq, head = self.seq, self.head
        found = ledger.after(max(seq - 1, 0))
        if seq and (not found or found[0].hash != head):
            found = ledger.after(0)
            with self._lock:
                self._clear()
                self.extend(found)
        elif len(found) > (seq > 0):
            self.extend(found)

    def extend(self, entries: Iterable[Entry]) -> None:
        """Take up entries that follow; those that somebody else has taken up meanwhile are known."""
        with self._lock:
            for entry in entries:
                if entry.seq == self.seq + 1 and entry.previous == self.head:
                    self._take(entry)

    def _take(self, entry: Entry) -> None:
        body, kind = entry.body, entry.kind
        self.all.append(entry)
        self.kinds[kind].append(entry)
        self.heads[kind, entry.month] = entry
        if body.get("form"):
            self.forms[body["form"]] = entry
        if kind in ("alarm", "receipt", "feedback") and body.get("alarm"):
            self.alarms[body["alarm"]].append(entry)
            if kind == "alarm":
                self._stand(entry)
            self._about(entry, self.standing.get(body["alarm"], body).get("cell", ""))
        elif kind == "feedback":
            self._cell(body["cell"])[2].append(entry)
            self._about(entry, body["cell"])
        elif kind in ("issue", "step"):
            own = self.issues[body["issue"]]
            own.append(entry)
            if kind == "issue":
                self._cell(body["cell"])[1].add(body["issue"])
            (self.open.add if kind == "issue" or body["step"] in OPEN else self.open.discard)(body["issue"])
            self._about(entry, own[0].body.get("cell", ""))
        elif kind == "month":
            self._last[""] = entry

    def _stand(self, entry: Entry) -> None:
        """An alarm, or its revision, which may have moved it in time or place."""
        body, before = entry.body, self.standing.get(entry.body["alarm"])
        if before is not None:
            self._last[before["cell"]] = entry
            del self._ends[bisect_left(self._ends, (before.get("end") or before["time"], body["alarm"]))]
        insort(self._ends, (body.get("end") or body["time"], body["alarm"]))
        self.standing[body["alarm"]] = body
        self._cell(body["cell"])[0].add(body["alarm"])

    def _about(self, entry: Entry, cell: str) -> None:
        self._last[cell or "?"] = entry
        for name in filter(None, str(entry.body.get("photos", "")).split(";")):
            self.photos[name].add(cell)

    def _cell(self, name: str) -> tuple[set[str], set[str], list[Entry]]:
        return self.cells.setdefault(name, (set(), set(), []))

    def alarm(self, name: str) -> dict[str, Any] | None:
        """What stands of an alarm: the body of its latest revision."""
        return self.standing.get(name)

    def state(self, cells: Iterable[str] | None = None) -> str:
        """A hash that is another one as soon as there is an entry more: of all, or about some cells and the lists."""
        with self._lock:
            if cells is None:
                return self.head
            found = [entry for cell in ("", *cells) if (entry := self._last.get(cell)) is not None]
        return max(found, key=lambda entry: entry.seq).hash if found else START

    def alarms_since(self, since: str, cells: Collection[str]) -> dict[str, tuple[Entry, ...]]:
        """Number -> entries of the alarms in some cells that end at or after an instant, by their end."""
        with self._lock:
            names = [name for _, name in self._ends[bisect_left(self._ends, (since, "")) :]]
            return {name: tuple(self.alarms[name]) for name in names if self.standing[name]["cell"] in cells}

    def problems(self, cells: Collection[str], *, only_open: bool) -> dict[str, tuple[Entry, ...]]:
        """Number -> entries of the problems in some cells."""
        with self._lock:
            return {
                number: tuple(self.issues[number])
                for number in (self.open if only_open else self.issues)
                if self.issues[number][0].body.get("cell") in cells
            }

    def ends(self, cells: Collection[str]) -> list[str]:
        """When the alarms in some cells end, in order."""
        with self._lock:
            return [end for end, name in self._ends if self.standing[name]["cell"] in cells]

    def of_kind(self, kind: str = "") -> list[Entry]:
        """The entries of a kind, or all, in order."""
        with self._lock:
            return list(self.kinds.get(kind, ()) if kind else self.all)

    def kinds_there(self) -> list[str]:
        """The kinds of which there are entries."""
        with self._lock:
            return [kind for kind, own in self.kinds.items() if own]

    def of_month(self, month: str, cells: Collection[str]) -> tuple[dict[str, tuple[Entry, ...]], ...]:
        """What a month's figures rest on, in some cells: its alarms by their end, its problems; number -> entries."""
        with self._lock:
            first, last = (bisect_left(self._ends, (month + edge, "")) for edge in ("", "~"))
            names = [name for _, name in self._ends[first:last] if self.standing[name]["cell"] in cells]
            issues = {
                number: tuple(own)
                for number, own in self.issues.items()
                if own[0].month == month and own[0].body.get("cell") in cells
            }
            return {name: tuple(self.alarms[name]) for name in names}, issues

    def lists(self) -> dict[str, Entry]:
        """Month -> its entry, of every list that was published, in order."""
        with self._lock:
            return dict(sorted((month, entry) for (kind, month), entry in self.heads.items() if kind == "month"))

    def findings(self, cells: Iterable[str]) -> list[Entry]:
        """What was found in warned cells without an alarm."""
        with self._lock:
            return [entry for cell in cells for entry in self.cells.get(cell, ((), (), ()))[2]]

    def part(self, *, alarms: Iterable[str] = (), issues: Iterable[str] = (), cells: Iterable[str] = ()) -> Part:
        """The entries about some alarms, problems and cells, with the lists of all months."""
        with self._lock:
            names, numbers = set(alarms), set(issues)
            found = list(self.kinds["month"])
            for cell in cells:
                of_alarms, of_issues, findings = self.cells.get(cell, ((), (), ()))
                names |= set(of_alarms)
                numbers |= set(of_issues)
                found += findings
            for name in names:
                found += self.alarms.get(name, ())
            for name in numbers:
                found += self.issues.get(name, ())
        return Part(found)

    def whole(self) -> Part:
        """All entries."""
        with self._lock:
            return Part.of({kind: list(own) for kind, own in self.kinds.items()})

    @contextmanager
    def writing(self, place: Path | str, about: Mapping[str, Iterable[str]] | None = None) -> Iterator["Written"]:
        """
        The ledger for one write: nobody else writes, all of it is kept or nothing, and readers do not wait for it.

        Parameters
        ----------
        place : as ``open_ledger``; opened by one writer at a time, so that those who wait hold no connection
        about : mapping, optional
            As the keywords of ``part``: what the write has to know. Default all entries.
        """
        with self._writer, open_ledger(place) as ledger:
            with ledger.alone():
                self.read(ledger)
                written = Written(ledger, self.whole() if about is None else self.part(**about))
                yield written
            # Only now does it stand; what was rolled back has never been here.
            self.extend(written.added)


class Written(Ledger):
    """A ledger that is appended to where it lies and read from a part of a book, with what was just added."""

    def __init__(self, ledger: Ledger, part: Part) -> None:
        self._ledger, self._part = ledger, part
        self.added: list[Entry] = []

    def append(self, kind: str, month: str, body: dict[str, Any]) -> Entry:
        """As ``Ledger.append``."""
        entry = self._ledger.append(kind, month, body)
        if not self.added or entry.seq > self.added[-1].seq:
            self.added.append(entry)  # else, or where nothing changed: what stood before, which ``extend`` knows
        return entry

    def entries(self, kind: str | None = None, month: str | None = None) -> list[Entry]:
        """As ``Ledger.entries``."""
        new = [e for e in self.added if kind in (None, e.kind) and month in (None, e.month)]
        return [*self._part.entries(kind, month), *new]

    def heads(self) -> dict[tuple[str, str], Entry]:
        """As ``Ledger.heads``."""
        return dict(sorted((self._part.heads() | {(entry.kind, entry.month): entry for entry in self.added}).items()))
