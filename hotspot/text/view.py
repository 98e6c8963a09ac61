"""
Small views of an object for a notebook and a terminal: facts and tables, in two languages.

Whoever makes a view gives plain texts; this is the only place that turns them into
HTML, and it escapes every one of them. Meaning never hangs on colour: a mark always
has its own words or shape.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hotspot.text.escape import escape, plain

# Dark enough on white, told apart with red-green and blue-yellow colour blindness; words repeat what they say.
_LOOKS = ("plain", "unsure", "warn", "quiet", "round", "square", "diamond", "code")
_NONE = "（无 none）"
_STYLE = """<style>
.hotspot-view{font:13px/1.45 system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif;margin:.3em 0 .8em;\
max-width:100%;overflow-x:auto;color:var(--jp-content-font-color1,#1d2730)}
.hotspot-view .hv-title{font-size:15px;font-weight:600;margin:0 0 .3em}
.hotspot-view small{font-weight:400;opacity:.72}
.hotspot-view table{border-collapse:collapse;margin:.3em 0 .6em;border:0;font-size:13px;table-layout:auto}
.hotspot-view th,.hotspot-view td{padding:.22em .5em;text-align:left!important;vertical-align:baseline;border:0;\
border-bottom:1px solid rgba(128,128,128,.28);white-space:nowrap;max-width:34em;background:transparent}
.hotspot-view thead th{border-bottom:1.5px solid currentColor;vertical-align:bottom;font-weight:600}
.hotspot-view th small,.hotspot-view td small{display:block}
.hotspot-view th small{white-space:nowrap}
.hotspot-view caption{caption-side:top;text-align:left;font-weight:600;padding:.4em 0 .1em;color:inherit}
.hotspot-view caption small{display:inline}
.hotspot-view tbody th{font-weight:400;opacity:.8}
.hotspot-view tbody th+td{white-space:normal}
.hotspot-view tbody th small{display:inline}
.hotspot-view .hv-n{text-align:right!important;font-variant-numeric:tabular-nums;white-space:nowrap}
.hotspot-view .hv-w{white-space:normal;min-width:9em}
.hotspot-view .hv-note{margin:.1em 0;opacity:.85}
.hotspot-view .hv-code{font-family:ui-monospace,Consolas,monospace;white-space:nowrap}
.hotspot-view .hv-unsure{border:1px dashed currentColor;border-radius:3px;padding:0 .35em;white-space:nowrap}
.hotspot-view .hv-warn{font-weight:600;border-left:3px solid #a34c04;padding-left:.4em}
.hotspot-view .hv-quiet{opacity:.6}
.hotspot-view .hv-round:before{content:"\\25CF\\00A0";color:var(--jp-content-font-color0,#101418)}
.hotspot-view .hv-square:before{content:"\\25A0\\00A0";color:#0059b3}
.hotspot-view .hv-diamond:before{content:"\\25C6\\00A0";color:#00695c}
</style>"""


class Column(NamedTuple):
    """Head of a column: Chinese, English, unit; numbers stand right."""

    zh: str
    en: str
    unit: str = ""
    number: bool = False
    wide: bool = False


class Mark(NamedTuple):
    """A text with its English below it, or with a look: unsure, warn, quiet, code, or a reason's shape."""

    text: str
    look: str = "plain"
    en: str = ""


@dataclass(frozen=True)
class Facts:
    """Rows of a name and a value. A name is (Chinese, English); a value text or ``Mark``."""

    rows: tuple

    def html(self) -> str:
        rows = "".join(
            f'<tr><th scope="row">{escape(zh)} <small>{escape(en)}</small></th><td>{_cell(value)}</td></tr>'
            for (zh, en), value in self.rows
        )
        return f"<table><tbody>{rows}</tbody></table>"

    def text(self) -> str:
        return _aligned([[f"{zh} {en}", _plain(value)] for (zh, en), value in self.rows], [False, False])


@dataclass(frozen=True)
class Table:
    """Columns and rows of texts or ``Mark``; ``left_out`` rows are only counted."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str | Mark]]
    caption: tuple = ("", "")
    left_out: int = 0

    def html(self) -> str:
        zh, en = self.caption
        caption = f"<caption>{escape(zh)} <small>{escape(en)}</small></caption>" if zh or en else ""
        head = "".join(f'<th scope="col"{_class(c)}>{_head(c)}</th>' for c in self.columns)
        none = f'<tr><td colspan="{len(self.columns)}">{_NONE}</td></tr>'
        body = "".join(f"<tr>{self._row(row)}</tr>" for row in self.rows) or none
        rest = f'<div class="hv-note">{escape(self._rest())}</div>' if self._rest() else ""
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}"

    def text(self) -> str:
        head = [[c.zh for c in self.columns], [f"{c.en}, {c.unit}" if c.unit else c.en for c in self.columns]]
        lines = _aligned(head + [[_plain(v) for v in row] for row in self.rows], [c.number for c in self.columns])
        before = [" ".join(filter(None, self.caption))] if any(self.caption) else []
        return "\n".join([*before, lines, *([] if self.rows else [_NONE]), *filter(None, [self._rest()])])

    def _row(self, row: Sequence[str | Mark]) -> str:
        return "".join(f"<td{_class(c)}>{_cell(v)}</td>" for c, v in zip(self.columns, row, strict=True))

    def _rest(self) -> str:
        n = self.left_out
        return f"…… 另有{n}行未显示 / {n} more {'row' if n == 1 else 'rows'} not shown" if n else ""


@dataclass(frozen=True)
class View:
    """
    A title over facts and tables; a notebook shows it as HTML, a terminal as text.

    Parameters
    ----------
    title : (str, str)
        Chinese, English.
    blocks : tuple of Facts and Table
    notes : tuple of str

    Examples
    --------
    >>> seen = View(("两格", "two cells"), (Facts(((("名称", "name"), "<b>x"),)),))
    >>> seen
    两格 two cells
    名称 name  <b>x
    >>> "<b>" in seen._repr_html_(), "&lt;b&gt;x" in seen._repr_html_()
    (False, True)
    """

    title: tuple
    blocks: tuple
    notes: tuple = ()

    def __repr__(self) -> str:
        parts = [" ".join(filter(None, map(plain, self.title))), *(block.text() for block in self.blocks)]
        return "\n".join([*parts, *map(plain, self.notes)])

    def _repr_html_(self) -> str:
        zh, en = self.title
        notes = "".join(f'<div class="hv-note">{escape(note)}</div>' for note in self.notes)
        inside = "".join(block.html() for block in self.blocks)
        title = f'<div class="hv-title">{escape(zh)} <small>{escape(en)}</small></div>'
        return f'{_STYLE}<div class="hotspot-view">{title}{inside}{notes}</div>'


def _cell(value: str | Mark) -> str:
    if isinstance(value, Mark):
        if value.look not in _LOOKS:
            raise ValueError(f"look {value.look!r} is none of {', '.join(_LOOKS)}.")
        below = f"<small>{escape(value.en)}</small>" if value.en else ""
        return f'<span class="hv-{value.look}">{escape(value.text)}</span>{below}'
    return escape(value)


def _plain(value: str | Mark) -> str:
    return plain(f"{value.text} {value.en}" if isinstance(value, Mark) else value)


def _head(column: Column) -> str:
    unit = f"<small>{escape(column.unit)}</small>" if column.unit else ""
    return f"{escape(column.zh)}<small>{escape(column.en)}</small>{unit}"


def _class(column: Column) -> str:
    names = [name for name, on in (("hv-n", column.number), ("hv-w", column.wide)) if on]
    return f' class="{" ".join(names)}"' if names else ""


def _aligned(rows: list[list[str]], right: list[bool]) -> str:
    """Texts in columns; a Chinese character is two places wide."""
    width = [max((_places(row[i]) for row in rows), default=0) for i in range(len(right))]
    lines = []
    for row in rows:
        padded = [
            " " * (w - _places(text)) + text if to_right else text + " " * (w - _places(text))
            for text, w, to_right in zip(row, width, right, strict=True)
        ]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def _places(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in text)
