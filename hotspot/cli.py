"""
The verbs of the package in a shell.

Results go to stdout, progress to stderr; exit codes: 0 done, 1 data lacking or
refused, 2 wrong usage. Heavy libraries load inside the commands, so that
``hotspot --help`` answers at once.
"""

import gc
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hotspot import cli_archive, cli_calendar, cli_desk, cli_loop, cli_registers, cli_uniform
from hotspot.cli_options import By, Data, Json, Month, Out, Reason, Review, StudyFile, show, show_files, study_of
from hotspot.cli_words import lake_lines, place_lines, verify_lines

if TYPE_CHECKING:
    from hotspot.study import Study

app = typer.Typer(
    name="hotspot",
    cls=cli_uniform.Uniform,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _join(context: typer.Context, address: str | None) -> str | None:
    """Hand lazy work to a cluster until the command ends; what does not answer is a sentence at once."""
    if address is not None:
        from hotspot.workflows.monthly.cluster import cluster

        context.with_resource(cluster(address))
    return address


Scheduler = Annotated[
    str | None, typer.Option("--scheduler", help="A running dask cluster, tcp://HOST:PORT.", callback=_join)
]


@app.command()
def demo(
    out: Out = Path("out"),
    variable: Annotated[str, typer.Option("--variable", help="pm25, or a gas: o3 or no2.")] = "pm25",
    as_json: Json = False,
) -> None:
    """Make the synthetic study, run its latest month, and print where to look."""
    from hotspot.workflows.demo import run_demo

    _show_folder(run_demo(out, variable=variable), "published", as_json)


@app.command()
def month(
    month: Month, study: StudyFile, out: Out = Path("out"), data: Data = None, scheduler: Scheduler = None,
    draft: Annotated[bool, typer.Option("--draft", help="Only to look at: not published, not in the chain.")] = False,
    by: By = "", reason: Reason = "", as_json: Json = False,
) -> None:  # fmt: skip
    """Everything for one month: list, maps, sheets, checklists, manifest. Running it again changes nothing."""
    from hotspot.workflows.monthly.month import run_month

    opened = study_of(study, data)
    before = _heads(out, opened)
    folder = run_month(opened, month, out=out, draft=draft, by=by, reason=reason)
    _show_folder(folder, "draft" if draft else _what(before, _heads(out, opened)), as_json)


@app.command()
def confirm(
    month: Month, study: StudyFile,
    by: Annotated[str, typer.Option("--by", help="Who confirms; stands in the ledger.")],
    reason: Reason = "", out: Out = Path("out"), data: Data = None, as_json: Json = False,
    scheduler: Scheduler = None,
) -> None:  # fmt: skip
    """Confirm a preliminary month: made again, found the same, signed. Confirming twice changes nothing."""
    from hotspot.workflows.proof.releases import confirm_month

    opened = study_of(study, data)
    before = _heads(out, opened)
    folder = confirm_month(opened, month, by=by, reason=reason, out=out)
    _show_folder(folder, _what(before, _heads(out, opened)), as_json)


@app.command()
def releases(study: StudyFile, out: Out = Path("out"), as_json: Json = False) -> None:
    """Every revision of every published month: its state, its place in the chain, who signed, where it lies."""
    from hotspot.workflows.proof.releases import list_releases, sentences

    show(list_releases(study_of(study), out=out), as_json, sentences)


@app.command()
def select(
    year: Annotated[int, typer.Argument(help="The year the list is for.")],
    study: StudyFile, out: Out = Path("out"), data: Data = None, review: Review = None,
    formal: Annotated[bool, typer.Option("--formal", help="Make the reviewed list formal.")] = False,
    sensitivity: Annotated[bool, typer.Option("--sensitivity", help="Try every definition of stagnation.")] = False,
    listed: Annotated[Path | None, typer.Option("--list", help="A list made elsewhere, CSV or XLSX.")] = None,
    by: Annotated[str, typer.Option("--by", help="Who imports the list; stands in every product.")] = "",
    datum: Annotated[str | None, typer.Option(help="Map datum of a list of places: wgs84, gcj02 or bd09.")] = None,
    as_json: Json = False, scheduler: Scheduler = None,
) -> None:  # fmt: skip
    """Select the yearly hotspot list, or take one made elsewhere; review it, make it formal."""
    from hotspot.workflows.yearly.standing import about_path
    from hotspot.workflows.yearly.year import select_year

    study_ = study_of(study, data)
    how: dict[str, Any] = {
        "review": review,
        "formal": formal,
        "sensitivity": sensitivity,
        "listed": listed,
        "by": by,
        "datum": datum,
    }
    path = select_year(study_, year, out=out, **how)
    about = about_path(path.parent, year)
    words = about.read_text(encoding="utf-8").rstrip() if about.exists() else ""
    show({"file": str(path), "about": words}, as_json, lambda a: [a["file"], *a["about"].splitlines()])


@app.command()
def check(
    month: Month, study: StudyFile, out: Out = Path("out"), data: Data = None, as_json: Json = False,
    scheduler: Scheduler = None,
) -> None:  # fmt: skip
    """Everything a month needs, tried without publishing. Exit code 1 if it cannot be published."""
    from hotspot.workflows.monthly.check import check_lines, check_month

    answer = check_month(study_of(study, data), month, out=out)
    show(answer, as_json, check_lines)
    raise typer.Exit(0 if answer["ready"] else 1)


@app.command()
def explain(
    cell: Annotated[str, typer.Argument(metavar="CODE", help="A cell code or an official label.")],
    month: Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="A local calendar month.")],
    study: StudyFile, out: Out = Path("out"), data: Data = None, as_json: Json = False,
    scheduler: Scheduler = None,
) -> None:  # fmt: skip
    """Why this cell: its numbers, the data behind them, the confidence of its rank, its sources."""
    from hotspot.workflows.monthly.explain import explain_cell

    show(explain_cell(study_of(study, data), month, cell, out=out), as_json)


@app.command()
def atlas(
    year: Annotated[int, typer.Argument(help="The year of the hotspot list.")],
    study: StudyFile,
    city: Annotated[str | None, typer.Option("--city", help="City: name, code or beginning; default all.")] = None,
    out: Out = Path("out"), data: Data = None, as_json: Json = False, scheduler: Scheduler = None,
) -> None:  # fmt: skip
    """A book of each city's hotspot cells: how to read it, map, table, a page per cell."""
    from hotspot.workflows.yearly.atlas import write_atlas

    show_files(write_atlas(study_of(study, data), year, city=city, out=out), as_json)


@app.command()
def instrument(
    year: Annotated[int, typer.Argument(help="The year of the hotspot list.")],
    study: StudyFile,
    cells: Annotated[int, typer.Option("--cells", help="Cells to instrument.")] = 1000,
    stations: Annotated[int, typer.Option("--stations", help="Stations a cell shall have.")] = 4,
    out: Out = Path("out"), data: Data = None, as_json: Json = False, scheduler: Scheduler = None,
) -> None:  # fmt: skip
    """Where the next micro-stations should stand: cells, sub-cells, what each further station gains."""
    from hotspot.workflows.yearly.instrument import instrument as choose
    from hotspot.workflows.yearly.instrument import instrument_lines

    made = choose(study_of(study, data), year, cells=cells, stations=stations, out=out)
    show({"sentences": list(instrument_lines(made))}, as_json)


@app.command(context_settings={"ignore_unknown_options": True})
def cell(
    place: Annotated[list[str], typer.Argument(metavar="CODE | LON LAT", help="A cell code, a label, or degrees.")],
    datum: Annotated[str, typer.Option(help="Map datum of LON LAT: wgs84, gcj02 or bd09.")] = "wgs84",
    study: Annotated[Path | None, typer.Option("--study", help="For official labels: a study that has them.")] = None,
    data: Data = None, as_json: Json = False,
) -> None:  # fmt: skip
    """From a code or an official label to its place, or from a place to its code."""
    from hotspot.workflows.whereabouts import where_is

    found = _usage(where_is, place, datum=datum, study=study, data=data)
    # The object tells of the cell alone, so that place and code give the same one.
    about = {name: value for name, value in found.items() if name not in ("asked", "child")}
    show(about if as_json else found, as_json, place_lines)


@app.command()
def verify(
    directory: Annotated[Path, typer.Argument(help="A published month, or a study's folder with its ledger.")],
    study: Annotated[Path | None, typer.Option("--study", help="Study file; default: the manifest's own.")] = None,
    data: Data = None,
    head: Annotated[list[str] | None, typer.Option("--head", help="A head printed on a notice; repeatable.")] = None,
    rederive: Annotated[
        bool | None, typer.Option("--rederive/--no-rederive", help="Make it again; default: a month yes, a study no.")
    ] = None,
    as_json: Json = False, scheduler: Scheduler = None,
) -> None:  # fmt: skip
    """Check a published month, or a whole chain of months, against inputs and ledger; name the first difference."""
    from hotspot.workflows.proof.verify import verify_folder

    answer = verify_folder(directory, study=study, data=data, heads=head or (), rederive=rederive)
    show(answer, as_json, verify_lines)
    raise typer.Exit(0 if answer["verified"] else 1)


@app.command()
def alarms(
    study: StudyFile,
    period: Annotated[str, typer.Argument(metavar="YYYY-MM | YYYY-MM-DD", help="A local month or day.")] = "",
    out: Out = Path("out"), data: Data = None,
    follow: Annotated[Path | None, typer.Option(help="Take the new hours of a folder, one pass a call.")] = None,
    letter: Annotated[bool, typer.Option("--letter", help="Write the prompt letter (提示函) of each city.")] = False,
    cards: Annotated[bool, typer.Option("--cards", help="Write a card per pushed alarm: A5 and phone.")] = False,
    as_json: Json = False, scheduler: Scheduler = None,
) -> None:  # fmt: skip
    """Hourly alarms of micro-stations: found, recorded in the ledger, and put into letters."""
    from hotspot.workflows.hourly.alarms import run_alarms
    from hotspot.workflows.hourly.follow import follow_alarms

    opened = study_of(study, data)
    answer = (
        follow_alarms(opened, follow, out=out)
        if follow
        else run_alarms(opened, period, out=out, letter=letter, cards=cards)
    )
    show(answer, as_json)


@app.command()
def lake(
    folder: Annotated[Path, typer.Argument(help="Folder of the lake; made where there is none.")],
    study: StudyFile, data: Data = None, role: Annotated[str, typer.Option(help="micro or reference.")] = "micro",
    as_json: Json = False, scheduler: Scheduler = None,
) -> None:  # fmt: skip
    """Take delivered station files into a Parquet lake, each exactly once; print its months and revisions."""
    from hotspot.lake.filling import fill_lake

    show(fill_lake(study_of(study, data), folder, role=role), as_json, lake_lines)


@app.command()
def feedback(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX of feedback rows: cell, month, time, person, result.")],
    study: StudyFile, out: Out = Path("out"), as_json: Json = False,
) -> None:  # fmt: skip
    """Record what teams found into the ledger; doubtful rows are named and set aside."""
    from hotspot.workflows.closing.loop import record_feedback_file

    show(record_feedback_file(study_of(study), file, out=out), as_json)


@app.command()
def escalate(month: Month, study: StudyFile, out: Out = Path("out"), as_json: Json = False) -> None:
    """Which warned cells reach the next step of escalation, from the months published so far."""
    from hotspot.workflows.closing.loop import escalate_month

    show(escalate_month(study_of(study), month, out=out), as_json)


for part in (cli_archive, cli_loop, cli_registers, cli_calendar, cli_desk):
    for command in part.COMMANDS:
        app.command(command.__name__.strip("_").replace("_", "-"))(command)
cli_uniform.add_to(app)


@app.command()
def outcome(
    study: StudyFile, out: Out = Path("out"),
    first: Annotated[str | None, typer.Option("--from", metavar="YYYY-MM", help="First month that is counted.")] = None,
    last: Annotated[str | None, typer.Option("--until", metavar="YYYY-MM", help="Last month that is counted.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write the table there, too.")] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Of the cells and alarms that were visited, how many had problems: by reason, confidence, place on the list."""
    from hotspot.workflows.closing.outcome import outcome_of_visits, write_outcome

    answer = outcome_of_visits(study_of(study), out=out, first=first, last=last)
    if csv is not None:
        write_outcome(answer, csv)
    show(answer, as_json)


def main() -> None:
    """Run a command; a refused input ends with its message and code 1, wrong usage with 2, a signal with 128 + it."""
    from hotspot.text.door import said
    from hotspot.text.whole import disk_full
    from hotspot.variables import DataError

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    # A month makes a million objects that stay: they are not looked through for cycles after every few thousand more.
    gc.set_threshold(10_000, 20, 20)
    try:
        app()
    except DataError as error:
        typer.echo(f"hotspot: {said(str(error))}", err=True)
        sys.exit(1)
    except ValueError as error:
        typer.echo(f"hotspot: {said(str(error))}", err=True)
        sys.exit(2)
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)
        way = "check the path, its rights and the space."
        if disk_full(error):
            what, way = "the disk is full", "make room or choose another --out, then run it again."
        typer.echo(f"hotspot: {said(what)}; {way}", err=True)
        sys.exit(1)
    except ImportError as error:
        typer.echo(f"hotspot: {said(str(error))}; the installation is not whole, see docs/installing.md.", err=True)
        sys.exit(1)
    except Exception as error:  # no traceback reaches a user; HOTSPOT_TRACEBACK=1 is for whoever mends it
        if os.environ.get("HOTSPOT_TRACEBACK"):
            raise
        fault = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        typer.echo(f"hotspot: a fault of the program, please report it ({said(fault)[:300]}).", err=True)
        sys.exit(1)


def _stop(number: int, frame: FrameType | None) -> None:
    typer.echo("hotspot: stopped; a month is published whole or not at all, run it again.", err=True)
    sys.exit(128 + number)


def _usage(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function whose refusals are the caller's wrong usage (exit code 2)."""
    from hotspot.variables import DataError

    try:
        return function(*args, **kwargs)
    except DataError as error:
        raise typer.BadParameter(str(error)) from None


def _heads(out: Path, study: "Study") -> list[str]:
    from hotspot.workflows.proof.releases import list_releases

    return [row["head"] for row in list_releases(study, out=out)]


def _what(before: list[str], after: list[str]) -> str:
    return "unchanged" if before == after else "published"


def _show_folder(folder: Path, what: str, as_json: bool) -> None:
    from hotspot.workflows.monthly.explain import describe_folder

    files = [{"path": str(path), "words": words} for path, words in describe_folder(folder)]
    answer = {"what": what, "folder": str(folder), "files": files}
    show(answer, as_json, lambda a: [f"{what}: {folder}", *(f"  {one['path']}  {one['words']}" for one in files)])


if __name__ == "__main__":
    main()
