"""What was sent: which product of which period, to whom, through which channel, by its digest (C4, C12)."""

from hotspot.ledger.answers.clocks import local_minute
from hotspot.ledger.chain.store import Entry, Ledger
from hotspot.rules.cadence import PRODUCTS
from hotspot.rules.periods import period


def record_sent(
    ledger: Ledger, *, product: str, name: str, to: str, channel: str, time: str, sha256: str, by: str = ""
) -> tuple[Entry, bool]:
    """
    Append that a product was sent.

    Parameters
    ----------
    product : str, a key of ``rules.cadence.PRODUCTS``
    name : str, of its period, as ``rules.periods.period`` takes it
    time : str, local ISO time
    sha256 : str, of the file

    Returns
    -------
    (Entry, True where it is new): the same sending again is the entry that stands

    Raises
    ------
    ValueError
        The product, the period or the time is none.

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
    >>> given = {"product": "summary", "name": "2025-W50", "to": "领导", "channel": "OA", "sha256": "0" * 64}
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     first, new = record_sent(ledger, time="2025-12-15T09:00", **given)
    ...     again = record_sent(ledger, time="2025-12-15T09:00", **given)
    ...     new, again == (first, False), first.month
    (True, True, '2025-12')
    """
    if product not in PRODUCTS:
        raise ValueError(f"{product!r} is no product; there are: {', '.join(PRODUCTS)}.")
    one = period(name)
    body = {
        "product": product, "period": one.name, "to": to, "channel": channel,
        "time": local_minute(time).isoformat(timespec="minutes"), "sha256": sha256, "by": by,
    }  # fmt: skip
    month = f"{one.first:%Y-%m}"
    for entry in ledger.entries("sent", month):
        if entry.body == body:
            return entry, False
    return ledger.append("sent", month, body), True


def sent_periods(ledger: Ledger, asof: str) -> dict[tuple[str, str], list[dict]]:
    """
    What was sent by an instant: (product, period) -> bodies in order of writing.

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     sent_periods(ledger, "2025-12-31")
    {}
    """
    now = local_minute(asof)
    found: dict[tuple[str, str], list[dict]] = {}
    for entry in ledger.entries("sent"):
        if local_minute(entry.body["time"]) <= now:
            found.setdefault((entry.body["product"], entry.body["period"]), []).append(entry.body)
    return found
