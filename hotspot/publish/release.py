"""
Publishing a month: its products, its place in the chain, its notices, in place whole.

The moment a month is published is the moment its entry stands in the ledger.
By then every file lies complete on the disk beside the target and the month it
replaces is kept among the revisions; a run that is cut off later is finished by
the next one, a run that is cut off earlier leaves nothing.
"""

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from hotspot.contracts.records import Derived
from hotspot.ledger.chain.storage import is_there
from hotspot.ledger.chain.store import Entry, Ledger, open_ledger
from hotspot.publish import dialects, manifest, revisions
from hotspot.publish.catalogue import data_files
from hotspot.publish.edition import stated_edition
from hotspot.publish.hands import Hands, hands
from hotspot.publish.staging import flush, keep_copy, reserved, staged
from hotspot.study import Study
from hotspot.variables import DataError

LEDGER = "ledger.sqlite"


def publish(
    study: Study,
    month: str,
    derived: Derived,
    *,
    out: Path | str = "out",
    draft: bool = False,
    confirm: bool = False,
    by: str = "",
    reason: str = "",
    progress: Callable[[str], None] | None = None,
) -> Path:
    """
    Write a month's products, link it into the chain, and put it in place whole.

    Parameters
    ----------
    derived : Derived
        What ``month.derive`` returned. The conservation law of its ``intake`` is checked here.
    out : str or Path
        The month appears as ``OUT/<study id>/<month>``; the chain of published
        months is kept in ``OUT/<study id>/ledger.sqlite``, a replaced month whole in
        ``OUT/<study id>/revisions``.
    draft : bool
        Into ``OUT/<study id>/drafts/<month>``, and not into the chain.
    confirm : bool
        Make the preliminary month a confirmed one; its data must be those that were published.
    by, reason : str
        Who publishes and why, for the ledger.
    progress : callable, optional
        As ``write_products`` takes it.

    Returns
    -------
    Path of the published folder. If the month stands already with the same inputs, not a
    byte of it was changed and the chain is as it was.

    Raises
    ------
    DataError
        Another run is publishing, the disk is full, the counts of rows do not add up, an input
        changed while it was read, the ledger does not know the month that was published, or what is
        to be confirmed is not what was published.
    """
    derived.delivered.intake.check()
    by, reason = _line(by, "by"), _line(reason, "reason")
    home = Path(out) / study.id
    if draft:
        return _write_draft(home, study, month, derived, progress)
    target = home / month
    # The lock first: a second publisher must not even wait for the ledger.
    with (
        reserved(target),
        open_ledger(home / LEDGER) as ledger,
        staged(target, entered=lambda folder: stands(ledger, month, folder)) as folder,
        hands(study, month, derived) as own_hands,
    ):
        own = ledger.entries("month", month)
        stated = _stated(target, own)
        for state in _states(study, month, derived, own, stated, confirm):
            body = write_body(folder, study, month, derived, state, progress, own_hands)
            rows = revisions.printed_rows(derived.warned, study.criteria.warning.decimals)
            listed = {"warned": rows, "p_top": revisions.chances(derived.warned)}
            entry, whole = _place(ledger, study, month, body, listed, by, reason)
            if state == "preliminary" or confirm or entry in own:
                break
            _empty(folder)  # not what was confirmed after all
        if confirm:
            _require_same(
                month,
                {name: body["outputs"].get(name) for name in data_files()},
                cast(dict[str, Any], stated)["outputs"],
            )
        while True:
            write_release(folder, study, month, derived, whole, own_hands)
            if entry in own and _same(folder, target):
                shutil.rmtree(folder)  # unchanged: nothing is put in place
                break
            flush(folder)
            _keep_replaced(home, month, target, stated, entry, own)
            if ledger.enter(entry):
                break
            entry, whole = _place(ledger, study, month, body, listed, by, reason)  # the chain has grown meanwhile
    return target


def write_body(
    folder: Path,
    study: Study,
    month: str,
    derived: Derived,
    state: str,
    progress: Callable[[str], None] | None = None,
    hands: Hands | None = None,
) -> dict[str, Any]:
    """
    The products of a month in an empty folder, and the manifest as far as it hangs on no chain.

    Parameters
    ----------
    hands : Hands, optional
        Of this month: who makes the parts of products that have many.

    Returns
    -------
    dict: the manifest but its ``history, replaces, changes, chain`` and ``notices``
    """
    from hotspot.publish.products import write_products

    write_products(folder, study, month, derived, state=state, progress=progress, hands=hands)
    body = manifest.describe(study, month, derived, state=state)
    body["outputs"] = manifest.outputs(folder)
    return body


def write_release(
    folder: Path, study: Study, month: str, derived: Derived, whole: dict[str, Any], hands: Hands | None = None
) -> None:
    """
    The notices, the manifest and what says the same in other dialects, of a month whose products stand in the folder.

    Parameters
    ----------
    whole : dict
        The manifest but its ``notices``.
    hands : Hands, optional
        As ``write_body``.
    """
    from hotspot.publish.office.warned.notices import write_notices

    for path in sorted(folder.rglob("*"), reverse=True):  # of an earlier try with another place in the chain
        if path.is_dir():
            with suppress(OSError):  # products are left in it
                path.rmdir()
        elif path.relative_to(folder).as_posix() not in whole["outputs"]:
            path.unlink()
    write_notices(folder, study, month, derived, stated_edition(whole), hands)
    dialects.write_dialects(folder, study, whole, manifest.outputs(folder))
    found = manifest.outputs(folder)
    notices = {name: about for name, about in found.items() if name not in whole["outputs"]}
    manifest.write_json(folder / manifest.NAME, whole | {"notices": notices})


def _line(text: str, what: str) -> str:
    """A line for the ledger, without the blanks around it."""
    text = str(text).strip()
    if len(text) > 200 or not text.isprintable():
        raise ValueError(f"{what} is {text[:40]!r}; give one line of at most 200 characters.")
    return text


def _write_draft(
    home: Path, study: Study, month: str, derived: Derived, progress: Callable[[str], None] | None
) -> Path:
    """A month to look at: the same products with the word 草稿 on them, outside the chain."""
    entries = []
    if is_there(home / LEDGER):
        with open_ledger(home / LEDGER) as ledger:
            entries = ledger.entries("month")
    target = home / "drafts" / month
    with staged(target) as folder, hands(study, month, derived) as own:
        body = write_body(folder, study, month, derived, "draft", progress, own)
        place = _past(entries, study, month) | {"replaces": 0, "changes": [], "chain": {}}
        write_release(folder, study, month, derived, body | place, own)
    return target


def _place(
    ledger: Ledger, study: Study, month: str, body: dict[str, Any], listed: dict[str, Any], by: str, reason: str
) -> tuple[Entry, dict[str, Any]]:
    """
    The month's place in the chain: its standing entry if nothing is different, else the next revision.

    Returns the entry, proposed or standing, and the manifest but its notices.
    """
    entries = ledger.entries("month")
    own = [entry for entry in entries if entry.month == month]
    past = _past(entries, study, month)
    tries = [(own, by, reason)]
    if own:  # as what it is already, with whoever signed it then
        tries.insert(0, (own[:-1], own[-1].body.get("by", ""), own[-1].body.get("reason", "")))
    for before, signed, why in tries:
        # Confirming says that the list stands; it replaces none.
        replaces = len(before) if body["state"] != "confirmed" else 0
        changes = revisions.differences(before[-1].body["warned"], listed["warned"]) if replaces else []
        whole = body | past | {"replaces": replaces, "changes": changes}
        record = {
            "manifest_sha256": manifest.body_digest(whole),
            "list_sha256": body["outputs"]["warnings.csv"]["sha256"],
            "history_sha256": manifest.text_digest(past["history"]),
            "state": body["state"],
            "revision": len(before) + 1,
            "replaces": replaces,
            "by": signed,
            "reason": why,
            **listed,
        }
        entry = ledger.propose("month", month, record)
        if entry in own:
            break
    place = {"seq": entry.seq, "revision": record["revision"], "previous": entry.previous, "head": entry.hash}
    return entry, whole | {"chain": place | {"entry": record}}


def _past(entries: list[Entry], study: Study, month: str) -> dict[str, Any]:
    """What the ledger knows of the months before, as a manifest states it."""
    window = study.criteria.escalation.window_months
    return {
        "history": revisions.history(entries, month, window),
        "chances": revisions.past_chances(entries, month, window),
    }


def _states(
    study: Study, month: str, derived: Derived, own: list[Entry], stated: dict[str, Any] | None, confirm: bool
) -> list[str]:
    """
    The states to try, in order: a confirmed month stays so as long as nothing it came from differs.

    Raises DataError where something is to be confirmed that was not published so.
    """
    described = manifest.describe(study, month, derived, state="")
    if confirm:
        if not own or stated is None:
            raise DataError(
                f"{month} of {study.id} is not published; run `hotspot month {month}`, look at it, confirm it."
            )
        _require_same(month, described | {"state": stated["state"]}, stated)
        return ["confirmed"]
    stays = (
        own
        and stated is not None
        and stated["state"] == own[-1].body.get("state") == "confirmed"
        and not _first_difference(described | {"state": "confirmed"}, stated)
    )
    return ["confirmed", "preliminary"] if stays else ["preliminary"]


def _require_same(month: str, found: dict[str, Any], stated: dict[str, Any]) -> None:
    """Only what was published and looked at can be confirmed."""
    name = _first_difference(found, stated)
    if name:
        raise DataError(
            f"{month}: {name} is not what it was when the month was published; run `hotspot month {month}` again, "
            "look at the new revision, then confirm it."
        )


def _first_difference(found: dict[str, Any], stated: dict[str, Any]) -> str:
    """The first name under which a part of the manifest differs from the one stated, or an empty text."""
    for name, value in found.items():
        if manifest.text_digest(value) == manifest.text_digest(stated.get(name)):
            continue
        if name == "inputs":
            known = {entry["path"]: entry for entry in stated["inputs"]}
            changed = [entry["path"] for entry in value if known.get(entry["path"]) != entry]
            return f"input {changed[0]}" if changed else "the list of inputs"
        return name
    return ""


def _stated(target: Path, own: list[Entry]) -> dict[str, Any] | None:
    """
    The manifest of the month in place, None where there is none that can be read.

    Raises DataError if the ledger does not know that month: a chain is never begun anew beside a published month.
    """
    if not target.exists():
        return None
    try:
        stated = manifest.read_manifest(target)
    except DataError:
        stated = None
    if not own or (stated is not None and stated["chain"].get("head") not in {entry.hash for entry in own}):
        raise DataError(
            f"{target}: was published, but {target.parent / LEDGER} does not know it; "
            "restore the ledger from a copy, or move the folder away to begin anew."
        )
    return stated


def stands(ledger: Ledger, month: str, folder: Path) -> bool:
    """Is this folder, byte for byte, what the last entry of the month in the ledger speaks of?"""
    try:
        stated = manifest.read_manifest(folder)
    except DataError:
        return False
    own = ledger.entries("month", month)
    return (
        bool(own)
        and stated["chain"].get("head") == own[-1].hash
        and stated["outputs"] | stated["notices"] == manifest.outputs(folder)
    )


def _keep_replaced(
    home: Path, month: str, target: Path, stated: dict[str, Any] | None, entry: Entry, own: list[Entry]
) -> None:
    """Keep the month in place whole before another revision takes its place."""
    if not target.exists():
        return
    if stated is not None and stated["chain"]["head"] != entry.hash:
        keep_copy(target, revisions.kept(home, month, stated["chain"]["revision"]))
    elif stated is None and entry not in own:  # damaged, or of an older program: as it is
        keep_copy(target, revisions.kept(home, month, len(own)))


def _same(folder: Path, target: Path) -> bool:
    """Two published folders with the same bytes."""
    name = manifest.NAME
    return (
        (target / name).is_file()
        and (folder / name).read_bytes() == (target / name).read_bytes()
        and manifest.outputs(folder) == manifest.outputs(target)
    )


def _empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()
