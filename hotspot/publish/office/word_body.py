"""
The body of a paper as a word processor reads it, put into the package of ``letter.docx``.

So margins, footer and page numbers are the office's. Measures follow GB/T 9704-2012; the official typefaces are
named, never shipped. Sizes are half points, distances twentieths of a point.
"""

import io
import re
import zipfile
from collections.abc import Sequence
from importlib import resources
from xml.sax.saxutils import escape

from hotspot.publish.office.docx import same_bytes

BODY, BLACK, KAI, TITLE = "仿宋_GB2312", "黑体", "楷体_GB2312", "方正小标宋简体"
_WIDTH = {False: 8845, True: 13700}  # of a table, by whether the page lies across


def line(
    text: str, size: int, font: str, *, align: str = "", indent: int = 0, pitch: int = 560, before: int = 0,
    after: int = 0, page: bool = False, keep: bool = False,
) -> str:  # fmt: skip
    """One paragraph, ``keep`` with what follows it; an empty text gives none."""
    if not text:
        return ""
    told = f'<w:jc w:val="{align}"/>' if align else ""
    first = f'<w:ind w:firstLine="{indent}"/>' if indent else ""
    new = ("<w:keepNext/>" if keep else "") + ("<w:pageBreakBefore/>" if page else "")
    spacing = f'<w:spacing w:before="{before}" w:after="{after}" w:line="{pitch}" w:lineRule="exact"/>'
    return f"<w:p><w:pPr>{new}{spacing}{first}{told}</w:pPr>{_run(text, size, font)}</w:p>"


def table(
    heads: Sequence[str], widths: Sequence[float], rows: Sequence[Sequence[str]], *, wide: bool, centred: bool = True
) -> str:
    """A table with its head on every page; long texts read from the left, and all where it is not ``centred``."""
    shares = [round(_WIDTH[wide] * width / sum(widths)) for width in widths]
    sides = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    about = (
        f'<w:tblPr><w:tblW w:w="{sum(shares)}" w:type="dxa"/><w:jc w:val="center"/><w:tblBorders>{sides}</w:tblBorders>'
        '<w:tblLayout w:type="fixed"/></w:tblPr>'
    )
    columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in shares)
    shade = '<w:shd w:val="clear" w:fill="F2F2F2"/>'
    head = _row(heads, shares, BLACK, "<w:cantSplit/><w:tblHeader/>", shade, True)
    body = "".join(_row(row, shares, BODY, "<w:cantSplit/>", "", centred) for row in rows)
    return f"<w:tbl>{about}<w:tblGrid>{columns}</w:tblGrid>{head}{body}</w:tbl>"


def packed(body: Sequence[str], *, wide: bool = False) -> bytes:
    """
    The shipped package with this body; the same body gives the same bytes.

    Examples
    --------
    >>> packed([line("一切正常。", 32, BODY)])[:2]
    b'PK'
    """
    shipped = (resources.files("hotspot.publish") / "templates" / "letter.docx").read_bytes()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(shipped)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "word/document.xml":
                data = _with_body(data.decode("utf-8"), "".join(body), wide).encode("utf-8")
            new.writestr(name, data)
    return same_bytes(out.getvalue())


def _with_body(text: str, body: str, wide: bool) -> str:
    begin = text.index("<w:body>") + len("<w:body>")
    section = text[text.rindex("<w:sectPr") :]
    if wide:
        across = r'<w:pgSz w:w="\2" w:h="\1" w:orient="landscape"/>'
        section = re.sub(r'<w:pgSz w:w="(\d+)" w:h="(\d+)"/>', across, section)
    return text[:begin] + body + section


def _run(text: str, size: int, font: str) -> str:
    fonts = f'<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="{font}" w:hint="eastAsia"/>'
    about = f'<w:rPr>{fonts}<w:color w:val="000000"/><w:sz w:val="{size}"/><w:szCs w:val="{size}"/></w:rPr>'
    return f'<w:r>{about}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def _row(texts: Sequence[str], widths: Sequence[int], font: str, about: str, shade: str, centred: bool) -> str:
    cells = []
    for text, width in zip(texts, widths, strict=True):
        align = "center" if centred and len(text) <= 25 else "left"
        lines = "".join(
            '<w:p><w:pPr><w:spacing w:before="30" w:after="30" w:line="250" w:lineRule="auto"/>'
            f'<w:jc w:val="{align}"/></w:pPr>{_run(part, 18, font)}</w:p>'
            for part in str(text).split("\n")
        )
        look = f'<w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}<w:vAlign w:val="center"/></w:tcPr>'
        cells.append(f"<w:tc>{look}{lines}</w:tc>")
    return f"<w:tr><w:trPr>{about}</w:trPr>{''.join(cells)}</w:tr>"
