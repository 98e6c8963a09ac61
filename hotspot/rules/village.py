"""The village patrol's list (B11): what can be seen without instruments, air by default, other media where asked."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from hotspot.rules.classes import area_classes, departments

MEDIA = {"air": "大气", "water": "水", "soil": "土壤", "waste": "固体废物", "noise": "噪声"}


@dataclass(frozen=True)
class PatrolItem:
    """One thing a village patrol looks at. ``group``: the class of sources, or the medium."""

    medium: str
    code: str
    group: str
    zh: str
    en: str
    department: str


@cache
def _beyond() -> tuple[PatrolItem, ...]:
    raw = tomllib.loads((resources.files("hotspot.rules") / "village.toml").read_text(encoding="utf-8"))
    found = []
    for key, item in raw["item"].items():
        if item["medium"] not in MEDIA or item["medium"] == "air":
            raise ValueError(f"village.toml, item {key}: medium {item['medium']!r} is none of {', '.join(MEDIA)}.")
        office = departments()[item["department"]]["zh"]
        found.append(PatrolItem(item["medium"], key, MEDIA[item["medium"]], item["zh"], item["en"], office))
    return tuple(found)


def patrol_items(media: tuple[str, ...] = ("air",)) -> list[PatrolItem]:
    """
    What a village patrol looks at.

    Parameters
    ----------
    media : tuple of keys of ``MEDIA``

    Raises
    ------
    ValueError
        A medium is not known.

    Examples
    --------
    >>> {item.medium for item in patrol_items()}, [item.code for item in patrol_items(("soil",))]
    ({'air'}, ['film', 'pesticide'])
    """
    strange = [medium for medium in media if medium not in MEDIA]
    if strange:
        raise ValueError(f"medium {strange[0]!r} is none of {', '.join(MEDIA)}.")
    air = [
        PatrolItem("air", item.code, kind.zh, item.zh, item.en, kind.department_zh)
        for kind in area_classes()
        for item in kind.items
        if item.grade == "patrol"
    ]
    return [item for medium in MEDIA if medium in media for item in (*air, *_beyond()) if item.medium == medium]
