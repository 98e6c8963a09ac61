"""
What a list is made of: the pollutant of a study, its value of a month, its words, and what is not made of it.

The numbers behind a value stand in ``standards.toml``; what is refused, and the sentence that says so, in
``pollutants.toml``. Inside the package the ranked quantity of a field stands in the variable ``pm25``, whatever it is:
one name for one place. What leaves the house is named after the pollutant (``Pollutant.column``).
"""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Literal, cast

from hotspot.rules.standards import gas_state
from hotspot.variables import DataError

Name = Literal["pm25", "pm10", "no2", "o3", "hcho"]
SLOT = "pm25"  # the variable of a field, the column of a table in memory, that holds the ranked quantity


@dataclass(frozen=True)
class Pollutant:
    """
    One pollutant a study may be of.

    Parameters
    ----------
    name : str, as ``variable`` of a study
    label, en : str, in titles and sentences
    statistic : str, "mean" of valid days or "mda8-p90"
    figure_zh, figure_en, mean_zh, value_zh, value_en, title_en, head_en : str
        What its value is called; see ``pollutants.toml``.
    clause : str, where its value and its completeness are written
    colours : str, a sequential ramp of ``palette.toml``
    cf : str, its standard name in the CF conventions
    profile : str, the rule profile of a study that names none
    means_zh : str, what the value is, where its name does not say so
    own_words : str, what the jurisdiction of a study says otherwise, from ``jurisdictions.load_words``
    refused : mapping of "rank", "level", "trace", "fine", "satellite" -> (zh, en): what is not made of it, and why
    """

    name: str
    label: str
    en: str
    statistic: str
    figure_zh: str
    figure_en: str
    mean_zh: str
    value_zh: str
    value_en: str
    title_en: str
    head_en: str
    clause: str
    colours: str
    cf: str
    profile: str
    means_zh: str = ""
    own_words: str = ""
    refused: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def usual(self) -> bool:
        """Whether it is the pollutant the programme began with: every product is made of it."""
        return self.name == SLOT

    @cached_property
    def marks(self) -> Mapping[str, str]:
        """What stands in the place of each mark of a text."""
        return {
            "@pollutant@": self.label,
            "@apart@": f"{self.label} " if self.label.isascii() else self.label,  # before Chinese
            "@figure@": self.figure_zh,
            "@mean@": self.mean_zh,
            "@value@": self.value_zh,
            "@pollutant_en@": self.en,
            "@figure_en@": self.figure_en,
            "@value_en@": self.value_en,
            "@title_en@": self.title_en,
            "@head_en@": self.head_en,
            "@column@": self.name,
            "@cf@": self.cf,
        }

    def speaking(self, own_words: str) -> "Pollutant":
        """
        The same pollutant in the words of a jurisdiction.

        Parameters
        ----------
        own_words : str, from ``jurisdictions.load_words``

        Raises
        ------
        DataError
            They are no JSON object of texts.

        Examples
        --------
        >>> there = pollutant("o3").speaking('{"热点网格": "重点网格", "hotspot cell": "priority cell"}')
        >>> there.words("@pollutant@热点网格"), there.words("Hotspot cells"), there.speaking("") is pollutant("o3")
        ('臭氧重点网格', 'Priority cells', True)
        """
        return _speaking(self.name, own_words)

    @cached_property
    def _own(self) -> tuple[re.Pattern[str], Mapping[str, str]]:
        """
        Finds our words, and says the jurisdiction's.

        Its own are found too and stay: a text may pass the door twice, and a word of its own may hold one of ours.
        """
        said = {self._filled(ours): own for ours, own in json.loads(self.own_words).items()}
        said |= {ours[:1].upper() + ours[1:]: own[:1].upper() + own[1:] for ours, own in said.items()}
        said = {own: own for own in said.values()} | said
        return re.compile("|".join(map(re.escape, sorted(said, key=len, reverse=True)))), said

    def column(self, name: str) -> str:
        """
        The name of a column or variable in what leaves the house.

        Examples
        --------
        >>> pollutant("o3").column("pm25_error"), pollutant("pm25").column("pm25"), pollutant("o3").column("rank")
        ('o3_error', 'pm25', 'rank')
        """
        return name.replace(SLOT, self.name)

    def words(self, text: str) -> str:
        """
        A text with its marks filled, in the words of the jurisdiction.

        Examples
        --------
        >>> pollutant("no2").words("@pollutant@月@mean@ μg/m³"), pollutant("pm25").words("@pollutant@月@mean@")
        ('二氧化氮月均 μg/m³', 'PM2.5月均')
        >>> pollutant("o3").words("@pollutant_en@, @value_en@ of the month")
        'ozone, 90th percentile of the daily maximum 8 h means (MDA8) of the month'
        """
        text = self._filled(text)
        if not self.own_words:
            return text
        pattern, said = self._own
        return pattern.sub(lambda found: said[found[0]], text)

    def _filled(self, text: str) -> str:
        if "@" in text:
            for mark, word in self.marks.items():
                text = text.replace(mark, word)
        return text

    def told(self, said: Any) -> Any:
        """
        All texts in lists and dicts as ``words`` says them; keys stay.

        Examples
        --------
        >>> pollutant("o3").told({"title": ["@pollutant@热点网格", 3]})
        {'title': ['臭氧热点网格', 3]}
        """
        if isinstance(said, str):
            return self.words(said)
        if isinstance(said, Mapping):
            return {key: self.told(value) for key, value in said.items()}
        return [self.told(value) for value in said] if isinstance(said, list | tuple) else said

    def state(self, month: str) -> str:
        """
        The state to which its concentrations are referred in a month; "" where that is the delivery's to say.

        Examples
        --------
        >>> pollutant("o3").state("2025-06").split(" / ")[0], pollutant("pm25").state("2025-06")
        ('参比状态（298.15 K，1013.25 hPa）', '')
        """
        return gas_state(self.name, month)

    def refuse(self, *asked: str) -> None:
        """
        Stop where something is asked that is not made of this pollutant.

        Parameters
        ----------
        *asked : str, of "rank", "level", "trace", "satellite"

        Raises
        ------
        DataError
            With the sentence, English and Chinese.

        Examples
        --------
        >>> pollutant("o3").refuse("level")
        Traceback (most recent call last):
        hotspot.variables.DataError: no emission level of ozone: it is a secondary pollutant, nobody emits it. ...
        """
        for what in asked:
            if what in self.refused:
                zh, en = self.refused[what]
                raise DataError(f"{en}. {zh}")


def _stated() -> Mapping[str, Pollutant]:
    stated = tomllib.loads((resources.files("hotspot.rules") / "pollutants.toml").read_text(encoding="utf-8"))
    shared, found = stated.pop("statistic"), {}
    for name, about in stated.items():
        refused = {what: cast(tuple[str, str], tuple(said)) for what, said in about.pop("refused", {}).items()}
        found[name] = Pollutant(name, refused=MappingProxyType(refused), **(shared[about["statistic"]] | about))
    return MappingProxyType(found)


POLLUTANTS = _stated()


def pollutant(name: str) -> Pollutant:
    """
    A pollutant by its name.

    Raises
    ------
    DataError
        There is none of this name; the message lists them.

    Examples
    --------
    >>> pollutant("o3").statistic, pollutant("no2").statistic
    ('mda8-p90', 'mean')
    >>> pollutant("so2")
    Traceback (most recent call last):
    hotspot.variables.DataError: 'so2' is no pollutant a list is made of; there are: pm25, pm10, no2, o3, hcho.
    """
    if name not in POLLUTANTS:
        raise DataError(f"{name!r} is no pollutant a list is made of; there are: {', '.join(POLLUTANTS)}.")
    return POLLUTANTS[name]


@lru_cache(maxsize=64)
def _speaking(name: str, own_words: str) -> Pollutant:
    """One object for one pollutant in one jurisdiction's words."""
    try:
        stated = json.loads(own_words or "{}")
    except ValueError:
        stated = None
    if not isinstance(stated, dict) or not all(isinstance(word, str) and word for word in stated.values()):
        raise DataError(f"own_words is {own_words[:40]!r}; give a JSON object, our words -> a jurisdiction's own.")
    return replace(pollutant(name), own_words=own_words) if stated else pollutant(name)


def of_study(study: Any) -> Pollutant:
    """
    What a study ranks; PM2.5 where less than a study is given, as a script may.

    Examples
    --------
    >>> of_study(None).name
    'pm25'
    """
    found: Pollutant = getattr(study, "pollutant", PM25)
    return found


def named_in(header: str) -> Pollutant:
    """
    The pollutant whose list a file is, by its first line.

    Examples
    --------
    >>> named_in("month,city,o3,previous").name, named_in("month,city,pm25,previous").name, named_in("").name
    ('o3', 'pm25', 'pm25')
    """
    names = header.lstrip("\ufeff").strip().split(",")
    return next((one for name, one in POLLUTANTS.items() if name in names), POLLUTANTS[SLOT])


PM25 = POLLUTANTS[SLOT]
