"""
A paper of the office: a title, headed paragraphs and tables, as DOCX to edit and PDF to print.

Every product that needs no template of its own is one ``Paper``: a circular, a case, the handbook, and by way of
``document`` what the calendar asks for. Same content, same bytes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hotspot.publish.fonts import check_glyphs, legible
from hotspot.publish.office.word_body import BLACK, BODY, KAI, TITLE, line, packed, table
from hotspot.publish.paper.typeset import typeset


@dataclass(frozen=True)
class Head:
    """A heading; ``level`` 1 or 2; ``page`` begins a new page."""

    text: str
    level: int = 1
    page: bool = False


@dataclass(frozen=True)
class Grid:
    """A table: ``heads``, ``widths`` as shares of the line, and rows of text."""

    heads: Sequence[str]
    widths: Sequence[float]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Aside:
    """A paragraph in small letters, such as what follows a table."""

    text: str


@dataclass(frozen=True)
class Picture:
    """A drawing (SVG), as wide as ``share`` of the line; only the PDF shows it."""

    svg: str
    words: str
    share: float = 1.0


Block = Head | Grid | Aside | Picture | str


@dataclass(frozen=True)
class Paper:
    """
    ``blocks`` in order: a str is a paragraph. ``under`` stands below the title, ``foot`` holds rules and readings.
    ``small`` sets a handbook's size instead of a letter's, ``wide`` lies across.
    """

    title: str
    blocks: Sequence[Block]
    under: str = ""
    to: str = ""
    signer: str = ""
    date: str = ""
    foot: Sequence[str] = field(default_factory=tuple)
    small: bool = False
    wide: bool = False
    contents: bool = False


def write_paper(path: str | Path, paper: Paper) -> list[Path]:
    """
    Write ``PATH.docx`` and ``PATH.pdf``, each whole or not at all.

    Raises
    ------
    DataError
        A text holds a letter the font cannot draw.

    Examples
    --------
    >>> import tempfile
    >>> [one.name for one in write_paper(tempfile.mkdtemp() + "/a", Paper("提醒", ["未反馈3次。"]))]
    ['a.docx', 'a.pdf']
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    pages = paper_pdf(paper)
    assert isinstance(pages, bytes)
    written = []
    for ending, data in ((".docx", paper_docx(paper)), (".pdf", pages)):
        partial = path.with_name(path.name + ending + ".partial")
        partial.write_bytes(data)
        written.append(partial.replace(path.with_name(path.name + ending)))
    return written


def paper_pdf(paper: Paper, *, kind: str = "pdf", ppi: float | None = None) -> bytes | list[bytes]:
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
    >>> paper_docx(Paper("通报", ["一切正常。", Grid(("单位",), (1,), [("甲县",)])]))[:2]
    b'PK'
    """
    check_glyphs(_texts(paper))
    size = 24 if paper.small else 32
    pitch = 400 if paper.small else 560
    body = [
        line(legible(paper.title), 44, TITLE, align="center", pitch=640, after=200),
        line(legible(paper.under), 24, KAI, align="center", pitch=400, after=240),
        line(legible(paper.to), size, BODY, pitch=pitch),
    ]
    for block in paper.blocks:
        if isinstance(block, Head):
            face = BLACK if block.level == 1 else KAI
            body.append(line(legible(block.text), size, face, indent=2 * 10 * size, pitch=pitch, page=block.page))
        elif isinstance(block, Grid):
            heads, rows = _lines(block.heads), [_lines(row) for row in block.rows]
            body.append(table(heads, block.widths, rows, wide=paper.wide, centred=not paper.small))
        elif isinstance(block, Aside):
            body.append(line(legible(block.text), 24, BODY, indent=480, pitch=400))
        elif isinstance(block, str):
            body.append(line(legible(block), size, BODY, indent=2 * 10 * size, pitch=pitch))
    for n, text in enumerate(filter(None, (paper.signer, paper.date))):
        body.append(line(legible(text), size, BODY, align="right", before=600 * (n == 0), pitch=pitch))
    body += [line(legible(text), 21, BODY, pitch=360, before=200 * (n == 0)) for n, text in enumerate(paper.foot)]
    return packed(body, wide=paper.wide)


def _lines(texts: Sequence[str]) -> list[str]:
    """Texts made legible line by line."""
    return ["\n".join(map(legible, str(text).split("\n"))) for text in texts]


def _texts(paper: Paper) -> Iterator[str]:
    for block in paper.blocks:
        if isinstance(block, Grid):
            yield from _lines((*block.heads, *(text for row in block.rows for text in row)))
        elif isinstance(block, Head | Aside):
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
            heads, rows = _lines(block.heads), [_lines(row) for row in block.rows]
            blocks.append({"kind": "grid", "heads": heads, "rows": rows, "widths": list(map(float, block.widths))})
        elif isinstance(block, Picture):
            blocks.append({"kind": "picture", "svg": block.svg, "text": legible(block.words), "share": block.share})
        elif isinstance(block, Aside):
            blocks.append({"kind": "aside", "text": legible(block.text)})
        else:
            blocks.append({"kind": "text", "text": legible(block)})
    return {
        "title": legible(paper.title), "under": legible(paper.under), "to": legible(paper.to),
        "signer": legible(paper.signer), "date": paper.date, "foot": list(map(legible, paper.foot)),
        "small": paper.small, "wide": paper.wide, "contents": paper.contents, "blocks": blocks,
    }  # fmt: skip
