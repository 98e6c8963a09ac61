"""A jurisdiction's own words: what is refused with which sentence, who is below whom, and who says them."""

import json

import numpy as np
import pytest
import xarray as xr

from hotspot.contracts import pollutant_of
from hotspot.rules.jurisdictions import JURISDICTIONS, load_words
from hotspot.rules.pollutants import PM25, of_study, pollutant
from hotspot.rules.reasons import REASONS, Reason
from hotspot.rules.words import LONGEST, known_terms, read_words
from hotspot.study import load_study
from hotspot.variables import DataError


def folder_of(at, name, words, like="mee-2018"):
    """The folder of a jurisdiction that says these words."""
    place = at / name
    place.mkdir()
    (place / "profile.toml").write_text(f'profile = "{name}"\nlike = "{like}"\n', encoding="utf-8")
    (place / "words.toml").write_text(words, encoding="utf-8")
    return place


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            'hotspot_cel = { zh = "重点网格" }',
            r"a/words\.toml: 'hotspot_cel' is no term of products; near it are hotspot_cell",
        ),
        (
            'xyz = { zh = "重点网格" }',
            r"a/words\.toml: 'xyz' .*known are hotspot_cell, warned_cell, .*month_on_month\.",
        ),
        ('hotspot_cell = { zh = "" }', r"a/words\.toml: hotspot_cell\.zh is empty"),
        ('hotspot_cell = { zh = "  " }', r"a/words\.toml: hotspot_cell\.zh is empty"),
        ("hotspot_cell = { zh = 3 }", r"a/words\.toml: hotspot_cell\.zh is empty"),
        (
            "hotspot_cell = {}",
            r'a/words\.toml: hotspot_cell holds no word; write hotspot_cell = { zh = "\.\.\.", en = ',
        ),
        ('hotspot_cell = "重点网格"', r"a/words\.toml: hotspot_cell holds no word"),
        ('hotspot_cell = { fr = "maille" }', r"hotspot_cell\.fr is not printed; hotspot_cell is said in zh and en\."),
        ('reasons = { en = "causes" }', r"reasons\.en is not printed; reasons is said in zh\."),
        ('hotspot_cell = { zh = "<b>网格</b>" }', r"hotspot_cell\.zh is '<b>网格</b>'; use letters"),
        ("""hotspot_cell = { en = "officials' cell" }""", r"hotspot_cell\.en is .*; use letters"),
        ('hotspot_cell = { zh = "重点 \\n网格" }', r"hotspot_cell\.zh is .*; use letters"),
        ('hotspot_cell = { zh = "预警网格" }', r"hotspot_cell is '预警网格', which products say for warned_cell"),
        ("hotspot_cell = ", r"a/words\.toml: not a TOML file"),
    ],
)
def test_a_word_that_cannot_be_printed_is_refused(tmp_path, words, sentence):
    place = folder_of(tmp_path, "a", words)
    with pytest.raises(DataError, match=sentence):
        read_words(place)
    with pytest.raises(DataError, match=sentence):  # when it is added, not when the first month is made
        JURISDICTIONS.register("a", place)


def test_a_class_from_outside_has_a_name_to_be_said_otherwise(tmp_path):
    place = folder_of(tmp_path, "a", 'quarter = { zh = "季内恶化居首" }')
    toy = Reason(id="quarter", months_back=3, zh="较三个月前上升最多", en="worst in a quarter", base_zh="较三个月前",
                 base_en="from three months before", colour="#5b2a86", shape="triangle")  # fmt: skip
    with REASONS.added("quarter", toy):
        assert read_words(place) == {toy.zh: "季内恶化居首"}
    with pytest.raises(DataError, match="'quarter' is no term"):
        read_words(place)


@pytest.mark.parametrize("language", LONGEST)
def test_a_word_is_at_most_so_long(tmp_path, language):
    longest = LONGEST[language]
    for name, n in (("just", longest), ("over", longest + 1)):
        place = folder_of(tmp_path, name, f'hotspot_cell = {{ {language} = "{"a" * n}" }}')
        if n > longest:
            with pytest.raises(DataError, match=rf"has {n} letters; give at most {longest}"):
                read_words(place)
        else:
            assert "a" * n in read_words(place).values()


def test_words_of_the_one_it_is_like_stand_below_its_own(tmp_path):
    below = folder_of(tmp_path, "below", 'hotspot_cell = { zh = "甲格", en = "a cell" }\nwarned_cell = { zh = "乙格" }')
    above = folder_of(tmp_path, "above", 'hotspot_cell = { zh = "丙格" }', like="below")
    with JURISDICTIONS.added("below", below), JURISDICTIONS.added("above", above):
        said = json.loads(load_words("above"))
    assert said == {"热点网格": "丙格", "hotspot cell": "a cell", "预警网格": "乙格"}


def test_every_term_is_one_that_products_print():
    """A term nobody prints would be a promise that nothing keeps: each stands in a text of the package."""
    from pathlib import Path

    import hotspot

    room = Path(hotspot.__file__).parent
    own = room / "rules" / "words.toml"
    files = [
        p
        for kind in ("py", "toml", "js", "typ")
        for p in room.rglob(f"*.{kind}")
        if p not in (own, own.with_suffix(".py"))
    ]
    whole = PM25.words("\n".join(path.read_text(encoding="utf-8") for path in files)).lower()
    for key, languages in known_terms().items():
        for texts in languages.values():
            assert all(PM25.words(text).lower() in whole for text in texts), key
    assert set(REASONS) <= set(known_terms())


@pytest.mark.parametrize("name", ["pm25", "o3"])
def test_a_text_may_pass_the_door_twice(name):
    words = {"热点网格": "市级热点网格", "预警网格": "预警热点网格", "hotspot cell": "hotspot cell of the city"}
    there = pollutant(name).speaking(json.dumps(words))
    text = "热点网格中的预警网格，Hotspot cells and a hotspot cell"
    once = there.words(text)
    assert once == "市级热点网格中的预警热点网格，Hotspot cell of the citys and a hotspot cell of the city"
    assert there.words(once) == once
    assert there.told({"热点网格": ["热点网格", 3, None]}) == {"热点网格": ["市级热点网格", 3, None]}, "keys stay"


def test_two_studies_speak_each_their_own(small_copy, tmp_path):
    path = small_copy(tmp_path / "study")
    text = path.read_text(encoding="utf-8")
    studies = {}
    for name, word in (("north", "北格"), ("south", "南格")):
        place = folder_of(tmp_path, name, f'hotspot_cell = {{ zh = "{word}" }}')
        with JURISDICTIONS.added(name, place):
            own = path.with_name(f"{name}.toml")
            own.write_text(f'profile = "{name}"\n{text}', encoding="utf-8")
            studies[word] = load_study(own, data=path.parent)
    for word, study in studies.items():  # the jurisdictions are gone; who was loaded knows his words
        other = study.with_criteria(selection={"quota_share": 0.05})
        field = xr.Dataset({"pm25": ("cell", np.zeros(1))}, attrs={"own_words": study.pollutant.own_words})
        for of in (study.pollutant, other.pollutant, of_study(study), pollutant_of(field)):
            assert of.words("热点网格") == word
            assert of.usual
    assert load_study(path).pollutant is PM25


@pytest.mark.parametrize("words", ["x", "[1]", '{"a": 1}', '{"a": ""}'])
def test_a_field_whose_words_are_none_is_refused(words):
    with pytest.raises(DataError, match=r"own_words is .*; give a JSON object"):
        pollutant_of(xr.Dataset(attrs={"own_words": words}))
