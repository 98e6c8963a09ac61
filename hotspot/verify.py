"""
An outsider re-derives a published month from its inputs and its manifest.

Three questions in order, and the first difference is named: are the files
those the manifest lists; are the inputs those it was made from; do the same
inputs give the same bytes again.
"""

import tempfile
from importlib import metadata
from pathlib import Path

from hotspot.month import run_month
from hotspot.publish import manifest
from hotspot.study import load_study
from hotspot.variables import DataError


def verify_month(directory, *, study=None, data=None):
    """
    Re-derive a published month and compare it byte for byte.

    Parameters
    ----------
    directory : str or Path
        A published month, e.g. ``out/demo/2025-12``.
    study : str or Path, optional
        The study file. Default: the text kept in the manifest, which then needs
        ``data`` (or ``HOTSPOT_DATA``) to say where the inputs lie.
    data : str or Path, optional
        The data root.

    Returns
    -------
    dict
        ``verified`` (bool), ``differences`` (list of sentences, the first one
        first), ``warnings`` (other library versions than the manifest's), ``head``.

    Raises
    ------
    DataError
        There is no manifest, or the inputs cannot be read.
    """
    directory = Path(directory)
    stated = manifest.read_manifest(directory)
    result = {"directory": str(directory), "head": stated["chain"]["head"], "warnings": _versions(stated)}
    differences = _compare("published file", stated["outputs"], manifest.outputs(directory))
    if not differences:
        with tempfile.TemporaryDirectory() as scratch:
            differences = _rederive(directory, stated, Path(scratch), study, data)
    return result | {"verified": not differences, "differences": differences}


def _rederive(directory, stated, scratch, study, data):
    """Run the month again in a scratch folder; list what differs."""
    if study is None:
        study = scratch / stated["study"]["file"]
        study.write_text(stated["study"]["text"], encoding="utf-8", newline="\n")
    study = load_study(study, data=data)
    if manifest.digest(study.path) != stated["study"]["sha256"]:
        return [f"{study.path}: this is not the study file the month was made with (its SHA-256 differs)"]
    changed = _inputs(stated, study.root)
    if changed:
        return changed
    # The applied hotspot list is part of the month: select nothing anew.
    folder = scratch / "again" / study.id
    folder.mkdir(parents=True)
    year = stated["month"][:4]
    (folder / f"hotspots-{year}.csv").write_bytes((directory / "hotspots.csv").read_bytes())
    again = run_month(study, stated["month"], out=scratch / "again")
    fresh = manifest.read_manifest(again)
    differences = _compare("re-derived file", stated["outputs"], fresh["outputs"])
    if not differences and manifest.body_digest(stated) != manifest.body_digest(fresh):
        keys = sorted(k for k in stated if k != "chain" and stated[k] != fresh.get(k))
        differences = [f"manifest.json: {key} differs on re-derivation" for key in keys if key != "program"]
    return differences


def _inputs(stated, root):
    """Inputs whose bytes are not those the manifest lists."""
    problems = []
    for entry in stated["inputs"]:
        path = Path(root) / entry["path"]
        if not path.exists():
            problems.append(f"{entry['path']}: input is missing below {root}; give --data")
        elif manifest.digest(path) != entry["sha256"]:
            problems.append(f"{entry['path']}: input differs from the one the month was made with")
    return problems


def _compare(what, stated, found):
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


def _versions(stated):
    """Libraries that are another version here: bytes may then differ without a fault."""
    here = {name: metadata.version(name) for name in manifest.LIBRARIES} | {"hotspot": metadata.version("hotspot")}
    made = stated["program"]["libraries"] | {"hotspot": stated["program"]["hotspot"]}
    return [f"{name}: made with {made[name]}, here {here[name]}" for name in made if made[name] != here.get(name)]


def require_verified(result):
    """
    Raises
    ------
    DataError
        The month could not be re-derived; the message names the first difference.
    """
    if not result["verified"]:
        raise DataError(result["differences"][0])
