"""
A paper of the office: a title, headed paragraphs and tables, as DOCX to edit and PDF to print.

Every product that needs no template of its own is one ``Paper``: a circular, a case, the handbook, and by way of
``document`` what the calendar asks for. Same content, same bytes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from hotspot.publish.fonts import check_glyphs, legible
from hotspot.publish.office.word_body import BLACK, BODY, KAI, TITLE, line, packed, table
from hotspot.publish.paper.typeset import typeset
from hotspot.rules.pollutants import Pollutant
from hotspot.text.whole import write_whole


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


_TITLE_WIDTH = 19.5  # characters of 22 pt on a line of 156 mm
# Where a title may turn: before its bracket, before the words that begin a thing.
_TITLE_BREAK = re.compile(r"(?=（)|(?=热点网格)|(?=环境空气)|(?=综合指数)|(?=排查)|(?=反馈)|(?=工作)|(?=情况)")

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

    def told(self, of: Pollutant) -> "Paper":
        """
        The same paper in the words of a jurisdiction.

        Examples
        --------
        >>> from hotspot.rules.pollutants import PM25
        >>> there = PM25.speaking('{"热点网格": "重点网格"}')
        >>> Paper("热点网格通报", [Grid(("热点网格",), (1,), [("A",)])]).told(there).blocks[0].heads
        ['重点网格']
        """
        told: Paper = _told(self, of) if of.own_words else self
        return told


def _told(value: Any, of: Pollutant) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: _told(getattr(value, one.name), of) for one in fields(value)})
    return [_told(one, of) for one in value] if isinstance(value, list | tuple) else of.told(value)


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
    files = {".docx": paper_docx(paper), ".pdf": paper_pdf(paper)}
    return [write_whole(path.with_name(path.name + ending), data) for ending, data in files.items()]


def paper_pdf(paper: Paper) -> bytes:
    """
    The paper set on pages.

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
    return typeset("paper.typ", _plain(paper), parts=["page_parts.typ"])


def title_lines(text: str) -> list[str]:
    """
    A title on one line, or on two with whole words (GB/T 9704-2012, 7.3.1): turned at its bracket, else most alike.

    Examples
    --------
    >>> title_lines("热点网格监管月通报（2025年12月）")
    ['热点网格监管月通报（2025年12月）']
    >>> title_lines("热点网格报警反馈调度表（2025年12月12日）")
    ['热点网格报警反馈调度表', '（2025年12月12日）']
    >>> title_lines("关于云岭市热点网格排查反馈工作的提醒函")
    ['关于云岭市热点网格排查反馈工作的提醒函']
    >>> title_lines("关于云岭市2025年12月12日热点网格排查反馈情况提示的函")
    ['关于云岭市2025年12月12日', '热点网格排查反馈情况提示的函']
    """
    if _width(text) <= _TITLE_WIDTH:
        return [text]
    halves = [(text[: found.start()], text[found.start() :]) for found in _TITLE_BREAK.finditer(text)]
    fit = [pair for pair in halves if all(pair) and max(map(_width, pair)) <= _TITLE_WIDTH]
    if not fit:
        return [text]
    first, second = min(fit, key=lambda pair: (pair[1][0] != "（", abs(_width(pair[0]) - _width(pair[1]))))
    return [first, second]


def _width(text: str) -> float:
    """How many Chinese characters wide a text is."""
    return sum(1.0 if ord(letter) > 0x2E7F else 0.5 for letter in text)


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
    title = title_lines(legible(paper.title))
    body = [
        *(line(text, 44, TITLE, align="center", pitch=640, after=200 * (text is title[-1])) for text in title),
        line(legible(paper.under), 24, KAI, align="center", pitch=400, after=240),
        line(legible(paper.to), size, BODY, pitch=pitch),
    ]
    for before, block in zip((None, *paper.blocks), paper.blocks, strict=False):
        apart = 160 * isinstance(before, Grid)
        if isinstance(block, Head):
            face = BLACK if block.level == 1 else KAI
            body.append(
                line(
                    legible(block.text),
                    size,
                    face,
                    indent=20 * size,
                    pitch=pitch,
                    before=apart,
                    page=block.page,
                    keep=True,
                )
            )
        elif isinstance(block, Grid):
            heads, rows = _lines(block.heads), [_lines(row) for row in block.rows]
            body.append(table(heads, block.widths, rows, wide=paper.wide, centred=not paper.small))
        elif isinstance(block, Aside):
            body.append(line(legible(block.text), 24, BODY, indent=480, pitch=400, before=apart))
        elif isinstance(block, str):
            body.append(line(legible(block), size, BODY, indent=20 * size, pitch=pitch, before=apart))
    for n, text in enumerate(filter(None, (legible(paper.signer), paper.date))):  # the date may be blanks to fill
        body.append(line(text, size, BODY, align="right", before=600 * (n == 0), pitch=pitch))
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
        "title": legible(paper.title), "title_lines": title_lines(legible(paper.title)),
        "under": legible(paper.under), "to": legible(paper.to),
        "signer": legible(paper.signer), "date": paper.date, "foot": list(map(legible, paper.foot)),
        "small": paper.small, "wide": paper.wide, "contents": paper.contents, "blocks": blocks,
    }  # fmt: skip
