"""The faces of an official paper: the office's own before ours, and nothing set in a font nobody named."""

import io
from types import SimpleNamespace

import pypdf
import pytest
from fontTools.ttLib import TTFont

from hotspot.publish import fonts
from hotspot.publish.office.faces import Faces, faces_of, folder_of
from hotspot.publish.office.paper import Head, Paper, paper_pdf
from hotspot.publish.paper.typeset import typeset
from hotspot.study import Office
from hotspot.variables import DataError


def study_of(root, **office):
    return SimpleNamespace(root=root, office=Office(**office))


def faces_in(pdf):
    """Families of the fonts a PDF embeds."""
    found = set()
    for page in pypdf.PdfReader(io.BytesIO(pdf)).pages:
        found |= {
            font.get_object()["/BaseFont"].split("+")[-1].split("-")[0] for font in page["/Resources"]["/Font"].values()
        }
    return found


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A font under another name, as an office would deliver its FangSong."""
    root = tmp_path_factory.mktemp("office")
    with TTFont(fonts.font_path(fonts.SERIF)) as font:
        for record in font["name"].names:
            if record.nameID in (1, 4, 6, 16):
                record.string = "OfficeSong"
        font.save(root / "own.otf")
    return root


def test_a_paper_has_a_serif_body_and_bold_heads_and_a_handbook_is_all_sans():
    words = ["一切正常。", Head("一、情况")]
    assert faces_in(paper_pdf(Paper("关于反馈情况的通报", words))) == {"NotoSerifSC", "NotoSansCJKtc"}
    assert faces_in(paper_pdf(Paper("手册", words, small=True))) == {"NotoSansSC", "NotoSansCJKtc"}


def test_what_the_bold_lacks_is_set_in_the_regular_face(tmp_path):
    source = tmp_path / "page.typ"
    source.write_text('#set text(lang: "zh", region: "cn", fallback: false)\n#bold[m⁴ 角]')
    assert ord("⁴") not in fonts.glyphs(fonts.font_path(fonts.BOLD))
    assert faces_in(typeset(source, {})) == {"NotoSansCJKtc", "NotoSansSC"}


def test_the_bold_has_the_mainland_s_forms(tmp_path):
    def drawn(region):
        source = tmp_path / f"{region}.typ"
        source.write_text(f'#set page(width: 20mm, height: 20mm)\n#set text(lang: "zh", region: "{region}")\n#bold[骨]')
        return typeset(source, {}, kind="png", ppi=60)

    assert drawn("cn") != drawn("tw")


def test_the_office_s_own_face_comes_first(own):
    faces = faces_of(study_of(own, body_font="own.otf", title_font="own.otf"))
    assert faces.body == ("OfficeSong", "Noto Serif SC")
    assert faces.title == ("OfficeSong", "Noto Sans CJK TC", "Noto Sans SC")
    folder = folder_of(faces.files)
    source = own / "page.typ"
    source.write_text("#set text(font: json(bytes(sys.inputs.data)).faces.body, fallback: false)\n热点网格")
    assert faces_in(typeset(source, {"faces": faces.data()}, fonts=folder)) == {"OfficeSong"}
    assert faces_of(study_of(own)) == Faces() and folder_of(()) is None


@pytest.mark.parametrize("name, what", [("none.otf", "not found"), ("no.otf", "not a font"), ("../own.otf", "leaves")])
def test_what_is_no_font_is_said(own, name, what):
    (own / "no.otf").write_bytes(b"PK\x03\x04 nothing of the kind")
    with pytest.raises(DataError, match=what):
        faces_of(study_of(own, body_font=name))


def test_another_font_under_the_carrier_s_name_is_refused():
    with pytest.raises(DataError, match="not the one that pages are set with"):
        fonts.font_path(fonts.SANS._replace(sha256="0" * 64))
