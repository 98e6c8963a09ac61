"""
Who may read what: the levels at which a notice leaves the office, as data.

D10 names what is public. D25 keeps names of enterprises and statistics of the
ministry's own in the house: a city gets the numbers of its own cells, the
public gets neither numbers nor names.
"""

from dataclasses import dataclass
from types import MappingProxyType

from hotspot.variables import DataError

D10 = ("code", "county", "place", "reasons")  # the four columns of the public list


@dataclass(frozen=True)
class Level:
    """
    What one level of a notice may carry.

    ``columns`` of the list by city; ``sections`` of the text; ``internal`` columns of the
    annex with values (empty: no such annex); ``changes``: what a correction tells of a row.
    """

    zh: str
    columns: tuple[str, ...]
    sections: tuple[str, ...]
    internal: tuple[str, ...]
    changes: tuple[str, ...]


_INTERNAL = (
    "code", "reason", "rank", "pm25", "previous", "change", "change_pct", "n_valid", "interval", "p_top",
    "distinguishable", "run", "count",
)  # fmt: skip
_LISTED = ("code", "county", "township", "place", "reasons")
_CHANGES = ("city", "code", "reason", "what", "before", "now")
_SECTIONS = ("correction", "ranked", "repeated", "confidence", "left_out", "duties")
LEVELS = MappingProxyType(
    {
        "public": Level(
            "公开", D10, ("correction", "ranked_public", "repeated"), (), ("city", "code", "reason", "what")
        ),
        "city": Level("发有关城市", _LISTED, _SECTIONS, _INTERNAL, _CHANGES),
        "internal": Level("内部", _LISTED, _SECTIONS, _INTERNAL, _CHANGES),
    }
)


def level(name: str) -> Level:
    """
    A level by its name.

    Parameters
    ----------
    name : str
        ``public``, ``city`` or ``internal``.

    Raises
    ------
    DataError
        There is no such level.

    Examples
    --------
    >>> level("public").columns
    ('code', 'county', 'place', 'reasons')
    """
    if name not in LEVELS:
        raise DataError(f"redaction level {name!r} is not known; there are: {', '.join(LEVELS)}.")
    return LEVELS[name]


def redacted(rows: list[dict[str, str]], columns: tuple[str, ...]) -> list[dict[str, str]]:
    """
    Rows with the columns a level may carry and no other, in the level's order.

    Parameters
    ----------
    columns : tuple of str
        Of a ``Level``.

    Examples
    --------
    >>> redacted([{"code": "PR1847K", "pm25": "60.1"}], ("code",))
    [{'code': 'PR1847K'}]
    """
    return [{name: row[name] for name in columns} for row in rows]
