"""One running desk: its study, where it writes, its clock, the ledger held in memory, the register of the day."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd

from hotspot.desk.accounts import Account
from hotspot.desk.book import Book
from hotspot.desk.kept import Kept
from hotspot.desk.rows import Rows, rows_of_alarms, rows_of_issues
from hotspot.desk.scope import Network
from hotspot.desk.store import Store, open_store
from hotspot.ledger.chain.storage import FILE
from hotspot.ledger.chain.store import open_ledger
from hotspot.study import Study
from hotspot.workflows.periods.calendar import due_products

ANOTHER = "这张表已经提交过；要更正或补充，请重新打开页面再填 (this form was sent before; open the page anew to add)"


class Desk:
    """
    What every page draws on.

    Parameters
    ----------
    study : Study
    out : Path
        Where the study's months are published; the ledger lies in ``OUT/<study id>``.
    starts : str, optional
        Local time that the desk's clock shows at its start, for a study of the past; default the machine's.
    """

    def __init__(self, study: Study, out: Path, *, starts: str = "") -> None:
        self.study, self.out, self.home = study, Path(out), Path(out) / study.id
        self.book = Book()
        self._ahead = timedelta(0)
        if starts:
            self._ahead = datetime.fromisoformat(starts) - self.now()
        self._lock = Lock()
        self.kept, self.cards = Kept(), Kept(20_000)  # of pages; of the ledger's entries as they are drawn
        self._network: Network | None = None
        self._known: tuple[Any, ...] = ()

    def now(self) -> datetime:
        """Local time of the study; the one clock of the desk, which stamps receipts and steps."""
        here = datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=self.study.utc_offset)
        return here + self._ahead

    def minute(self) -> str:
        """Now, as the ledger writes it."""
        return self.now().isoformat(timespec="minutes")

    @staticmethod
    def seconds() -> int:
        """The machine's seconds since 1970, for sessions."""
        return int(time.time())

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The store of accounts and sessions, for one piece of work."""
        with open_store(self.home) as store:
            yield store

    def read(self) -> Book:
        """The ledger as it is now."""
        with open_ledger(self.home / FILE) as ledger:
            self.book.read(ledger)
        return self.book

    def record(
        self, record: Callable[..., pd.DataFrame], rows: Sequence[dict[str, str]], *, judged: bool = True,
        about: Mapping[str, Iterable[str]] | None = None,
    ) -> pd.DataFrame:  # fmt: skip
        """
        Enter rows by one of the ledger's functions, alone; a form that is sent again is not entered again.

        Parameters
        ----------
        record : callable (ledger, rows, register=) -> DataFrame, as ``ledger.answers.feedback.record_feedback``
        rows : sequence of dict
            ``form``, where given, is the number of the form that was filled: it stands in the entry.
        judged : bool
            Whether the function takes the register of the network.
        about : mapping, optional
            What the function has to know of the ledger, as ``Book.part`` takes it; default all of it.

        Returns
        -------
        DataFrame with ``state, why, seq`` a row
        """
        how: dict[str, Any] = {"register": self.network.register} if judged else {}
        with self.book.writing(self.home / FILE, about) as written:
            known = [entry for row in rows if (entry := self.book.forms.get(row.get("form", "")))]
            if known:
                same = all(_says(entry.body, row) for entry, row in zip(known, rows, strict=False))
                state, why = ("repeated", "") if same else ("quarantined", ANOTHER)
                return pd.DataFrame({"state": state, "why": why, "seq": [entry.seq for entry in known]})
            return record(written, rows, **how)

    @property
    def network(self) -> Network:
        """The register as it stands today; read again when its files or the day have changed."""
        files = [self.study.root / name for name in (self.study.network.units, self.study.network.people) if name]
        state = (self.minute()[:10], tuple(p.stat().st_mtime_ns if p.is_file() else 0 for p in files))
        with self._lock:
            if self._network is None or state != self._known:
                self._network, self._known = Network.on(self.study, state[0]), state
            return self._network

    @cached_property
    def places(self) -> dict[str, tuple[str, str]]:
        """Cell -> (city, county)."""
        named = (self.study.cells[name].values.astype(str).tolist() for name in ("cell", "city", "county"))
        return {cell: (city, county) for cell, city, county in zip(*named, strict=True)}

    @cached_property
    def alarm_rows(self) -> Rows:
        """Pushed alarms as they stand."""
        return rows_of_alarms(self.study, self.places)

    @cached_property
    def issue_rows(self) -> Rows:
        """Problems as they stand."""
        return rows_of_issues(self.study, self.places)

    @cached_property
    def corners(self) -> dict[str, list[list[float]]]:
        """Cell -> its four corners (lat, lon)."""
        cells = self.study.cells
        half = float(cells.attrs["spacing"]) / 2
        x, y = cells["x"].values[:, None], cells["y"].values[:, None]
        lon, lat = self.study.grid.unproject(x + half * np.array([-1, 1, 1, -1]), y + half * np.array([-1, -1, 1, 1]))
        rings = np.round(np.stack([lat, lon], axis=-1), 5).tolist()
        return dict(zip(cells["cell"].values.astype(str).tolist(), rings, strict=True))

    def due(self) -> list[dict[str, Any]]:
        """Products of the calendar that are due and were not sent (``workflows.periods.calendar``), each minute."""
        now = self.minute()
        rows: list[dict[str, Any]] = self.kept.of(
            "due", now, lambda: due_products(self.study, now, out=self.out)["rows"]
        )
        return [row for row in rows if row["state"] != "sent"]

    def sees(self, account: Account, cell: str) -> bool:
        """Whether an account sees a cell."""
        cells = self.network.cells(account)
        return cells is None or cell in cells

    def seen(self, account: Account) -> Collection[str]:
        """The cells an account sees."""
        cells = self.network.cells(account)
        return self.places.keys() if cells is None else cells


def _says(body: dict[str, Any], row: dict[str, str]) -> bool:
    """Whether an entry holds what a row says; the stamps of the desk and of the phone may differ."""
    stamps = ("time", "received", "entered", "phone", "filled")
    return all(str(body.get(name, "")) == value for name, value in row.items() if name not in stamps and value)
