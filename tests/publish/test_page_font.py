"""A page carries its Chinese letters: its style must name the family that is embedded, or boxes are shown."""

from importlib import resources

import pytest

from hotspot.publish.web.webfont import FAMILY, font_face

STYLES = sorted(
    entry.name for entry in (resources.files("hotspot.publish") / "templates").iterdir() if entry.name.endswith(".css")
)


@pytest.mark.parametrize("name", STYLES)
def test_every_style_names_the_embedded_family(name):
    text = (resources.files("hotspot.publish") / "templates" / name).read_text(encoding="utf-8")
    assert f'"{FAMILY}"' in text, f"{name} does not name {FAMILY}"
    assert f"'{FAMILY}'" in font_face("热点网格")
