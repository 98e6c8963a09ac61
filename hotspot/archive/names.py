"""Names of an archive: which are wanted, and which may stand below a data folder."""

import unicodedata
from collections.abc import Sequence
from fnmatch import fnmatchcase

from hotspot.patterns import kept_beside
from hotspot.text.door import shown

_LONGEST = 200  # bytes of one part of a name: 255 is what file systems take, and ours carry a mark beside it
_DEEPEST = 32  # folders


def why_not(name: str) -> str:
    """
    Why a name cannot stand below a data folder, or "".

    Parameters
    ----------
    name : str
        '/' separated, below the archive's url, as the store says it.

    Examples
    --------
    >>> [why_not(name) for name in ("2020/pm25_20200101.tif", "../a.tif", "/etc/a.tif", "a\\x1b.tif", "a.tif\\udcff")]
    ['', 'climbs out', 'is absolute', 'holds a control character', 'is not written in UTF-8']
    """
    parts = name.split("/")
    try:
        sizes = [len(part.encode()) for part in parts]
    except UnicodeEncodeError:
        return "is not written in UTF-8"
    if name.startswith("/"):
        return "is absolute"
    if ".." in parts or "." in parts or "" in parts:
        return "climbs out"
    if shown(name) != name:
        return "holds a control character"
    if "\\" in name:
        return "holds a backslash, which is a folder elsewhere"
    if max(sizes) > _LONGEST or len(parts) > _DEEPEST:
        return "is too long"
    if any(kept_beside(part) for part in parts):
        return "is a name that fetch keeps for itself"
    return ""


def folded(name: str) -> str:
    """
    A name as file systems see it that know no case.

    Examples
    --------
    >>> folded("PM25/Tag.TIF") == folded("pm25/tag.tif")
    True
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def wanted(parts: Sequence[str], patterns: Sequence[Sequence[str]]) -> bool:
    """
    Whether a file is what a pattern means, by the rules of ``hotspot.patterns``.

    Parameters
    ----------
    parts : sequence of str, the name without its '/'
    patterns : sequence of such sequences

    Examples
    --------
    >>> [wanted(name.split("/"), [("2020", "**", "*.tif")]) for name in ("2020/a.tif", "2020/1/2/a.tif", "a.tif")]
    [True, True, False]
    """
    return any(_fits(parts, pattern, whole=True) for pattern in patterns)


def leads(parts: Sequence[str], patterns: Sequence[Sequence[str]]) -> bool:
    """
    Whether something wanted may lie in a folder.

    Examples
    --------
    >>> [leads(name.split("/"), [("20*", "pm25", "*.tif")]) for name in ("2020", "2020/no2", "2020/pm25/a")]
    [True, False, False]
    """
    return any(_fits(parts, pattern, whole=False) for pattern in patterns)


def _fits(parts: Sequence[str], pattern: Sequence[str], *, whole: bool) -> bool:
    """Whether parts are all that a pattern says, or, not ``whole``, the beginning of something it may say."""
    places = {0}  # how much of the pattern may be used up; a set, since ``**`` stands for any number of folders
    for part in parts:
        places = _open(places, pattern)
        after = {at for at in places if at < len(pattern) and pattern[at] == "**"}
        after |= {at + 1 for at in places - after if at < len(pattern) and fnmatchcase(part, pattern[at])}
        places = after
    return len(pattern) in places if whole else any(at < len(pattern) for at in places)


def _open(places: set[int], pattern: Sequence[str]) -> set[int]:
    """The places with those behind a ``**`` that stands for no folder."""
    found = set(places)
    for at in sorted(places):
        while at < len(pattern) and pattern[at] == "**":
            at += 1
            found.add(at)
    return found
