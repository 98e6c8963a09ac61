"""The verbs after a warning: the ledger, problems and their clocks, assessment, ranking, the rules themselves."""

from pathlib import Path
from typing import Annotated

import typer

from hotspot.cli_options import By, Data, Json, Month, Out, StudyFile, show, show_files, study_of

AsOf = Annotated[str, typer.Option("--asof", help="Local time that is judged, like 2025-12-31T08:00.")]


def rules(
    study: StudyFile,
    contradictions: Annotated[bool, typer.Option("--contradictions", help="Sentences read in two ways.")] = False,
    data: Data = None, as_json: Json = False,
) -> None:  # fmt: skip
    """What decides a study's lists and duties, each with its clause; and how doubtful sentences are read."""
    from hotspot.workflows.rules import show_rules

    show(show_rules(study_of(study, data), contradictions=contradictions), as_json)


def schema(as_json: Json = False) -> None:
    """What a study's file may say (JSON Schema), and every column of every published table."""
    from hotspot.workflows.schema import show_schema

    show(show_schema(), as_json)


def ledger(
    study: StudyFile, out: Out = Path("out"),
    kind: Annotated[str | None, typer.Option("--kind", help="month, alarm, feedback, issue, step, receipt ...")] = None,
    month: Annotated[str | None, typer.Option("--month", metavar="YYYY-MM", help="Entries of one month.")] = None,
    to: Annotated[Path | None, typer.Option("--to", help="Write them as .csv or .xlsx.")] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """The supervision ledger (台账): every entry with its place in the chain, shown or exported."""
    from hotspot.workflows.closing.ledger_book import show_ledger

    show(show_ledger(study_of(study), out=out, kind=kind, month=month, to=to), as_json)


def issues(
    study: StudyFile, asof: AsOf, out: Out = Path("out"), data: Data = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what is past its date.")] = False,
    to: Annotated[Path | None, typer.Option("--to", help="Write the workbook of problems and alarms (.xlsx).")] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Problems and alarms at an instant: open, overdue, answered in time, by kind and county."""
    from hotspot.workflows.closing.problems import open_problems

    show(open_problems(study_of(study, data), asof, out=out, overdue=overdue, to=to), as_json)


def assess(
    month: Annotated[str, typer.Argument(metavar="YYYY-MM | YYYY", help="A local month, or a year of settled ones.")],
    study: StudyFile, out: Out = Path("out"),
    basics: Annotated[Path | None, typer.Option("--basics", help="month, unit, item 1-3, met.")] = None,
    findings: Annotated[Path | None, typer.Option("--findings", help="month, unit, item, problem, verified.")] = None,
    what_if: Annotated[list[str] | None, typer.Option("--what-if", help="veto=block; repeatable.")] = None,
    by: By = "", as_json: Json = False,
) -> None:  # fmt: skip
    """Points and grades of units in a month, each point with the entry it rests on; with --by they are settled."""
    from hotspot.workflows.periods.assessed_year import assess_year
    from hotspot.workflows.periods.assessment import assess_month

    opened = study_of(study)
    if len(month) == 4:
        answer = assess_year(opened, int(month), out=out)
    else:
        answer = assess_month(opened, month, out=out, basics=basics, findings=findings, what_if=what_if or (), by=by)
    show(answer, as_json)


def ranking(
    month: Month, study: StudyFile,
    index: Annotated[Path | None, typer.Option("--index", help="month, unit, index as published.")] = None,
    days: Annotated[Path | None, typer.Option("--days", help="unit, point, day (or time) and six pollutants.")] = None,
    decisions: Annotated[Path | None, typer.Option("--decisions", help="point, day, signer, reason (B19).")] = None,
    missed_target: Annotated[list[str] | None, typer.Option("--missed-target", help="A unit; else by targets.")] = None,
    out: Out = Path("out"), data: Data = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Units ranked by composite index and its improvement, falsified days replaced; who is last, what follows."""
    from hotspot.workflows.periods.city_ranking import rank_month

    opened, missed = study_of(study, data), missed_target or None
    show(rank_month(opened, month, index, days=days, decisions=decisions, missed_target=missed, out=out), as_json)


def compare(
    first: Annotated[str, typer.Argument(metavar="YYYY-MM-DD", help="First local day.")],
    last: Annotated[str, typer.Argument(metavar="YYYY-MM-DD", help="Last local day.")],
    study: StudyFile,
    days: Annotated[Path, typer.Option("--days", help="unit, point, day and the six pollutants.")],
    years: Annotated[int, typer.Option("--years", help="How many years back.")] = 1,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Six pollutants of any window against the same days of an earlier year, in the programme's words."""
    from hotspot.workflows.periods.city_ranking import compare_days

    show(compare_days(study_of(study), days, first, last, years=years), as_json)


def film(
    cell: Annotated[str, typer.Argument(metavar="CODE", help="A cell code or an official label.")],
    study: StudyFile,
    first: Annotated[str, typer.Option("--from", help="First local hour, like 2025-12-05T00.")],
    hours: Annotated[int, typer.Option("--hours", help="1 to 240.")] = 48,
    out: Out = Path("out"), data: Data = None, as_json: Json = False,
) -> None:  # fmt: skip
    """The hours of a cell's 36 sub-cells as an offline page that plays."""
    from hotspot.workflows.hourly.film import write_film

    show_files([write_film(study_of(study, data), cell, first=first, hours=hours, out=out)], as_json)


def map_(
    month: Month, study: StudyFile, asof: AsOf,
    handed: Annotated[str, typer.Option("--handed", metavar="YYYY-MM-DD", help="When the list was handed over.")] = "",
    out: Out = Path("out"), data: Data = None, as_json: Json = False,
) -> None:  # fmt: skip
    """The month's map with the ledger laid over it: which warnings are answered, overdue, closed."""
    from hotspot.workflows.closing.ledger_map import write_ledger_map

    show(write_ledger_map(study_of(study, data), month, asof, handed=handed, out=out), as_json)


COMMANDS = (rules, schema, ledger, issues, assess, ranking, compare, film, map_)
