"""
A paper of the office as DOCX and as PDF: heading, whom it is for, numbered parts with texts and tables, notes.

Every product of the calendar is one ``Document``; the layout stands here and in ``templates/office.typ`` alone.
The body is put into the package of ``letter.docx``, so that margins, footer and page numbers are the office's.
"""

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from xml.sax.saxutils import escape

from hotspot.publish.fonts import check_glyphs, legible
from hotspot.publish.office.docx import same_bytes
from hotspot.publish.paper.typeset import set_texts, typeset

NUMBERS = "一二三四五六七八九十"
_WIDTH = {False: 8845, True: 13700}  # of a table, twentieths of a point


@dataclass(frozen=True)
class Grid:
    """A table: ``heads``, relative ``widths``, ``rows`` of texts."""

    heads: Sequence[str]
    widths: Sequence[float]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Part:
    """One numbered part: its texts, then its table, then what follows the table."""

    title: str
    texts: Sequence[str] = ()
    table: Grid | None = None
    after: Sequence[str] = ()


@dataclass(frozen=True)
class Document:
    """
    A paper. ``state``: study and legal basis, below the heading; ``to``: whom it is for; ``lead``: before the parts;
    ``notes``: rules and readings at the foot; ``wide`` lies across; ``date_zh`` blank, as the day is the signer's.
    """

    heading: str
    state: str = ""
    to: str = ""
    lead: Sequence[str] = ()
    parts: Sequence[Part] = field(default_factory=tuple)
    signer: str = ""
    notes: Sequence[str] = ()
    wide: bool = False
    date_zh: str = "年　　月　　日"


def write_document(path: str | Path, document: Document) -> list[Path]:
    """
    Write ``PATH.docx`` and ``PATH.pdf``.

    Returns
    -------
    list of Path

    Raises
    ------
    DataError
        A text holds a letter the font cannot draw.

    Examples
    --------
    >>> import tempfile
    >>> paper = Document("关于反馈情况的提醒", to="甲市", parts=[Part("情况", ["未反馈3次。"])])
    >>> [one.name for one in write_document(tempfile.mkdtemp() + "/a", paper)]
    ['a.docx', 'a.pdf']
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    written = []
    for ending, data in ((".docx", document_docx(document)), (".pdf", document_pdf(document))):
        partial = path.with_name(path.name + ending + ".partial")
        partial.write_bytes(data)
        written.append(partial.replace(path.with_name(path.name + ending)))
    return written


def document_pdf(document: Document) -> bytes:
    """The paper as a page to print: the same texts as the DOCX."""
    data = _data(document)
    check_glyphs(set_texts(data))
    page = typeset("office.typ", data, parts=["page_parts.typ"])
    return page if isinstance(page, bytes) else page[0]


def document_docx(document: Document) -> bytes:
    """The paper to edit and send: the same document gives the same bytes."""
    data = _data(document)
    check_glyphs(set_texts(data))
    body = [
        _line(data["heading"], 44, "方正小标宋简体", align="center", pitch=640, after=200),
        _line(data["state"], 24, "楷体_GB2312", align="center", pitch=400, after=240),
    ]
    if data["to"]:
        body.append(_line(f"{data['to']}：", 32, "仿宋_GB2312"))
    body += [_line(text, 32, "仿宋_GB2312", indent=640) for text in data["lead"]]
    for part in data["parts"]:
        body.append(_line(part["title"], 32, "黑体", indent=640))
        body += [_line(text, 32, "仿宋_GB2312", indent=640) for text in part["texts"]]
        if part["table"]:
            body.append(_table(part["table"], _WIDTH[document.wide]))
        body += [_line(text, 24, "仿宋_GB2312", indent=480, pitch=400) for text in part["after"]]
    if data["signer"]:
        body.append(_line(data["signer"], 32, "仿宋_GB2312", align="right", before=600))
    body.append(_line(data["date_zh"], 32, "仿宋_GB2312", align="right", before=0 if data["signer"] else 600))
    body += [_line(text, 21, "仿宋_GB2312", pitch=360, before=200 * (n == 0)) for n, text in enumerate(data["notes"])]
    shipped = (resources.files("hotspot.publish") / "templates" / "letter.docx").read_bytes()
    return same_bytes(_packed(shipped, "".join(part for part in body if part), document.wide))


def _data(document):
    """Every text made legible, parts numbered, tables as plain lists."""
    parts, number = [], 0
    for part in document.parts:
        table = None
        if part.table is not None:
            table = {
                "heads": [_lines(text) for text in part.table.heads],
                "widths": [float(width) for width in part.table.widths],
                "rows": [[_lines(str(text)) for text in row] for row in part.table.rows],
            }
        title = f"{NUMBERS[number]}、{legible(part.title)}" if part.title else ""
        number += bool(part.title)
        parts.append(
            {"title": title, "texts": [legible(text) for text in part.texts], "table": table,
             "after": [legible(text) for text in part.after]}
        )  # fmt: skip
    return {
        "title": legible(document.heading), "heading": legible(document.heading), "state": legible(document.state),
        "to": legible(document.to), "lead": [legible(text) for text in document.lead], "parts": parts,
        "signer": legible(document.signer), "notes": [legible(text) for text in document.notes],
        "wide": document.wide, "date_zh": document.date_zh,
    }  # fmt: skip


def _lines(text):
    """A text made legible line by line."""
    return "\n".join(legible(line) for line in text.split("\n"))


def _line(text, size, font, *, align="", indent=0, pitch=560, before=0, after=0):
    """One paragraph; an empty text gives none."""
    if not text:
        return ""
    told = f'<w:jc w:val="{align}"/>' if align else ""
    first = f'<w:ind w:firstLine="{indent}"/>' if indent else ""
    spacing = f'<w:spacing w:before="{before}" w:after="{after}" w:line="{pitch}" w:lineRule="exact"/>'
    return f"<w:p><w:pPr>{spacing}{first}{told}</w:pPr>{_run(text, size, font)}</w:p>"


def _run(text, size, font):
    fonts = f'<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="{font}" w:hint="eastAsia"/>'
    about = f'<w:rPr>{fonts}<w:color w:val="000000"/><w:sz w:val="{size}"/><w:szCs w:val="{size}"/></w:rPr>'
    return f'<w:r>{about}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def _table(table, whole):
    widths = [round(whole * width / sum(table["widths"])) for width in table["widths"]]
    sides = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    about = (
        f'<w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:jc w:val="center"/><w:tblBorders>{sides}</w:tblBorders>'
        '<w:tblLayout w:type="fixed"/></w:tblPr>'
    )
    columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    head = _row(
        table["heads"], widths, "黑体", "<w:cantSplit/><w:tblHeader/>", '<w:shd w:val="clear" w:fill="F2F2F2"/>'
    )
    rows = "".join(_row(row, widths, "仿宋_GB2312", "<w:cantSplit/>", "") for row in table["rows"])
    return f"<w:tbl>{about}<w:tblGrid>{columns}</w:tblGrid>{head}{rows}</w:tbl>"


def _row(texts, widths, font, about, shade):
    cells = []
    for text, width in zip(texts, widths, strict=True):
        lines = "".join(
            '<w:p><w:pPr><w:spacing w:before="30" w:after="30" w:line="250" w:lineRule="auto"/>'
            f'<w:jc w:val="{"left" if len(text) > 25 else "center"}"/></w:pPr>{_run(line, 18, font)}</w:p>'
            for line in str(text).split("\n")
        )
        look = f'<w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}<w:vAlign w:val="center"/></w:tcPr>'
        cells.append(f"<w:tc>{look}{lines}</w:tc>")
    return f"<w:tr><w:trPr>{about}</w:trPr>{''.join(cells)}</w:tr>"


def _packed(shipped, body, wide):
    """The shipped package with another body."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(shipped)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "word/document.xml":
                text = data.decode("utf-8")
                begin = text.index("<w:body>") + len("<w:body>")
                end = text.rindex("<w:sectPr")
                section = text[end:]
                if wide:
                    section = re.sub(
                        r'<w:pgSz w:w="(\d+)" w:h="(\d+)"/>',
                        r'<w:pgSz w:w="\2" w:h="\1" w:orient="landscape"/>',
                        section,
                    )
                data = (text[:begin] + body + section).encode("utf-8")
            new.writestr(name, data)
    return out.getvalue()
