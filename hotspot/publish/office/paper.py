"""
A plain official paper: a title, headed paragraphs and tables, as DOCX to edit and PDF to print.

For what needs no template of its own (a circular, a case, the handbook). The measures follow GB/T 9704-2012;
the official typefaces are named in the DOCX, never shipped. Same content, same bytes.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from hotspot.publish.fonts import check_glyphs, legible
from hotspot.publish.office.docx import same_bytes
from hotspot.publish.paper.typeset import typeset


@dataclass(frozen=True)
class Head:
    """A heading; ``level`` 1 or 2; ``page`` begins a new page."""

    text: str
    level: int = 1
    page: bool = False


@dataclass(frozen=True)
class Grid:
    """A table: ``heads``, rows of text, and ``widths`` as shares of the line."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]


@dataclass(frozen=True)
class Picture:
    """A drawing (SVG), as wide as ``share`` of the line; only the PDF shows it."""

    svg: str
    words: str
    share: float = 1.0


Block = Head | Grid | Picture | str


@dataclass(frozen=True)
class Paper:
    """``blocks`` in order: a str is a paragraph. ``small`` sets a handbook's size instead of a letter's."""

    title: str
    blocks: Sequence[Block]
    under: str = ""
    to: str = ""
    signer: str = ""
    date: str = ""
    foot: Sequence[str] = field(default_factory=tuple)
    small: bool = False
    contents: bool = False


def paper_pdf(paper: Paper, *, kind: str = "pdf", ppi: float | None = None) -> Any:
    """
    The paper set on pages.

    Parameters
    ----------
    paper : Paper
    kind, ppi : as ``typeset`` takes them

    Returns
    -------
    what ``typeset`` returns

    Raises
    ------
    DataError
        A text holds a letter the font cannot draw.

    Examples
    --------
    >>> paper_pdf(Paper("通报", ["一切正常。"]))[:5]
    b'%PDF-'
    """
    check_glyphs(_texts(paper))
    return typeset("paper.typ", _plain(paper), kind=kind, ppi=ppi, parts=["page_parts.typ"])


def paper_docx(paper: Paper) -> bytes:
    """
    The paper as a word processor opens it.

    Examples
    --------
    >>> paper_docx(Paper("通报", ["一切正常。", Grid(("单位",), [("甲县",)], (1,))]))[:2]
    b'PK'
    """
    from docx import Document
    from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt

    document = Document()
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.top_margin, page.bottom_margin, page.left_margin, page.right_margin = Mm(37), Mm(35), Mm(28), Mm(26)

    def write(
        holder: Any,
        text: str,
        face: str,
        size: float,
        *,
        align: Any = None,
        indent: bool = False,
        bold: bool = False,
        exact: float = 28.0,
    ) -> None:
        run = holder.add_run(legible(text))
        run.font.size, run.font.name, run.bold = Pt(size), "Times New Roman", bold
        run._element.rPr.rFonts.set(qn("w:eastAsia"), face)
        form = holder.paragraph_format
        form.space_before = form.space_after = Pt(0)
        if exact:
            form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(exact)
        if indent:
            form.first_line_indent = Pt(2 * size)
        if align is not None:
            holder.alignment = align

    middle, right = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT
    write(document.add_paragraph(), paper.title, "方正小标宋简体", 22, align=middle, exact=32)
    if paper.under:
        write(document.add_paragraph(), paper.under, "楷体_GB2312", 14, align=middle)
    write(document.add_paragraph(), "", "仿宋_GB2312", 16)
    if paper.to:
        write(document.add_paragraph(), paper.to, "仿宋_GB2312", 16)
    for block in paper.blocks:
        if isinstance(block, str):
            write(document.add_paragraph(), block, "仿宋_GB2312", 16, indent=True)
        elif isinstance(block, Head):
            face = "黑体" if block.level == 1 else "楷体_GB2312"
            write(document.add_paragraph(), block.text, face, 16, indent=True)
        elif isinstance(block, Grid):
            table = document.add_table(rows=1, cols=len(block.heads), style="Table Grid")
            for cell, text in zip(table.rows[0].cells, block.heads, strict=True):
                write(cell.paragraphs[0], text, "黑体", 10.5, align=middle, exact=0)
            for row in block.rows:
                for cell, text in zip(table.add_row().cells, row, strict=True):
                    write(cell.paragraphs[0], text, "宋体", 10.5, exact=0)
            whole = sum(block.widths)
            for row in table.rows:
                for cell, share in zip(row.cells, block.widths, strict=True):
                    cell.width = Mm(156 * share / whole)
    if paper.signer or paper.date:
        write(document.add_paragraph(), "", "仿宋_GB2312", 16)
        for text in filter(None, (paper.signer, paper.date)):
            write(document.add_paragraph(), text, "仿宋_GB2312", 16, align=right)
    for text in paper.foot:
        write(document.add_paragraph(), text, "宋体", 9, exact=13)
    saved = io.BytesIO()
    document.save(saved)
    return same_bytes(saved.getvalue())


def _texts(paper: Paper) -> Iterator[str]:
    for block in paper.blocks:
        if isinstance(block, Grid):
            yield from map(legible, (*block.heads, *(text for row in block.rows for text in row)))
        elif isinstance(block, Head):
            yield legible(block.text)
        else:
            yield legible(block.words if isinstance(block, Picture) else block)
    yield from map(legible, (paper.title, paper.under, paper.to, paper.signer, paper.date, *paper.foot))


def _plain(paper: Paper) -> dict:
    blocks: list[dict] = []
    for block in paper.blocks:
        if isinstance(block, Head):
            blocks.append({"kind": "head", "text": legible(block.text), "level": block.level, "page": block.page})
        elif isinstance(block, Grid):
            heads, rows = list(map(legible, block.heads)), [list(map(legible, row)) for row in block.rows]
            blocks.append({"kind": "grid", "heads": heads, "rows": rows, "widths": list(map(float, block.widths))})
        elif isinstance(block, Picture):
            blocks.append({"kind": "picture", "svg": block.svg, "text": legible(block.words), "share": block.share})
        else:
            blocks.append({"kind": "text", "text": legible(block)})
    return {
        "title": legible(paper.title), "under": legible(paper.under), "to": legible(paper.to),
        "signer": legible(paper.signer), "date": paper.date, "foot": list(map(legible, paper.foot)),
        "small": paper.small, "contents": paper.contents, "blocks": blocks,
    }  # fmt: skip
