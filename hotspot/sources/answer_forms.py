"""
Exports of an office's own forms (DingTalk, WeCom, Kobo) under the names of the ledger, by the study's column map.

A form is known by its columns: it is used where every column that it maps is in the header.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hotspot.grid.datum import to_wgs84
from hotspot.rules.classes import NONE, problem_types
from hotspot.study_loop import AnswerForm
from hotspot.variables import DataError

if TYPE_CHECKING:
    import pandas as pd

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_CLOCK = re.compile(
    r"(\d{4})[-/年.](\d{1,2})[-/月.](\d{1,2})日?[T ]*(上午|下午|晚上|AM|PM)? *(\d{1,2})"
    r"(?:[:：](\d{2})(?:[:：][\d.]+)?|[时点](?:(\d{1,2})分?)?)\s*(AM|PM)?\s*(Z|[+-]\d{2}:?\d{2})?$",
    re.IGNORECASE,
)
_LATE, _EARLY = ("下午", "晚上", "PM"), ("上午", "AM")  # half of the day, where the hour counts to twelve
_RENAMED = 2  # columns that a form may lack to be named in the message; it is not read
_PHOTO_MARKS = re.compile(r"[;；,，\n]")


def form_of(header: Sequence[str], forms: Sequence[AnswerForm], name: str = "") -> AnswerForm | None:
    """
    The form whose export has this header: the one that maps most of it, its columns named as they stand there.

    Blanks, line breaks and the width of brackets do not tell two names apart.

    Parameters
    ----------
    name : str
        Of the file, for messages.

    Raises
    ------
    DataError
        A form would fit but for a column or two, as when its question was renamed.

    Examples
    --------
    >>> ding = AnswerForm(name="dingtalk", columns={"cell": "网格（必填）", "by": "发起人姓名"})
    >>> form_of(["审批编号", "网格(必填) ", "发起人姓名"], [ding]).columns["cell"], form_of(["网格"], [ding])
    ('网格(必填) ', None)
    """
    there = {_plain(column): column for column in reversed(header)}
    fit, near = [], []
    for form in forms:
        theirs = [*dict.fromkeys([*form.columns.values(), *form.only])]
        lacking = [column for column in theirs if _plain(column) not in there]
        if not lacking:
            fit.append(form)
        elif len(lacking) <= _RENAMED and 2 * len(lacking) < len(theirs):
            near.append((len(lacking), form, lacking))
    if fit:
        form = max(fit, key=lambda form: len(form.columns))
        columns = {ours: there[_plain(theirs)] for ours, theirs in form.columns.items()}
        return form.model_copy(
            update={"columns": columns, "only": {there[_plain(theirs)]: said for theirs, said in form.only.items()}}
        )
    if near:
        _, form, lacking = min(near, key=lambda one: one[0])
        raise DataError(
            f"{name}: looks like the form {form.name!r}, but has no column {', '.join(map(repr, lacking))}; write "
            f"[[office.forms]] as its header stands now: {', '.join(map(_plain, header))}."
        )
    return None


def _plain(column: str) -> str:
    return "".join(unicodedata.normalize("NFKC", column).split())


def answers(frame: "pd.DataFrame", form: AnswerForm, name: str, offset_hours: float) -> "pd.DataFrame":
    """
    The rows of an export as the ledger takes them.

    Parameters
    ----------
    frame : DataFrame of text, as read
    name : str
        Of the file, for messages.
    offset_hours : float
        Of the study's clock from UTC: a time that says its zone is brought to it.

    Returns
    -------
    DataFrame of text with the index of ``frame``; rows that are no answer (``only``) are left out

    Raises
    ------
    DataError
        The map names a problem type that is none.

    Examples
    --------
    >>> import pandas as pd
    >>> named = {"time": "when", "problem": "what", "position": "at"}
    >>> form = AnswerForm(name="kobo", columns=named, problems={"土": "bare_soil"})
    >>> frame = pd.DataFrame({"when": ["2020-03-05T02:00:00.000Z"], "what": ["土"], "at": ["30.5 114.3 0 4.2"]})
    >>> answers(frame, form, "k.csv", 8.0).to_dict("records")
    [{'time': '2020-03-05T10:00', 'problem': 'bare_soil', 'lon': '114.300000', 'lat': '30.500000'}]
    """
    for word, key in form.problems.items():
        if key not in {*problem_types(), NONE}:
            known = ", ".join([*problem_types(), NONE])
            raise DataError(f"{name}: form {form.name!r} maps {word!r} to {key!r}, which is none of {known}.")
    keep = np.ones(len(frame), bool)
    for column, words in form.only.items():
        keep &= frame[column].str.strip().isin(words).to_numpy()
    taken = frame[keep]
    made = taken[list(form.columns.values())].set_axis(list(form.columns), axis=1)
    made = made.mask(made.apply(lambda column: column.str.strip() == "-"), "")  # how a WeCom sheet says nothing
    if "time" in made:
        made["time"] = [local_time(text, offset_hours) for text in made["time"]]
    if "problem" in made:
        made["problem"] = [form.problems.get(text.strip(), text) for text in made["problem"]]
    if "position" in made:
        at = [_position(text) for text in made.pop("position")]
        made["lon"], made["lat"] = ([place[part] for place in at] for part in (0, 1))
    if {"lon", "lat"} <= set(made.columns):
        at = [_in_degrees(lon, lat, form.datum) for lon, lat in zip(made["lon"], made["lat"], strict=True)]
        made["lon"], made["lat"] = ([place[part] for place in at] for part in (0, 1))
    return made


def local_time(text: str, offset_hours: float) -> str:
    """
    A time to the minute on the study's clock; what is no time stays as it is, for the ledger to refuse.

    Examples
    --------
    >>> local_time("2020/3/5 9:05:12", 8.0), local_time("2020-03-05T02:00:00.000+00:00", 8.0), local_time("soon", 8.0)
    ('2020-03-05T09:05', '2020-03-05T10:00', 'soon')
    >>> local_time("2020年3月5日 下午2:05", 8.0), local_time("2020-3-5 12:05:00 AM", 8.0)
    ('2020-03-05T14:05', '2020-03-05T00:05')
    >>> local_time("2020年3月5日上午11时20分", 8.0), local_time("2020年3月5日 9时", 8.0)
    ('2020-03-05T11:20', '2020-03-05T09:00')
    """
    found = _CLOCK.match(text.strip())
    if not found:
        return text
    year, month, day, before, said, minute, spoken, after, zone = found.groups()
    minute = minute or f"{int(spoken or 0):02}"
    half, hour = (before or after or "").upper(), int(said)
    if half in _LATE and hour < 12:
        hour += 12
    elif half in _EARLY and hour == 12:
        hour = 0
    try:
        time = np.datetime64(f"{year}-{int(month):02}-{int(day):02}T{hour:02}:{minute}", "m")
    except ValueError:
        return text
    if zone:
        sign = 0 if zone == "Z" else -1 if zone[0] == "-" else 1
        minutes = 0 if zone == "Z" else int(zone[1:3]) * 60 + int(zone[-2:])
        time = time - np.timedelta64(sign * minutes, "m") + np.timedelta64(round(offset_hours * 60), "m")
    return str(time)


def _position(text: str) -> tuple[str, str]:
    """Longitude and latitude of "lat lon altitude accuracy" (Kobo) or "lon,lat" (DingTalk); empty where neither."""
    numbers = _NUMBER.findall(text)[:2]
    if len(numbers) < 2:
        return "", ""
    first, second = numbers
    return (first, second) if "," in text or abs(float(first)) > 90 else (second, first)


def _in_degrees(lon: str, lat: str, datum: str) -> tuple[str, str]:
    try:
        x, y = (float(part) for part in to_wgs84(float(lon), float(lat), datum))
    except ValueError:
        return lon, lat
    return f"{x:.6f}", f"{y:.6f}"


def photo_names(text: str) -> list[str]:
    """
    Names of pictures in one field of a form.

    Examples
    --------
    >>> photo_names("DCIM/a.jpg; b.jpg")
    ['DCIM/a.jpg', 'b.jpg']
    """
    return [part.strip() for part in _PHOTO_MARKS.split(text) if part.strip()]
