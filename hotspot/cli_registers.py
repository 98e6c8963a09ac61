"""The verbs of the registers beside the ledger: where it lies, events, evidence, cases, what the public reads."""

from pathlib import Path
from typing import Annotated

import typer

from hotspot.cli_options import Out, StudyFile


def add_to(app: typer.Typer) -> None:
    """Give the commands of this file to the shell."""
    for command in (move_ledger,):
        app.command()(command)


def move_ledger(
    url: Annotated[str, typer.Argument(metavar="URL", help="postgresql://host/db; the study's id is added.")],
    study: StudyFile, out: Out = Path("out"),
):  # fmt: skip
    """Move a study's ledger from its file into PostgreSQL, for several offices; every hash stays."""
    from hotspot.ledger.moving import move_ledger as move
    from hotspot.study import load_study

    name = load_study(study).id
    to = url if "study=" in url else f"{url}{'&' if '?' in url else '?'}study={name}"
    typer.echo(f"{move(out / name, to)} entries moved; from now on the ledger of {name} lies in {to}")
