"""What stands of alarms and problems for the reader of a page: the ledger's own tables, of what an account sees."""

from collections.abc import Collection
from datetime import timedelta

from hotspot.desk.book import Book
from hotspot.desk.rows import Row
from hotspot.desk.web import Ask, missing
from hotspot.ledger.answers.watch import COLUMNS


def alarms_seen(ask: Ask, book: Book, days: int, cells: Collection[str] | None = None) -> list[Row]:
    """
    Pushed alarms of the last days that an account sees, newest first: as ``watch.alarm_table``, with places.

    ``cells``: only of these.
    """
    since = (ask.desk.now() - timedelta(days=days)).isoformat(timespec="minutes")
    wanted = book.alarms_since(since, _cells(ask, cells))
    rows = ask.desk.alarm_rows.of(wanted, ask.desk.minute())
    return sorted(rows, key=lambda row: (row["pushed"], row["alarm"]), reverse=True)


def issues_seen(ask: Ask, book: Book, *, only_open: bool = True, cells: Collection[str] | None = None) -> list[Row]:
    """Problems that an account sees, newest first: as ``ledger.answers.issues.issue_table``, with places."""
    wanted = book.problems(_cells(ask, cells), only_open=only_open)
    rows = ask.desk.issue_rows.of(wanted, ask.desk.minute())
    return sorted(rows, key=lambda row: str(row["issue"]), reverse=True)


def _cells(ask: Ask, cells: Collection[str] | None) -> Collection[str]:
    seen = ask.desk.seen(ask.account)
    return seen if cells is None else set(cells) & set(seen)


def alarm_row(ask: Ask, book: Book, name: str) -> Row:
    """One alarm as it stands: its body and its clock; ``web.missing`` where it is not there or not of this account."""
    body = book.alarm(name)
    if body is None or not ask.desk.sees(ask.account, body["cell"]):
        raise missing()
    rows = ask.desk.alarm_rows.of({name: tuple(book.alarms[name])}, ask.desk.minute())
    clock: Row = dict.fromkeys(COLUMNS, "") | {"late_minutes": 0}
    city, county = ask.desk.places.get(body["cell"], ("", ""))
    return clock | {"city": city, "county": county} | (rows[0] if rows else {}) | {"body": body}


def issue_row(ask: Ask, book: Book, number: str) -> Row:
    """One problem as it stands, with its ``first`` body and its ``events`` in order."""
    entries = tuple(book.issues.get(number, ()))
    if not entries or not ask.desk.sees(ask.account, entries[0].body.get("cell", "")):
        raise missing()
    rows = ask.desk.issue_rows.of({number: entries}, ask.desk.minute())
    if not rows:
        raise missing()  # recorded for a time that has not come
    return rows[0] | {"first": entries[0].body, "events": [entry.body for entry in entries[1:]]}
