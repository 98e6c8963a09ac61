"""
Why an alarm was set aside, in the Chinese of the letter.

Tables and the ledger keep the short English sentence of ``rank.suppression``; each
sentence it can write has its Chinese form here. What is not on the list is shown as
it came, so that nothing a reader should know is lost.
"""

import re
from functools import lru_cache

from hotspot.quality.hours.flags import flag
from hotspot.rank.alarm.suppression import ZH
from hotspot.rules.fireworks import windows
from hotspot.rules.sensors import FLAGS

_ALSO = re.compile(r"(?:^|; )also at (\d+(?:, \d+)*)$")
# What follows the reason and its colon; {0}, {1} are the numbers it found.
_DETAILS = tuple(
    (re.compile(pattern), chinese)
    for pattern, chinese in (
        (r"relative humidity (\d+) %", "相对湿度{0}%"),
        (
            r"PM2\.5/PM10 (\S+) here, as at (\d+)% of the stations around",
            "PM2.5与PM10之比为{0}，周边{1}%的站点同样偏低",
        ),
        (r"(\d+)% of (\d+) stations around rose as well", "周边{1}个站点中{0}%同步升高"),
        (r"one hour only", ""),  # the reason itself says it
    )
)


def alarm_why_zh(why: str) -> str:
    """
    The ``why`` of an alarm in Chinese, without its other places.

    Parameters
    ----------
    why : str
        As ``find_alarms`` writes it.

    Returns
    -------
    str; a part that is not on the list of sentences as it came

    Examples
    --------
    >>> alarm_why_zh("fireworks: New Year's Eve; also at 11")
    '烟花爆竹燃放时段（元旦前夜）'
    >>> alarm_why_zh("doubtful: one hour far off both hours beside it, neighbours calm, changed faster than air does")
    '数据存疑，待核实（单小时尖峰，邻站平稳；小时变化率过大）'
    >>> alarm_why_zh("short: one hour only")
    '仅持续1小时，待核实'
    >>> alarm_why_zh("said by somebody else")
    'said by somebody else'
    """
    reason, _, detail = _ALSO.sub("", why).partition(": ")
    if reason not in ZH:
        return _ALSO.sub("", why)
    said = _doubts(detail) if reason == "doubtful" else _detail(reason, detail)
    return f"{ZH[reason]}（{said}）" if said else ZH[reason]


def also_zh(why: str) -> str:
    """
    The other sub-cells of the same alarm, in Chinese; empty where there is none.

    Examples
    --------
    >>> also_zh("also at 29"), also_zh("fog: relative humidity 97 %; also at 03, 30"), also_zh("")
    ('及29号', '及03、30号', '')
    """
    found = _ALSO.search(why)
    return f"及{found[1].replace(', ', '、')}号" if found else ""


def _detail(reason: str, text: str) -> str:
    if reason == "fireworks":
        return {english: chinese for _, _, chinese, english in windows()}.get(text, text)
    for pattern, chinese in _DETAILS:
        found = pattern.fullmatch(text)
        if found:
            return chinese.format(*found.groups())
    return text


@lru_cache(maxsize=1)
def _doubt_words() -> tuple[tuple[str, str], ...]:
    """English words of each kind of doubt -> Chinese, the longest first: one may begin another."""
    known = {flag(name).words: flag(name).zh for name in FLAGS}
    return tuple(sorted(known.items(), key=lambda pair: (-len(pair[0]), pair[0])))


def _doubts(text: str) -> str:
    """A list of doubts; their words hold commas themselves, so the list is read from its beginning."""
    said = []
    while text:
        known = [(e, c) for e, c in _doubt_words() if text == e or text.startswith(f"{e}, ")]
        if not known:
            said.append(text)
            break
        english, chinese = known[0]
        said.append(chinese.replace("PM2.5 与 PM10 ", "PM2.5与PM10"))
        text = text[len(english) + 2 :]
    return "；".join(said)
