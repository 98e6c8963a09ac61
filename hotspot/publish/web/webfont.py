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
    shared = _wanted(words)
    return _face(shared) + _face(tuple(one for one in _wanted(text) if one not in set(shared)))


def _wanted(text: str) -> tuple[int, ...]:
    """The characters of a text that the font is for, in order."""
    return tuple(sorted({ord(character) for character in text if ord(character) >= _LATIN_END} & glyphs()))


@lru_cache(maxsize=16)
def _face(wanted: tuple[int, ...]) -> str:
    """One rule; it names its characters, so that a browser asks two rules of one family each for its own."""
    if not wanted:
        return ""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    options = Options(layout_features=[], hinting=False, name_IDs=[], notdef_outline=True, flavor="woff2")
    # recalcTimestamp would write the clock into the font; its bounds are those of the whole font, a third of the work.
    font = TTFont(font_path(), recalcTimestamp=False, recalcBBoxes=False, lazy=True)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    font.flavor = "woff2"
    stream = io.BytesIO()
    font.save(stream)
    data = base64.b64encode(stream.getvalue()).decode("ascii")
    source = f"url(data:font/woff2;base64,{data}) format('woff2')"
    span = ",".join(f"U+{one:X}" for one in wanted)
    return f"@font-face{{font-family:'{FAMILY}';font-display:block;unicode-range:{span};src:{source}}}\n"
