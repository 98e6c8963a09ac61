"""
The one door through which text leaves: nothing hidden in it, nobody's number, no place of this machine.

Names, notes, rules, manifests, tables and messages all pass here; pages (``escape``), paper and
workbooks (``fonts``) call it for what is theirs alone.
"""

import json
import re
from functools import lru_cache
from typing import Any

# Control characters, marks that turn the reading direction, half surrogate pairs, non-characters.
HIDDEN = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff"
_HIDDEN = re.compile(f"[{HIDDEN}]")
_HIDDEN_BUT_LINES = re.compile(f"(?![\t\n])[{HIDDEN}]")
# GB 11643: province, county, birthday, serial, check; the older form of 15 digits has a short birthday.
_CARD = re.compile(
    r"(?<![0-9A-Za-z])(?:[1-8]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]"
    r"|[1-8]\d{5}\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3})(?![0-9A-Za-z])"
)
# A mobile number, with or without +86 and marks between, and a landline with its area code.
_MOBILE = re.compile(r"(?<![0-9A-Za-z.])(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![0-9A-Za-z]|\.\d)")
_LANDLINE = re.compile(r"(?<![0-9A-Za-z.-])(?:\(0\d{2,3}\)|（0\d{2,3}）|0\d{2,3}[ -])\d{7,8}(?![0-9A-Za-z]|\.\d)")
# An absolute place of two steps or more: what stands before its last step says where a machine keeps it.
_PLACE = re.compile(r"(?<![\w/:.\-·）)])/(?:[^\s/,;:：，；。'\"()（）<>|]+/)+(?=[^\s/,;:'\"()])")
_DRIVE = re.compile(r"(?<![\w])[A-Za-z]:\\(?:[^\\\s,;'\"]+\\)*(?=[^\\\s,;'\"])")


def shown(text: str, *, lines: bool = False) -> str:
    """
    A text with nothing hidden: control and direction marks stand as their code points.

    Parameters
    ----------
    lines : bool
        Whether tabs and line ends may stay.

    Examples
    --------
    >>> shown("a\\x1b[31m\\u202etxt\\n"), shown("a\\n", lines=True)
    ('a[U+001B][31m[U+202E]txt[U+000A]', 'a\\n')
    """
    pattern = _HIDDEN_BUT_LINES if lines else _HIDDEN
    return pattern.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def said(text: str) -> str:
    """
    A message as a terminal shows it: it may have several lines, and what follows the first is set in.

    So a line end inside a delivered name never makes a line that looks like one of ours.

    Examples
    --------
    >>> print(said("2 findings:\\na.csv: x\\x1b"))
    2 findings:
      a.csv: x[U+001B]
    """
    return shown(text, lines=True).replace("\n", "\n  ")


@lru_cache(maxsize=1 << 16)
def masked(text: str) -> str:
    """
    A text without identity-card and telephone numbers; the first digits show which kind stood there.

    Examples
    --------
    >>> masked("张三砖厂 110101199003074477 电话13812345678，传真0310-1234567")
    '张三砖厂 110***（身份证号已隐去） 电话138***（电话已隐去），传真0310-***（电话已隐去）'
    >>> masked("91110000100000017X001P 2020-01-01 116.397123")
    '91110000100000017X001P 2020-01-01 116.397123'
    """
    text = _CARD.sub(lambda found: f"{found[0][:3]}***（身份证号已隐去）", text)
    text = _MOBILE.sub(lambda found: f"{found[0][: found[0].index('1') + 3]}***（电话已隐去）", text)
    return _LANDLINE.sub(lambda found: f"{found[0].rstrip('0123456789')}***（电话已隐去）", text)


def without_places(text: str) -> str:
    """
    A text in which a path of this machine is only the last step of it.

    Examples
    --------
    >>> without_places("/home/li/data/a.csv: 3 rows; 5 ug/m3, and/or; https://example.org/a/b")
    'a.csv: 3 rows; 5 ug/m3, and/or; https://example.org/a/b'
    """
    return _DRIVE.sub("", _PLACE.sub("", text))


def outward(text: str) -> str:
    """
    A sentence as it may leave: notes, rules and messages of products.

    Examples
    --------
    >>> outward("/data/x/a.csv: name '李\\x07四 13812345678'")
    "a.csv: name '李[U+0007]四 138***（电话已隐去）'"
    """
    return masked(without_places(shown(text)))


def delivered_name(text: str) -> str:
    """
    A name as delivered, one line, nothing hidden, without anybody's number; a plain name as it stands.

    Examples
    --------
    >>> delivered_name("河东  砖厂"), delivered_name("河东\\n砖厂\\u202e 13812345678")
    ('河东  砖厂', '河东 砖厂 138***（电话已隐去）')
    """
    from hotspot.text.escape import plain

    return masked(plain(text) if _HIDDEN.search(text) else text)


def json_text(value: Any, **how: Any) -> str:
    """
    JSON in which nothing hidden stands as itself: it is escaped, so that reading gives the same value.

    Examples
    --------
    >>> json_text({"名": "a\\u202e"}), json.loads(json_text("\\x7f")) == "\\x7f"
    ('{"名": "a\\\\u202e"}', True)
    """
    text = json.dumps(value, ensure_ascii=False, **how)
    return re.sub(f"(?!\n)[{HIDDEN}]", lambda found: f"\\u{ord(found[0]):04x}", text)
