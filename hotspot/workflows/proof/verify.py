"""
An outsider checks what was published: one month, or a study's whole chain of months.

Of a month, in order, and the first difference is named: are the files those the
manifest lists; does the head follow from the manifest, and stand in the ledger
beside it; are the inputs those it was made from; do the same inputs give the same
bytes again, notices and all. Of a study: is the chain whole, and does every entry
have its folder, the replaced ones among the revisions.
"""

import logging
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

from hotspot.deliveries.run import Deliveries
from hotspot.ledger.chain.handed_over import read_ledger
from hotspot.ledger.chain.storage import POINTER
from hotspot.ledger.chain.store import Entry, Ledger
from hotspot.patterns import digest_of
from hotspot.publish import manifest, revisions
from hotspot.publish.release import LEDGER, write_body, write_release
from hotspot.rules.calendar import parse_month
from hotspot.rules.loop import Clocks
from hotspot.study import load_study
from hotspot.text.door import shown
from hotspot.variables import DataError
from hotspot.workflows.monthly.month import derive, steps
from hotspot.workflows.proof.signing import signature_faults

_LOG = logging.getLogger(__name__)


def verify_folder(
    directory: Path,
    *,
    study: Path | str | None = None,
    data: Path | str | None = None,
    heads: Sequence[str] = (),
    rederive: bool | None = None,
) -> dict[str, Any]:
    """
    Check a month's folder, or the folder of a study with its ledger.

    Parameters
    ----------
    directory : str or Path
        ``OUT/<study id>/<month>``, one of its kept revisions or drafts, or ``OUT/<study id>``.
    study, data : as for ``verify_month``
    heads : sequence of str, printed on notices; each must stand in the chain
    rederive : bool, optional; make the months again. Default: a single month yes, a study no

    Returns
    -------
    dict, as ``verify_month`` and ``verify_study`` return it
    """
    if _has_ledger(Path(directory)):
        return verify_study(directory, study=study, data=data, heads=heads, rederive=bool(rederive))
    return verify_month(directory, study=study, data=data, heads=heads, rederive=rederive is not False)


def verify_month(
    directory: Path,
    *,
    study: Path | str | None = None,
    data: Path | str | None = None,
    heads: Sequence[str] = (),
    rederive: bool = True,
) -> dict[str, Any]:
    """
    Check a published month and, unless told otherwise, make it again and compare it byte for byte.

    Parameters
    ----------
    directory : str or Path
        A published month, e.g. ``out/demo/2025-12``.
    study : str or Path, optional
        The study file. Default: the text kept in the manifest, which then needs
        ``data`` (or ``HOTSPOT_DATA``) to say where the inputs lie.
    data : str or Path, optional
        The data root.
    heads : sequence of str
        Heads printed on notices of this month, or of any in the ledger beside it.
    rederive : bool
        Make the month again from its inputs.

    Returns
    -------
    dict
        ``verified`` (bool), ``checked`` (what was looked at, in words), ``differences`` (list of
        sentences, the first one first), ``warnings`` (other library versions than the manifest's), ``head``.

    Raises
    ------
    DataError
        There is no manifest, it is of a program without revisions, or the inputs cannot be read.
    """
    directory = Path(directory)
    stated = manifest.read_manifest(directory)
    published = stated["outputs"] | stated["notices"]
    differences = _compare("published file", published, manifest.outputs(directory))
    differences += manifest.oddities(directory, published)
    differences += manifest.chain_faults(stated)
    checked = ["files", "head"]
    ledger = _ledger_beside(directory)
    if ledger is None:
        differences += [
            _no_head(head) for head in heads if not stated["chain"].get("head", "").startswith(head.lower())
        ]
    elif not differences:
        checked.append("ledger")
        differences += _against_ledger(directory, stated, ledger, heads)
    if rederive and not differences:
        checked += ["inputs", "re-derived"]
        with tempfile.TemporaryDirectory() as scratch:
            differences = _rederive(directory, stated, Path(scratch), study, data)
    _LOG.info("%s: %s; %d differences", directory.name, ", ".join(checked), len(differences))
    return {
        "directory": str(directory),
        "head": stated["chain"].get("head", ""),
        "warnings": _versions(stated),
        "checked": ", ".join(checked),
        "verified": not differences,
        "differences": differences,
    }


def verify_study(
    directory: Path,
    *,
    study: Path | str | None = None,
    data: Path | str | None = None,
    heads: Sequence[str] = (),
    rederive: bool = False,
) -> dict[str, Any]:
    """
    Check the whole chain of a study: every entry, every month in place, every kept revision.

    Parameters
    ----------
    directory : str or Path
        ``OUT/<study id>``, with its ``ledger.sqlite``.
    study, data : as for ``verify_month``
    heads : sequence of str
        Heads printed on notices; one that is not in the chain shows that its end was cut off.
    rederive : bool
        Make every month in place again too; replaced revisions were made from inputs that are gone.

    Returns
    -------
    dict, as of ``verify_month``, with ``entries`` in the chain and ``months``: one such dict each
    """
    directory = Path(directory)
    about: dict[str, Any] = {"directory": str(directory)}
    try:
        with read_ledger(directory / LEDGER) as ledger:
            about |= {"entries": ledger.verify(), "head": ledger.head}
            entries = _months(ledger)
            faults, unchecked = signature_faults(directory, ledger)
            differences = _unknown_heads(ledger, heads) + faults
    except DataError as error:
        rest = {"entries": 0, "head": "", "months": [], "warnings": [], "checked": "chain", "verified": False}
        return about | rest | {"differences": [str(error)]}
    months: list[dict[str, Any]] = []
    expected = {}
    for month in sorted({entry.month for entry in entries}):
        own = [entry for entry in entries if entry.month == month]
        for number, entry in enumerate(own, 1):
            last = entry is own[-1]
            expected[directory / month if last else revisions.kept(directory, month, number)] = entry
    for folder, entry in expected.items():
        if folder.is_symlink():
            differences.append(f"{folder.relative_to(directory).as_posix()}: is a link; it was not followed")
            continue
        if not folder.exists():
            place = folder.relative_to(directory).as_posix()
            differences.append(f"{place}: entry {entry.seq} of the chain speaks of it, but there is no such folder")
            continue
        try:
            again = rederive and folder.parent == directory
            told = verify_month(folder, study=study, data=data, rederive=again)
        except DataError as error:
            told = dict[str, Any](directory=str(folder), verified=False, differences=[str(error)], warnings=[])
        months.append(told)
        differences += [f"{folder.relative_to(directory).as_posix()}: {text}" for text in told["differences"]]
    # A run cut off before its entry may have kept the month in place already: a copy of what is known.
    copies = {
        revisions.kept(directory, entry.month, entry.body.get("revision", 0)): entry for entry in expected.values()
    }
    known = expected.keys() | {place for place, entry in copies.items() if manifest.head_of(place) == entry.hash}
    found = [*directory.glob("[0-9]*-[0-9]*"), *(directory / revisions.FOLDER).glob("[0-9]*-r*")]
    unknown = sorted({path for path in found if path.is_dir() and not path.is_symlink() and _is_month(path)} - known)
    differences += [f"{path.relative_to(directory).as_posix()}: the chain does not know it" for path in unknown]
    differences += _links(directory, expected)
    return about | {
        "months": months,
        "warnings": unchecked + sorted({text for told in months for text in told["warnings"]}),
        "checked": f"{about['entries']} entries of the chain, {len(months)} folders",
        "verified": not differences,
        "differences": differences,
    }


def _months(ledger: Ledger) -> list[Entry]:
    """The months of a chain, each as we enter them: the ledger may be a stranger's."""
    entries = ledger.entries("month")
    for entry in entries:
        try:
            parse_month(entry.month)
            sound = all(isinstance(row, list) and len(row) in (2, 6) for row in entry.body["warned"])
            sound &= all(isinstance(p, float) for p in entry.body.get("p_top", {}).values())
        except (AttributeError, KeyError, TypeError, ValueError):
            sound = False
        if not sound:
            raise DataError(f"{ledger.path}, entry {entry.seq}: its month or its list is not as we enter them.")
    return entries


def _is_month(path: Path) -> bool:
    return re.fullmatch(r"\d{4}-\d{2}(-r\d+)?", path.name) is not None


def _links(directory: Path, expected: dict[Path, Entry]) -> list[str]:
    """Links beside the months: whatever lies behind them is not what was handed over."""
    beside = [*directory.iterdir(), *(directory / revisions.FOLDER).glob("*"), *(directory / "drafts").glob("*")]
    return [
        f"{shown(path.relative_to(directory).as_posix())}: is a link; it was not followed"
        for path in sorted(beside)
        if path.is_symlink() and path not in expected
    ]


def _ledger_beside(directory: Path) -> Path | None:
    """The ledger that must know of a folder: beside a month, one folder up from a kept revision; or None."""
    directory = directory.resolve()
    home = directory.parent.parent if directory.parent.name == revisions.FOLDER else directory.parent
    path = home / LEDGER
    return path if directory.parent.name != "drafts" and _has_ledger(home) else None


def _has_ledger(home: Path) -> bool:
    return os.path.lexists(home / LEDGER) or os.path.lexists(home / POINTER)


def _against_ledger(directory: Path, stated: dict[str, Any], path: Path, heads: Sequence[str]) -> list[str]:
    """What the ledger says otherwise than a month that is sound in itself."""
    chain, month = stated["chain"], stated["month"]
    if not chain:
        return [f"{directory}: is a draft, but lies where a published month belongs"]
    try:
        with read_ledger(path) as ledger:
            ledger.verify()
            entries = _months(ledger)
            differences = _unknown_heads(ledger, heads)
            if stated.get("past", {}) != _past(ledger, stated):
                differences.append(f"{manifest.NAME}: past is not what the ledger knew when the month was published")
    except DataError as error:
        return [str(error)]
    own = [entry for entry in entries if entry.month == month]
    at = next((n for n, entry in enumerate(own) if entry.hash == chain["head"]), None)
    if at is None:
        return [
            *differences,
            f"{path}: does not know the head {chain['head'][:16]} of {month}; it is another ledger or was cut",
        ]
    entry, before = own[at], own[:at]
    if at + 1 != chain["revision"]:
        differences.append(f"{manifest.NAME}: says revision {chain['revision']}, but the ledger has it as {at + 1}")
    window = stated["criteria"]["escalation"]["window_months"]
    past = [e for e in entries if e.seq < entry.seq]
    if revisions.history(past, month, window) != stated["history"]:
        differences.append(f"{manifest.NAME}: history is not that of the ledger before entry {entry.seq}")
    if "chances" in stated and revisions.past_chances(past, month, window) != stated["chances"]:
        differences.append(f"{manifest.NAME}: chances are not those of the ledger before entry {entry.seq}")
    replaced = before[-1].body["warned"] if stated["replaces"] else []
    expected = revisions.differences(replaced, entry.body["warned"]) if stated["replaces"] else []
    if expected != stated["changes"]:
        differences.append(
            f"{manifest.NAME}: changes are not those against revision {stated['replaces']} in the ledger"
        )
    in_place = directory.resolve().parent == path.resolve().parent
    if in_place and entry is not own[-1]:
        differences.append(
            f"{directory}: is revision {at + 1}, but the ledger has revision {len(own)}: the run that entered it was "
            f"cut off; `hotspot month {month}` finishes it"
        )
    return differences


def _past(ledger: Ledger, stated: dict[str, Any]) -> dict[str, list[list[str]]]:
    """What the ledger tells of the cells whose past a manifest states."""
    if not stated.get("past"):
        return {}
    from hotspot.ledger.answers.past import known_past

    rule = Clocks(**{name: stated["criteria"]["clocks"][name] for name in ("repeat_days", "repeat_alarms")})
    return known_past(ledger, stated["month"], sorted(stated["past"]), rule)


def _unknown_heads(ledger: Ledger, heads: Sequence[str]) -> list[str]:
    """F26: a head that somebody holds on paper and the chain does not know."""
    told = []
    for head in heads:
        try:
            ledger.verify(head=head)
        except DataError as error:
            told.append(str(error))
    return told


def _no_head(head: str) -> str:
    return f"head {head} is not that of this month, and no ledger lies beside it; give the folder of the study"


def _rederive(
    directory: Path, stated: dict[str, Any], scratch: Path, study: Path | str | None, data: Path | str | None
) -> list[str]:
    """Make the month again in a scratch folder; list what differs."""
    from hotspot.rank.select.hotlist import read_hotspots

    if study is None:
        # A stranger's text: parsed, under a name of ours, and its data root is never his word.
        text = scratch / "study.toml"
        text.write_text(stated["study"]["text"], encoding="utf-8", newline="\n")
        study = text
        data = data or os.environ.get("HOTSPOT_DATA") or scratch / "no-data"
    study = load_study(study, data=data)
    if manifest.study_digest(study) != stated["study"]["sha256"]:
        return [f"{study.path.name}: this is not the study file the month was made with (its SHA-256 differs)"]
    changed = _inputs(stated, study.root)
    if changed:
        return changed
    month = stated["month"]
    again = scratch / "again"
    again.mkdir()
    with steps(["delivered files", "field", "weather", "ranking", "sources", "products"]) as step:
        # The applied hotspot list is part of the month: select nothing anew.
        hot = read_hotspots(directory / "hotspots.csv", study.cells)
        # Afresh: a folder of its own, into which nothing was decoded before.
        derived = derive(study, month, hot=hot, step=step, deliveries=Deliveries(study, scratch))
        derived.delivered.intake.check()
        # As the history below, what lay behind a cell is taken as stated; the ledger beside it was asked.
        derived = replace(derived, past=stated.get("past", {}))
        step("products")
        body = write_body(again, study, month, derived, stated["state"])
        body["study"]["file"] = stated["study"]["file"]  # how it was called is nobody's to prove
        differences = _compare("re-derived file", stated["outputs"], body["outputs"])
        if differences:
            return differences
        # The chain is taken as stated: it was checked against the manifest, and the ledger where there is one.
        place = {
            name: stated[name] for name in ("history", "chances", "replaces", "changes", "chain") if name in stated
        }
        keys = [key for key in sorted(body) if manifest.text_digest(body[key]) != manifest.text_digest(stated.get(key))]
        if set(keys) - {"program"}:  # other versions are told as warnings
            return [f"manifest.json: {key} differs on re-derivation" for key in keys]
        write_release(again, study, month, derived, body | place)
    return _compare("re-derived notice", stated["notices"], manifest.read_manifest(again)["notices"])


def _inputs(stated: dict[str, Any], root: Path) -> list[str]:
    """Inputs whose bytes are not those the manifest lists."""
    inputs = {entry["path"]: entry["sha256"] for entry in stated["inputs"]}
    missing = [name for name in inputs if not (Path(root) / name).is_file()]
    if missing and len(missing) == len(inputs):
        return [f"none of the {len(inputs)} inputs is there; give --data, the folder of the deliveries"]
    problems = [f"{name}: input is missing below {root}; give --data" for name in missing]
    changed = [name for name in inputs.keys() - missing if digest_of(Path(root) / name) != inputs[name]]
    return problems + [f"{name}: input differs from the one the month was made with" for name in sorted(changed)]


def _compare(what: str, stated: dict[str, dict[str, Any]], found: dict[str, dict[str, Any]]) -> list[str]:
    """Differences of two {name: {sha256, size}} tables, in order of name."""
    differences = []
    for name in sorted(stated.keys() | found.keys()):
        if name not in found:
            differences.append(f"{name}: {what} is missing")
        elif name not in stated:
            differences.append(f"{name}: {what} is not in the manifest")
        elif stated[name]["sha256"] != found[name]["sha256"]:
            differences.append(f"{name}: {what} differs from the manifest")
    return differences


def _versions(stated: dict[str, Any]) -> list[str]:
    """Libraries that are another version here: bytes may then differ without a fault."""
    here = {name: metadata.version(name) for name in manifest.LIBRARIES} | {"hotspot": metadata.version("hotspot")}
    made = stated["program"]["libraries"] | {"hotspot": stated["program"]["hotspot"]}
    return [
        f"{name}: made with {made[name]}, here {here.get(name, 'not there')}"
        for name in made
        if made[name] != here.get(name)
    ]
