"""
The one door through which text from data enters a page.

``html.escape`` is not enough where a page is made from scripts: ``${...}`` and a
lone backtick run inside a template literal even after it (folium writes such
literals). So the characters a script could read are written as numeric entities.
"""

import html
import json
import re
import unicodedata
from typing import Any

_ENTITIES = str.maketrans({c: f"&#{ord(c)};" for c in "\\`${}"})
# Characters that reorder what is read: a name must not turn the text around it.
_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

_SET_WIDE = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")


def plain(text: Any) -> str:
    """
    Text from data as one readable line: no line breaks, control or reordering characters.

    Parameters
    ----------
    text : anything; ``None`` and NaN give ""

    Examples
    --------
    >>> plain("No. 3\\nboiler \\u202etxt"), plain(None), plain(float("nan"))
    ('No. 3 boiler txt', '', '')
    """
    if text is None or text != text:
        return ""
    kept = []
    for char in str(text):
        if char in _BIDI:
            continue
        # Cc: control, Zl and Zp: U+2028 and U+2029, Cs: half a surrogate pair.
        kept.append(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp", "Cs") else char)
    return " ".join("".join(kept).split())


def one_name(text: Any) -> str:
    """
    The name of a unit as one readable line. Blanks between two Han characters only set a short name wide in a table.

    Examples
    --------
    >>> one_name("唐\u3000县"), one_name(" Old  Town "), one_name("ＡＢ 区")
    ('唐县', 'Old Town', 'ＡＢ 区')
    """
    return _SET_WIDE.sub("", plain(text))


def escape(text: Any) -> str:
    """
    Text from data, inert in HTML, in an attribute and in a script's literal.

    Parameters
    ----------
    text : anything; ``None`` and NaN give ""

    Returns
    -------
    str, without ``< > & " ' \\ ` $ { }`` except as entities

    Examples
    --------
    >>> escape("<b>${7*7}`")
    '&lt;b&gt;&#36;&#123;7*7&#125;&#96;'
    """
    return html.escape(plain(text), quote=True).translate(_ENTITIES)


def script_json(value: Any) -> str:
    """
    A value as JSON that cannot end the ``<script>`` element it stands in.

    Parameters
    ----------
    value : dict, list, str, number; no NaN

    Returns
    -------
    str; keys keep their order, ``<``, ``>``, ``&`` and U+2028/9 are written as ``\\u....``

    Raises
    ------
    ValueError
        The value holds NaN or infinity, which is no JSON.

    Examples
    --------
    >>> script_json({"name": "</script>"})
    '{"name":"\\\\u003c/script\\\\u003e"}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text
