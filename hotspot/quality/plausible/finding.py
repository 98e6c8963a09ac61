"""What the gate says: one finding, in words, with the two ways on."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from hotspot.rules.pollutants import SLOT

Weight = Literal["stop", "note", "not assessed"]
_SHOWN = 12  # findings named where a month is stopped


@dataclass(frozen=True)
class Finding:
    """
    One thing about a delivery that somebody must look at.

    file : str, the delivered file or pattern that holds it
    place : str, a station's id, or ``satellite``
    month : str, "YYYY-MM"
    hours : int, how many hours (layers, for the satellite) it concerns
    kind : str, one word; a signed decision to keep names it
    looks_like : str, what it looks like
    weight : "stop", a published number would change; "note"; "not assessed", nobody can say
    first, last : str, local days it lies between, both belong to it
    variable : str, the pollutant that is judged
    """

    file: str
    place: str
    month: str
    hours: int
    kind: str
    looks_like: str
    weight: Weight = "stop"
    first: str = ""
    last: str = ""
    variable: str = SLOT

    @property
    def changes(self) -> bool:
        """Whether a published number would change."""
        return self.weight == "stop"

    @property
    def ways(self) -> tuple[str, ...]:
        """
        The ways on: mend the delivery, or sign one of two lines into the study's decisions.

        Examples
        --------
        >>> one = Finding("a.csv", "S03", "2020-02", 696, "scale", "mg/m3", first="2020-02-01", last="2020-02-29")
        >>> one.ways[1]
        'S03,2020-02-01,pm25,SIGNER,REASON,exclude,2020-02-29,scale'
        """
        if not self.changes:
            return ()
        line = f"{self.place},{self.first},{self.variable},SIGNER,REASON,{{}},{self.last},{self.kind}"
        return ("mend the delivery", line.format("exclude"), line.format("keep"))

    @property
    def sentence(self) -> str:
        """
        The finding in one sentence.

        Examples
        --------
        >>> Finding("a.csv", "S03", "2020-02", 696, "scale", "mg/m3 in place of ug/m3").sentence
        'a.csv: S03, 2020-02, 696 hours: mg/m3 in place of ug/m3 (scale)'
        """
        unit = "layers" if self.place == "satellite" else "hours"
        many = f", {self.hours} {unit}" if self.hours else ""
        said = "not assessed: " if self.weight == "not assessed" else ""
        return f"{self.file}: {self.place}, {self.month}{many}: {said}{self.looks_like} ({self.kind})"


def stopping(findings: Iterable[Finding]) -> str:
    """
    What is said where a month is stopped; an empty text where nothing stops it.

    Examples
    --------
    >>> stopping([Finding("a.csv", "S03", "2020-02", 30, "digits", "multiples of 5", "note")])
    ''
    """
    held = [one for one in findings if one.changes]
    if not held:
        return ""
    lines = [f"  {one.sentence}" for one in held[:_SHOWN]]
    lines += [f"  ... and {len(held) - _SHOWN} more"] if len(held) > _SHOWN else []
    example = held[0].ways
    return "\n".join(
        [
            f"{len(held)} finding{'s' if len(held) > 1 else ''} in the delivery would change published numbers:",
            *lines,
            "Two ways on: mend the delivery; or sign a decision in a file of the study's [[decisions]], "
            "columns station,day,pollutant,signer,reason,decision,until,finding:",
            f"  {example[1]}     these hours do not count",
            f"  {example[2]}     seen and judged real",
        ]
    )
