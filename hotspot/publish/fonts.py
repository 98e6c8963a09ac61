"""
What can be printed: the faces, their glyphs, and texts made fit for paper.

A character that the font lacks vanishes or turns into a box without a word in
every PDF writer, so each printed string is held against the font's character
map first. Characters nobody can read (control, direction marks) and pictures
(emoji) are printed as their code point; a *letter* the font lacks is refused,
because a name with a hole in it is a wrong name.
"""

import hashlib
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from hotspot.text.door import shown
from hotspot.variables import DataError


class Face(NamedTuple):
    """A typeface: its family, the file that holds it, that file's SHA-256, and the installed package it comes in."""

    family: str
    file: str
    sha256: str
    package: str = "pylopdf-fonts-zh-cn"


# All under the SIL Open Font License, in installed packages of fonts and nothing else.
SANS = Face(
    "Noto Sans SC", "NotoSansSC-Regular.otf", "faa6c9df652116dde789d351359f3d7e5d2285a2b2a1f04a2d7244df706d5ea9"
)
SERIF = Face(
    "Noto Serif SC", "NotoSerifSC-Regular.otf", "e8f396decc1f0963a016a989c3d8852e863d1350996f573860a80767c83a1cd3"
)
# Its letters take their mainland forms from the language of the text; the few it lacks are set in ``SANS``.
BOLD = Face(
    "Noto Sans CJK TC",
    "NotoSansCJKtc-Bold.otf",
    "977833121efae44b1c2115282724383b3201bdc104064d7bb2c1c92da928aafc",
    "cvttf-NotoSansCJK-Bold",
)
FACES = (SANS, SERIF, BOLD)
FAMILY = SANS.family
# Control, format (RTL marks, zero width), surrogate, private, unassigned; line and paragraph separators.
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
# Emoji and their parts; symbols the font does have are kept.
_PICTURES = frozenset(("So", "Sk", "Sm", "Mn", "Me"))


@cache
def font_path(face: Face = SANS) -> Path:
    """
    The file of a face, taken from the installed package that carries it.

    Returns
    -------
    Path of an OpenType file

    Raises
    ------
    DataError
        The package is not installed, or holds another font of that name: every PDF would change without a word.

    Examples
    --------
    >>> [font_path(face).name for face in FACES]
    ['NotoSansSC-Regular.otf', 'NotoSerifSC-Regular.otf', 'NotoSansCJKtc-Bold.otf']
    """
    # find_spec does not run the package.
    spec = find_spec(face.package.replace("-", "_"))
    mend = f"install {face.package} as this package's constraints name it."
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / face.file
        if path.is_file():
            if hashlib.sha256(path.read_bytes()).hexdigest() != face.sha256:
                raise DataError(f"{face.file}: the installed font is not the one that pages are set with; {mend}")
            return path
    raise DataError(f"{face.file}: the font is not installed; {mend}")


@cache
def glyphs(path: Path | None = None) -> frozenset[int]:
    """
    The code points that a font file can draw (default: what sans and serif both can), a frozenset of int.

    Examples
    --------
    >>> ord("网") in glyphs(), 0x2082 in glyphs()
    (True, False)
    """
    from fontTools.ttLib import TTFont

    if path is None:
        return glyphs(font_path(SANS)) & glyphs(font_path(SERIF))
    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())


def chinese_plots() -> None:
    """
    Let matplotlib draw Chinese for the rest of the session, with the face of the printed pages.

    Examples
    --------
    >>> chinese_plots()
    """
    from matplotlib import font_manager, rcParams

    font_manager.fontManager.addfont(font_path())
    rcParams["font.family"] = FAMILY
    rcParams["axes.unicode_minus"] = False


def check_glyphs(texts: Iterable[Any] | list[str]) -> None:
    """
    Hold every string that will be printed against the font.

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
                    f"printed text {shown!r}: the font has no glyph for {character!r} "
                    f"(U+{ord(character):04X}); write it otherwise."
                )


@lru_cache(maxsize=100_000)
def legible(text: str) -> str:
    """
    A text from data as it can stand on paper: one line, nothing hidden.

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


@lru_cache(maxsize=100_000)
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


@lru_cache(maxsize=100_000)
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
