"""A page carries its Chinese letters: its style must name the family that is embedded, or boxes are shown."""

from importlib import resources

import pytest

from hotspot.publish import fonts
from hotspot.publish.web import webfont
from hotspot.publish.web.webfont import FAMILY, font_face

STYLES = sorted(
    entry.name for entry in (resources.files("hotspot.publish") / "templates").iterdir() if entry.name.endswith(".css")
)


@pytest.mark.parametrize("name", STYLES)
def test_every_style_names_the_embedded_family(name):
    text = (resources.files("hotspot.publish") / "templates" / name).read_text(encoding="utf-8")
    assert f'"{FAMILY}"' in text, f"{name} does not name {FAMILY}"
    assert f"'{FAMILY}'" in font_face("热点网格")


@pytest.mark.parametrize("face", [fonts.SANS, fonts.SERIF], ids=lambda face: face.family)
def test_the_character_map_is_read_as_its_makers_read_it(face):
    from fontTools.ttLib import TTFont

    path = fonts.font_path(face)
    with TTFont(path, lazy=True) as font:
        assert fonts.glyphs(path) == set(font.getBestCmap())


def test_a_face_of_what_was_asked_before_is_the_face_of_the_whole_font(monkeypatch):
    """Byte for byte, whatever other letters were asked for first; letters nobody asked for are added."""
    monkeypatch.setattr(webfont, "_HELD", {})
    whole, texts = fonts.font_path().read_bytes(), ("热点网格预警名单", "网格", "武汉市、“江夏区”　①℃㎡", "预警武昌")
    for text in texts:
        wanted = webfont._wanted(text)
        cut = webfont._cut(webfont._held(set(wanted)), wanted, "woff2")
        assert cut == webfont._cut(whole, wanted, "woff2") and 400 < len(cut) < 5000
    (held,) = webfont._HELD
    assert held == set(webfont._wanted("".join(texts)))
