"""
Chat exports as rows (A4): DingTalk, WeChat and QQ groups saved as text.

Known forms of a message: ``time name: text`` in one line; ``time name(number)`` or ``name time`` on a line of its
own, the text below it. A line that begins no message belongs to the one above.
"""

import re

_TIME = r"(?P<time>\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?[ T]+\d{1,2}:\d{2}(?::\d{2})?)"
_ONE_LINE = re.compile(rf"^\[?{_TIME}\]?\s+(?P<by>[^:：]{{1,40}})[:：]\s*(?P<text>.*)$")
_TIME_FIRST = re.compile(rf"^\[?{_TIME}\]?\s+(?P<by>[^:：]{{1,40}}?)(?:[(（<]\d+[)）>])?$")
_NAME_FIRST = re.compile(rf"^(?P<by>[^:：]{{1,40}}?)\s+{_TIME}$")
_NO_TIME = re.compile(r"^(?P<by>[^:：\s]{1,20})[:：]\s*(?P<text>\S.*)$")


def is_chat(text: str) -> bool:
    """
    Does a text look like a chat export rather than a table?

    Examples
    --------
    >>> is_chat("2025-12-03 10:21 张三: 工地没盖网\\n"), is_chat("时间,内容\\n2025-12-03 10:21,烧垃圾\\n")
    (True, False)
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()][:40]
    return any(_ONE_LINE.match(line) or _TIME_FIRST.match(line) or _NAME_FIRST.match(line) for line in lines)


def read_chat(text: str) -> list[dict]:
    """
    The messages of a chat export, in order.

    Returns
    -------
    list of dict: ``line`` (its first, from 1), ``time`` ("YYYY-MM-DD HH:MM" or "" where it has none), ``by``, ``text``

    Notes
    -----
    A line ``name: text`` without a time is a message of its own where the name has spoken before in the file, or
    where no message stands above it.

    Examples
    --------
    >>> text = "2025-12-03 10:21 张三: 西关烧垃圾\\n村东头\\n李四 2025/12/3 11:05:09\\n有股怪味\\n张三: 还在烧"
    >>> [(m["time"], m["by"], m["text"]) for m in read_chat(text)][1:]
    [('2025-12-03 11:05', '李四', '有股怪味'), ('', '张三', '还在烧')]
    """
    found: list[dict] = []
    speakers: set[str] = set()
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip().lstrip("\ufeff")
        if not line or set(line) <= set("-—=*_ "):
            continue
        whole = _ONE_LINE.match(line) or _TIME_FIRST.match(line) or _NAME_FIRST.match(line)
        bare = None if whole else _NO_TIME.match(line)
        if whole:
            parts = whole.groupdict()
            found.append(_message(number, _time(parts["time"]), parts["by"], parts.get("text") or ""))
            speakers.add(found[-1]["by"])
        elif bare and (not found or bare["by"] in speakers):
            found.append(_message(number, "", bare["by"], bare["text"]))
        elif found:
            found[-1]["text"] = f"{found[-1]['text']} {line}".strip()
        else:
            found.append(_message(number, "", "", line))
    return [message for message in found if message["text"]]


def _message(line: int, time: str, by: str, text: str) -> dict:
    return {"line": line, "time": time, "by": by.strip(), "text": text.strip()}


def _time(text: str) -> str:
    year, month, day, hour, minute = (int(n) for n in re.findall(r"\d+", text)[:5])
    return f"{year:04d}-{month:02d}-{day:02d} {hour:02d}:{minute:02d}"
