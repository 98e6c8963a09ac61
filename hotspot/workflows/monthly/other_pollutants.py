"""What a month of another pollutant than PM2.5 leaves out, said in its notes, on its field and in its papers."""

from typing import Any

from hotspot.rules.pollutants import Pollutant
from hotspot.study import Study
from hotspot.variables import DataError

_HOURS = "no rule of ours says which hour of another pollutant is one, and alarms were tried on fine particles"
# Why a thing is made for PM2.5 only.
WHOLE_LEFT_OUT = {
    "an alarm": _HOURS,
    "the alarm desk": _HOURS,
    "following hours for alarms": _HOURS,
    "the film of hours": "its hours are those of micro-stations, and no calibration of their other sensors was tested",
    "the effect of a measure": "it needs the weather taken out, which was tried on fine particles",
    "where stations should stand": "what a station gains was tried on the error of fine particles",
    "a letter of alarms or days": "it tells of alarms and of days of PM2.5; the bulletin of the list and the patrol "
    "table are made",
    "the loop's papers": "most of them tell of alarms; the bulletin, the public page and the atlas are made by their "
    "own commands",
}


def refused_in(of: Pollutant, intake: Any, month: str) -> dict[str, str]:
    """
    Note what is not made of a pollutant, each with its sentence.

    Parameters
    ----------
    intake : Intake, of the month

    Returns
    -------
    dict of attributes of the month's field: ``clause``, ``weather``, ``level``, and ``said_zh``, the
    sentences that its papers print

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from hotspot.rules.pollutants import pollutant
    >>> told = refused_in(pollutant("o3"), SimpleNamespace(note=print), "2025-06")
    no emission level of ozone: it is a secondary pollutant, nobody emits it
    ozone is a secondary pollutant not traced to a single plant; look for its precursors (VOCs, NOx) in the region
    not made of ozone: sub_cells.csv: no 500 m values of ozone: ...
    not made of ozone: checklists.xlsx: ozone is a secondary pollutant not traced to a single plant; ...
    >>> told["level"]
    'none: no emission level of ozone: it is a secondary pollutant, nobody emits it'
    """
    from hotspot.publish.catalogue import PRODUCTS

    said = [of.refused[what] for what in ("level", "trace") if what in of.refused]
    for _, en in said:
        intake.note(en)
    for product in PRODUCTS.values():
        if product.why_not(of):
            intake.note(f"not made of {of.en}: {product.files[0]}: {product.why_not(of)}")
    zh, state = "".join(zh for zh, _ in said), of.state(month).split(" / ")[0]
    why = f"none: {of.refused['level'][1]}" if "level" in of.refused else "none"
    return {
        "weather": why,
        "level": why,
        "clause": of.clause,
        "said_zh": "。".join([*filter(None, [of.means_zh, state and f"浓度为{state}下的数值"]), zh]),
    }


def only_pm25(study: Study, what: str) -> None:
    """
    Stop a command that is made for PM2.5 only.

    Parameters
    ----------
    what : str, a key of ``WHOLE_LEFT_OUT``, which says why

    Raises
    ------
    DataError
        The study is of another pollutant.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from hotspot.rules.pollutants import pollutant
    >>> only_pm25(SimpleNamespace(pollutant=pollutant("no2"), id="a"), "an alarm")
    Traceback (most recent call last):
    hotspot.variables.DataError: a: this study is of NO2, and an alarm is made for PM2.5 only: no rule ...
    """
    if not study.pollutant.usual:
        raise DataError(
            f"{study.id}: this study is of {study.pollutant.en}, and {what} is made for PM2.5 only: "
            f"{WHOLE_LEFT_OUT[what]}; "
            'give a study with variable = "pm25" (or without variable).'
        )
