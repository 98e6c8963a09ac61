"""
The words of one jurisdiction for what products print: ``words.toml`` in its folder, beside ``profile.toml``.

Which terms it may say otherwise stands in ``words.toml`` here. What is read is a mapping from our words to its own;
``Pollutant.speaking`` takes it, and from there it goes through the door that a text's marks go through.
"""

import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from hotspot.rules.reasons import REASONS
from hotspot.variables import DataError

FILE = "words.toml"
LONGEST = {"zh": 16, "en": 48}  # letters: the columns and title lines of products are made for words like ours
# A word goes into pages, tables, drawings and code as it is: no mark, quote or sign of a markup.
_PLAIN = re.compile(r"[\w（）“”、·—\-]+(?: [\w（）“”、·—\-]+)*")


@cache
def _terms() -> dict[str, dict[str, list[str]]]:
    text = (resources.files("hotspot.rules") / FILE).read_text(encoding="utf-8")
    return tomllib.loads(text)


def known_terms() -> dict[str, dict[str, list[str]]]:
    """
    What may be said otherwise: term -> language -> how products print it, with the marks of a text.

    Examples
    --------
    >>> known_terms()["warned_cell"]["zh"], known_terms()["year_on_year"]["zh"]
    (['预警网格'], ['同比去年改善最差'])
    """
    return _terms() | {name: {"zh": [reason.zh], "en": [reason.en]} for name, reason in REASONS.items()}


def read_words(folder: Traversable) -> dict[str, str]:
    """
    The words of a jurisdiction's folder.

    Parameters
    ----------
    folder : Path or Traversable

    Returns
    -------
    dict, our words -> its own; empty where it has no ``words.toml``

    Raises
    ------
    DataError
        A term or a language is not known, or a word is empty, too long, no plain word, or one that products have for
        another term; names the file and the key.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> read_words(folder)
    {}
    >>> _ = (folder / "words.toml").write_text('hotspot_cell = { zh = "重点网格" }', encoding="utf-8")
    >>> read_words(folder)
    {'热点网格': '重点网格'}
    """
    place = folder / FILE
    if not place.is_file():
        return {}
    where = f"{folder.name}/{FILE}"
    try:
        stated = tomllib.loads(place.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{where}: not a TOML file in UTF-8 ({error}); mend it.") from None
    terms, found = known_terms(), dict[str, str]()
    for key, said in stated.items():
        if key not in terms:
            raise DataError(f"{where}: {key!r} is no term of products; {_near(key, terms)}.")
        if not isinstance(said, Mapping) or not said:
            raise DataError(f"{where}: {key} holds no word; write {key} = {{ {_shape(terms[key])} }}.")
        for language, word in said.items():
            if language not in terms[key]:
                raise DataError(
                    f"{where}: {key}.{language} is not printed; {key} is said in {' and '.join(terms[key])}."
                )
            found |= dict.fromkeys(terms[key][language], _checked(f"{where}: {key}.{language}", language, word))
    ours = {text: key for key, by_language in terms.items() for texts in by_language.values() for text in texts}
    for text, word in found.items():
        if ours.get(word, ours[text]) != ours[text]:
            raise DataError(
                f"{where}: {ours[text]} is {word!r}, which products say for {ours[word]}; choose another word."
            )
    return {text: word for text, word in found.items() if text != word}


def _checked(key: str, language: str, word: Any) -> str:
    """A word as it stands, if it can stand in every product."""
    if not isinstance(word, str) or not word.strip():
        raise DataError(f"{key} is empty; give a word, or leave the key out to print ours.")
    if not _PLAIN.fullmatch(word):
        raise DataError(f"{key} is {word!r}; use letters, digits, single blanks and （）“”、·—- only.")
    if len(word) > LONGEST[language]:
        raise DataError(f"{key} has {len(word)} letters; give at most {LONGEST[language]}.")
    return word


def _near(key: str, terms: Mapping[str, Any]) -> str:
    near = get_close_matches(key, terms, n=3, cutoff=0.5)
    return f"near it are {', '.join(near)}" if near else f"known are {', '.join(terms)}"


def _shape(languages: Mapping[str, Any]) -> str:
    return ", ".join(f'{language} = "..."' for language in languages)
