"""
The life of a published month: draft, preliminary, confirmed, superseded (HJ 633-2012 5.1.5).

A draft stands outside the chain. A month is published preliminary, confirmed by
somebody who signs with a name, and superseded by its next revision; which of them
it is now follows from the ledger alone.
"""

from pathlib import Path
from typing import Any

from hotspot.ledger.chain.storage import is_there
from hotspot.ledger.chain.store import Entry, open_ledger
from hotspot.rules.calendar import parse_month
from hotspot.study import Study
from hotspot.variables import DataError


def confirm_month(
    study: Study, month: str, *, by: str, reason: str = "", out: Path | str = "out", scheduler: str | None = None
) -> Path:
    """
    Confirm a preliminary month: made again, found the same, and signed.

    Parameters
    ----------
    study : Study
    month : str, "YYYY-MM"
        Published and preliminary. One that is confirmed already stays as it is.
    by : str
        Who confirms; stands in the ledger.
    reason : str
    out : str or Path
    scheduler : str, optional
        As for ``run_month``.

    Returns
    -------
    Path of the published folder, whose products now say 已确认

    Raises
    ------
    DataError
        The month is not published, or inputs, rules or program are no longer those it was published with:
        only what somebody could look at can be confirmed.
    ValueError
        No name.
    """
    from hotspot.workflows.monthly.month import run_month

    parse_month(month)
    if not by.strip():
        raise ValueError("confirming needs a name; give --by.")
    standing = [row for row in list_releases(study, out=out) if row["month"] == month and row["state"] != "draft"]
    if not standing:
        raise DataError(f"{month} of {study.id} is not published below {out}; run `hotspot month {month}` first.")
    if standing[-1]["state"] == "confirmed" and standing[-1]["folder"]:
        return Path(out) / study.id / month
    return run_month(study, month, out=out, confirm=True, by=by, reason=reason, scheduler=scheduler)


def list_releases(study: Study, *, out: Path | str = "out") -> list[dict[str, Any]]:
    """
    Every revision of every month that a study published, and its drafts.

    Parameters
    ----------
    study : Study
    out : str or Path

    Returns
    -------
    list of dict, by month and revision: ``month``, ``revision`` (0 for a draft), ``state``, ``seq`` and
    ``head`` of its entry in the chain, ``by``, ``reason``, ``list`` (first eight digits of the SHA-256 of its
    ``warnings.csv``) and ``folder`` below ``out``, empty where it is not there

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.synthetic.study import synthetic_month
    >>> list_releases(synthetic_month(size="small").study, out=tempfile.mkdtemp())
    []
    """
    from hotspot.publish import manifest
    from hotspot.publish.release import LEDGER

    home = Path(out) / study.id
    rows = [_draft_row(path, out, manifest) for path in sorted((home / "drafts").glob("[0-9]*"))]
    if is_there(home / LEDGER):
        with open_ledger(home / LEDGER) as ledger:
            entries = ledger.entries("month")
        for month in sorted({entry.month for entry in entries}):
            own = [entry for entry in entries if entry.month == month]
            rows += [_row(home, out, entry, n, entry is own[-1]) for n, entry in enumerate(own, 1)]
    return sorted(rows, key=lambda row: (row["month"], row["revision"]))


def _row(home: Path, out: Path | str, entry: Entry, revision: int, last: bool) -> dict[str, Any]:
    from hotspot.publish import manifest, revisions

    folder = home / entry.month if last else revisions.kept(home, entry.month, revision)
    there = manifest.head_of(folder) == entry.hash
    return {
        "month": entry.month,
        "revision": revision,
        "state": entry.body.get("state", "preliminary") if last else "superseded",
        "seq": entry.seq,
        "head": entry.hash,
        "by": entry.body.get("by", ""),
        "reason": entry.body.get("reason", ""),
        "list": entry.body.get("list_sha256", "")[:8],
        "folder": folder.relative_to(out).as_posix() if there else "",
    }


def _draft_row(folder: Path, out: Path | str, manifest: Any) -> dict[str, Any]:
    stated = manifest.read_manifest(folder)
    about = dict.fromkeys(("head", "by", "reason"), "") | {"seq": 0, "revision": 0, "state": "draft"}
    digest = stated["outputs"]["warnings.csv"]["sha256"][:8]
    return {"month": stated["month"], **about, "list": digest, "folder": folder.relative_to(out).as_posix()}


def sentences(rows: list[dict[str, Any]]) -> list[str]:
    """The list in words, a line for each revision."""
    if not rows:
        return ["nothing was published yet."]
    return [
        f"{row['month']} r{row['revision']}  {row['state']:<12} list {row['list'] or '-':<8} "
        f"head {row['head'][:16] or '-':<16} {row['folder'] or '(its folder is not there)'}"
        + (f"  by {row['by']}" if row["by"] else "")
        + (f" ({row['reason']})" if row["reason"] else "")
        for row in rows
    ]
