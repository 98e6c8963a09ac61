"""
The page's own Chinese letters: a computer without a Chinese font prints boxes.

Only the characters of the page are kept, so the font adds some tens of
kilobytes; where the reader's computer has a Chinese font, that one is used.
"""

import base64
import io
from functools import lru_cache

from hotspot.publish.fonts import font_path, glyphs

FAMILY = "Hotspot Sans SC"
_LATIN_END = 0x2010  # letters below it are in every computer's own font


def font_face(text: str, words: str = "") -> str:
    """
    CSS ``@font-face`` rules with the glyphs that a text needs beyond Latin letters.

    Parameters
    ----------
    text : str
        The whole page; each character is taken once.
    words : str
        What every page of its kind says: a face of its own, made once a process, so that thirty maps do not
        cut the same letters thirty times.

    Returns
    -------
    str, CSS holding the subset of Noto Sans SC (SIL Open Font License) as WOFF2
    in the page itself; empty where nothing beyond Latin letters is used. The
    same texts give the same bytes.

    Examples
    --------
    >>> font_face("PM2.5")
    ''
    >>> css = font_face("热点网格")
    >>> css.startswith("@font-face"), len(css) < 6000, css == font_face("格网点热")
    (True, True, True)
    >>> font_face("热点网格", "热点").count("@font-face")
    2
    """
    shared, every = _wanted(words), _wanted(text)
    _held({*shared, *every})
    return _face(shared) + _face(tuple(one for one in every if one not in set(shared)))


def _wanted(text: str) -> tuple[int, ...]:
    """The characters of a text that the font is for, in order."""
    return tuple(sorted({ord(character) for character in set(text) if ord(character) >= _LATIN_END} & glyphs()))


@lru_cache(maxsize=16)
def _face(wanted: tuple[int, ...]) -> str:
    """One rule; it names its characters, so that a browser asks two rules of one family each for its own."""
    if not wanted:
        return ""
    data = base64.b64encode(_cut(_held(set(wanted)), wanted, "woff2")).decode("ascii")
    source = f"url(data:font/woff2;base64,{data}) format('woff2')"
    span = ",".join(f"U+{one:X}" for one in wanted)
    return f"@font-face{{font-family:'{FAMILY}';font-display:block;unicode-range:{span};src:{source}}}\n"


_HELD: dict[frozenset[int], bytes] = {}


def _held(wanted: set[int]) -> bytes:
    """
    A font of all characters asked for so far, one: a face cut from it is, byte for byte, the face cut from the whole
    font, whose 30,000 glyphs would be looked through again for each map of a month.
    """
    for has, font in tuple(_HELD.items()):
        if wanted <= has:
            return font
    every = frozenset(wanted.union(*_HELD))
    font = _cut(font_path().read_bytes(), tuple(sorted(every)), None)
    _HELD.clear()
    _HELD[every] = font
    return font


def _cut(font: bytes, wanted: tuple[int, ...], flavor: str | None) -> bytes:
    """A font with the glyphs of some characters only."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    options = Options(layout_features=[], hinting=False, name_IDs=[], notdef_outline=True, flavor=flavor)
    # recalcTimestamp would write the clock into the font; its bounds are those of the whole font, a third of the work.
    held = TTFont(io.BytesIO(font), recalcTimestamp=False, recalcBBoxes=False, lazy=True)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(held)
    held.flavor = flavor
    stream = io.BytesIO()
    held.save(stream)
    return stream.getvalue()
