"""The map of a published month with the ledger laid over it, as of an instant."""

from pathlib import Path
from typing import Any

from hotspot.ledger.answers.warning_states import warning_states
from hotspot.publish import manifest
from hotspot.publish.web.ledger_map import with_ledger
from hotspot.rules.calendar import parse_month
from hotspot.study import Study
from hotspot.workflows.closing.loop import published_ledger, require_published

_WORDS = {"overdue": "逾期", "waiting": "待反馈", "answered": "已反馈", "closed": "已办结"}


def write_ledger_map(
    study: Study, month: str, asof: str, *, handed: str = "", out: Path | str = "out"
) -> dict[str, Any]:
    """
    Write the month's map with the state of each warning.

    Parameters
    ----------
    asof : str, local ISO time
        Given, never the machine's clock: the same ledger answers the same.
    handed : str, optional
        Local day on which the list was handed over; an answer is due from it.
    out : str or Path
        Reads ``OUT/<study id>/MONTH/map.html``, writes ``OUT/<study id>/maps/MONTH.html``.

    Returns
    -------
    dict: ``file``, ``states`` (records), ``sentences``

    Raises
    ------
    DataError
        The month was not published.
    ValueError
        ``asof`` or ``handed`` is no local time.
    """
    parse_month(month)
    home = Path(out) / study.id
    page = home / month / "map.html"
    with published_ledger(study, out) as ledger:
        ledger.verify()
        states = warning_states(ledger, month, asof, study.criteria.handover, handed=handed)
    require_published(page.is_file() and (home / month / manifest.NAME).is_file(), study, month, out)
    made = with_ledger(page.read_text(encoding="utf-8"), states, asof, str(page))
    path = home / "maps" / f"{month}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(made, encoding="utf-8", newline="\n")
    counts = states["state"].value_counts()
    said = ", ".join(f"{counts[key]} {key} {zh}" for key, zh in _WORDS.items() if key in counts)
    return {
        "file": str(path),
        "states": states.to_dict("records"),
        "sentences": [f"{study.id} {month} at {asof}: {len(states)} warned cells; {said or 'none'}", str(path)],
    }
