"""
Whose rules: one TOML file, or one folder, per jurisdiction.

A profile names only what differs from the one it is ``like``. A folder holds ``profile.toml`` and, where the
jurisdiction says in its own words what products print, ``words.toml`` (``words.py``). Installed packages add theirs as
entry points ``hotspot.jurisdictions``, each a path.
"""

import json
import tomllib
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from hotspot.registry import Registry
from hotspot.rules.words import read_words
from hotspot.variables import DataError


def _ours() -> dict[str, Traversable]:
    folder = resources.files("hotspot.rules") / "profiles"
    return {f.name.removesuffix(".toml"): f for f in sorted(folder.iterdir(), key=lambda f: f.name) if _is_profile(f)}


def _is_profile(place: Traversable) -> bool:
    return place.name.endswith(".toml") or place.is_dir()


def _check(name: str, place: Traversable) -> None:
    stated = _read(place).get("profile")
    if stated != name:
        raise ValueError(f"its profile says {stated!r}, not {name!r}")
    _words(place)


def _file(place: Traversable | str) -> Traversable:
    place = Path(place) if isinstance(place, str) else place
    return place / "profile.toml" if place.is_dir() else place


def _words(place: Traversable | str) -> dict[str, str]:
    place = Path(place) if isinstance(place, str) else place
    return read_words(place) if place.is_dir() else {}


def _read(place: Traversable) -> dict:
    return tomllib.loads(_file(place).read_text(encoding="utf-8"))


JURISDICTIONS: Registry[Traversable] = Registry("hotspot.jurisdictions", _ours(), _check)


def load_profile(name: str) -> dict:
    """
    Read a jurisdiction's rule profile as a plain dict of criteria sections.

    Parameters
    ----------
    name : str
        A name of ``JURISDICTIONS``: file or folder in ``hotspot/rules/profiles``, or one that was added.

    Returns
    -------
    dict, ready to be merged under a study's own ``[criteria]``

    Raises
    ------
    DataError
        There is no such profile; the message lists those there are.

    Examples
    --------
    >>> load_profile("mee-2018")["selection"]["quota_share"]
    0.1
    """
    if name not in JURISDICTIONS:
        raise DataError(f"rule profile {name!r} is not known; there are: {', '.join(sorted(JURISDICTIONS))}.")
    raw = _read(JURISDICTIONS[name])
    # A profile may say which other it is like, and then only where it differs.
    like = load_profile(raw.pop("like")) if "like" in raw else {}
    for key, value in raw.items():
        like[key] = {**like.get(key, {}), **value} if isinstance(value, dict) and key != "holds" else value
    return like


def load_words(name: str) -> str:
    """
    What a jurisdiction says in its own words, those of the one it is like below its own.

    Parameters
    ----------
    name : str
        As ``load_profile`` takes it.

    Returns
    -------
    str, one line of JSON: our words -> its own, as a field and a manifest carry them; "" where it has none

    Raises
    ------
    DataError
        A word cannot be used; the message names the file and the key.

    Examples
    --------
    >>> load_words("mee-2018")
    ''
    """
    found: dict[str, str] = {}
    while name:
        found = _words(JURISDICTIONS[name]) | found
        name = _read(JURISDICTIONS[name]).get("like", "")
    return json.dumps(found, ensure_ascii=False, sort_keys=True) if found else ""
