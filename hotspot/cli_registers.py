"""The verbs of the registers beside the ledger: events, evidence, cases, people, what the public reads."""

from pathlib import Path
from typing import Annotated

import typer

from hotspot.cli_options import Data, Json, Month, Out, StudyFile, show, show_files, study_of

AsOf = Annotated[str, typer.Option("--asof", metavar="YYYY-MM-DD", help="The last day that counts.")]


def measures(
    study: StudyFile, asof: AsOf,
    out: Out = Path("out"), data: Data = None,
    effects: Annotated[bool, typer.Option("--effects", help="What each did to the air, weather taken out.")] = False,
    to: Annotated[Path | None, typer.Option("--to", help="Write a workbook (.xlsx).")] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Weekly measures on their ladder (B17), and what those with a cell and a day did to the air (C9)."""
    from hotspot.workflows.periods.interventions import show_measures

    show(show_measures(study_of(study, data), asof, out=out, effects=effects, to=to), as_json)


def events(
    study: StudyFile,
    files: Annotated[list[Path] | None, typer.Argument(metavar="FILE...", help="CSV, XLSX or a chat as text.")] = None,
    channel: Annotated[str, typer.Option("--channel", help="Where the files name none.")] = "",
    out: Out = Path("out"), data: Data = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Events of other desks and chats in one vocabulary: placed, gathered, counted by kind, hour, month (A2, A4)."""
    from hotspot.workflows.closing.events import import_events

    show(import_events(study_of(study, data), files or (), channel=channel, out=out), as_json)


def evidence(
    period: Annotated[str, typer.Argument(metavar="YYYY-MM | YYYY-MM-DD", help="A local month or day.")],
    study: StudyFile, out: Out = Path("out"), data: Data = None, as_json: Json = False,
) -> None:  # fmt: skip
    """What stack records, power meters and observers say of the hours of each pushed alarm (C14)."""
    from hotspot.workflows.hourly.evidence import evidence_of_period

    show(evidence_of_period(study_of(study, data), period, out=out), as_json)


def assets(study: StudyFile, data: Data = None, as_json: Json = False) -> None:
    """The register of equipment: whether it adds up, and how many cells a lookout sees (A1)."""
    from hotspot.workflows.hourly.evidence import show_assets

    show(show_assets(study_of(study, data)), as_json)


def case(
    file: Annotated[Path, typer.Argument(metavar="CASE.md", help="A head between two lines ---, then the text.")],
    study: StudyFile, asof: AsOf, out: Out = Path("out"), data: Data = None, as_json: Json = False,
) -> None:  # fmt: skip
    """A typical case for the paper: gate, names taken out, 1000 to 1500 characters, three reviews, DOCX (B20)."""
    from hotspot.workflows.closing.cases import publish_case

    show(publish_case(study_of(study, data), file, asof=asof, out=out), as_json)


def registers(study: StudyFile, asof: AsOf, out: Out = Path("out"), data: Data = None, as_json: Json = False) -> None:
    """Rewards, trainings and typical cases of the year, and what they lack (B20, B25, B26)."""
    from hotspot.workflows.closing.cases import show_registers

    show(show_registers(study_of(study, data), asof, out=out), as_json)


def public(month: Month, study: StudyFile, out: Out = Path("out"), data: Data = None, as_json: Json = False) -> None:
    """The page and the map that everybody may read of a published month: list, place, complaints, method (C17, B25)."""
    from hotspot.workflows.monthly.public import write_public

    show_files(write_public(study_of(study, data), month, out=out), as_json)


def never_warned(month: Month, study: StudyFile, out: Out = Path("out"), as_json: Json = False) -> None:
    """Hotspot cells full of sources without a warning in twelve months: a success, or a blind spot (C9)?"""
    from hotspot.workflows.yearly.never_warned import list_never_warned

    show(list_never_warned(study_of(study), month, out=out), as_json)


def patrol(
    study: StudyFile, out: Out = Path("out"),
    medium: Annotated[list[str] | None, typer.Option("--medium", help="air, water, soil, waste, noise.")] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """The list a village patrol carries: air by default, other media where asked (B11)."""
    from hotspot.workflows.periods.patrol import write_patrol_list

    show(write_patrol_list(study_of(study), tuple(medium or ("air",)), out=out), as_json)


def handbook(study: StudyFile, out: Out = Path("out"), as_json: Json = False) -> None:
    """The working handbook of a study's profile: who does what when, forms, clocks, ladders, vocabulary (D22)."""
    from hotspot.workflows.handbook import write_handbook

    show_files(write_handbook(study_of(study), out=out), as_json)


def sign(
    study: StudyFile,
    key: Annotated[str, typer.Option("--key", help="The signer's key, as gpg names it; of minisign, its file.")],
    program: Annotated[str, typer.Option("--with", help="The program that signs: gpg or minisign.")] = "gpg",
    out: Out = Path("out"), as_json: Json = False,
) -> None:  # fmt: skip
    """Sign the head of the chain with a key of the office; `verify` of the study's folder checks it."""
    from hotspot.workflows.proof.signing import sign_head

    show(sign_head(study_of(study), key=key, program=program, out=out), as_json)


def network(
    study: StudyFile,
    date: Annotated[str, typer.Option("--date", metavar="YYYY-MM-DD", help="The day the register stands on.")] = "",
    out: Out = Path("out"), data: Data = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Units and people of the network: tree, staffing findings, cells of each unit, the public list."""
    from hotspot.workflows.closing.network import show_network

    show(show_network(study_of(study, data), day=date, out=out), as_json)


COMMANDS = (
    measures, events, evidence, assets, case, registers, public, never_warned, patrol, handbook, sign, network,
)  # fmt: skip
