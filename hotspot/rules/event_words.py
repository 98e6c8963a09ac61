"""What kind of problem a report of another desk means (A4): the longest known word in it decides."""

import tomllib
import unicodedata
from functools import cache
from importlib import resources

from hotspot.rules.classes import problem_types

OTHER = "other"


@cache
def _read() -> tuple[dict[str, str], frozenset[str]]:
    raw = tomllib.loads((resources.files("hotspot.rules") / "events.toml").read_text(encoding="utf-8"))
    words: dict[str, str] = {}
    for key, kind in problem_types().items():
        for word in (kind["zh"], *raw["words"].get(key, ())) if key != OTHER else ():
            if words.setdefault(_plain(word), key) != key:
                raise ValueError(f"events.toml: {word!r} is claimed by {words[_plain(word)]} and by {key}; keep one.")
    return words, frozenset(map(_plain, raw["acknowledgements"]["words"]))


def problem_of(word: str, text: str = "") -> str:
    """
    The problem type of a report.

    Parameters
    ----------
    word : str
        The type as the other desk names it; "" where it names none.
    text : str
        What was written; looked at where the word says nothing.

    Returns
    -------
    str, a key of ``problem_types``; "other" where nothing fits

    Examples
    --------
    >>> problem_of("施工扬尘"), problem_of("", "解放路工地没盖网"), problem_of("", "有股怪味"), problem_of("bare_soil")
    ('site_dust', 'site_dust', 'other', 'bare_soil')
    """
    if word.strip() in problem_types():
        return word.strip()
    for said in (word, text):
        plain = _plain(said)
        inside = [known for known in _read()[0] if known in plain]
        if inside:
            return _read()[0][max(inside, key=len)]
    return OTHER


def is_acknowledgement(text: str) -> bool:
    """
    Does a chat line report nothing?

    Examples
    --------
    >>> is_acknowledgement("收到！"), is_acknowledgement("收到群众反映，西环路烧垃圾")
    (True, False)
    """
    return _plain(text).strip("。！!.，, ~") in _read()[1]


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
