"""
Whose rules: one TOML file, or one folder, per jurisdiction.

A profile names only what differs from the one it is ``like``. A folder holds ``profile.toml`` and what else the
jurisdiction says in its own words. Installed packages add theirs as entry points ``hotspot.jurisdictions``, each a
path.
"""

import tomllib
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from hotspot.registry import Registry
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


def _file(place: Traversable) -> Traversable:
    place = Path(place) if isinstance(place, str) else place
    return place / "profile.toml" if place.is_dir() else place


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
