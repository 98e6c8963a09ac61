"""What products of the calendar have in common: heading, addressee, numbered parts with texts and a table, notes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hotspot.publish.office.paper import Aside, Block, Grid, Head, Paper
from hotspot.publish.words import NUMERALS


@dataclass(frozen=True)
class Part:
    """One numbered part: its texts, then its table, then what follows the table. Without a title it has no number."""

    title: str
    texts: Sequence[str] = ()
    table: Grid | None = None
    after: Sequence[str] = ()


@dataclass(frozen=True)
class Document:
    """
    A paper in parts. ``state``: study and legal basis, below the heading; ``to``: whom it is for; ``lead``: before
    the parts; ``notes``: rules and readings at the foot; ``wide`` lies across; ``date_zh`` blank: the signer's day.
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

    def paper(self) -> Paper:
        """
        The document as it is set.

        Examples
        --------
        >>> Document("提醒", to="甲市", parts=[Part("情况", ["未反馈3次。"])]).paper().blocks
        [Head(text='一、情况', level=1, page=False), '未反馈3次。']
        """
        blocks: list[Block] = list(self.lead)
        number = 0
        for part in self.parts:
            if part.title:
                blocks.append(Head(f"{NUMERALS[number]}、{part.title}"))
                number += 1
            blocks += part.texts
            if part.table is not None:
                blocks.append(part.table)
            blocks += map(Aside, part.after)
        to = f"{self.to}：" if self.to else ""
        return Paper(
            self.heading, blocks, under=self.state, to=to, signer=self.signer, date=self.date_zh, foot=self.notes,
            wide=self.wide,
        )  # fmt: skip
