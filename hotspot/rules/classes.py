"""
The controlled vocabulary of sources and problems: what to look at, who answers.

``classes.toml`` holds it as data (B10, B11, B13, C10, D14, D24); this module
reads it once, checks it, and finds the class that a foreign word means.
"""

import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from hotspot.registry import Registry
from hotspot.variables import DataError

GRADES = MappingProxyType({"patrol": "巡查", "enforcement": "执法"})


@dataclass(frozen=True)
class Item:
    """
    One thing to look at. ``grade`` says who can: ``patrol`` or ``enforcement`` (B11);
    ``problem`` is the type under which a finding is recorded (D24).
    """

    code: str
    grade: str
    zh: str
    en: str
    problem: str


@dataclass(frozen=True)
class SourceClass:
    """One kind of source, with its checklist and the department that answers for it."""

    key: str
    zh: str
    en: str
    area: bool
    department: str
    department_zh: str
    department_en: str
    problem: str
    problem_zh: str
    problem_en: str
    clause: str
    aliases: tuple[str, ...]
    items: tuple[Item, ...]


@cache
def _read() -> tuple[dict[str, Any], dict[str, SourceClass]]:
    """The parsed and checked vocabulary; the file ships in the wheel, so a fault here is ours."""
    raw = tomllib.loads((resources.files("hotspot.rules") / "classes.toml").read_text(encoding="utf-8"))
    classes: dict[str, SourceClass] = {}
    for key, entry in raw["class"].items():
        department, problem = raw["departments"][entry["department"]], raw["problems"][entry["problem"]]
        items = tuple(
            Item(f"{key}-{n}", i["grade"], i["zh"], i["en"], i.get("problem", entry["problem"]))
            for n, i in enumerate(entry["items"], 1)
        )
        for word, said, known in (
            ("grade", {item.grade for item in items}, GRADES),
            ("problem", {item.problem for item in items}, raw["problems"]),
        ):
            wrong = sorted(said - set(known))
            if wrong:
                raise DataError(f"classes.toml, class {key}: {word} {wrong[0]!r} is not one of {', '.join(known)}.")
        classes[key] = SourceClass(
            key,
            entry["zh"],
            entry["en"],
            entry["area"],
            entry["department"],
            department["zh"],
            department["en"],
            entry["problem"],
            problem["zh"],
            problem["en"],
            entry["clause"],
            tuple(entry["aliases"]),
            items,
        )
    return raw, classes


def source_classes() -> Mapping[str, SourceClass]:
    """
    Every source class by its key, in the order in which a checklist prints them.

    Returns
    -------
    read-only dict of str -> SourceClass

    Examples
    --------
    >>> source_classes()["bare_soil"].zh
    '裸土地'
    >>> source_classes()["bare_soil"].items[0].code
    'bare_soil-1'
    """
    return MappingProxyType(_read()[1])


def area_classes() -> tuple[SourceClass, ...]:
    """
    Classes looked for in every cell, registered or not (C10): dust, dumping, burning.

    A cell with no registered facility still gets a checklist of these.

    Examples
    --------
    >>> [c.key for c in area_classes()][:4]
    ['scattered', 'construction', 'road', 'traffic']
    """
    return tuple(c for c in _read()[1].values() if c.area)


def _is_problem(name: str, entry: object) -> None:
    if not isinstance(entry, Mapping) or set(entry) != {"zh", "en", "clause"}:
        raise TypeError(f"{name!r} is no problem type; give a dict of zh, en and clause.")


NONE = "none"  # what a visit found where it found nothing: in the ledger beside the types, of no problem


@cache
def problem_types() -> Registry[Mapping[str, str]]:
    """
    Kinds of problem a visit can find (D24 and its neighbours): key -> zh, en, clause.

    The table is open: entry points ``hotspot.problems``, or ``problem_types().register``.

    Examples
    --------
    >>> problem_types()["site_dust"]["zh"]
    '工地扬尘'
    """
    return Registry("hotspot.problems", _read()[0]["problems"], _is_problem)


def dossier_papers() -> Mapping[str, Mapping[str, Any]]:
    """
    Papers of an enterprise that a checklist can cite (B27): key -> zh, en.

    Examples
    --------
    >>> [paper["zh"] for paper in dossier_papers().values()][:2]
    ['环评', '排污许可']
    """
    return MappingProxyType(_read()[0]["dossier"])


def departments() -> Mapping[str, Mapping[str, Any]]:
    """
    Departments that answer for a class: key -> zh, en.

    Examples
    --------
    >>> departments()["housing"]["en"]
    'housing and construction'
    """
    return MappingProxyType(_read()[0]["departments"])


def find_class(word: str) -> str | None:
    """
    Key of the class that a foreign word means, or ``None``.

    Exact match of key, Chinese or English name or alias first; then the longest
    Chinese alias contained in the word. Full-width forms, case and blanks do not matter.

    Parameters
    ----------
    word : str, as a delivered file writes it

    Returns
    -------
    str, a key of ``source_classes``; None where nothing fits

    Examples
    --------
    >>> find_class("Cement"), find_class("某某混凝土有限公司"), find_class("xyz")
    ('cement', 'concrete', None)
    """
    words = _words()
    plain = _plain(word)
    if plain in words:
        return words[plain]
    # Latin aliases such as "gas" or "mine" hide inside other words, so only Chinese ones may be contained.
    # Of equally long ones the first in the vocabulary wins: 水泥企业 is cement, not just any enterprise.
    inside = [alias for alias in words if alias in plain and not alias.isascii()]
    return words[max(inside, key=len)] if inside else None


def route(key: str, counties: list[tuple[str, str]]) -> dict[str, Any]:
    """
    Who takes a problem of this class in a cell, and how (B13).

    One county: its own department. Several counties of one city: jointly, led by
    the county named first. Counties of several cities: handed up to the prefecture.

    Parameters
    ----------
    key : str, a key of ``source_classes``
    counties : sequence of (city, county), the owner of the cell first

    Returns
    -------
    dict: ``mode`` own | joint | cross_region, ``department`` zh, ``lead`` and ``others`` as (city, county)

    Examples
    --------
    >>> route("construction", [("沧州市", "新华区"), ("沧州市", "沧县")])["mode"]
    'joint'
    """
    places = list(dict.fromkeys((str(city), str(county)) for city, county in counties))
    if not places:
        raise ValueError("counties is empty; give at least the owner of the cell.")
    if key not in _read()[1]:
        raise ValueError(f"source class {key!r} is not known; there are: {', '.join(_read()[1])}.")
    mode = "own" if len(places) == 1 else "joint" if len({city for city, _ in places}) == 1 else "cross_region"
    return {"mode": mode, "department": _read()[1][key].department_zh, "lead": places[0], "others": tuple(places[1:])}


def _plain(word: str) -> str:
    """A word as it is compared: compatibility form, lower case, single blanks."""
    return " ".join(unicodedata.normalize("NFKC", str(word)).casefold().replace("_", " ").split())


@cache
def _words() -> dict[str, str]:
    """Every name and alias -> key; an alias claimed twice is a fault of the file."""
    words: dict[str, str] = {}
    for key, entry in _read()[1].items():
        for word in dict.fromkeys(map(_plain, (key, entry.zh, entry.en, *entry.aliases))):
            if words.setdefault(word, key) != key:
                raise DataError(f"classes.toml: {word!r} is claimed by {words[word]} and by {key}; keep one.")
    return words
