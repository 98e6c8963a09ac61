"""
What can be printed: the font, its glyphs, and texts made fit for paper.

A character that the font lacks vanishes or turns into a box without a word in
every PDF writer, so each printed string is held against the font's character
map first. Characters nobody can read (control, direction marks) and pictures
(emoji) are printed as their code point; a *letter* the font lacks is refused,
because a name with a hole in it is a wrong name.
"""

import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hotspot.text.door import shown
from hotspot.variables import DataError

FAMILY = "Noto Sans SC"
# Control, format (RTL marks, zero width), surrogate, private, unassigned; line and paragraph separators.
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
# Emoji and their parts; symbols the font does have are kept.
_PICTURES = frozenset(("So", "Sk", "Sm", "Mn", "Me"))
# Text that XML 1.0, and so xlsx and GeoPackage, cannot hold; and what turns the reading direction.


@cache
def font_path() -> Path:
    """
    The Chinese font file, taken from the installed package that carries it.

    Returns
    -------
    Path of ``NotoSansSC-Regular.ttf`` (SIL Open Font License)

    Raises
    ------
    DataError
        The package that carries the font is not installed.

    Examples
    --------
    >>> font_path().name
    'NotoSansSC-Regular.ttf'
    """
    # find_spec does not run the package: importing it would change matplotlib's settings.
    spec = find_spec("zhplot")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "fonts" / "NotoSansSC-Regular.ttf"
        if path.is_file():
            return path
    raise DataError("NotoSansSC-Regular.ttf: the font is not installed; install the package zhplot, which carries it.")


@cache
def glyphs() -> frozenset[int]:
    """
    The code points the font can draw, a frozenset of int.

    Examples
    --------
    >>> ord("网") in glyphs(), 0x2082 in glyphs()
    (True, False)
    """
    from fontTools.ttLib import TTFont

    with TTFont(font_path(), lazy=True) as font:
        return frozenset(font.getBestCmap())


def check_glyphs(texts: Iterable[Any] | list[str]) -> None:
    """
    Hold every string that will be printed against the font.

    Parameters
    ----------
    texts : iterable of str

    Raises
    ------
    DataError
        A character has no glyph; the message names the character and the text.

    Examples
    --------
    >>> check_glyphs(["热点网格", "PM2.5"])
    >>> check_glyphs(["H₂O"])
    Traceback (most recent call last):
    hotspot.variables.DataError: printed text 'H₂O': the font has no glyph for '₂' (U+2082); write it otherwise.
    """
    known = glyphs()
    for text in texts:
        for character in text:
            if ord(character) not in known and character != "\n":
                shown = text if len(text) <= 60 else text[:60] + "..."
                raise DataError(
                    f"printed text {shown!r}: the font {FAMILY} has no glyph for {character!r} "
                    f"(U+{ord(character):04X}); write it otherwise."
                )


@lru_cache(maxsize=100_000)
def legible(text: str) -> str:
    """
    A text from data as it can stand on paper: one line, nothing hidden.

    Parameters
    ----------
    text : str

    Returns
    -------
    str; runs of white space become one blank, what cannot be seen its code point

    Examples
    --------
    >>> legible("某厂\\u202e一号  炉")
    '某厂[U+202E]一号 炉'
    """
    known = glyphs()
    marked = []
    for character in " ".join(text.split()):
        kind = unicodedata.category(character)
        hidden = kind in _UNSEEN or (kind in _PICTURES and ord(character) not in known)
        marked.append(f"[U+{ord(character):04X}]" if hidden else character)
    return "".join(marked)


def harmless(text: str) -> str:
    """
    A text from data as xlsx and GeoPackage can hold it: all of it, the unholdable as code points.

    Tabs and line ends stay; control characters, lone surrogates and marks that
    turn the reading direction are written out.

    Examples
    --------
    >>> harmless("a\\x00b\\u202ec")
    'a[U+0000]b[U+202E]c'
    """
    return shown(text, lines=True)


def shorten(text: str, width: int) -> str:
    """
    Cut a text to a printed width, counting a Chinese character as two.

    Parameters
    ----------
    text : str
    width : int
        In half-width characters, the mark of the cut included.

    Returns
    -------
    str, ``legible`` and at most that wide; the full text stays in the tables

    Examples
    --------
    >>> shorten("武汉市某某热电厂", 10), shorten("plant", 10)
    ('武汉市某…', 'plant')
    """
    # No more characters than columns can survive, so a hostile length costs nothing.
    text = legible(text[: 4 * width])
    if printed_width(text) <= width:
        return text
    kept, used = [], 2
    for character in text:
        used += _columns(character)
        if used > width:
            break
        kept.append(character)
    return "".join(kept).rstrip() + "…"


def printed_width(text: str) -> int:
    """
    The width of a text in half-width columns, the measure of ``shorten``.

    Examples
    --------
    >>> printed_width("网格A1")
    6
    """
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WFA" else 1
