"""The verbs of the calendar: what is due, a product made and recorded as sent, the pages of figures."""

from pathlib import Path
from typing import Annotated

import typer

from hotspot.cli_options import Data, Json, Out, StudyFile, show, study_of

AsOf = Annotated[str, typer.Option("--asof", help="Local time that is judged, like 2025-12-15 or 2025-12-15T08:00.")]


def due(study: StudyFile, asof: AsOf, out: Out = Path("out"), data: Data = None, as_json: Json = False) -> None:
    """Which products of the calendar are due or late, by the study's profile and responses in force."""
    from hotspot.workflows.periods.calendar import due_products

    show(due_products(study_of(study, data), asof, out=out), as_json)


def letter(
    product: Annotated[str, typer.Argument(help="prompt reminder dispatch summary situation bulletin consultation ..")],
    period: Annotated[str, typer.Argument(help="2025-12-15, 2025-W50, 2025-W50-mid, 2025-12-H1, 2025-12, 2025-Q4.")],
    study: StudyFile, out: Out = Path("out"), data: Data = None,
    sent: Annotated[str, typer.Option("--sent", help="Record it as sent at this local time.")] = "",
    to: Annotated[str, typer.Option("--to", help="Whom it was sent to.")] = "",
    channel: Annotated[str, typer.Option("--channel", help="How it was sent.")] = "",
    by: Annotated[str, typer.Option("--by", help="Who sent it.")] = "",
    as_json: Json = False,
) -> None:  # fmt: skip
    """Make a product of a period as DOCX and PDF; with --sent record it in the ledger."""
    from hotspot.workflows.periods.calendar import write_letter

    opened = study_of(study, data)
    show(write_letter(opened, product, period, out=out, to=to, channel=channel, sent=sent, by=by), as_json)


def kpi(
    study: StudyFile, asof: AsOf, out: Out = Path("out"), data: Data = None,
    months: Annotated[int, typer.Option("--months", help="How many months back.")] = 12,
    as_json: Json = False,
) -> None:  # fmt: skip
    """The figures of units, months and departments as an offline page and a workbook."""
    from hotspot.workflows.periods.kpi import write_kpi

    show(write_kpi(study_of(study, data), asof, out=out, months=months), as_json)


COMMANDS = (due, letter, kpi)
